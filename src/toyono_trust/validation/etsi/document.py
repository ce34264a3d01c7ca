"""The document: one ``SignatureValidationReport`` for each signature, then the objects that they refer to.

Written, never read: nothing foreign is parsed as XML. The document is not signed.
"""

from __future__ import annotations

from toyono_trust.errors import MisuseError
from toyono_trust.validation.etsi import access
from toyono_trust.validation.etsi.element import child, root, written
from toyono_trust.validation.etsi.objects import Objects
from toyono_trust.validation.etsi.signature import write_file, write_object, write_signature
from toyono_trust.validation.report import Report

__all__ = ["xml"]


def xml(report: Report) -> bytes:
    """The report as a ``ValidationReport`` of ETSI TS 119 102-2 v1.4.1: XML in UTF-8.

    Signatures come in the report's order, counter-signatures behind the one that they countersign. A file without
    signatures has one ``SignatureValidationReport`` with the file's own indication; time stamps, alone or in
    signatures, have theirs among the validation objects. Signed data stands there by digest, everything else with its
    octets, but for objects above 4 MiB, or those with which all would exceed 32 MiB. The same report gives the same
    document. Texts are English, times UTC in whole seconds. Raises ``MisuseError`` "report.simulated" for a simulation,
    which a reader of the document could not tell from a verdict.
    """
    if report.simulated_from is not None:
        raise MisuseError(
            "report.simulated", "ETSI TS 119 102-2 knows validations alone, no simulations", "use text, JSON or HTML"
        )
    element = root("ValidationReport")
    objects = Objects(report)
    for place, item in enumerate(access.signatures(report)):
        write_signature(element, item, objects, first=place == 0)
    if not report.signatures:
        write_file(element, objects)
    found = objects.all()
    if found:
        listed = child(element, "SignatureValidationObjects")
        for each in found:
            write_object(listed, each, objects)
    return written(element)
