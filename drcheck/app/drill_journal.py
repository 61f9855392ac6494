"""What is recorded of a drill that drcheck runs: in the journal of this runner, and in the ledger."""

from __future__ import annotations

import getpass
from contextlib import closing, suppress
from typing import Any, Final

from msgspec.structs import replace

from drcheck import __version__, clock
from drcheck.app.drill_choice import Prepared
from drcheck.core.history.drill_log import log_lines
from drcheck.core.model.drill import Drill, DrillCheck, DrillClocks, DrillPhase, DrillPoint, Ending
from drcheck.core.model.evidence import UNTOLD
from drcheck.drills.check_results import Outcome
from drcheck.drills.journal import DrillFolder, Journal, JournaledDrill
from drcheck.drills.runbook_run import DrillReport
from drcheck.errors import DrcheckError
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.encoding import decode, encode
from drcheck.ledger.errors import Busy
from drcheck.ledger.store import open_ledger
from drcheck.settings import Settings

BEGIN_WAITS: Final = 60.0
"""Seconds that a drill waits for the ledger before it begins."""
END_WAITS: Final = 600.0
"""Seconds that it waits for the ledger once it has ended; after that whoever comes next tells it."""
_AT_ITS_BEGIN: Final = ("service", "began_at", "scenarios", "point", "target_site", "operator", "announcement")
"""Fields of a drill that the journal has under their own names from its begin on."""


def begin(settings: Settings, prepared: Prepared, token: str, notes: str) -> tuple[Drill, DrillFolder]:
    """Record that a drill begins; raises what keeps it from being recorded, and then it has not begun."""
    drill = _begun(prepared, clock.now(), notes)
    folder = Journal(settings.drills.records).begin(drill.id, {**_facts(prepared, drill), "token": token})
    try:
        _tell_ledger(settings, DrillTold(drill.began_at, drill), BEGIN_WAITS)
    except DrcheckError:
        folder.withdraw()
        raise
    return drill, folder


def end(settings: Settings, prepared: Prepared, begun: Drill, report: DrillReport, folder: DrillFolder) -> Drill:
    """Record what came of a drill, and return it; raises what keeps the ledger from being told, as the next run is."""
    drill = ended(begun, report)
    for kept in report.outputs:
        folder.output(kept.step, kept.output)
    entry = DrillTold(clock.now(), drill)
    folder.end({**_facts(prepared, drill), **_measured(drill, report)}, encode(entry), log_lines([drill], ()))
    try:
        _tell_ledger(settings, entry, END_WAITS)
        folder.entry_appended()
    finally:
        folder.close()
    return drill


def close_killed(settings: Settings) -> list[str]:
    """Record of each drill whose drcheck was killed that it was aborted, and return their ids.

    What the ledger could not be told at the end of a drill, since another run held it, it is told now.
    """
    journal = Journal(settings.drills.records)
    closed = []
    for drill in journal.all():
        if drill.running or (folder := journal.take_over(drill.id)) is None:
            continue
        with closing(folder):
            waiting = None if folder.entry is None else decode(folder.entry)
            entry = waiting if isinstance(waiting, DrillTold) else DrillTold(clock.now(), _killed(drill))
            if drill.record is None:
                facts = {**drill.begun, "outcome": entry.drill.outcome, "why": entry.drill.why}
                folder.end(facts, encode(entry), log_lines([entry.drill], ()))
                closed.append(drill.id)
            _tell_ledger(settings, entry, END_WAITS)
            folder.entry_appended()
    return closed


def _tell_ledger(settings: Settings, entry: DrillTold, waits: float) -> None:
    """Append a drill to the ledger, once no other run holds that; of one that has ended there already, nothing."""
    until = clock.monotonic() + waits
    while True:
        try:
            with open_ledger(settings.ledger, must_exist=True) as ledger:
                known = ledger.state(()).drills.get(entry.drill.service)
                drill = None if known is None else known.drills().get(entry.drill.id)
                if drill is None or not drill.outcome:
                    ledger.tell_of_drill(entry)
        except Busy:
            if clock.monotonic() > until:
                raise
            clock.pause(1.0)
        else:
            return


