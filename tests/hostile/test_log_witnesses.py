"""Who would have a log's checkpoint pass for one that others have seen."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from made_log import ORIGIN, signer, witness
from toyono_trust import TrustStore
from toyono_trust.errors import MisuseError
from toyono_trust.ledger.note import COSIGNATURE, NoteSigner
from toyono_trust.pki.trustlogs import TrustedLog, read_logs

KEY = signer().key.text
OWN = NoteSigner.from_key(
    "independent.example.jp", Ed25519PrivateKey.from_private_bytes(sha256(ORIGIN.encode()).digest()), COSIGNATURE
).key.text
"""The log's own key under the name and the type of a witness."""


def test_keys_whose_base64_has_plus_signs_are_read_whole() -> None:
    keys = [witness(number).key.text for number in range(200)]
    plus = [key for key in keys if key.count("+") > 2][:2]
    found = TrustStore.empty().with_logs(TrustedLog(KEY, 2, tuple(plus)))
    assert found.logs[0].witnesses == tuple(plus)


@pytest.mark.parametrize("witnesses", [(OWN,), (witness(0).key.text, OWN)])
def test_a_log_is_not_its_own_witness(witnesses: tuple[str, ...]) -> None:
    with pytest.raises(MisuseError, match="its own witness"):
        TrustStore.empty().with_logs(TrustedLog(KEY, len(witnesses), witnesses))
    with pytest.raises(MisuseError) as caught:
        read_logs(TrustedLog(KEY, 1, witnesses).policy.encode(), "x")
    assert caught.value.code == "trust.log"
