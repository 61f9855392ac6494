"""What builds on other backups: the walk along the links against the rule read to the letter, and its law."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from oracle.allowed import status_at
from oracle.chains import Backup, backups, columns, restores, told_bases
from oracle.profiles import thoroughly

from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.history.absence import Absence
from drcheck.core.history.part import Part
from drcheck.core.kinds import rpo
from drcheck.core.kinds.copies import evaluate as copies
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.retention import evaluate as retention
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.model.evidence import ALWAYS, FOREVER, Look
from drcheck.core.model.points import Points
from drcheck.core.model.policy import NEVER
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window
from drcheck.core.rules import dependence

BAD = {None: 0, Status.MET: 0, Status.UNKNOWN: 1, Status.BREACHED: 2}
ALIVE = st.sampled_from((("a",), ("a", "b"), ("a", "b"), ("b",)))
DAY = 86400


def chained(everything: tuple[Backup, ...], alive: tuple[str, ...]) -> list[Points]:
    return dependence.apply([columns(source, everything) for source in "ab"], [], alive, (ALWAYS,))


@thoroughly
@given(backups() | told_bases(), ALIVE)
def test_a_backup_counts_while_all_that_it_builds_on_stands(everything: tuple[Backup, ...], alive: tuple[str, ...]):
    for points in chained(everything, alive):
        mine = sorted((one for one in everything if one.source == points.source), key=lambda one: one.data)
        for row, one in enumerate(mine):
            for second in range(one.data, 22):
                expected = one.complete and restores(one, everything, alive, second)
                for surely in (True, False):
                    assert points.counts_at(row, second, surely=surely) is expected, (one, second)


@thoroughly
@given(backups(), ALIVE, st.integers(0, 8), st.integers(1, 5))
def test_where_a_name_tells_only_a_span_its_backup_is_taken_to_be_of_any_instant_in_it(
    everything: tuple[Backup, ...], alive: tuple[str, ...], which: int, span: int
):
    links = sorted({(one.kind, one.data) for one in everything if one.kind != "snapshot"})
    if not links:
        return
    vague = links[which % len(links)]
    latest = vague[1] + span
    if any(one.kind == vague[0] and vague[1] < one.data <= latest for one in everything):
        return  # of two of one kind the names tell which came first
    spanned = tuple(
        one._replace(latest=latest, gone=max(one.gone, latest + 1)) if (one.kind, one.data) == vague else one
        for one in everything
    )
    places = {one: number for number, one in enumerate(spanned)}
    worlds = [
        [one._replace(data=data) if one.latest is not None else one for one in spanned]
        for data in range(vague[1], latest + 1)
    ]
    for points in chained(spanned, alive):
        mine = sorted((one for one in spanned if one.source == points.source), key=lambda one: one.data)
        for row, one in enumerate(mine):
            for second in range(one.arrived, 24):
                answers = {one.complete and restores(world[places[one]], world, alive, second) for world in worlds}
                assert not points.counts_at(row, second, surely=True) or answers == {True}, (one, second)
                assert points.counts_at(row, second, surely=False) or answers == {False}, (one, second)


def test_a_change_of_the_day_whose_full_has_no_time_may_build_on_that_of_the_day_or_the_one_before():
    old, new = (Backup("a", "full", data, 99, complete=True) for data in (0, 10))
    new, change = new._replace(latest=19), Backup("a", "incremental", 15, 99, complete=True)
    (points, _) = chained((old, new, change), ("a",))
    assert points.counts_at(2, 25, surely=True)
    assert (points.counts_at(2, 16, surely=False), points.counts_at(2, 16, surely=True)) == (True, False)
    (points, _) = chained((old._replace(gone=20), new, change), ("a",))
    assert (points.counts_at(2, 25, surely=False), points.counts_at(2, 25, surely=True)) == (True, False)
    doubt = points.doubt_at(2, 25)
    assert doubt is not None
    assert doubt.why.startswith("it may build on full-0 at a, which is gone")
    assert "hours and minutes" in doubt.why


@thoroughly
@given(backups(), st.integers(0, 20), st.integers(1, 6))
def test_that_a_full_goes_earlier_never_improves(everything: tuple[Backup, ...], which: int, sooner: int):
    fulls = [one for one in everything if one.kind == "full" and one.complete]
    if not fulls:
        return
    full = fulls[which % len(fulls)]
    going = full._replace(gone=max(full.data + 1, min(full.gone, 21) - sooner))
    less = tuple(going if one is full else one for one in everything)
    before, after = judged(everything), judged(less)
    for was, now in zip(before, after, strict=True):
        for day in range(23):
            second = day * DAY
            assert BAD[status_at(now, second)] >= BAD[status_at(was, second)], (was, now, day)


def judged(everything: tuple[Backup, ...]):
    """Return what promises that ask for a restore say, each number being a day."""
    window = Window(0, 23 * DAY)
    looks = [Look("a", at, at) for at in range(-DAY, 24 * DAY, DAY // 2)]
    whole = chained(
        tuple(
            one._replace(data=one.data * DAY, gone=one.gone * DAY if one.gone < 1000 else one.gone)
            for one in everything
        ),
        ("a", "b"),
    )
    parts = tuple(Part(points, Absence.proved_by(looks, NEVER)) for points in whole)
    subject, terms = Subject("orders", parts), Terms()
    return (
        rpo.evaluate(Rpo("rpo", (), at_most=2 * DAY), subject, terms, window),
        retention.evaluate(Retention("kept", (), keep=5 * DAY), subject, terms, window),
        copies.evaluate(Copies("two", (), at_least=2), subject, terms, window),
    )


def test_what_names_a_base_that_nobody_saw_restores_nothing():
    full, change = Backup("a", "full", 0, FOREVER, complete=True), Backup("a", "incremental", 9, FOREVER, complete=True)
    (points,) = dependence.apply([columns("a", (full, change._replace(since=5)))], [], "a", (ALWAYS,))
    doubt = points.doubt_at(1, 50)
    assert doubt is not None
    assert doubt.certain
    assert doubt.why == "it builds on a backup of 1970-01-01T00:00:05Z, and none of then is known"
    (points,) = dependence.apply([columns("a", (full, change._replace(since=0)))], [], "a", (ALWAYS,))
    assert points.counts_at(1, 50, surely=True)


def test_a_copy_of_a_link_takes_its_place():
    full = [Backup(source, "full", 0, gone, complete=True) for source, gone in (("a", 3), ("b", 99))]
    points = chained((*full, Backup("a", "differential", 1, 99, complete=True)), ("a", "b"))[0]
    assert points.counts_at(1, 50, surely=True)


def test_a_full_that_does_not_survive_restores_nothing():
    made = (Backup("b", "full", 0, 99, complete=True), Backup("a", "differential", 1, 99, complete=True))
    points = chained(made, ("a",))[0]
    doubt = points.doubt_at(0, 50)
    assert doubt is not None
    assert doubt.why == "it builds on full-0 at b, which does not survive"


def test_where_a_full_may_stand_unseen_a_broken_chain_is_not_certain():
    made = columns("a", [Backup("a", "log", 1, 99, complete=True)])
    (points,) = dependence.apply([made], [], ["a"], ())
    assert points.counts_at(0, 50, surely=False)
    assert not points.counts_at(0, 50, surely=True)


def test_a_doubtful_full_makes_what_builds_on_it_doubtful():
    made = columns("a", [Backup("a", "full", 0, 99, complete=True), Backup("a", "log", 1, 99, complete=True)])
    made = replace(made, size=made.size, doubts={0: (dependence.Doubt("it is tiny"),)})
    (points,) = dependence.apply([made], [], ["a"], (ALWAYS,))
    doubt = points.doubt_at(1, 50)
    assert doubt is not None
    assert not doubt.certain
    assert doubt.why == "it builds on full-0 at a, which may not count: it is tiny"


def test_whether_logs_build_on_what_tells_no_kind_at_another_source_is_told_with_that_source():
    everything = (
        Backup("a", "log", 3, FOREVER, complete=True),
        Backup("b", "", 1, FOREVER, complete=True),
        Backup("c", "snapshot", 1, FOREVER, complete=True),
    )
    at = [columns(source, everything) for source in "abc"]
    (log,) = dependence.apply(at[:1], at[1:], "abc", (ALWAYS,))
    assert [log.counts_at(0, 5, surely=surely) for surely in (True, False)] == [False, True]
    why = "whether it builds on the backups at b is not known, as their names tell no kind; `kind: full`"
    assert log.doubts[0][0].why.startswith(why)
    # Of its own source the names are known to tell kinds, or to tell none of anything.
    (alone,) = dependence.apply(
        [columns("a", (*everything[:1], Backup("a", "", 1, FOREVER, complete=True)))], [], "a", (ALWAYS,)
    )
    assert [alone.counts_at(1, 5, surely=surely) for surely in (True, False)] == [True, True]
