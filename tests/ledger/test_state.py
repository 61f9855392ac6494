"""What the entries come to, and that no snapshot of it changes an answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import DUMPS, found, look, policy
from memory_log import MemoryLog

from drcheck.core.judging.since_last_run import breaches_to_name
from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, Event, Transition
from drcheck.core.model.commitments import Standing
from drcheck.core.model.verdict import Opening, Window
from drcheck.core.time.spans import Span
from drcheck.ledger import encoding, entries, notifications
from drcheck.ledger.interface import Stored
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.notifications import Sending
from drcheck.ledger.state import State
from drcheck.ledger.store import Ledger

SERVICES = ("web", "wiki")
COMMITMENTS = ("rpo", "retention")


def opening(start, end):
    return Opening(start, end, "too old")


# Runs in any order of the instants they judge: clocks jump, and questions are about the past.
spans = st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40)).map(
    lambda one: opening(one[0], None if one[1] is None else one[0] + one[1])
)
nights = st.lists(
    st.fixed_dictionaries(
        {
            "end": st.integers(20, 60),
            "question": st.sampled_from([False, False, False, True]),
            "ends": st.booleans(),
            "published": st.sampled_from([True, True, False]),
            "snapshot": st.booleans(),
            "found": st.dictionaries(
                st.tuples(st.sampled_from(SERVICES), st.sampled_from(COMMITMENTS)),
                st.lists(spans, max_size=3),
                max_size=4,
            ),
        }
    ),
    max_size=8,
)


def ran(log, night, at):
    ledger = Ledger(log)
    run = ledger.start(Window(0, night["end"]), version="0", started_at=at, question=night["question"])
    services = sorted({service for service, _ in night["found"]})
    run.policies([policy(service, f"service: {service}\n") for service in services])
    for (service, commitment), breaches in sorted(night["found"].items()):
        run.found([found(service=service, commitment=commitment, breaches=tuple(breaches))])
    if night["ends"]:
        run.finish(0)
        if night.get("published", True) and not night["question"]:
            ledger.publish(run.id, at)


def of_record(nights, service):
    """Return the nights whose verdicts on a service are of record."""
    return [
        night
        for night in nights
        if night["ends"] and not night["question"] and any(key[0] == service for key in night["found"])
    ]


def recorded_of(nights, service, commitment, at):
    """Return until when recorded runs judged a service, whether this commitment, and the breaches they showed.

    One that judged an instant after ``at``, which no later one has reached, went by a clock that was off.
    """
    recorded = of_record(nights, service)
    its = [
        night
        for number, night in enumerate(recorded)
        if night.get("published", True)
        and (night["end"] <= at or any(later["end"] >= night["end"] for later in recorded[number + 1 :]))
    ]
    if not its:
        return None  # a run that died before its report was handed over has shown its verdicts to nobody
    judged = [night for night in its if (service, commitment) in night["found"]]
    shown = {
        second
        for night in judged
        for one in night["found"][service, commitment]
        for second in range(one.opened_at, night["end"] if one.closed_at is None else one.closed_at)
    }
    return max(night["end"] for night in its), bool(judged), shown


def shown_of(state, service, before=""):
    """Return what the newest run that was shown judged of a service."""
    if (run := state.last_shown(service, before=before)) is None:
        return None
    verdicts = ((key[1], one) for key, its in state.verdicts.items() if key[0] == service for one in its)
    return run.began.window.end, {commitment for commitment, one in verdicts if one.run == run.began.run}


def last_of(recorded, service):
    published = [night for night in recorded if night["published"]]
    return (
        (published[-1]["end"], {key[1] for key in published[-1]["found"] if key[0] == service}) if published else None
    )


def told(recorded):
    if recorded is None:
        return None
    seconds = {second for span in recorded.shown for second in range(span.start, span.end)}
    return recorded.as_of, recorded.known, seconds


@settings(deadline=None)
@given(nights, st.integers(20, 60))
def test_what_recorded_runs_found_is_the_same_with_and_without_snapshots(nights, at):
    log, bare = MemoryLog(), MemoryLog()
    for number, night in enumerate(nights):
        for its in (log, bare):
            ran(its, night, 100 - number)
        if night["snapshot"]:
            Ledger(log).snapshot()
    folded = Ledger(log).state((), folded=True)
    for state in (Ledger(log).state(()), Ledger(bare).state(()), folded.compacted(), folded.compacted().compacted()):
        for service in SERVICES:
            its = of_record(nights, service)
            assert shown_of(state, service) == last_of(its, service)
            if its:
                assert shown_of(state, service, before=state.recorded_runs(service)[-1].began.run) == last_of(
                    its[:-1], service
                )
        for service in SERVICES:
            its = of_record(nights, service)
            assert bool(state.recorded_runs(service)) == bool(its)
            if its:
                newest = state.recorded_runs(service)[-1]
                assert newest.began.window.end == its[-1]["end"]
            for commitment in COMMITMENTS:
                assert told(state.recorded(service, commitment, at)) == recorded_of(nights, service, commitment, at)
                if its:
                    before = nights[: next(n for n in reversed(range(len(nights))) if nights[n] is its[-1])]
                    end = newest.began.window.end  # the newest run is repeated at its own instant
                    recorded = state.recorded(service, commitment, end, before=newest.began.run)
                    assert told(recorded) == recorded_of(before, service, commitment, end)
    # Runs without an end are the only ones of which more is kept than the newest of a service.
    assert set(folded.compacted().runs) <= set(folded.runs)
    assert list(Ledger(log).damage()) == []


def test_a_question_offline_names_the_same_breaches_with_and_without_a_snapshot():
    """`before` the newest run there was nothing left in a snapshot: every old breach was then one of a first run."""
    log = MemoryLog()
    for end, breaches in ((20, [opening(5, 8)]), (40, [opening(5, 8)])):
        night = {"end": end, "question": False, "ends": True, "found": {("web", "rpo"): breaches}}
        ran(log, night, end)
    answers = []
    for _ in range(2):
        state = Ledger(log).state(())
        newest = state.recorded_runs("web")[-1].began.run
        answers.append(
            breaches_to_name([opening(5, 8), opening(10, 12)], state.recorded("web", "rpo", 40, before=newest), 40)
        )
        Ledger(log).snapshot()
    assert answers[0] == answers[1]
    assert [(one.breach.opened_at, one.counts) for one in answers[0]] == [(10, True)]


def test_a_run_of_a_clock_that_was_set_back_does_not_move_back_until_when_was_judged():
    log = MemoryLog()
    for end in (40, 20):
        ran(log, {"end": end, "question": False, "ends": True, "found": {("web", "rpo"): []}}, end)
    for _ in range(2):
        assert Ledger(log).state(()).recorded("web", "rpo", 50).as_of == 40
        Ledger(log).snapshot()


def test_a_run_of_a_clock_that_was_ahead_has_shown_nothing_of_what_came_after_it():
    log = MemoryLog()
    for end, breaches in ((20, []), (90, [opening(30, None)]), (40, [])):
        ran(log, {"end": end, "question": False, "ends": True, "found": {("web", "rpo"): breaches}}, end)
        Ledger(log).snapshot()
    state = Ledger(log).state(())
    (found,) = breaches_to_name([opening(42, 45)], state.recorded("web", "rpo", 50), 50)
    assert found.counts


def test_a_compacted_state_keeps_what_the_next_night_needs_and_no_more():
    log = MemoryLog()
    for number in range(50):
        its = {("web", "rpo"): [opening(number, number + 1)], ("wiki", "rpo"): []} if number else {("old", "rpo"): []}
        ran(log, {"end": 100 + number, "question": number == 49, "ends": True, "found": its}, number)
    folded = Ledger(log).state((), folded=True)
    small = folded.compacted()
    assert len(folded.runs) == 50
    # The newest one of all, a question, is kept because a run's report is handed over after it.
    assert [run.began.window.end for run in small.runs.values()] == [100, 147, 148, 149]
    assert {key: [one.window.end for one in its] for key, its in small.verdicts.items()} == {
        ("web", "rpo"): [147, 148],
        ("wiki", "rpo"): [147, 148],
        ("old", "rpo"): [100],
    }
    assert small.shown["web", "rpo"] == (Span(1, 48),)
    assert small.judged_until == {"web": 147, "wiki": 147}
    assert len(folded.runs) == 50, "compacting leaves the state as it is"


@pytest.mark.parametrize(
    "entry",
    [
        entries.RunEnded("run", "finished", 7, 0),
        entries.PoliciesJudged("run", ()),
        entries.Verdicts("run", (found(),)),
        entries.Lines(1, 0, "", b"lines"),
    ],
    ids=["end", "policies", "verdicts", "lines"],
)
def test_an_entry_that_refers_to_one_that_is_not_there_is_damage(entry):
    """As when the first entries of a log are lost and the rest was numbered anew."""
    with pytest.raises(Damaged, match="entry 1 does not fit those before it"):
        State().read([Stored(1, encoding.encode(entry))])


def test_looks_are_known_to_rest_on_what_was_known_then():
    log = MemoryLog()
    ledger = Ledger(log)
    with ledger.start(Window(0, 9), version="0", started_at=1) as run:
        run.policies([policy()])
        run.looked(DUMPS, Standing.STORAGE, look(3, "a"))
        run.found([found()])
        run.finish(0)
    for wanted in (None, (), {DUMPS}):
        (past,) = ledger.state(wanted, folded=True).runs.values()
        assert past.looked_until == 5
        assert encoding.is_of(log.entries[past.looked_until - 1], "look")


def test_a_run_that_judged_nothing_can_be_published_after_a_snapshot():
    ledger = Ledger(MemoryLog())
    with ledger.start(Window(0, 9), version="0", started_at=1) as run:
        run.finish(0)
    ledger.snapshot()
    ledger.publish(run.id, 9)
    assert ledger.state().runs[run.id].published
    assert list(ledger.damage()) == []


def test_what_waits_to_be_told_waits_until_a_message_with_it_is_sent():
    """Whoever claims to send a message keeps others from it; one that failed is told again."""
    ledger = Ledger(MemoryLog())
    events = [
        Event(Transition.BEGAN, ConditionSubject(ConditionKind.BREACHED, "web", name), 1, None, "too old")
        for name in COMMITMENTS
    ]

    def after(at, state, *events, count=0):
        ledger.tell([notifications.Notification("ops", "run", at, state, events, count)])
        channel = ledger.state(()).channels["ops"]
        return channel.claimed_at, [one.subject.name for one in channel.waiting]

    assert after(10, Sending.HELD, events[0]) == (None, ["rpo"])
    assert after(20, Sending.CLAIMED, events[1], count=2) == (20, ["rpo", "retention"])
    assert after(30, Sending.HELD) == (20, ["rpo", "retention"])
    assert after(40, Sending.FAILED) == (None, ["rpo", "retention"])
    assert after(50, Sending.CLAIMED, count=1) == (50, ["rpo", "retention"])
    assert after(60, Sending.SENT, count=1) == (None, ["retention"])


def test_what_a_sender_says_whose_claim_another_one_has_taken_over_takes_nothing_from_what_waits():
    ledger = Ledger(MemoryLog())
    one, two, three = (
        Event(Transition.BEGAN, ConditionSubject(ConditionKind.BREACHED, "web", name), 1, None, "too old")
        for name in ("a", "b", "c")
    )
    for run, at, state, events, count in (
        ("slow", 10, Sending.CLAIMED, (one,), 1),
        ("later", 700, Sending.CLAIMED, (two,), 2),
        ("slow", 701, Sending.SENT, (), 1),
        ("third", 702, Sending.HELD, (three,), 0),
        ("later", 703, Sending.SENT, (), 2),
    ):
        ledger.tell([notifications.Notification("ops", run, at, state, events, count)])
        ledger.snapshot()
        assert list(ledger.damage()) == []
    channel = ledger.state(()).channels["ops"]
    assert [event.subject.name for event in channel.waiting] == ["c"]
    assert (channel.claimed_at, channel.claimed_by) == (None, "")


def test_what_need_not_be_told_any_more_waits_for_nothing():
    ledger = Ledger(MemoryLog())
    flapping = Event(Transition.OVER, ConditionSubject(ConditionKind.BREACHED, "web", "rpo"), 1, 2, "met", silent=True)
    for at in range(9):
        ledger.tell([notifications.Notification("ops", "run", at, Sending.HELD, (flapping,), 1)])
    assert ledger.state(()).channels["ops"].waiting == []
