"""CAdES-B detached: verify with a known certificate, and seal, against pyHanko's CAdES and its DER models."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from functools import partial

from asn1crypto import cms, keys, x509
from measure import Work
from pyhanko.sign import SimpleSigner
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from rows import BASE, OURS, Row
from town import PAYLOAD, Actor, BenchTown

from toyono_trust import seal, verify


def rows(town: BenchTown) -> list[Row]:
    """One to verify, one to seal."""
    return [
        Row("CAdES-B detached verify, known certificate", 1.6, partial(_verify, town)),
        Row("CAdES-B detached seal (software key)", 2.0, partial(_seal, town)),
    ]


def _verify(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("p256")
    data = bytes(seal(PAYLOAD, by=actor.signer, format="cades", level="B-B", detached=True))
    trust, at = town.trust, town.at

    def ours() -> bytes:
        return verify(data, content=PAYLOAD, trust=trust, at=at).require(signed_by="anyone").content

    assert ours() == PAYLOAD
    (info,) = cms.ContentInfo.load(data)["content"]["signer_infos"]
    signed = b"\x31" + info["signed_attrs"].dump()[1:]
    value = info["signature"].native
    return {BASE: actor.bare_verify(signed, value), OURS: ours, "pyHanko": _pyhanko_verify(town, data)}


def _pyhanko_verify(town: BenchTown, data: bytes) -> Work:
    loop = asyncio.new_event_loop()
    roots = [x509.Certificate.load(der) for der in town.roots]
    others = [x509.Certificate.load(der) for der in town.intermediates]
    usage = KeyUsageConstraints(key_usage={"digital_signature"})

    async def check() -> bool:
        context = ValidationContext(
            trust_roots=roots,
            other_certs=others,
            moment=town.at,
            allow_fetching=False,  # and no revocation: the path alone, in the peer's favour
            revocation_mode="soft-fail",
        )
        signed = cms.ContentInfo.load(data)["content"]
        status = await async_validate_detached_cms(
            io.BytesIO(PAYLOAD), signed, signer_validation_context=context, key_usage_settings=usage
        )
        return bool(status.bottom_line)

    def with_pyhanko() -> bool:
        return loop.run_until_complete(check())

    assert with_pyhanko()
    return with_pyhanko


def _seal(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("p256")
    signer = actor.signer

    def ours() -> bytes:
        return seal(PAYLOAD, by=signer, format="cades", level="B-B", detached=True)

    data = bytes(ours())
    assert verify(data, content=PAYLOAD, trust=town.trust, at=town.at).require(signed_by="anyone").content == PAYLOAD
    (info,) = cms.ContentInfo.load(data)["content"]["signer_infos"]
    signed = b"\x31" + info["signed_attrs"].dump()[1:]
    return {BASE: actor.bare_sign(signed), OURS: ours, "pyHanko": _pyhanko_seal(actor)}


def _pyhanko_seal(actor: Actor) -> Work:
    loop = asyncio.new_event_loop()
    registry = SimpleCertificateStore()
    registry.register_multiple(x509.Certificate.load(der) for der in actor.chain)
    signer = SimpleSigner(
        signing_cert=x509.Certificate.load(actor.certificate),
        signing_key=keys.PrivateKeyInfo.load(actor.private_der),
        cert_registry=registry,
    )

    def with_pyhanko() -> bytes:
        made = loop.run_until_complete(signer.async_sign_general_data(PAYLOAD, "sha256", detached=True, use_cades=True))
        return made.dump()  # type: ignore[no-any-return]

    assert cms.ContentInfo.load(with_pyhanko())["content_type"].native == "signed_data"
    return with_pyhanko
