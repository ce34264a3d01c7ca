"""What a verification says: ``Report``, its parts, and the content that may be used.

A verdict is not a boolean. The signed content comes only out of ``Report.require``, which raises ``NotVerified`` or
returns ``Verified``. Nothing here decides; ``judge`` does. Parts are computed when asked for, so that a gateway that
needs one yes pays for one yes.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, NoReturn

from toyono_trust.core import algorithms
from toyono_trust.core.content import Content
from toyono_trust.core.findings import FindingLevel, Language, entry
from toyono_trust.errors import MisuseError, TrustError
from toyono_trust.formats.model import Facts, Signature, SignedObject, TimestampToken, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.validation.material import Material
from toyono_trust.validation.policy import Policy

if TYPE_CHECKING:
    from toyono_trust.validation.used import Used

Indication = Literal["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE", "PASSED", "FAILED"]

KIND_OF_SIGNATURE = {
    "natural-person": "signature",
    "legal-person": "seal",
    "device": "device",
    "website": "website",
}


_INSTANT = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)


class Finding(NamedTuple):
    """One observation. ``level`` is already the policy's; texts come from the findings table.

    ``sub``: another sub-indication than the table's, where what was found elsewhere decides which one it is.
    """

    code: str
    level: FindingLevel
    subject: str = ""
    values: Mapping[str, Any] = {}
    sub: str | None = None

    @property
    def sub_indication(self) -> str | None:
        """The sub-indication of EN 319 102-1 that this finding stands for."""
        return self.sub or entry(self.code).sub_indication

    @property
    def clause(self) -> str:
        """Standard and clause that the check comes from."""
        return entry(self.code).clause

    @property
    def text(self) -> str:
        """What is so, in English; times in UTC."""
        return self.text_in("en")

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.remedy_in("en")

    def text_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """What is so, in a language, with local times."""
        return _fill(entry(self.code).text[language == "ja"], self.values, zone)

    def remedy_in(self, language: Language, zone: tzinfo = UTC) -> str:
        """What to do, in a language, with local times."""
        return _fill(entry(self.code).remedy[language == "ja"], self.values, zone)


def local_time(time: datetime, zone: tzinfo) -> str:
    """A time for people: local, to the second, with the zone's name or offset."""
    try:
        local = time.astimezone(zone)
    except OverflowError:  # year 1 or 9999: certificates without an end have 9999-12-31 (RFC 5280 4.1.2.5)
        local = time
    name = local.tzname() or ""
    return f"{local.replace(tzinfo=None).isoformat(' ', 'seconds')} {name or local.strftime('%z')}"


_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00")


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(text: str, values: Mapping[str, Any], zone: tzinfo) -> str:
    if "{" not in text:
        return text
    return text.format_map(_Blank({key: _shown(value, zone) for key, value in values.items()}))


def _shown(value: Any, zone: tzinfo) -> Any:
    """Parsers hand out times as RFC 3339 text in UTC, the judge as they are."""
    if isinstance(value, str) and _UTC_TIME.fullmatch(value):
        value = datetime.fromisoformat(value)
    return local_time(value, zone) if isinstance(value, datetime) else value


class Proof(NamedTuple):
    """Since when something is proven to exist (EN 319 102-1 5.6.2.3).

    ``by``: the id of the time stamp that proves it, None where it is merely at hand at the time of validation.
    """

    time: datetime
    by: str | None


