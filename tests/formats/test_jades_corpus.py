"""JWS and JAdES files made by others: found, intact, signature value, counts and level as their own tests state."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from asn1crypto import cms, tsp
from cryptography import x509

from corpus import SHARED, corpus
from made_archive import archived, imprints, material
from made_jades import codes, read, verifies
from toyono_trust.core.content import FileContent
from toyono_trust.core.limits import Work
from toyono_trust.formats import jades, registry
from toyono_trust.formats.contents import Contents

_ROOT = "dss"
_LEVELS = {
    "JAdES_BASELINE_B": "B-B",
    "JAdES_BASELINE_T": "B-T",
    "JAdES_BASELINE_LT": "B-LT",
    "JAdES_BASELINE_LTA": "B-LTA",
    "JSON_NOT_ETSI": None,
}
_NOTES = {
    "altered-jws.json": [],
    "jades-b-level-with-etsiu-in-crit.json": ["jades.etsiu-critical"],
    "jades-with-b64-not-in-crit.json": ["jws.b64-needless"],
    "jades-with-crit-with-wrong-entry-type.json": ["jws.crit-malformed"],
    "jades-with-expiration-time-header-in-crit.json": ["jws.claim-not-enforced"],
    "jades-with-extra-crit-entry.json": ["jws.crit-absent"],
    "jades-with-notBefore-header.json": ["jws.claim-not-enforced"],
    "jades-wrong-etsiu-type.json": ["jades.etsiu-type"],
}
"""What we note about a signature, by file; all others have nothing to note."""

_ARCHIVED = {
    "double-lta-in-container.json": 2,
    "jades-lta.json": 1,
    "jades-lta-with-etsiU-whitespaces.json": 1,
    "jades-triple-LTA.json": 3,
}
"""Files with archive time stamps, and how many."""

DIVERGENCES = {
    "altered-jws.json": "the attached payload has no digest of its own: it stands or falls with the signature value",
}
"""Files whose ``ref_intact`` is not ours, each with the reason."""


class Row(NamedTuple):
    path: str
    stated: dict[str, str]


def rows() -> list[Row]:
    table = SHARED / "corpus" / _ROOT / "expected.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as stream:
        found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(row["path"], row) for row in found if row["path"].startswith("dss-jades/validation/")]


def presented(row: Row) -> Contents:
    names = [name for name in row.stated["detached"].split(";") if name]
    return Contents({Path(name).name: FileContent(corpus(f"{_ROOT}/{name}")) for name in names})


def test_the_corpus_is_there() -> None:
    assert corpus(_ROOT).is_dir()
    assert len(rows()) == 17


@pytest.mark.parametrize("row", rows(), ids=lambda row: Path(row.path).name)
def test_as_stated(row: Row) -> None:
    stated = row.stated
    data = corpus(f"{_ROOT}/{row.path}").read_bytes()
    assert jades.detect(data)
    facts = read(data, presented(row))
    name = Path(row.path).name
    assert facts.kind == "JAdES"
    assert len(facts.signatures) == 1
    signature = facts.signatures[0]
    if stated["exp_level"]:
        assert signature.level == _LEVELS[stated["exp_level"]]
    if stated["n_tst_stated"]:
        assert len(signature.timestamps) == int(stated["n_tst_stated"])
    assert codes(signature) == _NOTES.get(name, [])
    assert [note.code for note in facts.notes] == {
        "flattened-extra-element.json": ["jws.extra-member"],
        "jades-with-line-break.json": ["jws.trailing-whitespace"],
    }.get(name, [])
    assert signature.leaf is not None
    key: Any = x509.load_der_x509_certificate(signature.leaf).public_key()
    assert verifies(signature, key) == (not stated["sig_valid"].startswith("F"))
    if "objectByURIHash" not in name:  # its document is not part of the sample
        assert all(one.found for one in signature.objects)
        if name not in DIVERGENCES:
            assert all(one.intact is not False for one in signature.objects)
    if stated["detached"]:
        assert [one.intact for one in signature.objects] == [True, True]
    for token in signature.timestamps:
        # the imprints of all layers, archive time stamps too, are over what we say they cover
        info = cms.ContentInfo.load(token.data)["content"]["encap_content_info"]["content"].parsed
        assert isinstance(info, tsp.TSTInfo)
        imprint = info["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        assert token.covered(algorithm) == imprint["hashed_message"].native  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", _ARCHIVED)
def test_archive_stamps_of_others(name: str) -> None:
    """Imprints, and what each stamp protects: all that stands before it, nothing that comes after."""
    data = corpus(f"{_ROOT}/dss-jades/validation/{name}").read_bytes()
    (signature,) = registry.read(data, Contents(), Work()).signatures
    types = [one.type for one in signature.timestamps]
    assert types == ["signature", *["archive"] * _ARCHIVED[name]]
    assert all(one.imprint_found and one.imprint_intact for one in signature.timestamps)
    assert signature.level == "B-LTA"
    value = json.loads(data)
    jws = value.get("signatures", [value])[0]
    own = [jws["signature"].encode(), *map(base64.b64decode, json.loads(decoded(jws["protected"]))["x5c"])]
    protected = {hashlib.sha256(one).digest() for one in own}
    stamps = iter(signature.timestamps)
    for element in jws["header"]["etsiU"]:
        ((kind, held),) = json.loads(decoded(element)).items()
        if kind not in ("sigTst", "arcTst"):
            protected |= {hashlib.sha256(base64.b64decode(text)).digest() for text in texts(held)}
            continue
        tokens = [next(stamps) for _ in held["tstTokens"]]
        for one in tokens:
            assert set(one.covers) == (protected if kind == "arcTst" else set())
        for one in tokens:
            material = (one.data, *one.signer.certificates, *one.signer.crls, *one.signer.ocsp_responses)
            protected |= {hashlib.sha256(each).digest() for each in material}


def texts(held: Any) -> list[str]:
    """Every ``val`` inside an element."""
    if isinstance(held, list):
        return [text for one in held for text in texts(one)]
    if isinstance(held, dict):
        return [held["val"]] if "val" in held else [text for one in held.values() for text in texts(one)]
    return []


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("name", _ARCHIVED)
def test_a_round_more_for_files_of_others(name: str) -> None:
    """Their stamps stay as they were, and ours covers them."""
    data = corpus(f"{_ROOT}/dss-jades/validation/{name}").read_bytes()
    whole = archived(jades.add_validation_data(data, material()))
    before, after = (registry.read(one, Contents(), Work()).signatures[0] for one in (data, whole))
    assert after.timestamps[: len(before.timestamps)] == before.timestamps
    assert (after.level, after.timestamps[-1].imprint_intact, after.notes) == ("B-LTA", True, ())
    assert imprints(whole)[-1] == after.timestamps[-1].imprint
    earlier = {hashlib.sha256(one.data).digest() for one in before.timestamps}
    assert earlier | set(before.timestamps[-1].covers) <= set(after.timestamps[-1].covers)


def test_the_document_that_is_missing_is_named() -> None:
    data = corpus(f"{_ROOT}/dss-jades/validation/jades-flattened-BpB-detached-objectByURIHash.json").read_bytes()
    (one,) = read(data).signatures[0].objects
    assert (one.name, one.found, one.intact, one.digest_algorithm) == ("TEST-DOC.txt", False, None, "sha256")
