"""Checkpoints and proofs as text: C2SP's tlog-checkpoint, tlog-proof and the request of tlog-witness, exactly.

https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-proof and https://c2sp.org/tlog-witness. What is read here is
read and not believed: :mod:`drcheck.core.proof.notes` verifies signatures, :mod:`drcheck.core.proof.merkle` proofs.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from drcheck.core.proof.merkle import HASH_BYTES
from drcheck.core.proof.notes import NotANote, Note, base64_bytes

_PROOF: Final = "c2sp.org/tlog-proof@v1"
_MOST_HASHES: Final = 63
"""Of one proof: no tree is higher."""
_NUMBER: Final = re.compile("0|[1-9][0-9]{0,18}")
_LINES: Final = 3


class Checkpoint(NamedTuple):
    """How many entries a log has, and the root over them."""

    origin: str
    """Which log: the name of the key that signs it."""
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed of it."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        """Return what the text of a note says; raises :class:`NotANote` for one that is no checkpoint."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < _LINES or not all(lines):
            raise NotANote("it is no checkpoint: that has three lines, and none of them is empty")
        root = base64_bytes(lines[2])
        if len(root) != HASH_BYTES:
            raise NotANote("it is no checkpoint: its third line is no SHA-256")
        return cls(lines[0], number(lines[1]), root)


class Inclusion(NamedTuple):
    """A proof that one entry is in a log, with the signed checkpoint that it leads to."""

    place: int
    """Of the entry, from 0; the ledger numbers it one higher."""
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The signed note, as it is."""
    extra: bytes = b""
    """The entry's bytes here. Nobody vouches for them but the proof, once it was verified with them."""

    @property
    def text(self) -> str:
        """It as tlog-proof."""
        extra = f"extra {_base64(self.extra)}\n" if self.extra else ""
        return f"{_PROOF}\n{extra}index {self.place}\n{_hash_lines(self.hashes)}\n{self.checkpoint}"

    @classmethod
    def read(cls, text: str) -> Inclusion:
        """Return the proof; raises :class:`NotANote`."""
        head, blank, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        if first != _PROOF or not blank or not lines:
            raise NotANote(f"it is no proof of an entry: that begins with {_PROOF}")
        extra = base64_bytes(lines.pop(0).removeprefix("extra ")) if lines[0].startswith("extra ") else b""
        if not lines or not lines[0].startswith("index "):
            raise NotANote("it does not say which entry it proves")
        return cls(number(lines[0].removeprefix("index ")), _hashes(lines[1:]), note, extra)


class Extension(NamedTuple):
    """A proof that a log only grew since it had ``old`` entries, with the signed checkpoint that it leads to."""

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The signed note, as it is."""

    @property
    def text(self) -> str:
        """It as witnesses of tlog-witness take it."""
        return f"old {self.old}\n{_hash_lines(self.hashes)}\n{self.checkpoint}"

    @classmethod
    def read(cls, text: str) -> Extension:
        """Return the proof; raises :class:`NotANote`."""
        head, blank, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        if not first.startswith("old ") or not blank:
            raise NotANote("it is no proof that a log only grew: that begins with old SIZE")
        return cls(number(first.removeprefix("old ")), _hashes(lines), note)


def checkpoint_of(note: str | bytes) -> Checkpoint:
    """Return what a signed note says, whoever signed it; raises :class:`NotANote` for one that is no checkpoint."""
    return Checkpoint.read(Note.read(note).text)


def number(text: str) -> int:
    """Return a number below 2⁶³ that has no zeroes before it; raises :class:`NotANote`."""
    if not _NUMBER.fullmatch(text) or int(text) >= 1 << 63:
        raise NotANote(f"{text[:40]!r} is no number of entries")
    return int(text)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = tuple(map(base64_bytes, lines))
    if len(hashes) > _MOST_HASHES or any(len(one) != HASH_BYTES for one in hashes):
        raise NotANote(f"a proof has {_MOST_HASHES} hashes at most, each a SHA-256")
    return hashes


def _hash_lines(hashes: Iterable[bytes]) -> str:
    return "".join(f"{_base64(one)}\n" for one in hashes)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
