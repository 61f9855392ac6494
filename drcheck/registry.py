"""Everything that drcheck can plug together, on one page: collectors, readers, report formats.

Modules are imported when they are asked for: a run that looks at local disks loads no cloud SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from drcheck.core.evidence import Log
from drcheck.core.policy import Reader, Source
from drcheck.interfaces import Collector, Read
from drcheck.settings import AzureConnection, Connection, LocalConnection, S3Connection, SshConnection, standing

__all__ = ["Opener", "opener", "parser", "place", "reader", "standing"]

if TYPE_CHECKING:
    from drcheck.collectors.pool import Connections

Opener = Callable[[str, "Connections"], Collector]
"""Given where to root it and what the run shares, returns a collector; raises ``CollectorError``."""


def opener(connection: Connection) -> Opener:
    """Return what opens the collectors of a connection, with the SDK that it needs already loaded."""
    match connection:
        case S3Connection():
            from drcheck.collectors.s3 import open_s3

            import_module("drcheck.collectors.s3_client")
            return partial(open_s3, connection)
        case AzureConnection():
            from drcheck.collectors.azure_blob import open_azure_blob

            import_module("drcheck.collectors.azure_client")
            return partial(open_azure_blob, connection)
        case SshConnection():
            from drcheck.collectors.ssh import open_ssh

            import_module("drcheck.collectors.ssh_connection")
            return partial(open_ssh, connection)
        case LocalConnection():
            from drcheck.collectors.local import open_local

            return partial(open_local, connection)
        case _:
            raise TypeError(connection)


def reader(source: Source) -> Read:
    """Return what reads ``source``."""
    match source.reader:
        case Reader.OBJECTS:
            from drcheck.readers import objects

            return objects.read
        case Reader.RESTORE_LOG:
            from drcheck.readers import restore_log

            return restore_log.read
        case Reader.OUTAGE_LOG:
            from drcheck.readers import outage_log

            return outage_log.read
        case Reader.MAINTENANCE_LOG:
            from drcheck.readers import maintenance_log

            return maintenance_log.read
        case Reader.ATTESTATIONS:
            from drcheck.readers import attestations

            return attestations.read


def parser(source: Source) -> Callable[[bytes, str, int], Log]:
    """Return what reads a log again: given the bytes that the ledger kept, the service, and the latest instant then."""
    match source.reader:
        case Reader.RESTORE_LOG:
            from drcheck.readers import restore_log

            return restore_log.parse
        case Reader.OUTAGE_LOG:
            from drcheck.readers import outage_log

            return outage_log.parser(source)
        case Reader.MAINTENANCE_LOG:
            from drcheck.readers import maintenance_log

            return maintenance_log.parser(source)
        case Reader.ATTESTATIONS:
            from drcheck.readers import attestations

            return attestations.parse
        case Reader.OBJECTS:
            raise TypeError(source.reader)


def place(source: Source) -> tuple[str, str]:
    """Return where a collector for ``source`` is rooted, and the name to read there (empty: all of it)."""
    if source.reader is Reader.OBJECTS:
        return (source.path if not source.path or source.path.endswith("/") else f"{source.path}/"), ""
    directory, slash, name = source.path.rpartition("/")
    return directory + slash, name
