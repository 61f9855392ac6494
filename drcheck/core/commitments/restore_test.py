"""Restore tests pass often enough, on the rung asked, announced in time and outside the hours agreed."""

from __future__ import annotations

from bisect import bisect_right

from drcheck.core import calendar, words
from drcheck.core.commitments.common import at_risk
from drcheck.core.evidence import Announcement, Maintenance
from drcheck.core.pieces import NOT_BOUND, cut, overlay, within
from drcheck.core.promises import Notice, Outside, RestoreTest, Rung
from drcheck.core.recoveries import Told, cite, gap_bounds, gap_since, proves, told, unseen, why_it_does_not_prove
from drcheck.core.terms import Records, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window


def evaluate(commitment: RestoreTest, records: Records, terms: Terms, window: Window) -> Finding:
    """Judge what the logs tell of restore tests over ``window``."""
    tests = [one for one in told(records, commitment.scenario) if not one.recovery.real]
    findings: list[Finding] = []
    if commitment.every is not None:
        findings.append(_often(commitment, commitment.every, tests, records, terms, window))
    if commitment.notice is not None or commitment.outside is not None:
        findings.append(_kept_rules(commitment, tests, records, terms, window))
    pieces = overlay(window, [finding.pieces for finding in findings])
    deciding = next(finding for finding in findings if finding.status is pieces[-1].status)
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
    commitment: RestoreTest, every: int, tests: list[Told], records: Records, terms: Terms, window: Window
) -> Finding:
    """Judge how often tests pass: counted from the newest pass, or from when the agreement takes effect."""
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

    def judge(t: int) -> tuple[Status | None, str]:
        if why := terms.before_effect(t):
            return None, why
        at_worst, at_best = one_way(ends, t), one_way(may_end, t)
        passed = newest(ends, t)
        deciding = None if passed is None else sure[bisect_right(ends, t) - 1]
        if at_worst is Status.BREACHED and at_best is not Status.BREACHED:
            one = maybe[bisect_right(may_end, t) - 1]
            return Status.UNKNOWN, f"restore test {one.recovery.id} passed, but {_doubt(one, commitment, terms)}"
        if at_worst is Status.BREACHED:
            # That no test passed is only proved by a log that has been seen whole.
            why = unseen(records, t) or gap_since(records, t, None if deciding is None else deciding.recovery)
            if why:
                return Status.UNKNOWN, f"no restore test is known to have passed in time; {why}"
            return Status.BREACHED, _overdue(deciding, commitment, every, t)
        if at_worst is None:
            return None, f"nothing is owed yet: the first restore test is due {_first_due(terms, every)}"
        assert deciding is not None
        return Status.MET, (
            f"restore test {deciding.recovery.id} passed {words.instant(deciding.ends)}; "
            f"one is owed every {words.duration(every)}"
        )

    changes = [*gap_bounds(records), *ends, *may_end, *(when + every for when in (*ends, *may_end))]
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


def _passes(one: Told, commitment: RestoreTest, terms: Terms) -> bool | None:
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


def _doubt(one: Told, commitment: RestoreTest, terms: Terms) -> str:
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


def _overdue(newest: Told | None, commitment: RestoreTest, every: int, t: int) -> str:
    if newest is None:
        of = f" for {commitment.scenario}" if commitment.scenario else ""
        return f"no restore test{of} has ever passed; one is owed every {words.duration(every)}"
    return (
        f"restore test {newest.recovery.id} passed {words.instant(newest.ends)}, {words.duration(t - newest.ends)} "
        f"before; one is owed every {words.duration(every)}"
    )


def _first_due(terms: Terms, every: int) -> str:
    return words.instant((terms.effective or 0) + every)


