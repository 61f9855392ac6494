"""What stands is a row until somebody asks for it as an object; nobody can tell which of them it is."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.history.sightings import STRETCH, Sighting, stretch_of
from drcheck.core.history.source_history import History
from drcheck.core.history.standing_sightings import StandingSightings
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.policy import Identical, Source
from drcheck.registry import READERS

LOOK, HOUR = 10 * STRETCH, 3600
CANDIDATES = st.lists(
    st.builds(
        lambda name, of, age, came, checksum: Candidate(
            name, of, "", LOOK - age, LOOK - age, LOOK - age + came, LOOK - age + came, 7, checksum, complete=True
        ),
        st.sampled_from("abcdef"),
        st.sampled_from(["db", "files"]),
        st.integers(1, 3 * STRETCH),
        st.integers(-HOUR, 2 * HOUR),
        st.sampled_from(["", "x", "y"]),
    ),
    unique_by=lambda one: one.name,
    max_size=6,
)
CHOSEN = st.sets(st.sampled_from("abcdef"))


def rows_and_objects(candidates):
    """Return the same as rows and as objects."""
    columns = CandidateColumns.made_of(candidates)
    rows = StandingSightings()
    rows.add(columns, columns.available_lo, array("q", columns.available_hi), LOOK)
    objects = {
        one.name: Sighting(one, one.data_lo, one.data_hi, one.available_lo, one.available_hi, LOOK, LOOK)
        for one in candidates
    }
    return rows, objects


@given(CANDIDATES, CHOSEN, CHOSEN, CANDIDATES)
def test_rows_answer_as_the_objects_would_that_they_stand_for(candidates, touched, seen, now):
    rows, objects = rows_and_objects(candidates)
    for name in sorted(touched & objects.keys()):
        assert rows[name] == objects[name]
        assert rows[name] is rows[name] is rows.special(name)
    for name in sorted(seen):
        stretch = rows.see(name, LOOK + HOUR)
        assert stretch == (objects[name].stretch if name in objects else None)
        if name in objects:
            objects[name].last_seen = LOOK + HOUR
    assert list(rows) == list(objects)
    assert list(rows.peeks()) == list(objects.values())
    assert {name: rows.peek(name) for name in rows} == objects
    assert {one.shown.name for one in rows.specials()} == touched & objects.keys()
    assert dict(rows.data()) == {name: one.shown.data_lo for name, one in objects.items()}
    assert rows.stretches() == {one.stretch for one in objects.values()}
    first = {stretch_of(LOOK - STRETCH)}
    assert list(rows.peeks(first)) == [one for one in objects.values() if one.stretch in first]
    assert sorted(rows.writings()) == sorted((one.shown.of, LOOK, one.newest_data) for one in objects.values())
    table = rows.table()
    assert {table.name[row] for row in range(len(table))} == objects.keys() - touched
    shown = CandidateColumns.made_of(now)
    known = {name: one.shown for name, one in objects.items()}
    assert rows.unlike(shown) == [row for row, one in enumerate(now) if known.get(one.name) != one]


@given(CANDIDATES, CHOSEN)
def test_what_is_asked_for_as_an_object_is_the_same_as_before(candidates, touched):
    rows, _ = rows_and_objects(candidates)
    others, _ = rows_and_objects(candidates)
    for name in sorted(touched & rows.keys()):
        assert others[name] == rows.peek(name)
    assert rows == others
    for name in sorted(touched & rows.keys()):
        others[name].last_seen += 1
        assert rows != others
        del others[name], rows[name]
    assert rows == others


@given(CANDIDATES, CHOSEN, st.sampled_from([None, *Identical]))
def test_rows_are_judged_as_objects_are(candidates, touched, identical):
    record = LookChanges(Look("dumps", LOOK, LOOK), CandidateColumns.made_of(candidates))
    rows, objects = History.of([record]), History.of([record])
    for name in list(objects.standing):
        objects.standing[name]  # from now on an object
    for name in sorted(touched & rows.standing.keys()):
        rows.standing[name]
    source = Source("dumps", "disk", "", READERS["objects"], ("db", "files"), identical_dumps=identical)
    until = LOOK + HOUR
    assert parts_of(rows, source, clock_tolerance=0, until=until) == parts_of(
        objects, source, clock_tolerance=0, until=until
    )


def test_what_was_written_several_times_is_as_old_as_its_oldest_writing():
    shown = Candidate("a", "orders", "", 500, 500, 510, 510, 10, "", complete=True)
    first = Sighting(shown, 500, 500, 40, 510, 600, 600)
    again = Sighting(
        shown, 500, 500, 700, 710, 800, 800, rewritings=(first, Sighting(shown, 500, 500, 90, 710, 800, 800))
    )
    assert (first.oldest, again.oldest) == (40, 40)
