"""``toyono-trust seal FILE.pdf``: the format by the file's name, where the product goes, and the options of a PDF."""

from __future__ import annotations

from pathlib import Path

import pytest

import plain_pdfs
from toyono_trust import verify
from toyono_trust.devpki import Town
from toyono_trust.edge.main import toyono_trust
from toyono_trust.edge.pdf import signed_name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    Town.create().write(folder / "town")
    return folder


def seal(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    town = folder / "town"
    keys = ["--key", f"pkcs12:{town / 'town-seal.p12'}", "--secret-file", str(town / "password.txt")]
    monkeypatch.setattr("sys.argv", ["toyono-trust", "seal", *arguments, *keys])
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(toyono_trust())
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.pdf", "a.signed.pdf"),
        ("a.PDF", "a.signed.PDF"),
        ("a.b.pdf", "a.b.signed.pdf"),
        ("a.signed.pdf", "a.signed-2.pdf"),
        ("a.signed-2.pdf", "a.signed-3.pdf"),
        ("a", "a.signed.pdf"),
        ("a.bin", "a.bin.signed.pdf"),
    ],
)
def test_the_product_lies_beside_the_file(source: str, target: str) -> None:
    assert signed_name(Path("x", source)) == Path("x", target)


def test_a_pdf_is_sealed_as_pades_again_and_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(plain_pdfs.classic())
    visible = ("--reason", "proof", "--location", "Mihon", "--field", "Office")
    assert seal(monkeypatch, folder, str(folder / "a.pdf"), "--certify", "2") == 0
    assert seal(monkeypatch, folder, str(folder / "a.signed.pdf"), *visible) == 0
    made = (folder / "a.signed-2.pdf").read_bytes()
    assert made.startswith((folder / "a.signed.pdf").read_bytes())
    assert [signature.format for signature in verify(made).signatures] == ["PAdES", "PAdES"]
    assert b"/T (Office)" in made
    assert seal(monkeypatch, folder, str(folder / "a.pdf")) == 64, "nothing is replaced without --force"
    assert seal(monkeypatch, folder, str(folder / "a.pdf"), "--force") == 0


def test_a_password_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "e.pdf").write_bytes(plain_pdfs.encrypted("user", "owner"))
    (folder / "password").write_text("user\n")
    assert seal(monkeypatch, folder, str(folder / "e.pdf")) == 64
    assert seal(monkeypatch, folder, str(folder / "e.pdf"), "--password-file", str(folder / "password")) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("x.json",),
        ("x.pdf", "--as", "cades", "--reason", "x"),
        ("x.pdf", "--visible", "1:0,0,10"),
        ("x.pdf", "--font", "x.ttf"),
        ("x.pdf", "--certify", "4"),
        ("x.pdf", "--visible", "1:300,40,200,60"),
    ],
)
def test_what_does_not_fit_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / arguments[0]).write_bytes(plain_pdfs.classic())
    assert seal(monkeypatch, folder, str(folder / arguments[0]), *arguments[1:]) == 64
