"""What the entries up to one of them come to: the ledger's log, folded.

Everything that is judged is read from here, and this from entries alone. Nothing reads a clock: the state after entry n
is the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.history.source_history import History
from drcheck.core.judging import transitions
from drcheck.core.judging.since_last_run import RecordedFindings
from drcheck.core.judging.transitions import ConditionSubject, Event, LastTold
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import LONG_AGO, Look
from drcheck.core.model.readers import LedgersOwn
from drcheck.core.model.verdict import Window
from drcheck.core.time.spans import Span, union
from drcheck.ledger import encoding, entries, notifications
from drcheck.ledger.drills import DrillAnnounced, DrillsState, DrillTold
from drcheck.ledger.entries import Entry
from drcheck.ledger.errors import damaged
from drcheck.ledger.interface import Log, Stored
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.notifications import Sending
from drcheck.ledger.signatures import Checkpointed, KeyTaken, Timestamped
from drcheck.registry import READERS
from drcheck.settings import standing_of

CLAIM_LASTS: Final = 600
"""Seconds after which whoever claimed a message, and has neither said what became of it nor claimed it anew, is taken
to have died."""


class Key(NamedTuple):
    """A place that was looked at for a service."""

    service: str
    source: str
    """The source's identity, as the run gave it."""

    @property
    def place(self) -> str:
        """Where it lies, as ``CONNECTION:PATH``; empty of an identity that does not say it."""
        return self.source.split("\n", 2)[1] if "\n" in self.source else ""

    @property
    def own(self) -> LedgersOwn | None:
        """Which of the ledger's own records it is; None: it is a place that is looked at."""
        reader = READERS.get(next(iter(self.source.split("\n")[3:4]), ""))
        return None if reader is None else reader.own


class PastPolicy(NamedTuple):
    """A policy's text that was judged, and when."""

    service: str
    file: str
    sha256: str
    first_seen: int
    last_seen: int


class JudgedText(NamedTuple):
    """A policy's text that one run judged."""

    service: str
    file: str
    sha256: str


class PastVerdict(NamedTuple):
    """What a run found of one commitment."""

    run: str
    window: Window
    found: entries.RecordedVerdict


class PastRun(Struct):
    """A run of the past, or the one going on."""

    began: entries.RunBegan
    number: int
    """The entry with which it began: what was known then are the entries before it, and its own looks."""
    state: str = "running"
    """``running`` (or dead, and not yet marked), ``finished``, ``interrupted`` or ``abandoned``."""
    exit_status: int | None = None
    published: bool = False
    """Whether its report was handed over whole: until then nobody has seen what it found."""
    looked_until: int = 0
    """The last entry that tells of a look of this run: verdicts rest on what was known then."""
    policies: tuple[JudgedText, ...] = ()
    judged: set[str] = field(default_factory=set)
    """The services of which it recorded verdicts."""


class SourceState(Struct):
    """What is known of one source."""

    history: History = field(default_factory=History)
    standing: Standing = Standing.ATTESTED
    """Who vouches for it."""
    log: bytes = b""
    """What its log held at the newest complete look."""
    changed: bool = False
    """Whether it is not any more as it was read from a snapshot."""

    def apply(self, entry: entries.Looked | entries.Lines) -> None:
        """Add what a look showed; raises :class:`~drcheck.ledger.look_columns.Damaged` for lines that fit no log."""
        self.changed = True
        if isinstance(entry, entries.Looked):
            self.standing = entry.standing
            self.history.apply(entry.changes)
            return
        if entry.after != len(self.log) or entry.before_sha256 != sha256(self.log).hexdigest():
            raise Damaged("it goes on from another log than the one before it")
        self.log += entry.data


class ChannelState(Struct):
    """What those behind a channel were told, and what waits to be told."""

    known: dict[ConditionSubject, LastTold] = field(default_factory=dict)
    waiting: list[Event] = field(default_factory=list)
    """Oldest first."""
    claimed_at: int | None = None
    """Since when somebody sends a message of them; None: nobody does."""
    claimed_by: str = ""
    """The run that does: what became of a message that another one claimed before changes nothing."""

    def is_claimed(self, at: int) -> bool:
        """Return whether somebody sends a message at that instant."""
        return self.claimed_at is not None and 0 <= at - self.claimed_at < CLAIM_LASTS

    def apply(self, entry: notifications.Notification) -> None:
        """Take in one entry."""
        self.waiting += entry.events
        self.known = transitions.after(self.known, entry.events, entry.at)
        if entry.state is Sending.CLAIMED:
            self.claimed_at, self.claimed_by = entry.at, entry.run
        elif entry.state is Sending.HELD:
            if entry.count:
                self._settle(entry.count)
        elif entry.run == self.claimed_by:
            self._settle(entry.count if entry.state is Sending.SENT else 0)

    def _settle(self, count: int) -> None:
        """Nobody sends anything any more, and the oldest ``count`` wait no longer."""
        self.claimed_at, self.claimed_by = None, ""
        del self.waiting[:count]


