"""Containers of Azure that the runner names to be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.confine import checked_name, checked_path, checked_root, shown
from drcheck.collectors.pool import Connections
from drcheck.interfaces import Occupied

if TYPE_CHECKING:
    from drcheck.collectors.azure.client import AzureClient
    from drcheck.collectors.http_sender import Caller


class AzureStore:
    """Writes blobs below ``CONTAINER/PREFIX/``; Azure shows each whole or not at all."""

    def __init__(self, client: AzureClient, caller: Caller, container: str, root: str) -> None:
        self._client, self._caller, self._container, self._root = client, caller, container, root

    def put(self, name: str, data: bytes, *, replace: bool) -> None:
        """Write a blob; see :class:`drcheck.interfaces.Store`."""
        blob = self._root + checked_name(name)
        if self._client.put(self._caller, self._container, blob, data, replace=replace):
            return
        there = self._client.get(self._caller, self._container, blob, 0, len(data) + 1)
        if there != data:
            raise Occupied(f"another {shown(blob)} is in {self._container} already", "It was left as it is.")


def open_store(connection: AzureConnection, root: str, pool: Connections) -> AzureStore:
    """Return what writes below ``root``, which is ``CONTAINER/`` or ``CONTAINER/PREFIX/``."""
    from drcheck.collectors.azure.client import AzureClient  # the SDK takes a while to import
    from drcheck.collectors.http_sender import Caller, Web

    container, _, below = checked_root(root).partition("/")
    checked_path(connection, root)
    deadline = pool.deadline(connection)
    web = pool.shared("web to write", lambda: Web(pool.workers, may_put=True), deadline)
    client = pool.shared(("azure to write", connection.name), lambda: AzureClient(connection, web), deadline)
    return AzureStore(client, Caller(deadline), container, below)
