"""One key that is overwritten each time in a bucket that keeps versions, and one of which only a delete marker is left."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from buckets import Bucket
from lab.servers import SeaweedFS
from situation import Situation, assert_tells

SOURCES = (
    '  latest: {at: "s3:%(bucket)s/db/", reader: objects, name: latest.dump, data_as_of: storage%(versions)s}\n'
    '  gone: {at: "s3:%(bucket)s/gone/", reader: objects, name: "{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.dump", thinned_after: never}\n'
)
PROMISES = (
    "  rpo: {kind: rpo, at_most: 25h, evidence: [latest]}\n"
    "  kept: {kind: retention, keep: {daily: 3}, evidence: [latest]}\n"
    "  gone: {kind: rpo, at_most: 25h, evidence: [gone]}\n"
)


@pytest.fixture
def bucket(situation: Situation, seaweedfs: SeaweedFS) -> Bucket:
    made = Bucket(seaweedfs, situation, versioned=True)
    for size in range(9000, 9004):
        made.put("db/latest.dump", situation.noise(size))
        time.sleep(1.1)  # versions of one second are of one instant, and so one recovery point
    key = f"gone/{situation.night(0):%Y-%m-%dT%H%M}Z.dump"
    made.put(key, situation.noise(9000))
    made.delete(key)
    return made


def test_each_noncurrent_version_is_a_recovery_point(situation, bucket):
    sources = SOURCES % {"bucket": bucket.name, "versions": ", versions: points"}
    situation.policy(sources=sources, commitments=PROMISES, service="db")
    found = situation.judged()
    assert (found["rpo"]["status"], found["gone"]["status"]) == ("met", "breached")
    assert found["kept"]["status"] in {"unknown", "breached"}
    newest = bucket.client.head_object(Bucket=bucket.name, Key="db/latest.dump")["VersionId"]
    assert found["rpo"]["evidence"][0]["name"] == f"latest.dump?versionId={newest}"

    command = [sys.executable, "-m", "drcheck", "try", "--policy", "policies/db.yaml", "--source", "latest"]
    shown = subprocess.run(command, cwd=situation.root, capture_output=True, text=True, timeout=60, check=False).stdout
    assert (shown.count(": counts\n"), shown.count("a noncurrent version")) == (4, 3)


def test_older_versions_make_up_for_a_newest_one_that_is_empty(situation, bucket):
    sources = SOURCES % {"bucket": bucket.name, "versions": ", versions: points"}
    situation.policy(sources=sources, commitments=PROMISES, service="db")
    time.sleep(1.1)
    bucket.put("db/latest.dump", b"")
    assert situation.judged()["rpo"]["status"] == "met"
    bucket.delete("db/latest.dump")
    assert situation.judged()["rpo"]["status"] == "met"
    for one in bucket.client.list_object_versions(Bucket=bucket.name, Prefix="db/")["Versions"]:
        bucket.client.delete_object(Bucket=bucket.name, Key=one["Key"], VersionId=one["VersionId"])
    assert situation.judged()["rpo"]["status"] == "breached"


def test_without_the_key_only_the_newest_is_one(situation, bucket):
    situation.policy(sources=SOURCES % {"bucket": bucket.name, "versions": ""}, commitments=PROMISES, service="db")
    time.sleep(1.1)
    bucket.put("db/latest.dump", b"")
    assert situation.judged()["rpo"]["status"] != "met"


def test_versions_of_what_needs_something_beside_it_are_refused(situation):
    source = '  latest: {at: "disk:db/", reader: objects, name: a.dump, data_as_of: storage, versions: points%s}\n'
    rpo = "  rpo: {kind: rpo, at_most: 25h, evidence: [latest]}\n"
    situation.policy(sources=source % ', complete_when: "{name}.md5"', commitments=rpo)
    done = situation.run()
    assert done.returncode == 3
    assert "sources.latest.versions: which version of the" in done.stdout + done.stderr
    situation.policy(sources=source % "", commitments=rpo)
    found = situation.judged()["rpo"]
    assert found["status"] == "unknown"
    assert_tells(found, ["disk keeps no versions that drcheck can read"])


def test_checksums_beside_versions_are_told_not_to_be_read(situation, bucket):
    sources = SOURCES % {"bucket": bucket.name, "versions": ", versions: points"}
    situation.policy(sources=sources, commitments=PROMISES, service="db")
    bucket.put("db/latest.dump.sha256", b"0" * 64 + b"  latest.dump\n")
    found = situation.judged()["rpo"]
    assert found["status"] == "met"
    assert "latest.dump.sha256 is not read: of which version" in found["gaps"][0]["what"]
