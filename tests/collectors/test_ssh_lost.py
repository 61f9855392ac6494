"""Healthy hosts are never lost: not by messages that cross each other, however the threads come to run."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import paramiko
import pytest
from lab.servers import Sshd

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from tests.collectors.places import ssh_connection

ADDRESSES = 12
SECONDS = 4.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Several hosts with three files each."""
    addresses = [f"127.0.1.{number}" for number in range(1, ADDRESSES + 1)]
    with Sshd(tmp_path_factory.mktemp("fleet"), addresses) as server:
        for number in range(3):
            server.put(f"src/{number}", b"line\n")
        yield server


def hosts(server: Sshd) -> list[SshConnection]:
    return [ssh_connection(server, name=address, host=address, deadline=60) for address in server.addresses]


def look(connection: SshConnection, pool: Connections) -> None:
    """Look as a run does: some short commands, a listing, a read."""
    with closing(open_ssh(connection, "src/", pool)) as collector:
        assert len(list(collector.list(""))) == 3
        assert collector.read("0", at_most=9) == b"line\n"
        assert collector.clock_offset() is not None
        assert not collector._tried_again


def sent_to_a_channel_that_was_gone(server: Sshd) -> int:
    return Path(server.output).read_bytes().count(b"nonexistent channel")


def test_no_message_reaches_a_host_after_its_command_has_ended(fleet: Sshd, monkeypatch: pytest.MonkeyPatch):
    # paramiko makes a message under the lock of its channel and sends it after: a thread that has to wait in between
    # lets its transport's thread answer the end of the channel first
    send = paramiko.Transport._send_user_message

    def late(self: paramiko.Transport, message: Any) -> None:
        if threading.current_thread() is not self:
            time.sleep(0.03)
        send(self, message)

    monkeypatch.setattr(paramiko.Transport, "_send_user_message", late)
    before = sent_to_a_channel_that_was_gone(fleet)
    for connection in hosts(fleet)[:4]:
        with Connections() as pool:
            look(connection, pool)

    assert sent_to_a_channel_that_was_gone(fleet) == before


def test_hosts_stay_connected_while_many_threads_look_at_them(fleet: Sshd):
    interval = sys.getswitchinterval()
    stop = time.monotonic() + SECONDS
    before = sent_to_a_channel_that_was_gone(fleet)

    def spin() -> None:
        while time.monotonic() < stop:
            pass

    def again_and_again(connection: SshConnection) -> int:
        for number in itertools.count():
            if time.monotonic() > stop:
                return number
            with Connections() as pool:
                look(connection, pool)
        return 0

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(ADDRESSES + 2) as threads:
            spinning = [threads.submit(spin) for _ in range(2)]
            looks = sum(threads.map(again_and_again, hosts(fleet)))
            for each in spinning:
                each.result()
    finally:
        sys.setswitchinterval(interval)

    assert looks > ADDRESSES
    assert sent_to_a_channel_that_was_gone(fleet) == before
