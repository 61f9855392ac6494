"""Places that the runner names to be written to: what goes there is whole, and replaces nothing unless it is meant to."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.servers import Azurite, SeaweedFS
from msgspec.structs import replace as changed

from drcheck import registry
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.interfaces import CollectorError, Occupied, Store
from drcheck.settings import Connection
from tests.collectors.places import s3_connection

OWN = "stores"


@pytest.fixture
def bucket(seaweedfs: SeaweedFS, tmp_path: Path) -> Connection:
    seaweedfs.make_bucket(OWN)
    return s3_connection(seaweedfs, tmp_path / "credentials", pair=seaweedfs.admin_key)


@pytest.fixture
def container(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Connection:
    azurite.make_container(OWN)
    monkeypatch.setenv("DRCHECK_TEST_WRITE", azurite.sas(permissions="rlcw"))
    return AzureConnection("azure", account_url=azurite.account_url, credential_env="DRCHECK_TEST_WRITE", deadline=20)


@pytest.fixture(params=["bucket", "container"])
def place(request: pytest.FixtureRequest) -> Connection:
    return request.getfixturevalue(request.param)


@pytest.fixture
def pool() -> Iterator[Connections]:
    with Connections() as made:
        yield made


def opened(place: Connection, pool: Connections) -> tuple[Store, str]:
    root = f"{OWN}/{uuid.uuid4().hex[:8]}/"
    return registry.store(place, root, pool), root


def read(place: Connection, root: str, name: str, pool: Connections) -> bytes:
    return registry.opener(place)(root, pool).read(name, at_most=10_000_000)


def test_what_is_put_is_there_whole_and_can_be_read_again(place: Connection, pool: Connections) -> None:
    store, root = opened(place, pool)
    data = os.urandom(3_000_000)
    store.put("reports/q3.zip", data, replace=True)
    assert read(place, root, "reports/q3.zip", pool) == data
    store.put("reports/q3.zip", b"newer", replace=True)
    assert read(place, root, "reports/q3.zip", pool) == b"newer"


def test_what_must_not_be_replaced_stands_as_it_was(place: Connection, pool: Connections) -> None:
    store, root = opened(place, pool)
    store.put("7.checkpoint", b"first", replace=False)
    store.put("7.checkpoint", b"first", replace=False)
    for other in (b"fork", b"first, and longer", b"fir", b""):
        with pytest.raises(Occupied, match=r"another .*7.checkpoint is in stores already"):
            store.put("7.checkpoint", other, replace=False)
    assert read(place, root, "7.checkpoint", pool) == b"first"


def test_a_key_that_may_not_write_is_told_what_to_allow(
    seaweedfs: SeaweedFS, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Connections,
    container: Connection,
) -> None:  # fmt: skip
    seaweedfs.make_bucket(OWN)
    monkeypatch.setenv("DRCHECK_TEST_WRITE", azurite.sas())
    for one, hint in ((s3_connection(seaweedfs, tmp_path / "read"), "s3:PutObject"), (container, "create and write")):
        with pytest.raises(CollectorError, match="may not write") as caught:
            opened(one, pool)[0].put("a", b"data", replace=True)
        assert hint in caught.value.hint


def test_a_name_that_leads_elsewhere_is_refused(place: Connection, pool: Connections) -> None:
    store, _ = opened(place, pool)
    for name in ("../a", "/a", "a/", ""):
        with pytest.raises(CollectorError, match="is refused"):
            store.put(name, b"data", replace=True)


def test_a_bucket_that_retains_what_is_written_takes_it_and_keeps_it(
    seaweedfs: SeaweedFS, tmp_path: Path, pool: Connections
) -> None:
    seaweedfs.make_bucket("stores-locked", object_lock=True)
    seaweedfs.lock_by_default("stores-locked", "COMPLIANCE", 1)
    connection = s3_connection(seaweedfs, tmp_path / "credentials", pair=seaweedfs.admin_key)
    store = registry.store(connection, "stores-locked/", pool)
    name = f"{uuid.uuid4().hex}.checkpoint"
    store.put(name, b"kept", replace=False)
    versions = seaweedfs.client().list_object_versions(Bucket="stores-locked", Prefix=name)["Versions"]
    with pytest.raises(Exception, match=r"Access|denied|WORM|lock"):
        seaweedfs.client().delete_object(Bucket="stores-locked", Key=name, VersionId=versions[0]["VersionId"])


def test_what_is_looked_at_is_never_written_to(bucket: Connection, container: Connection, pool: Connections) -> None:
    """The clients of collectors have no way to write, whatever their keys allow."""
    from drcheck.collectors.azure.client import AzureClient
    from drcheck.collectors.http_sender import Caller, Web
    from drcheck.collectors.s3.client import S3Client

    web = Web(1)
    caller = Caller(pool.deadline(bucket))
    for client in (S3Client(bucket, web, 1), AzureClient(container, web)):
        with pytest.raises(CollectorError, match="drcheck only reads"):
            client.put(caller, OWN, "a", b"data", replace=True)


def test_a_place_that_does_not_answer_is_told_within_its_deadline(bucket: Connection, pool: Connections) -> None:
    gone = changed(bucket, endpoint="http://127.0.0.1:9", deadline=3)
    with pytest.raises(CollectorError):
        opened(gone, pool)[0].put("a", b"data", replace=True)
