"""More signatures in a CMS that is there: counter-signatures upon one of its signatures, and parallel ones beside it.

RFC 5652 5.1 and 11.4, EN 319 122-1 5.2.7. What is there keeps its octets; archive time stamps of version 3 stay intact,
for they list what they cover.
"""

from __future__ import annotations

from typing import NamedTuple

from toyono_trust.core import cms
from toyono_trust.core.asn1 import der
from toyono_trust.core.cms.building import DATA
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.cades.archive import is_frozen
from toyono_trust.formats.cades.attributes import COUNTER_SIGNATURE
from toyono_trust.formats.cades.read import MAX_NESTING
from toyono_trust.formats.cades.write import (
    frozen,
    prepare,
    refuse_if_covered,
    refuse_if_sealed,
    signed_attributes,
    signer_info,
)
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Draft, SigningInput

__all__ = ["finish_counter", "finish_parallel", "prepare_counter", "prepare_parallel"]


class _Step(NamedTuple):
    """On the way down to a counter-signature: the SignerInfo above it, the attribute, which of its values it is."""

    above: cms.SignerInfo
    attribute: cms.Attribute
    value: bytes


class _Path(NamedTuple):
    """The SignerInfo that is to be countersigned, and the steps to it, outermost first; none where it is no counter."""

    target: cms.SignerInfo
    steps: tuple[_Step, ...] = ()


class _Counter(NamedTuple):
    """What ``finish_counter`` needs."""

    found: cms.SignedData
    number: int
    path: _Path
    request: SigningInput
    digest_algorithm: str


class _Parallel(NamedTuple):
    """What ``finish_parallel`` needs."""

    found: cms.SignedData
    request: SigningInput
    digest_algorithm: str


def prepare_counter(signed: bytes, target: bytes, request: SigningInput) -> Draft:
    """The DER of the signed attributes of a counter-signature upon one of the signatures of ``signed``.

    ``target``: the octets of that signature's value, which may be a counter-signature's. They are what is covered, and
    nothing else: ``request.content`` and ``request.detached`` do not count, and a content type is not stated (RFC 5652
    11.4). Raises as ``prepare`` does, ``MisuseError`` ``cades.counter-content-type`` for a content type among the
    properties, and ``cades.sealed`` or ``cades.frozen`` where an evidence record or an older archive time stamp covers
    what would change; ``MalformedError`` ``cms.no-such-signer`` where there is no such signature.
    """
    found = cms.read(signed, lenient=True)
    number, path = _path_to(found, target)
    refuse_if_covered(found, found.signers[number])
    _refuse_certificates(found, request)
    if request.properties.content_type is not None:
        raise MisuseError(
            "cades.counter-content-type",
            "a counter-signature covers a signature value and states no content type",
            "leave the content type out",
        )
    attributes, digest_algorithm = signed_attributes(request, BytesContent(target), None)
    return Draft(attributes, _Counter(found, number, path, request, digest_algorithm))


def finish_counter(draft: Draft, signature: bytes, token: bytes | None = None) -> bytes:
    """The file with the counter-signature; its certificates join the shared ones.

    ``signature``: the octets that the key gave for ``draft.to_be_signed`` (ECDSA: DER). ``token``: DER of a signature
    time stamp over it, which goes into its own unsigned attributes.
    """
    state: _Counter = draft.state
    request, (target, steps) = state.request, state.path
    info = signer_info(request, state.digest_algorithm, draft.to_be_signed, signature, token)
    made = cms.attribute(COUNTER_SIGNATURE, info)
    if not steps:
        countered = cms.insert_unsigned(state.found, state.number, made)
    else:
        grown = _with_attribute(target, b"", made)
        for step in reversed(steps[1:]):
            grown = _with_attribute(step.above, step.attribute.tlv, _exchanged(step, grown))
        old = steps[0].attribute.tlv
        countered = cms.replace_unsigned(state.found, state.number, old, _exchanged(steps[0], grown))
    return cms.extend(cms.read(countered, lenient=True), certificates=(request.certificate, *request.chain))


