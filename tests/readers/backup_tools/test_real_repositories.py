"""Repositories that restic 0.14 and borg 1.2 made, healthy and damaged: each look is right, or says what is wrong."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from real_tools import data_of, stopped, why

from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import UNTOLD, Fact
from drcheck.core.names.tool_repositories import repositories
from drcheck.readers.logs import repository_checks

ALL = ["2026-11-20T02:00:00+00:00", "2026-11-21T02:00:00+00:00", "2026-11-22T02:00:00+00:00"]
RESTIC = ("restic", "--no-lock", "snapshots", "--json", "-r")
BORG = ("borg", "list", "--json")
INFO = ("borg", "info", "--json", "--glob-archives", "*")


def largest(directory):
    return max((one for one in directory.rglob("*") if one.is_file()), key=lambda one: one.stat().st_size)


def flip(file):
    """Change a byte in the middle of a file."""
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_the_snapshots_of_restic_are_of_when_they_began(tools):
    seen = tools.look("restic", *RESTIC, "restic", facts=(Fact.CLIENT_ENCRYPTION,))
    assert data_of(seen) == ALL
    assert all(one.told.holds for one in seen.described)
    assert {one.size for one in seen.candidates} == {UNTOLD}


def test_a_repository_in_s3_is_read_as_one_on_disk(tools):
    assert data_of(tools.look("restic", *RESTIC, f"s3:{tools.s3.endpoint}/backup-tools/restic")) == ALL[:1]


def test_a_repository_over_sftp_is_read_as_one_on_disk(tools):
    host = tools.host
    command = f"ssh -F none -p {host.port} -i {host.identity_file} -o UserKnownHostsFile={host.known_hosts} {host.host} -s sftp"
    where = f"sftp:{host.host}:{tools.top}/restic"
    assert data_of(tools.look("restic", "restic", "-o", f"sftp.command={command}", *RESTIC[1:], where)) == ALL


def test_a_wrong_password_is_a_gap_and_no_empty_repository(tools):
    seen = tools.look("restic", *RESTIC, "restic", environment={"RESTIC_PASSWORD": "wrong"})
    assert "wrong password" in why(seen)
    seen = tools.look("borg", *BORG, "borg", environment={"BORG_PASSPHRASE": "wrong"}, name_zone="UTC")
    assert "passphrase" in why(seen)


def test_a_repository_that_is_not_there_is_a_gap(tools):
    assert "unable to open config file" in why(tools.look("restic", *RESTIC, "nowhere"))
    assert "does not exist" in why(tools.look("borg", *BORG, "nowhere", name_zone="UTC"))


def test_an_empty_repository_shows_that_nothing_is_there(tools):
    tools.run("restic", "-r", "empty", "init")
    assert data_of(tools.look("restic", *RESTIC, "empty")) == []
    tools.run("borg", "init", "-e", "none", "empty-borg")
    seen = tools.look("borg", *INFO, "empty-borg", name_zone="UTC")
    assert data_of(seen) == []


def test_a_stale_lock_of_restic_is_a_gap_and_is_passed_without_locking(tools, copied):
    repository = copied("restic")
    os.mkfifo(tools.top / "password")
    changing = tools.begun("restic", "-r", repository, "key", "passwd", "--new-password-file", "password")
    with stopped(changing, signal.SIGKILL):
        locks = tools.top / repository / "locks"
        while not [lock for lock in locks.iterdir() if "-tmp-" not in lock.name]:  # written beside, then renamed
            time.sleep(0.05)
    locking = [word for word in RESTIC if word != "--no-lock"]
    assert "already locked exclusively" in why(tools.look("restic", *locking, repository))
    assert data_of(tools.look("restic", *RESTIC, repository)) == ALL


def test_a_locked_repository_of_borg_is_a_gap(tools, copied):
    repository = copied("borg")
    with stopped(tools.begun("borg", "with-lock", repository, "cat"), signal.SIGTERM):
        while not (tools.top / repository / "lock.exclusive").exists():
            time.sleep(0.05)
        assert "lock" in why(tools.look("borg", *BORG, "--lock-wait", "1", repository, name_zone="UTC")).lower()


def test_a_backup_of_restic_that_was_killed_is_none(tools, copied):
    repository = copied("restic")
    backup = tools.begun("restic", "-r", repository, "backup", "--host", "web", "--stdin")
    with stopped(backup, signal.SIGKILL):
        backup.stdin.write(os.urandom(20 << 20))
        backup.stdin.flush()
    assert data_of(tools.look("restic", *RESTIC, repository)) == ALL


def test_what_a_broken_off_backup_of_borg_left_does_not_count(tools, copied):
    repository = copied("borg")
    backup = tools.begun("borg", "create", "--checkpoint-interval", "1", f"{repository}::web-2026-11-23", "-")
    with stopped(backup, signal.SIGINT):
        for _ in range(3):
            backup.stdin.write(os.urandom(10 << 20))
            backup.stdin.flush()
            time.sleep(0.7)
    seen = tools.look("borg", *INFO, repository, name_zone="UTC")
    assert data_of(seen) == ALL
    assert [one.name for one in seen.look.unaccounted] == [
        "archive web-2026-11-23.checkpoint (of a backup that did not end)"
    ]
    assert seen.look.unaccounted[0].newer


def test_archives_of_borg_are_of_when_they_began_in_the_zone_that_the_policy_states(tools):
    seen = tools.look("borg", *BORG, "borg", name_zone="UTC", facts=(Fact.CLIENT_ENCRYPTION,))
    assert data_of(seen) == ALL
    assert {one.told.how for one in seen.described} == {"borg, repokey"}
    assert {one.size for one in seen.candidates} == {UNTOLD}
    seen = tools.look("borg", *BORG, "borg", environment={"TZ": "Europe/Stockholm"}, name_zone="Europe/Stockholm")
    assert data_of(seen) == ALL
    assert "has no zone: run borg with TZ=UTC" in why(tools.look("borg", *BORG, "borg"))


def test_borg_info_tells_sizes_and_hosts_and_none_of_a_repository_alone(tools):
    seen = tools.look("borg", *INFO, "borg", name_zone="UTC")
    assert data_of(seen) == ALL
    assert {one.size for one in seen.candidates} == {250_000}
    assert "lists no archives" in why(tools.look("borg", "borg", "info", "--json", "borg", name_zone="UTC"))


def test_what_was_forgotten_or_deleted_is_not_shown_any_more(tools, copied):
    repository = copied("restic")
    tools.run("restic", "-r", repository, "forget", "--keep-last", "1", "--prune")
    assert data_of(tools.look("restic", *RESTIC, repository)) == ALL[-1:]
    repository = copied("borg")
    tools.run("borg", "delete", f"{repository}::web-2026-11-20")
    assert data_of(tools.look("borg", *BORG, repository, name_zone="UTC")) == ALL[1:]


def test_a_list_does_not_show_that_a_pack_is_missing(tools, copied):
    """What docs/tools/restic.md says that a list cannot prove: restic's own check shows it."""
    repository = copied("restic")
    largest(tools.top / repository / "data").unlink()
    assert data_of(tools.look("restic", *RESTIC, repository)) == ALL
    tools.run("restic", "-r", repository, "check", fails=True)


