"""Evidence as XML: ``to_xml``, ``from_xml`` (EN 319 522-3 clause 5.2.2, the schema's tree; tables in ``xml_tables``).

Both projections are of one object, and each gives back the other: XML → object → JSON → object → XML. What JSON can say
and the XML schema cannot (members unknown to the standard, lists that are there and empty, an assertion that is no
SAML, parameters of an algorithm that are no element) stands in one last extension, which ``from_xml`` reads back into
its place. Text of an open place is read and written by ``open_values``.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from toyono_trust.core.canonical import json_loads
from toyono_trust.core.xml import MAX_XML, xml_loads
from toyono_trust.delivery import open_values
from toyono_trust.delivery import xml_tables as tables
from toyono_trust.delivery.codec import MAX_ITEMS, Path, invalid, too_large
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.evidence import from_json
from toyono_trust.delivery.xml_tables import (
    EVIDENCE,
    EXTENSION,
    HMAC_LENGTH,
    ROOT,
    SIGNATURE,
    Branch,
    Leaf,
    Listing,
    Simple,
    Spec,
)
from toyono_trust.delivery.xml_writer import PREFIXES, Writer
from toyono_trust.errors import MalformedError

__all__ = ["from_xml", "is_evidence", "read", "to_xml"]

MAX_XML_NODES = 100_000
"""Elements and attributes, end tags counted too. A thousand recipients, each with identity and level, need 50,000."""
MAX_PATCHES = 1_000
"""What stands in the last extension; JSON has at most 100 members that are unknown."""
PEEK = 4_096
"""Octets in which the root element of evidence begins and says its namespace."""

_SPACE = open_values.SPACE
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
_HINTS = (tables.XSI + "schemaLocation", tables.XSI + "noNamespaceSchemaLocation")
_START = re.compile(rb"<(?:[^\s<>/:!?]+:)?Evidence[\s>]")


def is_evidence(beginning: bytes) -> bool:
    """Whether a document that begins so claims to be evidence: its first element is called so, in a namespace of it.

    ``beginning``: its first ``PEEK`` octets, or all. Says nothing of its form.
    """
    begins = _START.search(beginning[:PEEK])
    return begins is not None and tables.EV[1:-1].encode() in beginning[begins.start() : PEEK]


def from_xml(data: bytes) -> Evidence:
    """Evidence from an XML document; a signature inside it, if any, is left aside.

    Raises ``MalformedError`` ("xml.…", "receipt.…") for whatever the standard's schema does not permit, and beyond the
    bounds of ``delivery.codec``.
    """
    return read(data)[0]


def read(data: bytes) -> tuple[Evidence, bool]:
    """Evidence from an XML document, and whether it holds a signature of its own (component R03)."""
    root = xml_loads(data, max_bytes=MAX_XML, max_nodes=MAX_XML_NODES)
    if root.tag != ROOT:
        raise MalformedError("receipt.member-invalid", "the document's element is not Evidence of EN 319 522-3")
    for hint in _HINTS:  # where a schema may be found, which nobody looks for
        root.attrib.pop(hint, None)
    signed = len(root) > 0 and root[-1].tag == SIGNATURE
    if signed:
        _take_out(root[-1], ())
    carried = _carried(root)
    tree: dict[str, Any] = _read(EVIDENCE, root, ())
    if carried is None:
        return from_json(tree), signed
    without = copy.deepcopy(tree)
    _apply(tree, carried)
    evidence = from_json(tree)
    again = xml_loads(to_xml(evidence))
    if _carried(again) != carried or _read(EVIDENCE, again, ()) != without:
        raise invalid(("Extensions",), "evidence as it is written: its last extension says what the rest can say")
    return evidence, signed


def to_xml(evidence: Evidence) -> bytes:
    """Evidence as an XML document without its seal, valid by the standard's schema; ``from_xml`` gives it back.

    The same evidence gives the same octets.
    """
    prefixes = dict(PREFIXES)
    while True:
        writer = Writer(prefixes)
        root = writer.whole(evidence)
        # a prefix of ours must not give a meaning to text of an open place that had none
        clash = prefixes.keys() & writer.referenced
        if not clash:
            return writer.written(root)
        prefixes = {f"{prefix}0" if prefix in clash else prefix: uri for prefix, uri in prefixes.items()}


def _read(spec: Spec, element: Any, path: Path) -> Any:
    if isinstance(spec, tables.Open):
        return open_values.read(element)
    if isinstance(spec, tables.Extension | tables.SignatureMethod):
        return _read_beside(spec, element, path)
    if isinstance(spec, Leaf):
        if len(element):
            raise invalid((*path, element[0].tag), "text alone")
        value = _simple(spec.simple, element.text or "")
        found = _read_attributes(element, spec.attributes, path)
        return {spec.member: value, **found} if spec.attributes else value
    _refuse_text(element, path)
    if isinstance(spec, Branch):
        return _read_attributes(element, spec.attributes, path) | _read_items(spec, element, path)
    _read_attributes(element, (), path)
    _bound(len(element), path)
    if isinstance(spec, Listing):
        return [
            _read(spec.item.spec, _named(child, spec.item.tag, path), (*path, at)) for at, child in enumerate(element)
        ]
    found_items = []
    by_tag = {item.tag: item for item in spec.items}
    for at, child in enumerate(element):
        if child.tag not in by_tag:
            raise invalid((*path, at), "an element that the schema permits here")
        item = by_tag[child.tag]
        found_items.append({item.member: _read(item.spec, child, (*path, at, item.member))})
    return found_items


def _read_items(spec: Branch, element: Any, path: Path) -> dict[str, Any]:
    """The children of an element, in the schema's order."""
    children, at = list(element), 0
    found: dict[str, Any] = {}
    for item in spec.items:
        place = (*path, item.member)
        if item.many:
            start = at
            while at < len(children) and children[at].tag == item.tag:
                at += 1
            _bound(at - start, place)
            if at > start:
                found[item.member] = [
                    _read(item.spec, child, (*place, index)) for index, child in enumerate(children[start:at])
                ]
        elif at < len(children) and children[at].tag == item.tag:
            found[item.member] = _read(item.spec, children[at], place)
            at += 1
        elif item.required:
            raise MalformedError("receipt.member-missing", f"{'/'.join(map(str, place))} is missing")
    if at < len(children):
        raise invalid((*path, _local(children[at])), "an element that the schema permits here")
    return found


