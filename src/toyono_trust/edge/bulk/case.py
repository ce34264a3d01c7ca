"""What all verdicts of a run depend on, and the worker's part: from an item to its verdict, and no further.

A case can be pickled and knows no path of this machine: trust, policy and catalogue are in it. Nothing is rendered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust import Policy, Report, TrustStore, __version__, verbs
from toyono_trust.core.content import BytesContent, Content, FileContent
from toyono_trust.core.limits import MAX_FILE
from toyono_trust.delivery.sealed import called
from toyono_trust.edge.bulk.folder import open_regular
from toyono_trust.edge.bulk.logged import Beside, Shown, bound, shown
from toyono_trust.edge.bulk.record import Item, Observed, Verdict, observed, utc
from toyono_trust.errors import TrustError
from toyono_trust.formats import pades
from toyono_trust.formats.contents import NO_CONTENTS, Contents
from toyono_trust.pki.anchors import Anchor
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.trustlogs import TrustedLog
from toyono_trust.validation.report import Finding

__all__ = ["MAX_SHIPPED", "Case", "Judged", "entry_of", "handed", "signed_of"]

MAX_HELD = 4 << 20
"""Octets up to which a PDF is read at once."""
MAX_SHIPPED = 4 << 20
"""Octets of a record that another machine is handed; larger ones are verified here."""
MAX_FINDINGS = 20
"""Findings of a record that are kept: of 100,000 records, all must fit into memory."""
MAX_TEXT = 500
MAX_NAMES = 10_000
_NOTHING = bytes(32)
Judged = tuple[str, Verdict | None]
"""The key of what was verified, and the verdict; None where the key is the one that was known."""


class Case(NamedTuple):
    """Trust, policy, time and password of a run. ``key``: digest of all that the verdicts depend on."""

    at: datetime
    policy: Policy
    anchors: tuple[Anchor, ...]
    intermediates: tuple[bytes, ...]
    revocation: tuple[bytes, ...]
    logs: tuple[TrustedLog, ...]
    password: bytes | None
    key: str

    @classmethod
    def of(cls, trust: TrustStore | None, policy: Policy | None, at: datetime, password: bytes | None) -> Case:
        """The case of what the options name; None are nobody and the shipped policy."""
        trust, policy = trust or TrustStore.empty(), policy or Policy.default()
        lines = (
            __version__, policy.digest, trust.digest, trust.revocation_digest, at.astimezone(UTC).isoformat(),
            "" if password is None else sha256(b"password\0" + password).hexdigest(),
        )  # fmt: skip
        return cls(
            at, policy, trust.anchors,
            tuple(one.der for one in trust.intermediates), tuple(one.der for one in trust.revocation), trust.logs,
            password, f"sha256:{sha256(chr(10).join(lines).encode()).hexdigest()}",
        )  # fmt: skip

    @property
    def trust(self) -> TrustStore:
        """The trust store again."""
        return TrustStore.of(self.anchors, self.intermediates, self.revocation, self.logs)

    def load(self) -> Callable[[Item], Judged]:
        """What a worker calls for each item."""
        return Bench(self).judged


class Bench:
    """A worker's: trust and policy loaded, certificate verdicts kept with them."""

    def __init__(self, case: Case) -> None:
        self.case, self.trust = case, case.trust
        self.at = utc(case.at)
        self.known: dict[bytes, tuple[str, str]] = {}

    def judged(self, item: Item) -> Judged:
        """Verify a record. Whatever happens concerns this record alone."""
        try:
            return self._judged(item)
        except OSError as error:
            return "", _unread("bulk.unreadable", error.strerror or str(error))
        except TrustError as error:  # of contents that changed meanwhile: verify() raises none for a file
            return "", _unread("bulk.unreadable", error.message)
        # Others must still be verified, and a defect must not look like a verdict.
        except Exception as error:  # noqa: BLE001
            return "", _unread("bulk.ended", f"{type(error).__name__}: {error}")

    def _judged(self, item: Item) -> Judged:
        data = signed_of(item)
        content = None if item.content is None else _content(item, item.content)
        proof = None if item.proof is None else _octets(item, item.proof)
        opening = None if item.opening is None else _octets(item, item.opening)
        key = _key(data, content, proof, opening)
        if key == item.known:
            return key, None
        report = self._report(data, NO_CONTENTS)
        if content is not None and _lacks_content(report):
            better = self._report(data, Contents({content.name: content}))
            report = report if _lacks_content(better) else better
        verdict = self._verdict(report, data)
        if content is not None and _signs_another(report, content, seals=item.seals):
            beside = observed("bulk.beside-differs", name=content.name[:MAX_TEXT])
            verdict = verdict._replace(findings=(*verdict.findings, beside))
        if proof is not None or opening is not None:
            verdict = _with_entry(
                verdict, shown(Beside(data, content, proof, opening), self.trust, self.case.policy, self.case.at)
            )
        return key, verdict

    def _report(self, data: bytes | Content, contents: Contents) -> Report:
        case = self.case
        return verbs.verify(data, contents, self.trust, case.policy, case.at, password=case.password)

    def _verdict(self, report: Report, data: bytes | Content) -> Verdict:
        """The lean verdict: what a line of the report shows."""
        form = None if isinstance(data, bytes) and _is_other_armour(data) else report.kind
        parts: list[Any] = [*report.signatures, *report.timestamps]
        signers = [self._names(item.certificate) for item in parts if item.certificate is not None]
        best = proven = None
        if report.signatures:
            first = report.signatures[0]
            best = first.best_signature_time
            if first.proof is not None and first.proof.by is not None:
                proven = first.proof.time
        elif report.timestamps:
            best = proven = report.timestamps[0].token.generated_at
        names, identifiers = signers[0] if len(signers) == 1 else _joined(signers)
        return Verdict(
            report.indication,
            report.sub_indication,
            form,
            names,
            identifiers,
            self.at if best == self.case.at else utc(best),
            utc(proven),
            None if report.receipt is None else utc(report.receipt.event_time),
            findings=_findings(report),
        )

    def _names(self, certificate: Certificate) -> tuple[str, str]:
        """What the subject is called, and its identifier; worked out once."""
        found = self.known.get(certificate.sha256)
        if found is None:
            if len(self.known) > MAX_NAMES:
                self.known.clear()
            found = self.known[certificate.sha256] = (
                called(certificate)[0][:MAX_TEXT],
                certificate.identifier[:MAX_TEXT],
            )
        return found


