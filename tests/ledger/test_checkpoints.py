"""Checkpoints of a ledger: each goes on from the one before, or nothing is signed."""

from __future__ import annotations

import cbor2
import pytest
from ledgers import by_hand, fill
from memory_log import MemoryLog

from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, checkpoint_of
from drcheck.core.proof.notes import Note, SigningKey, VerifierKey, signers
from drcheck.core.proof.succession import followed
from drcheck.errors import UsageError
from drcheck.ledger import checkpoints, encoding
from drcheck.ledger.errors import DamagedLedger, LedgerError
from drcheck.ledger.signatures import Checkpointed, KeyTaken
from drcheck.ledger.store import open_ledger

KEY, NEXT, THIRD = (SigningKey("log.example/drcheck", bytes([number] * 32)) for number in (1, 2, 3))
OTHER = SigningKey("log.example/other", bytes([4] * 32))


@pytest.fixture
def log():
    made = MemoryLog()
    made.append([b"entry %d" % number for number in range(300)])
    return made


def test_a_checkpoint_signs_all_entries_and_is_one_itself(log):
    note = checkpoints.sign(log, KEY, 5000)
    head = checkpoint_of(note)
    assert [one.key for one in signers(Note.read(note), [KEY.key])] == [KEY.key]
    assert (head.origin, head.size) == ("log.example/drcheck", 301)
    assert head.root == merkle.folded([merkle.leaf_hash(one.data) for one in log.read(0, 301)])
    assert encoding.decode(log.entries[300]) == KeyTaken(KEY.key.name, 5000, KEY.key.text)
    assert encoding.decode(log.entries[301]) == Checkpointed(KEY.key.name, note)
    assert checkpoints.newest(log) == note


def test_each_checkpoint_goes_on_from_the_one_before(log):
    first = checkpoint_of(checkpoints.sign(log, KEY, 5000))
    log.append([b"more"] * 500)
    second = checkpoint_of(checkpoints.sign(log, KEY, 6000))
    assert (first.size, second.size) == (301, 802)
    assert len(checkpoints.keys(log)) == 1
    tree = checkpoints.Tree(log)
    proof = merkle.consistency(first.size, second.size, tree.node)
    assert merkle.extends(first.size, first.root, second.size, second.root, proof)


def test_what_stands_where_is_found_whether_that_is_kept_or_not(log):
    notes = [checkpoints.sign(log, KEY, 5000 + number) for number in range(3)]
    kept = checkpoints.proof_position(log)
    log.forget()
    assert checkpoints.proof_position(log)[1:] == kept[1:]
    assert checkpoints.newest(log) == notes[-1]
    log.keep(checkpoints.derived(log))
    log.was_read = 0
    assert checkpoints.newest(log) == notes[-1]
    assert log.was_read == 1
    for nonsense in (b"", b"\x80", b"\xff", cbor2.dumps("abc"), cbor2.dumps(7)):
        log.keep({"checkpoints": nonsense})
        assert checkpoints.newest(log) == notes[-1]


@pytest.mark.parametrize("number", [0, 150, 299])
def test_nothing_is_signed_on_top_of_entries_that_were_rewritten(log, number):
    checkpoints.sign(log, KEY, 5000)
    log.entries[number] = b"rewritten"
    log.forget()
    count = log.count
    with pytest.raises(DamagedLedger, match="not those over which a checkpoint of 301 was signed"):
        checkpoints.sign(log, KEY, 6000)
    assert log.count == count


def test_nothing_is_signed_that_does_not_go_on_from_a_checkpoint_kept_elsewhere(log):
    seen = checkpoint_of(checkpoints.sign(log, KEY, 5000))
    rolled_back = MemoryLog()
    rolled_back.append(log.entries[:200])
    with pytest.raises(DamagedLedger):
        checkpoints.sign(rolled_back, KEY, 6000, [seen])
    rolled_back.append([b"another"] * 400)
    with pytest.raises(DamagedLedger):
        checkpoints.sign(rolled_back, KEY, 6000, [seen])
    with pytest.raises(DamagedLedger):
        checkpoints.sign(log, KEY, 6000, [seen._replace(origin="log.example/other")])
    assert checkpoints.sign(log, KEY, 6000, [seen])


