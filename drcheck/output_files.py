"""Files that drcheck writes for others: each is there whole or not at all, and never in the ledger's place."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drcheck.errors import OutputError, UsageError, os_reason


def check_writable(file: str) -> None:
    """Raise ``UsageError`` where a report could not be put, before anything is judged for it."""
    target = Path(file)
    with _denied(file):
        if not is_replaced(file) and os.access(target, os.W_OK):
            return
        directory = target.resolve().parent
        if target.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
            what = "it is a directory" if target.is_dir() else f"{directory} is missing or cannot be written"
            raise UsageError(f"the report cannot be written to {file}: {what}", "Name another file for it.")


def is_replaced(file: str) -> bool:
    """Return whether a report takes the place of what is there; a pipe or a device is written to as it is."""
    target = Path(file)
    try:
        return not target.exists() or target.is_file() or target.is_dir()
    except PermissionError:
        return True  # nobody may see it, which is told where it is written


def check_directory(directory: str) -> None:
    """Raise ``UsageError`` where the documents of a report could not be put, before anything is judged for them."""
    place = Path(directory).resolve()
    with _denied(directory):
        while not place.exists():
            place = place.parent
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise UsageError(
                f"the report cannot be written to {directory}: {place} is no directory that can be written",
                "Name another directory for it.",
            )


@contextmanager
def _denied(place: str) -> Iterator[None]:
    """Tell in words that what lies on the way to ``place`` may not even be seen."""
    try:
        yield
    except PermissionError as error:
        raise UsageError(
            f"the report cannot be written to {place}: what lies on the way there may not be seen",
            "Name another place.",
        ) from error


def keep_off(file: str, ledger: str) -> None:
    """Raise ``UsageError`` where a report would take the place of the ledger, under whatever name."""
    target, kept = Path(file), Path(ledger)
    beside = {Path(f"{kept.resolve()}{end}") for end in ("", "-wal", "-shm")}
    if target.resolve() in beside or (target.exists() and kept.exists() and target.samefile(kept)):
        raise UsageError(f"{file} is the ledger", "Name another file for it.")


def put(pieces: Iterable[bytes], file: str) -> int:
    """Put ``file`` in place once all of it is on the disk, and return how many bytes that are.

    Raises :class:`OutputError` if it cannot be written; a file that was there before then stands as it was.
    """
    import tempfile  # most runs write no file

    target = Path(file)
    try:
        if not is_replaced(file):
            with target.open("wb") as opened:
                return sum(map(opened.write, pieces))
        target = target.resolve()  # a link stays one
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                size = sum(map(opened.write, pieces))
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
            f"the report could not be written to {file}: {os_reason(error)}",
            "The verdicts are in the ledger all the same; name another file for it.",
        ) from error
    else:
        return size


def put_all(documents: Iterable[tuple[str, Iterable[bytes]]], output: str) -> str:
    """Put the documents of a report where it is wanted, each whole or not at all, and return in words what was written.

    Each is a name below the directory ``output``, with what it holds; one without a name is the file ``output``. The
    one that leads to the others comes last, so that it never leads to what is not there yet.
    """
    count, size = 0, 0
    for name, pieces in documents:
        if name:
            target = Path(output) / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"{target.parent} could not be made: {os_reason(error)}", "Name another place."
                ) from error
            size += put(pieces, str(target))
        else:
            size += put(pieces, output)
        count += 1
    return f"{output} ({count} files, {size / 1e6:.1f} MB)" if count > 1 else f"{output} ({size / 1e6:.2f} MB)"


def create(target: Path, data: bytes) -> None:
    """Put ``target`` in place whole, or not at all; raises FileExistsError rather than replace anything."""
    import tempfile  # as above

    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(opened.fileno(), 0o644)
            os.fsync(opened.fileno())
        os.link(temporary, target)  # unlike a rename, it fails where something came in between
    finally:
        Path(temporary).unlink(missing_ok=True)


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
