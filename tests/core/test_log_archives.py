"""Log archives: what can be replayed from which base backup, against a replay segment by segment."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact, FactValue
from drcheck.core.names import wal
from drcheck.core.rules import log_archives
from drcheck.core.rules.interface import RuleInput
from tests.core.oracle import replay
from tests.core.oracle.replay import Base, Log, archives, columns, restores, whole

SETTLED = log_archives.SETTLED


def judged(points, looks=((0, LONG_AGO), (100_000, LONG_AGO))):
    empty = array("q")
    return log_archives.apply(points, RuleInput(None, (), empty, 0, (), (), (), (), lambda: looks))


@given(archives(), st.integers(1, 70))
def test_what_is_replayed_is_what_a_replay_segment_by_segment_finds(archive, second):
    logs, bases = archive
    points, everything = columns(logs, bases)
    found = judged(points)
    for row, one in enumerate(everything):
        if not one.arrived <= second < one.gone:
            continue
        right = restores(one, logs, bases, second) if isinstance(one, Log) else whole(one, logs, second)
        sure, maybe = (found.counts_at(row, second, surely=surely) for surely in (True, False))
        assert (sure, maybe) == (right, right), (one, second, found.doubts.get(row))


def judged_logs(numbers, base=(0, 1), **more):
    logs = [Log(1, number, 10 + number, FOREVER) for number in numbers]
    points, everything = columns(logs, [Base(1, *base, 12, FOREVER)] if base else [])
    found = judged(points, **more)
    return {one.number: found.doubt_at(row) for row, one in enumerate(everything) if isinstance(one, Log)}


def test_a_hole_ends_what_can_be_restored_and_is_named_with_its_harm():
    doubts = judged_logs([0, 1, 2, 5, 6])
    assert [number for number, doubt in doubts.items() if doubt is not None and doubt.certain] == [0, 5, 6]
    assert (
        "000000010000000000000003 to 000000010000000000000004, 2 segments that are not in the archive" in doubts[6].why
    )
    assert "2 segments, of 1970-01-01T00:00:15Z to 1970-01-01T00:00:16Z, need it" in doubts[6].why


def test_a_hole_that_may_still_close_is_none_yet():
    doubts = judged_logs([0, 1, 2, 5], looks=((0, LONG_AGO), (15 + SETTLED - 1, LONG_AGO)))
    assert doubts[5] is not None
    assert not doubts[5].certain
    assert judged_logs([0, 1, 2, 5], looks=((0, LONG_AGO), (15 + SETTLED, LONG_AGO)))[5].certain


def test_a_look_that_was_cut_short_proves_no_hole():
    assert not judged_logs([0, 1, 2, 5], looks=((0, LONG_AGO),))[5].certain


def test_what_was_missing_at_the_first_look_may_have_been_there_before_it():
    doubt = judged_logs([0, 1, 2, 5], looks=((5000, LONG_AGO),))[5]
    assert doubt.certain
    assert doubt.during.start == 5000


def test_a_base_backup_lacks_a_segment_of_its_own():
    logs = [Log(1, number, 10 + number, FOREVER) for number in (0, 2, 3)]
    points, everything = columns(logs, [Base(1, 0, 2, 13, FOREVER)])
    row = next(row for row, one in enumerate(everything) if isinstance(one, Base))
    doubt = judged(points).doubt_at(row)
    assert doubt.certain
    assert doubt.why == "its restore needs 000000010000000000000001, which is not in the archive"


def test_an_incremental_base_restores_only_while_what_it_builds_on_stands():
    logs = [Log(1, number, 10 + number, FOREVER) for number in range(6)]
    points, everything = columns(logs, [Base(1, 0, 0, 5, 40), Base(1, 3, 3, 20, FOREVER)])
    later = next(row for row, one in enumerate(everything) if isinstance(one, Base) and one.first)
    kinds = tuple("incremental" if row == later else kind for row, kind in enumerate(points.kind))
    found = judged(replace(points, kind=kinds, builds_on={later: (5, 5)}))
    last = next(row for row, one in enumerate(everything) if isinstance(one, Log) and one.number == 5)
    assert found.counts_at(last, 39, surely=True)
    assert not found.counts_at(last, 40, surely=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("000000010000000A000000FF", ("", 1, 10, 255)),
        ("archive/main/15-1/0000000100000000/000000010000000000000003-" + "a" * 40 + ".gz", ("archive/main/15-1/", 1, 0, 3)),
        ("archive/main/15-1/0000000100000000/000000010000000000000003-" + "a" * 40, ("archive/main/15-1/", 1, 0, 3)),
        ("pg/wals/0000000200000001/000000020000000100000003", ("pg/wals/", 2, 1, 3)),
        ("wal_005/000000010000000000000003.lz4", ("wal_005/", 1, 0, 3)),
        ("wal_005/000000010000000000000003.br", ("wal_005/", 1, 0, 3)),
        ("00000002.history", None),
        ("000000010000000000000003.00000028.backup", None),
        ("000000010000000000000003.partial", None),
        ("000000010000000000000003.gz.tmp", None),
        ("00000001000000000000000g", None),
        ("000000010000000000001000", None),
        ("000000010000000000000003-" + "a" * 39 + ".gz", None),
        ("", None),
    ],
)  # fmt: skip
def test_names_of_segments(name, expected):
    found = wal.segment_of(name)
    assert found == (None if expected is None else wal.Segment(*expected))
    assert wal.belongs(name) is (expected is not None or name.endswith((".history", ".backup", ".partial", ".tmp")))


def test_history_files_are_told_apart():
    assert wal.history_of("archive/main/15-1/00000002.history") == ("archive/main/15-1/", 2)
    assert wal.history_of("pg/wals/00000003.history") == ("pg/wals/", 3)
    assert wal.history_of("000000010000000000000003") is None


def test_a_history_file_names_the_ancestors():
    assert wal.switches("1\t0/5000098\tno recovery target specified\n\n2\t1/A0\tbefore 2000\n") == [
        (1, 0x5000098), (2, 0x1000000A0)
    ]  # fmt: skip
    assert wal.switches("") is None
    assert wal.switches("1\t0/5000098") == [(1, 0x5000098)]
    assert wal.switches("\x00\x01") is None


@pytest.mark.parametrize("size", wal.SIZES)
def test_a_size_that_is_told_numbers_segments(size):
    assert wal.numbering(wal.per_log_of(size) - 1, {size}) == (wal.per_log_of(size), frozenset())
    assert wal.numbering(0, {size}) == (wal.per_log_of(size), frozenset())


@pytest.mark.parametrize(
    ("largest", "told", "per_log", "perhaps"),
    [
        (0, (), 256, {4}),
        (3, (), 256, {4}),
        (6, (), 256, {8}),
        (127, (), 256, {128}),
        (128, (), 256, ()),
        (255, (), 256, ()),
        (256, (), 512, {512}),
        (1024, (), 2048, {2048}),
        (2048, (), 4096, ()),
        (4095, (), 4096, ()),
        (300, (16 << 20,), 512, {256, 512}),
        (63, (16 << 20, 64 << 20), 256, {64, 256}),
    ],
)
def test_a_size_that_is_not_told_is_the_usual_one_or_not_known(largest, told, per_log, perhaps):
    assert wal.numbering(largest, told) == (per_log, frozenset(perhaps))


@pytest.mark.parametrize(
    ("position", "name", "size"),
    [
        ("0/28000028", "000000010000000000000028", 16 << 20),
        ("1/C0000028", "000000010000000100000003", 1 << 30),
        ("1/00500028", "000000010000000100000005", 1 << 20),
        ("1/00000028", "000000010000000100000000", 0),
        ("2/28000028", "000000010000000000000028", 0),
        ("0/28000028", "000000010000000000000029", 0),
        ("28000028", "000000010000000000000028", 0),
        ("0/28000028", "x", 0),
    ],
)
def test_the_position_of_a_base_backup_tells_the_size(position, name, size):
    assert wal.size_by_position(position, name) == size


@pytest.mark.parametrize(
    ("name", "bytes_", "size"),
    [
        ("wals/0000000100000000/000000010000000000000003", 16 << 20, 16 << 20),
        ("a.b/000000010000000000000003-" + "a" * 40, 1 << 30, 1 << 30),
        ("000000010000000000000003.gz", 16 << 20, 0),
        ("000000010000000000000003", 300, 0),
        ("000000010000000000000003", 1 << 19, 0),
    ],
)
def test_an_uncompressed_segment_tells_the_size(name, bytes_, size):
    assert wal.size_by_file(name, bytes_) == size


def judged_of_size(places, size=0, base=((0, 0), (0, 0)), bytes_=100, suffix=".gz"):
    """Return log and segment to whether it counts surely, possibly or not, in an archive of such places."""
    names = [f"00000001{log:08X}{segment:08X}" for log, segment in (*places, *base)]
    first, last = names[-2:]
    points, _ = columns(
        [Log(1, number, 10 + number, FOREVER) for number in range(len(places))], [Base(1, 0, 0, 9, FOREVER)]
    )
    points = replace(
        points,
        name=("base", *(f"wal/{name}{suffix}" for name in names[: len(places)])),
        size=array("q", [bytes_] * (len(places) + 1)),
        facts={(0, Fact.NEEDS): ((1, FactValue(True, log_archives.needed("wal/", first, last, size))),)},
    )
    found = judged(points)
    sure, maybe = (
        [found.counts_at(row, 90_000, surely=surely) for row in range(len(places) + 1)] for surely in (True, False)
    )
    answers = ["yes" if one else "maybe" if other else "no" for one, other in zip(sure, maybe, strict=True)]
    return answers, [doubt.why for row in range(len(places) + 1) if (doubt := found.doubt_at(row)) is not None]


GIGABYTES = [*((0, segment) for segment in range(4)), *((1, segment) for segment in range(3))]


def test_a_hole_up_to_the_end_of_a_log_file_is_not_taken_for_larger_segments():
    answers, why = judged_of_size(GIGABYTES)
    assert answers == ["yes"] * 5 + ["maybe"] * 3
    assert "nor an uncompressed segment tells how large segments are" in why[-1]
    assert "000000010000000000000003 and 000000010000000100000000" in why[-1]


def test_a_base_backup_across_such_a_hole_may_lack_segments_of_its_own():
    answers, why = judged_of_size(GIGABYTES, base=((0, 2), (1, 1)))
    assert answers == ["maybe", "no", "no", "no", "no", "no", "maybe", "maybe"]
    assert "tells how large segments are" in why[0]


@pytest.mark.parametrize(("size", "rest"), [(1 << 30, "yes"), (16 << 20, "no"), (512 << 20, "no")])
def test_segments_go_on_as_the_size_that_a_base_backup_tells_has_it(size, rest):
    assert judged_of_size(GIGABYTES, size)[0] == ["yes"] * 5 + [rest] * 3


@pytest.mark.parametrize(("size", "rest"), [(1 << 30, "yes"), (16 << 20, "no")])
def test_segments_go_on_as_the_size_of_uncompressed_ones_has_it(size, rest):
    assert judged_of_size(GIGABYTES, bytes_=size, suffix="")[0] == ["yes"] * 5 + [rest] * 3


def test_a_log_file_that_ends_where_none_can_has_a_hole_whatever_the_size():
    assert judged_of_size([(0, 0), (0, 1), (0, 2), (1, 0), (1, 3)])[0] == ["yes"] * 4 + ["no"] * 2


def test_segments_smaller_than_usual_go_on_as_their_size_has_it():
    places = [(0, number) for number in range(510, 512)] + [(1, 0)]
    base = ((0, 510), (0, 510))
    assert judged_of_size(places, base=base)[0] == ["yes", "yes", "yes", "maybe"]
    assert judged_of_size(places, 8 << 20, base=base)[0] == ["yes"] * 4
    assert judged_of_size(places, 4 << 20, base=base)[0] == ["yes"] * 3 + ["no"]


def test_the_lineage_of_another_version_of_the_database_goes_on_with_nothing_of_the_one_before():
    logs = [Log(1, number, 10 + number, FOREVER) for number in range(4)]
    points, _ = columns(logs, [Base(1, 0, 0, 10, FOREVER)])
    names = tuple(name.replace("wal/", "16-2/") if number > 2 else name for number, name in enumerate(points.name))
    doubts = judged(replace(points, name=names)).doubts
    assert [row for row in range(5) if row in doubts] == [3, 4]


def test_a_base_backup_says_which_segments_it_needs():
    told = log_archives.needed("a b/", replay.name(1, 3), replay.name(1, 4))
    points, _ = columns([Log(1, 3, 10, FOREVER)], [])
    points = replace(points, name=("a b/" + replay.name(1, 3),), facts={(0, Fact.NEEDS): ((1, FactValue(True, told)),)})
    assert judged(points).doubts
