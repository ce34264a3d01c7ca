"""Augmentation: from any level to B-T, B-LT, B-LTA, and the renewal of an archive (EN 319 102-1 4.3; ades.md 1 to 4).

Stamp first, then fetch revocation data, so that the data is newer than the signature time stamp. What comes out is read
back and judged whole; where it does not pass, ``NotVerified`` is raised and nothing is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from toyono_trust.core.content import Content
from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Appended, ArchiveDraft, DoesNotFit, ValidationData
from toyono_trust.formats.model import Facts, FormatName, Level, Signature
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing.ladder import format_module
from toyono_trust.signing.stamps import Stamping, gathered_judgement, not_trusted, stamped, token_rooms
from toyono_trust.steps import Steps
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import (
    EvidenceRecordReport,
    NotVerified,
    Report,
    SignatureReport,
    signature_id,
)
from toyono_trust.validation.used import validation_data

__all__ = ["Augmented", "Rise", "augment", "not_verified"]

Source = bytes | Content | Appended
_ORDER: dict[str | None, int] = {None: -1, "B-B": 0, "B-T": 1, "B-LT": 2, "B-LTA": 3}


class Rise(NamedTuple):
    """What an augmentation works with.

    ``stamping``: its ``trust`` is left out above B-T, because the whole is judged at the end. ``contents``: what a
    detached signature covers. ``selected``: ids of signatures (``"signature-3f…"``), None for all. ``newest``: the one
    made last, in a file that others may have signed before, or those selected, whatever their level is.
    """

    format: FormatName
    level: Level
    stamping: Stamping
    policy: Policy
    trust: TrustStore | None
    contents: Contents
    selected: frozenset[str] | None = None
    password: bytes | str | None = None
    newest: bool = False


class Augmented(NamedTuple):
    """The augmented file, and the report on it; None where nobody is trusted, at B-T alone."""

    signed: bytes | Appended
    report: Report | None


def augment(source: Source, rise: Rise) -> Steps[Augmented]:
    """Climb to ``rise.level``; a signature that is there already is left alone, an archive at B-LTA is renewed.

    Raises ``MisuseError`` ("augment.…") where there is nothing to do, ``MalformedError``, ``UnavailableError`` of the
    authorities, ``NotVerified`` where a signature does not pass, before or after.
    """
    climb = _Climb(source, rise)
    return (yield from climb.run())


class _Climb:
    """One augmentation, rung by rung. ``source``: the file as it is by now; ``before``: the tokens that it had."""

    def __init__(self, source: Source, rise: Rise) -> None:
        self.source: Any = source
        self.rise = rise
        self.module: ModuleType = format_module(rise.format)
        self.before: frozenset[bytes] = frozenset()

    def run(self) -> Steps[Augmented]:
        rise = self.rise
        facts = self._read()
        self.before = frozenset(token.data for signature in facts.signatures for token in signature.timestamps)
        chosen = self._chosen(facts)
        for index in self._each(chosen):
            if not _stamped(facts.signatures[index]):
                yield from self._stamp(index)
        if rise.level == "B-T":
            return Augmented(self.source, (yield from self._judged(chosen)))
        yield from self._add_data(chosen)
        if rise.level == "B-LTA":
            for index in self._each(chosen):
                yield from self._archive(index)
        return Augmented(self.source, (yield from self._judged(chosen)))

    def _read(self) -> Facts:
        """The facts of the file as it is by now."""
        return registry.read(self.source, self.rise.contents, Work(), self.rise.password)

    def _chosen(self, facts: Facts) -> tuple[int, ...]:
        """Indexes of the signatures that are below the level asked for."""
        wanted, level = self.rise.selected, self.rise.level
        names = [signature_id(signature) for signature in facts.signatures]
        if self.rise.newest and wanted is not None:
            return tuple([index for index, name in enumerate(names) if name in wanted])
        unknown = sorted((wanted or frozenset()).difference(names))
        if unknown:
            raise MisuseError("augment.no-such-signature", f"there is no signature {unknown[0]}", _known(names))
        if not names:
            raise MisuseError("augment.no-signature", "there is no signature to augment", "sign the content first")
        asked = [index for index, name in enumerate(names) if wanted is None or name in wanted]
        asked = asked[-1:] if self.rise.newest else asked
        below = [index for index in asked if _ORDER[facts.signatures[index].level] < _ORDER[level]]
        chosen = asked if level == "B-LTA" else below
        foreign = [index for index in chosen if facts.signatures[index].level is None]
        if foreign:
            raise MisuseError(
                "augment.not-baseline",
                f"{names[foreign[0]]} is no baseline signature ({facts.signatures[foreign[0]].format})",
                "choose the others with signatures={…}",
            )
        if not chosen:
            raise MisuseError("augment.nothing-to-do", f"it has the level {level} already", "ask for B-LTA to renew it")
        return tuple(chosen)

    def _each(self, chosen: Sequence[int]) -> Sequence[int]:
        """In a PDF stamps and validation data concern the document, not one signature of it."""
        return chosen[-1:] if self.rise.format == "pades" else chosen

    def _stamp(self, index: int) -> Steps[None]:
        """B-T: a signature time stamp; for a PDF a document time stamp, because its CMS cannot grow."""
        if self.rise.format == "pades":
            yield from self._archive(index)
            return
        stamping = self.rise.stamping
        token = yield from stamped(self.module.imprint(self.source, stamping.digest, index), stamping, self.rise.policy)
        self.source = self.module.attach(self.source, token, index)

    def _add_data(self, chosen: Sequence[int]) -> Steps[None]:
        """B-LT: everything that the signatures and their time stamps are validated with."""
        assert self.rise.trust is not None
        facts = self._read()
        report = yield from gathered_judgement(facts, self.rise.policy, self.rise.trust, anew=True)
        self._demand(report, chosen)
        if self.rise.format == "pades":  # one store for the document: whoever else signed it and passes is kept too
            passed = [item for item in report.signatures if item.indication == "TOTAL-PASSED"]
            data = [validation_data(report, item) for item in passed]
            self.source = self.module.add_validation_data(self.source, _joined(data), **self._opening())
            return
        data = [validation_data(report, report.signatures[index]) for index in chosen]
        for index, each in zip(chosen, data, strict=True):
            self.source = self.module.add_validation_data(self.source, each, index)

    def _archive(self, index: int) -> Steps[None]:
        """B-LTA: an archive time stamp over all that is there by now."""
        stamping, urls = self.rise.stamping, self.rise.stamping.urls
        for _ in range(2):
            draft = self._draft(index, token_rooms.room(urls))
            token = yield from stamped(draft.imprint, stamping, self.rise.policy)
            token_rooms.remember(urls, len(token))
            try:
                self.source = self.module.attach_archive(draft, token)
            except DoesNotFit:
                continue
            return
        raise UnavailableError("tsa.token-size", "the second time stamp is much larger than the first", retryable=True)

    def _draft(self, index: int, room: int) -> ArchiveDraft:
        digest = self.rise.stamping.digest
        prepare: Callable[..., ArchiveDraft] = self.module.prepare_archive
        if self.rise.format == "pades":
            return prepare(self.source, self.rise.contents, digest, room=room, **self._opening())
        return prepare(self.source, self.rise.contents, digest, index)

    def _opening(self) -> dict[str, Any]:
        return {} if self.rise.password is None else {"password": self.rise.password}

    def _judged(self, chosen: Sequence[int]) -> Steps[Report | None]:
        """The report on the result; raises ``NotVerified`` unless what was augmented passes, new stamps included."""
        if self.rise.trust is None:
            return None
        report = yield from gathered_judgement(self._read(), self.rise.policy, self.rise.trust)
        self._demand(report, chosen)
        for item in (item for signature in report.signatures for item in signature.timestamps):
            if item.token.data not in self.before and item.indication != "PASSED":
                raise not_trusted(report)
        return report

    def _demand(self, report: Report, chosen: Sequence[int]) -> None:
        for index in chosen:
            signature = report.signatures[index]
            if signature.indication != "TOTAL-PASSED":
                raise not_verified(report, signature)


def not_verified(report: Report, signature: SignatureReport | EvidenceRecordReport) -> NotVerified:
    """The error about a signature or an evidence record that has to pass and does not."""
    found = signature.decisive or report.decisive
    text = found.text if found is not None else str(signature.sub_indication)
    return NotVerified(
        report,
        "augment.not-verified",
        f"{signature.id} does not pass: {text}",
        found.remedy if found is not None else "read the report",
    )


def _known(names: list[str]) -> str:
    return f"there are {', '.join(names)}" if names else "there is none"


def _stamped(signature: Signature) -> bool:
    return signature.level != "B-B"


def _joined(data: Sequence[ValidationData]) -> ValidationData:
    """All of several, each once."""
    certificates, crls, responses = (
        tuple(dict.fromkeys(der for each in data for der in each[column])) for column in range(3)
    )
    return ValidationData(certificates, crls, responses)
