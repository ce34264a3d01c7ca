"""The pages of docs/ say what the code says: tables are compared with what they describe."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from toyono_trust import Http, Policy, Report, TrustStore, aio, api, receipt, verbs, verify
from toyono_trust.core import findings, limits
from toyono_trust.core.content import BytesContent
from toyono_trust.delivery.events import EVENTS
from toyono_trust.devpki import Simulation, Town
from toyono_trust.edge import console, main
from toyono_trust.errors import MisuseError
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import FormatName, Revision
from toyono_trust.pki.trusttoml import PURPOSES, read_trust_toml
from toyono_trust.steps import Fetch, Response, Steps, World, run
from toyono_trust.validation.gather import holdings
from toyono_trust.validation.render import _revision
from toyono_trust.verbs import AugmentOptions, Options, ReceiptOptions

DOCS = Path(__file__).resolve().parents[1] / "docs"
INDEX = (DOCS / "index.md").read_text("utf-8")


def table(page: str, head: str) -> list[str]:
    """The rows of the table whose first line is ``head``."""
    lines = iter(page.split(f"{head}\n", 1)[1].splitlines())
    assert re.fullmatch(r"(\|---)+\|", next(lines))
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(line)
    return rows


# What is generated


@cache
def generated() -> dict[str, str]:
    return dict(generator().pages())


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["adr/index.md", "findings.md", "index.md", "receipts.md", "standards.md"])
def test_what_is_generated_is_fresh(name: str) -> None:
    pages = generated()
    assert len(pages) == 5
    same = (DOCS / name).read_text("utf-8") == pages[name]
    assert same, f"docs/{name} is older than the code: run `.venv/bin/python docs/generate.py` and commit"


def test_every_finding_every_event_and_every_limit_is_there() -> None:
    pages = generated()
    assert all(f'<a id="{code}">' in pages["findings.md"] for code in findings.table())
    assert len(table(pages["receipts.md"], "| Event | Group | Issuer | Polarity | Proves | |")) == len(EVENTS) == 22
    numbers = [name for name in vars(limits) if name.startswith("MAX_")] + list(limits.BUDGETS)
    rows = table(pages["index.md"], "| Limit | Value | Of what, and why so many |")
    assert [row.split("`")[1] for row in rows] == numbers


# index.md: the report


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A report in which every kind of object occurs."""
    town = Town.create()
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])
    made = receipt(
        "SubmissionAcceptance", by=town.identity("town"), sender="NTRJP-1345678901234", message_id="m",
        policy_id="1.2.3", recipients=["NTRJP-9234567890123"], parts={"a": b"a"}, level="B-T",
        tsa=f"{town.base_url}/tsr",
        http=Simulation(town),  # type: ignore[arg-type]
    )  # fmt: skip
    return verify(made, trust=trust).to_json()


OBJECTS = ("", ".signatures", ".signatures.signer", ".signatures.signed_objects", ".signatures.timestamps",
           ".receipt")  # fmt: skip


@pytest.mark.parametrize("path", OBJECTS)
def test_every_member_of_the_report_is_explained(report: dict[str, Any], path: str) -> None:
    value: Any = report
    for name in path.split(".")[1:]:
        value = value[name][0] if isinstance(value[name], list) else value[name]
    assert explained(path) == list(value)


def test_every_member_of_a_finding_is_explained() -> None:
    findings = verify(b"no signature").to_json()["findings"]
    assert explained(".signatures.findings") == list(findings[0])


def test_inner_members_are_named(report: dict[str, Any]) -> None:
    material = {member for piece in report["material"] for member in piece}
    for name in (*report["policy"], *report["trust"], *report["receipt"]["parts"][0], *material):
        assert f"`{name}`" in INDEX
    assert material


def test_every_member_of_a_revision_is_explained() -> None:
    revision = Revision("Signature1", (0, 1, 2, 3), True, True, 5)
    assert explained(".signatures.revision") == list(_revision(revision))


def explained(path: str) -> list[str]:
    section = INDEX.split(f"\n### report{path}\n", 1)[1]
    return [row.split("`")[1] for row in table(section, "| Member | |")]


# index.md: the network


def test_the_limits_of_gathering_are_those_of_the_code() -> None:
    numbers = (holdings.MAX_ROUNDS, holdings.MAX_FETCHES, holdings.MAX_OCTETS >> 20)
    assert "{} rounds, {} requests, {} MiB of answers".format(*numbers) in INDEX
    assert holdings.MAX_ADDRESSES == 5
    assert "five addresses of one kind" in INDEX


def test_every_option_of_the_network_is_named() -> None:
    options = [f"{name}=" for name in inspect.signature(Http).parameters]
    assert f"`Http({', '.join(options)})`" in INDEX


# index.md: exit codes, trust.toml


def test_the_exit_codes_are_those_of_the_code() -> None:
    codes = [int(row.split("|")[1]) for row in table(INDEX, "| Code | |")]
    assert codes == [
        console.PASSED, console.FAILED, console.UNDECIDED, main.USAGE, main.UNREADABLE, console.UNAVAILABLE,
        main.INTERNAL, main.INTERRUPTED,
    ]  # fmt: skip
    assert f"first that occurs of {', '.join(map(str, console.ORDER))} counts" in INDEX


def test_the_trust_file_is_complete() -> None:
    text = INDEX.split("```toml\n", 1)[1].split("```", 1)[0]
    anchor = read_trust_toml(text.encode(), "index.md")
    assert len(anchor.fetch) == 1
    assert anchor.anchors[0].not_before is not None
    assert anchor.anchors[0].not_after is not None
    for unknown, keys in (("x = 1\n" + text, {"anchor", "fetch"}), (text + "x = 1\n", None)):
        with pytest.raises(MisuseError) as caught:
            read_trust_toml(unknown.encode(), "index.md")
        known = set(caught.value.hint.removeprefix("known: ").split(", "))
        assert known == (keys or {line.split(" ")[0] for line in text.split("[[anchor]]\n")[1].splitlines()})
    assert f"# {', '.join(PURPOSES)}; default any" in text


