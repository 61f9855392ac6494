"""Each of the five agreements is a policy without a fault, and holds what the agreement promises, and nothing else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from lab.processes import REPOSITORY

from drcheck.core.policy import (
    Commitment,
    CountsFrom,
    Frequency,
    Kind,
    Notice,
    Outside,
    Per,
    Policy,
    RestoreTest,
    Retention,
    Rpo,
    Rto,
    Until,
)
from drcheck.policyfile.load import load_policies

POLICIES = REPOSITORY / "policies"
HOUR, DAY = 3600, 86400


def load(*paths: Path) -> dict[str, Policy]:
    loaded = load_policies([str(path) for path in paths], None)
    assert loaded.faults == ()
    return {policy.service: policy for policy in loaded.policies}


@pytest.fixture(scope="module")
def policies() -> dict[str, Policy]:
    return load(POLICIES)


def promised(policy: Policy, kind: type[Commitment] | Kind) -> dict[str, Commitment]:
    fits = (lambda each: each.kind is kind) if isinstance(kind, Kind) else (lambda each: isinstance(each, kind))
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
        assert kinds | set(policy.silent_on) == set(Kind), policy.service
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
    assert {each.kind for each in policies[service].commitments} == {Kind.AVAILABILITY}


def test_amberflos_two_meters_are_judged_apart(policies: dict[str, Policy]) -> None:
    assert set(promised(policies["amberflo"], Kind.AVAILABILITY)) == {"cloud-meter-uptime", "billing-meter-uptime"}


def test_interworks_promises_daily_backups_and_no_objective_of_recovery(policies: dict[str, Policy]) -> None:
    policy = policies["interworks-cloud"]
    daily = promised(policy, Frequency)
    assert {(each.per, each.at_least, policy.timezone) for each in daily.values()} == {(Per.DAY, 1, "UTC")}
    assert {of for each in daily.values() for name in each.evidence for of in policy.sources[name].of} == {
        "platform-sql",
        "common-storage",
    }
    assert {Kind.RPO, Kind.RTO, Kind.RETENTION} <= set(policy.silent_on)


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
    ("service", "target"),
    [
        ("amberflo", "99.9%"),
        ("cloudworkz", "99.9%"),
        ("interworks-cloud", "99.9%"),
        ("soarsilk", "99.95%"),
        ("teamplify", "99.5%"),
    ],
)
def test_the_policy_names_the_agreements_availability(policies: dict[str, Policy], service: str, target: str) -> None:
    policy = policies[service]
    named = {line.split()[1] for line in policy.text.splitlines() if line.startswith("    at_least: 9")}
    assert named == {target}
    assert promised(policy, Kind.AVAILABILITY)


def test_what_may_shrink_is_stated_as_a_share(policies: dict[str, Policy]) -> None:
    shares = {source.max_shrink for policy in policies.values() for source in policy.sources.values()}
    assert shares == {None, Fraction(1, 2)}
