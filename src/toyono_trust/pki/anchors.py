"""``TrustStore``: what the caller trusts, as an immutable snapshot.

Anchors (RFC 5280 6.1.1 d) with purposes and time spans, intermediates that help to build paths, and beside them CRLs
and OCSP responses. A certificate is an anchor because it is named as one, never because it lies there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.trustfiles import Item, is_packed, read_folder, read_items, read_packed, write_packed
from toyono_trust.pki.trustlogs import FOLDER, TrustedLog, checked, looks_like_logs, read_logs
from toyono_trust.pki.trusttoml import Named, TrustToml, read_trust_toml, write_trust_toml

__all__ = ["MAX_PASSED", "Anchor", "Lapse", "Passed", "TrustStore", "pack"]

Revocation = Crl | OcspResponse
MAX_PASSED = 4_096
"""Passed verdicts kept; one is a few hundred octets, and a gateway meets some hundred signers."""


class Anchor(NamedTuple):
    """A trusted certificate, an anchor in [``not_before``, ``not_after``); ``not_after`` is its sunset date."""

    certificate: Certificate
    purposes: frozenset[str] = frozenset({"any"})
    not_before: datetime | None = None
    not_after: datetime | None = None

    def serves(self, purpose: str) -> bool:
        """True where the anchor is named for ``purpose`` ("signature", "seal", "timestamp", "website") or for any."""
        return "any" in self.purposes or purpose in self.purposes

    def holds_at(self, at: datetime) -> bool:
        """True where ``at`` (aware) lies in the anchor's time span."""
        return (self.not_before is None or self.not_before <= at) and (self.not_after is None or at < self.not_after)


class Lapse(NamedTuple):
    """Something that lapses: what it is, in words, and when (aware, UTC)."""

    what: str
    when: datetime


class Passed(dict[Any, Any]):
    """A mapping of at most ``MAX_PASSED`` entries; the oldest goes first. Single operations are atomic."""

    def __setitem__(self, key: Any, value: Any) -> None:
        while len(self) >= MAX_PASSED:
            try:
                self.pop(next(iter(self)), None)
            except (StopIteration, RuntimeError):  # another thread changed it meanwhile
                break
        super().__setitem__(key, value)


