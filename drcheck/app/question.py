"""What is asked of a run: over which window each policy is judged, and what of the past is named with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from drcheck.app.judge import with_news
from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.policy import Policy
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, NamedBreach, News, Verdict, Window
from drcheck.core.model.waivers import cover
from drcheck.core.time.spans import Span
from drcheck.errors import UsageError
from drcheck.ledger.state import State
from drcheck.policyfile.question_times import Moment, Period
from drcheck.run_report import Judged

USUAL_SPAN: Final = 30 * 86400
"""Seconds before the instant judged that a window begins, where nothing else is asked for."""


class Question(Struct, frozen=True):
    """Over which window to judge; without anything else, the ``span`` up to the instant of the looks."""

    span: int | None = None
    """Seconds before the instant judged; None: as usual, and offline as the run that is repeated had it."""
    as_of: Moment | None = None
    period: Period | None = None
    offline: bool = False
    """Whether to judge by what the ledger knows already, without looking."""
    until_seen: bool = False
    """Whether a period that is not over is judged up to the newest run alone, and not up to now, where what nobody saw
    since is unknown."""

    @property
    def is_record(self) -> bool:
        """Whether its verdicts are verdicts of record: those of a run at the instant of its own looks."""
        return self.as_of is None and self.period is None and not self.offline

    def told(self) -> str:
        """Return what is asked other than the nightly question, in words."""
        parts = ["offline"] if self.offline else []
        if self.period is not None:
            parts.append(f"over {self.period.label}")
        elif self.as_of is not None:
            parts.append("as of an instant that was asked for")
        return ", ".join(parts)

    def window(self, end: int) -> Window:
        """Return what is judged up to ``end``."""
        return Window(end - (USUAL_SPAN if self.span is None else self.span), end)


def begun_policies(policies: Sequence[Policy], question: Question, now: int) -> Sequence[Policy]:
    """Return the policies in whose zone the period that is asked for has begun; without one, all of them.

    Raises ``UsageError`` where it has no time in it, or has begun for none.
    """
    if (period := question.period) is None:
        return policies
    begun = []
    for policy in policies:
        start, end = _span(period, policy)
        if start >= end:
            raise UsageError(f"{period.label} has no time in it", "Name the earlier instant first.")
        if start < now:
            begun.append(policy)
    if policies and not begun:
        raise UsageError(
            f"{period.label} begins after {words.instant(now)}, which is now", "Ask for a period that has begun."
        )
    return begun


def _span(period: Period, policy: Policy) -> Span:
    zone = ZoneInfo(policy.timezone)
    return Span(period.start(zone), period.end(zone))


def windows_of(policies: Iterable[Policy], question: Question, ends: Mapping[str, int], now: int) -> dict[str, Window]:
    """Return for each service what it is judged over; ``ends`` has the instant judged where no other is asked for.

    A period is judged until ``now``, also where the last look was long before: what nobody saw is unknown.
    """
    windows: dict[str, Window] = {}
    for policy in policies:
        if question.period is not None:
            start, end = _span(question.period, policy)
            windows[policy.service] = Window(start, min(end, now))
        else:
            instant = question.as_of
            end = ends[policy.service] if instant is None else instant(ZoneInfo(policy.timezone))
            windows[policy.service] = question.window(end)
    return windows


def with_unbegun(services: Iterable[Judged], policies: Iterable[Policy], question: Question) -> tuple[Judged, ...]:
    """Add the services for which the period that is asked for has not begun: nothing of it is owed yet."""
    if (period := question.period) is None:
        return tuple(services)
    judged = {service.policy.service: service for service in services}
    return tuple(judged.get(policy.service) or unbegun(policy, period) for policy in policies)


def unbegun(policy: Policy, period: Period) -> Judged:
    """Return what is shown of a service for which a period has not begun: nothing is owed yet."""
    start, _ = _span(period, policy)
    window, reason = Window(start, start), f"nothing is owed yet: {period.label} begins {words.instant(start)}"
    return Judged(
        policy, tuple(Verdict(commitment, window, Finding("", (), reason), ()) for commitment in policy.commitments)
    )


def whole_window(windows: Iterable[Window], otherwise: Window) -> Window:
    """Return the window that all ``windows`` together span; without any, ``otherwise``."""
    windows = list(windows) or [otherwise]
    return Window(min(window.start for window in windows), max(window.end for window in windows))


def with_breaches_named(
    services: Iterable[Judged], state: State, question: Question, repeated: Mapping[str, str]
) -> tuple[Judged, ...]:
    """Name what was breached and is over, as far as the question asks for it.

    ``repeated`` has the newest recorded run of each service where the question repeats it.
    """
    if question.period is not None:
        return tuple(map(all_named, services))
    return tuple(services) if question.as_of is not None else with_news(services, state, before=repeated)


def all_named(judged: Judged) -> Judged:
    """Name every breach of a period: each counts, unless it was waived for as long as it lasted.

    So does what is unknown: a part of it proves no whole.
    """

    def with_breaches(verdict: Verdict) -> Verdict:
        end = verdict.window.end
        breaches = tuple(
            NamedBreach(opening, not cover(verdict.waived, opening.opened_at, opening.closed_at or end), News.OF_PERIOD)
            for opening in verdict.breaches()
        )
        unknown = [opening for opening in verdict.overall.openings(Status.UNKNOWN) if not opening.between_looks]
        if not unknown or verdict.status in {Status.BREACHED, Status.UNKNOWN}:
            return replace(verdict, since_last_run=breaches, of_period=True)
        share = words.duration(summary.shares(verdict.overall).unknown)
        reason = f"{share} of the period are unknown: {unknown[0].reason}"
        overall = replace(verdict.overall, reason=reason)
        return replace(verdict, since_last_run=breaches, overall=overall, of_period=True, unproved=True)

    return replace(judged, verdicts=tuple(map(with_breaches, judged.verdicts)))
