"""What stands in a file with checksums, and which files each of its lines is of.

Such a list may have been made in another directory than the one that it lies in now. What its names begin with there is
found once for the whole list; then names are compared exactly, so that a file which is gone is not taken for another
one of the same last name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.readers.content import checksum_names
from drcheck.readers.content.checksum_names import ALGORITHMS

_GNU: Final = re.compile(r"(\\?)([0-9A-Fa-f]{32,128})(?: [ *]?(\S.*)|\s+(\S.*)|\s*)", re.DOTALL)
"""As coreutils write it: a backslash says that the name is escaped, an asterisk that it was read as binary."""
_BSD: Final = re.compile(
    r"(\\?)(SHA(?:2-)?512|SHA(?:2-)?256|SHA1|MD5|) ?\((.+)\) ?= ?([0-9A-Fa-f]{32,128})\s*", re.DOTALL | re.IGNORECASE
)
"""As BSD's tools, ``sha256sum --tag`` and ``openssl dgst`` do."""
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_CERTUTIL: Final = re.compile(r"(MD5|SHA1|SHA256|SHA512) hash of (?:file )?(\S.*):", re.IGNORECASE)
"""What stands in the line before a digest that ``certutil -hashfile`` wrote."""
_TABLE: Final = re.compile(r"(MD5|SHA1|SHA256|SHA512)\s+([0-9A-Fa-f]{32,128})\s+(\S.*?)\s*", re.IGNORECASE)
"""As PowerShell's ``Get-FileHash`` does in a table; what did not fit ends in dots."""
_FIELD: Final = re.compile(r"(Algorithm|Hash|Path)\s*: (.*)")
"""As it does in a list."""
_NAMELESS: Final = frozenset({"-", "stdin"})
"""What stands where a name would, of what was read from a pipe: as coreutils, and as openssl write it."""
_FIELDS: Final = ("Algorithm", "Hash", "Path")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""What a list that PowerShell wrote begins with."""
_LONGEST_LINE: Final = 8192
"""Bytes of a line that is read: a path has 4,096 at most."""
_OF_NOTHING: Final = frozenset(hashlib.new(name, usedforsecurity=False).hexdigest() for name in ALGORITHMS)


class ListLine(NamedTuple):
    """One line of a list."""

    algorithm: str
    digest: str
    """Lower case."""
    whose: str
    """The name that stands with it, as collectors give names; empty: none."""
    readable: bool = True
    """Whether that name is UTF-8: another encoding of a name that is there may look like this."""
    tagged: bool = False
    """Whether the line says the algorithm; else its digits do, which others have as well."""


class StoredChecksum(NamedTuple):
    """A checksum that was kept beside a backup."""

    algorithm: str
    digest: str
    """Lower case."""
    earlier: tuple[str, ...] = ()
    """Others that the same list has of it further up."""
    other: str = ""
    """The name that stands with it, where that is another one: of before the file was moved, perhaps."""
    covers: int | None = None
    """How many bytes from the beginning it is of; None: all."""
    file: str = ""
    """The file that holds it."""
    stated: bool = True
    """Whether the line or the name of the file says the algorithm; else it may be of another one, as b3sum's are."""


class Lacking(NamedTuple):
    """A file that a list names and that was not listed."""

    name: str
    """Empty: where it would lie is not known."""
    written: str
    """The name as it stands in the list."""
    doubt: str = ""
    """Why it may be there all the same."""


class Matched(Struct, frozen=True):
    """A list, held against the files that are there."""

    kept: Mapping[str, StoredChecksum]
    """File to its checksum."""
    lacking: Sequence[Lacking] = ()
    single: StoredChecksum | None = None
    """The only checksum in the list, where that is of no file that was listed."""


