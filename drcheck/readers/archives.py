"""Whether every file in a zip or 7z archive is encrypted, as its directory tells.

The directory stands at the end of both, so its place and length are read first, then no more than the directory.
"""

from __future__ import annotations

import lzma
import struct
from collections.abc import Callable
from typing import Final

from drcheck.core.evidence import Told

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""An archive that begins with a file, or that is empty."""
SEVEN_ZIP: Final = b"7z\xbc\xaf\x27\x1c"

_LARGEST_DIRECTORY: Final = 4 << 20
"""Bytes; a hundred bytes a file or less: more is not read."""
_TAIL: Final = 66 << 10
"""Bytes at the end of a zip that can hold the record of its directory, behind it a comment of up to 64 KiB."""
_WINZIP_AES: Final = 99
"""The method that stands for WinZip's AES; the true one and the key's length are in the extra field 0x9901."""
_STRENGTHS: Final = {1: "AES-128", 2: "AES-192", 3: "AES-256"}
_WEAK: Final = "traditional PKWARE encryption, which is weak"

_AES: Final = bytes.fromhex("06f10701")
_LZMA: Final = bytes.fromhex("030101")
_COPY: Final = b"\x00"
_NESTED: Final = 4
"""Headers within headers that are opened; 7-Zip makes one."""

More = Callable[[int, int], bytes]


def of_zip(size: int, more: More) -> Told:
    """Judge the zip archive of ``size`` bytes by its central directory (PKWARE's APPNOTE, section 4.3)."""
    start = max(0, size - _TAIL)
    tail = more(start, _TAIL)
    where = _directory_of(tail, start, more)
    if where is None:
        return Told(None, "its zip directory is not found")
    offset, length, count = where
    if length > _LARGEST_DIRECTORY:
        return Told(None, f"its zip directory of {length} bytes is too large to be read")
    directory = tail[offset - start :][:length] if offset >= start else more(offset, length)
    try:
        entries = _zip_entries(directory, count)
    except (struct.error, ValueError):
        return Told(None, "its zip directory cannot be read")
    plain = entries.count(None)
    if plain or not entries:
        return Told(False, f"zip, {plain} of {len(entries)} files not encrypted" if entries else "zip without files")
    kinds = {kind for kind in entries if kind}
    return Told(True, f"zip, {_WEAK if _WEAK in kinds else ' and '.join(sorted(kinds))}")


def _directory_of(tail: bytes, start: int, more: More) -> tuple[int, int, int] | None:
    """Return offset, length and number of entries of a zip's central directory, from the record at its end."""
    at = tail.rfind(b"PK\x05\x06")
    # The comment runs to the file's end: a record that ends elsewhere is of something else, or the file is cut short.
    while at >= 0 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        return None
    count, length, offset = struct.unpack_from("<HII", tail, at + 10)
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # the length of zip64's locator
        (record,) = struct.unpack_from("<Q", tail, at - 12)
        zip64 = tail[record - start :][:56] if record >= start else more(record, 56)
        if zip64[:4] != b"PK\x06\x06" or len(zip64) < 56:
            return None
        count, length, offset = struct.unpack_from("<QQQ", zip64, 32)
    return offset, length, count


def _zip_entries(directory: bytes, count: int) -> list[str | None]:
    """Return how each file that holds data is encrypted, None for plain; raises ValueError if it makes no sense."""
    entries: list[str | None] = []
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != b"PK\x01\x02":
            raise ValueError(at)
        flags, method = struct.unpack_from("<HH", directory, at + 8)
        (size,) = struct.unpack_from("<I", directory, at + 24)
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        if size:  # directories and empty files hold nothing
            entries.append(_zip_cipher(flags, method, directory[at + 46 + name :][:extra]))
        at += 46 + name + extra + comment
    return entries


def _zip_cipher(flags: int, method: int, extra: bytes) -> str | None:
    if not flags & 1:
        return None
    if method != _WINZIP_AES:
        return "strong encryption" if flags & 0x40 else _WEAK
    at = 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        if field == 0x9901 and length >= 5:  # version, vendor, strength
            return _STRENGTHS.get(extra[at + 8], "AES")
        at += 4 + length
    return "AES"


def of_7z(head: bytes, size: int, more: More) -> Told:
    """Judge the 7z archive of ``size`` bytes by its header, which its first 32 bytes point to (7zFormat.txt)."""
    if len(head) < 32:
        return Told(None, "its 7z signature is cut short")
    offset, length = struct.unpack_from("<QQ", head, 12)
    if length == 0:
        return Told(False, "7z without files")
    if 32 + offset + length > size:
        return Told(None, "its 7z header lies beyond its end")
    if length > _LARGEST_DIRECTORY:
        return Told(None, f"its 7z header of {length} bytes is too large to be read")
    header = more(32 + offset, length)
    try:
        for _ in range(_NESTED):
            parser = _SevenZip(header)
            kind = parser.byte()
            if kind == 0x01:
                return _of_folders(parser.main_streams())
            if kind != 0x17:  # an encoded header
                break
            position, packed, folders = parser.streams()
            (coders, unpacked), *_ = folders
            if _is_aes(coders):
                return Told(True, "7z, AES-256, names too")
            header = _opened(more(32 + position, min(packed, _LARGEST_DIRECTORY)), coders, unpacked)
    except (ValueError, IndexError, lzma.LZMAError):
        pass
    return Told(None, "its 7z header cannot be read")


_Coders = list[tuple[bytes, bytes]]
"""Method and properties of each."""


def _is_aes(coders: _Coders) -> bool:
    return any(method == _AES for method, _ in coders)


def _of_folders(folders: list[tuple[_Coders, int]]) -> Told:
    plain = sum(not _is_aes(coders) for coders, _ in folders)
    if plain or not folders:
        return Told(False, f"7z, {plain} of {len(folders)} streams not encrypted" if folders else "7z without data")
    return Told(True, "7z, AES-256")


def _opened(packed: bytes, coders: _Coders, unpacked: int) -> bytes:
    """Return a header that 7-Zip has compressed; raises ValueError where it cannot be, or is too large."""
    if unpacked > _LARGEST_DIRECTORY or len(coders) != 1:
        raise ValueError(unpacked)
    method, properties = coders[0]
    if method == _COPY:
        return packed[:unpacked]
    if method != _LZMA or len(properties) != 5:
        raise ValueError(method)
    bits = properties[0]
    chosen = {
        "id": lzma.FILTER_LZMA1, "lc": bits % 9, "lp": bits // 9 % 5, "pb": bits // 45,
        # no larger than what is unpacked, whatever the archive asks for
        "dict_size": max(4096, min(int.from_bytes(properties[1:], "little"), _LARGEST_DIRECTORY)),
    }  # fmt: skip
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen]).decompress(packed, unpacked)


