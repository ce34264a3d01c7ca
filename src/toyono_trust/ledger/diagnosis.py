"""What happened to a log at the first row whose stored hash does not follow from the entries.

Each row has the hash of the largest complete subtree that its entry completes (``core.merkle``), and the root at some
later size is known. Each explanation is tried by recomputing that root as it would be if the explanation were true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from toyono_trust.core.merkle import Edge, leaf_hash, root
from toyono_trust.ledger.stores.base import PAGE, Store, is_hash

__all__ = ["Diagnosis", "diagnose", "is_inserted"]

LOOK_AHEAD = 64
"""Rows that must fit together one place further on before a removed entry is believed in."""


class Diagnosis(NamedTuple):
    """``entry`` is the first that is wrong, as far as the hashes tell; none before ``since`` can be."""

    code: str
    entry: int
    since: int


def diagnose(store: Store, before: Edge, entry: bytes, node: bytes, reference: tuple[int, bytes]) -> Diagnosis:
    """Why a row does not follow from the entries below it, whose edge is ``before``. ``reference``: size and root."""
    index = before.size
    since = index + 1 - ((index + 1) & -(index + 1))
    size, wanted = reference
    if _root(store, before, index, size) == wanted:
        return Diagnosis("audit.hash", index, index)
    for inserted in (index, index - 1):
        if is_inserted(store, inserted, reference):
            return Diagnosis("audit.inserted", inserted, inserted)
    if is_hash(node):
        after = before.copy()
        after.extend([leaf_hash(entry)])
        replaced = Edge(after.size, (*after.hashes[:-1], node))
        if _root(store, replaced, index + 1, size) == wanted:
            return Diagnosis("audit.altered", index, since)
    if _is_shifted(store, index):
        return Diagnosis("audit.removed", index, index)
    return Diagnosis("audit.altered", index, since)


def is_inserted(store: Store, index: int, reference: tuple[int, bytes]) -> bool:
    """Whether without this row the others lead to the root that is known of the size."""
    size, wanted = reference
    return 0 <= index <= size and _root_without(store, index, size) == wanted


def _root(store: Store, edge: Edge, start: int, size: int) -> bytes | None:
    """The root of ``size`` leaves: an edge, and after it the rows from ``start`` on; None where they do not suffice."""
    if edge.size > size:
        return None
    grown = edge.copy()
    for leaves in _leaves(store, start):
        grown.extend(leaves[: size - grown.size])
        if grown.size == size:
            break
    return grown.root() if grown.size == size else None


def _root_without(store: Store, inserted: int, size: int) -> bytes | None:
    edge = Edge()
    for leaves in _leaves(store, 0):
        if edge.size >= inserted:
            break
        edge.extend(leaves[: inserted - edge.size])
    return _root(store, edge, inserted + 1, size) if edge.size == inserted else None


def _leaves(store: Store, start: int) -> Iterator[list[bytes]]:
    """Leaf hashes of the rows from ``start`` on, page by page, up to the first that is missing or no hash."""
    while rows := store.records(start, PAGE):
        leaves = []
        for row in rows:
            if row.position != start or not is_hash(row.entry):
                break
            leaves.append(leaf_hash(row.entry))
            start += 1
        yield leaves
        if len(leaves) < len(rows):
            return


def _is_shifted(store: Store, missing: int) -> bool:
    """Whether the rows from ``missing`` on fit together as if each had stood one place further on."""
    rows = store.records(missing, LOOK_AHEAD)
    leaves, tested = [], False
    for place, row in enumerate(rows):
        if row.position != missing + place or not is_hash(row.entry):
            break
        leaves.append(leaf_hash(row.entry))
        was = row.position + 1
        size = (was + 1) & -(was + 1)
        if size <= len(leaves):  # else what it completes has the missing entry in it
            tested = True
            if root(leaves[-size:]) != row.node:
                return False
    return tested
