"""Logs of what ``restic check`` and ``borg check --verbose`` printed: how far a repository was checked, and when.

The tools date nothing. Each run stands between two lines that do, which a line of shell writes (docs/tools/restic.md)::

    === began 2026-11-21T02:00:00Z
    … what the tool printed, its standard error too …
    === ended 0 2026-11-21T02:07:30Z

How far a check went is read from what it printed, never from its arguments, and only what was read all through counts:
``--read-data-subset`` reads a part, so that it raises no rung, and yet may find what has rotted. A run is passed only
if the tool says so and ended with 0, and failed only if it says so: a repository that is locked or has another password
was not checked. Tried with restic 0.14 and borg 1.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, Gap
from drcheck.core.model.log_records import Check, Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import log_file
from drcheck.readers.logs.log_file import Parse

_BEGAN: Final = re.compile(r"=== began ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)")
_ENDED: Final = re.compile(r"=== ended ([0-9]{1,3}) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)")
_ALL_PACKS: Final = re.compile(r"\[[0-9:]+\] 100\.00%\s+([1-9][0-9]*) / ([1-9][0-9]*) packs")
_READ: Final = re.compile(r"read (?:all data|group #|[0-9.]+% of|[0-9]+ bytes of)")
"""With which restic says that it reads packs: all of them, or a part."""
_VERIFIED: Final = re.compile(
    r"Finished cryptographic data integrity verification, verified ([0-9]+) chunks with ([0-9]+) integrity errors\."
)
_EXPECTED: Final = (
    "Each run of a check stands between a line `=== began INSTANT` and a line `=== ended STATUS INSTANT`; "
    "docs/tools/restic.md has the line of shell that writes them."
)


class _Run(NamedTuple):
    """A run of a check, as the log has it."""

    line: int
    """Of the line that ends it."""
    began: int
    ended: int
    status: int
    printed: Sequence[str]


class _Said(NamedTuple):
    """What a tool said of its check."""

    tool: str
    level: Rung
    passed: bool


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a log of checks."""
    return log_file.read(parser(source), collector, source, name, asked)


def parser(source: Source) -> Parse:
    """Return what makes records of the bytes at ``source``, which are checks of the source that it names."""
    return partial(parse, checked=source.restores.restored_from)


def parse(data: bytes, service: str, latest: int = FOREVER, *, checked: str = "") -> Log:
    """Return the checks that a log tells, of all data sets of the source ``checked``; none ended after ``latest``.

    A run that says neither that it passed nor that it failed is a gap; this raises nothing, whatever the bytes are.
    """
    del service
    checks: list[Check] = []
    gaps: list[Gap] = []
    for run in _runs(data.decode("utf-8", "replace"), latest):
        if isinstance(run, Gap):
            gaps.append(run)
            continue
        said = _restic(run) or _borg(run)
        if said is None or (said.passed and run.status):
            last = next((text for text in reversed(run.printed) if text), "nothing")
            what = (
                f"the check says neither that it passed nor that it failed, and ended with {run.status}: {last[:200]}"
            )
            gaps.append(Gap(what, "See why it did not end; the next one that does takes its place.", run.line))
            continue
        checks.append(
            Check(
                f"{said.tool} {words.instant(run.began)}",
                run.line,
                said.level,
                said.passed,
                run.ended,
                frozenset(),
                said.tool,
                checked,
                started_at=run.began,
            )
        )
    return Log(checks=tuple(checks), gaps=tuple(gaps))


def _runs(text: str, latest: int) -> Iterator[_Run | Gap]:
    """Yield the runs of a log, and a gap with its line for what is none."""
    began: tuple[int, int] | None = None
    printed: list[str] = []
    strayed = False
    for number, line in enumerate(text.splitlines(), start=1):
        if (start := _BEGAN.fullmatch(line)) is not None:
            if began is not None:
                yield Gap("the check that began here did not end", _EXPECTED, began[0])
            instant = _instant(start[1])
            began = None if instant is None else (number, instant)
            if instant is None:
                yield Gap("it is no instant that a calendar has", _EXPECTED, number)
            printed, strayed = [], False
        elif (end := _ENDED.fullmatch(line)) is not None:
            instant = _instant(end[2])
            if began is None or instant is None or not began[1] <= instant <= latest:
                yield Gap("it ends no check, or one that ended before it began, or in the future", _EXPECTED, number)
            else:
                yield _Run(number, began[1], instant, int(end[1]), printed)
            began, strayed = None, False
        elif began is not None:
            printed.append(line.strip())
        elif line.strip() and not strayed:
            strayed = True
            yield Gap("it stands between no two lines that date it", _EXPECTED, number)
    if began is not None:
        yield Gap("the check that began here has not ended", "If none is at work, let the next one end.", began[0])


def _instant(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        return None


def _restic(run: _Run) -> _Said | None:
    """Return what ``restic check`` said; None: it is not its output, or says nothing.

    It prints ``no errors were found`` after a check of all packs' presence and of all trees, and reads the content of
    packs only where it says so before.
    """
    printed = run.printed
    if "check snapshots, trees and blobs" not in printed:
        return None
    reads = [at for at, line in enumerate(printed) if _READ.match(line)]
    if "Fatal: repository contains errors" in printed:
        return _Said("restic", Rung.DATA_CHECKED if reads else Rung.STRUCTURE_CHECKED, passed=False)
    if "no errors were found" not in printed:
        return None
    all_read = "read all data" in printed and any(
        (found := _ALL_PACKS.fullmatch(line)) and found[1] == found[2] for line in printed[reads[-1] :]
    )
    return _Said("restic", Rung.DATA_CHECKED if all_read else Rung.STRUCTURE_CHECKED, passed=True)


def _borg(run: _Run) -> _Said | None:
    """Return what ``borg check --verbose`` said; None: it is not its output, or says nothing.

    The check of the repository reads every segment and compares its checksums; that of archives follows their chunks,
    and with ``--verify-data`` every chunk is authenticated. One of some archives alone says so of orphans.
    """
    printed = run.printed
    verified = next((found for line in printed if (found := _VERIFIED.fullmatch(line))), None)
    if verified is not None and int(verified[2]):
        return _Said("borg", Rung.DATA_CHECKED, passed=False)
    whole, sound = "Finished full repository check, ", "Archive consistency check complete, "
    if f"{whole}errors found." in printed or f"{sound}problems found." in printed:
        return _Said("borg", Rung.STRUCTURE_CHECKED, passed=False)
    segments, archives = f"{whole}no problems found." in printed, f"{sound}no problems found." in printed
    if archives and any(line.startswith("Orphaned objects check skipped") for line in printed):
        archives = False
    if archives and verified is not None and int(verified[1]):
        return _Said("borg", Rung.DATA_CHECKED, passed=True)
    if archives and segments:
        return _Said("borg", Rung.STRUCTURE_CHECKED, passed=True)
    return _Said("borg", Rung.CHECKSUMMED, passed=True) if segments else None
