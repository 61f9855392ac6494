"""What the part of a service says: the agreement's words beside verdicts, pictures, and everything that there was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.exhibit import Ages, Slots, Times
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Waiver
from drcheck.core.model.readers import Tells
from drcheck.core.model.verdict import Finding, Verdict
from drcheck.core.model.waivers import Waived
from drcheck.reports.pictures.ages import ages
from drcheck.reports.pictures.downtime import downtime
from drcheck.reports.pictures.slots import slots
from drcheck.reports.pictures.strip import strip
from drcheck.reports.pictures.times import times
from drcheck.reports.story import heads, looks, recoveries, spans
from drcheck.reports.wording import citations, local_time, missing_evidence, reasons
from drcheck.reports.wording.figures import NONE, promised, quantity
from drcheck.reports.wording.status_marks import StatusMark
from drcheck.reports.wording.text import printable, prose
from drcheck.reports.wording.waived import approver
from drcheck.run_report import Judged

_MOST_ROWS: Final = 2500
"""Rows of a table that a page shows of one source and data set, the newest; JSON has all of them."""
_MOST_SPANS: Final = 100
_UNFIT: Final = re.compile(r"[^a-z0-9-]+")


class EvidenceRow(NamedTuple):
    """A recovery point or a restore test in a table."""

    cells: tuple[str, ...]
    counts: str
    """``counts``, ``does not count`` or ``may not count``; empty: the cells tell it."""
    why: str


class EvidenceTable(NamedTuple):
    """Everything that there was of one sort at one source."""

    caption: str
    heads: tuple[str, ...]
    rows: list[EvidenceRow]
    older: int
    """Older rows that are not shown."""


class Clause:
    """A commitment with its verdict."""

    def __init__(self, judged: Judged, verdict: Verdict, anchor: str) -> None:
        """``anchor`` tells it from the others of a page."""
        promise, local = verdict.commitment, local_time.of_service(judged)
        self._judged, self._verdict, self._local = judged, verdict, local
        self.id = printable(promise.id)
        self.anchor = f"{anchor}-{_anchor(promise.id)}"
        self.kind = promise.kind.replace("_", " ")
        self.mark: StatusMark = reasons.mark_over([verdict])
        self.at_end: StatusMark = reasons.mark_at_end(verdict)
        self.applies = prose(promise.applies)
        self.clause, self.quote, self.note = prose(promise.clause), prose(promise.quote), prose(promise.note)
        self.scenario, self.controls = prose(promise.scenario), [prose(one) for one in promise.controls]
        self.promised, self.measured = promised(verdict.overall), quantity(verdict.overall.measured)
        self.worst = quantity(verdict.overall.worst)
        shares = summary.shares(verdict.overall, verdict.waived)
        self.kept = NONE if shares.kept is None else f"{decimals.cut(shares.kept)} %"
        self.lines = [line.text for line in reasons.lines(judged, verdict, local)]
        self.standing = "" if verdict.standing is None else verdict.standing.name.lower()
        self.looks = looks.of_commitment(verdict)
        cited = list(citations.cited_by(verdict))
        self.evidence = [citations.in_words(one, local) for one in cited if not one.why_not and not one.in_doubt]
        self.rejected = [citations.in_words(one, local) for one in cited if one.why_not or one.in_doubt][:_MOST_SPANS]
        self.more_rejected = sum(bool(one.why_not or one.in_doubt) for one in cited) - len(self.rejected)

    @property
    def pictures(self) -> Iterator[tuple[str, str]]:
        """Yield each picture with its caption, as SVG in which all text is escaped."""
        verdict, policy = self._verdict, self._judged.policy
        zone = ZoneInfo(verdict.commitment.zone or policy.timezone)
        if verdict.window.start < verdict.window.end:
            title = f"{self.id} over time"
            yield "Over the period", strip(verdict.overall.pieces, verdict.window, zone, title)
        for finding in verdict.findings or (verdict.overall,):
            yield from self._of_finding(finding, zone)
        if verdict.overall.periods:
            yield "Downtime of each period", downtime(verdict.overall.periods, f"{self.id}: downtime")

    def _of_finding(self, finding: Finding, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
        of = f" of {printable(finding.of)}" if finding.of else ""
        match finding.exhibit:
            case Ages() as exhibit:
                title = f"{self.id}: age of the newest data{of}"
                drawn = ages(exhibit, finding.pieces, self._verdict.window, zone, title)
                yield f"Age of the newest data{of} that could be restored", drawn
            case Slots() as exhibit if exhibit.slots:
                yield f"Slots{of}", slots(exhibit, zone, f"{self.id}: slots{of}")
            case Times() as exhibit if exhibit.recoveries:
                yield "Recovery times", times(exhibit, zone, f"{self.id}: recovery times")
            case _:
                pass

    def breaches(self, at_most: int = _MOST_SPANS) -> spans.Spans:
        """Return its breaches over the period, of which no more than ``at_most`` are shown."""
        return spans.breaches(self._verdict, self._local, at_most)

    def unknown(self, at_most: int = _MOST_SPANS) -> spans.Spans:
        """Return the times of which nothing is known, of which no more than ``at_most`` are shown."""
        return spans.unknown(self._verdict, self._local, at_most)


def waivers_of(judged: Judged) -> dict[tuple[str, Waiver], list[Waived]]:
    """Return the waivers that held at some time of a service's window, by commitment, each with when it held."""
    window, found = judged.window, dict[tuple[str, Waiver], list[Waived]]()
    for verdict in judged.verdicts:
        for one in verdict.waived:
            if one.start < window.end and one.end > window.start:
                found.setdefault((verdict.commitment.id, one.waiver), []).append(one)
    return found


