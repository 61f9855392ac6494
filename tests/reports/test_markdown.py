"""The report as Markdown, read by a parser of it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import samples
from markdown_it import MarkdownIt

from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.markdown import code, render
from drcheck.reports.wording.text import prose
from drcheck.run_report import SourceSeen

GOLDEN = Path(__file__).parent / "golden"
PARSER = MarkdownIt("commonmark").enable("table")
HOSTILE = (
    *samples.HOSTILE,
    "`tick", "tick`", "``two`` and ```three```", "\\", "a\\|b", "a\\\\|b", "||", "|\\|", "`|`",
    "@everyone", "#1", "![x](https://evil.example.com/pixel.png)", "[x](javascript:alert(1))", "https://evil.example.com",
    "<!-- hidden -->", "&lt;b&gt;", "~~gone~~", "- item", "1. item", "> quote", "# head", "***", "--- | ---", ":boom:",
)  # fmt: skip


def text(report, **options):
    return render(report, **options).decode()


def tokens(written):
    for token in PARSER.parse(written):
        yield token
        yield from token.children or ()


def all_met_but(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


@pytest.mark.parametrize(
    ("name", "report", "options"),
    [("few", samples.few(), {}), ("many", samples.report(), {}), ("quiet", samples.report(), {"quiet": True})],
)
def test_it_reads_as_it_did(name, report, options):
    """Look at a difference before you copy it: the golden file is what people see."""
    assert text(report, **options) == (GOLDEN / f"{name}.markdown").read_text()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_code_is_read_as_it_is(name):
    (paragraph,) = (token for token in PARSER.parse(f"- a {code(name)} b") if token.type == "inline")
    assert [token.type for token in paragraph.children] == ["text", "code_inline", "text"]
    assert paragraph.children[1].content == prose(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_within_its_cell_of_a_table(name):
    table = f"| a | b | c |\n| --- | --- | --- |\n| x | {code(name, in_table=True)} | y |\n"
    cells = [token for token in PARSER.parse(table) if token.type == "inline"][3:]
    assert [token.content for token in (cells[0], cells[2])] == ["x", "y"]
    (one,) = cells[1].children
    assert (one.type, one.content.replace("\\ |", "\\|")) == ("code_inline", prose(name))


def test_a_bar_in_a_table_is_never_escaped_away():
    """GitHub takes two backslashes before a bar for one that is escaped, and the bar for the end of the cell."""
    for name in HOSTILE:
        assert not re.search(r"(?<!\\)(?:\\\\)+\||(?<!\\)\|", code(name, in_table=True))


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"verbose": True}])
def test_nothing_hostile_is_ever_outside_code(options):
    written = text(samples.hostile(), **options)
    known = {"inline", "text", "code_inline", "strong_open", "strong_close", "softbreak"}
    for token in tokens(written):
        assert token.type in known or token.block, token
        assert token.type not in {"html_block", "fence", "code_block", "hr"}
    plain = " ".join(token.content for token in tokens(written) if token.type == "text")
    for sign in ("script", "@", "#", "<", "://", "markup", "dump", "\\"):
        assert sign not in plain


def test_every_row_of_a_table_has_all_its_cells():
    rows, cells = [], 0
    for token in PARSER.parse(text(samples.hostile(), verbose=True)):
        cells += token.type in {"td_open", "th_open"}
        if token.type == "tr_close":
            rows.append(cells)
            cells = 0
    assert len(rows) > len(samples.HOSTILE)
    assert set(rows) == {4, 5}  # those of the overview, and of services


def test_quiet_is_a_line_where_all_is_met():
    report = samples.report(samples.all_met(), samples.metering(), faults=False)
    assert text(report, quiet=True).splitlines() == [
        "**✓ met**: 1 met, 1 not owed yet",
        "",
        "judged as of 2026-11-21T03:30:00+01:00 over 30 d; 2 sources seen in 2.3 s",
    ]


def test_quiet_hides_no_gap_nor_breach_that_is_over_nor_what_lies_there_unlisted():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    for why in News:
        found = all_met_but(since_last_run=(NamedBreach(breach, why is News.NEW, why),))
        written = text(samples.report(found, faults=False), quiet=True)
        assert (
            f"  - `{why}: breached for 1 h, until 2026-11-21T02:30:00+01:00: newest restorable data was too old`"
            in written
        )
    gap = msgspec.structs.replace(
        samples.all_met(), sources=(samples.webshop().sources[3], SourceSeen("d", "v:", ("blog",)))
    )
    written = text(samples.report(gap), quiet=True)
    assert "- `checks, line 3: line 3 is no JSON object`" in written
    assert "- `d also holds blog, which the policy does not list`" in written
    assert "- `policies/old.yaml:9:12: 24 is not a duration (24h)`" in written
    assert written.startswith("**? unknown**: 1 met, 1 invalid policy; 1 evidence gap\n")


def test_a_period_that_is_not_proved_is_unknown_and_says_for_how_much_it_was_kept():
    written = text(samples.report(all_met_but(of_period=True, unproved=True), faults=False), quiet=True)
    assert "| ? unknown | `daily` | `2.1` | ≥ 1 point | 1 point |" in written
    assert "  - `kept for 100 % of the time owed: met 30 d`" in written


def test_verbose_shows_all_evidence():
    written = text(samples.report(), verbose=True)
    assert "  - `dumps: vault:webshop/orders/2026-11-21T0100Z.dump.gz, data of 2026-11-21T02:00:00+01:00" in written
    assert "- **✓ met** `daily`" in written
    assert written.count("is no JSON object") == 6
