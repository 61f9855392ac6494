"""Each of the five agreements is a policy without a fault, and holds what the agreement promises, and nothing else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from lab.processes import REPOSITORY
from msgspec.structs import replace

from drcheck import registry
from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds.availability.commitment import Availability, Claim, ClaimFrom, Credits, Formula, MaintenanceRule
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Commitment, Notice, Outside
from drcheck.core.model.policy import Policy
from drcheck.core.model.readers import Tells
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.slots import Per
from drcheck.policyfile.load import load_policies
from drcheck.registry import READERS

POLICIES = REPOSITORY / "policies"
HOUR, DAY = 3600, 86400


def load(*paths: Path) -> dict[str, Policy]:
    loaded = load_policies([str(path) for path in paths], None)
    assert loaded.faults == ()
    return {policy.service: policy for policy in loaded.policies}


@pytest.fixture(scope="module")
def policies() -> dict[str, Policy]:
    return load(POLICIES)


def promised(policy: Policy, kind: type[Commitment] | str) -> dict[str, Commitment]:
    fits = (lambda each: each.kind == kind) if isinstance(kind, str) else (lambda each: isinstance(each, kind))
    return {each.id: each for each in policy.commitments if fits(each)}


def test_there_is_one_policy_for_each_agreement(policies: dict[str, Policy]) -> None:
    assert set(policies) == {"amberflo", "cloudworkz", "interworks-cloud", "soarsilk", "teamplify"}


def test_every_promise_names_its_clause_and_its_words(policies: dict[str, Policy]) -> None:
    for policy in policies.values():
        for commitment in policy.commitments:
            assert commitment.clause, commitment.id
            assert len(commitment.quote) > 20, commitment.id


def test_each_kind_is_either_promised_or_the_agreement_is_silent_on_it(policies: dict[str, Policy]) -> None:
    for policy in policies.values():
        kinds = {each.kind for each in policy.commitments}
        assert kinds | set(policy.silent_on) == set(registry.KINDS) - registry.OF_ESTATES, policy.service
        assert kinds.isdisjoint(policy.silent_on), policy.service


def test_only_agreements_with_a_date_have_one(policies: dict[str, Policy]) -> None:
    assert {name: policy.agreement.effective for name, policy in policies.items()} == {
        "amberflo": 1_681_862_400,  # 2023-04-19
        "cloudworkz": None,
        "interworks-cloud": None,
        "soarsilk": 1_569_888_000,  # 2019-10-01
        "teamplify": 1_673_568_000,  # 2023-01-13
    }


@pytest.mark.parametrize("service", ["amberflo", "soarsilk"])
def test_no_recovery_is_promised_where_the_agreement_names_none(policies: dict[str, Policy], service: str) -> None:
    assert {each.kind for each in policies[service].commitments} == {"availability"}


def test_amberflos_two_meters_are_judged_apart(policies: dict[str, Policy]) -> None:
    assert set(promised(policies["amberflo"], "availability")) == {"cloud-meter-uptime", "billing-meter-uptime"}


def test_interworks_promises_daily_backups_and_no_objective_of_recovery(policies: dict[str, Policy]) -> None:
    policy = policies["interworks-cloud"]
    daily = promised(policy, Frequency)
    assert {(each.per, each.at_least, policy.timezone) for each in daily.values()} == {(Per.DAY, 1, "UTC")}
    assert {of for each in daily.values() for name in each.evidence for of in policy.sources[name].of} == {
        "platform-sql",
        "common-storage",
    }
    assert {"rpo", "rto", "retention"} <= set(policy.silent_on)


def test_cloudworkz_promises_a_daily_image_kept_for_90_days(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    (daily,) = promised(policy, Frequency).values()
    (kept,) = promised(policy, Retention).values()
    assert (daily.per, daily.at_least, policy.timezone) == (Per.DAY, 1, "Europe/Stockholm")
    assert (kept.keep, kept.at_most) == (90 * DAY, None)


def test_cloudworkz_promises_other_objectives_for_a_server_than_for_a_data_centre(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    assert {each.scenario: (each.at_most, each.also) for each in promised(policy, Rpo).values()} == {
        "server": (60 * 60, (120 * 60,)),
        "datacentre": (24 * HOUR, ()),
    }
    recovery = {each.scenario: (each.at_most, each.not_counted) for each in promised(policy, Rto).values()}
    assert recovery == {"server": (240 * 60, {"dns-propagation"}), "datacentre": (48 * HOUR, frozenset())}


def test_only_the_offsite_images_survive_the_loss_of_cloudworkz_data_centre(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    (rpo,) = (each for each in promised(policy, Rpo).values() if each.scenario == "datacentre")
    lost = policy.lost_sites("datacentre")
    assert [name for name in rpo.evidence if policy.sources[name].site not in lost] == ["images-offsite"]


def test_a_customers_policy_is_a_few_lines_over_cloudworkz_template(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    template = POLICIES / "templates" / "cloudworkz.yaml"
    (tmp_path / "templates" / "cloudworkz.yaml").write_text(template.read_text())
    # the example in the template's head is what the customer's policy is
    lines = template.read_text().splitlines()
    example = [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]
    (tmp_path / "customer.yaml").write_text("\n".join(example) + "\n")
    customer = load(tmp_path)["customer-a"]
    assert customer.sources["images"].path == "customer-a/images/"
    assert {each.scenario: each.at_most for each in promised(customer, Rpo).values()} == {
        "server": 30 * 60,
        "datacentre": 24 * HOUR,
    }
    assert len(customer.commitments) == len(load(POLICIES)["cloudworkz"].commitments)


def test_teamplify_promises_eight_hours_from_the_outage_on(policies: dict[str, Policy]) -> None:
    policy = policies["teamplify"]
    (rpo,) = promised(policy, Rpo).values()
    (rto,) = promised(policy, Rto).values()
    assert rpo.at_most == 8 * HOUR
    assert (rto.at_most, rto.counts_from, rto.until) == (8 * HOUR, CountsFrom.DISRUPTION, Until.VALIDATED)


def test_teamplifys_failover_tests_are_announced_in_its_own_business_days(policies: dict[str, Policy]) -> None:
    policy = policies["teamplify"]
    tests = promised(policy, RestoreTest)
    assert tests["failover-tests-announced"].notice == Notice(business_days=20)
    assert tests["failover-tests-outside-maintenance"].outside is Outside.REGULAR_MAINTENANCE
    business = policy.business
    assert (business.weekdays, business.opens, business.closes) == (frozenset(range(5)), 7 * HOUR, 17 * HOUR)
    assert (business.country, business.also) == ("", {(1, 1), (12, 25)})


@pytest.mark.parametrize(
    ("service", "uptime", "target", "per", "total_only", "formula"),
    [
        ("amberflo", "cloud-meter-uptime", "99.9", Per.MONTH, False, Formula.OF_TOTAL),
        ("amberflo", "billing-meter-uptime", "99.9", Per.MONTH, False, Formula.OF_TOTAL),
        ("cloudworkz", "network-uptime", "99.9", Per.YEAR, False, Formula.OF_TOTAL),
        ("cloudworkz", "server-uptime-day", "99.9", Per.DAY, True, Formula.OF_TOTAL),
        ("cloudworkz", "server-uptime-year", "99.9", Per.YEAR, True, Formula.OF_TOTAL),
        ("interworks-cloud", "uptime", "99.9", Per.MONTH, False, Formula.OF_TOTAL),
        ("soarsilk", "uptime", "99.95", Per.MONTH, True, Formula.OF_TOTAL),
        ("teamplify", "uptime", "99.5", Per.MONTH, False, Formula.OF_SERVICE_TIME),
    ],
)
def test_the_policy_names_the_agreements_availability(
    policies: dict[str, Policy], service: str, uptime: str, target: str, per: Per, total_only: bool, formula: Formula
) -> None:
    found = availability(policies[service], uptime)
    assert (found.at_least, found.per, found.total_only, found.formula) == (
        Fraction(target) / 100, per, total_only, formula,
    )  # fmt: skip


def availability(policy: Policy, name: str) -> Availability:
    found = next(each for each in policy.commitments if each.id == name)
    assert isinstance(found, Availability)
    return found


def owed(policy: Policy, name: str) -> Credits:
    """Return the credits of an availability, without the fee, which no agreement names."""
    found = availability(policy, name).credits
    assert found is not None
    return replace(found, fee=None)


def test_no_further_availability_is_judged_than_the_agreements_promise(policies: dict[str, Policy]) -> None:
    assert {name: len(promised(policy, Availability)) for name, policy in policies.items()} == {
        "amberflo": 2,
        "cloudworkz": 3,
        "interworks-cloud": 1,
        "soarsilk": 1,
        "teamplify": 1,
    }


@pytest.mark.parametrize("meter", ["cloud-meter-uptime", "billing-meter-uptime"])
def test_amberflo_excuses_any_downtime_with_48_hours_notice(policies: dict[str, Policy], meter: str) -> None:
    excused = availability(policies["amberflo"], meter).excused
    assert excused.maintenance == tuple(
        MaintenanceRule(kind, Notice(seconds=48 * HOUR)) for kind in ("planned", "regular", "emergency")
    )
    assert {"customer", "third-party", "force-majeure", "suspension", "misuse"} <= excused.causes


@pytest.mark.parametrize("meter", ["cloud-meter-uptime", "billing-meter-uptime"])
def test_amberflo_credits_one_per_cent_for_each_per_cent_pro_rata(policies: dict[str, Policy], meter: str) -> None:
    assert owed(policies["amberflo"], meter) == Credits(
        of="monthly platform fees",
        per_percent=Fraction(1, 100),
        whole=False,
        claim=Claim(ClaimFrom.LAST_REPORT, Notice(seconds=30 * DAY)),
    )


def test_amberflos_meters_have_outage_logs_of_their_own(policies: dict[str, Policy]) -> None:
    policy = policies["amberflo"]
    logs = [outage_logs(policy, name) for name in ("cloud-meter-uptime", "billing-meter-uptime")]
    assert all(logs)
    assert logs[0].isdisjoint(logs[1])


def outage_logs(policy: Policy, name: str) -> set[str]:
    evidence = availability(policy, name).evidence
    return {source for source in evidence if policy.sources[source].tells(Tells.OUTAGES)}


def test_interworks_excuses_six_hours_of_announced_maintenance_a_month(policies: dict[str, Policy]) -> None:
    excused = availability(policies["interworks-cloud"], "uptime").excused
    assert excused.maintenance == (
        MaintenanceRule("planned", Notice(business_days=5), at_most=6 * HOUR),
        MaintenanceRule("emergency", Notice(seconds=2 * HOUR)),
    )
    assert {"third-party", "customer", "suspension", "unauthorised-modification", "misuse", "beta"} <= excused.causes


def test_interworks_credits_in_three_steps_up_to_the_monthly_fees(policies: dict[str, Policy]) -> None:
    assert owed(policies["interworks-cloud"], "uptime") == Credits(
        of="monthly platform fees",
        tiers=(
            (Fraction(999, 1000), Fraction(10, 100)),
            (Fraction(990, 1000), Fraction(25, 100)),
            (Fraction(950, 1000), Fraction(75, 100)),
        ),
        at_most=Fraction(1),
        claim=Claim(ClaimFrom.NEXT_MONTH_END),
        paid_within=90 * DAY,
    )


def test_every_backup_of_interworks_is_kept_encrypted(policies: dict[str, Policy]) -> None:
    policy = policies["interworks-cloud"]
    backups, disks = promised(policy, Encryption)["encrypted"], promised(policy, Encryption)["live-databases-encrypted"]
    assert set(backups.evidence) == {name for name, each in policy.sources.items() if each.tells(Tells.POINTS)}
    assert isinstance(backups, Encryption)
    assert isinstance(disks, Encryption)
    assert (backups.by, disks.by) == (By.EITHER, By.STORAGE)
    assert rests_on_a_word(policy, disks)


def rests_on_a_word(policy: Policy, commitment: Commitment) -> bool:
    return {policy.sources[name].reader for name in commitment.evidence} == {READERS["attestations"]}


def test_interworks_keeps_a_copy_outside_of_azure(policies: dict[str, Policy]) -> None:
    policy = policies["interworks-cloud"]
    offsite = promised(policy, Copies)["offsite"]
    assert isinstance(offsite, Copies)
    assert (offsite.at_least, offsite.counted_outside) == (1, Where(provider=frozenset({"azure"})))
    assert {of for name in offsite.evidence for of in policy.sources[name].of} == {"platform-sql", "common-storage"}


def test_a_third_place_does_not_stand_in_for_interworks_second_region(policies: dict[str, Policy]) -> None:
    policy = policies["interworks-cloud"]
    regions, storage = promised(policy, Copies)["two-regions"], promised(policy, Copies)["two-regions-storage"]
    assert isinstance(regions, Copies)
    assert isinstance(storage, Copies)
    assert (regions.at_least, regions.different) == (2, Different.REGION)
    assert regions.counted_in == Where(provider=frozenset({"azure"}))
    counted = [policy.place(policy.sources[name].site) for name in regions.evidence]
    assert {each.region for each in counted if regions.counted_in.fits(each)} == {"westeurope", "westus"}
    assert (storage.at_least, storage.different) == (2, Different.REGION)
    assert rests_on_a_word(policy, storage)


def test_every_copy_of_cloudworkz_lies_in_europe(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    europe = promised(policy, Copies)["in-europe"]
    assert isinstance(europe, Copies)
    assert (europe.at_least, europe.all_in) == (None, Where(area=frozenset({"europe"})))
    assert set(europe.evidence) == {name for name, each in policy.sources.items() if each.tells(Tells.POINTS)}


def test_cloudworkz_replication_rests_on_a_word(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    replicated = promised(policy, Copies)["replicated-in-real-time"]
    assert isinstance(replicated, Copies)
    assert (replicated.at_least, replicated.counted_in) == (2, Where(site=frozenset({"stockholm"})))
    assert rests_on_a_word(policy, replicated)


def test_cloudworkz_excuses_planned_maintenance_of_servers_and_credits_nothing(policies: dict[str, Policy]) -> None:
    policy = policies["cloudworkz"]
    for name in ("server-uptime-day", "server-uptime-year"):
        assert availability(policy, name).excused.maintenance == (MaintenanceRule("planned"),)
    assert availability(policy, "network-uptime").excused.maintenance == ()
    assert {each.credits for each in promised(policy, Availability).values() if isinstance(each, Availability)} == {
        None
    }


def test_cloudworkz_99_9_per_cent_are_rounded_in_its_words(policies: dict[str, Policy]) -> None:
    lost = 1 - availability(policies["cloudworkz"], "server-uptime-day").at_least
    assert lost * 24 * 60 == Fraction("1.44")  # minutes; the agreement says under 1.5
    assert lost * 365 * 24 == Fraction("8.76")  # hours; the agreement says 9


def test_teamplify_excuses_scheduled_and_weekly_maintenance_outside_business_hours(policies: dict[str, Policy]) -> None:
    excused = availability(policies["teamplify"], "uptime").excused
    planned, regular = excused.maintenance
    assert planned == MaintenanceRule("planned", Notice(business_days=5), Outside.BUSINESS_HOURS)
    assert (regular.type, regular.outside, regular.leaves_service_time) == ("regular", Outside.BUSINESS_HOURS, False)
    assert regular.once_per in {None, Per.WEEK}
    assert {"customer", "force-majeure", "internet", "outside-control"} <= excused.causes


def test_teamplify_credits_ten_hours_for_every_full_hour_of_each_outage(policies: dict[str, Policy]) -> None:
    assert owed(policies["teamplify"], "uptime") == Credits(
        full_hours_times=10, each=True, claim=Claim(ClaimFrom.OUTAGE_END, Notice(business_days=5))
    )


def test_soarsilk_excuses_maintenance_without_notice_and_what_its_users_cause(policies: dict[str, Policy]) -> None:
    excused = availability(policies["soarsilk"], "uptime").excused
    assert excused.maintenance == tuple(MaintenanceRule(kind) for kind in ("planned", "regular", "emergency"))
    causes = {"misuse", "force-majeure", "customer", "customer-data", "third-party", "unsupported", "changes", "url"}
    assert causes | {"beta"} <= excused.causes


def test_soarsilk_credits_25_times_the_shortfall_up_to_the_invoice(policies: dict[str, Policy]) -> None:
    credit = owed(policies["soarsilk"], "uptime")
    assert credit == Credits(
        of="monthly fee",
        ratio=25,
        at_most=Fraction(1),
        claim=Claim(ClaimFrom.MONTH_END, Notice(seconds=15 * DAY)),
    )
    target = availability(policies["soarsilk"], "uptime").at_least
    assert credit.ratio is not None
    assert credit.ratio * 1000 * (target - Fraction("0.9925")) == 175  # the agreement's example, in dollars


def test_each_availability_rests_on_a_log_of_outages(policies: dict[str, Policy]) -> None:
    for policy in policies.values():
        for name in promised(policy, Availability):
            assert outage_logs(policy, name), (policy.service, name)


def test_what_may_shrink_is_stated_as_a_share(policies: dict[str, Policy]) -> None:
    shares = {source.max_shrink for policy in policies.values() for source in policy.sources.values()}
    assert shares == {None, Fraction(1, 2)}
