"""One drill: what was restored, from where, how far it was validated, how long that took, and how it ended.

A drill that drcheck runs is measured by it; one that people type in, or that another tool tells of, is their word.
Instants are whole seconds since the epoch (UTC), durations milliseconds by a clock that never jumps.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core.model.commitments import Rung

CLOCKS_AGREE: Final = 2
"""Seconds by which the wall clock may differ from the one that never jumps, or a thousandth of the drill where that is
more: clocks are slewed by less, and a machine that slept, or whose clock was set, is further off."""


class Origin(StrEnum):
    """Who tells of a drill."""

    RUN = "run"
    """drcheck ran and measured it."""
    TYPED = "typed"
    """A person says so."""
    IMPORTED = "imported"
    """Another tool's own record says so."""


class Ending(StrEnum):
    """How a drill ended."""

    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"
    COULD_NOT_RUN = "could-not-run"
    """It never got so far as to restore anything: the target was missing or refused."""


class DrillPoint(NamedTuple):
    """The recovery point that was restored."""

    source: str = ""
    """Name of the policy's source that it came from; empty: not told."""
    of: str = ""
    """Its data set."""
    name: str = ""
    data_as_of: int | None = None
    size: int | None = None
    """Bytes."""


class DrillPhase(NamedTuple):
    """A named part of a drill."""

    name: str
    began_at: int
    took_ms: int


class DrillCheck(NamedTuple):
    """Something that was checked of what had been restored."""

    name: str
    outcome: str
    """``passed``, ``failed``, ``aborted`` or ``skipped``."""
    detail: str = ""


class DrillClocks(NamedTuple):
    """The clocks of a recovery, in their order; None: not told."""

    disrupted_at: int | None = None
    declared_at: int | None = None
    restore_started_at: int | None = None
    restored_at: int | None = None
    validated_at: int | None = None


class Drill(Struct, frozen=True):
    """One drill: while ``outcome`` is None it has begun, and nobody has said how it ended."""

    id: str
    service: str
    began_at: int
    origin: Origin = Origin.RUN
    scenarios: tuple[str, ...] = ()
    """The disasters that it rehearses."""
    point: DrillPoint = DrillPoint()
    target_site: str = ""
    outcome: Ending | None = None
    ended_at: int | None = None
    clocks: DrillClocks = DrillClocks()
    took_ms: int | None = None
    """From its begin to its end, by a clock that never jumps; None: nobody measured it."""
    phases: tuple[DrillPhase, ...] = ()
    rung: Rung | None = None
    """How far up the ladder what was restored was validated; None: not told."""
    checks: tuple[DrillCheck, ...] = ()
    data_wrong: bool = False
    """Whether it failed because what it restored was wrong: then that copy is known to be broken."""
    why: str = ""
    """Of one that did not pass, the reason: lower case, no full stop."""
    operator: str = ""
    announcement: str = ""
    """Id of the announcement under which it was held."""
    reference: str = ""
    """Where more of it is kept: a ticket, a page."""
    told_by: str = ""
    """Of an imported one, what told of it: the tool, and what that itself says of validation."""
    output_sha256: str = ""
    """Digest of what it printed, or of the file that it was imported from."""
    version: str = ""
    """Of the drcheck that wrote it."""
    notes: str = ""
    policy_sha256: str = ""
    """Digest of the policy's text by which drcheck held it; empty: somebody else did."""

    @property
    def clocks_disagree(self) -> int:
        """By how many seconds its two clocks disagree, more than they may; 0: they agree, or there is only one.

        A machine that slept meanwhile, or whose clock was set, measured nothing.
        """
        if self.took_ms is None or self.ended_at is None:
            return 0
        apart = abs(self.ended_at - self.began_at - self.took_ms // 1000)
        return apart if apart > max(CLOCKS_AGREE, self.took_ms // 1_000_000) else 0

    @property
    def recovery_seconds(self) -> int | None:
        """How long a drill that passed took from the start of the restore until that was validated, or else restored.

        None: it did not pass, or does not tell.
        """
        if self.outcome is not Ending.PASSED:
            return None
        start = self.clocks.restore_started_at
        stop = self.clocks.validated_at if self.clocks.validated_at is not None else self.clocks.restored_at
        return None if start is None or stop is None else stop - start

    @property
    def recovery_point_age(self) -> int | None:
        """How old the data that it restored was when it began, in seconds: what a real disaster then would have cost.

        None: it does not tell.
        """
        return None if self.point.data_as_of is None else max(0, self.began_at - self.point.data_as_of)


class Announced(NamedTuple):
    """A drill was announced."""

    id: str
    service: str
    at: int
    """When, by the clock of whoever announced it through drcheck: nobody can date it back afterwards."""
    planned_for: int
    scenario: str = ""
    by: str = ""
    notes: str = ""
