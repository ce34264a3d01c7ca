"""CRLs and OCSP responses at hand, and what they prove about a certificate (RFC 5280 6.3, RFC 6960 3.2)."""

from toyono_trust.pki.revocation.evaluation import evaluate
from toyono_trust.pki.revocation.status import Item, Lapse, Outcome, Problem, Status, load

__all__ = ["Item", "Lapse", "Outcome", "Problem", "Status", "evaluate", "load"]
