"""What rules of lint share: remarks, and a policy with the places of everything in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import NamedTuple

from drcheck.core.model.commitments import Commitment, Notice
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.words import several
from drcheck.policyfile import scalar_formats, shorthand
from drcheck.policyfile.yaml_nodes import MappingNode, Mark, one_line, place
from drcheck.settings import Connection, standing


class Level(StrEnum):
    """How much a remark weighs."""

    WARNING = "warning"
    NOTE = "note"


class Remark(NamedTuple):
    """Something that a policy's author should know, at its place."""

    mark: Mark
    level: Level
    rule: str
    """Its short name, for scripts."""
    text: str

    def __str__(self) -> str:
        return one_line(f"{self.mark}: {self.level}: {self.text}")


class Context:
    """One policy, with what the rules share."""

    def __init__(self, policy: Policy, root: MappingNode, as_of: int) -> None:
        """Take a faultless policy; plans are followed through the year after ``as_of``."""
        self.policy = policy
        self.root = root
        self.as_of = as_of
        self.zone = scalar_formats.zone(self.policy.timezone)
        self._wholes = {
            part: name
            for name, _, commitment in self.root.fields("commitments").mappings()
            if "rule" in commitment.entries
            for part in shorthand.parts(name, commitment.text("rule"))
        }

    def survivors(self, commitment: Commitment) -> Iterator[Remark]:
        """Warn of a scenario that no source survives."""
        sources = self.points(commitment)
        if not commitment.scenario or not sources:
            return
        if not any(self.survives(source, commitment.scenario) for source in sources):
            nowhere = [source.name for source in sources if not source.site]
            hint = (
                f"say at which site {several(nowhere)} lies" if nowhere else "add a source at a site that is not lost"
            )
            yield self.remark(
                "no-survivor",
                ("commitments", commitment.id, "scenario"),
                f"none of its evidence survives {commitment.scenario}, so that it is never met ({hint})",
            )

    def beside(self, commitment: Commitment) -> Iterator[Remark]:
        """Warn of attestations beside evidence that can be seen: they decide nothing there."""
        attested = {name for name in commitment.evidence if self.policy.sources[name].tells(Tells.ATTESTATIONS)}
        if attested and len(attested) < len(commitment.evidence):
            yield self.remark(
                "attested-beside",
                ("commitments", commitment.id, "evidence"),
                f"what {several(sorted(attested))} attests decides nothing beside what can be seen "
                "(give it a commitment of its own)",
            )

    def too_little_standing(
        self, commitment: Commitment, connections: Mapping[str, Connection] | None
    ) -> Iterator[Remark]:
        """Warn of sources that never have the standing asked; without ``connections`` the clouds' is taken to be it."""
        if (least := commitment.min_standing) is None:
            return
        sources = [self.policy.sources[name] for name in commitment.evidence]
        for source in sources:
            has = standing(source, (connections or {}).get(source.connection))
            if has < least:
                yield self.remark(
                    "too-little-standing",
                    ("commitments", commitment.id, "min_standing"),
                    f"{source.name} has the standing {has.name.lower()} and never {least.name.lower()}, so that it "
                    f"proves nothing here (name a source with more, or say {has.name.lower()})",
                )

    def business_days(self, commitment: str, notices: Iterable[tuple[str, Notice | None]]) -> Iterator[Remark]:
        """Tell which days are business for the notices at keys of a commitment, where the policy names none."""
        if self.root.value("business_calendar") is not None:
            return
        for key, notice in notices:
            if notice is not None and notice.business_days:
                yield self.remark(
                    "business-days",
                    ("commitments", commitment, key),
                    "business days are Monday to Friday, public holidays among them: there is no business_calendar",
                    Level.NOTE,
                )
                return

    def remark(self, rule: str, path: Sequence[str], text: str, level: Level = Level.WARNING) -> Remark:
        """Return a remark at ``path``; about a part of a shorthand it stands at the whole's rule."""
        where = path
        if path[0] == "commitments" and path[1] in self._wholes:
            where = ("commitments", self._wholes[path[1]], "rule")
        mark, _ = place(self.root, where)
        return Remark(mark, level, rule, f"{'.'.join(path)}: {text}")

    def zone_of(self, commitment: Commitment) -> tzinfo:
        """Return the zone of a commitment's slots."""
        return scalar_formats.zone(commitment.zone) if commitment.zone else self.zone

    def points(self, commitment: Commitment) -> list[Source]:
        """Return the sources of recovery points that a commitment rests on."""
        sources = [self.policy.sources[name] for name in commitment.evidence]
        return [source for source in sources if source.tells(Tells.POINTS)]

    def survives(self, source: Source, scenario: str) -> bool:
        """Return whether what lies at ``source`` surely survives."""
        lost = self.policy.lost_sites(scenario)
        return not lost or (bool(source.site) and source.site not in lost)

    def populations(self, commitment: Commitment) -> list[tuple[str, list[Source]]]:
        """Return data sets with the sources that hold them and survive; those held by the same ones together."""
        holders: dict[str, list[Source]] = {}
        for source in self.points(commitment):
            if self.survives(source, commitment.scenario):
                for of in source.of:
                    holders.setdefault(of, []).append(source)
        together: dict[tuple[str, ...], list[str]] = {}
        for of, sources in holders.items():
            together.setdefault(tuple(source.name for source in sources), []).append(of)
        return [(several(sets), holders[sets[0]]) for sets in together.values()]
