"""Where verdicts go: lines as they come, one page about all files when the last is known, or a report for each file.

A report in a file may be sealed (ETSI TS 119 102-2 4.1 leaves that open): a detached CAdES signature beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import Target, write
from toyono_trust.edge.judging import PAGES, Outcome, Setting
from toyono_trust.edge.options import joined

if TYPE_CHECKING:
    from toyono_trust import Signer
    from toyono_trust.validation.views import FileView

__all__ = ["Sheet", "report_options", "report_place"]

ENDS = {"text": "txt", "json": "json", "html": "html", "pdf": "pdf", "etsi-xml": "xml"}
"""What ends the name of a file's own report, by format."""

report_options = joined(
    click.option("--out", default="-", metavar="FILE|DIR",
                 help="Where the report goes; into a folder, one for each file (NAME.validation.xml).  "
                      "[default: standard output]"),
    click.option("--force", is_flag=True, help="Replace an existing report."),
    click.option("--seal-report", "seal", metavar="KEY-URI",
                 help="Seal each report that is written to a file: a detached CAdES beside it (REPORT.p7s)."),
    click.option("--secret-file", metavar="FILE", help="File whose first line is the password or PIN of that key."),
    click.option("--secret-env", metavar="VARIABLE", help="Environment variable with the password or PIN of that key."),
)  # fmt: skip
"""Options of ``verify`` and ``judge``; ``Sheet.of`` takes them."""


def report_place(name: str, folder: str, format: str) -> str:
    """Where the report of a file goes in a folder: ``order.p7s.validation.xml`` for ``order.p7s``."""
    base = Path("standard-input" if name == "-" else name).name.removesuffix(".evidence.zip")
    return str(Path(folder, f"{base}.validation.{ENDS[format]}"))


class Sheet:
    """The reports of one run. Call ``check`` before any work, ``take`` for each outcome, ``close`` at the end."""

    def __init__(self, target: Target, setting: Setting, names: Sequence[str], seal: Seal | None = None) -> None:
        self.target, self.setting, self.names, self.seal = target, setting, names, seal
        self.folder = target.name if target.name != "-" and Path(target.name).is_dir() else None
        self.lines: list[str] = []
        self.views: list[FileView] = []

    @classmethod
    def of(cls, given: dict[str, Any], setting: Setting, names: Sequence[str]) -> Sheet:
        """What ``report_options`` say, about some files."""
        seal = None if given["seal"] is None else Seal(given, setting.language)
        if seal is None and (given["secret_file"] is not None or given["secret_env"] is not None):
            raise click.UsageError("--secret-file and --secret-env are for --seal-report")
        return cls(Target(given["out"], force=given["force"]), setting, names, seal)

    def check(self) -> None:
        """Refuse what could not be written, printed or sealed afterwards."""
        places = self._places()
        if self.folder is not None and not self.names:
            raise click.UsageError("--out: there is one report on all records; name a file")
        if len(set(places)) < len(places):
            raise click.UsageError("--out: two reports would be written to the same place")
        for place in places:
            self._target(place).check()
        if self.seal is not None:
            if not places:
                raise click.UsageError("--seal-report seals files: name one with --out")
            for place in places:
                self._target(f"{place}.p7s").check()
            self.seal.open()
        if self.setting.format == "etsi-xml" and self.folder is None and len(self.names) > 1:
            raise click.UsageError("--format etsi-xml is one document for each file: name a folder with --out")
        if self.setting.format != "pdf":
            return
        if self.target.name == "-" and sys.stdout.isatty():
            raise click.UsageError("--format pdf is for files: name one with --out FILE")
        from toyono_trust.edge.printing import find

        find()

    def _places(self) -> list[str]:
        """Every report that is going to be written to a file."""
        if self.folder is not None:
            return [report_place(name, self.folder, self.setting.format) for name in self.names]
        return [] if self.target.name == "-" else [self.target.name]

    def _target(self, place: str) -> Target:
        return Target(place, force=self.target.force)

    def take(self, outcome: Outcome, name: str) -> None:
        """Say what one file brought."""
        if self.folder is not None:
            self._write_own(outcome, report_place(name, self.folder, self.setting.format))
        elif outcome.view is not None:
            self.views.append(outcome.view)
        elif outcome.output and self.target.name == "-":
            print(outcome.output, flush=True)
        elif outcome.output:
            self.lines.append(outcome.output)
        if outcome.remark:
            print(outcome.remark, file=sys.stderr, flush=True)

    def _write_own(self, outcome: Outcome, place: str) -> None:
        if outcome.view is not None:
            self._write(place, self._page([outcome.view]))
        elif outcome.output:
            self._write(place, _octets([outcome.output]))

    def close(self) -> None:
        """Write the page, or the lines where they go to a file."""
        if self.folder is not None:
            return
        if self.setting.format in PAGES:
            self._write(self.target.name, self._page(self.views))
        elif self.target.name != "-" and self.lines:
            self._write(self.target.name, _octets(self.lines))

    def deliver(self, pieces: Iterable[bytes]) -> None:
        """Write one report on everything, which comes in pieces; where it is sealed, it is put together first."""
        if self.target.name == "-":
            sys.stdout.flush()
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        elif self.seal is not None:
            self._write(self.target.name, b"".join(pieces))
        else:
            self.target.check()
            write(self.target.name, pieces)

    def _write(self, place: str, report: bytes) -> None:
        """The report, and its seal, which is made before anything is written."""
        seal = None if self.seal is None else self.seal.over(report)
        self._target(place).write(report)
        if seal is not None:
            self._target(f"{place}.p7s").write(seal)

    def _page(self, views: Sequence[FileView]) -> bytes:
        from toyono_trust import __version__
        from toyono_trust.validation.html import page

        printed = self.setting.format == "pdf"
        text = page(views, version=__version__, language=self.setting.language, unfolded=printed)
        if not printed:
            return text.encode()
        from toyono_trust.edge.printing import pdf

        return pdf(text)


def _octets(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


class Seal:
    """The key that seals reports: an organisation's, or that of whoever signs them."""

    def __init__(self, given: dict[str, Any], language: Language) -> None:
        self.given, self.language = given, language
        self.signer: Signer | None = None

    def open(self) -> None:
        """Open the key; raises what ``Signer.open`` raises, and where its certificate cannot sign today."""
        from toyono_trust.edge.options import open_signer
        from toyono_trust.verbs.making import check_signer

        given = self.given
        self.signer = open_signer(given["seal"], given["secret_file"], given["secret_env"], None, self.language)
        check_signer(self.signer, datetime.now(UTC))

    def over(self, report: bytes) -> bytes:
        """A detached CAdES signature at B-B over a report."""
        from toyono_trust import sign

        assert self.signer is not None
        return sign(report, by=self.signer, format="cades", detached=True)
