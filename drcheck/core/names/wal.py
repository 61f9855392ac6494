"""Names of PostgreSQL's write-ahead log, as archives keep them: segments, history files, labels of base backups.

A segment has 24 hexadecimal digits: timeline, log file and segment, eight each (``XLogFileName`` in PostgreSQL's
``xlog_internal.h``). ``00000002.history`` says where timeline 2 left its parent; ``SEGMENT.OFFSET.backup`` says where
a base backup begins and ends; ``SEGMENT.partial`` is the unfinished last segment of a timeline that was left.

- pgBackRest: ``archive/STANZA/15-1/0000000100000000/SEGMENT-<sha1>[.gz|.lz4|.zst|.bz2]``
- Barman, also in object storage: ``wals/0000000100000000/SEGMENT[.gz|.bz2|.snappy|…]``
- wal-g: ``wal_005/SEGMENT.(lz4|lzma|br|zst)``
- a plain ``archive_command``: all in one directory
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

_SEGMENT: Final = re.compile(
    r"(?P<above>(?:.*/)?)(?P<timeline>[0-9A-F]{8})(?P<log>[0-9A-F]{8})(?P<segment>00000[0-9A-F]{3})"
    r"(?:-(?P<sha1>[0-9a-f]{40}))?(?:\.(?:gz|bz2|xz|lz4|lzma|zst|zstd|br|snappy|Z|gpg|age|enc|libsodium))*"
)
_FOLDER: Final = re.compile(r"[0-9A-F]{16}/$")
"""Both pgBackRest and Barman keep the segments of one log file in a folder of its own."""
_HISTORY: Final = re.compile(r"(?P<above>(?:.*/)?)(?P<timeline>[0-9A-F]{8})\.history(?:\.[a-z0-9]+)*")
_MEMBER: Final = re.compile(
    r"(?:.*/)?[0-9A-F]{8}(?:\.history|[0-9A-F]{8}00000[0-9A-F]{3}(?:\.partial|\.[0-9A-F]{8}\.backup)?(?:-[0-9a-f]{40})?)"
    r"(?:\.[a-z0-9]+)*"
)
_LSN: Final = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")
_SWITCH: Final = re.compile(r"\s*(\d{1,10})\s+([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})(?:\s|$)")
DEFAULT_SIZE: Final = 16 << 20
"""Bytes of a segment, unless ``initdb --wal-segsize`` says otherwise; with 1 MB 4096 make a log file."""
SIZES: Final = tuple(1 << power for power in range(20, 31))
"""Bytes that a segment can have (https://www.postgresql.org/docs/15/app-initdb.html, ``--wal-segsize``)."""
_OF_A_LOG: Final = 1 << 32
"""Bytes that the segments of one log file hold together, whatever their size."""


class Segment(NamedTuple):
    """One segment of the log, by its name."""

    lineage: str
    """Where the segments lie that it follows: its place, without the folder of its log file."""
    timeline: int
    log: int
    segment: int

    def number(self, per_log: int) -> int:
        """Return its place in the sequence, where a log file has so many segments."""
        return self.log * per_log + self.segment


def segment_of(name: str) -> Segment | None:
    """Return what the name of a file says of the whole segment that it holds; None: it is none."""
    if (found := _SEGMENT.fullmatch(name)) is None:
        return None
    above = _FOLDER.sub("", found["above"])
    return Segment(above, int(found["timeline"], 16), int(found["log"], 16), int(found["segment"], 16))


def history_of(name: str) -> tuple[str, int] | None:
    """Return the lineage and timeline of a history file; None: it is none."""
    found = _HISTORY.fullmatch(name)
    return None if found is None else (_FOLDER.sub("", found["above"]), int(found["timeline"], 16))


def belongs(name: str) -> bool:
    """Return whether a name is one that an archive of the log has: a segment, whole or not, or a file about them."""
    return _MEMBER.fullmatch(name) is not None or _SEGMENT.fullmatch(name) is not None


def name_of(timeline: int, number: int, per_log: int) -> str:
    """Return the name of the segment with that place in the sequence of a timeline."""
    log, segment = divmod(number, per_log)
    return f"{timeline:08X}{log:08X}{segment:08X}"


def per_log_of(size: int) -> int:
    """Return how many segments of so many bytes a log file has."""
    return _OF_A_LOG // size


class Numbering(NamedTuple):
    """How the segments of a lineage go on from one log file to the next."""

    per_log: int
    """How many segments make a log file."""
    perhaps: frozenset[int] = frozenset()
    """So many may make one as well, and nobody knows; empty: it is known."""


def numbering(largest: int, told: Collection[int]) -> Numbering:
    """Return how segments are numbered of which ``largest`` is the greatest number in any log file.

    ``told`` are the sizes that base backups or uncompressed segments tell. Where none does it is PostgreSQL's own size,
    if that can be: that log files end at a smaller number, as those of larger segments do, may be a hole in each. So it
    is with numbers that are beyond it, and fit more than one size.
    """
    least = max(per_log_of(SIZES[-1]), 1 << largest.bit_length())
    stated = {per_log_of(size) for size in told}
    if len(stated) == 1 and least <= max(stated):
        return Numbering(max(stated))
    if stated:
        return Numbering(max(least, *stated), frozenset({least, *stated}))
    default = per_log_of(DEFAULT_SIZE)
    sure = least in {default, per_log_of(SIZES[0])}
    return Numbering(max(default, least), frozenset() if sure else frozenset({least}))


def size_by_position(position: str, name: str) -> int:
    """Return the size of segments, told by which of them holds a position in the log, as ``0/28000028``.

    0: it is not told, as the first segment of a log file holds the same positions whatever its size.
    """
    found, lies = _LSN.fullmatch(position), segment_of(name)
    if found is None or lies is None or lies.log != int(found[1], 16) or lies.segment == 0:
        return 0
    return next((size for size in SIZES if int(found[2], 16) // size == lies.segment), 0)


def size_by_file(name: str, size: int) -> int:
    """Return the size of segments, told by a file of so many bytes that holds one uncompressed; 0: it does not tell."""
    return size if size in SIZES and "." not in name.rpartition("/")[2] else 0


def switches(content: str) -> list[tuple[int, int]] | None:
    """Return which timelines a history file names as ancestors, each with the byte at which it was left, oldest first.

    None: it is no history file, or says nothing.
    """
    found: list[tuple[int, int]] = []
    for line in content.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (told := _SWITCH.match(line)) is None:
            return None
        found.append((int(told[1]), (int(told[2], 16) << 32) + int(told[3], 16)))
    return found or None


def timeline_at(switches: Sequence[tuple[int, int]], number: int, per_log: int) -> int:
    """Return which of the ancestors, as :func:`switches` tells them, wrote the segment of that place first.

    An ancestor that was left in the segment in which it began has none before that of its own.
    """
    size = _OF_A_LOG // per_log
    for (timeline, _), (_, begun) in zip(reversed(switches[1:]), reversed(switches[:-1]), strict=True):
        if begun // size <= number:
            return timeline
    return switches[0][0]
