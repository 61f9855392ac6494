"""What ``restic check`` 0.14 and ``borg check`` 1.2 printed, and how far up the ladder that is."""

from __future__ import annotations

import pytest

from drcheck.core.model.commitments import Rung
from drcheck.readers.logs.repository_checks import parse

RESTIC = "create exclusive lock for repository\nload indexes\ncheck all packs\n{}check snapshots, trees and blobs\n[0:00] 100.00%  1 / 1 snapshots\n\n"
PASSED = "no errors were found\n"
FAILED = "Fatal: repository contains errors\n"
SEGMENTS = "Starting repository check\nfinished segment check at segment 5\nFinished full repository check, {}.\n"
ARCHIVES = (
    "Starting archive consistency check...\n{}Analyzing archive a (1/1)\n{}Archive consistency check complete, {}.\n"
)
VERIFIED = "Finished cryptographic data integrity verification, verified 20 chunks with {} integrity errors.\n"
SKIPPED = "Orphaned objects check skipped (needs all archives checked).\n"
GOOD = "no problems found"


def run(printed, status=0, hour=2):
    return f"=== began 2026-11-21T{hour:02}:00:00Z\n{printed}=== ended {status} 2026-11-21T{hour:02}:07:30Z\n"


def read(text, latest=2_000_000_000):
    return parse(text.encode(), "shop", latest, checked="snapshots")


@pytest.mark.parametrize(
    ("printed", "status", "level", "passed"),
    [
        (RESTIC.format("") + PASSED, 0, Rung.STRUCTURE_CHECKED, True),
        (RESTIC.format("") + "read all data\n[0:00] 100.00%  4 / 4 packs\n\n" + PASSED, 0, Rung.DATA_CHECKED, True),
        (RESTIC.format("") + "read all data\n[0:00]          0 packs\n\n" + PASSED, 0, Rung.STRUCTURE_CHECKED, True),
        (RESTIC.format("") + "read group #1 of 2 data packs (out of total 4 packs in 4 groups)\n[0:00] 100.00%  2 / 2 packs\n\n" + PASSED, 0, Rung.STRUCTURE_CHECKED, True),
        (RESTIC.format("") + "read 50.0% of data packs\n[0:00] 100.00%  2 / 2 packs\n\n" + PASSED, 0, Rung.STRUCTURE_CHECKED, True),
        (RESTIC.format("") + "read all data\nPack ID does not match, want ff7, got 0ab\n[0:00] 100.00%  4 / 4 packs\n\n" + FAILED, 1, Rung.DATA_CHECKED, False),
        (RESTIC.format("pack ff7: does not exist\n") + FAILED, 1, Rung.STRUCTURE_CHECKED, False),
        (SEGMENTS.format(GOOD) + ARCHIVES.format("", "", GOOD), 0, Rung.STRUCTURE_CHECKED, True),
        (SEGMENTS.format(GOOD) + ARCHIVES.format(VERIFIED.format(0), "", GOOD), 0, Rung.DATA_CHECKED, True),
        (SEGMENTS.format(GOOD), 0, Rung.CHECKSUMMED, True),
        (SEGMENTS.format(GOOD) + ARCHIVES.format("", SKIPPED, GOOD), 0, Rung.CHECKSUMMED, True),
        (SEGMENTS.format("errors found"), 1, Rung.STRUCTURE_CHECKED, False),
        (ARCHIVES.format(VERIFIED.format(1), "", "problems found"), 1, Rung.DATA_CHECKED, False),
    ],
)  # fmt: skip
def test_a_check_is_worth_what_it_says_that_it_read(printed, status, level, passed):
    log = read(run(printed, status))
    assert log.gaps == ()
    (check,) = log.checks
    assert (check.level, check.passed, check.point_source) == (level, passed, "snapshots")
    assert check.finished_at - check.started_at == 450


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ("Fatal: wrong password or no key found\n", 1),
        ("unable to create lock in backend: repository is already locked exclusively by PID 7\n", 1),
        (RESTIC.format("") + PASSED, 1),
        (RESTIC.format(""), 0),
        (ARCHIVES.format("", "", GOOD), 0),
        ("passphrase supplied in BORG_PASSPHRASE is incorrect.\n", 2),
        ("", 0),
    ],
)
def test_one_that_did_not_check_all_through_is_no_pass_and_no_failure(printed, status):
    log = read(run(printed, status))
    assert log.checks == ()
    (gap,) = log.gaps
    assert gap.line == run(printed).count("\n")


def test_what_is_not_dated_or_does_not_end_is_a_gap_with_its_line():
    stray = read("hello\nworld\n" + run(RESTIC.format("") + PASSED))
    assert [gap.line for gap in stray.gaps] == [1]
    assert len(stray.checks) == 1
    killed = read("=== began 2026-11-20T02:00:00Z\nload indexes\n" + run(RESTIC.format("") + PASSED))
    assert [gap.line for gap in killed.gaps] == [1]
    assert len(killed.checks) == 1
    assert [gap.line for gap in read("=== began 2026-11-20T02:00:00Z\nload").gaps] == [1]
    for odd in ("=== began 2026-11-31T02:00:00Z\n", "=== ended 0 2026-11-21T02:00:00Z\n"):
        assert [gap.line for gap in read(odd).gaps] == [1]
    assert read(run(RESTIC.format("") + PASSED), latest=1_000_000_000).checks == ()
    assert read("\0\x9f\ud7ff".encode("utf-8", "surrogatepass").decode("latin-1")).checks == ()
