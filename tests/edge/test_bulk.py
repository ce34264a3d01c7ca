"""``toyono-verify DIR``: what counts as a record, what is asked for, the report in each form, making an index."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import html

from command_line import Place, Run
from made_records import ROWS, Kept, alter, make, signer
from toyono_trust import receipt, sign
from toyono_trust.edge.bulk.page import page
from toyono_trust.edge.bulk.record import Record, Verdict, observed
from toyono_trust.edge.bulk.selection import Selection
from toyono_trust.edge.bulk.sheets import csv_rows, inert, json_lines
from toyono_trust.edge.bulk.survey import Line, Survey


@pytest.fixture
def kept(place: Place, tmp_path: Path) -> Kept:
    return make(place, tmp_path)


class TestRecords:
    def test_what_counts(self, run: Run, kept: Kept) -> None:
        """Known formats and what is named like one count; contents, companions, links and other files do not."""
        folder, town = kept.folder, signer(kept.place, "town-seal.p12")
        (folder / "index.csv").unlink()
        (folder / "plan.txt").write_bytes(b"plan")
        (folder / "plan.txt.p7s").write_bytes(sign(b"plan", by=town, format="cades", detached=True))
        (folder / "report.pdf").write_bytes(b"%PDF-1.7\n")
        (folder / "report.pdf.p7s").write_bytes(sign(b"%PDF-1.7\n", by=town, format="cades", detached=True))
        (folder / "lost.jws").write_bytes(b"not any more")
        (folder / "readme.txt").write_bytes(b"hello")
        (folder / "root.pem").write_bytes((next((kept.place.folder / "trust" / "anchors").iterdir())).read_bytes())
        (folder / "2027" / "0.jws.proof").write_bytes(b"{}")
        (folder / "2027" / "linked.jws").symlink_to(folder / "2027" / "0.jws")
        (folder / "elsewhere").symlink_to(kept.place.folder)
        ran = kept.verify(run, "--format", "json")
        summary, *lines = ran.lines
        found = {line["file"]: line["result"] for line in lines}
        assert found.pop("lost.jws") == "undecided"
        assert found.pop("2027/0.jws") == "failed"  # its proof is none
        assert set(found) == {"plan.txt.p7s", "report.pdf.p7s", *(f"2027/{number}.jws" for number in range(1, 5))}
        assert set(found.values()) == {"passed"}
        assert {one["code"] for one in summary["findings"]} == {"bulk.skipped"}
        assert summary["counts"] == {"failed": 1, "unread": 0, "undecided": 1, "passed": 6}
        assert ran.code == 1

    def test_exit_codes(self, run: Run, kept: Kept) -> None:
        assert kept.verify(run).code == 0
        (kept.folder / "2027" / "1.jws").write_bytes(b"?")
        assert kept.verify(run).code == 2
        alter(kept.folder / "2027" / "2.jws")
        assert kept.verify(run).code == 1
        (kept.folder / "2027" / "3.jws").unlink()
        ran = kept.verify(run, "--format", "json")
        assert ran.code == 66
        assert [line["result"] for line in ran.lines[1:]] == ["failed", "unread", "undecided", "passed", "passed"]

    def test_signed_files_that_the_index_does_not_name(self, run: Run, kept: Kept) -> None:
        kept.index("file,date\n2027/0.jws,2027-03-31\n")
        ran = kept.verify(run, "--format", "json")
        assert [(one["code"], one["text"][-2:]) for one in ran.lines[0]["findings"]] == [("bulk.not-indexed", "4.")]
        assert [line["file"] for line in ran.lines[1:]] == ["2027/0.jws"]
        unnamed = [f"2027/{number}.jws" for number in range(1, 5)]
        assert ran.lines[0]["not_indexed"] == unnamed
        (kept.folder / "readme.txt").write_bytes(b"hello")
        for form in ("text", "html"):
            out = kept.verify(run, "--format", form).out
            assert all(name in out for name in (*unnamed, "readme.txt"))
        assert kept.verify(run, "--format", "json").lines[0]["others"] == ["readme.txt"]

    def test_what_is_wrong_in_an_index_is_told_with_its_place(self, run: Run, kept: Kept) -> None:
        (kept.folder / "index.csv").write_bytes("file,date,counterparty\n2027/0.jws,2027-03-31,町\n".encode("cp932"))
        ran = kept.verify(run, "--lang", "ja")
        assert ran.code == 66
        assert "index.csv: " in ran.err
        assert "Shift_JIS" in ran.err
        kept.index("file,date\n2027/0.jws,2027/3/31\n2027/1.jws,2027/2/30\n")
        ran = kept.verify(run, "--format", "json", "--from", "2027/03/01", "--to", "2027/3/31")
        lines = {line["file"]: line for line in ran.lines[1:]}
        assert lines["2027/0.jws"]["date"] == "2027-03-31"
        assert [one["text"] for one in lines["2027/1.jws"]["findings"] if one["code"] == "bulk.date"] == [
            "The date in line 3 of the index is none of the calendar (YYYY-MM-DD): 2027/2/30."
        ]

    def test_nothing_verified_is_no_success(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        assert kept.verify(run, "--from", "2099-01-01").code == 2
        (tmp_path / "empty").mkdir()
        assert run("verify", tmp_path / "empty", *kept.place.trust).code == 2

    def test_the_seal_of_the_index(self, run: Run, kept: Kept) -> None:
        """An index is a claim; under a seal it is somebody's."""
        listing, town = kept.folder / "index.csv", signer(kept.place, "town-seal.p12")
        (kept.folder / "index.csv.p7s").write_bytes(sign(listing.read_bytes(), by=town, format="cades", detached=True))
        ran = kept.verify(run, "--format", "json")
        assert (ran.code, len(ran.lines)) == (0, 6)
        assert [one["text"] for one in ran.lines[0]["findings"]] == [
            "The index is sealed by 見本町 (NTRJP-9234567890123)."
        ]
        kept.index(listing.read_text("utf-8").replace("9000", "9001"))
        ran = kept.verify(run, "--format", "json")
        assert (ran.code, [one["code"] for one in ran.lines[0]["findings"]]) == (1, ["bulk.index-seal"])

    @pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode here")
    @pytest.mark.parametrize("form", ["text", "json", "csv", "html"])
    def test_names_that_no_text_has(self, run: Run, kept: Kept, tmp_path: Path, form: str) -> None:
        """A name may be any octets; it is shown, kept in the journal, and commands nothing."""
        (kept.folder / "index.csv").unlink()
        name = os.fsdecode(b"\xff\x1b[2J\r\n=1.jws")
        (kept.folder / name).write_bytes(b"?")
        asked = ("--format", form, "--resume", tmp_path / "journal")
        first, again = kept.verify(run, *asked), kept.verify(run, *asked)
        assert (first.code, first.out) == (again.code, again.out)
        assert first.code == 2
        assert "\x1b" not in first.out
        assert "[2J" in first.out

    def test_a_record_without_end(self, run: Run, kept: Kept) -> None:
        with (kept.folder / "huge.jws").open("wb") as stream:
            stream.truncate(1 << 40)  # a hole
        (kept.folder / "index.csv").unlink()
        ran = kept.verify(run, "--format", "json")
        (line,) = [line for line in ran.lines[1:] if line["result"] != "passed"]
        assert line["file"] == "huge.jws"


