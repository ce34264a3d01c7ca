"""What we write fits the published schemas of TS 119 182-1, RFC 7515 and the sealed receipt."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from corpus import schemas
from made_archive import archived, countersigned, material
from made_jades import ALGORITHMS, PAYLOAD, signed, signing_input
from toyono_trust.core.canonical import b64url_decode
from toyono_trust.core.content import BytesContent
from toyono_trust.formats import jades
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Place, Properties, SignaturePolicy

# the files name each other relatively: the JAdES ones "rfcs/rfc7515.json", where two of them lie in the folder jws
_FILES = {
    "19182-jsonSchema.json": "jades/19182-jsonSchema.json",
    "19182-protected-jsonSchema.json": "jades/19182-protected-jsonSchema.json",
    "19182-unprotected-jsonSchema.json": "jades/19182-unprotected-jsonSchema.json",
    "rfcs/rfc7515.json": "jws/rfc7515.json",
    "rfcs/rfc7517.json": "jws/rfc7517.json",
    "rfcs/rfc7519.json": "jades/rfcs/rfc7519.json",
    "rfcs/rfc7797.json": "jades/rfcs/rfc7797.json",
    "erds.json": "erds/webuild-erds-evidence.schema.json",
}
_BASE = "https://schemas.invalid/"


@lru_cache
def registry() -> Registry[Any]:
    resources = []
    for name, path in _FILES.items():
        text = schemas(path).read_text(encoding="utf-8")
        resources.append((_BASE + name, Resource.from_contents(json.loads(text), default_specification=DRAFT7)))
    return Registry().with_resources(resources)


def fits(value: Any, reference: str) -> None:
    Draft7Validator({"$ref": _BASE + reference}, registry=registry()).validate(value)


def parts(data: bytes) -> list[tuple[dict[str, Any], Any]]:
    """Decoded protected headers and unprotected headers, and the whole checked against RFC 7515."""
    if data[:1] == b"e":
        fits(data.decode(), "rfcs/rfc7515.json#/definitions/jws")
        return [(json.loads(b64url_decode(data.split(b".")[0])), None)]
    value = json.loads(data)
    fits(value, "rfcs/rfc7515.json#/definitions/jws")
    return [
        (json.loads(b64url_decode(one["protected"])), one.get("header")) for one in value.get("signatures", [value])
    ]


def check(data: bytes) -> None:
    for protected, unprotected in parts(data):
        fits(protected, "19182-protected-jsonSchema.json")
        if unprotected is None:
            continue
        fits(unprotected, "19182-unprotected-jsonSchema.json")
        for element in unprotected["etsiU"]:
            clear = json.loads(b64url_decode(element)) if isinstance(element, str) else element
            fits([clear], "19182-jsonSchema.json#/definitions/etsiU")


_PROPERTIES = Properties(
    commitments=("http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin", "1.2.840.113549.1.9.16.6.1"),
    roles=("mayor",),
    place=Place("JP", "Toyono", "Osaka", "563-0101", "1-1", "7"),
    policy=SignaturePolicy("1.2.3.4", "sha256", bytes(32), "https://policy.example/1"),
    content_type="application/json",
)
_PARTS = (("https://town.example/a", BytesContent(b"1")), ("b.txt", BytesContent(b"2")))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
def test_every_algorithm_and_serialization(algorithm: str, serialization: Any) -> None:
    details = JadesDetails(serialization=serialization, kid=True, typ="JOSE")
    check(signed(signing_input(algorithm=algorithm, details=details, properties=_PROPERTIES)))


@pytest.mark.parametrize(
    "details",
    [
        JadesDetails(time="sigT"),
        JadesDetails(references=()),
        JadesDetails(references=("sha512",)),
        JadesDetails(references=("sha512", "sha3-512"), certificates=False),
        JadesDetails(b64=False),
        JadesDetails(mechanism="uri", parts=_PARTS),
        JadesDetails(mechanism="uri-hash", parts=_PARTS, content_types=("a/b", "c/d")),
        JadesDetails(mechanism="http-headers", headers=(("Host", "town.example"), ("Accept", "*/*"))),
    ],
)
def test_every_layout(details: JadesDetails) -> None:
    check(signed(signing_input(detached=True, details=details, properties=_PROPERTIES, content_timestamp=b"0\x00")))


@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_stamped(serialization: Any, mode: Any) -> None:
    stamped = jades.attach(
        signed(signing_input(details=JadesDetails(serialization=serialization))), b"0\x00", mode=mode
    )
    check(stamped)
    check(jades.attach(stamped, b"0\x00"))


@pytest.mark.parametrize("serialization", ["compact", "flattened", "general"])
@pytest.mark.parametrize("mode", ["base64url", "clear"])
def test_archived_and_countersigned(serialization: Any, mode: Any) -> None:
    data = jades.attach(signed(signing_input(details=JadesDetails(serialization=serialization))), b"0\x00", mode=mode)
    for year in range(2):  # anyValData is not in the published schema
        data = archived(jades.add_validation_data(data, material(year)))
        check(data)
    for inner in ("compact", "flattened"):
        data = countersigned(data, details=JadesDetails(serialization=inner))
        check(data)


def test_sealed_receipt() -> None:
    data = signed(signing_input(PAYLOAD, details=JadesDetails(serialization="receipt")))
    stamped = jades.attach(data, b"0\x00")
    for one in (data, stamped, archived(jades.add_validation_data(stamped, material()))):
        seal = json.loads(one)["jadesSignature"]
        fits(seal, "erds.json#/definitions/JAdESSignature")
        ((_, jws),) = seal.items()
        fits(json.loads(b64url_decode(jws["protected"])), "19182-protected-jsonSchema.json")


def test_the_schemas_do_refuse() -> None:
    with pytest.raises(ValidationError):
        fits({"alg": "ES256", "x5c": []}, "19182-protected-jsonSchema.json")
    with pytest.raises(ValidationError):
        fits({"etsiU": []}, "19182-unprotected-jsonSchema.json")
