"""Signed notes, checkpoints and cosignatures (C2SP): one accepted reading, and any changed octet is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from made_log import ORIGIN, signer, witness
from toyono_trust.core.canonical import b64_decode, b64_encode
from toyono_trust.errors import MalformedError, TrustError
from toyono_trust.ledger import note
from toyono_trust.ledger.checkpoint import (
    Checkpoint,
    WitnessPolicy,
    cosign,
    merge,
    open_checkpoint,
    read_checkpoint,
    sign_checkpoint,
)
from toyono_trust.ledger.note import COSIGNATURE, ED25519, NoteKey, NoteSigner

# The example of Go's package golang.org/x/mod/sumdb/note: a foreign signature under a foreign key.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_LINE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NEUMANN_NOTE = NEUMANN_TEXT + f"\n\u2014 PeterNeumann {NEUMANN_LINE}\n".encode()

AT = datetime(2027, 4, 1, 9, 30, 0, 999999, tzinfo=UTC)
HEAD = Checkpoint(ORIGIN, 20_852_163, sha256(b"root").digest())
LOG = signer()


def changed(octets: bytes) -> st.SearchStrategy[bytes]:
    """One octet replaced, left out, doubled or put in."""
    places = st.integers(0, len(octets) - 1)
    value = st.binary(min_size=1, max_size=1)
    return st.one_of(
        st.builds(lambda at, new: octets[:at] + new + octets[at + 1 :], places, value),
        st.builds(lambda at: octets[:at] + octets[at + 1 :], places),
        st.builds(lambda at, new: octets[:at] + new + octets[at:], st.integers(0, len(octets)), value),
        st.builds(lambda at: octets[:at], places),
    ).filter(lambda other: other != octets)


def refused(code: str, work: Any, *arguments: Any) -> None:
    with pytest.raises(TrustError) as caught:
        work(*arguments)
    assert caught.value.code == code


# -- notes


def test_a_foreign_note() -> None:
    key = NoteKey.parse(NEUMANN)
    read = note.read(NEUMANN_NOTE)
    read.check(key)
    assert (key.name, key.kind, key.id.hex(), key.text) == ("PeterNeumann", ED25519, "c74f20a3", NEUMANN)
    assert read.text == NEUMANN_TEXT
    assert read.write() == NEUMANN_NOTE


@pytest.mark.parametrize(
    "text",
    [
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("+c74f20a3", ""),
        NEUMANN.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN.replace("PeterNeumann", ""),
        NEUMANN[:-4],
        NEUMANN[:-1] + "=",
        f"x+{'00' * 4}+",
        "",
        "x+y",
    ],
)
def test_verifier_keys_that_are_none(text: str) -> None:
    with pytest.raises(MalformedError):
        NoteKey.parse(text)


def test_key_types_have_different_ids() -> None:
    one, other = signer("x.example", ED25519).key, signer("x.example", COSIGNATURE).key
    assert one.public == other.public
    assert one.id != other.id
    assert sha256(b"x.example\n\x04" + other.public).digest()[:4] == other.id
    assert NoteKey.parse(other.text) == other


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.integers(1, 3))
def test_what_is_signed_is_read(text: str, lines: int) -> None:
    """Invariant: read∘write is identity, and the signature holds."""
    octets = "".join(f"{text}\n" for _ in range(lines)).encode()
    signed = note.sign(octets, LOG)
    assert note.read(signed.write()) == signed
    note.read(signed.write()).check(LOG.key)


@given(st.data())
@settings(max_examples=400)
def test_a_changed_note_is_refused(data: st.DataObject) -> None:
    """Invariant: a note with one octet changed is malformed, or is not signed by the key any more."""
    octets = sign_checkpoint(HEAD, LOG)
    with pytest.raises(MalformedError):
        note.read(data.draw(changed(octets))).check(LOG.key)


MALFORMED = {
    "empty": b"",
    "no signature": b"text\n\n",
    "no blank line": NEUMANN_NOTE.replace(b"\n\n", b"\n"),
    "no text": NEUMANN_NOTE[len(NEUMANN_TEXT) :],
    "cut": NEUMANN_NOTE[:-1],
    "carriage returns": NEUMANN_NOTE.replace(b"\n", b"\r\n"),
    "tab": NEUMANN_NOTE.replace(b"If ", b"If\t"),
    "not UTF-8": b"\xff" + NEUMANN_NOTE,
    "hyphen": NEUMANN_NOTE.replace("\u2014".encode(), b"--"),
    "two spaces": NEUMANN_NOTE.replace(b"PeterNeumann ", b"PeterNeumann  "),
    "space in the name": NEUMANN_NOTE.replace(b"PeterNeumann", "Peter\u3000Neumann".encode()),
    "plus in the name": NEUMANN_NOTE.replace(b"PeterNeumann", b"Peter+Neumann"),
    "id alone": NEUMANN_TEXT + "\n\u2014 PeterNeumann x08gow==\n".encode(),
    "bits after base64": NEUMANN_NOTE.replace(b"AM=\n", b"AN=\n"),
    "URL base64": NEUMANN_NOTE.replace(b"x08go/", b"x08go_"),
    "blank line at the end": NEUMANN_NOTE + b"\n",
    "too many signatures": NEUMANN_NOTE + NEUMANN_NOTE[len(NEUMANN_TEXT) + 1 :] * 100,
    "too large": b"a" * 1_000_001,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_notes_that_are_none(name: str) -> None:
    with pytest.raises(MalformedError):
        note.read(MALFORMED[name])


def test_signatures_of_unknown_keys_are_ignored_and_kept() -> None:
    """Also one that shares the name, and one that shares the ID, but not both (signed-note, "Signatures")."""
    key = LOG.key
    strangers = [
        note.Signature("stranger.example", b"abcd", b"x"),
        note.Signature(key.name, bytes(4), bytes(64)),
        note.Signature("stranger.example", key.id, bytes(64)),
    ]
    signed = note.add(note.sign(b"text\n", LOG), strangers)
    read = note.read(signed.write())
    read.check(key)
    assert len(read.signatures) == 4


def test_a_known_key_that_fails_refuses_the_note() -> None:
    good = note.sign(b"text\n", LOG)
    bad = good._replace(text=b"other\n")
    refused("note.signature", bad.check, LOG.key)
    twice = note.SignedNote(good.text, good.signatures * 2)
    refused("note.signature-twice", note.read(twice.write()).check, LOG.key)
    refused("note.unsigned", good.check, signer("other.example").key)


def test_what_cannot_sign_or_be_signed() -> None:
    refused("note.name", NoteSigner.from_key, "a b", object())
    refused("note.signer", NoteSigner.from_key, "a", object())
    refused("note.signer", NoteSigner.from_key, "a", generate_private_key(SECP256R1()))
    refused("note.signer", note.sign, b"text\n", NoteSigner(LOG.key, lambda _: bytes(64)))
    refused("note.signer", note.sign, b"text\n", NoteSigner(LOG.key, lambda _: b""))
    refused("note.signer", note.sign, b"text\n", signer(kind=COSIGNATURE))
    for text in (b"", b"no newline", b"bell\x07\n", b"\xff\n"):
        refused("note.text", note.sign, text, LOG)


# -- checkpoints


def test_a_checkpoint_is_three_lines() -> None:
    octets = sign_checkpoint(HEAD, LOG)
    origin, size, root, blank, line, end = octets.decode().split("\n")
    assert (origin, size, root, blank, end) == (ORIGIN, "20852163", b64_encode(HEAD.root), "", "")
    assert line.startswith(f"\u2014 {ORIGIN} ")
    value = b64_decode(line.rsplit(" ", 1)[1])
    assert value[:4] == sha256(ORIGIN.encode() + b"\n\x01" + LOG.key.public).digest()[:4]
    Ed25519PublicKey.from_public_bytes(LOG.key.public).verify(value[4:], octets[: octets.index(b"\n\n") + 1])
    assert open_checkpoint(octets, LOG.key).checkpoint == HEAD


def test_an_example_of_the_standard() -> None:
    text = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    read = read_checkpoint(text)
    assert (read.origin, read.size, read.root[:4].hex()) == ("example.com/behind-the-sofa", 20852163, "0ac5186a")
    assert read.text == text
    assert read_checkpoint(text + b"Timestamp: 1\n").extensions == ("Timestamp: 1",)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"o\n1\n",
        b"o\n01\n%b\n",
        b"o\n+1\n%b\n",
        b"o\n-1\n%b\n",
        b"o\n1 \n%b\n",
        "o\n\u0661\n%b\n".encode(),
        b"o\n9223372036854775808\n%b\n",
        b"o\n99999999999999999999999\n%b\n",
        b"\n1\n%b\n",
        b"o\n1\n%b",
        b"o\n1\n%b\n\n",
        b"o\n1\n%b\n\nx\n",
        b"o\n1\nAAAA\n",
        b"o\n1\n%b=\n",
        b"o\n1\n%b\n" + b"x\n" * 101,
    ],
)
def test_texts_that_are_no_checkpoint(text: bytes) -> None:
    with pytest.raises(MalformedError):
        read_checkpoint(text.replace(b"%b", b64_encode(bytes(32)).encode()))


def test_another_logs_checkpoint_is_refused() -> None:
    other = signer("other.example")
    octets = sign_checkpoint(HEAD._replace(origin="other.example"), other)
    refused("checkpoint.origin", open_checkpoint, octets, LOG.key)
    refused("checkpoint.origin", sign_checkpoint, HEAD, other)
    forged = note.sign(HEAD.text, other).write()
    refused("note.unsigned", open_checkpoint, forged, LOG.key)


# -- witnesses


def cosigned(*numbers: int) -> bytes:
    octets = sign_checkpoint(HEAD, LOG)
    for number in numbers:
        octets = cosign(octets, LOG.key, witness(number), AT + timedelta(minutes=number))
    return octets


def policy(needed: int, *numbers: int) -> WitnessPolicy:
    return WitnessPolicy.of(needed, *(witness(number).key for number in numbers))


def test_a_cosignature_is_as_the_standard_says() -> None:
    octets = cosigned(1)
    text, lines = octets.split(b"\n\n")
    value = b64_decode(lines.decode().splitlines()[1].split(" ")[2])
    key = witness(1).key
    seconds = int((AT + timedelta(minutes=1)).timestamp())
    assert value[:4] == sha256(key.name.encode() + b"\n\x04" + key.public).digest()[:4]
    assert int.from_bytes(value[4:12], "big") == seconds
    message = f"cosignature/v1\ntime {seconds}\n".encode() + text + b"\n"
    Ed25519PublicKey.from_public_bytes(key.public).verify(value[12:], message)


def test_n_of_m() -> None:
    octets = cosigned(1, 3)
    assert open_checkpoint(octets, LOG.key).cosignatures == ()
    seen = open_checkpoint(octets, LOG.key, policy(2, 1, 2, 3))
    assert [one.witness for one in seen.cosignatures] == [witness(1).key, witness(3).key]
    assert seen.cosignatures[0].at == AT.replace(microsecond=0) + timedelta(minutes=1)
    refused("checkpoint.witnesses", open_checkpoint, octets, LOG.key, policy(3, 1, 2, 3))
    refused("checkpoint.witnesses", open_checkpoint, octets, LOG.key, policy(1, 2))


def test_a_false_cosignature_refuses_the_checkpoint() -> None:
    signed = note.read(cosigned(1, 2))
    false = signed.signatures[1]._replace(value=bytes(8) + signed.signatures[1].value[8:])  # another time
    octets = signed._replace(signatures=(signed.signatures[0], false, signed.signatures[2])).write()
    refused("checkpoint.cosignature", open_checkpoint, octets, LOG.key, policy(1, 1, 2))
    for value in (b"x", b"\xff" * 72, bytes(72)):
        one = note.SignedNote(signed.text, (signed.signatures[0], signed.signatures[1]._replace(value=value)))
        refused("checkpoint.cosignature", open_checkpoint, one.write(), LOG.key, policy(1, 1))


@given(st.data())
@settings(max_examples=300)
def test_a_changed_cosigned_checkpoint_is_refused(data: st.DataObject) -> None:
    """Invariant: under a policy that needs all its witnesses no octet can be changed."""
    with pytest.raises(MalformedError):
        open_checkpoint(data.draw(changed(cosigned(1, 2))), LOG.key, policy(2, 1, 2))


def test_a_log_key_is_no_witness_key() -> None:
    """The same Ed25519 key as log and as witness signs different messages, and does not count for the other."""
    twin = signer(ORIGIN, COSIGNATURE)
    octets = cosign(sign_checkpoint(HEAD, LOG), LOG.key, twin, AT)
    refused("witness.policy", open_checkpoint, octets, LOG.key, WitnessPolicy.of(1, twin.key))
    refused("note.signature", note.read(octets).check, twin.key)


def test_policies_that_are_unsound() -> None:
    one, two = witness(1).key, witness(2).key
    for needed, keys in ((0, [one]), (2, [one]), (1, []), (2, [one, one]), (1, [LOG.key])):
        refused("witness.policy", WitnessPolicy.of, needed, *keys)
    refused("witness.policy", WitnessPolicy.of, 1, one, two._replace(name=one.name))
    refused("witness.policy", WitnessPolicy.of, 1, one, one._replace(name="other"))
    assert WitnessPolicy.of(1, one.text, two.text) == WitnessPolicy.of(1, one, two)


def test_a_witness_cosigns_what_the_log_signed_and_once() -> None:
    refused("note.unsigned", cosign, note.sign(HEAD.text, signer("x")).write(), LOG.key, witness(1), AT)
    refused("witness.twice", cosign, cosigned(1), LOG.key, witness(1), AT)
    refused("witness.time", cosign, cosigned(), LOG.key, witness(1), AT.replace(tzinfo=None))
    refused("witness.time", cosign, cosigned(), LOG.key, witness(1), datetime(1969, 12, 31, tzinfo=UTC))
    refused("note.signer", cosign, cosigned(), LOG.key, LOG, AT)
    refused("note.signer", cosign, cosigned(), LOG.key, NoteSigner(witness(1).key, lambda _: bytes(64)), AT)


def test_copies_of_a_checkpoint_are_merged() -> None:
    both = merge(cosigned(1), cosigned(2, 3), LOG.key, policy(1, 1, 2))
    assert [line.name for line in note.read(both).signatures] == [ORIGIN, witness(1).key.name, witness(2).key.name]
    assert merge(both, cosigned(1, 2), LOG.key, policy(1, 1, 2)) == both
    other = sign_checkpoint(HEAD._replace(size=5), LOG)
    refused("checkpoint.other", merge, cosigned(1), other, LOG.key, policy(1, 1))
