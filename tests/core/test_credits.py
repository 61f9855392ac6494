"""What a shortfall is worth, and until when it can be claimed: the agreements' own examples, and the edges."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from uptimes import at, judge, month, outage, records, uptime

from drcheck.core import decimals
from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.availability.commitment import Claim, ClaimFrom, Credits
from drcheck.core.kinds.availability.credits import Downtime, Interruption, Shortfall, credit_of
from drcheck.core.model.commitments import Money, Notice
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.verdict import Deadline, Quantity
from drcheck.core.time.calendar import Slot

NOVEMBER = Slot(at("11-01T00:00"), at("12-01T00:00"), "2026-11")
HOUR = 3600
DAY = 86400


def share(text: str) -> Fraction:
    return Fraction(text) / 100


def shortfall(
    availability: str,
    target: str,
    *,
    interrupted: tuple[int, ...] = (HOUR,),
    outages: tuple[Interruption, ...] = (),
    period: Slot = NOVEMBER,
) -> Shortfall:
    return Shortfall(period, share(target), share(availability), tuple(map(Downtime, interrupted)), outages)


INTERWORKS = Credits(
    of="monthly platform fees",
    tiers=((share("99.9"), share("10")), (share("99.0"), share("25")), (share("95.0"), share("75"))),
    at_most=Fraction(1),
)
AMBERFLO = Credits(of="monthly platform fees", per_percent=share("1"))
TEAMPLIFY = Credits(full_hours_times=10)
SOARSILK = Credits(of="monthly fee", ratio=25, at_most=Fraction(1), fee=Money(Decimal(1000), "USD"))


# The agreements' own numbers. -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("availability", "credit"),
    [("99.899999", "10"), ("99.0", "10"), ("98.999999", "25"), ("95.0", "25"), ("94.999999", "75"), ("0", "75")],
)
def test_interworks_credits_10_25_and_75_per_cent_under_99_9_99_and_95(availability: str, credit: str):
    found = credit_of(INTERWORKS, shortfall(availability, "99.9"), Terms())
    assert found is not None
    assert (found.amount, found.of, found.capped) == (Quantity(credit, "%"), "monthly platform fees", False)


def test_amberflo_credits_5_per_cent_for_94_9_of_99_9():
    found = credit_of(AMBERFLO, shortfall("94.9", "99.9"), Terms())
    assert found is not None
    assert found.amount == Quantity("5", "%")


def test_teamplify_credits_70_hours_for_7():
    found = credit_of(TEAMPLIFY, shortfall("99.0", "99.5", interrupted=(7 * HOUR,)), Terms())
    assert found is not None
    assert found.amount == Quantity(70, "h")


def test_soarsilk_credits_175_dollars_for_99_25_of_99_95():
    found = credit_of(SOARSILK, shortfall("99.25", "99.95"), Terms())
    assert found is not None
    assert (found.amount, found.money, found.capped) == (
        Quantity("17.5", "%"),
        Money(Decimal("175.00"), "USD"),
        False,
    )


def test_soarsilk_credits_at_most_the_whole_invoice():
    found = credit_of(SOARSILK, shortfall("95.95", "99.95"), Terms())
    assert found is not None
    assert (found.amount, found.money, found.capped) == (Quantity("100", "%"), Money(Decimal("1000.00"), "USD"), False)
    found = credit_of(SOARSILK, shortfall("95", "99.95"), Terms())
    assert found is not None
    assert (found.amount, found.money, found.capped) == (Quantity("100", "%"), Money(Decimal("1000.00"), "USD"), True)


def test_the_same_numbers_come_out_of_the_logs():
    """45 minutes in October's 31 days, and an outage of 7 hours and 59 minutes."""
    october = month(uptime(owed=INTERWORKS), records(outage("10-05T00:00", "10-05T00:45")), 10)
    assert october.credit is not None
    assert october.credit.amount == Quantity("10", "%")
    long = month(uptime("99.5", owed=TEAMPLIFY), records(outage("11-05T00:00", "11-05T07:59")))
    assert long.credit is not None
    assert long.credit.amount == Quantity(70, "h")


