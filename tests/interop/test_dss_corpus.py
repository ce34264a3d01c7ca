"""Both engines on the sample of DSS's test files: the same verdict on every signature and time stamp, or a reason.

Each file is judged under the tops of its own chains as anchors, at the time at which it was finished (``then``) and
long after (``now``), by our default policy and DSS's as ``dss/policy.toml`` changes it.
"""

from __future__ import annotations

import re

import pytest

from corpus import corpus
from interop.dss_corpus import FILES, WHEN, differences, files, listed, reasons
from interop.dss_peer import Dss

pytestmark = [pytest.mark.integration, pytest.mark.dss]


def test_the_sample_is_there() -> None:
    assert corpus("dss").is_dir()
    assert len(files()) == FILES


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_both_engines_agree(dss: Dss, file: object, when: str) -> None:
    found, known = differences(dss, file, when), listed(file, when)  # type: ignore[arg-type]
    assert found - known == set(), "not listed in dss_reasons.toml"
    assert known - found == set(), "listed in dss_reasons.toml, and no longer so"


def test_every_reason_is_a_sentence_about_files() -> None:
    corpus("dss")
    names = {file.name for file in files()}
    for reason in reasons():
        assert re.fullmatch(r"[A-Z“].{30,}\.", reason["reason"], re.DOTALL), reason
        assert reason["clause"].strip()
        for item in reason["difference"]:
            listed_here = {name for when in WHEN for name in item.get(when, ())}
            assert listed_here
            assert listed_here <= names, listed_here - names
