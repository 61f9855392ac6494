"""One listing of a whole bucket or container, taken once for all sources of a run that lie in it.

Each of many sources with few names there costs at least a request of its own, and where only prefixes narrow a listing
one for each month; a listing of everything holds thousands of names a request. It is taken for as long as each page
completes more than one source, on the average, and used only if it came to its end: a storage may have an order of
its own (SeaweedFS walks ``a/`` before ``a-b/``), so that a part of a listing proves nothing. Then each source is
answered from it what it asked for and nothing else. Where it fails, or would take too long, or is not allowed, each
source lists for itself, and is told by the storage itself what is wrong.
"""

from __future__ import annotations

import os.path
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from drcheck import clock
from drcheck.collectors.pool import Connections, Quota
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Entry
from drcheck.settings import Connection

if TYPE_CHECKING:
    from drcheck.collectors.http_sender import Caller

FEWEST: Final = 16
"""Sources that share one listing: with fewer, a page taken in vain is much beside what they take themselves."""
MOST: Final = 150_000
"""Entries that are kept until their source asks for them, some 60 MB."""
IN_VAIN: Final = 1
"""Pages that may complete no source before each source lists for itself."""
EACH_PAGE: Final = 1.5
"""Sources that each further page must complete, on the average: nothing is saved where each fills a page of its own."""
SHARE: Final = 0.5
"""How much of a source's time the shared listing may take: the rest is for its own, should that be needed."""

Row = tuple[Entry, Mapping[Fact, FactValue]]
"""An entry, with what the listing told of it beside."""
Lister = Callable[[str, Quota], Iterator[Sequence[Row]]]
"""Lists everything below a directory page by page, as much as the quota allows; entries are named below it."""


class SharedListing:
    """What a whole listing showed, kept for each root until those who look at it have closed their collectors."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._users = dict(roots)
        self._base = os.path.commonprefix(list(roots)).rpartition("/")[0]  # noqa: RUF071  cut to whole directories
        self._base += "/" if self._base else ""
        self._kept: dict[str, list[Row]] | None = None
        self._lock = threading.Lock()
        self.clock_offset: float | None = None
        """What the clock of the place was found to be ahead while it was listed."""

    def take(self, lister: Lister, caller: Caller, quota: Quota) -> None:
        """List everything, as long as that costs no more requests than the sources would themselves."""
        try:
            self._kept = self._listed(lister(self._base, quota), clock.monotonic() + SHARE * caller.deadline.left())
        except BaseException:  # noqa: BLE001  whatever it is, each source meets it by itself
            self._kept = None
        self.clock_offset = caller.clock_offset

    def _listed(self, listing: Iterator[Sequence[Row]], until: float) -> dict[str, list[Row]] | None:
        kept: dict[str, list[Row]] = {root: [] for root in self._users}
        number = 0
        for pages, page in enumerate(listing, 1):
            at = _Place("", ())
            for row in page:
                directory = row[0].name[: row[0].name.rfind("/") + 1]
                if directory != at.directory or not at.roots:
                    at = _Place(directory, tuple(self._above(directory)))
                number += len(at.roots)
                for root in at.roots:
                    kept[root].append(row)
            done = sum(self._users[root] for root, rows in kept.items() if rows and root not in at.roots)
            if pages > done / EACH_PAGE + IN_VAIN or number > MOST or clock.monotonic() > until:
                return None
        return kept

    def _above(self, directory: str) -> Iterator[str]:
        """Yield the roots in which what lies in ``directory``, a path below the base, is."""
        path = self._base + directory
        ends = (at for at in range(len(path) + 1) if not at or path[at - 1] == "/")
        return (path[:at] for at in ends if path[:at] in self._users)

    def below(self, root: str, prefix: str) -> Iterator[Row] | None:
        """Return what lies below ``root`` and begins with ``prefix``, named below the root; None: it is not known."""
        rows = None if self._kept is None else self._kept.get(root)
        if rows is None:
            return None  # what was let go of is not known any more, which is not that nothing was there
        skip = len(root) - len(self._base)
        named = ((entry._replace(name=entry.name[skip:]), told) for entry, told in rows)
        return (row for row in named if row[0].name and row[0].name.startswith(prefix))

    def let_go(self, root: str) -> None:
        """Keep nothing any more for one user of ``root``."""
        with self._lock:
            self._users[root] -= 1
            if self._kept is not None and not self._users[root]:
                del self._kept[root]

    def close(self) -> None:
        """Keep nothing any more."""
        self._kept = None


class _Place(NamedTuple):
    """A directory, and the roots in which it lies."""

    directory: str
    roots: tuple[str, ...]


class Share:
    """One collector's part in a shared listing."""

    def __init__(self, listing: SharedListing, root: str) -> None:
        self._listing = listing
        self._root = root
        self._answered: list[str] = []

    def below(self, prefix: str, quota: Quota) -> Iterator[Row] | None:
        """Return what begins with ``prefix``, as it was listed; None: it is not known, or no news.

        Who asks again for what was answered once wants to know what has become of it. ``quota`` is that of who asks.
        """
        if any(prefix.startswith(before) for before in self._answered):
            return None
        if (rows := self._listing.below(self._root, prefix)) is None:
            return None
        self._answered.append(prefix)
        return _counted(rows, quota)

    @property
    def clock_offset(self) -> float | None:
        """By how much the clock of the place was ahead; None: nothing was answered from here."""
        return self._listing.clock_offset if self._answered else None

    def close(self) -> None:
        """Keep nothing for this collector any more."""
        self._listing.let_go(self._root)


def _counted(rows: Iterator[Row], quota: Quota) -> Iterator[Row]:
    for row in rows:
        quota.take()
        yield row


def share(
    pool: Connections, connection: Connection, top: str, root: str, caller: Caller, lister: Lister
) -> Share | None:
    """Return the part of what lies at ``root`` in the listing of ``top``, its bucket or container; None: not shared.

    The first that asks takes the listing, as ``caller``; the others wait for it.
    """
    roots = pool.roots.get((connection.name, top), {})
    if root not in roots or sum(roots.values()) < FEWEST:
        return None

    def make() -> SharedListing:
        listing = SharedListing(roots)
        listing.take(lister, caller, pool.quota(connection))
        return listing

    return Share(pool.shared(("listing", connection.name, top), make, caller.deadline), root)
