"""Verifying one file for the command line: read, judge, render. Runs in the program itself or in a worker process.

What goes in and comes out can be pickled; trust and policy are loaded by whoever judges, once.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import (
    FAILED,
    INTERNAL,
    PASSED,
    UNAVAILABLE,
    UNDECIDED,
    UNREADABLE,
    USAGE,
    Complaint,
    describe,
    json_line,
    time_zone,
    unreadable,
    write,
)
from toyono_trust.edge.words import HINTS, LABELS, said
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust import Report
    from toyono_trust.pki.trustlogs import TrustedLog
    from toyono_trust.validation.views import FileView

__all__ = [
    *("PAGES", "Judge", "Outcome", "Setting"),
    *("beside", "content_for", "dressed", "evidence_place", "exit_code", "extract_place", "misused", "presented"),
    *("logs_of", "proof_beside", "refused", "timed_out"),
]

ENDINGS = (".receipt.json", ".jws.json", ".p7s", ".jws", ".tst", ".tsr", ".ers")
"""Of files that may cover another one: its name is what is left."""
PROOF, OPENING = ".proof", ".opening"
"""Of files beside a receipt: the proof that it stands in an evidence log, and what shows that the entry is of it."""
GROUPED = ".ers"
"""Of files that cover everything that is presented with them, so that of more than belongs to them one is chosen."""
ATTACHED = (".jws.json", ".jws", ".p7m")
"""Of files that may hold what they cover."""
PAGES = frozenset({"html", "pdf"})
"""Formats in which all files stand on one page."""
ONLINE_SECONDS = 60.0
"""For everything that is fetched for one file."""


class Setting(NamedTuple):
    """All that the verdicts and their clothes depend on.

    ``simulate``: ``at`` is a time to come. ``evidence``: where archives of evidence go, a file or a folder.
    ``network``: what ``Http`` takes, None for no network. ``logs``: evidence logs that are trusted by their key.
    """

    trust: tuple[str, ...] = ()
    policy: str | None = None
    contents: tuple[str, ...] = ()
    at: datetime | None = None
    zone: str | None = None
    format: str = "text"
    language: Language = "en"
    colour: bool = False
    extract: str | None = None
    password: bytes | None = None
    simulate: bool = False
    evidence: str | None = None
    network: Mapping[str, Any] | None = None
    logs: tuple[TrustedLog, ...] = ()


class Outcome(NamedTuple):
    """What one file brought: exit code, text for standard output and text for standard error (may be empty).

    ``view``: what a page shows of it, where the setting's format is one of ``PAGES``.
    """

    code: int
    output: str
    remark: str = ""
    view: FileView | None = None


def refused(name: str, complaint: Complaint, setting: Setting) -> Outcome:
    """The outcome for a file that has no report."""
    message, hint = complaint.texts(setting.language)
    labels = {key: LABELS[key][setting.language == "ja"] for key in ("error", "hint")}
    remark = f"{labels['error']}: {message}\n{labels['hint']}: {hint}"
    return unreported(name, complaint.code, f"file.{complaint.key}", (message, hint), remark, setting)


def misused(name: str, code: int, error: TrustError, setting: Setting) -> Outcome:
    """The outcome for a file that an error of the library is about."""
    texts = error.message, error.hint
    return unreported(name, code, error.code, texts, f"{name}: {describe(error, setting.language)}", setting)


def unreported(name: str, code: int, error: str, texts: tuple[str, str], remark: str, setting: Setting) -> Outcome:
    """The outcome of a file without a report. ``texts``: what is wrong, and what to do; ``remark`` says both."""
    message, hint = texts
    if setting.format in PAGES:
        from toyono_trust.validation.views import unreported as unread

        return Outcome(code, "", remark, unread(name, message, hint, setting.language))
    if setting.format != "json":
        return Outcome(code, "", remark)
    value = {
        "report_version": 1, "file": name, "validated_at": None, "simulated_from": None, "policy": None, "trust": None,
        "indication": None, "sub_indication": None, "signatures": [], "receipt": None, "timestamps": [],
        "evidence_records": [], "material": [], "findings": [],
        "error": {"code": error, "text": message, "remedy": hint},
    }  # fmt: skip
    return Outcome(code, json_line(value), remark)


class Judge:
    """Trust, policy and contents of a setting, loaded; raises what loading them raises."""

    def __init__(self, setting: Setting) -> None:
        from toyono_trust import Http, Policy, TrustStore
        from toyono_trust.edge.options import trust_of

        self.setting = setting
        self.trust = trust_of(setting.trust)
        if setting.logs:
            self.trust = (self.trust or TrustStore.empty()).with_logs(*setting.logs)
        self.policy = None if setting.policy is None else Policy.load(setting.policy)
        self.zone = time_zone(setting.zone)
        self.contents = presented(setting.contents)
        self.http = None if setting.network is None else Http(**setting.network)

    def outcome(self, name: str, data: bytes | None = None) -> Outcome:
        """Verify one file, or ``data`` read from standard input. Whatever happens concerns this file alone."""
        try:
            return self._judged(name, data)
        except TrustError as error:  # of contents that changed or cannot be used: verify() raises none for a file
            return misused(name, UNREADABLE, error, self.setting)
        except Complaint as complaint:
            return refused(name, complaint, self.setting)
        except OSError as error:
            return refused(name, unreadable(error, str(error.filename or name)), self.setting)
        # Others of many files must still be verified, and a defect must end with 70 instead of a verdict.
        except Exception as error:  # noqa: BLE001
            return refused(name, Complaint(INTERNAL, "internal", file=name, reason=_defect(error)), self.setting)

    def _judged(self, name: str, data: bytes | None) -> Outcome:
        from toyono_trust.sources import signed_of

        read = signed_of(Path(name)) if data is None else data
        if data is None and isinstance(read, bytes) and _is_xml_receipt(read):
            if not Path(f"{name}.p7s").is_file():
                raise Complaint(UNDECIDED, "no-seal", file=name, seal=f"{name}.p7s")
            return self._judged(f"{name}.p7s", None)
        signed = read if isinstance(read, bytes) else Path(name)  # a large PDF is verified where it is
        given = content_for(name, self.contents) if self.contents and name.endswith(GROUPED) else self.contents
        proof = proof_beside(name) if data is None else None
        logged = None if proof is None else salted(proof.read_bytes(), proof)
        if data is None and name.endswith(PROOF) and isinstance(signed, bytes):
            signed = salted(signed, Path(name))
        report = self._verify(signed, given or None, logged)
        beside = None
        if _lacks_content(report):
            report, beside = self._completed(signed, name, report, logged)
        report.file = name
        language = self.setting.language
        remarks = [] if beside is None else [said(LABELS["beside"], language, content=beside.name)]
        if proof is not None and report.log is not None and report.log.proof is not None:
            remarks.append(said(LABELS["proof-beside"], language, proof=proof.name))
        remarks += [said(LABELS["extracted"], language, target=target) for target in self._extracted(report, name)]
        if any(finding.values.get("reason") == "net.address-refused" for finding in report.findings):
            remarks.append(said(HINTS["net.address-refused"], language))
        if any(finding.code == "pdf.encrypted" for finding in report.findings):
            key = "pdf.password-missing" if self.setting.password is None else "pdf.password-wrong"
            remarks.append(said(HINTS[key], language))
        if self.setting.evidence is not None:
            from toyono_trust.validation.replay import holds_content

            assert report.inputs is not None
            place = evidence_place(name, self.setting.evidence)
            write(place, report.evidence, "--save-evidence")
            remarks.append(said(LABELS["evidence"], language, target=place))
            if holds_content(report.inputs.facts):
                remarks.append(said(LABELS["evidence-content"], language, target=place))
        return dressed(report, self.setting, self.zone, remarks, name)

    def _extracted(self, report: Report, name: str) -> list[str]:
        """Write what passed attached signatures cover; nothing else ever leaves a file."""
        if self.setting.extract is None:
            return []
        if any(signature.facts.revision is not None for signature in report.signatures):
            return self._revisions(report, name, self.setting.extract)
        if report.indication != "TOTAL-PASSED" or (report.log is not None and report.log.alone):
            return []
        from toyono_trust.core.content import FileContent

        things = [thing for signature in report.signatures[:1] for thing in signature.facts.objects]
        if len(things) != 1 or isinstance(things[0].content, FileContent):  # what is detached lies there already
            return []
        target = extract_place(name, self.setting.extract)
        write(target, report.require(signed_by="anyone").content, "--extract")
        return [target]

    @staticmethod
    def _revisions(report: Report, name: str, folder: str) -> list[str]:
        """Write the signed revision of each passed signature of a PDF: ``x-1.pdf``, ``x-2.pdf`` … as they were made."""
        from toyono_trust.edge.console import Target

        written = []
        for number, signature in enumerate(report.signatures, 1):
            content = signature.facts.objects[0].content
            if signature.indication == "TOTAL-PASSED" and content is not None:
                target = revision_place(name, folder, number)
                Target(target, option="--extract").check()
                write(target, content.chunks(), "--extract")
                written.append(target)
        return written

    def _verify(self, signed: bytes | Path, contents: Any, proof: bytes | None = None) -> Report:
        from toyono_trust import verify

        setting = self.setting
        report = verify(
            signed,
            trust=self.trust,
            content=contents,
            policy=self.policy,
            at=None if setting.simulate else setting.at,
            password=setting.password,
            proof=proof,
            http=self.http,
            timeout=ONLINE_SECONDS,
        )
        return report.simulate(setting.at) if setting.simulate and setting.at is not None else report

    def _completed(
        self, signed: bytes | Path, name: str, report: Report, proof: bytes | None
    ) -> tuple[Report, Path | None]:
        """Once more with the one content that the file's name points to: ``x`` for ``x.p7s``.

        Among contents that were presented it is chosen by name; otherwise it is looked for beside the file.
        """
        for ending in (*ENDINGS, PROOF):
            if not name.endswith(ending) or len(name) == len(ending):
                continue
            path = Path(name.removesuffix(ending))
            if self.contents:
                given = self.contents.get(path.name)
                better = report if given is None else self._verify(signed, {path.name: given}, proof)
                return (report if _lacks_content(better) else better), None
            if ending == PROOF and not path.is_file():
                path = Path(f"{path}{OPENING}")
            if not path.is_file():
                return report, None
            better = self._verify(signed, {path.name: path}, proof)
            return (better, path) if _serves(better, report) else (report, None)
        return report, None


def dressed(
    report: Report, setting: Setting, zone: tzinfo | None = None, remarks: Sequence[str] = (), name: str = ""
) -> Outcome:
    """The report as the setting's format shows it; ``remarks`` stand beside it, for people."""
    from toyono_trust.validation.render import safe, text

    code, zone = exit_code(report), zone or time_zone(setting.zone)
    beside = "\n".join(safe(f"{name}: {one}") for one in remarks)
    if setting.format == "json":
        return Outcome(code, json_line(report.to_json()), beside)
    if setting.format == "etsi-xml":
        if report.simulated_from is not None:
            raise Complaint(USAGE, "simulation", file=name or safe(report.file or "-"))
        from toyono_trust.validation.etsi import xml

        return Outcome(code, xml(report).decode().rstrip("\n"), beside)
    if setting.format in PAGES:
        from toyono_trust.validation.views import view

        return Outcome(code, "", "", view(report, setting.language, zone, remarks=tuple(remarks)))
    lines = text(report, setting.language, zone, colour=setting.colour)
    return Outcome(code, "\n  ".join((lines, *map(safe, remarks))))


