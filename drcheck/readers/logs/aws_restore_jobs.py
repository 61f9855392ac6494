"""Restore jobs as AWS Backup tells them: what ``list-restore-jobs`` or ``describe-restore-job`` of its client prints.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreJobsListMember.html has the fields. A job that is
``COMPLETED`` has restored something, and nothing more; ``ValidationStatus`` is what somebody's own function reported to
AWS Backup (https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html): its word, no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from math import ceil, floor
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from drcheck.core.model.commitments import Rung
from drcheck.core.model.drill import Drill, DrillClocks, DrillPoint, Ending, Origin
from drcheck.readers.logs import record_fields
from drcheck.readers.logs.record_fields import Malformed

_GOES_ON: Final = frozenset({"PENDING", "RUNNING"})
_VALIDATING: Final = "VALIDATING"
_ENDINGS: Final = {"COMPLETED": Ending.PASSED, "FAILED": Ending.FAILED, "ABORTED": Ending.ABORTED}
_VALIDATED: Final[Mapping[str, tuple[Ending, Rung]]] = {
    "": (Ending.PASSED, Rung.RESTORED),
    "TIMED_OUT": (Ending.PASSED, Rung.RESTORED),
    "SUCCESSFUL": (Ending.PASSED, Rung.VALIDATED),
    "FAILED": (Ending.FAILED, Rung.RESTORED),
}
"""What a completed job comes to by what was reported of its validation."""
_LATEST: Final = 32503680000
"""The year 3000: beyond it calendars end."""


class Jobs(NamedTuple):
    """What a file tells."""

    ended: tuple[Drill, ...]
    going_on: tuple[str, ...]
    """Ids of jobs that have not ended, or whose validation has not."""
    cut: bool
    """Whether there are more jobs than the file holds: it has a ``NextToken``."""


def parse(data: bytes, service: str) -> Jobs:
    """Return the jobs as drills of ``service``; raises :class:`Malformed` where one is none, and then none is taken."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed("it is not JSON") from None
    if not isinstance(told, dict):
        raise Malformed("it is no object")
    jobs = told.get("RestoreJobs", [told])
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise Malformed("RestoreJobs is no list of objects")
    read = list(_each(jobs, service))
    return Jobs(
        tuple(one for one in read if isinstance(one, Drill)),
        tuple(one for one in read if isinstance(one, str)),
        bool(told.get("NextToken")),
    )


def _each(jobs: list[dict[str, Any]], service: str) -> Iterator[Drill | str]:
    for number, job in enumerate(jobs, 1):
        try:
            yield _job(job, service)
        except Malformed as why:
            raise Malformed(f"job {number}: {why}") from None


def _job(job: Mapping[str, Any], service: str) -> Drill | str:
    name = _text(job, "RestoreJobId")
    status, validation = _text(job, "Status"), _text(job, "ValidationStatus", required=False)
    if status in _GOES_ON or (status == "COMPLETED" and validation == _VALIDATING):
        return name
    if status not in _ENDINGS:
        raise Malformed(f"Status is {status!r}, not one of {', '.join([*_ENDINGS, *sorted(_GOES_ON)])}")
    if validation not in _VALIDATED:
        raise Malformed(f"ValidationStatus is {validation!r}, not one of {', '.join(filter(None, _VALIDATED))}")
    began, ended = floor(_instant(job, "CreationDate")), ceil(_instant(job, "CompletionDate"))
    if ended < began:
        raise Malformed("CompletionDate lies before CreationDate")
    data = _maybe_instant(job, "RecoveryPointCreationDate")
    outcome, rung = _VALIDATED[validation] if status == "COMPLETED" else (_ENDINGS[status], None)
    message = _text(job, "StatusMessage", required=False) or _text(job, "ValidationStatusMessage", required=False)
    reported = f"ValidationStatus {validation}, as reported to it" if validation else "no validation reported"
    drill = Drill(
        name,
        service,
        began,
        Origin.IMPORTED,
        point=DrillPoint(name=_text(job, "RecoveryPointArn", required=False), data_as_of=data, size=_size(job)),
        outcome=outcome,
        ended_at=ended,
        clocks=DrillClocks(restore_started_at=began, restored_at=ended if status == "COMPLETED" else None),
        rung=rung,
        told_by=f"AWS Backup: {status}, {reported}",
    )
    return replace(drill, why=message or drill.told_by) if outcome is not Ending.PASSED else drill


def _text(job: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    value = job.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise Malformed(f"{key} is missing" if value is None else f"{key} is no text")
    record_fields.no_control(value)
    return value.strip()


def _instant(job: Mapping[str, Any], key: str) -> float:
    """Return an instant: version 2 of the client prints RFC 3339, version 1 seconds since 1970."""
    value = job.get(key)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise Malformed(f"{key} is no instant") from None
        if moment.tzinfo is None:
            raise Malformed(f"{key} has no zone")
        seconds = moment.timestamp()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    else:
        raise Malformed(f"{key} is missing")
    if not 0 <= seconds < _LATEST:
        raise Malformed(f"{key} lies outside the years 1970 to 2999")
    return seconds


def _maybe_instant(job: Mapping[str, Any], key: str) -> int | None:
    return None if job.get(key) is None else floor(_instant(job, key))


def _size(job: Mapping[str, Any]) -> int | None:
    size = job.get("BackupSizeInBytes")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 62:
        raise Malformed("BackupSizeInBytes is no size")
    return size
