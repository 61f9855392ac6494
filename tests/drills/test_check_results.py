"""What the answer of a check is worth."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.runbook import Check, Compare, Expected
from drcheck.drills.check_results import Baseline, Outcome, held_against

PASSED, FAILED, NOT_RUN, NOTED = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_RUN, Outcome.NOTED
AT = 1_800_000_000
SUM, OTHER = "a" * 64, "b" * 64


def outcome(
    compare: Compare, said: str, *, text: str = "", number: int = 0, tolerance: str = "0", manifest: str | None = None,
    last: dict[str, int] | None = None, values: dict[str, str] | None = None,
) -> Outcome:  # fmt: skip
    check = Check("c", 60, "run", Expected(compare, text, number, Fraction(tolerance)))
    return held_against(check, said, Baseline(AT, values or {}, manifest, last)).outcome


def test_texts_are_held_against_what_was_stated() -> None:
    assert outcome(Compare.EQUALS, "ok\n", text="ok") is PASSED
    assert outcome(Compare.EQUALS, "not ok\n", text="ok") is FAILED
    assert outcome(Compare.CONTAINS, "a\nthe Webshop\n", text="Webshop") is PASSED
    assert outcome(Compare.CONTAINS, "", text="Webshop") is FAILED
    assert outcome(Compare.EQUALS_VALUE, "42", text="CANARY", values={"CANARY": "42"}) is PASSED
    assert outcome(Compare.EQUALS_VALUE, "", text="CANARY", values={"CANARY": "42"}) is FAILED
    assert outcome(Compare.EQUALS_VALUE, "", text="CANARY") is NOTED


@pytest.mark.parametrize(
    ("said", "expected"), [("3", PASSED), ("2", FAILED), ("", FAILED), ("many", FAILED), ("٣", FAILED)]
)
def test_a_number_is_not_less_than_was_stated(said: str, expected: Outcome) -> None:
    assert outcome(Compare.AT_LEAST, said, number=3) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (str(AT), PASSED),
        (str(AT - 3600), PASSED),
        (f"{AT - 3601}", FAILED),
        ("2027-01-15T08:00:00Z", PASSED),
        ("2027-01-15T07:00:00", FAILED),
        ("", FAILED),
        (str(AT + 301), FAILED),
    ],
)
def test_the_newest_record_is_as_new_as_the_data_and_no_newer(said: str, expected: Outcome) -> None:
    assert outcome(Compare.NEWEST_WITHIN, said, number=3600) is expected


def test_counts_are_those_of_the_manifest_to_the_last_row() -> None:
    assert outcome(Compare.COUNTS, "orders 10\nnew 1\n", manifest="orders 10\n", tolerance="1/2") is PASSED
    assert outcome(Compare.COUNTS, "orders 9\n", manifest="orders 10\n", tolerance="1/2") is FAILED
    assert outcome(Compare.COUNTS, "customers 3\n", manifest="orders 10\ncustomers 3\n") is FAILED
    assert outcome(Compare.COUNTS, "orders 9\n", manifest="nothing that counts\n") is NOT_RUN
    assert outcome(Compare.COUNTS, "", manifest="orders 10\n") is FAILED


def test_without_a_manifest_counts_are_those_of_the_last_drill_within_the_tolerance() -> None:
    assert outcome(Compare.COUNTS, "orders 90\n", last={"orders": 100}, tolerance="1/10") is PASSED
    assert outcome(Compare.COUNTS, "orders 110\n", last={"orders": 100}, tolerance="1/10") is PASSED
    assert outcome(Compare.COUNTS, "orders 89\n", last={"orders": 100}, tolerance="1/10") is FAILED
    assert outcome(Compare.COUNTS, "new 5\n", last={"orders": 100}, tolerance="1") is FAILED
    assert outcome(Compare.COUNTS, "orders 90\n") is NOTED
    assert outcome(Compare.COUNTS, "orders 0\n", last={"orders": 100}, tolerance="1") is FAILED
    assert outcome(Compare.COUNTS, "orders 0\n", last={"orders": 0}) is NOTED
    assert outcome(Compare.COUNTS, "orders 0\nnew 1\n", last={"orders": 0, "new": 1}) is PASSED
    assert outcome(Compare.COUNTS, "orders 90\n", manifest=f"{SUM}  a\n", last={"orders": 90}) is PASSED


def test_checksums_are_those_of_the_manifest() -> None:
    manifest = f"{SUM}  a/b 1\n{OTHER} *c\n"
    assert outcome(Compare.CHECKSUMS, f"{SUM}  ./a/b 1\n{OTHER}  ./c\n{SUM}  ./more\n", manifest=manifest) is PASSED
    assert outcome(Compare.CHECKSUMS, f"{SUM}  ./a/b 1\n{SUM}  ./c\n", manifest=manifest) is FAILED
    assert outcome(Compare.CHECKSUMS, f"{SUM}  ./a/b 1\n", manifest=manifest) is FAILED
    assert outcome(Compare.CHECKSUMS, "", manifest=manifest) is FAILED
    assert outcome(Compare.CHECKSUMS, "") is NOTED


def test_a_file_whose_name_is_escaped_or_whose_sum_is_in_capitals_is_not_passed_over() -> None:
    manifest = f"{SUM}  a\n\\{OTHER}  two\\nlines\n{OTHER.upper()}  c\r\n"
    there = f"{SUM}  ./a\n\\{OTHER}  ./two\\nlines\n{OTHER}  ./c\n"
    assert outcome(Compare.CHECKSUMS, there, manifest=manifest) is PASSED
    for line in there.splitlines():
        assert outcome(Compare.CHECKSUMS, there.replace(f"{line}\n", ""), manifest=manifest) is FAILED
    several = f"{SUM}  a\u2028b\n{OTHER}  a\u2028c\n"
    assert outcome(Compare.CHECKSUMS, several, manifest=several) is PASSED
    assert outcome(Compare.CHECKSUMS, f"{OTHER}  a\u2028c\n", manifest=several) is FAILED


@given(st.sampled_from(Compare), st.text(), st.none() | st.just("orders 10\n") | st.just(f"{SUM}  a\n"))
def test_no_text_at_all_is_a_fault_of_drcheck_or_passes_by_chance(
    compare: Compare, said: str, manifest: str | None
) -> None:
    found = outcome(
        compare, said, text="WHAT IS EXPECTED", number=10**13, manifest=manifest, values={"WHAT IS EXPECTED": "\x00"}
    )
    assert found is not PASSED or compare is Compare.NEWEST_WITHIN
