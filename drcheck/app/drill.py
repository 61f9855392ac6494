"""Drill: a recovery point restored for real on a target that the runner allows, checked, timed, and cleaned away.

What is restored says the policy, how a runbook, and where drcheck.yaml; what came of it goes into a log of restore
tests, and is judged from there.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from drcheck import __version__, clock, registry
from drcheck.app.drill_records import policy_of
from drcheck.app.judge import evidence_of
from drcheck.collectors.guarded import Guarded
from drcheck.collectors.pool import Connections
from drcheck.core import words
from drcheck.core.history.drills import lines
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.drill import Drill as Record
from drcheck.core.model.drill import DrillCheck, DrillClocks, DrillPhase, DrillPoint, Ending
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import PlannedDrill, Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.runbook import Runbook
from drcheck.core.names.markers import marker_of
from drcheck.core.restoring.answer import Point
from drcheck.core.restoring.answering import Asked
from drcheck.core.restoring.choosing import choose, data_set
from drcheck.drills import far, guards
from drcheck.drills.answers import Known, Outcome
from drcheck.drills.far import Directory, TargetError
from drcheck.drills.guards import Host, Identity, Probed
from drcheck.drills.records import Keeping, Records, Told
from drcheck.drills.running import Drill, Ended, File, Listener, Plan, Report
from drcheck.errors import DrcheckError, UsageError
from drcheck.interfaces import CollectorError, NotFound, Shell
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.encoding import decode, encode
from drcheck.ledger.errors import Busy
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.runbooks import load_runbook
from drcheck.policyfile.validate import suggest
from drcheck.settings import Connection, DrillTarget, Settings

MANIFEST: Final = 4 << 20
"""Bytes that a manifest beside a backup may have."""
_MACHINE_ID: Final = 200
"""Bytes that the file of a machine id may have."""
BEGIN_WAITS: Final = 60.0
"""Seconds that a drill waits for the ledger before it begins."""
END_WAITS: Final = 600.0
"""Seconds that it waits for the ledger once it has ended; after that whoever comes next tells it."""


class DrillError(DrcheckError):
    """A drill that cannot begin: nothing was restored, and nothing on any target changed."""


class Prepared(Struct, frozen=True):
    """A drill that is chosen, and not yet begun."""

    id: str
    policy: Policy
    planned: PlannedDrill
    target: DrillTarget
    runbook: Runbook
    point: Point
    why_this: str
    passed_over: Sequence[str]
    seed: str
    objective: int | None
    """Seconds that the scenario allows a restore; None: nothing is promised."""
    objective_of: str
    """The commitment that says so."""
    last_counts: Mapping[str, Mapping[str, int]]
    as_of: int
    """Right after the newest look."""
    announcement: str
    """The announcement under which it is held; empty: none."""


class Target(NamedTuple):
    """A target that was reached, and that every guard lets through."""

    shell: Shell
    found: Probed
    unknown: tuple[str, ...]
    """Hosts of recovery points of which not everything could be told, in words."""


def prepare(
    settings: Settings, service: str, scenario: str, name: str, *, seed: str = "", announcement: str = ""
) -> Prepared:
    """Choose what is restored, how and where. Nothing is connected to yet.

    Raises ``UsageError`` where policy, runbook or configuration do not allow it.
    """
    policy = policy_of(settings, service)
    planned = _planned(policy, scenario, name)
    target = guards.allowed(settings.drills.targets.values(), planned.target, settings.file)
    if target.site and target.site not in policy.sites:
        raise UsageError(
            f"the target {target.name} is at {target.site}, and the policy of {service} has no such site",
            "Name it in `sites` of the policy, or another `site` for the target: what is lost with it proves nothing.",
        )
    runbook = load_runbook(planned.runbook, settings.drills.runbooks)
    _check_values(planned, runbook)
    records = [one for one in Records(settings.drills.records).all() if one.begun.get("service") == service]
    seed = seed or secrets.token_hex(8)
    now = clock.now()
    evidence, as_of = _evidence(settings, policy, announcement)
    asked = Asked(policy, planned.scenario, None, as_of, now, settings.clock_tolerance)
    chosen = choose(asked, evidence, planned, _turns(records), seed)
    if chosen.point is None:
        raise UsageError(chosen.why, f"`drcheck restore {service}` says what there is; `drcheck verify` looks anew.")
    objective, objective_of = _objective(policy, planned.scenario)
    return Prepared(
        f"{service}-{planned.name}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        policy,
        planned,
        target,
        runbook,
        chosen.point,
        chosen.why,
        chosen.passed_over,
        seed,
        objective,
        objective_of,
        _last_counts(records, planned.name, data_set(asked, planned)),
        as_of,
        announcement,
    )


@contextmanager
def reached(settings: Settings, prepared: Prepared) -> Iterator[Target]:
    """Connect to the target, and hold it against every guard; raises :class:`DrillError` where one says no."""
    with Connections(settings.connections) as pool:
        shell = registry.shell(settings.connections[prepared.target.connection], pool)
        with closing(shell):
            try:
                found = guards.probe(shell, prepared.target.directory)
                unknown: list[str] = []
                guards.check(prepared.target, found, _forbidden(settings, pool, unknown))
                guards.check_programs(shell, prepared.target.name, prepared.runbook.needs)
            except CollectorError as error:
                raise DrillError(error.message, error.hint) from error
            yield Target(shell, found, tuple(unknown))


def run(settings: Settings, prepared: Prepared, target: Target, listener: Listener, *, notes: str = "",
        patience: float = far.PATIENCE) -> tuple[Record, Report]:  # fmt: skip
    """Run a drill, and keep what came of it; its begin is kept before anything on the target changes."""
    began = clock.now()
    token = secrets.token_hex(16)
    record = _begun(prepared, began, notes)
    records = Records(settings.drills.records)
    keeping = records.begin(prepared.id, {**_facts(prepared, record), "token": token})
    try:
        _tell(settings, record, began, BEGIN_WAITS)
    except DrcheckError:
        keeping.withdraw()
        raise
    with Connections(settings.connections) as pool, _reading(settings, pool, prepared) as collector:
        files: tuple[File, ...] = ()
        manifest: str | None = None
        report: Report | None = None
        try:
            if any(not step.run for step in prepared.runbook.steps):
                files = tuple(_files(collector, prepared))
            manifest = _manifest(collector, prepared.planned.manifest, prepared.point.name)
        except CollectorError as error:
            ended = Ended.FAILED if isinstance(error, NotFound) else Ended.ABORTED
            report = Report(ended, f"the recovery point could not be read: {error.message}")
        except KeyboardInterrupt:
            report = Report(Ended.ABORTED, "it was interrupted")
        if report is None:
            plan = Plan(
                prepared.runbook,
                files,
                _values(settings, prepared),
                Known(prepared.point.data_lo, prepared.planned.values, manifest, None),
                prepared.last_counts,
                prepared.target.deadline,
            )
            directory = Directory(target.shell, prepared.target.directory, prepared.id, token, patience=patience)
            report = Drill(plan, directory, listener).run(prepared.target.id)
    told = _ended(record, report)
    _keep(keeping, told, report, prepared)
    try:
        _tell(settings, told, clock.now(), END_WAITS)
        keeping.told()
    finally:
        keeping.close()
    return told, report


def _tell(settings: Settings, record: Record, at: int, waits: float) -> None:
    """Append a drill to the ledger, once no other run holds that; of one that has ended there already, nothing."""
    until = clock.monotonic() + waits
    while True:
        try:
            with open_ledger(settings.ledger, must_exist=True) as ledger:
                known = ledger.state(()).drills.get(record.service)
                ended = known is not None and record.id in (its := known.drills()) and its[record.id].outcome
                if not ended:
                    ledger.tell_of_drill(DrillTold(at, record))
        except Busy:
            if clock.monotonic() > until:
                raise
            clock.pause(1.0)
        else:
            return


def close_killed(settings: Settings) -> list[str]:
    """Tell of each drill whose drcheck was killed that it was aborted, and return their ids.

    What the ledger could not be told at the end of a drill, since another run held it, it is told now.
    """
    records = Records(settings.drills.records)
    closed = []
    for told in records.all():
        if told.running or (keeping := records.take_over(told.id)) is None:
            continue
        with closing(keeping):
            waiting = None if keeping.entry is None else decode(keeping.entry)
            entry = waiting if isinstance(waiting, DrillTold) else DrillTold(clock.now(), _killed(told))
            if told.record is None:
                facts = {**told.begun, "outcome": entry.drill.outcome, "why": entry.drill.why}
                keeping.end(facts, encode(entry), lines([entry.drill], ()))
                closed.append(told.id)
            _tell(settings, entry.drill, entry.at, END_WAITS)
            keeping.told()
    return closed


def _killed(told: Told) -> Record:
    """Return the record of a drill of which only the begin is kept."""
    began = int(told.begun["began_at"])
    return Record(
        told.id,
        str(told.begun["service"]),
        began,
        scenarios=tuple(told.begun["scenarios"]),
        point=DrillPoint(*told.begun["point"]),
        target_site=str(told.begun["target_site"]),
        operator=str(told.begun["operator"]),
        announcement=str(told.begun["announcement"]),
        outcome=Ending.ABORTED,
        ended_at=began,
        why="drcheck was killed while it ran",
        version=__version__,
    )


class Leftover(NamedTuple):
    """Something that a drill left on a target."""

    target: str
    drill: str
    removed: bool
    why: str
    """Why it was not removed."""


def collect_garbage(settings: Settings, *, remove: bool) -> Iterator[Leftover]:
    """Find what drills left on any target, and remove it; what is of a drill that runs, or of another runner, stays."""
    known = {one.id: one for one in Records(settings.drills.records).all()}
    with Connections(settings.connections) as pool:
        for target in settings.drills.targets.values():
            with closing(registry.shell(settings.connections[target.connection], pool)) as shell:
                try:
                    found = guards.probe(shell, target.directory)
                    guards.check(target, found, _forbidden(settings, pool, []))
                    for drill, token in far.left(shell, target.directory):
                        told = known.get(drill)
                        why = ""
                        if told is None or told.begun.get("token") != token:
                            why = "no record of it is kept here: it is another runner's"
                        elif told.running:
                            why = "it is running"
                        elif remove:
                            Directory(shell, target.directory, drill, token, patience=0).clear()
                        yield Leftover(target.name, drill, remove and not why, why)
                except CollectorError as error:
                    yield Leftover(target.name, "", False, error.message)


def _planned(policy: Policy, scenario: str, name: str) -> PlannedDrill:
    found = [one for one in policy.drills.values() if scenario in {"", one.scenario} and name in {"", one.name}]
    if len(found) == 1:
        return found[0]
    what = f" of {scenario}" if scenario else ""
    if not found:
        known = [
            f"{one.name} (--scenario {one.scenario})" if one.scenario else one.name for one in policy.drills.values()
        ]
        hint = f"It has {words.several(known, at_most=10)}." if known else "Name one in `drills:` of the policy."
        raise UsageError(f"the policy of {policy.service} has no such drill{what}", hint)
    raise UsageError(
        f"the policy of {policy.service} has several drills{what}",
        f"Say which with --drill: {words.several([one.name for one in found], at_most=10)}.",
    )


def _check_values(planned: PlannedDrill, runbook: Runbook) -> None:
    for name, value in planned.values.items():
        if name not in runbook.values:
            hint = (
                suggest(name, sorted(runbook.values)) or f"it takes {words.several(sorted(runbook.values)) or 'none'}"
            )
            raise UsageError(f"the runbook {runbook.name} takes no value {name}", f"{hint[:1].upper()}{hint[1:]}.")
        if not value.isprintable():
            raise UsageError(f"drills.{planned.name}.with.{name} holds what is no plain text", "Write it in one line.")
    if missing := [name for name, usual in runbook.values.items() if usual is None and name not in planned.values]:
        raise UsageError(
            f"the runbook {runbook.name} needs {words.several(missing)}",
            f"Say it with `with` of drills.{planned.name} in the policy.",
        )


def _evidence(settings: Settings, policy: Policy, announcement: str) -> tuple[dict[str, SourceEvidence], int]:
    with open_ledger(settings.ledger, read_only=True) as ledger:
        state = ledger.state(())
        announced = (
            [one.id for one in state.drills[policy.service].announced()] if policy.service in state.drills else []
        )
        if announcement and announcement not in announced:
            hint = (
                suggest(announcement, announced) or f"announced are {words.several(announced or ['none'], at_most=9)}"
            )
            raise UsageError(f"there is no announcement {announcement}", f"{hint[:1].upper()}{hint[1:]}.")
        read = {
            name: ledger.source(state, Key(policy.service, source.identity)) for name, source in policy.sources.items()
        }
        sources = {name: one for name, one in read.items() if one is not None and one.history.looks}
        as_of = 1 + max((one.history.looks[-1].begin for one in sources.values()), default=-1)
        if not sources:
            raise UsageError(f"the ledger knows of no look at a source of {policy.service}", "`drcheck verify` looks.")
        return {
            name: evidence_of(
                policy.sources[name], one, policy.service, settings.clock_tolerance, since=LONG_AGO, until=as_of
            )
            for name, one in sources.items()
        }, as_of


def _objective(policy: Policy, scenario: str) -> tuple[int | None, str]:
    found = [
        (one.at_most, one.id) for one in policy.commitments if isinstance(one, Rto) and one.scenario in {"", scenario}
    ]
    return min(found, default=(None, ""), key=lambda each: each[0] or 0)


def _turns(records: Iterable[Told]) -> dict[str, int]:
    """Return when the newest drill from each source was that did restore something."""
    turns: dict[str, int] = {}
    for told in records:
        if told.record is not None and told.record.get("outcome") in {"passed", "failed"}:
            source = str(told.begun.get("point", [""])[0])
            turns[source] = max(turns.get(source, 0), int(told.begun.get("began_at", 0)))
    return turns


def _last_counts(records: Iterable[Told], drill: str, of: str) -> dict[str, Mapping[str, int]]:
    passed = [
        told.record
        for told in records
        if told.record is not None
        and told.record.get("outcome") == "passed"
        and told.record.get("drill") == drill
        and told.record.get("point", ["", ""])[1] == of
    ]
    newest = max(passed, key=lambda one: int(one["began_at"]), default=None)
    return {} if newest is None else dict(newest.get("counts", {}))


def _forbidden(settings: Settings, pool: Connections, unknown: list[str]) -> list[Host]:
    """Return the hosts on which no drill runs, each by its addresses too where it is named; see :func:`_hosts`.

    What has only a loopback address is this machine, if nothing else is known of it.
    """
    found: list[Host] = []
    for why, its in (*guards.listed(settings.drills.production), *_hosts_of_points(settings, pool, unknown)):
        resolved = {name: _addresses(name) for name in its.addresses}
        addresses = its.addresses.union(*resolved.values())
        if nowhere := sorted(name for name, several in resolved.items() if not several):
            unknown.append(f"the addresses of {words.several(nowhere)}, {why}")
            if not its.machine and not its.host_keys and len(nowhere) == len(resolved):
                raise TargetError(
                    f"nobody can say whether the target is {why}: {words.several(nowhere)} has no address here",
                    "Name its machine id, its host key or an address in drcheck.yaml.",
                )
        found.append(Host(why, replace(its, addresses=addresses)))
        if not its.machine and not its.host_keys and guards.is_here(addresses):
            here = guards.probe(registry.this_machine()).identity
            found.append(Host(why, replace(here, addresses=frozenset())))
    return found


def _hosts_of_points(settings: Settings, pool: Connections, unknown: list[str]) -> Iterator[Host]:
    """Yield the hosts that hold a source of recovery points of any policy; what cannot be told goes to ``unknown``.

    Raises ``UsageError`` where a policy cannot be read: nobody knows where its sources are.
    """
    loaded = load_policies([], settings)
    if loaded.faults:
        raise UsageError(
            "a policy cannot be read, so that nobody knows on which hosts its recovery points lie",
            "`drcheck lint` says what is wrong with it; a drill begins once all policies can be read.",
        )
    holding: dict[str, Source] = {}
    for policy in loaded.policies:
        for source in policy.sources.values():
            if source.tells(Tells.POINTS):
                holding.setdefault(source.connection, source)
    for alias in holding:
        connection = settings.connections[alias]
        why = f"the host of {alias}, which holds recovery points"
        if not registry.runs_commands(connection):
            name = urlsplit(connection.location()).hostname
            yield Host(why, Identity("", frozenset(), frozenset({name} if name else ())))
            continue
        with closing(registry.shell(connection, pool)) as shell:
            if not shell.addresses:  # this machine
                yield Host(why, guards.probe(shell).identity)
                continue
            machine, everywhere = "", cast("dict[str, Any]", {"root": "/"})
            try:
                host: Connection = replace(connection, **everywhere)
                with closing(registry.opener(host)("etc/", pool)) as collector:
                    machine = collector.read("machine-id", at_most=_MACHINE_ID).decode("ascii", "replace").strip()
            except CollectorError as error:
                unknown.append(f"the machine id of {alias}: {error.message}")
            yield Host(why, Identity(machine, shell.host_keys, shell.addresses))


def _addresses(name: str) -> frozenset[str]:
    """Return the addresses that a name, or an address, has; none: nobody here knows any."""
    with suppress(OSError, UnicodeError):
        return frozenset(str(each[4][0]) for each in socket.getaddrinfo(name, None))
    return frozenset()


@contextmanager
def _reading(settings: Settings, pool: Connections, prepared: Prepared) -> Iterator[Guarded]:
    """Open what reads the recovery point; it may take as long as the whole drill."""
    source = prepared.policy.sources[prepared.point.source]
    connection = replace(settings.connections[source.connection], deadline=prepared.target.deadline)
    root, _ = registry.place(source)
    with closing(Guarded(registry.opener(connection, versions=source.versions)(root, pool), connection, [])) as opened:
        yield opened


def _files(collector: Guarded, prepared: Prepared) -> Iterator[File]:
    """Yield the files of a recovery point, and before it of what it builds on."""
    for step in prepared.point.steps:
        if step.source != prepared.point.source:
            raise CollectorError(
                f"{prepared.point.name} builds on {step.name} of another source, {step.source}",
                "drcheck copies from one source; let a step of the runbook fetch it.",
            )
    if prepared.policy.sources[prepared.point.source].parts:
        raise CollectorError(
            f"{prepared.point.name} has several files, which drcheck cannot copy yet",
            "Let a step of the runbook fetch them.",
        )
    for name in (*(step.name for step in prepared.point.steps), prepared.point.name):
        found = [entry for entry in collector.list(name) if entry.name == name or name.endswith("/")]
        if not found:
            raise NotFound(f"{name} is not there any more", "`drcheck verify` looks anew.")
        for entry in found:
            if entry.name.startswith("/") or {"", ".", ".."} & set(entry.name.split("/")) or "\n" in entry.name:
                raise CollectorError(f"{words.quoted(entry.name)} is no name to put on a target", "Rename it there.")
            yield File(entry.name, entry.size, _reader(collector, entry.name))


def _reader(collector: Guarded, name: str) -> Callable[[int, int], bytes]:
    def read(offset: int, at_most: int) -> bytes:
        return collector.read(name, offset=offset, at_most=at_most)

    return read


def _manifest(collector: Guarded, template: str, name: str) -> str | None:
    if not template:
        return None
    beside = marker_of(template, name)
    read = collector.read(beside, at_most=MANIFEST + 1)
    if len(read) > MANIFEST:
        raise CollectorError(f"the manifest {beside} is larger than {words.size(MANIFEST)}", "Name a smaller one.")
    return read.decode("utf-8", "replace")


def _values(settings: Settings, prepared: Prepared) -> dict[str, str]:
    """Return the environment of every step, beside the directories that only the target knows."""
    point, policy = prepared.point, prepared.policy
    source = policy.sources[point.source]
    connection = settings.connections[source.connection]
    return {
        **prepared.target.environment,
        **{f"WITH_{name}": usual for name, usual in prepared.runbook.values.items() if usual is not None},
        **{f"WITH_{name}": value for name, value in prepared.planned.values.items()},
        "DRILL_ID": prepared.id,
        "DRILL_SERVICE": policy.service,
        "DRILL_FILE": point.name,
        "DRILL_BEFORE": " ".join(step.name for step in point.steps),
        "DRILL_SOURCE": point.source,
        "DRILL_OF": prepared.planned.of or source.of[0],
        "DRILL_DATA_AS_OF": words.instant(point.data_lo),
        "DRILL_KIND": point.kind or "full",
        "DRILL_PLACE": connection.location() + source.root,
    }


def _begun(prepared: Prepared, began: int, notes: str) -> Record:
    point = prepared.point
    return Record(
        prepared.id,
        prepared.policy.service,
        began,
        scenarios=(prepared.planned.scenario,) if prepared.planned.scenario else (),
        point=DrillPoint(
            point.source,
            prepared.planned.of or prepared.policy.sources[point.source].of[0],
            point.name,
            point.data_lo,
            point.size,
        ),
        target_site=prepared.target.site,
        operator=_operator(),
        announcement=prepared.announcement,
        version=__version__,
        notes=notes,
    )


def _operator() -> str:
    with suppress(KeyError, OSError):  # an account without a name
        return getpass.getuser()
    return ""


def _facts(prepared: Prepared, record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "service": record.service,
        "drill": prepared.planned.name,
        "scenarios": list(record.scenarios),
        "began_at": record.began_at,
        "point": list(record.point),
        "target": prepared.target.name,
        "target_site": record.target_site,
        "runbook": prepared.runbook.name,
        "runbook_sha256": prepared.runbook.sha256,
        "policy_sha256": prepared.policy.sha256,
        "chosen": prepared.why_this,
        "seed": prepared.seed,
        "operator": record.operator,
        "announcement": record.announcement,
    }


def _ended(record: Record, report: Report) -> Record:
    """Return the record of a drill that is over. Its instants are the wall clock's at its begin, and time measured.

    They are whole seconds: its clocks start with the one before, so that none of its times is told too short.
    """

    def at(seconds: float | None) -> int | None:
        return None if seconds is None else record.began_at + int(seconds)

    started = record.began_at - 1
    phases = (
        DrillPhase(phase.name, record.began_at + round(phase.began), round((phase.ended - phase.began) * 1000))
        for phase in report.phases
    )
    return replace(
        record,
        outcome=Ending(report.ended.value),
        ended_at=at(report.over),
        clocks=DrillClocks(
            disrupted_at=started,
            declared_at=started,
            restore_started_at=started,
            restored_at=at(report.restored),
            validated_at=at(report.validated),
        ),
        took_ms=round(report.over * 1000),
        phases=tuple(phases),
        rung=report.rung,
        checks=tuple(DrillCheck(one.name, _CHECKED[one.result.outcome], one.result.detail) for one in report.checks),
        data_wrong=report.data_wrong,
        why=report.why,
    )


_CHECKED: Final = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_RUN: "aborted",
    Outcome.NOTED: "skipped",
}


def _keep(keeping: Keeping, record: Record, report: Report, prepared: Prepared) -> None:
    for kept in report.outputs:
        keeping.output(kept.step, kept.output)
    keeping.end(
        {
            **_facts(prepared, record),
            "outcome": report.ended.value,
            "why": report.why,
            "rung": None if report.rung is None else report.rung.name.lower(),
            "recovery_time": report.recovery_time,
            "restored": report.restored,
            "validated": report.validated,
            "over": report.over,
            "recovery_point_age": record.recovery_point_age,
            "phases": [phase._asdict() for phase in report.phases],
            "checks": [
                {"name": one.name, "outcome": one.result.outcome.value, "detail": one.result.detail}
                for one in report.checks
            ],
            "counts": {one.name: dict(one.result.counts) for one in report.checks if one.result.counts},
            "outputs": [
                {"step": kept.step, "bytes": len(kept.output), "sha256": kept.sha256} for kept in report.outputs
            ],
            "copied": report.copied,
            "connection_lost": report.lost,
            "left": report.left,
        },
        encode(DrillTold(clock.now(), record)),
        lines([record], ()),
    )
