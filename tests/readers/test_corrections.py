"""Lines that nobody could read, and the later records that correct them: the log itself is never rewritten."""

from __future__ import annotations

import json

import pytest
from paged_place import source

from drcheck.readers.logs import attestations, line_reader, maintenance_log, outage_log, restore_log
from drcheck.registry import READERS

OUTAGES = outage_log.parser(source(path="status/outages.csv", reader=READERS["outage-log"]))
OUTAGE = {"outage": "o1", "service": "web", "started_at": "2026-09-01T07:00:00Z", "ended_at": "2026-09-01T08:00:00Z"}
BROKEN = {**OUTAGE, "scope": "Total"}
COLUMNS = "outage,service,started_at,ended_at,notes,corrects"


def lines(*written: dict | str) -> bytes:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in written).encode()


def table(*rows: str, header: str = COLUMNS) -> bytes:
    return "".join(row + "\n" for row in (header, *rows)).encode()


def gaps(log) -> list[tuple[int, str]]:
    return [(gap.line, gap.what) for gap in log.gaps]


def ids(log) -> list[str]:
    return [one.id for one in log.outages]


def test_the_hint_of_a_malformed_line_tells_how_it_is_corrected():
    (gap,) = outage_log.parse(lines(OUTAGE, BROKEN), "web").gaps
    assert gap.hint == 'Append the right record with "corrects": 2; the log is never rewritten.'


@pytest.mark.parametrize("broken", [BROKEN, "x", "[1]", {"down": True}, '{"outage": "a", "outage": "b"}', "\x1b[2J"])
def test_a_record_that_corrects_a_line_takes_its_gap_away(broken):
    log = outage_log.parse(lines(broken, {**OUTAGE, "corrects": 1}), "web")
    assert (ids(log), log.gaps) == (["o1"], ())
    # When it was written, nobody can tell: at some time after what it corrects.
    assert (log.outages[0].line, log.corrections) == (2, {2: 1})


def test_every_log_takes_corrections():
    told = {
        restore_log.parse: {"announces": "t1", "announced_at": "2026-09-01T07:00:00Z"},
        outage_log.parse: {"watched": {"from": "2026-09-01T07:00:00Z", "to": "2026-09-02T07:00:00Z"}},
        maintenance_log.parse: {
            "maintenance": "m1",
            "service": "web",
            "type": "planned",
            "starts_at": "2026-09-01T07:00:00Z",
            "ends_at": "2026-09-02T07:00:00Z",
        },
        attestations.parse: {
            "attests": "uptime",
            "service": "web",
            "statement": "it is so",
            "by": "anna",
            "at": "2026-09-01T07:00:00Z",
            "expires_at": "2027-09-01T07:00:00Z",
        },
    }
    for parse, record in told.items():
        assert gaps(parse(lines("x"), "web")) == [(1, "it is not a JSON object")]
        log = parse(lines("x", {**record, "corrects": 1}, "y", {"corrects": 3}), "web")
        assert log.gaps == ()
        assert any((log.announcements, log.watched, log.maintenance, log.attestations))


@pytest.mark.parametrize("more", [{}, {"by": "anna"}, {"notes": "a stray line"}, {"by": "anna", "notes": None}])
def test_a_correction_alone_says_that_the_line_tells_nothing(more):
    log = outage_log.parse(lines(OUTAGE, "x", {"corrects": 2, **more}), "web")
    assert (ids(log), log.gaps) == (["o1"], ())


@pytest.mark.parametrize(
    ("corrects", "what"),
    [
        (1, "corrects names line 1, which could be read: what it tells stands"),
        (3, "corrects is not the number of an earlier line"),
        (4, "corrects is not the number of an earlier line"),
        (0, "corrects is not the number of an earlier line"),
        (-2, "corrects is not the number of an earlier line"),
        (10**400, "corrects is not the number of an earlier line"),
        (True, "corrects is not the number of an earlier line"),
        (2.0, "corrects is not the number of an earlier line"),
        ("2", "corrects is not the number of an earlier line"),
        ([2], "corrects is not the number of an earlier line"),
    ],
)
def test_a_correction_of_what_needs_none_is_malformed_and_tells_nothing(corrects, what):
    log = outage_log.parse(lines(OUTAGE, "x", {**OUTAGE, "outage": "o2", "corrects": corrects}), "web")
    assert (ids(log), gaps(log)) == (["o1"], [(2, "it is not a JSON object"), (3, what)])


@pytest.mark.parametrize("more", [{"ticket": 17}, {"by": 17}, {"scope": "total"}, {"service": "web"}])
def test_a_correction_that_is_no_record_leaves_the_gap_and_is_one_itself(more):
    log = outage_log.parse(lines("x", {"corrects": 1, **more}), "web")
    assert [line for line, _ in gaps(log)] == [1, 2]


