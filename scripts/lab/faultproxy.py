"""A TCP proxy on loopback that does to a real server's answers what bad networks do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from enum import Enum
from typing import Self


class Fault(Enum):
    """What happens to the answers."""

    NONE = "they pass"
    BLACK_HOLE = "connections are accepted, and nothing ever comes back"
    DRIP = "they come a byte at a time"
    CUT = "the connection ends after some bytes, properly"
    RESET = "the connection is reset after some bytes"
    GARBLE = "a bit of each piece is flipped after some bytes"
    SLOW = "each piece is held back for a while"
    THROTTLE = "each answer says that it is too much, as S3 and Azure do"


_TOO_MUCH = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: 49\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message/></Error>   "
)


class FaultProxy:
    """Forwards 127.0.0.1:``port`` to a server; ``fault`` may be changed at any time, also of connections to come."""

    def __init__(
        self,
        host: str,
        port: int,
        fault: Fault = Fault.NONE,
        *,
        after: int = 0,
        pause: float = 0.05,
        strikes: int = 1000,
    ) -> None:
        self._target = (host, port)
        self.fault = fault
        self.after = after
        """Bytes of answers, over one connection, that pass before the fault sets in."""
        self.pause = pause
        """Seconds between two bytes that drip."""
        self.strikes = strikes
        """How many connections it may end."""
        self.connections = 0
        self.requests = 0
        """Requests of HTTP that passed."""
        self._sockets: list[socket.socket] = []
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.requests += data.count(b" HTTP/1.1\r\n")
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                struck = self.fault is not Fault.NONE and self.strikes > 0
                whole = data[: max(0, self.after - passed)] if struck else data
                client.sendall(whole)
                passed += len(whole)
                if len(whole) < len(data) and self._strike(client, data[len(whole) :]):
                    self.strikes -= 1
                    return
            client.shutdown(socket.SHUT_WR)

    def _strike(self, client: socket.socket, rest: bytes) -> bool:
        """Do what the fault is; True: the connection is over."""
        match self.fault:
            case Fault.BLACK_HOLE:
                return False
            case Fault.DRIP:
                for byte in rest:
                    if self._ended.wait(self.pause):
                        return True
                    client.sendall(bytes([byte]))
                return False
            case Fault.SLOW:
                if self._ended.wait(self.pause):
                    return True
                client.sendall(rest)
                return False
            case Fault.THROTTLE:
                client.sendall(_TOO_MUCH)
                client.shutdown(socket.SHUT_RDWR)
                return True
            case Fault.GARBLE:
                client.sendall(bytes([rest[0] ^ 1]) + rest[1:])
                return False
            case Fault.RESET:
                # with a linger time of 0, closing sends RST
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # the other thread's recv holds the socket open: end that first, without telling the client
                client.shutdown(socket.SHUT_RD)
                time.sleep(0.02)
                client.close()
                return True
            case Fault.CUT | Fault.NONE:
                client.shutdown(socket.SHUT_RDWR)
                return True

    def stop(self) -> None:
        """End all connections and the proxy."""
        self._ended.set()
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
