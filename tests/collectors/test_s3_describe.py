"""How objects are encrypted and locked, told by SeaweedFS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.servers import KeyPair, SeaweedFS
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import S3Collector, open_s3
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import CollectorError, NotFound
from tests.collectors.places import s3_connection

ENCRYPTION = frozenset({Fact.STORAGE_ENCRYPTION})
LOCKS = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
ALL = ENCRYPTION | LOCKS
NONE = FactValue(holds=False)
UNTIL = int(time.time()) + 90_000
LOCKED, PLAIN = "open-locked", "open-unlocked"


@pytest.fixture(scope="module")
def storage(seaweedfs: SeaweedFS) -> SeaweedFS:
    """A bucket with object lock and one without, each with objects of every kind."""
    seaweedfs.make_bucket(LOCKED, object_lock=True)
    seaweedfs.put(LOCKED, "p/free", b"x")
    seaweedfs.put(LOCKED, "p/compliance", b"x", lock="COMPLIANCE", until=UNTIL)
    seaweedfs.put(LOCKED, "p/governance", b"x", lock="GOVERNANCE", until=UNTIL, encrypted=True)
    seaweedfs.put(LOCKED, "p/held", b"x", hold=True)
    seaweedfs.put(PLAIN, "p/plain", b"x")
    seaweedfs.put(PLAIN, "p/encrypted", b"x", encrypted=True)
    seaweedfs.client().put_object(
        Bucket=PLAIN, Key="p/customer", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32
    )
    return seaweedfs


@pytest.fixture
def pool() -> Iterator[Connections]:
    with Connections() as made:
        yield made


class Opener:
    """Opens a bucket of SeaweedFS with one of its keys."""

    def __init__(self, storage: SeaweedFS, pool: Connections, directory: Path) -> None:
        self.storage, self.pool, self.directory = storage, pool, directory

    def __call__(self, bucket: str, pair: KeyPair = SeaweedFS.reader_key) -> S3Collector:
        file = self.directory / pair.access_key
        connection = s3_connection(self.storage, file, pair=pair)
        connection = replace(connection, name=pair.access_key)  # the pool shares a client for each name
        return open_s3(connection, f"{bucket}/p/", self.pool)


@pytest.fixture
def at(storage: SeaweedFS, pool: Connections, tmp_path: Path) -> Opener:
    return Opener(storage, pool, tmp_path)


def test_one_request_tells_how_an_object_is_encrypted(at: Opener):
    collector = at(PLAIN)

    assert collector.describe("encrypted", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256")}
    assert collector.describe("plain", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: NONE}
    assert collector.calls == 2


def test_an_object_whose_key_the_customer_keeps_is_encrypted(at: Opener):
    collector = at(PLAIN)

    assert collector.describe("customer", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "SSE-C")}
    assert (
        collector.calls == 3
    )  # a bad request may have other reasons: botocore asks after the region, drcheck for them


def test_locks_are_told_with_their_end_and_how_firm_they_are(at: Opener):
    collector = at(LOCKED)

    told = {name: collector.describe(name, LOCKS) for name in ("compliance", "governance", "held", "free")}

    assert {name: each[Fact.LOCK] for name, each in told.items()} == {
        "compliance": FactValue(True, "compliance", UNTIL),
        "governance": FactValue(True, "governance", UNTIL),
        "held": NONE,
        "free": NONE,
    }
    assert {name: each[Fact.LEGAL_HOLD].holds for name, each in told.items()} == {
        "compliance": False, "governance": False, "held": True, "free": False,
    }  # fmt: skip


def test_one_request_tells_all_facts_of_a_locked_object(at: Opener):
    collector = at(LOCKED)

    assert collector.describe("governance", ALL) == {
        Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256"),
        Fact.LOCK: FactValue(True, "governance", UNTIL),
        Fact.LEGAL_HOLD: NONE,
    }
    assert collector.calls == 1


def test_a_bucket_without_object_lock_has_no_locked_object(at: Opener):
    collector = at(PLAIN)

    assert collector.describe(None, LOCKS) == dict.fromkeys(LOCKS, NONE)
    assert collector.describe(None, LOCKS) == dict.fromkeys(LOCKS, NONE)
    assert collector.calls == 1
    assert collector.describe("plain", LOCKS) == dict.fromkeys(LOCKS, NONE)
    assert collector.calls == 2


def test_the_default_lock_of_a_bucket_is_told_and_taken_by_new_objects(at: Opener, storage: SeaweedFS):
    bucket = "open-default"
    storage.make_bucket(bucket, object_lock=True)
    assert at(bucket).describe(None, LOCKS)[Fact.LOCK] == FactValue(True, "enabled, without a default")

    storage.lock_by_default(bucket, "GOVERNANCE", 3)
    before = int(time.time())
    storage.put(bucket, "p/new", b"x")

    collector = at(bucket)
    assert collector.describe(None, LOCKS)[Fact.LOCK] == FactValue(True, "governance")
    lock = collector.describe("new", LOCKS)[Fact.LOCK]
    assert (lock.holds, lock.how) == (True, "governance")
    assert before + 3 * 86_400 - 2 <= lock.until <= int(time.time()) + 3 * 86_400 + 2


def test_default_encryption_is_told_and_its_absence_proves_nothing(at: Opener, storage: SeaweedFS):
    bucket = "open-encrypting"
    storage.put(bucket, "p/before", b"x")
    told = at(bucket, storage.admin_key).describe(None, ENCRYPTION)[Fact.STORAGE_ENCRYPTION]
    assert told.holds is None
    assert "no default encryption" in told.how

    storage.encrypt_by_default(bucket)
    storage.put(bucket, "p/after", b"x")

    collector = at(bucket, storage.admin_key)
    assert collector.describe(None, ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256")}
    assert collector.describe("before", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: NONE}
    assert collector.describe("after", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256")}


def test_locks_are_seen_by_a_key_that_may_read_nothing(at: Opener, storage: SeaweedFS):
    collector = at(LOCKED, storage.locks_key)

    assert collector.describe("compliance", LOCKS)[Fact.LOCK] == FactValue(True, "compliance", UNTIL)
    assert collector.describe("held", LOCKS) == {Fact.LOCK: NONE, Fact.LEGAL_HOLD: FactValue(holds=True)}
    assert collector.describe("free", LOCKS) == dict.fromkeys(LOCKS, NONE)
    told = collector.describe("free", ENCRYPTION)[Fact.STORAGE_ENCRYPTION]
    assert (told.holds, "s3:GetObject" in told.how) == (None, True)
    with pytest.raises(NotFound):
        collector.describe("missing", LOCKS)
    with pytest.raises(CollectorError, match="may not see"):
        collector.read("free", at_most=1)


def test_a_key_that_may_only_list_is_told_what_it_lacks_and_asks_no_more(at: Opener, storage: SeaweedFS):
    collector = at(LOCKED, storage.lister_key)

    first = collector.describe("compliance", ALL)
    asked = collector.calls
    second = collector.describe("governance", ALL)

    assert first == second
    assert all(told.holds is None for told in first.values())
    assert "s3:GetObject)" in first[Fact.STORAGE_ENCRYPTION].how
    assert "s3:GetObjectRetention" in first[Fact.LOCK].how
    assert "s3:GetObjectLegalHold" in first[Fact.LEGAL_HOLD].how
    assert asked == collector.calls == 4
    place = collector.describe(None, ALL)
    assert "s3:GetBucketObjectLockConfiguration" in place[Fact.LOCK].how
    assert "s3:GetEncryptionConfiguration" in place[Fact.STORAGE_ENCRYPTION].how


def test_a_lock_that_a_key_may_not_ask_for_is_unknown_where_no_header_shows_it(at: Opener, storage: SeaweedFS):
    collector = at(LOCKED, storage.content_key)

    told = collector.describe("free", LOCKS)

    assert told[Fact.LOCK].holds is told[Fact.LEGAL_HOLD].holds is None
    assert collector.describe("compliance", LOCKS)[Fact.LOCK] == FactValue(True, "compliance", UNTIL)


def test_a_bucket_that_is_missing_is_an_error(at: Opener):
    with pytest.raises(CollectorError, match="there is no bucket"):
        at("open-missing", SeaweedFS.admin_key).describe(None, LOCKS)


def test_a_connection_lost_once_does_no_harm_and_one_that_stays_lost_is_an_error(
    storage: SeaweedFS, pool: Connections, tmp_path: Path
):
    connection = s3_connection(storage, tmp_path / "credentials")
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port, Fault.RESET, strikes=1) as proxy:
        once = replace(connection, name="once", endpoint=f"http://127.0.0.1:{proxy.port}")
        collector = open_s3(once, f"{PLAIN}/p/", pool)
        assert collector.describe("encrypted", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "AES256")}
    with FaultProxy("127.0.0.1", port, Fault.RESET) as proxy:
        lost = replace(connection, name="lost", endpoint=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(CollectorError, match="was lost"):
            open_s3(lost, f"{PLAIN}/p/", pool).describe("encrypted", ENCRYPTION)
