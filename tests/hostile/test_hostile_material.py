"""Certificates, lists, responses and time stamps without end: counted work, and a finding that says where it ended.

Work is counted and never timed, so each case is judged twice and must stop at the same place; ``PATIENCE`` only catches
what nobody counts.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import made_pki
from made_pki import OCSP, Made, usage
from past_pki import (
    DAY,
    PASSED,
    Party,
    archived,
    authority,
    codes,
    crl,
    outcome,
    party,
    sign,
    stamped,
    stamper,
    stamps,
    store,
    token,
    with_data,
    with_responses,
    year,
)
from toyono_trust.core import asn1, cms
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier, signature_algorithm_identifier
from toyono_trust.core.limits import BUDGETS, MAX_TIMESTAMPS, Work
from toyono_trust.formats import cades
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.link import key_bits
from toyono_trust.pki.revocation import load
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report
from toyono_trust.verbs.verification import judge, read

PATIENCE = 30.0
"""Seconds for one verdict, or for how long it lasts, on a busy machine; the slowest of all takes 3."""
MADE, RENEWED, NOW = year(2026, 11), year(2035, 6), year(2036, 2)
IGNORING = '[revocation]\nmode = "ignore"'


class Pki(NamedTuple):
    """A CA with two authorities, the first of which ends in 2036, a responder, and a signer who ends in 2028."""

    root: Made
    ca: Made
    first: Party
    second: Party
    responder: Party
    signer: Party
    signed: bytes

    def lists(self, at: datetime, until: datetime | None = None) -> list[bytes]:
        return [crl(issuer, at, until=until) for issuer in (self.root, self.ca)]

    def renewed(self, signed: bytes, *octets: Any) -> bytes:
        """With an archive time stamp by the second authority, shortly before the first one's end."""
        return archived(signed, self.second, RENEWED, *octets, *self.lists(RENEWED - 30 * DAY))

    def stamped_often(self, signed: bytes, count: int) -> bytes:
        """With many archive time stamps by the first authority, which all need the past after 2036."""
        for number in range(count):
            signed = archived(signed, self.first, MADE + (number + 3) * DAY)
        return signed


@lru_cache
def pki() -> Pki:
    root = authority("root of all")
    ca = authority("CA of all", root)
    first, second = stamper("first TSA", ca, root, end=year(2036)), stamper("second TSA", ca, root)
    responder = party("responder", ca, root, extensions=[(OCSP, False)])
    signer = party("signer", ca, root, end=year(2028))
    signed = stamped(sign(signer, MADE), first, MADE)
    signed = archived(signed, first, MADE + DAY, ca, crl(root, MADE - DAY), crl(ca, MADE - DAY))
    return Pki(root, ca, first, second, responder, signer, signed)


def examine(
    signed: bytes, trust: TrustStore, at: datetime, rules: str = "", material: Material = NO_MATERIAL
) -> tuple[Report, dict[str, int]]:
    """The report and what it took; twice, to the same end."""
    policy = Policy.parse(rules, "test")
    runs = []
    for _ in range(2):
        work, started = Work(), time.monotonic()
        report = judge(read(signed, NO_CONTENTS, work), policy, trust, at, work, material)
        assert time.monotonic() - started < PATIENCE
        assert min(work.left.values()) >= 0
        runs.append((report, {kind: BUDGETS[kind] - left for kind, left in work.left.items() if kind in BUDGETS}))
    (first, spent), (second, again) = runs
    assert outcome(first) == outcome(second)
    assert codes(first) == codes(second)
    assert first.kind == second.kind
    # what a trust store remembers of its own lists is not counted again
    assert {**spent, "signature-checks": 0, "revocation-items": 0, "repeated-bytes": 0} == {
        **again, "signature-checks": 0, "revocation-items": 0, "repeated-bytes": 0,
    }  # fmt: skip
    return first, spent


def exceeded(report: Report, kind: str) -> None:
    """The report says that the file takes too much, and of what; nothing passed."""
    assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    (finding,) = [each for each in report.findings if each.level == "fail"]
    assert finding.code == "limits.work"
    assert finding.values["kind"] == kind
    assert not report.signatures


