"""RFC 3161, both sides, without a network: requests, tokens, answers, refusals, and the client with its fall-backs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toyono_trust.core.algorithms import digest
from toyono_trust.core.asn1 import Reader, der, generalized, integer_der, octet_string, oid_der, sequence, utf8
from toyono_trust.core.findings import entry
from toyono_trust.errors import MalformedError, MisuseError, TrustError, UnavailableError
from toyono_trust.pki.stamping import made_by, stamp
from toyono_trust.pki.tsp import Authority, check_response, read, read_query, read_response, request, verify_signature
from toyono_trust.pki.tsp.response import FAILURES, STATUSES
from toyono_trust.steps import Fetch, Response, run
from tsa_town import AT, POLICY, SHA256, WORLD, SoftwareKey, answer, fake, granted, info, token, tsa

ASKED = {"digest": SHA256, "algorithm": "sha256", "nonce": 5}
SOUND = granted(token())
REPLY = {"content-type": "application/timestamp-reply"}


def codes(made: bytes) -> set[str]:
    """The codes of a token's notes, each of which stands in the table of findings."""
    found = {code for code, _, _ in read(made).notes}
    for code, _, values in read(made).notes:
        for language in (0, 1):
            entry(code).text[language].format(**values)
    return found


# -- request


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 2**63, 2**64 - 1])
@pytest.mark.parametrize("policy", [None, "1.2.3.4"])
def test_a_request_reads_back_as_it_was_asked_for(algorithm: str, nonce: int, policy: str | None) -> None:
    hashed = digest(algorithm, b"timetable")
    query = read_query(request(hashed, algorithm, nonce=nonce, policy=policy))
    assert (query.version, query.algorithm, query.digest) == (1, algorithm, hashed)
    assert (query.nonce, query.policy, query.certificate_requested) == (nonce, policy, True)
    assert query.parameters_sound
    assert query.extensions == ()


@pytest.mark.parametrize(("algorithm", "hashed"), [("sha1", bytes(20)), ("sha256", bytes(20)), ("md5", bytes(16))])
def test_a_digest_that_cannot_be_stamped_is_refused_before_any_work(algorithm: str, hashed: bytes) -> None:
    with pytest.raises(MisuseError) as refused:
        request(hashed, algorithm, nonce=1)
    assert refused.value.code == "tsa.digest"


@pytest.mark.parametrize("policy", ["town", "", "1", "9.9.9", "1.2.3 ", "1.2.-3", "1." * 200 + "1"])
def test_what_names_no_policy_is_misuse_on_both_sides(policy: str) -> None:
    with pytest.raises(MisuseError) as refused:
        request(SHA256, "sha256", nonce=1, policy=policy)
    assert refused.value.code == "tsa.policy"
    with pytest.raises(MisuseError) as refused:
        Authority.of(tsa(), policy=policy)
    assert refused.value.code == "tsa.policy"


def test_a_negative_nonce_is_misuse() -> None:
    with pytest.raises(MisuseError):
        request(SHA256, "sha256", nonce=-1)


# -- our token


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_what_the_authority_stamps_answers_the_request(kind: str, algorithm: str) -> None:
    hashed = digest(algorithm, b"timetable")
    key = tsa(kind)
    body = answer(request(hashed, algorithm, nonce=9), key, serial=2**160 - 1, accuracy=0.25, ordering=True, named=True)
    made = check_response(body, digest=hashed, algorithm=algorithm, nonce=9)
    assert made.notes == ()
    assert made.generated_at == AT.replace(microsecond=123000)
    assert (made.serial_number, made.accuracy, made.ordering, made.policy) == (2**160 - 1, 0.25, True, POLICY)
    assert made.tsa_name is not None
    assert key.certificate.subject_der in made.tsa_name
    assert made.certificates == (key.certificate.der,)
    assert verify_signature(made, key.certificate)
    assert made_by(made) == key.certificate


def test_another_certificate_never_verifies_a_token() -> None:
    made = read(token())
    assert verify_signature(made, tsa().certificate)
    assert not verify_signature(made, tsa("rsa").certificate)
    assert not verify_signature(made, tsa().chain[0])


