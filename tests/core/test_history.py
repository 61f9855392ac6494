"""What looks, one after the other, come to."""

from __future__ import annotations

import itertools
from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history.difference import difference
from drcheck.core.history.sealed_stretches import Index, NewestData, Sealed, hashed
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Candidate, Described, Fact, FactValue, Gap, Look, Pieces
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Identical, Source
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
SOURCE = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), thinned_after=NEVER)
ALLOWED = msgspec.structs.replace(SOURCE, identical_dumps=Identical.ALLOWED)
REFUSED = msgspec.structs.replace(SOURCE, identical_dumps=Identical.REFUSED)
DAILY = msgspec.structs.replace(SOURCE, thinned_after=None)


def candidate(name, data, *, arrived=None, latest=None, size=100, checksum="", complete=True):
    arrived = data if arrived is None else arrived
    latest = arrived if latest is None else latest
    return Candidate(name, "db", "", data, data, arrived, latest, size, checksum, complete)


def seen(*looks, source=SOURCE):
    """Return a history after looks, each (begin, candidates) or (begin, candidates, asked_from, gap)."""
    history = History()
    for begin, candidates, *more in looks:
        asked, gap = more if len(more) == 2 else (*more, None) if more else (LONG_AGO, None)
        gaps = (Gap(gap),) if gap else ()
        observation = Observation(Look(source.name, begin, begin, asked, gaps), tuple(candidates))
        history.apply(difference(history, observation))
    return history


def points(history, source=SOURCE):
    return parts_of(history, source, clock_tolerance=300)["db"].points


def both(history, source=SOURCE):
    """Return the columns as what is alike is read as one, and otherwise, with why nobody knows which holds."""
    part = parts_of(history, source, clock_tolerance=300)["db"]
    assert part.otherwise is not None
    return part.points, part.otherwise.points, part.alike


def test_what_a_complete_look_misses_went_between_the_two_looks():
    found = points(seen((100, [candidate("a", 10)]), (200, [])))
    assert (found.gone_lo[0], found.gone_hi[0]) == (101, 200)


def test_a_clock_that_was_set_back_turns_no_pair_round():
    found = points(seen((200, [candidate("a", 10)]), (100, [])))
    assert (found.gone_lo[0], found.gone_hi[0]) == (10, 201)
    found = points(seen((90, [candidate("a", 10)]), (200, [candidate("a", 10)]), (100, [])))
    assert (found.gone_lo[0], found.gone_hi[0]) == (91, 201)


def test_a_look_that_a_clock_ahead_of_time_dated_proves_nothing_of_that_time():
    history = seen((100, []), (900, []), (200, []), (300, [], LONG_AGO, "denied"))
    absence = parts_of(history, DAILY, clock_tolerance=300)["db"].absence
    assert [begin for begin, _ in absence.complete] == [100, 200]


def test_one_look_of_a_clock_that_was_behind_takes_no_other_its_proof():
    history = seen((100, []), (200, []), (5, []), (300, []))
    absence = parts_of(history, DAILY, clock_tolerance=300)["db"].absence
    assert [begin for begin, _ in absence.complete] == [100, 200, 300]


def test_what_a_look_of_a_clock_ahead_of_time_did_not_show_arrived_when_it_says():
    night = [candidate("b", 150)]
    found = points(seen((100, []), (900, []), (200, night)))
    assert (found.available_lo[0], found.available_hi[0]) == (150, 150)
    late = points(seen((100, []), (900, []), (200, [candidate("b", 50)])))
    assert (late.available_lo[0], late.available_hi[0]) == (100, 200)


def test_since_a_clock_was_set_back_what_looks_do_not_show_is_not_known_to_stand():
    history = seen((1000, [candidate("a", 990)]), (995, [], LONG_AGO, "denied"))
    parts = parts_of(history, SOURCE, clock_tolerance=300, until=996)
    assert parts["db"].points.gone_lo[0] == 995


def test_since_the_newest_look_that_showed_it_nobody_knows_whether_a_backup_stands():
    one, two = candidate("a", 10), candidate("b", 20)
    found = points(seen((100, [one, two]), (200, [one], LONG_AGO, "page 2 failed"), (300, [], LONG_AGO, "denied")))
    assert list(zip(found.gone_lo, found.gone_hi, strict=True)) == [(201, FOREVER), (101, FOREVER)]


def test_what_the_newest_look_showed_stands_as_far_as_the_question_goes():
    parts = parts_of(seen((100, [candidate("a", 10)])), SOURCE, clock_tolerance=300, until=101)
    assert (parts["db"].points.gone_lo[0], parts["db"].points.exact) == (FOREVER, True)


def test_a_complete_look_says_nothing_of_what_is_older_than_it_asked_for():
    found = points(seen((100, [candidate("a", 10)]), (200, [], 50), (300, [], 50)))
    assert (found.gone_lo[0], found.gone_hi[0]) == (101, FOREVER)


