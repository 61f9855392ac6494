"""What exports told is kept joined: the log made of that is the log made of all of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history import monitoring_exports
from drcheck.core.model.policy import Source
from drcheck.core.model.rewritten_logs import ExportedState, Stretch
from drcheck.registry import READERS

stretch = st.builds(
    lambda what, start, seconds, held: Stretch(what, start, start + seconds, held),
    st.sampled_from(ExportedState),
    st.integers(0, 12),
    st.integers(1, 6),
    st.booleans(),
)
several = st.lists(stretch, max_size=12)


def seconds(stretches):
    """Return every second of each kind, and how what ends last ends."""
    newest = max((one.end for one in stretches), default=0)
    held = {(one.what, one.open) for one in stretches if one.end == newest}
    return {(one.what, second) for one in stretches for second in range(one.start, one.end)}, held


@given(several)
def test_joined_stretches_tell_the_same_seconds_and_the_same_ends_and_no_two_of_them_touch(stretches):
    joined = monitoring_exports.joined(stretches)
    assert seconds(joined) == seconds(stretches)
    assert monitoring_exports.joined(joined) == joined
    whole = sorted({(one.what, one.start, one.end) for one in joined})
    assert all(one[0] != other[0] or one[2] < other[1] for one, other in itertools.pairwise(whole))


@given(st.lists(several, max_size=5))
def test_it_does_not_matter_whether_exports_are_joined_one_by_one_by_their_news_or_at_once(each):
    known = ()
    for stretches in each:
        known = monitoring_exports.joined((*known, *monitoring_exports.news(stretches, known)))
    together = [one for stretches in each for one in stretches]
    assert known == monitoring_exports.joined(together)
    assert monitoring_exports.as_log(known) == monitoring_exports.as_log(together)


def test_an_export_that_tells_nothing_new_is_no_news():
    known = monitoring_exports.joined([Stretch(ExportedState.WATCHED, 0, 50), Stretch(ExportedState.TOTAL, 10, 20)])
    assert (
        list(
            monitoring_exports.news(
                [Stretch(ExportedState.WATCHED, 5, 40), Stretch(ExportedState.TOTAL, 12, 20)], known
            )
        )
        == []
    )
    assert list(monitoring_exports.news([Stretch(ExportedState.TOTAL, 12, 21)], known)) == [
        Stretch(ExportedState.TOTAL, 12, 21)
    ]


@pytest.mark.parametrize(
    ("reader", "path", "export", "junit"),
    [
        ("outage-log", "state.json", True, False),
        ("outage-log", "outages.jsonl", False, False),
        ("restore-log", "report.xml", False, True),
        ("restore-log", "restores.jsonl", False, False),
        ("maintenance-log", "windows.json", False, False),
    ],
)
def test_only_outages_that_are_written_anew_are_an_export_and_only_such_restore_tests_a_report(
    reader: str, path: str, export: bool, junit: bool
):
    source = Source("source", "host", path, READERS[reader], ())
    assert (source.export, source.junit) == (export, junit)


@pytest.mark.parametrize(("path", "root"), [("", ""), ("dumps", "dumps/"), ("dumps/", "dumps/"), ("a/b", "a/b/")])
def test_backups_lie_below_a_directory_or_below_the_root_of_the_connection(path: str, root: str):
    assert Source("source", "host", path, READERS["objects"], ()).root == root


def test_an_outage_has_ended_unless_the_export_says_that_it_still_held_at_its_end():
    watched = Stretch(ExportedState.WATCHED, 0, 10)
    for down, ended in (
        (Stretch(ExportedState.TOTAL, 2, 10), 10),
        (Stretch(ExportedState.TOTAL, 2, 10, open=True), None),
    ):
        (outage,) = monitoring_exports.as_log((watched, down)).outages
        assert (outage.started_at, outage.ended_at) == (2, ended)
