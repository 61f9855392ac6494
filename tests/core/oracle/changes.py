"""Ways to change a case for which the laws of ``judging.md`` say what becomes of the verdict."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Gap
from drcheck.core.model.log_records import Between, Log, Recovery
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span

from .worlds import Place


def _moved(at: int | None, by: int) -> int | None:
    return at if at is None or at in (FOREVER, LONG_AGO) else at + by


def shifted_place(place: Place, by: int) -> Place:
    """Return the same world, ``by`` seconds later."""
    return replace(
        place,
        truths=tuple(
            replace(truth, data=truth.data + by, arrived=truth.arrived + by, gone=_moved(truth.gone, by))
            for truth in place.truths
        ),
        looks=tuple(
            replace(look, begin=look.begin + by, end=look.end + by, asked_from=_moved(look.asked_from, by))
            for look in place.looks
        ),
        shown_by_gaps=frozenset((begin + by, name) for begin, name in place.shown_by_gaps),
    )


def shifted_records(records: Records, by: int) -> Records:
    """Return the same logs, ``by`` seconds later."""

    def recovery(one: Recovery) -> Recovery:
        clocks = {name: _moved(getattr(one, name), by) for name in one.__struct_fields__ if name.endswith("_at")}
        phases = tuple(
            phase._replace(started_at=phase.started_at + by, finished_at=phase.finished_at + by) for phase in one.phases
        )
        return replace(one, phases=phases, **clocks)

    def between(known: Between) -> Between:
        return Between(*(_moved(at, by) for at in known))

    def log(one: Log) -> Log:
        return replace(
            one,
            recoveries=tuple(recovery(each) for each in one.recoveries),
            announcements=tuple(
                each._replace(announced_at=_moved(each.announced_at, by), known=between(each.known))
                for each in one.announcements
            ),
            maintenance=tuple(
                each._replace(
                    announced_at=_moved(each.announced_at, by),
                    starts_at=each.starts_at + by,
                    ends_at=each.ends_at + by,
                    known=between(each.known),
                )
                for each in one.maintenance
            ),
            known_until=_moved(one.known_until, by),
            looks=tuple(look._replace(at=look.at + by) for look in one.looks),
        )

    return Records({name: log(one) for name, one in records.logs.items()})


def shifted_terms(terms: Terms, by: int) -> Terms:
    binds = Span(*(_moved(at, by) for at in terms.binds))
    return replace(terms, effective=_moved(terms.effective, by), binds=binds)


def shifted_window(window: Window, by: int) -> Window:
    return Window(window.start + by, window.end + by)


def spans(finding: Finding, by: int = 0) -> list[tuple[int, int, object]]:
    """Return a finding's pieces without their reasons, neighbours of one status joined."""
    joined: list[tuple[int, int, object]] = []
    for piece in finding.pieces:
        if joined and joined[-1][2] is piece.status:
            joined[-1] = (joined[-1][0], piece.end + by, piece.status)
        else:
            joined.append((piece.start + by, piece.end + by, piece.status))
    return joined


def reordered(records: Records) -> Records:
    """Return the same logs, told in another order, each record twice."""

    def twice(log: Log) -> Log:
        # A copy of a line stands right after it: lines are numbered anew with room between them.
        def at(line: int | None, copy: int) -> int:
            assert line is not None
            return 2 * line + copy

        return replace(
            log,
            recoveries=tuple(
                replace(one, line=at(one.line, copy)) for one in reversed(log.recoveries) for copy in (1, 0)
            ),
            announcements=tuple(
                one._replace(line=at(one.line, copy)) for one in reversed(log.announcements) for copy in (1, 0)
            ),
            gaps=tuple(replace(gap, line=at(gap.line, copy)) for gap in reversed(log.gaps) for copy in (1, 0)),
            looks=tuple(look._replace(begun=2 * look.begun + 1, ended=2 * look.ended + 1) for look in log.looks),
        )

    return Records({name: twice(log) for name, log in reversed(records.logs.items())})


def dropped(place: Place, names: Iterable[str]) -> Place:
    """Return ``place`` without some backups, every look that would have shown them having become a gap."""
    names = set(names)
    hit = {
        look.begin for look in place.looks for truth in place.truths if truth.name in names and truth.stands(look.begin)
    }
    kept = tuple(truth for truth in place.truths if truth.name not in names)
    looks = tuple(
        replace(look, gaps=(Gap("the listing broke off"),)) if look.begin in hit else look for look in place.looks
    )
    shown = frozenset(
        (look.begin, truth.name)
        for look in place.looks
        if look.complete and look.begin in hit
        for truth in kept
        if truth.stands(look.begin) and look.asked_from <= truth.data
    )
    return replace(place, truths=kept, looks=looks, shown_by_gaps=place.shown_by_gaps | shown)


def widened(subject: Subject, number: int, *, data: int, available: int, gone: int) -> Subject:
    """Return ``subject`` with one point's instants less certain than they were."""
    parts = list(subject.parts)
    rows = [(index, row) for index, part in enumerate(parts) for row in range(len(part.points))]
    if not rows:
        return subject
    index, row = rows[number % len(rows)]
    points = parts[index].points

    def moved(column: Iterable[int], by: int) -> array[int]:
        return array("q", (_moved(at, by if at_row == row else 0) for at_row, at in enumerate(column)))

    lower = array("q", points.gone_lo)
    if lower[row] != FOREVER:
        lower[row] = max(points.available_hi[row], lower[row] - gone)
    changed = replace(
        points,
        data_lo=moved(points.data_lo, -data),
        data_hi=moved(points.data_hi, data // 2),
        available_lo=moved(points.available_lo, -available),
        gone_lo=lower,
        gone_hi=moved(points.gone_hi, gone // 2),
    )
    parts[index] = replace(parts[index], points=_sorted(changed))
    return Subject(subject.of, tuple(parts))


def _sorted(points: object) -> object:
    """Put the columns in the order of ``data_lo`` again."""
    order = sorted(range(len(points.data_lo)), key=lambda row: (points.data_lo[row], points.name[row]))
    changed = {}
    for name in points.__struct_fields__:
        column = getattr(points, name)
        if isinstance(column, array):
            changed[name] = array("q", (column[row] for row in order))
        elif isinstance(column, tuple):
            changed[name] = tuple(column[row] for row in order)
    why_not = {order.index(row): reason for row, reason in points.why_not.items()}
    return replace(points, why_not=why_not, **changed)
