"""What tests of hosts share."""

from __future__ import annotations

from contextlib import closing

import pytest

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, Entry
from drcheck.settings import Connection


def listed(connection: SshConnection, root: str = "src/", others: dict[str, Connection] | None = None) -> list[Entry]:
    """List a place, in a run of its own."""
    with Connections(others) as pool, closing(open_ssh(connection, root, pool)) as collector:
        return list(collector.list(""))


def fault(connection: SshConnection, others: dict[str, Connection] | None = None) -> CollectorError:
    """Return the error that a listing ends in."""
    with pytest.raises(CollectorError) as caught:
        listed(connection, others=others)
    assert caught.value.hint.endswith((".", ")"))
    return caught.value
