"""A place that holds hourly backups of many services, and ledgers of many nights of looking at it, made quickly.

The place stands in for a bucket: it lists from any name on, as S3 does, and computes what it lists. The nights are
appended through the ledger's own interface, with the records and verdicts that a run would have made: every service has
its backups at the same hours, so that the verdicts of one service are those of all.
"""

from __future__ import annotations

import hashlib
import time
from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from msgspec import Struct
from msgspec.structs import replace

from drcheck import clock, registry
from drcheck.app.judge import judge
from drcheck.app.policy_versions import Versions
from drcheck.app.verify import verdicts_of_record
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Fact, FactValue, Look
from drcheck.core.model.policy import Policy
from drcheck.core.model.verdict import Window
from drcheck.interfaces import Entry, Seek
from drcheck.ledger.run_recorder import Run
from drcheck.ledger.state import Key, SourceState, State, fold
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.policyfile.config import load_settings
from drcheck.policyfile.load import load_policies
from drcheck.settings import Settings

HOUR, DAY = 3600, 86400
DURATION = 300
"""Seconds from a backup's start until it has arrived."""
FIRST = 1_672_534_800
"""The first look: 2023-01-01T01:00:00Z."""
BEFORE = 60 * DAY
"""How long there had been backups before it."""


class Shape(Struct, frozen=True):
    """What a ledger is made of."""

    services: int
    nights: int
    commitments: str
    """YAML of each policy's commitments."""
    multipart: bool = True
    """Whether no checksum is told, as of uploads in parts; else a checksum of 32 hexadecimal digits."""

    @property
    def last(self) -> int:
        """The instant of its last look."""
        return FIRST + (self.nights - 1) * DAY


POLICY = """\
drcheck: 1
service: {service}
timezone: UTC
sources:
  dumps:
    at: storage:bench/{service}/
    reader: objects
    name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"
    max_duration: 15m
    min_size: 1 MiB
    max_shrink: 50%
commitments:
{commitments}"""


def named(number: int) -> str:
    return f"service-{number:04}"


def configure(directory: Path, shape: Shape) -> Path:
    """Write policies and configuration into ``directory``, and return the configuration's file."""
    policies = directory / "policies"
    policies.mkdir(parents=True)
    for number in range(shape.services):
        service = named(number)
        text = POLICY.format(service=service, commitments=shape.commitments)
        (policies / f"{service}.yaml").write_text(text)
    file = directory / "drcheck.yaml"
    file.write_text(
        "connections:\n  storage: {type: s3, endpoint: 'http://127.0.0.1:1', region: here, last_modified: completion}\n"
        f"ledger: sqlite:///{directory}/ledger.db\n"
    )
    return file


def candidate(start: int, service: int, *, multipart: bool) -> Candidate:
    """Return the backup that a service began at ``start``."""
    name = time.strftime("%Y-%m-%dT%H%MZ.dump", time.gmtime(start))
    arrived = start + DURATION
    one = Candidate(name, "", "", start, start, arrived, arrived, 0, "" if multipart else "md5", complete=True)
    return of_service(one, service)


def of_service(one: Candidate, service: int) -> Candidate:
    """Return the backup of the same instant of another service."""
    size = 2_000_000_000 + (one.data_lo + 7919 * service) % 1_000_003
    checksum = one.checksum and hashlib.md5(f"{service}/{one.name}".encode(), usedforsecurity=False).hexdigest()
    return one._replace(of=named(service), size=size, checksum=checksum)


