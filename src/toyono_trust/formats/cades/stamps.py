"""The time stamps of one signature: what each covers, and whether its imprint is over that.

EN 319 122-1 5.3 (signature), 5.5.3 (archive-time-stamp-v3); RFC 5126 6.3.5, 6.3.6 and 6.4.1 for the older ones over
references and over everything (archive-time-stamp-v2). What was stamped is always taken as it stands in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest_size
from toyono_trust.core.asn1 import Reader, header_der, set_of
from toyono_trust.core.content import Content
from toyono_trust.errors import MalformedError
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.cades.attributes import Values
from toyono_trust.formats.cades.hashindex import HashIndex, find_index, read_index, value_inputs
from toyono_trust.formats.cades.properties import CONTENT_TIMESTAMP
from toyono_trust.formats.cades.reading import Entries, Reading, fingerprint
from toyono_trust.formats.draft import Nested
from toyono_trust.formats.model import Note, Signature, TimestampToken, TimestampType

__all__ = ["read_stamps"]

_LAYERS: tuple[TimestampType, ...] = ("content", "signature", "validation-data", "archive")


class _Stamp(NamedTuple):
    """A token in an unsigned attribute."""

    attribute: cms.Attribute
    token: TimestampToken


def read_stamps(
    reading: Reading,
    info: cms.SignerInfo,
    content: Content | None,
    counters: Mapping[bytes, Signature],
    values: Values,
) -> tuple[TimestampToken, ...]:
    """All tokens of one SignerInfo, oldest layer first, archive time stamps by their time.

    ``content``: what the SignerInfo signs, None where it is not at hand. ``counters``: counter-signatures by the octets
    of their SignerInfo. ``values``: what certificate-values and revocation-values hold.
    """
    inside: list[TimestampToken] = []
    for attribute in info.signed_attributes or ():
        if attribute.oid == CONTENT_TIMESTAMP:
            for value in attribute.values:
                inside.append(_read(reading, Nested("content", value, None if content is None else content.digest)))
    stamps: list[_Stamp] = []
    for attribute in info.unsigned_attributes:
        kind = names.TIMESTAMPS.get(attribute.oid)
        if kind is not None:
            for value in attribute.values:
                covered = (lambda name: reading.digest(name, info.signature)) if kind == "signature" else None
                stamps.append(_Stamp(attribute, _read(reading, Nested(kind, value, covered))))
    if any(stamp.token.type in _LAYERS[2:] for stamp in stamps):
        resolver = _Resolver(reading, info, content, inside, stamps, counters, values)
        stamps = [stamp._replace(token=resolver.resolve(stamp)) for stamp in stamps]
        stamps.sort(key=lambda stamp: stamp.token.generated_at)
    return tuple(sorted((*inside, *(stamp.token for stamp in stamps)), key=lambda token: _LAYERS.index(token.type)))


def _read(reading: Reading, nested: Nested) -> TimestampToken:
    """The token's facts, with what certificate-values and revocation-values in its own unsigned attributes hold."""
    reading.count("timestamps")
    token = reading.read_token(nested)
    if not any(oid in token.data for oid in _VALUES):
        return token
    try:
        (signer,) = cms.read(token.data, lenient=True).signers
    except (MalformedError, ValueError):
        return token
    found = names.read_values(signer.unsigned_attributes)
    facts = token.signer
    return token._replace(
        signer=facts._replace(
            certificates=facts.certificates + found.certificates,
            crls=facts.crls + found.crls,
            ocsp_responses=facts.ocsp_responses + tuple(response for _, response in found.ocsp_responses),
        )
    )


_VALUES = (bytes.fromhex("060b2a864886f70d0109100217"), bytes.fromhex("060b2a864886f70d0109100218"))
"""TLVs of the types certificate-values and revocation-values."""


