"""Keys in PKCS #11 tokens (OASIS PKCS #11 2.40 and 3.x), named by RFC 7512 URIs, through python-pkcs11.

Data is hashed here and the digest goes to the token; ECDSA's r‖s comes back and becomes DER. Login belongs to the whole
process (PKCS #11 3.1 5.6.8), so one session per token stays logged in for all keys and each key has a session of its
own. A session that is gone (fork, token reset) is opened again once per signature.
"""

from __future__ import annotations

import os
import stat
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toyono_trust.core import algorithms as table
from toyono_trust.core.asn1 import Reader, null, octet_string, oid_der, sequence
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.keys.files import Secret, read_pem_certificates
from toyono_trust.keys.pkcs11_uri import Uri, parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from pkcs11 import Mechanism

__all__ = ["TokenKey"]

MAX_PIN = 256
"""Octets of a PIN read from a file; PKCS #11 tokens allow at most some dozens."""


class _Process:
    """What belongs to this process and not to its parent: initialised modules and logins. Forgotten after a fork.

    python-pkcs11 initialises a module without locking (C_Initialize(NULL), PKCS #11 3.1 5.4), so only one thread at a
    time may be inside a module: every call holds the module's lock, and a fork waits for it.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.inherited: set[str] = set()
        self.logins: dict[tuple[str, int, bytes], Any] = {}
        self.keys: weakref.WeakSet[TokenKey] = weakref.WeakSet()
        self._locks: dict[str, threading.RLock] = {}
        self._held: list[threading.RLock] = []

    def lock(self, path: Path) -> threading.RLock:
        """The lock of a module."""
        return self._locks.setdefault(str(path), threading.RLock())

    def before_fork(self) -> None:
        """Let nobody be inside a module while memory is copied."""
        held = list(self._locks.values())
        for lock in held:
            lock.acquire()
        self._held = held

    def after_fork(self) -> None:
        """In the parent: go on."""
        while self._held:
            self._held.pop().release()

    def forked(self) -> None:
        """In the child: sessions and logins stayed with the parent, and a module must be initialised anew."""
        self._locks, self._held = {}, []
        self.inherited |= self.modules
        self.logins = {}
        for key in list(self.keys):
            key.forget()

    def module(self, path: Path) -> Any:
        """The loaded and initialised module; the caller holds its lock."""
        import pkcs11

        name = str(path)
        module = pkcs11.lib(name)
        if name in self.inherited:
            try:
                module.finalize()
            except pkcs11.PKCS11Error:  # a module may say that it never was initialised in this process
                pass
            module.initialize()
            self.inherited.discard(name)
        self.modules.add(name)
        return module


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_process.before_fork, after_in_parent=_process.after_fork, after_in_child=_process.forked
    )


class _Open(NamedTuple):
    """A session of our own and what was found through it; all of it dies with the session."""

    session: Any
    key: Any
    id: bytes
    label: str
    mechanisms: frozenset[int]
    wants_pin: bool


class TokenKey:
    """A private key in a token. Thread-safe: one signature at a time per module.

    Attributes:
        own_certificates: DER of certificates with the key's id (or its label where it has no id); those of
            ``x-certificates`` where the token has none.
        certificates: DER of all certificates at hand.
    """

    __slots__ = (
        "__weakref__",
        "_open",
        "_pin",
        "_public",
        "_refused",
        "_uri",
        "certificates",
        "own_certificates",
    )

    def __init__(self, uri: str, secret: Secret) -> None:
        _require_library()
        self._uri = parse_uri(uri)
        self._refused = False
        self._pin = _pin_closure(self._uri, secret)
        self._open: _Open | None = None
        with _process.lock(self._uri.module):
            try:
                self._open = self._reopen(first=True)
                self._read_certificates(self._open)
                self._public = _public_facts(self._open)
            except _library_error() as error:
                raise _translated(error) from error
        _process.keys.add(self)

    def __repr__(self) -> str:
        return "<TokenKey>"

    def forget(self) -> None:
        """Drop the session without closing it: it belongs to the parent process."""
        self._open = None

    def belongs_to(self, public_key: Any) -> bool:
        """Whether ``public_key`` is this key's, as far as the token tells its public part (else True)."""
        if self._public is None:
            return True
        return public_key is not None and self._public == _certificate_facts(public_key)

    def supports(self, algorithm: str, *, hashed: bool = False) -> bool:
        """Whether the token has a mechanism for ``algorithm``; ``hashed``: one that takes a digest."""
        return self._open is not None and _prepare(algorithm, b"", self._open.mechanisms, hashed) is not None

    def sign(self, data: bytes, algorithm: str, *, hashed: bool = False) -> bytes:
        """Sign ``data``, its digest where ``hashed``; ECDSA results are DER. Raises ``UnavailableError``."""
        import pkcs11

        with _process.lock(self._uri.module):
            try:
                if self._open is not None:
                    return self._attempt(self._open, data, algorithm, hashed)
            except pkcs11.PKCS11Error as error:
                if not _is_gone(error):
                    raise _translated(error) from error
            try:
                self._open = None
                self._open = self._reopen()
                return self._attempt(self._open, data, algorithm, hashed)
            except pkcs11.PKCS11Error as error:
                raise _translated(error) from error

    def _attempt(self, opened: _Open, data: bytes, algorithm: str, hashed: bool) -> bytes:
        prepared = _prepare(algorithm, data, opened.mechanisms, hashed)
        if prepared is None:
            raise UnavailableError(
                "signer.token-refused", f"the token has no mechanism for {algorithm}", retryable=False
            )
        mechanism, parameter, octets = prepared
        options: dict[str, Any] = {"mechanism": mechanism}
        if parameter is not None:
            options["mechanism_param"] = parameter
        if opened.wants_pin:
            options["pin"] = self._pin()
        signature: bytes = opened.key.sign(octets, **options)
        return _ecdsa_der(signature) if algorithm.startswith("ecdsa") else signature

    def _reopen(self, *, first: bool = False) -> _Open:
        """Find the token, log in, find the key. A PIN that was refused once is never sent again: tokens lock."""
        import pkcs11

        if self._refused:
            raise _wrong_pin()
        token = _find_token(_process.module(self._uri.module), self._uri, first)
        place = (str(self._uri.module), int(token.slot.slot_id), bytes(token.serial))
        if first and place in _process.logins:
            try:
                return self._look_up(token, first)
            except MisuseError:  # private keys are invisible where that login has ended unnoticed
                pass
        _process.logins.pop(place, None)
        try:
            if token.flags & pkcs11.TokenFlag.LOGIN_REQUIRED:
                _process.logins[place] = token.open(user_pin=self._credential(token))
        except pkcs11.UserAlreadyLoggedIn:
            pass
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            self._refused = True
            raise _wrong_pin() from error
        return self._look_up(token, first)

    def _look_up(self, token: Any, first: bool) -> _Open:
        """A session of our own, and the key in it."""
        import pkcs11

        session = token.open()
        try:
            key = _find_key(session, self._uri, first)
            return _Open(
                session,
                key,
                bytes(_optional(key, pkcs11.Attribute.ID) or b""),
                str(_optional(key, pkcs11.Attribute.LABEL) or ""),
                frozenset(int(one) for one in token.slot.get_mechanisms()),
                bool(_optional(key, pkcs11.Attribute.ALWAYS_AUTHENTICATE)),
            )
        except (MisuseError, UnavailableError, pkcs11.PKCS11Error):
            session.close()
            raise

    def _credential(self, token: Any) -> Any:
        import pkcs11

        pin = self._pin()
        if pin is not None:
            return pin
        if token.flags & pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH:
            return pkcs11.PROTECTED_AUTH
        raise MisuseError("signer.secret-missing", "the token needs a PIN", "pass secret=… to Signer.open")

    def _read_certificates(self, opened: _Open) -> None:
        import pkcs11

        extra = () if self._uri.certificates is None else read_pem_certificates(self._uri.certificates)
        found: list[bytes] = []
        own: list[bytes] = []
        for entry in opened.session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}):
            der = bytes(_optional(entry, pkcs11.Attribute.VALUE) or b"")
            found.append(der)
            if opened.id:
                fits = bytes(_optional(entry, pkcs11.Attribute.ID) or b"") == opened.id
            else:
                fits = str(_optional(entry, pkcs11.Attribute.LABEL) or "") == opened.label
            if fits:
                own.append(der)
        self.own_certificates = tuple(own) or extra
        self.certificates = (*found, *extra)


