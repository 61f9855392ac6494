"""The seams of the edge: what a collector and a reader must be.

:mod:`drcheck.registry` plugs them in; CONTRIBUTING.md lists what belongs to a new one. Edge packages know these
interfaces and the core, never each other. The seam of a report format is in
:mod:`drcheck.run_report`, that of the ledger :mod:`drcheck.ledger.interface`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue, Settled, StateRead
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.errors import DrcheckError


class CollectorError(DrcheckError):
    """A place could not be seen: unreachable, refused, denied, missing, or its answer made no sense.

    It becomes an evidence gap. A real answer ("there is nothing here") is never this error.
    """


class Archived(CollectorError):  # noqa: N818  a word that reads well where it is caught
    """The thing is there, and cannot be read until it is brought back from an archive tier."""


class NotFound(CollectorError):  # noqa: N818  a noun that reads well where it is caught
    """The far side answered, and the named thing is not there."""


class Throttled(CollectorError):  # noqa: N818  an adjective that reads well where it is caught
    """The place said that it is asked too much, also after several tries: later it may answer."""


def calmer(alias: str) -> str:
    """Return the hint for a place that is asked too much."""
    return f"Run at a quieter time, or lower `at_once` of {alias}."


class Disconnected(CollectorError):  # noqa: N818  an adjective that reads well where it is caught
    """The connection to a host was lost, or it fell silent: whether it did what was asked of it is not known."""


class Store(Protocol):
    """A place that the runner names to be written to: checkpoints and reports go there, whole or not at all."""

    def put(self, name: str, data: bytes, *, replace: bool) -> None:
        """Write ``name`` below the place.

        Without ``replace`` what is there already stands: the same bytes are no error, others raise :class:`Occupied`.
        Raises :class:`CollectorError` where it could not be written.
        """
        ...


class Occupied(CollectorError):  # noqa: N818  an adjective that reads well where it is caught
    """Something else has that name already, and was left as it is."""


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
    archived: FactValue | None = None
    """Whether it lies in an archive tier, whose name ``how`` is, and cannot be read for hours; None: no place for that.

    A :class:`~drcheck.core.model.evidence.FactValue` that neither holds nor does not: the listing cannot tell."""
    version: str = ""
    """Which version of a thing it is, where each is listed: ``name`` ends in it."""
    noncurrent: bool = False
    """Whether another version, or a delete marker, lies on top of it."""
    grows: bool = False
    """Whether it is listed while it is being written, at a place that else lists only what is whole."""
    inode: str = ""
    """Which file it is, where it has several names (hard links): equal ones are one file. Empty: it has this name only,
    or the place does not tell (SFTP)."""

    @property
    def own_name(self) -> str:
        """Its name without the version, as it was written."""
        return self.name.removesuffix(f"?versionId={self.version}") if self.version else self.name


class Seek(Enum):
    """How a listing can be kept to what is asked, without paying for the rest."""

    AFTER = "after"
    """The place honours ``after``, in the order of names (S3)."""
    PREFIX = "prefix"
    """Only a longer prefix makes a listing shorter (Azure)."""
    NONE = "none"
    """A listing walks directories; a narrower one saves little (hosts and disks)."""


class Power(StrEnum):
    """What an account may do that a run needs for some policies only, or never."""

    READ = "read content"
    """Only where a policy needs to look into what lies there."""
    WRITE = "write or delete"
    COMMANDS = "run any command"
    SUPERUSER = "pass over all permissions"
    """As root, or with the key of a storage account."""


class Right(NamedTuple):
    """Whether an account has a power, as far as can be told by reading alone."""

    power: Power
    held: bool | None
    """None: it cannot be told without trying to use it."""
    how: str
    """How that is known, or why it cannot be: lower case, no full stop."""
    remedy: str = ""
    """A sentence with what takes the power away, or finds out whether it is held."""


class Account(NamedTuple):
    """With which leave a place is looked at."""

    rights: tuple[Right, ...] = ()
    """Powers that the place has, each once; one that it does not have is left out."""
    expires: int | None = None
    """When the credential ends, in seconds since 1970, where it says so itself."""


class Collector(Protocol):
    """A listing, a bounded read and a description at one place, lazily, with what could not be seen.

    Every method raises :class:`CollectorError`, and never ends short in silence. Instances are used by one thread
    at a time; several may share one connection.
    """

    seek: Seek
    """How a listing of it can begin in the middle."""
    in_place: bool
    """Whether it lists a file while that is being written, as hosts and disks do; else only what is whole."""

    @property
    def links(self) -> Sequence[str]:
        """The names of symbolic links that the newest listing passed over, as they are never followed."""
        ...

    @property
    def calls(self) -> int:
        """Requests made so far."""
        ...

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what lies below the root and whose name begins with ``prefix`` and sorts after ``after``.

        May give more than asked, never less; no order is promised.
        """
        ...

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Yield what begins with ``prefix`` and is still held, though overwritten or deleted, in no listing.

        May give more than asked, never less. A place that holds no such thing yields nothing; what it may hold and
        cannot tell of is an error.
        """
        ...

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of ``name``; a negative ``offset`` counts from the end.

        Raises :class:`NotFound` if there is none.
        """
        ...

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return what the storage itself tells of ``name``, or with None of the place as a whole; it reads no content.

        Every fact that is asked is answered: what the credentials may not see, or the place cannot tell, is a
        :class:`~drcheck.core.model.evidence.FactValue` that
        neither holds nor does not. Of the place, ``holds=False`` means that
        it holds for nothing that lies there, so that nothing there need be asked; True, that it may hold. Facts that a
        listing has told already cost no request, and one after the place was asked may tell more of them; what the
        place has answered is kept. Raises :class:`NotFound` if there is none.
        """
        ...

    def clock_offset(self) -> float | None:
        """Return by how many seconds the far clock is ahead of ours; None if it cannot be measured."""
        ...

    def account(self) -> Account:
        """Return what the account may do at the root beyond listing it; nothing is tried that could change anything.

        Powers that other places have are left out; of each that this one has it says so, also where it cannot be told.
        """
        ...

    def close(self) -> None:
        """Let go of the connection, if this was the last user of it."""
        ...


class LookRequest(Struct, frozen=True):
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
    """What stands, by name, as the newest look that showed it did, with what need not be asked again."""
    either_encrypts: bool = False
    """Whether what the storage encrypts need not be asked whether its content is encrypted as well."""
    also_read: tuple[Source, ...] = ()
    """The other sources of any policy of the run that read names at the same place, above it or below."""
    expected_since: int = LONG_AGO
    """Since when something must have come if the promises are kept: where nothing did, names that no template reads are
    looked for as well."""
    kept_from: int = LONG_AGO
    """Data older than this is to be deleted, and not held there under any name or version."""
    tells_apart: bool = False
    """Whether it matters which backups have the same content: what tells new ones apart is then read of them."""
    verify: bool = False
    """Whether what has a checksum beside it is verified once, though no commitment asks for it: what is known to be
    broken counts for none."""
    read_at_most: int = 0
    """Bytes of content that may be read to check it against its checksum."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Of a list of what exists, alias of each connection to the host that it leads to: the list may name that."""
    states: Mapping[str, StateRead] = field(default_factory=dict)
    """Name to what an earlier look read of its state, where the source asks for one."""
    judged_since: int = LONG_AGO
    """The oldest data that is judged: of what is older only that is needed which it builds on."""


