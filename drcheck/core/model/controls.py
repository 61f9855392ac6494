"""Controls of standards, and what verdicts show for them."""

from __future__ import annotations

from msgspec import Struct


class Control(Struct, frozen=True):
    """A control of a standard."""

    id: str
    """As the standard calls it: ``A.8.13``."""
    title: str
    kinds: tuple[str, ...]
    """Kinds of commitment whose verdicts show something for it."""
    shows: str
    """What they show for it, in a sentence."""
    lacks: str
    """What they do not, and an auditor has to see elsewhere."""


class Standard(Struct, frozen=True):
    """A standard, law or framework, as far as backups and recovery concern it."""

    id: str
    """As policies write it before the colon: ``iso27001:A.8.13``."""
    title: str
    controls: tuple[Control, ...]
