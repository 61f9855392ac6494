"""What one look changed, as columns: one array a fact, so that many candidates take little room.

Columns of instants hold the difference to another column of the same row, or to the row before: those repeat, and so
compress to almost nothing. A column in which every value is the same is that value, and left out where it is empty.
What all names begin and end with stands once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from operator import add, not_, sub
from typing import Any, Final

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import LONG_AGO, Candidate, Described, Fact, FactValue, Gap, Look, Pieces, Unaccounted
from drcheck.core.model.rewritten_logs import ExportedState, Inventory, ReportedTest, Stretch

Facts = Mapping[str, Any]
"""What is written of an entry: text keys, and values that CBOR knows."""

_HOLDS: Final = (None, False, True)


class Damaged(ValueError):  # noqa: N818  a word that reads well where it is caught
    """These bytes are not an entry, or not all of one."""


def writable_text(value: str) -> str | bytes:
    """Return text as CBOR can hold it: as bytes where it is not valid Unicode."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def read_text(value: str | bytes) -> str:
    """Return the text that :func:`writable_text` was given."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def written_changes(changes: LookChanges) -> Facts:
    """Return a look, and what it changed, as it is written."""
    look = changes.look
    return without_empty(
        {
            "name": writable_text(look.source),
            "begin": look.begin,
            "took": look.end - look.begin,
            "asked_from": [look.asked_from] if look.asked_from != LONG_AGO else None,
            "clock_offset": [look.clock_offset] if look.clock_offset is not None else None,
            "calls": look.calls,
            "digest": look.digest,
            "size": look.size,
            "names": look.names,
            "matched": look.matched,
            "unaccounted": written_names(look.unaccounted),
            "gaps": [[writable_text(gap.what), writable_text(gap.hint), gap.line, gap.fact] for gap in look.gaps],
            "candidates": candidates(changes.appeared),
            "gone": [writable_text(name) for name in changes.gone],
            "shown": [writable_text(name) for name in changes.shown],
            "facts": [
                [
                    writable_text(one.name),
                    one.fact.value,
                    _HOLDS.index(one.told.holds),
                    writable_text(one.told.how),
                    one.told.until,
                ]
                for one in changes.described
            ],
            "unlisted": [writable_text(name) for name in changes.unlisted],
            "unread": changes.unread,
            "stretches": stretches(changes.stretches),
            "tests": tests(changes.tests),
            "inventory": inventory(changes.inventory) if changes.inventory else None,
        }
    )


def without_empty(facts: Facts) -> Facts:
    """Return facts without those that are empty, which are not written."""
    return {key: value for key, value in facts.items() if value not in (None, False, 0, "", b"", [], {})}


def read(facts: Facts) -> LookChanges:
    """Return the record that :func:`written_changes` was given."""
    begin = facts.get("begin", 0)
    look = Look(
        source=read_text(facts.get("name", "")),
        begin=begin,
        end=begin + facts.get("took", 0),
        asked_from=facts.get("asked_from", (LONG_AGO,))[0],
        gaps=tuple(
            Gap(read_text(what), read_text(hint), line, Fact(fact) if fact else None)
            for what, hint, line, fact in facts.get("gaps", ())
        ),
        clock_offset=facts.get("clock_offset", (None,))[0],
        calls=facts.get("calls", 0),
        digest=facts.get("digest", ""),
        size=facts.get("size", 0),
        names=facts.get("names", 0),
        matched=facts.get("matched", 0),
        unaccounted=read_names(facts.get("unaccounted", ())),
    )
    return LookChanges(
        look=look,
        appeared=read_candidates(facts.get("candidates", {})),
        gone=tuple(map(read_text, facts.get("gone", ()))),
        shown=tuple(map(read_text, facts.get("shown", ()))),
        described=tuple(
            Described(read_text(name), Fact(fact), FactValue(_HOLDS[holds], read_text(how), until))
            for name, fact, holds, how, until in facts.get("facts", ())
        ),
        unlisted=tuple(map(read_text, facts.get("unlisted", ()))),
        unread=facts.get("unread", 0),
        stretches=read_stretches(facts.get("stretches", ())),
        tests=read_tests(facts.get("tests", ())),
        inventory=read_inventory(facts["inventory"]) if "inventory" in facts else None,
    )


def written_names(names: Sequence[Unaccounted]) -> list[list[Any]]:
    """Return names that nothing accounts for as they are written."""
    return [[writable_text(one.name), one.modified, one.newer] for one in names]


def read_names(rows: Sequence[Sequence[Any]]) -> tuple[Unaccounted, ...]:
    """Return the names that :func:`written_names` was given."""
    return tuple(Unaccounted(read_text(name), modified, newer) for name, modified, newer in rows)


def stretches(several: Iterable[Stretch]) -> list[Any]:
    """Return what exports told as it is written."""
    return [[stretch.what.value, *stretch[1:]] for stretch in several]


def read_stretches(rows: Iterable[Sequence[Any]]) -> tuple[Stretch, ...]:
    """Return what :func:`stretches` was given."""
    return tuple(Stretch(ExportedState(what), start, end, held) for what, start, end, held in rows)


def tests(several: Iterable[ReportedTest]) -> list[Any]:
    """Return what reports of test runners told as it is written."""
    return [[writable_text(test.name), *test[1:]] for test in several]


def read_tests(rows: Iterable[Sequence[Any]]) -> tuple[ReportedTest, ...]:
    """Return what :func:`tests` was given."""
    return tuple(ReportedTest(read_text(name), *facts) for name, *facts in rows)


def inventory(told: Inventory) -> list[Any]:
    """Return what a list of what exists told as it is written."""
    names = None if told.names is None else list(map(writable_text, told.names))
    return [
        told.at,
        told.written_at,
        names,
        [[writable_text(name), writable_text(alias)] for name, alias in told.hosts],
    ]


def read_inventory(row: Sequence[Any]) -> Inventory:
    """Return what :func:`inventory` was given."""
    at, written_at, names, hosts = row
    listed = None if names is None else tuple(map(read_text, names))
    return Inventory(at, written_at, listed, tuple((read_text(name), read_text(alias)) for name, alias in hosts))


def candidates(rows: Sequence[Candidate]) -> Facts:
    """Return candidates as columns."""
    if not rows:
        return {}
    shown = CandidateColumns.made_of(rows)
    begin = _common(shown.name)
    end = _common([name[len(begin) :][::-1] for name in shown.name])[::-1]
    names = _plain([name[len(begin) : len(name) - len(end)] for name in shown.name])
    integers = {
        "data": _steps(shown.data_lo),
        "data_span": _less(shown.data_hi, shown.data_lo),
        "arrived": _less(shown.available_lo, shown.data_lo),
        "arrived_span": _less(shown.available_hi, shown.available_lo),
        "size": _steps(shown.size),
    }
    columns = {key: _once(column) for key, column in {"name": names, **integers}.items()}
    return without_empty({**written_texts(shown), "begin": writable_text(begin), "end": writable_text(end), **columns})


def read_candidates(table: Facts) -> CandidateColumns:
    """Return what :func:`candidates` was given; raises :class:`Damaged` where columns differ in length."""
    read = partial(_column, table, table.get("rows", 0))
    begin, end = read_text(table.get("begin", "")), read_text(table.get("end", ""))
    data = array("q", accumulate(read("data")))
    arrived = _moved(table, "arrived", data)
    return CandidateColumns(
        **read_texts(table),
        name=[f"{begin}{name}{end}" for name in _texts(table, "name")],
        data_lo=data,
        data_hi=_moved(table, "data_span", data),
        available_lo=arrived,
        available_hi=_moved(table, "arrived_span", arrived),
        size=array("q", accumulate(read("size"))),
    )


def written_texts(shown: CandidateColumns) -> Facts:
    """Return all but the names and the integers of candidates as columns."""
    columns = {
        "of": _plain(shown.of),
        "kind": _plain(shown.kind),
        "checksum": _plain(shown.checksum),
        "incomplete": [int(not one) for one in shown.complete],
        "pieces": list(map(_pieces, shown.pieces)),
    }
    return without_empty({"rows": len(shown), **{key: _once(column) for key, column in columns.items()}})


def read_texts(table: Facts) -> dict[str, Any]:
    """Return the columns of :func:`written_texts` by name; raises :class:`Damaged` where they differ in length."""
    rows, pieces = table.get("rows", 0), table.get("pieces")
    read = partial(_column, table, rows)
    return {
        "of": _texts(table, "of"),
        "kind": _texts(table, "kind"),
        "checksum": _texts(table, "checksum"),
        "complete": list(map(not_, read("incomplete"))) if table.get("incomplete") else [True] * rows,
        "pieces": list(map(_read_pieces, pieces)) if isinstance(pieces, list) else read("pieces", None),
    }


def _texts(table: Facts, key: str) -> Sequence[str]:
    found = _column(table, table.get("rows", 0), key, "")
    if isinstance(table.get(key, ""), str):
        return found
    try:
        "".join(found)
    except TypeError:
        return list(map(read_text, found))
    return found


def _moved(table: Facts, key: str, base: array[int]) -> array[int]:
    """Return a column that is written as the difference to another one; mostly it is the same."""
    by = _column(table, len(base), key)
    return array("q", map(add, base, by)) if table.get(key) else base


def _column(table: Facts, rows: int, key: str, empty: Any = 0) -> Sequence[Any]:
    """Return one column of a table of so many rows; raises :class:`Damaged` for another length, or for no number."""
    found = table.get(key, empty)
    alike = not isinstance(found, list)
    if alike and not rows:
        return []
    column: list[Any] = [found] if alike else found
    if empty == 0 and not set(map(type, column)) <= {int}:
        raise Damaged(f"its column {key} holds what is no number")
    if alike:
        return column * rows
    if len(column) != rows:
        raise Damaged(f"its column {key} has {len(column)} rows of {rows}")
    return column


def _once(column: Sequence[Any]) -> Any:
    """Return a column as it is written: as the one value that all of it has, or as it is.

    A value that is an array itself would be taken for a column.
    """
    if not column:
        return None
    first = column[0]
    return first if not isinstance(first, list) and all(value == first for value in column) else list(column)


def _steps(column: Sequence[int]) -> list[int]:
    """Return the difference of each value to the one before; of the first one, to 0."""
    return _less(column, (0, *column))


def _plain(column: Sequence[str]) -> Sequence[str | bytes]:
    """Return a column of texts as CBOR can hold them."""
    try:
        "".join(column).encode()
    except UnicodeEncodeError:
        return list(map(writable_text, column))
    return column


def _common(texts: Sequence[str]) -> str:
    """Return what all of some texts begin with."""
    first, last = min(texts), max(texts)
    count = next((row for row, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:count]


def _pieces(pieces: Pieces | None) -> list[Any] | None:
    if pieces is None:
        return None
    return [pieces.files, pieces.wanted, writable_text(pieces.hole), pieces.full, pieces.young, pieces.parts]


def _read_pieces(pieces: Sequence[Any] | None) -> Pieces | None:
    if pieces is None:
        return None
    files, wanted, hole, full, young, parts = pieces
    return Pieces(files, wanted, read_text(hole), full, young, parts)


def _less(column: Iterable[int], base: Iterable[int]) -> list[int]:
    return list(map(sub, column, base))
