"""How old the newest data was at each instant: shared by the RPO and by backups owed every so often."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from operator import itemgetter

from msgspec import Struct

from drcheck.core import integer_columns, words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.inputs import Subject
from drcheck.core.evaluation.newest import Newest, newest
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Cited
from drcheck.core.model.exhibit import Ages, ExposureStep
from drcheck.core.model.points import Row
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.core.time.spans import Span, Spans, includes, intersection, union


def presence(rows: Sequence[Row], *, surely: bool, until_gone: bool, as_made: bool = False) -> Spans:
    """Return when at least one of ``rows`` had come and counted: surely, or possibly.

    What is gone since still counts, unless ``until_gone``; with ``as_made`` so does what was found broken since.
    """
    if len(rows) == 1:  # as mostly
        ((points, row),) = rows
        return points.there(row, surely=surely, until_gone=until_gone, as_made=as_made)
    return union(
        span
        for points, row in rows
        for span in points.there(row, surely=surely, until_gone=until_gone, as_made=as_made)
    )


class Exposure(Struct, frozen=True):
    """The judgement of one data set against the oldest age that its newest data may have."""

    subject: Subject
    objective: int
    effective: int | None
    best: Newest
    """Every uncertain instant at its favourable end."""
    surest: Newest
    """Every uncertain instant at its unfavourable end."""
    proved: Spans
    """When no newer data can have been there unseen."""
    looked: int
    """From when every source has been looked at; ``FOREVER``: one never was."""
    worst_age: int | None
    """The greatest age, within the window, of the newest data that surely was there; None: for some time there was
    none, so that nothing bounds it."""

    @classmethod
    def of(
        cls, subject: Subject, objective: int, effective: int | None, window: Window, *, until_gone: bool
    ) -> Exposure:
        """Prepare to judge ``subject`` over ``window``; a point gone since still counts unless ``until_gone``."""
        proved: Spans = (Span(*window),)
        for part in subject.parts:
            prove = part.absence.none_newer_stood if until_gone else part.absence.none_newer_arrived
            proved = intersection(proved, prove(objective, *window))
        firsts = [part.absence.first for part in subject.parts]
        best = newest(subject, favourable=True, until_gone=until_gone)
        surest = best
        if not all(part.points.exact for part in subject.parts):
            surest = newest(subject, favourable=False, until_gone=until_gone)
        if surest == best:  # as where nothing is in doubt but from when on nobody knows what stands
            surest = best
        looked = max((FOREVER if first is None else first for first in firsts), default=FOREVER)
        return cls(subject, objective, effective, best, surest, proved, looked, _worst_age(surest, window))

    def status_at(self, t: int) -> Status | None:
        """Return the status right after ``t``."""
        if self.effective is not None and t < self.effective:
            return None
        at_best = self._one(t, self.best, favourable=True)
        at_worst = at_best if self.surest is self.best else self._one(t, self.surest, favourable=False)
        if at_best is not at_worst:
            return Status.UNKNOWN
        if at_best is Status.BREACHED and not includes(self.proved, t):
            return Status.UNKNOWN
        return at_best

    def changes(self, window: Window) -> Iterator[int]:
        """Yield every instant within ``window`` at which the status may change, and some others."""
        if self.worst_age is None or self.worst_age >= self.objective:  # else it is met throughout, at best as well
            for steps in (self.best,) if self.surest is self.best else (self.best, self.surest):
                yield from self._turns(steps, window)
        for span in self.proved:
            yield from span
        yield self.looked
        if self.effective is not None:
            yield from (self.effective, self.effective + self.objective)

    def _turns(self, steps: Newest, window: Window) -> Iterator[int]:
        """Yield when a step of ``steps`` may turn the status: not where one point in time follows another."""
        times, data = steps.steps(*window)
        if not times:
            return
        overdue = [instant + self.objective for instant in data]
        yield from (times[0], overdue[-1])
        for before, t, late in zip(overdue, times[1:], overdue[1:], strict=False):
            if before <= t:
                yield from (before, t)
            elif late <= t:
                yield t

    def age_at(self, t: int) -> int | None:
        """Return the age of the newest data that surely was there right before ``t``; None: there was none."""
        row = self.surest.before(t)
        return None if row is None else max(0, t - row[0].data_lo[row[1]])

    def exhibit(self, window: Window) -> Ages:
        """Return the newest data that surely was there at each instant of ``window``."""
        steps = zip(*self.surest.steps(*window), strict=True)
        return Ages(
            self.objective, tuple(ExposureStep(since, None if data == LONG_AGO else data) for since, data in steps)
        )

    def passed_over(self, t: int) -> str:
        """Return why the newest data that stood right after ``t`` does not count, where it is newer than what does.

        Of backups and of log segments each: a backup that was broken off explains no hole in a log. Empty: the newest
        counts.
        """
        newest: dict[bool, tuple[int, str]] = {}
        counted = self.surest.at(t)
        oldest = LONG_AGO if counted is None else counted[0].data_lo[counted[1]]
        for part in self.subject.parts:
            points = part.points
            wanted = {False, True} if "log" in points.kind else {False}
            for row in range(len(points) - 1, -1, -1):
                if not wanted or points.data_lo[row] <= oldest:
                    break
                is_log = points.kind[row] == "log"
                if is_log not in wanted:
                    continue
                lost = points.doubt_at(row, t)
                if lost is not None and lost.certain and points.available_lo[row] <= t < points.gone_hi[row]:
                    wanted.discard(is_log)
                    if points.data_lo[row] > newest.get(is_log, (oldest, ""))[0]:
                        why = f"{points.name[row]} at {points.source} does not count: {lost.why}"
                        newest[is_log] = points.data_lo[row], why
        return "; ".join(why for _, why in sorted(newest.values(), reverse=True))

    def why_unknown(self, t: int, what: str) -> str:
        """Return why the status right after ``t`` is unknown; ``what`` names what nobody can rule out."""
        if self._one(t, self.best, favourable=True) is Status.MET:
            row = self.best.at(t)
            if row is not None:
                return why_unknown.undecided(*row, t)
        if t < self.looked < FOREVER and self.best.at(t) is None:
            # Before anybody looked, a service without backups cannot be told from one that nobody watched.
            looked = words.instant(self.looked)
            return f"no backup of {self.subject.of} is known of then, and drcheck first looked {looked}"
        return why_unknown.unproved(self.subject.parts, t, what)

    def _one(self, t: int, steps: Newest, *, favourable: bool) -> Status | None:
        row = steps.at(t)
        if row is not None:
            return Status.MET if t < _data(row, favourable=favourable) + self.objective else Status.BREACHED
        if steps.times and steps.times[0] <= t:
            return Status.BREACHED  # one had been available before
        if self.effective is not None and t < self.effective + self.objective:
            return None
        return Status.BREACHED if t >= self.looked else Status.UNKNOWN


def _worst_age(steps: Newest, window: Window) -> int | None:
    """Return the greatest age within ``window`` of what ``steps`` tell of; None: for some time there was nothing."""
    times, data = steps.steps(*window)
    if not times or times[0] > window.start or integer_columns.bounds(data)[0] == LONG_AGO:
        return None
    ages = integer_columns.less(times[1:] + array("q", [window.end]), data)
    return max(0, integer_columns.bounds(ages)[1])


def _data(row: Row, *, favourable: bool) -> int:
    points, index = row
    return points.data_hi[index] if favourable else points.data_lo[index]


def cite(row: Row) -> Cited:
    """Return a recovery point as reports show it: whether it counts is told as of the end of what is known."""
    points, index = row
    last = points.doubt_at(index)
    return Cited(
        points.source,
        points.of,
        points.name[index],
        points.data_lo[index],
        points.available_hi[index],
        why_not=last.why if last is not None and last.certain else "",
        in_doubt=last.why if last is not None and not last.certain else "",
    )


def rejected(subject: Subject, since: int) -> Sequence[Cited]:
    """Return the candidates with data of ``since`` or later that do not count, or may not, newest first."""
    found = [
        (part.points.data_lo[row], cite((part.points, row)))
        for part in subject.parts
        for row in (*part.points.why_not, *part.points.doubts)
        if part.points.data_lo[row] >= since
    ]
    found.sort(key=itemgetter(0), reverse=True)
    return [cited for _, cited in found if cited.why_not or cited.in_doubt]
