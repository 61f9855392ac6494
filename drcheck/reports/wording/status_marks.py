"""How a status looks: always a word and a symbol, never a colour alone."""

from __future__ import annotations

from typing import Final, NamedTuple

from drcheck.core.model.status import Status


class StatusMark(NamedTuple):
    """A status as it is shown."""

    symbol: str
    word: str
    style: str
    """Of rich; colours that can be read on light and on dark, which the terminal's yellow cannot."""


_MARKS: dict[Status | None, StatusMark] = {
    Status.MET: StatusMark("✓", "met", "green"),
    Status.BREACHED: StatusMark("✗", "breached", "bold red"),
    Status.UNKNOWN: StatusMark("?", "unknown", "bold magenta"),
    None: StatusMark("·", "not owed", "dim"),
}
_AT_RISK = StatusMark("!", "at risk", "bold cyan")
_WAIVED = StatusMark("~", "waived", "cyan")
_ATTESTED = StatusMark("◇", "attested", "blue")


MET_AT_LOOKS: Final = StatusMark("✓", "met at looks", "green")
"""Met at all complete looks of a period, and not proved between some of them."""


def mark(status: Status | None, *, waived: bool = False, at_risk: bool = False, attested: bool = False) -> StatusMark:
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
