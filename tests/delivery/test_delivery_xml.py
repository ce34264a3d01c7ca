"""The XML projection: one object, lossless in JSON and in XML, valid by the standard's schema."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from delivery_places import CHARACTERS, JSON, Path, at, places
from delivery_samples import fullest, made
from erds_schema import faults
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from toyono_trust.core.findings import table
from toyono_trust.delivery.components import Evidence
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import facts, from_json, log_entry, to_json
from toyono_trust.delivery.open_values import json_text
from toyono_trust.delivery.xml import from_xml, is_evidence, read, to_xml
from toyono_trust.errors import MalformedError

EV = "http://uri.etsi.org/19522/v1#"
PLACES = sorted((path for path in places(fullest()) if path), key=repr)
OPEN = ("Any", "Assertion", "AttributeValue", "Extensions", "TransactionLog", "other", "OAuth2")
"""Members whose content no schema of ours knows."""


def kept(evidence: Evidence) -> bytes:
    """The XML of evidence, which is valid and gives the object back."""
    document = to_xml(evidence)
    assert faults(document) == []
    assert from_xml(document) == evidence
    assert to_xml(from_xml(document)) == document
    assert is_evidence(document)
    return document


def judged(tree: Any) -> Evidence | None:
    try:
        return from_json(tree)
    except MalformedError:
        return None


@pytest.mark.parametrize("event", [event.name for event in EVENTS])
def test_every_event_is_valid_by_the_schema_and_survives_the_round_trip(event: str) -> None:
    evidence = made(event)
    kept(evidence)
    assert facts(from_xml(to_xml(evidence))) == facts(evidence)


def test_every_component_and_alternative_survives_the_round_trip() -> None:
    evidence = from_json(fullest())
    document = kept(evidence)
    assert log_entry(from_xml(document)) == log_entry(evidence)
    assert to_json(from_xml(document)) == fullest()


def test_the_schema_bites() -> None:
    document = to_xml(made())
    assert faults(document.replace(b"EventTime>", b"ev:EventTime>")) != []
    assert faults(document.replace(b"2026-11-22T10:00:00Z", b"yesterday")) != []


@given(st.sampled_from(PLACES), JSON)
def test_a_replaced_member_survives_the_round_trip(path: Path, value: Any) -> None:
    """Invariant: whatever JSON is read as evidence has a valid XML form that gives the same evidence."""
    tree = fullest()
    at(tree, path[:-1])[path[-1]] = copy.deepcopy(value)
    evidence = judged(tree)
    if evidence is not None:
        kept(evidence)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(map(str, path)))
def test_a_removed_member_survives_the_round_trip(path: Path) -> None:
    tree = fullest()
    del at(tree, path[:-1])[path[-1]]
    evidence = judged(tree)
    if evidence is not None:
        kept(evidence)


@given(st.sampled_from([path for path in PLACES if isinstance(at(fullest(), path), dict)]), CHARACTERS, JSON)
def test_an_unknown_member_survives_the_round_trip(path: Path, name: str, value: Any) -> None:
    """Invariant: what JSON holds beside the standard stands in the XML too, sealed with the rest."""
    tree = fullest()
    at(tree, path).setdefault(name, value)
    evidence = judged(tree)
    if evidence is not None:
        kept(evidence)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("RecipientsDelegateDetails",), []),
        (("EventReasons", "EventReason", 0, "Details"), []),
        (("RecipientsDelegateDetails", 0, "DelegatingRecipients"), []),
        (
            ("SenderDetails", "AssuranceLevelsDetails", "GlobalAssuranceLevel", "PolicyIDDetailsResources", 0, "lang"),
            "日",
        ),
        (("EvidenceIssuerDetails", "Any"), {"xml": "<a/>"}),
        (("EvidenceIssuerDetails", "Any"), {"xml": 1}),
        (("EvidenceIssuerDetails", "Any"), ""),
        (("EvidenceIssuerDetails", "Any"), " \r\n\t"),
        (("EvidenceIssuerDetails", "Any"), "\x00\uffff"),
        (("EvidenceIssuerDetails", "Any"), {"\uffff": "]]>&<"}),
        (("EvidenceIssuerDetails", "Any"), '<t:json xmlns:t="urn:toyono-trust:erds:1">1</t:json>'),
        (("Extensions",), [{}]),
        (("Extensions",), [{"isCritical": True}]),
        (("EvidenceIdentifier",), ""),
        (("MessageIdentifier",), " \r\n\t x"),
        (("SenderDetails", "Identifier", "IdentifierSchemeName"), '\r\n\t<&">'),
    ],
)
def test_what_is_odd_survives_the_round_trip(path: Path, value: Any) -> None:
    tree = fullest()
    at(tree, path[:-1])[path[-1]] = value
    assert kept(from_json(tree))


FORMS = [
    f'<ev:Any xmlns:ev="{EV}">text</ev:Any>',
    f'<ev:Any xmlns:ev="{EV}" xml:lang="ja">text</ev:Any>',
    f'<e:Any xmlns:e="{EV}" xml:lang="ja">text</e:Any>',
    f'<ev:Any xmlns:ev="{EV}"><a></a> b</ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><a/></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><t:json xmlns:t="urn:toyono-trust:erds:1">1</t:json></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><t:json xmlns:t="urn:toyono-trust:erds:1">"1"</t:json></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><t:json xmlns:t="urn:toyono-trust:erds:1"> 1</t:json></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><t:members xmlns:t="urn:toyono-trust:erds:1">1</t:members></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}" x="1">text</ev:Any>',
    f'<ev:Any xmlns:ev="{EV}" xml:lang="日">text</ev:Any>',
    f'<ev:Any xmlns:ev="{EV}"><a x="ds:y">saml:z</a></ev:Any>',
    f'<ev:Any xmlns:ev="{EV}" xmlns:ds="urn:other"><a x="ds:y"></a></ev:Any>',
    f'<ev:Any xmlns:ds="urn:other" xmlns:ev="{EV}"><a x="ds:y"></a></ev:Any>',
    "<ev:Any>unbound</ev:Any>",
    "",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("nested", [0, 1, 2])
def test_an_xml_form_in_json_is_one_or_is_none_and_survives(form: str, nested: int) -> None:
    value: Any = {"xml": form}
    for _ in range(nested):
        inner = etree.Element(f"{{{EV}}}Any", nsmap={"ev": EV})
        etree.SubElement(inner, "{urn:toyono-trust:erds:1}json", nsmap={"t": "urn:toyono-trust:erds:1"})
        inner[0].text = json_text(value)
        value = {"xml": etree.tostring(inner, method="c14n", exclusive=True).decode()}
    tree = fullest()
    tree["EvidenceIssuerDetails"]["Any"] = value
    kept(from_json(tree))


# -- other people's XML

FOREIGN = f"""<?xml version="1.0" encoding="utf-8" standalone="no"?>
<e:Evidence xmlns:e="{EV}" xmlns="urn:other:default" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"
  xmlns:d="http://www.w3.org/2000/09/xmldsig#" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{EV} http://x.example/x.xsd"
  version="EN319522v1.1.1" Id=" ev-1 ">
 <e:EvidenceIdentifier>urn:uuid:7</e:EvidenceIdentifier>
 <e:ERDSEventId> http://uri.etsi.org/19522/Event/RelayAcceptance
 </e:ERDSEventId>
 <EventTime xmlns="">2026-07-01T00:00:00Z</EventTime>
 <e:EvidenceIssuerDetails><e:Identity>
   <a:Attribute Name="http://eidas.europa.eu/attributes/legalperson/LegalName" FriendlyName="LegalName">
     <a:AttributeValue xsi:type="xs:string">Provincia</a:AttributeValue></a:Attribute>
   <a:Attribute Name="http://eidas.europa.eu/attributes/legalperson/LegalPersonIdentifier"><a:AttributeValue
     xsi:type="xs:string">VATIT-00499290201</a:AttributeValue></a:Attribute></e:Identity>
   <e:CertificateDetails><X509Certificate xmlns="">MA
