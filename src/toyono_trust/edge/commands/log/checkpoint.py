"""``toyono-trust log checkpoint``: sign the log's present state, once or again and again."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.going import asked_to_end, span
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.commands.log.stamping import Stamper, batch_value, batch_values, stamper_of, tsa_options
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.console import Command, Target, default_language, json_line, say
from toyono_trust.edge.options import SETTINGS, lang_option
from toyono_trust.edge.words import LABELS, said
from toyono_trust.errors import UnavailableError

if TYPE_CHECKING:
    from toyono_trust.ledger.batch import Closing
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.note import NoteSigner

__all__ = ["checkpoint"]

LOOK = 1.0
"""Seconds between looks at the log, at most."""
BREATH = 0.05
"""Seconds between looks, at least."""
RETRY = 60.0
"""Seconds after which an authority that did not answer is asked again, at most."""


@click.command("checkpoint", cls=Command, context_settings=SETTINGS)
@address_argument
@click.option("--key", required=True, metavar="FILE", help="The log's key file, as log create made it.")
@click.option("--out", "-o", metavar="FILE|-", help="Write the signed note, too, for others to keep.")
@click.option("--every", callback=span, metavar="SPAN", help="Go on: sign again after 60s, 5m, 1h if there is more.")
@click.option("--max-entries", type=click.IntRange(min=1, max=1_000_000), metavar="N",
              help="With --every: sign before that, as soon as so many entries wait.")  # fmt: skip
@tsa_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one JSON object per line for each checkpoint and stamp.")  # fmt: skip
@lang_option
def checkpoint(
    address: str,
    schema: str | None,
    key: str,
    out: str | None,
    every: float | None,
    max_entries: int | None,
    format: str,
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Sign the log's present size and root; from then on the entries can be proven.

    Where nothing was added the last checkpoint stands. Before it signs, the log proves to itself that what it signs
    begins with what it signed last. With --tsa one time stamp is had for all entries since the last one; where no
    authority answers, they stand unstamped and are caught up later. With --every the command goes on until Ctrl-C or
    SIGTERM, and is not stopped by an authority or a database that is away for a while.

    \b
    Examples:
      toyono-trust log checkpoint town.log --key log.key
      toyono-trust log checkpoint town.log --key log.key --every 60s --max-entries 1000 \
          --tsa http://127.0.0.1:3161/tsr --trust town/trust

    \b
    Exit codes:
      0 signed, or ended as asked · 1 the key file is broken · 64 wrong usage, no log, or another log's key
      66 a file cannot be read · 69 no authority answered (the checkpoint is signed), or the log is unavailable or
      damaged · 70 the note cannot be written · 130 interrupted at once, by a second Ctrl-C
    """
    from toyono_trust.edge.commands.log.keys import signing_key
    from toyono_trust.ledger.batch import MAX_BATCH, Closing

    language = lang or default_language()
    if max_entries is not None and every is None:
        raise click.UsageError("--max-entries goes with --every")
    if out is not None and every is not None:
        raise click.UsageError("--out is for one checkpoint; with --every the log keeps them all")
    target = None if out is None else Target(out, force=True)
    if target is not None:
        target.check()
    signer = signing_key(key)
    with opened(address, schema, language) as log, stamper_of(log, given) as stamper:
        keeper = _Keeper(log, signer, stamper, format, language, quiet=out == "-")
        if every is not None:
            keeper.go_on(Closing(max_entries or MAX_BATCH, timedelta(seconds=every)))
            return 0
        note = keeper.sign()
        if target is not None:
            target.write(note)
        keeper.stamp(forgiving=False)
    return 0


class _Keeper:
    """Signs checkpoints, has them stamped, and tells of both."""

    def __init__(
        self,
        log: EvidenceLog,
        signer: NoteSigner,
        stamper: Stamper | None,
        format: str,
        language: Language,
        *,
        quiet: bool = False,
    ) -> None:
        self._log, self._signer, self._stamper = log, signer, stamper
        self._format, self._language, self._quiet = format, language, quiet
        self._away = False

    def sign(self) -> bytes:
        """Sign, and tell."""
        before = self._log.head.checkpoints
        note = self._log.checkpoint(self._signer)
        if not self._quiet:
            self._tell(note, new=self._log.head.checkpoints > before)
        return note

    def stamp(self, *, forgiving: bool) -> None:
        """Have stamped what is not. ``forgiving``: a missing answer is told, and no end."""
        if self._stamper is None:
            return
        for batch in self._stamper.try_to(self._language) if forgiving else self._stamper.stamp():
            if self._quiet:
                continue
            if self._format == "json":
                self._write(json_line(batch_value(batch)))
            else:
                self._write(said(LABELS["log-stamped"], self._language, **batch_values(batch)))

    def go_on(self, closing: Closing) -> None:
        """Until it is asked to end."""
        with asked_to_end() as ended:
            seconds = int(closing.max_age.total_seconds())
            say("log-every", self._language, seconds=seconds, name=self._log.origin)
            retry = time.monotonic()
            while not ended.is_set():
                wait = LOOK
                try:
                    signed = self._look(closing)
                    wait = min(LOOK, closing.wait(datetime.now(UTC)).total_seconds())
                    if signed or time.monotonic() >= retry:
                        self.stamp(forgiving=True)
                        retry = time.monotonic() + min(max(seconds, LOOK), RETRY)
                except UnavailableError as error:
                    if not error.retryable:
                        raise
                    self._tell_away(error)
                ended.wait(max(wait, BREATH))
            say("log-ended", self._language)

    def _look(self, closing: Closing) -> bool:
        """Sign where it is due; whether it was."""
        size, signed = self._log.head.size, self._log.signed
        due = closing.is_due(datetime.now(UTC), size, signed)
        if due:
            self.sign()
        self._away = False
        return due

    def _tell_away(self, error: UnavailableError) -> None:
        """The first time only, until the log is there again."""
        if not self._away:
            fault(error, self._language)
        self._away = True

    def _tell(self, note: bytes, *, new: bool) -> None:
        from toyono_trust.ledger.checkpoint import open_checkpoint

        seen = open_checkpoint(note, self._log.key).checkpoint
        if self._format == "json":
            value = {"size": seen.size, "root": seen.root.hex(), "new": new, "note": note.decode()}
            self._write(json_line(value))
        else:
            key = "log-checkpoint" if new else "log-checkpoint-stands"
            self._write(said(LABELS[key], self._language, size=seen.size, root=seen.root.hex()))

    @staticmethod
    def _write(line: str) -> None:
        """At once, for whoever reads along."""
        click.echo(line)
        sys.stdout.flush()