def test_only_what_lies_in_the_range_asked_can_be_missed():
    found = points(seen((100, [candidate("a", 10), candidate("b", 90)]), (200, [], 50)))
    assert list(found.gone_hi) == [FOREVER, 200]


def test_a_touch_does_not_renew_a_recovery_point():
    before, after = candidate("a", 10, arrived=20), candidate("a", 10, arrived=5000)
    found = points(seen((100, [before]), (6000, [after])))
    assert len(found) == 1
    assert found.available_hi[0] == 20


def test_other_content_under_the_same_name_is_another_recovery_point():
    before, after = candidate("a", 10, checksum="x"), candidate("a", 140, arrived=150, checksum="y")
    found = points(seen((100, [before]), (200, [after])))
    assert len(found) == 2
    assert list(zip(found.gone_lo, found.gone_hi, strict=True)) == [(101, 150), (201, FOREVER)]


def test_a_name_that_two_complete_looks_in_a_row_show_overwritten_held_the_old_content_or_newer_until_then():
    before, after = candidate("a", 10, checksum="x"), candidate("a", 140, arrived=150, checksum="y")
    assert points(seen((100, [before]), (200, [after]))).held_until == {0: 140}
    failed = (150, [], LONG_AGO, "denied")
    assert points(seen((100, [before]), failed, (200, [after]))).held_until == {0: 140}
    assert points(seen((100, [before]), (200, [after], LONG_AGO, "page 2 failed"))).held_until == {}


def test_only_a_complete_look_that_showed_the_old_content_is_in_a_row_with_the_one_that_shows_the_new():
    other, old, new = candidate("b", 1), candidate("a", 110, checksum="x"), candidate("a", 240, checksum="y")
    partial = (150, [other, old], LONG_AGO, "page 2 failed")
    assert points(seen((100, [other]), partial, (300, [other, new]))).held_until == {}
    again = candidate("a", 240, checksum="x")
    assert points(seen((200, [old]), (300, [again], LONG_AGO, "page 2 failed")), ALLOWED).held_until == {}


def test_rotated_names_leave_each_backup_where_it_is():
    nights = [candidate("db.0", night, checksum=f"of {night}") for night in (50, 150, 250)]
    second = [nights[1], nights[0]._replace(name="db.1")]
    third = [nights[2], nights[1]._replace(name="db.1"), nights[0]._replace(name="db.2")]
    found = points(seen((100, [nights[0]]), (200, second), (300, third)))
    assert list(zip(found.name, found.available_hi, found.gone_hi, strict=True)) == [
        ("db.2", 50, FOREVER),
        ("db.1", 150, FOREVER),
        ("db.0", 250, FOREVER),
    ]


def test_a_day_that_was_written_twice_stood_throughout():
    before, after = candidate("a", 10, checksum="x"), candidate("a", 10, arrived=150, checksum="y")
    looks = (100, [before._replace(data_hi=900)]), (200, [after._replace(data_hi=900)])
    found = points(seen(*looks))
    assert (found.gone_lo[0], found.gone_hi[0]) == (150, 150)


def test_old_content_that_is_put_back_under_a_fixed_name_does_not_renew_the_data():
    old, other, back = (candidate("a", data, checksum=of) for data, of in ((50, "x"), (150, "y"), (250, "x")))
    for looks in (((100, [old]), (200, []), (300, [back])), ((100, [old]), (200, [other]), (300, [back]))):
        as_one, apart, why = both(seen(*looks))
        assert list(as_one.data_lo).count(50) == 2
        assert max(apart.data_lo) == 250
        assert "same content as it had" in why


@pytest.mark.parametrize("checksum", ["x", ""])
def test_a_touch_brings_no_arrival_back_that_a_look_disproved(checksum):
    late = candidate("a", 50, arrived=60, checksum=checksum)
    found = points(seen((100, []), (200, [late]), (300, [candidate("a", 50, arrived=55, checksum=checksum)])))
    assert (found.available_lo[0], found.available_hi[0]) == (100, 200)


@pytest.mark.parametrize("touched", [(55, 55), (60, 350)])
def test_a_touch_brings_no_arrival_back_from_before_the_marker_came(touched):
    late, (arrived, latest) = candidate("a", 50, arrived=60), touched
    unmarked, again = late._replace(complete=False), candidate("a", 50, arrived=arrived, latest=latest)
    found = points(seen((0, []), (100, [unmarked]), (200, [unmarked]), (300, [late]), (400, [again])))
    assert (found.available_lo[0], found.available_hi[0]) == (200, 300)


def test_what_was_touched_and_then_written_anew_arrived_when_it_was_first_written():
    first, touched = candidate("a", 50, arrived=60, checksum="x"), candidate("a", 150, arrived=160, checksum="x")
    _, apart, _ = both(seen((100, [first]), (200, [touched]), (300, [candidate("a", 250)])))
    arrived = list(zip(apart.data_lo, apart.available_lo, apart.available_hi, strict=True))
    assert arrived == [(50, 60, 60), (250, 250, 250)]


