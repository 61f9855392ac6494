"""How many sources of one place are looked at at a time: as many as it may have, and fewer while it is asked too much.

A storage says so itself (503 SlowDown, 429). The SDKs ask such a request again by themselves, after a pause; here the
whole place is spared: half as many sources at a time, after a rest, down to one that tries whether it is over. Each
source that then gets through lets one more begin.
"""

from __future__ import annotations

import threading
from typing import Final

from drcheck import clock

FIRST_REST: Final = 0.25
"""Seconds for which nothing more begins at a place after it refused for the first time; they double each time."""
LONGEST_REST: Final = 10.0


class Limit:
    """What keeps one place from being asked too much. May be used by many threads."""

    def __init__(self, most: int, *, few: bool = False) -> None:
        self.most = most
        """Sources at a time while nothing is refused."""
        self.few = few
        """Whether that was said of the place itself, and are not all that the workers can look at."""
        self.now = most
        self._running = 0
        self._slowed = float("-inf")
        self._rest = 0.0
        self._rests_until = float("-inf")
        self._refuses_since: float | None = None
        self._late = False
        self._moved = float("-inf")
        self._lock = threading.Lock()

    @property
    def free(self) -> bool:
        """Whether one more source may begin."""
        return self._running < self.now and clock.monotonic() >= self._rests_until

    def begin(self) -> None:
        """Count a source that begins."""
        with self._lock:
            if not self._running and not self._late:
                self._moved = clock.monotonic()
            self._running += 1

    def end(self, began: float | None, *, late: bool = False) -> None:
        """Count a source as ended, and whether too late.

        One more at a time may be looked at if nothing was refused since it ``began``.
        """
        with self._lock:
            self._running -= 1
            self._late = late
            if not late:
                self._moved = clock.monotonic()
            if began is not None and began > self._slowed:
                self.now = min(self.most, self.now + 1)

    @property
    def stands_for(self) -> float:
        """For how many seconds no source has come to its end in time."""
        return clock.monotonic() - self._moved

    def refused(self, asked: float) -> None:
        """Spare the place: a request that was made at ``asked`` was too much for it.

        One that was on its way when the place was spared before tells nothing new.
        """
        with self._lock:
            if asked <= self._slowed:
                return
            self._slowed = clock.monotonic()
            self.now = max(1, min(self.now, self._running) // 2)
            self._rest = min(2 * self._rest or FIRST_REST, LONGEST_REST)
            self._rests_until = self._slowed + self._rest
            if self._refuses_since is None:
                self._refuses_since = asked

    def answered(self, asked: float) -> None:
        """Take note that a request that was made at ``asked`` was not too much."""
        if self._refuses_since is not None and asked > self._slowed:
            with self._lock:
                self._refuses_since, self._rest = None, 0.0

    @property
    def refuses_for(self) -> float:
        """For how many seconds all that was asked was too much; 0: it answers."""
        since = self._refuses_since
        return 0.0 if since is None else clock.monotonic() - since
