"""Files that trust is read from: PEM (RFC 7468) and DER, bundles, folders, and the packed form of a folder.

A folder and its packed form are both a mapping from relative names ("anchors/root.pem") to octets. A private key
among them is refused: a trust folder is copied about, a key must not be.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from toyono_trust.core.asn1 import Reader
from toyono_trust.errors import MalformedError, MisuseError

Kind = Literal["certificate", "crl", "ocsp"]

MAX_FILES = 10_000
"""Files in one trust folder; the anchors of all European trusted lists together are 4,000 certificates."""
MAX_OCTETS = 256 << 20
"""Octets in one trust folder; the largest public CRL seen has 30 MB."""

CHUNK = 1 << 16
"""Octets unpacked at once."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----")
_LABELS: dict[bytes, Kind] = {
    b"CERTIFICATE": "certificate",
    b"X509 CERTIFICATE": "certificate",
    b"TRUSTED CERTIFICATE": "certificate",
    b"X509 CRL": "crl",
    b"OCSP RESPONSE": "ocsp",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Item(NamedTuple):
    """One certificate, CRL or OCSP response: what it is, its DER, and the file it came from."""

    kind: Kind
    der: bytes
    source: str


def read_items(data: bytes, source: str) -> list[Item]:
    """All certificates, CRLs and OCSP responses of one PEM or DER file; an empty list where it holds something else.

    Raises ``MisuseError``: "trust.private-key" where it holds a private key, "trust.unreadable" where it is damaged.
    """
    if b"-----BEGIN " in data:
        return [_block(label, body, source) for label, body in _blocks(data, source)]
    if data[:1] != b"\x30":
        return []
    kind = _kind(data, source)
    return [Item(kind, data, source)] if kind else []


def _blocks(data: bytes, source: str) -> list[tuple[bytes, bytes]]:
    blocks = [(match[1], match[2]) for match in _BLOCK.finditer(data)]
    if len(blocks) != data.count(b"-----BEGIN "):
        raise _unreadable(source, "a PEM block has no end")
    for label, _ in blocks:
        if label.endswith(b"PRIVATE KEY"):
            raise _private_key(source)
    return [block for block in blocks if block[0] in _LABELS]


def _block(label: bytes, body: bytes, source: str) -> Item:
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise _unreadable(source, "a PEM block is not base64") from None
    kind = _LABELS[label]
    if _kind(der, source) != kind:
        raise _unreadable(source, f"a PEM block says {label.decode()} and holds something else")
    return Item(kind, der, source)


def _kind(der: bytes, source: str) -> Kind | None:
    """What a DER file is, by its outermost tags; None where it is something that does not concern trust."""
    reader = Reader(der)
    try:
        members = reader.children(reader.expect(reader.root(), 0x30))
        tags = [member[0] for member in members]
        if tags[:1] == [0x0A]:
            return "ocsp"
        if tags[:1] == [0x02]:  # PKCS #1, #8, #12 and SEC 1 begin with a version
            raise _private_key(source)
        if tags[:1] != [0x30]:
            return None
        inner = [member[0] for member in reader.children(members[0])]
    except MalformedError as error:
        raise _unreadable(source, error.message) from error
    if inner[:1] == [0x06]:
        if tags == [0x30, 0x04]:  # EncryptedPrivateKeyInfo
            raise _private_key(source)
        return None
    if tags != [0x30, 0x30, 0x03]:
        return None
    return "crl" if {0x17, 0x18} & set(inner) else "certificate"


def read_folder(folder: Path) -> dict[str, bytes]:
    """All files below ``folder`` by their relative name; names that begin with a dot are passed over."""
    found: dict[str, bytes] = {}
    octets = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in PurePosixPath(name).parts) or not path.is_file():
            continue
        octets += path.stat().st_size
        _within(len(found) + 1, octets, str(folder))
        found[name] = path.read_bytes()
    return found


def is_packed(data: bytes) -> bool:
    """True where ``data`` looks like a packed folder."""
    return data.startswith(b"PK\x03\x04")


def read_packed(data: bytes, source: str) -> dict[str, bytes]:
    """The files of a packed folder. Raises ``MisuseError`` "trust.unreadable"; never writes anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _within(len(infos), sum(info.file_size for info in infos), source)
            if len({info.filename for info in infos}) != len(infos):
                raise _unreadable(source, "a name stands twice in it")
            return {info.filename: _unpacked(archive, info) for info in infos}
    # zipfile raises these on damaged or hostile archives; RuntimeError stands for encryption
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError, zlib.error) as error:
        if isinstance(error, MisuseError):
            raise
        raise _unreadable(source, str(error)) from error


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The octets of one file. Never more than it states are unpacked: ``read()`` would, and so would bzip2 and LZMA."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("compression other than deflate")
    parts = []
    with archive.open(info) as stream:
        while part := stream.read(CHUNK):
            parts.append(part)
    return b"".join(parts)


def write_packed(files: Mapping[str, bytes]) -> bytes:
    """One archive of ``files``; the same files give the same octets."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def _within(files: int, octets: int, source: str) -> None:
    if files > MAX_FILES or octets > MAX_OCTETS:
        raise MisuseError(
            "trust.too-large",
            f"{source} holds more than {MAX_FILES} files or {MAX_OCTETS >> 20} MiB",
            "point at the trust folder itself",
        )


def _private_key(source: str) -> MisuseError:
    return MisuseError(
        "trust.private-key",
        f"{source} holds a private key",
        "keep keys away from what is handed out as trust; put the certificate alone there",
    )


def _unreadable(source: str, why: str) -> MisuseError:
    return MisuseError("trust.unreadable", f"{source} cannot be read: {why}", "replace the file")
