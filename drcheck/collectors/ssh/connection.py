"""One SSH session a host: verified, bounded, shared by all sources of a run. Importing this imports paramiko."""

from __future__ import annotations

import logging
import shlex
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn

import paramiko

from drcheck import clock
from drcheck.collectors.confine import shown
from drcheck.collectors.pool import Connections, Deadline
from drcheck.collectors.ssh import scripts
from drcheck.collectors.ssh.faults import Lost, dropped, lost, no_channel, no_session, unreachable, wrong_key
from drcheck.collectors.ssh.handshake import Metered, Transport, shut
from drcheck.collectors.ssh.keys import KnownHosts, name_in_known_hosts
from drcheck.collectors.ssh.scripts import Beginning, ScriptAnswer
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError

CONNECT: Final = 10.0
"""Seconds for a TCP connection; a host that drops packets would hold us for two minutes."""
BANNER: Final = 10.0
"""Seconds for the far side to say that it speaks SSH."""
AUTHENTICATION: Final = 20.0
"""Seconds for the key to be accepted; slow name servers on the far side are the usual reason."""
SILENCE: Final = 60.0
"""Seconds without a byte after which an answer is given up."""
PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds to wait for sshd to count a session as ended that was closed just now."""
_CONNECT_FAILED: Final = 2
"""What sshd answers when there are MaxSessions sessions (RFC 4254, SSH_OPEN_CONNECT_FAILED)."""
AGAIN: Final = 0.25
"""Seconds before the second try after a connection was lost: an sshd that was full has let somebody go by then."""
_ENDING: Final = 0.25
"""Seconds within which a session whose connection is gone notes that it is; its channels end a little before."""
_TICK: Final = 0.25
"""Seconds between looks at what a command says on its standard error, while its standard output is silent."""
NO_INPUT: Final = " </dev/null"
"""What a shell takes after a command for an input that ends at once."""
_NOTES: Final = 4096
"""Bytes kept of what a command says on its standard error."""

# paramiko writes its threads' tracebacks to standard error unless somebody takes them
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Talk:
    """One channel of a session, cut off when the deadline of its source passes.

    The host holds it until it is closed: were one left to the garbage collector, that could close it at a moment when
    paramiko holds a lock of its own that closing needs, and wait for ever.
    """

    def __init__(self, host: Host, deadline: Deadline) -> None:
        self.host = host
        self.deadline = deadline
        self.patience = SILENCE
        """Seconds without a byte after which a command is given up."""
        self.silent = False
        """Whether one was."""
        self.channel = self._open()
        host.talks.add(self)
        deadline.add(self._cut)
        self.channel.settimeout(deadline.left(SILENCE))

    def _open(self) -> paramiko.Channel:
        for pause in PAUSES:
            try:
                return self.host.transport.open_session(timeout=self.deadline.left(SILENCE))
            except paramiko.ChannelException as error:
                if error.code != _CONNECT_FAILED:
                    raise no_channel(self.host.connection, error) from None
                self.deadline.pause(pause)
            except (paramiko.SSHException, OSError, EOFError) as error:
                self.deadline.left()
                raise no_channel(self.host.connection, error) from None
        raise no_channel(self.host.connection, paramiko.ChannelException(_CONNECT_FAILED, "Connect failed"))

    def _cut(self) -> None:
        with suppress(paramiko.SSHException, OSError, EOFError):
            self.channel.close()

    def close(self) -> None:
        """Close the channel; more than once does no harm."""
        if self in self.host.talks:
            self.host.talks.discard(self)
            self.deadline.remove(self._cut)
            self._cut()

    def _notes(self, notes: bytearray) -> bool:
        """Take what was said on standard error, and keep its beginning."""
        heard = False
        while self.channel.recv_stderr_ready():
            notes += self.channel.recv_stderr(65536)[: _NOTES - len(notes)]
            heard = True
        return heard

    def run(
        self, argv: Sequence[str] | str, *, silence: float = SILENCE, told_as: Sequence[str] = ()
    ) -> Iterator[bytes]:
        """Run one command and yield what it writes; raises :class:`CollectorError` unless it ends with status 0.

        The message names the command, or the plainer one that comes to the same where ``told_as`` gives it.

        Its standard error is drained, so that it cannot block, and its beginning kept for the message. Its standard
        input stays open and empty: to end it takes a message that paramiko may send when the command, and with it the
        channel, has ended already, and then sshd ends the whole connection. What could wait for its input is to be
        given :data:`NO_INPUT`.
        """
        command = argv if isinstance(argv, str) else scripts.joined(argv)
        self.patience = silence
        notes = bytearray()
        channel = self.channel
        try:
            channel.exec_command(command)
            channel.settimeout(_TICK)
            heard = clock.monotonic()
            while True:
                if self._notes(notes):
                    heard = clock.monotonic()
                try:
                    part = channel.recv(65536)
                except TimeoutError:
                    if clock.monotonic() - heard > self.patience:
                        self.silent = True
                        raise
                    continue
                if not part:
                    break
                yield part
                heard = clock.monotonic()
            self._notes(notes)
            channel.status_event.wait(self.deadline.left(self.patience))
            status = channel.recv_exit_status() if channel.status_event.is_set() else -1
        except (paramiko.SSHException, EOFError, OSError) as error:
            self.host.fail(self.deadline, error)
        self.deadline.left()
        if status < 0 and not self.host.stands():
            raise lost(self.host.connection)
        if status:
            first_line = shown(notes.decode(errors="replace").strip().partition("\n")[0])
            how = f"ended with status {status}" if status > 0 else "ended without a status"
            if told_as or not isinstance(argv, str):
                command = shlex.join(told_as or argv)
            raise CollectorError(
                f"{shown(command.partition(' ')[0])} on {self.host.connection.host} {how}"
                f"{': ' if first_line else ''}{first_line}",
                f"Run `{shown(command)}` there as {self.host.connection.user}.",
            )


class Host:
    """A verified session with one host."""

    def __init__(self, connection: SshConnection, client: paramiko.SSHClient, transport: paramiko.Transport) -> None:
        self.connection = connection
        self._client = client
        self.transport = transport
        self.places = threading.BoundedSemaphore(connection.at_once)
        self.talks: set[Talk] = set()
        self._asking = threading.Lock()
        self._clock_asked = False
        self._offset: float | None = None
        self._found: bool | None = None

    @property
    def alive(self) -> bool:
        """Whether the session still stands."""
        return self.transport.is_active()

    def stands(self) -> bool:
        """Return :attr:`alive`, given time to note that it does not: a connection's channels end before itself."""
        self.transport.join(_ENDING)
        return self.alive

    def fail(self, deadline: Deadline, error: Exception) -> NoReturn:
        """Raise the error for a session that broke, fell silent or refused."""
        deadline.left()
        host = self.connection.host
        if isinstance(error, TimeoutError):
            raise CollectorError(
                f"{host} fell silent in the middle of an answer", "See whether it is overloaded, or its disk hangs."
            ) from None
        if self.alive and isinstance(error, paramiko.SSHException):
            raise CollectorError(
                f"{host} refused what was asked of it: {shown(str(error))}",
                f"Let the account {self.connection.user} use SFTP (Subsystem sftp internal-sftp).",
            ) from None
        raise lost(self.connection) from None

    @contextmanager
    def _alone(self, deadline: Deadline) -> Iterator[None]:
        """Let one source at a time find out what holds for the whole host."""
        if not self._asking.acquire(timeout=deadline.left()):
            deadline.left()
        try:
            yield
        finally:
            self._asking.release()

    def words(self, argv: Sequence[str] | str, deadline: Deadline) -> str:
        """Return what a command says, or nothing if the account may not run it.

        Accounts that are kept to SFTP, as they should be, run nothing or something else.
        """
        said = b""
        talk = Talk(self, deadline)
        try:
            for part in talk.run(argv, silence=BANNER):
                said += part
                if len(said) > _NOTES:
                    return ""
        except Lost:
            raise
        except CollectorError:
            deadline.left()
            return ""
        finally:
            talk.close()
        return said.decode("utf-8", "replace")

    def answer(
        self, talk: Talk, argv: Sequence[str], told_as: Sequence[str] = (), *, timed: bool, lists: bool
    ) -> tuple[ScriptAnswer, Beginning] | None:
        """Return the answer to a script, and what it begins with; None: it does not begin as it must.

        ``timed`` says whether it tells the clock, ``lists`` whether it lists, by the find that tells all.

        What it tells of the host itself is kept. Only a beginning that is refused or silent is none: whatever goes
        wrong later is an error.
        """
        answer = ScriptAnswer(talk.run(argv, silence=BANNER, told_as=told_as))
        sent = clock.precise()
        try:
            beginning = self._begun(answer, sent, timed=timed, lists=lists)
        except Lost:
            raise
        except CollectorError:
            talk.deadline.left()
            beginning = None
        if beginning is None:
            self._learn(answer, silent=talk.silent)
            talk.close()
            return None
        talk.patience = SILENCE
        return answer, beginning

    def _begun(self, answer: ScriptAnswer, sent: float, *, timed: bool, lists: bool) -> Beginning | None:
        if timed:
            told = scripts.seconds((answer.field() or b"").decode("utf-8", "replace"))
            if told is None:
                return None
            self._keep_clock(told - (sent + clock.precise()) / 2)
        beginning = answer.beginning()
        if lists and beginning is not None:
            if not answer.lists():
                return None
            self._found = True
        return beginning

    def _learn(self, answer: ScriptAnswer, *, silent: bool) -> None:
        """Keep what an answer that does not begin as it must tells of the host: nothing is waited for twice."""
        if answer.said == scripts.REFUSAL or (silent and not self._clock_asked):
            self._keep_clock(None)
        if silent and self._found is None:
            self._found = False

    def _keep_clock(self, offset: float | None) -> None:
        if not self._clock_asked:
            self._offset, self._clock_asked = offset, True

    @property
    def timed(self) -> bool:
        """Whether a script is to tell the clock, which is asked for once a session."""
        return not self._clock_asked

    @property
    def may_run(self) -> bool:
        """Whether a script may be tried: the host has not shown yet that it runs none."""
        return not (self._clock_asked and self._offset is None) and self._found is not False

    def clock_offset(self, deadline: Deadline) -> float | None:
        """Return by how much the host's clock is ahead: one ``date``, bracketed by ours; None if it may not run."""
        with self._alone(deadline):
            if not self._clock_asked:
                sent = clock.precise()
                told = scripts.seconds(self.words(("date", "+%s.%N"), deadline))
                self._keep_clock(None if told is None else told - (sent + clock.precise()) / 2)
            return self._offset

    def has_find(self, deadline: Deadline) -> bool:
        """Tell whether the account may run GNU find, which alone tells all that is asked."""
        if self.clock_offset(deadline) is None:  # no command runs
            return False
        with self._alone(deadline):
            if self._found is None:
                self._found = self.words(("find", "--version"), deadline).startswith(scripts.GNU_FIND)
            return self._found

    def close(self) -> None:
        """End the session."""
        self._client.close()