class Names:
    """The names of files that lists may be of."""

    def __init__(self, names: Iterable[str]) -> None:
        self._given = names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._given)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def before(self, path: str) -> Sequence[str]:
        """Return what stands before ``path`` in the names that end with it, whole parts of names each."""
        return self._ends.get(path, ())

    def alike(self, name: str) -> str:
        """Return a name that differs from ``name`` only in how it is written as text; empty: there is none."""
        return self._folded.get(_folded(name), "")

    def begins(self, stem: str) -> bool:
        """Return whether a name is ``stem``, alone or with extensions."""
        return stem in self._stems

    @cached_property
    def _stems(self) -> frozenset[str]:
        stems = set(self._names)
        for name in self._names:
            if not checksum_names.holds_checksums(name):
                stems.update(name[: found.start()] for found in re.finditer(r"\.(?=[^/]*$)", name))
        return frozenset(stems)

    @cached_property
    def _ends(self) -> Mapping[str, Sequence[str]]:
        ends: dict[str, list[str]] = {}
        for name in sorted(self._names):
            for at in _starts(name):
                ends.setdefault(name[at:], []).append(name[:at])
        return ends

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {_folded(name): name for name in sorted(self._names, reverse=True)}


def parse(content: bytes) -> list[ListLine]:
    """Return the checksums in a file as sha256sum and its kin write it, with or without names, BSD's tools or Windows'.

    Lines of any other form, or too long for a name that there is, are left out: such a file may hold comments or a
    signature.
    """
    if content.startswith(_UTF_16):
        content = content.decode("utf-16", "replace").encode()
    lines = []
    above, fields = "", dict[str, str]()
    for line in re.split(rb"[\n\0]", content.removeprefix(b"\xef\xbb\xbf")):
        if len(raw := line.rstrip(b"\r")) > _LONGEST_LINE:
            continue
        before, text = above, raw.decode("utf-8", "backslashreplace")
        above = text
        if (field := _FIELD.fullmatch(text)) is not None:
            fields[field[1]] = field[2].strip()
            if len(fields) < len(_FIELDS):
                continue
            text = "  ".join(fields[each] for each in _FIELDS)
            fields.clear()
        if (titled := _CERTUTIL.fullmatch(before.rstrip())) is not None:
            # Older ones part the bytes with blanks.
            text = f"{titled[1]}  {text.replace(' ', '')}  {titled[2]}"
        if (table := _TABLE.fullmatch(text)) is not None:
            tagged, digest, whose = table.groups()
            escaped, whose = "", "" if whose.endswith(("...", "\u2026")) else whose
        elif (bsd := _BSD.fullmatch(text)) is not None:
            escaped, tagged, whose, digest = bsd.groups()
        elif (gnu := _GNU.fullmatch(text)) is not None:
            escaped, digest, usual, indented = gnu.groups()
            tagged, whose = "", usual or indented or ""
        else:
            continue
        algorithm = next((name for name, digits in ALGORITHMS.items() if digits == len(digest)), None)
        if algorithm is not None and tagged.lower().replace("sha2-", "sha") in {"", algorithm}:
            if escaped:
                whose = re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], whose)
            whose = "" if whose in _NAMELESS else whose
            lines.append(ListLine(algorithm, digest.lower(), whose, _is_text(raw), tagged=bool(tagged)))
    return lines


def match(name: str, lines: Sequence[ListLine], names: Names, whole: str = "") -> Matched:
    """Return which of ``names`` the lines of the list ``name`` are of, and what they name that is not there.

    ``whole`` is the directory that is the backup which the list is of, and whose files ``names`` are; empty: the list
    may be of any.
    """
    found = _match(name, lines, names, whole)
    spelled = [line.whose for line in lines]
    if any("\\" in whose for whose in spelled) and not any("/" in whose for whose in spelled):
        slashed = [line._replace(whose=line.whose.replace("\\", "/")) for line in lines]
        return max(found, _match(name, slashed, names, whole), key=lambda one: len(one.kept))
    return found


def _match(name: str, lines: Sequence[ListLine], names: Names, whole: str) -> Matched:
    of_path: dict[str, list[ListLine]] = {}
    for line in lines:
        of_path.setdefault(_plain(line.whose), []).append(line)
    prefix = _prefix([path for path in of_path if path], name, names, whole)
    kept: dict[str, StoredChecksum] = {}
    rest: list[tuple[str, str]] = []
    for path, its in of_path.items():
        full = prefix.of(path) if path else ""
        if full in names and full not in kept:
            kept[full] = _strongest(its, name)
        elif path:
            rest.append((path, full))
    left: list[tuple[str, str]] = []
    for path, full in rest:
        if full and (alike := names.alike(full)) and alike not in kept:
            kept[alike] = _strongest(of_path[path], name)
        else:
            left.append((path, full))
    if len(of_path) == 1 and not kept:
        ((path, its),) = of_path.items()
        single = _strongest(its, name)._replace(other=path)
        if owner := checksum_names.owner(name, names):
            return Matched({owner: single})
        about = checksum_names.about(name)
        if not path and _is_within(name, whole) and about != name and not names.begins(about):
            return Matched({}, [Lacking(about, about, "that tells only the name of the list")], single)
        return Matched({}, _lacking(left, of_path, name, whole, nothing_fits=True), single)
    return Matched(kept, _lacking(left, of_path, name, whole, nothing_fits=not kept))


