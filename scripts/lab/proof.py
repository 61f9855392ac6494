"""What proof costs: a checkpoint after a night, and proofs out of a large ledger, in CPU seconds.

Entries are of 200 bytes each, about what the look of a night takes; the file of ten million
takes 3 GB and some minutes, and goes with the run.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import checkpoint_of
from drcheck.core.proof.notes import SigningKey
from drcheck.ledger import checkpoints
from drcheck.ledger.sqlite.log import SqliteLog
from drcheck.ledger.tree import Tree

NIGHT = 1000
TURNS = 9
BATCH = 50_000
FILLER = random.Random(1).randbytes(192)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many the ledger has (default: %(default)s)")
    parser.add_argument("--place", default=None, help="the directory that the ledger is made in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.place) as place, closing(SqliteLog(f"{place}/ledger.db")) as log:
        for first in range(0, arguments.entries, BATCH):
            log.append([*night(first, min(BATCH, arguments.entries - first))])
        measure(log)
        size = Path(f"{place}/ledger.db").stat().st_size
        kept, rows = log.connection.execute("SELECT sum(length(bytes)), count(*) FROM derived").fetchone()
        print(f"{log.count} entries, {size / 1e6:.0f} MB, of it {kept / 1e3:.0f} kB in {rows} values for proof")
    return 0


def measure(log: SqliteLog) -> None:
    """Sign, and prove drawn entries."""
    key, draw = SigningKey("bench.example/ledger", bytes(32)), random.Random(1)
    tell("everything signed for the first time", [timed(partial(checkpoints.sign, log, key, 1))])
    nights = []
    for _ in range(TURNS):
        log.append([*night(0, NIGHT)])
        nights.append(timed(partial(checkpoints.sign, log, key, 2)))
    tell(f"a checkpoint after a night of {NIGHT} entries", nights)
    head = checkpoint_of(checkpoints.newest(log))
    drawn = [draw.randrange(head.size) for _ in range(TURNS)]
    tell("the proof of one entry", [timed(partial(inclusion, log, one, head.size)) for one in drawn])
    tell("the proof that it only grew", [timed(partial(consistency, log, one + 1, head.size)) for one in drawn])
    leaf = merkle.leaf_hash(next(log.read(drawn[0], drawn[0] + 1)).data)
    assert merkle.includes(leaf, drawn[0], head.size, inclusion(log, drawn[0], head.size), head.root)


def inclusion(log: SqliteLog, index: int, size: int) -> list[bytes]:
    return merkle.inclusion(index, size, Tree(log).node)


def consistency(log: SqliteLog, old: int, size: int) -> list[bytes]:
    return merkle.consistency(old, size, Tree(log).node)


def night(first: int, count: int) -> Iterator[bytes]:
    """Yield entries as large as those of a night, no two of them alike."""
    for number in range(first, first + count):
        yield number.to_bytes(8, "big") + FILLER


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU and wall seconds that ``work`` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def tell(what: str, turns: list[tuple[float, float]]) -> None:
    """Print the median of some turns."""
    cpu, wall = (statistics.median(column) for column in zip(*turns, strict=True))
    print(f"{what}: {cpu * 1e3:.1f} ms of CPU, {wall * 1e3:.1f} ms in all", flush=True)


if __name__ == "__main__":
    sys.exit(main())
