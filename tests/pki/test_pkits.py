"""NIST's Public Key Interoperability Test Suite (PKITS) through ``build``, ``check`` and ``evaluate``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from corpus import corpus
from toyono_trust.core.limits import Work
from toyono_trust.pki import path as paths
from toyono_trust.pki import revocation
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl

AT = datetime(2022, 5, 1, tzinfo=UTC)
CASES = 246

_INDIRECT = "indirect CRLs are refused, with the finding revocation.indirect-crl"
_DELTA = "what a delta CRL lists is refused, with the finding revocation.delta-crl"
DIVERGENT: dict[str, tuple[str, str]] = {
    "40105": ("path.unsupported-key", "DSA keys that inherit their parameters are not supported by cryptography"),
    "41422": ("revocation.indirect-crl", _INDIRECT),
    "41424": ("revocation.indirect-crl", _INDIRECT),
    "41425": ("revocation.indirect-crl", _INDIRECT),
    "41428": ("revocation.indirect-crl", _INDIRECT),
    "41429": ("revocation.indirect-crl", _INDIRECT),
    "41430": ("revocation.indirect-crl", _INDIRECT),
    "41433": ("revocation.indirect-crl", _INDIRECT),
    "41505": ("revocation.delta-crl", _DELTA),
    "41507": ("revocation.delta-crl", _DELTA),
}
"""Cases that PKITS passes and that fail here: the finding, and why. None is the other way round."""

EXPECTED: dict[str, str] = {
    "signature of": "path.signature",
    "is not valid until": "not-yet-valid",
    "expired": "expired",
    "issuer name": "path.name-chaining",
    "not a CA": "path.not-a-ca",
    "maximum path length": "path.too-long",
    "not allowed to sign certificates": "path.no-key-cert-sign",
    "valid set of policies": "path.policies",
    "policy mapping": "path.policies",
    "permitted": "path.name-constraints",
    "excluded": "path.name-constraints",
    "unsupported critical": "path.critical-extension",
    "certificate hold": "revocation.on-hold",
    "was revoked at": "revoked",
}
"""What the suite's message says, and a part of the finding's code."""


def certificate(name: str) -> Certificate:
    return Certificate.load(corpus(f"pkits/certs/{name}").read_bytes())


def crl(name: str) -> Crl:
    return Crl.load(corpus(f"pkits/crls/{name}").read_bytes())


def policies(case: dict[str, Any]) -> paths.PolicyInputs | None:
    given = case.get("params")
    if not given:
        return None
    return paths.PolicyInputs(
        frozenset(given.get("user_initial_policy_set", ["any_policy"])),
        given.get("initial_explicit_policy", False),
        given.get("initial_policy_mapping_inhibit", False),
        given.get("initial_any_policy_inhibit", False),
    )


def candidates(case: dict[str, Any], pool: list[Certificate], work: Work) -> list[paths.Path]:
    leaf, root = certificate(case["cert"]), certificate("TrustAnchorRootCertificate.crt")
    if "path_intermediates" in case:  # the suite says which path, although its names do not chain
        return [(leaf, *[certificate(name) for name in reversed(case["path_intermediates"])], root)]
    return paths.build(leaf, pool, [root], work)


def judge(case: dict[str, Any]) -> list[str]:
    """Codes of the best path: none where it holds."""
    work = Work()
    pool = [certificate(name) for name in case.get("other_certs", ())]
    lists = [crl(name) for name in case.get("crls", ())] + [crl("TrustAnchorRootCRL.crl")]
    results = []
    for path in candidates(case, pool, work):
        codes = [each.code for each in paths.check(path, AT, "any", work, policies(case))]
        if case.get("revocation", True):
            for index, each in enumerate(path[:-1]):
                status = revocation.evaluate(each, path[index + 1 :], lists, AT, work, pool=pool)
                code = status.code(index == 0)
                codes += [code, *(problem.code for problem in status.problems)] if code else []
        results.append(codes)
    return min(results, key=len, default=["path.no-anchor"])


def cases() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(corpus("pkits/pkits.json").read_text("utf-8"))
    return loaded


def test_every_case_has_the_expected_outcome() -> None:
    """Each case passes or fails as PKITS says, for PKITS's reason, but for those listed with a reason of ours."""
    wrong = []
    seen = []
    for case in cases():
        codes = judge(case)
        seen.append(case["id"])
        if case["id"] in DIVERGENT:
            right = "error" not in case and DIVERGENT[case["id"]][0] in codes
        elif "error" not in case:
            right = not codes
        else:
            message = case["error"]["msg_regex"]
            part = next((part for text, part in EXPECTED.items() if text in message), "revocation.")
            right = any(part in code for code in codes) or (bool(codes) and "CRL" in message)
        if not right:
            wrong.append((case["id"], case["name"], codes))
    assert wrong == []
    assert len(seen) == CASES
    assert set(DIVERGENT) <= set(seen)


def test_own_checks_and_the_second_reader_agree() -> None:
    """Running the second reader over every path changes no verdict: skipping it where nothing constrains is safe."""
    for case in cases():
        if case.get("params"):
            continue
        pool = [certificate(name) for name in case.get("other_certs", ())]
        for path in candidates(case, pool, Work()):
            always = paths.check(path, AT, "any", policies=paths.PolicyInputs())
            assert bool(always) == bool(paths.check(path, AT, "any")), case["id"]


@pytest.mark.parametrize("name", ["GoodCACert.crt"])
def test_the_suite_is_there(name: str) -> None:
    assert certificate(name).is_ca
