"""The consent itself: who may ask whom for what about one resident, why, when and how often.

A statement in RFC 8785 form, signed by the resident or sealed by the town. The resident stands in it by a pseudonym
alone: no name, no address, no birth date, and never the Individual Number (個人番号), which the law forbids to hand on.
A signature made with the Individual Number Card brings the card's certificate, with name and address: that file stays
with the town that checked it, and what leaves is the same statement under the town's seal.
What a person agrees to is there as text in Japanese and English beside each code that machines compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal, NamedTuple, cast, get_args
from unicodedata import normalize

from toyono_trust.core.algorithms import digest
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.findings import Language
from toyono_trust.delivery.parties import JPKI_PSEUDONYM, is_individual_number
from toyono_trust.delivery.statements import Object, aware, moment_text, proved, read_statement
from toyono_trust.errors import MisuseError
from toyono_trust.formats.model import Party

__all__ = ["Consent", "Limit", "Organisation", "Per", "Term", "Text", "build", "read_consent", "zone_of"]

FORMAT = "toyono_trust/consent/v1"
MAX_LIMIT = 1_000_000
"""The largest number of times that is still a limit: more than one exchange a minute for a year."""
_MALFORMED = "consent.malformed"

Per = Literal["day", "month", "year", "consent"]
"""A calendar day, month or year in the consent's zone; ``"consent"``: as long as it lasts."""

_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}[\W_ー]{0,2}[0-9]{4}[\W_ー]{0,2}[0-9]{4}(?![0-9])")
"""Twelve digits as people write the Individual Number, whichever of the many dashes or blanks they put in."""
_UUID = re.compile("(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-f])")
"""RFC 9562. One random UUID in some 2,000 has twelve digits in a row that look like an Individual Number."""
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
"""The form of an IANA name. Whether there is such a zone, the machine that counts days must know."""
_JAPAN = timezone(timedelta(hours=9), "JST")
"""Without summer time since 1952, so that no machine needs data for it."""
_PSEUDONYM = re.compile(r"[A-Za-z0-9_-]{16,128}")


class Text(NamedTuple):
    """What people read, in Japanese and English."""

    ja: str
    en: str

    def text_in(self, language: Language) -> str:
        """The one of a language."""
        return self.ja if language == "ja" else self.en


class Term(NamedTuple):
    """A purpose or a type of data. ``code``: what machines compare, best a URI; ``text``: what the resident reads."""

    code: str
    text: Text


class Organisation(NamedTuple):
    """Who asks for data or provides it. ``identifier``: as text, "NTRJP-1234567890123"."""

    identifier: str
    name: Text


class Limit(NamedTuple):
    """At most so many ``times`` each ``per``."""

    times: int
    per: Per


