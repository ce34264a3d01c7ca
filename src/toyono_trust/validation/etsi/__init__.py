"""The report as XML by ETSI TS 119 102-2 v1.4.1, for validation services and archives that read that."""

from __future__ import annotations

from toyono_trust.validation.etsi.document import xml

__all__ = ["xml"]
