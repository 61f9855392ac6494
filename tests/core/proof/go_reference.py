"""Go's reference packages sumdb/note and sumdb/tlog, asked from tests."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

PACKAGES = "/usr/share/gocode"
"""Where Debian's golang-golang-x-mod-dev puts them; scripts/test installs it."""


def asked(*questions):
    """Return what the reference says of each question, as reference/main.go has them."""
    lines = "".join(f"{json.dumps(one)}\n" for one in questions)
    done = subprocess.run([_program()], input=lines, capture_output=True, text=True, check=True, timeout=60)
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions)
    return answers


def b64(data):
    return base64.b64encode(data).decode()


@cache
def _program():
    made = _place().name
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": made,
        "GOPATH": PACKAGES,
        "GO111MODULE": "off",
        "GOCACHE": f"{made}/cache",
    }
    source = Path(__file__).parent / "reference"
    subprocess.run(
        ["go", "build", "-o", f"{made}/reference", "main.go"], cwd=source, env=environment, check=True, timeout=300
    )
    return f"{made}/reference"


@cache
def _place():
    return tempfile.TemporaryDirectory(prefix="drcheck-go-")  # it goes with this process
