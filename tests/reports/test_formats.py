"""What holds for every format of a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import samples

from drcheck.registry import FORMATS, renderer

GOLDEN = Path(__file__).parent / "golden"
PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
OPTIONS = {"quiet": False, "verbose": False, "terminal": False, "config": ""}


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_a_terminal_obeys_leaves_in_any_format(name):
    text = renderer(name)(samples.hostile(), **OPTIONS).decode()
    assert {one for one in text if not one.isprintable()} <= {"\n", "\r"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_on_reports_names_every_format_and_what_it_shows_is_so(name):
    assert f"| `{name}` |" in PAGE or name == "console"
    golden = GOLDEN / f"few.{name}"
    blocks = re.findall(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert blocks or not golden.exists()
    if blocks:
        written = golden.read_bytes() if golden.exists() else renderer(name)(samples.few(), **OPTIONS)
        assert {*"".join(blocks).splitlines()} <= {*written.decode().splitlines(), "…"}
