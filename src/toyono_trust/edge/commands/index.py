"""``toyono-trust index``: an index file of a folder of records, so that they can be found by date, party and amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from toyono_trust.core.findings import Language
from toyono_trust.edge.console import FAILED, Command, Target, complain, default_language, time_zone, write
from toyono_trust.edge.options import SETTINGS, lang_option

if TYPE_CHECKING:
    from toyono_trust.edge.bulk.making import Row

__all__ = ["index"]


@click.command("index", cls=Command, context_settings=SETTINGS)
@click.argument("folder", metavar="DIR")
@click.option("--date", "date", metavar="POINTER", default="", help="Where signed JSON has the date, e.g. /issued.")
@click.option("--counterparty", metavar="POINTER", default="", help="Where it has the other party, e.g. /buyer/name.")
@click.option("--amount", metavar="POINTER", default="", help="Where it has the amount, e.g. /total.")
@click.option("--currency", metavar="POINTER", default="", help="Where it has the currency.")
@click.option("--kind", metavar="POINTER", default="", help="Where it has the kind of document.")
@click.option("--own", metavar="ID", default="", help="Who keeps the records; of a receipt the other side is taken.")
@click.option("--tz", "zone", metavar="ZONE", help="Time zone of receipts' dates.  [default: this machine's]")
@click.option("--out", "-o", metavar="FILE|-", help="Where it goes.  [default: DIR/index.csv]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@lang_option
def index(
    folder: str,
    zone: str | None,
    own: str,
    out: str | None,
    force: bool,
    lang: Language | None,
    **pointers: str,
) -> int:
    r"""Make the index file of a folder of records: file,date,counterparty,amount,currency,kind (CSV, UTF-8).

    Dates and parties of delivery receipts are known; where signed JSON has its fields, JSON pointers (RFC 6901) say.
    What is not found is left empty, and counted: fill it in, and have whoever answers for the index seal it. Nothing is
    verified here; toyono-verify does that.

    \b
    Examples:
      toyono-trust index records/ --date /issued --counterparty /buyer/name --amount /total --currency /currency
      toyono-trust index receipts/ --own NTRJP-9234567890123 --tz Asia/Tokyo --out receipts/index.csv --force

    The exit code is 1 where a file has a name that no index can have (: or \\ or controls), or cannot be read; its row
    is made all the same, so that verification names it.
    """
    from toyono_trust.edge.bulk.folder import INDEX, walk
    from toyono_trust.edge.bulk.making import Pointers, is_pointer, rows, written
    from toyono_trust.edge.bulk.words import said
    from toyono_trust.validation.render import safe

    language = lang or default_language()
    for name, pointer in pointers.items():
        if not is_pointer(pointer):
            raise click.UsageError(f"--{name}: {pointer!r} is no JSON pointer; write for example /buyer/name")
    found = walk(folder)
    target = Target(out or f"{folder.rstrip('/')}/{INDEX}", force=force)
    target.check()
    counts: Counter[str] = Counter()
    made = _counted(rows(found, Pointers(**pointers), time_zone(zone), own), counts)
    pieces = (piece.encode("utf-8", "backslashreplace") for piece in written(made))
    if target.name == "-":
        target.write(b"".join(pieces))
    else:
        write(target.name, pieces)
    complain(said("indexed", language, target=safe(target.name), count=counts["file"]))
    for column in ("date", *pointers):
        if counts[f"no {column}"]:
            complain(said("index-missing", language, column=column, count=counts.pop(f"no {column}")))
    if counts["no file"]:
        complain(said("index-unusable", language, count=counts["no file"]))
        return FAILED
    return 0


def _counted(found: Iterator[Row], counts: Counter[str]) -> Iterator[Row]:
    for row in found:
        counts["file"] += 1
        counts.update(f"no {column}" for column in row.missing)
        yield row
