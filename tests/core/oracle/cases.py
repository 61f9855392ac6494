"""Random cases of each kind: a commitment, a small world, the window; judged by the evaluator and by the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Records, Terms
from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds import restore_test, rpo, rto
from drcheck.core.kinds.backup_frequency import evaluate as backup_frequency
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.retention import evaluate as retention
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Notice, Outside, Rung
from drcheck.core.model.evidence import ALWAYS, FOREVER, LONG_AGO, Look
from drcheck.core.model.log_records import Log
from drcheck.core.model.policy import NEVER, BusinessCalendar
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window
from drcheck.core.time.spans import Span

from . import calendar, logs, thawing, worlds
from . import frequency as frequency_oracle
from . import restore_test as restore_test_oracle
from . import retention as retention_oracle
from . import rpo as rpo_oracle
from . import rto as rto_oracle
from .allowed import UNKNOWN, Allowed, assert_whole, seconds_to_try, status_at
from .worlds import BASE, DAY, HOUR, Place, Scale

COARSE = Scale(3 * HOUR, 32)
COARSER = Scale(6 * HOUR, 24)
FINE = Scale(1800, 24)
LATE_DELETION = 2 * DAY
ZONES = tuple(ZoneInfo(name) for name in ("UTC", "Europe/Stockholm", "America/New_York", "Asia/Beirut"))
SCHEDULES = ("0 3 * * *", "30 2 * * *", "0 */6 * * *", "15,45 1-4 * * *", "0 0 * * 6,0", "30 */3 * * 1,6,7")
CALENDARS = (
    BusinessCalendar(),
    BusinessCalendar(opens=9 * HOUR, closes=17 * HOUR),
    BusinessCalendar(weekdays=frozenset({0, 5, 6}), opens=0, closes=12 * HOUR + 1800, also=frozenset({(3, 30)})),
)
SPAN = (BASE - 7 * DAY, BASE + 14 * DAY)
"""Wide enough for every case, so that the slow calendar is walked through once."""


def check(case: Case) -> None:
    """Check every second that could matter of the evaluator's answer against what the oracle allows."""
    finding = case.judge()
    assert_whole(finding, case.window)
    for second in case.seconds(finding):
        status, allowed = status_at(finding, second), case.allowed(second)
        assert status in allowed, (second, status, allowed)


def windows(draw: st.DrawFn, scale: Scale) -> Window:
    start = draw(scale.instants())
    return Window(start, start + draw(scale.durations(scale.count) | scale.durations(scale.count) | st.just(1)))


def bounds(terms: Terms) -> set[int]:
    """Return the instants from which and until which something is owed."""
    return {at for at in (terms.effective, *terms.binds) if at is not None} - {LONG_AGO, FOREVER}


def wordings(scale: Scale) -> st.SearchStrategy[Span]:
    """What a wording of the commitment binds: mostly everything, else from or until some instant."""
    return st.one_of(
        st.just(ALWAYS),
        st.just(ALWAYS),
        scale.instants().map(lambda at: Span(at, FOREVER)),
        scale.instants().map(lambda at: Span(LONG_AGO, at)),
    )


class PlacesCase(Struct, frozen=True):
    """A case that is judged on recovery points."""

    places: tuple[Place, ...]
    terms: Terms
    window: Window

    def marks(self) -> set[int]:
        return set[int]().union(*(place.marks() for place in self.places)) | bounds(self.terms)


