"""Commitments about copies, encryption, locks, checks and availability become the values of the core."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from drcheck.core.kinds.availability.commitment import (
    Availability,
    Claim,
    ClaimFrom,
    Credits,
    Excuses,
    Formula,
    MaintenanceRule,
)
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import LockMode, Money, Notice, Outside, Rung
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.slots import Per

from .places import SOURCES, load, messages, policy

HOUR, DAY = 3600, 86400


def built(tmp_path, text, *, before=SOURCES):
    """Return the one commitment of a policy."""
    loaded = load(tmp_path, policy(f"a: {text}\n", before=before))
    assert messages(tmp_path, loaded) == []
    (commitment,) = loaded.policies[0].commitments
    return commitment


def credits_of(tmp_path, text):
    told = f"{{kind: availability, at_least: 99.9%, per: month, credits: {text}, evidence: [outages]}}"
    return built(tmp_path, told).credits


def test_a_site_tells_its_media_and_what_is_part_of_it_has_it_too(tmp_path):
    before = SOURCES.replace("here: {}", "here: {media: tape}")
    loaded = load(tmp_path, policy("a: {kind: encryption, evidence: [dumps]}\n", before=before))
    assert loaded.policies[0].sites["here"].media == "tape"
    assert loaded.policies[0].place("rack").of(Different.MEDIA) == "tape"


def test_copies_have_their_defaults(tmp_path):
    copies = built(tmp_path, "{kind: copies, at_least: 2, evidence: [dumps, near]}")
    assert isinstance(copies, Copies)
    assert (copies.at_least, copies.different, copies.within, copies.per, copies.matching) == (
        2, None, DAY, Per.DAY, 600,
    )  # fmt: skip
    assert (copies.counted_outside, copies.counted_in, copies.all_in) == (None, None, None)


def test_a_choice_of_places_takes_one_value_or_a_list(tmp_path):
    copies = built(
        tmp_path,
        "{kind: copies, at_least: 2, different: media, counted_outside: {site: [here, there], account: main}, "
        "counted_in: {provider: azure, region: [north, west]}, all_in: {area: [europe]}, within: 2h, per: hour, "
        "matching: 1m, evidence: [dumps, near]}",
    )
    assert copies.different is Different.MEDIA
    assert copies.counted_outside == Where(site=frozenset({"here", "there"}), account=frozenset({"main"}))
    assert copies.counted_in == Where(provider=frozenset({"azure"}), region=frozenset({"north", "west"}))
    assert copies.all_in == Where(area=frozenset({"europe"}))
    assert (copies.within, copies.per, copies.matching) == (2 * HOUR, Per.HOUR, 60)


def test_encryption_is_by_either_unless_it_says_by_whom(tmp_path):
    assert built(tmp_path, "{kind: encryption, evidence: [dumps]}").by is By.EITHER
    encryption = built(tmp_path, "{kind: encryption, by: client, evidence: [dumps]}")
    assert isinstance(encryption, Encryption)
    assert encryption.by is By.CLIENT


def test_any_lock_counts_unless_compliance_is_asked(tmp_path):
    assert built(tmp_path, "{kind: immutability, at_least: 14d, evidence: [dumps]}").mode is LockMode.ANY
    lock = built(tmp_path, "{kind: immutability, at_least: 2w, mode: compliance, evidence: [dumps]}")
    assert isinstance(lock, Immutability)
    assert (lock.at_least, lock.mode) == (14 * DAY, LockMode.COMPLIANCE)


def test_a_check_lapses_only_where_every_is_named(tmp_path):
    check = built(tmp_path, "{kind: integrity, level: data_checked, evidence: [dumps, drills]}")
    assert isinstance(check, Integrity)
    assert (check.level, check.every) == (Rung.DATA_CHECKED, None)
    assert built(tmp_path, "{kind: integrity, level: listed, every: 30d, evidence: [dumps]}").every == 30 * DAY


def test_availability_has_its_defaults(tmp_path):
    availability = built(tmp_path, "{kind: availability, at_least: 99.9%, per: quarter, evidence: [outages]}")
    assert isinstance(availability, Availability)
    assert (availability.at_least, availability.per) == (Fraction(999, 1000), Per.QUARTER)
    assert (availability.total_only, availability.formula) == (False, Formula.OF_TOTAL)
    assert (availability.excused, availability.credits, availability.fresh_within) == (Excuses(), None, DAY)


def test_excused_maintenance_keeps_the_order_of_its_rules(tmp_path):
    availability = built(
        tmp_path,
        "{kind: availability, at_least: 99.5%, per: year, outage: total, formula: of_service_time, fresh_within: 2d, "
        "excused: {maintenance: [{type: planned, notice: 5 business days, outside: business_hours, at_most: 6h}, "
        "{type: regular, notice: 48h, leaves_service_time: false, once_per: week}], causes: [customer, beta]}, "
        "evidence: [outages, maintenance]}",
    )
    assert (availability.total_only, availability.formula, availability.fresh_within) == (
        True, Formula.OF_SERVICE_TIME, 2 * DAY,
    )  # fmt: skip
    assert availability.excused == Excuses(
        maintenance=(
            MaintenanceRule("planned", Notice(business_days=5), Outside.BUSINESS_HOURS, 6 * HOUR),
            MaintenanceRule("regular", Notice(seconds=2 * DAY), leaves_service_time=False, once_per=Per.WEEK),
        ),
        causes=frozenset({"customer", "beta"}),
    )


def test_credits_in_tiers(tmp_path):
    assert credits_of(
        tmp_path,
        "{of: monthly fees, tiers: [{below: 99.9%, credit: 10%}, {below: 95%, credit: 75%}], at_most: 100%, "
        "claim: {after: next_month_end}, paid_within: 90d, fee: 249.90 EUR}",
    ) == Credits(
        of="monthly fees",
        tiers=((Fraction(999, 1000), Fraction(1, 10)), (Fraction(95, 100), Fraction(3, 4))),
        at_most=Fraction(1),
        claim=Claim(ClaimFrom.NEXT_MONTH_END),
        paid_within=90 * DAY,
        fee=Money(Decimal("249.90"), "EUR"),
    )


def test_credits_per_per_cent_are_exact_unless_whole_ones_are_asked(tmp_path):
    claim = Claim(ClaimFrom.LAST_REPORT, Notice(seconds=30 * DAY))
    text = "{of: fees, per_percent: 1%, claim: {within: 30d, after: last_report}}"
    assert credits_of(tmp_path, text) == Credits(of="fees", per_percent=Fraction(1, 100), claim=claim)
    assert credits_of(tmp_path, "{per_percent: 1%, count: exact}").whole is False
    assert credits_of(tmp_path, "{per_percent: 1%, count: whole}").whole is True


def test_full_hours_are_counted_in_each_outage_unless_their_sum_is_asked(tmp_path):
    text = "{of: each, full_hours_times: 10, claim: {within: 5 business days, after: outage_end}}"
    claim = Claim(ClaimFrom.OUTAGE_END, Notice(business_days=5))
    assert credits_of(tmp_path, text) == Credits(full_hours_times=10, each=True, claim=claim)
    assert credits_of(tmp_path, "{full_hours_times: 10}").each is True
    assert credits_of(tmp_path, "{of: sum, full_hours_times: 10}").each is False


def test_credits_as_a_ratio_of_the_shortfall(tmp_path):
    assert credits_of(tmp_path, "{of: monthly fee, ratio: 25, at_most: 100%, fee: 1000 USD}") == Credits(
        of="monthly fee", ratio=25, at_most=Fraction(1), fee=Money(Decimal(1000), "USD")
    )
