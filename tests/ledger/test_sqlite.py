"""The log in an SQLite file: what it refuses, what it notices, and whatever it may be called."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from ledgers import DUMPS, by_hand, damage, fill, look, path_of, start

from drcheck.core.model.commitments import Standing
from drcheck.errors import UsageError
from drcheck.ledger.errors import LedgerError, NoLedger
from drcheck.ledger.sqlite.log import SqliteLog
from drcheck.ledger.store import open_ledger


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/drcheck.db"


@pytest.fixture
def log(url):
    log = SqliteLog(path_of(url))
    yield log
    log.close()


def states(ledger):
    return [run.state for run in ledger.state((), folded=True).runs.values()]


# Appending and reading


def test_entries_come_back_in_order_and_in_part(log):
    expected = [b"%d" % number for number in range(1, 1001)]
    assert log.append(expected[:3]) == 3
    assert log.append(expected[3:]) == 1000
    assert log.append([]) == log.count == 1000
    assert [one.data for one in log.read()] == expected
    assert [one.number for one in log.read(990)] == list(range(991, 1001))
    assert [one.data for one in log.read(255, 258)] == [b"256", b"257", b"258"]
    assert list(log.read(1000)) == list(log.read(5, 5)) == []


def test_entries_that_were_never_written_are_missing_and_not_left_out(log):
    log.append([b"1", b"2"])
    with pytest.raises(LedgerError, match="entry 3 is missing"):
        list(log.read(0, 3))


def test_derived_values_are_replaced_and_forgotten(log):
    names = ["a", "b\x00", "c\udcff", ""]
    log.keep(dict.fromkeys(names, b"1"))
    log.keep({"a": b"2"})
    assert [log.kept(name) for name in names] == [b"2", b"1", b"1", b"1"]
    assert log.kept("d") is None
    log.forget()
    assert [log.kept(name) for name in names] == [None] * 4


def test_whoever_reads_has_one_view_of_the_file_whatever_a_run_appends(url):
    """Between two of its reads a run could append, and keep a newer snapshot: looks were folded twice."""
    fill(url, runs=2, names=2, snapshot=True)
    with open_ledger(url, read_only=True) as reader:
        before = reader.state((DUMPS,))
        fill(url, runs=1, names=3, snapshot=True)
        after = reader.state((DUMPS,))
        assert after.upto == before.upto == reader.log.count
        assert after.source(DUMPS).history == before.source(DUMPS).history
    with open_ledger(url, read_only=True) as reader:
        assert reader.log.count > before.upto


def test_a_ledger_can_be_read_while_a_run_goes_on(url):
    with open_ledger(url) as ledger, start(ledger) as run:
        run.looked(DUMPS, Standing.STORAGE, look(1, "a"))
        with open_ledger(url, read_only=True) as reader:
            assert len(reader.state().source(DUMPS).history.looks) == 1
            assert states(reader) == ["running"]


# What nobody may do


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE entry SET bytes = bytes",
        "UPDATE entry SET number = number + 100 WHERE number = 3",
        "DELETE FROM entry",
        "DELETE FROM entry WHERE number = (SELECT max(number) FROM entry)",
        "INSERT OR REPLACE INTO entry SELECT number, x'00', leaf FROM entry LIMIT 1",
        "REPLACE INTO entry VALUES (1, x'00', x'00')",
        "INSERT OR IGNORE INTO entry VALUES (1, x'00', x'00')",
        "INSERT INTO entry VALUES (0, x'00', x'00')",
        "INSERT INTO entry VALUES (-1, x'00', x'00')",
        "INSERT INTO entry SELECT 1, x'00', x'00' ON CONFLICT DO UPDATE SET bytes = x'00'",
    ],
)
def test_no_query_changes_or_removes_an_entry(url, query):
    fill(url, runs=1)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        by_hand(url, query)
    assert damage(url) == []


@pytest.mark.parametrize(
    ("queries", "what"),
    [
        (["DROP TRIGGER entry_keeps_all"], "trigger entry_keeps_all"),
        (["DROP TABLE derived"], "table derived"),
        (["DROP TABLE head"], "table head"),
        (["CREATE TABLE mine (a)"], "table mine"),
        (["CREATE INDEX mine ON entry (leaf)"], "index mine"),
        (["CREATE VIEW mine AS SELECT 1"], "view mine"),
        (["CREATE TRIGGER mine AFTER INSERT ON entry BEGIN DELETE FROM derived; END"], "trigger mine"),
        (["ALTER TABLE derived ADD COLUMN mine ANY"], "table derived"),
        (["ALTER TABLE derived RENAME TO mine"], "table derived, table mine"),
        (
            ["DROP TRIGGER entry_keeps_all", "CREATE TRIGGER entry_keeps_all BEFORE DELETE ON derived BEGIN SELECT 1; END"],
            "trigger entry_keeps_all",
        ),
        (
            ["PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'RAISE', 'abs') WHERE type = 'trigger'"],
            "trigger entry_is_new, trigger entry_keeps_all, trigger entry_keeps_rows",
        ),
        (["PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '')"], "table "),
    ],
)  # fmt: skip
def test_an_altered_schema_is_told_when_the_ledger_is_opened(url, queries, what):
    fill(url, runs=1)
    by_hand(url, *queries)
    for read_only in (True, False):
        with pytest.raises(LedgerError, match="the ledger is damaged") as told:
            open_ledger(url, read_only=read_only)
        assert f"its schema was altered: {what}" in told.value.message
    around = not re.search(r"table (head|mine|$)", what)
    assert ("ledger rebuild" if around else "last backup") in told.value.hint
    if around:
        with open_ledger(url, mend=True) as ledger:
            ledger.rebuild()
        assert damage(url) == []
        with open_ledger(url) as ledger, pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.log.connection.execute("DELETE FROM entry")
    else:
        with pytest.raises(LedgerError, match="its schema was altered"):
            open_ledger(url, mend=True)


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM entry WHERE number = (SELECT max(number) FROM entry)",
        "DELETE FROM entry WHERE number = 4",
        "DELETE FROM entry WHERE number = 1",
        "DELETE FROM entry",
        "UPDATE entry SET number = 100 WHERE number = 4",
        "UPDATE entry SET bytes = x'00' WHERE number = 4",
        "UPDATE entry SET bytes = CAST(bytes || x'00' AS BLOB) WHERE number = 4",
        "UPDATE entry SET leaf = x'00' WHERE number = 4",
        "DELETE FROM head",
        "UPDATE head SET count = count - 1",
        "UPDATE head SET count = count + 1",
        "UPDATE head SET count = 0",
        "UPDATE head SET count = -1",
    ],
)
def test_rows_that_are_missing_or_changed_are_told(url, query):
    fill(url, runs=2)
    by_hand(url, query, triggers=False)
    with open_ledger(url) as ledger:
        with pytest.raises(LedgerError, match="the ledger is damaged") as told:
            ledger.state()
        assert "drcheck ledger check" in told.value.hint
        with pytest.raises(LedgerError, match="the ledger is damaged"):
            start(ledger)
    assert damage(url) != []


def test_entries_that_changed_places_are_told_where_they_matter(url):
    fill(url, runs=1)
    by_hand(url, "UPDATE entry SET number = 100 WHERE number = 2", "UPDATE entry SET number = 2 WHERE number = 3",
            "UPDATE entry SET number = 3 WHERE number = 100", triggers=False)  # fmt: skip
    with (
        open_ledger(url, read_only=True) as ledger,
        pytest.raises(LedgerError, match="entry 2 does not fit those before it"),
    ):
        ledger.state(())


def test_another_entry_where_a_policy_text_stood_is_told(url):
    fill(url, runs=1)
    with open_ledger(url, read_only=True) as ledger:
        state = ledger.state(())
        (digest,) = state.texts
        state.texts[digest] = 1
        with pytest.raises(LedgerError, match="entry 1 is not the policy text that stood there"):
            ledger.policy_text(state, digest)


def test_a_derived_value_that_was_changed_is_not_there(log):
    log.keep({"a": b"1", "b": b"2"})
    log.connection.execute("UPDATE derived SET bytes = x'00' WHERE name = x'61'")
    assert (log.kept("a"), log.kept("b")) == (None, b"2")
    assert list(log.lost()) == ["a"]
    assert list(log.damage()) == []


# Files that are none, and those of others


@pytest.mark.parametrize(
    "content", [b"this is no database, and long enough to be one" * 100, b"SQLite format 3\x00" + b"\xff" * 8000]
)
def test_a_file_that_is_no_database_is_refused(url, tmp_path, content):
    (tmp_path / "drcheck.db").write_bytes(content)
    with pytest.raises(LedgerError, match=r"not a ledger|is damaged") as refused:
        open_ledger(url)
    assert refused.value.hint
    assert (tmp_path / "drcheck.db").read_bytes() == content


def test_another_programs_database_is_refused(url):
    by_hand(url, "CREATE TABLE mine (a)")
    with pytest.raises(LedgerError, match="another program's database"):
        open_ledger(url)


def test_a_newer_ledger_is_refused(url):
    fill(url, runs=1)
    by_hand(url, "PRAGMA user_version = 99")
    for read_only in (True, False):
        with pytest.raises(LedgerError, match="of a newer drcheck"):
            open_ledger(url, read_only=read_only)


def test_a_ledger_that_does_not_say_its_schema_is_damaged(url):
    fill(url, runs=1)
    by_hand(url, "PRAGMA user_version = 0")
    for read_only in (True, False):
        with pytest.raises(LedgerError, match="does not say which schema it has"):
            open_ledger(url, read_only=read_only)


def test_an_empty_file_becomes_a_ledger(url, tmp_path):
    (tmp_path / "drcheck.db").touch()
    with pytest.raises(NoLedger):
        open_ledger(url, read_only=True)
    fill(url, runs=1)


def test_reading_makes_no_ledger(url, tmp_path):
    with pytest.raises(NoLedger, match="there is no ledger yet"):
        open_ledger(url, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_told(tmp_path):
    with pytest.raises(LedgerError, match="cannot be opened") as told:
        open_ledger(f"sqlite:///{tmp_path}/missing/drcheck.db")
    assert "directory must exist" in told.value.hint


def test_a_directory_is_no_ledger(tmp_path):
    for read_only in (True, False):
        with pytest.raises(LedgerError, match=r"cannot be opened|disk failed"):
            open_ledger(f"sqlite:///{tmp_path}", read_only=read_only)


def test_a_path_with_odd_characters_is_that_path(tmp_path):
    fill(f"sqlite:///{tmp_path}/odd ?#%41\u202e'.db", runs=1)
    assert (tmp_path / "odd ?#%41\u202e'.db").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://user:hunter2@db/drcheck", "postgres://db/x", "mysql://x", "drcheck.db", "sqlite:///", ""]
)
def test_other_urls_are_refused_and_not_repeated(url):
    with pytest.raises(UsageError) as refused:
        open_ledger(url)
    assert "hunter2" not in str(refused.value)


def test_postgresql_is_said_to_be_not_supported_yet():
    with pytest.raises(UsageError, match="PostgreSQL ledgers are not supported yet"):
        open_ledger("postgresql://db/drcheck")


# Full, held and unwritable


def filled_up(ledger):
    with start(ledger) as run:
        run.looked(DUMPS, Standing.STORAGE, look(1, "small"))
        run.looked(DUMPS, Standing.STORAGE, look(2), lines=os.urandom(1_000_000))


def test_a_full_disk_fails_loudly_and_leaves_nothing_half_written(url):
    fill(url, runs=1)
    with open_ledger(url) as ledger:
        pages = ledger.log.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger.log.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        with pytest.raises(LedgerError, match="no space is left") as full:
            filled_up(ledger)
        assert "Make room" in full.value.hint
    with open_ledger(url) as ledger:
        assert [one.begin for one in ledger.state().source(DUMPS).history.looks] == [0, 1]
        assert list(ledger.damage()) == []
        with start(ledger) as run:
            run.finish(0)


def test_a_file_that_another_program_writes_to_is_told(url, monkeypatch):
    fill(url, runs=1)
    monkeypatch.setattr("drcheck.ledger.sqlite.log._BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with open_ledger(url) as ledger, pytest.raises(LedgerError, match="held by another program") as told:
            start(ledger)
    assert "SQLite shell" in told.value.hint


READS = """
import os, sys
import drcheck.ledger.checkpoints  # loaded late otherwise, by a user who may not read this Python
from drcheck.ledger.store import open_ledger

