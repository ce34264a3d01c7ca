"""Signed files raised and renewed, one after the other: what became of each, and nothing half done."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    FAILED,
    INTERNAL,
    PASSED,
    UNDECIDED,
    USAGE,
    Complaint,
    SystemZone,
    code_of,
    complain,
    describe,
    json_line,
    mute,
    say,
    unreadable,
    worst,
)
from toyono_trust.edge.deadline import deadline
from toyono_trust.edge.judging import ATTACHED, ENDINGS, PROOF, content_for, exit_code
from toyono_trust.edge.progress import progress
from toyono_trust.edge.replacing import replacement
from toyono_trust.edge.words import HINTS, LABELS, said
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust import Http, Report
    from toyono_trust.formats.model import Signed, SignedFile
    from toyono_trust.validation.report import Finding, TimestampReport

__all__ = ["Fate", "Search", "Told", "check_replaceable", "found", "raised", "renew"]

SIGNED = tuple(dict.fromkeys((*ENDINGS, *ATTACHED, PROOF, ".pdf")))
"""Endings of the files that are looked at in folders."""

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
"""Lowest first."""

Outcome = Literal["augmented", "unchanged", "renewed", "due", "kept", "later", "unsigned", "failed"]


class Fate(NamedTuple):
    """What became of one file.

    ``outcome``: "augmented" and "unchanged" (it has the level already) of ``augment`` itself; with ``--due`` "due",
    "renewed", "kept" (no renewal would last longer), "later" (not due yet), "unsigned"; "failed". ``report``: on the
    file as it lies there now, or on its ``product``. ``error``: code, text and remedy. ``line``: what people read.
    """

    file: str
    outcome: Outcome
    code: int = PASSED
    report: Report | None = None
    product: str | None = None
    error: tuple[str, str, str] | None = None
    line: str = ""
    level: str | None = None

    def value(self) -> dict[str, Any]:
        """For programs; texts in English."""
        from toyono_trust.validation.render import utc

        report, error = self.report, self.error
        lapse = None if report is None else report.lapse
        end = None if report is None else deadline(report)
        return {
            "file": self.file,
            "outcome": self.outcome,
            "product": self.product,
            "level": self.level or _level(report),
            "indication": None if report is None else report.indication,
            "sub_indication": None if report is None else report.sub_indication,
            "valid_until": None if report is None else utc(report.valid_until),
            "lapse": None if lapse is None else {"code": lapse.code, "subject": lapse.subject, "text": lapse.text},
            "renew_by": None if end is None else utc(end.until),
            "renew_for": None if end is None or end.until is None else "verdict" if end.stamp is None else end.stamp.id,
            "error": None if error is None else dict(zip(("code", "text", "remedy"), error, strict=True)),
            "warnings": [
                {"code": one.code, "subject": one.subject, "text": one.text, "remedy": one.remedy}
                for one in _not_gathered(report)
            ],
        }

    def warned(self, language: Language) -> list[str]:
        """Lines for people: what could not be fetched, and that the newest time stamp is undecided for want of it."""
        from toyono_trust.validation.lines import explained, stamp_named

        found, zone = _not_gathered(self.report), SystemZone()
        if self.report is None or not found:
            return []
        label = LABELS["warning"][language == "ja"]
        each = ("{file}: {label}: {text} [{code}]",) * 2
        lines = [
            said(each, language, file=self.file, label=label, text=explained(one, language, zone), code=one.code)
            for one in found
        ]
        if any(one.values.get("reason") == "net.address-refused" for one in found):
            lines.append(said(HINTS["net.address-refused"], language))
        newest = _newest_undecided(self.report, {one.subject for one in found})
        if newest is not None:
            reason = "-" if newest.decisive is None else explained(newest.decisive, language, zone)
            stamp = stamp_named(newest, language)
            lines.append(said(LABELS["undecided-stamp"], language, file=self.file, stamp=stamp, reason=reason))
        return lines


def _not_gathered(report: Report | None) -> list[Finding]:
    """What could not be fetched or used of what was fetched, each once."""
    found = () if report is None else report.all_findings()
    warnings = [finding for finding in found if finding.level == "warn" and finding.code.startswith("gather.")]
    return list({(one.code, one.text, one.subject): one for one in warnings}.values())


def _newest_undecided(report: Report, subjects: Collection[str]) -> TimestampReport | None:
    """The newest time stamp, where it is undecided and rests on certificates of these subjects; None otherwise."""
    from toyono_trust.validation.proofs import stamps

    newest = max(
        enumerate(stamps(report).values()), key=lambda each: (each[1].token.generated_at, each[0]), default=None
    )
    if newest is None or newest[1].indication != "INDETERMINATE":
        return None
    item = newest[1]
    rests = {certificate.subject for certificate in (item.certificate, *item.chain) if certificate is not None}
    return item if rests & set(subjects) else None


def _level(report: Report | None) -> str | None:
    """The lowest level among the file's signatures; None where one has none."""
    levels = set() if report is None else {signature.level for signature in report.signatures}
    return None if None in levels else next((level for level in LEVELS if level in levels), None)


