"""``toyono-trust trust``, ``inspect`` and ``dev-pki``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import made_log
from command_line import Place, Run
from toyono_trust import TrustStore


def test_show(run: Run, place: Place) -> None:
    store = TrustStore.load(place.folder / "trust")
    ran = run("trust", "show", place.folder / "trust", "--tz", "UTC")
    assert ran.code == 0
    assert store.digest in ran.out
    assert store.revocation_digest in ran.out
    first = next(line for line in ran.out.splitlines() if line.startswith("lapses"))
    assert "CRL of" in first
    assert f"{store.valid_until:%Y-%m-%d %H:%M:%S} UTC" in first


def test_show_for_programs(run: Run, place: Place) -> None:
    store = TrustStore.load(place.folder / "trust")
    value = json.loads(run("trust", "show", place.folder / "trust", "--format", "json").out)
    assert value["digest"] == store.digest
    assert value["lapses"][0]["when"] == value["valid_until"]
    assert [anchor["certificate_sha256"] for anchor in value["anchors"]] == [place.town.root.sha256.hex()]


def test_show_names_logs_and_their_witnesses(run: Run, place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    shutil.copytree(place.folder / "trust", folder)
    (folder / "logs").mkdir(exist_ok=True)
    log, other = made_log.signer().key.text, made_log.signer("log.other.example").key.text
    keys = [made_log.witness(number).key for number in range(2)]
    lines = [f"log {log}", *(f"witness w{number} {key.text}" for number, key in enumerate(keys)),
             "group both 2 w0 w1", "quorum both"]  # fmt: skip
    (folder / "logs" / "town.policy").write_text("\n".join(lines))
    (folder / "logs" / "other.pub").write_text(other)
    shown = run("trust", "show", folder).out.splitlines()
    assert f"log           {other}" in shown
    said = shown[shown.index(f"log           {log}") + 1]
    assert "cosigned by 2 of 2 witnesses" in said
    assert all(key.name in said for key in keys)
    value = json.loads(run("trust", "show", folder, "--format", "json").out)["logs"]
    assert {one["key"]: (one["witnesses_needed"], len(one["witnesses"])) for one in value} == {
        log: (2, 2),
        other: (0, 0),
    }


def test_packed_folder_is_the_same_trust(run: Run, place: Place, files: Path) -> None:
    packed = files / "trust.zip"
    ran = run("trust", "pack", place.folder / "trust", "--out", packed)
    assert ran.code == 0
    assert TrustStore.load(place.folder / "trust").digest in ran.out
    assert run("verify", files / "order.json.jws", "--trust", packed).code == 0
    assert run("trust", "pack", place.folder / "trust", "--out", packed).code == 64
    before = packed.read_bytes()
    assert run("trust", "pack", place.folder / "trust", "--out", packed, "--force").code == 0
    assert packed.read_bytes() == before


def test_empty_folder(run: Run, tmp_path: Path) -> None:
    for action in ("show", "update", "pack"):
        ran = run("trust", action, tmp_path)
        assert ran.code == 64
        assert "[trust.empty]" in ran.err


@pytest.mark.integration
class TestUpdate:
    def test_nothing_is_about_to_lapse(self, run: Run, served: tuple[Place, str]) -> None:
        ran = run("trust", "update", served[0].folder / "trust")
        assert ran.code == 0
        assert "fetched" not in ran.out

    def test_what_lapses_is_fetched(self, run: Run, served: tuple[Place, str], tmp_path: Path) -> None:
        folder = tmp_path / "trust"
        shutil.copytree(served[0].folder / "trust", folder)
        ran = run("trust", "update", folder, "--within", "400", "--allow-private")
        assert ran.code == 0, ran.err
        assert "fetched" in ran.out
        assert TrustStore.load(folder).digest == TrustStore.load(served[0].folder / "trust").digest
        assert len(list((folder / "revocation").iterdir())) > 2

    @pytest.mark.parametrize("known", ["town/trust/intermediates/ca.pem", "order.json.jws"])
    def test_files_that_name_addresses(self, run: Run, served: tuple[Place, str], tmp_path: Path, known: str) -> None:
        place = served[0]
        folder = tmp_path / "trust"
        shutil.copytree(place.folder / "trust", folder)
        (tmp_path / "order.json").write_bytes(b"[]")
        assert run("seal", tmp_path / "order.json", "--as", "jades", *place.key()).code == 0
        source = tmp_path / known if known.endswith("jws") else place.folder.parent / known
        ran = run("trust", "update", folder, "--within", "400", "--allow-private", "--known", source)
        assert ran.code == 0, ran.err
        assert ("[trust.no-address]" in ran.out) == (not known.endswith("jws"))

    def test_private_addresses_in_certificates_are_refused(
        self, run: Run, served: tuple[Place, str], tmp_path: Path
    ) -> None:
        folder = tmp_path / "trust"
        shutil.copytree(served[0].folder / "trust", folder)
        ran = run("trust", "update", folder, "--within", "400")
        assert ran.code == 69
        assert "[net.address-refused]" in ran.err
        assert "--allow-private" in ran.err
        assert len(list((folder / "revocation").iterdir())) == 2


class TestInspect:
    @pytest.mark.parametrize("name", ["order.json.jws", "order.json.p7m", "order.json.p7s"])
    def test_signed_file(self, run: Run, files: Path, name: str) -> None:
        ran = run("inspect", files / name, "--format", "json")
        assert ran.code == 0
        (signature,) = ran.lines[0]["signatures"]
        kinds = {certificate["sha256"]: certificate["kind"] for certificate in signature["certificates"]}
        wanted = "natural-person" if name.endswith("p7s") else "legal-person"
        assert kinds[signature["designated_certificate"]] == wanted
        assert "indication" not in ran.out
        ran = run("inspect", files / name)
        assert "claimed signing time: " in ran.out

    def test_altered_file_is_not_judged(self, run: Run, files: Path) -> None:
        assert run("inspect", files / "altered.jws").code == 0

    def test_content(self, run: Run, files: Path) -> None:
        ran = run("inspect", files / "order.json.p7s", "--content", files / "order.json", "--format", "json")
        assert ran.lines[0]["signatures"][0]["signed_objects"][0]["intact"] is True

    def test_certificates_and_crls(self, run: Run, place: Place) -> None:
        trust = place.folder / "trust"
        ran = run("inspect", trust / "anchors" / "root.pem", trust / "revocation" / "ca.crl", "--format", "json")
        assert ran.code == 0
        assert ran.lines[0]["certificates"][0]["ca"] is True
        assert ran.lines[1]["crls"][0]["next_update"].endswith("Z")

    @pytest.mark.parametrize(
        ("name", "code"), [("unsigned.txt", 2), ("broken.p7m", 1), ("broken.jws", 1), ("nowhere", 66)]
    )
    def test_what_cannot_be_read(self, run: Run, files: Path, name: str, code: int) -> None:
        assert run("inspect", files / name).code == code

    def test_control_characters_do_not_reach_the_terminal(self, run: Run, place: Place, files: Path) -> None:
        assert run("seal", files / "order.json", "--as", "cades", *place.key(), "--role", "a\x1b[2Jb", "--out",
                   files / "odd.p7m").code == 0  # fmt: skip
        assert "\x1b" not in run("inspect", files / "odd.p7m").out


class TestDevPki:
    def test_lines_that_are_printed_work(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import shlex

        monkeypatch.chdir(tmp_path)
        (tmp_path / "FILE").write_bytes(b"[]")
        ran = run("dev-pki", "town")
        assert ran.code == 0
        lines = [shlex.split(line) for line in ran.out.splitlines() if not line.startswith("#")]
        assert {line[0] for line in lines} <= {"toyono-trust", "toyono-verify"}
        for program, *arguments in lines:
            if "--serve" in arguments:
                continue
            command = arguments if program == "toyono-trust" else ["verify", *arguments]
            force = ["--force"] if command[0] in ("sign", "seal") else []
            assert run(*command, *force).code == 0, command

    def test_folder_with_something_in_it(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "mine").write_bytes(b"")
        ran = run("dev-pki", tmp_path)
        assert ran.code == 64
        assert "--force" in ran.err

    @pytest.mark.parametrize("listen", ["3161", "localhost", "localhost:99999", ":1", "localhost:x"])
    def test_odd_address(self, run: Run, tmp_path: Path, listen: str) -> None:
        assert run("dev-pki", tmp_path / "town", "--listen", listen).code == 64
        assert not (tmp_path / "town").exists()
