"""Report: what the ledger knows of a period becomes documents that stand on their own; nothing is looked at."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import pairwise
from typing import IO

from msgspec.structs import replace

from drcheck import registry
from drcheck.app.completeness import of_log, told_of
from drcheck.app.ledger_excerpt import records, shown_entries
from drcheck.app.offline import KnownOffline, known_offline
from drcheck.app.question import Question
from drcheck.app.signing import read_key
from drcheck.app.statements import STATEMENTS, statements
from drcheck.core.judging.completeness import Completeness
from drcheck.core.judging.population import Population
from drcheck.core.judging.sample import Drawing
from drcheck.core.model.controls import Standard
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.verdict import Window
from drcheck.core.proof.checkpoint_text import checkpoint_of
from drcheck.core.proof.merkle import leaf_hash
from drcheck.core.time.spans import Span
from drcheck.errors import UsageError
from drcheck.ledger.interface import Log
from drcheck.ledger.past_breaches import PastBreaches
from drcheck.ledger.past_runs import past_runs
from drcheck.ledger.state import PastRun
from drcheck.ledger.tree import Tree
from drcheck.policyfile.load import load_policies
from drcheck.policyfile.standards import load_standards
from drcheck.reports.json import report_object
from drcheck.reports.spool import spooled
from drcheck.run_report import Document, Judged, PolicyCame, Provenance, Report
from drcheck.settings import SampleRequest, Settings


def report(
    settings: Settings,
    paths: Sequence[str],
    question: Question,
    form: str,
    *,
    split: bool,
    asked: SampleRequest | None = None,
) -> Iterator[Document]:
    """Yield the documents of a report in the form of that name, each as soon as it is made.

    ``split``: each service gets a document of its own, and is let go of with it, so that an estate need not be in
    memory; forms for programs are one document. ``asked``: which sample of slots to draw.

    Raises ``UsageError`` where no run has judged any of the policies.
    """
    with _period(settings, paths, question, asked) as period:
        services = period.judged(exhibits=registry.has_exhibits(form))
        yield from _documents(form, services, period.whole, split=split)


@contextmanager
def judged_once(
    settings: Settings, paths: Sequence[str], question: Question, asked: SampleRequest | None = None
) -> Iterator[JudgedOnce]:
    """Judge a period once, for as many reports as are made while this is open.

    What each service came to waits on the disk. Raises as :func:`report` does, and :class:`OutputError` where the disk
    is full.
    """
    with _period(settings, paths, question, asked) as period, spooled() as file:
        ends = []
        for judged in period.judged(exhibits=True):
            file.write(zlib.compress(pickle.dumps(judged), 1))
            ends.append(file.tell())
        yield JudgedOnce(period.whole, file, ends)


class JudgedOnce:
    """A period that was judged, to be reported in one form after the other."""

    def __init__(self, whole: Callable[[], Report], file: IO[bytes], ends: Sequence[int]) -> None:
        """``file`` holds the services, each up to one of ``ends``."""
        self._whole, self._file, self._ends = whole, file, ends

    @property
    def report(self) -> Report:
        """What all services come to, without what only their own documents show."""
        return self._whole()

    def documents(self, form: str, *, split: bool) -> Iterator[Document]:
        """Yield the documents of a report, as :func:`report` does."""
        yield from _documents(form, self._services(), self._whole, split=split)

    def _services(self) -> Iterator[Judged]:
        for start, end in pairwise([0, *self._ends]):
            self._file.seek(start)
            judged: Judged = pickle.loads(zlib.decompress(self._file.read(end - start)))  # noqa: S301  written above
            yield judged


def _documents(
    form: str, services: Iterator[Judged], whole: Callable[[], Report], *, split: bool
) -> Iterator[Document]:
    if documents := registry.documents(form):
        yield from documents(services, whole, split=split)
        return
    several = tuple(replace(judged, population=Population()) for judged in services)
    everything = replace(whole(), services=several)
    yield Document("", [registry.renderer(form)(everything, quiet=False, verbose=True, terminal=False, config="")])


@contextmanager
def _period(
    settings: Settings, paths: Sequence[str], question: Question, asked: SampleRequest | None
) -> Iterator[_Period]:
    loaded, standards = load_policies(paths, settings), load_standards(settings.controls)
    with known_offline(settings, paths, loaded, question) as known:
        yield _Period(known, standards, asked, whole_estate=not paths)


class _Period:
    """A period, whose services are judged one after the other."""

    def __init__(
        self, known: KnownOffline, standards: tuple[Standard, ...], asked: SampleRequest | None, *, whole_estate: bool
    ) -> None:
        """Judge nothing yet."""
        self._known, self._standards, self._whole_estate = known, standards, whole_estate
        self._kept: list[Judged] = []
        self._breaches = PastBreaches(known.windows)
        log = known.ledger.log
        self._runs = cache(partial(past_runs, log, breaches=self._breaches))  # each time all entries are read
        self._provenance = cache(partial(_provenance, known, self._runs))
        self._completeness = cache(self._complete)
        self._drawing = None if asked is None else _drawing(log, self._runs, known.report(()).window, asked)
        self._texts = {one.policy.sha256: one.policy for each in known.versions.values() for one in each.readable}
        self._names = {policy.service for policy in known.policies}

    def judged(self, *, exhibits: bool) -> Iterator[Judged]:
        """Yield each service, judged; no more than what it comes to is kept."""
        for one in self._known.judged(exhibits=exhibits):
            judged = _with_begins(one, self._breaches, self._runs)
            self._kept.append(in_short(judged))
            if self._drawing is not None:
                self._drawing.add(judged.policy.service, judged.verdicts)
            yield judged

    def whole(self) -> Report:
        """Return what the services that have come so far amount to."""
        made = self._known.report(tuple(self._kept))
        shown_of = None if self._whole_estate else self._names
        settings, log = self._known.settings, self._known.ledger.log
        proof = partial(_records, settings, log, made, shown_of, self._texts)
        return replace(
            made,
            standards=self._standards,
            provenance=self._provenance(made.window),
            completeness=self._completeness(made.window, made.checkpoint),
            sample=None if self._drawing is None else self._drawing.sample(),
            records=proof if made.checkpoint else None,
        )

    def _complete(self, window: Window, checkpoint: str) -> Completeness:
        log = self._known.ledger.log
        upto = told_of(checkpoint_of(checkpoint).size, log) if checkpoint else log.count
        return of_log(log, window, self._names, whole=self._whole_estate, upto=upto, known=self._texts)


def _records(
    settings: Settings, log: Log, made: Report, services: Collection[str] | None, texts: Collection[str]
) -> dict[str, bytes]:
    """Return the records of a report with what proves them, and its statements where the key is here that signs."""
    files = records(log, made.window.start, made.run, services, texts, settings.proof)
    if settings.proof is not None and files:
        with suppress(UsageError):  # whoever may not sign still hands over what was signed
            key = read_key(settings.proof.key)
            shown = shown_entries(files)
            files[STATEMENTS] = statements(report_object(made), shown, key)
    return files


def _drawing(log: Log, runs: Callable[[int], list[PastRun]], window: Window, asked: SampleRequest) -> Drawing:
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
