"""What a schema cannot say of drills: what they refer to, and that it can be restored."""

from __future__ import annotations

from collections.abc import Iterator

from drcheck.core.model.readers import Tells
from drcheck.core.names.marker_names import marker_fault
from drcheck.core.words import several
from drcheck.policyfile.check_faults import reference_to
from drcheck.policyfile.yaml_nodes import MappingNode, Problem
from drcheck.registry import READERS


def check(root: MappingNode) -> Iterator[Problem]:
    """Yield everything wrong with the drills of a policy that its schema does not find."""
    sources = root.fields("sources")
    for name, mark, drill in root.fields("drills").mappings():
        at = f"drills.{name}"
        scenarios = root.fields("scenarios").entries
        yield from reference_to("scenario", drill.scalar("scenario"), scenarios, f"{at}.scenario")
        sets: set[str] = set()
        for scalar in drill.scalars("from"):
            yield from reference_to("source", scalar, sources.entries, f"{at}.from")
            source = sources.fields(scalar.text)
            reader = READERS.get(source.text("reader"))
            if reader is not None and Tells.POINTS not in reader.yields:
                yield Problem(scalar.mark, f"{at}.from: {scalar.text} is a log (name a source of recovery points)")
            elif scalar.text in sources.entries:
                its = {each.text for each in source.scalars("of")} or {root.text("service")}
                sets = its if not sets else sets & its
        of = drill.scalar("of")
        if of is not None and sets and of.text not in sets:
            yield Problem(of.mark, f"{at}.of: not each of its sources holds {of.text} (name {several(sorted(sets))})")
        if of is None and len(sets) > 1:
            yield Problem(mark, f"{at}: its sources hold {several(sorted(sets))} (say with `of` which it restores)")
        manifest = drill.scalar("manifest")
        if manifest is not None and (wrong := marker_fault(manifest.text)):
            yield Problem(manifest.mark, f"{at}.manifest: {wrong} (write {{name}}.counts)")
