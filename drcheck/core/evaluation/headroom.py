"""Headroom: when a commitment that is met is at risk all the same."""

from __future__ import annotations

from fractions import Fraction

from drcheck.core.model.commitments import Commitment
from drcheck.core.model.status import Status

WARN_AT = Fraction(1, 10)
"""Share of an objective under which the headroom is *at risk*, where the commitment sets none."""


def warn_at(commitment: Commitment) -> Fraction:
    """Return the share of the objective under which the headroom is *at risk*."""
    return WARN_AT if commitment.warn_at is None else commitment.warn_at


def at_risk(commitment: Commitment, status: Status | None, headroom: int | None, objective: int) -> bool:
    """Return whether a commitment is met with too little headroom."""
    return status is Status.MET and headroom is not None and headroom < objective * warn_at(commitment)
