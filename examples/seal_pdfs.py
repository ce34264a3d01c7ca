r"""Seal all PDFs of a folder, with a progress bar; a second run goes on where the first one was interrupted.

    python seal_pdfs.py notices sealed --key pkcs12:town/town-seal.p12 --secret-file town/password.txt \
        --trust town/trust --visible 380,40,180,60 --font NotoSansJP.ttf --reason "Notice of assessment"

Each sealed file has the name of its original. It is written whole or not at all, and what is there already is left
alone: to seal a file again, remove its product. The exit code is 0 where every file is sealed, 1 where some could not
be, 64 or 66 where nothing was begun. What failed is listed at the end, with the reason.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from toyono_trust import Http, Signer, TrustError, TrustStore, seal, verify
from toyono_trust.formats.pades import PdfDetails, VisibleSeal


def originals(folder: Path, target: Path) -> list[tuple[Path, Path]]:
    """(original, product) for every PDF below ``folder`` that has no product yet, by name."""
    pairs = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".pdf" and path.is_file() and not path.is_relative_to(target):
            product = target / path.relative_to(folder)
            if not product.exists():
                pairs.append((path, product))
    return pairs


def seal_one(path: Path, product: Path, by: Signer, trust: TrustStore | None, options: dict[str, Any]) -> None:
    """Seal one file. Raises ``TrustError`` or ``OSError``; then there is no product."""
    product.parent.mkdir(parents=True, exist_ok=True)
    seal(path, by=by, format="pades", out=product, **options)
    if trust is None:
        return
    try:
        # As a reader will see it, from the disk: the seal is ours, and it covers what was sealed.
        verify(product, trust=trust).require(signed_by={by.certificate.identifier})
    except TrustError:
        product.unlink()
        raise


def seal_all(
    pairs: list[tuple[Path, Path]], by: Signer, trust: TrustStore | None, options: dict[str, Any]
) -> Iterator[tuple[Path, str | None]]:
    """Each original with None, or with the reason why it could not be sealed. One bad file does not stop the others."""
    for path, product in pairs:
        try:
            seal_one(path, product, by, trust, options)
        except (TrustError, OSError) as error:
            yield path, str(error)
        else:
            yield path, None


def main() -> int:
    """Seal what the command line names."""
    options = _options()
    for stream in (sys.stdout, sys.stderr):  # a console of another encoding must not end the run at a Japanese name
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    secret = options.secret_file.read_text("utf-8").splitlines()[0] if options.secret_file else None
    by = Signer.open(options.key, secret=secret)  # once: a device logs in once, and a file's key proves itself once
    trust = TrustStore.load(options.trust) if options.trust else None
    pairs = originals(options.folder.resolve(strict=True), options.target.resolve())
    failed = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(pairs))
        for path, reason in seal_all(pairs, by, trust, _what(options)):
            bar.update(task, advance=1, description=escape(path.name))
            if reason is not None:
                failed.append((path, reason))
    print(f"sealed {len(pairs) - len(failed)} of {len(pairs)}, by {by.certificate.subject}")
    for path, reason in failed:
        print(f"{path}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _what(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``seal`` that are the same for each file."""
    visible = None
    if options.visible is not None:
        visible = VisibleSeal(page=options.page, box=options.visible, font=options.font)
    what: dict[str, Any] = {"details": PdfDetails(visible=visible, reason=options.reason, certify=options.certify)}
    if options.tsa:
        what |= {"level": "B-T", "tsa": options.tsa, "http": Http()}
    return what


def _box(text: str) -> tuple[float, float, float, float]:
    x, y, width, height = map(float, text.split(","))
    return x, y, width, height


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def _options() -> argparse.Namespace:
    parser = _Parser(description="Seal all PDFs of a folder.")
    parser.add_argument("folder", type=Path, help="where the originals are, in folders of any depth")
    parser.add_argument("target", type=Path, help="where the sealed ones go, under the same names")
    parser.add_argument("--key", required=True, metavar="URI", help="such as pkcs12:FILE or pkcs11:…")
    parser.add_argument("--secret-file", type=Path, metavar="FILE", help="its first line is the password or PIN")
    parser.add_argument("--trust", type=Path, metavar="PATH", help="then every product is verified as it lies there")
    parser.add_argument("--tsa", action="append", metavar="URL", help="stamp them (B-T); several are tried in order")
    parser.add_argument("--visible", type=_box, metavar="X,Y,W,H", help="show the seal: points from the lower left")
    parser.add_argument("--page", type=int, default=1, help="page that shows it; -1 is the last (default: 1)")
    parser.add_argument("--font", type=Path, help="TrueType or OpenType font for the name (extra `visible`)")
    parser.add_argument("--reason", metavar="TEXT")
    parser.add_argument("--certify", type=int, choices=(1, 2, 3), help="what may still change (DocMDP)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TrustError, OSError) as error:  # of the key, the trust or the folder: no file was begun
        print(error, file=sys.stderr)
        sys.exit(66)