A=</X509Certificate></e:CertificateDetails>
   <e:Any xml:lang="it">  <note at="xs:x">ciao <b/></note></e:Any>
 </e:EvidenceIssuerDetails>
 <e:SenderDetails><Identifier xmlns="" IdentifierSchemeName="pec"><![CDATA[a&b@pec.example]]></Identifier>
   <AssuranceLevelsDetails xmlns=""><GlobalAssuranceLevel><AssuranceLevel>
     http://eidas.europa.eu/LoA/high</AssuranceLevel></GlobalAssuranceLevel>
     <e:AuthenticationDetails><a:Assertion ID="i" IssueInstant="2026-07-01T00:00:00Z" Version="2.0"><a:Issuer>https://idp.example</a:Issuer></a:Assertion></e:AuthenticationDetails></AssuranceLevelsDetails>
 </e:SenderDetails>
 <e:RecipientDetails/>
 <e:UserContentInfo><ComposingParts xmlns=""> +1 </ComposingParts><e:PartsInfo><e:PartInfo><Identifier
   xmlns="">p</Identifier><ContentType xmlns="">text/plain</ContentType><d:DigestMethod
   Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><d:DigestValue>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
   </d:DigestValue></e:PartInfo></e:PartsInfo></e:UserContentInfo>
 <e:TransactionLogInformation><e:TransactionLog><t xmlns="urn:log" ref="e:x">7</t></e:TransactionLog>
   <e:TransactionLog/></e:TransactionLogInformation>
 <e:Extensions><e:Extension isCritical="1"><x/></e:Extension><e:Extension>plain</e:Extension>
   <e:Extension> </e:Extension>
 </e:Extensions>
