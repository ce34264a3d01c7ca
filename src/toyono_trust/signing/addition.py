"""One more signature for a signed file: upon one that is there, or beside all of them (RFC 5652 5.1 and 11.4).

To the ladder it is a format whose ``prepare`` and ``finish`` know the file. Everything that can be refused is refused
before the key is used: the file is read, what is signed must verify, and the file is put together once on trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Literal

from toyono_trust.core.algorithms import digest
from toyono_trust.core.content import Content
from toyono_trust.core.limits import MAX_FILE, Work
from toyono_trust.errors import MisuseError
from toyono_trust.formats import registry
from toyono_trust.formats.contents import Contents
from toyono_trust.formats.draft import Draft, SigningInput
from toyono_trust.formats.model import Facts, FormatName, Signature, TimestampToken
from toyono_trust.pki.anchors import TrustStore
from toyono_trust.signing.augmentation import not_verified
from toyono_trust.signing.ladder import format_module
from toyono_trust.validation.judge import judge
from toyono_trust.validation.policy import Policy
from toyono_trust.validation.report import Report, SignatureReport, signature_id

__all__ = ["Addition"]

_ROOM = 1 << 20
"""Octets that a signature with its certificates and time stamp may add to a file: tens of kilobytes, here with room."""
_ON_TRIAL = bytes.fromhex("3006020101020101")
"""A signature value for the trial: any octets for most algorithms, an Ecdsa-Sig-Value for ECDSA."""


class Addition:
    """A signed file, and where in it another signature goes; for one operation of the ladder.

    ``contents``: what its detached signatures cover. ``wire``: the new signature's value as it is stored, once made.
    """

    def __init__(
        self,
        signed: bytes,
        format: FormatName,
        contents: Contents,
        countersigns: str | Literal[True] | None,
        policy: Policy,
        at: datetime,
        *,
        lasting: bool = False,
    ) -> None:
        """Read and check the file. ``countersigns``: id of a signature, True for the only one, None for none.

        ``lasting``: the file is raised above B-T afterwards, for which all that is covered must be at hand. Raises
        ``MalformedError``, or ``MisuseError`` ("addition.…") where the file, or the signature that is to be
        countersigned, is not there, is of another format, or is broken.
        """
        if len(signed) > MAX_FILE - _ROOM:
            raise MisuseError("limits.size", f"a file of {len(signed)} octets cannot grow any more", "sign it anew")
        if registry.detect(signed) != format:
            raise MisuseError("addition.format", f"this is no signed file of the format {format}", "name one")
        self.signed = registry.unarmoured(signed)
        self.module = format_module(format)
        self.contents = contents
        self.wire = b""
        self._facts = registry.read(self.signed, contents, Work())
        if not self._facts.signatures:
            raise MisuseError("addition.format", "there is no signature in this file", "name a signed file")
        self._target = None if countersigns is None else _chosen(self._facts, countersigns)
        self._make: Callable[..., bytes]
        self._value = b""
        self._check(policy, at)
        if lasting and not all(item.found for one in self._facts.signatures for item in one.objects):
            raise MisuseError("addition.content", "what the signatures cover is not at hand", "present it with covers=")

    def _check(self, policy: Policy, at: datetime) -> None:
        """What the new signature stands for must be sound, whoever has made it; whether it is trusted is not asked."""
        target = self._target
        if target is None and self._covers_another():
            raise MisuseError("addition.content", "the signatures cover another content than this", "leave it out")
        report = judge(self._facts, policy, TrustStore.empty(), at, Work())
        found = [item for item in _every(report.signatures) if item.facts is target]
        found = found if target is not None else [*report.signatures]
        if not found:  # the work that one file may cause was used up
            raise MisuseError("addition.broken", "the file cannot be verified", "verify the file first")
        for item in found:
            if item.signature_intact is False or any(one.intact is False for one in item.facts.objects):
                raise MisuseError("addition.broken", f"{item.id} does not verify", "verify the file first")

    def _covers_another(self) -> bool:
        """Whether contents were presented, and not one of them is what is covered."""
        presented = [self.contents.by_name(name) for name in self.contents.names()]
        if len(presented) < 2:
            return any(note.code == "content.not-covered" for note in self._facts.notes)
        covered = [item.content for one in self._facts.signatures for item in one.objects]
        return not any(one is other for one in presented for other in covered)

    def prepare(self, request: SigningInput) -> Draft:
        """The octets to sign, after the file was put together on trial.

        Raises what the format raises, and ``MisuseError`` "addition.covered" where a time stamp would break.
        """
        if self._target is None:
            draft: Draft = self.module.prepare_parallel(self.signed, self.contents, request)
            self._make = partial(self.module.finish_parallel, draft)
        else:
            draft = self.module.prepare_counter(self.signed, self._target.value.wire, request)
            self._make = partial(self.module.finish_counter, draft)
        trial = registry.read(self._make(_ON_TRIAL), self.contents, Work())
        if _intact(self._facts) - _intact(trial):
            raise MisuseError(
                "addition.covered",
                "a time stamp covers this counter-signature as it stands",
                "countersign the signature that carries it",
            )
        return draft._replace(state=request.algorithm)

    def finish(self, draft: Draft, value: bytes) -> bytes:
        """The file with the new signature. ``value``: as the key gave it."""
        self._value = value
        self.wire = self.module.wire(value, draft.state)
        return self._make(value)

    def imprint(self, signed: bytes, algorithm: str) -> bytes:
        """What a signature time stamp over the new signature covers."""
        return digest(algorithm, self.wire)

    def attach(self, signed: bytes, token: bytes) -> bytes:
        """The file with the new signature, and a signature time stamp inside of it."""
        return self._make(self._value, token)

    def carrier(self, signed: bytes | Content) -> str:
        """Id of that signature of the file with which the new one is raised: the one that holds it, or itself."""
        signatures = registry.read(signed, self.contents, Work()).signatures
        return next(signature_id(one) for one in signatures if any(map(self._is_new, _all_of([one]))))

    def demand(self, report: Report) -> None:
        """Raise ``NotVerified`` unless the new signature passes."""
        for item in _every(report.signatures):
            if self._is_new(item.facts) and item.indication != "TOTAL-PASSED":
                raise not_verified(report, item)

    def _is_new(self, signature: Signature) -> bool:
        return signature.value.wire == self.wire


def _chosen(facts: Facts, countersigns: str | Literal[True]) -> Signature:
    """The signature with an id, wherever it stands; for True the only one that is no counter-signature itself."""
    if countersigns is True and len(facts.signatures) == 1:
        return facts.signatures[0]
    names: dict[str, Signature] = {signature_id(item): item for item in reversed([*_all_of(facts.signatures)])}
    found = names.get(countersigns) if isinstance(countersigns, str) else None
    if found is not None:
        return found
    wanted = "the file has several signatures" if countersigns is True else f"there is no signature {countersigns}"
    raise MisuseError("addition.no-such-signature", wanted, f"there are {', '.join(reversed(names))}")


def _all_of(signatures: Iterable[Signature]) -> Iterator[Signature]:
    for signature in signatures:
        yield signature
        yield from _all_of(signature.counter_signatures)


def _every(reports: Iterable[SignatureReport]) -> Iterator[SignatureReport]:
    for item in reports:
        yield item
        yield from _every(item.counter_signatures)


def _intact(facts: Facts) -> set[bytes]:
    """The time stamps that cover what they say."""
    tokens: Iterator[TimestampToken] = (
        token for signature in _all_of(facts.signatures) for token in signature.timestamps
    )
    return {token.data for token in tokens if token.imprint_intact}
