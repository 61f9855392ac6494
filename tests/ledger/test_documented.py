"""The ledger is read by docs/ledger.md alone: with SQLite, SHA-256, zlib and CBOR, and none of drcheck's own decoders."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import zlib
from contextlib import chdir, closing
from itertools import pairwise
from pathlib import Path

import cbor2
import pytest
from ledgers import DRILLS, DUMPS, found, look, path_of, policy, start

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.judging.transitions import ConditionKind as Case
from drcheck.core.judging.transitions import ConditionSubject, Event, Transition
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.drill import (
    Announced,
    Drill,
    DrillCheck,
    DrillClocks,
    DrillPhase,
    DrillPoint,
    Ending,
    Origin,
)
from drcheck.core.model.evidence import FOREVER, Candidate, Described, Fact, FactValue, Gap, Look, Pieces, Unaccounted
from drcheck.core.model.rewritten_logs import ExportedState, Inventory, ReportedTest, Stretch
from drcheck.core.model.verdict import Opening, Window
from drcheck.core.proof.notes import SigningKey
from drcheck.ledger import checkpoints, encoding
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.notifications import Notification, Sending
from drcheck.ledger.signatures import Timestamped
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger

KEY, NEXT = (SigningKey("log.example/drcheck", bytes([number] * 32)) for number in (1, 2))
PAGE = (Path(__file__).parents[2] / "docs/ledger.md").read_text()
NAMES = ("orders/plain.gz", "orders/not-utf8-\udcff", "orders/nul\x00", "orders/\ud800")
MANY = tuple(
    Candidate(f"orders/{n:03}.gz", "orders", "full" if n % 2 else "", 10**9 + n * 3600, 10**9 + n * 3600 + n % 3,
              10**9 + n * 3600 + 60, FOREVER if n == 7 else 10**9 + n * 3600 + 90, n * 10**10, f"sum {n}", n != 5,
              Pieces(b"ABCDEFGH", 3, "ab", full=True, young=True, parts=2) if n == 9 else None)
    for n in range(60)
)  # fmt: skip


DRILL = Drill(
    "d \udcff", "web", 5000, Origin.IMPORTED, ("server",), DrillPoint("dumps", "web", "a", 4000, 7), "lab",
    Ending.FAILED, 5600, DrillClocks(None, None, 5000, 5500, 5600), 600_250, (DrillPhase("load", 5000, 500_000),),
    Rung.RESTORED, (DrillCheck("rows", "failed", "0"),), data_wrong=True, why="no rows", operator="anna",
    announcement="a \udcff", reference="OPS-7", told_by="ci", output_sha256="ab", version="0", notes="-",
    policy_sha256="cd",
)  # fmt: skip


@pytest.fixture
def url(tmp_path):
    """A ledger with every kind of entry, and every key of each."""
    url = f"sqlite:///{tmp_path}/drcheck.db"
    full = Look("dumps", 10**9, 10**9 + 7, 10**8, (Gap("denied \udcff", "Ask.", 4, Fact.LOCK), Gap("slow")), -0.25, 3,
                names=12, matched=2, unaccounted=(Unaccounted("other \udcff", 10**9 - 60, newer=True),))  # fmt: skip
    described = (
        Described(NAMES[1], Fact.LOCK, FactValue(True, "compliance", 2 * 10**9)),
        Described(NAMES[0], Fact.CHECKSUM, FactValue(False, "", 10**9)),
        Described(NAMES[0], Fact.STORAGE_ENCRYPTION, FactValue(None, "denied")),
    )
    with open_ledger(url) as ledger:
        with start(ledger, 5000, clock_tolerance=300) as run:
            run.policies([policy(), policy("wiki", "service: wiki\n# \udcff\n", "not-utf8-\udcff.yaml")])
            run.looked(DUMPS, Standing.STORAGE, look(10, *NAMES))
            run.looked(DUMPS, Standing.TOOL, LookChanges(full, MANY, (), NAMES[:2], described, ("customers",), 9))
            run.looked(DUMPS, Standing.TOOL, look(10**9 + 9, "orders/000.gz", gone=(NAMES[1], "orders/001.gz")))
            log = b'{"test": "drill"}\n' * 90
            drills = Look("drills", 20, 21, digest=hashlib.sha256(log).hexdigest(), size=len(log))
            run.looked(DRILLS, Standing.LOG, LookChanges(drills), lines=log)
            run.looked(DRILLS, Standing.LOG, LookChanges(drills), before=log, lines=b"\xff\n")
            exported = (Stretch(ExportedState.WATCHED, 10, 20), Stretch(ExportedState.TOTAL, 15, 20, open=True))
            tests = (ReportedTest("nightly \udcff", "failed", 11, 12, 3),)
            run.looked(Key("web", "checks@host"), Standing.LOG, LookChanges(Look("checks", 20, 21), stretches=exported))
            run.looked(Key("web", "ci@host"), Standing.LOG, LookChanges(Look("ci", 20, 21), tests=tests))
            listed = Inventory(20, 15, ("web", "not-utf8-\udcff"), (("web", "backup-host"),))
            run.looked(Key("web", "list@host"), Standing.LOG, LookChanges(Look("list", 20, 21), inventory=listed))
            spans = (Opening(1200, 1300, "too old \udcff"), Opening(1500, None, "too old", waived=True))
            run.found([found(breaches=spans, waived=True, attested=True)])
            run.found([found("unknown", commitment="held", unknowns=(Opening(1, 2, "dark", between_looks=True),))])
            run.found([found(None, commitment="kept", measured=None)])
            run.finish(1)
        event = Event(Transition.BEGAN, ConditionSubject(Case.BREACHED, "web", "rpo"), 5, None, "too old \udcff")
        ledger.publish(run.id, 5009)
        ledger.tell([Notification("ops", run.id, 5009, Sending.CLAIMED, (event,), 1)])
        ledger.tell([Notification("ops", run.id, 5010, Sending.FAILED, error="refused \udcff")])
        ledger.retire("wiki", 6000, "closed down")
        ledger.tell_of_drill(DrillAnnounced(Announced("a \udcff", "web", 6000, 9000, "server", "anna", "by mail")))
        ledger.tell_of_drill(DrillTold(6000, DRILL))
        checkpoints.sign(ledger.log, KEY, 6000)
        ledger.log.append([encoding.encode(Timestamped("log.example/drcheck", 7, b"\x30\x00"))])
        checkpoints.change(ledger.log, NEXT, 6000, KEY)
        checkpoints.change(ledger.log, KEY, 6000, None, "burnt \udcff")
        ledger.snapshot()
        start(
            ledger,
            6001,
            Window(0, 6002),
            question=True,
            job="nightly \udcff",
            schedule="every 60",
            due=("a",),
            gone=("b",),
        )  # whose process dies
    with open_ledger(url) as ledger, start(ledger, 6003):
        pass
    return url


def entries(path):
    """Yield number, kind, subject and facts of each entry, as the page says."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x64726368,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        rows = connection.execute("SELECT number, bytes, leaf FROM entry ORDER BY number").fetchall()
        assert connection.execute("SELECT one, count FROM head").fetchall() == [(1, len(rows))]
        assert [number for number, _, _ in rows] == list(range(1, len(rows) + 1))
        for name, data, digest in connection.execute("SELECT name, bytes, sha256 FROM derived"):
            assert hashlib.sha256(name + b"\x00" + data).digest() == digest
    for number, data, leaf in rows:
        assert hashlib.sha256(b"\x00" + data).digest() == leaf
        kind, about, facts = cbor2.loads(data)
        assert cbor2.dumps([kind, about, facts], canonical=True) == data
        if isinstance(facts, bytes):
            packed, facts = facts, cbor2.loads(zlib.decompress(facts))
            assert len(zlib.decompress(packed)) >= 256
        else:
            assert len(cbor2.dumps(facts, canonical=True)) < 256
        assert all(value not in (0, None, "", b"", [], {}) for value in facts.values())
        yield number, kind, text(about), facts


