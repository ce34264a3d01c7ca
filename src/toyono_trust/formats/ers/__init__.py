"""Evidence records (RFC 4998): one time stamp over any number of data objects, renewed before it grows weak."""

from __future__ import annotations

from toyono_trust.formats.ers.read import RecordFacts, read, read_record
from toyono_trust.formats.ers.record import detect, write
from toyono_trust.formats.ers.renewal import add_validation_data, attach_archive, prepare_archive
from toyono_trust.formats.ers.tree import HashTree, fold

__all__ = [
    "HashTree",
    "RecordFacts",
    "add_validation_data",
    "attach_archive",
    "detect",
    "fold",
    "prepare_archive",
    "read",
    "read_record",
    "write",
]
