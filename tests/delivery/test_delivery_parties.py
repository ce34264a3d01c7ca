"""Who is named in evidence, how surely, and on what a delegate acts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from delivery_samples import ALICE, AT, BUS, made
from hypothesis import given
from hypothesis import strategies as st

from toyono_trust.core.findings import table
from toyono_trust.delivery import assurance, mandates, parties
from toyono_trust.delivery.components import AssuranceLevel, Attribute, EntityIdentifier, Open, UserDetails
from toyono_trust.delivery.evidence import facts, from_json, to_json
from toyono_trust.delivery.mandates import Mandate
from toyono_trust.delivery.users import user
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Party

KEY = bytes(range(16))
CARD = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(MisuseError) as error:
        call(*arguments, **named)
    assert error.value.code in table()
    return error.value.code


@pytest.mark.parametrize(
    ("party", "text"),
    [
        (Party("1234567890123", parties.HOUJIN_BANGOU), "NTRJP-1234567890123"),
        (parties.vat("DE", "123456789"), "VATDE-123456789"),
        (parties.vat("JP", "T1234567890123"), "VATJP-T1234567890123"),
        (Party("A" * 43, parties.JPKI_PSEUDONYM), "jp:jpki-pseudonym:" + "A" * 43),
        (Party("0188:1234567890123", parties.PEPPOL), "iso6523-actorid-upis:0188:1234567890123"),
        (Party("alice@example.jp", "mailto"), "alice@example.jp"),
        (Party("0" * 64, "sha256"), "sha256:" + "0" * 64),
        (Party("LEIXG-9845001", parties.SEMANTICS), "LEIXG-9845001"),
    ],
)
def test_a_party_has_one_text_and_the_text_one_party(party: Party, text: str) -> None:
    assert parties.to_text(party) == text
    assert parties.from_text(text) == party
    details = user(text)
    assert details.identifier == EntityIdentifier(party.identifier, party.scheme)
    assert user(party) == details == user(details)


@pytest.mark.parametrize(
    "text", ["", "somebody", "jp:houjin-bangou:12", "jp:jpki-pseudonym:太郎", "mailto:", "@", "x:y"]
)
def test_a_text_without_scheme_is_refused(text: str) -> None:
    assert refused(parties.from_text, text) == "receipt.party-scheme"


@pytest.mark.parametrize(
    "party",
    [
        Party("123", parties.HOUJIN_BANGOU),
        Party("VATDE", parties.SEMANTICS),
        Party("short", parties.JPKI_PSEUDONYM),
        Party("alice", "mailto"),
    ],
)
def test_an_identifier_of_another_form_than_its_schemes_is_refused(party: Party) -> None:
    assert refused(user, party) == "receipt.party-identifier"
    assert refused(user, UserDetails(identifier=EntityIdentifier(*party[:2]))) == "receipt.party-identifier"


def test_a_scheme_that_is_not_known_here_is_the_callers_own() -> None:
    assert user(Party("任意", "https://www.town.example/ids")).identifier == EntityIdentifier(
        "任意", "https://www.town.example/ids"
    )


def individual_number(first: str) -> str:
    """Eleven digits and the check digit, computed as the order writes it: from the right, not as the code does."""
    total = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(first), 1))
    return first + str(0 if total % 11 <= 1 else 11 - total % 11)


@given(st.from_regex("[0-9]{11}", fullmatch=True))
def test_an_individual_number_names_nobody(first: str) -> None:
    """Invariant: twelve digits with the right check digit are refused in every Japanese scheme, others are not."""
    number = individual_number(first)
    assert refused(user, Party(number, "jp:resident")) == "receipt.individual-number"
    assert refused(user, Party(number, parties.JPKI_PSEUDONYM)) == "receipt.individual-number"
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert user(Party(other, "jp:resident")).identifier is not None


@given(st.integers(0, 1 << 160), st.integers(0, 1 << 160), st.binary(min_size=16, max_size=40))
def test_a_pseudonym_is_one_persons_at_one_service(serial: int, other: int, key: bytes) -> None:
    """Invariant: equal if and only if certificate and key are equal; it has the form of its scheme."""
    party = parties.jpki_pseudonym(serial, key)
    assert parties.check_identifier(party) == party == parties.jpki_pseudonym(serial, key)
    assert (parties.jpki_pseudonym(other, key) == party) is (serial == other)
    assert parties.jpki_pseudonym(serial, key + b"x") != party


def test_a_pseudonym_needs_a_key_that_nobody_guesses() -> None:
    assert refused(parties.jpki_pseudonym, 1, bytes(15)) == "receipt.argument"


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("LegalName", "http://eidas.europa.eu/attributes/legalperson/LegalName"),
        ("VATRegistration", "http://eidas.europa.eu/attributes/legalperson/VATRegistrationNumber"),
        ("FamilyName", "http://eidas.europa.eu/attributes/naturalperson/CurrentFamilyName"),
        ("FirstName", "http://eidas.europa.eu/attributes/naturalperson/CurrentGivenName"),
        ("PersonIdentifier", "http://eidas.europa.eu/attributes/naturalperson/PersonIdentifier"),
    ],
)
def test_names_are_the_eidas_profiles(name: str, uri: str) -> None:
    assert parties.attribute_uri(name) == uri
    assert parties.attribute_name(uri) == name
    party = Party("NTRJP-1", "etsi:en-319412-1", ((name, ("豊能", "Toyono")),))
    assert facts(made(sender=party)).sender == party


# -- assurance


def test_levels_are_known_in_both_languages_and_ordered() -> None:
    assert len({level.uri for level in assurance.levels()}) == 12
    for level in assurance.levels():
        english, japanese = level.text
        assert english.isascii()
        assert not japanese.isascii()
        lower = [one for one in assurance.levels() if one[1:3] == level[1:3] and one.rank < level.rank]
        assert len(lower) == level.rank - 1
        assert not any("uri.etsi.org" in one.uri for one in lower)


def test_both_shapes_stand_in_the_evidence_and_come_back() -> None:
    sender = user(BUS, assurance=assurance.eidas("substantial", method=CARD, at=AT))
    resident = user(
        parties.jpki_pseudonym(1, KEY),
        assurance=assurance.japanese(identity=3, authentication=3, federation=2, method=CARD, at=AT),
    )
    tree = to_json(made(sender=sender, recipients=[resident]))
    assert tree["SenderDetails"]["AssuranceLevelsDetails"]["GlobalAssuranceLevel"] == {
        "AssuranceLevel": "http://eidas.europa.eu/LoA/substantial"
    }
    stated = tree["RecipientDetails"][0]["AssuranceLevelsDetails"]
    assert stated["IdentityProofAssuranceLevel"]["AssuranceLevel"].endswith("identity:3")
    assert stated["AuthenticationDetsAndAssuranceLevel"]["AuthenticationDetails"] == {
        "AuthenticationTime": "2026-11-22T10:00:00Z",
        "AuthenticationMethod": CARD,
    }
    assert from_json(tree).recipient_details == (resident,)


@given(held=st.integers(1, 3), wanted=st.integers(1, 3), factor=st.sampled_from(["identity", "authentication"]))
def test_a_level_is_reached_by_one_as_high_of_its_scheme_and_factor(held: int, wanted: int, factor: str) -> None:
    """Invariant: nothing is lacking if and only if the stated rank of the same factor is not below the wanted one."""
    levels = {"identity": 1, "authentication": 1, factor: held}
    details = assurance.japanese(**levels)  # type: ignore[arg-type]
    uri = f"urn:toyono-trust:jp:ds-511:{factor}:{wanted}"
    assert assurance.lacking(details, [uri]) == (() if held >= wanted else (uri,))
    assert assurance.lacking(details, ["http://eidas.europa.eu/LoA/low"]) == ("http://eidas.europa.eu/LoA/low",)
    assert assurance.lacking(None, [uri]) == (uri,)


def test_a_level_stated_for_another_factor_is_not_reached() -> None:
    details = assurance.japanese(identity=1, authentication=1)
    strong = AssuranceLevel("urn:toyono-trust:jp:ds-511:identity:3")
    swapped = details._replace(authentication_assurance_level=strong)
    assert assurance.lacking(swapped, [strong.assurance_level]) == (strong.assurance_level,)


def test_a_service_may_have_levels_of_its_own() -> None:
    own = [
        assurance.Level(f"https://www.town.example/level/{rank}", "town", "overall", rank, ("l", "段"))
        for rank in (1, 2)
    ]
    details = assurance.eidas("low", method=CARD, at=AT)._replace(global_assurance_level=AssuranceLevel(own[1].uri))
    assert assurance.lacking(details, [own[0].uri], own) == ()
    assert assurance.lacking(details, [own[0].uri]) == (own[0].uri,), "unknown levels are not compared"
    assert assurance.lacking(details, [own[1].uri]) == ()


def test_levels_that_do_not_exist_are_refused() -> None:
    assert refused(assurance.japanese, identity=4, authentication=1) == "receipt.argument"
    assert refused(assurance.japanese, identity=1, authentication=1, method=CARD) == "receipt.argument"
    assert refused(assurance.eidas, "low", method=CARD, at=datetime(2026, 1, 1)) == "receipt.time-naive"


# -- delegates and mandates

MANDATE = Mandate(
    "operator-file", "https://mandates.example/77", bytes(32), "NTRJP-3333333333333", AT + timedelta(days=1), "入札"
)


@pytest.mark.parametrize(
    "mandate", [MANDATE, Mandate("certificate", "7"), MANDATE._replace(kind="principal-file", sha256=None)]
)
def test_a_delegate_and_the_mandate_stand_in_the_evidence(mandate: Mandate) -> None:
    acting = user(ALICE, mandate=mandate)
    evidence = made(sender_delegate=acting, recipient_delegates=[(acting, (1,))])
    assert facts(evidence).notes == ()
    again = from_json(to_json(evidence))
    assert again.sender_delegate_details is not None
    assert again.recipients_delegate_details is not None
    assert mandates.read(again.sender_delegate_details.identity) == mandate
    assert mandates.read(again.recipients_delegate_details[0].identity) == mandate
    assert mandates.read(again.sender_details.identity) is None


def test_a_mandate_that_had_ended_is_noted() -> None:
    acting = user(ALICE, mandate=MANDATE)
    evidence = made(sender_delegate=acting, event_time=AT + timedelta(days=1, seconds=1))
    assert [(note.code, note.subject) for note in facts(evidence).notes] == [
        ("receipt.mandate-expired", "https://mandates.example/77")
    ]
    assert facts(made(sender_delegate=acting, event_time=AT + timedelta(days=1))).notes == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("kind", ["no-such-kind"]),
        ("kind", ["certificate", "certificate"]),
        ("kind", [{"a": 1}]),
        ("kind", None),
        ("digest", ["ni:///sha-256;AA"]),
        ("digest", ["ni:///sha-256;A="]),
        ("valid-until", ["tomorrow"]),
        ("identifier", []),
    ],
)
def test_a_mandate_that_cannot_be_read_is_noted(name: str, values: list[Any] | None) -> None:
    acting = user(ALICE, mandate=MANDATE)
    broken = tuple(
        Attribute(one.name, attribute_value=None if values is None else tuple(map(Open.of, values)))
        if one.name == mandates.MANDATE + name
        else one
        for one in acting.identity
    )
    assert broken != acting.identity
    with pytest.raises(MalformedError):
        mandates.read(broken)
    evidence = made(sender_delegate=acting._replace(identity=broken))
    assert [note.code for note in facts(evidence).notes] == ["receipt.mandate-unreadable"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "verbal"}, "receipt.argument"),
        ({"identifier": ""}, "receipt.argument"),
        ({"sha256": b"short"}, "receipt.argument"),
        ({"valid_until": datetime(2026, 1, 1)}, "receipt.time-naive"),
    ],
)
def test_a_mandate_with_something_wrong_is_refused(changed: dict[str, Any], code: str) -> None:
    assert refused(user, ALICE, mandate=MANDATE._replace(**changed)) == code