# Docstrings of the verbs


@pytest.mark.parametrize("module", [api, aio], ids=["api", "aio"])
@pytest.mark.parametrize("verb", ["sign", "timestamp", "receipt", "augment", "verify"])
def test_a_verb_explains_all_that_it_takes(module: ModuleType, verb: str) -> None:
    function = getattr(module, verb)
    text = inspect.getdoc(function) or ""
    if module is aio and verb in ("sign", "augment"):
        assert f"as ``toyono_trust.{verb}``" in text
        return
    assert "Returns:" in text
    assert "Raises:" in text
    for name in inspect.signature(function).parameters:
        assert re.search(rf"^ *(\*\*)?{name}: ", text, re.MULTILINE), name


def test_the_options_are_explained() -> None:
    assert [name for name in Options.__annotations__ if f"``{name}" not in (api.sign.__doc__ or "")] == []
    assert [name for name in ReceiptOptions.__annotations__ if f"``{name}" not in (api.receipt.__doc__ or "")] == []
    assert [name for name in AugmentOptions.__annotations__ if f"``{name}" not in (api.augment.__doc__ or "")] == []


# howto/archive.md: what it promises


class Years:
    """Two towns under roots of their own, at a present that is set; what ``howto/archive.md`` says is tried on them."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 9, tzinfo=UTC)
        self.towns = [
            Town.create(self.now, base_url=f"http://{name}.example", clock=lambda: self.now) for name in ("one", "two")
        ]
        self.trust = TrustStore.from_certificates([town.root.der for town in self.towns], [], [])

    def fetch(self, request: Fetch, deadline: float | None = None, at: datetime | None = None) -> Response:
        town = next(town for town in self.towns if request.url.startswith(town.base_url))
        return Simulation(town, self.now).fetch(request, deadline, at)

    def runs(self, steps: Steps[Any]) -> Any:
        return run(steps, World(lambda: self.now, os.urandom, time.monotonic, self))

    def sealed(self, format: FormatName, tsa: int) -> bytes:
        by, url = self.towns[0].identity("town"), f"{self.towns[tsa].base_url}/tsr"
        asked = verbs.order(BytesContent(b"{}"), by, format, "B-LTA", url, True, {}, self.trust)
        return bytes(self.runs(verbs.seal(asked)))

    def renewed(self, signed: bytes, tsa: int, **options: Any) -> bytes:
        url = f"{self.towns[tsa].base_url}/tsr"
        return bytes(self.runs(verbs.augment(signed, NO_CONTENTS, "B-LTA", self.trust, url, True, options)))  # type: ignore[arg-type]

    def verified(self, signed: bytes, policy: Policy | None = None) -> Report:
        steps = verbs.gathering(signed, NO_CONTENTS, self.trust, policy or Policy.default(), self.now)
        return self.runs(steps)  # type: ignore[no-any-return]


@pytest.mark.parametrize("reason", ["superseded", "key_compromise"])
@pytest.mark.parametrize("first", [0, 1])
def test_two_authorities_that_take_turns_outlive_the_revocation_of_one(first: int, reason: str) -> None:
    years = Years()
    archive = years.sealed("cades", tsa=first)
    years.now += timedelta(days=365)
    archive = years.renewed(archive, tsa=1 - first)
    years.now += timedelta(days=800)
    years.towns[0].revoke("ca", years.now, reason)  # the signer's, and one of the two authorities'
    years.now += timedelta(days=40)
    assert years.verified(archive).indication == "TOTAL-PASSED"
    archive = years.renewed(archive, tsa=1)
    assert years.verified(archive).valid_until == years.towns[1].identity("tsa").certificate.not_after


@pytest.mark.parametrize("reason", ["superseded", "key_compromise"])
def test_the_only_authority_takes_the_archive_with_it(reason: str) -> None:
    years = Years()
    archive = years.sealed("cades", tsa=0)
    years.now += timedelta(days=1200)
    years.towns[0].revoke("ca", years.now, reason)
    years.now += timedelta(days=40)
    report = years.verified(archive)
    assert report.indication == "INDETERMINATE"
    assert {item.sub_indication for item in report.signatures[0].timestamps} == {"REVOKED_CA_NO_POE"}


def test_a_digest_alone_does_not_outlive_an_algorithm() -> None:
    years, ends = Years(), Policy.parse("[algorithms.expires]\nsha256 = 2035-01-01", "house")
    archive = years.sealed("jades", tsa=0)
    years.now += timedelta(days=2000)
    report = years.verified(years.renewed(archive, tsa=1, digest="sha512", policy=ends), ends)
    assert report.indication == "TOTAL-PASSED"
    assert report.lapse is not None
    assert report.lapse.code == "algorithm.expired"
    assert report.valid_until == datetime(2035, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)


def test_a_reader_needs_revocation_data_of_the_newest_authority_alone() -> None:
    years = Years()
    archive = years.renewed(years.sealed("jades", tsa=0), tsa=1)
    years.now += timedelta(days=2000)
    roots = [town.root.der for town in years.towns]
    newest = years.towns[1]
    for lists, indication in (
        ([], "INDETERMINATE"),
        ([newest.crl("root", years.now), newest.crl("ca", years.now)], "TOTAL-PASSED"),
    ):
        trust = TrustStore.from_certificates(roots, [], lists)
        report = verbs.verify(archive, NO_CONTENTS, trust, Policy.default(), years.now)
        assert report.indication == indication
