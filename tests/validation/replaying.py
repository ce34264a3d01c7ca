"""Files and archives of evidence for the tests of replay: what was judged, its archive, and the verdict out of it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import judging_town as jt

from plain_pdfs import classic
from toyono_trust import verbs
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.formats import jades, pades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import SigningInput
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.formats.model import Facts, Properties, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import run
from toyono_trust.validation.etsi import xml
from toyono_trust.validation.html import page
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.render import text
from toyono_trust.validation.replay import Evidence, pack, unpack
from toyono_trust.validation.report import Report
from toyono_trust.validation.views import view


@lru_cache(maxsize=1)
def _trust() -> TrustStore:
    """The town's, for all tests: it keeps verdicts on certificates, which an archive's does not have."""
    return jt.trust()


class Judged(NamedTuple):
    """A verdict, the facts that it rests on, and their archive."""

    report: Report
    facts: Facts | Unread
    archive: bytes


def judged(
    data: bytes,
    *,
    contents: Content | Mapping[str, Content] | None = None,
    trust: TrustStore | None = None,
    policy: Policy | None = None,
    at: datetime = jt.NOW,
    material: Material = NO_MATERIAL,
    present: datetime | None = None,
    file: str | None = "order.jws",
    work: Work | None = None,
) -> Judged:
    """Verify as ``verify`` does, and write the archive."""
    trust, policy, work = _trust() if trust is None else trust, policy or Policy.default(), work or Work()
    facts = verbs.read(data, Contents(contents), work)
    left = dict(work.left)
    report = verbs.judge(facts, policy, trust, at, work, material, present)
    report.file = file
    return Judged(report, facts, pack(facts, material, policy, trust, at, present, file, left))


def replayed(evidence: Evidence, **instead: Any) -> Report:
    """The verdict out of an archive; ``instead``: other inputs than its own."""
    e = evidence._replace(**instead)
    report = verbs.judge(e.facts, e.policy, e.trust, e.at, e.work(), e.material, e.present)
    report.file = e.file
    return report


def packed_again(e: Evidence) -> bytes:
    """The archive of what came out of an archive."""
    return pack(e.facts, e.material, e.policy, e.trust, e.at, e.present, e.file, e.left)


def dresses(report: Report) -> dict[str, str]:
    """A report in all its clothes."""
    found = {"json": json.dumps(report.to_json(), ensure_ascii=False)}
    if report.simulated_from is None:
        found["xml"] = xml(report).decode()
    for language in ("en", "ja"):
        found[f"text {language}"] = text(report, language)
        found[f"html {language}"] = page([view(report, language)], version="1", language=language)
    return found


def assert_same(first: Judged) -> Evidence:
    """The archive gives the same report in all clothes, and the same archive."""
    evidence = unpack(first.archive)
    assert dresses(replayed(evidence)) == dresses(first.report)
    assert packed_again(evidence) == first.archive
    return evidence


# -- files


def signed(name: str = "town", format: str = "jades", content: bytes = jt.PAYLOAD, **more: Any) -> bytes:
    """A B-B signature of any format that is written."""
    if format != "pades":
        return jt.sign(name, format=format, content=BytesContent(content), **more)
    by = jt.town().identity(name)
    request = _input(name, BytesContent(classic()))
    draft = pades.prepare(request)
    return pades.finish(draft, run(by.sign_steps(draft.to_be_signed, request.algorithm), jt.WORLD)).whole()


def receipt(payload: bytes, name: str = "town") -> bytes:
    """A sealed receipt over the octets of its evidence."""
    by = jt.town().identity(name)
    request = _input(name, BytesContent(payload, "receipt"))._replace(details=JadesDetails(serialization="receipt"))
    draft = jades.prepare(request)
    return jades.finish(draft, run(by.sign_steps(draft.to_be_signed, request.algorithm), jt.WORLD))


def _input(name: str, content: Content) -> SigningInput:
    by = jt.town().identity(name)
    chain = tuple(each.der for each in by.chain)
    return SigningInput(content, False, by.certificate.der, chain, by.algorithms[0], jt.NOW, Properties(), None)


# -- archives that nobody wrote


def members(archive: bytes) -> dict[str, bytes]:
    """What is in an archive, by name, in its order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def zipped(parts: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of any members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for name, data in parts.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def resealed(parts: dict[str, bytes]) -> bytes:
    """A zip whose manifest names its members with their digests."""
    inner = {name: data for name, data in parts.items() if name not in ("mimetype", "manifest.json")}
    manifest = {"version": 1, "members": {name: sha256(data).hexdigest() for name, data in inner.items()}}
    return zipped({"mimetype": parts["mimetype"], "manifest.json": json.dumps(manifest).encode(), **inner})


def changed(archive: bytes, name: str, change: Callable[[Any], object]) -> bytes:
    """The archive with a changed JSON member, its manifest fitting; ``change`` alters the value, or gives another."""
    parts = members(archive)
    value = json.loads(parts[name])
    given = change(value)
    parts[name] = json.dumps(value if given is None else given).encode()
    return resealed(parts)
