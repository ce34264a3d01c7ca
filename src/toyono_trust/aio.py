"""The verbs, awaitable. One of the two modules that read the clock and the system's randomness.

``sign``, ``seal``, ``timestamp``, ``receipt``, ``augment``, ``verify``; ``toyono_trust.api`` has the same, blocking.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Unpack, overload

from toyono_trust import verbs
from toyono_trust.delivery.receipts import PartSource, PartySource
from toyono_trust.delivery.sealed import SealedXml
from toyono_trust.formats.draft import Appended
from toyono_trust.formats.model import FormatName, Level, Signed, SignedFile
from toyono_trust.keys.signer import SignerLike
from toyono_trust.net import Http
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.sources import (
    Output,
    Source,
    Sources,
    check_opening,
    content_of,
    contents_of,
    delivered,
    octets_of,
    signed_of,
    write_whole,
)
from toyono_trust.steps import Steps, World, arun
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report
from toyono_trust.verbs import AUGMENTING, TIMEOUT, AugmentOptions, Options, ReceiptOptions

__all__ = ["augment", "receipt", "seal", "sign", "timestamp", "verify"]


@overload
async def sign(  # type: ignore[overload-overlap]  # "pades" with out= returns where the file is, not its octets
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-B"] = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def sign(  # type: ignore[overload-overlap]
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def sign(  # type: ignore[overload-overlap]
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-LT", "B-LTA"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore,
    timeout: float = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def sign(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-B"] = ...,
    out: Output = ...,
    **options: Unpack[Options],
) -> Signed: ...
@overload
async def sign(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> Signed: ...
@overload
async def sign(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-LT", "B-LTA"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> Signed: ...
async def sign(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Level = "B-B",
    tsa: str | Sequence[str] | None = None,
    http: Http | None = None,
    trust: TrustStore | None = None,
    out: Output = None,
    timeout: float = TIMEOUT,
    **options: Unpack[Options],
) -> Signed | SignedFile:
    """Sign content; arguments, result and errors as ``toyono_trust.sign``. A key that blocks works in a thread."""
    covered = await asyncio.to_thread(contents_of, options["covers"]) if "covers" in options else contents_of(None)
    asked = verbs.order(content_of(content), by, format, level, tsa, http is not None, options, trust, covered)
    return await _delivered(verbs.sign(asked), http, timeout, out)


@overload
async def seal(  # type: ignore[overload-overlap]  # "pades" with out= returns where the file is, not its octets
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-B"] = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def seal(  # type: ignore[overload-overlap]
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def seal(  # type: ignore[overload-overlap]
    content: Source,
    *,
    by: SignerLike,
    format: Literal["pades"],
    out: str | Path,
    level: Literal["B-LT", "B-LTA"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore,
    timeout: float = ...,
    **options: Unpack[Options],
) -> SignedFile: ...
@overload
async def seal(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-B"] = ...,
    out: Output = ...,
    **options: Unpack[Options],
) -> Signed: ...
@overload
async def seal(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> Signed: ...
@overload
async def seal(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Literal["B-LT", "B-LTA"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[Options],
) -> Signed: ...
async def seal(
    content: Source,
    *,
    by: SignerLike,
    format: FormatName,
    level: Level = "B-B",
    tsa: str | Sequence[str] | None = None,
    http: Http | None = None,
    trust: TrustStore | None = None,
    out: Output = None,
    timeout: float = TIMEOUT,
    **options: Unpack[Options],
) -> Signed | SignedFile:
    """Seal content as an organisation (eシール); arguments, result and errors as ``toyono_trust.seal``."""
    covered = await asyncio.to_thread(contents_of, options["covers"]) if "covers" in options else contents_of(None)
    asked = verbs.order(content_of(content), by, format, level, tsa, http is not None, options, trust, covered)
    return await _delivered(verbs.seal(asked), http, timeout, out)


async def timestamp(
    content: Source,
    *,
    tsa: str | Sequence[str],
    http: Http,
    digest: Literal["sha256", "sha384", "sha512"] = "sha256",
    tsa_policy: str | None = None,
    policy: Policy | None = None,
    trust: TrustStore | None = None,
    out: Output = None,
    timeout: float = TIMEOUT,
) -> bytes:
    """A time stamp over content (RFC 3161); only the content's digest leaves this machine.

    Args:
        content: octets, a path or a binary stream.
        tsa: URL of a time-stamping authority, or several in the order in which they are tried.
        http: the network, handed in.
        digest: what the authority sees of the content.
        tsa_policy: the authority's policy that is asked for, a dotted OID.
        policy: for judging the token under ``trust``; None is the policy of this release.
        trust: then the token must be PASSED under it; without, it must be sound and answer the request.
        out: file to write; it is replaced whole or not at all.
        timeout: seconds for all authorities together.

    Returns:
        The TimeStampToken, DER (RFC 3161 2.4.2).

    Raises:
        MisuseError: before any work: an argument is missing or of no use.
        UnavailableError: no authority answered, or none properly.
        NotVerified: the token does not pass under ``trust``; nothing is written.
    """
    steps = verbs.timestamp(content_of(content), tsa, http is not None, digest, tsa_policy, policy, trust)
    token: bytes = await arun(steps, _world(http, timeout))
    if out is not None:
        write_whole(out, token)
    return token


@overload
async def receipt(
    event: str,
    *,
    by: SignerLike,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    level: Literal["B-B"] = ...,
    out: Output = ...,
    **options: Unpack[ReceiptOptions],
) -> Signed: ...
@overload
async def receipt(
    event: str,
    *,
    by: SignerLike,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[ReceiptOptions],
) -> Signed: ...
@overload
async def receipt(
    event: str,
    *,
    by: SignerLike,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    level: Literal["B-LT", "B-LTA"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[ReceiptOptions],
) -> Signed: ...
@overload
async def receipt(
    event: str,
    *,
    by: SignerLike,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    form: Literal["xml"],
    level: Level = ...,
    tsa: str | Sequence[str] | None = ...,
    http: Http | None = ...,
    trust: TrustStore | None = ...,
    out: Output = ...,
    timeout: float = ...,
    **options: Unpack[ReceiptOptions],
) -> SealedXml: ...
async def receipt(
    event: str,
    *,
    by: SignerLike,
    sender: PartySource,
    recipients: Iterable[PartySource],
    message_id: str,
    parts: Mapping[str, PartSource],
    form: Literal["json", "xml"] = "json",
    level: Level = "B-B",
    tsa: str | Sequence[str] | None = None,
    http: Http | None = None,
    trust: TrustStore | None = None,
    out: Output = None,
    timeout: float = TIMEOUT,
    **options: Unpack[ReceiptOptions],
) -> Signed:
    """A delivery receipt (ETSI EN 319 522 evidence) for one event, sealed by the service that saw it.

    Args:
        event: one of the 22 events by name, e.g. ``"ContentHandover"``.
        by: the delivery service, an organisation.
        sender: identifier such as ``"NTRJP-1234567890123"``, or a ``Party``.
        recipients: one or more of the same; their order counts.
        message_id: the message's identifier.
        parts: name → octets, ``Content``, or ``(digest name, digest)``: a receipt needs digests only.
        form: ``"json"``, or ``"xml"``, the standard's own tree.
        level: as in ``seal``.
        tsa: as in ``seal``.
        http: as in ``seal``.
        trust: as in ``seal``.
        out: as in ``seal``.
        timeout: as in ``seal``.
        **options: ``event_time`` (aware; now), ``identifier`` (``urn:uuid:…``), ``reasons`` (URIs; required where
            the event is a failure), ``content_types``, ``policy_id``, ``submission_time``, ``refers_to_recipient``
            (1-based; required where an event concerns one of several), ``external_service`` (required for relays),
            ``forwarded_to``, ``sender_delegate``, ``recipient_delegates`` (pairs of a party and the indexes of the
            recipients for whom it acts), ``app_layer_identifier``, ``encrypted`` (True, or names of the parts that
            are ciphertext), ``previous`` (the evidence about the same message before), ``transaction_logs``,
            ``extensions``, ``log`` (a ``ledger.issuing.ReceiptLog``, which it enters before it is sealed); and
            ``policy``, ``fallback``, ``digest``, ``tsa_policy``, ``algorithm`` as in ``seal``.

    Returns:
        The receipt, JSON with its seal in the member ``jadesSignature``; ``.level`` and ``.reason`` as in ``seal``.
        Of the form ``"xml"`` its detached CAdES seal, with the receipt as ``.xml``; ``out`` names the receipt's file,
        and the seal is written beside it, with ``.p7s`` after its name. With ``log``, ``.entry`` says where it stands
        and holds the opening with its salt, to be kept beside the receipt: ``out`` writes it too, as ``.opening``.

    Raises:
        MisuseError: "receipt.…" for what is missing or does not fit (EN 319 522-1 6); otherwise as ``seal``.
        UnavailableError: as ``seal``; "receipt.not-logged" where it could not enter the log: nothing is issued then.
        NotVerified: as ``seal``.
    """
    if options.get("log") is not None:
        check_opening(out)
    details: dict[str, Any] = {"sender": sender, "recipients": recipients, "message_id": message_id, "parts": parts}
    steps = verbs.receipt(event, by, level, tsa, http is not None, details, options, trust, form)
    return await _signed(steps, http, timeout, out)


@overload
async def augment(
    signed: Source,
    *,
    level: Literal["B-T"],
    tsa: str | Sequence[str],
    http: Http,
    trust: TrustStore | None = ...,
    out: None = ...,
    **options: Unpack[AugmentOptions],
) -> Signed: ...
@overload
async def augment(
    signed: Source,
    *,
    level: Literal["B-LT"],
    trust: TrustStore,
    http: Http,
    tsa: str | Sequence[str] | None = ...,
    out: None = ...,
    **options: Unpack[AugmentOptions],
) -> Signed: ...
@overload
async def augment(
    signed: Source,
    *,
    level: Literal["B-LTA"] = ...,
    trust: TrustStore,
    http: Http,
    tsa: str | Sequence[str],
    out: None = ...,
    **options: Unpack[AugmentOptions],
) -> Signed: ...
@overload
async def augment(
    signed: Source,
    *,
    level: Level = ...,
    trust: TrustStore | None = ...,
    http: Http,
    tsa: str | Sequence[str] | None = ...,
    out: str | Path,
    **options: Unpack[AugmentOptions],
) -> Signed | SignedFile: ...
async def augment(
    signed: Source,
    *,
    level: Level = "B-LTA",
    trust: TrustStore | None = None,
    http: Http | None = None,
    tsa: str | Sequence[str] | None = None,
    out: Output = None,
    **options: Unpack[AugmentOptions],
) -> Signed | SignedFile:
    """Raise a signed file to a higher level; arguments, result and errors as ``toyono_trust.augment``."""
    source, contents = await asyncio.to_thread(lambda: (signed_of(signed), contents_of(options.get("content"))))
    steps = verbs.augment(source, contents, level, trust, tsa, http is not None, options)
    return await _delivered(steps, http, options.get("timeout", AUGMENTING), out)


async def verify(
    signed: Source,
    *,
    trust: TrustStore | None = None,
    content: Sources | None = None,
    policy: Policy | None = None,
    at: datetime | None = None,
    password: bytes | str | None = None,
    proof: Source | None = None,
    http: Http | None = None,
    timeout: float = TIMEOUT,
) -> Report:
    """Verify a signed file, a receipt, a time stamp or a log's proof (EN 319 102-1). Total: any bytes in, a report out.

    Offline, unless ``http`` is handed in.

    Args:
        signed: octets, a path or a binary stream.
        trust: who is trusted; None trusts nobody, so that nothing passes.
        content: what a detached signature covers: one source, a mapping from names, or a folder. A name inside a
            signature only chooses among these. With a receipt, the delivered parts; with the seal of one in XML, its
            document beside them; with the proof of an entry, the receipt that was logged, or the entry's opening.
        policy: None is the policy of this release, named with its digest in the report.
        at: validation time (aware); None is the present.
        password: of an encrypted PDF; without it what was changed after signing cannot be said.
        proof: with a receipt, the proof that it stands in an evidence log; ``report.log`` says since when. One that
            does not hold fails the file.
        http: then missing certificates, CRLs and OCSP responses are fetched first; what fails is a finding.
        timeout: seconds for the whole operation in the network.

    Returns:
        A report, which is no boolean: ``report.require(signed_by={…}).content`` gives the content that was covered.

    Raises:
        OSError: of the caller's own files.
        MisuseError: wrong arguments; never because of what the file holds.
    """
    verbs.check_arguments(trust, policy, at)
    policy = policy or Policy.default()
    if http is None:
        return await asyncio.to_thread(_verified, signed, content, trust, policy, at or _present(), password, proof)
    source, contents, logged = await asyncio.to_thread(
        lambda: (signed_of(signed), contents_of(content), _octets(proof))
    )
    steps = verbs.gathering(source, contents, trust or TrustStore.empty(), policy, at, password, logged)
    return await arun(steps, _world(http, timeout))


def _verified(
    signed: Source,
    content: Sources | None,
    trust: TrustStore | None,
    policy: Policy,
    at: datetime,
    password: bytes | str | None,
    proof: Source | None,
) -> Report:
    """Read the caller's files and judge, all of it away from the event loop."""
    anchors = TrustStore.empty() if trust is None else trust
    source, logged = signed_of(signed), _octets(proof)
    return verbs.verify(source, contents_of(content), anchors, policy, at, password=password, proof=logged)


def _octets(source: Source | None) -> bytes | None:
    return None if source is None else octets_of(source)


async def _delivered(
    steps: Steps[Signed | Appended], http: Http | None, timeout: float, out: Output
) -> Signed | SignedFile:
    """Drive and deliver; what is read, written and copied is so in a thread."""
    made = await arun(steps, _world(http, timeout))
    return await asyncio.to_thread(delivered, made, out)


async def _signed(steps: Steps[Signed], http: Http | None, timeout: float, out: Output) -> Signed:
    signed = await arun(steps, _world(http, timeout))
    if out is not None and signed.entry is not None:  # first: without it nobody can show what the entry is
        write_whole(f"{out}.opening", signed.entry.opening, private=True)
    if out is not None and isinstance(signed, SealedXml):
        write_whole(out, signed.xml)
        write_whole(f"{out}.p7s", signed)
    elif out is not None:
        write_whole(out, signed)
    return signed


def _world(http: Http | None, timeout: float) -> World:
    return World(_present, os.urandom, time.monotonic, http, timeout)


def _present() -> datetime:
    return datetime.now(UTC)
