"""By when a signed file should be renewed: before its verdict ends, and before its protection does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from toyono_trust import Report
    from toyono_trust.validation.report import Finding, SignatureReport, TimestampReport

__all__ = ["Deadline", "deadline"]

_INSTANT = timedelta(microseconds=1)
_ARCHIVAL = ("archive", "document")


class Deadline(NamedTuple):
    """By when a file should be renewed, None where nothing is known to end.

    ``stamp``: the time stamp that ends then, while the verdict still holds by the signer's own certificate; None where
    it is the verdict itself that ends.
    """

    until: datetime | None
    stamp: TimestampReport | None = None

    def lapse(self, report: Report) -> Finding | None:
        """What ends then, or has ended already."""
        if self.stamp is None:
            return report.lapse
        if self.until is None or self.stamp.decisive is not None:
            return self.stamp.decisive
        from toyono_trust.validation.proofs import by_past, stamps

        if self.until < report.validated_at:
            return by_past(self.stamp)
        then = stamps(report.simulate(self.until + _INSTANT)).get(self.stamp.id)
        return None if then is None else then.decisive or by_past(then)


def deadline(report: Report) -> Deadline:
    """The earlier of the end of the verdict and, for each signature, that of the last of its time stamps to end.

    Archive and document time stamps count where a signature has some, else its signature time stamps: without them
    nothing proves it once the signer's certificate has ended or is revoked. Where all have ended already, the last of
    their ends, which is past.
    """
    found = Deadline(report.valid_until)
    if found.until is None and report.indication not in ("TOTAL-PASSED", "PASSED"):
        return found
    for signature in report.signatures:
        other = _protection(signature, report.validated_at)
        if other.until is not None and (found.until is None or other.until < found.until):
            found = other
    return found


def _protection(signature: SignatureReport, now: datetime) -> Deadline:
    from toyono_trust.validation.render import readable

    all_of_them = [item for item in signature.timestamps if readable(item)]
    archival = [item for item in all_of_them if item.token.type in _ARCHIVAL]
    chosen = archival or [item for item in all_of_them if item.token.type == "signature"]
    if not chosen:
        return Deadline(None)
    passing = [item for item in chosen if item.indication == "PASSED" and not item.past]
    if any(item.valid_until is None for item in passing):
        return Deadline(None)
    ends = [(item.valid_until or now, item) for item in passing] or [(_ended(item, now), item) for item in chosen]
    return Deadline(*max(ends, key=lambda each: (each[0], each[1].token.generated_at)))


def _ended(item: TimestampReport, now: datetime) -> datetime:
    """A moment by which what no longer passes may have ended: with its certificate, else as soon as it was made."""
    certificate = item.certificate
    if certificate is not None and certificate.not_after < now:
        return certificate.not_after
    return item.token.generated_at
