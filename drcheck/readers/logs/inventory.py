"""Lists of what exists: services, buckets or hosts, a name a line or as a table, as an asset register exports them."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from drcheck.core.model.evidence import Gap
from drcheck.core.model.log_records import Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.model.rewritten_logs import Inventory
from drcheck.core.names.estate_coverage import comparable, names_in_list
from drcheck.interfaces import Collector, CollectorError, LookRequest
from drcheck.readers.logs import log_file

LONGEST_NAME: Final = 1000
"""Characters; what is longer is no name."""

_EXPECTED: Final = (
    "An inventory is a name a line, or a table with a header and columns parted by commas, semicolons or tabs. Write "
    "it whole before it takes its name."
)


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a list: which names it has, and when it was written, as far as the place tells."""
    seen = log_file.read(_parse, collector, source, name, asked)
    if not seen.look.complete:
        return seen
    names = _names(seen.raw)
    try:
        written_at = None if source.path.startswith("!") else _written_at(collector, name)
    except CollectorError as error:
        gap = Gap(error.message, error.hint)
        return replace(seen, look=replace(seen.look, gaps=(*seen.look.gaps, gap)))
    known = {comparable(each): each for each in names}
    hosts = tuple(
        (known[comparable(host)], alias)
        for alias, host in sorted(asked.hosts.items())
        if host and comparable(host) in known
    )
    return replace(seen, inventory=Inventory(asked.begin, written_at, names, hosts))


def _written_at(collector: Collector, name: str) -> int:
    for entry in collector.list(name):
        if entry.name == name:
            return entry.modified
    raise CollectorError(f"{name} was read, and is in no listing", "See whether it is a link, which is never followed.")


def _names(data: bytes) -> tuple[str, ...]:
    return tuple(sorted(names_in_list(data.decode("utf-8-sig", "surrogateescape"))))


def _parse(data: bytes, service: str, latest: int) -> Log:
    """Return why a list cannot be used, as a gap of the whole look."""
    del service, latest
    if data.lstrip()[:1] in {b"[", b"{", b"<"}:
        return Log(gaps=(Gap("the list is JSON or XML, and no list of names", _EXPECTED),))
    if b"\0" in data:
        return Log(gaps=(Gap("the list is no text", _EXPECTED),))
    names = _names(data)
    if not names:
        return Log(gaps=(Gap("the list is empty", f"Something exists, or nothing is promised. {_EXPECTED}"),))
    if max(map(len, names)) > LONGEST_NAME:
        return Log(gaps=(Gap(f"the list has a name of more than {LONGEST_NAME} characters", _EXPECTED),))
    return Log()
