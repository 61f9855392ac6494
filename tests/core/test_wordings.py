"""Which wording binds what, and what a correction of one says of the past."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.judging.wordings import Version, wordings_of
from drcheck.core.kinds.availability.commitment import Availability, Credits
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Notice, Rung, Standing
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.model.exhibit import Slots
from drcheck.core.model.log_records import Log, Outage, Recovery, Watched
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Agreement, Policy, Source
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

from .oracle.wordings import Text, binding

HOUR, DAY = 3600, 86400
T = 20_000 * DAY
"""A midnight in UTC."""
WINDOW = Window(T - 12 * DAY, T)
MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN
DUMPS = Source("dumps", "host", "dumps/", READERS["objects"], ("db",), thinned_after=NEVER)
STATUS = Source("status", "host", "outages.jsonl", READERS["outage-log"], ("shop",))
DRILLS = Source("drills", "host", "drills.jsonl", READERS["restore-log"], ("shop",))
RPO = Rpo("c", ("dumps",), at_most=30 * HOUR)
UPTIME = Availability("c", ("status",), at_least=Fraction(1, 2), per=Per.DAY)
LOOSER = replace(UPTIME, at_least=Fraction(1, 10))


def policy(*commitments, **more):
    sources = {source.name: source for source in (DUMPS, STATUS, DRILLS)}
    return Policy("shop", "shop.yaml", "0", "", "UTC", sources, commitments, **more)


def held(hours):
    """Return evidence of backups of that many hours before T, all of them seen in one look just before it."""
    rows = tuple(
        Candidate(f"db{ago}", "db", "", T - ago * HOUR, T - ago * HOUR, T - ago * HOUR + 60, T - ago * HOUR + 60, 100,
                  "", complete=True)
        for ago in hours
    )  # fmt: skip
    history = History()
    history.apply(difference(history, Observation(Look("dumps", T - 1, T - 1), rows)))
    return {"dumps": SourceEvidence(Standing.STORAGE, parts_of(history, DUMPS, clock_tolerance=300))}


def down(*hours_of_days):
    """Return evidence of outages: (days before T, hours down from midnight on)."""
    outages = tuple(
        Outage(f"o{ago}", number, T - ago * DAY, T - ago * DAY + hours * HOUR, True, "")
        for number, (ago, hours) in enumerate(hours_of_days, 2)
    )
    log = Log(outages=outages, watched=(Watched(T - 400 * DAY, T, 1),), known_until=T)
    return {"status": SourceEvidence(Standing.LOG, log=log)}


def only(versions, evidence, window=WINDOW):
    """Return the verdict on the first commitment by versions, (first seen, policy), of which the last is today's."""
    *earlier, (seen, today) = versions
    past = tuple(Version(*version) for version in earlier)
    return judge(today, evidence, window, clock_tolerance=300, first_seen=seen, earlier=past)[0]


