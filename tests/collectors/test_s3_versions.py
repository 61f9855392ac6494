"""Every version that a bucket keeps of an object, at SeaweedFS; pages and nonsense by a fake of S3."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lab.servers import SeaweedFS

from drcheck import registry
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import S3Collector, open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import Fact
from drcheck.interfaces import CollectorError, Entry
from tests.collectors.canned import Canned, Reply
from tests.collectors.places import s3_connection, write_credentials


@pytest.fixture
def pool() -> Iterator[Connections]:
    with Connections() as made:
        yield made


class Versioned:
    """A bucket that keeps versions."""

    def __init__(self, server: SeaweedFS, credentials: Path, pool: Connections) -> None:
        self.name = f"open-{uuid.uuid4().hex[:12]}"
        self.connection = s3_connection(server, credentials)
        self.client = server.client()
        self.pool = pool
        server.make_bucket(self.name)
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, content: bytes) -> str:
        return self.client.put_object(Bucket=self.name, Key=key, Body=content)["VersionId"]

    def opened(self, root: str = "") -> S3Collector:
        return open_s3(self.connection, f"{self.name}/{root}", self.pool, versions=True)

    def listed(self, prefix: str = "", after: str = "", root: str = "") -> list[Entry]:
        with closing(self.opened(root)) as collector:
            return list(collector.list(prefix, after=after))


@pytest.fixture
def bucket(seaweedfs: SeaweedFS, tmp_path: Path, pool: Connections) -> Versioned:
    return Versioned(seaweedfs, tmp_path / "credentials", pool)


def test_each_version_is_an_entry_of_its_own_also_below_a_delete_marker(bucket: Versioned):
    ids = [bucket.put("db/latest.dump", b"x" * size) for size in (10, 20, 30)]
    gone = bucket.put("db/gone.dump", b"y")
    bucket.client.delete_object(Bucket=bucket.name, Key="db/gone.dump")

    found = {entry.name: entry for entry in bucket.listed(root="db/")}

    assert {name: (entry.size, entry.noncurrent) for name, entry in found.items()} == {
        f"latest.dump?versionId={ids[0]}": (10, True),
        f"latest.dump?versionId={ids[1]}": (20, True),
        f"latest.dump?versionId={ids[2]}": (30, False),
        f"gone.dump?versionId={gone}": (1, True),
    }
    assert {entry.own_name for entry in found.values()} == {"latest.dump", "gone.dump"}
    with closing(open_s3(bucket.connection, f"{bucket.name}/db/", bucket.pool)) as collector:
        assert [(entry.name, entry.version, entry.noncurrent) for entry in collector.list("")] == [
            ("latest.dump", "", False)
        ]


def test_a_version_is_read_and_described_by_its_name(bucket: Versioned):
    first, second = (bucket.put("latest.dump", content) for content in (b"first", b"second"))

    with closing(bucket.opened()) as collector:
        assert collector.read(f"latest.dump?versionId={first}", at_most=10) == b"first"
        assert collector.read(f"latest.dump?versionId={second}", offset=-3, at_most=10) == b"ond"
        told = collector.describe(f"latest.dump?versionId={first}", frozenset({Fact.STORAGE_ENCRYPTION}))
    assert told[Fact.STORAGE_ENCRYPTION].holds is False
    checksums = {entry.name: entry.checksum for entry in bucket.listed()}
    assert checksums[f"latest.dump?versionId={first}"] == hashlib.md5(b"first").hexdigest()


def test_a_prefix_and_where_to_begin_are_those_of_the_names(bucket: Versioned):
    for key in ("a/1", "a/2", "b/1"):
        bucket.put(key, b"x")
        bucket.put(key, b"y")
    assert [entry.own_name for entry in bucket.listed("a/")] == ["a/1", "a/1", "a/2", "a/2"]
    assert {"a/2", "b/1"} == {entry.own_name for entry in bucket.listed(after="a/2")} - {"a/1"}


def test_a_bucket_that_keeps_no_versions_has_one_of_each(seaweedfs: SeaweedFS, tmp_path: Path, pool: Connections):
    name = f"open-{uuid.uuid4().hex[:12]}"
    seaweedfs.make_bucket(name)
    seaweedfs.put(name, "a.dump", b"x")
    connection = s3_connection(seaweedfs, tmp_path / "credentials")
    (entry,) = open_s3(connection, f"{name}/", pool, versions=True).list("")
    assert (entry.own_name, entry.version, entry.noncurrent) == ("a.dump", "null", False)


def page(*versions: str, more: str = "") -> Reply:
    head = f"<ListVersionsResult><Name>bucket</Name><IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}"
    return Reply(200, f"{head}{''.join(versions)}</ListVersionsResult>".encode())


def version(key: str, version_id: str, *, latest: str = "false") -> str:
    return (
        f"<Version><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{latest}</IsLatest><Size>7</Size>"
        f"<LastModified>2026-09-20T02:00:00.000Z</LastModified><ETag>x</ETag></Version>"
    )


def asked(fake: Canned, tmp_path: Path, pool: Connections) -> S3Collector:
    file = write_credentials(tmp_path / "canned", "AKIACANNED", "secret")
    connection = S3Connection("s3", 20, endpoint=f"http://127.0.0.1:{fake.port}", credentials_file=str(file))
    return open_s3(connection, "bucket/", pool, versions=True)


def test_pages_go_on_in_the_middle_of_one_name(tmp_path: Path, pool: Connections):
    more = "<NextKeyMarker>a+b</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker><EncodingType>url</EncodingType>"
    pages = [page(version("a+b", "v3", latest="true"), version("a+b", "v2"), more=more), page(version("a b", "v1"))]
    with Canned(lambda number, _: pages[number]) as fake:
        names = [entry.name for entry in asked(fake, tmp_path, pool).list("")]
        assert names == ["a b?versionId=v3", "a b?versionId=v2", "a b?versionId=v1"]
        assert "key-marker=a%20b" in fake.requests[1]
        assert "version-id-marker=v2" in fake.requests[1]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (page(version("a", "v1"), version("a", "v1")), "twice"),
        (page(version("a", "")), "is no id that can be"),
        (page(version("a", "v 1")), "is no id that can be"),
        (page("<Version><Key>a</Key></Version>"), "has no VersionId"),
        (page(version("a", "v1"), more="<NextKeyMarker/>"), "no marker to go on with"),
        (Reply(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"), "is not a listing"),
        (Reply(200, b"<html></html>"), "is not a listing"),
        (Reply(200, b""), "is not a listing"),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(answer: Reply, why: str, tmp_path: Path, pool: Connections):
    with Canned(lambda *_: answer) as fake, pytest.raises(CollectorError, match=why):
        list(asked(fake, tmp_path, pool).list(""))


def test_pages_that_go_in_circles_are_an_error(tmp_path: Path, pool: Connections):
    more = "<NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"
    with Canned(lambda *_: page(version("a", "v1"), more=more)) as fake, pytest.raises(CollectorError, match="twice"):
        list(asked(fake, tmp_path, pool).list(""))


def test_places_that_keep_no_versions_say_so(tmp_path: Path, pool: Connections):
    opener = registry.opener(LocalConnection("disk", root=str(tmp_path)), versions=True)
    with pytest.raises(CollectorError, match="keeps no versions that drcheck can read"):
        opener("", pool)
