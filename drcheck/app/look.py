"""Look: ask every source what the question needs, and append what it shows to the ledger. Nothing is judged here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from hashlib import sha256
from itertools import islice

from msgspec.structs import replace

from drcheck import registry
from drcheck.app.gather import Examine, Gathering, Job, JobResult
from drcheck.app.look_queue import Turn
from drcheck.app.policy_versions import Versions
from drcheck.collectors.pool import Connections
from drcheck.core import words
from drcheck.core.history.difference import difference
from drcheck.core.judging.reach import (
    asked_at,
    contents_matter,
    either_encrypts,
    expected_since,
    kept_from,
    locked_for,
    looked_at,
)
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Fact, Gap
from drcheck.core.model.log_records import ReadLog
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Behaviour, Tells
from drcheck.core.model.verdict import Window
from drcheck.interfaces import LookRequest
from drcheck.ledger.run_recorder import Run
from drcheck.ledger.state import Key, SourceState
from drcheck.settings import Settings, hosts, standing

Progress = Callable[[Sequence[str]], AbstractContextManager[Callable[[str], None]]]
"""Shows that work goes on: given what is awaited, returns what to call with each thing that came."""


@contextmanager
def unwatched(_awaited: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Show nothing: a ``Progress`` where nobody watches."""
    yield lambda _name: None


def sources_of(versions: Mapping[str, Versions]) -> Iterator[tuple[Policy, Source]]:
    """Yield the sources that are looked at: those that a commitment of today rests on, but the ledger itself."""
    for of_service in versions.values():
        for source in looked_at(of_service.policy):
            if source.reader.own is None:
                yield of_service.policy, source


