"""What ``Http`` keeps on disk: until when, for which question, damaged, full, and shared by several processes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gathering_site import Site, Told
from gathering_site import site as serving
from toyono_trust.errors import MisuseError, UnavailableError
from toyono_trust.net import Http
from toyono_trust.net.cache import Cache
from toyono_trust.steps import Answer, Fetch, World, arun, run

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY = b"revocation data" * 100


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        made.pages["/a.crl"] = BODY
        yield made


def until(moment: datetime | None) -> Callable[[bytes], datetime | None]:
    return lambda body: moment


def fetch(site: Site, **changes: Any) -> Fetch:
    return Fetch(f"{site.url}/a.crl", keep_until=until(NOON + HOUR))._replace(**changes)


# -- through Http


@pytest.mark.integration
def test_an_answer_is_kept_until_it_lapses(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "kept")
    times = [NOON, NOON, NOON + HOUR - timedelta(seconds=1), NOON + HOUR, NOON - HOUR]
    seen = []
    for at in times:
        assert http.fetch(fetch(site), None, at).body == BODY
        seen.append(len(site.asked))
    # neither after it lapsed, nor before it came: then what is kept belongs to another time
    assert seen == [1, 1, 1, 2, 3]


@pytest.mark.integration
def test_the_whole_question_is_the_key(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "kept")
    questions = [
        fetch(site),
        fetch(site, subject="another certificate"),
        fetch(site, method="POST", body=b"one"),
        fetch(site, method="POST", body=b"two"),
        fetch(site, url=f"{site.url}/a.crl?b"),
    ]
    for repeated in (questions, questions):
        for question in repeated:
            http.fetch(question, None, NOON)
    assert len(site.asked) == len(questions)


@pytest.mark.integration
@pytest.mark.parametrize(
    "change",
    [
        {"keep_until": None},
        {"keep_until": until(None)},
        {"keep_until": until(NOON)},
        {"keep_until": until(NOON - HOUR)},
    ],
)
def test_what_may_not_be_kept_is_not_kept(site: Site, tmp_path: Path, change: dict[str, Any]) -> None:
    http = Http(cache=tmp_path / "kept")
    for _ in range(2):
        http.fetch(fetch(site, **change), None, NOON)
    assert len(site.asked) == 2
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.integration
def test_nothing_is_kept_without_the_present_or_without_success(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "kept")
    http.fetch(fetch(site))
    site.pages["/a.crl"] = Told(BODY, 404)
    assert http.fetch(fetch(site), None, NOON).status == 404
    assert list((tmp_path / "kept").iterdir()) == []
    assert Http().fetch(fetch(site), None, NOON).status == 404


@pytest.mark.integration
def test_anew_passes_the_cache_and_replaces_what_it_held(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "kept")
    http.fetch(fetch(site), None, NOON)
    site.pages["/a.crl"] = b"newer"
    assert http.fetch(fetch(site), None, NOON).body == BODY
    assert http.fetch(fetch(site, anew=True), None, NOON).body == b"newer"
    assert http.fetch(fetch(site), None, NOON).body == b"newer"
    assert len(site.asked) == 2


@pytest.mark.integration
def test_a_kept_answer_obeys_the_limit_of_its_size(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "kept")
    http.fetch(fetch(site), None, NOON)
    assert http.fetch(fetch(site, max_bytes=len(BODY)), None, NOON).body == BODY
    with pytest.raises(UnavailableError, match=r"net\.too-large"):
        http.fetch(fetch(site, max_bytes=len(BODY) - 1), None, NOON)


@pytest.mark.integration
@pytest.mark.parametrize("awaitable", [False, True])
def test_the_drivers_tell_the_present(site: Site, tmp_path: Path, awaitable: bool) -> None:
    import asyncio

    def twice() -> Any:
        for _ in range(2):
            (answer,) = yield (fetch(site),)
            assert isinstance(answer, Answer)
            assert answer.value.body == BODY

    world = World(lambda: NOON, os.urandom, time.monotonic, Http(cache=tmp_path / "kept"))
    if awaitable:
        asyncio.run(arun(twice(), world))
    else:
        run(twice(), world)
    assert len(site.asked) == 1


@pytest.mark.integration
def test_a_closed_http_gives_nothing_it_kept(site: Site, tmp_path: Path) -> None:
    with Http(cache=tmp_path / "kept") as http:
        http.fetch(fetch(site), None, NOON)
    with pytest.raises(MisuseError, match=r"net\.closed"):
        http.fetch(fetch(site), None, NOON)


@pytest.mark.integration
def test_the_folder_tells_nobody_what_was_asked(site: Site, tmp_path: Path) -> None:
    http = Http(cache=tmp_path / "deep" / "kept")
    http.fetch(fetch(site, url=f"{site.url}/a.crl?token=secret", subject="somebody"), None, NOON)
    folder = tmp_path / "deep" / "kept"
    assert folder.stat().st_mode & 0o777 == 0o700
    (entry,) = folder.iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    whole = entry.name.encode() + entry.read_bytes()
    assert not any(word in whole for word in (b"secret", b"127.0.0.1", b"somebody"))


# -- the folder


ASKED = Fetch("http://crl.example/a.crl")


def kept(folder: Path) -> tuple[Cache, Path]:
    cache = Cache(folder)
    cache.put(ASKED, BODY, NOON, NOON + HOUR)
    (entry,) = folder.iterdir()
    return cache, entry


def test_every_damaged_octet_makes_it_a_miss(tmp_path: Path) -> None:
    cache, entry = kept(tmp_path)
    data = entry.read_bytes()
    assert cache.get(ASKED, NOON, 1 << 20) == BODY
    for place in range(0, len(data), 7):
        entry.write_bytes(data[:place] + bytes([data[place] ^ 0x20]) + data[place + 1 :])
        assert cache.get(ASKED, NOON, 1 << 20) is None
    for length in (0, 1, 20, 60, 100, len(data) - 1):
        entry.write_bytes(data[:length])
        assert cache.get(ASKED, NOON, 1 << 20) is None
    entry.write_bytes(data + b"more")
    assert cache.get(ASKED, NOON, 1 << 20) is None
    cache.put(ASKED, BODY, NOON, NOON + HOUR)
    assert cache.get(ASKED, NOON, 1 << 20) == BODY


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), sealed=st.booleans())
def test_any_octets_are_an_entry_or_a_miss(tmp_path: Path, data: bytes, sealed: bool) -> None:
    """Invariant: nothing that lies in the folder makes reading fail."""
    cache = Cache(tmp_path)
    cache.put(ASKED, b"", NOON, NOON + HOUR)
    (entry,) = tmp_path.iterdir()
    if sealed:  # a right digest over anything
        magic = entry.read_bytes().split(b"\n")[0] + b"\n"
        data = magic + hashlib.sha256(entry.name.encode() + b"\n" + data).digest() + data
    entry.write_bytes(data)
    assert cache.get(ASKED, NOON, 1 << 20) in (None, data.partition(b" ")[2])


def test_an_entry_under_another_name_is_a_miss(tmp_path: Path) -> None:
    cache, entry = kept(tmp_path)
    other = ASKED._replace(subject="other")
    cache.put(other, b"other", NOON, NOON + HOUR)
    (second,) = [each for each in tmp_path.iterdir() if each != entry]
    second.write_bytes(entry.read_bytes())
    assert cache.get(other, NOON, 1 << 20) is None


def test_what_is_in_the_way_is_a_miss_and_no_error(tmp_path: Path) -> None:
    cache, entry = kept(tmp_path)
    entry.unlink()
    entry.mkdir()
    assert cache.get(ASKED, NOON, 1 << 20) is None
    cache.put(ASKED, BODY, NOON, NOON + HOUR)
    assert [each for each in tmp_path.iterdir() if each != entry] == []
    entry.rmdir()
    tmp_path.rmdir()
    cache.put(ASKED, BODY, NOON, NOON + HOUR)
    assert cache.get(ASKED, NOON, 1 << 20) is None
    tmp_path.mkdir()


def test_the_oldest_go_first_and_others_files_stay(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_entries=3)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".answer-x.part").write_bytes(b"left behind by a crash")
    os.utime(tmp_path / ".answer-x.part", (0, 0))
    for number in range(5):
        before = set(tmp_path.iterdir())
        cache.put(ASKED._replace(subject=str(number)), BODY, NOON, NOON + HOUR)
        (new,) = set(tmp_path.iterdir()) - before
        os.utime(new, (number + 1, number + 1))
    found = [cache.get(ASKED._replace(subject=str(number)), NOON, 1 << 20) for number in range(5)]
    assert found == [None, None, BODY, BODY, BODY]
    assert not list(tmp_path.glob("*.part"))
    assert (tmp_path / "notes.txt").read_text() == "mine"
    small = Cache(tmp_path, max_octets=2 * len(BODY) + 300)
    small.put(ASKED._replace(subject="new"), BODY, NOON, NOON + HOUR)
    assert len(list(tmp_path.glob("*.answer"))) == 2
    small.put(ASKED._replace(subject="huge"), BODY * 3, NOON, NOON + HOUR)
    assert small.get(ASKED._replace(subject="huge"), NOON, 1 << 20) is None
    assert len(list(tmp_path.glob("*.answer"))) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    for mode in (0o755, 0o770, 0o701):
        shared.chmod(mode)
        with pytest.raises(MisuseError, match=r"net\.cache-folder"):
            Http(cache=shared)
        assert shared.stat().st_mode & 0o777 == mode
    shared.chmod(0o700)
    Http(cache=str(shared))
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(MisuseError, match=r"net\.cache-folder"):
            Http(cache=path)


_WORKER = """
import sys
from datetime import datetime, timedelta, UTC
from toyono_trust.net.cache import Cache
from toyono_trust.steps import Fetch
noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
cache = Cache(sys.argv[1], max_entries=3)
hits = 0
for number in range(400):
    which = str(number * number % 7)
    asked = Fetch("http://crl.example/", subject=which)
    body = (f"{which} {sys.argv[2]} ".encode() * 5000)
    found = cache.get(asked, noon, 1 << 20)
    if found is not None:
        words = set(found.split())
        assert len(words) == 2 and which.encode() in words, words
        hits += 1
    if found is None or number % 3 == 0:
        cache.put(asked, body, noon, noon + timedelta(hours=1))
