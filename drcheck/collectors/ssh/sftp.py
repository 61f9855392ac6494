"""The part of SFTP that reads: nothing else can be asked through it, and what is told must fit together.

Paths are text in which bytes that are no UTF-8 are kept as Python's file system functions do (surrogateescape).
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, NoReturn

import paramiko

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.paging import Names
from drcheck.collectors.ssh import wire as ssh_wire
from drcheck.collectors.ssh.connection import SILENCE, Talk
from drcheck.collectors.ssh.wire import Attributes, Fields, Refusal, Session
from drcheck.collectors.value_bounds import Nonsense
from drcheck.core.model.evidence import FOREVER
from drcheck.interfaces import CollectorError, Entry, NotFound

_READ_AHEAD: Final = 64
"""How many pieces of a file are asked for at once; servers queue what they cannot answer yet in memory."""
_LIST_AHEAD: Final = 32
"""How many pieces of a directory, of about a hundred names each."""
_PIECE: Final = 32768
"""Bytes that every server gives at once."""
_READING: Final = ssh_wire.numbers(1, 0)
"""Flags to open a file with, SSH_FXF_READ alone, and no attributes."""


class Place(NamedTuple):
    """Something below the root of a connection."""

    top: str
    """The real path of the root."""
    path: str
    """Its own path below that."""
    attributes: Attributes | None
    """What it is; None: its real path is another one, as it is a link or lies behind one."""


class ReadOnlySftp:
    """One SFTP session in a channel of its own, bounded by the deadline of its source."""

    def __init__(self, talk: Talk, count: Callable[[], None]) -> None:
        self.talk = talk
        self._count = count
        self.broken = False
        """Whether answers may still be on their way to questions that were given up: it can be asked nothing more."""
        with self._asking(""):
            talk.channel.invoke_subsystem("sftp")
            self._session = Session(talk.channel)

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        """Bound one question, and turn its faults into errors that say what to do."""
        if self.broken:
            raise RuntimeError("a session of SFTP that was given up was asked something")
        self._count()
        self.talk.channel.settimeout(self.talk.deadline.left(SILENCE))
        self.broken = True  # until the last answer is there, also where whoever listens to a listing leaves
        try:
            yield
            self.broken = False
        except Refusal as error:
            self.broken = bool(self._session.open)
            self._refused(path, error)
        except Nonsense as error:
            self.talk.deadline.left()
            raise CollectorError(
                f"what {self.talk.host.connection.host} tells of {text(path) or 'its files'} makes no sense: {error}",
                "See what serves SFTP there (Subsystem sftp internal-sftp), and the disk.",
            ) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            self.talk.host.fail(self.talk.deadline, error)

    def _refused(self, path: str, refusal: Refusal) -> NoReturn:
        where = f"{text(path)} on {self.talk.host.connection.host}"
        match refusal.code:
            case ssh_wire.NO_SUCH_FILE:
                raise NotFound(
                    f"there is no {where}", "Check `root` of the connection and the policy's `at`."
                ) from None
            case ssh_wire.PERMISSION_DENIED:
                raise CollectorError(
                    f"{where} may not be read", f"Let the account {self.talk.host.connection.user} read it."
                ) from None
            case ssh_wire.EOF:
                raise CollectorError(
                    f"{where} ended before the length that it told", "Look again later: it may be written just now."
                ) from None
            case _:
                raise CollectorError(f"{where} cannot be read", "See the host's own log and its disk.") from None

    @property
    def extensions(self) -> frozenset[bytes]:
        """What the server says that it can do beside the protocol."""
        return self._session.extensions

    def status(self, path: str) -> Attributes:
        """Return what ``path`` itself is; a link is a link."""
        with self._asking(path):
            return _attributes(self._session.ask(ssh_wire.LSTAT, ssh_wire.ATTRS, _string(path)))

    def place(self, root: str, below: str, top: str = "") -> Place:
        """Return where ``root`` really lies, and what ``below`` it is: at once, as its real ``top`` is known or not."""
        asked = f"{root}/{below}".rstrip("/") or "/"
        where = _string(asked)
        questions = [(ssh_wire.REALPATH, ssh_wire.NAME, where), (ssh_wire.LSTAT, ssh_wire.ATTRS, where)]
        if not top:
            questions.append((ssh_wire.REALPATH, ssh_wire.NAME, _string(root)))
        with self._asking(asked):
            real, status, *tops = map(_answered, self._session.together(*questions))
            for each in tops:
                top = _real(each()).rstrip("/")
            path = f"{top}/{below}".rstrip("/") or "/"
            attributes = _attributes(status()) if _real(real()) == path else None
        if not below and attributes is not None and is_link(attributes):
            attributes = self.status(path)  # the root is the runner's own choice and may be a link
        return Place(top, path, attributes)

    def directory(self, path: str) -> Iterator[tuple[str, Attributes]]:
        """Open a directory, and return what lies in it, ``.`` and ``..`` aside.

        Raises :class:`NotFound` if there is none. Once it is open, nothing but its end ends it well.
        """
        with self._asking(path):
            handle = self._session.ask(ssh_wire.OPENDIR, ssh_wire.HANDLE, _string(path)).text()
        return self._listed(path, handle)

    def _listed(self, path: str, handle: bytes) -> Iterator[tuple[str, Attributes]]:
        """Yield what lies in a directory; many answers are on their way at once."""
        names = Names()
        with self._asking(path):
            self._session.send(ssh_wire.READDIR, ssh_wire.string(handle), times=_LIST_AHEAD)
            ended = False
            while self._session.open:
                try:
                    _, answer = self._session.receive(ssh_wire.NAME)
                except Refusal as refusal:
                    if refusal.code == ssh_wire.NO_SUCH_FILE:  # that of a directory which was there: no NotFound
                        raise CollectorError(
                            f"{text(path)} on {self.talk.host.connection.host} went while it was listed",
                            "Look again later.",
                        ) from None
                    if refusal.code != ssh_wire.EOF:
                        raise
                    ended = True
                    continue
                for name, attributes in ssh_wire.names(answer):
                    if name not in {b".", b".."}:
                        part = _part(name)
                        names.take(plain(part))
                        yield part, attributes
                self.talk.deadline.left()
                if not ended and len(self._session.open) <= _LIST_AHEAD // 2:
                    self._session.send(ssh_wire.READDIR, ssh_wire.string(handle), times=_LIST_AHEAD // 2)
            self._session.close(handle)

    def read(self, path: str, size: int, offset: int, at_most: int) -> tuple[Attributes, bytes, str]:
        """Return what the file that was opened is, up to ``at_most`` bytes of it, and its real path after that.

        ``size`` is what it had a moment before: with it, all is asked at once when it is open, unless it is long.
        """
        with self._asking(path):
            handle = self._session.ask(ssh_wire.OPEN, ssh_wire.HANDLE, _string(path), _READING).text()
            start, length = _stretch(size, offset, at_most)
            pieces = _cut(length) if length <= _READ_AHEAD * _PIECE else []
            fields = ssh_wire.string(handle)
            whose = ssh_wire.REALPATH, ssh_wire.NAME, _string(path)
            told, *parts, real = map(
                _answered,
                self._session.together(
                    (ssh_wire.FSTAT, ssh_wire.ATTRS, fields),
                    *(
                        (ssh_wire.READ, ssh_wire.DATA, fields + ssh_wire.long(start + at) + ssh_wire.numbers(count))
                        for at, count in pieces
                    ),
                    whose,
                ),
            )
            status, where = _attributes(told()), _real(real())
            content = b""
            if (now := regular_size(status)) == size:
                content = b"".join(_data(part(), count) for part, (_, count) in zip(parts, pieces, strict=True))
            start, length = _stretch(now, offset, at_most)
            if now != size or len(content) < length:  # it is another one, or grew, or is long, or came piecemeal
                content = self._pieces(handle, start, length)
                where = _real(self._session.ask(*whose))
            self._session.close(handle)
            return status, content, where

    def _pieces(self, handle: bytes, start: int, length: int) -> bytes:
        """Return ``length`` bytes; one piece at a time, each would cost a round trip."""
        content = bytearray()
        waiting = iter(range(0, length, _PIECE))
        pieces: dict[int, bytes] = {}
        on_their_way: dict[int, tuple[int, int]] = {}
        """Number of the question to the position that it asks for, and how many bytes."""

        def ask(position: int, count: int) -> None:
            number = self._session.send(
                ssh_wire.READ, ssh_wire.string(handle), start + position, ssh_wire.numbers(count)
            )
            on_their_way[number] = position, count

        while len(content) < length:
            while len(on_their_way) < _READ_AHEAD and (position := next(waiting, None)) is not None:
                ask(position, min(_PIECE, length - position))
            number, answer = self._session.receive(ssh_wire.DATA)
            position, count = on_their_way.pop(number)
            part = _data(answer, count)
            pieces[position] = part
            if len(part) < count:  # a server may give less, and is asked for the rest
                ask(position + len(part), count - len(part))
            while part := pieces.pop(len(content), b""):
                content += part
            self.talk.deadline.left()
        return bytes(content)


def regular_size(status: Attributes) -> int:
    """Return the size of a regular file; raises :class:`Nonsense` if it is not told, or cannot be."""
    if status.size is None:
        raise Nonsense("its size is not told")
    return value_bounds.size(status.size)


def entry(name: str, status: Attributes) -> Entry:
    """Return what is told of a regular file; raises :class:`Nonsense` if something is not, or cannot be."""
    if status.mode is None:
        raise Nonsense("whether it is a file is not told")
    if status.modified is None:
        raise Nonsense("its time is not told")
    modified = value_bounds.instant(status.modified)
    return Entry(value_bounds.name(name), regular_size(status), modified, FOREVER, modified)


def is_directory(status: Attributes) -> bool:
    """Return whether this is a directory; False where the server does not tell."""
    return stat.S_ISDIR(status.mode or 0)


def is_regular(status: Attributes) -> bool:
    """Return whether this is a regular file; False where the server does not tell."""
    return stat.S_ISREG(status.mode or 0)


def is_link(status: Attributes) -> bool:
    """Return whether this is a symbolic link."""
    return stat.S_ISLNK(status.mode or 0)


def text(path: str) -> str:
    r"""Return a path for a message or an entry; bytes that are no UTF-8 are shown as ``\xNN``."""
    return shown(plain(path))


def plain(path: str) -> str:
    r"""Return a path with bytes that are no UTF-8 as ``\xNN``, as all collectors name files."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _stretch(size: int, offset: int, at_most: int) -> tuple[int, int]:
    """Return where to read in a file of ``size`` bytes, and how many."""
    start = max(0, size + offset) if offset < 0 else offset
    return start, max(0, min(at_most, size - start))


