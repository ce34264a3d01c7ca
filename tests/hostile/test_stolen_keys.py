"""Revocation data by keys that are in a thief's hands, and dates that no calendar has.

Whoever holds the key of an expired responder, or of an expired or revoked CA, may say today what he likes of any day.
Each case is shown three times: what is said without the forgery, what the forgery leads to, and that the same item
counts where a time stamp proves that it was made while the key was its owner's.

Everything is tried on a signer and on a time-stamping authority. In the latter case the signer's certificate is revoked
two weeks after the stamp, so that nothing but that stamp lets the signature pass.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import made_pki
from made_pki import OCSP, Made
from past_pki import (
    BEGIN,
    DAY,
    END,
    PASSED,
    Party,
    archived,
    authority,
    crl,
    outcome,
    party,
    report_on,
    sign,
    stamped,
    stamper,
    store,
    with_data,
    with_responses,
    year,
)
from toyono_trust.core import asn1
from toyono_trust.core.algorithms import signature_algorithm_identifier
from toyono_trust.validation import etsi, render
from toyono_trust.validation.report import Report, SignatureReport, TimestampReport

Role = Literal["signer", "TSA"]
ROLES: tuple[Role, ...] = ("signer", "TSA")
COMPROMISE, SUPERSEDED = x509.ReasonFlags.key_compromise, x509.ReasonFlags.superseded
MADE, ARCHIVED, LATEST, NOW = year(2022, 7), year(2022, 8), year(2030, 5), year(2030, 6, 2)
FOREVER = year(2059)
GONE = year(2021, 6)
"""When the certificate of what is forged about was revoked."""
LAST_LIST = year(2024, 12, 15)
NOCHECK = [(OCSP, False), (x509.OCSPNoCheck(), False)]

REVOKED = ("REVOKED_NO_POE", "revocation.revoked")
CA_REVOKED = ("REVOKED_CA_NO_POE", "revocation.ca-revoked")
UNPROVEN = ("REVOCATION_OUT_OF_BOUNDS_NO_POE", "revocation.issuer-expired")
MISSING = ("CERTIFICATE_CHAIN_GENERAL_FAILURE", "revocation.missing")
UNUSABLE = ("CERTIFICATE_CHAIN_GENERAL_FAILURE", "revocation.unusable")
EXPIRED_CA = ("CERTIFICATE_CHAIN_GENERAL_FAILURE", "ca.expired")
EXPIRED = ("OUT_OF_BOUNDS_NO_POE", "certificate.expired")


class Town(NamedTuple):
    """The PKI that is attacked, with who signed or stamped by it, and a sound one for the other part."""

    role: Role
    root: Made
    ca: Made
    attacked: Party
    sound: Made
    tsa: Party
    signer: Party

    def signed(self) -> bytes:
        """A signature with a time stamp of ``MADE``; the attacked one made one of the two."""
        if self.role == "signer":
            return stamped(sign(self.attacked, MADE), self.tsa, MADE)
        return stamped(sign(self.signer, MADE), self.attacked, MADE)

    def archived(self, signed: bytes, at: datetime = ARCHIVED) -> bytes:
        """With a sound archive time stamp over all that the file holds."""
        return archived(signed, self.tsa, at, self.ca)

    def report(self, signed: bytes, *items: bytes) -> Report:
        """What is said of it in ``NOW`` with these items at hand; the sound PKI's own are."""
        revoked = [(self.signer, MADE + 14 * DAY)] if self.role == "TSA" else []
        known = crl(self.sound, LATEST, *revoked)
        return report_on(signed, store(self.root, self.sound, items=[known, *items], certificates=[self.ca]), NOW)

    def part(self, report: Report) -> SignatureReport | TimestampReport:
        """What is said of the attacked one's signature value."""
        (signature,) = report.signatures
        if self.role == "signer":
            return signature
        (stamp,) = [each for each in signature.timestamps if each.token.type == "signature"]
        return stamp

    def fails(self, said: tuple[str, str], signed: bytes, *items: bytes) -> set[str]:
        """The codes of a report that says this, and of the whole file what follows from it."""
        report = self.report(signed, *items)
        part = self.part(report)
        assert part.decisive is not None, part
        found = [(each.code, each.level) for each in part.findings]
        assert (*outcome(part), part.decisive.code) == ("INDETERMINATE", *said), found
        assert part.decisive.level == "fail"
        assert report.decisive is not None
        whole = said if self.role == "signer" else REVOKED
        assert (*outcome(report), report.decisive.code) == ("INDETERMINATE", *whole), list(report.all_findings())
        return {code for code, _ in found}

    def passes(self, signed: bytes, *items: bytes) -> Report:
        """The report, which is good."""
        report = self.report(signed, *items)
        found = [(each.code, each.level, each.subject) for each in report.all_findings()]
        assert outcome(report) == PASSED, found
        assert self.part(report).indication in ("PASSED", "TOTAL-PASSED")
        assert report.signatures[0].best_signature_time == MADE
        assert not [each for each in found if each[1] == "fail"]
        return report


