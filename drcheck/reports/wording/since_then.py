"""How it is told what a period's verdict rests on that is not any more as it was then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from drcheck.core import words
from drcheck.core.model.since_then import LaterChange, LaterEvent

_MEANT = {
    LaterEvent.DELETED_EARLY: ("backup deleted early", "backups deleted early"),
    LaterEvent.LATE_BACKUP: ("backup late or back-dated", "backups late or back-dated"),
    LaterEvent.RE_DATED: ("backup re-dated", "backups re-dated"),
    LaterEvent.LATE_LINE: ("line of a log late", "lines of logs late"),
    LaterEvent.HEALED: ("evidence gap healed since", "evidence gaps healed since"),
    LaterEvent.GONE: ("backup gone since", "backups gone since"),
    LaterEvent.SEEN_SINCE: ("fact first seen since", "facts first seen since"),
}


def in_short(changes: Sequence[LaterChange]) -> Iterator[str]:
    """Yield a line for each thing that happened: how often, and from when to when."""
    for what, same in groupby(changes, key=lambda change: change.what):
        alike = list(same)
        count = words.counted(len(alike), *_MEANT[what])
        yield f"{count}: {in_words(alike[0])}" if len(alike) == 1 else f"{count}, {_together(alike)}"


def in_words(change: LaterChange) -> str:
    """Return in words what happened to one thing, and between which looks."""
    name = f"{change.source}: {change.name}" if change.name else change.source
    facts = [name]
    if change.data_as_of is not None:
        facts.append(f"of {words.instant(change.data_as_of)}")
    if change.what is LaterEvent.HEALED:
        facts += [f"not seen whole {_at(change.not_yet_at)}", f"seen whole {_at(change.first_seen)}"]
    else:
        facts += [f"{said} {_at(when)}" for said, when in _instants(change)]
    return ", ".join([*facts, change.told] if change.told else facts)


def _instants(change: LaterChange) -> Iterator[tuple[str, int]]:
    for said, when in (
        ("last seen", change.last_seen),
        ("first missed", change.first_missed),
        ("not there yet", change.not_yet_at),
        ("first seen", change.first_seen),
    ):
        if when is not None:
            yield said, when


def _together(changes: Sequence[LaterChange]) -> str:
    spans: dict[str, list[int]] = {}
    for change in changes:
        for said, when in _instants(change):
            spans.setdefault(said, []).append(when)
    if changes[0].what is LaterEvent.HEALED:
        return f"from {_at(min(spans['not there yet']))} to {_at(max(spans['first seen']))}"
    return ", ".join(
        f"{said} {_at(min(instants))}" + (f" to {_at(max(instants))}" if max(instants) > min(instants) else "")
        for said, instants in spans.items()
    )


def _at(when: int | None) -> str:
    return words.instant(when or 0)
