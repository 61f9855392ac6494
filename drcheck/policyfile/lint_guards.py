"""What lint says of backups that a policy leaves unguarded: which empty, cut or copied one would count, and for what.

Each guard is told once for a policy, with all sources that lack it; stating it, be it as ``none``, ends that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.model.policy import Arrival, Source
from drcheck.policyfile.lint_context import Context, Level, Remark


class Guard(NamedTuple):
    """Something that keeps what is no good backup from being counted, or what nobody saw from being taken for gone."""

    rule: str
    lacks: Callable[[Source], bool]
    verb: tuple[str, str]
    """What one source, and what several, do."""
    without: str
    remedy: str


def _fits_anything(template: str) -> bool:
    """Return whether a template has a wildcard, and no words but for extensions that a name must have."""
    text = re.sub(r"\{[^{}]*\}", "", template.rpartition("/")[2] or template)
    return "{*" in template and not any(
        map(str.isalpha, re.sub(r"\.[\w.]*", "", text).replace("Z", "").replace("T", ""))
    )


_GUARDS: Final = (
    Guard(
        "no-size-floor",
        lambda source: source.min_size is None and source.max_shrink is None,
        ("states no size", "state no size"),
        "an empty or cut backup is in doubt only where it is far smaller than usual",
        "state min_size and max_shrink; `max_shrink: none` accepts any size",
    ),
    Guard(
        "no-completion-marker",
        lambda source: source.reader.lists and not source.complete_when,
        ("has no marker of completion", "have no marker of completion"),
        "a backup that was never finished counts",
        'write a file beside each one last, as NAME.sha256, and state complete_when: "{name}.sha256"',
    ),
    Guard(
        "mtime-believed",
        lambda source: source.available_at is Arrival.MTIME,
        ("takes each file's own time for its arrival", "take each file's own time for its arrival"),
        "what is copied or touched came when its time says",
        "leave out `available_at: mtime` where files are written in place",
    ),
    Guard(
        "any-text",
        lambda source: len(source.of) == 1 and any(map(_fits_anything, source.templates)),
        ("reads names with any text in them", "read names with any text in them"),
        "what is of other data and has such a name counts as well",
        "write what the names of this data have in common in place of {*}, or {of}",
    ),
    Guard(
        "thinning-unstated",
        lambda source: source.thinned_after is None,
        ("does not state thinned_after", "do not state thinned_after"),
        "that nothing was there is never proved of the time before the first look",
        "state what is never pruned before its time, as `thinned_after: 30d`, or `never`",
    ),
)


def unguarded(context: Context) -> Iterator[Remark]:
    """Note what sources leave unguarded of which backups are counted, once for all of them."""
    counted = {
        source.name
        for commitment in context.policy.commitments
        if isinstance(commitment, OfBackups) and commitment.counts() >= Counts.INTACT
        for source in context.points(commitment)
    }
    sources = [source for name, source in context.policy.sources.items() if name in counted]
    for guard in _GUARDS:
        lacking = [source.name for source in sources if guard.lacks(source)]
        if lacking:
            who = f"{words.several(lacking)} {guard.verb[len(lacking) > 1]}"
            text = f"{who}: {guard.without} ({guard.remedy})"
            yield context.remark(guard.rule, ("sources", lacking[0]), text, Level.NOTE)
