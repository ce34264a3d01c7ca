"""The site of docs/: built without a warning and without a network, whole, and loading nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import toyono_trust

pytest.importorskip("sphinx")
pytest.importorskip("furo")

ROOT = Path(__file__).resolve().parents[1]
LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does; in an empty network namespace where there are such."""
    made = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    command += ["--doctree-dir", str(made / "doctrees"), str(ROOT / "docs"), str(made / "html")]
    if shutil.which("unshare") is not None:
        command = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]), *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return made / "html"


class Page(HTMLParser):
    """What a page loads, links to, names, and in which language it says it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.names |= {values[name] for name in ("id", "name") if name in values}
        self.loads += [value for name, value in values.items() if (tag, name) in LOADS]
        if tag == "html":
            self.language = values.get("lang", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])


@cache
def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def pages(site: Path) -> list[Path]:
    found = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    assert len(found) > 25
    return found


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Neither page nor style sheet names a resource with a host; what scripts hold is not loaded at once."""
    for path in pages(site):
        foreign = [address for address in page(path).loads if re.match(r"(?:[a-z]+:)?//", address)]
        assert foreign == [], path.name
        for address in page(path).loads:
            target = (path.parent / unquote(address.partition("?")[0])).resolve()
            assert not address or address.startswith(("data:", "#")) or target.exists(), (path.name, address)
    for path in site.rglob("*.css"):
        text = path.read_text("utf-8")
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", text), path.name
        assert not re.search(r"@import\s+['\"]?(?:url\()?['\"]?(?:https?:)?//", text), path.name


def test_every_link_leads_to_its_place(site: Path) -> None:
    dead = []
    for path in pages(site):
        for link in page(path).links:
            if re.match(r"[a-z]+:", link):
                continue
            address, fragment = urldefrag(link)
            target = (path.parent / unquote(address)).resolve() if address else path
            if not target.exists() or (
                fragment and target.suffix == ".html" and unquote(fragment) not in page(target).names
            ):
                dead.append(f"{path.name}: {link}")
    assert dead == []


def test_japanese_pages_say_so(site: Path) -> None:
    languages = {path.relative_to(site).as_posix(): page(path).language for path in pages(site)}
    japanese = {name for name, language in languages.items() if language == "ja"}
    assert japanese == {"ja/archive.html", "ja/auditor.html", "ja/index.html", "ja/log.html"}
    assert set(languages.values()) == {"en", "ja"}


def test_the_reference_has_every_public_name_and_every_command(site: Path) -> None:
    text = "".join((site / "reference" / f"{name}.html").read_text("utf-8") for name in ("verbs", "things", "delivery"))
    for name in toyono_trust.__all__:
        assert f'id="toyono_trust.{toyono_trust._HOMES[name]}.{name}"' in text, name
    commands = (site / "reference" / "command-line.html").read_text("utf-8")
    assert all(f"toyono-trust {name}" in commands for name in ("seal", "augment", "verify", "judge", "trust pack"))


def test_pages_that_live_elsewhere_are_shown(site: Path) -> None:
    for name, words in {
        "security": "Threat model",
        "changelog": "Unreleased",
        "examples": "auditor.py",
        "howto/gateway": "RFC 9457",
        "ja/index": "eシール",
    }.items():
        assert words in (site / f"{name}.html").read_text("utf-8"), name
