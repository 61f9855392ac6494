"""Runs the real tools whose files drcheck recognises, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from drcheck.collectors.local.collector import LocalCollector, open_local
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections


def run(*argv: str | Path, cwd: Path, stdin: bytes = b"") -> bytes:
    """Run a tool without anybody's own keys, and return what it wrote; raises if it failed."""
    home = cwd / ".home"
    home.mkdir(mode=0o700, exist_ok=True)
    env = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "HOME": str(home), "GNUPGHOME": str(home),
        "BORG_BASE_DIR": str(home), "BORG_PASSPHRASE": "x", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "RESTIC_PASSWORD": "x", "RESTIC_CACHE_DIR": str(home / "cache"), "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    done = subprocess.run([str(one) for one in argv], cwd=cwd, env=env, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def gpg(*argv: str | Path, cwd: Path, stdin: bytes = b"") -> bytes:
    """Run GnuPG without asking anything."""
    quiet = ("--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--trust-model", "always")
    # Keys without a passphrase, and passphrases that are not stretched: it is no secret, and takes half a second each.
    passphrase = ("--passphrase", "" if "--quick-generate-key" in argv else "x", "--s2k-count", "1024")
    return run("gpg", *quiet, *passphrase, *argv, cwd=cwd, stdin=stdin)


def place(directory: Path) -> LocalCollector:
    """Return a collector of a directory of this machine."""
    return open_local(LocalConnection("disk", root=str(directory)), "", Connections())
