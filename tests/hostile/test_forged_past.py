"""Histories that never happened: forged, borrowed and late material that would prove a past if anybody believed it.

Each case is first shown to fail without the forgery or to pass without what it must not survive, so that none can pass
or fail for another reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

import made_pki
from made_pki import OCSP, Made
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
from toyono_trust.core import cms
from toyono_trust.core.canonical import b64_encode, b64url_decode, b64url_encode
from toyono_trust.core.limits import Work
from toyono_trust.errors import TrustError
from toyono_trust.formats import jades, registry
from toyono_trust.formats.cades import attributes as names
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import Facts, TimestampToken
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

COMPROMISE = x509.ReasonFlags.key_compromise
MADE, NOW = year(2026, 11), year(2036, 6)
RSA_ENDED = '[algorithms]\ncatalogue = "CRYPTREC"\n[algorithms.expires]\nrsa = 2030-01-01'


class Pki(NamedTuple):
    """A root, a CA, two time-stamping authorities and two signers."""

    root: Made
    ca: Made
    tsa: Party
    stolen: Party
    alice: Party
    mallory: Party

    def trust(self, *items: bytes) -> TrustStore:
        return store(self.root, items=[crl(self.root, NOW - DAY), *items], certificates=[self.ca])


@lru_cache
def pki() -> Pki:
    root = authority("forged root")
    ca = authority("forged CA", root)
    tsas = [stamper(name, ca, root) for name in ("honest TSA", "stolen TSA")]
    return Pki(root, ca, *tsas, *(party(name, ca, root) for name in ("alice", "mallory")))


# -- values that fit nothing


def _stolen() -> tuple[TrustStore, bytes, bytes]:
    """Mallory's key is revoked in 2028, an authority's in 2030; then both make a signature of 2026.

    Returns trust as of today, the signature with its time stamp, and that time stamp.
    """
    known = pki()
    lists = crl(known.ca, NOW - DAY, (known.stolen, year(2030), COMPROMISE), (known.mallory, year(2028)))
    signed = sign(known.mallory, MADE)
    stamp = token(jades.imprint(signed, "sha256"), known.stolen, MADE - DAY)
    return known.trust(lists), jades.attach(signed, stamp), stamp


def _together(forged: bytes, *parts: dict[str, Any]) -> bytes:
    """A general JSON of a flattened one and further signatures."""
    first = json.loads(forged)
    own = {name: first[name] for name in ("protected", "signature", "header")}
    return json.dumps({"payload": first["payload"], "signatures": [own, *parts]}).encode()


def _refused(report: Report) -> None:
    assert outcome(report.signatures[0]) == ("INDETERMINATE", "REVOKED_NO_POE"), report
    with pytest.raises(TrustError):
        report.require(signed_by="anyone")


def test_a_token_in_the_header_of_a_borrowed_value_is_not_older_than_it_is() -> None:
    """The value and its time stamp come from an honest file; the protected header beside them is the forger's."""
    trust, forged, stamp = _stolen()
    _refused(report_on(forged, trust, NOW))
    honest = json.loads(stamped(sign(pki().alice, MADE), pki().tsa, MADE))
    header, _, _ = sign(pki().mallory, MADE, content_token=stamp).decode().split(".")
    borrowed = {"protected": header, "signature": honest["signature"], "header": honest["header"]}
    report = report_on(_together(forged, borrowed), trust, NOW)
    _refused(report)
    tokens = report.signatures[1].timestamps
    assert [(each.token.type, each.indication) for each in tokens] == [("content", "FAILED"), ("signature", "PASSED")]
    assert tokens[0].token.data == stamp
    assert tokens[0].proof is not None
    assert tokens[0].proof.time == NOW


