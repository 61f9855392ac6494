"""What a schema cannot say of commitments: the evidence they may rest on, and keys that need or exclude one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final

from drcheck.core.model.commitments import Outside
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Use, counted_by
from drcheck.core.words import duration
from drcheck.errors import DrcheckError
from drcheck.policyfile import scalar_formats, shorthand, units
from drcheck.policyfile.check_faults import any_of, reference_to
from drcheck.policyfile.kind_language import language
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import MappingNode, Mark, Problem
from drcheck.registry import KINDS, READERS

MOST_SLOTS: Final = 100_000
"""Slots that a duration may span: eleven years of hours. More is a slip of the pen, and judging it takes minutes."""


def check(root: MappingNode) -> Iterator[Problem]:
    """Yield everything wrong with the commitments of a policy that its schema does not find."""
    silent = {scalar.text: scalar for scalar in root.scalars("silent_on")}
    for name, key, commitment in root.fields("commitments").mappings():
        at = f"commitments.{name}"
        kind = commitment.text("kind")
        yield from reference_to(
            "scenario", commitment.scalar("scenario"), root.fields("scenarios").entries, f"{at}.scenario"
        )
        readers = _readers(root, commitment)
        yield from evidence(root, commitment, "evidence", kind, at)
        outside = commitment.scalar("outside")
        if outside is not None and outside.text == Outside.REGULAR_MAINTENANCE:
            yield from needs_maintenance(outside.mark, readers, f"{at}.outside")
        shortened = kind == "copies" and "rule" in commitment.entries
        kinds: Sequence[str] = shorthand.kinds(commitment.text("rule")) if shortened else (kind,)
        for each in kinds:
            if each in silent:
                yield Problem(silent[each].mark, f"silent_on: {each} is promised in {at} (remove one of them)")
        if kind in KINDS:
            yield from language(kind).check(Written(root, name, key, commitment, at, readers))


def slot_length(name: str) -> int:
    """Return the most seconds of a slot by which backups are counted; 0: there is no such slot, as the schema tells."""
    return next((per.length for per in counted_by(Use.BACKUPS) if per == name), 0)


def slots(written: Written, keys: Sequence[str], *, per: str = "") -> Iterator[Problem]:
    """Yield durations that span more slots than anybody counts; ``per`` is the slot where none is named."""
    commitment, at = written.commitment, written.at
    schedule = commitment.text("schedule")
    slot = slot_length(commitment.text("per") or per)
    with suppress(DrcheckError):
        slot = scalar_formats.shortest_interval(schedule) if schedule else slot
    for key in keys if slot else ():
        scalar = commitment.scalar(key)
        with suppress(DrcheckError):
            if scalar is not None and units.tolerance(scalar.text) > MOST_SLOTS * slot:
                yield Problem(
                    scalar.mark,
                    f"{at}.{key}: {scalar.text} is more than {MOST_SLOTS} slots of {duration(slot)} (check it, or name "
                    "larger slots)",
                )


def _readers(root: MappingNode, commitment: MappingNode) -> list[str]:
    return [root.fields("sources").fields(scalar.text).text("reader") for scalar in commitment.scalars("evidence")]


def yielding(what: Collection[Tells]) -> frozenset[str]:
    """Return the names of the readers that yield some of that."""
    return frozenset(name for name, reader in READERS.items() if not reader.yields.isdisjoint(what))


def evidence(root: MappingNode, commitment: MappingNode, key: str, kind: str, at: str) -> Iterator[Problem]:
    """Yield what is wrong with the sources at ``key``, on which a promise of ``kind`` rests."""
    sources = root.fields("sources")
    if kind not in KINDS:
        return  # told as a value
    needs = language(kind).value.needs()
    fit, needed = yielding(needs.proof | needs.beside), yielding(needs.proof)
    readers = []
    for scalar in commitment.scalars(key):
        yield from reference_to("source", scalar, sources.entries, f"{at}.{key}")
        reader = sources.fields(scalar.text).text("reader")
        readers.append(reader)
        if reader in READERS and reader not in fit | yielding({Tells.ATTESTATIONS}):
            yield Problem(
                scalar.mark,
                f"{at}.{key}: {scalar.text} is read by {reader}, which tells nothing about {kind} "
                f"(it needs {any_of(needed)})",
            )
    if readers and all(reader in fit - needed for reader in readers):
        mark = commitment.entries[key].key
        yield Problem(mark, f"{at}.{key}: none of it can prove {kind} (add {any_of(needed)})")


def needs_maintenance(mark: Mark, readers: Sequence[str], at: str) -> Iterator[Problem]:
    """Ask for evidence of when maintenance is, where ``mark`` speaks of it."""
    telling = yielding({Tells.MAINTENANCE})
    if telling.isdisjoint(readers):
        yield Problem(mark, f"{at}: none of its evidence tells when that is (add {any_of(telling)})")
