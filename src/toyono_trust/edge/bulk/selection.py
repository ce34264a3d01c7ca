"""Which records are asked for: a span of dates, a span of amounts, a counterparty, and any of these together.

Dates and amounts in an index have one accepted reading each; NFKC comes first, so that full-width digits of an input
method are digits, and nothing else is.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple
from unicodedata import normalize

__all__ = ["Selection", "amount_of", "amounts_of", "date_of", "day_of"]

_DATE = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})")
_AMOUNT = re.compile(r"[-+]?(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,6})?")
MAX_NUMBER = 64
"""Characters of a date or an amount that are looked at."""


def date_of(text: str) -> date | None:
    """A day of the calendar out of ``YYYY-MM-DD``, or ``YYYY/M/D`` as spreadsheets write it; None where it is none."""
    plain = normalize("NFKC", text).strip() if len(text) <= MAX_NUMBER else ""
    found = _DATE.fullmatch(plain)
    if found is None or (found[2] == "-" and len(plain) != len("2027-04-01")):
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def amount_of(text: str) -> Decimal | None:
    """A decimal number of at most 18 digits and 6 places, thousands marked by commas or not; None for all else.

    So neither NaN nor ``1e999999`` is an amount.
    """
    plain = normalize("NFKC", text).strip() if len(text) <= MAX_NUMBER else ""
    return Decimal(plain.replace(",", "")) if _AMOUNT.fullmatch(plain) else None


def amounts_of(text: str) -> tuple[Decimal | None, Decimal | None] | None:
    """``MIN..MAX``, either of which may be left out, or one amount; None where it is neither."""
    if ".." not in text:
        only = amount_of(text)
        return None if only is None else (only, only)
    low, high = text.split("..", 1)
    least, most = amount_of(low), amount_of(high)
    if (least is None and low.strip()) or (most is None and high.strip()) or (least is None and most is None):
        return None
    return None if least is not None and most is not None and least > most else (least, most)


def day_of(time: str, zone: tzinfo) -> date:
    """The day of an RFC 3339 time in UTC, in a zone."""
    moment = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


class Selection(NamedTuple):
    """What is asked for; None and the empty text ask for nothing. Both ends of a span belong to it."""

    first: date | None = None
    last: date | None = None
    counterparty: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def by_date(self) -> bool:
        """Whether the date matters."""
        return self.first is not None or self.last is not None

    @property
    def by_fields(self) -> bool:
        """Whether anything but the date matters."""
        return bool(self.counterparty) or self.least is not None or self.most is not None

    def has_day(self, day: date | None) -> bool:
        """Whether a day is in the period. One that is not known is: what cannot be excluded is verified."""
        if day is None:
            return True
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def has_amount(self, amount: Decimal | None) -> bool:
        """Whether an amount is in the span; one that is not known is."""
        if amount is None:
            return True
        return (self.least is None or self.least <= amount) and (self.most is None or amount <= self.most)

    def has_counterparty(self, text: str) -> bool:
        """Whether a text contains what is looked for, widths of characters and case aside."""
        return not self.counterparty or folded(self.counterparty) in folded(text)


def folded(text: str) -> str:
    """A text as it is searched."""
    return normalize("NFKC", text).casefold()