def lasting(report: Report) -> datetime | None:
    """Until when the verdict holds: found in bounded time, the same each time, and true."""
    started = time.monotonic()
    until = report.valid_until
    assert time.monotonic() - started < PATIENCE
    assert report.valid_until == until
    if until is not None:
        assert outcome(report.simulate(until)) == PASSED
        assert time.monotonic() - started < 2 * PATIENCE
    return until


# -- lists


def long_list(issuer: Made, count: int, *, inside: Iterable[int] = (), sound: bool = True) -> bytes:
    """A list of ``count`` entries; ``inside``: serial numbers that stand where none belongs. Not ``sound``: unsigned,
    and with a critical extension that nobody knows."""
    algorithm = signature_algorithm_identifier("ecdsa-sha256")
    when = b"\x17\x0d250101000000Z"
    hidden = asn1.octet_string(b"".join(asn1.integer_der(serial) for serial in inside))
    entry = asn1.sequence(asn1.integer_der(7), when, asn1.sequence(asn1.sequence(asn1.oid_der("1.2.3.4"), hidden)))
    unknown = asn1.sequence(asn1.oid_der("1.2.3.5"), asn1.boolean_der(True), asn1.octet_string(b"\x05\x00"))
    body = asn1.sequence(
        b"\x02\x01\x01",
        algorithm,
        issuer.certificate.subject_der,
        b"\x17\x0d350501000000Z",
        b"\x17\x0d450501000000Z",
        asn1.sequence(asn1.sequence(asn1.integer_der(7), when) * count, entry),
        b"" if sound else asn1.explicit(0, asn1.sequence(unknown)),
    )
    value = issuer.key.sign(body, ec.ECDSA(hashes.SHA256())) if sound else bytes(70)
    return asn1.sequence(body, algorithm, asn1.bit_string(value))


@pytest.mark.parametrize("place", ["file", "store", "material"])
def test_list_of_200_000_entries(place: str) -> None:
    known = pki()
    long = long_list(known.ca, 200_000)
    inside = [long] if place == "file" else []
    signed = archived(known.signed, known.second, RENEWED, *inside, crl(known.root, RENEWED - DAY))
    trust = store(known.root, items=[long] if place == "store" else [])
    report, spent = examine(signed, trust, NOW, material=Material((), (long,)) if place == "material" else NO_MATERIAL)
    assert outcome(report) == PASSED
    assert [each.past for each in stamps(report)] == [True, True, False]
    assert spent["revocation-items"] < 500
    assert lasting(report) is not None


def test_list_in_which_every_search_is_long() -> None:
    """The octets of the serial numbers that are looked for stand in it, where they mean nothing; nobody signed it."""
    known = pki()
    sought = [each.certificate.serial for each in (known.ca, known.first.made, known.second.made, known.signer.made)]
    long = long_list(known.ca, 600_000, inside=sought, sound=False)
    signed = known.renewed(known.stamped_often(known.signed, 40), long)
    started = time.monotonic()
    report, _ = examine(signed, store(known.root), NOW)
    assert time.monotonic() - started < 10, "each search anew took 5 s for 40 time stamps"
    assert outcome(report) == PASSED
    entry = load(long)
    assert entry.kind == "crl"
    assert [entry.find(serial) for serial in sought] == [None] * 4
    assert entry.find(7) is not None


def test_lists_that_concern_nobody() -> None:
    known = pki()
    others = [authority(f"stranger {number}", known.root, key="strangers") for number in range(10)]
    lists = [crl(others[number % 10], MADE + number * DAY, until=year(2050)) for number in range(900)]
    signed = known.renewed(known.stamped_often(with_data(known.signed, *lists), 180))
    exceeded(examine(signed, store(known.root), NOW)[0], "revocation-items")


def test_lists_by_another_key_each() -> None:
    """150 signers of lists bear the CA's name, and each is asked about in the lists of all others."""
    known = pki()
    signers = [
        party("CA of all", known.ca, known.root, key=f"list {number}", key_usage=usage("crl_sign"))
        for number in range(150)
    ]
    lists = [crl(each.made, MADE + number * DAY, until=year(2050)) for number, each in enumerate(signers)]
    signed = with_data(known.signed, *(each.made for each in signers), *lists)
    fresh = known.lists(NOW - DAY)
    exceeded(examine(signed, store(known.root, items=fresh), NOW)[0], "signature-checks")
    exceeded(examine(known.renewed(signed), store(known.root, items=fresh), NOW)[0], "signature-checks")


