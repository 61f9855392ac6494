"""OpenPGP messages (RFC 9580, and LibrePGP's packet 20): encrypted, or only signed, compressed or stored.

One byte says what kind of packet comes first, and every eighth random byte could. So a packet counts only if its body
begins as the standard says that such a body begins, and its length fits the file.
"""

from __future__ import annotations

import binascii
import re
import zlib
from typing import Final, NamedTuple

from drcheck.core.model.evidence import FactValue

_ARMOR: Final = b"-----BEGIN PGP MESSAGE-----"
_SIGNED_TEXT: Final = (b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----")
_MARKER: Final = 10
_PADDING: Final = 21
_SESSION_KEYS: Final = {1: "public key", 3: "passphrase"}
"""Packets that hold the session key, encrypted (section 5.1, 5.3)."""
_ENCRYPTED: Final = frozenset({9, 18, 20})
"""Encrypted data without, and with, integrity protection; and LibrePGP's (sections 5.7, 5.13)."""
_SYMMETRIC: Final = frozenset({1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13})
_PUBLIC_KEY: Final = frozenset({1, 2, 8, 16, 18, 20, 25, 26})
_SIGNING: Final = frozenset({1, 3, 17, 19, 22, 27, 28})
_HASHES: Final = frozenset({1, 2, 3, 8, 9, 10, 11, 12, 14})
_S2K: Final = frozenset({0, 1, 3, 4})
_LONGEST_KEY: Final = 4096
"""Bytes of an encrypted session key: RSA of 8,192 bits takes a quarter of it, ML-KEM half."""
_PARTIAL_AT_LEAST: Final = 512
"""Bytes: the shortest first part of a body whose length is not known beforehand (section 4.2.1.4)."""


class _Packet(NamedTuple):
    tag: int
    body: bytes
    """As far as it was read."""
    end: int | None
    """Offset of what follows; None: its length is not told, or it comes in parts."""


def is_encrypted(head: bytes, size: int) -> FactValue | None:
    """Return whether a file that begins with ``head`` is an encrypted OpenPGP message; None: it is none at all.

    ``size`` is the whole file's.
    """
    if head.startswith(_SIGNED_TEXT):
        return FactValue(False, "OpenPGP, signed only")
    if head.startswith(_ARMOR):
        head, size = _unarmored(head), 0
        return _message(head, None) or FactValue(None, "its OpenPGP armor holds no message that is known")
    return _message(head, size)


def _message(data: bytes, size: int | None) -> FactValue | None:
    """Judge the packets of a message; ``size`` is None where the whole length is not known."""
    at, keys = 0, set[str]()
    while (packet := _packet(data, at)) is not None and _fits(packet, size):
        if packet.tag in _ENCRYPTED:
            alone = _is_encrypted_data(packet) and _is_last(packet, size)
            return FactValue(True, _how(keys)) if keys or alone else None
        if packet.tag in _SESSION_KEYS and _is_session_key(packet) and packet.end is not None:
            if packet.end - at > _LONGEST_KEY:
                return None
            keys.add(_SESSION_KEYS[packet.tag])
        elif keys:
            return None  # a session key is followed by what it opens, never by this
        elif packet.tag not in {_MARKER, _PADDING}:
            return FactValue(False, plain) if (plain := _plain(packet, size)) else None
        elif packet.tag == _MARKER and packet.body != b"PGP":
            return None
        if packet.end is None:
            return None
        at = packet.end
        if at >= len(data):
            # The head ends here: many recipients; a file that ends with its session keys holds no message.
            return FactValue(True, _how(keys)) if keys and (size is None or at < size) else None
    return None


def _how(keys: set[str]) -> str:
    return f"OpenPGP, {' and '.join(sorted(keys))}" if keys else "OpenPGP"


def _packet(data: bytes, at: int) -> _Packet | None:
    """Return the packet that begins at ``at`` (section 4.2); None if none does."""
    if at >= len(data) or not data[at] & 0x80:
        return None
    first = data[at]
    if first & 0x40:
        tag, length, begins = first & 0x3F, *_new_length(data, at + 1)
    else:
        tag, octets = first >> 2 & 0x0F, (1, 2, 4, 0)[first & 3]
        begins = at + 1 + octets
        length = int.from_bytes(data[at + 1 : begins], "big") if octets else None
    if begins >= len(data):
        return None
    end = None if length is None else begins + length
    return _Packet(tag, data[begins:end], end)


def _new_length(data: bytes, at: int) -> tuple[int | None, int]:
    """Return the length that stands at ``at`` in the newer form, None for one in parts, and where the body begins."""
    first = data[at] if at < len(data) else 0
    if first < 192:  # the bounds of section 4.2.1
        return first, at + 1
    if first < 224:
        return (first - 192 << 8) + int.from_bytes(data[at + 1 : at + 2], "big") + 192, at + 2
    if first == 255:
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5
    return (None, at + 1) if 1 << (first & 0x1F) >= _PARTIAL_AT_LEAST else (0, len(data))


def _fits(packet: _Packet, size: int | None) -> bool:
    """Return whether a packet ends within the file, and holds anything."""
    return bool(packet.body) and (packet.end is None or size is None or packet.end <= size)


def _is_last(packet: _Packet, size: int | None) -> bool:
    """Return whether a packet can end where the file does."""
    return packet.end is None or size is None or packet.end == size


def _is_session_key(packet: _Packet) -> bool:
    body = packet.body
    match packet.tag, body[0]:
        case 1, (2 | 3):
            return len(body) > 10 and body[9] in _PUBLIC_KEY  # version, key id, algorithm
        case 1, 6:
            named = body[1] if len(body) > 1 else 0  # octets of key version and fingerprint; 0: anonymous
            return len(body) > named + 2 and named in {0, 21, 33} and body[named + 2] in _PUBLIC_KEY
        case 3, 4:
            return len(body) > 3 and body[1] in _SYMMETRIC and body[2] in _S2K  # version, cipher, s2k
        case 3, 5:
            return len(body) > 4 and body[1] in _SYMMETRIC and body[2] in {1, 2, 3} and body[3] in _S2K
        case 3, 6:
            return len(body) > 5 and body[2] in _SYMMETRIC and body[3] in {1, 2, 3}  # and two lengths
        case _:
            return False


def _is_encrypted_data(packet: _Packet) -> bool:
    """Judge encrypted data that no session key stands before; without integrity protection nothing tells it."""
    body = packet.body
    match packet.tag, body[0]:
        case 18, 1:
            return True
        case (18, 2) | (20, 1):
            return len(body) > 3 and body[1] in _SYMMETRIC and body[2] in {1, 2, 3} and body[3] <= 16
        case _:
            return False


def _plain(packet: _Packet, size: int | None) -> str | None:
    """Return what a packet that encrypts nothing is, if it truly is one."""
    body = packet.body
    match packet.tag:
        case 2 if packet.end is not None and _is_signature(body):
            return "OpenPGP, a signature"
        case 4 if packet.end is not None and body[0] in {3, 6} and body[1:2] in {b"\x00", b"\x01"}:
            return "OpenPGP, signed only" if len(body) > 3 and body[2] in _HASHES and body[3] in _SIGNING else None
        case 8 if _is_compressed(body) and _is_last(packet, size):
            return "OpenPGP, compressed only"
        case 11 if _is_literal(body) and _is_last(packet, size):
            return "OpenPGP, stored only"
        case _:
            return None


def _is_signature(body: bytes) -> bool:
    """Return whether a signature packet (section 5.2) names algorithms that exist."""
    if body[0] == 3:
        return len(body) > 16 and body[1] == 5 and body[15] in _SIGNING and body[16] in _HASHES
    return body[0] in {4, 6} and len(body) > 3 and body[2] in _SIGNING and body[3] in _HASHES


def _is_literal(body: bytes) -> bool:
    """Return whether a literal packet (section 5.9) has a format, a name that is text, and a date."""
    if len(body) < 2 or body[0] not in b"btu" or len(body) < 6 + body[1]:
        return False
    try:
        return body[2 : 2 + body[1]].decode().isprintable()
    except UnicodeDecodeError:
        return False


def _is_compressed(body: bytes) -> bool:
    """Return whether a compressed packet (section 5.6) opens to a packet."""
    try:
        match body[0]:
            case 1:
                opened = zlib.decompressobj(-zlib.MAX_WBITS).decompress(body[1:], 1)
            case 2:
                opened = zlib.decompressobj().decompress(body[1:], 1)
            case 3:
                return body[1:4] == b"BZh"
            case _:
                return False
    except zlib.error:
        return False
    return bool(opened) and bool(opened[0] & 0x80)


def _unarmored(head: bytes) -> bytes:
    """Return the bytes that the armored text at the beginning of a file stands for (section 6.2)."""
    headers, _, text = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    del headers
    code = re.sub(rb"\s", b"", re.split(rb"\n=|-----", text)[0])
    try:
        return binascii.a2b_base64(code[: len(code) // 4 * 4])
    except binascii.Error:
        return b""