def test_certificates_are_left_out_where_they_are_not_asked_for() -> None:
    asked = sequence(integer_der(1), read_query(request(SHA256, "sha256", nonce=1)).imprint_tlv)
    made = check_response(answer(asked, tsa()), digest=SHA256, algorithm="sha256", nonce=None)  # type: ignore[arg-type]
    assert made.certificates == ()
    assert made.nonce is None
    assert verify_signature(made, tsa().certificate)


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)),
    st.integers(0, 6),
    st.integers(1, 3_599_999_999),
    st.integers(0, 2**64 - 1),
    st.integers(1, 2**160 - 1),
)
@settings(max_examples=60, deadline=None)
def test_the_values_of_a_token_survive(at: datetime, digits: int, micros: int, nonce: int, serial: int) -> None:
    """Invariant: what the authority is told to write is what a reader reads, cut to the digits of genTime."""
    key = tsa()
    authority = Authority.of(key, policy=POLICY, accuracy=micros / 1_000_000, digits=digits)
    authority = authority._replace(not_before=at, not_after=at)
    from toyono_trust.pki.tsp import respond

    asked = request(SHA256, "sha256", nonce=nonce)
    body = run(respond(asked, authority=authority, key=key, at=at, serial_number=serial), WORLD)
    made = check_response(body, digest=SHA256, algorithm="sha256", nonce=nonce)
    grain = 10 ** (6 - digits)
    assert made.generated_at == at.replace(microsecond=at.microsecond // grain * grain)
    assert made.accuracy == pytest.approx(micros / 1_000_000)
    assert made.serial_number == serial
    assert made.notes == ()


# -- refusals of the authority


def altered(**parts: bytes) -> bytes:
    """A request with members replaced or added."""
    order = ("version", "imprint", "policy", "nonce", "wanted", "extensions")
    base = {"version": integer_der(1), "imprint": read_query(request(SHA256, "sha256", nonce=1)).imprint_tlv}
    base.update(parts)
    return sequence(*(base[name] for name in order if name in base))


def imprint(oid: str, hashed: bytes, *parameters: bytes) -> bytes:
    """A MessageImprint."""
    return sequence(sequence(oid_der(oid), *parameters), octet_string(hashed))


SHA256_OID = "2.16.840.1.101.3.4.2.1"


@pytest.mark.parametrize(
    ("asked", "failure"),
    [
        (b"", "badDataFormat"),
        (b"\x30\x80\x00\x00", "badDataFormat"),
        (altered() + b"\x00", "badDataFormat"),
        (altered(version=integer_der(2)), "badRequest"),
        (altered(version=utf8("1")), "badDataFormat"),
        (altered(imprint=imprint("1.3.14.3.2.26", bytes(20))), "badAlg"),
        (altered(imprint=imprint("1.2.840.113549.2.5", bytes(16))), "badAlg"),
        (altered(imprint=imprint("2.16.840.1.101.3.4.2.4", bytes(28))), "badAlg"),
        (altered(imprint=imprint("1.2.3", bytes(32))), "badAlg"),
        (altered(imprint=imprint(SHA256_OID, bytes(31))), "badDataFormat"),
        (altered(imprint=imprint(SHA256_OID, bytes(32), integer_der(1))), "badDataFormat"),
        (altered(policy=oid_der("1.2.3.4")), "unacceptedPolicy"),
        (altered(nonce=integer_der(1 << 1000)), "badRequest"),
        (altered(wanted=b"\x01\x01\x02"), "badDataFormat"),
        (altered(extensions=der(0xA0, sequence(oid_der("1.2.3"), octet_string(b"")))), "unacceptedExtension"),
        (altered(extensions=der(0xA0)), "badDataFormat"),
        (altered(nonce=integer_der(1), extensions=integer_der(2)), "badDataFormat"),
    ],
)
def test_a_bad_request_is_refused_with_its_failure(asked: bytes, failure: str) -> None:
    status = read_response(answer(asked, tsa()))
    assert (status.status, status.failures, status.token) == ("rejection", (failure,), None)
    assert status.text


@pytest.mark.parametrize("at", [None, AT - timedelta(days=4000), AT + timedelta(days=9000)])
def test_no_time_no_stamp(at: datetime | None) -> None:
    status = read_response(answer(request(SHA256, "sha256", nonce=1), tsa(), at=at))
    assert status.failures == ("timeNotAvailable",)


def test_a_dead_key_is_a_system_failure() -> None:
    class Dead(SoftwareKey):
        def sign_steps(self, data: bytes, algorithm: str) -> Any:
            raise UnavailableError("key.gone", "no device")
            yield ()

    key = tsa()
    dead = Dead(key.certificate, key.chain, key.private_key, "ecdsa-sha256")
    assert read_response(answer(request(SHA256, "sha256", nonce=1), dead)).failures == ("systemFailure",)


@given(st.binary(max_size=80))
def test_any_request_gets_an_answer(asked: bytes) -> None:
    """Invariant: whatever is asked, the answer is a well-formed TimeStampResp."""
    assert read_response(answer(asked, tsa())).status in STATUSES


@pytest.mark.parametrize(
    ("kind", "usages", "critical", "code"),
    [
        ("ed25519", ("ts",), True, "tsa.key"),
        ("p256", ("ts",), False, "tsa.certificate"),
        ("p256", ("ts", "mail"), True, "tsa.certificate"),
        ("p256", (), True, "tsa.certificate"),
    ],
)
def test_a_key_that_verifiers_would_reject_makes_no_authority(
    kind: str, usages: tuple[str, ...], critical: bool, code: str
) -> None:
    with pytest.raises(MisuseError) as refused:
        Authority.of(tsa(kind, usages, critical), policy=POLICY)
    assert refused.value.code == code


@pytest.mark.parametrize("setting", [{"accuracy": 0.0}, {"accuracy": -1.0}, {"accuracy": 1e9}, {"digits": 7}])
def test_settings_out_of_range_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(MisuseError) as refused:
        Authority.of(tsa(), **{"policy": POLICY, **setting})
    assert refused.value.code == "tsa.setting"


# -- hostile tokens


def test_a_sound_token_built_by_hand_has_no_notes() -> None:
    assert codes(token()) == set()
    assert verify_signature(read(token()), tsa().certificate)


def test_the_first_ess_certificate_identifier_is_accepted_in_its_old_form() -> None:
    made = token(v1=True)
    assert verify_signature(read(made), tsa().certificate)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (token(signers=2), "timestamp.signer-count"),
        (token(leave_out=("ess",)), "timestamp.no-certificate-reference"),
        (token(info(version=2)), "timestamp.version"),
        (token(info(hashed=bytes(20))), "timestamp.imprint-length"),
        (token(info(algorithm=sequence(oid_der("1.2.3")))), "timestamp.imprint-algorithm"),
        (token(info(algorithm=sequence(oid_der(SHA256_OID), integer_der(1)))), "timestamp.imprint-parameters"),
        (token(info(tail=b"\x01\x01\x00")), "timestamp.encoded-default"),
        (token(info(moment=der(0x18, b"20270501120000.120Z"))), "timestamp.gentime-form"),
        (token(info(moment=der(0x18, b"20270501120000.Z"))), "timestamp.gentime-form"),
        (token(info(tail=sequence(der(0x80, b"\x00")))), "timestamp.accuracy-range"),
        (token(info(tail=sequence(der(0x81, b"\x03\xe8")))), "timestamp.accuracy-range"),
        (token(info(tail=sequence(integer_der(-1)))), "timestamp.accuracy-range"),
        (
            token(info(nonce=None, tail=der(0xA1, sequence(oid_der("1.2.3"), b"\x01\x01\xff", octet_string(b""))))),
            "timestamp.critical-extension",
        ),
    ],
)
def test_each_broken_rule_is_noted(made: bytes, code: str) -> None:
    assert code in codes(made)


