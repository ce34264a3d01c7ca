"""What a verification says: ``Report``, its parts, and the content that may be used.

A verdict is not a boolean. The signed content comes only out of ``Report.require``, which raises ``NotVerified`` or
returns ``Verified``. Nothing here decides; ``judge`` does. Parts are computed when asked for, so that a gateway that
needs one yes pays for one yes.
"""

from toyono_trust.validation.report.finding import Finding, local_time
from toyono_trust.validation.report.logged import LogResult, PromiseResult, WitnessSeen
from toyono_trust.validation.report.parts import (
    EvidenceRecordReport,
    Indication,
    Proof,
    SignatureReport,
    TimestampReport,
    record_id,
    signature_id,
)
from toyono_trust.validation.report.verified import Verified, VerifiedObject
from toyono_trust.validation.report.whole import Inputs, NotVerified, Report

__all__ = [
    "EvidenceRecordReport",
    "Finding",
    "Indication",
    "Inputs",
    "LogResult",
    "NotVerified",
    "PromiseResult",
    "Proof",
    "Report",
    "SignatureReport",
    "TimestampReport",
    "Verified",
    "VerifiedObject",
    "WitnessSeen",
    "local_time",
    "record_id",
    "signature_id",
]
