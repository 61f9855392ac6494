"""Whether backups still have the checksums that were kept beside them.

What is read is bounded, so a look checks a sample: the newest backup of each data set, then others in an order that
the day decides, so that anybody can say afterwards which were due, and every one has its turn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from drcheck.core.model.evidence import Candidate, Told
from drcheck.interfaces import Collector, Entry, NotFound
from drcheck.readers.content import checksum_names
from drcheck.readers.content.checksum_names import ALGORITHMS

CHUNK: Final = 4 << 20
"""Bytes that are held at a time."""
LARGEST_LIST: Final = 8 << 20
"""Bytes of a file with checksums; a larger one is not read."""

_LINE: Final = re.compile(r"(\\?)([0-9A-Fa-f]{32,128})(?: [ *]?(\S.*)|\s*)")
"""As GNU coreutils writes it: a backslash says that the name is escaped, an asterisk that it was read as binary."""
_BSD: Final = re.compile(r"(\\?)(SHA512|SHA256|SHA1|MD5) ?\((.+)\) ?= ?([0-9A-Fa-f]{32,128})")
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_STDIN: Final = "-"
_MANIFEST: Final = "backup_manifest"
_MANIFEST_END: Final = re.compile(rb'\n"Manifest-Checksum": "([0-9a-f]{64})"\}\n?\Z')
_LONGEST_END: Final = 256


class Kept(NamedTuple):
    """A checksum that was kept beside a backup."""

    algorithm: str
    digest: str
    """Lower case."""
    whose: str
    """The name that stands with it; empty: none."""
    covers: int | None = None
    """How many bytes from the beginning it is of; None: all."""
    file: str = ""
    """The file that holds it."""


def side_cars(name: str, marker: str, beside: Mapping[str, Entry], own: Sequence[str] = ()) -> list[str]:
    """Return the names of the listed files that may hold the checksum of ``name``, the best first.

    ``marker`` is the name that marks it as complete, or empty; ``beside`` is what was listed and is no backup, and
    ``own`` are the lists in the directory that is the backup which ``name`` is a file of.
    """
    name = name.rstrip("/")
    names = list(checksum_names.beside(name))
    if checksum_names.holds_checksums(marker):
        names.append(marker)
    names += own
    directory = name
    while directory:
        directory = directory.rpartition("/")[0]
        names += checksum_names.above(directory)
    return [one for one in dict.fromkeys(names) if one in beside]


def is_manifest(candidate: Candidate) -> bool:
    """Return whether a backup is told by PostgreSQL's manifest, which holds its own checksum."""
    return _last(candidate.name) == _MANIFEST


def in_order(candidates: Iterable[Candidate], *, begin: int, min_size: int) -> list[Candidate]:
    """Return what to check first: the newest of each data set that can count, then the rest as the day decides."""
    left = sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True)
    newest: dict[str, Candidate] = {}
    for one in left:
        if one.size >= min_size:
            newest.setdefault(one.of, one)
    first = set(newest.values())
    day = datetime.fromtimestamp(begin, UTC).date().isoformat()
    return [*newest.values(), *sorted((one for one in left if one not in first), key=lambda one: _turn(one.name, day))]


def _turn(name: str, day: str) -> bytes:
    return hashlib.sha256(f"{name}{day}".encode("utf-8", "surrogatepass")).digest()


