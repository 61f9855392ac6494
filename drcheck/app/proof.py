"""Proof: what of the ledger is handed to others, and what is said of what they got."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from drcheck.app.kept_checkpoints import all_kept, held_against
from drcheck.core.proof import ledger_verification, merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension, Inclusion, checkpoint_of
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.proof.notes import NotANote, VerifierKey
from drcheck.core.proof.trust import Trust
from drcheck.core.words import counted
from drcheck.errors import UsageError, os_reason
from drcheck.ledger import checkpoints, encoding
from drcheck.ledger.errors import DamagedLedger, LedgerError
from drcheck.ledger.interface import Log
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.signatures import Checkpointed, KeyTaken
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.ledger.tree import Tree
from drcheck.settings import Settings

FORMAT: Final = "drcheck ledger 1"
"""First thing in an export."""
_LONGEST: Final = 1 << 31
"""Bytes of a line of an export."""
_BATCH: Final = 1000
_SQLITE: Final = b"SQLite format 3\0"


def trust_of(key: str | None) -> Trust | None:
    """Return whom ``key`` says to believe: a key, or a file with one or with a tlog-policy; None: nobody."""
    if key is None:
        return None
    text, where = key, "--key"
    if Path(key).is_file():
        text, where = Path(key).read_bytes().decode("utf-8", "surrogateescape"), key
    try:
        return Trust.read(text)
    except NotANote as error:
        raise UsageError(
            f"{where}: {error}", "Name the public key as `drcheck ledger keygen` printed it, or a file that holds it."
        ) from None


def prove_entry(ledger: Ledger, number: int) -> str:
    """Return the proof that an entry is in the ledger (C2SP tlog-proof), with the entry.

    Raises UsageError where it is not among those that the newest checkpoint covers.
    """
    note, head = _newest(ledger)
    if not 1 <= number <= head.size:
        raise UsageError(
            f"the newest checkpoint covers entries 1 to {head.size}", "Sign those behind it: drcheck ledger checkpoint"
        )
    (stored,) = ledger.log.read(number - 1, number)
    hashes = merkle.inclusion(number - 1, head.size, Tree(ledger.log).node)
    return Inclusion(number - 1, tuple(hashes), note, stored.data).text


def prove_growth(ledger: Ledger, old: bytes) -> str:
    """Return the proof that the ledger only grew since an old signed checkpoint, in the form of C2SP's tlog-witness."""
    try:
        before = checkpoint_of(old)
    except NotANote as error:
        raise UsageError(f"the old checkpoint is none: {error}", "Name a file with a signed checkpoint.") from None
    note, head = _newest(ledger)
    if before.origin != head.origin or not 0 < before.size <= head.size:
        raise UsageError(
            f"the newest checkpoint is of {head.size} entries of {head.origin}, the old one of {before.size} of "
            f"{before.origin}: no proof leads from one to the other",
            "Name an older checkpoint of this ledger.",
        )
    hashes = merkle.consistency(before.size, head.size, Tree(ledger.log).node)
    return Extension(before.size, tuple(hashes), note).text


def export(ledger: Ledger) -> Iterator[bytes]:
    """Yield the whole ledger, line by line: JSON objects, each entry as it is stored, in base64."""
    count, note = ledger.log.count, checkpoints.newest(ledger.log)
    yield _line({"format": FORMAT, "entries": count})
    for stored in ledger.log.read(0, count):
        yield _line({"number": stored.number, "bytes": base64.b64encode(stored.data).decode()})
    yield _line({"checkpoint": note})


def verify(file: str, trust: Trust | None, since: str | None) -> LedgerVerification:
    """Say what a file proves: a checkpoint, a proof of an entry or of growth, an export, or a ledger itself.

    ``since``: a file with an older signed checkpoint, from which it must go on. Raises UsageError for what cannot be
    read.
    """
    found, path = LedgerVerification(), Path(file)
    try:
        old = None if since is None else Path(since).read_bytes()
        with path.open("rb") as opened:
            head = opened.read(64)
    except OSError as error:
        why = os_reason(error)
        raise UsageError(f"{error.filename} cannot be read: {why}", "Name a file that can.") from None
    if head.startswith(_SQLITE):
        return verify_ledger(Settings(file, ledger=f"sqlite:///{path.absolute()}"), trust, old)
    if head.startswith(b"{"):
        _export(found, path, trust, old)
        return found
    text = path.read_bytes().decode("utf-8", "replace")
    if head.startswith(b"old "):
        if old is None:
            raise UsageError("this proves that a ledger only grew", "Name the older checkpoint with --since.")
        ledger_verification.growth(found, text, old, trust)
    elif head.startswith(b"c2sp.org/tlog-proof"):
        if (entry := ledger_verification.entry(found, text, trust)) is not None:
            found.noted.append(f"entry {entry.number} is {_what(entry.data)}")
    elif (signed := ledger_verification.checkpoint(found, text, trust)) is not None and old is not None:
        _compare(found, signed, old, trust)
    return found