class TrustStore:
    """Immutable snapshot of trust; make it with ``load``, ``from_certificates`` or ``empty``.

    Attributes:
        anchors: in no particular order; ``anchor_certificates`` are their certificates.
        intermediates: certificates that paths may lead through; they are trusted with nothing.
        revocation: CRLs and OCSP responses.
        logs: evidence logs that are trusted by their key, with the witnesses that must have seen what they sign.
        digest: "sha256:…" over anchors (with purposes and spans), intermediates and logs, whatever their order or
            files.
        revocation_digest: the same over ``revocation``.
        valid_until: the earliest nextUpdate among ``revocation``, superseded items left out; None where there is none.
        notes: files and certificates that were found and not loaded: (finding code, source, values).
        fetch: addresses of CRLs that ``trust.toml`` names.
        passed: passed certificate verdicts, kept by the judge; lost with the snapshot.
    """

    __slots__ = (
        "_by_digest",
        "_by_key_identifier",
        "_by_subject",
        "anchor_certificates",
        "anchors",
        "digest",
        "fetch",
        "intermediates",
        "logs",
        "notes",
        "passed",
        "revocation",
        "revocation_digest",
        "valid_until",
    )
    anchors: tuple[Anchor, ...]
    anchor_certificates: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]
    revocation: tuple[Revocation, ...]
    logs: tuple[TrustedLog, ...]
    digest: str
    revocation_digest: str
    valid_until: datetime | None
    fetch: tuple[str, ...]
    passed: Passed
    notes: tuple[tuple[str, str, Mapping[str, Any]], ...]

    def __init__(self, contents: _Contents) -> None:
        """Internal: freeze collected contents."""
        freeze = object.__setattr__
        anchors = {anchor.certificate.der: anchor for anchor in contents.anchors.values()}
        intermediates = {der: each for der, each in contents.intermediates.items() if der not in anchors}
        freeze(self, "anchors", tuple(anchors.values()))
        freeze(self, "anchor_certificates", tuple(anchor.certificate for anchor in anchors.values()))
        freeze(self, "intermediates", tuple(intermediates.values()))
        freeze(self, "revocation", tuple(contents.revocation.values()))
        freeze(self, "logs", tuple(contents.logs.values()))
        freeze(self, "fetch", tuple(contents.fetch))
        freeze(self, "notes", tuple(contents.notes))
        freeze(self, "passed", Passed())
        lines = [_line(anchor) for anchor in self.anchors]
        lines += [f"intermediate {each.sha256.hex()}" for each in self.intermediates]
        lines += [f"log {each.line}" for each in self.logs]
        freeze(self, "digest", _digest(lines))
        freeze(self, "revocation_digest", _digest(item.digest for item in self.revocation))
        ends = [item.next_update for item in _current(self.revocation) if item.next_update is not None]
        freeze(self, "valid_until", min(ends, default=None))
        everything = (*self.anchor_certificates, *self.intermediates)
        freeze(self, "_by_digest", {each.sha256: each for each in everything})
        freeze(self, "_by_subject", _index((each.subject_der, each) for each in everything))
        freeze(self, "_by_key_identifier", _index((each.subject_key_identifier, each) for each in everything))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a TrustStore does not change; load another")

    def __repr__(self) -> str:
        return f"<TrustStore {self.digest[:23]}… of {len(self.anchors)} anchors>"

    def __bool__(self) -> bool:
        return bool(self.anchors)

    @classmethod
    def load(cls, *paths: str | Path) -> TrustStore:
        """Read trust from every path and join it.

        A folder holds ``anchors/``, ``intermediates/`` and ``revocation/`` with PEM or DER files and bundles, and
        ``logs/`` with keys of evidence logs (``pki.trustlogs``); a ``trust.toml`` in it names the anchors instead of
        ``anchors/``. A file is a PEM or DER certificate or a bundle, whose certificates are anchors because the caller
        names the file, a file as in ``logs/``, or what ``pack`` wrote.

        Raises ``MisuseError``: "trust.empty" (no path, or neither anchor nor log in it), "trust.unreadable",
        "trust.private-key", "trust.unknown-key", "trust.bad-value", "trust.outside", "trust.conflict", "trust.log",
        "trust.too-large"; ``OSError`` where a path cannot be read.
        """
        contents = _Contents()
        for path in map(Path, paths):
            before = len(contents.anchors), contents.repeated, len(contents.logs)
            if path.is_dir():
                contents.add_folder(read_folder(path), path.name or str(path), path)
            else:
                contents.add_file(path.read_bytes(), path.name)
            if (len(contents.anchors), contents.repeated, len(contents.logs)) == before:
                raise _empty(str(path))
        if not paths:
            raise _empty("the list of paths")
        return cls(contents)

    @classmethod
    def from_certificates(
        cls, anchors: Iterable[bytes], intermediates: Iterable[bytes] = (), revocation: Iterable[bytes] = ()
    ) -> TrustStore:
        """A store of DER certificates, each anchor for any purpose, and DER CRLs and OCSP responses.

        Raises ``MisuseError`` "trust.empty" without an anchor, ``MalformedError`` where something cannot be read.
        """
        contents = _Contents()
        for der in anchors:
            contents.add_anchor(Certificate.load(der), Named(""))
        if not contents.anchors:
            raise _empty("the list of anchors")
        for der in intermediates:
            contents.intermediates[der] = Certificate.load(der)
        for der in revocation:
            contents.add_revocation(der)
        return cls(contents)

    @classmethod
    def of(
        cls,
        anchors: Iterable[Anchor],
        intermediates: Iterable[bytes],
        revocation: Iterable[bytes],
        logs: Iterable[TrustedLog] = (),
    ) -> TrustStore:
        """A store of another one's parts: anchors with purposes and spans, DER certificates, DER CRLs and responses.

        ``logs``: as ``pki.trustlogs.read_logs`` gives them. The same parts give the same digests; without anchors it is
        as ``empty``. Raises ``MalformedError`` where something cannot be read, ``MisuseError`` "trust.log".
        """
        contents = _Contents()
        contents.anchors.update((anchor.certificate.der, anchor) for anchor in anchors)
        contents.intermediates.update((der, Certificate.load(der)) for der in intermediates)
        for der in revocation:
            contents.add_revocation(der)
        for log in logs:
            contents.add_log(checked(log))
        return cls(contents)

    def with_logs(self, *logs: str | TrustedLog) -> TrustStore:
        """The same store with evidence logs that are trusted by their key: verifier key texts, or with witnesses.

        Raises ``MisuseError``: "trust.log", "trust.conflict".
        """
        contents = _Contents()
        contents.anchors.update((anchor.certificate.der, anchor) for anchor in self.anchors)
        contents.intermediates.update((each.der, each) for each in self.intermediates)
        contents.revocation.update((item.digest, item) for item in self.revocation)
        contents.notes.extend(self.notes)
        contents.fetch.update(dict.fromkeys(self.fetch))
        given = [read_logs(each.encode(), "the key") if isinstance(each, str) else (checked(each),) for each in logs]
        for log in (*self.logs, *(one for several in given for one in several)):
            contents.add_log(log)
        return type(self)(contents)

    def log(self, key: str) -> TrustedLog | None:
        """The log with this verifier key; None where it is not trusted by itself."""
        return next((each for each in self.logs if each.key == key), None)

    @classmethod
    def empty(cls) -> TrustStore:
        """A store without anchors, said so explicitly: every verdict will be INDETERMINATE at best."""
        return cls(_Contents())

    def find_certificate(self, sha256: bytes) -> Certificate | None:
        """The anchor or intermediate with this SHA-256 over its DER."""
        return self._by_digest.get(sha256)  # type: ignore[attr-defined, no-any-return]

    def anchor(self, certificate: Certificate) -> Anchor | None:
        """The anchor made of exactly this certificate."""
        return next((each for each in self.anchors if each.certificate.der == certificate.der), None)

    def issuers(self, subject: bytes) -> tuple[Certificate, ...]:
        """Anchors and intermediates whose subject consists of exactly these DER octets."""
        return self._by_subject.get(subject, ())  # type: ignore[attr-defined, no-any-return]

    def by_key_identifier(self, identifier: bytes) -> tuple[Certificate, ...]:
        """Anchors and intermediates with this subject key identifier."""
        return self._by_key_identifier.get(identifier, ())  # type: ignore[attr-defined, no-any-return]

    def lapses(self) -> list[Lapse]:
        """What lapses when, soonest first: certificates, sunset dates, CRLs and OCSP responses."""
        found = [Lapse(f"anchor {each.certificate.subject}", each.certificate.not_after) for each in self.anchors]
        found += [
            Lapse(f"sunset of {each.certificate.subject}", each.not_after) for each in self.anchors if each.not_after
        ]
        found += [Lapse(f"intermediate {each.subject}", each.not_after) for each in self.intermediates]
        found += [Lapse(item.describe(), item.next_update) for item in _current(self.revocation) if item.next_update]
        return sorted(found, key=lambda lapse: (lapse.when, lapse.what))

    def current_revocation(self) -> tuple[Revocation, ...]:
        """The revocation items that no later one of the same kind, issuer and scope supersedes."""
        return tuple(_current(self.revocation))


