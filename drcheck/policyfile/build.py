"""From the plain values of a faultless policy to the values of the core."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from drcheck.core.model.policy import (
    NEWEST,
    SELECTORS,
    Agreement,
    Arrival,
    BusinessCalendar,
    Clock,
    Identical,
    PlannedDrill,
    Policy,
    Position,
    RestoreRecords,
    Source,
    Waiver,
)
from drcheck.core.model.policy_text import joined
from drcheck.core.model.sites import Site
from drcheck.policyfile import build_commitments, scalar_formats, shorthand, units
from drcheck.policyfile.convert import converted
from drcheck.policyfile.schema import schema
from drcheck.policyfile.yaml_nodes import MappingNode, Values
from drcheck.registry import READERS

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def policy(values: Values, root: MappingNode, files: Sequence[tuple[str, bytes]]) -> Policy:
    """Return the policy that ``values`` of ``root`` tell; ``files`` are what it was read from, itself first."""
    timezone = values.get("timezone", scalar_formats.DEFAULT_ZONE)
    zone = scalar_formats.zone(timezone)
    service = values["service"]
    # Commitments are written out before they are read, and a waiver ends with the last day that is named.
    fields = {key: value for key, value in values.items() if key not in {"commitments", "waivers"}}
    facts = converted(fields, schema("policy"), zone)
    agreement = facts.get("agreement", {})
    return Policy(
        service=service,
        file=files[0][0],
        sha256=hashlib.sha256(b"".join(data for _, data in files)).hexdigest(),
        text=joined(files),
        timezone=timezone,
        sources={name: _source(name, source, service) for name, source in facts.get("sources", {}).items()},
        commitments=tuple(
            build_commitments.commitment(name, fields, zone) for name, fields in shorthand.expanded(values)
        ),
        title=values.get("title", ""),
        owner=values.get("owner", ""),
        agreement=Agreement(
            title=agreement.get("title", ""),
            provider=agreement.get("provider", ""),
            customer=agreement.get("customer", ""),
            effective=agreement.get("effective"),
            ends=agreement.get("ends"),
        ),
        silent_on=tuple(values.get("silent_on", ())),
        business=_business(facts.get("business_calendar", {})),
        sites={name: _site(name, site) for name, site in values.get("sites", {}).items()},
        runs_at=tuple(values.get("runs_at", ())),
        scenarios={name: frozenset(scenario["loses"]) for name, scenario in values.get("scenarios", {}).items()},
        waivers=tuple(
            Waiver(
                commitment,
                units.until(waiver["until"], zone),
                waiver["owner"],
                waiver["reason"],
                waiver.get("approved_by", ""),
            )
            for waiver in values.get("waivers", ())
            for commitment in shorthand.covered(waiver["commitment"], values["commitments"])
        ),
        drills={name: _drill(name, drill) for name, drill in values.get("drills", {}).items()},
        written_at={
            part: Position(*entry.key)
            for name, entry in root.fields("commitments").entries.items()
            for part in shorthand.covered(name, values["commitments"])
        },
    )


def _drill(name: str, fields: Values) -> PlannedDrill:
    return PlannedDrill(
        name,
        sources=tuple(fields["from"]),
        target=fields["target"],
        runbook=fields["runbook"],
        scenario=fields.get("scenario", ""),
        of=fields.get("of", ""),
        point=fields.get("point", NEWEST),
        manifest=fields.get("manifest", ""),
        values=dict(fields.get("with", {})),
    )


def _business(calendar: Values) -> BusinessCalendar:
    usual = BusinessCalendar()
    holidays = calendar.get("holidays", {})
    opens, closes = calendar.get("hours", (usual.opens, usual.closes))
    return BusinessCalendar(
        weekdays=frozenset(map(_WEEKDAYS.index, calendar["weekdays"])) if "weekdays" in calendar else usual.weekdays,
        opens=opens,
        closes=closes,
        country=holidays.get("country", ""),
        also=frozenset(holidays.get("also", ())),
    )


def _site(name: str, fields: Values) -> Site:
    facts = {key: value for key, value in fields.items() if key != "note"}
    return Site(name, **facts)


def _source(name: str, fields: Values, service: str) -> Source:
    connection, path = scalar_formats.location(fields["at"])
    return Source(
        name=name,
        connection=connection,
        path=path,
        reader=READERS[fields["reader"]],
        of=tuple(fields.get("of", (service,))),
        site=fields.get("site", ""),
        templates=_templates(fields.get("name", ())),
        name_zone=fields.get("name_zone", ""),
        kinds=dict(fields.get("kinds", {})),
        kind=fields.get("kind", ""),
        data_as_of=fields.get("data_as_of", ""),
        parts=fields.get("parts"),
        planned=fields.get("planned", ""),
        max_duration=fields.get("max_duration"),
        min_size=fields.get("min_size"),
        max_shrink=fields.get("max_shrink"),
        new_size_from=fields.get("new_size_from"),
        complete_when=_marker(fields.get("complete_when", "")),
        says=_says(fields.get("complete_when", "")),
        available_at=Arrival(fields.get("available_at", Arrival.STORAGE)),
        thinned_after=fields.get("thinned_after"),
        identical_dumps=Identical(fields["identical_dumps"]) if "identical_dumps" in fields else None,
        versions=fields.get("versions") == "points",
        seen_every=fields.get("seen_every"),
        restores=_restores(fields),
        selects=_selects(fields, service),
    )


def _selects(fields: Values, service: str) -> tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]:
    """Return which of a tool's backups are of each data set: stated for each, or, of a single one, on the source."""
    each = fields.get("select") or {next(iter(fields.get("of", ())), service): fields}
    chosen = (
        (of, tuple((key, _several(its[key])) for key in SELECTORS if key in its)) for of, its in sorted(each.items())
    )
    return tuple((of, its) for of, its in chosen if its)


def _several(told: str | Sequence[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(sorted(told))


def _restores(fields: Values) -> RestoreRecords:
    tests = fields.get("tests", {})
    return RestoreRecords(
        line=fields.get("line", ""),
        outcomes=tuple(sorted(fields.get("outcomes", {}).items())),
        ignores_others=fields.get("other_lines") == "ignored",
        zone=fields.get("zone", ""),
        suite=fields.get("suite", ""),
        scenarios=tuple(tests.get("scenarios", ())),
        validation=tests.get("validation", ""),
        target_site=tests.get("target_site", ""),
        restored_from=tests.get("restored_from", fields.get("checks", "")),
        of=tests.get("of", ""),
        begins_with=Clock(tests["begins_with"]) if "begins_with" in tests else None,
        ends_with=Clock(tests["ends_with"]) if "ends_with" in tests else None,
    )


def _templates(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _marker(marker: str | Values) -> str:
    return marker if isinstance(marker, str) else str(marker["file"])


def _says(state: str | Values) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(state, str):
        return ()
    return tuple(
        (key, (accepted,) if isinstance(accepted, str) else tuple(accepted)) for key, accepted in state["says"].items()
    )
