"""Texts of one length, kept as one: names of backups mostly are, and of most nobody asks for one alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class EqualTexts(Sequence[str]):
    """Texts of one length; one of them is cut out where somebody asks for it."""

    __slots__ = ("length", "together")

    def __init__(self, together: str, length: int) -> None:
        """Cut ``together`` into texts of ``length`` characters, at least one."""
        self.together, self.length = together, length

    def __len__(self) -> int:
        return len(self.together) // self.length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return one of them, or several."""
        rows = range(len(self))[index]
        if isinstance(rows, int):
            return self._cut(rows)
        if rows.step == 1:
            return EqualTexts(self.together[rows.start * self.length : rows.stop * self.length], self.length)
        return list(map(self._cut, rows))

    def __iter__(self) -> Iterator[str]:
        return map(self._cut, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(str.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def _cut(self, row: int) -> str:
        return self.together[row * self.length : (row + 1) * self.length]


def joined(columns: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the texts of several columns, one after the other."""
    lengths = {column.length if isinstance(column, EqualTexts) else 0 for column in columns}
    if len(lengths) == 1 and (length := lengths.pop()):
        return EqualTexts("".join(column.together for column in columns if isinstance(column, EqualTexts)), length)
    return [text for column in columns for text in column]
