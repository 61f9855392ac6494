"""Judge: what the ledger knows becomes verdicts. Nothing is fetched here, and no clock is read."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial

from msgspec.structs import replace

from drcheck import registry
from drcheck.app.policy_versions import Versions
from drcheck.core.history import log_lines, rewritten_logs
from drcheck.core.history.look_order import in_order
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import held_evidence
from drcheck.core.judging.judge import judge as judge_policy
from drcheck.core.judging.population import Population, population
from drcheck.core.judging.reach import looked_at
from drcheck.core.judging.since_last_run import breaches_to_name
from drcheck.core.judging.sources import Evidence, SourceEvidence, gaps_beside
from drcheck.core.judging.unplaced_records import unplaced
from drcheck.core.judging.unreadable_texts import unknown_times
from drcheck.core.model.evidence import Gap, Look
from drcheck.core.model.log_records import Log, ReadLog
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Behaviour, Tells
from drcheck.core.model.verdict import Window
from drcheck.core.time.spans import Spans, union
from drcheck.ledger.state import Key, PastVerdict, SourceState, State
from drcheck.run_report import Dropped, Judged, SourceSeen


def judge(
    sources: Callable[[Key], SourceState | None],
    versions: Mapping[str, Versions],
    windows: Mapping[str, Window],
    *,
    clock_tolerance: int,
    of_period: bool = False,
    exhibits: bool = False,
) -> tuple[Judged, ...]:
    """Judge every service over its window, by what is known of its sources and by the texts that bind.

    Each source is asked of ``sources`` once, and let go of with its service: a year of a thousand services need not be
    in memory. ``of_period`` also names what is not any more as it was in the window; ``exhibits`` adds what
    pictures are drawn from, and everything that there was.
    """
    judging = Judging(sources, versions, windows, clock_tolerance, of_period=of_period, exhibits=exhibits)
    return judging.all()


class Judging:
    """Judges services one after the other, each by its own sources alone: in any order, the verdicts are the same."""

    def __init__(
        self,
        sources: Callable[[Key], SourceState | None],
        versions: Mapping[str, Versions],
        windows: Mapping[str, Window],
        clock_tolerance: int,
        *,
        of_period: bool = False,
        exhibits: bool = False,
    ) -> None:
        """Judge by these; what they mean :func:`judge` tells."""
        self._sources, self._versions, self._windows = sources, versions, windows
        self._judge = partial(_judged, tolerance=clock_tolerance, of_period=of_period, exhibits=exhibits)
        self._ready: deque[tuple[str, Mapping[Key, ReadLog]]] = deque()
        self._judged: dict[str, Judged] = {}
        self._failed = False

    def came_in(self, service: str, logs: Mapping[Key, ReadLog]) -> None:
        """Let a service be judged from now on: all that it rests on is known. ``logs`` were read already."""
        self._ready.append((service, logs))

    def go_on(self) -> bool:
        """Judge one service that came in, and return whether there was one.

        What fails ends no look: :meth:`all` meets it again.
        """
        if not self._ready or self._failed:
            return False
        service, logs = self._ready.popleft()
        try:
            self._judged[service] = self._one(service, logs)
        except Exception:  # noqa: BLE001  whatever it is, it is raised once the looks are over
            self._failed = True
        return True

    def all(self) -> tuple[Judged, ...]:
        """Judge the services that are left, and return all, in the order of the policies."""
        ready = dict(self._ready)
        for service in self._versions:
            if service not in self._judged:
                self._judged[service] = self._one(service, ready.pop(service, {}))
        return tuple(self._judged[service] for service in self._versions)

    def _one(self, service: str, logs: Mapping[Key, ReadLog]) -> Judged:
        return self._judge(cache(self._sources), self._versions[service], self._windows[service], logs=logs)


def with_news(services: Iterable[Judged], state: State, *, before: Mapping[str, str]) -> tuple[Judged, ...]:
    """Name what was breached, and is promised no more, since the last recorded run that was shown.

    ``before`` has the newest recorded run of each service where that one is repeated: then since the one before it.
    """
    past: dict[str, list[PastVerdict]] = defaultdict(list)
    for (service, _), verdicts in state.verdicts.items():
        past[service] += verdicts
    return tuple(
        _with_news(judged, state, past[judged.policy.service], before.get(judged.policy.service, ""))
        for judged in services
    )


def _with_news(judged: Judged, state: State, past: Sequence[PastVerdict], before: str) -> Judged:
    service, end = judged.policy.service, judged.window.end
    verdicts = tuple(
        replace(
            verdict,
            since_last_run=breaches_to_name(
                verdict.breaches(), state.recorded(service, verdict.commitment.id, end, before=before), end
            ),
        )
        for verdict in judged.verdicts
    )
    last = state.last_shown(service, before=before)
    # What the run that is repeated judged may be promised no more by now, too.
    runs = {before, last.began.run if last else ""}
    here = {(verdict.commitment.id, verdict.commitment.kind) for verdict in verdicts}
    dropped = {
        (one.found.commitment, one.found.kind): Dropped(
            one.found.commitment, one.found.kind, one.found.status, one.window.end
        )
        for one in past
        if one.run in runs and (one.found.commitment, one.found.kind) not in here
    }
    return replace(judged, verdicts=verdicts, dropped=tuple(dropped.values()))


def keys_of(versions: Mapping[str, Versions]) -> set[Key]:
    """Return all sources that judging by the texts that bind rests on."""
    return {
        Key(service, source.identity)
        for service, of_service in versions.items()
        for text in of_service.texts
        for source in looked_at(text)
    }


def _judged(
    sources: Callable[[Key], SourceState | None],
    versions: Versions,
    window: Window,
    *,
    tolerance: int,
    of_period: bool,
    exhibits: bool,
    logs: Mapping[Key, ReadLog],
) -> Judged:
    @cache
    def read(source: Source) -> SourceEvidence | None:
        key = Key(versions.policy.service, source.identity)
        state, read = sources(key), logs.get(key)
        if state is None:
            return None
        since = versions.since(source, window)
        return evidence_of(
            source,
            state,
            key.service,
            tolerance,
            since=since,
            until=window.end,
            read=read,
            covering=versions.covering,
        )

    def evidence(text: Policy) -> dict[str, SourceEvidence]:
        # When backups are meant to start changes nothing of what is known.
        by_source = ((source.name, read(replace(source, planned=""))) for source in looked_at(text))
        return {name: seen for name, seen in by_source if seen is not None}

    today = evidence(versions.policy)
    read_earlier = {text.sha256: evidence(text) for text, _ in versions.bound}
    held = held_evidence(versions.readable, Evidence(today, read_earlier), tolerance)
    verdicts = judge_policy(
        versions.policy,
        today,
        window,
        clock_tolerance=tolerance,
        first_seen=versions.first_seen,
        earlier=versions.earlier,
        read_earlier=read_earlier,
        unreadable=versions.unreadable,
        of_period=of_period,
        exhibits=exhibits,
        held=held,
    )
    used = {source.name for source in looked_at(versions.policy)}
    unused = tuple(name for name in versions.policy.sources if name not in used)
    unknown = (
        span
        for commitment in versions.policy.commitments
        for span in unknown_times(commitment, versions.readable, versions.unreadable, window)
    )
    return Judged(
        versions.policy,
        verdicts,
        _sources(sources, versions.policy, today, window),
        unused=unused,
        unreadable=union(unknown),
        population=population(versions.policy, held.today, window) if exhibits else Population(),
    )


def _sources(
    sources: Callable[[Key], SourceState | None],
    policy: Policy,
    evidence: Mapping[str, SourceEvidence],
    window: Window,
) -> tuple[SourceSeen, ...]:
    """Return what lies at the sources of a policy beside what its verdicts tell; nothing of what was never seen."""
    listed = frozenset(of for source in policy.sources.values() for of in source.of)
    told = {name for commitment in policy.commitments for name in commitment.evidence}
    shown = []
    for source in looked_at(policy):
        state, seen = sources(Key(policy.service, source.identity)), SourceSeen(source.name, source.place)
        if state is not None:
            last = state.history.looks[-1]
            seen = replace(seen, seconds=last.end - last.begin)
        if state is not None and (log := evidence[source.name].log) is not None:
            seen = replace(
                seen,
                unlisted=tuple(sorted(_sets_of(log) - listed)),
                other_lines=log.others,
                unplaced=unplaced(policy, source.name, log, evidence, window),
            )
        elif state is not None:
            history, newest = state.history, state.history.looks[-1]
            seen = replace(
                seen,
                unlisted=history.unlisted,
                unread=history.unread,
                names=newest.names,
                matched=newest.matched,
                unmatched=history.unaccounted,
                ever_matched=history.ever_matched,
            )
        shown.append(seen if source.name in told else replace(seen, gaps=gaps_beside(evidence.get(source.name))))
    return tuple(shown)


def _sets_of(log: Log) -> frozenset[str]:
    """Return the data sets that a log tells of."""
    restored = frozenset(recovery.point_of for recovery in log.recoveries if recovery.point_of)
    return restored.union(*(check.of for check in log.checks))


def evidence_of(
    source: Source,
    state: SourceState,
    service: str,
    tolerance: int,
    *,
    since: int,
    until: int,
    read: ReadLog | None = None,
    covering: Mapping[str, Spans] | None = None,
) -> SourceEvidence:
    """Return what is known of a source, of data of ``since`` or later, for a question that ends at ``until``.

    ``read``: what tonight's look has read of a log. ``covering``: of a list of what exists, what policies cover, and
    when.
    """
    history = state.history
    log: Log | None = None
    if source.export:
        log = rewritten_logs.of_exports(history)
    elif source.junit:
        log = rewritten_logs.of_reports(history, source.restores)
    elif source.tells(Tells.INVENTORY):
        log = rewritten_logs.of_inventories(history, covering or {})
    elif source.behaves is Behaviour.APPENDED:
        log = _log(source, state, service, tolerance, read)
    newest = history.looks[-1]
    return SourceEvidence(
        standing=state.standing,
        parts=parts_of(history, source, clock_tolerance=tolerance, since=since, until=until),
        log=log,
        gaps=tuple(gap for gap in newest.gaps if gap.line is None),  # the others stand in the log
        unaccounted=history.unaccounted,
        ever_matched=not source.tells(Tells.POINTS) or history.ever_matched,
        looks=history.looks,
        names=cache(history.names),
    )


def _log(source: Source, state: SourceState, service: str, tolerance: int, read: ReadLog | None) -> Log:
    """Return what a log says, as far as complete looks have shown it; ``read``: what tonight's look has read of it."""
    newest = state.history.looks[-1]
    complete = [look for look in in_order(state.history.looks) if look.complete]
    if not complete:
        return Log(unseen=_hiding(newest))
    last = complete[-1]
    latest = last.begin + tolerance
    if read is not None and read.latest == latest and read.raw == state.log:
        parsed = read.log
    else:
        parsed = registry.parser(source)(state.log, service, latest)
    lines = tuple(gap for gap in parsed.gaps if not gap.hides)
    # For as long as the source says nothing else is taken to have come.
    known_until = last.begin + max(0, (source.seen_every or 0) - 1)
    settled = replace(parsed, gaps=lines, known_until=known_until, unseen=() if newest.complete else _hiding(newest))
    return log_lines.dated(settled, state.log, log_lines.reaching(complete, len(state.log), newest))


def _hiding(look: Look) -> tuple[Gap, ...]:
    return tuple(gap for gap in look.gaps if gap.hides)
