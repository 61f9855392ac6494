"""Rules of lint about copies: fates that are shared, places that nobody stated, locks longer than what they lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from drcheck.core.places import Different, Place, Where
from drcheck.core.policy import NEVER
from drcheck.core.promises import Commitment, Copies, Immutability, Integrity
from drcheck.core.words import duration, several
from drcheck.policyfile import shorthand
from drcheck.policyfile.remarks import Context, Level, Remark


class Fates(Context):
    """The rules about where copies lie and how long they are locked."""

    def copies(self, commitment: Copies) -> Iterator[Remark]:
        """Warn of copies that cannot be told apart, cannot be enough, or are lost together."""
        yield from self.untold(commitment)
        yield from self.too_few(commitment)
        yield from self.one_place(commitment)
        if commitment.different is Different.SITE:
            yield from self.shared_fate(commitment)
        for source in self.points(commitment):
            if commitment.all_in is not None and commitment.all_in.fits(self.policy.place(source.site)) is False:
                yield self.remark(
                    "copies-elsewhere",
                    ("commitments", commitment.id, "all_in"),
                    f"{source.site}, where {source.name} lies, is none of these places, so that every backup there "
                    "breaches it (leave the source out, or correct its site)",
                )

    def untold(self, commitment: Copies) -> Iterator[Remark]:
        """Warn of sources whose site does not state what the commitment asks of it."""
        for key, properties in _asked(commitment):
            for source in self.points(commitment):
                place = self.policy.place(source.site)
                untold = [what for what in properties if not _stated(place, what)]
                if not untold:
                    continue
                right = (
                    f"state {several(untold)} at its site {source.site}" if source.site else "say at which site it lies"
                )
                yield self.remark(
                    "place-untold",
                    ("commitments", commitment.id, key),
                    f"{several(untold)} cannot be told of source {source.name} ({right})",
                )

    def too_few(self, commitment: Copies) -> Iterator[Remark]:
        """Warn where fewer copies can exist than are asked: one source never holds two copies of one backup."""
        if commitment.at_least is None:
            return
        for of in dict.fromkeys(of for source in self.points(commitment) for of in source.of):
            holders = [source for source in self.points(commitment) if of in source.of]
            possible = _distinct(commitment, [self.policy.place(source.site) for source in holders])
            if possible >= commitment.at_least:
                continue
            what = "1 copy" if possible == 1 else f"{possible} copies"
            apart = "" if commitment.different is None else f", a different {commitment.different} each"
            yield self.remark(
                "copies-too-few",
                ("commitments", commitment.id, "at_least"),
                f"{commitment.at_least} are never met: {several([source.name for source in holders])} can give {of} "
                f"{what} to count{apart} (add a source elsewhere)",
            )

    def one_place(self, commitment: Copies) -> Iterator[Remark]:
        """Tell of sources at one site that count as two copies, where the commitment asks for no difference."""
        if (commitment.at_least or 0) <= 1 or commitment.different is not None:
            return
        at_site: dict[str, list[str]] = {}
        for source in self.points(commitment):
            if source.site and not _left_out(commitment, self.policy.place(source.site)):
                at_site.setdefault(source.site, []).append(source.name)
        for site, names in at_site.items():
            if len(names) > 1:
                yield self.remark(
                    "copies-at-one-site",
                    ("commitments", commitment.id, "at_least"),
                    f"{several(names)} count as copies of their own, though all lie at {site} (different: site counts "
                    "each site once)",
                    Level.NOTE,
                )

    def shared_fate(self, commitment: Copies) -> Iterator[Remark]:
        """Warn of sites that count as different although one event takes both."""
        sites = dict.fromkeys(source.site for source in self.points(commitment) if source.site)
        places = [self.policy.place(site) for site in sites]
        for one, other in combinations([place for place in places if not _left_out(commitment, place)], 2):
            if one.site in other.sites or other.site in one.sites:
                continue  # they count as one
            together = one.sites & other.sites
            if together:
                fate = f"are lost together with {several(sorted(together))}"
            elif one.account and one.account == other.account:
                fate = f"are both of account {one.account}: who can delete in one can delete in the other"
            else:
                continue
            yield self.remark(
                "shared-fate",
                ("commitments", commitment.id, "different"),
                f"{one.site} and {other.site} count as two sites, but {fate} (add a copy elsewhere)",
            )

    def immutability(self, commitment: Immutability) -> Iterator[Remark]:
        """Warn of locks that outlast what the source is said to keep."""
        for source in self.points(commitment):
            kept = source.thinned_after
            if kept is not None and kept != NEVER and kept < commitment.at_least:
                yield self.remark(
                    "lock-outlasts-source",
                    ("commitments", commitment.id, "at_least"),
                    f"{source.name} may be pruned after {duration(kept)}, which nothing that is locked for "
                    f"{duration(commitment.at_least)} can be (correct its thinned_after, or keep backups longer)",
                )

    def shorthands(self) -> Iterator[Remark]:
        """Tell what each rule stands for."""
        by_id = {commitment.id: commitment for commitment in self.policy.commitments}
        for name, _, commitment in self.root.fields("commitments").mappings():
            if "rule" not in commitment.entries:
                continue
            told = "; ".join(f"{part}: {_in_words(by_id[part])}" for part in shorthand.parts(name))
            yield self.remark(
                "shorthand", ("commitments", name, "rule"), f"beside the live data it asks for {told}", Level.NOTE
            )


def _asked(commitment: Copies) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each key that asks about places, with the properties it asks about."""
    for key, where in (
        ("counted_outside", commitment.counted_outside),
        ("counted_in", commitment.counted_in),
        ("all_in", commitment.all_in),
    ):
        if where is not None:
            yield key, [what for what in ("site", "region", "provider", "account", "area") if getattr(where, what)]
    if commitment.different is not None:
        yield "different", [commitment.different.value]


def _stated(place: Place, what: str) -> bool:
    return bool(getattr(place, what))


def _left_out(commitment: Copies, place: Place) -> bool:
    """Return whether copies at ``place`` surely do not count."""

    def fits(where: Where | None, *, unasked: bool) -> bool | None:
        return unasked if where is None else where.fits(place)

    return fits(commitment.counted_outside, unasked=False) is True or fits(commitment.counted_in, unasked=True) is False


def _distinct(commitment: Copies, places: Sequence[Place]) -> int:
    """Return the most copies that can lie at ``places``; one whose property is not stated may be another one."""
    counting = [place for place in places if not _left_out(commitment, place)]
    if commitment.different is None:
        return len(counting)
    stated = [place.of(commitment.different) for place in counting]
    if commitment.different is Different.SITE:
        # A site that another one is part of is no other place than that one.
        holding = {site for place in counting for site in place.sites - {place.site}}
        stated = [site for site in stated if site not in holding]
    return len({one for one in stated if one}) + stated.count("")


def _in_words(commitment: Commitment) -> str:
    match commitment:
        case Copies(counted_outside=Where() as outside):
            return f"1 copy outside of {several(sorted(outside.site))}"
        case Copies(different=Different() as different, at_least=int(count)):
            return f"{count} copies on different {different}"
        case Copies(at_least=int(count)):
            return f"{count} copies"
        case Immutability():
            return (
                f"backups locked for {duration(commitment.at_least)}, as told by {several(list(commitment.evidence))}"
            )
        case Integrity(every=int(every)):
            checked = several(list(commitment.evidence))
            return f"backups {commitment.level.name.lower()} every {duration(every)}, as told by {checked}"
        case _:
            raise AssertionError(f"the rule asks for {commitment.kind}, which has no words yet")
