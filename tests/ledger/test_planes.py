"""Columns of a snapshot are read as they were written, and told from others by what was written."""

from __future__ import annotations

import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.ledger import byte_planes

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
NAMES = st.lists(st.text(max_size=3), max_size=5) | st.lists(st.text("ab\udcff", min_size=2, max_size=2), max_size=5)


@given(st.lists(INT64))
def test_integers_are_read_as_they_were_written(values):
    column = array("q", values)
    assert byte_planes.read(byte_planes.written_integers(column)) == column
    assert list(column) == values, "and what is written is left alone"


def test_integers_are_little_endian_with_their_lowest_bytes_first():
    assert byte_planes.written_integers(array("q", [1, 0x0203])) == b"\x01\x03" + b"\x00\x02" + bytes(12)


def test_integers_are_written_alike_on_machines_of_the_other_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(byte_planes, "_SWAP", sys.byteorder == "little")
    column = array("q", [1, -2, 1 << 40])
    assert byte_planes.read(byte_planes.written_integers(column)) == column


@given(NAMES)
def test_names_are_read_as_they_were_written(names):
    assert list(byte_planes.read_names(byte_planes.written_names(names))) == names
