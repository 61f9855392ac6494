"""Envelopes of DSSE, held against the protocol's own example and against what others could have made of one."""

from __future__ import annotations

import base64
import json

import pytest

from drcheck.core.proof.envelopes import encoded, opened, sealed
from drcheck.core.proof.notes import Forged, NotANote, Note, SigningKey, signed, signers

KEY = SigningKey("log.example/drcheck", bytes(range(32)))
OTHER = SigningKey("log.example/drcheck", bytes(range(1, 33)))


def test_what_is_signed_is_that_of_the_protocol() -> None:
    """https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md, test vectors."""
    assert encoded(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_gives_its_payload_and_who_signed_it() -> None:
    line = sealed(b'{"a":1}', KEY)
    assert opened(line, [OTHER.key, KEY.key]) == (b'{"a":1}', KEY.key)
    assert opened(line, [OTHER.key]) == (b'{"a":1}', None)
    assert opened(line, []) == (b'{"a":1}', None)


def test_no_payload_that_was_changed_is_signed() -> None:
    told = json.loads(sealed(b'{"a":1}', KEY))
    told["payload"] = base64.b64encode(b'{"a":2}').decode()
    assert opened(json.dumps(told), [KEY.key]) == (b'{"a":2}', None)


@pytest.mark.parametrize(
    "line",
    ["", "{}", "[]", "null", '{"payload": 1}', "[" * 100_000, '{"payload": "=", "payloadType": "x", "signatures": []}'],
)
def test_what_is_no_envelope_is_told(line: str) -> None:
    with pytest.raises(NotANote):
        opened(line, [KEY.key])


def test_an_envelope_of_something_else_is_no_statement() -> None:
    told = json.loads(sealed(b"{}", KEY)) | {"payloadType": "application/json"}
    with pytest.raises(NotANote, match="no statement"):
        opened(json.dumps(told), [KEY.key])


def test_neither_an_envelope_is_taken_for_a_checkpoint_nor_the_other_way_round() -> None:
    line = json.loads(sealed(b"{}", KEY))
    signature = base64.b64encode(KEY.key.id + base64.b64decode(line["signatures"][0]["sig"])).decode()
    text = encoded(b"{}").decode() + "\n"
    with pytest.raises(Forged):
        signers(Note.read(f"{text}\n— {KEY.key.name} {signature}\n"), [KEY.key])
    note = Note.read(signed("log.example/drcheck\n7\nAAAA\n", [KEY]))
    told = {**line, "signatures": [{"sig": base64.b64encode(note.signatures[0].data).decode()}]}
    assert opened(json.dumps(told), [KEY.key])[1] is None
