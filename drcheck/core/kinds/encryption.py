"""Encryption: every candidate that holds data is encrypted, whether it counts as a recovery point or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum
from functools import partial
from typing import ClassVar

from drcheck.core import words
from drcheck.core.evaluation import why_unknown
from drcheck.core.evaluation.every_point import Bound, EveryPoint, all_seen, states, why_untold
from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.evaluation.interface import Counts, OfBackups
from drcheck.core.history.part import Part
from drcheck.core.model.commitments import Needs
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span, includes, union

_SAID: Mapping[bool | None, str] = {True: "encrypted", False: "not encrypted", None: "not known to be encrypted"}


class By(StrEnum):
    """Who encrypts: the storage at rest, the backup tool before it leaves, or either."""

    STORAGE = "storage"
    CLIENT = "client"
    EITHER = "either"


_ASKED: Mapping[By, tuple[Fact, ...]] = {
    By.STORAGE: (Fact.STORAGE_ENCRYPTION,),
    By.CLIENT: (Fact.CLIENT_ENCRYPTION,),
    By.EITHER: (Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION),
}
_BY = {By.STORAGE: " by the storage", By.CLIENT: " before it leaves", By.EITHER: ""}


class Encryption(OfBackups, frozen=True):
    """Every candidate that holds data is encrypted."""

    by: By = By.EITHER

    kind: ClassVar[str] = "encryption"

    @classmethod
    def needs(cls) -> Needs:
        """Return what it can be judged on."""
        return Needs(proof=frozenset({Tells.POINTS}), beside=frozenset())

    @classmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""
        return Counts.LISTED

    def facts(self) -> frozenset[Fact]:
        """Return what it must know of each recovery point beside its listing."""
        return frozenset(_ASKED[self.by])

    def reach(self, start: int, grace: int, zone: tzinfo) -> int | None:  # noqa: ARG002
        """Return how far before a window's ``start`` data may lie that decides about it."""
        return None  # every copy that stands, however old

    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:  # noqa: ARG002
        """Judge it over ``window``."""
        return evaluate(self, subject, terms, window)


def evaluate(commitment: Encryption, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds every source of the commitment that holds it."""
    bound = [one for part in subject.parts for one in _bound(part, _ASKED[commitment.by])]
    every = EveryPoint.of(bound, all_seen(subject), union(one.surely for one in bound if one.keeps))
    return every.finding(subject.of, "points", _SAID, terms, window, partial(_reason, commitment, every, subject))


def _bound(part: Part, asked: Sequence[Fact]) -> Iterator[Bound]:
    points = part.points
    for row in range(len(points)):
        if not points.size[row]:
            continue  # it holds no data
        for span, known in states(points, row, asked):
            surely = Span(max(span.start, points.available_hi[row]), min(span.end, points.gone_lo[row]))
            maybe = Span(max(span.start, points.available_lo[row]), min(span.end, points.gone_hi[row]))
            keeps, why = _encrypted(part, asked, known)
            yield Bound((points, row), keeps, surely, maybe, why)


def _encrypted(part: Part, asked: Sequence[Fact], known: Mapping[Fact, FactValue]) -> tuple[bool | None, str]:
    """Return whether what is known of a candidate says that it is encrypted, and how, or why not."""
    told = [(fact, known.get(fact)) for fact in asked]
    for _, one in told:
        if one is not None and one.holds:
            return True, one.how
    for fact, one in told:
        if one is None or one.holds is None:
            return None, why_untold(part, fact, one)
    return False, next((one.how for _, one in told if one is not None and one.how), "")


def _reason(commitment: Encryption, every: EveryPoint, subject: Subject, t: int) -> str:
    status, there, of = every.status_at(t), every.at(t), subject.of
    by = _BY[commitment.by]
    if status is Status.BREACHED:
        offenders = [one for one in there if one.keeps is False]
        names = words.several([one.name for one in offenders])
        are = "is" if len(offenders) == 1 else "are"
        return f"{len(offenders)} of {words.counted(len(there), 'backup')} of {of} {are} not encrypted{by}: {names}"
    if status is Status.MET:
        how = sorted({one.why for one in there if one.why})
        ways = f" ({words.several(how)})" if how else ""
        return f"every backup of {of}, {len(there)} in all, is encrypted{by}{ways}"
    for one in there:
        if one.keeps is None:
            more = sum(other.keeps is None for other in there) - 1
            others = f" and {more} more" if more else ""
            return f"whether {one.name}{others} of {of} is encrypted{by} is not known: {one.why}"
        if one.keeps is False:
            return f"{one.name} is not encrypted{by}: {why_unknown.uncertain(*one.row, t)}"
    if not includes(every.seen, t):
        return why_unknown.unproved(subject.parts, t, f"nothing of {of} that is not encrypted stood")
    if there:
        return why_unknown.uncertain(*there[0].row, t)
    return f"there is nothing of {of} that could be encrypted: no backup stands at {_sources(subject)}"


def _sources(subject: Subject) -> str:
    return words.several([part.points.source for part in subject.parts]) or "any source"
