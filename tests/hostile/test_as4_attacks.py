"""AS4 messages made to mislead: wrapped, doubled, blown up, cut; none is read otherwise than its one place says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from as4_samples import EBBP, REFS, envelope, information, original, receipt, ref, reference, signal, signature
from toyono_trust.delivery.as4 import from_as4_receipt, read_original
from toyono_trust.errors import MalformedError

SIGNED = signature(REFS)
GOOD = f"<eb:Receipt>{information()}</eb:Receipt>"
OPEN, CLOSE = b"<S:Envelope", b"</S:Envelope>"


def put(old: str, new: str, data: bytes = b"") -> bytes:
    made = (data or receipt()).decode()
    assert old in made
    return made.replace(old, new, 1).encode()


ATTACKS: dict[str, bytes] = {
    "nothing": b"",
    "text": b"receipt",
    "json": b"{}",
    "document type": b"<!DOCTYPE x>" + receipt(),
    "entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + put("9b2c@", "&e;"),
    "billion laughs": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + receipt(),
    "comment in an identifier": put("f0a1@bus", "f0a1@bus<!-- -->"),
    "processing instruction": put("<S:Header>", "<?x y?><S:Header>"),
    "utf-16": receipt().decode().encode("utf-16"),
    "two documents": receipt() + receipt(),
    "another root": b"<a>" + receipt() + b"</a>",
    "wrapped envelope": put("<S:Header>", "<S:Header/><S:Header>"),
    "header after the body": put("</S:Header>", "</S:Header><S:Body/>"),
    "second header": put("</S:Body>", "</S:Body><S:Header/>"),
    "two messagings": envelope(signal(GOOD), SIGNED, head="<eb:Messaging/>"),
    "messaging in the body alone": envelope("<eb:SignalMessage/>", SIGNED, body=signal(GOOD)),
    "two receipts": envelope(signal(GOOD) + signal(GOOD, identifier="other@town.example"), SIGNED),
    "two receipts in one signal": envelope(signal(GOOD + GOOD), SIGNED),
    "two non-repudiations": envelope(signal(f"<eb:Receipt>{information()}{information()}</eb:Receipt>"), SIGNED),
    "two security headers": envelope(signal(GOOD), SIGNED, head=f"<wsse:Security>{SIGNED}</wsse:Security>"),
    "empty receipt": envelope(signal("<eb:Receipt/>"), SIGNED),
    "no receipt": envelope(signal(""), SIGNED),
    "pull request": envelope(signal("<eb:PullRequest/>"), SIGNED),
    "user message": original(),
    "no identifier": put("9b2c@town.example", ""),
    "no message": put("<eb:RefToMessageId>f0a1@bus.example</eb:RefToMessageId>", ""),
    "two messages": put("<eb:RefToMessageId>", "<eb:RefToMessageId>x</eb:RefToMessageId><eb:RefToMessageId>"),
    "white space around an identifier": put("f0a1@bus.example<", "f0a1@bus.example <"),
    "element in an identifier": put("f0a1@bus.example<", "f0a1@bus.example<a/><"),
    "no time": put("2026-11-23T00:00:01.250Z", "now"),
    "digest of another size": put(REFS[0][2], "AAAA"),
    "digest that is none": put(REFS[0][2], "*" * 44),
    "digest missing": put(f"<ds:DigestValue>{REFS[0][2]}</ds:DigestValue>", ""),
    "digest twice": put("<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>"),
    "two references in a part": put(
        "</ds:Reference></ebbp:MessagePartNRInformation>",
        f"</ds:Reference>{reference(REFS[1])}</ebbp:MessagePartNRInformation>",
    ),
    "foreign element in a part": put("<ebbp:MessagePartNRInformation><", "<ebbp:MessagePartNRInformation><a/><"),
    "too many references": receipt([ref(f"cid:{number}", b"") for number in range(300)]),
    "too many namespaces": put("<S:Header>", "<S:Header " + " ".join(f'xmlns:n{n}="u:{n}"' for n in range(600)) + ">"),
    "too deep": put("</S:Body>", "<a>" * 500 + "</a>" * 500 + "</S:Body>"),
    "too many elements": put("</S:Body>", "<a/>" * 30_000 + "</S:Body>"),
    "too large": put("</S:Body>", "x" * (2 << 20) + "</S:Body>"),
    "too long an identifier": put("9b2c@", "x" * 5_000 + "@"),
    "too long a reference": put('URI="#_body"', f'URI="#{"x" * 5_000}"'),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_has_not_one_meaning_is_refused(attack: str) -> None:
    with pytest.raises(MalformedError) as refused:
        from_as4_receipt(ATTACKS[attack], original=original())
    assert refused.value.code.split(".")[0] in ("as4", "xml", "base64")


def test_a_receipt_in_the_body_or_behind_the_real_one_counts_for_nothing() -> None:
    forged = information([*REFS[:2], ref("cid:answer@bus.example", b"forged")])
    wrapped = envelope(
        signal(GOOD), SIGNED, body=f"<eb:Messaging>{signal(f'<eb:Receipt>{forged}</eb:Receipt>')}</eb:Messaging>"
    )
    assert from_as4_receipt(wrapped, original=original()) == from_as4_receipt(
        envelope(signal(GOOD), SIGNED), original=original()
    )
    other = put("xmlns:ebbp", "xmlns:x", receipt()).replace(b"</S:Envelope>", b"</S:Envelope>")
    with pytest.raises(MalformedError):
        from_as4_receipt(other)


def test_another_namespace_is_another_element() -> None:
    with pytest.raises(MalformedError):
        from_as4_receipt(put("ns/core/200704/", "ns/core/200705/"))
    fact = from_as4_receipt(put(EBBP, "urn:x"), original=original())
    assert not fact.digests


ORIGINALS = {
    "no signature": original(security=""),
    "two signatures": original(security=SIGNED + SIGNED),
    "empty signature": original(security="<ds:Signature/>"),
    "nothing signed": original(()),
    "two signed": original(security=SIGNED.replace("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>", 1)),
    "a receipt": receipt(),
    "no receiver": put("<eb:To>", "<eb:To/><eb:X>", original()).replace(b"</eb:To>", b"</eb:X>", 1),
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_an_original_has_one_signature_over_something(name: str) -> None:
    with pytest.raises(MalformedError):
        read_original(ORIGINALS[name])


def test_a_signature_outside_the_security_header_is_none() -> None:
    fact = from_as4_receipt(envelope(signal(GOOD), head=SIGNED), original=original())
    assert fact.signature == "absent"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_changed_octet_is_refused_or_seen_or_means_nothing(data: st.DataObject) -> None:
    """Reading is total but for MalformedError; a changed receipt never confirms other digests as complete."""
    octets = bytearray(receipt())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at] = data.draw(st.integers(0, 255))
    try:
        fact = from_as4_receipt(bytes(octets), original=original())
    except MalformedError:
        return
    if not fact.failing:
        assert {part.digest for part in fact.parts} == {part.digest for part in from_as4_receipt(receipt()).parts}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='<>/="ebS:xmlns &;!-[]', max_size=200).map(str.encode))
def test_any_octets_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(MalformedError):
        from_as4_receipt(data)
    with pytest.raises(MalformedError):
        read_original(data)
