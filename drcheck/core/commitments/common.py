"""What evaluators of several kinds share."""

from __future__ import annotations

from fractions import Fraction

from drcheck.core.promises import Commitment
from drcheck.core.spans import Span, Spans, union
from drcheck.core.terms import Subject
from drcheck.core.verdict import Status

WARN_AT = Fraction(1, 10)
"""Share of an objective under which the headroom is *at risk*, where the commitment sets none."""


def warn_at(commitment: Commitment) -> Fraction:
    """Return the share of the objective under which the headroom is *at risk*."""
    return WARN_AT if commitment.warn_at is None else commitment.warn_at


def at_risk(commitment: Commitment, status: Status | None, headroom: int | None, objective: int) -> bool:
    """Return whether a commitment is met with too little headroom."""
    return status is Status.MET and headroom is not None and headroom < objective * warn_at(commitment)


def surely_standing(subject: Subject) -> Spans:
    """Return when a candidate of ``subject``, counted or not, surely stood: over none, no promise is kept or broken."""
    return union(
        Span(arrived, gone)
        for part in subject.parts
        for arrived, gone in zip(part.points.available_hi, part.points.gone_lo, strict=True)
    )