def test_another_key_signs_nothing_until_the_one_before_has_handed_over(log):
    checkpoints.sign(log, KEY, 5000)
    with pytest.raises(LedgerError, match="has not handed over"):
        checkpoints.sign(log, NEXT, 6000)
    checkpoints.change(log, NEXT, 6000, KEY)
    note = checkpoints.sign(log, NEXT, 7000)
    assert [one.key for one in signers(Note.read(note), [NEXT.key])] == [NEXT.key]
    with pytest.raises(LedgerError, match="has not handed over"):
        checkpoints.sign(log, KEY, 8000)


def test_whoever_trusts_the_first_key_follows_to_the_last(log):
    checkpoints.sign(log, KEY, 5000)
    checkpoints.change(log, NEXT, 6000, KEY)
    checkpoints.change(log, THIRD, 7000, NEXT)
    changes = [one.change for one in checkpoints.keys(log)]
    assert followed([KEY.key], changes) == {NEXT.key: KEY.key, THIRD.key: NEXT.key}
    assert followed([NEXT.key], changes) == {THIRD.key: NEXT.key}
    assert followed([THIRD.key], changes) == {}
    assert followed([KEY.key], [changes[2]]) == {}
    assert followed([KEY.key], [changes[1].replace("a", "b", 1)]) == {}


def test_a_lost_key_is_told_and_nothing_follows_from_it(log):
    checkpoints.sign(log, KEY, 5000)
    checkpoints.change(log, NEXT, 6000, None, "its disk burnt")
    assert checkpoints.keys(log)[1] == KeyTaken(KEY.key.name, 6000, NEXT.key.text, "", "its disk burnt")
    assert checkpoints.sign(log, NEXT, 7000)
    assert followed([KEY.key], [one.change for one in checkpoints.keys(log)]) == {}


def test_a_key_that_does_not_fit_changes_nothing(log):
    with pytest.raises(UsageError, match="never signed"):
        checkpoints.change(log, NEXT, 6000, KEY)
    checkpoints.sign(log, KEY, 5000)
    count = log.count
    with pytest.raises(UsageError, match="which no key changes"):
        checkpoints.change(log, OTHER, 6000, KEY)
    with pytest.raises(UsageError, match="the ledger is signed by"):
        checkpoints.change(log, THIRD, 6000, NEXT)
    assert log.count == count


def test_no_entry_holds_a_private_key(log):
    checkpoints.sign(log, KEY, 5000)
    checkpoints.change(log, NEXT, 6000, KEY)
    checkpoints.sign(log, NEXT, 7000)
    secrets = [key.text.split("+", 4)[4].encode() for key in (KEY, NEXT)]
    assert not any(
        secret in data or bytes([number] * 32) in data
        for data in log.entries
        for number, secret in enumerate(secrets, 1)
    )


def test_a_signed_ledger_is_whole_and_what_is_kept_of_its_proof_is_checked(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    fill(url, runs=3)
    with open_ledger(url) as ledger:
        checkpoints.sign(ledger.log, KEY, 9000)
        assert not list(ledger.damage())
        kept = ledger.log.kept("checkpoints")
        ledger.log.keep({"checkpoints": cbor2.dumps([ledger.log.count, 0, []])})
        assert "derived value 'checkpoints'" in next(ledger.damage())
        ledger.rebuild()
        assert ledger.log.kept("checkpoints") == kept
        assert not list(ledger.damage())
    fill(url, runs=1)
    with open_ledger(url) as ledger:
        assert checkpoint_of(checkpoints.sign(ledger.log, KEY, 9001)).size == ledger.log.count - 1


def test_a_rewritten_entry_of_the_file_is_not_signed_again(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    fill(url, runs=3)
    with open_ledger(url) as ledger:
        checkpoints.sign(ledger.log, KEY, 9000)
        data = next(ledger.log.read(2, 3)).data
    forged = data.replace(b"web", b"wob")
    by_hand(
        url,
        f"UPDATE entry SET bytes = x'{forged.hex()}', leaf = x'{merkle.leaf_hash(forged).hex()}' WHERE number = 3",
        triggers=False,
    )
    with open_ledger(url) as ledger, pytest.raises(DamagedLedger):
        checkpoints.sign(ledger.log, KEY, 9001)


def test_the_key_is_read_as_it_was_written():
    assert VerifierKey.read(KEY.key.text) == KEY.key
    assert Checkpoint("a", 0, merkle.EMPTY).text.startswith("a\n0\n")
