"""The report of a run: everything that a format may show, and what a format must be.

:mod:`drcheck.registry` plugs formats in; CONTRIBUTING.md lists what belongs to a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from msgspec import Struct, field

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.judging.completeness import Completeness
from drcheck.core.judging.population import Population
from drcheck.core.judging.sample import Sample
from drcheck.core.judging.summary import Sources, Totals
from drcheck.core.model.controls import Standard
from drcheck.core.model.evidence import Gap, Unaccounted
from drcheck.core.model.policy import Policy, Position
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict, Window
from drcheck.core.time.spans import Span, Spans

SLOW: Final = 10
"""Seconds from which on a look is one that people want to know of."""


class Fault(NamedTuple):
    """A policy file that could not be used, or is not there any more."""

    file: str
    message: str
    """``file:line:column: what is wrong (what would be right)``, or a sentence."""
    gone: bool = False
    """Whether its service was judged before and nothing is left of its policy now."""
    at: Position | None = None
    """Where the fault lies, perhaps in a template; None where no place is to blame."""


class SourceSeen(Struct, frozen=True):
    """What the newest look showed at one source of a service, beside what verdicts tell of it."""

    name: str
    place: str
    """``CONNECTION:PATH``."""
    unlisted: tuple[str, ...] = ()
    """Data sets that lie there, or that a log tells of, and that the policy does not list."""
    unread: int = 0
    """Names there that are no candidates."""
    names: int = 0
    """All names that it listed; of a log none."""
    matched: int = 0
    """How many of them a template reads."""
    unmatched: tuple[Unaccounted, ...] = ()
    """The newest few of those that nothing accounts for: no template of any policy, and they are no markers, digests or
    placeholders."""
    ever_matched: bool = True
    """Whether any look ever found a name there that a template reads."""
    other_lines: int = 0
    """Of a log, its lines that tell of other services."""
    unplaced: tuple[str, ...] = ()
    """Of a log, the records that concern nothing the policy has, a sentence each."""
    gaps: tuple[Gap, ...] = ()
    """Of a source that no commitment rests on, what could not be seen; of the others verdicts tell it."""
    seconds: int = 0
    """How long the newest look at it took."""


class Dropped(NamedTuple):
    """A commitment that the newest recorded run that was shown judged, and that the policy does not have any more."""

    id: str
    kind: str
    status: str | None
    """What that run found; None: nothing was owed yet."""
    judged_until: int


class Judged(Struct, frozen=True):
    """One service, judged."""

    policy: Policy
    verdicts: tuple[Verdict, ...]
    """At least one: a policy without commitments is an error."""
    sources: tuple[SourceSeen, ...] = ()
    """Those that were looked at, in the order of the policy."""
    dropped: tuple[Dropped, ...] = ()
    """What was promised at the newest recorded run that was shown and is not any more."""
    unused: tuple[str, ...] = ()
    """Sources of the policy that nobody looked at, as nothing that it promises rests on them."""
    unreadable: Spans = ()
    """When what it promised is not known: this version of drcheck cannot read its text of then."""
    population: Population = field(default_factory=Population)
    """What there was within the window, where a report asked for it."""

    @property
    def window(self) -> Window:
        """What it was judged over; its end is the instant judged."""
        return self.verdicts[0].window

    @property
    def gaps(self) -> tuple[tuple[str, Gap], ...]:
        """What could not be seen, each evidence gap once, with its source; what a verdict rests on comes first."""
        of_verdicts = (gap for verdict in self.verdicts for gap in verdict.gaps)
        beside = ((source.name, gap) for source in self.sources for gap in source.gaps)
        return tuple(dict.fromkeys((*of_verdicts, *beside)))

    @property
    def seen(self) -> Sources:
        """How many of its sources were seen."""
        return summary.sources({source.name for source in self.sources}, self.gaps)


class Report(Struct, frozen=True):
    """Everything a report format may show; nothing in it is left to compute."""

    run: str
    """The run's id in the ledger; of a question without looks, that of the newest recorded run."""
    version: str
    window: Window
    """From the earliest beginning to the latest end of what its services were judged over."""
    services: tuple[Judged, ...]
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    """How long gathering and judging took."""
    locations: Mapping[str, str] = field(default_factory=dict)
    """Alias of a connection to where that is, as the beginning of a URL without secrets."""
    question: str = ""
    """What was asked other than the nightly question, in words: its verdicts are no verdicts of record."""
    ended_at: int = 0
    """When gathering and judging ended, in seconds since 1970."""
    provenance: Provenance | None = None
    """How what it rests on came about, where a report of a period is asked for."""
    completeness: Completeness | None = None
    """What of the period is there, and what is missing, where a report of one is asked for."""
    standards: tuple[Standard, ...] = ()
    """Whose controls verdicts are mapped to, where a report of a period is asked for."""
    sample: Sample | None = None
    """Slots that an auditor's word drew, where a report of a period is asked for one."""
    checkpoint: str = ""
    """The newest signed checkpoint of the ledger that it rests on (C2SP tlog-checkpoint); empty: nobody signs it."""
    records: Callable[[], Mapping[str, bytes]] | None = None
    """Returns the files that prove which records there are of a period, by name, while the ledger is open."""
    now_alone: bool = False
    """Whether a breach counts only if it is open at the instants judged, as ``--fail-on now`` asks."""

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts of all services."""
        return [verdict for judged in self.services for verdict in judged.verdicts]

    @property
    def gone(self) -> int:
        """How many policies are gone of services that were judged before."""
        return len({fault.file for fault in self.faults if fault.gone})

    @property
    def broken(self) -> int:
        """How many policy files are invalid."""
        return len({fault.file for fault in self.faults if not fault.gone})

    @property
    def status(self) -> Status | None:
        """What the run comes to, with what was breached since the last recorded run."""
        return summary.status_of(self.verdicts, invalid=self.broken + self.gone)

    @property
    def counted_status(self) -> Status | None:
        """What of it counts for the exit status."""
        return summary.status_of(self.verdicts, invalid=self.broken + self.gone, now=self.now_alone)

    @property
    def exit_status(self) -> int:
        """The exit status of the run, but for formats that have statuses of their own."""
        return summary.exit_status(self.counted_status)

    @property
    def totals(self) -> Totals:
        """How many commitments came to what."""
        return summary.totals(self.verdicts, invalid=self.broken + self.gone)

    @property
    def seen(self) -> Sources:
        """How many sources of all its services were seen."""
        return summary.totals_of_sources(judged.seen for judged in self.services)

    def told(self) -> str:
        """Return what the run came to in a line: what was found of how many commitments, and what could not be seen."""
        parts = [f"{count} {what.replace('_', ' ')}" for what, count in self.totals._asdict().items() if count]
        if gaps := self.seen.gaps:
            parts.append(words.counted(gaps, "evidence gap"))
        return ", ".join(parts) or "nothing is owed yet"

    @property
    def slowest(self) -> tuple[str, str, int] | None:
        """Service, name and seconds of the source that the newest looks took longest at; None: all were quick."""
        slow = [
            (judged.policy.service, source.name, source.seconds)
            for judged in self.services
            for source in judged.sources
            if source.seconds >= SLOW
        ]
        return max(slow, key=lambda one: one[2], default=None)

    @property
    def windows(self) -> set[Window]:
        """What its services were judged over, but for those of which nothing has begun."""
        return {judged.window for judged in self.services if judged.window.start < judged.window.end}

    @property
    def apart(self) -> bool:
        """Whether services are judged at different instants."""
        return len({window.end for window in self.windows}) > 1


class Render(Protocol):
    """A report format. A function of this form is one."""

    def __call__(self, report: Report, *, quiet: bool, verbose: bool, terminal: bool, config: str) -> bytes:
        """Return the whole report, as it is written to a file or a pipe.

        A format for people leaves out what is in order where it is to be ``quiet``, and adds all evidence where
        ``verbose``; ``terminal`` says that standard output is where it goes, and ``config`` which configuration the
        user named, for commands that are told as next steps. Formats for programs heed none of them.
        """
        ...


class Provenance(NamedTuple):
    """How what a report of a period rests on came about."""

    runs: int
    """Runs that recorded verdicts within the window."""
    stopped: int
    """Runs within it that did not come to their end; what they had seen counts all the same."""
    longest_without: Span
    """The longest time of the window in which no such run began."""
    made_by: tuple[str, ...]
    """The versions of drcheck of these runs, in the order in which they came."""
    texts: tuple[PolicyCame, ...]
    """The texts of policies that came within the window, in that order."""
    entries: int
    """Of the ledger it rests on so many entries, the first ones: all that it had when the report was made."""
    root: str
    """The root of the Merkle tree over them (RFC 6962), in hexadecimal."""


class PolicyCame(NamedTuple):
    """A text of a policy that a run was the first to judge by."""

    service: str
    at: int
    sha256: str


class Document(NamedTuple):
    """A file of a report that has several."""

    name: str
    """Where it is put, below the report's directory, with slashes; empty: it is the report."""
    pieces: Iterable[bytes]
    """What it holds, in order; to be read once, before the next document is asked for."""


class Documents(Protocol):
    """A form of report of many services, one document after the other. A function of this form is one."""

    def __call__(self, services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:
        """Yield the documents; the first page comes last, as only then it is known what all services come to.

        ``services`` come one by one, with what pictures are drawn from and everything that there was, and ``whole``
        tells what those that have come so far amount to, without all that. With ``split`` each service is a document
        of its own; else there is one.
        """
        ...
