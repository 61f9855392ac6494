"""A state machine over the ledger: runs, crashes, second writers, clocks that jump, snapshots made and lost.

What the ledger says always equals what plain lists of the same facts come to.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ledgers import found, policy

from drcheck.core.history.difference import difference
from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, Event, Transition
from drcheck.core.model.commitments import Standing
from drcheck.core.model.drill import Drill, Ending
from drcheck.core.model.evidence import FOREVER, Candidate, Described, Fact, FactValue, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger import snapshots
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.errors import Busy
from drcheck.ledger.notifications import Notification, Sending
from drcheck.ledger.state import SourceState
from drcheck.ledger.store import Key, open_ledger

MONTH = 32 * 86400
MOST = int(os.environ.get("DRCHECK_EXAMPLES", "60"))
sources = st.sampled_from([Key("web", "dumps"), Key("web", "offsite"), Key("wiki", "dumps")])
logs = st.sampled_from([Key("web", "drills"), Key("wiki", "drills")])
instants = st.sampled_from([0, 7, MONTH - 1, MONTH, 3 * MONTH])
candidates = st.builds(
    Candidate,
    name=st.sampled_from(["a", "b", "c\udcff", "d\x00"]),
    of=st.just("orders"),
    kind=st.sampled_from(["", "full"]),
    data_lo=instants,
    data_hi=instants,
    available_lo=instants,
    available_hi=instants,
    size=st.integers(0, 5),
    checksum=st.sampled_from(["", "x", "y"]),
    complete=st.booleans(),
).map(
    lambda one: one._replace(
        data_hi=max(one.data_lo, one.data_hi), available_hi=max(one.available_lo, one.available_hi)
    )
)


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.directory = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.directory.name) / 'drcheck.db'}"
        self.ledger, self.run = open_ledger(self.url), None
        self.sources: dict[Key, SourceState] = {}
        self.runs: list[list] = []  # id, state, question, published
        self.verdicts: list[tuple] = []
        self.texts: list[str] = []
        self.retired: dict[str, int] = {}
        self.drills: list[Drill] = []
        self.then: list[tuple] = []
        self.now = 1000

    def source(self, key):
        return self.sources.setdefault(key, SourceState())

    @rule(by=st.sampled_from([-400 * 86400, -1, 0, 3600, MONTH]))
    def the_clock_jumps(self, by):
        self.now += by

    @precondition(lambda self: self.run is None)
    @rule(question=st.booleans(), job=st.sampled_from(["", "nightly"]))
    def start(self, question, job):
        window = Window(0, self.now)
        self.run = self.ledger.start(window, version="0", started_at=self.now, question=question, job=job)
        for one in self.runs:
            one[1] = "abandoned" if one[1] == "running" else one[1]
        self.runs.append([self.run.id, "running", question, False])

    @precondition(lambda self: self.run is not None)
    @rule(
        key=sources,
        shown=st.lists(candidates, max_size=4),
        hidden=st.booleans(),
        told=st.sampled_from([FactValue(True, "AES256"), FactValue(False), FactValue(None, "denied")]),
    )
    def look(self, key, shown, hidden, told):
        self.now += 1
        gaps = (Gap("denied", "Ask for access."),) if hidden else ()
        described = tuple(Described(one.name, Fact.STORAGE_ENCRYPTION, told) for one in shown[:2])
        seen = Observation(Look(key.source, self.now, self.now, gaps=gaps), shown, described=described)
        expected = self.source(key)
        record = difference(self.ledger.state({key}).source(key).history, seen)
        assert record == difference(expected.history, seen), (
            "what a look changes is the same, whatever snapshots there are"
        )
        self.run.looked(key, Standing.STORAGE, record)
        expected.history.apply(record)
        expected.standing = Standing.STORAGE

    @precondition(lambda self: self.run is not None)
    @rule(key=logs, lines=st.sampled_from([b"", b"one\n", b"\xff\x00"]))
    def read_a_log(self, key, lines):
        self.now += 1
        expected = self.source(key)
        record = difference(
            expected.history, Observation(Look(key.source, self.now, self.now), raw=expected.log + lines)
        )
        self.run.looked(key, Standing.LOG, record, before=expected.log, lines=lines)
        expected.history.apply(record)
        expected.standing, expected.log = Standing.LOG, expected.log + lines

    @precondition(lambda self: self.run is not None)
    @rule(text=st.sampled_from(["service: web\n", "service: web\n# other\n"]), service=st.sampled_from(["web", "wiki"]))
    def judge(self, text, service):
        self.run.policies([policy(service, text)])
        one = found(service=service, breaches=(Opening(self.now - 9, self.now - 2, "too old"),))
        self.run.found([one])
        self.verdicts.append((self.run.id, one))
        self.texts.append(text)
        self.retired.pop(service, None)

    @precondition(lambda self: self.run is not None)
    @rule(finish=st.booleans())
    def end(self, finish):
        if finish:
            self.run.finish(0)
        else:
            self.run.interrupt()
        self.runs[-1][1] = "finished" if finish else "interrupted"
        self.run = None

    @precondition(lambda self: self.run is None)
    @rule(nth=st.integers(1, 3))
    def publish(self, nth):
        """The report of a run is handed over, also after later runs, as long as these judged other services."""
        state = self.ledger.state(())
        for one in self.runs[-nth:][:1]:
            services = {found.service for run, found in self.verdicts if run == one[0]}
            if one[1:] != ["finished", False, False] or one[0] not in state.runs:
                continue
            if nth == 1 or (services and not services & state.judged_after(one[0])):
                self.ledger.publish(one[0], self.now)
                one[3] = True

    @rule(
        channel=st.sampled_from(["ops", "mail/a\udcff"]),
        run=st.sampled_from(["one", "two"]),
        sending=st.sampled_from(Sending),
        events=st.lists(
            st.builds(
                Event,
                st.sampled_from(Transition),
                st.builds(
                    ConditionSubject,
                    st.sampled_from(ConditionKind),
                    st.just("web"),
                    st.sampled_from(["rpo", "a\udcff.yaml"]),
                ),
                st.integers(0, 2),
                st.none() | st.integers(3, 4),
                st.just("why"),
                st.booleans(),
            ),
            max_size=2,
        ),
        count=st.integers(0, 3),
    )
    def tell(self, channel, run, sending, events, count):
        self.ledger.tell([Notification(channel, run, self.now, sending, tuple(events), count)])

    @rule(service=st.sampled_from(["web", "wiki"]))
    def retire(self, service):
        self.ledger.retire(service, self.now, "closed")
        self.retired[service] = self.now

    @precondition(lambda self: self.run is None)
    @rule(ended=st.booleans(), service=st.sampled_from(["web", "wiki"]))
    def hold_a_drill(self, ended, service):
        number = len(self.drills)
        one = Drill(f"drill-{number}", service, self.now, outcome=Ending.FAILED if ended else None)
        self.ledger.tell_of_drill(DrillTold(self.now, one))
        self.drills.append(one)

    @rule()
    def a_second_writer_is_refused(self):
        with pytest.raises(Busy):
            open_ledger(self.url)

    @rule()
    def crash_and_reopen(self):
        """A process that dies closes its files, and says nothing."""
        self.run = None
        self.ledger.close()
        self.ledger = open_ledger(self.url)

    @rule()
    def keep_a_snapshot(self):
        self.ledger.snapshot()

    @rule()
    def rebuild(self):
        self.ledger.rebuild()

    @rule(data=st.data())
    def lose_parts_of_the_snapshot(self, data):
        names = [name for (name,) in self.ledger.log.connection.execute("SELECT name FROM derived ORDER BY 1")]
        for name in data.draw(st.lists(st.sampled_from(names), unique=True)) if names else ():
            self.ledger.log.connection.execute("DELETE FROM derived WHERE name = ?", (name,))

    @rule()
    def remember_what_is_known_now(self):
        state = self.ledger.state(folded=True)
        known = {key: snapshots.all_known(one) for key, one in state.sources.items()}
        self.then.append((self.ledger.log.count, known, list(state.runs)))

    @invariant()
    def it_tells_what_it_was_told(self):
        if not hasattr(self, "ledger"):
            return
        with open_ledger(self.url, read_only=True) as reader:
            for state in (self.ledger.state(), reader.state(), self.ledger.state(folded=True)):
                assert set(state.sources) == set(self.sources)
                for key, expected in self.sources.items():
                    assert snapshots.all_known(state.source(key)) == snapshots.all_known(expected)
                assert state.retired == self.retired
                for service in ("web", "wiki"):
                    known = state.drills[service].drills().values() if service in state.drills else ()
                    assert [*known] == [one for one in self.drills if one.service == service]
                assert {self.ledger.policy_text(state, digest) for digest in state.texts} == set(self.texts)
                for service in ("web", "wiki"):
                    self.its_verdicts_of_record_are_the_same(state, service)
        folded = self.ledger.state((), folded=True)
        assert snapshots.small(self.ledger.state(())) == snapshots.small(folded)
        runs = [[run.began.run, run.state, run.began.question, run.published] for run in folded.runs.values()]
        assert runs == self.runs
        its = [(one.run, one.found) for one in folded.verdicts.get(("web", "rpo"), ())]
        assert its == [one for one in self.verdicts if one[1].service == "web"]

    def its_verdicts_of_record_are_the_same(self, state, service):
        of_record = {
            run: published for run, how, question, published in self.runs if how == "finished" and not question
        }
        its = [(run, one) for run, one in self.verdicts if one.service == service and run in of_record]
        recorded = state.recorded(service, "rpo", FOREVER)
        published = [one for one in its if of_record[one[0]]]
        assert (recorded is None) == (not published)
        if its:
            assert state.recorded_runs(service)[-1].began.run == its[-1][0]
        if published:
            spans = {(one.start, one.end) for one in recorded.shown}
            assert all(
                any(lo <= one.breaches[0].opened_at and one.breaches[0].closed_at <= hi for lo, hi in spans)
                for _, one in published
            )

    def teardown(self):
        if hasattr(self, "ledger"):
            assert list(self.ledger.damage()) == []
            for upto, known, runs in self.then:
                state = self.ledger.state(upto=upto, folded=True)
                assert {key: snapshots.all_known(one) for key, one in state.sources.items()} == known
                assert list(state.runs) == runs
            if self.run is not None:
                self.run.interrupt()
            self.ledger.close()
            self.directory.cleanup()


LedgerMachine.TestCase.settings = settings(max_examples=MOST, stateful_step_count=25, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase
