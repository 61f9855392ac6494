"""The runs of a period as its entries tell them: what each judged, and what it left out.

It reads entries out of a ledger, or out of records that somebody handed over, of which some may be hidden. Of what
stands before the period, the texts of policies matter, and the runs that :class:`RunsBefore` names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from drcheck.core.judging.completeness import Completeness, Ran, completeness
from drcheck.core.model.drill import Drill
from drcheck.core.model.verdict import Window
from drcheck.ledger import encoding, entries
from drcheck.ledger.drills import DrillTold

Promised = Callable[[str, str], frozenset[str] | None]
"""Returns the ids of the commitments in a policy, by its digest and its text; None: it cannot be read."""

_READ = frozenset({
    entries.RunBegan.KIND, entries.PoliciesJudged.KIND, entries.Verdicts.KIND, entries.RunEnded.KIND,
    entries.Retired.KIND, DrillTold.KIND,
})  # fmt: skip


class RunsBefore:
    """Which runs before a period matter to it: the last one, and the last of each job that is due again.

    Of a job that died before the period nothing else tells that it was due in it. Runs that answered a question, and
    those of a job that did not come to their end, kept nothing.
    """

    def __init__(self) -> None:
        self._last = ""
        self._doing: dict[str, str] = {}
        """Run to its job, of those without an end yet."""
        self._done: dict[str, str] = {}
        """Job to the last run that did it."""

    def began(self, began: entries.RunBegan) -> None:
        """Take in the beginning of a run before the period."""
        if began.question:
            return
        self._last = began.run
        for job in began.gone:
            self._done.pop(job, None)
        if began.schedule:
            self._doing[began.run] = began.job

    def ended(self, ended: entries.RunEnded) -> None:
        """Take in the end of any run."""
        job = self._doing.pop(ended.run, None)
        if job is not None and ended.state == "finished":
            self._done[job] = ended.run

    @property
    def runs(self) -> frozenset[str]:
        """Their ids."""
        return frozenset((self._last, *self._done.values()))


class RunsOfPeriod:
    """Takes in entries, in their order, and keeps of each run no more than what is missing in it."""

    def __init__(self, promised: Promised, since: int, services: Collection[str] | None = None) -> None:
        """Tell of ``services`` alone, None: of all, for a period that begins with ``since``."""
        self._promised, self._since = promised, since
        self._services = None if services is None else frozenset(services)
        self._texts: dict[int, bytes] = {}
        self._promises: dict[int, frozenset[str] | None] = {}
        self._same: dict[frozenset[str], frozenset[str]] = {}
        """Sets of services are mostly the same, and kept once."""
        self._runs: list[Ran] = []
        self._policies: tuple[entries.JudgedPolicy, ...] | None = None
        self._is_question = False
        self._retired: dict[str, int] = {}
        self._drills: dict[tuple[str, str], Drill] = {}
        self._before = RunsBefore()
        self._upto, self._in_period = 0, False

    def add(self, number: int, data: bytes) -> None:
        """Take in one entry; raises :class:`~drcheck.ledger.look_columns.Damaged` for one that cannot be read."""
        self._upto = number
        kind = encoding.kind(data)
        if kind == entries.PolicyText.KIND:
            self._texts[number] = data
        if kind not in _READ:
            return
        match encoding.decode(data):
            case entries.RunBegan() as began:
                self._begin(began)
            case entries.PoliciesJudged(policies=policies) if not self._is_question:
                self._policies = policies
            case entries.Verdicts(run=run, found=found):
                self._judged(run, found)
            case entries.RunEnded(run=run, state=state) as ended:
                self._before.ended(ended)
                self._ended(run, state)
            case entries.Retired(service=service, at=at) if self._is_wanted(service):
                self._retired[service] = at
            case DrillTold(drill=drill) if self._is_wanted(drill.service):
                self._drills[drill.service, drill.id] = drill
            case _:
                pass

    def completeness(self, window: Window, reported: Iterable[str]) -> Completeness:
        """Return what of ``window`` is there; ``reported``: the services of the report."""
        runs = self._runs
        if runs and runs[-1].state == "running" and not runs[-1].recorded and self._policies is None:
            runs = [*runs[:-1], runs[-1]._replace(recorded=True, hidden=True)]
        return completeness(
            runs,
            window,
            entries=self._upto,
            reported=frozenset(reported),
            retired=self._retired,
            drills=self._drills.values(),
        )

    def _begin(self, began: entries.RunBegan) -> None:
        self._policies, self._is_question = None, began.question
        self._in_period |= began.started_at >= self._since
        if not self._in_period:
            self._before.began(began)
            kept = self._before.runs
            self._runs = [ran for ran in self._runs if ran.run in kept]
        if not began.question:
            ran = Ran(began.run, began.started_at, "running", began.job, began.schedule, began.gone, recorded=False)
            self._runs.append(ran)

    def _is_wanted(self, service: str) -> bool:
        return self._services is None or service in self._services

    def _judged(self, run: str, found: Iterable[entries.RecordedVerdict]) -> None:
        if not self._runs or self._runs[-1].run != run:
            return
        self._runs[-1] = self._runs[-1]._replace(recorded=True)
        if self._policies is None:
            return
        judged = {(one.service, one.commitment) for one in found}
        wanted = [one for one in self._policies if self._is_wanted(one.service)]
        promises = [(one.service, self._promises_of(one.text)) for one in wanted]
        services = frozenset(one.service for one in wanted)
        self._runs[-1] = self._runs[-1]._replace(
            services=self._same.setdefault(services, services),
            lacking=tuple(
                (service, each)
                for service, its in promises
                for each in sorted(its or ())
                if (service, each) not in judged
            ),
            unread=frozenset(service for service, its in promises if its is None),
        )

    def _ended(self, run: str, state: str) -> None:
        for place in range(len(self._runs) - 1, -1, -1):  # of one that died the next one tells
            ran = self._runs[place]
            if ran.run != run:
                continue
            is_hidden = state == "finished" and (not ran.recorded or (self._policies is None and not ran.services))
            recorded = state == "finished"
            self._runs[place] = ran._replace(state=state, recorded=recorded, hidden=is_hidden)
            return

    def _promises_of(self, number: int) -> frozenset[str] | None:
        if number not in self._promises:
            promises = None
            if number in self._texts:
                match encoding.decode(self._texts[number]):
                    case entries.PolicyText(sha256=digest, text=text):
                        promises = self._promised(digest, text)
                    case _:
                        pass
            self._promises[number] = promises
        return self._promises[number]
