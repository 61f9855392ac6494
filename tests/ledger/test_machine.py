"""A state machine over the ledger: runs, crashes, second writers; what it tells always equals a plain list."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drcheck.core.evidence import Candidate, Described, Fact, Gap, Look, Observation, Told
from drcheck.core.history import History
from drcheck.core.verdict import Window
from drcheck.ledger.faults import Busy
from drcheck.ledger.store import Key, open_ledger

sources = st.sampled_from([Key("web", "dumps"), Key("web", "offsite"), Key("wiki", "dumps")])
candidates = st.builds(
    Candidate,
    name=st.sampled_from(["a", "b", "c\udcff", "d\x00"]),
    of=st.just("orders"),
    kind=st.sampled_from(["", "full"]),
    data_lo=st.integers(0, 50),
    data_hi=st.integers(50, 100),
    available_lo=st.integers(0, 50),
    available_hi=st.integers(50, 100),
    size=st.integers(0, 5),
    checksum=st.sampled_from(["", "x", "y"]),
    complete=st.booleans(),
)


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.directory = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.directory.name) / 'drcheck.db'}"
        self.ledger, self.run = open_ledger(self.url), None
        self.expected, self.histories, self.raw, self.states, self.now = {}, {}, {}, [], 1000

    @precondition(lambda self: self.run is None)
    @rule()
    def start(self):
        self.now += 1
        self.run = self.ledger.start(Window(0, self.now), version="0", started_at=self.now)
        self.states = ["abandoned" if state == "running" else state for state in self.states] + ["running"]

    @precondition(lambda self: self.run is not None)
    @rule(
        key=sources,
        shown=st.lists(candidates, max_size=4),
        hidden=st.booleans(),
        raw=st.sampled_from([b"", b"one", b"two"]),
        told=st.sampled_from([Told(True, "AES256"), Told(False), Told(None, "denied")]),
    )
    def look(self, key, shown, hidden, raw, told):
        self.now += 1
        gaps = (Gap("denied", "Ask for access."),) if hidden else ()
        history = self.histories.setdefault(key, History())
        described = tuple(Described(one.name, Fact.STORAGE_ENCRYPTION, told) for one in shown[:2])
        look = Look(key.source, self.now, self.now, gaps=gaps)
        record = history.observe(Observation(look, shown, described=described, raw=raw))
        kept = self.run.record(*key, record, raw)
        history.apply(kept)
        self.expected.setdefault(key, []).append(kept)
        if raw:
            self.raw[kept.look.digest] = raw

    @precondition(lambda self: self.run is not None)
    @rule(finish=st.booleans())
    def end(self, finish):
        if finish:
            self.run.finish(0)
        else:
            self.run.interrupt()
        self.states[-1] = "finished" if finish else "interrupted"
        self.run = None

    @precondition(lambda self: self.run is not None)
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

    @invariant()
    def it_tells_what_it_was_told(self):
        if not hasattr(self, "ledger"):
            return
        assert self.ledger.histories(self.expected) == self.expected
        assert [one.state for one in self.ledger.runs()] == self.states
        for digest, raw in self.raw.items():
            assert self.ledger.raw(digest) == raw
        for key, history in self.histories.items():
            assert History.of(self.ledger.history(*key)) == history

    def teardown(self):
        if hasattr(self, "ledger"):
            if self.run is not None:
                self.run.interrupt()
            self.ledger.close()
            self.directory.cleanup()


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase
