"""The edge of a look: whatever a client library raises, an answer that makes no sense is a gap of its source, no crash.

A client documents some of its exceptions; hostile answers bring out others, from deep within parsers and numbers. They
are caught here, once, around every collector, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from drcheck.collectors.confine import scrubbed, shown
from drcheck.collectors.value_bounds import Nonsense
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.errors import DrcheckError
from drcheck.interfaces import Account, Collector, CollectorError, Entry, Throttled
from drcheck.settings import Connection

T = TypeVar("T")


class Guarded:
    """A collector that raises nothing but :class:`~drcheck.errors.DrcheckError`."""

    def __init__(self, collector: Collector, connection: Connection, tracebacks: list[str]) -> None:
        self._collector = collector
        self._connection = connection
        self._tracebacks = tracebacks
        self.seek, self.in_place = collector.seek, collector.in_place
        self.reads = 0
        """How often content, or what the storage tells of a single thing, was asked for."""
        self.throttled = False
        """Whether anything that was asked for was too much for the place."""

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._collector.calls

    @property
    def links(self) -> Sequence[str]:
        """The names of symbolic links that the newest listing passed over."""
        return self._collector.links

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what the collector lists."""
        yield from self._each(self._collector.list(prefix, after=after))

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Yield what the collector still holds."""
        yield from self._each(self._collector.earlier(prefix))

    def _each(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        try:
            yield from entries
        except Throttled:
            self.throttled = True
            raise
        except (DrcheckError, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  a panic of a library in Rust is no Exception
            raise self._fault(error) from None

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return what the collector reads, and never more than was asked for."""
        self.reads += 1
        content = self._ask(lambda: self._collector.read(name, offset=offset, at_most=at_most))
        if len(content) > at_most:
            raise CollectorError(
                f"{self._connection.name} gave {len(content)} bytes of {shown(name)}, and {at_most} were asked for",
                _hint(self._connection),
            )
        return content

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return what the collector tells."""
        self.reads += name is not None
        return self._ask(lambda: self._collector.describe(name, facts))

    def clock_offset(self) -> float | None:
        """Return what the collector measures."""
        return self._ask(self._collector.clock_offset)

    def account(self) -> Account:
        """Return what the collector tells of its account."""
        return self._ask(self._collector.account)

    def close(self) -> None:
        """Let go of the connection; that it cannot be closed properly is nobody's loss."""
        try:
            self._collector.close()
        except Exception as error:  # noqa: BLE001  what was seen stands
            self._tracebacks.append(traced(error))

    def _ask(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Throttled:
            self.throttled = True
            raise
        except (DrcheckError, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  a panic of a library in Rust is no Exception
            raise self._fault(error) from None

    def _fault(self, error: BaseException) -> CollectorError:
        if not isinstance(error, Nonsense):
            self._tracebacks.append(traced(error))
        return made_no_sense(self._connection, error)


def made_no_sense(connection: Connection, error: BaseException) -> CollectorError:
    """Return the error for an answer over which a client stumbled in a way that it does not document."""
    if isinstance(error, Nonsense):
        return CollectorError(f"an answer of {connection.name} makes no sense: {error}", _hint(connection))
    message = shown(str(error))
    return CollectorError(
        f"an answer of {connection.name} made no sense to {connection.client}: "
        f"{type(error).__name__}{': ' if message else ''}{message}",
        f"{_hint(connection)} If it is in order, report this with what --verbose prints.",
    )


def traced(error: BaseException) -> str:
    """Return a traceback for the operator, without the secrets that a message may hold."""
    import traceback  # where something went wrong

    return scrubbed("".join(traceback.format_exception(error)))


def _hint(connection: Connection) -> str:
    return f"Check what answers at the address of {connection.name}, and what lies in between."