class Told(NamedTuple):
    """How the fates of files are told: in which language, and whether to programs."""

    language: Language
    json: bool = False

    def tell(self, fate: Fate, *, known: Collection[str] = ()) -> int:
        """One object or line on standard output; errors and warnings on standard error as well.

        ``known``: warnings said already. Returns the fate's exit code, 70 where nobody reads standard output any more:
        files are worked on all the same.
        """
        code = fate.code
        try:
            if self.json:
                print(json_line(fate.value()), flush=True)
            elif fate.line and fate.error is None:
                print(fate.line, flush=True)
        except BrokenPipeError:
            mute()
            say("no-reader", self.language)
            code = INTERNAL
        if fate.error is not None:
            complain(fate.line)
        for line in fate.warned(self.language):
            if line not in known:
                complain(line)
        return code

    def attempt(self, name: str, work: Callable[[], Fate]) -> Fate:
        """The fate of one file, whatever happens to it: the others have theirs."""
        from toyono_trust import NotVerified

        try:
            return work()
        except NotVerified as error:
            undecided = error.code == "augment.not-verified" and error.report.indication == "INDETERMINATE"
            return self._failed(name, UNDECIDED if undecided else FAILED, error)._replace(report=error.report)
        except TrustError as error:
            return self._failed(name, code_of(error), error)
        except Complaint as complaint:
            return self.complained(name, complaint)
        except OSError as error:
            return self.complained(name, unreadable(error, str(error.filename or name)))

    def _failed(self, name: str, code: int, error: TrustError) -> Fate:
        line = said(("{file}: ", "{file}: "), self.language, file=name) + describe(error, self.language)
        return Fate(name, "failed", code, error=(error.code, error.message, error.hint), line=line)

    def complained(self, name: str, complaint: Complaint) -> Fate:
        """The fate of a file that is not at fault itself."""
        message, hint = complaint.texts(self.language)
        labels = {key: LABELS[key][self.language == "ja"] for key in ("error", "hint")}
        line = f"{labels['error']}: {message}\n{labels['hint']}: {hint}"
        texts = complaint.texts("en")
        return Fate(name, "failed", complaint.code, error=(f"file.{complaint.key}", *texts), line=line)


# -- files


def found(names: Sequence[str]) -> tuple[list[Path], list[OSError]]:
    """The files named, and in folders all with an ending of signed files, each once, folder by folder.

    Links in folders are not followed; what is named is, whatever it is. Folders that cannot be read come back as
    errors: what nobody looks at lapses.
    """
    seen: set[Path] = set()
    paths: list[Path] = []
    errors: list[OSError] = []
    for name in names:
        path = Path(name)
        for each in _walked(path, errors) if path.is_dir() else (path,):
            real = each.resolve()
            if real not in seen:
                seen.add(real)
                paths.append(each)
    return paths, errors