def test_content_is_dated_anew_by_an_instant_that_may_be_later_and_by_no_other():
    first = candidate("a", 10, arrived=50, checksum="x")._replace(data_hi=20)
    for lo, hi, renews in ((10, 20, False), (5, 20, False), (10, 21, True), (11, 20, True), (5, 21, True)):
        again = candidate("b", lo, arrived=60, checksum="x")._replace(data_hi=hi)
        found = points(seen((100, [first, again]), source=ALLOWED), REFUSED)
        assert list(found.second_of.values()) == (["a"] if renews else []), (lo, hi)


def test_a_marker_that_comes_to_data_that_may_be_new_leaves_its_instant_open():
    without = candidate("a", 50, complete=False)
    as_one, apart, _ = both(seen((100, [without]), (200, [candidate("a", 150)])))
    assert (list(as_one.data_lo), list(as_one.counted())) == ([50], [0])
    assert (list(apart.data_lo), list(apart.counted())) == ([50, 150], [1])


def test_what_was_overwritten_by_data_of_the_same_instant_stood_throughout():
    before, after = candidate("a", 10, checksum="x"), candidate("a", 10, arrived=150, checksum="y")
    found = points(seen((100, [before]), (200, [after])))
    assert list(zip(found.available_hi, found.gone_lo, found.gone_hi, strict=True)) == [
        (10, 150, 150),
        (150, 201, FOREVER),
    ]


def test_a_stub_of_the_same_instant_does_not_let_what_it_overwrote_stand():
    before, after = candidate("a", 10, checksum="x"), candidate("a", 10, arrived=150, checksum="y", size=0)
    found = points(seen((100, [before]), (200, [after])), msgspec.structs.replace(SOURCE, min_size=1))
    assert (found.gone_lo[0], found.gone_hi[0]) == (101, 150)


def in_parts(labels, *, arrived, complete=True):
    files = b"".join(label.encode().rjust(4) for label in labels)
    return candidate("a-{part}", 10, arrived=arrived, size=100 * len(labels), complete=complete)._replace(
        pieces=Pieces(files, wanted=0 if complete and len(labels) < 3 else 3, parts=len(labels))
    )


def test_what_a_look_found_in_part_did_not_stand_throughout_though_it_is_whole_again():
    whole = in_parts(["aa", "ab", "ac"], arrived=20)
    looks = (100, [whole]), (200, [in_parts(["aa", "ac"], arrived=20, complete=False)]), (300, [whole])
    found = points(seen(*looks))
    assert list(zip(found.available_lo, found.available_hi, found.gone_lo, found.gone_hi, strict=True)) == [
        (20, 20, 101, 200),
        (200, 300, 301, FOREVER),
    ]


def test_what_is_in_parts_arrived_with_its_last_part_though_a_look_found_the_others_long_before():
    before, after = in_parts(["aa", "ab"], arrived=20), in_parts(["aa", "ab", "ac"], arrived=150)
    found = points(
        seen((100, [before]), (200, [before]), (300, [after._replace(pieces=after.pieces._replace(wanted=0))]))
    )
    assert list(zip(found.available_lo, found.available_hi, found.gone_hi, strict=True)) == [(200, 300, FOREVER)]


def test_a_part_that_went_and_came_again_does_not_make_what_stood_before_arrive_later():
    whole, rest = (in_parts(["aa", "ab"][:number], arrived=20) for number in (2, 1))
    found = points(seen((100, [whole]), (200, [rest]), (300, [whole])))
    assert list(found.available_hi) == [20]
    assert [one.during.start for one in found.doubts[0] if one.made] == [101]


def test_a_part_more_than_the_policy_asks_for_renews_nothing():
    before, after = in_parts(["aa", "ab", "ac"], arrived=20), in_parts(["aa", "ab", "ac", "ad"], arrived=150)
    assert list(points(seen((100, [before]), (200, [after]))).available_hi) == [20]


def test_a_renamed_backup_is_one_point_that_stood_throughout():
    before, after = candidate("a", 10, checksum="x"), candidate("b", 10, arrived=150, checksum="x")
    found = points(seen((100, [before]), (200, [after])))
    assert (list(found.name), list(found.available_hi), list(found.gone_lo)) == (["b"], [10], [201])
    assert list(found.counted()) == [0]


def test_only_the_same_content_of_the_same_instant_was_renamed():
    other_data, other_content = candidate("b", 11, checksum="x"), candidate("b", 10, checksum="y")
    for after in (other_data, other_content, candidate("b", 10)):
        found = points(seen((100, [candidate("a", 10, checksum="x")]), (200, [after])))
        assert list(found.name) == ["a", "b"]


def test_a_second_name_of_the_same_content_and_instant_is_no_re_dated_copy():
    one, two = candidate("a", 10, checksum="x"), candidate("b", 10, checksum="x")
    found = points(seen((100, [one, two]), (200, [two])))
    assert list(found.counted()) == [0, 1]


