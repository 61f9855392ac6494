"""Which restores must be tested next, by when, and why: out of what was judged, and of what was ever restored.

A restore test serves every promise of its scenario at once, so that what is due is a scenario of a service. It comes
first what is owed already, then what nobody knows to be kept, then what lapses soonest; of equals the strictest
promise, then the oldest proof. A copy that nothing was ever restored from is due without a date, behind these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from drcheck.core.evaluation.forecast import FEWEST
from drcheck.core.history.part import Part
from drcheck.core.judging.contradicted import held_against
from drcheck.core.judging.sources import SourceEvidence, part_of, records_of
from drcheck.core.kinds.provable import Provable
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Commitment, Standing
from drcheck.core.model.drill import Announced
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.core.restoring.notices import OwedNotice
from drcheck.core.restoring.restores import Restores


class Urgency(IntEnum):
    """How pressing a test is, the most pressing first."""

    OVERDUE = 0
    """A promise is breached until a test passes."""
    UNPROVEN = 1
    """Nobody knows whether a promise is kept until a test passes."""
    DUE = 2
    """A promise is kept, and its proof lapses."""
    NEVER = 3
    """No promise asks for it: a copy from which nothing was ever restored."""


class DuePromise(NamedTuple):
    """A promise that a test would keep."""

    commitment: str
    kind: str
    clause: str
    status: Status | None
    by: int | None
    """Until when a test must have passed; None: nobody knows, or it is owed already."""
    strictness: int
    """Seconds: how often it asks for a proof."""
    reason: str
    notes: tuple[str, ...] = ()
    """What is foretold of it, or what else stands beside it."""


class CopyTested(NamedTuple):
    """A source from which a test can restore, and when one last did."""

    source: str
    site: str
    survives: bool | None
    """Whether it survives the scenario; None: nobody stated where it lies."""
    passed_at: int | None
    """The newest restore from it that passed; None: none is known."""


class DueTest(Struct, frozen=True):
    """A restore test that is due."""

    service: str
    scenario: str
    """Empty: any."""
    urgency: Urgency
    by: int | None
    asking: tuple[DuePromise, ...]
    """The most pressing first."""
    copies: tuple[CopyTested, ...]
    """Those to restore from: what survives, what was never restored from first, then what was so longest ago."""
    passed_at: int | None
    """The newest test of the scenario that passed, from whatever copy; None: none is known."""
    planned: tuple[Announced, ...] = ()
    """What is announced of it and lies ahead, soonest first."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts the tests of any services, the most pressing first."""
        return (
            self.urgency,
            LONG_AGO if self.by is None else self.by,
            min((one.strictness for one in self.asking), default=FOREVER),
            LONG_AGO if self.passed_at is None else self.passed_at,
            -len(self.never_tested),
            self.service,
            self.scenario,
            [one.source for one in self.copies],
        )

    @property
    def never_tested(self) -> tuple[str, ...]:
        """The copies that survive, or may, and from which nothing was ever restored."""
        return tuple(one.source for one in self.copies if one.passed_at is None)


class Test(NamedTuple):
    """A test that is due, with what must be known to hold it."""

    due: DueTest
    zone: ZoneInfo
    notices: Sequence[OwedNotice]
    """How long ahead it must be announced."""


class Overview(NamedTuple):
    """What is due over all services."""

    now: int
    tests: tuple[Test, ...]
    """Most pressing first."""
    unjudged: tuple[str, ...]
    """Services that no run has judged: what is due of them nobody knows."""
    invalid: tuple[str, ...]
    """Policy files that cannot be read."""
    silent: tuple[str, ...]
    """Services of which nothing is due: no promise asks for a test, and each copy was restored from."""


def due_tests(
    policy: Policy,
    verdicts: Iterable[Verdict],
    evidence: Mapping[str, SourceEvidence],
    announced: Sequence[Announced],
    now: int,
    *,
    clock_tolerance: int,
) -> list[DueTest]:
    """Return what must be tested of one service, most pressing first."""
    tested = _Tested.of(policy, evidence, clock_tolerance)
    by_scenario: dict[str, list[DuePromise]] = {}
    for verdict in verdicts:
        if (one := _asking(verdict, now)) is not None:
            one = one._replace(notes=tuple(_notes(verdict, tested)))
            by_scenario.setdefault(verdict.commitment.scenario, []).append(one)
    found = []
    for scenario, several in by_scenario.items():
        asking = tuple(sorted(several, key=_pressing))
        urgency = _urgency(asking[0])
        ahead = (given for given in announced if given.planned_for > now and given.scenario in {"", scenario})
        found.append(
            DueTest(
                policy.service,
                scenario,
                urgency,
                min((one.by for one in asking if one.by is not None and _urgency(one) is urgency), default=None),
                asking,
                tuple(tested.copies(scenario)),
                tested.newest(scenario),
                tuple(sorted(ahead, key=lambda given: given.planned_for)),
            )
        )
    covered = {name for test in found for name in test.never_tested}
    found += (
        DueTest(policy.service, "", Urgency.NEVER, None, (), (copy,), None)
        for copy in tested.copies("")
        if copy.passed_at is None and copy.source not in covered
    )
    return sorted(found, key=lambda test: test.rank)