def connect(connection: SshConnection, pool: Connections, deadline: Deadline, via: tuple[str, ...] = ()) -> Host:
    """Return the run's session with a host, through its jump host if it names one. Both are verified.

    A connection that is lost before the session stands is tried once more, for all sources of the host together.
    """

    def make() -> Host:
        try:
            return _connect(connection, pool, deadline, via)
        except Lost:
            deadline.pause(AGAIN)
            return _connect(connection, pool, deadline, via)

    key = ("ssh", connection.host, connection.port, connection.user, connection.identity_file,
           connection.known_hosts, connection.jump)  # fmt: skip
    host = pool.shared(key, make, deadline)
    if host.alive:
        return host
    pool.forget(key, host)
    return pool.shared(key, make, deadline)


def _connect(connection: SshConnection, pool: Connections, deadline: Deadline, via: tuple[str, ...]) -> Host:
    name = name_in_known_hosts(connection)
    known = pool.shared(("known_hosts", connection.known_hosts), lambda: KnownHosts(connection.known_hosts), deadline)
    trusted = known.of(name)
    if not trusted:
        raise CollectorError(
            f"the host key of {connection.host} is not known",
            f"Compare `ssh-keyscan -p {connection.port} {connection.host}` with the host's own key, "
            f"then add its line to {known.file}.",
        )
    identity = _identity(connection)
    client = paramiko.SSHClient()  # it loads no file of the user's by itself
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    for each in trusted:
        client.get_host_keys().add(name, each.key.get_name(), each.key)
    sock = _socket(connection, pool, deadline, via)
    metered: Any = Metered(sock)  # paramiko takes whatever reads and writes
    try:
        with deadline.cutting(lambda: shut(sock)):
            client.connect(
                connection.host, connection.port, connection.user, pkey=identity, sock=metered,
                allow_agent=False, look_for_keys=False, timeout=deadline.left(BANNER + CONNECT),
                banner_timeout=deadline.left(BANNER), auth_timeout=deadline.left(AUTHENTICATION),
                channel_timeout=deadline.left(SILENCE), transport_factory=Transport,
            )  # fmt: skip
    except paramiko.BadHostKeyException as error:
        client.close()
        raise wrong_key(connection, known.file, trusted, error) from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        was_dropped = metered.dropped  # once it is closed, its end looks the same
        client.close()
        shut(sock)
        deadline.left()
        raise (dropped(connection) if was_dropped else no_session(connection, error)) from None
    made = client.get_transport()
    if made is None:
        raise CollectorError(f"no session with {connection.host} came about", "See its sshd's log.")
    metered.done()
    return Host(connection, client, made)


