"""A page of HTML as PDF: by WeasyPrint where it is installed (extra ``pdf-report``), else by a Chromium on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from toyono_trust.errors import MisuseError, UnavailableError

__all__ = ["BROWSERS", "find", "pdf"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names on PATH, tried in this order."""
SECONDS = 120
"""For a page of a thousand files on a slow machine."""

_FLAGS = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-extensions", "--no-pdf-header-footer"),
)


def find() -> str | None:
    """The browser that will print, None for WeasyPrint. ``MisuseError`` where there is neither."""
    if _weasyprint() is not None:
        return None
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise MisuseError(
        "report.no-printer",
        "neither WeasyPrint nor a Chromium on PATH can make a PDF",
        "install toyono-trust[pdf-report] or Chromium, or use --format html",
    )


def _weasyprint() -> Any:
    """The library, None where it or one of its system libraries is missing."""
    try:
        return import_module("weasyprint")
    except (ImportError, OSError):  # OSError: cffi does not find Pango
        return None


def pdf(html: str) -> bytes:
    """The page as printed on A4, all details open if the page says so. ``UnavailableError`` where printing fails."""
    browser = find()
    if browser is None:
        printed: bytes = _weasyprint().HTML(string=html, url_fetcher=_refused).write_pdf(pdf_variant="pdf/ua-1")
        return printed
    with tempfile.TemporaryDirectory(prefix="toyono-", ignore_cleanup_errors=True) as folder:
        return _by_browser(browser, html, Path(folder))


def _refused(url: str, *_: object, **__: object) -> None:
    raise ValueError(f"the page is self-contained; {url} is not fetched")


def _by_browser(browser: str, html: str, folder: Path) -> bytes:
    """Print in a profile of its own that is gone afterwards; the page itself forbids scripts and fetching."""
    page, target = folder / "report.html", folder / "report.pdf"
    page.write_text(html, "utf-8")
    command = [browser, *_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium refuses to start as root otherwise
    try:
        done = subprocess.run(  # noqa: S603 - a browser of the user's PATH, our own page
            [*command, page.as_uri()], capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
        printed = target.read_bytes()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(browser, str(error)) from error
    if done.returncode != 0 or not printed.startswith(b"%PDF-"):
        raise _failed(browser, f"exit code {done.returncode}")
    return printed


def _failed(browser: str, reason: str) -> UnavailableError:
    return UnavailableError(
        "report.not-printed",
        f"{Path(browser).name} did not print the report: {reason}",
        "use --format html and print that page",
        retryable=False,
    )
