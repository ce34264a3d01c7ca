"""``toyono-verify`` and proofs of an evidence log: alone, beside receipts, in every format, and judged again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from command_line import Place, Run
from made_log import entries, signer
from made_record import HashTree
from toyono_trust import EvidenceLog, TrustStore, receipt, seal
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.ers import write
from toyono_trust.ledger import charter
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.issuing import ReceiptLog
from toyono_trust.ledger.proof import Proof, read_proof, write_proof
from toyono_trust.pki.tsp import read_response, request

LOG = signer()
FORMATS = ("text", "json", "html", "etsi-xml")


def stamped(place: Place, proof: Proof) -> Proof:
    """With the evidence record over its checkpoint."""
    covered = BytesContent(as_signed(proof.checkpoint, proof.log)).digest("sha256")
    tree = HashTree([*entries(4), covered])
    answer = read_response(place.town.tsa_respond(request(tree.root, "sha256", nonce=1)))
    assert answer.token is not None
    return proof._replace(record=write("sha256", tree.reduced(4), answer.token))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Path]:
    """A town, and a folder with a receipt, its part, its opening and its proof."""
    from toyono_trust.devpki import Town

    root, folder = tmp_path_factory.mktemp("town"), tmp_path_factory.mktemp("files")
    town = Town.create()
    town.write(root)
    place = Place(root, town)
    by = town.identity("town")
    sealed = seal(charter.statement(LOG.key), by=by, format="jades")
    with EvidenceLog.create(folder / "log.db", LOG.key, bytes(sealed)) as log:
        log.append_many(entries(3))
        issued = receipt(
            "ContentHandover", by=by, sender="NTRJP-2222222222222", recipients=["a@town.example"], message_id="m-1",
            parts={"letter": b"letter"}, policy_id="1.2.3", submission_time=datetime.now(UTC),
            log=ReceiptLog(log, LOG), out=folder / "letter.receipt.json",
        )  # fmt: skip
        (folder / "letter").write_bytes(b"letter")
        log.checkpoint(LOG)
        proof = stamped(place, log.prove(issued.entry.position, salt=issued.entry.salt))
    (folder / "letter.receipt.json.proof").write_bytes(write_proof(proof))
    return place, folder


def test_a_proof_finds_its_receipt_beside_it(run: Run, made: tuple[Place, Path]) -> None:
    place, folder = made
    ran = run("verify", str(folder / "letter.receipt.json.proof"), *place.trust, "--format", "json")
    assert ran.code == 0, ran
    (report,) = ran.lines
    assert report["indication"] == "TOTAL-PASSED"
    assert report["log"]["matched"] is True
    assert report["log"]["evidence"][0]["name"] == "letter.receipt.json"
    assert report["log"]["vouched_by"] == "charter"
    assert report["log"]["logged_since"] is not None
    assert report["evidence_records"][0]["indication"] == "PASSED"


def test_a_receipt_finds_its_proof_and_says_since_when_it_is_logged(run: Run, made: tuple[Place, Path]) -> None:
    place, folder = made
    ran = run("verify", str(folder / "letter.receipt.json"), *place.trust, "--lang", "en", "--tz", "UTC")
    assert ran.code == 0, ran
    assert "logged since: 20" in ran.out
    assert "promise: log.example.jp/evidence, entry 3" in ran.out
    assert ": kept" in ran.out
    assert "letter.receipt.json.proof, found beside it" in ran.out
    japanese = run("verify", str(folder / "letter.receipt.json"), *place.trust, "--lang", "ja", "--tz", "Asia/Tokyo")
    assert "記録の存在が証明された時刻: 20" in japanese.out
    assert "履行を確認" in japanese.out


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["letter.receipt.json", "letter.receipt.json.proof"])
def test_every_format_shows_the_log(form: str, name: str, run: Run, made: tuple[Place, Path]) -> None:
    place, folder = made
    ran = run("verify", str(folder / name), *place.trust, "--format", form, "--lang", "en")
    assert ran.code == 0, ran
    assert "log.example.jp/evidence" in ran.out
    if form == "html":
        assert "Evidence log" in ran.out


def test_the_page_shows_the_receipts_own_seal_first(run: Run, made: tuple[Place, Path]) -> None:
    """The seal of the log's charter is folded into what is said of the log."""
    place, folder = made
    ran = run("verify", str(folder / "letter.receipt.json"), *place.trust, "--format", "html", "--lang", "en")
    document = html.document_fromstring(ran.out)
    seals = document.xpath('//section[starts-with(@class, "signature")]')
    folded = [bool(one.xpath("ancestor::details")) for one in seals]
    assert folded == [False, True]
    assert "receipt.seal-not-stamped" in ran.out


