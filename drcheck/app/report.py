"""Report: what the ledger knows of a period becomes documents that stand on their own; nothing is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import NamedTuple

from drcheck import registry
from drcheck.app.completeness import of_log, told_of
from drcheck.app.offline import KnownOffline, known_offline
from drcheck.app.question import Question
from drcheck.app.records import records
from drcheck.core.fast_dataclasses import replace
from drcheck.core.judging.completeness import Completeness
from drcheck.core.judging.population import Population
from drcheck.core.judging.sample import Drawing
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.verdict import Window
from drcheck.core.proof.checkpoints import checkpoint_of
from drcheck.core.proof.merkle import leaf_hash
from drcheck.core.time.spans import Span
from drcheck.ledger.interface import Log
from drcheck.ledger.past_breaches import PastBreaches
from drcheck.ledger.past_runs import past_runs
from drcheck.ledger.state import PastRun
from drcheck.ledger.tree import Tree
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.standards import load_standards
from drcheck.run_report import Document, Judged, PolicyCame, Provenance, Report
from drcheck.settings import Settings


def report(
    settings: Settings, paths: Sequence[str], question: Question, form: str, *, split: bool, asked: Asked | None = None
) -> Iterator[Document]:
    """Yield the documents of a report in the form of that name, each as soon as it is made.

    ``split``: each service gets a document of its own, and is let go of with it, so that an estate need not be in
    memory; forms for programs are one document. ``asked``: which sample of slots to draw.

    Raises ``UsageError`` where no run has judged any of the policies.
    """
    loaded, standards = load_policies(paths, settings), load_standards(settings.controls)
    with known_offline(settings, paths, loaded, question) as known:
        kept: list[Judged] = []
        breaches = PastBreaches(known.windows)
        runs = cache(partial(past_runs, known.ledger.log, breaches=breaches))  # each time all entries are read
        provenance = cache(partial(_provenance, known, runs))
        drawing = None if asked is None else _drawing(known.ledger.log, runs, known.report(()).window, asked)
        known_texts = {one.policy.sha256: one.policy for each in known.versions.values() for one in each.readable}
        names = {policy.service for policy in known.policies}
        log, whole_estate = known.ledger.log, not paths

        @cache
        def completeness(window: Window, checkpoint: str) -> Completeness:
            upto = told_of(checkpoint_of(checkpoint).size, log) if checkpoint else log.count
            return of_log(log, window, names, whole=whole_estate, upto=upto, known=known_texts)

        def complete(made: Report) -> Report:
            shown_of = None if whole_estate else names
            proof = partial(records, log, made.window.start, made.run, shown_of, known_texts, settings.proof)
            sample = None if drawing is None else drawing.sample()
            came = provenance(made.window)
            return replace(
                made,
                standards=standards,
                provenance=came,
                completeness=completeness(made.window, made.checkpoint),
                sample=sample,
                records=proof if made.checkpoint else None,
            )

        def services() -> Iterator[Judged]:
            for one in known.judged(exhibits=registry.has_exhibits(form)):
                judged = _with_begins(one, breaches, runs)
                kept.append(in_short(judged))
                if drawing is not None:
                    drawing.add(judged.policy.service, judged.verdicts)
                yield judged

        def whole() -> Report:
            return complete(known.report(tuple(kept)))

        if documents := registry.documents(form):
            yield from documents(services(), whole, split=split)
            return
        everything = complete(known.report(tuple(known.judged())))  # none of these forms shows exhibits
        yield Document("", [registry.renderer(form)(everything, quiet=False, verbose=True, terminal=False, config="")])


class Asked(NamedTuple):
    """The sample that is asked for."""

    slots: int
    word: str


def _drawing(log: Log, runs: Callable[[int], list[PastRun]], window: Window, asked: Asked) -> Drawing:
    """Return what draws a sample, by the last entry that tells of what a run saw which began by the period's end.

    Where none had begun by then, it is that of the first run: later runs change nothing of what a word draws.
    """
    number = (runs(window.end)[-1:] or runs(FOREVER)[:1])[0].looked_until
    (stored,) = log.read(number - 1, number)
    return Drawing(asked.slots, asked.word, number, leaf_hash(stored.data).hex())


def _provenance(known: KnownOffline, runs: Callable[[int], list[PastRun]], window: Window) -> Provenance:
    """Return which runs there were within the window of a report, and which texts of its policies came in it."""
    log = known.ledger.log
    within = [run for run in runs(window.end) if not run.began.question and window.start <= run.began.started_at]
    recorded = [run for run in within if run.state == "finished" and not run.judged.isdisjoint(known.windows)]
    begins = sorted([window.start, *(run.began.started_at for run in recorded), window.end])
    texts = [
        PolicyCame(service, version.in_force_from, version.policy.sha256)
        for service, versions in known.versions.items()
        for version in versions.readable
        if window.start <= version.in_force_from < window.end
    ]
    return Provenance(
        len(recorded),
        sum(run.state in {"interrupted", "abandoned"} for run in within),
        max((Span(*pair) for pair in pairwise(begins)), key=lambda span: span.end - span.start),
        tuple(dict.fromkeys(run.began.version for run in recorded)),
        tuple(sorted(texts, key=lambda text: (text.at, text.service))),
        log.count,
        Tree(log).root(log.count).hex(),
    )


def _with_begins(judged: Judged, breaches: PastBreaches, runs: Callable[[int], list[PastRun]]) -> Judged:
    """Return a service with since when the breaches stand that were open when the period began."""
    firsts = (next(iter(one.breaches()), None) for one in judged.verdicts)
    if all(first is None or first.opened_at > judged.window.start for first in firsts):
        return judged
    runs(judged.window.end)  # which tells them to ``breaches``
    policy = judged.policy
    return replace(
        judged,
        verdicts=tuple(replace(one, breached_since=breaches.since(policy.service, one)) for one in judged.verdicts),
    )


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
    return replace(judged, verdicts=tuple(verdicts), population=Population())
