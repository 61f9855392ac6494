"""Real repositories of restic and borg, with dated history, on a host that runs commands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab.servers import SeaweedFS, Sshd
from real_tools import NIGHTS, Tools


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory, sshd: Sshd, seaweedfs: SeaweedFS) -> Tools:
    """Repositories with a backup of each of three nights: of restic on disk and in S3, and of borg."""
    made = Tools(tmp_path_factory.mktemp("backup-tools"), sshd, seaweedfs)
    seaweedfs.make_bucket("backup-tools")
    for repository in ("restic", f"s3:{seaweedfs.endpoint}/backup-tools/restic"):
        made.run("restic", "-r", repository, "init")
        for night in NIGHTS if repository == "restic" else NIGHTS[:1]:
            made.run("restic", "-r", repository, "backup", "--host", "web", "--time", f"{night} 02:00:00", "kept")
    made.run("borg", "init", "-e", "repokey", "borg")
    for night in NIGHTS:
        made.run("borg", "create", "--timestamp", f"{night}T02:00:00", f"borg::web-{night}", "kept")
    return made


@pytest.fixture
def copied(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return what copies a repository, so that it can be damaged."""

    def copy(name: str) -> str:
        own = f"{name}-{len(list(tools.top.iterdir()))}"
        tools.run("cp", "-a", name, own)
        # borg takes a copy that changes for an attack on the repository that it knows
        monkeypatch.setitem(tools.environment, "BORG_BASE_DIR", str(tools.top / f"home-{own}"))
        return own

    return copy
