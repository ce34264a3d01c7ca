"""Where the verdicts of ``verify`` go: lines as they come, or one page about all files when the last is known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from toyono_trust.edge.console import Target
from toyono_trust.edge.judging import PAGES, Outcome, Setting

if TYPE_CHECKING:
    from toyono_trust.validation.views import FileView

__all__ = ["Sheet"]


class Sheet:
    """One report of one run. Call ``check`` before any work, ``take`` for each outcome, ``close`` at the end."""

    def __init__(self, target: Target, setting: Setting) -> None:
        self.target, self.setting = target, setting
        self.lines: list[str] = []
        self.views: list[FileView] = []

    def check(self) -> None:
        """Refuse what could not be written or printed afterwards."""
        self.target.check()
        if self.setting.format != "pdf":
            return
        if self.target.name == "-" and sys.stdout.isatty():
            raise click.UsageError("--format pdf is for files: name one with --out FILE")
        from toyono_trust.edge.printing import find

        find()

    def take(self, outcome: Outcome) -> None:
        """Say what one file brought."""
        if outcome.view is not None:
            self.views.append(outcome.view)
        elif outcome.output and self.target.name == "-":
            print(outcome.output, flush=True)
        elif outcome.output:
            self.lines.append(outcome.output)
        if outcome.remark:
            print(outcome.remark, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Write the page, or the lines where they go to a file."""
        if self.setting.format in PAGES:
            self.target.write(self._page())
        elif self.target.name != "-":
            self.target.write("".join(f"{line}\n" for line in self.lines).encode("utf-8", "backslashreplace"))

    def _page(self) -> bytes:
        from toyono_trust import __version__
        from toyono_trust.validation.html import page

        printed = self.setting.format == "pdf"
        text = page(self.views, version=__version__, language=self.setting.language, unfolded=printed)
        if not printed:
            return text.encode()
        from toyono_trust.edge.printing import pdf

        return pdf(text)
