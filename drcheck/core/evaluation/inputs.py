"""What a judgement gets beside the commitment: its subject, what logs say, and the terms of its policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from drcheck.core.history.part import Part, of_kind
from drcheck.core.model import grace
from drcheck.core.model.evidence import ALWAYS
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.readers import Reader
from drcheck.core.model.sites import Place
from drcheck.core.time.spans import Span, Spans, union


class Subject(Struct, frozen=True):
    """One data set, as the sources that a commitment may count hold it."""

    of: str
    parts: tuple[Part, ...]

    def only(self, kind: str) -> Subject:
        """Return what of it is of that kind; see :func:`of_kind`."""
        return Subject(self.of, tuple(of_kind(part, kind) for part in self.parts)) if kind else self

    def surely_standing(self) -> Spans:
        """Return when a candidate, counted or not, surely stood: over none, no promise is kept or broken."""
        return union(
            Span(arrived, gone)
            for part in self.parts
            for arrived, gone in zip(part.points.available_hi, part.points.gone_lo, strict=True)
        )


class Records(Struct, frozen=True):
    """What the logs say that a commitment rests on: one entry a source."""

    logs: Mapping[str, Log]
    readers: Mapping[str, Reader] = field(default_factory=dict)
    """Source to how it is read, which tells a log of maintenance from one of outages where nothing is in it."""


class Terms(Struct, frozen=True):
    """What the policy says around a commitment."""

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    effective: int | None = None
    """Before this instant nothing is judged."""
    ends: int | None = None
    """The agreement's end: from it on nothing is owed, whichever wording was in force."""
    business: BusinessCalendar = field(default_factory=BusinessCalendar)
    clock_tolerance: int = 300
    grace: int = grace.DEFAULT
    """The one that holds for the commitment; see :mod:`drcheck.core.model.grace`."""
    matching: int = 600
    """Points of different sources whose data lies this close, in seconds, are copies of one."""
    lost_sites: frozenset[str] = frozenset()
    """What the commitment's scenario takes away."""
    site_of: Mapping[str, str] = field(default_factory=dict)
    """Source to the site that it lies at; empty where the policy does not say."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Source to where it lies, as far as the policy says."""
    roots: Mapping[str, str] = field(default_factory=dict)
    """Source to what stands before each name there: with it, files of different sources that are one can be told."""
    restored: str = ""
    """The data set whose restore is judged, where records tell which of several they restored; empty: all of them."""
    not_restored: frozenset[str] = frozenset()
    """The others of these: a recovery that restored one of them tells nothing of this one."""
    binds: Span = ALWAYS
    """The instants, and the slots by their start, that this wording of the commitment binds."""
    covered: bool = False
    """Whether a frequency commitment covers this data set, so that a day never made is that one's breach."""
    made: tuple[Part, ...] = ()
    """Where else the frequency commitment counts backups of it: a day that was made there was made."""
    exhibits: bool = False
    """Whether findings are to have what pictures of them are drawn from."""

    def before_effect(self, t: int) -> str:
        """Return why nothing is owed yet at ``t``; empty: something is."""
        if self.effective is not None and t < self.effective:
            return "nothing is owed before the agreement takes effect"
        return ""
