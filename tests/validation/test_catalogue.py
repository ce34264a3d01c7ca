"""Catalogues of algorithms: read from files, strict about it, dated, and combined to the earliest end."""

from __future__ import annotations

import dataclasses
import json
import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpus import SHARED
from toyono_trust.core.catalogue import DIGESTS, signature_rows
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import NEVER, Catalogue, Policy
from toyono_trust.validation.policy.catalogue import FAMILIES, MAX_TIERS, NEVER_DAY, SHIPPED, Span, Tier, named

EVERYTHING = dataclasses.replace(Policy.default(), digests=frozenset(DIGESTS), families=frozenset(FAMILIES))
TS, CRYPTREC = named("TS 119 312"), named("CRYPTREC")
HEAD = 'name = "House"\ndate = 2026-01-01\n'
OWN = HEAD + "[digests]\nsha256 = 2040-01-01\n[families]\necdsa = [{ bits = 256, end = 2035-01-01 }]\n"


def under(*catalogues: Catalogue) -> Policy:
    """A policy that names every algorithm, under these catalogues."""
    return dataclasses.replace(EVERYTHING, catalogues=catalogues)


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def refused(text: str) -> MisuseError:
    with pytest.raises(MisuseError) as error:
        Catalogue.parse(text, "house.toml")
    assert "house.toml" in str(error.value)
    assert error.value.hint
    return error.value


# -- what is shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_catalogues_say_what_they_are(name: str) -> None:
    catalogue = named(name)
    assert catalogue.name == name
    assert catalogue.version
    assert catalogue.source
    assert catalogue.date < date(2026, 11, 22)
    assert catalogue.digests
    assert catalogue.families
    assert named(name) is catalogue


def test_what_is_secondary_is_marked() -> None:
    text = (Path(named.__code__.co_filename).parents[1] / "catalogues" / SHIPPED["CRYPTREC"]).read_text("utf-8")
    assert "SECONDARY" in text
    unseen = [line for line in text.splitlines() if line.startswith("sha3-")]
    assert len(unseen) == 3
    assert all("# (m)" in line for line in unseen)


@pytest.mark.parametrize(
    ("name", "bits", "end"),
    [
        ("sha1", None, day(2012, 8)),
        ("sha256", None, None),
        ("rsa-sha256", 2048, day(2029)),
        ("rsa-sha256", 4096, day(2029)),
        ("rsa-sha256", 1899, day(2019, 10)),
        ("rsa-pss-sha256", 3072, None),
        ("rsa-pss-sha256", 2048, day(2029)),
        ("rsa-sha1", 2048, day(2012, 8)),
        ("rsa-sha256", None, NEVER),
        ("ecdsa-sha256", 256, None),
        ("ecdsa-sha256", 224, day(2021, 10)),
        ("ecdsa-sha224", 256, day(2029)),
        ("ecdsa-sha3-224", 256, NEVER),
        ("ecdsa-sha256", 112, NEVER),
        ("dsa-sha256", 1024, day(2015, 12)),
        ("ed25519", 256, None),
        ("ed448", 456, None),
        ("ml-dsa-65", 1952 * 8, None),
        ("1.2.3.4", 256, NEVER),
        ("1.2.3.4", None, NEVER),
    ],
)
def test_ends_of_ts_119_312(name: str, bits: int | None, end: datetime | None) -> None:
    assert EVERYTHING.end_of(name, bits) == end
    assert EVERYTHING.transition_of(name, bits) is None


@pytest.mark.parametrize(
    ("name", "bits", "end", "transition"),
    [
        ("sha256", None, None, None),
        ("sha1", None, day(2014), None),
        ("md5", None, NEVER, None),
        ("sha224", None, NEVER, None),
        ("rsa-sha256", 1024, day(2014), None),
        ("rsa-sha256", 2048, day(2031), day(2022)),
        ("rsa-pss-sha256", 3072, day(2051), day(2041)),
        ("rsa-sha256", 7680, None, None),
        ("rsa-sha1", 2048, day(2014), None),
        ("rsa-sha256", 1023, NEVER, None),
        ("ecdsa-sha256", 256, day(2051), day(2041)),
        ("ecdsa-sha384", 384, None, None),
        ("ed25519", 256, day(2051), day(2041)),
        ("ed448", 456, None, None),
        ("ml-dsa-44", 10496, NEVER, None),
    ],
)
def test_ends_and_transitions_of_cryptrec(
    name: str, bits: int | None, end: datetime | None, transition: datetime | None
) -> None:
    policy = under(CRYPTREC)
    assert policy.end_of(name, bits) == end
    assert policy.transition_of(name, bits) == (None if transition is None else (transition, end))


