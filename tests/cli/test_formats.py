"""Every format of ``drcheck verify``, from the real command line."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import zipfile

import pytest

from drcheck.registry import FORMATS

POLICY = """\
drcheck: 1
service: shop
sources:
  log: {at: "here:log.jsonl", reader: restore-log}
commitments:
  tested: {kind: restore_test, every: 180d, evidence: [log]}
"""
AS_PLUGIN = {0: 0, 1: 2, 3: 3}
"""Exit status of a run to that of a monitoring plugin."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("formats")
    (place / "data").mkdir()
    (place / "data" / "log.jsonl").write_text("no record\n")
    (place / "policies").mkdir()
    (place / "policies" / "shop.yaml").write_text(POLICY)
    (place / "policies" / "broken.yaml").write_text(POLICY.replace("shop", "other") + "wrong: key\n")
    (place / "drcheck.yaml").write_text("connections:\n  here: {type: local, root: data}\n")
    verify(place)
    return place


def verify(place, *arguments):
    command = [sys.executable, "-m", "drcheck", "verify", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, timeout=60, check=False)


def shown(name, rendered):
    """Return all text of a report."""
    if not FORMATS[name].is_binary:
        return rendered.decode()
    with zipfile.ZipFile(io.BytesIO(rendered)) as parts:
        return "\n".join(parts.read(part).decode() for part in parts.namelist())


@pytest.mark.parametrize("question", [(), ("--from", "2024-01-01", "--to", "2024-02-01")], ids=["now", "period"])
@pytest.mark.parametrize("name", FORMATS)
def test_each_format_tells_of_gaps_and_invalid_policies_also_of_a_period_and_when_quiet(place, name, question):
    usual = verify(place, "--offline", *question).returncode
    done = verify(place, "--offline", *question, "--quiet", "--format", name)
    assert done.returncode == (AS_PLUGIN[usual] if name == "nagios" else usual) != 0
    assert done.stderr == b""
    told = shown(name, done.stdout)
    if name == "prometheus":
        assert "\ndrcheck_policies_invalid 1.0\n" in told
        assert '\ndrcheck_service_evidence_gaps{service="shop"} 1.0\n' in told
    elif name == "sarif":
        assert '"uri": "policies/broken.yaml"' in told
        assert '"startLine": 7' in told
        assert '"text": "log, line 1: ' in told
    else:
        assert "broken.yaml:7:1: " in told
        assert "log" in told
        assert "line 1" in told


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_in_a_file_is_that_of_standard_output(place, name):
    arguments = ("--offline", "--from", "2024-01-01", "--to", "2024-02-01", "--format", name)
    shown = verify(place, *arguments).stdout
    assert verify(place, *arguments, "--output", "report").stdout == b""
    written = (place / "report").read_bytes()
    assert abs(len(written) - len(shown)) < 20  # how long it took stands in all but one of them
    assert written.splitlines()[-1:] == shown.splitlines()[-1:] or name in {"console", "json", "xlsx"}


def test_a_binary_format_goes_to_no_terminal_and_nothing_is_judged_for_it(place):
    ours, its = pty.openpty()
    try:
        command = [sys.executable, "-m", "drcheck", "verify", "--offline", "--format", "xlsx"]
        done = subprocess.run(command, cwd=place, stdout=its, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(ours)
        os.close(its)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "drcheck: xlsx is not for a terminal\nHint: Write it to a file: --output report.xlsx.\n"
    )
