"""Replayable verdicts: an archive of evidence holds all that a verdict depends on, and gives it again, offline.

``pack`` writes the facts, the material, the policy's values, the trust snapshot and the time; ``unpack`` reads them
back. The same inputs give the same octets on every machine and Python version.
"""

from __future__ import annotations

from toyono_trust.validation.replay.archive import Evidence, holds_content, pack, unpack
from toyono_trust.validation.replay.container import MAX_ARCHIVE

__all__ = ["MAX_ARCHIVE", "Evidence", "holds_content", "pack", "unpack"]
