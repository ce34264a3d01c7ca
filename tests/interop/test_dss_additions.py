"""Counter-signatures and parallel signatures that we make, as EU DSS sees them, up to B-LTA."""

from __future__ import annotations

from typing import Any

import pytest

from interop.dss_peer import Dss
from interop.dss_town import Situation, Verdict, both
from toyono_trust import augment, seal, sign, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.formats.jades import JadesDetails

pytestmark = [pytest.mark.integration, pytest.mark.dss]

CONTENT = "契約 contract\r\n".encode() + bytes(range(256))
FORMS: dict[str, dict[str, Any]] = {
    "cades attached": {},
    "cades detached": {"detached": True},
    "jades compact": {},
    "jades flattened": {"details": JadesDetails(serialization="flattened")},
    "jades detached": {"detached": True},
    "jades unencoded": {"detached": True, "details": JadesDetails(b64=False)},
    "jades digests": {
        "detached": True,
        "details": JadesDetails(mechanism="uri-hash", parts=(("contract.txt", BytesContent(CONTENT)),)),
    },
}
STAMP = ("signature", "PASSED", None)
ARCHIVE = ("archive", "PASSED", None)


def form_of(name: str) -> Any:
    return name.partition(" ")[0]


def first(situation: Situation, form: str) -> bytes:
    return bytes(seal(CONTENT, by=situation.town.identity("town"), format=form_of(form), **FORMS[form]))


def presented(form: str) -> dict[str, Any]:
    """The content of a detached signature, for both engines."""
    if not FORMS[form].get("detached"):
        return {}
    return {"content": {"contract.txt": CONTENT}, "contents": [{"file": CONTENT, "name": "contract.txt"}]}


def covers(form: str) -> dict[str, Any]:
    return {"covers": {"contract.txt": CONTENT}} if FORMS[form].get("detached") else {}


def stamped(situation: Situation, level: str) -> dict[str, Any]:
    if level == "B-B":
        return {}
    trusted = {} if level == "B-T" else {"trust": situation.trust()}
    return {"level": level, "tsa": situation.tsa, "http": situation.http} | trusted


def agreed(dss: Dss, situation: Situation, data: bytes, form: str) -> list[Verdict]:
    ours, theirs = both(dss, situation, data, **presented(form))
    assert ours == theirs
    assert {one.indication for one in ours} == {"TOTAL-PASSED"}
    return ours


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("form", FORMS)
def test_a_signature_beside_ours(dss: Dss, situation: Situation, form: str, level: str) -> None:
    by = situation.town.identity("resident")
    made = sign(
        first(situation, form), by=by, format=form_of(form), parallel=True, **covers(form), **stamped(situation, level)
    )
    found = agreed(dss, situation, made, form)
    stamps = {"B-B": (), "B-LTA": (ARCHIVE, STAMP)}.get(level, (STAMP,))
    assert sorted((one.level or "", one.timestamps) for one in found) == sorted([("B-B", ()), (level, stamps)])


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("inner", ["compact", "flattened"])
@pytest.mark.parametrize("form", FORMS)
def test_a_counter_signature(dss: Dss, situation: Situation, form: str, inner: Any, level: str) -> None:
    details = JadesDetails(serialization=inner) if form_of(form) == "jades" else None
    by = situation.town.identity("resident")
    made = sign(
        first(situation, form), by=by, format=form_of(form), countersigns=True, details=details,
        **stamped(situation, level),
    )  # fmt: skip
    found = agreed(dss, situation, made, form)
    assert [one.timestamps for one in found] == [(), () if level == "B-B" else (STAMP,)]


@pytest.mark.parametrize("form", ["cades attached", "cades detached", "jades compact", "jades digests"])
def test_all_together_for_long(dss: Dss, situation: Situation, form: str) -> None:
    """Two signatures, one of them countersigned, and that counter-signature countersigned; then all of it archived."""
    town, kind = situation.town, form_of(form)
    made: bytes = sign(
        first(situation, form), by=town.identity("resident"), format=kind, parallel=True, **covers(form),
        **stamped(situation, "B-T"),
    )  # fmt: skip
    here: dict[str, Any] = {"trust": situation.trust(), "at": situation.soon, "content": covers(form).get("covers")}
    chosen = verify(made, **here).signatures[0].id
    made = seal(
        made, by=town.identity("bus"), format=kind, countersigns=chosen, **covers(form), **stamped(situation, "B-T")
    )
    (counter,) = (item.id for one in verify(made, **here).signatures for item in one.counter_signatures)
    made = sign(made, by=town.identity("sensor"), format=kind, countersigns=counter)
    assert len(agreed(dss, situation, made, form)) == 4
    made = augment(
        made, trust=situation.trust(), tsa=situation.tsa, http=situation.http, content=covers(form).get("covers")
    )
    found = agreed(dss, situation, made, form)
    assert sum(ARCHIVE in one.timestamps for one in found) == 2