if os.geteuid() == 0:
    os.setuid(65534)  # the superuser may write anywhere: then nobody reads it
with open_ledger(sys.argv[1], read_only=True) as ledger:
    state = ledger.state(folded=True)
    print(len(state.runs), len(list(ledger.damage())), len(state.verdicts["web", "rpo"]), len(ledger.state().sources))
"""


def test_a_ledger_where_nothing_can_be_written_can_be_read():
    with TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/drcheck.db"
        fill(url, snapshot=True)
        Path(directory).chmod(0o555)
        command = [sys.executable, "-c", READS, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        Path(directory).chmod(0o755)
        assert (done.returncode, done.stdout) == (0, "3 0 3 2\n"), done.stderr
        assert [path.name for path in Path(directory).iterdir()] == ["drcheck.db"]


def test_a_ledger_whose_tables_are_all_gone_was_altered_and_is_not_empty(url):
    with open_ledger(url):
        pass
    with closing(sqlite3.connect(path_of(url))) as connection:
        for kind, name in connection.execute(
            "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
        ).fetchall():
            connection.execute(f"DROP {kind} IF EXISTS {name}")
    with pytest.raises(LedgerError, match="its schema was altered"), open_ledger(url, read_only=True):
        pass


def test_whoever_opened_a_ledger_at_rest_keeps_that_view_when_a_run_comes_and_goes(url):
    with closing(SqliteLog(path_of(url))) as log:
        log.append([b"1"])
    with closing(SqliteLog(path_of(url), read_only=True)) as reader:
        with closing(SqliteLog(path_of(url))) as log:
            log.append([b"2" * 9000] * 100)
        assert [one.data for one in reader.read()] == [b"1"]
    with closing(SqliteLog(path_of(url), read_only=True)) as reader:
        assert reader.count == 101


def test_reading_leaves_nothing_beside_a_ledger_that_nobody_writes_to(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with open_ledger(url) as ledger, start(ledger) as run:
        run.finish(0)
    before = (tmp_path / "ledger.db").read_bytes()
    with open_ledger(url, read_only=True) as ledger:
        assert ledger.log.count
        with pytest.raises(sqlite3.OperationalError):
            ledger.log.connection.execute("DELETE FROM derived")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    assert (tmp_path / "ledger.db").read_bytes() == before


def test_reading_while_a_run_goes_on_takes_nothing_of_it_away(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with open_ledger(url) as ledger, start(ledger) as run:
        with open_ledger(url, read_only=True) as reader:
            assert reader.log.count == ledger.log.count
        run.finish(0)
    with open_ledger(url, read_only=True) as reader, open_ledger(url) as ledger:
        with start(ledger) as run:
            run.finish(0)
        seen = reader.log.count
    with open_ledger(url, read_only=True) as ledger:
        assert ledger.log.count > seen
        assert list(ledger.damage()) == []
