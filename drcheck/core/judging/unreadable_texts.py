"""What a policy promised while a text of it was judged that cannot be read any more: nobody knows.

Another version of drcheck judged that text. The texts around it do not tell what it said, so that every commitment is
unknown while it bound. What began then and is judged later is judged by those texts all the same: a day that is kept
for a year would else be unknown for as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.judging.wordings import Version
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span, Spans, intersection, union
from drcheck.core.time.timeline import replaced


class UnreadableText(NamedTuple):
    """A text that was judged, and that this version of drcheck cannot read."""

    during: Span
    """While it was judged; where the clock was set back since, all of the time that this may have been."""
    after: int
    """How many texts that can be read were judged before it."""


def unknown_times(
    commitment: Commitment, versions: Sequence[Version], texts: Iterable[UnreadableText], window: Window
) -> Spans:
    """Return when within ``window`` one of ``texts`` said what nobody can read of a commitment.

    ``versions`` are those that can be read, oldest first. One that came later and says from when on its wording is in
    force binds from then on, whatever was said before.
    """
    found = []
    for start, end, after in ((*text.during, text.after) for text in texts):
        later = (one for version in versions[after:] for one in version.policy.commitments)
        stated = [one.in_force_from for one in later if (one.id, one.kind) == (commitment.id, commitment.kind)]
        found.append(Span(start, min([end, *(instant for instant in stated if instant is not None)])))
    return intersection((Span(*window),), union(found))


def unless_readable(finding: Finding, unknown: Spans) -> Finding:
    """Return ``finding``, unknown wherever something is owed and nobody knows what."""
    for span in unknown:
        reason = (
            f"what was promised until {words.instant(span.end)} is not known: this version of drcheck cannot read the "
            "policy's text of then"
        )
        periods = tuple(
            replace(one, status=Status.UNKNOWN, credit=None)
            if one.status is not None and span.overlaps((one.start, one.end))
            else one
            for one in finding.periods
        )
        finding = replace(finding, pieces=replaced(finding.pieces, span, Status.UNKNOWN, reason), periods=periods)
        if finding.pieces[-1].reason == reason:
            finding = replace(finding, reason=reason, measured=None, headroom=None, due_at=None, at_risk=False, also=())
    return finding
