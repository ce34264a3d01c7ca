"""The zip of an archive of evidence: written the same everywhere, read with suspicion.

Members are stored, never compressed, in a fixed order with fixed times, so that equal contents give equal octets. The
first one, ``mimetype``, names kind and version; ``manifest.json`` has the SHA-256 of every other. Reading also takes
deflated members, as other programs write them, within limits that are checked before anything is unpacked.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.limits import MAX_FILE
from toyono_trust.errors import MalformedError, MisuseError

__all__ = ["MAX_ARCHIVE", "VERSION", "json_of", "octets_of", "read_zip", "write_zip"]

VERSION = 1
"""Of the archive: a reader refuses another one. Members with defaults may be added within a version."""
MAX_MEMBERS = 30_000
"""Members of one archive: a trust folder holds at most 10,000 files, a file 200 certificates and as many tokens."""
MAX_OCTETS = 512 << 20
"""Octets of all members, and of an archive: a trust folder holds at most 256 MiB, a signed file 64 MiB."""
MAX_RATIO = 200
"""Growth of a deflated member beyond its first MiB; JSON with base64 in it shrinks to a tenth at best."""
MAX_VALUES = 1_000_000
"""JSON members and list items: 200 time stamps that cover 600 objects each are 120,000."""
MAX_JSON = 2 * MAX_FILE
"""Octets of one JSON member."""

_MIMETYPE, _MANIFEST = "mimetype", "manifest.json"
_KIND = "application/vnd.toyono-trust.evidence+zip"
_NAMES = re.compile(
    r"mimetype|(?:manifest|request|facts|material|policy|trust)\.json|"
    r"(?:material/[0-9a-f]{64}\.(?:crt|crl|ocs)|tokens/[0-9a-f]{64}\.tst|records/[0-9a-f]{64}\.ers|"
    r"signed/[0-9a-f]{64}\.tbs)"
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_END = struct.Struct("<4s4H2LH")
_ENTRY = 512
"""Octets of the directory for one member; a name has at most 78."""
MAX_ARCHIVE = MAX_OCTETS + MAX_MEMBERS * _ENTRY
"""Octets of a whole archive."""
_CHUNK = 1 << 16


def json_of(data: bytes, name: str) -> Any:
    """The value of a JSON member. Raises ``MalformedError`` "replay.value"."""
    try:
        return json_loads(data, max_bytes=MAX_JSON, max_nodes=MAX_VALUES)
    except MalformedError as error:
        raise MalformedError("replay.value", f"{name}: {error.message}", "use the archive as it was written") from error


def octets_of(value: Any) -> bytes:
    """A JSON member for people and programs: one value to a line, UTF-8."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_zip(members: Mapping[str, bytes]) -> bytes:
    """One archive of the members; ``MisuseError`` "replay.too-large" where no reader would take it."""
    texts = [data for name, data in members.items() if name.endswith(".json")]
    values = max(sum(text.count(mark) for mark in (b",", b"{", b"[")) for text in texts)
    long = max(map(len, texts)) > MAX_JSON or values > MAX_VALUES
    if long or len(members) + 2 > MAX_MEMBERS or sum(map(len, members.values())) > MAX_OCTETS:
        raise MisuseError(
            "replay.too-large",
            f"an archive of evidence has at most {MAX_MEMBERS} members and {MAX_OCTETS >> 20} MiB",
            "use a trust store with fewer certificates and CRLs",
        )
    ordered = sorted(members, key=lambda name: ("/" in name, name))
    manifest = {"version": VERSION, "members": {name: sha256(members[name]).hexdigest() for name in ordered}}
    whole = {_MIMETYPE: f"{_KIND}; version={VERSION}".encode(), _MANIFEST: octets_of(manifest), **members}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in (_MIMETYPE, _MANIFEST, *ordered):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, whole[name])
    return buffer.getvalue()


