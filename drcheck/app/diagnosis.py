"""What an examination comes to: a remark for each thing that somebody should know. Nothing is fetched here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core import words
from drcheck.core.model.evidence import Gap, Look
from drcheck.core.model.policy import Source
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.core.names.proposing import propose
from drcheck.errors import DrcheckError
from drcheck.interfaces import Account, Power, Right
from drcheck.ledger.interface import Footing
from drcheck.readers.look_clock import clock_gap
from drcheck.run_report import Fault, Judged
from drcheck.settings import Connection, Settings

LEAST_FREE: Final = 100 << 20
"""Bytes: with less, a ledger's disk is soon full. A night of a thousand services takes a few megabytes."""
EXPIRES_SOON: Final = 14 * 86400
"""Seconds before the end of a credential from which on somebody must see to it."""


class Level(StrEnum):
    """How much a remark matters, the least first."""

    GOOD = "good"
    NOTE = "note"
    """Nothing is wrong as far as can be told, and somebody should know."""
    ATTENTION = "attention"
    FAILED = "failed"
    """Something cannot be reached, read or written."""


_LEVELS: Final = tuple(Level)
_EXIT: Final = {Level.ATTENTION: 1, Level.FAILED: 3}


class ExaminationNote(NamedTuple):
    """One thing that was found."""

    level: Level
    what: str
    """Lower case, no full stop."""
    hint: str = ""
    """A sentence with the next step."""


class Sort(StrEnum):
    """What can be said something of."""

    LEDGER = "ledger"
    CONNECTION = "connection"
    SOURCE = "source"
    POLICY = "policy"


class Topic(NamedTuple):
    """What was found of one thing."""

    sort: Sort
    name: str
    remarks: tuple[ExaminationNote, ...]
    requests: int | None = None
    """How many the next run takes there; None: none are asked there."""
    clock_offset: float | None = None
    """Of a connection, seconds by which its clock is ahead of ours; None: not measured."""

    @property
    def level(self) -> Level:
        """The gravest of its remarks."""
        return _worst(remark.level for remark in self.remarks)


class Diagnosis(Struct, frozen=True):
    """Everything that was found."""

    topics: tuple[Topic, ...]
    seconds: float
    tracebacks: tuple[str, ...] = ()
    """Of what looks met and nobody foresaw."""

    @property
    def level(self) -> Level:
        """The gravest of all remarks."""
        return _worst(topic.level for topic in self.topics)

    @property
    def exit_status(self) -> int:
        """The exit status of the command."""
        return _EXIT.get(self.level, 0)

    @property
    def requests(self) -> int:
        """How many requests the next run takes in all."""
        return sum(topic.requests or 0 for topic in self.topics if topic.sort is Sort.CONNECTION)


def _worst(levels: Iterator[Level]) -> Level:
    return max(levels, key=_LEVELS.index, default=Level.GOOD)


class AccountAnswer(NamedTuple):
    """What a place told of its account, beside a look."""

    connection: str
    root: str
    account: Account | None
    """None: it could not be asked, and ``gap`` says why."""
    gap: Gap | None
    content: bool
    """Whether what the policies need there takes the right to read content, or may."""

    @property
    def container(self) -> str:
        """The bucket or container: the smallest thing of which every storage can grant the content alone."""
        return self.root.partition("/")[0]


class RehearsedLook(NamedTuple):
    """What the rehearsed look at one source showed."""

    service: str
    source: Source
    look: Look

    @property
    def fits_nothing(self) -> bool:
        """Whether nothing there is read as a backup."""
        return self.source.reader.lists and not self.look.matched


