"""Announced maintenance: which of an agreement's rules each window falls under, or why it falls under none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.kinds.availability.commitment import MaintenanceRule
from drcheck.core.model.commitments import Notice, Outside
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.log_records import ANYTIME, Maintenance
from drcheck.core.time import calendar
from drcheck.core.time.spans import Span, Spans, intersection, union


class Announced(NamedTuple):
    """A window of maintenance, the source whose log tells of it, and what the rules make of it."""

    source: str
    window: Maintenance
    rule: int | None
    """The number of the first rule that it fits; None: it fits none, or that is in doubt."""
    why_not: str
    """Why it fits none, or why that is not known."""
    doubtful: bool = False
    """Whether it may fit another rule than ``rule``, or one at all."""

    @property
    def span(self) -> Span:
        """When it was announced for."""
        return Span(self.window.starts_at, self.window.ends_at)


def announced(rules: Sequence[MaintenanceRule], records: Records, terms: Terms) -> tuple[Announced, ...]:
    """Return every window of maintenance, told twice or not, in the order in which they begin.

    One excuses only if it was announced when it began, at the latest. Where it is not known when that was, or which of
    several was recorded first, it is judged each way.
    """
    told: dict[tuple[object, ...], tuple[str, Maintenance]] = {}
    for source, log in sorted(records.logs.items()):
        for one in sorted(log.maintenance, key=lambda window: window.line):
            if one.starts_at < one.ends_at:
                told.setdefault((one.type, one.announced, one.starts_at, one.ends_at), (source, one))
    windows = list(told.values())
    regular = union(Span(one.starts_at, one.ends_at) for _, one in windows if one.type == "regular")
    fits = [_Rule(rule, terms, regular, _firsts(rule, windows, terms)) for rule in rules]
    found = []
    for source, window in windows:
        ways: dict[int | None, str] = {}
        for when in dict.fromkeys(window.announced):
            for wins in (True, False):
                fitting, why_not = _first_fit(fits, source, window, when, wins=wins)
                ways.setdefault(fitting, why_not)
        if len(ways) > 1:
            found.append(Announced(source, window, None, _in_doubt(window), doubtful=True))
        else:
            found.append(Announced(source, window, *next(iter(ways.items()))))
    return tuple(sorted(found, key=lambda one: (one.window.starts_at, one.window.id, one.source, one.window.line)))


def by_rule(rules: Sequence[MaintenanceRule], windows: Iterable[Announced]) -> tuple[Spans, ...]:
    """Return for each rule the time of the windows that surely fall under it."""
    spans: list[list[Span]] = [[] for _ in rules]
    for one in windows:
        if one.rule is not None:
            spans[one.rule].append(one.span)
    return tuple(map(union, spans))


def when_announced(window: Maintenance) -> str:
    """Say when a window was announced; empty: neither its record nor any look tells."""
    if window.announced == ANYTIME:
        return ""
    return f"announced {words.between(*window.announced)}"


def _in_doubt(window: Maintenance) -> str:
    """Return what would settle which rule a window falls under."""
    if window.announced.lo == window.announced.hi:
        return "another window begins with it, and which of the two was recorded first is not known"
    if window.announced_at is None:
        return f"its record does not tell announced_at{_since(window)}"
    return f"a look did not show it after its announced_at{_since(window)}"


def _since(window: Maintenance) -> str:
    return f", and it was {said}" if (said := when_announced(window)) else ""


class _Rule(NamedTuple):
    """A rule of what maintenance is excused, with what else it depends on."""

    rule: MaintenanceRule
    terms: Terms
    regular: Spans
    """When there was regular maintenance."""
    firsts: _Firsts | None


def _first_fit(
    rules: Sequence[_Rule], source: str, window: Maintenance, when: int, *, wins: bool
) -> tuple[int | None, str]:
    """Return the number of the first rule that a window fits that was announced at ``when``, or why it fits none.

    ``wins``: whether it is the first of its slot where nobody knows.
    """
    refusals: list[list[str]] = []
    for number, its in enumerate(rules):
        if its.rule.type == window.type:
            why = list(_refusals(its, source, window, when, wins=wins))
            if not why:
                return number, ""
            refusals.append(why)
    reasons = dict.fromkeys(words.several(why, at_most=len(why)) for why in refusals)
    return None, "; ".join(reasons) or f"the agreement excuses no {window.type} maintenance"


def _refusals(its: _Rule, source: str, window: Maintenance, when: int, *, wins: bool) -> Iterator[str]:
    """Yield what a rule asks of a window of its type that the window does not keep."""
    rule, terms = its.rule, its.terms
    if late := _too_late(rule.notice, window, when, terms):
        yield late
    match rule.outside:
        case None:
            pass
        case Outside.BUSINESS_HOURS:
            if calendar.touches_business_hours(terms.business, terms.zone, window.starts_at, window.ends_at):
                yield "it touches business hours"
        case Outside.REGULAR_MAINTENANCE:
            if intersection((Span(window.starts_at, window.ends_at),), its.regular):
                yield "it overlaps regular maintenance"
    if its.firsts is not None:
        its_own = (source, window)
        if its_own not in its.firsts.surely and not (wins and its_own in its.firsts.perhaps):
            yield f"it is not the first of its {rule.once_per}"


def _too_late(notice: Notice | None, window: Maintenance, when: int, terms: Terms) -> str:
    """Return how an announcement at ``when`` was too late; empty: it was not."""
    begins = window.starts_at
    if when == LONG_AGO:
        return ""
    if when > begins:
        return "it was announced after it had begun"
    if notice is None or calendar.notice_kept(notice, terms.business, terms.zone, when, begins):
        return ""
    if notice.business_days:
        days = calendar.business_days_between(terms.business, terms.zone, when, begins)
        given, asked = words.counted(days, "business day"), str(notice.business_days)
    else:
        given, asked = words.to_the_second(begins - when), words.to_the_second(notice.seconds)
    return f"it was announced too late: {given} before, {asked} asked"


class _Firsts(NamedTuple):
    """Which windows, each with its source, are the first of their slot."""

    surely: frozenset[tuple[str, Maintenance]]
    perhaps: frozenset[tuple[str, Maintenance]]


def _firsts(rule: MaintenanceRule, windows: Iterable[tuple[str, Maintenance]], terms: Terms) -> _Firsts | None:
    """Return the windows of the rule's type that begin first in their slot; None: all windows may count.

    Of several that begin together it is the one recorded first: of one log the first line, of several logs the one that
    looks showed before the others.
    """
    if rule.once_per is None:
        return None
    slots: dict[int, list[tuple[str, Maintenance]]] = {}
    for source, window in windows:
        if window.type == rule.type:
            slot = calendar.slots(rule.once_per, terms.zone, window.starts_at, window.starts_at + 1)[0]
            slots.setdefault(slot.start, []).append((source, window))
    surely: set[tuple[str, Maintenance]] = set()
    perhaps: set[tuple[str, Maintenance]] = set()
    for several in slots.values():
        begins = min(window.starts_at for _, window in several)
        heads: dict[str, Maintenance] = {}
        for source, window in sorted(several, key=lambda one: one[1].line):
            if window.starts_at == begins:
                heads.setdefault(source, window)
        earliest = min(window.known.hi for window in heads.values())
        left = {(source, window) for source, window in heads.items() if window.known.lo < earliest}
        (surely if len(left) == 1 else perhaps).update(left)
    return _Firsts(frozenset(surely), frozenset(perhaps))
