"""However a history is cut into runs, and whichever snapshots are kept or lost, the ledger alone gives one answer."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from memory_log import MemoryLog
from oracle import worlds
from oracle.cases import COARSE
from oracle.profiles import thoroughly
from oracle.worlds import Place

from drcheck.app.judge import judge
from drcheck.app.policy_versions import Versions
from drcheck.core.history.difference import difference
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.verdict import Window
from drcheck.ledger.state import Key
from drcheck.ledger.store import Ledger
from drcheck.policyfile.load import load_policies

POLICY = """\
drcheck: 1
service: shop
sources:
  dumps: {at: "vault:dumps/", reader: objects, name: "{data_as_of:%s}.gz", of: [orders]}
  drills: {at: "vault:drills.jsonl", reader: restore-log}
commitments:
  rpo: {kind: rpo, at_most: 6h, evidence: [dumps]}
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
  kept: {kind: retention, keep: 2d, per: day, evidence: [dumps]}
  tested: {kind: restore_test, every: 1d, evidence: [drills]}
"""
with TemporaryDirectory() as directory:
    path = Path(directory) / "shop.yaml"
    path.write_text(POLICY)
    LOADED = load_policies([str(path)], None)
assert LOADED.faults == ()
(TEXT,) = LOADED.policies
DUMPS, DRILLS = (Key("shop", TEXT.sources[name].identity) for name in ("dumps", "drills"))
PLACES = worlds.places("dumps", COARSE, most=6, certain_data=True, fleeting=True)


def observed(place: Place, look: Look) -> Observation:
    shown = [
        Candidate(
            truth.path or truth.name, "orders", "", truth.data, truth.data, truth.arrived, truth.arrived, truth.size,
            truth.name, complete=truth.counts,
        )
        for truth in place.truths
        if truth.stands(look.begin) and (look.complete or (look.begin, truth.name) in place.shown_by_gaps)
    ]  # fmt: skip
    return Observation(look, shown)


def recorded(place: Place, cuts: list[bool], snapshots: list[bool], *, rebuilt: bool) -> list[object]:
    """Let the looks at ``place`` pass in runs that end where ``cuts`` says, and return the verdicts of the ledger."""
    log, run = MemoryLog(), None
    looks = sorted(place.looks, key=lambda look: look.begin)
    for number, look in enumerate(looks):
        ledger = Ledger(log)
        if run is None or run.over:
            run = ledger.start(Window(0, look.begin + 1), version="0", started_at=look.begin)
            run.policies([TEXT])
        state = ledger.state({DUMPS, DRILLS})
        run.looked(DUMPS, Standing.LOG, difference(state.source(DUMPS).history, observed(place, look)))
        before, line = state.source(DRILLS).log, b'{"test": "t%d", "service": "shop"}\n' % number
        gaps = () if look.complete else (Gap("denied"),)
        digest = sha256(before + line).hexdigest()
        told = Look("drills", look.begin, look.begin, gaps=gaps, digest=digest, size=len(before + line))
        record = difference(state.source(DRILLS).history, Observation(told))
        run.looked(DRILLS, Standing.LOG, record, before=before, lines=line if look.complete else b"")
        if cuts[number % len(cuts)]:
            run.finish(0)
            if snapshots[number % len(snapshots)]:
                Ledger(log).snapshot()
    if rebuilt:
        Ledger(log).rebuild()
    end = looks[-1].begin + 1 if looks else COARSE
    state = Ledger(log).state({DUMPS, DRILLS})
    known = {"shop": Versions(TEXT, 0, (), ())}
    (judged,) = judge(
        state.sources.get, known, {"shop": Window(end - 5 * 86400, end)}, clock_tolerance=300, of_period=True
    )
    return [(one.overall, one.since_then, one.gaps, one.looks) for one in judged.verdicts]


@thoroughly
@given(
    PLACES,
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.booleans(),
)
def test_runs_and_snapshots_cut_nothing_out_of_a_history(
    place: Place, cuts: list[bool], snapshots: list[bool], rebuilt: bool
) -> None:
    assert recorded(place, cuts, snapshots, rebuilt=rebuilt) == recorded(place, [False], [False], rebuilt=False)
