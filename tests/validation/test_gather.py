"""Gathering over real sockets: what is missing is asked for, in rounds, and with what comes the file passes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import judging_town
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

import gathering_site as web
import made_pki as pki
from gathering_site import Site, Told, codes, facts_of, gathered, passes, small
from made_pki import AT, DAY, Made
from toyono_trust import devpki
from toyono_trust.core.limits import Work
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.net import Http
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.pki.crl import Crl
from toyono_trust.pki.ocsp import OcspResponse
from toyono_trust.pki.requests import is_web, shown
from toyono_trust.steps import Fetch, World, run
from toyono_trust.validation.gather import gather
from toyono_trust.validation.material import Material
from toyono_trust.validation.policy import Policy

pytestmark = pytest.mark.integration


@pytest.fixture
def site() -> Iterator[Site]:
    with web.site() as made:
        yield made


# -- what is missing


def test_everything_missing_is_fetched_and_the_file_passes(site: Site) -> None:
    town = small(site)
    facts = town.facts()
    assert web.judged(facts, town.trust).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    found = gathered(facts, town.trust)
    assert passes(facts, town.trust, found)
    assert (found.notes, found.failed) == ((), ())
    assert site.paths() == ["/ca.cer", "/ocsp", "/root.crl"] or site.paths() == ["/ca.cer", "/root.crl", "/ocsp"]
    assert found.fetched == 3
    assert found.material.certificates == (town.ca.der,)
    kinds = {type(web_item(der)) for der in found.material.revocation}
    assert kinds == {Crl, OcspResponse}
    assert set(found.material.sources.values()) == {site.url + path for path in ("/ca.cer", "/ocsp", "/root.crl")}


def web_item(der: bytes) -> Crl | OcspResponse:
    from toyono_trust.pki.revocation import load

    return load(der)


def rounds_of(facts: Any, trust: TrustStore, **options: Any) -> list[list[str]]:
    """The paths asked for in each round."""
    steps = gather(facts, Policy.default(), trust, AT, **options)
    where = web.world()
    rounds = []
    answers = None
    while True:
        try:
            requests = next(steps) if answers is None else steps.send(answers)
        except StopIteration:
            return rounds
        assert all(isinstance(request, Fetch) and request.named_by == "file" for request in requests)
        rounds.append(sorted(request.url.split("/")[3] for request in requests))  # type: ignore[union-attr]
        answers = run(_together(requests), where)


def _together(requests: Any) -> Any:
    return (yield requests)


def test_all_that_is_known_to_be_missing_is_asked_in_one_round(site: Site) -> None:
    town = small(site)
    assert rounds_of(town.facts(), town.trust) == [["ca.cer"], ["ocsp", "root.crl"]]
    assert rounds_of(town.facts(town.ca), town.trust) == [["ocsp", "root.crl"]]


def test_issuers_name_further_issuers(site: Site) -> None:
    url = site.url
    root = pki.issue("Deep root", ca=True)
    above = root
    names = ["one", "two", "three", "four"]
    for name in names:
        issuer = f"{url}/{names[names.index(name) - 1]}.p7c" if above is not root else f"{url}/deep.cer"
        here = [web.access(issuers=[issuer]), web.points(f"{url}/{name}.crl")]
        below = pki.issue(f"Deep {name}", above, ca=True, extensions=here)
        site.pages[f"/{name}.crl"] = web.crl(above)
        site.pages[f"/{name}.p7c"] = web.bundle(below)
        above = below
    own = [web.access(issuers=[f"{url}/four.p7c"]), web.points(f"{url}/leaf.crl")]
    leaf = pki.issue("Deep leaf", above, extensions=own)
    site.pages["/leaf.crl"] = web.crl(above)
    trust, facts = TrustStore.from_certificates([root.der]), facts_of(leaf)
    found = gathered(facts, trust)
    assert passes(facts, trust, found)
    assert len(found.material.certificates) == 4
    assert [path for path in site.paths() if path.endswith("p7c")] == [f"/{name}.p7c" for name in reversed(names)]
    assert "/deep.cer" not in site.paths()  # the anchor is at hand


@pytest.mark.parametrize("form", ["pem", "bundle", "bundle with others"])
def test_issuers_come_in_several_forms(site: Site, form: str) -> None:
    town = small(site)
    stranger = pki.issue("Nobody's CA", ca=True)
    forms = {
        "pem": b"subject=CN = Gathered CA\n" + town.ca.x509.public_bytes(Encoding.PEM),
        "bundle": web.bundle(town.ca),
        "bundle with others": web.bundle(stranger, town.root, town.ca),
    }
    site.pages["/ca.cer"] = forms[form]
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)
    assert found.material.certificates == (town.ca.der,)


def test_a_bundle_brings_the_whole_way_up(site: Site) -> None:
    town = small(site)
    sub = pki.issue("Gathered sub", town.ca, ca=True, extensions=[web.points(f"{site.url}/ca.crl")])
    own = [web.access(issuers=[f"{site.url}/all.p7c"]), web.points(f"{site.url}/sub.crl")]
    leaf = pki.issue("Under sub", sub, extensions=own)
    site.pages |= {"/all.p7c": web.bundle(town.ca, sub), "/sub.crl": web.crl(sub)}
    found = gathered(facts_of(leaf), town.trust)
    assert passes(facts_of(leaf), town.trust, found)
    assert site.paths().count("/ca.cer") == 0


def test_what_is_at_hand_is_not_asked_for(site: Site) -> None:
    town = small(site)
    facts = town.facts(town.ca)
    trust = TrustStore.from_certificates([town.root.der], [], [web.crl(town.root), web.crl(town.ca)])
    found = gathered(facts, trust)
    assert (found.fetched, found.notes, site.asked) == (0, (), [])
    earlier = gathered(facts, town.trust)
    again = gathered(facts, town.trust, material=earlier.material)
    assert again.fetched == 0
    assert again.material == earlier.material


def test_what_is_at_hand_and_stale_is_asked_for(site: Site) -> None:
    town = small(site)
    old = [web.crl(issuer, at=AT - 30 * DAY, until=AT - 20 * DAY) for issuer in (town.root, town.ca)]
    trust = TrustStore.from_certificates([town.root.der], [], old)
    found = gathered(town.facts(town.ca), trust)
    assert found.fetched == 2
    assert passes(town.facts(town.ca), trust, found)


def test_what_was_said_of_an_expired_certificate_is_enough(site: Site) -> None:
    town = small(site, start=AT - 60 * DAY, end=AT - 30 * DAY)
    said = web.crl(town.ca, at=AT - 40 * DAY, until=AT - 35 * DAY)
    trust = TrustStore.from_certificates([town.root.der], [], [said, web.crl(town.root)])
    assert gathered(town.facts(town.ca), trust).fetched == 0
    found = gathered(town.facts(town.ca), trust, anew=True)
    assert {each.url for each in found.failed} == {site.url + "/ocsp", site.url + "/ca.crl"}
    assert {note.values["reason"] for note in found.notes if note.values} == {"revocation.after-expiry"}
    assert "gather.not-anew" not in codes(found)  # what is at hand is stale
    nothing = gathered(town.facts(town.ca), town.trust)
    assert nothing.fetched == 3


def test_an_expired_authority_may_have_a_newer_certificate(site: Site) -> None:
    town = small(site)
    here = [web.access(issuers=[f"{site.url}/root.cer"]), web.points(f"{site.url}/root.crl")]
    old = pki.issue("Gathered CA", town.root, ca=True, extensions=here, end=AT - DAY)
    found = gathered(town.facts(old), town.trust)
    assert found.material.certificates == (town.ca.der,)
    assert passes(town.facts(old), town.trust, found)


def test_the_policys_age_counts_as_stale(site: Site) -> None:
    town = small(site)
    lists = [web.crl(town.root), web.crl(town.ca)]
    trust = TrustStore.from_certificates([town.root.der], [], lists)
    assert gathered(town.facts(town.ca), trust, policy="revocation.max_age_hours = 48").fetched == 0
    assert gathered(town.facts(town.ca), trust, policy="revocation.max_age_hours = 12").fetched > 1


def test_without_anchors_or_revocation_nothing_of_it_is_asked(site: Site) -> None:
    town = small(site)
    assert gathered(town.facts(), TrustStore.empty()).fetched == 0
    found = gathered(town.facts(), town.trust, policy='revocation.mode = "ignore"')
    assert site.paths() == ["/ca.cer"]
    assert found.material.revocation == ()


def test_a_revoked_signer_is_known_as_revoked(site: Site) -> None:
    town = small(site)
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, revoked=[town.leaf])
    found = gathered(town.facts(), town.trust)
    assert found.notes == ()
    assert web.judged(town.facts(), town.trust, found.material).sub_indication == "REVOKED_NO_POE"
    assert "/ca.crl" not in site.paths()


def test_stamps_and_counter_signatures_are_asked_for_too() -> None:
    """A signature with a signature time stamp, whose authority has another responder's status to know."""
    with devpki.Server(port=0) as server:
        now = datetime.now(UTC)
        server.town = town = devpki.Town.create(now, base_url=server.url)
        by = town.identity("town")
        signed = judging_town.sign(identity=by, chain=[], claimed=now)
        imprint = judging_town.MODULES["jades"].imprint(signed, "sha256")
        request = judging_town.tsp.request(imprint, "sha256", nonce=1)
        answer = judging_town.tsp.read_response(town.tsa_respond(request))
        assert answer.token is not None
        stamped = judging_town.MODULES["jades"].attach(signed, answer.token)
        facts = registry.read(stamped, Contents(None), Work())
        trust = TrustStore.from_certificates([town.root.der])
        steps = gather(facts, Policy.default(), trust, now)
        where = World(lambda: datetime.now(UTC), os.urandom, time.monotonic, Http(allow_private=True))
        found = run(steps, where)
    serials = {single.serial for der in found.material.revocation for single in _singles(der)}
    assert serials == {by.certificate.serial, town.identity("tsa").certificate.serial}
    assert found.notes == ()
    report = web.judged(facts, trust, found.material, found.at)
    assert report.indication == "TOTAL-PASSED"
    assert report.signatures[0].timestamps[0].indication == "PASSED"


