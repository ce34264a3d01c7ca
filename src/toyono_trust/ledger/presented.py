"""Proofs of entries, found in a file and judged: whose the log is, what stands in it since when, what it promised.

A proof stands on its log's key. Who trusts the organisation that runs the log relies on its charter, a sealed statement
that names the key, judged like any signed file; who names the key in the trust store needs none. The evidence record
over the checkpoint, as the log alone signed it, dates checkpoint and entry alike; it does not cover the charter, whose
own level (B-T, B-LTA) must carry it past its certificate's end. What the log did by Ed25519 and SHA-256 counts as long
as these do, or did when the checkpoint is proven to have existed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.core.merkle import check_inclusion, leaf_hash
from toyono_trust.errors import MalformedError, TrustError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Facts, LogCosignature, LogFacts, LoggedEvidence, LogPromise, Note, ReceiptFacts
from toyono_trust.ledger import charter, note
from toyono_trust.ledger.checkpoint import as_signed, read_checkpoint
from toyono_trust.ledger.entry import MAX_OPENING, commit, read_opening
from toyono_trust.ledger.note import NoteKey, SignedNote
from toyono_trust.ledger.promise import open_promise
from toyono_trust.ledger.proof import FORMAT, Proof, read_proof
from toyono_trust.validation import judge as judging
from toyono_trust.validation.policy import NEVER
from toyono_trust.validation.report import Finding, LogResult, PromiseResult, Report, SignatureReport, WitnessSeen
from toyono_trust.validation.report.logged import PromiseState

__all__ = ["KIND", "Unfold", "complete", "is_proof", "promised", "read", "read_beside"]

KIND = "LogProof"
"""What a report calls the format."""
Unfold = Callable[[Content], Mapping[str, Any] | None]
"""The JSON object of evidence that is written in another form, None for what is none."""
MAX_TRIED = 100
"""Presented contents that are tried as the evidence of an entry."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_COSIGNATURE = 72
"""Octets of a cosignature: eight of time, 64 of Ed25519 (C2SP tlog-cosignature)."""
_SEAL = b'"jadesSignature"'
_FORMATS = FORMAT.rpartition("/")[0].encode()


def is_proof(data: bytes) -> bool:
    """Whether the octets claim to be the proof of an entry, of whatever version, whole or damaged."""
    if data[:1] != b"{" or _FORMATS not in data:
        return False
    try:
        members = json_loads(data)
    except MalformedError:
        return b'"inclusion"' in data
    return isinstance(members, dict) and str(members.get("format")).encode("utf-8", "replace").startswith(_FORMATS)


def read(data: bytes, contents: Contents, work: Work, unfold: Unfold) -> Facts:
    """The facts of a proof file, and whether its entry is of what was presented. Raises ``MalformedError``.

    ``contents``: an opening, or evidence in JSON; ``unfold``: for that in other forms.
    """
    proof = read_proof(data)
    evidence, notes = _evidence(proof, contents, work, unfold)
    return _facts(proof, work, evidence, tuple(notes), presented=bool(contents))


def read_beside(data: bytes, name: str, evidence: Mapping[str, Any], form: str, work: Work) -> Facts:
    """The same of a proof presented with the receipt whose JSON object ``evidence`` is. Never raises for its octets."""
    try:
        proof = read_proof(data)
        found, notes = _one(proof, name, evidence, form)
        return _facts(proof, work, found, tuple(notes), presented=True)
    except WorkExceeded:
        raise
    except MalformedError as error:
        return Facts(KIND, notes=(Note("proof.unreadable", "", {"reason": error.message}),))


def promised(receipt: ReceiptFacts) -> ReceiptFacts:
    """The receipt, with what its promises say and whether the keys that they name signed them."""
    if not receipt.promises:
        return receipt
    return receipt._replace(promises=tuple([_promise(one) for one in receipt.promises]))


def _promise(promise: LogPromise) -> LogPromise:
    try:
        opened = open_promise(promise.note, NoteKey.parse(promise.log))
    except MalformedError:
        return promise
    intact = opened.position == promise.position
    return promise._replace(entry=opened.entry, deadline=opened.deadline, intact=intact)


