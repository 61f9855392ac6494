"""Every kind of entry comes back as it was, as the same bytes each time, and damage never comes back as a fact."""

from __future__ import annotations

import zlib
from contextlib import suppress

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history.look_changes import LookChanges
from drcheck.core.judging.transitions import ConditionKind as Case
from drcheck.core.judging.transitions import ConditionSubject, Event, Transition
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.drill import (
    Announced,
    Drill,
    DrillCheck,
    DrillClocks,
    DrillPhase,
    DrillPoint,
    Ending,
    Origin,
)
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Candidate, Described, Fact, FactValue, Gap, Look, Pieces
from drcheck.core.model.rewritten_logs import ExportedState, Inventory, ReportedTest, Stretch
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger import encoding
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.encoding import decode, encode
from drcheck.ledger.entries import (
    JudgedPolicy,
    Lines,
    Looked,
    PoliciesJudged,
    PolicyText,
    Published,
    RecordedVerdict,
    Retired,
    RunBegan,
    RunEnded,
    SourceNamed,
    Verdicts,
)
from drcheck.ledger.look_columns import Damaged, candidates, read_candidates
from drcheck.ledger.notifications import Notification, Sending

# Everything that a file name or a log line can hold: lone surrogates, NULs, newlines, and pairs of surrogates that
# must not melt into one character where two texts meet.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12) | st.sampled_from(
    ["", "\udcff", "\ud800", "\udc00", "a\x00b", "\n", "x" * 300]
)
ids = st.sampled_from(["web", "wiki-2", "20261121T023000Z-00c0ffee"])
instants = st.integers(LONG_AGO, FOREVER) | st.sampled_from([LONG_AGO, FOREVER, 0, -1, 1795228200])
digests = st.sampled_from(["", "0" * 64, "ab" * 32])
pieces = st.none() | st.builds(
    Pieces, st.binary(max_size=8), st.integers(0, 1 << 40), texts, st.booleans(), st.booleans(), st.integers(0, 1 << 40)
)
candidate = st.builds(
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
    pieces=pieces,
)
facts = st.sampled_from(Fact)
gaps = st.builds(Gap, texts, texts, st.none() | st.integers(0, 1 << 40), st.none() | facts)
told = st.builds(FactValue, st.sampled_from([None, False, True]), texts, instants)
looks = st.builds(
    Look,
    texts,
    instants,
    instants,
    instants,
    st.lists(gaps, max_size=3).map(tuple),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 1 << 40),
    digests,
    st.integers(0, 1 << 62),
)
records = st.builds(
    LookChanges,
    looks,
    st.lists(candidate, max_size=6).map(tuple),
    st.lists(texts, max_size=4).map(tuple),
    st.lists(texts, max_size=4).map(tuple),
    st.lists(st.builds(Described, texts, facts, told), max_size=4).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
    st.integers(0, 1 << 40),
    st.lists(st.builds(Stretch, st.sampled_from(ExportedState), instants, instants, st.booleans()), max_size=3).map(
        tuple
    ),
    st.lists(
        st.builds(ReportedTest, texts, st.sampled_from(["passed", "failed"]), instants, instants, st.integers(0, 9)),
        max_size=2,
    ).map(tuple),
    st.none()
    | st.builds(
        Inventory,
        instants,
        st.none() | instants,
        st.none() | st.lists(texts, max_size=3).map(tuple),
        st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    ),
)
openings = st.lists(
    st.builds(Opening, instants, st.none() | instants, texts, st.booleans(), st.booleans()), max_size=3
).map(tuple)
measured = st.none() | st.fixed_dictionaries(
    {"value": st.integers(-(1 << 62), 1 << 62) | st.sampled_from(["99.95", "0"]), "unit": st.sampled_from(["s", "%"])}
)
found = st.builds(
    RecordedVerdict, ids, ids, ids, st.none() | st.sampled_from(["met", "breached", "unknown"]), texts, st.booleans(),
    st.booleans(), measured, openings, openings,
)  # fmt: skip
numbers = st.integers(1, 1 << 40)
maybe = st.none() | instants
drills = st.builds(
    Drill, texts, ids, instants, st.sampled_from(Origin), st.lists(texts, max_size=2).map(tuple),
    st.builds(DrillPoint, texts, texts, texts, maybe, maybe), texts, st.none() | st.sampled_from(Ending), maybe,
    st.builds(DrillClocks, maybe, maybe, maybe, maybe, maybe), maybe,
    st.lists(st.builds(DrillPhase, texts, instants, instants), max_size=2).map(tuple),
    st.none() | st.sampled_from(Rung), st.lists(st.builds(DrillCheck, texts, ids, texts), max_size=2).map(tuple),
    st.booleans(), *[texts] * 9,
)  # fmt: skip
every_kind = st.one_of(
    st.builds(
        RunBegan, ids, instants, st.builds(Window, instants, instants), texts.filter(lambda one: one.isprintable()),
        texts, st.integers(0, 1 << 22), st.integers(0, 1 << 30), st.booleans(), ids | st.just(""),
        ids | st.just(""), *[st.lists(ids, max_size=2).map(tuple)] * 2,
    ),
    st.builds(PolicyText, digests.filter(bool), texts),
    st.builds(PoliciesJudged, ids, st.lists(st.builds(JudgedPolicy, ids, texts, st.integers(1, 1 << 40)), max_size=3).map(tuple)),
    st.builds(SourceNamed, ids, texts),
    st.builds(Looked, numbers, st.sampled_from(Standing), records),
    st.builds(Lines, numbers, st.integers(0, 1 << 62), digests, st.binary(max_size=600)),
    st.builds(Verdicts, ids, st.lists(found, max_size=3).map(tuple)),
    st.builds(
        RunEnded, ids, st.sampled_from(["finished", "interrupted", "abandoned"]), instants,
        st.none() | st.integers(0, 255),
    ),
    st.builds(Published, ids, instants),
    st.builds(
        Notification, ids, ids, instants, st.sampled_from(Sending),
        st.lists(
            st.builds(
                Event, st.sampled_from(Transition), st.builds(ConditionSubject, st.sampled_from(Case), ids | st.just(""), texts),
                instants, st.none() | instants, texts, st.booleans(),
            ),
            max_size=3,
        ).map(tuple),
        st.integers(0, 1 << 20), texts,
    ),
    st.builds(Retired, ids, instants, texts),
    st.builds(DrillTold, instants, drills),
    st.builds(DrillAnnounced, st.builds(Announced, texts, ids, instants, instants, texts, texts, texts)),
)  # fmt: skip


