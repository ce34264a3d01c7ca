"""What may happen to a signer, a TSA, a CA and time itself: EU DSS and we say the same, or it is said why not.

A town is driven through years; every file is made at a chosen time, and both engines judge it at a chosen time with
revocation data of a chosen time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

import plain_pdfs
import tsa_town
from interop.dss_peer import ANY_AGE, Dss
from interop.dss_town import Situation, Verdict, both
from toyono_trust import verbs
from toyono_trust.core.asn1 import generalized
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.core.content import BytesContent
from toyono_trust.devpki import Simulation, Town
from toyono_trust.formats import cades, jades
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.sources import contents_of, delivered
from toyono_trust.steps import World, run

pytestmark = [pytest.mark.integration, pytest.mark.dss]

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
CONTENT = b"level 3.2 m\n"
FORMS = ("cades", "jades", "pades")


class Made(NamedTuple):
    """A file, when it is judged, and when the CRLs at hand were issued."""

    data: bytes
    at: datetime
    fresh: datetime


class Case(NamedTuple):
    """How a file comes about in a town, and DSS's verdict.

    ``ours``: where ours differs, with the reason. ``any_age``: DSS's where the age of revocation data does not count.
    """

    make: Callable[[Town, str], Made]
    theirs: tuple[str, str | None]
    ours: tuple[str, str | None] | None = None
    reason: str = ""
    any_age: tuple[str, str | None] | None = None


def signed(
    town: Town, form: Any, level: str = "B-B", *, who: str = "town", at: datetime = NOW, **options: Any
) -> bytes:
    """Signed by somebody of the town at a time; the town's TSA answers at that time too."""
    document = plain_pdfs.classic() if form == "pades" else CONTENT
    if form == "jades":
        options = {"details": JadesDetails(serialization="flattened")} | options
    tsa = None if level == "B-B" else f"{town.base_url}/tsr"
    trust = Situation(town).trust(at) if level in ("B-LT", "B-LTA") else None
    world = World(lambda: at, secrets.token_bytes, lambda: 0.0, Simulation(town, at))
    asked = verbs.order(BytesContent(document), town.identity(who), form, level, tsa, True, options, trust)  # type: ignore[arg-type]
    return bytes(delivered(run(verbs.sign(asked), world), None))  # type: ignore[arg-type]


def token(town: Town, digest: bytes, at: datetime, name: str = "tsa") -> bytes:
    """A time stamp of the town over a SHA-256 digest, by hand, for a proper TSA refuses careless certificates."""
    return tsa_town.token(tsa_town.info(hashed=digest, moment=generalized(at, 3)), key=town.identity(name))  # type: ignore[arg-type]


def stamped(data: bytes, town: Town, form: str, at: datetime, name: str = "tsa") -> bytes:
    """A B-B file with a signature time stamp of any time."""
    module = cades if form == "cades" else jades
    return bytes(module.attach(data, token(town, module.imprint(data, "sha256"), at, name)))


# -- the signer


def plain(level: str, later: timedelta = DAY, issued: timedelta = DAY, **options: Any) -> Callable[[Town, str], Made]:
    return lambda town, form: Made(signed(town, form, level, **options), NOW + later, NOW + issued)


def revoked(level: str, when: timedelta, reason: str = "unspecified", who: str = "town") -> Callable[[Town, str], Made]:
    def make(town: Town, form: str) -> Made:
        data = signed(town, form, level)
        town.revoke(who, NOW + when, reason)
        return Made(data, NOW + 3 * DAY, NOW + 2 * DAY)

    return make


def renewed(town: Town, form: str) -> Made:
    """One more archive time stamp after five years, by a new TSA certificate."""
    data = signed(town, form, "B-LTA")
    at = NOW + 5 * YEAR
    town.renew("tsa", at - DAY)
    return Made(archived(town, data, at), NOW + 12 * YEAR, NOW + 12 * YEAR)


def renewed_and_revoked(town: Town, form: str) -> Made:
    """The first TSA certificate is revoked after the second has stamped the archive."""
    data = signed(town, form, "B-LTA")
    first = town.identity("tsa")
    at = NOW + 2 * YEAR
    second = town.renew("tsa", at - DAY)
    data = archived(town, data, at)
    town.identities["tsa"] = first
    town.revoke("tsa", at + DAY, "key_compromise")
    town.identities["tsa"] = second
    return Made(data, at + 3 * DAY, at + 2 * DAY)


