"""RFC 3161: issue a token and check one of a known TSA, against pyHanko and rfc3161-client."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Mapping
from functools import partial
from itertools import count

import rfc3161_client
from asn1crypto import cms, keys, tsp, x509
from cryptography.x509 import load_der_x509_certificate
from measure import Work
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from rows import BASE, OURS, Row
from town import PAYLOAD, BenchTown

from toyono_trust import verify
from toyono_trust.devpki.profiles import TSA_POLICY
from toyono_trust.pki.tsp import Authority, respond
from toyono_trust.steps import World, run

DIGEST = hashlib.sha256(PAYLOAD).digest()


def rows(town: BenchTown) -> list[Row]:
    """One to issue, one to check."""
    return [
        Row("RFC 3161 token: issue (P-256)", 2.2, partial(_issue, town)),
        Row("RFC 3161 token: check, known TSA", 1.6, partial(_check, town)),
    ]


def _request() -> bytes:
    imprint = tsp.MessageImprint({"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST})
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 1 << 63, "cert_req": True})
    data: bytes = request.dump()
    return data


def _parts(response: bytes) -> tuple[bytes, bytes, bytes]:
    """Of a response: the token, the octets that its signature is over, the signature."""
    token = tsp.TimeStampResp.load(response)["time_stamp_token"]
    (info,) = token["content"]["signer_infos"]
    return token.dump(), b"\x31" + info["signed_attrs"].dump()[1:], info["signature"].native


def _issue(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("tsa")
    authority = Authority.of(actor.signer, policy=TSA_POLICY)
    world = World(now=lambda: town.at, random=secrets.token_bytes, monotonic=time.monotonic)
    request = _request()

    def ours() -> bytes:
        serial = secrets.randbits(159) + 1
        steps = respond(request, authority=authority, key=actor.signer, at=town.at, serial_number=serial)
        return run(steps, world)

    _, signed, _ = _parts(ours())
    return {BASE: actor.bare_sign(signed), OURS: ours, "pyHanko (RSA test stamper)": _pyhanko_issue(town)}


def _pyhanko_issue(town: BenchTown) -> Work:
    actor = town.actor("rsa")
    loop = asyncio.new_event_loop()
    stamper = DummyTimeStamper(
        tsa_cert=x509.Certificate.load(actor.certificate),
        tsa_key=keys.PrivateKeyInfo.load(actor.private_der),
        fixed_dt=town.at,
    )
    numbers = count(1)

    async def stamp() -> object:
        # a digest of its own each time: the stamper keeps tokens by digest
        return await stamper.async_timestamp(hashlib.sha256(b"%d" % next(numbers)).digest(), "sha256")

    def with_pyhanko() -> object:
        return loop.run_until_complete(stamp())

    assert with_pyhanko()
    return with_pyhanko


def _check(town: BenchTown) -> Mapping[str, Work]:
    actor = town.actor("tsa")
    response = town.town.tsa_respond(_request(), at=town.town.now)
    token, signed, value = _parts(response)
    trust, at = town.trust, town.at

    def ours() -> str:
        return verify(token, content=PAYLOAD, trust=trust, at=at).indication

    assert ours() == "PASSED"
    return {
        BASE: actor.bare_verify(signed, value),
        OURS: ours,
        "rfc3161-client": _rfc3161_client(town, response),
        "pyHanko": _pyhanko_check(town, token),
    }


def _rfc3161_client(town: BenchTown, response: bytes) -> Work:
    builder = rfc3161_client.VerifierBuilder()
    for der in town.roots:
        builder = builder.add_root_certificate(load_der_x509_certificate(der))
    for der in town.intermediates:
        builder = builder.add_intermediate_certificate(load_der_x509_certificate(der))
    verifier = builder.build()

    def with_client() -> bool:
        return verifier.verify(rfc3161_client.decode_timestamp_response(response), DIGEST)

    assert with_client()
    return with_client


def _pyhanko_check(town: BenchTown, token: bytes) -> Work:
    loop = asyncio.new_event_loop()
    roots = [x509.Certificate.load(der) for der in town.roots]
    others = [x509.Certificate.load(der) for der in town.intermediates]

    async def check() -> bool:
        context = ValidationContext(
            trust_roots=roots,
            other_certs=others,
            moment=town.at,
            allow_fetching=False,  # and no revocation: the path alone, in the peer's favour
            revocation_mode="soft-fail",
        )
        signed = cms.ContentInfo.load(token)["content"]
        found = await validate_tst_signed_data(signed, context, lambda _: DIGEST)
        return bool(found["intact"] and found["valid"])

    def with_pyhanko() -> bool:
        return loop.run_until_complete(check())

    assert with_pyhanko()
    return with_pyhanko