def pack(folder: str | Path) -> bytes:
    """One deterministic file out of a trust folder, which ``TrustStore.load`` reads to the same digests.

    Only what is loaded goes in. Raises what ``TrustStore.load`` raises.
    """
    store = TrustStore.load(folder)
    files: dict[str, bytes] = {}
    named = []
    for anchor in store.anchors:
        name = f"anchors/{anchor.certificate.sha256.hex()}.cer"
        files[name] = anchor.certificate.der
        named.append(Named(name, anchor.purposes, anchor.not_before, anchor.not_after))
    files["trust.toml"] = write_trust_toml(TrustToml(tuple(sorted(named, key=lambda each: each.file)), store.fetch))
    for certificate in store.intermediates:
        files[f"intermediates/{certificate.sha256.hex()}.cer"] = certificate.der
    for number, log in enumerate(sorted(store.logs)):
        files[f"{FOLDER}{number}.txt"] = log.policy.encode()
    for item in store.revocation:
        files[f"revocation/{item.digest.removeprefix('sha256:')}.{item.kind}"] = item.der
    return write_packed(files)


class _Contents:
    """What has been collected so far, by DER."""

    def __init__(self) -> None:
        self.anchors: dict[bytes, Anchor] = {}
        self.intermediates: dict[bytes, Certificate] = {}
        self.revocation: dict[str, Revocation] = {}
        self.notes: list[tuple[str, str, Mapping[str, Any]]] = []
        self.fetch: dict[str, None] = {}
        self.logs: dict[str, TrustedLog] = {}
        self.repeated = 0

    def add_file(self, data: bytes, source: str) -> None:
        if is_packed(data):
            self.add_folder(read_packed(data, source), source, None)
            return
        if looks_like_logs(data):
            self._add_logs(data, source)
            return
        for item in read_items(data, source):
            if item.kind == "certificate":
                self.add_anchor(_certificate(item), Named(source))
            else:
                self.add_revocation(item.der, source)

    def add_folder(self, files: Mapping[str, bytes], source: str, root: Path | None) -> None:
        names = dict.fromkeys(name for name in files if name.startswith("anchors/"))
        anchors = {name: Named(name) for name in names}
        if "trust.toml" in files:
            told = read_trust_toml(files["trust.toml"], f"{source}/trust.toml")
            self.fetch.update(dict.fromkeys(told.fetch))
            if told.anchors:
                anchors = {named.file: named for named in told.anchors}
                _inside(anchors, files, source, root)
        for name, data in files.items():
            if name == "trust.toml":
                continue
            if name.startswith(FOLDER):
                self._add_logs(data, f"{source}/{name}")
                continue
            items = read_items(data, f"{source}/{name}")
            if not items:
                self.notes.append(("trust.ignored-file", f"{source}/{name}", {}))
            for item in items:
                self._sort(item, name, anchors.get(name))

    def _sort(self, item: Item, name: str, named: Named | None) -> None:
        if named is not None and item.kind == "certificate":
            self.add_anchor(_certificate(item), named)
        elif item.kind == "certificate" and name.startswith("intermediates/"):
            self.intermediates[item.der] = _certificate(item)
        elif item.kind != "certificate" and (named is not None or name.startswith("revocation/")):
            self.add_revocation(item.der, item.source)
        else:
            self.notes.append(("trust.not-loaded", item.source, {"kind": item.kind}))

    def add_anchor(self, certificate: Certificate, named: Named) -> None:
        anchor = Anchor(certificate, named.purposes, named.not_before, named.not_after)
        known = self.anchors.get(certificate.der)
        if known is not None:
            self.repeated += 1
            if (known.not_before, known.not_after) != (anchor.not_before, anchor.not_after):
                raise MisuseError(
                    "trust.conflict",
                    f"{certificate.subject} is named as an anchor twice, with different time spans",
                    "name it once",
                )
            anchor = anchor._replace(purposes=known.purposes | anchor.purposes)
        self.anchors[certificate.der] = anchor

    def _add_logs(self, data: bytes, source: str) -> None:
        for log in read_logs(data, source):
            self.repeated += log.key in self.logs
            self.add_log(log)

    def add_log(self, log: TrustedLog) -> None:
        known = self.logs.setdefault(log.key, log)
        if known.line != log.line:
            raise MisuseError(
                "trust.conflict",
                f"the log {log.key} is named twice, with different witnesses",
                "name it once",
            )

    def add_revocation(self, der: bytes, source: str = "") -> None:
        try:
            item = OcspResponse.load(der) if der_is_ocsp(der) else Crl.load(der)
        except MalformedError as error:
            if not source:
                raise
            raise MisuseError(
                "trust.unreadable", f"{source} cannot be read: {error.message}", "fetch it again"
            ) from error
        self.revocation[item.digest] = item