@given(every_kind)
def test_an_entry_of_every_kind_comes_back_as_it_was(entry):
    assert decode(encode(entry)) == entry


@pytest.mark.parametrize(
    "entry", [RunBegan("run", 0, Window(0, 0), "", "", 0), Notification("ops", "", 0, Sending.HELD)]
)
def test_what_happened_at_the_epoch_comes_back(entry):
    """Zero is left out when it is written, as every empty value is."""
    assert decode(encode(entry)) == entry


@given(every_kind)
def test_the_same_entry_always_becomes_the_same_bytes(entry):
    assert encode(decode(encode(entry))) == encode(entry)


@given(every_kind)
def test_kind_and_subject_are_read_without_the_rest(entry):
    data = encode(entry)
    assert (encoding.kind(data), encoding.about(data)) == (entry.KIND, entry.about)
    for other in (
        RunBegan,
        PolicyText,
        PoliciesJudged,
        SourceNamed,
        Looked,
        Lines,
        Verdicts,
        RunEnded,
        Notification,
        Retired,
        DrillTold,
        DrillAnnounced,
    ):
        assert encoding.is_of(data, other.KIND) == (other.KIND == entry.KIND)


@given(every_kind, st.data())
def test_damage_is_noticed_or_the_log_notices_it(entry, data):
    """The leaf hash notices what the encoding does not; nothing but Damaged is ever raised for either."""
    kept = encode(entry)
    where = data.draw(st.integers(0, len(kept) - 1))
    with pytest.raises(Damaged):
        decode(kept[:where])
    flipped = bytearray(kept)
    flipped[where] ^= 1 << data.draw(st.integers(0, 7))
    for read in (decode, encoding.kind, encoding.about):
        with suppress(Damaged):
            read(bytes(flipped))


@given(st.binary(max_size=40))
def test_bytes_that_are_no_entry_are_damaged(data):
    with pytest.raises(Damaged):
        decode(data)