class _Resolver:
    """Makes out the imprints of one signature's stamps over references and archives, and what these cover."""

    def __init__(
        self,
        reading: Reading,
        info: cms.SignerInfo,
        content: Content | None,
        inside: Iterable[TimestampToken],
        stamps: Iterable[_Stamp],
        counters: Mapping[bytes, Signature],
        values: Values,
    ) -> None:
        self.reading, self.info, self.content, self.values = reading, info, content, values
        self.signed = (fingerprint(info.signature), *(fingerprint(token.data) for token in inside))
        self.stamps = tuple(stamps)
        self.counters = counters
        self._entries: dict[tuple[str, int], Entries] = {}
        self._parts: dict[int, list[tuple[bytes, ...]]] = {}
        self._latest: dict[int, datetime] = {}
        for attribute, token in self.stamps:
            if attribute.oid in names.ARCHIVES:
                latest = self._latest.get(id(attribute), token.generated_at)
                self._latest[id(attribute)] = max(latest, token.generated_at)

    def resolve(self, stamp: _Stamp) -> TimestampToken:
        """The token with its imprint compared and what it covers named; one that cannot be read stays as it is."""
        token = stamp.token
        if token.type not in _LAYERS[2:] or any(note.code == "timestamp.malformed" for note in token.notes):
            return token
        if stamp.attribute.oid == names.ARCHIVE_V1:
            return token._replace(notes=(*token.notes, Note("cades.archive-version-1")))
        if stamp.attribute.oid == names.ARCHIVE_V3:
            return self._archive_v3(token)
        if stamp.attribute.oid == names.ARCHIVE_V2:
            return self._archive_v2(token)
        return self._references(stamp)

    # -- archive-time-stamp-v3

    def _archive_v3(self, token: TimestampToken) -> TimestampToken:
        index, notes = _index_of(token)
        if index is None:
            return token._replace(notes=(*token.notes, *notes))
        if digest_size(index.algorithm) is None or digest_size(token.imprint_algorithm) is None:
            return token._replace(notes=(*token.notes, *notes))
        covers, more = self._listed(index)
        sound = not any(note.code in _BROKEN for note in (*notes, *more))
        token = token._replace(covers=covers, notes=(*token.notes, *notes, *more))
        if self.content is None:
            return token
        name = token.imprint_algorithm
        before = self.reading.data.content_type_tlv + self.reading.content_digest(name, self.content)
        stamped = (before + fields + index.tlv for fields in _forms(self.info))
        intact = any(self.reading.digest(name, octets) == token.imprint for octets in stamped)
        return token._replace(imprint_found=True, imprint_intact=intact and sound)

    def _listed(self, index: HashIndex) -> tuple[tuple[bytes, ...], list[Note]]:
        """What an index lists of this file, and notes about what it lists that is not here."""
        name = index.algorithm
        certificates, choices = self.reading.shared(name)
        lists = (
            (index.certificates, certificates, ()),
            (index.crls, choices, (self._elsewhere(name),)),
            (index.attributes, self._attributes(name, index.version), ()),
        )
        covers = dict.fromkeys(self.signed)
        dangling = 0
        elsewhere = False
        for entries, here, others in lists:
            for entry in entries:
                item = here.get(entry)
                if item is None:
                    item = next((other[entry] for other in others if entry in other), None)
                    elsewhere = elsewhere or item is not None
                if item is None:
                    dangling += 1
                else:
                    covers.update(dict.fromkeys(item))
        notes = [Note("cades.index-dangling", "", {"count": dangling})] if dangling else []
        if elsewhere:
            notes.append(Note("cades.index-elsewhere"))
        return tuple(covers), notes

    def _elsewhere(self, name: str) -> Entries:
        """Revocation data where an index may not look for it, though some writers' do: in revocation-values.

        And OCSP responses of the shared list, without the choice around them. A digest binds the octets all the same.
        """
        key = (name, 0)
        if key not in self._entries:
            reading, found = self.reading, {}
            for crl in self.values.crls:
                found[reading.digest(name, crl)] = (fingerprint(crl),)
            pairs = [*self.values.ocsp_responses, *((item, item) for item in reading.data.ocsp_responses)]
            for stored, response in pairs:
                item = (fingerprint(response),)
                found[reading.digest(name, stored)] = found[reading.digest(name, response)] = item
            self._entries[key] = found
        return self._entries[key]

    def _attributes(self, name: str, version: int) -> Entries:
        """Digests of the unsigned attributes as an index of this version has them, with what is inside of each.

        Version 1 digests attributes, version 3 values; of version 2 there are files of both kinds.
        """
        key = (name, version)
        if key not in self._entries:
            found: dict[bytes, tuple[bytes, ...]] = {}
            for attribute in self.info.unsigned_attributes:
                parts = self._inside(attribute)
                if version != 1:
                    for octets, part in zip(value_inputs(attribute), parts, strict=True):
                        found[self.reading.digest(name, octets)] = part
                if version != 3:
                    found[self.reading.digest(name, attribute.tlv)] = tuple(item for part in parts for item in part)
            self._entries[key] = found
        return self._entries[key]

    def _inside(self, attribute: cms.Attribute) -> list[tuple[bytes, ...]]:
        """For each value of an unsigned attribute what the facts have of it; made out once."""
        found = self._parts.get(id(attribute))
        if found is None:
            found = [tuple(self._within(attribute, value)) for value in attribute.values]
            self._parts[id(attribute)] = found
        return found

    def _within(self, attribute: cms.Attribute, value: bytes) -> Iterator[bytes]:
        if attribute.oid in names.TIMESTAMPS:
            yield fingerprint(value)
        elif attribute.oid == names.COUNTER_SIGNATURE:
            yield from _of_signature(self.counters.get(value))
        elif attribute.oid in (names.CERTIFICATE_VALUES, names.REVOCATION_VALUES):
            inside = names.read_values([attribute._replace(values=(value,))])
            for item in (*inside.certificates, *inside.crls, *(response for _, response in inside.ocsp_responses)):
                yield fingerprint(item)

    # -- archive-time-stamp-v2, and those over references

    def _archive_v2(self, token: TimestampToken) -> TimestampToken:
        """Everything as it stands, but archive time stamps that are not older (RFC 5126 6.4.1).

        Some writers stamp the unsigned attributes with their tag and length, some without: either is right.
        """
        earlier = [attribute for attribute in self.info.unsigned_attributes if self._is_before(attribute, token)]
        covers = dict.fromkeys((*self.signed, *self.reading.fingerprints()))
        for attribute in earlier:
            for part in self._inside(attribute):
                covers.update(dict.fromkeys(part))
        token = token._replace(covers=tuple(covers))
        outside = self.content if self.reading.data.content is None else None
        if self.content is None or digest_size(token.imprint_algorithm) is None:
            return token
        encapsulated, certificates, crls = self.reading.octets()
        pieces = (encapsulated, certificates, crls, self.info.fields)
        hasher = self.reading.hasher(token.imprint_algorithm, outside, pieces)
        stamped = b"".join([attribute.tlv for attribute in earlier])
        self.reading.work.spend("repeated-bytes", 2 * len(stamped))
        intact = False
        for header in (header_der(0xA1, len(stamped)), b""):
            attempt = hasher.copy()
            attempt.update(header + stamped)
            intact = intact or attempt.digest() == token.imprint
        return token._replace(imprint_found=True, imprint_intact=intact)

    def _is_before(self, attribute: cms.Attribute, token: TimestampToken) -> bool:
        """Whether an attribute was there when the archive time stamp was made: any but a later archive time stamp."""
        latest = self._latest.get(id(attribute))
        return latest is None or latest < token.generated_at

    def _references(self, stamp: _Stamp) -> TimestampToken:
        """Over the references, for CAdES-C with signature and signature time stamps before them (RFC 5126 6.3.5, .6).

        Of each attribute without the tag and length around it.
        """
        token = stamp.token
        kinds = [names.CERTIFICATE_REFERENCES, names.REVOCATION_REFERENCES]
        pieces = [b""]
        covers: tuple[bytes, ...] = ()
        if stamp.attribute.oid == names.CADES_C_TIMESTAMP:
            kinds.insert(0, names.SIGNATURE_TIMESTAMP)
            pieces.append(self.info.signature)
            older = [item for item in self.info.unsigned_attributes if item.oid == names.SIGNATURE_TIMESTAMP]
            # the value, not the signed attributes: what stands in them is for the judge to link with a value that fits
            covers = (self.signed[0], *(each for item in older for part in self._inside(item) for each in part))
        for kind in kinds:
            pieces += [_contents(item.tlv) for item in self.info.unsigned_attributes if item.oid == kind]
        if digest_size(token.imprint_algorithm) is None:
            return token._replace(covers=covers)
        value = self.reading.hasher(token.imprint_algorithm, None, pieces).digest()
        return token._replace(imprint_found=True, imprint_intact=value == token.imprint, covers=covers)


