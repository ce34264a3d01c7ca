"""Manifests of exchanges: one form, nothing lost, all that does not fit is named, nothing shows to third parties."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from delivery_samples import BUS, TOWN
from exchange_samples import CONSENT, CONTRACT, SECRET, START, answered, asked, exchanged, receipt, receipts
from hypothesis import given, settings
from hypothesis import strategies as st

from toyono_trust.core.canonical import json_canonical
from toyono_trust.delivery.evidence import payload, to_json
from toyono_trust.delivery.exchange import (
    Commitment,
    Opening,
    build,
    check,
    for_third_party,
    message,
    opened,
    read_manifest,
    read_opening,
    reference,
)
from toyono_trust.errors import MalformedError, MisuseError

REQUEST = {"request.json": b"request 1", "form.xml": b"<form/>"}
RESPONSE = {"answer.json": b"answer 1"}


def everything(**changed: Any) -> dict[str, Any]:
    return {
        "request": REQUEST, "response": RESPONSE, "receipts": receipts(1), "consent": CONSENT, "contract": CONTRACT,
    } | changed  # fmt: skip


def test_a_manifest_reads_as_it_was_written() -> None:
    made = exchanged(1)
    assert read_manifest(made.octets) == made
    assert json_canonical(json.loads(made.octets)) == made.octets
    assert not made.for_third_party


def test_of_content_only_digests_stand_in_it() -> None:
    octets = exchanged(1).octets
    assert b"request 1" not in octets
    assert b"answer 1" not in octets


def test_it_is_made_without_the_body() -> None:
    by_digest = message("m", {"a": ("sha256", bytes(32)), "b": ("sha512", bytes(64))}, START)
    assert [part.digest.algorithm for part in by_digest.parts if not isinstance(part.digest, Commitment)] == [
        "sha256", "sha512",
    ]  # fmt: skip


def test_what_belongs_to_it_fits() -> None:
    found = check(exchanged(1).octets, **everything())
    assert [one.state for one in found.items] == ["fits"] * 8
    assert found.wrong == found.open == ()
    assert found.text_in("ja") == ""
    with pytest.raises(TypeError):
        bool(found)


def test_a_receipt_fits_in_any_form() -> None:
    forms: list[Any] = [payload(receipts(1)[0]), to_json(receipts(1)[1]), receipts(1)[2]]
    assert check(exchanged(1), receipts=forms).wrong == ()


@pytest.mark.parametrize(
    ("presented", "expected"),
    [
        ({"request": {**REQUEST, "request.json": b"other"}}, ("request", "request.json", "differs")),
        ({"request": {**REQUEST, "extra": b""}}, ("request", "extra", "not-listed")),
        ({"response": {"answer.json": b""}}, ("response", "answer.json", "differs")),
        ({"consent": b"{}"}, ("consent", "urn:x:consent", "differs")),
        ({"contract": b"%PDF"}, ("contract", "contract-7", "differs")),
        ({"receipts": [*receipts(1), receipts(2)[0]]}, ("receipt", "urn:x:receipt:2-1", "not-listed")),
        ({"receipts": [*receipts(1), b"{}"]}, ("receipt", "4", "unreadable")),
        ({"receipts": [*receipts(1)[1:], receipt("SubmissionAcceptance", asked(2), "urn:x:receipt:1-1")]},
         ("receipt", "urn:x:receipt:1-1", "differs")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(presented: dict[str, Any], expected: tuple[str, str, str]) -> None:
    found = check(exchanged(1), **everything(**presented))
    assert [one[:3] for one in found.wrong] == [expected]
    for language in ("en", "ja"):
        assert expected[1] in found.text_in(language)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["request", "response", "receipts", "consent", "contract"])
def test_what_is_missing_is_told_and_is_not_wrong(name: str) -> None:
    found = check(exchanged(1), **everything(**{name: None}))
    assert found.wrong == ()
    assert {one.kind for one in found.open} == {"receipt" if name == "receipts" else name}


@pytest.mark.parametrize(
    ("other", "about"),
    [
        (receipt("ContentHandover", asked(1), "r", parts={"request.json": b"?", "form.xml": b"<form/>"}), "part"),
        (receipt("ContentHandover", asked(1), "r", parts={"form.xml": b"<form/>"}), "part request.json"),
        (receipt("ContentHandover", asked(1), "r", parts={**REQUEST, "more": b""}), "part more"),
        (receipt("ContentHandover", asked(1), "r", submission_time=START), "time"),
    ],
)
def test_a_receipt_that_contradicts_the_manifest_is_named(other: Any, about: str) -> None:
    found = check(exchanged(1, receipts=[other]), receipts=[other])
    assert [(one.state, one.about.startswith(about)) for one in found.wrong] == [("contradicts", True)]


def test_a_digest_by_another_algorithm_is_not_compared() -> None:
    found = check(exchanged(1), response={"answer.json": ("sha512", bytes(64))})
    assert [one.state for one in found.items if one.kind == "response"] == ["not-presented"]
    assert found.wrong == ()


def test_a_consent_that_the_manifest_does_not_name_is_told() -> None:
    assert [one.state for one in check(exchanged(1, consent=None), consent=CONSENT).wrong] == ["not-listed"]
    assert [one.state for one in check(exchanged(1, response=None, receipts=[]), response=RESPONSE).wrong] == [
        "not-listed"
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"receipts": [receipt("ContentHandover", asked(2), "r")]},
        {"response": asked(1)},
        {"requester": ""},
        {"requester": "a\u202eb"},
        {"provider": "x" * 5000},
        {"request": message("m", {"a": b""}, START)._replace(parts=())},
        {"at": START.replace(tzinfo=None)},
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MisuseError):
        exchanged(1, **changed)


def test_a_digest_that_is_none_is_refused() -> None:
    for bad in (("md5", bytes(16)), ("sha256", bytes(31))):
        with pytest.raises(MisuseError, match=r"exchange\.argument"):
            message("m", {"a": bad}, START)


# -- for third parties


def test_a_third_party_learns_nothing_but_times_and_numbers() -> None:
    made = exchanged(1)
    hidden, openings = for_third_party(made, SECRET)
    octets = hidden.octets
    assert read_manifest(octets) == hidden
    assert hidden.for_third_party
    plain = json.loads(made.octets)
    secret = [text for text in _texts(plain) if not text.startswith(("toyono_trust/", "http://uri.etsi", "2026-"))]
    for text in set(secret) - {"request", "response", "as4"}:
        assert text.encode() not in octets, text
    assert len(openings) == len({one.commitment for one in openings})
    assert all(len(one.salt) == 16 for one in openings)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value]


def test_the_openings_give_all_back_and_one_gives_one() -> None:
    made = exchanged(1)
    hidden, openings = for_third_party(made, SECRET)
    assert opened(hidden, openings) == made
    assert check(hidden, **everything(), openings=openings).wrong == ()
    shown = [one for one in openings if one.label == "consent.digest"]
    found = check(hidden, consent=CONSENT, openings=shown)
    assert [one.state for one in found.items if one.kind == "consent"] == ["fits"]
    assert [one.state for one in check(hidden, consent=b"{}", openings=shown).wrong] == ["differs"]
    assert {one.state for one in found.items if one.kind in ("request", "response", "receipt")} == {"hidden"}


def test_an_opening_of_something_else_opens_nothing() -> None:
    hidden, openings = for_third_party(exchanged(1), SECRET)
    first = openings[0]
    for other in (
        first._replace(value="x"),
        first._replace(salt=bytes(16)),
        first._replace(label="provider"),
    ):
        assert [one.kind for one in check(hidden, openings=[other]).wrong] == ["opening"]


def test_salts_differ_by_value_exchange_and_secret() -> None:
    first, _ = for_third_party(exchanged(1), SECRET)
    again, openings = for_third_party(exchanged(1), SECRET)
    assert first == again
    for other in (for_third_party(exchanged(2), SECRET)[0], for_third_party(exchanged(1), bytes(32))[0]):
        assert other.requester != first.requester
    assert len({one.salt for one in openings}) == len(openings)


def test_a_short_secret_and_a_second_hiding_are_refused() -> None:
    with pytest.raises(MisuseError, match=r"exchange\.secret"):
        for_third_party(exchanged(1), bytes(15))
    with pytest.raises(MisuseError, match=r"exchange\.argument"):
        for_third_party(for_third_party(exchanged(1), SECRET)[0], SECRET)


def test_openings_have_one_form() -> None:
    _, openings = for_third_party(exchanged(1), SECRET)
    for one in openings:
        assert read_opening(one.octets) == one
    good = openings[0]
    for bad in (
        b"{}",
        b"[]",
        good.octets + b" ",
        Opening("a", "b", bytes(15)).octets,
        b'{"label":1,"salt":"","value":""}',
    ):
        with pytest.raises(MalformedError):
            read_opening(bad)


# -- hostile


def _mutated(value: Any, path: list[Any], new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    here = copy
    for step in path[:-1]:
        here = here[step]
    if new is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = new
    return copy


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (["format"], "toyono_trust/exchange/v2"),
        (["format"], "toyono_trust/exchange-third-party/v1"),
        (["exchange"], ...),
        (["exchange"], 1),
        (["surprise"], 1),
        (["time"], "2026-11-23T00:00:00+00:00"),
        (["time"], "2026-11-23T00:00:00.0Z"),
        (["time"], "2026-13-23T00:00:00Z"),
        (["request", "parts"], []),
        (["request", "parts", 0, "digest"], {}),
        (["request", "parts", 0, "digest"], {"md5": "AAAA"}),
        (["request", "parts", 0, "digest"], {"sha256": "AAAA"}),
        (["request", "parts", 0, "digest"], {"commitment": base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")}),
        (["request", "parts", 1, "name"], "request.json"),
        (["receipts", 0, "about"], "both"),
        (["receipts", 0, "event"], "urn:x:event"),
        (["receipts", 1, "identifier"], "urn:x:receipt:1-1"),
        (["receipts"], []),
        (["response"], ...),
        (["consent"], {"identifier": "x", "digest": None}),
        (["transport", 0, "kind"], ""),
    ],
)
def test_another_form_is_refused(path: list[Any], new: Any) -> None:
    value = _mutated(json.loads(exchanged(1).octets), path, new)
    with pytest.raises(MalformedError):
        read_manifest(json_canonical(value))


def test_nothing_may_stand_in_the_clear_for_third_parties() -> None:
    hidden, _ = for_third_party(exchanged(1), SECRET)
    value = json.loads(hidden.octets)
    for path, plain in ((["exchange"], "x"), (["consent", "digest"], {"sha256": "A" * 43}), (["requester"], BUS)):
        with pytest.raises(MalformedError):
            read_manifest(json_canonical(_mutated(value, path, plain)))


def test_any_other_text_for_the_same_value_is_refused() -> None:
    octets = exchanged(1).octets
    for bad in (octets + b"\n", b" " + octets, octets.replace(b":", b": ", 1), b"", b"null", b"[]"):
        with pytest.raises(MalformedError):
            read_manifest(bad)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_changed_octet_is_another_manifest_or_none(data: st.DataObject) -> None:
    octets = bytearray(exchanged(1).octets)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    try:
        assert read_manifest(bytes(octets)) != exchanged(1)
    except MalformedError:
        pass


def test_the_minimum_is_a_request_without_an_answer() -> None:
    made = build("e", at=START, requester=BUS, provider=TOWN.identifier, request=asked(1), contract=reference("c"))
    assert read_manifest(made.octets) == made
    assert [one.state for one in check(made, contract=b"x").items if one.kind == "contract"] == ["hidden"]
    assert answered(1).identifier.encode() not in made.octets  # type: ignore[union-attr]
