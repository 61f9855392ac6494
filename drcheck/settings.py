"""The runner's configuration, as values: what each connection alias is, and how drcheck runs here.

It names secrets, it never holds one: they come from the environment, the cloud's own credential chain, or files
named here. Durations are whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from drcheck.core.policy import Reader, Source
from drcheck.core.promises import Standing

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


@dataclass(frozen=True, slots=True)
class S3Connection(Connection):
    """An S3 service: AWS, or a server at ``endpoint``."""

    region: str = ""
    profile: str = ""
    credentials_file: str = ""
    """An AWS credentials file; empty: the SDK's own chain."""
    endpoint: str = ""
    last_modified: LastModified = LastModified.INITIATION


@dataclass(frozen=True, slots=True)
class AzureConnection(Connection):
    """An Azure Blob Storage account."""

    account_url: str = ""
    credential_env: str = ""
    """Environment variable that holds a SAS token or an account key; empty: Azure's own credential chain."""
    credential_file: str = ""
    """File that holds one."""


@dataclass(frozen=True, slots=True)
class SshConnection(Connection):
    """A host over SSH."""

    host: str = ""
    port: int = 22
    user: str = ""
    identity_file: str = ""
    known_hosts: str = ""
    jump: str = ""
    """The alias of the SSH connection to go through."""
    root: str = "/"
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Named reads: the only commands ever run."""


@dataclass(frozen=True, slots=True)
class LocalConnection(Connection):
    """A directory of this machine."""

    root: str = "/"


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


def standing(source: Source, connection: Connection) -> Standing:
    """Return who vouches for what is read at ``source``.

    A cloud's storage tells itself when an object came; the times on hosts and disks, and what a log says, are the word
    of whoever wrote them, wherever they lie. An attestation is the word of the owner it names.
    """
    if source.reader is Reader.ATTESTATIONS:
        return Standing.ATTESTED
    cloud = isinstance(connection, S3Connection | AzureConnection)
    return Standing.STORAGE if cloud and source.reader is Reader.OBJECTS else Standing.LOG