def exit_code(report: Report) -> int:
    """0 passed, 1 failed, 2 otherwise: architecture.md, section 6."""
    if report.indication in ("TOTAL-PASSED", "PASSED"):
        return PASSED
    return FAILED if report.indication in ("TOTAL-FAILED", "FAILED") else UNDECIDED


def extract_place(name: str, folder: str) -> str:
    """Where the content of a signed file goes: its name without the ending of its format."""
    base = Path("standard-input" if name == "-" else name).name
    ending = next((ending for ending in ATTACHED if base.endswith(ending) and base != ending), None)
    return str(Path(folder, f"{base}.content" if ending is None else base.removesuffix(ending)))


def evidence_place(name: str, target: str) -> str:
    """Where the archive of evidence of a file goes: into a folder under the file's name, else where it was said."""
    if not Path(target).is_dir():
        return target
    return str(Path(target, f"{Path('standard-input' if name == '-' else name).name}.evidence.zip"))


def revision_place(name: str, folder: str, number: int) -> str:
    """Where a signed revision of a PDF goes: ``x-1.pdf`` for the first signature of ``x.pdf``."""
    base = Path("standard-input.pdf" if name == "-" else name).name
    stem = base.removesuffix(".pdf")
    return str(Path(folder, f"{stem}-{number}.pdf"))


