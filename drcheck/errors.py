"""The one family of errors that drcheck raises on purpose."""

from __future__ import annotations

from typing import ClassVar, Final

EXIT_FAULT: Final = 70
"""Of a command that a fault in drcheck itself ended (``EX_SOFTWARE`` of sysexits.h)."""


class DrcheckError(Exception):
    """Something a user can act on.

    ``message`` is lower case without a full stop; ``hint`` is a sentence with the next step, or empty.
    """

    exit_status: ClassVar[int] = 2
    """Of a command that ends with it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


class UsageError(DrcheckError):
    """Wrong usage or configuration: nothing was judged (exit status 2)."""


class OutputError(DrcheckError):
    """What was to be written could not be. Verdicts, and what they make of the exit status, stand all the same."""


def os_reason(error: OSError) -> str:
    """Return in lower case what the operating system gives as the reason of a failure."""
    return (error.strerror or "error").lower()
