"""The answer of ``drcheck restore`` for programs; ``docs/restore.md`` says what each key means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drcheck.core import words
from drcheck.core.model.evidence import UNTOLD
from drcheck.core.restoring.answer import DataSet, Objective, RestorablePoint, RestoreAnswer, Restored, SourceKnowledge
from drcheck.reports.json import json_text
from drcheck.reports.restore.typed import typed
from drcheck.settings import located


def render(answer: RestoreAnswer, locations: Mapping[str, str]) -> bytes:
    """Return the answer as one JSON object."""
    return json_text(_answer(answer, locations)).encode()


def _answer(answer: RestoreAnswer, locations: Mapping[str, str]) -> dict[str, Any]:
    return {
        "service": answer.service,
        "title": answer.title,
        "scenario": answer.scenario or None,
        "lost_sites": list(answer.lost_sites),
        "at": _instant(answer.wanted),
        "as_of": _instant(answer.as_of),
        "now": _instant(answer.now),
        "restorable": answer.usable.value,
        "data_sets": [_set(one, answer.now, locations) for one in answer.sets],
        "promises": [
            {
                "commitment": one.commitment,
                "kind": one.kind,
                "status": None if one.status is None else one.status.value,
                "breaks_at": _instant(one.due_at),
                "breaks_in": None if one.due_at is None else one.due_at - answer.now,
                "reason": one.reason,
            }
            for one in answer.dues
        ],
        "sources": [_known(one, answer.now) for one in answer.known],
        "notes": list(answer.notes),
    }


def _set(one: DataSet, now: int, locations: Mapping[str, str]) -> dict[str, Any]:
    def points(several: tuple[RestorablePoint, ...]) -> list[dict[str, Any]]:
        return [_point(point, now, locations) for point in several]

    proven = one.proven
    return {
        "of": one.of,
        "restorable": one.usable.value,
        "reason": one.why,
        "point": None if one.first is None else _point(one.first, now, locations),
        "copies": points(one.copies),
        "newer": points(one.newer),
        "newer_not_shown": one.more_newer,
        "older": points(one.older),
        "older_not_shown": one.more_older,
        "last_restored": _restored(one.restored),
        "proven": None
        if proven is None
        else {"point": _point(proven.point, now, locations), "restored": _restored(proven.restored)},
        "proven_in_doubt": one.proven_in_doubt,
    }


def _point(point: RestorablePoint, now: int, locations: Mapping[str, str]) -> dict[str, Any]:
    key = point.key
    return {
        "source": point.source,
        "site": point.site or None,
        "name": point.name,
        "place": point.place,
        "location": located(point.place, locations),
        "typed": typed(point.place, locations),
        "kind": point.kind or None,
        "data_as_of": _instant(point.data_lo),
        "data_as_of_latest": _instant(point.data_hi),
        "age": max(0, now - point.data_lo),
        "available_at": _instant(point.arrived_at),
        "size": _size(point.size),
        "restorable": point.usable.value,
        "reason": point.why,
        "not_first_because": point.instead,
        "seen_at": _instant(point.seen_at),
        "survives": dict(point.survives),
        "before_it": [
            {
                "source": step.source,
                "name": step.name,
                "place": step.place,
                "location": located(step.place, locations),
                "typed": typed(step.place, locations),
                "kind": step.kind,
                "data_as_of": _instant(step.data_as_of),
                "size": _size(step.size),
                "stands": step.stands,
            }
            for step in point.steps
        ],
        "before_it_in_doubt": point.chain_in_doubt,
        "encrypted_by_client": key.by_client,
        "client_encryption": key.client_how,
        "encrypted_by_storage": key.by_storage,
        "storage_encryption": key.storage_how,
        "client_encryption_asked_by": list(key.asked_by),
        "archived": None
        if point.thaw is None
        else {"tier": point.thaw.tier, "longest": point.thaw.longest, "sure": point.thaw.sure},
        "stands_until": [
            {
                "until": _instant(one.until),
                "why": one.why,
                "firm": one.firm,
                "must_be_gone": one.ends,
            }
            for one in point.standing
        ],
        "last_restored": _restored(point.restored),
    }


def _restored(one: Restored | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "record": one.record,
        "log": one.log,
        "real": one.real,
        "finished_at": _instant(one.finished_at),
        "from_source": one.point_source or None,
        "from_name": one.point_name or None,
        "validation": None if one.reached is None else one.reached.name.lower(),
        "took": one.took,
        "objectives": [_objective(each) for each in one.objectives],
        "in_doubt": one.in_doubt,
    }


def _objective(one: Objective) -> dict[str, Any]:
    return {
        "commitment": one.commitment,
        "at_most": one.at_most,
        "shortest": one.shortest,
        "longest": one.longest,
        "met": one.is_met,
    }


def _known(one: SourceKnowledge, now: int) -> dict[str, Any]:
    return {
        "source": one.source,
        "place": one.place,
        "looked_at": _instant(one.looked_at),
        "whole_at": _instant(one.whole_at),
        "age": None if one.whole_at is None else now - one.whole_at,
        "gaps": list(one.gaps),
    }


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else words.instant(seconds)


def _size(size: int) -> int | None:
    return None if size == UNTOLD else size