def _singles(der: bytes) -> Any:
    item = web_item(der)
    return item.singles if isinstance(item, OcspResponse) else ()


def test_where_one_way_up_is_revoked_another_is_asked_about(site: Site) -> None:
    """A CA certified by two roots: by the first no longer."""
    town = small(site)
    second = pki.issue("Second root", ca=True)
    here = web.points(f"{site.url}/second.crl")
    cross = pki.issue("Gathered CA", second, ca=True, extensions=[here], end=pki.END - DAY)  # tried later
    site.pages |= {"/root.crl": web.crl(town.root, town.ca), "/second.crl": web.crl(second)}
    trust = TrustStore.from_certificates([town.root.der, second.der])
    for chain in ((town.ca, cross), (cross, town.ca)):
        found = gathered(town.facts(*chain), trust)
        assert passes(town.facts(*chain), trust, found)
    assert {"/root.crl", "/second.crl"} <= set(site.paths())


def test_nobody_is_asked_who_stands_above_a_root(site: Site) -> None:
    town = small(site)
    stranger = pki.issue("Strange root", ca=True, extensions=[web.access(issuers=[f"{site.url}/above.cer"])])
    leaf = pki.issue("Stranger's leaf", stranger, extensions=[web.access(issuers=[f"{site.url}/own.cer"])])
    found = gathered(facts_of(leaf, stranger), town.trust)
    assert site.paths() == ["/own.cer"]
    assert codes(found) == ["gather.http-status"]


