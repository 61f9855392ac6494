"""From the plain values of one faultless commitment to its value in the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from drcheck.core.model.commitments import Commitment, Rung, Standing
from drcheck.core.model.slots import slot
from drcheck.policyfile.convert import converted
from drcheck.policyfile.kind_language import language
from drcheck.policyfile.schema import definition
from drcheck.policyfile.yaml_nodes import Values

_VALUES: Final[dict[str, Callable[[str], object]]] = {
    "per": slot,
    "min_standing": lambda name: Standing[name.upper()],
    "level": lambda name: Rung[name.upper()],
    "validation": lambda name: Rung[name.upper()],
}
"""Keys of several kinds to what makes their value, where their format does not say so."""


def commitment(name: str, fields: Values, zone: ZoneInfo) -> Commitment:
    """Return the commitment ``name``; bare dates are of ``zone``, the policy's."""
    kind = language(fields["kind"])
    values: dict[str, Any] = converted(fields, definition("policy", fields["kind"]), zone)
    del values["kind"]
    for key, value in {**_VALUES, **kind.values}.items():
        if key in values:
            values[key] = value(values[key])
    made: Commitment = (kind.read or kind.value)(id=name, **values)
    return made
