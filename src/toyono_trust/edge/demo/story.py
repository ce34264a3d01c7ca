"""The demo's story: who signs what, what is done to it, and which verdict must come out.

Everything goes through the public verbs and the files that they leave; the throw-away town stands in for the world.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from toyono_trust import Http, Report, Signer, TrustStore, __version__, augment, receipt, seal, sign, verbs, verify
from toyono_trust.core.findings import Language
from toyono_trust.devpki import PASSWORD, Server, Simulation, Town
from toyono_trust.edge.demo import samples
from toyono_trust.edge.demo.paper import Paper, font_file
from toyono_trust.edge.demo.tamper import bit_flipped, member_changed, page_repainted, payload_changed, value_flipped
from toyono_trust.edge.demo.words import LATER, SCENES, TAMPERINGS
from toyono_trust.edge.words import said
from toyono_trust.formats.contents import NO_CONTENTS
from toyono_trust.formats.model import Signed
from toyono_trust.formats.pades import PdfDetails
from toyono_trust.sources import delivered, write_whole
from toyono_trust.steps import World, run
from toyono_trust.validation.html import page
from toyono_trust.validation.render import text
from toyono_trust.validation.views import FileView, view

__all__ = ["LANGUAGES", "ROOMS", "Case", "Made", "Story", "page_name"]

LANGUAGES: tuple[Language, ...] = ("en", "ja")

ROOMS = ("files", "later", "reports", "tampered", "town")
"""Folders that the demo writes, and replaces when it is run again."""
TOWN, BUS = "NTRJP-9234567890123", "NTRJP-1345678901234"
DELIVERY_POLICY = "1.3.6.1.4.1.32473.522.1"
PROOF_OF_ORIGIN = "1.2.840.113549.1.9.16.6.1"

RENEWAL, FUTURE = timedelta(days=3470), timedelta(days=19 * 365)
"""When the contract is renewed, half a year before the authority's certificate ends, and when it is looked at."""

PASSED = ("TOTAL-PASSED", None)
ALTERED = ("TOTAL-FAILED", "HASH_FAILURE")
FORGED = ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
REPAINTED = ("TOTAL-FAILED", "FORMAT_FAILURE")
REVOKED = ("INDETERMINATE", "REVOKED_NO_POE")
UNKNOWN = ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
LAPSED = ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED")


class Made(NamedTuple):
    """Something signed: its key in ``words``, its file below the demo's folder, and what was reached."""

    key: str
    file: str
    signed: Signed


class Case(NamedTuple):
    """One verification: what it is in two languages, the file, what must come out, and what did."""

    what: tuple[str, str]
    file: str
    expected: tuple[str, str | None]
    report: Report

    @property
    def got(self) -> tuple[str, str | None]:
        """Indication and sub-indication."""
        return self.report.indication, self.report.sub_indication

    @property
    def as_expected(self) -> bool:
        """Whether the expected verdict came out."""
        return self.got == self.expected


def page_name(language: Language) -> str:
    """File of the page about all files."""
    return f"report.{language}.html"


