"""Recovery point objective: the newest data that could be restored is never older than promised.

Exposure(t) is t minus the newest ``data_as_of`` among the points that stand at t in a source that survives the
scenario. It is breached while it is greater than ``at_most``.
"""

from __future__ import annotations

from functools import partial

from drcheck.core import words
from drcheck.core.commitments.common import at_risk
from drcheck.core.exposure import Exposure, cite, rejected
from drcheck.core.pieces import cut, within
from drcheck.core.promises import Rpo
from drcheck.core.terms import Subject, Terms
from drcheck.core.verdict import Finding, Quantity, Status, Window


def evaluate(commitment: Rpo, subject: Subject, terms: Terms, window: Window) -> Finding:
    """Judge one data set; ``subject`` holds the sources that survive the commitment's scenario, and no others."""
    exposure = Exposure.of(subject, commitment.at_most, terms.effective, window, until_gone=True)
    pieces = within(terms.binds, cut(window, exposure.changes(), exposure.status_at, partial(_reason, exposure)))
    measured = exposure.age_at(window.end)
    deciding = exposure.surest.before(window.end)
    headroom = None if measured is None else commitment.at_most - measured
    return Finding(
        of=subject.of,
        pieces=pieces,
        reason=_reason(exposure, window.end - 1, window.end),
        objective=Quantity(commitment.at_most, "s"),
        measured=None if measured is None else Quantity(measured, "s"),
        headroom=None if headroom is None else Quantity(headroom, "s"),
        due_at=None if deciding is None else deciding[0].data_lo[deciding[1]] + commitment.at_most,
        at_risk=at_risk(commitment, pieces[-1].status, headroom, commitment.at_most),
        also=tuple((Quantity(figure, "s"), measured is not None and measured <= figure) for figure in commitment.also),
        evidence=(*([cite(deciding)] if deciding else []), *rejected(subject, window.start)),
    )


def _reason(exposure: Exposure, t: int, as_of: int | None = None) -> str:
    """Say why the status right after ``t`` is what it is, with the age at ``as_of``, if that is given."""
    status, of = exposure.status_at(t), exposure.subject.of
    if status is None:
        return _not_owed(exposure, t)
    row = exposure.surest.at(t)
    if status is Status.UNKNOWN:
        why = exposure.why_unknown(t, f"newer data of {of} did not stand")
        if row is None:
            return why
        return f"newest data of {of} known to be restorable is of {words.instant(row[0].data_lo[row[1]])}; {why}"
    if row is not None:
        data = row[0].data_lo[row[1]]
        age = "" if as_of is None else f", {words.duration(max(0, as_of - data))} old"
        objective = words.duration(exposure.objective)
        return f"newest restorable data of {of} is of {words.instant(data)}{age}; the objective is {objective}"
    sources = words.several([part.points.source for part in exposure.subject.parts])
    if (maybe := exposure.best.at(t)) is not None:
        newest = words.instant(maybe[0].data_hi[maybe[1]])
        return f"newest data of {of} that may still stand at {sources} is of {newest}, older than the objective"
    if exposure.best.times and exposure.best.times[0] <= t:
        return f"nothing of {of} can be restored any more: every recovery point at {sources} is gone"
    return f"no recovery point of {of} that counts has ever been seen at {sources}"


def _not_owed(exposure: Exposure, t: int) -> str:
    assert exposure.effective is not None
    if t < exposure.effective:
        return f"nothing is owed yet: the agreement takes effect {words.instant(exposure.effective)}"
    due = words.instant(exposure.effective + exposure.objective)
    return f"nothing is owed yet: the first recovery point of {exposure.subject.of} is due {due}"
