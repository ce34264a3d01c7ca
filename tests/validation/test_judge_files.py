"""What holds for a whole file: precedence of indications, hostile certificates, work, and what no policy can turn."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest
from judging_town import (
    DAY,
    NOW,
    PAYLOAD,
    codes,
    failing,
    outcome,
    policy,
    revocation,
    sign,
    stamp,
    town,
    trust,
    verify,
)

from toyono_trust.core.algorithms import digest
from toyono_trust.core.content import BytesContent
from toyono_trust.core.findings import entry, table
from toyono_trust.core.limits import Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.model import CertificateReference, Facts, Note, Signature, SignedObject
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.validation.judge import judge, malformed
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report

PASSED = ("TOTAL-PASSED", None)


def facts_of(data: bytes) -> Facts:
    return registry.read(data, Contents(None), Work())


def judged(
    facts: Facts, store: TrustStore | None = None, rules: Policy | None = None, work: Work | None = None
) -> Report:
    return judge(facts, rules or policy(), store or trust(), NOW, work or Work())


def with_signature(signature: Signature) -> Facts:
    return Facts("JAdES", (signature,))


def sound() -> Signature:
    return facts_of(sign()).signatures[0]


def broken(signature: Signature) -> Signature:
    value = signature.value
    return signature._replace(value=value._replace(signed=value.signed + b"!"))


def test_twins_are_told_apart() -> None:
    one = sound()
    report = judged(Facts("JAdES", (one, one)))
    assert outcome(report) == PASSED
    first, second = (item["id"] for item in report.to_json()["signatures"])
    assert second == f"{first}-2"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_any_failure_wins_then_anything_undecided(order: tuple[int, ...]) -> None:
    unknown = facts_of(sign("revoked")).signatures[0]
    three = (sound(), unknown, broken(sound()))
    store = trust(*revocation(revoked={"revoked": (NOW - DAY, "superseded")}))
    report = judged(Facts("JAdES", tuple(three[index] for index in order)), store)
    assert outcome(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    assert report.decisive is not None
    assert report.decisive.code == "signature.broken"
    two = judged(Facts("JAdES", tuple(three[index] for index in order if index < 2)), store)
    assert outcome(two) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_a_finding_about_the_file_does_not_hide_a_failed_signature() -> None:
    note = Note("receipt.reason-missing", "", {"event": "x"})
    report = judged(Facts("JAdES", (broken(sound()),), notes=(note,)))
    assert entry(note.code).sub_indication == "SIG_CONSTRAINTS_FAILURE"
    assert outcome(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    alone = judged(Facts("JAdES", (sound(),), notes=(note,)))
    assert outcome(alone) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert alone.signatures[0].indication == "TOTAL-PASSED"


def test_forged_value_of_a_revoked_signer_is_forged() -> None:
    """5.3: the certificate's problems wait for the cryptographic verification."""
    store = trust(*revocation(revoked={"town": (NOW - DAY, "superseded")}))
    assert outcome(judged(with_signature(broken(sound())), store)) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
    assert outcome(judged(with_signature(broken(sound())), TrustStore.empty())) == (
        "TOTAL-FAILED",
        "SIG_CRYPTO_FAILURE",
    )


def test_missing_content_comes_before_a_wrong_digest() -> None:
    objects = (
        SignedObject("a", True, False, "sha256", b"x" * 32),
        SignedObject("b", False, None, "sha256", b"y" * 32),
    )
    report = judged(with_signature(sound()._replace(objects=objects)))
    assert outcome(report) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    assert failing(report) == {"content.missing", "content.altered"}
    assert "“b”" in report.decisive.text if report.decisive else False


def test_detached_content() -> None:
    for format in ("jades", "cades"):
        signed = sign(format=format, detached=True)
        assert outcome(verify(signed)) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
        assert outcome(verify(signed, content=BytesContent(PAYLOAD))) == PASSED
        report = verify(signed, content=BytesContent(b"other"))
        assert report.indication == "TOTAL-FAILED"
        assert report.sub_indication == ("HASH_FAILURE" if format == "cades" else "SIG_CRYPTO_FAILURE")


def test_reference_to_another_certificate() -> None:
    reference = CertificateReference("sha256", b"\0" * 32)
    report = judged(with_signature(sound()._replace(references=(reference,))))
    assert outcome(report) == ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND")
    assert failing(report) == {"signature.certificate-mismatch"}
    assert report.signatures[0].certificate is None