class Ran(NamedTuple):
    """What came of a command on a host."""

    status: int
    """Its exit status; negative: it ended by a signal, or without one."""
    output: bytes
    """What it wrote to its standard output, and its standard error where that was asked for."""


class Shell(Protocol):
    """A host on which drills run commands: only on what the runner's configuration allows is one ever run.

    Every method raises :class:`CollectorError`, and :class:`Disconnected` where nobody knows whether the command ran;
    the next call connects anew.
    """

    @property
    def host_keys(self) -> frozenset[str]:
        """The fingerprints (``SHA256:…``) of the host's own keys, as far as they are known."""
        ...

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses at which it was reached; empty: it is this machine."""
        ...

    def run(
        self, script: str, arguments: Sequence[str] = (), *, data: bytes = b"", within: float, at_most: int = 1 << 20
    ) -> Ran:
        """Run ``script`` by ``sh`` with ``arguments`` as ``$1``, ``$2``, …, and wait for its end ``within`` seconds.

        ``data`` is what it may read on its standard input, which does not end there: it must know how much it takes.
        Of what it writes ``at_most`` bytes are kept.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Read(Protocol):
    """A reader: turns what lies at a source into an observation. A function of this form is one.

    The collector is rooted at the source's directory; ``name`` is the file to read there (empty for readers of whole
    directories). Faults become gaps of the look; only faults in drcheck itself raise.
    """

    def __call__(self, collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
        """Look at ``source`` once."""
        ...
