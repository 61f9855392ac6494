"""The answer of ``drcheck restore`` for somebody who reads it at three in the morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from drcheck.core import words
from drcheck.core.model.status import Status
from drcheck.core.restoring.answer import (
    DataSet,
    RestorablePoint,
    RestoreAnswer,
    Restored,
    RestoreStep,
    SourceKnowledge,
    Usable,
)
from drcheck.reports.console.cells import cells
from drcheck.reports.console.terminal import Paper, Screen
from drcheck.reports.restore.typed import beside, typed
from drcheck.reports.wording.local_time import Local
from drcheck.reports.wording.status_marks import mark
from drcheck.reports.wording.text import printable, prose

_LABEL: Final = 10
"""Cells before what is said."""
_STATUS: Final = {Usable.YES: Status.MET, Usable.UNKNOWN: Status.UNKNOWN, Usable.NO: Status.BREACHED}
_STEPS_SHOWN: Final = 4
"""How many backups of a chain are named one by one; of a longer one the first and the last are."""
_OLDER_SHOWN: Final = 3


def render(answer: RestoreAnswer, locations: Mapping[str, str], screen: Screen) -> bytes:
    """Return the answer as text for that screen."""
    return _Page(answer, locations, Paper(screen)).text().encode()


class _Page:
    def __init__(self, answer: RestoreAnswer, locations: Mapping[str, str], paper: Paper) -> None:
        self._answer, self._locations, self._paper = answer, locations, paper
        names = [point.name for one in answer.sets for point in _points(one)]
        self._local = Local(ZoneInfo(answer.timezone), names)

    def text(self) -> str:
        self._head()
        for one in self._answer.sets:
            self._paper.blank()
            self._set(one)
        self._dues()
        self._known()
        return self._paper.text()

    def _say(self, label: str, text: str, style: str = "") -> None:
        first = (label.ljust(_LABEL - 2), "bold") if label else " " * (_LABEL - 2)
        self._paper.wrapped(printable(self._local.text(text)), indent=2, first=first, style=style)

    def _marked(self, label: str, usable: Usable, text: str) -> None:
        marked = mark(_STATUS[usable])
        self._paper.line(
            "  ", (label.ljust(_LABEL - 2), "bold"), (marked.symbol, marked.style), " ", (printable(text), "bold")
        )

    def _head(self) -> None:
        answer, paper = self._answer, self._paper
        title = f"  {prose(answer.title)}" if answer.title else ""
        paper.line((printable(answer.service), "bold"), title)
        if answer.scenario:
            lost = words.several(list(answer.lost_sites), at_most=9)
            paper.wrapped(printable(f"after {answer.scenario}: {lost} lost"))
        if answer.wanted is not None:
            paper.wrapped(f"the state of {self._local.instant(answer.wanted)} or before")
        paper.wrapped(
            f"known as of {self._local.instant(answer.as_of - 1)}, {self._ago(answer.as_of - 1)}; "
            "what came or went since is not known"
        )
        for note in answer.notes:
            paper.wrapped(printable(self._local.text(note)), first=("! ", "bold"))

    def _set(self, one: DataSet) -> None:
        self._paper.line((printable(one.of), "bold"))
        if one.first is None:
            self._marked("restore", one.usable, "nothing" if one.usable is Usable.NO else "nothing is known to stand")
            self._say("", one.why)
        else:
            self._first(one, one.first)
        self._others(one)
        if one.first is None or one.first.restored is None or one.first.restored.in_doubt:
            self._elsewhere(one)
        self._proven(one)

    def _first(self, one: DataSet, point: RestorablePoint) -> None:
        self._marked("restore", point.usable, point.name)
        self._say("", self._what(point))
        if point.why:
            self._say("", f"it is not known whether it can be restored: {point.why}")
        self._say("from", self._where(point))
        self._place(point.place)
        for line in _shape(point):
            self._say("", line)
        self._say("needs", self._before(point.steps, point.chain_in_doubt))
        for step in point.steps if len(point.steps) <= _STEPS_SHOWN else (point.steps[0],):
            self._place(step.place)
        if point.thaw is not None:
            lies = "it lies" if point.thaw.sure else "it may lie"
            self._say(
                "", f"{lies} in {point.thaw.tier}: bringing it back may take {words.duration(point.thaw.longest)}"
            )
        self._say("key", _key(point))
        self._say("stands", self._stands(point))
        self._say("tested", self._tested(point))
        for number, copy in enumerate(one.copies):
            self._say("" if number else "copies", f"{self._sign(copy)} {self._where(copy)}: {copy.instead or copy.why}")
            self._place(copy.place)
        if not one.copies:
            self._say("copies", "no other copy of it is known")

    def _others(self, one: DataSet) -> None:
        if one.newer:
            self._say("newer", "what has newer data, and why it is not the answer:")
        for point in one.newer:
            self._say("", f"{self._sign(point)} {point.name} at {point.source}, {self._data(point)}: {point.why}")
        if one.more_newer:
            self._say("", f"and {one.more_newer} more with newer data")
        for number, point in enumerate(one.older[:_OLDER_SHOWN]):
            said = f"{self._sign(point)} {point.name} at {point.source}, {self._data(point)}: {point.instead}"
            self._say("" if number else "or else", said)
        if rest := len(one.older[_OLDER_SHOWN:]) + one.more_older:
            self._say("", f"and {rest} more, older still")

    def _elsewhere(self, one: DataSet) -> None:
        """Tell of the newest restore of the data set at all, where none is known of the very kind."""
        if one.restored is not None:
            self._say("", f"of {one.of} at all: {self._restore(one.restored)}")

    def _proven(self, one: DataSet) -> None:
        if one.proven is None:
            self._say("proven", "no point that stands is known to have been restored and validated")
        else:
            point, restored = one.proven.point, one.proven.restored
            reached = "" if restored.reached is None else f" up to {_rung(restored)}"
            self._say(
                "proven",
                f"the newest point proven by a restore is {point.name} at {point.source}, {self._data(point)}: "
                f"{restored.record} in {restored.log}{reached}, {self._when(restored.finished_at)}",
            )
            self._say("", self._stands(point))
        if one.proven_in_doubt:
            self._say("", f"there may be a newer one: {one.proven_in_doubt}")

    def _what(self, point: RestorablePoint) -> str:
        size = words.size(point.size)
        return f"{self._data(point)}, {size}, {point.kind or 'kind not told'}"

    def _data(self, point: RestorablePoint) -> str:
        age = f"{words.duration(max(0, self._answer.now - point.data_lo))} old"
        if point.data_lo == point.data_hi:
            return f"data of {self._local.instant(point.data_lo)}, {age}"
        return f"data of {self._local.text(words.between(point.data_lo, point.data_hi))}, at most {age}"

    def _where(self, point: RestorablePoint) -> str:
        site = f"{point.source} at {point.site}" if point.site else f"{point.source}, whose site nobody stated"
        fate = {True: "survives", False: "lost with", None: "nobody knows of"}
        told = [
            f"{fate[survives]} {words.several(names, at_most=9)}"
            for survives in (True, False, None)
            if point.site and (names := [name for name, its in point.survives.items() if its is survives])
        ]
        seen = [f"last seen {self._when(point.seen_at)}"] if point.seen_at < self._answer.as_of - 1 else []
        return "; ".join([site, *told, *seen])

    def _place(self, place: str) -> None:
        """Write where a file lies as it is typed, in a line of its own: one that is too long is not broken."""
        indent = " " * _LABEL
        said = typed(place, self._locations)
        if said is None:
            self._say("", f"{place}, and drcheck.yaml has no such connection any more")
            return
        more = beside(place, self._locations)
        more = f"  ({more})" if more else ""
        self._paper.line(indent if cells(said) + _LABEL <= self._paper.width else "", said, (more, "dim"))

    def _before(self, steps: Sequence[RestoreStep], doubt: str) -> str:
        if not steps:
            said = "no other backup" if not doubt else ""
        elif len(steps) <= _STEPS_SHOWN:
            said = f"before it, in this order: {', then '.join(map(self._step, steps))}"
        else:
            said = (
                f"before it, in the order of their data: {self._step(steps[0])}, then {len(steps) - 1} more, "
                f"the last {self._step(steps[-1])}; --format json names each"
            )
        missing = [step.name for step in steps if not step.stands]
        lost = f"not known to stand: {words.several(missing)}" if missing else ""
        doubtful = f"not known for certain: {doubt}" if doubt else ""
        return "; ".join(filter(None, (said, lost, doubtful)))

    def _step(self, step: RestoreStep) -> str:
        return f"{step.kind} {step.name} at {step.source} ({words.size(step.size)})"

    def _stands(self, point: RestorablePoint) -> str:
        if not point.standing:
            return "for how long it will stand is not known: no lock, and no retention, tells of it"
        said = []
        for one in point.standing:
            if one.until is None:
                said.append(f"without an end: {one.why}")
            else:
                until, left = self._local.instant(one.until), words.duration(max(0, one.until - self._answer.now))
                said.append(f"{'gone by' if one.ends else 'until'} {until} (in {left}): {one.why}")
        return "; ".join(said)

    def _tested(self, point: RestorablePoint) -> str:
        kind = point.kind or "backup"
        if point.restored is None:
            return f"no restore of a {kind} from {point.source} is known to have passed"
        if point.restored.in_doubt:
            return (
                f"whether a {kind} from {point.source} was ever restored is not known: "
                f"{self._restore(point.restored)}, but {point.restored.in_doubt}"
            )
        return f"a {kind} from {point.source}: {self._restore(point.restored)}"

    def _restore(self, one: Restored) -> str:
        what = "real recovery" if one.real else "restore test"
        of = f" of {one.point_name}" if one.point_name else ""
        source = f" from {one.point_source}" if one.point_source else ""
        reached = "" if one.reached is None else f", {_rung(one)}"
        said = f"{what} {one.record}{of}{source} passed {self._when(one.finished_at)}{reached}"
        times = [_against(each.commitment, each.at_most, each.shortest, each.longest) for each in one.objectives]
        return "; ".join([said, *(times or [f"it took {words.duration(one.took)}"])])

    def _dues(self) -> None:
        answer = self._answer
        if not answer.dues:
            return
        self._paper.blank()
        self._paper.line(("promises: what is broken or unknown, and what breaks next if nothing new comes", "bold"))
        for one in answer.dues:
            marked = mark(one.status)
            if one.due_at is None:
                said = f"{marked.word} already: {one.reason}" if one.status is Status.BREACHED else one.reason
            elif one.due_at > answer.now:
                said = f"in {words.duration(one.due_at - answer.now)}, {self._local.instant(one.due_at)}"
            else:
                late = words.duration(answer.now - one.due_at)
                said = f"since {self._local.instant(one.due_at)}, {late} ago, unless something came since the last look"
            self._paper.wrapped(
                printable(f"{one.commitment}: {self._local.text(said)}"),
                indent=2,
                first=(f"{marked.symbol} ", marked.style),
            )

    def _known(self) -> None:
        self._paper.blank()
        self._paper.line(("what this rests on", "bold"))
        for one in self._answer.known:
            self._paper.wrapped(printable(self._local.text(self._look(one))), indent=2)

    def _look(self, one: SourceKnowledge) -> str:
        if one.looked_at is None:
            return f"{one.source} has never been looked at: what lies there is not known"
        if one.whole_at is None:
            said = f"{one.source} has never been seen whole; the last look was {self._when(one.looked_at)}"
        elif one.whole_at < one.looked_at:
            said = f"{one.source} was last seen whole {self._when(one.whole_at)}, and not {self._when(one.looked_at)}"
        else:
            said = f"{one.source} was seen whole {self._when(one.whole_at)}"
        return f"{said}: {words.several(list(one.gaps))}" if one.gaps else said

    def _when(self, t: int) -> str:
        return f"{self._local.instant(t)}, {self._ago(t)}"

    def _ago(self, t: int) -> str:
        ago = self._answer.now - t
        return f"{words.duration(ago)} ago" if ago >= 0 else f"{words.duration(-ago)} ahead of the clock here"

    def _sign(self, point: RestorablePoint) -> str:
        return mark(_STATUS[point.usable]).symbol


def _points(one: DataSet) -> Iterator[RestorablePoint]:
    yield from filter(None, (one.first, *one.copies, *one.newer, *one.older, one.proven and one.proven.point))


def _shape(point: RestorablePoint) -> Iterator[str]:
    """Yield what must be known of a backup that is no single file."""
    if point.name.endswith("/"):
        yield "the whole directory is the backup"
    elif "{part}" in point.name:
        yield "it is in parts, and each is needed: {part} stands for their labels"


def _key(point: RestorablePoint) -> str:
    """Say what is known of the key that a restore needs."""
    key = point.key
    if key.by_client:
        client = f"its own bytes are encrypted ({key.client_how or 'how is not told'}): without their key it is lost"
    elif key.by_client is False:
        client = "its own bytes are not encrypted"
    else:
        client = f"whether its own bytes are encrypted, and a key is needed, is not known: {key.client_how}"
        if key.asked_by:
            client += f"; {words.several([f'`{one}`' for one in key.asked_by])} promises that they are"
    if key.by_storage:
        return f"{client}; the storage encrypts too ({key.storage_how or 'how is not told'}), and decrypts for who may"
    return client


def _rung(one: Restored) -> str:
    return "" if one.reached is None else one.reached.name.lower().replace("_", " ")


def _against(commitment: str, at_most: int, shortest: int, longest: int | None) -> str:
    allowed = f"`{commitment}` allows {words.duration(at_most)}"
    if longest == shortest:
        verdict = "in time" if longest <= at_most else "too long"
        return f"it took {words.duration(shortest)}, {verdict}: {allowed}"
    took = f"at least {words.duration(shortest)}" + ("" if longest is None else f", at most {words.duration(longest)}")
    return f"it took {took}: {allowed}"
