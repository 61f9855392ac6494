"""What a witness answers: C2SP's tlog-witness, exactly, without the server around it.

https://c2sp.org/tlog-witness. A witness cosigns a checkpoint only where it goes on from all that it cosigned before of
the same log, so that nobody can show one history to it and another one to somebody else with its signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension
from drcheck.core.proof.notes import Forged, NotANote, Note, SigningKey, VerifierKey, signers

MOST_BYTES: Final = 1 << 17
"""Of a request: 63 hashes of a proof, and a checkpoint with its signatures."""
SIZE_TYPE: Final = "text/x.tlog.size"


class Answer(NamedTuple):
    """What is answered, and what is kept from then on."""

    status: int
    """Of HTTP."""
    body: str
    origin: str = ""
    kept: str = ""
    """The checkpoint with the log's signatures and the cosignature, to be kept in place of the one before; empty:
    nothing is."""
    type: str = "text/plain; charset=utf-8"


def origin_of(request: bytes) -> str:
    """Return the log that a request is about; raises :class:`NotANote` for what is no request."""
    return _read(request)[2].origin


def add_checkpoint(
    request: bytes, logs: Iterable[VerifierKey], latest: Checkpoint | None, key: SigningKey, at: int
) -> Answer:
    """Return the answer to a request to cosign.

    ``logs``: the keys of all logs that are witnessed. ``latest``: the newest checkpoint of this log that was cosigned;
    None: none was. ``key`` cosigns, ``at`` an instant in seconds since 1970.
    """
    try:
        proof, note, head = _read(request)
    except NotANote as error:
        return Answer(400, f"{error}\n")
    keys = [one for one in logs if one.name == head.origin]
    if not keys:
        return Answer(404, "this log is not witnessed here\n")
    try:
        signed = {(one.key.name, one.key.id) for one in signers(note, keys)}
    except Forged as error:
        return Answer(403, f"{error}\n")
    if not signed:
        return Answer(403, "no key of this log that is trusted here signed it\n")
    if proof.old > head.size:
        return Answer(400, "the old size is larger than that of the checkpoint\n")
    size, root = (latest.size, latest.root) if latest is not None else (0, merkle.EMPTY)
    if proof.old != size:
        return Answer(409, f"{size}\n", type=SIZE_TYPE)
    if size == head.size and root != head.root and not proof.hashes:
        return Answer(409, f"{size}\n", type=SIZE_TYPE)
    if not merkle.extends(size, root, head.size, head.root, proof.hashes):
        return Answer(422, "it is not proven to go on from the checkpoint that was cosigned before\n")
    cosignature = key.line(note.text, at)
    by_log = "".join(
        line
        for one, line in zip(note.signatures, _signature_lines(proof.checkpoint), strict=True)
        if (one.name, one.id) in signed
    )
    return Answer(200, cosignature, head.origin, f"{note.text}\n{by_log}{cosignature}")


def cosigned(note: str, answer: str, witness: VerifierKey) -> str:
    """Return the signature line of a witness out of its answer; raises :class:`NotANote` where it has none.

    What others signed is passed over. Raises :class:`Forged` for a signature that is not the witness's.
    """
    text = Note.read(note).text
    for line in answer.split("\n")[:-1]:
        try:
            alone = Note.read(f"{text}\n{line}\n")
        except NotANote:
            continue
        if signers(alone, [witness]):
            return f"{line}\n"
    raise NotANote("it did not answer with its signature")


def place_of(origin: str) -> str:
    """Return the name under which the newest checkpoint of a log is shown to monitors."""
    return sha256(origin.encode()).hexdigest()


def _read(request: bytes) -> tuple[Extension, Note, Checkpoint]:
    if len(request) > MOST_BYTES:
        raise NotANote("it is too long")
    try:
        proof = Extension.read(request.decode())
    except UnicodeDecodeError:
        raise NotANote("it is not UTF-8") from None
    note = Note.read(proof.checkpoint)
    return proof, note, Checkpoint.read(note.text)


def _signature_lines(note: str) -> Sequence[str]:
    return [f"{line}\n" for line in note.rpartition("\n\n")[2].removesuffix("\n").split("\n")]
