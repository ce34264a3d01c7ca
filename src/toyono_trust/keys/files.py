"""Keys in files: PKCS #12 (RFC 7292), PEM (RFC 7468) and JWK sets (RFC 7517).

A reader returns the one private key of a file and every certificate that lies beside it; which of them is the key's own
is decided by ``keys.signer``. Secrets are asked for when a file turns out to need one, and are not kept.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from toyono_trust.core.asn1 import Reader
from toyono_trust.core.canonical import b64_decode, json_loads
from toyono_trust.errors import MalformedError, MisuseError

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["Material", "Secret", "SecretSource", "read_jwk", "read_pem", "read_pem_certificates", "read_pkcs12"]

SecretSource = str | bytes | Callable[[], str | bytes] | None

MAX_KEY_FILE = 1 << 20
"""Octets of a key file: an RSA-4096 key with a chain of ten certificates stays below 40 KB."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([^-]*(?:-(?!----)[^-]*)*)-----END \1-----")
_KEY_LABELS = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY")


class Material(NamedTuple):
    """What a file holds: a ``cryptography`` private key, and DER certificates in the order of the file."""

    private_key: Any
    certificates: tuple[bytes, ...]


class Secret:
    """A password or PIN, or how to ask for one. Never shown."""

    __slots__ = ("_source",)

    def __init__(self, source: SecretSource) -> None:
        if source is not None and not isinstance(source, str | bytes) and not callable(source):
            raise _bad_secret("what was passed is neither text nor bytes nor a callable")
        self._source = source

    def __repr__(self) -> str:
        return "<Secret>"

    @property
    def at_hand(self) -> bool:
        """Whether the secret itself was given, and not a callable asking for it."""
        return isinstance(self._source, str | bytes)

    def ask(self) -> bytes | None:
        """The secret in UTF-8, None where none was given; what a callable raises passes through."""
        value = self._source() if callable(self._source) else self._source
        if value is not None and not isinstance(value, str | bytes):
            raise _bad_secret("the callable returned neither text nor bytes")
        return value.encode() if isinstance(value, str) else value


def read_pkcs12(path: Path, secret: Secret) -> Material:
    """The key and certificates of a PKCS #12 file. Raises ``MisuseError`` "signer.…"; ``OSError`` passes."""
    data = _read(path)
    _check_pkcs12(path, data)
    found = None if secret.at_hand else _try_pkcs12(path, data, None)
    if found is None:
        password = secret.ask()
        if password is None:
            raise _secret_missing(path)
        found = _try_pkcs12(path, data, password)
        if found is None:
            if password and _try_pkcs12(path, data, None):
                raise _not_encrypted(path)
            raise _wrong_secret(path)
    if found.private_key is None:
        raise _no_private_key(path)
    return found


def read_pem(path: Path, key_path: Path | None, secret: Secret) -> Material:
    """Certificates of ``path`` and the one private key of ``key_path`` (default: the same file)."""
    blocks = _blocks(path)
    key_file = path if key_path is None else key_path
    keys = [block for block in (blocks if key_path is None else _blocks(key_path)) if _is_key(block[0])]
    if not keys:
        raise _no_private_key(key_file)
    if len(keys) > 1:
        raise MisuseError(
            "signer.several-keys",
            f"{key_file} holds {len(keys)} private keys",
            "keep one private key per file, or name it with ?key=file",
        )
    return Material(_load_pem_key(key_file, *keys[0], secret), _pem_certificates(path, blocks))


def read_pem_certificates(path: Path) -> tuple[bytes, ...]:
    """DER of every certificate of a PEM file, in its order."""
    return _pem_certificates(path, _blocks(path))


def read_jwk(path: Path, kid: str | None, secret: Secret) -> Material:
    """The one private key of a JWK or JWK set with its ``x5c`` (RFC 7517 4.7); ``kid`` selects among several.

    A file that is a compact JWE is an encrypted key (RFC 7517 7); it is opened with the secret as a password (PBES2).
    """
    data = _read(path).strip()
    if data.count(b".") == 4 and not data.startswith(b"{"):
        data = _decrypted(path, data, secret)
    elif secret.at_hand:
        raise _not_encrypted(path)
    try:
        document = json_loads(data)
    except MalformedError as error:
        raise _unreadable(path, "a JWK or JWK set") from error
    keys = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise _unreadable(path, "a JWK or JWK set")
    private = [key for key in keys if ("d" in key or "priv" in key) and kid in (None, key.get("kid"))]
    if not private:
        raise _no_private_key(path)
    if len(private) > 1:
        raise MisuseError(
            "signer.several-keys", f"{path} holds {len(private)} private keys", "name one with jwk:file?kid=…"
        )
    return _load_jwk(path, private[0])


