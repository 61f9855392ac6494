"""What descriptions of all places share: what a listing told is kept, and what no description can tell is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import CollectorError

KEPT: Final = 100_000
"""Names of which is kept what listings told, some 15 MB at most; beyond, each is asked for when it is described."""
NONE: Final = FactValue(holds=False)
NOTHING: Final[Mapping[Fact, FactValue]] = MappingProxyType({})
DISK: Final = "neither the encryption of a disk nor a lock on it can be seen through its files"
_CONTENT: Final = FactValue(None, "only its content tells, which a description does not read")


class Refused(NamedTuple):
    """An answer that says no."""

    code: str
    """The service's own word, or the status where it gives none (answers to HEAD have no body)."""
    status: int
    message: str
    """The service's own sentence: untrusted, and never shown as it is."""
    error: CollectorError
    """What to raise if nothing is to be made of it."""


class ListedFacts:
    """What listings told of the names in them, as much as is kept."""

    def __init__(self) -> None:
        self._told: dict[str, Mapping[Fact, FactValue]] = {}

    def keep(self, name: str, answers: Mapping[Fact, FactValue] = NOTHING) -> None:
        """Note that ``name`` is there, and what was told of it."""
        if len(self._told) < KEPT or name in self._told:
            self._told[name] = answers

    def of(self, name: str) -> Mapping[Fact, FactValue] | None:
        """Return what was told of ``name``; None if no listing showed it, or it is not kept."""
        return self._told.get(name)


def in_full(
    answers: Mapping[Fact, FactValue], facts: Iterable[Fact], why: str = "the storage does not tell"
) -> dict[Fact, FactValue]:
    """Return an answer to each of ``facts``: where nothing was told, that it could not be, and ``why``."""
    missing = FactValue(None, why)
    beyond = {Fact.CLIENT_ENCRYPTION: _CONTENT, Fact.CHECKSUM: _CONTENT}
    return {fact: answers.get(fact) or beyond.get(fact, missing) for fact in facts}
