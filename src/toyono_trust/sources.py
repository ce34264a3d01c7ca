"""What callers hand in and get back: bytes, paths and streams in; files written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from toyono_trust.core.content import BytesContent, Content, FileContent
from toyono_trust.core.limits import MAX_FILE
from toyono_trust.errors import MisuseError
from toyono_trust.formats import pades
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.formats.draft import Appended
from toyono_trust.formats.model import Signed, SignedFile

__all__ = [
    *("Output", "Source", "Sources"),
    *("check_opening", "content_of", "contents_of", "delivered", "octets_of", "signed_of", "write_whole"),
]

Source = bytes | bytearray | memoryview | str | Path | BinaryIO
"""Octets, the path of a file (``str`` or ``Path``), or a binary stream, which is read to its end."""
Sources = Source | Mapping[str, Source]
Output = str | Path | None

MAX_HELD = 4 << 20
"""Octets up to which a PDF given by its path is read at once, which is faster than by windows."""
MAX_FOLDER = 10_000
"""Files of a folder given as detached content."""


def content_of(source: Source, name: str = "") -> Content:
    """Content out of whatever the caller gave; a path is streamed, never loaded whole."""
    if isinstance(source, bytes):
        return BytesContent(source, name)
    if isinstance(source, bytearray | memoryview):
        return BytesContent(bytes(source), name)
    if isinstance(source, str | Path):
        path = Path(source)
        path.stat()
        return FileContent(path)
    if hasattr(source, "read"):
        return BytesContent(_drained(source), name or Path(str(getattr(source, "name", ""))).name)
    raise MisuseError(
        "argument.content", f"content cannot be a {type(source).__name__}", "pass bytes, a path or a binary stream"
    )


def contents_of(sources: Sources | None) -> Contents:
    """Detached contents: nothing, one, several by name, or all files of a folder by their relative path."""
    if sources is None:
        return NO_CONTENTS
    if isinstance(sources, bytes):
        return Contents(BytesContent(sources))
    if isinstance(sources, Mapping):
        return Contents({name: content_of(source, name) for name, source in sources.items()})
    if isinstance(sources, str | Path) and Path(sources).is_dir():
        return Contents(_folder(Path(sources)))
    return Contents(content_of(sources))


def _folder(folder: Path) -> dict[str, Content]:
    found: dict[str, Content] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            if len(found) == MAX_FOLDER:
                raise MisuseError(
                    "argument.content", f"{folder} holds more than {MAX_FOLDER} files", "name the files one by one"
                )
            found[path.relative_to(folder).as_posix()] = FileContent(path)
    return found


def octets_of(source: Source) -> bytes:
    """The octets of a signed file; of one that is too long, one more than is allowed, so that its reader says so."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | Path):
        with Path(source).open("rb") as stream:
            return stream.read(MAX_FILE + 1)
    if hasattr(source, "read"):
        return _text_refused(source.read(MAX_FILE + 1))
    raise MisuseError(
        "argument.content",
        f"a signed file cannot be a {type(source).__name__}",
        "pass write_proof(proof)" if type(source).__name__ == "Proof" else "pass bytes, a path or a binary stream",
    )


def signed_of(source: Source) -> bytes | Content:
    """A signed file: its octets, or a large PDF as a content, which is read where it is and never held."""
    if isinstance(source, str | Path):
        path = Path(source)
        with path.open("rb") as stream:
            beginning = stream.read(pades.HEADER)
            if path.stat().st_size > MAX_HELD and pades.detect(beginning):
                return FileContent(path)
            return beginning + stream.read(MAX_FILE + 1 - len(beginning))
    return octets_of(source)


def _drained(stream: BinaryIO) -> bytes:
    return _text_refused(stream.read())


def _text_refused(data: object) -> bytes:
    if not isinstance(data, bytes):
        raise MisuseError("argument.content", "the stream gives text", 'open the file with mode "rb"')
    return data


def delivered(made: Signed | Appended, out: Output) -> Signed | SignedFile:
    """What a verb returns, written to ``out`` where that is given; a PDF is then copied in pieces and never held."""
    if isinstance(made, Appended):
        if out is None:
            return Signed(made.whole(), "pades", made.level, made.reason, made.report)
        write_whole(out, made.chunks())
        return SignedFile(Path(out), made.size, "pades", made.level, made.reason, made.report)
    if out is not None:
        write_whole(out, made)
    return made


def check_opening(out: Output) -> None:
    """Whether the opening of a receipt could be written beside it without the loss of another one.

    Raises ``MisuseError`` "receipt.opening-exists".
    """
    place = None if out is None else f"{out}.opening"
    if place is not None and os.path.lexists(place):
        raise MisuseError(
            "receipt.opening-exists",
            f"{place} is there: nothing else opens the entry that it belongs to",
            "name another out=, or put it away with its receipt",
        )


def write_whole(path: str | Path, data: bytes | Iterable[bytes], *, private: bool = False) -> None:
    """Write a file so that it holds all of ``data`` or what it held before (same folder, then renamed).

    ``data`` may come in pieces; whatever their source raises leaves the file as it was. A link is replaced, never
    followed. Permissions are set by descriptor: a name could be another file's by then. ``private``: for its owner.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            for piece in (data,) if isinstance(data, bytes) else data:
                stream.write(piece)
            stream.flush()
            _permit(stream.fileno(), temporary, 0o600 if private else _mode(target))
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, else those of a new one."""
    try:
        found = target.lstat().st_mode
    except FileNotFoundError:
        found = 0
    return found & 0o777 if stat.S_ISREG(found) else 0o666 & ~_umask()


def _permit(handle: int, name: str, mode: int) -> None:
    if hasattr(os, "fchmod"):
        os.fchmod(handle, mode)
    else:  # Windows before Python 3.13, where it is the read-only mark alone
        Path(name).chmod(mode)


_asking = threading.Lock()


def _umask() -> int:
    """The umask, which can only be asked for by setting it: two threads at once would leave 077 behind for good."""
    with _asking:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask
