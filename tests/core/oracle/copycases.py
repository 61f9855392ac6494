"""Random cases of copies that lie near each other in time, and come early or late."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.model.evidence import FOREVER, Look
from drcheck.core.model.sites import Different
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Window

from .pointcases import MOST_WORLDS, SITES, CopiesCase
from .worlds import BASE, DAY, HOUR, Place, Truth


@st.composite
def near_copies_cases(draw: st.DrawFn, *, certain: bool = False) -> CopiesCase:
    """Draw up to three sources, each with points of about the same one or two instants, looked at now and then."""
    names = ("dumps", "offsite", "vault")[: draw(st.integers(2, 3))]
    instants = [BASE + draw(st.integers(0, 3)) * DAY + draw(st.sampled_from((0, HOUR, 12 * HOUR, DAY - 60)))]
    instants.append(instants[0] + draw(st.sampled_from((600, DAY))))
    doubts = st.just((0, 0)) if certain else st.sampled_from(((0, 0), (0, 0), (0, 0), (0, HOUR), (0, 2 * DAY)))
    apart = draw(st.sampled_from((DAY // 4, DAY // 2, DAY, 2 * DAY)))
    places = []
    for name in names:
        truths = []
        for number in range(draw(st.integers(0, 2))):
            data = draw(st.sampled_from(instants)) + draw(st.sampled_from((0, 0, 300, -300, 500, -500, 600, 601)))
            truths.append(
                Truth(
                    f"{name}-{number}",
                    data,
                    data + draw(st.sampled_from((60, 60, HOUR, DAY, DAY + 300, 2 * DAY, 3 * DAY))),
                    FOREVER,
                    size=draw(st.sampled_from((1000, 1000, 1000, 500, 499))),
                    checksum=draw(st.sampled_from(("", "", "", "x", "y"))),
                    arrival_doubt=draw(doubts),
                )
            )
        looks = tuple(Look(name, at, at + 5) for at in range(BASE - DAY, BASE + draw(st.integers(3, 9)) * DAY, apart))
        places.append(Place(name, looks, truths=tuple(truths), site=draw(st.sampled_from(("here", "there", "room")))))
    commitment = Copies(
        "copies",
        names,
        at_least=draw(st.sampled_from((2, 2, 3))),
        different=draw(st.sampled_from((None, None, Different.SITE))),
        within=draw(st.sampled_from((HOUR, DAY, DAY))),
        per=draw(st.sampled_from((Per.DAY, Per.DAY, Per.WEEK))),
        matching=600,
    )
    terms = Terms(
        effective=draw(st.sampled_from((None, None, BASE))),
        places={place.source: SITES[place.site] for place in places},
    )
    case = CopiesCase(tuple(places), terms, Window(BASE, BASE + 9 * DAY), commitment)
    assume(len(case.worlds) <= MOST_WORLDS)
    return case
