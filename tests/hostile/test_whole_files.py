"""Output files hold all of the new octets or all of the old ones, whenever the process dies."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from toyono_trust.sources import write_whole

OLD, NEW = b"old" * 1_000, b"new" * 400_000
STEPS = ("tempfile.mkstemp", "os.fdopen", "os.fsync", "os.fchmod", "pathlib.Path.replace")


def _dying(path: Path, step: str, *, after: bool) -> int:
    """Write in a child process that is killed before or after a step; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        module, _, name = step.rpartition(".")
        holder = {"tempfile": __import__("tempfile"), "os": os, "pathlib.Path": Path}[module]
        original = getattr(holder, name)

        def die(*given: object, **named: object) -> None:
            if after:
                original(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(holder, name, die)
        write_whole(path, NEW)
    finally:
        os._exit(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("old", [OLD, None], ids=["there", "not there"])
def test_killed_while_writing(tmp_path: Path, step: str, after: bool, old: bytes | None) -> None:
    # a file is replaced whole or not at all
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    status = _dying(path, step, after=after)
    assert os.WIFSIGNALED(status)
    found = path.read_bytes() if path.exists() else None
    assert found == (NEW if step.endswith("replace") and after else old)


@pytest.mark.parametrize("step", ["os.fsync", "os.fchmod", "pathlib.Path.replace"])
def test_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    # an error while writing leaves the old file and nothing beside it
    path = tmp_path / "file"
    path.write_bytes(OLD)

    def refuse(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, NEW)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == OLD


def test_rights_of_the_old_file_stay(tmp_path: Path) -> None:
    # replacing a private file does not open it to others
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o600)
    write_whole(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_replaced_and_what_it_names_stays(tmp_path: Path) -> None:
    # neither content nor permissions of the other file are touched or taken over
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_bytes(OLD)
    victim.chmod(0o777)
    link.symlink_to(victim)
    write_whole(link, NEW)
    assert (victim.read_bytes(), stat.S_IMODE(victim.stat().st_mode)) == (OLD, 0o777)
    assert not link.is_symlink()
    assert stat.S_IMODE(link.stat().st_mode) & 0o111 == 0


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_name_that_is_swapped_while_writing(tmp_path: Path) -> None:
    # permissions go to the file that was written, not to whatever its name has become
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(OLD)
    victim.chmod(0o600)
    path.write_bytes(OLD)
    path.chmod(0o644)

    def pieces() -> Iterator[bytes]:
        yield b"first"
        (temporary,) = [each for each in tmp_path.iterdir() if each.name.startswith(".file.")]
        temporary.unlink()
        temporary.symlink_to(victim)
        yield b"second"

    write_whole(path, pieces())
    assert (victim.read_bytes(), stat.S_IMODE(victim.stat().st_mode)) == (OLD, 0o600)
