"""``toyono-trust log monitor``: follow somebody else's log, and alarm where it shows two histories."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language, table
from toyono_trust.edge.commands.log.going import asked_to_end, span
from toyono_trust.edge.commands.log.keys import known_log, log_key_option, witness_policy, witnesses_option
from toyono_trust.edge.commands.log.telling import fault, remembering
from toyono_trust.edge.console import (
    FAILED,
    PASSED,
    UNAVAILABLE,
    UNDECIDED,
    Command,
    Target,
    complain,
    default_language,
    json_line,
    read,
    say,
    worst,
)
from toyono_trust.edge.options import SETTINGS, lang_option, network_of, network_options
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import UnavailableError

if TYPE_CHECKING:
    from toyono_trust import Http
    from toyono_trust.ledger.monitor import Monitor, Watched
    from toyono_trust.ledger.tiles.places import Place
    from toyono_trust.validation.report import Finding

__all__ = ["monitor"]

MAX_SEEN = 1 << 20


@click.command("monitor", cls=Command, context_settings=SETTINGS)
@click.argument("place", metavar="DIR|URL")
@log_key_option
@click.option("--state", required=True, metavar="FILE", help="What the monitor remembers; made at the first run.")
@click.option("--seen", multiple=True, metavar="FILE", help="A checkpoint of this log that somebody else was shown.")
@click.option("--entries", is_flag=True, help="Read every entry, too, and that they are what was signed.")
@witnesses_option("Who must have cosigned")
@click.option("--stale-after", callback=span, metavar="SPAN", help="Tell where nothing new came for 1h, 1d.")
@click.option("--every", callback=span, metavar="SPAN", help="Go on: look again every 60s, 5m.")
@click.option("--fork-out", metavar="FILE", help="Where the proof of a fork goes, for everybody to check.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="Time allowed for the network, for each look.")  # fmt: skip
@network_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one JSON object per line for each look.")  # fmt: skip
@lang_option
def monitor(place: str, every: float | None, format: str, lang: Language | None, **given: Any) -> int:
    r"""Follow the log whose tiles are at DIR or URL: what it shows now must continue what it showed before.

    The monitor remembers the last checkpoint that it found consistent. That a log shows different people different
    things, only they can find together: --seen compares what others were shown. A fork is told with a proof that
    anybody can check with log fork, and each time again.

    \b
    Examples:
      toyono-trust log monitor https://log.town.example/ --log-key log.pub --state town.monitor
      toyono-trust log monitor public/log --log-key log.pub --state town.monitor --seen theirs.checkpoint --entries
      toyono-trust log monitor https://log.town.example/ --log-key log.pub --state town.monitor --every 5m

    \b
    Exit codes:
      0 consistent · 1 a fork, entries or tiles that are not what was signed, or a log that went back
      2 consistent so far, with something to be looked at again · 64 wrong usage · 66 a file cannot be read
      69 the log cannot be reached · 70 what is remembered cannot be written
      With --every the worst that was found, when it is ended.
    """
    from toyono_trust import Http
    from toyono_trust.ledger.monitor import Monitor
    from toyono_trust.ledger.tiles.places import open_place

    language = lang or default_language()
    if given["fork_out"] is not None:
        Target(given["fork_out"], force=True, option="--fork-out").check()
    key, asked = known_log(given["log_key"])
    stale = given["stale_after"]
    watcher = Monitor(
        given["state"],
        key,
        stale_after=None if stale is None else timedelta(seconds=stale),
        read="entries" if given["entries"] else "hashes",
        witnesses=witness_policy(given["witnesses"], key) or asked,
    )
    with Http(**network_of(given, given["timeout"])) as http:
        look = _Look(watcher, open_place(place), http, given, format, language)
        if every is None:
            return look.once()
        with asked_to_end() as ended:
            say("log-monitor-every", language, seconds=int(every), name=key.name)
            codes: list[int] = []
            while not ended.is_set():
                began = time.monotonic()
                try:
                    codes = [worst([*codes, look.once()])]
                except UnavailableError as error:
                    codes = [worst([*codes, fault(error, language)])]
                ended.wait(max(0.0, every - (time.monotonic() - began)))
            say("log-ended", language)
    return worst(codes)


class _Look:
    """One look after the other."""

    def __init__(
        self, watcher: Monitor, place: Place, http: Http, given: dict[str, Any], format: str, language: Language
    ) -> None:
        self._watcher, self._place, self._http, self._given = watcher, place, http, given
        self._format, self._language = format, language
        self._told: tuple[object, ...] | None = None

    def once(self) -> int:
        """Look, remember, tell; the exit code."""
        from toyono_trust.steps import World, run

        given = self._given
        world = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, self._http, given["timeout"])
        seen = [read(name, MAX_SEEN) for name in given["seen"]]
        with remembering(given["state"]):
            found = run(self._watcher.follow(self._place, seen), world)
        findings = _findings(found)
        if found.forks and given["fork_out"] is not None:
            Target(given["fork_out"], force=True, option="--fork-out").write(found.forks[0].write())
        if self._format == "json":
            self._tell_json(found, findings)
        elif (found.checkpoint, findings) != self._told:  # what is as it was is not told again and again
            self._tell(found, findings)
        self._told = found.checkpoint, findings
        return worst(map(_code, findings))

    def _tell(self, found: Watched, findings: tuple[Finding, ...]) -> None:
        from toyono_trust.validation.render import safe

        if found.checkpoint is not None:
            size, root = found.checkpoint.size, found.checkpoint.root.hex()
            click.echo(said(LABELS["log-monitored"], self._language, size=size, root=root))
        for finding in findings:
            text = f"{finding.text_in(self._language)} [{finding.code}]\n  {finding.remedy_in(self._language)}"
            label = LABELS["error" if _code(finding) == FAILED else "warning"][self._language == "ja"]
            complain("\n".join(safe(line) for line in f"{label}: {text}".split("\n")))

    def _tell_json(self, found: Watched, findings: tuple[Finding, ...]) -> None:
        checkpoint = found.checkpoint
        value = {
            "log": self._watcher.key.text,
            "sound": found.sound,
            "size": None if checkpoint is None else checkpoint.size,
            "root": None if checkpoint is None else checkpoint.root.hex(),
            "entries_read": found.entries,
            "findings": [{"code": one.code, "level": one.level, "values": dict(one.values), "text": one.text,
                          "remedy": one.remedy} for one in findings],
            "forks": [fork.members() for fork in found.forks],
        }  # fmt: skip
        click.echo(json_line(value))


def _findings(found: Watched) -> tuple[Finding, ...]:
    from toyono_trust.validation.report import Finding

    return tuple(Finding(note.code, table()[note.code].level, note.subject, note.values) for note in found.notes)


def _code(finding: Finding) -> int:
    """What a finding counts for."""
    if finding.code.startswith("net."):
        return UNAVAILABLE
    return {"fail": FAILED, "warn": UNDECIDED}.get(finding.level, PASSED)
