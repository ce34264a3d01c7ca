"""The people, organisations and things of the throw-away town, and the certificates that tests need, as data.

All names and numbers are invented; numbers that are registered somewhere use what is reserved for documentation
(enterprise number 32473 of RFC 5612, the domain ``.example`` of RFC 2606). The 法人番号 have right check digits but
stand in ranges that are not given out.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["AUTHORITIES", "FILES", "PROFILES", "STANDARD", "TSA_POLICY", "Profile"]

KeyType = Literal["p256", "p384", "p521", "rsa-1024", "rsa-2048", "rsa-3072", "ed25519", "ml-dsa-65"]
Role = Literal["natural", "legal", "device", "web", "tsa", "ocsp", "ca", "plain"]

ARC = "1.3.6.1.4.1.32473"
TSA_POLICY = f"{ARC}.3161.1"
"""The policy OID that the town's TSA writes into its tokens."""

_COUNTRY = ("2.5.4.6", "JP")
_YEAR = 365


class Profile(NamedTuple):
    """How one certificate is made.

    ``subject``: (attribute type, text) in order, the country first. ``start`` and ``end``: days from the town's
    present. ``usages``: key usage by RFC 5280's names. ``revoked``: days from the present, None where it is not.
    ``uris``, ``dns``: subject alternative names. ``bare_time_stamping``: that extended usage, but not critical.
    ``no_check``: ``ocsp-nocheck``, ``validity-assured`` or ``no-rev-avail``, the extension of that name.
    """

    role: Role
    subject: tuple[tuple[str, str], ...]
    key: KeyType = "p256"
    start: int = -1
    end: int = 3 * _YEAR
    usages: tuple[str, ...] = ("digitalSignature", "nonRepudiation")
    uris: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    revoked: int | None = None
    bare_time_stamping: bool = False
    no_check: str | None = None


def _person(family: str, given: str, number: str) -> tuple[tuple[str, str], ...]:
    """EN 319 412-2 4.2.4, identity-card semantics of EN 319 412-1 5.1.3."""
    name = (("2.5.4.42", given), ("2.5.4.4", family), ("2.5.4.5", f"IDCJP-{number}"))
    return (_COUNTRY, *name, ("2.5.4.3", f"{family} {given}"))


def _organisation(name: str, number: str, seal: str) -> tuple[tuple[str, str], ...]:
    """EN 319 412-3 4.2.1; ``number`` is a 法人番号."""
    return (_COUNTRY, ("2.5.4.10", name), ("2.5.4.97", f"NTRJP-{number}"), ("2.5.4.3", seal))


def _plain(organisation: str, name: str) -> tuple[tuple[str, str], ...]:
    return (_COUNTRY, ("2.5.4.10", organisation), ("2.5.4.3", name))


_PKI, _TOWN, _BUS = "Throw-away PKI", "見本町", "見本交通株式会社"
_TOWN_NUMBER, _BUS_NUMBER = "9234567890123", "1345678901234"


def _seal(purpose: str, key: KeyType = "p256") -> Profile:
    return Profile("legal", _organisation(_TOWN, _TOWN_NUMBER, f"{_TOWN} {purpose}"), key)


AUTHORITIES: dict[str, Profile] = {
    "root": Profile("ca", _plain(_PKI, "Throw-away Root CA"), start=-5 * _YEAR, end=36 * _YEAR),
    "ca": Profile("ca", _plain(_PKI, "Throw-away Issuing CA"), start=-5 * _YEAR, end=35 * _YEAR),
}
"""``root`` signs itself and ``ca``; ``ca`` signs everything else."""

PROFILES: dict[str, Profile] = {
    "resident": Profile("natural", _person("山里", "花子", "00000001")),
    "town": _seal("電子印"),
    "bus": Profile("legal", _organisation(_BUS, _BUS_NUMBER, f"{_BUS} 電子印")),
    "sensor": Profile(
        "device",
        (*_plain(_TOWN, "水位計 3号"), ("2.5.4.5", "WL-0003")),
        usages=("digitalSignature",),
        uris=("urn:dev:ops:32473-waterlevel-0003",),
    ),
    "web": Profile(
        "web", _plain(_TOWN, "www.town.example"), usages=("digitalSignature",), dns=("www.town.example", "town.example")
    ),
    "tsa": Profile("tsa", _plain(_PKI, "Throw-away TSA"), end=10 * _YEAR),
    "ocsp": Profile(
        "ocsp", _plain(_PKI, "Throw-away OCSP"), end=10 * _YEAR, usages=("digitalSignature",), no_check="ocsp-nocheck"
    ),
    "revoked": _seal("失効した電子印")._replace(start=-30, revoked=-10),
    "expired": _seal("期限切れの電子印")._replace(start=-3 * _YEAR, end=-30),
    "not-yet-valid": _seal("来月からの電子印")._replace(start=30),
    "weak-key": _seal("短い鍵の電子印", "rsa-1024"),
    "wrong-usage": _seal("暗号用の証明書")._replace(usages=("keyEncipherment",)),
    "wrong-number": Profile("legal", _organisation(_TOWN, "1234567890123", f"{_TOWN} 番号誤り")),
    "unknown-kind": Profile("plain", _plain(_TOWN, "Some certificate")),
    "validity-assured": _seal("短期の電子印")._replace(start=0, end=1, no_check="validity-assured"),
    "no-rev-avail": _seal("短期の電子印二")._replace(start=0, end=1, no_check="no-rev-avail"),
    "ed25519": _seal("電子印 Ed25519", "ed25519"),
    "rsa-2048": _seal("電子印 RSA-2048", "rsa-2048"),
    "rsa-3072": _seal("電子印 RSA-3072", "rsa-3072"),
    "p384": _seal("電子印 P-384", "p384"),
    "p521": _seal("電子印 P-521", "p521"),
    "ml-dsa-65": _seal("電子印 ML-DSA-65", "ml-dsa-65"),
    "tsa-rsa": Profile("tsa", _plain(_PKI, "Throw-away TSA with RSA"), "rsa-2048", end=10 * _YEAR),
    "tsa-expired": Profile("tsa", _plain(_PKI, "Throw-away TSA of old"), start=-3 * _YEAR, end=-30),
    "tsa-not-critical": Profile("tsa", _plain(_PKI, "Throw-away TSA, careless"), bare_time_stamping=True),
}
"""By the name that ``Town.identity`` takes."""

STANDARD = ("resident", "town", "bus", "sensor", "web", "tsa", "ocsp", "revoked")
"""Made at once; the others when they are first asked for."""

FILES = {
    "resident": "resident-sign.p12",
    "town": "town-seal.p12",
    "bus": "bus-seal.p12",
    "sensor": "sensor.p12",
    "web": "web.p12",
    "tsa": "tsa.p12",
    "revoked": "revoked-seal.p12",
    "ocsp": "private/ocsp.p12",
    "root": "private/root.p12",
    "ca": "private/ca.p12",
}
"""Files of a written town, relative to its folder."""
