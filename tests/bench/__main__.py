"""Prints the table of speed: ``make bench``, or ``python tests/bench [--only TEXT] [--rounds N] [--seconds S]
[--profile]``; with ``--memory`` instead what large files cost.

Never a timed test: the exit code is 1 only where a row could not run. Budgets come from the project's table of budgets;
x = times the bare primitive's time in the same run.
"""

from __future__ import annotations

import argparse
import cProfile
import platform
import pstats
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import memory
from measure import batch, calibrate, pin
from rows import OURS, Row, run

HEADER = ("job", "budget", "ratio today (q1–q3)", "peers in the same run")
LIBRARIES = ("cryptography", "jwcrypto", "joserfc", "pyhanko", "pyhanko-certvalidator", "rfc3161-client")


def all_rows(folder: Path) -> list[Row]:
    """Every row; the town that they share is made once in ``folder``."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))  # what tests make by hand
    import bulk
    import cades
    import jades
    import lasting
    import pades
    import paths
    import stamps
    import startup
    from town import BenchTown

    import ledger

    town = BenchTown(folder)
    areas = (jades, cades, pades, lasting, stamps, ledger, bulk, paths, startup)
    return [row for area in areas for row in area.rows(town)]


def main() -> int:
    """Run the rows that were asked for."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--only", default="", help="rows whose job contains this text")
    options.add_argument("--rounds", type=int, default=21)
    options.add_argument("--seconds", type=float, default=0.02, help="length of one batch")
    options.add_argument("--profile", action="store_true", help="print where ours spends its time instead of the table")
    options.add_argument("--memory", action="store_true", help="print the memory and time of large files instead")
    given = options.parse_args()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    print(f"CPython {platform.python_version()}, {versions}; {pin()}; {given.rounds} rounds\n")
    if given.memory:
        memory.show(given.only)
        return 0
    print(line(HEADER), line(("---",) * len(HEADER)), sep="\n", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in all_rows(Path(folder)):
            if given.only.lower() not in row.job.lower():
                continue
            if given.profile:
                profile(row)
                continue
            try:
                print(line(run(row, rounds=given.rounds, seconds=given.seconds).cells()), flush=True)
            # A row that cannot run must not hide the others; it is printed and counted.
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(line((row.job, "", f"failed: {type(error).__name__}: {error}", "")), flush=True)
    return 1 if failed else 0


def profile(row: Row) -> None:
    """Where ours spends its time: the fifteen functions that take most of it themselves."""
    ours = row.contenders()[OURS]
    calls = calibrate(ours, 1.0)
    with cProfile.Profile() as seen:
        batch(ours, calls)
    print(f"\n{row.job}: {calls} calls")
    pstats.Stats(seen).sort_stats("tottime").print_stats(15)


def line(cells: tuple[str, ...]) -> str:
    """One line of the table, in Markdown."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
