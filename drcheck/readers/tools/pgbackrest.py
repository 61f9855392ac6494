"""Backups of pgBackRest, by what ``pgbackrest info --output=json`` prints, or by its ``backup.info``.

Tried with pgBackRest 2.45 (https://pgbackrest.org/command.html#command-info). Exit statuses tell nothing: ``info``
exits with 0 whatever it found, so its status codes are read.

- A stanza is a data set: by its name, or as ``stanza`` says. One that is not there is a gap, as pgBackRest cannot tell
  whether it is gone or the repository is another one; a stanza without backups is an answer.
- The data is of ``timestamp.stop``, when the backup also was there.
- ``prior`` and ``reference`` name what it builds on; what is not there is named.
- ``error`` says that pages of the database had wrong checksums while they were copied.
- Of the log archive ``info`` tells only the first and the last segment. A hole between them it does not show: that is
  for the reader of the repository's files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from drcheck.core import words
from drcheck.core.model.evidence import Described, Fact, FactValue
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.names import wal
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.content.state_files import quoted
from drcheck.readers.tools import base_backups, listing
from drcheck.readers.tools.base_backups import Base
from drcheck.readers.tools.listing import Backups, Refused

_EXPECTED: Final = (
    "`pgbackrest info --output=json` prints what can be read: run it by hand as the runner does, with the same "
    "configuration."
)
_KINDS: Final = {"full": "full", "diff": "differential", "incr": "incremental"}
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_SEES: Final = frozenset({0, 2, 4})
"""Status codes with which the backups are told: all is well, there is none, or repositories differ."""
_DAMAGED: Final = "pages of the database had wrong checksums when pgBackRest copied them (error: true)"


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at what pgBackRest tells of its stanzas."""
    return listing.read(_understand, collector, source, name, asked)


def _understand(data: bytes, source: Source) -> Backups:
    told = listing.parsed(data, "pgbackrest", _EXPECTED)
    if not isinstance(told, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in told
    ):
        raise Refused("the output of pgbackrest is no list of stanzas", _EXPECTED)
    stanzas = {one["name"]: one for one in told}
    if len(stanzas) < len(told):
        raise Refused("the output of pgbackrest has a stanza twice", _EXPECTED)
    found = Backups(())
    for of in source.of:
        stanza = base_backups.stanza_of(source, of, list(stanzas))
        if stanza not in stanzas:
            there = words.several(sorted(stanzas)) if stanzas else "none"
            raise Refused(
                f"pgbackrest shows no stanza {stanza}: it shows {there}",
                "Let `info` read the right repository, or say with `stanza` which one it is.",
            )
        bases = _bases(stanza, stanzas[stanza])
        if not isinstance(cipher := stanzas[stanza].get("cipher", ""), str):
            raise Refused(f"pgbackrest tells the cipher {cipher!a:.60} of stanza {stanza}", _EXPECTED)
        its = base_backups.understood(
            of, bases, {base.label: f"{stanza}/{base.label}" for base in bases}, archived=False
        )
        encrypted = [
            Described(one.name, Fact.CLIENT_ENCRYPTION, FactValue(cipher != "none", cipher))
            for one in its.candidates
            if cipher
        ]
        found = replace(
            found,
            candidates=(*found.candidates, *its.candidates),
            told=(*found.told, *its.told),
            of_each=(*found.of_each, *encrypted),
        )
    return found


