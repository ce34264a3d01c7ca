"""What stays the same for all SignerInfos of one file while it is read: its shared lists, and the work it causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest, new_hash
from toyono_trust.core.asn1 import Reader
from toyono_trust.core.content import Content
from toyono_trust.core.limits import MAX_SIGNATURES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats.draft import ReadToken

DIGEST_COST = 512
"""Octets that one digest counts for beside its own: what calling for it takes. 66,000 attributes under ten digest names
and three versions of the index took 15 s uncounted."""

Entries = Mapping[bytes, tuple[bytes, ...]]
"""Digest of something in the file → SHA-256 of what the facts have of it."""


class Reading:
    """One file being read.

    Attributes:
        data: its SignedData. read_token: the registry's reader of nested tokens. work: what may still be spent.
    """

    __slots__ = ("_fingerprints", "_left", "_octets", "_shared", "data", "read_token", "work")

    def __init__(self, data: cms.SignedData, read_token: ReadToken, work: Work) -> None:
        self.data, self.read_token, self.work = data, read_token, work
        self._left = {"signatures": MAX_SIGNATURES, "timestamps": MAX_TIMESTAMPS}
        self._shared: dict[str, tuple[Entries, Entries]] = {}
        self._octets: tuple[bytes, bytes, bytes] | None = None
        self._fingerprints: tuple[bytes, ...] | None = None

    def count(self, what: str) -> None:
        """Count one more of ``signatures`` or ``timestamps``. Raises ``MalformedError`` (``limits.count``)."""
        self._left[what] -= 1
        if self._left[what] < 0:
            raise MalformedError("limits.count", f"more {what} in one file than are read")

    def digest(self, name: str, data: bytes) -> bytes:
        """Digest of octets that a time stamp covers, counted."""
        self.work.spend("repeated-bytes", len(data) + DIGEST_COST)
        return digest(name, data)

    def content_digest(self, name: str, content: Content) -> bytes:
        """Digest of the content, counted."""
        self.work.spend("repeated-bytes", content.size)
        return content.digest(name)

    def hasher(self, name: str, content: Content | None, pieces: Iterable[bytes]) -> Any:
        """A hash over the first of the pieces, the content if any, and the other pieces; counted."""
        first, *rest = pieces
        self.work.spend("repeated-bytes", len(first) + sum(map(len, rest)) + (content.size if content else 0))
        hasher = new_hash(name, first)
        if content is not None:
            for chunk in content.chunks():
                hasher.update(chunk)
        for piece in rest:
            hasher.update(piece)
        return hasher

    def shared(self, name: str) -> tuple[Entries, Entries]:
        """Digests under ``name`` of the shared certificates and of the shared revocation information."""
        found = self._shared.get(name)
        if found is None:
            data = self.data
            certificates: dict[bytes, tuple[bytes, ...]] = {}
            choices: dict[bytes, tuple[bytes, ...]] = {}
            for tlv in data.certificates:
                certificates[self.digest(name, tlv)] = (fingerprint(tlv),)
            for tlv in data.other_certificates:
                certificates[self.digest(name, tlv)] = ()
            for tlv in data.revocation_choices:
                item = tlv if tlv[0] == 0x30 else cms.read_ocsp_choice(tlv)
                choices[self.digest(name, tlv)] = () if item is None else (fingerprint(item),)
            found = self._shared[name] = (certificates, choices)
        return found

    def fingerprints(self) -> tuple[bytes, ...]:
        """All shared certificates and revocation data, as the facts name them."""
        if self._fingerprints is None:
            data = self.data
            self._fingerprints = tuple(map(fingerprint, (*data.certificates, *data.crls, *data.ocsp_responses)))
        return self._fingerprints

    def octets(self) -> tuple[bytes, bytes, bytes]:
        """encapContentInfo, certificates and crls as they stand; nothing for a list that is absent."""
        if self._octets is None:
            reader = Reader(self.data.data, lenient=True)
            members = reader.children(self.data.path[2])
            lists = {node[0]: reader.tlv(node) for node in members[3:-1]}
            self._octets = (reader.tlv(members[2]), lists.get(0xA0, b""), lists.get(0xA1, b""))
        return self._octets


def fingerprint(octets: bytes) -> bytes:
    """How the facts name what a time stamp covers."""
    return sha256(octets).digest()
