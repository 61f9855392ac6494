"""The ledger as runs and people use it."""

from __future__ import annotations

import os

import pytest
from ledgers import DRILLS, DUMPS, WINDOW, by_hand, damage, fill, found, look, policy, start

from drcheck.core.history.source_history import History
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Gap
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger import encoding, entries, snapshots
from drcheck.ledger.entries import PolicyText, RunBegan
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.state import Key, PastPolicy
from drcheck.ledger.store import SNAPSHOT_AFTER, open_ledger

NAMES = ("plain", "not-utf8-\udcff", "nul\x00", "new\nline", "\ud800\udc00", "\u202ebidi", "'; DROP TABLE run; --")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/drcheck.db"


def states(ledger):
    return [(run.state, run.exit_status) for run in ledger.state((), folded=True).runs.values()]


# Looks


@pytest.mark.parametrize("snapshot", [False, True])
def test_what_was_recorded_comes_back(url, snapshot):
    records = [look(10, *NAMES, clock_offset=-0.25, calls=3), look(20), look(30, "new", gone=NAMES[:2])]
    records.append(look(40, gaps=(Gap("denied \udcff", "Ask."), Gap("no JSON", line=7))))
    with open_ledger(url) as ledger:
        for number, record in enumerate(records):
            with start(ledger, number) as run:
                run.looked(DUMPS, Standing.STORAGE, record)
                run.finish(0)
            if snapshot:
                ledger.snapshot()
    with open_ledger(url, read_only=True) as ledger:
        (known,) = ledger.state().sources.values()
        expected = History.of(records)
        known.history.read_all()
        assert known.history.standing == expected.standing
        assert sorted(known.history.past, key=lambda one: one.shown) == sorted(expected.past, key=lambda one: one.shown)
        assert known.history.looks[-1] == expected.looks[-1]
        assert [one.begin for one in known.history.looks] == [10, 20, 30, 40]
        assert known.standing is Standing.STORAGE
        nothing = ledger.state({Key("web", "elsewhere")})
        assert nothing.sources == {}
        assert nothing.source(Key("web", "elsewhere")).history == History()
        assert list(ledger.damage()) == []


@pytest.mark.parametrize("snapshot", [False, True])
def test_sources_that_are_another_place_have_another_history(url, snapshot):
    keys = [Key(*key) for key in (("web", "a"), ("web", "b"), ("wiki", "a"), ("web", "a\nb"), ("web", "a\udcff"))]
    with open_ledger(url) as ledger:
        with start(ledger) as run:
            for number, key in enumerate(keys):
                run.looked(key, Standing.STORAGE, look(1, f"name {number}"))
        if snapshot:
            ledger.snapshot()
        for number, key in enumerate(keys):
            state = ledger.state({key})
            assert list(state.sources) == [key]
            state.source(key).history.read_all()
            assert list(state.source(key).history.standing) == [f"name {number}"]
        assert set(ledger.state().sources) == set(keys)


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_log_is_kept_as_it_grows(url, snapshot):
    with open_ledger(url) as ledger:
        log = b""
        for number, lines in enumerate((b"one\n" * 500, b"", b"\xff\x00", b"two\n")):
            with start(ledger, number) as run:
                run.looked(DRILLS, Standing.LOG, look(number), before=log, lines=lines)
                log += lines
                run.finish(0)
            if snapshot:
                ledger.snapshot()
            assert ledger.state().source(DRILLS).log == log
        assert ledger.counts()["lines"] == 3


@pytest.mark.parametrize("before", [b"", b"one", b"one\ntwo\n", b"two\n"])
def test_lines_that_go_on_from_another_log_are_damage(url, before):
    with open_ledger(url) as ledger, start(ledger) as run:
        run.looked(DRILLS, Standing.LOG, look(1), lines=b"one\n")
        run.looked(DRILLS, Standing.LOG, look(2), before=before, lines=b"three\n")
        with pytest.raises(LedgerError, match="entry 5 does not fit those before it: it goes on from another log"):
            ledger.state()
        (told,) = ledger.damage()
        assert "entry 5" in told


# Policies, verdicts, retirement


