"""``drcheck schema`` as a process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize("of", [(), ("policy",), ("config",), ("report",)])
def test_the_schema_is_printed_whole(of):
    command = [sys.executable, "-m", "drcheck", "schema", *of]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_an_unknown_schema_is_wrong_usage():
    command = [sys.executable, "-m", "drcheck", "schema", "x"]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 2