class Hourly:
    """What lies below one service's prefix; see :class:`drcheck.interfaces.Collector`."""

    requests: ClassVar[int] = 0
    """Pages that were asked of all of them."""
    seek = Seek.AFTER
    in_place = False
    links: ClassVar[Sequence[str]] = ()

    def __init__(self, root: str, *, multipart: bool) -> None:
        self.service = int(root.rstrip("/").rpartition("-")[2])
        self.multipart = multipart
        self.calls = 0

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what sorts after ``after``; a page has 1,000 names."""
        first = FIRST - BEFORE
        if after:
            day = timegm(time.strptime(after[:10], "%Y-%m-%d"))
            first = max(first, day - day % HOUR)
        for number, start in enumerate(range(first // HOUR * HOUR, clock.now() - DURATION, HOUR)):
            if number % 1000 == 0:
                self.calls += 1
                Hourly.requests += 1
            one = candidate(start, self.service, multipart=self.multipart)
            if one.name > after and one.name.startswith(prefix):
                yield Entry(one.name, one.size, one.available_lo, one.available_hi, one.available_lo, one.checksum)

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        raise NotImplementedError

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        raise NotImplementedError

    def clock_offset(self) -> float | None:
        return 0.0

    def close(self) -> None:
        pass


@contextmanager
def standing_in(instant: int, *, multipart: bool) -> Iterator[None]:
    """Have runs look at the hourly place instead of at S3, at ``instant``."""

    def opener(_connection: object, **_how: object) -> registry.Opener:
        return lambda root, _pool: Hourly(root, multipart=multipart)

    with mock.patch.object(clock, "now", return_value=instant), mock.patch.object(registry, "opener", opener):
        yield


class Nights:
    """Appends nights to a ledger as a run of ``drcheck verify`` each would."""

    def __init__(self, config: Path, shape: Shape) -> None:
        self.shape = shape
        self.settings: Settings = load_settings(str(config))
        self.policies: Sequence[Policy] = load_policies((), self.settings).policies
        self.one = SourceState(standing=Standing.STORAGE)
        self.done = 0

    def until(self, nights: int, *, snapshots: bool = True) -> None:
        """Append until there are so many nights; without ``snapshots`` there is one of the last night alone."""
        with open_ledger(self.settings.ledger) as ledger:
            unsafe: Any = ledger.log
            unsafe.connection.execute("PRAGMA synchronous = OFF")  # nobody misses it after a power cut
            state = ledger.state(())
            while self.done < nights:
                made = self._night(ledger, state)
                self.done += 1
                state = fold(ledger.log, state, ())
                if snapshots:
                    ledger.snapshot(made=made)
            if not snapshots:
                ledger.snapshot()

    def _night(self, ledger: Ledger, state: State) -> int:
        begin = FIRST + self.done * DAY
        window = Window(begin + 1 - 30 * DAY, begin + 1)
        # as Ledger.start does it, without reading again what was known
        run = Run(ledger.log, state, window, version="0", started_at=begin, clock_tolerance=300, question=False)
        with mock.patch.object(clock, "now", return_value=begin), run:
            run.policies(self.policies)
            self._look(run, window, begin)
            run.finish(0)
        return run.made

    def _look(self, run: Run, window: Window, begin: int) -> None:
        policy = self.policies[0]
        source = policy.sources["dumps"]
        known = Versions(policy, FIRST, (), ())
        since = known.since(source, window)
        reached = begin - DAY if self.done else FIRST - BEFORE
        new = [start for start in range(reached // HOUR * HOUR, begin - DURATION, HOUR) if start + DURATION >= reached]
        seen = [candidate(start, 0, multipart=self.shape.multipart) for start in new if start >= since]
        look = Look("dumps", begin, begin, since, clock_offset=0.0, calls=2)
        for number, each in enumerate(self.policies):
            appeared = tuple(one if not number else of_service(one, number) for one in seen)
            record = LookChanges(look, appeared)
            if number == 0:
                self.one.history.apply(record)
            run.looked(Key(each.service, each.sources["dumps"].identity), Standing.STORAGE, record)
        key = Key(policy.service, source.identity)
        (judged,) = judge({key: self.one}.get, {policy.service: known}, {policy.service: window}, clock_tolerance=300)
        verdicts = verdicts_of_record(judged)
        run.found(
            [
                replace(one, service=each.service, reason=one.reason.replace(policy.service, each.service))
                for each in self.policies
                for one in verdicts
            ]
        )
