"""The lab's servers do what tests rely on, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from botocore.exceptions import ClientError
from lab.processes import REPOSITORY, alive, program
from lab.servers import Azurite, Blob, LabError, Object, SeaweedFS, Sshd


def test_objects_of_any_date_can_be_loaded_and_listed(seaweedfs: SeaweedFS) -> None:
    objects = [Object(f"a/{month:02}/dump", 5_000_000_000 + month, 1_600_000_000 + month) for month in range(1, 13)]
    assert seaweedfs.load("open-dates", objects) == 12
    listed = seaweedfs.client(seaweedfs.reader_key).list_objects_v2(Bucket="open-dates")["Contents"]
    assert [(each["Key"], each["Size"], int(each["LastModified"].timestamp())) for each in listed] == [
        (each.key, each.size, each.modified) for each in objects
    ]
    assert len({each["ETag"] for each in listed}) == 12


def test_an_object_of_gibibytes_begins_with_the_bytes_that_it_was_given(seaweedfs: SeaweedFS) -> None:
    seaweedfs.load("open-heads", [Object(f"a/{n}", 6 << 30, 1_600_000_000, head=b"known bytes") for n in range(2)])
    reader = seaweedfs.client(seaweedfs.reader_key)
    for key in ("a/0", "a/1"):
        ends = [
            reader.get_object(Bucket="open-heads", Key=key, Range=span)["Body"].read()
            for span in ("bytes=0-15", "bytes=-3")
        ]
        assert ends == [b"known bytes" + bytes(5), bytes(3)]


def test_the_readers_key_cannot_write_nor_see_other_buckets(seaweedfs: SeaweedFS) -> None:
    seaweedfs.put("open-limits", "x", b"content")
    seaweedfs.put("closed", "x", b"content")
    reader = seaweedfs.client(seaweedfs.reader_key)
    assert reader.get_object(Bucket="open-limits", Key="x")["Body"].read() == b"content"
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket="open-limits", Key="y", Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.list_objects_v2(Bucket="closed")


def test_blobs_of_any_date_can_be_loaded_and_listed(azurite: Azurite) -> None:
    blobs = [Blob(f"a/{number}", 1_000_000_000 + number, 1_600_000_000 + number) for number in range(5)]
    assert azurite.load("dates", blobs) == 5
    reader = BlobServiceClient(azurite.account_url, credential=azurite.sas())
    listed = list(reader.get_container_client("dates").list_blobs())
    assert [(each.name, each.size, int(each.last_modified.timestamp())) for each in listed] == blobs
    assert [int(each.creation_time.timestamp()) for each in listed] == [each.modified for each in blobs]
    with pytest.raises(HttpResponseError):
        reader.get_container_client("dates").upload_blob("b", b"")


def ssh(server: Sshd, *command: str) -> subprocess.CompletedProcess[str]:
    options = ["BatchMode=yes", f"UserKnownHostsFile={server.known_hosts}", "StrictHostKeyChecking=yes"]
    client = [program("ssh", how=""), "-F", "none", "-i", str(server.identity_file), "-p", str(server.port)]
    arguments = [*client, *(f"-o{option}" for option in options), f"{server.user}@{server.host}", *command]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=False)


def test_sshd_is_known_by_its_host_key_and_runs_commands(sshd: Sshd) -> None:
    path = sshd.put("x/dump", b"content", modified=1_600_000_000, size=10_000_000)
    assert ssh(sshd, f"stat -c '%s %Y' {path}").stdout == "10000000 1600000000\n"


def test_an_sshd_for_sftp_alone_runs_no_command(sftp_only: Sshd) -> None:
    assert "it ran" not in ssh(sftp_only, "echo it ran").stdout


def test_a_server_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    with Sshd(tmp_path / "first") as first, pytest.raises(LabError, match="Address already in use"):
        Sshd(tmp_path / "second", port=first.port)


@pytest.mark.parametrize("kind", [SeaweedFS, Azurite, Sshd])
def test_stop_leaves_no_process_behind(kind: type[SeaweedFS | Azurite | Sshd], tmp_path: Path) -> None:
    with kind(tmp_path) as server:
        pid = server.pid
        os.kill(pid, 0)
    assert not alive(pid)


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = "import sys, time; from lab.servers import Sshd; print(Sshd(sys.argv[1]).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")},
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)
