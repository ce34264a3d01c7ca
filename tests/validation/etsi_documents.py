"""Reading validation reports of ETSI TS 119 102-2: against the published schema, and against the report they are of."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar

from lxml import etree

from corpus import schemas
from toyono_trust import Report
from toyono_trust.core.algorithms import digest_by_xml
from toyono_trust.core.findings import table
from toyono_trust.validation import etsi
from toyono_trust.validation.etsi import uris
from toyono_trust.validation.judge.signature import indication_of
from toyono_trust.validation.report import SignatureReport, TimestampReport

NS = {"v": uris.VR, "ds": uris.DS, "x": uris.XADES, "tt": uris.OWN}
U = "urn:etsi:019102:"


# -- reading what was written


class Published(etree.Resolver):
    """Finds the schemas that the published one imports by their file names; nothing comes from a network."""

    FILES: ClassVar = {
        "xmldsig-core-schema.xsd": "xmldsig/xmldsig-core-schema.xsd",
        "xml.xsd": "xmldsig/xml.xsd",
        "XAdES.xsd": "xades/XAdES01903v132-202407.xsd",
        "ts_119612v020201_201601xsd.xsd": "trusted-list/ts_119612v020101_xsd.xsd",
        "tsl.xsd": "trusted-list/ts_119612v020101_xsd.xsd",
    }

    def resolve(self, url: str, public: str, context: Any) -> Any:
        name = url.rsplit("/", 1)[-1]
        if name in self.FILES:
            return self.resolve_filename(str(schemas(self.FILES[name])), context)
        assert "://" not in url, f"{url} is not among the schemas"
        return None


@lru_cache(maxsize=1)
def schema() -> Any:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Published())
    return etree.XMLSchema(etree.parse(str(schemas("validation-report/TS119102-2-v141.xsd")), parser))


def parsed(document: bytes) -> Any:
    """The root of a document that is valid and whose references all lead somewhere; read as a careful reader would."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=False)
    root = etree.fromstring(document, parser)
    assert schema().validate(root), schema().error_log
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    for reference in root.xpath("//@VOReference"):
        assert reference.split()
        assert set(reference.split()) <= set(ids), reference
    return root


def written(report: Report) -> Any:
    return parsed(etsi.xml(report))


def find(element: Any, path: str) -> list[Any]:
    """XPath; names without a prefix are those of the report."""
    steps = "/".join(f"v:{step}" if step[:1].isalpha() and ":" not in step else step for step in path.split("/"))
    found: list[Any] = element.xpath(steps, namespaces=NS)
    return found


def one(element: Any, path: str) -> Any:
    (found,) = find(element, path)
    return found


def text(element: Any, path: str) -> str | None:
    found = find(element, path)
    assert len(found) <= 1
    return found[0].text if found else None


def octets(element: Any, path: str) -> bytes:
    return base64.b64decode(one(element, path).text)


def digest_in(element: Any) -> tuple[str | None, bytes]:
    name = digest_by_xml(one(element, "ds:DigestMethod").get("Algorithm"))
    return name, octets(element, "ds:DigestValue")


def referred(element: Any, path: str) -> list[str]:
    return [name for each in find(element, path) for name in each.get("VOReference").split()]


def thing(root: Any, name: str) -> Any:
    return one(root, f"SignatureValidationObjects/ValidationObject[@id='{name}']")


def der(root: Any, name: str) -> bytes:
    return octets(thing(root, name), "ValidationObjectRepresentation/base64")


def at(time: datetime) -> str:
    return time.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


# -- what every document must say of its report


def signatures(report: Report) -> Iterator[SignatureReport]:
    def each(found: tuple[SignatureReport, ...]) -> Iterator[SignatureReport]:
        for item in found:
            yield item
            yield from each(item.counter_signatures)

    return each(report.signatures)


def stamps(report: Report) -> list[TimestampReport]:
    return [*(stamp for item in signatures(report) for stamp in item.timestamps), *report.timestamps]


def agree(root: Any, report: Report) -> None:
    """Invariant: the XML says what the report says, of every signature and every time stamp."""
    parts = find(root, "SignatureValidationReport")
    items = list(signatures(report))
    assert len(parts) == max(1, len(items))
    if not items:
        status = one(parts[0], "SignatureValidationStatus")
        assert verdict(status) == (report.indication.lower(), report.sub_indication)
        assert constraints(parts[0]) == Counter(finding.code for finding in report.findings)
        assert find(parts[0], "SignatureIdentifier") == []
    for place, (part, item) in enumerate(zip(parts, items, strict=False)):
        of_file = report.findings if place == 0 else ()
        assert constraints(part) == Counter(finding.code for finding in (*item.findings, *of_file))
        signature_agrees(root, part, item, report)
    listed = {}
    for stamp in stamps(report):
        found = find(root, f"//*[@id='{stamp.id}' or starts-with(@id, '{stamp.id}-')]")
        assert found
        listed[stamp.id] = found
        assert any(stamp_agrees(root, each, stamp) for each in found), stamp.id
    kind = f"{U}validationObject:timestamp"
    assert len(find(root, f"//v:ValidationObject[v:ObjectType='{kind}']")) == sum(map(len, listed.values()))


def verdict(status: Any) -> tuple[str, str | None]:
    main, sub = text(status, "MainIndication"), text(status, "SubIndication")
    assert main is not None
    return main.removeprefix(f"{U}mainindication:"), sub and sub.removeprefix(f"{U}subindication:")


