"""Drills that are broken off: each ends in a record, and in a target that is clean, or can be cleaned."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from lab.processes import alive, descendants
from lab.servers import Sshd

from drcheck.app.drill import reached, run
from drcheck.app.drill_choice import prepare
from drcheck.drills.scripts import MARKER
from drcheck.policyfile.config import load_settings

from .conftest import Shop

WAITS = """\
runbook: 1
title: a step that waits until the test lets it go on
steps:
  - {{name: fetch, copy: point, timeout: 1m}}
  - name: restore
    timeout: {timeout}
    run: |
      echo started >> "$DRILL_DIR/started"
      ln -s $$ "$DRILL_DIR/pid"
      while [ ! -e "$DRILL_DIR/go" ]; do sleep 0.05; done
      cp -R "$DRILL_POINT/." .
checks:
  - {{name: files, timeout: 1m, run: "find . -type f | wc -l", expects: {{at_least: 1}}}}
"""


class Silent:
    """A listener that hears nothing."""

    def begins(self, phase: str, step: str, within: float) -> None: ...
    def writes(self, output: bytes) -> None: ...
    def says(self, what: str) -> None: ...


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def waiting(shop: Shop, timeout: str = "5m") -> None:
    """Let a drill have a step that waits."""
    shop.runbook(WAITS.format(timeout=timeout))
    shop.promise(runbook="own")
    shop.backup(b"x" * 2000)
    shop.looked()


def under_way(shop: Shop) -> tuple[subprocess.Popen[str], Path, int]:
    """Begin a drill and wait for its step; returns the process, the drill's directory, and the step's process."""
    process = subprocess.Popen(
        shop.command("drill", "run", "shop"), cwd=shop.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  jobs in the background ignore it
    )  # fmt: skip
    shop.processes.append(process)

    def steps() -> list[Path]:
        return [each / "pid" for each in shop.target.iterdir() if (each / "pid").is_symlink()]

    until(lambda: steps() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    (pid,) = steps()
    return process, pid.parent, int(pid.readlink().name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_is_interrupted_is_recorded_as_aborted_and_leaves_nothing(shop: Shop, number: signal.Signals) -> None:
    waiting(shop)
    process, _, step = under_way(shop)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert not alive(step)
    assert shop.left() == []
    assert [one["outcome"] for one in shop.told()] == ["aborted"]
    assert shop.verdicts()["rto"]["status"] == "unknown"


def test_a_step_that_hangs_fails_the_drill_when_its_time_is_over(shop: Shop) -> None:
    waiting(shop, "2s")
    process, _, step = under_way(shop)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "restore took longer than 2 s" in said
    assert not alive(step)
    assert shop.left() == []
    assert shop.told()[0]["outcome"] == "failed"
    assert shop.verdicts()["rto"]["status"] == "breached"


def test_all_of_it_has_a_deadline_whatever_its_steps_are_allowed(shop: Shop) -> None:
    waiting(shop)
    shop.configure(target=", deadline: 2s")
    process, _, step = under_way(shop)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert not alive(step)
    assert shop.left() == []


def test_one_that_was_killed_counts_as_aborted_and_gc_cleans_its_target(shop: Shop) -> None:
    waiting(shop)
    process, directory, step = under_way(shop)
    running = shop.drcheck("drill", "gc", expect=0).stdout
    assert "it is running" in running
    assert directory.exists()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert shop.verdicts()["tested"]["status"] != "met"
    said = shop.drcheck("drill", "gc", "--dry-run", expect=0).stdout
    assert directory.name == f"drcheck-drill-{said.split()[1].rstrip(chr(58))}"
    assert directory.exists()
    assert "recorded as aborted" in shop.drcheck("drill", "gc", expect=0).stdout
    assert not alive(step)
    assert shop.left() == []
    assert [one["outcome"] for one in shop.told()] == ["aborted"]
    assert "nothing" not in shop.drcheck("drill", "gc", expect=0).stdout
    assert len(shop.told()) == 1


def test_a_connection_that_is_lost_is_made_again_and_the_step_is_never_started_twice(shop: Shop) -> None:
    waiting(shop)
    process, directory, step = under_way(shop)
    for _ in range(2):
        for session in descendants(shop.lab.pid):
            with suppress(ProcessLookupError):  # it has ended by itself meanwhile
                os.kill(session, signal.SIGKILL)
        until(lambda: descendants(shop.lab.pid))
    assert alive(step)
    assert (directory / "started").read_text() == "started\n"
    (directory / "go").touch()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert shop.kept()["connection_lost"] >= 1
    assert shop.told()[0]["outcome"] == "passed"
    assert shop.left() == []


def test_a_step_that_goes_with_its_host_says_nothing_of_the_recovery_point(shop: Shop) -> None:
    waiting(shop)
    process, directory, step = under_way(shop)
    runs = int((directory / "steps" / "01-restore" / "pid").readlink().name)
    for each in (runs, *descendants(runs)):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "restore ended without a status" in said
    assert not alive(step)
    assert shop.left() == []
    assert [one["outcome"] for one in shop.told()] == ["aborted"]
    assert shop.verdicts()["rto"]["status"] == "unknown"


def test_a_host_that_does_not_come_back_ends_in_an_aborted_drill_and_gc_cleans_it_later(
    shop: Shop, tmp_path: Path, lab_host: Sshd
) -> None:
    waiting(shop)
    settings = load_settings(str(shop.root / "drcheck.yaml"))
    prepared = prepare(settings, "shop", "fire", "")

    class Cuts(Silent):
        def begins(self, phase: str, step: str, within: float) -> None:
            if step == "restore":
                lab_host.stop()

    try:
        with reached(settings, prepared) as target:
            record, report = run(settings, prepared, target, Cuts(), patience=1.5)
    finally:
        lab_host.launch(lab_host.command, lab_host._listens)
    assert (report.ended, record.outcome) == ("aborted", "aborted")
    assert report.left
    assert len(shop.left()) == 2
    shop.drcheck("drill", "gc", expect=0)
    assert shop.left() == []


def test_a_full_disk_fails_the_drill_and_the_target_is_clean(shop: Shop, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", small], check=True)
    try:
        with Sshd(tmp_path / "full-host", ("127.0.0.3",), machine_id="f" * 32) as host:
            shop.lab, shop.target = host, small
            (small / MARKER).write_text("lab-1\n")
            shop.configure()
            shop.backup(os.urandom(1200 << 10))
            shop.looked()
            said = shop.drill(expect=1).stdout
            assert "the disk of the target is full" in said
            assert shop.left() == []
            assert shop.told()[0]["outcome"] == "failed"
            shop.backup(os.urandom(3 << 20), minutes=5)
            shop.looked()
            assert "the disk of the target is full" in shop.drill(expect=1).stdout
            assert shop.left() == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_cleaning_up_follows_no_link_out_of_the_directory_of_the_drill(shop: Shop) -> None:
    outside = shop.root / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    shop.runbook(
        "runbook: 1\ntitle: t\nvalues: {ELSEWHERE: {description: where}}\nsteps:\n"
        "  - name: link\n    timeout: 1m\n    run: |\n"
        '      ln -s "$WITH_ELSEWHERE" out; ln -s "$WITH_ELSEWHERE/precious" file\n'
        "      mkdir locked; touch locked/in; chmod 500 locked\n"
        "checks:\n  - {name: n, timeout: 1m, run: ls | wc -l, expects: {at_least: 1}}\n"
    )
    shop.promise(runbook="own", more=f', with: {{ELSEWHERE: "{outside}"}}')
    shop.backup(b"x" * 2000)
    shop.looked()
    shop.drill(expect=0)
    assert shop.left() == []
    assert (outside / "precious").read_text() == "kept"


def test_what_lies_there_under_the_name_of_a_drill_and_is_not_its_own_is_never_removed(shop: Shop) -> None:
    theirs = shop.target / "drcheck-drill-theirs"
    theirs.mkdir()
    (shop.target / "drcheck-drill-theirs.owner").write_text(f"{'a' * 32}\n")
    (shop.target / "drcheck-drill-unmarked").mkdir()
    said = shop.drcheck("drill", "gc", expect=0).stdout
    assert "another runner's" in said
    assert theirs.exists()
    assert (shop.target / "drcheck-drill-unmarked").exists()


def test_values_of_policies_and_names_of_backups_are_never_shell_text(shop: Shop) -> None:
    evil = "$(touch /tmp/drcheck-evil); `touch x`; ' \" \\ * ; &"
    shop.runbook(
        "runbook: 1\ntitle: t\nvalues: {TEXT: {description: any}}\nsteps:\n"
        "  - {name: fetch, copy: point, timeout: 1m}\n"
        "checks:\n  - {name: same, timeout: 1m, run: 'printf %s \"$WITH_TEXT\"', expects: {equals_value: TEXT}}\n"
        '  - {name: there, timeout: 1m, run: \'wc -c < "$DRILL_POINT/$DRILL_FILE"\', expects: {equals: "2000"}}\n'
    )
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    shop.promise(runbook="own", more=f', with: {{TEXT: "{quoted}"}}')
    shop.backup(b"x" * 2000, ending="$(touch evil) 'x\"; rm -rf *")
    shop.looked()
    shop.drill(expect=0)
    assert not Path("/tmp/drcheck-evil").exists()


def test_a_fault_in_drcheck_itself_leaves_a_record_and_a_clean_target_too(shop: Shop) -> None:
    shop.backup(b"x" * 2000)
    shop.looked()
    settings = load_settings(str(shop.root / "drcheck.yaml"))
    prepared = prepare(settings, "shop", "fire", "")

    class Stumbles(Silent):
        def begins(self, phase: str, step: str, within: float) -> None:
            if step == "restore":
                raise LookupError("a fault")

    with reached(settings, prepared) as target:
        run(settings, prepared, target, Stumbles())
    assert shop.left() == []
    assert shop.told()[0]["outcome"] == "aborted"


def test_whoever_watches_may_leave(shop: Shop) -> None:
    shop.backup(b"x" * 2000)
    shop.looked()
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        shop.command("drill", "run", "shop"), cwd=shop.root, stdout=subprocess.DEVNULL, stderr=write, check=False
    )
    os.close(write)
    assert done.returncode == 0
    assert shop.told()[0]["outcome"] == "passed"
