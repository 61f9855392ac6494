"""How it is told what is not any more as it was in a period."""

from __future__ import annotations

from drcheck.core.model.since_then import LaterChange, LaterEvent
from drcheck.reports.wording.since_then import in_short, in_words

DAY = 86400


def test_one_change_is_told_whole_and_several_are_summed_up():
    early = LaterChange(
        LaterEvent.DELETED_EARLY, "dumps", "orders", "a.gz", DAY, last_seen=2 * DAY, first_missed=3 * DAY
    )
    gone = [
        LaterChange(
            LaterEvent.GONE, "dumps", "orders", f"{n}.gz", n * DAY, last_seen=n * DAY, first_missed=(n + 1) * DAY
        )
        for n in (4, 5, 6)
    ]
    healed = [LaterChange(LaterEvent.HEALED, "dumps", not_yet_at=n * DAY, first_seen=(n + 1) * DAY) for n in (1, 2)]
    assert list(in_short([early, *healed, *gone])) == [
        (
            "1 backup deleted early: dumps: a.gz, of 1970-01-02T00:00:00Z, last seen 1970-01-03T00:00:00Z, first missed "
            "1970-01-04T00:00:00Z"
        ),
        "2 evidence gaps healed since, from 1970-01-02T00:00:00Z to 1970-01-04T00:00:00Z",
        (
            "3 backups gone since, last seen 1970-01-05T00:00:00Z to 1970-01-07T00:00:00Z, first missed "
            "1970-01-06T00:00:00Z to 1970-01-08T00:00:00Z"
        ),
    ]


def test_a_healed_gap_is_told_with_both_looks():
    change = LaterChange(LaterEvent.HEALED, "dumps", not_yet_at=DAY, first_seen=2 * DAY)
    assert in_words(change) == ("dumps, not seen whole 1970-01-02T00:00:00Z, seen whole 1970-01-03T00:00:00Z")