def _try_pkcs12(path: Path, data: bytes, password: bytes | None) -> Material | None:
    """The contents, or None where ``password`` is not the right one."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    try:
        with warnings.catch_warnings():  # oddities of certificates are told by pki.certificate
            warnings.simplefilter("ignore")
            found = load_pkcs12(data, password)
    except ValueError:
        return None
    except (UnsupportedAlgorithm, TypeError) as error:
        raise _unsupported(path) from error
    entries = ([found.cert] if found.cert else []) + list(found.additional_certs)
    return Material(found.key, tuple(_der(entry.certificate) for entry in entries))


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _check_pkcs12(path: Path, data: bytes) -> None:
    """PFX ::= SEQUENCE { version INTEGER {v3(3)}, … } (RFC 7292 4), so that no password is blamed for another file."""
    try:
        reader = Reader(data, lenient=True)
        if reader.integer(reader.children(reader.root())[0]) == 3:
            return
    except (MalformedError, IndexError):
        pass
    raise _unreadable(path, "PKCS #12")


def _blocks(path: Path) -> list[tuple[bytes, bytes]]:
    data = _read(path)
    found = [(match[1], match[0]) for match in _BLOCK.finditer(data)]
    if not found:
        raise _unreadable(path, "PEM")
    return found


def _is_key(label: bytes) -> bool:
    return label.endswith(b"PRIVATE KEY")


def _load_pem_key(path: Path, label: bytes, block: bytes, secret: Secret) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if label not in _KEY_LABELS:
        raise _unsupported(path)
    encrypted = label == b"ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in block
    if not encrypted and secret.at_hand:
        raise _not_encrypted(path)
    password = secret.ask() if encrypted else None
    if encrypted and not password:
        raise _secret_missing(path)
    try:
        return load_pem_private_key(block, password)
    except (ValueError, TypeError) as error:
        raise (_wrong_secret(path) if encrypted else _unreadable(path, "a private key")) from error
    except UnsupportedAlgorithm as error:
        raise _unsupported(path) from error


def _pem_certificates(path: Path, blocks: list[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    found = []
    for label, block in blocks:
        if label in (b"CERTIFICATE", b"X509 CERTIFICATE"):
            try:
                found.append(b64_decode(b"".join(block.split(b"\n", 1)[1].rpartition(b"-----END")[0].split())))
            except MalformedError as error:
                raise _unreadable(path, "a PEM certificate") from error
    return tuple(found)


def _load_jwk(path: Path, key: dict[str, Any]) -> Material:
    from jwcrypto.common import JWException
    from jwcrypto.jwk import JWK

    chain = key.get("x5c", [])
    if not isinstance(chain, list) or not all(isinstance(item, str) for item in chain):
        raise _unreadable(path, "a JWK with x5c")
    if key.get("use", "sig") != "sig" or "sign" not in key.get("key_ops", ["sign"]):
        raise MisuseError("signer.unsupported", f"the key of {path} is not for signing", "choose a key with use: sig")
    if key.get("kty") not in ("RSA", "EC", "OKP", "AKP"):
        raise _unsupported(path)
    try:
        certificates = tuple(b64_decode(item) for item in chain)
        members = {name: value for name, value in key.items() if name not in ("use", "key_ops", "x5c", "x5u")}
        return Material(JWK(**members).get_op_key("sign"), certificates)
    except (JWException, MalformedError, ValueError, TypeError) as error:
        raise _unreadable(path, "a JWK with x5c") from error


def _decrypted(path: Path, data: bytes, secret: Secret) -> bytes:
    from jwcrypto.common import JWException
    from jwcrypto.jwe import JWE
    from jwcrypto.jwk import JWK

    password = secret.ask()
    if not password:
        raise _secret_missing(path)
    try:
        token = JWE(algs=["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW", "A128GCM", "A256GCM"])
        token.allowed_algs += ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A192GCM"]
        token.deserialize(data.decode("ascii"), JWK.from_password(password.decode()))
        return cast(bytes, token.payload)
    except (JWException, ValueError, TypeError) as error:
        raise _wrong_secret(path) from error


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(MAX_KEY_FILE + 1)
    if len(data) > MAX_KEY_FILE:
        raise _unreadable(path, "a key file (it is too large)")
    return data


def _bad_secret(reason: str) -> MisuseError:
    return MisuseError(
        "signer.bad-secret", f"no secret: {reason}", "pass text, bytes or a callable that returns one of them"
    )


def _secret_missing(path: Path) -> MisuseError:
    return MisuseError("signer.secret-missing", f"the key in {path} is encrypted", "pass secret=… to Signer.open")


def _wrong_secret(path: Path) -> MisuseError:
    return MisuseError("signer.wrong-secret", f"the secret does not open {path}", "check the password of the key file")


def _not_encrypted(path: Path) -> MisuseError:
    return MisuseError(
        "signer.not-encrypted", f"a secret was given, but the key in {path} is not encrypted", "leave secret= out"
    )


def _no_private_key(path: Path) -> MisuseError:
    return MisuseError(
        "signer.no-private-key", f"no private key is in {path}", "name the file that holds the private key"
    )


def _unreadable(path: Path, what: str) -> MisuseError:
    return MisuseError("signer.unreadable", f"{path} is not {what}", "check the file and the word before the colon")


def _unsupported(path: Path) -> MisuseError:
    return MisuseError(
        "signer.unsupported",
        f"the kind of key in {path} is not supported",
        "use RSA 2048 to 4096, ECDSA P-256, P-384 or P-521, Ed25519 or ML-DSA-65",
    )
