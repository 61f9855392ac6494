"""Untrusted text made safe, and lines that fit."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import HOSTILE

from drcheck.reports.console.cells import cells, fit, wrap
from drcheck.reports.wording.text import printable, prose

anything = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(HOSTILE)


@given(anything)
def test_nothing_that_a_terminal_obeys_is_left(text):
    for safe in (printable(text), prose(text)):
        assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in safe)
        safe.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.dump", "plain name.dump"),
        ("Säkerhetskopior 漢字", "Säkerhetskopior 漢字"),
        ("a\nb\tc\x00", "a\\nb\\tc\\x00"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff", "\\xff"),
        ("\ud800", "\\ud800"),
        ("a\u00a0b", "a b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_not_plainly_visible_is_escaped(text, shown):
    assert printable(text) == shown


def test_white_space_of_prose_is_one_space():
    assert prose("  folded\n  over\tlines \n") == "folded over lines"


@given(anything.map(prose), st.integers(8, 60))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(anything.map(printable), st.integers(1, 40), st.booleans())
def test_what_is_fitted_has_exactly_that_width(text, width, right):
    assert cells(fit(text, width, right=right)) == width


def test_the_last_line_is_no_orphan():
    text = "newest restorable data of orders is of 2026-11-21T01:00:00Z, 1 h 30 min old; the objective is 1 h"
    lines = wrap(text, 66)
    assert len(lines) == 2
    assert cells(lines[-1]) >= 16


def test_a_long_name_is_cut_after_a_slash():
    assert wrap("backups/webshop/orders/2026-11-21T0100Z.dump.gz", 30) == [
        "backups/webshop/orders/2026-",
        "11-21T0100Z.dump.gz",
    ]
