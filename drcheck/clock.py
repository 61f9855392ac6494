"""The only module that reads the time; everyone else is handed an instant.

Instants are whole seconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import time


def now() -> int:
    """Return this machine's wall clock."""
    return int(time.time())


def precise() -> float:
    """Return this machine's wall clock with its fraction, for measuring another clock's offset."""
    return time.time()


def pause(seconds: float) -> None:
    """Wait until what is looked at may have changed."""
    time.sleep(seconds)


def monotonic() -> float:
    """Return seconds on a clock that never goes back, for deadlines and durations."""
    return time.monotonic()


def boottime() -> float:
    """Return seconds on a clock that never goes back and does not stop while the machine sleeps, for measuring."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
