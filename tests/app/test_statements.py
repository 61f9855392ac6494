"""What statements of in-toto say, and what they leave out."""

from __future__ import annotations

import base64
import json

import pytest

from drcheck.app.statements import statements
from drcheck.core.model.drill import Drill, Ending
from drcheck.core.proof.notes import SigningKey
from drcheck.core.words import instant
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.encoding import encode

KEY = SigningKey("backups.example.com/drcheck", bytes(range(32)))


def report(*, status: str = "met", end: int = 1000, **lasted: int) -> dict:
    window = {"from": instant(0), "to": instant(end)}
    seconds = {key: {"value": lasted.get(key, 0), "unit": "s"} for key in ("met", "breached", "waived", "unknown")}
    promise = {"id": "loss", "kind": "rpo", "status": status, "waived": False, "over_window": seconds}
    service = {"service": "shop", "policy_sha256": "aa", "as_of": instant(end), "window": window}
    return {"drcheck": "1", "run": "r", "window": window, "services": [service | {"commitments": [promise]}]}


def said(told: dict, *entries: bytes) -> list[dict]:
    lines = statements(told, entries, KEY).splitlines()
    return [json.loads(base64.b64decode(json.loads(line)["payload"]))["predicate"] for line in lines]


@pytest.mark.parametrize(
    ("digest", "configuration"), [("bb", [{"name": "shop", "digest": {"sha256": "bb"}}]), ("", [])]
)
def test_a_drill_names_the_policy_by_which_it_was_held_and_never_that_of_the_report(digest, configuration) -> None:
    drill = Drill("d", "shop", 500, outcome=Ending.PASSED, policy_sha256=digest)
    _, predicate = said(report(met=1000), encode(DrillTold(600, drill)))
    assert predicate["configuration"] == configuration


@pytest.mark.parametrize(
    ("lasted", "properties"),
    [
        ({"met": 1000}, ["DRCHECK_RPO:loss"]),
        ({"met": 600}, ["DRCHECK_RPO_WHERE_OWED:loss"]),
        ({"met": 600, "breached": 400}, []),
        ({"met": 600, "unknown": 1}, []),
        ({}, []),
    ],
)
def test_a_verdict_names_what_was_met_throughout_and_what_was_met_wherever_it_was_owed_apart(
    lasted, properties
) -> None:
    (predicate,) = said(report(**lasted))
    assert predicate["properties"] == properties
    assert predicate["drcheck"]["seconds"] == {
        "met": 0, "breached": 0, "waived": 0, "unknown": 0, "not_owed": 1000 - sum(lasted.values())
    } | lasted  # fmt: skip
