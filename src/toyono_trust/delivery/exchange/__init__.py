"""Exchanges as a whole: the manifest that links what belongs together, its check, and two-sided reconciliation.

::

    made = build("urn:uuid:…", at=…, requester="NTRJP-…", provider="NTRJP-…",
                 request=message("m-1", {"request.json": octets}, at=…),
                 response=message("m-2", {"answer.json": ("sha256", digest)}, at=…),
                 receipts=[sealed_receipt], consent=reference(consent.identifier, consent.octets))
    sealed = toyono_trust.seal(made.octets, by=town, format="jades")
    check(made, receipts=[sealed_receipt]).wrong            # what does not fit
    hidden, openings = for_third_party(made, secret)         # for whoever is not to learn who and what
    reconcile(ours, theirs, spool=tempfile.TemporaryFile)    # which side and which message differ
"""

from toyono_trust.delivery.exchange.checking import Checked, Item, check
from toyono_trust.delivery.exchange.commitments import Commitment, Opening, read_opening
from toyono_trust.delivery.exchange.manifest import (
    Digest,
    Manifest,
    Message,
    Part,
    ReceiptReference,
    Reference,
    Transport,
    build,
    for_third_party,
    message,
    opened,
    read_manifest,
    reference,
)
from toyono_trust.delivery.exchange.reconciliation import Difference, Reconciliation, reconcile

__all__ = [
    "Checked",
    "Commitment",
    "Difference",
    "Digest",
    "Item",
    "Manifest",
    "Message",
    "Opening",
    "Part",
    "ReceiptReference",
    "Reconciliation",
    "Reference",
    "Transport",
    "build",
    "check",
    "for_third_party",
    "message",
    "opened",
    "read_manifest",
    "read_opening",
    "reconcile",
    "reference",
]