def test_the_same_content_under_a_new_name_is_the_old_data_or_new_until_the_policy_says_which():
    history = seen((100, [candidate("a", 10, checksum="x"), candidate("b", 90, arrived=95, checksum="x")]))
    as_one, apart, why = both(history)
    assert list(zip(as_one.name, as_one.data_lo, as_one.available_hi, strict=True)) == [("a", 10, 10), ("b", 10, 95)]
    assert list(apart.data_lo) == [10, 90]
    assert why == (
        "b at dumps has the same content as a: either the data did not change, or an old backup was given a new date; "
        "identical_dumps on dumps would settle it"
    )
    for source, expected in ((REFUSED, as_one), (ALLOWED, apart)):
        part = parts_of(history, source, clock_tolerance=300)["db"]
        assert (part.points, part.otherwise) == (expected, None)


def test_what_claims_data_newer_than_its_own_arrival_dates_no_other_backup():
    wrong, right = candidate("a", 5000, arrived=10, checksum="x"), candidate("b", 40, checksum="x")
    assert list(points(seen((100, [wrong, right])), REFUSED).data_lo) == [40, 5000]


def test_a_backup_of_older_data_than_what_came_first_with_its_content_claims_nothing_new():
    first, second = candidate("b", 50, arrived=60, checksum="x"), candidate("a", 20, arrived=70, checksum="x")
    assert list(points(seen((100, [first, second])), REFUSED).data_lo) == [20, 50]


def test_pieces_that_agree_make_doubt_and_pieces_that_differ_other_content():
    def taken(name, pieces, data):
        return candidate(name, data), Described(name, Fact.PIECES, FactValue(True, pieces))

    def after(*looks):
        history = History()
        for begin, *those in looks:
            seen_then, told = zip(*those, strict=True)
            history.apply(difference(history, Observation(Look("dumps", begin, begin), seen_then, described=told)))
        return history

    alike = after((100, taken("a", "p", 10), taken("b", "p", 90)))
    as_one, apart, why = both(alike)
    assert (list(as_one.data_lo), list(apart.data_lo)) == ([10, 10], [10, 90])
    assert "seems, by pieces of it, to have the same content as a" in why
    assert list(points(alike, REFUSED).data_lo) == [10, 10]
    unlike = after((100, taken("a", "p", 10), taken("b", "q", 90)))
    assert parts_of(unlike, SOURCE, clock_tolerance=300)["db"].otherwise is None

    rewritten = after((100, taken("a", "p", 10)), (200, taken("a", "p", 150)))
    as_one, apart, why = both(rewritten)
    assert (list(as_one.data_lo), list(apart.data_lo)) == ([10], [10, 150])
    assert "its size and pieces of it" in why
    assert parts_of(rewritten, REFUSED, clock_tolerance=300)["db"].otherwise is None
    other = after((100, taken("a", "p", 10)), (200, taken("a", "q", 150)))
    assert list(points(other).data_lo) == [10, 150]
    assert parts_of(other, SOURCE, clock_tolerance=300)["db"].otherwise is None


def test_pieces_never_make_a_new_name_the_old_one():
    history = History()
    for begin, name in ((100, "a"), (200, "b")):
        told = (Described(name, Fact.PIECES, FactValue(True, "p")),)
        history.apply(
            difference(history, Observation(Look("dumps", begin, begin), (candidate(name, 10),), described=told))
        )
    assert list(points(history).name) == ["a", "b"]


def test_a_digest_is_a_checksum_like_the_storages():
    history = History()
    for begin, name in ((100, "a"), (200, "b")):
        told = (Described(name, Fact.DIGEST, FactValue(True, "sha256:x")),)
        history.apply(
            difference(history, Observation(Look("dumps", begin, begin), (candidate(name, 10),), described=told))
        )
    assert (list(points(history).name), list(points(history).checksum)) == (["b"], ["sha256:x"])


def test_contents_of_which_only_the_sizes_are_known_stay_in_doubt_where_identical_dumps_are_refused():
    history = seen((100, [candidate("a", 50)]), (200, [candidate("a", 150)]))
    as_one, apart, why = both(history, REFUSED)
    assert (list(as_one.data_lo), list(apart.data_lo)) == ([50], [50, 150])
    assert "a checksum beside it would settle it" in why
    assert "identical_dumps" not in why


def test_of_writings_only_those_of_which_the_content_may_be_new_are_read_apart():
    nights = [candidate("a", data, checksum=of) for data, of in ((50, "x"), (150, "x"), (250, ""))]
    as_one, apart, _ = both(seen(*((night.data_lo + 50, [night]) for night in nights)))
    assert list(as_one.data_lo) == [50]
    assert list(zip(apart.data_lo, apart.available_hi, apart.gone_hi, strict=True)) == [
        (50, 50, 250),
        (250, 250, FOREVER),
    ]


