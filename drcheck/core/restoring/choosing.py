"""Which point a drill restores: of the source whose turn it is, the one that the policy asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.points import Row
from drcheck.core.model.policy import NEWEST, OLDEST, RANDOM, PlannedDrill
from drcheck.core.restoring.answer import RestorablePoint
from drcheck.core.restoring.answering import RestoreQuestion, restorable

_DRAWN: Final = frozenset({NEWEST, OLDEST, RANDOM})
"""What a policy writes instead of a name."""


class Choice(NamedTuple):
    """What a drill restores."""

    point: RestorablePoint | None
    why: str
    """Why that one, or why there is none, in words."""
    passed_over: tuple[str, ...] = ()
    """Sources whose turn it was, and where nothing can be restored."""


def data_set(asked: RestoreQuestion, planned: PlannedDrill) -> str:
    """Return the data set that a drill restores: the one it names, else the only one that its sources hold."""
    return planned.of or asked.policy.sources[planned.sources[0]].of[0]


def choose(
    asked: RestoreQuestion,
    evidence: Mapping[str, SourceEvidence],
    planned: PlannedDrill,
    drilled_at: Mapping[str, int],
    seed: str,
) -> Choice:
    """Return what a drill restores; ``drilled_at`` says when the newest drill from each source was.

    ``seed`` is what a random choice hangs on, and nothing else: the same one chooses the same point.
    """
    of = data_set(asked, planned)
    passed_over: list[str] = []
    for source in sorted(planned.sources, key=lambda name: drilled_at.get(name, LONG_AGO)):
        found = restorable(replace(asked, scenario=planned.scenario), evidence, of, (source,))
        rows = [row for row in found.rows if planned.point in {*_DRAWN, row[0].name[row[1]]}]
        if not rows:
            passed_over.append(source)
            continue
        row, why = _one_of(rows, planned.point, seed)
        return Choice(found.describing.point(row), why, tuple(passed_over))
    what = f"no point called {planned.point}" if planned.point not in _DRAWN else "nothing"
    after = f" that survives {planned.scenario}" if planned.scenario else ""
    return Choice(None, f"{what} of {of}{after} is known to be restorable", tuple(passed_over))


def _one_of(rows: list[Row], wanted: str, seed: str) -> tuple[Row, str]:
    match wanted:
        case "newest":
            return rows[0], "the newest"
        case "oldest":
            return rows[-1], f"the oldest of {len(rows)}"
        case "random":
            drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()) % len(rows)
            return rows[drawn], f"drawn out of {len(rows)} by the seed {seed}"
        case _:
            return rows[0], "named by the policy"
