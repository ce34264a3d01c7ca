"""The policy: read from TOML, strict about it, frozen, named by its values."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

import toyono_trust.validation
from toyono_trust.core.findings import table
from toyono_trust.edge import options
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import NEVER, Catalogue, Policy
from toyono_trust.validation.policy.catalogue import named as catalogue_named
from toyono_trust.validation.policy.reading import NAMES

DEFAULT = Policy.default()
FILES = Path(toyono_trust.validation.__file__).parent / "policies"
DIGESTS = {
    "default": "sha256:e4bc24b57fdde478bf6f53b421af220d5d5ff3295a42730a5fc13bba4367511d",
    "strict": "sha256:1f9c0f65f8141c7e6382f47c3b9f291e5d8563bbe7bbfd432037566d7bfd4830",
    "archive": "sha256:d53e783fb56a89e4882790b55f8930cd8134874de8cb859c0c796216e398a3c6",
}
"""Of the shipped policies. One that changes is another policy: give it another date, and say so in the changelog."""


def refused(text: str) -> MisuseError:
    with pytest.raises(MisuseError) as error:
        Policy.parse(text, "rules.toml")
    assert "rules.toml" in str(error.value)
    assert error.value.hint
    return error.value


def test_default() -> None:
    assert DEFAULT.name == "default 2026-11-23"
    assert DEFAULT.digest.startswith("sha256:")
    assert DEFAULT.revocation == "required"
    assert DEFAULT.max_age is None
    assert DEFAULT.clock_skew == timedelta(seconds=120)
    assert DEFAULT.timestamp_delay is None
    assert {"B-B", "B-T", "B-LT", "B-LTA", "none"} == DEFAULT.levels
    assert Policy.default() is DEFAULT
    assert Policy.parse("") == DEFAULT
    assert Policy.parse("").digest == DEFAULT.digest


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text('[revocation]\nmode = "if-available"\nmax_age_hours = 24\n', encoding="utf-8")
    loaded = Policy.load(path)
    assert (loaded.revocation, loaded.max_age) == ("if-available", timedelta(days=1))
    assert loaded.formats == DEFAULT.formats
    assert loaded.digest != DEFAULT.digest
    assert loaded.name == "town (over default 2026-11-23)"


def test_name_and_date_of_a_file() -> None:
    assert Policy.parse('name = "Mihon"\ndate = 2027-04-01').name == "Mihon 2027-04-01"
    assert Policy.parse('name = "Mihon"').name == "Mihon"
    assert refused('date = "2027-04-01"').code == "policy.bad-value"
    assert refused("date = 2027-04-01T00:00:00Z").code == "policy.bad-value"
    assert refused('name = ""').code == "policy.bad-value"


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_missing_file(tmp_path: Path, what: str) -> None:
    with pytest.raises(MisuseError) as error:
        Policy.load(tmp_path if what == "folder" else tmp_path / "none.toml")
    assert error.value.code == "policy.missing"


def test_unreadable_file(tmp_path: Path) -> None:
    for data in (b"\xff\xfe", b"name = ", b"name = 1\nname = 2"):
        (tmp_path / "x.toml").write_bytes(data)
        with pytest.raises(MisuseError) as error:
            Policy.load(tmp_path / "x.toml")
        assert error.value.code == "policy.malformed"


@pytest.mark.parametrize(
    "text",
    [
        "mode = 1",
        "[unknown]\nx = 1",
        "[signature]\nformat = []",
        "[revocation]\nMode = 'ignore'",
        "[algorithms.expires]\nsha257 = 2030-01-01",
        "[findings]\nno.such-code = 'warn'",
        "[findings]\n'no.such-code' = 'warn'",
    ],
)
def test_unknown_key(text: str) -> None:
    assert refused(text).code == "policy.unknown-key"


@pytest.mark.parametrize(
    "text",
    [
        "signature = 1",
        "[signature]\nformats = []",
        "[signature]\nlevels = []",
        "[signature]\nkinds = []",
        "[signature]\nkinds = ['king']",
        "[signature]\nformats = 'JAdES'",
        "[signature]\nformats = [['JAdES']]",
        "[algorithms]\ndigests = []",
        "[algorithms]\nfamilies = []",
        "[algorithms]\nfamilies = ['rot13']",
        "[algorithms]\ncatalogue = 1",
        "[algorithms]\ncatalogue = ''",
        "[algorithms]\ncatalogue = []",
        "[algorithms]\ncatalogue = ['CRYPTREC', 1]",
        "[algorithms]\ncatalogue = [" + "'CRYPTREC', " * 9 + "]",
        "base = 'none'",
        "base = ['strict']",
        "base = 1",
        "[algorithms]\nexpires = 1",
        "[algorithms.expires]\nsha256 = '2030-01-01'",
        "[algorithms.expires]\nsha256 = 2030-01-01T00:00:00Z",
        "[revocation]\nmode = 'never'",
        "[revocation]\nmode = ['required']",
        "[revocation]\nmax_age_hours = -1",
        "[revocation]\nmax_age_hours = 1.5",
        "[revocation]\nmax_age_hours = true",
        "[revocation]\nmax_age_hours = 900000000",
        "[revocation]\nca_max_age_hours = -1",
        "[revocation]\nstale_control_time = 'now'",
        "[revocation]\nstale_control_time = true",
        "[time]\nclock_skew_seconds = nan",
        "[time]\nclock_skew_seconds = '120'",
        "[time]\nclock_skew_seconds = 86401",
        "[findings]\ncertificate.expired = 'no'",
        "[findings]\ncertificate.expired = 1",
        "[findings]\nsignature.broken = 'warn'",
        "name = 1",
        "name = {a = 1}",
    ],
)
def test_bad_value(text: str) -> None:
    assert refused(text).code == "policy.bad-value"


def test_levels_of_findings_with_and_without_quotes() -> None:
    plain = Policy.parse('[findings]\ncertificate.expired = "warn"')
    quoted = Policy.parse('[findings]\n"certificate.expired" = "warn"')
    assert plain.levels_of_findings == quoted.levels_of_findings == {"certificate.expired": "warn"}
    assert plain.digest == quoted.digest
    assert plain.level("certificate.expired", "fail") == "warn"
    assert plain.level("ca.expired", "fail") == "fail"


def test_never_lowered_and_the_one_that_may_be() -> None:
    for code in ("format.malformed", "content.missing", "signature.certificate-missing", "path.no-anchor"):
        with pytest.raises(MisuseError):
            Policy.parse(f'[findings]\n"{code}" = "inform"')
        Policy.parse(f'[findings]\n"{code}" = "fail"')
    assert Policy.parse('[findings]\npolicy.format = "warn"').levels_of_findings


def test_digest_is_of_the_values() -> None:
    """Whoever makes a policy: equal values, equal digest; any other value, another digest."""
    assert (
        Policy.parse('[signature]\nlevels = ["B-T", "B-B"]').digest
        != Policy.parse('[signature]\nlevels = ["B-T"]').digest
    )
    one, other = (Policy.parse(f"[signature]\nlevels = {words}") for words in (["B-T", "B-B"], ["B-B", "B-T"]))
    assert one.digest == other.digest
    changed = [
        dataclasses.replace(DEFAULT, name="x"),
        dataclasses.replace(DEFAULT, formats=frozenset({"JAdES"})),
        dataclasses.replace(DEFAULT, levels=frozenset({"B-T"})),
        dataclasses.replace(DEFAULT, kinds=frozenset({"device"})),
        dataclasses.replace(DEFAULT, catalogues=(catalogue_named("CRYPTREC"),)),
        dataclasses.replace(DEFAULT, digests=frozenset({"sha256"})),
        dataclasses.replace(DEFAULT, families=frozenset({"rsa"})),
        dataclasses.replace(DEFAULT, expires={"sha256": date(2030, 1, 1)}),
        dataclasses.replace(DEFAULT, revocation="ignore"),
        dataclasses.replace(DEFAULT, max_age=timedelta(hours=1)),
        dataclasses.replace(DEFAULT, ca_max_age=timedelta(hours=1)),
        dataclasses.replace(DEFAULT, stale_control_time="issuance"),
        dataclasses.replace(DEFAULT, clock_skew=timedelta(0)),
        dataclasses.replace(DEFAULT, timestamp_delay=timedelta(hours=1)),
        dataclasses.replace(DEFAULT, levels_of_findings={"certificate.expired": "warn"}),
    ]
    assert len({DEFAULT.digest, *(each.digest for each in changed)}) == len(changed) + 1
    assert len(changed) + 2 == len(dataclasses.fields(Policy))  # all but the digest and what is remembered


def test_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.revocation = "ignore"  # type: ignore[misc]
    with pytest.raises(TypeError):
        DEFAULT.levels_of_findings["certificate.expired"] = "warn"  # type: ignore[index]
    given = {"sha256": date(2030, 1, 1)}
    made = dataclasses.replace(DEFAULT, expires=given)
    given.clear()
    assert made.expires == {"sha256": date(2030, 1, 1)}
    assert pickle.loads(pickle.dumps(made)) == made


def test_ends_of_algorithms() -> None:
    assert DEFAULT.end_of("sha256") is None
    assert DEFAULT.end_of("sha1") == datetime(2012, 8, 1, tzinfo=UTC)
    assert DEFAULT.end_of("ecdsa-sha256", 256) is None
    assert DEFAULT.end_of("rsa-sha256", 2048) == datetime(2029, 1, 1, tzinfo=UTC)
    assert DEFAULT.end_of("rsa-sha256", 1024) == datetime(2019, 10, 1, tzinfo=UTC)
    assert DEFAULT.end_of("rsa-sha1", 4096) == datetime(2012, 8, 1, tzinfo=UTC)
    assert DEFAULT.end_of("ed25519", 256) is None
    assert DEFAULT.end_of("1.2.3.4") == NEVER
    assert DEFAULT.end_of("rsa-sha256", 512) == NEVER
    assert DEFAULT.end_of("dsa-sha256", 3072) == NEVER
    only = dataclasses.replace(DEFAULT, digests=frozenset({"sha512"}), families=frozenset({"ecdsa"}))
    assert only.end_of("ecdsa-sha256", 256) == NEVER
    assert only.end_of("rsa-sha512", 4096) == NEVER
    assert only.end_of("ecdsa-sha512", 521) is None
    assert DEFAULT.end_of("ecdsa-sha256", 256) is None


def test_an_earlier_end_only_shortens() -> None:
    made = Policy.parse("[algorithms.expires]\nsha256 = 2030-01-01\nsha1 = 2050-01-01\nrsa = 2027-01-01")
    assert made.end_of("sha256") == datetime(2030, 1, 1, tzinfo=UTC)
    assert made.end_of("ecdsa-sha256", 256) == datetime(2030, 1, 1, tzinfo=UTC)
    assert made.end_of("sha1") == DEFAULT.end_of("sha1")
    assert made.end_of("rsa-sha256", 2048) == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_shipped_policy_names_every_digest_of_the_catalogue_that_counts() -> None:
    (catalogue,) = DEFAULT.catalogues
    assert {name for name, span in catalogue.digests.items() if span.end is None} <= DEFAULT.digests


# -- the policies of this release


@pytest.mark.parametrize("name", NAMES)
def test_shipped_policies(name: str) -> None:
    policy = Policy.named(name)
    assert policy.name == f"{name} 2026-11-23"
    assert policy.digest == DIGESTS[name]
    assert Policy.named(name) is policy
    assert Policy.load(FILES / NAMES[name]) == policy
    assert Policy.parse(f'base = "{name}"').digest == policy.digest
    assert set(NAMES.values()) == {path.name for path in FILES.glob("*.toml")}


def test_no_other_names() -> None:
    for name in ("Strict", "none", "default.toml", ""):
        with pytest.raises(MisuseError) as error:
            Policy.named(name)
        assert error.value.code == "policy.missing"
        assert "strict" in (error.value.hint or "")


@pytest.mark.parametrize("name", ["strict", "archive"])
def test_every_line_changes_something_and_has_its_reason(name: str) -> None:
    """What is as in the default is not said again, but where the difference between the two is the point."""
    text = (FILES / NAMES[name]).read_text("utf-8")
    changed = tomllib.loads(text)
    for code, level in Policy.parse(text).levels_of_findings.items():
        assert table()[code].level != level, code
    shipped = tomllib.loads((FILES / "default.toml").read_text("utf-8"))
    same = {
        f"{section}.{key}"
        for section in ("signature", "algorithms", "revocation", "time")
        for key, value in changed.get(section, {}).items()
        if value == shipped[section][key]
    }
    assert (
        same
        <= {
            "strict": {"revocation.mode"},
            "archive": {
                *("signature.formats", "signature.levels", "signature.kinds", "algorithms.digests", "revocation.mode"),
                *("revocation.max_age_hours", "revocation.ca_max_age_hours", "revocation.stale_control_time"),
                "time.timestamp_delay_seconds",
            },
        }[name]
    )
    blocks = [block.splitlines() for block in text.split("\n\n")[1:]]
    for block in blocks:
        first = next(line for line in block if not line.startswith(("[", "# --")))
        assert first.startswith("#"), f"{name}: {first} has no reason"


def test_strict() -> None:
    strict = Policy.named("strict")
    assert strict.formats == {"CAdES", "JAdES", "PAdES", "RFC3161", "ERS"}
    assert not strict.levels & {"none", "B-B"}
    assert strict.revocation == "required"
    assert strict.age_limit(ca=False) == timedelta(days=2)
    assert strict.age_limit(ca=True) == timedelta(days=366)
    assert strict.stale_control_time == "issuance"
    assert strict.timestamp_delay == timedelta(days=1)
    assert strict.end_of("sha1") == strict.end_of("rsa-sha1", 4096) == NEVER
    assert strict.end_of("ecdsa-sha256", 256) == datetime(2051, 1, 1, tzinfo=UTC)
    assert strict.transitional("rsa-sha256", 2048, datetime(2026, 11, 22, tzinfo=UTC)) is not None
    for code in ("algorithm.reference", "signature.reference-differs", "jades.x5t", "certificate.no-non-repudiation"):
        assert strict.level(code, "warn") == "fail"
    # every default that is stricter than nothing stays at least as strict
    order = ["ignore", "inform", "warn", "fail"]
    for code, level in strict.levels_of_findings.items():
        assert order.index(level) > order.index(table()[code].level)


def test_archive() -> None:
    archive = Policy.named("archive")
    assert archive.formats >= DEFAULT.formats
    assert archive.levels == DEFAULT.levels
    assert [each.name for each in archive.catalogues] == ["TS 119 312", "CRYPTREC"]
    assert archive.revocation == "required"
    assert archive.max_age is archive.timestamp_delay is None
    assert archive.stale_control_time == "end-of-freshness"
    assert archive.end_of("sha1") == datetime(2012, 8, 1, tzinfo=UTC)
    assert archive.end_of("dsa-sha1", 1024) == datetime(2012, 8, 1, tzinfo=UTC)
    assert archive.end_of("rsa-sha256", 1024) == datetime(2014, 1, 1, tzinfo=UTC)


def test_a_file_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Policy.load("strict") is Policy.named("strict")
    assert Policy.load(Path("archive")) is Policy.named("archive")
    (tmp_path / "archive").mkdir()
    assert Policy.load("archive") is Policy.named("archive")
    (tmp_path / "strict").write_text("[time]\nclock_skew_seconds = 1\n", "utf-8")
    assert Policy.load("strict").clock_skew == timedelta(seconds=1)
    assert Policy.load("strict").name == "strict (over default 2026-11-23)"
    assert Policy.load("strict", catalogue="CRYPTREC").clock_skew == timedelta(seconds=1)
    with pytest.raises(MisuseError, match=r"policy\.missing.*strict"):
        Policy.load("./relaxed")


def test_the_command_line_takes_names() -> None:
    assert options.policy_of("strict") is Policy.named("strict")
    assert options.policy_of(None) is None
    command = click.command()(options.stamp_options(lambda **_: None))
    (option,) = (each for each in command.params if each.name == "policy_file")
    assert isinstance(option, click.Option)
    assert all(name in str(option.help) for name in NAMES)


def test_over_another_policy() -> None:
    policy = Policy.parse('base = "strict"\n[time]\ntimestamp_delay_seconds = 0', "town.toml")
    strict = Policy.named("strict")
    assert policy.name == "town (over strict 2026-11-23)"
    assert policy == dataclasses.replace(strict, name=policy.name, timestamp_delay=None)
    lowered = Policy.parse('base = "strict"\n[findings]\njades.x5t = "inform"')
    assert lowered.level("jades.x5t", "warn") == "inform"
    assert lowered.level("algorithm.reference", "warn") == "fail"


def test_age_limit_of_cas() -> None:
    same = Policy.parse("[revocation]\nmax_age_hours = 24")
    assert same.age_limit(ca=True) == same.age_limit(ca=False) == timedelta(days=1)
    longer = Policy.parse("[revocation]\nmax_age_hours = 24\nca_max_age_hours = 48")
    assert longer.age_limit(ca=True) == timedelta(days=2)
    assert DEFAULT.age_limit(ca=True) is DEFAULT.age_limit(ca=False) is None


# -- plain values


@pytest.mark.parametrize(
    "make",
    [
        *(lambda name=name: Policy.named(name) for name in NAMES),
        lambda: Policy.named("strict", catalogue=["CRYPTREC"]),
        lambda: Policy.parse('[algorithms.expires]\nrsa = 2030-01-01\n[findings]\ncertificate.expired = "warn"'),
        lambda: dataclasses.replace(DEFAULT, max_age=timedelta(minutes=90), clock_skew=timedelta(microseconds=1)),
        lambda: dataclasses.replace(DEFAULT, name="豊野町\u2028“\x1b"),
    ],
)
def test_plain_values_make_the_same_policy(make: Callable[[], Policy]) -> None:
    policy = make()
    values = json.loads(json.dumps(policy.to_values(), allow_nan=False))
    again = Policy.of_values(values)
    assert again == policy
    assert again.digest == policy.digest
    assert again.to_values() == values
    assert pickle.loads(pickle.dumps(again)).digest == policy.digest
    values["algorithms"]["catalogue"][0]["families"]["rsa"][0]["bits"] += 1
    assert Policy.of_values(values).digest != policy.digest


def test_plain_values_do_not_depend_on_the_process() -> None:
    """Sets have another order in each process."""
    code = "from toyono_trust import Policy; print(Policy.named('strict').to_values())"
    made = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def changed(path: str, value: Any) -> dict[str, Any]:
    """The default's plain values with another value at a path; ``...`` takes the key out."""
    values = json.loads(json.dumps(DEFAULT.to_values()))
    *parents, last = path.split("/")
    place = values
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return values  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("signature", None, "policy.bad-value"),
        ("signature/formats", "CAdES", "policy.bad-value"),
        ("signature/formats", ["XML"], "policy.bad-value"),
        ("signature/formats", [["CAdES"]], "policy.bad-value"),
        ("signature/levels", ..., "policy.bad-value"),
        ("revocation", ..., "policy.bad-value"),
        ("revocation/more", 1, "policy.unknown-key"),
        ("more", 1, "policy.unknown-key"),
        ("date", "2026-11-22", "policy.unknown-key"),
        ("name", "", "policy.bad-value"),
        ("name", ["x"], "policy.bad-value"),
        ("revocation/mode", ["required"], "policy.bad-value"),
        ("revocation/max_age_hours", float("nan"), "policy.bad-value"),
        ("revocation/max_age_hours", float("inf"), "policy.bad-value"),
        ("revocation/max_age_hours", True, "policy.bad-value"),
        ("time/clock_skew_seconds", 10**30, "policy.bad-value"),
        ("time/clock_skew_seconds", "1", "policy.bad-value"),
        ("algorithms/catalogue", "TS 119 312", "policy.bad-value"),
        ("algorithms/catalogue", [], "policy.bad-value"),
        ("algorithms/catalogue", ["TS 119 312"], "catalogue.bad-value"),
        ("algorithms/catalogue/0/more", 1, "catalogue.unknown-key"),
        ("algorithms/catalogue/0/digests/sha256", "later", "catalogue.bad-value"),
        ("algorithms/expires", [], "policy.bad-value"),
        ("algorithms/expires/sha256", 1, "policy.bad-value"),
        ("algorithms/expires/sha256", "20300101", "policy.bad-value"),
        ("algorithms/expires/sha257", "2030-01-01", "policy.unknown-key"),
        ("findings", [], "policy.bad-value"),
        ("findings/no.such-code", "warn", "policy.unknown-key"),
        ("findings/signature.broken", "warn", "policy.bad-value"),
        ("findings/certificate.expired", {}, "policy.bad-value"),
    ],
)
def test_plain_values_that_cannot_be(path: str, value: Any, code: str) -> None:
    with pytest.raises(MisuseError) as error:
        Policy.of_values(changed(path, value), "evidence")
    assert error.value.code == code
    assert "evidence" in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("values", [None, [], "x", {}])
def test_values_of_another_type(values: Any) -> None:
    with pytest.raises(MisuseError, match=r"policy\.bad-value"):
        Policy.of_values(values)


def test_plain_values_hold_the_catalogue_itself() -> None:
    (values,) = DEFAULT.to_values()["algorithms"]["catalogue"]
    assert Catalogue.of_values(values) == DEFAULT.catalogues[0]
    assert values["date"] == "2024-10-13"