def _joined(signers: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Of several, each once."""
    names, identifiers = (" · ".join(dict.fromkeys(one[at] for one in signers))[:MAX_TEXT] for at in (0, 1))
    return names, identifiers


def _lacks_content(report: Report) -> bool:
    if any(not thing.found for signature in report.signatures for thing in signature.facts.objects):
        return True
    if any(not item.token.imprint_found for item in report.timestamps):
        return True
    return report.receipt is not None and any(not found for _, found, _ in report.receipt.parts)


def _signs_another(report: Report, content: Content, *, seals: bool) -> bool:
    """Whether the signatures have their content inside, and it is not the file beside that bears its name.

    ``seals``: whether they cover something else at all, or nothing.
    """
    if report.receipt is not None and not seals:
        return False
    inside = [one.content for each in report.signatures for one in each.facts.objects if one.content is not None]
    return (seals or bool(inside)) and all(one.digest("sha256") != content.digest("sha256") for one in inside)


def _is_other_armour(data: bytes) -> bool:
    """PEM, but of certificates or keys, which are of no signature format."""
    return data.startswith(b"-----BEGIN ") and not data.startswith((b"-----BEGIN PKCS7", b"-----BEGIN CMS"))


def _findings(report: Report) -> tuple[Observed, ...]:
    """The decisive finding first, then failures and warnings, each once."""
    decisive = report.decisive
    found: dict[tuple[str, str], Observed] = {}
    if decisive is not None:
        found[decisive.code, decisive.subject] = _plain(decisive)
    if report.findings or report.signatures or report.timestamps:
        for one in report.all_findings():
            if one.level in ("fail", "warn") and len(found) < MAX_FINDINGS:
                found.setdefault((one.code, one.subject), _plain(one))
    return tuple(found.values())


def _plain(finding: Finding) -> Observed:
    values = {key: _value(value) for key, value in finding.values.items()}
    return Observed(finding.code, finding.level, values, finding.subject[:MAX_TEXT], finding.sub)


def _value(value: Any) -> Any:
    """A value that JSON can hold; times as ``Finding`` shows them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if isinstance(value, int | float | bool) or value is None else str(value)[:MAX_TEXT]


def _with_entry(verdict: Verdict, entry: Shown) -> Verdict:
    return verdict._replace(
        entry=entry.entry, position=entry.position, checkpoint=entry.checkpoint,
        proven=min(filter(None, (verdict.proven, utc(entry.since))), default=None),
        findings=(*verdict.findings, *entry.findings),
    )  # fmt: skip


def _unread(code: str, reason: str) -> Verdict:
    return Verdict(None, findings=(observed(code, reason=reason[:MAX_TEXT]),))


# -- reading


def _octets(item: Item, path: str) -> bytes:
    """A file's octets; of one that is too long, one more than is allowed, so that its reader says so."""
    if item.octets is not None:
        found = item.octets.get(path, "it was not handed over")
        if isinstance(found, str):
            raise OSError(found)
        return found
    handle = open_regular(path)
    try:
        return _drained(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def _drained(handle: int, size: int) -> bytes:
    data = os.read(handle, min(size, MAX_FILE) + 1)
    if len(data) == size:
        return data
    pieces = [data]  # it is too long, or changed, or the system gives less at once
    while (total := sum(map(len, pieces))) <= MAX_FILE and (piece := os.read(handle, MAX_FILE + 1 - total)):
        pieces.append(piece)
    return b"".join(pieces)


def signed_of(item: Item) -> bytes | Content:
    """The record: its octets, or a large PDF as a content, which is read where it is."""
    if item.octets is not None:
        return _octets(item, item.path)
    handle = open_regular(item.path)
    try:
        size = os.fstat(handle).st_size
        if size > MAX_HELD:
            if pades.detect(os.read(handle, pades.HEADER)):
                return _file(item.path)
            os.lseek(handle, 0, os.SEEK_SET)
        return _drained(handle, size)
    finally:
        os.close(handle)


def _content(item: Item, path: str) -> Content:
    if item.octets is None:
        os.close(open_regular(path))
        return _file(path)
    return BytesContent(_octets(item, path), os.path.basename(path))  # noqa: PTH119


def _file(path: str) -> FileContent:
    return FileContent(Path(path))


def _key(data: bytes | Content, content: Content | None, *others: bytes | None) -> str:
    """What a verdict was made of: digests of the record and of what lies beside it."""
    parts = [sha256(data).digest() if isinstance(data, bytes) else data.digest("sha256")]
    parts.append(_NOTHING if content is None else content.digest("sha256"))
    parts += [_NOTHING if one is None else sha256(one).digest() for one in others]
    return sha256(b"".join(parts)).hexdigest()


def entry_of(item: Item) -> bytes | None:
    """The log entry that what lies beside a record shows to be its own, unverified; None where it shows none."""
    try:
        content = None if item.content is None else _content(item, item.content)
        proof = None if item.proof is None else _octets(item, item.proof)
        opening = None if item.opening is None else _octets(item, item.opening)
        return bound(Beside(signed_of(item), content, proof, opening))
    except (OSError, TrustError):
        return None


def handed(item: Item) -> Item:
    """The item with the octets of its files, for a worker that cannot read them."""
    octets: dict[str, bytes | str] = {}
    for path in (item.path, item.content, item.proof, item.opening):
        if path is not None:
            try:
                octets[path] = _octets(item, path)
            except OSError as error:
                octets[path] = error.strerror or str(error)
    return item._replace(octets=octets)
