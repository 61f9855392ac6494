"""What an account may do on a host, asked without trying any of it. Importing this imports paramiko."""

from __future__ import annotations

import re
import stat
from typing import Final

from drcheck.collectors.pool import Deadline
from drcheck.collectors.ssh import scripts
from drcheck.collectors.ssh.connection import Host
from drcheck.collectors.ssh.sftp import ReadOnlySftp
from drcheck.interfaces import Account, Power, Right

_ROOT: Final = "root"
_ANSWER: Final = re.compile(r"([0-9]{1,10})\s+(yes|no)\s*")
_OPENSSH: Final = b"expand-path@openssh.com"
"""What OpenSSH offers since 8.7 (PROTOCOL, section 4): by then it offers only what it would do
(``compose_extension`` in sftp-server.c)."""
_WRITES: Final = frozenset({b"posix-rename@openssh.com", b"hardlink@openssh.com", b"lsetstat@openssh.com"})
"""What it offers unless it was started read-only (``internal-sftp -R``); single ones can be taken away by ``-P``."""
_KEEP_TO_SFTP: Final = 'Put restrict,command="internal-sftp -R" before its key in authorized_keys.'


def account(host: Host, session: ReadOnlySftp, directory: str, deadline: Deadline) -> Account:
    """Return what the account may do on ``host``, and at ``directory``: one command, if it may run any, and SFTP."""
    said = ""
    if host.clock_offset(deadline) is not None:  # else no command runs
        said = host.words(f"id -u; test -w {scripts.joined([directory])} && echo yes || echo no", deadline)
    answer = _ANSWER.fullmatch(said)
    commands = answer is not None
    return Account(
        (
            _superuser(host.connection.user, answer),
            Right(
                Power.COMMANDS,
                commands,
                "`id` ran" if commands else "`id` did not run",
                f"{_KEEP_TO_SFTP} Times of change and the host's clock are then not seen, and `outputs` do not run.",
            ),
            _writing(session, directory, answer),
        )
    )


def _superuser(user: str, answer: re.Match[str] | None) -> Right:
    remedy = "Give drcheck an account of its own there, which may only read."
    if answer is not None:
        superuser = int(answer[1]) == 0
        return Right(Power.SUPERUSER, superuser, f"its user id is {answer[1]}", remedy)
    if user == _ROOT:
        return Right(Power.SUPERUSER, True, "it is called root", remedy)
    return Right(Power.SUPERUSER, False, f"it is not called {_ROOT}", remedy)


def _writing(session: ReadOnlySftp, directory: str, answer: re.Match[str] | None) -> Right:
    if answer is not None:
        writes = answer[2] == "yes"
        how = "`test -w` says that it may" if writes else "`test -w` says that it may not"
        return Right(Power.WRITE, writes, how, f"Take the right to write there from it. {_KEEP_TO_SFTP}")
    if _OPENSSH not in session.extensions:
        return Right(Power.WRITE, None, "its SFTP server does not say whether it is read-only", _KEEP_TO_SFTP)
    if _WRITES.isdisjoint(session.extensions):
        return Right(Power.WRITE, False, "its SFTP is read-only", _KEEP_TO_SFTP)
    mode = session.status(directory).mode
    if mode is not None and mode & stat.S_IWOTH:
        return Right(Power.WRITE, True, "its SFTP is not read-only, and everyone may write there", _KEEP_TO_SFTP)
    return Right(Power.WRITE, None, "its SFTP is not read-only, so that the modes of files decide", _KEEP_TO_SFTP)
