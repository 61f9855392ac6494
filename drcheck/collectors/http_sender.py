"""Sends the requests that the cloud SDKs have built and signed: the one place where bytes leave for a storage.

The SDKs' own senders bound neither the time of a whole answer nor its size. This one does, can be cut off from another
thread, refuses whatever could change something, counts, and measures the far clock from the ``Date`` of every answer.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from drcheck import clock
from drcheck.collectors import ranges, value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.pool import Deadline
from drcheck.collectors.value_bounds import Nonsense
from drcheck.interfaces import CollectorError

CONNECT: Final = 10.0
"""Seconds for a connection to come about, its TLS included; a host that drops packets would hold us for minutes."""
SILENCE: Final = 60.0
"""Seconds without a byte after which an answer is given up."""
PAUSES: Final = (0.25, 1.0)
"""Seconds before each further try after a lost connection. An answer, also a bad one, is never asked for again here."""
_ERROR_BODY: Final = 64 * 1024
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_TOO_MUCH: Final = frozenset({429, 503})
"""What a storage answers that is asked too much (S3's SlowDown, Azure's ServerBusy)."""
_PARTIAL: Final = 206
_BEYOND_ITS_END: Final = 416

# what a library says of itself would be written to standard error unless somebody takes it
logging.getLogger("urllib3").addHandler(logging.NullHandler())


class Lost(CollectorError):  # noqa: N818  an adjective that reads well where it is caught
    """No answer came, and another try may help."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes


class Caller:
    """One collector's side of a shared client: what its requests may take, and what they told."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.calls = 0
        self.at_most = 0
        """Bytes that the answer asked for now may have."""
        self.status = 0
        """Of the last answer."""
        self.whole: int | None = None
        """Bytes of the thing that is read, as far as an answer told; answers that tell other ones are not believed."""
        self.parse: Callable[[bytes], Any] | None = None
        """Reads a listing's answer; None if it is no listing."""
        self.page: Any = None
        """What the listing's answer held, if it was one."""
        self.wrong = ""
        """Why the listing's answer is not believed, though it is one."""
        self.clock_offset: float | None = None
        self._bracket = float("inf")

    def take_page(self, status: int, body: bytes) -> bool:
        """Read a listing's answer before the SDK does; False if it is none, so that the SDK finds out what it is.

        What is longer than any error is kept from the SDK as well, which would parse it several times, and ask again.
        """
        if self.parse is None or status != 200:  # noqa: PLR2004
            return False
        try:
            self.page = self.parse(body)
        except Nonsense as error:
            self.wrong = str(error)
        return self.page is not None or bool(self.wrong) or len(body) > _ERROR_BODY

    def note_date(self, date: str | None, sent: float, received: float) -> None:
        """Take the far clock from a ``Date`` header, cut to whole seconds; the shortest exchange tells best.

        Raises :class:`Nonsense` for one that is no date.
        """
        if date is not None and received - sent < self._bracket:
            self.clock_offset = value_bounds.http_date(date) + 0.5 - (sent + received) / 2
            self._bracket = received - sent


class _Waiting(threading.local):
    """What the current thread is asking, and over which socket it waits."""

    caller: Caller | None = None
    note: Callable[[socket.socket], None] | None = None


_waiting = _Waiting()


class _Connection(HTTPConnection):
    def request(self, *args: Any, **named: Any) -> None:
        super().request(*args, **named)
        if _waiting.note is not None:
            _waiting.note(self.sock)


