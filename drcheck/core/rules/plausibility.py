"""Where the policy states no size, a candidate of implausible size is in doubt; and wherever it holds only zeros.

Two sizes are implausible by default: less than a tenth of what was usual, as a dump that broke off leaves it; and less
than a compressed file or an archive of anything has, as a pipe leaves it whose first command failed. ``gzip`` of
nothing is 20 bytes, an empty ``zip`` 22, ``xz`` 32; an empty ``tar`` is larger: only what came before it tells.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from drcheck.core import integer_columns, words
from drcheck.core.model.evidence import UNTOLD, ZEROS, Fact
from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules.failed_checks import is_broken
from drcheck.core.rules.interface import RuleInput
from drcheck.core.rules.sizes import are_alike, compared, usual_above

IMPLAUSIBLE: Final = Fraction(1, 10)
"""Less than this share of the usual size is in doubt."""
HOLDS_SOMETHING: Final = 128
"""Bytes: what has fewer, and is compressed, encrypted or an archive by its name, may hold nothing."""
_WHOLE: Final = frozenset({"", "full", "snapshot"})
"""Kinds that hold all of the data, so that their sizes are alike; a change may be of any size."""
_PACKED: Final = frozenset(
    {
        *{"7z", "ar", "arc", "cab", "cpio", "jar", "rar", "tar", "zip"},
        *{"br", "bz2", "gz", "lrz", "lz", "lz4", "lzma", "lzo", "lzop", "sz", "xz", "z", "zst", "zstd"},
        *{"taz", "tb2", "tbz", "tbz2", "tgz", "tlz", "txz", "tz2", "tzst"},
        *{"aes", "age", "cpt", "enc", "gpg", "pgp"},
    }
)
"""Extensions that say compressed, archive or encrypted, in lower case; the header of ``openssl enc`` is 16 bytes."""


def not_tiny(points: Points, shown: RuleInput) -> Points:
    """Doubt what is compressed, encrypted or an archive by its name, and too small to hold anything."""
    source = shown.source
    if source.min_size is not None or source.max_shrink == 1:
        return points
    if not points.size or integer_columns.bounds(points.size)[0] >= HOLDS_SOMETHING:
        return points
    return points.doubting(
        {
            row: (Doubt(_tiny(size, source.name)),)
            for row, size in enumerate(points.size)
            if UNTOLD < size < HOLDS_SOMETHING and _is_packed(points.name[row])
        }
    )


def not_hollow(points: Points, shown: RuleInput) -> Points:
    """Doubt what holds nothing but zeros in all that was read of it, as a file system leaves it after a crash."""
    del shown
    hollow = {
        row: (Doubt("it holds nothing but zeros in all pieces of it that were read"),)
        for (row, fact), steps in points.facts.items()
        if fact is Fact.PIECES and steps and steps[-1][1].how == ZEROS
    }
    return points.doubting(hollow) if hollow else points


def of_usual_size(points: Points, shown: RuleInput) -> Points:
    """Doubt what holds all of the data by its kind, and is far smaller than what came before it."""
    source = shown.source
    if source.min_size is not None or source.max_shrink is not None or are_alike(points, IMPLAUSIBLE):
        return points
    doubts: dict[int, tuple[Doubt, ...]] = {}
    for row, before in compared(points, shown):
        if points.kind[row] not in _WHOLE or points.size[row] == UNTOLD:
            continue
        if (usual := usual_above(points.size[row], before, IMPLAUSIBLE)) is not None:
            doubts[row] = (Doubt(_shrunk(points.size[row], int(usual), len(before), source.name)),)
        elif row not in points.doubts and not is_broken(points, row):
            before.append(points.size[row])
    return points.doubting(doubts)


def _is_packed(name: str) -> bool:
    """Return whether one of a file's extensions says compressed, archive or encrypted."""
    return not _PACKED.isdisjoint(name.rpartition("/")[2].lower().split(".")[1:])


def _tiny(size: int, source: str) -> str:
    return (
        f"it is {words.size(size)}, and what is compressed, encrypted or an archive holds nothing in so little; on "
        f"{source} `min_size: 1 kB` would refuse it, and `max_shrink: none` accepts any size"
    )


def _shrunk(size: int, usual: int, number: int, source: str) -> str:
    return (
        f"it is {words.size(size)}, less than a tenth of the median {words.size(usual)} of the {number} before it; on "
        f"{source} `max_shrink: 90%` would refuse it, and `max_shrink: none` accepts any size"
    )
