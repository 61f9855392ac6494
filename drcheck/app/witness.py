"""A witness for a customer, or for anybody: it sees nothing but hashes, and cosigns what only grows.

https://c2sp.org/tlog-witness over HTTP. What it cosigned last is on the disk before anybody gets the signature.
"""

from __future__ import annotations

import fcntl
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, Final

from drcheck import clock
from drcheck.core.proof import witness
from drcheck.core.proof.checkpoint_text import Checkpoint, checkpoint_of
from drcheck.core.proof.notes import COSIGNATURE, NotANote, SigningKey, VerifierKey
from drcheck.errors import DrcheckError, OutputError, UsageError, os_reason
from drcheck.output_files import put

_SILENCE: Final = 10.0
"""Seconds without a byte after which a connection is given up."""
_LASTS: Final = 20.0
"""Seconds after which a connection is ended, whatever it still sends: others wait for its turn."""
_AT_ONCE: Final = 32
"""Connections that are served at a time; others wait."""
_WAITING: Final = 128
"""Connections that may wait."""
_LONGEST: Final = 1 << 20
"""Bytes of a file with a checkpoint."""


class Witness:
    """What is witnessed, and what was cosigned of it last."""

    def __init__(self, key: SigningKey, logs: Sequence[VerifierKey], directory: str) -> None:
        """Keep the newest checkpoint of each log in ``directory``; raises UsageError where it cannot be used."""
        if key.key.kind != COSIGNATURE:
            raise UsageError(
                "the key is one that signs a ledger, and not a witness's", "Make one: drcheck witness keygen NAME."
            )
        self._key, self._logs, self._directory = key, logs, Path(directory)
        self._lock = threading.Lock()
        self._seen: dict[str, Checkpoint] = {}
        """Log to its newest checkpoint that this process has seen: no file that says otherwise is believed."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._alone = self._taken()
        except OSError as error:
            why = os_reason(error)
            raise UsageError(f"{directory} cannot be used: {why}", "Name another directory with --state.") from None
        try:
            for log in logs:
                self.latest(log.name)
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        """Cosign nothing more, and leave the directory to another one."""
        with self._lock:
            self._alone.close()

    def _taken(self) -> BinaryIO:
        """Return the lock of the directory: two that kept what they saw there would each cosign another history."""
        file = (self._directory / "lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise UsageError(
                f"another witness keeps what it saw in {self._directory}", "Stop it, or name another one with --state."
            ) from None
        return file

    def add_checkpoint(self, request: bytes) -> witness.Answer:
        """Answer a request to cosign; raises :class:`DrcheckError` where that cannot be kept."""
        try:
            origin = witness.origin_of(request)
        except NotANote as error:
            return witness.Answer(400, f"{error}\n")
        with self._lock:  # what is checked is still the newest when another one takes its place
            if self._alone.closed:
                raise DrcheckError("the witness has been stopped", "Start it again.")
            known = any(log.name == origin for log in self._logs)
            latest = self.latest(origin) if known else None
            answer = witness.add_checkpoint(request, self._logs, latest, self._key, clock.now())
            if answer.kept:
                put([answer.kept.encode()], str(self._file(origin)))
                self._seen[origin] = checkpoint_of(answer.kept)
        return answer

    def latest(self, origin: str) -> Checkpoint | None:
        """Return the newest checkpoint of a log that was cosigned.

        Raises UsageError for a file that holds none, or another one than this process has seen last. Nothing is
        cosigned then: whoever forgot what it saw would cosign another history.
        """
        file = self._file(origin)
        data = self.shown(witness.place_of(origin))
        try:
            latest = None if data is None else checkpoint_of(data)
        except NotANote as error:
            raise UsageError(f"{file} is no checkpoint: {error}", "Put it back from a copy.") from None
        seen = self._seen.get(origin, latest)
        if latest != seen:
            raise UsageError(f"{file} is not what the witness wrote there last", "Put that back from a copy.")
        if latest is not None:
            self._seen[origin] = latest
        return latest

    def shown(self, place: str) -> bytes | None:
        """Return the file of that name for monitors; None: there is none."""
        try:
            with (self._directory / f"{place}.checkpoint").open("rb") as opened:
                return opened.read(_LONGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            why = os_reason(error)
            raise UsageError(f"{error.filename} cannot be read: {why}", "Let the witness read it.") from error

    @property
    def places(self) -> dict[str, str]:
        """Path for monitors to the name of the file, of each log."""
        names = {witness.place_of(log.name) for log in self._logs}
        return {f"/{name}/checkpoint": name for name in names}

    def _file(self, origin: str) -> Path:
        return self._directory / f"{witness.place_of(origin)}.checkpoint"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; ``serve_forever`` and ``shutdown`` are those of the standard library."""

    daemon_threads = True
    request_queue_size = _WAITING

    def __init__(self, address: tuple[str, int], served: Witness) -> None:
        """Listen at ``address``; raises UsageError where that cannot be."""
        self.witness = served
        self.turns = threading.BoundedSemaphore(_AT_ONCE)
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UsageError(
                f"nothing can listen at {address[0]}:{address[1]}: {why}", "Name another one with --listen."
            ) from None

    def server_close(self) -> None:
        """Listen no more, and leave the witness's directory to another one."""
        super().server_close()
        self.witness.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, once there are few enough."""
        self.turns.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Let the next one in once this one is done, or has lasted too long."""
        end = threading.Timer(_LASTS, _end, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self.turns.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell nothing of a connection that broke off."""


def _end(connection: socket.socket) -> None:
    """End a connection, so that whatever is read from it or written to it ends as well."""
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "drcheck-witness", ""
    timeout = _SILENCE
    server: WitnessServer

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            self._answer(404, "there is nothing here\n")
        elif not length.isdecimal() or int(length[:9]) > witness.MOST_BYTES or len(length) > 9:  # noqa: PLR2004
            self._answer(400, "it does not say its length, or is too long\n")
        else:
            try:
                answer = self.server.witness.add_checkpoint(self.rfile.read(int(length)))
            except DrcheckError:
                self._answer(500, "it could not be kept\n")
            else:
                self._answer(answer.status, answer.body, answer.type, stays=True)

    def do_GET(self) -> None:
        place = self.server.witness.places.get(self.path)
        data = None
        with suppress(DrcheckError, OutputError):
            data = None if place is None else self.server.witness.shown(place)
        if data is None:
            self._answer(404, "there is nothing here\n")
        else:
            self._answer(200, data.decode("utf-8", "replace"), stays=True)

    def _answer(self, status: int, body: str, kind: str = "text/plain; charset=utf-8", *, stays: bool = False) -> None:
        data = body.encode()
        self.close_connection = self.close_connection or not stays
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tell nobody: who asked for what is not the operator's business."""