def verify_ledger(settings: Settings, trust: Trust | None, old: bytes | None = None) -> LedgerVerification:
    """Say what the ledger of a configuration proves, also by the checkpoints that lie elsewhere.

    Raises LedgerError where there is none.
    """
    found = LedgerVerification()
    try:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            stored = ((one.number, one.data) for one in ledger.log.read())
            _records(found, stored, lambda: "", trust, old)
            compare_elsewhere(found, settings, ledger.log, trust)
    except DamagedLedger as error:
        found.wrong.append(error.message)
    return found


def compare_elsewhere(found: LedgerVerification, settings: Settings, log: Log, trust: Trust | None) -> None:
    """Add whether the checkpoints that lie elsewhere, by the configuration, go on to the entries of a ledger."""
    if settings.proof is None or not settings.proof.checkpoints:
        return
    # Also by keys that are not trusted any more, or never were: what they signed contradicts the ledger just as well.
    keys = [*(VerifierKey.read(one.key) for one in checkpoints.keys(log)), *(trust.logs if trust is not None else ())]
    tree = Tree(log)
    held_against(found, all_kept(settings, found), keys, lambda size: tree.root(size) if size <= log.count else None)


def bring_in(file: str, url: str) -> tuple[LedgerVerification, int]:
    """Make a ledger of an export, where there is none yet; return what the export proves, and how many entries it had.

    One that contradicts its own checkpoints is left alone. Raises UsageError where there is a ledger.
    """
    try:
        with Path(file).open("rb") as opened:
            is_export = opened.read(1) == b"{"
    except OSError as error:
        why = os_reason(error)
        raise UsageError(f"{file} cannot be read: {why}", "Name a file that can.") from None
    if not is_export:
        raise UsageError(f"{file} is no export", "Name a file that drcheck ledger export wrote.")
    found = verify(file, None, None)
    if found.wrong:
        return found, 0
    with open_ledger(url) as ledger:
        if ledger.log.count:
            raise UsageError(f"{ledger.path} has entries already", "Name a new file under `ledger:` in drcheck.yaml.")
        lines = (data for _, data in _entries(Path(file), []))
        while several := [*islice(lines, _BATCH)]:
            ledger.log.append(several)
        ledger.rebuild()
        return found, ledger.log.count


def _newest(ledger: Ledger) -> tuple[str, Checkpoint]:
    if not (note := checkpoints.newest(ledger.log)):
        raise UsageError(
            "the ledger has no signed checkpoint yet", "`drcheck ledger keygen NAME` makes the key that signs each run."
        )
    return note, checkpoint_of(note)


def _export(found: LedgerVerification, path: Path, trust: Trust | None, old: bytes | None) -> None:
    ending: list[str] = []
    try:
        _records(found, _entries(path, ending), lambda: ending[0], trust, old)
    except Damaged as error:
        found.wrong.append(str(error))


def _entries(path: Path, ending: list[str]) -> Iterator[tuple[int, bytes]]:
    """Yield the entries of an export, and put its checkpoint into ``ending``; raises Damaged for what is no export."""
    number, count = 0, -1
    with path.open("rb") as opened:
        while line := opened.readline(_LONGEST):
            try:
                told = json.loads(line)
                if count < 0:
                    if told["format"] != FORMAT:
                        raise Damaged(f"it is no export: {FORMAT} is not what it begins with")
                    count = int(told["entries"])
                elif ending:
                    raise Damaged("something stands behind its end")
                elif "checkpoint" in told:
                    ending.append(str(told["checkpoint"]))
                else:
                    number += 1
                    if told["number"] != number:
                        raise Damaged(f"entry {number} is missing: entry {told['number']} stands there")
                    yield number, base64.b64decode(told["bytes"], validate=True)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise Damaged(f"line {number + 2} of the export cannot be read") from error
    if not ending or number != count:
        raise Damaged(f"it should have {count} entries and a checkpoint, and ends behind entry {number}")


