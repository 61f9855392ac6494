"""A recovery time objective beside copies in archive tiers, and what the looks made of their tiers."""

from __future__ import annotations

import sys
from itertools import count

import pytest
from msgspec.structs import replace
from points import DAY, HOUR, Point, at, part, subject

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge as judge_policy
from drcheck.core.judging.reach import looked_at
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds import rto
from drcheck.core.kinds.rto import Rto
from drcheck.core.model import archive_tiers
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import FOREVER, Candidate, Described, Fact, FactValue, Look
from drcheck.core.model.log_records import Log, Recovery
from drcheck.core.model.observation import Observation
from drcheck.core.model.points import Doubt
from drcheck.core.model.policy import NEVER, Policy, Source
from drcheck.core.model.sites import Site
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span
from drcheck.registry import READERS

MET, UNKNOWN, BREACHED = Status.MET, Status.UNKNOWN, Status.BREACHED
OBJECTIVE = Rto("back", ("drills",), scenario="fire", at_most=4 * HOUR, proven_within=90 * DAY)
TERMS = Terms(lost_sites=frozenset({"sto"}), site_of={"near": "sto", "offsite": "cloud"})
WINDOW = Window(at(0), at(240))
AWS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html"
FLEXIBLE, DEEP, AZURE = FactValue(True, "GLACIER"), FactValue(True, "DEEP_ARCHIVE"), FactValue(True, "Archive")
AT_HAND = archive_tiers.AT_HAND


def passing(hours: float = -24, took: float = 2) -> Recovery:
    start, end = at(hours - took), at(hours)
    return Recovery(
        "t1", 1, start, end, "passed", frozenset({"fire"}), disrupted_at=start, restore_started_at=start,
        restored_at=end, validated_at=end, target_site="cloud", point_source="offsite",
    )  # fmt: skip


RECORDS = Records({"drills": Log((passing(),), known_until=at(240))})


def lying(data: float, *tiers: tuple[float, FactValue], gone: float | None = None) -> Point:
    return Point(data, data + 1, gone, told={Fact.ARCHIVED: tiers} if tiers else None)


def judge(*points: Point, terms: Terms = TERMS, objective: Rto = OBJECTIVE, records: Records = RECORDS) -> Finding:
    surviving = [subject(part("offsite", points, thinned_after=NEVER))]
    return rto.evaluate(objective, surviving, records, terms, WINDOW)


def test_where_every_copy_that_survives_must_be_thawed_for_longer_than_the_objective_it_is_unknown():
    finding = judge(lying(-48, (-40, FLEXIBLE)), lying(-24, (-20, DEEP)))
    assert finding.status is UNKNOWN
    assert finding.reason == (
        "no copy of orders that survives can be read at once: offsite-1 at offsite lies in S3 Glacier Deep Archive, "
        f"where a retrieval takes up to 12 h ({AWS}); the objective is 4 h"
    )
    assert [(one.name, one.told) for one in finding.evidence] == [
        ("t1", ""),
        ("offsite-1", "in S3 Glacier Deep Archive"),
    ]


@pytest.mark.parametrize(
    ("tier", "hours", "status"),
    [(FLEXIBLE, 4, UNKNOWN), (FLEXIBLE, 5, MET), (DEEP, 11, UNKNOWN), (DEEP, 12, MET), (AZURE, 14, UNKNOWN), (AZURE, 15, MET)],
)  # fmt: skip
def test_a_tier_that_thaws_within_the_objective_changes_nothing(tier: FactValue, hours: int, status: Status):
    assert judge(lying(-24, (-20, tier)), objective=replace(OBJECTIVE, at_most=hours * HOUR)).status is status


def test_an_older_copy_at_hand_is_enough_and_the_newest_is_named_in_the_notes():
    finding = judge(lying(-48), lying(-24, (-20, FLEXIBLE)))
    assert finding.status is MET
    (note,) = finding.notes
    assert note == (
        "the newest copy of orders takes longer to read than 4 h: offsite-1 at offsite lies in S3 Glacier Flexible "
        f"Retrieval, where a retrieval takes up to 5 h ({AWS}); the newest that can be read at once holds data of "
        "2026-03-25T00:00:00Z"
    )
    assert "offsite-1" in [one.name for one in finding.evidence]


def test_old_copies_in_an_archive_tier_beside_new_ones_at_hand_are_no_news():
    finding = judge(lying(-48, (-40, DEEP)), lying(-24))
    assert (finding.status, finding.notes, [one.name for one in finding.evidence]) == (MET, (), ["t1"])


def test_copies_that_came_and_went_together_at_two_places_are_both_too_slow():
    alike = [lying(-24, (-20, DEEP), gone=300)]
    surviving = [subject(part("offsite", alike, thinned_after=NEVER), part("second", alike, thinned_after=NEVER))]
    terms = replace(TERMS, site_of={**TERMS.site_of, "second": "cloud"})
    assert rto.evaluate(OBJECTIVE, surviving, RECORDS, terms, WINDOW).status is UNKNOWN