def days(verdict):
    """Return days before T to the status of the period that began then."""
    return {(T - period.start) // DAY: period.status for period in verdict.overall.periods}


@st.composite
def texts(draw, says):
    """A history of a commitment: some versions correct the past, some are written ahead of time."""
    seen = sorted(draw(st.lists(st.integers(-14, 1), min_size=1, max_size=5)))
    instants = st.none() | st.integers(-14, 3)
    return [Text(T + at * DAY, draw(says), *(None if (one := draw(instants)) is None else T + one * DAY for _ in "ie"))
            for at in seen]  # fmt: skip


def version(text, commitment):
    return text.seen, policy(replace(commitment, in_force_from=text.in_force_from),
                             agreement=Agreement(effective=text.effective))  # fmt: skip


@given(texts(st.sampled_from((HOUR, 2 * HOUR, 3 * HOUR))), st.lists(st.integers(-16 * 24, 5 * 24), min_size=1))
def test_every_instant_is_bound_by_the_wording_that_brute_force_finds(history, hours):
    versions = [Version(*version(text, replace(RPO, at_most=text.says))) for text in history]
    wordings = wordings_of(versions[-1].policy.commitments[0], versions)
    assert [one.binds.start for one in wordings[1:]] == [one.binds.end for one in wordings[:-1]]
    for hour in hours:
        t = T + hour * HOUR
        (bound,) = (one for one in wordings if one.binds.start <= t < one.binds.end)
        expected = binding(history, t)
        assert (bound.commitment.at_most, bound.policy.agreement.effective) == (expected.says, expected.effective)


def test_the_slots_of_every_wording_are_drawn():
    one, two = Frequency("c", ("dumps",), per=Per.DAY), Frequency("c", ("dumps",), per=Per.DAY, grace=2 * HOUR)
    past = Version(T - 20 * DAY, policy(one))
    (verdict,) = judge(policy(two), held(range(12, 400, 24)), WINDOW, clock_tolerance=300, first_seen=T - 4 * DAY,
                       earlier=(past,), exhibits=True)  # fmt: skip
    assert isinstance(verdict.overall.exhibit, Slots)
    starts = [slot.start for slot in verdict.overall.exhibit.slots]
    assert starts == [T - ago * DAY for ago in range(13, 0, -1)]


@given(texts(st.sampled_from((HOUR, 20 * HOUR, 40 * HOUR))), st.sets(st.integers(0, 400), max_size=12))
def test_every_instant_is_judged_as_its_own_wording_alone_judges_it(history, hours):
    evidence = held(hours)
    versions = [version(text, replace(RPO, at_most=text.says)) for text in history]
    alone = {text: only([its], evidence).overall.pieces for text, its in zip(history, versions, strict=True)}
    pieces = only(versions, evidence).overall.pieces
    for t in range(WINDOW.start, WINDOW.end, 2 * HOUR):
        assert status_at(pieces, t) is status_at(alone[binding(history, t)], t)


@given(
    texts(st.sampled_from((Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)))),
    st.dictionaries(st.integers(1, 14), st.integers(1, 24)),
)
def test_every_period_is_judged_as_the_wording_of_its_beginning_alone_judges_it(history, hours):
    evidence = down(*hours.items())
    versions = [version(text, replace(UPTIME, at_least=text.says)) for text in history]
    alone = {text: days(only([its], evidence)) for text, its in zip(history, versions, strict=True)}
    for ago, status in days(only(versions, evidence)).items():
        assert status is alone[binding(history, T - ago * DAY)][ago]


@given(texts(st.sampled_from((1, 2, 3))), st.sets(st.integers(0, 400), max_size=30))
def test_every_slot_is_judged_as_the_wording_of_its_beginning_alone_judges_it(history, hours):
    evidence = held(hours)
    # All alike but for how many are owed: which slot decides at an instant is then the same for all of them.
    history = [text._replace(effective=None) for text in history]
    counted = Frequency("c", ("dumps",), per=Per.DAY, grace=HOUR)
    versions = [version(text, replace(counted, at_least=text.says)) for text in history]
    alone = {text: only([its], evidence).overall.pieces for text, its in zip(history, versions, strict=True)}
    pieces = only(versions, evidence).overall.pieces
    for t in range(WINDOW.start, WINDOW.end, 2 * HOUR):
        slot = (t - HOUR) // DAY * DAY - DAY  # the newest one that is over, and its grace with it
        assert status_at(pieces, t) is status_at(alone[binding(history, slot)], t)


def status_at(pieces, t):
    return next(piece.status for piece in pieces if piece.start <= t < piece.end)


DRILL = Recovery("t", 1, T - 5 * DAY, T - 5 * DAY + HOUR, "passed", frozenset({"fire"}), disrupted_at=T - 5 * DAY,
                 restored_at=T - 5 * DAY + HOUR, validated_at=T - 5 * DAY + HOUR, validation=Rung.RESTORED)  # fmt: skip
