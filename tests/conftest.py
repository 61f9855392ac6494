"""Fixtures that several parts of the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from lab.servers import Azurite, SeaweedFS, Sshd

from tests.core.oracle.profiles import THOROUGH

# How long one example takes says how busy the machine is, not whether the code is right. The same examples each time:
# what stands in the way of a change is the change. New ones are tried by whoever asks for them.
settings.register_profile("the same each time", deadline=None, derandomize=True, database=None)
settings.register_profile("new ones", deadline=None)
settings.load_profile("new ones" if THOROUGH else "the same each time")


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """A real S3 server; its reader's key lists and reads the buckets that begin with ``open-``, and no others."""
    with SeaweedFS(tmp_path_factory.mktemp("seaweedfs"), readable=["open-*"]) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A real Azure Blob Storage emulator."""
    with Azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd that runs commands and serves SFTP."""
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def sftp_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd that forces internal-sftp, as the recommended account for drcheck does."""
    with Sshd(tmp_path_factory.mktemp("sftp-only"), sftp_only=True) as server:
        yield server


@pytest.fixture(scope="session")
def bastion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd through which others may be reached."""
    with Sshd(tmp_path_factory.mktemp("bastion"), jump_allowed=True) as server:
        yield server
