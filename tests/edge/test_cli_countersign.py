"""``toyono-trust sign`` and ``seal`` with ``--countersign`` or ``--parallel``: one more signature for a signed file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import PAYLOAD, Place, Run
from plain_pdfs import classic

PROGRAM = "import sys; from toyono_trust.edge.main import toyono_trust; sys.exit(toyono_trust())"
RESIDENT = "resident-sign.p12"


@pytest.fixture
def order(tmp_path: Path) -> Path:
    path = tmp_path / "order.json"
    path.write_bytes(PAYLOAD)
    return path


@pytest.fixture
def signed(run: Run, place: Place, order: Path) -> dict[str, Path]:
    """The order, sealed by the town in every packaging."""
    found = {}
    for name, options in {
        "order.json.jws": ("--as", "jades"),
        "flat.jws.json": ("--as", "jades", "--serialization", "flattened", "--out", order.with_name("flat.jws.json")),
        "order.json.p7m": ("--as", "cades"),
        "order.json.p7s": ("--as", "cades", "--detached"),
    }.items():
        assert run("seal", order, *options, *place.key()).code == 0
        found[name] = order.with_name(name)
    return found


def signatures(run: Run, place: Place, path: Path, *options: object) -> list[dict[str, Any]]:
    """Verify; the file passes, and so does every signature in it."""
    ran = run("verify", path, *place.trust, "--format", "json", *options)
    assert ran.code == 0, ran.out + ran.err
    found: list[dict[str, Any]] = ran.lines[0]["signatures"]
    waiting = list(found)
    while waiting:
        one = waiting.pop()
        assert one["indication"] == "TOTAL-PASSED"
        waiting += one["counter_signatures"]
    return found


PRODUCTS = {
    "order.json.jws": "order.json.jws.json",
    "flat.jws.json": "flat.jws.json",
    "order.json.p7m": "order.json.p7m",
    "order.json.p7s": "order.json.p7s",
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_countersign(run: Run, place: Place, signed: dict[str, Path], name: str) -> None:
    source, product = signed[name], signed[name].with_name(PRODUCTS[name])
    in_place = product == source
    ran = run("sign", "--countersign", source, *place.key(RESIDENT), *(("--force",) if in_place else ()))
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert ran.err.startswith(f"{source} → {product} (")
    (one,) = signatures(run, place, product)
    assert len(one["counter_signatures"]) == 1
    assert one["counter_signatures"][0]["signer"]["kind"] == "natural-person"
    for language, says in (("en", "countersignature · "), ("ja", "副署 · ")):
        assert run("verify", product, *place.trust, "--lang", language).out.count(says) == 1


@pytest.mark.parametrize("name", PRODUCTS)
def test_parallel(run: Run, place: Place, signed: dict[str, Path], name: str) -> None:
    target = signed[name].with_name("out.bin")
    ran = run("sign", signed[name], "--parallel", "--out", target, *place.key(RESIDENT), "--role", "課長")
    assert ran.code == 0, ran.err
    assert ("content: order.json, found beside it" in ran.err) == (name == "order.json.p7s")
    content = ("--content", signed[name].with_name("order.json"))
    found = signatures(run, place, target, *content)
    assert len({item["id"] for item in found}) == 2
    assert sorted(item["signer"]["kind"] for item in found) == ["legal-person", "natural-person"]


def test_one_signature_of_several_by_its_id(run: Run, place: Place, signed: dict[str, Path]) -> None:
    source, both = signed["order.json.p7m"], signed["order.json.p7m"].with_name("both.p7m")
    assert run("sign", source, "--parallel", "--out", both, *place.key(RESIDENT)).code == 0
    first, second = (item["id"] for item in signatures(run, place, both))
    ran = run("seal", both, "--countersign", *place.key(), "--force")
    assert ran.code == 64
    assert "[addition.no-such-signature]" in ran.err
    assert first in ran.err
    assert second in ran.err
    for words in (("--countersign", second, both), (both, f"--countersign={second}")):
        ran = run("seal", *words, *place.key(), "--force")
        assert ran.code == 0, ran.err
    counts = {item["id"]: item["counter_signatures"] for item in signatures(run, place, both)}
    assert {name: len(found) for name, found in counts.items()} == {first: 0, second: 2}
    inner = counts[second][0]["id"]
    assert run("seal", both, "--countersign", inner, *place.key(), "--force").code == 0
    nested = next(item for item in signatures(run, place, both) if item["id"] == second)["counter_signatures"]
    assert [len(item["counter_signatures"]) for item in nested if item["id"] == inner] == [1]


def test_content_is_named_where_it_does_not_lie_beside(run: Run, place: Place, signed: dict[str, Path]) -> None:
    elsewhere = signed["order.json.p7s"].with_name("sub")
    elsewhere.mkdir()
    source = signed["order.json.p7s"].rename(elsewhere / "order.json.p7s")
    ran = run("sign", source, "--parallel", "--out", elsewhere / "both.p7s", *place.key(RESIDENT))
    assert ran.code == 64
    assert "[addition.content]" in ran.err
    assert "--content FILE" in ran.err
    content = source.parent.parent / "order.json"
    ran = run("sign", source, "--parallel", "--content", content, "--out", elsewhere / "both.p7s", *place.key(RESIDENT))
    assert ran.code == 0, ran.err
    assert len(signatures(run, place, elsewhere / "both.p7s", "--content", content)) == 2
    content.write_bytes(b"changed")
    ran = run("sign", source, "--parallel", "--content", content, "--force", *place.key(RESIDENT), "--lang", "ja")
    assert ran.code == 64
    assert "[addition.broken]" in ran.err
    assert "検証に失敗した" in ran.err


def test_what_lies_beside_an_attached_signature_does_not_matter(
    run: Run, place: Place, signed: dict[str, Path], order: Path
) -> None:
    order.write_bytes(b"changed since")
    for name in ("order.json.jws", "order.json.p7m"):
        target = signed[name].with_name("both")
        assert run("sign", signed[name], "--parallel", "--out", target, "--force", *place.key(RESIDENT)).code == 0
        assert len(signatures(run, place, target)) == 2


def test_nothing_is_replaced_without_force(run: Run, place: Place, signed: dict[str, Path]) -> None:
    source = signed["order.json.p7m"]
    before = source.read_bytes()
    ran = run("seal", source, "--countersign", *place.key())
    assert ran.code == 64
    assert "exists already" in ran.err
    assert source.read_bytes() == before


def test_several_files_into_a_folder(run: Run, place: Place, signed: dict[str, Path], tmp_path: Path) -> None:
    products = tmp_path / "products"
    products.mkdir()
    sources = [signed["order.json.p7m"], signed["order.json.p7s"]]
    assert run("sign", *sources, "--countersign", "--out", products, *place.key(RESIDENT)).code == 0
    assert sorted(path.name for path in products.iterdir()) == ["order.json.p7m", "order.json.p7s"]
    (one,) = signatures(run, place, products / "order.json.p7m")
    assert len(one["counter_signatures"]) == 1


def test_in_a_pipe(place: Place, signed: dict[str, Path]) -> None:
    key = [str(word) for word in place.key(RESIDENT)]
    command = [sys.executable, "-c", PROGRAM, "sign", "-", "--as", "jades", "--countersign", *key]
    octets = signed["order.json.jws"].read_bytes()
    made = subprocess.run(command, input=octets, capture_output=True, check=True, timeout=60)
    assert made.stderr == b""
    command = [sys.executable, "-c", PROGRAM, "verify", "-", *place.trust]
    assert subprocess.run(command, input=made.stdout, check=False, timeout=60).returncode == 0


def test_a_pdf_is_signed_once_more(run: Run, place: Place, tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(classic())
    assert run("seal", source, *place.key()).code == 0
    for option in ("--countersign", "--parallel"):
        ran = run("sign", tmp_path / "a.signed.pdf", option, *place.key(RESIDENT))
        assert ran.code == 64
        assert "[addition.sequential]" in ran.err
        assert "without --countersign and --parallel" in ran.err
        ran = run("sign", tmp_path / "a.signed.pdf", option, *place.key(RESIDENT), "--lang", "ja")
        assert "順番に" in ran.err
    assert run("sign", tmp_path / "a.signed.pdf", *place.key(RESIDENT)).code == 0
    assert len(signatures(run, place, tmp_path / "a.signed-2.pdf")) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--countersign", "--parallel"), "[addition.arguments]"),
        (("--parallel", "--detached"), "[addition.arguments]"),
        (("--countersign", "--content-type", "text/plain"), "[addition.arguments]"),
        (("--countersign", "signature-0123456789abcdef"), "[addition.no-such-signature]"),
        (("--countersign=3f"), "[addition.no-such-signature]"),
        (("--countersign", "--serialization", "general"), "[jades.counter]"),
        (("--parallel", "--serialization", "flattened"), "[jades.join]"),
        (("--countersign", "--as", "cades"), "[addition.format]"),
        (("--content", "."), "--content goes with"),
    ],
)
def test_misuse(run: Run, place: Place, signed: dict[str, Path], options: Any, says: str) -> None:
    before = sorted(path.name for path in signed["order.json.jws"].parent.iterdir())
    words = (options,) if isinstance(options, str) else options
    formats = () if "--as" in words or "--countersign" in words[0] or "--parallel" in words else ("--as", "jades")
    ran = run("seal", signed["order.json.jws"], *words, *formats, "--out", "out", *place.key())
    assert ran.code == 64
    assert says in ran.err
    assert sorted(path.name for path in signed["order.json.jws"].parent.iterdir()) == before


def test_what_is_no_signed_file(run: Run, place: Place, order: Path) -> None:
    ran = run("seal", order, "--countersign", "--out", order.with_name("out"), *place.key())
    assert ran.code == 64
    assert "[addition.format]" in ran.err
    ran = run("seal", order.with_name("none.jws"), "--countersign", *place.key())
    assert ran.code == 66
    other = order.rename(order.with_name("order.txt"))
    ran = run("seal", other, "--countersign", "--out", order.with_name("out"), *place.key())
    assert ran.code == 64
    assert "--as" in ran.err


@pytest.mark.integration
class TestStamped:
    @pytest.mark.parametrize("option", ["--countersign", "--parallel"])
    @pytest.mark.parametrize("name", ["order.json.jws", "order.json.p7m"])
    def test_time_stamp(self, run: Run, served: tuple[Place, str], order: Path, option: str, name: str) -> None:
        place, url = served
        assert run("seal", order, "--as", "jades" if "jws" in name else "cades", *place.key()).code == 0
        target = order.with_name("out")
        ran = run("sign", order.with_name(name), option, "--tsa", url, "--out", target, *place.key(RESIDENT))
        assert ran.code == 0, ran.err
        assert "B-T" in ran.err
        found = signatures(run, place, target)
        new = found[0]["counter_signatures"] if option == "--countersign" else found
        assert sorted(item["level"] for item in new) == (["B-T"] if option == "--countersign" else ["B-B", "B-T"])

    def test_archived_at_once(self, run: Run, served: tuple[Place, str], order: Path) -> None:
        place, url = served
        assert run("seal", order, "--as", "cades", "--detached", *place.key()).code == 0
        ran = run(
            *("sign", order.with_name("order.json.p7s"), "--countersign", "--level", "B-LTA", "--tsa", url),
            *("--allow-private", *place.trust, "--force", *place.key(RESIDENT)),
        )
        assert ran.code == 0, ran.err
        assert "verifies without another step until" in ran.err
        (one,) = signatures(run, place, order.with_name("order.json.p7s"))
        assert (one["level"], len(one["counter_signatures"])) == ("B-LTA", 1)