def der_is_ocsp(der: bytes) -> bool:
    """True where DER octets can only be an OCSP response: it begins with an ENUMERATED, a CRL with a SEQUENCE."""
    at = 2 + (der[1] & 0x7F if len(der) > 1 and der[1] & 0x80 else 0)
    return der[at : at + 1] == b"\x0a"


def _inside(anchors: Mapping[str, Named], files: Mapping[str, bytes], source: str, root: Path | None) -> None:
    for name in anchors:
        # a link may lie inside the folder and lead out of it
        out = root is not None and not (root / name).resolve().is_relative_to(root.resolve())
        if name not in files or out:
            raise MisuseError(
                "trust.outside",
                f"{source}/trust.toml names {name!r}, which is not a file of this folder",
                "name files inside the folder, relative to it",
            )


def _certificate(item: Item) -> Certificate:
    try:
        return Certificate.load(item.der)
    except MalformedError as error:
        raise MisuseError(
            "trust.unreadable", f"{item.source} cannot be read: {error.message}", "replace the file"
        ) from error


def _current(items: Iterable[Revocation]) -> list[Revocation]:
    latest: dict[object, Revocation] = {}
    for item in items:
        known = latest.get(item.scope)
        if known is None or known.this_update < item.this_update:
            latest[item.scope] = item
    return list(latest.values())


def _line(anchor: Anchor) -> str:
    span = [_instant(anchor.not_before), _instant(anchor.not_after)]
    return " ".join(["anchor", anchor.certificate.sha256.hex(), ",".join(sorted(anchor.purposes)), *span])


def _instant(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).isoformat()


def _digest(lines: Iterable[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _index(pairs: Iterable[tuple[bytes | None, Certificate]]) -> dict[bytes, tuple[Certificate, ...]]:
    found: dict[bytes, tuple[Certificate, ...]] = {}
    for key, certificate in pairs:
        if key is not None:
            found[key] = (*found.get(key, ()), certificate)
    return found


def _empty(what: str) -> MisuseError:
    return MisuseError(
        "trust.empty",
        f"{what} names no trust anchor",
        "put anchors into anchors/, name them in trust.toml, or use TrustStore.empty()",
    )
