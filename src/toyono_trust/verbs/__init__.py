"""The verbs as steps: what ``api`` and ``aio`` drive."""

from toyono_trust.verbs.augmenting import AUGMENTING, AugmentOptions, augment
from toyono_trust.verbs.making import TIMEOUT, Options, check_arguments, order, seal, sign, timestamp
from toyono_trust.verbs.receipting import ReceiptOptions, receipt
from toyono_trust.verbs.verification import gathering, judge, read, verify

__all__ = [
    "AUGMENTING",
    "TIMEOUT",
    "AugmentOptions",
    "Options",
    "ReceiptOptions",
    "augment",
    "check_arguments",
    "gathering",
    "judge",
    "order",
    "read",
    "receipt",
    "seal",
    "sign",
    "timestamp",
    "verify",
]
