"""The policy: read from TOML, strict about it, frozen, named by its values."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from toyono_trust.core.catalogue import DIGEST_ENDS
from toyono_trust.errors import MisuseError
from toyono_trust.validation.policy import NEVER, Policy

DEFAULT = Policy.default()


def refused(text: str) -> MisuseError:
    with pytest.raises(MisuseError) as error:
        Policy.parse(text, "rules.toml")
    assert "rules.toml" in str(error.value)
    assert error.value.hint
    return error.value


def test_default() -> None:
    assert DEFAULT.name == "default 2026-11-22"
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
    assert loaded.name == "town (over default 2026-11-22)"


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
        "[algorithms]\ncatalogue = 'mine'",
        "[algorithms]\nexpires = 1",
        "[algorithms.expires]\nsha256 = '2030-01-01'",
        "[algorithms.expires]\nsha256 = 2030-01-01T00:00:00Z",
        "[revocation]\nmode = 'never'",
        "[revocation]\nmode = ['required']",
        "[revocation]\nmax_age_hours = -1",
        "[revocation]\nmax_age_hours = 1.5",
        "[revocation]\nmax_age_hours = true",
        "[revocation]\nmax_age_hours = 900000000",
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
        dataclasses.replace(DEFAULT, digests=frozenset({"sha256"})),
        dataclasses.replace(DEFAULT, families=frozenset({"rsa"})),
        dataclasses.replace(DEFAULT, expires={"sha256": date(2030, 1, 1)}),
        dataclasses.replace(DEFAULT, revocation="ignore"),
        dataclasses.replace(DEFAULT, max_age=timedelta(hours=1)),
        dataclasses.replace(DEFAULT, clock_skew=timedelta(0)),
        dataclasses.replace(DEFAULT, timestamp_delay=timedelta(hours=1)),
        dataclasses.replace(DEFAULT, levels_of_findings={"certificate.expired": "warn"}),
    ]
    assert len({DEFAULT.digest, *(each.digest for each in changed)}) == len(changed) + 1
    assert len(changed) + 3 == len(dataclasses.fields(Policy))


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
    assert {name for name, end in DIGEST_ENDS.items() if end is None} <= DEFAULT.digests
