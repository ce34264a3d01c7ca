"""RFC 9162 2.1, against the definitions of the standard written down as they stand there: recursively."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toyono_trust.core import merkle
from toyono_trust.core.merkle import Edge, Row
from toyono_trust.errors import MisuseError

# The leaves and roots that the first implementation of Certificate Transparency was tested with.
CT_LEAVES = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def naive_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(first: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = split(len(leaves))
    if first <= k:
        return [*naive_subproof(first, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(first - k, leaves[k:], False), naive_root(leaves[:k])]


def made(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % index) for index in range(count)]


def reader(leaves: Sequence[bytes]) -> merkle.Read:
    rows = [Row(*pair) for pair in zip(leaves, Edge().extend(leaves), strict=True)]
    return lambda wanted: {index: rows[index] for index in wanted}


def test_roots_of_certificate_transparency() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    assert [merkle.root(leaves[:count]).hex() for count in range(9)] == list(CT_ROOTS)
    assert CT_ROOTS[0] == merkle.EMPTY_ROOT.hex()


def test_leaf_and_node_prefixes() -> None:
    assert merkle.leaf_hash(b"") == sha256(b"\0").digest()
    assert merkle.node_hash(b"a" * 32, b"b" * 32) == sha256(b"\1" + b"a" * 32 + b"b" * 32).digest()


def test_everything_up_to_34_leaves() -> None:
    leaves = made(34)
    read = reader(leaves)
    for size in range(35):
        root = naive_root(leaves[:size])
        assert merkle.root(leaves[:size]) == root
        for index in range(size):
            path = merkle.prove_inclusion(index, size, read)
            assert path == naive_path(index, leaves[:size])
            assert merkle.check_inclusion(leaves[index], index, size, path, root)
        for first in range(size + 1):
            path = merkle.prove_consistency(first, size, read)
            assert path == (naive_subproof(first, leaves[:size], True) if first else [])
            assert merkle.check_consistency(first, size, path, naive_root(leaves[:first]), root)


@given(st.lists(st.integers(0, 70), max_size=8), st.integers(0, 3))
def test_any_batches_make_the_same_tree(batches: list[int], copied: int) -> None:
    """Invariant: what is stored and the root depend on the leaves alone, not on how they came."""
    leaves = made(sum(batches))
    edge, completed, start = Edge(), [], 0
    for turn, count in enumerate(batches):
        completed += edge.extend(leaves[start : start + count])
        start += count
        assert edge.root() == naive_root(leaves[:start])
        assert [completed[row] for row in merkle.edge_rows(start)] == list(edge.hashes)
        if turn == copied:
            edge = Edge(edge.size, edge.hashes)
    assert completed == Edge().extend(leaves)
    for index, node in enumerate(completed):
        size = (index + 1) & -(index + 1)  # the largest power of two that divides the number of leaves so far
        assert node == naive_root(leaves[index + 1 - size : index + 1])


@given(st.data())
@settings(deadline=None)
def test_proofs_of_larger_trees(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    leaves = made(size)
    read = reader(leaves)
    path = merkle.prove_inclusion(index, size, read)
    assert path == naive_path(index, leaves)
    assert merkle.check_inclusion(leaves[index], index, size, path, naive_root(leaves))
    path = merkle.prove_consistency(first, size, read)
    assert path == naive_subproof(first, leaves, True)
    assert merkle.check_consistency(first, size, path, naive_root(leaves[:first]), naive_root(leaves))


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit % (8 * len(value)))).to_bytes(len(value), "big")


@given(st.data())
@settings(deadline=None)
def test_one_change_refutes_an_inclusion(data: st.DataObject) -> None:
    """Invariant: a proof with any one thing changed proves nothing."""
    size = data.draw(st.integers(1, 200))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    leaves = made(size)
    root, path = naive_root(leaves), naive_path(index, leaves)
    leaf = leaves[index]
    assert merkle.check_inclusion(leaf, index, size, path, root)
    assert not merkle.check_inclusion(flipped(leaf, bit), index, size, path, root)
    assert not merkle.check_inclusion(leaf, index, size, path, flipped(root, bit))
    other = data.draw(st.integers(-2, size + 300).filter(lambda one: one != index))
    assert not merkle.check_inclusion(leaf, other, size, path, root)
    assert not merkle.check_inclusion(leaf, index, size, [*path, root], root)
    for place in range(len(path)):
        changed = [*path[:place], flipped(path[place], bit), *path[place + 1 :]]
        assert not merkle.check_inclusion(leaf, index, size, changed, root)
        assert not merkle.check_inclusion(leaf, index, size, path[:place] + path[place + 1 :], root)
        changed[place] = path[place][:-1]
        assert not merkle.check_inclusion(leaf, index, size, changed, root)


@given(st.data())
@settings(deadline=None)
def test_one_change_refutes_a_consistency(data: st.DataObject) -> None:
    """Invariant: of two trees, a changed proof or a changed root proves nothing."""
    second = data.draw(st.integers(1, 200))
    first = data.draw(st.integers(1, second))
    bit = data.draw(st.integers(0, 255))
    leaves = made(second)
    old, new = naive_root(leaves[:first]), naive_root(leaves)
    path = naive_subproof(first, leaves, True)
    assert merkle.check_consistency(first, second, path, old, new)
    assert not merkle.check_consistency(first, second, path, flipped(old, bit), new)
    assert not merkle.check_consistency(first, second, path, old, flipped(new, bit))
    assert not merkle.check_consistency(first, second, [*path, new], old, new)
    assert not merkle.check_consistency(second, first, path, new, old) or first == second
    for place in range(len(path)):
        changed = [*path[:place], flipped(path[place], bit), *path[place + 1 :]]
        assert not merkle.check_consistency(first, second, changed, old, new)
        assert not merkle.check_consistency(first, second, path[:place] + path[place + 1 :], old, new)


def test_a_fork_has_no_proof() -> None:
    """No path that the forking log could make proves both its trees consistent with the first."""
    honest, forked = made(40), made(40)
    forked[17] = merkle.leaf_hash(b"forged")
    for first in range(18, 40):
        path = merkle.prove_consistency(first, 40, reader(forked))
        assert not merkle.check_consistency(first, 40, path, naive_root(honest[:first]), naive_root(forked))


def test_the_tree_without_leaves() -> None:
    root = naive_root(made(5))
    assert merkle.check_consistency(0, 5, [], merkle.EMPTY_ROOT, root)
    assert merkle.check_consistency(0, 0, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)
    assert not merkle.check_consistency(0, 5, [], root, root)
    assert not merkle.check_consistency(0, 5, [root], merkle.EMPTY_ROOT, root)
    assert not merkle.check_inclusion(root, 0, 0, [], root)


def test_numbers_out_of_range_are_refused() -> None:
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(MisuseError):
            merkle.prove_inclusion(index, size, reader(made(5)))
    for first, second in ((-1, 5), (6, 5)):
        with pytest.raises(MisuseError):
            merkle.prove_consistency(first, second, reader(made(5)))
    with pytest.raises(MisuseError):
        Edge(3, made(1))


def test_sizes_beyond_any_log() -> None:
    """A hostile size costs no work."""
    leaf = made(1)[0]
    assert not merkle.check_inclusion(leaf, 0, 1 << 5000, [leaf] * 5000, leaf)
    assert not merkle.check_consistency(1, 1 << 5000, [leaf] * 5000, leaf, leaf)
