"""The tables of events and reasons."""

from __future__ import annotations

from collections import Counter

import pytest

from toyono_trust.delivery import events, reasons


def test_the_standard_has_22_events_in_six_groups() -> None:
    assert len({event.uri for event in events.EVENTS}) == 22
    assert Counter(event.group for event in events.EVENTS) == {"A": 2, "B": 3, "C": 6, "D": 6, "E": 2, "F": 3}


def test_every_fact_is_told_in_both_languages_and_failures_differ_from_successes() -> None:
    facts = {
        polarity: {one.proves for one in events.EVENTS if one.polarity == polarity}
        for polarity in ("success", "failure")
    }
    assert not facts["success"] & facts["failure"]
    assert len({one.proves for one in events.EVENTS}) == 22
    for event in events.EVENTS:
        english, japanese = event.statement
        assert english.isascii()
        assert english.endswith(".")
        assert not japanese.isascii()
        assert japanese.endswith("。")


def test_an_event_is_found_by_name_uri_and_confirmed_code() -> None:
    handover = events.find("ContentHandover")
    assert handover is not None
    assert handover is events.find("E.1") is events.find(handover.uri) is events.by_uri(handover.uri)
    assert handover.uri == "http://uri.etsi.org/19522/Event/ContentHandover"
    assert events.by_uri("ContentHandover") is None
    assert events.find("D.4") is None  # no public source confirms this code


def test_group_letters_agree_with_codes() -> None:
    assert all(event.code is None or event.code[0] == event.group for event in events.EVENTS)


def test_every_negative_event_has_a_reason_of_its_group() -> None:
    for event in events.EVENTS:
        fitting = [one for one in reasons.REASONS if one.event == event.name]
        assert all(one.group == event.group for one in fitting)
        assert bool(fitting) or event.polarity != "failure"


def test_no_reason_is_invented_under_the_standards_name() -> None:
    public = [one for one in reasons.REASONS if one.status != "local"]
    assert len(public) == 12
    assert {one.uri.rpartition("/")[0] + "/" for one in public} == {reasons.REASON_NAMESPACE}
    assert [one.code for one in public if one.status == "verified"] == ["RB01"]
    assert not any(reasons.ETSI_DOMAIN in one.uri for one in reasons.REASONS if one.status == "local")


def test_a_local_reason_is_known_below_any_base() -> None:
    uri = reasons.local("https://www.town.example/", "RecipientRefused")
    assert uri == "https://www.town.example/erds/reason/RecipientRefused"
    known = reasons.by_uri(uri)
    assert known is not None
    assert known.event == "ConsignmentRejection"
    assert reasons.by_uri("RecipientRefused") is None
    assert reasons.by_uri("https://www.town.example/erds/reason/Other") is None
    with pytest.raises(KeyError):
        reasons.local("https://www.town.example", "Other")


def test_reasons_are_told_in_both_languages_and_explain_an_event_of_their_group() -> None:
    names = {event.name: event for event in events.EVENTS}
    assert len({one.uri for one in reasons.table()}) == len(reasons.table()) == 32
    for one in reasons.table():
        english, japanese = one.text
        assert english.isascii()
        assert english.endswith(".")
        assert not japanese.isascii()
        assert japanese.endswith("。")
        assert names[one.event].group == one.group
        assert one.status in ("verified", "inferred", "local")
        assert (one.code is None) == (one.status == "local")
        assert one.source


def test_the_table_of_reasons_is_an_attribute_too() -> None:
    assert reasons.REASONS is reasons.table()
    with pytest.raises(AttributeError):
        _ = reasons.RAISONS