def read_zip(data: bytes) -> dict[str, bytes]:
    """The members of an archive, without ``mimetype`` and manifest, each with the digest that the manifest states.

    Raises ``MalformedError``: "replay.not-evidence", "replay.version", "replay.unreadable", "replay.too-large",
    "replay.member" (unknown, twice, missing, a name that leads elsewhere), "replay.digest".
    """
    _bound(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check(infos)
            members = {info.filename: _unpacked(archive, info) for info in infos}
    # zipfile raises these on damaged or hostile archives; RuntimeError stands for encryption
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        struct.error,
        zlib.error,
    ) as error:
        raise _unreadable(str(error)) from error
    _check_version(members.pop(_MIMETYPE))
    _check_digests(members, members.pop(_MANIFEST, None))
    return members


def _bound(data: bytes) -> None:
    """The end record first: what ``zipfile`` would build of the directory is limited by it (APPNOTE 4.3.16)."""
    if data[:4] != b"PK\x03\x04":
        raise MalformedError(
            "replay.not-evidence", "this is no archive of evidence", "name what --save-evidence or report.evidence gave"
        )
    if len(data) > MAX_ARCHIVE:
        raise _too_large()
    tail = data[-_END.size :]
    if len(tail) < _END.size or tail[:4] != b"PK\x05\x06":
        raise _unreadable("it does not end where a zip ends")
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack(tail)
    if (disk, first_disk, comment) != (0, 0, 0) or here != count or offset + size + _END.size != len(data):
        raise _unreadable("its directory is not where it should be")
    if count > MAX_MEMBERS or size > count * _ENTRY:
        raise _too_large()


def _check(infos: list[zipfile.ZipInfo]) -> None:
    if not infos or infos[0].filename != _MIMETYPE:
        raise MalformedError(
            "replay.not-evidence", "a zip, but no archive of evidence: it does not begin with its kind"
        )
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        if info.orig_filename != name or not _NAMES.fullmatch(name):
            raise _member(f"{name[:100]!r} is no member of an archive of evidence")
        if name in seen:
            raise _member(f"{name} stands twice in it")
        seen.add(name)
        if info.file_size > (1 << 20) + MAX_RATIO * info.compress_size:
            raise _too_large()
    if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_OCTETS:
        raise _too_large()


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The octets of one member, never more than it states: ``read()`` would unpack more, and so would bzip2, LZMA."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("compression other than deflate")
    parts = []
    with archive.open(info) as stream:
        while part := stream.read(_CHUNK):
            parts.append(part)
    return b"".join(parts)


def _check_version(mimetype: bytes) -> None:
    kind, _, version = mimetype[:200].decode("ascii", "replace").partition("; version=")
    if kind != _KIND:
        raise MalformedError("replay.not-evidence", f"a zip, but no archive of evidence: its kind is {kind!r}")
    if version != str(VERSION):
        raise MalformedError(
            "replay.version",
            f"version {version!r} of archives is not known here; version {VERSION} is",
            "use the release of toyono-trust that wrote it, or a newer one",
        )


def _check_digests(members: Mapping[str, bytes], manifest: bytes | None) -> None:
    stated = None if manifest is None else json_of(manifest, _MANIFEST)
    if not isinstance(stated, dict) or stated.keys() != {"version", "members"} or stated["version"] != VERSION:
        raise _member(f"{_MANIFEST} is missing, or no manifest of version {VERSION}")
    if not isinstance(stated["members"], dict) or stated["members"].keys() != members.keys():
        raise _member(f"{_MANIFEST} names other members than there are")
    for name, data in members.items():
        digest = sha256(data).hexdigest()
        if stated["members"][name] != digest or ("/" in name and name.partition("/")[2].partition(".")[0] != digest):
            raise MalformedError("replay.digest", f"{name} is not what it was when the archive was written", _AGAIN)


_AGAIN = "get the archive again from whoever wrote it"


def _member(message: str) -> MalformedError:
    return MalformedError("replay.member", message, _AGAIN)


def _unreadable(why: str) -> MalformedError:
    return MalformedError("replay.unreadable", f"the archive of evidence cannot be read: {why}", _AGAIN)


def _too_large() -> MalformedError:
    return MalformedError("replay.too-large", "the archive of evidence is larger than any that is written", _AGAIN)
