"""Pages of reports as tests read them: the tree, its texts, and whether every element is closed."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from lxml import html as lxml_html

VOID = {"meta", "link", "br", "img", "input", "hr"}


def tree(markup: str) -> Any:
    return lxml_html.document_fromstring(markup)


def said(element: Any) -> str:
    return " ".join(element.text_content().split())


class Balance(HTMLParser):
    """Refuses elements that are not closed in order; lxml would repair them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def elements(markup: str) -> list[str]:
    balance = Balance()
    balance.feed(markup)
    balance.close()
    assert balance.open == []
    return balance.seen