def _read_attributes(element: Any, attributes: tuple[tables.Attribute, ...], path: Path) -> dict[str, Any]:
    by_name = {attribute.name: attribute for attribute in attributes}
    found = {}
    for name, text in element.attrib.items():
        if name not in by_name:
            raise invalid((*path, name), "an attribute that the schema permits here")
        found[by_name[name].member] = _simple(by_name[name].simple, text)
    for attribute in attributes:
        if attribute.required and attribute.member not in found:
            raise MalformedError(
                "receipt.member-missing", f"{'/'.join(map(str, (*path, attribute.member)))} is missing"
            )
    return found


def _read_beside(spec: Spec, element: Any, path: Path) -> dict[str, Any]:
    """An element that is open beside what the standard says of it."""
    if isinstance(spec, tables.Extension):
        critical = element.attrib.pop("isCritical", None)
        found = {} if critical is None else {"isCritical": _boolean(critical)}
        if not _empty(element):
            value = open_values.read(element)
            if not isinstance(value, dict) or "isCritical" in value:
                raise invalid(path, "an extension")
            found |= value
        return found
    if "Algorithm" not in element.attrib:
        raise MalformedError("receipt.member-missing", f"{'/'.join(map(str, path))}/Algorithm is missing")
    found = {"Algorithm": _simple("token", element.attrib.pop("Algorithm"))}
    if len(element) and element[0].tag == HMAC_LENGTH:
        length = element[0]
        if len(length) or length.attrib:
            raise invalid((*path, "HMACOutputLength"), "a number")
        found["HMACOutputLength"] = _simple("integer", length.text or "")
        _take_out(length, path)
    if not _empty(element):
        found["Any"] = open_values.read(element)
    return found


def _empty(element: Any) -> bool:
    return not len(element) and not element.attrib and not (element.text or "").strip(_SPACE)


def _simple(simple: Simple, text: str) -> Any:
    """A value; what is no number stays a text, which the component's own reader refuses."""
    if simple == "text":
        return text
    if simple == "octets":
        return text.translate(dict.fromkeys(map(ord, _SPACE)))
    if simple == "integers":
        return [_integer(one) for one in text.split(None, MAX_ITEMS + 1)] if text.isascii() else text
    return _integer(text.strip(_SPACE)) if simple == "integer" else text.strip(_SPACE)


def _integer(text: str) -> Any:
    return int(text) if text.isascii() and _NUMBER.fullmatch(text) else text


def _boolean(text: str) -> Any:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip(_SPACE), text)


def _refuse_text(element: Any, path: Path) -> None:
    around = [element.text, *(child.tail for child in element)]
    if any(text and text.strip(_SPACE) for text in around):
        raise invalid(path, "elements without text between them")


def _take_out(element: Any, path: Path) -> None:
    """Remove an element, with the white space after it."""
    if (element.tail or "").strip(_SPACE):
        raise invalid(path, "elements without text between them")
    element.getparent().remove(element)


def _bound(count: int, path: Path) -> None:
    if count > MAX_ITEMS:
        raise too_large(path)


def _named(element: Any, tag: str, path: Path) -> Any:
    if element.tag != tag:
        raise invalid((*path, _local(element)), "an element that the schema permits here")
    return element


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


# -- what the tree cannot say


def _carried(root: Any) -> str | None:
    """Take the extension with the patches out of the document: its text; None where there is none."""
    extensions = root.find(tables.EV + "Extensions")
    last = None if extensions is None or not len(extensions) else extensions[-1]
    if last is None or last.tag != EXTENSION or len(last) != 1 or last[0].tag != open_values.MEMBERS:
        return None
    members = last[0]
    around = (last.text or "") + (members.tail or "")
    if dict(last.attrib) != {"isCritical": "false"} or len(members) or members.attrib or around.strip(_SPACE):
        raise _unplaced()
    _refuse_text(extensions, ("Extensions",))
    _take_out(last, ("Extensions",))
    if not len(extensions):
        _take_out(extensions, ())
    return members.text or ""


def _apply(tree: dict[str, Any], carried: str) -> None:
    patches = json_loads(carried.encode("utf-8"))
    if not isinstance(patches, list) or not 0 < len(patches) <= MAX_PATCHES:
        raise _unplaced()
    for patch in patches:
        if not isinstance(patch, list) or len(patch) not in (1, 2) or not isinstance(patch[0], list) or not patch[0]:
            raise _unplaced()
        holder: Any = tree
        *steps, last = patch[0]
        try:
            for step in steps:
                holder = holder[step]
            if not isinstance(holder, dict) or not isinstance(last, str):
                raise KeyError(last)
            if len(patch) == 1:
                del holder[last]
            else:
                holder[last] = patch[1]
        except (KeyError, IndexError, TypeError) as error:
            raise _unplaced() from error


def _unplaced() -> MalformedError:
    return invalid(("Extensions",), "an extension with members of JSON that have a place")
