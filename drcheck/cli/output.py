"""Where a report goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from drcheck.errors import UsageError


def write_whole(rendered: bytes, file: str | None) -> None:
    """Write to standard output, or put ``file`` in place once all of it is on the disk.

    Raises ``UsageError`` if it cannot be written; a file that was there before then stands as it was.
    """
    if file is None:
        sys.stdout.buffer.write(rendered)
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(rendered)
                opened.flush()
                os.fchmod(opened.fileno(), 0o644)
                os.fsync(opened.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            f"the report could not be written to {file}: {error.strerror}",
            "The verdicts are in the ledger all the same; name another file with --output.",
        ) from error
