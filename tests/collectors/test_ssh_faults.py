"""What goes wrong with hosts, with real sshds behind a proxy that misbehaves."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.servers import Sshd
from lab.sshd import make_key
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.core.model.evidence import Fact
from drcheck.interfaces import CollectorError
from tests.collectors.hosts import fault, listed
from tests.collectors.places import ssh_connection


def behind(proxy: FaultProxy, connection: SshConnection, tmp_path: Path) -> SshConnection:
    """Return the connection by way of a proxy, whose address is known by the host's own key."""
    known = tmp_path / "known_hosts"
    known.write_text(Path(connection.known_hosts).read_text().replace(f":{connection.port} ", f":{proxy.port} "))
    return replace(connection, port=proxy.port, known_hosts=str(known))


def test_an_unknown_host_key_is_refused_before_anything_is_sent(host: SshConnection, tmp_path: Path):
    (tmp_path / "known_hosts").write_text("# nothing\n\n")

    error = fault(replace(host, known_hosts=str(tmp_path / "known_hosts")))

    assert error.message == "the host key of 127.0.0.1 is not known"
    assert "ssh-keyscan" in error.hint


def test_a_changed_host_key_is_refused_and_its_line_named(host: SshConnection, tmp_path: Path):
    make_key(tmp_path / "other")
    kind, key, *_ = (tmp_path / "other.pub").read_text().split()
    known = tmp_path / "known_hosts"
    known.write_text(f"# a comment\n[127.0.0.1]:{host.port} {kind} {key}\n")

    error = fault(replace(host, known_hosts=str(known)))

    assert error.message == "the host key of 127.0.0.1 is not the one in known_hosts"
    assert f"line 2 of {known}" in error.hint


def test_a_host_whose_key_was_rotated_is_refused(tmp_path: Path):
    with Sshd(tmp_path / "a") as server:
        server.put("src/log", b"x")
        connection = ssh_connection(server)
        assert len(listed(connection)) == 1
        port, root = server.port, server.directory
    server.host_key.unlink()
    old = server.known_hosts.read_text()
    with Sshd(root, port=port) as server:
        server.known_hosts.write_text(old)
        assert "is not the one in known_hosts" in fault(connection).message


def test_both_hops_of_a_jump_are_verified(host: SshConnection, bastion: Sshd, tmp_path: Path):
    through = ssh_connection(bastion, name="bastion")
    direct = replace(host, jump="bastion")
    assert len(listed(direct, others={"bastion": through})) == 1

    (tmp_path / "none").write_text("")
    unknown = replace(through, known_hosts=str(tmp_path / "none"))
    assert "is not known" in fault(direct, {"bastion": unknown}).message
    assert "is not known" in fault(replace(direct, known_hosts=str(tmp_path / "none")), {"bastion": through}).message
    swapped = replace(direct, known_hosts=str(bastion.known_hosts))
    assert "is not known" in fault(swapped, {"bastion": through}).message


def test_a_jump_host_that_leads_nowhere_is_named(host: SshConnection, bastion: Sshd, sshd: Sshd):
    assert "bastion" in fault(replace(host, jump="bastion"), {}).message
    circle = replace(ssh_connection(bastion, name="bastion"), jump="host")
    assert "leads back" in fault(replace(host, jump="bastion"), {"bastion": circle, "host": host}).message
    closed = ssh_connection(sshd, name="bastion")  # forwards nothing
    error = fault(replace(host, jump="bastion"), {"bastion": closed})
    assert "does not lead to" in error.message
    assert "AllowTcpForwarding" in error.hint


def test_a_user_key_that_is_not_accepted_is_told_apart(host: SshConnection, tmp_path: Path):
    make_key(tmp_path / "stranger")

    error = fault(replace(host, identity_file=str(tmp_path / "stranger")))

    assert error.message == f"127.0.0.1 does not accept the key of {host.user}"
    assert "authorized_keys" in error.hint


