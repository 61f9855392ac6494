"""Restore tests pass often enough, on the rung asked, announced in time and outside the hours agreed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import tzinfo
from itertools import groupby
from typing import ClassVar, NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.headroom import at_risk
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.interface import OfRecords
from drcheck.core.evaluation.recoveries import (
    SourcedRecovery,
    cite,
    gap_between,
    gap_bounds,
    of_set,
    of_what,
    proves,
    recoveries_of,
    why_it_does_not_prove,
    why_not_all_seen,
)
from drcheck.core.evaluation.requirements import all_required
from drcheck.core.history.log_lines import unread
from drcheck.core.model.commitments import Needs, Notice, Outside, Rung
from drcheck.core.model.evidence import LONG_AGO, Fact
from drcheck.core.model.log_records import Announcement, Maintenance
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import SEVERITY, Status
from drcheck.core.model.verdict import Finding, Quantity, Window
from drcheck.core.time import calendar
from drcheck.core.time.timeline import NOT_BOUND, cut, within


class RestoreTest(OfRecords, frozen=True):
    """Restore tests pass often enough, on the rung asked, announced in time."""

    every: int | None = None
    notice: Notice | None = None
    outside: Outside | None = None
    validation: Rung = Rung.RESTORED

    kind: ClassVar[str] = "restore_test"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.RESTORE_TESTS}), beside=frozenset({Tells.RECOVERIES, Tells.MAINTENANCE}))

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return 0

    def evaluate(self, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        return evaluate(self, records, terms, window)


def evaluate(commitment: RestoreTest, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge what the logs tell of restore tests over ``window``."""
    tests = [one for one in recoveries_of(records, commitment.scenario) if not one.recovery.real]
    findings: list[Finding] = []
    if commitment.every is not None:
        findings.append(_often(commitment, commitment.every, tests, records, terms, window))
    if commitment.notice is not None or commitment.outside is not None:
        findings.append(_kept_rules(commitment, tests, records, terms, window))
    pieces, deciding = all_required(window, findings)
    first = findings[0]
    return Finding(
        of="",
        pieces=pieces,
        reason=deciding.reason,
        objective=first.objective,
        measured=first.measured,
        headroom=first.headroom,
        due_at=first.due_at,
        at_risk=first.at_risk and pieces[-1].status is Status.MET,
        evidence=tuple(dict.fromkeys(cited for finding in findings for cited in finding.evidence)),
    )


def _often(
    commitment: RestoreTest, every: int, tests: list[SourcedRecovery], records: Records, terms: Terms, window: Window
) -> Finding:
    """Judge how often tests pass: counted from the newest pass, or from when the agreement takes effect."""
    tests = of_set(tests, terms)
    sure = [one for one in tests if _passes(one, commitment, terms)]
    maybe = [one for one in tests if _passes(one, commitment, terms) is not False]
    ends, may_end = [one.ends for one in sure], [one.ends for one in maybe]

    def newest(times: list[int], t: int) -> int | None:
        index = bisect_right(times, t) - 1
        return times[index] if index >= 0 else None

    def one_way(times: list[int], t: int) -> Status | None:
        passed = newest(times, t)
        since = max((when for when in (passed, terms.effective) if when is not None), default=None)
        if since is None or t >= since + every:
            return Status.BREACHED
        return None if passed is None else Status.MET

    what = of_what(terms)

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        at_worst, at_best = one_way(ends, t), one_way(may_end, t)
        passed = newest(ends, t)
        deciding = None if passed is None else sure[bisect_right(ends, t) - 1]
        if at_worst is Status.BREACHED and at_best is not Status.BREACHED:
            one = maybe[bisect_right(may_end, t) - 1]
            return Status.UNKNOWN, f"{what}restore test {one.recovery.id} passed, but {_doubt(one, commitment, terms)}"
        if at_worst is Status.BREACHED:
            # That no test passed in time is only proved by a log of which all that may tell of one has been read.
            if why := why_not_all_seen(records, t) or gap_between(records, t - every + 1, t):
                return Status.UNKNOWN, f"{what}no restore test is known to have passed in time; {why}"
            return Status.BREACHED, what + _overdue(deciding, commitment, every, t)
        if at_worst is None:
            return None, f"nothing is owed yet: the first restore test is due {_first_due(terms, every)}"
        assert deciding is not None
        return Status.MET, (
            f"{what}restore test {deciding.recovery.id} passed {words.instant(deciding.ends)}; "
            f"one is owed every {words.duration(every)}"
        )

    lapsing = [*gap_bounds(records), *ends, *may_end]
    changes = [*lapsing, *(when + every for when in lapsing)]
    if terms.effective is not None:
        changes += [terms.effective, terms.effective + every]
    last = window.end - 1
    pieces = within(terms.binds, cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]))
    passed = newest(ends, last)
    age = None if passed is None else window.end - passed
    since = max((when for when in (passed, terms.effective) if when is not None), default=None)
    deciding = None if passed is None else sure[bisect_right(ends, last) - 1]
    return Finding(
        of="",
        pieces=pieces,
        reason=judge(last)[1],
        objective=Quantity(every, "s"),
        measured=None if age is None else Quantity(age, "s"),
        headroom=None if age is None else Quantity(every - age, "s"),
        due_at=None if since is None else since + every,
        at_risk=at_risk(commitment, pieces[-1].status, None if age is None else every - age, every),
        evidence=(
            *([cite(deciding)] if deciding else []),
            *(
                cite(one, _doubt(one, commitment, terms))
                for one in reversed(tests)
                if one.ends < window.end and (deciding is None or one.ends > deciding.ends)
            ),
        ),
    )


