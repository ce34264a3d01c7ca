"""JAdES at B-LT and B-LTA: what is written is what the standard says, told by plain code, and reads as it should."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from made_archive import (
    CANONICAL,
    archived,
    archives,
    canonical,
    countersigned,
    element,
    encoded,
    imprints,
    inside,
    jws_of,
    material,
    names,
    only,
    opened,
    read,
    sha,
    stamped,
    token,
    town,
)
from made_jades import certificate_for, codes, joined, key_for, signed, signing_input, verifies
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.jades import JadesDetails

RECEIPT = b'{\n  "event": "\xe5\x8f\x97\xe9\xa0\x98",\n  "parts": [1, 2.50, {"b": 1, "a": 2}]\n}\n'
PARTS = (("a b.txt", BytesContent(b"one", "a b.txt")), ("c.bin", BytesContent(b"two" * 99, "c.bin")))
BODY = b'{"hello": "world"}'
DIGEST = "SHA-256=" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()
FIELDS = (("(request-target)", "post /x"), ("Host", "town.example"), ("Digest", DIGEST))
PRESENTED = {"(request-target)": b"post /x", "Host": b"town.example", "Digest": DIGEST.encode(), "body": BODY}

# round trips ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_whole_ladder(serialization: Any, mode: Any, algorithm: str) -> None:
    plain = signed(signing_input(details=JadesDetails(serialization=serialization)))
    with_stamp = stamped(plain, mode=mode)
    with_values = jades.add_validation_data(with_stamp, material())
    whole = archived(with_values, algorithm=algorithm)
    files = (plain, with_stamp, with_values, whole)
    assert [only(one).level for one in files] == ["B-B", "B-T", "B-LT", "B-LTA"]
    assert names(whole) == ["sigTst", "xVals", "rVals", "arcTst"]
    signature = only(whole)
    (archive,) = archives(signature)
    assert (archive.imprint_found, archive.imprint_intact) == (True, True)
    assert [archive.imprint] == imprints(whole, algorithm=algorithm)
    assert [note.code for note in archive.notes] == (["jades.stamped-values"] if mode == "clear" else [])
    last = opened(jws_of(whole)["header"]["etsiU"][-1])[1]
    assert last.get("canonAlg") == (CANONICAL if mode == "clear" else None)
    assert codes(signature) == []
    assert {material().crls[0], material().crls[1]} == set(signature.crls)
    assert signature.ocsp_responses == (b"0\x00",)
    held = {one for each in signature.timestamps for one in each.signer.certificates}.union(signature.certificates)
    assert set(material().certificates) < held
    assert verifies(signature, key_for("ecdsa-sha256").public_key())
    assert {type(one) for one in jws_of(whole)["header"]["etsiU"]} == {str if mode == "base64url" else dict}


@pytest.mark.parametrize("laid_out", [None, "\t"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_three_rounds(mode: Any, laid_out: str | None) -> None:
    # every stamp goes on covering exactly what it did, and protects all that stands before it
    data = stamped(signed(signing_input(details=JadesDetails(serialization="flattened"))), mode=mode)
    if laid_out is not None:
        data = json.dumps(json.loads(data), indent=laid_out).encode()
    for year in range(3):
        before = json.loads(data)["header"]["etsiU"]
        longer = archived(jades.add_validation_data(data, material(year)))
        assert json.loads(longer)["header"]["etsiU"][: len(before)] == before
        common = next(at for at in range(len(data)) if data[at] != longer[at])
        assert longer.endswith(data[common:])
        data = longer
    assert names(data) == ["sigTst", "xVals", "rVals", "arcTst", "tstVD", "arcTst", "tstVD", "arcTst"]
    signature = only(data)
    first, second, third = archives(signature)
    assert [one.imprint for one in (first, second, third)] == imprints(data)
    assert all(one.imprint_intact for one in signature.timestamps)
    assert signature.level == "B-LTA"
    wire = jws_of(data)["signature"].encode()
    base = sha((wire, certificate_for("ecdsa-sha256"), certificate_for("rsa-sha256"))) | inside(signature.timestamps[0])
    years = [sha((*each.certificates, *each.crls, *each.ocsp_responses)) for each in map(material, range(3))]
    assert set(first.covers) == base | years[0]
    assert set(second.covers) == base | years[0] | inside(first) | years[1]
    assert set(third.covers) == base | years[0] | inside(first) | years[1] | inside(second) | years[2]
    assert signature.timestamps[0].covers == ()
    for one in (first, second, third):
        assert len(set(one.covers)) == len(one.covers)


def described(mechanism: Any, b64: bool) -> JadesDetails:
    if mechanism == "http-headers":
        return JadesDetails(mechanism=mechanism, headers=FIELDS)
    return JadesDetails(mechanism=mechanism, parts=PARTS, b64=b64)


def wanted_payload(mechanism: str, b64: bool) -> bytes:
    """What stands for the payload under an archive time stamp (5.3.6.2.3 steps 1 and 2)."""
    if mechanism == "http-headers":
        return b"(request-target): post /x\nhost: town.example\n" + BODY
    texts = [part.bytes for _, part in PARTS]
    return b"".join(encoded(text).encode() if b64 else text for text in texts)


@pytest.mark.parametrize(
    ("mechanism", "b64"),
    [("uri", True), ("uri", False), ("uri-hash", True), ("uri-hash", False), ("http-headers", False)],
)
def test_described_content(mechanism: str, b64: bool) -> None:
    details = described(mechanism, b64)
    content = BytesContent(BODY if mechanism == "http-headers" else b"")
    data = jades.add_validation_data(
        stamped(signed(signing_input(content, detached=True, details=details))), material()
    )
    presented: Mapping[str, Content] = dict(PARTS)
    if mechanism == "http-headers":
        presented = {name: BytesContent(value, name) for name, value in PRESENTED.items()}
    whole = archived(data, presented)
    (archive,) = archives(only(whole, presented))
    assert [archive.imprint] == imprints(whole, wanted_payload(mechanism, b64))
    assert (archive.imprint_found, archive.imprint_intact) == (True, True)
    (unseen,) = archives(only(whole))
    assert (unseen.imprint_found, unseen.imprint_intact, unseen.covers) == (False, None, ())
    name = list(presented)[-1]
    other = {**presented, name: BytesContent(b"other", name)}
    (altered,) = archives(only(whole, other))
    assert (altered.imprint_found, altered.imprint_intact) == (True, False)
    assert altered.covers == archive.covers
    with pytest.raises(MisuseError, match=r"jades\.archive-content"):
        jades.prepare_archive(data, Contents(), "sha256")
    if mechanism != "uri":  # where the parts are one run of octets, none has a digest of its own
        with pytest.raises(MisuseError, match=r"jades\.archive-content"):
            jades.prepare_archive(data, Contents(other), "sha256")


@pytest.mark.parametrize("b64", [True, False])
def test_detached_content(b64: bool) -> None:
    content = BytesContent(b"line\n\xff", "x.bin")
    data = stamped(signed(signing_input(content, detached=True, details=JadesDetails(b64=b64))))
    whole = archived(jades.add_validation_data(data, material()), content)
    signature = only(whole, content)
    assert [one.imprint for one in archives(signature)] == imprints(
        whole, encoded(content.bytes).encode() if b64 else content.bytes
    )
    assert (archives(signature)[0].imprint_intact, signature.level) == (True, "B-LTA")
    assert archives(only(whole, BytesContent(b"other", "x.bin")))[0].imprint_intact is False


@pytest.mark.parametrize("serialization", ["compact", "flattened"])
def test_unencoded_attached_content(serialization: Any) -> None:
    data = stamped(signed(signing_input(b'{"a": 1}', details=JadesDetails(b64=False, serialization="flattened"))))
    if serialization == "compact":
        data = stamped(signed(signing_input(b"A,B", details=JadesDetails(b64=False))))
    whole = archived(jades.add_validation_data(data, material()))
    signature = only(whole)
    assert [one.imprint for one in archives(signature)] == imprints(whole)
    assert (archives(signature)[0].imprint_intact, signature.level) == (True, "B-LTA")


@pytest.mark.parametrize("start", ["compactDetached", "flattenedJson"])
def test_a_receipt(start: str) -> None:
    data = signed(signing_input(RECEIPT, details=JadesDetails(serialization="receipt")))
    data = stamped(data) if start == "flattenedJson" else data
    whole = archived(jades.add_validation_data(data, material()))
    if start == "compactDetached":
        assert only(whole).level == "B-B"  # without a signature time stamp
        whole = archived(stamped(whole))
    assert whole.startswith(RECEIPT.rstrip()[:-2])
    signature = only(whole)
    receipt = {name: value for name, value in json.loads(whole).items() if name != "jadesSignature"}
    payload = encoded(canonical(receipt).encode()).encode()
    assert [one.imprint for one in archives(signature)] == imprints(whole, payload)
    assert all(one.imprint_intact for one in signature.timestamps)
    assert signature.level == "B-LTA"
    tampered = whole.replace(b'"a": 2', b'"a": 3')
    assert archives(only(tampered))[0].imprint_intact is False


def test_each_signature_of_a_general_one_by_itself() -> None:
    both = joined(signed(signing_input()), algorithm="ed25519")
    for index in (1, 0):
        both = stamped(both, index)
        both = jades.add_validation_data(both, material(index), index)
        assert [one.level for one in read(both).signatures].count("B-LT") == 1
        both = archived(both, index=index)
        for each in (index,):
            (archive,) = archives(read(both).signatures[each])
            assert [archive.imprint] == imprints(both, index=each)
    signatures = read(both).signatures
    assert [one.level for one in signatures] == ["B-LTA", "B-LTA"]
    covers = [set(archives(one)[0].covers) for one in signatures]
    wires = [hashlib.sha256(one.value.wire).digest() for one in signatures]
    assert [[wire in each for wire in wires] for each in covers] == [[True, False], [False, True]]
    crls = [hashlib.sha256(material(year).crls[0]).digest() for year in (0, 1)]
    assert [[crl in each for crl in crls] for each in covers] == [[True, False], [False, True]]
    for index in (-1, 2):
        with pytest.raises(MisuseError, match=r"jades\.extend"):
            jades.prepare_archive(both, Contents(), "sha256", index)
        with pytest.raises(MisuseError, match=r"jades\.extend"):
            jades.add_validation_data(both, material(), index)


def test_a_content_time_stamp_is_protected_with_all_that_is_in_it() -> None:
    request = signing_input()
    request = request._replace(content_timestamp=token(jades.content_imprint(request, "sha256")))
    whole = archived(jades.add_validation_data(stamped(signed(request)), material()))
    content, _, archive = only(whole).timestamps
    assert (content.type, content.imprint_intact, content.covers) == ("content", True, ())
    assert archive.imprint_intact is True
    assert inside(content) <= set(archive.covers)


def test_two_tokens_in_one_container_share_the_imprint() -> None:
    data = jades.add_validation_data(stamped(signed(signing_input())), material())
    draft = jades.prepare_archive(data, Contents(), "sha256")
    value = json.loads(data)
    tokens = [token(draft.imprint), token(draft.imprint)]
    both = {"tstTokens": [{"val": base64.b64encode(one).decode()} for one in tokens]}
    value["header"]["etsiU"].append(element("arcTst", both))
    signature = only(json.dumps(value).encode())
    first, second = archives(signature)
    assert first.imprint_intact
    assert second.imprint_intact
    assert first.covers == second.covers
    assert not inside(first) <= set(second.covers)
    assert signature.level == "B-LTA"


# validation data ------------------------------------------------------------------------------------------------------


def test_nothing_is_held_twice() -> None:
    data = stamped(signed(signing_input()))
    own = certificate_for("ecdsa-sha256")
    (stamp,) = only(data).timestamps
    in_token = stamp.signer.certificates
    assert in_token
    assert jades.add_validation_data(data, ValidationData((own, *in_token))) == data
    once = jades.add_validation_data(data, ValidationData((own, *in_token, town().root.der, town().root.der)))
    assert names(once) == ["sigTst", "xVals"]
    held = opened(jws_of(once)["header"]["etsiU"][1])[1]
    assert [base64.b64decode(one["x509Cert"]["val"]) for one in held] == [town().root.der]
    full = jades.add_validation_data(once, material())
    assert names(full) == ["sigTst", "xVals", "rVals"]
    assert jades.add_validation_data(full, material()) == full
    assert jades.add_validation_data(full, ValidationData()) == full
    later = jades.add_validation_data(
        full, material(1)._replace(certificates=(town().identity("town").certificate.der,))
    )
    assert names(later) == ["sigTst", "xVals", "rVals", "anyValData"]
    assert list(opened(jws_of(later)["header"]["etsiU"][3])[1]) == ["rVals", "xVals"]  # in canonical order
    whole = archived(later)
    again = jades.add_validation_data(whole, material(2))
    assert names(again)[4:] == ["arcTst", "tstVD"]
    assert jades.add_validation_data(again, material(2)) == again
    assert only(again).level == "B-LTA"
    assert set(only(again).crls) == {*material().crls, *material(1).crls, *material(2).crls}


def test_material_of_counter_signatures_and_content_stamps_counts_as_held() -> None:
    request = signing_input(algorithm="ed25519", content_timestamp=token(bytes(32)))
    data = stamped(signed(request))
    value = json.loads(data)
    counter = jws_of(countersigned(signed(signing_input(details=JadesDetails(serialization="flattened")))))
    value["header"]["etsiU"].append(element("cSig", opened(counter["header"]["etsiU"][0])[1]))
    data = json.dumps(value).encode()
    content_stamp = only(data).timestamps[0]
    inner = only(data).counter_signatures[0]
    assert inner.certificates
    known = ValidationData((*content_stamp.signer.certificates, *inner.certificates))
    assert jades.add_validation_data(data, known) == data


@pytest.mark.parametrize("etsi_u", ["x", [], {}, ["e30", {}], [1], [None], [True]])
def test_what_cannot_be_extended(etsi_u: Any) -> None:
    value = json.loads(signed(signing_input(details=JadesDetails(serialization="flattened"))))
    data = json.dumps(value | {"header": {"etsiU": etsi_u}}).encode()
    with pytest.raises(MisuseError, match=r"jades\.extend"):
        jades.add_validation_data(data, material())
    with pytest.raises(MisuseError, match=r"jades\.extend"):
        jades.prepare_archive(data, Contents(), "sha256")
    with pytest.raises(MisuseError, match=r"jades\.extend"):
        jades.attach(data, b"0\x00")


def test_elements_that_cannot_be_read_stay_and_are_covered() -> None:
    value = json.loads(stamped(signed(signing_input())))
    odd = ["%%%", "e30", element("xVals", 1), element("arcTst", []), element("cSig", "a.b"), element("news", 1)]
    value["header"]["etsiU"] += [element("sigTst", {"tstTokens": [{"val": "MAA="}]}), *odd]
    whole = archived(jades.add_validation_data(json.dumps(value).encode(), material()))
    assert json.loads(whole)["header"]["etsiU"][2:8] == odd
    (archive,) = archives(only(whole))
    covered = "".join(json.loads(whole)["header"]["etsiU"][:-1])
    start = ".".join([value["payload"], value["protected"], value["signature"], ""])
    assert archive.imprint == hashlib.sha256((start + covered).encode()).digest()
    assert archive.imprint_intact is True


def test_an_unknown_digest_is_refused() -> None:
    with pytest.raises(MalformedError):
        jades.prepare_archive(signed(signing_input()), Contents(), "sha0")


# changes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_no_changed_octet_leaves_an_archive_stamp_intact(mode: Any) -> None:
    # every 11th character of all that the stamp covers: the file is refused, or the stamp is no longer intact
    data = countersigned(
        stamped(signed(signing_input(details=JadesDetails(certificates=False))), mode=mode), 0, "ed25519"
    )
    data = archived(jades.add_validation_data(data, ValidationData((town().ca.der,), (town().crl("ca"),))))
    text = data.decode()
    end = text.index('"canonAlg"') if mode == "clear" else text.index(json.loads(text)["header"]["etsiU"][-1])
    members = ["payload", "protected", "header", "etsiU"]
    if mode == "clear":  # there the names of properties are not covered
        members += names(data)
    spared = {text.index(f'"{name}"') + at for name in members for at in range(len(name) + 2)}
    changed = 0
    for at in (*range(0, end, 11), *range(text.index('"signature":"') + 13, len(text) - 2, 11)):
        if at in spared or not text[at].isalnum():
            continue
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        changed += 1
        try:
            facts = read(other.encode())
        except MalformedError:
            continue
        for signature in facts.signatures:
            assert not any(one.imprint_intact for one in archives(signature)), (at, text[at - 20 : at + 20])
    assert changed > 300
    assert archives(only(data))[0].imprint_intact is True


def test_what_comes_later_changes_nothing_for_the_stamps_before() -> None:
    data = archived(jades.add_validation_data(stamped(signed(signing_input())), material()))
    before = archives(only(data))[0]
    for later in (stamped(data), countersigned(data), jades.add_validation_data(data, material(1)), archived(data)):
        assert archives(only(later))[0] == before
    value = json.loads(data)
    value["header"]["etsiU"].insert(0, element("news", 1))
    assert archives(only(json.dumps(value).encode()))[0].imprint_intact is False
    value = json.loads(data)
    value["header"]["etsiU"][1:3] = reversed(value["header"]["etsiU"][1:3])
    assert archives(only(json.dumps(value).encode()))[0].imprint_intact is False
