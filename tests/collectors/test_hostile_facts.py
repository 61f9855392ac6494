"""Storages that lie when they are asked how something is encrypted or locked: nothing odd is ever a lock or a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from drcheck.collectors import value_bounds
from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.guarded import Guarded
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import CollectorError
from tests.collectors.canned import Canned, Reply
from tests.collectors.fake_azure import VERSIONS, Blob, FakeAzure
from tests.collectors.lies import NO_DATES, NO_INSTANTS
from tests.collectors.places import write_credentials

ALL = frozenset({Fact.STORAGE_ENCRYPTION, Fact.LOCK, Fact.LEGAL_HOLD})
ENABLED = b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
XML = (
    b"", b"<html></html>", b"{}", b"<a", b"\xff\xfe", b'<?xml version="1.0" encoding="x-unknown"?><a/>',
    b"<a>" * 10_000, b"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate/></Retention>",
    b"<LegalHold><Status>PERHAPS</Status></LegalHold>", b"<LegalHold><Status>\xd9\xa1</Status></LegalHold>",
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><LegalHold><Status>&e;</Status></LegalHold>',
    *(f"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{text}</RetainUntilDate></Retention>".encode() for text in NO_INSTANTS),
)  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    with pytest.MonkeyPatch.context() as patch, Connections() as made:
        patch.setenv("DRCHECK_TEST_SAS", "sv=2024-01-01&sp=rl&sig=CANARYCANARY")
        patch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
        yield made


class Lying(Canned):
    """Answers all questions after objects as told."""

    def __init__(self) -> None:
        self.head = Reply(200)
        self.bodies: Mapping[str, bytes] = {}
        super().__init__(self._answer)

    def _answer(self, number: int, path: str) -> Reply:
        if self.requests[number].startswith("HEAD"):
            return self.head
        return Reply(200, next((body for query, body in self.bodies.items() if query in path), b""))


@pytest.fixture(scope="module")
def lying() -> Iterator[Lying]:
    with Lying() as server:
        yield server


def described(collector: object, connection: S3Connection | AzureConnection) -> Mapping[Fact, FactValue]:
    """Ask through the edge of a look; an error is an answer as well, and says nothing."""
    tracebacks: list[str] = []
    try:
        return Guarded(collector, connection, tracebacks).describe("a", ALL)  # type: ignore[arg-type]
    except CollectorError as error:
        said = error
    assert said.hint
    assert said.message.isprintable()
    return {}


def in_s3(server: Canned, pool: Connections, directory: Path) -> Mapping[Fact, FactValue]:
    file = write_credentials(directory / "credentials", "CANARYKEYCANARYKEY00", "CANARY")
    connection = S3Connection("s3", 20, endpoint=f"http://127.0.0.1:{server.port}", credentials_file=str(file))
    return described(open_s3(connection, "bucket/p/", pool), connection)


def in_azure(server: Canned, pool: Connections) -> Mapping[Fact, FactValue]:
    url = f"http://127.0.0.1:{server.port}/account"
    connection = AzureConnection(url, 20, account_url=url, credential_env="DRCHECK_TEST_SAS")
    return described(open_azure_blob(connection, "box/p/", pool), connection)


def believed(told: Mapping[Fact, FactValue], fact: Fact) -> bool:
    return fact in told and told[fact].holds is True


FOR_EVER = {"9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"}


@pytest.mark.parametrize("text", [text for text in NO_INSTANTS if text.isascii()])
def test_a_retention_of_s3_that_ends_at_no_instant_is_no_lock(
    lying: Lying, pool: Connections, tmp_path: Path, text: str
):
    told = [("ETag", '"e"'), ("x-amz-object-lock-mode", "COMPLIANCE"), ("x-amz-object-lock-retain-until-date", text)]
    lying.head, lying.bodies = Reply(200, b"", tuple(told)), {"?object-lock": ENABLED}
    found = in_s3(lying, pool, tmp_path)

    if believed(found, Fact.LOCK):
        # botocore reads some more dates than there should be, but none that cannot be
        assert value_bounds.EARLIEST <= found[Fact.LOCK].until < value_bounds.LATEST
        assert text in FOR_EVER or found[Fact.LOCK].until <= 1_800_000_000


@pytest.mark.parametrize("mode", ["", "PERHAPS", "compliance?", "1", "\t", "COMPLIANCE, GOVERNANCE"])
def test_a_retention_of_s3_of_no_mode_is_no_lock(lying: Lying, pool: Connections, tmp_path: Path, mode: str):
    until = ("x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00Z")
    lying.head = Reply(200, b"", (("ETag", '"e"'), ("x-amz-object-lock-mode", mode), until))
    lying.bodies = {"?object-lock": ENABLED}

    assert not believed(in_s3(lying, pool, tmp_path), Fact.LOCK)


@pytest.mark.parametrize("algorithm", ["none", "perhaps", "AES0", "\x7f", "awskms"])
def test_an_encryption_of_s3_that_is_none_is_not_believed(
    lying: Lying, pool: Connections, tmp_path: Path, algorithm: str
):
    told = (("ETag", '"e"'), ("x-amz-server-side-encryption", algorithm))
    lying.head, lying.bodies = Reply(200, b"", told), {"?object-lock": ENABLED}

    assert not believed(in_s3(lying, pool, tmp_path), Fact.STORAGE_ENCRYPTION)


@pytest.mark.parametrize("body", XML, ids=range(len(XML)))
def test_an_answer_of_s3_after_locks_that_is_none_is_no_lock(
    lying: Lying, pool: Connections, tmp_path: Path, body: bytes
):
    lying.head = Reply(200, b"", (("ETag", '"e"'),))
    lying.bodies = {"?object-lock": ENABLED, "?retention": body, "?legal-hold": body}
    found = in_s3(lying, pool, tmp_path)

    assert not believed(found, Fact.LEGAL_HOLD)
    if believed(found, Fact.LOCK):
        assert value_bounds.EARLIEST <= found[Fact.LOCK].until < value_bounds.LATEST


@pytest.mark.parametrize("body", XML, ids=range(len(XML)))
def test_an_answer_of_s3_after_its_bucket_that_is_none_locks_nothing(
    lying: Lying, pool: Connections, tmp_path: Path, body: bytes
):
    lying.head, lying.bodies = Reply(200, b"", (("ETag", '"e"'),)), {"?object-lock": body}
    found = in_s3(lying, pool, tmp_path)

    assert not believed(found, Fact.LOCK)
    # nor that nothing is locked
    assert not found or found[Fact.LOCK].holds is None


@pytest.mark.parametrize("text", [text for text in NO_DATES if text])
def test_a_policy_of_azure_that_ends_at_no_instant_is_no_lock(pool: Connections, text: str):
    if not text.isascii():
        return
    with FakeAzure(VERSIONS, {"p/a": Blob(mode="locked", until=text)}) as server:
        found = in_azure(server, pool)

    if believed(found, Fact.LOCK):
        assert value_bounds.EARLIEST <= found[Fact.LOCK].until < value_bounds.LATEST
        assert text in FOR_EVER or found[Fact.LOCK].until <= 1_800_000_000


@pytest.mark.parametrize("word", ["perhaps", "2", "TRUE?", "yes"])
def test_a_hold_or_an_encryption_of_azure_that_is_neither_true_nor_false_is_none(pool: Connections, word: str):
    with FakeAzure(VERSIONS, {"p/a": Blob(encrypted=word, hold=word)}) as server:
        found = in_azure(server, pool)

    assert not believed(found, Fact.LEGAL_HOLD)
    assert not believed(found, Fact.STORAGE_ENCRYPTION)
