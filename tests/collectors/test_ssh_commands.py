"""What commands on hosts answer: named outputs, find and date, and accounts that run something else."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest
from lab.servers import Sshd
from msgspec.structs import replace

from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh import scripts
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, NotFound
from tests.collectors.hosts import fault, listed
from tests.collectors.places import ssh_connection


def output(connection: SshConnection, argv: tuple[str, ...], **reads: int) -> bytes:
    named = replace(connection, outputs={"out": argv})
    with Connections() as pool, closing(open_ssh(named, "", pool)) as collector:
        return collector.read("!out", **({"at_most": 1 << 20} | reads))


def read(connection: SshConnection, root: str, name: str) -> bytes:
    with Connections() as pool, closing(open_ssh(connection, root, pool)) as collector:
        return collector.read(name, at_most=100)


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


@pytest.fixture(params=["one command", "step by step"])
def other_find(request: pytest.FixtureRequest, tmp_path: Path, sshd: Sshd) -> Iterator[Path]:
    """The account's commands are looked for in a directory of ours, which may have no sh; SFTP is served as ever."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("date", "sh", "head") if request.param == "one command" else ("date",):
        (programs / name).symlink_to(f"/bin/{name}")
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
        (
            'printf "d 1 1 1 2 1:1 \\0f 1 1 1 1 1:2 a\\0"; echo "find: ./x: Permission denied" >&2; exit 1',
            "Permission denied",
        ),
        ('printf "d 1 1 1 2 1:1 \\0f 1 1 1 1 1:2 a\\0"; kill -9 $$', "ended with(out a)? status"),
        ('printf "d 1 1 1 2 1:1 \\0f 1 1 1 1 1:2"', "no listing"),
        ("head -c 1000000000 /dev/zero | tr '\\0' x", "no listing"),
    ],
)
def test_a_find_that_fails_in_the_middle_is_an_error(host: SshConnection, other_find: Path, script: str, message: str):
    other_find.write_text(
        f'#!/bin/sh\nPATH=/bin:/usr/bin\n[ "$1" = --version ] && exec /usr/bin/find --version\n{script}\n'
    )
    other_find.chmod(0o755)

    error = fault(host)

    assert re.search(message, error.message)
    assert "sh -c" not in error.message + error.hint


def test_a_host_whose_clock_is_off_shows_by_how_much(host: SshConnection, other_find: Path):
    date = other_find.parent / "date"
    date.unlink()
    date.write_text('#!/bin/sh\nexec /bin/date -d "+2 hours" "$@"\n')
    date.chmod(0o755)

    with Connections() as pool, closing(open_ssh(host, "src/", pool)) as collector:
        offset = collector.clock_offset()

    assert offset is not None
    assert abs(offset - 7200) < 2


def test_a_listing_and_a_log_take_one_request_each(host: SshConnection):
    with Connections() as pool, closing(open_ssh(host, "src/", pool)) as collector:
        assert [entry.name for entry in collector.list("")] == ["log"]
        assert collector.calls == 1
        assert collector.read("log", at_most=100) == b"line\n"
        assert collector.clock_offset() is not None
        assert collector.calls == 2


def test_a_log_of_a_megabyte_takes_one_request(host: SshConnection, sshd: Sshd):
    content = os.urandom(1 << 20)
    sshd.put("large/log", content)
    with Connections() as pool, closing(open_ssh(host, "large/", pool)) as collector:
        assert collector.read("log", at_most=1 << 24) == content
        assert collector.calls == 1
    with Connections() as pool, closing(open_ssh(host, "large/", pool)) as collector:
        assert collector.read("log", at_most=100_000) == content[:100_000]
        assert collector.calls == 1


def test_an_account_that_is_kept_to_sftp_is_asked_for_a_command_once(sftp_only: Sshd):
    sftp_only.put("src/log", b"line\n")
    with Connections() as pool:
        for _ in range(3):
            with closing(open_ssh(ssh_connection(sftp_only), "src/", pool)) as collector:
                assert [entry.name for entry in collector.list("")] == ["log"]
                assert collector.read("log", at_most=100) == b"line\n"
                assert collector.clock_offset() is None
        (shared,) = (each.result() for key, each in pool._shared.items() if key[0] == "ssh")
        assert not shared.may_run
        assert len(shared.transport.channels_seen) == 1 + 3 * 2


