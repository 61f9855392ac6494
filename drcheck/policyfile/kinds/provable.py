"""``provable`` in policies: its keys, and the log without which nothing is proven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drcheck.core.kinds.provable import Provable
from drcheck.core.model.commitments import Rung
from drcheck.core.model.readers import Tells
from drcheck.policyfile.check_commitments import yielding
from drcheck.policyfile.check_faults import any_of, one_of
from drcheck.policyfile.kind_language import Language, of_type
from drcheck.policyfile.written_commitments import Written
from drcheck.policyfile.yaml_nodes import Problem


def _check(written: Written) -> Iterator[Problem]:
    yield from one_of(written.commitment, written.key, written.at, ("at_most", "outlives"))
    telling = yielding({Tells.RESTORE_TESTS, Tells.RECOVERIES})
    if written.readers and telling.isdisjoint(written.readers):
        mark = written.commitment.entries["evidence"].key
        yield Problem(mark, f"{written.at}.evidence: none of it tells what was restored (add {any_of(telling)})")
    rung = written.commitment.scalar("validation")
    if rung is not None and rung.text in {one.name.lower() for one in Rung if one < Rung.RESTORED}:
        yield Problem(
            rung.mark,
            f"{written.at}.validation: {rung.text} is reached without a restore (write restored or validated)",
        )


LANGUAGE: Final = Language(
    Provable,
    description=(
        "The newest recovery point that a restore has validated, of those that stand and survive the scenario, is "
        "never older than `at_most`, and will stand for `outlives` more. At least one of the two. Its evidence are the "
        "backups, and the logs that tell which of them was restored."
    ),
    keys={
        "at_most": of_type("duration", "How old the newest proven data may be.", "45d"),
        "outlives": of_type(
            "duration",
            "How much longer the newest proven point must stand: by a lock in compliance mode, or by `thinned_after`.",
            "7d",
        ),
        "validation": of_type(
            "rung",
            "The rung that a restore must reach to prove a point: restored or validated. Default: restored.",
            "restored",
            default="restored",
        ),
    },
    check=_check,
)
