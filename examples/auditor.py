"""An auditor's desk: verify a folder of signed files without a network, show a table, keep a report of each.

    python auditor.py FOLDER --trust trust.zip --trust-digest sha256:… --reports reports

FOLDER holds signed files (.jws, .jws.json, .p7s, .p7m), receipts (.receipt.json) and time stamps (.tst), and beside
them the contents that detached ones cover. The exit code is 0 where all passed, 1 where a file failed, 2 where
something is undecided or a file is covered by nothing, 64 or 66 where there was no audit: wrong usage, or a file that
cannot be read or is not the expected trust.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from toyono_trust import Report, TrustError, TrustStore, verify

ENDINGS = (".jws.json", ".receipt.json", ".jws", ".p7s", ".p7m", ".tst")
PASSED, FAILED = ("TOTAL-PASSED", "PASSED"), ("TOTAL-FAILED", "FAILED")


def audit(folder: Path, trust: TrustStore, at: datetime) -> Iterator[tuple[Path, Report]]:
    """A report for every signed file of the folder, in the order of names."""
    for path in sorted(folder.iterdir()):
        ending = next((ending for ending in ENDINGS if path.name.endswith(ending)), None)
        if ending is None or not path.is_file():
            continue
        # What a signature names itself, such as a receipt its parts, is found among the files of the folder by name,
        # never beyond it. One validation time for all files makes the audit repeatable.
        report = verify(path, trust=trust, content=folder, at=at)
        beside = path.with_name(path.name.removesuffix(ending))
        if _lacks_content(report) and beside.is_file():
            # A detached signature that names nothing covers the file that it is named after.
            report = verify(path, trust=trust, content=beside, at=at)
        yield path, report


def _lacks_content(report: Report) -> bool:
    objects = [item.found for signature in report.signatures for item in signature.objects]
    return not all(objects + [item.token.imprint_found for item in report.timestamps])


def covered(path: Path, report: Report) -> set[str]:
    """Names of the files that a passed report vouches for, the signed file's own included."""
    names = {path.name}
    if report.indication not in PASSED:
        return names
    names.update(item.name for signature in report.signatures for item in signature.objects if item.intact)
    if report.receipt is not None:
        names.update(name for name, _, intact in report.receipt.parts if intact)
    if report.timestamps:  # a token stands alone and names nothing
        names.add(path.name.removesuffix(".tst"))
    return names


def row(path: Path, report: Report) -> str:
    """One line of the table: verdict, proven or claimed time, signer, and why it did not pass."""
    if report.signatures:
        signature = report.signatures[0]
        signer = signature.certificate.identifier if signature.certificate else "-"
        stamped = signature.best_signature_time < report.validated_at
        time = signature.best_signature_time if stamped else signature.facts.claimed_signing_time
        # Without a time stamp the time is the signer's word.
        since = "-" if time is None else f"{time:%Y-%m-%d %H:%M}" + ("" if stamped else " (claimed)")
    else:
        token = report.timestamps[0] if report.timestamps else None
        signer = token.certificate.subject if token is not None and token.certificate is not None else "-"
        since = "-" if token is None else f"{token.token.generated_at:%Y-%m-%d %H:%M}"
    why = "" if report.indication in PASSED else next((f.text for f in report.all_findings() if f.level == "fail"), "")
    return f"{report.indication:14} {since:26} {signer:24} {path.name}  {why}".rstrip()


def main() -> int:
    """Audit the folder that the command line names."""
    options = _options()
    # A console of another encoding must not end the audit at the first Japanese name.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    trust = TrustStore.load(options.trust)
    # The trust file travels with what it is to judge. Its digest should come another way: a letter, a telephone.
    if options.trust_digest not in (None, trust.digest):
        print(f"the trust file has the digest {trust.digest}", file=sys.stderr)
        return 66
    at = options.at or datetime.now(UTC)
    print(f"trust {trust.digest}\nvalidation time {at.isoformat()}\n")
    results = dict(audit(options.folder, trust, at))
    options.reports.mkdir(parents=True, exist_ok=True)
    for path, report in results.items():
        print(row(path, report))
        report.file = path.name
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=2)
        (options.reports / f"{path.name}.report.json").write_text(text + "\n", encoding="utf-8")
    known = set[str]().union(*(covered(path, report) for path, report in results.items()))
    bare = sorted(path.name for path in options.folder.iterdir() if path.is_file() and path.name not in known)
    for name in bare:
        print(f"{'UNCOVERED':14} {'-':26} {'-':24} {name}  Nothing that passed covers this file.")
    if any(report.indication in FAILED for report in results.values()):
        return 1
    # Nothing found is no success either.
    return 0 if results and not bare and all(report.indication in PASSED for report in results.values()) else 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")  # argparse's own 2 would read as "undecided"


def _options() -> argparse.Namespace:
    parser = _Parser(description="Verify all signed files of a folder offline.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trust", required=True, type=Path, help="what `toyono-trust trust pack` wrote, or a folder")
    parser.add_argument("--trust-digest", metavar="sha256:…", help="the digest that the trust must have")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder for the reports as JSON")
    parser.add_argument("--at", type=_moment, help="validation time with its zone, such as 2026-11-22T12:00:00+09:00")
    return parser.parse_args()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("name the zone, such as +09:00 or Z")
    return moment


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TrustError, OSError) as error:  # a traceback would end with 1, which says that a signature failed
        print(error, file=sys.stderr)
        sys.exit(66)
