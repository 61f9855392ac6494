"""encryption: every candidate that holds data, whether it counts or not."""

from __future__ import annotations

import pytest
from points import START, Point, at, daily, part, subject

from drcheck.core.evaluation.inputs import Terms
from drcheck.core.kinds import encryption
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Window

LOOKS = daily(6, after=2)
WINDOW = Window(START, at(24 * 5 + 2))
YES, NO, UNTOLD = (
    FactValue(True, "AES256"),
    FactValue(False),
    FactValue(None, "HeadObject was refused: s3:GetObject is missing"),
)


def stored(told, *later):
    return {Fact.STORAGE_ENCRYPTION: [(2, told), *later]}


def both(storage, client):
    return {fact: [(2, told)] for fact, told in _facts(storage, client) if told is not None}


def _facts(storage, client):
    return ((Fact.STORAGE_ENCRYPTION, storage), (Fact.CLIENT_ENCRYPTION, client))


def judge(*parts, by=By.STORAGE, terms=None, window=WINDOW):
    commitment = Encryption("encrypted", tuple(one.points.source for one in parts), by=by)
    return encryption.evaluate(commitment, subject(*parts), terms or Terms(), window)


def one(point, **more):
    return judge(part("offsite", [point], LOOKS), **more)


def test_every_backup_encrypted_is_met_from_the_first_complete_look_on():
    finding = one(Point(1, 1.5, told=stored(YES)))
    assert finding.status is Status.MET
    assert finding.reason == "every backup of orders, 1 in all, is encrypted by the storage (AES256)"
    assert finding.pieces[0].status is Status.UNKNOWN  # nobody had looked
    assert finding.pieces[0].end == at(2)
    assert (finding.measured.value, finding.objective.value, finding.measured.unit) == (1, 1, "points")


def test_one_that_is_not_breaches_from_its_arrival_while_it_stands():
    finding = judge(part("offsite", [Point(1, 1.5, told=stored(YES)), Point(25, 26, gone=80, told=stored(NO))], LOOKS))
    assert finding.status is Status.MET
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(26), at(80))
    assert breach.reason == "1 of 2 backups of orders is not encrypted by the storage: offsite-1 at offsite"


def test_offenders_are_cited_first_and_the_number_cited_is_bounded():
    points = [Point(hour, hour + 0.1, told=stored(NO if hour > 50 else YES)) for hour in range(60)]
    finding = judge(part("offsite", points, LOOKS))
    assert finding.reason.startswith(
        "9 of 60 backups of orders are not encrypted by the storage: offsite-59 at offsite"
    )
    told = ["not encrypted"] * 9 + ["encrypted (AES256)"] * 51
    assert [cited.told for cited in finding.evidence] == told
    many = judge(part("offsite", [Point(n / 5, n / 5 + 0.1, told=stored(YES)) for n in range(300)], LOOKS))
    assert len(many.evidence) == 100
    assert many.notes == ("200 more of orders, all older, are not listed",)


@pytest.mark.parametrize(
    ("by", "storage", "client", "status"),
    [
        (By.STORAGE, YES, NO, Status.MET),
        (By.STORAGE, NO, YES, Status.BREACHED),
        (By.CLIENT, YES, NO, Status.BREACHED),
        (By.CLIENT, NO, YES, Status.MET),
        (By.EITHER, NO, YES, Status.MET),
        (By.EITHER, YES, UNTOLD, Status.MET),
        (By.EITHER, YES, None, Status.MET),
        (By.EITHER, NO, NO, Status.BREACHED),
        (By.EITHER, NO, UNTOLD, Status.UNKNOWN),
        (By.EITHER, NO, None, Status.UNKNOWN),
        (By.EITHER, None, None, Status.UNKNOWN),
    ],
)
def test_who_encrypts(by, storage, client, status):
    assert one(Point(1, 1.5, told=both(storage, client)), by=by).status is status


def test_could_not_look_is_unknown_with_the_reason():
    finding = one(Point(1, 1.5, told=stored(UNTOLD)))
    assert finding.status is Status.UNKNOWN
    assert "HeadObject was refused" in finding.reason


def test_never_asked_is_unknown_and_says_why_the_newest_look_could_not_ask():
    assert "nobody has asked yet" in one(Point(1, 1.5)).reason
    unasked = {Fact.STORAGE_ENCRYPTION: "the account may not read settings"}
    finding = judge(part("offsite", [Point(1, 1.5)], LOOKS, unasked=unasked))
    assert finding.status is Status.UNKNOWN
    assert "the account may not read settings" in finding.reason


def test_what_does_not_count_must_be_encrypted_too():
    stub = Point(25, 26, why_not="it is not complete", told=stored(NO))
    finding = judge(part("offsite", [Point(1, 1.5, told=stored(YES)), stub], LOOKS))
    assert finding.status is Status.BREACHED
    assert finding.evidence[0].why_not == "it is not complete"


def test_an_empty_object_holds_no_data():
    empty = Point(25, 26, size=0, why_not="it is too small", told=stored(NO))
    assert judge(part("offsite", [Point(1, 1.5, told=stored(YES)), empty], LOOKS)).status is Status.MET


def test_a_later_answer_holds_from_its_look_on():
    finding = one(Point(1, 1.5, told=stored(NO, (50, YES))))
    (breach,) = finding.openings(Status.BREACHED)
    assert (breach.opened_at, breach.closed_at) == (at(1.5), at(50))


def test_met_needs_a_complete_look_everywhere():
    seen = part("offsite", [Point(1, 1.5, told=stored(YES))], LOOKS)
    finding = judge(seen, part("vault", [], gap="access denied"))
    assert finding.status is Status.UNKNOWN
    assert "vault could not be seen: access denied" in finding.reason


def test_a_breach_needs_none():
    finding = judge(part("offsite", [Point(1, 1.5, told=stored(NO))]))
    assert finding.status is Status.BREACHED


def test_over_nothing_nothing_is_promised():
    finding = judge(part("offsite", [], LOOKS))
    assert finding.status is Status.UNKNOWN
    assert "there is nothing of orders that could be encrypted" in finding.reason


def test_whether_it_still_stands_is_judged_both_ways():
    finding = one(Point(1, 1.5, gone=(50, 98), told=stored(NO)))
    assert [piece.status for piece in finding.pieces] == [Status.UNKNOWN, Status.BREACHED, Status.UNKNOWN]
    assert "looking more often" in finding.pieces[2].reason


def test_nothing_is_owed_before_the_agreement():
    finding = one(Point(1, 1.5, told=stored(NO)), terms=Terms(effective=at(24)))
    assert (finding.pieces[0].status, finding.pieces[0].end) == (None, at(24))
    assert finding.status is Status.BREACHED


def test_an_empty_object_hides_none_of_those_after_it():
    empty = Point(1, 2, size=0, why_not="it is too small", told=stored(YES))
    assert judge(part("offsite", [empty, Point(25, 26, told=stored(NO))], LOOKS)).status is Status.BREACHED
