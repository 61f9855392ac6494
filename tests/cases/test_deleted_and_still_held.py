"""Backups that must not be older than so much, in places that keep what was overwritten or deleted."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from buckets import Bucket
from lab.servers import Azurite, SeaweedFS
from situation import Situation, assert_tells

SOURCES = '  dumps: {at: "%s/d/", reader: objects, name: "{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.dump"%s}\n'
PROMISES = "  ceiling: {kind: retention, at_most: 30d, evidence: [dumps]}\n"


def key(situation: Situation, ago: int) -> str:
    """Return the key of the backup of some nights ago."""
    return f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump"


@pytest.mark.parametrize("suspended", [False, True])
def test_what_only_a_delete_marker_hides_is_not_deleted(situation: Situation, seaweedfs: SeaweedFS, suspended):
    bucket = Bucket(seaweedfs, situation, versioned=True)
    for ago in (0, 99):
        bucket.put(key(situation, ago), situation.noise(9000))
    bucket.delete(key(situation, 99))
    if suspended:
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"})
    situation.policy(sources=SOURCES % (f"s3:{bucket.name}", ""), commitments=PROMISES)
    found = situation.judged()["ceiling"]
    assert found["status"] == "unknown"
    assert_tells(found, ["and is too old, is still held there, of 1 name", key(situation, 99).removeprefix("d/")])
    assert any("versions: points" in gap["hint"] for gap in found["gaps"])
    situation.policy(sources=SOURCES % (f"s3:{bucket.name}", ", versions: points"), commitments=PROMISES)
    assert situation.judged()["ceiling"]["status"] == "breached"


@pytest.mark.parametrize("versioned", [False, True])
def test_where_nothing_is_held_of_backups_the_names_of_today_are_all(situation, seaweedfs, versioned):
    bucket = Bucket(seaweedfs, situation, versioned=versioned)
    bucket.put(key(situation, 0), situation.noise(9000))
    for content in (b"1", b"2"):
        bucket.put("d/SUCCESS", content)
    bucket.put(key(situation, 1), situation.noise(9000))
    bucket.delete(key(situation, 1))  # young enough to be held
    situation.policy(sources=SOURCES % (f"s3:{bucket.name}", ""), commitments=PROMISES)
    assert situation.statuses() == {"ceiling": "met"}


def test_a_snapshot_of_a_young_blob_may_be_held(situation: Situation, azurite: Azurite):
    name = f"c{uuid.uuid4().hex[:12]}"
    container = azurite.client().create_container(name)
    secret: Path = situation.root / "sas"
    secret.write_text(azurite.sas())
    with (situation.root / "drcheck.yaml").open("a") as configuration:
        configuration.write(
            f"  azure: {{type: azure_blob, account_url: '{azurite.account_url}', credential_file: sas}}\n"
        )
    container.upload_blob(key(situation, 0), situation.noise(9000))
    situation.policy(sources=SOURCES % (f"azure:{name}", ""), commitments=PROMISES)
    assert situation.statuses() == {"ceiling": "met"}
    container.get_blob_client(key(situation, 0)).create_snapshot()
    assert situation.statuses() == {"ceiling": "met"}
