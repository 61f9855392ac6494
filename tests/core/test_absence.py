"""What looks prove about backups that nobody saw."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from oracle.profiles import thoroughly

from drcheck.core.history.absence import Absence
from drcheck.core.model.evidence import LONG_AGO, Gap, Look
from drcheck.core.model.policy import NEVER
from drcheck.core.time.spans import covers

DAY = 86400


def proved(*looks, thinned_after=None, turnovers=(), seen_every=None):
    """Return what looks prove, each an instant, (instant, asked_from) or (instant, asked_from, gap)."""
    made = []
    for look in looks:
        begin, asked, gap = (*look, None)[:3] if isinstance(look, tuple) else (look, LONG_AGO, None)
        made.append(Look("dumps", begin, begin + 5, asked, (Gap(gap),) if gap else ()))
    return Absence.proved_by(made, thinned_after, turnovers, seen_every=seen_every)


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


def seen_by(looks, newest, thinned_after, turnovers, seen_every, *, since):
    """Return when looks that all asked far enough back prove something, minute by minute in separate code.

    With ``since``, for what arrived: a single look proves as much before it as nothing is thinned. What the ``newest``
    of all looks shows is taken to be all there is for ``seen_every``.
    """
    begins = sorted({begin for begin, _ in looks})
    seen = set(begins)
    for older, newer in pairwise(begins):
        slow = thinned_after is not None or not any(older < turned <= newer for turned in turnovers)
        if slow and (thinned_after is None or newer - older <= thinned_after):
            seen |= set(range(older, newer + 1))
    for begin in begins:
        if thinned_after == NEVER:
            seen |= set(range(-100, begin + 1))
        elif since and thinned_after is not None:
            seen |= set(range(begin - thinned_after, begin + 1))
        if begin == newest and seen_every:
            seen |= set(range(begin, begin + seen_every))
    return seen


def instants(spans):
    return {t for span in spans for t in range(max(span.start, -100), span.end)}


LOOKS = st.lists(st.tuples(st.integers(0, 60), st.one_of(st.just(LONG_AGO), st.integers(-40, 50))), max_size=8)
MOVING = st.lists(st.integers(0, 60), max_size=8).map(lambda begins: [(begin, begin - 20) for begin in begins])
KEPT = st.one_of(st.none(), st.just(NEVER), st.integers(1, 20))
TURNED = st.sets(st.integers(0, 60), max_size=2)
TAKEN = st.none() | st.integers(1, 30)


@thoroughly
@given(st.one_of(LOOKS, MOVING), KEPT, TURNED, TAKEN)
def test_the_looks_that_asked_far_enough_back_prove_it_whatever_the_others_asked(
    looks, thinned_after, turnovers, seen_every
):
    absence = proved(*looks, thinned_after=thinned_after, turnovers=turnovers, seen_every=seen_every)
    asked = max((begin for begin, _ in looks), default=0), thinned_after, turnovers, seen_every
    for data in range(-45, 62):
        alone = [look for look in looks if look[1] <= data]
        stood = seen_by(alone, *asked, since=False)
        arrived = seen_by(alone, *asked, since=True)
        assert instants(absence.stood(data)) == stood
        assert instants(absence.arrived(data)) == arrived
        until = next(t for t in range(data, 100) if t not in arrived)
        assert absence.arrivals_known_until(data) == until
        assert instants(absence.none_unseen(data)) == stood | set(range(data, until))


@thoroughly
@given(st.one_of(LOOKS, MOVING), KEPT, TURNED, TAKEN, st.integers(1, 30), st.integers(-10, 30), st.integers(1, 50))
def test_what_was_younger_than_an_age_has_been_seen_second_by_second(
    looks, thinned_after, turnovers, seen_every, age, start, length
):
    absence = proved(*looks, thinned_after=thinned_after, turnovers=turnovers, seen_every=seen_every)
    asked = max((begin for begin, _ in looks), default=0), thinned_after, turnovers, seen_every
    stood = instants(absence.none_newer_stood(age, start, start + length))
    arrived = instants(absence.none_newer_arrived(age, start, start + length))
    for t in range(start - 1, start + length + 1):
        alone = [look for look in looks if look[1] <= t - age]
        came = seen_by(alone, *asked, since=True)
        within = start <= t < start + length
        young = all(instant in came for instant in range(t - age, t + 1))
        assert (t in arrived) == (within and young)
        assert (t in stood) == (within and (young or t in seen_by(alone, *asked, since=False)))


def test_an_hourly_look_costs_no_more_after_a_quarter():
    """Each look asked from another day on: what they prove differs for each age of data."""
    looks = [(hour * 3600, hour * 3600 - 30 * DAY) for hour in range(2232)]
    began = time.process_time()
    absence = proved(*looks)
    assert len(absence.none_newer_stood(DAY, 0, 92 * DAY)) == 1
    assert len(absence.none_newer_arrived(DAY, 0, 92 * DAY)) == 1
    for hour in range(2232):
        assert absence.arrivals_known_until(hour * 3600) == min(hour + 720, 2231) * 3600 + 1
    assert time.process_time() - began < 1, "many times what it takes where it is linear"
