"""What the names at one source tell: of what a backup builds on, and where two things read as one may be told apart."""

from __future__ import annotations

from array import array

from msgspec.structs import replace
from points import Point, part

from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Points
from drcheck.core.model.policy import Source
from drcheck.core.names.source_naming import bases_of
from drcheck.core.rules import wildcard_series
from drcheck.core.rules.interface import RuleInput
from drcheck.registry import READERS

CHAINED = Source(
    "dumps", "disk", "", READERS["objects"], ("orders",), kind="incremental",
    templates=("inc.{since:%Y%m%dT%H%M%SZ}.to.{data_as_of:%Y%m%dT%H%M%SZ}.gpg", "full.{data_as_of:%Y%m%dT%H%M%SZ}.gpg"),
)  # fmt: skip


def test_a_name_tells_the_instant_of_the_backup_that_it_builds_on():
    base = bases_of(CHAINED)
    assert base is not None
    assert base("inc.20261101T000000Z.to.20261102T000000Z.gpg") == (1793491200, 1793491200)


def test_a_name_of_another_form_tells_no_base():
    base = bases_of(CHAINED)
    assert base is not None
    assert (base("full.20261102T000000Z.gpg"), base("notes.txt")) == (None, None)


def test_where_no_name_tells_a_base_there_is_nothing_to_read():
    assert bases_of(replace(CHAINED, templates=CHAINED.templates[1:])) is None


def _shown(points: Points, template: str) -> RuleInput:
    count = len(points)
    return RuleInput(
        replace(CHAINED, templates=(template,), kind="full"), [True] * count, array("q", bytes(8 * count)), 0,
        [None] * count, [True] * count, [FOREVER] * count, [LONG_AGO] * count,
    )  # fmt: skip


def test_only_what_a_wildcard_reads_as_one_may_be_two_of_which_one_has_stopped():
    """Two hosts each make one a day; the first one stops after ten days."""
    rows = [(24 * day, "one") for day in range(10)] + [(24 * day + 1, "two") for day in range(20)]
    points = part("dumps", [Point(hours, hours + 1) for hours, _ in sorted(rows)]).points
    points = replace(points, name=tuple(f"{host}-{hours}.gz" for hours, host in sorted(rows)))
    assert wildcard_series.apply(points, _shown(points, "{*}-{data_as_of:%s}.gz")).doubts
    assert not wildcard_series.apply(points, _shown(points, "{of}-{data_as_of:%s}.gz")).doubts
