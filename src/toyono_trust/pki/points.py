"""CRL distribution points of a certificate (RFC 5280 4.2.1.13), matched with a CRL's own (6.3.3 b 2)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from toyono_trust.core.asn1 import Reader
from toyono_trust.errors import MalformedError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import ALL_REASONS, Crl, point_names, reason_flags
from toyono_trust.pki.link import NameKey, general_name_key, name_key

_POINTS = "2.5.29.31"
MAX_POINTS = 64
"""Distribution points of one certificate, and names of one point; real ones have at most five."""


class Point(NamedTuple):
    """One distribution point. ``names``: keys of ``link.general_name_key``.

    ``elsewhere``: names of others that issue the list (cRLIssuer); empty where the certificate's issuer does.
    """

    names: frozenset[NameKey]
    reasons: frozenset[str] | None
    elsewhere: frozenset[NameKey] = frozenset()


def read_points(certificate: Certificate) -> list[Point]:
    """The certificate's distribution points; empty where it has none. Raises ``MalformedError``."""
    extension = certificate.extensions.get(_POINTS)
    if extension is None:
        return []
    return list(_read_points(extension[1], certificate.issuer_der))


@lru_cache(8)  # it is asked for once for every list at hand
def _read_points(extension: bytes, issuer: bytes) -> tuple[Point, ...]:
    reader = Reader(extension, lenient=True, nodes=MAX_POINTS * MAX_POINTS)
    found = []
    for node in reader.members(reader.root(), 0x30, 0, MAX_POINTS):
        names: frozenset[NameKey] = frozenset()
        elsewhere: frozenset[NameKey] = frozenset()
        reasons = None
        for member in reader.children(reader.expect(node, 0x30)):
            if member[0] == 0xA0:
                names = point_names(reader, reader.only(member), issuer)[0]
            elif member[0] == 0x81:
                reasons = reason_flags(reader, member)
            elif member[0] == 0xA2:
                issuers = frozenset(general_name_key(reader.tlv(each)) for each in reader.children(member))
                elsewhere = frozenset() if name_key(issuer) in issuers else issuers
                names = names or issuers
        found.append(Point(names, reasons, elsewhere))
    return tuple(found)


def is_elsewhere(certificate: Certificate, issuer: bytes | None = None) -> bool:
    """Whether all points name another issuer than the certificate's, or (``issuer``: DER Name) one names that one."""
    try:
        points = read_points(certificate)
    except MalformedError:
        return False
    if issuer is not None:
        return any(name_key(issuer) in each.elsewhere for each in points)
    return bool(points) and all(each.elsewhere for each in points)


def reasons_of(certificate: Certificate, crl: Crl) -> frozenset[str] | None:
    """The reasons for which the certificate's points name ``crl``; None where they do not.

    A list without a distribution point of its own covers every point of its issuer; a certificate without points is
    covered by lists without one, or with one that bears the issuer's own name. Raises ``MalformedError``.
    """
    wanted = crl.distribution.names
    points = read_points(certificate)
    if not points:
        own = name_key(certificate.issuer_der)
        return ALL_REASONS if not wanted or own in wanted else None
    fitting = [each for each in points if not each.elsewhere and (not wanted or not each.names or wanted & each.names)]
    if not fitting:
        return None
    return frozenset().union(*(ALL_REASONS if each.reasons is None else each.reasons for each in fitting))
