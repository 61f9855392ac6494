"""What is attached to a PDF, taken out again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Final

from drcheck.errors import UsageError

REPORT: Final = "report.json"
"""Everything that a document shows, as ``--format json`` writes it."""
DIGESTS: Final = "digests.sha256"
"""SHA-256 of everything else that is attached."""
RECORDS: Final = "ledger/"
"""What begins the names of the records of a signed ledger, and of what proves them."""
DOCUMENTS: Final = "documents.sha256"
"""Attached alone to the first document of a directory: SHA-256 of each of the others."""


def digest_lines(files: Mapping[str, bytes]) -> bytes:
    """Return the SHA-256 of each file, by its name, as ``sha256sum -c`` reads it."""
    return b"".join(digest_line(name, hashlib.sha256(data).hexdigest()) for name, data in files.items())


def digest_line(name: str, sha256: str) -> bytes:
    """Return one of these lines."""
    return f"{sha256}  {name}\n".encode()


def attachments(data: bytes) -> dict[str, bytes]:
    """Return what is attached, by its name.

    Raises ``UsageError`` where ``data`` is no PDF that can be read, or the library is missing.
    """
    try:
        import pikepdf  # an extra
    except ImportError:
        raise UsageError(
            "PDF is read with pikepdf, which is not installed",
            "Install backup-promises[pdf]; or pdfdetach -saveall FILE, and sha256sum -c digests.sha256.",
        ) from None
    try:
        with pikepdf.open(io.BytesIO(data)) as opened:
            return {name: one.get_file().read_bytes() for name, one in opened.attachments.items()}
    except (pikepdf.PdfError, ValueError) as error:
        raise UsageError("it is no PDF that can be read", f"The library says: {str(error)[:200]}") from error
