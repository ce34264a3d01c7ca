"""``toyono-trust augment``: products and exit codes, what is left alone, files of every kind, interruption."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

import plain_pdfs
from command_line import PAYLOAD, Place, Run, Silent
from toyono_trust import seal
from toyono_trust.formats.pades import PdfDetails

NAMES = {"jades": "order.json.jws", "cades": "order.json.p7m", "pades": "order.pdf"}
TRUST = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
from toyono_trust.edge.main import toyono_trust
sys.exit(toyono_trust())
"""
Served = tuple[Place, str]
Make = Callable[..., Path]


def online(served: Served) -> tuple[str, ...]:
    place, tsa = served
    return (*place.trust, "--tsa", tsa, "--allow-private")


@pytest.fixture
def make(served: Served, tmp_path: Path) -> Make:
    """Write a sealed file of the served town, at B-B."""
    by = served[0].town.identity("town")

    def call(format: str, name: str = "", **options: object) -> Path:
        content = plain_pdfs.classic() if format == "pades" else PAYLOAD
        path = tmp_path / (name or NAMES[format])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seal(content, by=by, format=format, **options))  # type: ignore[call-overload]
        return path

    return call


def level_of(run: Run, served: Served, path: Path, *more: object) -> str:
    ran = run("verify", path, *served[0].trust, "--format", "json", *more)
    assert ran.code == 0, ran
    level: str = ran.lines[0]["signatures"][0]["level"]
    return level


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest; hidden leftovers would be among them."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# -- products


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("format", ["jades", "cades", "pades"])
def test_each_level_in_place(run: Run, served: Served, make: Make, format: str, level: str) -> None:
    path = make(format)
    before = path.read_bytes()
    ran = run("augment", path, "--level", level, "--in-place", *online(served))
    assert (ran.code, ran.out) == (0, "")
    assert f"{path} → {path} ({level})" in ran.err
    assert "verifies without another step until" in ran.err
    assert level_of(run, served, path) == level
    if format == "pades":
        assert path.read_bytes().startswith(before)
    assert sorted(state(path.parent)) == [path.name]


def test_products_go_where_it_is_said(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    paths = [make("cades"), make("pades")]
    before = [path.read_bytes() for path in paths]
    archive = tmp_path / "archive"
    archive.mkdir()
    assert run("augment", *paths, "--out", archive, *online(served)).code == 0
    assert [path.read_bytes() for path in paths] == before
    for path in paths:
        assert level_of(run, served, archive / path.name) == "B-LTA"
    again = run("augment", *paths, "--out", archive, *online(served))
    assert (again.code, "exists already" in again.err) == (64, True)
    assert run("augment", *paths, "--out", archive, "--force", *online(served)).code == 0
    single = tmp_path / "one.p7m"
    assert run("augment", paths[0], "-o", single, *online(served)).code == 0
    assert level_of(run, served, single) == "B-LTA"


def test_a_file_at_its_level_is_left_alone_in_place_and_is_no_product_elsewhere(
    run: Run, served: Served, make: Make, tmp_path: Path
) -> None:
    path = make("cades")
    assert run("augment", path, "--level", "B-T", "--in-place", *online(served)).code == 0
    before = path.read_bytes()
    ran = run("augment", path, "--level", "B-T", "--in-place", *online(served))
    assert (ran.code, "has this level already" in ran.err) == (0, True)
    ran = run("augment", path, "--level", "B-T", "--out", tmp_path / "x", *online(served))
    assert (ran.code, "augment.nothing-to-do" in ran.err) == (64, True)
    assert not (tmp_path / "x").exists()
    assert path.read_bytes() == before
    assert run("augment", path, "--level", "B-LT", "--in-place", *online(served)[:2], "--allow-private").code == 0


def test_a_signature_can_be_chosen(run: Run, served: Served, make: Make) -> None:
    path = make("cades")
    name = run("verify", path, *served[0].trust, "--format", "json").lines[0]["signatures"][0]["id"]
    ran = run("augment", path, "--signature", "signature-0", "--in-place", *online(served))
    assert (ran.code, "augment.no-such-signature" in ran.err) == (64, True)
    assert run("augment", path, "--signature", name, "--in-place", *online(served)).code == 0
    assert level_of(run, served, path) == "B-LTA"


def test_json_for_each_file(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    path, missing = make("cades"), tmp_path / "missing.p7m"
    ran = run("augment", path, missing, "--in-place", "--format", "json", *online(served))
    assert ran.code == 66
    done, failed = ran.lines
    assert (done["file"], done["outcome"], done["product"], done["level"]) == (
        str(path),
        "augmented",
        str(path),
        "B-LTA",
    )
    assert done["indication"] == "TOTAL-PASSED"
    assert done["valid_until"].endswith("Z")
    assert done["lapse"]["code"] == "certificate.expired"
    assert "TSA" in done["lapse"]["subject"]
    assert done["error"] is None
    assert (failed["outcome"], failed["error"]["code"], failed["level"]) == ("failed", "file.unreadable", None)
    assert set(done) == set(failed)
    ran = run("augment", path, "--level", "B-T", "--in-place", "--format", "json", *online(served))
    assert ran.lines[0]["outcome"] == "unchanged"


# -- what is left alone


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data.replace(b"order", b"Order"), 1),
        (lambda data: data[:300], 1),
        (lambda data: b"hello", 64),
    ],
)
def test_what_does_not_pass_is_not_touched(
    run: Run, served: Served, make: Make, spoil: Callable[[bytes], bytes], code: int
) -> None:
    path = make("cades")
    path.write_bytes(spoil(path.read_bytes()))
    before = state(path.parent)
    ran = run("augment", path, "--in-place", *online(served))
    assert ran.code == code, ran
    assert path.name in ran.err
    assert state(path.parent) == before