print(hits)
"""


@pytest.mark.integration
def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    """Each reads whole answers of either, never a torn one, while both write and clear away."""
    folder = tmp_path / "kept"
    command = [sys.executable, "-c", _WORKER, str(folder)]
    running = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for name in ("a", "b")
    ]
    said = [each.communicate(timeout=120) for each in running]
    assert [each[1] for each in said] == [b"", b""]
    assert all(int(each[0]) > 0 for each in said)
    assert 0 < len(list(folder.glob("*.answer"))) <= 6  # two may have written at once
    assert list(folder.glob(".answer-*")) == []


# -- exchanges under way


@pytest.mark.integration
def test_only_so_many_exchanges_are_under_way(site: Site) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def page(asked: Any) -> bytes:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1
        return b"ok"

    site.pages["/slow"] = page
    http = Http(parallel=2)
    threads = [threading.Thread(target=http.fetch, args=(Fetch(f"{site.url}/slow"),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 2


@pytest.mark.integration
def test_waiting_for_a_turn_ends_at_the_deadline(site: Site) -> None:
    site.pages["/slow"] = Told(b"ok", delay=1.0)
    http = Http(parallel=1, timeout=5)
    thread = threading.Thread(target=http.fetch, args=(Fetch(f"{site.url}/slow"),))
    thread.start()
    while not site.asked:
        time.sleep(0.01)
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match=r"net\.timeout"):
        http.fetch(Fetch(f"{site.url}/a.crl"), time.monotonic() + 0.2)
    assert time.monotonic() - begun < 0.8
    thread.join(10)
    assert http.fetch(Fetch(f"{site.url}/a.crl")).body == BODY
    with pytest.raises(MisuseError, match=r"net\.bad-option"):
        Http(parallel=0)