def _passes(one: SourcedRecovery, commitment: RestoreTest, terms: Terms) -> bool | None:
    """Return whether a test counts as a pass on the rung asked; None: its record does not tell."""
    recovery = one.recovery
    if recovery.outcome != "passed" or recovery.finished_at is None:
        return False
    if recovery.validation is not None and recovery.validation < commitment.validation:
        return False
    proof = proves(recovery, terms)
    if proof is False:
        return False
    return None if proof is None or recovery.validation is None else True


def _doubt(one: SourcedRecovery, commitment: RestoreTest, terms: Terms) -> str:
    """Return why a test is not known to count."""
    recovery = one.recovery
    if recovery.outcome != "passed":
        return f"it {'was aborted' if recovery.outcome == 'aborted' else 'failed'}"
    if recovery.validation is None:
        return "its record does not tell to which rung it was validated"
    if recovery.validation < commitment.validation:
        return f"it reached {_rung(recovery.validation)} only; {_rung(commitment.validation)} is asked"
    return why_it_does_not_prove(recovery, terms)


def _rung(rung: Rung) -> str:
    return rung.name.lower().replace("_", " ")


def _overdue(newest: SourcedRecovery | None, commitment: RestoreTest, every: int, t: int) -> str:
    if newest is None:
        of = f" for {commitment.scenario}" if commitment.scenario else ""
        return f"no restore test{of} has ever passed; one is owed every {words.duration(every)}"
    return (
        f"restore test {newest.recovery.id} passed {words.instant(newest.ends)}, {words.duration(t - newest.ends)} "
        f"before; one is owed every {words.duration(every)}"
    )


def _first_due(terms: Terms, every: int) -> str:
    return words.instant((terms.effective or 0) + every)


def _kept_rules(
    commitment: RestoreTest, tests: list[SourcedRecovery], records: Records, terms: Terms, window: Window
) -> Finding:
    """Judge notice and hours, which bind every test: breached from its start until the next test that kept them.

    Of tests that began at the same instant the worst decides. What nobody can read is no known test that kept them.
    """
    owed_from = terms.binds.start if terms.effective is None else max(terms.binds.start, terms.effective)
    begun = sorted(tests, key=lambda one: (one.recovery.started_at, one.source, one.recovery.line))
    held = [_held(list(together), commitment, records, terms) for _, together in groupby(begun, key=_begins)]
    starts = [_begins(one.test) for one in held]
    # A test is judged by the wording in force when it was held; what was held before the agreement is not.
    bound = [owed_from <= start < terms.binds.end for start in starts]

    def judge(t: int) -> tuple[Status | None, str]:
        index = bisect_right(starts, t) - 1
        last = held[index] if index >= 0 and bound[index] else None
        if last is None and not terms.binds.includes(t):
            return None, NOT_BOUND
        if why := terms.before_effect(t):
            return None, why
        if why := why_not_all_seen(records, t):
            return Status.UNKNOWN, why
        if last is None or last.status is not Status.BREACHED:
            since = LONG_AGO if index < 0 else starts[index]
            # While a test was under way, the line after it may tell of another one that had begun.
            if gap := gap_between(records, since, t if index < 0 else max(t, held[index].until)):
                return Status.UNKNOWN, gap
        if last is None:
            return None, "nothing is owed yet: no restore test has been held"
        return last.status, last.why

    last = window.end - 1
    index = bisect_right(starts, last) - 1
    changes = [*gap_bounds(records), *starts, *terms.binds, *([] if terms.effective is None else [terms.effective])]
    return Finding(
        of="",
        pieces=cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]),
        reason=judge(last)[1],
        evidence=(cite(held[index].test),) if index >= 0 else (),
    )


class _Held(NamedTuple):
    """Tests that began at one instant, and what the worst of them makes of notice and hours."""

    test: SourcedRecovery
    until: int
    """When the last of them ended."""
    status: Status
    why: str


def _begins(one: SourcedRecovery) -> int:
    return one.recovery.started_at


