"""The report as one page of HTML for screen and paper: self-contained, no script, no clock, nothing fetched.

WCAG 2.2 AA: landmarks, headings in order, table headers, words and symbols beside every colour. Paper is CSS Paged
Media, A4 with page numbers. The page's policy (CSP level 3) allows its one style sheet, by digest, and nothing else.
Everything is escaped by the template engine; bidirectional and control characters were made visible by ``views``.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from toyono_trust.core.findings import Language
from toyono_trust.validation.pieces import RANKS, FileView, Verdict
from toyono_trust.validation.views import label
from toyono_trust.validation.words import PAGE

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page"]


def page(files: Sequence[FileView], *, version: str, language: Language = "en", unfolded: bool = False) -> str:
    """One page about one or more files, failures first.

    Args:
        files: at least one view; see ``views.view``.
        version: of the program, for the colophon and the foot of each printed page.
        language: of the page; the views must be in the same.
        unfolded: open all details, for a printer that cannot do so by itself.
    """
    program = f"toyono-trust {version}"
    ordered = sorted(files, key=lambda item: RANKS[item.verdict.tone])
    simulated = all(item.simulation for item in ordered)
    title = label("simulation-title" if simulated else "title", language)
    style = _source("report.css") + _foot(ordered, program, title, always=simulated)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html")
        .render(
            files=ordered,
            alone=len(ordered) == 1,
            simulated=simulated,
            counts=_counts(ordered, language),
            abouts=list(dict.fromkeys(item.about for item in ordered if item.about)),
            language=language,
            unfolded=unfolded,
            program=program,
            style=style,
            style_digest=f"sha256-{digest}",
            said=lambda key, **values: label(key, language).format_map(values),
        )
    )


def _counts(files: Sequence[FileView], language: Language) -> list[tuple[Verdict, str]]:
    """How many files have which verdict, failures first."""
    counted = Counter(item.verdict._replace(code="") for item in files)
    text = PAGE["count"][language == "ja"]
    return [(verdict, text.format(count=count, verdict=verdict.word)) for verdict, count in counted.items()]


def _foot(files: Sequence[FileView], program: str, title: str, *, always: bool) -> str:
    """The margins of printed pages: page number, program, and the digests where all files share them.

    ``always``: the title stands on the first page, too, so that no page can be taken for one of a report.
    """
    digests = {item.digests for item in files if item.about}
    left = program
    if len(digests) == 1:
        policy, trust = digests.pop()
        left += f" · policy {policy[:23]} · trust {trust[:23]}"
    return f"@page{{@bottom-left{{content:{_css_text(left)}}}@top-left{{content:{_css_text(title)}}}}}\n" + (
        "" if always else "@page:first{@top-left{content:none}}\n"
    )


def _css_text(text: str) -> str:
    """A string of CSS (Syntax 3, 4.3.7) that cannot end before its end, and no element either.

    An escape takes one blank after it with it.
    """
    return '"' + "".join(char if char.isalnum() or char in " .-" else f"\\{ord(char):06x} " for char in text) + '"'


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True,
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _source(name: str) -> str:
    return resources.files("toyono_trust.validation").joinpath("templates", name).read_text("utf-8")
