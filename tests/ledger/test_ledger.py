"""The ledger as runs and people use it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from drcheck.core.evidence import Candidate, Gap, Look
from drcheck.core.history import History, Record
from drcheck.core.policy import Policy
from drcheck.core.verdict import Opening, Window
from drcheck.errors import UsageError
from drcheck.ledger import schema
from drcheck.ledger.check import damage
from drcheck.ledger.faults import Busy, LedgerError, NoLedger
from drcheck.ledger.lock import RunLock
from drcheck.ledger.store import Key, open_ledger

WINDOW = Window(1000, 2000)
NAMES = ("plain", "not-utf8-\udcff", "nul\x00", "new\nline", "\ud800\udc00", "\u202ebidi", "'; DROP TABLE run; --")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/drcheck.db"


def path_of(url):
    return url.removeprefix("sqlite:///")


def start(ledger, at=5000):
    return ledger.start(WINDOW, version="0.1.0", started_at=at)


def look(begin, *names, gone=(), gaps=(), **more):
    rows = tuple(Candidate(name, "orders", "", begin, begin, begin, begin, 10, "abc", complete=True) for name in names)
    return Record(Look("dumps", begin, begin + 1, gaps=gaps, **more), rows, tuple(gone))


def policy(service="web", text="service: web\n", file="policies/web.yaml"):
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Policy(service, file, digest, text, "UTC", {}, ())


def verdict(status="breached", **more):
    return {
        "id": "rpo",
        "kind": "rpo",
        "status": status,
        "waived": False,
        "attested": False,
        "reason": "too old",
        "measured": {"value": 5400, "unit": "s"},
        "breaches": [{"opened_at": "1970-01-01T00:20:00Z", "closed_at": None, "reason": "too old"}],
        "unknowns": [],
        "also": "whatever the report has",
    } | more


def fill(url, *, runs=3):
    with open_ledger(url) as ledger:
        for number in range(runs):
            with start(ledger, 5000 + number) as run:
                run.policies([policy()])
                names = [f"orders/{number}-{row:04}-{os.urandom(8).hex()}" for row in range(200)]
                run.record("web", "dumps@host", look(number, *names), b"raw %d" % number * 100)
                run.verdicts("web", [verdict()])
                run.finish(1)


def test_what_was_recorded_comes_back(url):
    records = [look(10, *NAMES, clock_offset=-0.25, calls=3), look(20), look(30, "new", gone=NAMES[:2])]
    records.append(look(40, gaps=(Gap("denied \udcff", "Ask."), Gap("no JSON", line=7))))
    with open_ledger(url) as ledger:
        for number, record in enumerate(records):
            with start(ledger, number) as run:
                assert run.record("web", "dumps@host", record) == record
                run.finish(0)
        assert list(ledger.history("web", "dumps@host")) == records
    with open_ledger(url, read_only=True) as ledger:
        assert ledger.histories([Key("web", "dumps@host"), Key("web", "elsewhere")]) == {
            Key("web", "dumps@host"): records,
            Key("web", "elsewhere"): [],
        }
        History.of(ledger.history("web", "dumps@host"))


def test_sources_that_are_another_place_have_another_history(url):
    with open_ledger(url) as ledger, start(ledger) as run:
        for service, source in (("web", "a"), ("web", "b"), ("wiki", "a"), ("web", "a\udcff")):
            run.record(service, source, look(1, f"{service}-{source}"))
        for service, source in (("web", "a"), ("web", "b"), ("wiki", "a"), ("web", "a\udcff")):
            (record,) = ledger.history(service, source)
            assert record.appeared[0].name == f"{service}-{source}"


def test_a_raw_answer_is_kept_once_under_its_hash(url):
    answer = b'{"test": "drill"}\n' * 500
    digest = sha256(answer).hexdigest()
    with open_ledger(url) as ledger:
        for number in range(3):
            with start(ledger, number) as run:
                kept = run.record("web", f"drills{number}", look(number), answer)
                assert kept.look.digest == digest
                run.finish(0)
        assert ledger.counts()["raw"] == 1
        assert ledger.raw(digest) == answer
        assert [one.look.digest for one in ledger.history("web", "drills2")] == [digest]
        with pytest.raises(KeyError):
            ledger.raw("0" * 64)


def test_policies_are_kept_with_when_they_were_judged(url):
    texts = ["service: web\n", "service: web\n# looser\udcff\n", "service: web\n"]
    with open_ledger(url) as ledger:
        for number, text in enumerate(texts):
            with start(ledger, 100 + number) as run:
                run.policies([policy(text=text), policy("wiki", "service: wiki\n", "not-utf8-\udcff.yaml")])
                run.finish(0)
        seen = [(one.service, one.first_seen, one.last_seen) for one in ledger.policies()]
        assert seen == [("web", 100, 100), ("web", 101, 101), ("web", 102, 102), ("wiki", 100, 102)]
        assert ledger.policy_text(policy(text=texts[1]).sha256) == texts[1]
        assert ledger.services() == ["web", "wiki"]


def test_verdicts_come_back_by_the_instant_judged(url):
    with open_ledger(url) as ledger:
        for started, end in ((1, 3000), (2, 2000), (3, 4000)):
            with ledger.start(Window(1000, end), version="0.1.0", started_at=started) as run:
                run.verdicts("web", [verdict("unknown" if end == 3000 else "breached", reason=f"at {end} \udcff")])
                run.verdicts("wiki", [verdict(None, measured=None, breaches=[])])
                run.finish(1)
        found = list(ledger.verdicts("web", "rpo"))
        assert [(one.status, one.window.end, one.reason) for one in found] == [
            ("breached", 2000, "at 2000 \\udcff"),
            ("unknown", 3000, "at 3000 \\udcff"),
            ("breached", 4000, "at 4000 \\udcff"),
        ]
        assert found[0].measured == {"value": 5400, "unit": "s"}
        assert found[0].breaches == (Opening(1200, None, "too old"),)
        assert [one.window.end for one in ledger.verdicts("web", since=3000)] == [3000, 4000]
        assert {one.status for one in ledger.verdicts("wiki")} == {None}
        assert ledger.verdict(found[1].run, "web", "rpo") == verdict("unknown", reason="at 3000 \udcff")


def interrupted(ledger):
    with start(ledger, 2) as run:
        run.record("web", "dumps", look(1, "a"))
        raise KeyboardInterrupt


def test_runs_tell_how_they_ended(url):
    with open_ledger(url) as ledger:
        with start(ledger, 1) as run:
            run.finish(3)
        with pytest.raises(KeyboardInterrupt):
            interrupted(ledger)
        with start(ledger, 3):
            pass
        assert [(one.state, one.exit_status) for one in ledger.runs()] == [
            ("finished", 3),
            ("interrupted", None),
            ("interrupted", None),
        ]
        assert len({one.id for one in ledger.runs()}) == 3
        assert [one.id for one in ledger.runs()] == sorted(one.id for one in ledger.runs())
        assert len(list(ledger.history("web", "dumps"))) == 1


HOLDS = """
import sys
from drcheck.core.verdict import Window
from drcheck.ledger.store import open_ledger