def test_arrival_that_the_place_cannot_tell_is_bounded_by_the_first_look_that_showed_it():
    found = points(seen((100, []), (200, [candidate("a", 10, arrived=20, latest=FOREVER)])))
    assert (found.available_lo[0], found.available_hi[0]) == (100, 200)


def test_what_a_complete_look_did_not_show_had_not_arrived_by_then_whatever_its_time_says():
    found = points(seen((100, []), (200, [candidate("a", 10, arrived=20)])))
    assert (found.available_lo[0], found.available_hi[0]) == (100, 200)


def test_what_went_and_came_back_was_away_in_between():
    one = candidate("a", 10)
    found = points(seen((100, [one]), (200, []), (300, [one])))
    assert list(zip(found.available_lo, found.gone_hi, strict=True)) == [(10, 200), (200, FOREVER)]


def test_a_file_of_a_fixed_name_and_size_may_hold_new_data_or_old():
    before, after = candidate("a", 50, arrived=50), candidate("a", 150, arrived=150)
    as_one, apart, why = both(seen((100, [before]), (200, [after])))
    assert list(zip(as_one.data_lo, as_one.available_hi, as_one.gone_hi, strict=True)) == [(50, 50, FOREVER)]
    assert list(zip(apart.data_lo, apart.available_hi, apart.gone_hi, strict=True)) == [
        (50, 50, 150),
        (150, 150, FOREVER),
    ]
    assert "is alike by its size" in why


def test_each_rewriting_of_data_that_did_not_change_is_a_point_where_identical_dumps_are_allowed():
    for checksum in ("x", ""):
        nights = [candidate("a", 50, checksum=checksum), candidate("a", 150, checksum=checksum)]
        history = seen((100, [nights[0]]), (200, [nights[1]]))
        found = points(history, ALLOWED)
        assert list(found.data_lo) == [50, 150]
        assert list(zip(found.available_hi, found.gone_hi, strict=True)) == [(50, 150), (150, FOREVER)]
        assert found.held_until == {0: 150}
    assert list(points(history).data_lo) == [50]


def test_a_place_that_turns_over_faster_than_it_is_looked_at_proves_no_absence_between_looks():
    hourly = [[candidate(f"n{n}", n, size=1 + n) for n in range(begin - 50, begin, 10)] for begin in (100, 200)]
    absence = parts_of(seen((100, hourly[0]), (200, hourly[1])), DAILY, clock_tolerance=300)["db"].absence
    assert absence.turnovers == (200,)
    assert absence.arrivals_known_until(100) == 101


def test_a_look_that_failed_in_between_hides_no_turnover():
    nights = [candidate("latest", night, size=1 + night) for night in (95, 190, 195)]
    partial = (191, [nights[1]], LONG_AGO, "page 2 failed")
    history = seen((100, [nights[0]]), partial, (200, [nights[2]]))
    assert parts_of(history, DAILY, clock_tolerance=300)["db"].absence.turnovers == (200,)
    assert seen((100, [nights[0]]), partial, (200, [nights[1]])).turnovers[("db", False)] == [200]


def test_content_that_is_written_anew_turns_over_where_identical_dumps_are_allowed():
    hourly = [candidate("latest", hour, checksum="x") for hour in (95, 195)]
    history = seen((100, [hourly[0]]), (200, [hourly[1]]))
    allowed = msgspec.structs.replace(DAILY, identical_dumps=Identical.ALLOWED)
    assert parts_of(history, allowed, clock_tolerance=300)["db"].absence.turnovers == (200,)
    assert parts_of(history, DAILY, clock_tolerance=300)["db"].absence.turnovers == ()


def test_a_backup_that_is_moved_each_night_does_not_turn_over():
    first, second = candidate("new/1", 50, checksum="x"), candidate("new/2", 150, checksum="y")
    history = seen((100, [first]), (200, [first._replace(name="old/1"), second]))
    assert parts_of(history, DAILY, clock_tolerance=300)["db"].absence.turnovers == ()


def test_a_place_that_was_emptied_does_not_turn_over():
    absence = parts_of(seen((100, [candidate("a", 50)]), (200, [])), DAILY, clock_tolerance=300)["db"].absence
    assert absence.arrivals_known_until(100) == 201


def test_what_stood_as_long_as_looks_are_apart_does_not_turn_over():
    looks = (100, [candidate("a", 0)]), (200, [candidate("b", 150, size=2)])
    absence = parts_of(seen(*looks), DAILY, clock_tolerance=300)["db"].absence
    assert absence.arrivals_known_until(100) == 201


def test_a_name_that_is_overwritten_each_night_turns_over_where_looks_are_as_rare():
    looks = [(night + 50, [candidate("latest", night, size=1 + night)]) for night in (100, 200)]
    assert parts_of(seen(*looks), DAILY, clock_tolerance=300)["db"].absence.turnovers == (250,)