def _require_library() -> None:
    try:
        import pkcs11  # noqa: F401
    except ImportError as error:
        raise MisuseError(
            "signer.pkcs11-missing", "PKCS #11 needs a further package", "pip install toyono-trust[pkcs11]"
        ) from error


def _library_error() -> type[Exception]:
    import pkcs11

    return pkcs11.PKCS11Error


def _pin_closure(uri: Uri, secret: Secret) -> Callable[[], str | None]:
    """A function that gives the PIN, asked for at most once; nothing else holds it."""
    known: list[str | None] = []

    def pin() -> str | None:
        if not known:
            raw = secret.ask()
            if raw is None and uri.pin_file is not None:
                raw = _pin_from(uri.pin_file)
            try:
                known.append(None if raw is None else raw.decode())
            except UnicodeDecodeError:
                raise MisuseError("signer.bad-secret", "the PIN is not UTF-8", "check the PIN") from None
        return known[0]

    return pin


def _pin_from(path: Path) -> bytes:
    with path.open("rb") as stream:
        facts = os.fstat(stream.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o007:
            raise MisuseError(
                "signer.bad-uri",
                "the file of pin-source is open to other users, or no regular file",
                "make it readable by its owner alone, or pass secret=… to Signer.open",
            )
        return stream.read(MAX_PIN).split(b"\n", 1)[0].rstrip(b"\r")


def _find_token(module: Any, uri: Uri, first: bool) -> Any:
    import pkcs11

    found = []
    for slot in module.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised, pkcs11.DeviceRemoved):
            continue
        facts = {
            "token": token.label,
            "manufacturer": token.manufacturer_id,
            "serial": bytes(token.serial).decode("utf-8", "replace").rstrip(),
            "model": token.model,
            "slot-id": str(slot.slot_id),
        }
        if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED and uri.token.items() <= facts.items():
            found.append(token)
    if len(found) == 1:
        return found[0]
    if not first:
        raise UnavailableError("signer.token-unavailable", "the token is no longer there", "insert the token again")
    if not found:
        raise MisuseError("signer.no-token", "no token fits the address", "check token=, serial= and module-path=")
    raise MisuseError("signer.several-tokens", f"{len(found)} tokens fit the address", "name one by token= or serial=")


