"""What is known of one recovery point: whether it can be restored, its chain, key and tier, how long it will stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from drcheck.core.evaluation import why_unknown
from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import FOREVER, Fact, FactValue
from drcheck.core.model.points import Points, Row
from drcheck.core.model.policy import NEVER, Policy, Source
from drcheck.core.restoring.answer import KeyNeeded, RestorablePoint, RestoreStep, Retained, Thaw, Usable
from drcheck.core.restoring.chain import Chains
from drcheck.core.restoring.restores import FULL, Restores

_LONGEST: Final = 1 << 40
"""Seconds that no promise reaches: what stands longer stands without an end."""


class Describing(Struct, frozen=True):
    """What points of one data set are described by."""

    policy: Policy
    t: int
    """The instant judged."""
    scenario: str
    chains: Chains
    restores: Restores
    gaps: Mapping[str, str]
    """Source to why its newest look was not complete."""
    doubts: Mapping[tuple[str, int], str]
    """Source and row to why it may not count, for what hangs on a question that no single row answers."""
    taken: Mapping[str, int]
    """Source to the look by which what it showed is taken to stand (``seen_every``), where that holds."""
    homeless: frozenset[str]
    """The sources of which nobody stated where they lie, and so whether they survive."""

    def usable(self, row: Row) -> Usable | None:
        """Return whether a candidate can be restored; None: it is not there, or not any more."""
        points, index = row
        if not points.available_lo[index] <= self.t < points.gone_hi[index]:
            return None
        if not points.counts_at(index, self.t, surely=False):
            return Usable.NO
        if self._is_lost(points.source):
            return Usable.NO
        surely = self.chains.stands(row) and points.counts_at(index, self.t, surely=True)
        doubtful = points.source in self.homeless or (points.source, index) in self.doubts
        return Usable.YES if surely and not doubtful else Usable.UNKNOWN

    def point(self, row: Row, instead: str = "") -> RestorablePoint:
        """Describe a candidate that :meth:`usable` tells of."""
        points, index = row
        source, kind = self.policy.sources[points.source], points.kind[index]
        usable = self.usable(row) or Usable.NO
        return RestorablePoint(
            source=source.name,
            site=source.site,
            name=points.name[index],
            place=source.file(points.name[index]),
            kind=kind,
            data_lo=points.data_lo[index],
            data_hi=points.data_hi[index],
            arrived_at=points.available_hi[index],
            size=points.size[index],
            usable=usable,
            why="" if usable is Usable.YES else self._why(row),
            seen_at=min(points.gone_lo[index] - 1, self.taken.get(source.name, self.t)),
            survives={name: self._survives(source, name) for name in self.policy.scenarios},
            steps=tuple(map(self._step, self.chains.steps(row))),
            chain_in_doubt=self.chains.in_doubt(row),
            key=self._key(row, source),
            thaw=_thaw(points, index),
            standing=tuple(self._standing(row, source)),
            restored=self.restores.newest(source.name, kind or FULL),
            instead=instead,
        )

    def _is_lost(self, source: str) -> bool:
        return bool(self.scenario) and self._survives(self.policy.sources[source], self.scenario) is False

    def _survives(self, source: Source, scenario: str) -> bool | None:
        if not source.site:
            return None
        return source.site not in self.policy.lost_sites(scenario)

    def _why(self, row: Row) -> str:
        """Return why a candidate is not, or may not be, usable."""
        points, index = row
        source = points.source
        if self._is_lost(source):
            return f"it lies at {self.policy.sources[source].site}, which is lost with {self.scenario}"
        doubt = points.doubt_at(index, self.t)
        if doubt is not None and doubt.certain:
            return doubt.why
        if points.gone_lo[index] <= self.t and points.gone_hi[index] == FOREVER and self.gaps.get(source):
            return f"{why_unknown.undecided(points, index, self.t)}: {self.gaps[source]}"
        if why := self.doubts.get((source, index)):
            return why
        if doubt is None and source in self.homeless:
            return f"nobody stated the site of {source}, and so whether it survives; `site` would settle that"
        return doubt.why if doubt is not None else why_unknown.undecided(points, index, self.t)

    def _step(self, row: Row) -> RestoreStep:
        points, index = row
        return RestoreStep(
            points.source,
            points.name[index],
            self.policy.sources[points.source].file(points.name[index]),
            points.kind[index] or FULL,
            points.data_lo[index],
            points.size[index],
            self.chains.stands(row),
        )

    def _key(self, row: Row, source: Source) -> KeyNeeded:
        points, index = row
        client, storage = (_newest(points, index, fact) for fact in (Fact.CLIENT_ENCRYPTION, Fact.STORAGE_ENCRYPTION))
        asked = (
            one.id
            for one in self.policy.commitments
            if source.name in one.evidence
            and Fact.CLIENT_ENCRYPTION in one.facts()
            and Fact.STORAGE_ENCRYPTION not in one.facts()
        )
        untold = FactValue(None, "nobody has asked yet")
        client, storage = client or untold, storage or untold
        return KeyNeeded(client.holds, client.how, storage.holds, storage.how, tuple(asked))

    def _standing(self, row: Row, source: Source) -> Iterator[Retained]:
        """Yield what is known of how long a point will stand, what binds most first."""
        points, index = row
        lock, hold = (_newest(points, index, fact) for fact in (Fact.LOCK, Fact.LEGAL_HOLD))
        if lock is not None and lock.holds and lock.until > self.t and lock.how != "unlocked":
            yield Retained(lock.until, f"locked ({lock.how or 'mode not told'})", firm=lock.how == "compliance")
        if hold is not None and hold.holds:
            yield Retained(None, "a legal hold, which somebody may lift", firm=False)
        if source.thinned_after is not None:
            until = None if source.thinned_after >= NEVER else points.data_lo[index] + source.thinned_after
            if until is None or until > self.t:
                yield Retained(
                    until, f"`thinned_after` of {source.name} says that nothing younger is pruned", firm=False
                )
        for one in self.policy.commitments:
            if source.name not in one.evidence:
                continue
            if (kept := one.kept()) is not None and kept[1] < _LONGEST:
                until = points.data_lo[index] + kept[1]
                if until > self.t:
                    yield Retained(until, f"`{one.id}` promises one of each {kept[0]} until then", firm=False)
            if (longest := one.deleted_after()) is not None:
                until = points.data_lo[index] + longest
                yield Retained(until, f"`{one.id}` promises that nothing older is kept", firm=False, ends=True)


def _newest(points: Points, row: int, fact: Fact) -> FactValue | None:
    steps = points.facts.get((row, fact))
    return steps[-1][1] if steps else None


def _thaw(points: Points, row: int) -> Thaw | None:
    told = _newest(points, row, Fact.ARCHIVED)
    if told is None or told.holds is False:
        return None
    tier = archive_tiers.tier_named(told.how)
    return Thaw(tier.title, tier.thaw, sure=told.holds is True)
