"""One drill, from the first step to the last check and the clean-up: it measures, and says what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from msgspec import Struct, field

from drcheck import clock
from drcheck.core import words
from drcheck.core.model.commitments import Rung
from drcheck.core.model.runbook import Asks, Check, Runbook, Step
from drcheck.drills import target_directory
from drcheck.drills.check_results import Baseline, Outcome, Result, held_against
from drcheck.drills.target_directory import Directory, TargetError
from drcheck.interfaces import CollectorError, NotFound

COPY: Final = "copy"
"""What the output of the step is called in which drcheck puts the files there itself."""
CLOCKS: Final = 2.0
"""Seconds by which wall clock and the clock that never stops may disagree over a drill, and a thousandth of it more."""
_FULL: Final = 1 << 20
"""Bytes free below which a disk is called full."""


class Ended(StrEnum):
    """What came of a drill."""

    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"
    """It did not run to its end: of the recovery point nobody knows more than before."""


class File(NamedTuple):
    """A file of the recovery point."""

    name: str
    """Below ``point`` on the target."""
    size: int
    read: Callable[[int, int], bytes]
    """Given an offset and how many bytes at most, returns what is there."""


class RunbookPlan(Struct, frozen=True):
    """What is to be done."""

    runbook: Runbook
    files: tuple[File, ...]
    values: Mapping[str, str]
    """The environment of every step."""
    known: Baseline
    """What checks are held against."""
    last_counts: Mapping[str, Mapping[str, int]]
    """Check to what the last drill that passed counted."""
    deadline: int
    """Seconds that all of it may take, the clean-up left aside."""


class TimedPhase(NamedTuple):
    """A part of a drill, in seconds since its beginning."""

    name: str
    began: float
    ended: float
    counts: bool


class CheckResult(NamedTuple):
    """A check, and what came of it."""

    name: str
    asks: Asks
    result: Result


class StepOutput(NamedTuple):
    """What a step wrote, as far as it is kept."""

    step: str
    output: bytes
    sha256: str


class DrillReport(Struct):
    """What came of a drill. Durations are seconds on a clock that does not stop while the machine sleeps."""

    ended: Ended = Ended.ABORTED
    why: str = ""
    """Why it did not pass."""
    data_wrong: bool = False
    """Whether it failed because what was restored is wrong."""
    rung: Rung | None = None
    phases: list[TimedPhase] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    outputs: list[StepOutput] = field(default_factory=list)
    restored: float | None = None
    """When the last step had ended."""
    validated: float | None = None
    """When the last check had."""
    over: float = 0.0
    """When it was over, the clean-up left aside."""
    copied: dict[str, str] = field(default_factory=dict)
    """File to the SHA-256 of what was put on the target, as read on both sides."""
    lost: int = 0
    """How often the connection was lost."""
    left: str = ""
    """Why something of it may still lie or run on the target; empty: it is clean."""

    @property
    def recovery_time(self) -> float | None:
        """Seconds until it was validated, less the steps that do not count; None: it was not."""
        if self.validated is None:
            return None
        return self.validated - sum(each.ended - each.began for each in self.phases if not each.counts)


class Listener(Protocol):
    """Who is told how a drill goes."""

    def begins(self, phase: str, step: str, within: float) -> None:
        """Note that a step, a check, or the clean-up begins, and how long it may take."""

    def writes(self, output: bytes) -> None:
        """Note what a step wrote."""

    def says(self, what: str) -> None:
        """Note what happened, in words."""


class _Failed(Exception):  # noqa: N818  what came of it, not a fault of drcheck
    """The drill has failed, in words; ``data_wrong``: what it restored is wrong."""

    def __init__(self, why: str, *, data_wrong: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.data_wrong = data_wrong


class RunbookRun(Struct):
    """A drill while it runs."""

    plan: RunbookPlan
    directory: Directory
    listener: Listener
    report: DrillReport = field(default_factory=DrillReport)
    _began: float = 0.0
    _number: int = 0

    def run(self, target_id: str) -> DrillReport:
        """Do all of it, and return what came of it. Whatever happens, the target is cleaned, or it is told why not."""
        began, wall = clock.boottime(), clock.precise()
        self._began = began
        self.directory.on_lost = self._lost
        try:
            self._all(target_id)
        except _Failed as failed:
            self._end(Ended.FAILED, failed.why)
            self.report.data_wrong = failed.data_wrong
        except NotFound as error:
            self._end(Ended.FAILED, error.message)
        except CollectorError as error:
            self._end(Ended.ABORTED, f"it could not be run to its end: {error.message}")
        except KeyboardInterrupt:
            self._end(Ended.ABORTED, "it was interrupted")
        except Exception as error:  # noqa: BLE001  whatever it is, the target is cleaned, and the drill recorded
            self._end(Ended.ABORTED, f"a fault in drcheck itself: {type(error).__name__}: {error}")
        apart = abs((clock.precise() - wall) - (clock.boottime() - began))
        if apart > CLOCKS + self.report.over / 1000 and self.report.ended is Ended.PASSED:
            self._end(Ended.ABORTED, f"the clock of this machine was set by {apart:.1f} s meanwhile")
        self._clean()
        return self.report

    def _lost(self, why: str) -> None:
        self.report.lost += 1
        self.listener.says(f"{why}; trying to reach it again")

    def _end(self, ended: Ended, why: str) -> None:
        self.report.ended, self.report.why = ended, why
        self.report.over = self.report.over or self._now()
        self.listener.says(f"{ended}: {why}")

    def _now(self) -> float:
        return clock.boottime() - self._began

    def _left(self) -> float:
        return self.plan.deadline - self._now()

    def _all(self, target_id: str) -> None:
        self.directory.make(target_id)
        self.directory.keep({**self.plan.values, "DRILL_TOKEN": self.directory.token})
        self._began = clock.boottime()  # what was done until now no restore by hand needs
        for step in self.plan.runbook.steps:
            began = self._now()
            try:
                self._step(step)
            finally:
                self.report.phases.append(TimedPhase(step.phase, began, self._now(), step.counts))
        self.report.restored = self._now()
        began = self._now()
        try:
            for check in self.plan.runbook.checks:
                self._check(check)
        finally:
            self.report.phases.append(TimedPhase("validate", began, self._now(), True))
        self.report.validated = self.report.over = self._now()
        self._judge()

    def _judge(self) -> None:
        """Say what the checks come to. A drill passes only by what they found in the data."""
        results = [each.result for each in self.report.checks]
        for checked in self.report.checks:
            if checked.result.outcome is Outcome.FAILED:
                raise _Failed(f"{checked.name}: {checked.result.detail}", data_wrong=True)
        for checked in self.report.checks:
            if checked.result.outcome is Outcome.NOT_RUN:
                self._end(Ended.ABORTED, f"{checked.name} could not be checked: {checked.result.detail}")
                return
        if not any(each.outcome is Outcome.PASSED for each in results):
            self._end(Ended.ABORTED, "no check had anything to hold the data against")
            return
        self.report.ended = Ended.PASSED
        asked = any(each.asks is Asks.SERVICE for each in self.report.checks if each.result.outcome is Outcome.PASSED)
        self.report.rung = Rung.VALIDATED if asked else Rung.RESTORED

    def _step(self, step: Step) -> None:
        within = min(step.timeout, self._left())
        self.listener.begins(step.phase, step.name, within)
        if not step.run:
            self._copy(step, within)
            return
        key = self._key(step.name)
        status, _ = self._detached(key, step.name, step.run, within)
        if status != 0:
            raise _Failed(f"{step.name} ended with status {status}{self._about(key)}")

    def _check(self, check: Check) -> None:
        within = min(check.timeout, self._left())
        self.listener.begins("validate", check.name, within)
        if check.only_with and not self.plan.values.get(f"WITH_{check.only_with}"):
            noted = Result(Outcome.NOTED, f"the policy gives no {check.only_with} to check by")
            self.report.checks.append(CheckResult(check.name, check.asks, noted))
            return
        key = self._key(check.name)
        # What is said on standard error is no part of the answer.
        script = f'exec 2>"$DRILL_DIR/steps/{key}/errors"\n{check.run}'
        status, output = self._detached(key, check.name, script, within)
        known = self.plan.known._replace(last=self.plan.last_counts.get(check.name))
        if status != 0:
            result = Result(Outcome.FAILED, f"its command ended with status {status}{self._about(key)}")
        elif len(output) >= target_directory.OUTPUT:
            result = Result(
                Outcome.NOT_RUN, f"its answer is not kept whole: it has {words.size(target_directory.OUTPUT)} or more"
            )
        else:
            result = held_against(check, output.decode("utf-8", "replace"), known)
        self.report.checks.append(CheckResult(check.name, check.asks, result))
        self.listener.says(f"{check.name}: {result.outcome.value.replace('_', ' ')}, {result.detail}")

    def _key(self, name: str) -> str:
        self._number += 1
        return f"{self._number:02}-{name}"

    def _detached(self, key: str, name: str, script: str, within: float) -> tuple[int, bytes]:
        """Run a step to its end on the target, and return its exit status and what is kept of its output."""
        if within <= 0:
            raise _Failed(f"{name} did not begin: the drill took longer than {words.duration(self.plan.deadline)}")
        began, output = self._now(), bytearray()
        self.directory.start(key, script)
        while True:
            state = self.directory.poll(key, len(output))
            output += state.output
            if state.output:
                self.listener.writes(state.output)
            if state.over and not state.output:
                break
            if not state.over and self._now() - began > within:
                self._keep(key, bytes(output))
                raise _Failed(f"{name} took longer than {words.duration(round(within))}{_last_line(output)}")
        self._keep(key, bytes(output))
        if state.status is None:  # the host went down, or somebody ended it: that says nothing of the recovery point
            raise TargetError(f"{name} ended without a status{self._about(key)}", "See whether the target restarted.")
        return state.status, bytes(output)

    def _keep(self, key: str, output: bytes) -> None:
        if len(output) >= target_directory.OUTPUT:
            output += b"\n[...]\n" + self.directory.tail(key)
        self.report.outputs.append(StepOutput(key, output, hashlib.sha256(output).hexdigest()))

    def _about(self, key: str) -> str:
        """Return what else is known of a step that failed: its last words, and a disk that is full."""
        said = _last_line(self.directory.errors(key)) or _last_line(self.report.outputs[-1].output)
        free = self.directory.free()
        full = "; the disk of the target is full" if free is not None and free < _FULL else ""
        return f"{said}{full}"

    def _copy(self, step: Step, within: float) -> None:
        began = self._now()
        for file in self.plan.files:
            digest, offset = hashlib.sha256(), 0
            for piece in self._pieces(file):
                if self._now() - began > within:
                    raise _Failed(f"{step.name} took longer than {words.duration(round(within))}")
                try:
                    self.directory.put(file.name, offset, piece)
                except TargetError as error:
                    free = self.directory.free()
                    if free is not None and free < max(_FULL, len(piece)):
                        raise _Failed(f"{step.name}: the disk of the target is full") from error
                    raise
                offset += len(piece)
                digest.update(piece)
                self.listener.writes(f"\r{file.name}: {words.size(offset)} of {words.size(file.size)}".encode())
            if self.directory.sha256(file.name) != digest.hexdigest():
                raise TargetError(f"{file.name} is not on the target as it was read", "See the target's disk.")
            self.report.copied[file.name] = digest.hexdigest()
            self.listener.writes(b"\n")

    def _pieces(self, file: File) -> Iterator[bytes]:
        """Yield a file piece by piece, at least one; each is read while the one before it is being put."""
        offset = 0
        with ThreadPoolExecutor(1, thread_name_prefix="drcheck drill") as reading:
            coming = reading.submit(file.read, 0, target_directory.PIECE)
            while True:
                piece = coming.result()
                is_last = len(piece) < target_directory.PIECE
                if not is_last:
                    coming = reading.submit(file.read, offset + len(piece), target_directory.PIECE)
                if piece or not offset:
                    yield piece
                offset += len(piece)
                if is_last:
                    break
        if offset != file.size:
            raise _Failed(f"{file.name} has {offset} bytes, and was listed with {file.size}")

    def _clean(self) -> None:
        """Clean the target up; what cannot be is told, and ``drill gc`` finds it."""
        try:
            for step in self.plan.runbook.clean_up:
                self.listener.begins("clean up", step.name, step.timeout)
                try:
                    status, _ = self._detached(self._key(step.name), step.name, step.run, step.timeout)
                except (_Failed, TargetError) as error:
                    self.listener.says(f"clean-up: {error}")
                    continue
                if status != 0:
                    self.listener.says(f"clean-up: {step.name} ended with status {status}")
            self.listener.begins("clean up", "remove", target_directory.ANSWER)
            self.directory.clear()
        except CollectorError as error:
            self.report.left = error.message
        except KeyboardInterrupt:
            self.report.left = "the clean-up was interrupted"
        if self.report.left:
            self.listener.says(f"the target is not clean: {self.report.left}")


def _last_line(output: bytes | bytearray) -> str:
    lines = bytes(output[-4096:]).decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1][:300]}" if lines else ""
