"""The revocation of a consent: a statement of the resident that ends it from a moment on.

It names the consent by digest, so that it ends this one and no other, and is signed by the resident or sealed by the
town that took it down. When it was made, the time stamp of that signature proves; what happened before stays covered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, cast

from toyono_trust.core.canonical import json_canonical
from toyono_trust.delivery.consent.artefact import Consent, party_members, read_subject
from toyono_trust.delivery.statements import Object, aware, digest_members, moment_text, proved, read_statement
from toyono_trust.formats.model import Party

__all__ = ["Revocation", "read_revocation", "revoke"]

FORMAT = "toyono_trust/consent-revocation/v1"
_MALFORMED = "consent.malformed"


class Revocation(NamedTuple):
    """``consent``: the identifier; ``digest``: SHA-256 of its octets; ``start``: from when on it no longer holds."""

    consent: str
    digest: bytes
    subject: Party
    start: datetime

    @property
    def octets(self) -> bytes:
        """The statement: RFC 8785 text; what is signed."""
        return json_canonical(
            {
                "format": FORMAT,
                "consent": {"identifier": self.consent, "digest": digest_members("sha256", self.digest)},
                "subject": party_members(self.subject),
                "from": moment_text(self.start),
            }
        )


def revoke(consent: Consent, start: datetime) -> Revocation:
    """The revocation of a consent from a moment on (aware). Raises ``MisuseError`` "argument.naive-time"."""
    made = Revocation(consent.identifier, consent.digest, consent.subject, aware(start, "start").astimezone(UTC))
    return cast(Revocation, proved(made.octets, read_revocation, "consent.argument"))


def read_revocation(octets: bytes) -> Revocation:
    """Read a revocation. Raises ``MalformedError`` "consent.malformed", "json.…"."""
    members = Object(read_statement(octets, _MALFORMED), _MALFORMED, ("format", "consent", "subject", "from"))
    if members.text("format") != FORMAT:
        raise members.error("format", "not known here")
    consent = members.object("consent", ("identifier", "digest"))
    return Revocation(
        consent.text("identifier"), consent.sha256("digest"), read_subject(members), members.moment("from")
    )
