"""Texts of one length are the texts that they were made of, however they are asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.equal_texts import EqualTexts, joined

BOUND = st.none() | st.integers(-6, 6)


@st.composite
def texts(draw: st.DrawFn) -> list[str]:
    """Return texts of one length, or none."""
    length = draw(st.integers(1, 3))
    return draw(st.lists(st.text("abc", min_size=length, max_size=length), max_size=5))


def _kept(several: list[str]) -> EqualTexts:
    return EqualTexts("".join(several), len(several[0]) if several else 1)


@given(texts(), BOUND, BOUND, BOUND.filter(lambda step: step != 0))
def test_they_are_the_texts_that_they_were_made_of(several, start, stop, step):
    kept = _kept(several)
    assert list(kept) == several
    assert kept == several
    assert [kept[row] for row in range(-len(several), len(several))] == 2 * several
    assert list(kept[start:stop:step]) == several[start:stop:step]
    assert isinstance(kept[start:stop], EqualTexts)


@given(st.lists(texts(), min_size=1, max_size=3), st.booleans())
def test_several_columns_come_one_after_the_other(columns, kept):
    assert list(joined([_kept(one) if kept else one for one in columns])) == [text for one in columns for text in one]
