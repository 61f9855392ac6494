"""What the answer of a check is worth: held against what is expected, a manifest, or the last drill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.decimals import percent_as_written
from drcheck.core.model.runbook import Check, Compare

_COUNT: Final = re.compile(r"(?P<name>\S(?:.*\S)?)[ \t]+(?P<number>[0-9]{1,18})")
_SUM: Final = re.compile(r"(?P<escaped>\\?)(?P<sum>[0-9A-Fa-f]{64}) [ *](?:\./)?(?P<name>.+)")
_EPOCH: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]*)?")
_AHEAD: Final = 300
"""Seconds by which a record may be newer than the instant of the data: clocks are not one."""


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"
    """It could not be answered: nobody knows. It is never a pass."""
    NOTED = "noted"
    """There was nothing to hold it against: it is kept for the next drill, and proves nothing."""


class Result(NamedTuple):
    """What came of a check, with what was found."""

    outcome: Outcome
    detail: str
    counts: Mapping[str, int] = {}
    """What was counted, for the next drill."""


class Baseline(NamedTuple):
    """What answers are held against."""

    data_as_of: int
    values: Mapping[str, str]
    """What the policy says."""
    manifest: str | None
    """The text of the manifest beside the backup; None: the policy names none."""
    last: Mapping[str, int] | None
    """What the last drill that passed counted in the same check; None: there is none."""


def held_against(check: Check, answer: str, known: Baseline) -> Result:
    """Return what an answer is worth."""
    said, expected = answer.strip(), check.expected
    match expected.compare:
        case Compare.EQUALS | Compare.EQUALS_VALUE:
            is_value = expected.compare is Compare.EQUALS_VALUE
            wanted = known.values.get(expected.text) if is_value else expected.text
            if not wanted:
                return Result(Outcome.NOTED, f"the policy gives no {expected.text} to hold the answer against")
            return _result(said == wanted, f"the answer is {_shown(said)}, expected {_shown(wanted)}")
        case Compare.CONTAINS:
            held = any(expected.text in line for line in said.splitlines())
            return _result(held, f"the answer {'holds' if held else 'lacks'} {_shown(expected.text)}")
        case Compare.AT_LEAST:
            if not re.fullmatch(r"-?[0-9]{1,18}", said):
                return Result(Outcome.FAILED, f"the answer is no whole number: {_shown(said)}")
            return _result(int(said) >= expected.number, f"{said}, at least {expected.number} expected")
        case Compare.NEWEST_WITHIN:
            return _newest(said, expected.number, known.data_as_of)
        case Compare.COUNTS:
            return _counts(said, expected.tolerance, known)
        case Compare.CHECKSUMS:
            return _sums(said, known.manifest)


def _result(held: bool, detail: str) -> Result:
    return Result(Outcome.PASSED if held else Outcome.FAILED, detail)


def _newest(said: str, within: int, data_as_of: int) -> Result:
    newest = _instant(said)
    if newest is None:
        return Result(Outcome.FAILED, f"the answer is no instant: {_shown(said)}")
    age = data_as_of - newest
    if age < -_AHEAD:
        return Result(Outcome.FAILED, f"the newest record is of {words.instant(newest)}, later than the data itself")
    return _result(
        age <= within,
        f"the newest record is of {words.instant(newest)}, {words.duration(max(0, age))} before the data's instant; "
        f"{words.duration(within)} is allowed",
    )


def _instant(said: str) -> int | None:
    if _EPOCH.fullmatch(said):
        return int(float(said))
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return None if at.tzinfo is None else int(at.timestamp())


def _counts(said: str, tolerance: Fraction, known: Baseline) -> Result:
    counted = _numbers(said)
    if not counted:
        return Result(Outcome.FAILED, f"the answer counts nothing: {_shown(said)}")
    if known.manifest is not None and not _checksums(known.manifest):
        wanted = _numbers(known.manifest)
        if not wanted:
            return Result(Outcome.NOT_RUN, "the manifest beside the backup counts nothing", counted)
        return _held(counted, wanted, Fraction(0), "the manifest")
    if known.last is not None and any(known.last.values()):  # zeroes, as zeroes before, prove nothing
        return _held(counted, known.last, tolerance, "the last drill")
    return Result(Outcome.NOTED, f"{_several(counted)}; there is nothing to hold it against yet", counted)


def _held(counted: Mapping[str, int], wanted: Mapping[str, int], tolerance: Fraction, by: str) -> Result:
    for name, number in wanted.items():
        if name not in counted:
            return Result(Outcome.FAILED, f"{_shown(name)} is missing, {by} has {number} there", counted)
        if abs(counted[name] - number) > tolerance * number or (number and not counted[name]):
            allowed = f", {percent_as_written(tolerance * 100)} % either way is allowed" if tolerance else ""
            return Result(Outcome.FAILED, f"{_shown(name)} has {counted[name]}, {by} has {number}{allowed}", counted)
    return Result(Outcome.PASSED, f"{_several(counted)}, as {by} has it", counted)


def _sums(said: str, manifest: str | None) -> Result:
    if manifest is None:
        return Result(Outcome.NOTED, "the policy names no manifest beside the backup to hold checksums against")
    wanted, there = _checksums(manifest), _checksums(said)
    if not wanted:
        return Result(Outcome.NOTED, "the manifest beside the backup holds no SHA-256 of any file")
    for name, wanted_sum in wanted.items():
        if name not in there:
            return Result(Outcome.FAILED, f"{_shown(name)} is missing")
        if there[name] != wanted_sum:
            return Result(Outcome.FAILED, f"{_shown(name)} has another content than the manifest says")
    return Result(Outcome.PASSED, f"{len(wanted)} files, as the manifest has them")


def _checksums(text: str) -> dict[str, str]:
    """Return the sums by name, as ``sha256sum`` prints both: what is special in a name has a backslash before it."""
    found = map(_SUM.fullmatch, (line.removesuffix("\r") for line in text.split("\n")))
    return {each["escaped"] + each["name"]: each["sum"].lower() for each in found if each}


def _numbers(text: str) -> dict[str, int]:
    found = map(_COUNT.fullmatch, (line.strip() for line in text.splitlines()))
    return {each["name"]: int(each["number"]) for each in found if each}


def _several(counted: Mapping[str, int]) -> str:
    return words.several([f"{name} {number}" for name, number in counted.items()], at_most=10)


def _shown(text: str) -> str:
    return words.quoted(text[:200])
