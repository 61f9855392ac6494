"""The pages of backup tools: what they let people paste is what the loader takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drcheck.policyfile.config import load_settings
from drcheck.policyfile.load import load_policies

PAGES = [Path(__file__).parents[2] / "docs" / "tools" / f"{tool}.md" for tool in ("restic", "borg")]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONNECTION = """\
connections:
  backup-host:
    type: ssh
    host: backup1.example.com
    user: drcheck
    identity_file: key
    known_hosts: known_hosts
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_lets_people_paste_is_taken(page, tmp_path):
    blocks = BLOCK.findall(page.read_text())
    policies = [block for block in blocks if block.startswith("sources:")]
    (outputs,) = [block for block in blocks if block.startswith("    outputs:")]
    assert policies
    (tmp_path / "drcheck.yaml").write_text(CONNECTION + outputs)
    settings = load_settings(str(tmp_path / "drcheck.yaml"))
    for block in policies:
        (tmp_path / "p.yaml").write_text(f"drcheck: 1\nservice: shop\n{block}")
        loaded = load_policies([str(tmp_path / "p.yaml")], settings)
        assert [str(one) for one in loaded.faults] == []
        assert loaded.policies
