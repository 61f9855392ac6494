"""The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), as far as reading takes them, and not a byte beyond.

paramiko's own client fills up what is missing in a packet with zeros, so that a file without a size is empty, one
without a time of 1970, and half an answer a shorter directory. Here all of that is an answer that makes no sense.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from drcheck.collectors.value_bounds import Nonsense

if TYPE_CHECKING:
    from collections.abc import Iterator

    import paramiko

INIT, VERSION, OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR, REALPATH = 1, 2, 3, 4, 5, 7, 8, 11, 12, 16
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED = 0, 1, 2, 3
_VERSION: Final = 3
_LONGEST: Final = 1 << 20
"""Bytes of a packet; servers send a quarter of it at most."""
_SIZE, _UIDGID, _MODE, _TIMES, _EXTENDED = 1, 2, 4, 8, 1 << 31
_USUAL: Final = _SIZE | _UIDGID | _MODE | _TIMES
_NUMBER, _LONG, _ALL = struct.Struct(">I"), struct.Struct(">Q"), struct.Struct(">QIIIII")


class Attributes(NamedTuple):
    """What a file is; None: the server does not tell."""

    size: int | None = None
    uid: int | None = None
    mode: int | None = None
    modified: int | None = None


class Refusal(Exception):  # noqa: N818  a status is an answer, not a fault
    """The server answered a question, by its number, with a status instead of what was asked for."""

    def __init__(self, number: int, code: int) -> None:
        super().__init__(number, code)
        self.number = number
        self.code = code


class Fields:
    """The fields of one packet, read one after the other; raises :class:`Nonsense` where they end too soon."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._at = 0

    def _take(self, count: int) -> int:
        at = self._at
        self._at += count
        if self._at > len(self._packet):
            raise Nonsense("a packet of SFTP is shorter than it says")
        return at

    def number(self) -> int:
        """Return the next 32 bits."""
        value: int = _NUMBER.unpack_from(self._packet, self._take(4))[0]
        return value

    def long(self) -> int:
        """Return the next 64 bits."""
        value: int = _LONG.unpack_from(self._packet, self._take(8))[0]
        return value

    def text(self) -> bytes:
        """Return the next string."""
        length = self.number()
        at = self._take(length)
        return self._packet[at : at + length]

    def attributes(self) -> Attributes:
        """Return the next attributes of a file."""
        flags = self.number()
        if flags == _USUAL:
            size, uid, _, mode, _, modified = _ALL.unpack_from(self._packet, self._take(_ALL.size))
            return Attributes(size, uid, mode, modified)
        size = self.long() if flags & _SIZE else None
        uid = None
        if flags & _UIDGID:
            uid, _ = self.number(), self.number()
        mode = self.number() if flags & _MODE else None
        modified = None
        if flags & _TIMES:
            _, modified = self.number(), self.number()
        if flags & _EXTENDED:
            for _ in range(self.number()):
                self.text(), self.text()
        return Attributes(size, uid, mode, modified)

    def pairs(self) -> frozenset[bytes]:
        """Return the names of all pairs of strings that are left."""
        found = set()
        while self._at < len(self._packet):
            found.add(self.text())
            self.text()
        return frozenset(found)

    def end(self) -> None:
        """Raise :class:`Nonsense` if anything is left."""
        if self._at != len(self._packet):
            raise Nonsense("a packet of SFTP is longer than it says")


class Session:
    """Requests and their answers over one channel; several may be on their way.

    Raises what paramiko's channel raises, ``EOFError`` where the far side ends it in the middle of an answer,
    :class:`Refusal` and :class:`Nonsense`.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._last = 0
        self.open: set[int] = set()
        """The numbers of the questions that are not answered yet."""
        self._closing: set[int] = set()
        """Those of handles that were closed, whose answers nobody waits for."""
        channel.sendall(_packet(INIT, _NUMBER.pack(_VERSION)))
        kind, packet = self._receive()
        if kind != VERSION:
            raise Nonsense("what should be SFTP does not begin with a version")
        fields = Fields(packet)
        if (version := fields.number()) != _VERSION:
            raise Nonsense(f"it speaks version {version} of SFTP, and {_VERSION} was asked for")
        self.extensions: frozenset[bytes] = fields.pairs()
        """What the server says that it can do beside the protocol (draft-ietf-secsh-filexfer-02, section 4)."""

    def send(self, kind: int, *fields: bytes | int, times: int = 1) -> int:
        """Ask ``times`` over, and return the last number under which an answer will come; an ``int`` goes as 64 bits.

        What is asked together costs one message: each of its own would have to wait for the thread that reads.
        """
        body = b"".join(_LONG.pack(each) if isinstance(each, int) else each for each in fields)
        packets = b"".join(self._asked(kind, body) for _ in range(times))
        self._channel.sendall(packets)
        return self._last

    def _asked(self, kind: int, body: bytes) -> bytes:
        """Return a question under the next number, which is open from now on."""
        self._last = (self._last + 1) & 0xFFFFFFFF
        self.open.add(self._last)
        return _packet(kind, _NUMBER.pack(self._last) + body)

    def receive(self, expected: int) -> tuple[int, Fields]:
        """Return the number and the fields of the next answer, whichever it is.

        Raises :class:`Refusal` if it is a status.
        """
        number, kind, fields = self._next()
        _is(kind, expected)
        return number, fields

    def _next(self) -> tuple[int, int, Fields]:
        """Return number, kind and fields of the next answer; raises :class:`Refusal` if it is a status."""
        while True:
            kind, packet = self._receive()
            fields = Fields(packet)
            number = fields.number()
            if number not in self._closing:
                break
            self._closing.remove(number)
            _is(kind, STATUS)
        if number not in self.open:
            raise Nonsense("an answer of SFTP is to no question that is open")
        self.open.remove(number)
        if kind == STATUS:
            raise Refusal(number, fields.number())
        return number, kind, fields

    def ask(self, kind: int, expected: int, *fields: bytes | int) -> Fields:
        """Ask one question while no other is open, and return the answer."""
        if self.open:
            raise RuntimeError("a question of SFTP was asked while answers to others were on their way")
        self.send(kind, *fields)
        return self.receive(expected)[1]

    def together(self, *questions: tuple[int, int, bytes]) -> list[Fields | Refusal]:
        """Ask several questions (kind, kind of the answer, fields) at once, and return their answers in that order."""
        if self.open:
            raise RuntimeError("questions of SFTP were asked while answers to others were on their way")
        packets = b""
        expected: dict[int, int] = {}
        for kind, answered, fields in questions:
            packets += self._asked(kind, fields)
            expected[self._last] = answered
        self._channel.sendall(packets)
        answers: dict[int, Fields | Refusal] = {}
        while self.open:
            try:
                number, kind, told = self._next()
                _is(kind, expected[number])
                answers[number] = told
            except Refusal as refusal:
                answers[refusal.number] = refusal
        return [answers[number] for number in expected]

    def close(self, handle: bytes) -> None:
        """Close a handle; a status is what answers it, and whichever it is, the session goes on."""
        self._last = (self._last + 1) & 0xFFFFFFFF
        self._channel.sendall(_packet(CLOSE, _NUMBER.pack(self._last) + string(handle)))
        self._closing.add(self._last)

    def _receive(self) -> tuple[int, bytes]:
        (length,) = _NUMBER.unpack(self._exactly(4))
        if not 1 <= length <= _LONGEST:
            raise Nonsense(f"a packet of SFTP says that it is {length} bytes long")
        packet = self._exactly(length)
        return packet[0], packet[1:]

    def _exactly(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            part = self._channel.recv(count)
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _is(kind: int, expected: int) -> None:
    if kind != expected:
        raise Nonsense(f"an answer of SFTP is of kind {kind}, and {expected} was expected")


def _packet(kind: int, body: bytes) -> bytes:
    return _NUMBER.pack(len(body) + 1) + bytes([kind]) + body


def string(text: bytes) -> bytes:
    """Return a string as a packet holds it."""
    return _NUMBER.pack(len(text)) + text


def long(value: int) -> bytes:
    """Return a number of 64 bits as a packet holds it."""
    return _LONG.pack(value)


def numbers(*values: int) -> bytes:
    """Return numbers of 32 bits as a packet holds them."""
    return b"".join(map(_NUMBER.pack, values))


def names(fields: Fields) -> Iterator[tuple[bytes, Attributes]]:
    """Yield what a NAME packet holds."""
    count = fields.number()
    if not count:
        raise Nonsense("an answer of SFTP names nothing, where its end should be told")
    for _ in range(count):
        name, _ = fields.text(), fields.text()  # the latter is a line as ls prints it
        yield name, fields.attributes()
    fields.end()
