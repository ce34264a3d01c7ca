"""``toyono-trust log prove``: the proof of one entry, which verifies alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.openings import opening_of
from toyono_trust.edge.commands.log.places import address_argument, opened
from toyono_trust.edge.console import USAGE, Command, Complaint, Target, default_language, read, say
from toyono_trust.edge.options import SETTINGS, lang_option

if TYPE_CHECKING:
    from toyono_trust.ledger.entry import Opening
    from toyono_trust.ledger.log import EvidenceLog

__all__ = ["prove"]


class _Wanted(NamedTuple):
    """Which entry: its index as far as it is known, and what opens it as far as that is at hand."""

    name: str
    position: int | None
    opening: Opening | None


@click.command("prove", cls=Command, context_settings=SETTINGS)
@address_argument
@click.argument("which", metavar="INDEX|FILE")
@click.option("--out", "-o", metavar="FILE|-", help="Where it goes.  [default: FILE.proof, or entry-INDEX.proof; .ers]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--opening", metavar="FILE", help="What opens the entry.  [default: FILE.opening]")
@click.option("--as", "form", type=click.Choice(["proof", "ers"]), default="proof", show_default=True,
              help="The proof, or the RFC 4998 evidence record over the opening.")  # fmt: skip
@click.option("--without-salt", is_flag=True, help="Leave out what shows what the entry is.")
@lang_option
def prove(
    address: str,
    schema: str | None,
    which: str,
    out: str | None,
    force: bool,
    opening: str | None,
    form: str,
    without_salt: bool,
    lang: Language | None,
) -> int:
    r"""Write the proof that an entry stands in the log at ADDRESS, by its index or by the FILE that was appended.

    The proof is one small file: the entry, its path to the root, the checkpoint that the log and its witnesses signed,
    the log's charter and, where there is one, the time stamp. It verifies alone, when the log is gone. It holds the
    salt, so that it shows with FILE what the entry is; --without-salt leaves it out. A FILE is found by what the log
    promised in the receipt, else by FILE.opening.

    With --as ers it is an RFC 4998 evidence record instead, which other validators read, over the octets of
    FILE.opening, which must go with it. It needs the time stamp.

    \b
    Examples:
      toyono-trust log prove town.log order.json.receipt.json
      toyono-trust log prove town.log order.json.receipt.json --as ers
      toyono-trust log prove town.log 17 --out entry-17.proof

    \b
    Exit codes:
      0 written · 1 a file is broken · 64 wrong usage, no such entry, or it is not signed or stamped yet
      66 a file cannot be read · 69 the log is unavailable or damaged · 70 the proof cannot be written
    """
    from toyono_trust.ledger.proof import write_proof

    language = lang or default_language()
    index = int(which) if re.fullmatch("[0-9]{1,18}", which) else None
    if form == "ers" and without_salt:
        raise click.UsageError("--without-salt: an evidence record is over the opening, which holds the salt")
    base = which if index is None else f"entry-{index}"
    target = Target(out or f"{base}.{form}", force=force)
    target.check()
    with opened(address, schema, language) as log:
        wanted = _wanted(which, index, opening, without_salt, log)
        found = wanted.position if wanted.position is not None else _searched(wanted, log)
        salt = None if without_salt or form == "ers" or wanted.opening is None else wanted.opening.salt
        proof = log.prove(found, salt=salt)
        if wanted.opening is not None and wanted.opening.entry != proof.entry:
            raise Complaint(USAGE, "other-entry", file=which, index=found)
        target.write(write_proof(proof) if form == "proof" else _record(log, found))
    if target.name != "-":
        say("log-proved", language, index=found, target=target.name)
        if salt is not None:
            say("log-salted", language, target=target.name)
    return 0


def _record(log: EvidenceLog, index: int) -> bytes:
    record = log.evidence_record(index)
    if record is None:
        raise Complaint(USAGE, "unstamped", index=index)
    return record


def _wanted(which: str, index: int | None, place: str | None, without_salt: bool, log: EvidenceLog) -> _Wanted:
    """What is known of the entry before the log is read."""
    from toyono_trust.edge.commands.log.openings import kept, opening_place
    from toyono_trust.edge.commands.log.search import promised_index
    from toyono_trust.ledger.entry import MAX_OPENING

    if index is not None:
        opening = None if place is None else opening_of(place)
        return _Wanted(which, index, opening)
    octets = read(which, MAX_OPENING + 1)
    promised = promised_index(octets, log)
    if promised is not None and without_salt and kept(place or opening_place(which), which) is None:
        return _Wanted(which, promised, None)
    return _Wanted(which, promised, opening_of(which, place))


def _searched(wanted: _Wanted, log: EvidenceLog) -> int:
    from toyono_trust.edge.commands.log.search import indexes_of

    assert wanted.opening is not None
    found = indexes_of(log, [wanted.opening.entry])
    if not found:
        raise Complaint(USAGE, "not-logged", file=wanted.name)
    return found[wanted.opening.entry]
