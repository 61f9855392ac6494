"""The metaclass of structs that are abstract, or of a class of :mod:`collections.abc`.

That of a struct is msgspec's, and that of an abstract class :class:`abc.ABCMeta`: such a struct needs both.
"""

from __future__ import annotations

from abc import ABCMeta

from msgspec import StructMeta


class AbstractStructMeta(StructMeta, ABCMeta):
    """Makes structs that may have abstract methods, and bases that have some."""
