"""XML with one accepted reading, and its canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core.findings import table
from toyono_trust.core.xml import MAX_NAMESPACES, xml_canonical, xml_loads
from toyono_trust.errors import MalformedError


def refused(data: bytes) -> str:
    with pytest.raises(MalformedError) as error:
        xml_loads(data)
    assert error.value.code in table()
    return error.value.code


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b'<?xml version="1.0"?><a/>',
        b"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n<a/>\n",
        "<a>豊能町</a>".encode(),
        b"<a><![CDATA[<!-- no comment -->]]></a>",
        b"<a>" * 60 + b"</a>" * 60,
    ],
)
def test_plain_documents_are_read(data: bytes) -> None:
    assert xml_loads(data).tag == "a"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "xml.syntax"),
        (b"<a>", "xml.syntax"),
        (b"<a/><b/>", "xml.syntax"),
        (b"<a/>\x00", "xml.syntax"),
        (b"<a>&x;</a>", "xml.syntax"),
        (b"<a>&#0;</a>", "xml.syntax"),
        (b"<p:a/>", "xml.syntax"),
        (b"<a b='1' b='2'/>", "xml.syntax"),
        (b" <?xml version='1.0'?><a/>", "xml.syntax"),
        (b"<?xml version='1.1'?><a/>", "xml.not-utf8"),
        *(
            ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'b'>]><a b='&e;'/>".encode(each), "xml.syntax")
            for each in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        ),
        (b"<?xml version='1.0' encoding='latin-1'?><a/>", "xml.not-utf8"),
        (b"<?xml encoding='utf-8'?><a/>", "xml.not-utf8"),
        (b"\xef\xbb\xbf<a/>", "xml.not-utf8"),
        ("<a/>".encode("utf-16"), "xml.not-utf8"),
        (b"<a>\xed\xa0\x80</a>", "xml.not-utf8"),
        (b"<!DOCTYPE a><a/>", "xml.doctype"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "xml.doctype"),
        (b"<!-- --><a/>", "xml.comment"),
        (b"<a/><!-- -->", "xml.comment"),
        (b"<a>1<!-- -->2</a>", "xml.comment"),
        (b"<a><?b?></a>", "xml.comment"),
        (b"<?b?><a/>", "xml.comment"),
        (b"<a>" * 70 + b"</a>" * 70, "xml.depth"),
        (b"<a>" * 300 + b"</a>" * 300, "xml.syntax"),
        (b"<a>" + b"<b/>" * 200_001 + b"</a>", "xml.size"),
        (b"<a " + b" ".join(b"xmlns:p%d='u'" % n for n in range(MAX_NAMESPACES + 1)) + b"/>", "xml.size"),
        (b"<a>" + b" " * (5 << 20) + b"</a>", "xml.size"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


@given(st.binary(max_size=60) | st.text(alphabet="<>/a:x='\"!-[]?& ", max_size=40).map(str.encode))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    """Invariant: nothing but ``MalformedError``; what is read has a canonical form that is its own."""
    try:
        canonical = xml_canonical(xml_loads(data))
    except MalformedError as error:
        assert error.code.startswith("xml.")  # noqa: PT017
        return
    assert xml_canonical(xml_loads(canonical)) == canonical


def test_the_canonical_form_is_exclusive_but_for_what_is_named() -> None:
    root = xml_loads(b'<r xmlns:a="urn:a" xmlns:b="urn:b"><a:x z="1"  b:y="2">t</a:x>tail</r>')
    assert xml_canonical(root[0]) == b'<a:x xmlns:a="urn:a" xmlns:b="urn:b" z="1" b:y="2">t</a:x>'
    bare = xml_loads(b'<r xmlns:a="urn:a"><x type="a:t"/></r>')[0]
    assert xml_canonical(bare) == b'<x type="a:t"></x>'
    assert xml_canonical(bare, ["a", "nobody"]) == b'<x xmlns:a="urn:a" type="a:t"></x>'
    with pytest.raises(MalformedError):
        xml_canonical(xml_loads(b'<x xmlns="relative"/>'))