def _find_key(session: Any, uri: Uri, first: bool) -> Any:
    import pkcs11

    wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    if uri.label is not None:
        wanted[pkcs11.Attribute.LABEL] = uri.label
    if uri.id is not None:
        wanted[pkcs11.Attribute.ID] = uri.id
    found = list(session.get_objects(wanted))
    if len(found) == 1:
        return found[0]
    if not first:
        raise UnavailableError("signer.token-unavailable", "the key is no longer in the token", "check the token")
    if not found:
        raise MisuseError("signer.no-private-key", "no private key fits the address", "check object=, id= and the PIN")
    raise MisuseError("signer.several-keys", f"{len(found)} private keys fit the address", "name one by object= or id=")


def _optional(entry: Any, attribute: Any) -> Any:
    """An attribute, None where the token does not tell it."""
    import pkcs11

    try:
        return entry[attribute]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive, KeyError, NotImplementedError):
        return None


def _public_facts(opened: _Open) -> tuple[str, bytes] | None:
    """("rsa", modulus) or ("point", octets of the public point), None where the token does not tell."""
    import pkcs11

    if modulus := _optional(opened.key, pkcs11.Attribute.MODULUS):
        return "rsa", bytes(modulus).lstrip(b"\0")
    if not opened.id:
        return None
    wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.Attribute.ID: opened.id}
    for entry in opened.session.get_objects(wanted):
        if point := _optional(entry, pkcs11.Attribute.EC_POINT):
            return "point", _unwrapped(bytes(point))
    return None


def _unwrapped(point: bytes) -> bytes:
    """CKA_EC_POINT is an OCTET STRING with the point; some tokens give the bare point."""
    try:
        reader = Reader(point)
        return reader.octets(reader.expect(reader.root(), 0x04))
    except MalformedError:
        return point


