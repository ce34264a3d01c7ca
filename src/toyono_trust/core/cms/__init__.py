"""Cryptographic Message Syntax, SignedData (RFC 5652): read, check one SignerInfo, build, splice.

``pki.tsp`` and ``formats.cades`` use it alike. It knows no certificates beyond their issuer, serial number and key
identifier, and no trust.
"""

from __future__ import annotations

from toyono_trust.core.cms.building import (
    attribute,
    ocsp_choice,
    signed_attributes,
    signed_data,
    signer_info,
    signing_certificate_v2,
)
from toyono_trust.core.cms.checking import Checked, matching_certificate, reference_list, signature
from toyono_trust.core.cms.reading import (
    Attribute,
    SignedData,
    SignerIdentity,
    SignerInfo,
    certificate_identity,
    read,
    read_ocsp_choice,
    read_signer_info,
    subject_key_identifier,
)
from toyono_trust.core.cms.splicing import add_unsigned, exchange_value, extend, insert_unsigned, replace_unsigned

__all__ = [
    "Attribute",
    "Checked",
    "SignedData",
    "SignerIdentity",
    "SignerInfo",
    "add_unsigned",
    "attribute",
    "certificate_identity",
    "exchange_value",
    "extend",
    "insert_unsigned",
    "matching_certificate",
    "ocsp_choice",
    "read",
    "read_ocsp_choice",
    "read_signer_info",
    "reference_list",
    "replace_unsigned",
    "signature",
    "signed_attributes",
    "signed_data",
    "signer_info",
    "signing_certificate_v2",
    "subject_key_identifier",
]
