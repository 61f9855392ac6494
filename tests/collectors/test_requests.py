"""How many requests a night makes: as many as its promises need, however old the place is that it looks at.

Each kind of commitment is judged, night after night, at a young place and at one several times as old, on real servers.
What docs/judging.md says of each kind's cost is what is counted here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from lab.servers import Azurite, Blob, Object, SeaweedFS, Sshd

from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.ledger.entries import Looked, SourceNamed
from drcheck.ledger.store import open_ledger
from drcheck.settings import Connection, Settings
from tests.collectors.places import s3_connection, ssh_connection

HOUR, DAY = 3600, 86400
PAGE = 1000
"""Names in one page of an S3 listing."""
TEN = 10
"""Days further back that are listed: what is judged is held against the sizes of the ten backups before it."""
AGE = b"age-encryption.org/v1\n-> X25519 abc\n"
UNKNOWN = bytes(range(128, 256))
"""Begins like nothing known."""


@contextmanager
def quietly(_: object) -> Iterator[object]:
    yield lambda _: None


class Nights:
    """Runs of one policy a commitment, each at a young place and at an old one, with a ledger of their own."""

    def __init__(self, root: Path, connection: Connection, **more: object) -> None:
        self.root = root
        self.settings = Settings(
            "drcheck.yaml", ledger=f"sqlite:///{root}/drcheck.db", policies=(str(root / "policies"),),
            connections={connection.name: connection}, **more,
        )  # fmt: skip
        (root / "policies").mkdir()
        self.names: list[str] = []

    def promise(self, name: str, place: str, age: str, *commitments: str, more: str = "") -> None:
        """Promise something of what lies below ``place`` of the connection."""
        its = "".join(f"  {name}-{number}: {{{one}, evidence: [dumps]}}\n" for number, one in enumerate(commitments))
        template = "" if "name:" in more else '    name: "{data_as_of:%Y-%m-%dT%H}Z.dump"\n'
        (connection,) = self.settings.connections
        (self.root / "policies" / f"{name}-{age}.yaml").write_text(
            f"drcheck: 1\nservice: {name}-{age}\nsources:\n  dumps:\n    at: {connection}:{place}\n    reader: objects\n"
            f"{template}{more}    max_duration: 1h\n    identical_dumps: allowed\ncommitments:\n{its}"
        )

    def run(self) -> dict[str, int]:
        """Let one night pass, and return how many requests each service took."""
        verify(self.settings, [], Question(30 * DAY), quietly)  # type: ignore[arg-type]
        time.sleep(1.1)  # two looks within one second are of one instant
        with open_ledger(self.settings.ledger, read_only=True) as ledger:
            start = list(ledger.state((), folded=True).runs.values())[-1].number
            entries = {number: ledger.entry(number) for number in range(1, ledger.log.count + 1)}
        services = {number: entry.service for number, entry in entries.items() if isinstance(entry, SourceNamed)}
        looks = [entry for number, entry in entries.items() if number >= start and isinstance(entry, Looked)]
        assert [services[seen.source] for seen in looks for gap in seen.changes.look.gaps if gap.hides] == []
        return {services[seen.source]: seen.changes.look.calls for seen in looks}


def taken(nights: Nights) -> Mapping[str, int]:
    """Return what the second and the third night of each promise took, the same at the young and at the old place."""
    nights.run()
    second, third = nights.run(), nights.run()
    assert second == third
    young = {name.removesuffix("-young"): calls for name, calls in second.items() if name.endswith("-young")}
    old = {name.removesuffix("-old"): calls for name, calls in second.items() if name.endswith("-old")}
    assert young == old, "nothing grows with the age of a place"
    return young


def names(days: int, every: int) -> Iterator[tuple[str, int]]:
    """Yield names up to one and a half turns ago: no edge of a window falls near one, whatever the time of day."""
    end = (int(time.time()) - every // 2) // HOUR * HOUR
    for instant in range(end - days * DAY, end, every):
        yield f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H}Z.dump", instant


@pytest.fixture
def s3(seaweedfs: SeaweedFS, tmp_path: Path) -> Nights:
    return Nights(tmp_path, s3_connection(seaweedfs, tmp_path / "credentials", deadline=300))


def test_what_is_judged_by_listings_takes_the_pages_that_hold_what_the_promise_reaches(s3, seaweedfs):
    seaweedfs.load(
        "open-requests",
        [
            Object(f"{age}/{name}", 10_000, instant + 60, f"{instant}")
            for age, days in (("young", 130), ("old", 500))
            for name, instant in names(days, HOUR)
        ],
    )
    for age in ("young", "old"):
        place = f"open-requests/{age}/"
        s3.promise("rpo", place, age, "kind: rpo, at_most: 2h")
        s3.promise("frequency", place, age, "kind: backup_frequency, at_least: 1, per: hour")
        s3.promise("copies", place, age, "kind: copies, at_least: 1")
        s3.promise("kept", place, age, "kind: retention, keep: 90d, per: hour")
        s3.promise("tiers", place, age, "kind: retention, keep: {daily: 14}")
    assert taken(s3) == {"rpo": 1, "frequency": 1, "copies": 2, "kept": 4, "tiers": 2}
    hours = 24 * (30 + 90 + 2 + TEN)
    assert -(-hours // PAGE) == 4, "what is kept, the window that is judged and the ten days before fill four pages"


def test_what_binds_every_backup_lists_them_all_and_asks_each_once(s3, seaweedfs):
    places = {("young", 60), ("old", 240)}
    for age, days in places:
        seaweedfs.load(
            "open-facts",
            [
                Object(f"{what}/{age}/{name}", 10_000, instant + 60, f"{what}{instant}", head)
                for name, instant in names(days, DAY)
                for what, head in (("age", AGE), ("unknown", UNKNOWN))
            ],
        )
        s3.promise("client", f"open-facts/age/{age}/", age, "kind: encryption, by: client")
        s3.promise("either", f"open-facts/age/{age}/", age, "kind: encryption")
        s3.promise("storage", f"open-facts/age/{age}/", age, "kind: encryption, by: storage")
        s3.promise("unknown", f"open-facts/unknown/{age}/", age, "kind: encryption, by: client")
        s3.promise("oldest", f"open-facts/age/{age}/", age, "kind: retention, at_most: 999d")
    # What begins like nothing known is read again, of the newest three: another drcheck may know it. Of a bucket in which
    # nothing may be too old it is asked whether it keeps versions.
    assert taken(s3) == {"client": 1, "either": 1, "storage": 1, "unknown": 1 + 3, "oldest": 1 + 1}


def test_locks_that_may_be_lifted_are_asked_of_what_is_still_inside_its_time(s3, seaweedfs):
    seaweedfs.make_bucket("open-locks", object_lock=True)
    until = int(time.time()) + 400 * DAY
    for age, days in (("young", 60), ("old", 120)):
        for name, _ in names(days, DAY):
            seaweedfs.put("open-locks", f"governance/{age}/{name}", b"x" * 200, lock="GOVERNANCE", until=until)
            seaweedfs.put("open-locks", f"compliance/{age}/{name}", b"x" * 200, lock="COMPLIANCE", until=until)
        word = "    available_at: name\n"
        locked, hard = (
            "kind: immutability, at_least: 14d, mode: any",
            "kind: immutability, at_least: 14d, mode: compliance",
        )
        s3.promise("any", f"open-locks/governance/{age}/", age, locked, more=word)
        s3.promise("beside", f"open-locks/governance/{age}/", age, locked, "kind: encryption, by: storage", more=word)
        s3.promise("compliance", f"open-locks/compliance/{age}/", age, hard, more=word)
    requests = taken(s3)
    assert requests["compliance"] == 2  # the listing, and whether the bucket knows locks at all
    assert 2 + 12 <= requests["any"] == requests["beside"] <= 2 + 14


def test_checksums_are_read_again_as_far_as_one_look_may(s3, seaweedfs):
    for age, days in (("young", 100), ("old", 200)):
        for name, instant in names(days, DAY):
            content = f"{instant}".encode() * 100
            seaweedfs.put("open-sums", f"{age}/{name}", content)
            seaweedfs.put("open-sums", f"{age}/{name}.sha256", f"{sha256(content).hexdigest()}  {name}\n".encode())
        s3.promise("sums", f"open-sums/{age}/", age, "kind: integrity, level: checksummed, every: 30d")
    # The listing; of the 60 days that are judged, the two and the ten before, each backup and its checksum. The newest
    # is a day and a half old.
    assert taken(s3)["sums"] == 1 + 2 * (60 + 2 + TEN - 1)


def test_azure_tells_facts_in_its_listing(azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DRCHECK_TEST_SAS", azurite.sas())
    connection = AzureConnection(
        "azure", account_url=azurite.account_url, credential_env="DRCHECK_TEST_SAS", deadline=300
    )
    nights = Nights(tmp_path, connection)
    azurite.load(
        "requests",
        [
            Blob(f"{age}/{name}", 10_000, instant + 60)
            for age, days in (("young", 130), ("old", 400))
            for name, instant in names(days, 6 * HOUR)
        ],
    )
    for age in ("young", "old"):
        nights.promise("rpo", f"requests/{age}/", age, "kind: rpo, at_most: 12h")
        nights.promise("storage", f"requests/{age}/", age, "kind: encryption, by: storage")
        nights.promise("kept", f"requests/{age}/", age, "kind: retention, keep: 60d")
    requests = taken(nights)
    assert requests["storage"] == 1
    months = {name[:7] for name, _ in names(32 + TEN, DAY)}
    assert len(months) <= requests["rpo"] <= len(months) + 2
    assert requests["kept"] <= 6


@pytest.mark.parametrize("how", ["sshd", "sftp_only"])
def test_a_host_lists_its_directory_and_reads_each_new_backup_once(request, how, tmp_path: Path):
    server: Sshd = request.getfixturevalue(how)
    nights = Nights(tmp_path, ssh_connection(server, deadline=300))
    for age, days in (("young", 50), ("old", 150)):
        for name, instant in names(days, DAY):
            server.put(f"requests/{age}/{name}", AGE + name.encode() * 20, modified=instant)
        word = "    available_at: mtime\n"
        nights.promise("rpo", f"requests/{age}/", age, "kind: rpo, at_most: 2d", more=word)
        nights.promise("client", f"requests/{age}/", age, "kind: encryption, by: client", more=word)
    requests = taken(nights)
    assert requests["rpo"] == requests["client"] <= 8  # to connect, to list, and to ask the host for its clock