@pytest.mark.parametrize(
    "made",
    [
        token(signers=2),
        token(leave_out=("ess",)),
        token(leave_out=("content-type",)),
        token(leave_out=("message-digest",)),
        token(ess=bytes(32)),
        token(message_digest=bytes(32)),
        token(attribute_type="1.2.840.113549.1.7.1"),
    ],
)
def test_an_unbound_token_is_never_intact(made: bytes) -> None:
    try:
        found = read(made)
    except MalformedError:
        return
    assert not verify_signature(found, tsa().certificate)
    with pytest.raises(UnavailableError) as refused:
        run(stamp(SHA256, "sha256", urls=["http://tsa/"]), world(five(granted(made))))
    assert refused.value.code in ("tsa.bad-token", "tsa.wrong-nonce")
    assert not refused.value.retryable


@pytest.mark.parametrize(
    "made",
    [
        octet_string(token()),
        token() + b"\x00",
        token(content_type="1.2.840.113549.1.7.1"),
        token(b"\x04\x00"),
        token(signers=0),
        token(info(moment=der(0x18, b"2027050112Z"))),
        token(info(moment=der(0x18, b"20270501120000+0900"))),
        token(info(moment=der(0x18, b"20271301120000Z"))),
        token(info(moment=der(0x18, b"+0270501120000Z"))),
        token(info(moment=der(0x17, b"270501120000Z"))),
        token(info(tail=utf8("more"))),
        token(info(tail=integer_der(1), nonce=2)),
    ],
)
def test_what_is_no_token_is_malformed(made: bytes) -> None:
    with pytest.raises(MalformedError):
        read(made, lenient=False)


