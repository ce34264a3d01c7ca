"""Counter-signatures and parallel signatures through the verbs: what comes out passes, what cannot be is refused."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plain_pdfs import classic
from toyono_trust import NotVerified, Report, TrustStore, aio, api, augment, receipt, seal, sign, verify
from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import entry
from toyono_trust.core.limits import MAX_FILE, MAX_SIGNATURES
from toyono_trust.devpki import Simulation, Town
from toyono_trust.errors import MalformedError, MisuseError, UnavailableError
from toyono_trust.formats.jades import JadesDetails
from toyono_trust.validation.report import SignatureReport

CONTENT = "協定書\n".encode() * 20
FORMATS = ("jades", "cades")
PASSED = "TOTAL-PASSED"


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.create()


@pytest.fixture(scope="module")
def trust(town: Town) -> TrustStore:
    return TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])


@pytest.fixture
def online(town: Town) -> dict[str, Any]:
    return {"tsa": f"{town.base_url}/tsr", "http": Simulation(town)}


def first(town: Town, format: Any, **options: Any) -> bytes:
    return seal(CONTENT, by=town.identity("town"), format=format, **options)


def every(signatures: tuple[SignatureReport, ...]) -> Iterator[SignatureReport]:
    for item in signatures:
        yield item
        yield from every(item.counter_signatures)


def who(report: Report, town: Town) -> list[str]:
    """The makers of all signatures, counter-signatures behind the one that carries them."""
    names = {town.identity(name).certificate.sha256: name for name in ("town", "resident", "bus", "sensor")}
    return [names[item.certificate.sha256] for item in every(report.signatures) if item.certificate is not None]


class Key:
    """A key outside of this process: counts how often it is used, and may sign wrongly."""

    def __init__(self, inner: Any, wrong: bool = False) -> None:
        self.certificate, self.chain, self.algorithms = inner.certificate, inner.chain, inner.algorithms
        self._inner, self._wrong = inner, wrong
        self.used = 0

    def sign_steps(self, data: bytes, algorithm: str) -> Any:
        self.used += 1
        value = yield from self._inner.sign_steps(data + b"." if self._wrong else data, algorithm)
        return value


# what comes out


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_parallel(
    town: Town, trust: TrustStore, online: dict[str, Any], format: Any, detached: bool, level: Any
) -> None:
    options: Any = ({"covers": CONTENT} if detached else {}) | ({} if level == "B-B" else {"level": level, **online})
    alone = first(town, format, detached=detached)
    made = sign(alone, by=town.identity("resident"), format=format, parallel=True, **options)
    assert (made.format, made.level, made.reason) == (format, level, None)
    report = verify(made, trust=trust, content=CONTENT)
    assert (report.indication, report.kind) == (PASSED, {"jades": "JAdES", "cades": "CAdES"}[format])
    assert sorted(who(report, town)) == ["resident", "town"]
    assert {item.id for item in verify(alone, trust=trust, content=CONTENT).signatures} < {
        item.id for item in report.signatures
    }
    levels = {name: item.level for name, item in zip(who(report, town), report.signatures, strict=True)}
    assert levels == {"town": "B-B", "resident": level}
    for name in ("town", "resident"):
        signer = town.identity(name).certificate.identifiers[0]
        assert report.require(signed_by={signer}).content == CONTENT
    assert len(online["http"].seen) == (level == "B-T")


@pytest.mark.parametrize("level", ["B-B", "B-T"])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_countersigned(
    town: Town, trust: TrustStore, online: dict[str, Any], format: Any, detached: bool, level: Any
) -> None:
    options: Any = {} if level == "B-B" else {"level": level, **online}
    alone = first(town, format, detached=detached)
    ((name, *_),) = [[item.id] for item in verify(alone, trust=trust, content=CONTENT).signatures]
    made = sign(
        alone, by=town.identity("resident"), format=format, countersigns=name, roles=["課長"], algorithm="ecdsa-sha256",
        **options,
    )  # fmt: skip
    assert (made.format, made.level) == (format, level)
    report = verify(made, trust=trust, content=CONTENT)
    assert report.indication == PASSED
    (outer,) = report.signatures
    (counter,) = outer.counter_signatures
    assert (outer.id, outer.level, outer.timestamps) == (name, "B-B", ())
    assert (counter.indication, counter.level) == (PASSED, level)
    assert counter.facts.properties.roles == ("課長",)
    assert counter.facts.objects[0].name == "signature"
    assert [item.indication for item in counter.timestamps] == ([] if level == "B-B" else ["PASSED"])
    assert who(report, town) == ["town", "resident"]
    other = bytearray(made)
    at = made.index(counter.facts.value.wire if format == "cades" else b'"etsiU":["') + 30
    other[at] ^= 1
    spoilt = verify(bytes(other), trust=trust, content=CONTENT)
    assert [item.indication for one in spoilt.signatures for item in one.counter_signatures] != [PASSED]


@pytest.mark.parametrize("format", FORMATS)
def test_many_together(town: Town, trust: TrustStore, format: Any) -> None:
    """Three beside each other; the middle one countersigned twice, and one of these countersigned again."""
    made = first(town, format)
    for name in ("resident", "bus"):
        made = sign(made, by=town.identity(name), format=format, parallel=True)
    report = verify(made, trust=trust)
    chosen = report.signatures[1].id
    for name in ("sensor", "resident"):
        made = sign(made, by=town.identity(name), format=format, countersigns=chosen)
    report = verify(made, trust=trust)
    inner = next(item for one in report.signatures for item in one.counter_signatures if item.id != chosen)
    made = sign(made, by=town.identity("bus"), format=format, countersigns=inner.id)
    report = verify(made, trust=trust)
    assert report.indication == PASSED
    assert [item.indication for item in every(report.signatures)] == [PASSED] * 6
    shape = {item.id: [each.id for each in item.counter_signatures] for item in every(report.signatures)}
    assert sorted(map(len, shape.values())) == [0, 0, 0, 0, 1, 2]
    assert len(shape[chosen]) == 2
    assert len(shape[inner.id]) == 1
    assert inner.id in shape[chosen]


def test_the_verbs_agree(town: Town, trust: TrustStore, tmp_path: Path) -> None:
    by = town.identity("rsa-2048")
    for format in FORMATS:
        alone = first(town, format, detached=True)
        name = verify(alone, trust=trust, content=CONTENT).signatures[0].id
        (tmp_path / "content").write_bytes(CONTENT)
        ways: Any = [{"countersigns": name}, {"parallel": True, "covers": tmp_path / "content"}]
        for options in ways:
            moment = town.now.replace(microsecond=0)
            given = {"by": by, "format": format, "algorithm": "rsa-sha256", "claimed_at": moment, **options}
            blocking = api.seal(alone, **given)
            awaitable = asyncio.run(aio.seal(alone, **given))
            assert blocking == awaitable
            path = tmp_path / "signed"
            path.write_bytes(alone)
            assert api.sign(path, out=path, **given) == path.read_bytes() == blocking


def test_a_receipt_is_countersigned_and_proves_as_before(town: Town, trust: TrustStore) -> None:
    given: dict[str, Any] = {"sender": "a@x.example", "recipients": ["b@x.example"], "policy_id": "1.2.3"}
    made = receipt("SubmissionAcceptance", by=town.identity("bus"), message_id="m", parts={"a": b"a"}, **given)
    countered = seal(made, by=town.identity("town"), format="jades", countersigns=True)
    report = verify(countered, trust=trust)
    assert report.indication == PASSED
    assert report.receipt is not None
    assert report.receipt.proves == verify(made, trust=trust).receipt.proves
    assert who(report, town) == ["bus", "town"]
    with pytest.raises(MisuseError) as caught:
        seal(made, by=town.identity("town"), format="jades", parallel=True)
    assert caught.value.code == "jades.join"


def test_armoured_cms(town: Town, trust: TrustStore) -> None:
    text = base64.encodebytes(first(town, "cades"))
    armoured = b"-----BEGIN CMS-----\n" + text + b"-----END CMS-----\n"
    made = sign(armoured, by=town.identity("resident"), format="cades", countersigns=True)
    assert made[:1] == b"0"
    assert verify(made, trust=trust).indication == PASSED


@pytest.mark.parametrize("format", FORMATS)
def test_without_an_authority_it_falls_back(town: Town, online: dict[str, Any], format: Any) -> None:
    online["http"].down = True
    given: dict[str, Any] = {"by": town.identity("bus"), "format": format, "level": "B-T", **online}
    with pytest.raises(UnavailableError):
        seal(first(town, format), countersigns=True, **given)
    made = seal(first(town, format), countersigns=True, fallback="B-B", **given)
    assert made.level == "B-B"
    assert made.reason is not None


def test_large_detached_content(town: Town, trust: TrustStore, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (12 << 10))
    alone = seal(path, by=town.identity("town"), format="jades", detached=True)
    made = sign(alone, by=town.identity("resident"), format="jades", parallel=True, covers=path)
    report = verify(made, trust=trust, content=path)
    assert [item.indication for item in report.signatures] == [PASSED] * 2


# levels above B-T


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_levels_that_last(town: Town, trust: TrustStore, online: dict[str, Any], format: Any, level: Any) -> None:
    root = TrustStore.from_certificates([town.root.der], [], [])
    given: dict[str, Any] = {"format": format, "level": level, "trust": root, **online}
    made = sign(first(town, format), by=town.identity("resident"), parallel=True, **given)
    assert (made.level, made.report.indication) == (level, PASSED)
    levels = dict(zip(who(made.report, town), [item.level for item in made.report.signatures], strict=True))
    assert levels["resident"] == level
    assert levels["town"] == "B-B"
    name = next(item.id for item in made.report.signatures if item.level == level)
    made = seal(made, by=town.identity("bus"), countersigns=name, **given)
    (outer,) = [item for item in made.report.signatures if item.counter_signatures]
    assert (outer.level, outer.indication) == (level, PASSED)
    assert [item.indication for item in outer.counter_signatures] == [PASSED]
    assert len([item for item in outer.timestamps if item.token.type == "archive"]) == (2 if level == "B-LTA" else 0)


@pytest.mark.parametrize("format", FORMATS)
def test_a_counter_signer_whom_nobody_trusts(town: Town, online: dict[str, Any], format: Any) -> None:
    """Below B-LT nobody asks; from there on the new signature has to pass as well."""
    stranger = Town.create().identity("bus")
    root = TrustStore.from_certificates([town.root.der], [], [])
    made = first(town, format)
    seal(made, by=stranger, format=format, countersigns=True, level="B-T", **online)
    with pytest.raises(NotVerified) as caught:
        seal(made, by=stranger, format=format, countersigns=True, level="B-LT", trust=root, **online)
    assert caught.value.code == "augment.not-verified"


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_time_stamp_covers_takes_no_counter_signature(
    town: Town, trust: TrustStore, online: dict[str, Any], format: Any
) -> None:
    made = seal(first(town, format), by=town.identity("bus"), format=format, countersigns=True)
    inner = verify(made, trust=trust).signatures[0].counter_signatures[0].id
    lasting = augment(made, trust=trust, **online)
    refused("addition.covered", town, lasting, format, countersigns=inner)
    again = sign(lasting, by=town.identity("resident"), format=format, countersigns=True)
    report = verify(again, trust=trust)
    newer = next(item.id for item in report.signatures[0].counter_signatures if item.id != inner)
    report = verify(sign(again, by=town.identity("town"), format=format, countersigns=newer), trust=trust)
    assert [item.indication for item in every(report.signatures)] == [PASSED] * 4
    assert all(item.indication == "PASSED" for item in report.signatures[0].timestamps)


# refusals


def refused(code: str, town: Town, data: Any, format: Any, error: type = MisuseError, **options: Any) -> Any:
    """Refused with this code, and the key was not used."""
    key = Key(town.identity("bus"))
    with pytest.raises(error) as caught:
        sign(data, by=key, format=format, **options)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert key.used == 0
    assert entry(code).remedy
    return caught.value


@pytest.mark.parametrize(
    ("code", "format", "options"),
    [
        ("addition.arguments", "jades", {"covers": b"x"}),
        ("addition.arguments", "cades", {"parallel": True, "countersigns": True}),
        ("addition.arguments", "cades", {"parallel": True, "detached": True}),
        ("addition.arguments", "jades", {"countersigns": True, "detached": True}),
        ("addition.arguments", "jades", {"countersigns": True, "content_type": "text/plain"}),
        ("addition.arguments", "cades", {"countersigns": True, "content_timestamp": b"0\x00"}),
        ("addition.sequential", "pades", {"countersigns": True}),
        ("addition.sequential", "pades", {"parallel": True}),
        ("argument.type", "jades", {"countersigns": 1}),
        ("argument.type", "jades", {"countersigns": ["signature-0"]}),
        ("argument.type", "cades", {"parallel": "yes"}),
        ("addition.no-such-signature", "jades", {"countersigns": ""}),
        ("addition.no-such-signature", "cades", {"countersigns": "signature-0123456789abcdef"}),
        ("jades.counter", "jades", {"countersigns": True, "details": JadesDetails(serialization="general")}),
        ("jades.join", "jades", {"parallel": True, "details": JadesDetails(b64=False)}),
        ("addition.content", "jades", {"parallel": True, "covers": b"something else"}),
        ("addition.content", "cades", {"parallel": True, "covers": b"something else"}),
        ("addition.content", "jades", {"parallel": True, "covers": {"a": CONTENT, "b": b"something else"}}),
    ],
)
def test_what_does_not_go(town: Town, code: str, format: str, options: dict[str, Any]) -> None:
    data = classic() if format == "pades" else first(town, format)
    refused(code, town, data, format, **options)


def test_no_is_no(town: Town) -> None:
    """What is given as off signs the file as any other content."""
    made = sign(first(town, "cades"), by=town.identity("bus"), format="cades", countersigns=None, parallel=False)
    again = sign(made, by=town.identity("bus"), format="jades", countersigns=False)
    assert base64.urlsafe_b64decode(again.split(b".")[1] + b"==") == made


@pytest.mark.parametrize("options", [{"countersigns": True}, {"parallel": True}])
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_signed_file(town: Town, format: Any, options: dict[str, Any]) -> None:
    other = "jades" if format == "cades" else "cades"
    for data in (b"", b"hello", classic(), first(town, other)):
        refused("addition.format", town, data, format, **options)
    broken = first(town, format)[:-20] if format == "cades" else b'{"signatures": []}'
    refused("asn1.truncated" if format == "cades" else "jws.shape", town, broken, format, MalformedError, **options)
    refused("limits.size", town, b"0" * (MAX_FILE + 1), format, **options)
    refused("limits.size", town, b"0" * MAX_FILE, format, **options)


@pytest.mark.parametrize("format", FORMATS)
def test_of_several_one_is_named(town: Town, trust: TrustStore, format: Any) -> None:
    two = seal(first(town, format), by=town.identity("bus"), format=format, parallel=True)
    error = refused("addition.no-such-signature", town, two, format, countersigns=True)
    for item in verify(two, trust=trust).signatures:
        assert item.id in error.hint


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_added_to_what_is_broken(town: Town, trust: TrustStore, format: Any) -> None:
    made = first(town, format)
    if format == "jades":
        head, payload, value = made.split(b".")
        spoilt = b".".join((head, payload[:-4] + b"AAAA", value))
    else:
        spoilt = made.replace(CONTENT[-8:], b"ABCDEFGH")
    assert verify(spoilt, trust=trust).indication == "TOTAL-FAILED"
    for options in ({"parallel": True}, {"countersigns": True}):
        refused("addition.broken", town, spoilt, format, **options)


@pytest.mark.parametrize("format", FORMATS)
def test_detached_content_must_be_the_one(town: Town, format: Any) -> None:
    made = first(town, format, detached=True)
    refused("addition.content", town, made, format, parallel=True)
    refused("addition.broken", town, made, format, parallel=True, covers=CONTENT + b".")
    refused("addition.broken", town, made, format, countersigns=True, covers=CONTENT + b".")
    lasting: dict[str, Any] = {"level": "B-LT", "tsa": "http://tsa.example/", "http": Simulation(town)}
    lasting["trust"] = TrustStore.from_certificates([town.root.der], [], [])
    refused("addition.content", town, made, format, countersigns=True, **lasting)
    assert lasting["http"].seen == []


def test_each_document_that_is_described(town: Town, trust: TrustStore) -> None:
    files = {"a.txt": b"one", "b.txt": b"two"}
    parts = tuple((name, BytesContent(data)) for name, data in files.items())
    details = JadesDetails(mechanism="uri-hash", parts=parts)
    made = seal(b"", by=town.identity("town"), format="jades", detached=True, details=details)
    both = sign(made, by=town.identity("resident"), format="jades", parallel=True, covers=files)
    report = verify(both, trust=trust, content=files)
    assert [item.indication for item in report.signatures] == [PASSED] * 2
    refused("addition.content", town, made, "jades", parallel=True, covers={"a.txt": b"one"})
    refused("addition.broken", town, made, "jades", parallel=True, covers=files | {"a.txt": b"other"})


@pytest.mark.parametrize("options", [{"countersigns": True}, {"parallel": True}])
@pytest.mark.parametrize("format", FORMATS)
def test_what_a_key_outside_returns_is_verified(town: Town, trust: TrustStore, format: Any, options: Any) -> None:
    made = first(town, format)
    good = Key(town.identity("bus"))
    report = verify(seal(made, by=good, format=format, **options), trust=trust)
    assert (good.used, [item.indication for item in every(report.signatures)]) == (1, [PASSED] * 2)
    with pytest.raises(NotVerified) as caught:
        seal(made, by=Key(town.identity("bus"), wrong=True), format=format, **options)
    assert caught.value.code == "signer.wrong-signature"
    intact = [item.signature_intact for item in every(caught.value.report.signatures)]
    assert dict(zip(who(caught.value.report, town), intact, strict=True)) == {"town": True, "bus": False}


def test_no_more_signatures_than_are_read(town: Town, trust: TrustStore) -> None:
    value = json.loads(sign(first(town, "jades"), by=town.identity("bus"), format="jades", parallel=True))
    value["signatures"] += [value["signatures"][0]] * (MAX_SIGNATURES - 2)
    full = json.dumps(value).encode()
    refused("jws.too-many", town, full, "jades", MalformedError, parallel=True)
    name = verify(full, trust=trust).signatures[0].id
    refused("jws.too-many", town, full, "jades", MalformedError, countersigns=name)


def deepest(data: bytes) -> Any:
    found = verify(data).signatures[0]
    while found.counter_signatures:
        found = found.counter_signatures[0]
    return found.id


@pytest.mark.parametrize(("format", "most", "code"), [("jades", 8, "jws.too-many"), ("cades", 4, "limits.count")])
def test_counter_signatures_nest_as_deep_as_is_read(
    town: Town, trust: TrustStore, format: Any, most: int, code: str
) -> None:
    made = first(town, format)
    for _ in range(most):
        made = sign(made, by=town.identity("bus"), format=format, countersigns=deepest(made))
    report = verify(made, trust=trust)
    assert [item.indication for item in every(report.signatures)] == [PASSED] * (most + 1)
    refused(code, town, made, format, MalformedError, countersigns=deepest(made))


def test_every_option_is_explained() -> None:
    text = inspect.getdoc(api.sign) or ""
    for name in ("countersigns", "parallel", "covers"):
        assert f"``{name}``" in text
