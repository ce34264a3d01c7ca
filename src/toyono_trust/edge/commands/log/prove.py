"""``toyono-trust log prove``: the proof of one entry, which verifies alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.keys import witness_policy, witnesses_option
from toyono_trust.edge.commands.log.openings import kept, opening_of, opening_place
from toyono_trust.edge.commands.log.places import address_argument, checked_address, opened, without_password
from toyono_trust.edge.commands.log.search import indexes_of, promise_in
from toyono_trust.edge.commands.log.telling import fault
from toyono_trust.edge.commands.log.tiled import TiledLog, is_tiled, tiled
from toyono_trust.edge.console import USAGE, Command, Complaint, Target, default_language, read, say, worst
from toyono_trust.edge.options import SETTINGS, lang_option, network_options
from toyono_trust.edge.progress import progress
from toyono_trust.errors import TrustError

if TYPE_CHECKING:
    from toyono_trust.ledger.checkpoint import WitnessPolicy
    from toyono_trust.ledger.entry import Opening
    from toyono_trust.ledger.log import EvidenceLog
    from toyono_trust.ledger.note import NoteKey
    from toyono_trust.ledger.proof import Proof

__all__ = ["prove"]

_T = TypeVar("_T")
_INDEX = re.compile("[0-9]{1,18}")


class _Wanted(NamedTuple):
    """Which entry, as far as it is known: its index, what the log promised to have there, and what opens it."""

    name: str
    position: int | None
    opening: Opening | None
    promised: bytes | None = None


@click.command("prove", cls=Command, context_settings=SETTINGS)
@address_argument
@click.argument("which", nargs=-1, required=True, metavar="INDEX|FILE...")
@click.option(
    "--out",
    "-o",
    metavar="FILE|DIR|-",
    help="Where it goes.  [default: FILE.proof, entry-INDEX.proof; FILE.opening.ers, entry-INDEX.ers]",
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--opening", metavar="FILE", help="What opens the entry.  [default: FILE.opening]")
@click.option("--as", "form", type=click.Choice(["proof", "ers"]), default="proof", show_default=True,
              help="The proof, or the RFC 4998 evidence record over the opening.")  # fmt: skip
@click.option("--without-salt", is_flag=True, help="Leave out what shows what the entry is.")
@witnesses_option("Prove by a checkpoint that they have cosigned, also where an earlier one is stamped")
@click.option("--log-key", metavar="KEY|FILE", help="Of tiles: verifier key of the log, known from elsewhere.")
@click.option("--charter", metavar="FILE", help="Of tiles: the log's charter, or a proof of this log that has it.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", help="Of tiles: time allowed for the network, for each step.")  # fmt: skip
@network_options
@lang_option
def prove(
    address: str,
    schema: str | None,
    which: tuple[str, ...],
    out: str | None,
    force: bool,
    lang: Language | None,
    **given: Any,
) -> int:
    r"""Write the proof that an entry stands in the log at ADDRESS, by its index or by the FILE that was appended.

    The proof is one small file: the entry, its path to the root, the checkpoint that the log and its witnesses signed,
    the log's charter and, where there is one, the time stamp. It verifies alone, when the log is gone. It holds the
    salt, so that it shows with FILE what the entry is; --without-salt leaves it out. A FILE is found by what the log
    promised in the receipt, else by FILE.opening.

    With --as ers it is an RFC 4998 evidence record instead, which other validators read: FILE.opening.ers, over the
    octets of FILE.opening, which must go with it. It needs the time stamp.

    ADDRESS may also be the log's tiles, a folder or an http(s) URL, for the log does not have to be asked: --log-key
    then says whose they must be. Time stamp and charter are not in tiles; --charter puts the charter in.

    \b
    Examples:
      toyono-trust log prove town.log order.json.receipt.json
      toyono-trust log prove town.log receipts/*.receipt.json --force
      toyono-trust log prove town.log order.json.receipt.json --as ers
      toyono-trust log prove town.log 17 --out entry-17.proof
      toyono-trust log prove town.log order.json.receipt.json --witnesses town.policy
      toyono-trust log prove https://log.town.example/ order.json.receipt.json --log-key log.pub

    \b
    Exit codes:
      0 written · 1 a file is broken, or tiles are not what the log signed · 64 wrong usage, no such entry, or it is
      not signed or stamped yet · 66 a file cannot be read · 69 the log is unavailable or damaged, or tiles are missing
      70 a proof cannot be written
      Of several the first that occurs of 70, 66, 69, 64, 1, 0 counts; the others are proven all the same.
    """
    language = lang or default_language()
    if given["form"] == "ers" and given["without_salt"]:
        raise click.UsageError("--without-salt: an evidence record is over the opening, which holds the salt")
    if given["form"] == "ers" and given["witnesses"] is not None:
        raise click.UsageError("--witnesses: no cosignature is in an evidence record")
    if given["opening"] is not None and len(which) > 1:
        raise click.UsageError("--opening goes with one entry")
    _check_usage(address, given)
    targets = {name: Target(_place(name, out, given), force=force) for name in which}
    if len({target.name for target in targets.values()}) < len(which):
        raise click.UsageError("--out: several proofs would go to the same place; name a folder")
    for target in targets.values():
        target.check()
    codes: list[int] = []

    def attempt(name: str, work: Callable[[], _T]) -> _T | None:
        try:
            with without_password(address):
                return work()
        except (TrustError, Complaint) as error:
            codes.append(fault(error, language, name if len(which) > 1 else ""))
            return None

    with _source(address, schema, given, language) as log:
        seen_by = witness_policy(given["witnesses"], log.key)
        found = [attempt(name, partial(_wanted, name, given, log.key)) for name in which]
        wanted = [one for one in found if one is not None]
        unknown = [one.opening.entry for one in wanted if one.position is None and one.opening]
        places = attempt("", partial(_indexes, log, unknown))
        if places is None:  # what was named by its index needs no search
            wanted = [one for one in wanted if one.position is not None]
        how = given, seen_by, language
        with progress(len(which), language) as advance:
            for one in wanted:
                attempt(one.name, partial(_prove, one, places or {}, targets[one.name], how, log))
                advance()
    return worst(codes)


def _indexes(log: EvidenceLog | TiledLog, entries: list[bytes]) -> dict[bytes, int]:
    return log.indexes_of(entries) if isinstance(log, TiledLog) else indexes_of(log, entries)


def _check_usage(address: str, given: dict[str, Any]) -> None:
    """Refuse options that say nothing about what is at the address."""
    if is_tiled(address):
        if given["form"] == "ers":
            raise click.UsageError("--as ers: an evidence record is made of a time stamp, and tiles have none")
        if given["witnesses"] is not None:
            raise click.UsageError("--witnesses: tiles show one checkpoint; ask the log itself for another one")
        return
    for name, option in _OF_TILES.items():
        if given[name]:
            raise click.UsageError(f"{option} is for tiles; name their folder or URL")


_OF_TILES = {"log_key": "--log-key", "charter": "--charter", "cache": "--cache", "allow_private": "--allow-private",
             "hosts": "--host", "proxy": "--proxy"}  # fmt: skip


@contextmanager
def _source(
    address: str, schema: str | None, given: dict[str, Any], language: Language
) -> Iterator[EvidenceLog | TiledLog]:
    """The log itself, or its tiles."""
    if is_tiled(address):
        checked_address(address, schema, language)
        with tiled(address, given, language) as tiles:
            yield tiles
    else:
        with opened(address, schema, language) as log:
            yield log


def _place(name: str, out: str | None, given: dict[str, Any]) -> str:
    """Where the proof of an entry goes; an evidence record beside the opening, which is what it covers."""
    form = given["form"]
    base = f"entry-{int(name)}" if _INDEX.fullmatch(name) else name
    covered = _covered(name, given) if form == "ers" else None
    base = base if covered is None else covered
    if out is None:
        return f"{base}.{form}"
    return str(Path(out, f"{Path(base).name}.{form}")) if Path(out).is_dir() else out


def _covered(name: str, given: dict[str, Any]) -> str | None:
    """The file whose octets an evidence record of an entry is over; None where only the entry's index is known."""
    if given["opening"] is not None:
        return str(given["opening"])
    if _INDEX.fullmatch(name):
        return None
    beside = opening_place(name)
    return beside if Path(beside).exists() else name


def _prove(
    wanted: _Wanted,
    places: dict[bytes, int],
    target: Target,
    how: tuple[dict[str, Any], WitnessPolicy | None, Language],
    log: EvidenceLog | TiledLog,
) -> None:
    given, witnesses, language = how
    opening, index = wanted.opening, wanted.position
    if index is None:
        assert opening is not None
        if opening.entry not in places:
            raise Complaint(USAGE, "not-in-tiles" if isinstance(log, TiledLog) else "not-logged", file=wanted.name)
        index = places[opening.entry]
    salt = None if given["without_salt"] or given["form"] == "ers" or opening is None else opening.salt
    if isinstance(log, TiledLog):
        proof = log.prove(index, salt=salt)
    else:
        proof = log.prove(index, salt=salt, witnesses=witnesses)
    expected = wanted.promised if opening is None else opening.entry
    if expected is not None and expected != proof.entry:
        raise Complaint(USAGE, "other-entry", file=wanted.name, index=index)
    target.write(_octets(proof, given["form"], log))
    if target.name != "-":
        say("log-proved", language, index=index, target=target.name)
        if salt is not None:
            say("log-salted", language, target=target.name)
        covered = _covered(wanted.name, given) if given["form"] == "ers" else None
        if covered is not None:
            say("log-record", language, target=target.name, opening=covered)


def _octets(proof: Proof, form: str, log: EvidenceLog | TiledLog) -> bytes:
    """The proof's file, or the evidence record over the opening of its entry."""
    from toyono_trust.ledger.proof import write_proof

    if form == "proof" or isinstance(log, TiledLog):
        return write_proof(proof)
    record = log.evidence_record(proof.position)
    if record is None:
        raise Complaint(USAGE, "unstamped", index=proof.position)
    return record


def _wanted(which: str, given: dict[str, Any], key: NoteKey) -> _Wanted:
    """What is known of an entry before the log is read."""
    from toyono_trust.ledger.entry import MAX_OPENING

    place = given["opening"]
    if _INDEX.fullmatch(which):
        return _Wanted(which, int(which), None if place is None else opening_of(place))
    octets = read(which, MAX_OPENING + 1)
    promise = promise_in(octets, key)
    if promise is None:
        return _Wanted(which, None, opening_of(which, place))
    if given["without_salt"] and kept(place or opening_place(which), which) is None:
        return _Wanted(which, promise.position, None, promise.entry)
    return _Wanted(which, promise.position, opening_of(which, place))