def test_reference_with_another_serial_number_is_only_said() -> None:
    certificate = town().identity("town").certificate
    for stated, differs in (((certificate.issuer_der, certificate.serial), False), ((certificate.issuer_der, 1), True)):
        reference = CertificateReference("sha256", certificate.sha256, stated)
        report = judged(with_signature(sound()._replace(references=(reference,))))
        assert outcome(report) == PASSED
        assert ("signature.reference-differs" in codes(report, "warn")) is differs


def test_reference_by_sha1_warns() -> None:
    certificate = town().identity("town").certificate
    reference = CertificateReference("sha1", digest("sha1", certificate.der))
    report = judged(with_signature(sound()._replace(references=(reference,))))
    assert outcome(report) == PASSED
    assert codes(report, "warn") == {"algorithm.reference"}
    md5 = CertificateReference("md5", digest("md5", certificate.der))
    report = judged(with_signature(sound()._replace(references=(md5,))))
    assert outcome(report) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")


def test_no_certificate_at_all() -> None:
    alone = sound()._replace(leaf=None, certificates=(), references=())
    report = judged(with_signature(alone))
    assert outcome(report) == ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND")
    assert failing(report) == {"signature.certificate-missing"}


def test_unreadable_certificates_are_left_out_and_said() -> None:
    """A bag with rubbish in it, twice: no exception, the sound path counts."""
    store = trust(*revocation(), intermediates=False)
    rubbish = (b"\x30\x03\x02\x01\x01", b"\x30\x03\x02\x01\x02")
    signature = sound()
    facts = with_signature(signature._replace(certificates=(*signature.certificates, *rubbish)))
    for _ in range(2):
        report = judged(facts, store)
        assert outcome(report) == PASSED
        assert {(finding.code, finding.level) for finding in report.findings} == {("certificate.malformed", "inform")}


def test_unreadable_revocation_data_is_left_out_and_said() -> None:
    facts = with_signature(sound()._replace(crls=(b"no CRL", b"no CRL either")))
    report = judged(facts)
    assert outcome(report) == PASSED
    assert {finding.code for finding in report.findings} == {"revocation.malformed"}


def test_work_that_is_used_up_passes_nothing() -> None:
    for kind in ("signature-checks", "paths"):
        report = judged(
            facts_of(sign()), work=Work({"signature-checks": 50, "paths": 50, "hashed-bytes": 1 << 20, kind: 0})
        )
        assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
        assert [finding.code for finding in report.findings] == ["limits.work"]
        assert f"({kind})" in report.findings[0].text
        assert report.signatures == ()


def test_counter_signature_is_judged_and_does_not_decide() -> None:
    counter = facts_of(sign("bus")).signatures[0]
    report = judged(with_signature(sound()._replace(counter_signatures=(counter,))))
    assert outcome(report) == PASSED
    assert report.signatures[0].counter_signatures[0].indication == "TOTAL-PASSED"
    bad = judged(with_signature(sound()._replace(counter_signatures=(broken(counter),))))
    assert outcome(bad) == PASSED
    assert bad.signatures[0].counter_signatures[0].indication == "TOTAL-FAILED"
    assert "signature.counter-broken" in codes(bad, "warn")
    strict = judged(
        with_signature(sound()._replace(counter_signatures=(broken(counter),))),
        rules=policy('[findings]\nsignature.counter-broken = "fail"'),
    )
    assert outcome(strict) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")


def test_reports_on_what_cannot_be_read() -> None:
    assert outcome(verify(b"nothing")) == ("INDETERMINATE", "FORMAT_FAILURE")
    assert outcome(verify(b"eyJ.x.y")) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert verify(b"").signatures == ()


# What no policy can turn -------------------------------------------------------------------------------------------


def everything_lowered() -> Policy:
    """Every finding at the lowest level that a policy may give it."""
    lowered = {}
    for code in table():
        try:
            dataclasses.replace(Policy.default(), levels_of_findings={code: "ignore"})
        except MisuseError:
            continue
        lowered[code] = "ignore"
    return dataclasses.replace(
        Policy.default(),
        levels_of_findings=lowered,
        revocation="ignore",
        clock_skew=timedelta(days=1),
    )


LAX = everything_lowered()