def test_no_other_key_than_the_named_one_is_tried(host: SshConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id_ed25519").write_bytes(Path(host.identity_file).read_bytes())
    monkeypatch.setenv("HOME", str(home))
    make_key(tmp_path / "stranger")

    assert "does not accept" in fault(replace(host, identity_file=str(tmp_path / "stranger"))).message


@pytest.mark.parametrize("content", [None, "", "no key\n"])
def test_a_key_that_cannot_be_used_is_told(host: SshConnection, tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "key").write_text(content)

    assert "the key" in fault(replace(host, identity_file=str(tmp_path / "key"))).message


def test_a_key_with_a_passphrase_is_told(host: SshConnection, tmp_path: Path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "CANARY", "-f", str(key)], check=True)

    error = fault(replace(host, identity_file=str(key)))

    assert "without a passphrase" in error.hint


@pytest.mark.parametrize(
    "line",
    [
        "@revoked * ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFF",
        "@cert-authority *.example.com ssh-ed25519 AAAA",
        "host ssh-ed25519",
        "host ssh-ed25519 !!!!",
        "host ssh-ed25519 AAAA",
        "host ssh-dss AAAAB3NzaC1kc3MAAACB",
        "nonsense",
    ],
)
def test_a_line_of_known_hosts_that_cannot_be_read_is_named_by_its_number(
    host: SshConnection, tmp_path: Path, line: str
):
    known = tmp_path / "known_hosts"
    known.write_text(f"# first\n\n{Path(host.known_hosts).read_text()}{line}\n")

    error = fault(replace(host, known_hosts=str(known)))

    assert error.message == f"line 4 of {known} cannot be read"


def test_lines_with_blanks_and_hashed_names_can_be_read(host: SshConnection, tmp_path: Path):
    known = tmp_path / "known_hosts"
    known.write_text(Path(host.known_hosts).read_text().replace(" ", "  ") + "\n")
    assert len(listed(replace(host, known_hosts=str(known)))) == 1

    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    assert host.host not in known.read_text()
    assert len(listed(replace(host, known_hosts=str(known)))) == 1


def test_a_missing_known_hosts_file_is_told(host: SshConnection):
    for file in ("", "/nonexistent/known_hosts"):
        assert "known hosts" in fault(replace(host, known_hosts=file)).message


