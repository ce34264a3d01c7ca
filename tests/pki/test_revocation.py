"""What CRLs and OCSP responses prove, and what they do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

import made_pki as pki
from made_pki import AT, DAY, T0
from toyono_trust.core import asn1
from toyono_trust.core.algorithms import digest, digest_algorithm_identifier
from toyono_trust.core.findings import table
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.pki import revocation
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.revocation import Status

KEY_COMPROMISE = x509.ReasonFlags.key_compromise


class Town:
    root = pki.issue("Root", ca=True)
    sub = pki.issue("Sub", root, ca=True)
    leaf = pki.issue("Leaf", sub)
    responder = pki.issue("Responder", sub, extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)])


def ask(*items: Any, at: Any = AT, who: Any = Town.leaf, pool: Any = (), **options: Any) -> Status:
    issuers = [made.certificate for made in (Town.sub, Town.root)]
    status = revocation.evaluate(
        who.certificate, issuers, items, at, Work(), pool=[made.certificate for made in pool], **options
    )
    for problem in status.problems:
        entry = table()[problem.code]
        for text in (*entry.text, *entry.remedy):
            text.format(**problem.values)  # every name that a text uses has a value
    return status


def codes(status: Status) -> list[str]:
    return [problem.code for problem in status.problems]


# -- the outcome


def test_nothing_at_hand_is_missing() -> None:
    status = ask()
    assert (status.outcome, status.code(), status.fresh) == ("none", "revocation.missing", False)


def test_anchor_is_exempt() -> None:
    assert revocation.evaluate(Town.root.certificate, [], [], AT, Work()).outcome == "exempt"


def test_good_by_crl_says_until_when_and_on_what_evidence() -> None:
    crl = pki.crl(Town.sub)
    status = ask(crl)
    assert (status.outcome, status.code()) == ("good", None)
    assert status.valid_until == crl.next_update == status.next_update
    assert status.this_update == crl.this_update
    assert status.evidence == (crl.digest,)
    assert status.items == (crl,)
    assert status.issuer == Town.sub.certificate


def test_revoked_by_crl() -> None:
    status = ask(pki.crl(Town.sub, [(Town.leaf.certificate.serial, T0 + DAY, KEY_COMPROMISE)]))
    assert (status.outcome, status.reason, status.revoked_at) == ("revoked", "keyCompromise", T0 + DAY)
    assert (status.code(), status.code(leaf=False)) == ("revocation.revoked", "revocation.ca-revoked")
    assert status.valid_until is None


def test_on_hold_is_try_later_and_never_revoked() -> None:
    entry = (Town.leaf.certificate.serial, T0 + DAY, x509.ReasonFlags.certificate_hold)
    assert ask(pki.crl(Town.sub, [entry])).code() == "revocation.on-hold"


def test_revocation_that_comes_later_is_good_until_then() -> None:
    status = ask(pki.crl(Town.sub, [(Town.leaf.certificate.serial, AT + DAY, None)]))
    assert (status.outcome, status.revoked_at, status.valid_until) == ("good", AT + DAY, AT + DAY)


def test_revocation_at_the_very_moment_counts() -> None:
    assert ask(pki.crl(Town.sub, [(Town.leaf.certificate.serial, AT, None)])).outcome == "revoked"


def test_good_by_delegated_responder_without_any_url_in_the_certificate() -> None:
    assert not Town.leaf.certificate.ocsp_urls
    for by_name in (False, True):
        response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, by_name=by_name)
        status = ask(response)
        assert (status.outcome, status.problems, status.issuer) == ("good", (), Town.responder.certificate)
        assert status.produced_at == response.produced_at


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384"])
def test_certificate_identifiers_of_several_digests(algorithm: str) -> None:
    assert ask(pki.ocsp_response(Town.leaf, Town.sub, Town.responder, algorithm=algorithm)).outcome == "good"


def test_encoded_default_version_is_read_and_so_is_a_bare_response() -> None:
    response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, default_version=True)
    with pytest.raises(ValueError, match="EncodedDefault"):
        ocsp.load_der_ocsp_response(response.der)
    assert ask(response).outcome == "good"
    assert ask(pki.ocsp_response(Town.leaf, Town.sub, Town.responder, bare=True)).outcome == "good"


def test_response_by_the_ca_itself() -> None:
    assert ask(pki.ocsp_response(Town.leaf, Town.sub, Town.sub, carry=False)).outcome == "good"


def test_revoked_by_ocsp() -> None:
    response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, revoked_at=T0 + DAY, reason=1)
    assert ask(response).reason == "keyCompromise"
    on_hold = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, revoked_at=T0 + DAY, reason=6)
    assert ask(on_hold).outcome == "hold"


def test_latest_item_wins() -> None:
    entry = (Town.leaf.certificate.serial, T0 + DAY, x509.ReasonFlags.certificate_hold)
    held, released = pki.crl(Town.sub, [entry], at=AT - 3 * DAY), pki.crl(Town.sub, at=AT - 2 * DAY)
    for order in ((held, released), (released, held)):
        assert ask(*order).outcome == "good"
    later = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, revoked_at=T0 + DAY)
    assert ask(held, released, later).outcome == "revoked"


def test_of_two_good_items_the_fresher_is_evidence() -> None:
    lapsing = pki.crl(Town.sub, at=AT - DAY, until=AT - timedelta(hours=1))
    lasting = pki.crl(Town.sub, at=AT - 2 * DAY, until=AT + DAY)
    status = ask(lapsing, lasting)
    assert (status.code(), status.evidence) == (None, (lasting.digest,))


# -- freshness


def test_next_update_is_inclusive() -> None:
    crl = pki.crl(Town.sub, until=AT)
    assert ask(crl).code() is None
    late = ask(crl, at=AT + timedelta(seconds=1))
    assert (late.outcome, late.code(), codes(late)) == ("good", "revocation.stale", ["revocation.stale"])


def test_stale_list_still_revokes() -> None:
    crl = pki.crl(Town.sub, [(Town.leaf.certificate.serial, T0 + DAY, None)], until=AT - timedelta(hours=1))
    assert ask(crl).code() == "revocation.revoked"


def test_maximum_age() -> None:
    crl = pki.crl(Town.sub, at=AT - 2 * DAY)
    assert ask(crl, max_age=3 * DAY).valid_until == AT + DAY
    assert ask(crl, max_age=DAY).code() == "revocation.stale"


def test_response_without_next_update_is_stale_unless_the_policy_sets_an_age() -> None:
    response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, until=None)
    assert (ask(response).code(), codes(ask(response))) == ("revocation.stale", ["revocation.no-next-update"])
    assert ask(response, max_age=2 * DAY).code() is None


# -- what does not count


def test_item_from_after_the_moment_does_not_count() -> None:
    crl = pki.crl(Town.sub, [(Town.leaf.certificate.serial, T0 + DAY, None)], at=AT + DAY)
    assert (ask(crl).outcome, codes(ask(crl))) == ("unknown", ["revocation.too-late"])
    response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, produced=AT + DAY)
    assert codes(ask(response)) == ["revocation.too-late"]


def test_item_from_before_the_certificate_does_not_count() -> None:
    crl = pki.crl(Town.sub, at=T0 - DAY)
    assert codes(ask(crl)) == ["revocation.before-issuance"]


def test_item_from_after_expiry_says_nothing_without_the_promise_to_keep_entries() -> None:
    old = pki.issue("Old", Town.sub, end=AT - 10 * DAY)
    assert codes(ask(pki.crl(Town.sub), who=old)) == ["revocation.after-expiry"]
    kept = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), asn1.generalized(T0))
    assert ask(pki.crl(Town.sub, extensions=[(kept, False)]), who=old).outcome == "good"
    assert codes(ask(pki.ocsp_response(old, Town.sub, Town.responder), who=old)) == ["revocation.after-expiry"]
    cutoff = ("1.3.6.1.5.5.7.48.1.6", False, asn1.generalized(T0))
    assert ask(pki.ocsp_response(old, Town.sub, Town.responder, extensions=[cutoff]), who=old).outcome == "good"


def test_certificate_hash_proves_or_refutes() -> None:
    def response(der: bytes) -> OcspResponse:
        value = asn1.sequence(digest_algorithm_identifier("sha256"), asn1.octet_string(digest("sha256", der)))
        made = [("1.3.36.8.3.13", False, value)]
        return pki.ocsp_response(Town.leaf, Town.sub, Town.responder, extensions=made)

    assert ask(response(Town.leaf.der)).outcome == "good"
    assert codes(ask(response(Town.sub.der))) == ["revocation.cert-hash"]


def test_unknown_is_not_good() -> None:
    status = ask(pki.ocsp_response(Town.leaf, Town.sub, Town.responder, unknown=True))
    assert (status.outcome, status.code(), codes(status)) == (
        "unknown",
        "revocation.unusable",
        ["revocation.unknown-status"],
    )


def test_items_about_others_are_passed_over() -> None:
    other = pki.issue("Other", Town.sub)
    assert ask(pki.ocsp_response(other, Town.sub, Town.responder)).outcome == "none"
    assert ask(pki.crl(Town.root)).outcome == "none"


def forged_crl() -> Crl:
    return pki.crl(Town.sub, key=pki.key_of("Mallory"))


def point(**facts: Any) -> tuple[x509.ExtensionType, bool]:
    named: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(named | facts)), True


UNKNOWN_CRITICAL = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\5\0"), True)

BAD_LISTS: dict[str, tuple[Any, str]] = {
    "forged": (forged_crl, "revocation.signature"),
    "indirect": (
        lambda: pki.crl(Town.sub, extensions=[point(indirect_crl=True)]),
        "revocation.indirect-crl",
    ),
    "delta": (lambda: pki.crl(Town.sub, extensions=[(x509.DeltaCRLIndicator(1), True)]), "revocation.delta-crl"),
    "unknown critical extension": (
        lambda: pki.crl(Town.sub, extensions=[UNKNOWN_CRITICAL]),
        "revocation.critical-extension",
    ),
    "CAs only": (
        lambda: pki.crl(Town.sub, extensions=[point(only_contains_ca_certs=True)]),
        "revocation.scope",
    ),
    "attribute certificates only": (
        lambda: pki.crl(Town.sub, extensions=[point(only_contains_attribute_certs=True)]),
        "revocation.scope",
    ),
    "another point": (
        lambda: pki.crl(
            Town.sub, extensions=[point(full_name=[x509.UniformResourceIdentifier("http://crl.example/2")])]
        ),
        "revocation.scope",
    ),
    "some reasons": (
        lambda: pki.crl(Town.sub, extensions=[point(only_some_reasons=frozenset({KEY_COMPROMISE}))]),
        "revocation.reasons-not-covered",
    ),
}


@pytest.mark.parametrize("case", BAD_LISTS)
def test_unusable_list_is_refused_with_a_finding(case: str) -> None:
    make, code = BAD_LISTS[case]
    status = ask(make())
    assert (status.outcome, status.code(), codes(status)) == ("unknown", "revocation.unusable", [code])
    assert ask(make(), pki.crl(Town.sub)).outcome == "good"


def test_delta_that_lists_the_certificate_undoes_an_older_complete_list() -> None:
    entry = [(Town.leaf.certificate.serial, T0 + DAY, None)]
    delta = pki.crl(Town.sub, entry, at=AT - DAY, extensions=[(x509.DeltaCRLIndicator(1), True)])
    assert ask(pki.crl(Town.sub, at=AT - 2 * DAY), delta).outcome == "unknown"
    assert ask(pki.crl(Town.sub, at=AT - timedelta(hours=1)), delta).outcome == "good"


def test_responder_of_another_ca_is_refused() -> None:
    other = pki.issue("Other CA", Town.root, ca=True)
    stranger = pki.issue("Stranger", other, extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)])
    status = ask(pki.ocsp_response(Town.leaf, Town.sub, stranger))
    assert codes(status) == ["revocation.responder-of-another-ca"]


def test_responder_that_only_names_the_ca_is_refused() -> None:
    stranger = pki.issue("Stranger", issuer_name="Sub", extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)])
    assert codes(ask(pki.ocsp_response(Town.leaf, Town.sub, stranger))) == ["revocation.responder-of-another-ca"]


def test_responder_without_the_extended_usage_is_refused() -> None:
    plain = pki.issue("Plain", Town.sub, extensions=[(x509.OCSPNoCheck(), False)])
    assert codes(ask(pki.ocsp_response(Town.leaf, Town.sub, plain))) == ["revocation.responder-not-authorised"]


def test_responder_outside_its_validity_is_refused() -> None:
    old = pki.issue(
        "Old responder", Town.sub, end=AT - 3 * DAY, extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)]
    )
    assert codes(ask(pki.ocsp_response(Town.leaf, Town.sub, old))) == ["revocation.responder-outside-validity"]
    assert ask(pki.ocsp_response(Town.leaf, Town.sub, old, at=AT - 4 * DAY)).outcome == "good"


def test_responder_without_nocheck_needs_a_status_of_its_own() -> None:
    checked = pki.issue("Checked responder", Town.sub, extensions=[(pki.OCSP, False)])
    response = pki.ocsp_response(Town.leaf, Town.sub, checked)
    assert codes(ask(response)) == ["revocation.signer-status-missing"]
    about_leaf_unknown = pki.crl(Town.sub, at=T0 + DAY)
    assert ask(response, about_leaf_unknown).outcome == "good"
    revoked = pki.crl(Town.sub, [(checked.certificate.serial, T0 + DAY, None)], at=T0 + 2 * DAY, until=T0 + 3 * DAY)
    assert "revocation.signer-revoked" in codes(ask(response, revoked))


def test_responder_cannot_answer_for_itself() -> None:
    own = pki.ocsp_response(Town.responder, Town.sub, Town.responder)
    alone = pki.issue("Own responder", Town.sub, extensions=[(pki.OCSP, False)])
    status = ask(pki.ocsp_response(alone, Town.sub, alone), who=alone)
    assert codes(status) == ["revocation.self-asserted"]
    assert ask(own, who=Town.responder).outcome == "exempt"


def test_nocheck_exempts_nobody_who_also_signs() -> None:
    both = x509.ExtendedKeyUsage([*pki.OCSP, x509.ExtendedKeyUsageOID.EMAIL_PROTECTION])
    signer = pki.issue("Signer", Town.sub, extensions=[(both, False), (x509.OCSPNoCheck(), False)])
    assert ask(who=signer).code() == "revocation.missing"


def test_forged_response_is_refused() -> None:
    response = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, key=pki.key_of("Mallory"))
    assert codes(ask(response)) == ["revocation.signature"]
    absent = pki.ocsp_response(Town.leaf, Town.sub, Town.responder, carry=False)
    assert codes(ask(absent)) == ["revocation.responder-missing"]
    assert ask(absent, pool=[Town.responder]).outcome == "good"


def test_crl_signer_with_a_key_of_its_own() -> None:
    signer = pki.issue("Sub", Town.root, key="CRL key", key_usage=pki.usage("crl_sign"))
    crl = pki.crl(Town.sub, key=signer.key)
    root_crl = pki.crl(Town.root)
    assert codes(ask(crl)) == ["revocation.signature"]
    assert ask(crl, root_crl, pool=[signer]).outcome == "good"
    assert codes(ask(crl, pool=[signer])) == ["revocation.signer-status-missing"]
    revoked = pki.crl(Town.root, [(signer.certificate.serial, T0 + DAY, None)])
    assert codes(ask(crl, revoked, pool=[signer])) == ["revocation.signer-revoked"]
    unfit = pki.issue("Sub", Town.root, key="CRL key", key_usage=pki.usage("digital_signature"))
    assert codes(ask(crl, root_crl, pool=[unfit])) == ["revocation.crl-signer-not-authorised"]
    mallory = pki.issue("Sub", key="CRL key", key_usage=pki.usage("crl_sign"))
    assert codes(ask(crl, root_crl, pool=[mallory])) == ["revocation.crl-signer-missing"]


# -- reading


def test_large_list_is_looked_up_by_search() -> None:
    entries = [(10**18 + 7 * number, T0, None) for number in range(3_000)]
    crl = pki.crl(Town.sub, entries)
    assert all(crl.find(serial) is not None for serial, _, _ in entries[::500])
    assert crl.find(10**18 + 1) is None
    assert crl.find(entries[-1][0]) is not None


@given(st.lists(st.integers(1, 2**64), unique=True, max_size=20), st.integers(1, 2**64))
@settings(max_examples=30, deadline=None)
def test_search_agrees_with_cryptography(serials: list[int], other: int) -> None:
    """A serial number is found if and only if another reader finds it."""
    crl = pki.crl(Town.sub, [(serial, T0, None) for serial in serials])
    loaded = x509.load_der_x509_crl(crl.der)
    for serial in (*serials, other):
        assert (crl.find(serial) is None) == (loaded.get_revoked_certificate_by_serial_number(serial) is None)


@pytest.mark.parametrize("kind", ["crl", "ocsp"])
def test_any_mutation_is_malformed_or_not_good(kind: str) -> None:
    """One changed octet never leaves a status good."""
    made = pki.crl(Town.sub) if kind == "crl" else pki.ocsp_response(Town.leaf, Town.sub, Town.responder)
    unsigned = range(0) if kind == "crl" else range(made.der.index(Town.responder.der), len(made.der))
    for place in range(len(made.der)):
        changed = bytearray(made.der)
        changed[place] ^= 0x04
        try:
            item = revocation.load(bytes(changed))
        except MalformedError:
            continue
        if place not in unsigned:
            assert ask(item).outcome in ("unknown", "none"), place


@pytest.mark.parametrize("kind", ["crl", "ocsp"])
def test_truncation_is_malformed(kind: str) -> None:
    made = pki.crl(Town.sub) if kind == "crl" else pki.ocsp_response(Town.leaf, Town.sub, Town.responder)
    for length in range(0, len(made.der), 7):
        with pytest.raises(MalformedError):
            revocation.load(made.der[:length])


def test_refusal_of_a_responder_is_named() -> None:
    with pytest.raises(MalformedError) as caught:
        revocation.load(bytes.fromhex("30030a0106"))
    assert caught.value.code == "revocation.ocsp-refused"
    assert "unauthorized" in str(caught.value)


def test_work_is_bounded() -> None:
    forged = [pki.crl(Town.sub, key=pki.key_of("Mallory"), at=AT - DAY) for _ in range(5)]
    with pytest.raises(WorkExceeded):
        revocation.evaluate(
            Town.leaf.certificate,
            [Town.sub.certificate, Town.root.certificate],
            forged,
            AT,
            Work({"signature-checks": 3, "paths": 1}),
        )
