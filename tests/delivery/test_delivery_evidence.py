"""The JSON projection: lossless, strict, valid by the published schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from delivery_samples import fullest, made
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from corpus import schemas
from toyono_trust.core.canonical import json_canonical, json_loads
from toyono_trust.core.findings import table
from toyono_trust.delivery.components import Evidence, Moment
from toyono_trust.delivery.events import EVENTS
from toyono_trust.delivery.evidence import facts, from_json, is_evidence, payload, to_json
from toyono_trust.errors import MalformedError

Path = tuple[Any, ...]


@pytest.fixture(scope="session")
def schema() -> Draft7Validator:
    return Draft7Validator(json.loads(schemas("erds/webuild-erds-evidence.schema.json").read_text("utf-8")))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def read(tree: Any) -> tuple[Evidence | None, str]:
    """The evidence, or the code with which it is refused."""
    try:
        return from_json(tree), ""
    except MalformedError as error:
        return None, error.code


PLACES = sorted((path for path in places(fullest()) if path), key=repr)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("event", [event.name for event in EVENTS])
def test_every_event_is_valid_by_the_schema_and_survives_the_round_trip(event: str, schema: Draft7Validator) -> None:
    evidence = made(event)
    tree = to_json(evidence)
    assert list(schema.iter_errors(tree)) == []
    assert from_json(json_loads(payload(evidence))) == evidence
    assert facts(evidence).notes == ()


def test_every_component_and_alternative_survives_the_round_trip(schema: Draft7Validator) -> None:
    tree = fullest()
    assert list(schema.iter_errors(tree)) == []
    evidence = from_json(tree)
    assert evidence.unknown == ()
    assert json_canonical(to_json(evidence)) == payload(evidence) == json_canonical(tree)
    assert from_json(to_json(evidence)) == evidence
    assert list(to_json(evidence)) == list(tree), "the standard's order"


@given(st.sampled_from(PLACES), JSON)
def test_a_replaced_member_is_refused_or_kept(schema: Draft7Validator, path: Path, value: Any) -> None:
    """Invariant: whatever is read is valid and written again, so that every change changes the sealed octets."""
    tree = fullest()
    at(tree, path[:-1])[path[-1]] = copy.deepcopy(value)
    evidence, code = read(tree)
    if evidence is None:
        assert code in table()
    else:
        assert payload(evidence) == json_canonical(tree)
        assert list(schema.iter_errors(tree)) == []


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(map(str, path)))
def test_a_removed_member_changes_what_is_sealed(path: Path, schema: Draft7Validator) -> None:
    tree = fullest()
    del at(tree, path[:-1])[path[-1]]
    evidence, code = read(tree)
    if evidence is None:
        assert code in ("receipt.member-missing", "receipt.member-invalid")
        assert list(schema.iter_errors(tree)), "what the schema permits is read"
        return
    assert payload(evidence) == json_canonical(tree) != json_canonical(fullest())


@given(st.sampled_from([path for path in PLACES if isinstance(at(fullest(), path), dict)]), JSON)
def test_a_member_that_the_standard_does_not_know_is_kept_and_noted_or_refused(path: Path, value: Any) -> None:
    """Invariant: an unknown member is refused where the schema closes the object, else sealed and noted."""
    tree = fullest()
    at(tree, path)["x-unknown"] = value
    evidence, code = read(tree)
    if evidence is None:
        assert code == "receipt.member-invalid"
        return
    assert payload(evidence) == json_canonical(tree)
    noted = [one.subject for one in facts(evidence).notes if one.code == "receipt.member-unknown"]
    inside_open = {"Any", "Assertion", "AttributeValue", "Extensions", "TransactionLog", "other", "OAuth2"} & set(path)
    assert bool(noted) or inside_open


@given(JSON)
def test_any_json_is_read_or_refused_with_a_code(value: Any) -> None:
    """Invariant: ``from_json`` raises nothing but MalformedError."""
    for tree in (value, {**fullest(), "Extensions": value}, {**fullest(), "RecipientDetails": [value]}):
        _, code = read(tree)
        assert code == "" or code in table()


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T10:00:00", "2026-11-22", "2026-11-22T10:00:60Z", "2026-11-22T24:00:00Z", "2026-13-01T00:00:00Z",
     "2026-11-22t10:00:00z", " 2026-11-22T10:00:00Z", "0001-01-01T00:00:00+23:59", "２026-11-22T10:00:00Z",
     "2026-11-22T10:00:00+25:00", "2026-11-22T10:00:00+14:01", 1, None],
)  # fmt: skip
def test_a_time_without_one_meaning_is_refused(text: Any) -> None:
    with pytest.raises(MalformedError, match="EventTime"):
        from_json({**fullest(), "EventTime": text})


@pytest.mark.parametrize(
    "text", ["x:", "x:%zz", "x:[", "x: y", "x:é", "http://[::1]x", "http://h:port/", "x:#a#b", "1x:y", "//h/p", ""]
)
def test_a_uri_without_one_meaning_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="ERDSEventId"):
        from_json({**fullest(), "ERDSEventId": text})


@pytest.mark.parametrize("text", ["http://[::1]:80/a?b#c", "urn:oid:1.2", "mailto:a@b", "https://u@h:8443", "x:%E8"])
def test_uris_of_every_kind_are_read(text: str) -> None:
    assert from_json({**fullest(), "ERDSEventId": text}).erds_event_id == text


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_time_it_was_made_of(when: Any) -> None:
    """Invariant: Moment.of(t).at is t, to the microsecond."""
    try:
        moment = Moment.of(when)
    except OverflowError:
        return
    assert moment.at == when.astimezone(UTC)
    assert moment.text.endswith("Z")


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("EvidenceIdentifier", "x" * 5000, "receipt.too-large"),
        ("EvidenceIdentifier", "\x00", "receipt.member-invalid"),
        ("EvidenceIdentifier", "\ud800", "receipt.member-invalid"),
        ("ERDSEventId", "", "receipt.member-invalid"),
        ("ERDSEventId", "not a uri", "receipt.member-invalid"),
        ("MessageIdentifier", "", "receipt.member-invalid"),
        ("RecipientDetails", [], "receipt.member-invalid"),
        ("RecipientDetails", [{}] * 1001, "receipt.too-large"),
        ("EvidenceRefersToRecipient", True, "receipt.member-invalid"),
        ("EvidenceRefersToRecipient", 1.0, "receipt.member-invalid"),
        ("EvidenceRefersToRecipient", 1 << 40, "receipt.too-large"),
        ("Extensions", [{"x": "y" * 70_000}], "receipt.too-large"),
        ("Extensions", [{"isCritical": 1}], "receipt.member-invalid"),
        ("Extensions", [{"x": (1 << 60) + 1}], "receipt.member-invalid"),
        ("Extensions", [{"x": 1e20}], "receipt.member-invalid"),
        ("EventReasons", {"EventReason": []}, "receipt.member-invalid"),
        ("SenderDetails", {"Identifier": {"value": "", "IdentifierSchemeName": "x"}}, "receipt.member-invalid"),
        ("Id", "1 2", "receipt.member-invalid"),
    ],
)
def test_values_beyond_form_and_bounds_are_refused(member: str, value: Any, code: str) -> None:
    with pytest.raises(MalformedError) as refused:
        from_json({**fullest(), member: value})
    assert refused.value.code == code
    assert member in refused.value.message


@pytest.mark.parametrize("text", ["AA", "AB==", "AA==\n", "A===", "-_-_", "", "AAAA="])
def test_base64_has_one_reading(text: str) -> None:
    tree = fullest()
    tree["UserContentInfo"]["PartsInfo"]["PartInfo"][0]["DigestValue"] = text
    with pytest.raises(MalformedError, match="DigestValue"):
        from_json(tree)


def test_deep_nesting_is_refused_without_recursion() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(MalformedError) as refused:
        from_json({**fullest(), "Extensions": [{"x": deep}]})
    assert refused.value.code == "receipt.too-large"


def test_thousands_of_unknown_members_are_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        from_json({**fullest(), **{f"x{index}": None for index in range(1000)}})
    assert refused.value.code == "receipt.too-large"


def test_the_seal_is_no_part_of_the_evidence() -> None:
    sealed = {**fullest(), "jadesSignature": {"compactDetached": {"protected": "e30", "signature": "AA"}}}
    assert is_evidence(sealed)
    assert from_json(sealed) == from_json(fullest())


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {"ERDSEventId": "x"}])
def test_other_json_is_not_evidence(value: Any) -> None:
    assert not is_evidence(value)
    with pytest.raises(MalformedError):
        from_json(value)


def test_notes_of_the_structure() -> None:
    tree = fullest()
    tree["version"] = "EN319522v9"
    tree["Extensions"] = [{"isCritical": True, "quantum": 1}]
    tree["UserContentInfo"]["ComposingParts"] = 3
    tree["RecipientsDelegateDetails"][0]["DelegatingRecipients"] = [1, 3, 0]
    assert [(one.code, one.subject) for one in facts(tree).notes] == [
        ("receipt.version-unknown", "EN319522v9"),
        ("receipt.extension-critical", "quantum"),
        ("receipt.parts-count", ""),
        ("receipt.delegate-index", ""),
        ("receipt.delegate-index", ""),
    ]
    del tree["UserContentInfo"]
    assert "receipt.parts-absent" in [one.code for one in facts(tree).notes]


def test_facts_name_algorithms_and_parties() -> None:
    read = facts(fullest())
    assert read.issuer.attributes == (("LegalName", ("豊能町",)),)
    assert [name for name, _ in read.issuer.certificate_digests] == ["sha256"] * 3
    assert read.parts[0].digest_algorithm == "sha256"
    assert read.parts[1].digest is None
    assert read.sender.identifier == "1234567890123"
    assert read.event_time.isoformat() == "2026-11-22T10:00:00+00:00"
