"""What goes wrong with S3: with SeaweedFS, behind a proxy that misbehaves, and with answers that only AWS gives."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.auth
import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.servers import SeaweedFS
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.s3 import client as s3_client
from drcheck.collectors.s3.collector import S3Collector, open_s3
from drcheck.collectors.s3.listing import Question, parse_page
from drcheck.collectors.s3.settings import LastModified, S3Connection
from drcheck.interfaces import CollectorError, Entry, NotFound
from tests.collectors.canned import Canned, Reply, always
from tests.collectors.places import s3_connection, write_credentials

CANARY_KEY, CANARY_SECRET = "CANARYKEYCANARYKEY00", "CANARYSECRETCANARYSECRETCANARYSECRET0000"
EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


@pytest.fixture
def storage(seaweedfs: SeaweedFS, tmp_path: Path) -> S3Connection:
    """SeaweedFS with the key that may list and read ``open-*`` alone."""
    seaweedfs.put("open-faults", "p/log", b"line\n")
    seaweedfs.put("closed", "p/log", b"secret")
    return s3_connection(seaweedfs, tmp_path / "credentials", deadline=6)


@pytest.fixture
def canary(tmp_path: Path) -> S3Connection:
    """A connection to nowhere yet, whose credentials must never be seen again."""
    file = write_credentials(tmp_path / "canary", CANARY_KEY, CANARY_SECRET)
    return S3Connection("storage", 20, region="eu-north-1", credentials_file=str(file))


def listed(connection: S3Connection, root: str = "open-faults/p/") -> list[Entry]:
    with Connections() as pool:
        return list(open_s3(connection, root, pool).list(""))


def fault(connection: S3Connection, root: str = "open-faults/p/", read: str = "") -> CollectorError:

    def look() -> None:
        with Connections() as pool:
            collector = open_s3(connection, root, pool)
            if read:
                collector.read(read, at_most=100)
            else:
                list(collector.list(""))

    with pytest.raises(CollectorError) as caught:
        look()
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.hint
    for secret in (CANARY_KEY, CANARY_SECRET, SeaweedFS.reader_key.secret_key, "Signature="):
        assert secret not in told
    return caught.value


def at(port: int, connection: S3Connection) -> S3Connection:
    return replace(connection, endpoint=f"http://127.0.0.1:{port}")


def test_a_bucket_that_the_key_may_not_list_is_told(storage: S3Connection):
    error = fault(storage, "closed/p/")

    assert error.message == "s3 may not see closed"
    assert "s3:ListBucket" in error.hint


def test_an_object_that_the_key_may_not_read_is_told(storage: S3Connection):
    error = fault(storage, "closed/p/", read="log")

    assert "s3:GetObject" in error.hint


def test_a_bucket_that_is_missing_is_no_empty_answer(storage: S3Connection):
    assert fault(storage, "open-missing/").message == "there is no bucket open-missing in s3"
    assert not isinstance(fault(storage, "open-missing/", read="log"), NotFound)


def test_a_prefix_that_holds_nothing_is_an_empty_answer(storage: S3Connection):
    assert listed(storage, "open-faults/nothing/here/") == []


def test_a_source_names_its_bucket(storage: S3Connection):
    assert "it names no bucket" in fault(storage, "").message


def test_an_unknown_key_and_a_wrong_secret_are_told_apart(storage: S3Connection, tmp_path: Path):
    file = write_credentials(tmp_path / "wrong", CANARY_KEY, CANARY_SECRET)
    assert "a key that the service does not know" in fault(replace(storage, credentials_file=str(file))).message

    write_credentials(file, SeaweedFS.reader_key.access_key, CANARY_SECRET)
    assert "a secret that does not fit" in fault(replace(storage, credentials_file=str(file))).message


def test_missing_credentials_are_told(storage: S3Connection):
    error = fault(replace(storage, credentials_file="/nonexistent"))

    assert error.message == "there are no credentials for s3"
    assert "profile" in error.hint


def test_half_credentials_and_a_missing_profile_are_told(storage: S3Connection, tmp_path: Path):
    file = tmp_path / "half"
    file.write_text(f"[default]\naws_access_key_id = {CANARY_KEY}\n")

    assert "only half there" in fault(replace(storage, credentials_file=str(file))).message
    assert "no profile nobody" in fault(replace(storage, profile="nobody")).message


def test_a_machine_whose_clock_is_off_is_told(storage: S3Connection, monkeypatch: pytest.MonkeyPatch):
    # the time that is signed and sent: how botocore comes by it differs from release to release
    real = botocore.auth.S3SigV4Auth._modify_request_before_signing

    def skewed(signer: object, request: object) -> None:
        signed = dt.datetime.fromisoformat(request.context["timestamp"])
        request.context["timestamp"] = (signed - dt.timedelta(hours=2)).strftime(botocore.auth.SIGV4_TIMESTAMP)
        real(signer, request)

    monkeypatch.setattr(botocore.auth.S3SigV4Auth, "_modify_request_before_signing", skewed)

    error = fault(storage)

    assert "the clocks of this machine and of s3 are too far apart" in error.message
    assert "NTP" in error.hint


def test_a_region_is_needed_without_an_endpoint(canary: S3Connection):
    assert "has no region" in fault(replace(canary, region="")).message


def test_an_endpoint_that_is_none_is_told(canary: S3Connection):
    assert "no valid endpoint" in fault(replace(canary, endpoint="nonsense")).message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><p>Sign in</p></body></html>",
        b"<!DOCTYPE html><html><br></html>",
        b'{"Contents": []}',
        b"<ListBucketResult/>",
        b"<ListBucketResult><IsTruncated>perhaps</IsTruncated></ListBucketResult>",
        EMPTY[:-10],
    ],
)
def test_an_answer_that_is_no_listing_is_never_an_empty_one(canary: S3Connection, body: bytes):
    with Canned(always(200, body)) as server:
        error = fault(at(server.port, canary), "bucket/p/")

    assert error.message == "the answer to a listing of bucket is not a listing"
    assert "endpoint" in error.hint


def test_a_listing_of_nothing_is_an_empty_one(canary: S3Connection):
    with Canned(always(200, EMPTY)) as server:
        assert listed(at(server.port, canary), "bucket/p/") == []


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "may not see"),
        (403, "InvalidAccessKeyId", "does not know"),
        (403, "SignatureDoesNotMatch", "does not fit"),
        (403, "RequestTimeTooSkewed", "too far apart"),
        (400, "ExpiredToken", "has expired"),
        (400, "InvalidToken", "has expired"),
        (404, "NoSuchBucket", "there is no bucket"),
        (503, "SlowDown", "is throttling"),
        (500, "InternalError", "is at fault"),
        (418, "Teapot", "answered Teapot (418)"),
    ],
)
def test_each_refusal_is_a_sentence(canary: S3Connection, status: int, code: str, message: str, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # botocore's pauses
    body = f"<Error><Code>{code}</Code><Message>told sig={CANARY_SECRET}</Message></Error>".encode()
    with Canned(always(status, body)) as server:
        error = fault(at(server.port, canary), "bucket/p/")
        assert message in error.message
        # throttling and faults are asked again, a few times; a refusal is not
        assert len(server.requests) == (s3_client.TRIES if status >= 500 else 1)


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed"])
def test_a_bucket_in_another_region_is_told_with_its_region(canary: S3Connection, code: str):
    body = f"<Error><Code>{code}</Code><Message>wrong</Message><Region>ap-south-1</Region></Error>".encode()
    status = 301 if code == "PermanentRedirect" else 400
    with Canned(always(status, body, ("x-amz-bucket-region", "ap-south-1"))) as server:
        error = fault(at(server.port, canary), "bucket/p/")

    assert "another region than eu-north-1" in error.message
    assert "region: ap-south-1" in error.hint


def test_throttling_that_passes_is_waited_for(canary: S3Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    slow = Reply(503, b"<Error><Code>SlowDown</Code></Error>")
    with Canned(lambda number, _: slow if number < 2 else Reply(200, EMPTY)) as server:
        assert listed(at(server.port, canary), "bucket/p/") == []
        assert len(server.requests) == 3


def test_pages_that_were_seen_stay_when_a_later_one_fails(canary: S3Connection):
    first = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents>"
        b"<Key>p/a</Key><Size>1</Size><LastModified>2026-11-21T00:00:00.000Z</LastModified></Contents>"
        b"</ListBucketResult>"
    )
    with Canned(lambda number, _: Reply(200, first if number == 0 else b"")) as server, Connections() as pool:
        listing = open_s3(at(server.port, canary), "bucket/p/", pool).list("")
        assert next(listing).name == "a"
        with pytest.raises(CollectorError, match="not a listing"):
            next(listing)

    with Canned(always(200, first)) as server:
        assert "twice" in fault(at(server.port, canary), "bucket/p/").message


def test_an_answer_longer_than_asked_for_is_refused(canary: S3Connection):
    with Canned(always(200, b"x" * 1_000_000)) as server:
        assert "more than the 100 bytes" in fault(at(server.port, canary), "bucket/p/", read="log").message


def test_a_page_without_end_is_refused_in_bounded_memory(canary: S3Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(s3_client, "_PAGE_BYTES", 100_000)
    with Canned(always(200, EMPTY + b" " * 1_000_000)) as server:
        assert "more than the 100000 bytes" in fault(at(server.port, canary), "bucket/p/").message


def test_entities_that_multiply_are_refused():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><ListBucketResult>&e11;</ListBucketResult>'.encode()

    assert parse_page(body, Question("bucket", "", ""), LastModified.INITIATION) is None


# bytes after which the fault sets in: before the answer, amid its head, amid the listing
@pytest.mark.parametrize("after", [0, 20, 400])
@pytest.mark.parametrize("kind", [Fault.BLACK_HOLE, Fault.DRIP])
def test_a_storage_that_hangs_is_given_up_at_the_deadline(storage: S3Connection, kind: Fault, after: int):
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port, kind, after=after) as proxy:
        began = time.monotonic()
        error = fault(replace(at(proxy.port, storage), deadline=1))
        took = time.monotonic() - began

    assert error.message == "s3 took longer than 1 s"
    assert took < 10  # the SDK alone would wait for a minute; a busy machine takes its time to end a thread


@pytest.mark.parametrize("after", [0, 20, 400])
@pytest.mark.parametrize("kind", [Fault.CUT, Fault.RESET])
def test_a_lost_connection_is_tried_again_a_few_times(storage: S3Connection, kind: Fault, after: int):
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port, kind, after=after) as proxy:
        message = fault(at(proxy.port, storage)).message
        assert "was lost" in message or "does not tell its length" in message
        assert proxy.connections == 3


def test_a_connection_lost_once_does_no_harm(storage: S3Connection):
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port, Fault.RESET, strikes=1) as proxy:
        assert [entry.name for entry in listed(at(proxy.port, storage))] == ["log"]
        assert proxy.connections == 2


def test_a_refused_connection_and_an_unknown_name_are_told(canary: S3Connection):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    assert "refused the connection" in fault(at(port, canary), "bucket/p/").message
    assert "not known to DNS" in fault(replace(canary, endpoint="http://storage.invalid"), "bucket/p/").message


def test_a_tls_connection_that_cannot_be_trusted_is_told(storage: S3Connection):
    plain = storage.endpoint.replace("http:", "https:")

    assert "no trusted TLS connection" in fault(replace(storage, endpoint=plain)).message


def test_closing_the_run_ends_a_hung_read(storage: S3Connection):
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port, Fault.BLACK_HOLE) as proxy:
        pool = Connections()
        collector = open_s3(replace(at(proxy.port, storage), deadline=60), "open-faults/p/", pool)
        threading.Timer(0.3, pool.close).start()
        began = time.monotonic()
        with pytest.raises(CollectorError, match="the run was ended"):
            list(collector.list(""))

    assert time.monotonic() - began < 2


def test_nothing_but_reading_leaves_the_client(storage: S3Connection):
    with Connections() as pool:
        collector = open_s3(storage, "open-faults/p/", pool)
        api = collector._client._api
        for ask in (
            lambda: api.put_object(Bucket="open-faults", Key="x", Body=b""),
            lambda: api.delete_object(Bucket="open-faults", Key="p/log"),
            lambda: api.create_bucket(Bucket="open-new"),
            api.list_buckets,
        ):
            with pytest.raises(CollectorError, match="drcheck only reads"):
                ask()
        assert collector.calls == 0


def test_the_sender_refuses_to_send_anything_but_reads():
    from drcheck.collectors.http_sender import Web

    for method in ("PUT", "POST", "DELETE", "PATCH"):
        with pytest.raises(CollectorError, match="drcheck only reads"):
            Web(1).send(method, "http://127.0.0.1:1/", {}, setting="endpoint")


def test_a_listing_asks_for_nothing_but_what_it_is_asked(canary: S3Connection):
    with Canned(always(200, EMPTY)) as server:
        with Connections() as pool:
            collector = open_s3(at(server.port, canary), "bucket/p/", pool)
            list(collector.list("2026/", after="2026/11"))
        (request,) = server.requests

    assert request.startswith("GET /bucket?list-type=2&")
    assert "prefix=p%2F2026%2F" in request
    assert "start-after=p%2F2026%2F10~" in request


def test_threads_share_one_client_and_its_connections(storage: S3Connection):
    port = int(storage.endpoint.rpartition(":")[2])
    with FaultProxy("127.0.0.1", port) as proxy:
        with Connections() as pool, ThreadPoolExecutor(4) as threads:

            def look(_: int) -> tuple[int, bytes]:
                collector: S3Collector = open_s3(at(proxy.port, storage), "open-faults/p/", pool)
                return len(list(collector.list(""))), collector.read("log", at_most=9)

            assert set(threads.map(look, range(40))) == {(1, b"line\n")}
        assert proxy.connections <= 4


def test_a_web_page_is_not_taken_for_an_object(canary: S3Connection):
    with Canned(always(200, b"<html></html>", ("Content-Type", "text/html"))) as server:
        error = fault(at(server.port, canary), "bucket/p/", read="log")

    assert "not the range that was asked for" in error.message