def _killed(drill: JournaledDrill) -> Drill:
    """Return what is recorded of a drill of which the journal has only the begin."""
    begun: dict[str, Any] = {name: drill.begun[name] for name in _AT_ITS_BEGIN}
    begun |= {"scenarios": tuple(begun["scenarios"]), "point": DrillPoint(*begun["point"])}
    return Drill(
        drill.id,
        **begun,
        outcome=Ending.ABORTED,
        ended_at=begun["began_at"],
        why="drcheck was killed while it ran",
        version=__version__,
    )


def _begun(prepared: Prepared, began: int, notes: str) -> Drill:
    point = prepared.point
    return Drill(
        prepared.id,
        prepared.policy.service,
        began,
        scenarios=(prepared.planned.scenario,) if prepared.planned.scenario else (),
        point=DrillPoint(
            point.source,
            prepared.planned.of or prepared.policy.sources[point.source].of[0],
            point.name,
            point.data_lo,
            None if point.size == UNTOLD else point.size,
        ),
        target_site=prepared.target.site,
        operator=_operator(),
        announcement=prepared.announcement,
        version=__version__,
        notes=notes,
        policy_sha256=prepared.policy.sha256,
    )


def _operator() -> str:
    with suppress(KeyError, OSError):  # an account without a name
        return getpass.getuser()
    return ""


def ended(begun: Drill, report: DrillReport) -> Drill:
    """Return the record of a drill that is over. Its instants are the wall clock's at its begin, and time measured.

    They are whole seconds: its clocks start with the one before, so that none of its times is told too short.
    """

    def at(seconds: float | None) -> int | None:
        return None if seconds is None else begun.began_at + int(seconds)

    started = begun.began_at - 1
    phases = (
        DrillPhase(phase.name, begun.began_at + round(phase.began), round((phase.ended - phase.began) * 1000))
        for phase in report.phases
    )
    return replace(
        begun,
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
        checks=tuple(DrillCheck(name, _CHECKED[result.outcome], result.detail) for name, _, result in report.checks),
        data_wrong=report.data_wrong,
        why=report.why,
    )


_CHECKED: Final = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_RUN: "aborted",
    Outcome.NOTED: "skipped",
}


def _facts(prepared: Prepared, drill: Drill) -> dict[str, Any]:
    """Return what the journal has of a drill from its begin on."""
    return {
        "id": drill.id,
        **{name: getattr(drill, name) for name in _AT_ITS_BEGIN},
        "drill": prepared.planned.name,
        "target": prepared.target.name,
        "runbook": prepared.runbook.name,
        "runbook_sha256": prepared.runbook.sha256,
        "policy_sha256": drill.policy_sha256,
        "chosen": prepared.why_this,
        "seed": prepared.seed,
    }


def _measured(drill: Drill, report: DrillReport) -> dict[str, Any]:
    """Return what the journal has of a drill once it has ended."""
    return {
        "outcome": report.ended.value,
        "why": report.why,
        "rung": None if report.rung is None else report.rung.name.lower(),
        "recovery_time": report.recovery_time,
        "restored": report.restored,
        "validated": report.validated,
        "over": report.over,
        "recovery_point_age": drill.recovery_point_age,
        "phases": [phase._asdict() for phase in report.phases],
        "checks": [
            {"name": check.name, "outcome": check.result.outcome.value, "detail": check.result.detail}
            for check in report.checks
        ],
        "counts": {check.name: dict(check.result.counts) for check in report.checks if check.result.counts},
        "outputs": [{"step": kept.step, "bytes": len(kept.output), "sha256": kept.sha256} for kept in report.outputs],
        "copied": report.copied,
        "connection_lost": report.lost,
        "left": report.left,
    }