# -- OCSP first, CRLs where that fails


def test_ocsp_comes_first_and_a_crl_replaces_it(site: Site) -> None:
    town = small(site)
    site.pages["/ocsp"] = Told(b"", 503)
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)
    assert "/ca.crl" in site.paths()
    assert "gather.http-status" in codes(found)
    assert {(each.kind, each.url, each.code) for each in found.failed} == {
        ("ocsp", site.url + "/ocsp", "gather.http-status")
    }


def test_ocsp_by_get_where_it_is_short_and_by_post_otherwise(site: Site) -> None:
    town = small(site)
    gathered(town.facts(), town.trust)
    gathered(town.facts(), town.trust, nonce=True)
    gathered(town.facts(), town.trust, anew=True)
    asked = [each for each in site.asked if each.path.startswith("/ocsp")]
    assert [each.method for each in asked] == ["GET", "POST", "POST"]
    assert len(site.url + asked[0].path) < 255
    assert asked[1].headers["content-type"] == "application/ocsp-request"
    assert asked[2].headers["cache-control"] == "no-cache"
    site.asked.clear()
    long = "/ocsp/" + "x" * 180
    own = [web.access(ocsp=[site.url + long]), web.points(f"{site.url}/ca.crl")]
    leaf = pki.issue("Long address", town.ca, extensions=own)
    site.pages[long] = web.responder(town.ca, town.responder, leaf)
    assert passes(facts_of(leaf, town.ca), town.trust, gathered(facts_of(leaf, town.ca), town.trust))
    assert [each.method for each in site.asked if each.path == long] == ["POST"]


