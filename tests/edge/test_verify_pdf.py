"""``toyono-verify`` on PDF files: signed revisions written out, what came later, passwords, nothing overwritten."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyhanko.pdf_utils import writer
from pyhanko.pdf_utils.reader import PdfFileReader

from made_pdf import NEXT, TEXT_FIELD, new, sign, text_field
from toyono_trust import seal
from toyono_trust.devpki import Town
from toyono_trust.edge.commands.verify import verify
from toyono_trust.formats.pades import PdfDetails


@pytest.fixture
def signed(toyono_town: Town, tmp_path: Path) -> Path:
    """Signed, filled in three times, signed again."""
    by = toyono_town.identity("town")
    document = sign(new(), by)
    for value in (b"a", b"b", b"c"):
        document = document.save({TEXT_FIELD: text_field(value)})
    path = tmp_path / "contract.pdf"
    path.write_bytes(sign(document, by, number=NEXT + 2).data)
    return path


def run(town: Town, *arguments: str) -> Result:
    assert town.folder is not None
    return CliRunner().invoke(verify, [*arguments, "--trust", str(town.folder / "trust")], standalone_mode=False)


def test_each_signed_revision_is_written(toyono_town: Town, signed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    result = run(toyono_town, str(signed), "--extract", str(folder), "--lang", "en")
    assert result.return_value == 0, result.output
    assert "4 later changes: form filling, signature" in result.output
    assert sorted(path.name for path in folder.iterdir()) == ["contract-1.pdf", "contract-2.pdf"]
    first, second = ((folder / f"contract-{number}.pdf").read_bytes() for number in (1, 2))
    assert second == signed.read_bytes()
    assert second.startswith(first)
    assert len(first) < len(second)
    again = run(toyono_town, str(signed), "--extract", str(folder))
    assert again.return_value != 0  # nothing is overwritten


def test_json_says_what_came_later(toyono_town: Town, signed: Path) -> None:
    result = run(toyono_town, str(signed), "--format", "json")
    value = json.loads(result.output)
    revisions = [item["revision"] for item in value["signatures"]]
    assert [revision["covers_whole_file"] for revision in revisions] == [False, True]
    assert revisions[0]["later_changes"] == ["form-filling"] * 3 + ["signature"]


def test_a_changed_page_is_not_written(toyono_town: Town, tmp_path: Path) -> None:
    document = sign(new(), toyono_town.identity("town"))
    path = tmp_path / "shadow.pdf"
    path.write_bytes(document.save({4: document.objects[4].replace(b"100", b"999")}).data)
    folder = tmp_path / "out"
    folder.mkdir()
    result = run(toyono_town, str(path), "--extract", str(folder))
    assert result.return_value == 1
    assert list(folder.iterdir()) == []


def test_password_file(toyono_town: Town, tmp_path: Path) -> None:
    copy = writer.copy_into_new_writer(PdfFileReader(io.BytesIO(new().data)))
    copy.encrypt(owner_pass="owner", user_pass="geheim", pdf_mac=False)
    locked = io.BytesIO()
    copy.write(locked)
    by, details = toyono_town.identity("town"), PdfDetails(password="geheim")
    twice = seal(
        bytes(seal(locked.getvalue(), by=by, format="pades", details=details)), by=by, format="pades", details=details
    )
    path, password = tmp_path / "locked.pdf", tmp_path / "password.txt"
    path.write_bytes(bytes(twice))
    password.write_text("geheim\n", "utf-8")
    assert run(toyono_town, str(path)).return_value == 2
    assert run(toyono_town, str(path), "--password-file", str(password)).return_value == 0
