"""Where what is said goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, TextIO

from drcheck.errors import DrcheckError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_NOT_WRITTEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EINVAL})
_closed: Final[set[str]] = set()
"""Names of the standard streams that were closed when drcheck started."""


class OutputError(DrcheckError):
    """What was to be written could not be. Verdicts, and what they make of the exit status, stand all the same."""


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
    from drcheck.reports.console.text import printable

    for line in f"drcheck: {error}".split("\n"):
        tell(printable(line))


def check_writable(file: str | None) -> None:
    """Raise ``UsageError`` where a report could not be put, before anything is judged for it."""
    if file is None:
        return
    # Imported here, so that --help answers at once.
    from pathlib import Path

    target = Path(file)
    if target.exists() and not target.is_file() and not target.is_dir() and os.access(target, os.W_OK):
        return  # a pipe or a device, which is written to as it is
    directory = target.resolve().parent
    if target.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        what = "it is a directory" if target.is_dir() else f"{directory} is missing or cannot be written"
        raise UsageError(f"the report cannot be written to {file}: {what}", "Name another file with --output.")


def keep_off(file: str | None, ledger: str) -> None:
    """Raise ``UsageError`` where a report would take the place of the ledger, under whatever name."""
    if file is None:
        return
    # Imported here, so that --help answers at once.
    from pathlib import Path

    target, kept = Path(file), Path(ledger)
    beside = {Path(f"{kept.resolve()}{end}") for end in ("", "-wal", "-shm")}
    if target.resolve() in beside or (target.exists() and kept.exists() and target.samefile(kept)):
        raise UsageError(f"{file} is the ledger", "Name another file with --output.")


def write_whole(rendered: bytes, file: str | None) -> None:
    """Write to standard output, or put ``file`` in place once all of it is on the disk.

    Raises :class:`OutputError` if it cannot be written; a file that was there before then stands as it was.
    """
    if file is None:
        _write_out(rendered)
        return
    # Imported here, so that --help answers at once.
    import tempfile
    from pathlib import Path

    target = Path(file)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(rendered)  # a pipe or a device, which is written to and never replaced
            return
        target = target.resolve()  # a link stays one
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(rendered)
                opened.flush()
                os.fchmod(opened.fileno(), _mode(target))
                os.fsync(opened.fileno())
            Path(temporary).replace(target)
            _flush(target.parent)  # a name outlasts the machine only once its directory is on the disk
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"the report could not be written to {file}: {(error.strerror or 'error').lower()}",
            "The verdicts are in the ledger all the same; name another file with --output.",
        ) from error


def _flush(directory: Path) -> None:
    try:
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return  # files may be put there, and nobody may list them
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise  # these two: a file system that cannot flush directories
    finally:
        os.close(opened)


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, else those that a new file gets."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        usual = os.umask(0)
        os.umask(usual)
        return 0o666 & ~usual


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
    return OutputError(f"standard output cannot be written: {(error.strerror or 'error').lower()}")
