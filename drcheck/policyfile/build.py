"""From the plain values of a faultless policy to the values of the core."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from drcheck.core.calendar import day_starts
from drcheck.core.places import Site
from drcheck.core.policy import NEVER, Agreement, Arrival, BusinessCalendar, Policy, Reader, Source, Waiver
from drcheck.core.promises import Kind
from drcheck.policyfile import commitments, formats, shorthand, units
from drcheck.policyfile.commitments import optional_duration, optional_instant, optional_share
from drcheck.policyfile.schema import Values
from drcheck.policyfile.templates import joined

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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
        commitments=tuple(commitments.commitment(name, told, zone) for name, told in shorthand.expanded(values)),
        title=values.get("title", ""),
        owner=values.get("owner", ""),
        agreement=Agreement(
            title=agreement.get("title", ""),
            provider=agreement.get("provider", ""),
            effective=optional_instant(agreement, "effective", zone),
            ends=optional_instant(agreement, "ends", zone),
        ),
        silent_on=tuple(Kind(kind) for kind in values.get("silent_on", ())),
        business=_business(values.get("business_calendar", {})),
        sites={name: _site(name, site) for name, site in values.get("sites", {}).items()},
        runs_at=tuple(values.get("runs_at", ())),
        scenarios={name: frozenset(scenario["loses"]) for name, scenario in values.get("scenarios", {}).items()},
        waivers=tuple(
            Waiver(commitment, _waived_until(waiver["until"], zone), waiver["owner"], waiver["reason"])
            for waiver in values.get("waivers", ())
            for commitment in shorthand.covered(waiver["commitment"], values["commitments"])
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
        max_duration=optional_duration(told, "max_duration"),
        min_size=units.size(told["min_size"]) if "min_size" in told else 1,
        max_shrink=optional_share(told, "max_shrink"),
        new_size_from=optional_instant(told, "new_size_from", zone),
        complete_when=told.get("complete_when", ""),
        available_at=Arrival(told.get("available_at", Arrival.STORAGE)),
        thinned_after=NEVER if told.get("thinned_after") == "never" else optional_duration(told, "thinned_after"),
        identical_dumps=told.get("identical_dumps") == "allowed",
    )
