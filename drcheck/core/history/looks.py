"""All looks at one source, and how far back they asked: of all but the newest no more is kept than judging asks."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, compress, islice
from operator import lt
from typing import Final, Self, overload

from msgspec.structs import replace

from drcheck.core import integer_columns
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact, Gap, Look

_HIDDEN: Final = (Gap("it was not complete"),)
"""Why an earlier look was not complete stands in its entry; that it was not is all that judging asks."""


class Looks(Sequence[Look]):
    """Looks in the order in which they were made: a thousand nights of them are columns, not objects."""

    __slots__ = ("_asked_from", "_begin", "_hidden", "_size", "_took", "newest")

    def __init__(self, looks: Iterable[Look] = ()) -> None:
        """Begin with ``looks``."""
        self._begin, self._took, self._asked_from, self._size = (array("q") for _ in range(4))
        self._hidden = bytearray()
        self.newest: Look | None = None
        for look in looks:
            self.append(look)

    @classmethod
    def of(
        cls,
        begin: array[int],
        took: array[int],
        asked_from: array[int],
        size: array[int],
        hidden: Iterable[int],
        *,
        newest: Look | None,
    ) -> Self:
        """Return looks of which ``newest`` is the last one; ``hidden`` are the rows of those that were not complete."""
        looks = cls()
        looks._begin, looks._took, looks._asked_from, looks._size = begin, took, asked_from, size
        looks._hidden = bytearray(len(looks._begin))
        for row in hidden:
            looks._hidden[row] = True
        looks.newest = newest
        return looks

    def append(self, look: Look) -> None:
        """Add the newest; one that was not complete takes nothing back of what is held there beside its listing."""
        if not look.complete and self.newest is not None and all(gap.fact is not Fact.EARLIER for gap in look.gaps):
            still = (gap for gap in self.newest.gaps if gap.fact is Fact.EARLIER)
            look = replace(look, gaps=(*look.gaps, *still))
        self._begin.append(look.begin)
        self._took.append(look.end - look.begin)
        self._asked_from.append(look.asked_from)
        self._size.append(look.size)
        self._hidden.append(not look.complete)
        self.newest = look

    def __len__(self) -> int:
        return len(self._begin)

    @overload
    def __getitem__(self, index: int) -> Look: ...
    @overload
    def __getitem__(self, index: slice) -> list[Look]: ...
    def __getitem__(self, index: int | slice) -> Look | list[Look]:
        """Return one of them, or several."""
        if isinstance(index, slice):
            return list(self)[index]
        row = range(len(self))[index]
        if row == len(self) - 1 and self.newest is not None:
            return self.newest
        return _look(self._begin[row], self._took[row], self._asked_from[row], self._size[row], self._hidden[row])

    def __iter__(self) -> Iterator[Look]:
        if self.newest is not None:
            columns = zip(self._begin, self._took, self._asked_from, self._size, self._hidden, strict=True)
            yield from (_look(*row) for row in islice(columns, len(self) - 1))
            yield self.newest

    @classmethod
    def from_any(cls, looks: Iterable[Look]) -> Looks:
        """Return ``looks`` as columns; what is columns already is returned as it is."""
        return looks if isinstance(looks, Looks) else Looks(looks)

    @property
    def begins(self) -> Sequence[int]:
        """When each of them began."""
        return self._begin

    @property
    def columns(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """When each began, how long it took, how far back it asked, and how large what it read was."""
        return self._begin, self._took, self._asked_from, self._size

    @property
    def all_complete(self) -> bool:
        """Whether nothing hid from any of them."""
        return not any(self._hidden)

    def complete(self) -> Iterator[tuple[int, int]]:
        """Yield when each complete one began, and how far back it asked."""
        columns = zip(self._begin, self._asked_from, self._hidden, strict=True)
        return ((begin, asked_from) for begin, asked_from, hidden in columns if not hidden)

    def complete_columns(self) -> tuple[bytes, bytes]:
        """Return what :meth:`complete` yields as two arrays of integers in bytes, to be known by."""
        if self.all_complete:
            return self._begin.tobytes(), self._asked_from.tobytes()
        begin, asked_from = zip(*self.complete(), strict=True) if not all(self._hidden) else ((), ())
        return array("q", begin).tobytes(), array("q", asked_from).tobytes()

    def __reversed__(self) -> Iterator[Look]:
        return reversed(list(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes


class Reach:
    """How far back complete looks asked, but for those after which another one asked as far back."""

    __slots__ = ("_asked_from", "_begin")

    def __init__(self) -> None:
        """Begin without any."""
        self._asked_from, self._begin = array("q"), array("q")

    def follow(self, begin: int, asked_from: int) -> None:
        """Note the newest complete look."""
        last = bisect_left(self._asked_from, asked_from)
        del self._asked_from[last:], self._begin[last:]
        self._asked_from.append(asked_from)
        self._begin.append(begin)

    @property
    def newest(self) -> tuple[int, int] | None:
        """When the newest complete look began, and how far back it asked; None: there was none."""
        return (self._begin[-1], self._asked_from[-1]) if self._begin else None

    @classmethod
    def of(cls, looks: Looks) -> Self:
        """Return what is left of the complete ones of ``looks``."""
        reach = cls()
        begin, asked_from = _furthest(looks.complete_columns())
        reach._begin.frombytes(begin)
        reach._asked_from.frombytes(asked_from)
        return reach

    def back_to(self, data: int) -> int:
        """Return the newest complete look that asked back to an instant; ``LONG_AGO``: none did."""
        index = bisect_right(self._asked_from, data)
        return self._begin[index - 1] if index else LONG_AGO

    def last_shown(self, data: array[int], last_seen: array[int]) -> array[int]:
        """Return the newest look that showed what still stands: else one that asked as far back would have missed it.

        Given, of each, the oldest instant of its data, and the newest look that is known to have shown it.
        """
        begins = array("q", [LONG_AGO, *self._begin])
        asked = integer_columns.places(self._asked_from, data, after=True)
        return integer_columns.greater(integer_columns.picked(begins, asked), last_seen)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reach) and (self._asked_from, self._begin) == (other._asked_from, other._begin)

    __hash__ = None  # type: ignore[assignment]  # it changes


@lru_cache(maxsize=32)
def _furthest(looks: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return those of complete looks after which none asked as far back, as such columns.

    A run looks at the sources of all services at once, so that most share it.
    """
    began, asked = (array("q", column) for column in looks)
    furthest_after = [*accumulate(reversed(asked), min, initial=FOREVER)][-2::-1]
    kept = list(map(lt, asked, furthest_after))
    return array("q", compress(began, kept)).tobytes(), array("q", compress(asked, kept)).tobytes()


def _look(begin: int, took: int, asked_from: int, size: int, hidden: int) -> Look:
    return Look("", begin, begin + took, asked_from, _HIDDEN if hidden else (), size=size)
