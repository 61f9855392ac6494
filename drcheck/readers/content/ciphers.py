"""Whether a backup's own bytes are encrypted, as its first bytes tell.

Only the format is recognised, nothing is decrypted: a format that encrypts proves that whoever made it encrypted. A
well-known plain format proves the opposite, also where what it holds is ciphertext again: nobody can see into it. What
is of neither kind is not known, and never taken for ciphertext.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from drcheck.core.model.evidence import FactValue
from drcheck.readers.content import archives, openpgp

HEAD: Final = 4096
"""Bytes that are read of each backup: enough for every format here to show itself."""
UNKNOWN: Final = FactValue(None, "its first bytes are of no format that is known")

More = Callable[[int, int], bytes]
"""Reads a range of the same backup: offset, and how many bytes at most."""

_ENCRYPTED: Final = (
    (b"age-encryption.org/v1\n", "age"),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "age"),
    (b"Salted__", "openssl enc"),
    (b"U2FsdGVkX1", "openssl enc"),  # the same in base64
    (b"$ANSIBLE_VAULT;", "ansible-vault"),
    (b"RCLONE\x00\x00", "rclone crypt"),
)
_PLAIN: Final = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"PGDMP", "PostgreSQL custom dump"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"070701", "cpio"),
    (b"\x6d\xe2\x99\x81", "MongoDB archive"),
    (b"REDIS00", "Redis dump"),
)
_BZIP2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
_SQL: Final = re.compile(
    rb"(?:--(?!-)|/\*[!M]|(?:SET|BEGIN|START|CREATE|INSERT|DROP|USE|PRAGMA|COPY|ALTER|SELECT)\s)", re.IGNORECASE
)
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LUKS: Final = b"LUKS\xba\xbe"
_LARGEST_LUKS_HEADER: Final = 4 << 20
_ISO_9660: Final = 32 << 10
"""Where the first volume descriptor of an ISO image lies, behind a system area that is mostly empty."""


def encryption_of(head: bytes, size: int, more: More) -> FactValue:
    """Return whether the bytes of a backup of ``size`` bytes are encrypted; ``head`` are its first :data:`HEAD` ones.

    ``more`` is called only for formats that do not tell at their beginning, a few times, and whatever it raises is
    raised.
    """

    def within(offset: int, at_most: int) -> bytes:
        """Read no further than there is something, wherever the file says that there is."""
        return more(offset, min(at_most, size - offset)) if offset < size and at_most else b""

    for magic, name in _ENCRYPTED:
        if head.startswith(magic):
            return FactValue(True, name)
    if head.startswith(_LUKS):
        return _luks(head, within)
    if head.startswith(b"QFI\xfb") and len(head) >= 36:
        return FactValue(head[32:36] != bytes(4), "qcow2")
    if head.startswith(archives.ZIP):
        return archives.of_zip(size, within)
    if head.startswith(archives.SEVEN_ZIP):
        return archives.of_7z(head, size, within)
    if (plain := _plain(head, within)) is not None:
        return FactValue(False, plain)
    return openpgp.is_encrypted(head, size) or UNKNOWN


def _plain(head: bytes, more: More) -> str | None:
    """Return the well-known format that encrypts nothing, if it is one."""
    for magic, name in _PLAIN:
        if head.startswith(magic):
            return name
    if _BZIP2.match(head):
        return "bzip2"
    if head[257:263] in {b"ustar\x00", b"ustar "}:
        return "tar"
    if _SQL.match(head.lstrip(b"\xef\xbb\xbf \t\r\n")) and not _NO_TEXT.search(head):
        return "SQL"
    if len(head) == HEAD and not any(head) and more(_ISO_9660, 6)[1:] == b"CD001":
        return "ISO 9660"
    return None


def _luks(head: bytes, more: More) -> FactValue:
    """Judge a LUKS header: it can name a cipher that encrypts nothing, and LUKS2 can leave segments in plain."""
    version = int.from_bytes(head[6:8], "big")
    if version == 1:
        cipher = head[8:40].rstrip(b"\0").decode("ascii", "replace")
        return FactValue(not _is_null(cipher), f"LUKS1, {cipher}" if _is_null(cipher) else "LUKS1")
    if version != 2:
        return FactValue(None, f"LUKS of version {version} is not known")
    length = int.from_bytes(head[8:16], "big")
    if not HEAD < length <= _LARGEST_LUKS_HEADER:
        return FactValue(None, "its LUKS2 header is of no length that is known")
    try:
        area = json.loads(more(HEAD, length - HEAD).split(b"\0", 1)[0])
        segments = [(one["type"], one.get("encryption", "")) for one in area["segments"].values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return FactValue(None, "its LUKS2 header cannot be read")
    plain = [one for one in segments if one[0] != "crypt" or _is_null(one[1])]
    if not segments:
        return FactValue(None, "its LUKS2 header names no segment")
    return FactValue(False, "LUKS2 with a segment that is not encrypted") if plain else FactValue(True, "LUKS2")


def _is_null(cipher: str) -> bool:
    return str(cipher).startswith("cipher_null")
