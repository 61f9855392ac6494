"""Encryption, locks and checksums of backups on a real S3 server, through whole runs: requests, ledger and verdicts."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab.servers import KeyPair, SeaweedFS

DAY = 86400
AGE = b"age-encryption.org/v1\n-> X25519 abc\nabc\n--- abc\n" + b"\x00" * 64
GZIP = b"\x1f\x8b\x08\x00" + b"\x00" * 64

Verify = Callable[..., dict[str, Any]]


@pytest.fixture
def verify(seaweedfs: SeaweedFS, tmp_path: Path) -> Verify:
    """Return what runs drcheck over one commitment on one bucket, each call a run a second after the one before."""

    def run(bucket: str, commitment: str, *, pair: KeyPair = SeaweedFS.reader_key) -> dict[str, Any]:
        (tmp_path / "credentials").write_text(
            f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
        )
        (tmp_path / "drcheck.yaml").write_text(
            "policies: [policies/]\nconnections:\n"
            f"  store: {{type: s3, endpoint: '{seaweedfs.endpoint}', region: {SeaweedFS.region}, "
            "credentials_file: credentials, last_modified: completion}\n"
        )
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "policies" / "shop.yaml").write_text(
            "drcheck: 1\nservice: shop\nsources:\n"
            f"  dumps: {{at: 'store:{bucket}/dumps/', reader: objects, name: '{{data_as_of:%Y-%m-%dT%H%M%S}}Z.dump'}}\n"
            f"commitments:\n  promise: {{{commitment}, evidence: [dumps]}}\n"
        )
        time.sleep(1.0 - time.time() % 1.0)  # looks are kept to the second
        command = [sys.executable, "-m", "drcheck", "verify", "--format", "json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
        (found,) = json.loads(done.stdout)["services"][0]["commitments"]
        return found

    return run


@pytest.fixture
def bucket(seaweedfs: SeaweedFS, request: pytest.FixtureRequest) -> str:
    name = f"open-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    seaweedfs.make_bucket(name, object_lock="lock" in request.node.name)
    return name


def key(ago: int) -> str:
    return time.strftime("dumps/%Y-%m-%dT%H%M%SZ.dump", time.gmtime(time.time() - ago))


def test_backups_are_encrypted_by_the_storage_or_before_they_leave(verify: Verify, seaweedfs: SeaweedFS, bucket: str):
    seaweedfs.put(bucket, key(300), GZIP, encrypted=True)
    seaweedfs.put(bucket, key(200), AGE)
    assert verify(bucket, "kind: encryption")["status"] == "met"
    assert verify(bucket, "kind: encryption, by: storage")["status"] == "breached"
    assert verify(bucket, "kind: encryption, by: client")["status"] == "breached"

    plain = key(100)
    seaweedfs.put(bucket, plain, GZIP)
    found = verify(bucket, "kind: encryption")
    assert found["status"] == "breached"
    assert plain.removeprefix("dumps/") in found["reason"]
    assert found["measured"] == {"value": 2, "unit": "points"}


def test_locks_of_compliance_and_governance_differ_where_the_policy_says_so(
    verify: Verify, seaweedfs: SeaweedFS, bucket: str
):
    until = int(time.time()) + 20 * DAY
    seaweedfs.put(bucket, key(200), GZIP, lock="COMPLIANCE", until=until)
    firm = "kind: immutability, at_least: 14d, mode: compliance"
    assert verify(bucket, firm)["status"] == "met"

    governed = key(100)
    seaweedfs.put(bucket, governed, GZIP + b"2", lock="GOVERNANCE", until=until)
    assert verify(bucket, "kind: immutability, at_least: 14d")["status"] == "met"
    found = verify(bucket, firm)
    assert found["status"] == "breached"
    assert governed.removeprefix("dumps/") in found["reason"]

    held = key(50)
    seaweedfs.put(bucket, held, GZIP + b"3", hold=True)
    assert verify(bucket, "kind: immutability, at_least: 14d")["status"] == "met"
    assert verify(bucket, "kind: immutability, at_least: 30d")["status"] == "breached"


def test_the_bucket_s_own_lock_of_a_day_keeps_a_promise_of_a_day(verify: Verify, seaweedfs: SeaweedFS, bucket: str):
    seaweedfs.lock_by_default(bucket, "COMPLIANCE", 1)
    for ago in range(1, 11):
        seaweedfs.put(bucket, key(ago), GZIP + bytes([ago]))
    assert verify(bucket, "kind: immutability, at_least: 1d, mode: compliance")["status"] == "met"
    assert verify(bucket, "kind: immutability, at_least: 25h, mode: compliance")["status"] == "breached"


def test_no_backup_is_locked_where_the_bucket_knows_no_such_thing(verify: Verify, seaweedfs: SeaweedFS):
    seaweedfs.make_bucket("open-without")
    seaweedfs.put("open-without", key(100), GZIP)
    found = verify("open-without", "kind: immutability, at_least: 1d")
    assert found["status"] == "breached"
    assert "no lock" in found["reason"]


def test_what_the_credentials_may_not_see_is_unknown_and_says_which_right_is_missing(
    verify: Verify, seaweedfs: SeaweedFS, bucket: str
):
    seaweedfs.put(bucket, key(100), GZIP, encrypted=True)
    found = verify(bucket, "kind: encryption, by: storage", pair=SeaweedFS.lister_key)
    assert found["status"] == "unknown"
    assert "s3:GetObject" in found["reason"]
    assert [gap["fact"] for gap in found["gaps"]] == ["storage-encryption"]
    assert found["gaps"][0]["hint"]


def test_a_backup_that_rotted_fails_the_checksum_beside_it(verify: Verify, seaweedfs: SeaweedFS, bucket: str):
    good, bad = key(200), key(100)
    seaweedfs.put(bucket, good, GZIP)
    seaweedfs.put(bucket, f"{good}.sha256", f"{hashlib.sha256(GZIP).hexdigest()}  {Path(good).name}\n".encode())
    promise = "kind: integrity, level: checksummed, every: 30d"
    assert verify(bucket, promise)["status"] == "met"

    seaweedfs.put(bucket, bad, GZIP + b"rot")
    seaweedfs.put(bucket, f"{bad}.sha256", f"{hashlib.sha256(GZIP).hexdigest()}  {Path(bad).name}\n".encode())
    found = verify(bucket, promise)
    assert found["status"] == "breached"
    assert Path(bad).name in found["reason"]
