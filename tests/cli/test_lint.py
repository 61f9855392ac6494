"""``drcheck lint`` as a process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

POLICY = """\
drcheck: 1
service: web
timezone: UTC
sources:
  dumps: {at: "vault:dumps/", reader: objects, name: "{data_as_of:%Y-%m-%d}Z.gz", planned: "0 4 * * *", max_duration: 1h, \
complete_when: "{name}.ok", min_size: 1 kB, max_shrink: none, thinned_after: never}
commitments:
  daily: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
"""
CONFIG = "connections: {vault: {type: local, root: /x}}\n"


@pytest.fixture
def lint(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "web.yaml").write_text(POLICY)
    (tmp_path / "drcheck.yaml").write_text(CONFIG)

    def run(*arguments):
        command = [sys.executable, "-m", "drcheck", "lint", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    run.directory = tmp_path
    return run


def test_a_clean_policy_says_so_and_exits_0(lint):
    done = lint()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 file checked: no faults, no warnings\n")


def test_a_source_that_nothing_rests_on_is_told(lint):
    other = '  other: {at: "vault:other/", reader: objects, name: "{data_as_of:%Y-%m-%d}.gz", name_zone: UTC}\n'
    (lint.directory / "policies" / "web.yaml").write_text(POLICY.replace("commitments:", f"{other}commitments:"))
    assert "sources.other: no commitment rests on it" in lint().stdout


def test_every_fault_is_a_line_and_the_status_is_3(lint):
    (lint.directory / "policies" / "bad.yml").write_text(
        POLICY.replace("web\n", "bad\n").replace("vault", "valt") + "ownr: x\n"
    )
    done = lint()
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "policies/bad.yml:5:15: sources.dumps.at: there is no connection valt (did you mean vault?)",
        'policies/bad.yml:8:1: unknown key "ownr" (did you mean owner?)',
    ]
    assert done.stderr == "2 files checked: 2 faults, no warnings\n"


def test_a_warning_fails_only_where_asked(lint):
    (lint.directory / "policies" / "web.yaml").write_text(POLICY.replace("0 4 *", "30 0 *"))
    done = lint()
    assert done.returncode == 0
    assert done.stdout.startswith("policies/web.yaml:5:92: warning: sources.dumps.planned: starts lie within")
    assert lint("--strict").returncode == 1


def test_notes_come_on_request_and_fail_nothing(lint):
    done = lint("--explain", "--strict")
    assert done.returncode == 0
    assert done.stdout.startswith("policies/web.yaml:7:53: note: commitments.daily.per: one backup a day bounds")


def test_json_tells_the_same_with_places(lint):
    (lint.directory / "policies" / "bad.yaml").write_text("drcheck: 1\nservice: [x\n")
    (lint.directory / "policies" / "web.yaml").write_text(POLICY.replace("0 4 *", "30 0 *"))
    done = lint("--format", "json")
    told = json.loads(done.stdout)
    assert done.returncode == 3
    assert told["policies"] == ["policies/web.yaml"]
    assert [(fault["file"], fault["line"], fault["column"]) for fault in told["faults"]] == [
        ("policies/bad.yaml", 3, 1)
    ]
    assert [(remark["rule"], remark["level"], remark["line"]) for remark in told["remarks"]] == [
        ("slot-edge", "warning", 5)
    ]


def test_without_a_configuration_connections_are_not_checked(lint):
    (lint.directory / "drcheck.yaml").unlink()
    assert lint().returncode == 0
    assert lint("--config", "drcheck.yaml").returncode == 2


def test_no_policy_at_all_is_wrong_usage(lint):
    (lint.directory / "policies" / "web.yaml").unlink()
    done = lint()
    assert done.returncode == 2
    assert done.stderr.startswith("drcheck: there is no policy in policies\nHint: ")


def test_a_faulty_configuration_is_wrong_usage_with_all_its_faults(lint):
    (lint.directory / "drcheck.yaml").write_text("workers: 0\nx: 1\n")
    done = lint()
    assert done.returncode == 2
    assert "drcheck.yaml:1:10: workers: 0 is too small (at least 1)\ndrcheck.yaml:2:1: unknown key" in done.stderr
