"""What documents that are written anew each time tell: a later one may be silent about it, or say otherwise."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ExportedState(StrEnum):
    """What a monitoring system's export tells of a stretch of time."""

    WATCHED = "watched"
    """Every part was seen, up or down."""
    TOTAL = "total"
    """Every part was down."""
    PARTIAL = "partial"
    """A part was down, and another one up."""
    AT_LEAST_PARTIAL = "at-least-partial"
    """A part was down, and nobody saw any other one up."""


class Stretch(NamedTuple):
    """From ``start`` up to ``end`` something held."""

    what: ExportedState
    start: int
    end: int
    open: bool = False
    """Whether it still held where the export ends."""


class Inventory(NamedTuple):
    """What exists, by somebody's list, as one look found it."""

    at: int
    """The look."""
    written_at: int | None
    """When the list was written, as its place tells; None: it was made for the look, as what a command prints."""
    names: tuple[str, ...] | None
    """None: those of the look before."""
    hosts: tuple[tuple[str, str], ...] = ()
    """Each of them that is the host of a connection, with the alias of that."""


class ReportedTest(NamedTuple):
    """One restore test, as a test runner's report tells it."""

    name: str
    outcome: str
    """``passed``, ``failed`` or ``aborted``."""
    started_at: int
    finished_at: int
    cases: int
    """How many of its cases were run."""