def asks_for_tests(commitment: Commitment) -> int | None:
    """Return how often a commitment asks for a restore that proves something, in seconds; None: it asks for none."""
    match commitment:
        case RestoreTest(every=int(every)):
            return every
        case Rto():
            return commitment.proven_within
        case Provable(at_most=int(at_most)):
            return at_most
        case _:
            return None


def _asking(verdict: Verdict, now: int) -> DuePromise | None:
    """Return what a promise asks of tests; None: it asks for none, or owes none any more.

    What was kept at the newest look, and has lapsed since, may be kept by what came since: nobody knows.
    """
    commitment, status, due = verdict.commitment, verdict.status, verdict.overall.due_at
    strictness = asks_for_tests(commitment)
    if strictness is None or (status is None and due is None):
        return None
    if status in {Status.MET, None} and due is not None and due <= now:
        status = Status.UNKNOWN
    by = due if status in {Status.MET, None} or isinstance(commitment, RestoreTest) else None
    return DuePromise(commitment.id, commitment.kind, commitment.clause, status, by, strictness, verdict.overall.reason)


def _notes(verdict: Verdict, tested: _Tested) -> Iterator[str]:
    """Yield what stands beside a verdict, and of a recovery time that nothing can be foretold of it yet."""
    yield from verdict.overall.notes
    if isinstance(verdict.commitment, Rto) and (passed := tested.times(verdict.commitment.scenario)) < FEWEST:
        yield f"how its recovery times grow is foretold from {FEWEST} tests on that passed; there are {passed}"


def _urgency(one: DuePromise) -> Urgency:
    match one.status:
        case Status.BREACHED:
            return Urgency.OVERDUE
        case Status.UNKNOWN:
            return Urgency.UNPROVEN
        case _:
            return Urgency.DUE


def _pressing(one: DuePromise) -> tuple[int, int, int, str]:
    return _urgency(one), LONG_AGO if one.by is None else one.by, one.strictness, one.commitment


class _Tested(Struct, frozen=True):
    """What of a service was ever restored, and from which copies."""

    policy: Policy
    restores: Mapping[str, Restores]
    """By data set."""

    @classmethod
    def of(cls, policy: Policy, evidence: Mapping[str, SourceEvidence], clock_tolerance: int) -> _Tested:
        held = held_against(policy, evidence, clock_tolerance)
        telling = {
            name: one
            for name, one in held.items()
            if one.log is not None
            and name in policy.sources
            and policy.sources[name].reader.yields & {Tells.RESTORE_TESTS, Tells.RECOVERIES}
        }
        records = records_of(policy, telling)
        unseen = SourceEvidence(Standing.ATTESTED)
        sets = dict.fromkeys(of for source in _points(policy) for of in source.of)
        restores = {}
        for of in sets:
            parts: dict[str, Part] = {
                source.name: part_of(source, of, held.get(source.name, unseen))
                for source in _points(policy)
                if of in source.of
            }
            columns: dict[str, Points] = {name: part.points for name, part in parts.items()}
            restores[of] = Restores.of_set(of, columns, records, (), only_set=len(sets) == 1)
        return cls(policy, restores)

    def copies(self, scenario: str) -> Iterator[CopyTested]:
        """Yield the copies that survive a scenario, or may: never restored from first, then longest ago."""
        lost = self.policy.lost_sites(scenario) if scenario else frozenset()
        found = [
            CopyTested(
                source.name,
                source.site,
                None if lost and not source.site else True,
                self._passed(source),
            )
            for source in _points(self.policy)
            if source.site not in lost
        ]
        yield from sorted(found, key=lambda one: LONG_AGO if one.passed_at is None else one.passed_at)

    def _passed(self, source: Source) -> int | None:
        """Return when a restore from a source last passed; of several data sets, of the one tested longest ago."""
        ends = [
            max((one.ends for one in restores.passed if one.recovery.point_source == source.name), default=LONG_AGO)
            for of, restores in self.restores.items()
            if of in source.of
        ]
        oldest = min(ends, default=LONG_AGO)
        return None if oldest == LONG_AGO else oldest

    def times(self, scenario: str) -> int:
        """Return how many tests of a scenario passed."""
        passed = {
            (one.source, one.recovery.id)
            for restores in self.restores.values()
            for one in restores.passed
            if not one.recovery.real and (not scenario or scenario in one.recovery.scenarios)
        }
        return len(passed)

    def newest(self, scenario: str) -> int | None:
        """Return when a test of a scenario last passed."""
        ends = [
            one.ends
            for restores in self.restores.values()
            for one in restores.passed
            if (not scenario or scenario in one.recovery.scenarios) and not one.recovery.contradicted
        ]
        return max(ends, default=None)


def _points(policy: Policy) -> list[Source]:
    return [source for source in policy.sources.values() if source.tells(Tells.POINTS)]