def text(value):
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def pieces_of(told):
    """Return what a candidate consists of, as the page lists it."""
    return None if told is None else (told[0], told[1], text(told[2]), *told[3:])


def rows_of(table):
    """Return candidates out of their columns."""

    def column(key, empty):
        its = table.get(key, empty)
        return its if isinstance(its, list) else [its] * table["rows"]

    begin, end = text(table.get("begin", "")), text(table.get("end", ""))
    rows, before, size = [], 0, 0
    for row, name in enumerate(column("name", "")):
        data = before = before + column("data", 0)[row]
        arrived, size = data + column("arrived", 0)[row], size + column("size", 0)[row]
        rows.append((
            begin + text(name) + end, text(column("of", "")[row]), text(column("kind", "")[row]),
            data, data + column("data_span", 0)[row], arrived, arrived + column("arrived_span", 0)[row],
            size, text(column("checksum", "")[row]), not column("incomplete", 0)[row],
            pieces_of(column("pieces", None)[row]),
        ))  # fmt: skip
    return rows


def of_source(url, name):
    """Yield kind and facts of what is said of a source, in order."""
    number = None
    for at, kind, about, facts in entries(path_of(url)):
        if (kind, about) == ("source", name):
            number = at
        elif kind in {"look", "lines"} and about == str(number):
            yield kind, facts


