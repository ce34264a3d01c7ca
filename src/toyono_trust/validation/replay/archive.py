"""What an archive of evidence holds: all that a verdict depends on, as plain values and as octets by digest.

``request.json`` (time, file name, versions), ``facts.json``, ``material.json``, ``policy.json``, ``trust.json``, and
the octets that these name: ``material/`` (certificates, CRLs, OCSP responses), ``tokens/``, ``records/`` and
``signed/`` (what was signed, where the algorithm signs no digest). The signed content itself is in it nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

from toyono_trust.core import algorithms
from toyono_trust.core.limits import BUDGETS, MAX_SIGNATURES, MAX_TIMESTAMPS, Work
from toyono_trust.errors import MalformedError, MisuseError
from toyono_trust.formats.model import Facts, Signature, Unread
from toyono_trust.pki.anchors import Anchor, TrustStore
from toyono_trust.pki.certificate import Certificate
from toyono_trust.pki.trusttoml import PURPOSES
from toyono_trust.validation.material import Material
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.render import REPORT_VERSION
from toyono_trust.validation.replay.codec import Octets, read, write
from toyono_trust.validation.replay.container import json_of, octets_of, read_zip, write_zip
from toyono_trust.validation.replay.parts import Request, TrustAnchor, TrustSnapshot

__all__ = ["Evidence", "holds_content", "pack", "unpack"]

_ROOM = 16
"""How much more work than usual an archive may claim to have had: presented content makes room for more."""
_MANY = 2 * (MAX_SIGNATURES + MAX_TIMESTAMPS)
"""Signatures and time stamps of one file, with room to spare: formats count them differently."""
_PARTS = ("request", "facts", "material", "policy", "trust")


class Evidence(NamedTuple):
    """All that a verdict depends on, out of an archive.

    ``facts`` to ``present``: arguments of ``verbs.judge``. ``file``: what the report called the file.
    ``report_version`` and ``library``: of the release that wrote the archive. ``policy_digest``: as the report had it;
    another one than ``policy.digest`` says that this release reads the same values otherwise. ``left``: units of work
    that were left when the file had been read.
    """

    facts: Facts | Unread
    material: Material
    policy: Policy
    trust: TrustStore
    at: datetime
    present: datetime | None
    file: str | None
    report_version: int
    library: str
    policy_digest: str
    left: Mapping[str, int]

    def work(self) -> Work:
        """The work that was left for judging, so that what was too much then is too much again."""
        most = {kind: _ROOM * units for kind, units in BUDGETS.items()}
        return Work({kind: min(units, most[kind]) for kind, units in self.left.items() if kind in most})


def pack(
    facts: Facts | Unread,
    material: Material,
    policy: Policy,
    trust: TrustStore,
    at: datetime,
    present: datetime | None = None,
    file: str | None = None,
    left: Mapping[str, int] | None = None,
) -> bytes:
    """An archive of what ``judge`` was given; the same inputs give the same octets.

    Args:
        facts: what was read, a receipt's parts compared with what was presented.
        material: what was gathered for the file.
        policy: what goes in are its values.
        trust: the whole snapshot goes in.
        at: validation time.
        present: of a simulation, see ``judge``.
        file: what the report calls the file.
        left: units of work that were left for judging, by kind; None for all.

    Raises ``MisuseError`` "replay.too-large".
    """
    octets = Octets()
    request = Request(at, REPORT_VERSION, _release(), present, file, dict(sorted((left or {}).items())))
    values: dict[str, Any] = {
        "request": write(request, octets),
        "facts": {"unread" if isinstance(facts, Unread) else "read": write(facts, octets)},
        "material": write(material, octets),
        "policy": {"digest": policy.digest, "values": policy.to_values()},
        "trust": write(_snapshot(trust), octets),
    }
    return write_zip({f"{name}.json": octets_of(values[name]) for name in _PARTS} | octets.members)


def unpack(data: bytes) -> Evidence:
    """What ``pack`` was given.

    Raises ``MalformedError``: what ``container.read_zip`` raises, "replay.value" where a member says something that
    cannot be, "replay.member", "replay.digest" where the trust is not the one that the archive names.
    """
    octets = Octets(read_zip(data))
    values = {name: _value(octets, f"{name}.json") for name in _PARTS}
    request: Request = read(Request, values["request"], octets, "request")
    evidence = Evidence(
        facts=_facts(values["facts"], octets),
        material=read(Material, values["material"], octets, "material"),
        policy=_policy(values["policy"]),
        trust=_trust(read(TrustSnapshot, values["trust"], octets, "trust")),
        at=request.at,
        present=request.present,
        file=request.file,
        report_version=request.report_version,
        library=request.library,
        policy_digest=values["policy"]["digest"],
        left=request.left,
    )
    if octets.unused:
        raise MalformedError("replay.member", f"nothing names {min(octets.unused)}")
    return evidence


def holds_content(facts: Facts | Unread) -> bool:
    """Whether an archive of these facts holds what was signed: EdDSA and ML-DSA sign octets, no digest of them.

    Of CMS and PDF signatures these are signed attributes, which hold a digest; of JSON they are the content.
    """
    if isinstance(facts, Unread):
        return False
    return any(
        item.value.signed and row is not None and row.digest is None and any(one.by_signature for one in item.objects)
        for item in _signatures(_all(facts))
        for row in (algorithms.by_name(item.value.algorithm),)
    )


def _release() -> str:
    """The version of this package. By name, because an import of the root would lead to the network."""
    version: str = import_module(__name__.partition(".")[0]).__version__
    return version


def _all(facts: Facts) -> tuple[Signature, ...]:
    inside = () if facts.proof is None else _all(facts.proof)
    return (*facts.signatures, *(token.signer for token in facts.timestamps), *inside)


def _signatures(signatures: tuple[Signature, ...]) -> Iterator[Signature]:
    """Each with its counter-signatures, and with the signatures of its time stamps."""
    for signature in signatures:
        yield signature
        yield from _signatures(signature.counter_signatures)
        yield from _signatures(tuple([token.signer for token in signature.timestamps]))


def _value(octets: Octets, name: str) -> Any:
    if name not in octets.members:
        raise MalformedError("replay.member", f"{name} is missing")
    octets.unused.discard(name)
    return json_of(octets.members[name], name)


def _bad(what: str) -> MalformedError:
    return MalformedError("replay.value", what, "use the archive as it was written")


def _facts(value: Any, octets: Octets) -> Facts | Unread:
    kinds: dict[str, type] = {"read": Facts, "unread": Unread}
    if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= kinds.keys():
        raise _bad("facts.json holds neither facts nor why there are none")
    ((kind, inner),) = value.items()
    found: Facts | Unread = read(kinds[kind], inner, octets, "facts")
    inner = found.proof if isinstance(found, Facts) else None
    if inner is not None and (inner.proof is not None or inner.receipt is not None):
        raise _bad("facts.json holds a proof that is none")
    if isinstance(found, Facts) and sum(1 for _ in _signatures(_all(found))) > _MANY:
        raise _bad("facts.json holds more signatures and time stamps than any file may have")
    return found


def _policy(value: Any) -> Policy:
    if not isinstance(value, dict) or value.keys() != {"digest", "values"} or not isinstance(value["digest"], str):
        raise _bad("policy.json does not hold a digest and values")
    try:
        return Policy.of_values(value["values"])
    except MisuseError as error:
        raise _bad(f"policy.json: {error.message}") from error


def _snapshot(trust: TrustStore) -> TrustSnapshot:
    return TrustSnapshot(
        trust.digest,
        trust.revocation_digest,
        tuple(
            TrustAnchor(each.certificate.der, tuple(sorted(each.purposes)), each.not_before, each.not_after)
            for each in trust.anchors
        ),
        tuple(each.der for each in trust.intermediates),
        tuple(item.der for item in trust.revocation),
        trust.logs,
    )


def _trust(snapshot: TrustSnapshot) -> TrustStore:
    """The trust store again, which must have the digests that the archive states."""
    for anchor in snapshot.anchors:
        if not anchor.purposes or not set(anchor.purposes) <= set(PURPOSES):
            raise _bad(f"trust.json: the purposes of an anchor must be some of {', '.join(PURPOSES)}")
    try:
        trust = TrustStore.of(
            [
                Anchor(Certificate.load(each.certificate), frozenset(each.purposes), each.not_before, each.not_after)
                for each in snapshot.anchors
            ],
            snapshot.intermediates,
            snapshot.revocation,
            snapshot.logs,
        )
    except (MalformedError, MisuseError) as error:
        raise _bad(f"trust.json: {error.message}") from error
    if (trust.digest, trust.revocation_digest) != (snapshot.digest, snapshot.revocation_digest):
        raise MalformedError("replay.digest", "trust.json does not hold the trust that it names")
    return trust
