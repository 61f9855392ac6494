"""``drcheck try`` at a host and a container, and at backups of several files: why each of them does not count."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.servers import Azurite, Sshd

DAY = 86400
Try = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def attempt(tmp_path: Path) -> Try:
    """Return what runs ``drcheck try`` with the given connection."""

    def run(connection: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "drcheck.yaml").write_text(f"connections:\n  there: {connection}\n")
        command = [sys.executable, "-m", "drcheck", "try", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))


def assert_read(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 names" in done.stdout
    assert done.stdout.count(": counts\n") == 2
    assert 'name: "pg-hr_{data_as_of:%Y-%m-%d}.sql.gz"' in done.stdout


@pytest.mark.parametrize("kind", ["sshd", "sftp_only"])
def test_a_host_is_looked_at_once(attempt: Try, kind: str, request: pytest.FixtureRequest):
    server: Sshd = request.getfixturevalue(kind)
    own = f"try-{uuid.uuid4().hex[:8]}"
    for ago in (1, 2):
        server.put(f"{own}/pg-hr_{day(ago)}.sql.gz", bytes([ago]) * 3000)
    connection = (
        f"{{type: ssh, host: '{server.host}', port: {server.port}, user: {server.user}, root: '{server.root}', "
        f"identity_file: '{server.identity_file}', known_hosts: '{server.known_hosts}'}}"
    )
    assert_read(attempt(connection, f"there:{own}/"))
    (server.root / own / "latest").symlink_to(f"pg-hr_{day(1)}.sql.gz")
    assert "1 symbolic link: links are never followed" in attempt(connection, f"there:{own}/").stdout
    gone = attempt(connection, "there:nowhere/")
    assert (gone.returncode, "not seen: " in gone.stdout) == (3, True)


def test_a_container_is_looked_at_once(attempt: Try, azurite: Azurite):
    container = f"try-{uuid.uuid4().hex[:8]}"
    azurite.make_container(container)
    client = azurite.client().get_container_client(container)
    for ago in (1, 2):
        client.upload_blob(f"db/pg-hr_{day(ago)}.sql.gz", bytes([ago]) * 3000)
    connection = f"{{type: azure_blob, account_url: '{azurite.account_url}', credential_env: TRY_SAS}}"
    assert_read(attempt(connection, f"there:{container}/db/", TRY_SAS=azurite.sas()))
    gone = attempt(connection, "there:nowhere/db/", TRY_SAS=azurite.sas())
    assert (gone.returncode, "not seen: " in gone.stdout) == (3, True)


@pytest.fixture
def looked_at(attempt: Try, tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Return what looks at the disk through a policy's source with the given keys."""
    (tmp_path / "d").mkdir()

    def run(keys: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "shop.yaml").write_text(
            f'drcheck: 1\nservice: shop\nsources:\n  dumps: {{at: "there:", reader: objects, {keys}}}\n'
            "commitments:\n  rpo: {kind: rpo, at_most: 30h, evidence: [dumps]}\n"
        )
        return attempt("{type: local, root: d}", "--policy", "shop.yaml", "--source", "dumps")

    return run


def put(root: Path, name: str, content: bytes, ago: int) -> None:
    path = root / "d" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - ago * DAY,) * 2)


def test_a_backup_whose_manifest_says_no_is_shown_with_what_it_says(looked_at, tmp_path: Path):
    for ago, phase in ((2, "Completed"), (1, "PartiallyFailed")):
        put(tmp_path, f"{day(ago)}/b.tar.gz", b"x" * 3000, ago)
        put(tmp_path, f"{day(ago)}/state.json", json.dumps({"phase": phase}).encode(), ago)
    done = looked_at(
        'name: "{data_as_of:%Y-%m-%d}/b.tar.gz", name_zone: UTC, available_at: mtime, '
        'complete_when: {file: "{dir}/state.json", says: {phase: Completed}}'
    )
    assert done.returncode == 0
    assert "it says phase: PartiallyFailed" in done.stdout
    assert done.stdout.count(": counts\n") == 1
    assert "state.json  " not in done.stdout


@pytest.mark.parametrize(
    ("keys", "why"),
    [("", "may not count: its part aa is missing"), (", parts: 2", "1 of its 2 parts")],
)
def test_a_backup_with_a_part_missing_is_shown_with_which(looked_at, tmp_path: Path, keys: str, why: str):
    for ago, labels in ((2, ("aa", "ab")), (1, ("ab",))):
        for label in labels:
            put(tmp_path, f"{day(ago)}.tar.{label}", b"x" * 3000, ago)
    done = looked_at(f'name: "{{data_as_of:%Y-%m-%d}}.tar.{{part}}", name_zone: UTC, available_at: mtime{keys}')
    assert done.returncode == 0
    assert why in done.stdout
    assert done.stdout.count(": counts\n") == 1


def test_where_all_that_lies_there_is_in_doubt_nothing_counts_as_a_backup(looked_at, tmp_path: Path):
    put(tmp_path, f"{day(1)}.gz", gzip.compress(b""), 1)
    done = looked_at('name: "{data_as_of:%Y-%m-%d}.gz", name_zone: UTC, available_at: mtime')
    assert done.returncode == 3
    assert "may not count: it is 20 B" in done.stdout