def _walked(folder: Path, errors: list[OSError]) -> Iterator[Path]:
    for where, folders, files in os.walk(folder, onerror=errors.append):
        folders.sort()
        for name in sorted(files):
            path = Path(where, name)
            if name.lower().endswith(SIGNED) and not path.is_symlink():
                yield path


def check_replaceable(path: Path, *, code: int, force: bool = False) -> None:
    """Refuse, before any work, a file that says that it is not to be written, and a folder that nothing fits into."""
    if not path.stat().st_mode & 0o222 and not force:
        raise Complaint(code, "read-only", file=path)
    if not os.access(path.resolve().parent, os.W_OK):
        raise Complaint(code, "closed", file=path, reason=os.strerror(errno.EACCES))


def raised(
    path: Path,
    target: Path | None,
    http: Http,
    content: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    accept: Callable[[Report], bool] = lambda report: True,
) -> Signed | SignedFile:
    """Augment a file, to ``target`` or in its own place, there only where its report is accepted.

    What is named by a link is replaced where it lies. ``options``: what ``toyono_trust.augment`` takes. Raises
    ``Complaint`` "changed" where somebody else has written the file meanwhile.
    """
    if target is not None:
        return _made(path, target, target, http, content, options)
    with replacement(path) as place:
        made = _made(place.real, place.product, place.real, http, content, options)
        if made.report is None or accept(made.report):
            place.commit()
    return made


