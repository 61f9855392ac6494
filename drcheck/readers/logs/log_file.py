"""Looking at a log: one file, read whole, and told in the form that its name says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from msgspec.structs import replace

from drcheck.core.model.evidence import LONG_AGO, Gap
from drcheck.core.model.log_records import Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import Tells
from drcheck.interfaces import Collector, CollectorError, LookRequest, NotFound
from drcheck.readers import look_clock
from drcheck.readers.logs import csv_lines, jsonl, other_forms
from drcheck.readers.logs.csv_lines import Columns
from drcheck.readers.logs.line_reader import Take, Walked

LARGEST_LOG: Final = 16 * 1024 * 1024
"""Bytes; more is a gap: cut in the middle, a log would hide what its end says."""

_CSV: Final = ".csv"

Parse = Callable[[bytes, str, int], Log]
"""Makes records of a log's bytes for a service, given the latest instant that anything in it can be of."""


class LogForm(Protocol):
    """A form that logs can have."""

    def __call__(self, data: bytes, service: str, latest: int, take: Take) -> Walked:
        """Hand every record to ``take``, and return what is none; ``service`` is the one whose policy names the log."""
        ...


def form_of(source: Source, columns: Columns) -> LogForm:
    """Return the form of a log that can be CSV: its path ends in ``.csv``, or it is JSON Lines."""
    return partial(csv_lines.read_records, columns) if source.path.endswith(_CSV) else jsonl.read_records


def _create(source: Source) -> str:
    if source.rewritten:
        return "Have it exported there"
    empty = "with its header line alone" if source.path.endswith(_CSV) else "empty"
    return f"Create it, {empty} if nothing is to be told yet"


def read(parse: Parse, collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log; a gap that ``parse`` tells without a line is of the whole look."""
    before, raw = collector.calls, b""
    gaps: tuple[Gap, ...] = ()
    offset = None
    try:
        raw = collector.read(name, at_most=LARGEST_LOG + 1)
    except NotFound as error:
        what = f"there is no log {name} at {source.connection}:{source.path} ({error.message})"
        gaps = (Gap(what, f"{_create(source)}, or correct the source's path."),)
    except CollectorError as error:
        gaps = (look_clock.gap(error),)
    else:
        offset, gaps = look_clock.clock_of(collector, source, asked)
    if len(raw) > LARGEST_LOG:
        shorten = (
            "Export a shorter range, more often." if source.rewritten else "Begin a new log, and keep the old one."
        )
        gaps += (Gap(f"log {name} is larger than {LARGEST_LOG >> 20} MiB", shorten),)
        raw = b""
    log = Log() if gaps and not raw else parse(raw, asked.service, asked.begin + asked.clock_tolerance)
    records = not source.tells(Tells.INVENTORY)
    if raw and records and _is_empty(log) and (log.gaps or source.restores.ignores_others):
        other = other_forms.recognised(raw, source)
        log = log if other is None else Log(gaps=(other,))
    gaps += tuple(gap for gap in log.gaps if gap.hides)
    lines = tuple(gap for gap in log.gaps if not gap.hides)
    look = look_clock.close_look(
        source,
        asked,
        asked_from=LONG_AGO,
        gaps=gaps + lines,
        clock_offset=offset,
        calls=collector.calls - before,
    )
    look = replace(look, size=len(raw))
    known_until = LONG_AGO if gaps else asked.begin
    return Observation(look, log=replace(log, gaps=lines, known_until=known_until, unseen=gaps), raw=raw)


def _is_empty(log: Log) -> bool:
    """Return whether not one record could be read."""
    return replace(log, gaps=(), corrections={}) == Log()
