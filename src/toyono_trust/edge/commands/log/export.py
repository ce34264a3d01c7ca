"""``toyono-trust log export`` and ``import``: a log as one file, which is audited and opened elsewhere."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.commands.log.places import address_argument, opened_store, shown
from toyono_trust.edge.commands.log.telling import meter
from toyono_trust.edge.console import INTERNAL, USAGE, Command, Complaint, Target, default_language, say, unreadable
from toyono_trust.edge.options import SETTINGS, lang_option

if TYPE_CHECKING:
    from toyono_trust.ledger.stores.base import Store

__all__ = ["export", "import_", "is_export", "loaded"]


@click.command("export", cls=Command, context_settings=SETTINGS)
@address_argument
@click.option("--out", "-o", required=True, metavar="FILE|-", help="Where the export goes.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@lang_option
def export(address: str, schema: str | None, out: str, force: bool, lang: Language | None) -> int:
    r"""Write the whole log at ADDRESS into one file: entries, checkpoints, time stamps and charter.

    The file is text, one JSON object a line; log audit takes it like a log, and log import makes a log of it again.
    It holds commitments and signatures, no content and no salt; and not the log's key.

    \b
    Examples:
      toyono-trust log export town.log --out town-2026.jsonl
      toyono-trust log audit town-2026.jsonl --log-key log.pub

    \b
    Exit codes:
      0 written · 64 wrong usage, or no log · 69 the log is unavailable or damaged · 70 the file cannot be written
    """
    from toyono_trust.ledger.export import export as lines

    language = lang or default_language()
    target = Target(out, force=force)
    target.check()
    with opened_store(address, schema, language) as store:
        size = store.head().size
        if out == "-":
            for line in lines(store):
                target.write(line)
            return 0
        from toyono_trust.edge.console import write

        write(out, lines(store))
    say("log-exported", language, address=shown(address), size=size, target=out)
    return 0


@click.command("import", cls=Command, context_settings=SETTINGS)
@click.argument("file", metavar="FILE")
@click.argument("target", metavar="NEW")
@lang_option
def import_(file: str, target: str, lang: Language | None) -> int:
    r"""Make a log out of what log export wrote: NEW, a SQLite file that is not there yet.

    The log is audited under the key that it names before it is put there; a log that is not sound is not made, but
    log audit takes the export itself. With the log's key the log goes on where it was.

    \b
    Examples:
      toyono-trust log import town-2026.jsonl town.log

    \b
    Exit codes:
      0 made · 1 the file is broken, or the log in it is not sound · 64 wrong usage, or NEW is there already
      66 the file cannot be read · 69 no space · 70 NEW cannot be written
    """
    from toyono_trust.ledger.audit import audit
    from toyono_trust.ledger.note import NoteKey

    language = lang or default_language()
    if "://" in target:
        raise click.UsageError("an export is imported into a SQLite file")
    path = Path(target)
    if path.exists():
        raise Complaint(USAGE, "exists", file=target, option="NEW")
    with _loading(file, path.parent, language) as (store, made):
        key = NoteKey.parse(store.description().key)
        audit(store, key).require()
        size = store.head().size
        store.close()  # which leaves everything in the one file
        try:
            os.link(made, path)
        except FileExistsError:
            raise Complaint(USAGE, "exists", file=target, option="NEW") from None
        except OSError as error:
            raise Complaint(INTERNAL, "unwritable", file=target, reason=error.strerror, option="NEW") from error
    say("log-imported", language, file=file, size=size, target=target)
    return 0


def is_export(address: str) -> bool:
    """Whether a file begins as an export does."""
    from toyono_trust.ledger.export import MAX_LINE, begins_export

    path = Path(address)
    if "://" in address or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"{" and begins_export(b"{" + stream.readline(MAX_LINE))
    except OSError:
        return False


@contextmanager
def loaded(file: str, language: Language) -> Iterator[Store]:
    """The log in an export, in a store that is gone afterwards."""
    with _loading(file, None, language) as (store, _):
        yield store


@contextmanager
def _loading(file: str, folder: Path | None, language: Language) -> Iterator[tuple[Store, Path]]:
    from toyono_trust.ledger.export import fill, read_description
    from toyono_trust.ledger.stores.sqlite import SqliteStore

    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise unreadable(error, file) from error
        description, counts = read_description(stream)
        try:
            place = tempfile.TemporaryDirectory(dir=folder, prefix=".toyono-import-")
        except OSError as error:
            name = str(folder or tempfile.gettempdir())
            raise Complaint(INTERNAL, "unwritable", file=name, reason=error.strerror, option="NEW") from error
        with place as name, meter(counts.size, "entries", language) as advance:
            made = Path(name, "log")
            store = SqliteStore.create(made, description)
            try:
                fill(store, stream, advance)
                yield store, made
            finally:
                store.close()
