"""Past certificate validation, sliding, and past signature validation (EN 319 102-1 5.6.2), row by row.

Every case is a real file: a JAdES signature whose time stamp of 2026 was made under one PKI, and an archive time stamp
over it that was made later under another, which stays sound. What is judged is the first stamp.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from cryptography import x509

import made_pki
from made_pki import OCSP, Made
from past_pki import (
    CONTENT,
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
    sha256,
    sign,
    stamped,
    stamper,
    stamps,
    store,
    token,
    weak_key,
    with_data,
    with_responses,
    year,
)
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.core.limits import Work
from toyono_trust.pki.anchors import Anchor
from toyono_trust.validation.judge.horizon import Horizon
from toyono_trust.validation.report import Report, TimestampReport

SECOND = timedelta(seconds=1)
MADE, RENEWED, AT = year(2026, 11), year(2033), year(2036, 6)
RSA_ENDS = '[algorithms]\ncatalogue = "CRYPTREC"\n[algorithms.expires]\nrsa = {}-01-01'
HOLD, COMPROMISE = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.key_compromise
GOOD = ("PASSED", None)


class Sound(NamedTuple):
    """The PKI that nothing ever happens to: the signer's and the second authority's."""

    root: Made
    ca: Made
    signer: Party
    tsa: Party

    def lists(self, at: datetime, signer_revoked: datetime | None = None) -> list[bytes]:
        entries = [] if signer_revoked is None else [(self.signer, signer_revoked)]
        return [crl(self.root, at - DAY), crl(self.ca, at - DAY, *entries)]


@lru_cache
def sound() -> Sound:
    root = authority("sound root")
    ca = authority("sound CA", root)
    return Sound(root, ca, party("signer", ca, root), stamper("sound TSA", ca, root))


class Case(NamedTuple):
    """What happens to the first authority.

    ``ends``, ``ca_ends``: the last instants of its certificate and of its CA's; ``weak``: who has an RSA key.
    ``revoked``: (whom, since when[, reason]) as lists say that come with the archive stamp, ``late``: that only the
    trust store has. ``issued``: the day of the former. ``proven``: which of them the archive stamp covers; ``known``:
    which there are. ``responder``: when the certificate ends of a
    delegated OCSP responder that speaks of the authority, instead of the CA's list; None where there is none.
    ``signer_revoked``: so that the signature needs the first stamp.
    """

    ends: datetime = END
    ca_ends: datetime = END
    weak: frozenset[str] = frozenset()
    revoked: tuple[Any, ...] = ()
    late: tuple[Any, ...] | None = None
    proven: frozenset[str] = frozenset({"root", "ca"})
    known: frozenset[str] = frozenset({"root", "ca"})
    issued: datetime | None = None
    stale: datetime = END
    sunset: datetime | None = None
    trusted: bool = True
    responder: datetime | None = None
    responder_usage: Any = OCSP
    renewed: datetime = RENEWED
    signer_revoked: datetime | None = None
    at: datetime = AT
    rules: str = ""

    def judge(self, *, signer: bool = False) -> Report:
        """The report on the file as it all happened, to the first authority or to a signer in its place."""
        known = _Players(self, signer=signer)
        good, at = sound(), self.issued or self.renewed - DAY
        signed = sign(known.tsa, MADE) if signer else stamped(sign(good.signer, MADE), known.tsa, MADE)
        lists = {"root": known.list_of("root", at, self.revoked), "ca": known.list_of("ca", at, self.revoked)}
        if self.responder is not None:
            lists["ca"] = known.response(at)
            signed = with_responses(signed, *[lists[each] for each in self.proven & {"ca"}])
        lists = {each: lists[each] for each in self.known}
        chosen = [lists[each] for each in sorted(self.proven & self.known) if self.responder is None or each != "ca"]
        signed = with_data(signed, known.ca, *chosen)
        signed = archived(signed, good.tsa, self.renewed, good.ca, *good.lists(self.renewed))
        items = [
            *good.lists(self.at, self.signer_revoked),
            *(lists[each] for each in sorted(lists.keys() - self.proven)),
        ]
        if self.late is not None:
            items += [known.list_of(each, self.at - DAY, self.late) for each in ("root", "ca")]
        own = Anchor(known.root.certificate, frozenset({"any"}), None, self.sunset)
        return report_on(signed, store(good.root, *([own] if self.trusted else []), items=items), self.at, self.rules)

    def first(self) -> TimestampReport:
        """The verdict on the first time stamp; the archive time stamp over it is sound."""
        report = self.judge()
        one, two = stamps(report)
        assert outcome(two) == GOOD
        assert not two.past
        return one


class _Players:
    def __init__(self, case: Case, *, signer: bool) -> None:
        self.case = case
        key = {each: weak_key(f"weak {each}") if each in case.weak else f"first {each}" for each in ("root", "ca")}
        self.root = authority("first root", key=key["root"])
        self.ca = authority("first CA", self.root, key=key["ca"], end=case.ca_ends)
        make = party if signer else stamper
        self.tsa = make("first signer" if signer else "first TSA", self.ca, self.root, end=case.ends)

    def list_of(self, who: str, at: datetime, revoked: tuple[Any, ...]) -> bytes:
        """The list of the root, which is about the CA, or of the CA, about the authority."""
        issuer, about, name = (self.root, self.ca, "ca") if who == "root" else (self.ca, self.tsa, "tsa")
        entries = [(about, *each[1:]) for each in revoked if each[0] == name]
        return crl(issuer, at, *entries, until=self.case.stale)

    def response(self, at: datetime) -> bytes:
        """A delegated responder's word that the authority is good."""
        assert self.case.responder is not None
        usage = [(self.case.responder_usage, False), (x509.OCSPNoCheck(), False)]
        responder = party("responder", self.ca, self.root, end=self.case.responder, extensions=usage)
        return made_pki.ocsp_response(self.tsa.made, self.ca, responder.made, at=at, until=self.case.stale).der