@pytest.mark.parametrize(
    ("promised", "availability", "target", "how"),
    [
        (INTERWORKS, "99.899193", "99.9", "99.899193 % is below 99.9 %: 10 %"),
        (INTERWORKS, "96.5", "99.9", "96.5 % is below 99 %: 25 %"),
        (AMBERFLO, "94.9036739", "99.9", "94.903673 % is 4.996326 % below 99.9 %: 1 % for each 1 %"),
        (
            Credits(per_percent=share("2.5"), whole=True),
            "97.2",
            "99.9",
            "97.2 % is 2.7 % below 99.9 %: 2.5 % for each 1 %, whole per cents only",
        ),
        (SOARSILK, "99.25", "99.95", "99.25 % is 0.7 % below 99.95 %, times 25; the fee is 1000 USD"),
        (TEAMPLIFY, "99.0", "99.5", "2 + 5 = 7 full hours down, times 10"),
        (Credits(full_hours_times=10, each=False), "99.0", "99.5", "8 full hours down, times 10"),
        (
            Credits(full_hours_times=10, fee=Money(Decimal("720.50"), "EUR")),
            "99.0",
            "99.5",
            "2 + 5 = 7 full hours down, times 10, of the 720 h of 2026-11; the fee is 720.50 EUR",
        ),
    ],
)
def test_a_credit_says_how_it_follows(promised: Credits, availability: str, target: str, how: str):
    interrupted = (2 * HOUR + 1800, 1799, 5 * HOUR + 1800)
    found = credit_of(promised, shortfall(availability, target, interrupted=interrupted), Terms())
    assert found is not None
    assert found.how == how


def test_many_interruptions_are_told_as_the_sum_of_their_hours():
    found = credit_of(TEAMPLIFY, shortfall("99.0", "99.5", interrupted=(HOUR,) * 7), Terms())
    assert found is not None
    assert found.how == "7 full hours down, times 10"
    found = credit_of(TEAMPLIFY, shortfall("99.0", "99.5", interrupted=(HOUR, 60)), Terms())
    assert found is not None
    assert found.how == "1 full hour down, times 10"


# How each credit is counted. ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("whole", "credit"), [(False, "2.7"), (True, "2")])
def test_per_cents_count_pro_rata_or_whole(whole: bool, credit: str):
    promised = Credits(per_percent=share("1"), whole=whole)
    found = credit_of(promised, shortfall("97.2", "99.9"), Terms())
    assert found is not None
    assert found.amount == Quantity(credit, "%")


def test_less_than_a_whole_per_cent_owes_nothing_where_only_whole_ones_count():
    assert credit_of(Credits(per_percent=share("1"), whole=True), shortfall("99.0", "99.9"), Terms()) is None


def test_a_shortfall_above_the_highest_tier_owes_nothing():
    assert credit_of(Credits(tiers=((share("99"), share("10")),)), shortfall("99.5", "99.9"), Terms()) is None


@pytest.mark.parametrize(("each", "hours"), [(True, 20), (False, 30)])
def test_full_hours_are_counted_in_each_interruption_or_in_their_sum(each: bool, hours: int):
    promised = Credits(full_hours_times=10, each=each)
    found = credit_of(promised, shortfall("99", "99.5", interrupted=(5400, 5400)), Terms())
    assert found is not None
    assert found.amount == Quantity(hours, "h")


@pytest.mark.parametrize(
    ("start", "end", "october", "november"),
    [
        ("10-31T23:30", "11-01T00:30", 0, 10),  # an hour belongs to the month in which it is completed
        ("10-31T22:30", "11-01T00:29:59", 10, 0),
        ("10-31T21:10", "11-01T03:20", 20, 40),
        ("09-30T23:50", "11-01T00:10", 7440, 0),  # an hour of October was completed with ten minutes of September
    ],
)
def test_full_hours_are_counted_over_the_whole_outage(start: str, end: str, october: int, november: int):
    promised = uptime("99.99", owed=Credits(full_hours_times=10))
    logs = records(outage(start, end))
    for number, hours in ((10, october), (11, november)):
        found = month(promised, logs, number).credit
        assert (found.amount.value if found else 0) == hours


