"""What the ledger keeps of notifications: what is new to those behind a channel, and what became of each message."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar, Self

from msgspec import Struct

from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, Event, Transition
from drcheck.ledger.look_columns import Facts, read_text, writable_text


class Sending(StrEnum):
    """What became of a message."""

    HELD = "held"
    """It waits for the next one."""
    CLAIMED = "claimed"
    """Whoever wrote this sends it now."""
    SENT = "sent"
    FAILED = "failed"


class Notification(Struct, frozen=True):
    """What is new to those behind a channel, or what became of a message to them."""

    KIND: ClassVar[str] = "notification"
    channel: str
    run: str
    at: int
    state: Sending
    events: tuple[Event, ...] = ()
    """Of what is held or claimed: what is new since the entry before."""
    count: int = 0
    """Of what was claimed and sent: how many events, from the oldest on, the message tells; of what is held: how many
    need no telling any more."""
    error: str = ""
    """Why it could not be sent."""

    @property
    def about(self) -> str:
        """The channel."""
        return self.channel

    def facts(self) -> Facts:
        """Return what is written."""
        return {
            "run": self.run, "at": self.at, "state": self.state.value, "count": self.count,
            "error": writable_text(self.error), "events": written_events(self.events),
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            about, facts.get("run", ""), facts.get("at", 0), Sending(facts["state"]),
            read_events(facts.get("events", ())), facts.get("count", 0), read_text(facts.get("error", "")),
        )  # fmt: skip


def written_events(events: Iterable[Event]) -> list[Any]:
    """Return events as they are written."""
    return [
        [
            one.change.value, one.subject.what.value, one.subject.service, writable_text(one.subject.name),
            one.since, one.until, writable_text(one.reason), one.silent,
        ]
        for one in events
    ]  # fmt: skip


def read_events(rows: Iterable[Any]) -> tuple[Event, ...]:
    """Return what :func:`written_events` was given."""
    return tuple(
        Event(
            Transition(change),
            ConditionSubject(ConditionKind(what), service, read_text(name)),
            since,
            until,
            read_text(reason),
            silent,
        )
        for change, what, service, name, since, until, reason, silent in rows
    )
