"""What is kept on the disk until a report can be put together, as it would not fit into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from drcheck.errors import OutputError, os_reason

_PIECE: Final = 2**18


@contextmanager
def spooled() -> Iterator[IO[bytes]]:
    """Open a file that is gone when it is closed; raises :class:`OutputError` where the disk is full."""
    try:
        with tempfile.TemporaryFile(prefix="drcheck-") as file:
            yield file
    except OSError as error:
        raise OutputError(
            f"what a report is put together from could not be kept in {tempfile.gettempdir()}: {os_reason(error)}",
            "Free space there, or name another directory: TMPDIR=/var/tmp drcheck report …",
        ) from error


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of a file."""
    while piece := file.read(_PIECE):
        yield piece
