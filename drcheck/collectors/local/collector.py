"""Directories of this machine: links are never followed, also where one appears while drcheck reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import NoReturn

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import checked_name, checked_prefix, checked_root, shown
from drcheck.collectors.descriptions import DISK, NOTHING, in_full
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.paging import Names
from drcheck.collectors.pool import Connections
from drcheck.collectors.value_bounds import Nonsense
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Account, CollectorError, Entry, NotFound, Power, Right, Seek

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# without O_NONBLOCK opening a named pipe waits for its writer
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SECOND = 1_000_000_000


class LocalCollector:
    """Lists and reads what lies below a directory.

    Arrival lies between mtime, which copying tools set to the past, and ctime, which nobody can set.
    """

    seek = Seek.NONE
    in_place = True

    def __init__(self, connection: LocalConnection, root: str, pool: Connections) -> None:
        self._connection = connection
        self._root = checked_root(root)
        self._deadline = pool.deadline(connection)
        self._quota = pool.quota(connection)
        self.calls = 0
        self.links: list[str] = []

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield every regular file below the root whose name begins with ``prefix`` and sorts after ``after``."""
        start = checked_prefix(prefix)
        escaped = Names()
        self.links = []
        root = self._open_root()
        try:
            pending = [start]
            while pending:
                for path, status in self._entries(root, pending.pop()):
                    if stat.S_ISDIR(status.st_mode):
                        if f"{_text(path)}/".startswith(prefix):  # else no name in it begins so
                            pending.append(f"{path}/")
                    elif stat.S_ISREG(status.st_mode):
                        name = _text(path)
                        if "\\x" in name:
                            self._once(escaped, name)
                        if name.startswith(prefix) and name > after:
                            yield self._entry(name, status)
                    elif stat.S_ISLNK(status.st_mode):
                        self.links.append(shown(_text(path)))
        finally:
            os.close(root)

    def _once(self, escaped: Names, name: str) -> None:
        """Raise an error if two files have one name as text: bytes that are no UTF-8, and what is shown for them."""
        try:
            escaped.take(name)
        except Nonsense as error:
            raise CollectorError(
                f"the listing of {self._shown('')} makes no sense as text: {error}",
                "Rename the file whose name is not UTF-8.",
            ) from None

    def _entry(self, name: str, status: os.stat_result) -> Entry:
        try:
            modified = value_bounds.instant(status.st_mtime_ns // _SECOND)
            changed = value_bounds.instant(status.st_ctime_ns // _SECOND)
            size = value_bounds.size(status.st_size)
            inode = f"{status.st_dev}:{status.st_ino}" if status.st_nlink > 1 else ""
            return Entry(value_bounds.name(name), size, modified, max(modified, changed), modified, inode=inode)
        except Nonsense as error:
            raise CollectorError(
                f"what the disk tells of {self._shown(name)} makes no sense: {error}",
                "Set its time by touch, or check the file system.",
            ) from None

    def _entries(self, root: int, directory: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield what lies in one directory; nothing if it went meanwhile."""
        self._deadline.left()
        self.calls += 1
        try:
            opened = self._walk(root, directory)
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail(directory, error)
        try:
            with os.scandir(opened) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # it went between the listing and now
                        continue
                    self._quota.take()
                    yield directory + entry.name, status
        except OSError as error:
            self._fail(directory, error)
        finally:
            os.close(opened)

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Return nothing: what is deleted from a disk is not held."""
        del prefix
        return iter(())

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of the regular file ``name``."""
        directory, _, last = checked_name(name).rpartition("/")
        try:
            opened = self._below(directory)
            try:
                file = os.open(last, _FILE, dir_fd=opened)
            finally:
                os.close(opened)
        except OSError as error:
            self._fail(name, error)
        try:
            status = os.fstat(file)
            self._check_regular(name, status)
            with os.fdopen(file, "rb", closefd=False) as handle:
                handle.seek(max(0, status.st_size + offset) if offset < 0 else offset)
                return handle.read(at_most)
        except OSError as error:
            self._fail(name, error)
        finally:
            os.close(file)

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return that nothing is told: a disk shows neither how it is encrypted nor a lock that can be relied upon."""
        if name is not None:
            directory, _, last = checked_name(name).rpartition("/")
            try:
                opened = self._below(directory)
                try:
                    self._check_regular(name, os.stat(last, dir_fd=opened, follow_symlinks=False))
                finally:
                    os.close(opened)
            except OSError as error:
                self._fail(name, error)
        return in_full(NOTHING, facts, DISK)

    def _below(self, directory: str) -> int:
        """Open a directory below the root, for one request."""
        self._deadline.left()
        self.calls += 1
        root = self._open_root()
        try:
            return self._walk(root, directory)
        finally:
            os.close(root)

    def _check_regular(self, name: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise CollectorError(f"{self._shown(name)} is no regular file", "Name a file.")

    def _open_root(self) -> int:
        """Open the root: the connection's is the runner's own choice and may be a link, what is below may not."""
        try:
            top = os.open(self._connection.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                return self._walk(top, self._root)
            finally:
                os.close(top)
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                raise CollectorError(
                    f"{self._shown('')} is not a directory here",
                    "Check `root` of the connection and the policy's `at`, and the mount; it may be no link.",
                ) from error
            self._fail("", error)

    @staticmethod
    def _walk(start: int, directory: str) -> int:
        """Open ``directory`` below ``start`` part by part, so that no part of it can be a link."""
        opened = os.dup(start)
        for part in filter(None, directory.split("/")):
            try:
                below = os.open(part, _DIRECTORY, dir_fd=opened)
            finally:
                os.close(opened)
            opened = below
        return opened

    def _shown(self, name: str) -> str:
        return shown(f"{self._connection.root.rstrip('/')}/{self._root}{_text(name)}")

    def _fail(self, name: str, error: OSError) -> NoReturn:
        where = self._shown(name)
        match error:
            case FileNotFoundError():
                raise NotFound(f"there is no {where}") from error
            case PermissionError():
                raise CollectorError(f"{where} may not be read", "Let drcheck's user read it.") from error
            case _:
                raise CollectorError(
                    f"{where} cannot be read: {error.strerror}", "Links are not followed; else check the disk."
                ) from error

    def clock_offset(self) -> float | None:
        """Return 0: the clock is ours."""
        return 0.0

    def account(self) -> Account:
        """Return whether this process may write at the root, as the kernel says, and whether it is the superuser."""
        self._deadline.left()
        root = self._open_root()
        try:
            writes = os.access(".", os.W_OK, dir_fd=root)
        except OSError as error:
            self._fail("", error)
        finally:
            os.close(root)
        superuser = os.geteuid() == 0
        return Account(
            (
                Right(
                    Power.SUPERUSER,
                    superuser,
                    "drcheck runs as root" if superuser else "drcheck does not run as root",
                    "Run it as a user of its own, which may only read.",
                ),
                Right(
                    Power.WRITE,
                    writes,
                    f"the kernel {'lets' if writes else 'does not let'} it write in the directory",
                    "Take the right to write from drcheck's user, or mount the directory read-only.",
                ),
            )
        )

    def close(self) -> None:
        """Do nothing: nothing is held between calls."""


def _text(path: str) -> str:
    r"""Return a path as text; bytes that are no UTF-8 are shown as ``\xNN``."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def open_local(connection: LocalConnection, root: str, pool: Connections) -> LocalCollector:
    """Return a collector of what lies below ``root`` in the connection's directory."""
    return LocalCollector(connection, root, pool)
