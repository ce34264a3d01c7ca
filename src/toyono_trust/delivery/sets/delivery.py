"""The receipts of one message, sorted by whom and which hop they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from toyono_trust.delivery.parties import to_text
from toyono_trust.delivery.sets.member import Member, same
from toyono_trust.delivery.sets.order import SUBMITTED
from toyono_trust.delivery.sets.policy import SetPolicy
from toyono_trust.formats.model import Note

__all__ = ["Delivery", "Problem", "differing", "recipients", "usual"]

_Value = TypeVar("_Value", bound=Hashable)


class Problem(NamedTuple):
    """What is wrong between receipts. ``against``: digests of those whose facts it takes away."""

    note: Note
    against: tuple[bytes, ...] = ()


class Delivery:
    """The receipts that pass, each once, earliest first.

    Attributes:
        members: all of them.
        recipients: identifiers' texts of the recipients, as most receipts have them.
    """

    def __init__(self, members: Iterable[Member], policy: SetPolicy) -> None:
        # of one instant the submission comes first, so that it is the one that others are compared with
        self.members = tuple(sorted(members, key=lambda one: (one.at, one.name not in SUBMITTED, one.digest)))
        self.policy = policy
        self.recipients = usual([recipients(one) for one in self.members]) or ()
        self._of: dict[int, list[Member]] = {index: [] for index in range(1, len(self.recipients) + 1)}
        self.shared: list[Member] = []
        for one in self.members:
            index = one.claims.refers_to_recipient
            if index is None and one.event is not None and one.event.concerns_one_recipient:
                index = 1
            (self._of.get(index, []) if index is not None else self.shared).append(one)

    def of(self, index: int) -> list[Member]:
        """Receipts about one recipient, counted from 1, alone."""
        return self._of[index]

    def about(self, index: int) -> list[Member]:
        """Receipts about one recipient, those about the whole message included."""
        return [*self.shared, *self._of[index]]

    def named(self, *names: str, among: Sequence[Member] | None = None) -> list[Member]:
        """Receipts of these events."""
        return [one for one in (self.members if among is None else among) if one.name in names]

    def later(self, one: Member, other: Member) -> bool:
        """Whether ``one`` happened after ``other``, as far as the clocks of their issuers can tell."""
        own = same(one.issuer, other.issuer)
        return one.at > other.at if own else one.at - other.at > self.policy.thresholds.clock_tolerance


def recipients(one: Member) -> tuple[str, ...]:
    """The recipients of a receipt, as texts."""
    return tuple(map(to_text, one.claims.recipients))


def usual(values: Iterable[_Value]) -> _Value | None:
    """The value that is there most often; of several the first. None where there is none."""
    counted = Counter(values)
    return max(counted, key=lambda value: counted[value]) if counted else None


def differing(
    members: Sequence[Member], value: Callable[[Member], Any], code: str, shown: Callable[[Any], str]
) -> list[Problem]:
    """Problems of the receipts that have another value than most."""
    wanted = usual([value(one) for one in members])
    return [
        Problem(Note(code, one.identifier, {"subject": one.identifier, "value": shown(value(one))}), (one.digest,))
        for one in members
        if value(one) != wanted
    ]
