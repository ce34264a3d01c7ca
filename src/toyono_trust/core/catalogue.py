"""The data behind ``core.algorithms``: the identifiers. Until when an algorithm counts, a policy says."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "DIGESTS",
    "MGF1_OID",
    "PSS_OID",
    "SignatureAlgorithm",
    "signature_rows",
]


class SignatureAlgorithm(NamedTuple):
    """One signature algorithm.

    ``family``: "rsa" (PKCS#1 v1.5), "rsa-pss", "ecdsa", "eddsa", "ml-dsa" or "dsa". ``digest``: its hash, None where
    the algorithm hashes by itself. ``jwa_curve``: the curve that the JWA name demands. Absent names are None.
    """

    name: str
    family: str
    digest: str | None
    oid: str
    jwa: str | None = None
    jwa_curve: str | None = None
    xml_uri: str | None = None
    http_name: str | None = None


_NIST_HASH = "2.16.840.1.101.3.4.2."
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
# digest -> (OID, TS 119 182-1 identifier, XML URI)
DIGESTS: dict[str, tuple[str, str | None, str]] = {
    "md5": ("1.2.840.113549.2.5", None, _MORE + "md5"),
    "sha1": ("1.3.14.3.2.26", None, "http://www.w3.org/2000/09/xmldsig#sha1"),
    "sha224": (_NIST_HASH + "4", None, _MORE + "sha224"),
    "sha256": (_NIST_HASH + "1", "S256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    "sha384": (_NIST_HASH + "2", "S384", _MORE + "sha384"),
    "sha512": (_NIST_HASH + "3", "S512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    "sha3-224": (_NIST_HASH + "7", None, _MORE_2007 + "sha3-224"),
    "sha3-256": (_NIST_HASH + "8", "S3-256", _MORE_2007 + "sha3-256"),
    "sha3-384": (_NIST_HASH + "9", "S3-384", _MORE_2007 + "sha3-384"),
    "sha3-512": (_NIST_HASH + "10", "S3-512", _MORE_2007 + "sha3-512"),
}

PSS_OID = "1.2.840.113549.1.1.10"
MGF1_OID = "1.2.840.113549.1.1.8"
_NIST_SIG = "2.16.840.1.101.3.4.3."
# digest -> OIDs of (PKCS#1 v1.5, ECDSA, DSA) with it
_SIGNATURE_OIDS: dict[str, tuple[str | None, str | None, str | None]] = {
    "md5": ("1.2.840.113549.1.1.4", None, None),
    "sha1": ("1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.10040.4.3"),
    "sha224": ("1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1", _NIST_SIG + "1"),
    "sha256": ("1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2", _NIST_SIG + "2"),
    "sha384": ("1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3", _NIST_SIG + "3"),
    "sha512": ("1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4", _NIST_SIG + "4"),
    "sha3-224": (_NIST_SIG + "13", _NIST_SIG + "9", _NIST_SIG + "5"),
    "sha3-256": (_NIST_SIG + "14", _NIST_SIG + "10", _NIST_SIG + "6"),
    "sha3-384": (_NIST_SIG + "15", _NIST_SIG + "11", _NIST_SIG + "7"),
    "sha3-512": (_NIST_SIG + "16", _NIST_SIG + "12", _NIST_SIG + "8"),
}
# name -> (JWA, its curve) and name -> HTTP signature name (RFC 9421 3.3)
_JWA: dict[str, tuple[str, str | None]] = {
    "rsa-sha256": ("RS256", None),
    "rsa-sha384": ("RS384", None),
    "rsa-sha512": ("RS512", None),
    "rsa-pss-sha256": ("PS256", None),
    "rsa-pss-sha384": ("PS384", None),
    "rsa-pss-sha512": ("PS512", None),
    "ecdsa-sha256": ("ES256", "p256"),
    "ecdsa-sha384": ("ES384", "p384"),
    "ecdsa-sha512": ("ES512", "p521"),
}
_HTTP = {
    "rsa-sha256": "rsa-v1_5-sha256",
    "rsa-pss-sha512": "rsa-pss-sha512",
    "ecdsa-sha256": "ecdsa-p256-sha256",
    "ecdsa-sha384": "ecdsa-p384-sha384",
}


def _xml_uri(family: str, name: str) -> str | None:
    if family == "rsa-pss":
        return None if name == "md5" else f"{_MORE_2007}{name}-rsa-MGF1"
    if name == "sha1" and family in ("rsa", "dsa"):
        return f"http://www.w3.org/2000/09/xmldsig#{family}-sha1"
    if family == "dsa":
        return "http://www.w3.org/2009/xmldsig11#dsa-sha256" if name == "sha256" else None
    if name.startswith("sha3-"):
        return f"{_MORE_2021}ecdsa-{name}" if family == "ecdsa" else None
    return f"{_MORE}{family}-{name}"


def signature_rows() -> dict[str, SignatureAlgorithm]:
    """All signature algorithms by name."""
    rows: dict[str, SignatureAlgorithm] = {}
    for hash_name, (rsa_oid, ecdsa_oid, dsa_oid) in _SIGNATURE_OIDS.items():
        oids = (("rsa", rsa_oid), ("rsa-pss", PSS_OID), ("ecdsa", ecdsa_oid), ("dsa", dsa_oid))
        for family, oid in oids:
            if oid is None or (family == "rsa-pss" and hash_name == "md5"):
                continue
            name = f"{family}-{hash_name}"
            jwa, curve = _JWA.get(name, (None, None))
            uri, http = _xml_uri(family, hash_name), _HTTP.get(name)
            rows[name] = SignatureAlgorithm(name, family, hash_name, oid, jwa, curve, uri, http)
    ed = SignatureAlgorithm("ed25519", "eddsa", None, "1.3.101.112", "EdDSA", "ed25519")
    rows["ed25519"] = ed._replace(xml_uri=_MORE_2021 + "eddsa-ed25519", http_name="ed25519")
    ed = SignatureAlgorithm("ed448", "eddsa", None, "1.3.101.113", "Ed448", "ed448")
    rows["ed448"] = ed._replace(xml_uri=_MORE_2021 + "eddsa-ed448")
    for number, size in ((17, "44"), (18, "65"), (19, "87")):
        name = "ml-dsa-" + size
        rows[name] = SignatureAlgorithm(name, "ml-dsa", None, _NIST_SIG + str(number), name.upper())
    return rows
