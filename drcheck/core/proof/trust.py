"""Whom to trust: C2SP's tlog-policy, exactly, and whether a checkpoint satisfies it.

https://c2sp.org/tlog-policy. A single key is the policy that has this log alone and asks for no witness.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from drcheck.core.proof.checkpoint_text import Checkpoint
from drcheck.core.proof.notes import COSIGNATURE, ED25519, NotANote, Note, Signed, VerifierKey, signers

_NONE: Final = "none"
_ALLOWED: Final = re.compile("[\t\n\x20-\x7e\x80-\U0010ffff]*")


class Group(NamedTuple):
    """So many of these witnesses, or groups of them, must have cosigned."""

    at_least: int
    members: tuple[str, ...]


class Trust(NamedTuple):
    """Which logs are believed, and what witnesses must have seen of them."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    """A witness, a group, or ``none``."""

    @classmethod
    def of(cls, *keys: VerifierKey) -> Trust:
        """Return the policy that believes the logs of ``keys``, and asks for no witness."""
        return cls(keys, {}, {}, _NONE)

    @classmethod
    def checked(
        cls,
        logs: tuple[VerifierKey, ...],
        witnesses: Mapping[str, VerifierKey],
        groups: Mapping[str, Group],
        quorum: str,
    ) -> Trust:
        """Return the policy of these; raises :class:`NotANote` for a key in it twice, which would count twice."""
        for several in (logs, tuple(witnesses.values())):
            if len({key.public for key in several}) < len(several):
                raise NotANote("the same key stands in it twice")
        return cls(logs, witnesses, groups, quorum)

    @classmethod
    def read(cls, text: str) -> Trust:
        """Return the policy that ``text`` is: one key, or a tlog-policy; raises :class:`NotANote`."""
        lines = [line.strip("\t ") for line in text.split("\n")]
        lines = [line for line in lines if line and not line.startswith("#")]
        if len(lines) == 1 and not re.search("[\t ]", lines[0]):
            return cls.of(_of_kind(VerifierKey.read(lines[0]), ED25519))
        if not _ALLOWED.fullmatch(text):
            raise NotANote("a policy has no control characters but tabs and line feeds")
        return _policy([re.split("[\t ]+", line) for line in lines])

    @property
    def text(self) -> str:
        """It as tlog-policy."""
        lines = [f"log {key.text}" for key in self.logs]
        lines += [f"witness {name} {key.text}" for name, key in self.witnesses.items()]
        lines += [f"group {name} {group.at_least} {' '.join(group.members)}" for name, group in self.groups.items()]
        return "".join(f"{line}\n" for line in (*lines, f"quorum {self.quorum}"))

    def signers(self, note: Note) -> list[Signed]:
        """Return whose signatures on a checkpoint are good: of logs that have its origin, and of witnesses.

        Raises :class:`~drcheck.core.proof.notes.Forged` for one that is not, and :class:`NotANote` for what is no
        checkpoint.
        """
        origin = Checkpoint.read(note.text).origin
        keys = [key for key in self.logs if key.name == origin]
        return signers(note, [*keys, *self.witnesses.values()])

    def is_satisfied(self, signed: list[Signed]) -> bool:
        """Return whether a log, and the quorum of witnesses, are among those who signed."""
        keys = {one.key for one in signed}
        return any(key in self.logs for key in keys) and self._saw(self.quorum, keys)

    def _saw(self, name: str, keys: set[VerifierKey]) -> bool:
        if name == _NONE:
            return True
        if name in self.witnesses:
            return self.witnesses[name] in keys
        group = self.groups[name]
        return sum(self._saw(one, keys) for one in group.members) >= group.at_least


def _policy(lines: list[list[str]]) -> Trust:
    logs: list[VerifierKey] = []
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, Group] = {}
    taken: set[str] = set()
    quorum = ""
    for words in lines:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                logs.append(_of_kind(VerifierKey.read(vkey), ED25519))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                witnesses[_new(name, witnesses, groups)] = _of_kind(VerifierKey.read(vkey), COSIGNATURE)
            case ["group", name, count, *members] if members:
                if taken & set(members) or len(set(members)) < len(members):
                    raise NotANote(f"a member of the group {name} is one already")
                if unknown := [one for one in members if one not in witnesses and one not in groups]:
                    raise NotANote(f"{unknown[0]} is not known above the group {name}")
                taken |= set(members)
                groups[_new(name, witnesses, groups)] = Group(_threshold(count, len(members)), tuple(members))
            case ["quorum", name] if not quorum:
                if name != _NONE and name not in witnesses and name not in groups:
                    raise NotANote(f"the quorum {name} is not known above it")
                quorum = name
            case _:
                raise NotANote(f"a line of a policy cannot be read: {' '.join(words)[:80]}")
    if not quorum:
        raise NotANote("it says of no quorum: write quorum none where no witness is asked for")
    return Trust.checked(tuple(logs), witnesses, groups, quorum)


def _new(name: str, *several: Mapping[str, object]) -> str:
    if name == _NONE or any(name in one for one in several):
        raise NotANote(f"{name} is named twice, or for ever")
    return name


def _threshold(text: str, members: int) -> int:
    count = {"any": 1, "all": members}.get(text) or (int(text) if re.fullmatch("[0-9]{1,4}", text) else 0)
    if not 1 <= count <= members:
        raise NotANote(f"{text} of {members} can never, or always, be there")
    return count


def _of_kind(key: VerifierKey, kind: int) -> VerifierKey:
    if key.kind != kind:
        raise NotANote(f"the key of {key.name} is not of the type that its use asks for")
    return key
