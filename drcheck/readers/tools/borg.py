"""Archives of borg, by what ``borg list --json`` or ``borg info --json --glob-archives '*'`` prints.

Tried with borg 1.2.4 (https://borgbackup.readthedocs.io/en/stable/internals/frontends.html).

- The data is of ``start``: when the backup began. Borg prints it in the zone of the machine that *lists*, without an
  offset: the source says which that is (``name_zone``), and the command sets it (``TZ=UTC``).
- It was there at ``end``, which ``borg info`` tells, and ``borg list`` with ``--format``. Of an archive that
  ``--timestamp`` dated that is ``--timestamp`` as well.
- Only ``borg info`` tells a size (``stats.original_size``). ``borg info`` of a repository alone lists no archive.
- An archive whose name ends in ``.checkpoint`` is what a backup that was broken off left: it never counts. ``borg
  list`` hides it, ``borg info`` does not.
- What is of another host, or named otherwise than the source states, never counts; archives of several hosts, or named
  in several ways but for their dates, are no one data set, and refused.
- ``borg rename`` makes another archive of one: its list tells no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from drcheck.core import words
from drcheck.core.model.evidence import FOREVER, UNTOLD, Candidate, Fact, FactValue, Unaccounted
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.time import wallclock
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers import arrivals
from drcheck.readers.logs.record_fields import Malformed, Record
from drcheck.readers.tools import listing
from drcheck.readers.tools.listing import Backups, Refused

_EXPECTED: Final = (
    "`TZ=UTC borg list --json` prints what can be read, and `TZ=UTC borg info --json --glob-archives '*'` with sizes: "
    "run it by hand as the runner does, with the same repository and passphrase."
)
_CHECKPOINT: Final = re.compile(r"\.checkpoint(?:\.[0-9]+)?$")
"""What a backup that was broken off is named (https://borgbackup.readthedocs.io/en/stable/usage/create.html)."""
_DATE: Final = re.compile(
    r"[0-9]{9,}|[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T_ .-]?[0-9]{2}[:._-]?[0-9]{2}(?:[:._-]?[0-9]{2}(?:\.[0-9]+)?)?)?"
)
"""Seconds since 1970 in an archive's name, or a date, with or without a time."""
_NAIVE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  a label carries no zone
_PLAIN: Final = frozenset({"none", "authenticated", "authenticated-blake2"})
_ENCRYPTED: Final = frozenset({"repokey", "keyfile", "repokey-blake2", "keyfile-blake2"})
"""Modes of borg 1 (https://borgbackup.readthedocs.io/en/stable/usage/init.html#encryption-mode-tldr)."""
_LARGEST_SIZE: Final = 1 << 62


class _Archive(NamedTuple):
    name: str
    id: str
    start: tuple[int, int]
    """The earliest and the latest instant that its label stands for."""
    end: tuple[int, int] | None
    host: str
    """Empty: the list does not tell."""
    size: int

    def fits(self, chosen: Mapping[str, frozenset[str]]) -> bool:
        """Return whether a source chooses it: it is of one of the hosts, and named in one of the ways."""
        hosts, names = chosen.get("host"), chosen.get("archives")
        return (hosts is None or self.host in hosts) and (
            names is None or any(_is_named(self.name, pattern) for pattern in names)
        )


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a list of archives."""
    return listing.read(_understand, collector, source, name, asked)


def _understand(data: bytes, source: Source) -> Backups:
    told = listing.parsed(data, "borg", _EXPECTED)
    if not isinstance(told, dict):
        raise Refused("the output of borg is no object", _EXPECTED)
    if told.get("levelname") == "ERROR" or ("archives" not in told and isinstance(told.get("message"), str)):
        raise Refused(f"borg failed: {told.get('message')}", _EXPECTED)
    if not isinstance(told.get("archives"), list):
        raise Refused("the output of borg lists no archives", _EXPECTED)
    archives = [_archive(one, source) for one in told["archives"]]
    if len({one.name for one in archives}) < len(archives):
        raise Refused("the output of borg has an archive twice", _EXPECTED)
    whole = [one for one in archives if not _CHECKPOINT.search(one.name)]
    candidates: list[Candidate] = []
    taken: dict[str, str] = {}
    for of in source.of:
        chosen = source.chosen(of)
        if "host" in chosen and any(not one.host for one in whole):
            raise Refused(
                "the output of borg tells no hosts, and the policy chooses by them",
                "List with --format '{archive}{start}{end}{hostname}' beside --json, or choose by `archives`.",
            )
        its = [one for one in whole if one.fits(chosen)]
        _refuse_mixed(of, its, chosen)
        for one in its:
            if one.name in taken:
                raise Refused(
                    f"archive {one.name} is of {taken[one.name]} and of {of}, as the policy says it",
                    f"State more of host and archives in `select` of {source.name}.",
                )
            taken[one.name] = of
            candidates.append(_candidate(one, of, source))
    newest = max((one.data_hi for one in candidates), default=-FOREVER)
    others = sorted((one for one in archives if one.name not in taken), key=lambda one: (-one.start[1], one.name))
    return Backups(
        candidates,
        [Unaccounted(_shown(one), one.start[1], newer=one.start[1] > newest) for one in others],
        facts={Fact.CLIENT_ENCRYPTION: _encryption(told)},
    )


def _shown(one: _Archive) -> str:
    if _CHECKPOINT.search(one.name):
        return f"archive {one.name} (of a backup that did not end)"
    return f"archive {one.name}{f' of {one.host}' if one.host else ''}"


def _archive(told: Any, source: Source) -> _Archive:
    """Return one archive; raises :class:`Refused` where it is not as borg writes them."""
    if not isinstance(told, dict):
        raise Refused("the output of borg has an archive that is none", _EXPECTED)
    record = Record(told, 0)
    try:
        return _Archive(
            record.required("name"),
            record.text("id"),
            _instant(record, "start", source),
            _instant(record, "end", source) if "end" in record else None,
            record.text("hostname"),
            _size(record.part("stats")),
        )
    except Malformed as why:
        named = str(told.get("name", ""))[:100]
        raise Refused(f"the output of borg has an archive {named} that is not understood: {why}", _EXPECTED) from None


def _instant(record: Record, key: str, source: Source) -> tuple[int, int]:
    """Return the earliest and the latest instant that a label of borg can stand for."""
    text = record.required(key)
    if not _NAIVE.fullmatch(text):  # borg 2 has an offset in it
        instant = record.required_instant(key)
        return instant, instant
    if not source.name_zone:
        raise Malformed(
            f"{key} has no zone: run borg with TZ=UTC (env TZ=UTC borg …), and say name_zone: UTC on the source"
        )
    try:
        label = int((datetime.fromisoformat(text) - _EPOCH).total_seconds())
    except ValueError:
        raise Malformed(f"{key} is no instant that a calendar has") from None
    if not "1970" <= text[:4] < "3000":
        raise Malformed(f"{key} lies outside the years 1970 to 2999")
    found = wallclock.readings(label, UTC if source.name_zone in {"UTC", "Etc/UTC"} else ZoneInfo(source.name_zone))
    if not found:
        raise Malformed(f"{key} is a time that the clocks of {source.name_zone} (name_zone) skip")
    return found[0], found[-1]


def _size(stats: Record) -> int:
    size = stats.fields.get("original_size", UNTOLD)
    if isinstance(size, bool) or not isinstance(size, int) or not UNTOLD <= size <= _LARGEST_SIZE:
        raise Malformed("stats.original_size is no size")
    return size


def _is_named(name: str, pattern: str) -> bool:
    """Return whether a name fits a pattern, in which ``*`` is any text and nothing else is special."""
    first, *others = pattern.split("*")
    if not others:
        return name == pattern
    *middle, last = others
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _refuse_mixed(of: str, its: Sequence[_Archive], chosen: Mapping[str, frozenset[str]]) -> None:
    """Refuse archives of several things as one data set: as one of them stops, the others would hide it."""
    hosts = {one.host for one in its}
    if "host" not in chosen and len(hosts) > 1:
        raise Refused(
            f"{of} has archives of {len(hosts)} hosts: {words.several(sorted(hosts))}",
            "Say which is meant with `host`, or make data sets of them with `of` and `select`.",
        )
    ways = {_DATE.sub("*", one.name): None for one in its}
    if "archives" not in chosen and len(ways) > 1:
        raise Refused(
            f"{of} has archives named in {len(ways)} ways: {words.several(sorted(ways))}",
            'Say with `archives` how its own are named, as "web-*", or make data sets with `of` and `select`.',
        )


def _candidate(one: _Archive, of: str, source: Source) -> Candidate:
    first, last = one.start
    arrived = first if one.end is None else max(first, one.end[0])
    latest = FOREVER if one.end is None else max(last, one.end[1])
    lo, hi = arrivals.between(source, arrived, latest, first)
    # Another id under the same name is another archive; ids under two names prove nothing of their contents.
    content = f"borg {one.name}:{one.id}" if one.id else ""
    return Candidate(one.name, of, "snapshot", first, last, lo, hi, one.size, content, complete=True)


def _encryption(told: Mapping[str, Any]) -> FactValue:
    encryption = told.get("encryption")
    mode = encryption.get("mode") if isinstance(encryption, dict) else None
    if isinstance(mode, str) and mode in _PLAIN:
        return FactValue(False, f"borg, {mode}")
    if isinstance(mode, str) and mode in _ENCRYPTED:
        return FactValue(True, f"borg, {mode}")
    return FactValue(None, "a borg repository of a mode that is not known")
