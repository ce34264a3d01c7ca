"""A witness never cosigns two histories of a log, whatever it is sent, in how many processes, and where it dies."""

from __future__ import annotations

import errno
import pickle
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gathering_site import Asked, Told, site
from made_log import ORIGIN, Place, entries, signer, witness
from made_tiles import AT, Died, checkpoint_of, cut_off, done, history, write_slowly
from toyono_trust.core import merkle
from toyono_trust.core.canonical import b64_encode
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.ledger.checkpoint import Checkpoint, WitnessPolicy, open_checkpoint, sign_checkpoint
from toyono_trust.ledger.cosigning import request_cosignature
from toyono_trust.ledger.fork import read_fork
from toyono_trust.ledger.note import COSIGNATURE, NoteKey, NoteSigner
from toyono_trust.ledger.tiles.places import TileFolder
from toyono_trust.ledger.tiles.writer import write_tiles
from toyono_trust.ledger.witness import AddCheckpoint, OldSizeError, Witness
from toyono_trust.net import Http

LOG = signer()
KEY = witness(1).key
POLICY = WitnessPolicy.of(1, KEY)


def made(folder: Path) -> Witness:
    return Witness(folder, witness(1), [LOG.key])


def proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    edge = merkle.Edge()
    hashes = [merkle.leaf_hash(one) for one in leaves]
    rows = [merkle.Row(leaf, node) for leaf, node in zip(hashes, edge.extend(hashes), strict=True)]
    return tuple(merkle.prove_consistency(first, len(leaves), lambda asked: {index: rows[index] for index in asked}))


def request(leaves: Sequence[bytes], first: int) -> AddCheckpoint:
    return AddCheckpoint(first, proof(leaves, first), checkpoint_of(leaves))


# -- one witness, one log


def test_a_log_that_grows(tmp_path: Path) -> None:
    one, last = made(tmp_path), 0
    assert one.last(LOG.key) is None
    for size in (0, 1, 7, 7, 8, 300):
        cosigned = one.cosign(request(entries(size), last), AT)
        seen = open_checkpoint(cosigned.note, LOG.key, POLICY)
        assert seen.checkpoint == cosigned.checkpoint
        assert (seen.checkpoint.size, seen.cosignatures[0].at) == (size, AT)
        assert cosigned.note == checkpoint_of(entries(size)) + cosigned.line
        assert made(tmp_path).last(LOG.key) == checkpoint_of(entries(size))  # another process knows it
        last = size
    assert one.fork(LOG.key) is None


def test_signatures_of_others_stay_and_its_own_is_made_anew(tmp_path: Path) -> None:
    other = Witness(tmp_path / "other", witness(2), [LOG.key])
    (tmp_path / "other").mkdir()
    note = other.cosign(request(entries(5), 0), AT).note
    mine = made(tmp_path)
    for last in (0, 5):
        note = mine.cosign(AddCheckpoint(last, (), note), AT).note
        assert len(open_checkpoint(note, LOG.key, WitnessPolicy.of(2, KEY, witness(2).key)).cosignatures) == 2
        assert note.count(b"\xe2\x80\x94") == 3


def test_what_is_refused(tmp_path: Path) -> None:
    one = made(tmp_path)
    one.cosign(request(entries(7), 0), AT)
    good = request(entries(20), 7)
    unknown = checkpoint_of(entries(3), signer("other.example/log"))
    for bad, code, status in (
        (good._replace(old_size=0), "witness.old-size", 409),
        (good._replace(old_size=8), "witness.old-size", 409),
        (good._replace(old_size=21), "witness.request", 400),
        (request(entries(3), 0), "witness.old-size", 409),
        (good._replace(proof=()), "witness.inconsistent", 422),
        (good._replace(proof=(*good.proof, bytes(32))), "witness.inconsistent", 422),
        (request(history(20, 6, "other"), 7), "witness.inconsistent", 422),
        (AddCheckpoint(7, (bytes(32),), checkpoint_of(entries(7))), "witness.inconsistent", 422),
        (AddCheckpoint(7, (), checkpoint_of(entries(7, of="other"))), "witness.fork", 409),
        (good._replace(note=unknown), "witness.unknown-log", 404),
        (good._replace(note=good.note.replace(b"\n20\n", b"\n21\n")), "note.signature", 403),
        (good._replace(note=good.note.replace(f"\u2014 {ORIGIN}".encode(), "\u2014 x".encode())), "note.unsigned", 403),
        (good._replace(note=b""), "note.malformed", 400),
        (good._replace(note=b"x\n\n" + good.note.partition(b"\n\n")[2]), "checkpoint.malformed", 400),
    ):
        with pytest.raises(MalformedError) as caught:
            one.cosign(bad, AT)
        assert caught.value.code == code
        answer = one.answer(bad.write(), AT)
        assert answer.status == status
        if status == 409:
            assert (answer.body, answer.headers) == (b"7\n", {"content-type": "text/x.tlog.size"})
    assert one.last(LOG.key) == checkpoint_of(entries(7))
    answer = one.answer(good.write(), AT)
    assert answer.status == 200
    assert open_checkpoint(good.note + answer.body, LOG.key, POLICY).checkpoint.size == 20
    with pytest.raises(MisuseError, match=r"witness\.time"):
        one.cosign(request(entries(30), 20), datetime(2027, 1, 1))
    assert one.last(LOG.key) == good.note