class State(Struct):
    """What is known after some entry."""

    sources: dict[Key, SourceState] = field(default_factory=dict)
    """Those that were wanted."""
    named: dict[int, Key] = field(default_factory=dict)
    """Every source that was ever looked at, by the entry that names it."""
    runs: dict[str, PastRun] = field(default_factory=dict)
    """By id, oldest first."""
    policies: list[PastPolicy] = field(default_factory=list)
    """In order of time; one that came back stands twice."""
    texts: dict[str, int] = field(default_factory=dict)
    """Digest of a policy's text to the entry that holds it."""
    retired: dict[str, int] = field(default_factory=dict)
    """Service to when it was retired, of those that no run has judged since."""
    verdicts: dict[tuple[str, str], list[PastVerdict]] = field(default_factory=dict)
    """(service, commitment) to what runs found, in the order in which they did."""
    shown: dict[tuple[str, str], tuple[Span, ...]] = field(default_factory=dict)
    """(service, commitment) to the breaches shown by published runs of record which are in ``runs`` no more."""
    judged_until: dict[str, int] = field(default_factory=dict)
    """Service to the latest instant judged by published runs of record which are in ``runs`` no more."""
    jobs: dict[str, int] = field(default_factory=dict)
    """Job of a watch to when its newest run that finished began."""
    channels: dict[str, ChannelState] = field(default_factory=dict)
    drills: dict[str, DrillsState] = field(default_factory=dict)
    """Service to its drills."""
    upto: int = 0
    heads: dict[Key, int] = field(default_factory=dict)
    """The sources of the snapshot that this was read from, each with the entry up to which its own part was made."""
    kept_upto: int = 0
    """The entry up to which that snapshot was made; 0: it was read from entries alone."""
    unread: dict[Key, list[int]] = field(default_factory=dict)
    """The entries behind the snapshot that tell of sources that were not wanted."""

    def read(self, log: Iterable[Stored], wanted: Collection[Key] | None = None) -> None:
        """Fold further entries in; of sources only those ``wanted``, None: all.

        Raises :class:`~drcheck.ledger.look_columns.Damaged` with the number of an entry that cannot be folded.
        """
        for number, data in log:
            try:
                if wanted is None or not _is_look(data) or self.named[int(encoding.about(data))] in wanted:
                    self.apply(number, encoding.decode(data))
                else:
                    self.unread.setdefault(self.named[int(encoding.about(data))], []).append(number)
                    if self.runs:
                        self.newest_run.looked_until = number
            except (Damaged, LookupError, ValueError, AssertionError) as error:
                raise Damaged(f"entry {number} does not fit those before it: {error}") from error
            self.upto = number

    def apply(self, number: int, entry: Entry) -> None:
        """Fold one entry in."""
        match entry:
            case entries.RunBegan():
                self.runs[entry.run] = PastRun(entry, number, looked_until=number)
            case entries.RunEnded():
                run = self.runs[entry.run]
                run.state, run.exit_status = entry.state, entry.exit_status
                if run.began.job and run.state == "finished":
                    self.jobs[run.began.job] = run.began.started_at
            case entries.Published():
                self.runs[entry.run].published = True
            case entries.PolicyText():
                self.texts[entry.sha256] = number
            case entries.PoliciesJudged():
                self._judge(self.runs[entry.run], entry, number)
            case entries.SourceNamed():
                self.named[number] = Key(entry.service, entry.source)
            case entries.Looked() | entries.Lines():
                self.sources.setdefault(self.named[entry.source], SourceState()).apply(entry)
                if self.runs:
                    self.newest_run.looked_until = number
            case entries.Verdicts():
                run = self.runs[entry.run]
                for found in entry.found:
                    run.judged.add(found.service)
                    its = self.verdicts.setdefault((found.service, found.commitment), [])
                    its.append(PastVerdict(run.began.run, run.began.window, found))
            case notifications.Notification():
                self.channels.setdefault(entry.channel, ChannelState()).apply(entry)
            case entries.Retired():
                self.retired[entry.service] = entry.at
            case Checkpointed() | KeyTaken() | Timestamped():
                pass  # of the ledger's proof, which drcheck.ledger.checkpoints finds by itself
            case DrillTold() | DrillAnnounced():
                self.drills.setdefault(entry.about, DrillsState()).apply(number, entry)

    def compacted(self) -> State:
        """Return the same, with no more of the past than the next night needs.

        Of runs and verdicts those stay that are the newest of record on some service, the one before whose report was
        handed over, and those that judged a later instant than any after them; of the others it is known which breaches
        they showed, and until when they judged.
        """
        recorded = {service: runs for service in self.services() if (runs := self.recorded_runs(service))}
        followed = {service: _followed(runs) for service, runs in recorded.items()}
        newest = {service: {run.began.run for run in runs} - followed[service] for service, runs in recorded.items()}
        for service, runs in recorded.items():
            newest[service].update(run.began.run for run in _published(runs[:-1])[-1:])
        ids = {run for its in newest.values() for run in its}
        judged_until = dict(self.judged_until)
        for service, runs in recorded.items():
            for run in _published(runs):
                if run.began.run in followed[service]:
                    judged_until[service] = max(run.began.window.end, judged_until.get(service, run.began.window.end))
        shown = dict(self.shown)
        verdicts: dict[tuple[str, str], list[PastVerdict]] = {}
        for (service, commitment), its in self.verdicts.items():
            last = newest.get(service, set())
            kept = [one for one in its if one.run in last or self.runs[one.run].state == "running"]
            if kept:
                verdicts[service, commitment] = kept
            before = followed.get(service, set())
            earlier = [one for one in its if one.run in before and self.runs[one.run].published]
            if earlier or (service, commitment) in shown:
                spans = (*shown.get((service, commitment), ()), *_shown(earlier))
                shown[service, commitment] = tuple(union(spans))
        ids.update(list(self.runs)[-1:])  # its report may be handed over only now, also where it judged nothing
        kept_runs = {id_: run for id_, run in self.runs.items() if id_ in ids or run.state == "running"}
        return replace(self, runs=kept_runs, verdicts=verdicts, shown=shown, judged_until=judged_until)

    @property
    def newest_run(self) -> PastRun:
        """The run that began last, where any has; only one goes on at a time."""
        return self.runs[next(reversed(self.runs))]

    def source(self, key: Key) -> SourceState:
        """Return what is known of a source; of one that was never looked at, nothing."""
        return self.sources.get(key) or SourceState()

    def drills_of(self, key: Key, *, now: int | None = None) -> SourceState | None:
        """Return the drills that a source is read from; None: it is another one, or no run has judged its service.

        Nobody looks at the ledger: each run that judges a service sees all that stood there when it began. With ``now``
        all that stands there by then is seen.
        """
        if (own := key.own) is None:
            return None
        judged = next((one for one in reversed(self.policies) if one.service == key.service), None)
        if judged is None:
            return None
        drills = self.drills.get(key.service, DrillsState())
        log = drills.log(drills.shown if now is None else None, by_drcheck=own is LedgersOwn.RUN)
        seen = SourceState(standing=standing_of(own), log=log)
        seen.history.apply(
            LookChanges(Look(key.source.partition("\n")[0], judged.last_seen, judged.last_seen, size=len(log)))
        )
        return seen

    def known(self, key: Key) -> SourceState | None:
        """Return what is known of a source, of those that were wanted, or of those that the ledger itself is."""
        return self.drills_of(key) or self.sources.get(key)

    @property
    def looked_at(self) -> set[Key]:
        """Every source of which it knows, or would know, something."""
        return {*self.sources, *self.heads, *self.unread}

    def services(self) -> list[str]:
        """Return every service that was ever judged."""
        return sorted({one.service for one in self.policies})

    def recorded_runs(self, service: str) -> list[PastRun]:
        """Return the runs with verdicts of record on a service, oldest first: not those that died or were stopped."""
        return [
            run
            for run in self.runs.values()
            if service in run.judged and run.state == "finished" and not run.began.question
        ]

    def last_shown(self, service: str, *, before: str = "") -> PastRun | None:
        """Return the newest run of record on a service that was shown; with ``before``, of those before that run.

        ``before`` is the newest recorded run of the service. None: nobody has seen a verdict on the service.
        """
        recorded = self.recorded_runs(service)
        published = _published(run for run in recorded if not before or run.number < self.runs[before].number)
        return published[-1] if published else None

    def recorded(self, service: str, commitment: str, at: int, *, before: str = "") -> RecordedFindings | None:
        """Return what recorded runs have shown of a commitment; with ``before``, those before that run alone.

        ``at`` is the end of the window judged. A run that judged a later instant, which none after it has reached, went
        by a clock that was off: what it showed of a time that had not come yet counts for nothing. A run that died
        before its report was handed over has shown nothing to anybody: what it found is still new.
        ``before`` is the newest recorded run of the service: of those before it, a state that was read from a snapshot
        knows only what they come to. None: no recorded run has shown a verdict on the service.
        """
        recorded = self.recorded_runs(service)
        if before:
            recorded = [run for run in recorded if run.number < self.runs[before].number]
        followed = _followed(recorded)
        runs = _published(run for run in recorded if run.began.run in followed or run.began.window.end <= at)
        ends = [run.began.window.end for run in runs]
        if service in self.judged_until:
            ends.append(self.judged_until[service])
        if not ends:
            return None
        ids = {run.began.run for run in runs}
        its = [one for one in self.verdicts.get((service, commitment), ()) if one.run in ids]
        earlier = self.shown.get((service, commitment))
        return RecordedFindings(max(ends), earlier is not None or bool(its), union((*(earlier or ()), *_shown(its))))

    def judged_after(self, run: str) -> set[str]:
        """Return the services of which a later run of record than ``run`` found something, or is about to."""
        later = [one for one in self.runs.values() if one.number > self.runs[run].number and not one.began.question]
        found = {service for one in later if one.state == "finished" for service in one.judged}
        return found | {text.service for one in later if one.state == "running" for text in one.policies}

    def dead_runs(self) -> Iterator[PastRun]:
        """Yield the runs that have no end."""
        return (run for run in self.runs.values() if run.state == "running")

    def _judge(self, run: PastRun, entry: entries.PoliciesJudged, number: int) -> None:
        run.looked_until, at = number, run.began.started_at
        digests = {text: digest for digest, text in self.texts.items()}
        run.policies = tuple(JudgedText(one.service, one.file, digests[one.text]) for one in entry.policies)
        newest = {one.service: index for index, one in enumerate(self.policies)}
        for one in run.policies:
            self.retired.pop(one.service, None)
            if one.service in self.drills:
                self.drills[one.service].shown = number
            index = newest.get(one.service)
            past = None if index is None else self.policies[index]
            if past is not None and index is not None and (past.file, past.sha256) == (one.file, one.sha256):
                self.policies[index] = past._replace(last_seen=at)
            else:
                self.policies.append(PastPolicy(one.service, one.file, one.sha256, at, at))