def test_nor_where_a_key_is_made_that_fits_the_borrowed_value() -> None:
    """To every ECDSA value and every text there is a public key; a certificate needs no private one."""
    trust, forged, stamp = _stolen()
    honest = json.loads(stamped(sign(pki().alice, MADE), pki().tsa, MADE))
    header, payload, _ = sign(pki().mallory, MADE, content_token=stamp).decode().split(".")
    members = json.loads(b64url_decode(header.encode()))
    own = authority("forger")
    members.pop("x5t#S256")
    members.pop("x5c")
    from toyono_trust.core.asn1 import explicit, integer_der, sequence

    members["kid"] = b64_encode(sequence(sequence(explicit(4, own.certificate.subject_der)), integer_der(4711)))
    text = b64url_encode(json.dumps(members).encode()).decode()
    value = b64url_decode(honest["signature"].encode())
    made_pki._keys["recovered"] = _Recovered(value, f"{text}.{payload}".encode())
    fitting = party("forger's key", own, key="recovered", serial=4711)
    values = {"xVals": [{"x509Cert": {"val": b64_encode(fitting.der)}}]}
    element = b64url_encode(json.dumps(values).encode()).decode()
    header_of = {"etsiU": [*honest["header"]["etsiU"], element]}
    report = report_on(
        _together(forged, {"protected": text, "signature": honest["signature"], "header": header_of}), trust, NOW
    )
    assert report.signatures[1].signature_intact is True, list(report.signatures[1].findings)
    assert stamp in [each.token.data for each in report.signatures[1].timestamps]
    _refused(report)


class _Recovered:
    """A P-256 key pair of which only the public half exists (SEC 1 4.1.6)."""

    P, A, N = (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        -3,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    )
    B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    G = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )

    def __init__(self, value: bytes, text: bytes) -> None:
        r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
        y = pow((r**3 + self.A * r + self.B) % self.P, (self.P + 1) // 4, self.P)
        z, inverse = int.from_bytes(sha256(text), "big"), pow(r, -1, self.N)
        self.x, self.y = self._add(
            self._times((r, y), s * inverse % self.N), self._times(self.G, -z * inverse % self.N)
        )

    def _add(self, one: Any, other: Any) -> Any:
        if one is None or other is None:
            return one or other
        if one[0] == other[0]:
            slope = (3 * one[0] ** 2 + self.A) * pow(2 * one[1], -1, self.P)
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, self.P)
        x = (slope**2 - one[0] - other[0]) % self.P
        return x, (slope * (one[0] - x) - one[1]) % self.P

    def _times(self, point: Any, number: int) -> Any:
        found = None
        while number:
            if number & 1:
                found = self._add(found, point)
            point, number = self._add(point, point), number >> 1
        return found

    def public_key(self) -> Any:
        return ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()


def test_a_stamp_over_references_does_not_cover_the_signed_attributes() -> None:
    """RFC 5126 6.3.5 stamps the value, not the attributes in which a content time stamp stands."""
    known = pki()
    content = token(sha256(b"content"), known.tsa, MADE)
    data = sign(known.alice, MADE, format="cades", content_token=content)
    info = cms.read(data).signers[0]
    stamp = token(sha256(info.signature), known.tsa, MADE + DAY)
    data = cms.add_unsigned(data, 0, cms.attribute(names.CADES_C_TIMESTAMP, stamp))
    facts = registry.read(data, NO_CONTENTS, Work())
    inner, outer = facts.signatures[0].timestamps
    assert inner.data == content
    assert outer.imprint_intact is True
    assert sha256(info.signature) in outer.covers
    assert sha256(content) not in outer.covers


# -- algorithms that have ended


class Ended(NamedTuple):
    """A CA with an RSA key, which anybody may have by 2030. The signer's certificate is revoked in 2025."""

    root: Made
    ca: Made
    signer: Party
    signed: bytes

    def report(self, *items: bytes, signed: bytes = b"") -> Report:
        known = pki()
        fresh = [crl(known.root, NOW - DAY), crl(known.ca, NOW - DAY), crl(self.root, NOW - DAY)]
        trust = store(known.root, self.root, items=[*fresh, *items], certificates=[known.ca, self.ca])
        return report_on(signed or self.signed, trust, NOW, RSA_ENDED)


