"""What clouds still hold of what was overwritten or deleted, told by fakes with the answers that their vendors document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.interfaces import CollectorError
from tests.collectors.canned import Canned, Reply
from tests.collectors.places import write_credentials

PROPERTIES = (
    "<Properties><Last-Modified>Fri, 01 Jan 2027 00:00:00 GMT</Last-Modified>"
    "<Content-Length>9</Content-Length></Properties>"
)
BLOBS = {
    "now": "<VersionId>2027-01-01T00:00:00.1Z</VersionId><IsCurrentVersion>true</IsCurrentVersion>",
    "written anew": "<VersionId>2027-01-01T00:00:00.2Z</VersionId>",
    "deleted": "<Deleted>true</Deleted>",
    "copied": "<Snapshot>2027-01-01T00:00:00.3Z</Snapshot>",
    "never versioned": "",
}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connections]:
    monkeypatch.setenv("SAS", "sv=2024-01-01&sp=rl&sig=CANARYCANARY")
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
    with Connections() as made:
        yield made


def test_azure_tells_of_versions_snapshots_and_what_was_deleted_softly(pool: Connections):
    items = "".join(f"<Blob><Name>p/{name}</Name>{told}{PROPERTIES}</Blob>" for name, told in BLOBS.items())
    page = f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker /></EnumerationResults>"
    with Canned(lambda *_: Reply(200, page.encode())) as azure:
        url = f"http://127.0.0.1:{azure.port}/account"
        collector = open_azure_blob(AzureConnection("azure", 20, account_url=url, credential_env="SAS"), "box/p/", pool)
        assert [entry.name for entry in collector.earlier("")] == ["written anew", "deleted", "copied"]
        assert "snapshots" in azure.requests[0]
        with pytest.raises(CollectorError, match="which nobody asked for"):
            list(collector.list(""))


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (Reply(200, b"<VersioningConfiguration/>"), ""),
        (Reply(200, b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'), ""),
        (Reply(200, b""), "not one of S3's"),
        (Reply(200, b"<html><body>log in</body></html>"), "not one of S3's"),
        (Reply(200, b"<ListBucketResult><Name>bucket</Name></ListBucketResult>"), "not one of S3's"),
        (Reply(200, b"<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>"), "bucket"),
        (Reply(403, b"<Error><Code>AccessDenied</Code></Error>"), "s3:GetBucketVersioning"),
        (Reply(501, b"<Error><Code>NotImplemented</Code></Error>"), "no answer to GetBucketVersioning"),
    ],
)
def test_a_bucket_that_never_kept_versions_takes_one_request_and_one_of_which_nobody_may_tell_is_an_error(
    pool: Connections, tmp_path: Path, answer: Reply, wrong: str
):
    write_credentials(tmp_path / "credentials", "key", "secret")
    with Canned(lambda *_: answer) as s3:
        connection = S3Connection(
            "s3", 20, endpoint=f"http://127.0.0.1:{s3.port}", region="eu-north-1",
            credentials_file=str(tmp_path / "credentials"),
        )  # fmt: skip
        collector = open_s3(connection, "bucket/p/", pool)
        if wrong:
            with pytest.raises(CollectorError, match=wrong):
                list(collector.earlier(""))
        else:
            assert list(collector.earlier("")) == []
            assert len(s3.requests) == 1
