"""``toyono-trust demo``: the whole story in a few seconds, and what to try next."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.sign import NAMES
from toyono_trust.edge.console import FAILED, USAGE, Command, Complaint, default_language
from toyono_trust.edge.demo.words import FONT, HEADINGS, NEXT, SCENES, WORDS
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import said

if TYPE_CHECKING:
    from toyono_trust.edge.demo.story import Case, Story

__all__ = ["demo", "next_commands"]


@click.command("demo", cls=Command, context_settings=SETTINGS)
@click.option("--dir", "folder", default="demo", show_default=True, metavar="DIR", help="Where everything is left.")
@lang_option
def demo(folder: str, lang: Language | None) -> int:
    r"""Show the main job on real input, in a throw-away town of its own.

    A sensor signs an observation, the town seals an extract, a file and a PDF certificate, a resident signs
    applications (JSON and PDF), a bus company delivers a timetable and gets a receipt, and both seal a contract that
    is kept as an archive. All are stamped and verified, the contract also as if decades had passed; then they are
    tampered with, and one certificate is revoked. Files, keys, trust and reports (English, Japanese, JSON, and a page
    about all in HTML) are left in DIR; what an earlier run left there is replaced. Exit code 0 only if every verdict
    was as expected.

    \b
    Example:
      toyono-trust demo --dir demo --lang ja
    """
    from toyono_trust.devpki import Server
    from toyono_trust.edge.demo.story import LANGUAGES, ROOMS, Story, page_name

    language = lang or default_language()
    path = Path(folder)
    _check_free(path, ROOMS, tuple(map(page_name, LANGUAGES)))
    with Server(port=0) as server:
        story = Story(path, server)
        _tell(story, language)
    unexpected = [case for case in story.cases if not case.as_expected]
    story.pages()
    _table(story.cases, language)
    click.echo(said(WORDS["page"], language, file=path / page_name(language)))
    if unexpected:
        for case in unexpected:
            click.echo(str(case.report))
        click.echo(said(WORDS["some"], language, count=len(unexpected)))
        return FAILED
    click.echo(said(WORDS["all"], language, count=len(story.cases), folder=folder))
    _heading("next", language)
    for comment, command in next_commands(folder, _program(), story.years["year"]):
        click.echo(f"# {said(comment, language)}\n{command}")
    return 0


def _check_free(path: Path, rooms: tuple[str, ...], pages: tuple[str, ...]) -> None:
    """An earlier demo may be replaced; whatever else has the names of its folders and pages may not."""
    earlier = (path / "town" / "town.json").is_file() or all((path / room).is_dir() for room in rooms)
    if not earlier and path.exists() and (not path.is_dir() or any((path / name).exists() for name in rooms + pages)):
        raise Complaint(USAGE, "occupied", file=str(path))


def _tell(story: Story, language: Language) -> None:
    _heading("town", language, url=story.url)
    _heading("sign", language)
    for made in story.signing():
        click.echo(
            f"  {said(SCENES[made.key], language)} → {made.file} ({NAMES[made.signed.format]} {made.signed.level})"
        )
    if not story.paper.japanese:
        click.echo("  " + said(WORDS["romanised"], language, font=FONT))
    acts = {"verify": story.verifying, "archive": story.archiving, "tamper": story.tampering, "revoke": story.revoking}
    for key, cases in acts.items():
        _heading(key, language, **story.years)
        _cases(cases, language)


def _cases(cases: Callable[[], Iterable[Case]], language: Language) -> None:
    from toyono_trust.validation.proofs import newest_lapsed
    from toyono_trust.validation.render import safe
    from toyono_trust.validation.words import FORECASTS, VERDICTS, word

    for case in cases():
        words = VERDICTS if case.report.simulated_from is None else FORECASTS
        verdict = _coloured(word(words, case.report.indication, language), case.report.indication)
        click.echo(f"  {verdict}  {said(case.what, language)}")
        lapsed = newest_lapsed(case.report) if case.report.simulated_from is not None else None
        found = case.report.all_findings() if lapsed is None else lapsed.findings
        finding = next((item for item in found if item.level == "fail"), None)
        if finding is not None:
            click.echo(f"      {said(WORDS['why'], language)}: {safe(finding.text_in(language))} [{finding.code}]")


def _coloured(verdict: str, indication: str) -> str:
    colours = {"TOTAL-PASSED": "green", "TOTAL-FAILED": "red"}
    return click.style(verdict, fg=colours.get(indication, "yellow"), bold=True) if _colourful() else verdict


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _heading(key: str, language: Language, **values: object) -> None:
    title = said(HEADINGS[key], language, **values)
    click.echo("\n" + (click.style(title, bold=True) if _colourful() else f"== {title}"))


def _table(cases: list[Case], language: Language) -> None:
    _heading("table", language)
    rows = [(*(said(WORDS[key], language) for key in ("case", "expected", "got")), "")]
    for case in cases:
        verdicts = [" / ".join(part for part in pair if part) for pair in (case.expected, case.got)]
        rows.append(
            (said(case.what, language), *verdicts, said(WORDS["ok" if case.as_expected else "wrong"], language))
        )
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
        click.echo("  " + "  ".join((*cells, row[3])).rstrip())
    click.echo()


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide and full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _program() -> str:
    """How this program is called from here: its bare name where the shell finds the very same."""
    called = Path(sys.argv[0])
    if called.stem != "toyono-trust":
        return shlex.join((sys.executable, "-m", "toyono_trust.edge.main"))
    found = shutil.which("toyono-trust")
    if found is not None and called.exists() and Path(found).samefile(called):
        return "toyono-trust"
    return shlex.quote(os.path.relpath(called))


def next_commands(folder: str, program: str, year: int) -> list[tuple[tuple[str, str], str]]:
    """What to try after the demo: comments and shell commands that work from where the demo was started.

    ``year``: in which the contract is looked at.
    """

    def at(name: str) -> str:
        return shlex.quote(f"{folder}/{name}")

    trust = f"--trust {at('town/trust')}"
    key = f"--key pkcs12:{at('town/town-seal.p12')} --secret-file {at('town/password.txt')}"
    mine, page = at("files/observation.json"), at("forged.html")
    commands = {
        "good": f"verify {at('files/application.json.jws.json')} {trust}",
        "japanese": f"verify {at('files/notice.txt.p7s')} {trust} --lang ja --tz Asia/Tokyo",
        "bad": f"verify {at('tampered/observation.json.jws.json')} {trust} --format json",
        "pdf": f"verify {at('tampered/certificate.signed.pdf')} {trust} --format html --force --out {page}",
        "receipt": f"inspect {at('files/timetable.csv.receipt.json')}",
        "thief": f"verify {at('tampered/timetable-thief.csv.p7m')} {trust}",
        "archive": f"verify {at('files/contract.archived.pdf')} {trust} --at {year}-12-31 --simulate",
        "trust": f"trust show {at('town/trust')}",
        "seal": f"seal {mine} --as jades --force {key}",
        "check": f"verify {at('files/observation.json.jws')} {trust}",
        "serve": f"dev-pki {at('town')} --serve",
    }
    return [(NEXT[name], f"{program} {command}") for name, command in commands.items()]
