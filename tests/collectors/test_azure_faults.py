"""What goes wrong with Azure Blob Storage: with Azurite, behind a proxy that misbehaves, and with answers only Azure gives."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.servers import Azurite
from msgspec.structs import replace

from drcheck.collectors.azure import client as azure_client
from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.listing import Question, parse_page
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.core.model.archive_tiers import AT_HAND
from drcheck.interfaces import CollectorError, Entry, NotFound
from tests.collectors.canned import Canned, Reply, always

CANARY = "sv=2024-01-01&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig=CANARYCANARYCANARYCANARYCANARYCANARYCANARYCAN"
EMPTY = b'<?xml version="1.0"?><EnumerationResults><Blobs /><NextMarker /></EnumerationResults>'


@pytest.fixture
def storage(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureConnection:
    """Azurite with a SAS token that may list and read."""
    azurite.put("faults", "p/log", b"line\n")
    monkeypatch.setenv("DRCHECK_TEST_SAS", azurite.sas())
    return AzureConnection("azure", 6, account_url=azurite.account_url, credential_env="DRCHECK_TEST_SAS")


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> AzureConnection:
    """A connection to nowhere yet, whose credential must never be seen again."""
    monkeypatch.setenv("DRCHECK_TEST_CANARY", CANARY)
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDK's pauses
    return AzureConnection("storage", 20, credential_env="DRCHECK_TEST_CANARY")


def at(port: int, connection: AzureConnection) -> AzureConnection:
    return replace(connection, account_url=f"http://127.0.0.1:{port}/devstoreaccount1")


def port_of(connection: AzureConnection) -> int:
    return int(connection.account_url.split(":")[2].partition("/")[0])


def listed(connection: AzureConnection, root: str = "faults/p/") -> list[Entry]:
    with Connections() as pool:
        return list(open_azure_blob(connection, root, pool).list(""))


def fault(connection: AzureConnection, root: str = "faults/p/", read: str = "") -> CollectorError:
    def look() -> None:
        with Connections() as pool:
            collector = open_azure_blob(connection, root, pool)
            if read:
                collector.read(read, at_most=100)
            else:
                list(collector.list(""))

    with pytest.raises(CollectorError) as caught:
        look()
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.hint
    for secret in ("CANARYCANARY", Azurite.key, "sig="):
        assert secret not in told
    return caught.value


def test_a_container_that_is_missing_is_no_empty_answer(storage: AzureConnection):
    assert fault(storage, "missing/").message == "there is no container missing in azure"
    assert not isinstance(fault(storage, "missing/", read="log"), NotFound)


def test_no_request_is_named_by_what_leaves_a_file_open_in_each_thread(
    canary: AzureConnection, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    monkeypatch.setattr("uuid.uuid1", lambda *_: asked.append(1) or "id")
    busy = [Reply(503, b"<Error><Code>ServerBusy</Code></Error>"), Reply(200, EMPTY)]
    with Canned(lambda *_: busy.pop(0)) as server:
        listed(at(server.port, canary))
    assert busy == []
    assert asked == []


def test_a_prefix_that_holds_nothing_is_an_empty_answer(storage: AzureConnection):
    assert listed(storage, "faults/nothing/here/") == []


def test_a_source_names_its_container(storage: AzureConnection):
    assert "it names no container" in fault(storage, "").message


def test_a_token_may_be_too_weak_expired_or_wrong(
    azurite: Azurite, storage: AzureConnection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DRCHECK_TEST_SAS", azurite.sas(permissions="r"))
    assert fault(storage).message == "azure may not list faults"
    monkeypatch.setenv("DRCHECK_TEST_SAS", azurite.sas(permissions="l"))
    assert fault(storage, read="log").message == "azure may not read p/log in faults"
    monkeypatch.setenv("DRCHECK_TEST_SAS", azurite.sas(valid_for=timedelta(seconds=-60)))
    assert "expired" in fault(storage).hint
    monkeypatch.setenv("DRCHECK_TEST_SAS", CANARY)
    fault(storage)


def test_the_account_key_serves_as_well_and_from_a_file_too(azurite: Azurite, storage: AzureConnection, tmp_path: Path):
    (tmp_path / "key").write_text(f"{azurite.key}\n")
    (tmp_path / "sas").write_text(f"?{azurite.sas()}\n")

    for file in ("key", "sas"):
        connection = replace(storage, credential_env="", credential_file=str(tmp_path / file))
        assert [entry.name for entry in listed(connection)] == ["log"]


def test_a_wrong_account_key_is_told(storage: AzureConnection, tmp_path: Path):
    (tmp_path / "key").write_text("CANARYCANARY" * 7 + "CA==")
    fault(replace(storage, credential_env="", credential_file=str(tmp_path / "key")))
    (tmp_path / "key").write_text("CANARYCANARY, which is no key")
    fault(replace(storage, credential_env="", credential_file=str(tmp_path / "key")))


def test_a_credential_that_is_not_there_is_told(storage: AzureConnection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DRCHECK_TEST_SAS")
    assert "environment variable DRCHECK_TEST_SAS" in fault(storage).message
    missing = replace(storage, credential_env="", credential_file="/nonexistent")
    assert "the file /nonexistent" in fault(missing).message


def test_without_a_credential_the_missing_extra_is_named(storage: AzureConnection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)

    assert "backup-promises[azure-identity]" in fault(replace(storage, credential_env="")).hint


def test_an_account_url_that_is_none_is_told(canary: AzureConnection):
    for url in ("", "nonsense", "ftp://x"):
        fault(replace(canary, account_url=url))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><p>Sign in</p></body></html>",
        b"<!DOCTYPE html><html><br></html>",
        b"{}",
        b"<EnumerationResults><Blobs /></EnumerationResults>",
        b"<EnumerationResults><NextMarker /></EnumerationResults>",
        EMPTY[:-10],
    ],
)
def test_an_answer_that_is_no_listing_is_never_an_empty_one(canary: AzureConnection, body: bytes):
    with Canned(always(200, body, ("Content-Type", "application/xml"))) as server:
        error = fault(at(server.port, canary), "container/p/")

    assert error.message == "the answer to a listing of container is not a listing"


def test_a_listing_of_nothing_is_an_empty_one(canary: AzureConnection):
    with Canned(always(200, EMPTY)) as server:
        assert listed(at(server.port, canary), "container/p/") == []


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AuthenticationFailed", "does not accept the credential"),
        (403, "AuthorizationFailure", "may not list"),
        (403, "AuthorizationPermissionMismatch", "may not list"),
        (404, "ContainerNotFound", "there is no container"),
        (409, "PublicAccessNotPermitted", "does not show"),
        (503, "ServerBusy", "is throttling"),
        (500, "InternalError", "is at fault"),
        (418, "Teapot", "answered Teapot (418)"),
    ],
)
def test_each_refusal_is_a_sentence(canary: AzureConnection, status: int, code: str, message: str):
    body = f"<Error><Code>{code}</Code><Message>{CANARY}</Message></Error>".encode()
    reply = always(status, body, ("x-ms-error-code", code), ("Content-Type", "application/xml"))
    with Canned(reply) as server:
        error = fault(at(server.port, canary), "container/p/")
        assert message in error.message
        assert len(server.requests) == (azure_client.TRIES if status >= 500 else 1)


def test_throttling_that_passes_is_waited_for(canary: AzureConnection):
    with Canned(lambda number, _: Reply(503) if number < 2 else Reply(200, EMPTY)) as server:
        assert listed(at(server.port, canary), "container/p/") == []


def test_pages_that_were_seen_stay_when_a_later_one_fails(canary: AzureConnection):
    first = EMPTY.replace(b"<NextMarker />", b"<NextMarker>2</NextMarker>").replace(b"<Blobs />", blob("p/a"))
    with Canned(lambda number, _: Reply(200, first if number == 0 else b"")) as server, Connections() as pool:
        listing = open_azure_blob(at(server.port, canary), "container/p/", pool).list("")
        assert next(listing).name == "a"
        with pytest.raises(CollectorError, match="not a listing"):
            next(listing)

    with Canned(always(200, first)) as server:
        assert "twice" in fault(at(server.port, canary), "container/p/").message


def blob(name: str, extra: str = "", attributes: str = "") -> bytes:
    dates = "<Creation-Time>Sat, 21 Nov 2026 00:00:00 GMT</Creation-Time><Last-Modified>Sat, 21 Nov 2026 01:00:00 GMT</Last-Modified>"
    return (
        f"<Blobs><Blob><Name{attributes}>{name}</Name><Properties>{dates}<Content-Length>7</Content-Length>"
        f"{extra}</Properties></Blob></Blobs>"
    ).encode()


def parsed(blobs: bytes) -> list[Entry]:
    page = parse_page(EMPTY.replace(b"<Blobs />", blobs), Question("container", "p/", "p/"))
    assert page is not None
    return page.entries


def test_arrival_lies_between_creation_and_the_last_write():
    (entry,) = parsed(blob("p/a", "<Content-MD5>gdyb21LQTcIANtvYMT7QVQ==</Content-MD5>"))

    assert entry == Entry("a", 7, 1795219200, 1795222800, 1795222800, "81dc9bdb52d04dc20036dbd8313ed055", AT_HAND)


@pytest.mark.parametrize("status", ["pending", "failed", "aborted"])
def test_a_copy_that_is_not_done_is_no_entry(status: str):
    assert parsed(blob("p/a", f"<CopyStatus>{status}</CopyStatus>")) == []
    assert len(parsed(blob("p/a", "<CopyStatus>success</CopyStatus>"))) == 1


def test_directories_of_a_hierarchical_account_are_no_entries():
    assert parsed(blob("p/a", "<ResourceType>directory</ResourceType>")) == []


def test_names_that_xml_cannot_hold_are_decoded():
    (entry,) = parsed(blob("p/a%02%EF%BF%BE", attributes=' Encoded="true"'))

    assert entry.name == "a\x02\ufffe"


def test_writing_metadata_moves_only_the_upper_bound(azurite: Azurite, storage: AzureConnection):
    azurite.put("faults", "meta/dump", b"x")
    (first,) = listed(storage, "faults/meta/")
    time.sleep(1.1)
    azurite.client().get_blob_client("faults", "meta/dump").set_blob_metadata({"note": "later"})

    (second,) = listed(storage, "faults/meta/")

    assert second.arrived_lo == first.arrived_lo
    assert second.arrived_hi > first.arrived_hi
    assert second.checksum == first.checksum != ""


def test_a_compressed_blob_is_read_as_it_is_stored(azurite: Azurite, storage: AzureConnection):
    from azure.storage.blob import ContentSettings

    blob_client = azurite.client().get_blob_client("faults", "gz/log")
    blob_client.upload_blob(
        b"\x1f\x8bnot really", overwrite=True, content_settings=ContentSettings(content_encoding="gzip")
    )
    with Connections() as pool:
        assert open_azure_blob(storage, "faults/gz/", pool).read("log", at_most=100) == b"\x1f\x8bnot really"


@pytest.mark.parametrize("after", [0, 20, 300])
@pytest.mark.parametrize("kind", [Fault.BLACK_HOLE, Fault.DRIP])
def test_a_storage_that_hangs_is_given_up_at_the_deadline(storage: AzureConnection, kind: Fault, after: int):
    with FaultProxy("127.0.0.1", port_of(storage), kind, after=after) as proxy:
        began = time.monotonic()
        error = fault(replace(at(proxy.port, storage), deadline=1))
        took = time.monotonic() - began

    assert error.message == "azure took longer than 1 s"
    assert took < 10  # the SDK alone would wait for a minute; a busy machine takes its time to end a thread


@pytest.mark.parametrize("kind", [Fault.CUT, Fault.RESET])
def test_a_lost_connection_is_tried_again_a_few_times(storage: AzureConnection, kind: Fault):
    with FaultProxy("127.0.0.1", port_of(storage), kind) as proxy:
        assert "was lost" in fault(at(proxy.port, storage)).message
        assert proxy.connections == 3
    with FaultProxy("127.0.0.1", port_of(storage), kind, strikes=1) as proxy:
        assert [entry.name for entry in listed(at(proxy.port, storage))] == ["log"]


def test_closing_the_run_ends_a_hung_read(storage: AzureConnection):
    with FaultProxy("127.0.0.1", port_of(storage), Fault.BLACK_HOLE) as proxy:
        pool = Connections()
        collector = open_azure_blob(replace(at(proxy.port, storage), deadline=60), "faults/p/", pool)
        threading.Timer(0.3, pool.close).start()
        began = time.monotonic()
        with pytest.raises(CollectorError, match="the run was ended"):
            list(collector.list(""))

    assert time.monotonic() - began < 2


def test_nothing_but_reading_leaves_the_client(storage: AzureConnection):
    with Connections() as pool:
        collector = open_azure_blob(storage, "faults/p/", pool)
        collector.read("log", at_most=1)
        container = collector._client._api.get_container_client("faults")
        calls = collector.calls
        for ask in (
            lambda: container.upload_blob("x", b""),
            lambda: container.delete_blob("p/log"),
            container.delete_container,
            lambda: container.set_container_metadata({"a": "b"}),
        ):
            with (
                pytest.raises(CollectorError, match="drcheck only reads"),
                collector._client._web.asking(collector._caller, 100),
            ):
                ask()
        assert collector.calls == calls
    assert [entry.name for entry in listed(storage)] == ["log"]


def test_threads_share_one_client_and_its_connections(storage: AzureConnection):
    with FaultProxy("127.0.0.1", port_of(storage)) as proxy:
        with Connections() as pool, ThreadPoolExecutor(4) as threads:

            def look(_: int) -> tuple[int, bytes]:
                collector = open_azure_blob(at(proxy.port, storage), "faults/p/", pool)
                return len(list(collector.list(""))), collector.read("log", at_most=9)

            assert set(threads.map(look, range(40))) == {(1, b"line\n")}
        assert proxy.connections <= 4


def test_a_blob_that_changes_between_two_requests_is_not_read_in_halves(canary: AzureConnection):
    headers = (("ETag", '"0x1"'), ("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT"), ("x-ms-blob-type", "BlockBlob"))

    def reply(number: int, _: str) -> Reply:
        # the first request is the HEAD, whose length is that of a body which is not sent
        changed = (("x-ms-error-code", "ConditionNotMet"),)
        return Reply(200, b"x" * 50, headers) if number == 0 else Reply(412, b"", changed)

    with Canned(reply) as server, Connections() as pool:
        collector = open_azure_blob(at(server.port, canary), "container/p/", pool)
        with pytest.raises(CollectorError, match="changed while it was read"):
            collector.read("log", offset=-10, at_most=10)


def test_a_web_page_is_not_taken_for_a_blob(canary: AzureConnection):
    with Canned(always(200, b"<html></html>", ("Content-Type", "text/html"))) as server:
        error = fault(at(server.port, canary), "container/p/", read="log")

    assert "not one of Azure's" in error.message
