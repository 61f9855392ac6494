"""Between which looks the lines of a log appeared, and what one that nobody can read may tell."""

from __future__ import annotations

import json
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history.log_lines import Unread, appeared, dated, reaching, unread
from drcheck.core.history.look_order import in_order
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap, Look
from drcheck.core.model.log_records import Between, Log, Maintenance, Watched
from drcheck.readers.logs import maintenance_log, restore_log

LINES = (b"one\n", b"two\n", b"three\n", b"four")
GAP = Gap("the host is down")


def looks(*shown: tuple[int, int] | tuple[int, None]) -> list[Look]:
    """Return looks, each with its begin and how many bytes it showed; None: it failed."""
    return [Look("log", at, at, gaps=() if size is not None else (GAP,), size=size or 0) for at, size in shown]


def known(raw: bytes, several: list[Look], line: int) -> Between:
    log = dated(Log(maintenance=(Maintenance("m", line, "planned", None, 0, 1),)), raw, several)
    return log.maintenance[0].known


def test_a_record_appeared_between_the_look_that_did_not_show_its_line_and_the_first_that_did():
    raw = b"".join(LINES)
    several = looks((10, 0), (20, 4), (30, None), (40, 8), (50, 14))
    assert [known(raw, several, line) for line in (1, 2, 3)] == [Between(10, 20), Between(20, 40), Between(40, 50)]


def test_what_the_first_look_showed_may_have_stood_there_for_ever():
    assert known(b"one\n", looks((10, 4), (20, 4)), 1) == Between(LONG_AGO, 10)


def test_a_look_that_failed_shows_nothing_and_disproves_nothing():
    assert known(b"one\n", looks((10, None), (20, 4)), 1) == Between(LONG_AGO, 20)
    assert known(b"one\n", [], 1) == Between(LONG_AGO, FOREVER)


def test_a_line_that_a_look_showed_half_was_not_shown_by_it_and_its_record_was_not_there():
    assert known(b"one\ntwo\n", looks((10, 4), (20, 6), (30, 8)), 2) == Between(20, 30)


def test_a_line_that_nobody_can_read_may_have_been_written_when_a_look_showed_half_of_it():
    several = looks((10, 4), (20, 6), (30, 8))
    log = dated(Log(gaps=(Gap("x", line=2),), known_until=30), b"one\ntwo\n", several)
    assert unread(log, log.gaps[0]) == Unread(LONG_AGO, 30, 10)
    unended = dated(Log(gaps=(Gap("x", line=2),), known_until=20), b"one\ntw", several[:2])
    assert unread(unended, unended.gaps[0]) == Unread(LONG_AGO, 20, 10)


def test_a_clock_that_was_set_back_turns_no_pair_round():
    assert known(b"one\ntwo\n", looks((20, 4), (10, 8)), 2) == Between(10, 10)


def test_a_line_that_only_a_look_of_a_clock_ahead_of_time_showed_came_before_the_next_look():
    raw = b"one\ntwo\n"
    made = looks((10, 4), (900, 8), (20, None))
    complete = [look for look in in_order(made) if look.complete]
    assert known(raw, list(reaching(complete, len(raw), made[-1])), 2) == Between(10, 20)
    assert reaching(looks((10, 8)), len(raw), made[-1]) == looks((10, 8))


def test_what_an_unread_line_tells_lies_between_the_newest_instant_before_it_and_the_first_look_that_showed_it():
    told = (Watched(0, 100, 1), Watched(0, 50, 2), Watched(0, 400, 4))
    log = Log(watched=told, gaps=(Gap("x", line=3),), known_until=1000)
    assert unread(log, log.gaps[0]) == Unread(100, 1000, LONG_AGO)
    seen = dated(log, b"a\nb\nc\nd\n", looks((60, 2), (300, 6), (1000, 8)))
    assert unread(seen, seen.gaps[0]) == Unread(100, 300, 60)


def window(name: str, announced: str | None, **more: object) -> bytes:
    record = {
        "maintenance": name,
        "service": "web",
        "type": "planned",
        "announced_at": announced,
        "starts_at": "1970-01-01T00:05:00Z",
        "ends_at": "1970-01-01T00:10:00Z",
        **more,
    }
    return json.dumps(record).encode() + b"\n"


@pytest.mark.parametrize(
    ("looked", "announced"),
    [
        ((), Between(200, 200)),
        ((250,), Between(LONG_AGO, 400)),  # the look at 250 showed the line, which nobody could read
        ((150, 250), Between(151, 400)),
        ((150,), Between(200, 200)),  # when its own line came, nobody had looked since
    ],
)
def test_what_a_correction_announces_was_announced_with_its_line_or_with_the_one_that_it_corrects(looked, announced):
    broken = b'{"maintenance"\n'
    raw = broken + window("m", "1970-01-01T00:03:20Z", corrects=1)
    shown = [(at, 0 if at < 200 else len(broken)) for at in looked]
    log = dated(maintenance_log.parse(raw, "web", 1000), raw, looks(*shown, (400, len(raw))))
    assert log.gaps == ()
    assert log.maintenance[0].announced == announced


def test_announcements_of_restore_tests_are_dated_alike():
    raw = b'{"announces": "t1", "announced_at": "1970-01-01T00:01:00Z"}\n'
    for several, announced in (
        (looks((100, 0), (200, len(raw))), Between(101, 200)),
        (looks((50, 0), (200, len(raw))), Between(60, 60)),
    ):
        log = dated(restore_log.parse(raw, "web", 1000), raw, several)
        assert log.announcements[0].announced == announced


@given(
    st.lists(st.binary(max_size=3).map(lambda text: text.replace(b"\n", b"x") + b"\n"), max_size=6),
    st.lists(st.integers(0, 30), max_size=6),
    st.integers(0, 2),
)
def test_each_line_appeared_where_reading_what_each_look_showed_finds_it(lines, sizes, cut):
    raw = b"".join(lines)
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    sizes = [*sorted(min(size, len(raw)) for size in sizes), len(raw)]
    several = looks(*((10 * number, size) for number, size in enumerate(sizes, 1)))
    log = dated(Log(), raw, several)
    whole = [raw[:size].count(b"\n") for size in sizes]
    for line in range(1, raw.count(b"\n") + 1):
        first = bisect_left(whole, line)
        expected = Between(LONG_AGO if first == 0 else 10 * first, 10 * (first + 1))
        assert appeared(log.looks, line) == expected
    assert [one.ended for one in log.looks] == whole
    half = [size > 0 and raw[:size][-1:] != b"\n" for size in sizes]
    assert [one.begun - one.ended for one in log.looks] == half
