"""Exports of monitoring systems as outage logs: Prometheus' range queries, Uptime Kuma's heartbeats.

An export is one JSON document about the service whose policy names it. Its series are the parts of that service: all
of them down is an outage, some of them a partial one, also while nobody sees the others. A sample holds until the next
one, but no longer than :data:`LOOKBACK` or twice the usual step of its series; where a part has none that holds, nobody
watched. The last one holds for one usual step, after which the next export may say otherwise; how long a single one
holds, nobody knows.

- Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/#range-vectors
- Uptime Kuma: ``/api/status-page/heartbeat/SLUG``; a beat is 0 down, 1 up, 2 pending, 3 maintenance
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median_low
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.history import monitoring_exports
from drcheck.core.model.evidence import FOREVER, Gap
from drcheck.core.model.log_records import Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.model.rewritten_logs import ExportedState, Stretch
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import jsonl, log_file
from drcheck.readers.logs.record_fields import Malformed

LOOKBACK: Final = 300
"""Seconds after which Prometheus itself takes a sample for stale (its ``--query.lookback-delta``)."""
_EXPECTED: Final = (
    "A path that ends in .json is an export: Prometheus' answer to query_range (or a range vector) of a series that is "
    "0 or 1, or Uptime Kuma's heartbeats; name a log as JSON Lines .jsonl."
)
_UP: Final = {"0": False, "1": True}
_BEAT: Final = {
    0: False,
    1: True,
    2: None,  # a check failed, and is being tried again
    3: None,  # in maintenance Uptime Kuma checks nothing
}
_OUTWEIGHS: Final = {True: 0, None: 1, False: 2}
"""Of several samples of one part at one instant the heaviest stands."""
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")


class Measurement(NamedTuple):
    """What was seen of one part at one instant."""

    at: int
    up: bool | None
    """None: nobody could tell."""


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at an export; what it tells is kept, since the next one may not tell it again."""
    seen = log_file.read(parse, collector, source, name, asked)
    if seen.log is None or not seen.look.complete:
        return seen
    return replace(seen, stretches=monitoring_exports.stretches(seen.log))


def parse(data: bytes, service: str, latest: int = FOREVER) -> Log:  # noqa: ARG001  an export names no service
    """Return the outages that an export tells; no sample can be of an instant after ``latest``.

    What is no export is a gap of the whole look; this raises nothing, whatever the bytes are.
    """
    try:
        parts = _sampled(_parts(jsonl.strict(_text(data)), latest))
    except Malformed as why:
        return Log(gaps=(Gap(f"the export cannot be read: {why}", _EXPECTED),))
    return monitoring_exports.as_log(_stretches(parts, latest))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None


def _sampled(parts: Iterator[list[Measurement]]) -> list[_Part]:
    if not (found := [_Part.of(samples) for samples in parts if samples]):
        raise Malformed("it holds no samples")
    return found


def _parts(document: Any, latest: int) -> Iterator[list[Measurement]]:
    match document:
        case {"status": str()}:
            return _prometheus(document, latest)
        case {"heartbeatList": dict(beats)}:
            return ([_beat(one, latest) for one in _several(its, "a monitor's heartbeats")] for its in beats.values())
        case list():
            return _by_monitor(document, latest)
        case _:
            raise Malformed("it is neither an answer of Prometheus nor a list of heartbeats")


