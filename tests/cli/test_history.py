"""``drcheck history`` and ``drcheck ledger``, as the process that people start."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from drcheck.core.policy import Policy
from drcheck.core.verdict import Window
from drcheck.core.words import instant
from drcheck.ledger.store import open_ledger

NIGHT = 1795228200  # 2026-11-21T02:30:00Z
DAY = 86400


def verdict(number, status, *, breaches=(), measured=None, reason="as promised", **more):
    spans = [{"opened_at": instant(one), "closed_at": end and instant(end), "reason": reason} for one, end in breaches]
    return {
        "id": number,
        "kind": "rpo",
        "status": status,
        "waived": False,
        "attested": False,
        "reason": reason,
        "measured": measured and {"value": measured, "unit": "s"},
        "breaches": spans,
        "unknowns": [],
    } | more


def record(directory, night, service, *verdicts):
    as_of = NIGHT + night * DAY
    with (
        open_ledger(f"sqlite:///{directory}/drcheck.db") as ledger,
        ledger.start(Window(as_of - 30 * DAY, as_of), version="0.1.0", started_at=as_of) as run,
    ):
        run.policies([Policy(service, f"policies/{service}.yaml", f"{night:064}", "", "UTC", {}, ())])
        run.verdicts(service, verdicts)
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
        "  breach opened         noticed               closed                lasted\n"
        "  2026-11-22T01:30:00Z  2026-11-22T02:30:00Z  2026-11-23T04:30:00Z  1 d 3 h\n"
    )


def test_all_shows_every_run(nights):
    done = drcheck(nights, "history", "webshop", "--all")
    assert done.stdout.count("breached  measured") == 2
    assert done.stdout.count("met ") == 3


def test_since_leaves_out_what_ended_before(nights):
    done = drcheck(nights, "history", "webshop", "--since", "2026-11-24")
    assert "2026-11-22" not in done.stdout
    assert "2026-11-24T02:30:00Z" in done.stdout


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
    assert "6 runs, 0 looks at 0 sources, 6 verdicts" in done.stdout
    assert "2026-11-22T02:30:00Z  2026-11-22T02:30:00Z  finished     1" in done.stdout


def test_a_whole_ledger_is_found_whole_and_a_damaged_one_is_not(nights):
    done = drcheck(nights, "ledger", "check")
    assert (done.returncode, "is whole" in done.stdout) == (0, True), done.stderr
    connection = sqlite3.connect(nights / "drcheck.db")
    connection.execute("DROP TRIGGER verdict_keeps_rows")
    connection.execute("UPDATE verdict SET body = x'00' WHERE id = 3")
    connection.commit()
    connection.close()
    done = drcheck(nights, "ledger", "check")
    assert done.returncode == 1
    assert "damaged: verdict 3" in done.stdout
    assert "put the ledger's last backup back" in done.stdout
