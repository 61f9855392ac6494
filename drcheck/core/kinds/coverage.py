"""Coverage: every name in a list of what exists is covered by a policy, or accepted as uncovered by a named owner."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from fractions import Fraction
from typing import ClassVar, Final, NamedTuple

from msgspec.structs import replace

from drcheck.core import decimals, words
from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.interface import OfRecords
from drcheck.core.model.commitments import Needs
from drcheck.core.model.evidence import LONG_AGO, Cited, Fact
from drcheck.core.model.log_records import ListedNames, Log
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Piece, Quantity, Window
from drcheck.core.names.estate_coverage import comparable
from drcheck.core.time.spans import Span, includes
from drcheck.core.time.timeline import cut, overlay, within

_SHOWN: Final = 200
"""Names that are evidence."""
_AHEAD: Final = 3600
"""Seconds by which the clock of where a list lies may be ahead; one that is dated later would never grow old."""
_SOON: Final = 14 * 86400
"""Seconds before an acceptance ends at which that is to be seen to."""


class Accepted(NamedTuple):
    """A name that need not be covered."""

    name: str
    until: int
    """The first instant at which it must be."""
    owner: str
    reason: str


class CoverageOf(OfRecords, frozen=True):
    """Every name in the lists is covered by a policy."""

    fresh_within: int = 7 * 86400
    """How old, in seconds, a list may be."""
    accepted: tuple[Accepted, ...] = ()

    kind: ClassVar[str] = "coverage"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.INVENTORY}), beside=frozenset())

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset()

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return 0

    def evaluate(self, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""
        its = [_of_list(self, source, log, window) for source, log in records.logs.items()]
        owed = Span(max(terms.binds.start, LONG_AGO if terms.effective is None else terms.effective), terms.binds.end)
        pieces = within(owed, overlay(window, [one.pieces for one in its]))
        deciding = next((one for one in its if one.status is pieces[-1].status), its[0])
        return replace(
            deciding,
            pieces=pieces,
            reason=deciding.reason if pieces[-1].status is not None else pieces[-1].reason,
            at_risk=pieces[-1].status is Status.MET and any(one.at_risk for one in its),
            evidence=tuple(cited for one in its for cited in one.evidence),
            notes=tuple(note for one in its for note in one.notes),
        )


def _of_list(commitment: CoverageOf, source: str, log: Log, window: Window) -> Finding:
    """Judge one list."""
    told = _List(commitment, source, log)
    end = window.end - 1
    reason = told.reason_at(end)
    pieces = _with_reason(cut(window, told.changes(), told.status_at, told.reason_at), reason)
    if pieces[-1].status is Status.UNKNOWN:
        return Finding("", pieces, reason)
    names, uncovered, accepted = told.names_at(end), told.uncovered_at(end), told.accepted_at(end)
    share = Fraction(len(names) - len(uncovered), len(names))
    ends = min((one.until for one in accepted), default=None)
    return Finding(
        "",
        pieces,
        reason,
        objective=Quantity("100", "%"),
        measured=Quantity(decimals.cut(share), "%"),
        headroom=Quantity(decimals.cut(share - 1), "%"),
        due_at=ends if not uncovered else None,
        at_risk=not uncovered and ends is not None and ends - window.end < _SOON,
        evidence=tuple(
            Cited(source, "", name, None, None, why_not="no policy covers it") for name in uncovered[:_SHOWN]
        ),
        notes=tuple(
            f"{one.name} is not covered, accepted by {one.owner} until {words.instant(one.until)}: {one.reason}"
            for one in accepted
        ),
    )


def _with_reason(pieces: Sequence[Piece], reason: str) -> tuple[Piece, ...]:
    """Return pieces of which the last one has the reason of its end: other names may be uncovered by then."""
    return (*pieces[:-1], pieces[-1]._replace(reason=reason))


class _List:
    """What one list says at each instant, and what of it is covered then."""

    def __init__(self, commitment: CoverageOf, source: str, log: Log) -> None:
        self._source, self._log = source, log
        self._fresh_within = commitment.fresh_within
        self._looks = [one.at for one in log.listed]
        self._accepted: Mapping[str, Accepted] = {comparable(one.name): one for one in commitment.accepted}
        spans = (span for several in log.covering.values() for span in several)
        self._edges = sorted({edge for span in spans for edge in span})
        self._uncovered: dict[tuple[int, int], list[str]] = {}

    def changes(self) -> list[int]:
        """Return the instants at which what it says, or whether it is covered, may change."""
        lapses = (one.until for one in self._accepted.values())
        return [*self._looks, *(self._stale_from(one) for one in self._log.listed), *self._edges, *lapses]

    def status_at(self, t: int) -> Status:
        """Return what holds right after ``t``."""
        if self._untold(t):
            return Status.UNKNOWN
        return Status.BREACHED if self.uncovered_at(t) else Status.MET

    def reason_at(self, t: int) -> str:
        """Return why."""
        if why := self._untold(t):
            return why
        names, uncovered = self.names_at(t), self.uncovered_at(t)
        if uncovered:
            are = "is" if len(uncovered) == 1 else "are"
            of_all = f"{len(uncovered)} of {words.counted(len(names), 'name')} in {self._source}"
            return f"{of_all} {are} covered by no policy: {words.several(uncovered, at_most=12)}"
        accepted = self.accepted_at(t)
        but = f", but for {len(accepted)} accepted" if accepted else ""
        return f"policies cover every name in {self._source}, {len(names)} in all{but}"

    def names_at(self, t: int) -> tuple[str, ...]:
        """Return the names in it."""
        known = self._at(t)
        return () if known is None else known.names

    def uncovered_at(self, t: int) -> list[str]:
        """Return the names that no policy covers, and that nobody has accepted."""
        return [name for name in self._bare(t) if not self._is_accepted(name, t)]

    def accepted_at(self, t: int) -> list[Accepted]:
        """Return what is not covered and need not be."""
        return [self._accepted[comparable(name)] for name in self._bare(t) if self._is_accepted(name, t)]

    def _bare(self, t: int) -> list[str]:
        known = self._at(t)
        if known is None:
            return []
        here = id(known.names), bisect_right(self._edges, t)  # as long as neither changes, neither does the answer
        if here not in self._uncovered:
            self._uncovered[here] = [name for name in known.names if not self._is_covered(known, name, t)]
        return self._uncovered[here]

    def _is_covered(self, known: ListedNames, name: str, t: int) -> bool:
        """Return whether a policy covers a name, or a connection to the host that it is."""
        addresses = (comparable(one) for one in (name, *known.aliases.get(name, ())))
        return any(includes(self._log.covering.get(address, ()), t) for address in addresses)

    def _is_accepted(self, name: str, t: int) -> bool:
        accepted = self._accepted.get(comparable(name))
        return accepted is not None and t < accepted.until

    def _at(self, t: int) -> ListedNames | None:
        row = bisect_right(self._looks, t)
        return self._log.listed[row - 1] if row else None

    def _stale_from(self, known: ListedNames) -> int:
        return known.written_at + self._fresh_within + 1

    def _untold(self, t: int) -> str:
        """Return why nobody knows what exists; empty: it is known."""
        known = self._at(t)
        if known is None:
            return f"{self._source} had not been looked at"
        if known.unseen:
            return f"{self._source} could not be read: {known.unseen}"
        if known.written_at > known.at + _AHEAD:
            written = words.instant(known.written_at)
            return f"the list {self._source} is dated {written}, after it was looked at: how old it is nobody knows"
        if t >= self._stale_from(known):
            return (
                f"the list {self._source} was written {words.instant(known.written_at)}, more than "
                f"{words.duration(self._fresh_within)} ago"
            )
        return ""