def constraints(part: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in find(part, "ValidationConstraintsEvaluationReport/ValidationConstraint"):
        code = one(each, "ValidationConstraintIdentifier").text.removeprefix("urn:toyono-trust:finding:")
        found[code] += 1
        assert text(each, "ConstraintStatus/Status") == f"{U}constraintStatus:applied"
        parameters = dict(zip_values(find(each, "ValidationConstraintParameter")))
        status, level = one(each, "ValidationStatus"), parameters["level"]
        assert parameters["clause"] == table()[code].clause
        main, sub = verdict(status)
        assert main == (indication_of(sub).lower() if level == "fail" else "passed")
        assert (sub is not None) == (level == "fail")
        messages = [kind for kind, _ in zip_values(find(status, ".//v:ReportData"))]
        assert messages == [{"fail": "error", "warn": "warning", "inform": "information"}[level], "remedy"]
    return found


def zip_values(elements: list[Any]) -> Iterator[tuple[str, str]]:
    """The last part of the type's URI, and the text."""
    for each in elements:
        yield one(each, "Type").text.rsplit(":", 1)[-1], one(each, "Value").text


def signature_agrees(root: Any, part: Any, item: SignatureReport, report: Report) -> None:
    status = one(part, "SignatureValidationStatus")
    assert verdict(status) == (item.indication.lower(), item.sub_indication)
    identifier = one(part, "SignatureIdentifier")
    assert identifier.get("id").startswith(item.id)
    value = octets(identifier, "ds:SignatureValue")
    if item.format in ("JAdES", "JWS"):
        assert base64.urlsafe_b64encode(value).rstrip(b"=") == item.facts.value.wire
    else:
        assert value == item.facts.value.wire
    if item.facts.value.signed:
        name, found = digest_in(one(identifier, "DigestAlgAndValue"))
        assert found == hashlib.new((name or "").replace("sha3-", "sha3_"), item.facts.value.signed).digest()
    assert text(part, "ValidationTimeInfo/ValidationTime") == at(report.validated_at)
    assert text(part, "ValidationTimeInfo/BestSignatureTime/POETime") == at(item.best_signature_time)
    proving = referred(part, "ValidationTimeInfo/BestSignatureTime/POEObject")
    assert len(proving) == 1 or item.best_signature_time == report.validated_at
    for name in proving:
        assert text(thing(root, name), "POEProvisioning/POETime") == at(item.best_signature_time)
    chain_agrees(root, part, item)
    related = referred(status, ".//v:RelatedValidationObject")
    for digest in item.revocation_evidence:
        assert any(name.endswith("-" + digest.removeprefix("sha256:")) for name in related)
    attributes_agree(part, item)


def chain_agrees(root: Any, part: Any, item: SignatureReport | TimestampReport) -> None:
    names = referred(part, "SignerInformation/SignerCertificate")
    assert [der(root, name) for name in names] == ([item.certificate.der] if item.certificate else [])
    status = one(part, "SignatureValidationStatus")
    (data, *_) = find(status, "AssociatedValidationReportData")
    signing = referred(data, "CertificateChain/SigningCertificate")
    assert signing == names
    anchors = referred(data, "CertificateChain/TrustAnchor")
    assert anchors == referred(data, "TrustAnchor")
    chain = [*signing, *referred(data, "CertificateChain/IntermediateCertificate"), *anchors]
    if item.chain:
        wanted = [each.der for each in item.chain]
        assert [der(root, name) for name in chain] == (wanted * 2 if len(wanted) == 1 else wanted)
    else:
        assert chain == names


def attributes_agree(part: Any, item: SignatureReport) -> None:
    facts, found = item.facts, "SignatureAttributes/"
    claimed = None if facts.claimed_signing_time is None else at(facts.claimed_signing_time)
    assert text(part, f"{found}SigningTime/Time") == claimed
    assert len(find(part, f"{found}CounterSignature")) == len(item.counter_signatures)
    readable = Counter(stamp.token.type for stamp in item.timestamps if stamp.token.generated_at.year > 1)
    names = {
        "content": "AllDataObjectsTimeStamp",
        "signature": "SignatureTimeStamp",
        "validation-data": "SigAndRefsTimeStamp",
        "archive": "ArchiveTimeStamp",
        "document": "DocTimeStamp",
    }
    for kind, name in names.items():
        assert len(find(part, found + name)) == readable[kind], kind
    own = (*find(part, f"{found}SigningTime"), *find(part, f"{found}SigningCertificate"))
    said = {each.get("Signed") for each in own}
    assert said <= ({"true"} if item.signature_intact else {None})


def stamp_agrees(root: Any, element: Any, stamp: TimestampReport) -> bool:
    """Whether this object is the time stamp with this verdict."""
    report = one(element, "ValidationReport")
    if octets(element, "ValidationObjectRepresentation/base64") != stamp.token.data:
        return False
    if verdict(one(report, "SignatureValidationStatus")) != (stamp.indication.lower(), stamp.sub_indication):
        return False
    assert constraints(report) == Counter(finding.code for finding in stamp.findings)
    chain_agrees(root, report, stamp)
    time = text(element, "POEProvisioning/POETime")
    assert time == (at(stamp.token.generated_at) if stamp.indication == "PASSED" else None)
    return True
