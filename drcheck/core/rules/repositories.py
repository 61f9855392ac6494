"""A file of a repository of restic or borg restores nothing without the others there, which its name does not tell.

A snapshot of restic is a file that names packs, a segment of borg a part of archives
(https://restic.readthedocs.io/en/stable/100_references.html, https://borgbackup.readthedocs.io/en/stable/internals/data-structures.html).
"""

from __future__ import annotations

import re
from typing import Final

from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules.interface import RuleInput

_FILE: Final = re.compile(
    r"(?:^|/)(?:(?:snapshots|index)/[0-9a-f]{64}|data/(?:[0-9a-f]{2}/)?[0-9a-f]{64}|data/[0-9]+/[0-9]+)$"
)


def apply(points: Points, shown: RuleInput) -> Points:
    """Doubt what is a file of a repository by its path, unless the source says of which kind its backups are."""
    source = shown.source
    if source.kind or not source.reader.lists or all("{data_as_of:" in template for template in source.templates):
        return points  # files of repositories are named for their content, or numbered
    above = f"{source.path.rstrip('/')}/" if source.path else ""
    why = (
        "it is a file of a repository of restic or borg, which restores only with the others there, and whether those "
        f"stand and are whole no listing tells; `kind: snapshot` on {source.name} takes it for a whole backup"
    )
    return points.doubting(
        {
            row: (Doubt(why),)
            for row, name in enumerate(points.name)
            if not points.kind[row] and _FILE.search(above + name) is not None
        }
    )