def checked(tools, *argv):
    """Return what the log of a check tells that was run by the line of shell in docs/tools."""
    page = (Path(__file__).parents[3] / "docs" / "tools" / "restic.md").read_text()
    line = re.search(r"^\{ date .*restic\.log$", page, re.MULTILINE)[0]
    log = tools.top / f"check-{len(list(tools.top.iterdir()))}.log"
    line = line.replace("restic … check --read-data", '"$@"').replace("/srv/checks/restic.log", str(log))
    tools.run("sh", "-c", line, "sh", *argv)
    told = repository_checks.parse(log.read_bytes(), "shop")
    return [(one.level, one.passed) for one in told.checks], [gap.line for gap in told.gaps]


def test_checks_of_restic_reach_as_far_as_they_read(tools, copied):
    repository = copied("restic")
    restic = ("restic", "--no-cache", "-r", repository, "check")
    assert checked(tools, *restic) == ([(Rung.STRUCTURE_CHECKED, True)], [])
    assert checked(tools, *restic, "--read-data") == ([(Rung.DATA_CHECKED, True)], [])
    assert checked(tools, *restic, "--read-data-subset=1/2") == ([(Rung.STRUCTURE_CHECKED, True)], [])
    wrong = tools.top / "wrong"
    wrong.write_text("wrong")
    said, gaps = checked(tools, *restic, "--password-file", str(wrong))
    assert said == []
    assert len(gaps) == 1
    pack = largest(tools.top / repository / "data")
    flip(pack)
    assert checked(tools, *restic) == ([(Rung.STRUCTURE_CHECKED, True)], [])
    assert checked(tools, *restic, "--read-data") == ([(Rung.DATA_CHECKED, False)], [])
    pack.unlink()
    assert checked(tools, *restic) == ([(Rung.STRUCTURE_CHECKED, False)], [])


def test_checks_of_borg_reach_as_far_as_they_read(tools, copied):
    repository = copied("borg")
    borg = ("borg", "check", "--verbose")
    assert checked(tools, *borg, repository) == ([(Rung.STRUCTURE_CHECKED, True)], [])
    assert checked(tools, *borg, "--verify-data", repository) == ([(Rung.DATA_CHECKED, True)], [])
    assert checked(tools, *borg, "--repository-only", repository) == ([(Rung.CHECKSUMMED, True)], [])
    assert checked(tools, *borg, "--last", "1", repository) == ([(Rung.CHECKSUMMED, True)], [])
    flip(largest(tools.top / repository / "data"))
    assert checked(tools, *borg, "--archives-only", "--verify-data", repository) == ([(Rung.DATA_CHECKED, False)], [])
    assert checked(tools, *borg, repository) == ([(Rung.STRUCTURE_CHECKED, False)], [])


def test_real_repositories_are_recognised_by_their_files(tools):
    for name in ("restic", "borg"):
        names = {str(one.relative_to(tools.top)) for one in (tools.top / name).rglob("*") if one.is_file()}
        assert [(one.directory, one.reader) for one in repositories(names)] == [(f"{name}/", name)]
