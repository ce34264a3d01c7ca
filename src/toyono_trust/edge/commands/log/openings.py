"""The file beside a piece of evidence that opens its entry: ``FILE.opening``, the RFC 8785 text whose digest is logged.

It holds the evidence and 128 random bits; whoever has it can show what the entry is, so that nobody but its owner may
read it. It is on the disk before the entry is in the log. To destroy it is to forget the entry.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toyono_trust.edge.console import INTERNAL, USAGE, Complaint, read, unreadable
from toyono_trust.errors import MalformedError
from toyono_trust.ledger.files import sync_folder

if TYPE_CHECKING:
    from toyono_trust.ledger.entry import Opening

__all__ = ["ENDING", "evidence_of", "keep", "kept", "opening_of", "opening_place", "write_private"]

ENDING = ".opening"
_SPACE = b" \t\r\n"


def opening_place(name: str, folder: str | None = None) -> str:
    """Where the opening of a file lies: beside it, or in a folder under its name."""
    return f"{name}{ENDING}" if folder is None else str(Path(folder, f"{Path(name).name}{ENDING}"))


def evidence_of(name: str, octets: bytes) -> dict[str, Any]:
    """The JSON object that a file holds; of a receipt in XML its JSON form, so that both have one entry.

    Raises ``Complaint`` "not-evidence"; ``MalformedError`` where it claims to be one of both and has no accepted form.
    """
    from toyono_trust.core.canonical import json_loads
    from toyono_trust.ledger.entry import MAX_OPENING

    begins = octets.lstrip(_SPACE)[:1]
    if begins == b"{":
        value = json_loads(octets, max_bytes=MAX_OPENING)
        if isinstance(value, dict):
            return value
    if begins == b"<" or octets.startswith(b"\xef\xbb\xbf<"):
        from toyono_trust.delivery import xml
        from toyono_trust.delivery.evidence import log_entry

        if xml.is_evidence(octets):
            evidence: dict[str, Any] = json_loads(log_entry(xml.read(octets)[0]))
            return evidence
    raise Complaint(USAGE, "not-evidence", file=name)


def kept(place: str, file: str) -> Opening | None:
    """The opening that lies there; None where none does. ``file``: what it should be of, for complaints."""
    from toyono_trust.ledger.entry import MAX_OPENING, read_opening

    try:
        # whoever can write beside the evidence could put a pipe there, for which opening would wait without end
        handle = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file", place)
            octets = stream.read(MAX_OPENING + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(error, place) from error
    try:
        return read_opening(octets)
    except MalformedError as error:
        raise Complaint(USAGE, "not-opening", file=place, of=file, reason=error.message) from error


def keep(place: str, file: str, evidence: dict[str, Any]) -> tuple[Opening, bool]:
    """The opening of evidence, at its place; and whether it was there before, from a try that was cut short.

    It is durable after ``sync_folder``, which serves many. Raises ``Complaint`` "other-opening" where that of other
    evidence lies there.
    """
    from toyono_trust.ledger.entry import SALT_SIZE, commit

    before = kept(place, file)
    if before is None:
        made = commit(evidence, os.urandom(SALT_SIZE))
        write_private(place, made.octets, sync=False)
        return made, False
    if commit(evidence, before.salt).entry != before.entry:
        raise Complaint(USAGE, "other-opening", file=place, of=file)
    return before, True


def opening_of(name: str, place: str | None = None) -> Opening:
    """The opening that a name leads to: the file itself, or the one beside it. Raises ``Complaint`` "no-opening"."""
    from toyono_trust.ledger.entry import MAX_OPENING, commit, read_opening

    octets = read(name, MAX_OPENING + 1)
    if place is None:
        try:
            return read_opening(octets)
        except MalformedError:
            place = opening_place(name)
    found = kept(place, name)
    if found is None:
        raise Complaint(USAGE, "no-opening", file=name, place=place)
    if commit(evidence_of(name, octets), found.salt).entry != found.entry:
        raise Complaint(USAGE, "other-opening", file=place, of=name)
    return found


def write_private(place: str, data: bytes, option: str = "", *, sync: bool = True) -> None:
    """A new file for its owner's eyes, whole and durable when this returns; never in the place of another one.

    ``sync``: whether its name is, too; else ``sync_folder`` is called later.
    """
    target = Path(place)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            _put(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        if sync:
            sync_folder(target.parent)
    except FileExistsError:
        raise Complaint(USAGE, "exists", file=place, option=option or "--openings") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Complaint(INTERNAL, "unwritable", file=place, reason=reason, option=option or "--openings") from error


def _put(temporary: str, target: Path) -> None:
    """Give the file its name, if nothing has it."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():  # a file system without links
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        Path(temporary).rename(target)
