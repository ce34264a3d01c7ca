"""Measures what large files cost: ``python tests/bench/memory.py``, or ``python tests/bench --memory``.

Every job runs in a process of its own, after the same work on a small file. Growth is what the largest resident memory
of that process rises by; it should not depend on the size. Times are of this machine, beside those of the bare SHA-256:
what passed, and what the processor spent, by which the throughput is reckoned.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what tests make by hand

HEADER = ("job", "size", "memory grows by", "time", "processor", "throughput")
PDF, CONTENT = 200, 1024
"""MiB of the PDF and of the detached content, where nothing else is asked for."""
LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "CAdES": ("cades", {}),
    "JAdES": ("jades", {}),
    "JAdES, b64=false": ("jades", {"b64": False}),
    "JAdES by hash": ("jades", {"mechanism": "uri-hash"}),
}
"""Formats with detached content, and arguments of ``JadesDetails``."""
STEPS = ("seal B-T", "augment to B-LTA", "verify")
PDF_STEPS = ("seal B-LTA", "verify")


class Measured(NamedTuple):
    """One job: MiB of content, MiB by which the largest resident memory grew, seconds that passed and were worked."""

    job: str
    size: int
    growth: float
    seconds: float
    worked: float

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        speed = self.size / max(self.worked, 1e-3)
        times = f"{self.seconds:.2f} s", f"{self.worked:.2f} s"
        return self.job, f"{self.size} MiB", f"{self.growth:.1f} MiB", *times, f"{speed:.0f} MiB/s"


def jobs() -> list[str]:
    """The names of all jobs, in an order in which each finds what those before it wrote."""
    detached = [f"{layout}: {step}" for layout in LAYOUTS for step in STEPS]
    return ["bare SHA-256", *(f"PDF: {step}" for step in PDF_STEPS), *detached]


def measure(only: str = "", size: int | None = None) -> Iterator[Measured]:
    """Run the jobs whose name contains ``only``. ``size``: MiB of content, default as said above."""
    from toyono_trust.devpki import Town

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Town.create().write(folder / "town")
        for job in jobs():
            if only.lower() in job.lower():
                yield _in_a_process(job, folder, size or (PDF if job.startswith("PDF") else CONTENT))


def _in_a_process(job: str, folder: Path, size: int) -> Measured:
    command = [sys.executable, __file__, "--child", job, "--folder", str(folder), "--size", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr.strip()[-2000:]}")
    return Measured(*json.loads(done.stdout))


# in the process of one job -------------------------------------------------------------------------------------------


def child(job: str, folder: Path, size: int) -> Measured:
    """One job on the large file, after all steps up to it on a small one."""
    area, _, step = job.partition(": ")
    steps = PDF_STEPS if area == "PDF" else STEPS
    for each in steps[: steps.index(step) + 1] if step else ("",):
        _work(area, each, folder, 1 << 10)()
    work = _work(area, step, folder, size << 20)
    before, start, worked = peak(), perf_counter(), process_time()
    work()
    seconds, worked = perf_counter() - start, process_time() - worked
    return Measured(job, size, (peak() - before) / 1024, seconds, worked)


def peak() -> int:
    """The largest resident memory of this process so far, KiB.

    ``ru_maxrss`` alone would not do: it counts what the process that started this one had.
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    if found is not None:
        return int(found[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def _work(area: str, step: str, folder: Path, size: int) -> Callable[[], object]:
    """What is measured; the content of ``size`` octets is made where it is not there yet."""
    if area == "PDF":
        return _pdf(step, folder, size)
    content = folder / f"content-{size}"
    if not content.exists():
        with content.open("wb") as stream:
            stream.truncate(size)  # sparse: what takes time is the work, not the disk
    return partial(_bare, content) if not step else _detached(area, step, folder, content)


def _bare(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _network(folder: Path) -> dict[str, Any]:
    from toyono_trust import TrustStore
    from toyono_trust.devpki import Simulation, Town

    town = Town.load(folder / "town")
    return {
        "tsa": f"{town.base_url}/tsr",
        "http": Simulation(town),
        "trust": TrustStore.load(folder / "town" / "trust"),
    }


def _signer(folder: Path) -> Any:
    from toyono_trust import Signer
    from toyono_trust.devpki import PASSWORD

    return Signer.open(f"pkcs12:{folder}/town/town-seal.p12", secret=PASSWORD)


def _pdf(step: str, folder: Path, size: int) -> Callable[[], object]:
    from toyono_trust import seal, verify

    path, sealed, network = folder / f"{size}.pdf", folder / f"{size}.sealed.pdf", _network(folder)
    if not path.exists():
        _write_pdf(path, size)
    if step != "verify":
        by = _signer(folder)
        return lambda: seal(path, by=by, format="pades", level="B-LTA", out=sealed, **network)
    return lambda: _passed(verify(sealed, trust=network["trust"]))


def _write_pdf(path: Path, size: int) -> None:
    """A page and a stream of ``size`` octets."""
    import plain_pdfs

    head = plain_pdfs.classic(plain_pdfs.with_objects({6: b"<< /Length %d >>\nstream\n\nendstream" % size}))
    at, table = head.index(b"\n\nendstream") + 1, head.index(b"xref\n0 7")
    with path.open("wb") as stream:
        stream.write(head[:at])
        stream.seek(at + size)
        stream.write(head[at:].replace(b"startxref\n%d" % table, b"startxref\n%d" % (table + size)))


def _detached(area: str, step: str, folder: Path, content: Path) -> Callable[[], object]:
    from toyono_trust import augment, seal, verify
    from toyono_trust.formats.jades import JadesDetails

    format, layout = LAYOUTS[area]
    network = _network(folder)
    stamped, lasting = folder / f"{content.name}.{area}.b-t", folder / f"{content.name}.{area}.b-lta"
    if step == STEPS[0]:
        more: dict[str, Any] = {"by": _signer(folder), "format": format, "level": "B-T", "out": stamped, **network}
        if layout:
            more["details"] = JadesDetails(**layout)
        return lambda: seal(content, detached=True, **more)
    if step == STEPS[1]:
        return lambda: augment(stamped, level="B-LTA", content=content, out=lasting, **network)
    return lambda: _passed(verify(lasting, trust=network["trust"], content=content))


def _passed(report: Any) -> None:
    """A file that does not pass was not measured."""
    if report.indication != "TOTAL-PASSED":
        raise SystemExit(str(report))


# ---------------------------------------------------------------------------------------------------------------------


def line(cells: tuple[str, ...]) -> str:
    """One line of the table, in Markdown."""
    return f"| {' | '.join(cells)} |"


def show(only: str = "", size: int | None = None) -> None:
    """Print the table, row by row."""
    print(line(HEADER), line(("---",) * len(HEADER)), sep="\n", flush=True)
    for row in measure(only, size):
        print(line(row.cells()), flush=True)


def main() -> None:
    """Print the table, or be the process of one job."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="jobs whose name contains this text")
    options.add_argument("--size", type=int, help="MiB of content")
    options.add_argument("--json", action="store_true", help="print one JSON array for each job instead of the table")
    options.add_argument("--child", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.folder, given.size)))
    elif given.json:
        for row in measure(given.only, given.size):
            print(json.dumps(row), flush=True)
    else:
        show(given.only, given.size)


if __name__ == "__main__":
    main()
