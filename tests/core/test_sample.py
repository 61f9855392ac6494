"""Samples of slots: what is drawn, and what a sample leaves open."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest

from drcheck.core.judging.sample import Drawing, most_not_kept
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.model.exhibit import CameTo, SlotKept, Slots
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Verdict, Window

DAY = 86400
ENTRY = hashlib.sha256(b"the last entry").hexdigest()


def nights(*statuses: Status | None) -> Verdict:
    slots = tuple(
        SlotKept(f"night {number}", number * DAY, number * DAY + DAY, status, late=False, held=1)
        for number, status in enumerate(statuses)
    )
    exhibit = Slots(1, slots)
    promise = Frequency(id="daily", evidence=("dumps",), per=Per.DAY)
    return Verdict(promise, Window(0, len(statuses) * DAY), Finding("orders", (), "", exhibit=exhibit), ())


def drawn(asked: int, word: str, *services: Verdict):
    drawing = Drawing(asked, word, 7, ENTRY)
    for number, verdict in enumerate(services):
        drawing.add(f"service-{number}", [verdict])
    return drawing.sample()


def test_anybody_draws_the_same_with_three_lines():
    several = [nights(*[Status.MET] * 200), nights(None, *[Status.BREACHED] * 165, None)]
    seed = hashlib.sha256((ENTRY + "blue heron 7 ß").encode()).hexdigest()
    least = sorted(range(1, 366), key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).hexdigest())[:25]
    sample = drawn(25, "blue heron 7 ß", *several)
    assert [one.number for one in sample.drawn] == sorted(least)
    assert sample.population == 365
    assert all((one.number <= 200) == (one.service == "service-0") for one in sample.drawn)
    assert sample.came_to == {CameTo.KEPT: 200, CameTo.MISSED: 165}


def test_another_word_draws_others_and_each_slot_as_often_as_any_other():
    all_nights = nights(*[Status.MET] * 10)
    often = Counter(one.number for word in range(2000) for one in drawn(3, str(word), all_nights).drawn)
    assert set(often) == set(range(1, 11))
    assert all(500 < count < 700 for count in often.values())  # 600, give or take five times the deviation


def test_of_fewer_slots_than_are_asked_for_all_are_drawn():
    sample = drawn(25, "w", nights(Status.MET, Status.BREACHED, Status.UNKNOWN))
    assert [one.number for one in sample.drawn] == [1, 2, 3]
    assert sample.not_kept == sample.open_at(90) == 2
    assert drawn(25, "w").drawn == ()


@pytest.mark.parametrize(
    ("population", "drawn", "not_kept", "confidence", "most"),
    [
        (365, 25, 0, 90, 31),  # 25 that are kept of 365 with 32 that are not: a chance of 9.3 %; with 31: of 10.04 %
        (365, 25, 0, 95, 39),
        (365, 59, 0, 95, 16),
        (365, 365, 0, 90, 0),
        (10, 1, 0, 90, 8),
        (10, 1, 1, 90, 10),
        (1, 1, 1, 95, 1),
    ],
)
def test_how_many_may_be_bad_at_most(population, drawn, not_kept, confidence, most):
    assert most_not_kept(population, drawn, not_kept, confidence) == most


def test_the_limit_is_that_of_drawing_each_possible_sample():
    for population in range(1, 9):
        for size in range(1, population + 1):
            for not_kept in range(size + 1):
                for confidence in (90, 95):
                    possible = [
                        bad
                        for bad in range(not_kept, population - size + not_kept + 1)
                        if chance(population, size, not_kept, bad) > Fraction(100 - confidence, 100)
                    ]
                    assert most_not_kept(population, size, not_kept, confidence) == max(possible)


def chance(population: int, size: int, not_kept: int, bad: int) -> Fraction:
    samples = [sum(one < bad for one in each) for each in combinations(range(population), size)]
    return Fraction(sum(one <= not_kept for one in samples), len(samples))