def _is_xml_receipt(octets: bytes) -> bool:
    """Whether a file is a receipt in XML without its seal, which lies beside it."""
    if octets.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return False
    from toyono_trust.delivery import xml

    return xml.is_evidence(octets)


def _lacks_content(report: Report) -> bool:
    """Whether something that the file covers was not at hand."""
    if _lacks_signed(report):
        return True
    if any(not item.token.imprint_found for item in report.timestamps):
        return True
    if report.log is not None and report.log.alone:
        return report.log.matched is None
    return report.receipt is not None and any(not found for _, found, _ in report.receipt.parts)


def _lacks_signed(report: Report) -> bool:
    return any(not thing.found for signature in report.signatures for thing in signature.facts.objects)


def _serves(better: Report, report: Report) -> bool:
    """Whether a report with the content beside the file is the one to show: a receipt's parts may still be missing.

    What lies beside a proof is meant in any case: that nothing tells whether it is the evidence has to be said.
    """
    if not _lacks_content(better) or (better.log is not None and better.log.alone):
        return True
    return _lacks_signed(report) and not _lacks_signed(better)


def proof_beside(name: str) -> Path | None:
    """The proof that lies beside a receipt: ``x.proof`` for ``x``, and for the seal ``x.p7s`` of one in XML."""
    if name == "-" or name.endswith((PROOF, OPENING)):
        return None
    for base in (name, name.removesuffix(".p7s")):
        if Path(f"{base}{PROOF}").is_file():
            return Path(f"{base}{PROOF}")
    return None


