"""Files at B-LTA: full validation (EN 319 102-1 5.6) against pyHanko and a warm EU DSS; and 1,000 files of 10 signers.

Each validator gets the anchor, the file, and what the last time stamp's status needs. x = the first peer's time.
"""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from asn1crypto import x509
from measure import Work
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from rows import BASE, OURS, Row
from town import PAYLOAD, BenchTown

import plain_pdfs
from toyono_trust import Signer, TrustStore, augment, seal, verify
from toyono_trust.devpki import Simulation

CONTENT = {"jades": PAYLOAD, "cades": PAYLOAD, "pades": plain_pdfs.streamed()}
SIGNERS, FILES = 10, 1000


def rows(town: BenchTown) -> list[Row]:
    """PAdES against pyHanko; all three formats against DSS where Java is at hand; the bulk."""
    found = [Row("PAdES B-LTA full validation (x = pyHanko)", 0.4, partial(_against_pyhanko, town))]
    if shutil.which("java") is not None:
        for format in ("jades", "cades", "pades"):
            found.append(Row(f"{format} B-LTA, one renewal, full validation (x = warm DSS)", None,
                             partial(_against_dss, town, format)))  # fmt: skip
    bare = "x = as many bare P-256 verifications"
    found.append(Row(f"{FILES} JAdES files by {SIGNERS} signers ({bare})", None, partial(_bulk, town)))
    return found


@cache
def archived(town: BenchTown, format: str, renewals: int = 0) -> bytes:
    """A seal at B-LTA."""
    network: dict[str, Any] = {
        "tsa": f"{town.town.base_url}/tsr", "http": Simulation(town.town), "trust": town.trust
    }  # fmt: skip
    made = seal(CONTENT[format], by=town.actor("p256").signer, format=format, level="B-LTA", **network)  # type: ignore[call-overload]
    for _ in range(renewals):
        made = augment(made, **network)
    return bytes(made)


def _ours(town: BenchTown, data: bytes) -> Work:
    trust, at = town.trust, town.at

    def ours() -> object:
        return verify(data, trust=trust, at=at).require(signed_by="anyone").signed_at

    ours()
    return ours


def _against_pyhanko(town: BenchTown) -> Mapping[str, Work]:
    data = archived(town, "pades")
    loop = asyncio.new_event_loop()
    roots = [x509.Certificate.load(der) for der in town.roots]
    certificates = CertValidationPolicySpec(
        SimpleTrustManager.build(trust_roots=roots), CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    rules = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            certificates,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
        )
    )

    def with_pyhanko() -> str:
        (signature,) = PdfFileReader(io.BytesIO(data)).embedded_regular_signatures
        name: str = loop.run_until_complete(ades_lta_validation(signature, rules)).ades_subindic.name
        return name

    assert with_pyhanko() == "OK"
    return {BASE: with_pyhanko, OURS: _ours(town, data)}


@cache
def _dss() -> Any:
    from interop.dss_peer import Dss

    return Dss()


def _against_dss(town: BenchTown, format: str) -> Mapping[str, Work]:
    """DSS is asked in its own process; what the question costs is below a millisecond."""
    data = archived(town, format, 1)
    trusted = {"anchors": [*town.roots], "certificates": [*town.intermediates], "crls": [*town.crls]}

    def with_dss() -> Any:
        return _dss().validate(data, at=town.at, **trusted)

    (found,) = with_dss()["signatures"]
    assert found["indication"] == "TOTAL-PASSED", found
    for _ in range(100):  # the compiler of the virtual machine warms up
        with_dss()
    return {BASE: with_dss, OURS: _ours(town, data)}


def _bulk(town: BenchTown) -> Mapping[str, Work]:
    """The certificates' verdicts are kept by the trust store: each is judged once, not a hundred times."""
    signers = []
    for _ in range(SIGNERS):
        identity = town.town.renew("bus")
        signers.append(Signer.from_key(identity.private_key, identity.certificate, identity.chain))
    files = [
        bytes(seal(b'{"number": %d, %b' % (number, PAYLOAD[1:]), by=signers[number % SIGNERS], format="jades"))
        for number in range(FILES)
    ]
    trust = TrustStore.load(town.trust_folder)
    at = town.at
    signed = b"x" * 1400  # what one of these files has to hash
    one = town.actor("p256").bare_verify(signed, town.actor("p256").bare_sign(signed)())

    def bare() -> None:
        for _ in range(FILES):
            one()

    def ours() -> int:
        trust.passed.clear()
        passed = sum(verify(file, trust=trust, at=at).indication == "TOTAL-PASSED" for file in files)
        assert passed == FILES
        return passed

    ours()
    return {BASE: bare, OURS: ours}