@pytest.mark.parametrize(
    "name", ["-c", "a b", "$(id)", "`id`", "it's", 'say "so"', "a;b", "a\\0b", "*", "~", "!x", "%s"]
)
def test_names_are_never_taken_for_anything_else(sshd: Sshd, name: str):
    sshd.put(f"odd/{name}/{name}", b"content of it")
    connection = ssh_connection(sshd)
    with Connections() as pool, closing(open_ssh(connection, f"odd/{name}/", pool)) as collector:
        assert collector.read(name, at_most=7) == b"content"
        assert [entry.name for entry in collector.list("")] == [name]
        assert collector.calls == 2


def test_what_is_no_file_or_lies_behind_a_link_is_not_read_by_a_command(sshd: Sshd):
    sshd.put("kinds/file", b"secret")
    sshd.put("kinds/empty", b"")
    for name, target in (("link", "file"), ("linked", "../kinds"), ("gone", "nowhere")):
        (sshd.root / "kinds" / name).symlink_to(target)
    os.mkfifo(sshd.root / "kinds/pipe")
    connection = ssh_connection(sshd, deadline=5)
    messages = {
        "link": "is a link",
        "gone": "is a link",
        "linked/file": "is a link",
        "pipe": "no regular file",
        ".": "is refused",
    }
    for name, message in messages.items():
        with pytest.raises(CollectorError, match=message):
            read(connection, "kinds/", name)
    with pytest.raises(NotFound):
        read(connection, "kinds/", "none")
    with Connections() as pool, closing(open_ssh(connection, "kinds/", pool)) as collector:
        assert collector.read("empty", at_most=10) == b""
        assert collector.calls == 1


@pytest.mark.parametrize("other_find", ["one command"], indirect=True)
@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "printf abc",
        "cat; printf more",
        "exec /usr/bin/head -c 3",
        'cat; echo other > "$PLACE.new"; mv "$PLACE.new" "$PLACE"',
        "cat; exit 1",
        "kill -9 $$",
        "head -c 100000000 /dev/zero",
    ],
)
def test_what_a_command_read_in_part_is_read_anew(host: SshConnection, sshd: Sshd, other_find: Path, script: str):
    place = sshd.put("src/log", b"line\nline\n")
    other_find.symlink_to("/usr/bin/find")
    head = other_find.parent / "head"
    head.unlink(missing_ok=True)
    head.write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\nPLACE={place}\n{script}\n")
    head.chmod(0o755)

    assert read(host, "src/", "log") == place.read_bytes()


@pytest.mark.parametrize("other_find", ["one command"], indirect=True)
def test_a_file_that_becomes_a_link_while_it_is_read_is_refused(host: SshConnection, sshd: Sshd, other_find: Path):
    place = sshd.put("src/log", b"line\n")
    other_find.symlink_to("/usr/bin/find")
    head = other_find.parent / "head"
    head.unlink(missing_ok=True)
    head.write_text(f'#!/bin/sh\nPATH=/bin:/usr/bin\ncat\nmv "{place}" "{place}.old"; ln -s log.old "{place}"\n')
    head.chmod(0o755)

    with pytest.raises(CollectorError, match="is a link"):
        read(host, "src/", "log")
    place.unlink()
    (place.parent / "log.old").unlink()


@pytest.mark.parametrize("command", [scripts.listing("/srv", "a"), scripts.reading("/srv", "a", "b", 10)])
def test_what_a_host_is_asked_only_reads(command: tuple[str, ...]):
    shell, option, script, *_ = command
    assert (shell, option) == ("sh", "-c")
    assert not set(script) & set(">`?~!'")
    words = set(re.findall(r"[a-z]{2,}", re.sub(r'"[^"$]*"|-[a-z_]+', "", script)))
    assert words <= {"printf", "date", "find", "cd", "exec", "head", "if", "then", "fi", "else", "exit", "dev", "fd"}


@pytest.mark.parametrize("other_find", ["one command"], indirect=True)
def test_a_host_is_asked_for_its_clock_once_however_many_sources_it_has(
    host: SshConnection, other_find: Path, tmp_path: Path
):
    other_find.symlink_to("/usr/bin/find")
    date = other_find.parent / "date"
    date.unlink()
    date.write_text(f'#!/bin/sh\necho asked >>{tmp_path}/asked\nexec /bin/date "$@"\n')
    date.chmod(0o755)

    with Connections() as pool:
        for _ in range(3):
            with closing(open_ssh(host, "src/", pool)) as collector:
                assert [entry.name for entry in collector.list("")] == ["log"]
                assert collector.read("log", at_most=100) == b"line\n"
                assert abs(collector.clock_offset() or 99) < 2
                assert collector.calls == 2

    assert (tmp_path / "asked").read_text() == "asked\n"


