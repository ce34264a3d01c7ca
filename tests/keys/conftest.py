"""Keys of every kind, made once per run."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from made_keys import MAKERS, Pair, issue


@pytest.fixture(scope="session")
def pairs() -> dict[str, Pair]:
    """One key per kind, each under a sub-CA under a root."""
    root, sub = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuers = (
        issue(sub.public_key(), "sub", "root", root, ca=True),
        issue(root.public_key(), "root", "root", root, ca=True),
    )
    keys = {name: make() for name, make in MAKERS.items()}
    return {name: Pair(key, issue(key.public_key(), name, "sub", sub), issuers) for name, key in keys.items()}
