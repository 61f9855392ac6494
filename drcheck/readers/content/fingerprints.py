"""What tells the contents of new backups from each other, where the storage tells no checksum of them.

A digest that stands beside a backup is a checksum like the storage's. Where there is none, 16 pieces of it are read:
pieces that differ prove other content, the same ones only make a doubt. Each backup is read once: what was taken of it
stands in the ledger for as long as name, size and time stay.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import nlargest
from itertools import accumulate, chain
from typing import Final

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import ZEROS, Candidate, Described, Fact, FactValue, Gap
from drcheck.core.model.policy import Source
from drcheck.core.names.marker_names import marker_of
from drcheck.interfaces import Collector, CollectorError, Entry, LookRequest, NotFound
from drcheck.readers.content import checksums
from drcheck.readers.content.checksum_names import ALGORITHMS

PIECE: Final = 64 << 10
"""Bytes of one piece."""
PIECES: Final = 16
"""The first, the last, and 14 at even distances between them."""
FIRST_LOOK: Final = 10
"""Of a data set of which nothing is known yet, how many are read: what is older was there before drcheck was."""
MOST_TAKEN: Final = 100
"""Backups that one look reads pieces of, newest first: 1600 requests, and 100 MiB."""
MOST_ZEROS: Final = 64 << 20
"""Bytes of a backup whose checksum is held against that of as many zeros: a tenth of a second's work."""
_ZEROS: Final = bytes(1 << 20)
REFUSED_IN_A_ROW: Final = 3
"""Failures one after the other, after which no other is tried: a thousand more would be refused as well."""


def take(
    collector: Collector,
    source: Source,
    candidates: CandidateColumns,
    files: Mapping[str, Sequence[tuple[str, Entry]]],
    asked: LookRequest,
    beside: Mapping[str, Entry],
) -> tuple[tuple[Described, ...], tuple[Gap, ...]]:
    """Return what tells the new ones of ``candidates`` from each other, and what kept that from being read.

    ``files`` are those of the backups that consist of several, each with its name within the backup, in their order;
    ``beside`` is what was listed and is no backup, by name. Nothing raises: what could not be read makes no claim, and
    its gap leaves the listing whole.
    """
    if not asked.tells_apart:
        return (), ()
    taken: list[Described] = []
    lists = checksums.Lists(collector, beside, chain(candidates.name, beside))
    refused, why = 0, None
    for one in _newest(candidates, asked):
        if one.checksum:
            if is_of_zeros(one.checksum, one.size):
                taken.append(Described(one.name, Fact.PIECES, FactValue(True, ZEROS)))
            continue
        try:
            if one.pieces is None:
                fact, mark = _digest(one, source, lists, beside) or (Fact.PIECES, of_pieces(collector, one))
            else:
                fact, mark = Fact.PIECES, of_files(collector, files[one.name])
        except NotFound:
            continue  # it went after it was listed
        except CollectorError as error:
            refused, why = refused + 1, error
            if refused == REFUSED_IN_A_ROW:
                break
            continue
        refused = 0
        if mark:
            taken.append(Described(one.name, fact, FactValue(True, mark)))
            if fact is Fact.DIGEST and is_of_zeros(mark, one.size):
                taken.append(Described(one.name, Fact.PIECES, FactValue(True, ZEROS)))
    if why is None:
        return tuple(taken), ()
    what = f"whether backups have the same content cannot be told: {why.message}"
    hint = "Let drcheck read them, put digests beside them, or state identical_dumps."
    return tuple(taken), (Gap(what, hint, fact=Fact.PIECES),)


def _newest(candidates: CandidateColumns, asked: LookRequest) -> Iterator[Candidate]:
    """Yield the candidates to read, newest first: the new ones of each data set, on a first look only some."""
    known: set[str] = set()
    new: list[tuple[int, str, int]] = []
    columns = zip(candidates.name, candidates.of, candidates.data_hi, candidates.complete, candidates.size, strict=True)
    for row, (name, of, data, complete, size) in enumerate(columns):
        settled = asked.settled.get(name)
        if settled is not None:
            known.add(of)
        if complete and size and (settled is None or settled.shown != candidates[row]):
            new.append((data, name, row))
    taken: Counter[str] = Counter()
    for _, _, row in nlargest(MOST_TAKEN, new):
        of = candidates.of[row]
        taken[of] += 1
        if taken[of] <= FIRST_LOOK or of in known:
            yield candidates[row]