def _cut(length: int) -> list[tuple[int, int]]:
    """Return the pieces of so many bytes: where each begins, and how long it is."""
    return [(at, min(_PIECE, length - at)) for at in range(0, length, _PIECE)]


def _data(answer: Fields, count: int) -> bytes:
    """Return a piece of a file; a server may give less than ``count``, but not nothing."""
    part = answer.text()
    answer.end()
    if not 0 < len(part) <= count:
        raise Nonsense(f"it gives {len(part)} bytes where {count} were asked for")
    return part


def _answered(answer: Fields | Refusal) -> Callable[[], Fields]:
    """Return what gives an answer, or raises the refusal, when its turn comes."""

    def give() -> Fields:
        if isinstance(answer, Refusal):
            raise answer
        return answer

    return give


def _real(answer: Fields) -> str:
    ((name, _),) = _exactly_one(answer)
    real = _text(name)
    if not real.startswith("/") or "\0" in real:
        raise Nonsense(f"its real path is {text(real)!r}")
    return value_bounds.name(real)


def _exactly_one(answer: Fields) -> list[tuple[bytes, Attributes]]:
    names = list(ssh_wire.names(answer))
    if len(names) != 1:
        raise Nonsense(f"it has {len(names)} real paths")
    return names


def _attributes(answer: Fields) -> Attributes:
    attributes = answer.attributes()
    answer.end()
    return attributes


def _part(name: bytes) -> str:
    """Return the name of what lies in a directory; one with a slash in it would lead elsewhere."""
    part = _text(name)
    if "/" in part:
        raise Nonsense(f"a name in it has a slash: {text(part)!r}")
    value_bounds.path(plain(part))
    return part


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _string(path: str) -> bytes:
    return ssh_wire.string(path.encode("utf-8", "surrogateescape"))
