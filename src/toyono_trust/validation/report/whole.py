"""The report on one file, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from toyono_trust.errors import MisuseError, TrustError
from toyono_trust.formats.model import Facts, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.material import Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report.finding import Finding
from toyono_trust.validation.report.logged import LogResult
from toyono_trust.validation.report.parts import (
    EvidenceRecordReport,
    Indication,
    SignatureReport,
    TimestampReport,
    decisive,
)
from toyono_trust.validation.report.verified import Verified, VerifiedObject

if TYPE_CHECKING:
    from toyono_trust.validation.used import Used

__all__ = ["Inputs", "NotVerified", "Report"]

_INSTANT = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)


class NotVerified(TrustError):
    """No signature passed for an accepted signer. ``report`` says why."""

    def __init__(self, report: Report, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.report = report


class Inputs(NamedTuple):
    """What a report was judged from; the same inputs give the same report.

    ``present``: of a simulation, the time up to which revocation data is known; None where it is none. ``left``: units
    of work that were left, by kind.
    """

    facts: Facts | Unread
    policy: Policy
    trust: TrustStore
    material: Material
    present: datetime | None
    left: Mapping[str, int] = MappingProxyType({})


class Report:
    """The verdict on one file. Made by ``judge`` alone; frozen by convention, shared freely.

    ``inputs``: what it was judged from. ``completed_by``: what adds to a later judgement of these what the judge does
    not know of.
    """

    __slots__ = (
        "completed_by",
        "evidence_records",
        "file",
        "findings",
        "indication",
        "inputs",
        "kind",
        "log",
        "policy_digest",
        "policy_name",
        "receipt",
        "signatures",
        "sub_indication",
        "timestamps",
        "trust_digest",
        "trust_revocation_digest",
        "trust_valid_until",
        "validated_at",
    )

    def __init__(
        self,
        *,
        kind: str | None,
        validated_at: datetime,
        policy: tuple[str, str],
        trust: tuple[str, str, datetime | None],
        indication: Indication,
        sub_indication: str | None,
        signatures: tuple[SignatureReport, ...] = (),
        timestamps: tuple[TimestampReport, ...] = (),
        evidence_records: tuple[EvidenceRecordReport, ...] = (),
        findings: tuple[Finding, ...] = (),
        receipt: Any = None,
        file: str | None = None,
        inputs: Inputs | None = None,
    ) -> None:
        self.kind = kind
        self.validated_at = validated_at
        self.policy_name, self.policy_digest = policy
        self.trust_digest, self.trust_revocation_digest, self.trust_valid_until = trust
        self.indication: Indication = indication
        self.sub_indication = sub_indication
        self.signatures = signatures
        self.timestamps = timestamps
        self.evidence_records = evidence_records
        self.findings = findings
        self.receipt = receipt
        self.file = file
        self.inputs = inputs
        self.log: LogResult | None = None
        self.completed_by: Callable[[Report], None] | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Report is not a yes or no. Write\n"
            '    content = report.require(signed_by={"NTRJP-…"}).content\n'
            'or, to look at the verdict,\n    if report.indication == "TOTAL-PASSED": …'
        )

    def __repr__(self) -> str:
        return f"<Report {self.log_line()}>"

    def __str__(self) -> str:
        from toyono_trust.validation.render import text

        return text(self)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, members as promised for ``report_version`` 1."""
        from toyono_trust.validation.render import json_value

        return json_value(self)

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided the file's indication; None where it passed, or where nothing was found at all."""
        found = decisive(self.findings, self.sub_indication)
        if found is not None or self.sub_indication is None:
            return found
        for part in self._parts():
            if part.sub_indication == self.sub_indication:
                return part.decisive
        return None

    @property
    def alone(self) -> tuple[TimestampReport | EvidenceRecordReport, ...]:
        """What stands in no signature: evidence records, and time stamps that are no part of one."""
        inside = {id(item) for record in self.evidence_records for item in record.timestamps}
        return (*self.evidence_records, *[item for item in self.timestamps if id(item) not in inside])

    def _parts(self) -> tuple[SignatureReport | TimestampReport | EvidenceRecordReport, ...]:
        return (*self.signatures, *self.alone)

    @property
    def valid_until(self) -> datetime | None:
        """Until when the whole verdict holds without another step; None where it is not passed, or no end is known."""
        if self.indication not in ("TOTAL-PASSED", "PASSED"):
            return None
        ends = [item.valid_until for item in self._parts()]
        if self.log is not None:
            ends.append(self.log.until)
        return min((end for end in ends if end is not None), default=None)

    @property
    def simulated_from(self) -> datetime | None:
        """Of a simulation, the time up to which revocation data is known."""
        return None if self.inputs is None else self.inputs.present

    def simulate(self, at: datetime) -> Report:
        """The verdict on the same facts at a later time, if nothing more is added to the file.

        Revocation data that is fresh now is taken to say the same then; validities and algorithms end as they do.
        Raises ``MisuseError`` for what is no aware time, or earlier than this report's.
        """
        from toyono_trust.validation.judge import judge_again

        if not isinstance(at, datetime):
            raise MisuseError("argument.type", f"at cannot be a {type(at).__name__}", "pass an aware datetime")
        if at.tzinfo is None:
            raise MisuseError("argument.naive-time", "at has no time zone", "use an aware datetime")
        if at < self.validated_at:
            raise MisuseError("argument.simulate", "a simulation needs a later time", "use verify(at=…) instead")
        return judge_again(self, at)

    @property
    def evidence(self) -> bytes:
        """All that this verdict was made of, as an archive (zip) that gives the same verdict again.

        It holds the facts as read, certificates and revocation data, policy, trust and time; of the content only its
        digests, unless a signature value itself is over it (Ed25519, ML-DSA). ``toyono-trust judge`` reads it. It
        proves nothing by itself: whoever can alter it can alter the verdict. Raises ``MisuseError`` "replay.too-large".
        """
        from toyono_trust.validation.replay import pack

        assert self.inputs is not None
        facts, policy, trust, material, present, left = self.inputs
        return pack(facts, material, policy, trust, self.validated_at, present, self.file, left)

    @property
    def lapse(self) -> Finding | None:
        """What ends ``valid_until``: the finding that decides right after it; None where there is no end.

        Where a time stamp passes until then and no longer, it is the one about that time stamp.
        """
        until = self.valid_until
        if until is None or until >= _LAST:
            return None
        then = self.simulate(until + _INSTANT)
        before = {item.id for item in self._stamps() if item.indication == "PASSED"}
        lapsed = [item for item in then._stamps() if item.id in before and item.decisive is not None]
        newest = max(lapsed, key=lambda item: (item.token.generated_at, item.id), default=None)
        return then.decisive if newest is None else newest.decisive

    def _stamps(self) -> Iterable[TimestampReport]:
        for signature in self.signatures:
            yield from signature.timestamps
        yield from self.timestamps

    @property
    def material(self) -> tuple[Used, ...]:
        """The certificates and revocation data that this rests on, and all that was fetched for it."""
        from toyono_trust.validation.used import used

        return used(self)

    def all_findings(self) -> Iterable[Finding]:
        """Every finding: the file's, the signatures', their tokens', the records' and the tokens'."""
        yield from self.findings
        for signature in self.signatures:
            yield from _findings_of(signature)
        for record in self.evidence_records:
            yield from record.findings
        for token in self.timestamps:
            yield from token.findings

    def log_line(self) -> str:
        """One safe line to log: verdict (of a simulation, said so), codes and digests, no names, no content."""
        simulated = "SIMULATED " if self.simulated_from is not None else ""
        sub = f"/{self.sub_indication}" if self.sub_indication else ""
        codes = ",".join(sorted({finding.code for finding in self.all_findings() if finding.level == "fail"}))
        ids = ",".join(signature.id for signature in self.signatures)
        verdict = f"{simulated}{self.indication}{sub}"
        return f"{verdict} kind={self.kind or 'unknown'} signatures={ids or '-'} findings={codes or '-'}"

    def require(self, *, signed_by: AbstractSet[str | tuple[str, str]] | Literal["anyone"]) -> Verified:
        """The content covered by one TOTAL-PASSED signature of an accepted signer.

        Args:
            signed_by: identifiers (``"NTRJP-1234567890123"``, ``"sha256:<hex of the certificate>"``) or pairs
                (identifier, ``"sha256:<hex of the anchor's certificate>"``), or the word ``"anyone"``.

        Raises:
            NotVerified: with the most useful reason; always for the proof of an evidence log's entry, which nobody
                signed: who sealed the charter of the log, ``log.operator`` says.
            MisuseError: an empty set, or a bare string that is not ``"anyone"``; "require.simulated" where this is a
                simulation, which verifies nothing.
        """
        wanted = _wanted(signed_by)
        if self.simulated_from is not None:
            raise MisuseError(
                "require.simulated",
                "a simulation says what would be and verifies nothing",
                "ask the report of verify()",
            )
        if self.log is not None and self.log.alone:  # its seal is over the charter, and over nothing that was logged
            raise NotVerified(
                self,
                "require.no-signature",
                "the proof of a log's entry is no signature of anybody over what was logged",
                "look at report.log, or verify the receipt with proof=…",
            )
        for finding in self.findings:
            if finding.level == "fail":
                raise self._because(self.decisive or finding)
        for signature in self.signatures:
            if signature.indication == "TOTAL-PASSED" and (wanted is None or _matches(signature, wanted)):
                assert signature.certificate is not None
                return Verified(_objects(signature), signature.certificate, signature.best_signature_time)
        raise self._refusal(wanted)

    def _refusal(self, wanted: AbstractSet[str | tuple[str, str]] | None) -> NotVerified:
        """The most useful reason: why the wanted signer's signature did not pass, else that another's did."""
        if wanted is not None:
            for signature in self.signatures:
                if signature.decisive is not None and _matches(signature, wanted):
                    return self._because(signature.decisive)
            passed = [item.certificate for item in self.signatures if item.indication == "TOTAL-PASSED"]
            found = ", ".join(item.identifier for item in passed if item is not None)
            if found:
                return NotVerified(
                    self,
                    "require.other-signer",
                    f"the signature is valid but by another signer: {found}",
                    "check signed_by",
                )
        if self.signatures and self.decisive is not None:
            return self._because(self.decisive)
        hint = "a time stamp says when something existed, not who signed it" if self.timestamps else "read the report"
        return NotVerified(self, "require.no-signature", f"there is no signature that passed ({self.log_line()})", hint)

    def _because(self, finding: Finding) -> NotVerified:
        return NotVerified(self, finding.code, finding.text, finding.remedy)


