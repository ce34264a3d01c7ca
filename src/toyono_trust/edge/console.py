"""What every command shares: language, time zone, complaints, exit codes, and files written for the user.

Standard output carries what was asked for, standard error everything that is said about it. ``Command`` turns the
errors of the package into two lines and an exit code; whatever else is raised is left to ``edge.main``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.words import COMPLAINTS, ELSEWHERE, HINTS, LABELS, said
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError

if TYPE_CHECKING:
    from toyono_trust import Report

__all__ = [
    "Command",
    "Complaint",
    "SystemZone",
    "Target",
    "code_of",
    "complain",
    "default_language",
    "describe",
    "json_line",
    "lines",
    "say",
    "time_zone",
    "worst",
    "write",
    "writing",
]

PASSED, FAILED, UNDECIDED = 0, 1, 2
USAGE, UNREADABLE, UNAVAILABLE, INTERNAL = 64, 66, 69, 70
ORDER = (INTERNAL, UNREADABLE, UNAVAILABLE, USAGE, FAILED, UNDECIDED, PASSED)
"""With several files the first of these that occurs is the exit code."""


def worst(codes: Iterable[int]) -> int:
    """The exit code for several files."""
    return min(codes, key=ORDER.index, default=PASSED)


def default_language() -> Language:
    """Japanese where the environment says so (POSIX: LC_ALL, LC_MESSAGES, LANG in this order), else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    if os.name == "nt":
        import locale

        return "ja" if (locale.getlocale()[0] or "").lower().startswith("ja") else "en"
    return "en"


class Complaint(Exception):
    """Something about the user's files, not about signatures: its words stand in ``edge.words.COMPLAINTS``.

    Where its values have an ``option``, that is what the user is to name another place with.
    """

    def __init__(self, code: int, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.code, self.key, self.values = code, key, values

    def texts(self, language: Language) -> tuple[str, str]:
        """What is wrong and what to do."""
        message, hint = COMPLAINTS[self.key]
        hint = ELSEWHERE if "option" in self.values else hint
        return said(message, language, **self.values), said(hint, language, **self.values)


def unreadable(error: OSError, file: str = "") -> Complaint:
    """A file of the caller's that cannot be read."""
    name = file or str(error.filename or "")
    if isinstance(error, IsADirectoryError):
        return Complaint(UNREADABLE, "folder", file=name)
    return Complaint(UNREADABLE, "unreadable", file=name, reason=error.strerror or str(error))


class Command(click.Command):
    """A command that says what is wrong in the user's language and returns the exit code that fits."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.help:  # its text is raw, for the examples' sake; where lines are to stay, click wants the character
            self.help = self.help.replace("\\b\n", "\b\n")

    def invoke(self, ctx: click.Context) -> Any:
        """Run; see ``code_of`` for the exit codes."""
        language: Language = ctx.params.get("lang") or default_language()
        try:
            return super().invoke(ctx)
        except TrustError as error:
            complain(describe(error, language))
            return code_of(error)
        except Complaint as complaint:
            complain(_lines(complaint, language))
            return complaint.code
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.filename is None:
                raise
            complain(_lines(unreadable(error), language))
            return UNREADABLE


def code_of(error: TrustError) -> int:
    """The exit code for an error: whose fault it is."""
    if isinstance(error, UnavailableError):
        return UNAVAILABLE
    if isinstance(error, MalformedError):
        return UNDECIDED if error.code == "format.unknown" else FAILED
    if isinstance(error, MisuseError):
        return USAGE
    return FAILED


def describe(error: TrustError, language: Language) -> str:
    """An error in two or three lines. In Japanese the table's words, then the particulars as they were raised."""
    from toyono_trust.core.findings import table
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.report import Finding

    hint = said(HINTS[error.code], language) if error.code in HINTS else error.hint
    label = _label("error", language)
    if language == "en" or error.code not in table():
        lines = [f"{label}: {safe(error.message)} [{error.code}]"]
    else:
        finding = Finding(error.code, "fail", "", {"reason": error.message})
        text = finding.text_in(language).replace("（?）", "").replace("（？）", "")  # the particulars come below
        lines = [f"{label}: {safe(text)} [{error.code}]"]
        lines.append(f"{_label('details', language)}: {safe(error.message)}")
        hint = hint if error.code in HINTS else finding.remedy_in(language)
    if hint:
        lines.append(f"{_label('hint', language)}: {safe(hint)}")
    return "\n".join(lines)


def _lines(complaint: Complaint, language: Language) -> str:
    message, hint = complaint.texts(language)
    return f"{_label('error', language)}: {message}\n{_label('hint', language)}: {hint}"


def json_line(value: Mapping[str, Any]) -> str:
    """JSON in one line. What could command a terminal or turn the reading direction is an escape of JSON.

    So are bytes of file names that UTF-8 cannot hold.
    """
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or category(char) == "Zs" else json.dumps(char)[1:-1] for char in text)


