"""A run that is killed at any point between its judging and its last message: the next start makes good for it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from drcheck.ledger.store import open_ledger

POLICY = """\
drcheck: 1
service: webshop
sources:
  dumps: {at: "disk:", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump"}
commitments:
  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}
"""
CHILD = """\
import os, signal, sys

import drcheck.app.notify, drcheck.app.watch, drcheck.ledger.run_recorder, drcheck.ledger.state, drcheck.ledger.store
import drcheck.output_files
from drcheck import cli

where, when, number = sys.argv[1:4]
if where == "later":
    drcheck.ledger.state.CLAIM_LASTS = 0  # ten minutes have passed
elif where:
    module, _, name = where.rpartition(":")
    owner = sys.modules[module]
    *inner, name = name.split(".")
    for one in inner:
        owner = getattr(owner, one)
    real, calls = getattr(owner, name), [0]

    def killed(*arguments, **named):
        calls[0] += 1
        if calls[0] == int(number) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        came = real(*arguments, **named)
        if calls[0] == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        return came

    setattr(owner, name, killed)
sys.exit(cli.main(sys.argv[4:]))
"""
POINTS = [
    ("drcheck.ledger.run_recorder:Run.found", "before", 1),
    ("drcheck.ledger.run_recorder:Run.found", "after", 1),
    ("drcheck.app.watch:put", "before", 1),
    ("drcheck.app.watch:put", "after", 1),
    ("drcheck.app.watch:put", "after", 2),
    ("drcheck.ledger.run_recorder:Run.finish", "before", 1),
    ("drcheck.ledger.run_recorder:Run.finish", "after", 1),
    ("drcheck.ledger.store:Ledger.publish", "before", 1),
    ("drcheck.ledger.store:Ledger.publish", "after", 1),
    ("drcheck.app.notify:send", "before", 1),
    ("drcheck.app.notify:_settle", "after", 1),
]


class Place:
    """A configuration with a job, its files and a channel."""

    def __init__(self, path, port):
        self.path, self.told = path, []
        (path / "dumps").mkdir()
        (path / "policies").mkdir()
        (path / "policies" / "webshop.yaml").write_text(POLICY)
        (path / "drcheck.yaml").write_text(
            "connections:\n  disk: {type: local, root: dumps}\n"
            "notify: {channels: {hook: {url_env: HOOK}}}\n"
            "watch:\n  jobs:\n    nightly: {every: 365d, outputs: "
            "[{format: json, file: newest.json}, {format: prometheus, file: newest.prom}]}\n"
        )
        self.port = port

    def run(self, *arguments, where="", when="", number=0):
        return subprocess.run(
            [sys.executable, "-c", CHILD, where, when, str(number), *arguments],
            cwd=self.path, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "HOOK": f"json://127.0.0.1:{self.port}/hook", "NO_PROXY": "*"},
        )  # fmt: skip

    def state(self):
        with open_ledger(f"sqlite:///{self.path}/drcheck.db", read_only=True) as ledger:
            assert list(ledger.damage()) == []
            return ledger.state((), folded=True)


@pytest.fixture
def place(tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            there.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Place(tmp_path, server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


def is_of(place, run):
    """Return whether both files are there, whole, and of that run."""
    newest = json.loads((place.path / "newest.json").read_text())
    metrics = (place.path / "newest.prom").read_text()
    judged = re.search(r"^drcheck_run_as_of_timestamp_seconds (\S+)$", metrics, re.MULTILINE)
    return newest["run"] == run.began.run and float(judged[1]) == run.began.window.end


@pytest.mark.parametrize(("where", "when", "number"), POINTS)
def test_a_job_that_is_killed_at_its_end_has_its_files_and_its_message_after_the_next_start(place, where, when, number):
    killed = place.run("watch", "--once", where=where, when=when, number=number)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ended = place.run("watch", "--once", where="later")
    assert "Traceback" not in ended.stderr
    state = place.state()
    finished = [run for run in state.runs.values() if run.state == "finished"]
    assert len(finished) == 1  # the job was done once
    assert is_of(place, finished[0])
    assert [one.startswith("Broken:\n- webshop rpo: since ") for one in place.told] == [True]
    assert state.channels["hook"].waiting == []


def test_a_job_that_is_killed_right_behind_a_message_may_tell_it_twice_and_never_not_at_all(place):
    place.run("watch", "--once", where="drcheck.app.notify:send", when="after", number=1)
    assert len(place.told) == 1
    place.run("watch", "--once")
    assert len(place.told) == 1  # it may still be at it
    place.run("watch", "--once", where="later")
    place.run("watch", "--once", where="later")
    assert len(place.told) == 2


@pytest.mark.parametrize(("when", "state"), [("before", "abandoned"), ("after", "finished")])
def test_a_verify_that_is_killed_at_its_end_has_written_its_file_or_is_told_as_abandoned(place, when, state):
    arguments = ("verify", "--format", "json", "--output", "newest.json")
    place.run(*arguments, where="drcheck.ledger.run_recorder:Run.finish", when=when, number=1)
    assert place.run(*arguments, where="later").returncode == 1
    first, second = place.state().runs.values()
    assert (first.state, second.state) == (state, "finished")
    assert json.loads((place.path / "newest.json").read_text())["run"] == second.began.run
    assert len(place.told) == 1


FAULT = """\
import sys

import drcheck.app.judge, drcheck.channels.ping, drcheck.reports.csv
from drcheck import cli

def broken(*_, **__):
    raise ZeroDivisionError

drcheck.channels.ping.call = lambda url, body, failed: print("pinged", failed, body, end="", file=sys.stderr)
{patched} = broken
sys.exit(cli.main(["verify", "--silent", "--format", "csv"]))
"""


@pytest.mark.parametrize("patched", ["drcheck.app.judge.Judging.all", "drcheck.reports.csv.render"])
def test_a_fault_in_drcheck_is_told_to_what_waits_for_the_end_of_the_run(place, patched):
    file = place.path / "drcheck.yaml"
    file.write_text(file.read_text().replace("notify: {", "notify: {ping_env: PATH, "))
    ended = subprocess.run(
        [sys.executable, "-c", FAULT.format(patched=patched)],
        cwd=place.path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 70, ended.stderr
    assert "pinged True exit status 70: a fault in drcheck itself\n" in ended.stderr