# -- responses


def responses(count: int, statements: int, serial: int, at: datetime = MADE) -> list[bytes]:
    """OCSP responses that say "good" of one certificate, each many times."""
    known = pki()
    algorithm = digest_algorithm_identifier("sha1")
    key = key_bits(known.ca.certificate.public_key_der)
    names = [asn1.octet_string(digest("sha1", each)) for each in (known.ca.certificate.subject_der, key)]
    identifier = asn1.sequence(algorithm, *names, asn1.integer_der(serial))
    own = asn1.octet_string(hashlib.sha1(key_bits(known.responder.made.certificate.public_key_der)).digest())
    found = []
    for number in range(count):
        times = [at + number * DAY + timedelta(minutes=minute) for minute in range(statements)]
        until = asn1.explicit(0, asn1.generalized(year(2050)))
        singles = [asn1.sequence(identifier, asn1.der(0x80), asn1.generalized(time), until) for time in times]
        data = asn1.sequence(asn1.explicit(2, own), asn1.generalized(times[-1]), asn1.sequence(*singles))
        value = known.responder.made.key.sign(data, ec.ECDSA(hashes.SHA256()))
        carried = asn1.explicit(0, asn1.sequence(known.responder.der))
        signature = signature_algorithm_identifier("ecdsa-sha256")
        basic = asn1.sequence(data, signature, asn1.bit_string(value), carried)
        body = asn1.sequence(asn1.oid_der("1.3.6.1.5.5.7.48.1.1"), asn1.octet_string(basic))
        found.append(asn1.sequence(asn1.der(0x0A, b"\0"), asn1.explicit(0, body)))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["", IGNORING])
def test_200_responses_of_900_statements(rules: str) -> None:
    known = pki()
    signed = with_responses(known.signed, *responses(200, 900, known.first.serial))
    signed = known.renewed(known.stamped_often(signed, 20))
    exceeded(examine(signed, store(known.root), NOW, rules)[0], "revocation-items")


@pytest.mark.parametrize("rules", ["", IGNORING])
def test_responses_of_many_statements(rules: str) -> None:
    known = pki()
    signed = known.renewed(with_responses(known.signed, *responses(20, 900, known.first.serial)))
    report, _ = examine(signed, store(known.root), NOW, rules)
    if rules:
        assert outcome(report) == PASSED
        lasting(report)
    else:
        exceeded(report, "revocation-items")


class Answer(NamedTuple):
    """What one OCSP response says, and what is found of it. ``about``, ``by``: names of ``_parties``."""

    code: str
    about: str = "signer"
    by: str = "responder"
    more: Mapping[str, Any] = {}


@lru_cache
def _parties() -> dict[str, Party]:
    known = pki()
    other = authority("other CA", known.root)
    answering = [(OCSP, False)]
    return {
        "signer": party("live signer", known.ca, known.root, start=year(2034)),
        "neighbour": party("neighbour", known.ca, known.root),
        "responder": known.responder,
        "revoked": party("revoked responder", known.ca, known.root, extensions=answering),
        "old": party("old responder", known.ca, known.root, end=year(2030), extensions=answering),
        "stranger": party("strange responder", other, known.root, extensions=answering),
        "no responder": party("no responder", known.ca, known.root),
    }


FUTURE = {"at": NOW + DAY, "until": NOW + 9 * DAY}
ANSWERS = {
    "about another certificate": Answer("revocation.unusable", about="neighbour"),
    "by a revoked responder": Answer("revocation.signer-revoked", by="revoked"),
    "by a responder that ended before": Answer("revocation.responder-outside-validity", by="old"),
    "by a responder of another CA": Answer("revocation.responder-of-another-ca", by="stranger"),
    "by somebody without the usage": Answer("revocation.responder-not-authorised", by="no responder"),
    "by the certificate itself": Answer("revocation.self-asserted", by="signer"),
    "from the future": Answer("revocation.too-late", more=FUTURE),
    "produced in the future": Answer("revocation.too-late", more={"produced": NOW + DAY}),
    "from before the certificate": Answer("revocation.before-issuance", more={"at": year(2033, 12)}),
    "unknown": Answer("revocation.unknown-status", more={"unknown": True}),
    "by another key": Answer("revocation.signature", more={"key": made_pki.key_of("nobody")}),
    "with a critical extension": Answer(
        "revocation.critical-extension", more={"extensions": [("1.2.3.4", True, b"\x05\x00")]}
    ),
    "stale": Answer("revocation.stale", more={"at": NOW - 9 * DAY, "until": NOW - DAY}),
}


