"""From the plain values of one faultless commitment to its value in the core."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from drcheck.core.places import Different, Where
from drcheck.core.promises import (
    Availability,
    By,
    Claim,
    ClaimFrom,
    Commitment,
    Copies,
    CountsFrom,
    Credits,
    Encryption,
    Excuses,
    Formula,
    Frequency,
    Immutability,
    Integrity,
    Kind,
    LockMode,
    MaintenanceRule,
    Notice,
    Outside,
    Per,
    RestoreTest,
    Retention,
    Rpo,
    Rto,
    Rung,
    Standing,
    Until,
)
from drcheck.policyfile import units
from drcheck.policyfile.schema import Values

_TIERS: Final = {"hourly": Per.HOUR, "daily": Per.DAY, "weekly": Per.WEEK, "monthly": Per.MONTH}


def commitment(name: str, told: Values, zone: ZoneInfo) -> Commitment:
    """Return the commitment ``name``; bare dates are of ``zone``, the policy's."""
    kind = Kind(told["kind"])
    common: dict[str, Any] = {
        "id": name,
        "kind": kind,
        "evidence": tuple(told["evidence"]),
        **{key: told[key] for key in ("scenario", "zone", "clause", "quote", "applies", "note") if key in told},
        "controls": tuple(told.get("controls", ())),
        "min_standing": Standing[told["min_standing"].upper()] if "min_standing" in told else None,
        "in_force_from": optional_instant(told, "in_force_from", zone),
        "warn_at": optional_share(told, "warn_at"),
    }
    match kind:
        case Kind.RPO:
            also = tuple(map(units.duration, told.get("also", ())))
            return Rpo(**common, at_most=units.duration(told["at_most"]), also=also)
        case Kind.RTO:
            return Rto(
                **common,
                at_most=units.duration(told["at_most"]),
                counts_from=CountsFrom(told.get("counts_from", CountsFrom.DISRUPTION)),
                until=Until(told.get("until", Until.VALIDATED)),
                not_counted=frozenset(told.get("not_counted", ())),
                proven_within=units.duration(told.get("proven_within", "365d")),
            )
        case Kind.BACKUP_FREQUENCY:
            return Frequency(
                **common,
                every=optional_duration(told, "every"),
                at_least=told.get("at_least", 1),
                per=Per(told["per"]) if "per" in told else None,
                schedule=told.get("schedule", ""),
                grace=units.tolerance(told["grace"]) if "grace" in told else None,
            )
        case Kind.RETENTION:
            keep = told.get("keep")
            return Retention(
                **common,
                keep=units.duration(keep) if isinstance(keep, str) else None,
                per=Per(told.get("per", Per.DAY)),
                tiers={_TIERS[tier]: count for tier, count in keep.items()} if isinstance(keep, dict) else {},
                at_most=optional_duration(told, "at_most"),
                grace=units.tolerance(told["grace"]) if "grace" in told else None,
            )
        case Kind.ENCRYPTION:
            return Encryption(**common, by=By(told.get("by", By.EITHER)))
        case Kind.COPIES:
            return Copies(
                **common,
                at_least=told.get("at_least"),
                different=Different(told["different"]) if "different" in told else None,
                counted_outside=_where(told, "counted_outside"),
                counted_in=_where(told, "counted_in"),
                all_in=_where(told, "all_in"),
                within=units.duration(told.get("within", "24h")),
                per=Per(told.get("per", Per.DAY)),
                matching=units.tolerance(told.get("matching", "10m")),
            )
        case Kind.IMMUTABILITY:
            mode = LockMode(told.get("mode", LockMode.ANY))
            return Immutability(**common, at_least=units.duration(told["at_least"]), mode=mode)
        case Kind.INTEGRITY:
            return Integrity(**common, level=_rung(told["level"]), every=optional_duration(told, "every"))
        case Kind.RESTORE_TEST:
            return RestoreTest(
                **common,
                every=optional_duration(told, "every"),
                notice=_notice(told),
                outside=_outside(told),
                validation=_rung(told.get("validation", "restored")),
            )
        case Kind.AVAILABILITY:
            return Availability(
                **common,
                at_least=units.percentage(told["at_least"]),
                per=Per(told["per"]),
                total_only=told.get("outage") == "total",
                formula=Formula(told.get("formula", Formula.OF_TOTAL)),
                excused=_excuses(told.get("excused", {})),
                credits=_credits(told["credits"]) if "credits" in told else None,
                fresh_within=units.duration(told.get("fresh_within", "1d")),
            )


def _where(told: Values, key: str) -> Where | None:
    if key not in told:
        return None
    return Where(**{what: frozenset(_one_or_more(names)) for what, names in told[key].items()})


def _one_or_more(told: str | Sequence[str]) -> Sequence[str]:
    return (told,) if isinstance(told, str) else told


def _excuses(told: Values) -> Excuses:
    return Excuses(
        maintenance=tuple(
            MaintenanceRule(
                type=rule["type"],
                notice=_notice(rule),
                outside=_outside(rule),
                at_most=optional_duration(rule, "at_most"),
                leaves_service_time=rule.get("leaves_service_time", True),
                once_per=Per(rule["once_per"]) if "once_per" in rule else None,
            )
            for rule in told.get("maintenance", ())
        ),
        causes=frozenset(told.get("causes", ())),
    )


def _credits(told: Values) -> Credits:
    hourly = "full_hours_times" in told
    return Credits(
        of="" if hourly else told.get("of", ""),
        tiers=tuple(
            (units.percentage(tier["below"]), units.percentage(tier["credit"])) for tier in told.get("tiers", ())
        ),
        per_percent=optional_share(told, "per_percent"),
        whole=told.get("count") == "whole",
        full_hours_times=told.get("full_hours_times"),
        each=not hourly or told.get("of") != "sum",
        ratio=told.get("ratio"),
        at_most=optional_share(told, "at_most"),
        claim=_claim(told["claim"]) if "claim" in told else None,
        paid_within=optional_duration(told, "paid_within"),
        fee=units.money(told["fee"]) if "fee" in told else None,
    )


def _claim(told: Values) -> Claim:
    return Claim(ClaimFrom(told["after"]), units.notice(told["within"]) if "within" in told else None)


def _notice(told: Values) -> Notice | None:
    return units.notice(told["notice"]) if "notice" in told else None


def _outside(told: Values) -> Outside | None:
    return Outside(told["outside"]) if "outside" in told else None


def _rung(told: str) -> Rung:
    return Rung[told.upper()]


def optional_duration(told: Values, key: str) -> int | None:
    """Return the seconds at ``key``, if it is there."""
    return units.duration(told[key]) if key in told else None


def optional_instant(told: Values, key: str, zone: ZoneInfo) -> int | None:
    """Return the instant at ``key``, if it is there."""
    return units.instant(told[key], zone) if key in told else None


def optional_share(told: Values, key: str) -> Fraction | None:
    """Return the share at ``key``, if it is there."""
    return units.percentage(told[key]) if key in told else None
