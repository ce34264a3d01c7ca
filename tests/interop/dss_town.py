"""A throw-away town for DSS: its services on loopback, what both engines trust, and what both say of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from interop.dss_peer import Dss
from toyono_trust import Http, TrustStore, verify
from toyono_trust.devpki import PASSWORD, Identity, Server, Town
from toyono_trust.validation.report import SignatureReport

LEVELS = {"B-B": "BASELINE_B", "B-T": "BASELINE_T", "B-LT": "BASELINE_LT", "B-LTA": "BASELINE_LTA"}
"""Our names of levels, with the last part of DSS's."""
TYPES = {
    "CONTENT_TIMESTAMP": "content",
    "ALL_DATA_OBJECTS_TIMESTAMP": "content",
    "INDIVIDUAL_DATA_OBJECTS_TIMESTAMP": "content",
    "SIGNATURE_TIMESTAMP": "signature",
    "VALIDATION_DATA_TIMESTAMP": "validation-data",
    "VALIDATION_DATA_REFSONLY_TIMESTAMP": "validation-data",
    "ARCHIVE_TIMESTAMP": "archive",
    "DOCUMENT_TIMESTAMP": "document",
    "VRI_TIMESTAMP": "signature",
}
"""DSS's types of time stamps in our words."""


class Verdict(NamedTuple):
    """What an engine says of one signature; both engines' verdicts compare equal where they agree."""

    level: str | None
    indication: str
    sub_indication: str | None
    timestamps: tuple[tuple[str, str, str | None], ...]


class Situation(NamedTuple):
    """A town, and the server in front of it if there is one."""

    town: Town
    url: str = ""
    http: Http | None = None

    @property
    def tsa(self) -> str:
        return f"{self.url}/tsr"

    @property
    def soon(self) -> datetime:
        """A moment after everything that was made so far."""
        return datetime.now(UTC) + timedelta(minutes=1)

    def trust(self, at: datetime | None = None) -> TrustStore:
        """The root, the CA beside it, and both CRLs, issued at ``at`` (default the town's beginning)."""
        crls = [self.town.crl(name, at) for name in ("root", "ca")]
        return TrustStore.from_certificates([self.town.root.der], [self.town.ca.der], crls)

    def trusted(self, at: datetime | None = None) -> dict[str, list[bytes]]:
        """The same for DSS."""
        crls = [self.town.crl(name, at) for name in ("root", "ca")]
        return {"anchors": [self.town.root.der], "certificates": [self.town.ca.der], "crls": crls}

    def signs(self, who: str, **members: Any) -> dict[str, Any]:
        """Members of a request by which DSS signs with this identity, stamps and gathers in the town."""
        identity: Identity = self.town.identity(who)
        return {"pkcs12": identity.pkcs12, "secret": PASSWORD, **self.gathers(), **members}

    def gathers(self) -> dict[str, Any]:
        """Members of a request by which DSS stamps and gathers in the town."""
        return {"tsa": self.tsa, "anchors": [self.town.root.der], "online": True}


def running() -> Iterator[Situation]:
    """For a pytest fixture."""
    with Server(port=0) as server:
        town = server.town = Town.create(base_url=server.url)
        yield Situation(town, server.url, Http())


def of_ours(signature: SignatureReport) -> Verdict:
    """Our verdict on a signature."""
    tokens = sorted((item.token.type, item.indication, item.sub_indication or "") for item in signature.timestamps)
    return Verdict(
        signature.level,
        signature.indication,
        signature.sub_indication,
        tuple((kind, indication, sub or None) for kind, indication, sub in tokens),
    )


def of_theirs(signature: dict[str, Any]) -> Verdict:
    """DSS's verdict on a signature."""
    tokens = sorted(
        (TYPES[item["type"]], item["indication"], item["sub_indication"] or "") for item in signature["timestamps"]
    )
    name = signature["level"].replace("-", "_")
    level = next((ours for ours, theirs in LEVELS.items() if name.endswith(f"_{theirs}")), None)
    return Verdict(
        level,
        signature["indication"],
        signature["sub_indication"],
        tuple((kind, indication, sub or None) for kind, indication, sub in tokens),
    )


def every(found: Iterable[SignatureReport]) -> Iterator[SignatureReport]:
    """Signatures and their counter-signatures."""
    for signature in found:
        yield signature
        yield from every(signature.counter_signatures)


def both(
    dss: Dss,
    situation: Situation,
    data: bytes,
    *,
    at: datetime | None = None,
    content: Any = None,
    contents: Any = None,
    password: str | None = None,
    fresh: datetime | None = None,
) -> tuple[list[Verdict], list[Verdict]]:
    """Our verdicts and DSS's on all signatures of a file, in order, under the same trust at the same time.

    ``content``: what is detached, as ``verify`` takes it; ``contents``: the same for DSS. ``fresh``: when the CRLs were
    issued.
    """
    at = at or situation.soon
    report = verify(data, content=content, trust=situation.trust(fresh), at=at, password=password)
    theirs = dss.validate(data, at=at, contents=contents, password=password, **situation.trusted(fresh))
    ours = [of_ours(signature) for signature in every(report.signatures)]
    return sorted(ours, key=repr), sorted(map(of_theirs, theirs["signatures"]), key=repr)
