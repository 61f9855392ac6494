"""What lies in an archive tier: told by the listings of SeaweedFS and Azurite, refused by Azurite and by a fake of S3.

SeaweedFS keeps the storage class of an object and reads it all the same; AWS answers 403 InvalidObjectState
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lab.servers import Azurite, SeaweedFS
from msgspec.structs import replace

from drcheck.collectors.s3.collector import open_s3
from drcheck.core.model.archive_tiers import AT_HAND
from drcheck.core.model.evidence import LONG_AGO, Fact, FactValue
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.interfaces import Archived, LookRequest
from drcheck.readers.points.objects import read
from drcheck.registry import READERS
from tests.collectors.canned import Canned, always
from tests.collectors.places import S3, Azure

AGE = b"age-encryption.org/v1\n" + bytes(200)


@pytest.fixture
def bucket(seaweedfs: SeaweedFS, tmp_path: Path) -> Iterator[S3]:
    made = S3(f"tiers-{uuid.uuid4().hex[:12]}", seaweedfs, tmp_path / "credentials")
    with made.pool:
        yield made


@pytest.fixture
def container(azurite: Azurite) -> Iterator[Azure]:
    made = Azure(f"tiers-{uuid.uuid4().hex[:12]}", azurite)
    with made.pool:
        yield made


def put(place: S3 | Azure, name: str, content: bytes, tier: str = "") -> None:
    """Write something into a tier, by the name that the place has for it."""
    if isinstance(place, Azure):
        place.put(name, content)
        if tier:
            place.admin.get_blob_client(place.root.partition("/")[2] + name).set_standard_blob_tier(tier)
        return
    bucket, _, prefix = place.root.partition("/")
    place.admin.put_object(Bucket=bucket, Key=prefix + name, Body=content, StorageClass=tier or "STANDARD")


def look(place: S3 | Azure, *facts: Fact, template: str = "{data_as_of:%Y-%m-%d}.age", **told: object) -> Observation:
    source = Source(
        "dumps", "there", "", READERS["objects"], ("orders",), templates=(template,), name_zone="UTC", **told
    )
    asked = LookRequest(LONG_AGO, int(time.time()) + 1, 300, "web", facts=frozenset(facts), read_at_most=100)
    with closing(place.open()) as collector:
        return read(collector, source, "", asked)


def described(seen: Observation, fact: Fact) -> dict[str, FactValue]:
    return {one.name: one.told for one in seen.described if one.fact is fact}


def test_a_listing_of_s3_tells_which_tier_an_object_lies_in(bucket: S3):
    for tier in ("", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "INTELLIGENT_TIERING"):
        put(bucket, tier or "STANDARD", b"x", tier)

    with closing(bucket.open()) as collector:
        found = {entry.name: entry.archived for entry in collector.list("")}

    assert found == {
        "STANDARD": AT_HAND, "GLACIER_IR": AT_HAND, "INTELLIGENT_TIERING": FactValue(None, "INTELLIGENT_TIERING"),
        "GLACIER": FactValue(True, "GLACIER"), "DEEP_ARCHIVE": FactValue(True, "DEEP_ARCHIVE"),
    }  # fmt: skip


def test_a_listing_of_azure_tells_what_is_archived_and_to_read_it_is_an_error_of_its_own(container: Azure):
    for tier in ("", "Cool", "Archive"):
        put(container, tier or "plain", b"x", tier)

    with closing(container.open()) as collector:
        found = {entry.name: entry.archived for entry in collector.list("")}
        with pytest.raises(Archived, match=r"/Archive in contract is archived and cannot be read"):
            collector.read("Archive", at_most=10)

    assert found == {"plain": AT_HAND, "Cool": AT_HAND, "Archive": FactValue(True, "Archive")}


def test_what_aws_refuses_to_read_from_an_archive_is_an_error_of_its_own(bucket: S3):
    body = b"<Error><Code>InvalidObjectState</Code><Message>The operation is not valid</Message></Error>"
    with Canned(always(403, body)) as fake:
        connection = replace(bucket.connection, endpoint=f"http://127.0.0.1:{fake.port}")
        collector = open_s3(connection, bucket.root, bucket.pool)
        with pytest.raises(Archived, match="is archived and cannot be read"):
            collector.read("dump", at_most=10)


@pytest.mark.parametrize("kind", ["s3", "azure"])
def test_the_content_of_what_lies_in_an_archive_tier_is_not_read_and_that_is_a_gap(
    kind: str, request: pytest.FixtureRequest
):
    place = request.getfixturevalue("bucket" if kind == "s3" else "container")
    tier, title = (
        ("DEEP_ARCHIVE", "S3 Glacier Deep Archive") if kind == "s3" else ("Archive", "the archive tier of Azure")
    )
    put(place, "2026-09-20.age", AGE, tier)
    put(place, "2026-09-21.age", AGE, tier)
    put(place, "2026-09-22.age", AGE)

    seen = look(place, Fact.CLIENT_ENCRYPTION)

    assert described(seen, Fact.ARCHIVED) == {
        "2026-09-20.age": FactValue(True, tier), "2026-09-21.age": FactValue(True, tier),
    }  # fmt: skip
    told = described(seen, Fact.CLIENT_ENCRYPTION)
    assert told["2026-09-22.age"].holds
    assert told["2026-09-20.age"] == FactValue(
        None, f"it lies in {title}, and cannot be read before it is brought back"
    )
    (gap,) = seen.look.gaps
    assert gap.fact is Fact.CLIENT_ENCRYPTION
    assert gap.what == (
        "the encryption of the content of 2026-09-21.age and 1 more cannot be read: they lie in an archive tier"
    )


def test_a_checksum_is_not_computed_of_what_lies_in_an_archive_tier(bucket: S3):
    put(bucket, "2026-09-20.age", AGE, "GLACIER")
    put(bucket, "2026-09-20.age.md5", b"0" * 32)

    seen = look(bucket, Fact.CHECKSUM)

    assert described(seen, Fact.CHECKSUM)["2026-09-20.age"].holds is None
    assert [gap.what for gap in seen.look.gaps] == [
        "the checksum of 2026-09-20.age cannot be read: it lies in an archive tier"
    ]


def test_a_directory_lies_where_the_slowest_of_its_files_does(bucket: S3):
    put(bucket, "2026-09-20/a", b"x")
    put(bucket, "2026-09-20/b", b"x", "GLACIER")
    put(bucket, "2026-09-20/c", b"x", "DEEP_ARCHIVE")
    put(bucket, "2026-09-21/a", b"x")

    seen = look(bucket, template="{data_as_of:%Y-%m-%d}/")

    assert described(seen, Fact.ARCHIVED) == {"2026-09-20/": FactValue(True, "DEEP_ARCHIVE")}


def test_a_file_that_tells_the_state_is_not_read_from_an_archive_tier(bucket: S3):
    says = {"complete_when": "{dir}/backup.json", "says": (("status", ("Completed",)),)}
    for day, tier in ((20, ""), (21, "GLACIER")):
        put(bucket, f"2026-09-{day}/dump.age", AGE)
        put(bucket, f"2026-09-{day}/backup.json", b'{"status": "Completed"}', tier)

    seen = look(bucket, template="{data_as_of:%Y-%m-%d}/dump.age", **says)

    told = described(seen, Fact.STATE)
    assert {name: state.holds for name, state in told.items()} == {
        "2026-09-20/dump.age": True,
        "2026-09-21/dump.age": None,
    }
    (gap,) = seen.look.gaps
    assert "it lies in S3 Glacier Flexible Retrieval" in gap.what
    assert "archive tiers" in gap.hint