def _several(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{what} are not a list")
    return value


# Prometheus


def _prometheus(answer: dict[str, Any], latest: int) -> Iterator[list[Measurement]]:
    if answer["status"] != "success":
        raise Malformed(f"Prometheus answered {answer['status']!r}: {answer.get('error')!r}")
    if answer.get("warnings"):
        # Part of the data may be missing, as when a store behind a federating query is away.
        raise Malformed(f"Prometheus warned: {answer['warnings']!r}")
    match answer.get("data"):
        case {"resultType": "matrix", "result": list(series)}:
            for one in series:
                if not isinstance(one, dict):
                    raise Malformed("a series is not an object")
                yield [_sample(pair, latest) for pair in _several(one.get("values"), "the values of a series")]
        case _:
            raise Malformed("its resultType is not matrix: ask query_range, or query with a range such as up[1d]")


def _sample(pair: Any, latest: int) -> Measurement:
    match pair:
        case [int() | float() as at, str(value)] if not isinstance(at, bool):
            if value not in _UP:
                raise Malformed(f"a value is {value!r}, neither 0 nor 1")
            return Measurement(_past(at, latest), _UP[value])
        case _:
            raise Malformed("a sample is not a pair of a time and a value")


# Uptime Kuma


def _by_monitor(beats: list[Any], latest: int) -> Iterator[list[Measurement]]:
    monitors: dict[int, list[Measurement]] = {}
    for beat in beats:
        match beat:
            # Events call it monitorID, rows of the database monitor_id.
            case {"monitorID": int(monitor)} | {"monitor_id": int(monitor)}:
                monitors.setdefault(monitor, []).append(_beat(beat, latest))
            case _:
                raise Malformed("a heartbeat has no monitorID")
    yield from monitors.values()


def _beat(beat: Any, latest: int) -> Measurement:
    """Return a heartbeat as a sample.

    A status page that shows days instead of single beats answers with buckets, of which one beat down makes the whole
    down, and with 0 for an empty one. Only single beats have a time without a zone, which is UTC.
    """
    match beat:
        case {"status": int(status), "time": str(time)} if _is_status(status) and _TIME.fullmatch(time):
            try:
                at = datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()
            except ValueError:
                raise Malformed(f"{time} is no instant that a calendar has") from None
            return Measurement(_past(at, latest), _BEAT[status])
        case _:
            raise Malformed(
                "a heartbeat has no status from 0 to 3 with a time such as 2026-11-21 02:30:00.000: if the status page "
                "shows days, set its heartbeat bar to auto"
            )


def _is_status(status: int) -> bool:
    return status in _BEAT and not isinstance(status, bool)  # true would pass for 1


def _past(at: float, latest: int) -> int:
    if not 0 <= at <= latest:
        raise Malformed("a sample lies in the future" if at > latest else "a sample lies before 1970")
    return int(at)


# Samples to stretches


class _Run(NamedTuple):
    """A part was seen in one state, without a break."""

    start: int
    end: int
    up: bool


class _Part(Struct, frozen=True):
    """What the samples of one part tell."""

    first: int
    last: int
    """The instant of its last sample."""
    hold: int
    """Seconds for which a sample holds, unless the next one comes before."""
    seen_until: int
    """Until when its last sample holds."""
    ends: int
    """Until when it was there. Of a part with a single sample nobody knows: for as long as that may have held."""
    runs: Sequence[_Run]

    @classmethod
    def of(cls, samples: list[Measurement]) -> _Part:
        """Put samples in order; there is one at least."""
        # Of several at one instant the last one of these stands: down outweighs unknown, which outweighs up.
        states = {one.at: one.up for one in sorted(samples, key=lambda one: _OUTWEIGHS[one.up])}
        instants = sorted(states)
        steps = [later - instant for instant, later in pairwise(instants)]
        usual = median_low(steps) if steps else 0
        hold = min(LOOKBACK, 2 * usual) if steps else LOOKBACK
        runs: list[_Run] = []
        for instant, step in zip(instants, [*steps, usual], strict=True):
            up, end = states[instant], instant + min(step, hold)
            if up is None or end == instant:
                continue
            if runs and runs[-1].end == instant and runs[-1].up is up:
                runs[-1] = _Run(runs[-1].start, end, up)
            else:
                runs.append(_Run(instant, end, up))
        last = instants[-1]
        seen_until = last + min(usual, hold)
        return cls(instants[0], last, hold, seen_until, seen_until if steps else last + hold, runs)

    def lasts(self, newest: int) -> bool:
        """Return whether it may still be there at ``newest``: its next sample is not long overdue."""
        return self.last + self.hold >= newest


def _stretches(parts: Sequence[_Part], latest: int) -> Iterator[Stretch]:
    """Yield what the parts tell together, up to ``latest``.

    A part is one from its first sample to its last: what comes later was added, what ended was taken away. Parts that
    are sampled one after the other begin and end together, as far as their samples hold.
    """
    earliest = min(part.first for part in parts)
    newest = max(part.last for part in parts)
    end = min(latest, *(part.seen_until for part in parts if part.lasts(newest)))
    # Instant to how many more parts there are, are up, and are down from then on.
    changes: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for part in parts:
        changes[earliest if part.first <= earliest + part.hold else part.first][0] += 1
        changes[part.ends][0] -= 1
        for run in part.runs:
            which = 1 if run.up else 2
            changes[run.start][which] += 1
            changes[run.end][which] -= 1
    there = up = down = 0
    for start, until in pairwise(sorted({*changes, end})):
        if start >= end:
            break
        there, up, down = (count + by for count, by in zip((there, up, down), changes[start], strict=True))
        seen = there > 0 and up + down == there
        if down:
            # Of a part down beside one that nobody saw, nobody knows whether it was all of the service.
            what = ExportedState.PARTIAL if up else ExportedState.TOTAL if seen else ExportedState.AT_LEAST_PARTIAL
            yield Stretch(what, start, until, seen and until == end)
        if seen:
            yield Stretch(ExportedState.WATCHED, start, until)