def _made(
    path: Path, out: Path, target: Path, http: Http, content: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Signed | SignedFile:
    """Augment a file to ``out``, which becomes ``target``."""
    from toyono_trust import augment

    try:
        return augment(path, http=http, out=out, content=content, **options)
    except OSError as error:
        if error.filename is not None and not Path(error.filename).name.startswith(f".{out.name}."):
            raise  # what could not be read has its own name
        raise Complaint(INTERNAL, "unwritable", file=target, reason=error.strerror or str(error)) from error


# -- what is about to lapse


class Search(NamedTuple):
    """What ``--due`` goes by. ``before``: what lapses earlier is due. ``options``: what ``augment`` takes.

    ``force``: renew what is read-only, too.
    """

    before: datetime
    options: dict[str, Any]
    contents: Mapping[str, Any]
    http: Http
    only_list: bool = False
    force: bool = False


def renew(names: Sequence[str], search: Search, told: Told) -> int:
    """List what is due and renew it in place; the worst exit code of all files.

    Raises ``Complaint`` "no-signed" where there is nothing that could ever be due.
    """
    paths, errors = found(names)
    named = {Path(name) for name in names}
    codes: list[int] = []
    counts: Counter[str] = Counter()
    for error in errors:
        fate = told.complained(str(error.filename), unreadable(error))
        codes.append(told.tell(fate))
    try:
        with progress(len(paths), told.language, silent=not told.json) as advance:
            for path in paths:
                known: list[str] = []
                for fate in _fates(path, search, told, named=path in named):
                    codes.append(told.tell(fate, known=known))
                    known += fate.warned(told.language)
                counts[fate.outcome] += 1
                advance()
    finally:  # interrupted or not: what was renewed is renewed
        _say_counts(counts, len(paths), told.language)
    if worst(codes) == PASSED and counts["unsigned"] == len(paths):
        raise Complaint(USAGE, "no-signed", file=", ".join(names))
    return worst(codes)


def _say_counts(counts: Mapping[str, int], files: int, language: Language) -> None:
    """How many files there are, and what became of those that had their turn."""
    occurring = {key: counts[key] for key in get_args(Outcome) if key in counts}
    if language == "ja":
        listed = "、".join(f"{LABELS[f'is-{key}'][1]} {count}" for key, count in occurring.items())
    else:
        listed = ", ".join(f"{count} {LABELS[f'is-{key}'][0]}" for key, count in occurring.items())
    say("renewed-counts" if files != 1 else "renewed-count", language, files=files, listed=listed or "-")


def _fates(path: Path, search: Search, told: Told, *, named: bool) -> Iterator[Fate]:
    """That one file is due, where it is, and what became of it."""
    content = content_for(str(path), search.contents) or content_for(str(path.resolve()), search.contents)
    fate = told.attempt(str(path), lambda: _looked_at(path, content, search, told.language, named=named))
    if fate.outcome != "due" or search.only_list:
        yield fate
        return
    if not told.json:
        yield fate
    yield told.attempt(str(path), lambda: _renewed(path, content, fate, search, told.language))


def _looked_at(
    path: Path, content: Mapping[str, Any] | None, search: Search, language: Language, *, named: bool
) -> Fate:
    """Whether a file is due; ``named``: the user named this very file."""
    from toyono_trust import verify

    options = search.options
    report = verify(
        path, trust=options["trust"], policy=options["policy"], content=content, http=search.http,
        password=options["password"], timeout=options["timeout"],
    )  # fmt: skip
    name = str(path)
    if not named and any(finding.code == "pdf.no-signatures" for finding in report.findings):
        return Fate(name, "unsigned", report=report)
    if exit_code(report) != PASSED:
        return Fate(name, "failed", exit_code(report), report, line=_invalid(path, report, language))
    lost = next((finding for finding in report.findings if finding.code == "proof.record-not-usable"), None)
    if lost is not None:  # the proof passes without a date, which no renewal brings back
        return Fate(name, "failed", UNDECIDED, report, line=_invalid(path, report, language, lost))
    end = deadline(report)
    if end.until is None or end.until >= search.before:
        return Fate(name, "later", report=report)
    return Fate(name, "due", report=report, line=_line("due", path, report, language))


def _renewed(path: Path, content: Mapping[str, Any] | None, due: Fate, search: Search, language: Language) -> Fate:
    """The file renewed in its place, unless it would not last any longer: growing daily is not lasting."""
    before = due.report
    assert before is not None
    if not (before.signatures or before.evidence_records or before.log):
        line = _line("lone-stamp", path, before, language)
        return Fate(due.file, "kept", UNDECIDED, before, line=line)
    check_replaceable(path, code=INTERNAL, force=search.force)
    until = deadline(before).until

    def longer(report: Report) -> bool:
        end = deadline(report).until
        return end is None or (until is not None and end > until)

    made: Any = raised(path, None, search.http, content, search.options, longer)
    if not longer(made.report):
        return Fate(due.file, "kept", UNDECIDED, before, line=_line("no-longer", path, before, language))
    line = _line("renewed", path, made.report, language)
    return Fate(due.file, "renewed", PASSED, made.report, due.file, line=line)


def _line(key: str, path: Path, report: Report, language: Language) -> str:
    """One line: what, which file, until when, and why no longer."""
    from toyono_trust.validation.lines import explained
    from toyono_trust.validation.report import local_time

    zone, end = SystemZone(), deadline(report)
    lapse = end.lapse(report)
    time = "-" if end.until is None else local_time(end.until, zone)
    reason = (
        "-"
        if lapse is None
        else explained(lapse, language, zone, ahead=end.until is not None and end.until > report.validated_at)
    )
    if end.stamp is not None:
        holds = "-" if report.valid_until is None else local_time(report.valid_until, zone)
        reason = said(LABELS["protection"], language, until=holds, reason=reason)
    return said(LABELS[key], language, file=path, time=time, reason=reason)


def _invalid(path: Path, report: Report, language: Language, because: Finding | None = None) -> str:
    from toyono_trust.validation.lines import explained
    from toyono_trust.validation.proofs import reason
    from toyono_trust.validation.words import SENTENCES, word

    finding, sentence = reason(report) if because is None else (because, "")
    text = word(SENTENCES, sentence, language) if finding is None else explained(finding, language, SystemZone())
    return said(LABELS["not-renewable"], language, file=path, reason=text)