class RpoCase(PlacesCase, frozen=True):
    commitment: Rpo

    @property
    def survivors(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.site not in self.terms.lost_sites)

    def judge(self) -> Finding:
        return rpo.evaluate(self.commitment, worlds.subject(self.survivors), self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        return seconds_to_try(finding, self.window, self.marks(), [self.commitment.at_most])

    def allowed(self, second: int) -> Allowed:
        return rpo_oracle.allowed(self.commitment, self.survivors, self.terms, second)

    def truth(self, second: int) -> frozenset[Status]:
        met = rpo_oracle.truly_met(self.commitment, self.survivors, second)
        return frozenset({Status.MET if met else Status.BREACHED})

    def looser(self) -> RpoCase:
        return replace(self, commitment=replace(self.commitment, at_most=self.commitment.at_most * 3 // 2))


@st.composite
def rpo_cases(draw: st.DrawFn, *, fleeting: bool = False) -> RpoCase:
    names = ("dumps", "offsite")[: draw(st.integers(1, 2))]
    places = tuple(
        draw(worlds.places(name, COARSE, most=6 if fleeting else 4, sites=sites, fleeting=fleeting))
        for name, sites in zip(names, (("here",), ("here", "there")), strict=False)
    )
    terms = Terms(
        effective=draw(st.none() | COARSE.instants()),
        binds=draw(wordings(COARSE)),
        lost_sites=frozenset({"there"}) if draw(st.booleans()) else frozenset(),
        site_of={place.source: place.site for place in places},
    )
    commitment = Rpo("rpo", names, at_most=draw(COARSE.durations(4 if fleeting else 10)))
    return RpoCase(places, terms, windows(draw, COARSE), commitment)


class FrequencyCase(PlacesCase, frozen=True):
    commitment: Frequency

    @property
    def objective(self) -> int:
        assert self.commitment.every is not None
        return self.commitment.every + self.terms.grace

    def judge(self) -> Finding:
        return backup_frequency.evaluate(self.commitment, worlds.subject(self.places), self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        marks = self.marks()
        if self.commitment.every is not None:
            return seconds_to_try(finding, self.window, marks, [self.objective])
        for slot in frequency_oracle.slots(self.commitment, self.terms, *SPAN):
            marks |= {slot.start, slot.end, slot.due}
        return seconds_to_try(finding, self.window, marks)

    def allowed(self, second: int) -> Allowed:
        if self.commitment.every is not None:
            return frequency_oracle.allowed_every(self.objective, self.places, self.terms, second)
        return frequency_oracle.allowed_slot(self.commitment, self.places, self.terms, SPAN, second)

    def truth(self, second: int) -> frozenset[Status]:
        if self.commitment.every is not None:
            met = frequency_oracle.truly_met_every(self.objective, self.places, second)
            return frozenset({Status.MET if met else Status.BREACHED})
        slot = frequency_oracle.deciding_slot(self.commitment, self.terms, SPAN, second)
        return frequency_oracle.truly_allowed_slot(self.commitment, self.places, self.terms, slot, second)

    def looser(self) -> FrequencyCase:
        if self.commitment.every is not None:
            return replace(self, commitment=replace(self.commitment, every=self.commitment.every * 3 // 2))
        return replace(self, commitment=replace(self.commitment, at_least=max(1, self.commitment.at_least - 1)))


@st.composite
def frequency_cases(draw: st.DrawFn, *, every: bool | None = None, copies: bool = False) -> FrequencyCase:
    kinds = ("per", "schedule") if copies else ("every", "per", "schedule")
    kind = draw(st.sampled_from(kinds)) if every is None else "every" if every else "per"
    per = draw(st.sampled_from((Per.HOUR, Per.DAY, Per.DAY, Per.WEEK))) if kind == "per" else None
    scale = FINE if per is Per.HOUR else COARSE
    names = ("dumps", "offsite", "vault")[: draw(st.integers(2, 3)) if copies else draw(st.integers(1, 2))]
    commitment = Frequency(
        "often",
        names,
        every=draw(scale.durations(8)) if kind == "every" else None,
        at_least=draw(st.integers(2, 3)) if copies else 1,
        per=per,
        schedule=draw(st.sampled_from(SCHEDULES)) if kind == "schedule" else "",
        grace=draw(st.sampled_from((None, 0, 1, HOUR, 6 * HOUR, 30 * HOUR))),
    )
    places = tuple(draw(worlds.places(name, scale, most=3 if copies else 4)) for name in names)
    if copies:
        made = draw(st.lists(scale.instants(), min_size=1, max_size=2))
        places = tuple(replace(place, truths=_near(draw, place, made, scale)) for place in places)
    terms = Terms(
        zone=draw(st.sampled_from(ZONES)),
        effective=draw(st.none() | scale.instants()),
        grace=HOUR if commitment.grace is None else commitment.grace,
        binds=draw(wordings(scale)),
    )
    return FrequencyCase(places, terms, windows(draw, scale), commitment)


def _near(draw: st.DrawFn, place: Place, made: Sequence[int], scale: Scale) -> tuple[worlds.Truth, ...]:
    """Draw what a place holds of the instants ``made``: copies, what lies near them, and one instant more than once.

    Some of it comes late, and some goes again; each keeps what is uncertain about one that the place has already.
    """
    like = place.truths or (worlds.Truth("", 0, 0),)
    truths = []
    for number in range(draw(st.integers(0, 3))):
        known = draw(st.sampled_from(like))
        data = draw(st.sampled_from(made)) + draw(st.sampled_from((0, 0, 0, -300, 300, 480, 600, 601, 780)))
        arrived = data + draw(st.sampled_from((0, 1, 60, 60, 600)) | scale.durations(12))
        stays = place.thinned_after == NEVER or draw(st.booleans())
        truths.append(
            replace(
                known,
                name=f"{place.source}-{number}",
                data=data,
                arrived=arrived,
                gone=FOREVER if stays else arrived + (place.thinned_after or 0) + draw(scale.durations(8)),
                counts=draw(st.integers(0, 9)) > 0,
                size=draw(st.sampled_from((1000, 1000, 1000, 500, 499))),
                checksum=draw(st.sampled_from(("", "", "", "x", "y"))),
            )
        )
    return tuple(truths)


class RetentionCase(PlacesCase, frozen=True):
    commitment: Retention
    made: tuple[Place, ...] = ()
    """Where else backups are made, and not kept by this commitment."""

    def judge(self) -> Finding:
        return retention.evaluate(self.commitment, worlds.subject(self.places), self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        marks = self.marks()
        marks |= set[int]().union(*(place.marks() for place in self.made))
        for per in {self.commitment.per, *self.commitment.tiers}:
            for slot in calendar.slots(per, self.terms.zone, *SPAN):
                marks |= {slot.start, slot.end, slot.end + self.terms.grace, slot.start + (self.commitment.keep or 0)}
        offsets = []
        if self.commitment.at_most is not None:
            late = LATE_DELETION if self.commitment.grace is None else self.commitment.grace
            offsets = [self.commitment.at_most + late]
        return seconds_to_try(finding, self.window, marks, offsets)[:: 2 if self.commitment.tiers else 1]

    def allowed(self, second: int) -> Allowed:
        return retention_oracle.allowed(self.commitment, self.places, self.made, self.terms, SPAN, second)

    def truth(self, second: int) -> frozenset[Status]:
        return retention_oracle.truly_allowed(self.commitment, self.places, self.made, self.terms, SPAN, second)

    def looser(self) -> RetentionCase:
        keep, at_most = self.commitment.keep, self.commitment.at_most
        looser = replace(
            self.commitment,
            keep=None if keep is None else max(1, keep * 2 // 3),
            at_most=None if at_most is None else at_most * 3 // 2,
        )
        return replace(self, commitment=looser)


def _retention_case(draw: st.DrawFn, commitment: Retention, most: int) -> RetentionCase:
    names = ("dumps", "offsite")[: draw(st.integers(1, 2))]
    made = (draw(worlds.places("elsewhere", COARSER, most=2)),) if draw(st.integers(0, 3)) == 0 else ()
    terms = Terms(
        zone=draw(st.sampled_from(ZONES[:3])),
        effective=draw(st.none() | COARSER.instants()),
        grace=HOUR if commitment.grace is None else commitment.grace,
        binds=draw(wordings(COARSER)),
        covered=bool(made) or draw(st.booleans()),
        made=tuple(place.part() for place in made),
    )
    places = tuple(draw(worlds.places(name, COARSER, most=most)) for name in names)
    return RetentionCase(places, terms, windows(draw, COARSER), replace(commitment, evidence=names), made)


@st.composite
def kept_cases(draw: st.DrawFn) -> RetentionCase:
    keep = draw(st.none() | COARSER.durations(16))
    commitment = Retention(
        "kept",
        (),
        keep=keep,
        per=draw(st.sampled_from((Per.DAY, Per.DAY, Per.HOUR))) if keep is not None and keep < 2 * DAY else Per.DAY,
        at_most=draw(COARSER.durations(12)) if keep is None else draw(st.none() | COARSER.durations(12)),
        grace=draw(st.sampled_from((None, 0, 1, 6 * HOUR))),
    )
    return _retention_case(draw, commitment, 3)


@st.composite
def tier_cases(draw: st.DrawFn) -> RetentionCase:
    tiers = draw(st.dictionaries(st.sampled_from((Per.DAY, Per.WEEK)), st.integers(1, 3), min_size=1))
    case = _retention_case(draw, Retention("kept", (), tiers=tiers), 2)
    return _every_day(draw, case) if draw(st.booleans()) else case


def _every_day(draw: st.DrawFn, case: RetentionCase) -> RetentionCase:
    """Return ``case`` with a backup on nearly every day since the agreement took effect, the oldest pruned in turn."""
    kept, place = draw(st.integers(1, 4)), case.places[0]
    stays = place.thinned_after == NEVER
    truths = tuple(
        worlds.Truth(
            f"{place.source}-{day}",
            data := BASE + day * DAY + draw(st.sampled_from((0, 1, 6 * HOUR, 20 * HOUR))),
            arrived := data + draw(st.sampled_from((0, 60, 5 * HOUR))),
            FOREVER if stays else max(arrived + 1, data + kept * DAY + draw(COARSER.durations(4)) - 12 * HOUR),
            arrival_doubt=draw(st.sampled_from(((0, 0), (0, 0), (0, HOUR)))),
        )
        for day in range(draw(st.integers(2, 4)))
        if draw(st.integers(0, 7))
    )
    apart = draw(st.sampled_from((DAY // 2, DAY, 2 * DAY)))
    begins = range(BASE + draw(st.sampled_from((-24, 0, 12, 36, 60))) * HOUR, COARSER.end, apart)
    looks = tuple(Look(place.source, begin, begin + 5) for begin in begins)
    regular = replace(place, truths=truths, looks=looks if draw(st.booleans()) else place.looks)
    effective = draw(st.sampled_from((None, BASE, BASE, BASE - HOUR, BASE + DAY)))
    return replace(case, places=(regular,), terms=replace(case.terms, effective=effective))


class LogCase(Struct, frozen=True):
    """A case that is judged on what logs tell."""

    records: Records
    terms: Terms
    window: Window

    def marks(self) -> set[int]:
        return logs.marks(self.records) | bounds(self.terms)


class RtoCase(LogCase, frozen=True):
    commitment: Rto
    copies: tuple[thawing.Copy, ...] = ()

    def marks(self) -> set[int]:
        found = super().marks()
        for copy in self.copies:
            found |= {*copy.arrived, *copy.gone, *(look for look, _ in copy.tiers)}
        return found - {FOREVER}

    def judge(self) -> Finding:
        surviving = [thawing.subject(self.copies)]
        return rto.evaluate(self.commitment, surviving, self.records, self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        offsets = [self.commitment.at_most, self.commitment.proven_within]
        return seconds_to_try(finding, self.window, self.marks(), offsets)

    def allowed(self, second: int) -> Allowed:
        allowed = rto_oracle.allowed(self.commitment, self.records, self.terms, second)
        lost = bool(self.terms.lost_sites)
        if thawing.may_only_be_thawed(self.copies, self.commitment.at_most, lost, second):
            allowed = allowed - {Status.MET} | (UNKNOWN if Status.MET in allowed else frozenset())
        return allowed

    def looser(self) -> RtoCase:
        return replace(self, commitment=replace(self.commitment, at_most=self.commitment.at_most * 3 // 2))


@st.composite
def rto_cases(draw: st.DrawFn, *, outages: bool) -> RtoCase:
    commitment = Rto(
        "rto",
        ("drills",),
        scenario=logs.SCENARIO,
        at_most=draw(COARSE.durations(6)),
        counts_from=draw(st.sampled_from(CountsFrom)),
        until=draw(st.sampled_from(Until)),
        not_counted=draw(st.sampled_from((frozenset(), frozenset({"dns"}), frozenset({"dns", "copy"})))),
        proven_within=draw(COARSE.durations(40)),
    )
    terms = Terms(
        effective=draw(st.none() | COARSE.instants()),
        binds=draw(wordings(COARSE)),
        lost_sites=draw(st.sampled_from((frozenset({"here"}), frozenset[str]()))),
        site_of=logs.SITE_OF,
    )
    return RtoCase(
        draw(logs.records(COARSE, outages=outages, announced=False)),
        terms,
        windows(draw, COARSE),
        commitment,
    )


@st.composite
def thaw_cases(draw: st.DrawFn) -> RtoCase:
    """A recovery that was proven before anything else, or lapses on the way, beside copies in tiers."""
    proof = logs.proof(BASE - DAY)
    terms = Terms(
        lost_sites=draw(st.sampled_from((frozenset({"here"}), frozenset({"here"}), frozenset[str]()))),
        site_of=logs.SITE_OF,
    )
    commitment = Rto(
        "rto",
        ("drills",),
        scenario=logs.SCENARIO,
        at_most=draw(st.sampled_from((4, 5, 11, 12, 14, 15))) * HOUR,
        proven_within=draw(st.just(365 * DAY) | COARSE.durations(40)),
    )
    return RtoCase(
        Records({"drills": Log((proof,), known_until=FOREVER)}),
        terms,
        windows(draw, COARSE),
        commitment,
        draw(thawing.copies(COARSE)),
    )


class RestoreTestCase(LogCase, frozen=True):
    commitment: RestoreTest

    def judge(self) -> Finding:
        return restore_test.evaluate(self.commitment, self.records, self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        return seconds_to_try(finding, self.window, self.marks(), [self.commitment.every or 0])

    def allowed(self, second: int) -> Allowed:
        return restore_test_oracle.allowed(self.commitment, self.records, self.terms, second)

    def looser(self) -> RestoreTestCase:
        every = self.commitment.every
        return replace(self, commitment=replace(self.commitment, every=None if every is None else every * 3 // 2))


@st.composite
def restore_test_cases(draw: st.DrawFn, *, often: bool) -> RestoreTestCase:
    scale = Scale(6 * HOUR, 32)
    # Short ones: else hardly any test would be announced in time, and nothing could be met.
    notices = st.builds(Notice, seconds=scale.durations(2)) | st.builds(Notice, business_days=st.just(1))
    notice = None if often else draw(st.none() | notices)
    bounds: Iterable[Outside] = Outside
    commitment = RestoreTest(
        "tested",
        ("drills",),
        scenario=logs.SCENARIO,
        every=draw(scale.durations(12)) if often else draw(st.none() | scale.durations(12)),
        notice=notice,
        outside=None
        if often
        else draw(st.sampled_from([*bounds] if notice is None else [None, None, None, None, *bounds])),
        validation=draw(st.sampled_from((Rung.COMPLETE, Rung.RESTORED, Rung.VALIDATED))),
    )
    terms = Terms(
        zone=draw(st.sampled_from(ZONES[:3])),
        effective=draw(st.none() | scale.instants()),
        binds=draw(wordings(scale)) if often else ALWAYS,
        business=draw(st.sampled_from(CALENDARS)),
        lost_sites=draw(st.sampled_from((frozenset({"here"}), frozenset[str]()))),
        site_of=logs.SITE_OF,
    )
    records = draw(logs.records(scale, outages=False, announced=notice is not None))
    return RestoreTestCase(records, terms, windows(draw, scale), commitment)


Case = RpoCase | FrequencyCase | RetentionCase | RtoCase | RestoreTestCase
