"""A throw-away town with a PKI of its own, for tests, demos and trials. Never for production.

    town = devpki.Town.create()                 # root, issuing CA, TSA, OCSP responder, five identities
    town.write("town")                          # trust folder, PKCS#12 files (password "toyono")
    town.identity("town").certificate.identifier
    with devpki.Server(port=0) as server:       # TSA, OCSP, CRLs on loopback
        server.town = devpki.Town.create(base_url=server.url)

``toyono_trust.devpki.pytest_plugin`` gives the fixture ``toyono_town``.
"""

from toyono_trust.devpki.server import Server, Simulation, answer, serve
from toyono_trust.devpki.town import PASSWORD, Identity, Town

__all__ = ["PASSWORD", "Identity", "Server", "Simulation", "Town", "answer", "serve"]
