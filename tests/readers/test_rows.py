"""What a listing shows that may be a backup comes out of its columns as it went in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.archive_tiers import AT_HAND
from drcheck.core.model.evidence import FOREVER, LONG_AGO, FactValue
from drcheck.core.names.matching import NameReading
from drcheck.interfaces import Entry
from drcheck.readers.points.listing_columns import ListingColumns

INSTANTS = st.integers(0, 99)
NAMED = st.builds(
    NameReading,
    of=st.sampled_from(["db", "files"]),
    kind=st.sampled_from(["", "full"]),
    data_lo=INSTANTS,
    data_hi=INSTANTS,
    part=st.sampled_from(["", "", "", "aa"]),
    parts=st.sampled_from([0, 0, 0, 2]),
    whole=st.sampled_from(["", "", "", "a/"]),
) | st.just(NameReading("db", "", None, None))
ENTRIES = st.builds(
    Entry,
    name=st.sampled_from("abcd"),
    size=INSTANTS,
    arrived_lo=INSTANTS,
    arrived_hi=INSTANTS | st.just(FOREVER),
    modified=INSTANTS,
    checksum=st.sampled_from(["", "e"]),
    archived=st.sampled_from([None, AT_HAND, FactValue(True, "GLACIER")]),
    version=st.sampled_from(["", "", "", "1"]),
    noncurrent=st.sampled_from([False, False, False, True]),
    grows=st.sampled_from([False, False, False, True]),
    inode=st.sampled_from(["", "", "", "1:2"]),
)


@given(st.lists(st.tuples(NAMED, ENTRIES)), st.sets(st.sampled_from("abcd")))
def test_rows_hold_what_was_put_last_under_each_name_in_the_order_of_listing(pairs, dropped):
    rows, expected = ListingColumns(), {}
    for named, entry in pairs:
        rows.put(named, entry)
        expected[entry.name] = (named, entry)
    for name in dropped & expected.keys():
        del rows[name], expected[name]
    assert list(rows.items()) == list(expected.items())
    assert sorted([*rows.plain(), *rows.others()]) == sorted(expected)
    assert rows.last_modified() == max((entry.modified for _, entry in expected.values()), default=LONG_AGO)
    assert list(rows.archived()) == [(name, one.archived, one.modified) for name, (_, one) in expected.items()]
    newest = dict.fromkeys(("db", "files", "none"), LONG_AGO)
    for named, entry in expected.values():
        newest[named.of] = max(newest[named.of], entry.modified if named.data_hi is None else named.data_hi)
    assert rows.newest(("db", "files", "none")) == newest


def test_no_object_stays_of_a_plain_name():
    rows = ListingColumns()
    for number in range(100):
        rows.put(NameReading("db", "", number, number), Entry(f"{number}", 1, number, number, number, archived=AT_HAND))
    rows.put(NameReading("db", "", 7, 7, whole="a/"), Entry("a/b", 1, 7, 7, 7))
    assert len(rows.plain()) == 100
    assert rows.others() == ["a/b"]
