"""Whether backups still have the checksums that were kept beside them.

What is read is bounded, so a look checks a sample: the newest backup of each data set, then others in an order that
the day decides, so that anybody can say afterwards which were due, and every one has its turn.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from drcheck.core.model.evidence import Candidate, FactValue
from drcheck.interfaces import Collector, Entry, NotFound
from drcheck.readers.content import checksum_lists, checksum_names
from drcheck.readers.content.checksum_lists import Lacking, Matched, Names, StoredChecksum

CHUNK: Final = 4 << 20
"""Bytes that are held at a time."""
LARGEST_LIST: Final = 8 << 20
"""Bytes of a file with checksums; a larger one is not read."""

_MANIFEST: Final = "backup_manifest"
_MANIFEST_END: Final = re.compile(rb'\n"Manifest-Checksum": "([0-9a-f]{64})"\}\n?\Z')
_LONGEST_END: Final = 256


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
    """The files with checksums that were listed: each is read once, and held against the files that it may be of."""

    def __init__(
        self,
        collector: Collector,
        beside: Mapping[str, Entry],
        names: Iterable[str],
        wholes: Iterable[tuple[str, Sequence[str]]] = (),
    ) -> None:
        """``beside`` is what was listed and is no backup, ``names`` are all names that were listed.

        ``wholes`` are the backups of several files, by name, each with the names of all its files.
        """
        self._collector = collector
        self._beside = beside
        self._names = Names(names)
        self._wholes = [(name, files) for name, files in wholes if name.endswith("/")]
        self._above: dict[str, Sequence[str]] = {}
        self._within: dict[str, list[str]] = {}
        """File of a directory that is a backup to the lists of that directory which name it, as far as they were
        read."""
        self._matched: dict[str, Matched] = {}
        self._lacking: dict[str, Mapping[str, Sequence[Lacking]]] = {}
        """List to what it names that is lacking, by the backup that it would be a file of."""

    @cached_property
    def _of_one(self) -> Mapping[str, Sequence[str]]:
        """Name to the files with checksums that bear it, the strongest first."""
        return _grouped(self._beside, checksum_names.of_one, checksum_names.about)

    @cached_property
    def _of_several(self) -> Mapping[str, Sequence[str]]:
        """Directory to the lists in it that are named as those of several files, the strongest first."""
        return _grouped(self._beside, checksum_names.of_several, lambda name: name.rpartition("/")[0])

    @cached_property
    def _whole_of(self) -> Mapping[str, tuple[str, Names]]:
        """Name to the directory that is the backup which a list of checksums lies in or is named after."""
        found: dict[str, tuple[str, Names]] = {}
        for whole, files in self._wholes:
            its = whole, Names(files)
            found |= dict.fromkeys(self._of_one.get(whole[:-1], ()), its)
            found |= dict.fromkeys(filter(checksum_names.holds_checksums, files), its)
        return found

    def of(self, name: str, marker: str = "") -> list[str]:
        """Return the listed files that may hold the checksum of ``name``, the best first.

        ``marker`` is the name of what marks it as complete, or empty.
        """
        name = name.rstrip("/")
        directory, slash, last = name.rpartition("/")
        stem = directory + slash + (last.rpartition(".")[0] or last)
        its_own = [*self._of_one.get(name, ()), *self._of_one.get(stem, ())]
        if marker in self._beside and checksum_names.holds_checksums(marker):
            its_own.append(marker)
        return list(dict.fromkeys((*its_own, *self._within.get(name, ()), *self._at_or_above(directory))))

    def of_whole(self, name: str, files: Sequence[str], marker: str) -> list[str]:
        """Return the listed files that may hold checksums of the files of a backup of several."""
        within = sorted(filter(checksum_names.holds_checksums, files), key=checksum_names.rank)
        return list(dict.fromkeys((*within, *self.of(name, marker))))

    def _at_or_above(self, directory: str) -> Sequence[str]:
        if directory not in self._above:
            above = self._at_or_above(directory.rpartition("/")[0]) if directory else ()
            self._above[directory] = (*self._of_several.get(directory, ()), *above)
        return self._above[directory]

    def kept_for(self, candidate: Candidate, names: Sequence[str], marker: str = "") -> StoredChecksum | str:
        """Return the checksum of ``candidate`` in the first of ``names`` that has one, or why none has."""
        why = "no checksum is kept beside it"
        for name in names:
            try:
                matched = self._of(name)
            except NotFound:
                continue
            if matched is None:
                why = too_large(name)
                continue
            kept = matched.kept.get(candidate.name)
            if kept is None and name == marker and _last(name).startswith(f"{_last(candidate.name)}."):
                kept = matched.single
            if kept is not None:
                return kept
            why = f"{name} holds no checksum of it"
        return why

    def also_kept(self, kept: StoredChecksum) -> Sequence[str]:
        """Return of which files the same list holds checksums of the same algorithm."""
        matched = self._of(kept.file)
        return (
            [] if matched is None else [name for name, one in matched.kept.items() if one.algorithm == kept.algorithm]
        )

    def held(self, name: str, whole: str, whole_of: Callable[[str], str]) -> Matched | None:
        """Return what the list ``name`` holds, of what is lacking only the files of the backup ``whole``.

        ``whole_of`` tells of what backup of several files a name is. None: the list is too large to be read.
        """
        matched = self._of(name)
        if matched is None or self._whole_of.get(name, ("",))[0] == whole:
            return matched
        if name not in self._lacking:
            its = self._lacking[name] = defaultdict[str, list[Lacking]](list)
            for one in matched.lacking:
                its[whole_of(one.name)].append(one)
        return replace(matched, lacking=self._lacking[name].get(whole, ()))

    def again(self, candidate: Candidate, kept: StoredChecksum, marker: str = "") -> StoredChecksum | str:
        """Return the same as it stands there now."""
        self._matched.pop(kept.file)
        return self.kept_for(candidate, [kept.file], marker)

    def _of(self, name: str) -> Matched | None:
        """Return what a list holds; None: it is too large to be read."""
        if self._beside[name].size > LARGEST_LIST:
            return None
        if name not in self._matched:
            lines = checksum_lists.parse(self._collector.read(name, at_most=LARGEST_LIST))
            whole, names = self._whole_of.get(name, ("", self._names))
            self._matched[name] = matched = checksum_lists.match(name, lines, names, whole)
            for file in matched.kept if whole else ():
                if name not in (known := self._within.setdefault(file, [])):
                    known.append(name)
        return self._matched[name]


def _grouped(
    names: Iterable[str], fits: Callable[[str], bool], key: Callable[[str], str]
) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(filter(fits, names), key=checksum_names.rank):
        found.setdefault(key(name), []).append(name)
    return found


def too_large(name: str) -> str:
    """Return why nothing is known of what a list holds that is larger than :data:`LARGEST_LIST`."""
    return f"{name} is too large to hold checksums: larger than {LARGEST_LIST >> 20} MiB"


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def of_manifest(collector: Collector, candidate: Candidate) -> StoredChecksum | str:
    """Return the checksum that PostgreSQL's backup_manifest has of itself: over all but its last line.

    It vouches for the manifest, and for none of the files that it lists.
    """
    end = collector.read(candidate.name, offset=-_LONGEST_END, at_most=_LONGEST_END)
    found = _MANIFEST_END.search(end)
    if found is None:
        return "its manifest does not end with a checksum"
    return StoredChecksum("sha256", found[1].decode(), covers=candidate.size - len(end) + found.start() + 1)


def check(collector: Collector, candidate: Candidate, kept: StoredChecksum, *, begin: int) -> FactValue | None:
    """Read a backup and compare; None: it is not of the size any more that was listed, or went."""
    digests = {kept.algorithm: hashlib.new(kept.algorithm, usedforsecurity=False)}
    if kept.algorithm == "sha512":  # lists of b2sum look the same, and do not say what they are of
        digests["blake2b"] = hashlib.new("blake2b", usedforsecurity=False)
    covers = candidate.size if kept.covers is None else kept.covers
    read = 0
    try:
        while True:
            # One byte more than there should be shows that it has grown.
            asked = min(CHUNK, candidate.size + 1 - read)
            chunk = collector.read(candidate.name, offset=read, at_most=asked)
            for digest in digests.values():
                digest.update(chunk[: max(0, covers - read)])
            read += len(chunk)
            if len(chunk) < asked or read > candidate.size:
                break
    except NotFound:
        return None
    if read != candidate.size:
        return None
    found = {digest.hexdigest(): algorithm for algorithm, digest in digests.items()}
    if kept.digest in found:
        return FactValue(True, found[kept.digest], begin)
    if not found.keys().isdisjoint(kept.earlier):
        return FactValue(None, f"{kept.file} holds several checksums of it, and it has an earlier one", begin)
    return FactValue(False, f"{kept.algorithm} differs from the one kept beside it", begin)


def as_told(kept: StoredChecksum) -> str:
    """Return a digest as candidates have their checksum: MD5 as storages tell it, others after their algorithm."""
    return kept.digest if kept.algorithm == "md5" else f"{kept.algorithm}:{kept.digest}"


def is_of(kept: StoredChecksum, name: str) -> bool:
    """Return whether a checksum that differs was meant for ``name`` itself, as far as it says."""
    return not kept.other or _last(kept.other) == _last(name)
