"""Drills as records: written down by people, taken over from other tools, announced, and read again.

What drcheck runs itself it measures; what is written here is somebody's word, and keeps the standing of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from drcheck import __version__, clock
from drcheck.core import words
from drcheck.core.history import drill_log as as_log
from drcheck.core.model.drill import Announced, Drill, DrillClocks, DrillPoint, Ending, Origin
from drcheck.core.model.policy import Policy, RestoreRecords
from drcheck.core.model.readers import LedgersOwn
from drcheck.core.restoring.notices import owed_notices
from drcheck.errors import DrcheckError, UsageError
from drcheck.ledger.drills import DrillAnnounced, DrillsState, DrillTold
from drcheck.ledger.errors import NoLedger
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.validate import suggest
from drcheck.readers.logs import aws_restore_jobs, junit, restore_log
from drcheck.readers.logs.record_fields import Malformed
from drcheck.settings import Settings

LARGEST_FILE: Final = 16 << 20
"""Bytes of a file that is imported."""


class Recording(NamedTuple):
    """What became of records that were handed over."""

    drills: tuple[Drill, ...]
    """Those that are new in the ledger."""
    known: int = 0
    """How many stood there already, word for word."""
    notes: tuple[str, ...] = ()
    """What whoever wrote them should know."""


def policy_of(settings: Settings, service: str) -> Policy:
    """Return the policy of a service as it is today; raises ``UsageError`` where there is none that can be read."""
    loaded = load_policies((), settings)
    found = next((policy for policy in loaded.policies if policy.service == service), None)
    if found is None:
        names = sorted(policy.service for policy in loaded.policies)
        known = f"Known are {words.several(names, at_most=10)}." if names else "drcheck lint tells what is wrong."
        hint = suggest(service, names)
        raise UsageError(f"no policy is of service {service}", hint[:1].upper() + hint[1:] or known)
    return found


def new_id(at: int) -> str:
    """Return an id that sorts by time, and that no other drill has."""
    moment = words.instant(at).translate({ord("-"): None, ord(":"): None})
    return f"{moment}-{os.urandom(2).hex()}"


def record(settings: Settings, policy: Policy, drill: Drill) -> Recording:
    """Keep a drill that somebody tells of, as that."""
    return _keep(settings, policy, [replace(drill, origin=Origin.TYPED)])


def import_file(settings: Settings, policy: Policy, data: bytes, restores: RestoreRecords) -> Recording:
    """Keep what a file of another tool tells of restore tests; ``restores`` says what holds where that does not.

    It is JUnit's XML, or JSON as ``aws backup list-restore-jobs`` or ``describe-restore-job`` prints it. Raises
    ``UsageError`` where it is neither, or one record in it is none: then nothing of it is kept.
    """
    notes: list[str] = []
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        drills = _of_junit(data, policy.service, restores)
    else:
        try:
            jobs = aws_restore_jobs.parse(data, policy.service)
        except Malformed as why:
            raise UsageError(
                f"the file holds no restore jobs of AWS Backup: {why}",
                "Give it what aws backup list-restore-jobs prints, or JUnit's XML.",
            ) from why
        drills = [_as_stated(one, restores) for one in jobs.ended]
        if jobs.going_on:
            ids = words.several(list(jobs.going_on))
            notes.append(f"{ids}: not over yet, import it again once it is")
        if jobs.cut:
            notes.append("the file has a NextToken: there are more jobs than it holds (leave --max-items out)")
    digest = sha256(data).hexdigest()
    kept = _keep(settings, policy, [replace(one, output_sha256=digest) for one in drills])
    return kept._replace(notes=(*notes, *kept.notes))


def _of_junit(data: bytes, service: str, restores: RestoreRecords) -> list[Drill]:
    log = junit.parse(data, service, restores=restores)
    for gap in log.gaps:
        raise UsageError(gap.what, gap.hint)
    return [
        Drill(
            recovery.id,
            service,
            recovery.started_at,
            Origin.IMPORTED,
            tuple(sorted(recovery.scenarios)),
            DrillPoint(recovery.point_source, recovery.point_of),
            recovery.target_site,
            Ending(recovery.outcome),
            recovery.finished_at,
            DrillClocks(
                recovery.disrupted_at,
                recovery.declared_at,
                recovery.restore_started_at,
                recovery.restored_at,
                recovery.validated_at,
            ),
            rung=recovery.validation,
            told_by="JUnit's XML",
            notes=recovery.notes,
        )
        for recovery in log.recoveries
    ]


def _as_stated(drill: Drill, restores: RestoreRecords) -> Drill:
    """Return a drill with what its own record does not tell; a rung that it reached itself is never raised."""
    point = drill.point._replace(source=restores.restored_from, of=restores.of)
    return replace(drill, scenarios=restores.scenarios, target_site=restores.target_site, point=point)


def _keep(settings: Settings, policy: Policy, drills: Iterable[Drill]) -> Recording:
    now = clock.now()
    new, known = [], 0
    written = [replace(one, version=__version__) for one in drills]
    for one in written:
        _check(policy, one, now + settings.clock_tolerance)
    with open_ledger(settings.ledger) as ledger:
        state = _of(ledger, policy.service)
        stands, announced = state.drills(), {given.id for given in state.announced()}
        for one in written:
            if one.announcement and one.announcement not in announced:
                raise UsageError(
                    f"{policy.service} has no announcement {one.announcement}",
                    f"drcheck drill list {policy.service} has their ids.",
                )
            if (earlier := stands.get(one.id)) is None:
                new.append(one)
            elif replace(earlier, version="", output_sha256="") == replace(one, version="", output_sha256=""):
                known += 1
            else:
                raise UsageError(
                    f"drill {one.id} is recorded already, and otherwise",
                    f"drcheck drill show {one.id} prints it; what was written is never changed.",
                )
        if new:
            ledger.tell_of_drill(*(DrillTold(now, one) for one in new))
    return Recording(tuple(new), known, tuple(_unread(policy)) if new else ())


def _check(policy: Policy, drill: Drill, latest: int) -> None:
    """Raise ``UsageError`` where a drill is no record of a restore test, or names what the policy does not have."""
    log = restore_log.parse(as_log.log_lines([drill], []), drill.service, latest)
    for gap in log.gaps:
        raise UsageError(f"drill {drill.id}: {gap.what}", "Nothing was recorded.")
    for what, names, known in (
        ("scenario", drill.scenarios, policy.scenarios),
        ("source", (drill.point.source,), policy.sources),
        ("site", (drill.target_site,), policy.sites),
    ):
        for name in filter(None, names):
            if name not in known:
                hint = (
                    suggest(name, sorted(known)) or f"Known are {words.several(sorted(known) or ['none'], at_most=9)}."
                )
                raise UsageError(f"the policy of {policy.service} has no {what} {name}", hint[:1].upper() + hint[1:])


def _unread(policy: Policy) -> Iterator[str]:
    """Yield why nothing in the policy may rest on what was recorded."""
    own = [source.name for source in policy.sources.values() if source.reader.own is LedgersOwn.RECORDED]
    if not any(name in commitment.evidence for name in own for commitment in policy.commitments):
        yield (
            f"no commitment of {policy.service} rests on recorded drills: name a source "
            '{at: "ledger:", reader: recorded-drills} in its evidence'
        )


def announce(
    settings: Settings, policy: Policy, planned_for: int, scenario: str, by: str, notes: str, *, even_so: bool
) -> tuple[Announced, str]:
    """Announce a drill now; returns it, with what is said of the notice that is owed.

    Raises ``UsageError`` where that is too short by a commitment, unless ``even_so``, or the instant has passed.
    """
    now = clock.now()
    if planned_for <= now:
        raise UsageError(f"{words.instant(planned_for)} has passed", "A drill is announced before it is held.")
    if scenario and scenario not in policy.scenarios:
        hint = suggest(scenario, sorted(policy.scenarios)) or "Leave --scenario out, or name one of the policy."
        raise UsageError(f"the policy of {policy.service} has no scenario {scenario}", hint[:1].upper() + hint[1:])
    short = [one for one in owed_notices(policy, scenario) if not one.kept(now, planned_for)]
    if short and not even_so:
        earliest = max(one.earliest(now) for one in short)
        raise UsageError(
            f"{' and '.join(one.words for one in short)} ahead is owed, and {words.instant(planned_for)} is too soon",
            f"The earliest is {words.instant(earliest)}; --even-so announces it all the same.",
        )
    given = Announced(new_id(now), policy.service, now, planned_for, scenario, by, notes)
    with open_ledger(settings.ledger) as ledger:
        ledger.tell_of_drill(DrillAnnounced(given))
    owed = owed_notices(policy, scenario)
    if short:
        return given, f"too late for {' and '.join(one.words for one in short)}: a drill then breaches it"
    kept = " and ".join(one.words for one in owed)
    return given, f"{kept} ahead is owed, and kept" if owed else "no commitment owes notice of drills"


class ServiceDrills(NamedTuple):
    """The drills of one service."""

    service: str
    zone: ZoneInfo
    drills: Sequence[Drill]
    """Oldest first."""
    announced: Sequence[Announced]
    """Of what lies ahead, or was held under none of these drills: soonest first."""


def recorded(settings: Settings, service: str = "") -> list[ServiceDrills]:
    """Return what the ledger knows of drills; of one service, or of all that have any.

    Raises ``UsageError`` for a service that neither the ledger nor a policy has.
    """
    zones = _zones(settings)
    try:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            state = ledger.state(())
    except NoLedger:
        return []
    known = {*state.drills, *zones, *state.services()}
    if service and service not in known:
        hint = suggest(service, sorted(known)) or f"Known are {words.several(sorted(known), at_most=10)}."
        raise UsageError(f"there is no service {service}", hint[:1].upper() + hint[1:])
    wanted = [service] if service else sorted(state.drills)
    return [_recorded(name, zones, state.drills.get(name, DrillsState())) for name in wanted]


def _recorded(service: str, zones: dict[str, ZoneInfo], state: DrillsState) -> ServiceDrills:
    drills = sorted(state.drills().values(), key=lambda one: (one.began_at, one.id))
    waiting = sorted(
        (one for one in state.announced() if not any(as_log.is_of(one, drill) for drill in drills)),
        key=lambda one: one.planned_for,
    )
    return ServiceDrills(service, zones.get(service, ZoneInfo("UTC")), drills, waiting)


def _zones(settings: Settings) -> dict[str, ZoneInfo]:
    try:
        loaded = load_policies((), settings)
    except DrcheckError:
        return {}
    return {policy.service: ZoneInfo(policy.timezone) for policy in loaded.policies}


def _of(ledger: Ledger, service: str) -> DrillsState:
    return ledger.state(()).drills.get(service, DrillsState())