def test_policies_are_kept_with_when_they_were_judged(url):
    texts = ["service: web\n", "service: web\n# looser\udcff\n", "service: web\n"]
    with open_ledger(url) as ledger:
        for number, text in enumerate(texts):
            with start(ledger, 100 + number) as run:
                run.policies([policy(text=text), policy("wiki", "service: wiki\n", "not-utf8-\udcff.yaml")])
                run.finish(0)
            ledger.snapshot()
        for state in (ledger.state(()), ledger.state((), folded=True)):
            seen = [(one.service, one.first_seen, one.last_seen) for one in state.policies]
            assert seen == [("web", 100, 100), ("wiki", 100, 102), ("web", 101, 101), ("web", 102, 102)]
            assert ledger.policy_text(state, policy(text=texts[1]).sha256) == texts[1]
            assert state.services() == ["web", "wiki"]
            with pytest.raises(KeyError):
                ledger.policy_text(state, "0" * 64)
        assert ledger.counts()["policy text"] == 3
        file = state.policies[1].file
        assert file == f"{os.getcwd()}/not-utf8-\udcff.yaml"  # noqa: PTH109
        assert isinstance(state.policies[1], PastPolicy)


def test_verdicts_come_back_in_the_order_in_which_they_were_found(url):
    with open_ledger(url) as ledger:
        for started, end in ((1, 3000), (2, 2000), (3, 4000)):
            with start(ledger, started, Window(1000, end)) as run:
                run.policies([policy(), policy("wiki", "service: wiki\n")])
                run.found([found("unknown" if end == 3000 else "breached", reason=f"at {end} \udcff")])
                run.found([found(None, service="wiki", measured=None)])
                run.finish(1)
        state = ledger.state((), folded=True)
        its = state.verdicts["web", "rpo"]
        assert [(one.found.status, one.window.end, one.found.reason) for one in its] == [
            ("unknown", 3000, "at 3000 \udcff"),
            ("breached", 2000, "at 2000 \udcff"),
            ("breached", 4000, "at 4000 \udcff"),
        ]
        assert its[1].found.measured == {"value": 5400, "unit": "s"}
        assert its[1].found.breaches == (Opening(1200, None, "too old"),)
        assert {one.found.status for one in state.verdicts["wiki", "rpo"]} == {None}
        assert [one.run for one in its] == list(state.runs)


def test_the_verdicts_of_a_question_are_none_of_record(url):
    with open_ledger(url) as ledger:
        with start(ledger, 1) as run:
            run.policies([policy()])
            run.found([found("met")])
            run.finish(0)
        ledger.publish(run.id, 1)
        with start(ledger, 2, Window(0, 500), question=True) as run:
            run.policies([policy()])
            run.found([found("breached")])
            run.finish(1)
        for snapshot in (False, True):
            if snapshot:
                ledger.snapshot()
            state = ledger.state(())
            (record,) = state.recorded_runs("web")
            assert record.began.started_at == 1
            recorded = state.recorded("web", "rpo", 2000)
            assert (recorded.as_of, recorded.known, recorded.shown) == (2000, True, ())
        assert [run.began.question for run in ledger.state((), folded=True).runs.values()] == [False, True]


def test_a_retired_service_is_known_with_when(url):
    with open_ledger(url) as ledger:
        for at in (7, 9, 8):
            ledger.retire("wiki", at, "closed down \udcff")
        assert ledger.state(()).retired == {"wiki": 8}
        ledger.snapshot()
        assert ledger.state(()).retired == {"wiki": 8}


def test_a_policy_judged_again_ends_a_retirement_and_a_retirement_ends_what_was_judged_before_it_whatever_the_clock(
    url,
):
    with open_ledger(url) as ledger:
        with start(ledger, 900) as run:
            run.policies([policy()])
            run.finish(0)
        ledger.retire("web", 100, "closed down")
        assert ledger.state(()).retired == {"web": 100}
        with start(ledger, 50) as run:
            run.policies([policy()])
            run.finish(0)
        assert ledger.state(()).retired == {}


# Runs


def interrupted(ledger):
    with start(ledger, 2) as run:
        run.looked(DUMPS, Standing.STORAGE, look(1, "a"))
        raise KeyboardInterrupt