def town(role: Role, *, ca_ends: datetime = END, ends: datetime = END) -> Town:
    """Both PKIs. ``ca_ends``, ``ends``: the last instants of the attacked CA and of the certificate below it."""
    root, sound = authority("attacked root"), authority("sound root")
    ca = authority("attacked CA", root, end=ca_ends)
    make = party if role == "signer" else stamper
    attacked = make(f"attacked {role}", ca, root, end=ends)
    return Town(role, root, ca, attacked, sound, stamper("sound TSA", sound), party("sound signer", sound))


both = pytest.mark.parametrize("role", ROLES)


# -- an expired responder's key


def _responder(issuer: Made, name: str, **more: Any) -> Party:
    return party(name, issuer, start=BEGIN, extensions=NOCHECK, **more)


def _good(about: Made, issuer: Made, responder: Party, at: datetime, produced: datetime | None = None) -> bytes:
    """A responder's word that ``about`` is good, which is fresh for long."""
    return made_pki.ocsp_response(about, issuer, responder.made, at=at, produced=produced or at, until=FOREVER).der


class Vouching(NamedTuple):
    """A responder that may speak of a CA or of the leaf until 2023, and all lists but the one about that."""

    town: Town
    about: Made
    issuer: Made
    responder: Party
    others: tuple[bytes, ...]
    said: tuple[str, str]

    @classmethod
    def of(cls, role: Role, about: str) -> Vouching:
        known = town(role)
        issuer, whom = (known.root, known.ca) if about == "CA" else (known.ca, known.attacked.made)
        responder = _responder(issuer, f"expired responder of the {about}", end=year(2023))
        others = (crl(known.ca, LATEST),) if about == "CA" else (crl(known.root, LATEST),)
        return cls(known, whom, issuer, responder, others, CA_REVOKED if about == "CA" else REVOKED)

    def forged(self, at: datetime, produced: datetime | None = None) -> bytes:
        return _good(self.about, self.issuer, self.responder, at, produced)


@both
@pytest.mark.parametrize("about", ["CA", "leaf"])
def test_an_expired_responders_key_does_not_overrule_the_list(role: Role, about: str) -> None:
    """Revoked by the list at hand. The thief has to set producedAt back, as the responder's certificate has ended."""
    case = Vouching.of(role, about)
    signed, told = case.town.signed(), crl(case.issuer, LATEST, (case.about, GONE))
    case.town.fails(case.said, signed, *case.others, told)
    later = case.forged(LATEST + DAY, year(2022, 6))
    assert "revocation.too-late" in case.town.fails(case.said, with_responses(signed, later), *case.others, told)
    outright = case.forged(LATEST + DAY)
    found = case.town.fails(case.said, with_responses(signed, outright), *case.others, told)
    assert "revocation.responder-outside-validity" in found
    back = case.forged(year(2022, 6))
    for with_it in (signed, case.town.archived(signed)):
        case.town.fails(case.said, with_responses(with_it, back), *case.others, told)
    case.town.fails(case.said, case.town.archived(with_responses(signed, back)), *case.others, told)


@both
@pytest.mark.parametrize("about", ["CA", "leaf"])
def test_nor_does_it_count_where_there_is_no_list(role: Role, about: str) -> None:
    case = Vouching.of(role, about)
    signed, forged = case.town.signed(), case.forged(year(2022, 6))
    case.town.fails(MISSING, signed, *case.others)
    evil = with_responses(signed, forged)
    case.town.fails(UNPROVEN, evil, *case.others)
    case.town.fails(UNPROVEN, case.town.archived(evil, year(2023) + DAY), *case.others)
    case.town.fails(UNPROVEN, with_responses(case.town.archived(signed), forged), *case.others)
    # its certificate was there in time, which proves nothing about the response
    known = archived(signed, case.town.tsa, ARCHIVED, case.town.ca, case.responder)
    case.town.fails(UNPROVEN, with_responses(known, forged), *case.others)


