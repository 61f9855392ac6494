"""What a run comes to: how many commitments came to what, as of when, and which policies could not be judged."""

from __future__ import annotations

from drcheck.core import words
from drcheck.reports.wording import local_time
from drcheck.reports.wording.text import printable, prose
from drcheck.run_report import Fault, Report


def fault_of(fault: Fault) -> str:
    """Return in words why a policy could not be judged, with its place."""
    message, place = prose(fault.message), printable(fault.file)
    return message if message.startswith(place) else f"{place}: {message}"


def judged(report: Report) -> str:
    """Return what was judged: of which instant, over how long, and by how many sources."""
    seen = report.seen
    sources = words.counted(seen.asked, "source")
    if seen.seen < seen.asked:
        sources = f"{seen.seen} of {sources}"
    lengths = {window.end - window.start for window in report.windows or {report.window}}
    long = f"{'up to ' if len(lengths) > 1 else ''}{words.duration(max(lengths))}"
    slow = ""
    if report.slowest is not None:
        service, source, seconds = report.slowest
        slow = f", of which {printable(source)} of {printable(service)} took {words.duration(seconds)}"
    return f"judged {as_of(report)} over {long}; {sources} seen in {report.seconds:.1f} s{slow}"


def signed(report: Report) -> str:
    """Return which signed checkpoint of the ledger it rests on; empty: none."""
    if not report.checkpoint:
        return ""
    origin, size, root = report.checkpoint.split("\n")[:3]
    return f"the ledger's {size} entries are signed by {printable(origin)}: root {root}"


def as_of(report: Report) -> str:
    """Return the instant that was judged, or the first and the last, with what was asked."""
    shown = local_time.of_run(report.services).instant
    end = shown(report.window.end)
    if report.apart:
        end = f"{shown(min(window.end for window in report.windows))} to {end}"
    return f"as of {end}{f' ({report.question})' if report.question else ''}"


def counts(report: Report) -> str:
    """Return what commitments came to, then what evidence lacks."""
    totals, seen, broken, gone = report.totals, report.seen, report.broken, report.gone
    unmatched = len(
        {
            (source.place, unread.name)
            for judged in report.services
            for source in judged.sources
            for unread in source.unmatched
            if unread.newer
        }
    )
    beside = {"at risk": totals.at_risk, "attested": totals.attested}
    of_these = ", ".join(f"{count} {word}" for word, count in beside.items() if count)
    met = f"{totals.met} met" + (f" ({of_these})" if of_these else "")
    others = {
        "breached": totals.breached,
        "unknown": totals.unknown,
        "waived": totals.waived,
        "not owed yet": totals.not_owed,
        "invalid policy" if broken == 1 else "invalid policies": broken,
        "policy gone" if gone == 1 else "policies gone": gone,
        "breached and over since": totals.passed,
    }
    counted = ", ".join([met, *(f"{count} {word}" for word, count in others.items() if count)])
    lacks = [words.counted(seen.gaps, "evidence gap")] if seen.gaps else []
    if unmatched:
        lacks.append(f"{words.counted(unmatched, 'newer name')} that no template reads")
    return f"{counted}; {', '.join(lacks)}" if lacks else counted
