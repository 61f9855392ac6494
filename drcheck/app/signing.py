"""Signing: who signs the ledger here, and what goes elsewhere at the end of each run."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from drcheck import clock
from drcheck.app import kept_checkpoints
from drcheck.app.kept_checkpoints import Contradicted
from drcheck.app.timestamps import stamp
from drcheck.core.proof.checkpoint_text import Checkpoint, checkpoint_of
from drcheck.core.proof.notes import COSIGNATURE, ED25519, NotANote, SigningKey, VerifierKey
from drcheck.errors import DrcheckError, UsageError, os_reason
from drcheck.ledger import checkpoints
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.ledger.tree import Tree
from drcheck.settings import Settings

_MOST_BYTES: Final = 4096
_MODE: Final = 0o600


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
        why = os_reason(error)
        raise UsageError(f"the key {file} cannot be read: {why}", "Let the user that runs drcheck read it.") from None
    if mode & ~_MODE:
        raise UsageError(f"the key {file} may be read or written by others", f"chmod 600 {file}")
    try:
        return SigningKey.read(data.decode("ascii", "replace").strip())
    except NotANote as error:
        raise UsageError(f"{file}: {error}", "`drcheck ledger keygen NAME` makes one.") from None


class Signed(NamedTuple):
    """What signing came to."""

    note: str = ""
    """The checkpoint; empty: nothing was signed."""
    errors: tuple[DrcheckError, ...] = ()
    """What was in the way, and which places could not be reached."""


def sign_off(ledger: Ledger, settings: Settings) -> Signed:
    """Sign all that the ledger holds.

    Whatever is in the way comes back as an error, and is not raised: a run that cannot be signed is recorded all the
    same.
    """
    try:
        return sign(ledger, settings)
    except DrcheckError as error:
        return Signed(errors=(error,))


def sign(ledger: Ledger, settings: Settings) -> Signed:
    """Sign all that the ledger holds, put the checkpoint where it is kept as well, and return it.

    A place that cannot be reached is told, and hinders nothing. Raises UsageError for a key that cannot be used, and
    what :func:`drcheck.ledger.checkpoints.sign` raises.
    """
    if settings.proof is None:
        raise UsageError("the configuration names no key", "Write `proof: {key: ledger.key}` into it.")
    proof = settings.proof
    key = read_key(proof.key)
    keys = [VerifierKey.read(one.key) for one in checkpoints.keys(ledger.log)]
    before = checkpoints.newest(ledger.log)
    upto = checkpoint_of(before).size if before else 0
    errors: list[DrcheckError] = []
    seen: list[Checkpoint] = []
    reached: list[kept_checkpoints.Place] = []
    with kept_checkpoints.pool_of(settings) as pool:
        for opened in kept_checkpoints.places(settings, pool):
            try:
                place = opened()
                newest = kept_checkpoints.newest(place, upto, [key.key, *keys])
            except Contradicted:
                raise
            except DrcheckError as error:
                errors.append(error)
                continue
            reached.append(place)
            seen += [] if newest is None else [newest]

        def cosigned(note: str, tree: Tree) -> str:
            if not proof.witnesses:
                return note
            from drcheck.app.cosigning import cosign  # what nobody without witnesses needs

            made, missing = cosign(proof, note, upto, tree.node)
            errors.extend(missing)
            return made

        note = checkpoints.sign(ledger.log, key, clock.now(), seen, cosigned)
        if proof.timestamp:
            try:
                stamp(ledger.log, proof.timestamp, note)
            except DrcheckError as error:
                errors.append(error)
        for place in reached:
            try:
                kept_checkpoints.put(place, note)
            except DrcheckError as error:
                errors.append(error)
    return Signed(note, tuple(errors))


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


def new_witness_key(name: str, file: str) -> VerifierKey:
    """Make the key of a witness in ``file``, and return what verifies its cosignatures; replaces nothing."""
    key = _made(name, COSIGNATURE)
    _put_key(Path(file), key)
    return key.key


def log_keys(key: str) -> tuple[VerifierKey, ...]:
    """Return the public keys of ledgers that ``key`` names: one, or a file with one or a tlog-policy."""
    from drcheck.app.proof import trust_of  # it loads what no run needs

    trust = trust_of(key)
    return () if trust is None else trust.logs


def _made(name: str, kind: int = ED25519) -> SigningKey:
    try:
        return SigningKey(name, os.urandom(32), kind)
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
        why = os_reason(error)
        raise UsageError(
            f"{file} cannot be written: {why}", "Name another file under `proof:` in drcheck.yaml."
        ) from None
