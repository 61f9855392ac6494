"""What comes first: the answer, the estate worst first, the exceptions, and how it was obtained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from drcheck import registry
from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.judging.controls import ControlVerdicts, shown_for
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Verdict
from drcheck.reports.story import exceptions, looks, provenance, recoveries, sample
from drcheck.reports.story.service import waivers_of
from drcheck.reports.wording import local_time, reasons, service_totals, totals
from drcheck.reports.wording.figures import NONE
from drcheck.reports.wording.status_marks import MET_AT_LOOKS, StatusMark, mark
from drcheck.reports.wording.text import printable, prose
from drcheck.run_report import Judged, Report

_MOST_EXCEPTIONS = 200
"""Exceptions that the first page tells; the page of each service has all of its own."""


_MOST_RECOVERIES = 100
"""Restore tests and outages that the first page tells: those that failed, took too long or count come first."""
_MOST_NAMED = 12
"""Commitments that are named beside a control, the worst first."""

_STATES = {
    "met": "kept",
    "between_looks": "met at every look, and not proved between some of them",
    "breached": "breached",
    "unknown": "not proved either way",
    "waived": "breached and waived",
    "not_owed": "not owed",
}
"""How a commitment stood over a period, to what readers are told of it."""


class Row(Struct, frozen=True):
    """A service as the overview shows it."""

    name: str
    title: str
    owner: str
    href: str
    mark: StatusMark
    rank: int
    """By which the worst come first."""
    kept: str
    """How many commitments were kept over the whole period, of those of which anything was owed."""
    gaps: str
    by_kind: dict[str, StatusMark]
    waivers: int
    """How many held at some time of what was judged."""
    exceptions: tuple[exceptions.NotKept, ...]
    recoveries: tuple[recoveries.Row, ...]
    """Restore tests and outages, the newest first, as many as the first page may show."""
    more_recoveries: int

    @classmethod
    def of(cls, judged: Judged, href: str) -> Row:
        """Return the row of a service, whose own part of the report is at ``href``."""
        _, gaps = service_totals.figures(judged)
        by_kind: dict[str, list[Verdict]] = {}
        for verdict in judged.verdicts:
            by_kind.setdefault(verdict.commitment.kind, []).append(verdict)
        found = recoveries.rows(judged, local_time.of_service(judged))
        shown = recoveries.fitting(found, _MOST_RECOVERIES)
        return cls(
            printable(judged.policy.service),
            prose(judged.policy.title),
            prose(judged.policy.owner),
            href,
            reasons.mark_over(judged.verdicts),
            min(map(exceptions.rank, judged.verdicts)),
            _kept(judged.verdicts),
            gaps,
            {kind: reasons.mark_over(its) for kind, its in by_kind.items()},
            len(waivers_of(judged)),
            exceptions.of_service(judged),
            tuple(shown),
            len(found) - len(shown),
        )


def _kept(verdicts: Sequence[Verdict]) -> str:
    came_to = Counter(map(summary.over_window, verdicts))
    owed = came_to.total() - came_to["not_owed"]
    return f"{came_to['met']} of {owed}" if owed else NONE


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


class ControlRow(NamedTuple):
    """A control of a standard, with what verdicts show for it."""

    id: str
    title: str
    mark: StatusMark
    found: str
    """How many commitments that concern it came to what."""
    rests_on: list[tuple[StatusMark, str, str]]
    """Those commitments, the worst first: how each stood, its service, and its id."""
    more: int
    """How many others there are."""
    shows: str
    lacks: str


def _row(shown: ControlVerdicts) -> ControlRow:
    control, verdicts = shown.control, [verdict for _, verdict in shown.verdicts]
    came_to = Counter(map(summary.over_window, verdicts))
    found = ", ".join(f"{came_to[state]} {word}" for state, word in _STATES.items() if came_to[state])
    worst_first = sorted(shown.verdicts, key=lambda one: exceptions.rank(one[1]))
    named = [
        (reasons.mark_over([verdict]), printable(service), printable(verdict.commitment.id))
        for service, verdict in worst_first[:_MOST_NAMED]
    ]
    return ControlRow(
        prose(control.id),
        prose(control.title),
        reasons.mark_over(verdicts),
        found or "nothing that was promised concerns it",
        named,
        len(worst_first) - len(named),
        prose(control.shows),
        prose(control.lacks),
    )


class Estate:
    """What a report says of all its services."""

    RECOVERY_HEADS = recoveries.HEADS

    def __init__(self, report: Report, rows: Sequence[Row]) -> None:
        """``rows`` are those of its services, in the order of the policies."""
        self.report = report
        self.rows = sorted(rows, key=lambda row: row.rank)
        used = {kind for row in rows for kind in row.by_kind}
        self.kinds = [kind for kind in registry.KINDS if kind in used]
        not_kept = sorted(((row, one) for row in self.rows for one in row.exceptions), key=lambda shown: shown[1].rank)
        self.exceptions = not_kept[:_MOST_EXCEPTIONS]
        self.more_exceptions = len(not_kept) - len(self.exceptions)
        self.mark = reasons.mark_over(report.verdicts, invalid=report.broken + report.gone)
        self.faults = [totals.fault_of(fault) for fault in report.faults]
        self.title = f"Backup and recovery promises, {self.period}"

    @property
    def period(self) -> str:
        """What was judged, in words."""
        return prose(self.report.question.removeprefix("offline, ").removeprefix("over ")) or "now"

    @property
    def answer(self) -> str:
        """The answer in a sentence or two."""
        report, came_to = self.report, Counter(map(summary.over_window, self.report.verdicts))
        services = words.counted(len(self.rows), "service")
        promised = words.counted(came_to.total(), "commitment")
        over = sum(bool(summary.passed_breaches(one)) and one.status is not Status.BREACHED for one in report.verdicts)
        told = _STATES | ({"breached": f"breached, {over} of them not any more"} if over else {})
        sworn = sum(summary.over_window(one) == "met" and summary.is_attested(one) for one in report.verdicts)
        told |= {"met": f"kept, {sworn} of them by somebody's word alone"} if sworn else {}
        parts = [f"{came_to[state]} {_were(came_to[state])} {word}" for state, word in told.items() if came_to[state]]
        sentence = f"Of {promised} of {services}, {'; '.join(parts)}."
        if report.faults:
            sentence += f" {words.counted(len(report.faults), 'policy', 'policies')} could not be judged at all."
        return sentence

    @property
    def counts(self) -> str:
        """The totals as every other format tells them."""
        return f"By status at the end, which is unknown where not all before is proved: {totals.counts(self.report)}."

    @property
    def looks(self) -> str:
        """How many verdicts rest on a single look, or on none; empty: none does."""
        return looks.of_all(self.report.verdicts)

    @property
    def reading(self) -> str:
        """How statuses are to be read."""
        return (
            "A status is that of the whole period: what was breached at any time of it, and was not waived for as "
            "long, is breached, also where it was kept again at the end. How it stood at the end is told beside it."
        )

    @property
    def commands(self) -> list[str]:
        """What judges it again."""
        return [command.format(run=printable(self.report.run)) for command in provenance.COMMANDS]

    @property
    def standards(self) -> Iterator[tuple[str, list[ControlRow]]]:
        """Yield each standard with its controls, and what the verdicts show for them."""
        services = [(judged.policy.service, judged.verdicts) for judged in self.report.services]
        for standard in self.report.standards:
            yield prose(standard.title), [_row(shown) for shown in shown_for(standard, services)]

    @property
    def recoveries(self) -> tuple[list[tuple[Row, recoveries.Row]], int]:
        """Restore tests and outages of all services, the newest first, and how many more there are."""
        found = [(row, one) for row in self.rows for one in row.recoveries]
        shown = recoveries.fitting([one for _, one in found], _MOST_RECOVERIES)
        kept = set(map(id, shown))
        told = sorted((pair for pair in found if id(pair[1]) in kept), key=lambda pair: -pair[1].began)
        return told, len(found) - len(told) + sum(row.more_recoveries for row in self.rows)

    @property
    def sample(self) -> tuple[list[str], tuple[str, ...], list[tuple[str, ...]]] | None:
        """The sample that was asked for: what it says, the heads of its table, and the rows."""
        drawn = self.report.sample
        return None if drawn is None else (list(sample.in_words(drawn)), sample.HEADS, list(sample.rows(drawn)))

    @property
    def obtained(self) -> list[tuple[str, str]]:
        """How it was obtained: a label and what it says, each."""
        report = self.report
        shown = local_time.of_run(report.services).instant
        seen = report.seen
        return [
            ("Judged", f"{shown(report.window.start)} up to {shown(report.window.end)}"),
            ("Question", prose(report.question) or "the nightly one"),
            ("Newest run it rests on", printable(report.run)),
            ("Sources", f"{seen.seen} of {seen.asked} seen without an evidence gap that may hide something"),
            ("Evidence gaps", str(seen.gaps)),
            *(provenance.in_words(report.provenance, shown) if report.provenance else ()),
            *(provenance.complete(report.completeness, shown) if report.completeness else ()),
            *(provenance.signed(report.checkpoint) if report.checkpoint else ()),
            ("Waivers that held in it", str(sum(row.waivers for row in self.rows) or "none")),
            ("Made", f"{words.instant(report.ended_at)} by drcheck {report.version}"),
        ]

    @property
    def legend(self) -> list[tuple[StatusMark, str]]:
        """Each status with what it means."""
        return [
            (mark(Status.MET), "the commitment was kept, proved by the evidence shown"),
            (MET_AT_LOOKS, "met at every look, and not proved between some of them"),
            (mark(Status.BREACHED), "it was not kept, proved by the evidence shown"),
            (mark(Status.UNKNOWN), "the evidence proves neither; never counted as kept"),
            (mark(Status.MET, at_risk=True), "kept, with little headroom left"),
            (mark(Status.MET, attested=True), "kept by somebody's dated word, which no machine can check"),
            (mark(Status.BREACHED, waived=True), "breached, and accepted by a named owner until a date"),
            (mark(None), "nothing was owed yet, or any more"),
        ]
