"""A candidate counts only if it is complete: its marker stands beside it, or the file there says so."""

from __future__ import annotations

from msgspec.structs import replace

from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact
from drcheck.core.model.points import Doubt, Points
from drcheck.core.names.marker_names import marker_of
from drcheck.core.rules.interface import RuleInput
from drcheck.core.time.spans import Span


def apply(points: Points, shown: RuleInput) -> Points:
    """Reject what lacks its marker, or whose file says something else; doubt what nobody could read."""
    if all(shown.complete) and not any(fact is Fact.STATE for _, fact in points.facts):
        return points
    source = shown.source
    reasons: dict[int, str] = {}
    doubts: dict[int, list[Doubt]] = {}
    for row, complete in enumerate(shown.complete):
        steps = points.facts.get((row, Fact.STATE), ())
        if not complete:
            said = steps[-1][1] if steps else None
            missing = f"no {marker_of(source.complete_when, points.name[row])} stands beside it"
            reasons[row] = f"it is not complete: {said.how if said is not None and said.holds is False else missing}"
            continue
        ends = (*(look for look, _ in steps[1:]), FOREVER)
        for index, (look, told) in enumerate(steps):
            if told.holds is None:
                during = Span(look if index else LONG_AGO, ends[index])
                doubts.setdefault(row, []).append(Doubt(f"whether it is complete is not known: {told.how}", during))
    incomplete = points.incomplete | reasons.keys()
    return replace(points, incomplete=incomplete).rejecting(reasons).doubting(doubts)
