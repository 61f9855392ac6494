"""What stands beside a backup, and what consists of several files, at every kind of place."""

from __future__ import annotations

import random
import time
from contextlib import closing

import pytest

from drcheck.core.history.difference import difference
from drcheck.core.history.source_history import History
from drcheck.core.history.to_parts import parts_of
from drcheck.core.model.evidence import LONG_AGO, Fact, StateRead
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Identical, Source
from drcheck.interfaces import LookRequest
from drcheck.readers.points.objects import read
from drcheck.registry import READERS
from tests.collectors.places import Place

SAYS = {"complete_when": "{dir}/backup.json", "says": (("status.phase", ("Completed",)),)}


def look(
    place: Place,
    template: str,
    states: dict[str, StateRead] | None = None,
    *,
    tells_apart: bool = False,
    expected_since: int = LONG_AGO,
    **told: object,
) -> Observation:
    source = Source(
        "dumps", "there", "", READERS["objects"], ("orders",), templates=(template,), name_zone="UTC", **told
    )
    asked = LookRequest(
        LONG_AGO,
        int(time.time()) + 1,
        300,
        "web",
        states=states or {},
        tells_apart=tells_apart,
        expected_since=expected_since,
    )
    with closing(place.open()) as collector:
        return read(collector, source, "", asked)


def test_what_a_file_says_decides_and_is_not_read_again(place: Place):
    for day, phase in ((20, "Completed"), (21, "PartiallyFailed")):
        place.put(f"2026-09-{day}/dump.gz", b"x" * 200)
        place.put(f"2026-09-{day}/backup.json", f'{{"status": {{"phase": "{phase}"}}}}'.encode())
    template = "{data_as_of:%Y-%m-%d}/dump.gz"

    seen = look(place, template, **SAYS)

    assert {one.name: one.complete for one in seen.candidates} == {
        "2026-09-20/dump.gz": True, "2026-09-21/dump.gz": False,
    }  # fmt: skip
    told = {one.name: one.told for one in seen.described if one.fact is Fact.STATE}
    assert "status.phase: PartiallyFailed" in told["2026-09-21/dump.gz"].how
    later = {name: StateRead(int(time.time()) + 10, one) for name, one in told.items()}
    again = look(place, template, later, **SAYS)
    assert again.described == seen.described
    assert again.look.calls < seen.look.calls


def test_a_file_that_makes_no_sense_is_a_gap_and_leaves_doubt(place: Place):
    place.put("2026-09-20/dump.gz", b"x" * 200)
    place.put("2026-09-20/backup.json", b'{"status": ')

    seen = look(place, "{data_as_of:%Y-%m-%d}/dump.gz", **SAYS)

    assert [gap.fact for gap in seen.look.gaps] == [Fact.STATE]
    assert [(one.complete, told.told.holds) for one, told in zip(seen.candidates, seen.described, strict=True)] == [
        (True, None)
    ]


@pytest.mark.parametrize("part", [False, True], ids=["directory", "parts"])
def test_several_files_are_one_candidate(place: Place, part: bool):
    names = [f"2026-09-20.tar.part-{label}" if part else f"2026-09-20/db/{label}" for label in ("aa", "ab", "ac")]
    for name in names:
        place.put(name, b"x" * 100)

    (one,) = look(place, "{data_as_of:%Y-%m-%d}.tar.part-{part}" if part else "{data_as_of:%Y-%m-%d}/").candidates

    assert one.name == ("2026-09-20.tar.part-{part}" if part else "2026-09-20/")
    assert (one.size, one.pieces.number, one.pieces.parts, one.pieces.young) == (300, 3, 3 if part else 0, True)


def readings(seen: Observation, **told: object) -> dict[str, str]:
    """Return which contents are alike, by what nobody stated."""
    source = Source("dumps", "there", "", READERS["objects"], ("orders",), templates=("x",), **told)
    history = History()
    history.apply(difference(history, seen))
    return {of: part.alike for of, part in parts_of(history, source, clock_tolerance=300).items()}


@pytest.mark.parametrize("size", [2000, 3 << 20])
@pytest.mark.parametrize("whole", [False, True], ids=["file", "directory"])
def test_the_same_content_under_a_new_name_is_read_both_ways(place: Place, size: int, whole: bool):
    contents = [random.Random(seed).randbytes(size) for seed in (1, 2, 2)]
    for day, content in zip((20, 21, 22), contents, strict=True):
        place.put(f"2026-09-{day}/db.sql" if whole else f"2026-09-{day}.sql", content)
    template = "{data_as_of:%Y-%m-%d}/" if whole else "{data_as_of:%Y-%m-%d}.sql"

    seen = look(place, template, tells_apart=True)

    names = sorted(one.name for one in seen.candidates)
    assert f"{names[2]} at dumps" in readings(seen)["orders"]
    assert f"the same content as {names[1]}" in readings(seen)["orders"]
    for stated in Identical:
        assert readings(seen, identical_dumps=stated) == {"orders": ""}


@pytest.mark.parametrize("size", [2000, 3 << 20])
def test_contents_that_differ_in_their_last_byte_are_backups_of_their_own(place: Place, size: int):
    for day, last in ((20, b"x"), (21, b"y")):
        place.put(f"2026-09-{day}.sql", bytes(size) + last)

    assert readings(look(place, "{data_as_of:%Y-%m-%d}.sql", tells_apart=True)) == {"orders": ""}


def test_names_that_no_template_reads_are_kept_wherever_they_begin(place: Place):
    for name in (
        "orders-2026-09-20.sql",
        "orders_2026-09-21.sql",
        "Orders-2026-09-21.sql",
        "orders-2026-09-20.sql.md5",
    ):
        place.put(name, b"x" * 2000)
    place.put("note.txt", b"x" * 999)
    now = int(time.time())

    seen = look(place, "orders-{data_as_of:%Y-%m-%d}.sql", expected_since=now)

    assert {one.name for one in seen.look.unaccounted} == {"orders_2026-09-21.sql", "Orders-2026-09-21.sql"}
    assert seen.look.matched == 1
    assert seen.look.names >= seen.look.matched + 2
