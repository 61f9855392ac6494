"""``coverage`` in policies: its keys, and what may be wrong with them."""

from __future__ import annotations

from typing import Any, Final

from drcheck.core.kinds.coverage import Accepted, CoverageOf
from drcheck.policyfile.kind_language import Language, of_type

_ACCEPTED: Final = {"name": "build-3", "until": "2026-12-31", "owner": "cto@example.com", "reason": "holds nothing"}


def _read(accepted: tuple[dict[str, Any], ...] = (), **keys: Any) -> CoverageOf:
    return CoverageOf(**keys, accepted=tuple(Accepted(**one) for one in accepted))


LANGUAGE: Final = Language(
    CoverageOf,
    description="Every service, bucket or host in a list of what exists is covered by a policy.",
    keys={
        "fresh_within": of_type(
            "duration", "How old the list may be; beyond that nobody knows what exists.", "7d", default="7d"
        ),
        "accepted": {
            "type": "array",
            "description": "Names that no policy covers, and need not; every report shows them.",
            "examples": [[_ACCEPTED]],
            "items": {
                "type": "object",
                "description": "One name.",
                "examples": [_ACCEPTED],
                "additionalProperties": False,
                "required": [*_ACCEPTED],
                "properties": {
                    "name": of_type("text", "The name, as the list has it.", _ACCEPTED["name"]),
                    "until": of_type(
                        "until", "The last day on which it holds, or the instant at which it ends.", _ACCEPTED["until"]
                    ),
                    "owner": of_type("text", "Who accepted it.", _ACCEPTED["owner"]),
                    "reason": of_type("text", "Why it is accepted.", _ACCEPTED["reason"]),
                },
            },
        },
    },
    read=_read,
)
