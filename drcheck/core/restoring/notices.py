"""How long ahead restore tests must be announced, and for when that can still be done."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from drcheck.core import words
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.model.commitments import Notice
from drcheck.core.model.policy import BusinessCalendar, Policy
from drcheck.core.time import calendar


class OwedNotice(NamedTuple):
    """How long ahead a commitment wants drills to be announced."""

    commitment: str
    notice: Notice
    business: BusinessCalendar
    zone: ZoneInfo

    @property
    def words(self) -> str:
        """The notice, and who asks for it."""
        days = self.notice.business_days
        return f"{f'{days} business days' if days else words.duration(self.notice.seconds)} (`{self.commitment}`)"

    def kept(self, at: int, planned_for: int) -> bool:
        """Return whether what is announced at an instant keeps it."""
        return calendar.notice_kept(self.notice, self.business, self.zone, at, planned_for)

    def earliest(self, at: int) -> int:
        """Return for when at the earliest a drill can be announced at an instant."""
        if not self.notice.business_days:
            return at + self.notice.seconds
        day = calendar.local_date(at, self.zone)
        return calendar.business_days_later(day, self.notice.business_days, self.business, self.zone)


def owed_notices(policy: Policy, scenario: str) -> list[OwedNotice]:
    """Return the notices that commitments owe of a drill of that scenario; empty: one that rehearses any."""
    return [
        OwedNotice(one.id, one.notice, policy.business, ZoneInfo(one.zone or policy.timezone))
        for one in policy.commitments
        if isinstance(one, RestoreTest)
        and one.notice is not None
        and (not one.scenario or not scenario or one.scenario == scenario)
    ]