def archived(town: Town, data: bytes, at: datetime) -> bytes:
    """A file at B-LTA with one more archive time stamp."""
    trust = Situation(town).trust(at)
    world = World(lambda: at, secrets.token_bytes, lambda: 0.0, Simulation(town, at))
    steps = verbs.augment(data, contents_of(None), "B-LTA", trust, f"{town.base_url}/tsr", True, {})
    return bytes(delivered(run(steps, world), None))  # type: ignore[arg-type]


def content_stamp(before: timedelta, revoked_at: timedelta | None = None) -> Callable[[Town, str], Made]:
    """A content time stamp in a B-T signature; the revocation becomes known later."""

    def make(town: Town, form: str) -> Made:
        digest = hashlib.sha256(b64url_encode(CONTENT) if form == "jades" else CONTENT).digest()
        data = signed(town, form, "B-T", content_timestamp=token(town, digest, NOW + before))
        if revoked_at is not None:
            town.revoke("town", NOW + revoked_at)
        return Made(data, NOW + 3 * DAY, NOW + 2 * DAY)

    return make


def late_stamp(
    when: timedelta,
    *,
    name: str = "tsa",
    begins: timedelta | None = None,
    revoked_at: timedelta | None = None,
    later: timedelta = 3 * DAY,
    issued: timedelta = 2 * DAY,
) -> Callable[[Town, str], Made]:
    """A signature time stamp of any time and TSA over a B-B signature; ``begins``: when the signer is certified."""

    def make(town: Town, form: str) -> Made:
        if begins is not None:
            town.renew("town", NOW + begins)
            town.renew("tsa", NOW - 2 * YEAR)
        data = stamped(signed(town, form), town, form, NOW + when, name)
        if revoked_at is not None:
            town.revoke("town", NOW + revoked_at)
        return Made(data, NOW + later, NOW + issued)

    return make