class Story:
    """A run of the demo in one folder.

    Call ``signing``, ``verifying``, ``archiving``, ``tampering`` and ``revoking`` in this order.

    Attributes:
        folder: where everything lies. town: the throw-away PKI. url: of its time-stamping authority.
        cases: all verifications so far. paper: draws the PDFs.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        for room in ROOMS:
            shutil.rmtree(folder / room, ignore_errors=True)
            (folder / room).mkdir(parents=True)
        self.folder, self.url = folder, f"{server.url}/tsr"
        self.town = server.town = Town.create(base_url=server.url)
        self.town.write(folder / "town", force=True)
        self.trust = TrustStore.load(folder / "town" / "trust")
        self.http = Http(allow_private=True)  # the certificates of this town name loopback
        self.paper = Paper(font_file(), datetime.now(UTC))
        self.cases: list[Case] = []
        self._files: dict[str, str] = {}

    def signing(self) -> Iterator[Made]:
        """Everybody signs; each product is stamped and written beside its content."""
        now = datetime.now(UTC)
        town, bus = self._signer("town-seal.p12"), self._signer("bus-seal.p12")
        resident, sensor = self._signer("resident-sign.p12"), self._signer("sensor.p12")
        stamped: dict[str, Any] = {"level": "B-T", "tsa": self.url, "http": self.http}
        linked, plain = "application/ld+json", "application/json"

        content = self._content("observation.json", samples.observation(now))
        made = sign(content, by=sensor, format="jades", content_type=linked, **stamped)
        yield self._keep("observation.json", made, ".jws.json")
        content = self._content("register-extract.json", samples.register_extract(now))
        made = seal(content, by=town, format="jades", content_type=plain, **stamped)
        yield self._keep("register-extract.json", made, ".jws.json")
        content = self._content("notice.txt", samples.notice())
        yield self._keep("notice.txt", seal(content, by=town, format="cades", detached=True, **stamped), ".p7s")
        content = self._content("application.json", samples.application(now))
        made = sign(content, by=resident, format="jades", commitment=PROOF_OF_ORIGIN, **stamped)
        yield self._keep("application.json", made, ".jws.json")
        yield from self._papers(town, resident, stamped)
        yield self._contract(town, bus, stamped)
        content = self._content("timetable.csv", samples.timetable())
        yield self._keep("timetable.csv", seal(content, by=bus, format="cades", **stamped), ".p7m")
        made = receipt(
            "ContentHandover",
            by=town,
            sender=BUS,
            recipients=[TOWN],
            message_id="timetable-2026-04",
            parts={"timetable.csv": content.read_bytes()},
            submission_time=now,
            policy_id=DELIVERY_POLICY,
            **stamped,
        )
        yield self._keep("receipt", made, "timetable.csv.receipt.json")

    def _papers(self, town: Signer, resident: Signer, stamped: Mapping[str, Any]) -> Iterator[Made]:
        """The PDFs: a certificate that nobody may change, and an application that two sign, one after the other."""
        paper = self.paper
        content = self._content("certificate.pdf", paper.pdf(paper.certificate()))
        details = PdfDetails(visible=paper.seal(), certify=1)
        made = seal(content, by=town, format="pades", details=details, **stamped)
        yield self._keep("certificate.pdf", made, "certificate.signed.pdf")
        content = self._content("application.pdf", paper.pdf(paper.application()))
        made = sign(content, by=resident, format="pades", commitment=PROOF_OF_ORIGIN, **stamped)
        yield self._keep("application.pdf", made, "application.signed.pdf")
        details = PdfDetails(visible=paper.seal(received=True))
        made = seal(made, by=town, format="pades", details=details, **stamped)
        yield self._keep("received", made, "application.signed-2.pdf")

    def _contract(self, town: Signer, bus: Signer, stamped: Mapping[str, Any]) -> Made:
        """A contract that both parties seal, and that is kept with all that it is verified with."""
        paper = self.paper
        content = self._content("contract.pdf", paper.pdf(paper.contract()))
        made = seal(content, by=bus, format="pades", **stamped)
        made = seal(made, by=town, format="pades", details=PdfDetails(visible=paper.seal()), **stamped)
        made = augment(made, tsa=self.url, http=self.http, trust=self.trust)  # for both seals at once
        return self._keep("contract.pdf", made, "contract.archived.pdf")

    def verifying(self) -> Iterator[Case]:
        """All that was made passes, under the town's trust, offline."""
        for key, file in self._files.items():
            yield self._case(SCENES[key], file, PASSED, content=self._detached(key))

    @property
    def years(self) -> dict[str, int]:
        """In which ``year`` the contract is looked at, and when it is ``renewed``."""
        return {"year": (self.town.now + FUTURE).year, "renewed": (self.town.now + RENEWAL).year}

    def archiving(self) -> Iterator[Case]:
        """The contract decades later: as it was kept, and as it is when it was renewed before its stamp had lapsed."""
        kept, file = self._files["contract.pdf"], f"later/contract.renewed-{self.years['renewed']}.pdf"
        future = self.town.now + FUTURE
        report = verify(self.folder / kept, trust=self.trust, http=self.http).simulate(future)
        yield self._told(LATER["left-alone"], kept, LAPSED, report, name="left-alone")
        made = self._renewed(kept)
        assert made.report is not None
        self._write(file, made)
        yield self._told(LATER["renewed"], file, PASSED, made.report.simulate(future))

    def _renewed(self, file: str) -> Signed:
        """``augment`` at a time to come, in a copy of the town whose authority has its next certificate by then."""
        then = self.town.now + RENEWAL
        town = Town.load(self.folder / "town", clock=lambda: then)
        town.folder = None  # what happens then stays there
        town.renew("tsa")
        town.renew("ocsp")
        steps = verbs.augment(
            self._read(file), NO_CONTENTS, "B-LTA", self.trust, self.url, online=True, options={"digest": "sha512"}
        )
        made = delivered(run(steps, World(lambda: then, os.urandom, time.monotonic, Simulation(town, then))), None)
        assert isinstance(made, Signed)
        return made

    def tampering(self) -> Iterator[Case]:
        """Each file is changed a little, and none passes any more."""
        for key, (data, expected) in self._tampered().items():
            file = self._files[key].replace("files/", "tampered/")
            self._write(file, data)
            yield self._case(TAMPERINGS[key], file, expected, content=self._detached(key))
        flipped = self.folder / "tampered" / "notice.txt"
        self._write("tampered/notice.txt", bit_flipped(samples.notice(), "避難所".encode()))
        self._write("tampered/notice.txt.p7s", self._read(self._files["notice.txt"]))
        yield self._case(TAMPERINGS["notice.txt"], "tampered/notice.txt.p7s", ALTERED, content=flipped)
        other = {"timetable.csv": samples.forged_timetable()}
        yield self._case(TAMPERINGS["other-part"], self._files["receipt"], ALTERED, content=other, name="other-part")
        nobody = TrustStore.empty()
        yield self._case(
            TAMPERINGS["untrusted"], self._files["register-extract.json"], UNKNOWN, nobody, name="untrusted"
        )

    def revoking(self) -> Iterator[Case]:
        """The bus company's certificate is revoked: only what a time stamp proves to be older still passes."""
        bus = self._signer("bus-seal.p12")
        self._keep("unstamped", seal(samples.timetable(), by=bus, format="cades"), "timetable-unstamped.csv.p7m")
        _next_second()  # times of revocation are whole seconds
        self.town.revoke("bus", reason="key_compromise")
        forged = samples.forged_timetable()
        made = seal(forged, by=bus, format="cades", level="B-T", tsa=self.url, http=self.http)
        self._write("tampered/timetable-thief.csv.p7m", made)
        trust = TrustStore.load(self.folder / "town" / "trust")
        before, unstamped = self._files["timetable.csv"], self._files["unstamped"]
        yield self._case(TAMPERINGS["before"], before, PASSED, trust, name="after-revocation")
        yield self._case(TAMPERINGS["unstamped"], unstamped, REVOKED, trust)
        yield self._case(TAMPERINGS["thief"], "tampered/timetable-thief.csv.p7m", REVOKED, trust)

    def pages(self) -> None:
        """One page of HTML about all verifications in each language."""
        for language in LANGUAGES:
            views = [self._view(case, language) for case in self.cases]
            self._write(page_name(language), page(views, version=__version__, language=language).encode())

    @staticmethod
    def _view(case: Case, language: Language) -> FileView:
        """A file as the page shows it; its name says the case too, for some files occur in several."""
        found = view(case.report, language, samples.JST)
        return found._replace(name=f"{said(case.what, language)}: {found.name}")

    def _tampered(self) -> dict[str, tuple[bytes, tuple[str, str | None]]]:
        files = {key: self._read(file) for key, file in self._files.items()}
        return {
            "observation.json": (payload_changed(files["observation.json"], "3.82", "1.82"), FORGED),
            "register-extract.json": (value_flipped(files["register-extract.json"]), FORGED),
            "application.json": (payload_changed(files["application.json"], "30000", "300000"), FORGED),
            "certificate.pdf": (self._other_damage(files["certificate.pdf"]), REPAINTED),
            "application.pdf": (self._other_amount(files["application.pdf"]), ALTERED),
            "timetable.csv": (bit_flipped(files["timetable.csv"], b"07:18:00"), ALTERED),
            "receipt": (member_changed(files["receipt"], BUS.removeprefix("NTRJP-"), "6000012070001"), FORGED),
        }

    def _other_damage(self, certificate: bytes) -> bytes:
        return page_repainted(certificate, self.paper.drawn(self.paper.certificate(forged=True)))

    def _other_amount(self, application: bytes) -> bytes:
        shown = self.paper.shown("30,000")
        digit = len(shown) // 6  # octets of the operand; the last bit of the first digit makes 30,000 another amount
        return bit_flipped(application, shown[digit - 1 :])

    def _signer(self, file: str) -> Signer:
        return Signer.open(f"pkcs12:{self.folder / 'town' / file}", secret=PASSWORD)

    def _content(self, name: str, data: bytes) -> Path:
        self._write(f"files/{name}", data)
        return self.folder / "files" / name

    def _keep(self, key: str, signed: Signed, ending: str) -> Made:
        file = f"files/{key}{ending}" if ending.startswith(".") else f"files/{ending}"
        self._write(file, signed)
        self._files[key] = file
        return Made(key, file, signed)

    def _detached(self, key: str) -> Path | Mapping[str, Path] | None:
        if key == "notice.txt":
            return self.folder / "files" / "notice.txt"
        return {"timetable.csv": self.folder / "files" / "timetable.csv"} if key == "receipt" else None

    def _case(
        self,
        what: tuple[str, str],
        file: str,
        expected: tuple[str, str | None],
        trust: TrustStore | None = None,
        content: Any = None,
        name: str = "",
    ) -> Case:
        """Verify a file, and tell."""
        report = verify(self.folder / file, trust=self.trust if trust is None else trust, content=content)
        return self._told(what, file, expected, report, name)

    def _told(
        self, what: tuple[str, str], file: str, expected: tuple[str, str | None], report: Report, name: str = ""
    ) -> Case:
        """Leave a report in three forms, and remember it."""
        report.file = file
        place = f"reports/{file}" + (f".{name}" if name else "")
        for language in LANGUAGES:
            self._write(f"{place}.{language}.txt", text(report, language, samples.JST).encode() + b"\n")
        self._write(f"{place}.json", json.dumps(report.to_json(), ensure_ascii=False, indent=1).encode() + b"\n")
        case = Case(what, file, expected, report)
        self.cases.append(case)
        return case

    def _read(self, file: str) -> bytes:
        return (self.folder / file).read_bytes()

    def _write(self, file: str, data: bytes) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)


def _next_second() -> None:
    time.sleep(1.0 - time.time() % 1.0 + 0.01)