class TimestampReport(NamedTuple):
    """The verdict on one time-stamp token (EN 319 102-1 5.4, 5.6.2.4).

    Attributes:
        token: what was read.
        valid_until: until when it passes by itself; None where it does not, or no end is known.
        revocation_evidence, signers: as of ``SignatureReport``.
        proof: since when the token itself is proven to exist.
        past: it no longer passes by itself, but past signature validation passed.
    """

    token: TimestampToken
    indication: Indication
    sub_indication: str | None
    certificate: Certificate | None
    chain: tuple[Certificate, ...]
    signature_intact: bool | None
    valid_until: datetime | None
    findings: tuple[Finding, ...]
    revocation_evidence: tuple[str, ...] = ()
    signers: tuple[Certificate, ...] = ()
    proof: Proof | None = None
    past: bool = False

    @property
    def id(self) -> str:
        """``timestamp-`` and the first 16 hex digits of SHA-256 of the signature value."""
        return "timestamp-" + hashlib.sha256(self.token.signer.value.wire).hexdigest()[:16]

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided; None where it passed."""
        return _decisive(self.findings, self.sub_indication)


def signature_id(signature: Signature) -> str:
    """The id of a signature: ``signature-`` and the first 16 hex digits of SHA-256 of its value."""
    return "signature-" + hashlib.sha256(signature.value.wire).hexdigest()[:16]


class SignatureReport(NamedTuple):
    """The verdict on one signature (EN 319 102-1 5.5).

    Attributes:
        facts: what was read.
        certificate: the signing certificate, None where none was identified.
        chain: from the signing certificate to the trust anchor; empty without a path.
        best_signature_time: earliest proven time of existence; the validation time where nothing proves an earlier one.
        signature_intact: the signature value fits; None where it could not be checked.
        revocation_evidence: digests ("sha256:…") of the CRLs and OCSP responses relied on.
        signers: certificates of who signed these, besides the CAs of the chain.
        proof: since when the signature is proven to exist, by whatever time stamp; None without any.
        archival: archival data was needed, or is at hand (EN 319 102-1 5.6).
    """

    facts: Signature
    indication: Indication
    sub_indication: str | None
    certificate: Certificate | None
    chain: tuple[Certificate, ...]
    best_signature_time: datetime
    signature_intact: bool | None
    until: datetime | Callable[[], datetime | None] | None
    revocation_evidence: tuple[str, ...]
    timestamps: tuple[TimestampReport, ...]
    counter_signatures: tuple[SignatureReport, ...]
    findings: tuple[Finding, ...]
    signers: tuple[Certificate, ...] = ()
    proof: Proof | None = None
    archival: bool = False

    @property
    def id(self) -> str:
        """``signature-`` and the first 16 hex digits of SHA-256 of the signature value."""
        return signature_id(self.facts)

    @property
    def valid_until(self) -> datetime | None:
        """The last instant at which this passes without another step; None where it does not pass, or for ever.

        It is assumed that revocation data, where it is renewed, says the same. With archival data it is found by
        judging the same facts at later times, when it is asked for.
        """
        until = self.until
        return until if until is None or isinstance(until, datetime) else until()

    @property
    def format(self) -> str:
        """Format as the report names it: ``CAdES``, ``JAdES``, ``PKCS7`` or ``JWS``."""
        return self.facts.format

    @property
    def level(self) -> str | None:
        """Baseline level, None where it is not a baseline signature."""
        return self.facts.level

    @property
    def kind(self) -> str:
        """``signature``, ``seal``, ``device``, ``website`` or ``unknown``, by the signing certificate's subject."""
        return "unknown" if self.certificate is None else KIND_OF_SIGNATURE.get(self.certificate.kind, "unknown")

    @property
    def algorithm(self) -> str:
        """Signature algorithm with its curve, e.g. ``ecdsa-p256-sha256``."""
        name = self.facts.value.algorithm
        key = self.certificate.public_key if self.certificate else None
        return name if key is None else algorithms.describe(name, key)

    @property
    def objects(self) -> tuple[SignedObject, ...]:
        """What it covers, with what is known of each object's integrity."""
        return tuple(
            item._replace(intact=self.signature_intact)
            if item.by_signature and item.found and item.intact is None
            else item
            for item in self.facts.objects
        )

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided; None where it passed."""
        return _decisive(self.findings, self.sub_indication)


def _decisive(findings: Iterable[Finding], sub_indication: str | None) -> Finding | None:
    if sub_indication is None:
        return None
    return next((item for item in findings if item.level == "fail" and item.sub_indication == sub_indication), None)


class VerifiedObject:
    """One object that a passed signature covered."""

    __slots__ = ("_content", "_digest", "digest_algorithm", "name")

    def __init__(self, name: str, content: Content, digest_algorithm: str) -> None:
        self.name = name
        self.digest_algorithm = digest_algorithm
        self._content = content
        self._digest = None if getattr(content, "immutable", False) else content.digest(digest_algorithm)

    @property
    def digest(self) -> bytes:
        """Digest of the octets under ``digest_algorithm``, as they were verified."""
        return self._content.digest(self.digest_algorithm) if self._digest is None else self._digest

    @property
    def bytes(self) -> bytes:
        """The octets that were covered; of a file read again and compared, so that a change since is noticed."""
        data = self._content.bytes
        if self._digest is not None and algorithms.digest(self.digest_algorithm, data) != self._digest:
            raise MisuseError("content.changed", f"{self.name} has changed since it was verified", "verify it again")
        return data

    def open(self) -> BinaryIO:
        """A binary stream over the octets that were covered."""
        return io.BytesIO(self.bytes)

    def __repr__(self) -> str:
        return f"VerifiedObject(name={self.name!r}, {self.digest_algorithm}={self.digest.hex()})"


class Verified:
    """Proof that one signature passed for an accepted signer. Only ``Report.require`` makes it.

    Attributes:
        objects: what that one signature covered.
        signer: the signing certificate's facts.
        signed_at: the time at which the signature is proven to have existed (best-signature-time).
    """

    __slots__ = ("objects", "signed_at", "signer")

    def __init__(self, objects: tuple[VerifiedObject, ...], signer: Certificate, signed_at: datetime) -> None:
        self.objects = objects
        self.signer = signer
        self.signed_at = signed_at

    @property
    def content(self) -> bytes:
        """The octets, where exactly one object was covered; ``MisuseError`` otherwise."""
        if len(self.objects) != 1:
            raise MisuseError(
                "content.several",
                f"this signature covers {len(self.objects)} objects",
                "use .objects and choose by name",
            )
        return self.objects[0].bytes


class NotVerified(TrustError):
    """No signature passed for an accepted signer. ``report`` says why."""

    def __init__(self, report: Report, code: str, message: str, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.report = report


class Inputs(NamedTuple):
    """What a report was judged from; the same inputs give the same report.

    ``present``: of a simulation, the time up to which revocation data is known; None where it is none. ``left``: units
    of work that were left, by kind.
    """

    facts: Facts | Unread
    policy: Policy
    trust: TrustStore
    material: Material
    present: datetime | None
    left: Mapping[str, int] = MappingProxyType({})


class Report:
    """The verdict on one file. Made by ``judge`` alone; frozen by convention, shared freely.

    ``inputs``: what it was judged from.
    """

    __slots__ = (
        "file",
        "findings",
        "indication",
        "inputs",
        "kind",
        "policy_digest",
        "policy_name",
        "receipt",
        "signatures",
        "sub_indication",
        "timestamps",
        "trust_digest",
        "trust_revocation_digest",
        "trust_valid_until",
        "validated_at",
    )

    def __init__(
        self,
        *,
        kind: str | None,
        validated_at: datetime,
        policy: tuple[str, str],
        trust: tuple[str, str, datetime | None],
        indication: Indication,
        sub_indication: str | None,
        signatures: tuple[SignatureReport, ...] = (),
        timestamps: tuple[TimestampReport, ...] = (),
        findings: tuple[Finding, ...] = (),
        receipt: Any = None,
        file: str | None = None,
        inputs: Inputs | None = None,
    ) -> None:
        self.kind = kind
        self.validated_at = validated_at
        self.policy_name, self.policy_digest = policy
        self.trust_digest, self.trust_revocation_digest, self.trust_valid_until = trust
        self.indication: Indication = indication
        self.sub_indication = sub_indication
        self.signatures = signatures
        self.timestamps = timestamps
        self.findings = findings
        self.receipt = receipt
        self.file = file
        self.inputs = inputs

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Report is not a yes or no. Write\n"
            '    content = report.require(signed_by={"NTRJP-…"}).content\n'
            'or, to look at the verdict,\n    if report.indication == "TOTAL-PASSED": …'
        )

    def __repr__(self) -> str:
        return f"<Report {self.log_line()}>"

    def __str__(self) -> str:
        from toyono_trust.validation.render import text

        return text(self)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, members as promised for ``report_version`` 1."""
        from toyono_trust.validation.render import json_value

        return json_value(self)

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided the file's indication; None where it passed, or where nothing was found at all."""
        found = _decisive(self.findings, self.sub_indication)
        if found is not None or self.sub_indication is None:
            return found
        for part in self._parts():
            if part.sub_indication == self.sub_indication:
                return part.decisive
        return None

    def _parts(self) -> tuple[SignatureReport | TimestampReport, ...]:
        return (*self.signatures, *self.timestamps)

    @property
    def valid_until(self) -> datetime | None:
        """Until when the whole verdict holds without another step; None where it is not passed, or no end is known."""
        if self.indication not in ("TOTAL-PASSED", "PASSED"):
            return None
        parts = self._parts()
        return min((item.valid_until for item in parts if item.valid_until is not None), default=None)

    @property
    def simulated_from(self) -> datetime | None:
        """Of a simulation, the time up to which revocation data is known."""
        return None if self.inputs is None else self.inputs.present

    def simulate(self, at: datetime) -> Report:
        """The verdict on the same facts at a later time, if nothing more is added to the file.

        Revocation data that is fresh now is taken to say the same then; validities and algorithms end as they do.
        Raises ``MisuseError`` for a time that is naive or earlier than this report's.
        """
        from toyono_trust.validation.judge import judge_again

        if at.tzinfo is None or at < self.validated_at:
            raise MisuseError("argument.simulate", "a simulation needs a later, aware time", "use verify(at=…) instead")
        return judge_again(self, at)

    @property
    def evidence(self) -> bytes:
        """All that this verdict was made of, as an archive (zip) that gives the same verdict again.

        It holds the facts as read, certificates and revocation data, policy, trust and time; of the content only its
        digests, unless a signature value itself is over it (Ed25519, ML-DSA). ``toyono-trust judge`` reads it. It
        proves nothing by itself: whoever can alter it can alter the verdict. Raises ``MisuseError`` "replay.too-large".
        """
        from toyono_trust.validation.replay import pack

        assert self.inputs is not None
        facts, policy, trust, material, present, left = self.inputs
        return pack(facts, material, policy, trust, self.validated_at, present, self.file, left)

    @property
    def lapse(self) -> Finding | None:
        """What ends ``valid_until``: the finding that decides right after it; None where there is no end.

        Where a time stamp passes until then and no longer, it is the one about that time stamp.
        """
        until = self.valid_until
        if until is None or until >= _LAST:
            return None
        then = self.simulate(until + _INSTANT)
        before = {item.id for item in self._stamps() if item.indication == "PASSED"}
        lapsed = [item for item in then._stamps() if item.id in before and item.decisive is not None]
        newest = max(lapsed, key=lambda item: (item.token.generated_at, item.id), default=None)
        return then.decisive if newest is None else newest.decisive

    def _stamps(self) -> Iterable[TimestampReport]:
        for signature in self.signatures:
            yield from signature.timestamps
        yield from self.timestamps

    @property
    def material(self) -> tuple[Used, ...]:
        """The certificates and revocation data that this rests on, and all that was fetched for it."""
        from toyono_trust.validation.used import used

        return used(self)

    def all_findings(self) -> Iterable[Finding]:
        """Every finding: the file's, the signatures', their tokens', the tokens'."""
        yield from self.findings
        for signature in self.signatures:
            yield from _findings_of(signature)
        for token in self.timestamps:
            yield from token.findings

    def log_line(self) -> str:
        """One line that is safe to log: verdict, codes and digests, no names, no content."""
        sub = f"/{self.sub_indication}" if self.sub_indication else ""
        codes = ",".join(sorted({finding.code for finding in self.all_findings() if finding.level == "fail"}))
        ids = ",".join(signature.id for signature in self.signatures)
        return f"{self.indication}{sub} kind={self.kind or 'unknown'} signatures={ids or '-'} findings={codes or '-'}"

    def require(self, *, signed_by: AbstractSet[str | tuple[str, str]] | Literal["anyone"]) -> Verified:
        """The content covered by one TOTAL-PASSED signature of an accepted signer.

        Args:
            signed_by: identifiers (``"NTRJP-1234567890123"``, ``"sha256:<hex of the certificate>"``) or pairs
                (identifier, ``"sha256:<hex of the anchor's certificate>"``), or the word ``"anyone"``.

        Raises:
            NotVerified: with the most useful reason.
            MisuseError: an empty set, or a bare string that is not ``"anyone"``.
        """
        wanted = _wanted(signed_by)
        for finding in self.findings:
            if finding.level == "fail":
                raise self._because(self.decisive or finding)
        for signature in self.signatures:
            if signature.indication == "TOTAL-PASSED" and (wanted is None or _matches(signature, wanted)):
                assert signature.certificate is not None
                return Verified(_objects(signature), signature.certificate, signature.best_signature_time)
        raise self._refusal(wanted)

    def _refusal(self, wanted: AbstractSet[str | tuple[str, str]] | None) -> NotVerified:
        """The most useful reason: why the wanted signer's signature did not pass, else that another's did."""
        if wanted is not None:
            for signature in self.signatures:
                if signature.decisive is not None and _matches(signature, wanted):
                    return self._because(signature.decisive)
            passed = [item.certificate for item in self.signatures if item.indication == "TOTAL-PASSED"]
            found = ", ".join(item.identifier for item in passed if item is not None)
            if found:
                return NotVerified(
                    self,
                    "require.other-signer",
                    f"the signature is valid but by another signer: {found}",
                    "check signed_by",
                )
        if self.signatures and self.decisive is not None:
            return self._because(self.decisive)
        hint = "a time stamp says when something existed, not who signed it" if self.timestamps else "read the report"
        return NotVerified(self, "require.no-signature", f"there is no signature that passed ({self.log_line()})", hint)

    def _because(self, finding: Finding) -> NotVerified:
        return NotVerified(self, finding.code, finding.text, finding.remedy)