def _answered(case: Answer, **more: Any) -> bytes:
    given = {"at": NOW - DAY, "until": NOW + DAY, **case.more, **more}
    about, by = _parties()[case.about], _parties()[case.by]
    return made_pki.ocsp_response(about.made, pki().ca, by.made, **given).der


def _judged(*answers: bytes, lists: Iterable[bytes] = ()) -> Report:
    """A signature of 2036 with these responses in it. What the list of 2033 says is about the responders alone."""
    known, parties = pki(), _parties()
    old = crl(known.ca, year(2033), (parties["revoked"], year(2030)), until=year(2050))
    signed = with_responses(sign(parties["signer"], NOW - DAY), *answers)
    trust = store(known.root, items=[crl(known.root, NOW - DAY), old, *lists], certificates=[known.ca])
    return examine(signed, trust, NOW)[0]


@pytest.mark.parametrize("name", ANSWERS)
def test_response_that_proves_nothing(name: str) -> None:
    report = _judged(_answered(ANSWERS[name]))
    assert report.indication == "INDETERMINATE"
    assert ANSWERS[name].code in codes(report)
    assert outcome(_judged(_answered(Answer("")))) == PASSED, "one that is sound does"
    assert outcome(_judged(_answered(ANSWERS[name]), _answered(Answer("")))) == PASSED, "it takes nothing from others"


def test_responses_that_contradict_each_other() -> None:
    """The latest word of one who may speak counts; forged ones, however late, are not heard."""
    good, sound = Answer(""), _answered(Answer(""))
    revoked = _answered(good, at=NOW - 2 * DAY, revoked_at=NOW - 3 * DAY)
    assert outcome(_judged(revoked)) == ("INDETERMINATE", "REVOKED_NO_POE")
    assert outcome(_judged(revoked, sound)) == outcome(_judged(sound, revoked)) == PASSED, "good again, and later"
    later = _answered(good, at=NOW - DAY + timedelta(hours=1), revoked_at=NOW - 3 * DAY)
    assert outcome(_judged(sound, later)) == ("INDETERMINATE", "REVOKED_NO_POE")
    for forged in (
        _answered(good, at=NOW - timedelta(hours=1), key=made_pki.key_of("nobody")),
        _answered(Answer("", by="stranger"), at=NOW - timedelta(hours=1)),
        _answered(Answer("", by="revoked"), at=NOW - timedelta(hours=1)),
        _answered(good, **FUTURE),
    ):
        assert outcome(_judged(later, forged)) == ("INDETERMINATE", "REVOKED_NO_POE")
    for forged in (
        _answered(good, revoked_at=NOW - 3 * DAY, at=NOW - timedelta(hours=1), key=made_pki.key_of("nobody")),
        _answered(Answer("", by="no responder"), revoked_at=NOW - 3 * DAY, at=NOW - timedelta(hours=1)),
    ):
        assert outcome(_judged(sound, forged)) == PASSED
    listed = crl(pki().ca, NOW - timedelta(hours=1), (_parties()["signer"], NOW - 3 * DAY))
    assert outcome(_judged(sound, lists=[listed])) == ("INDETERMINATE", "REVOKED_NO_POE")


# -- certificates


