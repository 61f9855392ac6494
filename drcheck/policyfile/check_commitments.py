"""What a schema cannot say of commitments: the evidence they may rest on, and keys that need or exclude one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Final

from drcheck.core.policy import Reader
from drcheck.core.promises import Formula, Kind, Outside, Per
from drcheck.core.words import duration
from drcheck.errors import DrcheckError
from drcheck.policyfile import formats, shorthand, units
from drcheck.policyfile.faults import any_of, excluded, known, one_of, one_or_more
from drcheck.policyfile.nodes import Fields, Items, Mark, Problem, Scalar

SLOT_SECONDS: Final = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 31 * 86400}
"""The longest that each calendar slot nominally is."""

MOST_SLOTS: Final = 100_000
"""Slots that a duration may span: eleven years of hours. More is a slip of the pen, and judging it takes minutes."""

_READERS: Final = frozenset(reader.value for reader in Reader)
_OBJECTS: Final = frozenset({Reader.OBJECTS})
_LOGS: Final = frozenset({Reader.RESTORE_LOG, Reader.OUTAGE_LOG, Reader.MAINTENANCE_LOG})
_MAINTENANCE: Final = frozenset({Reader.MAINTENANCE_LOG})
_FIT: Final[dict[str, tuple[frozenset[Reader], frozenset[Reader]]]] = {
    Kind.RPO: (_OBJECTS, _OBJECTS),
    Kind.BACKUP_FREQUENCY: (_OBJECTS, _OBJECTS),
    Kind.RETENTION: (_OBJECTS, _OBJECTS),
    Kind.COPIES: (_OBJECTS, _OBJECTS),
    Kind.ENCRYPTION: (_OBJECTS, _OBJECTS),
    Kind.IMMUTABILITY: (_OBJECTS, _OBJECTS),
    Kind.INTEGRITY: (_OBJECTS | {Reader.RESTORE_LOG}, _OBJECTS | {Reader.RESTORE_LOG}),
    Kind.RTO: (_LOGS, frozenset({Reader.RESTORE_LOG, Reader.OUTAGE_LOG})),
    Kind.RESTORE_TEST: (_LOGS, frozenset({Reader.RESTORE_LOG})),
    Kind.AVAILABILITY: (frozenset({Reader.OUTAGE_LOG, Reader.MAINTENANCE_LOG}), frozenset({Reader.OUTAGE_LOG})),
}
"""For each kind the readers that can tell something about it, and those of which it needs one. Attestations, the
dated word of a named owner, may stand for any of them."""


def check(root: Fields) -> Iterator[Problem]:
    """Yield everything wrong with the commitments of a policy that its schema does not find."""
    silent = {scalar.text: scalar for scalar in root.scalars("silent_on")}
    for name, key, commitment in root.fields("commitments").mappings():
        at = f"commitments.{name}"
        kind = commitment.text("kind")
        yield from known("scenario", commitment.scalar("scenario"), root.fields("scenarios").entries, f"{at}.scenario")
        readers = _readers(root, commitment)
        yield from _evidence(root, commitment, "evidence", kind, at)
        outside = commitment.scalar("outside")
        if outside is not None and outside.text == Outside.REGULAR_MAINTENANCE:
            yield from _needs_maintenance(outside.mark, readers, f"{at}.outside")
        kinds: Sequence[str] = shorthand.KINDS if kind == Kind.COPIES and "rule" in commitment.entries else (kind,)
        for each in kinds:
            if each in silent:
                yield Problem(silent[each].mark, f"silent_on: {each} is promised in {at} (remove one of them)")
        match kind:
            case Kind.BACKUP_FREQUENCY:
                yield from one_of(commitment, key, at, ("every", "per", "schedule"), exactly=True)
                yield from _slots(commitment, ("grace",), at)
            case Kind.RETENTION:
                yield from _retention(commitment, key, at)
                yield from _slots(commitment, ("keep", "grace"), at, per="day")
            case Kind.RESTORE_TEST:
                yield from one_of(commitment, key, at, ("every", "notice", "outside"))
            case Kind.COPIES:
                yield from _slots(commitment, ("within", "matching"), at, per="day")
                if "rule" in commitment.entries:
                    yield from _rule(root, name, commitment, at)
                else:
                    yield from _copies(root, commitment, key, at)
            case Kind.AVAILABILITY:
                yield from _maintenance(commitment, readers, at)
                yield from _credits(commitment, at)
            case _:
                pass


def _slots(commitment: Fields, keys: Sequence[str], at: str, per: str = "") -> Iterator[Problem]:
    """Yield durations that span more slots than anybody counts; ``per`` is the slot where none is named."""
    schedule = commitment.text("schedule")
    slot = SLOT_SECONDS.get(commitment.text("per") or per, 0)
    with suppress(DrcheckError):
        slot = formats.shortest_interval(schedule) if schedule else slot
    for key in keys if slot else ():
        scalar = commitment.scalar(key)
        with suppress(DrcheckError):
            if scalar is not None and units.tolerance(scalar.text) > MOST_SLOTS * slot:
                yield Problem(
                    scalar.mark,
                    f"{at}.{key}: {scalar.text} is more than {MOST_SLOTS} slots of {duration(slot)} (check it, or name "
                    "larger slots)",
                )


def _readers(root: Fields, commitment: Fields) -> list[str]:
    return [root.fields("sources").fields(scalar.text).text("reader") for scalar in commitment.scalars("evidence")]


def _evidence(root: Fields, commitment: Fields, key: str, kind: str, at: str) -> Iterator[Problem]:
    """Yield what is wrong with the sources at ``key``, on which a promise of ``kind`` rests."""
    sources = root.fields("sources")
    fit, needed = _FIT.get(kind, (frozenset(Reader), frozenset(Reader)))
    readers = []
    for scalar in commitment.scalars(key):
        yield from known("source", scalar, sources.entries, f"{at}.{key}")
        reader = sources.fields(scalar.text).text("reader")
        readers.append(reader)
        if reader in _READERS and reader not in fit | {Reader.ATTESTATIONS}:
            yield Problem(
                scalar.mark,
                f"{at}.{key}: {scalar.text} is read by {reader}, which tells nothing about {kind} "
                f"(it needs {any_of(needed)})",
            )
    if readers and all(reader in fit - needed for reader in readers):
        mark = commitment.entries[key].key
        yield Problem(mark, f"{at}.{key}: none of it can prove {kind} (add {any_of(needed)})")


def _needs_maintenance(mark: Mark, readers: Sequence[str], at: str) -> Iterator[Problem]:
    if Reader.MAINTENANCE_LOG not in readers:
        yield Problem(mark, f"{at}: none of its evidence tells when that is (add {any_of(_MAINTENANCE)})")


def _retention(commitment: Fields, key: Mark, at: str) -> Iterator[Problem]:
    yield from one_of(commitment, key, at, ("keep", "at_most"))
    keep = commitment.value("keep")
    per = commitment.scalar("per")
    if isinstance(keep, Fields) and per is not None:
        yield Problem(commitment.entries["per"].key, f"{at}.per: tiers name their own slots (leave per out)")
    if not isinstance(keep, Scalar):
        return
    with suppress(DrcheckError):
        kept = units.duration(keep.text)
        slot = per.text if per is not None else "day"
        if kept < 2 * SLOT_SECONDS.get(slot, 0):
            yield Problem(
                keep.mark,
                f"{at}.keep: {keep.text} is shorter than two slots of a {slot}, so that no slot may be owed "
                f"(at least {2 * SLOT_SECONDS[slot] // 3600}h, or a smaller per)",
            )
        if kept > units.duration(commitment.text("at_most")):
            yield Problem(keep.mark, f"{at}.keep: what is kept that long is older than at_most allows (check both)")


def _copies(root: Fields, commitment: Fields, key: Mark, at: str) -> Iterator[Problem]:
    yield from one_of(commitment, key, at, ("at_least", "all_in", "rule"))
    for needs in ("different", "counted_outside", "counted_in"):
        if needs in commitment.entries and "at_least" not in commitment.entries:
            yield Problem(commitment.entries[needs].key, f"{at}.{needs}: nothing is counted (add at_least)")
    for needs in shorthand.KEYS:
        if needs in commitment.entries:
            yield Problem(commitment.entries[needs].key, f"{at}.{needs}: it belongs to a rule (add rule: 3-2-1-1-0)")
    if "different" in commitment.entries and commitment.text("at_least") == "1":
        yield Problem(
            commitment.entries["different"].key, f"{at}.different: one copy differs from nothing (at_least: 2)"
        )
    for choice in ("counted_outside", "counted_in", "all_in"):
        for scalar in one_or_more(commitment.fields(choice).value("site")):
            yield from known("site", scalar, root.fields("sites").entries, f"{at}.{choice}.site")


def _rule(root: Fields, name: str, commitment: Fields, at: str) -> Iterator[Problem]:
    """Yield what is wrong with a shorthand."""
    key = commitment.entries["rule"].key
    for surplus in shorthand.EXCLUDED:
        if surplus in commitment.entries:
            yield excluded(commitment, at, "rule", surplus)
    if not root.scalars("runs_at"):
        yield Problem(
            key, f"{at}.rule: nothing tells what is offsite (say with runs_at where the service itself lives)"
        )
    if "immutable" not in commitment.entries:
        yield Problem(key, f"{at}.rule: no copy is said to be immutable (name its sources with immutable)")
    yield from _evidence(root, commitment, "immutable", Kind.IMMUTABILITY, at)
    yield from _evidence(root, commitment.fields("checked"), "evidence", Kind.INTEGRITY, f"{at}.checked")
    taken = root.fields("commitments").entries
    for part in shorthand.parts(name):
        if part in taken:
            yield Problem(taken[part].key, f"commitments.{part}: {at} has a part of that name (rename one of them)")


def _maintenance(commitment: Fields, readers: Sequence[str], at: str) -> Iterator[Problem]:
    """Yield what is wrong with the rules of excused maintenance."""
    at += ".excused.maintenance"
    excused = commitment.fields("excused")
    rules = excused.value("maintenance")
    if not isinstance(rules, Items) or not rules.items:
        return
    if Reader.OUTAGE_LOG in readers:  # else there is another fault, or it rests on attestations
        yield from _needs_maintenance(excused.entries["maintenance"].key, readers, at)
    if commitment.text("formula") == Formula.OF_SERVICE_TIME:
        return
    for rule in rules.items:
        if isinstance(rule, Fields) and "leaves_service_time" in rule.entries:
            yield Problem(
                rule.entries["leaves_service_time"].key,
                f"{at}.leaves_service_time: of all minutes of the period none leaves "
                "(leave it out, or add formula: of_service_time)",
            )


def _credits(commitment: Fields, at: str) -> Iterator[Problem]:
    if "credits" not in commitment.entries:
        return
    at += ".credits"
    credit, key = commitment.fields("credits"), commitment.entries["credits"].key
    yield from one_of(credit, key, at, ("tiers", "per_percent", "full_hours_times", "ratio"), exactly=True)
    yield from _tiers(credit, commitment.text("at_least"), f"{at}.tiers")
    if "count" in credit.entries and "per_percent" not in credit.entries:
        yield Problem(credit.entries["count"].key, f"{at}.count: it belongs to per_percent (leave it out)")
    of = credit.scalar("of")
    if of is not None and "full_hours_times" in credit.entries and of.text not in {"each", "sum"}:
        yield Problem(of.mark, f"{at}.of: full hours are counted in each outage or in their sum (write each or sum)")
    per = commitment.text("per")
    if "fee" in credit.entries and per not in {"", Per.MONTH}:
        yield Problem(
            credit.entries["fee"].key,
            f"{at}.fee: it is what is paid for a month, and the period is a {per} (leave it out: the credit is told "
            "without money)",
        )


def _tiers(credit: Fields, target: str, at: str) -> Iterator[Problem]:
    """Yield steps that are no way down from the target."""
    tiers = credit.value("tiers")
    above, what = _share(target), "the target"
    for tier in tiers.items if isinstance(tiers, Items) else ():
        below = tier.scalar("below") if isinstance(tier, Fields) else None
        share = _share(below.text) if below is not None else None
        if below is None or share is None:
            continue  # told as a format
        if above is not None and (share > above or (share == above and what != "the target")):
            yield Problem(
                below.mark,
                f"{at}.below: {below.text} is {'above' if share > above else 'as high as'} {what} "
                "(start at the target or under it, and let each step be lower than the one before)",
            )
        above, what = share, f"the step before it, {below.text}"


def _share(text: str) -> Fraction | None:
    try:
        return units.percentage(text)
    except DrcheckError:
        return None  # told as a format
