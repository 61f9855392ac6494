"""What is known to be broken does not count: a check of that very copy failed.

It surely does not from the failure on, until a later check passes on the same rung of the ladder or on a higher one.
Before the failure nobody knows: it may have been broken since the last such pass or, if there was none, since it came.
Checks are told by checksums that drcheck verified, and by logs: checks, restore tests that passed, and those that
failed because, as their record says, the data was wrong. Any other failure of a restore says nothing of the copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact
from drcheck.core.model.log_records import Check, Log, Recovery
from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules import checked_copies
from drcheck.core.time.spans import Span


class CopyCheck(NamedTuple):
    """One check of one copy."""

    at: int
    passed: bool
    rung: Rung
    what: str
    known_until: int = FOREVER
    """Until when whoever tells of it has been seen: a later pass may be unseen."""
    sure: bool = True
    """Whether it was of this very content, and not of another that its name held about then."""
    unlike: bool = False
    """Whether nobody knows if it failed: what the content was compared with may be of something else."""


def apply(points: Points, logs: Mapping[str, Log]) -> Points:
    """Take out what failed a check, as far as the looks themselves and ``logs`` tell."""
    checked: dict[int, list[CopyCheck]] = defaultdict(list)
    for row, one in (*_verified(points), *_logged(points, logs)):
        checked[row].append(one)
    return points.doubting({row: doubts for row, those in checked.items() if (doubts := tuple(_doubts(those)))})


def is_broken(points: Points, row: int) -> bool:
    """Return whether a candidate did not have its checksum when that was last verified."""
    if not points.facts:
        return False  # as mostly: nothing was asked, which is told of many rows without making a key for each
    steps = points.facts.get((row, Fact.CHECKSUM), ())
    return next((told.holds is False for _, told in reversed(steps) if told.holds is not None), False)


def _doubts(checks: list[CopyCheck]) -> Iterator[Doubt]:
    """Yield when one copy does not, or may not, count; what is certain comes first."""
    in_order = sorted(checks, key=lambda one: (one.at, not one.passed))
    before: list[Doubt] = []
    last: dict[Rung, int] = {}
    following: list[dict[Rung, int]] = []
    passes: dict[Rung, int] = {}
    for one in reversed(in_order):
        following.append(dict(passes))
        if one.passed:
            passes[one.rung] = one.at
    following.reverse()
    for one, later in zip(in_order, following, strict=True):
        if one.passed:
            last[one.rung] = one.at
            continue
        since = max((at for rung, at in last.items() if rung >= one.rung), default=LONG_AGO)
        until = min((at for rung, at in later.items() if rung >= one.rung), default=FOREVER)
        if one.unlike:
            before.append(Doubt(one.what, Span(since, until), made=True))
            continue
        known = max(one.at, min(until, one.known_until + 1))
        broken = Doubt(one.what, Span(one.at, known), certain=True, made=True)
        if one.sure:
            yield broken
        else:
            why = f"{one.what}, or another content that its name held about then"
            before.append(Doubt(why, broken.during, made=True))
        if known < until:
            why = f"{one.what}, and whether a later check passed has not been seen since"
            before.append(Doubt(why, Span(known, until), made=True))
        if since < one.at:
            before.append(
                Doubt(f"{one.what}, and since when it is broken is not known", Span(since, one.at), made=True)
            )
    yield from before


def _verified(points: Points) -> Iterator[tuple[int, CopyCheck]]:
    """Yield the checksums that were verified."""
    for (row, fact), steps in points.facts.items():
        if fact is Fact.CHECKSUM:
            for _, told in steps:
                if told.holds is not None:
                    what = f"its {told.how} ({words.instant(told.until)})"
                    yield row, CopyCheck(told.until, told.holds, Rung.CHECKSUMMED, what)
                elif told.until:
                    yield row, CopyCheck(told.until, False, Rung.CHECKSUMMED, f"its {told.how}", unlike=True)


def _logged(points: Points, logs: Mapping[str, Log]) -> Iterator[tuple[int, CopyCheck]]:
    """Yield what logs tell of checks of a copy that they name by source and name."""
    told = list(_named(points, logs))
    if not told:
        return
    copies = checked_copies.copies_named(points, {name for name, _, _ in told})
    for name, begun, one in told:
        if (known := copies.get(name)) is None or (one.passed and not known.whole):
            continue
        rows = checked_copies.contents_checked(points, known, begun, one.at)
        if len(rows) == 1:
            yield rows[0], one
        elif not one.passed:
            yield from ((row, one._replace(sure=False)) for row in rows)


def _named(points: Points, logs: Mapping[str, Log]) -> Iterator[tuple[str, int, CopyCheck]]:
    """Yield the name of the copy, when the check of it began, and the check."""
    for log, records in logs.items():
        if not records.of_copies:
            _index(records)
        for check in records.of_copies.get(points.source, ()):
            if isinstance(check, Check):
                if not check.of or points.of in check.of:
                    what = f"check {check.id} in {log} failed on it {words.instant(check.finished_at)}"
                    one = CopyCheck(check.finished_at, check.passed, check.level, what, records.known_until)
                    yield check.point_name, check.finished_at, one
            elif check.finished_at is not None and check.point_of in {"", points.of}:
                what = f"restore test {check.id} in {log} found its data wrong {words.instant(check.finished_at)}"
                rung = check.validation or Rung.RESTORED
                one = CopyCheck(check.finished_at, check.outcome == "passed", rung, what, records.known_until)
                yield check.point_name, check.started_at, one


def _index(log: Log) -> None:
    """Find once what of a log says anything about one copy: what cannot be so says nothing."""
    of_copies: dict[str, list[Check | Recovery]] = defaultdict(list, {"": []})
    for check in log.checks:
        if check.point_name and not check.contradicted:
            of_copies[check.point_source].append(check)
    for test in log.recoveries:
        passed = test.outcome == "passed" and not test.contradicted
        if test.point_name and (passed or (test.outcome == "failed" and test.data_wrong)):
            of_copies[test.point_source].append(test)
    log.of_copies.update(of_copies)
