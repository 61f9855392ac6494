"""One place of each kind, and an environment without anybody's own credentials."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.servers import Sshd

from drcheck.collectors.ssh.settings import SshConnection
from tests.collectors.places import S3, Azure, Local, Memory, Place, Ssh, ssh_connection

KINDS = ("memory", "local", "s3", "azure", "find", "sftp", "find-through-jump", "sftp-through-jump")


@pytest.fixture(autouse=True)
def no_credentials_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # the last link of the chain asks an address of the cloud
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A directory of its own for one test, as each kind of collector sees it; only the servers it needs are started."""
    own = f"place-{uuid.uuid4().hex[:12]}"
    match request.param:
        case "memory":
            made: Place = Memory(own)
        case "local":
            made = Local(own, tmp_path)
        case "s3":
            made = S3(own, request.getfixturevalue("seaweedfs"), tmp_path / "credentials")
        case "azure":
            made = Azure(own, request.getfixturevalue("azurite"))
        case "find":
            made = Ssh(own, request.getfixturevalue("sshd"))
        case "sftp":
            made = Ssh(own, request.getfixturevalue("sftp_only"))
        case "find-through-jump":
            made = Ssh(own, request.getfixturevalue("sshd"), request.getfixturevalue("bastion"))
        case _:
            made = Ssh(own, request.getfixturevalue("sftp_only"), request.getfixturevalue("bastion"))
    with made.pool:
        yield made


@pytest.fixture
def host(sshd: Sshd) -> SshConnection:
    """A host with one file, a second of patience at a time, and six in all."""
    sshd.put("src/log", b"line\n")
    return ssh_connection(sshd, deadline=6)
