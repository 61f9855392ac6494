"""Columns of a snapshot are read as they were written, and told from others by what was written."""

from __future__ import annotations

import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.ledger import planes

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
NAMES = st.lists(st.text(max_size=3), max_size=5) | st.lists(st.text("ab\udcff", min_size=2, max_size=2), max_size=5)


@given(st.lists(INT64))
def test_integers_are_read_as_they_were_written(values):
    column = array("q", values)
    assert planes.read(planes.written(column)) == column
    assert list(column) == values, "and what is written is left alone"


def test_integers_are_little_endian_with_their_lowest_bytes_first():
    assert planes.written(array("q", [1, 0x0203])) == b"\x01\x03" + b"\x00\x02" + bytes(12)


def test_integers_are_written_alike_on_machines_of_the_other_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(planes, "_SWAP", sys.byteorder == "little")
    column = array("q", [1, -2, 1 << 40])
    assert planes.read(planes.written(column)) == column


@given(NAMES)
def test_names_are_read_as_they_were_written(names):
    assert list(planes.read_names(planes.written_names(names))) == names
