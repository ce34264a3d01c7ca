"""Counter-signatures and parallel signatures in a CMS that is there, and what archive time stamps make of them."""

from __future__ import annotations

import pytest
from asn1crypto import cms as foreign

from made_cades import (
    DAY,
    PRESENTED,
    WHEN,
    archived,
    archives,
    codes,
    countered,
    facts,
    long_term,
    material,
    only,
    refused,
    request_of,
    sha256,
    stamped,
    token_over,
    town,
    value_of,
)
from toyono_trust.core import asn1, cms
from toyono_trust.core.content import BytesContent
from toyono_trust.errors import MalformedError
from toyono_trust.formats import cades
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.model import Properties, Signature


def test_counter_signatures() -> None:
    data = countered(long_term())
    signature = only(data)
    (counter,) = signature.counter_signatures
    assert (counter.level, counter.notes, counter.objects[0].intact) == ("B-B", (), True)
    assert counter.leaf == town().identity("sensor").certificate_der
    assert facts(data).notes == ()
    theirs = foreign.ContentInfo.load(data, strict=True)["content"]["signer_infos"][0]["unsigned_attrs"]
    (inner,) = [attribute["values"][0] for attribute in theirs if attribute["type"].native == "counter_signature"]
    digests = {a["type"].native: a["values"][0].native for a in inner["signed_attrs"]}
    assert digests["message_digest"] == sha256(signature.value.wire)
    assert "content_type" not in digests
    (token,) = archives(only(archived(data)))
    assert sha256(counter.value.wire) in token.covers
    typed = request_of("sensor", properties=Properties(content_type="text/plain"))
    refused("cades.counter-content-type", cades.prepare_counter, data, signature.value.wire, typed)
    refused("cms.no-such-signer", cades.prepare_counter, data, bytes(64), request_of("sensor"))


def test_a_counter_signature_inside_the_archive_cannot_change() -> None:
    """One more counter-signature beside the indexed one is welcome; one inside of it breaks the archive time stamp."""
    data = archived(countered(long_term()))
    assert archives(only(countered(data, "town")))[0].imprint_intact is True
    found = cms.read(data)
    (inner,) = [a for a in found.signers[0].unsigned_attributes if a.oid == names.COUNTER_SIGNATURE]
    grown = asn1.der(
        0x30, cms.read_signer_info(inner.values[0])[0].fields, asn1.der(0xA1, cms.attribute("1.2.3", asn1.null()))
    )
    changed = cms.replace_unsigned(found, 0, inner.tlv, cms.exchange_value(inner, inner.values[0], grown))
    (token,) = archives(only(changed))
    assert (token.imprint_intact, codes(token)) == (False, ["cades.index-dangling"])


@pytest.mark.parametrize("detached", [True, False])
def test_parallel_signatures_each_with_its_archive(detached: bool) -> None:
    """Signatures share the lists and carry their own archive time stamps; numbers stay while both grow."""
    draft = cades.prepare_parallel(archived(long_term(detached=detached)), PRESENTED, request_of("sensor"))
    value = value_of("sensor", draft.to_be_signed)
    data = cades.finish_parallel(draft, value)
    (number,) = [place for place, info in enumerate(cms.read(data).signers) if info.signature == value]
    data = stamped(data, number)
    data = cades.add_validation_data(data, material("sensor", "tsa"), number)
    data = archived(data, "sha512", WHEN + 3 * DAY, number)
    signatures = facts(data).signatures
    assert signatures[number].value.wire == value
    assert [signature.level for signature in signatures] == ["B-LTA", "B-LTA"]
    for signature in signatures:
        (token,) = archives(signature)
        assert (token.imprint_intact, token.notes) == (True, ())
        assert sha256(signature.value.wire) in token.covers
        other = next(each for each in signatures if each is not signature)
        assert sha256(other.value.wire) not in token.covers
    if detached:
        refused("cades.content-changed", cades.prepare_parallel, data, Contents(BytesContent(b"x")), request_of("bus"))
        refused("addition.content", cades.prepare_parallel, data, NO_CONTENTS, request_of("bus"))
    typed = cms.signed_data(b"x", ["sha256"], [], [], content_type="1.2.3.4")
    refused("cades.not-data", cades.prepare_parallel, typed, NO_CONTENTS, request_of("bus"))


def nested(data: bytes) -> list[Signature]:
    """The signature and the counter-signatures below it, the last of each level."""
    found = [only(data)]
    while found[-1].counter_signatures:
        found.append(found[-1].counter_signatures[-1])
    return found


@pytest.mark.parametrize("token", [False, True])
def test_counter_signatures_of_counter_signatures(token: bool) -> None:
    """Each is over the value that it stands under; whatever was there stays, and lies in DER order."""
    data = long_term()
    for depth in range(4):
        target = nested(data)[-1].value.wire
        draft = cades.prepare_counter(data, target, request_of("sensor"))
        value = value_of("sensor", draft.to_be_signed)
        assert cades.wire(value, "ecdsa-sha256") == value
        stamp = token_over(sha256(value)) if token else None
        data = cades.finish_counter(draft, value, stamp)
        assert cms.read(data).leniencies == frozenset(), "still DER"
        chain = nested(data)
        assert len(chain) == depth + 2
        assert chain[-1].value.wire == value
        assert [each.objects[0].intact for each in chain] == [True] * len(chain)
        assert chain[-1].objects[0].digest == sha256(target)
        assert [len(each.timestamps) for each in chain[1:]] == [int(token)] * (depth + 1)
        assert all(each.imprint_intact for one in chain for each in one.timestamps)
    with pytest.raises(MalformedError) as caught:
        facts(cades.finish_counter(cades.prepare_counter(data, value, request_of("sensor")), bytes(64)))
    assert caught.value.code == "limits.count"
    deeper = cades.prepare_counter(data, chain[-2].value.wire, request_of("bus"))
    grown = cades.finish_counter(deeper, value_of("bus", deeper.to_be_signed))
    assert [len(each.counter_signatures) for each in nested(grown)[:-1]] == [1, 1, 1, 2]


def test_what_stands_beside_a_grown_counter_signature_stays() -> None:
    """Other attributes, unsorted ones included, keep their octets and their order."""
    data = countered(countered(long_term(), "bus"))
    found = cms.read(data)
    first, second = [a for a in found.signers[0].unsigned_attributes if a.oid == names.COUNTER_SIGNATURE]
    info = cms.read_signer_info(first.values[0])[0]
    others = [cms.attribute(name, asn1.null()) for name in ("1.2.9", "1.2.3")]
    unsorted = asn1.der(0x30, info.fields, asn1.der(0xA1, *others))
    data = cms.replace_unsigned(found, 0, first.tlv, cms.exchange_value(first, first.values[0], unsorted))
    draft = cades.prepare_counter(data, info.signature, request_of("town"))
    grown = cms.read(cades.finish_counter(draft, value_of("town", draft.to_be_signed)), lenient=True)
    attributes = grown.signers[0].unsigned_attributes
    assert second.tlv in [attribute.tlv for attribute in attributes]
    values = [value for attribute in attributes for value in attribute.values if info.fields in value]
    inside = cms.read_signer_info(values[0], lenient=True)[0].unsigned_attributes
    assert [attribute.tlv for attribute in inside[:2]] == others
    assert inside[2].oid == names.COUNTER_SIGNATURE
