"""The tree over a ledger: what is kept of it only makes it fast, and it is what the entries come to, or that is told."""

from __future__ import annotations

import pytest
from ledgers import by_hand, fill
from memory_log import MemoryLog

from drcheck.core.proof import merkle
from drcheck.ledger.store import open_ledger
from drcheck.ledger.tree import Tree

SIZES = [0, 1, 255, 256, 257, 300, 511, 512, 600]


@pytest.fixture
def log():
    made = MemoryLog()
    made.append([b"entry %d" % number for number in range(600)])
    return made


@pytest.fixture
def large(monkeypatch):
    """A log whose rows are so narrow that it has many levels of them."""
    monkeypatch.setattr("drcheck.ledger.tree._HEIGHT", 2)
    monkeypatch.setattr("drcheck.ledger.tree._WIDTH", 4)
    made = MemoryLog()
    made.append([b"entry %d" % number for number in range(300)])
    return made


def whole(log, size):
    return merkle.folded([merkle.leaf_hash(stored.data) for stored in log.read(0, size)])


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_over_the_entries_whether_rows_are_kept_or_not(log, size):
    assert Tree(log).root(size) == whole(log, size)
    log.keep(dict(Tree(log).rows(log.count)))
    assert Tree(log).root(size) == whole(log, size)


def test_each_root_is_right_however_often_rows_were_kept_and_some_were_lost(large):
    for size in range(0, 300, 7):
        large.keep(dict(Tree(large).rows(size)))
    for lost in [None, *large.derived]:
        kept = dict(large.derived)
        large.derived.pop(lost, None)
        assert all(Tree(large).root(size) == whole(large, size) for size in range(0, 301, 13))
        assert not list(Tree(large).differing(300))
        large.derived = kept
    assert not dict(Tree(large).rows(294))


def test_a_tree_finds_what_is_appended_later(log):
    tree = Tree(log)
    assert tree.root(600) == whole(log, 600)
    log.append([b"later"] * 100)
    assert tree.root(700) == whole(log, 700)


def test_a_proof_reads_few_entries_where_rows_are_kept():
    log = MemoryLog()
    log.append([b"%d" % number for number in range(70_000)])
    log.keep(dict(Tree(log).rows(log.count)))
    root, log.was_read = Tree(log).root(log.count), 0
    tree = Tree(log)
    proof = merkle.inclusion(40_000, log.count, tree.node)
    assert merkle.includes(merkle.leaf_hash(b"40000"), 40_000, log.count, proof, root)
    beginning = merkle.consistency(12_345, log.count, tree.node)
    assert log.was_read <= 3 * 256
    assert merkle.extends(12_345, tree.root(12_345), log.count, root, beginning)


def test_what_is_new_is_kept_by_reading_what_is_new():
    log = MemoryLog()
    log.append([b"%d" % number for number in range(70_000)])
    log.keep(dict(Tree(log).rows(log.count)))
    log.append([b"new"] * 1000)
    log.was_read = 0
    rows = dict(Tree(log).rows(log.count))
    assert log.was_read <= 1000 + 256
    assert sum(map(len, rows.values())) <= 2 * 8192


def test_a_snapshot_keeps_rows_and_a_rebuild_makes_them_anew(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    fill(url, runs=60, names=1)
    with open_ledger(url) as ledger:
        ledger.snapshot()
        row = ledger.log.kept("tree 8 0")
        assert row == merkle.folded([merkle.leaf_hash(one.data) for one in ledger.log.read(0, 256)])
        ledger.log.keep({"tree 8 0": b"another" * 4})
        assert list(ledger.damage()) == [
            "derived value 'tree 8 0' is not what its entries come to; `drcheck ledger rebuild` makes it anew"
        ]
        ledger.rebuild()
        assert not list(ledger.damage())
        assert ledger.log.kept("tree 8 0") == row
        ledger.log.forget()
        assert not list(ledger.damage())


def test_a_row_that_was_flipped_is_worked_out_of_the_entries(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    fill(url, runs=60, names=1, snapshot=True)
    with open_ledger(url) as ledger:
        root = Tree(ledger.log).root(300)
    by_hand(url, "UPDATE derived SET bytes = zeroblob(length(bytes)) WHERE CAST(name AS TEXT) LIKE 'tree %'")
    with open_ledger(url) as ledger:
        assert ledger.log.kept("tree 8 0") is None
        assert Tree(ledger.log).root(300) == root
