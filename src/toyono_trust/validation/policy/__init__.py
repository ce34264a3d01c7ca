"""The signature validation policy (EN 319 102-1 5.1.4) and the dated catalogues of algorithms that it names.

``model`` is the frozen policy, ``reading`` makes one out of TOML or of plain values, ``catalogue`` says until when each
algorithm counts, ``files`` reads texts and names what is shipped.
"""

from __future__ import annotations

from toyono_trust.validation.policy.catalogue import Catalogue
from toyono_trust.validation.policy.model import MAX_ENDS, NEVER, Policy
from toyono_trust.validation.policy.reading import RevocationMode, StaleControlTime

__all__ = ["MAX_ENDS", "NEVER", "Catalogue", "Policy", "RevocationMode", "StaleControlTime"]
