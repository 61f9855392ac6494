"""A list that was saved to a file is of when that file was written, and a file that changes while it is read of no time."""

from __future__ import annotations

import json

import pytest

from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import barman
from drcheck.registry import READERS

NOW = 1_795_400_000


def saved(*ended, at):
    """Return a file with a list of backups that ended then, written ``at``."""
    told = [
        {"backup_id": f"2026111{number}T000000", "end_time_timestamp": str(end), "size_bytes": 7, "status": "DONE"}
        for number, end in enumerate(ended)
    ]
    return StoredFile(json.dumps({"pg": told}).encode(), at, at)


@pytest.fixture
def look(monkeypatch):
    """Return what looks at a list of which, after each time that it is read, the next version is in its place."""

    def looks(*versions):
        rest = iter(versions)
        entries = {"list.json": next(rest)}
        connection = MemoryConnection("disk", entries=entries)
        collector = open_memory(connection, "", Connections({"disk": connection}, 1, 1000))
        read = collector.read

        def replaced(name, **bounds):
            content = read(name, **bounds)
            entries["list.json"] = next(rest, entries["list.json"])
            return content

        monkeypatch.setattr(collector, "read", replaced)
        source = Source("pg", "disk", "list.json", READERS["barman"], ("shop",))
        return barman.read(collector, source, "list.json", LookRequest(LONG_AGO, NOW, 300, "shop"))

    return looks


def test_a_list_that_is_replaced_while_it_is_read_is_read_again(look):
    seen = look(saved(NOW - 900, at=NOW - 800), saved(NOW - 900, NOW - 90, at=NOW - 80))
    assert (seen.look.complete, seen.look.begin) == (True, NOW - 80)
    assert [one.data_lo for one in seen.candidates] == [NOW - 900, NOW - 90]


@pytest.mark.parametrize("seconds", [1, 0])
def test_a_list_that_is_replaced_each_time_is_of_no_time(look, seconds):
    versions = [saved(*range(NOW - 900, NOW - 900 + number), at=NOW - 80 + number * seconds) for number in range(1, 5)]
    seen = look(*versions)
    (gap,) = seen.look.gaps
    assert "changed while it was read" in gap.what
    assert not list(seen.candidates)
