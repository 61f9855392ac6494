"""Storages that lie: every lie alone, on the honest page of which nothing is believed then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.interfaces import CollectorError, Entry
from tests.collectors import hostile_azure, hostile_s3
from tests.collectors.canned import Canned, Reply
from tests.collectors.hostile_azure import HostileAzure
from tests.collectors.hostile_s3 import HostileS3
from tests.collectors.lies import Lie
from tests.collectors.places import write_credentials

NAMES = [f"p/2026-11-2{day}.dump" for day in range(1, 4)]
SAS = "sv=2024-01-01&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig=CANARYCANARY"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
    monkeypatch.setenv("DRCHECK_TEST_SAS", SAS)


def in_bucket(server: Canned, directory: Path, *, most: int = 1000) -> list[Entry]:
    file = write_credentials(
        directory / "credentials", "CANARYKEYCANARYKEY00", "CANARYSECRETCANARYSECRETCANARYSECRET0000"
    )
    connection = S3Connection("s3", 20, endpoint=f"http://127.0.0.1:{server.port}", credentials_file=str(file))
    with Connections(list_at_most=most) as pool:
        return list(open_s3(connection, "bucket/p/", pool).list(""))


def in_container(server: Canned, *, most: int = 1000) -> list[Entry]:
    url = f"http://127.0.0.1:{server.port}/account"
    connection = AzureConnection("azure", 20, account_url=url, credential_env="DRCHECK_TEST_SAS")
    with Connections(list_at_most=most) as pool:
        return list(open_azure_blob(connection, "box/p/", pool).list(""))


def check(error: CollectorError, place: str) -> None:
    """Check that a sentence says whose answer was wrong, what was, and what to do."""
    assert place in error.message or "127.0.0.1" in error.message
    assert "makes no sense: " in error.message or "is not a listing" in error.message or "more than" in error.message
    assert error.message[0].islower()
    assert error.hint.endswith(".")
    assert len(error.message) < 500
    assert error.message.isprintable()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileS3, Callable[[], list[Entry]]]]:
    """A bucket that can lie, and what lists it; a client of its own for each lie would take most of the time."""
    file = write_credentials(tmp_path_factory.mktemp("s3") / "credentials", "CANARYKEYCANARYKEY00", "CANARY")
    with HostileS3("bucket", NAMES, "2026-11-24T00:00:00.000Z") as server, Connections() as pool:
        connection = S3Connection("s3", 20, endpoint=f"http://127.0.0.1:{server.port}", credentials_file=str(file))
        yield server, lambda: list(open_s3(connection, "bucket/p/", pool).list(""))


@pytest.fixture(scope="module")
def container() -> Iterator[tuple[HostileAzure, Callable[[], list[Entry]]]]:
    """A container that can lie, and what lists it."""
    with HostileAzure("box", NAMES, "Tue, 24 Nov 2026 00:00:00 GMT") as server, Connections() as pool:
        url = f"http://127.0.0.1:{server.port}/account"
        connection = AzureConnection("azure", 20, account_url=url, credential_env="DRCHECK_TEST_SAS")
        yield server, lambda: list(open_azure_blob(connection, "box/p/", pool).list(""))


def test_an_honest_bucket_is_listed(bucket):
    server, listing = bucket
    server.lies = []
    assert [entry.name for entry in listing()] == [name.removeprefix("p/") for name in NAMES]


@pytest.mark.parametrize("lie", hostile_s3.LIES, ids=lambda lie: lie.name[:60])
def test_of_a_bucket_that_lies_nothing_is_believed(bucket, lie: Lie[hostile_s3.Page]):
    server, listing = bucket
    server.lies = [lie]
    with pytest.raises(CollectorError) as caught:
        listing()

    check(caught.value, "bucket")


def test_an_honest_container_is_listed(container):
    server, listing = container
    server.lies = []
    assert [entry.name for entry in listing()] == [name.removeprefix("p/") for name in NAMES]


@pytest.mark.parametrize("lie", hostile_azure.LIES, ids=lambda lie: lie.name[:60])
def test_of_a_container_that_lies_nothing_is_believed(container, lie: Lie[hostile_azure.Page]):
    server, listing = container
    server.lies = [lie]
    with pytest.raises(CollectorError) as caught:
        listing()

    check(caught.value, "box")


def s3_page(number: int, names: list[str], token: str) -> Reply:
    page = hostile_s3.honest("bucket", "p/", names, "2026-11-24T00:00:00.000Z")
    if token:
        hostile_s3.head("IsTruncated", "true")(page)
        hostile_s3.head("NextContinuationToken", token)(page)
    return Reply(200, page.body())


def azure_page(number: int, names: list[str], token: str) -> Reply:
    page = hostile_azure.honest("box", "p/", names, "Tue, 24 Nov 2026 00:00:00 GMT")
    page.tails = [("NextMarker", token)]
    return Reply(200, page.body())


@pytest.mark.parametrize("cloud", ["s3", "azure"])
@pytest.mark.parametrize(
    ("names", "token", "message"),
    [
        (lambda number: [f"p/{number}-{key}" for key in range(100)], str, "lists more than 1000 entries"),
        (lambda number: [f"p/{number}-{key}/" for key in range(100)], str, "lists more than 1000 entries"),
        (lambda number: ["p/a", "p/b"], str, "twice"),
        (lambda number: [f"p/{number}"], lambda number: "same", "goes in circles"),
        (lambda number: [f"p/{number}"], lambda number: "ab"[number % 2], "goes in circles"),
        (lambda number: [], lambda number: "same", "goes in circles"),
    ],
    ids=["names", "directories", "same names", "same token", "two tokens", "empty pages"],
)
def test_a_listing_without_end_ends(tmp_path: Path, cloud: str, names, token, message: str):
    page = s3_page if cloud == "s3" else azure_page
    with Canned(lambda number, _: page(number, names(number), token(number))) as server:
        with pytest.raises(CollectorError, match=message) as caught:
            in_bucket(server, tmp_path) if cloud == "s3" else in_container(server)
        assert len(server.requests) <= 12
    assert "list_at_most" in caught.value.hint or "paging" in caught.value.hint


@pytest.mark.parametrize("cloud", ["s3", "azure"])
def test_what_a_storage_gave_before_it_lied_is_kept(tmp_path: Path, cloud: str):
    page = s3_page if cloud == "s3" else azure_page
    with Canned(lambda number, _: page(number, [f"p/{number}"], "t") if not number else Reply(200, b"<a/>")) as server:
        file = write_credentials(tmp_path / "credentials", "CANARYKEYCANARYKEY00", "CANARY")
        endpoint = f"http://127.0.0.1:{server.port}"
        with Connections() as pool:
            if cloud == "s3":
                connection = S3Connection("s3", 20, endpoint=endpoint, credentials_file=str(file))
                listing = open_s3(connection, "bucket/p/", pool).list("")
            else:
                azure = AzureConnection("az", 20, account_url=f"{endpoint}/account", credential_env="DRCHECK_TEST_SAS")
                listing = open_azure_blob(azure, "box/p/", pool).list("")
            assert next(listing).name == "0"
            with pytest.raises(CollectorError, match="not a listing"):
                next(listing)


RANGES = [
    ("bytes 0-4/5", b"12345", True),
    ("bytes 0-9/5", b"12345", False),
    ("bytes 1-4/5", b"2345", False),
    ("bytes 0-3/5", b"1234", False),
    ("bytes 0-4/5", b"1234", False),
    ("bytes 0-4/*", b"12345", False),
    ("bytes 0-4/99999999999999999999999", b"12345", False),
    ("bytes 0-4/\u0665", b"12345", False),
    ("5", b"12345", False),
    ("", b"12345", False),
]


@pytest.mark.parametrize("cloud", ["s3", "azure"])
@pytest.mark.parametrize(("told", "content", "right"), RANGES)
def test_a_range_that_is_not_the_one_that_was_asked_for_is_no_answer(
    tmp_path: Path, cloud: str, told: str, content: bytes, right: bool
):
    headers = (
        ("Content-Range", told.encode().decode("latin-1")), ("ETag", '"0x1"'),
        ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT"), ("x-ms-blob-type", "BlockBlob"),
    )  # fmt: skip
    with Canned(lambda number, _: Reply(206, content, headers)) as server:
        if right:
            assert read(server, tmp_path, cloud) == content
        else:
            with pytest.raises(CollectorError, match="range"):
                read(server, tmp_path, cloud)


@pytest.mark.parametrize("cloud", ["s3", "azure"])
def test_an_end_that_lies_behind_what_was_asked_for_is_no_end(tmp_path: Path, cloud: str):
    error = b"<Error><Code>InvalidRange</Code></Error>"
    headers = (("Content-Range", "bytes */500"), ("x-ms-error-code", "InvalidRange"))
    with (
        Canned(lambda number, _: Reply(416, error, headers)) as server,
        pytest.raises(CollectorError, match="beyond the end of 500 bytes"),
    ):
        read(server, tmp_path, cloud)


@pytest.mark.parametrize("cloud", ["s3", "azure"])
def test_the_whole_of_something_is_not_taken_for_a_part_of_it(tmp_path: Path, cloud: str):
    headers = (("ETag", '"0x1"'), ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT"), ("x-ms-blob-type", "BlockBlob"))
    with Canned(lambda number, _: Reply(200, b"12345", headers)) as server, pytest.raises(CollectorError):
        read(server, tmp_path, cloud)


def read(server: Canned, directory: Path, cloud: str) -> bytes:
    file = write_credentials(directory / "credentials", "CANARYKEYCANARYKEY00", "CANARY")
    endpoint = f"http://127.0.0.1:{server.port}"
    with Connections() as pool:
        if cloud == "s3":
            connection = S3Connection("s3", 20, endpoint=endpoint, credentials_file=str(file))
            return open_s3(connection, "bucket/p/", pool).read("log", at_most=10)
        azure = AzureConnection("az", 20, account_url=f"{endpoint}/account", credential_env="DRCHECK_TEST_SAS")
        return open_azure_blob(azure, "box/p/", pool).read("log", at_most=10)
