"""Which version of a policy binds an instant, by brute force: every version is asked, each time anew.

Shares nothing with ``drcheck.core.judging.wordings``, which keeps one list of spans and changes it version by version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Text(NamedTuple):
    """One version of a commitment: what it says, and the instants that it and its policy name."""

    seen: int
    """When it was first seen; versions come in this order."""
    says: object
    in_force_from: int | None = None
    effective: int | None = None
    """When the agreement of its policy takes effect."""

    def starts(self) -> int:
        """Return from when on it is meant to bind."""
        if self.in_force_from is not None:
            return self.in_force_from
        return self.seen if self.effective is None else max(self.seen, self.effective)


def binding(texts: Sequence[Text], t: int) -> Text:
    """Return the version that binds what begins at ``t``: the last one seen of those in force by then.

    In force by then is the earliest one, always, and each other one that starts by then, unless it was replaced while
    that start was still to come.
    """
    last = texts[0]
    for number, text in enumerate(texts[1:], 1):
        replaced = any(later.seen < text.starts() for later in texts[number + 1 :])
        if text.starts() <= t and not replaced:
            last = text
    return last