def rows(source: str) -> list[tuple[str, str, str, str]]:
    """Kind, name, bits and end of the noted lines of a source."""
    path = SHARED / "standards" / "algorithms.tsv"
    if not path.is_file():
        pytest.skip("the notes on standards are not on this machine")
    found = []
    for line in path.read_text("utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) >= 5 and fields[4].startswith(source):
            found.append((fields[0], fields[1], fields[2], fields[3]))
    return found


def test_ts_119_312_is_the_published_list() -> None:
    families = {"RSA": "rsa", "RSASSA-PSS": "rsa-pss", "ECDSA": "ecdsa", "DSA": "dsa"}
    seen = 0
    for kind, name, bits, text in rows("DSS-6.4 constraint.xml"):
        span = Span(None if not text else NEVER_DAY if text == "absent" else date.fromisoformat(text))
        digest = name.lower()
        if kind == "digest" and digest in DIGESTS:
            assert TS.digests[digest] == span
            seen += 1
        elif kind == "signature" and name in families:
            assert Tier(int(bits), span) in TS.families[families[name]]
            seen += 1
    assert seen == len(TS.digests) + sum(len(TS.families[family]) for family in families.values())
    assert set(TS.digests) == set(DIGESTS)


def test_cryptrec_is_the_noted_list() -> None:
    names = {
        "RSASSA-PKCS1-v1_5": "rsa", "RSA-PSS": "rsa-pss", "ECDSA": "ecdsa", "DSA": "dsa", "EdDSA (Ed25519)": "eddsa",
        "EdDSA (Ed448)": "eddsa",
    }  # fmt: skip
    transitions = {None: None, date(2031, 1, 1): date(2022, 1, 1), date(2051, 1, 1): date(2041, 1, 1)}
    monitored = Span(date(2014, 1, 1))
    seen = 0
    for kind, name, bits, text in rows("CRYPTREC"):
        digest = name.lower()
        if kind == "digest" and digest in DIGESTS:
            assert CRYPTREC.digests[digest] == (monitored if text == "monitored" else Span(None))
            seen += 1
        elif kind == "signature" and name == "RSA":
            assert CRYPTREC.families["rsa"][0] == CRYPTREC.families["rsa-pss"][0] == Tier(1024, monitored)
            seen += 2
        elif kind == "signature":
            end = date.fromisoformat(text) if text else None
            assert Tier(int(bits), Span(end, transitions[end])) in CRYPTREC.families[names[name]]
            seen += 1
    # no row of the notes has RSA-PSS without PKCS#1 v1.5, and every tier has its row
    assert seen == len(CRYPTREC.digests) + sum(len(tiers) for tiers in CRYPTREC.families.values())


def test_an_end_behind_the_catalogues_own_date_is_an_end() -> None:
    # EU DSS only warns there
    assert TS.date == date(2024, 10, 13)
    assert EVERYTHING.end_of("rsa-sha256", 2048) == day(2029) > day(2024, 10, 13)


# -- transitions


def test_a_transition_lasts_from_its_first_day_to_the_end() -> None:
    policy, instant = under(CRYPTREC), timedelta(microseconds=1)
    for at, until in (
        (day(2022) - instant, None),
        (day(2022), day(2031)),
        (day(2026, 11, 22), day(2031)),
        (day(2031) - instant, day(2031)),
        (day(2031), None),
    ):
        assert policy.transitional("rsa-sha256", 2048, at) == until
    assert policy.transitional("rsa-sha256", None, day(2026)) is None
    assert policy.transitional("sha256", None, day(2026)) is None
    assert policy.transitional("1.2.3", 2048, day(2026)) is None


def test_a_transition_ends_with_whatever_ends_first() -> None:
    assert under(TS, CRYPTREC).transitional("rsa-sha256", 2048, day(2026)) == day(2029)
    earlier = dataclasses.replace(under(CRYPTREC), expires={"rsa": date(2027, 1, 1)})
    assert earlier.transitional("rsa-sha256", 2048, day(2026)) == day(2027)
    gone = dataclasses.replace(under(CRYPTREC), expires={"rsa": date(2020, 1, 1)})
    assert gone.transition_of("rsa-sha256", 2048) is None
    barred = dataclasses.replace(under(CRYPTREC), families=frozenset({"ecdsa"}))
    assert barred.transition_of("rsa-sha256", 2048) is None


def test_the_transition_of_a_digest_is_that_of_its_signatures() -> None:
    house = Catalogue.parse(
        HEAD + "[digests]\nsha256 = { end = 2040-01-01, transition = 2036-01-01 }\n"
        "[families]\necdsa = [{ bits = 256, end = 2038-01-01, transition = 2037-01-01 }]"
    )
    policy = under(house)
    assert policy.transition_of("sha256") == (day(2036), day(2040))
    assert policy.transition_of("ecdsa-sha256", 256) == (day(2036), day(2038))


# -- several


def test_of_several_the_earliest_end_counts() -> None:
    both = under(TS, CRYPTREC)
    assert both.end_of("sha1") == day(2012, 8)
    assert both.end_of("ecdsa-sha256", 256) == day(2051)
    assert both.end_of("rsa-sha256", 1024) == day(2014)
    assert both.end_of("rsa-sha256", 2048) == day(2029)
    compared = 0
    for name in signature_rows():
        for bits in (256, 2048, 3072, 7680):
            ends = [under(each).end_of(name, bits) for each in (TS, CRYPTREC)]
            if NEVER not in ends:
                assert both.end_of(name, bits) == min((end for end in ends if end is not None), default=None)
                compared += 1
    assert compared > 50


def test_what_one_of_several_does_not_list_the_others_decide() -> None:
    both = under(TS, CRYPTREC)
    assert both.end_of("md5") == day(2004, 8)
    assert both.end_of("ml-dsa-44", 10496) is None
    house = Catalogue.parse(HEAD + "[digests]\nsha256 = 2040-01-01")
    assert under(TS, house).end_of("ecdsa-sha256", 256) == day(2040)
    assert under(TS, house).end_of("ecdsa-sha384", 384) is None
    assert under(house).end_of("ecdsa-sha256", 256) == NEVER
    assert under(house).end_of("sha384") == NEVER
    # so small a key is not listed either
    assert both.end_of("dsa-sha1", 1024) == day(2012, 8)
    assert under(CRYPTREC).end_of("dsa-sha1", 1024) == NEVER
    barred = Catalogue.parse(HEAD + '[families]\nrsa = [{ bits = 1, end = "never" }, { bits = 3072, end = "open" }]')
    assert under(TS, barred).end_of("rsa-sha256", 2048) == NEVER
    assert under(TS, barred).end_of("rsa-sha256", 3072) == day(2029)
    banned = Catalogue.parse(HEAD + '[digests]\nsha384 = "never"')
    assert under(TS, banned).end_of("ecdsa-sha384", 384) == NEVER


# -- one's own, in a policy


def test_a_policy_names_a_catalogue_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "house.toml").write_text(OWN, "utf-8")
    (folder / "policy.toml").write_text('[algorithms]\ncatalogue = "house.toml"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    policy = Policy.load("rules/policy.toml")
    assert [each.name for each in policy.catalogues] == ["House"]
    assert policy.end_of("ecdsa-sha256", 256) == day(2035)
    assert policy.end_of("sha512") == NEVER
    several = '[algorithms]\ncatalogue = ["CRYPTREC", "./house.toml"]\n'
    (folder / "policy.toml").write_text(several, "utf-8")
    assert [each.name for each in Policy.load(folder / "policy.toml").catalogues] == ["CRYPTREC", "House"]
    absolute = f"[algorithms]\ncatalogue = '{folder / 'house.toml'}'\n"
    assert Policy.parse(absolute).end_of("sha256") == day(2040)
    assert Policy.parse(several, folder=folder).end_of("sha256") == day(2040)


def test_a_caller_names_a_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house.toml").write_text(OWN, "utf-8")
    (tmp_path / "policy.toml").write_text("[time]\nclock_skew_seconds = 5\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    by_path = Policy.load("policy.toml", catalogue="house.toml")
    assert by_path.clock_skew == timedelta(seconds=5)
    assert by_path.end_of("sha256") == day(2040)
    assert by_path.name == "policy (over default 2026-11-23) with House"
    itself = Policy.load("policy.toml", catalogue=Catalogue.load(tmp_path / "house.toml"))
    assert itself == by_path
    assert Policy.load("policy.toml", catalogue=["CRYPTREC", Path("house.toml")]).catalogues[0] == CRYPTREC
    assert Policy.named("default", catalogue="CRYPTREC").end_of("sha224") == NEVER
    with pytest.raises(MisuseError, match=r"policy\.bad-value"):
        Policy.load("policy.toml", catalogue=[])


def test_the_digest_covers_the_values_of_the_catalogue() -> None:
    house = Catalogue.parse(OWN)
    later = Catalogue.parse(OWN.replace("2040", "2041"))
    longer = Catalogue.parse(OWN.replace("bits = 256", "bits = 257"))
    tolerated = Catalogue.parse(OWN.replace("end = 2035-01-01", "end = 2035-01-01, transition = 2034-01-01"))
    made = [under(each).digest for each in (house, later, longer, tolerated, TS)]
    assert len(set(made)) == len(made)
    assert under(Catalogue.parse(OWN + "# said otherwise\n")).digest == made[0]
    assert under(TS, CRYPTREC).digest != under(CRYPTREC, TS).digest


@pytest.mark.parametrize("catalogue", [TS, CRYPTREC, Catalogue.parse(OWN)], ids=lambda each: each.name)
def test_plain_values(catalogue: Catalogue) -> None:
    values = json.loads(json.dumps(catalogue.to_values(), allow_nan=False))
    assert Catalogue.of_values(values) == catalogue
    assert Catalogue.of_values(values).to_values() == values
    assert pickle.loads(pickle.dumps(catalogue)) == catalogue
    with pytest.raises(TypeError):
        catalogue.digests["sha1"] = Span(None)  # type: ignore[index]


# -- what is wrong


def test_missing(tmp_path: Path) -> None:
    for reference in (tmp_path / "none.toml", tmp_path, tmp_path / "a\0b", tmp_path / ("n" * 300)):
        with pytest.raises(MisuseError) as error:
            Catalogue.load(reference)
        assert error.value.code == "catalogue.missing"
        assert "CRYPTREC" in (error.value.hint or "")
    # a text alone lies nowhere
    with pytest.raises(MisuseError) as error:
        Policy.parse('[algorithms]\ncatalogue = "house.toml"')
    assert error.value.code == "catalogue.missing"
    (tmp_path / "policy.toml").write_text('[algorithms]\ncatalogue = "house.toml"', "utf-8")
    with pytest.raises(MisuseError, match=r"house\.toml \[catalogue\.missing\]"):
        Policy.load(tmp_path / "policy.toml")


@pytest.mark.parametrize(
    "text",
    ["name", "name = 1\nname = 2", HEAD + "x = " + "9" * 5000, HEAD + "x = " + "[" * 50_000, "date = 2026-13-01"],
)
def test_malformed(text: str) -> None:
    assert refused(text).code == "catalogue.malformed"


def test_malformed_octets(tmp_path: Path) -> None:
    for data in (b"\xff\xfe", b"#" * ((1 << 20) + 1)):
        (tmp_path / "x.toml").write_bytes(data)
        with pytest.raises(MisuseError) as error:
            Catalogue.load(tmp_path / "x.toml")
        assert error.value.code == "catalogue.malformed"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "digest = 1",
        HEAD + '[digests]\nsha257 = "open"',
        HEAD + '[digests]\nSHA256 = "open"',
        HEAD + '[families]\nrot13 = [{ bits = 1, end = "open" }]',
        HEAD + '[families]\nrsa = [{ bits = 1024, end = "open", until = 2030-01-01 }]',
        HEAD + '[digests]\nsha256 = { end = "open", from = 2030-01-01 }',
    ],
)
def test_unknown_key(text: str) -> None:
    assert refused(text).code == "catalogue.unknown-key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        HEAD + "[digests]",
        'name = "House"\n[digests]\nsha256 = "open"',
        'date = 2026-01-01\n[digests]\nsha256 = "open"',
        'name = ""\ndate = 2026-01-01\n[digests]\nsha256 = "open"',
        f'name = "{"n" * 1001}"\ndate = 2026-01-01\n[digests]\nsha256 = "open"',
        'name = "House"\ndate = "2026-01-01"\n[digests]\nsha256 = "open"',
        'name = "House"\ndate = 2026-01-01T00:00:00Z\n[digests]\nsha256 = "open"',
        HEAD + 'version = 3\n[digests]\nsha256 = "open"',
        HEAD + "digests = 1",
        HEAD + "families = []",
        HEAD + '[digests]\nsha256 = "2030-01-01"',
        HEAD + "[digests]\nsha256 = 2030-01-01T00:00:00",
        HEAD + "[digests]\nsha256 = 2030",
        HEAD + "[digests]\nsha256 = {}",
        HEAD + "[digests]\nsha256 = { transition = 2030-01-01 }",
        HEAD + '[digests]\nsha256 = { end = "open", transition = 2030-01-01 }',
        HEAD + '[digests]\nsha256 = { end = "never", transition = 2030-01-01 }',
        HEAD + "[digests]\nsha256 = { end = 2030-01-01, transition = 2030-01-01 }",
        HEAD + "[families]\nrsa = 2030-01-01",
        HEAD + "[families]\nrsa = []",
        HEAD + "[families]\nrsa = [1]",
        HEAD + "[families]\nrsa = [{ end = 2030-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 2048 }]",
        HEAD + "[families]\nrsa = [{ bits = 0, end = 2030-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = true, end = 2030-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 2048.0, end = 2030-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 2000000, end = 2030-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 2048, end = 2030-01-01 }, { bits = 2048, end = 2031-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 2048, end = 2030-01-01 }, { bits = 1024, end = 2031-01-01 }]",
        HEAD + "[families]\nrsa = [{ bits = 1024, end = 2030-01-01 }, { bits = 2048, end = 2029-01-01 }]",
        HEAD + '[families]\nrsa = [{ bits = 1024, end = "open" }, { bits = 2048, end = 2029-01-01 }]',
        HEAD
        + f"[families]\nrsa = [{''.join(f'{{ bits = {n}, end = 2030-01-01 }}, ' for n in range(1, MAX_TIERS + 2))}]",
    ],
)
def test_bad_value(text: str) -> None:
    assert refused(text).code == "catalogue.bad-value"


def test_the_largest_that_is_read() -> None:
    tiers = ", ".join(f"{{ bits = {number}, end = 2030-01-01 }}" for number in range(1, MAX_TIERS + 1))
    assert len(Catalogue.parse(f"{HEAD}[families]\nrsa = [{tiers}]").families["rsa"]) == MAX_TIERS


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "20260101"},
        {"date": "2026-02-30"},
        {"date": "２０２６-01-01"},
        {"date": date(2026, 1, 1)},
        {"digests": {"sha256": None}},
        {"digests": {"sha256": ["open"]}},
        {"families": {"rsa": {"bits": 1}}},
        {"families": {"rsa": [{"bits": 2048, "end": "2030-1-1"}]}},
        {"source": None},
    ],
)
def test_bad_plain_values(changes: dict[str, Any]) -> None:
    with pytest.raises(MisuseError) as error:
        Catalogue.of_values({**TS.to_values(), **changes})
    assert error.value.code == "catalogue.bad-value"


@pytest.mark.parametrize("values", [None, [], "x", 1])
def test_values_of_another_type(values: Any) -> None:
    with pytest.raises(MisuseError, match=r"catalogue\.bad-value"):
        Catalogue.of_values(values)