EXPIRY = "we name the expiry first, for nothing newer can come for an expired certificate; DSS asks for the data first"
CASES: dict[str, Case] = {
    "sound": Case(plain("B-B"), ("TOTAL-PASSED", None)),
    "sound, stamped": Case(plain("B-T"), ("TOTAL-PASSED", None)),
    "CRL stale": Case(plain("B-B", 380 * DAY), ("INDETERMINATE", "TRY_LATER")),
    "CRL stale, stamped": Case(plain("B-T", 380 * DAY), ("INDETERMINATE", "TRY_LATER")),
    "CRL stale, validation data": Case(plain("B-LT", 380 * DAY), ("INDETERMINATE", "TRY_LATER")),
    "revoked after": Case(revoked("B-B", DAY), ("INDETERMINATE", "REVOKED_NO_POE")),
    "revoked before the stamp": Case(revoked("B-T", -HOUR), ("INDETERMINATE", "REVOKED_NO_POE")),
    "revoked after the stamp": Case(revoked("B-T", HOUR), ("TOTAL-PASSED", None)),
    "revoked after validation data": Case(revoked("B-LT", HOUR), ("TOTAL-PASSED", None)),
    "revoked after the archive stamp": Case(revoked("B-LTA", HOUR), ("TOTAL-PASSED", None)),
    "on hold": Case(revoked("B-B", DAY, "certificate_hold"), ("INDETERMINATE", "TRY_LATER")),
    "on hold after the stamp": Case(revoked("B-T", DAY, "certificate_hold"), ("TOTAL-PASSED", None)),
    "on hold before the stamp": Case(revoked("B-T", -HOUR, "certificate_hold"), ("INDETERMINATE", "TRY_LATER")),
    "TSA revoked after": Case(revoked("B-T", HOUR, who="tsa"), ("TOTAL-PASSED", None)),
    "CA revoked": Case(revoked("B-B", HOUR, who="ca"), ("INDETERMINATE", "REVOKED_CA_NO_POE")),
    "CA revoked after the stamp": Case(revoked("B-T", HOUR, who="ca"), ("INDETERMINATE", "REVOKED_CA_NO_POE")),
    "CA revoked after the archive stamp": Case(
        revoked("B-LTA", HOUR, who="ca"), ("INDETERMINATE", "REVOKED_CA_NO_POE")
    ),
    "expired": Case(plain("B-B", 3 * YEAR + DAY, 3 * YEAR - DAY), ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED")),
    "expired, stamped": Case(plain("B-T", 3 * YEAR + DAY, 3 * YEAR - DAY), ("TOTAL-PASSED", None)),
    "expired, CRL from after": Case(
        plain("B-B", 3 * YEAR + 2 * DAY, 3 * YEAR + DAY),
        ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
        ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"),
        EXPIRY,
    ),
    "expired, stamped, CRL from after": Case(
        plain("B-T", 3 * YEAR + 2 * DAY, 3 * YEAR + DAY),
        ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
        ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"),
        EXPIRY,
    ),
    "expired, validation data": Case(plain("B-LT", 4 * YEAR, 4 * YEAR), ("TOTAL-PASSED", None)),
    "expired, archive": Case(plain("B-LTA", 4 * YEAR, 4 * YEAR), ("TOTAL-PASSED", None)),
    "TSA expired, archive": Case(
        plain("B-LTA", 11 * YEAR, 11 * YEAR),
        ("INDETERMINATE", "TRY_LATER"),
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        EXPIRY,
    ),
    "TSA expired, archive renewed": Case(
        renewed,
        ("INDETERMINATE", "TRY_LATER"),
        ("TOTAL-PASSED", None),
        "5.6.2.2 slides to when the data was fresh; DSS asks for data that is fresh today",
        ("TOTAL-PASSED", None),
    ),
    "TSA revoked, archive renewed before": Case(renewed_and_revoked, ("TOTAL-PASSED", None)),
    "judged before it was signed": Case(
        plain("B-T", -HOUR, -HOUR),
        ("TOTAL-PASSED", None),
        ("TOTAL-PASSED", None),
        "a time stamp from after the validation time proves nothing yet; the signature passes by itself (5.5.4 step 3)",
    ),
}

CONTENT_STAMPED: dict[str, Case] = {
    "before": Case(content_stamp(-HOUR), ("TOTAL-PASSED", None)),
    "after the signature time stamp": Case(content_stamp(HOUR), ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE")),
    "after revocation": Case(content_stamp(-HOUR, revoked_at=-DAY), ("TOTAL-FAILED", "REVOKED")),
    "before revocation": Case(content_stamp(-HOUR, revoked_at=HOUR), ("TOTAL-PASSED", None)),
}
STAMPED: dict[str, Case] = {
    "before the certificate": Case(late_stamp(-YEAR, begins=-DAY), ("TOTAL-FAILED", "NOT_YET_VALID")),
    "after the expiry": Case(
        late_stamp(3 * YEAR + DAY, later=3 * YEAR + 2 * DAY, issued=3 * YEAR - DAY),
        ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED"),
    ),
    "by a TSA whose extended key usage is not critical": Case(
        late_stamp(HOUR, name="tsa-not-critical"),
        ("TOTAL-PASSED", None),
        ("TOTAL-PASSED", None),
        "RFC 3161 2.3: the extension is critical, else the stamp proves nothing; the signature passes by itself",
    ),
    "by a TSA whose extended key usage is not critical, signer revoked": Case(
        late_stamp(HOUR, name="tsa-not-critical", revoked_at=2 * HOUR),
        ("TOTAL-PASSED", None),
        ("INDETERMINATE", "REVOKED_NO_POE"),
        "RFC 3161 2.3: the extension is critical, else the stamp proves nothing",
    ),
}


def verdicts(dss: Dss, town: Town, made: Made) -> tuple[Verdict, Verdict]:
    (ours,), (theirs,) = both(dss, Situation(town), made.data, at=made.at, fresh=made.fresh)
    return ours, theirs


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_situations(dss: Dss, form: str, name: str) -> None:
    case = CASES[name]
    check(dss, case, form)


@pytest.mark.parametrize("name", CONTENT_STAMPED)
@pytest.mark.parametrize("form", ["cades", "jades"])
def test_content_time_stamps(dss: Dss, form: str, name: str) -> None:
    check(dss, CONTENT_STAMPED[name], form)


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("form", ["cades", "jades"])
def test_signature_time_stamps(dss: Dss, form: str, name: str) -> None:
    check(dss, STAMPED[name], form)


def check(dss: Dss, case: Case, form: str) -> None:
    town = Town.create(NOW)
    made = case.make(town, form)
    ours, theirs = verdicts(dss, town, made)
    assert (theirs.indication, theirs.sub_indication) == case.theirs, theirs
    assert (ours.indication, ours.sub_indication) == (case.ours or case.theirs), (ours, theirs)
    if case.ours is None:
        assert ours._replace(level=None) == theirs._replace(level=None)
    else:
        assert case.reason
    if case.any_age is not None:
        trusted = Situation(town).trusted(made.fresh)
        (found,) = dss.validate(made.data, at=made.at, policy=ANY_AGE, **trusted)["signatures"]
        assert (found["indication"], found["sub_indication"]) == case.any_age
