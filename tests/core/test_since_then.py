"""What of a period is not any more as it was, out of looks that came one after the other."""

from __future__ import annotations

from drcheck.core.history.difference import difference
from drcheck.core.history.log_lines import dated
from drcheck.core.history.looks import Looks
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.since_then import changes
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Gap, Look
from drcheck.core.model.log_records import Log, Outage
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.since_then import LaterEvent
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
T = 1774569600  # 2026-03-27T00:00Z
PERIOD = Window(T, T + 10 * DAY)
SOURCE = Source("dumps", "host", "", READERS["objects"], ("orders",), max_duration=HOUR)
RPO = Rpo("rpo", ("dumps",), at_most=DAY)
KEPT = Retention("kept", ("dumps",), keep=30 * DAY)
GAP = Gap("the host is down")


def dump(day: float, *, name: str = "", arrived: float | None = None, checksum: str = "", data: float | None = None):
    data = T + int(DAY * (day if data is None else data))
    available = data + HOUR // 2 if arrived is None else T + int(DAY * arrived)
    return Candidate(name or f"dump-{day}", "orders", "", data, data, available, available, 100, checksum, True)


def seen(*looks, source=SOURCE):
    """Return what looks come to: each a day, and what stood then, or a gap."""
    history = History()
    for day, shown in looks:
        begin = T + int(DAY * day)
        gaps = (shown,) if isinstance(shown, Gap) else ()
        look = Look("dumps", begin, begin, gaps=gaps)
        history.apply(difference(history, Observation(look, () if gaps else shown)))
    parts = parts_of(history, source, clock_tolerance=300, until=PERIOD.end)
    return {"dumps": SourceEvidence(Standing.STORAGE, parts, looks=history.looks)}


def policy(*commitments):
    return Policy("shop", "shop.yaml", "", "", "UTC", {"dumps": SOURCE}, commitments)


def changed(policy, commitment, evidence, window):
    return changes(policy, evidence, window)[commitment.id]


def told(evidence, commitment=RPO, *others, window=PERIOD):
    return [
        (one.what, one.name, day(one.last_seen), day(one.first_missed), day(one.not_yet_at), day(one.first_seen))
        for one in changed(policy(commitment, *others), commitment, evidence, window)
    ]


def day(instant):
    return None if instant is None else (instant - T) / DAY


def test_nothing_is_named_where_all_is_as_it_was():
    dumps = [dump(1), dump(5)]
    assert told(seen((0, []), (2, dumps[:1]), (6, dumps), (11, dumps))) == []


def test_what_was_pruned_is_named_with_when_it_was_last_seen_and_first_missed():
    dumps = [dump(1), dump(5)]
    found = told(seen((2, dumps[:1]), (6, dumps), (11, dumps), (12, dumps[1:])))
    assert found == [(LaterEvent.GONE, "dump-1", 11, 12, None, None)]


def test_what_went_before_the_period_or_came_after_it_is_not_named():
    dumps = [dump(-5), dump(5), dump(11)]
    looks = seen((-4, dumps[:1]), (-3, []), (6, dumps[1:2]), (12, dumps[1:]), (13, dumps[1:2]))
    assert told(looks) == []


def test_only_what_a_promise_still_kept_was_deleted_early():
    dumps = [dump(1), dump(1.5, name="second"), dump(2)]
    looks = seen((3, dumps), (11, [dumps[0]]), (12, []))
    kept = Retention("kept", ("dumps",), keep=9 * DAY)
    assert told(looks, RPO, KEPT)[:3] == [
        (LaterEvent.DELETED_EARLY, "dump-1", 11, 12, None, None),
        (LaterEvent.DELETED_EARLY, "second", 3, 11, None, None),
        (LaterEvent.DELETED_EARLY, "dump-2", 3, 11, None, None),
    ]
    # The first day is owed until day 10 and was kept longer; the second one until day 11.
    assert [what for what, *_ in told(looks, RPO, kept)] == [LaterEvent.DELETED_EARLY, LaterEvent.GONE, LaterEvent.GONE]
    assert {what for what, *_ in told(looks, RPO)} == {LaterEvent.GONE}


def test_what_was_deleted_early_of_the_last_day_is_named_though_later_backups_stand():
    dumps = [dump(9.5), dump(11)]
    found = told(seen((9.8, dumps[:1]), (11.5, dumps), (12, dumps[1:]), (13, dumps[1:])), KEPT)
    assert (LaterEvent.DELETED_EARLY, "dump-9.5", 11.5, 12, None, None) in found


def test_what_a_backup_from_after_the_period_may_keep_the_slot_of_was_not_deleted_early():
    monthly = Retention("kept", ("dumps",), keep=60 * DAY, per=Per.MONTH)
    abroad = Retention("kept", ("dumps",), keep=60 * DAY, zone="America/New_York")
    dumps = [dump(3), dump(8), dump(10.5)]  # the period ends in April, as UTC counts
    looks = seen((9, dumps[:2]), (11, dumps), (12, dumps[2:]))
    assert [(what, name) for what, name, *_ in told(looks, monthly)] == [
        (LaterEvent.DELETED_EARLY, "dump-3"),
        (LaterEvent.GONE, "dump-8"),
    ]
    late = [dump(9.9), dump(10.1)]
    assert told(seen((9.95, late[:1]), (11, late), (12, late[1:])), abroad)[0][:2] == (LaterEvent.GONE, "dump-9.9")


