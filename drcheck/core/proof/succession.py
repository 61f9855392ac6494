"""How a key hands over to the next one: a note that both sign, so that whoever trusts the first can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from drcheck.core.proof.notes import Forged, NotANote, Note, SigningKey, VerifierKey, signed, signers

_FIRST_LINE: Final = "drcheck key change"
"""No log is called so: names have no spaces, so that no handing over can be taken for a checkpoint."""
_LINES: Final = 4


def handed_over(old: SigningKey, new: SigningKey) -> str:
    """Return the note with which ``old`` says that ``new`` signs the same log from now on."""
    return signed(f"{_FIRST_LINE}\n{old.key.name}\n{old.key.text}\n{new.key.text}\n", [old, new])


def followed(trusted: Iterable[VerifierKey], notes: Sequence[str]) -> dict[VerifierKey, VerifierKey]:
    """Return the keys to which ``trusted`` ones have handed over, each with the one that said so.

    ``notes`` stand in the order in which keys changed. What none of these signed is passed over.
    """
    known, found = set(trusted), dict[VerifierKey, VerifierKey]()
    for note in notes:
        try:
            read = Note.read(note)
            lines = read.text.removesuffix("\n").split("\n")
            if len(lines) != _LINES or lines[0] != _FIRST_LINE:
                continue
            old, new = VerifierKey.read(lines[2]), VerifierKey.read(lines[3])
            by = {one.key for one in signers(read, [old, new])}
        except (NotANote, Forged):
            continue
        if old in known and by == {old, new} and old.name == new.name == lines[1] and new not in known:
            known.add(new)
            found[new] = old
    return found
