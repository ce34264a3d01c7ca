"""More signatures in a CMS that is there: counter-signatures upon one of its signatures, and parallel ones beside it.

RFC 5652 5.1 and 11.4, EN 319 122-1 5.2.7. What is there keeps its octets; archive time stamps of version 3 stay intact,
for they list what they cover.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.cms.building import DATA
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MisuseError
from toyono_trust.formats.cades.archive import is_frozen
from toyono_trust.formats.cades.attributes import COUNTER_SIGNATURE
from toyono_trust.formats.cades.write import (
    frozen,
    opened,
    refuse_if_covered,
    refuse_if_sealed,
    signed_attributes,
    signer_info,
)
from toyono_trust.formats.draft import Draft, SigningInput

__all__ = ["add_signer", "attach_counter", "prepare_counter"]


class _Counter(NamedTuple):
    """What ``attach_counter`` needs."""

    signed: bytes
    number: int
    request: SigningInput
    digest_algorithm: str


def prepare_counter(signed: bytes, index: int, request: SigningInput) -> Draft:
    """The DER of the signed attributes of a counter-signature upon the SignerInfo at ``index``.

    It covers the octets of that signature's value and nothing else: ``request.content`` and ``request.detached`` do not
    count, and a content type is not stated (RFC 5652 11.4). Raises as ``prepare`` does, ``MisuseError``
    ``cades.counter-content-type`` for a content type among the properties, and ``cades.sealed`` or ``cades.frozen``
    where an evidence record or an older archive time stamp covers what would change.
    """
    found, info = opened(signed, index)
    refuse_if_covered(found, info)
    _refuse_certificates(found, request)
    if request.properties.content_type is not None:
        raise MisuseError(
            "cades.counter-content-type",
            "a counter-signature covers a signature value and states no content type",
            "leave the content type out",
        )
    attributes, digest_algorithm = signed_attributes(request, BytesContent(info.signature), None)
    return Draft(attributes, _Counter(signed, index, request, digest_algorithm))


def attach_counter(draft: Draft, signature: bytes) -> bytes:
    """The file with the counter-signature; its certificates join the shared ones.

    ``signature``: the octets that the key gave for ``draft.to_be_signed`` (ECDSA: DER).
    """
    state: _Counter = draft.state
    request = state.request
    info = signer_info(request, state.digest_algorithm, draft.to_be_signed, signature)
    countered = cms.add_unsigned(state.signed, state.number, cms.attribute(COUNTER_SIGNATURE, info))
    return cms.extend(cms.read(countered, lenient=True), certificates=(request.certificate, *request.chain))


def add_signer(signed: bytes, draft: Draft, signature: bytes) -> bytes:
    """The file with one more signature over the same content, beside those there are (RFC 5652 5.1).

    ``draft``: of ``prepare``, over that content. ``signature``: as ``finish`` takes it. The new SignerInfo goes where
    DER sorts it, so that numbers of SignerInfos may change.

    Raises ``MisuseError`` ``cades.not-data`` for content of another type, ``cades.content-changed`` where the draft is
    over other content, ``cades.sealed`` or ``cades.frozen`` as ``prepare_counter`` does.
    """
    request, digest_algorithm = draft.state
    found = cms.read(signed, lenient=True)
    refuse_if_sealed(found)
    _refuse_certificates(found, request)
    if found.content_type != DATA:
        raise MisuseError(
            "cades.not-data",
            f"the content of this file is of another type than data ({found.content_type})",
            "sign the content anew",
        )
    if found.content is not None:
        own = BytesContent(found.content).digest(digest_algorithm)
        if own != request.content.digest(digest_algorithm):
            raise MisuseError(
                "cades.content-changed", "this is not the content that was signed", "present the signed content"
            )
    return cms.extend(
        found,
        certificates=(request.certificate, *request.chain),
        digest_algorithms=(digest_algorithm,),
        signer_infos=(signer_info(request, digest_algorithm, draft.to_be_signed, signature),),
    )


def _refuse_certificates(found: cms.SignedData, request: SigningInput) -> None:
    """New certificates cannot join a list that is covered as a whole."""
    if is_frozen(found) and not {request.certificate, *request.chain} <= set(found.certificates):
        raise frozen("the certificates and revocation data")
