"""What a host is asked in one command: its clock, where a directory really lies, and a listing or a file there.

That takes two round trips, and asking one after the other by SFTP a dozen. The scripts are fixed, and what they are
about are their arguments: nothing of a policy is ever taken for a command. They begin with what is plain in any shell,
so that whichever one the account has starts them in ``sh``.

Of an answer only a whole one is taken. Where it does not begin as it must (no command may run, another find, a
directory that is a link or is not there), nobody believes it or guesses why: the same is asked anew, step by step.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from drcheck.collectors import value_bounds
from drcheck.collectors.ssh.find import FORMAT, below_start, is_gnu_listing
from drcheck.collectors.value_bounds import Nonsense

LONGEST: Final = 32 * 1024
"""Bytes that the beginning of an answer may have: an instant, two paths and what find says of the directory itself."""
REFUSAL: Final = b"This service allows sftp connections only.\n"
"""What OpenSSH answers every command with where the account is kept to its internal-sftp."""
GNU_FIND: Final = "find (GNU findutils)"
"""How the version of the only find begins that tells all that is asked."""

# What is written at once comes in one message. The clock comes first, as soon as it is read.
_DATE: Final = r'printf "%s\0" "$(date +%s.%N)" && '
# cd follows links, and PWD tells where that led, as pwd -P does, which would take a process: the directory stays the
# same one from then on, whatever becomes of its name.
_PATHS: Final = r'cd -P "$1" && t=$PWD && cd -P "./$2" && d=$PWD'
_LIST: Final = (
    _PATHS
    + r' && printf "%s\0" "$t" "$d"'
    # In another locale patterns are held against characters, which names need not be made of.
    + rf' && shift 2 && export LC_ALL=C && exec find -P . -ignore_readdir_race -printf "{FORMAT}" "$@"'
)
# What was opened is the standard input of all that follows, and must be what stands under that name, before and after.
# A pipe would wait for its writer, so that it is not opened.
_READ: Final = (
    _PATHS
    + r' && if [ -h "./$3" ]; then exit 1; fi; if [ -f "./$3" ]; then :; else exit 1; fi; '
    + r'{ i=$(find -L /dev/fd/0 -maxdepth 0 -printf "%y %D %i %m %U %s") && s=${i##* }'
    + r' && if [ "$s" -gt "$4" ]; then s=$4; fi && printf "%s\0" "$t" "$d" "${i% *} $s" && head -c "$s"'
    + r' && exec find -P "./$3" -maxdepth 0 -printf "%y %D %i %m %U\0"; } <"./$3"'
)
_HEEDED: Final = frozenset("'\\!")
_BETWEEN: Final = re.compile(r"(['\\!])")
_CLOCK: Final = re.compile(r"([0-9]{1,12})(\.[0-9]{1,9})?[^0-9]*")
_OPENED: Final = re.compile(rb"(f [0-9]{1,20} [0-9]{1,20} [0-7]{1,5} [0-9]{1,10}) ([0-9]{1,19})")


class Beginning(NamedTuple):
    """What an answer of a script begins with."""

    top: str
    """The real path of the connection's root."""
    directory: str
    """The real path of the directory that was asked about."""


def listing(root: str, directory: str, start: str = "", *, timed: bool = True) -> tuple[str, ...]:
    """Return the command that lists what begins with ``start`` in ``directory``, a path below ``root`` or empty.

    ``timed``: it tells the host's clock first.
    """
    return ("sh", "-c", _DATE * timed + _LIST, "sh", root, directory, *below_start(".", start))


def reading(root: str, directory: str, name: str, at_most: int, *, timed: bool = True) -> tuple[str, ...]:
    """Return the command that prints up to ``at_most`` bytes of a regular file in ``directory``.

    ``timed``: it tells the host's clock first.
    """
    return ("sh", "-c", _DATE * timed + _READ, "sh", root, directory, name, str(at_most))


def joined(argv: Iterable[str]) -> str:
    """Return a command as any shell that an account may have takes it apart again.

    In single quotes csh still heeds ``!``, and fish a backslash: these, and quotes themselves, stand outside of them.
    """
    return " ".join(
        "".join(f"\\{part}" if part in _HEEDED else shlex.quote(part) for part in _BETWEEN.split(one) if part) or "''"
        for one in argv
    )


def seconds(said: str) -> float | None:
    """Return what ``date +%s.%N`` said; a date that does not know %N tells whole seconds."""
    match = _CLOCK.fullmatch(said)
    return None if match is None else float(match[1]) + float(match[2] or 0.5)


class ScriptAnswer:
    """The answer of a script as it comes in."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._said = b""

    def field(self) -> bytes | None:
        """Return what comes up to the next NUL; None: the answer ends before, or goes on without one."""
        while b"\0" not in self._said:
            part = next(self._parts, b"") if len(self._said) <= LONGEST else b""
            if not part:
                return None
            self._said += part
        field, _, self._said = self._said.partition(b"\0")
        return field

    def beginning(self) -> Beginning | None:
        """Return where the directories lie, which is told after the clock; None where it is not."""
        top, directory = (_path(self.field() or b"") for _ in range(2))
        return Beginning(top, directory) if top and directory else None

    def lists(self) -> bool:
        """Return whether a listing comes next, as GNU find writes one: the directory itself, which stays in it."""
        record = self.field()
        if record is None or not is_gnu_listing(record):
            return False
        self._said = record + b"\0" + self._said
        return True

    @property
    def rest(self) -> Iterator[bytes]:
        """What comes after the fields that were read."""
        yield self._said
        yield from self._parts

    @property
    def said(self) -> bytes:
        """What came and is no field yet."""
        return self._said


def content(answer: ScriptAnswer, at_most: int) -> bytes | None:
    """Return what was read; None if it is not whole, or is not of the file that has the name."""
    opened = _OPENED.fullmatch(answer.field() or b"")
    if opened is None or int(opened[2]) > at_most:
        return None
    identity, length = opened[1], int(opened[2])
    said = bytearray()
    for part in answer.rest:
        said += part
        if len(said) > length + len(identity) + 1:
            return None
    return bytes(said[:length]) if said[length:] == identity + b"\0" else None


def _path(field: bytes) -> str:
    path = field.decode("utf-8", "surrogateescape")
    if not path.startswith("/"):
        return ""
    try:
        return value_bounds.name(path)
    except Nonsense:
        return ""
