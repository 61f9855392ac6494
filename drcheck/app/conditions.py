"""What is the case by a report, that somebody may want to be told of: conditions, what has passed, and how they end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.judging.transitions import Condition, ConditionKind, ConditionSubject, End, PassedBreach
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.run_report import Judged, Report
from drcheck.settings import Notify


def conditions(
    report: Report, notify: Notify, at: int, *, elsewhere: Collection[str] = ()
) -> dict[ConditionSubject, Condition]:
    """Return everything that is the case at ``at`` and somebody may want to be told of.

    ``elsewhere`` has the connections at which sources lie that the run did not look at: of these nobody can say that
    none was seen.
    """
    unseen = {alias: reason for alias, reason in _unseen(report).items() if alias not in elsewhere}
    now: dict[ConditionSubject, Condition] = {
        ConditionSubject(ConditionKind.UNSEEN, "", alias): Condition(None, reason) for alias, reason in unseen.items()
    }
    for fault in report.faults:
        now.setdefault(
            ConditionSubject(ConditionKind.INVALID, "", _absolute(fault.file)), Condition(None, fault.message)
        )
    for judged in report.services:
        for verdict in judged.verdicts:
            now |= _of_verdict(judged, verdict, unseen, notify, at)
    return now


def _absolute(file: str) -> str:
    """Return a policy's file as every run names it, wherever it was begun and by whatever path it was named."""
    return str(Path(file).absolute())


def _of_verdict(
    judged: Judged, verdict: Verdict, unseen: Mapping[str, str], notify: Notify, at: int
) -> Iterator[tuple[ConditionSubject, Condition]]:
    service, promise, overall = judged.policy.service, verdict.commitment.id, verdict.overall
    waiver = summary.waiver_of(verdict)
    if verdict.status is Status.BREACHED and waiver is None:
        yield (
            ConditionSubject(ConditionKind.BREACHED, service, promise),
            Condition(_since(verdict, Status.BREACHED, at), overall.reason),
        )
    elif verdict.status is Status.UNKNOWN:
        since = _since(verdict, Status.UNKNOWN, at)
        hidden = {judged.policy.sources[source].connection for source, gap in verdict.gaps if gap.hides}
        # Of a connection that cannot be seen one line tells, whatever hangs on it.
        if at - since >= notify.unknown_after and not (hidden and hidden <= set(unseen)):
            yield ConditionSubject(ConditionKind.UNKNOWN, service, promise), Condition(since, overall.reason)
    if waiver is not None and waiver.until - at < notify.waiver_before:
        reason = f"the waiver of {waiver.owner} ends {words.instant(waiver.until)}: {waiver.reason}"
        yield ConditionSubject(ConditionKind.WAIVER_ENDS, service, promise), Condition(None, reason)
    if verdict.status is Status.MET and overall.at_risk:
        yield (
            ConditionSubject(ConditionKind.AT_RISK, service, promise),
            Condition(None, overall.foretold or overall.reason),
        )
    due = overall.due_at
    is_test = verdict.commitment.kind == "restore_test" and verdict.status is Status.MET
    if is_test and due is not None and due - at < notify.test_before:
        yield (
            ConditionSubject(ConditionKind.TEST_DUE, service, promise),
            Condition(None, f"the next one is due {words.instant(due)}"),
        )


def _since(verdict: Verdict, status: Status, at: int) -> int:
    openings = verdict.overall.openings(status)
    return openings[-1].opened_at if openings else at


def passed(report: Report) -> Iterator[PassedBreach]:
    """Yield the breaches that began and ended since the last report."""
    for judged in report.services:
        for verdict in judged.verdicts:
            for breach in summary.passed_breaches(verdict):
                assert breach.closed_at is not None
                subject = ConditionSubject(ConditionKind.BREACHED, judged.policy.service, verdict.commitment.id)
                yield PassedBreach(subject, breach.opened_at, breach.closed_at, breach.reason)


def _unseen(report: Report) -> dict[str, str]:
    """Return the connections of whose sources none could be seen whole, with why and what hangs on it."""
    seen: set[str] = set()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    services: dict[str, set[str]] = defaultdict(set)
    for judged in report.services:
        hiding = {source: gap.what for source, gap in reversed(judged.gaps) if gap.hides}
        for source in judged.sources:
            alias = source.place.partition(":")[0]
            services[alias].add(judged.policy.service)
            if source.name in hiding:
                reasons[alias][hiding[source.name]] += 1
            else:
                seen.add(alias)
    return {
        alias: f"{why.most_common(1)[0][0]}; {words.counted(len(services[alias]), 'service')} cannot be judged by it"
        for alias, why in reasons.items()
        if alias not in seen
    }


class Ends:
    """How conditions that were told, and are not any more, have ended."""

    def __init__(self, report: Report, at: int, *, whole: bool, retired: Collection[str] = ()) -> None:
        """``retired`` has the services that are promised no more."""
        self._at, self._whole, self._retired = at, whole, retired
        self._verdicts = {
            judged.policy.service: {verdict.commitment.id: verdict for verdict in judged.verdicts}
            for judged in report.services
        }
        self._files = {_absolute(judged.policy.file) for judged in report.services}
        self._connections = {source.place.partition(":")[0] for judged in report.services for source in judged.sources}
        self._unseen = set(_unseen(report))

    def of(self, subject: ConditionSubject, since: int) -> End | None:
        """Return how what was told to have begun at ``since`` ended; None: this run cannot tell."""
        how = self._how(subject)
        return None if how is None else End(self._when(subject, since), how)

    def _when(self, subject: ConditionSubject, since: int) -> int:
        """Return when a breach or an unknown ended; of the rest only that it has is known."""
        status = _STATUSES.get(subject.what)
        verdict = self._verdicts.get(subject.service, {}).get(subject.name)
        if status is None or verdict is None:
            return self._at
        closed = (one.closed_at for one in verdict.overall.openings(status) if one.closed_at is not None)
        return next((end for end in closed if end > since), self._at)

    def _how(self, subject: ConditionSubject) -> str | None:
        if subject.what is ConditionKind.INVALID:
            if subject.name in self._files:
                return "it is judged again"
            return "no policy is missed there any more" if self._whole else None
        if subject.what is ConditionKind.UNSEEN:
            if subject.name in self._unseen:
                return None
            if subject.name in self._connections:
                return "it is seen again"
            return "nothing lies there any more" if self._whole else None
        promised = self._verdicts.get(subject.service)
        if promised is None:
            return "its service is retired" if subject.service in self._retired else None
        verdict = promised.get(subject.name)
        if verdict is None:
            return "it is promised no more"
        if verdict.status is Status.UNKNOWN and subject.what is not ConditionKind.WAIVER_ENDS:
            return None
        return _ended(verdict)


_STATUSES: Final = {ConditionKind.BREACHED: Status.BREACHED, ConditionKind.UNKNOWN: Status.UNKNOWN}


def _ended(verdict: Verdict) -> str:
    if (waiver := summary.waiver_of(verdict)) is not None:
        return f"it is waived until {words.instant(waiver.until)}"
    return verdict.overall.reason or "nothing is owed"
