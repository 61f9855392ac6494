"""A proxy that lies between a client and many servers on loopback, delays what passes, and counts turns.

Run as a process of its own, so that it costs the measured ones nothing: ``python -m lab.delay SECONDS PORT``, and on
standard input the servers, an ``ADDRESS PORT`` a line. It listens at each address on PORT, says so with a line, and on
SIGTERM tells what it counted. Half of the delay is added each way, for everything but the TCP handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections import deque


class Way(asyncio.Protocol):
    """One end of a connection, whose bytes go to its ``other`` end, half a delay later and in their order."""

    def __init__(self, proxy: Proxy, other: Way | None = None) -> None:
        self.proxy = proxy
        self.other = other
        self.transport: asyncio.Transport | None = None
        self.heard = False
        """Whether the other side has said anything since this one last did."""
        self._waiting: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.other is None:
            server = transport.get_extra_info("sockname")[0]
            self.proxy.connections += 1
            self.proxy.tasks.add(asyncio.ensure_future(self._reach(server)))
            transport.pause_reading()

    async def _reach(self, server: str) -> None:
        loop = asyncio.get_running_loop()
        assert self.transport is not None
        try:
            _, other = await loop.create_connection(lambda: Way(self.proxy, self), server, self.proxy.servers[server])
        except OSError:
            self.transport.close()
            return
        self.other = other
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        is_client = self.other is not None and self.proxy.is_client(self)
        if is_client:
            self.proxy.turns += self.heard
            self.heard = False
        elif self.other is not None:
            self.other.heard = True
        self._later(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._later(b"")

    def _later(self, data: bytes) -> None:
        self._waiting.append(data)
        asyncio.get_running_loop().call_later(self.proxy.delay / 2, self._pass_on)

    def _pass_on(self) -> None:
        data = self._waiting.popleft()
        if self.other is None or self.other.transport is None:
            return
        if data:
            self.other.transport.write(data)
        else:
            self.other.transport.close()


class Proxy:
    """All connections to all servers."""

    def __init__(self, delay: float, port: int, servers: dict[str, int]) -> None:
        self.delay = delay
        self.port = port
        self.servers = servers
        self.connections = 0
        self.turns = 0
        self.tasks: set[asyncio.Future[None]] = set()

    def is_client(self, way: Way) -> bool:
        """Return whether a client is at that end."""
        assert way.transport is not None
        return bool(way.transport.get_extra_info("sockname")[1] == self.port)

    async def run(self) -> None:
        """Listen until SIGTERM."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        for address in self.servers:
            await loop.create_server(lambda: Way(self), address, self.port, backlog=500)
        print("listening", flush=True)
        await ended.wait()
        print(json.dumps({"connections": self.connections, "turns": self.turns}), flush=True)


if __name__ == "__main__":
    told = [line.split() for line in sys.stdin]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Proxy(float(sys.argv[1]), int(sys.argv[2]), {host: int(port) for host, port in told}).run())
