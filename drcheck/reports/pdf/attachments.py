"""What is attached to a PDF, taken out again."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from drcheck.errors import UsageError

if TYPE_CHECKING:
    import pikepdf

REPORT: Final = "report.json"
"""Everything that a document shows, as ``--format json`` writes it."""
DIGESTS: Final = "digests.sha256"
"""SHA-256 of everything else that is attached."""
RECORDS: Final = "ledger/"
"""What begins the names of the records of a signed ledger, and of what proves them."""
MOST_BYTES: Final = 2**31
"""That everything attached may come to: what is more, nobody can check here."""
_INFLATED: Final = "/FlateDecode"
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

    Raises ``UsageError`` where ``data`` is no PDF that can be read, more than :data:`MOST_BYTES` is attached, or the
    library is missing.
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
            found: dict[str, bytes] = {}
            left = MOST_BYTES
            for name, one in opened.attachments.items():
                found[name] = _read(one.get_file().obj, left)
                left -= len(found[name])
            return found
    except (pikepdf.PdfError, ValueError, zlib.error) as error:
        raise UsageError("it is no PDF that can be read", f"The library says: {str(error)[:200]}") from error


def _read(stream: pikepdf.Object, most: int) -> bytes:
    """Return what a stream holds, without unpacking more than ``most`` bytes of it; raises ValueError for more.

    Filters are undone here one after the other, as the library unpacks all of a stream before it says how long it is.
    """
    filters: Any = stream.get("/Filter", [])
    names = [str(filters)] if str(filters).startswith("/") else [str(one) for one in filters]
    if names.count(_INFLATED) < len(names) or "/DecodeParms" in stream:
        raise ValueError("something is attached in a form that is not read here")
    data = stream.read_raw_bytes()
    for _ in names:
        unpacked = zlib.decompressobj()
        data = unpacked.decompress(data, most + 1)
        if not unpacked.eof and len(data) <= most:
            raise ValueError("something that is attached breaks off")
        if len(data) > most:
            break
    if len(data) > most:
        raise ValueError(f"more is attached than {MOST_BYTES} bytes")
    return data
