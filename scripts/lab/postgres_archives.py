"""A PostgreSQL server whose log goes to pgBackRest and to Barman, with a history of days made in seconds.

The server and the tools run with libfaketime, as neither can date a backup: a full backup of two days ago, an
incremental of yesterday, a segment now and then. Files carry the real clock's time, so each is given that of the day on
which it was made. All runs as ``postgres`` where that is not root's own choice: PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

_AS_POSTGRES: Final = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
_PORT: Final = 5497
_LONGEST: Final = 120
"""Seconds that any of the commands may take."""
HOUR: Final = 3600

_POSTGRES: Final = """
listen_addresses = ''
unix_socket_directories = '{root}/socket'
port = {port}
archive_mode = on
archive_command = 'sh {root}/pgbackrest-and-barman.sh %p %f'
fsync = off
shared_buffers = 1MB
max_connections = 12
"""
_ARCHIVE: Final = """\
pgbackrest --config={root}/pgbackrest.conf --stanza=main archive-push "$1" && cp "$1" "{root}/barman/pg/incoming/$2"
"""
_PGBACKREST: Final = """
[global]
repo1-path={root}/pgbackrest
repo1-retention-full=9
log-path={root}/log
lock-path={root}/lock
spool-path={root}/spool
start-fast=y
log-level-console=error
compress-type=gz
compress-level=1
[main]
pg1-path={root}/data
pg1-socket-path={root}/socket
pg1-port={port}
"""
_BARMAN: Final = """
[barman]
barman_home = {root}/barman
barman_user = {user}
barman_lock_directory = {root}/lock
log_file = {root}/log/barman.log
configuration_files_directory = {root}/none
[pg]
description = shop
conninfo = host={root}/socket port={port} user=postgres dbname=postgres
backup_method = postgres
archiver = on
streaming_archiver = off
path_prefix = {programs}
immediate_checkpoint = true
last_backup_maximum_age = {age}
minimum_redundancy = {redundancy}
"""


class Archives:
    """The repositories of both tools, below ``root``; nothing runs once they are made."""

    def __init__(self, root: Path) -> None:
        """Make a server without any backup in ``root``, which is to be readable for ``postgres``."""
        self.root = root
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self._faketime = str(next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")))
        self._drop = _AS_POSTGRES if os.geteuid() == 0 else []
        self._ago = 0
        for name in ("pgbackrest", "barman/pg/incoming", "log", "lock", "spool", "socket", "none"):
            (root / name).mkdir(parents=True)
        self.configure()
        (root / "pgbackrest-and-barman.sh").write_text(_ARCHIVE.format(root=root))
        if self._drop:
            for path in (root, *root.rglob("*")):
                shutil.chown(path, "postgres", "postgres")
        self.run("initdb", "-D", "data", "-A", "trust", "--no-sync", "-U", "postgres")
        (root / "data" / "postgresql.auto.conf").write_text(_POSTGRES.format(root=root, port=_PORT))

    def configure(self, *, age: str = "1 DAYS", redundancy: int = 1) -> None:
        """Write what configures both tools; ``age`` and ``redundancy`` are what ``barman check`` is to judge by."""
        user = "postgres" if self._drop else os.environ.get("USER", "postgres")
        (self.root / "pgbackrest.conf").write_text(_PGBACKREST.format(root=self.root, port=_PORT))
        (self.root / "barman.conf").write_text(
            _BARMAN.format(
                root=self.root, port=_PORT, programs=self.programs, user=user, age=age, redundancy=redundancy
            )
        )

    def start(self, ago: int) -> None:
        """Start the server ``ago`` seconds ago: from now on all runs at that time."""
        self._ago = ago
        self.run("pg_ctl", "-D", "data", "-l", "log/server.log", "-w", "start")

    def stop(self) -> None:
        """Stop the server, and give the files that were made since it started the time of then."""
        self.run("pg_ctl", "-D", "data", "-m", "fast", "-w", "stop")
        now = time.time()
        for place in ("pgbackrest", "barman"):
            for path in (self.root / place).rglob("*"):
                if path.is_file() and (made := path.stat().st_mtime) > now - self._ago / 2 and self._ago:
                    os.utime(path, (made - self._ago,) * 2)
        self._ago = 0

    def switch(self, times: int = 1) -> None:
        """End a segment with a change in it, so that it is archived, and wait for that."""
        for _ in range(times):
            name = self.sql("insert into changes values (now()); select pg_walfile_name(pg_switch_wal())")
            self._archived(name.strip())

    def _archived(self, segment: str) -> None:
        until = time.monotonic() + _LONGEST
        while not (self.root / "data/pg_wal/archive_status" / f"{segment}.done").exists():
            if time.monotonic() > until:
                raise TimeoutError(f"{segment} is not archived")
            time.sleep(0.05)

    def sql(self, text: str) -> str:
        """Return what a statement returns."""
        return self.run(
            "psql", "-h", f"{self.root}/socket", "-p", str(_PORT), "-U", "postgres", "-qAtc", text, "postgres"
        )

    def pgbackrest(self, *arguments: str) -> str:
        """Run pgBackRest at the time of the server; return what it prints."""
        return self.run("pgbackrest", f"--config={self.root}/pgbackrest.conf", "--stanza=main", *arguments)

    def asked(self, repository: Path, *arguments: str) -> str:
        """Run pgBackRest on another repository, now, as whoever runs this; return what it prints."""
        # As options they would be refused where a command does not use them.
        there = {"PGBACKREST_REPO1_PATH": str(repository), "PGBACKREST_LOCK_PATH": str(repository)}
        command = ["pgbackrest", f"--config={self.root}/pgbackrest.conf", "--stanza=main", *arguments]
        done = subprocess.run(
            command, env=self._environment() | there, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST,
            check=True, text=True,
        )  # fmt: skip
        return done.stdout

    def barman(self, *arguments: str, fails: bool = False) -> str:
        """Run Barman at the time of the server; return what it prints."""
        return self.run("barman", "-c", f"{self.root}/barman.conf", *arguments, fails=fails)

    def run(self, program: str, *arguments: str, fails: bool = False) -> str:
        """Run a program to its end, as ``postgres``, at the time of the server; it succeeds, unless it ``fails``."""
        command = self._command(program, *arguments)
        done = subprocess.run(
            command, cwd=self.root, env=self._environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=None if program == "pg_ctl" else subprocess.PIPE, timeout=_LONGEST, check=False, text=True,
        ) if program != "pg_ctl" else self._control(command)  # fmt: skip
        if done.returncode and not fails:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout or ""

    def _control(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run what leaves a server behind, which would hold open what is read here."""
        with (self.root / "log" / "control.log").open("w") as log:
            return subprocess.run(
                command, cwd=self.root, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                timeout=_LONGEST, check=False, text=True,
            )  # fmt: skip

    def killed(self, program: str, *arguments: str, once: str) -> None:
        """Run a program as :meth:`run` does, and kill it as soon as a new path of the pattern ``once`` is there."""
        before = set(self.root.glob(once))
        command = self._command(program, *arguments)
        log = (self.root / "log" / "killed.log").open("w")
        with log, subprocess.Popen(
            command, cwd=self.root, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            process_group=0,
        ) as running:  # fmt: skip
            while running.poll() is None and set(self.root.glob(once)) == before:
                time.sleep(0.01)
            if running.poll() is None:
                os.killpg(running.pid, 9)

    def _command(self, program: str, *arguments: str) -> list[str]:
        own = self.programs / program
        # Preloaded before root is given up, it would keep its semaphore from the one who it then is.
        then = ["env", f"LD_PRELOAD={self._faketime}", f"FAKETIME=-{self._ago}s"] if self._ago else []
        return [*self._drop, *then, str(own) if own.exists() else program, *arguments]

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.root)}


