"""How blobs are encrypted and locked: told by Azurite, and by a fake with the answers that Azure documents.

Azurite knows neither immutability policies nor legal holds, encryption scopes or keys that customers provide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from lab.servers import Azurite
from msgspec.structs import replace

from drcheck.collectors import descriptions
from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Collector, CollectorError, NotFound
from tests.collectors.canned import Canned, Reply
from tests.collectors.fake_azure import BLOBS, DATE, DENIED, FREE, NEW_YEAR, VERSIONS, Blob, FakeAzure, refusal

ENCRYPTION = frozenset({Fact.STORAGE_ENCRYPTION})
LOCKS = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
ALL = ENCRYPTION | LOCKS
NONE = FactValue(holds=False)
ACCOUNT_KEY = FactValue(True, "the account's key")
CUSTOMER_KEY = FactValue(True, "a key that the customer provides")


class Opener:
    def __init__(self, pool: Connections) -> None:
        self.pool = pool

    def __call__(self, fake: Canned) -> Collector:
        url = f"http://127.0.0.1:{fake.port}/account"
        return open_azure_blob(AzureConnection(url, 20, account_url=url, credential_env="SAS"), "box/p/", self.pool)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connections]:
    monkeypatch.setenv("SAS", "sv=2024-01-01&sp=rl&sig=CANARYCANARY")
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDK's pauses
    with Connections() as made:
        yield made


@pytest.fixture
def at(pool: Connections) -> Opener:
    return Opener(pool)


def described(collector: Collector, asked: frozenset[Fact]) -> dict[str, Mapping[Fact, FactValue]]:
    return {name.removeprefix("p/"): collector.describe(name.removeprefix("p/"), asked) for name in BLOBS}


ENCRYPTIONS = {
    "plain": ACCOUNT_KEY,
    "scoped": FactValue(True, "scope backups"),
    "default-scope": ACCOUNT_KEY,
    "customer": CUSTOMER_KEY,
    "unencrypted": NONE,
    "silent": FactValue(None, "the storage does not tell"),
    "locked": ACCOUNT_KEY,
    "unlocked": ACCOUNT_KEY,
    "held": ACCOUNT_KEY,
}
OWN_LOCKS = dict.fromkeys(ENCRYPTIONS, NONE) | {
    "locked": FactValue(True, "compliance", NEW_YEAR),
    "unlocked": FactValue(True, "unlocked", NEW_YEAR),
}


def test_a_listing_tells_how_each_blob_is_encrypted(at: Opener):
    with FakeAzure() as fake:
        collector = at(fake)
        list(collector.list(""))

        told = described(collector, ENCRYPTION)

        assert {name: each[Fact.STORAGE_ENCRYPTION] for name, each in told.items()} == ENCRYPTIONS
        assert collector.calls == 1


def test_a_blob_that_no_listing_showed_is_asked_itself(at: Opener):
    with FakeAzure() as fake:
        collector = at(fake)

        told = described(collector, ENCRYPTION)

        assert {name: each[Fact.STORAGE_ENCRYPTION] for name, each in told.items()} == ENCRYPTIONS
        with pytest.raises(NotFound):
            collector.describe("missing", ENCRYPTION)


def test_what_listings_told_is_kept_in_bounded_memory(at: Opener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(descriptions, "KEPT", 4)
    with FakeAzure() as fake:
        collector = at(fake)
        list(collector.list(""))

        told = described(collector, ENCRYPTION)

        assert {name: each[Fact.STORAGE_ENCRYPTION] for name, each in told.items()} == ENCRYPTIONS
        assert collector.calls == 1 + len(BLOBS) - 4


def test_a_listing_brings_the_locks_along_where_the_container_was_asked_before(at: Opener):
    with FakeAzure(VERSIONS) as fake:
        collector = at(fake)
        place = collector.describe(None, LOCKS)
        list(collector.list(""))

        told = described(collector, ALL)

        assert place == dict.fromkeys(LOCKS, FactValue(True, "of single blobs"))
        assert {name: each[Fact.LOCK] for name, each in told.items()} == OWN_LOCKS
        assert [name for name, each in told.items() if each[Fact.LEGAL_HOLD].holds] == ["held"]
        assert {name: each[Fact.STORAGE_ENCRYPTION] for name, each in told.items()} == ENCRYPTIONS
        assert collector.calls == 2


def test_a_listing_without_locks_proves_no_absence_of_them(at: Opener):
    with FakeAzure(VERSIONS) as fake:
        collector = at(fake)
        list(collector.list(""))
        assert "immutabilitypolicy" not in fake.requests[0]

        told = described(collector, LOCKS)

        without_key = FactValue(None, "without the customer's key, only a listing tells of its locks")
        assert {name: each[Fact.LOCK] for name, each in told.items()} == OWN_LOCKS | {"customer": without_key}
        assert collector.calls == 2 + len(BLOBS)


def test_a_container_without_any_kind_of_lock_answers_for_all_its_blobs(at: Opener):
    with FakeAzure(FREE) as fake:
        collector = at(fake)
        list(collector.list(""))

        assert collector.describe(None, LOCKS) == dict.fromkeys(LOCKS, NONE)
        assert collector.describe("plain", LOCKS) == dict.fromkeys(LOCKS, NONE)
        assert collector.calls == 2


def test_the_length_of_a_containers_policy_is_unknown(at: Opener):
    with FakeAzure(FREE | {"has-immutability-policy": "true"}) as fake:
        collector = at(fake)
        list(collector.list(""))

        assert collector.describe(None, LOCKS) == {
            Fact.LOCK: FactValue(True, "of the container"),
            Fact.LEGAL_HOLD: NONE,
        }
        told = collector.describe("plain", LOCKS)

        assert told[Fact.LOCK].holds is None
        assert "management interface" in told[Fact.LOCK].how
        assert told[Fact.LEGAL_HOLD] == NONE
        assert collector.calls == 2


def test_a_blobs_own_policy_is_told_beside_the_containers(at: Opener):
    with FakeAzure(VERSIONS | {"has-immutability-policy": "true"}) as fake:
        collector = at(fake)

        assert collector.describe("locked", LOCKS)[Fact.LOCK] == FactValue(True, "compliance", NEW_YEAR)
        assert collector.describe("plain", LOCKS)[Fact.LOCK].holds is None


def test_a_containers_legal_hold_is_one_of_each_blob(at: Opener):
    with FakeAzure(FREE | {"has-legal-hold": "true"}) as fake:
        collector = at(fake)

        assert collector.describe(None, LOCKS)[Fact.LEGAL_HOLD] == FactValue(True, "of the container")
        assert collector.describe("plain", LOCKS)[Fact.LEGAL_HOLD] == FactValue(True, "of the container")


def test_a_container_that_may_not_be_asked_leaves_what_no_blob_shows_unknown(at: Opener):
    with FakeAzure(DENIED) as fake:
        collector = at(fake)
        place = collector.describe(None, ALL)
        list(collector.list(""))
        told = described(collector, LOCKS)

    assert place[Fact.STORAGE_ENCRYPTION].holds is True
    assert place[Fact.LOCK] == place[Fact.LEGAL_HOLD] == told["plain"][Fact.LOCK]
    assert place[Fact.LOCK].holds is None
    assert "may not ask for the container's properties" in place[Fact.LOCK].how
    assert told["locked"][Fact.LOCK] == FactValue(True, "compliance", NEW_YEAR)
    assert told["held"][Fact.LEGAL_HOLD].holds is True
    assert told["plain"][Fact.LEGAL_HOLD].holds is None
    assert sum("restype=container" in request and "comp=list" not in request for request in fake.requests) == 1


def test_a_service_that_does_not_tell_of_locks_leaves_them_unknown(at: Opener):
    with FakeAzure({}) as fake:
        collector = at(fake)
        for told in (collector.describe(None, LOCKS), collector.describe("plain", LOCKS)):
            assert all(each.holds is None for each in told.values())


@pytest.mark.parametrize("code", ["FeatureNotSupported", "FeatureNotEnabled"])
def test_an_account_that_does_not_know_the_question_tells_nothing(at: Opener, code: str):
    with FakeAzure(refusal(409, code)) as fake:
        told = at(fake).describe(None, LOCKS)

    assert all(each.holds is None and code in each.how for each in told.values())


@pytest.mark.parametrize("denied", [DENIED, refusal(403), refusal(403, "AuthorizationFailure"), refusal(401)])
def test_a_blob_that_may_not_be_asked_is_asked_once(at: Opener, denied: Reply):
    with FakeAzure(VERSIONS, denied) as fake:
        collector = at(fake)
        for name in "ab":
            told = collector.describe(name, ALL)
            assert all(each.holds is None and "they need read" in each.how for each in told.values())
        assert collector.calls == 2


def test_a_blob_without_locks_of_its_own_needs_no_leave_to_be_read(at: Opener):
    with FakeAzure(FREE) as fake:
        collector = at(fake)
        list(collector.list(""))
        fake.blobs = DENIED

        assert collector.describe("plain", ALL) == {
            Fact.STORAGE_ENCRYPTION: ACCOUNT_KEY, Fact.LOCK: NONE, Fact.LEGAL_HOLD: NONE,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("blob", "how"),
    [
        (Blob(until=DATE), "no mode that is known"),
        (Blob(mode="locked"), "no end"),
        (Blob(mode="mutable", until=DATE), "no mode that is known"),
    ],
)
def test_a_policy_that_makes_no_sense_is_unknown(at: Opener, blob: Blob, how: str):
    with FakeAzure(VERSIONS, {"p/a": blob}) as fake:
        asked = at(fake).describe("a", LOCKS)[Fact.LOCK]
        listing = at(fake)
        listing.describe(None, LOCKS)
        list(listing.list(""))

        assert asked.holds is None
        assert how in asked.how
        assert listing.describe("a", LOCKS)[Fact.LOCK] == asked


def test_a_listing_with_an_end_that_is_none_is_no_listing(at: Opener):
    with FakeAzure(VERSIONS, {"p/a": Blob(mode="locked", until="whenever")}) as fake:
        collector = at(fake)
        collector.describe(None, LOCKS)
        with pytest.raises(CollectorError, match="makes no sense: the time 'whenever'"):
            list(collector.list(""))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (refusal(503, "ServerBusy"), "is throttling"),
        (refusal(403, "AuthenticationFailed"), "does not accept"),
        (refusal(404, "ContainerNotFound"), "there is no container"),
        (Reply(200, b"<html></html>"), "not one of Azure's"),
    ],
)
def test_faults_of_the_whole_account_are_errors(at: Opener, reply: Reply, message: str):
    with FakeAzure(reply, reply) as fake:
        for name in (None, "a"):
            with pytest.raises(CollectorError, match=message):
                at(fake).describe(name, LOCKS)
        with pytest.raises(CollectorError, match=message):
            at(fake).describe("a", ENCRYPTION)


# -- Azurite


@pytest.fixture
def storage(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureConnection:
    azurite.put("described", "p/a", b"x")
    monkeypatch.setenv("AZURITE_SAS", azurite.sas())
    return AzureConnection("azure", 20, account_url=azurite.account_url, credential_env="AZURITE_SAS")


def test_the_emulator_encrypts_and_locks_nothing(storage: AzureConnection, pool: Connections, azurite: Azurite):
    collector = open_azure_blob(storage, "described/p/", pool)
    list(collector.list(""))

    assert collector.describe("a", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: ACCOUNT_KEY}
    assert collector.calls == 1
    assert collector.describe("a", LOCKS) == dict.fromkeys(LOCKS, NONE)


def test_a_token_that_may_only_list_sees_encryption_and_not_locks(
    storage: AzureConnection, pool: Connections, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AZURITE_SAS", azurite.sas(permissions="l"))
    collector = open_azure_blob(replace(storage, name="lister"), "described/p/", pool)
    list(collector.list(""))

    told = collector.describe("a", ALL)

    assert told[Fact.STORAGE_ENCRYPTION] == ACCOUNT_KEY
    assert told[Fact.LOCK].holds is told[Fact.LEGAL_HOLD].holds is None


def test_a_container_that_is_missing_is_an_error(storage: AzureConnection, pool: Connections):
    with pytest.raises(CollectorError, match="there is no container"):
        open_azure_blob(storage, "missing/p/", pool).describe(None, LOCKS)