def test_outages_that_overlap_are_one_interruption_and_excused_parts_do_not_count():
    owed = Credits(full_hours_times=10)
    overlapping = records(outage("11-05T00:00", "11-05T02:40"), outage("11-05T02:30", "11-05T04:10", name="other"))
    found = month(uptime("99.5", owed=owed), overlapping).credit
    assert found is not None
    assert found.amount == Quantity(40, "h")
    partly = records(outage("11-05T00:00", "11-05T05:00"), outage("11-07T00:00", "11-07T03:00", "customer"))
    found = month(uptime("99.5", owed=owed, causes=("customer",)), partly).credit
    assert found is not None
    assert found.amount == Quantity(50, "h")


def test_an_hour_is_completed_with_what_an_overlapping_outage_of_the_month_before_began():
    promised = uptime("99.99", owed=Credits(full_hours_times=10))
    logs = records(outage("10-31T22:50", "10-31T23:50"), outage("10-31T23:40", "11-01T00:45", name="other"))
    for number, hours in ((10, 10), (11, 0)):  # 115 minutes: the one full hour was completed at 23:50
        found = month(promised, logs, number).credit
        assert (found.amount.value if found else 0) == hours


def test_hours_cost_the_fee_over_the_hours_of_the_period():
    promised = Credits(full_hours_times=10, fee=Money(Decimal(720), "EUR"))
    found = credit_of(promised, shortfall("99", "99.5", interrupted=(7 * HOUR,)), Terms())
    assert found is not None
    assert found.money == Money(Decimal("70.00"), "EUR")  # November has 720 hours


def test_a_ceiling_cuts_hours_as_it_cuts_money():
    promised = Credits(full_hours_times=10, at_most=share("50"), fee=Money(Decimal(720), "EUR"))
    found = credit_of(promised, shortfall("90", "99.5", interrupted=(72 * HOUR,)), Terms())
    assert found is not None
    assert (found.amount, found.money, found.capped) == (Quantity(360, "h"), Money(Decimal("360.00"), "EUR"), True)


def test_money_is_rounded_half_up_from_the_exact_value():
    promised = Credits(ratio=1, fee=Money(Decimal("1.005"), "EUR"))
    found = credit_of(promised, shortfall("0", "100"), Terms())
    assert found is not None
    assert found.money == Money(Decimal("1.01"), "EUR")
    third = credit_of(Credits(per_percent=Fraction(1, 300)), shortfall("98.9", "99.9"), Terms())
    assert third is not None
    assert third.amount == Quantity("0.333333", "%")


def test_a_credit_is_only_told_where_the_breach_is_certain():
    logs = records(watched=(("10-01T00:00", "11-10T00:00"), ("11-10T02:00", "12-10T00:00")))
    assert month(uptime(owed=INTERWORKS), logs).credit is None
    assert month(uptime(owed=INTERWORKS), records()).credit is None


def test_percentages_are_cut_and_never_reach_a_target_that_was_missed():
    assert decimals.cut(Fraction(44595, 44640)) == "99.899193"
    assert decimals.cut(Fraction(999_999_999, 1_000_000_000)) == "99.999999"
    assert decimals.cut(Fraction(-1, 3000)) == "-0.033334"
    assert decimals.cut(Fraction(1)) == "100"
    assert decimals.percent_as_written(Fraction("0.9999999999")) == "99.99999999"
    assert decimals.percent_as_written(Fraction(2, 3)) == "66.666666"
    assert decimals.number(Fraction(1, 3)) == "0.333333"


# Until when it can be claimed. ----------------------------------------------------------------------------------------

STOCKHOLM = Terms(zone=ZoneInfo("Europe/Stockholm"))
OCTOBER = Slot(at("09-30T22:00"), at("10-31T23:00"), "2026-10")
CLAIMS = [
    (Claim(ClaimFrom.PERIOD_END), "10-31T23:00"),
    (Claim(ClaimFrom.MONTH_END, Notice(seconds=15 * DAY)), "11-15T23:00"),
    (Claim(ClaimFrom.PERIOD_END, Notice(seconds=36 * HOUR)), "11-02T11:00"),
    (Claim(ClaimFrom.NEXT_MONTH_END), "11-30T23:00"),
    (Claim(ClaimFrom.NEXT_MONTH_END, Notice(seconds=DAY)), "12-01T23:00"),
    # The month ends with Saturday the 31st: Monday to Friday follow.
    (Claim(ClaimFrom.MONTH_END, Notice(business_days=5)), "11-06T23:00"),
]


