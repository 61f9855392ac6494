"""Rules of lint about backups and recovery: plans that cannot keep a promise, scenarios that nothing survives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.calendar import DAY, slots, ticks
from drcheck.core.policy import Reader
from drcheck.core.promises import Commitment, Frequency, Immutability, Per, Retention, Rpo, Rto
from drcheck.core.terms import DEFAULT_GRACE
from drcheck.core.words import duration, several
from drcheck.policyfile import plans
from drcheck.policyfile.remarks import Context, Level, Remark


class Backups(Context):
    """The rules about backups and recovery."""

    def survivors(self, commitment: Commitment) -> Iterator[Remark]:
        """Warn of a scenario that no source survives."""
        sources = self.points(commitment)
        if not commitment.scenario or not sources:
            return
        if not any(self.survives(source, commitment.scenario) for source in sources):
            nowhere = [source.name for source in sources if not source.site]
            hint = (
                f"say at which site {several(nowhere)} lies" if nowhere else "add a source at a site that is not lost"
            )
            yield self.remark(
                "no-survivor",
                ("commitments", commitment.id, "scenario"),
                f"none of its evidence survives {commitment.scenario}, so that it is never met ({hint})",
            )

    def rpo(self, commitment: Rpo) -> Iterator[Remark]:
        """Warn of an objective below the interval of the planned backups and their duration."""
        for of, sources in self.populations(commitment):
            loss = plans.worst_loss(sources, self.zone, self.as_of)
            if loss is None or loss.changed <= commitment.at_most:
                continue
            planned = [source for source in sources if source.planned]
            names = several([source.name for source in planned])
            undated = "" if all(source.max_duration for source in planned) else ", without a max_duration stated"
            when = "" if loss.usual > commitment.at_most else " where clocks change"
            yield self.remark(
                "rpo-below-plan",
                ("commitments", commitment.id, "at_most"),
                f"{duration(commitment.at_most)} cannot be kept{when}: interval and duration of {names} let up to "
                f"{duration(loss.changed)} of {of} be lost{undated} (start more often, or shorten backups)",
            )

    def rto(self, commitment: Rto) -> Iterator[Remark]:
        """Warn of an objective that no test can prove."""
        path = ("commitments", commitment.id, "scenario")
        lost = self.policy.lost_sites(commitment.scenario)
        if not lost:
            return
        points = [source for source in self.policy.sources.values() if source.reader is Reader.OBJECTS]
        if not any(self.survives(source, commitment.scenario) for source in points):
            yield self.remark(
                "rto-unprovable",
                path,
                f"nothing can prove it: no source of backups in this policy survives {commitment.scenario}, and only "
                "a restore from one that does is a proof (add such a source, with its site)",
            )
        if lost >= set(self.policy.sites):
            yield self.remark(
                "rto-unprovable",
                path,
                f"nothing can prove it: {commitment.scenario} takes every site, so that none is left to restore to "
                "(add the site that is restored to)",
            )

    def frequency(self, commitment: Frequency) -> Iterator[Remark]:
        """Warn of plans that cannot keep a promised frequency, and of slots that they barely fill."""
        sources = self.points(commitment)
        grace = commitment.grace
        if grace is None:
            grace = max((source.max_duration or 0 for source in sources), default=0) or DEFAULT_GRACE
        if commitment.every is not None:
            yield from self.every(commitment, commitment.every, grace)
        elif commitment.per is not None:
            yield from self.slot_edges(commitment, commitment.per)
        else:
            lost = plans.lost_starts(commitment.schedule, self.zone_of(commitment), self.as_of)
            if lost:
                path = ("commitments", commitment.id, "schedule")
                yield self.remark("cron-dst", path, f"{lost} ({_CRON_HINT})")

    def every(self, commitment: Frequency, every: int, grace: int) -> Iterator[Remark]:
        """Warn of plans that cannot keep ``every``, above all of daily ones on a day of 25 hours."""
        path = ("commitments", commitment.id, "every")
        for of, sources in self.populations(commitment):
            loss = plans.worst_loss(sources, self.zone, self.as_of)
            if loss is None or loss.changed <= every + grace:
                continue
            names = several([source.name for source in sources if source.planned])
            if loss.usual <= every + grace:
                yield self.remark(
                    "every-on-long-day",
                    path,
                    f"the plan of {names} breaks it on the day of 25 hours when clocks go back "
                    f"({'per: day' if every % DAY == 0 else 'a calendar slot'} counts calendar slots instead)",
                )
            else:
                yield self.remark(
                    "every-below-plan",
                    path,
                    f"{duration(every)} with {duration(grace)} grace cannot be kept: by the plan of {names} the newest "
                    f"data of {of} gets {duration(loss.usual)} old (start more often)",
                )

    def slot_edges(self, commitment: Frequency, per: Per) -> Iterator[Remark]:
        """Warn of slots that are only filled if a backup near their edge carries a time on the right side of it.

        A backup that is stamped at its stop, now at 23:55 and now at 00:05, misses every second day. What lies
        shortly after an edge matters for days and longer: every hourly plan lies near an hour's edge.
        """
        zone = self.zone_of(commitment)
        sample = slots(per, zone, self.as_of, self.as_of + _SAMPLE[per])[1:-1]
        for source in self.points(commitment):
            if not source.planned or not source.max_duration:
                continue
            for slot in sample:
                starts = ticks(source.planned, self.zone, slot.start, slot.end)
                sure = [
                    start
                    for start in starts
                    if slot.end - start >= source.max_duration
                    and (per is Per.HOUR or start - slot.start >= source.max_duration)
                ]
                if len(sure) < commitment.at_least <= len(starts):
                    yield self.remark(
                        "slot-edge",
                        ("sources", source.name, "planned"),
                        f"starts lie within max_duration, {duration(source.max_duration)}, of the edge of a {per} "
                        f"that {commitment.id} counts: a time off by that much is another {per}'s "
                        f"(plan them further inside the {per})",
                    )
                    break

    def cron_forms(self) -> Iterator[Remark]:
        """Warn of plans that lose starts where clocks change."""
        for source in self.policy.sources.values():
            lost = plans.lost_starts(source.planned, self.zone, self.as_of) if source.planned else ""
            if lost:
                yield self.remark("cron-dst", ("sources", source.name, "planned"), f"{lost} ({_CRON_HINT})")

    def retention(self, commitment: Retention) -> Iterator[Remark]:
        """Warn where backups may be gone before another commitment is done with them."""
        shortest, key = min(
            ((limit, key) for limit, key in ((commitment.keep, "keep"), (commitment.at_most, "at_most")) if limit),
            default=(None, "keep"),
        )
        if shortest is None:
            return
        for other, need, why in self.needs():
            if other.id == commitment.id or not set(other.evidence) & set(commitment.evidence) or need <= shortest:
                continue
            if isinstance(other, Retention) and commitment.at_most is None:
                continue  # two promises to keep do not contradict each other
            yield self.remark(
                "retention-too-short",
                ("commitments", commitment.id, key),
                f"{duration(shortest)} is shorter than the {duration(need)} of {other.id}, {why} (keep them longer)",
            )

    def needs(self) -> Iterator[tuple[Commitment, int, str]]:
        """Yield how long other commitments need backups to stand."""
        for commitment in self.policy.commitments:
            match commitment:
                case Rpo():
                    yield commitment, commitment.at_most, "in which a backup may be the newest one"
                case Frequency(every=int(every)):
                    yield commitment, every, "after which the next one may come"
                case Retention(keep=int(keep)):
                    yield commitment, keep, "for which backups are kept"
                case Immutability(at_least=at_least):
                    yield commitment, at_least, "for which nothing can be deleted"
                case _:
                    pass

    def worst_loss(self, commitment: Frequency) -> Iterator[Remark]:
        """Tell what a promised number of backups bounds the loss at, where no objective is promised."""
        objectives = [other for other in self.policy.commitments if isinstance(other, Rpo)]
        covered = any(set(other.evidence) & set(commitment.evidence) for other in objectives)
        if commitment.per is not None and commitment.at_least == 1 and not covered:
            yield self.remark(
                "frequency-alone",
                ("commitments", commitment.id, "per"),
                f"one backup a {commitment.per} bounds the worst loss at nearly two {commitment.per}s plus the "
                f"backup's own duration, as the backups of two {commitment.per}s can lie almost two {commitment.per}s "
                "apart; no RPO is promised for this data, and none is judged",
                Level.NOTE,
            )


_CRON_HINT: Final = "plan it at another hour, or with * for every hour"
_SAMPLE: Final = {Per.HOUR: 3 * DAY, Per.DAY: 16 * DAY, Per.WEEK: 40 * DAY, Per.MONTH: 95 * DAY}
"""How much of the calendar is tried for starts near a slot's edge."""
