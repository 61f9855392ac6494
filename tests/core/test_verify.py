"""Judging a whole policy: sources, sites, data sets, standing, and the wordings of the past."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge
from drcheck.core.judging.reach import asked_at, expected_since, locked_for, looked_at, needed_since
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.judging.summary import is_attested, is_waived
from drcheck.core.judging.wordings import Version
from drcheck.core.kinds.availability.commitment import Availability, Credits
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import LockMode, Notice, Standing
from drcheck.core.model.evidence import LONG_AGO, Candidate, Described, Fact, FactValue, Gap, Look
from drcheck.core.model.log_records import Attestation, Log, Outage, Recovery, Watched
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Agreement, Policy, Source, Waiver
from drcheck.core.model.sites import Site, Where
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
T = 20_000 * DAY
"""A midnight in UTC."""
WINDOW = Window(T - 10 * DAY, T)
DUMPS = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), thinned_after=NEVER)
OFFSITE = replace(DUMPS, name="offsite")
DRILLS = Source("drills", "host", "drills.jsonl", READERS["restore-log"], ("shop",))
RPO = Rpo("c", ("dumps",), at_most=30 * HOUR)
DAILY = Frequency("daily", ("dumps",), per=Per.DAY)
KEPT = Retention("c", ("dumps",), keep=8 * DAY)
MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN


def policy(*commitments, sources=(DUMPS, OFFSITE, DRILLS), **more):
    return Policy("shop", "shop.yaml", "0", "", "UTC", {one.name: one for one in sources}, commitments, **more)


def held(days, *, source=DUMPS, of="db", looks=(T - 1,), gaps=(), told=None):
    """Return evidence of a backup at noon of each day before T, as one or more looks showed it."""
    rows = tuple(
        Candidate(f"{of}{day}", of, "", T - day * DAY - DAY // 2, T - day * DAY - DAY // 2,
                  T - day * DAY - DAY // 2 + 60, T - day * DAY - DAY // 2 + 60, 100, "", complete=True)
        for day in days
    )  # fmt: skip
    history = History()
    facts = tuple(Described(name, fact, its) for name, those in (told or {}).items() for fact, its in those.items())
    for begin in looks:
        look = Look(source.name, begin, begin, gaps=gaps)
        history.apply(difference(history, Observation(look, rows, described=facts)))
    return SourceEvidence(Standing.STORAGE, parts_of(history, source, clock_tolerance=300), gaps=gaps)


def only(its, evidence, window=WINDOW, **more):
    """Return the verdict on the first commitment."""
    return judge(its, evidence, window, clock_tolerance=300, **more)[0]


def passed(ends, **more):
    times = {"disrupted_at": ends - HOUR, "restored_at": ends, "validated_at": ends, **more}
    return Recovery(f"t{ends}", 1, ends - HOUR, ends, "passed", frozenset({"fire"}), **times)


def logged(*recoveries, **more):
    return SourceEvidence(Standing.LOG, log=Log(recoveries, known_until=T, **more))


def attested(**more):
    """Return evidence of a statement of ten days ago that holds for another ten."""
    told = {
        "by": "cto@example.com",
        "at": T - 10 * DAY,
        "expires_at": T + 10 * DAY,
        "holds": True,
        "of_kind": False,
    } | more
    statement = Attestation(**{"attests": "c", "line": 1, "statement": "The disks are encrypted."} | told)
    return SourceEvidence(Standing.ATTESTED, log=Log(attestations=(statement,), known_until=T))


WORD = Source("word", "host", "attestations.jsonl", READERS["attestations"], ("shop",))
ENCRYPTED = Encryption("c", ("dumps",), by=By.STORAGE)


def test_a_promise_that_rests_on_somebodys_word_alone_is_attested():
    its = policy(replace(ENCRYPTED, evidence=("word",)), sources=(WORD,))
    verdict = only(its, {"word": attested()})
    assert (verdict.status, verdict.standing) == (MET, Standing.ATTESTED)
    assert is_attested(verdict)
    assert only(its, {"word": attested(expires_at=T - DAY)}).status is UNKNOWN


def test_a_statement_outlives_changes_of_the_policy_that_change_nothing_of_its_promise():
    promise = replace(ENCRYPTED, evidence=("word",))
    before, after = policy(promise, sources=(WORD,)), policy(promise, sources=(WORD,), sites={"new": Site("new")})
    changed = {"first_seen": T - DAY, "earlier": (Version(0, before),)}
    assert only(after, {"word": attested()}, **changed).status is MET
    stricter = policy(replace(promise, by=By.CLIENT), sources=(WORD,))
    assert only(stricter, {"word": attested()}, **changed).status is UNKNOWN


def test_somebodys_word_beside_what_can_be_seen_decides_nothing():
    its = policy(replace(ENCRYPTED, evidence=("dumps", "word")), sources=(DUMPS, WORD))
    verdict = only(its, {"dumps": held([0]), "word": attested()})
    assert verdict.status is UNKNOWN
    assert not is_attested(verdict)


def test_what_is_attested_proves_nothing_where_more_standing_is_asked():
    its = policy(replace(ENCRYPTED, evidence=("word",), min_standing=Standing.LOG), sources=(WORD,))
    assert only(its, {"word": attested()}).status is UNKNOWN


def test_a_fact_that_could_not_be_asked_is_a_gap_of_the_promises_that_need_it_alone():
    gap = Gap("HeadObject is refused", "Allow it.", fact=Fact.STORAGE_ENCRYPTION)
    its = policy(ENCRYPTED, replace(RPO, id="rpo"))
    verdicts = judge(its, {"dumps": held([0], gaps=(gap,))}, WINDOW, clock_tolerance=300)
    assert [verdict.gaps for verdict in verdicts] == [(("dumps", gap),), ()]
    assert [verdict.status for verdict in verdicts] == [UNKNOWN, MET]


def test_a_fact_that_could_not_be_asked_is_no_gap_where_another_one_told_as_much():
    age = {"db0": {Fact.CLIENT_ENCRYPTION: FactValue(True, "age")}}
    gap = Gap("a disk does not tell", fact=Fact.STORAGE_ENCRYPTION)
    its = policy(replace(ENCRYPTED, by=By.EITHER))
    verdict = only(its, {"dumps": held([0], gaps=(gap,), told=age)})
    assert (verdict.status, verdict.gaps) == (MET, ())


def test_where_every_backup_is_gone_that_is_said():
    history = History()
    for begin, rows in ((T - 2 * DAY, (2, 3)), (T - DAY, ()), (T - 1, ())):
        shown = tuple(
            Candidate(f"db{day}", "db", "", T - day * DAY, T - day * DAY, T - day * DAY, T - day * DAY, 100, "", True)
            for day in rows
        )
        history.apply(difference(history, Observation(Look("dumps", begin, begin), shown)))
    empty = SourceEvidence(Standing.STORAGE, parts_of(history, DUMPS, clock_tolerance=300))
    verdict = only(policy(RPO), {"dumps": empty})
    assert verdict.status is BREACHED
    assert verdict.overall.reason == "nothing of db can be restored any more: every recovery point at dumps is gone"


def test_something_is_expected_at_a_source_as_often_as_the_strictest_commitment_asks():
    age_only = Retention("kept", ("dumps",), at_most=90 * DAY)
    assert expected_since(policy(RPO, replace(RPO, at_most=8 * HOUR), age_only), DUMPS, T) == T - 8 * HOUR
    assert expected_since(policy(age_only, RPO), DUMPS, T) == T - 30 * HOUR
    assert expected_since(policy(age_only), DUMPS, T) == LONG_AGO
    assert expected_since(policy(RPO), OFFSITE, T) == LONG_AGO


def test_only_what_a_commitment_needs_is_asked_of_each_backup():
    locked = Immutability("locked", ("offsite",), at_least=14 * DAY)
    either = replace(ENCRYPTED, by=By.EITHER)
    its = policy(either, locked, replace(locked, id="longer", at_least=30 * DAY), replace(RPO, id="rpo"))
    assert asked_at(its, DUMPS) == {Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION}
    assert asked_at(its, OFFSITE) == {Fact.LOCK, Fact.LEGAL_HOLD}
    assert asked_at(its, DRILLS) == frozenset()
    firm = replace(locked, mode=LockMode.COMPLIANCE)
    assert asked_at(policy(firm), OFFSITE) == {Fact.LOCK}
    assert (locked_for(its, OFFSITE), locked_for(its, DUMPS)) == (30 * DAY, 0)


@pytest.mark.parametrize(
    ("commitment", "names"),
    [(RPO, ["dumps", "drills"]), (DAILY, ["dumps", "drills"]), (KEPT, ["dumps", "drills"]), (ENCRYPTED, ["dumps"])],
)
def test_a_log_that_may_tell_of_a_broken_backup_is_looked_at_though_no_promise_names_it(commitment, names):
    assert [source.name for source in looked_at(policy(commitment, sources=(DUMPS, OFFSITE, DRILLS, WORD)))] == names


def test_a_backup_that_a_log_found_broken_counts_for_no_promise_though_none_names_the_log():
    wrong = Recovery(
        "t", 1, T - 9 * HOUR, T - 8 * HOUR, "failed", point_source="dumps", point_name="db0", data_wrong=True
    )
    evidence = {"dumps": held(range(3)), "drills": logged(wrong)}
    verdict = only(policy(RPO), evidence)
    assert (verdict.status, "db0 at dumps does not count" in verdict.overall.reason) == (BREACHED, True)


def test_a_period_is_judged_by_the_wording_in_force_when_it_began():
    day = Availability("c", ("status",), at_least=Fraction(1, 2), per=Per.DAY)
    status = Source("status", "host", "outages.jsonl", READERS["outage-log"], ("shop",))
    down = [Outage(f"o{ago}", ago, T - ago * DAY, T - ago * DAY + 16 * HOUR, True, "") for ago in (3, 1)]
    log = Log(outages=tuple(down), watched=(Watched(T - 20 * DAY, T, 9),), known_until=T)
    stricter, looser = policy(day, sources=(status,)), policy(replace(day, at_least=Fraction(1, 5)), sources=(status,))
    changed = T - 2 * DAY + 5 * HOUR
    verdict = only(
        looser,
        {"status": SourceEvidence(Standing.LOG, log=log)},
        first_seen=changed,
        earlier=(Version(0, stricter),),
    )
    fell_short = [one for one in verdict.overall.periods if one.status is BREACHED]
    assert [one.start for one in fell_short] == [T - 3 * DAY]
    assert [one.start for one in verdict.overall.periods] == [T - ago * DAY for ago in range(10, 0, -1)]
    assert [one.name for one in verdict.overall.evidence] == ["o1", "o3"]


def test_the_worst_data_set_decides_and_each_is_told():
    both = replace(DUMPS, of=("db", "files"))
    parts = {of: held([day], source=both, of=of).parts[of] for of, day in (("db", 0), ("files", 5))}
    evidence = SourceEvidence(Standing.STORAGE, parts)
    verdict = only(policy(RPO, sources=(both,)), {"dumps": evidence})
    assert verdict.status is BREACHED
    assert verdict.overall.of == "files"
    assert {one.of: one.status for one in verdict.findings} == {"db": MET, "files": BREACHED}


def fire(**sites):
    """Return what a policy with a fire in the house says of where its sources lie."""
    sources = tuple(replace(one, site=sites.get(one.name, "")) for one in (DUMPS, OFFSITE, DRILLS))
    places = {name: Site(name) for name in ("house", "far")} | {"cellar": Site("cellar", part_of="house")}
    return {"sources": sources, "sites": places, "scenarios": {"fire": frozenset({"house"})}}


@pytest.mark.parametrize(
    ("sites", "status"),
    [
        ({"dumps": "far"}, MET),
        ({"dumps": "house"}, BREACHED),
        ({"dumps": "cellar"}, BREACHED),
        ({}, UNKNOWN),
    ],
)
def test_a_recovery_point_counts_in_a_scenario_only_where_it_survives_it(sites, status):
    verdict = only(policy(replace(RPO, scenario="fire"), **fire(**sites)), {"dumps": held([0])})
    assert verdict.status is status
    assert ("`site`" in verdict.overall.reason) is (not sites)


def test_what_no_source_survives_is_breached_for_an_rpo_and_has_no_subject_for_the_rest():
    lost = fire(dumps="house")
    its = policy(
        replace(RPO, scenario="fire"),
        replace(DAILY, scenario="fire"),
        replace(KEPT, id="kept", scenario="fire"),
        **lost,
    )
    statuses = [verdict.status for verdict in judge(its, {"dumps": held(range(12))}, WINDOW, clock_tolerance=300)]
    assert statuses == [BREACHED, UNKNOWN, UNKNOWN]


def test_a_day_never_made_is_the_frequency_commitments_breach():
    kept, daily = judge(policy(KEPT, DAILY), {"dumps": held([0, 1, 2, 4, 5, 6, 7, 8, 9])}, WINDOW, clock_tolerance=300)
    assert (kept.status, daily.overall.openings(BREACHED) != ()) == (MET, True)


def test_a_day_that_was_made_elsewhere_and_is_not_kept_here_is_a_breach():
    its = policy(replace(KEPT, evidence=("offsite",)), DAILY)
    verdict = only(its, {"dumps": held(range(12)), "offsite": held([], source=OFFSITE)})
    assert verdict.status is BREACHED
    assert "was made at dumps" in verdict.overall.reason


def test_a_weekly_backup_does_not_excuse_days_that_are_not_kept():
    weekly = replace(DAILY, per=Per.WEEK)
    assert only(policy(KEPT, weekly), {"dumps": held([2, 9])}).status is BREACHED


@pytest.mark.parametrize(
    ("often", "status"),
    [
        ({"schedule": "0 3 * * *"}, MET),
        ({"schedule": "0 3,15 * * *"}, MET),
        ({"schedule": "30 0-3 * * *"}, MET),
        ({"schedule": "0 3 * * 1-6"}, BREACHED),
        ({"schedule": "0 3 1-30 * *"}, BREACHED),
        ({"schedule": "0 3 * 1-11 *"}, BREACHED),
        ({"every": 25 * HOUR}, MET),
        ({"every": 25 * HOUR + 1}, BREACHED),
    ],
)
def test_days_are_excused_only_where_one_is_owed_for_each(often, status):
    frequency = replace(DAILY, per=None, **often)
    evidence = {"dumps": held([0, 1, 2, 4, 5, 6, 7, 8, 9])}
    assert only(policy(KEPT, frequency), evidence).status is status


@pytest.mark.parametrize(
    ("often", "status"),
    [
        ({"schedule": "30 * * * *"}, MET),
        ({"schedule": "30 0-3 * * *"}, BREACHED),
        ({"schedule": "0 */2 * * *"}, BREACHED),
        ({"every": HOUR}, MET),
        ({"every": 2 * HOUR}, BREACHED),
        ({"per": Per.HOUR}, MET),
    ],
)
def test_hours_in_which_nobody_owes_a_backup_are_not_excused(often, status):
    hourly = Retention("c", ("dumps",), keep=6 * HOUR, per=Per.HOUR)
    frequency = replace(DAILY, **{"per": None, **often})
    assert only(policy(hourly, frequency), {"dumps": held([5])}).status is status


def test_a_ceiling_over_nothing_is_unknown():
    ceiling = Retention("c", ("dumps",), at_most=8 * DAY)
    assert only(policy(ceiling), {"dumps": held([])}).status is UNKNOWN
    assert only(policy(ceiling), {"dumps": held([1])}).status is MET


def test_evidence_below_the_standing_asked_proves_nothing():
    its = policy(replace(RPO, min_standing=Standing.DRILL))
    verdict = only(its, {"dumps": held([0])})
    assert verdict.status is UNKNOWN
    assert "standing storage" in verdict.gaps[0][1].what


def test_a_failed_look_does_not_lower_the_standing_of_what_was_seen_before():
    evidence = replace(held([0]), gaps=(Gap("connection refused"),))
    assert only(policy(replace(RPO, min_standing=Standing.STORAGE)), {"dumps": evidence}).status is MET


def test_figures_are_shown_only_where_something_is_owed():
    overall = only(policy(RPO, agreement=Agreement(effective=T + DAY)), {"dumps": held([5])}).overall
    assert (overall.status, overall.measured, overall.headroom, overall.due_at) == (None, None, None, None)
    ended = only(policy(RPO, agreement=Agreement(ends=T - DAY)), {"dumps": held([5])}).overall
    assert (ended.status, ended.measured) == (None, None)


def test_a_schedule_tick_at_the_agreements_first_instant_is_owed():
    ticks = Frequency("c", ("dumps",), schedule="0 12 * * *", grace=HOUR)
    its = policy(ticks, agreement=Agreement(effective=T - DAY // 2))
    assert only(its, {"dumps": held([3])}).status is BREACHED


def test_the_objective_of_every_so_often_is_told_without_its_grace():
    often = Frequency("c", ("dumps",), every=12 * HOUR, grace=HOUR)
    overall = only(policy(often), {"dumps": held([0])}).overall
    assert (overall.objective.value, overall.measured.value, overall.headroom.value) == (12 * HOUR, 12 * HOUR, 0)
    assert overall.due_at == T + HOUR


def test_a_waiver_covers_a_breach_until_it_ends():
    breached = held([5])
    for until, waived in ((T, True), (T - 1, False)):
        its = policy(RPO, waivers=(Waiver("c", until, "cto", "moving"),))
        assert is_waived(only(its, {"dumps": breached})) is waived


def test_a_waiver_covers_nothing_from_before_it_was_first_seen():
    its = policy(RPO, waivers=(Waiver("c", T + DAY, "cto", "moving"),))
    for first_seen, waived in ((T - 1, True), (T, False)):
        (verdict,) = judge(its, {"dumps": held([5])}, WINDOW, clock_tolerance=300, first_seen=first_seen)
        assert is_waived(verdict) is waived
        assert {breach.waived for breach in verdict.breaches()} == {waived}


@pytest.mark.parametrize(
    ("commitment", "evidence"),
    [
        (Retention("c", ("dumps",), tiers={Per.DAY: 20}), {"dumps": held(range(5))}),
        (RestoreTest("c", ("drills",), every=DAY), {"drills": logged(passed(T - 5 * DAY))}),
        (KEPT, {"dumps": held([0, 1, 2])}),
        (RPO, {"dumps": held([4])}),
        (DAILY, {"dumps": held([0, 4])}),
        (Rto("c", ("drills",), at_most=60), {"drills": logged(passed(T - 5 * DAY))}),
    ],
)
def test_a_change_of_words_that_judge_nothing_changes_no_verdict(commitment, evidence):
    before = policy(commitment)
    plain = only(before, evidence)
    reworded = policy(replace(commitment, quote="other words", clause="7"))
    again = only(reworded, evidence, first_seen=T - DAY, earlier=(Version(T - 30 * DAY, before),))
    assert again.overall == plain.overall


def test_an_instant_is_judged_by_the_wording_in_force_then():
    loose, tight = policy(RPO), policy(replace(RPO, at_most=HOUR))
    verdict = only(tight, {"dumps": held(range(12))}, first_seen=T - DAY, earlier=(Version(T - 30 * DAY, loose),))
    assert all(piece.status is MET for piece in verdict.overall.pieces if piece.end <= T - DAY)
    assert verdict.status is BREACHED


def test_what_was_owed_before_a_change_is_owed_after_it():
    before, after = policy(KEPT), policy(replace(KEPT, keep=9 * DAY))
    evidence = {"dumps": held([0, 1, 2, 7, 8, 9])}
    assert only(after, evidence, first_seen=T - DAY, earlier=(Version(T - 30 * DAY, before),)).status is BREACHED


def test_a_wording_that_came_back_does_not_wipe_out_the_one_between():
    first, second = policy(RPO), policy(replace(RPO, at_most=HOUR))
    earlier = (Version(T - 30 * DAY, first), Version(T - 4 * DAY, second))
    verdict = only(first, {"dumps": held(range(12))}, first_seen=T - 2 * DAY, earlier=earlier)
    breaches = verdict.overall.openings(BREACHED)
    assert breaches
    assert all(one.opened_at >= T - 4 * DAY and one.closed_at <= T - 2 * DAY for one in breaches)


def test_a_correction_overrules_what_came_after_its_instant():
    wrong = policy(replace(RPO, at_most=HOUR))
    right = policy(replace(RPO, in_force_from=T - 20 * DAY))
    verdict = only(right, {"dumps": held(range(12))}, first_seen=T - DAY, earlier=(Version(T - 10 * DAY, wrong),))
    assert verdict.overall.openings(BREACHED) == ()


def test_tests_held_before_the_agreement_are_not_bound_by_its_notice():
    noticed = RestoreTest("c", ("drills",), notice=Notice(seconds=DAY))
    its = policy(noticed, agreement=Agreement(effective=T - 2 * DAY))
    assert only(its, {"drills": logged(passed(T - 5 * DAY))}).status is None
    assert only(its, {"drills": logged(passed(T - DAY))}).status is BREACHED


def test_a_look_is_asked_as_far_back_as_the_longest_promise_and_no_further():
    its = policy(RPO, KEPT)
    sized = replace(DUMPS, min_size=1)
    assert WINDOW.start - 11 * DAY <= needed_since(its, sized, WINDOW) <= WINDOW.start - 8 * DAY
    # Ten backups more, where sizes are held against those before them.
    assert needed_since(its, DUMPS, WINDOW) == needed_since(its, sized, WINDOW) - 10 * DAY
    assert needed_since(policy(Retention("c", ("dumps",), at_most=DAY)), DUMPS, WINDOW) < 0


def test_where_backups_are_made_is_looked_at_as_far_back_as_they_are_kept_elsewhere():
    its = policy(replace(KEPT, keep=60 * DAY, evidence=("offsite",)), DAILY)
    assert needed_since(its, DUMPS, WINDOW) <= WINDOW.start - 60 * DAY
    assert needed_since(policy(DAILY), replace(DUMPS, min_size=1), WINDOW) > WINDOW.start - 10 * DAY
    # Whoever promises none as often as they are kept says nothing of when they are made.
    rarely = policy(replace(KEPT, keep=60 * DAY, evidence=("offsite",)), replace(RPO, at_most=48 * HOUR))
    assert needed_since(rarely, replace(DUMPS, min_size=1), WINDOW) > WINDOW.start - 10 * DAY


def test_an_agreement_renewed_ahead_of_time_does_not_hide_a_breach_of_the_one_in_force():
    before = policy(RPO, agreement=Agreement(effective=T - 300 * DAY))
    renewed = policy(RPO, agreement=Agreement(effective=T + 5 * DAY))
    verdict = only(renewed, {"dumps": held([5])}, first_seen=T - 8 * DAY, earlier=(Version(T - 300 * DAY, before),))
    assert verdict.status is BREACHED


def test_a_change_of_cadence_does_not_hide_that_backups_stopped():
    often = Frequency("c", ("dumps",), every=26 * HOUR)
    monthly = Frequency("c", ("dumps",), per=Per.MONTH)
    earlier = (Version(T - 300 * DAY, policy(often)),)
    assert only(policy(monthly), {"dumps": held([5])}, first_seen=T - 3 * DAY, earlier=earlier).status is BREACHED


def test_a_data_set_renamed_for_the_future_is_judged_under_its_old_name_until_then():
    before = policy(RPO)
    after = policy(replace(RPO, in_force_from=T + DAY), sources=(replace(DUMPS, of=("files",)),))
    verdict = only(after, {"dumps": held([5])}, first_seen=T - DAY, earlier=(Version(T - 300 * DAY, before),))
    assert verdict.status is BREACHED


TWO = Copies("c", ("dumps", "offsite"), at_least=2, all_in=Where(area=frozenset({"europe"})))
EUROPE = {
    "sites": {"here": Site("here", area="europe"), "there": Site("there", area="europe")},
    "sources": (replace(DUMPS, site="here"), replace(OFFSITE, site="there")),
}


def in_europe(commitment):
    return policy(commitment, **EUROPE)


def test_rewording_where_copies_must_lie_does_not_hide_that_there_are_too_few():
    evidence = {"dumps": held(range(12)), "offsite": held([], source=OFFSITE)}
    looser = replace(TWO, within=25 * HOUR)
    verdict = only(in_europe(looser), evidence, first_seen=T - 2 * DAY, earlier=(Version(0, in_europe(TWO)),))
    assert only(in_europe(looser), evidence).status is BREACHED
    assert (verdict.status, verdict.overall.pieces[-1].start < T - 2 * DAY) == (BREACHED, True)


def test_copies_that_stopped_before_a_change_of_words_are_still_missing_after_it():
    evidence = {"dumps": held(range(4, 14)), "offsite": held([], source=OFFSITE)}
    looser = replace(TWO, within=25 * HOUR)
    assert only(in_europe(looser), evidence).status is BREACHED
    verdict = only(in_europe(looser), evidence, first_seen=T - 3 * DAY, earlier=(Version(0, in_europe(TWO)),))
    assert verdict.status is BREACHED


def test_copies_that_are_counted_no_more_are_owed_no_more():
    evidence = {"dumps": held(range(12)), "offsite": held([], source=OFFSITE)}
    its = in_europe(replace(TWO, at_least=None))
    verdict = only(its, evidence, first_seen=T - 2 * DAY, earlier=(Version(0, in_europe(TWO)),))
    assert verdict.status is MET
    assert verdict.overall.pieces[-1].start == T - 2 * DAY


@pytest.mark.parametrize(("minutes", "owed"), [(14, False), (15, True)])
def test_what_was_breached_by_an_agreements_end_stays_owed_and_nothing_after_it_counts(minutes: int, owed: bool):
    status = Source("status", "host", "outages.jsonl", READERS["outage-log"], ("shop",))
    up = Availability("c", ("status",), at_least=Fraction(99, 100), per=Per.DAY,
                      credits=Credits(ratio=1))  # fmt: skip
    down = tuple(Outage(f"o{ago}", ago, T - ago * DAY, T - ago * DAY + 20 * HOUR, True, "") for ago in (4, 3, 2))
    log = Log(outages=down, watched=(Watched(T - 20 * DAY, T, 9),), known_until=T)
    ends = T - 3 * DAY + minutes * 60  # 14.4 min of a day may be down
    ended = Agreement(ends=ends)
    its = policy(up, sources=(status,), agreement=ended)
    verdict = only(its, {"status": SourceEvidence(Standing.LOG, log=log)})
    told = {period.start: (period.status, period.credit is not None) for period in verdict.overall.periods}
    assert told[T - 4 * DAY] == (BREACHED, True)
    assert told[T - 3 * DAY] == (BREACHED if owed else None, owed)
    assert T - 2 * DAY not in told
    (period,) = (period for period in verdict.overall.periods if period.start == T - 3 * DAY)
    assert period.downtime == minutes * 60
    assert (period.end - period.start, period.allowed) == (DAY, 864)
    pieces = [(piece.start, piece.status) for piece in verdict.overall.pieces if piece.start >= T - 3 * DAY]
    broken = [(T - 3 * DAY + 864, BREACHED)] if owed else []
    assert pieces == [(T - 3 * DAY, None), *broken, (ends, None)]


@pytest.mark.parametrize(
    ("path", "file"), [("dumps/", "host:dumps/db0"), ("dumps", "host:dumps/db0"), ("", "host:db0")]
)
def test_each_backup_that_is_cited_names_its_file(path, file):
    dumps = replace(DUMPS, path=path)
    verdict = only(policy(RPO, sources=(dumps,)), {"dumps": held([0], source=dumps)})
    assert [cited.place for cited in verdict.overall.evidence] == [file]


def test_each_record_that_is_cited_names_its_log():
    rto = Rto("c", ("drills",), at_most=4 * HOUR)
    verdict = only(policy(rto), {"drills": logged(passed(T - DAY))})
    assert [cited.place for cited in verdict.overall.evidence] == ["host:drills.jsonl"]


def test_of_several_data_sets_the_promise_is_at_risk_where_it_is_met_and_one_of_them_is_at_risk():
    both = replace(DUMPS, of=("db", "files"))

    def at_risk(objective, files):
        parts = {of: held(days, source=both, of=of).parts[of] for of, days in (("db", range(10)), ("files", files))}
        evidence = {"dumps": SourceEvidence(Standing.STORAGE, parts)}
        verdict = only(policy(replace(RPO, at_most=objective), sources=(both,)), evidence)
        return verdict.status, verdict.overall.at_risk

    assert at_risk(30 * HOUR, range(10)) == (MET, False)
    assert at_risk(12 * HOUR + 60, range(10)) == (MET, True)
    assert at_risk(12 * HOUR + 60, range(1, 10)) == (BREACHED, False)
    assert at_risk(37 * HOUR, range(1, 10)) == (MET, True)


def test_a_day_never_made_is_neither_among_those_that_must_stand_nor_wanting():
    kept = only(policy(KEPT, DAILY), {"dumps": held([0, 1, 2, 4, 5, 6, 7, 8, 9])}).overall
    figures = (kept.objective, kept.measured, kept.headroom)
    assert (kept.status, [one.value for one in figures if one]) == (MET, [6, 6, 0])
    assert kept.reason.endswith(
        "6 of 7 days of the last 8 d stand for db; never made, and told by the frequency commitment: 2024-09-30"
    )
    alone = only(policy(KEPT), {"dumps": held([0, 1, 2, 4, 5, 6, 7, 8, 9])}).overall
    assert (alone.status, alone.headroom and alone.headroom.value) == (BREACHED, -1)


def test_retention_alone_leaves_a_backup_that_was_never_made_to_who_owes_it():
    others = (
        RPO,
        DAILY,
        Copies("c", ("dumps",), at_least=2),
        ENCRYPTED,
        Immutability("c", ("dumps",)),
        Rto("c", ("drills",)),
    )
    assert [one.leaves_making_to(DAILY) for one in (KEPT, *others)] == [True] + [False] * len(others)
    assert not KEPT.leaves_making_to(RPO)
    assert not KEPT.leaves_making_to(replace(DAILY, per=Per.WEEK))
    assert not Retention("c", ("dumps",), tiers={Per.DAY: 3}).leaves_making_to(DAILY)
