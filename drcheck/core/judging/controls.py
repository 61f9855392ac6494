"""What the verdicts of a report come to for each control of a standard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from drcheck.core.model.controls import Control, Standard
from drcheck.core.model.verdict import Verdict


class ControlVerdicts(NamedTuple):
    """A control, and the verdicts that show something for it."""

    control: Control
    verdicts: tuple[tuple[str, Verdict], ...]
    """Each with its service, in the order of the report; empty: nothing that was promised concerns it."""


def shown_for(standard: Standard, services: Iterable[tuple[str, Sequence[Verdict]]]) -> tuple[ControlVerdicts, ...]:
    """Return each control of a standard with the verdicts that concern it.

    Those are the verdicts of its kinds, and those whose commitment names it, as ``STANDARD:CONTROL``.
    """
    everything = [(service, verdict) for service, verdicts in services for verdict in verdicts]
    return tuple(
        ControlVerdicts(control, tuple(one for one in everything if _concerns(one[1], standard, control)))
        for control in standard.controls
    )


def concerning(verdict: Verdict, standards: Iterable[Standard]) -> list[str]:
    """Return the controls that a verdict concerns, as ``STANDARD:CONTROL``: those that its commitment names first."""
    named = verdict.commitment.controls
    known = {one.casefold() for one in named}
    by_kind = (
        f"{standard.id}:{control.id}"
        for standard in standards
        for control in standard.controls
        if _concerns(verdict, standard, control)
    )
    return [*named, *(one for one in by_kind if one.casefold() not in known)]


def _concerns(verdict: Verdict, standard: Standard, control: Control) -> bool:
    named = f"{standard.id}:{control.id}".casefold()
    promise = verdict.commitment
    return promise.kind in control.kinds or any(one.casefold() == named for one in promise.controls)
