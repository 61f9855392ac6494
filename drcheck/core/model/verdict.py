"""The judgement of one commitment, with everything it rests on."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.model.commitments import Commitment, Money, Standing
from drcheck.core.model.evidence import Cited, Gap
from drcheck.core.model.exhibit import Exhibit
from drcheck.core.model.since_then import LaterChange
from drcheck.core.model.status import Status
from drcheck.core.model.waivers import Waived, cover


class Window(NamedTuple):
    """What is judged: from ``start`` up to, not including, ``end`` (``as_of``)."""

    start: int
    end: int


class Piece(NamedTuple):
    """A span of one status, half-open, in whole seconds."""

    start: int
    end: int
    status: Status | None
    reason: str
    between_looks: bool = False
    """Whether it is unknown only because nobody looked in between: met at the complete looks before and after it."""


class Quantity(NamedTuple):
    """A figure with its unit: ``s``, ``%``, ``copies``, ``points``, or ``h`` for hours credited."""

    value: int | str
    """Whole numbers, or an exact decimal as a string."""
    unit: str


class Opening(NamedTuple):
    """A breach or an unknown span; ``closed_at`` is None while it lasts at ``as_of``."""

    opened_at: int
    closed_at: int | None
    reason: str
    between_looks: bool = False
    """Of an unknown span: whether both complete looks around it found the commitment met."""
    waived: bool = False
    """Of a breach: whether waivers cover all of it, or, while it lasts, the instant judged."""


class News(StrEnum):
    """Why a run names a breach that may be over, as reports say it."""

    NEW = "not shown by any run before"
    ENDED = "over since the last run"
    EARLIER = "before the first run"
    OF_PERIOD = "in the period"


class NamedBreach(NamedTuple):
    """A breach that a run names, whatever the status is at its instant."""

    breach: Opening
    counts: bool
    """Whether it counts for the exit status: it is open, or no recorded run has shown it; and no waiver covers it."""
    why: News


class Deadline(NamedTuple):
    """Until when something can be claimed."""

    what: str
    """What is claimed: the period, or an outage."""
    until: int


class Credit(Struct, frozen=True):
    """What a shortfall is worth."""

    amount: Quantity
    """In ``%`` of what ``of`` says, or in hours (``h``) of the service's cost."""
    of: str = ""
    how: str = ""
    """How it follows from the agreement: ``99.25 % is 0.7 % below 99.95 %, times 25``."""
    capped: bool = False
    """Whether the agreement's ceiling cut it."""
    money: Money | None = None
    """The same in money, where the policy tells the fee; rounded half up to the currency's cents."""
    claims: tuple[Deadline, ...] = ()


class Excused(NamedTuple):
    """Downtime that does not count, and why."""

    why: str
    seconds: int


class PeriodFigures(Struct, frozen=True):
    """The availability of one period."""

    label: str
    start: int
    end: int
    judged_until: int
    """The end, or the last watched instant of a period that is still open."""
    status: Status | None
    availability: str
    """Per cent, cut (never rounded up) to six decimals; of an open period what is reached if nothing more happens."""
    downtime: int
    """Seconds that count."""
    allowed: int
    """Seconds of downtime that the target allows."""
    excused: tuple[Excused, ...] = ()
    out_of_service: int = 0
    """Seconds of excused maintenance that the availability is not counted of: they left the denominator as well."""
    unwatched: int = 0
    """Seconds that nobody watched."""
    credit: Credit | None = None
    """What is owed for sure; None where the target is met or nothing is promised."""


