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
from collections.abc import Iterable
from typing import Final, NamedTuple

_SEGMENT: Final = re.compile(
    r"(?P<above>(?:.*/)?)(?P<timeline>[0-9A-F]{8})(?P<log>[0-9A-F]{8})(?P<segment>[0-9A-F]{8})"
    r"(?:-(?P<sha1>[0-9a-f]{40}))?(?:\.(?:gz|bz2|xz|lz4|lzma|zst|zstd|br|snappy|Z|gpg|age|enc|libsodium))*"
)
_FOLDER: Final = re.compile(r"[0-9A-F]{16}/$")
"""Both pgBackRest and Barman keep the segments of one log file in a folder of its own."""
_HISTORY: Final = re.compile(r"(?P<above>(?:.*/)?)(?P<timeline>[0-9A-F]{8})\.history(?:\.[a-z0-9]+)*")
_MEMBER: Final = re.compile(
    r"(?:.*/)?[0-9A-F]{8}(?:\.history|[0-9A-F]{16}(?:\.partial|\.[0-9A-F]{8}\.backup)?(?:-[0-9a-f]{40})?)"
    r"(?:\.[a-z0-9]+)*"
)
_SWITCH: Final = re.compile(r"\s*(\d{1,10})\s+([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})(?:\s|$)")
DEFAULT_SIZE: Final = 16 << 20
"""Bytes of a segment, unless ``initdb --wal-segsize`` says otherwise."""
_OF_A_LOG: Final = 1 << 32
"""Bytes that the segments of one log file hold together, whatever their size."""
SIZES: Final = tuple(1 << power for power in range(20, 31))
"""Sizes that a segment can have: 1 MB to 1 GB."""


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


def per_log(segments: Iterable[tuple[int, int]]) -> int:
    """Return how many segments a log file has, told by the (log, segment) of one lineage and timeline.

    Compressed files do not tell the size of segments, and neither does pgBackRest's ``info``. The default is 256. Where
    a number of 256 or more occurs, segments are smaller; where each log file of which a later one is there ends at the
    same number below 255, and the next one begins with 0, they are larger.
    """
    ends: dict[int, int] = {}
    begins: dict[int, int] = {}
    for log, segment in segments:
        ends[log] = max(ends.get(log, 0), segment)
        begins[log] = min(begins.get(log, segment), segment)
    default = per_log_of(DEFAULT_SIZE)
    largest = max(ends.values(), default=0)
    if largest >= default:
        return 1 << largest.bit_length()
    closed = {ends[log] + 1 for log in ends if begins.get(log + 1) == 0}
    if len(closed) == 1 and largest + 1 == (only := closed.pop()) and only & (only - 1) == 0 and only >= 4:  # noqa: PLR2004  1 GB
        return only
    return default


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