class TestSelection:
    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            (("--from", "2027-04-01", "--to", "2027-06-30"), "123"),
            (("--from", "2027-07-01"), "4"),
            (("--to", "2027-03-31"), "0"),
            (("--counterparty", "abc"), "23"),
            (("--counterparty", "㈱みほん"), ""),
            (("--counterparty", "株式会社ﾐﾎﾝ"), ""),
            (("--counterparty", "みほん"), "01"),
            (("--amount", "10000..10500"), "12"),
            (("--amount", "10500.01.."), "3"),
            (("--amount", "..0"), "4"),
            (("--amount", "１００００"), "1"),
            (("--from", "2027-04-01", "--counterparty", "みほん", "--amount", "..10000"), "1"),
        ],
    )
    def test_by_index(self, run: Run, kept: Kept, asked: tuple[str, ...], expected: str) -> None:
        assert kept.names(run, *asked) == [f"2027/{number}.jws" for number in expected]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--from", "2027-02-29"), "is no day"),
            (("--from", "2027-07-01", "--to", "2027-06-30"), "--from is after --to"),
            (("--amount", "1e9..2e9"), "is no span"),
            (("--amount", "9..1"), "is no span"),
            (("--extract", "x"), "--extract is for files"),
            (("--format", "pdf"), "--format pdf is for single files"),
            (("--dask", "tcp://127.0.0.1:1", "--jobs", "2"), "--dask has its own workers"),
        ],
    )
    def test_wrong_use(self, run: Run, kept: Kept, arguments: tuple[str, ...], says: str) -> None:
        ran = kept.verify(run, *arguments)
        assert (ran.code, ran.out) == (64, "")
        assert says in ran.err

    def test_a_period_needs_a_folder(self, run: Run, kept: Kept) -> None:
        assert run("verify", "--from", "2027-04-01").code == 64
        assert run("verify", kept.folder / "2027" / "0.jws", "--from", "2027-04-01").code == 64
        assert run("verify", kept.folder, kept.folder).code == 64

    def test_without_index_what_is_proven_counts(self, run: Run, kept: Kept) -> None:
        """A receipt's day is that of its event in the zone; what has no proven day is kept, and said."""
        (kept.folder / "index.csv").unlink()
        town = signer(kept.place, "town-seal.p12")
        for name, hour in (("march", 14), ("april", 15)):  # 24:00 in Tokyo lies between
            made = receipt(
                "SubmissionAcceptance", by=town, sender="NTRJP-1345678901234", recipients=["NTRJP-9234567890123"],
                message_id=name, parts={"a": b"a"}, policy_id=["1.3.6.1.4.1.32473.522.1"],
                event_time=datetime(2026, 3, 31, hour, 59, tzinfo=UTC),
            )  # fmt: skip
            (kept.folder / f"{name}.receipt.json").write_bytes(made)
        ran = kept.verify(run, "--from", "2026-04-01", "--to", "2026-04-01", "--format", "json")
        summary, *lines = ran.lines
        dated = [(line["file"], line["date"]) for line in lines if line["date"]]
        assert dated == [("april.receipt.json", "2026-04-01")]
        undated = [line for line in lines if not line["date"]]
        assert len(undated) == 5
        assert all("bulk.undated" in {one["code"] for one in line["findings"]} for line in undated)
        assert (summary["records"], summary["verified"], summary["indexed"]) == (7, 6, False)
        assert kept.verify(run, "--amount", "1..").code == 64