def test_a_correction_can_be_corrected_if_it_could_not_be_read():
    told = ["x", {**BROKEN, "corrects": 1}, {**OUTAGE, "corrects": 1}]
    log = outage_log.parse(lines(*told), "web")
    assert (ids(log), [line for line, _ in gaps(log)]) == (["o1"], [2])
    log = outage_log.parse(lines(*told, {"corrects": 2}), "web")
    assert (ids(log), log.gaps) == (["o1"], ())


def test_a_correction_can_close_an_outage():
    begun = {key: value for key, value in OUTAGE.items() if key != "ended_at"}
    log = outage_log.parse(lines(begun, BROKEN, {**OUTAGE, "corrects": 2}), "web")
    assert [(one.id, one.line) for one in log.outages] == [("o1", 3)]
    assert log.gaps == ()


def test_a_line_that_another_service_has_to_correct_is_no_matter_of_ours():
    theirs = {**BROKEN, "service": "other"}
    for correction in ({"corrects": 1}, {**OUTAGE, "service": "other", "corrects": 1}):
        written = lines(theirs, OUTAGE, correction)
        assert outage_log.parse(written, "web").gaps == ()
        assert outage_log.parse(written, "other").gaps == ()
    # What nobody could read was theirs, as it turns out; and their correction had to be corrected itself.
    written = lines("x", {**theirs, "corrects": 1}, {**theirs, "scope": "total", "corrects": 1}, {"corrects": 2})
    assert outage_log.parse(written, "web").gaps == ()
    assert outage_log.parse(written, "other").gaps == ()


def test_a_line_that_is_still_being_written_corrects_nothing():
    log = outage_log.parse(lines("x") + b'{"corrects": 1}', "web")
    assert [line for line, _ in gaps(log)] == [1, 2]


# As CSV


def test_a_row_corrects_a_line_by_its_column():
    log = OUTAGES(table("o1,web,then,,,", "o1,web,2026-09-01T07:00:00Z,,,2", "x", ",,,,a stray line,4"), "web", 2**60)
    assert (ids(log), log.gaps) == (["o1"], ())
    log = OUTAGES(table("o1,web,then,,,", "o1,web,2026-09-01T07:00:00Z,,,x"), "web", 2**60)
    assert gaps(log)[1] == (3, "corrects is not the number of an earlier line")
    assert log.gaps[1].hint == "Append the right row with 3 in its column corrects; the log is never rewritten."
    assert gaps(OUTAGES(table("o1,web,2026-09-01T07:00:00Z,,,1"), "web", 2**60)) == [
        (2, "corrects names line 1, which could be read: what it tells stands")
    ]


def test_without_the_column_the_hint_says_how_to_go_on():
    (gap,) = OUTAGES(table("x", header=COLUMNS.removesuffix(",corrects")), "web", 2**60).gaps
    assert gap.hint == (
        "Its header has no column corrects: begin a new log that has one, as a source of its own; no log is rewritten."
    )


def test_each_line_that_quotes_hold_has_to_be_corrected():
    """Else to correct the first would silently drop what the quotes took from the others."""
    opened, held = 'o1,web,2026-09-01T07:00:00Z,,"disk,', "o2,web,2026-09-02T07:00:00Z,,,"
    log = OUTAGES(table(opened, held), "web", 2**60)
    why = "it is held by quotes that line 2 opens and nothing closes: a line of one double quote does"
    assert gaps(log) == [(2, why), (3, why)]
    log = OUTAGES(table(opened, held, '"'), "web", 2**60)
    assert gaps(log) == [(line, "it is held by the quotes of line 2 to line 4") for line in (2, 3, 4)]
    mended = [held.replace("o2", "o1") + "2", held + "3", ",,,,,4"]
    log = OUTAGES(table(opened, held, '"', *mended), "web", 2**60)
    assert (ids(log), log.gaps) == (["o1", "o2"], ())


# Very many


def test_very_many_malformed_lines_are_told_in_a_bounded_way_from_the_first_to_the_last():
    log = outage_log.parse(b"x\n" * 5000 + lines(OUTAGE), "web")
    assert len(log.gaps) == line_reader.MOST_GAPS - 1
    more = 5000 - line_reader.MOST_GAPS + 3
    assert [(gap.line, gap.what) for gap in log.gaps[-2:]] == [
        (line_reader.MOST_GAPS - 2, f"it is the first of {more} more lines that cannot be read"),
        (5000, f"it is the last of {more} more lines that cannot be read"),
    ]
    assert ids(log) == ["o1"]


def test_very_many_malformed_lines_can_all_be_corrected():
    bad = 2 * line_reader.MOST_GAPS
    mended = [{"corrects": line} for line in range(1, bad + 1)]
    assert outage_log.parse(lines(*["x"] * bad, *mended), "web").gaps == ()
    left = outage_log.parse(lines(*["x"] * bad, *mended[: bad // 2], *mended[bad // 2 + 1 :]), "web")
    assert gaps(left) == [(bad // 2 + 1, "it cannot be read, like many before it")]
