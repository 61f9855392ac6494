"""Random cases of the promises about copies, encryption and locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace

from drcheck.core.evaluation.inputs import Subject, Terms
from drcheck.core.kinds import encryption, immutability
from drcheck.core.kinds.copies import evaluate as copies
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import By, Encryption
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.model.commitments import LockMode
from drcheck.core.model.evidence import FOREVER, Fact, FactValue, Look
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.sites import Place as Site
from drcheck.core.model.slots import Per
from drcheck.core.model.verdict import Finding, Window

from . import calendar, worlds
from . import copies as copies_oracle
from . import every as every_oracle
from .allowed import Allowed, seconds_to_try
from .cases import COARSE, SPAN, ZONES, PlacesCase, bounds, windows, wordings
from .worlds import DAY, HOUR, Place, Scale

FEW = Scale(6 * HOUR, 20)
MOST_WORLDS = 64
"""More than this take too long to try, and say nothing that fewer do not."""


class CopiesCase(PlacesCase, frozen=True, dict=True):
    commitment: Copies

    def subject(self) -> Subject:
        return worlds.subject(self.places)

    def judge(self, on: Subject | None = None) -> Finding:
        return copies.evaluate(self.commitment, on or self.subject(), self.terms, self.window)

    @cached_property
    def slots(self) -> list[calendar.Stretch]:
        return calendar.slots(self.commitment.per, self.terms.zone, *SPAN)

    @cached_property
    def worlds(self) -> list[copies_oracle.World]:
        edges = [edge for slot in self.slots for edge in slot]
        return copies_oracle.worlds(self.commitment, self.places, self.terms, edges)

    @cached_property
    def unseen(self) -> copies_oracle.Unseen:
        return copies_oracle.Unseen(self.places)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        dues = {slot.end + self.commitment.within for slot in self.slots}
        return seconds_to_try(finding, self.window, self.marks() | dues)

    def allowed(self, second: int) -> Allowed:
        return copies_oracle.allowed(self.commitment, self.worlds, self.unseen, self.terms, SPAN, second)

    def looser(self) -> CopiesCase:
        at_least = self.commitment.at_least
        return replace(
            self, commitment=replace(self.commitment, at_least=None if at_least is None else max(1, at_least - 1))
        )


SITES = {
    "here": Site("here", frozenset({"here"}), "own", "stockholm", "europe", "main"),
    "there": Site("there", frozenset({"there"}), "azure", "northeurope", "europe", "main"),
    "room": Site("room", frozenset({"room", "here"}), "own", "stockholm", "europe", "main"),
    "vague": Site("vague", frozenset({"vague"})),
}
OWN = Where(provider=frozenset({"own"}))
AZURE = Where(provider=frozenset({"azure"}))


def watched(draw: st.DrawFn, place: Place, scale: Scale) -> Place:
    """Return ``place``, mostly with complete looks all along, so that absence is proved."""
    if draw(st.integers(0, 2)) == 0:
        return place
    step = draw(st.sampled_from((DAY // 2, DAY)))
    looks = tuple(Look(place.source, at, at + 5) for at in range(worlds.BASE - 2 * DAY, scale.end + 2 * DAY, step))
    return replace(place, looks=looks, shown_by_gaps=frozenset())


def judged(draw: st.DrawFn, scale: Scale) -> Window:
    """Draw a window, mostly one that reaches beyond everything that happens."""
    if draw(st.integers(0, 3)) == 0:
        return windows(draw, scale)
    return Window(worlds.BASE + draw(st.sampled_from((0, DAY))), scale.end + draw(st.sampled_from((0, 2 * DAY))))


def around(draw: st.DrawFn, scale: Scale) -> Terms:
    """Draw when something is owed, mostly all along."""
    if draw(st.integers(0, 2)):
        return Terms()
    return Terms(effective=draw(st.none() | scale.instants()), binds=draw(wordings(scale)))


@st.composite
def copies_cases(draw: st.DrawFn, *, certain: bool = False) -> CopiesCase:
    names = ("dumps", "offsite", "vault")[: draw(st.sampled_from((1, 2, 2, 2, 3)))]
    at_least = draw(st.sampled_from((1, 2, 2, 2, 3)))
    what = draw(st.sampled_from(("enough", "enough", "enough", "enough", "all", "both")))
    commitment = Copies(
        "copies",
        names,
        at_least=None if what == "all" else at_least,
        different=draw(st.sampled_from((None, Different.SITE, Different.PROVIDER))),
        counted_outside=draw(st.sampled_from((None, None, OWN, AZURE))),
        counted_in=draw(st.sampled_from((None, None, None, AZURE))),
        all_in=None if what == "enough" else draw(st.sampled_from((OWN, AZURE))),
        within=draw(st.sampled_from((HOUR, 6 * HOUR, DAY)) | FEW.durations(6)),
        per=draw(st.sampled_from((Per.DAY, Per.DAY, Per.WEEK))),
        matching=draw(st.sampled_from((0, 600, 2 * HOUR))),
    )
    most = {1: 3, 2: 2, 3: 2}[len(names)]
    site = st.sampled_from(
        ("here", "there", "room") if certain else ("here", "there", "here", "there", "room", "vague")
    )
    places = [draw(worlds.places(name, FEW, most=most, certain_data=certain)) for name in names]
    original = places[0].truths
    for number, place in enumerate(places):
        placed = replace(place, site=draw(site))
        if number and original and draw(st.integers(0, 3)):
            placed = _copied(draw, placed, original)
        if certain:
            placed = replace(
                placed, truths=tuple(replace(one, arrival_doubt=(0, 0), data_doubt=(0, 0)) for one in placed.truths)
            )
        places[number] = watched(draw, placed, FEW)
    terms = replace(
        around(draw, FEW),
        zone=draw(st.sampled_from(ZONES[:3])),
        places={place.source: SITES[place.site] for place in places},
    )
    case = CopiesCase(tuple(places), terms, judged(draw, FEW), commitment)
    assume(len(case.worlds) <= MOST_WORLDS)
    return case


def _copied(draw: st.DrawFn, place: Place, original: Sequence[worlds.Truth]) -> Place:
    """Return ``place`` with copies of the backups that were made elsewhere."""
    truths = tuple(
        replace(
            truth,
            name=f"{place.source}-{number}",
            data=(data := truth.data + draw(st.sampled_from((0, 0, 0, 300, -HOUR)))),
            arrived=max(data, truth.arrived) + draw(st.sampled_from((0, 60, HOUR, DAY, 2 * DAY))),
            gone=FOREVER,
            counts=True,
            size=draw(st.sampled_from((1000, 1000, 500, 499))),
            checksum=draw(st.sampled_from(("", "", "x", "y"))),
            data_doubt=(0, 0),
        )
        for number, truth in enumerate(original)
    )
    return replace(place, truths=truths, shown_by_gaps=frozenset())


class FactsCase(PlacesCase, frozen=True):
    """A case that is judged on what was told of each backup."""

    answers: Mapping[tuple[str, Fact], Sequence[tuple[int, FactValue]]]

    def subject(self) -> Subject:
        parts = []
        for place in self.places:
            part = place.part()
            facts = {
                (row, fact): self.answers[name, fact]
                for row, name in enumerate(part.points.name)
                for fact in Fact
                if (name, fact) in self.answers
            }
            parts.append(replace(part, points=replace(part.points, facts=facts)))
        return Subject("orders", tuple(parts))

    def marks(self) -> set[int]:
        told = {at for steps in self.answers.values() for look, one in steps for at in (look, one.until)}
        return super().marks() | bounds(self.terms) | told


class EncryptionCase(FactsCase, frozen=True):
    commitment: Encryption

    def judge(self, on: Subject | None = None) -> Finding:
        return encryption.evaluate(self.commitment, on or self.subject(), self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        return seconds_to_try(finding, self.window, self.marks())

    def allowed(self, second: int) -> Allowed:
        return every_oracle.allowed_encryption(self.commitment, self.places, self.answers, self.terms, second)

    def looser(self) -> EncryptionCase:
        return replace(self, commitment=replace(self.commitment, by=By.EITHER))


class ImmutabilityCase(FactsCase, frozen=True):
    commitment: Immutability

    def judge(self, on: Subject | None = None) -> Finding:
        return immutability.evaluate(self.commitment, on or self.subject(), self.terms, self.window)

    def seconds(self, finding: Finding | None = None) -> list[int]:
        offsets = [self.commitment.at_least, self.commitment.at_least + every_oracle.LATE]
        return seconds_to_try(finding, self.window, self.marks(), offsets)

    def allowed(self, second: int) -> Allowed:
        return every_oracle.allowed_immutability(self.commitment, self.places, self.answers, self.terms, second)

    def looser(self) -> ImmutabilityCase:
        return replace(self, commitment=replace(self.commitment, mode=LockMode.ANY))


def _answers(
    draw: st.DrawFn, places: Sequence[Place], told: Mapping[Fact, st.SearchStrategy[FactValue]]
) -> dict[tuple[str, Fact], tuple[tuple[int, FactValue], ...]]:
    answers = {}
    for place in places:
        for seen in place.seen:
            for fact, one in told.items():
                if draw(st.integers(0, 19)) == 0:
                    continue  # never asked
                first = seen.available[1]
                steps = [(first, draw(one))]
                if draw(st.integers(0, 3)) == 0:
                    steps.append((first + draw(COARSE.durations(6)), draw(one)))
                answers[seen.truth.name, fact] = tuple(steps)
    return answers


@st.composite
def encryption_cases(draw: st.DrawFn) -> EncryptionCase:
    names = ("dumps", "offsite")[: draw(st.integers(1, 2))]
    places = tuple(watched(draw, draw(worlds.places(name, COARSE, most=3)), COARSE) for name in names)
    yes, no, untold = FactValue(True, "AES256"), FactValue(False), FactValue(None, "access denied")
    holds = st.sampled_from(draw(st.sampled_from(((yes,), (yes, yes, yes, no), (no, no, yes), (yes, no, untold)))))
    answers = _answers(draw, places, {Fact.STORAGE_ENCRYPTION: holds, Fact.CLIENT_ENCRYPTION: holds})
    terms = around(draw, COARSE)
    commitment = Encryption("encrypted", names, by=draw(st.sampled_from(By)))
    return EncryptionCase(places, terms, judged(draw, COARSE), answers, commitment)


@st.composite
def immutability_cases(draw: st.DrawFn) -> ImmutabilityCase:
    names = ("dumps", "offsite")[: draw(st.integers(1, 2))]
    places = tuple(watched(draw, draw(worlds.places(name, COARSE, most=3)), COARSE) for name in names)
    at_least = draw(COARSE.durations(12))
    long = FactValue(True, "compliance", COARSE.end + 40 * DAY)
    locks = (
        st.just(long)
        if draw(st.integers(0, 2)) == 0
        else st.one_of(
            st.just(long),
            st.just(long),
            st.just(long._replace(how="governance")),
            st.sampled_from(
                (FactValue(True, "unlocked", COARSE.end + 40 * DAY), FactValue(False), FactValue(None, "access denied"))
            ),
            st.builds(
                lambda until, how: FactValue(True, how, until),
                COARSE.instants(),
                st.sampled_from(("compliance", "governance")),
            ),
        )
    )
    holds = st.sampled_from((FactValue(False), FactValue(False), FactValue(True), FactValue(None, "access denied")))
    answers = _answers(draw, places, {Fact.LOCK: locks, Fact.LEGAL_HOLD: holds})
    terms = around(draw, COARSE)
    commitment = Immutability("locked", names, at_least=at_least, mode=draw(st.sampled_from(LockMode)))
    return ImmutabilityCase(places, terms, judged(draw, COARSE), answers, commitment)


FactCase = EncryptionCase | ImmutabilityCase
PointCase = CopiesCase | EncryptionCase | ImmutabilityCase
