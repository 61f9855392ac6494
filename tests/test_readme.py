"""The README says nothing that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drcheck.policyfile.load import load_policies

README = Path(__file__).parent.parent / "README.md"


def test_the_policy_in_the_readme_has_no_fault(tmp_path):
    (policy,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "webshop.yaml").write_text(policy)
    loaded = load_policies([str(tmp_path)], None)
    assert loaded.faults == ()
    assert [one.id for one in loaded.policies[0].commitments] == ["rpo", "rto", "daily"]


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README.read_text()))
def test_what_the_readme_links_to_is_there(target):
    assert (README.parent / target).is_file()


@pytest.mark.parametrize("command", re.findall(r"^```\n(scripts/\w+)\n```", README.read_text(), re.MULTILINE))
def test_the_commands_of_the_readme_can_be_run(command):
    path = README.parent / command
    assert path.stat().st_mode & 0o111


def test_the_output_shown_fits_a_terminal_of_80_columns():
    (shown,) = re.findall(r"quickstart: begin -->\n```\n(.*?)```", README.read_text(), re.DOTALL)
    assert max(map(len, shown.splitlines())) <= 80
