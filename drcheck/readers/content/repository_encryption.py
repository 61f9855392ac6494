"""Whether a directory is a restic or a borg repository, and whether it encrypts, as its own configuration tells.

What such a repository holds has no beginning that tells: packs of restic begin with ciphertext, segments of borg with
a record. One answer, found once a look with a few small reads, holds for all that a repository keeps.
"""

from __future__ import annotations

import json
import re
import struct
from itertools import islice
from typing import Final

from drcheck.core.model.evidence import FactValue
from drcheck.interfaces import Collector, NotFound

SEGMENT: Final = b"BORG_SEG"
"""How a segment of a borg repository begins."""

_FEW: Final = 4
"""Keys or segments that are tried: any one of them tells."""
_PART: Final = re.compile(r"(?:^|(?<=/))(?=config$|(?:data|index|keys|locks|snapshots)/.)")
"""Where, in the name of a part of a repository, the repository's own directory ends."""
_KEY_NAME: Final = re.compile(r"keys/[0-9a-f]{64}$")
_LARGEST_KEY: Final = 16 << 10

_RECORD: Final = struct.Struct("<IIB")
"""Of a borg segment: CRC32, the record's whole length, and what it is."""
_PUT: Final = 0
_KEY: Final = 32
"""Bytes of a chunk's id, which stand between a PUT and its data."""
_FIRST_DATA: Final = len(SEGMENT) + _RECORD.size + _KEY
_BORG_MODES: Final = {
    0: "keyfile", 1: "passphrase", 3: "repokey", 4: "keyfile-blake2", 5: "repokey-blake2",
}  # fmt: skip
"""Borg 1's modes that encrypt, by the byte that each chunk begins with."""
_BORG_PLAIN: Final = {2: "none", 6: "authenticated-blake2", 7: "authenticated"}


def roots(name: str) -> list[str]:
    """Return the directories, ending in ``/`` or empty, that would be a repository which ``name`` is a part of.

    The configuration of a repository stands for all of it.
    """
    return [name[: found.start()] for found in _PART.finditer(name)]


def at(collector: Collector, root: str) -> FactValue | None:
    """Return whether the repository in the directory ``root`` encrypts what it keeps; None: there is none.

    Raises :class:`CollectorError` as reading does.
    """
    try:
        config = collector.read(f"{root}config", at_most=_LARGEST_KEY)
    except NotFound:
        return None
    if re.match(rb"\s*\[repository\]", config):
        return _borg(collector, root)
    return FactValue(True, "restic") if _has_restic_key(collector, root) else None


def _has_restic_key(collector: Collector, root: str) -> bool:
    """Return whether a key of restic stands here: every version of its format encrypts everything but the keys."""
    keys = (entry.name for entry in collector.list(f"{root}keys/") if _KEY_NAME.search(entry.name))
    for name in islice(keys, _FEW):
        try:
            key = json.loads(collector.read(name, at_most=_LARGEST_KEY))
        except (NotFound, ValueError, RecursionError):
            continue
        if isinstance(key, dict) and isinstance(key.get("kdf"), str) and isinstance(key.get("data"), str):
            return True
    return False


def _borg(collector: Collector, root: str) -> FactValue:
    """Judge a borg repository by what it stores: its configuration holds a key in modes that only authenticate too."""
    # A commit alone is 17 bytes.
    segments = (entry.name for entry in collector.list(f"{root}data/") if entry.size > _FIRST_DATA)
    for name in islice(segments, _FEW):
        try:
            told = of_segment(collector.read(name, at_most=_FIRST_DATA + 1))
        except NotFound:
            continue
        if told is not None:
            return told
    return FactValue(None, "a borg repository in which nothing tells whether it encrypts")


def of_segment(head: bytes) -> FactValue | None:
    """Judge a segment of borg 1 by its first chunk; None: it begins with none.

    Borg refuses chunks of another mode than its manifest's, so that one speaks for all.
    """
    if not head.startswith(SEGMENT) or len(head) <= _FIRST_DATA:
        return None
    _, length, what = _RECORD.unpack_from(head, len(SEGMENT))
    if what != _PUT or length <= _RECORD.size + _KEY:
        return None
    mode = head[_FIRST_DATA]
    if mode in _BORG_PLAIN:
        return FactValue(False, f"borg, {_BORG_PLAIN[mode]}")
    if mode in _BORG_MODES:
        return FactValue(True, f"borg, {_BORG_MODES[mode]}")
    return FactValue(None, "a borg repository of a mode that is not known")
