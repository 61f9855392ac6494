"""Checkpoints elsewhere: at directories, buckets and containers that the runner names, out of the ledger's reach.

Whoever cuts a ledger back to what it once was, or shows others another history of it, contradicts what lies there. A
place that cannot be reached is told, and holds nothing up: the next checkpoint covers all that this one does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from msgspec.structs import replace

from drcheck import registry
from drcheck.collectors.pool import Connections
from drcheck.core.model.evidence import Fact
from drcheck.core.proof.checkpoint_text import Checkpoint
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.proof.notes import Forged, NotANote, Note, VerifierKey, signers
from drcheck.core.words import counted, instant
from drcheck.errors import DrcheckError, os_reason
from drcheck.interfaces import Collector, Store
from drcheck.ledger.errors import LedgerError
from drcheck.output_files import create
from drcheck.settings import Settings

DEADLINE: Final = 15
"""Seconds that one place may take at most, as the ledger is held meanwhile."""
MOST: Final = 1000
"""Checkpoints of one place that are compared, the newest ones."""
_NAME: Final = re.compile(r"([0-9]{20})\.checkpoint")
_LONGEST: Final = 1 << 16
"""Bytes of a checkpoint; each has some hundred."""


class Contradicted(LedgerError):  # noqa: N818  reads well where it is caught
    """What lies elsewhere is not of this ledger: nothing is signed until somebody has looked into it."""


class Place(Protocol):
    """Where checkpoints are kept."""

    label: str
    """As the configuration names it."""

    def names(self, after: str = "") -> Iterable[str]:
        """Return what lies there, in any order; what comes before ``after`` may be left out."""
        ...

    def read(self, name: str) -> bytes:
        """Return what ``name`` holds, no more of it than a checkpoint has."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write it, and replace nothing."""
        ...

    def kept_from_change(self, name: str) -> str:
        """Return in words until when ``name`` cannot be changed there; empty: nothing keeps it from being changed."""
        ...


class Kept(NamedTuple):
    """A checkpoint that lies elsewhere."""

    place: str
    name: str
    note: bytes


def places(settings: Settings, pool: Connections) -> Iterator[Callable[[], Place]]:
    """Yield what opens each place that the configuration names; opening raises :class:`DrcheckError`."""
    for where in () if settings.proof is None else settings.proof.checkpoints:
        alias, _, path = where.partition(":")
        if alias in settings.connections:
            yield partial(_Remote, where, alias, path, pool)
        else:
            yield partial(_Directory, where)


def pool_of(settings: Settings) -> Connections:
    """Return what connects to the places, each for a short time alone."""
    short = {name: replace(each, deadline=min(each.deadline, DEADLINE)) for name, each in settings.connections.items()}
    return Connections(short)


