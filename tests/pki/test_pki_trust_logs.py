"""Evidence logs that a trust store names by their key: files, policies of witnesses, digests, packed folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_log import signer, witness
from toyono_trust import TrustStore, devpki
from toyono_trust.errors import MisuseError
from toyono_trust.pki.anchors import pack
from toyono_trust.pki.trustlogs import TrustedLog, read_logs

KEY = signer().key.text
OTHER = signer("other.example.jp/log").key.text
WITNESSES = tuple(witness(number).key.text for number in range(3))
POLICY = f"""# who must have seen it
log {KEY} https://log.example.jp/
witness a {WITNESSES[0]}
witness b {WITNESSES[1]} https://b.example.jp/
witness c {WITNESSES[2]}
group both-of-three 2 a b c
quorum both-of-three
"""


def test_a_file_names_keys_or_a_policy() -> None:
    assert read_logs(f"{KEY}\n\n# another\n{OTHER}\n".encode(), "x") == (TrustedLog(KEY), TrustedLog(OTHER))
    (found,) = read_logs(POLICY.encode(), "x")
    assert found == TrustedLog(KEY, 2, WITNESSES)
    assert read_logs(found.policy.encode(), "x") == (found,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "words that say nothing\n",
        KEY[:-1],
        KEY.replace("+", "+0", 1),
        WITNESSES[0],
        f"witness a {KEY}\nlog {KEY}\n",
        f"log {WITNESSES[0]}",
        POLICY.replace("quorum both-of-three", "quorum nobody"),
        POLICY.replace("quorum both-of-three\n", ""),
        POLICY.replace(" 2 a b c", " 4 a b c"),
        POLICY.replace(" 2 a b c", " 0 a b c"),
        POLICY.replace(" 2 a b c", " 2 a b b"),
        POLICY.replace(" 2 a b c", " 2 a b d"),
        POLICY + "quorum a\n",
        POLICY.replace("witness b", "witness a"),
        POLICY.replace(WITNESSES[1], WITNESSES[0]),
        f"witness a {WITNESSES[0]}\nquorum a\n",
        POLICY.replace("group both-of-three 2 a b c", "group both-of-three 2"),
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(MisuseError) as caught:
        read_logs(text.encode(), "x")
    assert caught.value.code == "trust.log"


def test_a_trust_folder_holds_them_and_packs_them(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    (folder / "logs").mkdir(parents=True)
    (folder / "anchors").mkdir()
    (folder / "anchors" / "root.cer").write_bytes(devpki.Town.create().root.der)
    plain = TrustStore.load(folder)
    (folder / "logs" / "town.txt").write_text(POLICY)
    store = TrustStore.load(folder)
    assert store.logs == (TrustedLog(KEY, 2, WITNESSES),)
    assert store.log(KEY) == store.logs[0]
    assert store.log(OTHER) is None
    assert store.digest != plain.digest
    packed = tmp_path / "trust.zip"
    packed.write_bytes(pack(folder))
    assert TrustStore.load(packed).digest == store.digest
    assert TrustStore.load(packed).logs == store.logs
    assert store.with_logs(OTHER).logs == (store.logs[0], TrustedLog(OTHER))
    assert store.logs == (TrustedLog(KEY, 2, WITNESSES),)
    assert plain.with_logs(store.logs[0]).digest == store.digest


def test_a_file_alone_may_name_logs_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    path.write_text(f"{KEY}\n")
    store = TrustStore.load(path, path)
    assert store.logs == (TrustedLog(KEY),)
    assert not store.anchors


def test_one_log_has_one_set_of_witnesses() -> None:
    with pytest.raises(MisuseError) as caught:
        TrustStore.empty().with_logs(KEY, TrustedLog(KEY, 1, WITNESSES[:1]))
    assert caught.value.code == "trust.conflict"
    with pytest.raises(MisuseError):
        TrustStore.empty().with_logs(TrustedLog(KEY, 4, WITNESSES))