def make(root: Path) -> Archives:
    """Return archives with a full backup of two days ago, an incremental of yesterday, and the log to an hour ago."""
    archives = Archives(root)
    try:
        _fill(archives)
    finally:
        if (root / "data/postmaster.pid").exists():
            archives.stop()
        _tidy()
    return archives


def _fill(archives: Archives) -> None:
    root = archives.root
    archives.start(50 * HOUR)
    archives.sql("create table changes (at timestamptz)")
    archives.pgbackrest("stanza-create")
    archives.switch()
    archives.barman("cron")
    _settle(archives)
    archives.pgbackrest("--type=full", "backup")
    archives.barman("backup", "pg")
    archives.switch(2)
    archives.stop()
    archives.start(26 * HOUR)
    archives.pgbackrest("--type=incr", "backup")
    archives.switch(2)
    _settle(archives)
    archives.stop()
    archives.start(HOUR)
    archives.switch(3)
    _settle(archives)
    archives.killed(
        "pgbackrest", f"--config={root}/pgbackrest.conf", "--stanza=main", "--type=full", "backup",
        once="pgbackrest/backup/main/2*",
    )  # fmt: skip
    archives.killed("barman", "-c", f"{root}/barman.conf", "backup", "pg", once="barman/pg/base/*/backup.info")
    archives.stop()


def _tidy() -> None:
    """Remove what libfaketime leaves in memory of processes that have ended."""
    for left in Path("/dev/shm").glob("*faketime_s*"):
        number = left.name.rpartition("_")[2]
        if number.isdecimal() and not Path("/proc", number).exists():
            left.unlink(missing_ok=True)


def _settle(archives: Archives) -> None:
    """Let Barman take all that was archived for it."""
    until = time.monotonic() + _LONGEST
    while any((archives.root / "barman/pg/incoming").iterdir()):
        archives.barman("archive-wal", "pg")
        if time.monotonic() > until:
            raise TimeoutError("Barman does not take what is archived")
