"""Building paths under a budget, and every check over an explicit one."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

import made_pki as pki
from made_pki import AT, DAY, END, T0
from toyono_trust.core.findings import table
from toyono_trust.core.limits import BUDGETS, Work, WorkExceeded
from toyono_trust.errors import MalformedError
from toyono_trust.pki import path as paths
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.link import name_key, names_match
from toyono_trust.pki.path import PolicyInputs

ROOT = pki.issue("Root", ca=True)
SUB = pki.issue("Sub", ROOT, ca=True)
LEAF = pki.issue("Leaf", SUB)


def path_of(*made: pki.Made) -> paths.Path:
    return tuple(each.certificate for each in made)


def failures(
    *made: pki.Made, at: Any = AT, purpose: paths.Purpose = "signature", **options: Any
) -> list[tuple[str, int]]:
    found = paths.check(path_of(*made), at, purpose, Work(), **options)
    for failure in found:
        entry = table()[failure.code]
        for text in (*entry.text, *entry.remedy):
            text.format(**failure.values)
        assert entry.sub_indication is not None
    return [(failure.code, failure.index) for failure in found]


def build(leaf: pki.Made, pool: Any, anchors: Any, work: Work | None = None) -> list[paths.Path]:
    certificates = [[each.certificate for each in group] for group in (pool, anchors)]
    return paths.build(leaf.certificate, *certificates, work or Work())


# -- building


def test_the_path() -> None:
    assert build(LEAF, [SUB], [ROOT]) == [path_of(LEAF, SUB, ROOT)]
    assert build(LEAF, [SUB, LEAF, ROOT, SUB], [ROOT]) == [path_of(LEAF, SUB, ROOT)]


def test_no_path() -> None:
    assert build(LEAF, [], [ROOT]) == []
    assert build(LEAF, [SUB], []) == []
    assert build(LEAF, [SUB], [pki.issue("Other", ca=True)]) == []


def test_leaf_that_is_an_anchor() -> None:
    assert build(LEAF, [SUB], [LEAF]) == [path_of(LEAF)]
    assert build(ROOT, [], [ROOT]) == [path_of(ROOT)]
    assert failures(ROOT, purpose="any") == []


def test_intermediate_anchor_comes_first_and_the_root_is_still_reached() -> None:
    assert build(LEAF, [], [ROOT, SUB]) == [path_of(LEAF, SUB), path_of(LEAF, SUB, ROOT)]


def test_of_two_certificates_with_one_name_the_signer_is_found() -> None:
    impostors = [pki.issue("Sub", ROOT, ca=True, key=f"impostor {number}") for number in range(5)]
    for pool in ([SUB, *impostors], [*impostors, SUB]):
        assert build(LEAF, pool, [ROOT]) == [path_of(LEAF, SUB, ROOT)]


def test_lone_impostor_is_offered_so_that_the_check_can_say_why() -> None:
    impostor = pki.issue("Sub", ROOT, ca=True, key="impostor")
    (path,) = build(LEAF, [impostor], [ROOT])
    assert [failure.code for failure in paths.check(path, AT, "signature")] == ["path.signature"]


def test_cross_certified_ca_gives_both_paths() -> None:
    bridge = pki.issue("Bridge", ca=True)
    crossed = pki.issue("Sub", bridge, ca=True)
    assert set(build(LEAF, [SUB, crossed], [ROOT, bridge])) == {
        path_of(LEAF, SUB, ROOT),
        path_of(LEAF, crossed, bridge),
    }


def mutual(count: int) -> tuple[list[pki.Made], pki.Made]:
    names = [f"Mutual {number}" for number in range(count)]
    roots = {name: pki.issue(name, ca=True) for name in names}
    cross = [pki.issue(one, roots[other], ca=True) for one, other in permutations(names, 2)]
    return cross, pki.issue("Victim", roots[names[0]])


@pytest.mark.parametrize("count", [5, 15])
def test_mutually_certifying_cas_end_at_once(count: int) -> None:
    """The work stays within a small bound, with and without an anchor at the end."""
    cross, leaf = mutual(count)
    work = Work()
    assert build(leaf, cross, [ROOT], work) == []
    assert BUDGETS["signature-checks"] - work.left["signature-checks"] <= len(cross) + count
    anchored = pki.issue("Mutual 0", ROOT, ca=True)
    found = build(leaf, [*cross, anchored], [ROOT])
    assert found[0] == path_of(leaf, anchored, ROOT)
    assert len(found) <= paths.MAX_CANDIDATES
    assert len(set(found)) == len(found)


def test_budget_of_paths() -> None:
    with pytest.raises(WorkExceeded):
        build(LEAF, [SUB], [ROOT], Work({"paths": 0, "signature-checks": 10}))


def test_path_longer_than_the_bound_is_not_followed() -> None:
    chain = [ROOT]
    for number in range(12):
        chain.append(pki.issue(f"Level {number}", chain[-1], ca=True))
    assert build(chain[9], chain, [ROOT]) != []
    assert build(chain[10], chain, [ROOT]) == []


# -- checks


def test_a_good_path_holds() -> None:
    assert failures(LEAF, SUB, ROOT) == []


def test_both_ends_belong_to_the_validity() -> None:
    assert failures(LEAF, SUB, ROOT, at=T0) == failures(LEAF, SUB, ROOT, at=END) == []


def test_validity_of_leaf_and_ca_is_told_apart() -> None:
    second = timedelta(seconds=1)
    late = failures(LEAF, SUB, ROOT, at=END + second)
    assert late == [("certificate.expired", 0), ("ca.expired", 1)]
    early = failures(LEAF, SUB, ROOT, at=T0 - second)
    assert early == [("certificate.not-yet-valid", 0), ("ca.not-yet-valid", 1)]
    assert {code for code, _ in (*late, *early)} == paths.VALIDITY_CODES


def test_all_failures_are_returned() -> None:
    plain = pki.issue("Plain", ROOT, end=AT - DAY)
    leaf = pki.issue(
        "Bad", plain, end=AT - DAY, key_usage=pki.usage("key_agreement"), signing_key=pki.key_of("Mallory")
    )
    assert set(failures(leaf, plain, ROOT)) == {
        ("certificate.key-usage", 0),
        ("certificate.expired", 0),
        ("ca.expired", 1),
        ("path.signature", 0),
        ("path.not-a-ca", 1),
        ("path.no-key-cert-sign", 1),
    }


def test_name_chaining() -> None:
    misnamed = pki.issue("Leaf", SUB, issuer_name="Someone else")
    assert failures(misnamed, SUB, ROOT) == [("path.name-chaining", 0)]


def test_names_match_whatever_case_blanks_and_string_type() -> None:
    def name(text: str, kind: x509.name._ASN1Type) -> bytes:
        attribute = x509.NameAttribute(x509.NameOID.COMMON_NAME, text, kind)
        return x509.Name([attribute]).public_bytes()

    utf8, printable = x509.name._ASN1Type.UTF8String, x509.name._ASN1Type.PrintableString
    assert names_match(name("Town of  Mihon ", utf8), name("TOWN OF MIHON", printable))
    assert not names_match(name("Town of Mihon", utf8), name("Townof Mihon", utf8))
    assert names_match(name("見本町", utf8), name("見本町", utf8))


@given(st.binary(max_size=64))
def test_name_key_is_total(der: bytes) -> None:
    """Any octets have a key, and match themselves."""
    assert name_key(der) == name_key(bytes(der))
    assert names_match(der, der)


def test_path_length() -> None:
    short = pki.issue("Short", ROOT, ca=True, path_length=0)
    below = pki.issue("Below", short, ca=True)
    leaf = pki.issue("Leaf", below)
    assert failures(leaf, below, short, ROOT) == [("path.too-long", 1)]
    rolled = pki.issue("Short", short, ca=True, key="rolled")  # self-issued: not counted
    assert failures(pki.issue("Leaf", rolled), rolled, short, ROOT) == []


def test_anchor_that_says_it_is_no_ca_issues_nothing() -> None:
    pinned = pki.issue("Pinned")
    assert failures(pki.issue("Leaf", pinned), pinned) == [("path.not-a-ca", 1), ("path.no-key-cert-sign", 1)]


def test_expired_anchor_is_still_an_anchor() -> None:
    old = pki.issue("Old root", ca=True, end=AT - DAY)
    assert failures(pki.issue("Leaf", old), old) == []


def test_unknown_critical_extension() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\5\0")
    assert failures(pki.issue("Leaf", SUB, extensions=[(unknown, True)]), SUB, ROOT) == [("path.critical-extension", 0)]
    assert failures(pki.issue("Leaf", SUB, extensions=[(unknown, False)]), SUB, ROOT) == []


# -- usage

BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])
MAIL = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
USAGES: list[tuple[paths.Purpose, tuple[str, ...], Any, list[str]]] = [
    ("signature", ("digital_signature",), None, []),
    ("seal", ("content_commitment",), None, []),
    ("seal", ("key_encipherment",), None, ["certificate.key-usage"]),
    ("signature", ("digital_signature",), (MAIL, True), []),
    ("signature", ("digital_signature",), (pki.TSA, True), ["certificate.extended-key-usage"]),
    ("signature", ("digital_signature",), (pki.OCSP, False), ["certificate.extended-key-usage"]),
    ("timestamp", ("digital_signature",), (pki.TSA, True), []),
    ("timestamp", ("digital_signature",), (pki.TSA, False), ["certificate.not-a-tsa"]),
    ("timestamp", ("digital_signature",), (BOTH, True), ["certificate.not-a-tsa"]),
    ("timestamp", ("digital_signature",), None, ["certificate.not-a-tsa"]),
    ("timestamp", ("key_agreement",), (pki.TSA, True), ["certificate.key-usage"]),
    ("ocsp", ("digital_signature",), (pki.OCSP, False), []),
    ("ocsp", ("digital_signature",), (MAIL, False), ["certificate.not-a-responder"]),
    ("crl", ("crl_sign",), None, []),
    ("crl", ("digital_signature",), None, ["certificate.no-crl-sign"]),
    ("any", ("key_agreement",), None, []),
]


@pytest.mark.parametrize(("purpose", "usage", "extension", "expected"), USAGES)
def test_usage(purpose: paths.Purpose, usage: tuple[str, ...], extension: Any, expected: list[str]) -> None:
    leaf = pki.issue("Used", SUB, key_usage=pki.usage(*usage), extensions=[extension] if extension else [])
    assert [code for code, _ in failures(leaf, SUB, ROOT, purpose=purpose)] == expected


# -- constraints, through the second reader


def test_name_constraints_of_a_ca() -> None:
    only = x509.NameConstraints([x509.DirectoryName(pki.name_of("Town"))], None)
    bound = pki.issue("Bound", ROOT, ca=True, extensions=[(only, True)])
    assert failures(pki.issue("Stranger", bound), bound, ROOT) == [("path.name-constraints", 0)]
    assert failures(pki.issue("Town", bound), bound, ROOT) == []


def test_required_policy() -> None:
    demanding = pki.issue("Demanding", ROOT, ca=True, extensions=[(x509.PolicyConstraints(0, None), True)])
    assert failures(pki.issue("Leaf", demanding), demanding, ROOT) == [("path.policies", 0)]
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.32473.2"), None)])
    fitting = pki.issue(
        "Fitting", ROOT, ca=True, extensions=[(x509.PolicyConstraints(0, None), True), (policies, False)]
    )
    leaf = pki.issue("Leaf", fitting, extensions=[(policies, False)])
    assert failures(leaf, fitting, ROOT) == []
    wanted = PolicyInputs(frozenset({"1.3.6.1.4.1.32473.9"}), explicit=True)
    assert [code for code, _ in failures(leaf, fitting, ROOT, policies=wanted)] == ["path.policies"]


def test_constraints_are_found_beside_an_expiry() -> None:
    demanding = pki.issue("Demanding", ROOT, ca=True, extensions=[(x509.PolicyConstraints(0, None), True)])
    leaf = pki.issue("Leaf", demanding, end=AT - DAY)
    assert failures(leaf, demanding, ROOT) == [("certificate.expired", 0), ("path.policies", 0)]


def test_unreadable_constraint_is_a_failure_and_no_error() -> None:
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), b"\x30\x03\x02\x01")
    bound = pki.issue("Broken", ROOT, ca=True, extensions=[(broken, True)])
    assert failures(pki.issue("Leaf", bound), bound, ROOT) == [("path.unreadable", 0)]


def test_oversized_path_is_not_given_to_it() -> None:
    large = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), b"\x04" * (1 << 18))
    bound = pki.issue("Large", ROOT, ca=True, extensions=[(large, True)])
    assert failures(pki.issue("Leaf", bound), bound, ROOT) == [("path.too-large", 0)]


def test_second_reader_is_loaded_only_where_it_has_something_to_say() -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "import made_pki as pki\n"
        "from toyono_trust.pki import path\n"
        "root = pki.issue('Root', ca=True)\n"
        "leaf = pki.issue('Leaf', root)\n"
        "assert path.check((leaf.certificate, root.certificate), pki.AT, 'signature') == ()\n"
        "print(*[name for name in sys.modules if name in ('pyhanko_certvalidator', 'asn1crypto')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *sys.path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# -- hostile bytes


@given(st.integers(0, len(LEAF.der) - 1), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_changed_octet_never_passes(place: int, mask: int) -> None:
    """A leaf with one changed octet is malformed or fails, unless the octet lies in nothing that is signed."""
    changed = bytearray(LEAF.der)
    changed[place] ^= mask
    try:
        leaf = Certificate.load(bytes(changed))
    except MalformedError:
        return
    assert paths.check((leaf, SUB.certificate, ROOT.certificate), AT, "any") != ()


@given(st.integers(0, len(SUB.der) - 1), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_changed_ca_never_raises(place: int, mask: int) -> None:
    """``build`` and ``check`` never raise anything on hostile certificates."""
    changed = bytearray(SUB.der)
    changed[place] ^= mask
    try:
        hostile = Certificate.load(bytes(changed))
    except MalformedError:
        return
    for path in paths.build(LEAF.certificate, [hostile, SUB.certificate], [ROOT.certificate], Work()):
        paths.check(path, AT, "signature", policies=PolicyInputs(explicit=True))


def test_v1_root_is_an_anchor() -> None:
    # cryptography makes no version 1 certificates: one is cut out of a version 3 certificate and signed again
    from toyono_trust.core import asn1

    reader = asn1.Reader(ROOT.der)
    body = reader.children(reader.children(reader.root())[0])
    tbs = asn1.sequence(*(reader.tlv(node) for node in body[1:7]))
    from cryptography.hazmat.primitives.asymmetric import ec

    value = asn1.bit_string(ROOT.key.sign(tbs, ec.ECDSA(hashes.SHA256())))
    old = Certificate.load(asn1.sequence(tbs, reader.tlv(body[2]), value))
    assert not old.extensions
    sub = pki.issue("Sub of old", ROOT, ca=True)
    assert paths.check((sub.certificate, old), AT, "any") == ()
    assert len(ROOT.x509.public_bytes(Encoding.DER)) > len(old.der)
