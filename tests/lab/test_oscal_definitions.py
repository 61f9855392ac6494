"""What ``--format oscal`` writes, held against the definitions that NIST publishes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pytest
import samples

from drcheck.reports.oscal.report import render
from drcheck.run_report import Fault

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".lab" / "oscal" / "bin" / "python"
REPORTS = {
    "report": samples.report(),
    "hostile": samples.hostile(),
    "fifty": samples.fifty(),
    "faults": msgspec.structs.replace(samples.report(), services=(), ended_at=0),
    "waived": msgspec.structs.replace(
        samples.report(samples.webshop()), faults=(Fault("/a b.yaml", "gone", gone=True),)
    ),
}


def validated(directory, documents):
    """Return what is wrong with each document by its name."""
    for name, document in documents.items():
        (directory / name).write_text(json.dumps(document))
    command = [PYTHON, Path(__file__).parent / "validate_oscal.py", *documents]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def documents():
    assert PYTHON.exists(), "scripts/test installs NIST's definitions"
    return {name: json.loads(render(report)) for name, report in REPORTS.items()}


def test_it_is_what_nist_defines_whatever_it_tells(documents, tmp_path):
    assert validated(tmp_path, documents) == {name: [] for name in documents}


def test_what_nist_does_not_define_is_noticed(documents, tmp_path):
    """Without this the test above could pass as nothing was held against anything."""
    text = json.dumps(documents["report"])
    changes = {
        "state": ('"state": "satisfied"', '"state": "unknown"'),
        "uuid": (documents["report"]["assessment-results"]["uuid"], "1"),
        "start": ('"start":', '"began":'),
    }
    wrong = {name: json.loads(text.replace(before, after, 1)) for name, (before, after) in changes.items()}
    assert all(validated(tmp_path, wrong).values())
