"""Storages that send elsewhere, or lie about where something ends: nobody is followed, and no log just seems to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.guarded import Guarded
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import Fact
from drcheck.interfaces import CollectorError
from tests.collectors import hostile_azure, hostile_s3
from tests.collectors.canned import Canned, Reply, always
from tests.collectors.places import write_credentials

SAS = "sv=2024-01-01&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig=CANARYCANARY"
PROPERTIES = (
    ("ETag", '"0x1"'), ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT"), ("x-ms-blob-type", "BlockBlob"),
    ("x-ms-creation-time", "Tue, 24 Nov 2026 00:00:00 GMT"),
)  # fmt: skip
CLOUDS = ("s3", "azure", "azure key")
FACTS = frozenset({Fact.STORAGE_ENCRYPTION, Fact.LOCK})
ASKS: dict[str, Callable[[Guarded], object]] = {
    "list": lambda place: list(place.list("")),
    "read": lambda place: place.read("log", at_most=10),
    "read the end": lambda place: place.read("log", offset=-10, at_most=10),
    "describe": lambda place: place.describe("log", FACTS),
    "describe all": lambda place: place.describe(None, FACTS),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
    monkeypatch.setenv("DRCHECK_TEST_SAS", SAS)
    monkeypatch.setenv("DRCHECK_TEST_KEY", "Q0FOQVJZQ0FOQVJZQ0FOQVJZ")


def ask(cloud: str, server: Canned, directory: Path, question: Callable[[Guarded], object]) -> object:
    """Ask through the edge of a look, which notes a traceback of whatever it has not foreseen."""
    endpoint = f"http://127.0.0.1:{server.port}"
    tracebacks: list[str] = []
    with Connections() as pool:
        if cloud == "s3":
            file = write_credentials(directory / "credentials", "CANARYKEYCANARYKEY00", "CANARY")
            s3 = S3Connection("cloud", 20, endpoint=endpoint, credentials_file=str(file))
            place = Guarded(open_s3(s3, "bucket/p/", pool), s3, tracebacks)
        else:
            secret = "DRCHECK_TEST_KEY" if cloud == "azure key" else "DRCHECK_TEST_SAS"
            azure = AzureConnection("cloud", 20, account_url=f"{endpoint}/account", credential_env=secret)
            place = Guarded(open_azure_blob(azure, "box/p/", pool), azure, tracebacks)
        try:
            return question(place)
        finally:
            assert not tracebacks


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Canned]:
    """Another server, which tells whoever comes that there is nothing."""
    pages = {
        "comp=list": hostile_azure.honest("box", "p/", [], "").body(),
        "list-type": hostile_s3.honest("bucket", "p/", [], "").body(),
    }

    def reply(_number: int, path: str) -> Reply:
        return Reply(200, next((page for query, page in pages.items() if query in path), b""), PROPERTIES)

    with Canned(reply) as server:
        yield server


@pytest.mark.parametrize(
    ("question", "status"),
    [*((ASKS["list"], status) for status in (300, 301, 302, 303, 304, 308)), *((each, 307) for each in ASKS.values())],
    ids=[*(["list", "300", "301", "302", "303", "304", "308"][1:]), *ASKS],
)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_nobody_is_sent_on_to_another_host(
    elsewhere: Canned, tmp_path: Path, cloud: str, status: int, question: Callable[[Guarded], object]
):
    elsewhere.requests.clear()
    location = f"http://localhost:{elsewhere.port}/evil?{SAS}"
    with Canned(always(status, b"<html>moved</html>", ("Location", location))) as server:
        with pytest.raises(CollectorError) as caught:
            ask(cloud, server, tmp_path, question)
        assert len(server.requests) == 1
    assert elsewhere.requests == []
    assert f"redirects to http://localhost:{elsewhere.port}" in caught.value.message
    assert ("`endpoint`" if cloud == "s3" else "`account_url`") in caught.value.hint
    assert not any(secret in str(caught.value) for secret in ("CANARY", "sig=", "evil"))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("location", ["", "/other", "//\\[", "http://[::1", "http://x:99999/", "sig=CANARY", "\x7f"])
def test_where_a_redirection_leads_need_make_no_sense(tmp_path: Path, cloud: str, location: str):
    with Canned(always(302, b"", ("Location", location))) as server:
        with pytest.raises(CollectorError, match="redirects to") as caught:
            ask(cloud, server, tmp_path, ASKS["list"])
        assert len(server.requests) == 1
    assert caught.value.message.isprintable()
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("region", ["ap-south-1", "", "evil.example/", "@evil.example", "x" * 5000])
def test_a_bucket_that_is_always_in_another_region_is_asked_twice_at_most(
    elsewhere: Canned, tmp_path: Path, region: str
):
    elsewhere.requests.clear()
    headers = (("Location", f"http://localhost:{elsewhere.port}/"), ("x-amz-bucket-region", region))
    with Canned(always(301, b"<html>moved</html>", *headers)) as server:
        with pytest.raises(CollectorError) as caught:
            ask("s3", server, tmp_path, ASKS["list"])
        assert len(server.requests) <= 2
    assert elsewhere.requests == []
    assert ("ap-south-1" in caught.value.hint) == (region == "ap-south-1")


@pytest.mark.parametrize("body", [b"<Error><Code/><Message/></Error>", b"<Error/>", b"<Error><Code></Code></Error>"])
def test_an_error_of_no_words_is_told_by_its_status(tmp_path: Path, body: bytes):
    with Canned(always(418, body)) as server, pytest.raises(CollectorError) as caught:
        ask("s3", server, tmp_path, ASKS["list"])
    assert "answered 418 (418) for bucket" in caught.value.message
    assert "None" not in caught.value.message


INVALID = b"<Error><Code>InvalidRange</Code><Message>m</Message></Error>"
ENDS: dict[str, Callable[[Guarded], object]] = {
    "0": lambda place: place.read("log", at_most=10),
    "5": lambda place: place.read("log", offset=5, at_most=10),
    "-10": lambda place: place.read("log", offset=-10, at_most=10),
}


class Ending(Canned):
    """Has something of ``size`` bytes, says so to HEAD, and that whatever is asked for lies beyond its end."""

    def __init__(self, size: int, status: int, *headers: tuple[str, str]) -> None:
        self._head = Reply(200, bytes(size), PROPERTIES)
        self._reply = Reply(status, INVALID, (("x-ms-error-code", "InvalidRange"), *headers))
        super().__init__(lambda number, _: self._head if self.requests[number].startswith("HEAD") else self._reply)


@pytest.mark.parametrize("cloud", ["s3", "azure"])
@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_only_the_status_of_an_answer_says_that_something_has_ended(tmp_path: Path, cloud: str, status: int):
    with Ending(0, status) as server, pytest.raises(CollectorError):
        ask(cloud, server, tmp_path, ENDS["0"])


@pytest.mark.parametrize("cloud", ["s3", "azure"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("told", ["", "bytes */500", "bytes */-1", "bytes */", "nothing", "bytes 0-4/5"])
def test_an_end_is_not_believed_of_what_is_longer(
    tmp_path: Path, cloud: str, end: Callable[[Guarded], object], told: str
):
    headers = [("Content-Range", told)] if told else []
    with Ending(500, 416, *headers) as server, pytest.raises(CollectorError):
        ask(cloud, server, tmp_path, end)


@pytest.mark.parametrize("cloud", ["s3", "azure"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("told", ["", "bytes */0"])
def test_the_end_of_what_is_empty_is_believed(tmp_path: Path, cloud: str, end: Callable[[Guarded], object], told: str):
    headers = [("Content-Range", told)] if told else []
    with Ending(0, 416, *headers) as server:
        assert ask(cloud, server, tmp_path, end) == b""


@pytest.mark.parametrize("told", [0, 5, 499, 501])
def test_the_end_of_a_blob_is_where_its_parts_say_as_well(tmp_path: Path, told: int):
    content = bytes(500)

    def reply(number: int, _path: str) -> Reply:
        if server.requests[number].startswith("HEAD"):
            return Reply(200, bytes(told), PROPERTIES)
        first = max(0, told - 10)
        part = content[first : first + 10]
        return Reply(206, part, (*PROPERTIES, ("Content-Range", f"bytes {first}-{first + len(part) - 1}/500")))

    with Canned(reply) as server, pytest.raises(CollectorError):
        ask("azure", server, tmp_path, ENDS["-10"])


def test_an_object_that_makes_no_sense_is_named(tmp_path: Path):
    headers = (("Content-Range", "bytes 0-4/5"), ("ETag", "x"), ("Last-Modified", "garbage"))
    with Canned(always(206, b"12345", *headers)) as server, pytest.raises(CollectorError) as caught:
        ask("s3", server, tmp_path, ENDS["0"])
    assert "the answer for p/log in bucket is not one of S3's" in caught.value.message
