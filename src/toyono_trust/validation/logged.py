"""What a report says of evidence logs, as labelled lines in one language: for text and page alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import NamedTuple

from toyono_trust.core.findings import Language
from toyono_trust.validation.render import safe
from toyono_trust.validation.report import LogResult, local_time
from toyono_trust.validation.words import LABELS, PROMISES, word

__all__ = ["Said", "said"]


class Said(NamedTuple):
    """One statement: the key of its label in ``words.LABELS``, its text, free of what could command a terminal."""

    key: str
    text: str


def said(result: LogResult, language: Language, zone: tzinfo) -> Iterator[Said]:
    """Every statement of a report's ``log``, without its proof's own verdict."""

    def filled(key: str, **values: object) -> str:
        return safe(LABELS[key][language == "ja"].format_map(values))

    if result.origin is not None:
        yield Said("log", filled("log-entry", origin=result.origin, index=result.position, size=result.size))
        vouched = "nobody" if result.vouched_by is None else result.vouched_by
        yield Said("log-vouched", filled(f"log-{vouched}", operator=result.operator or "-"))
        since = None if result.logged_since is None else local_time(result.logged_since, zone)
        yield Said("log-since", filled("log-undated") if since is None else since)
    for witness in result.witnesses:
        yield Said("log-witness", f"{safe(witness.name)} · {local_time(witness.time, zone)}")
    if result.unknown_witnesses:
        yield Said("log-witness", filled("log-unknown-witnesses", count=result.unknown_witnesses))
    for one in result.evidence:
        state = word(LABELS, "log-matches" if one.matches else "log-differs", language)
        name = word(LABELS, "receipt", language) if one.name == "receipt" else safe(one.name) or "-"
        yield Said("log-evidence", f"{name} ({state})")
    for promise in result.promises:
        deadline = "-" if promise.deadline is None else local_time(promise.deadline, zone)
        text = filled("log-promised", origin=promise.origin, index=promise.position, deadline=deadline)
        yield Said("log-promise", f"{text}: {word(PROMISES, promise.state, language)}")
