"""What the template is given of each service: text, never markup, and pictures by the names of their files."""

from __future__ import annotations

from typing import Any, Final

from drcheck.reports.pdf.typeset import Name
from drcheck.reports.pictures.svg import screen_reader_text
from drcheck.reports.story.service import Clause, Section
from drcheck.reports.story.spans import Spans

_SPANS: Final = 10
"""Breaches that are shown of a commitment, and as many times of which nothing is known."""
_CITED: Final = 8


class Sections:
    """Services of one document, and the pictures that they have between them."""

    def __init__(self) -> None:
        """Begin without any."""
        self.pictures: dict[str, str] = {}
        """Name of the file to its SVG."""

    def section(self, shown: Section) -> dict[str, Any]:
        """Return what the template shows of a service."""
        scenarios, fates = shown.survival
        return {
            "anchor": Name(shown.anchor),
            "name": shown.name,
            "title": shown.title,
            "mark": shown.mark[:2],
            "about": shown.about,
            "silence": shown.silence,
            "clauses": [self._clause(clause) for clause in shown.clauses],
            "waivers": shown.waivers,
            "scenarios": scenarios,
            "fates": fates,
            "unseen": shown.unseen,
            "beside": shown.beside,
            "sources": shown.sources,
        }

    def _clause(self, clause: Clause) -> dict[str, Any]:
        return {
            "anchor": Name(clause.anchor),
            "id": clause.id,
            "kind": ", ".join(filter(None, (clause.kind, clause.scenario))),
            "mark": clause.mark[:2],
            "clause": clause.clause,
            "quote": clause.quote,
            "note": clause.note,
            "promised": clause.promised,
            "applies": clause.applies,
            "looks": clause.looks,
            "at_end": None if clause.at_end == clause.mark else clause.at_end[:2],
            "measured": clause.measured,
            "worst": clause.worst,
            "kept": clause.kept,
            "lines": clause.lines,
            "standing": clause.standing,
            "controls": clause.controls,
            "pictures": [self._picture(caption, svg) for caption, svg in clause.pictures],
            "breaches": _spans(clause.breaches(_SPANS)),
            "unknown": _spans(clause.unknown(_SPANS)),
            "evidence": clause.evidence[:_CITED],
            "more_evidence": len(clause.evidence[_CITED:]),
            "rejected": clause.rejected[:_CITED],
            "more_rejected": clause.more_rejected + len(clause.rejected[_CITED:]),
        }

    def _picture(self, caption: str, svg: str) -> dict[str, Any]:
        name = f"picture-{len(self.pictures)}.svg"
        # What typst sets figures in is narrower than a screen's fonts, and the page narrower than a screen.
        self.pictures[name] = svg.replace(' font-size="12"', ' font-size="15"', 1)
        return {"file": Name(name), "caption": caption, "told": Name(screen_reader_text(svg))}


def _spans(told: Spans) -> dict[str, Any]:
    return {
        "rows": [
            [one.start, one.end, one.length, f"waived: {one.why}" if one.waived else one.why] for one in told.shown
        ],
        "more": told.more,
    }
