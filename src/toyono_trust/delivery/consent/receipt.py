"""What a resident is told of an exchange: "your data went from A to B for purpose P at T".

A statement in RFC 8785 form that the town or the provider seals; ``edge.consent_paper`` makes a page of it. The
resident, and nobody else, gets it. It is told too where an exchange was outside the consent: then it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple, cast

from toyono_trust.core.algorithms import digest
from toyono_trust.core.canonical import json_canonical
from toyono_trust.core.findings import Language
from toyono_trust.delivery.consent.artefact import (
    Consent,
    Organisation,
    Term,
    Text,
    organisation_members,
    party_members,
    read_organisation,
    read_subject,
    read_term,
    read_terms,
    read_text,
    refuse_individual_numbers,
    term_members,
)
from toyono_trust.delivery.consent.coverage import Coverage, Use
from toyono_trust.delivery.consent.words import LABELS, OUTSIDE, VERIFY, date_and_time
from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.statements import Object, aware, digest_members, moment_text, proved, read_statement
from toyono_trust.formats.model import Party

__all__ = ["ResidentReceipt", "read_resident_receipt", "resident_receipt"]

FORMAT = "toyono_trust/resident-receipt/v1"
_MALFORMED = "consent.malformed"


class ResidentReceipt(NamedTuple):
    """``at``: when the data went; ``issued``: when this was made. ``outside``: codes of why it was not covered.

    ``manifest``: SHA-256 of the exchange's manifest, None where there is none. ``objection``: how to object.
    """

    identifier: str
    subject: Party
    provider: Organisation
    requester: Organisation
    purpose: Term
    data_types: tuple[Term, ...]
    at: datetime
    consent: str
    consent_digest: bytes
    exchange: str
    manifest: bytes | None
    outside: tuple[str, ...]
    objection: Text
    issuer: Organisation
    issued: datetime

    @property
    def octets(self) -> bytes:
        """The statement: RFC 8785 text; ``seal(receipt.octets, by=town, format="jades")`` seals it."""
        stated = {} if self.manifest is None else {"digest": digest_members("sha256", self.manifest)}
        return json_canonical(
            {
                "format": FORMAT,
                "identifier": self.identifier,
                "subject": party_members(self.subject),
                "provider": organisation_members(self.provider),
                "requester": organisation_members(self.requester),
                "purpose": term_members(self.purpose),
                "dataTypes": [term_members(one) for one in self.data_types],
                "time": moment_text(self.at),
                "consent": {"identifier": self.consent, "digest": digest_members("sha256", self.consent_digest)},
                "exchange": {"identifier": self.exchange, **stated},
                "outside": list(self.outside),
                "objection": self.objection._asdict(),
                "issuer": organisation_members(self.issuer),
                "issued": moment_text(self.issued),
            }
        )

    def sentence_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """All in one sentence."""
        words = {
            "provider": self.provider.name.text_in(language),
            "requester": self.requester.name.text_in(language),
            "purpose": self.purpose.text.text_in(language),
            "at": date_and_time(self.at, language, zone),
        }
        return LABELS["sentence"].text_in(language).format_map(words)

    def standing_in(self, language: Language) -> str:
        """Whether the consent covered it; if not, why."""
        if not self.outside:
            return LABELS["covered"].text_in(language)
        known = [OUTSIDE[code].text_in(language) for code in self.outside if code in OUTSIDE]
        return ("" if language == "ja" else " ").join([LABELS["outside"].text_in(language), *known])

    def rows_in(self, language: Language, zone: tzinfo = UTC) -> tuple[tuple[str, str], ...]:
        """Label and text of all that it says, in the order in which a person wants to know it."""

        def called(one: Organisation) -> str:
            name = one.name.text_in(language)
            return f"{name}（{one.identifier}）" if language == "ja" else f"{name} ({one.identifier})"

        types = ("、" if language == "ja" else "; ").join(one.text.text_in(language) for one in self.data_types)
        rows = {
            "at": date_and_time(self.at, language, zone),
            "provider": called(self.provider),
            "requester": called(self.requester),
            "data": types,
            "purpose": self.purpose.text.text_in(language),
            "consent": self.consent,
            "standing": self.standing_in(language),
            "objection": self.objection.text_in(language),
            "verify": VERIFY.text_in(language),
            "subject": to_text(self.subject),
            "exchange": self.exchange,
            "identifier": self.identifier,
            "issued": date_and_time(self.issued, language, zone),
            "issuer": called(self.issuer),
        }
        return tuple((LABELS[name].text_in(language), text) for name, text in rows.items())

    def text_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """For people, as plain text."""
        parted = "：" if language == "ja" else ": "
        lines = [f"{label}{parted}{text}" for label, text in self.rows_in(language, zone)]
        return "\n".join([LABELS["title"].text_in(language), "", self.sentence_in(language, zone), "", *lines])


def resident_receipt(
    consent: Consent,
    exchange: Use,
    coverage: Coverage,
    *,
    identifier: str,
    issuer: Organisation,
    issued: datetime,
    objection: Text,
    manifest: bytes | None = None,
    names: Mapping[str, Text] = MappingProxyType({}),
) -> ResidentReceipt:
    """The receipt about an exchange.

    Args:
        consent: under which it was made.
        exchange: what was exchanged.
        coverage: of ``covers``; where it is not covered, the receipt says so.
        identifier: of this receipt; unique, best ``urn:uuid:…``.
        issuer: who seals it.
        issued: when, aware.
        objection: how the resident objects: a telephone number, a page.
        manifest: the octets of the exchange's manifest.
        names: what codes and identifiers mean that are not in the consent; without, they stand as they are.

    Raises:
        MisuseError: "consent.argument", "consent.individual-number", "argument.naive-time".
    """
    known = {one.code: one for one in consent.data_types}
    same = exchange.requester == consent.requester.identifier, exchange.provider == consent.provider.identifier
    made = ResidentReceipt(
        identifier=identifier,
        subject=exchange.subject,
        provider=consent.provider if same[1] else _unnamed(exchange.provider, names),
        requester=consent.requester if same[0] else _unnamed(exchange.requester, names),
        purpose=consent.purpose if exchange.purpose == consent.purpose.code else _coded(exchange.purpose, names),
        data_types=tuple(known.get(code) or _coded(code, names) for code in dict.fromkeys(exchange.data_types)),
        at=aware(exchange.at, "at").astimezone(UTC),
        consent=consent.identifier,
        consent_digest=consent.digest,
        exchange=exchange.exchange,
        manifest=None if manifest is None else digest("sha256", manifest),
        outside=tuple(dict.fromkeys(one.code for one in coverage.reasons)),
        objection=objection,
        issuer=issuer,
        issued=aware(issued, "issued").astimezone(UTC),
    )
    refuse_individual_numbers(made.octets)
    return cast(ResidentReceipt, proved(made.octets, read_resident_receipt, "consent.argument"))


def read_resident_receipt(octets: bytes) -> ResidentReceipt:
    """Read a resident's receipt. Raises ``MalformedError`` "consent.malformed", "json.…"."""
    members = Object(read_statement(octets, _MALFORMED), _MALFORMED, _MEMBERS)
    if members.text("format") != FORMAT:
        raise members.error("format", "not known here")
    consent = members.object("consent", ("identifier", "digest"))
    exchange = members.object("exchange", ("identifier",), ("digest",))
    return ResidentReceipt(
        identifier=members.text("identifier"),
        subject=read_subject(members),
        provider=read_organisation(members, "provider"),
        requester=read_organisation(members, "requester"),
        purpose=read_term(members, "purpose"),
        data_types=read_terms(members, "dataTypes"),
        at=members.moment("time"),
        consent=consent.text("identifier"),
        consent_digest=consent.sha256("digest"),
        exchange=exchange.text("identifier"),
        manifest=exchange.sha256("digest") if "digest" in exchange else None,
        outside=members.texts("outside"),
        objection=read_text(members, "objection"),
        issuer=read_organisation(members, "issuer"),
        issued=members.moment("issued"),
    )


_MEMBERS = (
    *("format", "identifier", "subject", "provider", "requester", "purpose", "dataTypes", "time"),
    *("consent", "exchange", "outside", "objection", "issuer", "issued"),
)


def _unnamed(identifier: str, names: Mapping[str, Text]) -> Organisation:
    return Organisation(identifier, names.get(identifier) or Text(identifier, identifier))


def _coded(code: str, names: Mapping[str, Text]) -> Term:
    return Term(code, names.get(code) or Text(code, code))
