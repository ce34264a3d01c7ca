"""Keys, certificates and signing inputs for tests of JWS and JAdES; nothing here looks at a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from toyono_trust.core.algorithms import sign, verify
from toyono_trust.core.content import BytesContent, Content
from toyono_trust.core.limits import Work
from toyono_trust.formats import jades
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Nested, SigningInput
from toyono_trust.formats.model import Facts, Properties, Signature

AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
PAYLOAD = b'{"title": "Hello World!", "n": 1}'
ALGORITHMS = (
    "ecdsa-sha256",
    "ecdsa-sha384",
    "ecdsa-sha512",
    "rsa-sha256",
    "rsa-sha384",
    "rsa-sha512",
    "rsa-pss-sha256",
    "rsa-pss-sha384",
    "rsa-pss-sha512",
    "ed25519",
    "ml-dsa-65",
)
_MAKERS: dict[str, Any] = {
    "ecdsa-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-sha384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa-sha512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
}


@lru_cache
def _key(kind: str) -> Any:
    return _MAKERS[kind]()


def key_for(algorithm: str) -> Any:
    """The one private key that these tests use with an algorithm."""
    return _key("rsa" if algorithm.startswith("rsa") else algorithm)


@lru_cache
def certificate_for(algorithm: str) -> bytes:
    """DER of a self-signed certificate for ``key_for``."""
    issuer = key_for("ecdsa-sha256")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, algorithm)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(4711)
    builder = builder.not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2027, 1, 1))
    made = builder.public_key(key_for(algorithm).public_key()).sign(issuer, hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def signing_input(
    content: Content | bytes = PAYLOAD,
    *,
    algorithm: str = "ecdsa-sha256",
    detached: bool = False,
    properties: Properties | None = None,
    content_timestamp: bytes | None = None,
    claimed_at: datetime | None = AT,
    details: jades.JadesDetails | None = None,
) -> SigningInput:
    return SigningInput(
        BytesContent(content) if isinstance(content, bytes) else content,
        detached,
        certificate_for(algorithm),
        (certificate_for("rsa-sha256"),),
        algorithm,
        claimed_at,
        properties or Properties(),
        content_timestamp,
        details,
    )


def signed(request: SigningInput) -> bytes:
    """Prepare, sign with the software key, finish."""
    draft = jades.prepare(request)
    return jades.finish(draft, sign(request.algorithm, key_for(request.algorithm), draft.to_be_signed))


def joined(data: bytes, contents: Any = None, *, token: bytes | None = None, **more: Any) -> bytes:
    """With one more signature over what the others cover."""
    request = signing_input(b"not used", **more)
    presented = contents if isinstance(contents, Contents) else Contents(contents)
    draft = jades.prepare_parallel(data, presented, request)
    value = sign(request.algorithm, key_for(request.algorithm), draft.to_be_signed)
    return jades.finish_parallel(draft, value, token)


class Kept(NamedTuple):
    """A token as it was handed to the reader of tokens, with what readers of JAdES ask of one."""

    type: str
    data: bytes
    covered: Any
    imprint_found: bool
    imprint_intact: bool | None = None
    imprint_algorithm: str = "sha256"
    imprint: bytes = b""
    notes: tuple[Any, ...] = ()
    covers: tuple[bytes, ...] = ()
    signer: Any = SimpleNamespace(certificates=(), crls=(), ocsp_responses=())


def keep(nested: Nested) -> Any:
    """Instead of the registry's reader of tokens: keeps what it was handed."""
    return Kept(*nested, imprint_found=nested.covered is not None)


def read(data: bytes, contents: Any = None) -> Facts:
    return jades.read(data, contents if isinstance(contents, Contents) else Contents(contents), Work(), keep)


def only(facts: Facts) -> Signature:
    assert len(facts.signatures) == 1
    return facts.signatures[0]


def verifies(signature: Signature, public_key: Any) -> bool:
    value = signature.value
    return verify(
        value.algorithm, public_key, value.value, value.signed, curve=value.curve, salt_length=value.salt_length
    )


def codes(signature: Signature) -> list[str]:
    return [note.code for note in signature.notes]