# -- the proof


def _facts(
    proof: Proof, work: Work, evidence: tuple[LoggedEvidence, ...], notes: tuple[Note, ...], *, presented: bool
) -> Facts:
    signed = note.read(proof.checkpoint)
    checkpoint = read_checkpoint(signed.text)
    work.spend("signature-checks")
    problem = _signed(signed, checkpoint.origin, proof.log)
    included = check_inclusion(
        leaf_hash(proof.entry), proof.position, checkpoint.size, proof.inclusion, checkpoint.root
    )
    found = [*([problem] if problem else []), *([] if included else [Note("proof.path")]), *notes]
    record, record_notes = _record(proof, work) if proof.record is not None and problem is None else (None, [])
    sealed, charter_key, charter_notes = _charter(proof, work)
    facts = Facts(KIND) if record is None else record
    log = LogFacts(
        checkpoint.origin,
        proof.log.text,
        proof.position,
        proof.entry,
        checkpoint.size,
        checkpoint.root,
        signed.text,
        problem is None,
        included,
        charter_key,
        record is not None,
        tuple(_cosignatures(signed, proof.log)),
        evidence,
        presented,
    )
    return facts._replace(
        kind=KIND,
        signatures=() if sealed is None else sealed.signatures,
        notes=(*found, *record_notes, *charter_notes, *facts.notes),
        log=log,
    )


def _signed(signed: SignedNote, origin: str, key: NoteKey) -> Note | None:
    """What is wrong with the log's own signature."""
    if origin != key.name:
        return Note("checkpoint.origin")
    try:
        signed.check(key)
    except MalformedError as error:
        return Note(error.code)
    return None


def _cosignatures(signed: SignedNote, log: NoteKey) -> Iterator[LogCosignature]:
    for line in signed.signatures:
        if line.is_by(log) or len(line.value) != _COSIGNATURE:
            continue
        try:
            time = _EPOCH + timedelta(seconds=int.from_bytes(line.value[:8], "big"))
        except OverflowError:  # beyond the year 9999, where no witness was
            continue
        yield LogCosignature(line.name, line.id, time, line.value[8:])


def _record(proof: Proof, work: Work) -> tuple[Facts | None, list[Note]]:
    """The facts of the evidence record over the checkpoint as the log alone signed it."""
    assert proof.record is not None
    covered = BytesContent(as_signed(proof.checkpoint, proof.log), "checkpoint")
    try:
        facts = registry.read(proof.record, Contents(covered), work)
    except WorkExceeded:
        raise
    except MalformedError as error:
        return None, [Note("proof.record-unreadable", "", {"reason": error.message})]
    if not facts.evidence_records or facts.signatures:
        return None, [Note("proof.record-unreadable", "", {"reason": "it is no evidence record"})]
    intact = all(item.intact for record in facts.evidence_records for item in record.objects)
    return facts, [] if intact else [Note("proof.record-other")]


def _charter(proof: Proof, work: Work) -> tuple[Facts | None, str | None, list[Note]]:
    """The facts of the charter, and the key that it names."""
    if proof.charter is None:
        return None, None, []
    try:
        facts, key = charter.read_sealed(proof.charter, work)
    except WorkExceeded:
        raise
    except MalformedError as error:
        return None, None, [Note("proof.charter-unreadable", "", {"reason": error.message})]
    other = [] if key == proof.log else [Note("proof.charter-other", key.text, {"subject": key.text})]
    return facts, key.text, [*facts.notes, *other]


# -- the evidence


