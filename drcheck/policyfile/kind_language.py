"""What a kind of commitment says of itself in policies: its keys, what may be wrong with them, and lint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, field

from drcheck import registry
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.policy import Policy
from drcheck.policyfile.lint_context import Context, Remark
from drcheck.policyfile.written_commitments import LEADING_KEYS, TRAILING_KEYS, Written
from drcheck.policyfile.yaml_nodes import Problem

C = TypeVar("C", bound=Commitment)
_DEFINED: Final = {"zone": "commitment_zone"}
"""Keys whose definition has another name: that of the policy is another one."""


def of_type(name: str, description: str, *examples: Any, **more: Any) -> dict[str, Any]:
    """Return a key of a type that ``policy.schema.json`` defines."""
    return {"$ref": f"#/$defs/{name}", "description": description, "examples": [*examples], **more}


def nothing(*_: Any) -> tuple[()]:
    """Say nothing: most kinds have no rules beyond their schema, or nothing to explain."""
    return ()


class Language(Struct, Generic[C], frozen=True):
    """A kind, as policies write it."""

    value: type[C]
    """What it is in the core: its fields are the keys, with what their schema's formats stand for."""
    description: str
    keys: Mapping[str, Any]
    """Schemas of the keys that are its own."""
    required: Sequence[str] = ()
    """Which of them must be there."""
    needs_beside: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Key to the keys that it needs beside it."""
    values: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Key to what makes its value, where its format does not say so."""
    read: Callable[..., C] | None = None
    """Makes the value of its keys, where that is more than their names."""
    check: Callable[[Written], Iterable[Problem]] = nothing
    """Tells what is wrong with it that its schema does not find."""
    lint: Callable[[Context, C], Iterable[Remark]] = nothing
    """Tells what will not do what its author meant."""
    explain: Callable[[Context, C], Iterable[Remark]] = nothing
    """Tells, on request, what it amounts to."""
    stands: Callable[[C], tuple[int, str] | None] = lambda _: None
    """Returns for how many seconds it needs a backup to stand, and why."""

    def schema(self, kind: str) -> dict[str, Any]:
        """Return its whole schema."""
        return {
            "title": kind,
            "description": self.description,
            "type": "object",
            "additionalProperties": False,
            "required": [*self.required, "evidence"],
            **({"dependentRequired": self.needs_beside} if self.needs_beside else {}),
            "properties": {
                **{key: {"$ref": f"#/$defs/{key}"} for key in LEADING_KEYS},
                **self.keys,
                **{key: {"$ref": f"#/$defs/{_DEFINED.get(key, key)}"} for key in TRAILING_KEYS},
            },
        }


def language(kind: str) -> Language[Any]:
    """Return what a registered kind says of itself."""
    of_kind: Language[Any] = import_module(registry.KINDS[kind]).LANGUAGE
    return of_kind


def needed_to_stand(policy: Policy) -> Iterator[tuple[Commitment, int, str]]:
    """Yield the commitments that need backups to stand, for how many seconds, and why."""
    for commitment in policy.commitments:
        needed = language(commitment.kind).stands(commitment)
        if needed is not None:
            yield commitment, *needed