def test_20_authorities_that_certify_each_other_with_lists_of_each() -> None:
    known = pki()
    circle = [authority(f"circle {number}") for number in range(20)]
    pairs = [(one, other) for one in range(20) for other in range(20) if 0 < (other - one) % 20 < 10]
    crosses = [authority(f"circle {one}", circle[other], key=f"circle {one}") for one, other in pairs]
    lists = [crl(each, NOW - DAY) for each in circle]
    nobody = party("nobody's", circle[-1])
    signed = with_data(stamped(sign(nobody, MADE), known.first, MADE), *crosses, *lists)
    signed = known.renewed(signed, known.ca)
    report, spent = examine(signed, store(known.root, items=known.lists(NOW - DAY)), NOW)
    assert outcome(report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert spent["signature-checks"] < BUDGETS["signature-checks"] / 2
    joined = authority("circle 0", known.root, key="circle 0")
    report, spent = examine(with_data(signed, joined), store(known.root, items=known.lists(NOW - DAY)), NOW)
    assert outcome(report) == PASSED, "the one way up through the circle is found"
    assert spent["signature-checks"] < BUDGETS["signature-checks"] / 2


# -- time stamps


@pytest.mark.parametrize("kind", ["sigTst", "arcTst"])
def test_1000_time_stamps_in_one_jades_signature(kind: str) -> None:
    known = pki()
    value = json.loads(known.signed)
    element = next(each for each in value["header"]["etsiU"] if kind in str(jades_element(each)))
    value["header"]["etsiU"] += [element] * 1000
    report, spent = examine(json.dumps(value).encode(), store(known.root, items=known.lists(NOW - DAY)), year(2027))
    assert outcome(report) == ("INDETERMINATE", "TRY_LATER") or outcome(report) == PASSED
    assert "jades.etsiu-value" in codes(report)
    assert len(report.signatures[0].timestamps) == MAX_TIMESTAMPS
    assert spent["signature-checks"] < 300
    lasting(report)


def jades_element(text: str) -> dict[str, Any]:
    from toyono_trust.core.canonical import b64url_decode

    found: dict[str, Any] = json.loads(b64url_decode(text.encode()))
    return found


def test_1000_time_stamps_in_one_cades_signature() -> None:
    known = pki()
    data = sign(known.signer, MADE, format="cades")
    imprint = cades.imprint(data, "sha256")
    made = token(imprint, known.first, MADE)
    several = [made[:-1] + bytes([number % 256]) for number in range(1000)]
    trust = store(known.root, items=known.lists(MADE), certificates=[known.ca])
    for oid in ("1.2.840.113549.1.9.16.2.14", "0.4.0.1733.2.4"):
        data = cms.add_unsigned(sign(known.signer, MADE, format="cades"), 0, cms.attribute(oid, *several))
        report, _ = examine(data, trust, MADE + DAY)
        assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
        assert "limits.count" in codes(report)


def test_time_stamps_by_190_authorities_that_have_all_expired() -> None:
    known = pki()
    signed = known.signed
    for number in range(190):
        by = stamper(f"TSA {number}", known.ca, known.root, key="TSAs", end=year(2036))
        signed = archived(signed, by, MADE + (3 + number) * DAY)
    exceeded(examine(known.renewed(signed), store(known.root), NOW)[0], "paths")


def test_verdict_that_may_change_at_any_time() -> None:
    """300 lists whose times lie ahead and 60 stamps: what later judgements cost is counted together."""
    known = pki()
    ahead = [crl(known.root, RENEWED + (30 + number) * DAY, until=year(2055)) for number in range(300)]
    signed = archived(
        known.stamped_often(known.signed, 60), known.second, RENEWED, *ahead,
        *(crl(issuer, RENEWED - DAY, until=year(2055)) for issuer in (known.root, known.ca)),
    )  # fmt: skip
    at = RENEWED + 2 * DAY
    report, _ = examine(signed, store(known.root), at)
    assert outcome(report) == PASSED
    until = lasting(report)
    assert until is not None
    assert at <= until <= year(2036), "the end of the first authority is not reached, nor passed over"


def test_what_is_honest_is_far_from_every_limit() -> None:
    """A signature that is renewed each year for thirty years, by lists of each year."""
    known = pki()
    signed = known.signed
    for number in range(2027, 2057):
        by = stamper(f"TSA of {number}", known.ca, known.root, key="TSAs", start=year(number), end=year(number + 2))
        signed = archived(signed, by, year(number, 6), *known.lists(year(number, 5)))
    report, spent = examine(signed, store(known.root), year(2056, 7))
    assert outcome(report) == PASSED
    assert lasting(report) == year(2058)
    assert all(amount <= BUDGETS[kind] / 3 for kind, amount in spent.items()), spent
