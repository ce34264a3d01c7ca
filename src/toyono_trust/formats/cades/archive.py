"""CAdES at B-LT and B-LTA: validation data and archive time stamps, added without changing another octet.

EN 319 122-1 6.3 (validation data in the shared lists), 5.5.2 (ats-hash-index-v3), 5.5.3 (archive-time-stamp-v3).
Everything there may be added to afterwards: a hash index lists what it covers. Only the archive time stamps of older
versions cover the shared lists as a whole; beside these, new validation data goes into the last token.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.algorithms import digest
from toyono_trust.core.asn1 import oid_der
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.cades.attributes import (
    ARCHIVE_V2,
    ARCHIVE_V3,
    COUNTER_SIGNATURE,
    LEGACY_ARCHIVES,
    TIMESTAMPS,
    read_values,
)
from toyono_trust.formats.cades.hashindex import ATS_HASH_INDEX_V3, build_index
from toyono_trust.formats.cades.write import frozen, opened, refuse_if_sealed
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ArchiveDraft, ValidationData
from toyono_trust.formats.model import TimestampType
from toyono_trust.pki import tsp

__all__ = ["add_validation_data", "attach_archive", "is_frozen", "prepare_archive"]


class _Archive(NamedTuple):
    """What ``attach_archive`` needs: the file, which signature, the stamp's digest, and the index that it covers."""

    signed: bytes
    number: int
    algorithm: str
    hash_index: bytes


def add_validation_data(signed: bytes, data: ValidationData, index: int = 0) -> bytes:
    """The file with what it lacks of the validation data of the SignerInfo at ``index``, octets that it has but once.

    Certificates join ``SignedData.certificates``, CRLs and OCSP responses (RFC 5940) ``SignedData.crls``; SignerInfos
    share these lists. Where an archive time stamp before version 3 covers the lists, the data goes into those of the
    signature's last token, which no other covers. The file itself where it lacks nothing.

    Raises ``MalformedError`` for what is no SignedData, has no such SignerInfo or would hold more than is read,
    ``MisuseError`` ``cades.sealed`` under an evidence record, ``cades.frozen`` where the lists are covered and there is
    no token.
    """
    found, info = opened(signed, index)
    refuse_if_sealed(found)
    values = read_values(info.unsigned_attributes)
    present = {*found.certificates, *found.crls, *found.ocsp_responses}
    present.update(values.certificates, values.crls, (response for _, response in values.ocsp_responses))
    missing = _without(data, present)
    if missing == ValidationData():
        return signed
    if not is_frozen(found):
        return _with(found, missing)
    attribute, token = _last_token(info)
    holder = cms.read(token, lenient=True)
    missing = _without(missing, {*holder.certificates, *holder.crls, *holder.ocsp_responses})
    if missing == ValidationData():
        return signed
    filled = cms.exchange_value(attribute, token, _with(holder, missing))
    return cms.replace_unsigned(found, index, attribute.tlv, filled)


def _without(data: ValidationData, present: Iterable[bytes]) -> ValidationData:
    known = set(present)
    return ValidationData(*(tuple([item for item in items if item not in known]) for items in data))


def _with(found: cms.SignedData, data: ValidationData) -> bytes:
    choices = (*data.crls, *map(cms.ocsp_choice, data.ocsp_responses))
    return cms.extend(found, certificates=data.certificates, crls=choices)


def is_frozen(found: cms.SignedData) -> bool:
    """Whether an archive time stamp before version 3, in any SignerInfo, covers the shared lists as they stand."""
    return any(
        attribute.oid in LEGACY_ARCHIVES or (attribute.oid == COUNTER_SIGNATURE and _ARCHIVE_V2 in attribute.tlv)
        for info in found.signers
        for attribute in info.unsigned_attributes
    )


_ARCHIVE_V2 = oid_der(ARCHIVE_V2)
_RANKS: dict[TimestampType, int] = {"signature": 0, "validation-data": 1, "archive": 2}


def _last_token(info: cms.SignerInfo) -> tuple[cms.Attribute, bytes]:
    """The token that no other of the signature covers, and its attribute."""
    found: list[tuple[int, datetime, cms.Attribute, bytes]] = []
    for attribute in info.unsigned_attributes:
        if attribute.oid in TIMESTAMPS:
            for value in attribute.values:
                try:
                    made = tsp.read(value).generated_at
                except MalformedError:
                    continue
                found.append((_RANKS[TIMESTAMPS[attribute.oid]], made, attribute, value))
    if not found:
        raise frozen("the certificates and revocation data")
    _, _, attribute, value = max(found, key=lambda item: item[:2])
    return attribute, value


def prepare_archive(signed: bytes, contents: Contents, algorithm: str, index: int = 0) -> ArchiveDraft:
    """The imprint of an archive-time-stamp-v3 for the SignerInfo at ``index``, under the digest name ``algorithm``.

    It covers the content, the signature, and all certificates, revocation data and unsigned attributes that are there
    now, so that validation data must be added before. ``contents``: the content of a detached signature, which is read
    in pieces; not needed for an attached one.

    Raises ``MisuseError`` ``cades.content-missing``, ``cades.content-changed`` where it is not what was signed,
    ``cades.sealed`` under an evidence record; ``MalformedError`` for what is no SignedData, has no such SignerInfo, or
    an unknown digest.
    """
    found, info = opened(signed, index)
    refuse_if_sealed(found)
    content = _content(found, info, contents)
    hash_index = build_index(found, info, algorithm)
    stamped = (found.content_type_tlv, content.digest(algorithm), info.fields, hash_index)
    return ArchiveDraft(digest(algorithm, b"".join(stamped)), _Archive(signed, index, algorithm, hash_index))


def _content(found: cms.SignedData, info: cms.SignerInfo, contents: Contents) -> Content:
    content: Content | None = contents.only() if found.content is None else BytesContent(found.content)
    if content is None:
        raise MisuseError(
            "cades.content-missing",
            "an archive time stamp covers the content of a detached signature, which is not at hand",
            "present the signed content",
        )
    if info.signed_attributes is not None and cms.signature(info, found, content).intact is False:
        raise MisuseError(
            "cades.content-changed", "this is not the content that was signed", "present the signed content"
        )
    return content


def attach_archive(draft: ArchiveDraft, token: bytes) -> bytes:
    """The file with the archive time stamp: ``token``, DER as the TSA gave it, takes the hash index in.

    The index becomes an unsigned attribute of the token's SignerInfo, the token one of the signature's, and the digest
    joins ``SignedData.digestAlgorithms``. Raises ``MalformedError`` where the token is no SignedData.
    """
    state: _Archive = draft.state
    indexed = cms.add_unsigned(token, 0, cms.attribute(ATS_HASH_INDEX_V3, state.hash_index))
    stamped = cms.add_unsigned(state.signed, state.number, cms.attribute(ARCHIVE_V3, indexed))
    return cms.extend(cms.read(stamped, lenient=True), digest_algorithms=(state.algorithm,))
