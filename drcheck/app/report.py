"""Report: what the ledger knows of a period becomes documents that stand on their own; nothing is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drcheck import registry
from drcheck.app.verify import Question, known_offline
from drcheck.core.fast_dataclasses import replace
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.standards import load_standards
from drcheck.run_report import Document, Judged, Report
from drcheck.settings import Settings


def report(
    settings: Settings, paths: Sequence[str], question: Question, form: str, *, split: bool
) -> Iterator[Document]:
    """Yield the documents of a report in the form of that name, each as soon as it is made.

    ``split``: each service gets a document of its own, and is let go of with it, so that an estate need not be in
    memory; forms for programs are one document. Raises ``UsageError`` where no run has judged any of the policies.
    """
    loaded, standards = load_policies(paths, settings), load_standards(settings.controls)
    with known_offline(settings, paths, loaded, question) as known:
        kept: list[Judged] = []

        def services() -> Iterator[Judged]:
            for judged in known.judged(exhibits=True):
                kept.append(in_short(judged))
                yield judged

        def whole() -> Report:
            return replace(known.report(tuple(kept)), standards=standards)

        if form in registry.DOCUMENTS:
            yield from registry.documents(form)(services(), whole, split=split)
            return
        everything = replace(known.report(tuple(known.judged(exhibits=True))), standards=standards)
        yield Document("", registry.renderer(form)(everything, quiet=False, verbose=True, terminal=False, config=""))


def in_short(judged: Judged) -> Judged:
    """Return a service without what only its own document shows."""
    verdicts = (
        replace(
            verdict,
            overall=replace(verdict.overall, exhibit=None, evidence=()),
            findings=tuple(replace(finding, exhibit=None, evidence=(), pieces=()) for finding in verdict.findings),
        )
        for verdict in judged.verdicts
    )
    return replace(judged, verdicts=tuple(verdicts), population=type(judged.population)())
