"""JAdES time stamps over properties in clear and over references, and files made to exhaust their reader."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC
from typing import Any

import pytest

from made_archive import (
    CANONICAL,
    archived,
    archives,
    canonical,
    element,
    encoded,
    inside,
    material,
    only,
    opened,
    sha,
    stamped,
    token,
    town,
)
from made_jades import AT, PAYLOAD, codes, signed, signing_input, verifies
from toyono_trust.core.findings import entry
from toyono_trust.core.limits import BUDGETS, Work
from toyono_trust.errors import MalformedError
from toyono_trust.formats import jades, registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import ValidationData
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Signature

# properties in clear --------------------------------------------------------------------------------------------------


def in_clear(reading: str, canonicalization: str | None = CANONICAL) -> bytes:
    """A B-LTA signature in clear whose stamp covers the elements as ``reading`` says."""
    data = jades.add_validation_data(stamped(signed(signing_input()), mode="clear"), material())
    value = json.loads(data)
    elements = value["header"]["etsiU"]
    whole = [canonical(one if reading == "elements" else opened(one)[1]) for one in elements]
    covered = ".".join([value["payload"], value["protected"], value["signature"], "".join(whole)])
    made = token(hashlib.sha256(covered.encode()).digest())
    container = {"tstTokens": [{"val": base64.b64encode(made).decode()}]}
    elements.append({"arcTst": container if canonicalization is None else {"canonAlg": canonicalization} | container})
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize("reading", ["elements", "values"])
def test_both_ways_to_understand_stamps_over_properties_in_clear(reading: str) -> None:
    data = in_clear(reading)
    signature = only(data)
    (archive,) = archives(signature)
    assert (archive.imprint_found, archive.imprint_intact, signature.level) == (True, True, "B-LTA")
    assert [note.code for note in archive.notes] == [f"jades.stamped-{reading}"]
    assert sha((*material().crls, signature.value.wire, *signature.timestamps[0].signer.certificates)) <= set(
        archive.covers
    )
    value = json.loads(data)
    value["header"]["etsiU"][2] = dict(reversed(value["header"]["etsiU"][2].items()))
    assert archives(only(json.dumps(value).encode()))[0].imprint_intact is True
    value["header"]["etsiU"][2]["rVals"]["crlVals"].reverse()
    (altered,) = archives(only(json.dumps(value).encode()))
    assert (altered.imprint_found, altered.imprint_intact) == (True, False)
    assert [note.code for note in altered.notes] == []


@pytest.mark.parametrize("canonicalization", [None, "http://www.w3.org/2006/12/xml-c14n11", ""])
def test_an_unknown_way_to_canonicalize_is_named_and_nothing_guessed(canonicalization: str | None) -> None:
    signature = only(in_clear("elements", canonicalization))
    (archive,) = archives(signature)
    assert (archive.imprint_found, archive.imprint_intact, archive.covers) == (False, None, ())
    assert [(note.code, note.values["algorithm"]) for note in archive.notes] == [
        ("jades.archive-clear", str(canonicalization))
    ]


def test_what_has_no_canonical_form_is_not_compared() -> None:
    text = in_clear("elements").decode().replace('"etsiU": [', '"etsiU": [ {"news": 9007199254740993},')
    (archive,) = archives(only(text.encode()))
    assert (archive.imprint_found, archive.imprint_intact) == (False, None)
    assert [note.code for note in archive.notes] == ["jades.archive-clear"]


def test_a_canonicalization_means_nothing_where_properties_are_encoded() -> None:
    data = jades.add_validation_data(stamped(signed(signing_input())), material())
    draft = jades.prepare_archive(data, Contents(), "sha256")
    value = json.loads(data)
    made = {"canonAlg": CANONICAL, "tstTokens": [{"val": base64.b64encode(token(draft.imprint)).decode()}]}
    value["header"]["etsiU"].append(element("arcTst", made))
    signature = only(json.dumps(value).encode())
    assert codes(signature) == ["jades.canonicalization-encoded"]
    assert (archives(signature)[0].imprint_intact, signature.level) == (True, "B-LTA")


# references -----------------------------------------------------------------------------------------------------------


def referring(kind: str, mode: str, digest: str = "S256", altered: bool = False) -> tuple[bytes, bytes, bytes]:
    """A signature with references and a stamp over them; the certificate and the CRL that are referred to."""
    certificate, crl = town().root.der, town().crl("ca")
    value = json.loads(stamped(signed(signing_input()), mode=mode))
    hashed = {"S256": "sha256", "S512": "sha512"}[digest]

    def refer(octets: bytes) -> dict[str, str]:
        return {"digAlg": digest, "digVal": encoded(hashlib.new(hashed, octets).digest())}

    certificates = [{**refer(certificate), "kid": "MAA="}]
    revocations = {"crlRefs": [{**refer(crl), "crlId": {"issuer": "MAA=", "issueTime": "2026-11-22T00:00:00Z"}}]}
    write: Any = element if mode == "base64url" else lambda name, value: {name: value}
    elements = value["header"]["etsiU"]
    elements += [write("sigPSt", {"sigPolDoc": "AAAA"}), write("xRefs", certificates), write("rRefs", revocations)]
    kept = [one for one in elements if opened(one)[0] in ("xRefs", "rRefs", *(["sigTst"] if kind == "sigRTst" else []))]
    covered = "".join(one if mode == "base64url" else canonical(opened(one)[1]) for one in kept)
    if kind == "sigRTst":
        covered = f"{value['signature']}.{covered}"
    made = {"tstTokens": [{"val": base64.b64encode(token(hashlib.sha256(covered.encode()).digest())).decode()}]}
    elements.append(write(kind, made if mode == "base64url" else {"canonAlg": CANONICAL} | made))
    elements.append(write("xRefs", [refer(b"placed later")]))
    if altered:
        elements[2] = write("xRefs", [refer(b"another")])
    return json.dumps(value).encode(), certificate, crl


@pytest.mark.parametrize("kind", ["sigRTst", "rfsTst"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_stamps_over_references(kind: str, mode: str) -> None:
    data, certificate, crl = referring(kind, mode)
    signature = only(data)
    first, stamp = signature.timestamps
    assert (stamp.type, stamp.imprint_found, stamp.imprint_intact) == ("validation-data", True, True)
    wanted = sha((certificate, crl))
    if kind == "sigRTst":
        wanted |= sha([signature.value.wire]) | inside(first)
    assert set(stamp.covers) == wanted
    assert signature.level == "B-T"
    assert codes(signature) == ["jades.references"] * 3
    assert [(note.values["name"], note.values["count"]) for note in signature.notes] == [
        ("xRefs", 1),
        ("rRefs", 1),
        ("xRefs", 1),
    ]
    (altered,) = (one for one in only(referring(kind, mode, altered=True)[0]).timestamps if one.type != "signature")
    assert (altered.imprint_found, altered.imprint_intact) == (True, False)


def test_references_by_another_digest_protect_what_the_signature_holds() -> None:
    data, certificate, crl = referring("rfsTst", "base64url", "S512")
    assert [one.covers for one in only(data).timestamps] == [(), ()]
    held = jades.add_validation_data(data, ValidationData((certificate,), (crl,)))
    assert [set(one.covers) for one in only(held).timestamps] == [set(), sha((certificate, crl))]


def test_an_archive_stamp_protects_what_is_referred_to() -> None:
    data, certificate, crl = referring("rfsTst", "base64url")
    signature = only(archived(data))
    (archive,) = archives(signature)
    assert archive.imprint_intact is True
    assert sha((certificate, crl)) <= set(archive.covers)
    assert signature.level == "B-T"  # references and stamps over them keep it there


# hostile files --------------------------------------------------------------------------------------------------------


def spent(data: bytes) -> tuple[Signature | None, int]:
    """The signature, None where the file is refused, and the repeated octets that reading it took."""
    work = Work()
    signature = None
    try:
        (signature,) = registry.read(data, Contents(), work).signatures
    except MalformedError as error:
        code = error.code
    else:
        code = "limits.work"
    assert entry(code).sub_indication == "FORMAT_FAILURE"
    return signature, BUDGETS["repeated-bytes"] - work.left["repeated-bytes"]


def with_elements(elements: list[Any], payload: bytes = PAYLOAD) -> bytes:
    value = json.loads(signed(signing_input(payload, details=JadesDetails(serialization="flattened"))))
    return json.dumps(value | {"header": {"etsiU": elements}}).encode()


@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_a_thousand_stamps_hash_each_octet_once(mode: str) -> None:
    made = base64.b64encode(token(bytes(32))).decode()
    value = {"tstTokens": [{"val": made}]} | ({"canonAlg": CANONICAL} if mode == "clear" else {})
    one: Any = {"arcTst": value} if mode == "clear" else element("arcTst", value)
    data = with_elements([one] * 1000, bytes(4 << 20))
    signature, work = spent(data)
    assert signature is not None
    assert len(signature.timestamps) == 200
    assert codes(signature) == ["jades.etsiu-value"] * 800
    assert all(one.imprint_intact is False for one in signature.timestamps)
    assert work < 3 * len(data)


def test_many_certificates_under_many_stamps_are_bounded() -> None:
    made = {"tstTokens": [{"val": base64.b64encode(token(bytes(32))).decode()}]}
    many = [{"x509Cert": {"val": base64.b64encode(number.to_bytes(4, "big")).decode()}} for number in range(5000)]
    crls = [{"val": one["x509Cert"]["val"]} for one in many]
    for elements in ([element("xVals", many)], [element("rVals", {"crlVals": crls})]):
        signature, work = spent(with_elements([*elements, *[element("arcTst", made)] * 200]))
        assert signature is not None
        assert codes(signature) == ["jades.etsiu-value"]
        assert len(signature.certificates) < 210
        assert work < 10 << 20
    references = [{"digAlg": "S256", "digVal": encoded(number.to_bytes(32, "big"))} for number in range(30_000)]
    signature, work = spent(with_elements([element("xRefs", references), *[element("arcTst", made)] * 200]))
    assert signature is None
    assert work <= BUDGETS["repeated-bytes"]


def test_large_and_deep_elements_are_bounded() -> None:
    wide = element("anyValData", {"xVals": [0] * 100_000})
    signature, _ = spent(with_elements([wide] * 30))
    assert signature is not None
    assert codes(signature) == ["jades.etsiu-value"] * 30
    nested: Any = "e30.."
    for _ in range(12):
        nested = {"protected": "e30", "signature": "AA", "header": {"etsiU": [element("cSig", nested)]}}
    assert spent(with_elements([element("cSig", nested)]))[0] is None
    data = with_elements([element("cSig", nested)])
    assert jades.add_validation_data(data, ValidationData()) == data
    assert len(jades.add_validation_data(data, material())) > len(data)


def test_times_of_the_town() -> None:
    """The tokens of these tests are real: their own signatures verify."""
    data = archived(jades.add_validation_data(stamped(signed(signing_input())), material()))
    for one in only(data).timestamps:
        assert one.generated_at == AT.astimezone(UTC)
        public = town().identity("tsa").private_key.public_key()
        assert verifies(one.signer, public)
