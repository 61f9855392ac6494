"""Faults that many checks of a policy find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from drcheck.core.words import quoted
from drcheck.policyfile.validate import suggest
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Mark, Node, Problem, Scalar
from drcheck.registry import READERS


def reference_to(what: str, scalar: Scalar | None, names: Collection[str], at: str) -> Iterator[Problem]:
    """Refuse a reference to a thing that the policy does not name."""
    if scalar is None or not scalar.text or scalar.text in names:
        return
    there = sorted(names)
    right = suggest(scalar.text, there) or (f"known: {', '.join(there)}" if there else f"this policy names no {what}")
    yield Problem(scalar.mark, f"{at}: there is no {what} {quoted(scalar.text)} ({right})")


def one_of(fields: MappingNode, key: Mark, at: str, keys: Sequence[str], *, exactly: bool = False) -> Iterator[Problem]:
    """Ask for one of ``keys``; ``exactly``: and for no other one beside it."""
    present = [each for each in keys if each in fields.entries]
    if not present:
        yield Problem(key, f"{at}: nothing is asked (write {', '.join(keys[:-1])} or {keys[-1]})")
    for surplus in present[1:] if exactly else ():
        yield excluded(fields, at, present[0], surplus)


def excluded(fields: MappingNode, at: str, kept: str, other: str) -> Problem:
    """Tell that two keys exclude each other, at the second one."""
    return Problem(fields.entries[other].key, f"{at}: {kept} and {other} exclude each other (keep one of them)")


def any_of(readers: Collection[str]) -> str:
    """Return in words what is to be added; the backup tools, of which there are many, are not named one by one."""
    tools = {name for name in readers if READERS[name].is_list_of_points or READERS[name].chains}
    *others, last = [*sorted(set(readers) - tools), *(["the reader of a backup tool"] if tools else [])]
    return f"a source read by {', '.join(others)} or {last}" if others else f"a source read by {last}"


def one_or_more(node: Node | None) -> list[Scalar]:
    """Return the scalars of one value or a list of them."""
    items = node.items if isinstance(node, Items) else (node,)
    return [item for item in items if isinstance(item, Scalar)]


def hinted(hint: str) -> str:
    """Return a hint as the bracket in which a problem says what would be right."""
    sentence = hint.removesuffix(".")
    return f"({sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]})"
