"""Hosts that lie: over SFTP, through find, and before a session stands."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.servers import Sshd
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh import handshake as ssh_handshake
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, Entry
from tests.collectors import hostile_sftp
from tests.collectors.hostile_sftp import HostileHost, Story
from tests.collectors.hosts import fault
from tests.collectors.lies import Lie
from tests.collectors.places import ssh_connection

NAMES = (b"1.dump", b"two words", b"new\nline", b"no-utf8-\xff")
NOW = 1_795_000_000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileHost]:
    with HostileHost(tmp_path_factory.mktemp("hostile"), Story(NAMES, NOW)) as server:
        yield server


def listed(connection: SshConnection) -> list[Entry]:
    with Connections(list_at_most=1000) as pool, closing(open_ssh(connection, "src/", pool)) as collector:
        return list(collector.list(""))


def told(ask: Callable[[], object]) -> CollectorError:
    with pytest.raises(CollectorError) as caught:
        ask()
    assert not caught.value.message[0].isupper()
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500
    assert caught.value.hint.endswith((".", ")"))
    return caught.value


def test_an_honest_host_is_listed_and_read(hostile: HostileHost):
    hostile.tell([])
    names = ["1.dump", "new\nline", "no-utf8-\\xff", "two words"]

    assert sorted(entry.name for entry in listed(hostile.connection)) == names
    with Connections() as pool, closing(open_ssh(hostile.connection, "src/", pool)) as collector:
        assert collector.read("1.dump", at_most=5) == b"01234"
        assert collector.read("1.dump", offset=-3, at_most=5) == b"789"
        assert collector.read("1.dump", offset=10, at_most=5) == b""


@pytest.mark.parametrize("lie", hostile_sftp.LIES, ids=lambda lie: lie.name)
def test_of_a_host_that_lies_over_sftp_no_listing_is_whole(hostile: HostileHost, lie: Lie[Story]):
    hostile.tell([lie])

    error = told(lambda: listed(hostile.connection))

    assert "was lost" not in error.message


@pytest.mark.parametrize("lie", hostile_sftp.READ_LIES, ids=lambda lie: lie.name)
def test_of_a_host_that_lies_over_sftp_nothing_is_read(hostile: HostileHost, lie: Lie[Story]):
    hostile.tell([lie])
    with Connections() as pool, closing(open_ssh(hostile.connection, "src/", pool)) as collector:
        told(lambda: collector.read("1.dump", at_most=6000))


def test_pieces_may_be_shorter_than_asked_for(hostile: HostileHost):
    content = os.urandom(100_000)

    def piecemeal(offset: int, length: int) -> hostile_sftp.Answer:
        return hostile_sftp.DATA, hostile_sftp.string(content[offset : offset + min(length, 7001)])

    hostile.tell([Lie("piecemeal", "data", hostile_sftp.put("data", piecemeal))])
    hostile.story.content = content
    with Connections() as pool, closing(open_ssh(hostile.connection, "src/", pool)) as collector:
        assert collector.read("1.dump", at_most=1 << 20) == content


def test_a_session_that_was_given_up_is_not_asked_again(hostile: HostileHost):
    def once(offset: int, length: int) -> hostile_sftp.Answer:
        hostile.story.data = None
        return hostile_sftp.DATA, hostile_sftp.string(b"")

    hostile.tell([Lie("once", "data", hostile_sftp.put("data", once))])
    hostile.story.content = os.urandom(100_000)  # several questions are open when the first is answered
    with Connections() as pool, closing(open_ssh(hostile.connection, "src/", pool)) as collector:
        told(lambda: collector.read("1.dump", at_most=1 << 20))
        assert collector.read("1.dump", at_most=1 << 20) == hostile.story.content


def test_a_host_that_finds_honestly_is_listed(hostile: HostileHost):
    hostile.tell([Lie("honest", "find", hostile_sftp.find())])

    assert {entry.size for entry in listed(hostile.connection)} == {100}


@pytest.mark.parametrize("lie", hostile_sftp.FIND_LIES, ids=lambda lie: lie.name)
def test_of_a_find_that_lies_no_listing_is_whole(hostile: HostileHost, lie: Lie[Story]):
    hostile.tell([lie])

    told(lambda: listed(hostile.connection))


@pytest.mark.parametrize("said", ["", "now", "1e300", "nan", "-5", "\u0661\u0662", "1_000", "9" * 40, " 12", "+12"])
def test_a_date_that_is_none_measures_no_clock(hostile: HostileHost, said: str):
    hostile.tell([Lie("honest", "find", hostile_sftp.find())])
    honest = hostile.story.commands
    assert honest is not None
    hostile.story.commands = lambda command: (said.encode(), 0) if command.startswith(b"date") else honest(command)
    with Connections() as pool, closing(open_ssh(hostile.connection, "src/", pool)) as collector:
        assert collector.clock_offset() is None


@contextlib.contextmanager
def speaking(host: SshConnection, directory: Path, say: Callable[[socket.socket], None]) -> Iterator[SshConnection]:
    """Give a connection to what says something and listens to nothing."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.settimeout(5)
                        say(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        known = directory / "known_hosts"
        known.write_text(Path(host.known_hosts).read_text().replace(f":{host.port} ", f":{port} "))
        yield replace(host, port=port, known_hosts=str(known), deadline=4)
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def endless(part: bytes) -> Callable[[socket.socket], None]:
    def say(client: socket.socket) -> None:
        for _ in range(100_000):
            client.sendall(part * 100)

    return say


def after_banner(said: bytes, *, wait: float = 0.0) -> Callable[[socket.socket], None]:
    def say(client: socket.socket) -> None:
        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        client.recv(65536)
        client.sendall(said)
        time.sleep(wait)

    return say


def packet(kind: int, body: bytes) -> bytes:
    payload = bytes([kind]) + body
    padding = 8 - (len(payload) + 5) % 8 + 4
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + b"\0" * padding


LISTS = b"".join(struct.pack(">I", 9) + b"x-unknown" for _ in range(10))
HANDSHAKES: dict[str, Callable[[socket.socket], None]] = {
    "a web server": lambda client: client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "bytes": lambda client: client.sendall(bytes(range(256)) * 10),
    "a banner without end": endless(b"x"),
    "lines without end": endless(b"welcome to this host\r\n"),
    "an old version": lambda client: client.sendall(b"SSH-1.5-old\r\n"),
    "half a banner": lambda client: client.sendall(b"SSH-2.0"),
    "a banner that is no text": lambda client: client.sendall(b"SSH-2.0-\xff\xfe\r\n\xff\xff\xff\xff" * 100),
    "nothing after the banner": after_banner(b""),
    "zeros after the banner": after_banner(b"\0" * 1000),
    "a packet of four gigabytes": after_banner(b"\xff" * 1000),
    "half a key exchange": after_banner(packet(20, b"\0" * 16 + LISTS)[:50]),
    "a key exchange of nothing": after_banner(packet(20, b"")),
    "a key exchange of unknown words": after_banner(packet(20, b"\0" * 16 + LISTS + b"\0" * 5)),
    "a key exchange that is no text": after_banner(
        packet(20, b"\0" * 16 + (struct.pack(">I", 3) + b"\xff\xfe\xfd") * 10)
    ),
    "lists longer than their packet": after_banner(packet(20, b"\0" * 16 + b"\x7f\xff\xff\xff" * 10)),
    "another message first": after_banner(packet(31, b"\0" * 40)),
    "a message of no kind": after_banner(packet(255, b"")),
    "a farewell": after_banner(packet(1, struct.pack(">I", 2) + struct.pack(">I", 4) + b"\xff\xfe\x1b[" + b"\0" * 4)),
    "a farewell that is cut off": after_banner(packet(1, b"")),
    "messages to ignore without end": after_banner(packet(2, b"\0\0\0\0") * 100_000),
}


@pytest.mark.parametrize("say", HANDSHAKES.values(), ids=HANDSHAKES.keys())
def test_whatever_answers_instead_of_sshd_is_told(
    host: SshConnection, tmp_path: Path, say: Callable[[socket.socket], None], capfd: pytest.CaptureFixture[str]
):
    with speaking(host, tmp_path, say) as connection:
        began = time.monotonic()
        error = fault(connection)
        assert time.monotonic() - began < 7
    assert error.message.isprintable()
    assert capfd.readouterr().err == ""


def test_what_comes_before_a_session_is_bounded(host: SshConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssh_handshake, "BEFORE_A_SESSION", 1 << 16)
    began = time.monotonic()
    with speaking(host, tmp_path, endless(b"x")) as connection:
        error = fault(replace(connection, deadline=60))

    assert "does not answer as an SSH server" in error.message
    assert time.monotonic() - began < 5


# after these bytes: amid the key exchange, the first encrypted packets, a listing
@pytest.mark.parametrize("after", [30, 300, 1200, 1700, 2200, 2800, 3500])
@pytest.mark.parametrize("sftp", [True, False])
def test_bytes_that_were_changed_on_the_way_are_never_believed(
    sshd: Sshd, sftp_only: Sshd, tmp_path: Path, after: int, sftp: bool, capfd: pytest.CaptureFixture[str]
):
    server = sftp_only if sftp else sshd
    names = [f"src/{number:05}-{'x' * 60}" for number in range(30)]
    for name in names:
        server.put(name, b"")
    with FaultProxy(server.host, server.port, Fault.GARBLE, after=after) as proxy:
        connection = ssh_connection(server, deadline=3)
        known = tmp_path / "known_hosts"
        known.write_text(Path(connection.known_hosts).read_text().replace(f":{server.port} ", f":{proxy.port} "))
        fault(replace(connection, port=proxy.port, known_hosts=str(known)))
    for name in names:  # the server goes on for other tests
        (server.root / name).unlink()
    assert capfd.readouterr().err == ""
