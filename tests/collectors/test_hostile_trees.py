"""Hosts that lie about one of several directories: what they hide elsewhere is never taken for gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drcheck.collectors.local.collector import open_local
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.interfaces import CollectorError, Entry
from drcheck.settings import Connection
from tests.collectors import hostile_sftp
from tests.collectors.hostile_sftp import (
    DIRECTORY,
    FILE,
    LSTAT,
    NAME,
    OPENDIR,
    READDIR,
    HostileHost,
    Story,
    attrs,
    named,
    number,
)
from tests.collectors.hostile_tree import STATUS, TreeStory, no_such_file
from tests.collectors.lies import Lie

NOW = 1_795_000_000
TREE = {
    b"/srv/src": [b"a", b"b", b"c"],
    b"/srv/src/a": [b"1.dump", b"2.dump", b"3.dump"],
    b"/srv/src/b": [b"1.dump"],
    b"/srv/src/c": [b"1.dump"],
}
ALL = ["a/1.dump", "a/2.dump", "a/3.dump", "b/1.dump", "c/1.dump"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileHost]:
    with HostileHost(tmp_path_factory.mktemp("hostile"), Story((), NOW)) as server:
        yield server


def entries(connection: Connection) -> list[Entry]:
    with Connections() as pool:
        if isinstance(connection, SshConnection):
            with closing(open_ssh(connection, "src/", pool)) as collector:
                return list(collector.list(""))
        assert isinstance(connection, LocalConnection)
        return list(open_local(connection, "src/", pool).list(""))


def listed(hostile: HostileHost) -> list[str]:
    return sorted(entry.name for entry in entries(hostile.connection))


@pytest.mark.parametrize("modes", [True, False])
def test_an_honest_tree_is_listed(hostile: HostileHost, modes: bool):
    hostile.story = TreeStory(TREE, NOW, modes=modes)

    assert listed(hostile) == ALL


# 2: the directory is not there, asked for its first piece or for one behind it; 3, 4: it may not be read, or fails
@pytest.mark.parametrize("code", [2, 3, 4, 0, 77])
@pytest.mark.parametrize("piece", [1, 2, 20])
@pytest.mark.parametrize("directory", [b"/srv/src", b"/srv/src/a", b"/srv/src/c"])
def test_a_directory_that_is_refused_while_it_is_listed_hides_no_other(
    hostile: HostileHost, directory: bytes, piece: int, code: int
):
    hostile.story = story = TreeStory(TREE, NOW)
    story.lie = lambda kind, path, times: (
        (STATUS, number(code)) if kind == READDIR and path == directory and times >= piece else None
    )

    with pytest.raises(CollectorError) as caught:
        listed(hostile)
    assert caught.value.hint


def test_a_directory_that_is_gone_before_it_is_opened_hides_no_other(hostile: HostileHost):
    hostile.story = story = TreeStory(TREE, NOW)
    story.lie = lambda kind, path, times: no_such_file() if kind == OPENDIR and path == b"/srv/src/c" else None

    assert listed(hostile) == ALL[:-1]


@pytest.mark.parametrize("gone", [b"/srv/src/a/1.dump", b"/srv/src/a/2.dump", b"/srv/src/a"])
def test_what_goes_between_its_name_and_its_status_hides_nothing_else(hostile: HostileHost, gone: bytes):
    hostile.story = story = TreeStory(TREE, NOW, modes=False)
    story.lie = lambda kind, path, times: no_such_file() if kind == LSTAT and path == gone else None

    left = [name for name in ALL if not f"/srv/src/{name}".startswith(gone.decode())]
    assert listed(hostile) == left


FACES = {
    "sizes": ((b"1.dump", attrs(size=100, modified=NOW)), (b"1.dump", attrs(size=1, modified=NOW))),
    "times": ((b"1.dump", attrs(modified=NOW)), (b"1.dump", attrs(modified=NOW - 1))),
    "kinds": ((b"1.dump", attrs(mode=FILE, modified=NOW)), (b"1.dump", attrs(mode=DIRECTORY, modified=NOW))),
    "a byte and its text": ((b"\xff.dump", attrs(modified=NOW)), (b"\\xff.dump", attrs(modified=NOW))),
}


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("faces", FACES.values(), ids=FACES.keys())
def test_a_name_with_two_faces_is_none(
    hostile: HostileHost, faces: tuple[tuple[bytes, bytes], ...], turned: bool, pieces: int
):
    files = tuple(reversed(faces)) if turned else faces

    def directory(asked: int) -> hostile_sftp.Answer:
        told = files if pieces == 1 and not asked else files[asked : asked + 1] if pieces > 1 else ()
        return (NAME, named(*told)) if told else hostile_sftp.end()

    hostile.tell([Lie("faces", "directory", hostile_sftp.put("directory", directory))])

    with pytest.raises(CollectorError, match="twice"):
        listed(hostile)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"f 1 1 1 1 1:1 x", b"f 2 1 1 1 1:1 x"),
        (b"f 1 1 1 1 1:1 x", b"d 1 1 1 1 1:1 x"),
        (b"f 1 1 1 1 1:1 \xff", b"f 1 1 1 1 1:1 \\xff"),
    ],
)
def test_a_name_that_find_tells_twice_is_none(hostile: HostileHost, one: bytes, other: bytes):
    hostile.tell([Lie("twice", "find", hostile_sftp.find(one, other))])

    with pytest.raises(CollectorError, match="twice"):
        listed(hostile)


def test_a_byte_and_the_text_that_shows_it_are_no_one_name_on_a_disk(tmp_path: Path):
    (tmp_path / "src").mkdir()
    connection = LocalConnection("disk", root=str(tmp_path), deadline=20)
    for name in (b"\xff.dump", b"\\xfe.dump"):
        (tmp_path / "src" / name.decode("utf-8", "surrogateescape")).write_bytes(b"x")
    assert sorted(entry.name for entry in entries(connection)) == ["\\xfe.dump", "\\xff.dump"]

    (tmp_path / "src" / "\\xff.dump").write_bytes(b"x")
    with pytest.raises(CollectorError, match="twice"):
        entries(connection)
