"""``integrity`` in policies: its keys."""

from __future__ import annotations

from typing import Final

from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.policyfile.kind_language import Language, of_type

LANGUAGE: Final = Language(
    Integrity,
    description="The backups were checked to that rung, that recently.",
    required=["level"],
    keys={
        "level": of_type("rung", "The rung of the ladder that the check must reach.", "checksummed"),
        "every": of_type("duration", "How often.", "30d"),
    },
)
