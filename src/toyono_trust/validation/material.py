"""Validation material that is neither in the file nor in the trust store: what was gathered for it, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["NO_MATERIAL", "Material"]


class Material(NamedTuple):
    """Certificates and revocation data that the judge may use beside the file's and the trust store's.

    ``certificates``: DER; ``revocation``: DER CertificateLists and OCSPResponses. ``sources``: where each came from
    (URL), by its digest ``"sha256:…"``.
    """

    certificates: tuple[bytes, ...] = ()
    revocation: tuple[bytes, ...] = ()
    sources: Mapping[str, str] = MappingProxyType({})


NO_MATERIAL = Material()
