"""Dumps with their md5sum beside them; last night's was damaged after its sum was made."""

from __future__ import annotations

import gzip
import hashlib
from datetime import timedelta

import pytest
from buckets import Bucket
from lab.servers import SeaweedFS
from situation import Situation, assert_tells

SOURCE = (
    '  dumps: {at: "disk:db/", reader: objects, name: "pgsql_hr_db_{data_as_of:%Y%m%d-%H%M%S}.sql.gz", '
    "name_zone: UTC, available_at: mtime, thinned_after: 10d"
)
RPO = "  rpo: {kind: rpo, at_most: 30h, evidence: [dumps]}\n"
SOUND = "  sound: {kind: integrity, level: checksummed, every: 7d, evidence: [dumps]}\n"
OTHERS = """\
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
  kept: {kind: retention, keep: 4d, evidence: [dumps]}
"""
MARKED = ', complete_when: "{name}.md5"'


@pytest.fixture
def dumps(situation: Situation) -> Situation:
    for ago in range(4, -1, -1):
        began = situation.night(ago)
        dump(situation, ago, situation.noise(9000 + ago), damaged=ago == 0, written=began + timedelta(minutes=5))
    return situation


def dump(situation, ago, content, *, damaged, written):
    began = situation.night(ago)
    name = f"db/pgsql_hr_db_{began:%Y%m%d-%H%M%S}.sql.gz"
    whole = gzip.compress(content, mtime=0)
    situation.put(name, whole + b"x" * damaged, written)
    # MD5 is what such scripts write beside their dumps.
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    situation.put(f"{name}.md5", f"{digest}  {name.rpartition('/')[2]}\n".encode(), began + timedelta(minutes=5))


@pytest.mark.parametrize("marked", ["", MARKED])
@pytest.mark.parametrize("promised", ["", SOUND])
def test_a_dump_that_does_not_match_its_sum_counts_for_nothing(dumps, marked, promised):
    dumps.policy(sources=f"{SOURCE}{marked}}}\n", commitments=RPO + promised + OTHERS)
    found = dumps.judged()
    assert found["rpo"]["status"] == "met"
    assert_tells(found["rpo"], [f"{dumps.night(1):%Y-%m-%dT%H:%M:%SZ}", "does not count", "md5 differs"])
    rejected = found["rpo"]["rejected"]
    assert [one["name"] for one in rejected] == [f"pgsql_hr_db_{dumps.night(0):%Y%m%d-%H%M%S}.sql.gz"]
    if promised:
        assert found["sound"]["status"] == "breached"


def test_the_dump_before_it_decides_when_the_objective_is_crossed(dumps):
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO.replace("30h", "25h"))
    found = dumps.judged()["rpo"]
    assert found["status"] == "breached"
    assert found["due_at"] == f"{dumps.night(1) + timedelta(hours=25):%Y-%m-%dT%H:%M:%SZ}"


def test_before_the_failed_check_nobody_knows_since_when_it_was_broken(dumps):
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO.replace("30h", "25h"))
    found = dumps.judged("--window", "1d")["rpo"]
    assert found["over_window"]["unknown"] != "0 s"


def test_a_repaired_dump_counts_again(dumps):
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO.replace("30h", "25h"))
    assert dumps.statuses() == {"rpo": "breached"}
    name = f"db/pgsql_hr_db_{dumps.night(0):%Y%m%d-%H%M%S}.sql.gz"
    content = (dumps.disk / name).read_bytes()
    dumps.put(name, content.removesuffix(b"x"), dumps.night(0) + timedelta(minutes=5))
    assert dumps.statuses() == {"rpo": "met"}


def test_a_sum_that_is_older_than_its_dump_tells_nothing(dumps):
    dump(dumps, 0, dumps.noise(9000), damaged=True, written=dumps.night(0) + timedelta(minutes=50))
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO)
    assert dumps.judged()["rpo"]["measured"]["value"] < 6 * 3600


def test_what_is_larger_than_a_look_may_read_is_not_read(dumps):
    (dumps.root / "drcheck.yaml").write_text("read_at_most: 1 kB\nconnections:\n  disk: {type: local, root: disk}\n")
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO)
    assert dumps.judged()["rpo"]["rejected"] == []


