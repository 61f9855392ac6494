"""Signing what a ledger holds: checkpoints over all its entries, each on top of the one before.

What is signed stands in entries, like every fact. Which entries these are is a derived value, so that nobody reads all
of a ledger to find the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import cbor2

from drcheck.core.proof.checkpoint_text import Checkpoint, checkpoint_of
from drcheck.core.proof.notes import NotANote, SigningKey, VerifierKey, signed
from drcheck.core.proof.succession import handed_over
from drcheck.errors import UsageError
from drcheck.ledger import encoding
from drcheck.ledger.errors import LedgerError, damaged
from drcheck.ledger.interface import Log
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.signatures import Checkpointed, KeyTaken
from drcheck.ledger.tree import Tree

_NAME: Final = "checkpoints"
"""Of the derived value."""


class ProofPosition(NamedTuple):
    """Where in a log its proof stands."""

    upto: int
    """The last entry that was looked at for it."""
    checkpoint: int
    """The entry with the newest checkpoint; 0: there is none."""
    keys: tuple[int, ...]
    """The entries with the keys that signed, in their order."""


def proof_position(log: Log, *, anew: bool = False) -> ProofPosition:
    """Return where the newest checkpoint and the keys of a log stand; reads what was appended since that was kept.

    ``anew``: out of the entries alone.
    """
    upto, checkpoint, keys = (0, 0, list[int]()) if anew else _kept(log)
    for stored in log.read(upto):
        if encoding.is_of(stored.data, Checkpointed.KIND):
            checkpoint = stored.number
        elif encoding.is_of(stored.data, KeyTaken.KIND):
            keys.append(stored.number)
        upto = stored.number
    return ProofPosition(upto, checkpoint, tuple(keys))


def derived(log: Log, *, anew: bool = False) -> dict[str, bytes]:
    """Return what is kept of a log's proof and is not kept yet, by name; ``anew``: all of it, out of the entries."""
    return {_NAME: cbor2.dumps([*proof_position(log, anew=anew)]), **dict(Tree(log, anew=anew).rows(log.count))}


def differing(log: Log) -> Iterator[str]:
    """Yield the names of what is kept of a log's proof and is not what its entries come to; reads all of these."""
    yield from Tree(log).differing(log.count)
    if proof_position(log)[1:] != proof_position(log, anew=True)[1:]:
        yield _NAME


def newest(log: Log) -> str:
    """Return the newest signed checkpoint of a log; empty: there is none."""
    number = proof_position(log).checkpoint
    return _checkpoint(log, number).note if number else ""


def keys(log: Log) -> list[KeyTaken]:
    """Return the keys that a log was signed with, in their order."""
    return [_key(log, number) for number in proof_position(log).keys]


def sign(
    log: Log,
    key: SigningKey,
    at: int,
    seen: Sequence[Checkpoint] = (),
    cosign: Callable[[str, Tree], str] = lambda note, _: note,
) -> str:
    """Sign a checkpoint over all entries that there are, append it, and return it.

    ``cosign`` adds the signatures of others to it, if they give them.
    ``seen``: checkpoints of the same log that are kept elsewhere. Nothing is signed that does not go on from them, and
    from the newest of the ledger itself: raises :class:`~drcheck.ledger.errors.DamagedLedger` then, and
    :class:`~drcheck.ledger.errors.LedgerError` where another key signed before and did not hand over.
    """
    where = proof_position(log)
    own = [checkpoint_of(_checkpoint(log, where.checkpoint).note)] if where.checkpoint else []
    if not where.keys:
        log.append([encoding.encode(KeyTaken(key.key.name, at, key.key.text))])
    elif (before := _key(log, where.keys[-1]).key) != key.key.text:
        raise LedgerError(
            f"the ledger is signed by the key {before}, which has not handed over to {key.key.text}: nothing is signed",
            "Put the key before back; or let `drcheck ledger keygen --replace` change it, or tell with --lost that it "
            "is gone.",
        )
    tree = Tree(log)
    for one in (*own, *seen):
        if one.origin != key.key.name or one.size > log.count or tree.root(one.size) != one.root:
            raise damaged(
                f"its entries are not those over which a checkpoint of {one.size} was signed for {one.origin}: nothing "
                "is signed",
                log.path,
                "Keep this file for whoever looks into it, and put a copy of the ledger back that goes on from there.",
            )
    note = cosign(signed(Checkpoint(key.key.name, log.count, tree.root(log.count)).text, [key]), tree)
    log.append([encoding.encode(Checkpointed(key.key.name, note))])
    log.keep(derived(log))
    return note


def change(log: Log, new: SigningKey, at: int, old: SigningKey | None, lost: str = "") -> None:
    """Let ``new`` sign from now on: ``old`` hands over, or it is said why it is ``lost``.

    Raises UsageError where ``old`` is not the key that signs now, or the name is another one.
    """
    before = keys(log)
    if not before:
        raise UsageError("the ledger was never signed: there is no key to replace", "Run drcheck ledger keygen NAME.")
    last = VerifierKey.read(before[-1].key)
    if new.key.name != last.name:
        raise UsageError(f"the ledger goes by the name {last.name}, which no key changes", "Keep that name.")
    if old is not None and old.key != last:
        raise UsageError(
            f"the key that is to be replaced is {old.key.text}, and the ledger is signed by {last.text}",
            "Put that one back, or tell with --lost why it is gone.",
        )
    note = "" if old is None else handed_over(old, new)
    log.append([encoding.encode(KeyTaken(last.name, at, new.key.text, note, lost))])


def _kept(log: Log) -> tuple[int, int, list[int]]:
    """Return what is kept of where a log's proof stands; what is no such value is passed over for the entries."""
    with suppress(cbor2.CBORDecodeError):
        match cbor2.loads(log.kept(_NAME) or b""):
            case [int(upto), int(checkpoint), list(keys)] if all(isinstance(one, int) for one in keys):
                return upto, checkpoint, keys
            case _:
                pass
    return 0, 0, []


def _checkpoint(log: Log, number: int) -> Checkpointed:
    found = _entry(log, number)
    if not isinstance(found, Checkpointed):
        raise damaged(f"entry {number} is not the checkpoint that stood there", log.path)
    try:
        checkpoint_of(found.note)
    except NotANote as error:
        raise damaged(f"entry {number} is no checkpoint: {error}", log.path) from error
    return found


def _key(log: Log, number: int) -> KeyTaken:
    found = _entry(log, number)
    if not isinstance(found, KeyTaken):
        raise damaged(f"entry {number} is not the key that stood there", log.path)
    return found


def _entry(log: Log, number: int) -> object:
    (stored,) = log.read(number - 1, number)
    try:
        return encoding.decode(stored.data)
    except Damaged as error:
        raise damaged(f"entry {number}: {error}", log.path) from error