def test_runs_tell_how_they_ended(url):
    with open_ledger(url) as ledger:
        with start(ledger, 1) as run:
            run.finish(3)
        with pytest.raises(KeyboardInterrupt):
            interrupted(ledger)
        with start(ledger, 3):
            pass
        with start(ledger, 4) as run:
            run.finish(0)
        assert states(ledger) == [("finished", 3), ("interrupted", None), ("interrupted", None), ("finished", 0)]
        runs = ledger.state((), folded=True).runs
        assert list(runs) == sorted(runs)
        assert len(ledger.state().source(DUMPS).history.looks) == 1


def test_a_run_tells_who_made_it(url):
    with open_ledger(url) as ledger, start(ledger, clock_tolerance=300) as run:
        (began,) = (one.began for one in ledger.state(()).runs.values())
        assert began == RunBegan(run.id, 5000, WINDOW, "0.1.0", os.uname().nodename, os.getpid(), 300)
        assert isinstance(ledger.entry(1), RunBegan)


def test_a_run_that_died_is_abandoned_by_the_next_one(url):
    with open_ledger(url) as ledger:
        start(ledger, 1)  # and no end of it, as its process's death would leave it
        ledger.snapshot()
    with open_ledger(url) as ledger:
        with start(ledger, 2) as run:
            run.finish(0)
        assert states(ledger) == [("abandoned", None), ("finished", 0)]


def test_a_run_after_a_crash_looks_through_the_file_and_refuses_to_append(url):
    """The crash may have taken more than the process, and a snapshot hides old entries from the next night."""
    fill(url, snapshot=True)
    with open_ledger(url) as ledger:
        start(ledger)
    by_hand(url, "UPDATE entry SET bytes = x'00' WHERE number = 4", triggers=False)
    with open_ledger(url) as ledger:
        count = ledger.log.count
        with pytest.raises(LedgerError, match="entry 4 is not what was written"):
            start(ledger)
        assert ledger.log.count == count


def test_what_was_known_then_is_known_now(url):
    fill(url, runs=3, names=3)
    with open_ledger(url) as ledger:
        ledger.snapshot()
        first, second, third = ledger.state((), folded=True).runs.values()
        then = ledger.state(upto=second.looked_until)
        assert [one.begin for one in then.source(DUMPS).history.looks] == [0, 1]
        assert then.source(DRILLS).log.count(b"\n") == 2
        assert list(then.runs) == [first.began.run, second.began.run]
        assert first.number < first.looked_until < second.number < second.looked_until < third.number
        assert second.policies[0].service == "web"
        assert second.judged == {"web"}
        # Of which sources it is asked changes nothing of what else it says.
        part = ledger.state((), upto=second.looked_until)
        assert (part.sources, part.runs, part.verdicts) == ({}, then.runs, then.verdicts)


# Snapshots


def test_a_look_that_is_broken_off_leaves_nothing_of_it(url, monkeypatch):
    encode = encoding.encode

    def interrupted(entry):
        if isinstance(entry, entries.Looked) and entry.changes.look.begin == 20:
            raise KeyboardInterrupt
        return encode(entry)

    with open_ledger(url) as ledger, start(ledger) as run:
        before = ledger.log.count
        monkeypatch.setattr(encoding, "encode", interrupted)
        with run.at_once():
            run.looked(DUMPS, Standing.STORAGE, look(10, "a"))
            with pytest.raises(KeyboardInterrupt):
                run.looked(DRILLS, Standing.LOG, look(20), lines=b"{}\n")
        assert [encoding.kind(one.data) for one in ledger.log.read(before)] == ["source", "look"]


def test_a_snapshot_is_used(url):
    fill(url)
    with open_ledger(url) as ledger:
        ledger.snapshot()
        read = []
        wrapped = ledger.log.read
        ledger.log.read = lambda after=0, upto=None: read.append(after) or wrapped(after, upto)
        state = ledger.state()
        assert read == [ledger.log.count]
        assert len(state.source(DUMPS).history.looks) == 3


def test_a_snapshot_is_made_when_it_is_worth_its_cost(url):
    with open_ledger(url) as ledger:
        kept = []
        for number in range(3 * SNAPSHOT_AFTER):
            with start(ledger, number) as run:
                run.looked(DUMPS, Standing.STORAGE, look(number, f"n{number}"))
                run.finish(0)
            before = ledger.log.kept("state")
            ledger.snapshot(made=run.made)
            if ledger.log.kept("state") != before:
                kept.append(number)
        assert kept == [SNAPSHOT_AFTER - 1, 2 * SNAPSHOT_AFTER - 1, 3 * SNAPSHOT_AFTER - 1]
        assert list(ledger.damage()) == []