def test_a_ledger_is_read_by_its_page_alone(url):
    found = list(entries(path_of(url)))
    runs = [(about, facts) for _, kind, about, facts in found if kind == "run began"]
    assert [facts["at"] for _, facts in runs] == [5000, 6001, 6003]
    first = runs[0][1]
    assert (first["from"], first["to"], first["version"], first["clock_tolerance"]) == (1000, 2000, "0.1.0", 300)
    assert first["host"]
    assert first["pid"]
    assert [facts.get("question", False) for _, facts in runs] == [False, True, False]
    ended = {about: (facts["state"], facts.get("status")) for _, kind, about, facts in found if kind == "run ended"}
    assert [ended[run] for run, _ in runs] == [("finished", [1]), ("abandoned", None), ("interrupted", None)]

    texts = {about: text(facts["text"]) for _, kind, about, facts in found if kind == "policy text"}
    assert sorted(texts.values()) == ["service: web\n", "service: wiki\n# \udcff\n"]
    for digest, its in texts.items():
        assert hashlib.sha256(its.encode("utf-8", "surrogatepass")).hexdigest() == digest
    digests = {number: about for number, kind, about, _ in found if kind == "policy text"}
    (judged,) = (facts for _, kind, about, facts in found if kind == "policies judged" and about == runs[0][0])
    assert judged["service"] == ["web", "wiki"]
    assert text(judged["file"][1]).endswith("/not-utf8-\udcff.yaml")
    assert [digests[number] for number in judged["text"]] == [
        hashlib.sha256(its.encode("utf-8", "surrogatepass")).hexdigest()
        for its in ("service: web\n", "service: wiki\n# \udcff\n")
    ]

    assert [(about, facts) for _, kind, about, facts in found if kind == "run published"] == [
        (runs[0][0], {"at": 5009})
    ]
    retired = [(about, facts) for _, kind, about, facts in found if kind == "retirement"]
    assert retired == [("wiki", {"at": 6000, "reason": "closed down"})]
    assert {kind for _, kind, _, _ in found} == set(re.findall("^### `(.*)`, about", PAGE, re.MULTILINE))


def test_what_stands_at_a_source_is_read_by_the_page_alone(url):
    looks = [facts for kind, facts in of_source(url, "web\ndumps@host") if kind == "look"]
    standing = {}
    for facts in looks:
        for name in facts.get("gone", ()):
            del standing[text(name)]
        standing |= {row[0]: row for row in rows_of(facts["candidates"])}
    expected = {one.name: tuple(one) for one in (*look(10, *NAMES).appeared, *MANY)}
    expected |= {"orders/000.gz": tuple(look(10**9 + 9, "orders/000.gz").appeared[0])}
    assert standing == {name: row for name, row in expected.items() if name not in {NAMES[1], "orders/001.gz"}}
    with open_ledger(url, read_only=True) as ledger:
        history = ledger.state().source(DUMPS).history
        history.read_all()
        assert {name: tuple(one.shown) for name, one in history.standing.items()} == standing


