"""Which objects are entries, when they arrived, and where a listing of S3 begins."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from lab.servers import SeaweedFS
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import before, open_s3
from drcheck.collectors.s3.settings import LastModified, S3Connection
from drcheck.core.model.evidence import FOREVER
from drcheck.interfaces import Entry
from tests.collectors.places import s3_connection


@pytest.fixture
def storage(seaweedfs: SeaweedFS, tmp_path: Path) -> S3Connection:
    return s3_connection(seaweedfs, tmp_path / "credentials")


def listed(connection: S3Connection, root: str) -> list[Entry]:
    with Connections() as pool:
        return list(open_s3(connection, root, pool).list(""))


def test_a_multipart_upload_has_arrived_when_the_server_says_what_its_time_means(
    seaweedfs: SeaweedFS, storage: S3Connection
):
    seaweedfs.make_bucket("open-faults")
    admin = seaweedfs.client()
    upload = admin.create_multipart_upload(Bucket="open-faults", Key="multi/dump")["UploadId"]
    part = admin.upload_part(
        Bucket="open-faults", Key="multi/dump", UploadId=upload, PartNumber=1, Body=b"x" * 5_242_880
    )
    assert listed(storage, "open-faults/multi/") == []  # not ended yet
    admin.complete_multipart_upload(
        Bucket="open-faults", Key="multi/dump", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )  # fmt: skip
    seaweedfs.put("open-faults", "multi/plain", b"x")

    careful = {entry.name: entry for entry in listed(storage, "open-faults/multi/")}
    told = {
        entry.name: entry
        for entry in listed(replace(storage, last_modified=LastModified.COMPLETION), "open-faults/multi/")
    }

    assert careful["dump"].arrived_hi == FOREVER
    assert told["dump"].arrived_hi == told["dump"].arrived_lo == told["dump"].modified
    assert careful["dump"].checksum == ""
    assert careful["plain"].arrived_hi == careful["plain"].arrived_lo
    assert careful["plain"].checksum == "9dd4e461268c8034f5c8564e155c67a6"


def test_directory_markers_delete_markers_and_old_versions_are_no_entries(seaweedfs: SeaweedFS, storage: S3Connection):
    admin = seaweedfs.client()
    bucket = "open-versions"
    with suppress(admin.exceptions.BucketAlreadyExists):
        admin.create_bucket(Bucket=bucket)
    admin.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"22"):
        admin.put_object(Bucket=bucket, Key="p/kept", Body=body)
    admin.put_object(Bucket=bucket, Key="p/gone", Body=b"x")
    admin.delete_object(Bucket=bucket, Key="p/gone")
    admin.put_object(Bucket=bucket, Key="p/dir/")

    assert [(entry.name, entry.size) for entry in listed(storage, f"{bucket}/p/")] == [("kept", 2)]


@pytest.mark.parametrize("key", ["a", "p/2026/11/03", "p/2026-11-21T00", "p/x/", "p/ ", "é", "p/\U00010000", "p/a!"])
def test_a_listing_begins_close_before_what_is_asked_for(key: str):
    start = before(key)

    assert start.encode() <= key.encode()
    assert key.startswith(start[: len(key) - 1])
