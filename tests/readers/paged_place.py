"""A place in memory that counts what it is asked, for the tests of readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drcheck.core.model.policy import Source
from drcheck.interfaces import CollectorError, Entry, NotFound, Seek
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z


def entry(
    name: str, arrived: int = NOW - DAY, *, size: int = 100, until: int | None = None, checksum: str = ""
) -> Entry:
    return Entry(name, size, arrived, arrived if until is None else until, arrived, checksum)


@dataclass
class Place:
    """Lists in pages, in the order of names or as they come, and counts them; ``breaks_at`` is the page that fails."""

    entries: Iterable[Entry] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    seek: Seek = Seek.AFTER
    in_place: bool = False
    links: tuple[str, ...] = ()
    page: int = 1000
    in_order: bool = True
    breaks_at: int | None = None
    offset: float | None = 0.0
    calls: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        self.asked.append((prefix, after))
        after = after if self.seek is Seek.AFTER else ""
        found = [one for one in self.entries if one.name.startswith(prefix) and one.name > after]
        if self.in_order:
            found.sort()
        for start in range(0, max(1, len(found)), self.page):
            self.calls += 1
            if self.calls == self.breaks_at:
                raise CollectorError("the page cannot be had", "Try again.")
            yield from found[start : start + self.page]

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        self.calls += 1
        if name not in self.files:
            raise NotFound(f"there is no {name}")
        return self.files[name][:at_most]

    def clock_offset(self) -> float | None:
        return self.offset

    def close(self) -> None:
        pass


def source(**told) -> Source:
    facts = {"name": "dumps", "connection": "minio", "path": "web/", "reader": READERS["objects"], "of": ("orders",)}
    if "template" in told:
        told["templates"] = (told.pop("template"),)
    return Source(**{**facts, **told})
