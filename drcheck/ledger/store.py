"""The ledger as runs and people use it: the log, what its entries come to, and the one run that appends."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from drcheck.core.model.verdict import Window
from drcheck.errors import UsageError
from drcheck.ledger import encoding, entries, notifications, snapshots
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.entries import Entry
from drcheck.ledger.errors import REBUILD, LedgerError, NoLedger, damaged
from drcheck.ledger.interface import Footing, Log
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.rehearsal import Rehearsal
from drcheck.ledger.run_recorder import Run
from drcheck.ledger.snapshots import SnapshotLost
from drcheck.ledger.sqlite.file_access import footing
from drcheck.ledger.sqlite.log import SqliteLog
from drcheck.ledger.state import Key, SourceState, State, fold

_SCHEME: Final = "sqlite:///"
SNAPSHOT_AFTER: Final = 20
"""How many times as many entries as the newest run made may stand behind a snapshot before another one is made: each
night folds those in again, and writing a snapshot costs as much as reading a few nights."""


def open_ledger(url: str, *, read_only: bool = False, must_exist: bool = False, mend: bool = False) -> Ledger:
    """Open the ledger at ``url``: ``sqlite:///PATH``, where four slashes begin an absolute path.

    A new file becomes a ledger, unless ``read_only`` or ``must_exist``: then a missing one raises :class:`NoLedger`.
    ``mend`` puts the schema around the entries in order, where that was altered. Only one process writes at a time:
    raises :class:`Busy` with who does and since when. Raises UsageError for a URL of another kind, :class:`LedgerError`
    for a file that is damaged, no ledger, or newer than this drcheck.
    """
    path = path_of(url)
    if (read_only or must_exist) and not os.path.exists(path):  # noqa: PTH110  paths are text here, as the configuration has them
        raise NoLedger(f"there is no ledger yet: {path}", "`drcheck verify` begins one.")
    return Ledger(SqliteLog(path, read_only=read_only, mend=mend))


def rehearse(url: str) -> Ledger:
    """Open the ledger at ``url`` so that nothing of what is appended reaches it; a missing one is begun in memory.

    Raises UsageError and :class:`LedgerError` as :func:`open_ledger` does.
    """
    try:
        below: Log | None = open_ledger(url, read_only=True).log
    except NoLedger:
        below = None
    return Ledger(Rehearsal(below))


def rehearse_anew() -> Ledger:
    """Return a ledger in memory that knows nothing."""
    return Ledger(Rehearsal(None))


def footing_of(url: str) -> Footing:
    """Return on what the ledger at ``url`` stands; raises UsageError for a URL of another kind."""
    return footing(path_of(url))


def path_of(url: str) -> str:
    """Return where the ledger at ``url`` lies; raises UsageError for a URL of another kind."""
    if not url.startswith(_SCHEME) or not url.removeprefix(_SCHEME):
        scheme = url.partition(":")[0]
        known = "PostgreSQL ledgers are not supported yet" if scheme.startswith("postgres") else "this is no ledger URL"
        raise UsageError(f"{known}: {scheme}:…", "Write `ledger: sqlite:///drcheck.db` in drcheck.yaml.")
    return url.removeprefix(_SCHEME)


class Ledger:
    """An open ledger; a context manager that closes it."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.path = log.path
        self._run: Run | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; an open run is left as it is, for the next start to find."""
        self.log.close()

    def state(self, wanted: Collection[Key] | None = None, *, upto: int | None = None, folded: bool = False) -> State:
        """Return what is known after entry ``upto``, None: the newest; of sources only those ``wanted``, None: all.

        With ``folded`` every run and verdict is in it, not only what the next night needs. Raises :class:`LedgerError`
        where an entry is damaged or missing.
        """
        state = State()
        if upto is None and not folded:
            with suppress(SnapshotLost):  # all of it is in the entries as well
                state = snapshots.read_state(self.log, wanted)
        return fold(self.log, state, wanted, upto=upto)

    def follow(self, state: State) -> State:
        """Take into ``state``, which has no sources, what was appended since it was read, and return it."""
        return fold(self.log, state, ())

    def source(self, state: State, key: Key) -> SourceState | None:
        """Return what ``state``, the newest one, would know of a source if it had been wanted; None: nothing.

        The state does not keep it: so many sources can be read, one after the other, that would not fit into memory.
        Raises :class:`LedgerError` where an entry is damaged or missing.
        """
        if (own := state.drills_of(key)) is not None:
            return own
        source = SourceState()
        try:
            if key in state.heads:
                source = snapshots.read_source(self.log, key, state.heads[key], state.kept_upto)
        except SnapshotLost:
            return fold(self.log, State(), {key}, upto=state.upto).sources.get(key)
        numbers = state.unread.get(key, ())
        for number in numbers:
            entry = self.entry(number)
            try:
                assert isinstance(entry, entries.Looked | entries.Lines)
                source.apply(entry)
            except (Damaged, LookupError, ValueError, AssertionError) as error:
                raise damaged(f"entry {number} does not fit those before it: {error}", self.path) from error
        return source if numbers or key in state.heads else None

    def entry(self, number: int) -> Entry:
        """Return one entry; raises :class:`LedgerError` where it is damaged or missing."""
        (stored,) = self.log.read(number - 1, number)
        try:
            return encoding.decode(stored.data)
        except Damaged as error:
            raise damaged(f"entry {number}: {error}", self.path) from error

    def policy_text(self, state: State, sha256: str) -> str:
        """Return the policy text with that digest; raises KeyError if it was never judged."""
        number = state.texts[sha256]
        entry = self.entry(number)
        if not isinstance(entry, entries.PolicyText) or entry.sha256 != sha256:
            raise damaged(f"entry {number} is not the policy text that stood there", self.path)
        return entry.text

    def start(
        self,
        window: Window,
        *,
        version: str,
        started_at: int,
        clock_tolerance: int = 0,
        question: bool = False,
        job: str = "",
        schedule: str = "",
        due: tuple[str, ...] = (),
        gone: tuple[str, ...] = (),
        state: State | None = None,
    ) -> Run:
        """Begin a run that judges ``window``, after the one before it has ended.

        Runs whose process died are marked abandoned first, and then everything is read before anything is appended:
        what ended the process may have damaged the file. ``question``: whether its verdicts are no verdicts of record.
        ``job``: the job of a watch that it does, and ``schedule`` when that is due; of the jobs that runs have done
        before, ``due`` are there still and ``gone`` no more. ``state``: what was read already, without
        sources; None: nothing.
        """
        if self._run is not None and not self._run.over:
            raise RuntimeError("a run of this ledger is still going on")
        state = self.state(()) if state is None else self.follow(state)
        if any(state.dead_runs()):
            for what in self.log.damage():
                raise damaged(what, self.path)
        self._run = Run(
            self.log,
            state,
            window,
            version=version,
            started_at=started_at,
            clock_tolerance=clock_tolerance,
            question=question,
            job=job,
            schedule=schedule,
            due=due,
            gone=gone,
        )
        return self._run

    def publish(self, run: str, at: int) -> None:
        """Say that the report of ``run``, the newest of record, was handed over at ``at``."""
        self.log.append([encoding.encode(entries.Published(run, at))])

    def tell(self, told: Iterable[notifications.Notification]) -> None:
        """Say what is told to whom, and what became of it."""
        if several := [encoding.encode(one) for one in told]:
            self.log.append(several)

    def retire(self, service: str, at: int, reason: str) -> None:
        """Say that ``service`` is promised no more. A policy of it that is judged later brings it back."""
        self.log.append([encoding.encode(entries.Retired(service, at, reason))])

    def tell_of_drill(self, *told: DrillTold | DrillAnnounced) -> None:
        """Say that drills were announced, began, or ended: all of it, or nothing."""
        self.log.append([encoding.encode(one) for one in told])

    def snapshot(self, *, made: int = 0) -> None:
        """Keep what is known now, so that it need not be folded again.

        With ``made``, how many entries the newest run made, only where that is worth its cost.
        """
        if made and self.log.count - snapshots.position(self.log) < SNAPSHOT_AFTER * made:
            return
        from drcheck.ledger import checkpoints  # most runs keep no snapshot, and sign nothing

        self.log.keep(self._parts(self.state(())) | checkpoints.derived(self.log))

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint; empty: nobody has signed it."""
        from drcheck.ledger import checkpoints  # as above

        return checkpoints.newest(self.log)

    def rebuild(self) -> None:
        """Make everything that is derived from the entries anew."""
        from drcheck.ledger import checkpoints  # as above

        parts = self._parts(fold(self.log, State(), ()))  # only what can be made anew is dropped
        parts |= checkpoints.derived(self.log, anew=True)
        self.log.forget()
        self.log.keep(parts)

    def _parts(self, state: State) -> dict[str, bytes]:
        return snapshots.of_state(state, lambda key: self.source(state, key) or SourceState())

    def counts(self) -> Counter[str]:
        """Return how many entries of each kind there are."""
        return Counter(encoding.kind(stored.data) for stored in self.log.read())

    def damage(self) -> Iterator[str]:
        """Yield what is damaged: in the file, in an entry, or in how entries follow each other; reads all of it."""
        try:
            found = [*self.log.damage()]
            lost = [f"derived value {name!r} is not what was written; {REBUILD}" for name in self.log.lost()]
            yield from (*found, *lost)
            if found or lost:
                return
            folded, kept = self.state(folded=True), self.state()
            with suppress(SnapshotLost):
                try:
                    snapshots.read_state(self.log, None)
                except snapshots.Mixed:
                    yield f"a part of the snapshot differs from the others in age; {REBUILD}"
                    return
        except LedgerError as error:
            yield error.message
            return
        if snapshots.small(kept) != snapshots.small(folded):
            yield f"the snapshot of runs and verdicts differs from their entries; {REBUILD}"
        for key, source in folded.sources.items():
            if snapshots.all_known(kept.source(key)) != snapshots.all_known(source):
                yield f"the snapshot of {key.service} differs from its entries; {REBUILD}"
        from drcheck.ledger import checkpoints  # as above

        for name in checkpoints.differing(self.log):
            yield f"derived value {name!r} is not what its entries come to; {REBUILD}"
