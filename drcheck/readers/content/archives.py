"""Whether every file in a zip or 7z archive is encrypted, as its directory tells.

The directory stands at the end of both, so its place and length are read first, then no more than the directory.
"""

from __future__ import annotations

import io
import lzma
import struct
from collections.abc import Callable
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from drcheck.core.model.evidence import FactValue

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
_END_MAGIC: Final = b"PK\x05\x06"
_END: Final = 22
"""Bytes of the record at the end of a zip, without its comment."""
_MANY: Final = 0xFFFF
"""Says how many files there are where 16 bits cannot: zip64's record has their number."""
_WEAK: Final = "traditional PKWARE encryption, which is weak"

_AES: Final = bytes.fromhex("06f10701")
_LZMA: Final = bytes.fromhex("030101")
_COPY: Final = b"\x00"
_NESTED: Final = 4
"""Headers within headers that are opened; 7-Zip makes one."""

More = Callable[[int, int], bytes]


class _Ranges(io.RawIOBase):
    """An archive that is not here, for the standard library's reader of zip directories: what is read is fetched."""

    def __init__(self, size: int, more: More) -> None:
        self._size, self._more, self._at = size, more, 0
        self._start = max(0, size - _TAIL)
        self._tail = more(self._start, _TAIL)

    def tail(self, before_end: int, size: int) -> bytes:
        """Return ``size`` bytes that begin ``before_end`` bytes before the end."""
        return self._tail[len(self._tail) - before_end :][:size]

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if self._at < 0:
            raise _BeforeBeginning
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes, from what was fetched of the end where they lie there."""
        wanted = max(0, self._size - self._at) if size < 0 else min(size, max(0, self._size - self._at))
        if self._at >= self._start:
            data = self._tail[self._at - self._start :][:wanted]
        elif wanted > _LARGEST_DIRECTORY:
            raise _TooLarge(wanted)
        else:
            data = self._more(self._at, wanted)
        self._at += len(data)
        return data


class _BeforeBeginning(OSError):  # noqa: N818  it never leaves this module
    """What a file says where somebody seeks before its beginning; zipfile looks there for more of a small archive."""


class _TooLarge(Exception):  # noqa: N818  it never leaves this module
    """More bytes of a directory than are read."""


def of_zip(size: int, more: More) -> FactValue:
    """Judge the zip archive of ``size`` bytes by its central directory (PKWARE's APPNOTE, section 4.3)."""
    try:
        file = _Ranges(size, more)
        with ZipFile(file) as archive:
            members = archive.infolist()
            end = file.tail(_END + len(archive.comment), _END)
    except _TooLarge as too_large:
        return FactValue(None, f"its zip directory of {too_large} bytes is too large to be read")
    except (BadZipFile, _BeforeBeginning, NotImplementedError, ValueError, struct.error):
        return FactValue(None, "its zip directory is not found, or cannot be read")
    if not end.startswith(_END_MAGIC):  # of something else, or the archive is cut short
        return FactValue(None, "its zip directory is not at its end")
    count = int.from_bytes(end[10:12], "little")
    if count not in {len(members), _MANY}:  # the standard library does not compare them
        return FactValue(None, f"its zip directory holds {len(members)} files and says {count}")
    # Directories and empty files hold nothing.
    ciphers = [_zip_cipher(member) for member in members if member.file_size]
    plain = ciphers.count(None)
    if plain or not ciphers:
        return FactValue(
            False, f"zip, {plain} of {len(ciphers)} files not encrypted" if ciphers else "zip without files"
        )
    kinds = {cipher for cipher in ciphers if cipher}
    return FactValue(True, f"zip, {_WEAK if _WEAK in kinds else ' and '.join(sorted(kinds))}")


def _zip_cipher(member: ZipInfo) -> str | None:
    """Return how a file in a zip archive is encrypted; None: it is not."""
    if not member.flag_bits & 1:
        return None
    if member.compress_type != _WINZIP_AES:
        return "strong encryption" if member.flag_bits & 0x40 else _WEAK
    at = 0
    while at + 4 <= len(member.extra):
        field, length = struct.unpack_from("<HH", member.extra, at)
        if field == 0x9901 and length >= 5 and at + 8 < len(member.extra):  # version, vendor, strength
            return _STRENGTHS.get(member.extra[at + 8], "AES")
        at += 4 + length
    return "AES"


def of_7z(head: bytes, size: int, more: More) -> FactValue:
    """Judge the 7z archive of ``size`` bytes by its header, which its first 32 bytes point to (7zFormat.txt)."""
    if len(head) < 32:
        return FactValue(None, "its 7z signature is cut short")
    offset, length = struct.unpack_from("<QQ", head, 12)
    if length == 0:
        return FactValue(False, "7z without files")
    if 32 + offset + length > size:
        return FactValue(None, "its 7z header lies beyond its end")
    if length > _LARGEST_DIRECTORY:
        return FactValue(None, f"its 7z header of {length} bytes is too large to be read")
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
                return FactValue(True, "7z, AES-256, names too")
            header = _opened(more(32 + position, min(packed, _LARGEST_DIRECTORY)), coders, unpacked)
    except (ValueError, IndexError, lzma.LZMAError):
        pass
    return FactValue(None, "its 7z header cannot be read")


_Coders = list[tuple[bytes, bytes]]
"""Method and properties of each."""


def _is_aes(coders: _Coders) -> bool:
    return any(method == _AES for method, _ in coders)


def _of_folders(folders: list[tuple[_Coders, int]]) -> FactValue:
    plain = sum(not _is_aes(coders) for coders, _ in folders)
    if plain or not folders:
        return FactValue(
            False, f"7z, {plain} of {len(folders)} streams not encrypted" if folders else "7z without data"
        )
    return FactValue(True, "7z, AES-256")


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
