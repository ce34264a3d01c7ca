"""Several receipts about one message: ``verify_set`` checks each and all together, and says what they prove for whom.

The order is that of the working rules for EN 319 522: each receipt alone (structure, event, seal, time stamp, content,
parties, reasons, extensions), then the rules between them (one message, one submission, one content, outcomes that
exclude each other, order, relays, nothing after the end, assurance), then the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.delivery.as4 import As4Relay
from toyono_trust.delivery.notes import note
from toyono_trust.delivery.sealed import SealedXml, judge, read_evidence
from toyono_trust.delivery.sets.delivery import Delivery, Problem, usual
from toyono_trust.delivery.sets.foreign import foreign_problems
from toyono_trust.delivery.sets.member import Member, member
from toyono_trust.delivery.sets.outcome import facts_of, unknown_to
from toyono_trust.delivery.sets.policy import SetPolicy
from toyono_trust.delivery.sets.relays import consistent_services
from toyono_trust.delivery.sets.report import Link, RecipientFacts, SetReport
from toyono_trust.delivery.sets.rules import RULES
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import Contents
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.judge.context import finding_of
from toyono_trust.validation.judge.signature import indication_of
from toyono_trust.validation.judge.with_time import total
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Finding, Indication, Report

__all__ = ["Link", "Member", "RecipientFacts", "SetPolicy", "SetReport", "judge_set", "member", "verify_set"]

MAX_RECEIPTS = 2_000
"""Receipts about one message. A message to a hundred recipients over two services leaves some seven hundred."""

ReceiptSource = bytes | SealedXml | tuple[bytes, bytes]
"""A receipt: the file; of one in XML its seal as it was issued, or the pair of seal and document."""


def verify_set(
    receipts: Iterable[ReceiptSource],
    parts: Mapping[str, bytes | Content] | None = None,
    *,
    policy: SetPolicy | Policy | None = None,
    trust: TrustStore,
    at: datetime,
    relays: Iterable[As4Relay] = (),
    names: Sequence[str] = (),
) -> SetReport:
    """Verify the receipts of one message, offline. Total: whatever the receipts hold, a report comes out.

    Args:
        receipts: sealed JSON as octets; of a receipt in XML what ``receipt`` returned, or the pair (seal, document).
        parts: the delivered content by name, as far as it is at hand.
        policy: what the set must fulfil; a plain ``Policy`` is the one for seals. None: that of this release.
        trust: who is trusted.
        at: validation time, aware.
        relays: AS4 receipts about the same message, of ``from_as4_receipt``. Their signatures are not verified: they
            prove nothing, and are named where they are the weakest link.
        names: what the receipts' files are called, in their order; for the reports on them.

    Returns:
        For each recipient what is proven, and what it rests on; ``.findings`` is what is wrong between receipts.

    Raises:
        MisuseError: "receipt.set-empty", "receipt.set-too-many", "argument.naive-time".
    """
    rules = SetPolicy(policy) if isinstance(policy, Policy) or policy is None else policy
    seals = rules.signatures or Policy.default()
    if at.tzinfo is None:
        raise MisuseError("argument.naive-time", "at has no time zone", "use an aware datetime")
    at = at.astimezone(UTC)
    named = {
        name: BytesContent(part, name) if isinstance(part, bytes) else part for name, part in (parts or {}).items()
    }
    given = list(receipts)
    _check_number(len(given))
    members, others = [], []
    for number, receipt in enumerate(given):
        work = Work()
        seal, contents = _presented(receipt, named)
        facts, evidence = read_evidence(seal, contents, work)
        report = judge(facts, seals, trust, at, work, thresholds=rules.thresholds)
        report.file = names[number] if number < len(names) else None
        if evidence is None or report.receipt is None:
            others.append(report)
        else:
            members.append(member(evidence, report))
    return judge_set(members, policy=rules, at=at, others=others, relays=tuple(relays))


def judge_set(
    members: Sequence[Member],
    *,
    policy: SetPolicy,
    at: datetime,
    others: Sequence[Report] = (),
    relays: Sequence[As4Relay] = (),
) -> SetReport:
    """The same of receipts that were judged before (``member(evidence, report)``), with the network or without.

    ``others``: the reports on files that turned out to be no receipts. ``relays``: as of ``verify_set``.
    """
    _check_number(len(members) + len(others))
    seals = policy.signatures or Policy.default()
    distinct, problems = _distinct([one for one in members if one.proves])
    for one in members:
        if not one.proves:
            values = {"indication": one.report.indication, "event": one.name}
            problems.append(Problem(note("receipt.set-member-unproven", one.identifier, **values)))
    problems += [Problem(note("receipt.set-not-a-receipt", str(number))) for number, _ in enumerate(others, 1)]
    delivery = Delivery(distinct, policy)
    message = usual([one.claims.message_identifier for one in delivery.members])
    problems += foreign_problems(relays, message)
    for rule in (*RULES, consistent_services):
        problems += rule(delivery)
    against: dict[bytes, str] = {}
    for problem in problems:
        for digest in problem.against:
            against.setdefault(digest, problem.note.code)
    unproven = [one for one in members if not one.proves]
    recipients = tuple(
        facts_of(delivery, index, against, unproven, relays) for index in range(1, len(delivery.recipients) + 1)
    ) or _unknown(unproven)
    findings = tuple(finding for problem in problems if (finding := finding_of(seals, *problem.note)).level != "ignore")
    reports = (*(one.report for one in members), *others)
    return SetReport(message, _verdict(reports, findings), recipients, reports, findings, at)


def _check_number(count: int) -> None:
    if not count:
        raise MisuseError("receipt.set-empty", "there are no receipts to verify", "give the receipts of one message")
    if count > MAX_RECEIPTS:
        raise MisuseError(
            "receipt.set-too-many", f"{count} receipts are more than {MAX_RECEIPTS}", "verify each message alone"
        )


def _presented(receipt: ReceiptSource, parts: Mapping[str, Content]) -> tuple[bytes, Contents]:
    """The file to verify and what is presented with it: the parts, and the document where the file is a seal."""
    if isinstance(receipt, tuple):
        seal, document = receipt
    elif isinstance(receipt, SealedXml):
        seal, document = bytes(receipt), receipt.xml
    else:
        return bytes(receipt), Contents(parts)
    name = "receipt.xml"
    while name in parts:
        name = f"_{name}"
    return seal, Contents({name: BytesContent(document, name), **parts})


def _distinct(members: Iterable[Member]) -> tuple[list[Member], list[Problem]]:
    """Each evidence once; the same one may be there in two forms, or under two seals."""
    found: dict[bytes, Member] = {}
    problems = []
    for one in members:
        if found.setdefault(one.digest, one) is not one:
            problems.append(Problem(note("receipt.set-copy", one.identifier)))
    return list(found.values()), problems


def _unknown(unproven: Sequence[Member]) -> tuple[RecipientFacts, ...]:
    """Where no receipt passes: whom they speak of, and that nothing is proven."""
    named = dict.fromkeys(text for one in unproven for text in one.report.receipt.concerns)
    return tuple(unknown_to(text, unproven) for text in named)


def _verdict(reports: Sequence[Report], findings: Sequence[Finding]) -> tuple[Indication, str | None]:
    """The worst of all receipts and of what is wrong between them; of equals the first."""
    found: list[tuple[Indication, str | None]] = [(report.indication, report.sub_indication) for report in reports]
    failing = [finding.sub_indication for finding in findings if finding.level == "fail"]
    found += [(total(indication_of(sub)), sub) for sub in failing]
    for wanted in ("TOTAL-FAILED", "FAILED", "INDETERMINATE"):
        for verdict in found:
            if verdict[0] == wanted:
                return verdict
    return found[0]
