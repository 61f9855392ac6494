"""Where what is said goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Final, TextIO

from drcheck.errors import DrcheckError, OutputError, UsageError, os_reason

_NOT_WRITTEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EINVAL})
_closed: Final[set[str]] = set()
"""Names of the standard streams that were closed when drcheck started."""


def prepare_streams() -> None:
    """Let standard output and error take any text, in UTF-8 whatever the locale, even where they were closed.

    A closed one must not stay closed: the next file opened, such as the ledger, would take its number.
    """
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            _closed.add(name)
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            setattr(sys, name, os.fdopen(nowhere, "w" if number else "r", encoding="utf-8"))
        elif number and isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def is_unwritable(error: OSError) -> bool:
    """Return whether standard output is what failed: errors of files and directories name them."""
    return error.filename is None and error.errno in _NOT_WRITTEN


def drop(stream: TextIO) -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not stumble over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def settle() -> None:
    """Drop what standard error holds back and can never write: the interpreter would end with a status of its own."""
    try:
        sys.stderr.flush()
    except OSError:
        drop(sys.stderr)


def tell(text: str) -> None:
    """Print on standard error; where nobody can read it, as when its terminal is gone, nothing is said."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)


def say(error: DrcheckError) -> None:
    """Print an error on standard error; what a far side or an argument put into it is never obeyed by a terminal."""
    from drcheck.reports.wording.text import printable

    for line in f"drcheck: {error}".split("\n"):
        tell(printable(line))


def trace(tracebacks: Iterable[str]) -> None:
    """Print on standard error what clients raised that nobody foresaw; no terminal obeys what stands in it."""
    from drcheck.reports.wording.text import printable

    for line in "\n".join(tracebacks).splitlines():
        tell(printable(line))


def keep_binary_off(form: str, ending: str) -> None:
    """Raise ``UsageError`` where a report in a binary form would go to a terminal, which would obey what is in it."""
    if "stdout" not in _closed and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal", f"Write it to a file: --output report{ending}.")


def write_whole(rendered: bytes, file: str | None) -> None:
    """Write to standard output, or put ``file`` in place once all of it is on the disk.

    Raises :class:`OutputError` if it cannot be written; a file that was there before then stands as it was.
    """
    if file is None:
        _write_out(rendered)
        return
    from drcheck.output_files import put  # so that --help answers at once

    put([rendered], file)


def _write_out(rendered: bytes) -> None:
    if "stdout" in _closed:
        say(OutputError("standard output is closed: nothing was shown"))  # as whoever closed it wished
        return
    try:
        sys.stdout.buffer.write(rendered)
        sys.stdout.buffer.flush()
    except OSError as error:
        drop(sys.stdout)
        raise unwritable(error) from error


def unwritable(error: OSError) -> OutputError:
    """Return in words that standard output failed."""
    return OutputError(f"standard output cannot be written: {os_reason(error)}")
