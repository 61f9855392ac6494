"""One flipped bit, anywhere: it is told, or it is harmless; never is anything else answered than without it."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import DRILLS, DUMPS, by_hand, fill, found, look, policy, start

from drcheck.core.model.commitments import Standing
from drcheck.core.model.drill import Announced, Drill, Ending
from drcheck.core.model.verdict import Window
from drcheck.ledger import snapshots
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.store import open_ledger

FLIPS = int(os.environ.get("DRCHECK_FLIPS", "500"))
"""How many bits of the file are flipped, one at a time; there are about 100,000."""
IN_A_VALUE = int(os.environ.get("DRCHECK_FLIPS_IN_A_VALUE", "1"))
"""How many bits of each value in each row and column."""


def first_texts(ledger):
    state = ledger.state((), folded=True)
    return [ledger.policy_text(state, digest) for digest in state.texts]


def sources(state):
    return {key: snapshots.all_known(one) for key, one in state.sources.items()}


def history(ledger):
    state = ledger.state((), folded=True)
    return state.runs, state.verdicts, state.policies, state.retired


QUESTIONS = {
    "state": lambda ledger: sources(ledger.state()),
    "one source": lambda ledger: sources(ledger.state({DUMPS})),
    "small": lambda ledger: snapshots.small(ledger.state(())),
    "history": history,
    "texts": first_texts,
    "drills": lambda ledger: ledger.state(()).drills,
    "folded": lambda ledger: sources(ledger.state(folded=True)),
    "then": lambda ledger: sources(ledger.state(upto=12)),
    "entries": lambda ledger: [ledger.entry(number) for number in range(1, EXPECTED_COUNT + 1)],
    "count": lambda ledger: ledger.log.count,
    "counts": lambda ledger: ledger.counts(),
}
EXPECTED_COUNT = 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small ledger on small pages: then most of its bytes mean something, and some entries lie on overflow pages."""
    path = tmp_path_factory.mktemp("flips") / "drcheck.db"
    url = f"sqlite:///{path}"
    fill(url, runs=2, names=12)
    with open_ledger(url) as ledger:
        ledger.retire("wiki", 6000, "closed down")
        ledger.tell_of_drill(
            DrillAnnounced(Announced("a", "web", 5000, 5900, by="anna")),
            DrillTold(6000, Drill("d", "web", 5900, outcome=Ending.FAILED, why="no rows", announcement="a")),
        )
        with start(ledger, 6001, Window(1000, 70 * 86400)) as run:
            run.policies([policy(), policy("wiki", "service: wiki\n" * 90)])
            run.looked(DUMPS, Standing.STORAGE, look(60 * 86400, "orders/late", gone=()))
            run.found([found("unknown")])
            run.finish(3)
        ledger.snapshot()
        with start(ledger, 6002) as run:
            run.looked(DRILLS, Standing.LOG, look(70 * 86400))
            run.found([found("met")])
            run.finish(0)
        assert ledger.log.count == EXPECTED_COUNT
    by_hand(url, "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM", "PRAGMA journal_mode = WAL")
    with open_ledger(url, read_only=True) as ledger:
        assert list(ledger.damage()) == []
        expected = {name: ask(ledger) for name, ask in QUESTIONS.items()}
    return path.read_bytes(), expected


def answers(path):
    """Return what each question is answered, None: that the ledger is damaged; and whether check tells of anything."""
    try:
        with open_ledger(f"sqlite:///{path}", read_only=True) as ledger:
            found = {}
            for name, ask in QUESTIONS.items():
                try:
                    found[name] = ask(ledger)
                except LedgerError:
                    found[name] = None
            return found, any(ledger.damage())
    except LedgerError:
        return dict.fromkeys(QUESTIONS), True


def check(path, expected, what, *, derived=False):
    """Check the answers of a ledger with a flipped bit; return whether anything tells of it."""
    found, told = answers(path)
    for name, answer in found.items():
        assert answer == expected[name] or (answer is None and not derived), f"{name} with {what}"
        assert told or answer is not None, f"check finds the damage that {name} meets with {what}"
    return told


def flipped(data, bit):
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_a_flipped_bit_on_any_page_of_the_file_is_told_or_harmless(whole, tmp_path):
    data, expected = whole
    path = tmp_path / "drcheck.db"
    bits = random.Random(FLIPS).sample(range(len(data) * 8), FLIPS)
    told = 0
    for bit in bits:
        path.write_bytes(flipped(data, bit))
        told += check(path, expected, f"bit {bit}")
    assert told > FLIPS // 2, "most bytes of the file mean something"