@pytest.mark.parametrize(
    "shell", [shell for shell in ("dash", "bash", "busybox sh", "mksh") if which(shell.split()[0])]
)
def test_every_shell_tells_where_a_directory_really_lies(sshd: Sshd, shell: str):
    sshd.put("real\n/in\n/log", b"line\n")
    link = sshd.root / f"link for {shell}"
    link.symlink_to("real\n")
    top, program = sshd.root.resolve(), shell.split()
    for root, directory in ((sshd.root, "real\n/in\n"), (link, "in\n")):
        command = scripts.listing(str(root), directory, timed=False)
        said = subprocess.run([*program, *command[1:]], capture_output=True, check=True).stdout
        answer = scripts.ScriptAnswer(iter([said]))
        assert answer.beginning() == (str(top if root == sshd.root else top / "real\n"), str(top / "real\n/in\n"))
        assert answer.lists()
        assert b" log\0" in b"".join(answer.rest)


def test_only_what_gnu_find_writes_is_taken_for_a_listing():
    def lists(said: bytes) -> bool:
        return scripts.ScriptAnswer(iter([said])).lists()

    itself = b"d 4096 1795000000.0000000000 1795000000.1234567890 2 8:1 \0"
    assert lists(itself)
    assert lists(itself + b"x" * 100)
    for end in range(len(itself)):
        assert not lists(itself[:end])
    for other in (b"f" + itself[1:], itself.replace(b".0000000000", b""), itself[:-1] + b"x\0", b"." + itself):
        assert not lists(other)


OPENED = b"f 64768 1234 644 1000"
WHOLE = OPENED + b" 6\0" + b"a\0b\ncd" + OPENED + b"\0"


def printed(*parts: bytes, at_most: int = 10) -> bytes | None:
    return scripts.content(scripts.ScriptAnswer(iter(parts)), at_most)


def test_only_a_whole_answer_holds_a_file():
    assert printed(WHOLE) == b"a\0b\ncd"
    assert printed(*(WHOLE[each : each + 1] for each in range(len(WHOLE)))) == b"a\0b\ncd"
    large = bytes(range(256)) * 1000
    assert printed(OPENED + b" 256000\0" + large + OPENED + b"\0", at_most=len(large)) == large
    for end in range(len(WHOLE)):
        assert printed(WHOLE[:end]) is None
    assert printed(WHOLE + b"x") is None
    assert printed(WHOLE, at_most=5) is None
    assert printed(WHOLE.replace(b" 6\0", b" 5\0")) is None
    for other in (b"l", b"d", b"p"):
        assert printed(WHOLE.replace(b"f 64768", other + b" 64768")) is None
    head, _, tail = WHOLE.rpartition(b"1234")
    assert printed(head + b"1235" + tail) is None
    assert printed(b"x" * 100_000) is None


BEGIN = b"/srv\0/srv/src\0"


def test_an_answer_begins_with_two_whole_paths():
    def begun(said: bytes) -> object:
        return scripts.ScriptAnswer(iter([said])).beginning()

    assert begun(BEGIN) == ("/srv", "/srv/src")
    assert begun(b"/a\n\0/\0") == ("/a\n", "/")
    for end in range(len(BEGIN)):
        assert begun(BEGIN[:end]) is None
    for wrong in (b"srv\0/srv\0", b"/srv\0srv\0", b"\0\0", b"/" + b"x" * 5000 + b"\0/srv\0"):
        assert begun(wrong) is None


def test_an_argument_is_one_word_to_sh_and_holds_nothing_that_csh_or_fish_heed_in_quotes(host: SshConnection):
    odd = ("a!b", "x'!#:0'", "tail\\", "\\'\"; touch /tmp/x; #", "$(id)", "`id`", "", "a b", "*", "~", "{a,b}", "^é")
    printed = "".join(f"{each}\n" for each in odd).encode()
    assert output(host, ("printf", "%s\\n", *odd)) == printed
    command = scripts.joined(("printf", "%s\\n", *odd))
    assert re.fullmatch(r"(?:[\w@%+=:,./ -]|\\['\\!]|'[^'\\!]*')*", command, re.ASCII)
