"""``drcheck init`` as a process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def drcheck(directory, *arguments):
    command = [sys.executable, "-m", "drcheck", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)


def test_what_init_writes_lints_cleanly(tmp_path):
    done = drcheck(tmp_path, "init")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "wrote drcheck.yaml",
        "wrote policies/webshop.yaml",
        "Next: fit both to your service, then run drcheck lint",
    ]
    done = drcheck(tmp_path, "lint", "--strict")
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["drcheck.yaml", "policies", "webshop.yaml"]


def test_another_directory_is_made_and_named_in_the_next_step(tmp_path):
    done = drcheck(tmp_path, "init", "new/place")
    assert done.returncode == 0
    assert done.stdout.endswith("drcheck lint --config new/place/drcheck.yaml\n")
    assert drcheck(tmp_path, "lint", "--config", "new/place/drcheck.yaml").returncode == 0


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "webshop.yaml").write_text("mine\n")
    done = drcheck(tmp_path, "init")
    assert done.returncode == 2
    assert done.stderr.startswith("drcheck: policies/webshop.yaml is there already, and is left as it is\nHint: ")
    assert (tmp_path / "policies" / "webshop.yaml").read_text() == "mine\n"
    assert not (tmp_path / "drcheck.yaml").exists()


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "drcheck.yaml").symlink_to(tmp_path / "elsewhere")
    assert drcheck(tmp_path, "init").returncode == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = drcheck(tmp_path, "init", "file/below")
    assert done.returncode == 2
    assert done.stderr.startswith("drcheck: file/below/drcheck.yaml cannot be written: ")


def test_what_the_starter_leaves_in_comments_is_valid_too(tmp_path):
    drcheck(tmp_path, "init")
    config = tmp_path / "drcheck.yaml"
    lines = config.read_text().splitlines()
    keys = [line.replace("  # ", "  ", 1) if line.startswith("  # ") and ":" in line else line for line in lines]
    config.write_text("\n".join(line for line in keys if not line.endswith(".") or ":" not in line) + "\n")
    done = drcheck(tmp_path, "lint", "--strict")
    assert (done.returncode, done.stderr) == (0, "1 file checked: no faults, no warnings\n")


@pytest.mark.parametrize(
    ("runner", "files"),
    [
        ("systemd", ["drcheck-watch.service", "drcheck.service", "drcheck.timer"]),
        ("cron", ["drcheck.cron"]),
        ("container", ["Containerfile"]),
        ("kubernetes", ["drcheck.yaml"]),
    ],
)
def test_what_runs_drcheck_every_night_names_all_that_it_needs_and_replaces_nothing(tmp_path, runner, files):
    done = drcheck(tmp_path, "init", f"--{runner}", "a place")
    assert done.returncode == 0, done.stderr
    assert "Next: " in done.stdout
    place = tmp_path / "a place"
    assert sorted(path.name for path in place.iterdir()) == files
    for path in place.iterdir():
        assert not re.findall(r"@\w+@", path.read_text())
    assert drcheck(tmp_path, "init", f"--{runner}", "a place").returncode == 2


def test_the_command_in_a_unit_can_be_run_as_it_stands(tmp_path):
    place = tmp_path / '50% "of" $HOME'
    assert drcheck(tmp_path, "init", "--systemd", str(place)).returncode == 0
    (line,) = re.findall(r'^ExecStart="(.*)" verify', (place / "drcheck.service").read_text(), re.MULTILINE)
    assert Path(line.replace("%%", "%")).name == "drcheck"
    text = (place / "drcheck.service").read_text()
    assert f'--config "{tmp_path}/50%% \\"of\\" $$HOME/drcheck.yaml"' in text
    assert f'ReadWritePaths="{tmp_path}/50%% \\"of\\" $HOME"' in text


def test_the_line_for_cron_does_what_it_says(tmp_path):
    place = tmp_path / '50% "of" $HOME'
    assert drcheck(tmp_path, "init", str(place)).returncode == 0
    assert drcheck(tmp_path, "init", "--cron", str(place)).returncode == 0
    (line,) = re.findall(r"^30 2 \* \* \* \S+ (.*)$", (place / "drcheck.cron").read_text(), re.MULTILINE)
    # cron(5): a percent sign after a backslash is one, and the shell gets it without the backslash
    command = line.replace("\\%", "%").replace(" verify ", " lint ").replace(" --quiet", "")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_directory_that_no_unit_could_name_is_refused(tmp_path):
    assert drcheck(tmp_path, "init", "--systemd", "two\nlines").returncode == 2


def test_alert_rules_are_of_what_the_policies_beside_them_promise(tmp_path):
    assert drcheck(tmp_path, "init", "--prometheus").returncode == 2  # there is no configuration yet
    assert drcheck(tmp_path, "init").returncode == 0
    assert drcheck(tmp_path, "init", "--prometheus").returncode == 0
    rules = (tmp_path / "drcheck.rules.yml").read_text()
    assert 'service="webshop"' in rules
    assert (tmp_path / "drcheck-dashboard.json").is_file()
    (tmp_path / "drcheck.rules.yml").unlink()
    (tmp_path / "drcheck-dashboard.json").unlink()
    (tmp_path / "policies" / "webshop.yaml").write_text("drcheck: 1\n")
    done = drcheck(tmp_path, "init", "--prometheus")
    assert done.returncode == 2
    assert "Mend the policies first" in done.stderr


def test_that_no_run_came_is_noticed_by_the_job_that_writes_the_metrics(tmp_path):
    assert drcheck(tmp_path, "init").returncode == 0
    file = tmp_path / "drcheck.yaml"
    file.write_text(
        file.read_text() + "watch:\n  jobs:\n    often: {every: 15m}\n"
        '    nightly: {schedule: "30 2 * * *", outputs: [{format: prometheus, file: drcheck.prom}]}\n'
    )
    assert drcheck(tmp_path, "init", "--prometheus").returncode == 0
    rules = (tmp_path / "drcheck.rules.yml").read_text()
    assert "drcheck_run_end_timestamp_seconds > 129600 or" in rules  # a day and a half
