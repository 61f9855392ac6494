"""Candidates as columns: a listing has millions of them, and of most nobody asks for one alone."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, overload

from msgspec import Struct, field

from drcheck.core.abstract_struct import AbstractStructMeta
from drcheck.core.model.evidence import Candidate, Pieces


def _instants() -> array[int]:
    return array("q")


class CandidateColumns(Struct, Sequence[Candidate], eq=False, metaclass=AbstractStructMeta):
    """Candidates of which each field is a column; one of them becomes an object where somebody asks for it.

    The columns are those of :class:`~drcheck.core.model.evidence.Candidate`, in its order.
    """

    name: Sequence[str] = field(default_factory=list)
    of: Sequence[str] = field(default_factory=list)
    kind: Sequence[str] = field(default_factory=list)
    data_lo: array[int] = field(default_factory=_instants)
    data_hi: array[int] = field(default_factory=_instants)
    available_lo: array[int] = field(default_factory=_instants)
    available_hi: array[int] = field(default_factory=_instants)
    size: array[int] = field(default_factory=_instants)
    checksum: Sequence[str] = field(default_factory=list)
    complete: Sequence[bool] = field(default_factory=list)
    pieces: Sequence[Pieces | None] = field(default_factory=list)

    @classmethod
    def made_of(cls, candidates: Iterable[Candidate]) -> Self:
        """Return the columns of candidates."""
        if isinstance(candidates, cls):
            return candidates
        made = cls()
        columns = zip(*candidates, strict=True)
        for own, column in zip(made.columns, columns, strict=False):  # there are none where there are no candidates
            own.extend(column)
        return made

    def extend(self, others: CandidateColumns) -> None:
        """Add other candidates at the end; for one that was begun empty, and whose columns are nobody else's."""
        for column, more in zip(self.columns, others.columns, strict=True):
            column.extend(more)

    @property
    def columns(self) -> tuple[Any, ...]:
        """All columns, in the order of the fields of a candidate."""
        return (
            self.name, self.of, self.kind, self.data_lo, self.data_hi, self.available_lo, self.available_hi, self.size,
            self.checksum, self.complete, self.pieces,
        )  # fmt: skip

    def only(self, rows: Sequence[int]) -> CandidateColumns:
        """Return the candidates of these rows, in the order of ``rows``."""
        return CandidateColumns(*(_only(column, rows) for column in self.columns))

    def newest_first(self) -> list[int]:
        """Return the rows, that with the newest data first."""
        return sorted(range(len(self)), key=list(zip(self.data_hi, self.name, strict=True)).__getitem__, reverse=True)

    def __len__(self) -> int:
        return len(self.name)

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> CandidateColumns: ...
    def __getitem__(self, index: int | slice) -> Candidate | CandidateColumns:
        """Return one of them as an object, or several as columns."""
        if isinstance(index, slice):
            return CandidateColumns(*(column[index] for column in self.columns))
        return Candidate(*(column[index] for column in self.columns))

    def __iter__(self) -> Iterator[Candidate]:
        return map(Candidate, *self.columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Candidate.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list


def _only(column: Sequence[Any], rows: Sequence[int]) -> Any:
    chosen = map(column.__getitem__, rows)
    return array("q", chosen) if isinstance(column, array) else list(chosen)
