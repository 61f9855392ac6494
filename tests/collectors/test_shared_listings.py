"""Sources of one bucket or container share one listing of all of it, where that takes fewer requests than their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab.faultproxy import FaultProxy
from lab.servers import Azurite, Blob, Object, SeaweedFS
from msgspec.structs import replace

from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.collectors import shared_listings
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.http_sender import Caller
from drcheck.collectors.pool import Connections, Quota
from drcheck.collectors.shared_listings import Row, Share, share
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.model.evidence import LONG_AGO
from drcheck.interfaces import CollectorError, Entry
from drcheck.ledger.entries import Looked, SourceNamed
from drcheck.ledger.store import open_ledger
from drcheck.settings import Connection, Settings
from tests.collectors.places import s3_connection

DAY = 86400
SERVICES, DAYS = 16, 42
NAMED = [f"s{number // 2:02}{'-b' * (number % 2)}" for number in range(SERVICES)]
"""SeaweedFS lists s00/ before s00-b/, unlike AWS."""
CLOUD = AzureConnection("cloud", 60, account_url="https://example.blob.core.windows.net")


@contextmanager
def quietly(_: object) -> Iterator[object]:
    yield lambda _: None


class Run:
    """One look at each service of a container, with a ledger of its own."""

    def __init__(self, root: Path, connection: Connection, container: str) -> None:
        self.policies = root / "policies"
        self.policies.mkdir(parents=True)
        for service in NAMED:
            place = f"{connection.name}:{container}/{service}/"
            (self.policies / f"{service}.yaml").write_text(
                f"drcheck: 1\nservice: {service}\nsources:\n  dumps:\n    at: {place}\n    reader: objects\n"
                '    name: "{data_as_of:%Y-%m-%dT%H}Z.dump"\n    max_duration: 1h\n    identical_dumps: allowed\n'
                "commitments:\n  rpo: {kind: rpo, at_most: 2d, evidence: [dumps]}\n"
            )
        self.settings = Settings(
            "drcheck.yaml", ledger=f"sqlite:///{root}/drcheck.db", policies=(str(self.policies),),
            connections={connection.name: connection},
        )  # fmt: skip

    def shows(self) -> dict[str, LookChanges]:
        """Return what each look showed, but for when it was and what it took."""
        outcome = verify(self.settings, [], Question(30 * DAY), quietly)  # type: ignore[arg-type]
        assert outcome.tracebacks == ()
        with open_ledger(self.settings.ledger, read_only=True) as ledger:
            entries = {number: ledger.entry(number) for number in range(1, ledger.log.count + 1)}
        names = {number: entry.service for number, entry in entries.items() if isinstance(entry, SourceNamed)}
        seen = [entry for entry in entries.values() if isinstance(entry, Looked)]
        return {names[each.source]: timeless(each.changes) for each in seen}


def timeless(record: LookChanges) -> LookChanges:
    look = record.look
    ago = None if look.asked_from == LONG_AGO else look.begin - look.asked_from
    return replace(record, look=replace(look, asked_from=ago or LONG_AGO, begin=0, end=0, calls=0, clock_offset=None))


@pytest.fixture(scope="module")
def container(azurite: Azurite) -> str:
    azurite.load(
        "shared",
        [
            Blob(f"{service}/{name}", 10_000, at + 60)
            for service in NAMED[:-1]  # nothing lies at the last one
            for name, at in backups(3 * DAY)
        ],
    )
    return "shared"


def backups(every: int) -> Iterator[tuple[str, int]]:
    newest = (int(time.time()) - DAY // 2) // 3600 * 3600
    for at in range(newest - DAYS * DAY, newest + every, every):
        yield f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H}Z.dump", at


def behind(proxy: FaultProxy, azurite: Azurite, file: Path) -> AzureConnection:
    file.write_text(azurite.sas())
    url = f"http://127.0.0.1:{proxy.port}/{azurite.account}"
    return AzureConnection("azure", 60, account_url=url, credential_file=str(file))


def port_of(azurite: Azurite) -> int:
    return int(azurite.account_url.split(":")[2].partition("/")[0])


def test_many_sources_of_a_container_take_as_many_requests_as_all_of_it_has_pages(azurite, container, tmp_path):
    with FaultProxy("127.0.0.1", port_of(azurite)) as proxy:
        shown = Run(tmp_path, behind(proxy, azurite, tmp_path / "sas"), container).shows()
        # The last service, of which nothing was seen, looks for other names there as well.
        assert proxy.requests <= 1 + 1
    assert len(shown) == SERVICES
    assert not [gap for record in shown.values() for gap in record.look.gaps]
    assert shown["s00"].look.names > 0 == shown["s07-b"].look.names


def test_each_source_is_told_what_it_would_be_told_alone(azurite, container, tmp_path, monkeypatch):
    with FaultProxy("127.0.0.1", port_of(azurite)) as proxy:
        shared = Run(tmp_path / "shared", behind(proxy, azurite, tmp_path / "sas"), container).shows()
        taken, proxy.requests = proxy.requests, 0
        monkeypatch.setattr(shared_listings, "FEWEST", SERVICES + 1)
        alone = Run(tmp_path / "alone", behind(proxy, azurite, tmp_path / "sas"), container).shows()
        assert proxy.requests >= 2 * SERVICES > 2 * taken
    assert shared == alone


def test_a_place_that_fails_is_a_gap_of_every_source_that_shares_its_listing(azurite, tmp_path):
    with FaultProxy("127.0.0.1", port_of(azurite)) as proxy:
        shown = Run(tmp_path, behind(proxy, azurite, tmp_path / "sas"), "not-there").shows()
    assert [len(record.look.gaps) for record in shown.values()] == [1] * SERVICES


class Bucket:
    """A listing in pages, which counts how many of them were asked for."""

    def __init__(self, names: Sequence[str], page: int = 10, error_at: int | None = None) -> None:
        self.names, self.page, self.error_at = names, page, error_at
        self.pages = 0

    def __call__(self, base: str, quota: Quota) -> Iterator[Sequence[Row]]:
        below = [name.removeprefix(base) for name in self.names if name.startswith(base)]
        for at in range(0, len(below), self.page):
            if self.pages == self.error_at:
                raise CollectorError("the page is lost", "Look again.")
            self.pages += 1
            quota.take(self.page)
            yield [(Entry(name, 1, 0, 0, 0), {}) for name in below[at : at + self.page]]


def shares(bucket: Bucket, *roots: str, most: int = 10_000) -> list[Share | None]:
    pool = Connections({}, 4, most, [("cloud", f"bucket/{root}") for root in roots])
    return [share(pool, CLOUD, "bucket", root, Caller(pool.deadline(CLOUD)), bucket) for root in roots]


def told(one: Share | None, prefix: str = "") -> list[str] | None:
    assert one is not None
    rows = one.below(prefix, Connections().quota(CLOUD))
    return None if rows is None else [entry.name for entry, _ in rows]


SETS = [f"all/s{number}/" for number in range(9)]
NAMES = [f"{root}2026-0{month}" for root in SETS for month in range(1, 6)]


@pytest.mark.parametrize("every", [3 * DAY, DAY // 24])
def test_sources_of_a_bucket_are_told_the_same_whatever_its_order(seaweedfs: SeaweedFS, tmp_path, monkeypatch, every):
    bucket = f"open-shared-{every}"
    seaweedfs.load(
        bucket,
        [Object(f"{service}/{name}", 10_000, at + 60, f"{at}") for service in NAMED for name, at in backups(every)],
    )
    with FaultProxy("127.0.0.1", int(seaweedfs.endpoint.rpartition(":")[2])) as proxy:
        connection = s3_connection(seaweedfs, tmp_path / "credentials", deadline=60)
        connection = replace(connection, endpoint=f"http://127.0.0.1:{proxy.port}")
        shared = Run(tmp_path / "shared", connection, bucket).shows()
        taken, proxy.requests = proxy.requests, 0
        monkeypatch.setattr(shared_listings, "FEWEST", SERVICES + 1)
        alone = Run(tmp_path / "alone", connection, bucket).shows()
    assert shared == alone
    # Where each source fills a page, they list for themselves after the first pages.
    assert taken == 1 if every > DAY else taken <= proxy.requests + 3


@pytest.fixture
def nine_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_listings, "FEWEST", 9)


@pytest.mark.usefixtures("nine_share")
def test_what_lies_below_each_root_is_named_below_it():
    bucket = Bucket(["all/foreign", *NAMES, "other/x"])
    one, *_, last = shares(bucket, *SETS)
    assert told(one) == told(last) == [f"2026-0{month}" for month in range(1, 6)]
    assert told(shares(bucket, *SETS)[1], "2026-02") == ["2026-02"]


@pytest.mark.usefixtures("nine_share")
def test_roots_within_others_are_told_what_lies_in_both():
    inner = "all/s3/a/"
    found = shares(Bucket([*NAMES, f"{inner}x", inner, "all/s3/b/x"]), *SETS, inner)
    assert told(found[-1]) == ["x"]
    assert set(told(found[3], "a") or ()) == {"a/x", "a/"}


@pytest.mark.usefixtures("nine_share")
def test_names_in_any_order_are_told_as_one_listing_is_used_only_when_it_has_ended():
    (one, *_) = shares(Bucket([*NAMES[1:], NAMES[0]]), *SETS)
    assert sorted(told(one) or ()) == [f"2026-0{month}" for month in range(1, 6)]


@pytest.mark.usefixtures("nine_share")
@pytest.mark.parametrize("sets", [SETS, [""] * 9])
def test_a_page_that_completes_no_source_ends_the_sharing(sets):
    bucket = Bucket([f"all/s0/{number:05}" for number in range(1000)])
    one, *_ = shares(bucket, *sets)
    assert told(one) is None
    assert bucket.pages == 2


@pytest.mark.usefixtures("nine_share")
def test_few_sources_list_for_themselves():
    bucket = Bucket(NAMES)
    assert shares(bucket, *SETS[: shared_listings.FEWEST - 1]) == [None] * (shared_listings.FEWEST - 1)
    assert bucket.pages == 0


@pytest.mark.usefixtures("nine_share")
def test_what_fails_in_a_shared_listing_is_met_by_each_source_itself():
    assert [told(one) for one in shares(Bucket(NAMES, error_at=2), *SETS)] == [None] * 9
    assert [told(one) for one in shares(Bucket(NAMES), *SETS, most=20)] == [None] * 9


@pytest.mark.usefixtures("nine_share")
def test_who_asks_again_is_told_what_has_become_of_it_since():
    one, other, *_ = shares(Bucket(NAMES), *SETS)
    assert told(one, "2026-03") == ["2026-03"]
    assert told(one, "2026-03") is None
    assert len(told(one) or ()) == 5
    assert told(one, "2026-04") is None
    assert told(other, "2026-03") == ["2026-03"]


@pytest.mark.usefixtures("nine_share")
def test_what_was_let_go_of_is_not_known_and_never_empty():
    one, *_ = shares(Bucket(NAMES), *SETS)
    one.close()
    assert told(one) is None


@pytest.mark.usefixtures("nine_share")
def test_more_than_is_kept_is_shared_by_nobody(monkeypatch):
    monkeypatch.setattr(shared_listings, "MOST", 44)
    assert {told(one) and 1 for one in shares(Bucket(NAMES), *SETS)} == {None}
    monkeypatch.setattr(shared_listings, "MOST", 45)
    assert {len(told(one) or ()) for one in shares(Bucket(NAMES), *SETS)} == {5}