def test_a_responder_that_knows_no_get_is_asked_by_post(site: Site) -> None:
    town = small(site)
    honest = web.responder(town.ca, town.responder, town.leaf)
    site.pages["/ocsp"] = lambda asked: honest(asked) if asked.method == "POST" else Told(b"no", 405)
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)
    assert "/ca.crl" not in site.paths()


def test_the_next_address_is_tried(site: Site) -> None:
    town = small(site)
    own = [web.access(ocsp=[f"{site.url}/gone", f"{site.url}/ocsp"]), web.points(f"{site.url}/ca.crl")]
    leaf = pki.issue("Two responders", town.ca, extensions=own)
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, leaf)
    found = gathered(facts_of(leaf, town.ca), town.trust)
    assert passes(facts_of(leaf, town.ca), town.trust, found)
    assert "/ca.crl" not in site.paths()
    only = pki.issue("Two lists", town.ca, extensions=[web.points(f"{site.url}/gone.crl", f"{site.url}/ca.crl")])
    assert passes(facts_of(only, town.ca), town.trust, gathered(facts_of(only, town.ca), town.trust))


def test_one_list_serves_all_certificates_of_its_authority(site: Site) -> None:
    town = small(site)
    others = [pki.issue(f"Other {n}", town.ca, extensions=[web.points(f"{site.url}/ca.crl")]) for n in range(3)]
    both = facts_of(others[0], town.ca)
    both = both._replace(signatures=(*both.signatures, *(s for o in others[1:] for s in facts_of(o).signatures)))
    found = gathered(both, town.trust)
    assert passes(both, town.trust, found)
    assert site.paths().count("/ca.crl") == 1


def test_an_answer_serves_a_certificate_that_comes_later(site: Site) -> None:
    """The list is not for CAs: of no use to the CA that names it too, but to the signer, who asks a round later."""
    town = small(site)
    address = f"{site.url}/users.crl"
    users = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    authorities = x509.IssuingDistributionPoint(None, None, False, True, None, False, False)
    site.pages["/users.crl"] = pki.crl(town.ca, extensions=[(users, True)]).der
    site.pages["/cas.crl"] = pki.crl(town.ca, extensions=[(authorities, True)]).der
    sub = pki.issue("Careless sub", town.ca, ca=True, extensions=[web.points(address, f"{site.url}/cas.crl")])
    below = pki.issue("Below", sub, extensions=[web.points(f"{site.url}/sub.crl")])
    own = [web.access(ocsp=[f"{site.url}/dead", f"{site.url}/dead2"]), web.points(address)]
    late = pki.issue("Late", town.ca, extensions=own)
    site.pages["/sub.crl"] = web.crl(sub)
    facts = facts_of(below, sub, town.ca)
    facts = facts._replace(signatures=(*facts.signatures, *facts_of(late, town.ca).signatures))
    found = gathered(facts, town.trust)
    assert passes(facts, town.trust, found)
    assert site.paths().count("/users.crl") == 1


# -- those who sign revocation data


def test_the_status_of_a_delegated_responder_is_asked_for(site: Site) -> None:
    town = small(site)
    own = web.delegate("Checked responder", town.ca, web.points(f"{site.url}/ca.crl"), nocheck=False)
    site.pages["/ocsp"] = web.responder(town.ca, own, town.leaf)
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)
    assert site.paths().count("/ca.crl") == 1
    assert len(found.material.revocation) == 3


