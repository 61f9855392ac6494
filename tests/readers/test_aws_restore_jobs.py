"""Restore jobs of AWS Backup: completed is not validated, and what was reported to it is named as that."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.commitments import Rung
from drcheck.core.model.drill import Ending, Origin
from drcheck.readers.logs.aws_restore_jobs import parse
from drcheck.readers.logs.record_fields import Malformed

JOB = {
    "AccountId": "111122223333",
    "RestoreJobId": "A1B2",
    "RecoveryPointArn": "arn:aws:ec2:eu-north-1::snapshot/snap-01",
    "CreationDate": "2026-11-20T08:00:00.900000+01:00",
    "CompletionDate": "2026-11-20T08:40:00.100000+01:00",
    "Status": "COMPLETED",
    "PercentDone": "100.00%",
    "BackupSizeInBytes": 8589934592,
    "RecoveryPointCreationDate": "2026-11-20T03:00:00+01:00",
    "ValidationStatus": "SUCCESSFUL",
}
BEGAN = 1795158000


def one(**more):
    told = {key: value for key, value in {**JOB, **more}.items() if value is not None}
    jobs = parse(json.dumps({"RestoreJobs": [told]}).encode(), "shop")
    (drill,) = jobs.ended
    return drill


def test_a_job_is_an_imported_drill_whose_times_are_never_made_shorter():
    drill = one()
    assert (drill.id, drill.service, drill.origin) == ("A1B2", "shop", Origin.IMPORTED)
    assert (drill.began_at, drill.ended_at) == (BEGAN, BEGAN + 2401)
    assert drill.clocks == (None, None, BEGAN, BEGAN + 2401, None)
    assert (drill.point.name, drill.point.size) == ("arn:aws:ec2:eu-north-1::snapshot/snap-01", 8589934592)
    assert drill.point.data_as_of == BEGAN - 5 * 3600


@pytest.mark.parametrize(
    ("validation", "outcome", "rung"),
    [
        (None, Ending.PASSED, Rung.RESTORED),
        ("TIMED_OUT", Ending.PASSED, Rung.RESTORED),
        ("SUCCESSFUL", Ending.PASSED, Rung.VALIDATED),
        ("FAILED", Ending.FAILED, Rung.RESTORED),
    ],
)
def test_what_a_completed_job_comes_to_says_its_validation(validation, outcome, rung):
    drill = one(ValidationStatus=validation)
    assert (drill.outcome, drill.rung) == (outcome, rung)
    assert ("as reported to it" in drill.told_by) == (validation is not None)


@pytest.mark.parametrize(("status", "outcome"), [("FAILED", Ending.FAILED), ("ABORTED", Ending.ABORTED)])
def test_what_did_not_complete_restored_nothing(status, outcome):
    drill = one(Status=status, StatusMessage="no capacity", ValidationStatus=None)
    assert (drill.outcome, drill.rung, drill.why, drill.clocks.restored_at) == (outcome, None, "no capacity", None)


@pytest.mark.parametrize("more", [{"Status": "RUNNING"}, {"Status": "PENDING"}, {"ValidationStatus": "VALIDATING"}])
def test_what_is_not_over_is_named_and_not_taken(more):
    jobs = parse(json.dumps({"RestoreJobs": [{**JOB, **more}], "NextToken": "abc"}).encode(), "shop")
    assert (jobs.ended, jobs.going_on, jobs.cut) == ((), ("A1B2",), True)


def test_describe_restore_job_prints_one_and_version_1_of_the_client_seconds():
    job = {**JOB, "CreationDate": BEGAN + 0.9, "CompletionDate": BEGAN + 2400.1}
    jobs = parse(json.dumps(job).encode(), "shop")
    assert (jobs.ended[0].began_at, jobs.ended[0].ended_at) == (BEGAN, BEGAN + 2401)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"RestoreJobId": None}, "job 1: RestoreJobId is missing"),
        ({"Status": "DONE"}, "job 1: Status is 'DONE'"),
        ({"ValidationStatus": "MAYBE"}, "job 1: ValidationStatus is 'MAYBE'"),
        ({"CompletionDate": None}, "job 1: CompletionDate is missing"),
        ({"CompletionDate": "2026-11-20T07:00:00+01:00"}, "job 1: CompletionDate lies before CreationDate"),
        ({"CreationDate": "2026-11-20T07:00:00"}, "job 1: CreationDate has no zone"),
        ({"CreationDate": 1e20}, "job 1: CreationDate lies outside the years 1970 to 2999"),
        ({"CreationDate": True}, "job 1: CreationDate is missing"),
        ({"BackupSizeInBytes": -1}, "job 1: BackupSizeInBytes is no size"),
        ({"RecoveryPointArn": "a\x1b[2Jb"}, "job 1: it holds control characters"),
    ],
)
def test_what_is_no_job_is_refused(more, why):
    with pytest.raises(Malformed) as told:
        one(**more)
    assert str(told.value).startswith(why)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*JOB, "RestoreJobs"]), inner)))  # fmt: skip
def test_whatever_the_file_holds_it_is_read_or_refused(value):
    with suppress(Malformed):
        assert parse(json.dumps(value).encode(), "shop").ended is not None


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b"7", b'{"RestoreJobs": 7}', b'{"RestoreJobs": [7]}'])
def test_what_is_no_file_of_jobs_is_refused(data):
    with pytest.raises(Malformed):
        parse(data, "shop")
