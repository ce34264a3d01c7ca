"""A folder of sealed invoices with an index, for the tests of bulk verification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from command_line import Place, Ran, Run
from toyono_trust import Signer, seal
from toyono_trust.devpki import PASSWORD

ROWS = [
    ("2027-03-31", "株式会社みほん", "9000"),
    ("2027-04-01", "株式会社みほん", "10000"),
    ("2027-05-15", "ＡＢＣ商会", "10,500"),
    ("2027-06-30", "abc商会", "20000.50"),
    ("2027-07-01", "山里花子", "-300"),
]
AT = ("--at", "2099-01-01T00:00:00Z")


class Kept(NamedTuple):
    """A folder of sealed invoices with an index."""

    folder: Path
    place: Place

    def verify(self, run: Run, *arguments: object) -> Ran:
        return run("verify", self.folder, *self.place.trust, "--tz", "Asia/Tokyo", *arguments)

    def names(self, run: Run, *arguments: object) -> list[str]:
        ran = self.verify(run, "--format", "json", *arguments)
        return [line["file"] for line in ran.lines[1:]]

    def index(self, text: str) -> None:
        (self.folder / "index.csv").write_text(text, "utf-8")


def signer(place: Place, name: str) -> Signer:
    return Signer.open(f"pkcs12:{place.folder / name}", secret=PASSWORD)


def make(place: Place, tmp_path: Path) -> Kept:
    """Write the records."""
    folder = tmp_path / "records"
    (folder / "2027").mkdir(parents=True)
    town = signer(place, "town-seal.p12")
    lines = ["file,date,counterparty,amount,currency"]
    for number, (day, party, amount) in enumerate(ROWS):
        payload = json.dumps({"invoice": number, "issued": day, "to": {"name": party}, "total": amount}).encode()
        (folder / "2027" / f"{number}.jws").write_bytes(seal(payload, by=town, format="jades"))
        lines.append(f'2027/{number}.jws,{day},{party},"{amount}",JPY')
    made = Kept(folder, place)
    made.index("\r\n".join(lines) + "\r\n")
    return made


def alter(path: Path) -> None:
    head, payload, value = path.read_bytes().split(b".")
    path.write_bytes(b".".join((head, payload[:-6] + b"AAAAAA", value)))