def look(
    run: Run,
    known_of: Callable[[Key], SourceState | None],
    versions: Mapping[str, Versions],
    settings: Settings,
    windows: Mapping[str, Window],
    *,
    begin: int,
    progress: Progress,
    reader: Callable[[Source], Examine] | None = None,
    connections: Collection[str] | None = None,
    came_in: Callable[[str, Mapping[Key, ReadLog]], None] = lambda _service, _logs: None,
    meanwhile: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """Look at every source once, as of ``begin``, for judging each service over its window.

    ``connections``: look only at what lies there; None: everywhere. ``reader``
    returns what reads a source; None: the one that the registry names.

    ``came_in`` hears of each service all of whose sources were looked at, with what was read of its logs; ``meanwhile``
    does a piece of other work while looks are waited for, and returns whether there was any.

    ``known_of`` reads what is known of a source: once, when its turn comes, and it is let go of with what came.
    Returns tracebacks of what looks met and nobody foresaw; each of these is a gap of its source.
    """
    every = tuple(sources_of(versions))
    at_places = _Places(source for _, source in every)
    wanted = (one for one in every if connections is None or one[1].connection in connections)
    sources = tuple(spread(wanted, settings.workers))
    for name in {source.connection for _, source in sources}:
        registry.opener(settings.connections[name])  # loads its SDK, before there are several threads

    def job(policy: Policy, source: Source) -> Job:
        state = known_of(Key(policy.service, source.identity)) or SourceState()
        return _job(
            versions[policy.service],
            source,
            state,
            settings,
            windows[policy.service],
            begin,
            also_read=at_places.around(source),
        )

    sharers = (
        (source.connection, registry.place(source)[0])
        for _, source in sources
        if source.reader.lists and not source.versions
    )
    pool = Connections(settings.connections, settings.workers, settings.list_at_most, sharers)
    turns = (Turn(settings.connections[each[1].connection], partial(job, *each)) for each in sources)
    gathering = Gathering(turns, pool, settings.workers, reader, meanwhile)
    left = Counter(policy.service for policy, _ in sources)
    logs: dict[str, dict[Key, ReadLog]] = defaultdict(dict)
    with progress([f"{policy.service}: {source.name}" for policy, source in sources]) as tick:
        for several in gathering.seen():
            with run.at_once():
                for seen in several:
                    service, source = seen.job.service, seen.job.source
                    vouched = standing(source, seen.job.connection)
                    _append(run, Key(service, source.identity), vouched, source, seen.job.known, seen.observation)
            for seen in several:
                service, source = seen.job.service, seen.job.source
                tick(f"{service}: {source.name}")
                if (read := _read_log(seen)) is not None:
                    logs[service][Key(service, source.identity)] = read
                left[service] -= 1
                if not left[service]:
                    came_in(service, logs.pop(service, {}))
    return tuple(gathering.tracebacks)


def _read_log(seen: JobResult) -> ReadLog | None:
    """Return what a complete look has read of a log that is appended to; None: it is no such look."""
    observation, asked = seen.observation, seen.job.asked
    if observation.log is None or not observation.look.complete or seen.job.source.behaves is not Behaviour.APPENDED:
        return None
    return ReadLog(observation.raw, asked.begin + asked.clock_tolerance, observation.log)


def spread(sources: Iterable[tuple[Policy, Source]], workers: int) -> Iterator[tuple[Policy, Source]]:
    """Yield the sources so that those of one connection do not wait for it together while others could begin.

    Each worker that waits for a session that another one makes is one host less that is looked at meanwhile. Only as
    many as two rounds of workers take change places: what belongs together comes in together.
    """
    ahead = iter(sources)
    while several := list(islice(ahead, 2 * workers)):
        before: Counter[str] = Counter()
        turns: list[int] = []
        for _, source in several:
            turns.append(before[source.connection])
            before[source.connection] += 1
        yield from (several[at] for at in sorted(range(len(several)), key=turns.__getitem__))


class _Places:
    """Which sources read names at the same place: found by their paths, however many there are."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._at: dict[tuple[str, str], list[Source]] = defaultdict(list)
        self._below: dict[tuple[str, str], list[Source]] = defaultdict(list)
        for source in dict.fromkeys(source for source in sources if source.tells(Tells.POINTS)):
            self._at[source.connection, source.root].append(source)
            for root in _above(source.root):
                self._below[source.connection, root].append(source)

    def around(self, source: Source) -> tuple[Source, ...]:
        """Return the other sources whose root is that of ``source``, above it or below it."""
        if not source.tells(Tells.POINTS):
            return ()
        here = [other for root in (source.root, *_above(source.root)) for other in self._at[source.connection, root]]
        return tuple(other for other in (*here, *self._below[source.connection, source.root]) if other != source)


def _above(root: str) -> list[str]:
    """Return all directories above a root, the connection's own as an empty one."""
    return [root[:at] for at in range(len(root)) if not at or root[at - 1] == "/"]


def _job(
    versions: Versions,
    source: Source,
    state: SourceState,
    settings: Settings,
    window: Window,
    begin: int,
    *,
    also_read: tuple[Source, ...] = (),
) -> Job:
    """Return what to ask of one source: as much as the question needs, and nothing that is known for good."""
    policy, history = versions.policy, state.history
    facts, verify = asked_at(policy, source), source.tells(Tells.POINTS)
    since = min(versions.since(source, window), history.broken_since())
    asked = LookRequest(
        since=since,
        judged_since=versions.since(source, window, with_bases=False) if source.reader.chains else since,
        begin=begin,
        clock_tolerance=settings.clock_tolerance,
        service=policy.service,
        facts=facts,
        settled=history.settled(
            locked_for=locked_for(policy, source), since=since, at=begin, verified_once=Fact.CHECKSUM not in facts
        )
        if verify
        else {},
        states=history.states(since),
        also_read=also_read,
        expected_since=expected_since(policy, source, begin),
        kept_from=kept_from(policy, source, begin),
        tells_apart=contents_matter(policy, source),
        either_encrypts=either_encrypts(policy, source),
        verify=verify,
        read_at_most=settings.read_at_most,
        hosts=hosts(settings) if source.tells(Tells.INVENTORY) else {},
    )
    return Job(policy.service, source, settings.connections[source.connection], asked, state)


def _append(
    run: Run, key: Key, vouched: Standing, source: Source, state: SourceState, observation: Observation
) -> None:
    """Keep what one look showed, as far as it is new."""
    raw = observation.raw
    if raw:
        digest = sha256(raw).hexdigest()
        observation = replace(observation, look=replace(observation.look, digest=digest, size=len(raw)))
    if source.behaves is not Behaviour.APPENDED:
        run.looked(key, vouched, difference(state.history, observation))
        return
    if observation.look.complete and not raw.startswith(state.log):
        last = next(look for look in reversed(state.history.looks) if look.complete)
        gap = Gap(
            f"what {source.name} said {words.instant(last.begin)} is no longer in it",
            "Logs are appended to, never rewritten: restore its lines, or name the new log as a source of its own.",
        )
        observation = replace(observation, look=replace(observation.look, gaps=(gap,)))
    lines = raw[len(state.log) :] if observation.look.complete else b""
    run.looked(key, vouched, difference(state.history, observation), before=state.log, lines=lines)
