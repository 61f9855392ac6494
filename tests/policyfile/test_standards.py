"""Standards that reports map verdicts to."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples
from msgspec.structs import replace

from drcheck.core.judging.controls import shown_for
from drcheck.errors import UsageError
from drcheck.policyfile.standards import load_standards
from drcheck.registry import KINDS

OWN = """\
standard: house
title: Our own rules
controls:
  R1: {title: Backups are checked, shows: That they were., lacks: Who looked., kinds: [integrity]}
  R2: {title: Somebody answers, shows: Nothing., lacks: All of it.}
"""


def test_the_standards_of_drcheck_name_kinds_that_there_are_and_say_what_is_lacking() -> None:
    standards = {standard.id: standard for standard in load_standards(())}
    assert standards.keys() == {"iso27001", "soc2", "nist800-53", "cis", "dora", "hipaa", "nis2"}
    for standard in standards.values():
        for control in standard.controls:
            assert control.kinds
            assert set(control.kinds) <= KINDS.keys()
            assert control.shows.endswith(".")
            assert control.lacks.endswith(".")


def test_recovery_is_tested_for_soc2_by_restore_tests_and_not_by_backups_that_exist() -> None:
    (soc2,) = (standard for standard in load_standards(()) if standard.id == "soc2")
    (testing,) = (control for control in soc2.controls if control.id == "A1.3")
    assert "restore_test" in testing.kinds
    assert "backup_frequency" not in testing.kinds


def test_a_file_of_ones_own_is_added_and_one_of_the_same_name_takes_the_place_of_ours(tmp_path: Path) -> None:
    own, ours = tmp_path / "own.yaml", tmp_path / "soc2.yaml"
    own.write_text(OWN)
    ours.write_text(OWN.replace("standard: house", "standard: soc2"))
    found = {standard.id: standard for standard in load_standards([str(own), str(ours)])}
    assert found["house"].controls[0].kinds == ("integrity",)
    assert found["soc2"].title == "Our own rules"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("standard: house\n", "own.yaml:1:1"),
        (OWN.replace("integrity", "integrety"), "controls.R1.kinds: integrety is no kind (did you mean integrity?)"),
        (OWN.replace("title: Our", "titel: Our"), "own.yaml:"),
        ("- a\n", "the file holds no mapping"),
        ("a: [", "own.yaml:"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UsageError) as raised:
        load_standards(["own.yaml"])
    assert told in raised.value.message


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_standards(["nowhere.yaml"])


def test_a_control_is_shown_by_verdicts_of_its_kinds_and_by_those_that_name_it(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN)
    (house,) = (standard for standard in load_standards([str(own)]) if standard.id == "house")
    first, *others = samples.webshop().verdicts
    named = replace(first, commitment=replace(first.commitment, controls=("HOUSE:r2",)))
    by_id = {shown.control.id: shown.verdicts for shown in shown_for(house, [("webshop", (named, *others))])}
    assert by_id["R2"] == (("webshop", named),)
    assert all(one.commitment.kind == "integrity" for _, one in by_id["R1"])