def test_every_fact_of_a_look_is_read_by_the_page_alone(url):
    full = next(facts for _, kind, _, facts in entries(path_of(url)) if kind == "look" and "gaps" in facts)
    del full["candidates"]
    unmatched = full.pop("unaccounted")
    assert {key: full.pop(key) for key in list(full) if key not in {"shown", "facts", "gaps"}} == {
        "standing": "tool",
        "name": "dumps",
        "begin": 10**9,
        "took": 7,
        "asked_from": [10**8],
        "clock_offset": [-0.25],
        "calls": 3,
        "names": 12,
        "matched": 2,
        "unlisted": ["customers"],
        "unread": 9,
    }
    assert [(text(name), *rest) for name, *rest in unmatched] == [("other \udcff", 10**9 - 60, True)]
    assert [text(name) for name in full["shown"]] == list(NAMES[:2])
    assert [(text(what), text(hint), *rest) for what, hint, *rest in full["gaps"]] == [
        ("denied \udcff", "Ask.", 4, "lock"),
        ("slow", "", None, None),
    ]
    assert [(text(name), *rest) for name, *rest in full["facts"]] == [
        (NAMES[1], "lock", 2, "compliance", 2 * 10**9),
        (NAMES[0], "checksum", 1, "", 10**9),
        (NAMES[0], "storage-encryption", 0, "denied", 0),
    ]


def test_a_log_is_read_by_the_page_alone(url):
    its = list(of_source(url, "web\ndrills@host"))
    assert [kind for kind, _ in its] == ["lines", "look", "lines", "look"]
    log = b""
    for (_, lines), (_, seen) in pairwise(its):
        if "data" not in lines:
            continue
        assert lines.get("after", 0) == len(log)
        assert lines["before"] == hashlib.sha256(log).hexdigest()
        log += lines["data"]
        assert seen["name"] == "drills"
    assert log == b'{"test": "drill"}\n' * 90 + b"\xff\n"
    first = its[1][1]
    assert (first["size"], first["digest"]) == (len(log) - 2, hashlib.sha256(log[:-2]).hexdigest())


def test_what_documents_told_that_are_written_anew_is_read_by_the_page_alone(url):
    told = [facts for kind, facts in of_source(url, "web\nchecks@host") if kind == "look"]
    assert told[0]["stretches"] == [["watched", 10, 20, False], ["total", 15, 20, True]]
    told = [facts for kind, facts in of_source(url, "web\nlist@host") if kind == "look"]
    look_at, written_at, names, hosts = told[0]["inventory"]
    assert (look_at, written_at, list(map(text, names))) == (20, 15, ["web", "not-utf8-\udcff"])
    assert hosts == [["web", "backup-host"]]
    told = [facts for kind, facts in of_source(url, "web\nci@host") if kind == "look"]
    ((name, *rest),) = told[0]["tests"]
    assert (text(name), rest) == ("nightly \udcff", ["failed", 11, 12, 3])


def test_verdicts_are_read_by_the_page_alone(url):
    several = [facts["found"] for _, kind, _, facts in entries(path_of(url)) if kind == "verdicts"]
    its = {(service, commitment): facts for found in several for service, commitment, facts in found}
    assert all(value not in (0, None, "", [], {}) for facts in its.values() for value in facts.values())
    first = its["web", "rpo"]
    assert [(start, end, text(why), between) for start, end, why, *between in first.pop("breaches")] == [
        (1200, 1300, "too old \udcff", [False, False]),
        (1500, None, "too old", [False, True]),
    ]
    assert first == {
        "kind": "rpo",
        "status": "breached",
        "reason": "too old",
        "waived": True,
        "attested": True,
        "measured": {"value": 5400, "unit": "s"},
    }
    assert its["web", "held"]["unknowns"] == [[1, 2, "dark", True, False]]
    assert its["web", "kept"] == {"kind": "rpo", "reason": "too old"}


def documented(kind):
    """Return the keys that the page has of a kind of entry."""
    section = re.search(rf"^### `{kind}`, about.*?(?=^##)", PAGE, re.MULTILINE | re.DOTALL)[0]
    rows = re.findall(r"^\| (`.*?`(?:, `.*?`)*) \|", section, re.MULTILINE)
    return {key for row in rows for key in re.findall("`(.*?)`", row)}


def test_the_page_has_every_key_of_every_kind_and_no_other(url):
    keys = {}
    for _, kind, _, facts in entries(path_of(url)):
        keys.setdefault(kind, set()).update(facts)
        keys[kind].update(facts.get("candidates", ()))
        for _, _, of_commitment in facts.get("found", ()):
            keys[kind].update(of_commitment)
    for kind, its in keys.items():
        assert documented(kind) == its, kind


def test_the_pages_example_reads_the_ledger(url, tmp_path, capsys):
    (example,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    with chdir(tmp_path):
        exec(compile(example, "docs/ledger.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["7 ['web', 'dumps@host'] ['denied \\udcff', 'slow']"]
