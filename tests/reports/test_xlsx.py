"""The report as a workbook, read by a library that others read it with."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from datetime import datetime, timedelta

import msgspec
import openpyxl
import pytest
import samples
from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.escape import unescape

from drcheck.core.model.policy import Waiver
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import NamedBreach, News, Opening, Piece
from drcheck.core.model.waivers import Waived
from drcheck.errors import OutputError
from drcheck.reports import xlsx
from drcheck.reports.wording.text import prose
from drcheck.reports.xlsx import render

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "{=A1}",
    "12",
    "1e5",
    "2026-01-01",
    "TRUE",
    "a" * 40_000,
)
LINKS = ("https://example.com/", "mailto:a@example.com", "internal:Overview!A1", "external:c:\\x.xlsx", "ftp://x/")
ESCAPES = ("_x0041_", "_x000D_", "nul\0", "lone\ud800", "<b>&amp;</b>", "]]>", " kept ")


def book(report):
    return openpyxl.load_workbook(io.BytesIO(render(report)))


def rows(report, sheet):
    """Return the rows of a sheet below its head, by the titles of its columns."""
    head, *found = book(report)[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in found]


def said(cell):
    """Return the text of a cell, without what keeps ``_x0041_`` from being read as a letter (ECMA-376, 22.9.2.19)."""
    return unescape(cell.value) if isinstance(cell.value, str) else None


def with_one(**more):
    met = samples.all_met()
    return msgspec.structs.replace(met, verdicts=(msgspec.structs.replace(met.verdicts[0], **more),))


def saying(text):
    """Return a report that says ``text`` wherever free text can stand."""
    met = samples.all_met()
    policy = msgspec.structs.replace(met.policy, title=text, owner=text)
    promise = msgspec.structs.replace(met.verdicts[0].commitment, clause=text, quote=text)
    overall = msgspec.structs.replace(met.verdicts[0].overall, reason=text)
    found = msgspec.structs.replace(met.verdicts[0], commitment=promise, overall=overall)
    return samples.report(msgspec.structs.replace(met, policy=policy, verdicts=(found,)), faults=False)


def test_the_sheets_are_those_that_people_ask_for_with_a_head_that_stays_and_filters():
    whole = book(samples.report())
    assert whole.sheetnames == ["Overview", "Commitments", "Breaches and unknown spans", "Evidence gaps", "Waivers"]
    for sheet in whole:
        assert sheet.freeze_panes in {"B2", "C2"}
        assert sheet.auto_filter.ref == sheet.dimensions
        assert {cell.font.bold for cell in sheet[1]} == {True}
        widths = [sheet.column_dimensions[cell.column_letter].width for cell in sheet[1]]
        assert all(8 <= width <= 90 for width in widths)


def test_there_is_a_row_a_service_and_one_for_each_policy_that_could_not_be_judged():
    found = {row["Service"] or row["Policy"]: row for row in rows(samples.report(), "Overview")}
    assert {name: row["Status"] for name, row in found.items()} == {
        "webshop": "breached",
        "hosting": "breached",
        "metering": "not owed",
        "wiki": "met",
        "policies/old.yaml": "unknown",
    }
    shop = found["webshop"]
    counted = ("Commitments", "Met", "Breached", "Unknown", "Waived", "Not owed yet", "At risk", "Evidence gaps")
    assert [shop[title] for title in counted] == [6, 2, 1, 2, 1, 0, 1, 8]
    assert "24 is not a duration (24h)" in found["policies/old.yaml"]["Remark"]


def test_a_row_says_what_other_reports_say_and_figures_are_numbers_with_their_unit():
    found = {(row["Service"], row["Commitment"]): row for row in rows(samples.report(), "Commitments")}
    rpo = found["webshop", "rpo-server"]
    assert (rpo["Status"], rpo["Promised"], rpo["Measured"]) == ("breached", timedelta(hours=1), timedelta(minutes=90))
    assert (rpo["Unit"], rpo["Clause"]) == ("h:mm:ss", "7.2")
    assert rpo["Breached since (UTC)"] == datetime(2026, 11, 19, 2, 30)
    assert (rpo["Time unknown"], rpo["Kept"]) == (timedelta(days=1), pytest.approx(0.89305555))
    assert (found["hosting", "uptime"]["Promised"], found["hosting", "uptime"]["Unit"]) == (0.9995, "%")
    assert (found["webshop", "kept"]["Status"], found["webshop", "kept"]["Measured"]) == ("waived", 88)
    assert found["webshop", "rto-server"]["At risk"] == "yes"
    assert found["hosting", "disks"]["Attested"] == "yes"
    assert found["metering", "uptime"]["Status"] == "not owed"


def test_durations_and_instants_have_formats_of_their_own():
    sheet = book(samples.report())["Commitments"]
    titles = {cell.value: cell.column - 1 for cell in sheet[1]}
    row = sheet[2]
    assert all(is_timedelta_format(row[titles[title]].number_format) for title in ("Promised", "Time met"))
    assert is_date_format(row[titles["Due (UTC)"]].number_format)
    assert row[titles["Kept"]].number_format.endswith("%")


def test_a_status_is_a_word_and_a_colour():
    sheet = book(samples.report())["Commitments"]
    shown = {(cell.value, cell.font.color.rgb, cell.fill.fgColor.rgb) for cell in sheet["D"][1:]}
    assert {word for word, _, _ in shown} == {"met", "breached", "unknown", "waived", "not owed"}
    assert len({colours for _, *colours in map(tuple, shown) for colours in [tuple(colours)]}) == 7  # at risk, attested
    for _, text, ground in shown:
        assert contrast(text, ground) >= 5


def contrast(one, other):
    """Return the contrast of two colours (WCAG 2.2)."""

    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (2, 4, 6)]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_each_span_that_was_not_met_is_a_row_with_how_long_it_lasted():
    found = [row for row in rows(samples.report(), "Breaches and unknown spans") if row["Commitment"] == "rpo-server"]
    assert [(row["Status"], row["From (UTC)"], row["To (UTC)"], row["Lasted"], row["Lasts"]) for row in found] == [
        ("breached", datetime(2026, 11, 1, 2, 30), datetime(2026, 11, 1, 7, 30), timedelta(hours=5), None),
        ("unknown", datetime(2026, 11, 18, 2, 30), datetime(2026, 11, 19, 2, 30), timedelta(days=1), None),
        ("breached", datetime(2026, 11, 19, 2, 30), None, timedelta(days=2), "yes"),
    ]


def test_what_could_not_be_seen_and_what_nobody_judges_are_told_with_what_to_do():
    found = rows(samples.report(), "Evidence gaps")
    assert [row["What"] for row in found] == ["evidence gap"] * 8 + ["not judged"] * 2
    assert {"Service": "webshop", "What": "evidence gap", "Told": "drills, line 17: line 17 is no JSON object",
            "What to do": "Append the record again, whole."} in found  # fmt: skip


def test_every_waiver_is_told_with_who_why_and_until_when_also_one_that_covers_nothing_now():
    shop = samples.webshop()
    old = Waiver("rpo-server", samples.AS_OF - 86400, "ops", "=1+1", "@ciso")
    verdict = msgspec.structs.replace(shop.verdicts[0], waived=(Waived(samples.AS_OF - 2 * 86400, old.until, old),))
    shop = msgspec.structs.replace(shop, verdicts=(verdict, *shop.verdicts[1:]))
    assert [tuple(row.values()) for row in rows(samples.report(shop), "Waivers")] == [
        ("webshop", "rpo-server", "ops", "=1+1", datetime(2026, 11, 19, 2, 30), datetime(2026, 11, 20, 2, 30), None,
         "@ciso"),
        (
            "webshop", "kept", "cto@example.com", "older dumps lost in the move, CHG-1234",
            datetime(2026, 11, 20, 2, 30), datetime(2026, 12, 31, 2, 30), "yes", None,
        ),
    ]  # fmt: skip


def test_a_breach_that_is_over_is_told():
    breach = Opening(samples.AS_OF - 7200, samples.AS_OF - 3600, "newest restorable data was too old")
    report = samples.report(with_one(since_last_run=(NamedBreach(breach, counts=True, why=News.NEW),)), faults=False)
    (service,) = rows(report, "Overview")
    assert (service["Status"], service["Breached"], service["Breached and over since"]) == ("breached", 0, 1)
    (one,) = rows(report, "Commitments")
    assert (one["Status"], one["Over since, not shown before"]) == ("met", 1)


def test_a_period_that_is_not_proved_is_unknown():
    report = samples.report(with_one(of_period=True, unproved=True), faults=False)
    assert [row["Status"] for row in rows(report, "Commitments") + rows(report, "Overview")] == ["unknown"] * 2


@pytest.mark.parametrize("text", [*FORMULAS, *LINKS, *ESCAPES])
def test_text_is_text_and_stays_it_when_the_cell_is_edited(text):
    whole = book(saying(text))
    told = prose(text)
    told = told if len(told) <= 32_767 else f"{told[:32_766]}…"
    cells = [cell for sheet in whole for row in sheet.iter_rows(min_row=2) for cell in row if said(cell) == told]
    assert len(cells) == 5
    assert {(cell.data_type, cell.quotePrefix, cell.hyperlink) for cell in cells} == {("s", True, None)}


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), *map(saying, (*FORMULAS, *LINKS))])
def test_no_part_of_it_has_a_formula_or_leads_anywhere(report):
    with zipfile.ZipFile(io.BytesIO(render(report))) as parts:
        for name in parts.namelist():
            text = parts.read(name).decode()
            assert not re.search(r"<f[ >]|<hyperlink|TargetMode|externalLink|<script", text)


@pytest.mark.parametrize("report", [samples.report(), samples.hostile(), samples.fifty()])
def test_the_same_report_is_the_same_bytes(report):
    assert render(report) == render(report)


def test_an_instant_that_has_no_date_there_is_text():
    met = samples.all_met()
    overall = msgspec.structs.replace(met.verdicts[0].overall, due_at=1 << 62)
    (row,) = rows(samples.report(with_one(overall=overall), faults=False), "Commitments")
    assert row["Due (UTC)"] == "never"


def test_more_rows_than_a_sheet_has_are_counted(monkeypatch):
    monkeypatch.setattr(xlsx, "_ROWS", 6)
    pieces = tuple(
        Piece(samples.AS_OF - 100 + at, samples.AS_OF - 99 + at, (Status.MET, Status.UNKNOWN)[at % 2], "not seen")
        for at in range(100)
    )
    overall = msgspec.structs.replace(samples.all_met().verdicts[0].overall, pieces=pieces)
    found = rows(samples.report(with_one(overall=overall), faults=False), "Breaches and unknown spans")
    assert len(found) == 5
    assert found[-1]["Service"] == "46 more rows, for which a sheet has no room"


def test_where_there_is_no_room_for_temporary_files_that_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(OutputError, match="the workbook could not be written: no such file or directory"):
        render(samples.report())
