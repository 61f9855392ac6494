"""What the story tells holds at any instant: its logs are read and judged here without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from lab.processes import REPOSITORY
from lab.story import DAY, HOUR, MINUTE, instant, tell
from msgspec.structs import replace

from drcheck import registry
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.commitments import Standing
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import PeriodFigures, Verdict, Window
from drcheck.policyfile.load import load_policies

INSTANTS = [
    datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 10, tzinfo=UTC),  # after a month of 28 days
    datetime(2024, 3, 2, 21, 0, tzinfo=UTC),  # after one of 29
    datetime(2026, 12, 1, 0, 0, 30, tzinfo=UTC),
    datetime(2026, 1, 1, 12, 0, tzinfo=UTC),
    datetime(2027, 1, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 2, 30, tzinfo=UTC),  # Stockholm's clocks go back
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # and forward
]
at_any_instant = pytest.mark.parametrize("now", INSTANTS, ids=str)


@cache
def policies() -> dict[str, Policy]:
    loaded = load_policies([str(REPOSITORY / "policies")], None)
    assert loaded.faults == ()
    return {policy.service: policy for policy in loaded.policies}


@cache
def logs(now: datetime) -> dict[tuple[str, str], Log]:
    """Return every log of the story, by service and source, as drcheck's readers read it."""
    until = int(now.timestamp())
    files = {(host, file.name): file.content for host, its in tell(until).files.items() for file in its}
    return {
        (policy.service, source.name): registry.parser(source)(
            files[source.connection, source.path], policy.service, until
        )
        for policy in policies().values()
        for source in policy.sources.values()
        if not source.tells(Tells.POINTS)
    }


@cache
def judged(now: datetime) -> dict[tuple[str, str], Verdict]:
    """Return what becomes of the commitments that rest on logs, every host being within reach."""
    until = int(now.timestamp())
    verdicts = {}
    for policy in policies().values():
        evidence = {
            name: SourceEvidence(standing(policy.sources[name]), log=replace(log, known_until=until))
            for (service, name), log in logs(now).items()
            if service == policy.service
        }
        resting = tuple(one for one in policy.commitments if evidence.keys() >= set(one.evidence))
        window = Window(until - 62 * DAY, until)
        for verdict in judge(replace(policy, commitments=resting), evidence, window, clock_tolerance=300):
            verdicts[policy.service, verdict.commitment.id] = verdict
    return verdicts


def standing(source: Source) -> Standing:
    return Standing.ATTESTED if source.tells(Tells.ATTESTATIONS) else Standing.LOG


def previous_month(now: datetime, service: str, commitment: str) -> PeriodFigures:
    label = f"{(now.replace(day=1).date() - date.resolution):%Y-%m}"
    (period,) = (one for one in judged(now)[service, commitment].overall.periods if one.label == label)
    return period


@at_any_instant
def test_every_log_can_be_read_whole(now: datetime) -> None:
    assert len(logs(now)) == 16
    for key, log in logs(now).items():
        assert log.gaps == (), key
        assert log.recoveries or log.outages or log.maintenance or log.attestations, key
        assert log.watched or "outages" not in key[1], key


@at_any_instant
def test_nothing_lies_in_the_future(now: datetime) -> None:
    story = tell(int(now.timestamp()))
    for told in (story.files, story.objects, story.blobs):
        assert max(each.modified for entries in told.values() for each in entries) <= now.timestamp()


@at_any_instant
def test_the_figures_of_the_previous_month_are_those_of_the_agreements(now: datetime) -> None:
    interworks = previous_month(now, "interworks-cloud", "uptime")
    assert interworks.downtime == 45 * MINUTE
    assert str(interworks.credit.amount.value) == "10"
    assert sum(one.seconds for one in interworks.excused) == (52 + 6 * 60 + 20) * MINUTE
    soarsilk = previous_month(now, "soarsilk", "uptime")
    assert soarsilk.availability == "99.25"
    assert (str(soarsilk.credit.money.amount), soarsilk.credit.money.currency) == ("175.00", "USD")
    amberflo = previous_month(now, "amberflo", "cloud-meter-uptime")
    assert 94.9 <= float(amberflo.availability) < 94.92
    assert 4.98 < float(amberflo.credit.amount.value) <= 5
    assert [one.seconds for one in amberflo.excused] == [HOUR]


@at_any_instant
def test_what_is_excused_in_teamplifys_previous_month_leaves_its_target_reached(now: datetime) -> None:
    period = previous_month(now, "teamplify", "uptime")
    long = 0 if long_outage(now).month == now.month else 7 * HOUR
    assert period.downtime == (41 + 30 + 20 + 5) * MINUTE + long
    assert period.status is (Status.BREACHED if long else Status.MET)


def long_outage(now: datetime) -> datetime:
    (outage,) = (one for one in logs(now)["teamplify", "outages"].outages if one.ended_at - one.started_at == 7 * HOUR)
    return datetime.fromtimestamp(outage.started_at, UTC)


@at_any_instant
def test_teamplify_owes_70_hours_for_seven_as_soon_as_20_hours_of_a_month_have_passed(now: datetime) -> None:
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert (long_outage(now).month == now.month) is ((now - begun).total_seconds() > 20 * HOUR)
    (owing,) = (one for one in judged(now)["teamplify", "uptime"].overall.periods if one.credit)
    assert owing.credit.amount == (70, "h")


@at_any_instant
def test_only_one_day_of_cloudworkz_servers_was_too_short(now: datetime) -> None:
    days = judged(now)["cloudworkz", "server-uptime-day"].overall.periods
    (short,) = (one for one in days if one.status is Status.BREACHED)
    assert (short.label, short.downtime) == (f"{(now.replace(day=1).date() - date.resolution):%Y-%m}-18", 4 * MINUTE)
    for commitment in ("server-uptime-year", "network-uptime"):
        assert {one.status for one in judged(now)["cloudworkz", commitment].overall.periods} == {Status.MET}


@at_any_instant
def test_the_lost_server_was_recovered_from_in_time(now: datetime) -> None:
    verdict = judged(now)["cloudworkz", "rto-server"]
    assert (verdict.status, verdict.overall.measured) == (Status.MET, (110 * MINUTE, "s"))
    assert "outage" in verdict.overall.reason


@at_any_instant
def test_what_nobody_can_see_is_attested(now: datetime) -> None:
    for key in (
        ("cloudworkz", "replicated-in-real-time"),
        ("interworks-cloud", "two-regions-storage"),
        ("interworks-cloud", "live-databases-encrypted"),
    ):
        verdict = judged(now)[key]
        assert (verdict.status, verdict.standing.name) == (Status.MET, "ATTESTED"), key


@at_any_instant
def test_nothing_that_rests_on_logs_is_unknown(now: datetime) -> None:
    assert [key for key, verdict in judged(now).items() if verdict.status is Status.UNKNOWN] == []


def test_an_export_stays_small() -> None:
    story = tell(int(datetime(2027, 8, 31, 23, 59, tzinfo=UTC).timestamp()))
    (export,) = (file for file in story.files["amberflo-status"] if Path(file.name).suffix == ".json")
    assert len(export.content) < 500_000
    assert instant(story.previous_month, "00:00") < story.now