def test_another_copy_of_the_newest_point_at_hand_is_no_news():
    surviving = [subject(part("offsite", [lying(-24, (-20, DEEP))]), part("second", [lying(-24.1)]))]
    terms = replace(TERMS, site_of={**TERMS.site_of, "second": "cloud"})
    finding = rto.evaluate(OBJECTIVE, surviving, RECORDS, terms, WINDOW)
    assert (finding.status, finding.notes) == (MET, ())


def test_it_is_unknown_from_the_look_that_found_the_last_copy_moved_until_one_that_found_it_back():
    finding = judge(lying(-24, (-20, AT_HAND), (48, FLEXIBLE), (96, AT_HAND)))
    assert [(piece.status, piece.start) for piece in finding.pieces] == [(MET, at(0)), (UNKNOWN, at(48)), (MET, at(96))]


def test_a_copy_whose_presence_is_uncertain_saves_nothing():
    finding = judge(lying(-48, (-40, DEEP)), Point(-24, -23, (120, 260)))
    assert [(piece.status, piece.start) for piece in finding.pieces] == [(MET, at(0)), (UNKNOWN, at(120))]
    assert finding.reason.startswith(
        "whether a copy of orders that can be read at once is there is not known: offsite-0"
    )


def test_an_incremental_at_hand_whose_full_must_be_thawed_saves_nothing():
    whole = part("offsite", [lying(-48, (-40, DEEP)), lying(-24)])
    points = replace(whole.points, kind=("full", "incremental"))
    finding = rto.evaluate(OBJECTIVE, [subject(replace(whole, points=points))], RECORDS, TERMS, WINDOW)
    assert finding.status is UNKNOWN


def test_intelligent_tiering_may_have_moved_what_nobody_used_for_90_days():
    told = FactValue(None, "INTELLIGENT_TIERING")
    assert archive_tiers.settled(told, at(0), at(24 * 89)) == AT_HAND
    assert archive_tiers.settled(told, at(0), at(24 * 90)) == told
    finding = judge(lying(-24 * 91, (-20, told)))
    assert finding.status is UNKNOWN
    assert "offsite-0 at offsite may lie in an archive tier of S3 Intelligent-Tiering" in finding.reason