class Examination(Struct, frozen=True):
    """All that was asked and seen, for saying what it comes to."""

    settings: Settings
    wanted: tuple[str, ...]
    """The connections that are examined."""
    begin: int
    told: tuple[AccountAnswer, ...]
    reached: Mapping[str, Look]
    """Connection that no source uses to what came of reaching it."""
    seen: tuple[RehearsedLook, ...]
    judged: tuple[Judged, ...]
    """Empty where policies are not judged."""

    def topics(self) -> Iterator[Topic]:
        """Yield what is to be said of each connection, source and policy."""
        for name in self.wanted:
            yield self._connection(self.settings.connections[name])
        lines: dict[tuple[str, str], list[Gap]] = defaultdict(list)
        for judged in self.judged:
            for name, gap in judged.gaps:
                if gap.line is not None:
                    lines[judged.policy.service, name].append(gap)
        for seen in self.seen:
            yield self._source(seen, lines[seen.service, seen.source.name])
        for judged in self.judged:
            yield self._policy(judged)

    def _connection(self, connection: Connection) -> Topic:
        name, seen = connection.name, self._at(connection.name)
        looked = [one.look for one in seen] or ([self.reached[name]] if name in self.reached else [])
        if not looked:
            return Topic(Sort.CONNECTION, name, (ExaminationNote(Level.NOTE, self._unused(connection)),))
        told = [one for one in self.told if one.connection == name]
        accounts = [one.account for one in told if one.account]
        of_looks = {gap for one in looked for gap in one.gaps}
        not_asked = dict.fromkeys(one.gap for one in told if one.gap and one.gap not in of_looks)
        remarks = [ExaminationNote(Level.FAILED, gap.what, gap.hint) for gap in self._unseen(name, looked)]
        if not remarks and not any(self._is_seen(name, one) for one in looked):
            remarks.append(ExaminationNote(Level.FAILED, "nothing of it could be seen: its sources say why"))
        offset = max((one.clock_offset for one in looked if one.clock_offset is not None), key=abs, default=None)
        if not remarks and accounts:
            its_clock = "" if not offset else f"; its clock is {abs(offset):.1f} s {_direction(offset)}"
            remarks.append(ExaminationNote(Level.GOOD, f"reached{its_clock}{_limits(accounts)}"))
        if offset is not None and abs(offset) > self.settings.clock_tolerance:
            gap = clock_gap(name, offset, self.settings.clock_tolerance)
            remarks.append(ExaminationNote(Level.ATTENTION, gap.what, gap.hint))
        remarks += [*_rights(connection, told), *_expiry(accounts, self.begin)]
        remarks += [
            ExaminationNote(Level.NOTE, f"what its account may do cannot be asked: {gap.what}", gap.hint)
            for gap in not_asked
        ]
        return Topic(Sort.CONNECTION, name, tuple(remarks), sum(one.calls for one in looked) if seen else None, offset)

    def _at(self, connection: str) -> list[RehearsedLook]:
        return [one for one in self.seen if one.source.connection == connection]

    def _unused(self, connection: Connection) -> str:
        users = [
            one.name
            for one in self.settings.connections.values()
            if one.keys.through and getattr(one, one.keys.through) == connection.name
        ]
        if users:
            return f"it leads to {words.several(users)}, and was asked nothing itself"
        return f"no policy names a {connection.path_form} there, so that nothing can be asked"

    def _gaps(self, connection: str, look: Look) -> list[Gap]:
        """Return what a look could not see, but that the clock is off: that is said of the connection."""
        offset = look.clock_offset
        of_clock = None if offset is None else clock_gap(connection, offset, self.settings.clock_tolerance)
        return [gap for gap in look.gaps if gap != of_clock]

    def _is_seen(self, connection: str, look: Look) -> bool:
        return not any(gap.hides for gap in self._gaps(connection, look))

    def _unseen(self, connection: str, looked: Sequence[Look]) -> list[Gap]:
        """Return why nothing of a connection could be seen: it is said once, and not of each source."""
        gaps = [self._gaps(connection, one) for one in looked]
        shared = [gap for gap in gaps[0] if gap.hides and all(gap in others for others in gaps)]
        of_asking = [one.gap for one in self.told if one.connection == connection]
        # a place that could not even be opened was not asked after its account
        if len(gaps) > 1 or connection in self.reached or not of_asking:
            return shared
        return [gap for gap in shared if gap in of_asking]

    def _source(self, seen: RehearsedLook, lines: Sequence[Gap]) -> Topic:
        connection = seen.source.connection
        of_all = self._unseen(connection, [one.look for one in self._at(connection)])
        gaps = self._gaps(connection, seen.look)
        own = [gap for gap in gaps if gap not in of_all]
        remarks = [ExaminationNote(Level.FAILED if gap.hides else Level.ATTENTION, gap.what, gap.hint) for gap in own]
        if of_all:
            remarks.append(ExaminationNote(Level.FAILED, f"not seen, as nothing of {connection} was"))
        elif self._is_seen(connection, seen.look):
            remarks = [*_fit(seen), *remarks]
        if lines:
            more = f", and {words.counted(len(lines) - 1, 'more line')}" if lines[1:] else ""
            remarks.append(
                ExaminationNote(Level.ATTENTION, f"line {lines[0].line}: {lines[0].what}{more}", lines[0].hint)
            )
        return Topic(Sort.SOURCE, f"{seen.service}: {seen.source.name}", tuple(remarks), seen.look.calls)

    def _policy(self, judged: Judged) -> Topic:
        unknown = [verdict for verdict in judged.verdicts if verdict.status is Status.UNKNOWN]
        known, all_of_it = len(judged.verdicts) - len(unknown), words.counted(len(judged.verdicts), "commitment")
        remarks = [self._unknown(judged.policy.service, verdict) for verdict in unknown]
        if known:
            can = f"{known} of {all_of_it} can be judged" if unknown else f"{all_of_it} can be judged"
            remarks.insert(0, ExaminationNote(Level.GOOD, can))
        return Topic(Sort.POLICY, judged.policy.service, tuple(remarks))

    def _unknown(self, service: str, verdict: Verdict) -> ExaminationNote:
        """Return why a commitment is unknown; what would settle it stands in the reason, or is said of its source."""
        ill = [
            one.source.name
            for one in self.seen
            if one.service == service
            and one.source.name in verdict.commitment.evidence
            and (not one.look.complete or one.fits_nothing)
        ]
        hint = f"Mend {words.several(ill)} first: see above." if ill else ""
        return ExaminationNote(Level.ATTENTION, f"{verdict.commitment.id} is unknown: {verdict.overall.reason}", hint)