def test_a_time_set_back_on_a_fixed_name_disqualifies_nothing():
    before, after = candidate("a", 100, arrived=100), candidate("a", 50, arrived=50)
    as_one, apart, _ = both(seen((150, [before]), (200, [after])))
    assert list(as_one.counted()) == [0]
    assert list(apart.data_lo) == [50, 100]
    assert list(apart.counted()) == [0, 1]


def test_a_candidate_counts_from_its_marker_on():
    without = candidate("a", 10, complete=False)
    found = points(seen((100, [without]), (200, [candidate("a", 10, arrived=150)])))
    assert list(found.counted()) == [0]
    assert found.available_lo[0] == 150


def test_a_candidate_whose_marker_went_counts_no_more():
    found = points(seen((100, [candidate("a", 10)]), (200, [candidate("a", 10, complete=False)])))
    assert [row for row in found.counted() if found.gone_hi[row] == FOREVER] == []


def test_what_is_older_than_the_question_is_left_out_but_not_the_newest():
    history = seen((100 * DAY, [candidate(f"n{n}", n * DAY, size=1 + n) for n in range(30)]))
    asked = parts_of(history, SOURCE, clock_tolerance=300, since=25 * DAY)["db"].points
    stopped = parts_of(history, SOURCE, clock_tolerance=300, since=90 * DAY)["db"].points
    assert [points.data_lo[0] // DAY for points in (asked, stopped)] == [19, 19]
    assert len(parts_of(history, SOURCE, clock_tolerance=300)["db"].points) == 30


def test_a_name_that_is_dated_in_the_future_hides_no_backup_that_came_last():
    shown = [candidate("last", 10 * DAY), candidate("future", 4000 * DAY, arrived=300 * DAY)]
    history = seen((310 * DAY, shown))
    found = parts_of(history, SOURCE, clock_tolerance=300, since=300 * DAY, until=311 * DAY)["db"].points
    assert found.name == ("last", "future")
    assert list(found.counted()) == [0]


def test_what_does_not_count_hides_no_backup_that_came_last():
    shown = [candidate(f"n{n}", n * DAY, complete=n < 20) for n in range(300)]
    for until in (300 * DAY, 200 * DAY, 15 * DAY):
        found = parts_of(seen((301 * DAY, shown)), SOURCE, clock_tolerance=300, since=until - DAY, until=until)["db"]
        assert max(found.points.data_lo[row] for row in found.points.counted()) == min(until, 20 * DAY) - DAY
    never = parts_of(seen((301 * DAY, shown[20:])), SOURCE, clock_tolerance=300, since=299 * DAY)["db"].points
    assert (len(never), list(never.counted())) == (280, [])


def test_the_content_of_an_old_backup_under_a_new_name_is_that_one_however_old_it_is():
    old, new = candidate("old", DAY, checksum="x"), candidate("new", 90 * DAY, checksum="x")
    found = parts_of(seen((100 * DAY, [old, new])), REFUSED, clock_tolerance=300, since=80 * DAY)["db"].points
    assert list(found.data_lo) == [DAY, DAY]


@given(st.permutations(range(4)), st.integers(0, 3))
def test_neither_order_nor_repetition_within_a_look_changes_anything(order, twice):
    candidates = [candidate(f"n{n}", n * HOUR, size=100 + n) for n in range(4)]
    shuffled = [candidates[n] for n in order] + [candidates[twice]]
    assert points(seen((90_000, shuffled))) == points(seen((90_000, candidates)))


@given(st.lists(st.sets(st.integers(0, 5)), max_size=6))
def test_records_rebuild_the_history_that_they_came_from(shown):
    live, records = History(), []
    for begin, names in zip(itertools.count(100_000, HOUR), shown, strict=False):
        observation = Observation(
            Look("dumps", begin, begin), tuple(candidate(f"n{n}", n * HOUR, size=1 + n) for n in names)
        )
        record = difference(live, observation)
        live.apply(record)
        records.append(record)
    assert points(History.of(records)) == points(live)


def described(*looks):
    """Return a history after looks, each (begin, candidates, what was told of the first one's facts)."""
    history = History()
    for begin, candidates, told in looks:
        facts = tuple(Described(candidates[0].name, fact, its) for fact, its in told.items())
        observation = Observation(Look("dumps", begin, begin), tuple(candidates), described=facts)
        history.apply(difference(history, observation))
    return history


def test_what_was_told_of_a_backup_is_kept_with_when():
    one, no, yes = candidate("a", 10), FactValue(False), FactValue(True, "governance", 5000)
    history = described((100, [one], {Fact.LOCK: no}), (200, [one], {Fact.LOCK: no}), (300, [one], {Fact.LOCK: yes}))
    assert points(history).facts == {(0, Fact.LOCK): [(100, no), (300, yes)]}


def test_a_fact_that_did_not_change_takes_no_place_in_the_record():
    one, yes = candidate("a", 10), FactValue(True, "AES256")
    history = described((100, [one], {Fact.STORAGE_ENCRYPTION: yes}))
    again = Observation(Look("dumps", 200, 200), (one,), described=(Described("a", Fact.STORAGE_ENCRYPTION, yes),))
    assert difference(history, again).described == ()


def test_what_could_not_be_told_again_leaves_what_was_told():
    one, yes, denied = candidate("a", 10), FactValue(True, "AES256"), FactValue(None, "denied")
    fact = Fact.STORAGE_ENCRYPTION
    history = described((100, [one], {fact: denied}), (200, [one], {fact: yes}), (300, [one], {fact: denied}))
    assert points(history).facts == {(0, fact): [(200, yes)]}


def test_other_content_under_the_same_name_has_told_nothing_yet():
    yes = FactValue(True, "AES256")
    before, after = candidate("a", 10, checksum="x"), candidate("a", 10, arrived=150, checksum="y")
    history = described((100, [before], {Fact.STORAGE_ENCRYPTION: yes}), (200, [after], {}))
    assert set(points(history).facts) == {(0, Fact.STORAGE_ENCRYPTION)}
    assert history.settled(locked_for=0)["a"].facts == {}


def test_only_what_cannot_change_is_settled():
    one = candidate("a", 10)
    told = {
        Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256"),
        Fact.CLIENT_ENCRYPTION: FactValue(None, "denied"),
        Fact.LOCK: FactValue(True, "governance", 10 + 30 * DAY),
        Fact.CHECKSUM: FactValue(True, "sha256", 100),
    }
    settled = described((100, [one], told)).settled(locked_for=14 * DAY)
    # What nobody could tell is known to have been asked.
    of_content = (Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION)
    assert settled["a"] == (one, {fact: told[fact] for fact in of_content})


def test_a_lock_that_may_be_lifted_is_settled_once_its_backup_need_not_be_locked_any_more():
    history = described((100, [candidate("a", 10)], {Fact.LOCK: FactValue(True, "governance", 10 + 30 * DAY)}))
    arrived = points(history).available_hi[0]
    assert history.settled(locked_for=14 * DAY, at=arrived + 14 * DAY - 1)["a"].facts == {}
    assert Fact.LOCK in history.settled(locked_for=14 * DAY, at=arrived + 14 * DAY)["a"].facts


def test_a_compliance_lock_is_settled_once_it_lasts_as_long_as_anybody_asks():
    came = 400 * DAY
    locked = {Fact.LOCK: FactValue(True, "compliance", came + 14 * DAY)}
    history = described((came + 90, [candidate("a", came)], locked))
    assert Fact.LOCK in history.settled(locked_for=14 * DAY)["a"].facts
    assert history.settled(locked_for=15 * DAY)["a"].facts == {}


def test_a_fact_that_could_not_be_asked_hides_nothing_of_what_lies_there():
    history = History()
    gap = Gap("HeadObject is refused", "Allow it.", fact=Fact.LOCK)
    history.apply(difference(history, Observation(Look("dumps", 100, 100, gaps=(gap,)), (candidate("a", 10),))))
    part = parts_of(history, SOURCE, clock_tolerance=300)["db"]
    assert (part.gap, part.unasked, part.absence.last) == ("", {Fact.LOCK: "HeadObject is refused"}, 100)


def looked(history, begin, candidates, *, told=None, refused=None):
    """Add a look that told facts of its candidates by name, or was refused one fact."""
    facts = tuple(Described(name, fact, its) for name, those in (told or {}).items() for fact, its in those.items())
    gaps = (Gap("locks are refused", fact=refused),) if refused else ()
    history.apply(difference(history, Observation(Look("dumps", begin, begin, gaps=gaps), candidates, described=facts)))


def test_a_lock_that_somebody_may_lift_is_known_only_as_long_as_looks_find_it():
    one, two, firm = candidate("a", 10), candidate("b", 20), candidate("c", 30)
    governed, compliant = FactValue(True, "governance", 9999), FactValue(True, "compliance", 9999)
    history = History()
    told = {"a": {Fact.LOCK: governed}, "b": {Fact.LOCK: governed}, "c": {Fact.LOCK: compliant}}
    looked(history, 100, [one, two, firm], told=told)
    looked(history, 200, [one, two, firm], told={"a": {Fact.LOCK: governed}}, refused=Fact.LOCK)
    looked(history, 300, [one, two, firm], told={"b": {Fact.LOCK: governed}})
    facts = points(history).facts
    assert facts[0, Fact.LOCK] == [(100, governed)]
    assert facts[1, Fact.LOCK] == [(100, governed), (200, FactValue(None, "locks are refused")), (300, governed)]
    assert facts[2, Fact.LOCK] == [(100, compliant)]


def test_a_refusal_does_not_end_what_is_known_to_be_unlocked_or_encrypted():
    one, none, aes = candidate("a", 10), FactValue(False), FactValue(True, "AES256")
    history = History()
    looked(history, 100, [one], told={"a": {Fact.LOCK: none, Fact.STORAGE_ENCRYPTION: aes}})
    looked(history, 200, [one], told={"a": {Fact.LOCK: FactValue(None, "denied")}}, refused=Fact.STORAGE_ENCRYPTION)
    assert points(history).facts == {(0, Fact.LOCK): [(100, none)], (0, Fact.STORAGE_ENCRYPTION): [(100, aes)]}


def test_a_hold_that_cannot_be_seen_any_more_is_in_doubt():
    one = candidate("a", 10)
    history = History()
    looked(history, 100, [one], told={"a": {Fact.LEGAL_HOLD: FactValue(True)}})
    looked(history, 200, [one], told={"a": {Fact.LEGAL_HOLD: FactValue(None, "denied")}})
    assert points(history).facts[0, Fact.LEGAL_HOLD] == [(100, FactValue(True)), (200, FactValue(None, "denied"))]


def test_a_lock_that_was_lifted_between_two_looks_is_in_doubt_from_the_last_that_saw_it():
    one, governed = candidate("a", 10), FactValue(True, "governance", 9999)
    history = History()
    for begin, told in ((100, governed), (200, governed), (300, FactValue(False))):
        looked(history, begin, [one], told={"a": {Fact.LOCK: told}})
    steps = points(history).facts[0, Fact.LOCK]
    assert [(begin, told.holds) for begin, told in steps] == [(100, True), (201, None), (300, False)]


def test_a_lock_that_was_lengthened_was_there_in_between():
    one = candidate("a", 10)
    history = History()
    for begin, until in ((100, 5000), (200, 9999)):
        looked(history, begin, [one], told={"a": {Fact.LOCK: FactValue(True, "governance", until)}})
    assert [told.holds for _, told in points(history).facts[0, Fact.LOCK]] == [True, True]


def test_what_was_written_anew_has_to_be_asked_again_for_its_encryption():
    before, after, age = candidate("a", 10), candidate("a", 10, arrived=150), FactValue(True, "age")
    history = History()
    looked(history, 100, [before], told={"a": {Fact.CLIENT_ENCRYPTION: age}})
    looked(history, 200, [after], refused=Fact.CLIENT_ENCRYPTION)
    steps = points(history).facts[0, Fact.CLIENT_ENCRYPTION]
    assert [(begin, told.holds) for begin, told in steps] == [(100, True), (200, None)]
    looked(history, 300, [after], told={"a": {Fact.CLIENT_ENCRYPTION: age}})
    assert points(history).facts[0, Fact.CLIENT_ENCRYPTION][-1] == (300, age)


def test_a_touch_that_is_asked_again_at_once_leaves_no_doubt():
    before, after, age = candidate("a", 10), candidate("a", 10, arrived=150), FactValue(True, "age")
    history = History()
    for begin, one in ((100, before), (200, after)):
        looked(history, begin, [one], told={"a": {Fact.CLIENT_ENCRYPTION: age}})
    assert points(history).facts[0, Fact.CLIENT_ENCRYPTION] == [(100, age)]


def test_a_backup_that_failed_its_checksum_is_told_however_old_it_is():
    rotten = FactValue(False, "sha256 differs", 100)
    history = History()
    looked(history, 40 * DAY, [candidate("a", 10), candidate("b", 20)], told={"a": {Fact.CHECKSUM: rotten}})
    looked(history, 41 * DAY, [candidate("a", 10), candidate("b", 20), candidate("c", 41 * DAY - 5)])
    part = parts_of(history, SOURCE, clock_tolerance=300, since=41 * DAY - 10)["db"]
    assert list(part.points.name) == ["a", "c"]
    assert history.broken_since() == 10


def test_what_is_broken_is_looked_at_from_the_oldest_of_it_on():
    history, differs = History(), FactValue(False, "md5 differs from the one kept beside it", 100)
    rows = tuple(candidate(name, data) for name, data in (("a", 30), ("b", 10), ("c", 20)))
    told = tuple(Described(name, Fact.CHECKSUM, differs) for name in ("a", "b"))
    history.apply(difference(history, Observation(Look("dumps", 100, 100), rows, described=told)))
    assert history.broken_since() == 10


def test_a_stretch_is_read_for_a_name_only_where_one_in_that_order_or_with_that_hash_may_stand():
    asked = []

    def index():
        asked.append(True)
        return Index(array("Q", [hashed("b1")]), array("Q"))

    loose = Sealed({"db": NewestData(names=("b", "d"), in_order=False)})
    assert not loose.may_hold(["a", "e"], index)
    assert not asked
    assert loose.may_hold(["a", "b1"], index)
    assert not loose.may_hold(["c"], index)
    in_order = Sealed({"db": NewestData(names=("b", "d"))})
    assert [in_order.may_hold([name], index) for name in ("a", "b", "c", "d", "e")] == [False, True, True, True, False]
    assert not Sealed({"db": NewestData()}).may_hold(["b"], index)
