"""Signatures, stamps and trust of the throw-away town at any time of its life, and their verdicts in short."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from unittest import mock

from toyono_trust import devpki
from toyono_trust.core.algorithms import digest
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.findings import entry
from toyono_trust.devpki.issue import Revocation, crl
from toyono_trust.devpki.profiles import PROFILES
from toyono_trust.devpki.town import Identity
from toyono_trust.formats import cades, jades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import SigningInput
from toyono_trust.formats.model import Properties
from toyono_trust.pki import tsp
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.steps import World, run
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report, SignatureReport
from toyono_trust.verbs import verify as verify_steps

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
SECOND, DAY, YEAR = timedelta(seconds=1), timedelta(days=1), timedelta(days=365)
PAYLOAD = b'{"order": 1}'
MODULES: dict[str, Any] = {"jades": jades, "cades": cades}
WORLD = World(now=lambda: NOW, random=bytes, monotonic=float)


@lru_cache(maxsize=1)
def town() -> devpki.Town:
    """The town that all tests share, with a TSA that is as old as its CA."""
    made = devpki.Town.create(NOW, clock=lambda: NOW)
    with mock.patch.dict(PROFILES, {"tsa-old": PROFILES["tsa"]._replace(start=-3 * 365)}):
        made.identity("tsa-old")
    return made


def sign(
    name: str = "town",
    *,
    format: str = "jades",
    claimed: datetime | None = NOW,
    content: Content | None = None,
    detached: bool = False,
    algorithm: str | None = None,
    content_token: bytes | None = None,
    chain: Iterable[bytes] | None = None,
    identity: Identity | None = None,
) -> bytes:
    """A B-B signature by an identity of the town, whatever is wrong with its certificate."""
    by = identity or town().identity(name)
    module = MODULES[format]
    request = SigningInput(
        content=content or BytesContent(PAYLOAD),
        detached=detached,
        certificate=by.certificate.der,
        chain=tuple(chain) if chain is not None else tuple(each.der for each in by.chain),
        algorithm=algorithm or by.algorithms[0],
        claimed_at=claimed,
        properties=Properties(),
        content_timestamp=content_token,
    )
    draft = module.prepare(request)
    value = run(by.sign_steps(draft.to_be_signed, request.algorithm), WORLD)
    signed: bytes = module.finish(draft, value)
    return signed


def token(imprint: bytes, at: datetime, by: str = "tsa", algorithm: str = "sha256") -> bytes:
    """A time-stamp token over a digest, by any identity, fit for it or not."""
    request = tsp.request(imprint, algorithm, nonce=1)
    with mock.patch("toyono_trust.pki.tsp.respond._check_certificate"):
        answer = tsp.read_response(town().tsa_respond(request, at, by))
    assert answer.token is not None, answer
    return answer.token


def stamp(signed: bytes, at: datetime, *, format: str = "jades", by: str = "tsa", over: bytes | None = None) -> bytes:
    """A signature with a signature time stamp; ``over``: another signature, whose stamp it gets."""
    module = MODULES[format]
    imprint = module.imprint(over or signed, "sha256")
    stamped: bytes = module.attach(signed, token(imprint, at, by))
    return stamped


def revocation(at: datetime = NOW, *, revoked: dict[str, tuple[datetime, str]] | None = None) -> tuple[bytes, bytes]:
    """CRLs of root and CA with thisUpdate ``at``; ``revoked``: name → (since when, reason)."""
    lists = []
    for issuer in ("root", "ca"):
        entries = [
            Revocation(town().identity(name).certificate.serial, since, reason)
            for name, (since, reason) in (revoked or {}).items()
            if (name == "ca") == (issuer == "root")
        ]
        lists.append(crl(town()._issuer(issuer), entries, 1, at))
    return lists[0], lists[1]


def trust(*crls: bytes, intermediates: bool = True) -> TrustStore:
    """Trust in the town's root for everything, with these CRLs (those of the town's beginning without any)."""
    return TrustStore.from_certificates(
        [town().root.der], [town().ca.der] if intermediates else [], crls or revocation()
    )


def anchored(*crls: bytes, purposes: Iterable[str] = ("any",), since: Any = None, until: Any = None) -> TrustStore:
    """The same with purposes and a time span of the anchor."""
    store = trust(*crls)
    anchor = Anchor(town().root, frozenset(purposes), since, until)
    object.__setattr__(store, "anchors", (anchor,))
    return store


def policy(text: str = "") -> Policy:
    """The shipped policy with some changes."""
    return Policy.parse(text, "test")


def verify(
    data: bytes,
    store: TrustStore | None = None,
    at: datetime = NOW,
    *,
    rules: Policy | str = "",
    content: Content | None = None,
) -> Report:
    """The report on a file."""
    chosen = policy(rules) if isinstance(rules, str) else rules
    return verify_steps(data, Contents(content), trust() if store is None else store, chosen, at)


def failing(report: Report | SignatureReport) -> set[str]:
    """Codes of the findings at level fail, those of time stamps left out."""
    found = report.findings if isinstance(report, SignatureReport) else (*report.findings, *_own(report))
    return {finding.code for finding in found if finding.level == "fail"}


def _own(report: Report) -> Iterable[Any]:
    for signature in report.signatures:
        yield from signature.findings


def codes(report: Report, level: str) -> set[str]:
    """Codes of all findings of a level."""
    return {finding.code for finding in report.all_findings() if finding.level == level}


def outcome(report: Report) -> tuple[str, str | None]:
    """Indication and sub-indication."""
    return report.indication, report.sub_indication


def sha256(data: bytes) -> bytes:
    """Its SHA-256."""
    assert digest("sha256", data) == hashlib.sha256(data).digest()
    return hashlib.sha256(data).digest()


def known(code: str) -> bool:
    """Whether the findings table has the code."""
    return entry(code).code == code