class _SevenZip:
    """Reads the structures of a 7z header, as far as they tell its coders; raises ValueError or IndexError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise ValueError(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def _number(self) -> int:
        """Read a number whose first byte's leading ones say how many bytes follow."""
        first, value, mask = self.byte(), 0, 0x80
        for index in range(8):
            if not first & mask:
                return value | (first & mask - 1) << 8 * index
            value |= self.byte() << 8 * index
            mask >>= 1
        return value

    def _count(self) -> int:
        """Read how many of something follow: no more than there are bytes."""
        count = self._number()
        if count > len(self._data):
            raise ValueError(count)
        return count

    def _expect(self, kind: int) -> None:
        if self.byte() != kind:
            raise ValueError(kind)

    def main_streams(self) -> list[tuple[_Coders, int]]:
        """Read a header's streams of files: none where it has none (empty files only)."""
        kind = self.byte()
        if kind == 0x02:  # the archive's properties
            while self._number():
                self._bytes(self._number())
            kind = self.byte()
        if kind == 0x03:  # additional streams
            self.streams()
            kind = self.byte()
        return self.streams()[2] if kind == 0x04 else []  # main streams

    def streams(self) -> tuple[int, int, list[tuple[_Coders, int]]]:
        """Read where the packed streams begin, how long the first is, and of each folder coders and unpacked size."""
        self._expect(0x06)
        position, count = self._number(), self._count()
        kind, packed = self.byte(), 0
        if kind == 0x09:  # sizes
            sizes = [self._number() for _ in range(count)]
            packed = sizes[0] if sizes else 0
            kind = self.byte()
        self._digests_if(kind, count)
        kind = self.byte()
        if kind == 0:
            return position, packed, []
        if kind != 0x07:  # unpack information
            raise ValueError(kind)
        self._expect(0x0B)
        number = self._count()
        self._expect(0)  # the folders stand here, not in a stream of their own
        folders = [self._folder() for _ in range(number)]
        self._expect(0x0C)
        read = [(coders, [self._number() for _ in range(outs)]) for coders, outs in folders]
        self._digests_if(self.byte(), number)
        # What follows tells how folders are cut into files; nothing of it is needed.
        return position, packed, [(coders, sizes[-1]) for coders, sizes in read]

    def _digests_if(self, kind: int, count: int) -> None:
        """Read checksums up to the end of a part, if there are any."""
        if kind == 0x0A:
            every = self.byte()
            defined = count
            if not every:
                bits = self._bytes((count + 7) // 8)
                defined = int.from_bytes(bits, "big").bit_count()
            self._bytes(4 * defined)
            kind = self.byte()
        if kind:
            raise ValueError(kind)

    def _folder(self) -> tuple[_Coders, int]:
        """Read one folder: its coders, and how many outputs they have."""
        coders: _Coders = []
        ins = outs = 0
        for _ in range(self._count()):
            flags = self.byte()
            method = self._bytes(flags & 0x0F)
            read, written = (self._count(), self._count()) if flags & 0x10 else (1, 1)
            ins, outs = ins + read, outs + written
            coders.append((method, self._bytes(self._number()) if flags & 0x20 else b""))
        for _ in range(2 * (outs - 1)):  # which output goes into which input
            self._number()
        packed = ins - (outs - 1)
        if packed > 1:
            for _ in range(packed):
                self._number()
        if not coders or outs > len(self._data):
            raise ValueError(outs)
        return coders, outs
