"""What callers give for a sender, recipient or delegate, as the component ``UserDetails`` (EN 319 522-2 I01, I05)."""

from __future__ import annotations

from toyono_trust.delivery.components import (
    Attribute,
    DelegateDetails,
    EntityIdentifier,
    FactorAssurance,
    GlobalAssurance,
    Open,
    UserDetails,
)
from toyono_trust.delivery.mandates import Mandate, attributes
from toyono_trust.delivery.parties import attribute_uri, check_identifier, from_text
from toyono_trust.formats.model import Party

__all__ = ["PartySource", "attribute", "delegate", "user"]

PartySource = str | Party | UserDetails
"""A party: an identifier's text, an identifier within a scheme, or the component itself."""

_SAML_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"


def user(
    source: PartySource,
    *,
    assurance: GlobalAssurance | FactorAssurance | None = None,
    mandate: Mandate | None = None,
) -> UserDetails:
    """The component of a party, with what is said of it besides.

    ``assurance``: how surely it is known who this is (``delivery.assurance``). ``mandate``: on what a delegate acts.
    Raises ``MisuseError`` "receipt.…" for an identifier that cannot stand in evidence.
    """
    details = source if isinstance(source, UserDetails) else _details(source)
    if details.identifier is not None:
        check_identifier(Party(details.identifier.value, details.identifier.identifier_scheme_name))
    if assurance is not None:
        details = details._replace(assurance_levels_details=assurance)
    if mandate is not None:
        details = details._replace(identity=details.identity + attributes(mandate))
    return details


def delegate(source: PartySource, indexes: tuple[int, ...]) -> DelegateDetails:
    """The component of a recipients' delegate. ``indexes``: for which recipients it acts, from 1."""
    return DelegateDetails(*user(source), delegating_recipients=tuple(indexes))


def attribute(name: str, *values: str) -> Attribute:
    """A SAML attribute by its URI or by its eIDAS friendly name."""
    uri, friendly = (name, None) if ":" in name else (attribute_uri(name), name)
    return Attribute(uri, _SAML_URI, friendly, tuple(map(Open.of, values)))


def _details(source: str | Party) -> UserDetails:
    party = from_text(source) if isinstance(source, str) else check_identifier(source)
    identity = tuple(attribute(name, *values) for name, values in party.attributes)
    return UserDetails(identity, EntityIdentifier(party.identifier, party.scheme) if party.identifier else None)
