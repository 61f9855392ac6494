"""Which point an answer puts first, what it says of the others, and what it does not know."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from points import DAY, START, Point, at, part

from drcheck.core.history.part import Part
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.evidence import Fact, FactValue, Gap, Look
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.restoring.answer import DataSet, RestoreAnswer, Usable
from drcheck.core.restoring.answering import RestoreQuestion, answer
from drcheck.policyfile.load import load_policies

POLICY = """\
drcheck: 1
service: shop
timezone: UTC
sites:
  here: {region: one}
  there: {region: two}
scenarios:
  fire: {loses: [here]}
sources:
  near: {at: "disk:near/", site: here, of: [orders], reader: objects, name: "{*}-{data_as_of:%s}", kind: full}
  far: {at: "disk:far/", site: there, of: [orders], reader: objects, name: "{*}-{data_as_of:%s}", kind: full}
  drills: {at: "disk:drills.jsonl", reader: restore-log}
commitments:
  rpo: {kind: rpo, at_most: 24h, evidence: [near, far]}
  rto: {kind: rto, at_most: 2h, evidence: [drills]}
"""
LOOK = 100
"""Hours after the start at which everything was looked at."""


class Shop:
    """A service with two places that hold its orders, and a log of restore tests."""

    def __init__(self, root: Path, policy: str = POLICY) -> None:
        file = root / "shop.yaml"
        file.write_text(policy)
        (self.policy,) = load_policies([str(file)], None).policies
        self.evidence = {name: self.seen(part(name, [], [LOOK])) for name in ("near", "far")}
        self.evidence["drills"] = SourceEvidence(Standing.LOG, log=Log(known_until=at(LOOK)))

    def seen(self, one: Part) -> SourceEvidence:
        looks = [Look(one.points.source, begin, begin) for begin, _ in one.absence.complete]
        gaps = (Gap(one.gap),) if one.gap else ()
        return SourceEvidence(Standing.STORAGE, {"orders": one}, looks=looks, gaps=gaps)

    def holds(self, source: str, *points: Point, kinds: Sequence[str] = (), **of_part: Any) -> None:
        one = part(source, points, of_part.pop("looks", [LOOK]), **of_part)
        kinds = kinds or ("full",) * len(points)
        self.evidence[source] = self.seen(replace(one, points=replace(one.points, kind=tuple(kinds))))

    def tests(self, *recoveries: Recovery) -> None:
        log = Log(recoveries=recoveries, known_until=at(LOOK))
        self.evidence["drills"] = SourceEvidence(Standing.LOG, log=log, looks=[Look("drills", at(LOOK), at(LOOK))])

    def answer(self, scenario: str = "", wanted: float | None = None, *, late: int = 0) -> RestoreAnswer:
        instant = None if wanted is None else at(wanted)
        asked = RestoreQuestion(self.policy, scenario, instant, at(LOOK) + 1, at(LOOK) + 1 + late, 300)
        return answer(asked, self.evidence, ())

    def orders(self, scenario: str = "", wanted: float | None = None) -> DataSet:
        (found,) = self.answer(scenario, wanted).sets
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def passed(**told: Any) -> Recovery:
    began = told.pop("began", 50)
    given = {"point_source": "near", "point_of": "orders", "validation": Rung.VALIDATED, "finished_at": at(began + 1)}
    return Recovery("t1", 1, at(began), outcome="passed", **(given | told))


def test_the_newest_point_that_counts_comes_first_and_what_is_newer_is_named_with_the_reason(shop: Shop) -> None:
    shop.holds("near", Point(80, 81), Point(90, 91, why_not="it is empty"), Point(70, 71))
    orders = shop.orders()
    assert orders.first is not None
    assert (orders.first.name, orders.first.usable) == ("near-0", Usable.YES)
    assert [(one.name, one.usable, one.why) for one in orders.newer] == [("near-1", Usable.NO, "it is empty")]
    assert [(one.name, one.instead) for one in orders.older] == [("near-2", "its data is 10 h older")]


def test_of_two_copies_the_one_that_is_read_at_once_comes_first(shop: Shop) -> None:
    cold = {Fact.ARCHIVED: [(LOOK, FactValue(True, "GLACIER"))]}
    shop.holds("near", Point(80, 81, told=cold))
    shop.holds("far", Point(80, 82))
    orders = shop.orders()
    assert orders.first is not None
    assert orders.first.source == "far"
    assert [(one.source, one.instead) for one in orders.copies] == [
        ("near", "it must be brought back from an archive tier first")
    ]
    assert orders.copies[0].thaw is not None


def test_of_two_copies_the_place_that_was_restored_from_comes_first(shop: Shop) -> None:
    shop.holds("near", Point(80, 81))
    shop.holds("far", Point(80, 82))
    shop.tests(passed(point_source="far"))
    orders = shop.orders()
    assert orders.first is not None
    assert orders.first.source == "far"
    assert orders.first.restored is not None
    assert orders.copies[0].restored is None


def test_what_lies_at_a_lost_site_is_no_answer_to_that_scenario(shop: Shop) -> None:
    shop.holds("near", Point(90, 91))
    shop.holds("far", Point(60, 62))
    orders = shop.orders("fire")
    assert orders.first is not None
    assert orders.first.source == "far"
    assert orders.first.survives == {"fire": True}
    assert [(one.source, one.why) for one in orders.newer] == [("near", "it lies at here, which is lost with fire")]


def test_where_nothing_survives_nothing_is_certain_to_be_restorable(shop: Shop) -> None:
    shop.holds("near", Point(90, 91))
    orders = shop.orders("fire")
    assert (orders.first, orders.usable) == (None, Usable.NO)
    assert "nothing of orders that counts stands at far" in orders.why


def test_a_place_that_nobody_could_look_at_may_hold_something(shop: Shop) -> None:
    shop.holds("far", looks=[])
    orders = shop.orders()
    assert (orders.first, orders.usable) == (None, Usable.UNKNOWN)
    assert "far could not be seen" in orders.why


def test_what_was_not_seen_tonight_may_stand_no_more(shop: Shop) -> None:
    shop.holds("near", Point(70, 71, gone=(80, None)), looks=[79.9], gap="connection refused")
    orders = shop.orders()
    assert orders.first is not None
    assert (orders.usable, orders.first.usable) == (Usable.UNKNOWN, Usable.UNKNOWN)
    assert "whether it still stands is not known: connection refused" in orders.why


def test_an_older_point_that_surely_stands_comes_before_a_newer_one_of_which_nobody_knows(shop: Shop) -> None:
    shop.holds("near", Point(70, 71, gone=(80, None)), looks=[79.9], gap="connection refused")
    shop.holds("far", Point(60, 61))
    orders = shop.orders()
    assert orders.first is not None
    assert (orders.first.source, orders.usable) == ("far", Usable.YES)
    assert [(one.source, one.usable) for one in orders.newer] == [("near", Usable.UNKNOWN)]


def test_the_state_of_an_instant_is_the_newest_data_of_then_or_before(shop: Shop) -> None:
    shop.holds("near", Point(60, 61), Point(70, 71), Point(80, 81))
    first = shop.orders(wanted=70).first
    assert first is not None
    assert first.data_lo == at(70)
    earlier = shop.orders(wanted=69.9).first
    assert earlier is not None
    assert earlier.data_lo == at(60)
    assert shop.orders(wanted=59).usable is Usable.NO


def test_data_that_may_be_of_after_the_instant_is_not_taken_for_the_state_of_then(shop: Shop) -> None:
    shop.holds("near", Point(60, 61))
    one = shop.evidence["near"].parts["orders"]
    day_only = replace(one.points, data_hi=array("q", [at(61)]))
    shop.evidence["near"] = shop.seen(replace(one, points=day_only))
    assert shop.orders(wanted=60.5).first is None
    assert shop.orders(wanted=61).first is not None


def test_an_incremental_names_the_full_and_the_incrementals_before_it_in_order(shop: Shop) -> None:
    kinds = ("full", "incremental", "full", "incremental", "incremental")
    shop.holds("near", *(Point(10 * number, 10 * number + 1) for number in range(1, 6)), kinds=kinds)
    first = shop.orders().first
    assert first is not None
    assert [(step.name, step.kind, step.stands) for step in first.steps] == [
        ("near-2", "full", True), ("near-3", "incremental", True),
    ]  # fmt: skip
    assert first.chain_in_doubt == ""


def test_a_differential_needs_its_full_alone_and_a_log_every_log_since_its_base(shop: Shop) -> None:
    shop.holds(
        "near", *(Point(10 * number, 10 * number + 1) for number in range(1, 6)),
        kinds=("full", "differential", "differential", "log", "log"),
    )  # fmt: skip
    orders = shop.orders()
    assert orders.first is not None
    assert [step.name for step in orders.first.steps] == ["near-0", "near-2", "near-3"]
    assert [[step.name for step in one.steps] for one in orders.older[1:3]] == [["near-0"], ["near-0"]]


def test_a_link_that_is_gone_here_is_taken_from_the_copy_that_stands(shop: Shop) -> None:
    shop.holds("near", Point(10, 11, gone=50), Point(20, 21), kinds=("full", "incremental"))
    shop.holds("far", Point(10, 12))
    first = shop.orders().first
    assert first is not None
    assert [(step.source, step.stands) for step in first.steps] == [("far", True)]


def test_what_builds_on_a_full_that_is_lost_with_the_scenario_is_not_first(shop: Shop) -> None:
    shop.holds("near", Point(10, 11))
    shop.holds("far", Point(20, 21), Point(5, 6), kinds=("full", "incremental"))
    orders = shop.orders("fire")
    assert orders.first is not None
    assert orders.first.name == "far-1"
    assert [one.name for one in orders.newer] == ["far-0", "near-0"]


def test_a_restore_test_of_another_kind_or_place_proves_nothing_of_this_one(shop: Shop) -> None:
    shop.holds("near", Point(10, 11), Point(20, 21), kinds=("full", "incremental"))
    shop.tests(passed(began=30, point_name="near-0"))
    orders = shop.orders()
    assert orders.first is not None
    assert orders.first.kind == "incremental"
    assert orders.first.restored is None
    assert orders.older[0].restored is not None
    assert orders.restored is not None


def test_a_record_that_does_not_name_what_it_restored_leaves_its_kind_in_doubt(shop: Shop) -> None:
    shop.holds("near", Point(10, 11), Point(20, 21), kinds=("full", "incremental"))
    shop.tests(passed())
    first = shop.orders().first
    assert first is not None
    assert first.restored is not None
    assert "of which kind" in first.restored.in_doubt


def test_a_record_that_names_no_source_may_be_of_any(shop: Shop) -> None:
    shop.holds("near", Point(10, 11))
    shop.tests(passed(point_source=""))
    first = shop.orders().first
    assert first is not None
    assert first.restored is not None
    assert first.restored.in_doubt == "its record does not tell which source it restored from"


@pytest.mark.parametrize(("hours", "met"), [(1, True), (3, False)])
def test_how_long_a_restore_took_is_held_against_the_objective(shop: Shop, hours: int, met: bool) -> None:
    shop.holds("near", Point(10, 11))
    end = at(50 + hours)
    shop.tests(passed(finished_at=end, disrupted_at=at(50), validated_at=end))
    first = shop.orders().first
    assert first is not None
    assert first.restored is not None
    assert [(one.commitment, one.shortest, one.is_met) for one in first.restored.objectives] == [
        ("rto", hours * 3600, met)
    ]


def test_a_record_without_its_first_clock_may_have_taken_any_time(shop: Shop) -> None:
    shop.holds("near", Point(10, 11))
    shop.tests(passed(validated_at=at(51)))
    first = shop.orders().first
    assert first is not None
    assert first.restored is not None
    assert [(one.longest, one.is_met) for one in first.restored.objectives] == [(None, None)]


def test_the_last_provably_good_point_is_the_newest_that_stands_and_that_a_restore_named(shop: Shop) -> None:
    shop.holds("near", Point(10, 11), Point(20, 21), Point(30, 31, gone=90), Point(40, 41))
    shop.tests(*(passed(began=50 + number, point_name=f"near-{number}") for number in (0, 1, 2)))
    proven = shop.orders().proven
    assert proven is not None
    assert proven.point.name == "near-1"
    assert proven.restored.finished_at == at(52)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "does not name"),
        ({"point_name": "near-9"}, "calls near-9 is not known"),
        ({"point_name": "near-0", "validation": None}, "to which rung"),
        ({"point_name": "near-0", "contradicted": "it ended before it began"}, "it ended before it began"),
    ],
)
def test_what_a_record_does_not_surely_name_is_not_proven(shop: Shop, told: dict[str, Any], why: str) -> None:
    shop.holds("near", Point(10, 11))
    shop.tests(passed(**told))
    orders = shop.orders()
    assert orders.proven is None
    assert why in orders.proven_in_doubt


def test_a_check_that_was_no_restore_proves_no_point(shop: Shop) -> None:
    shop.holds("near", Point(10, 11))
    shop.tests(passed(point_name="near-0", validation=Rung.DATA_CHECKED))
    assert (shop.orders().proven, shop.orders().proven_in_doubt) == (None, "")


def test_a_copy_that_a_restore_test_found_wrong_is_not_first(shop: Shop) -> None:
    shop.holds("near", Point(10, 11), Point(20, 21))
    shop.tests(replace(passed(point_name="near-1"), outcome="failed", data_wrong=True))
    orders = shop.orders()
    assert orders.first is not None
    assert orders.first.name == "near-0"
    assert [one.name for one in orders.newer] == ["near-1"]


def test_of_a_place_without_a_site_nobody_knows_whether_it_survives(tmp_path: Path) -> None:
    shop = Shop(tmp_path, POLICY.replace('far: {at: "disk:far/", site: there', 'far: {at: "disk:far/"'))
    shop.holds("far", Point(10, 11))
    orders = shop.orders("fire")
    assert orders.usable is Usable.UNKNOWN
    assert "`site` would settle that" in orders.why
    assert shop.orders().usable is Usable.YES


def test_a_lock_and_a_promise_tell_how_long_a_point_will_stand(tmp_path: Path) -> None:
    shop = Shop(tmp_path, f"{POLICY}  kept: {{kind: retention, keep: 30d, evidence: [near]}}\n")
    lock = FactValue(True, "compliance", START + 20 * DAY)
    shop.holds("near", Point(24, 25, told={Fact.LOCK: [(LOOK, lock)]}))
    first = shop.orders().first
    assert first is not None
    assert [(one.until, one.firm) for one in first.standing] == [(START + 20 * DAY, True), (START + 31 * DAY, False)]


@pytest.mark.parametrize(("seconds", "tells"), [(1, True), (0, False)])
def test_what_is_not_pruned_while_young_is_so_up_to_that_age_and_not_at_it(
    tmp_path: Path, seconds: int, tells: bool
) -> None:
    shop = Shop(tmp_path, POLICY.replace("kind: full}", f"kind: full, thinned_after: {2 * DAY + seconds}s}}", 1))
    shop.holds("near", Point(LOOK - 48, LOOK - 47))
    first = shop.orders().first
    assert first is not None
    assert bool(first.standing) is tells


def test_what_nothing_tells_of_stands_for_an_unknown_time(shop: Shop) -> None:
    shop.holds("near", Point(10, 11))
    first = shop.orders().first
    assert first is not None
    assert first.standing == ()


def test_what_is_taken_to_stand_was_last_seen_when_it_was(shop: Shop) -> None:
    one = part("near", [Point(10, 11, gone=(150, None))], [40])
    absence = replace(one.absence, seen_every=110 * 3600)
    points = replace(one.points, kind=("full",), taken_until=at(150))
    shop.evidence["near"] = shop.seen(replace(one, points=points, absence=absence))
    first = shop.orders().first
    assert first is not None
    assert (first.usable, first.seen_at) == (Usable.YES, at(40))


def test_a_source_that_was_never_looked_at_is_told_as_such(shop: Shop) -> None:
    del shop.evidence["far"]
    shop.holds("near", Point(10, 11))
    known = {one.source: one for one in shop.answer().known}
    assert known["far"].looked_at is None
    assert known["near"].whole_at == at(LOOK)
    assert shop.answer().usable is Usable.YES
