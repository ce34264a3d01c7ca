"""PDFs with document time stamps without end, each in a revision of its own: counted work, and a finding."""

from __future__ import annotations

import time
from typing import Any

import pytest

from past_pki import NO_CONTENTS, year
from toyono_trust.core.limits import BUDGETS, MAX_SIGNATURES, Work
from toyono_trust.formats.model import Facts
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.policy import Policy
from toyono_trust.verbs.verification import judge, read

PATIENCE = 30.0
"""Seconds on a busy machine; the slowest takes 6, and took 60 before comparisons were counted."""


class Document:
    """A PDF written by hand, revision after revision."""

    def __init__(self) -> None:
        self.octets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self.fields: list[bytes] = []
        bodies = (
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /DSS 5 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>",
            b"<< /Fields [] /SigFlags 3 >>",
            b"<< /Type /DSS /Certs [] >>",
        )
        rows = [self._add(number, body) for number, body in enumerate(bodies, 1)]
        self.start = len(self.octets)
        table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(rows)
        self.octets += table + self._trailer(6, None, self.start)

    def _add(self, number: int, body: bytes) -> bytes:
        """Write an object; its row of the cross-reference table."""
        row = b"%010d 00000 n \n" % len(self.octets)
        self.octets += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        return row

    @staticmethod
    def _trailer(size: int, before: int | None, start: int) -> bytes:
        previous = b"" if before is None else b"/Prev %d " % before
        return b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (size, previous, start)

    def stamp(self, named: int = 0, kind: bytes = b"/DocTimeStamp", filter: bytes = b"/ETSI.RFC3161") -> None:
        """A revision with a field and what stands in a time stamp's place, which names ``named`` further objects."""
        field, value = 10 + 2 * len(self.fields), 11 + 2 * len(self.fields)
        self.fields.append(b"%d 0 R" % field)
        form = self._add(4, b"<< /Fields [" + b" ".join(self.fields) + b"] /SigFlags 3 >>")
        widget = b"/Subtype /Widget /Rect [0 0 0 0] /P 3 0 R /F 132"
        rows = self._add(field, b"<< /FT /Sig /T (s%d) /Type /Annot %s /V %d 0 R >>" % (field, widget, value))
        rows += b"%010d 00000 n \n" % len(self.octets)
        head = b"%d 0 obj\n<< /Type %s /Filter /Adobe.PPKLite /SubFilter %s /Contents " % (value, kind, filter)
        contents = b"<" + b"00" * 64 + b">"
        first = len(self.octets) + len(head)
        second = first + len(contents)

        def rest(length: int) -> bytes:
            return b" /ByteRange [0 %010d %010d %010d] >>\nendobj\n" % (first, second, length)

        start = second + len(rest(0))
        table = b"xref\n4 1\n%s%d 2\n%s" % (form, field, rows)
        if named:
            table += b"1000 %d\n" % named + b"0000000009 00000 n \n" * named
        table += self._trailer(1001 + named, self.start, start)
        self.octets += head + contents + rest(len(rest(0)) + len(table)) + table
        self.start = start


def _examine(document: Document) -> tuple[Facts, dict[str, int]]:
    """Its facts and what reading took; read and judged twice, to the same end."""
    data, runs = bytes(document.octets), []
    trust = TrustStore.empty()
    for _ in range(2):
        work, started = Work(), time.monotonic()
        facts = read(data, NO_CONTENTS, work)
        assert time.monotonic() - started < PATIENCE
        assert min(work.left.values()) >= 0
        assert isinstance(facts, Facts)
        report = judge(facts, Policy.default(), trust, year(2030), work)
        assert "PASSED" not in report.indication
        runs.append((facts, dict(work.left)))
    assert runs[0][0] == runs[1][0]
    assert runs[0][1] == runs[1][1]
    return runs[0][0], {kind: BUDGETS[kind] - left for kind, left in runs[0][1].items()}


def _codes(tokens: Any) -> list[set[str]]:
    return [{note.code for note in token.notes} for token in tokens]


def test_95_time_stamps() -> None:
    document = Document()
    for _ in range(95):
        document.stamp()
    facts, spent = _examine(document)
    assert len(facts.timestamps) == 95
    found = _codes(facts.timestamps)
    assert all("timestamp.malformed" in codes for codes in found)
    assert sum("pdf.changes.undetermined" in codes for codes in found) > 80, "more than are compared"
    assert spent["pdf-comparisons"] <= BUDGETS["pdf-comparisons"]


def test_101_time_stamps() -> None:
    document = Document()
    for _ in range(MAX_SIGNATURES + 1):
        document.stamp()
    unread = read(bytes(document.octets), NO_CONTENTS, Work())
    assert not isinstance(unread, Facts)
    assert unread.code == "limits.count"


def test_signatures_under_many_time_stamps() -> None:
    """Each comparison looks every field up in every revision."""
    document = Document()
    for _ in range(3):
        document.stamp(kind=b"/Sig", filter=b"/ETSI.CAdES.detached")
    for _ in range(90):
        document.stamp()
    facts, spent = _examine(document)
    assert spent["pdf-objects"] <= BUDGETS["pdf-objects"]
    assert len(facts.signatures) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("count", "named"), [(24, 20_000), (95, 5_000), (40, 2_000)])
def test_revisions_that_name_many_objects(count: int, named: int) -> None:
    document = Document()
    for _ in range(count):
        document.stamp(named)
    facts, spent = _examine(document)
    assert len(facts.timestamps) == count
    assert any("pdf.changes.undetermined" in codes for codes in _codes(facts.timestamps))
    assert spent["pdf-objects"] <= BUDGETS["pdf-objects"]
