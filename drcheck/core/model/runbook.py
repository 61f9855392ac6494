"""A runbook: how a recovery point is restored, checked and cleaned away, as whoever runs drcheck wrote it.

Durations are whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct, field


class Compare(StrEnum):
    """What a check holds the answer of its command against. That a command ends with status 0 proves nothing."""

    EQUALS = "equals"
    """The answer is this text."""
    EQUALS_VALUE = "equals_value"
    """The answer is what the policy says under this name: a canary."""
    CONTAINS = "contains"
    """A line of the answer is this text, or holds it."""
    AT_LEAST = "at_least"
    """The answer is a whole number that is not less."""
    COUNTS = "counts"
    """Lines of a name and a number, held against the manifest beside the backup, or against the last drill."""
    NEWEST_WITHIN = "newest_within"
    """The answer is an instant, not longer before the instant of the data than this."""
    CHECKSUMS = "checksums"
    """Lines as sha256sum prints them, held against the manifest beside the backup."""


class Expected(NamedTuple):
    """What a check must find."""

    compare: Compare
    text: str = ""
    """The text, or the name of the value."""
    number: int = 0
    """The number, or seconds."""
    tolerance: Fraction = Fraction(0)
    """By which share a count may differ from the one of the last drill."""


class Asks(StrEnum):
    """What a check speaks to."""

    DATA = "data"
    """What was restored, as files."""
    SERVICE = "service"
    """What runs on it: a database, an application."""


class Step(NamedTuple):
    """One step of a restore; those of a runbook come one after the other."""

    name: str
    phase: str
    """What it is shown and recorded under; neighbours may share one."""
    timeout: int
    run: str = ""
    """Shell text; empty: drcheck puts the files of the recovery point there itself."""
    counts: bool = True
    """Whether its time is part of the recovery time that the drill shows."""


class Check(NamedTuple):
    """One check of what was restored."""

    name: str
    timeout: int
    run: str
    """Shell text that prints the answer."""
    expected: Expected
    asks: Asks = Asks.DATA
    only_with: str = ""
    """The value without which it is not asked, and proves nothing; empty: it always is."""


class Runbook(Struct, frozen=True):
    """How a recovery point is restored, checked and cleaned away."""

    name: str
    title: str
    sha256: str
    """Of the bytes of its file."""
    tried: str
    """With what it was run to its end before it was shipped; empty: never."""
    needs: tuple[str, ...]
    """Programs that must be there."""
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    clean_up: tuple[Step, ...] = ()
    values: Mapping[str, str | None] = field(default_factory=dict)
    """What a policy may say (``with``), each with what it is otherwise; None: it must."""
