"""What a commitment said over time: each slot and instant is judged by the wording in force then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from drcheck.core.evidence import FOREVER, LONG_AGO
from drcheck.core.policy import Policy, Reader
from drcheck.core.promises import Commitment, Rpo
from drcheck.core.spans import Span


class Version(NamedTuple):
    """A policy's text, and from when on it was in force, as far as its commitments do not say otherwise."""

    in_force_from: int
    policy: Policy


class Wording(NamedTuple):
    """What one version of a policy says of a commitment, and what it binds."""

    binds: Span
    policy: Policy
    commitment: Commitment


def wordings_of(commitment: Commitment, versions: Sequence[Version]) -> list[Wording]:
    """Return what was ever in force of a commitment, oldest first; the last one of ``versions`` is today's.

    A correction (``in_force_from`` in the past) overrules what came after that instant. The earliest wording binds
    what came before it as well. Versions that differ in nothing that is judged are one wording.
    """
    kept: list[tuple[int, Policy, Commitment]] = []
    for version in versions:
        one = next((its for its in version.policy.commitments if its.id == commitment.id), None)
        if one is None or one.kind is not commitment.kind:
            continue
        came = version.in_force_from if one.in_force_from is None else one.in_force_from
        if kept and one.in_force_from is None and version.policy.agreement.effective is not None:
            # An agreement renewed ahead of time leaves the one before it in force until it takes effect.
            came = max(came, version.policy.agreement.effective)
        while kept and kept[-1][0] >= came:
            kept.pop()
        if kept and _judged(*kept[-1][1:]) == _judged(version.policy, one):
            came = kept.pop()[0]
        kept.append((came, version.policy, one))
    starts = [LONG_AGO, *(came for came, _, _ in kept[1:])]
    return [
        Wording(Span(start, end), policy, one)
        for start, end, (_, policy, one) in zip(starts, [*starts[1:], FOREVER], kept, strict=True)
    ]


def _judged(policy: Policy, commitment: Commitment) -> object:
    """Return everything in a policy that the judgement of a commitment rests on."""
    bare = replace(commitment, in_force_from=None, clause="", quote="", controls=(), applies="", note="", warn_at=None)
    if isinstance(bare, Rpo):
        bare = replace(bare, also=())
    if all(policy.sources[name].reader is Reader.ATTESTATIONS for name in commitment.evidence):
        return bare  # a statement speaks of the promise itself: where copies lie changes nothing of it
    agreement = replace(policy.agreement, title="", provider="")
    place = (policy.timezone, policy.business, agreement, policy.sites, policy.scenarios)
    sources = tuple(replace(policy.sources[name], planned="") for name in commitment.evidence)
    return bare, place, sources