def test_what_others_are_trusted_for_is_undecided(run: Run, served: Served, place: Place, make: Make) -> None:
    path = make("cades")
    before = path.read_bytes()
    ran = run("augment", path, "--in-place", *place.trust, "--tsa", served[1], "--allow-private")
    assert (ran.code, "augment.not-verified" in ran.err) == (2, True)
    assert path.read_bytes() == before


def test_an_authority_that_is_down_leaves_everything_as_it_was(run: Run, served: Served, make: Make) -> None:
    paths = [make("cades"), make("jades"), make("pades")]
    before = state(paths[0].parent)
    down = (*served[0].trust, "--tsa", "http://127.0.0.1:9/tsr", "--allow-private")
    ran = run("augment", *paths, "--in-place", *down)
    assert ran.code == 69
    assert ran.err.count("net.refused") == 3
    ran = run("augment", "--due", "20y", paths[0].parent, *down, "--format", "json")
    assert ran.code == 69
    assert {line["error"]["code"] for line in ran.lines} == {"net.refused"}
    assert state(paths[0].parent) == before
    second = ("--tsa", "http://127.0.0.1:9/tsr", "--tsa", served[1])
    assert run("augment", paths[0], "--in-place", *served[0].trust, *second, "--allow-private").code == 0


def test_an_authority_that_never_answers_is_given_up(run: Run, served: Served, make: Make, silent: Silent) -> None:
    path = make("cades")
    before = state(path.parent)
    started = time.monotonic()
    ran = run("augment", path, "--in-place", *served[0].trust, "--tsa", silent.url, "--allow-private", "--timeout", "1")
    assert (ran.code, time.monotonic() - started < 20) == (69, True)
    assert ("--timeout" in ran.err, "Http(" in ran.err) == (True, False)
    assert state(path.parent) == before


