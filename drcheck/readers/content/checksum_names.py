"""How files with checksums are named beside backups: as the GNU tools, their BSD kin and scripts around them do."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

ALGORITHMS: Final = {"sha512": 128, "sha256": 64, "sha1": 40, "md5": 32}
"""What may stand beside a backup, strongest first, and its digits."""
_ALGORITHM: Final = "|".join(ALGORITHMS)
_OF_ONE: Final = re.compile(rf"\.({_ALGORITHM})(?:sums?)?(?:\.txt)?$", re.IGNORECASE)
_OF_SEVERAL: Final = re.compile(rf"(?:^|/)(?:({_ALGORITHM})sums?|checksums?)(?:\.txt)?$", re.IGNORECASE)
STARTS: Final = tuple(spelled for word in ("sha", "md5", "checksum") for spelled in (word.upper(), word))
"""What the names of lists for several files begin with, as people spell them."""
_MADE_ANEW: Final = re.compile(r"(?:[._-]\w{1,10}|~)$")
"""What ends the name of a file before it is moved to its place (``.tmp``, ``.a8Xk2z``), and of a signature."""
_TEMPORARY: Final = re.compile(r"(?<![a-z])te?mp", re.IGNORECASE)


def holds_checksums(name: str) -> bool:
    """Return whether a file holds checksums, by its name."""
    return of_one(name) or of_several(name)


def of_one(name: str) -> bool:
    """Return whether a file holds the checksum of the one that it is named after, by its name."""
    return _OF_ONE.search(name) is not None


def of_several(name: str) -> bool:
    """Return whether a file holds the checksums of what lies beside and below it, by its name."""
    return _OF_SEVERAL.search(name) is not None


def about(name: str) -> str:
    """Return the name that a file with checksums bears, without what says that it holds them."""
    return _OF_ONE.sub("", name)


def algorithm(name: str) -> str:
    """Return the algorithm that the name of a file with checksums says; empty: none."""
    found = _OF_ONE.search(name) or _OF_SEVERAL.search(name)
    return found[1].lower() if found is not None and found[1] else ""


def rank(name: str) -> tuple[int, str]:
    """Return what sorts files with checksums by their names: those that tell the strongest algorithm come first."""
    return [*ALGORITHMS, ""].index(algorithm(name)), name


def owner(name: str, names: Container[str]) -> str:
    """Return the longest of ``names`` that a file with checksums begins with, as that of one file does; empty: none.

    ``dump.sql.gz.sha256`` is of ``dump.sql.gz``, and not of the ``dump.sql`` that may lie beside it.
    """
    directory, slash, last = name.rpartition("/")
    while "." in last:
        last = last.rpartition(".")[0]
        found = directory + slash + last
        if found in names and not holds_checksums(found):
            return found
    return ""


def is_no_content(name: str, among: str, *, empty: bool) -> bool:
    """Return whether the lack of ``name``, which the list ``among`` names, takes nothing from a backup.

    A list that is written into the directory that it is made of names itself, or the temporary file that became it,
    which was ``empty`` then; and one of another algorithm, or a signature, may have been left behind.
    """
    last, own = (one.rpartition("/")[2].lstrip(".").lower() for one in (name, among))
    if last.startswith(own) or holds_checksums(last) or of_several(_MADE_ANEW.sub("", last)):
        return True
    return empty and _TEMPORARY.search(last) is not None