def _findings_of(signature: SignatureReport) -> Iterable[Finding]:
    yield from signature.findings
    for token in signature.timestamps:
        yield from token.findings
    for counter in signature.counter_signatures:
        yield from _findings_of(counter)


def _wanted(signed_by: object) -> AbstractSet[str | tuple[str, str]] | None:
    if isinstance(signed_by, str):
        if signed_by == "anyone":
            return None
        raise MisuseError(
            "require.bare-string", "signed_by takes a set of identifiers", f"write signed_by={{{signed_by!r}}}"
        )
    if not isinstance(signed_by, AbstractSet):
        raise MisuseError(
            "require.not-a-set", f"signed_by takes a set, not a {type(signed_by).__name__}", "write signed_by={…}"
        )
    if not signed_by:
        raise MisuseError("require.empty", "signed_by names nobody", 'name identifiers in a set, or write "anyone"')
    for item in signed_by:
        pair = isinstance(item, tuple) and len(item) == 2 and all(isinstance(part, str) for part in item)
        if not isinstance(item, str) and not pair:
            raise MisuseError("require.bad-identifier", f"{item!r} is neither a text nor a pair of texts")
    return signed_by


def _matches(signature: SignatureReport, wanted: AbstractSet[str | tuple[str, str]]) -> bool:
    if signature.certificate is None:
        return False
    identifiers = signature.certificate.identifiers
    if any(identifier in wanted for identifier in identifiers):
        return True
    if not signature.chain:
        return False
    anchor = "sha256:" + signature.chain[-1].sha256.hex()
    return any((identifier, anchor) in wanted for identifier in identifiers)


def _objects(signature: SignatureReport) -> tuple[VerifiedObject, ...]:
    objects = []
    for item in signature.facts.objects:
        if item.content is None:
            continue
        algorithm = item.digest_algorithm or "sha256"
        objects.append(VerifiedObject(item.name, item.content, algorithm))
    return tuple(objects)
