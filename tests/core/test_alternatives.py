"""Which ways there are to read what is alike, and what is known where they do not agree."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from test_history import SOURCE, candidate, seen

from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.alternatives import agreed, other_readings
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Window

WINDOW = Window(0, 100)


def part(name: str):
    """Return a source's share of which nobody knows whether its two names are one backup."""
    history = seen((100, [candidate("a", 10, checksum="x"), candidate("b", 20, checksum="x")]))
    return replace(parts_of(history, SOURCE, clock_tolerance=300)["db"], alike=f"{name} is alike")


@pytest.mark.parametrize(
    ("names", "ways"),
    [
        ("", []),
        ("a", ["a"]),
        ("ab", ["ab", "a", "b"]),
        ("abc", ["abc", "a", "b", "c"]),
    ],
)
def test_two_sources_are_read_in_every_way_and_more_all_at_once_and_each_alone(names: str, ways: list[str]):
    doubtful = {name: part(name) for name in names}
    sure = replace(part("a"), otherwise=None)
    found = list(other_readings(doubtful | {"sure": sure}))
    assert [alike for _, alike in found] == [f"{way[0]} is alike" for way in ways]
    for (read, _), way in zip(found, ways, strict=True):
        assert read["sure"] is sure
        assert {name for name in names if read[name] is doubtful[name].otherwise} == set(way)
        assert {name for name in names if read[name] is doubtful[name]} == set(names) - set(way)


def finding(status: Status, reason: str) -> Finding:
    return Finding("db", (Piece(0, 100, status, reason),), reason=reason, at_risk=True)


def test_what_keeps_either_answer_from_being_known_is_told_with_the_doubt():
    met, breached = finding(Status.MET, "kept"), finding(Status.BREACHED, "late")
    unknown = finding(Status.UNKNOWN, "not seen")
    assert agreed(WINDOW, met, met, "doubt").reason == "kept"
    assert agreed(WINDOW, met, breached, "doubt").reason == "doubt"
    assert agreed(WINDOW, met, unknown, "doubt").reason == "not seen; and doubt"
    assert agreed(WINDOW, unknown, met, "doubt").reason == "not seen; and doubt"
    assert agreed(WINDOW, unknown, unknown, "doubt").reason == "not seen"
    assert agreed(WINDOW, finding(Status.UNKNOWN, "doubt"), met, "doubt").reason == "doubt"
    assert not agreed(WINDOW, met, breached, "doubt").at_risk