def newest(place: Place, upto: int, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """Return the newest checkpoint at a place, of one of ``upto`` entries or more where there is one; None: none is.

    Raises :class:`Contradicted` where it is none that one of ``keys`` signed.
    """
    names = sorted(filter(_NAME.fullmatch, place.names(_name(max(0, upto - 1)))))
    if not names:
        return None
    with suppress(NotANote, Forged):
        note = Note.read(place.read(names[-1]))
        if signers(note, keys):
            return Checkpoint.read(note.text)
    raise Contradicted(
        f"{place.label}/{names[-1]} is no checkpoint that a key of this ledger signed".replace("//", "/"),
        "Nothing was signed. Keep it for whoever looks into it, and name another place under `proof:`.",
    )


def put(place: Place, note: str) -> None:
    """Put a signed checkpoint there; one of as many entries that is there already stands."""
    place.put(_name(Checkpoint.read(Note.read(note).text).size), note.encode())


def all_kept(settings: Settings, found: LedgerVerification) -> Iterator[Kept]:
    """Yield the checkpoints that lie elsewhere, and add which places could not be reached."""
    with pool_of(settings) as pool:
        for opened in places(settings, pool):
            try:
                place = opened()
                names = sorted(filter(_NAME.fullmatch, place.names()))
                for name in names[-MOST:]:
                    yield Kept(place.label, name, place.read(name))
                found.noted.append(_told(place, names))
            except DrcheckError as error:
                found.open.append(f"checkpoints elsewhere could not be compared: {error.message}")


def _told(place: Place, names: Sequence[str]) -> str:
    if not names:
        return f"{place.label} has no checkpoint"
    until = place.kept_from_change(names[-1])
    all_of_them = counted(len(names), "checkpoint")
    what = f"{place.label} has been compared: {f'the newest {MOST} of ' if len(names) > MOST else ''}{all_of_them}"
    return f"{what}, the newest of which {until or 'nothing there keeps from being changed or deleted'}"


def _name(size: int) -> str:
    return f"{size:020}.checkpoint"


class _Directory:
    """A directory of this machine, or one that is mounted here."""

    def __init__(self, label: str) -> None:
        self.label, self._path = label, Path(label)

    def names(self, after: str = "") -> Iterable[str]:
        del after
        try:
            return [one.name for one in self._path.iterdir()] if self._path.exists() else []
        except OSError as error:
            raise self._fault(error) from error

    def read(self, name: str) -> bytes:
        try:
            with (self._path / name).open("rb") as opened:
                return opened.read(_LONGEST)
        except OSError as error:
            raise self._fault(error) from error

    def put(self, name: str, data: bytes) -> None:
        try:
            create(self._path / name, data)
        except FileExistsError:
            if self.read(name) != data:
                raise LedgerError(
                    f"another {name} is in {self.label} already", "It was left as it is: see who signed it."
                ) from None
        except OSError as error:
            why = os_reason(error)
            raise LedgerError(
                f"the checkpoint could not be put into {self.label}: {why}", "It stands in the ledger all the same."
            ) from error

    def kept_from_change(self, name: str) -> str:
        del name
        return ""

    def _fault(self, error: OSError) -> LedgerError:
        why = os_reason(error)
        return LedgerError(f"the checkpoints in {self.label} cannot be read: {why}", "The next run tries again.")


class _Remote:
    """A bucket or a container."""

    def __init__(self, label: str, alias: str, path: str, pool: Connections) -> None:
        self.label = label
        root = f"{path.rstrip('/')}/"
        connection = pool.connections[alias]
        opener: Any = registry.opener(connection)
        self._collector: Collector = opener(root, pool)
        self._store: Store = registry.store(connection, root, pool)

    def names(self, after: str = "") -> Iterable[str]:
        return [entry.name for entry in self._collector.list("", after=after)]

    def read(self, name: str) -> bytes:
        return self._collector.read(name, at_most=_LONGEST)

    def put(self, name: str, data: bytes) -> None:
        self._store.put(name, data, replace=False)

    def kept_from_change(self, name: str) -> str:
        told = self._collector.describe(name, frozenset({Fact.LOCK}))[Fact.LOCK]
        if told.holds is None:
            return f"may be kept from being changed, or not: {told.how}"
        return f"is kept from being changed until {instant(told.until)} ({told.how})" if told.holds else ""


def held_against(
    found: LedgerVerification, kept: Iterable[Kept], keys: Sequence[VerifierKey], root: Callable[[int], bytes | None]
) -> None:
    """Add whether checkpoints that lie elsewhere go on to this ledger, whose ``root`` over so many entries is told.

    None: it has fewer. Those that none of ``keys`` signed prove nothing against it.
    """
    compared = 0
    for one in kept:
        head = None
        with suppress(NotANote, Forged):
            note = Note.read(one.note)
            head = Checkpoint.read(note.text) if signers(note, keys) else None
        if head is None:
            found.open.append(f"{one.name} in {one.place} is no checkpoint that a key of this ledger signed")
            continue
        its = root(head.size)
        compared += its == head.root
        if its is None:
            found.wrong.append(
                f"{head.size} entries were signed before, as {one.name} in {one.place} shows: the last ones are gone"
            )
        elif its != head.root:
            found.wrong.append(
                f"another history was signed: its first {head.size} entries are not those of {one.name} in {one.place}"
            )
    if compared:
        found.held.append(f"it goes on from {counted(compared, 'checkpoint')} elsewhere")