def _digest(
    candidate: Candidate, source: Source, lists: checksums.Lists, beside: Mapping[str, Entry]
) -> tuple[Fact, str] | None:
    """Return the checksum that stands beside a backup; None: there is none of it."""
    marker = marker_of(source.complete_when, candidate.name) if source.complete_when else ""
    # A digest that arrived before what it stands beside is an older one's and tells nothing.
    names = [name for name in lists.of(candidate.name, marker) if beside[name].arrived_hi >= candidate.available_lo]
    kept = lists.kept_for(candidate, names, marker)
    if isinstance(kept, str) or kept.earlier or not checksums.is_of(kept, candidate.name):
        return None
    return Fact.DIGEST, checksums.as_told(kept)


@lru_cache(maxsize=256)
def is_of_zeros(checksum: str, size: int) -> bool:
    """Return whether a checksum, as candidates have it, is that of so many zeros; of too many nobody works it out.

    It tells of an object without reading any of it.
    """
    algorithm, _, digest = checksum.rpartition(":")
    algorithm = algorithm or "md5"
    if size > MOST_ZEROS or algorithm not in ALGORITHMS:
        return False
    zeros = hashlib.new(algorithm, usedforsecurity=False)
    for start in range(0, size, len(_ZEROS)):
        zeros.update(_ZEROS[: size - start])
    return zeros.hexdigest() == digest.lower()


def of_pieces(collector: Collector, candidate: Candidate) -> str:
    """Return a hash over pieces of a backup, or that they are zeros; empty: it is not any more as it was listed.

    Raises :class:`CollectorError` if it cannot be read.
    """
    found = _hash_of(collector, hashlib.sha256(usedforsecurity=False), ((candidate.name, candidate.size),))
    zeros = hashlib.sha256(bytes(min(candidate.size, PIECES * PIECE)), usedforsecurity=False).hexdigest()[:32]
    return ZEROS if found == zeros else found


def of_files(collector: Collector, files: Sequence[tuple[str, Entry]]) -> str:
    """Return a hash over the names, within it, and the sizes of a backup's files, and over pieces of what they hold.

    As if they lay one after the other: how many there are changes nothing of what it costs. Empty: it is not any more
    as it was listed. Raises :class:`CollectorError` if they cannot be read.
    """
    digest = hashlib.sha256(usedforsecurity=False)
    for name, file in files:
        data = name.encode("utf-8", "surrogatepass")
        digest.update(b"%d %d " % (len(data), file.size) + data)
    return _hash_of(collector, digest, [(file.name, file.size) for _, file in files if file.size])


def _hash_of(collector: Collector, digest: hashlib._Hash, files: Sequence[tuple[str, int]]) -> str:
    """Add pieces of files, by name and size, and return the hash; empty: one is not any more as it was listed."""
    ends = [*accumulate(size for _, size in files)]
    if ends[-1] <= PIECES * PIECE and len(files) <= PIECES:
        for name, size in files:
            # One byte more than there should be shows that it has grown.
            content = collector.read(name, at_most=size + 1)
            if len(content) != size:
                return ""
            digest.update(content)
        return digest.hexdigest()[:32]
    for number in range(PIECES):
        start = number * max(ends[-1] - PIECE, 0) // (PIECES - 1)
        # Of a piece that several files share one is read: of the first piece the first, of the last one the last.
        file = bisect_right(ends, min(start + number * (PIECE - 1) // (PIECES - 1), ends[-1] - 1))
        name, size = files[file]
        before = ends[file] - size
        start, end = max(start, before), min(start + PIECE, ends[file])
        piece = collector.read(name, offset=start - before, at_most=end - start)
        if len(piece) != end - start:
            return ""
        digest.update(piece)
    return digest.hexdigest()[:32]
