"""The report as a workbook, for people who sort, filter and sum: services, commitments, spans, evidence gaps, waivers.

What came from anywhere else is text, and stays it when somebody edits the cell: no formula, link or number is ever
made of it. Figures are numbers, shares per cent, durations ``[h]:mm:ss`` and instants real dates in UTC, so that they
sort and subtract; an instant before 1970 or after 9999 is text. The same report makes the same bytes, and a row costs
no memory once it is written.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any, Final, NamedTuple

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]

from drcheck.core import decimals, words
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Opening, Quantity, Verdict
from drcheck.errors import OutputError
from drcheck.reports.spool import pieces, spooled
from drcheck.reports.wording import missing_evidence, reasons, totals
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import prose
from drcheck.run_report import Document, Judged, Report

_UTC: Final = Local(UTC)
_ROWS: Final = 1_048_576
"""Rows that a sheet can have (ECMA-376; Microsoft's "Excel specifications and limits")."""
_CHARACTERS: Final = 32_767
"""Characters that a cell can have."""
_DAY: Final = 86_400
_LAST: Final = 253_402_300_800
"""The end of the last year that has dates."""
_COLOURS: Final = {
    "met": ("#1E5B2E", "#DDF0E1"),
    "breached": ("#8A1020", "#FADADD"),
    "unknown": ("#5B2A78", "#EADCF3"),
    "waived": ("#1F4E66", "#DCECF3"),
    "at risk": ("#6B4A00", "#FBEFCF"),
    "attested": ("#24408E", "#DEE5F7"),
    "not owed": ("#595959", "#EEEEEE"),
}
"""Text and ground of each status, whose word stands there as well; at least 5:1 (WCAG 2.2, 1.4.3)."""


class _State(NamedTuple):
    """A status: its word, and whose colours it has."""

    word: str
    shown: str


class _Date(NamedTuple):
    seconds: int


class _Length(NamedTuple):
    seconds: int


_Cell = str | int | _State | _Date | _Length | Quantity | None


class _Sheet(NamedTuple):
    """A sheet: its name, its columns with their widths, how many of them stay in sight, and a service's rows of it."""

    name: str
    columns: dict[str, int]
    frozen: int
    rows: Callable[[Judged, Report], Iterator[Sequence[_Cell]]]
    """``report`` tells everything but its services."""


def render(report: Report, **_: object) -> bytes:
    """Return the workbook.

    Raises :class:`OutputError` where there is no room for what is written on the way.
    """
    whole = io.BytesIO()
    _write(whole, report.services, lambda: report)
    return whole.getvalue()


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:  # noqa: ARG001
    """Yield the one document: what :func:`render` would return, with one service in memory and the rest on the disk."""
    with spooled() as file:
        _write(file, services, whole)
        file.seek(0)
        yield Document("", pieces(file))


def _write(to: IO[bytes], services: Iterable[Judged], whole: Callable[[], Report]) -> None:
    try:
        book, report = _Workbook(to, whole().run), whole()
        for judged in services:
            book.add(judged, report)
        book.close(whole())
    except (OSError, XlsxWriterException) as error:
        what = (getattr(error, "strerror", None) or str(error) or "error").lower()
        raise OutputError(
            f"the workbook could not be written: {what}", "It needs room in the directory for temporary files."
        ) from error


def _sheets() -> Iterator[_Sheet]:
    yield _Sheet(
        "Overview",
        {
            "Service": 26, "Status": 11, "Title": 32, "Owner": 24, "Commitments": 13, "Met": 8, "Breached": 10,
            "Unknown": 10, "Waived": 9, "Not owed yet": 13, "At risk": 9, "Attested": 10,
            "Breached and over since": 13, "Evidence gaps": 14, "Judged as of (UTC)": 19, "From (UTC)": 19,
            "Policy": 34, "Remark": 60, "Run": 28, "Question": 30,
        },
        1,
        _overview,
    )  # fmt: skip
    yield _Sheet(
        "Commitments",
        {
            "Service": 26, "Commitment": 26, "Kind": 18, "Status": 11, "At risk": 9, "Attested": 10, "Scenario": 16,
            "Clause": 16, "Promised": 12, "Measured": 12, "Worst": 12, "Unit": 9, "Reason": 70, "Due (UTC)": 19,
            "Breached since (UTC)": 19, "Unknown since (UTC)": 19, "Breaches": 10, "Over since, not shown before": 13,
            "Time met": 13, "Time breached": 13,
            "Time unknown": 13, "Kept": 12, "Evidence gaps": 14, "Quote": 50, "Controls": 30,
        },
        2,
        _commitments,
    )  # fmt: skip
    yield _Sheet(
        "Breaches and unknown spans",
        {
            "Service": 26, "Commitment": 26, "Data set": 18, "Status": 11, "From (UTC)": 19, "To (UTC)": 19,
            "Lasted": 13, "Lasts": 8, "Reason": 80,
        },
        2,
        _spans,
    )  # fmt: skip
    yield _Sheet(
        "Evidence gaps",
        {"Service": 26, "What": 16, "Told": 80, "What to do": 70},
        1,
        _gaps,
    )
    yield _Sheet(
        "Waivers",
        {
            "Service": 26, "Commitment": 26, "Owner": 28, "Reason": 60, "From (UTC)": 19, "Until (UTC)": 19,
            "Covers the breach now": 22, "Approved by": 28,
        },
        2,
        _waivers,
    )  # fmt: skip


def _overview(judged: Judged, report: Report) -> Iterator[Sequence[_Cell]]:
    policy, found = judged.policy, summary.totals(judged.verdicts)
    yield (
        policy.service, _state_of(summary.status_of(judged.verdicts)), policy.title, policy.owner,
        found.commitments, found.met, found.breached, found.unknown, found.waived, found.not_owed, found.at_risk,
        found.attested, found.passed, len(judged.gaps), _Date(judged.window.end), _Date(judged.window.start),
        policy.file, reasons.silence(judged), report.run, report.question,
    )  # fmt: skip


def _faults(report: Report) -> Iterator[Sequence[_Cell]]:
    """Yield the rows of the overview that tell which policies could not be judged."""
    wrong: dict[str, list[str]] = {}
    for fault in report.faults:
        wrong.setdefault(fault.file, []).append(totals.fault_of(fault))
    for file, told in wrong.items():
        yield ("", _state_of(Status.UNKNOWN), *[None] * 14, file, "\n".join(told), report.run, report.question)


def _commitments(judged: Judged, _: Report) -> Iterator[Sequence[_Cell]]:
    for verdict in judged.verdicts:
        promise, found = verdict.commitment, verdict.overall
        shares = summary.shares(found, verdict.waived)
        figures = (found.objective, found.measured, found.worst)
        unit = next((one.unit for one in figures if one is not None), "")
        yield (
            judged.policy.service, promise.id, promise.kind, _state(verdict), _yes(found.at_risk),
            _yes(summary.is_attested(verdict)), promise.scenario, promise.clause, *figures,
            "h:mm:ss" if unit == "s" else unit,
            "\n".join(line.text for line in reasons.lines(judged, verdict, _UTC)), _date(found.due_at),
            _date(summary.since(verdict, Status.BREACHED)), _date(summary.since(verdict, Status.UNKNOWN)),
            len(verdict.breaches()), len(summary.passed_breaches(verdict)),
            _Length(shares.met), _Length(shares.breached), _Length(shares.unknown),
            None if shares.kept is None else Quantity(decimals.cut(shares.kept), "%"), len(verdict.gaps),
            promise.quote, ", ".join(promise.controls),
        )  # fmt: skip


def _spans(judged: Judged, _: Report) -> Iterator[Sequence[_Cell]]:
    for verdict in judged.verdicts:
        for finding in verdict.findings or (verdict.overall,):
            spans = [*((Status.BREACHED, one) for one in verdict.breaches(finding))]
            spans += [(Status.UNKNOWN, one) for one in finding.openings(Status.UNKNOWN)]
            for status, one in sorted(spans, key=lambda span: span[1].opened_at):
                yield _span(judged, verdict, finding, status, one)


def _span(judged: Judged, verdict: Verdict, finding: Finding, status: Status, one: Opening) -> Sequence[_Cell]:
    return (
        judged.policy.service, verdict.commitment.id, finding.of, _state_of(status, waived=one.waived),
        _Date(one.opened_at), _date(one.closed_at),
        _Length((verdict.window.end if one.closed_at is None else one.closed_at) - one.opened_at),
        _yes(one.closed_at is None), f"between looks: {one.reason}" if one.between_looks else one.reason,
    )  # fmt: skip


def _gaps(judged: Judged, _: Report) -> Iterator[Sequence[_Cell]]:
    service = judged.policy.service
    for sentence, hint in missing_evidence.unseen(judged, _UTC, verbose=True):
        yield service, "evidence gap", sentence, hint
    for sentence in missing_evidence.unjudged(judged):
        yield service, "not judged", sentence, ""


def _waivers(judged: Judged, _: Report) -> Iterator[Sequence[_Cell]]:
    for verdict in judged.verdicts:
        accepted = summary.waiver_of(verdict)
        for one in verdict.waived:
            waiver = one.waiver
            yield (
                judged.policy.service, verdict.commitment.id, waiver.owner, waiver.reason, _Date(one.start),
                _Date(waiver.until), _yes(waiver == accepted), waiver.approved_by,
            )  # fmt: skip


def _state(verdict: Verdict) -> _State:
    return _State(summary.state(verdict).replace("_", " "), reasons.mark_of(verdict).word)


def _state_of(status: Status | None, *, waived: bool = False) -> _State:
    word = mark(status, waived=waived).word
    return _State(word, word)


def _date(seconds: int | None) -> _Date | None:
    return None if seconds is None else _Date(seconds)


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


class _Paper:
    """A sheet that is being written."""

    def __init__(self, written: Any, sheet: _Sheet) -> None:
        self.written, self.sheet = written, sheet
        self.last = 0
        """The row that was written last."""
        self.beyond = 0
        """How many rows there was no room for."""


class _Workbook:
    """Writes sheets row by row; each row is on its way to the disk when the next one of its sheet begins."""

    def __init__(self, to: IO[bytes], run: str) -> None:
        as_text = {f"strings_to_{what}": False for what in ("formulas", "urls", "numbers")}
        self._book: Any = xlsxwriter.Workbook(to, {"constant_memory": True, **as_text})
        self._run = run
        common = {"valign": "top", "font_name": "Arial", "font_size": 10}
        self._head = self._format(
            **common | {"valign": "vcenter"}, bold=True, text_wrap=True, bottom=1, bg_color="#E7E6E6"
        )
        # With a quote before it, text that is edited stays text, whatever it begins with.
        self._text = self._format(**common, num_format="@", text_wrap=True, quote_prefix=True)
        self._whole = self._format(**common, num_format="0")
        self._decimal = self._format(**common, num_format="0.######")
        self._share = self._format(**common, num_format="0.00####%")
        self._date = self._format(**common, num_format="yyyy-mm-dd hh:mm:ss")
        self._length = self._format(**common, num_format="[h]:mm:ss")
        self._states = {
            word: self._format(**common, bold=True, font_color=text, bg_color=ground)
            for word, (text, ground) in _COLOURS.items()
        }

        self._papers = [_Paper(self._sheet(sheet), sheet) for sheet in _sheets()]

    def _format(self, **what: Any) -> Any:
        return self._book.add_format(what)

    def add(self, judged: Judged, report: Report) -> None:
        """Write the rows of a service, on each sheet; ``report`` tells everything but its services."""
        for paper in self._papers:
            self._rows(paper, paper.sheet.rows(judged, report))

    def close(self, report: Report) -> None:
        """Write what all services come to, and finish."""
        self._rows(self._papers[0], _faults(report))
        made = report.ended_at or report.window.end
        self._book.set_properties(
            {
                "title": "drcheck",
                "subject": prose(f"run {report.run}"),
                "comments": prose(f"{report.told()} {report.question}"),
                "created": datetime.fromtimestamp(made, UTC).replace(tzinfo=None),
            }
        )
        for paper in self._papers:
            if paper.beyond:
                told = f"{words.counted(paper.beyond, 'more row')}, for which a sheet has no room"
                paper.last += 1
                paper.written.write_string(paper.last, 0, told, self._text)
            paper.written.autofilter(0, 0, paper.last, len(paper.sheet.columns) - 1)
        self._book.close()

    def _sheet(self, sheet: _Sheet) -> Any:
        paper = self._book.add_worksheet(sheet.name)
        for column, width in enumerate(sheet.columns.values()):
            paper.set_column(column, column, width)
        paper.freeze_panes(1, sheet.frozen)
        paper.ignore_errors({"number_stored_as_text": f"A1:XFD{_ROWS}"})  # a clause "7.2" is no number
        paper.set_landscape()
        paper.set_paper(9)  # A4
        paper.fit_to_pages(1, 0)
        paper.repeat_rows(0)
        paper.set_footer(f"&Ldrcheck {prose(self._run).replace('&', '&&')}&R&A, &P/&N")
        for column, title in enumerate(sheet.columns):
            paper.write_string(0, column, title, self._head)
        return paper

    def _rows(self, paper: _Paper, rows: Iterable[Sequence[_Cell]]) -> None:
        for cells in rows:
            if paper.last == _ROWS - 2:
                paper.beyond += 1
                continue
            paper.last += 1
            for column, cell in enumerate(cells):
                self._cell(paper.written, paper.last, column, cell)

    def _cell(self, paper: Any, row: int, column: int, cell: _Cell) -> None:
        match cell:
            case None | "":
                pass
            case str():
                told = "\n".join(map(prose, cell.split("\n")))
                if len(told) > _CHARACTERS:
                    told = f"{told[: _CHARACTERS - 1]}…"
                paper.write_string(row, column, told, self._text)
            case int():
                paper.write_number(row, column, cell, self._whole)
            case _State(word, shown):
                paper.write_string(row, column, word, self._states[shown])
            case _Date(seconds) if 0 <= seconds < _LAST:
                paper.write_datetime(row, column, datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None), self._date)
            case _Date(seconds):
                paper.write_string(row, column, words.instant(seconds), self._text)
            case _Length(seconds):
                paper.write_number(row, column, seconds / _DAY, self._length)
            case Quantity(value, "s"):
                paper.write_number(row, column, int(value) / _DAY, self._length)
            case Quantity(value, "%"):
                paper.write_number(row, column, float(Decimal(value) / 100), self._share)
            case Quantity(value, _):
                paper.write_number(row, column, float(value), self._decimal)
