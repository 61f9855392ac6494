"""Reports of test runners in JUnit's XML, as restore tests: suites, their times, and how each case ended.

There is no standard; what runners write has been read off pytest, Maven Surefire, Gradle, GoogleTest, gotestsum, Jest,
Bats and xUnit. A report is one restore test, or the suite of it that the policy names is. It passed if cases were run
and none failed; only skips, or nothing at all, are no pass. What contradicts itself is believed in nothing: attributes
that count more cases or failures than there are, an element that nobody knows, a time that is none.

The parser is expat on UTF-8, with document types refused before it sees them, and a target that builds no tree.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import partial
from math import ceil
from typing import Final
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from drcheck.core.history import junit_reports
from drcheck.core.model.evidence import FOREVER, Gap
from drcheck.core.model.log_records import Log
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import RestoreRecords, Source
from drcheck.core.model.rewritten_logs import ReportedTest
from drcheck.interfaces import Collector, LookRequest
from drcheck.readers.logs import log_file, record_fields
from drcheck.readers.logs.record_fields import Malformed, Record

MOST_ELEMENTS: Final = 200_000
DEEPEST: Final = 50
LONGEST_NAME: Final = 200
"""Characters of a suite's name."""

_EXPECTED: Final = (
    "A restore-log whose path ends in .xml is a test runner's report in JUnit's XML: suites with timestamp, time and "
    "cases. Write it whole before it takes its name; name a log as JSON Lines .jsonl."
)
_FAILED: Final = frozenset({"failure", "error", "rerunFailure", "rerunError"})
_SKIPPED: Final = frozenset({"skipped", "disabled"})
_SAYS_NOTHING: Final = frozenset({"properties", "property", "system-out", "system-err", "flakyFailure", "flakyError"})
"""Surefire's flaky ones passed when they were run again; the others are text."""
_NOT_RUN: Final = frozenset({"notrun", "skipped", "disabled", "suppressed", "ignored", "pending"})
_DID_RUN: Final = frozenset({"", "run", "completed", "passed", "pass", "ok", "success", "successful", "succeeded"})
_DID_FAIL: Final = frozenset({"failed", "fail", "failure", "error", "errored", "broken", "timeout", "aborted"})
"""What GoogleTest, CTest and others say of cases in ``status`` and ``result``, in lower case."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?|[0-9]{1,3}(?:,[0-9]{3}){1,2}(?:\.[0-9]{1,12})?")
"""Surefire writes thousands with commas."""
_NAIVE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?")
_ENCODING: Final = re.compile(r"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,40})["']""")
_COUNTS: Final = ("failures", "errors")
_COUNTS_SKIPPED: Final = ("skipped", "disabled")


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a report; what it tells is kept, since the next one will not tell it again."""
    seen = log_file.read(partial(parse, restores=source.restores), collector, source, name, asked)
    if not seen.look.complete:
        return seen
    return replace(seen, tests=tuple(_tests(seen.raw, asked.begin + asked.clock_tolerance, source.restores)))


def parse(data: bytes, service: str, latest: int = FOREVER, *, restores: RestoreRecords) -> Log:  # noqa: ARG001
    """Return the restore test that a report tells, which names no service; none ends after ``latest``.

    What is no report is a gap of the whole look; this raises nothing, whatever the bytes are.
    """
    try:
        return junit_reports.as_log(_tests(data, latest, restores), restores)
    except Malformed as why:
        return Log(gaps=(Gap(f"the report cannot be read: {why}", _EXPECTED),))


class _Suite(Struct):
    """A suite, or all of them, while it is read."""

    name: str
    attributes: dict[str, str]
    suites: list[_Suite] = field(default_factory=list)
    ran: int = 0
    skipped: int = 0
    failed: int = 0

    case_took: int = 0
    """The longest time of a case, in seconds: no suite is shorter than it."""

    @property
    def top(self) -> list[_Suite]:
        """The suites that are no part of another: a root of nothing but suites is only their frame."""
        return self.suites if self.suites and not (self.ran or self.skipped or self.failed) else [self]

    @property
    def all_ran(self) -> int:
        """How many cases were run in it, and in its parts."""
        return self.ran + sum(one.all_ran for one in self.suites)

    @property
    def cases(self) -> int:
        """How many cases it and its parts have."""
        return self.ran + self.skipped + sum(one.cases for one in self.suites)

    @property
    def longest(self) -> int:
        """The longest time of a case or a suite in it, or in its parts."""
        return max((self.case_took, *(max(one.longest, one.took) for one in self.suites)))

    @property
    def took(self) -> int:
        """How long it says that it took, in seconds; 0: it does not."""
        return _seconds(self.attributes.get("time") or "0")

    @property
    def all_skipped(self) -> int:
        """How many cases were skipped in it, and in its parts."""
        return self.skipped + sum(one.all_skipped for one in self.suites)

    @property
    def has_failed(self) -> bool:
        """Whether anything in it failed, or it counts something that did."""
        counted = any(_count(self.attributes, key) for key in _COUNTS)
        return bool(self.failed) or counted or any(one.has_failed for one in self.suites)

    def check(self) -> None:
        """Raise :class:`Malformed` where it, or a part of it, counts more cases, or more skipped, than there are."""
        if _count(self.attributes, "tests") > self.cases:
            raise Malformed(f"it says {self.attributes['tests']} cases, and holds {self.cases}")
        skipped = max(_count(self.attributes, key) for key in _COUNTS_SKIPPED)
        if skipped > self.all_skipped:
            raise Malformed(f"it says {skipped} skipped, and holds {self.all_skipped}")
        for one in self.suites:
            one.check()


def _ended(attributes: dict[str, str]) -> str:
    """Return how a case ended by its own attributes: ``ran``, ``skipped``, ``failed``; else what they say."""
    words = {attributes.get(key, "").lower() for key in ("status", "result")}
    if words & _DID_FAIL:
        return "failed"
    if unknown := words - _DID_RUN - _NOT_RUN:
        return _shown(min(unknown))
    return "skipped" if words & _NOT_RUN else "ran"


class _Report:
    """What expat tells of a report, put together; raises :class:`Malformed` for what is none."""

    def __init__(self) -> None:
        self.root: _Suite | None = None
        self._open: list[str] = []
        self._suites: list[_Suite] = []
        self._case = ""
        """How the case that is open ended so far: ``ran``, ``skipped``, ``failed``; else a word that nobody knows."""
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise Malformed(f"it has more than {MOST_ELEMENTS} elements, or {DEEPEST} levels of them")
        inside = self._open[-1] if self._open else ""
        self._open.append(tag)
        if not inside and tag not in {"testsuites", "testsuite"}:
            raise Malformed(f"it is XML, and its root is {_shown(tag)}, neither testsuites nor testsuite")
        if tag in {"testsuites", "testsuite"} and inside in {"", "testsuites", "testsuite"}:
            suite = _Suite(attributes.get("name", ""), attributes)
            if self._suites:
                self._suites[-1].suites.append(suite)
            else:
                self.root = suite
            self._suites.append(suite)
        elif tag == "testcase" and inside == "testsuite":
            self._case = _ended(attributes)
            took = _seconds(attributes.get("time") or "0")
            self._suites[-1].case_took = max(self._suites[-1].case_took, took)
        elif tag in _FAILED and inside == "testcase":
            self._case = "failed"
        elif tag in _SKIPPED and inside == "testcase":
            self._case = "skipped" if self._case == "ran" else self._case
        elif tag in _FAILED and inside == "testsuite":  # of what came before and after its cases
            self._suites[-1].failed += 1
        elif tag not in _SAYS_NOTHING and not _SAYS_NOTHING & set(self._open) and not _FAILED & set(self._open[:-1]):
            raise Malformed(f"{_shown(inside)} in it has an element {_shown(tag)}, which no known runner writes")

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        self._open.pop()
        if tag in {"testsuites", "testsuite"}:
            self._suites.pop()
        elif tag == "testcase" and self._suites and self._open[-1] == "testsuite":
            suite = self._suites[-1]
            match self._case:
                case "failed":
                    suite.failed += 1
                    suite.ran += 1
                case "skipped":
                    suite.skipped += 1
                case "ran":
                    suite.ran += 1
                case unclear:
                    raise Malformed(f"a case in it ended as {unclear}, which no known runner writes")

    def doctype(self, *_: object) -> None:
        """Refuse a document type, as which entities could be declared."""
        raise Malformed("it has a document type, which no test runner writes")


def _tests(data: bytes, latest: int, restores: RestoreRecords) -> list[ReportedTest]:
    root = _parsed(data)
    suites = root.top
    if restores.suite:
        named = [one for one in suites if one.name == restores.suite]
        if not named:
            there = ", ".join(_shown(one.name) for one in suites[:5])
            raise Malformed(f"it holds no suite {restores.suite!r}, but {there}")
        return [_reported(restores.suite, named, root, latest, restores)]
    root.check()
    name = suites[0].name if len(suites) == 1 else root.name
    test = _reported(name or "restore", suites, root, latest, restores)
    return [test._replace(outcome="failed") if root.has_failed else test]


def _parsed(data: bytes) -> _Suite:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    if "\0" in text:
        raise Malformed("it is not UTF-8")
    if not text.strip():
        raise Malformed("it is empty")
    if (declared := _ENCODING.match(text)) and declared[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise Malformed(f"it says that its encoding is {_shown(declared[1])}: write it in UTF-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("it has a document type, which no test runner writes")
    report = _Report()
    parser = ET.XMLParser(target=report, encoding="utf-8")  # noqa: S314  no document type, no tree, and bounded
    try:
        parser.feed(text.encode())
        parser.close()
    except ET.ParseError:
        raise Malformed("it is not whole, or no XML") from None
    if report.root is None:
        raise Malformed("it holds no suite")
    return report.root


def _reported(name: str, suites: list[_Suite], root: _Suite, latest: int, restores: RestoreRecords) -> ReportedTest:
    """Return suites as one test: a failed case in any fails it, and it lasts from their first start to their last end.

    Where they do not say when they ran, ``root`` does, which holds them all.
    """
    if len(name) > LONGEST_NAME or name != name.strip():
        raise Malformed("the name of a suite is too long, or begins or ends with white space")
    record_fields.no_control(name)
    for suite in suites:
        suite.check()
    zone = ZoneInfo(restores.zone) if restores.zone else None
    spans = [_span(one, root.attributes, zone) for one in suites]
    start, end = min(start for start, _ in spans), max(end for _, end in spans)
    together = sum(one.took for one in suites)
    undated = sum(not one.attributes.get("timestamp") for one in suites)
    if undated > 1 and not root.took:
        raise Malformed("several suites have no timestamp: nobody can tell how long they took together")
    if not restores.suite and (begun := root.attributes.get("timestamp")):
        start = min(start, _start(begun, zone)[0])
    # Runners add up what ran at once: more than all suites together is the time of the whole.
    if undated > 1 or (not restores.suite and root.took > together):
        end = max(end, start + root.took)
    if end > latest:
        raise Malformed("it ends in the future")
    ran = sum(one.all_ran for one in suites)
    outcome = "failed" if any(one.has_failed for one in suites) else "passed" if ran else "aborted"
    return ReportedTest(name, outcome, start, end, ran)


def _count(attributes: dict[str, str], key: str) -> int:
    text = attributes.get(key, "") or "0"
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Malformed(f"{key} is {_shown(text)}, not a number")
    return int(text)


def _span(suite: _Suite, frame: dict[str, str], zone: tzinfo | None) -> tuple[int, int]:
    """Return when a suite began and ended; what it does not tell itself the frame around all suites does."""
    attributes = suite.attributes
    timestamp = attributes.get("timestamp") or frame.get("timestamp")
    took = attributes.get("time") or frame.get("time")
    if not timestamp or not took:
        missing = "timestamp" if not timestamp else "time"
        raise Malformed(f"a suite has no {missing}: nobody can tell when it ran, or how long")
    start, cut = _start(timestamp, zone)
    # A fraction of the start is cut, and never makes the test shorter.
    spans = [(start, start + max(_seconds(took), suite.longest) + cut)]
    spans += (_span(one, {}, zone) for one in suite.suites if one.attributes.get("timestamp") and one.took)
    return min(start for start, _ in spans), max(end for _, end in spans)


def _start(timestamp: str, zone: tzinfo | None) -> tuple[int, bool]:
    """Return the second of a timestamp, and whether a fraction was cut off it."""
    if _NAIVE.fullmatch(timestamp):
        if zone is None:
            raise Malformed("its timestamp has no zone: add `zone` to the source (UTC, or the zone of the machine)")
        try:
            when = datetime.fromisoformat(timestamp).replace(tzinfo=zone).astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            raise Malformed("its timestamp is no instant that a calendar has") from None
    else:
        when = timestamp
    return Record({"timestamp": when}, 0).required_instant("timestamp"), "." in when


def _seconds(took: str) -> int:
    """Return seconds, a fraction counted up."""
    if not _SECONDS.fullmatch(took):
        raise Malformed(f"a time is {_shown(took)}, not seconds")
    return ceil(float(took.replace(",", "")))


def _shown(text: str) -> str:
    return ascii(text[:100])
