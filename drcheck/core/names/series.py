"""From a listing to series of backups: which names differ in their instants alone, and which services that makes.

Nothing is known beforehand: neither where services lie, nor how their backups are called. Names of one shape, which
differ in digits alone, are read as one, so that a large listing costs little more than its shapes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck.core.names.matching import Matcher
from drcheck.core.names.proposing import Field, fields_of, literals_of, matcher, may_be_backup, of_group

SETS_OF_ONE: Final = 8
"""Up to so many series alike in a directory of its own are data sets of one service; more are a service each."""
READ_AT_MOST: Final = 1_000_000
"""Characters of names that are read closely, which takes some seconds; further shapes of names are left aside."""
SERIES_AT_MOST: Final = 10_000
"""Series in one listing; what further ones hold is left aside."""
_SAMPLE: Final = 5
"""Names of one shape that are read closely."""
_SHOWN_TO_TEMPLATES: Final = 200
"""Names that a template is made of; all others are read by it."""
_MARKER_SIZE: Final = 65536
"""Bytes; what is called like another name with an ending, and is larger, is no marker of it."""
_ENDINGS: Final = (".sha256", ".sha512", ".sha1", ".md5", ".ok", ".done", ".complete", ".success", ".manifest", ".json")
"""What markers end with, those first that prove most."""
_MANIFESTS: Final = (
    "backup.manifest", "backup_manifest", "backup_label", "backup.info", "metadata", "metadata.json", "toc.dat",
    "xtrabackup_info", "xtrabackup_checkpoints", "velero-backup.json", "MANIFEST", "_SUCCESS", "COMPLETE", "DONE",
)  # fmt: skip
"""Files that stand in a directory which is a backup as a whole."""
_IDS: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?![0-9]+(?![0-9a-f]))[0-9a-f]{12,})(?![0-9A-Za-z])"
)


_DIGITS: Final = str.maketrans("123456789", "000000000")


class ListedThing(NamedTuple):
    """One thing in a listing."""

    name: str
    size: int
    at: int
    """When it was written, as the place tells it."""


class SeriesPoint(NamedTuple):
    """One backup of a series, with all its files."""

    data_lo: int
    data_hi: int
    size: int
    name: str
    kind: str = ""


class Series(Struct, frozen=True):
    """Backups of one service."""

    directory: str
    """Below the place that was listed, with a slash at its end; empty: that place itself."""
    label: str
    """What tells it from other series there, not yet safe as a name; empty: the directory is its own."""
    template: str
    """How names below the directory are made."""
    points: Mapping[str, Sequence[SeriesPoint]]
    """Data set to its backups, oldest first."""
    sets: tuple[str, ...] = ()
    """The data sets that the names tell; empty: they tell none."""
    marker: str = ""
    """What stands beside its backups, as ``complete_when`` has it; empty: nothing."""
    beside: int = 0
    """How many of the newest backups have it beside them."""
    looked_at: int = 0
    """How many were looked at for it."""
    alternatives: int = 0
    """How many other series lie in its directory."""


class Grouped(NamedTuple):
    """What a listing comes to."""

    series: tuple[Series, ...]
    unread: tuple[ListedThing, ...]
    """What tells no instant, or was left aside, the largest first; markers, side-cars and hidden names are not among
    it."""


class _Read(NamedTuple):
    """A name with its fields, and the directory that tells its last instant; where none does, all of the name."""

    name: str
    fields: tuple[Field, ...]
    stem: str
    of_stem: tuple[Field, ...]


class _Unit(NamedTuple):
    """A file, or a directory that is one backup."""

    name: str
    fields: tuple[Field, ...]
    files: list[str]

    @property
    def forms(self) -> tuple[str, ...]:
        return (*(field.text for field in self.fields), self.name[-1:] if self.name.endswith("/") else "")

    @property
    def instant(self) -> tuple[str, ...]:
        return tuple(self.name[field.start : field.end] for field in self.fields if field.is_instant)


def series(listing: Iterable[ListedThing]) -> Grouped:
    """Return the series in a listing, in the order of their directories and labels."""
    seen = {one.name: one for one in listing}
    stems: dict[str, int] = defaultdict(int)
    for one in seen.values():
        stem = one.name.rpartition(".")[0]
        stems[stem] = max(stems[stem], one.size)
    names = [one.name for one in seen.values() if may_be_backup(one.name) and not _is_marker(one, seen, stems)]
    units, unread = _units(names)
    found: list[Series] = []
    for directory, those in _by_directory(units):
        for label, group in _split(directory, those):
            if len(found) == SERIES_AT_MOST:
                unread += (file for unit in group for file in unit.files)
                continue
            made, left = _made(directory, label, group, seen)
            unread += left
            if made is not None:
                found.append(made)
    several = Counter(one.directory for one in found)
    found = [_among(one, several[one.directory] - 1) for one in found]
    largest = sorted((seen[name] for name in unread), key=lambda one: (-one.size, one.name))
    return Grouped(tuple(sorted(found, key=lambda one: (one.directory, one.label))), tuple(largest))


def _among(one: Series, others: int) -> Series:
    if not others:
        return one
    return Series(
        one.directory, one.label or _label(one.template), one.template, one.points, one.sets, one.marker, one.beside,
        one.looked_at, others,
    )  # fmt: skip


def _is_marker(one: ListedThing, seen: Mapping[str, ListedThing], stems: Mapping[str, int]) -> bool:
    """Return whether something small is called like another name that is larger, but for its ending.

    ``stems``: names without their ending, to the size of the largest that is called so.
    """
    stem = one.name.rpartition(".")[0]
    if one.size > _MARKER_SIZE:
        return False
    if (other := seen.get(stem)) is not None:
        return one.size < max(other.size, 2)
    return one.name.endswith(_ENDINGS) and one.size < stems[stem]


def _units(names: Sequence[str]) -> tuple[list[_Unit], list[str]]:
    """Return what may be backups, and the names that tell no instant."""
    shapes: dict[str, list[str]] = defaultdict(list)
    for name in names:
        shapes[_shape(name)].append(name)
    left, unread = READ_AT_MOST, []
    stems: dict[tuple[str, ...], list[_Read]] = defaultdict(list)
    for its in sorted(shapes.values(), key=lambda each: (-len(each), each[0])):
        for fields, group in _read(its) if left > 0 else [((), its)]:
            if not fields:
                unread += group
            for name in group if fields else ():
                stem, of_stem = _stem(name, fields)
                literals = literals_of(stem, of_stem)
                stems[*(field.text for field in of_stem), *literals].append(_Read(name, fields, stem, of_stem))
        left -= len(its[0]) * min(len(its), _SAMPLE)
    units: list[_Unit] = []
    for those in stems.values():
        if _are_directories(those):
            whole: dict[str, _Unit] = {}
            for one in those:
                whole.setdefault(one.stem, _Unit(one.stem, one.of_stem, [])).files.append(one.name)
            units += whole.values()
        else:
            units += [_Unit(one.name, one.fields, [one.name]) for one in those]
    return units, unread


def _shape(name: str) -> str:
    """Return a text of the same length that names share which differ in digits, or ids, alone."""
    return _IDS.sub(lambda found: "x" * len(found[0]), name).translate(_DIGITS)


def _read(names: Sequence[str]) -> Iterator[tuple[tuple[Field, ...], list[str]]]:
    """Yield the fields that names of one shape have at the same places, with those names; none: no instant is there."""
    rest = list(names)
    for _ in range(_SAMPLE):
        if not rest:
            return
        sample = rest[:: max(1, len(rest) // _SAMPLE)][:_SAMPLE]
        read = Counter(tuple(fields_of(name)) for name in sample)
        read.pop((), 0)
        fitting = [
            (fields, [name for name in rest if all(field.fits(name[field.start : field.end]) for field in fields)])
            for fields, _ in read.most_common()
        ]
        if not fitting:
            break
        fields, group = max(fitting, key=lambda each: len(each[1]))
        yield fields, group
        taken = set(group)
        rest = [name for name in rest if name not in taken]
    if rest:
        yield (), rest


def _stem(name: str, fields: Sequence[Field]) -> tuple[str, tuple[Field, ...]]:
    """Return the directory that tells the last instant, with the fields in it; else the name with all of them."""
    last = max(field.end for field in fields if field.is_instant)
    slash = name.find("/", last)
    if slash < 0:
        return name, tuple(fields)
    return name[: slash + 1], tuple(field for field in fields if field.end <= slash)


def _are_directories(those: Sequence[_Read]) -> bool:
    """Return whether directories that tell an instant are backups as a whole: they hold directories, or a manifest."""
    if not those[0].stem.endswith("/"):
        return False
    several = len({one.stem for one in those}) < len(those)
    rests = {one.name[len(one.stem) :] for one in those}
    return (several and any("/" in rest for rest in rests)) or not rests.isdisjoint(_MANIFESTS)


def _by_directory(units: Iterable[_Unit]) -> Iterator[tuple[str, list[_Unit]]]:
    """Yield units with the same fields by the directory that all before the first field lies in."""
    directories: dict[str, dict[tuple[str, ...], list[_Unit]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        directory = unit.name[: unit.name.rfind("/", 0, unit.fields[0].start) + 1]
        directories[directory][unit.forms].append(unit)
    for directory, groups in sorted(directories.items()):
        largest, *others = sorted(groups.values(), key=len, reverse=True)
        if _changes(len({literals_of(unit.name, unit.fields)[-1] for unit in largest}), len(largest)):
            # An id behind the date may look like a time of day: it is none where it mostly does not.
            for other in others:
                again = [_again(unit, largest[0].fields) for unit in other]
                alike = [unit for unit in again if unit is not None]
                if len(alike) == len(other) and 2 * len(other) < len(largest):
                    largest += alike
                    other.clear()
        yield from ((directory, group) for group in (largest, *others) if group)


def _again(unit: _Unit, fields: Sequence[Field]) -> _Unit | None:
    """Return a unit as it is read by the fields of another one; None: it is not."""
    if len(unit.fields) != len(fields):
        return None
    read = [other.begins(unit.name, field.start) for field, other in zip(unit.fields, fields, strict=True)]
    these = tuple(field for field in read if field is not None)
    return _Unit(unit.name, these, unit.files) if len(these) == len(fields) else None


def _split(directory: str, units: Sequence[_Unit]) -> Iterator[tuple[str, list[_Unit]]]:
    """Yield the series among units with the same fields in one directory, each with its label.

    What changes with every backup is an id, and no service. Of the rest, a few names in a directory of its own are data
    sets of one service; many, or those of the place itself, are a service each.
    """
    by_text: dict[tuple[str, ...], list[_Unit]] = defaultdict(list)
    for unit in units:
        by_text[*literals_of(unit.name[len(directory) :], _below(unit, directory))].append(unit)
    instants = len({unit.instant for unit in units})
    # In a first night all names differ, and yet each is a service.
    ids = _changes(len(by_text), len(units)) and instants > 2  # noqa: PLR2004
    if len(by_text) > 1 and (ids or (directory and len(by_text) <= SETS_OF_ONE)):
        proposal = of_group(*_shown(directory, units))
        sets = proposal.of if proposal is not None else ()
        if (sets or ids) and (not sets or (directory and len(sets) <= SETS_OF_ONE)):
            yield "", list(units)
            return
        if ids and proposal is not None:
            yield from _by_set(directory, units, matcher(proposal.template, sets))
            return
    for those in by_text.values():
        yield _label_of(those[0], directory) if len(by_text) > 1 else "", those


def _changes(texts: int, units: int) -> bool:
    """Return whether so many texts in the names of so many backups change with nearly each."""
    return texts > 3 and 2 * texts > units  # noqa: PLR2004  fewer may be of services that begin


def _by_set(directory: str, units: Iterable[_Unit], read: Matcher) -> Iterator[tuple[str, list[_Unit]]]:
    """Yield units by the data set that their names tell."""
    by_set: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        named = read(unit.files[0][len(directory) :])
        by_set["" if named is None else named.of].append(unit)
    yield from by_set.items()


def _below(unit: _Unit, directory: str) -> list[Field]:
    return [Field(field.start - len(directory), field.end - len(directory), field.text) for field in unit.fields]


def _shown(directory: str, units: Sequence[_Unit]) -> tuple[list[tuple[str, list[Field]]], dict[str, Sequence[str]]]:
    """Return some of the units as templates are made of them: of each data set some, the newest of all."""
    by_text: dict[tuple[str, ...], list[_Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: (unit.instant, unit.name), reverse=True):
        by_text[*literals_of(unit.name, unit.fields)].append(unit)
    of_each = max(1, _SHOWN_TO_TEMPLATES // len(by_text))
    shown = [unit for those in by_text.values() for unit in those[:of_each]][:_SHOWN_TO_TEMPLATES]
    group = [(unit.name[len(directory) :], _below(unit, directory)) for unit in shown]
    return group, {unit.name[len(directory) :]: [file[len(directory) :] for file in unit.files[:3]] for unit in shown}


def _label_of(unit: _Unit, directory: str) -> str:
    """Return what the literal text of a name says, without its ending."""
    *texts, last = literals_of(unit.name[len(directory) :], _below(unit, directory))
    return _joined([*texts, re.sub(r"(?:\.[0-9A-Za-z]{1,10})+/?$", "", last)]) or _joined([*texts, last])


def _label(template: str) -> str:
    """Return what the literal text of a template says, without its ending."""
    *texts, last = re.split(r"\{[^{}]*\}", template)
    return _joined([*texts, re.sub(r"(?:\.[0-9A-Za-z]{1,10})+/?$", "", last)]) or _joined([*texts, last])


def _joined(texts: Iterable[str]) -> str:
    return "-".join(filter(None, (text.strip("-_./ @:+,") for text in texts)))


def _made(
    directory: str, label: str, units: Sequence[_Unit], seen: Mapping[str, ListedThing]
) -> tuple[Series | None, list[str]]:
    """Return the series that a template reads, and the files that it does not read."""
    files = [file for unit in units for file in unit.files]
    proposal = of_group(*_shown(directory, units))
    if proposal is None:
        return None, files
    match = matcher(proposal.template, proposal.of)
    points: dict[str, dict[str, SeriesPoint]] = defaultdict(dict)
    unread = []
    for file in files:
        named = match(file[len(directory) :])
        if named is None or named.data_lo is None or named.data_hi is None:
            unread.append(file)
            continue
        key = named.whole or file[len(directory) :]
        size = seen[file].size + (points[named.of][key].size if key in points[named.of] else 0)
        points[named.of][key] = SeriesPoint(named.data_lo, named.data_hi, size, key, named.kind)
    if not points:
        return None, files
    by_set = {of: tuple(sorted(those.values())) for of, those in sorted(points.items())}
    newest = sorted((point for those in by_set.values() for point in those), reverse=True)[:_SHOWN_TO_TEMPLATES]
    marker, beside = _marker(directory, [point.name for point in newest], seen)
    told = tuple(by_set) if proposal.of else ()
    return Series(directory, label, proposal.template, by_set, told, marker, beside, len(newest)), unread


def _marker(directory: str, names: Sequence[str], seen: Mapping[str, ListedThing]) -> tuple[str, int]:
    """Return what stands beside nearly all of the newest backups, and beside how many."""
    if any("{part}" in name for name in names):
        return "", 0
    if names[0].endswith("/"):
        forms = [("{dir}/" + file, [f"{name}{file}" for name in names]) for file in _MANIFESTS]
    else:
        forms = [("{name}" + ending, [f"{name}{ending}" for name in names]) for ending in _ENDINGS]
        forms += [
            ("{stem}" + ending, [f"{name.rpartition('.')[0] or name}{ending}" for name in names]) for ending in _ENDINGS
        ]
    counted = [(template, sum(directory + name in seen for name in its)) for template, its in forms]
    template, count = max(counted, key=lambda each: each[1])
    return (template, count) if count and count >= 0.9 * len(names) else ("", 0)
