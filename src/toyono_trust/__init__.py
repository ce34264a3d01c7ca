"""Trust services for a city: who sent it, that it is unaltered and since when, that it was delivered.

The calls that most people want::

    from toyono_trust import Http, Signer, TrustStore, seal, verify

    town = Signer.open("pkcs12:town-seal.p12", secret="…")
    sealed = seal(b"…", by=town, format="jades")
    report = verify(sealed, trust=TrustStore.load("trust"))
    content = report.require(signed_by={"NTRJP-1234567890123"}).content

A person ``sign``s, an organisation ``seal``s, a TSA ``timestamp``s, a delivery service issues a ``receipt``, an archive
``augment``s, anyone ``verify``-s. Lower: ``toyono_trust.aio`` (the same verbs, awaitable), ``.errors``, ``.devpki``
(a throw-away town). Lowest, for people writing a verifier: ``formats``, ``validation``, ``pki``, ``core``.

Names are loaded when they are first used, so that the programs can answer even where an import is broken.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toyono_trust.api import augment, receipt, seal, sign, timestamp, verify
    from toyono_trust.errors import TrustError
    from toyono_trust.keys.signer import Signer
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.net import Http
    from toyono_trust.pki.anchors import TrustStore
    from toyono_trust.validation.policy import Policy
    from toyono_trust.validation.report import NotVerified, Report, Verified

__version__ = "0.1.0"

__all__ = [
    "EvidenceLog",
    "Http",
    "NotVerified",
    "Policy",
    "Report",
    "Signer",
    "TrustError",
    "TrustStore",
    "Verified",
    "augment",
    "receipt",
    "seal",
    "sign",
    "timestamp",
    "verify",
]

_HOMES = {
    "EvidenceLog": "ledger.log",
    "Http": "net",
    "NotVerified": "validation.report",
    "Policy": "validation.policy",
    "Report": "validation.report",
    "Signer": "keys.signer",
    "TrustError": "errors",
    "TrustStore": "pki.anchors",
    "Verified": "validation.report",
    "augment": "api",
    "receipt": "api",
    "seal": "api",
    "sign": "api",
    "timestamp": "api",
    "verify": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'toyono_trust' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"toyono_trust.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
