"""The encryption and the locks of a blob, as Azure Blob Storage tells them in listings and in single answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.descriptions import NONE
from drcheck.collectors.value_bounds import Nonsense
from drcheck.core.model.evidence import Fact, FactValue

_ACCOUNT_KEY: Final = "the account's key"
CUSTOMER_KEY: Final = FactValue(True, "a key that the customer provides")
_LOCKED: Final = {"locked": "compliance", "unlocked": "unlocked"}
"""A policy that is locked can only be extended, by nobody shortened or lifted; one that is not can be both."""


def blob_told(
    encrypted: bool | None, scope: str, customer_key: str, mode: str = "", until: datetime | None = None,
    *, hold: bool | None = False, locks: bool = True,
) -> Mapping[Fact, FactValue]:  # fmt: skip
    """Return what a blob says of itself; ``locks``: whether it was asked for its locks."""
    if customer_key:
        encryption = CUSTOMER_KEY
    elif encrypted:
        # Azure's name for the account's own key, where it is told as a scope, begins with a dollar sign
        encryption = FactValue(True, _ACCOUNT_KEY if not scope or scope.startswith("$") else f"scope {shown(scope)}")
    elif encrypted is None:
        encryption = FactValue(None, "the storage does not tell")
    else:
        encryption = NONE
    if not locks:
        return {Fact.STORAGE_ENCRYPTION: encryption}
    lock = NONE
    if mode or until:
        lock = FactValue(None, "its immutability policy has no end, or no mode that is known")
        if until and mode.lower() in _LOCKED:
            lock = FactValue(True, _LOCKED[mode.lower()], value_bounds.until(until))
    return {
        Fact.STORAGE_ENCRYPTION: encryption,
        Fact.LOCK: lock,
        Fact.LEGAL_HOLD: FactValue(holds=True) if hold else NONE,
    }


def listed_told(properties: Mapping[str, str], *, locks: bool) -> Mapping[Fact, FactValue]:
    """Return what the properties of a blob in a listing say; raises :class:`Nonsense` for what cannot be."""
    until = properties.get("ImmutabilityPolicyUntilDate")
    return blob_told(
        _flag(properties, "ServerEncrypted"),
        properties.get("EncryptionScope", ""),
        properties.get("CustomerProvidedKeySha256", ""),
        properties.get("ImmutabilityPolicyMode", ""),
        value_bounds.http_moment(until) if until else None,
        hold=_flag(properties, "LegalHold"),
        locks=locks,
    )


def _flag(properties: Mapping[str, str], name: str) -> bool | None:
    """Return what a property that is true or false says; None: it is not told."""
    match properties.get(name, ""):
        case "true":
            return True
        case "false":
            return False
        case "":
            return None
        case other:
            raise Nonsense(f"{name} of a blob is {shown(other[:100])!r}, neither true nor false")