def _evidence(
    proof: Proof, contents: Contents, work: Work, unfold: Unfold
) -> tuple[tuple[LoggedEvidence, ...], list[Note]]:
    """What of the presented contents is evidence or its opening, and whether the entry is of it."""
    if proof.salt is None:
        proof = proof._replace(salt=_shown_salt(proof, contents))
    tried: list[LoggedEvidence] = []
    salted = True
    for name in contents.names()[:MAX_TRIED]:
        content = contents.by_name(name)
        if content is None or content.size > MAX_OPENING:
            continue
        work.present(content, content.size)
        found = _opened(proof, name, content, unfold)
        if found is None:
            salted = False
        tried += found or ()
    if any(one.matches for one in tried):
        matched = [one for one in tried if one.matches]
        others = [one for one in tried if not one.matches]
        notes = [Note("proof.seal-apart", one.name) for one in matched if _is_sealed(one, contents)]
        if others:  # whoever presented them may take them for what is proven
            notes.append(Note("proof.evidence-others", others[0].name, {"count": len(others)}))
        return (*matched, *others), notes
    if not salted and not tried:
        return (), [Note("proof.salt")]
    if len(contents.names()) == 1 and tried:
        return tuple(tried), [Note("proof.evidence", tried[0].name)]
    return tuple(tried), [Note("proof.evidence-missing")] if contents else []


def _shown_salt(proof: Proof, contents: Contents) -> bytes | None:
    """The salt in a presented opening of the entry, by which other presented evidence is compared as well."""
    for name in contents.names()[:MAX_TRIED]:
        content = contents.by_name(name)
        if content is None or content.size > MAX_OPENING or not content.bytes.startswith(b"{"):
            continue
        try:
            opening = read_opening(content.bytes)
        except MalformedError:
            continue
        if opening.entry == proof.entry:
            return opening.salt
    return None


def _is_sealed(one: LoggedEvidence, contents: Contents) -> bool:
    """Whether evidence has a seal, which its entry does not cover and nobody looks at here."""
    content = contents.by_name(one.name)
    return one.form == "xml" or (one.form == "json" and content is not None and _SEAL in content.bytes)


def _opened(proof: Proof, name: str, content: Content, unfold: Unfold) -> list[LoggedEvidence] | None:
    """None where it is evidence, and the salt is missing that would tell whose; an empty list where it is none."""
    octets = content.bytes
    if octets[:1] == b"{":
        try:
            return [LoggedEvidence(name, "opening", read_opening(octets).entry == proof.entry)]
        except MalformedError:
            pass
    try:
        value = json_loads(octets) if octets.lstrip(b" \t\r\n")[:1] == b"{" else None
        evidence, form = (value, "json") if isinstance(value, dict) else (unfold(content), "xml")
    except MalformedError:
        return []
    if evidence is None:
        return []
    found, notes = _one(proof, name, evidence, form)
    return None if notes and not found else list(found)


def _one(
    proof: Proof, name: str, evidence: Mapping[str, Any], form: str
) -> tuple[tuple[LoggedEvidence, ...], list[Note]]:
    if proof.salt is None:
        return (), [Note("proof.salt")]
    try:
        matches = commit(evidence, proof.salt).entry == proof.entry
    except TrustError:  # empty, or without a canonical form: no entry is of it
        matches = False
    return (LoggedEvidence(name, "xml" if form == "xml" else "json", matches),), (
        [] if matches else [Note("proof.evidence", name)]
    )


# -- judged


def complete(report: Report) -> None:
    """Add to a report, before it is handed out, what the proof or the promises among its facts prove.

    The same is added to every later judgement of the same facts (``Report.simulate``).
    """
    facts = None if report.inputs is None else report.inputs.facts
    if not isinstance(facts, Facts):
        return
    if facts.log is not None:
        _Proof(report, facts, facts.log).complete()
    elif facts.proof is not None or (facts.receipt is not None and facts.receipt.promises):
        _Receipt(report, facts).complete()
    else:
        return
    report.completed_by = complete


