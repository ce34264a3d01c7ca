"""Limits on hostile input, each with its provenance, and the counter of work.

Work is counted, never timed, so that the same input always stops at the same place.
"""

from __future__ import annotations

from toyono_trust.errors import MalformedError

MAX_FILE = 64 << 20
"""Octets of a signed file held in memory. Largest signature file without content seen in public corpora: 5 MB."""
MAX_HEADER = 1 << 18
"""Octets of a JOSE header: a B-LTA ``etsiU`` is unprotected; protected headers with x5c stay below 20 KB."""
MAX_DEPTH = 64
"""Nesting of JSON and ASN.1. RFC 5280 structures need 12; a parser of the field crashed from 12 KB of nesting."""
MAX_NODES = 200_000
"""TLVs or JSON members looked at in one file; the largest real CMS of the corpora has 9,000."""
MAX_SIGNATURES = 100
"""Signatures in one file, counter-signatures included."""
MAX_SIGNATURE = 1 << 17
"""Octets or base64url characters of one signature value; SLH-DSA's largest has 49,856. Every time stamp hashes it."""
MAX_TIMESTAMPS = 200
"""Tokens in one file."""
MAX_CERTIFICATES = 200
"""Certificates in one file; the largest real bag has 38."""
MAX_CERTIFICATE_NODES = 1_000
"""TLVs looked at in one certificate, inside of names and extensions apart; 240 extensions need them, real ones 100.
150 certificates of 18,000 extensions each kept a reader busy for 12 s."""

BUDGETS: dict[str, int] = {
    "signature-checks": 1_000,
    "paths": 200,
    "constraint-bytes": 1 << 19,
    "hashed-bytes": 1 << 34,
    "repeated-bytes": 1 << 27,
    "pdf-comparisons": 300,
    "pdf-objects": 2_000_000,
    "revocation-items": 20_000,
}
"""Units of work per ``verify()``. 20 mutually certifying certificates make a peer's path builder run for ever.

"constraint-bytes": octets of certificates in paths with policies or name constraints, once for each path; 140 KB of
policy mappings take 0.3 s. "hashed-bytes": octets of presented content. "repeated-bytes": octets of the file that are
copied or hashed once more, for a further signature or a time stamp; 100 signatures over 40 MB kept a reader busy for
22 s in 5 GB of memory. "revocation-items": CRLs and OCSP responses of the file, and each time one is consulted its
further statements and the certificates in it; 200 responses of 900 statements under ten signatures took 17 s. For each
status that is asked for, one more for 20 items at hand; whose signature is known costs this and no "signature-checks",
or 13 yearly renewals would use these up. 30 renewals need 5,000, a second takes 20,000.
"pdf-comparisons": a PDF with n signatures has n * n / 2 pairs of revisions to compare, 300 for 24 of them, at about
1.5 ms each if small. "pdf-objects": objects that are read again or compared, about 2 µs for one unit; 75 document time
stamps over one signature are within bounds.
"""


class WorkExceeded(MalformedError):
    """The work that one file may cause is used up."""


class Work:
    """Counts what one ``verify()`` spends."""

    __slots__ = ("_presented", "left")

    def __init__(self, budgets: dict[str, int] | None = None) -> None:
        self.left = BUDGETS | (budgets or {})
        self._presented: set[int] = set()

    def spend(self, kind: str, amount: int = 1) -> None:
        """Take ``amount`` units of ``kind``; raises ``WorkExceeded`` where they are not left."""
        left = self.left[kind] - amount
        if left < 0:
            raise WorkExceeded("limits.work", f"this file needs more work than one verification may spend ({kind})")
        self.left[kind] = left

    def present(self, content: object, size: int) -> None:
        """Count one reading of content that the caller presented, of ``size`` octets.

        It is no attack, so its first reading makes room for four more of it; the file decides how often it is read.
        """
        if id(content) in self._presented:
            self.spend("repeated-bytes", size)
            return
        self._presented.add(id(content))
        self.spend("hashed-bytes", size)
        self.left["repeated-bytes"] += 4 * size