with open_ledger(sys.argv[1]) as ledger, ledger.start(Window(0, 1), version="0", started_at=1795228200):
    print("holds", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(url):
    """Have another process run, and hold the ledger, while this is entered; yields its number."""
    command = [sys.executable, "-c", HOLDS, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holds\n"
        yield other.pid
        other.stdin.close()


@pytest.fixture(params=["itself", "another path", "symbolic link", "hard link", "hard link elsewhere"])
def same(url, tmp_path, request):
    """Another way to name the ledger."""
    open_ledger(url).close()
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "other.db"
    match request.param:
        case "itself":
            return url
        case "another path":
            return f"sqlite:///{tmp_path}/elsewhere/../drcheck.db"
        case "symbolic link":
            other.symlink_to(path_of(url))
        case "hard link":
            other = tmp_path / "other.db"
            os.link(path_of(url), other)
        case _:
            os.link(path_of(url), other)
    return f"sqlite:///{other}"


def test_a_second_run_is_told_who_runs_whatever_it_calls_the_ledger(url, same, tmp_path):
    with held(url) as pid:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(Busy) as busy:
            open_ledger(same)
        assert f"another run holds the ledger: process {pid} on " in busy.value.message
        assert busy.value.message.endswith(", since 2026-11-21T02:30:00Z; nothing was judged")
        assert sorted(tmp_path.rglob("*")) == before  # above all no journal under the second name
    with open_ledger(same) as ledger, start(ledger) as run:
        run.finish(0)
        assert sorted(one.state for one in ledger.runs()) == ["finished", "interrupted"]


@pytest.mark.parametrize("same", ["hard link", "hard link elsewhere"], indirect=True)
def test_what_a_run_that_died_left_under_another_name_is_not_written_over(url, same):
    subprocess.run([sys.executable, "-c", HOLDS.replace("sys.stdin.read()", "import os; os._exit(0)"), url],
                   check=True, capture_output=True)  # fmt: skip
    with pytest.raises(LedgerError, match="under another of its names"):
        open_ledger(same)
    with open_ledger(url) as ledger, start(ledger) as run:
        run.finish(0)
    with open_ledger(same) as ledger:
        assert sorted(one.state for one in ledger.runs()) == ["abandoned", "finished"]


def test_one_process_cannot_hold_a_ledger_twice(url):
    with open_ledger(url), pytest.raises(Busy):
        open_ledger(url)
    with open_ledger(url) as ledger, start(ledger):
        with pytest.raises(Busy):
            open_ledger(url)
        with pytest.raises(RuntimeError):
            start(ledger)


def test_a_run_that_died_is_not_taken_for_the_one_that_holds_the_ledger(url):
    subprocess.run([sys.executable, "-c", HOLDS.replace("sys.stdin.read()", "import os; os._exit(0)"), url],
                   check=True, capture_output=True)  # fmt: skip
    with open_ledger(url), pytest.raises(Busy) as busy:
        open_ledger(url)
    assert busy.value.message == "another run holds the ledger; nothing was judged"


def test_a_ledger_that_is_only_being_made_is_held_too(url):
    lock = RunLock(path_of(url))
    with pytest.raises(Busy):
        open_ledger(url)
    lock.release()
    open_ledger(url).close()


def test_history_can_be_read_while_a_run_goes_on(url):
    with open_ledger(url) as ledger, start(ledger) as run:
        run.record("web", "dumps", look(1, "a"))
        with open_ledger(url, read_only=True) as reader:
            assert len(list(reader.history("web", "dumps"))) == 1
            assert reader.runs()[0].state == "running"


READS = """
import os, sys
from drcheck.ledger.check import damage
from drcheck.ledger.store import open_ledger

if os.geteuid() == 0:
    os.setuid(65534)  # the superuser may write anywhere: then nobody reads it
with open_ledger(sys.argv[1], read_only=True) as ledger:
    print(len(ledger.runs()), len(list(damage(ledger))), len(list(ledger.history("web", "dumps@host"))))
"""


def test_a_ledger_where_nothing_can_be_written_can_be_read():
    with TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/drcheck.db"
        fill(url)
        Path(directory).chmod(0o555)
        command = [sys.executable, "-c", READS, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        Path(directory).chmod(0o755)
        assert (done.returncode, done.stdout) == (0, "3 0 3\n"), done.stderr
        assert [path.name for path in Path(directory).iterdir()] == ["drcheck.db"]


@pytest.mark.parametrize("table", schema.TABLES)
def test_no_query_changes_or_removes_a_fact(url, table):
    fill(url, runs=1)
    with open_ledger(url) as ledger:
        ledger.retire("webshop", 1, "closed down")
    connection = sqlite3.connect(path_of(url))
    column = connection.execute(f"SELECT * FROM {table}").description[0][0]
    for query in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(query)
    connection.close()


KILLED = """
import sys
from drcheck.core.evidence import Candidate, Look
from drcheck.core.history import Record
from drcheck.core.verdict import Window
from drcheck.ledger.store import open_ledger

with open_ledger(sys.argv[1]) as ledger, ledger.start(Window(0, 1), version="0", started_at=7) as run:
    for number in range(100_000):
        rows = tuple(Candidate(f"{number}/{row}", "o", "", 1, 1, 1, 1, 1, "", True) for row in range(50))
        run.record("web", "dumps", Record(Look("dumps", number, number), rows), b"%d" % number * 50)
        print(number, flush=True)
"""


def test_what_was_acknowledged_outlives_sigkill(url):
    expected = 0
    for enough in (1, 3, 20, 60):
        process = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if int(line) >= enough:
                break
        process.send_signal(signal.SIGKILL)
        acknowledged = 1 + int([line, *process.stdout.read().split()][-1])
        process.wait()
        process.stdout.close()
        with open_ledger(url) as ledger:
            assert ledger.runs()[-1].state == "running"
            kept = list(ledger.history("web", "dumps"))[expected:]
            # One more may have reached the disk before its acknowledgement reached us; none is missing or half there.
            assert acknowledged <= len(kept) <= acknowledged + 1
            assert [record.look.begin for record in kept] == list(range(len(kept)))
            assert all(len(record.appeared) == 50 and ledger.raw(record.look.digest) for record in kept)
            expected += len(kept)
            with start(ledger) as run:
                run.finish(0)
            assert [one.state for one in ledger.runs()[-2:]] == ["abandoned", "finished"]
            assert list(damage(ledger)) == []


def filled_up(ledger):
    with start(ledger) as run:
        run.record("web", "dumps", look(1, "small"))
        run.record("web", "dumps", look(2, "large"), os.urandom(1_000_000))


def test_a_full_disk_fails_loudly_and_leaves_nothing_half_written(url):
    fill(url, runs=1)
    with open_ledger(url) as ledger:
        pages = ledger.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        with pytest.raises(LedgerError, match="no space is left") as full:
            filled_up(ledger)
        assert "Make room" in full.value.hint
    with open_ledger(url) as ledger:
        assert [record.look.begin for record in ledger.history("web", "dumps")] == [1]
        assert ledger.counts()["raw"] == 1
        assert list(damage(ledger)) == []
        with start(ledger) as run:
            run.finish(0)


def test_a_damaged_record_is_told_and_not_read_past(url):
    fill(url)
    connection = sqlite3.connect(path_of(url))
    connection.execute("DROP TRIGGER look_keeps_rows")
    connection.execute(
        "UPDATE look SET record = CAST(substr(record, 1, 40) || x'00' || substr(record, 42) AS BLOB) WHERE id = 2"
    )
    connection.commit()
    connection.close()
    with open_ledger(url) as ledger:
        with pytest.raises(LedgerError, match="the ledger is damaged: record 2 of web") as damaged:
            ledger.histories([Key("web", "dumps@host")])
        assert "drcheck ledger check" in damaged.value.hint
        assert [re.match("record 2", one) is not None for one in damage(ledger)] == [True]


def test_a_raw_answer_that_was_changed_is_told(url):
    fill(url)
    connection = sqlite3.connect(path_of(url))
    connection.execute("DROP TRIGGER raw_keeps_rows")
    connection.execute("UPDATE raw SET bytes = (SELECT max(bytes) FROM raw) WHERE bytes = (SELECT min(bytes) FROM raw)")
    connection.commit()
    connection.close()
    with open_ledger(url) as ledger:
        (told,) = damage(ledger)
        assert "its hash is another" in told
        with pytest.raises(LedgerError, match="its hash is another"):
            ledger.raw(told.split()[2].rstrip(":"))


def test_every_damaged_page_is_told_or_harmless_and_never_read_as_fact(url, tmp_path):
    fill(url)
    whole = (tmp_path / "drcheck.db").read_bytes()
    with open_ledger(url) as ledger:
        expected = list(ledger.history("web", "dumps@host"))
    told = 0
    for page in range(1, len(whole) // 4096):
        damaged = bytearray(whole)
        damaged[page * 4096 : page * 4096 + 4096] = os.urandom(4096)
        (tmp_path / "copy.db").write_bytes(damaged)
        try:
            with open_ledger(f"sqlite:///{tmp_path}/copy.db") as ledger:
                assert list(ledger.history("web", "dumps@host")) == expected
        except LedgerError:
            told += 1
            continue
        with open_ledger(f"sqlite:///{tmp_path}/copy.db", read_only=True) as ledger:
            try:
                told += any(damage(ledger))
            except LedgerError:
                told += 1
    assert told == len(whole) // 4096 - 1


def test_a_run_after_a_crash_looks_through_the_file_and_refuses_to_append(url, tmp_path):
    fill(url)
    with open_ledger(url) as ledger:
        start(ledger)  # and no end of it, as its process's death would leave it
    file = tmp_path / "drcheck.db"
    with open_ledger(url) as ledger:
        root = ledger.connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'verdict'").fetchone()[0]
    whole = bytearray(file.read_bytes())
    whole[(root - 1) * 4096 : root * 4096] = bytes(4096)
    file.write_bytes(whole)
    with open_ledger(url) as ledger:
        with pytest.raises(LedgerError, match="the ledger is damaged"):
            start(ledger)
        assert ledger.counts()["run"] == 4


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
    other = sqlite3.connect(path_of(url))
    other.execute("CREATE TABLE mine (a)")
    other.commit()
    other.close()
    with pytest.raises(LedgerError, match="another program's database"):
        open_ledger(url)


def test_a_newer_ledger_is_refused(url):
    fill(url, runs=1)
    newer = sqlite3.connect(path_of(url))
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(LedgerError, match="of a newer drcheck"):
        open_ledger(url)


def test_reading_an_older_ledger_changes_nothing_and_says_so(url, monkeypatch):
    fill(url, runs=1)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (a);"))
    with pytest.raises(LedgerError, match="of an older drcheck"):
        open_ledger(url, read_only=True)
    with open_ledger(url) as ledger:
        assert schema.user_version(ledger.connection) == len(schema.MIGRATIONS)
        assert len(ledger.runs()) == 1
    open_ledger(url, read_only=True).close()


def test_a_ledger_from_before_attestations_keeps_its_verdicts(url, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        open_ledger(url).close()
    older = sqlite3.connect(path_of(url))
    older.execute("INSERT INTO run VALUES (1, 'run-1', 5000, 0, 5000, '0.1.0', 'host', 1)")
    older.execute("INSERT INTO run_event VALUES (1, 'finished', 5001, 0)")
    row = (1, 1, "web", "rpo", "rpo", "met", 0, "fine", None, "[]", "[]", b"")
    older.execute("INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    older.commit()
    older.close()
    with open_ledger(url) as ledger, start(ledger, 6000) as run:
        run.verdicts("web", [verdict("met", attested=True)])
        run.finish(0)
        assert {(one.reason, one.attested) for one in ledger.verdicts()} == {("fine", False), ("too old", True)}


def test_a_retired_service_is_known_with_when(url):
    with open_ledger(url) as ledger:
        ledger.retire("wiki", 7, "closed down")
        ledger.retire("wiki", 9, "closed down again")
        assert ledger.retirements() == {"wiki": 9}


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


def test_a_path_with_odd_characters_is_that_path(tmp_path):
    fill(f"sqlite:///{tmp_path}/odd ?#%41.db", runs=1)
    assert (tmp_path / "odd ?#%41.db").exists()


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