def test_a_revoked_responder_is_not_believed(site: Site) -> None:
    town = small(site)
    own = web.delegate("Revoked responder", town.ca, web.points(f"{site.url}/signers.crl"), nocheck=False)
    site.pages |= {"/ocsp": web.responder(town.ca, own, town.leaf), "/signers.crl": web.crl(town.ca, own)}
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)  # by the list
    assert "/ca.crl" in site.paths() or "/signers.crl" in site.paths()
    assert ("gather.unusable", "revocation.signer-revoked") in {(n.code, n.values["reason"]) for n in found.notes}
    assert not any(isinstance(web_item(der), OcspResponse) for der in found.material.revocation)


def test_responders_that_vouch_for_each_other_are_not_believed(site: Site) -> None:
    town = small(site)
    first = web.delegate("First", town.ca, web.access(ocsp=[f"{site.url}/of-first"]), nocheck=False)
    second = web.delegate("Second", town.ca, web.access(ocsp=[f"{site.url}/of-second"]), nocheck=False)
    site.pages |= {
        "/ocsp": web.responder(town.ca, first, town.leaf),
        "/of-first": web.responder(town.ca, second, first),
        "/of-second": web.responder(town.ca, first, second),
    }
    found = gathered(town.facts(), town.trust)
    assert passes(town.facts(), town.trust, found)  # by the list
    assert found.fetched <= 8
    site.pages.pop("/ca.crl")
    found = gathered(town.facts(), town.trust)
    assert not passes(town.facts(), town.trust, found)
    assert not any(isinstance(web_item(der), OcspResponse) for der in found.material.revocation)


def test_who_signed_a_list_with_a_key_of_its_own_is_fetched(site: Site) -> None:
    """RFC 5280 5.2.7: the CRL itself says where its signer's certificate is."""
    town = small(site, ocsp=False)
    usage = pki.usage("crl_sign")
    named = [web.points(f"{site.url}/signers.crl")]
    signer = pki.issue("Gathered CA", town.ca, key="list signer", key_usage=usage, extensions=named)
    where = web.access(issuers=[f"{site.url}/signer.cer"])
    site.pages |= {
        "/ca.crl": pki.crl(town.ca, key=signer.key, extensions=[where]).der,
        "/signer.cer": signer.der,
        "/signers.crl": web.crl(town.ca),
    }
    found = gathered(town.facts(), town.trust)
    assert signer.der in found.material.certificates
    assert passes(town.facts(), town.trust, found)


# -- anew


def test_anew_fetches_what_is_fresh_at_hand(site: Site) -> None:
    town = small(site)
    facts = town.facts(town.ca)
    lists = [web.crl(town.root), web.crl(town.ca)]
    trust = TrustStore.from_certificates([town.root.der], [], lists)
    site.pages["/root.crl"] = newer = web.crl(town.root, at=AT)
    found = gathered(facts, trust, anew=True)
    assert sorted(site.paths()) == ["/ocsp", "/root.crl"]
    assert newer in found.material.revocation
    assert found.notes == ()
    assert passes(facts, trust, found)


def test_what_cannot_be_had_anew_is_taken_as_it_is(site: Site) -> None:
    town = small(site)
    facts = town.facts(town.ca)
    trust = TrustStore.from_certificates([town.root.der], [], [web.crl(town.root), web.crl(town.ca)])
    site.pages["/ocsp"] = site.pages["/ca.crl"] = Told(b"", 500)
    found = gathered(facts, trust, anew=True)
    assert passes(facts, trust, found)
    assert [note.subject for note in found.notes if note.code == "gather.not-anew"] == [town.leaf.certificate.subject]
    assert {each.url for each in found.failed} == {site.url + "/ocsp", site.url + "/ca.crl"}


def test_answers_in_the_near_future_move_the_moment_at_which_all_counts(site: Site) -> None:
    town = small(site)
    ahead = timedelta(seconds=90)
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, town.leaf, at=AT + ahead)
    found = gathered(town.facts(), town.trust)
    assert found.at == AT + ahead
    assert passes(town.facts(), town.trust, found)
    assert web.judged(town.facts(), town.trust, found.material, AT).indication == "INDETERMINATE"


# -- nonces


def test_a_nonce_is_sent_and_compared(site: Site) -> None:
    town = small(site)
    assert codes(gathered(town.facts(), town.trust, nonce=True)) == []
    sent = [ocsp.load_der_ocsp_request(each.ocsp) for each in site.asked if each.path.startswith("/ocsp")]
    (nonce,) = [each.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce for each in sent]
    assert len(nonce) == 32
    other = web.request_with(town.leaf, town.ca, b"n" * 32)
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, town.leaf, change=lambda request: other)
    found = gathered(town.facts(), town.trust, nonce=True)
    assert codes(found) == ["gather.nonce-differs"]
    assert passes(town.facts(), town.trust, found)  # by the list
    assert not any(isinstance(web_item(der), OcspResponse) for der in found.material.revocation)


