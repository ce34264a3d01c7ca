"""Verdicts on certificates that the trust store keeps: never another verdict or report than a fresh one."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from judging_town import DAY, NOW, SECOND, YEAR, outcome, revocation, sign, stamp, town, trust, verify

from made_pki import Made, ocsp_response
from toyono_trust.core.canonical import b64url_encode
from toyono_trust.devpki import Town
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.validation.policy import Policy

PASSED = ("TOTAL-PASSED", None)
_ELSEWHERE = Town.create(NOW, clock=lambda: NOW)


@lru_cache
def files() -> dict[str, bytes]:
    """Files that one verification may have met before another one, with different certificates and data inside."""
    ca, leaf = town().ca.der, town().identity("town").certificate.der
    plain = sign()
    stamped = stamp(plain, NOW + DAY)
    return {
        "jades": plain,
        "jades, certificate alone": sign(chain=()),
        "jades, with strangers": sign(chain=(ca, _ELSEWHERE.ca.der, _ELSEWHERE.root.der)),
        "cades": sign(format="cades"),
        "cades, certificate alone": sign(format="cades", chain=()),
        "jades, stamped": stamped,
        "jades, stamped by another": stamp(plain, NOW + DAY, by="tsa-rsa"),
        "revoked data inside": _with_values(stamped, revocation(NOW + 2 * DAY, revoked={"town": (NOW, "superseded")})),
        "another signer": sign("bus"),
        "unreadable certificate inside": sign(chain=(ca, leaf[:-1])),
    }


def _with_values(stamped: bytes, crls: tuple[bytes, ...]) -> bytes:
    """A JAdES B-T with ``rVals``."""
    value = json.loads(stamped)
    element = {"rVals": {"crlVals": [{"val": b64encode(crl).decode()} for crl in crls]}}
    value["header"]["etsiU"].append(b64url_encode(json.dumps(element).encode()).decode())
    return json.dumps(value).encode()


@lru_cache
def stores() -> tuple[tuple[TrustStore, ...], ...]:
    """Pairs of equal trust, one to be used again and again, one to be cleared each time."""
    root, ca = town().root.der, town().ca.der
    first, later = revocation(), revocation(NOW + 20 * DAY, revoked={"town": (NOW + 25 * DAY, "superseded")})
    released = revocation(NOW + 30 * DAY)
    own = [
        ([root], [ca], [*first]),
        ([root], [], [*first]),
        ([root], [ca], [*first, *later]),
        ([root], [ca], [*first, *later, *released]),
        ([root], [], [*first, *later, *released]),
        ([root], [ca, _ELSEWHERE.ca.der], [*later]),
        ([root, town().identity("town").certificate.der], [ca], [*first]),
        ([root, _ELSEWHERE.root.der], [ca], []),
    ]
    made = [(TrustStore.from_certificates(*each), TrustStore.from_certificates(*each)) for each in own]
    for pair in (made[0], made[3]):
        sunset = tuple(TrustStore.from_certificates([root], [ca], [*first, *later]) for _ in pair)
        for store in sunset:
            anchor = Anchor(town().root, frozenset({"seal", "timestamp"}), None, NOW + 40 * DAY)
            object.__setattr__(store, "anchors", (anchor,))
        made.append(sunset)
    return tuple(made)


RULES = (
    "",
    '[revocation]\nmode = "if-available"',
    '[revocation]\nmode = "ignore"',
    "[revocation]\nmax_age_hours = 48",
    "[algorithms.expires]\necdsa = 2026-11-20",
    '[signature]\nkinds = ["natural-person"]',
)
_LANDMARKS = [NOW + days * DAY for days in (-30, -1, 0, 1, 2, 19, 20, 25, 29, 30, 40)]
_LANDMARKS += [NOW + YEAR, NOW + YEAR + 20 * DAY, NOW + 3 * YEAR, NOW + 35 * YEAR]
times = st.builds(
    lambda landmark, seconds: landmark + seconds * SECOND,
    st.sampled_from(_LANDMARKS),
    st.sampled_from([-1, 0, 0.000001, 1, 3600]),
)
visits = st.tuples(st.sampled_from(sorted(files())), times, st.sampled_from(RULES))


@given(st.integers(0, len(stores()) - 1), st.lists(visits, min_size=2, max_size=8))
@settings(max_examples=150, deadline=None)
def test_kept_equals_fresh(which: int, history: list[tuple[str, datetime, str]]) -> None:
    """Invariant: whatever was verified before, report and verdict are those of a store that has kept nothing."""
    used, fresh = stores()[which]
    used.passed.clear()
    for name, at, rules in history:
        fresh.passed.clear()
        again, anew = verify(files()[name], used, at, rules=rules), verify(files()[name], fresh, at, rules=rules)
        assert again.to_json() == anew.to_json()


def kept(store: TrustStore) -> int:
    return len(store.passed)


def test_passed_verdict_is_kept_and_used() -> None:
    store = trust()
    first = verify(sign(), store)
    assert kept(store) == 1
    (verdict,) = store.passed.values()
    second = verify(sign(), store, NOW + DAY)
    assert second.signatures[0].certificate is verdict.certificate
    assert outcome(first) == outcome(second) == PASSED
    evidence = [report.signatures[0].revocation_evidence for report in (first, second)]
    assert evidence[0] == evidence[1] != ()


def test_one_verdict_serves_files_with_and_without_the_chain() -> None:
    store = trust()
    for name in ("jades", "jades, certificate alone", "jades, with strangers", "cades", "jades, stamped"):
        assert outcome(verify(files()[name], store, NOW + DAY)) == PASSED
    assert {key[1] for key in store.passed} == {"signer", "timestamp"}
    assert kept(store) == 2
    assert all(verdict.carried is None for verdict in store.passed.values())


def test_failure_is_never_kept() -> None:
    store = trust(revocation()[0])
    assert outcome(verify(sign(), store)) != PASSED
    assert kept(store) == 0


def test_an_intermediate_that_a_file_brings_helps_that_file_alone() -> None:
    store = trust(*revocation(), intermediates=False)
    assert outcome(verify(files()["jades"], store)) == PASSED
    assert kept(store) == 1
    assert outcome(verify(files()["jades, certificate alone"], store)) == (
        "INDETERMINATE",
        "NO_CERTIFICATE_CHAIN_FOUND",
    )


def test_revocation_data_in_the_file_is_looked_at() -> None:
    store = trust()
    at = NOW + 3 * DAY
    assert outcome(verify(files()["jades, stamped"], store, at)) == PASSED
    assert kept(store) == 2
    report = verify(files()["revoked data inside"], store, at)
    assert outcome(report) == ("INDETERMINATE", "REVOKED_NO_POE")
    assert kept(store) == 2


def test_revocation_data_that_counts_only_later() -> None:
    store = trust(*revocation(), *revocation(NOW + DAY, revoked={"town": (NOW, "superseded")}))
    assert outcome(verify(sign(), store)) == PASSED
    assert outcome(verify(sign(), store, NOW + DAY - SECOND)) == PASSED
    assert outcome(verify(sign(), store, NOW + DAY)) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_response_produced_after_its_thisupdate() -> None:
    """An OCSP response begins to count when it was produced, not with the thisUpdate that it repeats."""
    store = trust(*revocation(NOW - DAY))
    assert verify(sign(), store).signatures[0].valid_until == town().identity("town").certificate.not_after
    store = TrustStore.from_certificates([town().root.der], [town().ca.der], [*revocation(NOW - DAY), *_response()])
    response = next(item for item in store.revocation if isinstance(item, OcspResponse))
    assert response.this_update < NOW < response.produced_at
    assert verify(sign(), store).signatures[0].valid_until == response.produced_at - SECOND / 10**6


def _response() -> list[bytes]:
    def made(name: str) -> Made:
        identity = town().identity(name)
        return Made(
            identity.certificate, x509.load_der_x509_certificate(identity.certificate.der), identity.private_key
        )

    produced = NOW + DAY
    response = ocsp_response(made("town"), made("ca"), made("ocsp"), at=NOW - DAY, produced=produced, until=NOW + YEAR)
    return [response.der]


def test_a_replaced_policy_is_another_policy() -> None:
    """``dataclasses.replace`` must not leave the digest behind, or a lax policy's verdicts would serve a strict one."""
    store = trust(*revocation(revoked={"town": (NOW - DAY, "superseded")}))
    lax = dataclasses.replace(Policy.default(), revocation="ignore")
    assert lax.digest != Policy.default().digest
    assert outcome(verify(sign(), store, rules=lax)) == PASSED
    assert outcome(verify(sign(), store, rules=Policy.default())) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_purposes_are_kept_apart() -> None:
    """A TSA's certificate that was accepted for stamps is no signer's."""
    store = trust()
    assert outcome(verify(files()["jades, stamped"], store, NOW + DAY)) == PASSED
    assert outcome(verify(sign("tsa"), store, NOW + DAY)) == ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")


def test_before_what_it_rests_on_was_issued() -> None:
    store = trust()
    assert outcome(verify(sign(), store)) == PASSED
    early = verify(sign(claimed=NOW - SECOND), store, NOW - SECOND)
    assert outcome(early) == ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE")


def test_signers_do_not_share_a_verdict() -> None:
    store = trust()
    for name in ("town", "town", "bus", "resident"):
        assert outcome(verify(sign(name), store)) == PASSED
    assert kept(store) == 3