def _held(together: Sequence[SourcedRecovery], commitment: RestoreTest, records: Records, terms: Terms) -> _Held:
    until = max((one.recovery.finished_at or _begins(one) for one in together), default=LONG_AGO)
    judged = [_Held(one, until, *_kept(one, commitment, records, terms)) for one in together]
    return max(judged, key=lambda one: SEVERITY[one.status])


def _kept(one: SourcedRecovery, commitment: RestoreTest, records: Records, terms: Terms) -> tuple[Status, str]:
    recovery = one.recovery
    test, begins = f"restore test {recovery.id} of {words.instant(recovery.started_at)}", recovery.started_at
    ends = begins + 1 if recovery.finished_at is None else recovery.finished_at
    if commitment.outside is Outside.BUSINESS_HOURS and calendar.touches_business_hours(
        terms.business, terms.zone, begins, ends
    ):
        return Status.BREACHED, f"{test} was held in business hours"
    hidden = ""
    if commitment.outside is Outside.REGULAR_MAINTENANCE:
        for window in _regular(records):
            if begins < window.ends_at and ends > window.starts_at:
                return Status.BREACHED, f"{test} was held in the regular maintenance window {window.id}"
        hidden = _could_be_regular(records, ends)
    kept, why = _announced_in_time(one, commitment.notice, records, terms)
    if kept is Status.MET and hidden:
        return Status.UNKNOWN, f"whether {test} was held in regular maintenance is not known; {hidden}"
    if commitment.notice is None:
        return Status.MET, f"{test} was held outside {str(commitment.outside).replace('_', ' ')}"
    return kept, f"{test} {why}" if kept is not Status.UNKNOWN else f"no announcement in time of {test} is known; {why}"


def _announced_in_time(
    one: SourcedRecovery, notice: Notice | None, records: Records, terms: Terms
) -> tuple[Status, str]:
    """Return whether a test was announced as early as is owed, and how it was."""
    if notice is None:
        return Status.MET, ""
    begins = one.recovery.started_at
    given = _announcements(records, one.recovery.id)
    if any(_in_time(announcement, announcement.announced.hi, notice, begins, terms) for announcement in given):
        return Status.MET, f"was announced {_notice(notice)} ahead, or earlier"
    for announcement in given:
        if _in_time(announcement, announcement.announced.lo, notice, begins, terms):
            return Status.UNKNOWN, f"one was made {words.between(*announcement.announced)}"
    if gap := _could_announce(records, notice, begins, terms):
        return Status.UNKNOWN, gap
    return Status.BREACHED, f"{_announced(given)}; {_notice(notice)} ahead is owed"


def _announced(given: Sequence[Announcement]) -> str:
    """Say how a test was announced, where that was not in time for it."""
    newest = max(given, key=lambda one: one.announced, default=None)
    if newest is None:
        return "was never announced"
    day = "" if newest.planned_for is None else f" for {words.instant(newest.planned_for)}"
    return f"was announced {words.between(*newest.announced)}{day}"


def _announcements(records: Records, test: str) -> list[Announcement]:
    return [
        notice_given for log in records.logs.values() for notice_given in log.announcements if notice_given.test == test
    ]


def _regular(records: Records) -> list[Maintenance]:
    return [window for log in records.logs.values() for window in log.maintenance if window.type == "regular"]


def _in_time(announcement: Announcement, made_at: int, notice: Notice, begins: int, terms: Terms) -> bool:
    """Return whether an announcement, made at an instant, was in time, and for the day on which the test was held."""
    planned = announcement.planned_for
    same_day = planned is None or calendar.local_date(planned, terms.zone) == calendar.local_date(begins, terms.zone)
    return same_day and _early_enough(notice, made_at, begins, terms)


def _early_enough(notice: Notice, made_at: int, begins: int, terms: Terms) -> bool:
    if made_at == LONG_AGO:
        return True
    return calendar.notice_kept(notice, terms.business, terms.zone, made_at, begins)


def _could_announce(records: Records, notice: Notice, begins: int, terms: Terms) -> str:
    """Return a line that could not be read and may have held an announcement in time; empty: there is none."""
    for source, log in records.logs.items():
        for gap in log.gaps:
            if _early_enough(notice, unread(log, gap).announces_from, begins, terms):
                return f"{source}, line {gap.line}: {gap.what}"
    return ""


def _could_be_regular(records: Records, ends: int) -> str:
    """Return a line of a log of maintenance that could not be read and may tell a regular window before ``ends``."""
    for source, log in records.logs.items():
        if source not in records.readers or Tells.MAINTENANCE in records.readers[source].yields:
            for gap in log.gaps:
                if unread(log, gap).lo < ends:
                    return f"{source}, line {gap.line}: {gap.what}"
    return ""


def _notice(notice: Notice) -> str:
    return f"{notice.business_days} business days" if notice.business_days else words.duration(notice.seconds)