def test_the_first_fork_is_kept_as_evidence(tmp_path: Path) -> None:
    one = made(tmp_path)
    one.cosign(request(entries(7), 0), AT)
    for of in ("other", "another"):
        with pytest.raises(MalformedError, match=r"witness\.fork"):
            one.cosign(AddCheckpoint(7, (), checkpoint_of(entries(7, of=of))), AT)
    fork = one.fork(LOG.key)
    assert fork is not None
    assert {fork.first, fork.second} == {checkpoint_of(entries(7)), checkpoint_of(entries(7, of="other"))}
    assert read_fork(fork.write()) == fork
    one.cosign(request(entries(9), 7), AT)


def test_an_empty_log_of_another_root(tmp_path: Path) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), LOG)
    with pytest.raises(MalformedError, match=r"witness\.inconsistent"):
        made(tmp_path).cosign(AddCheckpoint(0, (), note), AT)
    assert made(tmp_path).last(LOG.key) is None


def test_a_witness_is_made_soundly(tmp_path: Path) -> None:
    other = signer("other.example/log")
    one = Witness(tmp_path, witness(1), [LOG.key, other.key])
    one.cosign(AddCheckpoint(0, (), checkpoint_of(entries(3), other)), AT)
    one.cosign(request(entries(7), 0), AT)
    assert one.last(other.key) == checkpoint_of(entries(3), other)
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    as_log, as_witness = (NoteSigner.from_key("x", private, kind) for kind in (1, COSIGNATURE))
    for by, logs, code in (
        (LOG, [LOG.key], "note.signer"),
        (witness(1), [], "witness.logs"),
        (witness(1), [LOG.key, LOG.key], "witness.logs"),
        (witness(1), [witness(2).key], "witness.logs"),
        (as_witness, [as_log.key], "witness.logs"),
    ):
        with pytest.raises(MisuseError) as caught:
            Witness(tmp_path, by, logs)
        assert caught.value.code == code
    with pytest.raises(MalformedError, match=r"witness\.unknown-log"):
        one.last(as_log.key)


def test_an_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(OldSizeError(7)))
    assert (error.size, error.code) == (7, "witness.old-size")


# -- never two histories


class Refused(BaseException):
    """What signs fails."""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "a", "b"]), st.integers(0, 40)), max_size=12))
def test_whatever_is_sent_one_history_is_cosigned(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[int, str, int]]
) -> None:
    """Requests of three histories with honest proofs from any size: all that is cosigned is of one, ever larger."""
    folder = tmp_path_factory.mktemp("witness")
    one = made(folder)
    cosigned: list[list[bytes]] = []
    for size, of, old in sent:
        leaves = history(size, 5, of) if of else entries(size)
        if old > size:
            continue
        body = request(leaves, old).write()
        answer = one.answer(body, AT)
        if answer.status == 200:
            cosigned.append(leaves)
        elif answer.status == 409:
            assert int(answer.body) == (len(cosigned[-1]) if cosigned else 0)
    for earlier, later in pairwise(cosigned):
        assert later[: len(earlier)] == earlier
    shutil.rmtree(folder)


