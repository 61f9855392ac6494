"""The console report, as it is read at 80 columns."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
import samples

from drcheck.reports.console import pages, render
from drcheck.reports.terminal import Screen
from drcheck.reports.text import cells

GOLDEN = Path(__file__).parent / "golden"
PLAIN, COLOR = Screen(80), Screen(80, color=True)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("name", "options"), [("normal", {}), ("quiet", {"quiet": True}), ("verbose", {"verbose": True})]
)
def test_it_reads_as_it_did(name, options):
    """Look at a difference before you copy it: the golden file is what people see."""
    assert pages(samples.report(), PLAIN, **options) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"verbose": True}])
@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("report", [samples.report(), samples.hostile()], ids=["usual", "hostile"])
def test_lines_fit_and_nothing_in_them_is_obeyed(report, width, options):
    for line in pages(report, Screen(width), **options).split("\n"):
        assert cells(line) <= width
        assert line == line.rstrip(" ")
        assert all(unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in line)


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"verbose": True}])
@pytest.mark.parametrize("report", [samples.report(), samples.hostile()], ids=["usual", "hostile"])
def test_colours_change_no_text(report, options):
    colored = pages(report, COLOR, **options)
    assert ANSI.search(colored)
    assert ANSI.sub("", colored) == pages(report, PLAIN, **options)
    assert "\x1b]" not in colored


def test_markup_in_names_is_shown_as_it_is():
    assert "[bold red]markup[/bold red] :boom:" in pages(samples.hostile(), PLAIN)


def test_all_met_is_one_line_when_quiet():
    report = samples.report(samples.all_met(), samples.metering(), faults=False)
    assert pages(report, PLAIN, quiet=True) == "✓ met: 1 met, 1 not owed yet as of 2026-11-21T02:30:00Z\n"


def test_quiet_leaves_out_what_is_met_or_waived():
    text = pages(samples.report(), PLAIN, quiet=True)
    assert "rpo-server" in text
    assert "rpo-datacentre" in text
    for met in ("rto-server", "daily", "waived until", "Wiki", "Metering"):
        assert met not in text


def test_verbose_shows_every_piece_of_evidence_and_every_rejected_candidate():
    text = " ".join(pages(samples.report(), PLAIN, verbose=True).split())
    assert "+ dumps: orders/2026-11-21T0100Z.dump.gz" in text
    assert "does not count: it is too small: 12 B, at least 10 MiB is asked" in text
    assert "does not count: it shrank by 97 %" in text
    assert "“RPO = 60 minuter, dvs kan förlora maximalt 120 minuters arbete”" in text
    assert text.count("is no JSON object") == 5


def test_each_gap_is_told_once():
    text = pages(samples.report(), PLAIN)
    assert text.count("azure-backup did not answer within 120 s") == 1


def test_a_pipe_gets_no_colours(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b" not in render(samples.report(), terminal=True)
    assert b"\x1b" not in render(samples.report())
