"""Reports of all kinds: every format and level, broken, revoked, countersigned, tokens, and what is no signature."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import judging_town as old
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from judging_town import DAY, NOW, PAYLOAD, SECOND, YEAR, policy, revocation, trust

import plain_pdfs
from toyono_trust import Report, TrustStore, receipt, seal, timestamp, verify
from toyono_trust.core.algorithms import sign as sign_value
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.devpki import Simulation, Town
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts
from toyono_trust.validation.judge import judge


@lru_cache(maxsize=1)
def town() -> Town:
    return Town.create()


@lru_cache(maxsize=1)
def own_trust() -> TrustStore:
    here = town()
    return TrustStore.from_certificates([here.root.der], [here.ca.der], [here.crl("root"), here.crl("ca")])


@lru_cache(maxsize=16)
def sealed(format: Any, level: Any) -> bytes:
    content = plain_pdfs.classic() if format == "pades" else b"extract"
    here = town()
    online: dict[str, Any] = {"tsa": f"{here.base_url}/tsr", "http": Simulation(here), "trust": own_trust()}
    made = seal(content, by=here.identity("town"), format=format, level=level, **({} if level == "B-B" else online))
    return bytes(made)


def plain_jws() -> bytes:
    """A JWS without a single member of JAdES."""
    by = town().identity("town")
    encoded = [
        base64.urlsafe_b64encode(each).rstrip(b"=")
        for each in (
            json.dumps({"alg": "ES256", "x5c": [base64.b64encode(by.certificate.der).decode()]}).encode(),
            b"x",
        )
    ]
    value = sign_value("ecdsa-sha256", by.private_key, b".".join(encoded))
    r, s = decode_dss_signature(value)
    return b".".join((*encoded, base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).rstrip(b"=")))


def handed() -> Report:
    here = town()
    online: dict[str, Any] = {"level": "B-T", "tsa": f"{here.base_url}/tsr", "http": Simulation(here)}
    made = receipt(
        "ContentHandover", by=here.identity("town"), sender="NTRJP-1345678901234",
        recipients=["NTRJP-9234567890123"], message_id="m", parts={"a.csv": b"a"}, policy_id="1.2.3",
        submission_time=here.now, **online,
    )  # fmt: skip
    return verify(made, trust=own_trust(), content={"a.csv": b"another"})


def lone(content: bytes | None = b"minutes", trusted: bool = True) -> Report:
    here = town()
    token = timestamp(b"minutes", tsa=f"{here.base_url}/tsr", http=Simulation(here))
    return verify(token, trust=own_trust() if trusted else None, content=content)


def facts_of(data: bytes, content: bytes | None = None) -> Facts:
    return registry.read(data, Contents(None if content is None else BytesContent(content)), Work())


def judged(facts: Facts, store: TrustStore | None = None, when: datetime = NOW, material: Any = None) -> Report:
    more = () if material is None else (material,)
    return judge(facts, policy(), store or trust(), when, Work(), *more)


def revoked(since: timedelta, stamped: bool = True) -> Report:
    """A signature of NOW, stamped an hour later, whose certificate is revoked ``since`` NOW; looked at after a day."""
    store = trust(*revocation(NOW + DAY, revoked={"town": (NOW + since, "key_compromise")}))
    data = old.stamp(old.sign(), NOW + timedelta(hours=1)) if stamped else old.sign()
    return old.verify(data, store, NOW + DAY)


def countersigned() -> Report:
    (first,) = facts_of(old.sign()).signatures
    (second,) = facts_of(old.sign("bus")).signatures
    (third,) = facts_of(old.stamp(old.sign("resident"), NOW)).signatures
    inner = second._replace(counter_signatures=(third,))
    return judged(Facts("JAdES", (first._replace(counter_signatures=(inner,)), second)))


def unreadable_token() -> Report:
    (item,) = facts_of(old.stamp(old.sign(), NOW)).signatures
    token = item.timestamps[0]
    never = token._replace(generated_at=datetime.min.replace(tzinfo=UTC), imprint=b"", imprint_algorithm="")
    return judged(Facts("JAdES", (item._replace(timestamps=(never,)),), (never,)))


REPORTS: dict[str, Callable[[], Report]] = {
    **{
        f"{name} {level}": lambda name=name, level=level: verify(sealed(name, level), trust=own_trust())
        for name in ("jades", "cades", "pades")
        for level in ("B-B", "B-T", "B-LT", "B-LTA")
    },
    "untrusted": lambda: verify(sealed("pades", "B-LTA")),
    "tampered cades": lambda: verify(sealed("cades", "B-LTA").replace(b"extract", b"extra!!"), trust=own_trust()),
    "tampered pdf": lambda: verify(sealed("pades", "B-T").replace(b"/MediaBox", b"/MediaBex", 1), trust=own_trust()),
    "cut pdf": lambda: verify(sealed("pades", "B-T")[:-400], trust=own_trust()),
    "detached without content": lambda: old.verify(old.sign(format="cades", detached=True)),
    "detached": lambda: old.verify(old.sign(detached=True), content=BytesContent(PAYLOAD)),
    "detached, another content": lambda: old.verify(
        old.sign(format="cades", detached=True), content=BytesContent(b"x")
    ),
    "content stamp": lambda: old.verify(
        old.sign(format="cades", content_token=old.token(old.sha256(PAYLOAD), NOW - SECOND))
    ),
    "revoked": lambda: revoked(timedelta(minutes=1)),
    "revoked, not stamped": lambda: revoked(timedelta(hours=2), stamped=False),
    "revoked, stamped before": lambda: revoked(timedelta(hours=2)),
    "expired, stamped before": lambda: old.verify(old.stamp(old.sign(), NOW), at=NOW + 3 * YEAR),
    "stamp of somebody": lambda: old.verify(old.stamp(old.sign(), NOW, by="bus")),
    "stamp of another": lambda: old.verify(old.stamp(old.sign(), NOW, over=old.sign("bus"))),
    "countersigned": countersigned,
    "unreadable token": unreadable_token,
    "plain JWS": lambda: verify(plain_jws(), trust=own_trust()),
    "receipt": handed,
    "token": lone,
    "token, another content": lambda: lone(b"other"),
    "token without content": lambda: lone(None),
    "token, nobody trusted": lambda: lone(trusted=False),
    "unknown": lambda: verify(b"plain text", trust=own_trust()),
    "nothing": lambda: verify(b"", trust=own_trust()),
    "broken JSON": lambda: verify(b'{"payload":"", "signatures":[{', trust=own_trust()),
    "broken CMS": lambda: verify(sealed("cades", "B-B")[:200], trust=own_trust()),
}


@lru_cache(maxsize=64)
def report_of(name: str) -> Report:
    return REPORTS[name]()
