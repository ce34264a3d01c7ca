"""Consents that cover more than a resident allowed, and texts that hide what they say."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from consent_samples import AT, OBJECT, PURPOSE, START, TOWN, given, use
from toyono_trust.delivery.consent import Limit, Term, Text, covers, read_use, resident_receipt
from toyono_trust.edge.consent_paper import _wrapped, consent_paper
from toyono_trust.errors import MisuseError
from toyono_trust.formats.pades.fonts import font_for

SECOND = timedelta(seconds=1)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_an_identifier_used_again_is_another_exchange() -> None:
    """The requester names exchanges: with one name for all of them no limit would ever be reached."""
    consent = given(limits=[Limit(2, "day")])
    mine = use(consent=consent.digest)
    earlier = [mine._replace(at=AT - number * SECOND) for number in (1, 2)]
    assert [one.code for one in covers(consent, mine, earlier=earlier).reasons] == ["consent.too-often-day"]
    assert covers(consent, mine, earlier=earlier[:1] * 5).covered
    assert covers(consent, mine, earlier=[mine, *earlier[:1]]).covered


@pytest.mark.parametrize("at", [FIRST, LAST])
@pytest.mark.parametrize("zone", ["-12:00", "+14:00", "Asia/Tokyo", "America/New_York"])
def test_the_ends_of_the_calendar(at: datetime, zone: str) -> None:
    consent = given(zone=zone, limits=[Limit(1, "day"), Limit(1, "year")])
    found = covers(consent, read_use(use(at, consent=consent.digest).octets))
    assert not found.covered
    assert covers(consent, use(consent=consent.digest), earlier=[use(at, 2, consent=consent.digest)]).covered
    told = resident_receipt(
        consent, use(at), found, identifier="urn:x:1", issuer=TOWN, issued=at, objection=OBJECT
    )  # fmt: skip
    for offset in (-12, 14):
        there = timezone(timedelta(hours=offset))
        assert told.text_in("ja", there)
        assert told.text_in("en", there)
        assert found.text_in("en", there)


def test_earlier_exchanges_without_zone_are_refused() -> None:
    earlier = [use(number=2)._replace(at=datetime(2026, 11, 22))]
    with pytest.raises(MisuseError, match=r"argument\.naive-time"):
        covers(given(), use(), earlier=earlier)


@pytest.mark.parametrize(
    "between", ["", "-", "‐", "–", "—", "―", "−", "－", "ー", "ｰ", "・", ".", "  ", "\u3000", "_", "/"]
)
def test_an_individual_number_however_it_is_parted(between: str) -> None:
    number = between.join(("1234", "5678", "9018"))
    with pytest.raises(MisuseError, match=r"consent\.individual-number"):
        given(withdrawal=Text(f"番号 {number} の方", "x"))


def test_a_uuid_is_no_individual_number() -> None:
    exchange = use()._replace(exchange="urn:uuid:aaaaaaaa-bbbb-4bbb-8bbb-123456789018")
    consent = given()
    found = covers(consent, exchange)
    made = resident_receipt(
        consent, exchange, found, identifier="urn:uuid:1234abcd-1234-4678-9018-abcdefabcdef", issuer=TOWN, issued=START,
        objection=OBJECT,
    )  # fmt: skip
    assert made.exchange == exchange.exchange
    with pytest.raises(MisuseError, match=r"consent\.individual-number"):  # a number that was filled up is no UUID
        resident_receipt(
            consent, exchange, found, identifier="00000000-0000-0000-0000-123456789018", issuer=TOWN, issued=START,
            objection=OBJECT,
        )  # fmt: skip


@pytest.mark.parametrize("char", ["\u200b", "\u200f", "\u061c", "\u2060", "\u00ad", "\U000e0041", "\u202e", "\u2066"])
def test_nothing_that_cannot_be_seen(char: str) -> None:
    for changed in (Term(f"{PURPOSE.code}{char}", PURPOSE.text), Term(PURPOSE.code, Text(f"計{char}画", "x"))):
        with pytest.raises(MisuseError, match=r"consent\.argument"):
            given(purpose=changed)


def test_a_page_of_long_words() -> None:
    """Names come from whoever asked for the data; a notice is made of them all the same, in time."""
    consent = given()
    exchange = use(data_types=tuple(f"{number}{'x' * 4_000}" for number in range(20)))
    told = resident_receipt(
        consent, exchange, covers(consent, exchange), identifier="x" * 4_000, issuer=TOWN, issued=AT,
        objection=Text("x", "x" * 2_000 + "!" * 2_000),
    )  # fmt: skip
    start = time.perf_counter()
    made = consent_paper(told, zone=UTC, languages=("en",))
    assert time.perf_counter() - start < 30  # 1 s; some minutes where each cut looked at all that was left
    assert made.startswith(b"%PDF")


def test_no_text_runs_off_the_page() -> None:
    """Of marks that begin no line some may hang over, and no row of them."""
    font = font_for(None, "x!")
    for text in ("x!" + "!" * 500, "x" * 500 + "!!!", "!" * 500, "xx " * 200):
        lines = _wrapped(text, font, 30.0)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert max(map(font.width, lines)) < 33.0


def test_a_name_with_a_variation_selector() -> None:
    assert given(withdrawal=Text("葛\U000e0100城市の窓口", "x")).withdrawal.ja.startswith("葛\U000e0100")
