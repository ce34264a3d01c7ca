"""Evidence records made and renewed (RFC 4998 5.2): what comes out is read back and judged before it is handed out.

The newest time stamp's certificates and revocation data are fetched first and put into it, so that the next one proves
them to be as old; where the digest changes, the hash tree is renewed over the data itself.
"""

from __future__ import annotations

from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError
from toyono_trust.formats import ers, registry
from toyono_trust.formats.contents import Contents
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing.augmentation import Augmented, not_verified
from toyono_trust.signing.stamps import Stamping, gathered_judgement, not_trusted, stamped
from toyono_trust.steps import Steps
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import NotVerified, Report
from toyono_trust.validation.used import token_data

__all__ = ["lasting_digest", "make_record", "renew_record"]

_DIGESTS = ("sha256", "sha384", "sha512")


def lasting_digest(newest: str, policy: Policy) -> str:
    """The digest of the next time stamp after one under ``newest``: the same, until the policy names an end for it.

    Then one without an end, else the one that ends last.
    """
    known = (newest, *_DIGESTS) if newest in _DIGESTS else _DIGESTS
    ends = {name: policy.end_of(name) for name in dict.fromkeys(known)}
    endless = [name for name, end in ends.items() if end is None]
    if endless:
        return endless[0]
    return max(ends, key=lambda name: (ends[name], name == newest))


def make_record(contents: Contents, stamping: Stamping, policy: Policy) -> Steps[bytes]:
    """DER EvidenceRecord over one content, in a tree of its own; whether it passes is for the caller to judge."""
    content = contents.only()
    assert content is not None
    covered = content.digest(stamping.digest)
    token = yield from stamped(covered, stamping, policy)
    return ers.write(stamping.digest, ((covered,),), token)


def renew_record(
    record: bytes, contents: Contents, stamping: Stamping, policy: Policy, trust: TrustStore
) -> Steps[Augmented]:
    """An evidence record with one more time stamp, under ``stamping.digest``.

    ``contents``: all that it covers. Raises ``MalformedError``, ``MisuseError`` ("ers.content"), ``UnavailableError``
    of the authorities, ``NotVerified`` where the record does not pass, before or after.
    """
    if not contents:
        raise MisuseError(
            "ers.content", "an evidence record is verified over what it covers before it is renewed", "present that"
        )
    report = yield from _judged(record, contents, policy, trust, anew=True)
    newest = report.evidence_records[0].timestamps[-1]
    record = ers.add_validation_data(record, token_data(report, newest))
    draft = ers.prepare_archive(record, contents, stamping.digest)
    token = yield from stamped(draft.imprint, stamping, policy)
    record = ers.attach_archive(draft, token)
    return Augmented(record, (yield from _judged(record, contents, policy, trust, new=token)))


def _judged(
    record: bytes, contents: Contents, policy: Policy, trust: TrustStore, *, anew: bool = False, new: bytes = b""
) -> Steps[Report]:
    """The report on a record that passes; ``new``: the token whose fault it is where it does not pass itself."""
    facts = registry.read(record, contents, Work())
    report = yield from gathered_judgement(facts, policy, trust, anew=anew)
    if not report.evidence_records:  # its verification took more work than a file may cause
        raise NotVerified(report, "augment.not-verified", f"the record does not pass: {report.decisive or '-'}")
    (found,) = report.evidence_records
    if any(item.token.data == new and item.indication != "PASSED" for item in found.timestamps):
        raise not_trusted(report)
    if found.indication != "PASSED" or report.indication != "PASSED":
        raise not_verified(report, found)
    return report
