"""``copies`` in policies: its keys, places, rules as 3-2-1, and fates that are shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.model.sites import Different, Place, Where
from drcheck.core.words import several
from drcheck.policyfile import shorthand
from drcheck.policyfile.check_commitments import evidence, slots
from drcheck.policyfile.check_faults import excluded, one_of, one_or_more, reference_to
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.lint_context import Context, Level, Remark
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import Problem


def _where(keys: Any) -> Where:
    return Where(**{what: frozenset((names,) if isinstance(names, str) else names) for what, names in keys.items()})


def _check(written: Written) -> Iterator[Problem]:
    yield from slots(written, ("within", "matching"), per="day")
    yield from _rule(written) if "rule" in written.commitment.entries else _copies(written)


def _copies(written: Written) -> Iterator[Problem]:
    root, commitment, at = written.root, written.commitment, written.at
    yield from one_of(commitment, written.key, at, ("at_least", "all_in", "rule"))
    for needs in ("different", "counted_outside", "counted_in"):
        if needs in commitment.entries and "at_least" not in commitment.entries:
            yield Problem(commitment.entries[needs].key, f"{at}.{needs}: nothing is counted (add at_least)")
    for needs in shorthand.KEYS:
        if needs in commitment.entries:
            yield Problem(
                commitment.entries[needs].key, f"{at}.{needs}: it belongs to a rule (add rule: {shorthand.LONGEST})"
            )
    if "different" in commitment.entries and commitment.text("at_least") == "1":
        yield Problem(
            commitment.entries["different"].key, f"{at}.different: one copy differs from nothing (at_least: 2)"
        )
    for choice in ("counted_outside", "counted_in", "all_in"):
        for scalar in one_or_more(commitment.fields(choice).value("site")):
            yield from reference_to("site", scalar, root.fields("sites").entries, f"{at}.{choice}.site")


def _rule(written: Written) -> Iterator[Problem]:
    """Yield what is wrong with a shorthand."""
    root, commitment, at = written.root, written.commitment, written.at
    key = commitment.entries["rule"].key
    for surplus in shorthand.EXCLUDED:
        if surplus in commitment.entries:
            yield excluded(commitment, at, "rule", surplus)
    if not root.scalars("runs_at"):
        yield Problem(
            key, f"{at}.rule: nothing tells what is offsite (say with runs_at where the service itself lives)"
        )
    rule = commitment.text("rule")
    longest = rule == shorthand.LONGEST
    for surplus in () if longest else shorthand.KEYS:
        if surplus in commitment.entries:
            yield Problem(
                commitment.entries[surplus].key,
                f"{at}.{surplus}: it belongs to the longer rule (leave {surplus} out, or write rule: "
                f"{shorthand.LONGEST})",
            )
    if longest and "immutable" not in commitment.entries:
        yield Problem(key, f"{at}.rule: no copy is said to be immutable (name its sources with immutable)")
    yield from evidence(root, commitment, "immutable", "immutability", at)
    yield from evidence(root, commitment.fields("checked"), "evidence", "integrity", f"{at}.checked")
    taken = root.fields("commitments").entries
    for part in shorthand.parts(written.name, rule):
        if part in taken:
            yield Problem(taken[part].key, f"commitments.{part}: {at} has a part of that name (rename one of them)")


def _lint(context: Context, commitment: Copies) -> Iterator[Remark]:
    """Warn of copies that cannot be told apart, cannot be enough, or are lost together."""
    yield from _untold(context, commitment)
    yield from _too_few(context, commitment)
    yield from _one_place(context, commitment)
    if commitment.different is Different.SITE:
        yield from _shared_fate(context, commitment)
    for source in context.points(commitment):
        if commitment.all_in is not None and commitment.all_in.fits(context.policy.place(source.site)) is False:
            yield context.remark(
                "copies-elsewhere",
                ("commitments", commitment.id, "all_in"),
                f"{source.site}, where {source.name} lies, is none of these places, so that every backup there "
                "breaches it (leave the source out, or correct its site)",
            )


def _untold(context: Context, commitment: Copies) -> Iterator[Remark]:
    """Warn of sources whose site does not state what the commitment asks of it."""
    for key, properties in _place_keys(commitment):
        for source in context.points(commitment):
            place = context.policy.place(source.site)
            untold = [what for what in properties if not _stated(place, what)]
            if not untold:
                continue
            right = f"state {several(untold)} at its site {source.site}" if source.site else "say at which site it lies"
            yield context.remark(
                "place-untold",
                ("commitments", commitment.id, key),
                f"{several(untold)} cannot be told of source {source.name} ({right})",
            )


def _too_few(context: Context, commitment: Copies) -> Iterator[Remark]:
    """Warn where fewer copies can exist than are asked: one source never holds two copies of one backup."""
    if commitment.at_least is None:
        return
    for of in dict.fromkeys(of for source in context.points(commitment) for of in source.of):
        holders = [source for source in context.points(commitment) if of in source.of]
        possible = _distinct(commitment, [context.policy.place(source.site) for source in holders])
        if possible >= commitment.at_least:
            continue
        what = "1 copy" if possible == 1 else f"{possible} copies"
        apart = "" if commitment.different is None else f", a different {commitment.different} each"
        yield context.remark(
            "copies-too-few",
            ("commitments", commitment.id, "at_least"),
            f"{commitment.at_least} are never met: {several([source.name for source in holders])} can give {of} "
            f"{what} to count{apart} (add a source elsewhere)",
        )


def _one_place(context: Context, commitment: Copies) -> Iterator[Remark]:
    """Tell of sources at one site that count as two copies, where the commitment asks for no difference."""
    if (commitment.at_least or 0) <= 1 or commitment.different is not None:
        return
    at_site: dict[str, list[str]] = {}
    for source in context.points(commitment):
        if source.site and not _left_out(commitment, context.policy.place(source.site)):
            at_site.setdefault(source.site, []).append(source.name)
    for site, names in at_site.items():
        if len(names) > 1:
            yield context.remark(
                "copies-at-one-site",
                ("commitments", commitment.id, "at_least"),
                f"{several(names)} count as copies of their own, though all lie at {site} (different: site counts "
                "each site once)",
                Level.NOTE,
            )


def _shared_fate(context: Context, commitment: Copies) -> Iterator[Remark]:
    """Warn of sites that count as different although one event takes both."""
    sites = dict.fromkeys(source.site for source in context.points(commitment) if source.site)
    places = [context.policy.place(site) for site in sites]
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
        yield context.remark(
            "shared-fate",
            ("commitments", commitment.id, "different"),
            f"{one.site} and {other.site} count as two sites, but {fate} (add a copy elsewhere)",
        )


def _place_keys(commitment: Copies) -> Iterator[tuple[str, Sequence[str]]]:
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


LANGUAGE: Final = Language(
    Copies,
    description=(
        "Each slot has a recovery point with enough complete copies, far enough apart, in time; "
        "every copy lies where it must. At least one of `at_least` and `all_in`, or the shorthand "
        "`rule`."
    ),
    required=[],
    keys={
        "rule": {
            "type": "string",
            "enum": ["3-2-1", "3-2-1-1-0"],
            "description": (
                "Instead of `at_least` and the keys about places: three copies (the live data is the "
                "first of them), on two media, one outside the sites of `runs_at`; with `3-2-1-1-0` also "
                "one immutable or offline, and zero errors when checked. It is judged as three "
                "commitments, NAME-3, NAME-2 and NAME-1-offsite, or as five, with NAME-1-immutable and "
                "NAME-0; a waiver may name one of them or the whole."
            ),
            "examples": ["3-2-1"],
        },
        "immutable": {
            "type": "array",
            "description": (
                "With `rule: 3-2-1-1-0`: the sources whose backups must be immutable, or attestations "
                "that tell of an offline copy."
            ),
            "examples": [["dumps-offsite"]],
            "minItems": 1,
            "uniqueItems": True,
            "items": of_type("text", "A source.", "dumps-offsite"),
        },
        "locked": of_type(
            "duration", "With `rule: 3-2-1-1-0`: how long they must be locked. Default: 14d.", "14d", default="14d"
        ),
        "checked": {
            "type": "object",
            "description": (
                "With `rule: 3-2-1-1-0`: how backups are checked for errors. Default: checksummed every "
                "30d, told by the evidence of the whole."
            ),
            "examples": [{"level": "restored", "every": "90d", "evidence": ["drills"]}],
            "additionalProperties": False,
            "properties": {
                "level": of_type(
                    "rung",
                    "The rung of the ladder that the check must reach. Default: checksummed.",
                    "checksummed",
                    default="checksummed",
                ),
                "every": of_type("duration", "How often. Default: 30d.", "30d", default="30d"),
                "evidence": of_type(
                    "evidence", "The sources that tell of it. Default: those of the whole.", ["dumps", "drills"]
                ),
            },
        },
        "at_least": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "description": "How many copies.",
            "examples": [2],
        },
        "different": {
            "type": "string",
            "enum": ["site", "region", "provider", "account", "media"],
            "description": "In what the copies must differ to count as several.",
            "examples": ["region"],
        },
        "counted_outside": of_type("where", "Only copies outside these places count.", {"site": "sto"}),
        "counted_in": of_type("where", "Only copies in these places count.", {"provider": "azure"}),
        "all_in": of_type("where", "Every copy must lie in these places.", {"area": ["europe"]}),
        "within": of_type(
            "duration",
            "How soon after the instant of its data a copy must have arrived. Default: 24h.",
            "24h",
            default="24h",
        ),
        "per": of_type("per", "The calendar slot. Default: day.", "day", default="day"),
        "matching": of_type(
            "tolerance",
            "Backups of different sources whose data lies this close are copies of one. Default: 10m.",
            "10m",
            default="10m",
        ),
    },
    check=_check,
    lint=_lint,
    values={"different": Different, "counted_outside": _where, "counted_in": _where, "all_in": _where},
)
