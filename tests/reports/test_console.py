"""The console report, as it is read at 80 columns."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import msgspec
import pytest
import samples

from drcheck.core.model.evidence import Gap, Unaccounted
from drcheck.core.model.policy import Waiver
from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.core.model.waivers import Waived
from drcheck.reports.console.cells import cells
from drcheck.reports.console.report import pages, render
from drcheck.reports.console.terminal import Screen
from drcheck.run_report import SourceSeen

GOLDEN = Path(__file__).parent / "golden"
PLAIN, COLOR = Screen(80), Screen(80, color=True)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("name", "report", "options"),
    [
        ("normal", samples.few(), {}),
        ("many", samples.report(), {}),
        ("quiet", samples.report(), {"quiet": True}),
        ("verbose", samples.report(), {"verbose": True}),
    ],
)
def test_it_reads_as_it_did(name, report, options):
    """Look at a difference before you copy it: the golden file is what people see."""
    assert pages(report, PLAIN, **options) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"verbose": True}])
@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize(
    "report",
    [samples.report(), samples.few(), samples.hostile(), samples.fifty()],
    ids=["usual", "few", "hostile", "fifty"],
)
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
    assert pages(report, PLAIN, quiet=True) == "✓ met: 1 met, 1 not owed yet, as of 2026-11-21T03:30:00+01:00\n"


def test_quiet_leaves_out_what_is_met_or_waived():
    text = pages(samples.report(), PLAIN, quiet=True)
    assert "rpo-server" in text
    assert "rpo-datacentre" in text
    for met in ("rto-server", "daily", "waived until", "Wiki", "Metering"):
        assert met not in text


def test_verbose_shows_every_piece_of_evidence_and_every_rejected_candidate():
    text = " ".join(pages(samples.report(), PLAIN, verbose=True).split())
    assert "+ dumps: vault:webshop/orders/2026-11-21T0100Z.dump.gz" in text
    assert "+ drills: drill-2026-10, in vault:logs/drills.jsonl" in text
    assert (
        "· drills: vault:logs/drills.jsonl, 4 lines of other services ssh://backup@vault.example.com:2222/srv/backups/logs/drills.jsonl"
        in text
    )
    assert "does not count: it is too small: 12 B, at least 10 MiB is asked" in text
    assert "does not count: it shrank by 97 %" in text
    assert "“RPO = 60 minuter, dvs kan förlora maximalt 120 minuters arbete”" in text
    assert text.count("is no JSON object") == 6


def test_each_gap_is_told_once():
    text = pages(samples.report(), PLAIN)
    assert text.count("azure-backup did not answer within 120 s") == 1


def test_a_pipe_gets_no_colours(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b" not in render(samples.report(), terminal=True)
    assert b"\x1b" not in render(samples.report())


def all_met_but(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


def test_quiet_tells_of_a_gap_though_every_commitment_is_met():
    rewritten = Gap("what drills said 2026-11-20T02:30:00Z is no longer in it", "Restore its lines.")
    report = samples.report(all_met_but(gaps=(("drills", rewritten),)), faults=False)
    text = pages(report, PLAIN, quiet=True)
    assert "· drills: what drills said 2026-11-20T03:30:00+01:00 is no longer in it" in text
    assert "→ Restore its lines." in text
    assert text.endswith("\n✓ met: 1 met; 1 evidence gap, as of 2026-11-21T03:30:00+01:00\n")


def test_quiet_tells_of_data_sets_that_nobody_listed():
    found = msgspec.structs.replace(samples.all_met(), sources=(SourceSeen("dumps", "vault:wiki/", ("blog",)),))
    text = pages(samples.report(found, faults=False), PLAIN, quiet=True)
    assert "dumps also holds blog, which the policy does not list" in text


@pytest.mark.parametrize("why", News)
def test_quiet_tells_of_each_breach_that_is_over_and_why_it_is_named(why):
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    report = samples.report(all_met_but(since_last_run=(NamedBreach(breach, why is News.NEW, why),)), faults=False)
    text = " ".join(pages(report, PLAIN, quiet=True).split())
    assert f"{why}: breached for 1 h, until 2026-11-21T02:30:00+01:00: newest restorable data was too old" in text


def test_quiet_tells_of_a_breach_that_ended_while_a_waiver_covered_it_or_after_another_one_had_held():
    closed = samples.AS_OF - 3600
    ended = Opening(samples.AS_OF - 7200, closed, "newest restorable data was too old")
    waiver = Waiver("rpo-server", closed, "cto@example.com", "moving house")
    for waived, when in ((True, "over since the last run, waived"), (False, "over since the last run")):
        news = (NamedBreach(ended._replace(waived=waived), counts=False, why=News.ENDED),)
        held = (Waived(0, closed if waived else 900, waiver),)
        report = samples.report(all_met_but(since_last_run=news, waived=held), faults=False)
        text = " ".join(pages(report, PLAIN, quiet=True).split())
        assert f"{when}: breached for 1 h, until 2026-11-21T02:30:00+01:00: newest restorable" in text


def test_the_summary_counts_each_gap_once_however_many_commitments_rest_on_it():
    assert "; 8 evidence gaps, 1 newer name that\n" in pages(samples.few(), PLAIN)


def test_many_services_have_a_line_each_and_only_what_is_not_met_in_full():
    lines = pages(samples.fifty(), PLAIN).splitlines()
    heads = [line for line in lines if line.startswith("  ✓ met ")]
    assert len(heads) == 49
    assert sum("has its backup of wiki" in line for line in lines) == 0
    assert sum(line.startswith("  ✗ breached  rpo-server") for line in lines) == 1


def test_a_run_over_several_zones_tells_the_instant_judged_in_utc():
    other = samples.all_met()
    other = msgspec.structs.replace(other, policy=msgspec.structs.replace(other.policy, timezone="America/New_York"))
    text = pages(samples.report(samples.metering(), other, faults=False), PLAIN)
    assert "judged as of 2026-11-21T02:30:00Z over 30 d" in text
    assert "2026-11-22T03:30:00+01:00" in text


def unmatched(*names, ever_matched=True, newer=True):
    its = tuple(Unaccounted(name, samples.AS_OF - 60, newer=newer) for name in names)
    source = SourceSeen("dumps", "vault:wiki/", unmatched=its, ever_matched=ever_matched)
    return msgspec.structs.replace(samples.all_met(), sources=(source,))


def test_quiet_tells_of_newer_names_that_no_template_reads_and_the_summary_counts_them():
    text = " ".join(pages(samples.report(unmatched("a.sql", "b.sql"), faults=False), PLAIN, quiet=True).split())
    assert (
        "dumps holds a.sql and b.sql, newer than everything read there as a backup, and no template reads them" in text
    )
    assert "1 met; 2 newer names that no template reads, as of" in text


def test_where_no_name_was_ever_read_it_says_what_would_propose_a_template():
    report = samples.report(unmatched("a.sql", ever_matched=False), faults=False)
    text = " ".join(pages(report, PLAIN, quiet=True).split())
    assert (
        "no name there was ever read as a backup: `name` on dumps fits none; drcheck try vault:wiki/ proposes" in text
    )


def test_older_names_that_no_template_reads_are_for_those_who_ask_for_everything():
    report = samples.report(unmatched("a.sql", newer=False), faults=False)
    for options in ({}, {"quiet": True}):
        assert "a.sql" not in pages(report, PLAIN, **options)
    assert "· a.sql, 2026-11-21T03:29:00+01:00: no template reads it" in pages(report, PLAIN, verbose=True)
