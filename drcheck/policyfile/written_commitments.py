"""A commitment as a policy writes it: where it stands in its file, and the keys that every kind has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from drcheck.policyfile.yaml_nodes import MappingNode, Mark

LEADING_KEYS: Final = ("kind", "evidence", "scenario")
TRAILING_KEYS: Final = (
    "zone", "clause", "quote", "controls", "applies", "note", "min_standing", "in_force_from", "warn_at",
)  # fmt: skip
"""Keys of every kind, which its schema has before and behind those of its own."""
COMMON_KEYS: Final = (*LEADING_KEYS[2:], *TRAILING_KEYS)
"""Keys that every commitment may have."""


class Written(NamedTuple):
    """One commitment, as it is written."""

    root: MappingNode
    name: str
    key: Mark
    """Where its name stands."""
    commitment: MappingNode
    at: str
    """Its path, for messages."""
    readers: Sequence[str]
    """What reads its evidence."""
