"""Whose turn it is: in order, no more at a place than it may have, and fewer where that is asked too much."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from drcheck import clock
from drcheck.app.look_queue import Turn, Turns
from drcheck.collectors import concurrency
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.concurrency import Limit
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.settings import Connection

NAS = S3Connection("nas", endpoint="https://nas.example.com", at_once=2, deadline=60)
OTHER = S3Connection("other", endpoint="https://other.example.com")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A clock that stands still until it is moved."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def turns_of(*connections: Connection, workers: int = 32) -> tuple[Turns[str], Connections]:
    pool = Connections({each.name: each for each in connections}, workers)
    every = [Turn(each, partial(str, f"{each.name}{number}")) for number, each in enumerate(connections, 1)]
    return Turns(every, pool.limit), pool


def test_a_place_that_is_full_holds_up_no_other():
    turns, _ = turns_of(NAS, NAS, NAS, OTHER, NAS, OTHER)

    first = list(turns.take(10))
    assert [turn.make() for turn in first] == ["nas1", "nas2", "other4", "other6"]
    assert list(turns.take(10)) == []
    turns.end(first[0], None)
    assert [turn.make() for turn in turns.take(10)] == ["nas3"]
    turns.end(first[1], None)
    assert [turn.make() for turn in turns.take(10)] == ["nas5"]
    assert turns.left == 0


def test_without_limits_all_have_their_turns_in_order():
    connections = [
        S3Connection(f"s{number % 7}", endpoint=f"https://s{number % 7}.example.com") for number in range(50)
    ]
    turns, _ = turns_of(*connections, workers=50)
    taken = [turn.make() for most in (1, 5, 0, 100) for turn in turns.take(most)]
    assert [int(name.removeprefix(name[:2])) for name in taken] == list(range(1, 51))


def test_aliases_of_one_place_are_one_place_and_the_strictest_limit_holds():
    one = SshConnection("one", host="H.example.com", user="a", at_once=7)
    two = SshConnection("two", host="h.example.com", user="b", root="/srv", at_once=3)
    port = SshConnection("port", host="h.example.com", port=2222)
    blob = AzureConnection("blob", account_url="https://a.blob.core.windows.net")
    same = AzureConnection("same", account_url="https://a.blob.core.windows.net:443/")
    north, south = S3Connection("north", region="eu-north-1"), S3Connection("south", region="eu-south-1")
    disks = LocalConnection("disk", root="/a"), LocalConnection("other disk", root="/b")
    every = (one, two, port, blob, same, north, south, *disks)
    pool = Connections({each.name: each for each in every}, workers=9)
    assert pool.limit(one) is pool.limit(two)
    assert pool.limit(blob) is pool.limit(same)
    assert len({pool.limit(each) for each in every}) == 7
    assert [pool.limit(each).most for each in (one, port, blob, *disks)] == [3, 4, 9, 9, 9]


def test_to_find_the_places_of_many_connections_each_is_asked_a_few_times(monkeypatch: pytest.MonkeyPatch):
    asked = []
    place = SshConnection.place.fget
    monkeypatch.setattr(SshConnection, "place", property(lambda one: asked.append(one) or place(one)), raising=False)
    many = [SshConnection(f"h{number}", host=f"h{number}.example.com") for number in range(300)]
    turns, _ = turns_of(*many)
    for turn in turns.take(300):
        turns.end(turn, None)
    assert len(asked) <= 3 * 300


def test_a_place_that_refuses_is_spared_until_one_tries_and_comes_back_with_each_that_gets_through(time):
    turns, pool = turns_of(*[OTHER] * 200, workers=16)
    limit = pool.limit(OTHER)
    taken = list(turns.take(16))
    asked = time[0]
    time[0] += 1
    for _ in taken:
        limit.refused(asked)  # all sixteen were on their way: one slow-down, and no more
    assert limit.now == 8
    for turn in taken:
        turns.end(turn, asked)
    assert limit.now == 8, "none of them began after it was spared"
    assert list(turns.take(16)) == [], "it rests"
    for left in (4, 2, 1, 1, 1):
        time[0] += concurrency.LONGEST_REST
        taken = list(turns.take(16))
        time[0] += 1
        limit.refused(time[0])
        assert limit.now == left
        for turn in taken:
            turns.end(turn, time[0] - 1)
    for left in range(2, 10):
        time[0] += concurrency.LONGEST_REST
        tries = list(turns.take(16))
        assert len(tries) == left - 1
        limit.answered(time[0])
        turns.end(tries[0], time[0])
        for turn in tries[1:]:
            turns.end(turn, None)
        assert limit.now == left
    assert limit.refuses_for == 0


def test_rests_double_up_to_the_longest_and_end_with_an_answer(time):
    limit, rests = Limit(8), []
    for _ in range(10):
        time[0] += 100
        limit.refused(time[0])
        before = time[0]
        while not limit.free:
            time[0] += concurrency.FIRST_REST
        rests.append(time[0] - before)
    assert rests[:4] == [0.25, 0.5, 1.0, 2.0]
    assert rests[-1] == concurrency.LONGEST_REST
    time[0] += 1
    limit.answered(time[0])
    time[0] += 1
    limit.refused(time[0])
    assert not limit.free
    time[0] += concurrency.FIRST_REST
    assert limit.free


def test_an_answer_to_what_was_asked_before_tells_nothing_of_a_place_that_refuses(time):
    limit = Limit(8)
    limit.refused(time[0])
    time[0] += 5
    limit.answered(time[0] - 5)
    assert limit.refuses_for == 5
    limit.answered(time[0])
    assert limit.refuses_for == 0


def test_what_was_too_much_is_asked_again_for_as_long_as_a_source_may_take(time):
    turns, _ = turns_of(NAS, NAS)
    first, second = turns.take(2)
    for turn in (first, second):
        turns.end(turn, None)
    assert turns.again(first)
    assert turns.left == 1
    time[0] += NAS.deadline - 1
    (taken,) = turns.take(2)
    assert taken is first
    assert turns.again(first)
    time[0] += 1
    assert not turns.again(first)


def test_where_all_is_refused_for_as_long_as_a_source_may_take_those_that_wait_are_given_up(time):
    turns, pool = turns_of(*[NAS] * 5, *[OTHER] * 3)
    tries = list(turns.take(4))
    limit = pool.limit(NAS)
    limit.refused(time[0])
    assert list(turns.take(4)) != []
    time[0] += NAS.deadline - 1
    assert list(turns.hopeless()) == []
    time[0] += 1
    assert [turn.make() for turn, _, _ in turns.hopeless()] == ["nas3", "nas4", "nas5"]
    assert turns.left == 0
    assert list(turns.hopeless()) == []
    for turn in tries:
        turns.end(turn, None)
    assert turns.again(tries[0])
    assert list(turns.take(1)) == [tries[0]]


def test_what_is_left_once_every_worker_is_stuck_is_told():
    turns, _ = turns_of(*[NAS] * 5, *[OTHER] * 3)
    assert len(list(turns.take(3))) == 3
    assert [turn.make() for turn in turns.rest()] == ["nas3", "nas4", "nas5", "other7", "other8"]
    assert turns.left == 0
    assert list(turns.take(9)) == []


def test_where_few_may_be_looked_at_and_none_comes_to_its_end_those_that_wait_are_given_up(time):
    turns, _ = turns_of(*[NAS] * 6)
    first, second = turns.take(9)
    began = time[0]
    time[0] += NAS.deadline - 1
    turns.end(first, began)
    (third,) = turns.take(9)
    time[0] += 1
    turns.end(second, began)
    assert list(turns.hopeless()) == [], "the first was in time"
    (fourth,) = turns.take(9)
    time[0] += NAS.deadline
    for turn in (third, fourth):
        turns.end(turn, time[0] - NAS.deadline)
    ((five, why, hint), (six, _, _)) = turns.hopeless()
    assert (five.make(), six.make()) == ("nas5", "nas6")
    assert why == "nas was busy with other sources for 60 s"
    assert hint == "See why they take so long, or raise `at_once` of nas."


def test_a_place_that_waited_for_workers_is_not_taken_for_one_that_stands(time):
    turns, _ = turns_of(*[NAS] * 6)
    (first,) = turns.take(1)
    turns.end(first, time[0])
    time[0] += 10 * NAS.deadline
    assert len(list(turns.take(9))) == 2
    assert list(turns.hopeless()) == []


def test_without_a_limit_of_its_own_a_place_is_looked_at_however_long_the_others_take(time):
    turns, _ = turns_of(*[OTHER] * 6, workers=2)
    taken = list(turns.take(9))
    time[0] += OTHER.deadline
    for turn in taken:
        turns.end(turn, time[0] - OTHER.deadline)
    assert list(turns.hopeless()) == []
    assert len(list(turns.take(9))) == 2
