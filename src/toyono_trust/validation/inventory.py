"""The material of a report as a page lists it: what each piece is about, and where it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from toyono_trust.core.findings import Language
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.names import attributes, read_name, rfc4514
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.validation.pieces import Material, Piece
from toyono_trust.validation.render import name_of, safe
from toyono_trust.validation.report import Report, local_time
from toyono_trust.validation.used import Used
from toyono_trust.validation.words import LABELS, MATERIAL, word

__all__ = ["inventory", "place_of", "summary"]

MAX_READ = 1 << 20
"""Octets of a CRL that is read once more only to say whose it is; what the trust store holds is read already."""
PLACES = ("in-file", "in-trust", "fetched")
_COMMON_NAME, _ORGANISATION = "2.5.4.3", "2.5.4.10"


def place_of(item: Used) -> str:
    """Where a piece came from, as a key of ``LABELS``."""
    return {"file": "in-file", "trust": "in-trust"}.get(item.source, "fetched")


def _counted(found: Iterable[Used], language: Language) -> str:
    """How many there are of each kind: “3 certificates, 1 CRL”."""
    kinds = Counter(item.kind for item in found)
    if language == "ja":
        return "、".join(f"{word(MATERIAL, kind, language)} {count}" for kind, count in kinds.items())
    return ", ".join(
        f"{count} {word(MATERIAL, kind, language)}{'s' if count > 1 else ''}" for kind, count in kinds.items()
    )


def _origins(found: Iterable[Used], language: Language) -> str:
    """How many came from where: “3 in the file, 1 fetched”."""
    places = Counter(map(place_of, found))
    if language == "ja":
        return "、".join(f"{LABELS[place][1]} {places[place]}" for place in PLACES if places[place])
    return ", ".join(f"{places[place]} {LABELS[place][0]}" for place in PLACES if places[place])


def inventory(report: Report, language: Language, zone: tzinfo) -> Material | None:
    """Every piece with its source; None where there is none."""
    found = report.material
    if not found:
        return None
    certificates = {item.digest: certificate for item in found if (certificate := _certificate(item)) is not None}
    known = {} if report.inputs is None else {item.digest: item for item in report.inputs.trust.revocation}
    serials = {certificate.serial: certificate for certificate in certificates.values()}
    pieces = []
    for item in found:
        if item.digest in certificates:
            name = name_of(certificates[item.digest])
        else:
            name = _statement(item, known.get(item.digest), serials, zone)
        place = place_of(item)
        fetched = place == "fetched"
        source = safe(item.source) if fetched else LABELS[place][language == "ja"]
        pieces.append(Piece(word(MATERIAL, item.kind, language), name, item.digest, source, fetched))
    return Material(summary(found, language), tuple(pieces))


def summary(found: Sequence[Used], language: Language) -> str:
    """How many of which kind, and from where: “3 certificates, 1 CRL (3 in the file, 1 fetched)”."""
    listed, places = _counted(found, language), _origins(found, language)
    return f"{listed}（{places}）" if language == "ja" else f"{listed} ({places})"


def _certificate(item: Used) -> Certificate | None:
    if item.kind != "certificate":
        return None
    try:
        return Certificate.load(item.octets)
    except MalformedError:
        return None


def _statement(item: Used, known: object, serials: Mapping[int, Certificate], zone: tzinfo) -> str:
    """Whose CRL, or about whom an OCSP response, and of when; empty where that cannot be said cheaply."""
    if known is None and len(item.octets) > MAX_READ:
        return ""
    try:
        read = known or (Crl.load(item.octets) if item.kind == "crl" else OcspResponse.load(item.octets))
    except MalformedError:
        return ""
    if isinstance(read, Crl):
        return _dated(_name(read.issuer_der), read.this_update, zone)
    assert isinstance(read, OcspResponse)
    about = [serials[single.serial] for single in read.singles if single.serial in serials]
    return _dated(" · ".join(name_of(certificate) for certificate in about[:3]), read.this_update, zone)


def _dated(name: str, time: datetime, zone: tzinfo) -> str:
    return f"{name} · {local_time(time, zone)}" if name else local_time(time, zone)


def _name(der: bytes) -> str:
    name = read_name(der)
    for kind in (_COMMON_NAME, _ORGANISATION):
        for found in attributes(name, kind):
            if found:
                return safe(found)
    return safe(rfc4514(name))