def test_a_backup_that_comes_after_the_period_with_data_of_it_is_late_or_back_dated():
    dumps = [dump(1), dump(3, arrived=3.01)]
    found = told(seen((2, dumps[:1]), (9, dumps[:1]), (11, dumps[:1]), (12, dumps)))
    assert found == [(LaterEvent.LATE_BACKUP, "dump-3", None, None, 11, 12)]


def test_what_nobody_looked_for_before_the_period_was_over_is_first_seen_since():
    dumps = [dump(1), dump(9.9)]
    assert told(seen((9, dumps[:1]), (11, dumps))) == [(LaterEvent.SEEN_SINCE, "dump-9.9", None, None, 9, 11)]


def test_the_same_content_under_a_newer_date_is_re_dated():
    old, copy = dump(1, checksum="a"), dump(6, name="copy", checksum="a")
    assert told(seen((2, [old]), (7, [old, copy]))) == [(LaterEvent.RE_DATED, "copy", None, None, 2, 7)]


def test_what_was_re_dated_after_the_period_is_named_and_was_not_deleted():
    old, copy = dump(1, checksum="a"), dump(11, name="copy", checksum="a")
    re_dated = (LaterEvent.RE_DATED, "copy", None, None, 9, 12)
    assert told(seen((9, [old]), (12, [old, copy]))) == [re_dated]
    gone = (LaterEvent.GONE, "dump-1", 9, 12, None, None)
    assert told(seen((9, [old]), (12, [copy])), KEPT) == [re_dated, gone]
    other = dump(11, name="copy", checksum="b")
    assert told(seen((9, [old]), (12, [old, other]))) == []


def test_a_backup_whose_time_is_touched_is_re_dated():
    old = dump(1, name="latest", checksum="a")
    assert told(seen((2, [old]), (7, [dump(5, name="latest", checksum="a")]))) == [
        (LaterEvent.RE_DATED, "latest", 2, None, None, 7)
    ]


def test_what_was_overwritten_is_gone():
    old = dump(1, name="latest", checksum="a")
    for by, at in ((dump(5, name="latest", checksum="b"), 7), (dump(11, name="latest", checksum="b"), 12)):
        (change,) = changed(policy(RPO), RPO, seen((2, [old]), (at, [by])), PERIOD)
        assert (change.what, change.told, day(change.last_seen)) == (LaterEvent.GONE, "overwritten", 2)
    missed = seen((2, [old]), (3, []), (7, [dump(5, name="latest", checksum="b")]))
    (change,) = changed(policy(RPO), RPO, missed, PERIOD)
    assert (change.what, change.told, day(change.first_missed)) == (LaterEvent.GONE, "", 3), "it was gone before"


def test_a_gap_that_a_later_look_healed_is_named():
    dumps = [dump(1)]
    looks = seen((2, dumps), (3, GAP), (4, GAP), (12, dumps), (13, GAP))
    assert told(looks) == [(LaterEvent.HEALED, "", None, None, 3, 12), (LaterEvent.HEALED, "", None, None, 4, 12)]
    assert told(seen((2, dumps), (3, GAP))) == []


def test_a_line_that_came_after_a_look_that_should_have_shown_it_is_late():
    outages = tuple(
        Outage(f"o{line}", line, T + DAY * start, T + DAY * start + HOUR, total=True, cause="")
        for line, start in ((1, 1), (2, 9), (3, 2), (4, 12))
    )
    raw = b"x\n" * 4
    looks = [Look("log", T + DAY * at, T + DAY * at, size=size) for at, size in ((2, 2), (8, 2), (11, 6), (13, 8))]
    log = dated(Log(outages=outages, known_until=T + 13 * DAY), raw, looks)
    found = told({"dumps": SourceEvidence(Standing.LOG, log=log, looks=Looks(looks))})
    assert found == [
        (LaterEvent.LATE_LINE, "line 3", None, None, 8, 11),
        (LaterEvent.SEEN_SINCE, "line 2", None, None, 8, 11),
    ]


def test_only_lines_of_the_period_are_named_whatever_stands_before_them_in_the_log():
    ends = {1: PERIOD.start - 1, 2: PERIOD.end, 3: PERIOD.end - 1, 4: PERIOD.start}
    outages = tuple(Outage(f"o{line}", line, end - HOUR, end, total=True, cause="") for line, end in ends.items())
    looks = [Look("log", T + DAY * at, T + DAY * at, size=size) for at, size in ((-2, 0), (11, 8))]
    log = dated(Log(outages=outages, known_until=T + 11 * DAY), b"x\n" * 4, looks)
    found = told({"dumps": SourceEvidence(Standing.LOG, log=log, looks=Looks(looks))})
    assert [name for _, name, *_ in found] == ["line 3", "line 4"]


def test_a_line_of_the_second_of_a_look_that_did_not_show_it_is_late():
    raw = b"x\n"
    looks = [Look("log", T + DAY * at, T + DAY * at, size=size) for at, size in ((8, 0), (9, 2))]
    for ended, expected in ((0, [(LaterEvent.LATE_LINE, "line 1", None, None, 8, 9)]), (1, [])):
        outage = Outage("o", 1, T + 8 * DAY - HOUR, T + 8 * DAY + ended, total=True, cause="")
        log = dated(Log(outages=(outage,), known_until=T + 9 * DAY), raw, looks)
        assert told({"dumps": SourceEvidence(Standing.LOG, log=log, looks=Looks(looks))}) == expected


def test_what_stood_in_the_period_and_went_in_it_is_named_though_its_data_is_older():
    old, new = dump(-5), dump(5)
    found = told(seen((-4, [old]), (1, [old]), (2, []), (6, [new])))
    assert found == [(LaterEvent.GONE, "dump--5", 1, 2, None, None)]
