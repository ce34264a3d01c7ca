"""A gateway: it verifies what partners send, lets the town's application answer, and seals what goes back.

    python gateway.py settings.toml --listen 127.0.0.1:8080

POST /exchange takes a sealed message (JAdES or CAdES with its content) of up to ``max_octets`` and answers with a
JAdES seal over the application's answer; anything else is a problem of RFC 9457. GET /problems/CODE explains one,
GET /metrics is for Prometheus, GET /health for a load balancer. TLS and a limit on requests per client are the task of
the proxy before it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from problems import Refused, explain, problem
from settings import Partner, Settings, read

from toyono_trust import Http, NotVerified, Report, Signer, TrustError, TrustStore, Verified, aio

Application = Callable[[Partner, bytes], dict[str, Any]]
log = logging.getLogger("gateway")


def acknowledge(partner: Partner, content: bytes) -> dict[str, Any]:
    """The town's application. It sees nothing that was not verified, and by whom it was sealed."""
    return {"accepted": len(content), "from": partner.name}


class Trust:
    """The trust folder, read again now and then: a snapshot never changes, and new CRLs arrive beside it."""

    def __init__(self, path: Path, minutes: int) -> None:
        self.path, self.seconds = path, minutes * 60
        self.store, self.read_at = TrustStore.load(path), time.monotonic()

    async def current(self) -> TrustStore:
        """The present snapshot. One that cannot be read leaves the last one in force, which ages visibly."""
        if time.monotonic() - self.read_at > self.seconds:
            self.read_at = time.monotonic()
            try:
                self.store = await asyncio.to_thread(TrustStore.load, self.path)
            except (TrustError, OSError):
                log.exception("trust not read")
        return self.store


class Taken:
    """Messages taken within the time in which they would be taken again: a signature does not say that it is new.

    The key is the signer, the signed time and the signed content. Nothing unsigned goes into it, nor the signature
    value: anybody can make a second one out of an ECDSA signature. In memory: several processes need a database.
    """

    def __init__(self, max_age: timedelta) -> None:
        self.max_age = max_age
        self.keys: dict[tuple[str, datetime, bytes], datetime] = {}

    def check(self, verified: Verified, report: Report, now: datetime) -> None:
        """Take a message once. Raises ``Refused``."""
        if len(verified.objects) != 1:
            raise Refused("gateway.not-one-content")
        claimed = next(
            item.facts.claimed_signing_time
            for item in report.signatures
            if item.indication == "TOTAL-PASSED" and item.certificate is verified.signer
        )
        if claimed is None:
            raise Refused("gateway.no-time")
        if abs(now - claimed) > self.max_age:
            raise Refused("gateway.too-old")
        self.keys = {key: seen for key, seen in self.keys.items() if now - seen <= 2 * self.max_age}
        key = (verified.signer.identifier, claimed, hashlib.sha256(verified.content).digest())
        if key in self.keys:
            raise Refused("gateway.repeated")
        self.keys[key] = now


class Gateway:
    """All that lives as long as the process."""

    def __init__(self, settings: Settings, application: Application) -> None:
        self.settings, self.application = settings, application
        self.signer = Signer.open(settings.key, secret=settings.secret)
        self.http = Http()
        self.trust = Trust(settings.trust, settings.trust_minutes)
        self.partners = {(partner.identifier, partner.anchor): partner for partner in settings.partners}
        self.taken = Taken(timedelta(minutes=settings.max_age_minutes))
        self.results: Counter[str] = Counter()
        self.not_after = {"service": self.signer.certificate.not_after}

    async def exchange(self, message: bytes) -> bytes:
        """A sealed answer to a sealed message. Raises ``Refused`` and ``TrustError``."""
        report = await aio.verify(message, trust=await self.trust.current())
        log.info("%s", report.log_line())
        partner, verified = self.sender(report)
        self.taken.check(verified, report, datetime.now(UTC))
        answer = self.application(partner, verified.content)
        # The digest binds the answer to its question, so that nobody can exchange two answers on the way.
        answer = {"in_reply_to": f"sha256:{hashlib.sha256(message).hexdigest()}", "answer": answer}
        return await self.seal(json.dumps(answer, ensure_ascii=False).encode())

    def sender(self, report: Report) -> tuple[Partner, Verified]:
        """The partner whose signature passed, and what it covers."""
        # One by one: what passed must be known to be this partner's, with the anchor that stands in the settings.
        for pair, partner in self.partners.items():
            try:
                verified = report.require(signed_by={pair})
            except NotVerified:
                continue
            self.not_after[partner.name] = verified.signer.not_after
            return partner, verified
        report.require(signed_by=set(self.partners))  # raises the most useful reason
        raise AssertionError("one of the partners passed")

    async def seal(self, content: bytes) -> bytes:
        """The service's seal, time-stamped where a TSA is named and answers."""
        what: dict[str, Any] = {"by": self.signer, "format": "jades", "content_type": "application/json"}
        if self.settings.tsa is None:
            return await aio.seal(content, **what)
        what |= {"tsa": self.settings.tsa, "http": self.http, "fallback": "B-B", "timeout": 5}
        return await aio.seal(content, level="B-T", **what)

    def metrics(self) -> str:
        """Prometheus' text format. The ends of certificates and of revocation data are what needs an alarm."""
        lines = ["# TYPE toyono_messages_total counter"]
        lines += [f'toyono_messages_total{{result="{code}"}} {count}' for code, count in sorted(self.results.items())]
        lines.append("# TYPE toyono_signer_not_after_seconds gauge")
        for name, moment in sorted(self.not_after.items()):
            lines.append(f'toyono_signer_not_after_seconds{{signer="{name}"}} {moment.timestamp():.0f}')
        if self.trust.store.valid_until is not None:
            lines.append("# TYPE toyono_revocation_valid_until_seconds gauge")
            lines.append(f"toyono_revocation_valid_until_seconds {self.trust.store.valid_until.timestamp():.0f}")
        return "\n".join(lines) + "\n"


def create(settings: Settings, application: Application = acknowledge) -> FastAPI:
    """The web application for these settings."""
    gateway = Gateway(settings, application)
    app = FastAPI(title="Gateway", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/exchange")
    async def exchange(request: Request) -> Response:
        try:
            sealed = await gateway.exchange(await _body(request, settings.max_octets))
        except (TrustError, Refused) as error:
            gateway.results[error.code] += 1
            if not isinstance(error, NotVerified | Refused):
                log.error("%s: %s", error.code, error)
            return problem(error, _japanese(request))
        gateway.results["accepted"] += 1
        return Response(sealed, media_type="application/jose")

    @app.get("/problems/{code}")
    async def explained(code: str, request: Request) -> Response:
        text = explain(code, _japanese(request))
        body = json.dumps(text, ensure_ascii=False).encode()
        return Response(body, 404 if text is None else 200, media_type="application/json")

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(gateway.metrics(), media_type="text/plain; version=0.0.4")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


async def _body(request: Request, limit: int) -> bytes:
    """The body, read no further than it may be long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise Refused("gateway.too-large")
        parts.append(part)
    return b"".join(parts)


def _japanese(request: Request) -> bool:
    return request.headers.get("accept-language", "").lower().startswith("ja")


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Verify what comes in, seal what goes out.")
    parser.add_argument("settings", type=Path)
    parser.add_argument("--listen", default="127.0.0.1:8080", metavar="HOST:PORT")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    logging.basicConfig(level=logging.INFO)
    uvicorn.run(create(read(options.settings)), host=host, port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
