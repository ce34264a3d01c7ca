"""Time stamps for the ladder: where they come from, how large they are, and that each verifies before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from toyono_trust.core.limits import Work
from toyono_trust.formats import registry
from toyono_trust.formats.draft import Nested
from toyono_trust.formats.model import Facts
from toyono_trust.pki import stamping
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now
from toyono_trust.validation.gather import gather
from toyono_trust.validation.judge import judge
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import NotVerified, Report

__all__ = ["Stamping", "gathered_judgement", "not_trusted", "stamped", "token_rooms", "urls_of"]


class Stamping(NamedTuple):
    """Where time stamps come from: TSA URLs in order, TSA policy (dotted OID), imprint digest, fallback level."""

    urls: tuple[str, ...] = ()
    policy: str | None = None
    digest: str = "sha256"
    fallback: Literal["B-B"] | None = None
    trust: TrustStore | None = None


class _TokenRooms:
    """How large the tokens of an authority were: what a format that cannot grow keeps free for the next one.

    The only thing that one operation leaves to the next; it changes the length of a padding and nothing else.
    """

    FIRST = 8192
    """Octets for an authority not seen before. Real tokens with their chain have 2 to 7 KB, rarely more."""
    MARGIN = 64
    """Tokens of one authority differ by their serial number, fraction of a second and ECDSA value."""
    MAX = 64
    """Authorities remembered."""

    def __init__(self) -> None:
        self._largest: dict[tuple[str, ...], int] = {}

    def room(self, urls: tuple[str, ...]) -> int:
        """Octets to keep free for a token of the first of ``urls`` that answers."""
        return self._largest.get(urls, self.FIRST)

    def remember(self, urls: tuple[str, ...], size: int) -> None:
        """Note a token's size."""
        known = self._largest.pop(urls, 0)
        if len(self._largest) >= self.MAX:
            self._largest.pop(next(iter(self._largest)), None)
        self._largest[urls] = max(known, size + self.MARGIN)


token_rooms = _TokenRooms()


def stamped(imprint: bytes, stamping_by: Stamping, policy: Policy) -> Steps[bytes]:
    """A verified token over a digest; judged under ``stamping_by.trust`` too, where that was given.

    What is missing for the judgement is fetched, because a stamp needs the network anyway.
    """
    token = yield from stamping.stamp(imprint, stamping_by.digest, urls=stamping_by.urls, policy=stamping_by.policy)
    if stamping_by.trust is not None:
        yield from _judged(token.data, imprint, policy, stamping_by.trust)
    return token.data


def _judged(token: bytes, imprint: bytes, policy: Policy, trust: TrustStore) -> Steps[None]:
    """Raise ``NotVerified`` unless the token over ``imprint`` is PASSED under policy and trust."""
    # as one inside a signature: whether the policy accepts files that are only a token is not asked here
    facts = Facts("RFC3161", timestamps=(registry.token_facts(Nested("signature", token, lambda algorithm: imprint)),))
    report = yield from gathered_judgement(facts, policy, trust)
    if report.indication != "PASSED":
        raise not_trusted(report)


def not_trusted(report: Report) -> NotVerified:
    """The error about a time stamp that came back and does not pass."""
    failing = next((item for item in report.all_findings() if item.level == "fail"), None)
    text = failing.text if failing else str(report.sub_indication)
    return NotVerified(report, "tsa.not-trusted", f"the time stamp that came back does not verify: {text}")


def gathered_judgement(
    facts: Facts, policy: Policy, trust: TrustStore, *, anew: bool = False, material: Material = NO_MATERIAL
) -> Steps[Report]:
    """Judge facts at the present with what is at hand, and with what is fetched for them.

    ``anew``: fetch revocation data although fresh data is at hand.
    """
    at = yield from now()
    gathered = yield from gather(facts, policy, trust, at, anew=anew, material=material)
    at = max((yield from now()), gathered.at)
    facts = facts._replace(notes=(*facts.notes, *gathered.notes))
    return judge(facts, policy, trust, at, Work(), gathered.material)


def urls_of(tsa: str | Sequence[str] | None) -> tuple[str, ...]:
    """One URL or several, as a tuple."""
    if tsa is None:
        return ()
    return (tsa,) if isinstance(tsa, str) else tuple(tsa)
