"""``verify``: read, gather, judge, and say what a receipt proves."""

from __future__ import annotations

from datetime import UTC, datetime

from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work
from toyono_trust.delivery.sealed import judge, read
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, now
from toyono_trust.validation.gather import gather
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

__all__ = ["gathering", "judge", "read", "verify"]


def verify(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime,
    work: Work | None = None,
    password: bytes | str | None = None,
) -> Report:
    """Read, judge, and say what a receipt proves. Total: any bytes in, a report out.

    ``data``: octets, or a PDF as a content, which is read where it is. ``password``: of an encrypted PDF.
    """
    work = work or Work()
    return judge(read(data, contents, work, password), policy, trust, _utc(at), work)


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, elsewhere
        return at.replace(tzinfo=UTC)


def gathering(
    data: bytes | Content,
    contents: Contents,
    trust: TrustStore,
    policy: Policy,
    at: datetime | None,
    password: bytes | str | None = None,
) -> Steps[Report]:
    """The same, with what is missing for the verdict fetched first. Total as well: a failed fetch is a finding.

    ``at``: None for the present, which is asked for once everything is at hand.
    """
    work = Work()
    facts = read(data, contents, work, password)
    first = (yield from now()) if at is None else _utc(at)
    if isinstance(facts, Unread):
        return judge(facts, policy, trust, first, work)
    gathered = yield from gather(facts, policy, trust, first)
    # a responder's clock may run ahead of ours, within what the policy allows
    last = max((yield from now()), gathered.at) if at is None else first
    facts = facts._replace(notes=(*facts.notes, *gathered.notes))
    return judge(facts, policy, trust, last, work, gathered.material)