class Consent(NamedTuple):
    """What a resident allows. Times are aware; the period is half open: from ``start`` on, and before ``end``.

    ``subject``: a pseudonym. ``zone``: in which days and months are counted: "Asia/Tokyo", or an offset "+09:00".
    ``limits``: all of them hold; none: as often as needed. ``withdrawal``: how the resident takes the consent back.
    """

    identifier: str
    subject: Party
    requester: Organisation
    provider: Organisation
    purpose: Term
    data_types: tuple[Term, ...]
    given: datetime
    start: datetime
    end: datetime
    zone: str
    limits: tuple[Limit, ...]
    withdrawal: Text

    @property
    def octets(self) -> bytes:
        """The statement: RFC 8785 text; what is signed."""
        return json_canonical(
            {
                "format": FORMAT,
                "identifier": self.identifier,
                "subject": party_members(self.subject),
                "requester": organisation_members(self.requester),
                "provider": organisation_members(self.provider),
                "purpose": term_members(self.purpose),
                "dataTypes": [term_members(one) for one in self.data_types],
                "given": moment_text(self.given),
                "from": moment_text(self.start),
                "until": moment_text(self.end),
                "zone": self.zone,
                "limits": [{"times": one.times, "per": one.per} for one in self.limits],
                "withdrawal": self.withdrawal._asdict(),
            }
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement, by which revocations, manifests and receipts name it."""
        return digest("sha256", self.octets)


def build(
    identifier: str,
    *,
    subject: Party,
    requester: Organisation,
    provider: Organisation,
    purpose: Term,
    data_types: Iterable[Term],
    given: datetime,
    start: datetime,
    end: datetime,
    withdrawal: Text,
    zone: str = "Asia/Tokyo",
    limits: Iterable[Limit] = (),
) -> Consent:
    """A consent that can be read again.

    Raises ``MisuseError``: "consent.argument", "consent.subject" (no pseudonym), "consent.individual-number" (twelve
    digits that look like one, anywhere), "argument.naive-time".
    """
    times = [aware(at, name).astimezone(UTC) for name, at in (("given", given), ("start", start), ("end", end))]
    check_subject(subject)
    made = Consent(
        identifier, subject, requester, provider, purpose, tuple(data_types), times[0], times[1], times[2], zone,
        tuple(limits), withdrawal,
    )  # fmt: skip
    if zone_of(zone) is None:
        raise MisuseError("consent.argument", f"no time zone is called {zone!r}", 'write "Asia/Tokyo" or "+09:00"')
    refuse_individual_numbers(made.octets)
    return cast(Consent, proved(made.octets, read_consent, "consent.argument"))


def read_consent(octets: bytes) -> Consent:
    """Read a consent. Raises ``MalformedError`` "consent.malformed", "json.…"."""
    members = Object(read_statement(octets, _MALFORMED), _MALFORMED, _MEMBERS)
    if members.text("format") != FORMAT:
        raise members.error("format", "not known here")
    start, end, zone = members.moment("from"), members.moment("until"), members.text("zone", 64)
    if end <= start:
        raise members.error("until", "not later than from")
    if not _ZONE.fullmatch(zone) and zone_of(zone) is None:
        raise members.error("zone", "no time zone")
    limits = []
    for one in members.objects("limits", ("times", "per")):
        if one.text("per") not in get_args(Per):
            raise one.error("per", f"none of {', '.join(get_args(Per))}")
        limits.append(Limit(one.count("times", MAX_LIMIT), cast(Per, one.text("per"))))
    types = tuple(_term(one) for one in members.objects("dataTypes", ("code", "text"), minimum=1))
    if len({one.code for one in types}) != len(types):
        raise members.error("dataTypes", "with a type twice")
    return Consent(
        identifier=members.text("identifier"),
        subject=read_subject(members),
        requester=read_organisation(members, "requester"),
        provider=read_organisation(members, "provider"),
        purpose=read_term(members, "purpose"),
        data_types=types,
        given=members.moment("given"),
        start=start,
        end=end,
        zone=zone,
        limits=tuple(limits),
        withdrawal=read_text(members, "withdrawal"),
    )


_MEMBERS = (
    *("format", "identifier", "subject", "requester", "provider", "purpose", "dataTypes"),
    *("given", "from", "until", "zone", "limits", "withdrawal"),
)


def zone_of(name: str) -> tzinfo | None:
    """The zone of an offset ("+09:00") or of an IANA name; None where there is none, or no data about it here."""
    if name == "Asia/Tokyo":
        return _JAPAN
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        hours, minutes = int(offset[2]), int(offset[3])
        if hours > 14 or minutes > 59:
            return None
        span = timedelta(hours=hours, minutes=minutes)
        return timezone(-span if offset[1] == "-" else span)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name) if _ZONE.fullmatch(name) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


# -- shared with revocations and residents' receipts


def check_subject(subject: Party) -> None:
    """Refuse a subject that is no pseudonym. Raises ``MisuseError`` "consent.subject"."""
    if not _is_pseudonym(subject.identifier, subject.scheme) or subject.attributes or subject.certificate_digests:
        raise MisuseError(
            "consent.subject",
            "a resident stands in a consent by a pseudonym alone",
            f"use parties.jpki_pseudonym(), or a pseudonym of your own under a scheme that ends with -pseudonym, "
            f"not {subject.scheme or 'a text without scheme'}",
        )


def refuse_individual_numbers(octets: bytes) -> None:
    """Raise ``MisuseError`` "consent.individual-number" where a statement has what looks like one in any notation."""
    plain = _UUID.sub("", normalize("NFKC", octets.decode("utf-8")))
    for found in _DIGITS.finditer(plain):
        if is_individual_number(re.sub("[^0-9]", "", found.group())):
            raise MisuseError(
                "consent.individual-number",
                "a text holds twelve digits that look like an Individual Number",
                "the law forbids to hand it on; name the resident by a pseudonym",
            )


def _is_pseudonym(identifier: str, scheme: str) -> bool:
    return scheme.endswith("-pseudonym") and _PSEUDONYM.fullmatch(identifier) is not None


def party_members(party: Party) -> dict[str, str]:
    """A pseudonym as a statement has it."""
    return {"identifier": party.identifier, "scheme": party.scheme}


def organisation_members(one: Organisation) -> dict[str, Any]:
    """An organisation as a statement has it."""
    return {"identifier": one.identifier, "name": one.name._asdict()}


def term_members(one: Term) -> dict[str, Any]:
    """A purpose or type of data as a statement has it."""
    return {"code": one.code, "text": one.text._asdict()}


def read_subject(members: Object) -> Party:
    """The pseudonym of a statement."""
    found = members.object("subject", ("identifier", "scheme"))
    party = Party(found.text("identifier"), found.text("scheme", 64))
    if not _is_pseudonym(*party[:2]):
        raise found.error("identifier", f"no pseudonym (such as {JPKI_PSEUDONYM})")
    return party


def read_organisation(members: Object, name: str) -> Organisation:
    """An organisation of a statement."""
    found = members.object(name, ("identifier", "name"))
    return Organisation(found.text("identifier"), read_text(found, "name"))


def read_term(members: Object, name: str) -> Term:
    """A purpose of a statement."""
    return _term(members.object(name, ("code", "text")))


def read_terms(members: Object, name: str) -> tuple[Term, ...]:
    """Types of data of a statement."""
    return tuple(_term(one) for one in members.objects(name, ("code", "text"), minimum=1))


def read_text(members: Object, name: str) -> Text:
    """A text of a statement."""
    found = members.object(name, ("ja", "en"))
    return Text(found.text("ja"), found.text("en"))


def _term(members: Object) -> Term:
    return Term(members.text("code"), read_text(members, "text"))
