"""The Merkle tree: the reference vectors of Certificate Transparency, and RFC 6962's definitions taken word by word."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.proof import merkle

# of https://github.com/google/certificate-transparency (cpp/merkletree/merkle_tree_test.cc) and transparency-dev/merkle
ENTRIES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_96, _5F, _6B = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
_BC, _CA, _0E = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
INCLUSIONS = [
    (0, 1, []),
    (0, 8, [_96, _5F, _6B]),
    (5, 8, [_BC, _CA, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], _5F, _BC]),
]
CONSISTENCIES = [(1, 1, []), (1, 8, [_96, _5F, _6B]), (6, 8, [_0E, _CA, ROOTS[4]]), (2, 5, [_5F, _BC])]


def defined(entries):
    """MTH of RFC 6962, section 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\1" + defined(entries[:k]) + defined(entries[k:])).digest()


def defined_path(m, entries):
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*defined_path(m, entries[:k]), defined(entries[k:])]
    return [*defined_path(m - k, entries[k:]), defined(entries[:k])]


def defined_subproof(m, entries, b):
    """SUBPROOF of section 2.1.2."""
    if m == len(entries):
        return [] if b else [defined(entries)]
    k = split(len(entries))
    if m <= k:
        return [*defined_subproof(m, entries[:k], b), defined(entries[k:])]
    return [*defined_subproof(m - k, entries[k:], False), defined(entries[:k])]


def split(count):
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def nodes_of(entries):
    leaves = [merkle.leaf_hash(one) for one in entries]

    def node(level, index):
        assert (index + 1) << level <= len(leaves), "only complete subtrees are asked for"
        return merkle.folded(leaves[index << level : (index + 1) << level])

    return node


def of_length(count):
    return [str(number).encode() for number in range(count)]


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def tampered(proof):
    """Every proof that has a hash more, less, changed, or elsewhere than this one."""
    for place, one in enumerate(proof):
        yield [*proof[:place], flipped(one), *proof[place + 1 :]]
        yield [*proof[:place], one[:-1], *proof[place + 1 :]]
        yield [*proof[:place], *proof[place + 1 :]]
        if place and proof[place - 1] != one:
            yield [*proof[: place - 1], one, proof[place - 1], *proof[place + 1 :]]
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_certificate_transparency_published(size):
    assert merkle.root(size, nodes_of(ENTRIES)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_the_inclusion_proofs_are_those_that_certificate_transparency_published(index, size, proof):
    found = merkle.inclusion(index, size, nodes_of(ENTRIES))
    assert [one.hex() for one in found] == proof
    assert merkle.includes(merkle.leaf_hash(ENTRIES[index]), index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "size", "proof"), CONSISTENCIES)
def test_the_consistency_proofs_are_those_that_certificate_transparency_published(old, size, proof):
    found = merkle.consistency(old, size, nodes_of(ENTRIES))
    assert [one.hex() for one in found] == proof
    assert merkle.extends(old, bytes.fromhex(ROOTS[old]), size, bytes.fromhex(ROOTS[size]), found)


@pytest.mark.parametrize("size", range(1, 33))
def test_each_proof_is_that_of_the_definition_and_only_that_is_accepted(size):
    entries = of_length(size)
    node, root = nodes_of(entries), defined(entries)
    assert merkle.root(size, node) == root
    for index in range(size):
        leaf, proof = merkle.leaf_hash(entries[index]), merkle.inclusion(index, size, node)
        assert proof == defined_path(index, entries)
        assert merkle.includes(leaf, index, size, proof, root)
        assert not merkle.includes(flipped(leaf), index, size, proof, root)
        assert not merkle.includes(leaf, index, size, proof, flipped(root))
        assert not any(merkle.includes(leaf, index, size, other, root) for other in tampered(proof))
        assert [at for at in range(-1, size + 2) if merkle.includes(leaf, at, size, proof, root)] == [index]


@pytest.mark.parametrize("size", range(1, 25))
def test_each_beginning_is_proven_as_defined_and_no_other_tree_is(size):
    entries = of_length(size)
    node, root = nodes_of(entries), defined(entries)
    for old in range(1, size + 1):
        before, proof = defined(entries[:old]), merkle.consistency(old, size, node)
        assert proof == defined_subproof(old, entries, True)
        assert merkle.extends(old, before, size, root, proof)
        forked = defined([*entries[: old - 1], b"another"])
        assert not merkle.extends(old, forked, size, root, proof)
        assert not merkle.extends(old, before, size, flipped(root), proof)
        assert not any(merkle.extends(old, before, size, root, other) for other in tampered(proof))


def test_a_tree_without_entries_is_the_beginning_of_every_tree_and_of_no_shorter_one():
    root = defined(of_length(3))
    assert merkle.extends(0, merkle.EMPTY, 3, root, [])
    assert merkle.extends(0, merkle.EMPTY, 0, merkle.EMPTY, [])
    assert not merkle.extends(0, root, 3, root, [])
    assert not merkle.extends(0, merkle.EMPTY, 0, root, [])
    assert not merkle.extends(3, root, 2, root, [])
    assert not merkle.extends(-1, root, 2, root, [])


@pytest.mark.parametrize(
    "call",
    [
        lambda: merkle.inclusion(3, 3, None),
        lambda: merkle.consistency(0, 3, None),
        lambda: merkle.consistency(4, 3, None),
        lambda: merkle.completing_roots([3], 3, None),
    ],
)
def test_what_cannot_be_proven_is_refused(call):
    with pytest.raises(ValueError, match=r"a tree of|beginning"):
        call()


@given(size=st.integers(1, 70), chosen=st.sets(st.integers(0, 69)))
def test_several_leaves_are_proven_together(size, chosen):
    entries = of_length(size)
    indexes = sorted(one for one in chosen if one < size)
    node, root = nodes_of(entries), defined(entries)
    leaves = {index: merkle.leaf_hash(entries[index]) for index in indexes}
    proof = merkle.completing_roots(indexes, size, node)
    assert merkle.root_of(leaves, size, proof) == root
    assert all(merkle.root_of(leaves, size, other) != root for other in tampered(proof))
    for index in indexes:
        assert merkle.root_of({**leaves, index: flipped(leaves[index])}, size, proof) != root
        assert merkle.root_of({one: leaves[one] for one in indexes if one != index}, size, proof) != root


def test_leaves_that_follow_on_each_other_need_no_more_hashes_than_two():
    size = 1000
    node = nodes_of(of_length(size))
    assert len(merkle.completing_roots(range(137, 803), size, node)) <= 2 * size.bit_length()


def test_no_leaf_is_taken_from_behind_the_end():
    assert merkle.root_of({3: bytes(32)}, 3, []) is None
    assert merkle.root_of({}, 0, []) == merkle.EMPTY
