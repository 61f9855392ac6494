"""Appending: one run, from its start to its end.

Each call is one transaction, and has returned only when its facts are on the disk: a run that is killed keeps every
source that it acknowledged. What is told within :meth:`Run.at_once` is one transaction, so that a wait for the disk
serves all the sources that came meanwhile, and is kept when that ends. One transaction for the whole run would lose an
hour's looks to a crash in its last second, and a lost look is a hole in the proof of absence that nothing fills later.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from drcheck import clock
from drcheck.core import words
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.commitments import Standing
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.ledger import encoding, entries, notifications
from drcheck.ledger.entries import Entry
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.interface import Log
from drcheck.ledger.state import Key, State


class Run:
    """A run going on; a context manager that marks it interrupted unless it was finished."""

    def __init__(
        self,
        log: Log,
        state: State,
        window: Window,
        *,
        version: str,
        started_at: int,
        clock_tolerance: int,
        question: bool,
        job: str = "",
        schedule: str = "",
        due: tuple[str, ...] = (),
        gone: tuple[str, ...] = (),
    ) -> None:
        """Begin it; ``state`` is what was known before."""
        self._log, self._texts = log, dict(state.texts)
        self._waiting: list[bytes] = []
        self._together = False
        self._numbers = {key: number for number, key in state.named.items()}
        self.id = _new_id(started_at)
        """Sorts by time, and no other run has it."""
        self.over = False
        """Whether it has ended."""
        self.made = 0
        """How many entries it has made."""
        # Whoever may append is alone: a run without an end is one whose process died.
        dead = [entries.RunEnded(run.began.run, "abandoned", started_at) for run in state.dead_runs()]
        host, process = os.uname().nodename, os.getpid()
        began = entries.RunBegan(
            self.id, started_at, window, version, host, process, clock_tolerance, question, job, schedule, due, gone
        )
        self._append([*dead, began])
        log.checkpoint()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.over:
            return
        try:
            self.interrupt()
        except LedgerError:
            # If the ledger is what failed, that error is on its way already; the next start will say "abandoned".
            if error is None:
                raise
        finally:
            self.over = True

    def policies(self, policies: Iterable[Policy]) -> None:
        """Keep which texts this run judges, and those that are new."""
        judged = tuple(policies)
        new = {one.sha256: one.text for one in judged if one.sha256 not in self._texts}
        texts = [entries.PolicyText(digest, text) for digest, text in new.items()]
        self._texts |= {digest: self._next + number for number, digest in enumerate(new)}
        # Absolute: the next run may start in another directory.
        rows = (
            entries.JudgedPolicy(one.service, str(Path(one.file).absolute()), self._texts[one.sha256]) for one in judged
        )
        self._append([*texts, entries.PoliciesJudged(self.id, tuple(rows))])

    def looked(
        self, key: Key, standing: Standing, changes: LookChanges, *, before: bytes = b"", lines: bytes = b""
    ) -> None:
        """Keep what one look changed, and the ``lines`` of a log that it showed behind those ``before``."""
        named = []
        if key not in self._numbers:
            self._numbers[key] = self._next
            named = [entries.SourceNamed(*key)]
        source = self._numbers[key]
        shown = [entries.Lines(source, len(before), sha256(before).hexdigest(), lines)] if lines else []
        self._append([*named, *shown, entries.Looked(source, standing, changes)])

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Have all that is told within it on the disk when it ends."""
        self._together = True
        try:
            yield
        except BaseException:
            self._together = False
            with suppress(LedgerError):  # what led here is what must be told
                self._append([])
            raise
        self._together = False
        self._append([])

    def found(self, verdicts: Sequence[entries.RecordedVerdict]) -> None:
        """Keep what was found of all commitments."""
        self._append([entries.Verdicts(self.id, tuple(verdicts))])

    def finish(self, exit_status: int, told: Iterable[notifications.Notification] = ()) -> None:
        """Say that the run did all it had to, and what is told of it."""
        self._end("finished", exit_status, told)

    def interrupt(self) -> None:
        """Say that the run was stopped before its end; what it recorded stands."""
        self._end("interrupted", None)

    def _end(self, state: str, exit_status: int | None, told: Iterable[notifications.Notification] = ()) -> None:
        self._append([entries.RunEnded(self.id, state, clock.now(), exit_status), *told])
        self.over = True

    @property
    def _next(self) -> int:
        """The number of the next entry: nobody else appends."""
        return self._log.count + len(self._waiting) + 1

    def _append(self, several: Iterable[Entry]) -> None:
        self._waiting += [encoding.encode(entry) for entry in several]  # all of them, or none
        if self._together:
            return
        waiting, self._waiting = self._waiting, []
        self._log.append(waiting)
        self.made += len(waiting)


def _new_id(started_at: int) -> str:
    moment = words.instant(started_at).translate({ord("-"): None, ord(":"): None})
    return f"{moment}-{os.urandom(4).hex()}"
