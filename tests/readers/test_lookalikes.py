"""Names in logs that look like those of a policy and are others: no line of theirs passes for another service's."""

from __future__ import annotations

import json
from functools import partial

import pytest

from drcheck.readers.logs import attestations, csv_lines, maintenance_log, outage_log, restore_log

NAMES = {
    "cyrillic e": "w\u0435bshop",
    "greek o": "websh\u03bfp",
    "fullwidth": "\uff57\uff45\uff42\uff53\uff48\uff4f\uff50",
    "mathematical": "\U0001d430ebshop",
    "zero width space": "web\u200bshop",
    "zero width joiner at the end": "webshop\u200d",
    "soft hyphen": "web\u00adshop",
    "combining dot": "webshop\u0323",
    "variation selector": "webshop\ufe0f",
    "tag characters": "webshop\U000e0041",
    "no-break space": "web\u00a0shop",
    "hyphen of another kind": "web\u2010shop",
    "digits of another script": "webshop\u0661",
    "a space": "web shop",
    "a slash": "web/shop",
    "a mark in front": "-webshop",
    "too long": "w" * 101,
}
DAY = "2026-09-01T0"
TEST = {"test": "t", "service": "webshop", "started_at": f"{DAY}1:00:00Z", "finished_at": f"{DAY}2:00:00Z",
        "outcome": "failed", "scenarios": ["fire"], "target_site": "lab",
        "recovery_point": {"source": "dumps", "of": "orders"}}  # fmt: skip
ANNOUNCED = {"announces": "t", "service": "webshop", "announced_at": f"{DAY}1:00:00Z"}
CHECK = {"check": "c", "service": "webshop", "level": "restored", "outcome": "failed", "of": ["orders"],
         "started_at": f"{DAY}1:00:00Z", "finished_at": f"{DAY}2:00:00Z"}  # fmt: skip
OUTAGE = {"outage": "o", "service": "webshop", "started_at": f"{DAY}1:00:00Z", "ended_at": f"{DAY}2:00:00Z",
          "scenario": "fire", "recovery_point": {"source": "dumps", "of": "orders"}}  # fmt: skip
WATCHED = {"watched": {"from": f"{DAY}1:00:00Z", "to": f"{DAY}2:00:00Z"}, "service": "webshop"}
WORKS = {"maintenance": "m", "service": "webshop", "type": "planned", "announced_at": f"{DAY}1:00:00Z",
         "starts_at": f"{DAY}2:00:00Z", "ends_at": f"{DAY}3:00:00Z"}  # fmt: skip
WORD = {"attests": "encrypted", "service": "webshop", "statement": "It is.", "by": "anna", "at": f"{DAY}1:00:00Z",
        "expires_at": "2027-09-01T00:00:00Z"}  # fmt: skip
RECORDS = {
    "test": (restore_log.parse, TEST),
    "announcement": (restore_log.parse, ANNOUNCED),
    "check": (restore_log.parse, CHECK),
    "outage": (outage_log.parse, OUTAGE),
    "watched": (outage_log.parse, WATCHED),
    "maintenance": (maintenance_log.parse, WORKS),
    "attestation": (attestations.parse, WORD),
}
NAMED = [
    ("test", ("scenarios", 0)),
    ("test", ("target_site",)),
    ("test", ("recovery_point", "source")),
    ("test", ("recovery_point", "of")),
    ("check", ("of", 0)),
    ("outage", ("scenario",)),
    ("outage", ("recovery_point", "source")),
    ("outage", ("recovery_point", "of")),
    ("attestation", ("attests",)),
]


def written(record, path, value, *, escaped=False):
    """Return a line in which ``value`` stands at ``path`` of ``record``."""
    changed = json.loads(json.dumps(record))
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(changed, ensure_ascii=escaped).encode() + b"\n"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("kind", RECORDS)
def test_a_service_that_no_policy_can_have_is_a_malformed_line(kind, name):
    parse, record = RECORDS[kind]
    for escaped in (False, True):
        log = parse(written(record, ("service",), name, escaped=escaped), "webshop")
        (gap,) = log.gaps
        assert gap.line == 1
        assert "a name that no policy can have" in gap.what
        assert gap.what.isascii()


@pytest.mark.parametrize("kind", RECORDS)
def test_a_service_that_another_policy_may_have_is_none_of_ours(kind):
    parse, record = RECORDS[kind]
    for name in ("webshop2", "Webshop", "web.shop_1-a", "w" * 100):
        assert parse(written(record, ("service",), name), "webshop").gaps == ()


@pytest.mark.parametrize(("kind", "path"), NAMED)
def test_whatever_else_a_policy_names_has_a_name_that_one_can_have(kind, path):
    parse, record = RECORDS[kind]
    for name in ("\u043erders", "or\u200bders", "two words"):
        (gap,) = parse(written(record, path, name), "webshop").gaps
        assert "a name that no policy can have" in gap.what
    assert parse(written(record, path, "another.name"), "webshop").gaps == ()


def test_a_part_of_a_rule_with_a_long_name_can_be_attested():
    name = "r" * 100 + "-1-immutable"
    (statement,) = attestations.parse(written(WORD, ("attests",), name), "webshop").attestations
    assert statement.attests == name


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_row_of_csv_is_as_strict(name):
    for parse, columns, record in (
        (outage_log.parse, outage_log.COLUMNS, {"scenario": "", **OUTAGE}),
        (maintenance_log.parse, maintenance_log.COLUMNS, WORKS),
    ):
        cells = {key: value for key, value in record.items() if isinstance(value, str)} | {"service": name}
        data = f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()
        (gap,) = parse(data, "webshop", each=partial(csv_lines.read_records, columns)).gaps
        assert (gap.line, "a name that no policy can have" in gap.what) == (2, True)
