"""How an entry of the ledger is written as bytes, and read again.

An entry's bytes are CBOR (RFC 8949, section 4.2.1: the same value always becomes the same bytes): an array of the
kind (text), what the entry is about (text: a service, a source, a run), and a map of its facts. A large map stands
there as a byte string that holds the map compressed (zlib, RFC 1950). Instants are whole seconds since the epoch.

Keys whose value is empty, zero, false or null are left out, so that a kind can get new keys: what has none of them
reads as it always did. Names that are not valid UTF-8, which Python shows with lone surrogates, are byte strings in
which each surrogate is encoded like any other character. docs/ledger.md has all of it for readers in other languages.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, get_args

import cbor2

from drcheck.ledger.entries import Entry
from drcheck.ledger.look_columns import Damaged, read_text, without_empty, writable_text

_COMPRESSED_FROM: Final = 256
"""Bytes of a map from which on it is compressed: smaller ones would hardly shrink."""
_LEVEL: Final = 6
_MOST: Final = 1 << 31
"""Bytes that a compressed map may become: what claims to hold more is damaged, or meant to fill the memory."""
_UNREADABLE: Final = (
    ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, cbor2.CBORDecodeError,
    zlib.error,
)  # fmt: skip
"""What reading bytes that are no entry raises: the library's own errors, and those of values of other types."""
_KINDS: Final[Mapping[str, type[Entry]]] = {kind.KIND: kind for kind in get_args(Entry)}


def encode(entry: Entry) -> bytes:
    """Return the bytes of an entry."""
    body = cbor2.dumps(without_empty(entry.facts()), canonical=True)
    if len(body) >= _COMPRESSED_FROM:
        body = cbor2.dumps(zlib.compress(body, _LEVEL), canonical=True)
    return _header(entry.KIND, entry.about) + body


def decode(data: bytes) -> Entry:
    """Return the entry that :func:`encode` made these bytes of; raises :class:`Damaged`."""
    try:
        kind, about, facts = cbor2.loads(data)
        if isinstance(facts, bytes):
            unpacked = zlib.decompressobj()
            facts = cbor2.loads(unpacked.decompress(facts, _MOST))
            if not unpacked.eof or unpacked.unused_data:
                raise Damaged("its compressed part does not end where it must")
        if not isinstance(about, str | bytes) or not isinstance(facts, dict):
            raise Damaged("it is about no text, or its facts are no map")
        return _KINDS[kind].read(read_text(about), facts)
    except _UNREADABLE as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def kind(data: bytes) -> str:
    """Return the kind of an entry's bytes, without reading the rest of it; raises :class:`Damaged`."""
    return _head(data)[0]


def about(data: bytes) -> str:
    """Return what an entry's bytes are about, without reading the rest of it; raises :class:`Damaged`."""
    return _head(data)[1]


def is_of(data: bytes, kind: str) -> bool:
    """Return whether an entry's bytes are of that kind."""
    return data.startswith(_kind(kind))


def _head(data: bytes) -> tuple[str, str]:
    decoder = cbor2.CBORDecoder(io.BytesIO(data[1:]))  # behind the head of the array
    try:
        return read_text(decoder.decode()), read_text(decoder.decode())
    except _UNREADABLE as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def _header(kind: str, about: str) -> bytes:
    return _kind(kind) + cbor2.dumps(writable_text(about), canonical=True)


@lru_cache
def _kind(kind: str) -> bytes:
    array_of_three = b"\x83"
    return array_of_three + cbor2.dumps(kind, canonical=True)