@pytest.mark.parametrize("error", [Died(), OSError(errno.ENOSPC, "No space left on device")], ids=["died", "full"])
def test_it_dies_at_any_point_and_never_cosigns_a_fork(tmp_path: Path, error: BaseException) -> None:
    """What left its hands is remembered; what is remembered need not have left them, and is cosigned when repeated."""
    for after in range(60):
        folder = tmp_path / str(after)
        folder.mkdir()
        made(folder).cosign(request(entries(7), 0), AT)
        told = ""
        try:
            with cut_off(after, error):
                made(folder).cosign(request(entries(20), 7), AT)
        except Died:
            told = "died"
        except UnavailableError as problem:
            told = problem.code
        if not told:
            assert after > 3
            break
        assert told == ("died" if isinstance(error, Died) else "ledger.full")
        again, last = made(folder), made(folder).last(LOG.key)
        if last == checkpoint_of(entries(20)):
            with pytest.raises(MalformedError, match=r"witness\.fork"):
                again.cosign(AddCheckpoint(20, (), checkpoint_of(history(20, 9, "other"))), AT)
            again.cosign(request(entries(20), 20), AT)
        else:
            assert last == checkpoint_of(entries(7))
            again.cosign(request(history(20, 9, "other"), 7), AT)
    else:
        pytest.fail("it was never done")


def test_it_remembers_before_it_signs(tmp_path: Path) -> None:
    def fail(message: bytes) -> bytes:
        raise Refused

    broken = Witness(tmp_path, NoteSigner(KEY, fail), [LOG.key])
    with pytest.raises(Refused):
        broken.cosign(request(entries(7), 0), AT)
    assert made(tmp_path).last(LOG.key) == checkpoint_of(entries(7))


def test_requests_at_once(tmp_path: Path) -> None:
    """Of twenty histories that all continue the same size, one is cosigned."""
    made(tmp_path).cosign(request(entries(7), 0), AT)

    def ask(number: int) -> str:
        try:
            made(tmp_path).cosign(request(history(20, 7, str(number)), 7), AT)
        except (UnavailableError, MalformedError) as error:
            return error.code
        return "cosigned"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    assert answers.count("cosigned") == 1
    assert set(answers) <= {"cosigned", "ledger.busy", "witness.old-size"}


def test_a_damaged_memory_cosigns_nothing(tmp_path: Path) -> None:
    one = made(tmp_path)
    one.cosign(request(entries(7), 0), AT)
    (file,) = tmp_path.glob("[!.]*.json")
    octets = file.read_bytes()
    others = checkpoint_of(entries(7), signer("other.example/log")).decode()
    for changed in (
        *(b"", b"[]", b"null", b"{}", octets[:-1], octets + b" ", octets.replace(b"/v1", b"/v2"), b"\xff"),
        octets.replace(b"\\n7\\n", b"\\n6\\n"),
        octets.replace(b'"format"', b'"formed"'),
        octets.replace(LOG.key.text.encode(), signer("x").key.text.encode()),
        octets.replace(octets.split(b'"')[3], others.replace("\n", "\\n").encode()),
    ):
        assert changed != octets
        file.write_bytes(changed)
        for body in (request(entries(20), 7), request(entries(20), 0)):
            with pytest.raises(MalformedError, match=r"witness\.state"):
                one.answer(body.write(), AT)
        assert file.read_bytes() == changed
    file.unlink()
    (tmp_path / "elsewhere").write_bytes(octets)
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        one.cosign(request(entries(20), 7), AT)


# -- requests


@given(st.integers(0, (1 << 63) - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary())
def test_requests_are_read_as_written(old: int, hashes: list[bytes], note: bytes) -> None:
    made_request = AddCheckpoint(old, tuple(hashes), note)
    assert AddCheckpoint.parse(made_request.write()) == made_request


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\n\n", b"old\n\nx", b"old \n\nx", b"old -1\n\nx", b"old 01\n\nx", b"old 1", b"old 1\n", b"Old 1\n\nx"),
        *(b"old  1\n\nx", b"old 1 \n\nx", b"old 1\r\n\nx", b"old 9223372036854775808\n\nx", b"old 1\n!\n\nx"),
        b"old 1\n" + b64_encode(bytes(31)).encode() + b"\n\nx",
        b"old 1\n" + 64 * (b64_encode(bytes(32)) + "\n").encode() + b"\nx",
        "old \u0661\n\nx".encode(),
        b"old 1\n\n" + bytes(1_100_000),
    ],
)
def test_what_is_no_request(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match=r"witness\.request"):
        AddCheckpoint.parse(body)
    assert made(tmp_path).answer(body, AT).status == 400


