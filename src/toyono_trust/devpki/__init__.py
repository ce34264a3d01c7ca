"""A throw-away town with a PKI of its own, for tests, demos and trials. Never for production.

    town = devpki.Town.create()                 # root, issuing CA, TSA, OCSP responder, five identities
    town.write("town")                          # trust folder, PKCS#12 files (password "toyono")
    town.identity("town").certificate.identifier
    with devpki.Server(port=0) as server:       # TSA, OCSP, CRLs on loopback
        server.town = devpki.Town.create(base_url=server.url)

``toyono_trust.devpki.pytest_plugin`` gives the fixture ``toyono_town``. The names below are loaded when they are first
used, because pytest imports the plug-in, and with it this package, wherever ``toyono_trust`` is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toyono_trust.devpki.server import Server, Simulation, answer, serve
    from toyono_trust.devpki.town import PASSWORD, Identity, Town

__all__ = ["PASSWORD", "Identity", "Server", "Simulation", "Town", "answer", "serve"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "town" if name in ("PASSWORD", "Identity", "Town") else "server"
    return getattr(import_module(f"{__name__}.{room}"), name)
