"""The runner's configuration, as values: what each connection alias is, and how drcheck runs here.

It names secrets, it never holds one: they come from the environment, the cloud's own credential chain, or files
named here. Durations are whole seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit

from drcheck.core.model.commitments import Standing
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import Tells

SSH_PORT: Final = 22
_NO_BYTE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of characters that stand for no byte of a name (PEP 383)."""
LIST_AT_MOST: Final = 5_000_000
"""Entries a look, unless the configuration says otherwise: some gigabytes of memory."""


class LastModified(StrEnum):
    """What the time of a multipart upload means on an S3 server; AWS shows its initiation."""

    INITIATION = "initiation"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class Connection:
    """What every connection has."""

    name: str
    deadline: int = 120
    """Seconds that one source may take in all: without it, a host that drips bytes would hold the run for ever."""

    type: ClassVar[str]
    """Its name in configurations."""
    files: ClassVar[tuple[str, ...]] = ()
    """Keys that name files or directories of this machine."""
    dates_arrival: ClassVar[bool] = False
    """Whether the storage itself tells when something came, and not whoever wrote it."""
    keeps_versions: ClassVar[bool] = False
    """Whether it can be asked for each version of what lies there."""

    def location(self) -> str:
        """Return where it is, as a URL that a source's path completes; nothing in it is a secret."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class S3Connection(Connection):
    """An S3 service: AWS, or a server at ``endpoint``."""

    region: str = ""
    profile: str = ""
    credentials_file: str = ""
    """An AWS credentials file; empty: the SDK's own chain."""
    endpoint: str = ""
    last_modified: LastModified = LastModified.INITIATION

    type: ClassVar[str] = "s3"
    files: ClassVar[tuple[str, ...]] = ("credentials_file",)
    dates_arrival: ClassVar[bool] = True
    keeps_versions: ClassVar[bool] = True

    def location(self) -> str:
        """Return where it is: an object at an endpoint of its own has its URL in path style."""
        return _base(self.endpoint) if self.endpoint else "s3://"


@dataclass(frozen=True, slots=True)
class AzureConnection(Connection):
    """An Azure Blob Storage account."""

    account_url: str = ""
    credential_env: str = ""
    """Environment variable that holds a SAS token or an account key; empty: Azure's own credential chain."""
    credential_file: str = ""
    """File that holds one."""

    type: ClassVar[str] = "azure_blob"
    files: ClassVar[tuple[str, ...]] = ("credential_file",)
    dates_arrival: ClassVar[bool] = True

    def location(self) -> str:
        """Return where it is."""
        return _base(self.account_url)


@dataclass(frozen=True, slots=True)
class SshConnection(Connection):
    """A host over SSH."""

    host: str = ""
    port: int = SSH_PORT
    user: str = ""
    identity_file: str = ""
    known_hosts: str = ""
    jump: str = ""
    """The alias of the SSH connection to go through."""
    root: str = "/"
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Named reads: the only commands ever run."""

    type: ClassVar[str] = "ssh"
    files: ClassVar[tuple[str, ...]] = ("identity_file", "known_hosts")

    def location(self) -> str:
        """Return where it is."""
        user = f"{quote(self.user)}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == SSH_PORT else f":{self.port}"
        return f"ssh://{user}{host}{port}{_directory(self.root)}"


@dataclass(frozen=True, slots=True)
class LocalConnection(Connection):
    """A directory of this machine."""

    root: str = "/"

    type: ClassVar[str] = "local"
    files: ClassVar[tuple[str, ...]] = ("root",)

    def location(self) -> str:
        """Return where it is."""
        return f"file://{_directory(self.root)}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of ``drcheck.yaml``; relative paths in it are relative to the file, and absolute here."""

    file: str
    ledger: str = "sqlite:///drcheck.db"
    policies: tuple[str, ...] = ("policies/",)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    workers: int = 32
    clock_tolerance: int = 300
    read_at_most: int = 256 << 20
    """Bytes that one look may read to check what lies there against its checksums."""
    list_at_most: int = LIST_AT_MOST
    """Entries that one look may list, whatever they are; more is a gap."""


def _base(address: str) -> str:
    """Return an address without what it carries beside host and path: that may be a SAS token."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/"


def located(place: str, locations: Mapping[str, str]) -> str | None:
    """Return the URL of a place ``CONNECTION:PATH``, by the ``location`` of each alias; of a named read its host's.

    None: there is no such connection any more.
    """
    alias, _, path = place.partition(":")
    base = locations.get(alias)
    return base if base is None or path.startswith("!") else f"{base}{_quoted(path)}"


def _directory(root: str) -> str:
    return f"/{_quoted(root.strip('/'))}/".replace("//", "/")


def _quoted(path: str) -> str:
    """Return a path for a URL (RFC 3986, section 2.1): bytes of names that are not UTF-8 come out as they are."""
    return quote(_NO_BYTE.sub("\ufffd", path).encode("utf-8", "surrogateescape"))


def standing(source: Source, connection: Connection) -> Standing:
    """Return who vouches for what is read at ``source``.

    A cloud's storage tells itself when an object came; the times on hosts and disks, and what a log says, are the word
    of whoever wrote them, wherever they lie. An attestation is the word of the owner it names.
    """
    if source.tells(Tells.ATTESTATIONS):
        return Standing.ATTESTED
    return Standing.STORAGE if connection.dates_arrival and source.reader.lists else Standing.LOG
