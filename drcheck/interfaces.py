"""The seams: what a collector, a reader and a report format must be.

A new kind of any of them is one small file and one line in :mod:`drcheck.registry`. Edge packages know these
interfaces and the core, never each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from drcheck.core.evidence import Fact, Observation, Settled, Told
from drcheck.core.policy import Policy, Source
from drcheck.core.verdict import Verdict, Window
from drcheck.errors import DrcheckError


class CollectorError(DrcheckError):
    """A place could not be seen: unreachable, refused, denied, missing, or its answer made no sense.

    It becomes an evidence gap. A real answer ("there is nothing here") is never this error.
    """


class NotFound(CollectorError):  # noqa: N818  a noun that reads well where it is caught
    """The far side answered, and the named thing is not there."""


class Entry(NamedTuple):
    """One thing in a listing. Links, directories, delete markers and unfinished uploads are never entries."""

    name: str
    """Below the collector's root, with ``/`` between parts."""
    size: int
    """Bytes."""
    arrived_lo: int
    """The earliest instant at which it can have been complete and here, as the place tells it."""
    arrived_hi: int
    """The latest such instant; ``FOREVER`` where the place cannot tell and only having been seen bounds it."""
    modified: int
    """The time that the place shows for it: S3 and Azure ``last_modified``, mtime on hosts and disks."""
    checksum: str = ""
    """Equal values prove equal content (an ETag of a plain upload, a Content-MD5); empty: none is told."""


class Seek(Enum):
    """How a listing can be kept to what is asked, without paying for the rest."""

    AFTER = "after"
    """The place honours ``after``, in the order of names (S3)."""
    PREFIX = "prefix"
    """Only a longer prefix makes a listing shorter (Azure)."""
    NONE = "none"
    """A listing walks directories; a narrower one saves little (hosts and disks)."""


class Collector(Protocol):
    """A listing, a bounded read and a description at one place, lazily, with what could not be seen.

    Every method raises :class:`CollectorError`, and never ends short in silence. Instances are used by one thread
    at a time; several may share one connection.
    """

    seek: Seek
    """How a listing of it can begin in the middle."""

    @property
    def calls(self) -> int:
        """Requests made so far."""
        ...

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what lies below the root and whose name begins with ``prefix`` and sorts after ``after``.

        May give more than asked, never less; no order is promised.
        """
        ...

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of ``name``; a negative ``offset`` counts from the end.

        Raises :class:`NotFound` if there is none.
        """
        ...

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, Told]:
        """Return what the storage itself tells of ``name``, or with None of the place as a whole; it reads no content.

        Every fact that is asked is answered: what the credentials may not see, or the place cannot tell, is a
        :class:`~drcheck.core.evidence.Told` that neither holds nor does not. Of the place, ``holds=False`` means that
        it holds for nothing that lies there, so that nothing there need be asked; True, that it may hold. Facts that a
        listing has told already cost no request, and one after the place was asked may tell more of them; what the
        place has answered is kept. Raises :class:`NotFound` if there is none.
        """
        ...

    def clock_offset(self) -> float | None:
        """Return by how many seconds the far clock is ahead of ours; None if it cannot be measured."""
        ...

    def close(self) -> None:
        """Let go of the connection, if this was the last user of it."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a look is asked for."""

    since: int
    """The oldest data that the question needs, widened by what judging it takes; ``LONG_AGO``: all of it."""
    begin: int
    """The instant that the look is taken to be of."""
    clock_tolerance: int
    """A far clock that is further off than this many seconds is an evidence gap."""
    service: str
    """The service in question: a log may hold records of several."""
    facts: frozenset[Fact] = frozenset()
    """What must be known of every candidate, beside its listing."""
    settled: Mapping[str, Settled] = field(default_factory=dict)
    """Name to what need not be asked again."""
    either_encrypts: bool = False
    """Whether what the storage encrypts need not be asked whether its content is encrypted as well."""
    read_at_most: int = 0
    """Bytes of content that may be read to check it against its checksum."""


class Read(Protocol):
    """A reader: turns what lies at a source into an observation. A function of this form is one.

    The collector is rooted at the source's directory; ``name`` is the file to read there (empty for readers of whole
    directories). Faults become gaps of the look; only faults in drcheck itself raise.
    """

    def __call__(self, collector: Collector, source: Source, name: str, asked: Asked) -> Observation:
        """Look at ``source`` once."""
        ...


class Fault(NamedTuple):
    """A policy file that could not be used, or is not there any more."""

    file: str
    message: str
    """``file:line:column: what is wrong (what would be right)``, or a sentence."""
    gone: bool = False
    """Whether its service was judged before and nothing is left of its policy now."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One service, judged."""

    policy: Policy
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report format may show; nothing in it is left to compute."""

    run: str
    """The run's id in the ledger."""
    version: str
    window: Window
    services: tuple[Judged, ...]
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    """How long gathering and judging took."""


class Render(Protocol):
    """A report format. A function of this form is one."""

    def __call__(self, report: Report) -> bytes:
        """Return the whole report, as it is written to a file or a pipe."""
        ...