def prepare_parallel(signed: bytes, contents: Contents, request: SigningInput) -> Draft:
    """The DER of the signed attributes of a signature over the content that the signatures there cover.

    ``contents``: that content where they are detached; ``request.content`` and ``request.detached`` do not count.

    Raises as ``prepare`` does, ``MisuseError`` ``addition.content`` where the content is not at hand,
    ``cades.content-changed`` where it is not what was signed, ``cades.not-data`` for content of another type,
    ``cades.sealed`` or ``cades.frozen`` as ``prepare_counter`` does.
    """
    found = cms.read(signed, lenient=True)
    refuse_if_sealed(found)
    _refuse_certificates(found, request)
    if found.content_type != DATA:
        raise MisuseError(
            "cades.not-data",
            f"the content of this file is of another type than data ({found.content_type})",
            "sign the content anew",
        )
    content: Content | None = contents.only() if found.content is None else BytesContent(found.content)
    if content is None:
        raise MisuseError("addition.content", "the signed content is not at hand", "present it")
    if any(cms.signature(info, found, content).intact is False for info in found.signers):
        raise MisuseError(
            "cades.content-changed", "this is not the content that was signed", "present the signed content"
        )
    inner = prepare(request._replace(content=content))
    _, digest_algorithm = inner.state
    return Draft(inner.to_be_signed, _Parallel(found, request, digest_algorithm))


def finish_parallel(draft: Draft, signature: bytes, token: bytes | None = None) -> bytes:
    """The file with one more signature over the same content, beside those there are (RFC 5652 5.1).

    ``signature`` and ``token``: as of ``finish_counter``. The new SignerInfo goes where DER sorts it, so that numbers
    of SignerInfos may change.
    """
    state: _Parallel = draft.state
    request = state.request
    return cms.extend(
        state.found,
        certificates=(request.certificate, *request.chain),
        digest_algorithms=(state.digest_algorithm,),
        signer_infos=(signer_info(request, state.digest_algorithm, draft.to_be_signed, signature, token),),
    )


def _path_to(found: cms.SignedData, target: bytes) -> tuple[int, _Path]:
    for number, info in enumerate(found.signers):
        if info.signature == target:
            return number, _Path(info)
    for number, info in enumerate(found.signers):
        path = _below(info, target, 1)
        if path is not None:
            return number, path
    raise MalformedError("cms.no-such-signer", "there is no such signature")


def _below(info: cms.SignerInfo, target: bytes, depth: int) -> _Path | None:
    """The way to a counter-signature under a SignerInfo, as deep as is read."""
    for attribute in info.unsigned_attributes:
        for value in attribute.values if attribute.oid == COUNTER_SIGNATURE else ():
            try:
                counter, _ = cms.read_signer_info(value, lenient=True)
            except MalformedError:  # a reader leaves it out
                continue
            step = _Step(info, attribute, value)
            if counter.signature == target:
                return _Path(counter, (step,))
            path = None if depth == MAX_NESTING else _below(counter, target, depth + 1)
            if path is not None:
                return _Path(path.target, (step, *path.steps))
    return None


def _exchanged(step: _Step, grown: bytes) -> bytes:
    """The attribute of a step with the counter-signature as it has grown."""
    return cms.exchange_value(step.attribute, step.value, grown)


def _with_attribute(info: cms.SignerInfo, old: bytes, new: bytes) -> bytes:
    """A SignerInfo with an unsigned attribute (TLV) in place of ``old``, or one more; in DER order if it was so."""
    tlvs = [attribute.tlv for attribute in info.unsigned_attributes]
    in_order = tlvs == sorted(tlvs)
    if old:
        tlvs[tlvs.index(old)] = new
    else:
        tlvs.append(new)
    return der(0x30, info.fields, der(0xA1, *(sorted(tlvs) if in_order else tlvs)))


def _refuse_certificates(found: cms.SignedData, request: SigningInput) -> None:
    """New certificates cannot join a list that is covered as a whole."""
    if is_frozen(found) and not {request.certificate, *request.chain} <= set(found.certificates):
        raise frozen("the certificates and revocation data")