def test_much_can_be_lowered() -> None:
    assert "certificate.expired" in LAX.levels_of_findings
    assert outcome(judged(facts_of(sign("weak-key")), rules=LAX)) == PASSED


def _sabotaged() -> dict[str, Signature]:
    signature = sound()
    value = signature.value
    return {
        "other octets": broken(signature),
        "other value": signature._replace(value=value._replace(value=value.value[:-1] + b"\0")),
        "no value": signature._replace(value=value._replace(value=b"")),
        "unknown algorithm": signature._replace(value=value._replace(algorithm="1.2.3")),
        "algorithm of another key": signature._replace(value=value._replace(algorithm="rsa-sha256")),
        "another curve": signature._replace(value=value._replace(curve="p384")),
        "no objects": signature._replace(objects=()),
        "content missing": signature._replace(objects=(SignedObject("x", False, None, by_signature=True),)),
        "content missing, by digest": signature._replace(objects=(SignedObject("x", False, None, "sha256", b"x"),)),
        "content altered": signature._replace(objects=(SignedObject("x", True, False, "sha256", b"x"),)),
        "content not compared": signature._replace(objects=(SignedObject("x", True, None, "1.2.3", b"x"),)),
        "reference to another certificate": signature._replace(
            references=(CertificateReference("sha256", b"\0" * 32),)
        ),
        "certificate of another": signature._replace(leaf=town().identity("bus").certificate.der, references=()),
        "no certificate": signature._replace(leaf=None, certificates=(), references=()),
        "forged certificate": signature._replace(leaf=_forged(), references=()),
        "refused by the parser": signature._replace(notes=(Note("jws.crit-unknown", "", {"name": "x"}),)),
    }


def _forged() -> bytes:
    """The town's certificate with another signature of its CA."""
    der = town().identity("town").certificate.der
    return der[:-1] + bytes((der[-1] ^ 1,))


@pytest.mark.parametrize("name", _sabotaged())
@pytest.mark.parametrize("stamped", [False, True])
def test_no_policy_passes_what_is_broken(name: str, stamped: bool) -> None:
    """Invariant: a signature whose octets, value, content or certificate do not fit is passed under no policy."""
    signature = _sabotaged()[name]
    if stamped:
        tokens = facts_of(stamp(sign(), NOW - timedelta(hours=1))).signatures[0].timestamps
        signature = signature._replace(timestamps=tokens)
    for rules in (policy(), LAX):
        report = judged(with_signature(signature), rules=rules)
        assert report.indication in ("TOTAL-FAILED", "INDETERMINATE")
        assert report.sub_indication is not None
        assert report.decisive is not None


def test_unverified_value_is_not_rescued_by_time() -> None:
    """An expired certificate that a time stamp rescues must not carry an unknown algorithm with it."""
    end = town().identity("expired").certificate.not_after
    signed = sign("expired", claimed=end - DAY)
    with_stamp = facts_of(stamp(signed, end - DAY, by="tsa-old")).signatures[0]
    value = with_stamp.value._replace(algorithm="1.2.3")
    rules = policy('[findings]\nalgorithm.not-accepted = "warn"')
    store = trust(*revocation(end - DAY))
    report = judged(with_signature(with_stamp), store, rules)
    assert outcome(report) == PASSED
    report = judged(with_signature(with_stamp._replace(value=value)), store, rules)
    assert outcome(report) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")
    assert "signature.unverified" in failing(report)


@pytest.mark.parametrize(
    "code", ["signature.unverified", "signature.broken", "content.altered", "path.signature", "jws.crit-unknown"]
)
@pytest.mark.parametrize("level", ["warn", "inform", "ignore"])
def test_levels_that_cannot_be(code: str, level: str) -> None:
    with pytest.raises(MisuseError) as refused:
        policy(f'[findings]\n"{code}" = "{level}"')
    assert refused.value.code == "policy.bad-value"
    with pytest.raises(MisuseError):
        dataclasses.replace(Policy.default(), levels_of_findings={code: level})


def test_malformed_of_another_kind_of_error() -> None:
    """An error whose code leads to no verdict of its own is reported as a file without an accepted reading."""
    error = MalformedError("trust.unreadable", "odd")
    report = malformed(error, "JWS", Policy.default(), trust(), NOW)
    assert outcome(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert report.findings[0].code == "format.malformed"
    assert json.dumps(report.to_json())
