"""A resident lets the town give the care level to a care provider: consent, exchange, receipts, and what she is told.

    python consent.py FOLDER [FONT]

In a throw-away town: the town seals the consent, gives the data, and issues receipts that enter an evidence log. A
manifest links all of it by digests; a form of it for third parties tells them nothing. The resident gets a sealed
notice, and a page of it (Japanese with a FONT that has it). Then she takes her consent back. The exit code is 0 where
the exchange was covered before that, and not after it.
"""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toyono_trust import EvidenceLog, TrustStore, receipt, seal, verify
from toyono_trust.delivery import consent as consents
from toyono_trust.delivery import exchange as exchanges
from toyono_trust.delivery.consent import Limit, Organisation, Term, Text, Use
from toyono_trust.delivery.parties import jpki_pseudonym
from toyono_trust.devpki import Town
from toyono_trust.edge.consent_paper import consent_paper
from toyono_trust.ledger.entry import commit
from toyono_trust.ledger.issuing import ReceiptLog
from toyono_trust.ledger.note import NoteSigner

TOWN = Organisation("NTRJP-9234567890123", Text("見本町", "Mihon Town"))
CARE = Organisation("NTRJP-1345678901234", Text("みほん介護サービス", "Mihon Care Services"))
PLAN = Term("https://mihon.example/purpose/care-plan", Text("介護サービス計画の作成", "drawing up the care plan"))
LEVEL = Term("https://mihon.example/data/care-level", Text("要介護度", "care level"))
DESK = Text("見本町 個人情報相談窓口（電話 000-000-0000）", "Mihon Town, privacy desk, 000-000-0000")


def main(folder: Path, font: Path | None) -> int:
    """Play it; what each has is written below the folder."""
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty: name a new folder", file=sys.stderr)
        return 64
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(microsecond=0)
    town = Town.create(now)
    by = town.identity("town")
    trust = TrustStore.from_certificates([town.root.der], [town.ca.der], [town.crl("root"), town.crl("ca")])

    for name, der in {
        "anchors/root.cer": town.root.der, "intermediates/ca.cer": town.ca.der,
        "revocation/root.crl": town.crl("root"), "revocation/ca.crl": town.crl("ca"),
    }.items():  # fmt: skip
        (folder / "trust" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "trust" / name).write_bytes(der)

    # the key of the pseudonyms is the town's alone; the serial number is that of the resident's card
    resident = jpki_pseudonym(7308114529, secrets.token_bytes(32))
    consent = consents.build(
        f"urn:uuid:{uuid4()}", subject=resident, requester=CARE, provider=TOWN, purpose=PLAN, data_types=[LEVEL],
        given=now, start=now, end=now + timedelta(days=180), limits=[Limit(3, "day")], withdrawal=DESK,
    )  # fmt: skip
    (folder / "consent.jws").write_bytes(seal(consent.octets, by=by, format="jades"))

    # what is asked and answered; the receipts are made of digests
    asked = exchanges.message(f"urn:uuid:{uuid4()}", {"request.json": b'{"item": "care level"}'}, now)
    answer = '{"要介護度": "要介護2"}'.encode()
    answered = exchanges.message(f"urn:uuid:{uuid4()}", {"answer.json": answer}, now)
    use = Use(f"urn:uuid:{uuid4()}", now, resident, CARE.identifier, TOWN.identifier, PLAN.code, (LEVEL.code,),
              consent.digest)  # fmt: skip
    before = consents.covers(consent, use)
    print(f"first exchange:  {'covered' if before.covered else before.text_in('en')}")

    signer = NoteSigner.from_key("log.mihon.example", Ed25519PrivateKey.generate())
    with EvidenceLog.create(folder / "log.db", signer.key) as log:
        given = receipt(
            "ContentHandover", by=by, sender=TOWN.identifier, recipients=[CARE.identifier],
            message_id=str(answered.identifier), parts={"answer.json": answer}, submission_time=now,
            policy_id="urn:oid:1.3.6.1.4.1.32473.1", log=ReceiptLog(log, signer),
        )  # fmt: skip
        manifest = exchanges.build(
            use.exchange, at=now, requester=CARE.identifier, provider=TOWN.identifier, request=asked,
            response=answered, receipts=[given], consent=exchanges.reference(consent.identifier, consent.octets),
        )  # fmt: skip
        log.append(commit(manifest.to_json(), secrets.token_bytes(16)).entry)
        log.checkpoint(signer)
        print(f"log:             {log.head.size} entries, commitments alone")
    (folder / "answer.receipt.json").write_bytes(given)
    (folder / "manifest.jws").write_bytes(seal(manifest.octets, by=by, format="jades"))
    found = exchanges.check(manifest, response={"answer.json": answer}, receipts=[given], consent=consent.octets)
    print(f"manifest:        {len(found.items)} things, {len(found.wrong)} wrong, {len(found.open)} not presented")
    hidden, openings = exchanges.for_third_party(manifest, secrets.token_bytes(32))
    (folder / "manifest.third-party.json").write_bytes(hidden.octets)
    print(f"third parties:   {len(openings)} commitments, {hidden.octets.count(TOWN.identifier.encode())} identifiers")

    # what the resident gets
    notice = consents.resident_receipt(
        consent, use, before, identifier=f"urn:uuid:{uuid4()}", issuer=TOWN, issued=now, objection=DESK,
        manifest=manifest.octets,
    )  # fmt: skip
    sealed = seal(notice.octets, by=by, format="jades")
    (folder / "notice.jws").write_bytes(sealed)
    tokyo = ZoneInfo("Asia/Tokyo")
    page = consent_paper(notice, zone=tokyo, font=font, languages=("ja", "en") if font else ("en",))
    (folder / "notice.pdf").write_bytes(seal(page, by=by, format="pades"))
    told = verify(sealed, trust=trust).require(signed_by={TOWN.identifier}).content
    print(f"the resident:    {consents.read_resident_receipt(told).sentence_in('en', tokyo)}")

    # she takes it back
    ending = consents.revoke(consent, now + timedelta(hours=1))
    (folder / "revocation.jws").write_bytes(seal(ending.octets, by=by, format="jades"))
    later = use._replace(exchange=f"urn:uuid:{uuid4()}", at=now + timedelta(hours=2))
    after = consents.covers(consent, later, earlier=[use], revocations=[ending])
    print(f"second exchange: {after.text_in('en') or 'covered'}")
    print(f"written:         {', '.join(sorted(path.name for path in folder.iterdir()))}")
    print(f"verify them:     toyono-verify {folder}/*.jws --trust {folder}/trust")
    return 0 if before.covered and not after.covered else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python consent.py FOLDER [FONT]")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
