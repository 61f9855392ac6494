"""copies: so many, that far apart, in time; every copy where it must lie."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from points import HOUR, START, Point, at, daily, part, subject

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds.copies import evaluate as copies
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.model.sites import Different, Place, Where
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

STO = Place("sto", frozenset({"sto"}), "own", "stockholm", "europe", "main")
VM = Place("web-vm", frozenset({"web-vm", "sto"}), "own", "stockholm", "europe", "main")
RACK = Place("rack", frozenset({"rack", "sto"}), "own", "stockholm", "europe", "main")
AZURE_WEST = Place("azure-we", frozenset({"azure-we"}), "azure", "westeurope", "europe", "subscription")
AZURE_NORTH = Place("azure-ne", frozenset({"azure-ne"}), "azure", "northeurope", "europe", "subscription")
ATHENS = Place("athens", frozenset({"athens"}), "own", "attica", "europe", "other")
TEXAS = Place("texas", frozenset({"texas"}), "aws", "us-east", "america", "us")
LOOKS = daily(12, after=2)
DAYS = 9
"""Days with backups; the newest that is due at the end is the last but one."""
WINDOW = Window(START, START + 11 * 24 * HOUR - 21 * HOUR)


def backups(*, late: float = 0.1, but: tuple[int, ...] = (), **more):
    """A backup a day at 01:00, that arrives ``late`` hours after."""
    return [Point(24 * day + 1, 24 * day + 1 + late, **more) for day in range(DAYS) if day not in but]


def judge(*parts, places=None, window=WINDOW, terms=None, **asked):
    places = places or {}
    stated = {one.points.source: places.get(one.points.source, Place()) for one in parts}
    asked.setdefault("at_least", None if "all_in" in asked else 2)
    commitment = Copies("copies", tuple(stated), **asked)
    return copies.evaluate(commitment, subject(*parts), terms or Terms(places=stated), window)


def two(original=None, copied=None, **asked):
    """Judge two sources, at sto and at azure."""
    return judge(
        part("dumps", backups() if original is None else original, LOOKS),
        part("offsite", backups(late=4) if copied is None else copied, LOOKS),
        places={"dumps": STO, "offsite": AZURE_NORTH},
        **asked,
    )


def test_the_original_is_a_copy_as_well():
    finding = two(different=Different.SITE)
    assert finding.status is Status.MET
    assert (finding.measured.value, finding.objective.value, finding.headroom.value) == (2, 2, 0)
    assert finding.notes == ("9 of 9 recovery points of orders had 2 copies that differ in site",)


def test_a_day_whose_only_backup_was_not_copied_breaches_until_the_next_day_is_due():
    finding = two(copied=backups(late=4, but=(4,)), different=Different.SITE)
    (breach,) = finding.openings(Status.BREACHED)
    assert breach.opened_at == at(24 * 6)
    assert breach.closed_at == at(24 * 7)
    assert "dumps-4" in breach.reason
    assert "had 1 of 2 copies that differ in site" in breach.reason
    assert finding.notes[0].startswith("8 of 9 recovery points")


def test_one_copied_backup_of_a_day_is_enough_for_that_day():
    twice = sorted([*backups(), *(Point(24 * day + 13, 24 * day + 13.1) for day in range(DAYS))])
    finding = two(original=twice, different=Different.SITE)
    assert finding.status is Status.MET
    assert not finding.openings(Status.BREACHED)
    assert finding.notes[0].startswith("9 of 18 recovery points")
    assert finding.notes[0].endswith("; of 1 it is not known")  # before the first look another copy may have gone


@pytest.mark.parametrize(("late", "status"), [(5.99, Status.MET), (6, Status.MET), (6.01, Status.BREACHED)])
def test_a_copy_arrives_within_so_long_of_the_instant_of_its_data(late, status):
    finding = two(copied=backups(late=late), within=6 * HOUR)
    assert finding.status is status
    if status is Status.BREACHED:
        assert "offsite-" in finding.reason
        assert "came 6 h" in finding.reason


@pytest.mark.parametrize(("size", "status"), [(500, Status.MET), (499, Status.BREACHED)])
def test_what_has_a_fraction_of_the_bytes_is_no_copy(size, status):
    finding = two(copied=backups(late=4, size=size))
    assert finding.status is status
    if status is Status.BREACHED:
        assert "is no copy of it: 499 B beside 1000 B" in finding.reason


def test_what_has_another_checksum_is_no_copy():
    finding = two(original=backups(checksum="a"), copied=backups(late=4, checksum="b"))
    assert finding.status is Status.BREACHED
    assert "its checksum is another one" in finding.reason


def test_what_does_not_count_is_no_copy():
    finding = two(copied=backups(late=4, why_not="it is too small"))
    assert finding.status is Status.BREACHED
    assert "does not count: it is too small" in finding.reason


@pytest.mark.parametrize(("apart", "status"), [(600, Status.MET), (601, Status.BREACHED)])
def test_copies_hold_data_of_nearly_the_same_instant(apart, status):
    shifted = [one._replace(data=one.data + apart / HOUR) for one in backups(late=4)]
    assert two(copied=shifted).status is status


def around(**late):
    """Three sources with one point each, eight minutes before, at and after one in the morning of the second day."""
    return [
        part(name, [Point(25 + minutes / 60, 25 + minutes / 60 + late.get(name, 1))], LOOKS)
        for name, minutes in (("a", -8), ("b", 0), ("c", 8))
    ]


def until(hours):
    return Window(START, at(hours))


def test_copies_lie_near_that_very_point_not_each_other():
    assert judge(*around(), at_least=3, window=until(73)).status is Status.MET
    assert judge(*around()[::2], window=until(73)).status is Status.BREACHED


def test_a_copy_is_in_time_by_the_instant_of_its_own_data():
    parts = around(b=23.9)[:2]
    assert judge(*parts, window=until(73)).status is Status.MET
    assert judge(*around(a=24.05)[:2], window=until(73)).status is Status.BREACHED


def test_a_copy_of_what_lies_at_a_days_end_may_come_after_the_day_is_due_and_changes_nothing_before():
    original = part("a", [Point(47.95, 48.5)], LOOKS)
    finding = judge(original, part("b", [Point(48.1, 72.09)], LOOKS), window=until(73))
    day = [(piece.status, (piece.end - START) / HOUR) for piece in finding.pieces][-2:]
    assert day == [(Status.BREACHED, pytest.approx(72.09, abs=0.001)), (Status.MET, 73)]


def test_a_point_that_comes_late_makes_copies_of_what_lies_around_it_not_before():
    early = judge(*around()[::2], window=until(74))
    late = judge(*around(b=72), window=until(74))
    assert (early.status, late.status, late.measured.value) == (Status.BREACHED, Status.BREACHED, 1)
    assert judge(*around(b=72), window=until(98)).status is Status.MET
    nobody_knows_when = part("b", [Point(25, 44, arrived_by=98)], LOOKS)
    unsure = judge(around()[0], nobody_knows_when, around()[2], window=until(74))
    assert unsure.status is Status.UNKNOWN


def test_what_nobody_saw_may_be_a_copy_of_what_lies_around_it():
    parts = [part("a", [Point(25 - 8 / 60, 26)], LOOKS), part("c", [Point(25 + 8 / 60, 26)], daily(12, after=2))]
    unseen = part("b", [], daily(4, after=2))
    assert judge(*parts, unseen, window=until(74)).status is Status.BREACHED
    assert judge(*parts, unseen, window=until(97)).status is Status.UNKNOWN


def test_a_file_overwritten_is_one_point_in_the_share_of_points_that_had_copies():
    twice = [Point(25, 25.1, gone=27, checksum="x"), Point(25, 27, checksum="y")]
    finding = judge(part("a", twice, LOOKS), part("b", [Point(25, 26, checksum="y")], LOOKS), window=until(73))
    assert finding.status is Status.MET
    assert finding.notes[0] == "1 of 1 recovery point of orders had 2 copies"


@pytest.mark.parametrize("far", ["host:backups/far/", "other:far/"])
def test_each_writing_of_one_file_is_a_point_also_where_another_source_lies_within_its_place(far):
    """How much is known of one writing, as of its arrival, says nothing of the others."""
    *copied, newest = backups()
    dumps = part("dumps", [*copied, newest._replace(arrived_by=newest.arrived + 1)], LOOKS)
    named = replace(dumps, points=replace(dumps.points, name=("latest.dump",) * DAYS))
    terms = Terms(roots={"dumps": "host:backups/", "offsite": far})
    assert judge(named, part("offsite", backups(late=4, but=(DAYS - 1,)), LOOKS), terms=terms).status is Status.BREACHED


def test_an_object_and_its_versions_at_another_source_are_one_copy():
    here, versions = (part(source, backups(), LOOKS) for source in ("here", "versions"))
    here = replace(here, points=replace(here.points, name=("latest.dump",) * DAYS))
    names = tuple(f"latest.dump?versionId={number}" for number in range(DAYS))
    versions = replace(versions, points=replace(versions.points, name=names))
    terms = Terms(roots={"here": "s3:bucket/", "versions": "s3:bucket/"})
    assert judge(here, versions, terms=terms).status is Status.BREACHED
    newest = replace(here, points=here.points.only([DAYS - 1]))
    far = part("far", backups(late=4), LOOKS)
    finding = judge(newest, versions, far, terms=replace(terms, roots={**terms.roots, "far": "disk:far/"}))
    assert finding.status is Status.MET


def test_of_two_sources_that_list_the_same_files_each_has_what_it_alone_lists():
    dumps, around = part("dumps", backups(), LOOKS), part("around", backups(late=4), LOOKS)
    names = (*(f"backups/{name}" for name in dumps.points.name[:-1]), "far/8")
    around = replace(around, points=replace(around.points, name=names))
    finding = judge(dumps, around, terms=Terms(roots={"dumps": "host:backups/", "around": "host:"}))
    assert finding.status is Status.MET
    assert finding.notes == ("1 of 9 recovery points of orders had 2 copies; of 1 it is not known",)


@pytest.mark.parametrize("gone", [30, (30, 98), (30, None)])
def test_what_was_copied_does_not_depend_on_when_it_went(gone):
    parts = [part(name, [Point(25, 26, gone=gone)], LOOKS) for name in ("a", "b")]
    assert judge(*parts, window=until(74)).status is Status.MET
    assert judge(*parts[:1], window=until(74)).status is Status.BREACHED


def test_a_copy_that_is_gone_since_was_a_copy():
    brief = [one._replace(gone=one.arrived + 24) for one in backups(late=4)]
    assert two(copied=brief).status is Status.MET


def test_two_sources_at_one_site_are_two_copies_but_not_at_two_sites():
    places = {"dumps": STO, "twin": STO}
    parts = part("dumps", backups(), LOOKS), part("twin", backups(), LOOKS)
    near = judge(*parts, places=places)
    assert near.status is Status.MET
    assert "dumps and twin are one fate: both lie at sto" in near.notes
    far = judge(*parts, places=places, different=Different.SITE)
    assert far.status is Status.BREACHED
    assert far.measured.value == 1


@pytest.mark.parametrize(
    ("one", "other", "fate"),
    [
        (AZURE_WEST, AZURE_NORTH, "both are of account subscription"),
        (RACK, VM, "both are part of sto"),
        (STO, ATHENS, ""),
        (STO, AZURE_NORTH, ""),
    ],
)
def test_copies_at_different_sites_that_are_lost_together_are_told(one, other, fate):
    finding = judge(
        part("a", backups(), LOOKS),
        part("b", backups(), LOOKS),
        places={"a": one, "b": other},
        different=Different.SITE,
    )
    assert finding.status is Status.MET
    assert finding.notes[1:] == ((f"a and b are one fate: {fate}",) if fate else ())


def test_a_site_and_one_that_is_part_of_it_are_one_site():
    sto, vm, rack = (part(source, backups(), LOOKS) for source in ("sto", "vm", "rack"))
    places = {"sto": STO, "vm": VM, "rack": RACK}
    one = judge(sto, vm, places=places, different=Different.SITE)
    assert one.status is Status.BREACHED
    assert one.measured.value == 1
    assert "sto and vm are one fate: both are part of sto" in one.notes
    # Two that are part of one are as far apart as the policy says: two, but the one around them adds none.
    assert judge(vm, rack, places=places, different=Different.SITE).status is Status.MET
    assert judge(sto, vm, rack, places=places, different=Different.SITE).status is Status.MET
    assert judge(sto, vm, rack, places=places, different=Different.SITE, at_least=3).measured.value == 2
    assert judge(sto, vm, places=places).status is Status.MET


def test_a_third_place_does_not_stand_in_for_the_second_region_of_a_provider():
    # interworks.cloud, clause 7: between separate Azure regions.
    azure = Where(provider=frozenset({"azure"}))
    west, athens = part("west", backups(), LOOKS), part("athens", backups(), LOOKS)
    north = part("north", backups(), LOOKS)
    places = {"west": AZURE_WEST, "athens": ATHENS, "north": AZURE_NORTH}
    asked = {"different": Different.REGION, "counted_in": azure, "places": places}
    assert judge(west, athens, **asked).status is Status.BREACHED
    assert judge(west, north, athens, **asked).status is Status.MET


def test_a_copy_outside_of_a_provider_is_none_inside_of_it():
    # interworks.cloud, clause 7: offsite, not within Azure.
    outside = Where(provider=frozenset({"azure"}))
    places = {"west": AZURE_WEST, "athens": ATHENS}
    west, athens = part("west", backups(), LOOKS), part("athens", backups(), LOOKS)
    inside = judge(west, places=places, at_least=1, counted_outside=outside)
    assert inside.status is Status.BREACHED
    assert "had 0 of 1 copy outside provider azure" in inside.reason
    assert judge(west, athens, places=places, at_least=1, counted_outside=outside).status is Status.MET


def test_a_copy_within_a_site_is_lost_with_it_and_does_not_count_outside_of_it():
    outside = Where(site=frozenset({"sto"}))
    inside = part("vm", backups(), LOOKS)
    assert judge(inside, places={"vm": VM}, at_least=1, counted_outside=outside).status is Status.BREACHED


@pytest.mark.parametrize(
    ("asked", "setting"),
    [
        ({"different": Different.REGION}, "`region` on its site"),
        ({"counted_outside": Where(provider=frozenset({"azure"}))}, "its `site`"),
    ],
)
def test_what_the_policy_does_not_state_of_a_place_is_judged_both_ways(asked, setting):
    finding = judge(
        part("dumps", backups(), LOOKS),
        part("offsite", backups(), LOOKS),
        places={"dumps": STO, "offsite": Place("somewhere", frozenset({"somewhere"}))},
        **asked,
    )
    assert finding.status is Status.UNKNOWN
    assert setting in finding.reason
    assert "offsite" in finding.reason


def test_a_copy_that_may_have_come_late_is_judged_both_ways():
    finding = two(copied=[one._replace(arrived_by=one.data + 7) for one in backups(late=4)], within=6 * HOUR)
    assert finding.status is Status.UNKNOWN
    assert "available_at" in finding.reason


def test_a_missing_copy_is_no_breach_where_nobody_looked():
    dumps = part("dumps", backups(), LOOKS)
    never = judge(dumps, part("offsite", [], gap="access denied"))
    assert never.status is Status.UNKNOWN
    assert "offsite could not be seen: access denied" in never.reason
    assert "thinned_after" in two(copied=[], window=Window(START, at(24))).reason


def test_only_sources_that_could_hold_what_is_missing_must_have_been_seen():
    dumps, offsite = part("dumps", backups(), LOOKS), part("offsite", [], LOOKS)
    unseen = part("twin", [])
    places = {"dumps": STO, "twin": STO, "offsite": AZURE_NORTH}
    finding = judge(dumps, unseen, offsite, places=places, different=Different.SITE)
    assert finding.status is Status.BREACHED


def test_a_day_without_a_backup_is_passed_over():
    finding = two(original=backups(but=(8, 7, 6)), copied=backups(late=4, but=(8, 7, 6)))
    assert finding.status is Status.MET
    assert "2026-04-01" in finding.reason


def test_a_day_that_nobody_saw_inherits_no_verdict():
    few = LOOKS[:7]
    finding = judge(part("dumps", backups()[:6], few), part("offsite", backups(late=4)[:6], few))
    assert finding.status is Status.UNKNOWN
    assert "2026-04-04 may hold a recovery point of orders" in finding.reason
    assert "dumps has not been seen since 2026-04-02T02:00:00Z" in finding.reason


def test_over_nothing_nothing_is_promised():
    finding = two(original=[], copied=[])
    assert finding.status is Status.UNKNOWN
    always = judge(part("dumps", [], LOOKS, thinned_after=1 << 62))
    assert always.status is Status.UNKNOWN
    assert "there is nothing of orders that could have copies" in always.reason


def test_no_source_at_all_is_unknown():
    commitment = Copies("copies", (), at_least=1)
    finding = copies.evaluate(commitment, subject(), Terms(), WINDOW)
    assert [piece.status for piece in finding.pieces] == [Status.UNKNOWN]
    assert "no recovery point of it is known" in finding.reason


@pytest.mark.parametrize("per", [Per.HOUR, Per.DAY, Per.YEAR])
def test_what_is_decades_old_when_it_comes_decides_until_something_newer_is_due(per):
    ancient = Point(-24 * 365 * 30, 24 * 3)
    dumps = part("dumps", [ancient, Point(24 * 3 + 1, 24 * 3 + 1.1)], LOOKS, thinned_after=1 << 62)
    offsite = part("offsite", [Point(24 * 3 + 1, 24 * 3 + 5)], LOOKS, thinned_after=1 << 62)
    finding = judge(dumps, offsite, per=per, window=Window(at(24 * 3 + 2), at(24 * 8)))
    assert finding.pieces[0].status is Status.BREACHED
    assert "dumps-0" in finding.pieces[0].reason
    assert finding.status is (Status.BREACHED if per is Per.YEAR else Status.MET)


@pytest.mark.parametrize(("at_least", "status"), [(2, Status.UNKNOWN), (3, Status.BREACHED)])
def test_a_slot_that_nobody_saw_between_that_and_now_could_decide_as_well(at_least, status):
    dumps = part("dumps", [Point(-24 * 365 * 30, 24 * 3)], LOOKS)
    finding = judge(dumps, part("offsite", [], LOOKS), at_least=at_least, window=Window(at(24 * 3 + 2), at(24 * 4)))
    assert finding.status is status


def test_slots_that_begin_before_the_agreement_owe_nothing():
    terms = Terms(effective=at(24 * 5), places={"dumps": STO, "offsite": AZURE_NORTH})
    finding = two(copied=backups(late=4, but=(4,)), terms=terms)
    assert not finding.openings(Status.BREACHED)
    assert finding.pieces[0].status is None
    assert finding.pieces[0].end == at(24 * 7)


def test_an_open_day_near_its_end_that_is_not_copied_yet_is_at_risk():
    copied = backups(late=4, but=(8,))
    early = two(copied=copied, window=Window(START, at(24 * 9)))
    assert (early.status, early.at_risk, early.due_at) == (Status.MET, False, at(24 * 10))
    near = two(copied=copied, window=Window(START, at(24 * 9 + 22)))
    assert (near.status, near.at_risk, near.due_at) == (Status.MET, True, at(24 * 10))
    done = two(window=Window(START, at(24 * 9 + 22)))
    assert (done.at_risk, done.due_at) == (False, None)


def test_slots_may_be_weeks():
    finding = two(copied=[Point(25, 29)], per=Per.WEEK, window=Window(START, at(24 * 11)))
    assert finding.status is Status.MET


def test_evidence_is_bounded():
    often = [Point(24 * 8 + hour / 10, 24 * 8 + hour / 10 + 0.05) for hour in range(200)]
    finding = judge(part("dumps", often, LOOKS), part("offsite", [], LOOKS))
    assert len(finding.evidence) == 100


# all_in ---------------------------------------------------------------------------------------------------------------

EUROPE = Where(area=frozenset({"europe"}))


def lies(*parts, places, **more):
    return judge(*parts, places=places, all_in=EUROPE, **more)


def test_every_copy_lies_where_it_must():
    # Cloudworkz: hosting in Europe.
    finding = lies(part("a", backups(), LOOKS), part("b", backups(), LOOKS), places={"a": STO, "b": AZURE_NORTH})
    assert finding.status is Status.MET
    assert finding.reason == "every copy of orders lies in area europe"
    assert (finding.measured.value, finding.objective.value) == (18, 18)


def test_one_copy_elsewhere_breaches_while_it_stands_whether_it_counts_or_not():
    stray = Point(30, 31, gone=60, why_not="it is not complete")
    finding = lies(part("a", backups(), LOOKS), part("b", [stray], LOOKS), places={"a": STO, "b": TEXAS})
    assert finding.status is Status.MET
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(31), at(60))
    assert "not in area europe: b-0 at b, site texas" in breach.reason


def test_a_place_that_is_not_stated_is_unknown_and_the_setting_is_named():
    finding = lies(part("a", backups(), LOOKS), part("b", backups(), LOOKS), places={"a": STO})
    assert finding.status is Status.UNKNOWN
    assert "`site` on b would tell" in finding.reason


def test_a_place_that_fits_need_not_be_seen_but_one_that_does_not_must():
    a, unseen = part("a", backups(), LOOKS), part("b", [])
    assert lies(a, unseen, places={"a": STO, "b": ATHENS}).status is Status.MET
    elsewhere = lies(a, unseen, places={"a": STO, "b": TEXAS})
    assert elsewhere.status is Status.UNKNOWN
    assert "b could not be seen" in elsewhere.reason
    assert lies(a, part("b", [], LOOKS), places={"a": STO, "b": TEXAS}).status is Status.MET


def test_no_copy_at_all_lies_nowhere():
    finding = lies(part("a", [], LOOKS), places={"a": STO})
    assert finding.status is Status.UNKNOWN
    assert "no copy stands at a" in finding.reason


def test_where_everything_is_gone_nothing_lies_where_it_must():
    finding = lies(part("a", [Point(24, 25, gone=24 * 5)], LOOKS), places={"a": STO})
    assert [(piece.status, (piece.end - START) // HOUR) for piece in finding.pieces] == [
        (Status.UNKNOWN, 25),
        (Status.MET, 24 * 5),
        (Status.UNKNOWN, 24 * 10 + 3),
    ]
    assert "no copy stands at a" in finding.reason


def test_of_both_promises_the_worst_decides():
    places = {"dumps": STO, "offsite": TEXAS}
    dumps, offsite = part("dumps", backups(), LOOKS), part("offsite", backups(late=4), LOOKS)
    finding = judge(dumps, offsite, places=places, at_least=2, all_in=EUROPE)
    assert finding.status is Status.BREACHED
    assert "not in area europe" in finding.reason
    assert finding.measured.value == 2
    assert judge(dumps, offsite, places=places, at_least=2).status is Status.MET


def test_an_earlier_wording_decides_until_nothing_of_it_is_newer():
    terms = Terms(places={"dumps": STO, "offsite": AZURE_NORTH})
    ended = replace(terms, binds=terms.binds._replace(end=at(24 * 4 + 1)))
    finding = two(copied=backups(late=4, but=(4,)), terms=ended)
    assert finding.status is Status.BREACHED  # the slot of day 4 began under it
    assert "2026-03-31" in finding.reason


def test_the_last_slot_of_a_wording_that_ended_long_ago_holds_what_was_made_after_the_end():
    # The slot of that day in Stockholm began an hour before the wording ended, and so it is judged by it.
    terms = Terms(zone=ZoneInfo("Europe/Stockholm"), places={"dumps": STO})
    ended = replace(terms, binds=terms.binds._replace(end=at(24)))
    dumps = part("dumps", [Point(24, 24.1)], LOOKS)
    for start in (START, at(24 * 8)):
        finding = judge(dumps, places={"dumps": STO}, at_least=1, terms=ended, window=Window(start, at(24 * 9)))
        assert finding.status is Status.MET


def test_where_every_copy_must_lie_a_question_reaches_back_without_end():
    counted = Copies("copies", ("dumps",), at_least=2, per=Per.DAY, within=6 * HOUR)
    everywhere = replace(counted, all_in=Where(area=frozenset({"europe"})))
    assert counted.reach(START, 0, ZoneInfo("UTC")) == 2 * (24 * HOUR + counted.matching) + 6 * HOUR
    assert everywhere.reach(START, 0, ZoneInfo("UTC")) is None
    assert replace(everywhere, at_least=None).reach(START, 0, ZoneInfo("UTC")) is None


def test_two_that_are_alike_and_unlike_a_third_are_no_copies_of_it():
    places = {"dumps": STO, "offsite": AZURE_NORTH, "attic": ATHENS}
    small = [part(name, backups(late=4, size=499), LOOKS) for name in ("offsite", "attic")]
    finding = judge(part("dumps", backups(), LOOKS), *small, places=places, different=Different.SITE)
    assert finding.notes == (
        "9 of 18 recovery points of orders had 2 copies that differ in site; of 1 it is not known",
    )


@pytest.mark.parametrize(("late", "told"), [(6, False), (6.01, True)])
def test_a_copy_that_came_in_time_is_not_told_to_be_late_where_another_is_missing(late, told):
    finding = two(copied=backups(late=late), at_least=3, within=6 * HOUR)
    assert finding.status is Status.BREACHED
    assert ("offsite-8 at offsite came 6 h" in finding.reason) is told