</e:Evidence>""".encode()


def test_evidence_of_another_provider_is_read_and_gives_the_same_in_either_projection() -> None:
    assert faults(FOREIGN) == []
    evidence = from_xml(FOREIGN)
    assert from_xml(to_xml(evidence)) == evidence == from_json(to_json(evidence))
    assert faults(to_xml(evidence)) == []
    assert evidence.id == "ev-1"
    assert evidence.erds_event_id == "http://uri.etsi.org/19522/Event/RelayAcceptance"
    assert evidence.evidence_issuer_details.certificate_details[0].x509_certificate == b"\x30\x00"
    assert evidence.user_content_info is not None
    assert evidence.user_content_info.composing_parts == 1
    claims = facts(evidence)
    assert claims.issuer.attributes[0] == ("LegalName", ("Provincia",)), "a typed text is a text"
    assert claims.issuer.identifier == "VATIT-00499290201"
    assert claims.sender.identifier == "a&b@pec.example"
    assert [note.code for note in claims.notes] == ["receipt.extension-critical"]


def test_what_a_typed_value_means_is_kept_with_it() -> None:
    tree = to_json(from_xml(FOREIGN))
    value = tree["EvidenceIssuerDetails"]["Identity"]["Attribute"][0]["AttributeValue"][0]["xml"]
    assert 'xmlns:xs="http://www.w3.org/2001/XMLSchema"' in value, "xsi:type speaks of it"
    assert "urn:other:default" not in value, "nothing speaks of it"
    assert tree["EvidenceIssuerDetails"]["Any"]["xml"].count("xmlns") == 3
    extensions = tree["Extensions"]
    assert [set(one) for one in extensions] == [{"isCritical", "xml"}, {"xml"}, set()]


def test_a_signature_inside_is_left_aside_and_told() -> None:
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><x/></ds:Signature>'
    document = to_xml(made())
    assert read(document) == (made(), False)
    assert read(document.replace(b"</ev:Evidence>", signature + b"</ev:Evidence>")) == (made(), True)
    with pytest.raises(MalformedError):
        from_xml(document.replace(b"<ev:SenderDetails>", signature + b"<ev:SenderDetails>"))


TEXTS = st.sampled_from(["", " ", "t", "xs:string", "ev:Any", "ds:x saml:y", "x:1", "&lt;&#13;", "日本"])


@st.composite
def fragments(draw: Any, depth: int = 2) -> str:
    """Well-formed elements with prefixes that mean one thing, another, or nothing."""
    space = draw(st.sampled_from(["", ' xmlns:x="urn:1"', ' xmlns:ev="urn:2"', f' xmlns:ev="{EV}"', ' xmlns="urn:3"']))
    name = (
        draw(st.sampled_from(["a", "b"]))
        if "xmlns:" not in space
        else draw(st.sampled_from(["a", space[7:9].strip(":=") + ":b"]))
    )
    value = draw(TEXTS)
    attribute = f' v="{value}"' if draw(st.booleans()) else ""
    inner = "".join(draw(st.lists(fragments(depth - 1), max_size=2))) if depth else ""
    return f"<{name}{space}{attribute}>{draw(TEXTS)}{inner}</{name}>{draw(TEXTS)}"


@given(st.sampled_from(["Any", "TransactionLog", "Extension", "a:AttributeValue"]), fragments(), st.booleans())
def test_any_element_in_an_open_place_survives_both_projections(holder: str, inner: str, typed: bool) -> None:
    """Invariant: XML → object → XML and XML → object → JSON → object give the same object."""
    tag = holder if ":" in holder else f"e:{holder}"
    kind = "" if not typed else ' xsi:type="xs:anyType"' if ":" in holder else ' xml:lang="ja"'
    text = FOREIGN.decode()
    found = re.sub(
        f"<{tag}(?=[ >])[^>]*>.*?</{tag}>",
        f"<{tag}{kind}>{inner}</{tag}>".replace("\\", "\\\\"),
        text,
        count=1,
        flags=re.S,
    )
    evidence = from_xml(found.encode())
    assert from_xml(to_xml(evidence)) == evidence == from_json(to_json(evidence))
    assert to_xml(from_json(to_json(evidence))) == to_xml(evidence)


# -- hostile


def outcome(document: bytes) -> tuple[Evidence | None, str]:
    try:
        return from_xml(document), ""
    except MalformedError as error:
        return None, error.code


def refused(document: bytes) -> str:
    with pytest.raises(MalformedError) as error:
        from_xml(document)
    assert error.value.code in table()
    return error.value.code


GOOD = to_xml(made())
ONE = b"<ev:RecipientDetails>"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (GOOD.replace(b"?>\n", b"?>\n" + LAUGHS), "xml.doctype"),
        (GOOD.replace(b"?>\n", b'?>\n<!DOCTYPE ev:Evidence SYSTEM "http://x.example/x.dtd">'), "xml.doctype"),
        (GOOD.replace(b"2026", b"20<!-- -->26"), "xml.comment"),
        (GOOD + b"<!-- -->", "xml.comment"),
        (GOOD.replace(b"?>\n", b"?>\n<?xml-stylesheet href='x'?>"), "xml.comment"),
        (GOOD.replace(b"2026", b"&x;"), "xml.syntax"),
        (GOOD.replace(b"UTF-8", b"UTF-16"), "xml.not-utf8"),
        (GOOD.replace(b"'1.0'", b"'1.1'"), "xml.not-utf8"),
        (GOOD.decode().encode("utf-16"), "xml.not-utf8"),
        (b"\xef\xbb\xbf" + GOOD, "xml.not-utf8"),
        (GOOD.replace(b"2026", b"\xff"), "xml.not-utf8"),
        (GOOD[:-20], "xml.syntax"),
        (GOOD + GOOD, "xml.syntax"),
        (b"", "xml.syntax"),
        (b"<x/>", "receipt.member-invalid"),
        (b"<Evidence/>", "receipt.member-invalid"),
        (GOOD.replace(EV.encode(), b"http://uri.etsi.org/19522/v2#"), "receipt.member-invalid"),
        (GOOD + b" " * (5 << 20), "xml.size"),
        (GOOD.replace(ONE, ONE[:-1] + b"/>" + (ONE[:-1] + b"/>") * 120_000 + ONE), "xml.size"),
        (GOOD.replace(ONE, (ONE[:-1] + b"/>") * 1000 + ONE), "receipt.too-large"),
        (GOOD.replace(b" version=", b"".join(b' xmlns:p%d="u"' % n for n in range(60)) + b" version="), "xml.size"),
        (GOOD.replace(b"\xe8\xb1\x8a", b"<a>" * 70 + b"</a>" * 70), "xml.depth"),
        (GOOD.replace(b"<ComposingParts>1", b"<ComposingParts>" + b"9" * 5000), "receipt.member-invalid"),
        (GOOD.replace(b"<ComposingParts>1", "<ComposingParts>１".encode()), "receipt.member-invalid"),
        (GOOD.replace(b"<ComposingParts>1", b"<ComposingParts>1.0"), "receipt.member-invalid"),
        (GOOD.replace(b"</ev:SenderDetails>", b"x</ev:SenderDetails>"), "receipt.member-invalid"),
        (GOOD.replace(b"<ev:SenderDetails>", b"<ev:SenderDetails x='1'>"), "receipt.member-invalid"),
        (GOOD.replace(b"<EventTime>", b"<EventTime x='1'>"), "receipt.member-invalid"),
        (GOOD.replace(b"2026-11-22T10:00:00Z", b"<a/>"), "receipt.member-invalid"),
        (GOOD.replace(b' version="EN', b' Version="EN'), "receipt.member-invalid"),
        (GOOD.replace(b' version="EN319522v1.1.1"', b""), "receipt.member-missing"),
        (GOOD.replace(b'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"', b""), "receipt.member-missing"),
        (GOOD.replace(b"jPi92jWk", b"jPi92jW*"), "receipt.member-invalid"),
    ],
)  # fmt: skip
def test_hostile_documents_are_refused(document: bytes, code: str) -> None:
    assert document != GOOD
    assert refused(document) == code


def carrying(patches: str, critical: str = "false", before: str = "", text: str = "") -> bytes:
    extension = (
        f'<ev:Extensions>{before}<ev:Extension isCritical="{critical}">{text}<t:members '
        f'xmlns:t="urn:toyono-trust:erds:1">{patches}</t:members></ev:Extension></ev:Extensions></ev:Evidence>'
    )
    return GOOD.replace(b"</ev:Evidence>", extension.encode())


def test_what_the_tree_cannot_say_is_said_in_one_way() -> None:
    tree = to_json(made())
    assert from_xml(carrying('[[["x"],1]]')) == from_json({**tree, "x": 1})
    assert from_xml(carrying('[[["SenderDetails","x"],[]]]')).unknown[0].path == ("SenderDetails", "x")


@pytest.mark.parametrize(
    "patches",
    [
        "", "1", "[]", "{}", "[1]", "[[]]", "[[[]]]", "[[[],1]]", "[[1]]", '[["x"]]', '[[["x"],1,2]]', '[[["x"], 1]]',
        '[[["ERDSEventId"],"http://uri.etsi.org/19522/Event/ContentAccessTracking"]]', '[[["ERDSEventId"]]]',
        '[[["EventTime"],"2026-11-22T10:00:00Z"]]', '[[["y","x"],1]]', '[[["RecipientDetails",5,"x"],1]]',
        '[[["RecipientDetails",0],{}]]', '[[["x"],1],[["x"],1]]', '[[["x"]]]', '[[["y"],1],[["x"],1]]x',
        '[[["RecipientsDelegateDetails"],[{"DelegatingRecipients":[1]}]]]', '[[["EventReasons"],{"EventReason":[]}]]',
        '[[["RecipientDetails","0","x"],1]]', '[[[0],1]]', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_forged_extension_says_nothing_else(patches: str) -> None:
    """Invariant: what the tree can say is never said, or changed, by the extension that carries the rest."""
    assert refused(carrying(patches)).startswith(("receipt.", "json."))


def test_the_extension_that_carries_the_rest_has_one_form() -> None:
    assert refused(carrying('[[["x"],1]]', critical="true")) == "receipt.member-invalid"
    assert refused(carrying('[[["x"],1]]', critical="0")) == "receipt.member-invalid"
    assert refused(carrying('[[["x"],1]]', text="x")) == "receipt.member-invalid"
    members = '<t:members xmlns:t="urn:toyono-trust:erds:1">[[["y"],1]]</t:members>'
    twice = f'<ev:Extension isCritical="false">{members}</ev:Extension>'
    evidence = from_xml(carrying('[[["x"],1]]', before=twice))
    assert [unknown.path for unknown in evidence.unknown] == [("x",)], "only the last one carries"
    assert from_xml(to_xml(evidence)) == evidence


ELEMENTS = [*etree.fromstring(to_xml(from_json(fullest()))).iter()]


@given(
    st.integers(0, len(ELEMENTS) - 1), st.sampled_from(["drop", "twice", "next", "rename", "attribute", "text", "tail"])
)
def test_a_changed_element_is_refused_or_means_something_else(index: int, how: str) -> None:
    """Invariant: what is read is valid by the schema; no change of the tree is read as the evidence that it was."""
    before = from_json(fullest())
    root = etree.fromstring(to_xml(before))
    element = [*root.iter()][index]
    parent = element.getparent()
    if parent is None:
        return
    if how == "drop":
        parent.remove(element)
    elif how == "twice":
        element.addnext(copy.deepcopy(element))
    elif how == "next":
        if element.getnext() is None or element.getnext().tag == element.tag:
            return
        element.getnext().addnext(element)
    elif how == "rename":
        local = etree.QName(element)
        element.tag = local.localname if local.namespace else f"{{{EV}}}{local.localname}"
    elif how == "attribute":
        element.set("x", "1")
    elif how == "text":
        element.text = (element.text or "") + "x"
    else:
        element.tail = (element.tail or "") + "x"
    document = etree.tostring(root)
    after, code = outcome(document)
    assert code in table() or (after != before and faults(document) == [])


@given(
    st.binary(max_size=80) | CHARACTERS.map(lambda text: GOOD.replace(b"2026", text.encode("utf-8", "surrogatepass")))
)
def test_any_octets_are_read_or_refused_with_a_code(data: bytes) -> None:
    """Invariant: ``from_xml`` raises nothing but MalformedError."""
    evidence, code = outcome(data)
    assert evidence is not None or code in table()


@pytest.mark.parametrize(
    ("beginning", "claims"),
    [
        (GOOD, True),
        (GOOD[:4096], True),
        (FOREIGN, True),
        (f'<Evidence xmlns="{EV}"'.encode(), True),
        (f'<!-- --><e:Evidence\n xmlns:e="{EV}"'.encode(), True),
        (b"<ev:Evidence>", False),
        (f'<ev:RelayMetadata xmlns:ev="{EV}"><ev:Evidences/>'.encode(), False),
        (b"{}", False),
        (b"", False),
    ],
)
def test_what_claims_to_be_evidence_is_told_by_its_beginning(beginning: bytes, claims: bool) -> None:
    assert is_evidence(beginning) is claims