class _SecureConnection(HTTPSConnection):
    def request(self, *args: Any, **named: Any) -> None:
        super().request(*args, **named)
        if _waiting.note is not None:
            _waiting.note(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Web:
    """Connections to storages, shared by all threads of a run."""

    def __init__(self, workers: int, *, may_put: bool = False) -> None:
        """``may_put``: whether what the runner named to be written to is written to; else it only reads."""
        self._workers = workers
        self._methods = {"GET", "HEAD"} | ({"PUT"} if may_put else set())
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, caller: Caller, at_most: int, parse: Callable[[bytes], Any] | None = None) -> Iterator[None]:
        """While this is entered, what the SDK sends in this thread is sent for ``caller``."""
        caller.at_most = at_most
        caller.parse = parse
        caller.page = None
        caller.wrong = ""
        caller.whole = None
        _waiting.caller = caller
        try:
            yield
        finally:
            _waiting.caller = None

    def caller(self) -> Caller:
        """Return for whom this thread asks."""
        if _waiting.caller is None:
            raise CollectorError("a request was made for no source", "Report this as a fault of drcheck.")
        return _waiting.caller

    def send(
        self, method: str, url: str, headers: Mapping[str, Any], body: bytes = b"", *, setting: str, region: str = ""
    ) -> Answer:
        """Send one request; a connection that is refused or lost is tried again, twice at most.

        Nobody is sent on to another host, which would be given what signs the request, and be believed: an answer that
        redirects is an error, which names the ``setting`` to correct, unless its header ``region`` says where in the
        same cloud to ask.
        """
        if method not in self._methods or (body and method != "PUT"):
            raise CollectorError(f"refused to send {method}: drcheck only reads", "Report this as a fault of drcheck.")
        caller = self.caller()
        answer = self._tried(caller, method, url, headers, body)
        if answer.status // 100 == 3 and _REGION.fullmatch(answer.headers.get(region, "")) is None:  # noqa: PLR2004
            raise _redirected(url, answer.headers.get("Location", ""), setting)
        return answer

    def _tried(self, caller: Caller, method: str, url: str, headers: Mapping[str, Any], body: bytes) -> Answer:
        for pause in PAUSES:
            try:
                return self._once(caller, method, url, headers, body)
            except Lost:
                caller.deadline.pause(pause)
        return self._once(caller, method, url, headers, body)

    def _once(self, caller: Caller, method: str, url: str, headers: Mapping[str, Any], body: bytes) -> Answer:
        host, _, path = url.partition("://")[2].partition("/")
        timeout = urllib3.Timeout(connect=caller.deadline.left(CONNECT), read=caller.deadline.left(SILENCE))
        sockets: list[socket.socket] = []

        def cut() -> None:
            for each in sockets:
                with suppress(OSError):
                    # past ssl.SSLSocket's own, which would pull the session from under the thread that reads
                    socket.socket.shutdown(each, socket.SHUT_RDWR)

        def note(used: socket.socket) -> None:
            sockets.append(used)
            caller.deadline.left()

        _waiting.note = note
        try:
            with caller.deadline.cutting(cut):
                caller.calls += 1
                sent, asked = clock.precise(), clock.monotonic()
                # the path as it was signed: given a whole URL, urllib3 would tidy it
                response = self._manager(url).connection_from_url(url).urlopen(
                    method, f"/{path}", body or None, headers=headers, timeout=timeout, retries=False, redirect=False,
                    assert_same_host=False, preload_content=False, decode_content=False,
                )  # fmt: skip
                try:
                    caller.note_date(response.headers.get("Date"), sent, clock.precise())
                    body = _body(response, caller.at_most if response.status < 300 else _ERROR_BODY)  # noqa: PLR2004
                    _check_range(caller, headers, response, len(body))
                finally:
                    response.release_conn()
        except Nonsense as error:
            raise CollectorError(
                f"an answer of {host} makes no sense: {error}",
                "Check that the endpoint is the storage itself, and what lies in between.",
            ) from None
        except (exceptions.HTTPError, OSError, ValueError) as error:
            caller.deadline.left()  # if it was cut off, that is the reason
            raise _fault(host, error) from None
        finally:
            _waiting.note = None
        limit = caller.deadline.limit
        (limit.refused if response.status in _TOO_MUCH else limit.answered)(asked)
        caller.deadline.left()
        caller.status = response.status
        if method == "GET" and not {"content-length", "transfer-encoding"} & {
            name.lower() for name in response.headers
        }:
            # cut within its head, an answer passes for one without a body
            raise Lost(f"the answer of {host} does not tell its length", "See whether a proxy cuts answers short.")
        return Answer(response.status, response.headers, body)

    def _manager(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        proxy = getproxies().get("https", "") if parts.scheme == "https" else ""
        if proxy and proxy_bypass(parts.hostname or ""):
            proxy = ""
        key = f"{parts.scheme} {proxy}"
        with self._lock:
            if key not in self._managers:
                self._managers[key] = self._make_manager(parts.scheme, proxy)
            return self._managers[key]

    def _make_manager(self, scheme: str, proxy: str) -> urllib3.PoolManager:
        options: dict[str, Any] = {"maxsize": self._workers, "num_pools": 100}
        if scheme == "https":
            # the two variables that the SDKs honour; without them the system's own
            bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or None
            try:
                options["ssl_context"] = ssl.create_default_context(cafile=bundle)
            except OSError as error:
                raise CollectorError(
                    f"the certificates in {bundle} cannot be read: {error.strerror}", "Check AWS_CA_BUNDLE."
                ) from error
        manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()


def _body(response: urllib3.BaseHTTPResponse, at_most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.stream(64 * 1024, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > at_most:
            response.close()
            if response.status < 300:  # noqa: PLR2004
                raise CollectorError(
                    f"the storage answered with more than the {at_most} bytes asked for",
                    "Check that the endpoint is the storage itself and honours Range.",
                )
            break
    return b"".join(parts)


def _check_range(caller: Caller, headers: Mapping[str, Any], response: urllib3.BaseHTTPResponse, got: int) -> None:
    """Raise :class:`Nonsense` if a part of something was asked for, and another one came, or one of something else."""
    requested = next((value for name, value in headers.items() if name.lower() in {"range", "x-ms-range"}), None)
    if requested is None:
        return
    requested = requested.decode("ascii", "replace") if isinstance(requested, bytes) else str(requested)
    answered = response.headers.get("Content-Range")
    if response.status == _PARTIAL:
        whole: int | None = ranges.check_part(requested, answered, got)
    elif response.status == _BEYOND_ITS_END:
        whole = ranges.check_beyond(requested, answered)
    else:
        return
    if None not in {whole, caller.whole} and whole != caller.whole:
        raise Nonsense(f"it is a part of {whole} bytes, and there were {caller.whole} before")
    caller.whole = caller.whole if whole is None else whole


def _redirected(url: str, location: str, setting: str) -> CollectorError:
    """Return the error for an answer that redirects; only the address is shown, for the rest may hold what signs."""
    try:
        target = urlsplit(urljoin(url, location))
        port = f":{target.port}" if target.port else ""
        where = shown(f"{target.scheme}://{target.hostname or ''}{port}") if location else "nowhere"
    except ValueError:
        where = "what is no address"
    return CollectorError(
        f"{urlsplit(url).netloc} redirects to {where}",
        f"If that is the storage itself, correct `{setting}`; else see what answers instead of it.",
    )


def _fault(host: str, error: Exception) -> CollectorError:
    """Say what went wrong, and what to do; the SDK's and urllib3's own words may hold signed URLs."""
    match error:
        case exceptions.NameResolutionError():
            return CollectorError(f"the name {host} is not known to DNS", "Check `endpoint` or `account_url`.")
        case exceptions.NewConnectionError():
            if isinstance(error.__cause__, ConnectionRefusedError):
                return Lost(f"{host} refused the connection", "Check the port, and that the service runs.")
            return Lost(f"there is no way to {host}", "Check the address, and the network.")
        case exceptions.ConnectTimeoutError():
            return CollectorError(
                f"no connection to {host} came about in time", "Check the address, and firewalls on the way."
            )
        case exceptions.ReadTimeoutError() | TimeoutError():
            return CollectorError(f"{host} fell silent in the middle of an answer", "See whether it is overloaded.")
        case exceptions.SSLError():
            return CollectorError(
                f"no trusted TLS connection to {host}: {shown(str(error))}",
                "Check its certificate; a private authority is named with AWS_CA_BUNDLE.",
            )
        case exceptions.ProxyError():
            return CollectorError(f"the proxy on the way to {host} failed", "Check HTTPS_PROXY and NO_PROXY.")
        case exceptions.LocationParseError() | exceptions.LocationValueError() | exceptions.URLSchemeUnknown():
            return CollectorError(f"{shown(host)} is not an address", "Check `endpoint` or `account_url`.")
        case _:
            return Lost(f"the connection to {host} was lost", "See whether it restarts or is overloaded.")
