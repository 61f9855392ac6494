"""How files with checksums are named beside backups: as the GNU tools, their BSD kin and scripts around them do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

ALGORITHMS: Final = {"sha512": 128, "sha256": 64, "sha1": 40, "md5": 32}
"""What may stand beside a backup, strongest first, and its digits."""
_ALGORITHM: Final = rf"(?:{'|'.join(ALGORITHMS)})"
_OF_SEVERAL: Final = re.compile(rf"(?:^|/)(?:{_ALGORITHM}sums?|checksums?)(?:\.txt)?$", re.IGNORECASE)
_ANY: Final = re.compile(rf"\.{_ALGORITHM}(?:sums?)?(?:\.txt)?$|{_OF_SEVERAL.pattern}", re.IGNORECASE)


def holds_checksums(name: str) -> bool:
    """Return whether a file holds checksums, by its name."""
    return _ANY.search(name) is not None


def of_a_directory(name: str) -> bool:
    """Return whether a file holds the checksums of what lies beside and below it, by its name."""
    return _OF_SEVERAL.search(name) is not None


def beside(name: str) -> Iterator[str]:
    """Yield the names that a file with the checksum of ``name`` alone may have, the likeliest first."""
    directory, slash, last = name.rpartition("/")
    stem = directory + slash + (last.rpartition(".")[0] or last)
    for before in dict.fromkeys((name, stem)):
        for algorithm in ALGORITHMS:
            for ending in (algorithm, f"{algorithm}sum", f"{algorithm}.txt"):
                yield from (f"{before}.{ending}", f"{before}.{ending.upper()}")


def above(directory: str) -> Iterator[str]:
    """Yield the names that a list of checksums in ``directory`` may have; of the empty one, those at the top."""
    at = f"{directory}/" if directory else ""
    for name in (*(f"{algorithm}{sums}" for algorithm in ALGORITHMS for sums in ("sums", "sum")), "checksums"):
        for spelled in (name.upper(), name):
            yield from (f"{at}{spelled}", f"{at}{spelled}.txt")
