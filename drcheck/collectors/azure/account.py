"""What a credential of Azure Blob Storage allows: a SAS token says it itself, an account key allows everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from drcheck.collectors.confine import shown
from drcheck.interfaces import Account, Power, Right

_READ: Final = "r"
_HARMLESS: Final = frozenset("rlfe")
"""Read, list, find by tags, get system properties
(https://learn.microsoft.com/rest/api/storageservices/create-service-sas); each other letter changes something."""
_LEAST: Final = "Make a SAS token with sp=l, and r only where policies need to read (docs/connections.md)."
_NO_ROLE: Final = "No role lists without reading; a SAS token with sp=l does (docs/connections.md)."
"""https://learn.microsoft.com/rest/api/storageservices/list-blobs names ``…/blobs/read`` as the action of a listing."""
_ROLE: Final = "Give it the role Storage Blob Data Reader alone; `az role assignment list` shows what it has."


def is_sas(secret: str) -> bool:
    """Return whether a credential is a SAS token; else it is an account key."""
    return "sig=" in secret


def account_of(secret: str | None, may_read: Callable[[], bool]) -> Account:
    """Return what a credential allows, None being Azure's own chain; ``may_read`` asks after a blob that is not there.

    Nothing of the secret is in what is returned but the letters of its permissions, and its end.
    """
    if secret is None:
        reads = may_read()
        asked = "404, and not 403," if reads else "403"
        return Account(
            (
                Right(Power.READ, reads, f"it is answered {asked} for a blob that is not there", _NO_ROLE),
                Right(Power.WRITE, None, "Azure does not tell what roles allow without trying", _ROLE),
            )
        )
    if not is_sas(secret):
        key = "it is the account's key, which nothing is refused to"
        return Account((Right(Power.SUPERUSER, True, key, f"{_LEAST} Then renew the key."),))
    fields = {name: values[0] for name, values in parse_qs(secret.lstrip("?")).items()}
    letters = fields.get("sp", "")
    if not letters:
        policy, both = "its SAS token leaves that to a stored access policy", (Power.READ, Power.WRITE)
        rights = tuple(Right(power, None, policy, "See the policy at the container.") for power in both)
        return Account(rights, _end(fields))
    says = f"its SAS token says sp={shown(letters)}"
    writes = bool(frozenset(letters) - _HARMLESS)
    return Account(
        (Right(Power.READ, _READ in letters, says, _LEAST), Right(Power.WRITE, writes, says, _LEAST)), _end(fields)
    )


def _end(fields: dict[str, str]) -> int | None:
    """Return when a SAS token ends; None: it does not say so, or not in a form that is known."""
    try:
        end = datetime.fromisoformat(fields.get("se", ""))
    except ValueError:
        return None
    return int((end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp())
