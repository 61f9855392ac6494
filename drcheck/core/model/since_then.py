"""What is not any more, or not yet, as it was in a period that is judged later."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class LaterEvent(StrEnum):
    """What happened to something that a period's verdict rests on; the gravest first."""

    DELETED_EARLY = "deleted early"
    """A backup went before a promise to keep it ended, and nothing else of its slot was left."""
    LATE_BACKUP = "late or back-dated"
    """A backup with data of the period came after it, later than its source says that a backup takes."""
    RE_DATED = "re-dated"
    """A backup has the content of an older one, under a newer date."""
    LATE_LINE = "late line"
    """A line of a log tells of an instant after which a look had not shown it yet."""
    HEALED = "healed gap"
    """A look that did not see everything was followed by one that did."""
    GONE = "gone"
    """A backup that stood in the period, or was made in it, is not there any more: pruned, or overwritten."""
    SEEN_SINCE = "first seen since"
    """Nobody looked between its instant and the period's end: a later look showed it first."""


class LaterChange(NamedTuple):
    """One of these, with the looks between which it happened."""

    what: LaterEvent
    source: str
    of: str = ""
    """The data set; empty for logs and looks."""
    name: str = ""
    """Of a backup its name, of a line of a log ``line 7``; empty for looks."""
    data_as_of: int | None = None
    """The earliest instant of its data; of a line the newest instant that it tells."""
    last_seen: int | None = None
    """The newest look that showed it, or showed it with its older date."""
    first_missed: int | None = None
    """When it surely was gone: the first look that missed it, or what overwrote it arrived."""
    not_yet_at: int | None = None
    """The newest look that did not show it yet; of a gap the look that did not see everything."""
    first_seen: int | None = None
    """The first look that showed it, or its newer date; of a gap the look that healed it."""
    told: str = ""
    """What else is known of it."""