@pytest.mark.parametrize(
    "value",
    [
        ["sermon", "run", {}],
        ["run began", "run"],
        ["run began", "run", {}, {}],
        ["run began", "run", []],
        ["run began", 7, 7],
        ["look", 7, {"standing": "log"}],
        ["drill", "web", {"id": "a"}],
        ["drill", "web", {"id": "a", "origin": "hearsay"}],
        ["drill", "web", {"id": "a", "origin": "run", "outcome": "good"}],
        ["drill", "web", {"id": "a", "origin": "run", "point": ["dumps"]}],
        ["look", "1", {"standing": "hearsay"}],
        ["look", "1", {"standing": 1}],
        ["look", "1", {"standing": "log", "facts": [["a", "colour", 2, "", 0]]}],
        ["look", "1", {"standing": "log", "facts": [["a", "lock", 9, "", 0]]}],
        ["look", "1", {"standing": "log", "candidates": {"rows": 2, "name": ["a", "b"], "size": [1]}}],
        ["look", "dumps", {"standing": "log"}],
        ["look", "1", {"standing": "log", "candidates": {"rows": 1, "name": "a", "data": "soon"}}],
        ["policies judged", "run", {"service": ["a"], "file": [], "text": []}],
        ["verdicts", "run", {"found": [["web", "rpo", {"breaches": [[1]]}]]}],
        ["verdicts", "run", {"found": [["web", "rpo"]]}],
        ["source", "web\ndumps", 7],
        ["run ended", "run", {}],
        [["run began"], "run", {}],
        {"kind": "run began"},
        "run began",
        None,
    ],
)
def test_a_value_that_is_no_entry_is_damaged(value):
    with pytest.raises(Damaged):
        decode(cbor2.dumps(value))


def test_a_compressed_part_must_end_where_it_ends():
    body = zlib.compress(cbor2.dumps({"at": 7}))
    assert decode(cbor2.dumps(["retirement", "wiki", body])) == Retired("wiki", 7, "")
    for wrong in (body[:-1], body + b"\x00", b"", body[:2]):
        with pytest.raises(Damaged):
            decode(cbor2.dumps(["retirement", "wiki", wrong]))


def test_what_a_later_version_adds_to_a_kind_is_not_in_the_way():
    later = cbor2.dumps(["retirement", "wiki", {"at": 7, "reason": "closed", "approved_by": "Ada"}])
    assert decode(later) == Retired("wiki", 7, "closed")


def hourly(hours, checksum=""):
    return tuple(
        Candidate(f"orders/{hour:05}.gz", "orders", "", *[1795228200 + hour * 3600] * 4, 10**9, checksum, complete=True)
        for hour in range(hours)
    )


def size(record):
    return len(encode(Looked(1, Standing.STORAGE, record)))


MET = Look("dumps", 1795228200, 1795228202, calls=3)


def test_an_hourly_month_takes_few_bytes():
    assert size(LookChanges(MET, hourly(720))) < 720 * 5


def test_a_look_that_changed_nothing_takes_few_bytes():
    assert size(LookChanges(MET, unread=7)) < 80


def test_facts_that_every_backup_has_take_few_bytes():
    described = tuple(
        Described(f"orders/{hour:05}.gz", Fact.STORAGE_ENCRYPTION, FactValue(True, "AES256")) for hour in range(720)
    )
    assert size(LookChanges(MET, described=described)) < 720 * 5


@given(st.lists(candidate, max_size=8))
def test_candidates_come_back_out_of_their_columns(rows):
    table = candidates(rows)
    assert list(read_candidates(table)) == rows
    assert all(column not in (0, "", b"", []) for column in table.values())


def test_a_column_shorter_than_the_others_is_damaged():
    table = dict(candidates(hourly(3)))
    with pytest.raises(Damaged, match="its column size has 2 rows of 3"):
        list(read_candidates(table | {"size": [1, 2]}))


def test_the_verdicts_of_many_services_take_few_bytes():
    several = tuple(
        RecordedVerdict(f"service-{n}", "rpo", "rpo", "met", f"the newest backup of service-{n} is 55 min old")
        for n in range(50)
    )
    assert len(encode(Verdicts("run", several))) < 50 * 20


def test_of_a_verdict_nothing_is_so_that_was_not_written():
    assert RecordedVerdict.read("shop", "rpo", {}) == RecordedVerdict("shop", "rpo", "", None, "")
