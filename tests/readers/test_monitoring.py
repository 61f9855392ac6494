"""Exports of monitoring systems: what samples tell of a day, what they leave open, and how exports are joined."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck.core.history import rewritten_logs
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import Watched
from drcheck.interfaces import LookRequest
from drcheck.readers.logs import monitoring, outage_log
from drcheck.registry import READERS


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


DAY = at("2026-11-20T00:00:00Z")
MINUTE = 60
EXPORT = source(name="uptime", path="status/up.json", reader=READERS["outage-log"])


def series(values: dict[int, int], **labels: str) -> dict:
    return {"metric": {"__name__": "up", **labels}, "values": [[t, str(up)] for t, up in values.items()]}


def answer(*result: dict, **told: object) -> bytes:
    body = {"status": "success", "data": {"resultType": "matrix", "result": list(result)}, **told}
    return json.dumps(body).encode()


def every(step: int, start: int, end: int, up: int = 1) -> dict[int, int]:
    return dict.fromkeys(range(start, end, step), up)


def beats(values: list[tuple[int, int]]) -> list[dict]:
    shown = [(status, datetime.fromtimestamp(t, UTC)) for t, status in values]
    return [{"status": status, "time": f"{t:%Y-%m-%d %H:%M:%S}.123", "msg": "a\nb", "ping": 7} for status, t in shown]


def page(**monitors: list[tuple[int, int]]) -> bytes:
    told = {name: beats(values) for name, values in monitors.items()}
    return json.dumps({"heartbeatList": told, "uptimeList": {"1_24": 0.9}}).encode()


SCOPES = {True: "total", False: "partial", None: "at least partial"}


def told(log) -> list[tuple[str, int, int | None]]:
    return [(SCOPES[one.total], one.started_at, one.ended_at) for one in log.outages]


def watched(log) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in log.watched]


# Prometheus


def test_a_day_of_samples_with_a_hole_of_seven_minutes_and_three_minutes_without_scrapes():
    day = every(MINUTE, DAY, DAY + 86400)
    down, blind = DAY + 2 * 3600 + 30 * MINUTE, DAY + 15 * 3600
    day |= every(MINUTE, down, down + 7 * MINUTE, 0)
    for missed in range(blind, blind + 3 * MINUTE, MINUTE):
        del day[missed]
    log = monitoring.parse(answer(series(day, instance="web:443")), "web")
    assert log.gaps == ()
    (outage,) = log.outages
    assert outage == (f"down-{'2026-11-20T02:30:00Z'}", 0, down, down + 7 * MINUTE, True, "")
    # The sample of 14:59 holds for twice the usual step, until 15:01; then nobody watched, up to 15:03.
    assert watched(log) == [
        (DAY, blind + MINUTE),
        (blind + 3 * MINUTE, DAY + 86400),
    ]
    (recovery,) = log.recoveries
    assert (recovery.real, recovery.started_at, recovery.finished_at) == (True, down, down + 7 * MINUTE)
    assert (recovery.scenarios, recovery.recovered_by) == (frozenset(), "")


def test_a_sample_holds_no_longer_than_prometheus_itself_takes_it_for_fresh():
    log = monitoring.parse(answer(series(every(3600, DAY, DAY + 4 * 3600))), "web")
    assert watched(log) == [(t, t + 300) for t in range(DAY, DAY + 4 * 3600, 3600)]


def test_the_last_sample_holds_for_one_usual_step_since_the_next_export_may_say_otherwise():
    log = monitoring.parse(answer(series(every(60, DAY, DAY + 600))), "web")
    assert watched(log) == [(DAY, DAY + 600)]
    log = monitoring.parse(answer(series(every(60, DAY, DAY + 600, 0))), "web")
    assert (told(log), watched(log)) == ([("total", DAY, None)], [(DAY, DAY + 600)])


@pytest.mark.parametrize("up", [0, 1])
def test_for_how_long_a_single_sample_holds_nobody_knows(up):
    log = monitoring.parse(answer(series({DAY: up})), "web")
    assert (told(log), watched(log), log.gaps) == ([], [], ())
    # Nor how long such a part was there: it was not watched until the sample is stale.
    others = every(60, DAY - 600, DAY + 600)
    log = monitoring.parse(answer(series({DAY: up}), series(others)), "web")
    assert (told(log), watched(log)) == ([], [(DAY - 600, DAY), (DAY + 300, DAY + 600)])


def test_fractions_of_a_second_are_cut():
    body = {"metric": {}, "values": [[DAY + 0.9, "1"], [DAY + 60.2, "0"], [DAY + 120.7, "1"]]}
    log = monitoring.parse(answer(body), "web")
    assert told(log) == [("total", DAY + 60, DAY + 120)]


def test_all_parts_down_is_a_total_outage_and_some_of_them_a_partial_one():
    one = every(60, DAY, DAY + 3600) | every(60, DAY + 600, DAY + 1200, 0)
    other = every(60, DAY, DAY + 3600) | every(60, DAY + 900, DAY + 1500, 0)
    log = monitoring.parse(answer(series(one, instance="a"), series(other, instance="b")), "web")
    assert told(log) == [
        ("partial", DAY + 600, DAY + 900),
        ("total", DAY + 900, DAY + 1200),
        ("partial", DAY + 1200, DAY + 1500),
    ]
    assert [outage.id for outage in log.outages] == [
        "partly-down-2026-11-20T00:10:00Z",
        "down-2026-11-20T00:15:00Z",
        "partly-down-2026-11-20T00:20:00Z",
    ]
    assert [recovery.id for recovery in log.recoveries] == ["down-2026-11-20T00:15:00Z"]


def test_parts_that_are_sampled_one_after_the_other_go_down_together():
    one = every(60, DAY, DAY + 3600, 0)
    other = every(60, DAY + 20, DAY + 3600, 0)
    log = monitoring.parse(answer(series(one), series(other)), "web")
    # Of its first twenty seconds nobody knows whether the other one was up.
    assert told(log) == [("at least partial", DAY, DAY + 20), ("total", DAY + 20, None)]
    assert watched(log) == [(DAY + 20, DAY + 3600)]


def test_a_part_down_beside_one_that_nobody_saw_is_surely_down_and_may_be_all_of_the_service():
    one = every(60, DAY, DAY + 3600) | every(60, DAY + 600, DAY + 1200, 0)
    other = {t: up for t, up in every(60, DAY, DAY + 3600).items() if not DAY + 300 <= t < DAY + 1800}
    log = monitoring.parse(answer(series(one), series(other)), "web")
    assert told(log) == [("at least partial", DAY + 600, DAY + 1200)]
    assert watched(log) == [(DAY, DAY + 240 + 120), (DAY + 1800, DAY + 3600)]
    assert log.recoveries == ()  # how long all of it was gone nobody knows
    assert look(answer(series(one), series(other)), DAY + 3660, History()).outages == log.outages


def test_a_part_that_was_taken_away_or_added_is_not_missed_before_and_after():
    old, new = every(60, DAY, DAY + 1800), every(60, DAY + 1740, DAY + 3600)
    log = monitoring.parse(answer(series(old, pod="a"), series(new, pod="b")), "web")
    assert (told(log), watched(log)) == ([], [(DAY, DAY + 3600)])


def test_an_outage_that_lasts_in_the_newest_sample_is_open():
    log = monitoring.parse(answer(series(every(60, DAY, DAY + 600) | every(60, DAY + 600, DAY + 900, 0))), "web")
    assert told(log) == [("total", DAY + 600, None)]
    assert watched(log) == [(DAY, DAY + 900)]
    assert (log.recoveries[0].finished_at, log.recoveries[0].outcome) == (None, "")


def test_what_holds_beyond_the_look_was_not_watched_yet():
    log = monitoring.parse(answer(series(every(60, DAY, DAY + 600))), "web", DAY + 560)
    assert watched(log) == [(DAY, DAY + 560)]


def test_the_order_of_samples_and_series_changes_nothing():
    one = every(60, DAY, DAY + 3600) | every(60, DAY + 600, DAY + 1200, 0)
    other = every(30, DAY + 10, DAY + 3600) | every(30, DAY + 910, DAY + 1500, 0)
    straight = monitoring.parse(answer(series(one), series(other)), "web")
    turned = monitoring.parse(answer(series(dict(reversed(other.items()))), series(dict(reversed(one.items())))), "web")
    assert straight == turned


# Uptime Kuma


def test_heartbeats_of_a_status_page_tell_outages_in_utc():
    ups = [(DAY + 60 * i, 1) for i in range(30)]
    log = monitoring.parse(page(**{"1": [*ups, (DAY + 1800, 0), (DAY + 1860, 0), (DAY + 1920, 1)]}), "web")
    assert told(log) == [("total", DAY + 1800, DAY + 1920)]
    assert watched(log) == [(DAY, DAY + 1980)]


def test_a_list_of_heartbeats_is_told_apart_by_its_monitors():
    one = [{**beat, "monitorID": 1} for beat in beats([(DAY, 1), (DAY + 60, 0), (DAY + 120, 1)])]
    other = [{**beat, "monitor_id": 2} for beat in beats([(DAY, 1), (DAY + 60, 1), (DAY + 120, 1)])]
    log = monitoring.parse(json.dumps([*one, *other]).encode(), "web")
    assert told(log) == [("partial", DAY + 60, DAY + 120)]


@pytest.mark.parametrize("status", [2, 3])
def test_what_is_pending_or_in_maintenance_was_not_checked_and_not_watched(status):
    log = monitoring.parse(page(**{"1": [(DAY, 1), (DAY + 60, status), (DAY + 120, 1)]}), "web")
    assert (told(log), watched(log)) == ([], [(DAY, DAY + 60), (DAY + 120, DAY + 180)])


def test_of_two_heartbeats_in_one_second_the_one_that_is_down_stands():
    for both in ([1, 0], [0, 1], [2, 0]):
        log = monitoring.parse(page(**{"1": [(DAY, 1), *((DAY + 60, one) for one in both), (DAY + 120, 1)]}), "web")
        assert told(log) == [("total", DAY + 60, DAY + 120)]


# What is no export

BEAT = beats([(DAY, 1)])[0]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not UTF-8"),
        (b'{"outage": "o1"}\n{"outage": "o2"}\n', "it is not JSON"),
        (b'{"status": "success", "status": "success"}', "key 'status' stands twice"),
        (b"[" * 100_000, "it is nested deeper than 100 levels"),
        (b"NaN", "NaN is not a number"),
        (b"{}", "it is neither an answer of Prometheus nor a list of heartbeats"),
        (b"7", "it is neither an answer of Prometheus nor a list of heartbeats"),
        (b'{"status": "error", "error": "query timed out\\u001b[2J"}', "Prometheus answered 'error': 'query timed out\\x1b"),
        (answer(series({DAY: 1}), warnings=["store away"]), "Prometheus warned: ['store away']"),
        (b'{"status": "success", "data": {"resultType": "vector", "result": []}}', "its resultType is not matrix"),
        (b'{"status": "success"}', "its resultType is not matrix"),
        (answer(), "it holds no samples"),
        (answer(series({})), "it holds no samples"),
        (answer({"metric": {}, "histograms": []}), "the values of a series are not a list"),
        (answer(7), "a series is not an object"),
        (answer({"values": [[DAY, "0.5"]]}), "a value is '0.5', neither 0 nor 1"),
        (answer({"values": [[DAY, "NaN"]]}), "a value is 'NaN', neither 0 nor 1"),
        (answer({"values": [[DAY, 1]]}), "a sample is not a pair of a time and a value"),
        (answer({"values": [[True, "1"]]}), "a sample is not a pair of a time and a value"),
        (answer({"values": [[DAY, "1", "0"]]}), "a sample is not a pair of a time and a value"),
        (answer({"values": [[-1, "1"]]}), "a sample lies before 1970"),
        (answer({"values": [[NOW * 10, "1"]]}), "a sample lies in the future"),
        (answer(series({DAY: 1})).replace(str(DAY).encode(), b"1e999"), "a sample lies in the future"),
        (b'{"heartbeatList": {}}', "it holds no samples"),
        (b'{"heartbeatList": {"1": 7}}', "a monitor's heartbeats are not a list"),
        (b'{"heartbeatList": {"1": [0, 0]}}', "if the status page shows days"),
        (json.dumps({"heartbeatList": {"1": [{**BEAT, "time": "2026-11-20T00:00:00.000Z"}]}}).encode(), "if the status page shows days"),
        (json.dumps({"heartbeatList": {"1": [{**BEAT, "status": 4}]}}).encode(), "a heartbeat has no status from 0 to 3"),
        (json.dumps({"heartbeatList": {"1": [{**BEAT, "time": "2026-02-30 00:00:00"}]}}).encode(), "no instant that a calendar has"),
        (json.dumps({"heartbeatList": {"1": [{**BEAT, "time": "2999-02-28 00:00:00"}]}}).encode(), "a sample lies in the future"),
        (b'{"heartbeatList": {"1": [{"status": true, "time": "2026-11-20 00:00:00"}]}}', "a heartbeat has no status from 0 to 3"),
        (json.dumps([BEAT]).encode(), "a heartbeat has no monitorID"),
        (b"[7]", "a heartbeat has no monitorID"),
        (b"[]", "it holds no samples"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_a_gap_of_the_whole_look_that_says_what_was_expected(data, what):
    log = monitoring.parse(data, "web", NOW + 86400 * 365)
    assert (log.outages, log.watched, log.recoveries) == ((), (), ())
    (gap,) = log.gaps
    assert what in gap.what
    assert gap.what.startswith("the export cannot be read: ")
    assert gap.hides
    assert "Prometheus" in gap.hint
    assert gap.what.isprintable()


# Looks, one after the other


def look(data: bytes, begin: int, history: History | None = None):
    """Look at an export as a run does, and return what all of them tell."""
    seen = outage_log.read(Place(files={"up.json": data}), EXPORT, "up.json", LookRequest(LONG_AGO, begin, 300, "web"))
    if history is not None:
        history.apply(difference(history, seen))
        return rewritten_logs.of_exports(history)
    return seen


def test_a_look_at_an_export_that_cannot_be_read_is_not_complete():
    seen = look(b"{}", NOW)
    assert not seen.look.complete
    assert seen.stretches == ()
    assert (seen.log.known_until, seen.log.unseen) == (LONG_AGO, seen.look.gaps)


def test_later_exports_add_to_what_earlier_ones_told_and_take_nothing_away():
    history = History()
    first = every(60, DAY, DAY + 3600) | every(60, DAY + 600, DAY + 900, 0)
    look(answer(series(first)), DAY + 3600, history)
    # The second one goes back less far, and denies half of the outage.
    second = every(60, DAY + 720, DAY + 7200)
    log = look(answer(series(second)), DAY + 7200, history)
    assert told(log) == [("total", DAY + 600, DAY + 900)]
    assert watched(log) == [(DAY, DAY + 7200)]
    assert (log.known_until, log.unseen) == (DAY + 7200, ())


def test_an_outage_left_open_by_an_export_ends_where_a_later_one_saw_the_service_up_again():
    history = History()
    down = every(60, DAY, DAY + 600) | every(60, DAY + 600, DAY + 1200, 0)
    log = look(answer(series(down)), DAY + 1200, history)
    assert told(log) == [("total", DAY + 600, None)]
    assert log.known_until == DAY + 1200
    up_again = every(60, DAY + 900, DAY + 1500, 0) | every(60, DAY + 1500, DAY + 2400)
    log = look(answer(series(up_again)), DAY + 2400, history)
    assert told(log) == [("total", DAY + 600, DAY + 1500)]


def test_an_open_outage_is_told_no_longer_than_anybody_saw_it():
    history = History()
    down = every(60, DAY, DAY + 600) | every(60, DAY + 600, DAY + 1200, 0)
    stale = look(answer(series(down)), DAY + 86400, history)
    assert told(stale) == [("total", DAY + 600, None)]
    assert stale.known_until == DAY + 1200
    log = look(answer(series(every(60, DAY + 2 * 86400, DAY + 2 * 86400 + 600))), DAY + 3 * 86400, history)
    assert told(log) == [("total", DAY + 600, DAY + 1200)]
    assert watched(log) == [(DAY, DAY + 1200), (DAY + 2 * 86400, DAY + 2 * 86400 + 600)]


def test_a_look_that_fails_leaves_what_was_told():
    history = History()
    before = look(answer(series(every(60, DAY, DAY + 600))), DAY + 600, history)
    log = look(b"<html>502</html>", DAY + 1200, history)
    assert (log.watched, log.known_until) == (before.watched, DAY + 600)
    assert "the export cannot be read" in log.unseen[0].what
    assert look(answer(series(every(60, DAY, DAY + 1800))), DAY + 1800, history).watched == (
        Watched(DAY, DAY + 1800, 0),
    )


def test_a_quarter_of_nightly_exports_is_kept_as_a_few_rows_a_night():
    history = History()
    log = None
    for night in range(1, 91):
        end = DAY + night * 86400
        samples = every(300, max(DAY, end - 3 * 86400), end)
        if DAY + 12 * 3600 in samples:
            samples[DAY + 12 * 3600] = 0
        log = look(answer(series(samples)), end, history)
    assert told(log) == [("total", DAY + 12 * 3600, DAY + 12 * 3600 + 300)]
    assert watched(log) == [(DAY, DAY + 90 * 86400)]
    assert len(history.past) + len(history.standing) < 3 * 90


# What must hold for every export

SAMPLES = st.lists(st.tuples(st.integers(DAY, DAY + 1800), st.sampled_from([0, 1, 2, 3])), max_size=25)


def usual(values: dict[int, int]) -> int:
    """Return the usual step of a part; 0: it has a single sample."""
    steps = sorted(later - earlier for earlier, later in pairwise(sorted(values)))
    return steps[(len(steps) - 1) // 2] if steps else 0


def holds(values: dict[int, int]) -> int:
    """Return for how long a sample of a part holds, if it is not the last one."""
    return min(300, 2 * usual(values) or 300)


def seen_until(values: dict[int, int]) -> int:
    """Return how long the last sample of a part holds."""
    return max(values) + min(300, usual(values))


def ends(values: dict[int, int]) -> int:
    """Return until when a part is taken to have been there."""
    return seen_until(values) if usual(values) else max(values) + 300


def brute(parts: list[dict[int, int]], t: int) -> tuple[str, bool]:
    """Return what samples tell of one second, looked up one by one: total, partial or nothing, and whether watched."""
    earliest, newest = min(map(min, parts)), max(map(max, parts))
    if t < earliest or t >= min(seen_until(one) for one in parts if max(one) + holds(one) >= newest):
        return "", False
    told = []
    for one in parts:
        began = earliest if min(one) <= earliest + holds(one) else min(one)
        if began <= t < ends(one):
            last = max((sample for sample in one if sample <= t), default=LONG_AGO)
            told.append(one[last] if t < min(last + holds(one), seen_until(one)) else 2)
    unseen = any(state in {2, 3} for state in told)
    if 0 in told and 1 in told:
        return "partial", not unseen
    down = "at least partial" if unseen else "total"
    return down if 0 in told else "", bool(told) and not unseen


@given(st.lists(SAMPLES, min_size=1, max_size=3))
def test_what_is_told_of_each_second_is_what_the_samples_say_of_it(monitors):
    log = monitoring.parse(page(**{str(number): values for number, values in enumerate(monitors)}), "web")
    heaviest = {1: 0, 2: 1, 3: 1, 0: 2}
    parts = [dict(sorted(values, key=lambda one: heaviest[one[1]])) for values in monitors if values]
    if not parts:
        assert log.gaps
        return
    end = max((one.end for one in log.watched), default=0)
    outages = [(one.started_at, one.ended_at or end, SCOPES[one.total]) for one in log.outages]
    edges = {
        t + by
        for one in parts
        for sample in one
        for t in (sample, sample + holds(one), seen_until(one), ends(one))
        for by in (-1, 0)
    }
    for t in edges | {edge for start, stop, _ in outages for edge in (start, stop - 1, stop)}:
        scope, seen = brute(parts, t)
        assert [what for start, stop, what in outages if start <= t < stop] == ([scope] if scope else [])
        assert any(one.start <= t < one.end for one in log.watched) == seen


def spans(log, end):
    """Return every second that a log tells of, with what it tells."""
    outages = ((one.total, one.started_at, end if one.ended_at is None else one.ended_at) for one in log.outages)
    down = {(total, t) for total, start, stop in outages for t in range(start, stop)}
    return down | {("watched", t) for one in log.watched for t in range(one.start, one.end)}


def once(*several):
    """Return what several exports tell together: what one knows exactly, another one need not know."""
    together = set().union(*several)
    return {(what, t) for what, t in together if what is not None or not together & {(True, t), (False, t)}}


@settings(max_examples=40)
@given(st.lists(SAMPLES.filter(bool), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_exports_tell_together_what_each_of_them_tells_in_whatever_order_they_come(several, random):
    history, turned = History(), History()
    alone = [page(**{"1": values}) for values in several]
    for number, data in enumerate(alone):
        log = look(data, DAY + 7200 + number, history)
    end = max(one.end for one in log.watched) if log.watched else 0
    told_alone = [monitoring.parse(data, "web") for data in alone]
    ends = [max((one.end for one in one_log.watched), default=0) for one_log in told_alone]
    assert spans(log, end) == once(*(spans(one, stop) for one, stop in zip(told_alone, ends, strict=True)))
    random.shuffle(alone)
    for number, data in enumerate(alone):
        again = look(data, DAY + 7200 + number, turned)
    assert (again.outages, again.watched) == (log.outages, log.watched)


def test_an_outage_that_one_export_leaves_open_and_another_one_loses_sight_of_is_known_until_then_in_either_order():
    exports = [page(**{"1": [(DAY, 0), (DAY + 301, 0)]}), page(**{"1": [(DAY + 301, 0), (DAY + 601, 2)]})]
    found = []
    for order in (exports, exports[::-1]):
        history = History()
        for number, data in enumerate(order):
            log = look(data, DAY + 7200 + number, history)
        found.append(log.outages)
    assert found[0] == found[1]
    assert found[0][-1].ended_at == DAY + 601


# Exports that are cut anywhere


def test_an_export_that_ends_within_an_outage_invents_no_downtime():
    whole = every(60, DAY, DAY + 3600) | {DAY + 600: 0, DAY + 660: 0}
    for overlap in (0, 60, 600):  # the second one begins where the first one ends, or before
        history = History()
        look(answer(series({t: up for t, up in whole.items() if t <= DAY + 660})), DAY + 690, history)
        first = DAY + 720 - overlap
        log = look(answer(series({t: up for t, up in whole.items() if t >= first})), DAY + 3660, history)
        assert told(log) == [("total", DAY + 600, DAY + 720)]
        assert watched(log) == [(DAY, DAY + 3600)]


def pieces(parts: list[dict[int, int]], cuts: list[tuple[int, int]]) -> set:
    """Return what exports of ``parts``, each from one instant to another, tell together."""
    history, log, end = History(), None, 0
    for number, (first, last) in enumerate(cuts):
        shown = [{t: up for t, up in one.items() if first <= t < last} for one in parts]
        if not any(shown):
            continue
        log = look(
            page(**{str(name): [*one.items()] for name, one in enumerate(shown)}), DAY + 90_000 + number, history
        )
        end = max([one.end for one in log.watched], default=0)
    return spans(log, end) if log else set()


@st.composite
def sampled(draw: st.DrawFn) -> tuple[int, list[dict[int, int]]]:
    """Draw the step and the samples of a few parts that are sampled regularly, one after the other."""
    step = draw(st.sampled_from([10, 60, 150]))
    count = draw(st.integers(2, 20))
    starts = draw(st.lists(st.integers(0, step - 1), min_size=1, max_size=3))
    states = st.lists(st.sampled_from([1, 0, 1, 0, 2]), min_size=count, max_size=count)
    return step, [dict(zip(range(DAY + first, DAY + 9000, step), draw(states), strict=False)) for first in starts]


CUTS = st.lists(st.tuples(st.integers(-200, 3000), st.integers(0, 3000)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(sampled(), CUTS)
def test_no_way_of_cutting_an_export_adds_downtime_or_watched_time(parts, cuts):
    _, samples = parts
    whole = pieces(samples, [(DAY - 1, DAY + 9000)])
    told_by_cuts = pieces(samples, [(DAY + first, DAY + first + length) for first, length in cuts])
    # What a cut lost sight of was down all the same, wholly or in part.
    inexact = {one for one in told_by_cuts if one[0] is None}
    assert told_by_cuts - inexact <= whole
    assert all(whole & {(what, t) for what in SCOPES} for _, t in inexact)


@settings(max_examples=100, deadline=None)
@given(sampled(), st.lists(st.integers(4, 12), min_size=1, max_size=6))
def test_exports_that_overlap_enough_tell_all_that_the_whole_tells(parts, lengths):
    step, samples = parts
    cuts, first = [], DAY - 1
    for length in lengths:
        cuts.append((first, first + length * step))
        first += (length - 3) * step
    cuts.append((first, DAY + 9000))
    assert pieces(samples, cuts) == pieces(samples, [(DAY - 1, DAY + 9000)])


@settings(max_examples=100, deadline=None)
@given(sampled(), st.sets(st.integers(0, 19), max_size=6), CUTS)
def test_what_was_missed_is_not_invented_where_an_export_is_cut(parts, missed, cuts):
    step, (one, *_) = parts
    one = {t: up for number, (t, up) in enumerate(sorted(one.items())) if number not in missed}
    assume(usual(one) == step)
    spread = [(DAY + first, DAY + first + length) for first, length in cuts]
    # A piece in which hardly a sample follows another takes its holes for the usual step.
    assume(all(usual({t: up for t, up in one.items() if first <= t < last}) in {0, step} for first, last in spread))
    assert pieces([one], spread) <= pieces([one], [(DAY - 1, DAY + 9000)])


def test_what_to_do_about_an_export_that_is_missing_or_too_large_is_not_what_to_do_about_a_log(monkeypatch):
    monkeypatch.setattr("drcheck.readers.logs.log_file.LARGEST_LOG", 64)
    large = look(answer(series(every(60, DAY, DAY + 600))), NOW)
    missing = outage_log.read(Place(), EXPORT, "up.json", LookRequest(LONG_AGO, NOW, 300, "web"))
    assert [one.look.gaps[0].hint for one in (large, missing)] == [
        "Export a shorter range, more often.",
        "Have it exported there, or correct the source's path.",
    ]
    assert [len(one.look.gaps) for one in (large, missing)] == [1, 1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["0", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "result", "resultType", "values", "heartbeatList", "time", "monitorID"]),
            inner | st.sampled_from(["success", "matrix", "2026-11-20 00:00:00"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"heartbeatList":' * 50_000)
@example(b'{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[9e18, "0"]]}]}}')
def test_no_bytes_make_a_parser_fail_or_tell_of_what_has_not_been(data):
    log = monitoring.parse(data, "web", NOW)
    assert all(gap.hides for gap in log.gaps)
    assert all(one.end <= NOW for one in log.watched)
    assert not (log.gaps and (log.outages or log.watched))
    monitoring.parse(data, "web")
