"""Buckets of S3 that the runner names to be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drcheck.collectors.confine import checked_name, checked_path, checked_root, shown
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.s3.versions import Version
from drcheck.interfaces import Occupied

if TYPE_CHECKING:
    from drcheck.collectors.http_sender import Caller
    from drcheck.collectors.s3.client import S3Client


class S3Store:
    """Writes objects below ``BUCKET/PREFIX/``; S3 shows each whole or not at all."""

    def __init__(self, client: S3Client, caller: Caller, bucket: str, root: str) -> None:
        self._client, self._caller, self._bucket, self._root = client, caller, bucket, root

    def put(self, name: str, data: bytes, *, replace: bool) -> None:
        """Write an object; see :class:`drcheck.interfaces.Store`."""
        key = self._root + checked_name(name)
        if self._client.put(self._caller, self._bucket, key, data, replace=replace):
            return
        there = self._client.get(self._caller, self._bucket, Version(key, ""), f"bytes=0-{len(data)}", len(data) + 1)
        if there != data:
            raise Occupied(f"another {shown(key)} is in {self._bucket} already", "It was left as it is.")


def open_store(connection: S3Connection, root: str, pool: Connections) -> S3Store:
    """Return what writes below ``root``, which is ``BUCKET/`` or ``BUCKET/PREFIX/``."""
    from drcheck.collectors.http_sender import Caller, Web
    from drcheck.collectors.s3.client import PUTS, S3Client  # botocore takes a while to import

    bucket, _, below = checked_root(root).partition("/")
    checked_path(connection, root)
    deadline = pool.deadline(connection)
    web = pool.shared("web to write", lambda: Web(pool.workers, may_put=True), deadline)
    client = pool.shared(
        ("s3 to write", connection.name), lambda: S3Client(connection, web, pool.workers, PUTS), deadline
    )
    return S3Store(client, Caller(deadline), bucket, below)
