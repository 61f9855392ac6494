"""Answering from the evidence: which point of each data set to restore, from which copy, and what stands beside it.

What counts is decided where verdicts are judged: by the columns of the sources, the checks that logs tell of, and the
chains of what builds on what. The newest point that surely counts and stands comes first; what is newer and does not
count, or may not, is named with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.evaluation.interface import Counts
from drcheck.core.evaluation.proven_points import why_unproven
from drcheck.core.evaluation.same_point import are_copies
from drcheck.core.history.part import Part
from drcheck.core.judging import unmatched
from drcheck.core.judging.alternatives import other_readings
from drcheck.core.judging.contradicted import held_against
from drcheck.core.judging.sources import SourceEvidence, part_of, records_of
from drcheck.core.judging.subjects import subject_of
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.points import Row
from drcheck.core.model.policy import Policy
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.core.restoring.answer import DataSet, Due, Proven, RestorablePoint, RestoreAnswer, SourceKnowledge, Usable
from drcheck.core.restoring.chain import Chains
from drcheck.core.restoring.restorable_point import Describing
from drcheck.core.restoring.restores import FULL, Restores

MOST_SHOWN: Final = 5
"""How many newer points that do not count, and how many older ones that do, an answer names of each data set."""
_TELLS_OF_RESTORES: Final = frozenset({Tells.RESTORE_TESTS, Tells.RECOVERIES})


class RestoreQuestion(Struct, frozen=True):
    """What is asked of the evidence."""

    policy: Policy
    scenario: str
    wanted: int | None
    """The instant whose state is wanted; None: the newest."""
    as_of: int
    """Right after the newest look."""
    now: int
    clock_tolerance: int
    notes: tuple[str, ...] = ()
    """What whoever reads the answer should know of what it rests on."""


def answer(
    asked: RestoreQuestion, evidence: Mapping[str, SourceEvidence], verdicts: Sequence[Verdict]
) -> RestoreAnswer:
    """Return what is known, given the evidence of each source and what was judged of it at ``as_of``."""
    policy = asked.policy
    held = held_against(policy, evidence, asked.clock_tolerance)
    points = [source for source in policy.sources.values() if source.tells(Tells.POINTS)]
    sets = tuple(dict.fromkeys(of for source in points for of in source.of))
    return RestoreAnswer(
        service=policy.service,
        title=policy.title,
        timezone=policy.timezone,
        scenario=asked.scenario,
        lost_sites=tuple(sorted(policy.lost_sites(asked.scenario))) if asked.scenario else (),
        wanted=asked.wanted,
        as_of=asked.as_of,
        now=asked.now,
        sets=tuple(_Set.of_evidence(asked, held, of, only_set=len(sets) == 1).answer() for of in sets),
        dues=tuple(_dues(verdicts)),
        known=tuple(_known(policy, evidence)),
        notes=asked.notes,
    )


class Restorable(Struct, frozen=True):
    """What of one data set can be restored."""

    rows: Sequence[Row]
    """Newest data first."""
    describing: Describing


def restorable(
    asked: RestoreQuestion, evidence: Mapping[str, SourceEvidence], of: str, sources: Sequence[str]
) -> Restorable:
    """Return the points of a data set at ``sources`` that surely can be restored; where there is none, that may be."""
    held = held_against(asked.policy, evidence, asked.clock_tolerance)
    points = [source for source in asked.policy.sources.values() if source.tells(Tells.POINTS)]
    sets = {each for source in points for each in source.of}
    of_set = _Set.of_evidence(asked, held, of, only_set=len(sets) == 1)
    there = [(row, usable) for row, usable in of_set.there() if row[0].source in sources]
    for wanted in (Usable.YES, Usable.UNKNOWN):
        if rows := sorted((row for row, usable in there if usable is wanted), key=_age):
            return Restorable(rows, of_set.describing)
    return Restorable((), of_set.describing)


class _Set(Struct, frozen=True):
    """One data set, read by the rules of what counts."""

    asked: RestoreQuestion
    evidence: Mapping[str, SourceEvidence]
    subject: Subject
    """All its sources, as a restore now would find them."""
    faulty: str
    """Why nothing at all may only be a fault of the policy; empty: it is none."""
    describing: Describing

    @classmethod
    def of_evidence(
        cls, asked: RestoreQuestion, evidence: Mapping[str, SourceEvidence], of: str, *, only_set: bool
    ) -> _Set:
        policy = asked.policy
        holding = [one for one in policy.sources.values() if one.tells(Tells.POINTS) and of in one.of]
        lost = policy.lost_sites(asked.scenario) if asked.scenario else frozenset()
        surviving = [one for one in holding if not one.site or one.site not in lost]
        homeless = frozenset(one.name for one in holding if not one.site) if lost else frozenset()
        unseen = SourceEvidence(Standing.ATTESTED)
        known = {one.name: part_of(one, of, evidence.get(one.name, unseen)) for one in holding}

        def read(parts: Mapping[str, Part]) -> Subject:
            return subject_of(Counts.RESTORABLE, of, parts, evidence, holding, surviving)

        subject, t = read(known), asked.as_of - 1
        doubts = _doubts(subject, ((read(parts), why) for parts, why in other_readings(known)), t)
        if homeless:
            only_sure = [one for one in surviving if one.name not in homeless]
            other = subject_of(Counts.RESTORABLE, of, known, evidence, holding, only_sure)
            doubts |= _doubts(subject, [(other, "it builds on what may not survive: nobody stated its site")], t)
        columns = {part.points.source: part.points for part in subject.parts}
        logs = {name: one for name, one in evidence.items() if one.log is not None and name in policy.sources}
        telling = {name: one for name, one in logs.items() if policy.sources[name].reader.yields & _TELLS_OF_RESTORES}
        objectives = (
            one
            for one in policy.commitments
            if isinstance(one, Rto) and (not asked.scenario or one.scenario in {"", asked.scenario})
        )
        describing = Describing(
            policy,
            t,
            asked.scenario,
            Chains.of(columns.values(), (one.name for one in surviving), t),
            Restores.of_set(of, columns, records_of(policy, telling), objectives, only_set=only_set),
            {part.points.source: part.gap for part in subject.parts},
            doubts,
            {part.points.source: part.absence.taken.start for part in subject.parts if part.absence.taken.includes(t)},
            homeless,
        )
        found = unmatched.unseen_where_none_matched(known, evidence)
        return cls(asked, evidence, subject, "" if found is None else found[1], describing)

    def answer(self) -> DataSet:
        ranked = sorted(self.there(), key=lambda one: _age(one[0]))
        sure = [row for row, usable in ranked if usable is Usable.YES]
        unsure = [row for row, usable in ranked if usable is Usable.UNKNOWN]
        first, copies = self._first(sure or unsure)
        instant = LONG_AGO if first is None else first[0].data_lo[first[1]]
        taken = {_key(row) for row in ([first] if first else []) + copies}
        others = [(row, usable) for row, usable in ranked if _key(row) not in taken]
        newer = [row for row, usable in others if row[0].data_lo[row[1]] > instant and usable is not Usable.YES]
        older = [row for row, usable in others if row[0].data_lo[row[1]] <= instant and usable is not Usable.NO]
        proven, why = self._proven()
        usable, reason = self._comes_to(first)
        return DataSet(
            of=self.subject.of,
            usable=usable,
            why=reason,
            first=None if first is None else self.describing.point(first),
            copies=tuple(self._beside(row, first) for row in copies),
            newer=tuple(self.describing.point(row) for row in newer[:MOST_SHOWN]),
            more_newer=max(0, len(newer) - MOST_SHOWN),
            older=tuple(self._beside(row, first) for row in older[:MOST_SHOWN]),
            more_older=max(0, len(older) - MOST_SHOWN),
            restored=self.describing.restores.newest(),
            proven=proven,
            proven_in_doubt=why,
        )

    def there(self) -> Iterator[tuple[Row, Usable]]:
        """Yield what is there, or may be, of the state that is wanted, and whether it can be restored."""
        wanted = self.asked.wanted
        for part in self.subject.parts:
            for index in range(len(part.points)):
                row = part.points, index
                # Of data that may be of later than what is wanted nobody knows that it is the state wanted.
                if wanted is not None and part.points.data_hi[index] > wanted:
                    continue
                if (usable := self.describing.usable(row)) is not None:
                    yield row, usable

    def _first(self, rows: Sequence[Row]) -> tuple[Row | None, list[Row]]:
        """Return the row to restore from of the newest point among ``rows``, and all other copies of that point."""
        if not rows:
            return None, []
        newest = rows[0]
        copies = self._copies_of(newest)
        same = [newest, *(row for row in copies if self._is_alike(newest, row))]
        first = min(same, key=self._rank)
        rest = [row for row in (newest, *copies) if _key(row) != _key(first)]
        return first, sorted(rest, key=self._rank)

    def _copies_of(self, one: Row) -> list[Row]:
        """Return what each other source holds of a point: of several that may be copies the nearest in time."""
        points, index = one
        nearest: dict[str, tuple[int, Row]] = {}
        for row, _ in self.there():
            other, its = row
            if other.source == points.source or (other.kind[its] or FULL) != (points.kind[index] or FULL):
                continue
            apart = abs(other.data_lo[its] - points.data_lo[index])
            if other.source in nearest and nearest[other.source][0] <= apart:
                continue
            if are_copies(one, row, Terms().matching, surely=False):
                nearest[other.source] = apart, row
        return [row for _, row in nearest.values()]

    def _is_alike(self, newest: Row, row: Row) -> bool:
        """Return whether another copy is as good a first choice: as usable, and with data as new."""
        as_new = row[0].data_lo[row[1]] == newest[0].data_lo[newest[1]]
        return as_new and self.describing.usable(row) is self.describing.usable(newest)

    def _rank(self, row: Row) -> tuple[int, int, bool, int]:
        """Return the place of a copy among copies: usable, read at once, proven by a restore, in the policy's order."""
        point = self.describing.point(row)
        proved = point.restored is not None and not point.restored.in_doubt
        order = list(self.asked.policy.sources).index(point.source)
        thaw = 0 if point.thaw is None else point.thaw.longest
        return tuple(Usable).index(point.usable), thaw, not proved, order

    def _beside(self, row: Row, first: Row | None) -> RestorablePoint:
        """Describe an alternative, and say why it is not the first choice."""
        point = self.describing.point(row)
        if first is None:
            return point
        chosen = self.describing.point(first)
        if point.usable is not Usable.YES:
            why = point.why
        elif point.data_lo != chosen.data_lo:
            older = chosen.data_lo - point.data_lo
            why = f"its data is {words.duration(abs(older))} {'older' if older > 0 else 'newer'}"
        elif point.thaw is not None and point.thaw != chosen.thaw:
            why = "it must be brought back from an archive tier first"
        elif point.restored is None or point.restored.in_doubt:
            proved = chosen.restored is not None and not chosen.restored.in_doubt
            why = (
                f"nothing from {point.source} is known to have been restored" if proved else "the policy names it later"
            )
        else:
            why = "the policy names it later"
        return replace(point, instead=why)

    def _comes_to(self, first: Row | None) -> tuple[Usable, str]:
        """Return whether the first choice can be restored, and why not, or why nobody knows."""
        if first is not None:
            point = self.describing.point(first)
            return point.usable, point.why
        t, of = self.asked.as_of - 1, self.subject.of
        if self.faulty:
            return Usable.UNKNOWN, self.faulty
        surviving = [part for part in self.subject.parts if part.points.source in self.describing.chains.alive]
        if not surviving:
            return Usable.NO, f"no source of {of} survives {self.asked.scenario}"
        for part in surviving:
            if part.absence.taken.start < t < part.absence.taken.end:
                continue
            asked_from = min((since for begin, since in part.absence.complete if begin == t), default=None)
            if asked_from is None:
                return Usable.UNKNOWN, why_unknown.unproved((part,), t, f"nothing of {of} stands")
            if asked_from > LONG_AGO:
                since = f"{part.points.source} was looked at for data of {words.instant(asked_from)} and later alone"
                return Usable.UNKNOWN, f"nothing of {of} that counts is known to stand; {since}"
        sources = words.several([part.points.source for part in surviving])
        before = "" if self.asked.wanted is None else f" with data of {words.instant(self.asked.wanted)} or before"
        return Usable.NO, f"nothing of {of}{before} that counts stands at {sources}"

    def _proven(self) -> tuple[Proven | None, str]:
        """Return the newest point that stands and that a restore surely validated, and why there may be a newer one."""
        restores = self.describing.restores
        found: tuple[int, Proven] | None = None
        in_doubt = ""
        for one in restores.passed:
            recovery, row = one.recovery, restores.named_by(one)
            if recovery.validation is not None and recovery.validation < Rung.RESTORED:
                continue
            if why := why_unproven(one, row):
                in_doubt = in_doubt or why
            elif row is not None and self.describing.usable(row) is Usable.YES:
                data = row[0].data_lo[row[1]]
                if found is None or data > found[0]:
                    found = data, Proven(self.describing.point(row), restores.restored(one))
        return (None if found is None else found[1]), in_doubt


