"""What a commitment said over time: each slot and instant is judged by the wording in force then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from drcheck.core.model.commitments import Commitment
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.policy import Policy
from drcheck.core.model.readers import Tells
from drcheck.core.time.spans import Span


class Version(NamedTuple):
    """A policy's text, and from when on it was in force, as far as its commitments do not say otherwise."""

    in_force_from: int
    """When it was first seen."""
    policy: Policy


class Wording(NamedTuple):
    """What one version of a policy says of a commitment, and what it binds."""

    binds: Span
    policy: Policy
    commitment: Commitment


class Correction(NamedTuple):
    """A wording that was first seen after the instant from which it has been in force."""

    in_force_from: int
    first_seen: int
    before: Sequence[Wording]
    """What would bind if it were in force only since it was first seen, oldest first."""
    after: Sequence[Wording]
    """What binds by it, as long as no later version says otherwise."""


class _Text(NamedTuple):
    """One version's wording of one commitment."""

    first_seen: int
    policy: Policy
    commitment: Commitment

    def starts(self) -> int:
        """Return from when on it binds."""
        stated, effective = self.commitment.in_force_from, self.policy.agreement.effective
        if stated is not None:
            return stated
        # An agreement renewed ahead of time leaves the one before it in force until it takes effect.
        return self.first_seen if effective is None else max(self.first_seen, effective)


def wordings_of(commitment: Commitment, versions: Sequence[Version]) -> list[Wording]:
    """Return what was ever in force of a commitment, oldest first; the last one of ``versions`` is today's.

    A wording binds from its ``in_force_from`` on, else from when it was first seen, until that of a later version
    begins; what lies before all of them is bound by the earliest one known. One that another version replaced before
    it came into force never was. A version without the commitment ends nothing. Versions that differ in nothing that
    is judged are one wording.
    """
    return _in_force(_texts(commitment, versions))


def corrections_of(commitment: Commitment, versions: Sequence[Version]) -> Iterator[Correction]:
    """Yield the versions that changed what bound the time before they were first seen, oldest first."""
    texts = _texts(commitment, versions)
    for number, text in enumerate(texts[1:], 1):
        starts = text.starts()
        if starts >= text.first_seen:
            continue
        as_seen = text._replace(commitment=replace(text.commitment, in_force_from=None))
        before, after = _in_force([*texts[:number], as_seen]), _in_force(texts[: number + 1])
        if [one.binds for one in before] != [one.binds for one in after]:
            yield Correction(starts, text.first_seen, before, after)


def _texts(commitment: Commitment, versions: Sequence[Version]) -> list[_Text]:
    return [
        _Text(version.in_force_from, version.policy, one)
        for version in versions
        for one in version.policy.commitments
        if one.id == commitment.id and one.kind == commitment.kind
    ]


def _in_force(texts: Sequence[_Text]) -> list[Wording]:
    kept: list[tuple[int, _Text]] = []
    for text in texts:
        starts = text.starts()
        # The earliest one binds what came before it as well. What was to begin after this text came has never begun.
        while len(kept) > 1 and (kept[-1][0] >= starts or kept[-1][0] > text.first_seen):
            kept.pop()
        if kept and _judged(kept[-1][1]) == _judged(text):
            starts = kept.pop()[0]
        kept.append((starts if kept else LONG_AGO, text))
    ends = [*(starts for starts, _ in kept[1:]), FOREVER]
    return [
        Wording(Span(start, end), text.policy, text.commitment) for (start, text), end in zip(kept, ends, strict=True)
    ]


def _judged(text: _Text) -> object:
    """Return everything in a policy that the judgement of a commitment rests on."""
    policy, commitment = text.policy, text.commitment
    bare = commitment.as_judged()
    if all(policy.sources[name].tells(Tells.ATTESTATIONS) for name in commitment.evidence):
        return bare  # a statement speaks of the promise itself: where copies lie changes nothing of it
    agreement = replace(policy.agreement, title="", provider="")
    place = (policy.timezone, policy.business, agreement, policy.sites, policy.scenarios)
    # A slot that was never made is the breach of whichever promise owes that backup, and no breach of what keeps it.
    owing = [other for other in policy.commitments if commitment.leaves_making_to(other)]
    names = dict.fromkeys(name for one in (commitment, *owing) for name in one.evidence)
    sources = tuple(replace(policy.sources[name], planned="") for name in names)
    return bare, place, sources, tuple(other.as_judged() for other in owing)
