"""Hosts over SSH: SFTP, and one fixed find where the far side lets it run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from drcheck.collectors.confine import checked_name, checked_prefix, checked_root, shown
from drcheck.collectors.descriptions import DISK, NOTHING, ListedFacts, in_full
from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh import scripts
from drcheck.collectors.ssh.find import find_command, parse_find
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.collectors.value_bounds import Nonsense
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Account, CollectorError, Entry, NotFound, Seek

if TYPE_CHECKING:
    from drcheck.collectors.ssh.connection import Host, Talk
    from drcheck.collectors.ssh.sftp import ReadOnlySftp
    from drcheck.collectors.ssh.wire import Attributes

T = TypeVar("T")

OUTPUT: Final = 64 * 1024 * 1024
"""Bytes that a named output may have."""


class SshCollector:
    """Lists and reads what lies below a directory of a host; connects when it is first asked.

    Arrival begins at mtime, which copying tools set to the past. Only find tells ctime, which ends it; over SFTP alone
    just having been seen does. A connection that is lost is made once more, within the deadline of the source: hosts
    restart, and networks hiccup. What was refused, or fell silent, is not tried again.
    """

    seek = Seek.NONE
    in_place = True

    def __init__(self, connection: SshConnection, root: str, pool: Connections) -> None:
        self._connection = connection
        self._root = checked_root(root)
        self._pool = pool
        self._deadline = pool.deadline(connection)
        self._quota = pool.quota(connection)
        self._tried_again = False
        self._host: Host | None = None
        self._talks: list[Talk] = []
        self._listing: Talk | None = None
        self._session: ReadOnlySftp | None = None
        self._has_read = False
        self._top = ""
        self._listed = ListedFacts()
        self.calls = 0
        self.links: list[str] = []

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield every regular file below the root whose name begins with ``prefix`` and sorts after ``after``.

        One that was lost in the middle begins anew, so that names may come twice.
        """
        from drcheck.collectors.ssh.faults import Lost  # imports paramiko

        try:
            yield from self._list(prefix, after)
        except Lost as error:
            self._again(error)
            yield from self._list(prefix, after)

    def _twice(self, ask: Callable[[], T]) -> T:
        """Ask, and once more if the connection was lost."""
        from drcheck.collectors.ssh.faults import Lost  # imports paramiko

        try:
            return ask()
        except Lost as error:
            self._again(error)
            return ask()

    def _again(self, error: CollectorError) -> None:
        """Let go of a connection that was lost; raises ``error`` if another one was lost before."""
        from drcheck.collectors.ssh.connection import AGAIN  # imports paramiko

        if self._tried_again:
            raise error
        self._tried_again = True
        self.close()
        self._deadline.pause(AGAIN)

    def _list(self, prefix: str, after: str) -> Iterator[Entry]:
        below = checked_prefix(prefix)
        self.links = []
        # a listing has a channel of its own: one that is under way cannot share it with reads
        self._end_listing()
        start = prefix[len(below) :]
        entries = self._found(below, start)
        if entries is None:
            entries = self._step_by_step(below, start)
        for entry in entries:
            if entry.name.startswith(prefix) and entry.name > after:
                self._listed.keep(entry.name)
                yield entry
        self._end_listing()

    def _end_listing(self) -> None:
        if self._listing is not None:
            self._listing.close()
            self._listing = None

    def _found(self, below: str, start: str) -> Iterator[Entry] | None:
        """List by one command; None: the host runs none, or what it says of the directory is not as it must be."""
        if not self._may_run():
            return None
        talk = self._listing = self._talk()
        self._count()
        directory = f"{self._root}{below}"[:-1]
        timed = talk.host.timed
        command = scripts.listing(self._connection.root, directory, start, timed=timed)
        told_as = find_command(f"{self._connection.root}/{directory}", start)
        answer = self._answer(talk, command, directory, told_as, timed=timed, lists=True)
        return None if answer is None else self._parsed(answer.rest, below)

    def _parsed(self, output: Iterable[bytes], below: str) -> Iterator[Entry]:
        host = f"{self._connection.host}:{self._connection.port}"
        return parse_find(output, below, self._quota, self._pass_link, host)

    def _may_run(self) -> bool:
        """Return whether a script may be tried: not once the connection was lost, which may have been its fault."""
        return not self._tried_again and self._connected().may_run

    def _answer(
        self,
        talk: Talk,
        command: tuple[str, ...],
        directory: str,
        told_as: tuple[str, ...] = (),
        *,
        timed: bool,
        lists: bool = False,
    ) -> scripts.ScriptAnswer | None:
        """Ask by a script; None unless it says that ``directory`` is where it must be, with no link on the way."""
        asked = self._connected().answer(talk, command, told_as, timed=timed, lists=lists)
        if asked is None:
            return None
        answer, beginning = asked
        top = beginning.top.rstrip("/")
        if beginning.directory != (f"{top}/{directory}".rstrip("/") or "/"):
            talk.close()
            return None
        self._top = top
        return answer

    def _step_by_step(self, below: str, start: str) -> Iterator[Entry]:
        """List by find, or by SFTP, once each step was asked for by itself: so each fault has its own words."""
        from drcheck.collectors.ssh.sftp import ReadOnlySftp  # imports paramiko

        finds = self._connected().has_find(self._deadline)
        talk = self._listing = self._talk()
        session = self._sftp() if finds else ReadOnlySftp(talk, self._count)
        try:
            directory = self._directory(session, below[:-1])
        except CollectorError as error:
            if below and not session.broken:
                self._directory(session, "")  # where all of the source is missing, or a link, that is what is said
                if isinstance(error, NotFound):
                    return
            raise
        if finds:
            self._count()
            yield from self._parsed(talk.run(find_command(directory, start)), below)
        else:
            yield from self._walk(session, directory, below, start)

    def _walk(self, session: ReadOnlySftp, directory: str, below: str, start: str) -> Iterator[Entry]:
        """List by SFTP what lies in directories in which a name may begin with ``start``."""
        from drcheck.collectors.ssh import sftp as ssh_sftp  # imports paramiko

        pending = [""]
        while pending:
            inner = pending.pop()
            try:
                listing = session.directory(f"{directory}/{inner}")
            except NotFound:  # a directory that went meanwhile
                if not inner:
                    raise
                continue
            for name, status in listing:
                self._quota.take()
                path = inner + name
                attributes = status if status.mode is not None else self._status(f"{directory}/{path}")
                if attributes is None:
                    continue
                if ssh_sftp.is_directory(attributes):
                    if f"{ssh_sftp.plain(path)}/".startswith(start):
                        pending.append(f"{path}/")
                elif ssh_sftp.is_regular(attributes) or attributes.mode is None:
                    yield self._entry(below + ssh_sftp.plain(path), attributes)
                elif ssh_sftp.is_link(attributes):
                    self._pass_link(below + path)

    def _status(self, path: str) -> Attributes | None:
        """Return what a name of a listing is, or None if it went meanwhile: all others are still there."""
        try:
            return self._sftp().status(path)
        except NotFound:
            return None

    def _entry(self, name: str, attributes: Attributes) -> Entry:
        """Return what SFTP tells of a regular file."""
        from drcheck.collectors.ssh import sftp as ssh_sftp  # imports paramiko

        try:
            return ssh_sftp.entry(name, attributes)
        except Nonsense as error:
            raise CollectorError(
                f"what {self._connection.host} tells of {shown(name)} makes no sense: {error}",
                "See what serves SFTP there (Subsystem sftp internal-sftp), and the disk.",
            ) from None

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Return nothing: what is deleted from a host's disk is not held."""
        del prefix
        return iter(())

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of a regular file, or of what the command named by ``!output`` prints."""
        if name.startswith("!") and not self._root:
            return self._twice(lambda: self._output(name[1:], offset, at_most))
        return self._twice(lambda: self._read(name, offset, at_most))

    def _read(self, name: str, offset: int, at_most: int) -> bytes:
        # the first one only: a session of SFTP serves all that follow, and starts no programs there
        if offset == 0 and self._session is None and not self._has_read and self._may_run():
            self._has_read = True
            if (content := self._printed(checked_name(name), at_most)) is not None:
                return content
        path, before = self._regular(name)
        opened, content, real = self._sftp().read(path, before.size or 0, offset, at_most)
        # SFTP cannot refuse a link while it opens: so it must have been no link before and after, and the same file
        if real != path or opened.mode != before.mode or opened.uid != before.uid:
            raise CollectorError(
                f"{shown(path)} on {self._connection.host} was exchanged while it was read", "Look who did that."
            )
        return content

    def _printed(self, name: str, at_most: int) -> bytes | None:
        """Read by one command; None: the host runs none, or it may not be read, or is not as it must be."""
        from drcheck.collectors.ssh.faults import Lost  # imports paramiko

        directory, _, own = f"{self._root}{name}".rpartition("/")
        talk = self._talk()
        self._count()
        try:
            timed = talk.host.timed
            command = scripts.reading(self._connection.root, directory, own, at_most, timed=timed)
            answer = self._answer(talk, command, directory, timed=timed)
            return None if answer is None else scripts.content(answer, at_most)
        except Lost:
            raise
        except CollectorError:
            self._deadline.left()
            return None
        finally:
            talk.close()

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return that nothing is told: a host's files show neither how its disk is encrypted nor a lock.

        Of the place, and of what a listing showed, that takes no request.
        """
        if name is not None and self._listed.of(name) is None:
            if name.startswith("!") and not self._root:
                self._argv(name[1:])
            else:
                self._twice(lambda: self._regular(name))
        return in_full(NOTHING, facts, DISK)

    def _regular(self, name: str) -> tuple[str, Attributes]:
        """Return the absolute path of a regular file, and what it is; opening a pipe would wait for its writer."""
        from drcheck.collectors.ssh.sftp import is_regular  # imports paramiko

        path, status = self._placed(self._sftp(), checked_name(name), "the file")
        if not is_regular(status):
            raise CollectorError(f"{shown(path)} on {self._connection.host} is no regular file", "Name a file.")
        return path, status

    def _argv(self, name: str) -> tuple[str, ...]:
        argv = self._connection.outputs.get(name)
        if argv is None:
            raise NotFound(
                f"{self._connection.name} has no output {shown(name)}",
                f"Add it to `outputs` of {self._connection.name}.",
            )
        return argv

    def _output(self, name: str, offset: int, at_most: int) -> bytes:
        from drcheck.collectors.ssh.connection import NO_INPUT  # imports paramiko

        command = scripts.joined(self._argv(name)) + NO_INPUT
        self._count()
        said = bytearray()
        self._connected()
        talk = self._talk()
        try:
            for part in talk.run(command):
                said += part
                if len(said) > OUTPUT:
                    raise CollectorError(
                        f"the output {name} of {self._connection.name} is longer than {OUTPUT >> 20} MiB",
                        "Let the command print less.",
                    )
        finally:
            talk.close()
        start = max(0, len(said) + offset) if offset < 0 else offset
        return bytes(said[start : start + at_most])

    def _directory(self, session: ReadOnlySftp, name: str) -> str:
        """Return the absolute path of a directory that exists."""
        from drcheck.collectors.ssh.sftp import is_directory  # imports paramiko

        path, status = self._placed(session, name, "the directory")
        if not is_directory(status):
            raise CollectorError(f"{shown(path)} on {self._connection.host} is no directory", "Name a directory.")
        return path

    def _placed(self, session: ReadOnlySftp, name: str, what: str) -> tuple[str, Attributes]:
        """Return the absolute path of ``name``, which lies below the root and has no link in it, and what it is.

        Raises :class:`CollectorError` otherwise. The connection's root is the runner's own choice and may be a link.
        """
        self._top, path, attributes = session.place(self._connection.root, f"{self._root}{name}", self._top)
        if attributes is None:
            raise CollectorError(
                f"{what} {shown(path)} on {self._connection.host} is a link, or lies behind one",
                "Name the place itself: links are not followed.",
            )
        return path, attributes

    def _count(self) -> None:
        self.calls += 1

    def _pass_link(self, name: str) -> None:
        self.links.append(shown(name))

    def _connected(self) -> Host:
        """Return the session with the host, made or joined when it is first needed."""
        from drcheck.collectors.ssh.connection import connect  # paramiko takes a while to import

        if self._host is None:
            host = connect(self._connection, self._pool, self._deadline)
            if not host.places.acquire(timeout=self._deadline.left()):
                raise CollectorError(
                    f"{self._connection.host} was busy with other sources until the time was up",
                    f"Raise `deadline` of {self._connection.name}, or see why they take so long.",
                )
            self._host = host
        return self._host

    def _talk(self) -> Talk:
        from drcheck.collectors.ssh.connection import Talk  # imports paramiko

        talk = Talk(self._connected(), self._deadline)
        self._talks.append(talk)
        return talk

    def _sftp(self) -> ReadOnlySftp:
        from drcheck.collectors.ssh.sftp import ReadOnlySftp  # imports paramiko

        if self._session is None or self._session.broken:
            if self._session is not None:
                self._session.talk.close()
            self._session = ReadOnlySftp(self._talk(), self._count)
        return self._session

    def clock_offset(self) -> float | None:
        """Return by how much the host's clock is ahead; None where no command may run."""
        return self._twice(lambda: self._connected().clock_offset(self._deadline))

    def account(self) -> Account:
        """Return what the account may do on the host, and at the root."""
        from drcheck.collectors.ssh.account import account  # imports paramiko

        def ask() -> Account:
            host, session = self._connected(), self._sftp()
            return account(host, session, self._directory(session, ""), self._deadline)

        return self._twice(ask)

    def close(self) -> None:
        """Close what this source holds; the session with the host is the run's."""
        for talk in self._talks:
            talk.close()
        self._talks.clear()
        self._session = self._listing = None
        if self._host is not None:
            self._host.places.release()
            self._host = None


def open_ssh(connection: SshConnection, root: str, pool: Connections) -> SshCollector:
    """Return a collector of what lies below ``root``, a directory below the connection's root."""
    return SshCollector(connection, root, pool)
