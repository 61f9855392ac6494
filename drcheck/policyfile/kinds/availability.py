"""``availability`` in policies: its keys, excuses and credits, and how much downtime a target allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final

from drcheck.core.kinds.availability.commitment import (
    Availability,
    Claim,
    ClaimFrom,
    Credits,
    Excuses,
    Formula,
    MaintenanceRule,
)
from drcheck.core.model.commitments import Outside
from drcheck.core.model.readers import Tells
from drcheck.core.model.slots import Per, Use, counted_by, slot
from drcheck.core.time.calendar import DAY
from drcheck.core.words import duration, several
from drcheck.errors import DrcheckError
from drcheck.policyfile import units
from drcheck.policyfile.check_commitments import needs_maintenance, yielding
from drcheck.policyfile.check_faults import one_of
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Level, Remark
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Problem

_IN_RULES: Final[dict[str, Callable[[str], object]]] = {"outside": Outside, "once_per": slot}
_EXCUSED: Final = {
    "type": "object",
    "description": "Downtime that does not count.",
    "examples": [{"maintenance": [{"type": "planned", "notice": "5 business days"}], "causes": ["customer"]}],
    "additionalProperties": False,
    "properties": {
        "maintenance": {
            "type": "array",
            "description": "Announced windows; the first rule that fits takes a minute.",
            "examples": [
                [{"type": "planned", "notice": "5 business days", "outside": "business_hours", "at_most": "6h"}]
            ],
            "items": {
                "type": "object",
                "description": "One rule.",
                "examples": [{"type": "planned", "notice": "5 business days"}],
                "additionalProperties": False,
                "required": ["type"],
                "properties": {
                    "type": {
                        "type": "string",
                        "enum": ["planned", "regular", "emergency"],
                        "description": "The type of maintenance, as maintenance logs name it.",
                        "examples": ["planned"],
                    },
                    "notice": of_type("notice", "How long before it must be announced.", "5 business days"),
                    "outside": of_type("outside", "What it must stay out of.", "business_hours"),
                    "at_most": of_type(
                        "duration", "How much is excused in a period; the earliest minutes first.", "6h"
                    ),
                    "leaves_service_time": {
                        "type": "boolean",
                        "default": True,
                        "description": "Whether it leaves the denominator of of_service_time as well.",
                        "examples": [False],
                    },
                    "once_per": {
                        "type": "string",
                        "enum": [*counted_by(Use.MAINTENANCE)],
                        "description": (
                            "Of the windows that begin in one such slot of the calendar only the first is excused."
                        ),
                        "examples": ["week"],
                    },
                },
            },
        },
        "causes": {
            "type": "array",
            "description": "Causes, as outage logs name them.",
            "examples": [["customer", "third-party", "force-majeure"]],
            "uniqueItems": True,
            "items": of_type("text", "A cause.", "customer"),
        },
    },
}
_CREDITS: Final = {
    "type": "object",
    "description": ("What a shortfall costs: exactly one of `tiers`, `per_percent`, `full_hours_times` and `ratio`."),
    "examples": [{"of": "monthly fee", "tiers": [{"below": "99.9%", "credit": "10%"}], "at_most": "100%"}],
    "additionalProperties": False,
    "properties": {
        "of": of_type(
            "text",
            (
                "What the credit is a part of; with `full_hours_times` whether full hours are counted in "
                "`each` outage or in their `sum`."
            ),
            "monthly fee",
            "each",
            "sum",
        ),
        "tiers": {
            "type": "array",
            "description": "Steps; the lowest one reached decides.",
            "examples": [[{"below": "99.9%", "credit": "10%"}, {"below": "99.0%", "credit": "25%"}]],
            "minItems": 1,
            "items": {
                "type": "object",
                "description": "One step.",
                "examples": [{"below": "99.9%", "credit": "10%"}],
                "additionalProperties": False,
                "required": ["below", "credit"],
                "properties": {
                    "below": of_type("percentage", "The availability under which it applies.", "99.9%"),
                    "credit": of_type("percentage", "The credit.", "10%"),
                },
            },
        },
        "per_percent": of_type("percentage", "The credit for each per cent under the target.", "1%"),
        "count": {
            "type": "string",
            "enum": ["exact", "whole"],
            "default": "exact",
            "description": "With `per_percent`: pro rata, or whole per cents only.",
            "examples": ["exact"],
        },
        "full_hours_times": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000,
            "description": "The credit is this many times the hourly cost for every full hour of unavailability.",
            "examples": [10],
        },
        "ratio": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000,
            "description": "The credit is this many times the fee times the shortfall.",
            "examples": [25],
        },
        "at_most": of_type("percentage", "The most that is credited.", "100%"),
        "claim": {
            "type": "object",
            "description": "By when a credit must be claimed.",
            "examples": [{"within": "15d", "after": "month_end"}],
            "additionalProperties": False,
            "required": ["after"],
            "properties": {
                "within": of_type("notice", "How long there is.", "15d", "5 business days"),
                "after": {
                    "type": "string",
                    "enum": ["period_end", "month_end", "next_month_end", "outage_end", "last_report"],
                    "description": (
                        "From when: the end of the period, of its month, of the month after it, of the outage, or "
                        "the last reported failure."
                    ),
                    "examples": ["month_end"],
                },
            },
        },
        "paid_within": of_type("duration", "How soon it must be paid.", "90d"),
        "fee": of_type(
            "money",
            "What is paid for a month, so that the credit of a period of a month can be told in money.",
            "1000 USD",
            "249.90 EUR",
        ),
        "note": {"$ref": "#/$defs/note"},
    },
}


def _read(outage: str = "", **keys: Any) -> Availability:
    return Availability(**keys, total_only=outage == "total")


def _excuses(keys: Any) -> Excuses:
    return Excuses(tuple(map(_rule, keys.get("maintenance", ()))), frozenset(keys.get("causes", ())))


def _rule(keys: Any) -> MaintenanceRule:
    values: dict[str, Any] = {key: _IN_RULES[key](value) if key in _IN_RULES else value for key, value in keys.items()}
    return MaintenanceRule(**values)


def _credits(keys: Any) -> Credits:
    facts = {key: value for key, value in keys.items() if key not in {"note", "count", "of"}}
    hourly, of = "full_hours_times" in facts, keys.get("of", "")
    if "tiers" in facts:
        facts["tiers"] = tuple((tier["below"], tier["credit"]) for tier in facts["tiers"])
    if "claim" in facts:
        facts["claim"] = Claim(ClaimFrom(facts["claim"]["after"]), facts["claim"].get("within"))
    return Credits(**facts, of="" if hourly else of, whole=keys.get("count") == "whole", each=not hourly or of != "sum")


def _check(written: Written) -> Iterator[Problem]:
    yield from _maintenance(written)
    yield from _of_credits(written.commitment, written.at)


def _maintenance(written: Written) -> Iterator[Problem]:
    """Yield what is wrong with the rules of excused maintenance."""
    commitment, readers, at = written.commitment, written.readers, written.at
    at += ".excused.maintenance"
    excused = commitment.fields("excused")
    rules = excused.value("maintenance")
    if not isinstance(rules, Items) or not rules.items:
        return
    if not yielding({Tells.OUTAGES}).isdisjoint(readers):  # else there is another fault, or it rests on attestations
        yield from needs_maintenance(excused.entries["maintenance"].key, readers, at)
    if commitment.text("formula") == Formula.OF_SERVICE_TIME:
        return
    for rule in rules.items:
        if isinstance(rule, MappingNode) and "leaves_service_time" in rule.entries:
            yield Problem(
                rule.entries["leaves_service_time"].key,
                f"{at}.leaves_service_time: of all minutes of the period none leaves "
                "(leave it out, or add formula: of_service_time)",
            )


def _of_credits(commitment: MappingNode, at: str) -> Iterator[Problem]:
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


def _tiers(credit: MappingNode, target: str, at: str) -> Iterator[Problem]:
    """Yield steps that are no way down from the target."""
    tiers = credit.value("tiers")
    above, what = _share(target), "the target"
    for tier in tiers.items if isinstance(tiers, Items) else ():
        below = tier.scalar("below") if isinstance(tier, MappingNode) else None
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


def _explain(context: Context, promise: Availability) -> Iterator[Remark]:
    yield from _allowed(context, promise)
    notices = [("excused", rule.notice) for rule in promise.excused.maintenance]
    if promise.credits is not None and promise.credits.claim is not None:
        notices.append(("credits", promise.credits.claim.within))
    yield from context.business_days(promise.id, notices)


def _allowed(context: Context, commitment: Availability) -> Iterator[Remark]:
    """Tell how much downtime the target allows, cut to whole seconds."""
    lost = 1 - commitment.at_least
    losses = [f"{duration(int(lost * length))} in {_days(length)}" for length in commitment.per.shape.lengths]
    yield context.remark(
        "allowed-downtime",
        ("commitments", commitment.id, "at_least"),
        f"it allows downtime of {several(losses)}, beside what is excused (cut here; verdicts are exact)",
        Level.NOTE,
    )


def _days(seconds: int) -> str:
    if seconds % DAY:
        return duration(seconds)
    return "a day" if seconds == DAY else f"{seconds // DAY} days"


LANGUAGE: Final = Language(
    Availability,
    description=(
        "The period's availability, without what is excused, reaches the target; a shortfall states the credit."
    ),
    required=["at_least", "per"],
    keys={
        "at_least": of_type("target", "The target.", "99.9%"),
        "per": {
            "type": "string",
            "enum": [*counted_by(Use.PERIOD)],
            "description": "The period.",
            "examples": ["month"],
        },
        "outage": {
            "type": "string",
            "enum": ["total", "any"],
            "default": "any",
            "description": "Which outages count: only total ones, or any. Default: any.",
            "examples": ["total"],
        },
        "formula": {
            "type": "string",
            "enum": ["of_total", "of_service_time"],
            "default": "of_total",
            "description": (
                "of_total: (T-D)/T; of_service_time: (T-M-D)/(T-M), with T the period, D the downtime not "
                "excused, M the downtime excused as maintenance. Default: of_total."
            ),
            "examples": ["of_total"],
        },
        "fresh_within": of_type(
            "duration", "How old the last watched minute of an open period may be. Default: 1d.", "1d", default="1d"
        ),
        "excused": _EXCUSED,
        "credits": _CREDITS,
    },
    read=_read,
    check=_check,
    explain=_explain,
    values={"formula": Formula, "excused": _excuses, "credits": _credits},
)