def fold(log: Log, state: State, wanted: Collection[Key] | None = None, *, upto: int | None = None) -> State:
    """Fold the entries of a log behind ``state``, up to and with number ``upto``, into it, and return it.

    Of sources only those ``wanted``, None: all. Raises :class:`~drcheck.ledger.errors.LedgerError` for an entry that is
    damaged, missing, or does not fit those before it.
    """
    try:
        state.read(log.read(state.upto, upto), wanted)
    except Damaged as error:
        raise damaged(str(error), log.path) from error
    return state


def ahead(ends: Sequence[int]) -> list[bool]:
    """Return of instants that runs judged, in the order of the runs, which lie after all that later runs judged.

    The newest always does; an older one was told by a clock that has been set back since.
    """
    latest, found = LONG_AGO, []
    for end in reversed(ends):
        found.append(end > latest)
        latest = max(latest, end)
    return found[::-1]


def _followed(runs: Sequence[PastRun]) -> set[str]:
    """Return the ids of those of ``runs``, oldest first, after which one judged the same instant or a later one."""
    are_ahead = ahead([run.began.window.end for run in runs])
    return {run.began.run for run, is_ahead in zip(runs, are_ahead, strict=True) if not is_ahead}


def _published(runs: Iterable[PastRun]) -> list[PastRun]:
    return [run for run in runs if run.published]


def _shown(verdicts: Iterable[PastVerdict]) -> Iterator[Span]:
    """Yield the breaches that verdicts showed; one that was open lasted until the instant judged."""
    for one in verdicts:
        for breach in one.found.breaches:
            yield Span(breach.opened_at, one.window.end if breach.closed_at is None else breach.closed_at)


def _is_look(data: bytes) -> bool:
    return encoding.is_of(data, entries.Looked.KIND) or encoding.is_of(data, entries.Lines.KIND)