def test_an_answer_without_the_nonce_is_accepted_and_noted(site: Site) -> None:
    town = small(site)
    plain = web.request_with(town.leaf, town.ca, None)
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, town.leaf, change=lambda request: plain)
    found = gathered(town.facts(), town.trust, nonce=True)
    assert codes(found) == ["gather.nonce-missing"]
    assert "/ca.crl" not in site.paths()
    assert passes(town.facts(), town.trust, found)


@contextmanager
def openssl_responder(folder: Path, ca: Made, leaf: Made, signer: Made) -> Iterator[int]:
    """OpenSSL's own responder on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    serial = f"{leaf.certificate.serial:X}".rjust(2, "0")
    serial = serial if len(serial) % 2 == 0 else "0" + serial
    (folder / "index.txt").write_text(f"V\t290101000000Z\t\t{serial}\tunknown\t/C=JP/CN=Leaf\n")
    (folder / "ca.pem").write_bytes(ca.x509.public_bytes(Encoding.PEM))
    (folder / "ocsp.pem").write_bytes(signer.x509.public_bytes(Encoding.PEM))
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ocsp.key").write_bytes(key)
    command = ["openssl", "ocsp", "-port", str(port), "-index", "index.txt", "-CA", "ca.pem"]
    command += ["-rsigner", "ocsp.pem", "-rkey", "ocsp.key", "-nmin", "60"]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert running.stderr is not None
        assert b"waiting" in running.stderr.readline()
        yield port
    finally:
        running.kill()
        running.communicate(timeout=10)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("options", [{}, {"nonce": True}, {"anew": True}], ids=["GET", "nonce", "POST"])
def test_openssls_responder_is_understood(site: Site, tmp_path: Path, options: dict[str, bool]) -> None:
    now = datetime.now(UTC)
    span = {"start": now - DAY, "end": now + 30 * DAY}
    root = pki.issue("Foreign root", ca=True, **span)
    signer = pki.issue("Foreign responder", root, extensions=[(pki.OCSP, False), (x509.OCSPNoCheck(), False)], **span)
    draft = pki.issue("Foreign leaf", root, serial=4711, **span)
    with openssl_responder(tmp_path, root, draft, signer) as port:
        own = [web.access(ocsp=[f"http://127.0.0.1:{port}/"])]
        leaf = pki.issue("Foreign leaf", root, serial=4711, extensions=own, **span)
        facts = facts_of(leaf, claimed=now)
        trust = TrustStore.from_certificates([root.der])
        found = gathered(facts, trust, at=datetime.now(UTC), **options)
    assert codes(found) == []
    assert found.fetched == 1
    assert passes(facts, trust, found)


# -- addresses


def test_only_web_addresses_are_followed_and_none_is_told_whole(site: Site) -> None:
    town = small(site)
    urls = [
        "ldap://directory.example/cn=Yamada,o=Town?certificateRevocationList;binary",
        "file:///etc/passwd",
        f"http://alice:secret@127.0.0.1:{site.url.rpartition(':')[2]}/ca.crl?token=hidden",
        f"{site.url}/ca.crl?token=hidden#part",
    ]
    leaf = pki.issue("Many ways", town.ca, extensions=[web.points(*urls)])
    found = gathered(facts_of(leaf, town.ca), town.trust)
    assert passes(facts_of(leaf, town.ca), town.trust, found)
    told = repr((found.notes, found.failed, dict(found.material.sources)))
    assert not any(word in told for word in ("secret", "alice", "hidden", "certificateRevocationList"))
    shown_urls = {note.values["url"] for note in found.notes if note.code == "gather.not-followed"}
    assert shown_urls == {"ldap://directory.example/cn=Yamada,o=Town", "file:///etc/passwd"}
    assert ("gather.not-fetched", "net.bad-url") in {(n.code, n.values.get("reason")) for n in found.notes}
    assert f"{site.url}/ca.crl" in found.material.sources.values()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://u:p@host.example:80/a/b?c=d#e", "http://host.example:80/a/b"),
        ("HTTPS://host.example", "https://host.example"),
        ("http://host.example/\x1b[31m\r\n ", "http://host.example/_[31m___"),
        ("ldap:///cn=x?y", "ldap:/cn=x"),
        ("http://[::1", "http:?"),
        ("", ":"),
        ("http://host.example/" + "a" * 500, "http://host.example/" + "a" * 179 + "…"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, expected: str) -> None:
    assert shown(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://crl.example/a", True),
        ("HTTPS://crl.example/a", True),
        ("ldap://crl.example/a", False),
        ("file:///a", False),
        ("//crl.example/a", False),
        ("http:crl.example", False),
        ("http://crl.example/ä", False),
        ("http://crl.example/a b", False),
        ("http://crl.example/\r\nX: y", False),
        ("http://crl.example/" + "a" * 2_000, False),
        ("", False),
    ],
)
def test_web_addresses(url: str, expected: bool) -> None:
    assert is_web(url) is expected


def test_certificates_without_addresses_are_said_so(site: Site) -> None:
    town = small(site)
    bare = pki.issue("Bare", town.ca)
    found = gathered(facts_of(bare), town.trust)
    assert codes(found) == ["gather.no-issuer-address"]
    found = gathered(facts_of(bare, town.ca), town.trust)
    assert codes(found) == ["gather.no-revocation-address"]
    assert "/root.crl" in site.paths()


def test_a_driver_without_network_is_misuse(site: Site) -> None:
    town = small(site)
    alone = World(lambda: AT, os.urandom, time.monotonic)
    with pytest.raises(MisuseError, match=r"http\.missing"):
        run(gather(town.facts(), Policy.default(), town.trust, AT), alone)


# -- the cache


def test_a_cache_answers_until_next_update(site: Site, tmp_path: Path) -> None:
    town = small(site)
    folder = tmp_path / "cache"
    facts = town.facts(town.ca)

    def ask(at: datetime = AT, **options: Any) -> int:
        before = len(site.asked)
        http = Http(allow_private=True, cache=folder)
        found = gathered(facts, town.trust, http=http, at=at, **options)
        assert passes(facts, town.trust, found)
        return len(site.asked) - before

    assert [ask(), ask(), ask(AT + 6 * DAY)] == [2, 0, 0]
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, town.leaf, at=AT + 8 * DAY)
    site.pages["/root.crl"] = web.crl(town.root, at=AT + 7 * DAY, until=AT + 20 * DAY)
    assert [ask(AT + 8 * DAY), ask(AT + 8 * DAY)] == [2, 0]
    assert ask(AT + 8 * DAY, anew=True) == 2
    entries = set(folder.iterdir())
    assert ask(AT + 8 * DAY, nonce=True) == 1  # an answer with a nonce is for nobody else
    assert set(folder.iterdir()) == entries
    assert ask(AT + 14 * DAY, policy="revocation.max_age_hours = 240") == 0


def test_a_cache_gives_nothing_that_is_too_old_for_the_policy(site: Site, tmp_path: Path) -> None:
    town = small(site)
    http = Http(allow_private=True, cache=tmp_path / "cache")
    strict = "revocation.max_age_hours = 36"
    assert codes(gathered(town.facts(town.ca), town.trust, http=http, policy=strict)) == []
    later = AT + 2 * DAY
    site.pages["/ocsp"] = web.responder(town.ca, town.responder, town.leaf, at=later)
    site.pages["/root.crl"] = web.crl(town.root, at=later)
    found = gathered(town.facts(town.ca), town.trust, http=http, policy=strict, at=later)
    assert codes(found) == []
    assert len(site.asked) == 4


def test_a_cache_keeps_nothing_that_proves_nothing(site: Site, tmp_path: Path) -> None:
    town = small(site)
    forged = pki.issue("Gathered CA", town.root, ca=True, key="forger")
    http = Http(allow_private=True, cache=tmp_path / "cache")
    site.pages["/root.crl"] = pki.crl(town.root, key=forged.key).der
    site.pages["/ocsp"] = lambda asked: Told(b"<html>")
    site.pages["/ca.crl"] = web.crl(town.ca, until=AT - DAY / 2)
    found = gathered(town.facts(town.ca), town.trust, http=http)
    assert sorted(set(codes(found))) == ["gather.stale", "gather.unreadable", "gather.unusable"]
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_poisoned_cache_is_noticed(site: Site, tmp_path: Path) -> None:
    """An entry with a right digest and a wrong answer is judged like any other answer."""
    town = small(site)
    folder = tmp_path / "cache"
    facts = town.facts(town.ca)
    gathered(facts, town.trust, http=Http(allow_private=True, cache=folder))
    from toyono_trust.net.cache import Cache

    other = pki.issue("Gathered root", ca=True, key="another root")
    fetch = Fetch(f"{site.url}/root.crl", subject=town.root.certificate.sha256.hex())
    assert Cache(folder).get(fetch, AT, 1 << 20) is not None
    Cache(folder).put(fetch, web.crl(other), AT, AT + DAY)
    found = gathered(facts, town.trust, http=Http(allow_private=True, cache=folder))
    assert codes(found) == ["gather.unusable", "gather.stale"] or codes(found) == ["gather.unusable"]
    assert not passes(facts, town.trust, found)


# -- size


@pytest.mark.slow
def test_a_list_of_200000_entries_is_fetched_and_used(
    site: Site, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    town = small(site, ocsp=False)
    big = big_crl(town.ca, 200_000)
    assert len(big) > 5_000_000
    site.pages["/ca.crl"] = big
    facts = town.facts(town.ca)
    for name in ("from the network", "from the cache"):
        begun = time.perf_counter()
        http = Http(allow_private=True, cache=tmp_path / "cache")
        found = gathered(facts, town.trust, http=http)
        record_property(name, f"{time.perf_counter() - begun:.2f} s for {len(big)} octets")
        print(name, f"{time.perf_counter() - begun:.2f} s for {len(big)} octets")
        assert big in found.material.revocation
        assert passes(facts, town.trust, found)
    assert site.paths().count("/ca.crl") == 1
    listed = pki.issue("Listed", town.ca, serial=LISTED, extensions=[web.points(f"{site.url}/ca.crl")])
    found = gathered(facts_of(listed, town.ca), town.trust)
    assert web.judged(facts_of(listed, town.ca), town.trust, found.material).sub_indication == "REVOKED_NO_POE"


LISTED = (1 << 120) + 199_999


def big_crl(issuer: Made, entries: int) -> bytes:
    """A CRL with many entries, written octet by octet: a builder would take minutes."""
    from toyono_trust.core import asn1
    from toyono_trust.core.algorithms import sign, signature_algorithm_identifier

    algorithm = signature_algorithm_identifier("ecdsa-sha256")
    when = asn1.utc_or_generalized(AT - 2 * DAY)
    listed = b"".join(asn1.sequence(asn1.integer_der((1 << 120) + number), when) for number in range(entries))
    spans = (asn1.utc_or_generalized(AT - DAY), asn1.utc_or_generalized(AT + 7 * DAY))
    number = asn1.sequence(asn1.oid_der("2.5.29.20"), asn1.octet_string(asn1.integer_der(7)))
    body = asn1.sequence(
        asn1.integer_der(1),
        algorithm,
        issuer.certificate.subject_der,
        *spans,
        asn1.sequence(listed),
        asn1.explicit(0, asn1.sequence(number)),
    )
    return asn1.sequence(body, algorithm, asn1.bit_string(sign("ecdsa-sha256", issuer.key, body)))


def test_material_that_was_given_stays_first(site: Site) -> None:
    town = small(site)
    given = Material((town.ca.der,), (web.crl(town.root),), {"sha256:00": "http://elsewhere.example/"})
    found = gathered(town.facts(), town.trust, material=given)
    assert found.material.certificates == (town.ca.der,)
    assert found.material.revocation[0] == given.revocation[0]
    assert found.material.sources["sha256:00"] == "http://elsewhere.example/"
    assert site.paths() == ["/ocsp"]


def test_a_get_of_an_ocsp_request_carries_the_request(site: Site) -> None:
    town = small(site)
    gathered(town.facts(town.ca), town.trust)
    (asked,) = [each for each in site.asked if each.method == "GET" and "/ocsp" in each.path]
    request = ocsp.load_der_ocsp_request(asked.ocsp)
    assert request.serial_number == town.leaf.certificate.serial
