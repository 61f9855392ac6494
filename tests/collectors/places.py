"""The same place as each kind of collector sees it, on real servers."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from pathlib import Path

from lab.servers import Azurite, KeyPair, Object, SeaweedFS, Sshd

from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.local.collector import open_local
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.memory import MemoryConnection, StoredFile, open_memory
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import Collector


class Place(ABC):
    """A directory of its own for one test."""

    def __init__(self, own: str) -> None:
        self.root = f"{own}/"
        self.pool = Connections()

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Write ``name`` below the root."""

    def fill(self, names: list[str]) -> None:
        """Write many empty files."""
        for name in names:
            self.put(name, b"")

    @abstractmethod
    def open(self, root: str | None = None) -> Collector:
        """Return a collector of the root, or of another."""

    def put_outside(self) -> str:
        """Write something beside the root, and return its name as seen from the root."""
        own, self.root = self.root, f"beside-{self.root}"
        self.put("secret", b"secret")
        outside, self.root = self.root, own
        return f"../{outside.rstrip('/').rpartition('/')[2]}/secret"


class Memory(Place):
    def __init__(self, own: str) -> None:
        super().__init__(own)
        self.entries: dict[str, StoredFile] = {}
        self.connection = MemoryConnection("memory", entries=self.entries)

    def put(self, name: str, content: bytes) -> None:
        now = int(time.time())
        self.entries[self.root + name] = StoredFile(content, now, now)

    def open(self, root: str | None = None) -> Collector:
        return open_memory(self.connection, self.root if root is None else root, self.pool)


class Disk(Place):
    """A directory of a disk, whoever looks at it."""

    def __init__(self, own: str, top: Path) -> None:
        super().__init__(own)
        self.top = top
        (top / own).mkdir(parents=True)

    def put(self, name: str, content: bytes) -> None:
        path = self.top / self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def link(self, name: str, target: str) -> None:
        (self.top / self.root / name).symlink_to(target)


class Local(Disk):
    def open(self, root: str | None = None) -> Collector:
        connection = LocalConnection("disk", root=str(self.top), deadline=20)
        return open_local(connection, self.root if root is None else root, self.pool)


class Ssh(Disk):
    """A real sshd, which runs commands or only SFTP."""

    def __init__(self, own: str, server: Sshd, through: Sshd | None = None) -> None:
        super().__init__(own, server.root)
        jump = "bastion" if through else ""
        self.connection = ssh_connection(server, jump=jump)
        self.pool = Connections({"bastion": ssh_connection(through, name="bastion")} if through else {})

    def open(self, root: str | None = None) -> Collector:
        return open_ssh(self.connection, self.root if root is None else root, self.pool)


class S3(Place):
    bucket = "open-contract"

    def __init__(self, own: str, server: SeaweedFS, credentials: Path) -> None:
        super().__init__(f"{self.bucket}/{own}")
        server.make_bucket(self.bucket)
        self.admin = server.client()
        self.server = server
        self.connection = s3_connection(server, credentials)

    def put(self, name: str, content: bytes) -> None:
        bucket, _, prefix = self.root.removeprefix("beside-").partition("/")
        if self.root.startswith("beside-"):
            prefix = f"beside-{prefix}"
        self.admin.put_object(Bucket=bucket, Key=prefix + name, Body=content)

    def fill(self, names: list[str]) -> None:
        bucket, _, prefix = self.root.partition("/")
        self.server.load(bucket, [Object(prefix + name, 0, int(time.time())) for name in names], count=False)

    def put_outside(self) -> str:
        super().put_outside()
        return f"../beside-{self.root.partition('/')[2]}secret"

    def open(self, root: str | None = None) -> Collector:
        return open_s3(self.connection, self.root if root is None else root, self.pool)


class Azure(Place):
    container = "contract"

    def __init__(self, own: str, server: Azurite) -> None:
        super().__init__(f"{self.container}/{own}")
        server.make_container(self.container)
        self.admin = server.client().get_container_client(self.container)
        os.environ["DRCHECK_TEST_SAS"] = server.sas()
        self.connection = AzureConnection(
            "azure", account_url=server.account_url, credential_env="DRCHECK_TEST_SAS", deadline=20
        )

    def put(self, name: str, content: bytes) -> None:
        _, _, prefix = self.root.partition("/")
        if self.root.startswith("beside-"):
            prefix = f"beside-{prefix}"
        self.admin.upload_blob(prefix + name, content)

    def put_outside(self) -> str:
        super().put_outside()
        return f"../beside-{self.root.partition('/')[2]}secret"

    def open(self, root: str | None = None) -> Collector:
        return open_azure_blob(self.connection, self.root if root is None else root, self.pool)


def ssh_connection(server: Sshd, *, name: str = "host", deadline: int = 20, **other: object) -> SshConnection:
    """Return the connection that fits a server of the lab."""
    values: dict[str, object] = {
        "host": server.host, "port": server.port, "user": server.user, "root": str(server.root),
        "identity_file": str(server.identity_file), "known_hosts": str(server.known_hosts),
    }  # fmt: skip
    return SshConnection(name, deadline, **(values | other))


def s3_connection(
    server: SeaweedFS, credentials: Path, *, pair: KeyPair = SeaweedFS.reader_key, deadline: int = 20, **other: object
) -> S3Connection:
    """Return a connection with a key, by default the one that may only look, written to ``credentials``."""
    write_credentials(credentials, pair.access_key, pair.secret_key)
    values: dict[str, object] = {"endpoint": server.endpoint, "credentials_file": str(credentials)}
    return S3Connection("s3", deadline, **(values | other))


def write_credentials(file: Path, access_key: str, secret_key: str) -> Path:
    """Write an AWS credentials file."""
    file.write_text(f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n")
    return file