def of_ledger(path: str, footing: Footing, entries: int, error: DrcheckError | None) -> Topic:
    """Return what is to be said of the ledger; ``error`` is why it cannot be read."""
    remarks = []
    if error is not None:
        remarks.append(ExaminationNote(Level.FAILED, error.message, error.hint))
    if footing.unwritable:
        hint = "The directory must exist, and drcheck's user must be able to write there."
        remarks.append(ExaminationNote(Level.FAILED, f"it cannot be written: {footing.unwritable}", hint))
    if footing.locks is False:
        hint = "Keep the ledger on a file system that can lock files."
        remarks.append(ExaminationNote(Level.FAILED, "its file system cannot lock files", hint))
    if not remarks:
        there = f"{words.counted(entries, 'entry', 'entries')} in {words.size(footing.size)}" if entries else "none yet"
        remarks.append(ExaminationNote(Level.GOOD, f"{there}, and {words.size(footing.free)} are free where it lies"))
        if footing.locks is None:
            what = "whether its file system can lock files cannot be told without making one"
            remarks.append(ExaminationNote(Level.NOTE, what))
    if not footing.unwritable and footing.free < max(LEAST_FREE, footing.size):
        what = f"only {words.size(footing.free)} are free where it lies"
        remarks.append(ExaminationNote(Level.ATTENTION, what, "Make room on its disk."))
    return Topic(Sort.LEDGER, path, tuple(remarks))


def of_fault(fault: Fault) -> Topic:
    """Return what is to be said of a policy that is invalid."""
    return Topic(Sort.POLICY, fault.file, (ExaminationNote(Level.FAILED, fault.message),))


def _fit(seen: RehearsedLook) -> Iterator[ExaminationNote]:
    """Yield whether the templates of a source fit what lies there, as far as the look listed it."""
    source, look = seen.source, seen.look
    try_it = f"`drcheck try {source.place}` shows how the names there are read."
    listed = words.counted(look.names, "name")
    if not source.reader.lists:
        yield ExaminationNote(Level.GOOD, f"read, {words.size(look.size)}")
    elif not look.names:
        yield ExaminationNote(Level.ATTENTION, "nothing lies there, of what a run would list", try_it)
    elif not look.matched and source.templates:
        nearest = propose(one.name for one in look.unaccounted)
        would = f"; {nearest[0].template} would read {nearest[0].names[0]}" if nearest else ""
        yield ExaminationNote(Level.ATTENTION, f"`name` reads none of {listed} there{would}", try_it)
    else:
        what = f"`name` reads {look.matched} of {listed} there" if source.templates else f"read, {listed}"
        yield ExaminationNote(Level.GOOD, what)
        newer = [one.name for one in look.unaccounted if one.newer]
        if newer:
            what = f"newer than every backup there, and read by no template: {words.several(newer)}"
            yield ExaminationNote(Level.ATTENTION, what, try_it)


def _rights(connection: Connection, told: Sequence[AccountAnswer]) -> Iterator[ExaminationNote]:
    """Yield what an account may do that no policy needs, and what cannot be told of that."""
    at: dict[Right, list[AccountAnswer]] = defaultdict(list)
    for one in told:
        for right in one.account.rights if one.account else ():
            at[right].append(one)
    needed = {one.container for one in told if one.content}
    superuser = any(right.power is Power.SUPERUSER and right.held for right in at)
    for right, where in at.items():
        implied = right.power is Power.WRITE and right.held and superuser
        asked_for = right.power is Power.COMMANDS and connection.named_reads
        too_much = where if right.power is not Power.READ else [one for one in where if one.container not in needed]
        if right.held is False or implied or asked_for or not too_much:
            continue
        roots = [one.root for one in too_much]
        places = "" if len(too_much) == len(told) else f" at {words.several([*dict.fromkeys(roots)])}"
        if right.held is None:
            what = f"whether it may {right.power}{places} cannot be told: {right.how}"
            yield ExaminationNote(Level.NOTE, what, right.remedy)
        else:
            needless = ", which no policy needs" if right.power is Power.READ else ""
            what = f"it may {right.power}{places}{needless}: {right.how}"
            yield ExaminationNote(Level.ATTENTION, what, right.remedy)


def _limits(accounts: Sequence[Account]) -> str:
    """Return which powers it has nowhere, in words."""
    held = [{right.power: right.held for right in account.rights} for account in accounts]
    lacking = [power.value for power in Power if all(powers.get(power) is False for powers in held)]
    return f"; it may not {' or '.join(lacking)}" if lacking else ""


def _expiry(accounts: Sequence[Account], now: int) -> Iterator[ExaminationNote]:
    ends = [account.expires for account in accounts if account.expires is not None]
    if ends:
        what, soon = f"its credential ends {words.instant(min(ends))}", min(ends) - now < EXPIRES_SOON
        yield (
            ExaminationNote(Level.ATTENTION, what, "Make a new one in time.")
            if soon
            else ExaminationNote(Level.NOTE, what)
        )


def _direction(offset: float) -> str:
    return "ahead" if offset >= 0 else "behind"
