"""JAdES counter-signatures: as they are written, and under an archive time stamp."""

from __future__ import annotations

import json
from typing import Any

import pytest

from made_archive import (
    archived,
    archives,
    countersigned,
    decoded,
    element,
    inside,
    jws_of,
    material,
    only,
    opened,
    sha,
    stamped,
)
from made_jades import key_for, signed, signing_input, verifies
from toyono_trust.core.findings import entry
from toyono_trust.errors import MisuseError
from toyono_trust.formats import jades
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Properties


@pytest.mark.parametrize("inner", ["compact", "flattened"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
@pytest.mark.parametrize("algorithm", ["ecdsa-sha256", "ed25519", "rsa-pss-sha256"])
def test_counter_signing(inner: Any, mode: Any, algorithm: str) -> None:
    plain = signed(signing_input())
    properties = Properties(roles=("mayor",), content_type="text/plain")
    details = JadesDetails(serialization=inner, typ="JOSE")
    data = countersigned(plain, 0, algorithm, mode, details=details, properties=properties)
    outer = only(data)
    (counter,) = outer.counter_signatures
    assert (outer.level, counter.level, counter.notes, counter.format) == ("B-B", "B-B", (), "JAdES")
    assert verifies(counter, key_for(algorithm).public_key())
    assert counter.properties == Properties(roles=("mayor",))
    (covered,) = counter.objects
    assert covered.content is not None
    assert covered.content.bytes == decoded(jws_of(data)["signature"])
    name, value = opened(jws_of(data)["header"]["etsiU"][0])
    assert name == "cSig"
    assert isinstance(value, str) == (inner == "compact")
    parts = value.split(".") if isinstance(value, str) else [value["protected"], "", value["signature"]]
    assert "cty" not in json.loads(decoded(parts[0]))
    assert parts[1] == ""
    assert "payload" not in value
    assert counter.value.signed == f"{parts[0]}.{jws_of(data)['signature']}".encode()


def test_an_archive_stamp_covers_a_counter_signature_with_all_its_own() -> None:
    data = stamped(signed(signing_input(details=JadesDetails(serialization="flattened"))))
    counter = json.loads(countersigned(data, details=JadesDetails(serialization="flattened")))
    (value,) = (value for name, value in map(opened, counter["header"]["etsiU"]) if name == "cSig")
    inner = {**value, "payload": json.loads(data)["signature"]}
    inner = json.loads(jades.add_validation_data(stamped(json.dumps(inner).encode()), material()))
    both = json.loads(data)
    both["header"]["etsiU"].append(element("cSig", inner))
    whole = countersigned(archived(jades.add_validation_data(json.dumps(both).encode(), material(1))), 0, "ed25519")
    signature = only(whole)
    (archive,) = archives(signature)
    first, second = signature.counter_signatures
    assert (first.level, first.timestamps[0].imprint_intact) == ("B-LT", True)
    assert archive.imprint_intact is True
    assert sha((first.value.wire, *first.certificates, *first.crls)) <= set(archive.covers)
    assert inside(first.timestamps[0]) <= set(archive.covers)
    assert sha([second.value.wire]).isdisjoint(archive.covers)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"details": JadesDetails(serialization="general")}, "jades.counter"),
        ({"details": JadesDetails(serialization="receipt")}, "jades.counter"),
        ({"details": JadesDetails(mechanism="uri")}, "jades.counter"),
        ({"details": JadesDetails(b64=False)}, "jades.counter"),
        ({"details": object()}, "jades.counter"),
        ({"content_timestamp": b"0\x00"}, "jades.counter"),
        ({"claimed_at": None}, "jades.time"),
    ],
)
def test_what_a_counter_signature_cannot_be(more: dict[str, Any], code: str) -> None:
    with pytest.raises(MisuseError) as caught:
        countersigned(signed(signing_input()), **more)
    assert caught.value.code == code
    assert entry(code).code == code