@both
@pytest.mark.parametrize("about", ["CA", "leaf"])
def test_an_expired_responders_word_counts_where_it_was_archived_in_time(role: Role, about: str) -> None:
    case = Vouching.of(role, about)
    honest = with_responses(case.town.signed(), case.forged(year(2022, 6)))
    case.town.passes(case.town.archived(honest), *case.others)
    case.town.passes(case.town.archived(honest, year(2023)), *case.others)


# -- a revoked CA's key


@both
@pytest.mark.parametrize("reason", [COMPROMISE, x509.ReasonFlags.ca_compromise, x509.ReasonFlags.unspecified, None])
def test_a_revoked_cas_key(role: Role, reason: x509.ReasonFlags | None) -> None:
    """It is revoked in 2025; in 2030 a list by its key has forgotten who was revoked in 2021."""
    known = town(role)
    signed, told = known.signed(), crl(known.root, LATEST, (known.ca, year(2025), reason))
    honest = crl(known.ca, LAST_LIST, (known.attacked, GONE))
    known.fails(REVOKED, signed, told, honest)
    known.fails(REVOKED, known.archived(signed), told, honest)
    for forged in (crl(known.ca, LATEST + DAY), crl(known.ca, LAST_LIST + DAY, until=FOREVER)):
        known.fails(CA_REVOKED, with_data(signed, forged), told)
        known.fails(CA_REVOKED, known.archived(with_data(signed, forged), year(2025)), told)
        known.fails(CA_REVOKED, with_data(signed, forged), told, honest)
        known.fails(CA_REVOKED, with_data(known.archived(signed), forged), told, honest)
        # what was archived before the CA was revoked still says who was revoked before
        known.fails(REVOKED, with_data(known.archived(with_data(signed, honest), LAST_LIST + DAY), forged), told)


@both
def test_a_revoked_cas_list_counts_where_it_was_archived_in_time(role: Role) -> None:
    known = town(role)
    told = crl(known.root, LATEST, (known.ca, year(2025), COMPROMISE))
    honest = with_data(known.signed(), crl(known.ca, year(2022, 6), until=FOREVER))
    known.passes(known.archived(honest), told)
    known.passes(known.archived(honest, year(2025) - DAY), told)
    known.fails(CA_REVOKED, known.archived(honest, year(2025) + DAY), told)


@pytest.mark.parametrize(
    "reason", [SUPERSEDED, x509.ReasonFlags.cessation_of_operation, x509.ReasonFlags.affiliation_changed]
)
def test_a_ca_that_was_superseded_after_the_stamp_may_still_speak(reason: x509.ReasonFlags) -> None:
    """Its key is nobody else's; of the signer it is enough that the stamp is older (5.5.4 step 4 a)."""
    known = town("signer")
    signed, told = known.signed(), crl(known.root, LATEST, (known.ca, year(2025), reason))
    known.passes(signed, told, crl(known.ca, LATEST))
    known.fails(REVOKED, signed, told, crl(known.ca, LATEST, (known.attacked, GONE)))
    before = crl(known.root, LATEST, (known.ca, MADE, reason))
    known.fails(CA_REVOKED, signed, before, crl(known.ca, LATEST))


def test_a_tsa_below_a_superseded_ca_passes_once_archived() -> None:
    """Without an archive nothing proves that the stamp itself is older than the revocation."""
    known = town("TSA")
    honest = with_data(known.signed(), crl(known.ca, year(2022, 6), until=FOREVER))
    told = crl(known.root, LATEST, (known.ca, year(2025), SUPERSEDED))
    known.fails(CA_REVOKED, honest, told)
    known.passes(known.archived(honest), told)


# -- an expired CA's key


def _root_list(known: Town, *, keeps: bool) -> bytes:
    """The root's list; ``keeps``: it says that it keeps expired certificates (X.509 expiredCertsOnCRL)."""
    since = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), asn1.generalized(BEGIN))
    return crl(known.root, LATEST, extensions=[(since, False)] if keeps else [])


