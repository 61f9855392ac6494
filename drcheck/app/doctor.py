"""Doctor: can drcheck do its work with this configuration and these policies? The next run, rehearsed; nothing is kept.

Every source is looked at as the next run would look at it, on top of what the ledger knows, and what that comes to is
judged in memory. Behind each look, the place is asked what its account may do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from drcheck import __version__, clock, registry
from drcheck.app.diagnosis import AccountAnswer, Diagnosis, Examination, RehearsedLook, Topic, of_fault, of_ledger
from drcheck.app.gather import Examine, Gathering, Job
from drcheck.app.judge import judge
from drcheck.app.look import Progress, look, sources_of
from drcheck.app.look_queue import Turn
from drcheck.app.policy_versions import versions
from drcheck.app.question import USUAL_SPAN
from drcheck.collectors.guarded import Guarded
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.verdict import Window
from drcheck.errors import UsageError
from drcheck.interfaces import CollectorError, LookRequest
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.state import Key, SourceState
from drcheck.ledger.store import Ledger, footing_of, path_of, rehearse, rehearse_anew
from drcheck.policyfile.load import Loaded, load_policies
from drcheck.readers import look_clock
from drcheck.settings import Connection, Settings


def doctor(settings: Settings, names: Sequence[str], progress: Progress) -> Diagnosis:
    """Examine the ledger, the connections, and the sources and policies that rest on them.

    With ``names`` only these connections, and what lies there; policies are then not judged. Raises ``UsageError``
    where there is no such connection, or where none is named and there is no policy.
    """
    begun = clock.monotonic()
    for name in names:
        if name not in settings.connections:
            known = ", ".join(settings.connections) or "none"
            raise UsageError(
                f"there is no connection {name} in {settings.file}", f"Known are {known}; add it under connections."
            )
    loaded = _loaded(settings, names)
    ledger, its_topic = _ledger(settings)
    with ledger:
        examination, tracebacks = _examine(settings, loaded.policies, ledger, names, progress)
    faults = () if names else map(of_fault, loaded.faults)
    topics = (its_topic, *examination.topics(), *faults)
    return Diagnosis(topics, clock.monotonic() - begun, tracebacks)


def _loaded(settings: Settings, names: Sequence[str]) -> Loaded:
    try:
        return load_policies([], settings)
    except UsageError:
        if not names:
            raise
        return Loaded((), ())  # a connection can be tried before the first policy is written


def _ledger(settings: Settings) -> tuple[Ledger, Topic]:
    """Return the ledger to rehearse upon, and what is to be said of it."""
    path, footing = path_of(settings.ledger), footing_of(settings.ledger)
    try:
        ledger = rehearse(settings.ledger)
        ledger.state(())  # reads what the next run reads
    except LedgerError as error:
        return rehearse_anew(), of_ledger(path, footing, 0, error)
    return ledger, of_ledger(path, footing, ledger.log.count, None)


def _examine(
    settings: Settings, policies: Sequence[Policy], ledger: Ledger, names: Sequence[str], progress: Progress
) -> tuple[Examination, tuple[str, ...]]:
    """Look at everything once, and judge it unless only some connections are examined; returns tracebacks as well."""
    started = clock.now()
    window = Window(started + 1 - USUAL_SPAN, started + 1)
    windows = {policy.service: window for policy in policies}
    wanted, told = tuple(names) or tuple(settings.connections), list[AccountAnswer]()
    with ledger.start(window, version=__version__, started_at=started, question=True) as run:
        run.policies(policies)
        bound = versions(ledger, ledger.state(()), policies, started)
        tracebacks = look(
            run,
            partial(ledger.source, ledger.state(())),
            bound,
            settings,
            windows,
            begin=started,
            progress=progress,
            reader=partial(_reading, told),
            connections=wanted,
        )
        sources = [(policy.service, one) for policy, one in sources_of(bound) if one.connection in wanted]
        used = {source.connection for _, source in sources}
        unused = [settings.connections[name] for name in wanted if name not in used]
        reached, more = _reach(settings, unused, started, told, progress)
        known = partial(ledger.source, ledger.state(()))
        states = ((service, source, known(Key(service, source.identity))) for service, source in sources)
        seen = tuple(
            RehearsedLook(service, source, state.history.looks[-1]) for service, source, state in states if state
        )
        judged = () if names else judge(known, bound, windows, clock_tolerance=settings.clock_tolerance)
    return Examination(settings, wanted, started, tuple(told), reached, seen, judged), (*tracebacks, *more)


def _reading(told: list[AccountAnswer], source: Source) -> Examine:
    """Return what reads a source as in a run, and asks the place after its account behind it."""
    read = registry.reader(source)

    def examine(collector: Guarded, source: Source, name: str, asked: LookRequest) -> Observation:
        observation = read(collector, source, name, asked)
        content = (
            bool(collector.reads)
            or not observation.look.complete
            # what earlier nights have read of backups, the next one is read for as well
            or bool(asked.states)
            or any(one.facts for one in asked.settled.values())
            or (asked.tells_apart and any(not one.checksum for one in observation.candidates))
        )
        told.append(_told(collector, source, content=content))
        return observation

    return examine


def _told(collector: Guarded, source: Source, *, content: bool) -> AccountAnswer:
    root, _ = registry.place(source)
    try:
        return AccountAnswer(source.connection, root, collector.account(), None, content)
    except CollectorError as error:
        return AccountAnswer(source.connection, root, None, Gap(error.message, error.hint), content)


def _reach(
    settings: Settings, unused: Sequence[Connection], begin: int, told: list[AccountAnswer], progress: Progress
) -> tuple[Mapping[str, Look], tuple[str, ...]]:
    """Reach each connection that no source uses at its own root, unless others only lead through it or it has none."""
    through = {getattr(one, one.keys.through) for one in settings.connections.values() if one.keys.through}
    asked = LookRequest(LONG_AGO, begin, settings.clock_tolerance, "")
    asks = [one for one in unused if one.name not in through and not one.path_fault("")]
    for one in asks:
        registry.opener(one)  # loads its SDK, before there are several threads

    def job(one: Connection) -> Job:
        return Job("", Source("", one.name, "", registry.READERS["objects"], ()), one, asked, SourceState())

    pool = Connections(settings.connections, settings.workers, settings.list_at_most)
    gathering = Gathering(
        [Turn(one, partial(job, one)) for one in asks], pool, settings.workers, partial(_reaching, told)
    )
    reached = {}
    with progress([one.name for one in asks]) as tick:
        for seen in (one for several in gathering.seen() for one in several):
            reached[seen.job.connection.name] = seen.observation.look
            tick(seen.job.connection.name)
    return reached, tuple(gathering.tracebacks)


def _reaching(told: list[AccountAnswer], source: Source) -> Examine:
    def examine(collector: Guarded, _source: Source, _name: str, asked: LookRequest) -> Observation:
        answer = _told(collector, source, content=False)
        told.append(answer)
        gaps: tuple[Gap, ...] = () if answer.gap is None else (answer.gap,)
        offset, of_clock = (None, ()) if gaps else look_clock.clock_of(collector, source, asked)
        gaps += of_clock
        return Observation(look_clock.close_look(source, asked, asked_from=LONG_AGO, gaps=gaps, clock_offset=offset))

    return examine
