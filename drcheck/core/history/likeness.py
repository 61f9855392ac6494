"""Which contents are one: under one name as it is written anew, and under several names of one source.

A whole checksum, as the storage tells it or as a digest of all bytes, decides. A fingerprint of pieces makes doubt:
pieces that differ are other content, pieces that agree prove nothing. Size alone says nothing across names, and under
one name only that other content is possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from drcheck.core.model.evidence import UNTOLD
from drcheck.core.model.policy import Identical, Source


class Likeness(StrEnum):
    """How what a name shows is like what it showed before."""

    SAME = "same"
    """Their checksums agree."""
    PIECES = "pieces"
    """Their fingerprints of pieces agree, which proves nothing."""
    SIZE = "size"
    """Nothing but their sizes is known, and these agree."""
    OTHER = "other"
    """They differ."""


class Content(NamedTuple):
    """What is known of the bytes of one candidate."""

    size: int
    checksum: str = ""
    """Of all bytes; equal ones prove equal content. An algorithm other than MD5 stands before it, with a colon."""
    pieces: str = ""
    """A fingerprint of pieces; empty: none was taken."""

    def like(self, other: Content) -> Likeness:
        """Return how the content of one name is like what it showed before."""
        if (UNTOLD not in {self.size, other.size} and self.size != other.size) or checksums_differ(
            self.checksum, other.checksum
        ):
            return Likeness.OTHER
        if self.checksum and self.checksum == other.checksum:
            return Likeness.SAME
        if not self.pieces or not other.pieces:
            return Likeness.SIZE
        return Likeness.PIECES if self.pieces == other.pieces else Likeness.OTHER

    def marks(self) -> Iterator[str]:
        """Yield what another name with the same content has as well; what is empty is like nothing."""
        if self.size and self.checksum:
            yield self.checksum
        if self.size and self.pieces:
            yield f"{self.size} {self.pieces}"


def checksums_differ(one: str, other: str) -> bool:
    """Return whether two checksums prove that contents differ: those of other algorithms prove nothing."""
    return bool(one and other) and one != other and one.rpartition(":")[0] == other.rpartition(":")[0]


class Reading(NamedTuple):
    """What contents that are alike are taken for."""

    apart: frozenset[Likeness]
    """How a rewriting under one name is like the one before, where it is taken for a backup of its own."""
    second_names: bool
    """Whether the same content under a new name is a second name of the backup that first had it."""


_EACH_ANEW: Final = Reading(frozenset({Likeness.SAME, Likeness.PIECES, Likeness.SIZE}), second_names=False)
_ALL_ONE: Final = Reading(frozenset(), second_names=True)


def readings(source: Source) -> tuple[Reading, ...]:
    """Return the ways in which what is alike at a source may be read, the one by which less is new first."""
    match source.identical_dumps:
        case Identical.ALLOWED:
            return (_EACH_ANEW,)
        case Identical.REFUSED:
            # That the same content is one backup says nothing of contents of which only the sizes are known.
            return _ALL_ONE, _ALL_ONE._replace(apart=frozenset({Likeness.SIZE}))
        case None:
            # Under one name the same checksum is a touch or a copy in place, which renews nothing.
            return _ALL_ONE, Reading(frozenset({Likeness.PIECES, Likeness.SIZE}), second_names=False)
