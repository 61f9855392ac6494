"""One run: policies -> looks -> evidence -> verdicts -> report. The page where the stages meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from drcheck import __version__, clock, registry
from drcheck.collectors.pool import Connections
from drcheck.core import exports, loglines, words
from drcheck.core.evidence import LONG_AGO, Gap, Log, Observation
from drcheck.core.history import History
from drcheck.core.needs import asked_at, either_encrypts, locked_for, looked_at, needed_since
from drcheck.core.policy import Policy, Reader, Source
from drcheck.core.sources import SourceEvidence
from drcheck.core.summary import exit_status, status_of
from drcheck.core.verdict import Window
from drcheck.core.verify import judge
from drcheck.core.wordings import Version, corrections_of, wordings_of
from drcheck.gather import Gathering, Job, Seen
from drcheck.interfaces import Asked, Fault, Judged, Report
from drcheck.ledger.run import Run
from drcheck.ledger.store import Key, Ledger, PastPolicy, open_ledger
from drcheck.policyfile.load import Loaded, load_policies, reload
from drcheck.reports import json
from drcheck.settings import Settings

Progress = Callable[[Sequence[str]], AbstractContextManager[Callable[[str], None]]]
"""Given the names of what is awaited, a context in which each is ticked off as it comes in."""


class Outcome(NamedTuple):
    """What a run came to."""

    report: Report
    exit_status: int
    tracebacks: tuple[str, ...]
    """Of what looks met and nobody foresaw; each is a gap of its source."""


def verify(settings: Settings, paths: Sequence[str], *, as_of: int | None, span: int, progress: Progress) -> Outcome:
    """Look at every source of the policies at ``paths``, judge the ``span`` seconds up to ``as_of``, and record it all.

    Without ``as_of`` the run judges the instant of its own looks. Raises ``UsageError`` where nothing can be judged.
    """
    started, began = clock.now(), clock.monotonic()
    loaded = load_policies(paths, settings)
    # A window is half-open: one second more, so that the looks of this run lie in it.
    end = started + 1 if as_of is None else as_of
    window = Window(end - span, end)
    # Who asks for the instant at which the command was typed asks for these looks: clocks are known no better.
    begin = end - 1 if 0 <= started + 1 - end <= settings.clock_tolerance else started
    with open_ledger(settings.ledger) as ledger, ledger.start(window, version=__version__, started_at=started) as run:
        texts = ledger.policies()
        past = _versions(ledger, texts, loaded.policies, started)
        faults = (*loaded.faults, *(() if paths else _gone(ledger, texts, loaded, settings, started)))
        run.policies(loaded.policies)
        looked = [(policy, source) for policy in loaded.policies for source in looked_at(policy)]
        kept = ledger.histories(_key(policy.service, source) for policy, source in looked)
        known = {key: History.of(records) for key, records in kept.items()}
        jobs = [
            _job(policy, source, past[policy.service], known[_key(policy.service, source)], settings, window, begin)
            for policy, source in looked
        ]
        pool = Connections(settings.connections, settings.workers, settings.list_at_most)
        gathering = Gathering(jobs, pool, settings.workers)
        evidence: dict[str, dict[str, SourceEvidence]] = {policy.service: {} for policy in loaded.policies}
        with progress([f"{job.service}: {job.source.name}" for job in jobs]) as tick:
            for seen in gathering.seen():
                service, source = seen.job.service, seen.job.source
                evidence[service][source.name] = _remember(
                    seen, known[_key(service, source)], ledger, run, settings, end
                )
                tick(f"{service}: {source.name}")
        services = tuple(
            Judged(
                policy,
                judge(
                    policy,
                    evidence[policy.service],
                    window,
                    clock_tolerance=settings.clock_tolerance,
                    first_seen=past[policy.service].first_seen,
                    earlier=past[policy.service].earlier,
                ),
            )
            for policy in loaded.policies
        )
        for judged in services:
            run.verdicts(judged.policy.service, json.commitments(judged))
        report = Report(run.id, __version__, window, services, faults, clock.monotonic() - began)
        invalid = len({fault.file for fault in faults})
        verdicts = (verdict for judged in services for verdict in judged.verdicts)
        status = exit_status(status_of(verdicts, invalid=invalid))
        run.finish(status)
    return Outcome(report, status, tuple(gathering.tracebacks))


def _key(service: str, source: Source) -> Key:
    return Key(service, source.identity)


class _Versions(NamedTuple):
    """What the ledger knows of the wordings of one policy."""

    first_seen: int
    """When the text of today was first judged, since when without another one in between."""
    earlier: tuple[Version, ...]
    bound: tuple[tuple[Policy, int], ...]
    """Every text that a commitment of today was ever judged by, and until when at most."""


def _versions(
    ledger: Ledger, judged: Iterable[PastPolicy], policies: Iterable[Policy], now: int
) -> dict[str, _Versions]:
    """Return for each service every text that was ever judged, oldest first.

    None is left out for its age: a slot of last year may be owed until today by the text of its day, and one that takes
    effect in the future leaves an old one in force.
    """
    by_service: dict[str, list[PastPolicy]] = defaultdict(list)
    for past in judged:
        by_service[past.service].append(past)
    read = cache(lambda digest: reload(ledger.policy_text(digest)))  # a text may have come back again and again
    found: dict[str, _Versions] = {}
    for policy in policies:
        texts = by_service[policy.service]
        current = texts.pop() if texts and texts[-1].sha256 == policy.sha256 else None
        known = ((past.first_seen, read(past.sha256)) for past in texts)
        earlier = tuple(Version(first_seen, text) for first_seen, text in known if text is not None)
        first_seen = now if current is None else current.first_seen
        found[policy.service] = _Versions(first_seen, earlier, _bound(policy, (*earlier, Version(first_seen, policy))))
    return found


def _bound(policy: Policy, versions: Sequence[Version]) -> tuple[tuple[Policy, int], ...]:
    if len(versions) == 1:
        return ()
    until: dict[str, tuple[Policy, int]] = {}
    for commitment in policy.commitments:
        corrected = (wording for one in corrections_of(commitment, versions) for wording in one.before)
        for wording in (*wordings_of(commitment, versions), *corrected):
            _, known = until.get(wording.policy.sha256, (policy, LONG_AGO))
            until[wording.policy.sha256] = (wording.policy, max(known, wording.binds.end))
    return tuple(until.values())


def _gone(
    ledger: Ledger, judged: Iterable[PastPolicy], loaded: Loaded, settings: Settings, now: int
) -> Iterator[Fault]:
    """Yield the services that were judged and have no policy any more: what nobody looks at is unknown.

    A service that was retired since, or whose agreement has ended, owes nothing; a policy that lies elsewhere and was
    judged by name is not missing.
    """
    retired = ledger.retirements()
    faulty = {str(Path(fault.file).absolute()) for fault in loaded.faults}
    here = {policy.service for policy in loaded.policies}
    newest = {past.service: past for past in sorted(judged, key=lambda past: past.last_seen)}
    for service, past in sorted(newest.items()):
        if service in here or past.file in faulty or retired.get(service, LONG_AGO) >= past.last_seen:
            continue
        # A file of these directories that is still there was read just now, and is a template or of another service.
        read = any(Path(past.file).is_relative_to(directory) for directory in settings.policies)
        if not read and Path(past.file).exists():
            continue
        policy = reload(ledger.policy_text(past.sha256))
        if policy is None or policy.agreement.ends is None or policy.agreement.ends > now:
            yield Fault(
                past.file,
                f"{past.file}: the policy of service {service}, judged until {words.instant(past.last_seen)}, is gone "
                f"(restore it, or say why: drcheck ledger retire {service} --reason …)",
                gone=True,
            )


def _job(
    policy: Policy,
    source: Source,
    past: _Versions,
    history: History,
    settings: Settings,
    window: Window,
    begin: int,
) -> Job:
    """Return what to ask of one source: as much as the question needs, and nothing that is known for good."""
    facts = asked_at(policy, source)
    asked = Asked(
        since=min(_since(policy, source, past, window), history.broken_since()),
        begin=begin,
        clock_tolerance=settings.clock_tolerance,
        service=policy.service,
        facts=facts,
        settled=history.settled(locked_for=locked_for(policy, source)) if facts else {},
        either_encrypts=either_encrypts(policy, source),
        read_at_most=settings.read_at_most,
    )
    return Job(policy.service, source, settings.connections[source.connection], asked)


def _since(policy: Policy, source: Source, past: _Versions, window: Window) -> int:
    """Return the oldest data that judging by the wording of today, or by one that was in force before, needs."""
    needed = needed_since(policy, source, window)
    for text, until in past.bound:
        if source.name in text.sources and text.sources[source.name].identity == source.identity:
            since = needed_since(text, source, window)
            # What began before a text was replaced may be owed by it for as long as it says, and nothing else is.
            needed = min(needed, since) if since < until else needed
    return needed


def _remember(seen: Seen, history: History, ledger: Ledger, run: Run, settings: Settings, until: int) -> SourceEvidence:
    """Add a look to what is known of its source, keep it in the ledger, and return it all as evidence."""
    source, observation = seen.job.source, seen.observation
    log = None
    if source.reader is not Reader.OBJECTS and not source.export:
        observation, log = _appended(seen, history, ledger, settings.clock_tolerance)
    record = run.record(seen.job.service, source.identity, history.observe(observation), observation.raw)
    history.apply(record)
    if source.export:
        log = exports.joined(history)
    return SourceEvidence(
        standing=registry.standing(source, seen.job.connection),
        parts=history.parts(source, clock_tolerance=settings.clock_tolerance, since=seen.job.asked.since, until=until),
        log=log,
        gaps=tuple(gap for gap in observation.look.gaps if gap.line is None),  # the others stand in the log
        unlisted=history.unlisted,
    )


def _appended(seen: Seen, history: History, ledger: Ledger, tolerance: int) -> tuple[Observation, Log]:
    """Return a look at a log with what the log says, as far as it is known to be only appended to."""
    observation, source = seen.observation, seen.job.source
    looks = [look for look in history.looks if look.complete]
    last = looks[-1] if looks else None
    before = ledger.raw(last.digest) if last is not None and last.digest else b""
    if observation.look.complete:
        if observation.log is not None and observation.raw.startswith(before):
            return observation, loglines.dated(observation.log, observation.raw, [*looks, observation.look])
        gap = Gap(
            f"what {source.name} said {words.instant(last.begin if last else LONG_AGO)} is no longer in it",
            "Logs are appended to, never rewritten: restore its lines, or name the new log as a source of its own.",
        )
        observation = replace(observation, look=replace(observation.look, gaps=(gap,)))
    if last is None:
        return observation, Log(unseen=observation.look.gaps)
    parsed = registry.parser(source)(before, seen.job.service, last.begin + tolerance)
    known = replace(parsed, known_until=last.begin, unseen=observation.look.gaps)
    return observation, loglines.dated(known, before, looks)