def _lacking(
    left: Iterable[tuple[str, str]],
    of_path: Mapping[str, Sequence[ListLine]],
    name: str,
    whole: str,
    *,
    nothing_fits: bool,
) -> list[Lacking]:
    """Return the files that belong to what the list is of; ``left`` are paths, and where they would lie."""
    lacking = []
    # A list that fits nothing in the directory that it lies in, or is named after, is of it all the same, wherever that
    # was; but one name beside it may be that of an archive.
    within = _is_within(name, whole)
    strayed = nothing_fits and bool(whole) and (within or len(of_path) > 1)
    for path, full in left:
        lines = of_path[path]
        belongs = (full and full.startswith(whole)) or (strayed and (path.startswith("/") or not within))
        empty = all(line.digest in _OF_NOTHING for line in lines)
        if belongs and not checksum_names.is_no_content(path, name, empty=empty):
            doubt = (
                "" if all(line.readable for line in lines) else "that name is not UTF-8, and may be written otherwise"
            )
            lacking.append(Lacking(full, lines[0].whose, doubt))
    return lacking


class _Prefix(NamedTuple):
    """How the paths of a list become names."""

    strip: str
    put: str

    def of(self, path: str) -> str:
        """Return the name that a path means; empty: it lies elsewhere."""
        rest = path.removeprefix(self.strip)
        full = "/" if rest.startswith("/") else _plain(self.put + rest)
        return "" if full.startswith(("/", "../")) or full == ".." else full


def _prefix(paths: Sequence[str], name: str, names: Names, whole: str) -> _Prefix:
    """Return how most of the paths are names that are there: as they stand, where that is so of most."""
    directory = name[: name.rfind("/") + 1]
    here = _Prefix("", directory)
    if sum(here.of(path) in names for path in paths) * 2 > len(paths):
        return here
    bases = [directory[:at] for at in _starts(directory)]
    if whole and not _is_within(name, whole):
        bases.append(whole)
    votes: Counter[_Prefix] = Counter()
    for path in paths:
        fitting = {_Prefix(path[:at], base) for at in _starts(path) for base in bases if base + path[at:] in names}
        if whole:
            fitting.update(_Prefix("", put) for put in names.before(path))
        if here.of(path) in names:
            fitting.add(here)
        votes.update(fitting)
    return max(votes, key=lambda one: (votes[one], one == here, -len(one.strip), one), default=here)


def _starts(path: str) -> Iterator[int]:
    """Yield where parts of a path begin, and its end if it ends with a slash."""
    yield 0
    for found in re.finditer("/", path):
        yield found.end()


def _is_within(name: str, whole: str) -> bool:
    return bool(whole) and name.startswith(whole)


def _plain(path: str) -> str:
    """Return a path without what changes nothing in it, and without ``..`` but at its beginning."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _strongest(lines: Sequence[ListLine], file: str) -> StoredChecksum:
    """Return the checksum that lines about one file tell: the last one of the strongest algorithm."""
    algorithm = min((line.algorithm for line in lines), key=list(ALGORITHMS).index)
    its = [line for line in reversed(lines) if line.algorithm == algorithm]
    digests = list(dict.fromkeys(line.digest for line in its))
    stated = any(line.tagged for line in its) or checksum_names.algorithm(file) == algorithm
    return StoredChecksum(algorithm, digests[0], tuple(digests[1:]), file=file, stated=stated)


def _folded(name: str) -> str:
    """Return a name as it is compared where it is not there as written: accents in one form, blanks left out."""
    return "/".join(part.strip(" \t*") for part in unicodedata.normalize("NFC", name).split("/"))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