class Lists:
    """Reads files with checksums, each once."""

    def __init__(self, collector: Collector, beside: Mapping[str, Entry]) -> None:
        self._collector = collector
        self._beside = beside
        self._read: dict[str, Mapping[str, Sequence[Kept]]] = {}

    def kept_for(self, candidate: Candidate, names: Sequence[str]) -> Kept | str:
        """Return the checksum of ``candidate`` in the first of ``names`` that has one, or why none has."""
        why = "no checksum is kept beside it"
        for name in names:
            if self._beside[name].size > LARGEST_LIST:
                why = f"{name} is too large to hold checksums"
                continue
            try:
                kept = self._of(name)
            except NotFound:
                continue
            directory = name.rpartition("/")[0]
            found = [one for one in kept.get(_last(candidate.name), ()) if _names(one, candidate.name, directory)]
            if not found and _last(name).startswith(f"{_last(candidate.name)}.") and len(kept) == 1:
                (found,) = map(list, kept.values())  # a name from before it was moved, or none
            if len({one[:2] for one in found}) == 1:
                return found[0]._replace(file=name)
            why = f"{name} holds {'several checksums' if found else 'no checksum'} of it"
        return why

    def missing(self, files: Collection[str], name: str, whole_of: Callable[[str], str], whole: str) -> str:
        """Return the first file of a backup that the list ``name`` names and that is not there; empty: none is.

        ``files`` are those of the backup ``whole``, and ``whole_of`` tells of what backup a name is. Paths may be
        written as they were where the list was made, in another directory: what ends alike is taken for the same.
        """
        if self._beside[name].size > LARGEST_LIST:
            return ""
        directory = name.rpartition("/")[0]
        above = f"{directory}/" if directory else ""
        below = [file.removeprefix(above) for file in files]
        kept = [one for its in self._of(name).values() for one in its]
        for whose in (one.whose.replace("\\", "/").removeprefix("./") for one in kept):
            if whose in {"", _STDIN} or any(_end_alike(whose, file) for file in below):
                continue
            if len(kept) == 1 and any(_last(name).startswith(f"{_last(file)}.") for file in files):
                continue  # a name from before it was moved
            if name in files or whole_of(above + whose) == whole:
                return whose
        return ""

    def again(self, candidate: Candidate, names: Sequence[str]) -> Kept | str:
        """Return the same as it stands there now."""
        self._read.clear()
        return self.kept_for(candidate, names)

    def _of(self, name: str) -> Mapping[str, Sequence[Kept]]:
        """Return what a file holds, by the last part of the names in it."""
        if name not in self._read:
            found: dict[str, list[Kept]] = {}
            for one in parse(self._collector.read(name, at_most=LARGEST_LIST)):
                found.setdefault(_last(one.whose), []).append(one)
            self._read[name] = found
        return self._read[name]


def _end_alike(one: str, other: str) -> bool:
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _names(kept: Kept, name: str, directory: str) -> bool:
    """Return whether a checksum in a file in ``directory`` is of ``name``: sums are taken from there, or from above."""
    whose = kept.whose.removeprefix("./")
    below = name.removeprefix(f"{directory}/") if directory else name
    return whose in {below, name} or below == _last(name)


def parse(content: bytes) -> list[Kept]:
    """Return the checksums in a file as sha256sum and its kin write it, with or without names, or in BSD's form.

    Lines of any other form are left out: such a file may hold comments or a signature.
    """
    text = content.decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    kept = []
    for line in re.split(r"\r?\n", text):
        if (bsd := _BSD.fullmatch(line)) is not None:
            escaped, algorithm, whose, digest = bsd.groups()
        elif (plain := _LINE.fullmatch(line)) is not None:
            escaped, digest, whose = plain.groups()
            algorithm = ""
        else:
            continue
        told = next((name for name, digits in ALGORITHMS.items() if digits == len(digest)), None)
        if told is not None and algorithm.lower() in {"", told}:
            kept.append(Kept(told, digest.lower(), _unescaped(whose or "", escaped)))
    return kept


def _unescaped(name: str, escaped: str) -> str:
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name) if escaped else name


def of_manifest(collector: Collector, candidate: Candidate) -> Kept | str:
    """Return the checksum that PostgreSQL's backup_manifest has of itself: over all but its last line.

    It vouches for the manifest, and for none of the files that it lists.
    """
    end = collector.read(candidate.name, offset=-_LONGEST_END, at_most=_LONGEST_END)
    found = _MANIFEST_END.search(end)
    if found is None:
        return "its manifest does not end with a checksum"
    return Kept("sha256", found[1].decode(), "", candidate.size - len(end) + found.start() + 1)


def check(collector: Collector, candidate: Candidate, kept: Kept, *, begin: int) -> Told | None:
    """Read a backup and compare; None: it is not of the size any more that was listed, or went."""
    digest = hashlib.new(kept.algorithm, usedforsecurity=False)
    covers = candidate.size if kept.covers is None else kept.covers
    read = 0
    try:
        while True:
            # One byte more than there should be shows that it has grown.
            asked = min(CHUNK, candidate.size + 1 - read)
            chunk = collector.read(candidate.name, offset=read, at_most=asked)
            digest.update(chunk[: max(0, covers - read)])
            read += len(chunk)
            if len(chunk) < asked or read > candidate.size:
                break
    except NotFound:
        return None
    if read != candidate.size:
        return None
    if digest.hexdigest() == kept.digest:
        return Told(True, kept.algorithm, begin)
    return Told(False, f"{kept.algorithm} differs from the one kept beside it", begin)


def as_told(kept: Kept) -> str:
    """Return a digest as candidates have their checksum: MD5 as storages tell it, others after their algorithm."""
    return kept.digest if kept.algorithm == "md5" else f"{kept.algorithm}:{kept.digest}"


def is_of(kept: Kept, name: str) -> bool:
    """Return whether a checksum that differs was meant for ``name`` itself, as far as it says."""
    return kept.whose in {"", _STDIN} or _last(kept.whose) == _last(name)