def _label(key: str, language: Language) -> str:
    return LABELS[key][language == "ja"]


def complain(text: str) -> None:
    """Write to standard error."""
    print(text, file=sys.stderr, flush=True)


def mute() -> None:
    """The reader of standard output went away: from here on it leads nowhere, so that work can go on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say(key: str, language: Language, **values: object) -> None:
    """Tell on standard error what happened, in words of ``LABELS``."""
    complain(said(LABELS[key], language, **values))


def say_until(report: Report, language: Language) -> None:
    """Tell on standard error until when a file verifies without another step, and why no longer."""
    from toyono_trust.validation.lines import explained
    from toyono_trust.validation.report import local_time

    until, lapse = report.valid_until, report.lapse
    if until is None:
        return
    reason = "-" if lapse is None else explained(lapse, language, SystemZone(), ahead=True)
    say("until", language, time=local_time(until, SystemZone()), reason=reason)


# -- time


class SystemZone(tzinfo):
    """The zone of this machine, with the rules that held at each time."""

    def fromutc(self, dt: datetime) -> datetime:
        """The local time with the offset of that time."""
        return dt.replace(tzinfo=UTC).astimezone()

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """The offset of a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Not known."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """The zone's short name at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()


def time_zone(name: str | None) -> tzinfo:
    """A zone by its IANA name, ``UTC``, or None for this machine's; a usage error where there is none."""
    if name is None:
        return SystemZone()
    if name.upper() in ("UTC", "Z"):
        return UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise click.UsageError(f"--tz: no zone is called {name!r}; write for example Asia/Tokyo or UTC") from None


def moment(text: str, zone: tzinfo, option: str) -> datetime:
    """An RFC 3339 time, or a date, which stands for its last second in ``zone``."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or (len(text) != 10 and at.tzinfo is None):
        hint = "write a date (2026-04-01) or a time with its zone (2026-04-01T09:00:00+09:00)"
        raise click.UsageError(f"{option}: {text!r} is not a time; {hint}")
    if len(text) == 10:
        return at.replace(hour=23, minute=59, second=59, tzinfo=_fixed(zone, at)).astimezone(UTC)
    return at.astimezone(UTC)


def _fixed(zone: tzinfo, at: datetime) -> tzinfo:
    if not isinstance(zone, SystemZone):
        return zone
    local = at.replace(hour=23, minute=59, second=59).astimezone().tzinfo
    assert local is not None
    return local


# -- files written


class Target:
    """Where a command's product goes: a file, replaced only with ``force``, or standard output (``-``).

    ``option``: what names it where that is not ``--out``, which ``--force`` goes with.
    """

    def __init__(self, name: str, *, force: bool = False, option: str = "") -> None:
        self.name, self.force, self.option = name, force, option

    def check(self) -> None:
        """Refuse, before any work, what could not be written afterwards."""
        path = Path(self.name)
        if self.name == "-":
            return
        if path.exists() and (path.is_dir() or not self.force):
            raise self._complaint(USAGE, "exists")
        if not path.parent.is_dir() or self.name.endswith(("/", os.sep)):
            raise self._complaint(USAGE, "unwritable", reason=os.strerror(errno.ENOENT))

    def _complaint(self, code: int, key: str, **values: str) -> Complaint:
        return Complaint(code, key, file=self.name, **_option(self.option), **values)

    def write(self, data: bytes) -> None:
        """Write all of it or nothing."""
        if self.name == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        self.check()
        write(self.name, data, self.option)


def write(name: str, data: bytes | Iterable[bytes], option: str = "") -> None:
    """Replace a file atomically; ``data`` may come in pieces. A complaint where that cannot be done.

    ``option``: what another place is named with, ``--out`` where empty.
    """
    from toyono_trust.sources import write_whole

    try:
        write_whole(name, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Complaint(INTERNAL, "unwritable", file=name, reason=reason, **_option(option)) from error


@contextmanager
def writing(place: str, option: str) -> Iterator[None]:
    """What is done inside writes there; an ``OSError`` of it is a complaint, as of ``write``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        file = place if error.filename is None else str(error.filename)
        raise Complaint(INTERNAL, "unwritable", file=file, reason=reason, **_option(option)) from error


def _option(name: str) -> dict[str, str]:
    return {"option": name} if name else {}


def read(name: str, most: int = -1) -> bytes:
    """A whole file, or standard input (``-``); a complaint where it cannot be read. ``most``: octets that are read."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise unreadable(error, name) from error


def lines(name: str, most: int) -> Iterator[bytes]:
    """The lines of a file that have something in them, as they are needed; a complaint where it cannot be read.

    In place of one of more than ``most`` octets comes what no reader takes, and names as what it cannot read.
    """
    try:
        with Path(name).open("rb") as stream:
            while line := stream.readline(most + 1):
                if len(line) > most:
                    yield b"too long"
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(most)
                elif line.strip():
                    yield line.rstrip(b"\r\n")
    except OSError as error:
        raise unreadable(error, name) from error
