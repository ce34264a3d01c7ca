"""The peer itself: where it gets what a file lacks, and that it goes nowhere else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from interop.dss_peer import POLICY, Dss, DssError
from interop.dss_town import Situation
from toyono_trust import seal
from toyono_trust.devpki import Town

pytestmark = [pytest.mark.integration, pytest.mark.dss]

CONTENT = b"level 3.2 m\n"


def test_it_fetches_on_loopback(dss: Dss, situation: Situation) -> None:
    """OCSP, CRL and the CA's certificate, by the addresses in the certificates."""
    data = bytes(seal(CONTENT, by=situation.town.identity("town"), format="cades"))
    anchors = [situation.town.root.der]
    (found,) = dss.validate(data, at=situation.soon, anchors=anchors, online=True)["signatures"]
    assert found["indication"] == "TOTAL-PASSED", found
    (found,) = dss.validate(data, at=situation.soon, anchors=anchors)["signatures"]
    assert found["sub_indication"] == "CERTIFICATE_CHAIN_GENERAL_FAILURE"


def test_it_takes_answers_from_a_folder_and_asks_nobody_else(dss: Dss, situation: Situation, tmp_path: Path) -> None:
    town = Town.create(base_url="http://pki.example")
    data = bytes(seal(CONTENT, by=town.identity("town"), format="jades"))
    anchors = [town.root.der]
    (found,) = dss.validate(data, at=situation.soon, anchors=anchors, online=True)["signatures"]
    assert found["sub_indication"] == "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    for name in ("root", "ca"):
        answer = tmp_path / quote(f"{town.base_url}/crl/{name}.crl", safe="")
        answer.write_bytes(town.crl(name))
    (found,) = dss.validate(data, at=situation.soon, anchors=anchors, answers=tmp_path)["signatures"]
    assert found["indication"] == "TOTAL-PASSED", found


def test_it_says_what_went_wrong_and_lives_on(dss: Dss, situation: Situation) -> None:
    for data in (b"", b"not a signature"):
        with pytest.raises(DssError, match="Document format not recognized"):
            dss.validate(data, at=situation.soon)
    with pytest.raises(DssError, match="unknown command"):
        dss.ask("sing")
    assert dss.ask("about") == dss.versions


def test_it_times_itself(dss: Dss, situation: Situation) -> None:
    data = bytes(seal(CONTENT, by=situation.town.identity("town"), format="cades"))
    spent = dss.ask("time", file=data, at=situation.soon, policy=POLICY, runs=3, **situation.trusted())
    assert len(spent["milliseconds"]) == 3
    assert all(each > 0 for each in spent["milliseconds"])
