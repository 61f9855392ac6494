"""What only hosts and disks have: links, special files, and times that anybody can set."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from lab.servers import Sshd
from msgspec.structs import replace

from drcheck.collectors.local.collector import open_local
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.find import LONGEST, parse_find
from drcheck.core.model.evidence import FOREVER
from drcheck.interfaces import CollectorError, Entry, NotFound
from drcheck.settings import Connection
from tests.collectors.places import Disk, Local, Ssh

DISKS = ("local", "find", "sftp")


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    own = f"disk-{os.urandom(6).hex()}"
    made: Disk
    if request.param == "local":
        made = Local(own, tmp_path)
    else:
        made = Ssh(own, request.getfixturevalue("sshd" if request.param == "find" else "sftp_only"))
    with made.pool:
        yield made


def listed(disk: Disk, prefix: str = "") -> dict[str, Entry]:
    return {entry.name: entry for entry in disk.open().list(prefix)}


def found_in(output: Iterable[bytes], below: str = "") -> list[Entry]:
    """Return what lies in the output of find."""
    return list(parse_find(output, below, Connections().quota(Connection("host")), lambda _: None, "host:22"))


def test_links_are_neither_listed_nor_followed(disk: Disk):
    disk.put("real/x", b"x")
    disk.link("to-file", "real/x")
    disk.link("to-directory", "real")
    disk.link("to-etc", "/etc")
    disk.link("up", "..")
    disk.link("dangling", "nothing")

    collector = disk.open()
    for _ in range(2):
        assert [entry.name for entry in collector.list("")] == ["real/x"]
        assert sorted(collector.links) == ["dangling", "to-directory", "to-etc", "to-file", "up"]
    for name in ("to-file", "to-directory/x", "to-etc/passwd", "up/x", "dangling"):
        with pytest.raises(CollectorError):
            collector.read(name, at_most=10)
    for prefix in ("to-directory/", "to-etc/", "up/"):
        with pytest.raises(CollectorError):
            list(collector.list(prefix))
    collector.close()
    with pytest.raises(CollectorError):
        list(disk.open(f"{disk.root}to-etc/").list(""))


def test_special_files_are_not_listed_and_never_opened(disk: Disk):
    os.mkfifo(disk.top / disk.root / "pipe")

    assert listed(disk) == {}
    with pytest.raises(CollectorError, match="no regular file"):
        disk.open().read("pipe", at_most=10)


def test_a_root_that_is_missing_is_no_empty_answer(disk: Disk):
    with pytest.raises(CollectorError) as caught:
        list(disk.open(f"{disk.root}missing/").list(""))

    assert caught.value.hint


def test_a_root_that_is_a_file_is_an_error(disk: Disk):
    disk.put("file", b"x")

    with pytest.raises(CollectorError):
        list(disk.open(f"{disk.root}file/").list(""))


def test_mtime_is_where_arrival_begins_and_only_ctime_ends_it(disk: Disk, request: pytest.FixtureRequest):
    disk.put("copied", b"x")
    os.utime(disk.top / disk.root / "copied", (1_600_000_000, 1_600_000_000))

    entry = listed(disk)["copied"]

    assert entry.arrived_lo == entry.modified == 1_600_000_000
    if request.node.callspec.params["disk"] == "sftp":
        assert entry.arrived_hi == FOREVER
    else:
        assert abs(entry.arrived_hi - time.time()) < 5


def test_a_mtime_in_the_future_makes_both_ends_future(disk: Disk):
    disk.put("future", b"x")
    later = int(time.time()) + 86_400
    os.utime(disk.top / disk.root / "future", (later, later))

    entry = listed(disk)["future"]

    assert entry.arrived_lo == later
    assert entry.arrived_hi >= later


def test_the_connections_own_root_may_be_a_link(disk: Disk):
    disk.put("x", b"x")
    alias = disk.top.parent / f"{disk.top.name}-alias-{os.urandom(4).hex()}"
    alias.symlink_to(disk.top)
    try:
        if isinstance(disk, Ssh):
            disk.connection = replace(disk.connection, root=str(alias))
        else:
            disk.top = alias
        assert set(listed(disk)) == {"x"}
        assert disk.open().read("x", at_most=1) == b"x"
    finally:
        alias.unlink()


def test_a_name_that_is_no_utf8_is_never_silently_left_out(disk: Disk):
    disk.put("good", b"x")
    (Path(os.fsdecode(os.fsencode(str(disk.top / disk.root)) + b"/bad\xff"))).write_bytes(b"x")

    assert set(listed(disk)) == {"good", "bad\\xff"}


def test_a_directory_exchanged_for_a_link_while_it_is_read_shows_nothing_outside(tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"secret")
    top = tmp_path / "top"
    (top / "d").mkdir(parents=True)
    (top / "d/secret").write_bytes(b"public")
    (top / "link").symlink_to(tmp_path / "outside")
    stop = threading.Event()

    def exchange() -> None:
        while not stop.is_set():
            for source, target in (("d", "kept"), ("link", "d"), ("d", "link"), ("kept", "d")):
                os.rename(top / source, top / target)  # noqa: PTH104

    worker = threading.Thread(target=exchange)
    worker.start()
    try:
        seen = set()
        collector = open_local(LocalConnection("disk", root=str(top)), "", Connections())
        for _ in range(3000):
            try:
                seen.add(collector.read("d/secret", at_most=10))
            except CollectorError:
                seen.add(b"refused")
    finally:
        stop.set()
        worker.join()

    assert b"secret" not in seen
    assert b"public" in seen


def test_a_directory_that_may_not_be_read_is_an_error_and_no_shorter_listing():
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        top.chmod(0o755)
        (top / "open").mkdir()
        (top / "open/x").write_bytes(b"x")
        (top / "closed").mkdir(mode=0)
        collector = open_local(LocalConnection("disk", root=directory), "", Connections())
        was = os.geteuid()
        try:
            if was == 0:  # root may read everything: look as nobody
                os.seteuid(65534)
            with pytest.raises(CollectorError, match="may not be read"):
                list(collector.list(""))
        finally:
            os.seteuid(was)


def test_find_that_says_nothing_or_nonsense_is_no_empty_directory():
    for output in (
        [],
        [b""],
        [b"hello\n"],
        [b"f 1 1 1 1 1:2 x\0"],
        [b"d 4096 1.5 1.5 2 1:1 \0", b"f x 1 1 1 1:2 a\0"],
        [b"d 1 1 1 2 1:1 \0f 1"],
    ):
        with pytest.raises(CollectorError, match="no listing"):
            found_in(output)


def test_find_that_never_ends_a_record_is_stopped():
    def flood():
        yield b"d 1 1 1 2 1:1 \0"
        while True:
            yield b"x" * 32768

    with pytest.raises(CollectorError, match="no listing"):
        found_in(flood())
    assert LONGEST < 1 << 20


def test_records_of_find_may_be_cut_anywhere():
    output = b"d 4096 1.5 1.5 2 1:1 \0f 7 10.9 12.1 1 1:2 a b/c\nd\0l 3 1 1 1 1:3 link\0f 0 -1.5 3 2 1:4 z\0"
    for size in range(1, len(output) + 1):
        parts = [output[at : at + size] for at in range(0, len(output), size)]
        assert found_in(parts, "p/") == [
            Entry("p/a b/c\nd", 7, 10, 12, 10),
            Entry("p/z", 0, -2, 3, -2, inode="host:22 1:4"),
        ]


def test_names_of_one_file_are_told_to_be_that_but_by_sftp(disk: Disk, request: pytest.FixtureRequest):
    for name in ("x", "y", "alone"):
        disk.put(name, b"x")
    (disk.top / disk.root / "y").unlink()
    (disk.top / disk.root / "y").hardlink_to(disk.top / disk.root / "x")

    told = {entry.name: entry.inode for entry in disk.open().list("")}
    assert told["x"] == told["y"]
    assert bool(told["x"]) is (request.node.callspec.params["disk"] != "sftp")
    assert told["alone"] == ""


def test_a_missing_prefix_directory_is_an_empty_answer(disk: Disk):
    disk.put("a/x", b"x")

    assert listed(disk, "b/c/") == {}


def test_a_file_that_went_is_missing(disk: Disk):
    disk.put("x", b"x")
    assert set(listed(disk)) == {"x"}
    (disk.top / disk.root / "x").unlink()

    with pytest.raises(NotFound):
        disk.open().read("x", at_most=1)


def test_the_far_side_gets_the_one_command_with_its_arguments_whole(sshd: Sshd):
    place = Ssh(f"argv-{os.urandom(4).hex()}; touch pwned $(id) 'x' \"y\" -exec", sshd)
    with place.pool:
        place.put("in side/x", b"x")
        assert [entry.name for entry in place.open().list("in side/")] == ["in side/x"]
    assert not list(sshd.directory.rglob("pwned"))


def test_directories_in_which_no_name_begins_as_asked_are_not_walked(disk: Disk):
    for name in (
        "in/SHA256SUMS",
        "in/SHA/deep/x",
        "in/SHA-[a]*?\\b/x",
        "in/sha/x",
        "in/x",
        *map("in/other/{}/x".format, range(20)),
    ):
        disk.put(name, b"x")
    odd = disk.top / disk.root / "in" / os.fsdecode(b"SHA\xff")
    odd.mkdir()
    (odd / "x").write_bytes(b"x")
    assert sorted(listed(disk, "in/SHA\\xff")) == ["in/SHA\\xff/x"]
    with Connections(list_at_most=20) as disk.pool:
        assert sorted(listed(disk, "in/SHA")) == [
            "in/SHA-[a]*?\\b/x",
            "in/SHA/deep/x",
            "in/SHA256SUMS",
            "in/SHA\\xff/x",
        ]
        assert sorted(listed(disk, "in/SHA-[a]*")) == ["in/SHA-[a]*?\\b/x"]
