"""Archives of evidence that nobody wrote so, and the values in them: typed errors and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

import judging_town as jt
import pytest
import replaying
from replaying import Judged, changed, dresses, judged, members, replayed, resealed, signed, zipped

from delivery.delivery_samples import made
from toyono_trust.delivery.evidence import payload
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Facts, Note, Signature, SignatureValue, SignedObject, Unread
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.replay import codec, container, pack, unpack


@lru_cache(maxsize=1)
def order() -> Judged:
    """A stamped seal that passes."""
    return judged(jt.stamp(jt.sign(), jt.NOW))


# -- values


VALUES: dict[str, Any] = {
    "text": "消火栓",
    "empty": "",
    "half": "a\ud800b",
    "two halves": "\ud83d\ude00",
    "none": None,
    "yes": True,
    "int": 3,
    "big": -(1 << 200),
    "safe": (1 << 53) - 1,
    "unsafe": 1 << 53,
    "float": 0.1,
    "whole": 1.0,
    "huge": 1e300,
    "infinite": float("-inf"),
    "time": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    "first": datetime.min.replace(tzinfo=UTC),
    "last": datetime.max.replace(tzinfo=UTC),
    "naive": datetime(2026, 1, 2),
    "date": date(2026, 1, 2),
    "bytes": b"\x00\xff",
    "list": [1, (2, b"3"), None],
    "tuple": ("a", 1),
    "object-like": "{'a': 1}",
}


def test_values_of_notes_survive_exactly() -> None:
    facts = Facts("JWS", notes=(Note("content.not-covered", "s\udcff", VALUES),))
    archive = pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW, file="caf\udce9.jws")
    evidence = unpack(archive)
    assert isinstance(evidence.facts, Facts)
    (note,) = evidence.facts.notes
    assert note.subject == "s\udcff"
    assert evidence.file == "caf\udce9.jws"
    assert note.values == VALUES
    assert {key: type(value) for key, value in note.values.items()} == {k: type(v) for k, v in VALUES.items()}
    assert [str(value) for value in note.values.values()] == [str(value) for value in VALUES.values()]


def test_what_is_of_no_known_type_keeps_its_text() -> None:
    facts = Facts("JWS", notes=(Note("content.not-covered", "", {"path": Path("a/b"), "delta": timedelta(1)}),))
    evidence = unpack(pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW))
    assert isinstance(evidence.facts, Facts)
    assert evidence.facts.notes[0].values == {"path": "a/b", "delta": "1 day, 0:00:00"}


def test_times_are_utc() -> None:
    tokyo = timezone(timedelta(hours=9), "JST")
    archive = pack(Facts(None), NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW.astimezone(tokyo))
    assert json.loads(members(archive)["request.json"])["at"] == "2026-11-01T09:00:00+00:00"
    assert archive == pack(Facts(None), NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW)


def test_an_unknown_algorithm_keeps_nothing_to_verify() -> None:
    value = SignatureValue("1.2.3.4", b"the signed octets", b"v", b"v")
    facts = Facts("JWS", (Signature("JWS", None, value, (SignedObject("payload", True, None),)),))
    archive = pack(facts, NO_MATERIAL, Policy.default(), TrustStore.empty(), jt.NOW)
    assert b"the signed octets" not in archive
    evidence = unpack(archive)
    assert isinstance(evidence.facts, Facts)
    kept = evidence.facts.signatures[0].value
    assert (kept.signed, kept.digest) == (b"", hashlib.sha512(b"the signed octets").digest())


def test_every_type_of_the_facts_can_be_written() -> None:
    for kind in (Facts, Unread, Material):
        assert codec._record(kind)


# -- hostile archives


def refused(archive: bytes) -> str:
    with pytest.raises(MalformedError) as caught:
        unpack(archive)
    assert caught.value.message
    return caught.value.code


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.7", b"PK\x03\x04", jt.PAYLOAD, b"PK\x05\x06" + bytes(18)])
def test_something_else(data: bytes) -> None:
    assert refused(data) in ("replay.not-evidence", "replay.unreadable")


def test_another_zip() -> None:
    assert refused(zipped({"a.txt": b"x"})) == "replay.not-evidence"
    assert refused(zipped({"mimetype": b"application/epub+zip"})) == "replay.not-evidence"


def test_truncated() -> None:
    archive = order().archive
    for end in (*range(4, 200, 7), len(archive) // 2, len(archive) - 1):
        assert refused(archive[:end]) == "replay.unreadable"
    assert refused(archive + b"\0") == "replay.unreadable"
    assert refused(archive[:4] + archive) == "replay.unreadable"


@pytest.mark.parametrize("version", ["2", "0", "", "1 ", "１"])
def test_unknown_version(version: str) -> None:
    parts = members(order().archive)
    parts["mimetype"] = f"application/vnd.toyono-trust.evidence+zip; version={version}".encode()
    assert refused(resealed(parts)) == "replay.version"


@pytest.mark.parametrize("name", ["../facts.json", "/etc/passwd", "material/../x.crt", "C:\\x", "material/", "notes"])
def test_names_that_lead_elsewhere(name: str) -> None:
    parts = members(order().archive)
    assert refused(resealed(parts | {name: b"x"})) == "replay.member"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice() -> None:
    buffer = io.BytesIO(order().archive)
    with zipfile.ZipFile(buffer, "a") as opened:
        opened.writestr("facts.json", b"{}")
    assert refused(buffer.getvalue()) == "replay.member"


def test_a_changed_member() -> None:
    parts = members(order().archive)
    for name in parts:
        if name not in ("mimetype", "manifest.json"):
            assert refused(zipped(parts | {name: parts[name] + b" "})) == "replay.digest", name
    crt = next(name for name in parts if name.endswith(".crt"))
    assert refused(resealed(parts | {crt: parts[crt] + b" "})) == "replay.digest"


def test_a_missing_or_idle_member() -> None:
    parts = members(order().archive)
    for name in parts:
        if name != "mimetype":
            rest = {other: data for other, data in parts.items() if other != name}
            assert refused(resealed(rest) if name != "manifest.json" else zipped(rest)) == "replay.member", name
    idle = b"nobody asks for this"
    assert refused(resealed(parts | {f"material/{jt.sha256(idle).hex()}.crt": idle})) == "replay.member"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    parts = members(order().archive)
    assert refused(zipped(parts | {"facts.json": bytes(64 << 20)}, zipfile.ZIP_DEFLATED)) == "replay.too-large"


def test_a_directory_of_a_million_entries_is_not_read() -> None:
    archive = bytearray(order().archive)
    archive[-12:-10] = (60_000).to_bytes(2, "little")
    archive[-14:-12] = (60_000).to_bytes(2, "little")
    assert refused(bytes(archive)) == "replay.too-large"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    assert refused(zipped(members(order().archive), method)) == "replay.unreadable"


def test_an_archive_that_another_program_compressed_is_read() -> None:
    evidence = unpack(zipped(members(order().archive), zipfile.ZIP_DEFLATED))
    assert replaying.packed_again(evidence) == order().archive


def test_an_encrypted_member_is_refused() -> None:
    archive = bytearray(order().archive)
    directory = int.from_bytes(archive[-6:-2], "little")
    archive[6] |= 1
    archive[directory + 8] |= 1
    assert refused(bytes(archive)) == "replay.unreadable"


def test_too_large_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_VALUES", 1_000)
    monkeypatch.setattr(container, "MAX_MEMBERS", 1_000)
    many = Material(revocation=tuple(number.to_bytes(3) for number in range(container.MAX_MEMBERS)))
    noted = Facts("JWS", notes=(Note("content.not-covered"),) * container.MAX_VALUES)
    for facts, material in ((Facts("JWS"), many), (noted, NO_MATERIAL)):
        with pytest.raises(MisuseError) as caught:
            pack(facts, material, Policy.default(), TrustStore.empty(), jt.NOW)
        assert caught.value.code == "replay.too-large"


def _first(value: Any) -> Any:
    return value["read"]["signatures"][0]


ODD: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "unknown member": ("facts.json", lambda v: _first(v).update(more=1), "replay.value"),
    "missing member": ("facts.json", lambda v: _first(v).pop("format"), "replay.value"),
    "wrong type": ("facts.json", lambda v: _first(v).update(format=1), "replay.value"),
    "text for a list": ("facts.json", lambda v: _first(v).update(certificates="abc"), "replay.value"),
    "unknown level": ("facts.json", lambda v: _first(v).update(level="B-X"), "replay.value"),
    "unknown code": ("facts.json", lambda v: v["read"].update(notes=[{"code": "no.such-code"}]), "replay.value"),
    "unknown octets": ("facts.json", lambda v: _first(v).update(leaf="0" * 64), "replay.member"),
    "octets of no name": ("facts.json", lambda v: _first(v).update(leaf=None, certificates=[7]), "replay.member"),
    "naive time": ("facts.json", lambda v: _first(v).update(claimed_signing_time="2026-01-01"), "replay.value"),
    "odd time": ("request.json", lambda v: v.update(at="2026-01-01T00:00:00Z"), "replay.value"),
    "a time that is none": ("request.json", lambda v: v.update(at=5), "replay.value"),
    "time before time": ("request.json", lambda v: v.update(at="0001-01-01T00:00:00+09:00"), "replay.value"),
    "no base64": ("facts.json", lambda v: _first(v)["value"].update(wire="a"), "replay.value"),
    "both": ("facts.json", lambda v: _first(v)["value"].update(digest="AAAA", signed="0" * 64), "replay.member"),
    "neither facts nor not": ("facts.json", lambda v: v.clear(), "replay.value"),
    "no object": ("facts.json", lambda _: [], "replay.value"),
    "no policy": ("policy.json", lambda v: v.pop("digest"), "replay.value"),
    "a policy that cannot be": ("policy.json", lambda v: v["values"].update(name=4), "replay.value"),
    "a policy of another kind": ("policy.json", lambda v: v.update(values=[]), "replay.value"),
    "another trust": ("trust.json", lambda v: v.update(digest="sha256:00"), "replay.digest"),
    "an anchor for more": ("trust.json", lambda v: v["anchors"][0].update(purposes=["seal"]), "replay.digest"),
    "an anchor for nothing": ("trust.json", lambda v: v["anchors"][0].update(purposes=[]), "replay.value"),
    "a number too long": ("request.json", lambda v: v["left"].update(paths="f" * 3000), "replay.value"),
    "a tag too many": ("facts.json", lambda v: _noted(v, {"time": "x", "date": "y"}), "replay.value"),
    "an unknown tag": ("facts.json", lambda v: _noted(v, {"code": "x"}), "replay.value"),
    "a date that is none": ("facts.json", lambda v: _noted(v, {"date": "2026-13-01"}), "replay.value"),
    "a kind of changes": ("facts.json", lambda v: _first(v).update(revision=REVISION), "replay.value"),
}
REVISION = {
    "field": "f",
    "byte_range": [0, 1, 2, 3],
    "covers_whole_file": True,
    "byte_range_valid": True,
    "length": 3,
    "changes": ["magic"],
}


def _noted(value: Any, inner: object) -> None:
    value["read"]["notes"] = [{"code": "content.not-covered", "values": {"a": inner}}]


@pytest.mark.parametrize(("name", "change", "code"), ODD.values(), ids=ODD.keys())
def test_a_member_that_says_what_cannot_be(name: str, change: Callable[[Any], object], code: str) -> None:
    assert refused(changed(order().archive, name, change)) == code


def test_more_than_any_file_may_have() -> None:
    def many(value: Any) -> None:
        value["read"]["signatures"] *= 2000

    def deep(value: Any) -> None:
        inner = _first(value)
        for _ in range(200):
            inner = {**_first(value), "counter_signatures": [inner]}
        value["read"]["signatures"] = [inner]

    assert refused(changed(order().archive, "facts.json", many)) == "replay.value"
    assert refused(changed(order().archive, "facts.json", deep)) == "replay.value"


ATOMS: tuple[Any, ...] = (None, True, 0, -1, 1 << 60, 1.5, "", "x", "0" * 64, [], {}, ["x"], {"time": 1}, "9" * 5000)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON value where something else can stand."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@pytest.mark.parametrize("kind", ["order", "receipt", "pdf"])
def test_whatever_stands_in_the_facts_nothing_but_typed_errors_comes_out(kind: str) -> None:
    first = {"receipt": lambda: replaying.receipt(payload(made())), "pdf": lambda: signed(format="pades")}.get(kind)
    parts = members((order() if first is None else judged(first())).archive)
    reports = refusals = 0
    for name in ("facts.json", "request.json", "trust.json", "policy.json")[: 4 if kind == "order" else 1]:
        whole = json.loads(parts[name])
        for holder, key in list(_places(whole)):
            before = holder[key]
            for atom in ATOMS:
                holder[key] = atom
                try:
                    evidence = unpack(resealed(parts | {name: json.dumps(whole).encode()}))
                except MalformedError:
                    refusals += 1
                    continue
                assert dresses(replayed(evidence))
                reports += 1
            holder[key] = before
    assert reports > 40
    assert refusals > 400