@lru_cache
def ended() -> Ended:
    root = authority("other root")
    ca = authority("weak CA", root, key=weak_key("weak ca"))
    signer = party("signer", ca, root)
    return Ended(root, ca, signer, stamped(sign(signer, MADE), pki().tsa, MADE))


def test_a_list_made_after_the_algorithm_ended_proves_nothing() -> None:
    known = ended()
    honest = crl(known.ca, MADE - DAY, (known.signer, year(2025)))
    sound = crl(known.ca, MADE - DAY, until=year(2050))
    assert outcome(known.report(honest)) == ("INDETERMINATE", "REVOKED_NO_POE")
    weak = ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert outcome(known.report(sound)) == weak, "nothing proves that it is older than the end of RSA"
    proven = archived(known.signed, pki().tsa, MADE + DAY, known.ca, sound)
    assert outcome(known.report(signed=proven)) == PASSED
    forged = crl(known.ca, NOW - DAY)
    assert outcome(known.report(forged)) == weak
    assert outcome(known.report(forged, honest)) == weak
    for late in (forged, crl(known.ca, NOW - DAY, (known.signer, NOW - 3 * DAY))):
        told = archived(known.signed, pki().tsa, MADE + DAY, known.ca, honest)
        assert report_passes(known.report(late, signed=told)) is False, "what hides the revocation is not proven"
    for late in (forged, crl(known.ca, NOW - DAY, (known.signer, NOW - 3 * DAY))):
        assert report_passes(known.report(late, signed=proven)), "nor does it take from what is"


def report_passes(report: Report) -> bool:
    return outcome(report) == PASSED


def test_nor_does_a_responder_that_such_a_key_makes() -> None:
    known = ended()
    usage = [(OCSP, False), (x509.OCSPNoCheck(), False)]
    responder = party("responder", known.ca, known.root, extensions=usage)
    told = archived(known.signed, pki().tsa, MADE + DAY, known.ca)

    def response(at: Any, **more: Any) -> bytes:
        made = made_pki.ocsp_response(known.signer.made, known.ca, responder.made, at=at, until=year(2050), **more)
        return made.der

    late = response(NOW - DAY)
    assert not report_passes(known.report(late, signed=told))
    # the response is old, but the certificate of its signer is not proven to be
    early = archived(with_responses(known.signed, response(MADE, carry=False)), pki().tsa, MADE + DAY, known.ca)
    assert not report_passes(known.report(signed=with_data(early, responder.made)))
    proven = archived(with_responses(known.signed, response(MADE)), pki().tsa, MADE + DAY, known.ca)
    assert report_passes(known.report(signed=proven))


def test_nor_does_a_certificate_of_a_ca() -> None:
    """An issuer that nobody trusted signs in 2026; once the root's key is known, it gets a certificate."""
    known = pki()
    weak = authority("weak root", key=weak_key("weak root"))
    own = authority("own CA")
    signer = party("its signer", own)
    signed = archived(stamped(sign(signer, MADE), known.tsa, MADE), known.tsa, MADE + DAY, crl(own, MADE - DAY))
    fresh = [crl(known.root, NOW - DAY), crl(known.ca, NOW - DAY)]
    forged = authority("own CA", weak)

    def report(data: bytes, *items: bytes) -> Report:
        trust = store(known.root, weak, items=[*fresh, *items], certificates=[known.ca])
        return report_on(data, trust, NOW, RSA_ENDED)

    old = crl(weak, MADE - DAY, until=year(2050))
    assert outcome(report(signed)) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert not report_passes(report(with_data(signed, forged), old, crl(weak, NOW - DAY)))
    signed = archived(signed, known.tsa, MADE + 2 * DAY, old)
    assert not report_passes(report(with_data(signed, forged)))
    proven = archived(signed, known.tsa, MADE + 3 * DAY, forged)
    assert report_passes(report(proven)), "a certificate that is older than the end counts"


# -- paths that do not hold


