"""Findings: what was observed, at the policy's level, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from toyono_trust.core.findings import FindingLevel, Language, entry

__all__ = ["Finding", "local_time"]


_AHEAD = {
    "algorithm.expired": "ahead.algorithm",
    "algorithm.transitional": "ahead.algorithm-transitional",
    "ca.expired": "ahead.certificate",
    "certificate.expired": "ahead.certificate",
    "path.anchor-sunset": "ahead.anchor",
    "revocation.issuer-expired": "ahead.revocation-issuer",
}


class Finding(NamedTuple):
    """One observation. ``level`` is already the policy's; texts come from the findings table.

    ``sub``: another sub-indication than the table's, where what was found elsewhere decides which one it is.
    """

    code: str
    level: FindingLevel
    subject: str = ""
    values: Mapping[str, Any] = {}
    sub: str | None = None

    @property
    def sub_indication(self) -> str | None:
        """The sub-indication of EN 319 102-1 that this finding stands for."""
        return self.sub or entry(self.code).sub_indication

    @property
    def clause(self) -> str:
        """Standard and clause that the check comes from."""
        return entry(self.code).clause

    @property
    def text(self) -> str:
        """What is so, in English; times in UTC."""
        return self.text_in("en")

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.remedy_in("en")

    def text_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """What is so, in a language, with local times."""
        return _fill(entry(self.code).text[language == "ja"], self.values, zone)

    def ahead_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """The same of what is still to come, as ``Report.lapse`` is: "expires", not "expired"."""
        code = _AHEAD.get(self.code)
        return self.text_in(language, zone) if code is None else self._replace(code=code).text_in(language, zone)

    def remedy_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """What to do, in a language, with local times."""
        return _fill(entry(self.code).remedy[language == "ja"], self.values, zone)


def local_time(time: datetime, zone: tzinfo) -> str:
    """A time for people: local, to the second, with the zone's name or offset."""
    try:
        local = time.astimezone(zone)
    except OverflowError:  # year 1 or 9999: certificates without an end have 9999-12-31 (RFC 5280 4.1.2.5)
        local = time
    name = local.tzname() or ""
    return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')} {name or local.strftime('%z')}"


_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00")


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(text: str, values: Mapping[str, Any], zone: tzinfo) -> str:
    if "{" not in text:
        return text
    return text.format_map(_Blank({key: _shown(value, zone) for key, value in values.items()}))


def _shown(value: Any, zone: tzinfo) -> Any:
    """Parsers hand out times as RFC 3339 text in UTC, the judge as they are."""
    if isinstance(value, str) and _UTC_TIME.fullmatch(value):
        value = datetime.fromisoformat(value)
    return local_time(value, zone) if isinstance(value, datetime) else value
