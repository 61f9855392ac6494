"""What the ledger keeps of drills: that one was announced, that it began, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

from msgspec import Struct, field

from drcheck.core.history import drill_log as as_log
from drcheck.core.model.commitments import Rung
from drcheck.core.model.drill import (
    Announced,
    Drill,
    DrillCheck,
    DrillClocks,
    DrillPhase,
    DrillPoint,
    Ending,
    Origin,
)
from drcheck.ledger.look_columns import Damaged, Facts, read_text, writable_text

_TEXTS: Final = (
    "target_site", "why", "operator", "announcement", "reference", "told_by", "output_sha256", "version", "notes",
    "policy_sha256",
)  # fmt: skip
"""Fields of a drill that are plain text, written under their own names."""


class DrillTold(Struct, frozen=True):
    """A drill began, or how it ended; of one without an end the process died, or it goes on."""

    KIND: ClassVar[str] = "drill"
    at: int
    """When this was written."""
    drill: Drill

    @property
    def about(self) -> str:
        """The service."""
        return self.drill.service

    def facts(self) -> Facts:
        """Return what is written."""
        its = self.drill
        point = [
            writable_text(its.point.source),
            writable_text(its.point.of),
            writable_text(its.point.name),
            *its.point[3:],
        ]
        return {
            "at": self.at, "id": writable_text(its.id), "began_at": its.began_at, "origin": its.origin.value,
            "scenarios": [writable_text(one) for one in its.scenarios],
            "point": point if its.point != DrillPoint() else None,
            "outcome": None if its.outcome is None else its.outcome.value,
            "ended_at": _maybe(its.ended_at), "took_ms": _maybe(its.took_ms),
            "clocks": list(its.clocks) if its.clocks != DrillClocks() else None,
            "phases": [[writable_text(one.name), one.began_at, one.took_ms] for one in its.phases],
            "rung": None if its.rung is None else its.rung.name.lower(),
            "checks": [[writable_text(one.name), one.outcome, writable_text(one.detail)] for one in its.checks],
            "data_wrong": its.data_wrong,
            **{key: writable_text(getattr(its, key)) for key in _TEXTS},
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        source, of, name, *rest = facts.get("point", ("", "", "", None, None))
        return cls(
            facts.get("at", 0),
            Drill(
                read_text(facts.get("id", "")),
                about,
                facts.get("began_at", 0),
                Origin(facts["origin"]),
                tuple(map(read_text, facts.get("scenarios", ()))),
                DrillPoint(read_text(source), read_text(of), read_text(name), *rest),
                outcome=Ending(facts["outcome"]) if "outcome" in facts else None,
                ended_at=_read_maybe(facts.get("ended_at")),
                took_ms=_read_maybe(facts.get("took_ms")),
                clocks=DrillClocks(*facts.get("clocks", ())),
                phases=tuple(DrillPhase(read_text(name), *times) for name, *times in facts.get("phases", ())),
                rung=Rung[facts["rung"].upper()] if "rung" in facts else None,
                checks=tuple(
                    DrillCheck(read_text(name), how, read_text(detail)) for name, how, detail in facts.get("checks", ())
                ),
                data_wrong=facts.get("data_wrong", False),
                **{key: read_text(facts.get(key, "")) for key in _TEXTS},
            ),
        )


class DrillAnnounced(Struct, frozen=True):
    """A drill was announced, at the instant at which this was written."""

    KIND: ClassVar[str] = "drill announced"
    announced: Announced

    @property
    def about(self) -> str:
        """The service."""
        return self.announced.service

    def facts(self) -> Facts:
        """Return what is written."""
        its = self.announced
        return {
            "at": its.at, "id": writable_text(its.id), "planned_for": its.planned_for,
            "scenario": writable_text(its.scenario),
            "by": writable_text(its.by), "notes": writable_text(its.notes),
        }  # fmt: skip

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        id_, scenario, by, notes = (read_text(facts.get(key, "")) for key in ("id", "scenario", "by", "notes"))
        return cls(Announced(id_, about, facts.get("at", 0), facts.get("planned_for", 0), scenario, by, notes))


class DrillsState(Struct):
    """What is known of the drills of one service."""

    told: list[tuple[int, DrillTold | DrillAnnounced]] = field(default_factory=list)
    """Each entry with its number, oldest first."""
    shown: int = 0
    """The entry up to which the newest run that judged the service saw them."""

    def apply(self, number: int, entry: DrillTold | DrillAnnounced) -> None:
        """Take in one entry; raises :class:`~drcheck.ledger.look_columns.Damaged` where what it tells is over."""
        if isinstance(entry, DrillTold):
            known = self.drills().get(entry.drill.id)
            if known is not None and (known.outcome is not None or known.origin is not entry.drill.origin):
                raise Damaged(f"drill {known.id} has ended already, or is another one's")
        elif any(one.id == entry.announced.id for one in self.announced()):
            raise Damaged(f"announcement {entry.announced.id} was made already")
        self.told.append((number, entry))

    def drills(self, upto: int | None = None) -> dict[str, Drill]:
        """Return the drills by id, in the order in which they were first told, as known after an entry; None: now."""
        drills = (entry.drill for _, entry in self._upto(upto) if isinstance(entry, DrillTold))
        return {drill.id: drill for drill in drills}

    def announced(self, upto: int | None = None) -> Sequence[Announced]:
        """Return what was announced, oldest first, as known after an entry; None: now."""
        return [entry.announced for _, entry in self._upto(upto) if isinstance(entry, DrillAnnounced)]

    def log(self, upto: int | None, *, by_drcheck: bool) -> bytes:
        """Return the drills that drcheck ran, or else all others, as a log tells them, as known after an entry."""
        known = self.drills(upto).values()
        wanted = (one for one in known if (one.origin is Origin.RUN) is by_drcheck)
        return as_log.log_lines(wanted, self.announced(upto))

    def _upto(self, number: int | None) -> Sequence[tuple[int, DrillTold | DrillAnnounced]]:
        return self.told if number is None else [one for one in self.told if one[0] <= number]


def _maybe(number: int | None) -> list[int] | None:
    """Return a number that may be zero, which would be left out, or None, as it is written."""
    return None if number is None else [number]


def _read_maybe(written: Sequence[Any] | None) -> int | None:
    return None if written is None else written[0]
