"""Files made to exhaust or break their reader: each ends in a report, at the same place every time."""

from __future__ import annotations

import multiprocessing
import resource
import traceback
from multiprocessing.connection import Connection
from typing import Any

import pytest
from hostile_files import hostile_file, names
from hostile_samples import judge, new_trust, outcome, samples

from toyono_trust.core.limits import BUDGETS, Work

PATIENCE = 60.0
"""Seconds after which a file counts as one that is read for ever; the slowest takes 1.7."""
MEMORY = 3 << 30
"""Octets of address space that a reader of one file may take; the largest file has 64 MiB."""

UNHARMED = {
    "jws_200_certificates_of_rubbish": {"signature.reference-missing"},
    "jws_10000_properties": {"jades.etsiu-unknown"},
    "jws_10000_archive_stamps": {"jades.etsiu-value"},
    "jws_200_archive_stamps_over_32_mib": {"timestamp.imprint-altered"},
    "jws_10000_stamps": {"jades.etsiu-value"},
    "jws_counter_signatures_nested_1000": {"jades.counter-malformed"},
    "cms_40000_attributes": {"cms.leniency.set-unsorted"},
}
"""Files with a sound signature whose hostile part is not signed, or signed and harmless: what must be said of each."""


def _examine(name: str, answers: Connection) -> None:
    try:
        data, content = hostile_file(name)
        answers.send(None)  # made: from here on, time and memory are the reader's
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        runs = []
        for _ in range(2):
            work = Work()
            report = judge(data, content, trust=new_trust(), work=work)
            runs.append((report.indication, outcome(report), work.left))
            codes = {finding.code for finding in report.all_findings()}
        answers.send((runs, codes))
    except BaseException:  # noqa: BLE001  # the parent process shows it
        answers.send(traceback.format_exc())


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_hostile_file(name: str) -> None:
    # any bytes into verify(): a Report, never an exception; the same input always stops at the same place
    samples()
    forked = multiprocessing.get_context("fork")
    here, there = forked.Pipe(duplex=False)
    process = forked.Process(target=_examine, args=(name, there))
    process.start()
    there.close()
    try:
        assert here.poll(PATIENCE), "the file is not even made"
        made: Any = here.recv()
        assert made is None, made
        assert here.poll(PATIENCE), "the file is read for ever"
        answer: Any = here.recv()
    except EOFError:
        pytest.fail("the reader was killed")
    finally:
        process.kill()
        process.join()
    assert not isinstance(answer, str), answer
    (first, second), codes = answer
    assert first == second
    indication, _, left = first
    assert all(left[kind] >= 0 for kind in BUDGETS)
    if name in UNHARMED:
        assert indication == "TOTAL-PASSED"
        assert codes >= UNHARMED[name]
    else:
        assert indication in ("TOTAL-FAILED", "INDETERMINATE", "FAILED")


def test_small_files_in_this_process() -> None:
    # any bytes into verify(): a Report, never an exception; here without a process around each
    small = ("json_nan", "json_lone_surrogate", "json_array_nested_100000", "ber_nested_100000", "der_length_2_gib")
    small += ("cms_counter_signatures_nested_1000", "cms_10000_signers", "xml", "pdf", "zip_file", "nothing")
    small += ("times_claimed_in_the_year_1", "times_claimed_in_the_year_9999", "cms_certificate_serial_100_kb")
    for name in small:
        data, content = hostile_file(name)
        assert "PASSED" not in judge(data, content, trust=new_trust()).indication, name