def _bases(stanza: str, told: Mapping[str, Any]) -> list[Base]:
    """Return the backups of one stanza; raises :class:`Refused` where pgBackRest could not see them."""
    repositories = _objects(told, "repo", stanza) if told.get("repo") is not None else []
    if len(repositories) > 1:
        keys = words.several([str(one.get("key")) for one in repositories])
        raise Refused(
            f"stanza {stanza} has the repositories {keys}, which lie at different places",
            "Read each as a source of its own: `pgbackrest --repo=1 info --output=json`.",
        )
    for status in (told.get("status"), *(one.get("status") for one in repositories)):
        if not isinstance(status, dict) or not isinstance(code := status.get("code"), int) or isinstance(code, bool):
            raise Refused(f"pgbackrest tells no status of stanza {stanza}", _EXPECTED)
        if code not in _SEES:
            said = quoted(str(status.get("message", "")))
            raise Refused(f"pgbackrest does not see stanza {stanza}: {said} (status code {code})", _EXPECTED)
    backups = told.get("backup")
    if not isinstance(backups, list):
        raise Refused(f"pgbackrest tells no backups of stanza {stanza}", _EXPECTED)
    ends = _ends(stanza, told)
    return [_base(stanza, one, ends) for one in backups]


def _objects(told: Mapping[str, Any], key: str, stanza: str) -> list[dict[str, Any]]:
    if not isinstance(several := told.get(key), list) or not all(isinstance(one, dict) for one in several):
        raise Refused(f"{key} of stanza {stanza} is {several!a:.60}, and no list of objects", _EXPECTED)
    return several


