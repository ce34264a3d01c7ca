"""The folder of a written town: ``trust/`` as ``TrustStore.load`` reads it, PKCS#12 files, and the town's state.

DIR/trust/anchors/root.pem · intermediates/ca.pem · revocation/{root,ca}.crl
DIR/town-seal.p12 · resident-sign.p12 · bus-seal.p12 · sensor.p12 · web.p12 · tsa.p12 · revoked-seal.p12
DIR/private/{root,ca,ocsp}.p12 · DIR/password.txt · DIR/town.json
"""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12

from toyono_trust.devpki.issue import Revocation
from toyono_trust.devpki.profiles import FILES
from toyono_trust.errors import MisuseError
from toyono_trust.pki.certificate import Certificate

if TYPE_CHECKING:
    from toyono_trust.devpki.town import Town

__all__ = ["State", "read", "update", "write"]

_STATE = "town.json"
PASSWORD_FILE = "password.txt"  # noqa: S105  the name of a file
"""Holds the password of every key: nothing in a throw-away town is secret."""


class State(NamedTuple):
    """What a written town knows. ``keys``: identity → (private key, certificate)."""

    created: datetime
    updated: datetime
    base_url: str
    keys: dict[str, tuple[Any, Certificate]]
    issued: dict[int, str]
    revocations: list[Revocation]


def write(town: Town, path: Path, password: str, *, force: bool) -> tuple[str, ...]:
    """Write everything; returns the lines to paste. With ``force`` an older town in the folder is replaced."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not force:
            raise MisuseError(
                "devpki.folder-not-empty", f"{path} has something in it", "name a new folder, or force it"
            )
        shutil.rmtree(path / "trust", ignore_errors=True)
    for name in sorted(set(FILES) | set(town.identities)):
        file = path / _file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        identity = town.identity(name)
        file.write_bytes(identity.pem if file.suffix == ".pem" else identity.pkcs12)
    (path / PASSWORD_FILE).write_text(password + "\n", encoding="utf-8")
    update(town, path)
    return _lines(path, password)


def update(town: Town, path: Path) -> None:
    """Write what changes: trust folder with both CRLs, and the state."""
    for name, data in town.trust_files.items():
        file = path / "trust" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    state = {
        "created": town.now.isoformat(),
        "updated": town.updated.isoformat(),
        "base_url": town.base_url,
        "identities": {name: _file(name) for name in sorted(town.identities)},
        "issued": {f"{serial:x}": issuer for serial, issuer in town.issued.items()},
        "revocations": [
            {"serial": f"{item.serial:x}", "at": item.at.isoformat(), "reason": item.reason}
            for item in town.revocations.values()
        ],
    }
    (path / _STATE).write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def read(path: Path, password: str) -> State:
    """The state of a written town."""
    try:
        state = json.loads((path / _STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "write one with toyono-trust dev-pki"
        raise MisuseError("devpki.not-a-town", f"{path} holds no throw-away town", hint) from None
    keys = {}
    for name, file in state["identities"].items():
        keys[name] = _read_key(path / file, password)
    revocations = [
        Revocation(int(item["serial"], 16), datetime.fromisoformat(item["at"]), item["reason"])
        for item in state["revocations"]
    ]
    issued = {int(serial, 16): issuer for serial, issuer in state["issued"].items()}
    created, updated = datetime.fromisoformat(state["created"]), datetime.fromisoformat(state["updated"])
    return State(created, updated, state["base_url"], keys, issued, revocations)


def _file(name: str) -> str:
    """Its file relative to the folder. PKCS#12 has no form for ML-DSA keys that ``cryptography`` writes."""
    return FILES.get(name, f"{name}.pem" if name.startswith("ml-dsa") else f"{name}.p12")


def _read_key(file: Path, password: str) -> tuple[Any, Certificate]:
    data = file.read_bytes()
    certificate: x509.Certificate | None
    if file.suffix == ".pem":
        key: Any = load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    else:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password.encode())
    if certificate is None:
        raise MisuseError("devpki.not-a-town", f"{file} holds no certificate", "write the town anew")
    return key, Certificate.load(certificate.public_bytes(Encoding.DER))


def _lines(path: Path, password: str) -> tuple[str, ...]:
    def at(file: str) -> str:
        return shlex.quote(str(path / file))

    secret = f"--secret-file {at(PASSWORD_FILE)}"
    return (
        f"# the password of every key is: {password}",
        f"toyono-trust seal FILE --as jades --key pkcs12:{at(FILES['town'])} {secret}",
        f"toyono-trust sign FILE --as jades --key pkcs12:{at(FILES['resident'])} {secret}",
        f"toyono-verify FILE.jws --trust {at('trust')}",
        f"toyono-trust dev-pki {shlex.quote(str(path))} --serve",
    )