def salted(proof: bytes, path: Path) -> bytes:
    """A proof without its salt, with that of the opening beside it, where that is of the same entry; else as it is."""
    from toyono_trust.errors import MalformedError
    from toyono_trust.ledger.entry import MAX_OPENING, read_opening
    from toyono_trust.ledger.proof import read_proof, write_proof

    beside = Path(f"{str(path).removesuffix(PROOF)}{OPENING}")
    if not beside.is_file() or beside.stat().st_size > MAX_OPENING:
        return proof
    try:
        found, opening = read_proof(proof), read_opening(beside.read_bytes())
    except MalformedError:
        return proof
    if found.salt is not None or found.entry != opening.entry:
        return proof
    return write_proof(found._replace(salt=opening.salt))


def logs_of(values: Sequence[str]) -> tuple[TrustedLog, ...]:
    """Evidence logs by verifier keys, or by files as in ``logs/`` of a trust folder. Raises ``MisuseError``."""
    from toyono_trust.edge.console import read as read_file
    from toyono_trust.pki.trustlogs import read_logs

    found: list[TrustedLog] = []
    for value in values:
        path = Path(value)
        found += read_logs(value.encode() if "+" in value and not path.is_file() else read_file(value), value)
    return tuple(found)


def beside(name: str) -> dict[str, Any]:
    """The one content that a file's name points to, where it lies beside it: ``x`` for ``x.p7s``."""
    return dict(content_for(name, {}) or {})


def content_for(name: str, contents: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a signed file may cover, out of what was presented: ``x`` for ``x.p7s`` where it is there, else all.

    Where nothing was presented, the ``x`` that lies beside the file. A receipt may cover several contents by name. A
    log's proof needs none: for ``x.proof`` only what is named ``x``.
    """
    if name.endswith(PROOF):
        logged = Path(name.removesuffix(PROOF)).name
        return {logged: contents[logged]} if logged in contents else None
    for ending in ENDINGS:
        path = Path(name.removesuffix(ending))
        if not name.endswith(ending) or not path.name:
            continue
        if path.name in contents and ending != ".receipt.json":
            return {path.name: contents[path.name]}
        if not contents and path.is_file():
            return {path.name: path}
        break
    return contents or None


def presented(names: tuple[str, ...]) -> dict[str, Any]:
    """Detached contents by name: files by their own name, files of a folder by their path in it."""
    from toyono_trust.sources import contents_of

    found: dict[str, Any] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            folder = contents_of(path)
            found.update({inner: path / inner for inner in folder.names()})
        else:
            path.stat()
            found[path.name] = path
    return found


def _defect(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"


def timed_out(name: str, seconds: float, setting: Setting) -> Outcome:
    """The outcome for a file whose worker was ended."""
    return refused(name, Complaint(UNAVAILABLE, "timeout", file=name, seconds=f"{seconds:g}"), setting)
