"""What is valid and yet will not do what its author meant: warnings, and on request what a promise amounts to.

Nothing here is judged: every remark rests on what the policy itself says (plans, durations, sites), not on evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from drcheck.core.judging.reach import looked_at
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.sites import Different, Where
from drcheck.core.words import duration, several
from drcheck.policyfile import lint_schedules, shorthand
from drcheck.policyfile.kind_language import language
from drcheck.policyfile.lint_context import Context, Level, Remark
from drcheck.policyfile.lint_guards import unguarded
from drcheck.policyfile.load import ReadPolicy
from drcheck.settings import Connection, located

__all__ = ["Level", "Remark", "lint"]


def lint(
    document: ReadPolicy, as_of: int, *, explain: bool = False, connections: Mapping[str, Connection] | None = None
) -> list[Remark]:
    """Return what there is to say about a faultless policy; plans are followed through the year after ``as_of``.

    ``explain``: tell also what promises amount to. ``connections`` are the runner's, where they are known.
    """
    context = Context(document.policy, document.root, as_of)
    remarks = [
        *_cron_forms(context),
        *_unused(context),
        *_places_of_two_sites(context),
        *_places_of_two_connections(context, connections or {}),
        *unguarded(context),
        *(_shorthands(context) if explain else ()),
    ]
    for commitment in document.policy.commitments:
        kind = language(commitment.kind)
        remarks += [*context.survivors(commitment), *context.beside(commitment)]
        remarks += context.too_little_standing(commitment, connections)
        remarks += kind.lint(context, commitment)
        remarks += kind.explain(context, commitment) if explain else ()
    return sorted(set(remarks))


def _cron_forms(context: Context) -> Iterator[Remark]:
    """Warn of plans that lose starts where clocks change."""
    for source in context.policy.sources.values():
        lost = lint_schedules.lost_starts(source.planned, context.zone, context.as_of) if source.planned else ""
        if lost:
            yield context.remark(
                "cron-dst", ("sources", source.name, "planned"), f"{lost} ({lint_schedules.CRON_HINT})"
            )


def _unused(context: Context) -> Iterator[Remark]:
    """Warn of sources that are never looked at."""
    used = {source.name for source in looked_at(context.policy)}
    for name in context.policy.sources:
        if name not in used:
            text = "no commitment rests on it, and it is never looked at (name it in `evidence`, or leave it out)"
            yield context.remark("unused-source", ("sources", name), text)


def _places_of_two_sites(context: Context) -> Iterator[Remark]:
    """Warn of sources that lie where another one lies, and are said to be at another site."""
    first: dict[str, Source] = {}
    for source in context.policy.sources.values():
        other = first.setdefault(source.place, source) if source.site else source
        if other.site != source.site:
            text = (
                f"{source.name} lies where {other.name} does, which is at {other.site}: what lies there is one copy, "
                "and no disaster takes away half of it (state one site for both)"
            )
            yield context.remark("place-of-two-sites", ("sources", source.name, "site"), text)


def _places_of_two_connections(context: Context, connections: Mapping[str, Connection]) -> Iterator[Remark]:
    """Warn of sources that two connections lead to one place for: only by one of them that is seen to be one copy."""
    locations = {alias: _without_user(connection.location()) for alias, connection in connections.items()}
    first: dict[str, Source] = {}
    for source in context.policy.sources.values():
        place = located(source.place.rstrip("/"), locations) if source.tells(Tells.POINTS) else None
        if place is None:
            continue
        other = first.setdefault(place, source)
        if other.connection != source.connection:
            text = (
                f"{source.name} lies where {other.name} does, which connection {other.connection} leads to: what lies "
                f"there would count as two copies, and is one (say {other.connection}: here as well)"
            )
            yield context.remark("place-of-two-connections", ("sources", source.name, "at"), text)


def _without_user(location: str) -> str:
    """Return a URL without the account that is used there."""
    return re.sub(r"(?<=://)[^/@]*@", "", location)


def _shorthands(context: Context) -> Iterator[Remark]:
    """Tell what each rule stands for."""
    by_id = {commitment.id: commitment for commitment in context.policy.commitments}
    for name, _, commitment in context.root.fields("commitments").mappings():
        if "rule" not in commitment.entries:
            continue
        parts = shorthand.parts(name, commitment.text("rule"))
        parts_in_words = "; ".join(f"{part}: {_in_words(by_id[part])}" for part in parts)
        yield context.remark(
            "shorthand", ("commitments", name, "rule"), f"beside the live data it asks for {parts_in_words}", Level.NOTE
        )


def _in_words(commitment: Commitment) -> str:
    match commitment:
        case Copies(counted_outside=Where() as outside):
            return f"1 copy outside of {several(sorted(outside.site))}"
        case Copies(different=Different() as different, at_least=int(count)):
            return f"{count} copies on different {different}"
        case Copies(at_least=int(count)):
            return f"{count} copies"
        case Immutability():
            return (
                f"backups locked for {duration(commitment.at_least)}, as told by {several(list(commitment.evidence))}"
            )
        case Integrity(every=int(every)):
            checked = several(list(commitment.evidence))
            return f"backups {commitment.level.name.lower()} every {duration(every)}, as told by {checked}"
        case _:
            raise AssertionError(f"the rule asks for {commitment.kind}, which has no words yet")
