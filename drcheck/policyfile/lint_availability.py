"""What lint tells on request: how much downtime a target allows, and which days are business days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.calendar import DAY
from drcheck.core.promises import Availability, Notice, Per, RestoreTest
from drcheck.core.words import duration, several
from drcheck.policyfile.remarks import Context, Level, Remark

_DAYS: Final = {Per.DAY: (1,), Per.MONTH: (28, 30, 31), Per.QUARTER: (90, 92), Per.YEAR: (365, 366)}
"""How many days the shortest and the longest period has, and a usual month."""


class Downtime(Context):
    """The notes about availability and notices."""

    def allowed(self, commitment: Availability) -> Iterator[Remark]:
        """Tell how much downtime the target allows, cut to whole seconds."""
        lost = 1 - commitment.at_least
        told = [f"{duration(int(lost * days * DAY))} in {_days(days)}" for days in _DAYS[commitment.per]]
        yield self.remark(
            "allowed-downtime",
            ("commitments", commitment.id, "at_least"),
            f"it allows downtime of {several(told)}, beside what is excused (cut here; verdicts are exact)",
            Level.NOTE,
        )

    def business_days(self, commitment: Availability | RestoreTest) -> Iterator[Remark]:
        """Tell which days are business where the policy names none."""
        if self.root.value("business_calendar") is not None:
            return
        for key, notice in _notices(commitment):
            if notice is not None and notice.business_days:
                yield self.remark(
                    "business-days",
                    ("commitments", commitment.id, key),
                    "business days are Monday to Friday, public holidays among them: there is no business_calendar",
                    Level.NOTE,
                )
                return


def _notices(commitment: Availability | RestoreTest) -> Iterator[tuple[str, Notice | None]]:
    if isinstance(commitment, RestoreTest):
        yield "notice", commitment.notice
        return
    for rule in commitment.excused.maintenance:
        yield "excused", rule.notice
    if commitment.credits is not None and commitment.credits.claim is not None:
        yield "credits", commitment.credits.claim.within


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"
