"""What is asked of each backup after a listing: as little as answers the question, and never silently less."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from paged_place import DAY, NOW, source

from drcheck.collectors.memory import MemoryCollector, MemoryConnection, StoredFile
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.core.judging import reach
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.model.evidence import LONG_AGO, Candidate, Described, Fact, FactValue, Settled
from drcheck.core.model.policy import Policy
from drcheck.interfaces import CollectorError, LookRequest
from drcheck.readers.content import fact_requests, request_budget
from drcheck.readers.points import objects
from tests.collectors.places import s3_connection, ssh_connection

STORAGE, CLIENT, LOCK, HOLD, CHECKSUM = (
    Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION, Fact.LOCK, Fact.LEGAL_HOLD, Fact.CHECKSUM,
)  # fmt: skip
AGE = b"age-encryption.org/v1\n" + bytes(100)
GZIP = b"\x1f\x8b\x08" + bytes(100)
NOISE = bytes(range(1, 120))
AES, NONE = FactValue(True, "AES256"), FactValue(False)
REFUSED = FactValue(None, "access is denied")


@dataclass
class Questioned:
    """A place in memory, and everything that it was asked beside its listing."""

    held: dict[str, StoredFile]
    place: dict[Fact, FactValue] = field(default_factory=dict)
    broken: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.described: list[str | None] = []
        self.read: list[str] = []
        connection = MemoryConnection("memory", entries=self.held, facts=self.place)
        self.collector = MemoryCollector(connection, "", Connections({"memory": connection}))
        describe, read = self.collector.describe, self.collector.read

        def described(name, facts):
            self.described.append(name)
            if name in self.broken:
                raise CollectorError("the connection is lost", "Try again.")
            return describe(name, facts)

        def reading(name, *, offset=0, at_most):
            self.read.append(name)
            if name in self.broken:
                raise CollectorError("the connection is lost", "Try again.")
            return read(name, offset=offset, at_most=at_most)

        self.collector.describe, self.collector.read = described, reading

    def ask(self, *facts: Fact, settled=None, either=True, most=1 << 20):
        asked = LookRequest(LONG_AGO, NOW, 300, "web", frozenset(facts), settled or {}, either, most)
        candidates = [candidate(name, held) for name, held in self.held.items() if not name.endswith(".sha256")]
        return fact_requests.describe(self.collector, source(), candidates, asked, {})


def candidate(name: str, held: StoredFile) -> Candidate:
    arrived = held.arrived_lo
    return Candidate(name, "orders", "", arrived, arrived, arrived, arrived, len(held.content), held.checksum, True)


def held(content: bytes = GZIP, days: int = 1, **facts: FactValue) -> StoredFile:
    return StoredFile(
        content, NOW - days * DAY, NOW - days * DAY, facts={Fact[name]: told for name, told in facts.items()}
    )


def days(count: int, content: bytes = GZIP, **facts: FactValue) -> dict[str, StoredFile]:
    return {f"day-{n:04}": held(content, n, **facts) for n in range(1, count + 1)}


def answers(described, fact: Fact) -> dict[str, bool | None]:
    return {one.name: one.told.holds for one in described if one.fact is fact}


def test_each_backup_is_described_once_for_all_that_the_storage_tells_newest_data_first():
    place = Questioned(days(3, STORAGE_ENCRYPTION=AES, LOCK=FactValue(True, "compliance", NOW), LEGAL_HOLD=NONE))
    described, gaps = place.ask(STORAGE, LOCK, HOLD)
    assert place.described == [None, "day-0001", "day-0002", "day-0003"]
    assert (place.read, gaps) == ([], ())
    assert Described("day-0002", LOCK, FactValue(True, "compliance", NOW)) in described
    assert len(described) == 9


def test_what_the_place_says_of_all_is_asked_of_none():
    place = Questioned(days(3), {LOCK: NONE, HOLD: NONE})
    described, gaps = place.ask(LOCK, HOLD)
    assert (place.described, place.collector.calls, gaps) == ([None], 0, ())
    assert answers(described, LOCK) == dict.fromkeys(place.held, False)
    assert answers(described, HOLD) == dict.fromkeys(place.held, False)


def test_nothing_is_asked_where_nothing_is_left_to_ask():
    place = Questioned(days(2))
    settled = {name: Settled(candidate(name, one), {STORAGE: AES, LOCK: AES}) for name, one in place.held.items()}
    assert place.ask(STORAGE, LOCK, settled=settled) == ((), ())
    assert Questioned({}).ask(STORAGE, CLIENT, CHECKSUM) == ((), ())
    assert place.described == place.read == []


def test_what_is_settled_is_asked_again_once_the_listing_shows_something_else():
    place = Questioned(days(2, AGE))
    settled = {name: Settled(candidate(name, one), {CLIENT: AES}) for name, one in place.held.items()}
    settled["day-0002"] = Settled(settled["day-0002"].shown._replace(size=7), {CLIENT: AES})
    described, _ = place.ask(CLIENT, settled=settled)
    assert answers(described, CLIENT) == {"day-0002": True}


def test_what_is_empty_has_no_encryption_and_may_be_locked():
    place = Questioned({"empty": held(b"", LOCK=NONE)})
    described, gaps = place.ask(STORAGE, CLIENT, LOCK, CHECKSUM)
    assert {one.fact for one in described} == {LOCK}
    assert place.read == []
    assert gaps == ()


# Either side


def test_what_the_storage_encrypts_is_not_read():
    place = Questioned({"a": held(GZIP, 1, STORAGE_ENCRYPTION=AES), "b": held(AGE, 2, STORAGE_ENCRYPTION=NONE)})
    described, _ = place.ask(STORAGE, CLIENT)
    assert place.read == ["b"]
    assert answers(described, CLIENT) == {"b": True}


def test_what_the_storage_encrypts_is_read_where_a_commitment_wants_the_content_encrypted():
    place = Questioned(days(1, AGE, STORAGE_ENCRYPTION=AES))
    described, _ = place.ask(STORAGE, CLIENT, either=False)
    assert place.read == ["day-0001"]
    assert answers(described, CLIENT) == {"day-0001": True}


@pytest.mark.parametrize(
    ("by", "enough"),
    [((By.EITHER,), True), ((By.STORAGE, By.EITHER), True), ((By.EITHER, By.CLIENT), False), ((By.CLIENT,), False)],
)
def test_encryption_by_the_storage_is_enough_unless_a_commitment_wants_the_content_encrypted(by, enough):
    promised = tuple(Encryption(f"c{n}", ("dumps",), by=one) for n, one in enumerate(by))
    policy = Policy("web", "", "", "", "UTC", {"dumps": source()}, promised)
    assert reach.either_encrypts(policy, source()) is enough


@pytest.mark.parametrize(("known", "read"), [(AES, []), (NONE, ["day-0001"])])
def test_what_was_settled_of_the_storage_spares_reading_only_if_it_encrypts(known, read):
    place = Questioned(days(1, AGE))
    settled = {"day-0001": Settled(candidate("day-0001", place.held["day-0001"]), {STORAGE: known})}
    place.ask(STORAGE, CLIENT, settled=settled)
    assert (place.described, place.read) == ([], read)


def test_a_storage_that_does_not_encrypt_leaves_the_content_to_tell():
    place = Questioned(days(2, AGE, STORAGE_ENCRYPTION=NONE))
    described, gaps = place.ask(STORAGE, CLIENT)
    assert answers(described, STORAGE) == {"day-0001": False, "day-0002": False}
    assert answers(described, CLIENT) == {"day-0001": True, "day-0002": True}
    assert place.described == ["day-0001", "day-0002"]
    assert gaps == ()


def test_how_a_place_encrypts_by_default_is_told_where_its_backups_may_not_be_asked():
    place = Questioned(days(4, STORAGE_ENCRYPTION=REFUSED), {STORAGE: AES})
    described, (gap,) = place.ask(STORAGE)
    assert set(answers(described, STORAGE).values()) == {None}
    assert gap.what.endswith("access is denied; by default it encrypts (AES256), which tells nothing of what is older")
    assert place.described == ["day-0001", "day-0002", "day-0003", None]


# What cannot be asked


def test_a_look_asks_no_more_than_it_may_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(request_budget, "MOST_ASKED", 10)
    place = Questioned(days(25, STORAGE_ENCRYPTION=AES))
    known: dict[str, Settled] = {}
    for night, left in enumerate((15, 5, 0)):
        before = place.collector.calls
        described, gaps = place.ask(STORAGE, settled=known)
        told = answers(described, STORAGE)
        assert list(told) == [f"day-{n:04}" for n in range(10 * night + 1, min(25, 10 * night + 10) + 1)]
        assert place.collector.calls - before == len(told)
        assert [(gap.fact, gap.what) for gap in gaps] == (
            [(STORAGE, f"{left} backups were not asked for their encryption by the storage yet")] if left else []
        )
        known |= {name: Settled(candidate(name, place.held[name]), {STORAGE: AES}) for name in told}


def test_reading_and_describing_share_what_may_be_asked(monkeypatch):
    monkeypatch.setattr(request_budget, "MOST_ASKED", 10)
    place = Questioned(days(20, STORAGE_ENCRYPTION=NONE))
    described, gaps = place.ask(STORAGE, CLIENT)
    assert len(answers(described, STORAGE)) == len(answers(described, CLIENT)) == 5
    assert place.collector.calls == 10
    assert {(gap.fact, gap.what.split()[0]) for gap in gaps} == {(STORAGE, "15"), (CLIENT, "15")}


def test_the_same_refusal_again_and_again_is_not_asked_for_a_thousand_times():
    place = Questioned(days(1000, STORAGE_ENCRYPTION=REFUSED, LOCK=NONE))
    described, gaps = place.ask(STORAGE, LOCK)
    assert answers(described, STORAGE) == {"day-0001": None, "day-0002": None, "day-0003": None}
    assert len(answers(described, LOCK)) == 1000
    assert [(gap.fact, gap.hint != "") for gap in gaps] == [(STORAGE, True)]
    assert gaps[0].what == "the encryption by the storage of backups cannot be told: access is denied"


def test_a_place_that_cannot_tell_is_hardly_asked():
    place = Questioned(days(1000))
    described, gaps = place.ask(LOCK)
    assert len(described) == place.collector.calls == 2
    assert "the storage does not tell" in gaps[0].what


def test_refusals_of_some_do_not_end_the_asking():
    place = Questioned(days(20, LOCK=NONE) | {f"day-{n:04}": held(days=n, LOCK=REFUSED) for n in (3, 4, 7, 8, 20)})
    described, gaps = place.ask(LOCK)
    assert len(described) == 20
    assert gaps == ()


def test_what_went_after_it_was_listed_is_left_out():
    place = Questioned(days(3, AGE, LOCK=NONE))
    asked = LookRequest(LONG_AGO, NOW, 300, "web", frozenset({LOCK, CLIENT}))
    candidates = [candidate(name, one) for name, one in place.held.items()]
    del place.held["day-0002"]
    described, gaps = fact_requests.describe(place.collector, source(), candidates, asked)
    assert {one.name for one in described} == {"day-0001", "day-0003"}
    assert gaps == ()


@pytest.mark.parametrize("at", [None, "day-0002"])
def test_a_place_that_fails_is_not_asked_further_and_its_fact_is_a_gap(at):
    place = Questioned(days(5, LOCK=NONE), broken={at})
    described, gaps = place.ask(LOCK)
    assert [(gap.fact, gap.what, gap.hint) for gap in gaps] == [(LOCK, "the connection is lost", "Try again.")]
    assert [one.name for one in described] == ([] if at is None else ["day-0001"])
    assert not any(gap.hides for gap in gaps)


def test_a_read_that_fails_leaves_what_the_storage_tells():
    place = Questioned(days(5, STORAGE_ENCRYPTION=NONE))
    read = place.collector.read

    def reading(name, **where):
        if name == "day-0002":
            raise CollectorError("the connection is lost", "Try again.")
        return read(name, **where)

    place.collector.read = reading
    described, gaps = place.ask(STORAGE, CLIENT)
    assert len(answers(described, STORAGE)) == 5
    unread = {"day-0001": False, "day-0002": None, "day-0003": False, "day-0004": False, "day-0005": False}
    assert answers(described, CLIENT) == unread
    assert gaps == ()


def test_refusals_that_name_each_object_end_the_asking_as_well():
    place = Questioned(days(50))

    def refused(name, **where):
        place.read.append(name)
        raise CollectorError(f"access to {name} is denied", "Grant s3:GetObject.")

    place.collector.read = refused
    described, (gap,) = place.ask(CLIENT)
    assert len(place.read) == len(described) == 3
    assert (gap.fact, gap.hint) == (CLIENT, "Grant s3:GetObject.")


def test_reads_that_all_fail_are_soon_given_up_and_say_what_to_do():
    place = Questioned(days(5), broken={f"day-{n:04}" for n in range(1, 6)})
    described, gaps = place.ask(CLIENT)
    assert answers(described, CLIENT) == {"day-0001": None, "day-0002": None, "day-0003": None}
    assert [(gap.fact, gap.hint) for gap in gaps] == [(CLIENT, "Try again.")]


def test_what_begins_like_nothing_known_does_not_end_the_reading():
    place = Questioned(days(5, NOISE) | {"day-0006": held(GZIP, 6)})
    described, gaps = place.ask(CLIENT)
    assert answers(described, CLIENT) == {f"day-{n:04}": None for n in range(1, 6)} | {"day-0006": False}
    assert gaps == ()


# Through the reader


def test_a_look_tells_the_facts_it_was_asked_for_and_stays_complete():
    place = Questioned(
        {
            "orders-20260919": held(AGE, 2, STORAGE_ENCRYPTION=REFUSED),
            "orders-20260920": held(GZIP, 1, STORAGE_ENCRYPTION=REFUSED),
            "orders-20260918": held(NOISE, 3, STORAGE_ENCRYPTION=REFUSED),
        }
    )
    told = source(template="{of}-{data_as_of:%Y%m%d}", name_zone="UTC")
    seen = objects.read(place.collector, told, "", LookRequest(LONG_AGO, NOW, 300, "web", frozenset({STORAGE, CLIENT})))
    assert answers(seen.described, CLIENT) == {
        "orders-20260920": False,
        "orders-20260919": True,
        "orders-20260918": None,
    }
    assert [gap.fact for gap in seen.look.gaps] == [STORAGE]
    assert seen.look.complete
    assert seen.look.calls == place.collector.calls


def test_a_look_that_is_asked_for_no_facts_makes_no_request_for_them():
    place = Questioned({"orders-20260919": held(AGE)})
    told = source(template="{of}-{data_as_of:%Y%m%d}", name_zone="UTC")
    seen = objects.read(place.collector, told, "", LookRequest(LONG_AGO, NOW, 300, "web"))
    assert (seen.described, seen.look.calls, place.read, place.described) == ((), 1, [], [])


# On real servers

TOLD = source(template="{of}-{data_as_of:%Y%m%d}", name_zone="UTC")
FILES = {
    "orders-20260919": AGE,
    "orders-20260920": GZIP,
    "orders-20260920.sha256": b"59b14ba21a0b1ac43c1d3e66ab1bc4f5a5e3aa4c1f6d7f1f2d8b7e5a1c0d9e8f",
}


def looked_at(collector, *facts):
    seen = objects.read(
        collector, TOLD, "", LookRequest(LONG_AGO, NOW, 10**9, "web", frozenset(facts), read_at_most=1 << 20)
    )
    assert seen.look.complete
    return seen


def test_contents_are_read_over_s3(seaweedfs, tmp_path):
    seaweedfs.make_bucket("open-facts")
    for name, content in FILES.items():
        seaweedfs.client().put_object(Bucket="open-facts", Key=name, Body=content)
    connection = s3_connection(seaweedfs, tmp_path / "credentials", deadline=60)
    with Connections() as pool:
        collector = open_s3(connection, "open-facts/", pool)
        described = looked_at(collector, CLIENT, CHECKSUM).described
    assert answers(described, CLIENT) == {"orders-20260919": True, "orders-20260920": False}
    assert answers(described, CHECKSUM) == {"orders-20260919": None, "orders-20260920": False}


def test_contents_are_read_over_ssh_where_the_disk_tells_nothing(sftp_only):
    for name, content in FILES.items():
        sftp_only.put(f"facts/{name}", content)
    with Connections() as pool:
        collector = open_ssh(ssh_connection(sftp_only), "facts/", pool)
        seen = looked_at(collector, STORAGE, CLIENT, CHECKSUM)
    assert answers(seen.described, CLIENT) == {"orders-20260919": True, "orders-20260920": False}
    assert answers(seen.described, CHECKSUM) == {"orders-20260919": None, "orders-20260920": False}
    assert [gap.fact for gap in seen.look.gaps] == [STORAGE]
