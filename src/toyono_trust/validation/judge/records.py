"""Evidence records (RFC 4998 5.3): what the verdicts on their time stamps make of them.

Each time stamp but the newest must have passed when the next one was made, which past validation finds (EN 319 102-1
5.6.2.4): what a later one covers is proven to be as old.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import pairwise

from toyono_trust.formats.model import EvidenceRecord
from toyono_trust.validation.judge.collector import Collector
from toyono_trust.validation.judge.context import Context
from toyono_trust.validation.judge.signature import decisive, indication_of
from toyono_trust.validation.report import EvidenceRecordReport, Indication, TimestampReport

__all__ = ["judge_record"]


def judge_record(record: EvidenceRecord, context: Context) -> EvidenceRecordReport:
    """One record whose time stamps have been judged: all of them must pass, in the order of their times."""
    stamps = context.facts.timestamps
    chains = tuple([tuple([context.tokens[id(stamps[place])] for place in chain]) for chain in record.chains])
    tokens = [item for chain in chains for item in chain]
    collected = Collector(context)
    for note in record.notes:
        collected.add(note.code, note.subject, note.values)
    _order(tokens, collected)
    sub = decisive(tuple(collected.problems))
    verdicts: list[tuple[Indication, str | None]] = [(item.indication, item.sub_indication) for item in tokens]
    verdicts.append((indication_of(sub), sub))
    indication, sub = min(verdicts, key=lambda verdict: _WORST.index(verdict[0]))
    until = _until(record, tokens, context) if indication == "PASSED" else None
    return EvidenceRecordReport(record, indication, sub, chains, until, tuple(collected.found))


_WORST = ("FAILED", "INDETERMINATE", "PASSED")


def _order(tokens: list[TimestampReport], collected: Collector) -> None:
    """RFC 4998 5.3: the time stamps are in the order of their times."""
    skew = collected.context.policy.clock_skew
    for first, second in pairwise(item.token.generated_at for item in tokens if item.indication == "PASSED"):
        if first - second > skew:
            collected.add("timestamp.order", "", {"first": first, "second": second})
            return


def _until(
    record: EvidenceRecord, tokens: list[TimestampReport], context: Context
) -> datetime | Callable[[], datetime | None] | None:
    if len(tokens) == 1 and not tokens[0].past:
        return tokens[0].valid_until
    return None if context.horizon is None else partial(context.horizon.until_record, record)