class _Proof:
    """The report on a proof."""

    def __init__(self, report: Report, facts: Facts, log: LogFacts) -> None:
        assert report.inputs is not None
        self.report, self.facts, self.log = report, facts, log
        self.policy, self.trusted = report.inputs.policy, report.inputs.trust.log(log.key)
        self.found: list[Finding] = []

    def complete(self) -> None:
        """Judge what the charter's seal and the record's time stamps have left open."""
        log = self.log
        self._sound()
        charter = self._charter()
        witnesses = self._witnesses()
        dated = self._dated()
        if not log.presented:
            self._add("proof.evidence-not-presented")
        until = self._algorithms(dated)
        by_charter: Literal["charter"] | None = None if charter is None else "charter"
        result = LogResult(
            log.origin,
            log.key,
            by_charter if self.trusted is None else "trust",
            None if charter is None or charter.certificate is None else charter.certificate.identifier,
            log.position,
            log.entry,
            log.size,
            log.root,
            dated if log.intact and log.included else None,
            tuple(witnesses),
            len(log.cosignatures) - len(witnesses),
            log.evidence,
            until,
        )
        judging.add_proof(self.report, result, self.found, excused=self.trusted is not None)

    def _sound(self) -> None:
        """What a reader notes with the fact, it need not have noted in facts that come from elsewhere."""
        said = {finding.code for finding in self.report.findings}
        for holds, codes in (
            (self.log.intact, ("note.signature", "note.unsigned", "note.signature-twice", "checkpoint.origin")),
            (self.log.included, ("proof.path",)),
            (
                not self.log.evidence or any(one.matches for one in self.log.evidence),
                ("proof.evidence", "proof.evidence-missing", "proof.salt"),
            ),
        ):
            if not holds and said.isdisjoint(codes):
                self._add(codes[0])

    def _charter(self) -> SignatureReport | None:
        """The seal by which an organisation vouches for the log's key."""
        seals = self.report.signatures if self.log.charter == self.log.key else ()
        passed = [item for item in seals if item.indication == "TOTAL-PASSED"]
        sealed = next((item for item in passed if item.kind in ("seal", "unknown")), None)
        if sealed is None and self.trusted is None:
            code = "proof.charter-not-seal" if passed else "proof.charter-not-passed" if seals else "proof.log-unknown"
            self._add(code, "" if seals else self.log.key)
        return sealed

    def _witnesses(self) -> list[WitnessSeen]:
        """Cosignatures of the witnesses that trust asks for; one that does not fit is none of a witness."""
        trusted = self.trusted
        seen = []
        for key in map(NoteKey.parse, () if trusted is None else trusted.witnesses):
            for line in self.log.cosignatures:
                if (line.name, line.key_id) != (key.name, key.id):
                    continue
                if key.verifies(_cosigned(line.time, self.log.checkpoint), line.value):
                    seen.append(WitnessSeen(key.name, line.time))
                else:
                    self._add("checkpoint.cosignature", key.name)
                break
        if trusted is not None and len(seen) < trusted.needed:
            self._add("checkpoint.witnesses")
        return seen

    def _dated(self) -> datetime | None:
        """By when the checkpoint is proven to have existed."""
        if not self.log.recorded:
            self._add("proof.not-stamped")
            return None
        records = self.report.evidence_records
        times = [item.proven_at for item in records if item.proven_at is not None]
        if times:
            return min(times)
        reason = next((item.sub_indication for item in records if item.sub_indication), "INDETERMINATE")
        self._add("proof.record-not-usable", "", {"reason": reason})
        return None

    def _algorithms(self, dated: datetime | None) -> datetime | None:
        """What the log signed and hashed with, at the best time proven; the last instant at which it counts so."""
        at = self.report.validated_at if dated is None else min(dated, self.report.validated_at)
        ends = []
        for name, bits in (("ed25519", 256), ("sha256", None)):
            end = self.policy.end_of(name, bits)
            if end is None:
                continue
            if at >= end:
                code = "algorithm.not-accepted" if end == NEVER else "algorithm.expired"
                values = {"algorithm": name, "bits": bits or "-", "end": end.date().isoformat(), "use": "log"}
                self._add(code, "", values)
            elif bits is None and self.report.validated_at >= end:
                self._add("proof.digest-ended")
            ends.append(end)
        return min(ends) - _INSTANT if ends and dated is None and min(ends) > at else None

    def _add(self, code: str, subject: str = "", values: Mapping[str, Any] | None = None) -> None:
        self.found.append(judging.finding_of(self.policy, code, subject, {"subject": subject, **(values or {})}))


