"""Announced maintenance: which of an agreement's rules each window falls under, or why it falls under none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from drcheck.core import calendar, words
from drcheck.core.evidence import FOREVER, Maintenance
from drcheck.core.promises import MaintenanceRule, Notice, Outside
from drcheck.core.spans import Span, Spans, intersection, union
from drcheck.core.terms import Records, Terms


class Announced(NamedTuple):
    """A window of maintenance, the source whose log tells of it, and what the rules make of it."""

    source: str
    window: Maintenance
    rule: int | None
    """The number of the first rule that it fits; None: it fits none."""
    why_not: str
    """Why it fits none."""

    @property
    def span(self) -> Span:
        """When it was announced for."""
        return Span(self.window.starts_at, self.window.ends_at)


def announced(rules: Sequence[MaintenanceRule], records: Records, terms: Terms) -> tuple[Announced, ...]:
    """Return every window of maintenance, told twice or not, in the order in which they begin.

    One whose record does not tell when it was announced was not announced.
    """
    told: dict[tuple[object, ...], tuple[str, Maintenance]] = {}
    for source, log in sorted(records.logs.items()):
        for one in log.maintenance:
            if one.starts_at < one.ends_at:
                told.setdefault((one.type, one.announced_at, one.starts_at, one.ends_at), (source, one))
    windows = [window for _, window in told.values()]
    regular = union(Span(one.starts_at, one.ends_at) for one in windows if one.type == "regular")
    firsts = [_firsts(rule, windows, terms) for rule in rules]
    found = []
    for source, window in told.values():
        refusals = [
            (number, list(_refusals(rule, window, terms, regular, first)))
            for number, (rule, first) in enumerate(zip(rules, firsts, strict=True))
            if rule.type == window.type
        ]
        fitting = next((number for number, why in refusals if not why), None)
        why_not = ""
        if fitting is None:
            reasons = dict.fromkeys(words.several(why, at_most=len(why)) for _, why in refusals)
            why_not = "; ".join(reasons) or f"the agreement excuses no {window.type} maintenance"
        found.append(Announced(source, window, fitting, why_not))
    return tuple(sorted(found, key=lambda one: (one.window.starts_at, one.window.id, one.source, one.window.line)))


def by_rule(rules: Sequence[MaintenanceRule], windows: Iterable[Announced]) -> tuple[Spans, ...]:
    """Return for each rule the time of the windows that fall under it."""
    spans: list[list[Span]] = [[] for _ in rules]
    for one in windows:
        if one.rule is not None:
            spans[one.rule].append(one.span)
    return tuple(map(union, spans))


def _refusals(
    rule: MaintenanceRule, window: Maintenance, terms: Terms, regular: Spans, firsts: frozenset[int] | None
) -> Iterator[str]:
    """Yield what a rule asks of a window of its type that the window does not keep."""
    if rule.notice is not None and (late := _too_late(rule.notice, window, terms)):
        yield late
    match rule.outside:
        case None:
            pass
        case Outside.BUSINESS_HOURS:
            if calendar.touches_business_hours(terms.business, terms.zone, window.starts_at, window.ends_at):
                yield "it touches business hours"
        case Outside.REGULAR_MAINTENANCE:
            if intersection((Span(window.starts_at, window.ends_at),), regular):
                yield "it overlaps regular maintenance"
    if firsts is not None and window.starts_at not in firsts:
        yield f"it is not the first of its {rule.once_per}"


def _too_late(notice: Notice, window: Maintenance, terms: Terms) -> str:
    """Return how the announcement was too late; empty: it was not."""
    said, begins = window.announced_at, window.starts_at
    if said is None:
        return "nothing tells when it was announced"
    if calendar.notice_kept(notice, terms.business, terms.zone, said, begins):
        return ""
    if said > begins:
        return "it was announced after it had begun"
    if notice.business_days:
        days = calendar.business_days_between(terms.business, terms.zone, said, begins)
        given, asked = words.counted(days, "business day"), str(notice.business_days)
    else:
        given, asked = words.to_the_second(begins - said), words.to_the_second(notice.seconds)
    return f"it was announced too late: {given} before, {asked} asked"


def _firsts(rule: MaintenanceRule, windows: Iterable[Maintenance], terms: Terms) -> frozenset[int] | None:
    """Return when the first window of the rule's type in each of its slots begins; None: all windows may count."""
    if rule.once_per is None:
        return None
    first: dict[int, int] = {}
    for window in windows:
        if window.type == rule.type:
            slot = calendar.slots(rule.once_per, terms.zone, window.starts_at, window.starts_at + 1)[0]
            first[slot.start] = min(first.get(slot.start, FOREVER), window.starts_at)
    return frozenset(first.values())
