"""Names as real tools write them: each is read by its template, and what is proposed for it reads it."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drcheck.core.names.matching import Matcher
from drcheck.core.names.proposing import propose
from drcheck.core.names.template import Template

with Path(__file__).with_name("names_in_the_wild.csv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))
NOT_PROPOSED = {
    # Digits that only who made them can tell from a number, or from the one before.
    "postgres-backup-local weekly/shop-202647.sql.gz",
    "postgres-backup-local monthly/shop-202611.sql.gz",
    "Consul agent consul-1790000000123456789.snap",
    "AWS export AWSDynamoDB/01790000000123-0a1b2c3d/manifest-summary.json",
    "Veeam Job1/Job12026-11-21T031502.vbk",
    "AWS Organizations logs year=2026/month=11/day=21/shop.parquet",
}
READ_AS_ANOTHER = {
    # Its version looks like an instant, and stands last.
    "Discourse shop-2026-11-21-031502-v20261120101010.tar.gz",
}


def named(row):
    return f"{row['tool']} {row['name']}"


def matcher(template, of=()):
    return Matcher(Template.parse(template), of or ("data",), UTC)


def test_the_table_holds_two_hundred_names_of_many_tools():
    assert len({row["name"] for row in ROWS}) >= 200
    assert len({row["tool"] for row in ROWS}) >= 100


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_template_reads_it(row):
    found = matcher(row["template"], (row["of"],) if row["of"] else ())(row["name"])
    assert found is not None
    instant = int(datetime.fromisoformat(row["instant"]).timestamp())
    assert (found.data_lo, found.of, found.kind, found.part) == (instant, row["of"] or "data", row["kind"], row["part"])


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_what_is_proposed_for_it_reads_it_and_tells_the_same_instant(row):
    proposals = propose([row["name"]])
    if named(row) in NOT_PROPOSED:
        assert proposals == []
        return
    (proposal,) = proposals
    found = matcher(proposal.template, proposal.of)(row["name"])
    assert found is not None
    if named(row) in READ_AS_ANOTHER:
        return
    instant = int(datetime.fromisoformat(row["instant"]).timestamp())
    assert found.data_lo <= instant <= found.data_hi
