"""Copies in tiers, drawn at random, and what they make of a recovery that was proven, at one second."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from drcheck.core.evaluation.inputs import Subject
from drcheck.core.history.absence import Absence
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER, Fact, FactValue
from drcheck.core.model.points import Points

from .worlds import Scale

HOURS = {"GLACIER": 5, "DEEP_ARCHIVE": 12, "Archive": 15, "INTELLIGENT_TIERING": 12}
"""How long each tier takes to thaw, as its owner says."""


class Copy(NamedTuple):
    """One copy: its instants, each between two bounds, and what looks showed of its tier, oldest first."""

    source: str
    kind: str
    data: int
    arrived: tuple[int, int]
    gone: tuple[int, int]
    tiers: tuple[tuple[int, FactValue], ...]


def may_only_be_thawed(copies: Sequence[Copy], at_most: int, lost: bool, second: int) -> bool:
    """Return whether, in some world that the looks allow, something lies in a slow tier and nothing is at hand."""
    options: list[list[str]] = []
    for copy in copies:
        there = {at <= second for at in copy.arrived}
        still = {second < at for at in copy.gone}
        stands = {come and stays for come, stays in product(there, still)}
        if lost and not copy.source:
            stands |= {False}  # nobody stated its site
        shown = [told for look, told in copy.tiers if look <= second] or [told for _, told in copy.tiers[:1]]
        lies = "cold" if shown and _slow(shown[-1], at_most) else "hand"
        if lies == "hand" and copy.kind == "incremental":
            lies = "nothing"  # without its full it restores nothing
        options.append([lies if stand else "nothing" for stand in stands])
    return any("cold" in world and "hand" not in world for world in product(*options))


def _slow(told: FactValue, at_most: int) -> bool:
    return told.holds is not False and HOURS[told.how] * 3600 > at_most


@st.composite
def copies(draw: st.DrawFn, scale: Scale) -> tuple[Copy, ...]:
    """Draw up to four copies of one data set; what has no source name lies at a site that nobody stated."""
    return tuple(draw(st.lists(_copy(scale), max_size=4)))


@st.composite
def _copy(draw: st.DrawFn, scale: Scale) -> Copy:
    data, *later = sorted(draw(st.lists(scale.instants(), min_size=5, max_size=5)))
    gone = draw(
        st.sampled_from(
            ((FOREVER, FOREVER), (FOREVER, FOREVER), (later[2], later[3]), (later[2], FOREVER), (later[3], later[3]))
        )
    )
    arrived = draw(st.sampled_from(((later[0], later[0]), (later[0], later[1]))))
    told = st.one_of(
        st.just(FactValue(False)),
        st.sampled_from([name for name in HOURS if name != "INTELLIGENT_TIERING"]).map(
            lambda how: FactValue(True, how)
        ),
        st.just(FactValue(None, "INTELLIGENT_TIERING")),
    )
    looks = sorted(draw(st.sets(scale.instants(), max_size=2)))
    return Copy(
        draw(st.sampled_from(("offsite", ""))),
        draw(st.sampled_from(("", "full", "incremental"))),
        data,
        arrived,
        gone,
        tuple((look, draw(told)) for look in looks),
    )


def subject(several: Sequence[Copy]) -> Subject:
    """Return copies as evaluators see them."""
    parts = []
    for source in ("offsite", ""):
        rows = sorted((one for one in several if one.source == source), key=lambda one: one.data)
        points = Points(
            source=source or "elsewhere",
            of="orders",
            name=tuple(f"{number}" for number in range(len(rows))),
            kind=tuple(one.kind for one in rows),
            data_lo=array("q", (one.data for one in rows)),
            data_hi=array("q", (one.data for one in rows)),
            available_lo=array("q", (one.arrived[0] for one in rows)),
            available_hi=array("q", (one.arrived[1] for one in rows)),
            gone_lo=array("q", (one.gone[0] for one in rows)),
            gone_hi=array("q", (one.gone[1] for one in rows)),
            size=array("q", (1000 for _ in rows)),
            checksum=("",) * len(rows),
            facts={(row, Fact.ARCHIVED): list(one.tiers) for row, one in enumerate(rows) if one.tiers},
        )
        parts.append(Part(points, Absence((), None)))
    return Subject("orders", tuple(parts))
