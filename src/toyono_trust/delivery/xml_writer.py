"""Writing evidence as XML: the tree of ``xml_tables``, filled from JSON; what it cannot say is set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toyono_trust.delivery import open_values
from toyono_trust.delivery import xml_tables as tables
from toyono_trust.delivery.codec import Path
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.evidence import to_json
from toyono_trust.delivery.xml_tables import (
    EVIDENCE,
    EXTENSION,
    HMAC_LENGTH,
    ROOT,
    SIGNATURE_METHOD,
    Branch,
    Choice,
    Item,
    Leaf,
    Listing,
    Simple,
    Spec,
)

__all__ = ["PREFIXES", "Patch", "Writer"]

PREFIXES = {"ev": tables.EV, "saml": tables.SAML, "ds": tables.DS}
Patch = list[Any]
"""``[path, value]``: the member at this place of the JSON tree has this value; ``[path]``: it is not there."""

_UNDETERMINED = "und"
_PLACE_NAME = "fragment"
_PLACE = re.compile(rb"<\?fragment ([0-9]+)\?>")
_START_TAG = re.compile('(<[^\\s>/"]+)((?:[^">]|"[^"]*")*>)')
"""Of a canonical element: its name, and all the rest of its start tag."""
_NONE: Mapping[str, str] = {}


class Writer:
    """One document being written.

    ``patches``: what the tree cannot say. ``fragments``: elements in open places, as they are written; they stand in
    the tree as places, because lxml renames prefixes of what it moves. ``referenced``: prefixes meant inside them.
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.nsmap = {prefix: uri[1:-1] for prefix, uri in prefixes.items()}
        self.patches: list[Patch] = []
        self.fragments: list[bytes] = []
        self.referenced: frozenset[str] = frozenset()

    def written(self, root: Any) -> bytes:
        """The document of a root element that ``whole`` returned."""
        from lxml import etree  # type: ignore[import-untyped, unused-ignore]

        data: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        return _PLACE.sub(lambda place: self.fragments[int(place[1])], data) + b"\n"

    def whole(self, evidence: Evidence) -> Any:
        """The root element of evidence, for ``written``."""
        from lxml import etree

        root = etree.Element(ROOT, nsmap=self.nsmap)
        self._fill(root, EVIDENCE, to_json(evidence), ())
        if self.patches:
            self._carry(root)
        return root

    def _add(self, parent: Any, item: Item, value: Any, path: Path) -> None:
        from lxml import etree

        spec = item.spec
        if isinstance(spec, tables.Open):
            self._add_open(parent, item.tag, value)
            return
        if isinstance(spec, tables.Extension | tables.SignatureMethod):
            self._add_beside(parent, item, dict(value), path)
            return
        self._fill(etree.SubElement(parent, item.tag), spec, value, path)

    def _fill(self, element: Any, spec: Spec, value: Any, path: Path) -> None:
        if isinstance(spec, Leaf):
            if spec.attributes:
                self._attributes(element, spec.attributes, value, (spec.member,), path)
                value = value[spec.member]
            element.text = _written(spec.simple, value)
        elif isinstance(spec, Branch):
            self._attributes(element, spec.attributes, value, tuple(item.member for item in spec.items), path)
            for item in spec.items:
                self._member(element, item, value, path)
            _indent(element, path)
        elif isinstance(spec, Choice):
            by_member = {item.member: item for item in spec.items}
            for index, one in enumerate(value):
                ((member, inner),) = one.items()
                self._add(element, by_member[member], inner, (*path, index, member))
            _indent(element, path)
        elif isinstance(spec, Listing):
            for index, one in enumerate(value):
                self._add(element, spec.item, one, (*path, index))
            _indent(element, path)

    def _member(self, element: Any, item: Item, value: dict[str, Any], path: Path) -> None:
        place = (*path, item.member)
        if item.member not in value:
            if item.required:
                self.patches.append([list(place)])
                self._add(element, item, [], place)
        elif item.many:
            if not value[item.member]:
                self.patches.append([list(place), []])
            for index, one in enumerate(value[item.member]):
                self._add(element, item, one, (*place, index))
        elif item.tag == tables.ASSERTION and open_values.fragment(value[item.member], item.tag) is None:
            self.patches.append([list(path), value])
            self._add_open(element, "other", "")
        else:
            self._add(element, item, value[item.member], place)

    def _attributes(
        self,
        element: Any,
        attributes: tuple[tables.Attribute, ...],
        value: dict[str, Any],
        others: tuple[str, ...],
        path: Path,
    ) -> None:
        """Write attributes, and set aside the members that have no place in the schema."""
        known = {attribute.member: attribute for attribute in attributes}
        for member, text in value.items():
            if member in known:
                attribute = known[member]
                if attribute.simple == "language" and not open_values.LANGUAGE.fullmatch(text):
                    self.patches.append([[*path, member], text])
                    text = _UNDETERMINED
                element.set(attribute.name, _written(attribute.simple, text))
            elif member not in others:
                self.patches.append([[*path, member], text])

    def _add_open(
        self, parent: Any, tag: str, value: Any, attributes: Mapping[str, str] = _NONE, length: int | None = None
    ) -> None:
        """Append an open element, with what the standard says of it beside."""
        from lxml import etree

        found = open_values.fragment(value, tag)
        if found is not None:
            self.referenced |= open_values.referenced(found)
            parent.append(etree.ProcessingInstruction(_PLACE_NAME, str(len(self.fragments))))
            self.fragments.append(_beside(value[open_values.XML_MEMBER], attributes, length).encode("utf-8"))
            return
        element = etree.SubElement(parent, tag, attributes)
        if open_values.is_text(value) and tag not in (EXTENSION, SIGNATURE_METHOD):
            element.text = value
        else:
            child = etree.SubElement(element, open_values.JSON, nsmap={"t": open_values.NAMESPACE})
            child.text = open_values.json_text(value)

    def _add_beside(self, parent: Any, item: Item, value: dict[str, Any], path: Path) -> None:
        """Append an element that is open beside what the standard says of it."""
        from lxml import etree

        if isinstance(item.spec, tables.Extension):
            critical = value.pop("isCritical", None)
            attributes = {} if critical is None else {"isCritical": "true" if critical else "false"}
            if value:
                self._add_open(parent, item.tag, value, attributes)
            else:
                etree.SubElement(parent, item.tag, attributes)
            return
        algorithm, length = value.pop("Algorithm"), value.pop("HMACOutputLength", None)
        if open_values.fragment(value.get("Any"), item.tag) is not None:
            self._add_open(parent, item.tag, value.pop("Any"), {"Algorithm": algorithm}, length)
        else:  # the schema of XML Signature permits no element that it does not know
            element = etree.SubElement(parent, item.tag, {"Algorithm": algorithm})
            if length is not None:
                etree.SubElement(element, HMAC_LENGTH).text = str(length)
        for member, unknown in value.items():
            self.patches.append([[*path, member], unknown])

    def _carry(self, root: Any) -> None:
        """Put the patches into one last extension."""
        from lxml import etree

        extensions = root.find(tables.EV + "Extensions")
        if extensions is None:
            extensions = etree.SubElement(root, tables.EV + "Extensions")
        extension = etree.SubElement(extensions, EXTENSION, isCritical="false")
        members = etree.SubElement(extension, open_values.MEMBERS, nsmap={"t": open_values.NAMESPACE})
        members.text = open_values.json_text(self.patches)
        _indent(extensions, ("Extensions",))
        _indent(root, ())


def _beside(form: str, attributes: Mapping[str, str], length: int | None) -> str:
    """A canonical element with attributes, and with a first child, that its open value does not hold."""
    start = _START_TAG.match(form)
    assert start is not None  # it was read
    more = "".join(f' {name}="{value.replace("&", "&amp;")}"' for name, value in attributes.items())
    first = "" if length is None else f'<HMACOutputLength xmlns="{tables.DS[1:-1]}">{length}</HMACOutputLength>'
    return f"{start[1]}{more}{start[2]}{first}{form[start.end() :]}"


def _written(simple: Simple, value: Any) -> str:
    if simple == "integers":
        return " ".join(map(str, value))
    return str(value)


def _indent(element: Any, path: Path) -> None:
    """White space between elements, for people; it has no meaning where only elements stand."""
    if len(element):
        depth = sum(isinstance(step, str) for step in path)
        element.text = "\n" + "  " * (depth + 1)
        for child in element:
            child.tail = element.text
        element[-1].tail = "\n" + "  " * depth
