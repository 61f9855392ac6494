"""How what a report of a period rests on came about, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from drcheck.core import words
from drcheck.reports.wording.text import printable
from drcheck.run_report import Provenance

_MOST_TEXTS: Final = 20


def in_words(came: Provenance, shown: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """Yield a label and what it says, each; ``shown`` writes an instant."""
    runs = f"{words.counted(came.runs, 'run')} that recorded verdicts"
    if came.stopped:
        runs += f", and {came.stopped} that did not come to the end"
    yield "Runs in the period", runs
    start, end = came.longest_without
    yield "Longest time without", f"{words.duration(end - start)}, from {shown(start)} to {shown(end)}"
    if came.made_by:
        yield "Versions that ran", printable(words.several(list(came.made_by), at_most=_MOST_TEXTS))
    yield "Entries of the ledger", f"the first {came.entries}, whose Merkle tree (RFC 6962) has the root {came.root}"
    texts = [f"{text.service} {shown(text.at)} ({text.sha256[:12]})" for text in came.texts]
    yield "Policies that came in it", printable(words.several(texts, at_most=_MOST_TEXTS)) or "none"
