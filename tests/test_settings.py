"""Where connections are, as URLs that hold no secret."""

from __future__ import annotations

import pytest

from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.settings import located


@pytest.mark.parametrize(
    ("connection", "path", "url"),
    [
        (S3Connection("c", region="eu-north-1"), "bucket/orders/a b.gz", "s3://bucket/orders/a%20b.gz"),
        (S3Connection("c", endpoint="https://s3.example.com"), "bucket/a.gz", "https://s3.example.com/bucket/a.gz"),
        (S3Connection("c", endpoint="http://key:secret@[::1]:9000/"), "b/a", "http://[::1]:9000/b/a"),
        (
            AzureConnection("c", account_url="https://x.blob.core.windows.net"),
            "b/a#1",
            "https://x.blob.core.windows.net/b/a%231",
        ),
        (AzureConnection("c", account_url="https://x.example.com/x?sig=secret"), "b/a", "https://x.example.com/x/b/a"),
        (SshConnection("c", host="vault", user="backup", root="/srv/db"), "a.gz", "ssh://backup@vault/srv/db/a.gz"),
        (SshConnection("c", host="vault", port=2222), "a.gz", "ssh://vault:2222/a.gz"),
        (SshConnection("c", host="fe80::1", user="b", root="/x/"), "é.gz", "ssh://b@[fe80::1]/x/%C3%A9.gz"),
        (SshConnection("c", host="vault", user="b", root="/x"), "!outages", "ssh://b@vault/x/"),
        (LocalConnection("c", root="/"), "srv/a.gz", "file:///srv/a.gz"),
        (LocalConnection("c", root="/srv/b"), "not-utf8-\udcff\ud800", "file:///srv/b/not-utf8-%FF%EF%BF%BD"),
    ],
)
def test_a_place_has_a_url_without_secrets(connection, path, url):
    assert located(f"c:{path}", {"c": connection.location()}) == url


def test_a_place_at_an_alias_that_is_gone_has_no_url():
    assert located("gone:a", {}) is None
