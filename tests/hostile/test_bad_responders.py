"""Issuers' sites, CRL servers and OCSP responders that are dead, slow, lying or without end: a note, and what is right.

The file's own certificates choose all addresses, so every one of these may be the attacker's.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

import gathering_site as web
import made_pki as pki
from gathering_site import Asked, Direct, Site, Small, Told, codes, facts_of, gathered, passes, small
from made_pki import AT, DAY
from toyono_trust.core import asn1
from toyono_trust.core.limits import Work
from toyono_trust.devpki.issue import ocsp_failure
from toyono_trust.net import Http
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.revocation import load
from toyono_trust.steps import run
from toyono_trust.validation.gather import gather
from toyono_trust.validation.gather.holdings import MAX_ADDRESSES, MAX_FETCHES, MAX_ROUNDS
from toyono_trust.validation.policy import Policy


@pytest.fixture
def site() -> Iterator[Site]:
    with web.site() as made:
        yield made


PAGE = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"


def _about(name: str) -> Callable[[Small], Any]:
    """Answers whatever is asked about another certificate of the same CA."""

    def page(town: Small) -> Any:
        other = pki.issue(name, town.ca)
        asked = web.request_with(other, town.ca, None)
        return web.responder(town.ca, town.responder, other, change=lambda request: asked)

    return page


def _flipped(town: Small) -> Any:
    honest = web.responder(town.ca, town.responder, town.leaf)

    def page(asked: Asked) -> bytes:
        answer = honest(asked)
        data = bytearray(answer)
        data[answer.rfind(town.responder.der) - 20] ^= 1  # inside the signature value
        return bytes(data)

    return page


def _by_another_ca(town: Small) -> Any:
    stranger = pki.issue("Stranger", ca=True)
    return web.responder(town.ca, web.delegate("Stranger's responder", stranger), town.leaf)


def _by_a_plain_signer(town: Small) -> Any:
    return web.responder(town.ca, pki.issue("No responder", town.ca), town.leaf)


def _by_the_signer_itself(town: Small) -> Any:
    return web.responder(town.ca, town.leaf, town.leaf)


def _revoked(town: Small) -> Any:
    own = web.delegate("Bad responder", town.ca, web.points(f"{town.site.url}/ca.crl"), nocheck=False)
    town.site.pages["/ca.crl"] = web.crl(town.ca, own)
    return web.responder(town.ca, own, town.leaf)


def _expired(town: Small) -> Any:
    own = pki.issue(
        "Old responder", town.ca, extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)], end=AT - 5 * DAY
    )
    return web.responder(town.ca, own, town.leaf)


LIARS: dict[str, tuple[Callable[[Small], Any], str, str]] = {
    "nothing": (lambda town: Told(), "gather.unreadable", ""),
    "a page": (lambda town: Told(PAGE, 200, (("Content-Type", "text/html"),)), "gather.unreadable", ""),
    "rubbish": (lambda town: b"\x30\x80" * 20_000, "gather.unreadable", ""),
    "a length of 2 GiB": (lambda town: b"\x30\x84\x7f\xff\xff\xff", "gather.unreadable", ""),
    "a list": (lambda town: web.crl(town.ca), "gather.unreadable", ""),
    "the question": (lambda town: lambda asked: asked.ocsp, "gather.unreadable", ""),
    "a certificate": (lambda town: town.ca.der, "gather.unreadable", ""),
    "status 500": (lambda town: Told(b"", 500), "gather.http-status", "500"),
    "status 404 with an honest body": (
        lambda town: lambda asked: Told(web.responder(town.ca, town.responder, town.leaf)(asked), 404),
        "gather.http-status",
        "404",
    ),
    "status 204": (lambda town: Told(b"", 204), "gather.http-status", "204"),
    "try later": (lambda town: ocsp_failure(3), "gather.refused", "tryLater"),
    "unauthorized": (lambda town: ocsp_failure(6), "gather.refused", "unauthorized"),
    "huge": (lambda town: bytes(70_000), "gather.not-fetched", "net.too-large"),
    "for another certificate": (_about("Somebody else"), "gather.other-certificate", ""),
    "unknown": (
        lambda town: web.responder(town.ca, town.responder),
        "gather.unusable",
        "revocation.unknown-status",
    ),
    "from the future": (
        lambda town: web.responder(town.ca, town.responder, town.leaf, at=AT + timedelta(hours=1)),
        "gather.future",
        "",
    ),
    "stale": (
        lambda town: web.responder(town.ca, town.responder, town.leaf, at=AT - 30 * DAY),
        "gather.stale",
        "",
    ),
    "a broken signature": (_flipped, "gather.unusable", "revocation.signature"),
    "by another CA's responder": (_by_another_ca, "gather.unusable", "revocation.responder-of-another-ca"),
    "by one who is no responder": (_by_a_plain_signer, "gather.unusable", "revocation.responder-not-authorised"),
    "by the signer itself": (_by_the_signer_itself, "gather.unusable", "revocation.self-asserted"),
    "by a revoked responder": (_revoked, "gather.unusable", "revocation.signer-revoked"),
    "by an expired responder": (_expired, "gather.unusable", "revocation.responder-outside-validity"),
    "to another port": (
        lambda town: Told(b"", 302, (("Location", "http://127.0.0.1:9/ocsp"),)),
        "gather.not-fetched",
        "net.redirect",
    ),
    "to another host": (
        lambda town: Told(b"", 301, (("Location", "http://ocsp.example/"),)),
        "gather.not-fetched",
        "net.redirect",
    ),
    "to a file": (
        lambda town: Told(b"", 302, (("Location", "file:///etc/passwd"),)),
        "gather.not-fetched",
        "net.bad-url",
    ),
    "round and round": (
        lambda town: Told(b"", 302, (("Location", "/ocsp"),)),
        "gather.not-fetched",
        "net.redirect",
    ),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", LIARS)
def test_a_lying_responder_is_named_and_the_list_replaces_it(site: Site, name: str) -> None:
    make, code, reason = LIARS[name]
    town = small(site)
    site.pages["/ocsp"] = make(town)
    found = gathered(town.facts(), town.trust)
    noted = [note for note in found.notes if note.code == code]
    assert noted, found.notes
    assert noted[0].values["url"] == site.url + "/ocsp"
    assert noted[0].subject == town.leaf.certificate.subject
    assert reason in {str(note.values.get("reason", "")) for note in noted} or not reason
    assert len(repr(found.notes)) < 3_000
    assert passes(town.facts(), town.trust, found)
    kept = [der for der in found.material.revocation if isinstance(load(der), OcspResponse)]
    assert len(kept) == (1 if name == "stale" else 0)
    assert {each.code for each in found.failed} == ({code} if name != "stale" else set())


@pytest.mark.integration
@pytest.mark.parametrize("name", LIARS)
def test_a_lying_responder_passes_nothing(site: Site, name: str) -> None:
    """Without a list there is no verdict, whatever the responder says."""
    make, _, _ = LIARS[name]
    town = small(site)
    site.pages["/ocsp"] = make(town)
    site.pages.pop("/ca.crl")
    found = gathered(town.facts(), town.trust)
    assert not passes(town.facts(), town.trust, found)
    assert "gather.http-status" in codes(found)


LISTS: dict[str, tuple[Callable[[Small], Any], str, str]] = {
    "a page": (lambda town: PAGE, "gather.unreadable", ""),
    "cut off": (lambda town: web.crl(town.ca)[:-1], "gather.unreadable", ""),
    "another CA's": (lambda town: web.crl(town.root), "gather.other-certificate", ""),
    "by a namesake": (
        lambda town: pki.crl(town.ca, key=pki.key_of("namesake")).der,
        "gather.unusable",
        "revocation.signature",
    ),
    "by a namesake who names himself": (
        lambda town: (
            pki.crl(
                town.ca,
                key=pki.key_of("namesake"),
                extensions=[web.access(issuers=[f"{town.site.url}/namesake.cer"])],
            ).der
        ),
        "gather.unusable",
        "revocation.signature",
    ),
    "from the future": (lambda town: web.crl(town.ca, at=AT + DAY), "gather.future", ""),
    "stale": (lambda town: web.crl(town.ca, at=AT - 9 * DAY, until=AT - DAY), "gather.stale", ""),
    "only changes": (
        lambda town: pki.crl(town.ca, extensions=[(x509.DeltaCRLIndicator(1), True)]).der,
        "gather.unusable",
        "revocation.delta-crl",
    ),
    "for CAs alone": (
        lambda town: (
            pki.crl(
                town.ca,
                extensions=[(x509.IssuingDistributionPoint(None, None, False, True, None, False, False), True)],
            ).der
        ),
        "gather.unusable",
        "revocation.scope",
    ),
    "status 403": (lambda town: Told(b"no", 403), "gather.http-status", "403"),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", LISTS)
def test_a_lying_list_is_named_and_proves_nothing(site: Site, name: str) -> None:
    make, code, reason = LISTS[name]
    town = small(site, ocsp=False)
    site.pages["/namesake.cer"] = pki.issue("Gathered CA", pki.issue("Own", ca=True), ca=True, key="namesake").der
    site.pages["/ca.crl"] = make(town)
    found = gathered(town.facts(), town.trust)
    noted = [(note.code, note.values["url"], str(note.values.get("reason", ""))) for note in found.notes]
    assert any(
        each[0] == code and each[1] == site.url + "/ca.crl" and (not reason or each[2] == reason) for each in noted
    )
    assert not passes(town.facts(), town.trust, found)
    assert len(found.material.revocation) == (2 if name == "stale" else 1)


ISSUERS: dict[str, tuple[Callable[[Small], Any], str]] = {
    "a page": (lambda town: PAGE, "gather.unreadable"),
    "nothing": (lambda town: Told(), "gather.unreadable"),
    "a bundle without certificates": (
        lambda town: asn1.sequence(
            asn1.oid_der("1.2.840.113549.1.7.2"),
            asn1.explicit(
                0,
                asn1.sequence(
                    asn1.integer_der(1),
                    asn1.set_of([]),
                    asn1.sequence(asn1.oid_der("1.2.840.113549.1.7.1")),
                    asn1.set_of([]),
                ),
            ),
        ),
        "gather.unreadable",
    ),
    "a private key": (
        lambda town: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "gather.unreadable",
    ),
    "the signer": (lambda town: town.leaf.der, "gather.other-issuer"),
    "a namesake": (lambda town: pki.issue("Gathered CA", ca=True, key="namesake").der, "gather.other-issuer"),
    "the root": (lambda town: town.root.der, "gather.other-issuer"),
    "huge": (lambda town: bytes(300_000), "gather.not-fetched"),
    "gone": (lambda town: Told(b"", 410), "gather.http-status"),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", ISSUERS)
def test_a_wrong_issuer_is_named_and_not_taken(site: Site, name: str) -> None:
    make, code = ISSUERS[name]
    town = small(site)
    site.pages["/ca.cer"] = make(town)
    found = gathered(town.facts(), town.trust)
    assert codes(found) == [code]
    assert found.notes[0].values["url"] == site.url + "/ca.cer"
    assert (found.material.certificates, found.material.revocation, found.fetched) == ((), (), 1)


# -- sites without end


@contextmanager
def _listening(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    server = socket.create_server(("127.0.0.1", 0))
    threads = []

    def one(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                connection.recv(65_536)
                talk(connection)
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
            threads[-1].start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for each in (thread, *threads):
            each.join(10)


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


def _dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"0")
        time.sleep(0.05)


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65_536))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("talk", "reason"),
    [(_silent, "net.timeout"), (_dripping, "net.timeout"), (_endless, "net.too-large"), (None, "net.refused")],
    ids=["silent", "dripping", "endless", "dead"],
)
def test_a_responder_without_end_is_left_in_time(
    site: Site, talk: Callable[[socket.socket], None] | None, reason: str
) -> None:
    town = small(site)
    with _listening(talk or _silent) as url:
        address = url
        if talk is None:
            with socket.create_server(("127.0.0.1", 0)) as closed:
                address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        own = [web.access(ocsp=[address]), web.points(f"{site.url}/ca.crl")]
        leaf = pki.issue("Held up", town.ca, extensions=own)
        facts = facts_of(leaf, town.ca)
        begun = time.monotonic()
        found = gathered(facts, town.trust, http=Http(allow_private=True, timeout=0.5))
        assert time.monotonic() - begun < 4
    assert [(note.code, note.values["reason"]) for note in found.notes] == [("gather.not-fetched", reason)]
    assert passes(facts, town.trust, found)


@pytest.mark.integration
def test_slow_sites_are_waited_for_together_and_the_operation_has_one_deadline(site: Site) -> None:
    town = small(site)
    leaves = [
        pki.issue(f"Slow {n}", town.ca, extensions=[web.access(ocsp=[f"{site.url}/slow{n}/ocsp"])]) for n in range(6)
    ]
    for n, leaf in enumerate(leaves):
        honest = web.responder(town.ca, town.responder, leaf)
        site.pages[f"/slow{n}"] = lambda asked, honest=honest: Told(honest(asked), delay=0.4)
    facts = facts_of(leaves[0], town.ca)
    facts = facts._replace(signatures=tuple(s for leaf in leaves for s in facts_of(leaf, town.ca).signatures))
    begun = time.monotonic()
    found = gathered(facts, town.trust)
    assert passes(facts, town.trust, found)
    assert time.monotonic() - begun < 6 * 0.4
    hurried = web.world()._replace(timeout=0.2)
    late = run(gather(facts, Policy.default(), town.trust, AT), hurried)
    assert {note.values["reason"] for note in late.notes if "reason" in note.values} <= {"net.timeout", "net.deadline"}


# -- addresses that lead where files must not lead


@pytest.mark.integration
def test_private_addresses_are_refused_unless_allowed(site: Site) -> None:
    town = small(site)
    found = gathered(town.facts(town.ca), town.trust, http=Http())
    assert {note.values["reason"] for note in found.notes} == {"net.address-refused"}
    assert site.asked == []
    listed = Http(allow_private=True, hosts={"ocsp.example"})
    assert gathered(town.facts(town.ca), town.trust, http=listed).material.revocation == ()
    assert site.asked == []
    allowed = Http(allow_private=True, hosts={"127.0.0.1"})
    assert passes(town.facts(town.ca), town.trust, gathered(town.facts(town.ca), town.trust, http=allowed))


@pytest.mark.integration
def test_a_redirect_on_the_same_site_is_followed(site: Site) -> None:
    town = small(site)
    site.pages["/moved.crl"] = site.pages["/root.crl"]
    site.pages["/root.crl"] = Told(b"", 301, (("Location", "/moved.crl"),))
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)
    assert found.notes == ()


def test_a_certificate_that_is_not_the_signers_way_up_makes_no_request(site: Site) -> None:
    """Whatever else lies in the file: only addresses of the path are asked."""
    town = small(site)
    named = web.points(f"{site.url}/s.crl")
    access = web.access(issuers=[f"{site.url}/spy.cer"])
    spies = [pki.issue(f"Spy {n}", ca=True, extensions=[access, named]) for n in range(5)]
    found = gathered(town.facts(town.ca, *spies), town.trust, http=Direct(site))
    assert passes(town.facts(town.ca, *spies), town.trust, found)
    assert not {"/spy.cer", "/s.crl"} & set(site.paths())


# -- more than there should be


def test_a_thousand_addresses_in_one_certificate(site: Site) -> None:
    town = small(site)
    many = [f"{site.url}/{n}" for n in range(1_000)]
    extensions = [web.access(ocsp=many, issuers=many), web.points(*many)]
    leaf = pki.issue("Spammer", town.ca, extensions=extensions)
    found = gathered(facts_of(leaf), town.trust, http=Direct(site))
    assert len(site.asked) == found.fetched == MAX_ADDRESSES
    assert "gather.too-many-addresses" in codes(found)
    site.asked.clear()
    found = gathered(facts_of(leaf, town.ca), town.trust, http=Direct(site))
    assert len([path for path in site.paths() if path != "/root.crl"]) <= 3 * MAX_ADDRESSES
    assert codes(found).count("gather.too-many-addresses") == 1


def test_authorities_that_certify_each_other_end_with_a_finding(site: Site) -> None:
    names = [f"Ring {n}" for n in range(20)]

    def certified(subject: str, by: str) -> pki.Made:
        here = [web.access(issuers=[f"{site.url}/{by.replace(' ', '')}.p7c"])]
        return pki.issue(subject, ca=True, issuer_name=by, signing_key=pki.key_of(by), key=subject, extensions=here)

    for name in names:
        issued = [certified(name, other) for other in names if other != name]
        site.pages[f"/{name.replace(' ', '')}.p7c"] = web.bundle(*issued)
    here = [web.access(issuers=[f"{site.url}/Ring0.p7c"])]
    leaf = pki.issue("In the ring", issuer_name="Ring 0", signing_key=pki.key_of("Ring 0"), extensions=here)
    begun = time.monotonic()
    found = gathered(facts_of(leaf), small(site).trust, http=Direct(site))
    assert time.monotonic() - begun < 30
    assert codes(found) == ["gather.circle"]
    assert found.fetched <= len(names)
    assert len(site.asked) == len(set(site.paths()))
    assert found.material.revocation == ()


def test_two_authorities_that_name_each_other(site: Site) -> None:
    for name, other in (("Left", "Right"), ("Right", "Left")):
        here = [web.access(issuers=[f"{site.url}/{other}.cer"])]
        made = pki.issue(name, ca=True, issuer_name=other, signing_key=pki.key_of(other), key=name, extensions=here)
        site.pages[f"/{name}.cer"] = made.der
    here = [web.access(issuers=[f"{site.url}/Left.cer"])]
    leaf = pki.issue("Between", issuer_name="Left", signing_key=pki.key_of("Left"), extensions=here)
    found = gathered(facts_of(leaf), small(site).trust, http=Direct(site))
    assert codes(found) == ["gather.circle"]
    assert found.fetched == 2


def test_a_way_up_without_end(site: Site) -> None:
    """Each fetched authority names another one that nobody has seen before."""

    def page(asked: Asked) -> bytes:
        number = int(asked.path.split("/")[2])
        here = [web.access(issuers=[f"{site.url}/up/{number + 1}/ca.cer"])]
        above = f"Up {number + 1}"
        return pki.issue(f"Up {number}", ca=True, issuer_name=above, signing_key=pki.key_of(above), extensions=here).der

    site.pages["/up"] = page
    here = [web.access(issuers=[f"{site.url}/up/0/ca.cer"])]
    leaf = pki.issue("At the bottom", issuer_name="Up 0", signing_key=pki.key_of("Up 0"), extensions=here)
    found = gathered(facts_of(leaf), small(site).trust, http=Direct(site))
    assert codes(found) == ["gather.too-many-rounds"]
    assert found.fetched == MAX_ROUNDS


def test_more_requests_than_one_file_may_cause(site: Site) -> None:
    town = small(site)
    own = [pki.issue(f"Crowd {n}", town.ca, extensions=[web.access(ocsp=[f"{site.url}/{n}"])]) for n in range(100)]
    own += [pki.issue(f"Crowd {n}", town.ca, extensions=[web.points(f"{site.url}/{n}.crl")]) for n in range(150)]
    one = facts_of(own[0], town.ca).signatures[0]
    signers = tuple(one._replace(leaf=each.der, certificates=(each.der, town.ca.der)) for each in own)
    facts = facts_of(own[0])._replace(signatures=signers)
    found = gathered(facts, town.trust, http=Direct(site))
    assert len(site.asked) == found.fetched == MAX_FETCHES
    assert "gather.too-many-requests" in codes(found)


def test_more_octets_than_one_file_may_cause(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toyono_trust.validation.gather.holdings.MAX_OCTETS", 50_000)
    town = small(site)
    signers = [pki.issue(f"Much {n}", town.ca, extensions=[web.points(f"{site.url}/{n}.crl")]) for n in range(20)]
    for n in range(20):
        site.pages[f"/{n}.crl"] = bytes(10_000)
    one = facts_of(signers[0], town.ca).signatures[0]
    each_signed = tuple(one._replace(leaf=each.der, certificates=(each.der, town.ca.der)) for each in signers)
    found = gathered(facts_of(signers[0])._replace(signatures=each_signed), town.trust, http=Direct(site))
    assert "gather.too-many-octets" in codes(found)
    assert len(site.asked) <= 7


def test_more_work_than_one_file_may_cause(site: Site) -> None:
    town = small(site)
    few = Work({"signature-checks": 2})
    found = gathered(town.facts(), town.trust, http=Direct(site), work=few)
    assert codes(found) == ["gather.too-much-work"]
    none = Work({"revocation-items": 0})
    facts = town.facts()
    with_list = facts._replace(signatures=(facts.signatures[0]._replace(crls=(web.crl(town.ca),)),))
    assert codes(gathered(with_list, town.trust, http=Direct(site), work=none)) == ["gather.too-much-work"]


def test_what_cannot_be_read_in_the_file_is_passed_over(site: Site) -> None:
    town = small(site)
    one = town.facts(town.ca).signatures[0]
    broken = one._replace(certificates=(*one.certificates, b"rubbish"), crls=(b"rubbish", b""), ocsp_responses=(PAGE,))
    facts = town.facts()._replace(signatures=(broken, one._replace(leaf=b"rubbish"), one._replace(leaf=None)))
    found = gathered(facts, town.trust, http=Direct(site))
    assert found.notes == ()
    assert len(found.material.revocation) == 2


# -- anything at all


@pytest.fixture(scope="module")
def steady() -> Iterator[Small]:
    with web.site() as made:
        yield small(made)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_whatever_sites_answer_a_revoked_signer_never_passes(steady: Small, data: st.DataObject) -> None:
    """Invariant: gathering is total, and without the CA's key nobody makes a revoked signer pass."""
    town = steady
    honest: dict[str, Any] = {
        "/ca.cer": town.ca.der,
        "/root.crl": web.crl(town.root),
        "/ca.crl": web.crl(town.ca, town.leaf),
        "/ocsp": web.responder(town.ca, town.responder, revoked=[town.leaf]),
    }

    spots = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=2)
    plans = data.draw(st.fixed_dictionaries({path: st.tuples(st.integers(0, 9), spots) for path in honest}))

    def spoilt(path: str) -> Callable[[Asked], Told]:
        which, changes = plans[path]

        def page(asked: Asked) -> Told:
            said = honest[path](asked) if callable(honest[path]) else honest[path]
            others = {6: honest["/ca.crl"], 7: honest["/ca.cer"], 8: b"", 9: PAGE}
            answer = bytearray(others.get(which, said))
            for place, value in changes if answer else ():
                answer[place % len(answer)] = value
            return Told(bytes(answer), 404 if which == 5 else 200)

        return page

    town.site.pages = {path: spoilt(path) for path in honest}
    options = {"anew": data.draw(st.booleans()), "nonce": data.draw(st.booleans())}
    found = gathered(town.facts(), town.trust, http=Direct(town.site), **options)
    assert all(load(der) for der in found.material.revocation)
    assert found.fetched <= 30
    assert not passes(town.facts(), town.trust, found)
    assert TrustStore.from_certificates([town.root.der]).digest == town.trust.digest
