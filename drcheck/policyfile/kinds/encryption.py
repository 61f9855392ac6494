"""``encryption`` in policies: its keys."""

from __future__ import annotations

from typing import Final

from drcheck.core.kinds.encryption import By, Encryption
from drcheck.policyfile.kind_language import Language

LANGUAGE: Final = Language(
    Encryption,
    description="Every backup that holds data is encrypted.",
    required=[],
    keys={
        "by": {
            "type": "string",
            "enum": ["storage", "client", "either"],
            "default": "either",
            "description": "Who encrypts: the storage at rest, the backup tool before it leaves, or either.",
            "examples": ["either"],
        }
    },
    values={"by": By},
)
