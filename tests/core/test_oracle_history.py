"""Looks turned into columns, against what the worlds of the oracle say of them without any history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from oracle import worlds
from oracle.cases import COARSE
from oracle.profiles import thoroughly
from oracle.worlds import Place, Truth

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import FOREVER, Candidate
from drcheck.core.model.observation import Observation
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Source
from drcheck.registry import READERS

CERTAIN = worlds.places("dumps", COARSE, most=5, certain_data=True)
FLEETING = worlds.places("dumps", COARSE, most=6, certain_data=True, fleeting=True)


def shown(truth: Truth) -> Candidate:
    below, above = truth.arrival_doubt
    return Candidate(
        truth.path or truth.name, "orders", "", truth.data, truth.data, truth.arrived - below, truth.arrived + above,
        truth.size if truth.counts else 0, truth.name, complete=True,
    )  # fmt: skip


def history_of(place: Place) -> History:
    history = History()
    for look in sorted(place.looks, key=lambda look: look.begin):
        candidates = [
            shown(truth)
            for truth in place.truths
            if truth.stands(look.begin)
            and ((look.complete and look.asked_from <= truth.data) or (look.begin, truth.name) in place.shown_by_gaps)
        ]
        history.apply(difference(history, Observation(look, candidates)))
    return history


def rows(points: Points, names: list[str]) -> list[tuple[object, ...]]:
    return sorted(
        (
            name, points.data_lo[row], points.available_lo[row], points.available_hi[row], points.gone_lo[row],
            points.gone_hi[row], points.held_until.get(row), row not in points.why_not,
        )
        for row, name in enumerate(names)
    )  # fmt: skip


@thoroughly
@given(st.one_of(CERTAIN, FLEETING))
def test_looks_one_after_the_other_come_to_what_the_rules_say_of_them_all(place: Place):
    source = Source("dumps", "host", "", READERS["objects"], ("orders",), thinned_after=place.thinned_after, min_size=1)
    part = parts_of(history_of(place), source, clock_tolerance=300)["orders"]
    expected = place.part()
    assert rows(part.points, list(part.points.checksum)) == rows(expected.points, list(expected.points.name))
    assert part.absence.complete == expected.absence.complete
    assert part.absence.turnovers == expected.absence.turnovers


@thoroughly
@given(FLEETING, st.integers(0, 8))
def test_a_history_goes_on_from_its_records_as_if_it_had_never_stopped(place: Place, after: int):
    live, records = History(), []
    for number, look in enumerate(sorted(place.looks, key=lambda look: look.begin)):
        if number == after:
            live = History.of(records)
        candidates = [shown(truth) for truth in place.truths if truth.stands(look.begin)]
        record = difference(live, Observation(look, candidates if look.complete else candidates[:1]))
        live.apply(record)
        records.append(record)
    source = Source("dumps", "host", "", READERS["objects"], ("orders",))
    assert parts_of(live, source, clock_tolerance=300) == parts_of(History.of(records), source, clock_tolerance=300)
    assert all(seen.gone_hi == FOREVER for seen in live.standing.values())
