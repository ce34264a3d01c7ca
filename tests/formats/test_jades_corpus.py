"""JWS and JAdES files made by others: found, intact, signature value, counts and level as their own tests state."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from asn1crypto import cms, tsp
from cryptography import x509

from corpus import SHARED, corpus
from made_jades import codes, read, verifies
from toyono_trust.core.content import FileContent
from toyono_trust.formats import jades
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


def test_the_document_that_is_missing_is_named() -> None:
    data = corpus(f"{_ROOT}/dss-jades/validation/jades-flattened-BpB-detached-objectByURIHash.json").read_bytes()
    (one,) = read(data).signatures[0].objects
    assert (one.name, one.found, one.intact, one.digest_algorithm) == ("TEST-DOC.txt", False, None, "sha256")
