"""Why a host cannot be seen over SSH, as a sentence with the next step."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

import paramiko

from drcheck.collectors.confine import shown
from drcheck.collectors.ssh.keys import Trusted
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, Disconnected


class Lost(Disconnected):
    """A session that stood, or had begun, was lost; another try may help."""


def lost(connection: SshConnection) -> Lost:
    """Return the error for a connection that ended in the middle of something."""
    return Lost(f"the connection to {connection.host} was lost", "See its sshd's log, and the network.")


def dropped(connection: SshConnection) -> Lost:
    """Return the error for a host that took a connection and ended it before a session stood."""
    return Lost(
        f"{connection.host} reset the connection",
        "See its sshd's log; it may be full (MaxStartups) or block this address.",
    )


def unreachable(connection: SshConnection, error: OSError) -> CollectorError:
    """Return the error for a TCP connection that did not come about."""
    host = f"{connection.host} port {connection.port}"
    match error:
        case socket.gaierror():
            return CollectorError(f"the name {connection.host} is not known to DNS", "Check `host`.")
        case ConnectionRefusedError():
            return CollectorError(f"{host} refused the connection", "Check `port`, and that sshd runs there.")
        case TimeoutError():
            return CollectorError(
                f"no connection to {host} came about in time", "Check that it is up, and firewalls on the way."
            )
        case OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH):
            return CollectorError(f"there is no way to {host}", "Check that it is up, and the network.")
        case _:
            return CollectorError(f"no connection to {host} came about: {error.strerror}", "Check the network.")


def wrong_key(
    connection: SshConnection, file: str, trusted: Sequence[Trusted], error: paramiko.BadHostKeyException
) -> CollectorError:
    """Return the error for a host that showed another key than the one that is trusted."""
    shown_type = error.key.get_name()
    same_type = [each for each in trusted if each.key.get_name() == shown_type]
    lines = ", ".join(str(each.line) for each in same_type or trusted)
    return CollectorError(
        f"the host key of {connection.host} is not the one in known_hosts",
        f"It showed {shown_type} {error.key.fingerprint}. Compare that with the host's own key, at its console, "
        f"before you replace line {lines} of {file}.",
    )


def no_session(connection: SshConnection, error: Exception) -> CollectorError:
    """Return the error for a host that was reached, and with which no session came about."""
    host = connection.host
    match error:
        case paramiko.AuthenticationException() if "timeout" in str(error) or "EOF" in str(error):
            return CollectorError(f"{host} fell silent when the key was shown", "See its sshd's log.")
        case paramiko.AuthenticationException():
            return CollectorError(
                f"{host} does not accept the key of {connection.user}",
                f"Add {connection.identity_file}.pub to the account's authorized_keys, and check `user`.",
            )
        case paramiko.ssh_exception.IncompatiblePeer():
            return CollectorError(f"{host} speaks no SSH that is safe enough: {shown(str(error))}", "Update its sshd.")
        case ConnectionResetError() | BrokenPipeError() | EOFError():
            return dropped(connection)
        case TimeoutError():
            return CollectorError(f"{host} fell silent before the session began", "See whether it is overloaded.")
        case _ if "banner" in str(error):
            return CollectorError(
                f"{host} port {connection.port} does not answer as an SSH server",
                "Check `port`; an overloaded sshd, and one that blocks this address, are silent too.",
            )
        case _:
            return CollectorError(f"no session with {host} came about: {shown(str(error))}", "See its sshd's log.")


def no_channel(connection: SshConnection, error: Exception) -> CollectorError:
    """Return the error for a session that stands, and in which nothing more can be asked."""
    if isinstance(error, paramiko.ChannelException):
        return CollectorError(
            f"{connection.host} opens no further channel: {shown(str(error))}",
            "Raise MaxSessions of its sshd to 10, and see that the account may use SFTP.",
        )
    return lost(connection)
