"""From the plain values of a faultless policy to the values of the core."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from drcheck.core.calendar import day_starts
from drcheck.core.policy import (
    NEVER,
    Agreement,
    Arrival,
    BusinessCalendar,
    Commitment,
    CountsFrom,
    Frequency,
    Kind,
    NotYetJudged,
    Outside,
    Per,
    Policy,
    Reader,
    RestoreTest,
    Retention,
    Rpo,
    Rto,
    Rung,
    Site,
    Source,
    Standing,
    Until,
    Waiver,
)
from drcheck.policyfile import formats, units
from drcheck.policyfile.templates import joined

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIERS: Final = {"hourly": Per.HOUR, "daily": Per.DAY, "weekly": Per.WEEK, "monthly": Per.MONTH}

Values = Mapping[str, Any]


def policy(values: Values, files: Sequence[tuple[str, bytes]]) -> Policy:
    """Return the policy that ``values`` tell; ``files`` are what it was read from, itself first."""
    timezone = values.get("timezone", formats.DEFAULT_ZONE)
    zone = formats.zone(timezone)
    service = values["service"]
    agreement = values.get("agreement", {})
    return Policy(
        service=service,
        file=files[0][0],
        sha256=hashlib.sha256(b"".join(data for _, data in files)).hexdigest(),
        text=joined(files),
        timezone=timezone,
        sources={name: _source(name, source, service, zone) for name, source in values.get("sources", {}).items()},
        commitments=tuple(_commitment(name, told, zone) for name, told in values["commitments"].items()),
        title=values.get("title", ""),
        owner=values.get("owner", ""),
        agreement=Agreement(
            title=agreement.get("title", ""),
            provider=agreement.get("provider", ""),
            effective=_instant(agreement, "effective", zone),
            ends=_instant(agreement, "ends", zone),
        ),
        silent_on=tuple(Kind(kind) for kind in values.get("silent_on", ())),
        business=_business(values.get("business_calendar", {})),
        sites={name: _site(name, site) for name, site in values.get("sites", {}).items()},
        runs_at=tuple(values.get("runs_at", ())),
        scenarios={name: frozenset(scenario["loses"]) for name, scenario in values.get("scenarios", {}).items()},
        waivers=tuple(
            Waiver(waiver["commitment"], _waived_until(waiver["until"], zone), waiver["owner"], waiver["reason"])
            for waiver in values.get("waivers", ())
        ),
    )


def _waived_until(text: str, zone: ZoneInfo) -> int:
    """Return the end of the last day that is named, or the instant that is."""
    if "T" in text:
        return units.instant(text, zone)
    return day_starts(units.day(text) + timedelta(days=1), zone)


def _business(told: Values) -> BusinessCalendar:
    usual = BusinessCalendar()
    holidays = told.get("holidays", {})
    opens, closes = units.hours(told["hours"]) if "hours" in told else (usual.opens, usual.closes)
    return BusinessCalendar(
        weekdays=frozenset(map(_WEEKDAYS.index, told["weekdays"])) if "weekdays" in told else usual.weekdays,
        opens=opens,
        closes=closes,
        country=holidays.get("country", ""),
        also=frozenset(map(units.month_day, holidays.get("also", ()))),
    )


def _site(name: str, told: Values) -> Site:
    facts = {key: value for key, value in told.items() if key != "note"}
    return Site(name, **facts)


def _source(name: str, told: Values, service: str, zone: ZoneInfo) -> Source:
    connection, path = formats.location(told["at"])
    return Source(
        name=name,
        connection=connection,
        path=path,
        reader=Reader(told["reader"]),
        of=tuple(told.get("of", (service,))),
        site=told.get("site", ""),
        template=told.get("name", ""),
        name_zone=told.get("name_zone", ""),
        planned=told.get("planned", ""),
        max_duration=_duration(told, "max_duration"),
        min_size=units.size(told["min_size"]) if "min_size" in told else 1,
        max_shrink=_share(told, "max_shrink"),
        new_size_from=_instant(told, "new_size_from", zone),
        complete_when=told.get("complete_when", ""),
        available_at=Arrival(told.get("available_at", Arrival.STORAGE)),
        thinned_after=NEVER if told.get("thinned_after") == "never" else _duration(told, "thinned_after"),
        identical_dumps=told.get("identical_dumps") == "allowed",
    )


def _commitment(name: str, told: Values, zone: ZoneInfo) -> Commitment:
    kind = Kind(told["kind"])
    common: dict[str, Any] = {
        "id": name,
        "kind": kind,
        "evidence": tuple(told["evidence"]),
        **{key: told[key] for key in ("scenario", "zone", "clause", "quote", "applies", "note") if key in told},
        "controls": tuple(told.get("controls", ())),
        "min_standing": Standing[told["min_standing"].upper()] if "min_standing" in told else None,
        "in_force_from": _instant(told, "in_force_from", zone),
        "warn_at": _share(told, "warn_at"),
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
                every=_duration(told, "every"),
                at_least=told.get("at_least", 1),
                per=Per(told["per"]) if "per" in told else None,
                schedule=told.get("schedule", ""),
                grace=_duration(told, "grace"),
            )
        case Kind.RETENTION:
            keep = told.get("keep")
            return Retention(
                **common,
                keep=units.duration(keep) if isinstance(keep, str) else None,
                per=Per(told.get("per", Per.DAY)),
                tiers={_TIERS[tier]: count for tier, count in keep.items()} if isinstance(keep, dict) else {},
                at_most=_duration(told, "at_most"),
                grace=_duration(told, "grace"),
            )
        case Kind.RESTORE_TEST:
            return RestoreTest(
                **common,
                every=_duration(told, "every"),
                notice=units.notice(told["notice"]) if "notice" in told else None,
                outside=Outside(told["outside"]) if "outside" in told else None,
                validation=Rung[told.get("validation", "restored").upper()],
            )
        case _:
            return NotYetJudged(**common)


def _duration(told: Values, key: str) -> int | None:
    return units.duration(told[key]) if key in told else None


def _instant(told: Values, key: str, zone: ZoneInfo) -> int | None:
    return units.instant(told[key], zone) if key in told else None


def _share(told: Values, key: str) -> Fraction | None:
    return units.percentage(told[key]) if key in told else None