def _key(row: Row) -> tuple[str, int]:
    return row[0].source, row[1]


def _age(row: Row) -> tuple[int, int, str]:
    """Return what puts rows in order: the newest data first, and of that the one that is there longest."""
    points, index = row
    return -points.data_lo[index], points.available_hi[index], points.source


def _doubts(subject: Subject, others: Iterable[tuple[Subject, str]], t: int) -> dict[tuple[str, int], str]:
    """Return which rows of ``subject`` surely count at ``t`` and do not in another reading, each with why."""
    found: dict[tuple[str, int], str] = {}
    for other, why in others:
        theirs = {part.points.source: part.points for part in other.parts}
        for part in subject.parts:
            points, its = part.points, theirs[part.points.source]
            counting = {
                (its.name[row], its.data_lo[row], its.data_hi[row])
                for row in range(len(its))
                if its.counts_at(row, t, surely=True) and its.available_hi[row] <= t < its.gone_lo[row]
            }
            for row in range(len(points)):
                alike = points.name[row], points.data_lo[row], points.data_hi[row]
                if alike not in counting:
                    found.setdefault((points.source, row), why)
    return found


def _dues(verdicts: Sequence[Verdict]) -> Iterator[Due]:
    """Yield the promises that are broken, those that are unknown, then those that break next, soonest first."""
    for status in (Status.BREACHED, Status.UNKNOWN):
        for one in verdicts:
            if one.status is status:
                yield Due(one.commitment.id, one.commitment.kind, status, None, one.overall.reason)
    met = [one for one in verdicts if one.status is Status.MET and one.overall.due_at is not None]
    for one in sorted(met, key=lambda verdict: verdict.overall.due_at or LONG_AGO):
        yield Due(one.commitment.id, one.commitment.kind, one.status, one.overall.due_at, one.overall.reason)


def _known(policy: Policy, evidence: Mapping[str, SourceEvidence]) -> Iterator[SourceKnowledge]:
    """Yield how old the knowledge of each source is that a restore hangs on."""
    for source in policy.sources.values():
        is_log = not source.tells(Tells.POINTS)
        if is_log and not source.reader.yields & _TELLS_OF_RESTORES:
            continue
        seen = evidence.get(source.name)
        looks = () if seen is None else seen.looks
        whole = [look.begin for look in looks if look.complete]
        gaps = () if seen is None else tuple(gap.what for gap in (*seen.gaps, *(seen.log.gaps if seen.log else ())))
        yield SourceKnowledge(
            source.name,
            source.place,
            is_log,
            max((look.begin for look in looks), default=None),
            max(whole, default=None),
            gaps,
        )
