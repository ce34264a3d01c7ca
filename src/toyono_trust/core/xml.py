"""XML with one accepted reading: no document type, no entities, no comments, UTF-8; and its exclusive canonical form.

A document type can define entities that blow up or fetch, attributes that are not there and IDs that move; a comment
cuts a text in two for some readers. Both are refused, whatever they hold. Elements are lxml's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from toyono_trust.core.limits import MAX_DEPTH, MAX_NODES
from toyono_trust.errors import MalformedError

__all__ = ["MAX_NAMESPACES", "MAX_XML", "xml_canonical", "xml_loads"]

MAX_XML = 4 << 20
"""Octets of one document. Evidence with a thousand recipients and parts has 2 MB."""
MAX_NAMESPACES = 50
"""Namespace declarations in one document; 20,000 kept a canonicaliser busy for 1.5 s for each element below them."""

_DECLARATION = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:\"1\.0\"|'1\.0')"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:\"[Uu][Tt][Ff]-8\"|'[Uu][Tt][Ff]-8'))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>"
)


def xml_loads(
    data: bytes,
    *,
    max_bytes: int = MAX_XML,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    max_namespaces: int = MAX_NAMESPACES,
) -> Any:
    """The root element of an XML 1.0 document in UTF-8. What is to be canonicalised keeps the default namespaces.

    Raises ``MalformedError``: ``xml.size``, ``xml.depth``, ``xml.not-utf8`` (a byte order mark and another declared
    encoding too), ``xml.doctype``, ``xml.comment`` (processing instructions too), ``xml.syntax``.
    """
    if (
        len(data) > max_bytes
        or data.count(b"<") + data.count(b"=") > max_nodes
        or data.count(b"xmlns") > max_namespaces
    ):
        raise MalformedError("xml.size", "an XML document is larger than accepted here")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("xml.not-utf8", "an XML document is not UTF-8", offset=error.start) from None
    if "\0" in text:  # so do UTF-16 and UTF-32 look: the parser would take them, with a document type unseen here
        raise MalformedError("xml.syntax", "an XML document has NUL characters")
    if text.startswith("\ufeff") or (data.startswith(b"<?xml") and not _DECLARATION.match(data)):
        raise MalformedError("xml.not-utf8", "an XML document does not begin as XML 1.0 in UTF-8", offset=0)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise MalformedError("xml.doctype", "an XML document has a document type")
    root = _parsed(data)
    _check_nodes(root, max_depth)
    return root


def xml_canonical(element: Any, prefixes: Iterable[str] = ()) -> bytes:
    """The exclusive canonical form of an element (Exclusive XML Canonicalization 1.0, without comments).

    ``prefixes``: whose namespaces are kept although no name uses them (InclusiveNamespaces PrefixList). Raises
    ``MalformedError`` "xml.syntax" where there is none (a relative namespace).
    """
    from lxml import etree  # type: ignore[import-untyped, unused-ignore]

    try:
        return bytes(
            etree.tostring(
                element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes)
            )
        )
    except (etree.LxmlError, ValueError) as error:
        raise MalformedError("xml.syntax", f"an XML element has no canonical form: {error}") from None


def _parsed(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedError("xml.syntax", f"this is not one XML document: {str(error.msg)[:200]}") from None


def _check_nodes(root: Any, max_depth: int) -> None:
    """Refuse what is neither element nor text, beside the root too, and what is nested too deeply."""
    if root.getprevious() is not None or root.getnext() is not None:
        raise _comment()
    layer, depth = [root], 0
    while layer:
        depth += 1
        if depth > max_depth:
            raise MalformedError("xml.depth", "an XML document is nested too deeply")
        below = []
        for element in layer:
            for child in element:
                if not isinstance(child.tag, str):
                    raise _comment()
                below.append(child)
        layer = below


def _comment() -> MalformedError:
    return MalformedError("xml.comment", "an XML document has a comment or a processing instruction")
