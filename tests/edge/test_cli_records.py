"""Evidence records on the command line: found beside their data, in every form of the report, and judged again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from asn1crypto import core

from command_line import Place, Run
from toyono_trust.core.algorithms import digest
from toyono_trust.formats import ers
from toyono_trust.pki import tsp

DATA = {f"order-{number}.json": b'{"order": %d}' % number for number in range(3)}


@pytest.fixture
def recorded(place: Place, tmp_path: Path) -> Path:
    """A folder with three orders, each with its record beside it, under one time stamp."""
    tree = ers.HashTree([digest("sha256", data) for data in DATA.values()])
    answer = tsp.read_response(place.town.tsa_respond(tsp.request(tree.root, "sha256", nonce=1)))
    assert answer.token is not None
    for number, (name, data) in enumerate(DATA.items()):
        (tmp_path / name).write_bytes(data)
        (tmp_path / f"{name}.ers").write_bytes(ers.write("sha256", tree.reduced(number), answer.token))
    return tmp_path


def test_the_data_beside_is_found(run: Run, place: Place, recorded: Path) -> None:
    ran = run("verify", recorded / "order-1.json.ers", *place.trust)
    assert ran.code == 0, ran
    assert "evidence record (ERS)" in ran.out
    assert "order-1.json, found beside it" in ran.out


def test_altered_beside_it(run: Run, place: Place, recorded: Path) -> None:
    (recorded / "order-1.json").write_bytes(b'{"order": 9}')
    assert run("verify", recorded / "order-1.json.ers", *place.trust).code == 1


def test_nothing_beside_it(run: Run, place: Place, recorded: Path) -> None:
    (recorded / "order-1.json").unlink()
    ran = run("verify", recorded / "order-1.json.ers", *place.trust, "--lang", "ja")
    assert ran.code == 2
    assert "証拠記録" in ran.out


def test_of_a_folder_the_one_of_its_name_is_meant(run: Run, place: Place, recorded: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    names = []
    for name in DATA:
        names.append((recorded / f"{name}.ers").rename(elsewhere / f"{name}.ers"))
    ran = run("verify", *names, "--content", recorded, *place.trust, "--format", "json")
    assert ran.code == 0, ran
    assert [line["evidence_records"][0]["data_objects"][0]["name"] for line in ran.lines] == list(DATA)


def test_all_that_is_presented_is_covered_where_no_name_fits(run: Run, place: Place, recorded: Path) -> None:
    record = (recorded / "order-1.json.ers").rename(recorded / "archive.ers")
    one, two = recorded / "order-1.json", recorded / "order-2.json"
    assert run("verify", record, "--content", one, *place.trust).code == 0
    assert run("verify", record, "--content", one, "--content", two, *place.trust).code == 1


@pytest.mark.parametrize("form", ["text", "json", "html", "etsi-xml"])
def test_every_form(run: Run, place: Place, recorded: Path, form: str) -> None:
    ran = run("verify", recorded / "order-0.json.ers", *place.trust, "--format", form)
    assert ran.code == 0
    assert {"text": "evidence record", "json": '"evidence-record-', "html": "Evidence record (ERS)"}.get(
        form, "validationObject:evidencerecord"
    ) in ran.out


def test_the_same_verdict_out_of_the_evidence(run: Run, place: Place, recorded: Path) -> None:
    record, kept = recorded / "order-2.json.ers", recorded / "kept.zip"
    first = run("verify", record, *place.trust, "--format", "json", "--save-evidence", kept)
    assert first.code == 0
    with zipfile.ZipFile(kept) as archive:
        assert any(name.startswith("records/") for name in archive.namelist())
        assert not any(DATA["order-2.json"] in archive.read(name) for name in archive.namelist())
    again = run("judge", kept, "--format", "json")
    assert again.code == 0
    assert json.loads(again.out) == json.loads(first.out)


def test_facts_of_a_record(run: Run, recorded: Path) -> None:
    ran = run("inspect", recorded / "order-1.json.ers", "--format", "json")
    (value,) = ran.lines
    assert (value["kind"], value["evidence_records"][0]["chains"]) == ("ERS", [[0]])
    assert value["evidence_records"][0]["algorithms"] == ["sha256"]


def test_broken_records(run: Run, place: Place, recorded: Path) -> None:
    record = recorded / "order-1.json.ers"
    record.write_bytes(record.read_bytes()[:-1])
    assert run("verify", record, *place.trust).code == 1
    record.write_bytes(core.Integer(1).dump())
    assert run("verify", record, *place.trust).code == 2
