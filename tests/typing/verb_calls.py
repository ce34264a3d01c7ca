"""Calls of the verbs, right and wrong, for mypy: ``# error: <code>`` stands where it must complain, and nowhere else.

Read by tests/test_api_aio.py; never run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from toyono_trust import Http, Policy, Signer, TrustStore, aio, augment, receipt, seal, sign, timestamp, verify
from toyono_trust.formats.pades import PdfDetails

town = Signer.open("pkcs12:town-seal.p12", secret="secret")
trust = TrustStore.load("trust")
http = Http()
TSA = "http://127.0.0.1:3161/tsr"
AT = datetime(2026, 11, 22, tzinfo=UTC)

# B-B needs nothing else
sign(b"", by=town, format="jades")
seal(Path("order.json"), by=town, format="cades", level="B-B", detached=True, out="order.json.p7s")
seal("order.json", by=town, format="jades", commitment="http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin", roles=["長"])

# one more signature for a signed file
sign("a.jws", by=town, format="jades", countersigns="signature-0123456789abcdef", roles=["長"]).hex()
seal(b"", by=town, format="cades", countersigns=True, level="B-T", tsa=TSA, http=http).level.upper()
sign("a.p7s", by=town, format="cades", parallel=True, covers={"a": Path("a")}, out="b.p7s").hex()
seal("a.p7s", by=town, format="cades", parallel=True, covers="a", level="B-LTA", tsa=TSA, http=http, trust=trust)
sign("a.jws", by=town, format="jades", countersigns=0)  # error: call-overload
sign("a.jws", by=town, format="jades", countersigns=["signature-0123456789abcdef"])  # error: call-overload
sign("a.jws", by=town, format="jades", parallel="yes")  # error: call-overload
receipt("Q", by=town, sender="", recipients=[], message_id="", parts={}, parallel=True)  # error: call-overload

# a PDF that goes into a file is not returned
seal("a.pdf", by=town, format="pades", details=PdfDetails(certify=2)).hex()
seal("a.pdf", by=town, format="pades", out="b.pdf").path.stat()
seal("a.pdf", by=town, format="pades", out="b.pdf", level="B-T", tsa=TSA, http=http).size.bit_length()
seal("a.pdf", by=town, format="pades", out="b.pdf").hex()  # error: attr-defined
seal("a.json", by=town, format="jades", out="b.jws").hex()
PdfDetails(certify=4)  # error: arg-type

# B-T needs an authority and the network
seal(b"", by=town, format="jades", level="B-T", tsa=TSA, http=http)
seal(b"", by=town, format="cades", level="B-T", tsa=[TSA, TSA], http=http, fallback="B-B", timeout=5.0, trust=trust)
sign(b"", by=town, format="jades", level="B-T", tsa=TSA, http=http).level.upper()
seal(b"", by=town, format="jades", level="B-T")  # error: call-overload
seal(b"", by=town, format="jades", level="B-T", tsa=TSA)  # error: call-overload
seal(b"", by=town, format="jades", level="B-T", http=http)  # error: call-overload
sign(b"", by=town, format="jades", level="B-T", tsa=TSA)  # error: call-overload
sign(b"", by=town, format="jades", level="B-T", tsa=None, http=http)  # error: call-overload

# B-LT and B-LTA also need trust
seal(b"", by=town, format="jades", level="B-LTA", tsa=TSA, http=http, trust=trust).report.simulate(AT)
sign("a.pdf", by=town, format="pades", out="b.pdf", level="B-LT", tsa=TSA, http=http, trust=trust).path.stat()
seal(b"", by=town, format="cades", level="B-LT", tsa=TSA, http=http)  # error: call-overload
sign(b"", by=town, format="cades", level="B-LTA", trust=trust, http=http)  # error: call-overload

# augmentation
augment(b"", level="B-T", tsa=TSA, http=http).hex()
augment("a.jws", level="B-LT", trust=trust, http=http, signatures={"signature-0"}, content={"a": b""}).hex()
augment(Path("a.pdf"), trust=trust, http=http, tsa=TSA, password="secret", timeout=5.0).hex()
augment("a.pdf", trust=trust, http=http, tsa=TSA, out="a.pdf").format.upper()
augment(b"", level="B-T", http=http)  # error: call-overload
augment(b"", level="B-LT", http=http)  # error: call-overload
augment(b"", level="B-LTA", trust=trust, http=http)  # error: call-overload
augment(b"", level="B-LTA", trust=trust, tsa=TSA)  # error: call-overload
augment(b"", level="B-B", tsa=TSA, http=http)  # error: call-overload
augment(b"", trust=trust, http=http, tsa=TSA, colour="red")  # error: call-overload

# and what needs no network gets none
seal(b"", by=town, format="jades", tsa=TSA, http=http)  # error: call-overload
sign(b"", by=town, format="jades", level="B-B", http=http)  # error: call-overload

# words
seal(b"", by=town, format="pdf")  # error: call-overload
seal(b"", by=town, format="jades", level="B-X")  # error: call-overload
seal(b"", by=town, format="jades", fallback="none", level="B-T", tsa=TSA, http=http)  # error: call-overload
seal(b"", by=town, format="jades", colour="red")  # error: call-overload
seal(b"", town, "jades")  # error: call-overload
seal({"a": 1}, by=town, format="jades")  # error: call-overload
seal(b"", by="town", format="jades")  # error: call-overload

# receipts
receipt("ContentHandover", by=town, sender="a", recipients=["b"], message_id="1", parts={"c": b""}, submission_time=AT)
receipt(
    "SubmissionAcceptance", by=town, sender="a", recipients=["b"], message_id="1", parts={"c": ("sha256", b"")},
    level="B-T", tsa=TSA, http=http, policy_id="1.2.3", fallback="B-B",
)  # fmt: skip
receipt("E.1", by=town, sender="", recipients=[], message_id="", parts={}, form="xml").xml.decode()
receipt("E.1", by=town, sender="", recipients=[], message_id="", parts={}, form="yaml")  # error: call-overload
receipt("E.1", by=town, sender="", recipients=[], message_id="", parts={}, level="B-T")  # error: call-overload
receipt("ContentHandover", by=town, sender="", recipients=[], message_id="", parts={}, tsa=TSA)  # error: call-overload
receipt("ContentHandover", by=town, sender="", recipients=[], message_id="", parts={}, why="")  # error: call-overload
receipt("ContentHandover", by=town, sender="", recipients=[], message_id="")  # error: call-overload

# time stamps
timestamp(b"", tsa=TSA, http=http, digest="sha512", trust=trust).hex()
timestamp(b"", tsa=TSA)  # error: call-arg
timestamp(b"", http=http)  # error: call-arg
timestamp(b"", tsa=TSA, http=http, digest="md5")  # error: arg-type

# verification
report = verify(b"", trust=trust, content={"a": b"", "b": Path("b")}, policy=Policy.default(), at=AT)
verify(b"", trust=trust, http=http, timeout=5.0).simulate(AT).indication.lower()
report.require(signed_by={"NTRJP-9234567890123"}).content.decode()
report.require(signed_by={("NTRJP-9234567890123", "sha256:00")})
report.require(signed_by="anyone")
report.require()  # error: call-arg
report.require(signed_by="NTRJP-9234567890123")  # error: arg-type
report.require(signed_by=["NTRJP-9234567890123"])  # error: arg-type
verify(b"", trust="trust")  # error: arg-type


# inside an event loop
async def awaitable() -> None:
    (await aio.seal(b"", by=town, format="jades")).level.upper()
    await aio.seal(b"", by=town, format="jades", level="B-T", tsa=TSA, http=http)
    (await aio.sign(b"", by=town, format="cades", parallel=True, covers=b"")).hex()
    (await aio.verify(b"", trust=trust)).require(signed_by="anyone")
    await aio.seal(b"", by=town, format="jades", level="B-T", tsa=TSA)  # error: call-overload
    await aio.sign(b"", by=town, format="jades", level="B-T", http=http)  # error: call-overload
    await aio.timestamp(b"", tsa=TSA)  # error: call-arg
    aio.seal(b"", by=town, format="jades")  # error: unused-coroutine


def a_verdict_is_no_boolean() -> str:
    return "valid" if verify(b"", trust=trust) else "invalid"  # error: redundant-expr
