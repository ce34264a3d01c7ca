"""The XML writer: elements with clean text, times in UTC, base64. lxml escapes what must be escaped; nothing is parsed.

XML has no way to write control characters, so they become visible text here, as in the other reports; so do the
characters that turn the reading direction.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from toyono_trust.validation.etsi import uris
from toyono_trust.validation.render import safe

__all__ = [
    "MAX_TEXT",
    "boolean",
    "child",
    "digest",
    "moment",
    "octets",
    "refer",
    "root",
    "text_of",
    "typed",
    "written",
]

MAX_TEXT = 4_000
"""Characters of one text. The upper bounds of RFC 5280 appendix A leave a whole Name below 2,000."""

_NAMESPACES = {None: uris.VR, "ds": uris.DS, "XAdES": uris.XADES, "tt": uris.OWN, "xs": uris.XS, "xsi": uris.XSI}


def root(name: str) -> Any:
    """The first element, with every namespace that the document uses."""
    from lxml import etree  # type: ignore[import-untyped, unused-ignore]

    return etree.Element(f"{{{uris.VR}}}{name}", nsmap=_NAMESPACES)


def written(element: Any) -> bytes:
    """The document: UTF-8, indented, with its XML declaration."""
    from lxml import etree  # type: ignore[import-untyped, unused-ignore]

    found: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return found


def child(parent: Any, name: str, text: str | None = None, namespace: str = uris.VR, **attributes: str) -> Any:
    """Append an element. ``text`` is taken as it is: use ``text_of`` for what comes from a file."""
    element = parent.makeelement(f"{{{namespace}}}{name}", attributes)
    element.text = text
    parent.append(element)
    return element


def text_of(value: str) -> str:
    """Text from a file: without control characters, of bounded length."""
    found = safe(value[: MAX_TEXT + 1])
    return found if len(found) <= MAX_TEXT else found[: MAX_TEXT - 1] + "…"


def moment(parent: Any, name: str, time: datetime) -> Any:
    """A ``xs:dateTime`` in UTC, in whole seconds: EU DSS, the reader that others are made like, takes no fractions."""
    return child(parent, name, utc(time.replace(microsecond=0)))


def utc(time: datetime) -> str:
    """A time as ``xs:dateTime`` in UTC, with its fraction."""
    try:
        time = time.astimezone(UTC)
    except OverflowError:  # the calendar ends within a day of it
        time = time.replace(tzinfo=UTC)
    return time.isoformat().replace("+00:00", "Z")


def boolean(value: bool) -> str:
    """A ``xs:boolean``."""
    return "true" if value else "false"


def octets(parent: Any, name: str, data: bytes, namespace: str = uris.VR) -> Any:
    """A ``xs:base64Binary``."""
    return child(parent, name, base64.b64encode(data).decode("ascii"), namespace)


def digest(parent: Any, name: str, algorithm: str, value: bytes) -> Any:
    """A ``DigestAlgAndValueType``."""
    element = child(parent, name)
    digest_parts(element, algorithm, value)
    return element


def digest_parts(element: Any, algorithm: str, value: bytes) -> None:
    """``ds:DigestMethod`` and ``ds:DigestValue``."""
    child(element, "DigestMethod", None, uris.DS, Algorithm=uris.digest_method(algorithm))
    octets(element, "DigestValue", value, uris.DS)


def refer(parent: Any, name: str, *ids: str) -> Any:
    """A ``VOReferenceType`` to objects or signatures of this report."""
    return child(parent, name, VOReference=" ".join(dict.fromkeys(ids)))


def typed(parent: Any, name: str, values: Iterable[tuple[str, str]]) -> None:
    """``TypedDataType`` elements: URI of the type, and a text, which is marked as one for readers that bind types."""
    for kind, value in values:
        element = child(parent, name)
        child(element, "Type", kind)
        shown = child(element, "Value", text_of(value))
        shown.set(f"{{{uris.XSI}}}type", "xs:string")