PAIRS = {
    "rpo": (RPO, {"at_most": 10 * HOUR}),
    "slots": (Frequency("c", ("dumps",), per=Per.DAY), {"at_least": 2}),
    "every": (Frequency("c", ("dumps",), every=25 * HOUR), {"every": 10 * HOUR}),
    "schedule": (Frequency("c", ("dumps",), schedule="0 3 * * *"), {"schedule": "0 9 * * *"}),
    "retention": (Retention("c", ("dumps",), keep=4 * DAY), {"keep": 9 * DAY}),
    "tiers": (Retention("c", ("dumps",), tiers={Per.DAY: 3}), {"tiers": {Per.DAY: 9}}),
    "at_most": (Retention("c", ("dumps",), at_most=90 * DAY), {"at_most": 2 * DAY}),
    "copies": (Copies("c", ("dumps",), at_least=1), {"at_least": 2}),
    "encryption": (Encryption("c", ("dumps",)), {"by": By.STORAGE}),
    "immutability": (Immutability("c", ("dumps",), at_least=DAY), {"at_least": 9 * DAY}),
    "integrity": (Integrity("c", ("dumps",), level=Rung.LISTED), {"level": Rung.CHECKSUMMED}),
    "rto": (Rto("c", ("drills",), at_most=HOUR, scenario="fire"), {"at_most": HOUR // 2}),
    "restore_test": (RestoreTest("c", ("drills",), every=90 * DAY), {"every": 2 * DAY}),
    "notice": (RestoreTest("c", ("drills",), every=90 * DAY), {"notice": Notice(seconds=DAY)}),
    "availability": (UPTIME, {"at_least": Fraction(9, 10)}),
}


@pytest.mark.parametrize("seen", [30, 2], ids=["known before", "known after"])
@pytest.mark.parametrize("way", ["stricter", "looser"])
@pytest.mark.parametrize("kind", PAIRS)
def test_a_correction_judges_as_if_it_had_been_seen_when_it_says_that_it_came_into_force(kind, way, seen):
    loose, changes = PAIRS[kind]
    before, after = (loose, replace(loose, **changes))[:: 1 if way == "stricter" else -1]
    drills = SourceEvidence(Standing.LOG, log=Log((DRILL,), known_until=T))
    evidence = {**held(range(12, 7 * 24, 24)), **down((9, 10), (3, 10)), "drills": drills}
    changed = T - 6 * DAY + 5 * HOUR
    corrected = [(T - seen * DAY, policy(before)), (T - DAY, policy(replace(after, in_force_from=changed)))]
    in_time = [(T - 30 * DAY, policy(before)), (changed, policy(after))]
    found, expected = only(corrected, evidence), only(in_time, evidence)
    assert found.overall.pieces == expected.overall.pieces
    assert found.overall.periods == expected.overall.periods
    as_before = only(corrected[:1], evidence).overall
    for t in range(WINDOW.start, changed, HOUR):
        assert status_at(found.overall.pieces, t) is status_at(as_before.pieces, t)


@pytest.mark.parametrize("seen", [10, 2])
def test_a_correction_leaves_the_periods_that_began_before_it_as_they_were(seen):
    evidence = down((9, 20), (5, 20), (3, 20))
    corrected = policy(replace(LOOSER, in_force_from=T - 5 * DAY + HOUR))
    verdict = only([(T - seen * DAY, policy(UPTIME)), (T - DAY, corrected)], evidence)
    assert days(verdict) == {**dict.fromkeys(range(1, 13), MET), 9: BREACHED, 5: BREACHED}
    assert len(verdict.notes) == 1


def test_both_verdicts_on_what_a_correction_changes_are_shown():
    evidence = down((9, 20), (3, 20))
    versions = [(T - 10 * DAY, policy(UPTIME)), (T - DAY, policy(replace(LOOSER, in_force_from=T - 5 * DAY)))]
    verdict = only(versions, evidence)
    (note,) = verdict.notes
    assert note == (
        "the wording first seen 2024-10-03T00:00:00Z corrects what was in force from 2024-09-29T00:00:00Z on: "
        "2024-10-01T12:00:00Z to 2024-10-02T00:00:00Z was breached before it and is met by it"
    )
    assert days(verdict)[3] is MET


def test_a_correction_that_is_written_again_in_other_words_is_still_shown():
    evidence = down((3, 20))
    corrected = replace(LOOSER, in_force_from=T - 5 * DAY)
    versions = [(T - 10 * DAY, policy(UPTIME)), (T - 2 * DAY, policy(corrected))]
    (told,) = only(versions, evidence).notes
    for again in (replace(corrected, quote="in other words"), LOOSER):
        assert only([*versions, (T - DAY, policy(again))], evidence).notes == (told,)


def test_a_correction_of_a_correction_is_shown_beside_it():
    evidence = down((3, 20))
    versions = [
        (T - 10 * DAY, policy(UPTIME)),
        (T - 2 * DAY, policy(replace(LOOSER, in_force_from=T - 5 * DAY))),
        (T - DAY, policy(replace(UPTIME, in_force_from=T - 4 * DAY))),
    ]
    verdict = only(versions, evidence)
    assert days(verdict)[3] is BREACHED
    assert ["was breached before it and is met by it" in note for note in verdict.notes] == [True, False]
    assert "was met before it and is breached by it" in verdict.notes[1]


def test_a_correction_that_changes_no_verdict_needs_no_words():
    versions = [(T - 10 * DAY, policy(UPTIME)), (T - DAY, policy(replace(LOOSER, in_force_from=T - 5 * DAY)))]
    assert only(versions, down((9, 20))).notes == ()


def test_a_corrected_credit_is_shown_beside_the_one_before():
    owed, less = (replace(UPTIME, credits=Credits(ratio=ratio)) for ratio in (4, 1))
    versions = [(T - 10 * DAY, policy(owed)), (T - DAY, policy(replace(less, in_force_from=T - 5 * DAY)))]
    (note,) = only(versions, down((3, 18))).notes
    assert "the credit for 2024-10-01 was 100 % before it and is 25 % by it" in note


def test_a_wording_that_was_replaced_before_it_came_into_force_never_was():
    ahead = replace(RPO, at_most=HOUR, in_force_from=T - 6 * DAY)
    versions = [
        (T - 12 * DAY, policy(RPO)),
        (T - 10 * DAY, policy(ahead)),
        (T - 8 * DAY, policy(replace(ahead, in_force_from=T - 2 * DAY))),
    ]
    verdict = only(versions, held(range(12, 400, 24)))
    assert {opening.opened_at >= T - 2 * DAY for opening in verdict.overall.openings(BREACHED)} == {True}
    assert verdict.notes == ()


def test_a_commitment_that_was_left_out_for_a_while_was_promised_all_the_same():
    versions = [
        (T - 12 * DAY, policy(replace(RPO, at_most=HOUR))),
        (T - 6 * DAY, policy(UPTIME)),
        (T - 3 * DAY, policy(RPO)),
    ]
    verdict = only(versions, held(range(12, 400, 24)))
    assert max(one.closed_at for one in verdict.overall.openings(BREACHED)) == T - 3 * DAY


@pytest.mark.parametrize("kind", ["rpo", "frequency", "retention", "encryption"])
def test_an_agreement_that_is_said_to_have_ended_long_ago_ends_nothing_of_the_past(kind):
    commitment = {
        "rpo": replace(RPO, at_most=HOUR),
        "frequency": Frequency("c", ("dumps",), per=Per.DAY),
        "retention": Retention("c", ("dumps",), keep=4 * DAY),
        "encryption": Encryption("c", ("dumps",)),
    }[kind]
    evidence = held([15 * 24])
    ended = policy(commitment, agreement=Agreement(ends=T - 11 * DAY))
    before = only([(T - 30 * DAY, policy(commitment))], evidence).overall.pieces
    verdict = only([(T - 30 * DAY, policy(commitment)), (T - 2 * DAY, ended)], evidence)
    assert verdict.status is None
    for t in range(WINDOW.start, T - 2 * DAY, 6 * HOUR):
        assert status_at(verdict.overall.pieces, t) is status_at(before, t)


def test_nothing_is_owed_between_the_end_of_an_agreement_and_the_one_after_it():
    first, tight = Agreement(ends=T - 8 * DAY), replace(RPO, at_most=HOUR)
    versions = [
        (T - 30 * DAY, policy(tight, agreement=first)),
        (T - 9 * DAY, policy(tight, agreement=Agreement(effective=T - 4 * DAY))),
    ]
    pieces = only(versions, held([15 * 24])).overall.pieces
    told = [(ago, status_at(pieces, T - ago * DAY)) for ago in (9, 8, 5, 4)]
    assert told == [(9, BREACHED), (8, None), (5, None), (4, BREACHED)]
    assert [pieces[0].start, *(piece.end for piece in pieces)] == [*(piece.start for piece in pieces), WINDOW.end]


def test_days_never_made_stay_with_the_promise_that_owed_them_then():
    kept = Retention("c", ("dumps",), keep=8 * DAY)
    made = Frequency("made", ("dumps",), per=Per.DAY)
    evidence = held(range(12, 6 * 24, 24))
    without = only([(T - 30 * DAY, policy(kept))], evidence).status
    assert without is not MET
    assert only([(T - 30 * DAY, policy(kept)), (T - DAY, policy(kept, made))], evidence).status is without
