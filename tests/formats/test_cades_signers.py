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
    town,
    value_of,
)
from toyono_trust.core import asn1, cms
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import cades
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.model import Properties


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
