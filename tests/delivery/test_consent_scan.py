"""Through a whole run nothing of the resident leaves the holders' hands: no name, address, birth date, 個人番号."""

from __future__ import annotations

import gzip
import json
import logging
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from urllib.parse import quote

import pytest
from delivery_town import town, trust

import toyono_trust
from consent_samples import AT, CARE, KEY, LEVEL, OBJECT, TOWN, given, use
from made_log import Place, signer
from personal_data import Scanner
from toyono_trust.delivery.consent import covers, resident_receipt, revoke
from toyono_trust.delivery.exchange import build, check, for_third_party, message, reconcile, reference
from toyono_trust.delivery.parties import jpki_pseudonym
from toyono_trust.delivery.sealed import called
from toyono_trust.edge.consent_paper import consent_paper
from toyono_trust.errors import MisuseError, TrustError
from toyono_trust.formats.model import Party
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.issuing import ReceiptLog
from toyono_trust.ledger.proof import write_proof
from toyono_trust.ledger.tiles.writer import write_tiles

NAME, ADDRESS, BORN, NUMBER = "山里 花子", "大阪府豊能郡見本町中央一丁目1番1号", "1950-01-02", "864209753132"
SERIAL = 7308114529
RESIDENT = {
    "name": [NAME, "山里　花子", "ヤマザト ハナコ", "やまざと はなこ", "ﾔﾏｻﾞﾄ ﾊﾅｺ", "Yamazato Hanako", "YAMAZATO HANAKO",
             "Hanako Yamazato"],
    "address": [ADDRESS, "見本町中央一丁目1番1号", "見本町中央1-1-1", "1-1-1 Chuo, Mihon"],
    "birth": [BORN, "1950/01/02", "昭和25年1月2日", "昭和25年01月02日", "S25.1.2", "1950年1月2日", "319500102"],
    "number": [NUMBER, "8642 0975 3132", "8642-0975-3132"],
    "serial": [str(SERIAL)],
}  # fmt: skip
ANSWER = json.dumps(
    {"氏名": NAME, "住所": ADDRESS, "生年月日": BORN, "個人番号": NUMBER, "要介護度": "要介護2"}, ensure_ascii=False
).encode()
REQUEST = json.dumps({"本人": jpki_pseudonym(SERIAL, KEY).identifier, "項目": LEVEL.code}, ensure_ascii=False).encode()
SECRET = sha256(b"a secret of the town").digest()


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(RESIDENT)


