"""Records come back as they were, and damage never comes back as a record."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.evidence import FOREVER, LONG_AGO, Candidate, Described, Fact, Gap, Look, Told
from drcheck.core.history import Record
from drcheck.ledger.encoding import Damaged, decode, encode

# Everything that a file name or a log line can hold: lone surrogates, NULs, newlines, and pairs of surrogates that
# must not melt into one character where two texts meet.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12) | st.sampled_from(
    ["", "\udcff", "\ud800", "\udc00", "a\x00b", "\n", "x" * 300]
)
instants = st.integers(LONG_AGO, FOREVER) | st.sampled_from([LONG_AGO, FOREVER, 0, -1, 1795228200])
candidates = st.builds(
    Candidate,
    name=texts,
    of=texts,
    kind=texts,
    data_lo=instants,
    data_hi=instants,
    available_lo=instants,
    available_hi=instants,
    size=st.integers(0, 1 << 62),
    checksum=texts,
    complete=st.booleans(),
)
facts = st.sampled_from(Fact)
gaps = st.builds(Gap, texts, texts, st.none() | st.integers(0, 1 << 40), st.none() | facts)
told = st.builds(Told, st.sampled_from([None, False, True]), texts, instants)
looks = st.builds(Look, texts, instants, instants, instants, st.lists(gaps, max_size=3).map(tuple))
records = st.builds(
    Record,
    looks,
    st.lists(candidates, max_size=6).map(tuple),
    st.lists(texts, max_size=4).map(tuple),
    st.lists(texts, max_size=4).map(tuple),
    st.lists(st.builds(Described, texts, facts, told), max_size=4).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
    st.integers(0, 1 << 40),
)
MET = Look("dumps", 1, 2)


@given(records)
def test_a_record_comes_back_as_it_was(record):
    look = record.look
    figures = Look(look.source, look.begin, look.end, look.asked_from)
    assert decode(encode(record), figures, record.unread) == record


def test_a_look_that_changed_nothing_needs_no_bytes():
    assert encode(Record(MET, unread=7)) == b""
    assert decode(b"", MET, 7) == Record(MET, unread=7)


@given(records.filter(encode), st.data())
def test_damage_is_noticed(record, data):
    kept = encode(record)
    where = data.draw(st.integers(0, len(kept) - 1))
    with pytest.raises(Damaged):
        decode(kept[:where] or b"\xff", MET, 0)
    with pytest.raises(Damaged):
        decode(bytes([255, *kept[1:]]), MET, 0)
    flipped = bytearray(kept)
    flipped[where] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(Damaged):
        # A few bits of a zlib stream's header mean nothing to what it holds.
        assert decode(bytes(flipped), MET, 0) == decode(kept, MET, 0)


def test_an_hourly_month_takes_few_bytes():
    rows = tuple(
        Candidate(f"orders/{hour:05}.gz", "orders", "", *[1795228200 + hour * 3600] * 4, 10**9, "", complete=True)
        for hour in range(720)
    )
    assert len(encode(Record(MET, rows))) < 720 * 8


def test_facts_that_every_backup_has_take_few_bytes():
    described = tuple(
        Described(f"orders/{hour:05}.gz", Fact.STORAGE_ENCRYPTION, Told(True, "AES256")) for hour in range(720)
    )
    assert len(encode(Record(MET, described=described))) < 720 * 4
