"""Files that are still being written: a host or a disk lists what is there of them, an object storage what is whole.

Azure's append and page blobs are files in that.

What was written moments before the look is listed once more a little later. If it is not as it was, it is in doubt: the
next look tells what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from drcheck import clock
from drcheck.core import words
from drcheck.core.model.evidence import Described, Fact, FactValue, StateRead
from drcheck.interfaces import Collector, CollectorError, Entry

PAUSE: Final = 3.0
"""Seconds between the two listings; dumps and their compressors write more often than that."""
FRESH: Final = 120
"""Seconds: what was last written longer ago than that, by the clock of its place, is taken to be at rest."""
MOST: Final = 100
"""Files that are listed once more, newest first: one listing of a directory each."""


def doubted(collector: Collector, fresh: Mapping[str, Entry]) -> Iterator[Described]:
    """Yield that nobody knows whether those of ``fresh`` are complete that change while they are looked at.

    ``fresh`` are the files that were written moments ago, by name, the newest data first.
    """
    growing = [(name, entry) for name, entry in fresh.items() if collector.in_place or entry.grows]
    if not growing:
        return
    clock.pause(PAUSE)
    for name, entry in growing[:MOST]:
        if why := _changed(collector, entry):
            yield Described(
                name, Fact.STATE, FactValue(None, f"{why}; a marker (complete_when) would tell", entry.modified)
            )


def settled(files: Mapping[str, Entry], states: Mapping[str, StateRead]) -> Iterator[Described]:
    """Yield that those of ``files``, of which nothing is in doubt now, are complete where an earlier look doubted."""
    for name, entry in files.items():
        if states[name].told.holds is None:
            yield Described(name, Fact.STATE, FactValue(True, "", entry.modified))


def _changed(collector: Collector, before: Entry) -> str:
    """Return how a file is not any more as it was listed; empty: it is."""
    try:
        now = next((entry for entry in collector.list(before.name) if entry.name == before.name), None)
    except CollectorError as error:
        return f"it was written just then, and could not be listed once more: {error.message}"
    if now is None:
        return "it was there, and a moment later it was not"
    if now.size != before.size:
        return f"it was being written: it had {words.size(before.size)}, and a moment later {words.size(now.size)}"
    return "" if now == before else "it was being written: its time changed while it was looked at"