def _cosigned(time: datetime, text: bytes) -> bytes:
    """What a witness signs (C2SP tlog-cosignature, "Ed25519 signed message")."""
    return b"cosignature/v1\ntime %d\n%b" % ((time - _EPOCH) // timedelta(seconds=1), text)


def _dated(one: Finding, since: datetime) -> Finding:
    """Of a seal without time stamp: the log dates the evidence, and not its seal. The policy's level stays."""
    is_it = one.code == "receipt.not-stamped"
    return one._replace(code="receipt.seal-not-stamped", values={"since": since}) if is_it else one


class _Receipt:
    """The report on a receipt that came with a proof, or with promises."""

    def __init__(self, report: Report, facts: Facts) -> None:
        assert report.inputs is not None
        self.report, self.facts, self.inputs = report, facts, report.inputs
        self.found: list[Finding] = []
        self.proof: Report | None = None

    def complete(self) -> None:
        """Judge the proof as a file of its own, then the promises by it."""
        if self.facts.proof is not None:
            self.proof = self._judged(self.facts.proof)
        receipt = self.facts.receipt
        promises = tuple([self._promise(one) for one in (() if receipt is None else receipt.promises)])
        known = None if self.proof is None else self.proof.log
        result = LogResult(None) if known is None else known._replace(until=None)
        if not result.matched:  # when something stood in the log, and nothing shows that it is this receipt
            result = result._replace(logged_since=None)
        elif result.logged_since is not None:
            self.report.findings = tuple([_dated(one, result.logged_since) for one in self.report.findings])
        judging.add_log(self.report, result._replace(promises=promises, proof=self.proof), self.found)

    def _judged(self, facts: Facts) -> Report:
        policy, trust, material, present, left = self.inputs[1:]
        proof = judging.judge(facts, policy, trust, self.report.validated_at, Work(dict(left)), material, present)
        complete(proof)
        if proof.indication not in ("TOTAL-PASSED", "PASSED"):
            failed = proof.indication in ("TOTAL-FAILED", "FAILED")
            reason = proof.sub_indication or proof.indication if proof.decisive is None else proof.decisive.text
            salted = proof.decisive is None or proof.decisive.code != "proof.salt"
            undecided = "proof.undecided" if salted else "proof.undecided-salt"
            self._add("proof.failed" if failed else undecided, "", {"reason": reason}, proof.sub_indication)
        return proof

    def _promise(self, promise: LogPromise) -> PromiseResult:
        origin = promise.log.partition("+")[0]
        state = self._state(promise, origin)
        return PromiseResult(origin, promise.position, promise.deadline, state)

    def _state(self, promise: LogPromise, origin: str) -> PromiseState:
        known = None if self.proof is None else self.proof.log
        deadline, at = promise.deadline, self.report.validated_at
        if not promise.intact or deadline is None:
            self._add("promise.forged", origin)
            return "forged"
        by_proof = known is not None and known.key == promise.log and known.vouched_by is not None
        if not by_proof and self.inputs.trust.log(promise.log) is None:
            self._add("promise.unchecked", origin)
            return "unchecked"
        values = {"log": origin, "index": promise.position, "deadline": deadline}
        facts = None if self.facts.proof is None else self.facts.proof.log
        if facts is not None and facts.intact and facts.included:
            if (facts.key, facts.position) == (promise.log, promise.position):
                if facts.entry == promise.entry:
                    return self._kept(deadline, known)
                self._add("promise.broken", origin, values)
                return "broken"
            self._add("promise.elsewhere", f"{origin} {promise.position}", values)
        if at <= deadline:
            return "open"
        self._add("promise.overdue", origin, values)
        return "overdue"

    @staticmethod
    def _kept(deadline: datetime, known: LogResult | None) -> PromiseState:
        """Only by a proof whose entry is of this receipt: a promise says of 32 octets what whoever issued it wants."""
        times = [] if known is None or not known.matched else [known.logged_since, *(w.time for w in known.witnesses)]
        return "kept" if any(time is not None and time <= deadline for time in times) else "unproven"

    def _add(
        self, code: str, subject: str = "", values: Mapping[str, Any] | None = None, sub: str | None = None
    ) -> None:
        said = {"subject": subject, **(values or {})}
        self.found.append(judging.finding_of(self.inputs.policy, code, subject, said, sub))
