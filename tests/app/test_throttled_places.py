"""A place that says that it is asked too much is asked less, and again; whoever lies elsewhere waits for none of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from drcheck import clock, registry
from drcheck.app.gather import Gathering, Job, JobResult
from drcheck.app.look_queue import Turn
from drcheck.collectors import concurrency
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import LONG_AGO, Gap, Look
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import CollectorError, LookRequest
from drcheck.ledger.state import SourceState
from drcheck.settings import Connection
from tests.collectors.canned import Canned, Reply

EMPTY = {
    "s3": b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
    "azure_blob": b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>",
}
TOO_MUCH = {
    "s3": Reply(503, b"<Error><Code>SlowDown</Code></Error>"),
    "azure_blob": Reply(429, b"<Error><Code>TooManyRequests</Code></Error>"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("DRCHECK_KEY", "c2VjcmV0")
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
    monkeypatch.setattr(concurrency, "FIRST_REST", 0.01)
    monkeypatch.setattr(concurrency, "LONGEST_REST", 0.02)
    monkeypatch.setattr("drcheck.app.gather.TICK", 0.02)


def connection(kind: str, name: str, server: Canned, deadline: int = 60, at_once: int = 0) -> Connection:
    url = f"http://127.0.0.1:{server.port}"
    if kind == "s3":
        return S3Connection(name, endpoint=url, region="r", deadline=deadline, at_once=at_once)
    return AzureConnection(
        name, account_url=f"{url}/account", credential_env="DRCHECK_KEY", deadline=deadline, at_once=at_once
    )


def job(one: Connection, number: int) -> Job:
    source = Source(f"{one.name}-{number}", one.name, f"bucket/{number}/", registry.READERS["objects"], ())
    return Job("service", source, one, LookRequest(LONG_AGO, clock.now(), 300, "service"), SourceState())


def listing(collector, _source, _name, asked) -> Observation:  # type: ignore[no-untyped-def]
    list(collector.list(""))
    return Observation(Look("x", asked.begin, asked.begin, LONG_AGO))


def listing_in_part(collector, source, name, asked) -> Observation:  # type: ignore[no-untyped-def]
    """Keep what was seen before a page failed, as readers of listings do."""
    try:
        return listing(collector, source, name, asked)
    except CollectorError as error:
        return Observation(Look("x", asked.begin, asked.begin, LONG_AGO, (Gap(error.message, error.hint),)))


def looked(
    *places: tuple[Connection, int],
    workers: int = 8,
    read: Callable[..., Observation] = listing,
    meanwhile: Callable[[], bool] = lambda: False,
) -> Iterator[JobResult]:
    for one, _ in places:
        registry.opener(one)
    turns = [Turn(one, partial(job, one, number)) for one, many in places for number in range(many)]
    pool = Connections({one.name: one for one, _ in places}, workers)
    gathering = Gathering(turns, pool, workers, lambda _: read, meanwhile)
    for several in gathering.seen():
        yield from several
    assert gathering.tracebacks == []


@pytest.mark.parametrize("read", [listing, listing_in_part])
@pytest.mark.parametrize("kind", EMPTY)
def test_each_source_of_a_place_that_was_asked_too_much_is_seen_in_the_end(kind: str, read: Callable[..., Observation]):
    refused = threading.Semaphore(60)  # more than eight sources ask with all tries of their SDK

    def reply(_number: int, _path: str) -> Reply:
        return TOO_MUCH[kind] if refused.acquire(blocking=False) else Reply(200, EMPTY[kind])

    with Canned(reply) as server:
        seen = list(looked((connection(kind, "nas", server), 12), read=read))

    assert sorted(one.job.source.name for one in seen) == sorted(f"nas-{number}" for number in range(12))
    assert [gap.what for one in seen for gap in one.observation.look.gaps] == []


@pytest.mark.parametrize("kind", EMPTY)
def test_a_place_that_refuses_everything_is_told_and_holds_up_no_other(kind: str):
    with Canned(lambda *_: TOO_MUCH[kind]) as busy, Canned(lambda *_: Reply(200, EMPTY[kind])) as calm:
        places = (connection(kind, "busy", busy, deadline=4), 40), (connection(kind, "calm", calm), 40)
        seen = list(looked(*places))

    names = [one.job.connection.name for one in seen]
    assert sorted(names) == ["busy"] * 40 + ["calm"] * 40
    assert names.index("busy") > 30, "the others came in while these still had time"
    gaps = [gap for one in seen for gap in one.observation.look.gaps]
    assert len(gaps) == 40
    assert all("is throttling" in gap.what or "has said for 4 s that it is asked too much" in gap.what for gap in gaps)
    assert any("was not looked at" in gap.what for gap in gaps)
    assert {gap.hint for gap in gaps} == {"Run at a quieter time, or lower `at_once` of busy."}


def test_no_more_sources_of_a_place_are_looked_at_at_a_time_than_it_may_have_and_all_workers_are_used():
    changed = threading.Condition()
    inside, most = {"nas": 0, "other": 0}, {"nas": 0, "other": 0}

    def read(collector, source, name, asked) -> Observation:  # type: ignore[no-untyped-def]
        place = source.connection.partition("-")[0]
        with changed:
            inside[place] += 1
            most[place] = max(most[place], inside[place])
            changed.notify_all()
            assert changed.wait_for(lambda: sum(most.values()) == 8, timeout=30)
            inside[place] -= 1
        return listing(collector, source, name, asked)

    with Canned(lambda *_: Reply(200, EMPTY["s3"])) as nas, Canned(lambda *_: Reply(200, EMPTY["s3"])) as other:
        one, two = connection("s3", "nas-a", nas, at_once=2), connection("s3", "nas-b", nas)
        seen = list(looked((one, 10), (two, 10), (connection("s3", "other", other), 20), read=read))

    assert len(seen) == 40
    assert most == {"nas": 2, "other": 6}


def test_whoever_ends_the_run_waits_for_no_place_that_rests(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(concurrency, "FIRST_REST", 3600.0)
    monkeypatch.setattr(concurrency, "LONGEST_REST", 3600.0)
    with Canned(lambda *_: TOO_MUCH["s3"]) as busy, Canned(lambda *_: Reply(200, EMPTY["s3"])) as calm:
        told: list[JobResult] = []

        def interrupted() -> bool:
            if len(told) == 5:
                raise KeyboardInterrupt
            return False

        places = (connection("s3", "busy", busy), 40), (connection("s3", "calm", calm), 5)
        with pytest.raises(KeyboardInterrupt):
            deque(map(told.append, looked(*places, meanwhile=interrupted)), maxlen=0)
    assert {one.job.connection.name for one in told} == {"calm"}
