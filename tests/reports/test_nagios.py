"""The report as a monitoring plugin prints it, read by the rules of the plugin guidelines."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import samples

from drcheck.core.model.status import Status
from drcheck.core.model.verdict import NamedBreach, News, Opening
from drcheck.reports.nagios import exit_status, render

GOLDEN = Path(__file__).parent / "golden" / "few.nagios"
PIECE = re.compile(
    r"(?P<label>'[^'=|]+'|[a-z_]+)=(?P<value>-?[\d.]+)(?P<unit>s|%|)"
    r"(;(?P<warn>[\d.]*:?))?(;(?P<critical>[\d.]*:?))?(;(?P<min>[\d.]*))?(;(?P<max>[\d.]*))?"
)


def read(report, **options):
    """Return the first line's text, the long text and the performance data, split as Nagios does it."""
    first, _, rest = render(report, **options).decode().partition("\n")
    text, _, data = first.partition("|")
    long, _, more = rest.partition("|")
    return (
        text.strip(),
        long,
        {found["label"].strip("'"): found for found in map(PIECE.fullmatch, [*data.split(), *more.split()])},
    )


def met(status=Status.MET, *, waived=False, **more):
    """Return a service with one commitment, of which something else than usual holds."""
    service = samples.all_met()
    figures = {key: more.pop(key) for key in ("at_risk",) if key in more}
    overall = samples.finding(status, "2026-11-20 has its backup of wiki", **figures)
    return msgspec.structs.replace(
        service, verdicts=(msgspec.structs.replace(service.verdicts[0], overall=overall, **more),)
    )


BREACH = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
PASSED = met(since_last_run=(NamedBreach(BREACH, counts=True, why=News.NEW),))


def test_it_reads_as_it_did():
    """Look at a difference before you copy it: graphs rest on these labels."""
    assert render(samples.few()).decode() == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("services", "faults", "status", "text"),
    [
        ([met()], False, 0, "OK - 1 met"),
        ([met(None)], False, 0, "OK - 1 not owed yet"),
        ([met(at_risk=True), met()], False, 1, "WARNING - 1 at risk, 2 met: wiki/daily"),
        ([met(Status.BREACHED)], False, 2, "CRITICAL - 1 breached: wiki/daily"),
        ([met(Status.UNKNOWN)], False, 3, "UNKNOWN - 1 unknown: wiki/daily"),
        ([met(Status.UNKNOWN), met(at_risk=True)], False, 3, "UNKNOWN - 1 unknown, 1 at risk, 1 met: wiki/daily"),
        ([met(Status.BREACHED), met(Status.UNKNOWN)], True, 2, "CRITICAL - 1 breached, 1 unknown, 1 invalid policy: wiki/daily"),
        ([met()], True, 3, "UNKNOWN - 1 invalid policy, 1 met"),
        ([PASSED], False, 2, "CRITICAL - 1 breached and over since, 1 met: wiki/daily"),
        ([met(unproved=True)], False, 3, "UNKNOWN - 1 unknown: wiki/daily"),
    ],
)  # fmt: skip
def test_the_first_line_says_what_the_exit_status_says(services, faults, status, text):
    report = samples.report(*services, faults=faults)
    assert (exit_status(report), read(report)[0]) == (status, f"DRCHECK {text}")


def test_a_breach_that_is_over_is_told_and_does_not_count_where_only_now_is_asked():
    report = msgspec.structs.replace(samples.report(PASSED, faults=False), now_alone=True)
    text, long, figures = read(report)
    assert (exit_status(report), text) == (0, "DRCHECK OK - 1 breached and over since, 1 met")
    assert "not shown by any run before: breached for 1 h" in long
    assert figures["breached"]["value"] == "0"


def test_thresholds_are_those_of_the_promises():
    _, _, figures = read(samples.few())
    rto, uptime, daily = figures["webshop/rto-server"], figures["hosting/uptime"], figures["webshop/daily"]
    assert rto.group("value", "unit", "warn", "critical", "min") == ("13680", "s", "12960", "14400", "0")
    assert uptime.group("value", "unit", "warn", "critical", "max") == ("99.4", "%", "", "99.95:", "100")
    assert daily.group("value", "unit", "critical") == ("24", "", "1:")
    assert "webshop/rpo-datacentre" not in figures  # nothing was measured


def test_the_gravest_comes_first_as_what_is_long_may_be_cut():
    _, long, _ = read(samples.few())
    words = re.findall(r"^\[(.*?)\]", long, re.MULTILINE)
    order = ["breached", "unknown", "at risk", "waived", "evidence gap"]
    told = [word for word in words[2:] if word in order]  # after two faults of a policy
    assert told == sorted(told, key=order.index)
    assert set(told) == set(order)


def test_gaps_are_told_though_all_is_met_and_quiet_is_asked():
    shop = samples.webshop()
    found = msgspec.structs.replace(samples.all_met(), sources=shop.sources)
    text, long, _ = read(samples.report(found, faults=False), quiet=True)
    assert text == "DRCHECK OK - 1 met, 1 evidence gap"
    assert "[evidence gap] wiki: checks, line 3: line 3 is no JSON object" in long


def test_nothing_that_was_found_ends_the_text_or_makes_html():
    text, long, figures = read(samples.hostile(), verbose=True)
    assert "<" not in text + long
    assert ">" not in text + long
    assert "=cmd¦' /C calc'!A0" in long
    assert None not in figures.values()
    assert len(figures) == 8 + 2  # those of the run, and of the two commitments of hosting that have any
