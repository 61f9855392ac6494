"""Lies that storages can tell: each makes an honest answer one that nobody can believe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

A = TypeVar("A")


class Lie(NamedTuple, Generic[A]):
    """One way in which an answer is made wrong."""

    name: str
    about: str
    """Lies about different things can be told together; two about the same may take each other back."""
    tell: Callable[[A], None]


NO_SIZES = (
    str(1 << 63), str(1 << 64), "9" * 40, "-1", "", " ", "1_000", " 12 ", "+5", "1e3", "0x10", "12.0", "NaN", "inf",
    "\u0661\u0662", "\uff11\uff12", "\u00b2", "12\n", "12abc",
)  # fmt: skip
"""What is no size; the digits are Arabic, full-width and superscript ones too."""

NO_INSTANTS = (
    "100000000000000000000-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "2026-02-31T00:00:00Z", "2026-11-21T25:00:00Z",
    "2026-11-21T00:00:00", "2026-11-21T00:00:00+99:99", "\uff12\uff10\uff12\uff16-11-21T00:00:00Z", "\u0662\u0660\u0662\u0666-11-21T00:00:00Z",
    "2026-11-21", "1795219200", "1e300", "NaN", "", "now", "9999-12-31T23:59:59Z", "1800-01-01T00:00:00Z",
    "2026-W47-6T00:00:00Z",
)  # fmt: skip
"""What is no instant of an object, in S3's form."""

NO_DATES = (
    "Sat, 21 Nov 100000000000000000000 00:00:00 GMT", "Sat, 21 Nov 0000 00:00:00 GMT", "Sat, 31 Feb 2026 00:00:00 GMT",
    "Sat, 21 Nov 2026 25:00:00 GMT", "Mon, 21 Nov 2026 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 +9999",
    "Sat, 21 Nov 2026 00:00:00 -0000", "Sat, 21 Nov 2026 00:00:00", "Sat, \uff12\uff11 Nov 2026 00:00:00 GMT",
    "Sat, 21 Nov 26 00:00:00 GMT", "Saturday, 21-Nov-26 00:00:00 GMT", "1795219200", "", "now",
    "Fri, 31 Dec 9999 23:59:59 GMT", "2026-11-21T00:00:00Z",
)  # fmt: skip
"""What is no instant of a blob, in Azure's form and that of HTTP."""


def unlike(lies: Iterable[Lie[A]]) -> list[Lie[A]]:
    """Return the first of the lies about each thing: those can all be told at once."""
    found: dict[str, Lie[A]] = {}
    for lie in lies:
        found.setdefault(lie.about, lie)
    return list(found.values())