def test_the_log_dates_the_evidence_and_not_its_seal(run: Run, made: tuple[Place, Path]) -> None:
    place, folder = made
    ran = run("verify", str(folder / "letter.receipt.json"), *place.trust, "--format", "json")
    told = [one for one in ran.lines[0]["findings"] if "stamped" in one["code"]]
    assert [one["code"] for one in told] == ["receipt.seal-not-stamped"]
    assert "existed at 20" in told[0]["text"]
    assert "augment" in told[0]["remedy"]


def test_evidence_is_judged_again_octet_for_octet(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    place, folder = made
    for number, name in enumerate(("letter.receipt.json", "letter.receipt.json.proof")):
        archive = tmp_path / f"{number}.zip"
        first = run("verify", str(folder / name), *place.trust, "--format", "json", "--save-evidence", str(archive))
        again = run("judge", str(archive), "--format", "json")
        assert again.out == first.out


def test_a_damaged_proof_beside_a_receipt_fails_it(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    place, folder = made
    for name in ("letter.receipt.json", "letter", "letter.receipt.json.proof"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    path = tmp_path / "letter.receipt.json.proof"
    path.write_bytes(path.read_bytes().replace(b'"index":3', b'"index":2'))
    ran = run("verify", str(tmp_path / "letter.receipt.json"), *place.trust, "--format", "json")
    assert ran.code == 1
    (report,) = ran.lines
    assert report["signatures"][0]["indication"] == "TOTAL-PASSED"
    assert report["log"]["proof"]["indication"] == "TOTAL-FAILED"


def test_the_key_of_a_log_may_be_named(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    _, folder = made
    path = str(folder / "letter.receipt.json.proof")
    bare = run("verify", path, "--format", "json")
    assert bare.code == 2
    key = tmp_path / "log.pub"
    key.write_text(f"{LOG.key.text}\n")
    for value in (LOG.key.text, str(key)):
        named = run("verify", path, "--log-key", value, "--format", "json")
        assert named.code == 0, named
        assert named.lines[0]["log"]["vouched_by"] == "trust"
    assert run("verify", path, "--log-key", "no key").code == 66  # taken for the name of a file
    trust = tmp_path / "trust" / "logs"
    trust.mkdir(parents=True)
    (trust / "town.txt").write_text(LOG.key.text)
    assert run("verify", path, "--trust", str(tmp_path / "trust")).code == 0
    assert TrustStore.load(tmp_path / "trust").logs[0].key == LOG.key.text


def test_an_opening_beside_a_proof_serves_where_the_receipt_is_not_there(
    run: Run, made: tuple[Place, Path], tmp_path: Path
) -> None:
    place, folder = made
    for name in ("letter.receipt.json.opening", "letter.receipt.json.proof"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    ran = run("verify", str(tmp_path / "letter.receipt.json.proof"), *place.trust, "--format", "json")
    assert ran.code == 0
    assert ran.lines[0]["log"]["evidence"][0]["form"] == "opening"


def test_the_opening_beside_a_proof_without_salt_gives_the_salt(
    run: Run, made: tuple[Place, Path], tmp_path: Path
) -> None:
    place, folder = made
    for name in ("letter", "letter.receipt.json", "letter.receipt.json.opening"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    proof = read_proof((folder / "letter.receipt.json.proof").read_bytes())
    (tmp_path / "letter.receipt.json.proof").write_bytes(write_proof(proof._replace(salt=None)))
    for name in ("letter.receipt.json", "letter.receipt.json.proof"):
        ran = run("verify", str(tmp_path / name), *place.trust, "--format", "json")
        assert ran.code == 0, ran
        assert [each["form"] for each in ran.lines[0]["log"]["evidence"]] == ["json"]
    path = tmp_path / "letter.receipt.json"
    path.write_bytes(path.read_bytes().replace(b"m-1", b"m-2"))
    assert run("verify", f"{path}.proof", *place.trust).code == 1
    (tmp_path / "letter.receipt.json.opening").unlink()
    assert run("verify", f"{path}.proof", *place.trust).code == 2


def test_a_receipt_in_xml_finds_its_proof(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    place, _ = made
    path = tmp_path / "letter.xml"
    with EvidenceLog.create(tmp_path / "log.db", LOG.key) as log:
        issued = receipt(
            "ContentHandover", by=place.town.identity("town"), sender="NTRJP-2222222222222", recipients=["a@b.example"],
            message_id="m-1", parts={"letter": b"letter"}, policy_id="1.2.3", submission_time=datetime.now(UTC),
            log=ReceiptLog(log, LOG), form="xml", out=path,
        )  # fmt: skip
        log.checkpoint(LOG)
        Path(f"{path}.proof").write_bytes(write_proof(log.prove(issued.entry.position, salt=issued.entry.salt)))
    for name, form in ((f"{path}.p7s", "xml"), (f"{path}.proof", "xml")):
        ran = run("verify", name, *place.trust, "--log-key", LOG.key.text, "--format", "json")
        assert ran.code == 0, ran
        assert ran.lines[0]["log"]["evidence"][0]["form"] == form
        assert ran.lines[0]["log"]["matched"] is True


def test_inspect_shows_what_a_proof_holds(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    _, folder = made
    path = folder / "letter.receipt.json.proof"
    (value,) = run("inspect", str(path), "--content", str(folder / "letter.receipt.json"), "--format", "json").lines
    assert value["log"]["index"] == 3
    assert value["log"]["evidence"] == [{"name": "letter.receipt.json", "form": "json", "matches": True}]
    assert (value["log"]["signature_intact"], value["log"]["included"]) == (True, True)
    broken = tmp_path / "x.proof"
    broken.write_bytes(path.read_bytes()[:-1])
    assert run("inspect", str(broken)).code != 0


def test_a_proof_alone_is_verified_and_says_what_is_missing(run: Run, made: tuple[Place, Path], tmp_path: Path) -> None:
    place, folder = made
    path = tmp_path / "alone.proof"
    path.write_bytes((folder / "letter.receipt.json.proof").read_bytes())
    ran = run("verify", str(path), *place.trust, "--format", "json")
    assert ran.code == 0
    report: dict[str, Any] = json.loads(ran.out)
    assert [each["code"] for each in report["findings"] if each["level"] == "warn"] == ["proof.evidence-not-presented"]


@pytest.mark.parametrize("name", ["letter.receipt.json", "letter.receipt.json.proof"])
def test_no_english_names_stand_in_japanese(run: Run, made: tuple[Place, Path], name: str) -> None:
    place, folder = made
    ran = run("verify", str(folder / name), *place.trust, "--lang", "ja")
    assert "対象のデータ: 証拠ログのチェックポイント" in ran.out
    assert ": checkpoint" not in ran.out
    assert ": receipt (" not in ran.out
    page = run("verify", str(folder / name), *place.trust, "--lang", "ja", "--format", "html")
    assert "証拠ログのチェックポイント" in page.out
