"""The tarballs of the last two nights are there, and the manifest beside each says that the backup partly failed."""

from __future__ import annotations

import json

from situation import Situation, assert_tells

SOURCE = (
    '  velero: {at: "disk:velero/backups/", reader: objects, name_zone: UTC, available_at: mtime, thinned_after: 10d, '
    'name: "velero-daily-{data_as_of:%Y%m%d%H%M%S}/velero-daily-{data_as_of:%Y%m%d%H%M%S}.tar.gz", '
    'complete_when: {file: "{dir}/velero-backup.json", says: {status.phase: Completed}}}\n'
)
RPO = "  rpo: {kind: rpo, at_most: 25h, evidence: [velero]}\n"


def backup(situation: Situation, ago: int, phase: str) -> None:
    began = situation.night(ago)
    name = f"velero-daily-{began:%Y%m%d%H%M%S}"
    situation.put(f"velero/backups/{name}/{name}.tar.gz", situation.noise(30000 + ago), began)
    manifest = json.dumps({"kind": "Backup", "status": {"phase": phase, "errors": 2}})
    situation.put(f"velero/backups/{name}/velero-backup.json", manifest.encode(), began)


def test_a_backup_whose_manifest_says_anything_else_does_not_count_and_the_reason_quotes_it(situation):
    for ago in range(9, -1, -1):
        backup(situation, ago, "PartiallyFailed" if ago <= 1 else "Completed")
    situation.policy(sources=SOURCE, commitments=RPO)
    rpo = situation.judged("--window", "5d")["rpo"]
    assert rpo["status"] == "breached"
    assert rpo["breaches"][-1]["opened_at"] == f"{situation.night(2 - 25 / 24):%Y-%m-%dT%H:%M:%SZ}"
    refused = rpo["rejected"]
    assert len(refused) == 2
    assert all("status.phase: PartiallyFailed" in cited["why_not"] for cited in refused)


def test_a_manifest_that_says_it_is_complete_later_makes_the_backup_count_from_then_on(situation):
    for ago in range(3, -1, -1):
        backup(situation, ago, "InProgress" if ago == 0 else "Completed")
    situation.policy(sources=SOURCE, commitments=RPO.replace("25h", "20h"))
    assert situation.judged()["rpo"]["status"] == "breached"
    backup(situation, 0, "Completed")
    assert situation.judged()["rpo"]["status"] == "met"


def test_a_manifest_that_cannot_be_read_is_a_gap_and_leaves_the_backup_in_doubt(situation):
    for ago in range(3, -1, -1):
        backup(situation, ago, "Completed")
    began = situation.night(0)
    broken = f"velero/backups/velero-daily-{began:%Y%m%d%H%M%S}/velero-backup.json"
    situation.put(broken, b'{"status": {"phase": "Comp', began)
    situation.policy(sources=SOURCE, commitments=RPO.replace("25h", "20h"))
    rpo = situation.judged()["rpo"]
    assert rpo["status"] == "unknown"
    assert_tells(rpo, ["velero-backup.json", "cannot be read"])
    assert any("cannot be read" in gap["what"] for gap in rpo["gaps"])
