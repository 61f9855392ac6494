"""The Merkle tree over a ledger's entries, its proofs, and how they are verified (RFC 6962, section 2; RFC 9162).

A tree is known by its *nodes*, the hashes of complete subtrees: node ``index`` of ``level`` is the hash over the leaves
from ``index << level`` on, ``1 << level`` of them. Entries are counted from 0 here, as in both standards; the ledger
numbers them from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

Node = Callable[[int, int], bytes]
"""Returns the node of a level and an index; asked only for those that are complete."""

EMPTY: Final = sha256().digest()
"""The root over no leaves."""
HASH_BYTES: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + data).digest()


def join(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees beside each other."""
    return sha256(b"\x01" + left + right).digest()


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of leaves, or of complete subtrees of one level."""
    if not hashes:
        return EMPTY
    row = list(hashes)
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [join(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)] + odd
    return row[0]


def root(size: int, node: Node) -> bytes:
    """Return the root over the first ``size`` leaves."""
    return _subtree(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree: hashes from the leaf's sibling to the root's child."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(start, middle, node))
            start = middle
    return proof[::-1]


def consistency(old: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves begins that of ``size`` (RFC 6962, section 2.1.2)."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {old} is no beginning of one of {size}")
    proof, start, end, whole = [], 0, size, True
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_subtree(start, end, node))
    return proof[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether ``proof`` shows that ``leaf`` is number ``index`` of the tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or any(len(one) != HASH_BYTES for one in proof):
        return False
    left, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if left & 1 or left == last:
            found = join(one, found)
            while left and not left & 1:
                left, last = left >> 1, last >> 1
        else:
            found = join(found, one)
        left, last = left >> 1, last >> 1
    return last == 0 and found == root


def extends(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether ``proof`` shows that the old tree is the beginning of the other (RFC 9162, section 2.1.4.2).

    The tree without leaves is the beginning of every one, by no proof at all.
    """
    if any(len(one) != HASH_BYTES for one in proof) or not 0 <= old <= size:
        return False
    if old == 0:
        return not proof and old_root == EMPTY and (size > 0 or root == EMPTY)
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    left, last = old - 1, size - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if left & 1 or left == last:
            before, after = join(one, before), join(one, after)
            while left and not left & 1:
                left, last = left >> 1, last >> 1
        else:
            after = join(after, one)
        left, last = left >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def completing_roots(indexes: Sequence[int], size: int, node: Node) -> list[bytes]:
    """Return what completes the leaves at ``indexes``, ascending, to the tree: roots of all that lies between them.

    From left to right, each as large as can be. Of leaves that follow on each other it is about as short as the proof
    of a single one, and it shows of every place of the tree which leaf stands there, or that none of these does.
    """
    if any(not 0 <= one < size for one in indexes):
        raise ValueError(f"a leaf is not in a tree of {size}")
    return [_subtree(start, end, node) for start, end in _gaps(indexes, 0, len(indexes), 0, size)]


def root_of(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that ``leaves``, by index, come to with :func:`completing_roots`; None: the two do not fit."""
    indexes = sorted(leaves)
    if any(not 0 <= one < size for one in indexes) or any(len(one) != HASH_BYTES for one in proof):
        return None
    if len(proof) != sum(1 for _ in _gaps(indexes, 0, len(indexes), 0, size)):
        return None
    if not size:
        return EMPTY
    rest = iter(proof)

    def of(first: int, behind: int, start: int, end: int) -> bytes:
        if first == behind:
            return next(rest)
        if end - start == 1:
            return leaves[start]
        middle = start + _split(end - start)
        part = _first_from(indexes, middle, first, behind)
        left = of(first, part, start, middle)
        return join(left, of(part, behind, middle, end))

    return of(0, len(indexes), 0, size)


def _gaps(indexes: Sequence[int], first: int, behind: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the subtrees of ``start`` to ``end`` that hold none of ``indexes[first:behind]``, which lie in it."""
    if first == behind:
        if start < end:
            yield start, end
        return
    if end - start > 1:
        middle = start + _split(end - start)
        part = _first_from(indexes, middle, first, behind)
        yield from _gaps(indexes, first, part, start, middle)
        yield from _gaps(indexes, part, behind, middle, end)


def _first_from(indexes: Sequence[int], value: int, low: int, high: int) -> int:
    """Return the place of the first of ``indexes[low:high]`` that is not below ``value``."""
    while low < high:
        middle = (low + high) // 2
        if indexes[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


def _subtree(start: int, end: int, node: Node) -> bytes:
    """Return the root over the leaves from ``start`` to ``end``; ``start`` is a multiple of the power of two below."""
    peaks = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(node(level, start >> level))
        start += 1 << level
    found = peaks.pop()
    while peaks:
        found = join(peaks.pop(), found)
    return found


def _split(count: int) -> int:
    """Return the largest power of two that is smaller than ``count``, which is more than 1."""
    return 1 << (count - 1).bit_length() - 1