@pytest.mark.parametrize(("claim", "until"), CLAIMS)
def test_a_period_can_be_claimed_until_a_local_midnight(claim: Claim, until: str):
    promised = Credits(ratio=1, claim=claim)
    found = credit_of(promised, shortfall("99", "99.9", period=OCTOBER), STOCKHOLM)
    assert found is not None
    assert found.claims == (Deadline("2026-10", at(until)),)


def test_business_days_of_a_claim_begin_with_the_first_day_after_the_period():
    """November 2026 ends with a Monday: 1, 2, 3, 4 and 7 December."""
    promised = Credits(ratio=1, claim=Claim(ClaimFrom.MONTH_END, Notice(business_days=5)))
    found = credit_of(promised, shortfall("99", "99.9"), Terms())
    assert found is not None
    assert found.claims == (Deadline("2026-11", at("12-08T00:00")),)


def test_a_quarter_is_claimed_from_the_end_of_its_last_month():
    quarter = Slot(at("07-01T00:00"), at("10-01T00:00"), "2026-Q3")
    for after, until in ((ClaimFrom.MONTH_END, "10-01T00:00"), (ClaimFrom.NEXT_MONTH_END, "11-01T00:00")):
        found = credit_of(Credits(ratio=1, claim=Claim(after)), shortfall("99", "99.9", period=quarter), Terms())
        assert found is not None
        assert found.claims == (Deadline("2026-Q3", at(until)),)


def test_each_outage_that_is_over_has_its_own_deadline_after_its_end():
    """Teamplify: five business days (Monday to Friday but 1 January and 25 December) after the interruption's end."""
    claim = Claim(ClaimFrom.OUTAGE_END, Notice(business_days=5))
    terms = Terms(business=BusinessCalendar(also=frozenset({(1, 1), (12, 25)})))
    logs = records(
        outage("12-18T08:00", "12-18T10:00", name="on a Friday"),
        outage("12-21T08:00", "12-21T12:00", name="on a Monday"),
        outage("12-22T00:00", "12-22T03:00", "customer", name="not ours"),
        outage("12-23T00:00", None, name="still open"),
        known="12-23T04:00",
        watched=(("12-01T00:00", "12-23T04:00"),),
    )
    commitment = uptime("99.5", owed=Credits(full_hours_times=10, claim=claim), causes=("customer",))
    (figures,) = judge(commitment, logs, "12-01T00:00", "12-23T04:00", terms).periods
    assert figures.credit is not None
    assert figures.credit.claims == (
        Deadline("on a Friday", at("2026-12-29T00:00")),  # 21, 22, 23, 24 and 28 December
        Deadline("on a Monday", at("2026-12-30T00:00")),
    )


def test_days_from_an_outages_end_are_counted_by_the_clocks():
    claim = Claim(ClaimFrom.LAST_REPORT, Notice(seconds=30 * DAY))
    outages = (Interruption("first", at("10-02T08:00")), Interruption("last", at("10-20T08:00")))
    promised = Credits(per_percent=share("1"), claim=claim)
    found = credit_of(promised, shortfall("94.9", "99.9", outages=outages, period=OCTOBER), STOCKHOLM)
    assert found is not None
    assert found.claims == (Deadline("2026-10", at("11-19T09:00")),)  # 10:00 in summer, 10:00 in winter


def test_while_the_last_outage_is_open_no_time_runs_from_its_end():
    outages = (Interruption("first", at("10-02T08:00")), Interruption("last", None))
    promised = Credits(per_percent=share("1"), claim=Claim(ClaimFrom.LAST_REPORT, Notice(seconds=30 * DAY)))
    found = credit_of(promised, shortfall("94.9", "99.9", outages=outages), Terms())
    assert found is not None
    assert found.claims == ()


def test_a_year_counts_the_fee_of_one_month():
    year = Slot(at("01-01T00:00"), at("2027-01-01T00:00"), "2026")
    promised = Credits(ratio=1, fee=Money(Decimal(1000), "EUR"))
    found = credit_of(promised, shortfall("99", "100", period=year), Terms())
    assert found is not None
    assert found.money == Money(Decimal("10.00"), "EUR")