def _records(
    found: LedgerVerification,
    entries: Iterable[tuple[int, bytes]],
    ending: Callable[[], str],
    trust: Trust | None,
    old: bytes | None,
) -> None:
    """Say what all entries of a ledger prove, by each checkpoint among them and by an older one from outside."""
    before = _read(found, old)
    peaks: list[tuple[int, bytes]] = []
    count, newest, changes, lost = 0, "", list[str](), list[str]()
    try:
        for number, data in entries:
            if before is not None and before.size == count:
                _goes_on(found, before, _root(peaks))
            if encoding.is_of(data, Checkpointed.KIND) or encoding.is_of(data, KeyTaken.KIND):
                told = encoding.decode(data)
                if isinstance(told, Checkpointed):
                    newest, its = told.note, checkpoint_of(told.note)
                    if (its.size, its.root) != (count, _root(peaks)):
                        found.wrong.append(f"the entries before {number} are not those that the checkpoint there signs")
                elif isinstance(told, KeyTaken):
                    changes += [told.change] if told.change else []
                    lost += [told.lost] if told.lost else []
            _add(peaks, merkle.leaf_hash(data))
            count = number
    except (LedgerError, Damaged, NotANote) as error:
        found.wrong.append(error.message if isinstance(error, LedgerError) else str(error))
        return
    if before is not None and before.size == count:
        _goes_on(found, before, _root(peaks))
    elif before is not None and before.size > count:
        found.wrong.append(f"there are {count} entries, and {before.size} were signed before: the last ones are gone")
    if (said := ending()) and said != newest:
        found.wrong.append("the checkpoint at its end is not its newest")
    if not newest:
        found.open.append("nothing in it is signed: it has no checkpoint")
        return
    head = ledger_verification.checkpoint(found, newest, trust, changes)
    if old is not None and before is not None:
        ledger_verification.checkpoint(found, old, trust, changes)
    found.noted += [f"a key was lost, and the next one follows by nobody's word: {why}" for why in lost]
    if head is not None and not found.wrong:
        found.held.append(f"the {head.size} entries in it are those over which the checkpoint was made")
        if behind := count - head.size - 1:
            found.noted.append(f"nobody has signed yet the {counted(behind, 'entry', 'entries')} behind them")


def _read(found: LedgerVerification, old: bytes | None) -> Checkpoint | None:
    try:
        return None if old is None else checkpoint_of(old)
    except NotANote as error:
        found.wrong.append(f"the older checkpoint is none: {error}")
        return None


def _goes_on(found: LedgerVerification, before: Checkpoint, root: bytes) -> None:
    if before.root == root:
        found.held.append(f"its first {before.size} entries are those that were signed before")
    else:
        found.wrong.append(f"its first {before.size} entries are not those that were signed before")


def _compare(found: LedgerVerification, head: Checkpoint, old: bytes, trust: Trust | None) -> None:
    """Compare two checkpoints without their entries: alone, only those of one size can contradict each other."""
    before = ledger_verification.checkpoint(found, old, trust)
    if before is None:
        return
    if (before.origin, before.size) != (head.origin, head.size):
        found.open.append(
            f"whether {head.size} entries of {head.origin} go on from {before.size} of {before.origin} is not proven: "
            "drcheck ledger prove --since makes the proof"
        )
    elif before.root == head.root:
        found.held.append("both are the same")
    else:
        found.wrong.append(f"two histories of {head.origin} were signed: their {head.size} entries differ")


def _what(data: bytes) -> str:
    """Return in words what an entry is."""
    try:
        kind, about = encoding.kind(data), encoding.about(data)
    except Damaged:
        return f"{len(data)} bytes that are no entry"
    return f"{kind!r} about {about.splitlines()[0] if about else 'nothing'!r}"


def _line(told: dict[str, object]) -> bytes:
    return f"{json.dumps(told)}\n".encode()


def _add(peaks: list[tuple[int, bytes]], leaf: bytes) -> None:
    """Put a leaf behind a tree that is known by its largest complete subtrees, each with its level."""
    level = 0
    while peaks and peaks[-1][0] == level:
        leaf = merkle.join(peaks.pop()[1], leaf)
        level += 1
    peaks.append((level, leaf))


def _root(peaks: list[tuple[int, bytes]]) -> bytes:
    if not peaks:
        return merkle.EMPTY
    found = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        found = merkle.join(left, found)
    return found
