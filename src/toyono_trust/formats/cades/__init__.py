"""CAdES: signatures in CMS (ETSI EN 319 122-1), read and written at every level.

The rules in short: the signed attributes are signed as the DER ``SET OF`` with tag 0x31; a signature time stamp covers
the octets of the signature value alone, without tag and length; a content time stamp covers eContent's octets or the
detached file; a counter-signature's message digest is over its parent's signature value; an archive time stamp covers
content, signature, and what its hash index lists of certificates, revocation data and unsigned attributes.
"""

from __future__ import annotations

from toyono_trust.formats.cades.archive import add_validation_data, attach_archive, prepare_archive
from toyono_trust.formats.cades.read import detect, read
from toyono_trust.formats.cades.signers import finish_counter, finish_parallel, prepare_counter, prepare_parallel
from toyono_trust.formats.cades.write import attach, finish, imprint, prepare, wire

__all__ = [
    "add_validation_data",
    "attach",
    "attach_archive",
    "detect",
    "finish",
    "finish_counter",
    "finish_parallel",
    "imprint",
    "prepare",
    "prepare_archive",
    "prepare_counter",
    "prepare_parallel",
    "read",
    "wire",
]