def _certificate_facts(public_key: Any) -> tuple[str, bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    family = table.key_facts(public_key).family
    if family == "rsa":
        modulus = public_key.public_numbers().n
        return "rsa", modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    if family == "ec":
        return "point", public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if family == "ed25519":
        return "point", public_key.public_bytes_raw()
    return "other", b""


def _prepare(
    algorithm: str, data: bytes, mechanisms: frozenset[int], hashed: bool
) -> tuple[Mechanism, Any, bytes] | None:
    """Mechanism, its parameter and the octets for it; None where the token has no mechanism for ``algorithm``.

    Mechanisms that take a digest come first: every token has them, and the data need not travel. ``hashed``: the data
    are a digest already.
    """
    import pkcs11

    row = table.by_name(algorithm)
    if row is None:
        return None
    mechanism = pkcs11.Mechanism
    if row.digest is None:
        name = {"ed25519": "EDDSA", "ml-dsa-65": "ML_DSA"}.get(algorithm, "")
        pure = getattr(mechanism, name, None)
        return (pure, None, data) if pure is not None and int(pure) in mechanisms and not hashed else None
    upper = row.digest.upper()
    parameter = None
    if row.family == "rsa-pss":
        size = table.new_hash(row.digest).digest_size
        parameter = (getattr(mechanism, upper), getattr(pkcs11.MGF, upper), size)
    bare, whole = {
        "rsa": (mechanism.RSA_PKCS, f"{upper}_RSA_PKCS"),
        "rsa-pss": (mechanism.RSA_PKCS_PSS, f"{upper}_RSA_PKCS_PSS"),
        "ecdsa": (mechanism.ECDSA, f"ECDSA_{upper}"),
    }[row.family]
    if int(bare) in mechanisms:
        digest = data if hashed else table.digest(row.digest, data)
        return bare, parameter, _digest_info(row.digest, digest) if row.family == "rsa" else digest
    hashing = getattr(mechanism, whole)
    return (hashing, parameter, data) if int(hashing) in mechanisms and not hashed else None


def _digest_info(name: str, digest: bytes) -> bytes:
    """DigestInfo (RFC 8017 9.2, note 1), the parameters NULL."""
    return sequence(sequence(oid_der(table.digest_oid(name)), null()), octet_string(digest))


def _ecdsa_der(signature: bytes) -> bytes:
    """ECDSA-Sig-Value (RFC 3279 2.2.3) from r‖s (PKCS #11 3.1 6.3.1)."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half, odd = divmod(len(signature), 2)
    if odd or not half:
        raise UnavailableError("signer.token-refused", "the token's signature is malformed", retryable=False)
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def _is_gone(error: Exception) -> bool:
    """Whether the session, its login or its objects are gone, so that opening anew may help."""
    import pkcs11

    if type(error) is pkcs11.PKCS11Error:  # return values without a class, CKR_CRYPTOKI_NOT_INITIALIZED among them
        return True
    return isinstance(
        error,
        pkcs11.SessionHandleInvalid
        | pkcs11.SessionClosed
        | pkcs11.UserNotLoggedIn
        | pkcs11.KeyHandleInvalid
        | pkcs11.ObjectHandleInvalid
        | pkcs11.DeviceRemoved
        | pkcs11.DeviceError
        | pkcs11.TokenNotPresent
        | pkcs11.GeneralError,
    )


def _wrong_pin() -> MisuseError:
    return MisuseError(
        "signer.wrong-secret", "the token refuses the PIN", "check the PIN; tokens lock after a few tries"
    )


def _translated(error: Exception) -> MisuseError | UnavailableError:
    """The one boundary between python-pkcs11's exceptions and ours. Its texts never hold a PIN, but are not needed."""
    import pkcs11

    name = type(error).__name__
    if isinstance(error, pkcs11.PinLocked | pkcs11.PinExpired | pkcs11.UserPinNotInitialized):
        return MisuseError("signer.pin-locked", f"the token's PIN cannot be used ({name})", "have the PIN reset")
    if type(error) is pkcs11.PKCS11Error and "while loading" in str(error):
        return MisuseError("signer.bad-module", "the PKCS #11 module cannot be loaded", "check module-path=")
    if _is_gone(error) or isinstance(error, pkcs11.SessionCount | pkcs11.HostMemory | pkcs11.DeviceMemory):
        return UnavailableError(
            "signer.token-unavailable", f"the token does not answer ({name})", "check the device; then try again"
        )
    return UnavailableError(
        "signer.token-refused",
        f"the token refuses to sign ({name})",
        "check what the key may be used for",
        retryable=False,
    )
