"""Values that the standard leaves open (``xs:any``), as JSON and as XML, each lossless in the other.

In XML a JSON value is its text (a string) or one element ``json`` of our namespace that holds its RFC 8785 text. In
JSON an XML element is an object with the one member ``xml``: the element, whole, in its exclusive canonical form. What
could be written in two ways is written in the first of these that fits, and read only so; hence either projection gives
back the other's value, whoever wrote it.
"""

from __future__ import annotations

import re
from typing import Any

from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.core.xml import xml_canonical, xml_loads
from toyono_trust.delivery.xml_tables import ASSERTION, ATTRIBUTE_VALUE, EXTENSION, HMAC_LENGTH, SIGNATURE_METHOD
from toyono_trust.errors import MalformedError

__all__ = [
    *("JSON", "MEMBERS", "NAMESPACE", "SPACE", "XML_MEMBER"),
    *("fragment", "is_text", "json_text", "read", "referenced", "text_of"),
]

NAMESPACE = "urn:toyono-trust:erds:1"
JSON = f"{{{NAMESPACE}}}json"
MEMBERS = f"{{{NAMESPACE}}}members"
"""The element of an extension that carries what JSON can say and the XML schema cannot."""
XML_MEMBER = "xml"

_BESIDE = (EXTENSION, SIGNATURE_METHOD)
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
"""xs:language."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SPACE = " \t\r\n"
MAX_ELEMENTS = 5_000
"""Elements in one open value; a SAML assertion has a hundred."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREFIX = re.compile(r"(?<![\w.:-])([^\W\d][\w.-]*):")
_PREFIX_LIST = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"


def json_text(value: Any) -> str:
    """RFC 8785, with the two characters that XML cannot hold escaped. Raises ``MalformedError`` as that does."""
    return _NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", json_canonical(value).decode("utf-8"))


def is_text(value: Any) -> bool:
    """Whether a JSON value is a string that XML can hold as it is."""
    return isinstance(value, str) and not _NOT_XML.search(value)


def read(element: Any) -> Any:
    """The JSON value of an open element; of ``Extension`` and ``SignatureMethod`` what is left beside the rest."""
    text = element.tag not in _BESIDE
    if element.tag not in (ASSERTION, SIGNATURE_METHOD) and not element.attrib:
        if not len(element) and text:
            return element.text or ""
        if len(element) == 1 and element[0].tag == JSON:
            found = _json(element)
            if found is not None:
                return found[0]
    _refuse_attributes(element)
    return {XML_MEMBER: _canonical(element)}


def _refuse_attributes(element: Any) -> None:
    """Of open elements of the standard's own namespace: its schema leaves their content open, and no attribute."""
    if element.tag in (ATTRIBUTE_VALUE, ASSERTION):
        return
    for name, value in element.attrib.items():
        if name != _LANG or not LANGUAGE.fullmatch(value):
            raise MalformedError(
                "receipt.member-invalid", f"{name} is not an attribute that the schema permits on {element.tag}"
            )


def fragment(value: Any, tag: str) -> Any:
    """The element named ``tag`` that a JSON value is the form of; None where it is the form of none."""
    if not isinstance(value, dict) or value.keys() != {XML_MEMBER} or not isinstance(value[XML_MEMBER], str):
        return None
    try:
        element = xml_loads(value[XML_MEMBER].encode("utf-8"))
        if element.tag != tag or _says_the_rest(element) or read(element) != value:
            return None
    except (MalformedError, UnicodeEncodeError):
        return None
    return element


def _says_the_rest(element: Any) -> bool:
    """Whether a form of an element that is open beside something says that something itself."""
    first = element[0].tag if len(element) else None
    if element.tag == EXTENSION:
        return "isCritical" in element.attrib or first == MEMBERS
    return element.tag == SIGNATURE_METHOD and ("Algorithm" in element.attrib or first == HMAC_LENGTH)


def text_of(value: Any) -> str | None:
    """The text of an open value that is nothing but text, however its element is typed; None for any other."""
    if isinstance(value, dict) and value.keys() == {XML_MEMBER} and isinstance(value[XML_MEMBER], str):
        try:
            element = xml_loads(value[XML_MEMBER].encode("utf-8"))
        except (MalformedError, UnicodeEncodeError):
            return None
        return None if len(element) else element.text or ""
    return value if isinstance(value, str) else None


def referenced(element: Any) -> frozenset[str]:
    """Prefixes that values inside an element may mean (QNames in content), bound or not."""
    found: set[str] = set()
    for one in element.iter():
        texts = [one.text or "", *one.attrib.values()]
        if one is not element:
            texts.append(one.tail or "")
        for text in texts:
            found.update(_PREFIX.findall(text))
        if one.tag == _PREFIX_LIST:
            found.update((one.get("PrefixList") or "").split())
    return frozenset(found)


def _json(element: Any) -> tuple[Any] | None:
    """The value in the element's one child, where that is the form in which it is written."""
    child = element[0]
    around = (element.text or "") + (child.tail or "")
    if len(child) or child.attrib or around.strip(SPACE):
        return None
    try:
        value = json_loads((child.text or "").encode("utf-8"))
        same = json_text(value) == child.text
    except MalformedError:
        return None
    plain = is_text(value) and element.tag not in _BESIDE
    if not same or plain or fragment(value, element.tag) is not None:
        return None
    return (value,)


def _canonical(element: Any) -> str:
    """Exclusive, but with what values inside may refer to: a type's prefix is no less meant for being in a value."""
    if sum(1 for _ in element.iter()) > MAX_ELEMENTS:
        raise MalformedError("receipt.too-large", f"{element.tag} has more than {MAX_ELEMENTS} elements")
    return xml_canonical(element, sorted(referenced(element) & _declared(element))).decode("utf-8")


def _declared(element: Any) -> set[str | None]:
    """Prefixes in scope at the element, and those declared inside."""
    from lxml import etree  # type: ignore[import-untyped, unused-ignore]

    inside = {prefix for _, (prefix, _) in etree.iterwalk(element, events=("start-ns",))}
    return {*element.nsmap, *inside}
