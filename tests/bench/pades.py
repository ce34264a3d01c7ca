"""PAdES B-B: seal and verify a small PDF, against pyHanko's whole signer and validator. Here x = pyHanko's time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from functools import partial

from asn1crypto import keys, x509
from measure import Work
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from rows import BASE, OURS, Row
from town import Actor, BenchTown

import plain_pdfs
from toyono_trust import seal, verify

DOCUMENT = plain_pdfs.streamed()


def rows(town: BenchTown) -> list[Row]:
    """One to seal, one to verify."""
    return [
        Row("PAdES B-B seal of a small PDF, P-256 (x = pyHanko)", 0.083, partial(_seal, town)),
        Row("PAdES B-B verify of a small PDF, P-256 (x = pyHanko)", 0.33, partial(_verify, town)),
    ]


def _seal(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("p256")
    signer = actor.signer

    def ours() -> bytes:
        return seal(DOCUMENT, by=signer, format="pades")

    assert verify(bytes(ours()), trust=town.trust, at=town.at).require(signed_by="anyone")
    return {BASE: _pyhanko_seal(actor), OURS: ours, "the signature alone": actor.bare_sign(b"x")}


def _pyhanko_seal(actor: Actor) -> Work:
    loop = asyncio.new_event_loop()
    registry = SimpleCertificateStore()
    registry.register_multiple(x509.Certificate.load(der) for der in actor.chain)
    signer = SimpleSigner(
        signing_cert=x509.Certificate.load(actor.certificate),
        signing_key=keys.PrivateKeyInfo.load(actor.private_der),
        cert_registry=registry,
    )
    wanted = PdfSignatureMetadata(field_name="Signature1", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")

    def with_pyhanko() -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(DOCUMENT))
        made = loop.run_until_complete(PdfSigner(wanted, signer=signer).async_sign_pdf(writer))
        return made.getvalue()  # type: ignore[no-any-return]

    assert with_pyhanko().startswith(DOCUMENT)
    return with_pyhanko


def _verify(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("p256")
    data = bytes(seal(DOCUMENT, by=actor.signer, format="pades"))
    trust, at = town.trust, town.at

    def ours() -> bytes:
        return verify(data, trust=trust, at=at).require(signed_by="anyone").content

    assert ours()
    return {BASE: _pyhanko_verify(town, data), OURS: ours}


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
        (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        status = await async_validate_pdf_signature(
            signature, signer_validation_context=context, key_usage_settings=usage
        )
        return bool(status.bottom_line)

    def with_pyhanko() -> bool:
        return loop.run_until_complete(check())

    assert with_pyhanko()
    return with_pyhanko
