"""CAdES: signatures in CMS (ETSI EN 319 122-1), read at every level, written at B-B and B-T.

The rules in short: the signed attributes are signed as the DER ``SET OF`` with tag 0x31; a signature time stamp covers
the octets of the signature value alone, without tag and length; a content time stamp covers eContent's octets or the
detached file; a counter-signature's message digest is over its parent's signature value.
"""

from __future__ import annotations

from toyono_trust.formats.cades.read import detect, read
from toyono_trust.formats.cades.write import attach, finish, imprint, prepare

__all__ = ["attach", "detect", "finish", "imprint", "prepare", "read"]
