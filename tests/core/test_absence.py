"""What looks prove about backups that nobody saw."""

from __future__ import annotations

from drcheck.core.absence import Absence
from drcheck.core.evidence import LONG_AGO, Gap, Look
from drcheck.core.policy import NEVER
from drcheck.core.spans import covers

DAY = 86400


def proved(*looks, thinned_after=None):
    """Return what looks prove, each an instant, (instant, asked_from) or (instant, asked_from, gap)."""
    made = []
    for look in looks:
        begin, asked, gap = (*look, None)[:3] if isinstance(look, tuple) else (look, LONG_AGO, None)
        made.append(Look("dumps", begin, begin + 5, asked, (Gap(gap),) if gap else ()))
    return Absence.proved_by(made, thinned_after)


def test_nothing_is_proved_by_no_look():
    absence = proved()
    assert absence.first is None
    assert absence.none_newer_stood(DAY, 0, 10 * DAY) == ()


def test_one_look_proves_what_stood_at_its_begin_and_no_more():
    absence = proved(DAY)
    assert absence.none_newer_stood(3600, 0, 10 * DAY) == ((DAY, DAY + 1),)
    assert not absence.arrivals_known_until(DAY - 60) >= DAY


def test_two_complete_looks_in_a_row_prove_the_span_between_them():
    assert proved(DAY, 2 * DAY).none_newer_stood(3600, 0, 10 * DAY) == ((DAY, 2 * DAY + 1),)


def test_a_gap_between_two_complete_looks_is_healed_by_the_later_one():
    assert proved(DAY, (DAY + 100, LONG_AGO, "denied"), 2 * DAY).arrivals_known_until(DAY) >= 2 * DAY


def test_looks_further_apart_than_what_may_have_been_thinned_leave_a_hole():
    absence = proved(DAY, 3 * DAY, thinned_after=DAY)
    assert not absence.arrivals_known_until(DAY) >= 3 * DAY
    assert absence.arrivals_known_until(2 * DAY) >= 3 * DAY


def test_where_nothing_is_ever_thinned_one_look_proves_all_of_the_past():
    absence = proved(5 * DAY, thinned_after=NEVER)
    assert absence.arrivals_known_until(-DAY) >= 5 * DAY
    assert covers(absence.none_newer_stood(DAY, 0, 10 * DAY), 0, 5 * DAY)


def test_a_look_proves_nothing_about_data_older_than_it_asked_for():
    absence = proved((5 * DAY, 3 * DAY), thinned_after=NEVER)
    assert absence.arrivals_known_until(3 * DAY) >= 5 * DAY
    assert not absence.arrivals_known_until(3 * DAY - 1) >= 5 * DAY


def test_a_narrow_look_does_not_part_two_wide_ones():
    absence = proved(DAY, (2 * DAY, 2 * DAY), 3 * DAY)
    assert absence.arrivals_known_until(DAY) >= 3 * DAY


def test_young_arrivals_all_seen_prove_what_young_data_stood():
    absence = proved(10 * DAY, thinned_after=5 * DAY)
    assert absence.none_newer_stood(DAY, 0, 20 * DAY) == ((6 * DAY, 10 * DAY + 1),)
