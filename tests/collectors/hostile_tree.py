"""A host with several directories, whose SFTP server answers for each path of its own: lies about one spoil others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.collectors.hostile_sftp import (
    DIRECTORY,
    FILE,
    LSTAT,
    NAME,
    OPENDIR,
    READDIR,
    STATUS,
    Answer,
    Story,
    attrs,
    end,
    first,
    named,
    number,
    string,
)  # fmt: skip

HANDLE, ATTRS, REALPATH = 102, 105, 16
Tree = Mapping[bytes, Sequence[bytes]]
"""What lies in each directory, by its path; a path that is no key is a file."""


def no_such_file() -> Answer:
    return STATUS, number(2) + string(b"no such file") + string(b"")


class TreeStory(Story):
    """Tells a tree, each directory in one piece; ``lie`` answers instead, given what is asked, its path and when."""

    def __init__(self, tree: Tree, modified: int, *, modes: bool = True) -> None:
        super().__init__((), modified)
        self._tree = tree
        self._modes = modes
        self._asked: dict[bytes, int] = {}
        self.lie: Callable[[int, bytes, int], Answer | None] = lambda kind, path, times: None
        self.times: Callable[[bytes], int] = lambda path: modified

    def told(self, path: bytes, *, mode: bool = True) -> bytes:
        """Return the attributes of what lies at a path."""
        what = DIRECTORY if path in self._tree or path == b"/srv" else FILE
        return attrs(mode=what if mode else None, modified=self.times(path))

    def answer(self, kind: int, body: bytes, asked: Iterator[int]) -> Answer:
        if kind not in {LSTAT, OPENDIR, READDIR, REALPATH}:
            return super().answer(kind, body, asked)
        path = first(body).rstrip(b"/") or b"/"
        times = self._asked[path] = 0 if kind == OPENDIR else self._asked.get(path, -1) + 1
        if (answer := self.lie(kind, path, times)) is not None:
            return answer
        match kind:
            case 16:
                return NAME, named((path, attrs(mode=DIRECTORY)))
            case 7:
                return ATTRS, self.told(path)
            case 11:
                return HANDLE, string(path)
            case _:
                inside = self._tree[path] if times == 1 else ()
                files = [(name, self.told(path + b"/" + name, mode=self._modes)) for name in inside]
                return (NAME, named(*files)) if files else end()
