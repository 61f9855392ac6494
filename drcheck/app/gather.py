"""Looking at many sources at once: one that hangs or fails is an evidence gap and delays nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple

from msgspec import Struct, field

from drcheck import clock, registry
from drcheck.app.look_queue import Turn, Turns
from drcheck.collectors.guarded import Guarded, made_no_sense, traced
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.errors import DrcheckError
from drcheck.interfaces import LookRequest, Throttled
from drcheck.ledger.state import SourceState
from drcheck.settings import Connection

LATE = 10.0
"""Seconds after its deadline at which a source that still has not answered is given up: a disk can hang for ever."""
TICK = 0.25
"""Seconds between two looks at the clock while nothing comes in."""
AHEAD = 8
"""Jobs that are handed over before a worker can take them up: so many may end while other work is done meanwhile."""


HANGS = "See which place hangs; a network disk that is gone does."

Examine = Callable[[Guarded, Source, str, LookRequest], Observation]
"""Looks at a source, as :class:`~drcheck.interfaces.Read` does."""


class Job(NamedTuple):
    """One source to look at, for one service."""

    service: str
    source: Source
    connection: Connection
    asked: LookRequest
    known: SourceState
    """What was known of it, for whoever appends what comes."""


class JobResult(NamedTuple):
    """What came of a job."""

    job: Job
    observation: Observation
    throttled: bool = False
    """Whether it is not all there since it was too much for the place."""


class _Asked(Struct, eq=False):
    """A job that was handed to the workers."""

    turn: Turn[Job]
    job: Job
    opener: registry.Opener
    began: float | None = None
    """When a worker took it up."""


class Gathering(Struct):
    """Looks at all that has a turn, ``workers`` sources at a time.

    A job is made when a worker will soon take it up and what came before was asked for: what is known, and what came,
    of little more sources than workers is in memory. SDKs must be loaded already (:func:`drcheck.registry.opener`):
    they set up warnings as they are imported, which is not for several threads at once.
    """

    every: Iterable[Turn[Job]]
    pool: Connections
    workers: int
    reader: Callable[[Source], Examine] | None = None
    """Returns what reads a source; None: the one that the registry names."""
    meanwhile: Callable[[], bool] = lambda: False
    """Does a piece of other work while no worker waits for a job, and returns whether there was any."""
    tracebacks: list[str] = field(default_factory=list)
    """Of everything that a look met and nobody foresaw; each is a gap of its source."""
    abandoned: int = 0
    """Sources given up, whose threads may hang for ever."""
    _owed: int = 0
    """Pieces of other work that are done before more is waited for: one for each job that came in."""

    def seen(self) -> Iterator[Sequence[JobResult]]:
        """Yield what came of the jobs, as it comes in: several at once where they came while nobody asked."""
        executor = ThreadPoolExecutor(max(1, self.workers), thread_name_prefix="drcheck look")
        # A client's own thread that ends in an exception ends the looks that wait for it; they say so.
        hook, threading.excepthook = threading.excepthook, self._thread_ended
        try:
            yield from self._collect(executor)
        finally:
            threading.excepthook = hook
            # Ends every wait for a far side, so that the threads come to their end by themselves.
            self.pool.close()
            executor.shutdown(wait=False, cancel_futures=True)

    def _collect(self, executor: ThreadPoolExecutor) -> Iterator[Sequence[JobResult]]:
        turns = Turns(self.every, self.pool.limit)
        pending: dict[Future[JobResult], _Asked] = {}
        done: SimpleQueue[Future[JobResult]] = SimpleQueue()
        while True:
            for turn in turns.take(self._most - len(pending)):
                job = turn.make()
                asked = _Asked(turn, job, registry.opener(job.connection, versions=job.source.versions))
                pending[future := executor.submit(self._look, asked)] = asked
                future.add_done_callback(done.put)
                del future, asked, job  # what came of them is in the queue, and nowhere else
            if not pending and not (turns.left and self._most):
                break
            # One that was given up may come after all.
            ended = [(pending.pop(future), future.result()) for future in self._waiting(done) if future in pending]
            for turn, began in [(asked.turn, asked.began) for asked, _ in ended]:
                turns.end(turn, began)
            if seen := [one for asked, one in ended if not (one.throttled and turns.again(asked.turn))]:
                yield seen
            del ended, seen
            now = clock.monotonic()
            for future in [future for future, asked in pending.items() if _is_over(asked, now)]:
                self.abandoned += 1
                future.cancel()
                over = pending.pop(future)
                turns.end(over.turn, over.began)
                yield (_given_up(over.job, f"did not answer within {over.job.connection.deadline} s", HANGS),)
            for turn, why, hint in turns.hopeless():
                yield (_given_up(turn.make(), f"was not looked at: {why}", hint),)
        # With every worker stuck nobody is left to look at the rest.
        stuck = "was not looked at: every worker waits for a place that hangs"
        yield from ((_given_up(turn.make(), stuck, HANGS),) for turn in turns.rest())

    @property
    def _most(self) -> int:
        """How many jobs are handed over; none once every worker is stuck."""
        free = self.workers - self.abandoned
        return free + AHEAD if free > 0 else 0

    def _waiting(self, done: SimpleQueue[Future[JobResult]]) -> Iterator[Future[JobResult]]:
        """Yield what is done, after waiting for the first of it for a tick, or for other work to end.

        Other work goes on while what is handed over lasts, and keeps step with what comes in: else all of it would be
        left when the looks are over.
        """
        while (self._owed > 0 or done.qsize() < AHEAD) and self.meanwhile():
            self._owed -= 1
        self._owed = 0
        with suppress(Empty):
            yield done.get(timeout=TICK)
            while True:
                self._owed += 1
                yield done.get_nowait()

    def _look(self, asked: _Asked) -> JobResult:
        """Look at one source. Whatever that meets is a gap of this source alone; only judging can fail as a whole."""
        asked.began, job = clock.monotonic(), asked.job
        source = job.source
        try:
            root, name = registry.place(source)
            with closing(self._open(asked, root)) as collector:
                observation = (self.reader or registry.reader)(source)(collector, source, name, job.asked)
                return JobResult(job, observation, collector.throttled)
        except DrcheckError as error:
            return JobResult(job, _blind(job, Gap(error.message, error.hint)), isinstance(error, Throttled))
        except BaseException as error:  # noqa: BLE001  of a reader: a panic of a library in Rust is no Exception
            self.tracebacks.append(traced(error))
            gap = Gap(
                f"what {source.name} holds made no sense to drcheck: {type(error).__name__}",
                "Look at it by other means; if it is in order, report this with what --verbose prints.",
            )
            return JobResult(job, _blind(job, gap))

    def _open(self, asked: _Asked, root: str) -> Guarded:
        connection = asked.job.connection
        try:
            collector = asked.opener(root, self.pool)
        except DrcheckError:
            raise
        except BaseException as error:  # noqa: BLE001  as above
            self.tracebacks.append(traced(error))
            raise made_no_sense(connection, error) from None
        return Guarded(collector, connection, self.tracebacks)

    def _thread_ended(self, ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            self.tracebacks.append(traced(ended.exc_value))


def _is_over(asked: _Asked, now: float) -> bool:
    return asked.began is not None and now > asked.began + asked.job.connection.deadline + LATE


def _given_up(job: Job, why: str, hint: str) -> JobResult:
    gap = Gap(f"{job.source.name} {why}", hint)
    return JobResult(job, _blind(job, gap))


def _blind(job: Job, gap: Gap) -> Observation:
    begin = job.asked.begin
    return Observation(Look(job.source.name, begin, max(begin, clock.now()), LONG_AGO, (gap,)))
