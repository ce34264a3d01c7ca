"""``augment`` of what has no signature of its own to raise: evidence records, and the proofs of a log's entries."""

from __future__ import annotations

from typing import Literal, NamedTuple

from toyono_trust import signing
from toyono_trust.core.content import BytesContent
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.model import Signed
from toyono_trust.ledger import presented
from toyono_trust.ledger.checkpoint import as_signed
from toyono_trust.ledger.proof import Proof, read_proof, write_proof
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import NotVerified, Report
from toyono_trust.verbs import verification

__all__ = ["Renewal", "check_whole", "kind_of", "renew"]

_PASSED = ("TOTAL-PASSED", "PASSED")


class Renewal(NamedTuple):
    """What a renewal works with. ``digest``: of its time stamps, None for what ``signing.lasting_digest`` says."""

    contents: Contents
    urls: tuple[str, ...]
    tsa_policy: str | None
    digest: str | None
    policy: Policy
    trust: TrustStore

    def stamping(self, newest: str) -> signing.Stamping:
        """Where time stamps come from, after one under the digest ``newest``."""
        digest = self.digest or signing.lasting_digest(newest, self.policy)
        return signing.Stamping(self.urls, self.tsa_policy, digest)


def kind_of(data: object) -> Literal["ers", "proof"] | None:
    """Whether a file is an evidence record or the proof of an entry; None for all others."""
    if not isinstance(data, bytes):
        return None
    if presented.is_proof(data):
        return "proof"
    return "ers" if registry.detect(data) == "ers" else None


def renew(data: bytes, kind: Literal["ers", "proof"], renewal: Renewal) -> Steps[Signed]:
    """The file renewed, with the report on it; raises as ``signing.renew_record``, and "proof.…" for a proof."""
    if kind == "proof":
        return (yield from _proof(data, renewal))
    made, report = yield from _record(data, renewal.contents, renewal)
    return Signed(made, "ers", "B-LTA", None, report)


def _record(record: bytes, contents: Contents, renewal: Renewal) -> Steps[tuple[bytes, Report | None]]:
    if registry.detect(record) != "ers":  # what a proof holds in its place
        raise MalformedError("proof.record-unreadable", "the record in the proof is none", "ask for the proof again")
    (found,) = registry.read(record, NO_CONTENTS, Work()).evidence_records
    stamping = renewal.stamping(found.algorithms[-1])
    made, report = yield from signing.renew_record(record, contents, stamping, renewal.policy, renewal.trust)
    assert isinstance(made, bytes)
    return made, report


def _proof(data: bytes, renewal: Renewal) -> Steps[Signed]:
    """Its record renewed, or made where none dates it yet, and its charter raised to B-LTA where its seal passes."""
    proof = read_proof(data)
    before = yield from _demanded(data, renewal)
    covered = Contents(BytesContent(as_signed(proof.checkpoint, proof.log), "checkpoint"))
    if proof.record is None:
        record = yield from signing.make_record(covered, renewal.stamping("sha256"), renewal.policy)
    else:
        record, _ = yield from _record(proof.record, covered, renewal)
    charter = yield from _charter(proof, before, renewal)
    made = write_proof(proof._replace(record=record, charter=charter))
    after = yield from _demanded(made, renewal, dated=True)
    return Signed(made, "proof", "B-LTA", None, after)


def _charter(proof: Proof, before: Report, renewal: Renewal) -> Steps[bytes | None]:
    """The charter with its archive; as it is where no baseline seal in it passes, and trust itself names the log."""
    passing = [item for item in before.signatures if item.indication == "TOTAL-PASSED" and item.level is not None]
    if proof.charter is None or not passing or registry.detect(proof.charter) != "jades":
        return proof.charter
    rise = signing.Rise(
        "jades",
        "B-LTA",
        renewal.stamping("sha256"),
        renewal.policy,
        renewal.trust,
        NO_CONTENTS,
        frozenset(item.id for item in passing),
    )
    made, _ = yield from signing.augment(proof.charter, rise)
    assert isinstance(made, bytes)
    return made


def _demanded(data: bytes, renewal: Renewal, *, dated: bool = False) -> Steps[Report]:
    """The report on a proof that passes. ``dated``: its record has to as well."""
    report: Report = yield from verification.gathering(data, renewal.contents, renewal.trust, renewal.policy, None)
    undated = dated and (report.log is None or report.log.logged_since is None)
    if report.indication in _PASSED and not undated:
        return report
    found = report.decisive
    text = str(report.sub_indication or "nothing dates the entry") if found is None else found.text
    raise NotVerified(
        report,
        "augment.not-verified",
        f"the proof does not pass: {text}",
        "read the report" if found is None else found.remedy,
    )


def check_whole(level: str, selected: object) -> None:
    """Refuse what only signatures have: levels to choose from, and ids."""
    if level != "B-LTA" or selected is not None:
        raise MisuseError(
            "augment.whole", "an evidence record or a proof is renewed as a whole", "leave level= and signatures= out"
        )
