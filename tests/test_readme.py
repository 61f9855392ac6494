"""The README says nothing that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lab import pages

from drcheck import registry
from drcheck.core.model.policy import Policy
from drcheck.policyfile.lint import lint
from drcheck.policyfile.load import load_policies

README = Path(__file__).parent.parent / "README.md"
POLICIES = README.parent / "policies"
CELL = re.compile(r"(?P<count>\d+) (breached|unknown|met|attested|not owed)\*?")


def table() -> dict[str, dict[str, str]]:
    """Return the table of agreements and promises: kind to policy file to cell."""
    (shown,) = re.findall(r"table of a run: begin -->\n(.*?)<!--", README.read_text(), re.DOTALL)
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines())
    files = [re.search(r"\((.*)\)", cell)[1] for cell in head[1:]]
    return {kind.strip("`"): dict(zip(files, cells, strict=True)) for kind, *cells in rows}


def policies() -> dict[str, Policy]:
    return {f"policies/{Path(one.file).name}": one for one in load_policies([str(POLICIES)], None).policies}


def test_the_policy_in_the_readme_has_no_fault(tmp_path):
    (policy,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "webshop.yaml").write_text(policy)
    loaded = load_policies([str(tmp_path)], None)
    assert loaded.faults == ()
    assert [one.id for one in loaded.policies[0].commitments] == ["rpo", "rto", "daily"]
    # Nor does it leave empty, shrunk or unfinished backups unguarded.
    assert lint(loaded.documents[0], 0) == []


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


def test_every_promise_of_the_five_agreements_is_counted_in_the_table():
    shown = table()
    kinds = [kind for kind in registry.KINDS if kind not in registry.OF_ESTATES]
    assert list(shown) == kinds
    for file, policy in policies().items():
        for kind in kinds:
            promised = sum(one.kind == kind for one in policy.commitments)
            cell = shown[kind][file]
            if promised < 2:
                assert (cell == "silent") is (promised == 0), (file, kind, cell)
            else:
                assert sum(int(found["count"]) for found in CELL.finditer(cell)) == promised, (file, kind, cell)


def test_the_table_has_no_column_of_a_policy_that_is_not_there():
    assert {file for row in table().values() for file in row} == set(policies())


def commitment(kind: str, status: str | None, *, attested: bool = False, broken: bool = False) -> dict[str, object]:
    breaches = [{"opened_at": "2026-11-01T00:00:00Z", "closed_at": "2026-11-02T00:00:00Z"}] if broken else []
    return {"kind": kind, "status": status, "attested": attested, "breaches": breaches}


@pytest.mark.parametrize(
    ("commitments", "cell"),
    [
        ([commitment("rpo", "met")], "met"),
        ([commitment("rpo", "met", broken=True)], "met*"),
        ([commitment("rpo", "breached", broken=True)], "breached"),
        ([commitment("rpo", "met", attested=True)], "attested"),
        ([commitment("rpo", None)], "not owed"),
        ([commitment("rpo", "met"), commitment("rpo", "met")], "2 met"),
        ([commitment("rpo", "met"), commitment("rpo", "unknown"), commitment("rto", "met")], "1 unknown, 1 met"),
    ],
)
def test_a_cell_counts_how_the_promises_of_a_kind_stand(commitments, cell):
    assert pages.cell({"silent_on": ["encryption"], "commitments": commitments}, "rpo") == cell


def test_a_cell_says_where_an_agreement_is_silent():
    assert pages.cell({"silent_on": ["rpo"], "commitments": []}, "rpo") == "silent"


def test_only_what_stands_between_markers_is_replaced():
    page = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n"
    assert pages.filled(page, {"x": "new\n"}) == "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n"
    with pytest.raises(KeyError):
        pages.filled(page, {})
