"""Listing a directory with one GNU find, which tells ctime as well: nobody can set that, so it bounds the arrival."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.paging import Names
from drcheck.collectors.pool import Quota
from drcheck.collectors.value_bounds import Nonsense
from drcheck.interfaces import CollectorError, Entry

LONGEST: Final = 64 * 1024
"""Bytes that one record may have; a path has 4,096 at most."""
_OTHERS: Final = frozenset(b"d p s c b D".split())
"""What is neither a file nor a link: directories, pipes, sockets, devices and doors."""
FORMAT: Final = r"%y %s %T@ %C@ %n %D:%i %P\0"
"""What it tells of each thing: type, bytes, mtime, ctime, how many names it has, device and inode, and its path."""
_FIELDS: Final = 7
_ITSELF: Final = re.compile(rb"d [0-9]+ -?[0-9]+\.[0-9]{10} -?[0-9]+\.[0-9]{10} [0-9]+ [0-9]+:[0-9]+ ")
_INODE: Final = re.compile(r"[0-9]{1,20}:[0-9]{1,20}")


def find_command(directory: str, start: str = "") -> tuple[str, ...]:
    """Return the one command, for names that begin with ``start``, which has no slash.

    ``directory`` is absolute and can be taken for no option.
    """
    # a file that goes while find walks is no fault; one that may not be read is
    return ("find", "-P", "--", directory, "-ignore_readdir_race", "-printf", FORMAT, *below_start(directory, start))


def below_start(directory: str, start: str) -> tuple[str, ...]:
    """Return what keeps find out of directories below ``directory`` in which no name begins with ``start``."""
    if not start or "\\x" in start:  # bytes that are no UTF-8 are named otherwise there
        return ()
    here, those = (re.sub(r"[\\*?[]", r"\\\g<0>", each) for each in (directory, f"{directory.rstrip('/')}/{start}"))
    return ("(", "-path", here, "-o", "-path", f"{those}*", "-o", "-prune", ")")


def is_gnu_listing(first: bytes) -> bool:
    """Return whether a listing's first record is what GNU find writes of the directory itself.

    It writes ten decimals of a second, and no other find takes all that it is asked for.
    """
    return _ITSELF.fullmatch(first) is not None


def parse_find(
    output: Iterable[bytes], below: str, quota: Quota, pass_link: Callable[[str], None], host: str
) -> Iterator[Entry]:
    """Yield the regular files that find names, with ``below`` before each name; anything else is an error.

    The name of each symbolic link is told to ``pass_link``; ``host`` is the one whose inodes they are.

    The first record is the directory itself: an account that answers every command with silence and success does not
    pass for an empty directory.
    """
    rest = b""
    started = False
    names = Names()
    for part in output:
        *records, rest = (rest + part).split(b"\0")
        if len(rest) > LONGEST:
            raise _nonsense(rest)
        for record in records:
            fields = record.split(b" ", _FIELDS - 1)
            if len(fields) != _FIELDS or not (started or (fields[0] == b"d" and not fields[-1])):
                raise _nonsense(record)
            started = True
            quota.take()
            name = fields[-1].decode("utf-8", "backslashreplace")
            try:
                names.take(name)
            except Nonsense as error:
                raise _nonsense(record, str(error)) from None
            if fields[0] == b"f":
                yield _entry(fields, name, below, record, host)
            elif fields[0] == b"l":
                pass_link(below + name)
            elif fields[0] not in _OTHERS:
                raise _nonsense(record, "it is neither a file nor anything else that there is")
    if rest or not started:
        raise _nonsense(rest)


def _entry(fields: list[bytes], name: str, below: str, record: bytes, host: str) -> Entry:
    size, modified, changed, names, inode = (field.decode("ascii", "replace") for field in fields[1:-1])
    try:
        begin, end = value_bounds.decimal(modified), value_bounds.decimal(changed)
        told = f"{host} {_checked(inode)}" if value_bounds.count(names) > 1 else ""
        return Entry(
            below + value_bounds.path(name), value_bounds.count(size), begin, max(begin, end), begin, inode=told
        )
    except Nonsense as error:
        raise _nonsense(record, str(error)) from None


def _checked(inode: str) -> str:
    if _INODE.fullmatch(inode) is None:
        raise Nonsense("its device and inode are no numbers")
    return inode


def _nonsense(record: bytes, why: str = "") -> CollectorError:
    start = shown(record[:100].decode("utf-8", "replace"))
    return CollectorError(
        f"find answered with what is no listing: {start!r}{f' ({why})' if why else ''}",
        "See that the account's shell prints nothing of its own, and runs the find that is asked for.",
    )