# -- answers held against the request


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "tsa.bad-response"),
        (granted(token()) + b"\x00", "tsa.bad-response"),
        (sequence(sequence(integer_der(0))), "tsa.bad-response"),
        (granted(octet_string(token())), "tsa.bad-token"),
        (granted(token(), status=2), "tsa.rejected"),
        (granted(token(), status=3), "tsa.rejected"),
        (granted(token(), status=9), "tsa.rejected"),
        (granted(token(), status=-1), "tsa.rejected"),
        (granted(token(info(nonce=6))), "tsa.wrong-nonce"),
        (granted(token(info(nonce=None))), "tsa.wrong-nonce"),
        (granted(token(info(hashed=bytes(32)))), "tsa.wrong-imprint"),
        (granted(token(info(algorithm=sequence(oid_der("1.3.14.3.2.26")), hashed=SHA256[:20]))), "tsa.wrong-imprint"),
        (granted(token(info(algorithm=sequence(oid_der("2.16.840.1.101.3.4.2.8"))))), "tsa.wrong-imprint"),
        (granted(token(signers=2)), "tsa.bad-token"),
        (granted(token(message_digest=bytes(32))), "tsa.bad-token"),
    ],
)
def test_a_wrong_answer_is_named_and_not_worth_a_second_try(body: bytes, code: str) -> None:
    with pytest.raises(UnavailableError) as refused:
        check_response(body, **ASKED)
    assert refused.value.code == code
    assert not refused.value.retryable
    assert refused.value.hint == entry(code).remedy[0]


def test_a_grant_with_modifications_is_checked_like_any_other() -> None:
    assert check_response(granted(token(), status=1), **ASKED, policy=POLICY).nonce == 5
    with pytest.raises(UnavailableError) as refused:
        check_response(granted(token(), status=1), **ASKED, policy="1.2.3.4")
    assert refused.value.code == "tsa.wrong-policy"


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_told_in_its_own_word(failure: str) -> None:
    from toyono_trust.pki.tsp.respond import rejection

    with pytest.raises(UnavailableError, match=failure) as refused:
        check_response(rejection(failure, "because").body, **ASKED)
    assert "because" in refused.value.message
    assert refused.value.retryable == (failure in ("timeNotAvailable", "systemFailure"))


def test_cut_anywhere_an_answer_is_refused() -> None:
    body = answer(request(SHA256, "sha256", nonce=5), tsa())
    for length in range(len(body)):
        with pytest.raises(UnavailableError):
            check_response(body[:length], **ASKED)
    made = read_response(body).token
    assert made is not None
    for length in range(len(made)):
        with pytest.raises(MalformedError):
            read(made[:length])


