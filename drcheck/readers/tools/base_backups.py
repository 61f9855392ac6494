"""Base backups of PostgreSQL, as their tools tell them: what they are of, and what must stand for one to be restored.

The data of a base backup is of the instant at which it ended: it is consistent from there on, and not before
(https://www.postgresql.org/docs/15/continuous-archiving.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from drcheck.core.model.evidence import UNTOLD, Candidate, Described, Fact, FactValue
from drcheck.core.model.policy import Source
from drcheck.core.names import wal
from drcheck.core.rules import log_archives
from drcheck.readers.content.state_files import quoted
from drcheck.readers.tools.listing import Backups, Refused

LATEST: Final = 253_402_300_799
"""9999-12-31T23:59:59Z: no tool tells a later instant."""
LARGEST_SIZE: Final = 1 << 62
_MOST_DIGITS: Final = 20


class Base(NamedTuple):
    """One base backup."""

    label: str
    """As its tool names it."""
    kind: str
    start: int
    stop: int
    size: int = UNTOLD
    """Bytes of the database that it holds."""
    first: str = ""
    """Its first log segment; empty: it needs none, as its database was stopped, or its tool does not tell."""
    last: str = ""
    segment_size: int = 0
    """Bytes of a log segment; 0: not told."""
    lineage: str = ""
    """Where its segments lie, as :attr:`drcheck.core.names.wal.Segment.lineage`."""
    prior: str = ""
    """The label of the backup that it builds on; empty: it builds on none."""
    references: frozenset[str] = frozenset()
    """The labels of all backups that hold files of it."""
    why_not: str = ""
    """Why its tool, or what lies there, says that it does not restore; empty: nothing says so."""


def understood(of: str, bases: Sequence[Base], name: Mapping[str, str], *, archived: bool) -> Backups:
    """Return base backups of one data set as recovery points; ``name`` has each label's name.

    ``archived``: whether the log archive is read beside them, in which each needs its own segments. Raises
    :class:`~drcheck.readers.tools.listing.Refused` for one that ends before it begins.
    """
    by_label = {base.label: base for base in bases}
    for base in bases:
        if base.first[8:] > base.last[8:] > "":
            raise Refused(
                f"backup {quoted(base.label)} begins with segment {base.first}, and ends before it with {base.last}",
                "See what its tool says of it.",
            )
    candidates: list[Candidate] = []
    told: list[Described] = []
    for base in bases:
        why = base.why_not or _missing_links(base, by_label)
        times = (base.stop,) * 4
        candidates.append(Candidate(name[base.label], of, base.kind, *times, base.size, "", complete=not why))
        told += _facts(base, by_label, name[base.label], why, archived=archived)
    return Backups(candidates, told=told)


def _facts(base: Base, by_label: Mapping[str, Base], name: str, why: str, *, archived: bool) -> Iterator[Described]:
    if why:
        yield Described(name, Fact.STATE, FactValue(False, why))
    if base.prior in by_label:
        yield Described(name, Fact.BUILDS_ON, FactValue(True, str(by_label[base.prior].stop)))
    if archived and base.first and base.last:
        needs = log_archives.needed(base.lineage, base.first, base.last, base.segment_size)
        yield Described(name, Fact.NEEDS, FactValue(True, needs))


def _missing_links(base: Base, by_label: Mapping[str, Base]) -> str:
    """Return which of the backups that one builds on are not there; empty: all are."""
    needed = sorted({base.prior, *base.references} - {"", base.label})
    lost = [label for label in needed if label not in by_label]
    if not lost:
        return ""
    return f"it builds on {', '.join(lost)}, which {'is' if len(lost) == 1 else 'are'} not there"


def segment(text: object, what: str, expected: str) -> str:
    """Return the name of a segment that a tool tells, empty for none; raises :class:`Refused` for anything else."""
    if text is None or text == "":
        return ""
    if not isinstance(text, str) or "/" in text or wal.segment_of(text) is None:
        raise Refused(f"{what}: {text!a:.60} is no log segment", expected)
    return text


def instant(value: object, what: str, expected: str) -> int:
    """Return an instant that a tool tells in seconds since 1970, as a number or as text."""
    number = _number(value)
    if number is None or not 0 < number <= LATEST:
        raise Refused(f"{what}: {value!a:.60} is no instant", expected)
    return number


def size(value: object, what: str, expected: str) -> int:
    """Return a size that a tool tells in bytes, as a number or as text; None stands for one that is not told."""
    if value is None:
        return UNTOLD
    number = _number(value)
    if number is None or not 0 <= number <= LARGEST_SIZE:
        raise Refused(f"{what}: {value!a:.60} is no size", expected)
    return number


def _number(value: object) -> int | None:
    """Return a whole number, also one in text; None: it is none, or longer than any that is meant."""
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def stanza_of(source: Source, of: str, there: Sequence[str]) -> str:
    """Return which of the stanzas ``there`` is a data set: the one stated, else that of its name, else the only one."""
    for stated in source.chosen(of).get("stanza", ()):
        return stated
    return there[0] if of not in there and len(there) == 1 and len(source.of) == 1 else of
