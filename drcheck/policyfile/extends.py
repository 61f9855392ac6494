"""Templates: a policy that says ``extends:`` takes over what the template says and it does not.

Mappings merge, lists and scalars replace; every key keeps the place where it was written, so that a fault points
into the file that holds it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from msgspec import Struct, field

from drcheck.core.model import policy_text
from drcheck.errors import os_reason
from drcheck.policyfile import strictyaml
from drcheck.policyfile.yaml_nodes import KeyedValue, MappingNode, Mark, Node, Problem, Scalar

_OWN_KEYS: Final = ("extends", "template")
"""Keys that say what a file is; they are not taken over."""
MOST: Final = 10
"""Templates of one policy, each extending the next: nobody can follow a longer chain."""


class Files(Struct):
    """The files read so far, each once, however many policies extend it."""

    read: dict[str, tuple[bytes, Node | None, list[Problem]]] = field(default_factory=dict)

    def get(self, path: str, shown: str) -> tuple[bytes, Node | None, list[Problem]]:
        """Return bytes, root and faults of the file at ``path``, named ``shown`` in faults; raises OSError."""
        real = os.path.realpath(path)
        if real not in self.read:
            if not stat.S_ISREG(os.stat(real).st_mode):  # noqa: PTH116
                raise OSError(errno.EINVAL, "Not a file")  # reading a pipe would wait for ever
            with open(real, "rb") as file:  # noqa: PTH123
                # One byte more than is allowed tells that there is more, however large the file is.
                data = file.read(strictyaml.LARGEST + 1)
            self.read[real] = (data, *strictyaml.parse(data, shown))
        return self.read[real]


class Extended(Struct, frozen=True):
    """A file with the templates it extends."""

    root: MappingNode | None
    """Everything together; None where one of the files cannot be used."""
    problems: tuple[Problem, ...]
    files: tuple[tuple[str, bytes], ...]
    """Name and bytes of the file, then of the templates, nearest first."""
    whole: bool = True
    """Whether every template was found; otherwise what is missing may stand in one."""


def extended(path: str, shown: str, within: str, files: Files) -> Extended:
    """Return the file at ``path`` with what it extends; templates must lie below the directory ``within``.

    Raises OSError where the file itself cannot be read.
    """
    data, node, problems = files.get(path, shown)
    chain: list[MappingNode] = []
    all_problems = list(problems)
    read = [(shown, data)]
    visited = [os.path.realpath(path)]
    refused: str | None = None
    while True:
        if not isinstance(node, MappingNode):
            if node is not None or not problems:
                mark = Mark(read[-1][0], 1, 1) if node is None else node.mark
                all_problems.append(Problem(mark, "the file holds no mapping (a policy starts with drcheck: 1)"))
            return Extended(None, tuple(all_problems), tuple(read))
        chain.append(node)
        named = node.scalar("extends")
        if named is None or not named.text:
            break
        path = os.path.join(os.path.dirname(path), named.text)  # noqa: PTH118, PTH120
        refused = _refused(named, path, within, visited)
        if refused is None:
            shown = os.path.normpath(os.path.join(os.path.dirname(shown), named.text))  # noqa: PTH118, PTH120
            try:
                data, node, problems = files.get(path, shown)
            except OSError as error:
                refused = f"{named.text} cannot be read: {os_reason(error)}"
            else:
                if isinstance(node, MappingNode) and node.text("template") != "true":
                    refused = f"{named.text} is no template (add template: true to it, or extend another file)"
        if refused is not None:
            all_problems.append(Problem(named.mark, f"extends: {refused}"))
            break
        visited.append(os.path.realpath(path))
        all_problems.extend(problems)
        read.append((shown, data))
    return Extended(_merged(chain), tuple(all_problems), tuple(read), whole=refused is None)


def separated(text: str) -> Extended:
    """Return the policy whose text that was (``Policy.text``), whatever became of its files."""
    files = policy_text.separated(text)
    parsed = [strictyaml.parse(data, name) for name, data in files]
    chain = [node for node, _ in parsed if isinstance(node, MappingNode)]
    problems = tuple(problem for _, found in parsed for problem in found)
    return Extended(_merged(chain) if chain else None, problems, tuple(files))


def _refused(named: Scalar, path: str, within: str, visited: list[str]) -> str | None:
    """Return why a template must not be read, or None."""
    real = os.path.realpath(path)
    if os.path.isabs(named.text):  # noqa: PTH117
        return f"{named.text} is absolute (write the path relative to this file)"
    if os.path.commonpath([real, os.path.realpath(within)]) != os.path.realpath(within):
        return f"{named.text} lies outside of {within} (templates lie below the directory of policies)"
    if real in visited:
        return f"{named.text} extends this file in turn (end the circle)"
    if len(visited) > MOST:
        return f"{named.text} would be template {len(visited)} in a row: at most {MOST} extend one another (merge some)"
    return None


def _merged(chain: list[MappingNode]) -> MappingNode:
    """Merge a file with its templates, nearest first."""
    merged = chain[-1] if len(chain) == 1 else MappingNode(chain[-1].mark, _without_own(chain[-1]))
    for nearer in reversed(chain[:-1]):
        merged = _over(nearer, MappingNode(merged.mark, _without_own(merged)))
    return merged


def _without_own(fields: MappingNode) -> dict[str, KeyedValue]:
    return {key: entry for key, entry in fields.entries.items() if key not in _OWN_KEYS}


def _over(nearer: MappingNode, further: MappingNode) -> MappingNode:
    entries = dict(nearer.entries)
    for key, entry in further.entries.items():
        own = entries.get(key)
        if own is None:
            entries[key] = entry
        elif isinstance(own.value, MappingNode) and isinstance(entry.value, MappingNode):
            entries[key] = KeyedValue(own.key, _over(own.value, entry.value))
    return MappingNode(nearer.mark, entries)