def test_what_is_derived_is_rebuilt(url):
    fill(url, snapshot=True)
    by_hand(url, "UPDATE derived SET bytes = x'00'")
    assert len(damage(url)) > 1
    assert all("`drcheck ledger rebuild` makes it anew" in one for one in damage(url))
    with open_ledger(url) as ledger:
        ledger.rebuild()
    assert damage(url) == []
    with open_ledger(url) as ledger:
        before = ledger.log.connection.execute("SELECT * FROM derived ORDER BY name").fetchall()
        ledger.rebuild()
        assert ledger.log.connection.execute("SELECT * FROM derived ORDER BY name").fetchall() == before


def test_a_snapshot_of_other_facts_is_told_by_check(url):
    """Its digest is right, and what it says is not what the entries say."""
    fill(url, snapshot=True)
    with open_ledger(f"{url}-other") as other:
        other.log.append([one.data for one in open_entries(url)])
        with start(other, 9) as run:
            run.policies([policy(text="service: web\n# other\n")])
            run.looked(DUMPS, Standing.STORAGE, look(9, "other"))
            run.found([found("met", commitment="retention", kind="retention")])
            run.finish(0)
        other.snapshot()
        state = other.log.kept("state")
        head = other.log.kept("web\ndumps@host")
    with open_ledger(url) as ledger:
        for number in range(6):  # so that the other snapshot is of an entry that this ledger has as well
            ledger.retire("wiki", number, "closed")
        for name, value in (("state", state), ("web\ndumps@host", head)):
            kept = ledger.log.kept(name)
            ledger.log.keep({name: value})
            assert any("differs from" in one for one in ledger.damage()), name
            ledger.log.keep({name: kept})
            assert list(ledger.damage()) == []


def test_a_snapshot_of_another_version_of_drcheck_is_none(url):
    fill(url, snapshot=True)
    with open_ledger(url) as ledger:
        expected = snapshots.small(ledger.state(()))
        ledger.log.keep({"state": snapshots.packed({"format": 99, "all": "else"})})
        assert snapshots.small(ledger.state(())) == expected
        assert snapshots.position(ledger.log) == 0
        ledger.snapshot()
        assert snapshots.position(ledger.log) == ledger.log.count


def open_entries(url):
    with open_ledger(url, read_only=True) as ledger:
        return list(ledger.log.read())


def test_check_reads_entries_that_a_snapshot_hides(url):
    fill(url, snapshot=True)
    by_hand(url, "UPDATE entry SET bytes = CAST(substr(bytes, 1, 40) || x'00' || substr(bytes, 42) AS BLOB) "
            "WHERE number = 4", triggers=False)  # fmt: skip
    with open_ledger(url, read_only=True) as ledger:
        assert len(ledger.state().runs) > 0
        (told,) = ledger.damage()
        assert "entry 4 is not what was written" in told
        with pytest.raises(LedgerError, match="entry 4 is not what was written"):
            ledger.state(folded=True)


def test_an_entry_of_a_kind_that_nobody_knows_is_not_passed_over(url):
    fill(url, runs=1)
    with open_ledger(url) as ledger:
        number = ledger.log.append([b"\x83\x66sermon\x63webZ"[:-1] + b"\xa0"])
        for asked in (None, ()):
            with pytest.raises(LedgerError, match=f"entry {number} does not fit those before it"):
                ledger.state(asked)
        assert ledger.counts()["sermon"] == 1
        with pytest.raises(LedgerError, match=f"entry {number}: "):
            ledger.entry(number)


def test_a_text_is_read_by_its_entry(url):
    fill(url, runs=1)
    with open_ledger(url, read_only=True) as ledger:
        state = ledger.state(())
        (number,) = state.texts.values()
        assert ledger.entry(number) == PolicyText(policy().sha256, policy().text)
        with pytest.raises(LedgerError, match="is missing"):
            ledger.entry(ledger.log.count + 1)
