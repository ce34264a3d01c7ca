"""Sphinx settings of the site: ``make docs``. The Markdown stays plain; what only the site needs is done here.

A page that consists of ``<!-- page: PATH -->`` shows that file instead; links that lead out of docs/ lead to the page
that shows their target; ``<!-- command line -->`` becomes the help of every command. Nothing is fetched.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from sphinx.application import Sphinx

import toyono_trust
from toyono_trust.edge.cli import toyono_trust as commands

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

project = "toyono_trust"
version = release = toyono_trust.__version__
copyright = "the authors of toyono_trust; Apache-2.0"
root_doc = "index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = False
html_theme = "furo"
html_title = f"toyono_trust {version}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # JSON with an ellipsis
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_use_ivar = True

CONTENTS = {
    "Start": ("tutorial", "levels", "日本語 <ja/index>"),
    "How to": ("howto/pdf", "howto/archive", "ja/archive", "howto/log", "ja/log", "howto/consent", "howto/gateway",
               "howto/auditor", "ja/auditor", "own-tsa", "howto/hsm", "howto/from-dss", "howto/from-pyhanko",
               "receipts", "policy", "examples"),
    "Reference": ("reference/verbs", "reference/things", "reference/delivery", "reference/lower",
                  "reference/command-line", "findings", "standards"),
    "Why": ("security", "adr/index", "changelog"),
}  # fmt: skip
"""The order of pages, below the heads of the navigation."""

SHOWN = {
    "README.md": "index.md",
    "README.ja.md": "ja/index.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "examples": "examples.md",
    "examples/README.md": "examples.md",
    "examples/gateway": "howto/gateway.md",
    "examples/gateway/README.md": "howto/gateway.md",
    "docs/adr": "adr/index.md",
}
"""Where what lies outside of docs/ (or is a folder) is shown."""

_PAGE = re.compile(r"<!-- page: (\S+) -->")
_CODE = re.compile(r"\[([^\]]+)\]\(/findings\.md#([a-z0-9-]+\.[a-z0-9.-]+)\)")
_JAPANESE_BREAK = re.compile(
    r"(?<=[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff60])\n(?=[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff60])"
)
"""The end of a line inside a Japanese sentence, which a browser would show as a space."""
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)((?:#[^)\s]*)?)(?=\))")


def localise(text: str, folder: Path) -> str:
    """A page's text with its relative links, which start from ``folder``, turned into ones that start from docs/."""

    def moved(link: re.Match[str]) -> str:
        if "://" in link[1]:
            return link[0]
        target = (folder / link[1]).resolve()
        name = target.relative_to(ROOT).as_posix()
        if name in SHOWN:
            return f"/{SHOWN[name]}{link[2]}"
        if target.is_relative_to(DOCS):
            return f"/{target.relative_to(DOCS).as_posix()}{link[2]}"
        if name.startswith("examples/"):
            return f"/{SHOWN['examples']}"
        raise ValueError(f"the site does not show {name}")

    return _LINK.sub(moved, text)


def read_source(app: Sphinx, name: str, source: list[str]) -> None:
    """What the site needs beyond a page's Markdown."""
    path = Path(app.env.doc2path(name))
    if path.suffix != ".md":
        return
    text, folder = source[0], path.parent
    if page := _PAGE.search(text):
        other = (folder / page[1]).resolve()
        text, folder = other.read_text("utf-8"), other.parent
    text = localise(text, folder).replace("<!-- command line -->", command_line())
    # The anchors of single findings are HTML, which MyST does not look into.
    text = _CODE.sub(rf'<a href="{"../" * name.count("/")}findings.html#\2">\1</a>', text)
    text = re.sub(r"<!-- (run|generated)\b.*?-->\n", "", text)
    if name.startswith("ja/"):
        text = _JAPANESE_BREAK.sub("", text)
    if name == "examples":
        text += "".join(_listing(path) for path in sorted((ROOT / "examples").glob("*.py")))
    if name == "howto/gateway":
        text += "".join(_listing(path) for path in sorted((ROOT / "examples" / "gateway").glob("*.py")))
    if name == root_doc:
        text += "".join(_toctree(head, pages) for head, pages in CONTENTS.items())
    if name == "adr/index":
        text += _toctree("", tuple(sorted(file.stem for file in (DOCS / "adr").glob("0*.md"))))
    source[0] = text


def _toctree(head: str, pages: tuple[str, ...]) -> str:
    caption = f":caption: {head}\n" if head else ""
    return f"\n:::{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(pages) + "\n:::\n"


def _listing(path: Path) -> str:
    return f"\n## {path.name}\n\n````python\n{path.read_text('utf-8')}````\n"


def command_line() -> str:
    """The help of every command, as the programs print it."""
    return "\n".join(_helps(commands, "toyono-trust"))


def _helps(command: click.Command, name: str, parent: click.Context | None = None) -> list[str]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, max_content_width=100)
    texts = [f"## {name}\n\n````text\n{command.get_help(context)}\n````\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                texts += _helps(found, f"{name} {inner}", context)
    return texts


def set_language(app: Sphinx, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Pages of ja/ say that they are Japanese, so that screen readers and line breaking know."""
    if name.startswith("ja/"):
        context["language"] = "ja"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all of that."""
    app.connect("source-read", read_source)
    app.connect("html-page-context", set_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
