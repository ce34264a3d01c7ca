"""Event reasons (EN 319 522-2 clause 8.3.3, component G04); the rows stand in ``reasons.toml``.

``status``: ``"verified"``: URI and event are paired in a public sample; ``"inferred"``: the URI is public, its code and
event follow from the order of two public lists; ``"local"``: ours, below a base URI of the issuer's own. The standard's
remaining URIs are not public, and none is invented under uri.etsi.org: a reason that stands in no row is read as it is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from toyono_trust.delivery.tables import rows

__all__ = ["ETSI_DOMAIN", "LOCAL_PATH", "REASON_NAMESPACE", "Reason", "by_uri", "local", "table"]

REASON_NAMESPACE = "http://uri.etsi.org/19522/EventReason/"
ETSI_DOMAIN = "uri.etsi.org"
LOCAL_PATH = "/erds/reason/"
"""A local reason is ``<base of the issuer>/erds/reason/<name>``."""


class Reason(NamedTuple):
    """One reason: ``uri`` (for a local one its last segment), group letter and name of the event that it explains.

    ``text``: what it says, in English and Japanese.
    """

    code: str | None
    uri: str
    group: str
    event: str
    source: str
    status: Literal["verified", "inferred", "local"]
    text: tuple[str, str]


@lru_cache(maxsize=1)
def table() -> tuple[Reason, ...]:
    """All known reasons; read at the first call."""
    return tuple(
        Reason(
            row.get("code"), row["uri"], row["group"], row["event"], row["source"], row["status"], tuple(row["text"])
        )
        for row in rows("reasons.toml", "reason")
    )


def __getattr__(name: str) -> Any:
    """``REASONS`` is ``table()``, which reads a file that issuing without a reason does not need."""
    if name == "REASONS":
        return table()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def _named() -> tuple[dict[str, Reason], dict[str, Reason]]:
    """Public reasons by URI, local ones by name."""
    public = {reason.uri: reason for reason in table() if reason.status != "local"}
    return public, {reason.uri: reason for reason in table() if reason.status == "local"}


def by_uri(uri: str) -> Reason | None:
    """The row of a reason's ``Code``: a public URI, or a local name below any issuer's base; None where unknown."""
    public, ours = _named()
    known = public.get(uri)
    if known is None and uri.startswith("https://"):
        base, _, name = uri.rpartition(LOCAL_PATH)
        if base:
            known = ours.get(name)
    return known


def local(base: str, name: str) -> str:
    """The URI of a local reason below the issuer's ``base`` ("https://www.town.example"). Raises ``KeyError``."""
    return base.rstrip("/") + LOCAL_PATH + _named()[1][name].uri
