"""A certificate that is not yet known: path leaf ← sub-CA ← root with both CRLs, inside one verification."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from functools import partial

from asn1crypto import x509 as models
from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from measure import Work
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from rows import BASE, OURS, Row
from town import PAYLOAD, Actor, BenchTown

from toyono_trust import seal, verify


def rows(town: BenchTown) -> list[Row]:
    """One row; peers build the path alone, without a signature, and without revocation where they have none."""
    job = "JAdES ES256 verify, unknown certificate: path leaf ← sub-CA ← root, two CRLs"
    return [Row(job, None, partial(_verify, town))]


def _verify(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("p256")
    data = bytes(seal(PAYLOAD, by=actor.signer, format="jades", level="B-B"))
    signed, _, signature = data.rpartition(b".")
    value = base64.urlsafe_b64decode(signature + b"==")
    trust, at = town.trust, town.at

    def ours() -> bytes:
        trust.passed.clear()
        return verify(data, trust=trust, at=at).require(signed_by="anyone").content

    assert ours() == PAYLOAD
    return {
        BASE: actor.bare_verify(signed, value),
        OURS: ours,
        "certvalidator with CRLs": _certvalidator(town, actor, revocation=True),
        "certvalidator path alone": _certvalidator(town, actor, revocation=False),
        "cryptography path alone (WebPKI rules)": _cryptography(town, actor),
    }


def _certvalidator(town: BenchTown, actor: Actor, *, revocation: bool) -> Work:
    loop = asyncio.new_event_loop()
    roots = [models.Certificate.load(der) for der in town.roots]

    async def check() -> object:
        context = ValidationContext(
            trust_roots=roots,
            other_certs=[models.Certificate.load(der) for der in town.intermediates],
            moment=town.at,
            allow_fetching=False,
            crls=town.crls if revocation else [],
            revocation_mode="hard-fail" if revocation else "soft-fail",
        )
        leaf = models.Certificate.load(actor.certificate)
        return await CertificateValidator(leaf, validation_context=context).async_validate_usage(set())

    def with_certvalidator() -> object:
        return loop.run_until_complete(check())

    assert with_certvalidator()
    return with_certvalidator


def _cryptography(town: BenchTown, actor: Actor) -> Work:
    ca = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder()
        .store(Store([x509.load_der_x509_certificate(der) for der in town.roots]))
        .time(town.at)
        .extension_policies(ca_policy=ca, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )

    def with_cryptography() -> object:
        leaf = x509.load_der_x509_certificate(actor.certificate)
        chain = [x509.load_der_x509_certificate(der) for der in town.intermediates]
        return verifier.verify(leaf, chain)

    assert with_cryptography()
    return with_cryptography
