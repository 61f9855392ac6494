"""The journal of drills at the runner: of each a folder with its outputs, and one log of all of them.

A drill is kept as begun before its first step. While it runs its directory is locked, so that one whose drcheck was
killed is known by its lock: it is told as aborted, by whoever comes next.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from drcheck.errors import UsageError, os_reason

LOG: Final = "restore-tests.jsonl"
_BEGUN: Final = "begun.json"
_RECORD: Final = "record.json"
_LOCK: Final = "lock"
_ENTRY: Final = "ledger.entry"
"""What is yet to be appended to the ledger."""


class JournaledDrill(NamedTuple):
    """What the journal has of a drill."""

    id: str
    begun: Mapping[str, Any]
    record: Mapping[str, Any] | None
    """None: it has not ended."""
    running: bool


class Journal:
    """The directory of drills."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)

    def begin(self, drill: str, begun: Mapping[str, Any]) -> DrillFolder:
        """Keep that a drill begins, on the disk when it returns; raises ``UsageError`` where that is impossible."""
        own = self.directory / drill
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            own.mkdir(mode=0o700)
            lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(own / _BEGUN, json.dumps(begun).encode() + b"\n")
        except OSError as error:
            raise UsageError(
                f"nothing can be kept of the drill in {own}: {os_reason(error)}",
                "A drill that cannot be recorded is not run; see `drills.records` of drcheck.yaml.",
            ) from error
        return DrillFolder(self, own, lock)

    def all(self) -> Iterator[JournaledDrill]:
        """Yield what is kept of each drill, in the order of their names."""
        for own in sorted(self.directory.iterdir()) if self.directory.is_dir() else ():
            begun, record = _read(own / _BEGUN), _read(own / _RECORD)
            if begun is not None:
                yield JournaledDrill(own.name, begun, record, record is None and _is_locked(own / _LOCK))

    def take_over(self, drill: str) -> DrillFolder | None:
        """Return a drill for whoever tells its end, or tells the ledger of it; None: it runs, or all was told."""
        own = self.directory / drill
        lock = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        folder = DrillFolder(self, own, lock)
        if (own / _RECORD).exists() and folder.entry is None:
            folder.close()
            return None
        return folder

    def append(self, line: bytes) -> None:
        """Append a line to the log of all drills, on the disk when it returns."""
        file = self.directory / LOG
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            size = os.fstat(opened).st_size
            if size and os.pread(opened, 1, size - 1) != b"\n":
                os.write(opened, b"\n")  # what was being written when the machine went down
            while line:
                line = line[os.write(opened, line) :]  # a disk that fills up takes a part, and only then says so
            os.fsync(opened)
        finally:
            os.close(opened)
        _flush(self.directory)


class DrillFolder:
    """The folder of one drill, locked while it runs."""

    def __init__(self, journal: Journal, directory: Path, lock: int) -> None:
        self._journal = journal
        self.directory = directory
        self._lock = lock

    @property
    def entry(self) -> bytes | None:
        """What the ledger is yet to be told; None: nothing."""
        try:
            return (self.directory / _ENTRY).read_bytes()
        except FileNotFoundError:
            return None

    def output(self, step: str, data: bytes) -> None:
        """Keep what a step wrote."""
        _write(self.directory / f"{step}.txt", data)

    def end(self, record: Mapping[str, Any], entry: bytes, line: bytes) -> None:
        """Keep what came of it, and tell it in the log of all drills; ``entry`` is what the ledger is to be told."""
        _write(self.directory / _ENTRY, entry)
        self._journal.append(line)  # a drill without a record is told again, by the same line
        _write(self.directory / _RECORD, json.dumps(record, indent=1).encode() + b"\n")

    def entry_appended(self) -> None:
        """Note that the ledger has it."""
        (self.directory / _ENTRY).unlink(missing_ok=True)

    def withdraw(self) -> None:
        """Forget a drill that has not begun."""
        (self.directory / _BEGUN).unlink()
        (self.directory / _LOCK).unlink()
        self.directory.rmdir()
        self.close()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._lock)


def _write(file: Path, data: bytes) -> None:
    temporary = file.with_name(f".{file.name}.new")
    with temporary.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)
    _flush(file.parent)


def _flush(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read(file: Path) -> Mapping[str, Any] | None:
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _is_locked(file: Path) -> bool:
    try:
        opened = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False
