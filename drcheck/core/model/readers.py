"""What reads a source: what it yields, and how what lies there behaves over time."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Tells(StrEnum):
    """What evidence can tell: a reader says what it yields of these, a kind of commitment what proves it."""

    POINTS = "recovery points"
    CHECKS = "checks"
    RESTORE_TESTS = "restore tests"
    RECOVERIES = "recoveries from outages"
    OUTAGES = "outages"
    WATCHED = "watched spans"
    MAINTENANCE = "maintenance"
    INVENTORY = "what exists"
    ATTESTATIONS = "attestations"
    """The dated word of a named owner may stand for any of them."""


class Behaviour(StrEnum):
    """What it means that a look at a source does not show what an earlier one did."""

    STANDING = "standing"
    """A listing: what a complete look misses is gone."""
    APPENDED = "appended"
    """A log: it only grows."""
    WINDOW = "window"
    """An export, written anew each time: what is older falls out of it, and proves nothing."""


class LedgersOwn(StrEnum):
    """Which of the records that the ledger keeps itself are read."""

    RUN = "run"
    """Drills that drcheck ran."""
    RECORDED = "recorded"
    """Those that people or other tools tell of."""


class Reader(NamedTuple):
    """How the bytes at a source are read."""

    name: str
    """As policies write it."""
    module: str
    """Where its ``read`` is, and, of one that reads logs, what reads their bytes again."""
    reads: str
    """What it reads and in which forms, for the description of ``reader`` in policies."""
    yields: frozenset[Tells]
    behaves: Behaviour
    lists: bool
    """Whether it reads all that lies in a directory, and not one file."""
    forms: tuple[tuple[str, Behaviour], ...] = ()
    """Endings of files that it reads in another form, each with how these behave."""
    keys: str = "log_source"
    """What the schema of policies calls the keys of its sources."""
    chains: bool = False
    """Whether what it yields may restore only with others of the same source."""
    own: LedgersOwn | None = None
    """Of one that reads the ledger's own records, which; None: what it reads lies at a place, and is looked at."""

    def __str__(self) -> str:
        return self.name

    @property
    def reads_names(self) -> bool:
        """Whether it reads files each of which is a backup, by templates of their names."""
        return self.keys == "objects_source"

    @property
    def is_list_of_points(self) -> bool:
        """Whether what it reads is one document, in which a tool lists the backups that exist."""
        return Tells.POINTS in self.yields and not self.lists

    def behaviour_at(self, path: str) -> Behaviour:
        """Return how what lies at ``path`` behaves."""
        return next((behaves for ending, behaves in self.forms if path.endswith(ending)), self.behaves)
