"""The evidence that a verdict rests on, fact by fact."""

from __future__ import annotations

from collections.abc import Iterable

from drcheck.core import words
from drcheck.core.model.evidence import Cited
from drcheck.core.model.verdict import Verdict
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.text import printable


def newest_rejected(verdict: Verdict) -> Cited | None:
    """Return the candidate with the newest data that does not count, or may not, if there is one."""
    rejected = (
        cited for cited in cited_by(verdict) if (cited.why_not or cited.in_doubt) and cited.data_as_of is not None
    )
    return max(rejected, key=lambda cited: cited.data_as_of or 0, default=None)


def cited_by(verdict: Verdict) -> Iterable[Cited]:
    """Return what a verdict rests on, and what does not count, each once."""
    return dict.fromkeys(cited for finding in (verdict.overall, *verdict.findings) for cited in finding.evidence)


def in_words(cited: Cited, local: Local) -> str:
    """Return a fact with the file that it is, or that tells of it, and why it does not count, if so."""
    if cited.name and cited.place.endswith(cited.name):
        facts = [f"{cited.source}: {cited.place}"]
    else:
        facts = [
            f"{cited.source}: {cited.name}" if cited.name else cited.source,
            *([f"in {cited.place}"] if cited.place else []),
        ]
    if cited.data_as_of is not None:
        facts.append(f"data of {local.instant(cited.data_as_of)}")
    if cited.available_at is not None and words.instant(cited.available_at) not in cited.told:
        facts.append(f"available {local.instant(cited.available_at)}")
    if cited.told:
        facts.append(local.text(cited.told))
    sentence = ", ".join(facts)
    return printable(f"{sentence}; {local.text(why_not(cited))}" if cited.why_not or cited.in_doubt else sentence)


def why_not(cited: Cited) -> str:
    """Return why a candidate does not count, or may not, in words."""
    return f"does not count: {cited.why_not}" if cited.why_not else f"may not count: {cited.in_doubt}"