def _findings_of(signature: SignatureReport) -> Iterable[Finding]:
    yield from signature.findings
    for token in signature.timestamps:
        yield from token.findings
    for counter in signature.counter_signatures:
        yield from _findings_of(counter)


def _wanted(signed_by: object) -> AbstractSet[str | tuple[str, str]] | None:
    if isinstance(signed_by, str):
        if signed_by == "anyone":
            return None
        raise MisuseError(
            "require.bare-string", "signed_by takes a set of identifiers", f"write signed_by={{{signed_by!r}}}"
        )
    if not isinstance(signed_by, AbstractSet):
        raise MisuseError(
            "require.not-a-set", f"signed_by takes a set, not a {type(signed_by).__name__}", "write signed_by={…}"
        )
    if not signed_by:
        raise MisuseError("require.empty", "signed_by names nobody", 'name identifiers in a set, or write "anyone"')
    for item in signed_by:
        pair = isinstance(item, tuple) and len(item) == 2 and all(isinstance(part, str) for part in item)
        if not isinstance(item, str) and not pair:
            raise MisuseError("require.bad-identifier", f"{item!r} is neither a text nor a pair of texts")
    return signed_by


def _matches(signature: SignatureReport, wanted: AbstractSet[str | tuple[str, str]]) -> bool:
    if signature.certificate is None:
        return False
    identifiers = signature.certificate.identifiers
    if any(identifier in wanted for identifier in identifiers):
        return True
    if not signature.chain:
        return False
    anchor = "sha256:" + signature.chain[-1].sha256.hex()
    return any((identifier, anchor) in wanted for identifier in identifiers)


def _objects(signature: SignatureReport) -> tuple[VerifiedObject, ...]:
    objects = []
    for item in signature.facts.objects:
        if item.content is None:
            continue
        algorithm = item.digest_algorithm or "sha256"
        objects.append(VerifiedObject(item.name, item.content, algorithm))
    return tuple(objects)
