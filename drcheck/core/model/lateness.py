"""When a backup is late: by when it was promised, and the grace (:mod:`drcheck.core.model.grace`) that is added.

Grace is seconds that pass, whatever clocks on the wall do meanwhile.
"""

from __future__ import annotations


def due(promised: int, grace: int) -> int:
    """Return the instant at which a backup is due that was promised by ``promised``, such as the end of a slot."""
    return promised + grace


def promised_by(due_at: int, grace: int) -> int:
    """Return by when a backup was promised that is due at ``due_at``: what :func:`due` turns round."""
    return due_at - grace


def longest_interval(every: int, grace: int) -> int:
    """Return how long after one backup the next is still in time, where one is promised each ``every`` seconds."""
    return every + grace
