"""Backups of several files: parts that differ only in their label, and directories that are one backup each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b, sha256
from typing import Final, NamedTuple

from drcheck.core.model.evidence import Pieces
from drcheck.core.names.matching import NameReading
from drcheck.interfaces import Entry

HOUR: Final = 3600
"""How old the newest file is, where no ``max_duration`` is stated, once no more are expected."""
_ALPHABET: Final = 26
_LONGEST_LETTERS: Final = 3
"""Letters of a label as ``split`` counts (aa, ab, …); longer ones are words, which have no order."""


UNTIL: Final = {
    "backup.manifest.copy": "backup.manifest",  # pgBackRest
    "backup_manifest.tmp": "backup_manifest",  # pg_basebackup
    "metadata.partial": "metadata",  # mydumper
    "xtrabackup_logfile": "xtrabackup_checkpoints",
}
"""What backup tools write into a directory from its beginning on, each with what they write there at its end."""


class Backup(NamedTuple):
    """One candidate: a file, or all the files that it consists of taken together."""

    named: NameReading
    entry: Entry
    """Its name, the sum of the sizes, and the times of the newest file."""
    files: tuple[Entry, ...]
    """In the order of their names within it."""
    parts: Mapping[str, int]
    """Label to bytes; empty: it has no parts."""
    in_pieces: bool

    def within(self) -> tuple[tuple[str, Entry], ...]:
        """Return its files, each with the name that tells it from the others, in their order."""
        return tuple((_relative(self.named, file.name), file) for file in self.files)

    def unfinished(self) -> str:
        """Return why its tool has not finished a directory, or gave it up; empty: nothing in it says so."""
        if not self.named.whole.endswith("/"):
            return ""
        names = {name for name, _ in self.within()}
        for begun, ended in UNTIL.items():
            if begun in names and ended not in names:
                return f"{begun} stands in it, and {ended}, which its tool writes at the end, does not"
        return ""

    def pieces(self, wanted: int | None, *, young: bool) -> Pieces | None:
        """Return what is kept of the files beside their sum; None: it is a single file."""
        if not self.in_pieces:
            return None
        # What is empty is no part, as no file that is empty is a backup: an upload that broke off leaves it.
        labels = in_order(label for label, size in self.parts.items() if size)
        empty = next((label for label in in_order(self.parts) if not self.parts[label]), "")
        return Pieces(
            _hashes(_relative(self.named, file.name) for file in self.files),
            wanted or self.named.parts,
            hole_in(labels) or empty,
            bool(labels) and (len(labels) == 1 or self.parts[labels[-1]] >= self.parts[labels[-2]]),
            young,
            len(labels),
        )


def assembled(rows: Iterable[tuple[NameReading, Entry]]) -> list[Backup]:
    """Return the backups that files are, or are pieces of."""
    found: list[Backup] = []
    together: dict[str, list[tuple[NameReading, Entry]]] = {}
    for named, entry in rows:
        if named.whole:
            together.setdefault(named.whole, []).append((named, entry))
        else:
            found.append(Backup(named, entry, (entry,), {}, in_pieces=False))
    return [*found, *(_together(name, its) for name, its in together.items())]


def _together(name: str, its: Sequence[tuple[NameReading, Entry]]) -> Backup:
    named = its[0][0]
    files = tuple(sorted((entry for _, entry in its), key=lambda file: (_relative(named, file.name), file.name)))
    parts: dict[str, int] = {}
    for each, entry in its:
        if each.part:
            parts[each.part] = parts.get(each.part, 0) + entry.size
    newest = max(files, key=lambda file: file.modified)
    whole = Entry(
        name,
        sum(file.size for file in files),
        max(file.arrived_lo for file in files),
        max(file.arrived_hi for file in files),
        newest.modified,
        _fingerprint(named, files),
        inode=_inode(files),
    )
    return Backup(named, whole, files, parts, in_pieces=True)


def _fingerprint(named: NameReading, files: Sequence[Entry]) -> str:
    """Return one over the sorted names, sizes and fingerprints; empty where the place does not tell one of each."""
    if not all(file.checksum for file in files):
        return ""
    digest = sha256()
    for file in files:
        for field in (_relative(named, file.name), str(file.size), file.checksum):
            data = field.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8) + data)
    return f"sha256-of-files:{digest.hexdigest()}"


def _inode(files: Sequence[Entry]) -> str:
    """Return which files they are, where each has names elsewhere; empty where one has not."""
    if not all(file.inode for file in files):
        return ""
    return sha256(" ".join(sorted(file.inode for file in files)).encode()).hexdigest()


def _relative(named: NameReading, name: str) -> str:
    """Return what tells a file from the others of its backup, without what tells the backup from others."""
    if named.whole.endswith("/"):
        return "/".join(name.split("/")[named.whole.count("/") - (1 if named.part else 0) :])
    return name[len(named.whole.partition("{part}")[0]) :].removesuffix(named.whole.partition("{part}")[2])


def _hashes(names: Iterable[str]) -> bytes:
    hashed = (blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).digest() for name in names)
    return b"".join(sorted(hashed))


def in_order(labels: Iterable[str]) -> list[str]:
    """Return the labels of parts in their order: numbers by their value, ``b`` before ``aa``."""
    return sorted(labels, key=lambda label: (int(label), label) if label.isdecimal() else (len(label), label))


def hole_in(labels: Sequence[str]) -> str:
    """Return the first label that is missing in the order of ``labels``; empty: none is, or they have no order.

    Numbers begin with 0 or 1, letters of one length as ``split`` counts them with ``aa``; words have no order.
    """
    if not labels:
        return ""
    if all(label.isdecimal() for label in labels):
        width = len(labels[0]) if len({len(label) for label in labels}) == 1 else 0
        expected = min(int(labels[0]), 1)
        for label in labels:
            if int(label) > expected:
                return f"{expected:0{width}d}"
            expected = int(label) + 1
        return ""
    lower = [label.lower() for label in labels]
    width = len(lower[0])
    counted = all(label.isascii() and label.isalpha() and len(label) == width for label in lower)
    if not counted or width > _LONGEST_LETTERS or lower[0][:-1].strip("a"):
        return ""
    for place, label in enumerate(lower):
        if _number(label) > place:
            return _letters(place, width)
    return ""


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * _ALPHABET + ord(letter) - ord("a")
    return number


def _letters(number: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        number, letter = divmod(number, _ALPHABET)
        letters = chr(ord("a") + letter) + letters
    return letters
