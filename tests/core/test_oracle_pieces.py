"""A directory that grows, is found whole and loses files, against the rule read to the letter, look by look."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from oracle.profiles import thoroughly

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import FOREVER, Candidate, Look, Pieces
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Source
from drcheck.registry import READERS

HOUR = 3600
BASE = 1_790_000_000
SOURCE = Source("dumps", "host", "", READERS["objects"], ("orders",), thinned_after=NEVER, min_size=1)


class File(NamedTuple):
    """One file of the directory: when it came, and when it went."""

    came: int
    went: int


FILES = st.lists(
    st.builds(
        lambda came, stood: File(BASE + came * 600, FOREVER if stood is None else BASE + (came + stood) * 600),
        st.integers(0, 40),
        st.none() | st.none() | st.integers(1, 30),
    ),
    max_size=4,
)
LOOKS = st.lists(st.integers(1, 60), min_size=1, max_size=7, unique=True).map(
    lambda steps: [BASE + step * 600 + 5 for step in sorted(steps)]
)


def shown(there: dict[int, File], begin: int) -> Candidate:
    newest = max(file.came for file in there.values())
    pieces = Pieces(b"".join(bytes((0, 0, 0, number)) for number in sorted(there)), young=begin - newest <= HOUR)
    return Candidate("d/", "orders", "", BASE, BASE, newest, newest, len(there), "", complete=True, pieces=pieces)


@thoroughly
@given(FILES, LOOKS)
def test_a_directory_counts_once_it_is_whole_and_is_in_doubt_once_a_file_went(files: list[File], looks: list[int]):
    files = [File(BASE, FOREVER), *files]
    seen = [{n: file for n, file in enumerate(files) if file.came <= at < file.went} for at in looks]
    history = History()
    for at, there in zip(looks, seen, strict=True):
        history.apply(difference(history, Observation(Look("dumps", at, at), [shown(there, at)])))
    points = parts_of(history, SOURCE, clock_tolerance=300)["orders"].points
    (row,) = points.counted()
    assert len(points) == 1

    whole = next((n for n in range(len(looks)) if _is_whole(seen, looks, n)), None)
    doubts = points.doubts.get(row, ())
    if whole is None:
        assert any("may come" in one.why for one in doubts)
        return
    arrived = max(file.came for file in seen[whole].values())
    before = [n for n in range(whole) if seen[n] != seen[whole]]
    # What a look showed otherwise had not arrived by then; what went while it grew makes nobody doubt.
    assert points.available_lo[row] == max(arrived, looks[before[-1]] if before else arrived)
    lost = next((n for n in range(whole + 1, len(looks)) if not seen[n - 1].keys() <= seen[n].keys()), None)
    assert [one.during.start for one in doubts] == ([] if lost is None else [looks[lost - 1] + 1])


def _is_whole(seen: list[dict[int, File]], looks: list[int], n: int) -> bool:
    newest = max(file.came for file in seen[n].values())
    return looks[n] - newest > HOUR or (n > 0 and seen[n] == seen[n - 1])


@thoroughly
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), LOOKS)
def test_what_is_in_parts_had_not_arrived_at_a_look_that_showed_fewer_of_them(came: list[int], looks: list[int]):
    parts = [File(BASE, FOREVER), *(File(BASE + each * 600, FOREVER) for each in came)]
    history = History()
    shown_at = []
    for at in looks:
        there = {n: part for n, part in enumerate(parts) if part.came <= at}
        one = shown(there, at)
        assert one.pieces is not None
        one = one._replace(pieces=one.pieces._replace(parts=len(there)))
        history.apply(difference(history, Observation(Look("dumps", at, at), [one])))
        shown_at.append((at, len(there)))
    points = parts_of(history, SOURCE, clock_tolerance=300)["orders"].points
    (row,) = points.counted()
    fewer = [at for at, number in shown_at if number < shown_at[-1][1]]
    assert points.available_lo[row] >= max(fewer, default=BASE)
    assert points.available_hi[row] <= max(part.came for part in parts if part.came <= looks[-1])