def test_the_others_are_augmented_when_one_is_not(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    first, last = make("cades"), make("jades")
    altered = make("cades", "altered.p7m")
    altered.write_bytes(altered.read_bytes().replace(b"order", b"Order"))
    several = (first, tmp_path / "none.p7m", altered, tmp_path, last)
    ran = run("augment", *several, "--in-place", *online(served))
    assert ran.code == 66
    assert "none.p7m cannot be read" in ran.err
    assert "is a folder" in ran.err
    assert {level_of(run, served, path) for path in (first, last)} == {"B-LTA"}
    assert run("augment", altered, last, "--in-place", *online(served)).code == 1


# -- usage


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{f}", "--tsa", "{tsa}", "{trust}"], "--out FILE|DIR, or --in-place"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--in-place", "--out", "x"], "--out FILE|DIR, or --in-place"),
        (["{f}", "--tsa", "{tsa}", "--in-place"], "--trust"),
        (["{f}", "{trust}", "--in-place"], "--tsa"),
        (["{f}", "{f}", "--tsa", "{tsa}", "{trust}", "--in-place"], "named twice"),
        (["{f}", "{g}", "--tsa", "{tsa}", "{trust}", "--out", "x"], "same product"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--out", "none/"], "cannot be written"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--list", "--in-place"], "--due"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--due", "soon"], "no span"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--due", "1y", "--out", "x"], "--out and --signature"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--due", "1y", "--signature", "x"], "--out and --signature"),
        (["{f}", "--tsa", "{tsa}", "{trust}", "--level", "B-B", "--in-place"], "--level"),
        (["{trust}"], "FILE"),
    ],
)
def test_wrong_use(run: Run, served: Served, make: Make, arguments: list[str], says: str) -> None:
    names = {"f": make("cades"), "g": make("jades"), "tsa": served[1]}
    given: list[str] = []
    for argument in arguments:
        given += served[0].trust if argument == "{trust}" else (argument.format(**names),)
    before = state(names["f"].parent)  # type: ignore[union-attr]
    ran = run("augment", *given)
    assert ran.code == 64
    assert says in ran.err
    assert state(names["f"].parent) == before  # type: ignore[union-attr]


# -- files of every kind