def _kept_rules(commitment: RestoreTest, tests: list[Told], records: Records, terms: Terms, window: Window) -> Finding:
    """Judge notice and hours, which bind every test: breached from its start until the next one that kept them."""
    begun = sorted(tests, key=lambda one: (one.recovery.started_at, one.recovery.line))
    starts = [one.recovery.started_at for one in begun]
    owed_from = terms.binds.start if terms.effective is None else max(terms.binds.start, terms.effective)
    # A test is judged by the wording in force when it was held; what was held before the agreement is not.
    verdicts = [
        _kept(one, commitment, records, terms) if owed_from <= one.recovery.started_at < terms.binds.end else None
        for one in begun
    ]

    def judge(t: int) -> tuple[Status | None, str]:
        index = bisect_right(starts, t) - 1
        verdict = verdicts[index] if index >= 0 else None
        if verdict is None and not terms.binds.start <= t < terms.binds.end:
            return None, NOT_BOUND
        if why := terms.before_effect(t):
            return None, why
        if why := unseen(records, t):
            return Status.UNKNOWN, why
        if gap := gap_since(records, t, begun[index].recovery if index >= 0 else None):
            return Status.UNKNOWN, gap
        return verdict or (None, "nothing is owed yet: no restore test has been held")

    last = window.end - 1
    index = bisect_right(starts, last) - 1
    changes = [*gap_bounds(records), *starts, *terms.binds, *([] if terms.effective is None else [terms.effective])]
    return Finding(
        of="",
        pieces=cut(window, changes, lambda t: judge(t)[0], lambda t: judge(t)[1]),
        reason=judge(last)[1],
        evidence=(cite(begun[index]),) if index >= 0 else (),
    )


def _kept(one: Told, commitment: RestoreTest, records: Records, terms: Terms) -> tuple[Status, str]:
    recovery = one.recovery
    test, begins = f"restore test {recovery.id} of {words.instant(recovery.started_at)}", recovery.started_at
    ends = begins + 1 if recovery.finished_at is None else recovery.finished_at
    if commitment.outside is Outside.BUSINESS_HOURS and calendar.touches_business_hours(
        terms.business, terms.zone, begins, ends
    ):
        return Status.BREACHED, f"{test} was held in business hours"
    if commitment.outside is Outside.REGULAR_MAINTENANCE:
        for window in _regular(records):
            if begins < window.ends_at and ends > window.starts_at:
                return Status.BREACHED, f"{test} was held in the regular maintenance window {window.id}"
    if commitment.notice is None:
        return Status.MET, f"{test} was held outside {str(commitment.outside).replace('_', ' ')}"
    if any(
        _in_time(notice_given, commitment.notice, begins, terms)
        for notice_given in _announcements(records, recovery.id)
    ):
        return Status.MET, f"{test} was announced {_notice(commitment.notice)} ahead, or earlier"
    if gap := _could_announce(records, one):
        return Status.UNKNOWN, f"no announcement in time of {test} is known; {gap}"
    return Status.BREACHED, f"{test} {_announced(records, recovery.id)}; {_notice(commitment.notice)} ahead is owed"


def _announced(records: Records, test: str) -> str:
    """Say how a test was announced, where that was not in time for it."""
    newest = max(_announcements(records, test), key=lambda given: given.announced_at, default=None)
    if newest is None:
        return "was never announced"
    day = "" if newest.planned_for is None else f" for {words.instant(newest.planned_for)}"
    return f"was announced {words.instant(newest.announced_at)}{day}"


def _announcements(records: Records, test: str) -> list[Announcement]:
    return [
        notice_given for log in records.logs.values() for notice_given in log.announcements if notice_given.test == test
    ]


def _regular(records: Records) -> list[Maintenance]:
    return [window for log in records.logs.values() for window in log.maintenance if window.type == "regular"]


def _in_time(announcement: Announcement, notice: Notice, begins: int, terms: Terms) -> bool:
    """Return whether an announcement was made in time, and for the day on which the test was then held."""
    planned = announcement.planned_for
    same_day = planned is None or calendar.local_date(planned, terms.zone) == calendar.local_date(begins, terms.zone)
    return same_day and calendar.notice_kept(notice, terms.business, terms.zone, announcement.announced_at, begins)


def _could_announce(records: Records, one: Told) -> str:
    """Return a line that could not be read and may have held the announcement; empty: there is none."""
    for source, log in records.logs.items():
        for gap in log.gaps:
            if source != one.source or (gap.line or 0) < one.recovery.line:
                return f"{source}, line {gap.line}: {gap.what}"
    return ""


def _notice(notice: Notice) -> str:
    return f"{notice.business_days} business days" if notice.business_days else words.duration(notice.seconds)
