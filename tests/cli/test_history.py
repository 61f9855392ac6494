"""``drcheck history`` and ``drcheck ledger``, as the process that people start."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from msgspec.structs import replace

from drcheck.core.model.policy import Policy
from drcheck.core.model.policy_text import joined
from drcheck.core.model.verdict import Opening, Window
from drcheck.ledger.entries import RecordedVerdict
from drcheck.ledger.store import open_ledger

NIGHT = 1795228200  # 2026-11-21T02:30:00Z
DAY = 86400


def verdict(commitment, status, *, breaches=(), measured=None, reason="as promised", **more):
    return RecordedVerdict(
        service="",
        commitment=commitment,
        kind="rpo",
        status=status,
        reason=reason,
        measured=measured and {"value": measured, "unit": "s"},
        breaches=tuple(Opening(opened, closed, reason) for opened, closed in breaches),
        **more,
    )


def record(directory, night, service, *verdicts, zone="UTC"):
    as_of = NIGHT + night * DAY
    with (
        open_ledger(f"sqlite:///{directory}/drcheck.db") as ledger,
        ledger.start(Window(as_of - 30 * DAY, as_of), version="0.1.0", started_at=as_of) as run,
    ):
        text = joined([(f"{service}.yaml", f"timezone: {zone}\n".encode())])
        run.policies([Policy(service, f"policies/{service}.yaml", f"{night:062}{len(zone):02}", text, zone, {}, ())])
        run.found([replace(one, service=service) for one in verdicts])
        run.finish(1)


@pytest.fixture
def here(tmp_path):
    (tmp_path / "drcheck.yaml").write_text(
        "ledger: sqlite:///drcheck.db\npolicies: [policies/]\nconnections:\n  vault: {type: local, root: /srv}\n"
    )
    return tmp_path


@pytest.fixture
def nights(here):
    """A webshop whose dumps stopped for a day, and a wiki on which nothing was ever owed."""
    opened, closed = NIGHT + DAY - 3600, NIGHT + 2 * DAY + 7200
    evil = "newest data of \x1b[31morders\u202e is old"
    record(here, 0, "webshop", verdict("rpo-server", "met", measured=1800))
    record(here, 1, "webshop", verdict("rpo-server", "breached", measured=7200, breaches=[(opened, None)], reason=evil))
    record(
        here, 2, "webshop", verdict("rpo-server", "breached", measured=93600, breaches=[(opened, None)], reason=evil)
    )
    record(here, 3, "webshop", verdict("rpo-server", "met", measured=1700, breaches=[(opened, closed)]))
    record(here, 4, "webshop", verdict("rpo-server", "met", measured=1800, breaches=[(opened, closed)]))
    record(here, 4, "wiki", verdict("rpo", None, reason="nothing is owed yet"))
    return here


def drcheck(directory, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "drcheck", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "FORCE_COLOR": "1", "COLUMNS": "200"},
        check=False,
    )


def test_it_shows_where_verdicts_changed_and_when_breaches_opened_and_closed(nights):
    done = drcheck(nights, "history", "webshop")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "webshop\n"
        "\n"
        "  rpo-server  rpo\n"
        "  2026-11-21T02:30:00Z  ✓ met       measured 30 min\n"
        "                        as promised\n"
        "  2026-11-22T02:30:00Z  ✗ breached  measured 2 h\n"
        "                        newest data of \\x1b[31morders\\u202e is old\n"
        "  2026-11-24T02:30:00Z  ✓ met       measured 28 min 20 s\n"
        "                        as promised\n"
        "  breach opened         closed                lasted\n"
        "  2026-11-22T01:30:00Z  2026-11-23T04:30:00Z  1 d 3 h\n"
        "    noticed 2026-11-22T02:30:00Z\n"
    )


def test_times_are_in_the_zone_of_the_policy(here):
    opened = NIGHT - 3600
    late = verdict("rpo", "breached", breaches=[(opened, None)], reason="newest data is of 2026-11-21T00:30:00Z")
    record(here, 0, "shop", late, zone="Europe/Stockholm")
    record(here, 1, "shop", verdict("rpo", "met", breaches=[(opened, NIGHT + 3600)]), zone="Europe/Stockholm")
    shown = drcheck(here, "history").stdout
    assert shown == (
        "shop\n"
        "\n"
        "  rpo\n"
        "  2026-11-21T03:30:00+01:00  ✗ breached\n"
        "                             newest data is of 2026-11-21T01:30:00+01:00\n"
        "  2026-11-22T03:30:00+01:00  ✓ met\n"
        "                             as promised\n"
        "  breach opened              closed                     lasted\n"
        "  2026-11-21T02:30:00+01:00  2026-11-21T04:30:00+01:00  2 h\n"
        "    noticed 2026-11-21T03:30:00+01:00\n"
    )
    # A bare date is the policy's own: a breach that closed at 03:30Z ended on the 21st there too.
    assert "breach opened" in drcheck(here, "history", "--since", "2026-11-21").stdout
    assert "breach opened" not in drcheck(here, "history", "--since", "2026-11-22").stdout
    assert (
        json.loads(drcheck(here, "history", "--format", "json").stdout)["services"][0]["commitments"][0]["breaches"][0][
            "opened_at"
        ]
        == "2026-11-21T01:30:00Z"
    )


def test_of_a_breach_older_than_every_window_it_is_said_that_it_opened_by_then(here):
    start = NIGHT - 30 * DAY
    record(here, 0, "shop", verdict("rpo", "breached", breaches=[(start, start + DAY), (start + 3 * DAY, None)]))
    record(here, 0, "shop", verdict("tested", "breached", breaches=[(start, None)]))
    shown = drcheck(here, "history").stdout
    assert "  by 2026-10-22T02:30:00Z  2026-10-23T02:30:00Z  > 1 d\n" in shown
    assert "  2026-10-25T02:30:00Z     still open\n" in shown
    assert "  by 2026-10-22T02:30:00Z  still open\n" in shown


def test_all_shows_every_run(nights):
    done = drcheck(nights, "history", "webshop", "--all")
    assert done.stdout.count("breached  measured") == 2
    assert done.stdout.count("met ") == 3


def test_since_leaves_out_what_ended_before(nights):
    done = drcheck(nights, "history", "webshop", "--since", "2026-11-24")
    assert "2026-11-22" not in done.stdout
    assert "2026-11-24T02:30:00Z" in done.stdout


def test_since_an_instant_after_all_that_was_judged_is_not_told_as_an_empty_ledger(nights):
    done = drcheck(nights, "history", "--since", "2026-12-24")
    assert done.returncode == 0
    assert done.stdout == "Nothing was judged, and no breach was open, since 2026-12-24.\n"


def test_a_run_whose_clock_was_ahead_leaves_no_breach_open_that_was_none(nights):
    ahead = NIGHT + 300 * DAY
    record(nights, 300, "webshop", verdict("rpo-server", "breached", breaches=[(ahead - 29 * DAY, None)]))
    record(nights, 5, "webshop", verdict("rpo-server", "met", measured=1800))
    shown = drcheck(nights, "history", "webshop").stdout
    assert "2027-09-17T02:30:00Z  ✗ breached" in shown
    assert "still open" not in shown
    assert shown.count("its clock was ahead") == 1
    webshop, *_ = json.loads(drcheck(nights, "history", "--all", "--format", "json").stdout)["services"]
    told = [(one["as_of"], one["clock_ahead"]) for one in webshop["commitments"][0]["verdicts"]]
    assert [as_of for as_of, is_ahead in told if is_ahead] == ["2027-09-17T02:30:00Z"]


def test_verdicts_of_a_run_that_was_stopped_are_none_of_record(nights):
    as_of = NIGHT + 9 * DAY
    with (
        open_ledger(f"sqlite:///{nights}/drcheck.db") as ledger,
        ledger.start(Window(as_of - 30 * DAY, as_of), version="0.1.0", started_at=as_of) as run,
    ):
        run.found([replace(verdict("rpo-server", "breached", breaches=[(as_of - DAY, None)]), service="webshop")])
    assert "2026-11-30" not in drcheck(nights, "history", "webshop").stdout
    assert drcheck(nights, "history", "webshop").stdout.count("breached  measured") == 1


def test_json_tells_the_same(nights):
    done = drcheck(nights, "history", "--format", "json")
    webshop, wiki = json.loads(done.stdout)["services"]
    assert [one["status"] for one in webshop["commitments"][0]["verdicts"]] == ["met", "breached", "met"]
    (breach,) = webshop["commitments"][0]["breaches"]
    assert (breach["opened_at"], breach["noticed_at"], breach["closed_at"], breach["dropped_at"]) == (
        "2026-11-22T01:30:00Z", "2026-11-22T02:30:00Z", "2026-11-23T04:30:00Z", None,
    )  # fmt: skip
    assert wiki["commitments"][0]["verdicts"][0]["status"] is None
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["webshp"], "the ledger has no service webshp\nHint: Did you mean webshop?"),
        (["nothing-like-it"], "Hint: Known are webshop and wiki."),
        (
            ["webshop", "--commitment", "rpo-servr"],
            "the ledger has no commitment rpo-servr\nHint: Did you mean rpo-server?",
        ),
        (["--since", "yesterday"], "--since:"),
        (["--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(nights, arguments, said):
    done = drcheck(nights, "history", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_ledger_is_no_error(here):
    done = drcheck(here, "history", "webshop")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nothing has been judged yet. `drcheck verify` judges, and records what it finds.\n"
    assert json.loads(drcheck(here, "history", "--format", "json").stdout) == {"services": []}
    assert [file.name for file in here.iterdir()] == ["drcheck.yaml"]


def test_the_ledger_shows_its_runs(nights):
    done = drcheck(nights, "ledger", "show")
    assert done.returncode == 0, done.stderr
    assert "6 runs, 0 sources, 0 looks, 5 policy texts, 6 verdicts" in done.stdout
    assert "2026-11-22T02:30:00Z  2026-11-22T02:30:00Z  finished     1" in done.stdout


def test_a_whole_ledger_is_found_whole_and_a_damaged_one_is_not(nights):
    done = drcheck(nights, "ledger", "check")
    assert (done.returncode, "is whole" in done.stdout) == (0, True), done.stderr
    connection = sqlite3.connect(nights / "drcheck.db")
    (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_keeps_rows'").fetchone()
    connection.execute("DROP TRIGGER entry_keeps_rows")
    connection.execute("UPDATE entry SET bytes = CAST(bytes || x'00' AS BLOB) WHERE number = 3")
    connection.execute(trigger)
    connection.commit()
    connection.close()
    done = drcheck(nights, "ledger", "check")
    assert done.returncode == 1
    assert "entry 3 is not what was written" in done.stdout
    assert "Put the ledger's last backup back" in done.stdout


def test_an_altered_schema_is_damage_that_check_lists_and_rebuild_mends(nights):
    with closing(sqlite3.connect(nights / "drcheck.db")) as connection:
        connection.execute("DROP TRIGGER entry_keeps_all")
    done = drcheck(nights, "ledger", "check")
    assert done.returncode == 1
    assert "damaged: the ledger is damaged: its schema was altered: trigger entry_keeps_all" in done.stdout
    assert "`drcheck ledger rebuild` makes it anew" in done.stdout
    assert drcheck(nights, "ledger", "rebuild").returncode == 0
    assert "is whole" in drcheck(nights, "ledger", "check").stdout