class Run:
    """What came to be, by whose hands it is in."""

    def __init__(self, folder: Path, log: logging.Handler) -> None:
        self.folder, self.handler = folder, log
        self.parties: dict[str, bytes] = {}
        """What the parties of the exchange have beside the data itself."""
        self.public: dict[str, bytes] = {}
        """What anybody may get to see."""
        self._go()

    def _go(self) -> None:
        consent = given(subject=jpki_pseudonym(SERIAL, KEY))
        seal = town().identity("town")
        exchange = use(subject=consent.subject, consent=consent.digest)
        request = message("urn:x:m:1", {"request.json": REQUEST}, AT)
        response = message("urn:x:m:2", {"answer.json": ANSWER}, AT + timedelta(seconds=1))
        place = Place(str(self.folder / "log.db"))
        with place.create() as log:
            book = ReceiptLog(log, signer())
            receipts = [
                toyono_trust.receipt(
                    event, by=seal, sender=sender, recipients=[to], message_id=of.identifier, submission_time=of.at,
                    parts={part.name: tuple(part.digest) for part in of.parts}, policy_id="1.2.3", log=book,
                )
                for event, of, sender, to in (
                    ("SubmissionAcceptance", request, CARE.identifier, TOWN.identifier),
                    ("ContentHandover", request, CARE.identifier, TOWN.identifier),
                    ("ContentHandover", response, TOWN.identifier, CARE.identifier),
                )
            ]  # fmt: skip
            manifest = build(
                exchange.exchange, at=AT + timedelta(seconds=3), requester=CARE.identifier, provider=TOWN.identifier,
                request=request, response=response, receipts=receipts,
                consent=reference(consent.identifier, consent.octets),
            )  # fmt: skip
            entry = commit(manifest.to_json(), sha256(b"salt").digest()[:16]).entry
            position = log.append(entry)
            log.checkpoint(signer())
            proof = write_proof(log.prove(position))
            write_tiles(log, self.folder / "tiles")
        hidden, _ = for_third_party(manifest, SECRET)
        other, _ = for_third_party(manifest._replace(at=manifest.at + timedelta(seconds=2)), SECRET)
        self.consent, self.exchange, self.manifest, self.hidden = consent, exchange, manifest, hidden
        ending = revoke(consent, AT + timedelta(days=1))
        refused = use(
            subject=consent.subject, consent=consent.digest, purpose="x", requester="y", at=AT + timedelta(days=2)
        )
        coverage = covers(consent, refused, revocations=[ending])
        notice = resident_receipt(
            consent, exchange, covers(consent, exchange), identifier="urn:x:n", issuer=TOWN, issued=AT, objection=OBJECT
        )
        told = [text for one in ("en", "ja") for text in (coverage.text_in(one), notice.text_in(one))]  # type: ignore[arg-type]
        reports = [
            toyono_trust.verify(one, trust=trust(), content={"answer.json": ANSWER, "request.json": REQUEST})
            for one in receipts
        ]
        for report in reports:
            logging.getLogger("gateway").info("%s %s", report.log_line(), report)
        logging.getLogger("gateway").warning("%s", coverage.text_in("ja"))
        agreed = reconcile([hidden], [other], receipts=False)
        differ = reconcile([manifest], [], receipts=False)
        self.parties = {
            "consent": toyono_trust.seal(consent.octets, by=seal, format="jades"),
            "revocation": toyono_trust.seal(ending.octets, by=seal, format="jades"),
            "manifest": toyono_trust.seal(manifest.octets, by=seal, format="jades"),
            **{f"receipt {number}": one for number, one in enumerate(receipts)},
            **{f"opening {number}": one.entry.opening for number, one in enumerate(receipts) if one.entry},  # type: ignore[attr-defined]
            "notice": toyono_trust.seal(notice.octets, by=seal, format="jades"),
            "page": consent_paper(notice, zone=UTC, languages=["en"]),
            "told": "\n".join(told).encode(),
            "check": check(manifest, response={"answer.json": b""}).text_in("ja").encode(),
            "differences": json.dumps(differ.to_json()).encode(),
            **{f"report {number}": json.dumps(one.to_json()).encode() for number, one in enumerate(reports)},
        }
        self.public = {
            "manifest for third parties": toyono_trust.seal(hidden.octets, by=seal, format="jades"),
            "proof": proof,
            "reconciled": json.dumps(agreed.to_json()).encode() + agreed.text_in("ja").encode(),
            **{str(path.relative_to(self.folder)): path.read_bytes() for path in self._files()},
        }

    def _files(self) -> Iterator[Path]:
        return (path for path in sorted(self.folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    file = tmp_path_factory.mktemp("logging") / "gateway.log"
    handler = logging.FileHandler(file, encoding="utf-8")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        made = Run(folder, handler)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
    made.public["logging"] = file.read_bytes()
    return made


def test_nothing_of_the_resident_stands_anywhere_but_in_the_data(whole: Run, scanner: Scanner) -> None:
    assert {name: hits for name, one in (whole.parties | whole.public).items() if (hits := scanner.found(one))} == {}
    assert scanner.found(ANSWER)  # there is something to find


def test_the_run_left_what_was_to_be_scanned(whole: Run) -> None:
    assert any(name.startswith("log.db") for name in whole.public)
    assert any(name.startswith("tiles/tile/") for name in whole.public)
    assert b"ContentHandover" in whole.public["logging"] or b"TOTAL-PASSED" in whole.public["logging"]
    assert all(whole.parties.values())
    assert len([one for one in whole.parties if one.startswith("opening")]) == 3


def test_third_parties_do_not_even_learn_digests_pseudonyms_and_parties(whole: Run) -> None:
    """Whoever has the data could find it by its digest; whoever knows the parties, by their identifiers."""
    subject = whole.consent.subject.identifier
    known = Scanner({
        "subject": [subject], "request": [REQUEST.decode()], "answer": [ANSWER.decode()],
        "consent": [whole.consent.identifier, whole.consent.octets.decode()],
        "parties": [CARE.identifier, TOWN.identifier], "exchange": [whole.exchange.exchange, "urn:x:m:1", "urn:x:m:2"],
    })  # fmt: skip
    public = {name: one for name, one in whole.public.items() if name != "logging"}
    seals = {"manifest for third parties"}  # its sealer is named by the seal itself
    hits = {name: known.found(one) for name, one in public.items() if name not in seals}
    assert {name: one for name, one in hits.items() if one} == {}
    assert known.found(whole.hidden.octets) == []
    assert known.found(whole.manifest.octets) != []


def test_two_exchanges_of_one_resident_cannot_be_matched(whole: Run) -> None:
    again = whole.manifest._replace(exchange="urn:x:exchange:2")
    first, second = (set(_commitments(for_third_party(one, SECRET)[0].to_json())) for one in (whole.manifest, again))
    assert len(first) > 10
    assert first.isdisjoint(second)


def _commitments(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "commitment":
                yield one
            else:
                yield from _commitments(one)
    elif isinstance(value, list):
        for one in value:
            yield from _commitments(one)


def test_what_a_person_signs_names_the_person_and_stays_with_the_town(whole: Run) -> None:
    """The card's certificate has the name in it: what leaves is the consent under the town's seal."""
    by = town().identity("resident")
    person = Scanner({"signer": list(called(by.certificate))})
    assert person.found(toyono_trust.sign(whole.consent.octets, by=by, format="jades"))
    assert person.found(whole.parties["consent"]) == []


@pytest.mark.parametrize("value", [NAME, NUMBER, BORN, ADDRESS])
def test_errors_do_not_repeat_what_they_refuse(value: str, scanner: Scanner) -> None:
    refused: list[Callable[[], object]] = [
        lambda: given(subject=Party(value, "jp:jpki-pseudonym")),
        lambda: given(subject=Party(value, "jp:individual-number")),
        lambda: given(subject=Party(value)),
        lambda: given(subject=Party("x" * 30, "jp:jpki-pseudonym", (("FamilyName", (value,)),))),
    ]
    for one in refused:
        with pytest.raises(MisuseError) as raised:
            one()
        error: TrustError = raised.value
        assert scanner.found(f"{error} {error.hint} {error!r}".encode()) == []


# -- the scanner finds what is planted

HASHED = sha256(NAME.encode())
PLANTED: dict[str, bytes] = {
    "utf-8": NAME.encode(),
    "without space": "山里花子".encode(),
    "katakana": "ヤマザトハナコ".encode(),
    "half-width": "ﾔﾏｻﾞﾄ ﾊﾅｺ".encode(),
    "utf-16": NAME.encode("utf-16-le"),
    "utf-16-be": NAME.encode("utf-16-be"),
    "Shift_JIS": NAME.encode("cp932"),
    "EUC-JP": NAME.encode("euc_jp"),
    "ISO-2022-JP": "住民 山里花子 様".encode("iso2022_jp"),
    "hex": NAME.encode().hex().encode(),
    "HEX": NAME.encode().hex().upper().encode(),
    "base64": b64encode(NAME.encode()),
    "base64 at 1": b64encode(b"x" + ADDRESS.encode() + b"yz"),
    "base64 at 2": b64encode(b"xy" + ADDRESS.encode() + b"z"),
    "base64url": urlsafe_b64encode("氏名：".encode() + NAME.encode()),
    "base64 of utf-16": b64encode(NAME.encode("utf-16-le")),
    "JSON escapes": json.dumps(NAME).encode().replace(b" ", b"\\u0020"),
    "percent": quote(ADDRESS).encode(),
    "XML references": "".join(f"&#x{ord(one):X};" for one in NAME).encode(),
    "gzip": gzip.compress(NAME.encode()),
    "certificate in a JWS": urlsafe_b64encode(json.dumps({"x5c": [b64encode(NAME.encode()).decode()]}).encode()),
    "hex in base64": b64encode(HASHED.hexdigest().encode()),
    "sha-256": HASHED.digest(),
    "sha-256 hex": HASHED.hexdigest().encode(),
    "sha-256 base64": b64encode(HASHED.digest()),
    "sha-256 of JSON": sha256(json.dumps(NAME, ensure_ascii=False).encode()).hexdigest().encode(),
    "sha-512 of the address": sha512(ADDRESS.encode()).digest(),
    "number": NUMBER.encode(),
    "number with blanks": b"8642 0975 3132",
    "number wide": "８６４２０９７５３１３２".encode(),
    "number as integer": int(NUMBER).to_bytes(6, "big"),
    "sha-256 of the number": sha256(NUMBER.encode()).digest(),
    "birth date": BORN.encode(),
    "birth date in its era": "昭和25年1月2日".encode(),
    "sha-256 of the birth date": sha256(b"19500102").hexdigest().upper().encode(),
}


@pytest.mark.parametrize("form", PLANTED)
def test_what_is_planted_is_found(form: str, scanner: Scanner) -> None:
    data = PLANTED[form] if form == "gzip" else b'{"a": "' + PLANTED[form] + b'"}' + bytes(range(256))
    assert scanner.found(data)


def test_nothing_is_found_where_nothing_is(scanner: Scanner) -> None:
    noise = b"".join(sha256(number.to_bytes(4, "big")).digest() for number in range(4_000))
    assert scanner.found(noise) == []
    assert scanner.found(noise.hex().encode()) == []
    assert scanner.found(b64encode(noise)) == []


@pytest.mark.parametrize("planted", [HASHED.digest(), sha256(NUMBER.encode()).digest()], ids=["name", "number"])
def test_an_unsalted_digest_in_a_log_is_found_in_its_store_and_tiles(
    planted: bytes, tmp_path: Path, scanner: Scanner
) -> None:
    with Place(str(tmp_path / "log.db")).create() as log:
        log.append(planted)
        log.checkpoint(signer())
        proof = write_proof(log.prove(0))
        write_tiles(log, tmp_path / "tiles")
    with closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert scanner.found((tmp_path / "log.db").read_bytes())
    assert scanner.found(proof)
    assert any(scanner.found(path.read_bytes()) for path in (tmp_path / "tiles").rglob("*") if path.is_file())