@both
@pytest.mark.parametrize("keeps", [True, False], ids=["root keeps the expired", "root forgets the expired"])
@pytest.mark.parametrize("outlives", [True, False], ids=["leaf outlives its CA", "leaf expired"])
def test_an_expired_cas_key(role: Role, *, keeps: bool, outlives: bool) -> None:
    """It expires in 2025; in 2030 a list by its key, set back to 2024, has forgotten who was revoked in 2021."""
    known = town(role, ca_ends=year(2025), ends=END if outlives else year(2024, 12, 30))
    signed, roots = known.signed(), _root_list(known, keeps=keeps)
    honest, forged = crl(known.ca, LAST_LIST - DAY, (known.attacked, GONE)), crl(known.ca, LAST_LIST, until=FOREVER)
    for with_it in (signed, known.archived(signed)):
        known.fails(REVOKED, with_it, roots, honest)
    evil = [
        with_data(signed, forged),
        with_data(known.archived(signed), forged),
        known.archived(with_data(signed, forged), year(2025) + DAY),
    ]
    said = EXPIRED if not outlives else EXPIRED_CA if role == "TSA" else UNPROVEN if keeps else UNUSABLE
    for each in evil:
        assert "revocation.issuer-expired" in known.fails(said, each, roots)
        known.fails(said, each, roots, honest)


@both
@pytest.mark.parametrize("keeps", [True, False], ids=["root keeps the expired", "root forgets the expired"])
@pytest.mark.parametrize("outlives", [True, False], ids=["leaf outlives its CA", "leaf expired"])
def test_an_expired_cas_list_counts_where_it_was_archived_in_time(role: Role, *, keeps: bool, outlives: bool) -> None:
    """With what the root said then, or with what it still says."""
    known = town(role, ca_ends=year(2025), ends=END if outlives else year(2024, 12, 30))
    honest = with_data(known.signed(), crl(known.ca, year(2022, 6), until=FOREVER))
    if not keeps:
        honest = with_data(honest, crl(known.root, year(2022, 6), until=FOREVER))
    roots = _root_list(known, keeps=keeps)
    known.passes(known.archived(honest), roots)
    known.passes(known.archived(honest, year(2024, 12, 30)), roots)
    late = EXPIRED if not outlives else EXPIRED_CA if role == "TSA" else UNPROVEN
    known.fails(late, known.archived(honest, year(2025) + DAY), roots)


# -- a listed responder without need of data


@both
def test_a_listed_responder_without_need_of_data(role: Role) -> None:
    """Nobody has to ask about its certificate (RFC 6960 4.2.2.2.1); but what the list at hand says of it counts."""
    known = town(role)
    responder = _responder(known.ca, "listed responder")
    signed, roots = known.signed(), crl(known.root, LATEST)
    forged = with_responses(signed, _good(known.attacked.made, known.ca, responder, LATEST + DAY))
    told = crl(known.ca, LATEST, (known.attacked, GONE), (responder, year(2025), COMPROMISE))
    known.fails(REVOKED, signed, roots, told)
    assert "revocation.signer-revoked" in known.fails(REVOKED, forged, roots, told)
    # a list of users' certificates says nothing of the CA, but does of the responder
    known = town(role)
    responder = _responder(known.root, "listed responder")
    signed, lists = known.signed(), crl(known.ca, LATEST)
    forged = with_responses(signed, _good(known.ca, known.root, responder, LATEST + DAY))
    known.fails(UNUSABLE, signed, lists, _users(known))
    told = _users(known, (responder, year(2025), COMPROMISE))
    found = known.fails(UNUSABLE, forged, lists, told)
    assert "revocation.signer-revoked" in found
    known.passes(forged, lists, _users(known))


@both
def test_a_responder_without_need_of_data_that_is_not_listed_is_believed(role: Role) -> None:
    """The newer word is the responder's."""
    known = town(role)
    responder = _responder(known.ca, "sound responder")
    roots, older = crl(known.root, LATEST), crl(known.ca, LATEST - 400 * DAY)
    word = _good(known.attacked.made, known.ca, responder, LATEST)
    known.fails(MISSING, known.signed(), roots)
    known.passes(with_responses(known.signed(), word), roots, older)
    known.passes(known.archived(with_responses(known.signed(), word), NOW - DAY), roots, older)