def test_a_read_only_file_is_replaced_only_by_force_and_keeps_its_permissions(
    run: Run, served: Served, make: Make
) -> None:
    path = make("cades")
    path.chmod(0o440)
    before = path.read_bytes()
    ran = run("augment", path, "--in-place", *online(served))
    assert (ran.code, "is read-only" in ran.err) == (64, True)
    ran = run("augment", "--due", "20y", path, *online(served))
    assert (ran.code, "is read-only" in ran.err) == (70, True)
    assert path.read_bytes() == before
    assert run("augment", path, "--in-place", "--force", *online(served)).code == 0
    assert path.stat().st_mode & 0o777 == 0o440
    assert level_of(run, served, path) == "B-LTA"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_what_a_link_names_is_replaced_where_it_lies(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    path = make("cades", "vault/order.p7m")
    link = tmp_path / "link.p7m"
    link.symlink_to(path)
    assert run("augment", link, "--in-place", *online(served)).code == 0
    assert link.is_symlink()
    assert level_of(run, served, path) == "B-LTA"
    ran = run("augment", link, path, "--in-place", *online(served))
    assert (ran.code, "named twice" in ran.err) == (64, True)
    lost = tmp_path / "lost.p7m"
    lost.symlink_to(tmp_path / "nowhere")
    assert run("augment", lost, "--in-place", *online(served)).code == 66


class TestDetached:
    def test_content_beside(self, run: Run, served: Served, make: Make, tmp_path: Path) -> None:
        path = make("cades", "order.json.p7s", detached=True)
        (tmp_path / "order.json").write_bytes(PAYLOAD)
        assert run("augment", path, "--in-place", *online(served)).code == 0
        assert level_of(run, served, path) == "B-LTA"

    def test_content_that_is_missing_or_another(self, run: Run, served: Served, make: Make, tmp_path: Path) -> None:
        path = make("cades", "order.json.p7s", detached=True)
        before = path.read_bytes()
        assert run("augment", path, "--in-place", *online(served)).code == 2
        (tmp_path / "order.json").write_bytes(b"another")
        assert run("augment", path, "--in-place", *online(served)).code == 1
        assert path.read_bytes() == before

    def test_content_that_is_named_among_others(self, run: Run, served: Served, make: Make, tmp_path: Path) -> None:
        contents = tmp_path / "contents"
        contents.mkdir()
        by = served[0].town.identity("town")
        paths = []
        for name in ("a.txt", "b.txt"):
            (contents / name).write_text(name, "utf-8")
            paths.append(tmp_path / f"{name}.p7s")
            paths[-1].write_bytes(seal(name.encode(), by=by, format="cades", detached=True))
        assert run("augment", *paths, "--in-place", "--content", contents, *online(served)).code == 0
        for path in paths:
            assert level_of(run, served, path, "--content", contents / path.stem) == "B-LTA"
        ran = run("augment", "--due", "20y", "--list", *paths, "--content", contents, *online(served))
        assert (ran.code, len(ran.out.splitlines())) == (0, 2)

    def test_what_is_attached_has_no_use_for_what_lies_beside(
        self, run: Run, served: Served, make: Make, tmp_path: Path
    ) -> None:
        (tmp_path / "order.json").write_bytes(b"something else")
        for format in ("jades", "cades"):
            assert run("augment", make(format), "--in-place", *online(served)).code == 0


def test_a_pdf_with_a_password(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    by = served[0].town.identity("town")
    path, password, wrong = tmp_path / "locked.pdf", tmp_path / "password", tmp_path / "wrong"
    document = plain_pdfs.encrypted("geheim", "owner")
    path.write_bytes(bytes(seal(document, by=by, format="pades", details=PdfDetails(password="geheim"))))
    password.write_text("geheim\n", "utf-8")
    wrong.write_text("other\n", "utf-8")
    before = path.read_bytes()
    ran = run("augment", path, "--in-place", *online(served))
    assert ran.code == 64
    assert "--password-file" in ran.err
    trusting = ("verify", path, *served[0].trust)
    assert "name a file that holds the password with --password-file" in run(*trusting).out
    assert "the right password with --password-file" in run(*trusting, "--password-file", wrong).out
    assert "--password-file" not in run(*trusting, "--password-file", password).out
    assert run("augment", path, "--in-place", "--password-file", wrong, *online(served)).code != 0
    assert path.read_bytes() == before
    assert run("augment", path, "--in-place", "--password-file", password, *online(served)).code == 0
    assert level_of(run, served, path, "--password-file", password) == "B-LTA"


# -- neighbours


@pytest.fixture
def meanwhile(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Let something happen while the town's servers answer: when they look at the clock."""
    town = served[0].town
    clock = town.clock

    def during(happens: Callable[[], None]) -> None:
        def ask() -> datetime:
            happens()
            return clock()

        monkeypatch.setattr(town, "clock", ask)

    return during


Meanwhile = Callable[[Callable[[], None]], None]


@pytest.mark.parametrize("options", [("--in-place",), ("--due", "20y")])
@pytest.mark.parametrize("format", ["cades", "pades"])
def test_a_file_that_others_change_meanwhile_stays_theirs(
    run: Run, served: Served, make: Make, meanwhile: Meanwhile, format: str, options: tuple[str, ...]
) -> None:
    """Invariant: no update by somebody else is lost."""
    path = make(format)
    meanwhile(lambda: path.write_bytes(b"what a colleague just saved") and None)  # type: ignore[func-returns-value]
    ran = run("augment", path, *options, *online(served), "--format", "json")
    assert (ran.code, ran.lines[-1]["outcome"], ran.lines[-1]["error"]["code"]) == (1, "failed", "file.changed")
    assert path.read_bytes() == b"what a colleague just saved"
    assert sorted(state(path.parent)) == [path.name]
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    ran = run("augment", path, "--in-place", *online(served), "--lang", "ja")
    assert "file.changed" not in ran.err  # it is another file now


@pytest.mark.skipif(os.name == "nt", reason="permissions differ there")
def test_what_is_being_made_is_nobody_elses(run: Run, served: Served, make: Make, meanwhile: Meanwhile) -> None:
    """Invariant: whoever may write to the folder can neither guess a name in it nor reach what lies below it."""
    path = make("cades")
    seen: set[tuple[str, int]] = set()

    def look() -> None:
        seen.update((each.name, each.lstat().st_mode) for each in path.parent.iterdir() if each != path)

    meanwhile(look)
    for _ in range(2):
        assert run("augment", path, "--in-place", *online(served)).code == 0
    assert len({name for name, _ in seen}) == 2
    assert all(stat.S_ISDIR(mode) and mode & 0o077 == 0 for _, mode in seen)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_folder_that_is_swapped_for_a_link(
    run: Run, served: Served, make: Make, meanwhile: Meanwhile, tmp_path: Path
) -> None:
    """What the link names keeps octets, permissions and owner; so does the file."""
    path = make("cades", "shared/order.p7m")
    before = path.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("order.p7m", "product"):
        (elsewhere / name).write_bytes(b"a victim's")
        (elsewhere / name).chmod(0o600)
    victims = state(elsewhere)

    def swap() -> None:
        for each in path.parent.iterdir():
            if each != path and not each.is_symlink():
                each.rename(tmp_path / f"moved-{each.name}")
                each.symlink_to(elsewhere)

    meanwhile(swap)
    assert run("augment", path, "--in-place", *online(served)).code == 66
    assert path.read_bytes() == before
    assert {name: state(elsewhere)[name] for name in victims} == victims
    assert {(elsewhere / name).stat().st_mode & 0o777 for name in victims} == {0o600}


def test_neighbours_with_the_old_names_stay(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    path = make("cades")
    for name in (f".{path.name}.augmented", ".augmented-"):
        (tmp_path / name).write_bytes(b"a neighbour's")
    before = state(tmp_path)
    assert run("augment", path, "--in-place", *online(served)).code == 0
    after = state(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {path.name}
    assert set(after) == set(before)


# -- interruption


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
@pytest.mark.parametrize("due", [(), ("--due", "20y")])
def test_interrupted_nothing_is_half_done(served: Served, make: Make, silent: Silent, due: tuple[str, ...]) -> None:
    """It stands at an authority that never answers, before the second of two files."""
    paths = [make("cades"), make("jades")]
    before = state(paths[0].parent)
    command = [sys.executable, "-c", TRUST, "augment", *map(str, paths), *(due or ("--in-place",))]
    command += [*served[0].trust, "--tsa", silent.url, "--allow-private"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        silent.listener.accept()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert state(paths[0].parent) == before
    if due:
        assert output.decode().startswith("due ")
        assert errors.decode().strip() == "2 files: -"


@pytest.mark.skipif(os.name == "nt", reason="signals differ there")
def test_interrupted_what_was_done_is_whole(run: Run, served: Served, make: Make, tmp_path: Path) -> None:
    paths = [make("cades", f"many/{number}.p7m") for number in range(200)]
    command = [sys.executable, "-c", TRUST, "augment", *map(str, paths), "--in-place", *online(served)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"5.p7m" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert sorted(state(tmp_path)) == sorted(f"many/{path.name}" for path in paths)
    ran = run("verify", *paths, *served[0].trust, "--format", "json")
    levels = [line["signatures"][0]["level"] for line in ran.lines]
    assert ran.code == 0
    assert levels == ["B-LTA"] * levels.count("B-LTA") + ["B-B"] * levels.count("B-B")
    assert 5 <= levels.count("B-LTA") < 200


def test_the_help_loads_nothing_heavy() -> None:
    code = "import sys; from toyono_trust.edge.main import toyono_trust; toyono_trust(['augment', '--help']); "
    command = [sys.executable, "-c", code + "print(sorted(sys.modules), file=sys.stderr)"]
    loaded = subprocess.run(command, capture_output=True, check=True, timeout=60).stderr.decode()
    assert "'toyono_trust.edge.commands.augment'" in loaded
    assert [name for name in ("urllib3", "pyhanko", "asn1crypto", "lxml", "jinja2") if f"'{name}'" in loaded] == []