def _ends(stanza: str, told: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
    """Return the first and last segment of each database of a stanza, by the number that backups name it with."""
    return {
        _database(one, f"an archive of stanza {stanza}"): (
            base_backups.segment(one.get("min"), "archive.min", _EXPECTED),
            base_backups.segment(one.get("max"), "archive.max", _EXPECTED),
        )
        for one in _objects(told, "archive", stanza)
    }


def _database(told: Mapping[str, Any], what: str) -> int:
    if not isinstance(number := _part(told, "database", what).get("id"), int) or isinstance(number, bool):
        raise Refused(f"{what} is of the database {number!a:.60}", _EXPECTED)
    return number


def _base(stanza: str, told: Any, ends: Mapping[int, tuple[str, str]]) -> Base:
    if not isinstance(told, dict) or not isinstance(label := told.get("label"), str):
        raise Refused(f"pgbackrest tells a backup of stanza {stanza} that has no label", _EXPECTED)
    what = f"backup {quoted(label)} of pgbackrest"
    times, info, archive = (_part(told, key, what) for key in ("timestamp", "info", "archive"))
    base = backup(
        label, told.get("type"), told.get("prior"), told.get("reference"), told.get("error"),
        times.get("start"), times.get("stop"), info.get("size"), archive.get("start"), archive.get("stop"),
    )  # fmt: skip
    lacks = _lacks(base, *ends.get(_database(told, what), ("", "")))
    return base._replace(why_not=base.why_not or (f"its restore needs {lacks}" if lacks else ""))


def _lacks(base: Base, first: str, last: str) -> str:
    """Return what of its own segments a backup cannot find in an archive with those ends; empty: nothing is known."""
    if base.first and not first:
        return f"{base.first}, and the archive of its database holds nothing"
    if first[:8] == base.first[:8] and base.first < first:
        return f"{base.first}, and the archive begins with {first}"
    if last[:8] == base.last[:8] and base.last > last:
        return f"{base.last}, and the archive ends with {last}"
    return ""


def _part(told: Mapping[str, Any], key: str, what: str) -> Mapping[str, Any]:
    if not isinstance(part := told.get(key), dict):
        raise Refused(f"{key} of {what} is {part!a:.60}, and no object", _EXPECTED)
    return part


def backup(
    label: str, kind: Any, prior: Any, references: Any, error: Any, start: Any, stop: Any, size: Any, first: Any,
    last: Any, lineage: str = "", position: Any = None,
) -> Base:  # fmt: skip
    """Return one backup, of which pgBackRest tells all of this; raises :class:`Refused` where that makes no sense."""
    what = f"backup {quoted(label)} of pgbackrest"
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Refused(f"{what} is of type {kind!a:.60}", _EXPECTED)
    if error is not None and not isinstance(error, bool):
        raise Refused(f"{what} tells the error {error!a:.60}", _EXPECTED)
    if references is not None and not isinstance(references, list):
        raise Refused(f"the references of {what} are {references!a:.60}", _EXPECTED)
    named = [*(() if prior is None else (prior,)), *(references or ())]
    if not all(isinstance(one, str) for one in named):
        raise Refused(f"{what} builds on what has no label", _EXPECTED)
    if kind != "full" and prior is None:
        raise Refused(f"{what} is of type {kind}, and builds on none", _EXPECTED)
    if (not first) is not (not last):
        raise Refused(f"{what} tells one of the two log segments between which it lies", _EXPECTED)
    return Base(
        label,
        _KINDS[kind],
        base_backups.instant(start, f"the start of {what}", _EXPECTED),
        base_backups.instant(stop, f"the stop of {what}", _EXPECTED),
        base_backups.size(size, f"the size of {what}", _EXPECTED),
        base_backups.segment(first, what, _EXPECTED),
        base_backups.segment(last, what, _EXPECTED),
        wal.size_by_position(position, first) if first and isinstance(position, str) else 0,
        lineage,
        prior or "",
        frozenset(named),
        _DAMAGED if error is True else "",
    )


def of_file(content: bytes, stanza: str) -> tuple[list[Base], list[str]]:
    """Return the backups that ``backup.info`` tells of, and the names of the archives of its databases.

    Raises :class:`Refused` for what is none, or is encrypted.
    """
    expected = "See whether pgBackRest itself can read it; of an encrypted repository only its `info` tells."
    if content.startswith(b"Salted__"):
        raise Refused(f"backup.info of stanza {stanza} is encrypted", expected)
    sections: dict[str, dict[str, Any]] = {}
    section: dict[str, Any] = {}
    try:
        for line in content.decode().splitlines():
            if line.startswith("[") and line.endswith("]") and "=" not in line:
                section = sections.setdefault(line[1:-1], {})
            elif line.strip():
                key, _, value = line.partition("=")
                section[key] = json.loads(value)  # nothing is no JSON
        history = {int(key): one["db-version"] for key, one in sections["db:history"].items()}
        sections["backrest"]["backrest-checksum"]  # written last
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(f"backup.info of stanza {stanza} is cut short, or none of pgBackRest's", expected) from None
    if not all(isinstance(version, str) and _VERSION.fullmatch(version) for version in history.values()):
        raise Refused(f"backup.info of stanza {stanza} knows a database without a version", expected)
    archives = {number: f"{version}-{number}" for number, version in history.items()}
    bases = []
    for label, told in sections.get("backup:current", {}).items():
        known = isinstance(told, dict) and isinstance(told.get("db-id"), int) and told["db-id"] in archives
        if not known:
            raise Refused(f"backup {quoted(label)} in backup.info is of no database that it knows", expected)
        _refuse_untold_log(label, told, expected)
        bases.append(
            backup(
                label, told.get("backup-type"), told.get("backup-prior"), told.get("backup-reference"),
                told.get("backup-error"), told.get("backup-timestamp-start"), told.get("backup-timestamp-stop"),
                told.get("backup-info-size"), told.get("backup-archive-start"), told.get("backup-archive-stop"),
                f"archive/{stanza}/{archives[told['db-id']]}/", told.get("backup-lsn-start"),
            )
        )  # fmt: skip
    return bases, list(archives.values())


def _refuse_untold_log(label: str, told: Mapping[str, Any], expected: str) -> None:
    """Refuse a backup of a running database that does not say from where to where its log is needed."""
    if not isinstance(online := told.get("option-online"), bool):
        raise Refused(f"option-online of backup {quoted(label)} in backup.info is {online!a:.60}", expected)
    if online and not (told.get("backup-archive-start") and told.get("backup-archive-stop")):
        what = f"backup {quoted(label)} in backup.info is one of a running database (option-online)"
        raise Refused(f"{what}, without the log segments that it needs", expected)
