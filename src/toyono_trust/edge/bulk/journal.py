"""The journal of a run: verdicts by record and digest, so that an interrupted run goes on where it was.

One JSON text a line. The first says which run it is: the digest of all that verdicts depend on, and the validation
time, which is fixed by the first run, so that what is resumed ends as what was never interrupted. Each further line
holds a batch of verdicts and the digest of the line before it with its own, so that a line that was changed, lost or
moved is found (whoever can recompute digests can forge a journal: keep it as you keep reports). A batch is appended by
one write; a last line that is torn is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from toyono_trust.core.findings import table
from toyono_trust.edge.bulk.folder import open_regular
from toyono_trust.edge.bulk.index import MAX_RECORDS
from toyono_trust.edge.bulk.record import Observed, Verdict
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["Journal"]

FORMAT = "toyono_trust/bulk-journal/v1"
MAX_LINE = 1 << 23
"""Octets of a line: 200 verdicts with 20 findings each have below 4 MB."""
INDICATIONS = frozenset({"TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE", "PASSED", "FAILED"})
LEVELS = frozenset({"fail", "warn", "inform", "ignore"})
_BEGINNING = f'{{"format":"{FORMAT}"'.encode()
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"

Known = dict[str, tuple[str, Verdict]]
"""By record: the key of what was verified, and the verdict."""


class Journal:
    """A journal, open for appending. ``at``: the validation time of the run; ``known``: what it holds."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.at: datetime | None = None
        self.case: str | None = None
        self.known: Known = {}
        self._last = ""
        self._handle = self._open()
        try:
            self._lock()
            self._read()
        except BaseException:
            os.close(self._handle)
            raise

    def begin(self, case: str, at: datetime) -> None:
        """Say which run this is; refuse a journal of another. Raises ``MisuseError`` "journal.other"."""
        if self.case is None:
            self._append({"format": FORMAT, "case": case, "at": at.astimezone(UTC).strftime(_TIME)})
            self.case, self.at = case, at
        elif self.case != case:
            raise MisuseError(
                "journal.other", f"{self.path} is of a run with other trust, policy, time or release",
                "name another journal, or verify as that run did",
            )  # fmt: skip

    def add(self, verdicts: Iterable[tuple[str, str, Verdict]]) -> None:
        """Append a batch: record, key, verdict. It is there as a whole or not at all, and durable against a crash."""
        batch = [[record, key, _plain(verdict)] for record, key, verdict in verdicts]
        if batch:
            self._append({"verdicts": batch})

    def close(self) -> None:
        """Let the file go."""
        os.close(self._handle)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        if Path(self.path).exists() or Path(self.path).is_symlink():
            try:
                os.close(open_regular(self.path))
            except OSError as error:
                raise _malformed(f"it is no regular file: {error}") from error
        return os.open(self.path, flags, 0o600)

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows: two runs on one journal break its chain, which is found
            return
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise MisuseError(
                "journal.busy", f"another run is writing to {self.path}", "wait until it has ended"
            ) from error

    def _append(self, value: Mapping[str, Any]) -> None:
        line = self._chained(value)
        written = os.write(self._handle, line)
        if written < len(line):
            raise OSError(28, "the journal could not be written as a whole", self.path)

    def _chained(self, value: Mapping[str, Any]) -> bytes:
        self._last = _chain(self._last, value)
        return json.dumps({**value, "chain": self._last}, separators=(",", ":")).encode() + b"\n"

    def _read(self) -> None:
        """Take what is there up to the last whole line. Raises ``MalformedError`` where one was changed."""
        whole = 0
        with os.fdopen(os.dup(self._handle), "rb") as stream:
            stream.seek(0)
            while line := stream.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise _malformed("a line is too long")
                if not line.endswith(b"\n"):
                    if not whole and not _begins(line):  # not torn, but another file, which must stay as it is
                        raise _malformed("it begins otherwise")
                    break
                self._take(line, first=whole == 0)
                whole += len(line)
        os.ftruncate(self._handle, whole)

    def _take(self, line: bytes, *, first: bool) -> None:
        try:
            value = json.loads(line)
            chain = value.pop("chain")
            if chain != _chain(self._last, value):
                raise _malformed("a line was changed, or is not where it was")
            if first:
                if value["format"] != FORMAT or set(value) != {"format", "case", "at"}:
                    raise _malformed("its format is not known here")
                self.case = str(value["case"])
                self.at = datetime.strptime(value["at"], _TIME).replace(tzinfo=UTC)
            else:
                (batch,) = value.values()
                for record, key, plain in batch:
                    if not isinstance(record, str) or not isinstance(key, str):
                        raise _malformed("a record has no name")
                    self.known[record] = key, _verdict(plain)
                if len(self.known) > MAX_RECORDS:
                    raise _malformed("it has too many records")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _malformed(str(error)) from error
        self._last = chain


def _begins(line: bytes) -> bool:
    """Whether the piece of a line can be the beginning of a journal."""
    return line[: len(_BEGINNING)] == _BEGINNING[: len(line)]


def _chain(last: str, value: Mapping[str, Any]) -> str:
    return sha256(f"{last}\n{json.dumps(value, separators=(',', ':'))}".encode()).hexdigest()


def _plain(verdict: Verdict) -> list[Any]:
    findings = [[one.code, one.level, dict(one.values), one.subject, one.sub] for one in verdict.findings]
    return [*verdict[:-1], findings]


def _verdict(plain: Any) -> Verdict:
    """A verdict out of a journal; every member is of its kind, or none is taken."""
    *members, findings = plain
    verdict = Verdict._make((*members, tuple(_finding(one) for one in findings)))
    texts: list[Any] = [verdict.sub, verdict.form, verdict.best, verdict.proven, verdict.event, verdict.entry]
    texts += [verdict.signer, verdict.identifier]
    good = (
        (verdict.indication is None or verdict.indication in INDICATIONS)
        and all(one is None or isinstance(one, str) for one in texts)
        and None not in texts[-2:]
        and (verdict.position is None or type(verdict.position) is int)
    )  # fmt: skip
    for time in (verdict.best, verdict.proven, verdict.event):
        if time is not None:
            datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if verdict.checkpoint is not None:
        size, root = verdict.checkpoint
        good = good and type(size) is int and isinstance(root, str)
        verdict = verdict._replace(checkpoint=(size, root))
    if not good:
        raise _malformed("a verdict is none")
    return verdict


def _finding(plain: Any) -> Observed:
    code, level, values, subject, sub = plain
    if code not in table() or level not in LEVELS or not isinstance(subject, str):
        raise _malformed("a finding is none")
    if not (sub is None or isinstance(sub, str)) or not all(_is_plain(one) for one in values.values()):
        raise _malformed("a finding is none")
    return Observed(code, level, values, subject, sub)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _malformed(reason: str) -> MalformedError:
    return MalformedError("journal.malformed", f"this is no journal of a bulk verification: {reason}",
                          "name another one")  # fmt: skip
