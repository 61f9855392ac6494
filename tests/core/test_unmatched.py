"""Names that match nothing: a fault of the policy where none ever matched, and never what makes or unmakes a met."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.judging.judge import judge
from drcheck.core.judging.sources import SourceEvidence
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import Candidate, Gap, Look, Unaccounted
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import NEVER, Agreement, Policy, Source
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.registry import READERS

HOUR, DAY = 3600, 86400
T = 1774569600  # 2026-03-27T00:00Z
WINDOW = Window(T, T + int(9.9 * DAY) + 1)
"""It ends with the newest look."""
SOURCES = {
    name: Source(name, "host", f"{name}/", READERS["objects"], ("orders",), max_duration=HOUR, thinned_after=NEVER)
    for name in ("dumps", "offsite")
}
RPO = Rpo("rpo", ("dumps",), at_most=DAY)
COMMITMENTS = (
    RPO,
    Rpo("either", ("dumps", "offsite"), at_most=2 * DAY),
    Frequency("daily", ("dumps",), at_least=1, per=Per.DAY),
    Retention("kept", ("offsite",), keep=3 * DAY),
    Retention("pruned", ("dumps", "offsite"), at_most=4 * DAY),
    Copies("copies", ("dumps", "offsite"), at_least=2),
    Encryption("hidden", ("dumps", "offsite"), by=By.EITHER),
)
NEWER = (Unaccounted("orders_1.sql", T + 9 * DAY, newer=True),)


def dump(day: float, name: str) -> Candidate:
    data = T + int(DAY * day)
    return Candidate(f"{name}-{day}", "orders", "", data, data, data + HOUR, data + HOUR, 100, f"{name}{day}", True)


def seen(name, *looks, unaccounted=()):
    """Return what looks come to, each a day and what stood then; the newest showed ``unaccounted`` beside it."""
    history = History()
    for day, shown in looks:
        begin = T + int(DAY * day)
        history.apply(
            difference(
                history, Observation(Look(name, begin, begin, names=len(shown) + 1, unaccounted=unaccounted), shown)
            )
        )
    return SourceEvidence(
        Standing.STORAGE,
        parts_of(history, SOURCES[name], clock_tolerance=300),
        unaccounted=history.unaccounted,
        ever_matched=history.ever_matched,
        looks=history.looks,
    )


def judged(evidence, *commitments):
    policy = Policy(
        "shop", "shop.yaml", "", "", "UTC", SOURCES, commitments, agreement=Agreement(effective=T - 9 * DAY)
    )
    return judge(policy, evidence, WINDOW, clock_tolerance=300, first_seen=T)


def test_where_names_stand_and_none_ever_matched_a_breach_is_unknown_with_those_names():
    for unaccounted, expected in (((), Status.BREACHED), (NEWER, Status.UNKNOWN)):
        (verdict,) = judged({"dumps": seen("dumps", (1, []), (9.9, []), unaccounted=unaccounted)}, RPO)
        assert verdict.status is expected
    assert "orders_1.sql stands there: `name` on dumps fits" in verdict.overall.reason
    assert Status.BREACHED not in {piece.status for piece in verdict.overall.pieces}


def test_once_a_name_has_matched_it_is_breached_and_newer_names_are_told_first():
    (verdict,) = judged({"dumps": seen("dumps", (1, [dump(0, "a")]), (9.9, []), unaccounted=NEWER)}, RPO)
    assert verdict.status is Status.BREACHED
    assert verdict.overall.reason.startswith("orders_1.sql at dumps, newer than every backup read there, fits no")


def test_newer_names_are_told_of_every_promise_that_asks_what_was_made():
    looks = seen("dumps", (1, [dump(0, "a")]), (9.9, [dump(0, "a")]), unaccounted=NEWER)
    daily = Frequency("daily", ("dumps",), at_least=1, per=Per.DAY)
    for verdict in judged({"dumps": looks}, RPO, daily):
        assert (verdict.status, "orders_1.sql" in verdict.overall.reason) == (Status.BREACHED, True)


def test_older_names_that_match_nothing_are_not_told_of_a_breach():
    older = (NEWER[0]._replace(newer=False),)
    looks = (1, [dump(0, "a")]), (9.9, [])
    assert judged({"dumps": seen("dumps", *looks, unaccounted=older)}, RPO) == judged(
        {"dumps": seen("dumps", *looks)}, RPO
    )


def test_what_another_place_breaches_for_sure_stays_breached():
    evidence = {
        "dumps": seen("dumps", (1, [dump(0, "a")]), (9.9, [dump(0, "a")])),
        "offsite": seen("offsite", (1, []), (9.9, []), unaccounted=NEWER),
    }
    both = Rpo("both", ("dumps", "offsite"), at_most=DAY)
    pruned = Retention("pruned", ("dumps", "offsite"), at_most=2 * DAY)
    assert [verdict.status for verdict in judged(evidence, both, pruned)] == [Status.UNKNOWN, Status.BREACHED]


def test_a_look_that_saw_nothing_forgets_no_names():
    history = History()
    history.apply(difference(history, Observation(Look("dumps", T, T, names=1, unaccounted=NEWER))))
    history.apply(difference(history, Observation(Look("dumps", T + 1, T + 1, gaps=(Gap("the host is down"),)))))
    assert history.unaccounted == NEWER
    history.apply(difference(history, Observation(Look("dumps", T + 2, T + 2))))
    assert history.unaccounted == ()


nights = st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=6)


@settings(deadline=None, max_examples=60)
@given(nights, nights, st.sampled_from(["dumps", "offsite", "both"]), st.booleans())
def test_an_unmatched_name_makes_nothing_met_and_nothing_that_is_met_anything_else(dumps, offsite, where, newer):
    def looks(name, its):
        made = [dump(night, name) for night, _ in its]
        return [(at, [one for one in made if one.data_lo + HOUR < T + DAY * at]) for at in (0.5, 3.2, 6.1, 9.9)]

    def evidence(unaccounted):
        return {
            name: seen(name, *looks(name, its), unaccounted=unaccounted if where in {name, "both"} else ())
            for name, its in (("dumps", dumps), ("offsite", offsite))
        }

    without = judged(evidence(()), *COMMITMENTS)
    beside = judged(evidence((NEWER[0]._replace(newer=newer),)), *COMMITMENTS)
    for one, other in zip(without, beside, strict=True):
        for t in range(WINDOW.start, WINDOW.end, HOUR):
            before, after = (status_at(verdict.overall.pieces, t) for verdict in (one, other))
            assert before is after or (before, after) == (Status.BREACHED, Status.UNKNOWN)


def status_at(pieces, t):
    return next(piece.status for piece in reversed(pieces) if piece.start <= t)
