"""What a stranger can say of a ledger: what is proven, what is not, and what contradicts itself.

Only keys that whoever verifies had before prove anything. What a file says of its own key proves that it fits itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field

from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension, Inclusion
from drcheck.core.proof.notes import COSIGNATURE, Forged, NotANote, Note
from drcheck.core.proof.succession import followed
from drcheck.core.proof.trust import Trust
from drcheck.core.words import counted, instant

UNSURE: Final = "the key was not given: whoever made these records could have made it too (name it with --key)"
OBSERVED: Final = (
    "what was observed is not proven to be true: only that it was written then, and stands as it was written"
)
"""What no signature can tell."""


class LedgerVerification(Struct):
    """What verifying came to; empty at first."""

    held: list[str] = field(default_factory=list)
    """What is proven."""
    open: list[str] = field(default_factory=list)
    """What is not, and is not contradicted either."""
    wrong: list[str] = field(default_factory=list)
    """What contradicts a signature, or itself."""
    noted: list[str] = field(default_factory=list)
    """What is worth knowing beside that, and proves nothing."""

    @property
    def word(self) -> str:
        """Say in short what it comes to."""
        return "tampered" if self.wrong else "not verified" if self.open else "verified"

    @property
    def exit_status(self) -> int:
        """Of a command that says so: as for a breach, for what is unknown, and for what is met."""
        return 1 if self.wrong else 3 if self.open else 0


class ProvenEntry(NamedTuple):
    """An entry that is proven."""

    number: int
    data: bytes


def checkpoint(
    found: LedgerVerification, note: str | bytes, trust: Trust | None, changes: Sequence[str] = ()
) -> Checkpoint | None:
    """Return what a signed note says and add who vouches for it; None: it is no checkpoint.

    ``trust``: whom whoever verifies believed before; None: nobody. ``changes``: notes with which keys handed over.
    """
    try:
        read = Note.read(note)
        head = Checkpoint.read(read.text)
    except NotANote as error:
        found.wrong.append(f"the checkpoint is none: {error}")
        return None
    if trust is None:
        found.open.append(UNSURE)
        return head
    heirs = followed(trust.logs, changes)
    wider = trust._replace(logs=(*trust.logs, *heirs))
    try:
        signed = wider.signers(read)
    except Forged as error:
        found.wrong.append(f"{error}")
        return head
    if not wider.is_satisfied(signed):
        found.open.append(
            f"the checkpoint of {head.size} entries is signed by none of the keys that were given, or not by enough"
        )
        return head
    for one in signed:
        if one.key.kind == COSIGNATURE:
            found.held.append(f"the witness {one.key.name} saw it at {instant(one.at)}, on top of all it had seen")
        else:
            of, root = counted(head.size, "entry", "entries"), head.text.split("\n")[2]
            found.held.append(f"{head.origin} signed {of} with the key {one.key.id.hex()}, root {root}")
            heir = one.key
            while heir in heirs:
                found.held.append(
                    f"the key {heirs[heir].id.hex()} handed over to the key {heir.id.hex()}, and both signed that"
                )
                heir = heirs[heir]
    return head


def entry(found: LedgerVerification, text: str, trust: Trust | None, data: bytes | None = None) -> ProvenEntry | None:
    """Return the entry that a tlog-proof proves; None: it proves none. ``data``: the entry, where it is known."""
    try:
        proof = Inclusion.read(text)
    except NotANote as error:
        found.wrong.append(str(error))
        return None
    if (head := checkpoint(found, proof.checkpoint, trust)) is None:
        return None
    data = proof.extra if data is None else data
    if not merkle.includes(merkle.leaf_hash(data), proof.place, head.size, proof.hashes, head.root):
        found.wrong.append(f"entry {proof.place + 1} is not what was signed")
        return None
    found.held.append(f"entry {proof.place + 1} of {head.size} is what was signed")
    return ProvenEntry(proof.place + 1, data)


def growth(found: LedgerVerification, text: str, old: str | bytes, trust: Trust | None) -> None:
    """Add whether a log only grew since an ``old`` signed checkpoint, by a proof in the form of tlog-witness."""
    try:
        proof = Extension.read(text)
    except NotANote as error:
        found.wrong.append(str(error))
        return
    head, before = checkpoint(found, proof.checkpoint, trust), checkpoint(found, old, trust)
    if head is None or before is None:
        return
    if proof.old != before.size or head.origin != before.origin:
        found.open.append(f"this proves nothing of the checkpoint of {before.size} entries of {before.origin}")
    elif merkle.extends(before.size, before.root, head.size, head.root, proof.hashes):
        found.held.append(f"the first {before.size} of the {head.size} entries are those that were signed before")
    else:
        found.wrong.append(f"the {head.size} entries do not begin with the {before.size} that were signed before")
