"""A run that is killed at any moment: what it acknowledged is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from ledgers import start

from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger


def states(ledger):
    return [(run.state, run.exit_status) for run in ledger.state((), folded=True).runs.values()]


KILLED = """
import sys
from drcheck.core.model.evidence import Candidate, Look
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.commitments import Standing
from drcheck.core.model.verdict import Window
from drcheck.ledger.state import Key
from drcheck.ledger.store import open_ledger

with open_ledger(sys.argv[1]) as ledger, ledger.start(Window(0, 1), version="0", started_at=7) as run:
    log = ledger.state().source(Key("web", "log")).log
    for number in range(100_000):
        rows = tuple(Candidate(f"{number}/{row}", "o", "", 1, 1, 1, 1, 1, "", True) for row in range(50))
        line = b"%d\\n" % number
        run.looked(Key("web", "dumps"), Standing.STORAGE, LookChanges(Look("dumps", number, number), rows))
        run.looked(Key("web", "log"), Standing.LOG, LookChanges(Look("log", number, number)), before=log, lines=line)
        log += line
        if number % 7 == 3:
            ledger.snapshot()
        print(number, flush=True)
"""
ROUNDS = int(os.environ.get("DRCHECK_KILLS", "6"))
"""How often a run is killed; 200 are a thorough proof."""
PER_LEDGER = 20
"""How often one ledger is written to: the start after a kill reads all of it, so that many take ever longer."""


def test_what_was_acknowledged_outlives_sigkill(tmp_path):
    for number, enough in enumerate((0, 1, 3, 20, 8, 13, *((n * 7919) % 29 for n in range(6, ROUNDS)))):
        if number % PER_LEDGER == 0:
            url, looks, lines = f"sqlite:///{tmp_path}/{number}.db", 0, 0
        process = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if int(line) >= enough:
                break
        process.send_signal(signal.SIGKILL)
        acknowledged = 1 + int([line, *process.stdout.read().split()][-1])
        process.wait()
        process.stdout.close()
        with open_ledger(url) as ledger:
            state = ledger.state()
            assert list(state.runs.values())[-1].state == "running"
            dumps, log = state.source(Key("web", "dumps")), state.source(Key("web", "log"))
            dumps.history.read_all()
            kept, numbers = [one.begin for one in dumps.history.looks][looks:], log.log.split()[lines:]
            # One more may have reached the disk before its acknowledgement reached us; none is missing or half there.
            for its in (kept, list(map(int, numbers)), [one.begin for one in log.history.looks][lines:]):
                assert acknowledged <= len(its) <= acknowledged + 1
                assert its == list(range(len(its)))
            assert all(f"{number}/{row}" in dumps.history.standing for number in kept for row in range(50))
            looks, lines = looks + len(kept), lines + len(numbers)
            with start(ledger) as run:
                run.finish(0)
            assert states(ledger)[-2:] == [("abandoned", None), ("finished", 0)]
            assert list(ledger.damage()) == []
