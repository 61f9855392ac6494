"""A host that lies: a directory as SFTP and find would show it, and everything that can be wrong with that."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import paramiko

from drcheck.collectors.ssh.settings import SshConnection
from tests.collectors.lies import NO_SIZES, Lie

INIT, VERSION, OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR, REALPATH = 1, 2, 3, 4, 5, 7, 8, 11, 12, 16
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
CHANNEL_SUCCESS = 99
SIZE, OWNER, MODE, TIMES = 1, 2, 4, 8
DIRECTORY, FILE = 0o40755, 0o100644


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def string(text: bytes) -> bytes:
    return number(len(text)) + text


def attrs(*, size: int | None = 100, mode: int | None = FILE, modified: int | None = None) -> bytes:
    """Return the attributes of a file, without what is None."""
    flags = (
        (SIZE if size is not None else 0) | (MODE if mode is not None else 0) | (TIMES if modified is not None else 0)
    )
    told = number(flags)
    if size is not None:
        told += struct.pack(">Q", size)
    if mode is not None:
        told += number(mode)
    if modified is not None:
        told += number(modified) * 2
    return told


def named(*files: tuple[bytes, bytes], count: int | None = None) -> bytes:
    """Return the body of a NAME packet."""
    listed = b"".join(string(name) + string(b"-rw-r--r--") + told for name, told in files)
    return number(len(files) if count is None else count) + listed


Answer = tuple[int, bytes]
"""Kind and body of a packet."""


@dataclass
class Story:
    """What a host tells; a lie changes some of it."""

    names: Sequence[bytes]
    modified: int
    content: bytes = b"0123456789"
    version: Answer = (VERSION, number(3))
    attributes: Callable[[int], bytes] | None = None
    """Gives the attributes of a file; also what LSTAT and FSTAT tell."""
    directory: Callable[[int], Answer] | None = None
    """Given how many pieces of a directory were asked for, what the next one is."""
    real: Callable[[bytes], Answer] | None = None
    data: Callable[[int, int], Answer] | None = None
    """Given offset and length, what is read."""
    packet: Callable[[int, bytes], bytes] | None = None
    """Given what was asked for and the honest answer as it goes over the wire, what goes over it."""
    commands: Callable[[bytes], tuple[bytes, int] | None] | None = None
    """Given a command, what it prints and its status; None: no command runs."""
    found: list[bytes] = field(default_factory=list)
    """Records of find, beside those of the honest files."""

    def file(self) -> bytes:
        return (
            self.attributes(self.modified) if self.attributes else attrs(size=len(self.content), modified=self.modified)
        )

    def answer(self, kind: int, body: bytes, asked: Iterator[int]) -> Answer:
        match kind:
            case 16 if self.real:
                return self.real(first(body))
            case 16:
                return NAME, named((first(body), attrs(mode=DIRECTORY)))
            case 7:
                path = first(body)
                if path.rpartition(b"/")[2] in self.names:
                    return ATTRS, self.file()
                return ATTRS, attrs(mode=DIRECTORY, modified=self.modified)
            case 8:
                return ATTRS, self.file()
            case 3 | 11:
                return HANDLE, string(b"handle")
            case 12 if self.directory:
                return self.directory(next(asked))
            case 12:
                return self.honest(next(asked))
            case 5:
                offset, length = struct.unpack(">QI", body[-12:])
                if self.data:
                    return self.data(offset, length)
                part = self.content[offset : offset + length]
                return (DATA, string(part)) if part else end()
            case _:
                return STATUS, number(0) + string(b"") + string(b"")

    def honest(self, asked: int) -> Answer:
        """Return a piece of the directory."""
        return end() if asked else (NAME, named(*((name, self.file()) for name in self.names)))


def end() -> Answer:
    return STATUS, number(1) + string(b"end") + string(b"")


def first(body: bytes) -> bytes:
    (length,) = struct.unpack(">I", body[:4])
    return body[4 : 4 + length]


class _Interface(paramiko.ServerInterface):
    def __init__(self, story: Callable[[], Story]) -> None:
        self._story = story

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        commands = self._story().commands
        answer = commands(command) if commands else None
        if answer is None:
            return False

        def run() -> None:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                # paramiko says so as well, once this is out of its hands: on a busy machine too late
                success = paramiko.Message()
                success.add_byte(bytes([CHANNEL_SUCCESS]))
                success.add_int(channel.remote_chanid)
                channel.transport._send_user_message(success)
                channel.sendall(answer[0])
                channel.send_exit_status(answer[1])
                channel.close()

        threading.Thread(target=run, daemon=True).start()
        return True

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        threading.Thread(target=_serve, args=(channel, self._story()), daemon=True).start()
        return name == "sftp"


def _serve(channel: paramiko.Channel, story: Story) -> None:
    asked = itertools.count()
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException, struct.error):
        while True:
            (length,) = struct.unpack(">I", _exactly(channel, 4))
            packet = _exactly(channel, length)
            kind = packet[0]
            if kind == INIT:
                answered, body = story.version
            else:
                answered, body = story.answer(kind, packet[5:], asked)
                body = packet[1:5] + body
            raw = number(len(body) + 1) + bytes([answered]) + body
            channel.sendall(story.packet(kind, raw) if story.packet else raw)


def _exactly(channel: paramiko.Channel, count: int) -> bytes:
    whole = b""
    while len(whole) < count:
        part = channel.recv(count - len(whole))
        if not part:
            raise EOFError
        whole += part
    return whole


class HostileHost:
    """A host on 127.0.0.1 whose account serves ``story``; its key is written to a known_hosts file."""

    def __init__(self, directory: Path, story: Story) -> None:
        self.story = story
        self._honest = story
        self._key = paramiko.ECDSAKey.generate()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[Any] = []
        identity = directory / "identity"
        paramiko.ECDSAKey.generate().write_private_key_file(str(identity))
        known = directory / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}\n")
        self.connection = SshConnection(
            "host", 20, host="127.0.0.1", port=self.port, user="drcheck", root="/srv", identity_file=str(identity),
            known_hosts=str(known),
        )  # fmt: skip
        threading.Thread(target=self._accept, daemon=True).start()

    def tell(self, lies: Sequence[Lie[Story]]) -> None:
        """From now on tell ``lies``, and nothing of earlier ones."""
        honest = self._honest
        self.story = Story(honest.names, honest.modified, commands=honest.commands)
        for lie in lies:
            lie.tell(self.story)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                transport = paramiko.Transport(client)
                transport.daemon = True
                transport.add_server_key(self._key)
                self._transports.append(transport)
                with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                    transport.start_server(event=threading.Event(), server=_Interface(lambda: self.story))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for transport in self._transports:
            transport.close()
            transport.join(2)


def put(name: str, value: object) -> Callable[[Story], None]:
    """Return what sets an attribute of a story."""
    return lambda story: setattr(story, name, value)


def packets(asked: int, change: Callable[[bytes], bytes]) -> Callable[[Story], None]:
    """Return what changes the packets that answer one kind of question."""
    return put("packet", lambda kind, raw: change(raw) if kind == asked else raw)


def also(*files: tuple[bytes, bytes]) -> Callable[[Story], None]:
    """Return what puts more into the directory."""

    def tell(story: Story) -> None:
        listed = [(name, story.file()) for name in story.names]
        story.directory = lambda asked: end() if asked else (NAME, named(*listed, *files))

    return tell


def _count(by: int) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        listed = [(name, story.file()) for name in story.names]
        story.directory = lambda asked: end() if asked else (NAME, named(*listed, count=len(listed) + by))

    return tell


def _endless(name: Callable[[int], bytes], mode: int = FILE) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        told = attrs(mode=mode, modified=story.modified)
        story.directory = lambda asked: (NAME, named(*((name(asked * 100 + each), told) for each in range(100))))

    return tell


LIES: list[Lie[Story]] = [
    Lie("another version", "version", put("version", (VERSION, number(2)))),
    Lie("a version to come", "version", put("version", (VERSION, number(99)))),
    Lie("half a version", "version", put("version", (VERSION, b"\0\0"))),
    Lie("no version", "version", put("version", (STATUS, number(0)))),
    Lie("a packet of four gigabytes", "packet", packets(READDIR, lambda raw: b"\xff\xff\xff\xff" + raw[4:])),
    Lie("a packet of nothing", "packet", packets(READDIR, lambda raw: b"\0\0\0\0" + raw)),
    Lie("a packet that is too short", "packet", packets(READDIR, lambda raw: number(len(raw) - 10) + raw[4:-6])),
    Lie("an answer to another question", "packet", packets(READDIR, lambda raw: raw[:5] + b"\x77" + raw[6:])),
    Lie("an answer twice", "packet", packets(READDIR, lambda raw: raw * 2)),
    Lie("an answer of another kind", "packet", packets(READDIR, lambda raw: raw[:4] + bytes([ATTRS]) + raw[5:])),
    Lie("an answer of no kind", "packet", packets(LSTAT, lambda raw: raw[:4] + b"\xf7" + raw[5:])),
    Lie("attributes that are cut off", "packet", packets(LSTAT, lambda raw: number(len(raw) - 8) + raw[4:-4])),
    Lie("attributes with something behind", "packet", packets(LSTAT, lambda raw: number(len(raw)) + raw[4:] + b"xxxx")),
    Lie("more names than there are", "directory", _count(1)),
    Lie("four billion names", "directory", _count((1 << 32) - 10)),
    Lie("fewer names than there are", "directory", _count(-1)),
    Lie("no names", "directory", put("directory", lambda asked: (NAME, named()))),
    Lie("a directory that fails", "directory", put("directory", lambda asked: (STATUS, number(4)))),
    Lie("a directory that ends well", "directory", put("directory", lambda asked: (STATUS, number(0)))),
    Lie("a directory of an unknown status", "directory", put("directory", lambda asked: (STATUS, number(77)))),
    Lie("a directory of half a status", "directory", put("directory", lambda asked: (STATUS, b"\0"))),
    Lie("a name with a slash", "directory", also((b"a/b", attrs(modified=1)))),
    Lie("a name that leads up", "directory", also((b"../up", attrs(modified=1)))),
    Lie("an absolute name", "directory", also((b"/etc/passwd", attrs(modified=1)))),
    Lie("a name with a NUL", "directory", also((b"a\0b", attrs(modified=1)))),
    Lie("an empty name", "directory", also((b"", attrs(modified=1)))),
    Lie("a name without end", "directory", also((b"x" * 60_000, attrs(modified=1)))),
    Lie("names without end", "directory", _endless(lambda each: b"%d" % each)),
    Lie("the same names without end", "directory", _endless(lambda each: b"%d" % (each % 7))),
    Lie("links without end", "directory", _endless(lambda each: b"%d" % each, 0o120777)),
    Lie("directories without end", "directory", _endless(lambda each: b"%d" % each, DIRECTORY)),
    Lie("a directory in itself", "directory", put("directory", lambda asked: end() if asked % 2 else (NAME, named((b"d", attrs(mode=DIRECTORY)))))),
    Lie("no size", "attributes", put("attributes", lambda modified: attrs(size=None, modified=modified))),
    Lie("no time", "attributes", put("attributes", lambda modified: attrs())),
    Lie("no mode", "attributes", put("attributes", lambda modified: attrs(mode=None, modified=modified))),
    Lie("a size of 2^63", "attributes", put("attributes", lambda modified: attrs(size=1 << 63, modified=modified))),
    Lie("a size of 2^64 - 1", "attributes", put("attributes", lambda modified: attrs(size=(1 << 64) - 1, modified=modified))),
    Lie("extensions without end", "attributes", put("attributes", lambda modified: number(1 << 31) + number((1 << 32) - 1))),
    Lie("a real path that is relative", "real", put("real", lambda path: (NAME, named((b"srv", attrs()))))),
    Lie("a real path with a NUL", "real", put("real", lambda path: (NAME, named((path + b"\0", attrs()))))),
    Lie("two real paths", "real", put("real", lambda path: (NAME, named((path, attrs()), (path, attrs()))))),
    Lie("a real path elsewhere", "real", put("real", lambda path: (NAME, named((path + b"/x", attrs()))))),
    Lie("a real path without end", "real", put("real", lambda path: (NAME, named((b"/" + b"x" * 60_000, attrs()))))),
]  # fmt: skip
"""Lies that a listing by SFTP meets."""

READ_LIES: list[Lie[Story]] = [
    Lie("more than was asked for", "data", put("data", lambda offset, length: (DATA, string(b"x" * (length + 1))))),
    Lie("nothing at a time", "data", put("data", lambda offset, length: (DATA, string(b"")))),
    Lie("an end before the end", "data", put("data", lambda offset, length: end())),
    Lie("half of a piece", "data", put("data", lambda offset, length: (DATA, number(length) + b"x"))),
    Lie("something behind a piece", "data", put("data", lambda offset, length: (DATA, string(b"x" * length) + b"x"))),
    Lie("attributes for a piece", "data", put("data", lambda offset, length: (ATTRS, attrs()))),
    Lie("a failure", "data", put("data", lambda offset, length: (STATUS, number(4)))),
    Lie("no size", "attributes", put("attributes", lambda modified: attrs(size=None, modified=modified))),
    Lie("a size of 2^63", "attributes", put("attributes", lambda modified: attrs(size=1 << 63, modified=modified))),
    Lie("a size that is too large", "attributes", put("attributes", lambda modified: attrs(size=5000, modified=modified))),
]  # fmt: skip
"""Lies that reading by SFTP meets."""


def find(*records: bytes, status: int = 0) -> Callable[[Story], None]:
    """Return what makes find print ``records`` after the honest ones; each ends with NUL."""

    def tell(story: Story) -> None:
        honest = [b"d 4096 %d.5 %d.5 2 1:1 " % (story.modified, story.modified)]
        honest += [b"f 100 %d.5 %d.5 1 1:2 %s" % (story.modified, story.modified, name) for name in story.names]

        def commands(command: bytes) -> tuple[bytes, int] | None:
            if command.startswith(b"date"):
                return b"%.9f\n" % time.time(), 0
            if command == b"find --version":
                return b"find (GNU findutils) 4.9.0\n", 0
            said = b"".join(each + b"\0" for each in (*honest, *story.found, *records))
            if command.startswith(b"sh -c"):
                began = (b"%.9f\n" % time.time(), b"find (GNU findutils) 4.9.0\n", b"/srv\nx", b"/srv/src\nx")
                said = b"".join(each + b"\0" for each in began) + said
            return said, status

        story.commands = commands

    return tell


NO_SECONDS = (
    "1e300",
    "inf",
    "nan",
    "-inf",
    "1_000",
    "+5",
    "",
    "1.5.5",
    "9" * 40,
    "-99999999999",
    "99999999999",
    "0x10",
    "\u0661",
    "\uff11",
)
FIND_LIES: list[Lie[Story]] = [
    *(Lie(f"a size of {text!r}", "find", find(b"f %s 1 1 1 1:2 x" % text.encode())) for text in NO_SIZES if "\0" not in text),
    *(Lie(f"a time of {text!r}", "find", find(b"f 1 %s 1 1 1:2 x" % text.encode())) for text in NO_SECONDS),
    *(Lie(f"a change of {text!r}", "find", find(b"f 1 1 %s 1 1:2 x" % text.encode())) for text in NO_SECONDS),
    Lie("a number of names that is none", "find", find(b"f 1 1 1 x 1:2 x")),
    Lie("an inode that is none", "find", find(b"f 1 1 1 2 1:x x")),
    Lie("a name that leads up", "find", find(b"f 1 1 1 1 1:2 ../x")),
    Lie("an absolute name", "find", find(b"f 1 1 1 1 1:2 /etc/passwd")),
    Lie("a name of nothing", "find", find(b"f 1 1 1 1 1:2 ")),
    Lie("a name with an empty part", "find", find(b"f 1 1 1 1 1:2 a//b")),
    Lie("a name without end", "find", find(b"f 1 1 1 1 1:2 " + b"x" * 60_000)),
    Lie("too few fields", "find", find(b"f 1 1")),
    Lie("a line of a shell", "find", find(b"Last login: Fri Nov 27")),
    Lie("a failure", "find", find(status=1)),
    Lie("names without end", "find", find(*(b"f 1 1 1 1 1:2 %d" % each for each in range(5000)))),
]  # fmt: skip
"""Lies that a listing by find meets."""
