"""``toyono-verify --online``: what is fetched, from whom, what is kept, and what is said where nobody answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from command_line import PAYLOAD, Run, Silent
from toyono_trust import Http, seal
from toyono_trust.devpki import Server, Town


class Reached(NamedTuple):
    """A sealed file with a time stamp, the root alone as trust, and who would have to be asked."""

    file: Path
    root: Path
    server: Server

    @property
    def arguments(self) -> tuple[object, ...]:
        return "verify", self.file, "--trust", self.root


@pytest.fixture
def reached(tmp_path: Path) -> Iterator[Reached]:
    with Server(port=0) as server:
        town = server.town = Town.create(base_url=server.url)
        town.write(tmp_path / "town")
        file = tmp_path / "order.json.jws.json"
        with Http(allow_private=True) as http:
            made = seal(
                PAYLOAD, by=town.identity("town"), format="jades", level="B-T", tsa=f"{server.url}/tsr", http=http
            )
        file.write_bytes(made)
        yield Reached(file, tmp_path / "town" / "trust" / "anchors" / "root.pem", server)


def codes(line: dict[str, object]) -> set[str]:
    return {finding["code"] for finding in line["findings"]}  # type: ignore[attr-defined]


def test_nothing_is_fetched_unless_it_is_asked_for(run: Run, reached: Reached) -> None:
    ran = run(*reached.arguments, "--format", "json")
    assert ran.code == 2
    assert {item["source"] for item in ran.lines[0]["material"]} <= {"file", "trust"}


def test_what_is_missing_is_fetched_and_its_source_is_said(run: Run, reached: Reached) -> None:
    ran = run(*reached.arguments, "--online", "--allow-private", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    sources = Counter(item["source"] for item in ran.lines[0]["material"])
    url = reached.server.url
    assert {source for source in sources if "://" in source} == {f"{url}/ocsp", f"{url}/crl/root.crl"}
    ran = run(*reached.arguments, "--online", "--allow-private")
    assert f"    fetched: CRL · {url}/crl/root.crl · sha256:" in ran.out
    assert ran.out.count(f"fetched: OCSP response · {url}/ocsp") == 2


def test_private_addresses_are_refused_unless_allowed(run: Run, reached: Reached) -> None:
    ran = run(*reached.arguments, "--online", "--format", "json")
    assert ran.code == 2
    assert codes(ran.lines[0]) == {"gather.not-fetched"}
    assert all("net.address-refused" in finding["text"] for finding in ran.lines[0]["findings"])
    assert "--allow-private" in ran.err
    assert "--allow-private" in run(*reached.arguments, "--online").out


def test_only_the_hosts_that_are_named_are_asked(run: Run, reached: Reached) -> None:
    asked = (*reached.arguments, "--online", "--allow-private", "--format", "json")
    ran = run(*asked, "--host", "ocsp.example")
    assert (ran.code, codes(ran.lines[0])) == (2, {"gather.not-fetched"})
    assert run(*asked, "--host", "ocsp.example", "--host", "127.0.0.1").code == 0


def test_what_was_fetched_is_kept_where_it_is_said(run: Run, reached: Reached, tmp_path: Path) -> None:
    asked = (*reached.arguments, "--online", "--allow-private", "--cache", tmp_path / "cache")
    assert run(*asked).code == 0
    kept = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert len(kept) == 3
    reached.server.close()
    assert run(*asked).code == 0
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == kept
    ran = run(*reached.arguments, "--online", "--allow-private", "--format", "json")
    assert (ran.code, codes(ran.lines[0])) == (2, {"gather.not-fetched"})


@pytest.mark.parametrize("language", ["en", "ja"])
def test_who_does_not_answer_is_named_with_whom_it_concerns(run: Run, reached: Reached, language: str) -> None:
    reached.server.close()
    ran = run(*reached.arguments, "--online", "--allow-private", "--lang", language)
    lines = [line for line in ran.out.splitlines() if "gather.not-fetched; " in line]
    assert ran.code == 2
    assert len(lines) == 3
    assert any(f"{reached.server.url}/ocsp" in line and "見本町" in line for line in lines)
    assert {"en": "and 1 more of this kind", "ja": "ほか同種 1 件"}[language] in ran.out
    page = run(*reached.arguments, "--online", "--allow-private", "--lang", language, "--format", "html")
    assert page.out.count("gather.not-fetched") == 4


def test_a_silent_responder_costs_its_time_and_no_more(
    run: Run, reached: Reached, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toyono_trust.edge import judging
    from toyono_trust.edge.commands import verify

    monkeypatch.setattr(verify, "FETCH_SECONDS", 0.5)
    monkeypatch.setattr(judging, "ONLINE_SECONDS", 2.0)
    port = reached.server.url.rpartition(":")[2]
    reached.server.close()
    proxy = ("--proxy", silent.url.removesuffix("/tsr"))
    started = time.monotonic()
    ran = run(*reached.arguments, "--online", "--allow-private", *proxy, "--format", "json")
    assert time.monotonic() - started < 30
    assert (ran.code, codes(ran.lines[0])) == (2, {"gather.not-fetched"})
    assert port in ran.out


def test_from_workers(run: Run, reached: Reached) -> None:
    ran = run(
        *reached.arguments, reached.file, reached.file, "--online", "--allow-private", "--jobs", "2", "--format", "json"
    )
    assert ran.code == 0
    assert [line["indication"] for line in ran.lines] == ["TOTAL-PASSED"] * 3


@pytest.mark.parametrize(
    "option", [("--allow-private",), ("--cache", "x"), ("--host", "x.example"), ("--proxy", "http://x.example")]
)
def test_options_of_the_network_are_for_the_network(run: Run, reached: Reached, option: tuple[str, ...]) -> None:
    ran = run(*reached.arguments, *option)
    assert (ran.code, "--online" in ran.err) == (64, True)
