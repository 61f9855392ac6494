"""Which candidates count, at the edges of each rule."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from drcheck.core.evaluation.exposure import rejected
from drcheck.core.evaluation.inputs import Subject
from drcheck.core.history.absence import Absence
from drcheck.core.history.difference import difference
from drcheck.core.history.part import Part
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import FOREVER, LONG_AGO, ZEROS, Candidate, Described, Fact, FactValue, Look, Pieces
from drcheck.core.model.log_records import Check, Log, Recovery
from drcheck.core.model.observation import Observation
from drcheck.core.model.points import Doubt
from drcheck.core.model.policy import Source
from drcheck.core.rules import failed_checks as rules_of_checks
from drcheck.core.time.spans import Span
from drcheck.registry import READERS

DAY = 86400
TOLERANCE = 300
SOURCE = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), min_size=10, max_shrink=Fraction(1, 2))


UNSTATED = Source("dumps", "host", "dumps/", READERS["objects"], ("db",))


def seen(*candidates, begin=100 * DAY, source=SOURCE):
    """Return the columns of the candidates that one look showed."""
    history = History()
    history.apply(difference(history, Observation(Look("dumps", begin, begin), candidates)))
    return parts_of(history, source, clock_tolerance=TOLERANCE)["db"].points


def why_not(*candidates, begin=100 * DAY, source=SOURCE):
    """Return name to reason for the candidates that one look showed and that do not count."""
    points = seen(*candidates, begin=begin, source=source)
    return {points.name[row]: reason for row, reason in points.why_not.items()}


def in_doubt(*candidates, source=UNSTATED):
    """Return name to reason for the candidates that one look showed and of which nobody knows whether they count."""
    points = seen(*candidates, source=source)
    return {points.name[row]: doubts[0].why for row, doubts in points.doubts.items() if row not in points.why_not}


def candidate(day, *, size=100, arrived=None, checksum="", kind="", complete=True, data=None, name="", pieces=None):
    data = day * DAY if data is None else data
    arrived = data if arrived is None else arrived
    return Candidate(name or f"d{day}", "db", kind, data, data, arrived, arrived, size, checksum, complete, pieces)


@pytest.mark.parametrize(("size", "counts"), [(0, False), (9, False), (10, True), (11, True)])
def test_a_candidate_is_at_least_of_the_smallest_size(size, counts):
    assert (why_not(candidate(1, size=size)) == {}) is counts


def test_a_candidate_may_be_smaller_by_as_much_as_the_source_allows():
    source = msgspec.structs.replace(UNSTATED, max_shrink=Fraction(7, 10))
    before = [candidate(day) for day in (1, 2, 3)]
    assert why_not(*before, candidate(4, size=30), source=source) == {}
    assert "it shrank by 71 %" in why_not(*before, candidate(4, size=29), source=source)["d4"]


def test_an_empty_candidate_never_counts_even_where_no_size_is_stated():
    assert "too small" in why_not(candidate(1, size=0), source=msgspec.structs.replace(SOURCE, min_size=1))["d1"]


@pytest.mark.parametrize(("ahead", "counts"), [(TOLERANCE - 1, True), (TOLERANCE, True), (TOLERANCE + 1, False)])
def test_data_may_be_newer_than_its_arrival_only_within_the_tolerance(ahead, counts):
    assert (why_not(candidate(1, arrived=DAY - ahead)) == {}) is counts


@pytest.mark.parametrize(("ahead", "counts"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_a_candidate_dated_in_the_future_does_not_count(ahead, counts):
    begin = 100 * DAY
    one = candidate(1, data=begin + ahead, arrived=begin + ahead)
    assert (why_not(one, begin=begin) == {}) is counts


@pytest.mark.parametrize(("size", "counts"), [(50, True), (49, False)])
def test_a_candidate_that_shrank_by_more_than_allowed_does_not_count(size, counts):
    usual = [candidate(day) for day in range(3)]
    assert (why_not(*usual, candidate(3, size=size)) == {}) is counts


def test_with_fewer_than_three_before_it_nothing_is_said_about_a_size():
    assert why_not(candidate(0), candidate(1), candidate(2, size=10)) == {}


def test_shrunk_candidates_do_not_lower_the_median_that_the_next_is_compared_with():
    usual = [candidate(day) for day in range(3)]
    stubs = [candidate(day, size=20 + day) for day in range(3, 30)]
    assert len(why_not(*usual, *stubs)) == len(stubs)


def test_only_the_ten_before_it_count_for_the_median():
    grown = [candidate(day, size=100) for day in range(5)] + [candidate(day, size=1000 + day) for day in range(5, 16)]
    assert list(why_not(*grown, candidate(16, size=400))) == ["d16"]


def test_sizes_are_compared_within_a_kind():
    full = [candidate(day, kind="full") for day in range(5)]
    assert why_not(*full, candidate(5, size=10, kind="incremental")) == {}


def test_sizes_start_afresh_where_the_policy_says_so():
    usual = [candidate(day) for day in range(5)]
    source = msgspec.structs.replace(SOURCE, new_size_from=5 * DAY)
    assert why_not(*usual, candidate(5, size=20), candidate(6, size=21), source=source) == {}


def test_size_alone_proves_nothing_across_names():
    assert why_not(candidate(1), candidate(2)) == {}


def test_what_lacks_its_marker_is_told_the_marker():
    source = msgspec.structs.replace(SOURCE, complete_when="{name}.sha256")
    assert "no d1.sha256 stands beside it" in why_not(candidate(1, complete=False), source=source)["d1"]


# Plausible by default. -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "doubted"), [(100, False), (99, True), (1, True)])
def test_less_than_a_tenth_of_the_usual_size_is_in_doubt_where_no_size_is_stated(size, doubted):
    usual = [candidate(day, size=1000) for day in range(3)]
    assert ("d3" in in_doubt(*usual, candidate(3, size=size))) is doubted
    assert why_not(*usual, candidate(3, size=size), source=UNSTATED) == {}


def test_the_doubt_names_both_sizes_and_the_lines_that_would_settle_it():
    usual = [candidate(day, size=40_000) for day in range(12)]
    reason = in_doubt(*usual, candidate(12, size=300))["d12"]
    assert "300 B" in reason
    assert "39.1 KiB of the 10 before it" in reason
    assert "`max_shrink: none`" in reason


def test_with_fewer_than_three_before_it_no_size_is_in_doubt():
    assert in_doubt(candidate(0, size=1000), candidate(1, size=1000), candidate(2, size=1)) == {}


def test_what_is_in_doubt_enters_no_median():
    usual = [candidate(day, size=1000) for day in range(3)]
    stubs = [candidate(day, size=20 + day) for day in range(3, 30)]
    assert len(in_doubt(*usual, *stubs)) == len(stubs)


@pytest.mark.parametrize("kind", ["", "full", "snapshot"])
def test_what_holds_all_of_the_data_is_held_against_the_sizes_before_it(kind):
    usual = [candidate(day, size=1000, kind=kind) for day in range(3)]
    assert list(in_doubt(*usual, candidate(3, size=20, kind=kind))) == ["d3"]


@pytest.mark.parametrize("kind", ["differential", "incremental", "log"])
def test_a_change_may_be_of_any_size(kind):
    usual = [candidate(day, size=1000, kind=kind) for day in range(3)]
    assert in_doubt(*usual, candidate(3, size=20, kind=kind)) == {}


def test_names_that_tell_no_kind_are_of_the_kind_that_the_source_states():
    usual = [candidate(day, size=1000) for day in range(3)]
    assert in_doubt(*usual, candidate(3, size=20), source=msgspec.structs.replace(UNSTATED, kind="log")) == {}


@pytest.mark.parametrize(
    "stated",
    [{"max_shrink": Fraction(1)}, {"min_size": 1}, {"new_size_from": 3 * DAY}],
)
def test_a_stated_size_silences_the_doubt(stated):
    usual = [candidate(day, size=1000) for day in range(3)]
    assert in_doubt(*usual, candidate(3, size=20), source=msgspec.structs.replace(UNSTATED, **stated)) == {}


@pytest.mark.parametrize(
    "name",
    [
        "a.gz",
        "a.sql.gz",
        "a.tar",
        "a.TGZ",
        "a.zip.gpg",
        "x/a.7z",
        "a.7z.001",
        "a.sql.zst.age",
        "a.dump.xz",
        "a.tar.bz2",
    ],
)
def test_a_compressed_file_or_archive_of_less_than_128_bytes_is_in_doubt(name):
    assert "`min_size: 1 kB`" in in_doubt(candidate(1, size=127, name=name))[name]
    assert in_doubt(candidate(1, size=128, name=name)) == {}


@pytest.mark.parametrize("name", ["a", "a.sql", "a.dump", "tar", "a.zip/b", "gz.sql"])
def test_what_is_not_packed_by_its_name_may_be_small(name):
    assert in_doubt(candidate(1, size=20, name=name)) == {}


@pytest.mark.parametrize(
    ("stated", "doubted"),
    [({"max_shrink": Fraction(1)}, False), ({"min_size": 1}, False), ({"max_shrink": Fraction(1, 2)}, True),
     ({"new_size_from": 0}, True)],
)  # fmt: skip
def test_a_tiny_archive_is_in_doubt_unless_its_size_is_stated(stated, doubted):
    source = msgspec.structs.replace(UNSTATED, **stated)
    assert (in_doubt(candidate(1, size=20, name="a.gz"), source=source) != {}) is doubted


@pytest.mark.parametrize(
    ("name", "doubted"), [("a.dump.enc", True), ("a.sql.GPG", True), ("a.age", True), ("a.dump", False)]
)
def test_a_header_of_what_is_encrypted_and_nothing_else_is_in_doubt(name, doubted):
    assert (in_doubt(candidate(1, size=16, name=name), source=UNSTATED) != {}) is doubted


def test_a_tiny_archive_does_not_lower_the_median_that_others_are_held_against():
    source = msgspec.structs.replace(UNSTATED, max_shrink=Fraction(1, 2))
    tiny = [candidate(day, size=20, name=f"a{day}.gz") for day in range(9)]
    usual = [candidate(day, size=1000) for day in range(9, 12)]
    assert list(why_not(*tiny, *usual, candidate(12, size=400), source=source)) == ["d12"]


def broken(points, *, finished, name="d1"):
    """Return whether a failed check of ``name`` says anything of the points."""
    return bool(checked(points, (False, finished), name=name))


def checked(points, *checks, name="d1"):
    """Return row to whether it surely does not count at last, after checks that passed or failed at an instant."""
    told = tuple(
        Check("c", line, Rung.RESTORED, passed, at, frozenset(), "", "dumps", name)
        for line, (passed, at) in enumerate(checks, 1)
    )
    doubts = rules_of_checks.apply(points, {"drills": Log(checks=told, known_until=FOREVER - 1)}).doubts
    last = {row: [one for one in those if one.during.end == FOREVER] for row, those in doubts.items()}
    return {row: any(one.certain for one in those) for row, those in last.items() if those}


def test_a_check_that_began_before_the_copy_arrived_is_of_it_if_its_data_was_there():
    # The marker came once it had been tested, or the clocks differ by a little.
    points = seen(candidate(1, arrived=DAY + 600))
    assert broken(points, finished=DAY + 700)
    assert broken(points, finished=DAY + 300)
    assert not broken(points, finished=DAY - 300)


def rewritten(*shown):
    """Return the points of a name that each look, a day after the one before, showed with one of these contents."""
    history = History()
    for day, candidates in enumerate(shown, 2):
        history.apply(difference(history, Observation(Look("dumps", day * DAY, day * DAY), candidates)))
    return parts_of(history, SOURCE, clock_tolerance=TOLERANCE)["db"].points


def test_a_check_of_a_name_that_was_gone_is_of_what_came_under_it_next():
    points = rewritten([candidate(1)], [], [], [candidate(5, arrived=5 * DAY - 600, name="d1", size=101)])
    assert checked(points, (False, 5 * DAY - 900)) == {0: True}
    points = rewritten([candidate(1)], [], [], [candidate(4, arrived=4 * DAY + 600, name="d1", size=101)])
    assert checked(points, (False, 4 * DAY + 300)) == {1: True}


def test_a_failed_check_while_its_name_was_written_anew_may_be_of_either_content():
    points = rewritten([candidate(1)], [candidate(2, arrived=3 * DAY - 600, name="d1", size=101)])
    during = 3 * DAY - 600
    test = Recovery(
        "t", 1, during - 900, during + 900, "failed", point_source="dumps", point_name="d1", data_wrong=True
    )
    doubts = rules_of_checks.apply(points, {"drills": Log(recoveries=(test,), known_until=FOREVER - 1)}).doubts
    assert set(doubts) == {0, 1}
    assert not any(one.certain for those in doubts.values() for one in those)


def test_a_passed_check_that_may_be_of_another_content_ends_no_failure():
    points = rewritten([candidate(1)], [candidate(1, arrived=DAY + 600, name="d1", size=101)])
    assert checked(points, (False, 2 * DAY - 60), (True, 2 * DAY + 7200)) == {0: True}
    assert checked(points, (False, 3 * DAY + 60), (True, 4 * DAY)) == {}


def pieces(*names):
    return Pieces(b"".join(name.encode().rjust(4) for name in names), parts=len(names))


def test_what_does_not_count_and_what_may_not_is_shown_beside_a_verdict_newest_first():
    points = seen(candidate(1), candidate(2), candidate(3), candidate(4, size=0), candidate(5))
    past = Doubt("it was not whole then", Span(2 * DAY, 3 * DAY))
    points = points.doubting({0: [Doubt("it may be cut short")], 1: [past], 2: [Doubt("it is broken", certain=True)]})
    its = Subject("db", (Part(points, Absence((), None)),))
    shown = [(one.name, bool(one.why_not), bool(one.in_doubt)) for one in rejected(its, DAY)]
    assert shown == [("d4", True, False), ("d3", True, False), ("d1", False, True)]
    assert [one.name for one in rejected(its, 4 * DAY)] == ["d4"]


def test_what_was_found_broken_since_counts_as_it_did_only_where_that_is_asked():
    since, later = Span(2 * DAY, FOREVER), Span(3 * DAY, FOREVER)
    doubts = (Doubt("a file of it is gone", since, certain=True, made=True), Doubt("it may be copied", later))
    points = seen(candidate(1)).doubting({0: doubts})
    arrived = points.available_hi[0]
    assert points.counts(0, surely=True) == (Span(LONG_AGO, 2 * DAY),)
    assert points.counts(0, surely=True, as_made=True) == (Span(LONG_AGO, 3 * DAY),)
    assert points.there(0, surely=True, until_gone=False) == (Span(arrived, 2 * DAY),)
    assert points.there(0, surely=True, until_gone=False, as_made=True) == (Span(arrived, 3 * DAY),)
    assert points.there(0, surely=False, until_gone=False, as_made=True) == (Span(arrived, FOREVER),)


@pytest.mark.parametrize(
    ("before", "doubted"),
    [((), False), ((1,), False), ((2,), True), ((1, 2), False), ((2, 2), True), ((1, 2, 2), True), ((1, 1, 3), False)],
)
def test_fewer_parts_than_half_of_those_before_had_are_in_doubt_unless_the_last_is_smaller(before, doubted):
    labels = ("aa", "ab", "ac")
    usual = [
        candidate(day, name=f"d{day}.{{part}}", pieces=pieces(*labels[:parts])) for day, parts in enumerate(before)
    ]
    for full in (True, False):
        last = candidate(9, name="d9.{part}", pieces=pieces("aa")._replace(full=full))
        assert bool(seen(*usual, last).doubts) == (doubted and full), full


def test_what_lacks_parts_is_told_with_how_many_it_has_and_whether_others_hold_nothing():
    name = "d9.{part}"
    lacking = pieces("aa")._replace(wanted=2)
    assert why_not(candidate(9, name=name, pieces=lacking))[name].endswith("1 of its 2 parts stand there")
    empty = pieces("aa", "ab")._replace(wanted=2, parts=1)
    told = why_not(candidate(9, name=name, pieces=empty))[name]
    assert told.endswith("1 of its 2 parts stand there and hold something")
    before = candidate(1, name="d1.{part}", pieces=pieces("aa", "ab", "ac"))
    for labels, words in ((("aa",), "it has 1 part where"), (("aa", "ab"), "it has 2 parts where there were 3 before")):
        cut_off = candidate(9, name=name, pieces=pieces(*labels)._replace(full=True))
        assert in_doubt(before, cut_off)[name].startswith(words)


def test_a_candidate_lost_a_file_where_one_is_not_there_any_more_and_shares_one_where_any_still_is():
    told = [("a", "b"), ("a", "b", "c"), ("a",), ("c",)]
    assert [pieces("a", "b").lost(pieces(*now)) for now in told] == [False, False, True, True]
    assert [pieces("a", "b").shares(pieces(*now)) for now in told] == [True, True, True, False]


def test_parts_that_are_as_many_as_there_must_be_lack_none_whatever_their_order_looks_like():
    three = pieces("aa", "ab", "ac")._replace(full=True)
    two = pieces("aa", "ac")._replace(full=True, hole="ab")
    doubted = seen(candidate(1, name="d1.{part}", pieces=three), candidate(2, name="d2.{part}", pieces=two))
    assert list(doubted.doubts) == [1]
    for wanted, doubts, incomplete in ((2, [], []), (3, [], [1])):
        fixed = two._replace(wanted=wanted)
        points = seen(candidate(1, name="d1.{part}", pieces=three), candidate(2, name="d2.{part}", pieces=fixed))
        assert (list(points.doubts), sorted(points.incomplete)) == (doubts, incomplete)


@pytest.mark.parametrize("name", ["day/", "day", "day/a.bson", "day/shop/a.bson"])
def test_a_directory_is_broken_if_a_check_failed_on_it_or_on_a_file_in_it(name):
    points = seen(candidate(1, name="day/", pieces=pieces("a", "b")), candidate(2, name="other/"))
    assert checked(points, (False, 2 * DAY), name=name) == {0: True}


@pytest.mark.parametrize("name", ["host:web/dumps/2026/d1.gz", "/mnt/2026/d1.gz", "2026/d1.gz"])
def test_a_name_may_begin_with_the_path_of_the_source(name):
    points = seen(candidate(1, name="2026/d1.gz"), candidate(2, name="d1.gz"), candidate(3, name="2025/d1.gz"))
    assert checked(points, (False, 4 * DAY), name=name) == {0: True}
    assert checked(points, (False, 4 * DAY), name="xd1.gz") == {}


def test_a_directory_is_not_taken_for_a_name_that_ends_alike():
    points = seen(candidate(1, name="2026/"), candidate(2, name="b/2026"))
    assert checked(points, (False, 4 * DAY), name="b/2026") == {1: True}
    assert checked(points, (False, 4 * DAY), name="a/2026/x") == {0: True}


def test_a_name_without_the_id_of_a_version_is_that_of_the_newest_one():
    points = seen(*(candidate(day, name=f"latest.dump?versionId={day}", size=100 + day) for day in (1, 2, 3)))
    assert checked(points, (False, 2 * DAY + 60), name="latest.dump") == {1: True}
    assert checked(points, (False, 4 * DAY), name="latest.dump") == {2: True}
    assert checked(points, (False, 4 * DAY), name="latest.dump?versionId=1") == {0: True}


@pytest.mark.parametrize("name", ["d-{part}.tar", "d-aa.tar", "d-17.tar", "host:web/d-aa.tar"])
def test_what_is_in_parts_is_broken_if_a_check_failed_on_one_of_them(name):
    points = seen(candidate(1, name="d-{part}.tar", pieces=pieces("aa", "ab")), candidate(2, name="e-{part}.tar"))
    assert checked(points, (False, 2 * DAY), name=name) == {0: True}
    assert checked(points, (False, 2 * DAY), name="d-aa.tar.md5") == {}


def test_a_check_that_passed_on_one_part_does_not_vouch_for_the_others():
    points = seen(candidate(1, name="d-{part}.tar", pieces=pieces("aa", "ab")))
    logs = {
        "drills": Log(
            checks=(
                Check("c", 1, Rung.RESTORED, False, 2 * DAY, frozenset(), "", "dumps", "d-ab.tar"),
                Check("c", 2, Rung.RESTORED, True, 3 * DAY, frozenset(), "", "dumps", "d-aa.tar"),
            ),
            known_until=FOREVER - 1,
        )
    }
    assert not rules_of_checks.apply(points, logs).counts_at(0, 4 * DAY, surely=False)


def test_a_checksum_that_was_verified_and_differs_makes_a_candidate_broken():
    point = Candidate("dumps/a", "db", "", DAY, DAY, DAY, DAY, 1000, "", complete=True)
    differs = FactValue(False, "md5 differs from the one kept beside it", 2 * DAY)
    history = History()
    told = (Described("dumps/a", Fact.CHECKSUM, differs),)
    history.apply(difference(history, Observation(Look("dumps", 2 * DAY, 2 * DAY), (point,), described=told)))
    listed = parts_of(history, SOURCE, clock_tolerance=TOLERANCE)["db"].points
    points = rules_of_checks.apply(listed, {})
    assert points.counts_at(0, 2 * DAY - 1, surely=False)
    assert not points.counts_at(0, 2 * DAY, surely=False)


def test_a_failure_reaches_back_to_the_last_pass_on_its_rung_or_a_higher_one():
    points = seen(candidate(1))
    passes = [(Rung.DATA_CHECKED, 2), (Rung.RESTORED, 4), (Rung.CHECKSUMMED, 5)]
    told = tuple(
        Check("c", line, rung, passed, day * DAY, frozenset(), "", "dumps", "d1")
        for line, (rung, day, passed) in enumerate(
            [*((*one, True) for one in passes), (Rung.DATA_CHECKED, 7, False)], 1
        )
    )
    doubts = rules_of_checks.apply(points, {"drills": Log(checks=told, known_until=FOREVER - 1)}).doubts[0]
    assert [(one.certain, one.during.start // DAY) for one in doubts] == [(True, 7), (False, 4)]


def test_what_is_no_whole_backup_is_of_any_size_and_hides_no_whole_one_that_is_too_small():
    whole = [candidate(day, kind="full") for day in (1, 2, 3)]
    change = candidate(4, kind="incremental", size=1)
    small = candidate(5, kind="full", size=9)
    assert list(in_doubt(*whole, change, small)) == ["d5"]


def test_what_holds_zeros_alone_is_in_doubt_by_what_was_read_last():
    rows = [candidate(1), candidate(2), candidate(3)]
    read = [Described(name, Fact.PIECES, FactValue(True, how)) for name, how in (("d1", ZEROS), ("d2", "ab"))]
    history = History()
    history.apply(difference(history, Observation(Look("dumps", 100 * DAY, 100 * DAY), rows, described=tuple(read))))
    points = parts_of(history, UNSTATED, clock_tolerance=TOLERANCE)["db"].points
    assert {points.name[row]: doubts[0].why for row, doubts in points.doubts.items()} == {
        "d1": "it holds nothing but zeros in all pieces of it that were read"
    }
