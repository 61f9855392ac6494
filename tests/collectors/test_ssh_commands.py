"""What commands on hosts answer: named outputs, find and date, and accounts that run something else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from lab.servers import Sshd

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, NotFound
from tests.collectors.hosts import fault, listed


def output(connection: SshConnection, argv: tuple[str, ...], **reads: int) -> bytes:
    named = replace(connection, outputs={"out": argv})
    with Connections() as pool, closing(open_ssh(named, "", pool)) as collector:
        return collector.read("!out", **({"at_most": 1 << 20} | reads))


def test_a_named_output_is_read_like_a_file(host: SshConnection):
    assert output(host, ("printf", "%s\\n", "a b", "$(id)", "it's")) == b"a b\n$(id)\nit's\n"
    assert output(host, ("sh", "-c", "cat; echo done")) == b"done\n"  # its input has ended
    assert output(host, ("printf", "0123456789"), offset=-3, at_most=2) == b"78"
    assert output(host, ("printf", "0123456789"), offset=2, at_most=3) == b"234"
    with Connections() as pool, pytest.raises(NotFound, match="has no output"):
        open_ssh(host, "", pool).read("!restic; reboot", at_most=1)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo out; echo why >&2; exit 3", "ended with status 3: why"),
        ("kill -9 $PPID", "ended without a status"),
        ("exec no-such-program", "ended with status 127"),
    ],
)
def test_a_command_that_fails_gives_no_answer(host: SshConnection, script: str, message: str):
    with pytest.raises(CollectorError, match=message):
        output(host, ("sh", "-c", script))


def test_a_gigabyte_of_output_is_refused_in_bounded_memory(host: SshConnection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("drcheck.collectors.ssh.collector.OUTPUT", 1 << 20)

    with pytest.raises(CollectorError, match="longer than 1 MiB"):
        output(host, ("head", "-c", "1000000000", "/dev/zero"))


def test_a_flood_on_standard_error_does_not_block_the_answer(host: SshConnection):
    assert output(host, ("sh", "-c", "head -c 9000000 /dev/zero >&2; echo done")) == b"done\n"


def test_output_that_never_ends_is_cut_at_the_deadline(host: SshConnection):
    began = time.monotonic()
    with pytest.raises(CollectorError, match="took longer than 1 s"):
        output(replace(host, deadline=1), ("sh", "-c", "while :; do echo x; sleep 0.1; done"))
    assert time.monotonic() - began < 3


@pytest.fixture
def other_find(tmp_path: Path, sshd: Sshd) -> Iterator[Path]:
    """The account's commands are looked for in a directory of ours; SFTP is served as ever."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "date").symlink_to("/bin/date")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(
        "#!/bin/sh\n"
        'case "$SSH_ORIGINAL_COMMAND" in *sftp*) exec /usr/lib/openssh/sftp-server;; esac\n'
        f'PATH={programs} exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    wrapper.chmod(0o755)
    keys = sshd.authorized_keys.read_text()
    sshd.authorized_keys.write_text(f'command="{wrapper}" {keys}')
    yield programs / "find"
    sshd.authorized_keys.write_text(keys)


@pytest.mark.parametrize(
    "script",
    [None, "echo BusyBox v1.35; exit 0", "exit 0", "sleep 60", "head -c 100000 /dev/zero", "kill -9 $$"],
)
def test_without_gnu_find_listings_go_by_sftp(
    host: SshConnection, other_find: Path, script: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("drcheck.collectors.ssh.connection.BANNER", 1.0)
    if script is not None:
        other_find.write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n")
        other_find.chmod(0o755)

    assert [entry.name for entry in listed(host)] == ["log"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "no listing"),
        ('printf "d 1 1 1 \\0f 1 1 1 a\\0"; echo "find: ./x: Permission denied" >&2; exit 1', "Permission denied"),
        ('printf "d 1 1 1 \\0f 1 1 1 a\\0"; kill -9 $$', "ended with status 137"),
        ('printf "d 1 1 1 \\0f 1 1 1"', "no listing"),
        ("head -c 1000000000 /dev/zero | tr '\\0' x", "no listing"),
    ],
)
def test_a_find_that_fails_in_the_middle_is_an_error(host: SshConnection, other_find: Path, script: str, message: str):
    other_find.write_text(
        f'#!/bin/sh\nPATH=/bin:/usr/bin\n[ "$1" = --version ] && exec /usr/bin/find --version\n{script}\n'
    )
    other_find.chmod(0o755)

    assert message in fault(host).message


def test_a_host_whose_clock_is_off_shows_by_how_much(host: SshConnection, other_find: Path):
    date = other_find.parent / "date"
    date.unlink()
    date.write_text('#!/bin/sh\nexec /bin/date -d "+2 hours" "$@"\n')
    date.chmod(0o755)

    with Connections() as pool, closing(open_ssh(host, "src/", pool)) as collector:
        offset = collector.clock_offset()

    assert offset is not None
    assert abs(offset - 7200) < 2