@pytest.mark.parametrize(
    ("record", "status"),
    [
        ('"check": "c1", "level": "data_checked", "outcome": "failed"', "breached"),
        ('"test": "t1", "outcome": "failed", "data": "wrong"', "breached"),
        ('"test": "t1", "outcome": "failed"', "met"),
        ('"test": "t1", "outcome": "aborted"', "met"),
    ],
)
def test_a_log_that_names_the_copy_takes_it_out_if_the_data_was_wrong(situation, record, status):
    for ago in (1, 0):
        dump(situation, ago, situation.noise(9000), damaged=False, written=situation.night(ago))
    name = f"pgsql_hr_db_{situation.night(0):%Y%m%d-%H%M%S}.sql.gz"
    at = f"{situation.night(0) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    line = (
        f'{{{record}, "service": "shop", "started_at": "{at}", "finished_at": "{at}", '
        f'"recovery_point": {{"source": "dumps", "name": "{name}"}}}}\n'
    )
    situation.put("drills.jsonl", line.encode(), situation.night(0))
    situation.policy(
        sources=f'{SOURCE}}}\n  drills: {{at: "disk:drills.jsonl", reader: restore-log}}\n',
        commitments=RPO.replace("30h", "25h") + "  tested: {kind: restore_test, every: 180d, evidence: [drills]}\n",
    )
    assert situation.judged()["rpo"]["status"] == status


@pytest.mark.parametrize(
    "beside",
    ["{name}.MD5", "{name}.md5sum", "{name}.md5.txt", "{stem}.md5", "md5sums.txt", "MD5SUM", "checksums.txt"],
)
def test_a_sum_is_found_under_the_names_that_people_give_it(dumps, beside):
    name = f"pgsql_hr_db_{dumps.night(0):%Y%m%d-%H%M%S}.sql.gz"
    listed = (dumps.disk / f"db/{name}.md5").rename(
        dumps.disk / "db" / beside.format(name=name, stem=name.rpartition(".")[0])
    )
    assert listed.exists()
    dumps.policy(sources=f"{SOURCE}}}\n", commitments=RPO.replace("30h", "25h"))
    found = dumps.judged()["rpo"]
    # Of a name that tells no algorithm, MD5 is not the only one with so many digits.
    expected = ("unknown", ["md5 differs", "named MD5SUMS it would say so"]) if "checksums" in beside else None
    status, told = expected or ("breached", ["does not count", "md5 differs"])
    assert found["status"] == status
    assert_tells(found, told)


def test_a_list_in_a_bucket_is_found_beside_names_that_begin_otherwise(situation: Situation, seaweedfs: SeaweedFS):
    bucket = Bucket(seaweedfs, situation)
    lines = []
    for ago in range(3, -1, -1):
        name, content = f"pgsql_hr_db_{situation.night(ago):%Y%m%d-%H%M%S}.sql.gz", situation.noise(9000 + ago)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        bucket.put(f"db/{name}", content[:-1] + bytes([content[-1] ^ (ago == 0)]))
        bucket.put("db/SHA256SUMS", "".join(lines).encode())
    source = SOURCE.replace("disk:", f"s3:{bucket.name}/").replace("available_at: mtime, ", "")
    situation.policy(sources=f"{source}}}\n", commitments=RPO)
    assert_tells(situation.judged()["rpo"], ["does not count", "sha256 differs"])


def test_a_sum_without_a_name_is_that_of_the_file_whose_whole_name_it_bears(situation):
    for ago in range(3, -1, -1):
        dump(situation, ago, situation.noise(9000), damaged=False, written=situation.night(ago))
        stem = situation.disk / f"db/pgsql_hr_db_{situation.night(ago):%Y%m%d-%H%M%S}.sql"
        stem.with_name(f"{stem.name}.gz.md5").unlink()
        # That of the dump before it was compressed.
        situation.put(f"db/{stem.name}.md5", b"0" * 32 + b"\n", situation.night(ago) + timedelta(minutes=6))
    situation.policy(sources=f"{SOURCE}}}\n", commitments=RPO.replace("30h", "20h"))
    assert situation.statuses() == {"rpo": "met"}
