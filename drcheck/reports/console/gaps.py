"""The parts of the console report on sources: what could not be seen, and where each lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drcheck.core import words
from drcheck.reports.console.terminal import Paper
from drcheck.reports.wording import missing_evidence
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import printable
from drcheck.run_report import Judged, SourceSeen
from drcheck.settings import located

INDENT = 2


def write(paper: Paper, judged: Judged, local: Local, *, verbose: bool) -> None:
    """Write every evidence gap of a service, once, each with what to do about it."""
    if not judged.gaps:
        return
    paper.blank()
    paper.line(" " * INDENT, ("could not be seen", "bold"))
    for sentence, hint in missing_evidence.unseen(judged, local, verbose=verbose):
        paper.wrapped(sentence, indent=INDENT, first="· ")
        if hint:
            paper.wrapped(hint, indent=INDENT + 2, first="→ ")


def places(paper: Paper, sources: Sequence[SourceSeen], locations: Mapping[str, str], local: Local) -> None:
    """Write where each source lies, in full, how many names are no backups, and the newest that nothing reads."""
    if not sources:
        return
    paper.blank()
    paper.line(" " * INDENT, ("sources", "bold"))
    for source in sources:
        beside = f", {words.counted(source.unread, 'name')} there read as no backup" if source.unread else ""
        if source.other_lines:
            beside = f", {words.counted(source.other_lines, 'line')} of other services"
        paper.wrapped(printable(f"{source.name}: {source.place}{beside}"), indent=INDENT, first="· ")
        for unread in source.unmatched:
            sentence = f"{unread.name}, {local.instant(unread.modified)}: no template reads it"
            paper.wrapped(printable(sentence), indent=INDENT + 2, first="· ")
        if url := located(source.place, locations):
            paper.wrapped(url, indent=INDENT + 2)
