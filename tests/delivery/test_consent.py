"""Consent: one form, no resident named, and an exchange is inside of it or every reason why not is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from consent_samples import AT, CARE, END, KEY, LEVEL, OBJECT, OTHER, PERIOD, PURPOSE, START, SUBJECT, TOWN, given, use
from toyono_trust.core.canonical import json_canonical
from toyono_trust.delivery.consent import (
    Consent,
    Coverage,
    Limit,
    Organisation,
    Revocation,
    Term,
    Text,
    Use,
    covers,
    read_consent,
    read_resident_receipt,
    read_revocation,
    read_use,
    resident_receipt,
    revoke,
)
from toyono_trust.delivery.parties import jpki_pseudonym
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Party

TOKYO = ZoneInfo("Asia/Tokyo")
SECOND = timedelta(seconds=1)
MY_NUMBER = "123456789018"


def codes(coverage: Coverage) -> list[str]:
    return [one.code.removeprefix("consent.") for one in coverage.reasons]


# -- the artefact


def test_a_consent_reads_as_it_was_written() -> None:
    made = given()
    assert read_consent(made.octets) == made
    assert json_canonical(json.loads(made.octets)) == made.octets


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"subject": Party("山里 花子", "jp:jpki-pseudonym")}, "consent.subject"),
        ({"subject": Party(MY_NUMBER, "jp:jpki-pseudonym")}, "consent.subject"),
        ({"subject": Party("hanako@example.jp", "mailto")}, "consent.subject"),
        ({"subject": Party("abc")}, "consent.subject"),
        ({"subject": SUBJECT._replace(attributes=(("FamilyName", ("山里",)),))}, "consent.subject"),
        ({"purpose": Term("p", Text(f"個人番号 {MY_NUMBER} の方", "x"))}, "consent.individual-number"),
        ({"purpose": Term("p", Text("番号：１２３４-５６７８-９０１８", "x"))}, "consent.individual-number"),
        ({"withdrawal": Text("x", "1234 5678 9018")}, "consent.individual-number"),
        ({"end": START}, "consent.argument"),
        ({"zone": "Asia/Toyono"}, "consent.argument"),
        ({"zone": "+25:00"}, "consent.argument"),
        ({"zone": "../../etc/passwd"}, "consent.argument"),
        ({"data_types": []}, "consent.argument"),
        ({"data_types": [LEVEL, LEVEL]}, "consent.argument"),
        ({"limits": [Limit(0, "day")]}, "consent.argument"),
        ({"limits": [Limit(1, "hour")]}, "consent.argument"),
        ({"requester": Organisation("", Text("a", "b"))}, "consent.argument"),
        ({"purpose": Term("p", Text("a\u202eb", "b"))}, "consent.argument"),
        ({"start": START.replace(tzinfo=None)}, "argument.naive-time"),
    ],
)
def test_what_makes_no_consent_is_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(MisuseError) as refused:
        given(**changed)
    assert refused.value.code == code


def test_a_telephone_number_is_no_individual_number() -> None:
    given(withdrawal=Text("電話 072-739-0001、番号 123456789012", "call 0727390001"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "toyono_trust/consent/v2"),
        ("subject", {"identifier": "x" * 30, "scheme": "jp:houjin-bangou"}),
        ("subject", {"identifier": MY_NUMBER, "scheme": "jp:jpki-pseudonym"}),
        ("until", "2026-10-01T00:00:00Z"),
        ("zone", "../../etc/passwd"),
        ("zone", "+15:00"),
        ("limits", [{"times": 1.5, "per": "day"}]),
        ("limits", [{"times": True, "per": "day"}]),
        ("limits", {}),
        ("dataTypes", "all"),
        ("name", "山里 花子"),
        ("given", ...),
    ],
)
def test_another_form_is_refused(name: str, value: Any) -> None:
    members = json.loads(given().octets)
    members[name] = value
    if value is ...:
        del members[name]
    with pytest.raises(MalformedError):
        read_consent(json_canonical(members))


def test_another_statement_is_no_consent() -> None:
    for octets in (b"{}", b"[]", b"", given().octets + b"\n", revoke(given(), AT).octets):
        with pytest.raises(MalformedError):
            read_consent(octets)
    for octets in (b"{}", given().octets):
        with pytest.raises(MalformedError):
            read_revocation(octets)
        with pytest.raises(MalformedError):
            read_resident_receipt(octets)


# -- coverage


def test_what_was_agreed_to_is_covered() -> None:
    found = covers(given(), use())
    assert found.covered
    assert found.reasons == ()
    assert found.text_in("ja") == ""
    with pytest.raises(TypeError):
        bool(found)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"subject": OTHER}, ["subject-differs"]),
        ({"requester": TOWN.identifier}, ["requester-differs"]),
        ({"provider": CARE.identifier}, ["provider-differs"]),
        ({"purpose": "urn:x:purpose:marketing"}, ["purpose-differs"]),
        ({"data_types": (LEVEL.code, "urn:x:data:income")}, ["data-type"]),
        ({"data_types": ("a", "b", "a")}, ["data-type", "data-type"]),
        ({"consent": bytes(32)}, ["other"]),
        ({"consent": None}, []),
        ({"data_types": (LEVEL.code, PERIOD.code)}, []),
        ({"at": START - SECOND}, ["not-yet"]),
        ({"at": START}, []),
        ({"at": END - SECOND}, []),
        ({"at": END}, ["expired"]),
        ({"at": END + SECOND}, ["expired"]),
        ({"at": END.astimezone(timezone(timedelta(hours=9)))}, ["expired"]),
        ({"purpose": "x", "requester": "y", "at": END, "data_types": ("z",)},
         ["requester-differs", "purpose-differs", "data-type", "expired"]),
    ],
)  # fmt: skip
def test_every_reason_why_not_is_told(changed: dict[str, Any], expected: list[str]) -> None:
    found = covers(given(), use(**changed))
    assert codes(found) == expected
    assert found.covered == (not expected)
    for language in ("en", "ja"):
        assert len(found.text_in(language).splitlines()) == len(expected)  # type: ignore[arg-type]


def test_a_use_reads_as_it_was_written() -> None:
    for one in (use(), use(consent=None), use(data_types=(LEVEL.code, PERIOD.code))):
        assert read_use(one.octets) == one
    for octets in (b"{}", given().octets, use(data_types=()).octets, use(data_types=("a", "a")).octets):
        with pytest.raises(MalformedError):
            read_use(octets)


def test_the_time_may_be_another_than_the_exchanges() -> None:
    assert codes(covers(given(), use(), END)) == ["expired"]
    with pytest.raises(MisuseError, match=r"argument\.naive-time"):
        covers(given(), use(), AT.replace(tzinfo=None))
    with pytest.raises(MisuseError, match=r"consent\.argument"):
        covers(given(), use(data_types=()))


def test_times_are_told_in_the_readers_zone() -> None:
    text = covers(given(), use(at=END)).text_in("ja", TOKYO)
    assert "2027-04-01 00:00:00 JST" in text


# -- revocation


def test_a_revocation_ends_a_consent_from_a_moment_on() -> None:
    consent, ending = given(), revoke(given(), AT)
    assert read_revocation(ending.octets) == ending
    assert codes(covers(consent, use(at=AT - SECOND), revocations=[ending])) == []
    assert codes(covers(consent, use(at=AT), revocations=[ending])) == ["revoked"]
    assert codes(covers(consent, use(at=AT), revocations=[revoke(consent, END), ending])) == ["revoked"]


def test_a_revocation_of_another_consent_does_not() -> None:
    other = revoke(given(subject=OTHER), START)
    unrelated = other._replace(consent="urn:x:other")
    assert codes(covers(given(), use(), revocations=[unrelated])) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one._replace(digest=bytes(32)),
        lambda one: one._replace(subject=OTHER),
    ],
)
def test_one_that_nearly_names_it_is_told(change: Callable[[Revocation], Revocation]) -> None:
    nearly = change(revoke(given(), AT))
    assert codes(covers(given(), use(at=AT), revocations=[nearly])) == ["revocation-unclear"]
    assert codes(covers(given(), use(at=AT - SECOND), revocations=[nearly])) == []


# -- frequency


def test_so_many_a_day_and_the_next_day_again() -> None:
    """Days are those of Japan: 15:00 UTC is midnight."""
    midnight = datetime(2026, 11, 23, 15, tzinfo=UTC)
    earlier = [use(midnight - timedelta(hours=hour), number) for number, hour in ((10, 24), (11, 12), (12, 1))]
    assert codes(covers(given(), use(midnight - SECOND, 13), earlier=earlier)) == ["too-often-day"]
    assert codes(covers(given(), use(midnight, 13), earlier=earlier)) == []
    assert codes(covers(given(), use(midnight - timedelta(hours=24, seconds=1), 13), earlier=earlier)) == []
    utc = given(zone="UTC")
    same_day = [one._replace(consent=utc.digest) for one in earlier]
    assert codes(covers(utc, use(midnight, 13, consent=utc.digest), earlier=same_day)) == []
    assert codes(covers(given(limits=[Limit(2, "day")]), use(midnight - SECOND, 13, consent=None), earlier=[
        one._replace(consent=None) for one in earlier[1:]
    ])) == ["too-often-day"]  # fmt: skip


def test_a_day_with_another_length_is_one_day() -> None:
    """Where clocks are set back a day has 25 hours."""
    consent = given(zone="Europe/Berlin", limits=[Limit(1, "day")], start=datetime(2026, 10, 1, tzinfo=UTC))
    first = use(datetime(2026, 10, 24, 22, 30, tzinfo=UTC), 1, consent=None)  # 0:30 on 25 October
    last = use(datetime(2026, 10, 25, 22, 30, tzinfo=UTC), 2, consent=None)  # 23:30 on 25 October
    assert codes(covers(consent, last, earlier=[first])) == ["too-often-day"]
    after = use(datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 2, consent=None)
    assert codes(covers(consent, after, earlier=[first])) == []


@pytest.mark.parametrize(
    ("limit", "gap", "expected"),
    [
        (Limit(1, "month"), timedelta(days=20), ["too-often-month"]),
        (Limit(1, "month"), timedelta(days=25), []),
        (Limit(1, "year"), timedelta(days=25), ["too-often-year"]),
        (Limit(1, "consent"), timedelta(days=25), ["too-often-consent"]),
    ],
)
def test_months_years_and_the_whole_consent(limit: Limit, gap: timedelta, expected: list[str]) -> None:
    consent = given(limits=[limit], start=START - timedelta(days=60))
    earlier = [use(AT - gap, 9, consent=None)]
    assert codes(covers(consent, use(consent=None), earlier=earlier)) == expected


def test_a_zone_that_this_machine_does_not_know_covers_nothing() -> None:
    members = json.loads(given().octets) | {"zone": "Mars/Olympus_Mons"}
    consent = read_consent(json_canonical(members))
    assert codes(covers(consent, use(consent=None))) == ["zone-unknown"]
    unlimited = read_consent(json_canonical(members | {"limits": []}))
    assert covers(unlimited, use(consent=None)).covered


def test_all_limits_hold() -> None:
    consent = given(limits=[Limit(2, "day"), Limit(3, "month")])
    earlier = [use(AT - timedelta(days=number, hours=1), 10 + number, consent=consent.digest) for number in range(3)]
    again = use(consent=consent.digest)
    assert codes(covers(consent, again, earlier=earlier)) == ["too-often-month"]
    earlier.append(use(AT - timedelta(minutes=1), 20, consent=consent.digest))
    assert codes(covers(consent, again, earlier=earlier)) == ["too-often-day", "too-often-month"]


def test_what_does_not_count() -> None:
    """Itself, what came twice under one name, what came later, what was under another consent."""
    consent = given(limits=[Limit(2, "day")])
    mine = use(consent=consent.digest)
    earlier = [
        mine,
        *[mine._replace(exchange="urn:x:once", at=AT - SECOND)] * 5,
        mine._replace(exchange="urn:x:later", at=AT + SECOND),
        mine._replace(exchange="urn:x:other", at=AT - SECOND, consent=bytes(32)),
    ]
    assert covers(consent, mine, earlier=earlier).covered
    assert not covers(consent, mine, earlier=[*earlier, mine._replace(exchange="urn:x:twice")]).covered


def test_earlier_exchanges_are_read_as_far_as_needed() -> None:
    def endless() -> Any:
        number = 0
        while True:
            number += 1
            yield use(AT - timedelta(minutes=1), 100 + number)

    assert codes(covers(given(), use(), earlier=endless())) == ["too-often-day"]


@settings(max_examples=200, deadline=None)
@drawn(
    st.lists(st.integers(-50 * 3600, 50 * 3600), max_size=12),
    st.integers(1, 4),
    st.sampled_from(["Asia/Tokyo", "+09:00", "UTC", "America/New_York"]),
)
def test_counting_is_that_of_a_calendar(offsets: list[int], times: int, zone: str) -> None:
    """Covered if and only if fewer distinct exchanges came before on the same local day."""
    consent = given(zone=zone, limits=[Limit(times, "day")])
    earlier = [use(AT + timedelta(seconds=offset), 10 + number, consent=None) for number, offset in enumerate(offsets)]
    zoned = timezone(timedelta(hours=9)) if zone == "+09:00" else ZoneInfo(zone)
    today = AT.astimezone(zoned).date()
    count = sum(one.at <= AT and one.at.astimezone(zoned).date() == today for one in earlier)
    assert covers(consent, use(consent=None), earlier=earlier).covered == (count < times)


# -- what the resident is told


def told(consent: Consent, exchange: Use, **changed: Any) -> Any:
    arguments: dict[str, Any] = {
        "identifier": "urn:x:notice:1", "issuer": TOWN, "issued": AT + SECOND, "objection": OBJECT,
    }  # fmt: skip
    return resident_receipt(consent, exchange, covers(consent, exchange), **(arguments | changed))


def test_the_resident_is_told_who_gave_what_to_whom_for_what_when() -> None:
    notice = told(given(), use(), manifest=b"{}")
    assert read_resident_receipt(notice.octets) == notice
    assert notice.sentence_in("ja", TOKYO) == (
        "2026年11月23日 10時30分00秒（日本時間）に、「見本町」から「みほん介護サービス株式会社」へ、"
        "「介護サービス計画の作成」を目的として、あなたのデータが提供されました。"
    )
    assert "from Mihon Town to Mihon Care Services" in notice.sentence_in("en")
    text = notice.text_in("ja", TOKYO)
    for part in ("要介護度", given().identifier, "異議", "範囲内", "toyono-verify", "見本町"):
        assert part in text
    assert PERIOD.text.ja not in text


def test_it_is_told_too_what_was_outside() -> None:
    wrong = use(purpose="urn:x:purpose:marketing", at=END)
    notice = told(given(), wrong, names={"urn:x:purpose:marketing": Text("広告の配信", "advertising")})
    assert notice.outside == ("consent.purpose-differs", "consent.expired")
    assert "範囲に含まれていませんでした" in notice.standing_in("ja")
    assert "You did not allow this purpose. Your consent had run out." in notice.standing_in("en")
    assert "広告の配信" in notice.text_in("ja")
    assert "urn:x:purpose:marketing" in told(given(), wrong).text_in("en")


def test_every_reason_has_words_for_the_resident() -> None:
    from toyono_trust.core.findings import table
    from toyono_trust.core.findings.consent import _COVERAGE
    from toyono_trust.delivery.consent.words import OUTSIDE

    assert {one.code for one in _COVERAGE} == set(OUTSIDE) <= set(table())


def test_a_notice_names_nobody() -> None:
    with pytest.raises(MisuseError, match=r"consent\.individual-number"):
        told(given(), use(), names={"urn:x": Text("x", "x")}, objection=Text(MY_NUMBER, "x"))
    notice = told(given(), use(subject=jpki_pseudonym(7, KEY)))
    assert notice.outside == ("consent.subject-differs",)


def test_a_code_may_be_unknown_to_this_release() -> None:
    members = json.loads(told(given(), use(at=END)).octets)
    members["outside"] = ["consent.new"]
    notice = read_resident_receipt(json_canonical(members))
    assert "範囲に含まれていません" in notice.standing_in("ja")
    assert PURPOSE.code in notice.octets.decode()