def test_a_flipped_bit_does_no_harm_to_what_a_run_finds_and_appends(whole, tmp_path):
    """A run appends to a damaged ledger what it appends to a whole one, or nothing; what stood before stands."""
    data, expected = whole
    path = tmp_path / "drcheck.db"
    header = range(100 * 8)  # above all: it says how the file is written to
    bits = [*header[:: max(1, 3000 // FLIPS)], *random.Random(1).sample(range(len(data) * 8), FLIPS // 10)]
    for bit in bits:
        for file in tmp_path.iterdir():
            file.unlink()
        path.write_bytes(flipped(data, bit))
        try:
            with open_ledger(f"sqlite:///{path}") as ledger, start(ledger, 7000) as run:
                run.looked(DUMPS, Standing.STORAGE, look(80 * 86400, *(f"orders/new-{n}" for n in range(40))))
                run.found([found("met")])
                run.finish(0)
                ledger.snapshot()
        except LedgerError:
            continue
        try:
            with open_ledger(f"sqlite:///{path}", read_only=True) as ledger:
                assert ledger.log.count == EXPECTED_COUNT + 4, bit
                assert list(ledger.state().runs.values())[-1].state == "finished"
                assert [ledger.entry(number) for number in range(1, EXPECTED_COUNT + 1)] == expected["entries"], bit
        except LedgerError:
            pass  # found where it is read


def places(data, tmp_path):
    """Yield table, the row's place among its kind, column and value of everything that the file holds."""
    path = tmp_path / "read.db"
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as connection:
        for table, key in (("entry", "number"), ("head", "one"), ("derived", "name")):
            cursor = connection.execute(f"SELECT * FROM {table}")
            names = [one[0] for one in cursor.description]
            for row in cursor.fetchall():
                its = dict(zip(names, row, strict=True))
                for column, value in its.items():
                    yield table, key, its[key], column, value


def flips_of(value, dice):
    if isinstance(value, int):
        for bit in (0, 1, 2, 5, 17, 62):
            yield value ^ (1 << bit)
        yield -value
        return
    for bit in dice.sample(range(len(value) * 8), min(IN_A_VALUE, len(value) * 8)):
        yield flipped(value, bit)
    yield value[:-1]
    yield b""


def test_a_flipped_bit_of_any_row_and_column_is_told_and_of_derived_ones_changes_no_answer(whole, tmp_path):
    data, expected = whole
    path, dice, seen = tmp_path / "drcheck.db", random.Random(2), set()
    for table, key, row, column, value in places(data, tmp_path):
        for wrong in flips_of(value, dice):
            path.write_bytes(data)
            try:
                by_hand(
                    f"sqlite:///{path}",
                    "PRAGMA ignore_check_constraints = ON",
                    (f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (wrong, row)),
                    triggers=False,
                )
            except sqlite3.IntegrityError:
                continue  # there is another row of that number
            what = f"{table} {row} {column} = {wrong!r}"
            told = check(path, expected, what, derived=table == "derived")
            assert told or column == "one", what
            seen.add((table, column))
    assert len(seen) == 3 + 2 + 3


def test_whole_pages_of_nonsense_are_told_or_harmless(whole, tmp_path):
    data, expected = whole
    path, dice = tmp_path / "drcheck.db", random.Random(3)
    for page in range(len(data) // 512):
        for nonsense in (bytes(512), dice.randbytes(512), data[:512], data[-512:]):
            path.write_bytes(data[: page * 512] + nonsense + data[page * 512 + 512 :])
            check(path, expected, f"page {page}")


def test_a_file_cut_short_is_told(whole, tmp_path):
    data, expected = whole
    path = tmp_path / "drcheck.db"
    for end in range(0, len(data), 256):
        path.write_bytes(data[:end])
        assert check(path, expected, f"{end} bytes")


def test_what_is_flipped_among_what_is_derived_is_mended_by_rebuilding(whole, tmp_path):
    data, expected = whole
    path = Path(tmp_path / "drcheck.db")
    path.write_bytes(data)
    by_hand(f"sqlite:///{path}", "UPDATE derived SET bytes = x'00'")
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.rebuild()
    assert check(path, expected, "everything derived made anew", derived=True) is False
