"""The evidence that the lab tells its story with, relative to now; each agreement's part says what it tells.

What lies in the past is placed by the calendar, so that the story holds at any instant: what earns a credit lies in the
previous month, whose figures are final.
"""

from __future__ import annotations

from lab.story import amberflo, cloudworkz, interworks, soarsilk, teamplify
from lab.story.telling import DAY, HOUR, MINUTE, Story, instant, nth

__all__ = ["DAY", "HOUR", "MINUTE", "Story", "instant", "nth", "tell"]


def tell(now: int) -> Story:
    """Return the whole story as it stands at ``now``, seconds since the epoch."""
    story = Story(now)
    for agreement in (interworks, cloudworkz, teamplify, amberflo, soarsilk):
        agreement.tell(story)
    return story.arrived()