# -- from tiles


def test_a_witness_reads_the_tiles_and_the_log_takes_its_word(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    one = made(tmp_path / "memory")
    with Place(str(tmp_path / "log.db")).create() as log:
        for size in (3, 3, 300, 700):
            log.append_many(entries(size - log.head.size, log.head.size))
            log.checkpoint(LOG)
            write_tiles(log, tmp_path / "tiles")
            cosigned = done(one.cosign_from(LOG.key, TileFolder(tmp_path / "tiles")))
            kept = log.add_cosignatures(cosigned.note, POLICY)
            assert open_checkpoint(kept, LOG.key, POLICY).checkpoint.size == size
            write_tiles(log, tmp_path / "tiles")
            assert (tmp_path / "tiles" / "checkpoint").read_bytes() == kept


def test_tiles_that_do_not_continue(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    one = made(tmp_path / "memory")

    def show(name: str, leaves: Sequence[bytes], note: bytes | None = None) -> Any:
        return one.cosign_from(LOG.key, TileFolder(write_slowly(tmp_path / name, leaves, note)))

    done(show("first", entries(300)))
    with pytest.raises(OldSizeError):
        done(show("smaller", entries(299)))
    with pytest.raises(MalformedError, match=r"tiles\.wrong"):
        done(show("wrong", entries(400, of="x"), checkpoint_of(entries(400))))
    assert one.fork(LOG.key) is None
    with pytest.raises(MalformedError, match=r"witness\.fork"):
        done(show("fork", history(400, 299, "other")))
    fork = one.fork(LOG.key)
    assert fork is not None
    assert (fork.size, fork.second) == (300, checkpoint_of(history(400, 299, "other")))
    with pytest.raises(MalformedError, match=r"witness\.unknown-log"):
        done(one.cosign_from(signer("x").key, TileFolder(tmp_path / "first")))
    done(show("next", entries(301)))


# -- at a URL


@pytest.mark.integration
def test_a_log_asks_a_witness(tmp_path: Path) -> None:
    """Over HTTP, for the first time, later, again; and what else may be answered."""
    (tmp_path / "memory").mkdir()
    one = made(tmp_path / "memory")
    with site() as server, Http(timeout=5) as http, Place(str(tmp_path / "log.db")).create() as log:

        def answer(asked: Asked) -> Told:
            said = one.answer(asked.body, AT)
            return Told(said.body, said.status, tuple(said.headers.items()))

        def cosigned(by: NoteKey = KEY) -> bytes:
            note = log.latest_checkpoint()
            assert note is not None
            return done(request_cosignature(f"{server.url}/w/", note, LOG.key, by, log.prove_consistency), http=http)

        server.pages["/w/add-checkpoint"] = answer
        for size, requests in ((5, 1), (300, 3), (300, 5)):
            log.append_many(entries(size - log.head.size, log.head.size))
            log.checkpoint(LOG)
            kept = log.add_cosignatures(cosigned(), POLICY)
            assert open_checkpoint(kept, LOG.key, POLICY).checkpoint.size == size
            assert len(server.asked) == requests
        with pytest.raises(MalformedError, match=r"checkpoint\.witnesses"):
            cosigned(witness(2).key)
        log.append(entries(1, 300)[0])
        bad = log.checkpoint(LOG)
        line = one.cosign(request(entries(300), 300), AT).line
        for told, code in (
            (Told(b"", 403), "witness.refused"),
            (Told(b"301\n", 409), "witness.refused"),
            (Told(b"302\n", 409), "witness.refused"),
            (Told(b"0\n", 409), "witness.refused"),
            (Told(b"7", 409), "witness.refused"),
            (Told(b"9" * 5_000 + b"\n", 409), "witness.refused"),
            (Told(b"\n", 200), "note.malformed"),
            (Told(bad, 200), "checkpoint.witnesses"),
            (Told(line, 200), "checkpoint.cosignature"),
            (Told(line + line, 200), "note.signature-twice"),
            (Told(b"x" * 100_000, 200), "net.too-large"),
        ):
            server.pages["/w/add-checkpoint"] = told
            with pytest.raises(TrustError) as caught:
                cosigned()
            assert caught.value.code == code
