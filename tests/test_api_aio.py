"""Blocking and awaitable verbs are one: the same signatures, the same results, the same errors."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toyono_trust import Signer, TrustStore, aio, api
from toyono_trust.devpki import Simulation, Town
from toyono_trust.errors import MisuseError, TrustError, UnavailableError

ROOT = Path(__file__).resolve().parents[1]
CALLS = ROOT / "tests" / "typing" / "verb_calls.py"
AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
VERBS = ("augment", "receipt", "seal", "sign", "timestamp", "verify")


# Signatures


def shape(function: Callable[..., Any]) -> tuple[Any, ...]:
    """All that a caller sees: names, kinds, defaults, annotations resolved to types, the result."""
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return tuple((one.name, one.kind, one.default, hints[one.name]) for one in parameters), hints["return"]


def test_both_modules_offer_the_same_verbs() -> None:
    assert tuple(api.__all__) == tuple(aio.__all__) == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_signatures_are_equal(verb: str) -> None:
    blocking, awaitable = getattr(api, verb), getattr(aio, verb)
    assert shape(awaitable) == shape(blocking)
    assert (inspect.iscoroutinefunction(blocking), inspect.iscoroutinefunction(awaitable)) == (False, True)


@pytest.mark.parametrize("verb", VERBS)
def test_overloads_are_equal(verb: str) -> None:
    blocking, awaitable = (typing.get_overloads(getattr(module, verb)) for module in (api, aio))
    assert [shape(one) for one in awaitable] == [shape(one) for one in blocking]
    assert len(blocking) == {"timestamp": 0, "verify": 0, "receipt": 4, "augment": 4}.get(verb, 6)


def expected_errors() -> set[tuple[int, str]]:
    """Line and error code of every mark in the file of calls."""
    lines = enumerate(CALLS.read_text("utf-8").splitlines(), 1)
    return {(number, mark[1]) for number, line in lines if (mark := re.search(r"# error: ([a-z-]+)$", line))}


@pytest.mark.skipif(util.find_spec("mypy") is None, reason="mypy is not in this environment")
def test_a_wrong_call_is_a_type_error_and_a_right_one_is_none() -> None:
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-error-summary", str(CALLS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr == ""
    errors = re.findall(r"verb_calls\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    assert len(expected_errors()) > 20
    assert {(int(line), code) for line, code in errors} == expected_errors(), done.stdout


# Results


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town) -> TrustStore:
    return TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])


def both(verb: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """What the blocking and what the awaitable verb gives: the result, or the error."""
    blocking, awaitable = getattr(api, verb), getattr(aio, verb)

    async def awaited() -> Any:
        return await awaitable(*arguments, **options)

    return outcome(lambda: blocking(*arguments, **options)), outcome(lambda: asyncio.run(awaited()))


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except TrustError as error:
        return type(error), error.code, error.message, error.hint


@pytest.mark.parametrize("verb", ["sign", "seal"])
@pytest.mark.parametrize("format", ["jades", "cades"])
@pytest.mark.parametrize("detached", [False, True])
def test_equal_signatures_come_out(town: Town, verb: str, format: str, detached: bool) -> None:
    by = town.identity("rsa-2048")  # PKCS #1 v1.5 signs the same octets alike
    options = {"format": format, "detached": detached, "claimed_at": AT, "algorithm": "rsa-sha256"}
    first, second = both(verb, b"content", by=by, **options)
    assert first == second
    assert (
        (first.format, first.level, first.reason)
        == (second.format, second.level, second.reason)
        == (
            format,
            "B-B",
            None,
        )
    )


def test_equal_receipts_come_out(town: Town) -> None:
    first, second = both(
        "receipt", "SubmissionAcceptance", by=town.identity("rsa-2048"), sender="NTRJP-1345678901234",
        recipients=["NTRJP-9234567890123"], message_id="m", parts={"a": b"a"}, policy_id="1.2.3", event_time=AT,
        identifier="urn:uuid:0", algorithm="rsa-sha256",
    )  # fmt: skip
    assert isinstance(first, bytes)
    sealed_at = re.compile(rb'"jadesSignature".*')  # the seal has its own time, the present
    assert sealed_at.sub(b"", first) == sealed_at.sub(b"", second)
    assert first.level == second.level == "B-B"


def test_both_ask_the_authority_alike(town: Town, trust: TrustStore) -> None:
    simulations = []
    for module in (api, aio):
        simulation = Simulation(town)
        online: Any = {"tsa": [f"{town.base_url}/tsr"], "http": simulation}
        by = town.identity("town")
        made = [
            finished(module.seal(b"content", by=by, format="cades", level="B-T", **online)),  # type: ignore[attr-defined]
            finished(module.timestamp(b"content", trust=trust, **online)),  # type: ignore[attr-defined]
        ]
        reports = [finished(module.verify(one, trust=trust, content=b"content")) for one in made]  # type: ignore[attr-defined]
        assert made[0].level == "B-T"
        assert [report.indication for report in reports] == ["TOTAL-PASSED", "PASSED"]
        simulations.append(simulation)
    first, second = ([(one.method, one.url, one.headers) for one in each.seen] for each in simulations)
    assert first == second
    assert len(first) == 2


def finished(result: Any) -> Any:
    return asyncio.run(result) if isinstance(result, Coroutine) else result


# Errors


@pytest.mark.parametrize(
    ("verb", "options", "error", "code"),
    [
        ("seal", {"format": "pdf"}, MisuseError, "format.not-offered"),
        ("seal", {"format": "jades", "level": "B-T"}, MisuseError, "tsa.missing"),
        ("seal", {"format": "jades", "tsa": "http://tsa.example/"}, MisuseError, "level.no-stamp"),
        ("sign", {"format": "cades", "tsa": "http://tsa.example/", "digest": "sha512"}, MisuseError, "level.no-stamp"),
        ("sign", {"format": "jades", "level": "B-T", "tsa": "http://tsa.example/"}, MisuseError, "http.missing"),
        ("sign", {"format": "jades", "level": "B-X"}, MisuseError, "level.unknown"),
        ("sign", {"format": "cades", "colour": "red"}, MisuseError, "argument.unknown"),
        ("sign", {"format": "cades", "claimed_at": datetime(2026, 1, 1)}, MisuseError, "argument.naive-time"),
        ("sign", {"format": "cades", "algorithm": "ed25519"}, MisuseError, "signer.algorithm"),
    ],
)
def test_equal_errors_come_out(town: Town, verb: str, options: dict[str, Any], error: type, code: str) -> None:
    first, second = both(verb, b"content", by=town.identity("town"), **options)
    assert first == second
    assert first[:2] == (error, code)


@pytest.mark.parametrize("name", ["resident", "web", "expired", "wrong-usage", "unknown-kind", "tsa"])
def test_equal_refusals_of_certificates_come_out(town: Town, name: str) -> None:
    identity = town.identity(name)
    by = Signer.from_key(identity.private_key, identity.certificate, identity.chain)
    first, second = both("seal", b"content", by=by, format="cades")
    assert first == second
    assert first[0] is MisuseError


def test_an_authority_that_is_down_is_unavailable_to_both(town: Town) -> None:
    down = Simulation(town)
    down.down = True
    online: Any = {"by": town.identity("town"), "format": "jades", "level": "B-T", "http": down}
    first, second = both("seal", b"content", tsa=f"{town.base_url}/tsr", **online)
    assert first == second
    assert first[0] is UnavailableError
    first, second = both("seal", b"content", tsa=f"{town.base_url}/tsr", fallback="B-B", **online)
    assert (first.level, first.reason) == (second.level, second.reason)
    assert first.level == "B-B"


def test_a_naive_validation_time_is_refused_by_both(trust: TrustStore) -> None:
    first, second = both("verify", b"", trust=trust, at=datetime(2026, 1, 1))
    assert first == second
    assert first[:2] == (MisuseError, "argument.naive-time")


@pytest.mark.parametrize(("format", "size"), [("jades", (48 << 20) + 3), ("cades", (64 << 20) + 1)])
def test_no_file_is_made_that_verify_would_not_read(town: Town, format: str, size: int) -> None:
    first, second = both("sign", bytes(size), by=town.identity("town"), format=format)
    assert first == second
    assert first[1::2] == ("limits.size", "pass detached=True")


@pytest.mark.parametrize("wrong", [{"trust": "town/trust"}, {"policy": "policy.toml"}, {"at": "2026-01-01"}])
def test_arguments_of_verify_of_another_type_are_told(wrong: dict[str, Any]) -> None:
    first, second = both("verify", b"", **wrong)
    assert first == second
    assert first[:2] == (MisuseError, "argument.type")


def test_arguments_of_signing_of_another_type_are_told(town: Town) -> None:
    first, second = both("seal", b"content", by="pkcs12:town.p12", format="jades")
    assert first == second == (MisuseError, "argument.type", "by cannot be a str", "pass Signer.open(URI)")
    given: Any = {"by": town.identity("town"), "sender": "a@b.example", "recipients": "c@d.example"}
    first, second = both("receipt", "SubmissionAcceptance", message_id="1", parts={}, policy_id="1.2", **given)
    assert first == second
    assert first[1::2] == ("argument.type", "write recipients=['c@d.example']")


@example(b"")
@example(b"0\x80")
@example(b"{}")
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_reports_on_any_bytes_are_equal(data: bytes) -> None:
    """Whatever the bytes, at one moment both verbs write the same report."""
    first, second = both("verify", data, at=AT)
    assert first.to_json() == second.to_json()


def test_reports_on_signed_files_are_equal(town: Town, trust: TrustStore) -> None:
    signed = api.seal(b"content", by=town.identity("town"), format="jades")
    at = datetime.now(UTC)
    for data in (signed, signed.replace(b".", b".A", 1), signed[:-3]):
        first, second = both("verify", data, trust=trust, at=at)
        assert first.to_json() == second.to_json()


# Loops


def test_the_blocking_verbs_work_inside_an_event_loop(town: Town, trust: TrustStore) -> None:
    async def inside() -> bytes:
        signed = api.seal(b"content", by=town.identity("town"), format="jades")
        return api.verify(signed, trust=trust).require(signed_by="anyone").content

    assert asyncio.run(inside()) == b"content"


def test_many_awaitable_verbs_run_at_once(town: Town, trust: TrustStore) -> None:
    async def one(number: int) -> bytes:
        signed = await aio.seal(b"%d" % number, by=town.identity("town"), format="cades")
        return (await aio.verify(signed, trust=trust)).require(signed_by="anyone").content

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*map(one, range(20)))

    assert asyncio.run(all_of_them()) == [b"%d" % number for number in range(20)]


def test_out_is_written_by_both_or_by_none(town: Town, tmp_path: Path) -> None:
    first, second = both("seal", b"a", by=town.identity("town"), format="jades", out=tmp_path / "a.jws")
    assert (tmp_path / "a.jws").read_bytes() in (first, second)
    both("seal", b"a", by=town.identity("expired"), format="jades", out=tmp_path / "b.jws")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jws"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("resident", "seal.natural-person"), ("web", "seal.website"), ("unknown-kind", "seal.unknown-kind")],
)
def test_a_foreign_signer_cannot_say_that_it_is_an_organisation(name: str, code: str) -> None:
    """What a foreign signer says of its own kind counts for nothing: the certificate decides who may seal."""

    class Pretender:
        def __init__(self, inner: Any) -> None:
            self.certificate, self.chain, self.algorithms = inner.certificate, inner.chain, inner.algorithms
            self.sign_steps = inner.sign_steps
            self.kind = "legal-person"
            self.proven = True

    with pytest.raises(MisuseError) as refused:
        api.seal(b"x", by=Pretender(Town.create().identity(name)), format="jades")
    assert refused.value.code == code
