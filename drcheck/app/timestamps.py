"""Timestamps of checkpoints by an authority (RFC 3161): that one had been signed at the latest then.

The runner asks for one after each run, of the whole signed note. With openssl a stranger verifies it as well:
``openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile authority.pem``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drcheck.app.posting import posted
from drcheck.core.proof.checkpoint_text import checkpoint_of
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.words import instant
from drcheck.errors import DrcheckError, UsageError, os_reason
from drcheck.ledger import encoding
from drcheck.ledger.interface import Log
from drcheck.ledger.signatures import Timestamped

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

DEADLINE: Final = 10
"""Seconds that the authority may take, as the ledger is held meanwhile."""
_GRANTED: Final = 0
_MOST_BYTES: Final = 1 << 20
_OK: Final = 200
_HINT: Final = "The next run asks for one of a checkpoint that covers this one."


def stamped(url: str, note: str) -> bytes:
    """Return the authority's answer for a signed checkpoint; raises :class:`DrcheckError` where it gave none for it."""
    library = _library()
    request = library.TimestampRequestBuilder().data(note.encode()).nonce(nonce=True).build()
    answer = posted(url, "", request.as_bytes(), "application/timestamp-query", DEADLINE)()
    why = answer.why or f"it answered with {answer.status}"
    if answer.status == _OK:
        try:
            response = library.decode_timestamp_response(answer.body)
            its = response.tst_info if response.status == _GRANTED else None
            if its is not None and its.nonce == request.nonce:
                same = its.message_imprint.message == request.message_imprint.message
                if same:
                    return answer.body
            why = "it did not grant a timestamp of this checkpoint"
        except ValueError:
            why = "its answer is no timestamp"
    raise DrcheckError(f"the checkpoint has no timestamp: {why}", _HINT)


def stamp(log: Log, url: str, note: str) -> None:
    """Ask for a timestamp of a signed checkpoint, and keep it in the ledger behind that.

    Raises :class:`DrcheckError` where none was given.
    """
    head = checkpoint_of(note)
    log.append([encoding.encode(Timestamped(head.origin, head.size, stamped(url, note)))])


def newest(log: Log, size: int) -> bytes:
    """Return the timestamp of the checkpoint of ``size`` entries, of those that stand behind it; empty: none does."""
    for stored in log.read(size):
        if encoding.is_of(stored.data, Timestamped.KIND):
            match encoding.decode(stored.data):
                case Timestamped(size=of, response=response) if of == size:
                    return response
                case _:
                    pass
    return b""


def verify(found: LedgerVerification, note: bytes, response: bytes, authority: str | None) -> None:
    """Add when a checkpoint had been signed at the latest, by the certificates in the file ``authority``; None: none.

    Raises UsageError where that holds none.
    """
    if authority is None:
        found.noted.append("a timestamp is with it: --authority names the certificates by which it is verified")
        return
    roots, library = _certificates(authority), _library()
    try:
        told: Any = library.decode_timestamp_response(response)
        builder = library.VerifierBuilder()
        for one in roots:
            builder = builder.add_root_certificate(one)
        builder.build().verify_message(told, note)
        at = int(told.tst_info.gen_time.timestamp())
    except (ValueError, library.VerificationError):
        found.wrong.append("the timestamp with it is not of this checkpoint, or not of this authority")
        return
    found.held.append(f"it had been signed at {instant(at)} at the latest, as a timestamp of the authority shows")


def _certificates(file: str) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with Path(file).open("rb") as opened:
            return load_pem_x509_certificates(opened.read(_MOST_BYTES))
    except OSError as error:
        why = os_reason(error)
        raise UsageError(f"{file} cannot be read: {why}", "Name a file that can.") from None
    except ValueError:
        raise UsageError(f"{file} holds no certificates", "Name the authority's certificates as PEM.") from None


def _library() -> Any:
    try:
        library: Any = importlib.import_module("rfc3161_client")  # an extra
    except ImportError:
        raise UsageError(
            "timestamps need rfc3161-client, which is not installed", "Install backup-promises[timestamp]."
        ) from None
    return library
