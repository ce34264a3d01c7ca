"""Whether an exchange was inside a consent, and if not, every reason why.

Pure: what was exchanged, when, what had been exchanged before and which revocations there are, are arguments. Seals and
signatures on them are verified before, by ``verify().require(signed_by=…)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple, NoReturn

from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.findings import Language, entry
from toyono_trust.delivery.consent.artefact import Consent, Limit, Per, party_members, read_subject, zone_of
from toyono_trust.delivery.consent.revocation import Revocation
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.statements import Object, aware, digest_members, moment_text, read_statement
from toyono_trust.errors import MisuseError
from toyono_trust.formats.model import Party
from toyono_trust.validation.render import safe
from toyono_trust.validation.report import Finding

__all__ = ["Coverage", "Use", "covers", "read_use"]

FORMAT = "toyono_trust/consent-use/v1"
_MALFORMED = "consent.malformed"


TOO_OFTEN: dict[Per, str] = {
    "day": "consent.too-often-day",
    "month": "consent.too-often-month",
    "year": "consent.too-often-year",
    "consent": "consent.too-often-consent",
}


class Use(NamedTuple):
    """What was exchanged, as far as a consent speaks of it.

    ``exchange``: what the manifest calls it, unique. ``purpose``, ``data_types``: codes. ``at``: when, aware.
    ``consent``: SHA-256 of the consent that was invoked; None where none was named.
    """

    exchange: str
    at: datetime
    subject: Party
    requester: str
    provider: str
    purpose: str
    data_types: tuple[str, ...]
    consent: bytes | None = None

    @property
    def octets(self) -> bytes:
        """The same as a statement, for a gateway's own book of uses: RFC 8785 text."""
        named = {} if self.consent is None else {"consent": digest_members("sha256", self.consent)}
        return json_canonical(
            {
                "format": FORMAT,
                "exchange": self.exchange,
                "time": moment_text(self.at),
                "subject": party_members(self.subject),
                "requester": self.requester,
                "provider": self.provider,
                "purpose": self.purpose,
                "dataTypes": list(self.data_types),
                **named,
            }
        )


def read_use(octets: bytes) -> Use:
    """Read what ``Use.octets`` gives. Raises ``MalformedError`` "consent.malformed", "json.…"."""
    required = ("format", "exchange", "time", "subject", "requester", "provider", "purpose", "dataTypes")
    members = Object(read_statement(octets, _MALFORMED), _MALFORMED, required, ("consent",))
    if members.text("format") != FORMAT:
        raise members.error("format", "not known here")
    return Use(
        exchange=members.text("exchange"),
        at=members.moment("time"),
        subject=read_subject(members),
        requester=members.text("requester"),
        provider=members.text("provider"),
        purpose=members.text("purpose"),
        data_types=members.texts("dataTypes", minimum=1),
        consent=members.sha256("consent") if "consent" in members else None,
    )


class Coverage:
    """Yes, or why not. ``covered`` and ``reasons`` (findings "consent.…", all that there are); no boolean itself."""

    __slots__ = ("reasons",)

    def __init__(self, reasons: tuple[Finding, ...]) -> None:
        self.reasons = reasons

    @property
    def covered(self) -> bool:
        """Whether the consent covers the exchange."""
        return not self.reasons

    def __bool__(self) -> NoReturn:
        raise TypeError("a coverage is not a yes or no by itself: look at .covered, and at .reasons")

    def __repr__(self) -> str:
        return f"<Coverage {'covered' if self.covered else [one.code for one in self.reasons]}>"

    def text_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """For people: a line for each reason; empty where it is covered."""
        return "\n".join(safe(f"{one.text_in(language, zone)} [{one.code}]") for one in self.reasons)


