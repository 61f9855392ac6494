"""The newest data that stood, held against looking at every point at every instant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from points import START, Point, at, part, subject

from drcheck.core.evaluation.newest import newest

hours = st.integers(0, 8)


@st.composite
def standing(draw):
    """Draw points in order of their data, most of which came in that order and went in it, if they did."""
    data = sorted(draw(st.lists(hours, max_size=4, unique=draw(st.booleans()))))
    points = []
    for instant in data:
        came = instant + draw(st.sampled_from((0, 0, 0, 3)))
        gone = draw(st.sampled_from((None, None, came, came + 2, came + 5)))
        points.append(Point(instant, came, gone))
    return points


@given(st.lists(standing(), min_size=1, max_size=2), st.booleans(), st.booleans())
def test_the_newest_data_is_that_of_the_newest_point_that_stands(sources, favourable, until_gone):
    parts = [part(f"s{number}", points) for number, points in enumerate(sources)]
    found = newest(subject(*parts), favourable=favourable, until_gone=until_gone)
    for t in range(16):
        there = [
            one.data
            for points in sources
            for one in points
            if one.arrived <= t and (not until_gone or one.gone is None or t < one.gone)
        ]
        row = found.at(at(t))
        assert (None if row is None else row[0].data_lo[row[1]]) == (at(max(there)) if there else None)
    assert found.before(START) is None
