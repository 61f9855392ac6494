"""What a picture of a verdict is drawn from: the very steps, slots and recoveries that an evaluator judged.

Only reports ask for these; a nightly run has none of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.model.status import Status


class ExposureStep(NamedTuple):
    """From ``since`` on, the newest data that surely could be restored was of ``data_as_of``."""

    since: int
    data_as_of: int | None
    """None: there was none."""


class Ages(Struct, frozen=True):
    """How old the newest data was at each instant, against the oldest age that is allowed."""

    objective: int
    steps: tuple[ExposureStep, ...]
    """Oldest first; the first one may begin before the window."""


class CameTo(StrEnum):
    """What a slot came to."""

    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"
    UNKNOWN = "unknown"
    NOT_DUE = "not due"


class SlotKept(NamedTuple):
    """One slot in which backups are owed, as it stood at the end of the window."""

    label: str
    start: int
    due: int
    status: Status | None
    """None: it is not due yet; unknown also where nobody knows whether it was filled in time."""
    late: bool
    """Whether it holds what is owed, and did not yet when that was due."""
    held: int
    """Recovery points that surely belong to it."""

    @property
    def came_to(self) -> CameTo:
        """How it stands."""
        match self.status:
            case Status.MET:
                return CameTo.LATE if self.late else CameTo.KEPT
            case Status.BREACHED:
                return CameTo.MISSED
            case Status.UNKNOWN:
                return CameTo.UNKNOWN
            case None:
                return CameTo.NOT_DUE


class Slots(Struct, frozen=True):
    """The slots that were owed in a window, oldest first."""

    owed: int
    """Recovery points that each must hold."""
    slots: tuple[SlotKept, ...]


class TimedRecovery(NamedTuple):
    """A restore test, or an outage, with the time that it took as the commitment counts it."""

    id: str
    ended_at: int | None
    """None: an outage that was not over at the end of the window."""
    passed: bool
    """Whether it is recorded as passed; what took too long may have."""
    shortest: int
    longest: int | None
    """None: a clock is missing, so that nothing bounds it."""
    real: bool
    """Whether it was an outage and no test."""
    why_not: str = ""
    """Why it cannot prove the commitment; empty: it can."""


class Times(Struct, frozen=True):
    """How long recoveries took and outages lasted, by when they ended, against the time that is allowed."""

    objective: int
    recoveries: tuple[TimedRecovery, ...]


Exhibit = Ages | Slots | Times