def covers(
    consent: Consent,
    exchange: Use,
    at: datetime | None = None,
    *,
    earlier: Iterable[Use] = (),
    revocations: Iterable[Revocation] = (),
) -> Coverage:
    """Whether a consent covers an exchange.

    Args:
        consent: as it was read from what the resident signed.
        exchange: what is, or was, exchanged.
        at: when; by default the exchange's own time. Aware.
        earlier: exchanges under this consent, in any order, this one may be among them; what is later than ``at`` or
            has another consent does not count, nor does what has both identifier and time of this one or of another:
            the requester chooses identifiers, and one used again is another exchange. Read as far as needed.
        revocations: of this and other consents.

    Raises:
        MisuseError: "argument.naive-time"; "consent.argument" for an exchange without data.
    """
    when = aware(exchange.at if at is None else at, "at")
    if not exchange.data_types:
        raise MisuseError("consent.argument", "an exchange without types of data needs no consent", "name them")
    reasons = [
        *_terms(consent, exchange),
        *_period(consent, when),
        *_revoked(consent, when, revocations),
        *_frequency(consent, exchange, when, earlier),
    ]
    return Coverage(tuple(reasons))


def _reason(code: str, subject: str, **values: object) -> Finding:
    return Finding(code, entry(code).level, subject, {"subject": subject, **values})


def _terms(consent: Consent, exchange: Use) -> Iterator[Finding]:
    if exchange.consent is not None and exchange.consent != consent.digest:
        yield _reason("consent.other", consent.identifier)
    if exchange.subject[:2] != consent.subject[:2]:
        yield _reason("consent.subject-differs", to_text(exchange.subject))
    if exchange.requester != consent.requester.identifier:
        yield _reason("consent.requester-differs", exchange.requester)
    if exchange.provider != consent.provider.identifier:
        yield _reason("consent.provider-differs", exchange.provider)
    if exchange.purpose != consent.purpose.code:
        yield _reason("consent.purpose-differs", exchange.purpose)
    allowed = {one.code for one in consent.data_types}
    for code in dict.fromkeys(exchange.data_types):
        if code not in allowed:
            yield _reason("consent.data-type", code)


def _period(consent: Consent, at: datetime) -> Iterator[Finding]:
    if at < consent.start:
        yield _reason("consent.not-yet", consent.identifier, start=consent.start)
    if at >= consent.end:
        yield _reason("consent.expired", consent.identifier, end=consent.end)


def _revoked(consent: Consent, at: datetime, revocations: Iterable[Revocation]) -> Iterator[Finding]:
    """A revocation that nearly names this consent is told, not ignored: somebody wanted something to end."""
    starts = []
    unclear = False
    for one in revocations:
        if one.digest == consent.digest and one.subject[:2] == consent.subject[:2]:
            starts.append(one.start)
        elif one.digest == consent.digest or one.consent == consent.identifier:
            unclear = unclear or at >= one.start
    if starts and at >= min(starts):
        yield _reason("consent.revoked", consent.identifier, start=min(starts))
    if unclear:
        yield _reason("consent.revocation-unclear", consent.identifier)


def _frequency(consent: Consent, exchange: Use, at: datetime, earlier: Iterable[Use]) -> Iterator[Finding]:
    """Count distinct exchanges up to ``at`` in the calendar day, month or year of the consent's zone."""
    if not consent.limits:
        return
    zone = zone_of(consent.zone)
    if zone is None:  # it was there when the consent was read; time-zone data may be missing here
        yield _reason("consent.zone-unknown", consent.zone)
        return
    seen: dict[Limit, set[tuple[str, datetime]]] = {limit: set() for limit in dict.fromkeys(consent.limits)}
    window = {limit: _window(limit.per, at, zone) for limit in seen}
    for one in earlier:
        own = one.exchange, aware(one.at, "at of an earlier exchange")
        if own == (exchange.exchange, exchange.at) or one.at > at or one.consent not in (None, consent.digest):
            continue
        for limit, exchanges in seen.items():
            if len(exchanges) < limit.times and _window(limit.per, one.at, zone) == window[limit]:
                exchanges.add(own)
        if all(len(exchanges) == limit.times for limit, exchanges in seen.items()):
            break
    for limit, exchanges in seen.items():
        if len(exchanges) >= limit.times:
            yield _reason(TOO_OFTEN[limit.per], consent.identifier, count=limit.times)


def _window(per: Per, at: datetime, zone: tzinfo) -> tuple[int, ...]:
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first or last day of the calendar, elsewhere
        local = at.astimezone(UTC)
    return (local.year, local.month, local.day)[: {"consent": 0, "year": 1, "month": 2, "day": 3}[per]]
