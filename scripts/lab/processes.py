"""A server as a child process: started, waited for, and ended with everything it started itself."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

READY_WITHIN = 30.0
"""Seconds for a server to come up; a loaded machine of two cores needs about five."""
STOP_WITHIN = 10.0
"""Seconds between asking a server to end and ending it."""
REPOSITORY = Path(__file__).resolve().parents[2]


class LabError(Exception):
    """A server of the lab cannot be had; the message says why, and the server's own last words."""


def program(name: str, *, how: str) -> str:
    """Return the path of a server's program, or raise :class:`LabError` that says how to get it.

    Looked for in ``$DRCHECK_LAB_TOOLS``, beside this Python, below ``.lab`` of the repository, on the PATH, and where
    Debian keeps programs for the superuser.
    """
    places = [
        os.environ.get("DRCHECK_LAB_TOOLS", ""),
        sysconfig.get_path("scripts"),
        str(REPOSITORY / ".lab" / "node_modules" / ".bin"),
        os.environ.get("PATH", ""),
        "/usr/sbin",
    ]
    if found := shutil.which(name, path=os.pathsep.join(place for place in places if place)):
        return found
    msg = f"the program {name} is not installed: {how}"
    raise LabError(msg)


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Return ports that are free now, below the range that the kernel hands to clients."""
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        for port in random.sample(range(12000, 32000), 2000):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((address, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    msg = f"no {count} free ports on {address}"
    raise LabError(msg)


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether something listens."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


class Server:
    """What every server of the lab has: a directory of its own, a child process, a log.

    It ends with :meth:`stop`, at the end of its ``with``, and when the process that started it ends in any way.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.output = self.directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def launch(self, command: Sequence[str], ready: Callable[[], bool]) -> None:
        """Start the child and wait until ``ready``.

        Raises :class:`LabError` with its last output if it does not come up.
        """
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), str(os.getpid())]
        with self.output.open("wb") as log:
            self._process = subprocess.Popen(
                [*launcher, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )
        until = time.monotonic() + READY_WITHIN
        while True:
            if self._process.poll() is not None:
                why = f"ended with status {self._process.returncode}"
                break
            if ready() and self._process.poll() is None:
                return
            if time.monotonic() > until:
                why = f"was not ready within {READY_WITHIN:.0f} s"
                break
            time.sleep(0.02)
        self.stop()
        msg = f"{Path(command[0]).name} {why}; its last output:\n{self.last_output()}"
        raise LabError(msg)

    def last_output(self, at_most: int = 2000) -> str:
        """Return the end of what the server printed."""
        return self.output.read_bytes()[-at_most:].decode(errors="replace")

    def stop(self) -> None:
        """End the server and everything it started; nothing happens if it is not running."""
        if self._process is None:
            return
        family = [self._process.pid, *descendants(self._process.pid)]
        for pid in family:
            _signal(pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in family[1:]:
            _signal(pid, signal.SIGKILL)
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def descendants(pid: int) -> list[int]:
    """Return the children of ``pid`` and theirs.

    sshd gives each connection a session of its own, out of reach of a signal to its group.
    """
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(_stat(stat)[1])
        except (OSError, IndexError):  # ended meanwhile
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, ahead = [], [pid]
    while ahead:
        ahead = [child for parent in ahead for child in children.get(parent, [])]
        found += ahead
    return found


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        return _stat(Path(f"/proc/{pid}/stat"))[0] != "Z"
    except FileNotFoundError:
        return False


def _stat(file: Path) -> list[str]:
    """Return what /proc tells after a process's name, which stands in brackets and may hold anything, brackets too."""
    return file.read_text(errors="replace").rpartition(")")[2].split()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
