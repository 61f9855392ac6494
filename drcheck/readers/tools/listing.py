"""A tool's own list of backups: read whole at one place, understood or refused, and told as recovery points.

It is what a command prints that the runner's configuration names (``CONNECTION:!NAME``), or a file that such a command
was saved to. What a command prints is of now. A file is of the time at which it was written, and so is the look: what
it shows stood then, and for how long that is taken to go on the source says (``seen_every``).

A list is a complete statement of what exists, so that a backup which is in it no more is gone. For that it must be
whole: what is cut short, is no list, or is not understood in one of its entries, is a gap, and no shorter list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.model.evidence import LONG_AGO, Candidate, Described, Fact, FactValue, Gap, Unaccounted
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Collector, CollectorError, Entry, LookRequest, NotFound
from drcheck.readers import look_clock

LARGEST: Final = 64 << 20
"""Bytes of a list; restic's has about 400 for each snapshot."""
_TOLD_AT_MOST: Final = 5
"""How many backups of something else a look names, the newest."""
_OF_POINTS: Final = frozenset({Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION, Fact.LOCK, Fact.LEGAL_HOLD})
"""What is asked of each backup beside a list, and may be told by it."""


class Refused(Exception):  # noqa: N818  nothing failed: what was read is not what it must be
    """What a tool printed is not understood, or says that it failed; it becomes the gap of the look."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.gap = Gap(what, hint)


class Backups(Struct, frozen=True):
    """What a tool's list tells of the data sets of one source."""

    candidates: Sequence[Candidate]
    others: Sequence[Unaccounted] = ()
    """What the list shows beside them, newest first, in words that say of what it is."""
    facts: Mapping[Fact, FactValue] = field(default_factory=dict)
    """What holds for each of the candidates."""
    of_each: Sequence[Described] = ()
    """What holds for some of them, and is asked of all."""
    told: Sequence[Described] = ()
    """What holds for some of them, and is told whether it is asked or not."""


Understand = Callable[[bytes, Source], Backups]
"""Understands what a tool printed; raises :class:`Refused`."""


def read(understand: Understand, collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a tool's list once: ``name`` is the file to read, or a named read."""
    before, raw, file = collector.calls, b"", None
    backups = Backups(())
    offset: float | None = None
    gaps: tuple[Gap, ...] = ()
    try:
        if name.startswith("!"):
            raw = _bytes(collector, source, name)
        else:
            raw, file = _dated(collector, source, name)
            _refuse_future(file, asked)
        offset, gaps = look_clock.clock_of(collector, source, asked)
        backups = understand(raw, source)
    except NotFound as error:
        what = f"there is nothing at {source.place} ({error.message})"
        gaps += (Gap(what, "Have the tool's output saved there, or correct the source's path."),)
    except CollectorError as error:
        gaps += (look_clock.gap(error),)
    except Refused as refused:
        gaps += (refused.gap,)
    look = look_clock.close_look(
        source, asked, asked_from=LONG_AGO, gaps=gaps, clock_offset=offset, calls=collector.calls - before,
        names=len(backups.candidates) + len(backups.others), matched=len(backups.candidates),
        unaccounted=tuple(backups.others[:_TOLD_AT_MOST]),
    )  # fmt: skip
    look = replace(look, size=len(raw))
    if file is not None:
        written = min(file.modified, asked.begin)
        look = replace(look, begin=written, end=written)
    return Observation(
        look,
        candidates=backups.candidates,
        described=(*backups.told, *described(backups, source, asked)),
        unread=len(backups.others),
        raw=raw,
    )


def _bytes(collector: Collector, source: Source, name: str) -> bytes:
    raw = collector.read(name, at_most=LARGEST + 1)
    if len(raw) > LARGEST:
        raise Refused(f"what lies at {source.place} is longer than {LARGEST >> 20} MiB", "Let the tool list less.")
    return raw


def _dated(collector: Collector, source: Source, name: str) -> tuple[bytes, Entry]:
    """Return a file, and how it was listed before and after it was read: what was replaced meanwhile has no date."""
    for _ in range(2):
        before = _listed(collector, name)
        raw = _bytes(collector, source, name)
        after = _listed(collector, name)
        if before is None and after is None:
            what = f"{name} was read, and is in no listing"
            raise CollectorError(what, "See whether it is a link, which is never followed.")
        if after is not None and before == after and len(raw) == after.size:
            return raw, after
    raise Refused(
        f"{name} changed while it was read, twice, so that how old it is is not known",
        "Have the output saved under another name beside it, and moved to its place once it is whole.",
    )


def _listed(collector: Collector, name: str) -> Entry | None:
    return next((entry for entry in collector.list(name) if entry.name == name), None)


def _refuse_future(file: Entry, asked: LookRequest) -> None:
    if file.modified > asked.begin + asked.clock_tolerance:
        raise Refused(
            f"{file.name} is dated {words.instant(file.modified)}, which is still to come, and not how old it is",
            "Have the output saved anew, and set the clock of where that is done by NTP.",
        )


def described(backups: Backups, source: Source, asked: LookRequest) -> list[Described]:
    """Return what was asked of each backup, as far as the list tells it, and that it does not tell the rest."""
    told = {(one.name, one.fact) for one in backups.of_each if one.fact in asked.facts}
    found = [one for one in backups.of_each if one.fact in asked.facts]
    for fact in sorted(asked.facts & _OF_POINTS):
        silent = FactValue(None, f"what {source.reader} lists does not tell it")
        answer = backups.facts.get(fact, silent)
        found += (Described(one.name, fact, answer) for one in backups.candidates if (one.name, fact) not in told)
    return found


def parsed(data: bytes, tool: str, expected: str) -> Any:
    """Return what is written in JSON; raises :class:`Refused` for what is none, or is cut short.

    ``expected`` says which command prints what can be read, as a sentence.
    """
    if not data.strip():
        raise Refused(f"the output of {tool} is empty: it failed, or it has not ended", expected)
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        beginning = data[:80].decode("utf-8", "replace").strip().partition("\n")[0]
        what = "is cut short, or no JSON" if data.lstrip()[:1] in {b"[", b"{"} else "is no JSON"
        raise Refused(f"the output of {tool} {what}: {beginning}", expected) from None


def _no_number(text: str) -> float:
    raise ValueError(text)  # NaN and Infinity are no JSON (RFC 8259, section 6)
