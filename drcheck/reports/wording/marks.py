"""How a status looks: always a word and a symbol, never a colour alone."""

from __future__ import annotations

from typing import Final, NamedTuple

from drcheck.core.model.status import Status


class Mark(NamedTuple):
    """A status as it is shown."""

    symbol: str
    word: str
    style: str
    """Of rich; colours that can be read on light and on dark, which the terminal's yellow cannot."""


_MARKS: dict[Status | None, Mark] = {
    Status.MET: Mark("✓", "met", "green"),
    Status.BREACHED: Mark("✗", "breached", "bold red"),
    Status.UNKNOWN: Mark("?", "unknown", "bold magenta"),
    None: Mark("·", "not owed", "dim"),
}
_AT_RISK = Mark("!", "at risk", "bold cyan")
_WAIVED = Mark("~", "waived", "cyan")
_ATTESTED = Mark("◇", "attested", "blue")


MET_AT_LOOKS: Final = Mark("✓", "met at looks", "green")
"""Met at all complete looks of a period, and not proved between some of them."""


def mark(status: Status | None, *, waived: bool = False, at_risk: bool = False, attested: bool = False) -> Mark:
    """Return how ``status`` is shown.

    ``at_risk`` is met with little headroom, ``waived`` a breach that is accepted, ``attested`` met by somebody's word.
    """
    if waived:
        return _WAIVED
    if attested and status is Status.MET:
        return _ATTESTED
    if at_risk and status is Status.MET:
        return _AT_RISK
    return _MARKS[status]
