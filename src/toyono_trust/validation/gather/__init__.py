"""Gathering validation material online: what is missing to judge a file is asked for, read, and handed to the judge.

Steps without I/O: ``gather`` yields one tuple of requests for each round. Addresses found in files are distrusted
(``Fetch.named_by``), only http and https are followed, and rounds, requests, octets and addresses are counted. Nothing
that is fetched is trusted: the judge checks all of it again.
"""

from __future__ import annotations

from datetime import datetime

from toyono_trust.core.limits import Work, WorkExceeded
from toyono_trust.formats.model import Facts, Note
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.steps import Steps, random_bytes
from toyono_trust.validation.gather.holdings import MAX_ROUNDS, Failed, Gathered, Holdings
from toyono_trust.validation.gather.search import Search
from toyono_trust.validation.material import NO_MATERIAL, Material
from toyono_trust.validation.policy import Policy

__all__ = ["Failed", "Gathered", "gather"]

NONCE = 32
"""Octets of a nonce (RFC 9654 2.1)."""
BUDGETS = {"signature-checks": 5_000, "paths": 1_000, "revocation-items": 100_000, "repeated-bytes": 1 << 28}
"""Work of one gathering: paths are built and statements evaluated again after each round, up to five times the judge's.
"repeated-bytes": each of the ``MAX_OCTETS`` of answers is hashed once."""


def gather(
    facts: Facts,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    *,
    anew: bool = False,
    nonce: bool = False,
    material: Material = NO_MATERIAL,
    work: Work | None = None,
) -> Steps[Gathered]:
    """Fetch what is missing to judge every signature, counter-signature and time stamp of a file.

    Issuers come from caIssuers addresses until a path reaches an anchor of ``trust``; without any anchor nothing is
    asked. Then each certificate of the path needs fresh revocation data, delegated OCSP responders and CRL signers
    included: OCSP first, a CRL where that fails.

    Args:
        facts: what was read from the file.
        policy: its revocation mode ``"ignore"`` asks for issuers alone; its age limit counts as nextUpdate does.
        trust: who is trusted; its revocation data counts as at hand.
        at: the present (aware); for it what is at hand must be fresh.
        anew: fetch revocation data for every certificate although fresh data is at hand, past every cache; where that
            fails, what is at hand serves, with a note.
        nonce: OCSP requests carry a nonce (RFC 9654). An answer with another one does not count; one without does, with
            a note.
        material: what was gathered before; it counts as at hand and is part of the result.
        work: what may be spent; used up, the search ends with a note.

    Raises ``MisuseError`` where the driver has no network at all ("http.missing"). Whatever else fails is a note.
    """
    work = work or Work(BUDGETS)
    fetched = 0
    search: Search | None = None
    try:
        holdings = Holdings(facts, trust, material, work)
        search = Search(facts, policy, trust, at, work, holdings, anew=anew, nonce=nonce)
        for _ in range(MAX_ROUNDS):
            questions = search.next_round()
            if not questions:
                break
            octets = yield from _nonces(nonce, len(questions))
            search.sent(questions)
            fetched += len(questions)
            answers = yield tuple(
                question.fetch(anew, one)._replace(max_bytes=question.max_bytes)
                for question, one in zip(questions, octets, strict=True)
            )
            for question, answer in zip(questions, answers, strict=True):
                search.take(question, answer)
        else:
            search.end_of_rounds()
        search.finish()
    except WorkExceeded:
        notes = (Note("gather.too-much-work"),)
        if search is None:
            return Gathered(material, notes, (), at, 0)
        return search.result(fetched, notes)
    return search.result(fetched)


def _nonces(wanted: bool, count: int) -> Steps[tuple[bytes | None, ...]]:
    """A nonce for each question, or none."""
    if not wanted:
        return (None,) * count
    octets = yield from random_bytes(NONCE * count)
    return tuple(octets[start : start + NONCE] for start in range(0, len(octets), NONCE))
