"""A history cut into any looks, runs and snapshots is the same history."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from memory_log import MemoryLog
from oracle import worlds
from oracle.worlds import DAY, HOUR, Place, Scale

from drcheck.core.history import monitoring_exports, sightings
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Candidate, Described, Fact, FactValue, Pieces
from drcheck.core.model.log_records import Log, Outage, Watched
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Identical, Source
from drcheck.core.model.verdict import Window
from drcheck.ledger.snapshots import StoredShelf, all_known
from drcheck.ledger.state import Key, SourceState
from drcheck.ledger.store import Ledger
from drcheck.registry import READERS

SCALE = Scale(6 * HOUR, 32)
KEY = Key("shop", "dumps\nhost")
PLACES = st.one_of(
    worlds.places("dumps", SCALE, most=8, certain_data=True),
    worlds.places("dumps", SCALE, most=8, certain_data=True, fleeting=True),
)
SETS = ("orders", "customers")
PIECES = st.builds(
    lambda files, young: Pieces(b"".join(bytes((0, 0, 0, file)) for file in sorted(files)), young=young),
    st.sets(st.integers(0, 3), min_size=1),
    st.booleans(),
)


def observation(place: Place, look: worlds.Look, told: st.DataObject) -> Observation:
    shown = [
        Candidate(
            truth.path or truth.name, SETS[truth.data // HOUR % 2] if not truth.path else "orders", "", truth.data,
            truth.data, truth.arrived, truth.arrived, 5, f"content {truth.data // HOUR % 5}", complete=truth.counts,
        )
        for truth in place.truths
        if truth.stands(look.begin)
        and ((look.complete and look.asked_from <= truth.data) or (look.begin, truth.name) in place.shown_by_gaps)
    ]  # fmt: skip
    # Every third backup is a directory, whose files come and go.
    shown = [one if one.data_lo // HOUR % 3 else one._replace(pieces=told.draw(PIECES)) for one in shown]
    described = [
        Described(
            one.name,
            fact,
            told.draw(st.sampled_from((FactValue(True, "x"), FactValue(False), FactValue(None, "denied")))),
        )
        for one in shown
        for fact in told.draw(st.sets(st.sampled_from((Fact.CHECKSUM, Fact.LOCK, Fact.STATE)), max_size=1))
    ]
    return Observation(look, shown, described=tuple(described))


@settings(max_examples=1500, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
@given(PLACES, st.data(), st.sampled_from((DAY // 2, 2 * DAY, 32 * DAY)))
def test_cutting_a_history_by_snapshots_changes_nothing(place: Place, data: st.DataObject, stretch: int):
    source = Source("dumps", "host", "", READERS["objects"], SETS, thinned_after=place.thinned_after)
    with mock.patch.object(sightings, "STRETCH", stretch):
        log, uncut = MemoryLog(), History()
        for look in sorted(place.looks, key=lambda one: one.begin):
            ledger = Ledger(log)
            with ledger.start(Window(0, look.begin + 1), version="0", started_at=look.begin) as run:
                seen = observation(place, look, data)
                known = ledger.state({KEY}).source(KEY).history
                record = difference(known, seen)
                assert record == difference(uncut, seen)
                uncut.apply(record)
                run.looked(KEY, Standing.STORAGE, record)
                run.finish(0)
            match data.draw(st.sampled_from(("keep", "keep", "nothing", "nothing", "forget", "lose"))):
                case "keep":
                    ledger.snapshot()
                case "forget":
                    log.forget()
                case "lose":
                    parts = sorted(log.derived)
                    for name in parts[:: 1 + data.draw(st.integers(0, 3))]:
                        del log.derived[name]
        until = data.draw(st.sampled_from((FOREVER, worlds.BASE + DAY, worlds.BASE + 4 * DAY)))
        for since in (LONG_AGO, worlds.BASE, worlds.BASE + 2 * DAY, worlds.BASE + 6 * DAY):
            asked = {"clock_tolerance": 300, "since": since, "until": until}
            found = Ledger(log).state({KEY}).source(KEY).history
            assert found.broken_since() == uncut.broken_since()
            for of, part in parts_of(found, source, **asked).items():
                assert part.points == parts_of(uncut, source, **asked)[of].points
                assert part == parts_of(uncut, source, **asked)[of]
        found, expected = (
            all_known(one)["rows"] for one in (Ledger(log).state().source(KEY), SourceState(uncut, Standing.STORAGE))
        )
        for stretch_, rows in expected.items():
            for what, value in rows.items():
                assert found[stretch_][what] == value, what
        assert found == expected
        alone = Ledger(log).source(Ledger(log).state(()), KEY)
        assert (all_known(alone)["rows"] if alone else {}) == expected
        assert list(Ledger(log).damage()) == []


def test_a_night_reads_what_its_window_touches():
    log, begin = MemoryLog(), 0
    hourly = [
        Candidate(f"n{n}", "db", "", n * HOUR, n * HOUR, n * HOUR, n * HOUR, 5, f"c{n}", True) for n in range(2400)
    ]
    for night in range(100):
        begin = (night + 1) * DAY
        ledger = Ledger(log)
        with ledger.start(Window(0, begin), version="0", started_at=begin) as run:
            known = ledger.state({KEY}).source(KEY).history
            shown = [one for one in hourly if begin - 10 * DAY <= one.data_lo < begin]
            run.looked(
                KEY,
                Standing.STORAGE,
                difference(known, Observation(worlds.Look("dumps", begin, begin, begin - 10 * DAY), shown)),
            )
            run.finish(0)
        ledger.snapshot(made=run.made)
    log.was_read = 0
    source = Source("dumps", "host", "", READERS["objects"], ("db",))
    known = Ledger(log).state({KEY}).source(KEY).history
    with mock.patch.object(StoredShelf, "table", autospec=True, side_effect=StoredShelf.table) as read:
        part = parts_of(known, source, clock_tolerance=300, since=begin - 5 * DAY)["db"]
    assert part.points.data_lo[-1] == begin - HOUR
    assert log.was_read < 20 * 4
    assert len(part.points) <= 24 * 2 * 32
    assert [stretch for _, stretch in (call.args for call in read.call_args_list)] == [2, 3]


def test_what_exports_told_before_a_snapshot_stays_told():
    log, uncut = MemoryLog(), History()
    for night in range(1, 200):
        ledger, begin = Ledger(log), night * DAY
        down = (Outage("o", 1, begin - HOUR, begin - HOUR + 60, total=True, cause=""),) if night % 50 == 1 else ()
        export = Log(outages=down, watched=(Watched(begin - DAY, begin, 0),))
        look = worlds.Look("checks", begin, begin, begin - DAY)
        with ledger.start(Window(0, begin), version="0", started_at=begin) as run:
            record = difference(
                ledger.state({KEY}).source(KEY).history,
                Observation(look, stretches=monitoring_exports.stretches(export)),
            )
            uncut.apply(record)
            run.looked(KEY, Standing.LOG, record)
            run.finish(0)
        ledger.snapshot()
    assert len(monitoring_exports.as_log(uncut.stretches).outages) == 4
    assert len(uncut.stretches) == 4 + 1, "however many exports there were, what they told is kept once"
    assert Ledger(log).state({KEY}).source(KEY).history.stretches == uncut.stretches


def cut(looks: list[tuple[int, list[Candidate]]]) -> tuple[History, History]:
    """Return what looks come to with a snapshot after each but the newest, and without any."""
    log, uncut = MemoryLog(), History()
    for begin, shown in looks:
        ledger = Ledger(log)
        ledger.snapshot()
        with ledger.start(Window(0, begin), version="0", started_at=begin) as run:
            known = ledger.state({KEY}).source(KEY).history
            record = difference(known, Observation(worlds.Look("dumps", begin, begin), shown))
            uncut.apply(record)
            run.looked(KEY, Standing.STORAGE, record)
            run.finish(0)
    return Ledger(log).state({KEY}).source(KEY).history, uncut


def of_day(name: str, data: float, checksum: str = "", *, size: int = 5) -> Candidate:
    at = int(data * DAY)
    return Candidate(name, "db", "", at, at, at, at, size, checksum, complete=True)


@pytest.mark.parametrize("further", [1, 60])
def test_what_was_written_anew_under_an_old_name_is_newer_than_what_goes_though_it_is_not_read(further):
    latest = of_day("latest", 1), of_day("latest", further + 8)
    before, after = (of_day(name, further + 7 + late, size=7) for name, late in (("x", 0.9), ("y", 0.95)))
    looks = [(2, latest[:1]), (further + 8, [latest[1], before]), (further + 9, [latest[1], after])]
    found, uncut = cut([(begin * DAY, list(shown)) for begin, shown in looks])
    assert uncut.turnovers["db", False] == []
    assert found.turnovers == uncut.turnovers


def test_content_that_a_name_had_before_it_was_written_anew_is_known_by_another_name():
    latest = of_day("latest", 1, "x"), of_day("latest", 80)
    copy = of_day("copy", 40, "x")
    looks = [(2, [latest[0]]), (50, [latest[0], copy]), (80, [latest[1], copy]), (81, [latest[1], copy])]
    source = Source("dumps", "host", "", READERS["objects"], ("db",), identical_dumps=Identical.REFUSED)
    found, uncut = cut([(begin * DAY, shown) for begin, shown in looks])
    part, expected = (parts_of(one, source, clock_tolerance=300)["db"] for one in (found, uncut))
    assert expected.otherwise is not None
    assert set(expected.otherwise.points.second_of.values()) == {"latest"}
    assert part == expected
