"""Documents of a report as PDF: one, or one before a document for each service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from drcheck import registry
from drcheck.core import words
from drcheck.errors import UsageError
from drcheck.reports.json import json_text as written_json
from drcheck.reports.pdf.attachments import DIGESTS, DOCUMENTS, RECORDS, REPORT, digest_lines
from drcheck.reports.pdf.sections import Sections
from drcheck.reports.pdf.typeset import Name, check_installed, typeset
from drcheck.reports.story import provenance
from drcheck.reports.story.overview import Estate, Row
from drcheck.reports.story.service import Section
from drcheck.reports.wording.text import printable, prose
from drcheck.run_report import Document, Judged, Report

MOST_SERVICES: Final = 100
"""In one document: of six commitments with pictures each, typst needs some 7 MB of memory for every one."""
MOST_ROWS: Final = 1000
"""Services in the table of the first document, the worst first: of some 130 KiB of memory each while it is made."""
SERVICES: Final = "services.json"
"""Attached to the first document where that table is cut: how every service stands."""
_AGREEMENTS: Final = 8
"""That the cover names."""


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:
    """Yield the documents; see :class:`drcheck.run_report.Documents`.

    Raises ``UsageError`` where typst is missing, or where there are more services than one document takes.
    """
    check_installed()
    rows, kept, written = [], [], []
    for number, judged in enumerate(services):
        section = Section(judged)
        if split:
            alone = replace(whole(), services=(judged,), faults=(), window=judged.window)
            alone = replace(alone, sample=None, completeness=None, records=None)
            row = Row.of(judged, f"#{section.anchor}")
            data = _document(alone, [row], [(judged, section)])
            written.append(digest_lines({f"{section.file}.pdf": data}))
            yield Document(f"{section.file}.pdf", [data])
            rows.append(Row.of(judged, f"{section.file}.pdf"))
        else:
            if number == MOST_SERVICES:
                raise UsageError(
                    f"a PDF of more than {MOST_SERVICES} services would be too large to be made and read",
                    "Name a directory, which gets a document a service: --output reports/",
                )
            rows.append(Row.of(judged, f"#{section.anchor}"))
            kept.append((judged, section))
    report = whole()
    if split:
        yield Document("index.pdf", [first_document(report, rows, {DOCUMENTS: b"".join(written)})])
        return
    yield Document("", [_document(replace(report, services=tuple(judged for judged, _ in kept)), rows, kept)])


def first_document(report: Report, rows: Sequence[Row], attached: Mapping[str, bytes]) -> bytes:
    """Return the document that leads to those of the services, with ``attached`` and, of very many, how each stands."""
    more = {SERVICES: _in_short(rows)} if len(rows) > MOST_ROWS else {}
    return _set(report, rows, [], {**attached, **more})


def _document(report: Report, rows: Sequence[Row], services: Sequence[tuple[Judged, Section]]) -> bytes:
    """Return a document of ``services``, to which everything that it rests on is attached."""
    attached = {REPORT: registry.renderer("json")(report, quiet=False, verbose=True, terminal=False, config="")}
    for judged, section in services:
        attached[f"policy-{section.anchor}.txt"] = judged.policy.text.encode("utf-8", "surrogateescape")
    attached |= report.records() if report.records is not None else {}
    attached[DIGESTS] = digest_lines(attached)
    return _set(report, rows, [section for _, section in services], attached)


def _set(report: Report, rows: Sequence[Row], sections: Sequence[Section], attached: Mapping[str, bytes]) -> bytes:
    estate = Estate(report, rows)
    made = datetime.fromtimestamp(report.ended_at or report.window.end, UTC)
    shown, (recovered, more_recovered) = Sections(), estate.recoveries
    title = estate.title if len(rows) != 1 else f"{estate.title}: {rows[0].name}"
    data: dict[str, Any] = {
        "title": title,
        "spoken": Name(title),
        "heading": "Backup and recovery promises",
        "period": estate.period,
        "date": [made.year, made.month, made.day, made.hour, made.minute, made.second],
        "run": printable(report.run),
        "mark": estate.mark[:2],
        "answer": estate.answer,
        "counts": estate.counts,
        "looks": estate.looks,
        "reading": estate.reading,
        "vouchers": provenance.VOUCHERS,
        "again": provenance.AGAIN,
        "commands": [Name(command) for command in estate.commands],
        "limits": provenance.LIMITS,
        "faults": estate.faults,
        "alone": len(rows) == 1,
        "judged": dict(estate.obtained)["Judged"],
        "agreements": sorted(
            {
                prose(", ".join(filter(None, (agreement.title, agreement.provider))))
                for agreement in (judged.policy.agreement for judged in report.services)
            }
            - {""}
        )[:_AGREEMENTS],
        "kinds": [kind.replace("_", " ") for kind in estate.kinds],
        "rows": [_row(row, estate.kinds) for row in estate.rows[:MOST_ROWS]],
        "more_rows": max(0, len(estate.rows) - MOST_ROWS),
        "exceptions": [
            {"to": Name(row.href), "service": row.name, "mark": one.mark[:2], "id": one.id, "why": one.why}
            for row, one in estate.exceptions
        ],
        "more_exceptions": estate.more_exceptions,
        "recoveries": [[row.name, *one.cells] for row, one in recovered],
        "more_recoveries": more_recovered,
        "sections": [shown.section(section) for section in sections],
        "standards": [
            {
                "title": title,
                "controls": [
                    {
                        "id": one.id,
                        "title": one.title,
                        "mark": one.mark[:2],
                        "found": one.found,
                        "rests": [[mark[:2], service, commitment] for mark, service, commitment in one.rests_on],
                        "more": one.more,
                        "shows": one.shows,
                        "lacks": one.lacks,
                    }
                    for one in controls
                ],
            }
            for title, controls in estate.standards
        ],
        "sample": estate.sample,
        "legend": [[mark[:2], meaning] for mark, meaning in estate.legend],
        "obtained": estate.obtained,
        "attached": [
            {
                "name": Name(name),
                "size": words.size(len(data)),
                "sha256": hashlib.sha256(data).hexdigest(),
                **_described(name),
            }
            for name, data in attached.items()
        ],
    }
    return typeset(data, shown.pictures, attached)


def _in_short(rows: Sequence[Row]) -> bytes:
    """Return how each service stands, as JSON, in the order of the policies."""
    told = [
        {
            "service": row.name,
            "title": row.title,
            "owner": row.owner,
            "status": row.mark.word,
            "kept": row.kept,
            "gaps": row.gaps,
            "by_kind": {kind: mark.word for kind, mark in row.by_kind.items()},
            "document": row.href,
        }
        for row in rows
    ]
    return written_json(told).encode()


def _row(row: Row, kinds: Sequence[str]) -> dict[str, Any]:
    return {
        "to": Name(row.href),
        "name": row.name,
        "title": row.title if row.title != row.name else "",
        "mark": row.mark[:2],
        "kept": row.kept,
        "gaps": row.gaps,
        "cells": [row.by_kind[kind][:2] if kind in row.by_kind else None for kind in kinds],
    }


def _described(name: str) -> dict[str, Name]:
    match name.rpartition(".")[2]:
        case _ if name.startswith(RECORDS):
            what, mime, relationship = "of the signed ledger: docs/proof.md has each", "text/plain", "data"
        case "json" if name == SERVICES:
            what, mime, relationship = "how each service stands, and its document", "application/json", "data"
        case "json":
            what, mime, relationship = "everything that this report rests on, for programs", "application/json", "data"
        case "sha256" if name == DOCUMENTS:
            what, mime, relationship = "SHA-256 of the document of each service", "text/plain", "supplement"
        case "sha256":
            what, mime, relationship = "SHA-256 of each attached file, for sha256sum -c", "text/plain", "supplement"
        case _:
            what, mime, relationship = (
                "a policy as it was judged, with the templates it extends",
                "text/plain",
                "source",
            )
    return {"what": Name(what), "mime": Name(mime), "relationship": Name(relationship)}
