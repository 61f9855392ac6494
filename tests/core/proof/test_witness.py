"""What a witness answers, held against https://c2sp.org/tlog-witness line by line."""

from __future__ import annotations

import pytest

from drcheck.core.proof import merkle, witness
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension, checkpoint_of
from drcheck.core.proof.notes import COSIGNATURE, Forged, NotANote, Note, SigningKey, signed, signers

LOG = SigningKey("log.example/drcheck", bytes(range(32)))
OTHER = SigningKey("log.example/drcheck", bytes(range(1, 33)))
KEY = SigningKey("witness.example/w1", bytes(range(2, 34)), COSIGNATURE)
AT = 1_700_000_000


class Log:
    """A log of numbers, and what is asked for it."""

    def __init__(self, *leaves: int) -> None:
        self.hashes = [merkle.leaf_hash(b"%d" % leaf) for leaf in leaves]

    def node(self, level: int, index: int) -> bytes:
        return merkle.folded(self.hashes[index << level : (index + 1) << level])

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(LOG.key.name, size, merkle.root(size, self.node))

    def request(self, old: int, size: int, keys=(LOG,), proof=None) -> bytes:
        if proof is None:
            proof = merkle.consistency(old, size, self.node) if 0 < old <= size else ()
        return Extension(old, tuple(proof), signed(self.head(size).text, list(keys))).text.encode()


MANY = Log(*range(20))
FORK = Log(*range(10), *range(100, 110))


def ask(request: bytes, latest: Checkpoint | None = None, logs=(LOG.key,)) -> witness.Answer:
    return witness.add_checkpoint(request, logs, latest, KEY, AT)


def test_the_first_checkpoint_of_a_log_is_cosigned_and_kept() -> None:
    answer = ask(MANY.request(0, 7))
    assert answer.status == 200
    kept = Note.read(answer.kept)
    assert [(one.key, one.at) for one in signers(kept, [LOG.key, KEY.key])] == [(LOG.key, 0), (KEY.key, AT)]
    assert checkpoint_of(answer.kept) == MANY.head(7)
    assert witness.cosigned(signed(MANY.head(7).text, [LOG]), answer.body, KEY.key) == answer.body


@pytest.mark.parametrize(("old", "size"), [(7, 7), (7, 8), (7, 20), (0, 0), (0, 20)])
def test_what_goes_on_from_it_is_cosigned(old: int, size: int) -> None:
    assert ask(MANY.request(old, size), MANY.head(old) if old else None).status == 200


def test_an_unknown_log_is_404_and_another_key_of_it_403() -> None:
    assert ask(MANY.request(0, 7), logs=()).status == 404
    assert ask(MANY.request(0, 7, [OTHER])).status == 403
    assert ask(MANY.request(0, 7, [OTHER, LOG])).status == 200


def test_what_unknown_keys_signed_is_not_kept() -> None:
    assert OTHER.key.id not in {one.id for one in Note.read(ask(MANY.request(0, 7, [OTHER, LOG])).kept).signatures}


def test_a_signature_that_is_not_of_its_key_is_403() -> None:
    other = signed(MANY.head(8).text, [LOG]).rpartition("\n\n")[2]
    request = MANY.request(0, 7).decode().rpartition("\n\n")[0] + f"\n\n{other}"
    assert ask(request.encode()).status == 403


def test_an_old_size_above_that_of_the_checkpoint_is_400() -> None:
    assert ask(MANY.request(8, 7), MANY.head(8)).status == 400


@pytest.mark.parametrize(("old", "latest"), [(0, 7), (6, 7), (8, 7), (7, 0)])
def test_another_old_size_than_was_cosigned_is_409_with_that_size(old: int, latest: int) -> None:
    answer = ask(MANY.request(old, 10), MANY.head(latest) if latest else None)
    assert (answer.status, answer.body, answer.type, answer.kept) == (409, f"{latest}\n", "text/x.tlog.size", "")


def test_another_history_is_422_whatever_proof_comes_with_it() -> None:
    latest = MANY.head(15)
    for proof in (None, (), [bytes(32)], merkle.consistency(15, 20, MANY.node)):
        assert ask(FORK.request(15, 20, proof=proof), latest).status == 422
    assert ask(FORK.request(15, 20), FORK.head(15)).status == 200


def test_another_root_of_the_same_size_is_409() -> None:
    answer = ask(FORK.request(15, 15), MANY.head(15))
    assert (answer.status, answer.body, answer.type, answer.kept) == (409, "15\n", "text/x.tlog.size", "")
    empty = Extension(0, (), signed(Checkpoint(LOG.key.name, 0, bytes(32)).text, [LOG])).text.encode()
    assert ask(empty).status == 409


def test_a_proof_where_none_is_needed_is_422() -> None:
    assert ask(MANY.request(0, 7, proof=[bytes(32)])).status == 422
    assert ask(MANY.request(7, 7, proof=[bytes(32)]), MANY.head(7)).status == 422


@pytest.mark.parametrize(
    "request_",
    [
        b"", b"old 0\n", b"old 00\n\n", b"old x\n\n", b"new 0\n\n", b"\xff", b"old 0\n\nlog.example/drcheck\n7\n",
        MANY.request(0, 7).replace(b"old 0\n", b"old 0\nx\n"),
        MANY.request(0, 7).replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" * 64),
        MANY.request(0, 7)[:-1], b"old 0\n\n" + b"x" * (1 << 18),
        Extension(0, (bytes(32),) * 64, signed(MANY.head(7).text, [LOG])).text.encode(),
    ],
)  # fmt: skip
def test_what_is_no_request_is_400(request_: bytes) -> None:
    assert ask(request_).status == 400


def test_extension_lines_of_a_checkpoint_are_cosigned_with_it() -> None:
    text = f"{MANY.head(7).text}extension 1\n"
    answer = ask(Extension(0, (), signed(text, [LOG])).text.encode())
    assert signers(Note.read(f"{text}\n{answer.body}"), [KEY.key])[0].at == AT


def test_only_the_signature_of_the_witness_is_taken_out_of_an_answer() -> None:
    note = signed(MANY.head(7).text, [LOG])
    other = SigningKey("witness.example/w2", bytes(range(3, 35)), COSIGNATURE)
    good = KEY.line(MANY.head(7).text, AT)
    answer = f"nonsense\n{other.line(MANY.head(7).text, AT)}{good}"
    assert witness.cosigned(note, answer, KEY.key) == good
    for bad in ("", "nonsense\n", other.line(MANY.head(7).text, AT)):
        with pytest.raises(NotANote):
            witness.cosigned(note, bad, KEY.key)
    with pytest.raises(Forged):
        witness.cosigned(note, KEY.line(MANY.head(8).text, AT), KEY.key)
