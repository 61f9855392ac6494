"""What a look changes about what is known of a source: what came, changed or went, beside what was known."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from drcheck.core.history import facts, monitoring_exports
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.history.source_history import History
from drcheck.core.model.archive_tiers import AT_HAND
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import (
    Described,
    Fact,
    FactValue,
)
from drcheck.core.model.observation import Observation
from drcheck.core.model.rewritten_logs import Inventory


def difference(history: History, observation: Observation) -> LookChanges:
    """Return what ``observation`` changes in a history; that itself does not change yet."""
    look = observation.look
    shown = CandidateColumns.made_of(observation.candidates)
    names = set(shown.name)
    if len(names) < len(shown):
        shown = shown.only([*{name: row for row, name in enumerate(shown.name)}.values()])
    history.read_since(look.asked_from)
    history.find(names)
    new = history.standing.unlike(shown)
    appeared = shown if len(new) == len(shown) else shown.only(new)
    gone = sorted(
        name
        for name, data in history.standing.data()
        # Only what lies in the range asked can be missed, and only by a complete look.
        if look.complete and name not in names and data >= look.asked_from
    )
    changed = set(appeared.name)
    described = tuple(
        one
        for one in observation.described
        if one.name in changed
        or (known := history.standing.special(one.name)) is None
        or known.told(one.fact) != one.told
    )
    described += _doubted(history, observation, shown.name, changed)
    described += _thawed(history, observation, names)
    again = (name for name in shown.name if name in history.standing and name not in changed)
    return LookChanges(
        look,
        appeared,
        tuple(gone),
        () if look.complete else tuple(again),
        described,
        observation.unlisted,
        observation.unread,
        tuple(monitoring_exports.news(observation.stretches, history.stretches)),
        tuple(test for test in observation.tests if test not in history.tests),
        _new_inventory(history, observation.inventory),
    )


def _new_inventory(history: History, told: Inventory | None) -> Inventory | None:
    """Return what a list tells that the one before did not."""
    if told is None or not history.inventories:
        return told
    last = history.inventories[-1]
    names = next(one.names for one in reversed(history.inventories) if one.names is not None)
    if told.names != names:
        return told
    same = (told.written_at, told.hosts) == (last.written_at, last.hosts)
    return None if same else told._replace(names=None)


def _doubted(
    history: History, observation: Observation, shown: Iterable[str], changed: AbstractSet[str]
) -> tuple[Described, ...]:
    """Return the locks that somebody may have lifted since, where a look was to ask for them and could not."""
    refused = {gap.fact: gap.what for gap in observation.look.gaps if gap.fact in {Fact.LOCK, Fact.LEGAL_HOLD}}
    told = {(one.name, one.fact) for one in observation.described}
    return tuple(
        Described(name, fact, FactValue(None, what))
        for fact, what in refused.items()
        for name in shown
        if fact is not None and (known := history.standing.special(name)) is not None
        and name not in changed and (name, fact) not in told and facts.may_be_lifted(fact, known.told(fact))
    )  # fmt: skip


def _thawed(history: History, observation: Observation, shown: AbstractSet[str]) -> tuple[Described, ...]:
    """Return what lay in an archive tier, and is shown now without a word of one: it was brought back."""
    there = {one.name for one in observation.described if one.fact is Fact.ARCHIVED}
    return tuple(
        Described(name, Fact.ARCHIVED, AT_HAND)
        for known in history.standing.specials()
        if Fact.ARCHIVED in known.facts and (name := known.shown.name) in shown and name not in there
        and known.told(Fact.ARCHIVED) != AT_HAND
    )  # fmt: skip
