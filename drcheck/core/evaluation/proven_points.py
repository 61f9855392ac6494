"""Which recovery points a restore has validated: the ones that its record surely names, and those that it may be of.

A record proves a point that it names, by source and name, where one content alone can have been meant. Where it names
none, or one that nothing seen is called, or does not tell to which rung, or something speaks against it, it may prove
each point that may have been there while it ran, and surely none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.evaluation.inputs import Records, Subject
from drcheck.core.evaluation.recoveries import SourcedRecovery, recoveries_of
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Doubt, Points, Row
from drcheck.core.rules import checked_copies
from drcheck.core.rules.checked_copies import NamedCopies
from drcheck.core.time.spans import Span


class ProvenPoint(NamedTuple):
    """A restore that passed, and a point that it proves, or may prove."""

    row: Row
    by: SourcedRecovery
    in_doubt: str = ""
    """Why it may not prove it; empty: it surely does."""

    @property
    def since(self) -> int:
        """When it was proved."""
        return self.by.ends


def passes(records: Records, of: str, rung: Rung) -> list[SourcedRecovery]:
    """Return the restores that passed, ended, may be of that data set, and may have reached that rung; oldest first."""
    return [
        one
        for one in recoveries_of(records, "")
        if one.recovery.outcome == "passed"
        and one.recovery.finished_at is not None
        and (not one.recovery.real or one.recovery.recovered_by)
        and one.recovery.point_of in {"", of}
        and (one.recovery.validation is None or one.recovery.validation >= rung)
    ]


def copies_named(points: Points, several: Iterable[SourcedRecovery]) -> Mapping[str, NamedCopies]:
    """Return what each name stands for by which records call what they restored from a source."""
    names = {one.recovery.point_name for one in several if one.recovery.point_source == points.source}
    return checked_copies.copies_named(points, names - {""})


def named_by(points: Points, one: SourcedRecovery, named: Mapping[str, NamedCopies]) -> Row | None:
    """Return the very content that a record says was restored; None: it does not name it, or nobody knows which.

    ``named`` is what :func:`copies_named` found of it.
    """
    recovery = one.recovery
    copies = named.get(recovery.point_name)
    if recovery.point_source != points.source or copies is None or not copies.whole or recovery.finished_at is None:
        return None
    rows = checked_copies.contents_checked(points, copies, recovery.started_at, recovery.finished_at)
    return (points, rows[0]) if len(rows) == 1 else None


def proofs(subject: Subject, records: Records, rung: Rung, clock_tolerance: int) -> Iterator[ProvenPoint]:
    """Yield what restores prove of a data set, or may, in the order in which they ended."""
    passed = passes(records, subject.of, rung)
    copies = [(part.points, copies_named(part.points, passed)) for part in subject.parts]
    for one in passed:
        rows = (named_by(points, one, named) for points, named in copies)
        row = next((row for row in rows if row is not None), None)
        why = why_unproven(one, row)
        if row is not None:
            yield ProvenPoint(row, one, why)
            continue
        for points, _ in copies:
            yield from (ProvenPoint(there, one, why) for there in _there(points, one, clock_tolerance))


def of_proven(subject: Subject, proved: Sequence[ProvenPoint]) -> Subject:
    """Return the data set with those of its points alone that were proven, or may have been, each from then on."""
    by_row: dict[str, dict[int, list[ProvenPoint]]] = {}
    for proof in proved:
        by_row.setdefault(proof.row[0].source, {}).setdefault(proof.row[1], []).append(proof)
    parts = []
    for part in subject.parts:
        rows = sorted(by_row.get(part.points.source, {}))
        doubts = {at: tuple(_until_proven(by_row[part.points.source][row])) for at, row in enumerate(rows)}
        parts.append(replace(part, points=part.points.only(rows).doubting(doubts)))
    return Subject(subject.of, tuple(parts))


def _until_proven(several: Sequence[ProvenPoint]) -> Iterator[Doubt]:
    """Yield why a point does not count before it was proven, given what proves it, or may, the first first."""
    sure = next((proof for proof in several if not proof.in_doubt), None)
    surely = FOREVER if sure is None else sure.since
    first = several[0].since
    yield Doubt(f"no restore had validated it before {words.instant(first)}", Span(LONG_AGO, first), certain=True)
    if first < surely:
        yield Doubt(several[0].in_doubt, Span(first, surely))


def _there(points: Points, one: SourcedRecovery, clock_tolerance: int) -> Iterator[Row]:
    """Yield the points of a source that a restore may have been of."""
    recovery = one.recovery
    if recovery.point_source not in {"", points.source}:
        return
    begun, ended = recovery.started_at - clock_tolerance, one.ends + clock_tolerance
    for row in points.counted():
        if (
            points.available_lo[row] <= ended
            and points.gone_hi[row] > begun
            and points.data_lo[row] <= recovery.data_by
        ):
            yield points, row


def why_unproven(one: SourcedRecovery, named: Row | None) -> str:
    """Return why a restore does not surely prove a point; empty: it does."""
    recovery = one.recovery
    passed = f"restore test {recovery.id} passed {words.instant(one.ends)}"
    if recovery.contradicted:
        return f"{passed}, but {recovery.contradicted}"
    if named is None and not recovery.point_name:
        return f"{passed}, but its record does not name the recovery point that it restored"
    if named is None:
        return f"{passed}, but which recovery point its record calls {recovery.point_name} is not known"
    return "" if recovery.validation else f"{passed}, but its record does not tell to which rung it was validated"
