"""Receipts of AS4 (ebMS 3.0), read as facts of a relay: what the receiving access point says has arrived.

::

    fact = from_as4_receipt(receipt_xml, original=sent_envelope)
    fact.failing                                   # what is wrong or incomplete; () where nothing is
    verify_set(receipts, parts, relays=[fact], trust=trust, at=now)

Such a receipt stands where a ``RelayAcceptance`` (EN 319 522-1 B.1) would: the access point got these parts. It says
nothing of sender or recipient behind the access points, and has no time stamp. Its WS-Security signature is not
verified here, so that it proves nothing yet; ``verify_set`` names it as the weakest link.
"""

from toyono_trust.delivery.as4.envelope import Original, Reference, read_original
from toyono_trust.delivery.as4.receipt import As4Relay, from_as4_receipt

__all__ = ["As4Relay", "Original", "Reference", "from_as4_receipt", "read_original"]
