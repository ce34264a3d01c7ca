"""Files cut off at every octet, and with every octet changed, one sample per format."""

from __future__ import annotations

import pytest
from hostile_samples import PAYLOAD, judge, samples
from unsigned_places import REASONS, places

from toyono_trust.validation.report import Report

MASKS = (0x01, 0x80)


def passed(report: Report) -> bool:
    return "PASSED" in (report.indication, report.indication.removeprefix("TOTAL-"))


@pytest.mark.parametrize("name", samples())
def test_samples_pass(name: str) -> None:
    # what is cut and changed below is valid before
    sample = samples()[name]
    assert judge(sample.data, sample.content).indication == sample.passes


@pytest.mark.parametrize("name", samples())
def test_cut_off_at_every_octet(name: str) -> None:
    # whatever is missing at the end, there is a report, and it is never TOTAL-PASSED
    sample = samples()[name]
    for end in range(len(sample.data)):
        report = judge(sample.data[:end], sample.content)
        assert not passed(report), end
        assert report.log_line()


@pytest.mark.parametrize("name", samples())
def test_every_octet_changed(name: str) -> None:
    # one flipped bit is never TOTAL-PASSED, but for the places listed as unsigned; the content stays what was signed
    sample = samples()[name]
    listed = places(name, sample.data)
    unsigned = {at for place in listed for at in range(place.start, place.end)}
    used = set()
    for at in range(len(sample.data)):
        for mask in MASKS:
            changed = bytearray(sample.data)
            changed[at] ^= mask
            report = judge(bytes(changed), sample.content)
            if passed(report):
                assert at in unsigned, (at, mask, sample.data[max(at - 20, 0) : at + 5])
                used.add(next(place.name for place in listed if place.start <= at < place.end))
                if report.signatures:
                    assert report.require(signed_by="anyone").content == PAYLOAD
    assert used == {place.name for place in listed}


def test_every_reason_is_used() -> None:
    # the table of unsigned places names nothing that no sample has
    used = {place.name for name, sample in samples().items() for place in places(name, sample.data)}
    assert used == set(REASONS)


@pytest.mark.parametrize("name", samples())
def test_octets_behind(name: str) -> None:
    # what is smuggled in behind a file is refused or named, and is not part of what was signed
    sample = samples()[name]
    for tail in (b"\0", b"x", b"{}", sample.data):
        report = judge(sample.data + tail, sample.content)
        if passed(report):
            assert "cms.leniency.trailing-octets" in {finding.code for finding in report.all_findings()}
        for signature in report.signatures:
            for item in signature.facts.objects:
                assert item.content is None or not item.content.bytes.endswith(tail)
