"""Every kind of calendar slot is known everywhere that slots are counted."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.model.slots import Per, Shape, Use, counted_by, slot
from drcheck.core.time import calendar
from drcheck.policyfile.check_commitments import slot_length
from drcheck.policyfile.kinds.availability import LANGUAGE as AVAILABILITY
from drcheck.policyfile.kinds.retention import LANGUAGE as RETENTION
from drcheck.policyfile.schema import definition

AT = 1_764_000_000


@pytest.mark.parametrize("per", Per)
def test_every_slot_covers_the_calendar_without_a_hole_and_is_as_long_as_its_line_says(per):
    found = calendar.slots(per, UTC, AT - 3 * per.length, AT + 6 * per.length)
    assert len(found) > 6
    assert all(one.end == after.start for one, after in pairwise(found))
    assert {one.end - one.start for one in found} <= set(range(per.shape.lengths[0], per.length + 1))
    assert len({one.label for one in found}) == len(found)


@pytest.mark.parametrize("per", Per)
def test_the_lengths_of_a_slot_are_those_of_four_years(per):
    day, found = per.first_date(date(2024, 1, 1)), set()
    while day < date(2028, 1, 1):
        found.add((per.next_date(day) - day).days)
        day = per.next_date(day)
    lengths = per.shape.lengths
    assert per is Per.HOUR or {min(found), max(found)} == {lengths[0] // 86400, lengths[-1] // 86400}
    assert list(lengths) == sorted(lengths)


@pytest.mark.parametrize("per", Per)
def test_every_date_lies_in_the_slot_that_its_first_date_begins(per):
    for days in range(800):
        day = date(2026, 1, 1) + timedelta(days=days)
        first = per.first_date(day)
        assert first <= day < per.next_date(first)
        assert per.first_date(first) == first


@pytest.mark.parametrize("per", Per)
def test_the_sample_of_a_slot_shows_several_whole_ones(per):
    assert len(calendar.slots(per, UTC, AT, AT + per.shape.sample)[1:-1]) >= 2


@pytest.mark.parametrize("per", Per)
def test_every_slot_is_counted_by_something_and_found_by_its_name(per):
    assert per.shape.uses
    assert slot(per) is per
    assert per.shape.adverb.isalpha()


@pytest.mark.parametrize("per", Per)
def test_every_kind_that_counts_slots_reaches_back_by_any_of_them(per):
    often = Frequency("c", ("a",), per=per)
    assert often.reach(AT, 0, UTC) == 2 * per.length
    assert often.making().every >= per.length
    assert Retention("c", ("a",), keep=1, per=per).reach(AT, 0, UTC) == 1 + per.length
    assert Retention("c", ("a",), tiers={per: 1}).reach(AT, 0, UTC) >= 4 * per.length
    assert Copies("c", ("a",), at_least=2, per=per).reach(AT, 0, UTC) >= 2 * per.length
    assert Availability("c", ("a",), at_least=Fraction(1), per=per).per is per


def test_policies_may_name_the_slots_that_the_table_gives_to_each_use():
    backups, periods = counted_by(Use.BACKUPS), counted_by(Use.PERIOD)
    assert definition("policy", "per")["enum"] == [*backups]
    assert AVAILABILITY.keys["per"]["enum"] == [*periods]
    assert [*RETENTION.keys["keep"]["then"]["properties"]] == [per.shape.adverb for per in backups]
    rules = definition("policy", "availability")["properties"]["excused"]["properties"]["maintenance"]["items"]
    assert rules["properties"]["once_per"]["enum"] == [*counted_by(Use.MAINTENANCE)]
    assert {per: slot_length(per) for per in backups} == {per: per.length for per in backups}


@pytest.mark.parametrize("lacking", ["name", "adverb", "uses", "lengths", "sample", "label"])
def test_a_slot_that_lacks_something_does_not_load(lacking):
    line = {name: getattr(Per.DAY.shape, name) for name in Shape.__struct_fields__ if name != lacking}
    with pytest.raises(TypeError, match=lacking):
        Shape(**line)
    with pytest.raises(KeyError):
        slot("never")