def _users(known: Town, *revoked: Any) -> bytes:
    """The root's list of certificates of users alone."""
    scope = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    return crl(known.root, LATEST, *revoked, extensions=[(scope, True)])


def _answered(known: Town, *, nocheck: bool) -> tuple[bytes, bytes]:
    """A file with a responder's word of 2022 on the CA, and a list that names the responder since 2025."""
    responder = party("listed responder", known.root, extensions=NOCHECK if nocheck else [(OCSP, False)])
    answer = _good(known.ca, known.root, responder, year(2022, 6))
    return with_responses(known.signed(), answer), _users(known, (responder, year(2025), COMPROMISE))


@both
@pytest.mark.parametrize("nocheck", [True, False], ids=["no data needed", "data needed"])
def test_a_listed_responders_word_does_not_count_where_it_was_archived_too_late(role: Role, *, nocheck: bool) -> None:
    known = town(role)
    honest, told = _answered(known, nocheck=nocheck)
    for each in (honest, known.archived(honest, year(2025) + DAY)):
        assert "revocation.signer-revoked" in known.fails(UNUSABLE, each, crl(known.ca, LATEST), told)
    known.passes(honest, crl(known.ca, LATEST), _users(known))


@both
@pytest.mark.parametrize("nocheck", [True, False], ids=["no data needed", "data needed"])
def test_a_listed_responders_word_counts_where_it_was_archived_in_time(role: Role, *, nocheck: bool) -> None:
    known = town(role)
    honest, told = _answered(known, nocheck=nocheck)
    known.passes(known.archived(honest), crl(known.ca, LATEST), told)


# -- dates beyond the calendar


def _listing(issuer: Made, serial: int, when: str, at: datetime) -> bytes:
    """A list that says of one certificate since when it is revoked, in any octets."""
    algorithm = signature_algorithm_identifier("ecdsa-sha256")
    body = asn1.sequence(
        asn1.integer_der(1),
        algorithm,
        issuer.certificate.subject_der,
        asn1.generalized(at),
        asn1.generalized(at + 366 * DAY),
        asn1.sequence(asn1.sequence(asn1.integer_der(serial), asn1.der(0x18, when.encode()))),
    )
    return asn1.sequence(body, algorithm, asn1.bit_string(issuer.key.sign(body, ec.ECDSA(hashes.SHA256()))))


def _written(report: Report) -> None:
    """Everything that can be said of it can be said, in zones on both sides of UTC."""
    for zone in ("Asia/Tokyo", "America/New_York"):
        for language in ("ja", "en"):
            assert report.indication in render.text(report, language, ZoneInfo(zone))  # type: ignore[arg-type]
    assert report.to_json()["indication"] == report.indication
    assert etsi.xml(report)
    assert report.log_line()
    assert (report.lapse is None) == (report.valid_until is None)


DATES = {"year 1": "00010101000000Z", "year 9999": "99991231235959Z"}


@both
@pytest.mark.parametrize("about", ["CA", "leaf"])
@pytest.mark.parametrize("kind", ["CRL", "OCSP"])
@pytest.mark.parametrize("proven", [True, False], ids=["archived", "loose"])
@pytest.mark.parametrize("date", DATES)
def test_dates_beyond_the_calendar(role: Role, about: str, kind: str, date: str, *, proven: bool) -> None:
    """Revoked before all time is revoked; at the end of all time it is not yet. Either is said, whatever the zone."""
    case = Vouching.of(role, about)
    known, signed, at = case.town, case.town.signed(), MADE - DAY if proven else LATEST
    if kind == "CRL":
        signed = with_data(signed, _listing(case.issuer, case.about.certificate.serial, DATES[date], at))
    else:
        responder = _responder(case.issuer, f"sound responder of the {about}")
        year_one = datetime(1, 1, 1, tzinfo=UTC)
        when = year_one if date == "year 1" else datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        response = made_pki.ocsp_response(
            case.about, case.issuer, responder.made, at=at, until=at + 366 * DAY, revoked_at=when
        )
        assert DATES[date].encode() in response.der
        signed = with_responses(signed, response.der)
    if proven:
        signed = known.archived(signed)
    items = (*case.others, crl(case.issuer, LATEST)) if date == "year 9999" and proven else case.others
    if date == "year 1":
        known.fails(case.said, signed, *items)
    else:
        known.passes(signed, *items)
    _written(known.report(signed, *items))