class TestForms:
    def test_csv(self, run: Run, kept: Kept) -> None:
        alter(kept.folder / "2027" / "3.jws")
        ran = kept.verify(run, "--format", "csv")
        assert ran.out.startswith("\ufeffresult,file,date,")
        rows = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"), newline=""), strict=True))
        assert [row["file"] for row in rows] == [f"2027/{number}.jws" for number in (3, 0, 1, 2, 4)]
        first = rows[0]
        assert (first["result"], first["indication"], first["sub_indication"]) == (
            "failed", "TOTAL-FAILED", "SIG_CRYPTO_FAILURE",
        )  # fmt: skip
        assert first["findings"].split()[0] == "signature.broken"
        assert [row["amount"] for row in rows] == ["20000.50", "9000", "10000", "10500", "-300"]
        assert {row["signer"] for row in rows} == {"見本町"}
        assert {row["identifier"] for row in rows} == {"NTRJP-9234567890123"}

    @pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", " =1", "＝1+1", "|x", "%x"])
    def test_no_cell_is_a_formula(self, text: str) -> None:
        assert inert(text).startswith("'")
        line = Line(Record("a", "a", date(2027, 4, 1), text), Verdict("TOTAL-PASSED", signer=text))
        rows = csv.reader(io.StringIO("".join(csv_rows(surveyed([line]))), newline=""))
        cells = list(rows)[1]
        assert sum(cell.startswith("'") for cell in cells) == 2

    def test_no_cell_commands_a_terminal_or_ends_early(self) -> None:
        assert inert("a\t\x1b[2J\u202e\r\n=1") == "a\\u0009\\u001b[2J\\u202e\\u000d\\u000a=1"

    @pytest.mark.parametrize("text", ["-300", "10.50", "株式会社", "a=b", ""])
    def test_a_harmless_cell_stays(self, text: str) -> None:
        assert inert(text) == text

    def test_page(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        """Failures first; what is in an index or a file never becomes markup."""
        alter(kept.folder / "2027" / "3.jws")
        text = (kept.folder / "index.csv").read_text("utf-8").replace("abc商会", "<script>alert(1)</script>")
        kept.index(text)
        ran = kept.verify(run, "--format", "html", "--out", tmp_path / "audit.html", "--lang", "ja")
        assert (ran.code, ran.out) == (1, "")
        shown = html.fromstring((tmp_path / "audit.html").read_bytes())
        assert shown.xpath("//html/@lang") == ["ja"]
        assert not shown.xpath("//script")
        assert "<script>alert(1)</script>" in shown.text_content()
        problems = shown.xpath("//table[contains(@class, 'problems')]/tbody/tr")
        assert [one.get("class") for one in problems] == ["failed"]
        assert "一括検証報告書" in shown.text_content()
        headings = shown.xpath("//h2/text()")
        assert headings.index("合格しなかった記録") < headings.index("合格した記録（署名者別）")

    def test_page_stays_usable_with_many_records(self) -> None:
        wrong = Verdict("TOTAL-FAILED", "HASH_FAILURE", findings=(observed("bulk.missing"),))
        lines = [Line(Record(f"{n}", "x", date(2027, 4, 1)), wrong) for n in range(50_000)]
        good = [Verdict("TOTAL-PASSED", signer=f"signer {n % 300}") for n in range(300)]
        lines += [Line(Record(f"p{n}", "x", date(2027, 4, 1), "", Decimal(1), "JPY"), good[n % 300])
                  for n in range(50_000)]  # fmt: skip
        text = page(surveyed(lines), language="en", zone=UTC)
        assert len(text) < 1_500_000
        assert "49,000 more did not pass" in text
        assert "50,000 VALID" in text
        assert "and 100 more signers" in text

    def test_text_names_what_failed_and_why(self, run: Run, kept: Kept) -> None:
        alter(kept.folder / "2027" / "3.jws")
        ran = kept.verify(run)
        assert "1 INVALID · 0 UNREADABLE · 0 UNDECIDED · 4 VALID" in ran.out
        assert "2027/3.jws: INVALID (TOTAL-FAILED / SIG_CRYPTO_FAILURE)" in ran.out
        assert "2027/0.jws" not in ran.out
        assert ran.err == ""

    def test_progress_on_request(self, run: Run, kept: Kept) -> None:
        assert "5 of 5" in kept.verify(run, "--progress").err

    def test_a_report_may_be_sealed(self, run: Run, kept: Kept, tmp_path: Path) -> None:
        where = tmp_path / "audit.csv"
        uri, key, option, secret = kept.place.key()
        ran = kept.verify(run, "--format", "csv", "--out", where, "--seal-report", key, option, secret)
        assert (ran.code, uri) == (0, "--key")
        assert run("verify", f"{where}.p7s", *kept.place.trust).code == 0


def surveyed(lines: list[Line]) -> Survey:
    at = datetime(2027, 8, 1, tzinfo=UTC)
    names = ("policy", "sha256:1"), ("sha256:2", "sha256:3")
    return Survey(at, *names, "records", None, Selection(), lines, len(lines), (), (), None)


class TestMakingAnIndex:
    def test_pointers(self, run: Run, kept: Kept) -> None:
        before = kept.names(run)
        pointers = ("--date", "/issued", "--counterparty", "/to/name", "--amount", "/total")
        ran = run("index", kept.folder, *pointers, "--force")
        assert (ran.code, ran.out) == (0, "")
        rows = list(csv.DictReader(io.StringIO((kept.folder / "index.csv").read_text("utf-8-sig"), newline="")))
        assert [(row["date"], row["counterparty"], row["amount"]) for row in rows] == [
            (day, party, amount.replace(",", "")) for day, party, amount in ROWS
        ]
        assert kept.names(run) == before
        assert kept.names(run, "--amount", "10000..10500") == ["2027/1.jws", "2027/2.jws"]

    def test_receipts_know_date_and_party(self, run: Run, kept: Kept) -> None:
        town = signer(kept.place, "town-seal.p12")
        for number, (sender, recipient) in enumerate(
            [("1345678901234", "9234567890123"), ("9234567890123", "1345678901234")]
        ):
            made = receipt(
                "SubmissionAcceptance", by=town, sender=f"NTRJP-{sender}", recipients=[f"NTRJP-{recipient}"],
                message_id="m", parts={"a": b"a"}, policy_id=["1.3.6.1.4.1.32473.522.1"],
                event_time=datetime(2026, 3, 31, 15, tzinfo=UTC),
            )  # fmt: skip
            (kept.folder / f"{number}.receipt.json").write_bytes(made)
        ran = run("index", kept.folder, "--own", "NTRJP-9234567890123", "--tz", "Asia/Tokyo", "--out", "-")
        rows = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"), newline="")))
        found = [(row["date"], row["counterparty"], row["kind"]) for row in rows if "receipt" in row["file"]]
        assert found == [("2026-04-01", "NTRJP-1345678901234", "SubmissionAcceptance")] * 2
        assert "5 of them without date" in ran.err

    def test_wrong_use(self, run: Run, kept: Kept) -> None:
        assert run("index", kept.folder).code == 64  # there is one
        assert run("index", kept.folder, "--amount", "total", "--force").code == 64
        assert run("index", kept.folder / "nowhere").code == 66


def test_json_lines_begin_with_the_summary() -> None:
    first = json.loads(next(json_lines(surveyed([]))))
    assert (first["bulk_version"], first["counts"]["passed"], first["log"]) == (1, 0, None)
