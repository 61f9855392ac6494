"""What is valid and yet will not do what its author meant: warnings, and on request what a promise amounts to.

Nothing here is judged: every remark rests on what the policy itself says (plans, durations, sites), not on evidence.
"""

from __future__ import annotations

from collections.abc import Mapping

from drcheck.core.promises import Availability, Copies, Frequency, Immutability, RestoreTest, Retention, Rpo, Rto
from drcheck.policyfile.lint_availability import Downtime
from drcheck.policyfile.lint_backups import Backups
from drcheck.policyfile.lint_copies import Fates
from drcheck.policyfile.load import Document
from drcheck.policyfile.remarks import Level, Remark
from drcheck.settings import Connection

__all__ = ["Level", "Remark", "lint"]


def lint(
    document: Document, as_of: int, *, explain: bool = False, connections: Mapping[str, Connection] | None = None
) -> list[Remark]:
    """Return what there is to say about a faultless policy; plans are followed through the year after ``as_of``.

    ``explain``: tell also what promises amount to. ``connections`` are the runner's, where they are known.
    """
    backups, fates, downtime = Backups(document, as_of), Fates(document, as_of), Downtime(document, as_of)
    found = [*backups.cron_forms()]
    if explain:
        found += fates.shorthands()
    for commitment in document.policy.commitments:
        found += [*backups.survivors(commitment), *backups.beside(commitment)]
        found += backups.too_little_standing(commitment, connections)
        match commitment:
            case Rpo():
                found += backups.rpo(commitment)
            case Rto():
                found += backups.rto(commitment)
            case Frequency():
                found += backups.frequency(commitment)
                if explain:
                    found += backups.worst_loss(commitment)
            case Retention():
                found += backups.retention(commitment)
            case Copies():
                found += fates.copies(commitment)
            case Immutability():
                found += fates.immutability(commitment)
            case RestoreTest() if explain:
                found += downtime.business_days(commitment)
            case Availability() if explain:
                found += downtime.allowed(commitment)
                found += downtime.business_days(commitment)
            case _:
                pass
    return sorted(set(found))
