"""Policies, mappings and name constraints of an explicit path (RFC 5280 6.1, RFC 9618), by pyhanko-certvalidator.

The one boundary to that library in this layer. It is given the path, no trust of its own, no network, no revocation
data and no event loop; it reads no clock. Its import costs more than all the rest, so it is loaded here and only then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toyono_trust.pki.path import Path, PolicyInputs

MAX_OCTETS = 1 << 18
"""Octets of a path given to it: names and subtrees are compared each with each. Real paths stay below 16 KiB."""
MAX_POLICY_NODES = 512
"""Nodes of the policy graph; RFC 9618 keeps it small, PKITS needs fewer than 50."""
_CENTURIES = timedelta(days=365_000)
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
"""With a tolerance of centuries around it every validity holds: validity is judged in ``pki.path``."""

_POSITION = re.compile(r"intermediate certificate (\d{1,3})")
"""How the library names a certificate, counted from the anchor; otherwise it is about the leaf."""

Found = tuple[str, int, Mapping[str, Any]]


def constraints(path: Path, policies: PolicyInputs, failed: bool) -> Iterator[Found]:
    """(code, index, values) of what fails; ``failed``: other checks of this path have failed already.

    The library stops at its first error. One that says what ``pki.path`` checks itself is passed over where that has
    failed too, and is "path.refused" otherwise: two readers that disagree are no reason to trust.
    """
    if len(path) < 2:
        return
    if sum(len(certificate.der) for certificate in path) > MAX_OCTETS:
        yield "path.too-large", 0, {"octets": MAX_OCTETS}
        return
    try:
        message = _validate(path, policies)
    # Hostile certificates make the library and asn1crypto raise ValueError, TypeError, KeyError, AttributeError,
    # NotImplementedError, RecursionError and others (its error types are not settled): all of them are refusals.
    except Exception as error:  # noqa: BLE001
        yield "path.unreadable", 0, {"reason": type(error).__name__}
        return
    position = _POSITION.search(message)
    index = max(len(path) - 1 - int(position[1]), 0) if position else 0
    if "valid set of policies" in message or "policy graph" in message or "policy mapping" in message.lower():
        yield "path.policies", index, {}
    elif "namespace" in message:
        yield "path.name-constraints", index, {}
    elif message and not failed:
        yield "path.refused", index, {"reason": message}


def _validate(path: Path, policies: PolicyInputs) -> str:
    """The library's message, "" where all is well."""
    from asn1crypto import x509
    from pyhanko_certvalidator import errors
    from pyhanko_certvalidator.authority import CertTrustAnchor
    from pyhanko_certvalidator.context import ValidationContext
    from pyhanko_certvalidator.path import ValidationPath
    from pyhanko_certvalidator.policy_decl import (
        AcceptAllAlgorithms,
        CertRevTrustPolicy,
        PKIXValidationParams,
        RevocationCheckingPolicy,
        RevocationCheckingRule,
    )
    from pyhanko_certvalidator.validate import async_validate_path

    leaf, *between, anchor = (x509.Certificate.load(certificate.der, strict=True) for certificate in path)
    no_check = RevocationCheckingRule.NO_CHECK
    context = ValidationContext(
        trust_roots=[anchor],
        moment=_MOMENT,
        best_signature_time=_MOMENT,
        time_tolerance=_CENTURIES,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(no_check, no_check)),
        algorithm_usage_policy=AcceptAllAlgorithms(),
        signature_validator=_checked_already(),
    )
    parameters = PKIXValidationParams(
        user_initial_policy_set=policies.acceptable,
        initial_explicit_policy=policies.explicit,
        initial_policy_mapping_inhibit=policies.inhibit_mapping,
        initial_any_policy_inhibit=policies.inhibit_any,
        max_policy_graph_nodes=MAX_POLICY_NODES,
    )
    explicit = ValidationPath(CertTrustAnchor(anchor), reversed(between), leaf)
    steps = async_validate_path(context, explicit, parameters)
    try:
        steps.send(None)
    except StopIteration:
        return ""
    except (errors.PathError, errors.ValidationError) as error:
        return str(error)
    finally:
        steps.close()
    return "it wants to wait"


def _checked_already() -> Any:
    """A signature validator that accepts: ``pki.path`` has checked every signature over the same octets."""
    from pyhanko_certvalidator.sig_validate import SignatureValidator

    class CheckedAlready(SignatureValidator):
        def validate_signature(self, *_: Any, **__: Any) -> None:
            return None

    return CheckedAlready()