def test_one_flipped_byte_never_leaves_the_signed_facts_changed() -> None:
    """Invariant: a token with one byte changed does not verify, or says the same."""
    made = token()
    whole = read(made)
    certificate = tsa().certificate
    unsigned = 0
    for index in range(len(made)):
        for flip in (0x01, 0x80):
            changed = bytearray(made)
            changed[index] ^= flip
            try:
                found = read(bytes(changed))
            except MalformedError:
                continue
            if verify_signature(found, certificate):
                unsigned += 1
                assert found.content == whole.content
    assert unsigned > 0


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_reading_is_total(data: st.DataObject) -> None:
    """Invariant: any octets give a token or ``MalformedError``, and an answer or ``UnavailableError``."""
    made = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(made) - 1))
        made[index : index + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        if not made:
            break
    try:
        check_response(bytes(made), **ASKED)
    except UnavailableError:
        pass
    try:
        read(bytes(made[9:]))
    except MalformedError:
        pass


# -- the client


def world(http: Any) -> Any:
    """A world whose random octets make the nonce 5."""
    return WORLD._replace(http=http, random=lambda size: b"\x05".rjust(size, b"\0"))


def five(*bodies: bytes) -> Any:
    """An ``Http`` that answers with these bodies."""
    return fake(iter([Response(200, REPLY, body) for body in bodies]))


def ours(fetch: Fetch) -> Response:
    """Our own TSA behind a URL."""
    assert fetch.body is not None
    return Response(200, {"content-type": "Application/Timestamp-Reply; charset=x"}, answer(fetch.body, tsa()))


def test_the_client_asks_properly_and_takes_a_sound_token() -> None:
    http = fake(iter([ours]))
    made = run(stamp(SHA256, "sha256", urls=["http://tsa/tsr"]), world(http))
    (sent,) = http.seen
    assert (sent.method, sent.url, sent.named_by) == ("POST", "http://tsa/tsr", "caller")
    assert dict(sent.headers)["content-type"] == "application/timestamp-query"
    assert sent.max_bytes == 65536
    assert made.nonce == 5
    assert read(made.data) == made


def test_the_next_authority_is_asked_with_a_new_nonce_where_one_fails() -> None:
    http = fake(
        iter(
            [
                UnavailableError("net.refused", "nobody listens"),
                Response(503, {}, b""),
                Response(200, {"content-type": "text/html"}, b"<html>"),
                Response(200, REPLY, granted(token(info(nonce=77)))),
                ours,
            ]
        )
    )
    numbers = iter(range(1, 9))
    made = run(
        stamp(SHA256, "sha256", urls=[f"http://tsa{number}/" for number in range(5)]),
        WORLD._replace(http=http, random=lambda size: next(numbers).to_bytes(size, "big")),
    )
    assert made.nonce == 5
    assert len({read_query(sent.body).nonce for sent in http.seen}) == 5


def test_where_all_fail_the_most_telling_error_is_raised_and_names_all() -> None:
    from toyono_trust.pki.tsp.respond import rejection

    http = fake(
        iter(
            [
                UnavailableError("net.refused", "nobody listens"),
                Response(200, REPLY, rejection("unacceptedPolicy", "not offered").body),
                Response(404, {}, b""),
            ]
        )
    )
    urls = ["http://user:secret@one/a?token=secret", "http://two/", "http://three/"]
    with pytest.raises(UnavailableError) as refused:
        run(stamp(SHA256, "sha256", urls=urls), world(http))
    assert refused.value.code == "tsa.rejected"
    assert refused.value.retryable, "the first one may come back"
    for word in ("http://one/a", "net.refused", "http://two/", "unacceptedPolicy", "http://three/", "404"):
        assert word in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("status", "retryable"), [(500, True), (503, True), (429, True), (404, False), (302, False), (201, False)]
)
def test_another_status_is_told(status: int, retryable: bool) -> None:
    with pytest.raises(UnavailableError) as refused:
        run(stamp(SHA256, "sha256", urls=["http://tsa/"]), world(fake(iter([Response(status, REPLY, b"")]))))
    assert (refused.value.code, refused.value.retryable) == ("tsa.http-status", retryable)


def test_a_token_without_its_certificate_or_of_another_key_is_refused() -> None:
    other = tsa("rsa")
    disguised = SoftwareKey(tsa().certificate, (), other.private_key, "rsa-sha256")
    for made in (token(leave_out=("certificates",)), token(key=disguised)):
        with pytest.raises(UnavailableError) as refused:
            run(stamp(SHA256, "sha256", urls=["http://tsa/"]), world(five(granted(made))))
        assert refused.value.code == "tsa.bad-token"


def test_the_deadline_ends_the_search() -> None:
    http = fake(iter([UnavailableError("net.deadline", "too late")]))
    with pytest.raises(UnavailableError) as refused:
        run(stamp(SHA256, "sha256", urls=["http://one/", "http://two/"]), world(http))
    assert refused.value.code == "net.deadline"
    assert len(http.seen) == 1


@pytest.mark.parametrize("urls", [[], "http://tsa/"])
def test_no_authority_is_misuse(urls: Any) -> None:
    with pytest.raises(MisuseError):
        run(stamp(SHA256, "sha256", urls=urls), world(None))


def test_no_network_is_misuse_and_not_a_failure_of_the_authority() -> None:
    with pytest.raises(TrustError) as refused:
        run(stamp(SHA256, "sha256", urls=["http://one/", "http://two/"]), world(None))
    assert refused.value.code == "http.missing"


def test_a_foreign_answer_in_ber_is_read() -> None:
    body = granted(token())
    inner = Reader(body).children(Reader(body).root())
    ber = b"\x30\x80" + b"".join(body[start:end] for _, start, _, _, end in inner) + b"\x00\x00"
    assert check_response(ber, **ASKED).nonce == 5


def test_times_of_every_fraction_are_read() -> None:
    for written, micros in ((b"", 0), (b".1", 100000), (b".000001", 1), (b".1234567891", 123456)):
        made = token(info(moment=der(0x18, b"20270501120000" + written + b"Z")))
        assert read(made).generated_at == datetime(2027, 5, 1, 12, 0, 0, micros, UTC)
        assert read(made).notes == ()
    assert generalized(AT, 6).endswith(b".123456Z")
