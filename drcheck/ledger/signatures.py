"""What the ledger keeps of its own proof: signed checkpoints, and the public keys of those who signed them."""

from __future__ import annotations

from typing import ClassVar, Self

from msgspec import Struct

from drcheck.ledger.look_columns import Facts, read_text, writable_text


class Checkpointed(Struct, frozen=True):
    """The root over all entries before some other one was signed."""

    KIND: ClassVar[str] = "checkpoint"
    origin: str
    """The name of the log, and of the key that signed."""
    note: str
    """The signed note (C2SP tlog-checkpoint)."""

    @property
    def about(self) -> str:
        """The log's name."""
        return self.origin

    def facts(self) -> Facts:
        """Return what is written."""
        return {"note": self.note}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, facts.get("note", ""))


class KeyTaken(Struct, frozen=True):
    """The key that signs the checkpoints from here on."""

    KIND: ClassVar[str] = "signing key"
    origin: str
    at: int
    key: str
    """The public key, as a *vkey* of C2SP's signed-note."""
    change: str = ""
    """A note with which the key before it hands over, signed by both; empty: it is the first key, or the one before was
    lost."""
    lost: str = ""
    """Why the key before it could not sign."""

    @property
    def about(self) -> str:
        """The log's name."""
        return self.origin

    def facts(self) -> Facts:
        """Return what is written."""
        return {"at": self.at, "key": self.key, "change": self.change, "lost": writable_text(self.lost)}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(
            about, facts.get("at", 0), facts.get("key", ""), facts.get("change", ""), read_text(facts.get("lost", ""))
        )


class Timestamped(Struct, frozen=True):
    """When a checkpoint had been signed at the latest, as an authority says (RFC 3161)."""

    KIND: ClassVar[str] = "timestamp"
    origin: str
    size: int
    """Of the checkpoint."""
    response: bytes
    """The authority's answer for the signed note."""

    @property
    def about(self) -> str:
        """The log's name."""
        return self.origin

    def facts(self) -> Facts:
        """Return what is written."""
        return {"size": self.size, "response": self.response}

    @classmethod
    def read(cls, about: str, facts: Facts) -> Self:
        """Return what was written."""
        return cls(about, facts.get("size", 0), facts.get("response", b""))