def test_a_certificate_that_nobody_signed_makes_no_path() -> None:
    """With the name and the key of the real CA, under a root that never heard of it and so does not revoke it."""
    known = pki()
    between = authority("between", known.root)
    ca = authority("small CA", between)
    signer = party("small signer", ca, between, known.root)
    signed = stamped(sign(signer, year(2030)), known.tsa, year(2030))
    # of the small CA nothing is known after 2027
    items = [crl(known.root, NOW - DAY), crl(known.ca, NOW - DAY), crl(between, MADE), crl(ca, NOW - DAY)]
    trust = store(known.root, items=items, certificates=[known.ca])
    assert outcome(report_on(signed, trust, NOW)) == ("INDETERMINATE", "TRY_LATER")
    forged = authority("small CA", known.root, key="small CA", signing_key=made_pki.key_of("nobody"))
    assert outcome(report_on(with_data(signed, forged), trust, NOW)) == ("INDETERMINATE", "TRY_LATER")
    real = authority("small CA", known.root, key="small CA")
    assert report_passes(report_on(with_data(signed, real), trust, NOW)), "one that the root signed does"


# -- time stamps that prove nothing


class Chain(NamedTuple):
    """A signature of 2026 and who renews it; the first authority's certificate ends in 2030."""

    first: Party
    revoked: bytes
    signed: bytes


@lru_cache
def chain() -> Chain:
    known = pki()
    first = stamper("first TSA", known.ca, known.root, end=year(2030))
    lists = crl(known.ca, NOW - DAY, (known.alice, year(2027)))
    old = [crl(issuer, MADE - DAY, until=year(2040)) for issuer in (known.root, known.ca)]
    return Chain(first, lists, with_data(stamped(sign(known.alice, MADE), first, MADE), known.ca, *old))


def _last(signed: bytes, *items: bytes) -> Report:
    """With a last archive time stamp of 2035, by an authority that is sound."""
    known = pki()
    signed = archived(signed, known.tsa, year(2035), crl(known.root, year(2035) - DAY), crl(known.ca, year(2035) - DAY))
    return report_on(signed, known.trust(chain().revoked, *items), NOW)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "is missing": lambda signed: signed,
    "is by nobody known": lambda signed: archived(signed, stamper("nobody", authority("nowhere")), year(2029)),
    "is by no authority": lambda signed: archived(signed, pki().mallory, year(2029)),
    "is of another file": lambda signed: _foreign(signed),
    "is over something else": lambda signed: _attached(signed, token(sha256(b"else"), pki().tsa, year(2029))),
    "comes too late": lambda signed: archived(signed, pki().tsa, year(2030) + DAY),
    "comes from the future": lambda signed: archived(signed, pki().tsa, NOW + DAY),
    "is by an authority not yet there": lambda signed: archived(
        signed, stamper("young TSA", pki().ca, pki().root, start=year(2031)), year(2029)
    ),
}


def _attached(signed: bytes, stamp: bytes) -> bytes:
    return jades.attach_archive(jades.prepare_archive(signed, NO_CONTENTS, "sha256"), stamp)


def _foreign(signed: bytes) -> bytes:
    other = archived(stamped(sign(pki().alice, MADE), pki().tsa, MADE), pki().tsa, year(2029))
    (_, stamp) = registry.read(other, NO_CONTENTS, Work()).signatures[0].timestamps
    return _attached(signed, stamp.data)


def test_a_chain_of_stamps_holds() -> None:
    report = _last(archived(chain().signed, pki().tsa, year(2029)))
    assert outcome(report) == PASSED
    assert [each.past for each in stamps(report)] == [True, False, False]


@pytest.mark.parametrize("name", BROKEN)
def test_a_chain_is_as_good_as_its_middle(name: str) -> None:
    """The newest stamp proves the first one from 2035 on, which is after the end of its certificate."""
    report = _last(BROKEN[name](chain().signed))
    assert outcome(report) == ("INDETERMINATE", "REVOKED_NO_POE")
    first = stamps(report)[0]
    assert first.sub_indication in ("OUT_OF_BOUNDS_NOT_REVOKED", "OUT_OF_BOUNDS_NO_POE")
    assert first.token.generated_at == MADE
    assert first.proof is not None
    assert first.proof.time >= year(2030)