class Finding(Struct, frozen=True):
    """The judgement of one commitment for one data set, or for all of it where data sets do not matter."""

    of: str
    """The data set; empty where the kind is judged once."""
    pieces: tuple[Piece, ...]
    """The whole window, without holes or overlaps."""
    reason: str
    """Of the status at ``as_of``, in one sentence."""
    objective: Quantity | None = None
    measured: Quantity | None = None
    """At ``as_of``."""
    worst: Quantity | None = None
    """The worst that was measured over the window; None: no figure tells it, or there is no bound to it."""
    headroom: Quantity | None = None
    due_at: int | None = None
    at_risk: bool = False
    also: tuple[tuple[Quantity, bool], ...] = ()
    """Figures reported beside the objective, and whether the measured figure keeps within them."""
    evidence: tuple[Cited, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know beside the status: fates that copies share, the share of points that had them, …"""
    foretold: str = ""
    """Why it is at risk whatever headroom it has, one of ``notes`` as well; empty: for its headroom, if it is."""
    periods: tuple[PeriodFigures, ...] = ()
    """Of availability: every period that the window touches, oldest first."""
    exhibit: Exhibit | None = None
    """What a picture of it is drawn from, where a report asked for that and its kind has one."""

    @property
    def status(self) -> Status | None:
        """The status of the instant just before the window's end."""
        return self.pieces[-1].status if self.pieces else None

    def openings(self, status: Status) -> tuple[Opening, ...]:
        """Return the maximal spans of ``status``, oldest first."""
        found: list[Opening] = []
        end = self.pieces[-1].end if self.pieces else 0
        for piece in self.pieces:
            if piece.status is not status:
                continue
            closed = None if piece.end == end else piece.end
            if found and found[-1].closed_at == piece.start and found[-1].between_looks == piece.between_looks:
                found[-1] = found[-1]._replace(closed_at=closed)
            else:
                found.append(Opening(piece.start, closed, piece.reason, piece.between_looks))
        return tuple(found)


class Verdict(Struct, frozen=True):
    """The judgement of one commitment over a window."""

    commitment: Commitment
    window: Window
    overall: Finding
    """The worst of ``findings``: pieces of all of them together, figures of the worst at ``as_of``."""
    findings: tuple[Finding, ...]
    """One a data set, where there are several."""
    gaps: tuple[tuple[str, Gap], ...] = ()
    """Source and gap, for every source that the commitment rests on."""
    waived: tuple[Waived, ...] = ()
    """The waivers of it, each with when it holds."""
    since_last_run: tuple[NamedBreach, ...] = ()
    """Breaches that were open at some time since the last recorded run, and earlier ones that none has shown."""
    looks: tuple[int, ...] = ()
    """When, within the window, all that it rests on was seen whole; empty where it rests on logs."""
    standing: Standing | None = None
    """The weakest standing among its sources: who vouches for what it rests on."""
    notes: tuple[str, ...] = ()
    """What a reader must know beside the verdict: days never made, wordings corrected, …"""
    since_then: tuple[LaterChange, ...] = ()
    """Of a period that was asked for: what it rests on that is not as it was then, the gravest first."""
    corrected: bool = False
    """Whether a wording that was first seen later changed what had been found of the window; a note tells both."""
    of_period: bool = False
    """Whether a period was asked for, all of which is judged and not only its end."""
    breached_since: int | None = None
    """Of a breach that stood already when the window began: since when, as runs before it or in it recorded; None: no
    run did, or none stood."""
    rests_on: int | None = None
    """How many complete looks of the window there were at the one of its sources that was seen least; None: that was
    not asked for."""
    unproved: bool = False
    """Whether some time of the period that was asked for is unknown, and not only between looks that are met."""

    @property
    def status(self) -> Status | None:
        """The status at ``as_of``; of a period that is not proved, unknown is better than met."""
        if self.unproved and self.overall.status in {Status.MET, None}:
            return Status.UNKNOWN
        return self.overall.status

    def breaches(self, finding: Finding | None = None) -> tuple[Opening, ...]:
        """Return the breaches of ``finding``, or of all of it, oldest first, each with whether it is waived."""
        last = self.window.end - 1
        return tuple(
            one._replace(
                waived=cover(self.waived, last, self.window.end)
                if one.closed_at is None
                else cover(self.waived, one.opened_at, one.closed_at)
            )
            for one in (finding or self.overall).openings(Status.BREACHED)
        )
