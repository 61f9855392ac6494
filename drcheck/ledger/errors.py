"""What can be wrong with a ledger, whatever database it lies in, and what to do."""

from __future__ import annotations

from typing import ClassVar, Final

from drcheck.errors import DrcheckError

_REMEDY: Final = "put the ledger's last backup back, or move the file away to begin a new one."
RESTORE: Final = f"Nothing was appended. `drcheck ledger check` lists the damage; {_REMEDY}"
REMEDY: Final = f"{_REMEDY[:1].upper()}{_REMEDY[1:]}"
"""For whom ``drcheck ledger check`` has listed it already."""
REBUILD: Final = "`drcheck ledger rebuild` makes it anew"


class LedgerError(DrcheckError):
    """The ledger cannot be read or appended to; what was acknowledged before is untouched."""


class DamagedLedger(LedgerError):  # noqa: N818  as below
    """Something in the file is not as it was written."""


class NoLedger(LedgerError):  # noqa: N818  a noun that reads well where it is caught
    """There is no ledger yet."""


class Busy(LedgerError):  # noqa: N818  as above
    """Another run holds the ledger: nothing was judged."""

    exit_status: ClassVar[int] = 4


def damaged(what: str, path: str, hint: str = RESTORE) -> DamagedLedger:
    """Return the error for a ledger in which ``what`` is not as it was written."""
    return DamagedLedger(f"the ledger is damaged: {what}, in {path}", hint)