def test_a_broken_stamp_takes_nothing_from_the_others() -> None:
    """6 of the traps: one bad token must not drop what the others prove."""
    for name in ("is by nobody known", "is over something else", "comes from the future"):
        report = _last(archived(BROKEN[name](chain().signed), pki().tsa, year(2029)))
        assert outcome(report) == PASSED, name
        assert "timestamp.not-usable" in codes(report)


def test_a_stamp_that_is_older_than_what_it_covers() -> None:
    signed = archived(chain().signed, pki().tsa, year(2029))
    report = _last(archived(signed, pki().tsa, year(2028)))
    assert outcome(report) == ("INDETERMINATE", "TIMESTAMP_ORDER_FAILURE")


def _facts(signed: bytes) -> Facts:
    facts = registry.read(signed, NO_CONTENTS, Work())
    assert isinstance(facts, Facts)
    return facts


def _with_covers(facts: Facts, covers: Callable[[TimestampToken], Iterable[bytes]], **more: Any) -> Facts:
    signature = facts.signatures[0]
    tokens = [each._replace(covers=tuple(covers(each)), **more) for each in signature.timestamps]
    return facts._replace(signatures=(signature._replace(timestamps=tuple(tokens)),))


def _judged(facts: Facts, at: Any = NOW) -> Report:
    return judge(facts, Policy.default(), pki().trust(chain().revoked), at, Work())


def test_stamps_that_say_they_cover_themselves_and_each_other() -> None:
    """Whatever a reader might be made to believe: a stamp that does not pass proves nothing, a circle has an end."""
    facts = _facts(archived(chain().signed, chain().first, year(2029)))
    everything = [sha256(each.data) for each in facts.signatures[0].timestamps]
    everything.append(sha256(facts.signatures[0].value.wire))
    everything += [sha256(der) for der in (*facts.signatures[0].certificates, *facts.signatures[0].crls)]
    report = _judged(_with_covers(facts, lambda each: everything))
    assert outcome(report) == ("INDETERMINATE", "REVOKED_NO_POE")
    assert {each.past for each in stamps(report)} == {False}
    signed = archived(archived(chain().signed, pki().tsa, year(2029)), pki().tsa, year(2035))
    facts = _facts(signed)
    everything = [sha256(each.data) for each in facts.signatures[0].timestamps]
    report = _judged(_with_covers(facts, lambda each: [*each.covers, *everything]))
    assert report.signatures[0].best_signature_time >= MADE
    assert [each.indication for each in stamps(report)][1:] == ["PASSED", "PASSED"]


def test_what_a_stamp_with_another_imprint_says_it_covers_is_not_believed() -> None:
    signed = archived(chain().signed, pki().tsa, year(2029))
    facts = _facts(signed)
    assert outcome(_judged(facts)) == PASSED
    for found in (
        {"imprint_intact": False},
        {"imprint_intact": None},
        {"imprint_found": False, "imprint_intact": None},
    ):
        report = _judged(_with_covers(facts, lambda each: each.covers, **found))
        assert outcome(report) == ("INDETERMINATE", "REVOKED_NO_POE"), found


def test_the_order_in_which_things_stand_does_not_matter() -> None:
    facts = _facts(archived(archived(chain().signed, pki().tsa, year(2029)), pki().tsa, year(2035)))
    signature = facts.signatures[0]
    turned = signature._replace(
        timestamps=signature.timestamps[::-1],
        certificates=signature.certificates[::-1],
        crls=signature.crls[::-1],
    )
    one, other = _judged(facts), _judged(facts._replace(signatures=(turned,)))
    assert outcome(one) == outcome(other) == PASSED
    assert {(each.id, each.past, each.proof) for each in stamps(one)} == {
        (each.id, each.past, each.proof) for each in stamps(other)
    }
    assert one.valid_until == other.valid_until
