"""Signed envelopes around statements, as supply chains exchange them: DSSE 1.0.2 with Ed25519.

https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md. What is signed begins with ``DSSEv1`` and a blank,
and no log's name has a blank: no envelope of ours can be taken for a checkpoint, though the same key may sign both.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Final

from drcheck.core.proof.notes import Forged, NotANote, SigningKey, VerifierKey, verify

IN_TOTO: Final = "application/vnd.in-toto+json"


def encoded(payload: bytes, kind: str = IN_TOTO) -> bytes:
    """Return what is signed of a payload (PAE)."""
    return b" ".join((b"DSSEv1", b"%d" % len(kind), kind.encode(), b"%d" % len(payload), payload))


def sealed(payload: bytes, key: SigningKey) -> str:
    """Return the envelope around a payload as a line of JSON, without its end."""
    signature = {"keyid": key_id(key.key), "sig": base64.b64encode(key.sign(encoded(payload))).decode()}
    return json.dumps(
        {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO, "signatures": [signature]}
    )


def opened(envelope: str | bytes, keys: Iterable[VerifierKey]) -> tuple[bytes, VerifierKey | None]:
    """Return what is in an envelope, and which of ``keys`` signed it; None: none of them did.

    Key ids are hints alone: each key is tried. Raises :class:`NotANote` for what is no envelope of a statement.
    """
    try:
        told = json.loads(envelope)
        payload = base64.b64decode(told["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in told["signatures"]]
        kind = told["payloadType"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotANote("it is no envelope of DSSE") from None
    if kind != IN_TOTO:
        raise NotANote("what is in the envelope is no statement of in-toto")
    for key in keys:
        for signature in signatures[:_MOST_SIGNATURES]:
            try:
                verify(key, signature, encoded(payload))
            except Forged:
                continue
            return payload, key
    return payload, None


def key_id(key: VerifierKey) -> str:
    """Return how envelopes hint at a key."""
    return f"{key.name}+{key.id.hex()}"


_MOST_SIGNATURES: Final = 10
