"""The directory of one drill on its target: made, used, and removed; a connection that is lost is made anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from drcheck import clock
from drcheck.drills import scripts
from drcheck.interfaces import CollectorError, Disconnected, Ran, Shell

ANSWER: Final = 60.0
"""Seconds within which a short script answers; without it a host that fell silent would hold the drill."""
PATIENCE: Final = 300.0
"""Seconds for which a lost connection is sought again: hosts restart, and networks hiccup."""
PAUSE: Final = 1.0
"""Seconds between two tries."""
PIECE: Final = 4 << 20
"""Bytes of a file that are put at once."""
OUTPUT: Final = 1 << 20
"""Bytes that are kept of the beginning of a step's output, and again of its end."""
WAITS: Final = 20
"""How often a poll waits a twentieth of a second on the far side before it answers that nothing has ended."""
_STATE: Final = re.compile(rb"(missing|starting|running|gone|ended ([0-9]{1,3}))\n")


class TargetError(CollectorError):
    """The target cannot do what a drill needs; nothing is said of the recovery point."""


class StepState(NamedTuple):
    """What is known of a step."""

    over: bool
    status: int | None
    """Its exit status; None: it was ended without one, or could not be started."""
    output: bytes
    """What it has written since it was last asked."""


class Directory(Struct):
    """A drill's own directory on its target."""

    shell: Shell
    base: str
    """The directory that the runner's configuration allows."""
    drill: str
    """The drill's name, of which the directory is called."""
    token: str
    """Random text that marks what is the drill's."""
    on_lost: Callable[[str], None] = lambda _why: None
    """Told each time the connection was lost."""
    patience: float = PATIENCE

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{self.base.rstrip('/')}/{scripts.PREFIX}{self.drill}"

    def ask(self, script: str, *arguments: str, data: bytes = b"", within: float = ANSWER) -> Ran:
        """Run a script that may be run again, until the host has answered."""
        return ask(
            self.shell, script, arguments, data=data, within=within, patience=self.patience, on_lost=self.on_lost
        )

    def _done(self, ran: Ran) -> Ran:
        if ran.status:
            raise TargetError(
                f"the target refused: {_why(ran)}", f"See what lies at {self.path}, and whether the disk is full."
            )
        return ran

    def make(self, target_id: str) -> None:
        """Make it; raises :class:`TargetError` if it is there, or the marker is not."""
        self._done(self.ask(scripts.MAKE, self.base, target_id, self.drill, self.token))

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep values that every step finds in its environment."""
        data = {name: value.encode("utf-8", "surrogateescape") for name, value in values.items()}
        sizes = [each for name, value in data.items() for each in (name, str(len(value)))]
        self._done(self.ask(scripts.VALUES, self.path, *sizes, data=b"".join(data.values())))

    def put(self, name: str, offset: int, piece: bytes) -> None:
        """Put a piece of a file below ``point``."""
        self._done(self.ask(scripts.PUT, self.path, name, str(offset), str(len(piece)), data=piece))

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file below ``point``."""
        return self._done(self.ask(scripts.SUM, self.path, name, within=3600)).output[:64].decode("ascii", "replace")

    def start(self, step: str, script: str) -> None:
        """Start a step; one that ever was is never started again."""
        data = script.encode()
        self._done(self.ask(scripts.START, self.path, step, str(len(data)), str(OUTPUT), data=data))

    def poll(self, step: str, known: int, waits: int = WAITS) -> StepState:
        """Return what became of a step, given how many bytes of its output are known, after waiting for it a while."""
        ran = self._done(self.ask(scripts.POLL, self.path, step, str(known), str(waits)))
        told = _STATE.match(ran.output)
        if told is None:
            raise TargetError("the target says nothing of a step that runs there", "See what its sh is.")
        ended = told[2]
        over = ended is not None or told[1] in {b"gone", b"missing"}
        return StepState(over, None if ended is None else int(ended), ran.output[told.end() :])

    def tail(self, step: str) -> bytes:
        """Return the end of an output that is too long to be kept whole."""
        return self.ask(scripts.TAIL, self.path, step).output

    def errors(self, step: str) -> bytes:
        """Return what a check said on its standard error."""
        return self.ask(scripts.ERRORS, self.path, step).output

    def free(self) -> int | None:
        """Return the bytes that are free on the disk; None: nobody knows."""
        said = self.ask(scripts.ROOM, self.path).output.strip()
        return int(said) * 1024 if said.isdigit() else None

    def clear(self) -> None:
        """End what still runs there, and remove it; raises :class:`TargetError` if something stays."""
        ended = self.ask(scripts.END, self.path, self.token)
        removed = self.ask(scripts.REMOVE, self.base, self.drill, self.token, within=3600)
        self._done(removed)
        if ended.status:
            raise TargetError(
                f"processes of the drill still run: {ended.output.decode('ascii', 'replace').strip()}",
                "End them by hand.",
            )


def left(shell: Shell, base: str) -> Iterator[tuple[str, str]]:
    """Yield the drills that left something below a target's directory, each with its token."""
    ran = ask(shell, scripts.LEFT, (base,), patience=0)
    if ran.status:
        raise TargetError(f"the target refused: {_why(ran)}", f"See what lies at {base}.")
    for line in ran.output.decode("utf-8", "replace").splitlines():
        name, _, token = line.partition(" ")
        if re.fullmatch(r"[A-Za-z0-9._-]+", name) and re.fullmatch(r"[0-9a-f]{32}", token):
            yield name.removeprefix(scripts.PREFIX), token


def ask(
    shell: Shell,
    script: str,
    arguments: Sequence[str] = (),
    *,
    data: bytes = b"",
    within: float = ANSWER,
    patience: float = PATIENCE,
    on_lost: Callable[[str], None] = lambda _why: None,
) -> Ran:
    """Run a script that may be run again until the host has answered, or raise :class:`Disconnected`."""
    until: float | None = None
    while True:
        try:
            return shell.run(script, arguments, data=data, within=within)
        except CollectorError as error:
            now = clock.monotonic()
            if until is None:
                until = now + patience
                on_lost(error.message)
            if now + PAUSE > until:
                raise Disconnected(error.message, error.hint) from None
            clock.pause(PAUSE)


def _why(ran: Ran) -> str:
    told = scripts.WHY.get(ran.status)
    said = ran.output.decode("utf-8", "replace").strip().partition("\n")[0][:200]
    return told or f"status {ran.status}{': ' if said else ''}{said}"
