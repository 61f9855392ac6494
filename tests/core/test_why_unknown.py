"""What is said of an instant that is not known well enough names the settings that would settle it, and no others."""

from __future__ import annotations

from array import array

from msgspec.structs import replace
from points import DAY, Point, at, part, subject

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.evaluation.why_unknown import uncertain
from drcheck.core.kinds import rpo
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window


def test_of_an_arrival_that_is_not_known_the_settings_are_named_for_files_moved_files_and_uploads():
    points = part("dumps", [Point(-24, -23, arrived_by=-20)]).points
    assert uncertain(points, 0, at(-22)) == (
        "dumps-0 at dumps arrived somewhere between 2026-03-26T01:00:00Z and 2026-03-26T04:00:00Z; on the source "
        "`available_at: mtime` would settle when, if nothing there keeps older times, or `available_at: name` if it was "
        "moved; for an upload to S3 in parts, last_modified of the connection or max_duration"
    )


def test_of_an_hour_that_comes_twice_names_in_utc_or_with_their_offset_are_proposed():
    points = part("dumps", [Point(-24, -22)]).points
    points = replace(points, data_hi=array("q", [at(-23)]))
    why = uncertain(points, 0, at(-21))
    assert "in UTC or with its offset (%z): local time without one cannot tell an hour that comes twice" in why


def test_what_was_not_seen_since_is_told_apart_from_what_was_taken_to_stand_meanwhile():
    points = part("dumps", [Point(-24, -23, gone=(-12, None))]).points
    last = "dumps-0 at dumps was last seen 2026-03-26T11:59:59Z, and whether it still stands is not known"
    assert uncertain(points, 0, at(-12)) == last
    taken = replace(points, taken_until=at(-12))
    assert "is taken to stand until 2026-03-26T12:00:00Z (seen_every), and was not seen since" in (
        uncertain(taken, 0, at(-12))
    )
    assert uncertain(replace(points, taken_until=at(-11)), 0, at(-12)) == last


def test_of_a_place_that_was_never_looked_at_no_first_look_is_told():
    window = Window(at(0), at(48))
    for looks, told in (((), False), ((96,), True)):
        finding = rpo.evaluate(Rpo("rpo", ("dumps",), at_most=DAY), subject(part("dumps", [], looks)), Terms(), window)
        assert finding.status is Status.UNKNOWN
        assert ("drcheck first looked" in finding.reason) is told