class Section:
    """A service."""

    def __init__(self, judged: Judged) -> None:
        """Tell of ``judged``; its place in an address stays the same, whatever other services there are."""
        policy, local = judged.policy, local_time.of_service(judged)
        self._judged, self._local = judged, local
        self.name, self.title = printable(policy.service), prose(policy.title) or printable(policy.service)
        self.anchor = f"{_anchor(policy.service)}-{_told_apart(policy.service)}"
        self.file = f"services/{self.anchor}"
        """Of a document of its own, below the report's directory and without its ending."""
        self.mark = reasons.mark_over(judged.verdicts)
        self.about = [(label, prose(text)) for label, text in heads.about(judged, local)]
        self.silence = reasons.silence(judged)
        self.clauses = [
            Clause(judged, verdict, f"{self.anchor}-{number}") for number, verdict in enumerate(judged.verdicts)
        ]
        self.unseen = list(missing_evidence.unseen(judged, local, verbose=True))
        self.beside = [printable(sentence) for sentence in missing_evidence.unjudged(judged)]

    @property
    def waivers(self) -> list[tuple[str, str, str, str, str, str]]:
        """What was accepted at some time of the window: commitment, since and until when, by whom, approved, and why.

        Of all texts that were in force then, also of those that have no such waiver any more.
        """
        return [
            (
                printable(commitment),
                self._local.instant(since) if (since := min(one.start for one in several)) > LONG_AGO else "always",
                self._local.instant(max(one.end for one in several)),
                prose(waiver.owner),
                approver(waiver),
                prose(waiver.reason),
            )
            for (commitment, waiver), several in waivers_of(self._judged).items()
        ]

    @property
    def survival(self) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
        """The scenarios, and each source of recovery points with its site and what becomes of it in each of them."""
        policy = self._judged.policy
        scenarios = [*policy.scenarios]
        rows = []
        for source in policy.sources.values():
            if source.tells(Tells.POINTS):
                lost = [policy.lost_sites(scenario) for scenario in scenarios]
                fates = [
                    "not known" if not source.site else "lost" if source.site in its else "survives" for its in lost
                ]
                rows.append(
                    (printable(f"{source.name} ({source.place})"), printable(source.site) or "not stated", fates)
                )
        return [printable(scenario) for scenario in scenarios], rows

    @property
    def sources(self) -> list[tuple[str, ...]]:
        """Each source: its name, place, names there, how many are read as backups, and how long the look took."""
        return [
            (
                printable(source.name),
                printable(source.place),
                str(source.names) if source.names else NONE,
                str(source.matched) if source.names else NONE,
                words.duration(source.seconds),
            )
            for source in self._judged.sources
        ]

    @property
    def tables(self) -> Iterator[EvidenceTable]:
        """Yield everything that there was: a table a source and data set, then one of restore tests and recoveries."""
        for points in self._judged.population.points:
            rows = range(len(points) - 1, max(-1, len(points) - 1 - _MOST_ROWS), -1)
            caption = f"{points.of} at {points.source}: {words.counted(len(points), 'recovery point')}"
            yield EvidenceTable(
                printable(caption),
                ("name", "data as of", "available", "gone", "size", "counts", "why not"),
                [self._point(points, row) for row in rows],
                len(points) - len(rows),
            )
        if found := recoveries.rows(self._judged, self._local):
            shown = recoveries.fitting(found, _MOST_ROWS)
            yield EvidenceTable(
                f"Restore tests and outages: {words.counted(len(found), 'record')}",
                recoveries.HEADS,
                [EvidenceRow(row.cells, "", "") for row in shown],
                len(found) - len(shown),
            )

    def _point(self, points: Points, row: int) -> EvidenceRow:
        doubt = points.doubt_at(row)
        cells = (
            printable(points.name[row]),
            self._between(points.data_lo[row], points.data_hi[row]),
            self._between(points.available_lo[row], points.available_hi[row]),
            self._between(points.gone_lo[row], points.gone_hi[row]) if points.gone_hi[row] < FOREVER else "",
            words.size(points.size[row]),
        )
        if doubt is None:
            return EvidenceRow(cells, "counts", "")
        why = printable(self._local.text(doubt.why))
        return EvidenceRow(cells, "does not count" if doubt.certain else "may not count", why)

    def _between(self, earliest: int, latest: int) -> str:
        if earliest == latest:
            return self._local.instant(latest)
        if latest == FOREVER:
            return f"{self._local.instant(earliest)} or later"
        if earliest == LONG_AGO:
            return f"up to {self._local.instant(latest)}"
        return f"{self._local.instant(earliest)} to {self._local.instant(latest)}"


def _told_apart(name: str) -> str:
    """Return what tells a name from others that look alike as part of an address."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _anchor(name: str) -> str:
    """Return a name as part of an address: two names may look the same there."""
    return _UNFIT.sub("-", name.lower()).strip("-")[:60] or "x"
