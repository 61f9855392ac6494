"""Time from left to right: where an instant lies in a picture, and which dates are written below it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from drcheck.core.model.verdict import Window
from drcheck.reports.pictures.svg import WIDTH, Picture

HEIGHT: Final = 18
"""Of the dates below a picture."""
_MOST_DATES: Final = 12
_STEPS: Final = (1, 2, 7, 14, 31, 62, 92, 183, 366, 1461, 3653)
"""Days from one written date to the next, of which the first that fits is taken."""


class Axis(NamedTuple):
    """A window, laid over the width of a picture from ``left`` on."""

    window: Window
    zone: tzinfo
    left: int = 0

    def x(self, t: int) -> float:
        """Return where an instant lies; what is outside the window lies at its edge."""
        start, end = self.window
        share = (min(max(t, start), end) - start) / max(1, end - start)
        return self.left + share * (WIDTH - self.left)

    def draw(self, picture: Picture, top: float, bottom: float) -> None:
        """Write dates below ``bottom``, each with a faint line up to ``top``."""
        for t, label in self.dates():
            x = self.x(t)
            picture.line(x, top, x, bottom, "faint")
            picture.text(x + 3, bottom + 13, label)

    def dates(self) -> list[tuple[int, str]]:
        """Return the midnights whose dates are written, far enough apart to be read."""
        start, end = self.window
        step = next((one for one in _STEPS if (end - start) / 86400 / one <= _MOST_DATES), _STEPS[-1])
        first = datetime.fromtimestamp(start, UTC).astimezone(self.zone).date()
        found = []
        for days in range(0, (end - start) // 86400 + 2, step):
            date = first + timedelta(days=days)
            t = int(datetime.combine(date, time(), self.zone).timestamp())
            if start <= t < end and self.x(t) < WIDTH - 70:
                found.append((t, date.isoformat()))
        return found