@pytest.mark.parametrize(
    "name", ["", "STANDARD", "STANDARD_IA", "GLACIER_IR", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE", "x"]
)
def test_what_is_read_at_once_lies_in_no_archive_tier(name: str):
    assert archive_tiers.at_amazon(name) == archive_tiers.at_azure(name) == AT_HAND


def test_a_failed_test_stays_a_breach_whatever_the_tier():
    records = Records({"drills": Log((replace(passing(), outcome="failed"),), known_until=at(240))})
    assert judge(lying(-24, (-20, DEEP)), records=records).status is BREACHED


def test_without_any_copy_or_any_word_of_its_tier_the_tests_decide():
    assert judge().status is MET
    assert judge(lying(-24)).status is MET


def test_a_copy_at_a_site_that_nobody_stated_saves_nothing():
    surviving = [subject(part("offsite", [lying(-24, (-20, DEEP))]), part("somewhere", [lying(-24)]))]
    assert rto.evaluate(OBJECTIVE, surviving, RECORDS, TERMS, WINDOW).status is UNKNOWN


DRILLS = Source("drills", "host", "drills.jsonl", READERS["restore-log"], ("shop",))
OFFSITE = Source("offsite", "cloud", "b/", READERS["objects"], ("orders",), site="cloud", thinned_after=NEVER)
NEAR = replace(OFFSITE, name="near", site="sto")


def policy(*objectives: Rto, drills: Source = DRILLS) -> Policy:
    return Policy(
        "shop", "shop.yaml", "0", "", "UTC", {one.name: one for one in (NEAR, OFFSITE, drills)}, objectives,
        sites={"sto": Site("sto"), "cloud": Site("cloud")}, scenarios={"fire": frozenset({"sto"})},
    )  # fmt: skip


def tier(told: FactValue) -> tuple[Described, ...]:
    return () if told == AT_HAND else (Described("dump", Fact.ARCHIVED, told),)


def shown(source: Source, told: FactValue, *, of: str = "orders") -> SourceEvidence:
    row = Candidate("dump", of, "", at(-24), at(-24), at(-23), at(-23), 1000, "", complete=True)
    history = History()
    look = Look(source.name, at(240) - 1, at(240) - 1)
    history.apply(difference(history, Observation(look, (row,), described=tier(told))))
    return SourceEvidence(Standing.STORAGE, parts_of(history, source, clock_tolerance=300, until=at(240)))


def test_the_sources_that_survive_are_looked_at_though_the_objective_rests_on_a_log():
    assert [source.name for source in looked_at(policy(OBJECTIVE))] == ["offsite", "drills"]
    anywhere = policy(replace(OBJECTIVE, scenario=""))
    assert [source.name for source in looked_at(anywhere)] == ["near", "offsite", "drills"]


def test_only_copies_that_survive_the_scenario_count():
    its = policy(OBJECTIVE)
    log = SourceEvidence(Standing.LOG, log=RECORDS.logs["drills"])
    evidence = {"near": shown(NEAR, AT_HAND), "offsite": shown(OFFSITE, DEEP), "drills": log}
    (verdict,) = judge_policy(its, evidence, WINDOW, clock_tolerance=300)
    assert (verdict.status, "Deep Archive" in verdict.overall.reason) == (UNKNOWN, True)
    anywhere = policy(replace(OBJECTIVE, scenario=""))
    assert judge_policy(anywhere, evidence, WINDOW, clock_tolerance=300)[0].status is MET


def test_where_the_log_names_data_sets_only_copies_of_those_count():
    archive = replace(OFFSITE, of=("orders", "yearly"))
    drills = replace(DRILLS, of=("orders",))
    its = policy(OBJECTIVE, drills=drills)
    its = replace(its, sources={**its.sources, "offsite": archive})
    log = SourceEvidence(Standing.LOG, log=RECORDS.logs["drills"])
    evidence = {"offsite": shown(archive, DEEP, of="yearly"), "drills": log}
    assert judge_policy(its, evidence, WINDOW, clock_tolerance=300)[0].status is MET
    every = replace(its, sources={**its.sources, "drills": DRILLS})
    assert judge_policy(every, evidence, WINDOW, clock_tolerance=300)[0].status is UNKNOWN


def test_each_tier_holds_from_the_look_that_found_it_and_is_kept_once():
    history = History()
    row = Candidate("dump", "orders", "", at(0), at(0), at(1), at(1), 1000, "", complete=True)
    kept = []
    for hours, told in [(2, AT_HAND), (3, AT_HAND), (4, DEEP), (5, DEEP), (6, AT_HAND), (7, AT_HAND)]:
        look = Look("offsite", at(hours), at(hours))
        record = difference(history, Observation(look, (row,), described=tier(told)))
        history.apply(record)
        kept.append(len(record.described))
    points = parts_of(history, OFFSITE, clock_tolerance=300)["orders"].points
    assert points.facts[0, Fact.ARCHIVED] == [(at(2), AT_HAND), (at(4), DEEP), (at(6), AT_HAND)]
    assert kept == [0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("certain", [False, True])
def test_a_copy_at_hand_that_is_in_doubt_or_broken_saves_nothing(certain: bool):
    whole = part("offsite", [lying(-48), lying(-24, (-20, DEEP))])
    doubt = Doubt("it failed a check", Span(at(24), FOREVER), certain=certain)
    doubted = replace(whole, points=whole.points.doubting({0: [doubt]}))
    finding = rto.evaluate(OBJECTIVE, [subject(doubted)], RECORDS, TERMS, WINDOW)
    assert [(piece.status, piece.start) for piece in finding.pieces] == [(MET, at(0)), (UNKNOWN, at(24))]


def test_many_copies_that_come_and_go_through_the_tiers_take_work_in_proportion():
    calls = []
    for number in (500, 2000):
        copies = [lying(-hour, (-hour + 2, FLEXIBLE), (-hour + 30, AT_HAND), gone=-hour + 60) for hour in range(number)]
        events = count()
        # Calls and returns, not seconds: how busy the machine is changes nothing about these.
        sys.setprofile(lambda *_, events=events: next(events))
        try:
            judge(*copies)
        finally:
            sys.setprofile(None)
        calls.append(next(events))
    assert calls[1] < 4.5 * calls[0], calls


def test_of_several_files_the_one_that_is_longest_to_wait_for_decides_and_else_the_one_that_surely_waits():
    perhaps, surely = FactValue(None, "INTELLIGENT_TIERING"), FactValue(True, "INTELLIGENT_TIERING")
    for several, slowest in (
        ((AT_HAND, FLEXIBLE, DEEP), DEEP),
        ((AT_HAND, perhaps), perhaps),
        ((AT_HAND, AT_HAND), AT_HAND),
        ((perhaps, surely), surely),
        ((FLEXIBLE, perhaps), perhaps),
        ((AZURE, DEEP), AZURE),
    ):
        assert archive_tiers.slowest(several) == archive_tiers.slowest(several[::-1]) == slowest
    assert archive_tiers.slowest(()) is None


def test_what_was_written_lately_lies_in_no_tier_that_moves_what_is_not_used():
    perhaps, month = FactValue(None, "INTELLIGENT_TIERING"), 30 * DAY
    assert archive_tiers.settled(perhaps, 0, 3 * month - 1) == AT_HAND
    assert archive_tiers.settled(perhaps, 0, 3 * month) == perhaps
    assert archive_tiers.settled(DEEP, 0, 1) == DEEP