def since(whom: str, when: datetime, reason: Any = None) -> tuple[Any, ...]:
    return ((whom, when, reason),)


NO_CHAIN, TRY_LATER = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE", "TRY_LATER"
REVOKED, CA_REVOKED = "REVOKED_NO_POE", "REVOKED_CA_NO_POE"
NOT_REVOKED, OUT_OF_BOUNDS = "OUT_OF_BOUNDS_NOT_REVOKED", "OUT_OF_BOUNDS_NO_POE"
WEAK = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
LATER = year(2034)
ROWS: dict[str, tuple[Case, str | None]] = {
    # 5.6.2.4 step 3, by the status that there was: proven in [notBefore, notAfter]; after notAfter; after control time
    "sunset": (Case(sunset=LATER), None),
    "sunset, proven after notAfter": (Case(sunset=LATER, ends=year(2030), issued=year(2029)), OUT_OF_BOUNDS),
    "sunset before the proof": (Case(sunset=year(2032)), NO_CHAIN),
    "sunset at the proof": (Case(sunset=RENEWED), NO_CHAIN),
    "sunset right after the proof": (Case(sunset=RENEWED + SECOND), None),
    "revoked": (Case(late=since("tsa", LATER)), None),
    "revoked, proven after notAfter": (Case(late=since("tsa", LATER), ends=year(2030)), NOT_REVOKED),
    "revoked before the proof": (Case(late=since("tsa", year(2032))), REVOKED),
    "revoked at the proof": (Case(late=since("tsa", RENEWED)), REVOKED),
    "revoked right after the proof": (Case(late=since("tsa", RENEWED + SECOND)), None),
    "revoked, as is proven": (Case(revoked=since("tsa", year(2030))), REVOKED),
    "key compromise": (Case(late=since("tsa", LATER, COMPROMISE)), None),
    "key compromise before the proof": (Case(late=since("tsa", year(2032), COMPROMISE)), REVOKED),
    "hold": (Case(late=since("tsa", LATER, HOLD)), None),
    "hold, proven after notAfter": (Case(late=since("tsa", LATER, HOLD), ends=year(2030)), NOT_REVOKED),
    "hold before the proof": (Case(late=since("tsa", year(2032), HOLD)), TRY_LATER),
    "hold at the proof": (Case(late=since("tsa", RENEWED, HOLD)), TRY_LATER),
    "responder's certificate ended": (Case(responder=LATER), None),
    "responder's certificate ended, proven after notAfter": (
        Case(responder=LATER, ends=year(2033) - SECOND),
        OUT_OF_BOUNDS,
    ),
    "responder's certificate ended, nothing proves it": (
        Case(responder=LATER, proven=frozenset({"root"})),
        "REVOCATION_OUT_OF_BOUNDS_NO_POE",
    ),
    "CA revoked": (Case(late=since("ca", LATER)), None),
    "CA revoked, proven after notAfter": (
        Case(late=since("ca", LATER), ends=year(2030), issued=year(2029)),
        NOT_REVOKED,
    ),
    "CA revoked before the proof": (Case(late=since("ca", year(2032))), CA_REVOKED),
    "CA revoked at the proof": (Case(late=since("ca", RENEWED)), CA_REVOKED),
    "CA revoked right after the proof": (Case(late=since("ca", RENEWED + SECOND)), None),
    "CA revoked, data of the leaf not proven": (Case(late=since("ca", LATER), proven=frozenset({"root"})), CA_REVOKED),
    "expired, known": (Case(ends=LATER), None),
    "expired, known, at the proof": (Case(ends=RENEWED), None),
    "expired, known, before the proof": (Case(ends=RENEWED - SECOND), NOT_REVOKED),
    "CA expired": (Case(ca_ends=LATER), None),
    "CA expired at the proof": (Case(ca_ends=RENEWED), None),
    "CA expired before the proof": (Case(ca_ends=RENEWED - SECOND), "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
    # step 4: algorithms
    "CA's algorithm ended": (Case(weak=frozenset({"ca"}), rules=RSA_ENDS.format(2034)), None),
    "root's algorithm ended": (Case(weak=frozenset({"root"}), rules=RSA_ENDS.format(2034)), None),
    "algorithm ended at the proof": (Case(weak=frozenset({"ca"}), rules=RSA_ENDS.format(2033)), WEAK),
    "algorithm ended before the proof": (Case(weak=frozenset({"ca"}), rules=RSA_ENDS.format(2030)), WEAK),
    "algorithm ended, data of the CA not proven": (
        Case(weak=frozenset({"root"}), rules=RSA_ENDS.format(2034), proven=frozenset({"ca"})),
        WEAK,
    ),
    # step 5: freshness
    "stale": (Case(stale=LATER), None),
    "stale at the proof": (Case(stale=RENEWED), None),
    "stale before the proof": (Case(stale=RENEWED - SECOND), TRY_LATER),
    "stale, by the day of issue": (
        Case(stale=LATER, rules='[revocation]\nstale_control_time = "issuance"'),
        TRY_LATER,
    ),
    # step 6: whatever else
    "nobody's": (Case(trusted=False), "NO_CERTIFICATE_CHAIN_FOUND"),
    "no data at all": (Case(known=frozenset({"root"})), "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
    "responder without the usage": (
        Case(responder=END, responder_usage=x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.4")])),
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    case, sub = ROWS[name]
    stamp = case.first()
    assert stamp.sub_indication == sub, [(each.code, each.level) for each in stamp.findings]
    assert stamp.past == (sub is None)
    failing = {each.code for each in stamp.findings if each.level == "fail"}
    assert bool(failing) == (sub is not None)
    assert ("past.passed" in {each.code for each in stamp.findings}) == (sub is None)
    if sub is not None:
        assert stamp.decisive is not None
        assert stamp.decisive.sub_indication == sub


@pytest.mark.parametrize("name", ROWS)
def test_row_of_a_signature(name: str) -> None:
    """The same of a signature without a time stamp of its own, which the archive time stamp proves."""
    case, sub = ROWS[name]
    report = case.judge(signer=True)
    (signature,) = report.signatures
    assert signature.sub_indication == sub, [(each.code, each.level) for each in signature.findings]
    assert (signature.decisive is None) == (sub is None)
    assert signature.best_signature_time == (case.renewed if sub is None else case.at)
    assert signature.archival == (sub is None)
    assert ("past.passed" in {each.code for each in signature.findings}) == (sub is None)
    assert report.signatures[0].timestamps[0].indication == "PASSED"


# -- signatures with a time stamp of their own, archived soon after: what must not pass, and what must


class Signed(NamedTuple):
    """A signature by somebody of the first PKI, stamped by the sound authority at ``MADE``, and archived a day later.

    ``ends``, ``ca_ends``: the last instants of the certificates; ``revoked``: as for ``Case``, said in ``AT``.
    """

    ends: datetime = END
    ca_ends: datetime = END
    revoked: tuple[Any, ...] = ()

    def judge(self) -> Report:
        good = sound()
        root, ca = authority("signer's root"), authority("signer's CA", authority("signer's root"), end=self.ca_ends)
        signer = party("its signer", ca, root, end=self.ends)
        lists = [crl(issuer, year(2025), until=year(2050)) for issuer in (root, ca)]
        signed = stamped(sign(signer, MADE), good.tsa, MADE)
        signed = archived(signed, good.tsa, MADE + DAY, ca, *lists)
        whom = {"signer": (ca, signer), "ca": (root, ca)}
        late = [crl(whom[each[0]][0], AT - DAY, (whom[each[0]][1], *each[1:])) for each in self.revoked]
        trust = store(good.root, root, items=[*good.lists(AT), *late], certificates=[good.ca])
        return report_on(signed, trust, AT)


SIGNED: dict[str, tuple[Signed, str | None]] = {
    "sound": (Signed(), None),
    "expired after the stamp": (Signed(ends=MADE + SECOND), None),
    "expired at the stamp": (Signed(ends=MADE), None),
    "expired before the stamp": (Signed(ends=MADE - SECOND), NOT_REVOKED),
    "revoked after the stamp": (Signed(revoked=since("signer", MADE + SECOND)), None),
    "revoked at the stamp": (Signed(revoked=since("signer", MADE)), REVOKED),
    "revoked before the stamp": (Signed(revoked=since("signer", MADE - SECOND)), REVOKED),
    "compromised before the stamp": (Signed(revoked=since("signer", MADE - SECOND, COMPROMISE)), REVOKED),
    "on hold before the stamp": (Signed(revoked=since("signer", MADE - SECOND, HOLD)), TRY_LATER),
    "revoked after, expired before the stamp": (
        Signed(ends=MADE - SECOND, revoked=since("signer", year(2030))),
        NOT_REVOKED,
    ),
    "CA revoked after the archive": (Signed(revoked=since("ca", MADE + 2 * DAY)), None),
    # 5.5.4 step 4 a passes it; but with the key of that CA anybody may say since that the signer was never revoked
    "CA revoked between stamp and archive": (Signed(revoked=since("ca", MADE + SECOND)), CA_REVOKED),
    "CA revoked at the stamp": (Signed(revoked=since("ca", MADE)), CA_REVOKED),
    "CA revoked before the stamp": (Signed(revoked=since("ca", year(2025))), CA_REVOKED),
    "CA expired after the archive": (Signed(ca_ends=MADE + 2 * DAY), None),
    "CA expired between stamp and archive": (Signed(ca_ends=MADE + SECOND), "REVOCATION_OUT_OF_BOUNDS_NO_POE"),
    "CA expired before the stamp": (Signed(ca_ends=MADE - SECOND), "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
}


@pytest.mark.parametrize("name", SIGNED)
def test_signature_with_a_stamp(name: str) -> None:
    case, sub = SIGNED[name]
    report = case.judge()
    assert report.sub_indication == sub, list(report.all_findings())
    (signature,) = report.signatures
    assert [each.indication for each in signature.timestamps] == ["PASSED", "PASSED"]
    if sub is None:
        assert outcome(report) == PASSED
        assert signature.best_signature_time == MADE
        assert not {each.code for each in report.all_findings() if each.level == "fail"}


@pytest.mark.parametrize(
    ("mode", "known", "sub"),
    [
        ("ignore", frozenset(), None),
        ("if-available", frozenset(), None),
        ("if-available", frozenset({"root", "ca"}), None),
        ("required", frozenset(), OUT_OF_BOUNDS),
        ("required", frozenset({"root"}), OUT_OF_BOUNDS),
    ],
)
def test_revocation_as_the_policy_asks_for_it(mode: str, known: frozenset[str], sub: str | None) -> None:
    case = Case(ends=LATER, known=known, rules=f'[revocation]\nmode = "{mode}"')
    assert case.first().sub_indication == sub


def test_without_revocation_data_an_ended_algorithm_still_asks_for_a_proof() -> None:
    """Where nobody asks for revocation data, a certificate of an ended algorithm still has to be older than its end."""
    rules = RSA_ENDS.format(2034) + '\n[revocation]\nmode = "ignore"'
    case = Case(weak=frozenset({"root"}), rules=rules)
    assert case.first().sub_indication is None
    assert case._replace(renewed=year(2035)).first().sub_indication == WEAK


def test_control_time_is_within_the_certificates_validity() -> None:
    values = {each.code: each.values for each in Case(ends=LATER).first().findings}
    assert values["past.passed"] == {"proven": RENEWED, "control_time": LATER}


# -- until when


def test_until_the_responder_of_the_last_word_expires() -> None:
    """Nothing proves a delegated responder whose answer came later: it counts while its certificate does."""
    ends = year(2038)
    case = Case(ends=LATER, responder=ends, proven=frozenset({"root"}), signer_revoked=year(2030), at=year(2034, 2))
    report = case.judge()
    # the answer is of 2032, when the authority's certificate was valid
    assert outcome(stamps(report)[0]) == GOOD
    assert stamps(report)[0].past
    assert report.valid_until == ends
    assert outcome(report.simulate(ends)) == outcome(report) == PASSED
    assert outcome(report.simulate(ends + SECOND)) == ("INDETERMINATE", REVOKED)


def test_until_a_stamp_from_the_future_begins_to_count() -> None:
    """A content time stamp of a clock that is ahead does not count yet; once it does, the order is wrong."""
    good = sound()
    soon = AT + 30 * DAY
    signed = sign(good.signer, MADE, content_token=token(sha256(b64url_encode(CONTENT)), good.tsa, soon))
    signed = archived(stamped(signed, good.tsa, MADE), good.tsa, MADE + DAY)
    report = report_on(signed, store(good.root, items=good.lists(AT), certificates=[good.ca]), AT)
    assert outcome(report) == PASSED
    until = report.valid_until
    assert until is not None
    assert until < soon
    assert outcome(report.simulate(until)) == PASSED
    assert outcome(report.simulate(soon)) == ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE")


def test_until_where_no_time_stamp_says_when() -> None:
    """An archive time stamp by nobody known: the signature's own certificate ends, and nothing else is known to."""
    good = sound()
    signer = party("short signer", good.ca, good.root, end=year(2037))
    signed = archived(sign(signer, AT), stamper("nobody", authority("nowhere")), AT)
    trust = store(good.root, items=good.lists(AT), certificates=[good.ca])
    for _ in range(2):  # the second time by what the store has kept
        report = report_on(signed, trust, AT)
        assert outcome(report) == PASSED
        assert report.valid_until == year(2037)


def test_until_a_time_that_only_later_judgements_bring_up() -> None:
    good = sound()
    signer = party("shorter signer", good.ca, good.root, end=year(2038))
    signed = archived(stamped(sign(signer, AT), good.tsa, AT), good.tsa, AT + DAY)
    report = report_on(signed, store(good.root, items=good.lists(AT + DAY), certificates=[good.ca]), AT + 2 * DAY)
    (signature,) = report.signatures
    lapsed = report.simulate(year(2061))
    assert outcome(report) == PASSED
    assert outcome(lapsed)[0] == "INDETERMINATE"
    asked = []

    def again(at: datetime, work: Work) -> tuple[Report, set[datetime]]:
        asked.append(at)
        return (lapsed if year(2040) <= at < year(2045) else report), {year(2040), year(2045), year(2055)}

    horizon = Horizon(again, report.validated_at, {year(2050)})
    for _ in range(2):
        assert horizon.until(signature.facts) == year(2040) - timedelta(microseconds=1)
    assert asked == [year(2050), year(2040)]
