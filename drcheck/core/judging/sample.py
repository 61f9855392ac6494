"""A sample of the slots of a period, drawn by a word that an auditor gives once the period is in the ledger.

Slots are numbered from 1, in the order of the report: services, commitments, data sets, the oldest first. The seed is
the SHA-256 of an entry's digest, in hexadecimal, with the word behind it in UTF-8. Those slots are drawn for which the
SHA-256 of ``SEED:NUMBER``, the seed in hexadecimal, is the least. Whoever filled the ledger did not know the word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from heapq import heappop, heappush
from math import comb
from typing import Final, NamedTuple

from drcheck.core.model.exhibit import CameTo, SlotKept, Slots
from drcheck.core.model.verdict import Verdict

MOST: Final = 1000
"""Slots of a sample."""
CONFIDENCES: Final = (90, 95)
"""Per cent, of which is told what a sample leaves open."""


class Drawn(NamedTuple):
    """A slot of the sample."""

    number: int
    service: str
    commitment: str
    of: str
    slot: SlotKept


class Sample(NamedTuple):
    """What was drawn, out of what, and how."""

    asked: int
    """Slots that were asked for."""
    word: str
    entry: int
    """The last entry of the ledger that tells of what a run of the period saw."""
    entry_sha256: str
    """Its digest (the leaf hash of RFC 6962), in hexadecimal."""
    seed: str
    population: int
    """Slots that were owed in the period and due, of all services."""
    came_to: dict[CameTo, int]
    """What all of these came to: each was judged."""
    drawn: tuple[Drawn, ...]
    """By number."""

    @property
    def not_kept(self) -> int:
        """How many of the slots that were drawn were not kept in time, or are not known to have been."""
        return sum(one.slot.came_to is not CameTo.KEPT for one in self.drawn)

    def open_at(self, confidence: int) -> int:
        """Return how many slots at most were not kept, by what was drawn alone, with a confidence in per cent."""
        return most_not_kept(self.population, len(self.drawn), self.not_kept, confidence)


class Drawing:
    """Draws a sample while services come one after the other: of those that are not drawn nothing is kept."""

    def __init__(self, asked: int, word: str, entry: int, entry_sha256: str) -> None:
        """Draw ``asked`` slots; the digest of the entry is in hexadecimal."""
        self._asked, self._word, self._entry, self._entry_sha256 = asked, word, entry, entry_sha256
        self._seed = seed_of(entry_sha256, word)
        self._came_to: Counter[CameTo] = Counter()
        self._number = 0
        self._drawn: list[tuple[int, int, Drawn]] = []
        """A heap, the one that the next better one takes the place of first."""

    def add(self, service: str, verdicts: Iterable[Verdict]) -> None:
        """Take in the slots of the next service."""
        for verdict in verdicts:
            for finding in verdict.findings or (verdict.overall,):
                if isinstance(finding.exhibit, Slots):
                    for slot in finding.exhibit.slots:
                        self._slot(service, verdict.commitment.id, finding.of, slot)

    def sample(self) -> Sample:
        """Return what is drawn out of all slots that have come."""
        drawn = tuple(sorted((one for _, _, one in self._drawn), key=lambda one: one.number))
        told = (self._asked, self._word, self._entry, self._entry_sha256, self._seed)
        return Sample(*told, self._number, {one: self._came_to[one] for one in CameTo if self._came_to[one]}, drawn)

    def _slot(self, service: str, commitment: str, of: str, slot: SlotKept) -> None:
        if slot.came_to is CameTo.NOT_DUE:
            return
        self._number += 1
        self._came_to[slot.came_to] += 1
        rank = int.from_bytes(rank_of(self._seed, self._number))
        if len(self._drawn) == self._asked:
            if -rank < self._drawn[0][0]:
                return
            heappop(self._drawn)
        heappush(self._drawn, (-rank, self._number, Drawn(self._number, service, commitment, of, slot)))


def seed_of(entry_sha256: str, word: str) -> str:
    """Return the seed."""
    return sha256(f"{entry_sha256}{word}".encode()).hexdigest()


def rank_of(seed: str, number: int) -> bytes:
    """Return by what a slot is drawn: those with the least are."""
    return sha256(f"{seed}:{number}".encode()).digest()


def most_not_kept(population: int, drawn: int, not_kept: int, confidence: int) -> int:
    """Return how many of ``population`` were not kept at most, where ``not_kept`` of those ``drawn`` were not.

    It is the greatest number with which so few, or fewer, are drawn with a chance of more than 100 - ``confidence`` per
    cent: the exact upper limit of the hypergeometric distribution (Clopper and Pearson's), in whole numbers throughout.
    """
    least, most = not_kept, population - drawn + not_kept
    while least < most:
        middle = (least + most + 1) // 2
        ways, all_ways = _ways(population, drawn, not_kept, middle)
        if 100 * ways > (100 - confidence) * all_ways:
            least = middle
        else:
            most = middle - 1
    return least


def _ways(population: int, drawn: int, not_kept: int, bad: int) -> tuple[int, int]:
    """Return in how many ways at most ``not_kept`` of ``bad`` are drawn, and how many ways there are at all."""
    ways = sum(comb(bad, one) * comb(population - bad, drawn - one) for one in range(not_kept + 1))
    return ways, comb(population, drawn)
