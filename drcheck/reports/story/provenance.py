"""How what a report of a period rests on came about, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from drcheck.core import words
from drcheck.core.judging.completeness import Completeness
from drcheck.core.proof.checkpoint_text import Checkpoint
from drcheck.core.proof.notes import Note
from drcheck.reports.wording import completeness
from drcheck.reports.wording.text import printable
from drcheck.run_report import Provenance

_MOST_TEXTS: Final = 20

VOUCHERS: Final = (
    "Who vouches for a verdict is the weakest of what it rests on: attested (a named person's dated word), log (lines "
    "that somebody or something wrote), signed, tool (what a backup tool tells of its own), storage (what the place "
    "itself tells of its objects), drill (restored and measured by drcheck). Where a place lies, the policy says."
)
AGAIN: Final = (
    "Looking and judging are two steps that meet in the ledger, an append-only log: what was seen is recorded first, "
    "and judging reads nothing else. Whoever has the ledger and drcheck.yaml can judge the same period again:"
)
COMMANDS: Final = ("drcheck check FILE --config drcheck.yaml", "drcheck replay {run} --config drcheck.yaml")
"""With which it is judged again; ``{run}`` stands for the newest run."""
LIMITS: Final = (
    "What this does not show: that what logs and storage say of themselves is true; that a backup can be restored, "
    "beyond what the restore tests in it have shown; what stood before the first complete look, or came and went "
    "between two; and that nobody has replaced the ledger, unless a checkpoint of it was signed and its key is known "
    "from elsewhere (drcheck ledger verify)."
)


def in_words(came: Provenance, shown: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """Yield a label and what it says, each; ``shown`` writes an instant."""
    runs = f"{words.counted(came.runs, 'run')} that recorded verdicts"
    runs += f", and {came.stopped or 'none'} that did not come to the end"
    yield "Runs in the period", runs
    start, end = came.longest_without
    yield "Longest time without", f"{words.duration(end - start)}, from {shown(start)} to {shown(end)}"
    if came.made_by:
        yield "Versions that ran", printable(words.several(list(came.made_by), at_most=_MOST_TEXTS))
    yield "Entries of the ledger", f"the first {came.entries}, whose Merkle tree (RFC 6962) has the root {came.root}"
    texts = [f"{text.service} {shown(text.at)} ({text.sha256[:12]})" for text in came.texts]
    yield "Policies that came in it", printable(words.several(texts, at_most=_MOST_TEXTS)) or "none"


def complete(its: Completeness, shown: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """Yield a label and what it says, each, of what of the period is there and what is missing."""
    yield "Runs were due", completeness.schedules(its)
    yield "Drills in the ledger", completeness.drills(its)
    if missing := list(completeness.missing(its, shown)):
        yield "Missing", "; ".join(missing)
    else:
        yield "Missing", completeness.COMPLETE


def signed(checkpoint: str) -> Iterator[tuple[str, str]]:
    """Yield a label and what it says of the signed checkpoint that it rests on."""
    note = Note.read(checkpoint)
    head = Checkpoint.read(note.text)
    keys = words.several([f"{one.name} ({one.id.hex()})" for one in note.signatures], at_most=_MOST_TEXTS)
    root = note.text.split("\n")[2]
    yield "Signed checkpoint", printable(f"{head.size} entries of {head.origin}, root {root}, by the keys {keys}")
