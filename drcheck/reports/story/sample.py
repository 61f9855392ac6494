"""What a sample says, and what it leaves open beside what judging all slots says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core import words
from drcheck.core.judging.sample import CONFIDENCES, Sample
from drcheck.reports.wording.text import printable

HEADS: Final = ("number", "service", "commitment", "data set", "slot", "came to", "backups in it")


def in_words(sample: Sample) -> Iterator[str]:
    """Yield what was drawn, how strong that is, and how to draw it again, a sentence or two each."""
    count, population = len(sample.drawn), sample.population
    if not population:
        yield "No slot was owed in the period, so that there is none to draw."
        return
    kept = count - sample.not_kept
    yield f"{count} of {words.counted(population, 'slot')} that fell due were drawn; {kept} of these were kept in time."
    limits = [f"{sample.open_at(each)} at {each} % confidence" for each in CONFIDENCES]
    yield (
        f"From these {count} alone it follows that of all {population} at most {words.several(limits)} "
        "were not (the exact upper limit of the hypergeometric distribution)."
    )
    came_to = ", ".join(f"{number} {word}" for word, number in sample.came_to.items())
    yield f"All {population} were judged, and not only these: {came_to}."
    yield (
        f"To draw the same: the seed {sample.seed} is the SHA-256 of {sample.entry_sha256}, which is the digest of "
        f"entry {sample.entry} of the ledger, with the word “{printable(sample.word)}” behind it. Slots are numbered "
        "from 1, as report.json has them; drawn are those for which the SHA-256 of SEED:NUMBER is the least."
    )


def rows(sample: Sample) -> Iterator[tuple[str, ...]]:
    """Yield what is shown of each slot that was drawn."""
    for one in sample.drawn:
        yield (
            str(one.number),
            printable(one.service),
            printable(one.commitment),
            printable(one.of),
            one.slot.label,
            one.slot.came_to.value,
            str(one.slot.held),
        )
