"""What an examination comes to, of values alone: who is told what, once, and how much it matters."""

from __future__ import annotations

import pytest

from drcheck import registry
from drcheck.app.diagnosis import (
    AccountAnswer,
    Diagnosis,
    Examination,
    ExaminationNote,
    Level,
    RehearsedLook,
    Sort,
    Topic,
    of_ledger,
)
from drcheck.collectors.memory import MemoryConnection
from drcheck.core.model.evidence import Gap, Look, Unaccounted
from drcheck.core.model.policy import Source
from drcheck.interfaces import Account, Power, Right
from drcheck.ledger.interface import Footing
from drcheck.settings import Settings

NOW = 1_800_000_000
DAY = 86400
FIRM = Footing("", 10 << 20, 1 << 40, locks=True)


def seen(
    path: str, *gaps: Gap, matched: int = 3, names: int = 3, offset: float | None = None, **other: object
) -> RehearsedLook:
    source = Source(path, "store", path, registry.READERS["objects"], ("a",), templates=("{data_as_of:%F}",))
    look = Look(path, NOW, NOW, gaps=gaps, clock_offset=offset, calls=2, names=names, matched=matched, **other)
    return RehearsedLook("shop", source, look)


def told(
    root: str, *rights: Right, gap: Gap | None = None, content: bool = False, expires: int | None = None
) -> AccountAnswer:
    return AccountAnswer("store", root, None if gap else Account(rights, expires), gap, content)


def topics(seen: list[RehearsedLook], told: list[AccountAnswer]) -> dict[str, Topic]:
    settings = Settings("drcheck.yaml", connections={"store": MemoryConnection("store")})
    examination = Examination(settings, ("store",), NOW, tuple(told), {}, tuple(seen), ())
    return {topic.name: topic for topic in examination.topics()}


def said(topic: Topic, level: Level) -> list[str]:
    return [remark.what for remark in topic.remarks if remark.level is level]


READS = Right(Power.READ, True, "so it says", "Take it.")


def test_content_that_one_prefix_of_a_bucket_needs_is_too_much_for_no_other_of_it():
    seen_ = [seen("b/db/"), seen("b/drills/"), seen("c/db/")]
    all_read = [told("b/db/", READS), told("b/drills/", READS, content=True), told("c/db/", READS)]
    assert said(topics(seen_, all_read)["store"], Level.ATTENTION) == [
        "it may read content at c/db/, which no policy needs: so it says"
    ]


def test_what_cannot_be_told_is_a_note_and_what_is_not_held_is_said_in_short():
    rights = (Right(Power.WRITE, None, "nobody knows"), Right(Power.COMMANDS, False, "none runs"))
    topic = topics([seen("b/")], [told("b/", *rights)])["store"]
    assert said(topic, Level.NOTE) == ["whether it may write or delete cannot be told: nobody knows"]
    assert said(topic, Level.GOOD) == ["reached; it may not run any command"]
    assert topic.level is Level.NOTE


def test_whoever_may_do_everything_is_not_also_said_to_write():
    rights = (Right(Power.SUPERUSER, True, "root"), Right(Power.WRITE, True, "it may"))
    assert said(topics([seen("b/")], [told("b/", *rights)])["store"], Level.ATTENTION) == [
        "it may pass over all permissions: root"
    ]


def test_an_account_that_cannot_be_asked_fails_no_connection_whose_sources_were_seen():
    topic = topics([seen("b/")], [told("b/", gap=Gap("it took too long", "Wait."))])["store"]
    assert topic.level is Level.NOTE
    assert said(topic, Level.NOTE) == ["what its account may do cannot be asked: it took too long"]


@pytest.mark.parametrize(("days", "level"), [(30, Level.NOTE), (13, Level.ATTENTION), (-1, Level.ATTENTION)])
def test_a_credential_that_soon_ends_needs_somebody(days: int, level: Level):
    topic = topics([seen("b/")], [told("b/", expires=NOW + days * DAY)])["store"]
    assert any(what.startswith("its credential ends 20") for what in said(topic, level))


def test_what_hides_all_of_a_connection_is_said_of_it_and_not_of_each_source():
    down, own = Gap("it is down", "Start it."), Gap("b/x is gone", "Look.")
    both = topics([seen("a/", down), seen("b/", down, own)], [])
    assert said(both["store"], Level.FAILED) == ["it is down"]
    assert said(both["shop: a/"], Level.FAILED) == ["not seen, as nothing of store was"]
    assert "b/x is gone" in said(both["shop: b/"], Level.FAILED)
    alone = topics([seen("a/", down)], [])  # it could not even be opened
    assert said(alone["store"], Level.FAILED) == ["it is down"]
    one = topics([seen("a/", down), seen("b/")], [])
    assert (one["store"].level, said(one["shop: a/"], Level.FAILED)) == (Level.GOOD, ["it is down"])


def test_a_connection_none_of_whose_sources_was_seen_is_not_said_to_be_well():
    alone = topics([seen("a/", Gap("it may not list", "Let it."))], [told("a/")])
    assert said(alone["store"], Level.FAILED) == ["nothing of it could be seen: its sources say why"]
    assert said(alone["shop: a/"], Level.FAILED) == ["it may not list"]


def test_a_clock_that_is_off_is_said_of_the_connection_and_hides_no_fit():
    from drcheck.readers.look_clock import clock_gap

    off = seen("a/", clock_gap("store", -1200.0, 300), offset=-1200.0)
    both = topics([off], [told("a/")])
    assert said(both["store"], Level.ATTENTION) == ["the clock of store is 1200 s behind ours; 300 s are tolerated"]
    assert both["shop: a/"].level is Level.GOOD


def test_names_newer_than_every_backup_are_told():
    topic = topics([seen("a/", names=4, unaccounted=(Unaccounted("new.gz", NOW, newer=True),))], [])["shop: a/"]
    assert said(topic, Level.ATTENTION) == ["newer than every backup there, and read by no template: new.gz"]


@pytest.mark.parametrize(
    ("footing", "level"),
    [
        (FIRM, Level.GOOD),
        (FIRM._replace(locks=None), Level.NOTE),
        (FIRM._replace(free=1000), Level.ATTENTION),
        (FIRM._replace(size=1 << 41), Level.ATTENTION),
        (FIRM._replace(locks=False), Level.FAILED),
        (FIRM._replace(unwritable="it is not"), Level.FAILED),
    ],
)
def test_a_ledger_is_as_good_as_what_it_stands_on(footing: Footing, level: Level):
    assert of_ledger("ledger.db", footing, 5, None).level is level


@pytest.mark.parametrize(
    ("level", "status"), [(Level.GOOD, 0), (Level.NOTE, 0), (Level.ATTENTION, 1), (Level.FAILED, 3)]
)
def test_the_gravest_remark_decides_the_exit_status(level: Level, status: int):
    remarks = (ExaminationNote(Level.GOOD, "a"), ExaminationNote(level, "b"))
    diagnosis = Diagnosis((Topic(Sort.SOURCE, "a", remarks), Topic(Sort.LEDGER, "b", ())), 1.0)
    assert (diagnosis.level, diagnosis.exit_status) == (level, status)
