"""From when to when a commitment was breached, or not known to be kept: also of what began before the period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Opening, Verdict
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import printable


class Span(NamedTuple):
    """A breach, or a time of which nothing is known."""

    start: str
    end: str
    length: str
    why: str
    waived: bool


class Spans(NamedTuple):
    """Breaches, or times of which nothing is known, as many as are shown."""

    total: int
    """How many there are."""
    shown: list[Span]
    """The newest, and the longest of all, by time."""
    more: str
    """How many are left out, and how long they lasted; empty: none is."""


def breaches(verdict: Verdict, local: Local, at_most: int) -> Spans:
    """Return the breaches over the window, of which no more than ``at_most`` are shown, the longest among them."""
    return _spans(verdict, verdict.breaches(), local, at_most, verdict.breached_since)


def unknown(verdict: Verdict, local: Local, at_most: int) -> Spans:
    """Return the times of which nothing is known likewise, but for those between looks that found it met."""
    openings = [one for one in verdict.overall.openings(Status.UNKNOWN) if not one.between_looks]
    return _spans(verdict, openings, local, at_most, None)


def since(verdict: Verdict, one: Opening, local: Local, before: int | None) -> str:
    """Return since when it lasted; what stood when the window began did since ``before``, or nobody knows."""
    if one.opened_at > verdict.window.start:
        return local.instant(one.opened_at)
    return f"{local.instant(one.opened_at)} or earlier" if before is None else local.instant(before)


def length(verdict: Verdict, one: Opening, before: int | None) -> str:
    """Return how long it lasted, up to the end of the window, with what lies before the window."""
    if one.opened_at > verdict.window.start:
        return words.duration(_seconds(verdict, one))
    if before is None:
        return f"{words.duration(_seconds(verdict, one))} or more"
    return words.duration(_seconds(verdict, one) + one.opened_at - before)


def _spans(verdict: Verdict, openings: Sequence[Opening], local: Local, at_most: int, before: int | None) -> Spans:
    shown = openings
    if len(openings) > at_most:
        longest = max(openings, key=lambda one: _seconds(verdict, one))
        newest = openings[len(openings) - at_most :]
        shown = newest if longest in newest else [longest, *newest[1:]]
    told = [
        Span(
            since(verdict, one, local, before),
            "still open" if one.closed_at is None else local.instant(one.closed_at),
            length(verdict, one, before),
            printable(local.text(one.reason)),
            one.waived,
        )
        for one in shown
    ]
    left_out = sum(_seconds(verdict, one) for one in openings) - sum(_seconds(verdict, one) for one in shown)
    more = (
        f"These are the longest of {len(openings)} and the newest; {len(openings) - len(shown)} are left out, "
        f"{words.duration(left_out)} in all."
    )
    return Spans(len(openings), told, more if len(shown) < len(openings) else "")


def _seconds(verdict: Verdict, one: Opening) -> int:
    return (verdict.window.end if one.closed_at is None else one.closed_at) - one.opened_at