def test_a_users_ssh_config_is_never_read(host: SshConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/config").write_text(f'Match exec "touch {tmp_path}/pwned"\n  ProxyCommand touch {tmp_path}/pwned\n')
    monkeypatch.setenv("HOME", str(home))

    assert len(listed(host)) == 1
    assert not (tmp_path / "pwned").exists()


def test_a_refused_connection_is_told(host: SshConnection, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    known = tmp_path / "known_hosts"
    known.write_text(Path(host.known_hosts).read_text().replace(f":{host.port} ", f":{port} "))

    assert "refused the connection" in fault(replace(host, port=port, known_hosts=str(known))).message


def test_a_name_that_dns_does_not_know_is_told(host: SshConnection, tmp_path: Path):
    known = tmp_path / "known_hosts"
    known.write_text(Path(host.known_hosts).read_text().replace("127.0.0.1", "host.invalid"))

    error = fault(replace(host, host="host.invalid", known_hosts=str(known)))

    assert error.message == "the name host.invalid is not known to DNS"


def test_what_is_no_ssh_server_is_told(host: SshConnection, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        known = tmp_path / "known_hosts"
        port = listener.getsockname()[1]
        known.write_text(Path(host.known_hosts).read_text().replace(f":{host.port} ", f":{port} "))
        error = fault(replace(host, port=port, known_hosts=str(known)))

    assert "does not answer as an SSH server" in error.message


# bytes after which the fault sets in: before the banner, amid the key exchange, amid the session
@pytest.mark.parametrize("after", [0, 10, 700, 2500])
@pytest.mark.parametrize("kind", [Fault.BLACK_HOLE, Fault.DRIP, Fault.CUT, Fault.RESET])
def test_a_bad_network_ends_in_an_error_within_the_deadline(
    host: SshConnection, tmp_path: Path, kind: Fault, after: int
):
    with FaultProxy(host.host, host.port, kind, after=after) as proxy:
        connection = replace(behind(proxy, host, tmp_path), deadline=1)
        began = time.monotonic()
        error = fault(connection)
        took = time.monotonic() - began

    assert took < 3
    if kind in {Fault.BLACK_HOLE, Fault.DRIP}:
        assert error.message == "host took longer than 1 s"


@pytest.mark.parametrize("kind", [Fault.CUT, Fault.RESET, Fault.BLACK_HOLE])
@pytest.mark.parametrize("sftp", [True, False])
def test_a_listing_that_is_cut_off_is_never_a_short_one(
    sshd: Sshd, sftp_only: Sshd, tmp_path: Path, kind: Fault, sftp: bool
):
    server = sftp_only if sftp else sshd
    for number in range(3000):
        path = server.root / "many" / f"{number:05}-{'x' * 60}"
        if not path.exists():
            server.put(f"many/{path.name}", b"")
    seen = set()
    with FaultProxy(server.host, server.port, kind, after=50_000) as proxy:
        connection = behind(proxy, ssh_connection(server, deadline=3), tmp_path)
        with Connections() as pool:
            listing = open_ssh(connection, "many/", pool).list("")
            with pytest.raises(CollectorError):
                seen.update(entry.name for entry in listing)
        assert 0 < len(seen) < 3000


def test_closing_the_run_ends_a_hung_read(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port) as proxy:
        pool = Connections()
        collector = open_ssh(replace(behind(proxy, host, tmp_path), deadline=60), "src/", pool)
        collector.read("log", at_most=10)
        proxy.fault = Fault.BLACK_HOLE
        proxy.after = 0
        timer = threading.Timer(0.3, pool.close)
        timer.start()
        began = time.monotonic()
        with pytest.raises(CollectorError, match="the run was ended"):
            collector.read("log", at_most=10)

    assert time.monotonic() - began < 2


def test_many_sources_of_one_host_share_one_connection(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port) as proxy:
        connection = replace(behind(proxy, host, tmp_path), deadline=30)
        with Connections() as pool, ThreadPoolExecutor(16) as threads:

            def look(number: int) -> bytes:
                # another alias of the same host is no other host
                with closing(open_ssh(replace(connection, name=f"alias-{number % 3}"), "src/", pool)) as collector:
                    return b"".join(collector.read(each.name, at_most=10) for each in collector.list("log"))

            assert list(threads.map(look, range(24))) == [b"line\n"] * 24
        assert proxy.connections == 1


def test_a_host_that_drops_connections_is_tried_twice_for_all_its_sources_together(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port, Fault.CUT) as proxy:
        connection = behind(proxy, host, tmp_path)
        with Connections() as pool:
            for _ in range(5):
                with pytest.raises(CollectorError):
                    open_ssh(connection, "src/", pool).read("log", at_most=1)
        assert proxy.connections == 2


@pytest.mark.parametrize("kind", [Fault.CUT, Fault.RESET])
@pytest.mark.parametrize("after", [0, 10, 700, 2000, 2300, 2500])
def test_a_connection_that_is_lost_once_does_no_harm(host: SshConnection, tmp_path: Path, kind: Fault, after: int):
    with FaultProxy(host.host, host.port, kind, after=after, strikes=1) as proxy:
        assert {entry.name for entry in listed(behind(proxy, host, tmp_path))} == {"log"}
        assert proxy.connections == 2


@pytest.mark.parametrize("ask", ["read", "describe", "output", "clock_offset"])
def test_each_question_survives_a_session_that_is_lost_before_it(host: SshConnection, tmp_path: Path, ask: str):
    with FaultProxy(host.host, host.port) as proxy:
        connection = replace(behind(proxy, host, tmp_path), outputs={"out": ("echo", "out")})
        with Connections() as pool:
            open_ssh(connection, "src/", pool).read("log", offset=1, at_most=4)  # by SFTP, which tells no clock
            proxy.fault, proxy.strikes = Fault.CUT, 1
            collector = open_ssh(connection, "" if ask == "output" else "src/", pool)
            match ask:
                case "read":
                    assert collector.read("log", at_most=4) == b"line"
                case "describe":
                    assert collector.describe("log", frozenset({Fact.LOCK})).keys() == {Fact.LOCK}
                case "output":
                    assert collector.read("!out", at_most=10) == b"out\n"
                case _:
                    assert collector.clock_offset() is not None
        assert proxy.connections == 2


def test_a_connection_that_is_lost_twice_is_told(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port, Fault.CUT, after=2500) as proxy:
        assert fault(behind(proxy, host, tmp_path)).message == "the connection to 127.0.0.1 was lost"
        assert proxy.connections == 2


def test_a_connection_that_was_lost_twice_is_made_again_for_the_next_source(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port, Fault.CUT, after=2500, strikes=2) as proxy:
        connection = behind(proxy, host, tmp_path)
        with Connections() as pool:
            with pytest.raises(CollectorError, match="was lost"):
                open_ssh(connection, "src/", pool).read("log", at_most=4)
            assert open_ssh(connection, "src/", pool).read("log", at_most=4) == b"line"


def test_no_connection_is_made_again_after_the_deadline(host: SshConnection, tmp_path: Path):
    with FaultProxy(host.host, host.port, Fault.BLACK_HOLE, after=2500) as proxy:
        connection = replace(behind(proxy, host, tmp_path), deadline=1)
        assert fault(connection).message == "host took longer than 1 s"
        assert proxy.connections == 1


def test_what_was_refused_is_not_tried_again(host: SshConnection, tmp_path: Path):
    make_key(tmp_path / "stranger")
    make_key(tmp_path / "other")
    with FaultProxy(host.host, host.port) as proxy:
        connection = behind(proxy, host, tmp_path)
        assert "does not accept" in fault(replace(connection, identity_file=str(tmp_path / "stranger"))).message
        assert "may not be read" in fault(replace(connection, root="/proc/1/map_files")).message or os.geteuid() == 0
        assert "there is no" in fault(replace(connection, root="/nonexistent")).message
        known = tmp_path / "wrong"
        kind, key, *_ = (tmp_path / "other.pub").read_text().split()
        known.write_text(f"[127.0.0.1]:{proxy.port} {kind} {key}\n")
        assert "is not the one" in fault(replace(connection, known_hosts=str(known))).message
        assert proxy.connections == 4 if os.geteuid() else 3


def test_nothing_secret_is_in_an_error(host: SshConnection, tmp_path: Path):
    key = Path(host.identity_file).read_text().splitlines()[2]
    make_key(tmp_path / "stranger")
    secret = (tmp_path / "stranger").read_text().splitlines()[2]
    for connection in (replace(host, identity_file=str(tmp_path / "stranger")), replace(host, root="/nonexistent")):
        error = fault(connection)
        told = "".join(traceback.format_exception(error))
        assert key not in told
        assert secret not in told


def test_only_reading_is_reachable_over_sftp(host: SshConnection):
    from drcheck.collectors.ssh.sftp import ReadOnlySftp

    public = {name for name in vars(ReadOnlySftp) if not name.startswith("_")}

    assert public == {"place", "status", "directory", "read", "extensions"}


def test_a_file_of_a_gigabyte_is_read_no_further_than_asked(sshd: Sshd):
    sshd.put("src/huge", b"start", size=10_000_000_000)
    with Connections() as pool, closing(open_ssh(ssh_connection(sshd), "src/", pool)) as collector:
        assert collector.read("huge", at_most=5) == b"start"
        assert len(collector.read("huge", offset=-1_000_000, at_most=1_000_000)) == 1_000_000
    os.unlink(sshd.root / "src/huge")  # noqa: PTH108
