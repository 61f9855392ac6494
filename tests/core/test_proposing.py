"""Proposals: what varies between names is the data set or any text, and every proposal reads its names."""

from __future__ import annotations

from datetime import UTC
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.names.matching import LONGEST_NAME, Matcher
from drcheck.core.names.proposing import propose
from drcheck.core.names.template import Template


def templates(*names: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(proposal.template, proposal.of) for proposal in propose(names)]


def test_what_names_of_one_day_differ_in_is_the_data_set():
    names = ["orders-2026-11-20.gz", "orders-2026-11-21.gz", "my-stock-2026-11-20.gz", "my-stock-2026-11-21.gz"]
    assert templates(*names) == [("{of}-{data_as_of:%Y-%m-%d}.gz", ("orders", "my-stock"))]


def test_what_stands_beside_backups_widens_no_template():
    names = [
        f"vzdump-qemu-100-2026_11_{day}-01_00_00.{ending}"
        for day in (20, 21)
        for ending in ("vma.zst", "vma.zst.notes", "log", "tmp/qemu-server.conf", "vma.dat")
    ]
    assert [text for text, _ in templates(*names)] == ["vzdump-qemu-100-{data_as_of:%Y_%m_%d-%H_%M_%S}.vma.zst"]


def test_signatures_of_duplicity_are_no_backups():
    volumes = [f"duplicity-full.20261120T010000Z.vol{number}.difftar.gpg" for number in (1, 2)]
    beside = "duplicity-full-signatures.20261120T010000Z.sigtar.gpg"
    assert [text for text, _ in templates(*volumes, beside)] == [
        "duplicity-{kind}.{data_as_of:%Y%m%dT%H%M%SZ}.vol{part}.difftar.gpg"
    ]


def test_a_directory_with_directories_in_it_is_one_backup():
    names = [
        f"20261120-01000{second}F/{file}"
        for second in (0, 1)
        for file in ("backup.manifest", "pg_data/PG_VERSION", "pg_data/base/1/1259")
    ]
    history = "backup.history/2026/20261120-010000F.manifest.gz"
    assert templates(*names, history)[0] == ("{data_as_of:%Y%m%d-%H%M%S}F/", ())


def test_files_in_the_directory_of_a_day_are_backups_of_their_own():
    names = [f"2026-11-{day}/{of}.gz" for day in (20, 21) for of in ("orders", "stock")]
    assert templates(*names) == [("{data_as_of:%Y-%m-%d}/{of}.gz", ("orders", "stock"))]


def test_what_changes_with_every_name_is_any_text():
    names = [f"db-2026-11-{day}-{code}.gz" for day, code in [(18, "a1"), (19, "b7"), (20, "c3"), (21, "d9")]]
    assert templates(*names) == [("db-{data_as_of:%Y-%m-%d}-{*}.gz", ())]


def test_names_of_two_forms_get_two_templates_the_commoner_first():
    names = ["a-2026-11-20.gz", "a-2026-11-21.gz", "a_20261121_0315.trn"]
    assert [text for text, _ in templates(*names)] == ["a-{data_as_of:%Y-%m-%d}.gz", "a_{data_as_of:%Y%m%d_%H%M}.trn"]


def test_a_day_above_twelve_in_one_name_tells_the_order_in_all_of_them():
    assert [text for text, _ in templates("a-05.11.2026.gz", "a-21.11.2026.gz")] == ["a-{data_as_of:%d.%m.%Y}.gz"]
    assert [text for text, _ in templates("a-11.21.2026.gz")] == ["a-{data_as_of:%m.%d.%Y}.gz"]


@pytest.mark.parametrize("name", ["latest.dump", "notes.txt", "v1.2.3.tar", "", "/", "x" * 5000, "99999999.gz"])
def test_what_tells_no_instant_gets_no_proposal(name):
    assert propose([name]) == []


def test_a_name_is_proposed_for_up_to_the_longest_that_a_template_reads():
    longest = "db-2026-11-21-".ljust(LONGEST_NAME - 1, "x") + ".gz"
    assert [len(propose([longest[:-2]])), len(propose([longest]))] == [1, 0]


@given(st.lists(st.text(max_size=40) | st.from_regex(r"[a-z{}*?$]{0,6}-20[0-9]{6}[_T-][0-9]{4,6}.{0,6}"), max_size=6))
def test_every_proposal_reads_its_names(names):
    for proposal in propose(names):
        match = Matcher(Template.parse(proposal.template), proposal.of or ("data",), UTC)
        assert all(match(name) is not None for name in proposal.names)


@pytest.mark.parametrize("unit", ["2026", "20261121", "1", "a-", "2026-11-21", "/", "21Nov2026_"])
def test_a_hostile_name_is_looked_through_in_linear_time(unit):
    began = process_time()
    propose([(unit * 4096)[:4096]])
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("db-2026-11-20-full.bak", "db-{data_as_of:%Y-%m-%d}-{kind}.bak"),
        ("full/db-2026-11-20-full.bak", "{kind}/db-{data_as_of:%Y-%m-%d}-{kind}.bak"),
        # Which of two words is the kind nobody can tell, and what ends so says it already.
        ("db-2026-11-20-full-incr.bak", "db-{data_as_of:%Y-%m-%d}-full-incr.bak"),
        ("db-2026-11-20-full.log", "db-{data_as_of:%Y-%m-%d}-full.log"),
        ("db-2026-11-20-full.snap", "db-{data_as_of:%Y-%m-%d}-full.snap"),
        # A letter may be anything.
        ("db-2026-11-20-I.bak", "db-{data_as_of:%Y-%m-%d}-I.bak"),
    ],
)
def test_a_word_is_taken_for_the_kind_where_it_is_the_only_one(name: str, template: str):
    assert template in [found for found, _ in templates(name)]


def test_what_varies_is_a_data_set_only_where_all_of_it_could_be_a_name():
    names = [f"{of}-2026-11-{day}.gz" for day in (20, 21) for of in ("orders", "my orders")]
    assert templates(*names) == [("{*}-{data_as_of:%Y-%m-%d}.gz", ())]
