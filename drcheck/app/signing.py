"""Signing: who signs the ledger here, and what goes elsewhere at the end of each run."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from drcheck import clock
from drcheck.core.proof.checkpoints import Checkpoint
from drcheck.core.proof.notes import Forged, NotANote, Note, SigningKey, VerifierKey, signers
from drcheck.errors import DrcheckError, OutputError, UsageError
from drcheck.ledger import checkpoints
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.output_files import put
from drcheck.settings import Proof, Settings

_MOST_BYTES: Final = 4096
_MODE: Final = 0o600
_COPY: Final = re.compile(r"[0-9]{20}\.checkpoint")


def read_key(file: str) -> SigningKey:
    """Return the private key in ``file``; raises UsageError where there is none, or others may read it."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123
            mode, data = stat.S_IMODE(os.fstat(opened.fileno()).st_mode), opened.read(_MOST_BYTES) or b""
    except FileNotFoundError:
        raise UsageError(
            f"there is no key {file} that could sign the ledger",
            "`drcheck ledger keygen NAME` makes the first one. If there was one, put it back; if it is lost, "
            "`drcheck ledger keygen --lost REASON` begins with another one and says so.",
        ) from None
    except OSError as error:
        why = (error.strerror or "error").lower()
        raise UsageError(f"the key {file} cannot be read: {why}", "Let the user that runs drcheck read it.") from None
    if mode & ~_MODE:
        raise UsageError(f"the key {file} may be read or written by others", f"chmod 600 {file}")
    try:
        return SigningKey.read(data.decode("ascii", "replace").strip())
    except NotANote as error:
        raise UsageError(f"{file}: {error}", "`drcheck ledger keygen NAME` makes one.") from None


def sign_off(ledger: Ledger, proof: Proof) -> tuple[str, DrcheckError | None]:
    """Sign all that the ledger holds, and return the checkpoint.

    Whatever is in the way comes back as an error, and is not raised: a run that cannot be signed is recorded all the
    same. Empty: nothing was signed.
    """
    try:
        return sign(ledger, proof), None
    except DrcheckError as error:
        return "", error


def sign(ledger: Ledger, proof: Proof) -> str:
    """Sign all that the ledger holds, put the checkpoint where it is kept as well, and return it.

    Raises UsageError for a key that cannot be used, and what :func:`drcheck.ledger.checkpoints.sign` raises.
    """
    key = read_key(proof.key)
    keys = [VerifierKey.read(one.key) for one in checkpoints.keys(ledger.log)]
    seen = [*_newest_copy(proof.checkpoints, [key.key, *keys])] if proof.checkpoints else []
    note = checkpoints.sign(ledger.log, key, clock.now(), seen)
    if proof.checkpoints:
        size = Checkpoint.read(Note.read(note).text).size
        _put_copy(note, proof.checkpoints, f"{size:020}.checkpoint")
    return note


def new_key(settings: Settings, name: str, *, replace: bool, lost: str) -> VerifierKey:
    """Make the key that signs from now on, and return what verifies its signatures.

    ``replace``: the key that is there hands over; ``lost``: why it cannot. Raises UsageError where that does not fit
    what is there.
    """
    if settings.proof is None:
        raise UsageError(
            "the configuration does not say where the key is", "Write `proof: {key: ledger.key}` into it first."
        )
    file = Path(settings.proof.key)
    if not (replace or lost):
        if not name:
            raise UsageError("the ledger needs a name", "Write it: drcheck ledger keygen backups.example.com/drcheck")
        key = _made(name)
        _put_key(file, key)
        return key.key
    with open_ledger(settings.ledger, must_exist=True) as ledger:
        before = checkpoints.keys(ledger.log)
        old = read_key(settings.proof.key) if replace else None
        key = _made(name or (before[-1].origin if before else ""))
        beside = file.with_name(f"{file.name}.new")
        _put_key(beside, key)
        try:
            checkpoints.change(ledger.log, key, clock.now(), old, lost)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        beside.replace(file)
    return key.key


def _made(name: str) -> SigningKey:
    try:
        return SigningKey(name, os.urandom(32))
    except NotANote as error:
        raise UsageError(
            str(error), "Take a name as backups.example.com/drcheck: it stands in every checkpoint."
        ) from None


def _put_key(file: Path, key: SigningKey) -> None:
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE), "w") as opened:  # noqa: PTH123
            opened.write(f"{key.text}\n")
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError:
        raise UsageError(
            f"{file} is there already", "Use --replace to change the key: it hands over to the new one."
        ) from None
    except OSError as error:
        why = (error.strerror or "error").lower()
        raise UsageError(
            f"{file} cannot be written: {why}", "Name another file under `proof:` in drcheck.yaml."
        ) from None


def _newest_copy(directory: str, keys: list[VerifierKey]) -> Iterator[Checkpoint]:
    """Yield the newest checkpoint that is kept elsewhere, if there is one; raises LedgerError for one that is none."""
    place = Path(directory)
    try:
        names = sorted(one.name for one in place.iterdir() if _COPY.fullmatch(one.name)) if place.exists() else []
        data = (place / names[-1]).read_bytes() if names else b""
    except OSError as error:
        why = (error.strerror or "error").lower()
        raise LedgerError(f"the checkpoints in {directory} cannot be read: {why}", "Nothing was signed.") from error
    if not names:
        return
    head = None
    with suppress(NotANote, Forged):
        note = Note.read(data)
        head = Checkpoint.read(note.text) if signers(note, keys) else None
    if head is None:
        raise LedgerError(
            f"{place / names[-1]} is no checkpoint that a key of this ledger signed",
            "Nothing was signed. Keep it for whoever looks into it, and name another directory under `proof:`.",
        )
    yield head


def _put_copy(note: str, directory: str, name: str) -> None:
    place = Path(directory)
    try:
        place.mkdir(parents=True, exist_ok=True)
        put([note.encode()], str(place / name))
    except (OSError, OutputError) as error:
        raise LedgerError(
            f"the checkpoint could not be put into {directory}: {error}", "It stands in the ledger all the same."
        ) from error