def _identity(connection: SshConnection) -> paramiko.PKey:
    file = connection.identity_file
    try:
        return paramiko.PKey.from_path(file)
    except OSError as error:
        raise CollectorError(
            f"the key {file or '(no identity_file is named)'} cannot be read: {error.strerror}",
            f"Name drcheck's own key with `identity_file` on {connection.name}.",
        ) from None
    except (paramiko.SSHException, ValueError, TypeError, paramiko.pkey.UnknownKeyType):
        raise CollectorError(
            f"the key {file} cannot be used",
            "Give drcheck a key of its own without a passphrase, ed25519, ecdsa or rsa; protect it by its file's mode.",
        ) from None


def _socket(
    connection: SshConnection, pool: Connections, deadline: Deadline, via: tuple[str, ...]
) -> socket.socket | paramiko.Channel:
    """Return a way to the host: a socket, or a channel through its jump host."""
    if not connection.jump:
        try:
            made = socket.create_connection((connection.host, connection.port), timeout=deadline.left(CONNECT))
            # else a message waits until the far side has acknowledged the one before, which it puts off as well
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            deadline.left()
            raise unreachable(connection, error) from None
        return made
    jump = pool.connections.get(connection.jump)
    if not isinstance(jump, SshConnection) or connection.jump in (*via, connection.name):
        raise CollectorError(
            f"the jump host {connection.jump} of {connection.name} is no SSH connection, or leads back to it",
            "Name the alias of another connection of type ssh with `jump`.",
        )
    through = connect(jump, pool, deadline, (*via, connection.name))
    try:
        return through.transport.open_channel(
            "direct-tcpip", (connection.host, connection.port), ("127.0.0.1", 0), timeout=deadline.left(CONNECT)
        )
    except (paramiko.SSHException, OSError, EOFError) as error:
        deadline.left()
        raise CollectorError(
            f"{connection.jump} does not lead to {connection.host} port {connection.port}: {shown(str(error))}",
            f"See that the host is up, and that {connection.jump} allows forwarding to it (AllowTcpForwarding).",
        ) from None
