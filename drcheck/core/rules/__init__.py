"""What counts: rules from columns to columns, one a module, applied in one stated order.

Each rule may say of a candidate that it does not count, or that it is in doubt, for all of time or for a part of it,
and why. What an earlier rule rejected stays rejected, with that reason. Those in :data:`LISTED` need no more than the
looks at one source have shown, and are applied as its columns are made. Evaluators see only the columns.

What needs other evidence than a source's own comes when a commitment is judged: checks that logs tell of, then
dependence on other backups, which hangs on the sources that survive the scenario and on what the commitment asks.
"""

from __future__ import annotations

from typing import Final

from drcheck.core.model.points import Points
from drcheck.core.rules import (
    completeness,
    dates,
    log_archives,
    missing_files,
    plausibility,
    repositories,
    sizes,
    wildcard_series,
)
from drcheck.core.rules.interface import Rule, RuleInput

LISTED: Final[tuple[Rule, ...]] = (
    missing_files.apply,
    completeness.apply,
    dates.apply,
    sizes.at_least,
    plausibility.not_tiny,
    plausibility.not_hollow,
    sizes.not_shrunk,
    plausibility.of_usual_size,
    repositories.apply,
    wildcard_series.apply,
    log_archives.apply,
)
"""The rules that need nothing beyond the looks at one source, in the order in which they are applied."""


def as_listed(points: Points, shown: RuleInput) -> Points:
    """Return ``points``, in order of ``data_lo``, with what every rule of :data:`LISTED` says of them."""
    for rule in LISTED:
        points = rule(points, shown)
    return points
