"""Asking witnesses: others who cosign each checkpoint, where it goes on from all that they have seen before.

https://c2sp.org/tlog-witness. They learn hashes and sizes, and nothing else. One that does not answer holds nothing up:
whoever verifies with a quorum finds that it is missing, and the next checkpoint is asked for again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from drcheck.app.posting import posted
from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension, checkpoint_of, number
from drcheck.core.proof.notes import Forged, NotANote, VerifierKey
from drcheck.core.proof.trust import Group, Trust
from drcheck.core.proof.witness import cosigned
from drcheck.errors import DrcheckError
from drcheck.settings import ProofSettings, Witnessed

DEADLINE: Final = 10
"""Seconds that all witnesses together may take, as the ledger is held meanwhile."""
_ROUND: Final = DEADLINE // 2
_OK: Final = 200
_CONFLICT: Final = 409
_NOT_PROVEN: Final = 422
_QUORUM: Final = "quorum-of-witnesses"


class _Answer(NamedTuple):
    status: int
    """0: none came."""
    body: str


def cosign(proof: ProofSettings, note: str, before: int, node: merkle.Node) -> tuple[str, list[DrcheckError]]:
    """Return a signed checkpoint with the cosignatures that came, and why others did not.

    ``before``: the size of the checkpoint before it, which witnesses are taken to have seen. ``node`` is of the tree.
    """
    head = checkpoint_of(note)
    old = dict.fromkeys(proof.witnesses, before)
    answers = _round(note, head, old, node)
    sizes = {one: _size_of(answer, head) for one, answer in answers.items()}
    again = {one: size for one, size in sizes.items() if size is not None and size != old[one]}
    answers |= _round(note, head, again, node)
    old |= again
    errors: list[DrcheckError] = []
    lines = []
    for one, answer in answers.items():
        try:
            if answer.status == _OK:
                lines.append(cosigned(note, answer.body, VerifierKey.read(one.key)))
                continue
            why = _why(answer, head, old[one])
        except (NotANote, Forged) as error:
            why = str(error)
        errors.append(DrcheckError(f"the witness {one.name} has not cosigned the checkpoint: {why}", _HINT))
    if errors and len(lines) < proof.quorum:
        came = f"{len(lines)} of {len(proof.witnesses)} witnesses have cosigned, and {proof.quorum} must"
        errors.append(DrcheckError(f"{came}: whoever asks for that many verifies no checkpoint of this night", _HINT))
    return note + "".join(lines), errors


def policy_of(key: VerifierKey, proof: ProofSettings | None) -> Trust:
    """Return the tlog-policy of those who trust ``key``, and the witnesses of the configuration.

    Raises :class:`NotANote` where two witnesses have one key.
    """
    if proof is None or not proof.witnesses:
        return Trust.of(key)
    witnesses = {one.name: VerifierKey.read(one.key) for one in proof.witnesses}
    return Trust.checked((key,), witnesses, {_QUORUM: Group(proof.quorum, tuple(witnesses))}, _QUORUM)


def _round(note: str, head: Checkpoint, olds: dict[Witnessed, int], node: merkle.Node) -> dict[Witnessed, _Answer]:
    """Ask several witnesses at once, each by the size that it has seen."""
    asked = {}
    for one, old in olds.items():
        hashes = merkle.consistency(old, head.size, node) if old > 0 else ()
        request = Extension(old, tuple(hashes), note).text.encode()
        asked[one] = posted(one.url, "/add-checkpoint", request, "text/plain", _ROUND)
    answers = {one: answer() for one, answer in asked.items()}
    return {
        one: _Answer(answer.status, answer.body.decode("utf-8", "replace") if answer.status else answer.why)
        for one, answer in answers.items()
    }


def _size_of(answer: _Answer, head: Checkpoint) -> int | None:
    """Return how many entries a witness has seen, where that is told and the checkpoint has as many; else None."""
    if answer.status != _CONFLICT:
        return None
    try:
        size = number(answer.body.removesuffix("\n"))
    except NotANote:
        return None
    return size if size <= head.size else None


def _why(answer: _Answer, head: Checkpoint, old: int) -> str:
    """Return why a witness did not cosign, that was told of ``old`` entries that it has seen."""
    match answer.status:
        case 0:
            return answer.body
        case 409:
            try:
                seen = number(answer.body.removesuffix("\n"))
            except NotANote:
                if old == head.size:  # it need not tell a size where it is the root that differs
                    return _FORK
                return "it says that it has seen another size, and not which"
            if seen > head.size:
                return (
                    f"it has seen {seen} entries, and the ledger has {head.size}: it was rolled back to an older copy, "
                    "or somebody else signs with its key"
                )
            if seen == old == head.size:
                return _FORK
            return f"it says that it has seen {seen} entries, and does not go on from there"
        case 422:
            return _FORK
        case 403 | 404:
            return "it does not know the ledger, or its key"
        case other:
            return f"it answered with {other}"


_FORK: Final = "it has seen another history of this ledger: two were signed with its key"
_HINT: Final = "The next run asks again; what it signs covers this checkpoint."