def _forms(info: cms.SignerInfo) -> Iterator[bytes]:
    """The fields of a SignerInfo as they stand, and where signed attributes are unsorted, with them in DER order.

    It is in that order that they are signed (RFC 5652 5.4), and DSS stamps them so.
    """
    yield info.fields
    if info.signed_attributes and not info.sorted_attributes:
        encoded = set_of(attribute.tlv for attribute in info.signed_attributes)
        yield info.fields.replace(b"\xa0" + info.signed_attributes_der[1:], b"\xa0" + encoded[1:], 1)


_BROKEN = frozenset(("cades.index-algorithm", "cades.index-dangling"))


def _index_of(token: TimestampToken) -> tuple[HashIndex | None, list[Note]]:
    """The index in a token's SignerInfo, and what is wrong with it or worth saying of it."""
    try:
        found = find_index(cms.read(token.data, lenient=True).signers[0])
    except (MalformedError, IndexError):
        return None, []  # the registry says what is wrong with the token itself
    if found is None:
        return None, [Note("cades.index-missing")]
    try:
        index = read_index(*found)
    except MalformedError:
        return None, [Note("cades.index-malformed")]
    notes = [] if index.version == 3 else [Note("cades.index-version", "", {"version": index.version})]
    if index.algorithm != token.imprint_algorithm:
        values = {"index": index.algorithm, "imprint": token.imprint_algorithm}
        notes.append(Note("cades.index-algorithm", "", values))
    return index, notes


def _of_signature(signature: Signature | None) -> Iterator[bytes]:
    """What the facts have of a counter-signature: its value, its tokens, and counter-signatures upon it."""
    waiting = [] if signature is None else [signature]
    while waiting:
        each = waiting.pop()
        yield fingerprint(each.value.wire)
        for token in each.timestamps:
            yield fingerprint(token.data)
        waiting += each.counter_signatures


def _contents(tlv: bytes) -> bytes:
    reader = Reader(tlv, lenient=True)
    return reader.value(reader.root())
