"""The watch under a clock of the test's own: what is due, done once, tried again, and never done twice."""

import gc
import json
import os
import sys
import weakref
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from drcheck import clock
from drcheck.app import notify as notifying
from drcheck.app import offline as verifying
from drcheck.app import report as reporting
from drcheck.app import watch
from drcheck.app.judge import judge
from drcheck.app.watch import Watching, due_at, period_of
from drcheck.errors import DrcheckError, UsageError
from drcheck.ledger.store import open_ledger
from drcheck.settings import Job, Output

STOCKHOLM = ZoneInfo("Europe/Stockholm")
POLICY = """\
drcheck: 1
service: webshop
sources:
  dumps: {at: "disk:", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump"}
commitments:
  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}
"""
NIGHTLY = 'nightly: {schedule: "30 2 * * *"}'


class Told:
    """What a watch told."""

    def __init__(self):
        self.done_jobs, self.errors, self.reloads = [], [], 0
        self.can_tell = True

    def done(self, done, settings, next_at):
        self.done_jobs.append(done)
        return self.can_tell

    def reloaded(self):
        self.reloads += 1

    def trouble(self, error, consequence):
        self.errors.append(error)


class World:
    """A place with backups, a configuration, and a clock that moves when somebody waits."""

    def __init__(self, place, traveller):
        self.place, self.traveller = place, traveller
        self.file, self.told = str(place / "drcheck.yaml"), Told()
        (place / "dumps").mkdir()
        (place / "policies").mkdir()
        (place / "policies" / "webshop.yaml").write_text(POLICY)
        self.configure(NIGHTLY)
        self.sleeps = []
        """Seconds that the machine sleeps beside what was asked for, of the next pauses."""
        self.pauses = []

    def configure(self, *jobs, zone="Europe/Stockholm"):
        lines = "\n".join(f"    {job}" for job in jobs)
        Path(self.file).write_text(
            f"connections:\n  disk: {{type: local, root: '{self.place / 'dumps'}'}}\n"
            f"watch:\n  timezone: {zone}\n  jobs:\n{lines}\n"
        )

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.traveller.shift(timedelta(seconds=seconds + (self.sleeps.pop() if self.sleeps else 0)))

    def dump(self):
        name = datetime.fromtimestamp(clock.now() - 600, UTC).strftime("%Y-%m-%dT%H%MZ.dump")
        file = self.place / "dumps" / name
        file.write_text(name)
        os.utime(file, (clock.now() - 300,) * 2)

    def watching(self):
        return Watching(self.file, self.told)

    def runs(self, job="nightly"):
        """Return when each finished run of a job began."""
        with open_ledger(f"sqlite:///{self.place}/drcheck.db", read_only=True) as ledger:
            runs = ledger.state((), folded=True).runs.values()
        return [run.began.started_at for run in runs if run.began.job == job and run.state == "finished"]


@pytest.fixture
def world(tmp_path, monkeypatch):
    with time_machine.travel(datetime(2026, 3, 20, 12, tzinfo=STOCKHOLM), tick=False) as traveller:
        it = World(tmp_path, traveller)
        monkeypatch.setattr(clock, "pause", it.pause)
        monkeypatch.setattr(watch, "LONGEST_PAUSE", 1800)
        yield it


def until(world, watching, end):
    while clock.now() < end:
        watching.turn()


def at(year, month, day, hour=0, minute=0, zone=STOCKHOLM, fold=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).timestamp())


def local_dates(instants):
    return [datetime.fromtimestamp(one, STOCKHOLM).date().isoformat() for one in instants]


def test_a_job_that_no_run_has_done_is_done_at_once_and_then_when_it_is_due(world):
    watching = world.watching()
    until(world, watching, at(2026, 3, 22, 12))
    assert [datetime.fromtimestamp(one, STOCKHOLM).strftime("%d %H:%M") for one in world.runs()] == [
        "20 12:00",
        "21 02:30",
        "22 02:30",
    ]


def test_each_night_of_a_year_is_judged_once_through_changes_of_clocks_sleeps_and_deaths(world):
    watching, end = world.watching(), at(2027, 3, 30, 12)
    turns = 0
    while clock.now() < end:
        turns += 1
        if turns % 997 == 0:
            world.sleeps.append(20 * 3600)  # shut for a night
        if turns % 2503 == 0:
            watching = world.watching()  # it died, and a service manager began it again
        if turns % 4001 == 0:
            Path(world.file).write_text("watch: {jobs: [")
        if turns % 4001 == 40 and turns > 40:
            world.configure(NIGHTLY)
        world.dump() if turns % 40 == 0 else None
        watching.turn()
    dates = local_dates(world.runs())
    assert len(set(dates)) == len(dates) == 376, [one for one in dates if dates.count(one) > 1]
    assert {"2026-03-29", "2026-10-25", "2027-03-28"} <= set(dates)
    assert len(world.told.errors) == 4
    assert world.told.reloads == 4


def test_of_two_watches_over_one_ledger_one_does_a_job_and_the_other_finds_it_done(world):
    one, other = world.watching(), world.watching()
    for _ in range(3 * 24 * 6):
        world.traveller.shift(timedelta(minutes=10))
        for watching in (one, other):
            watching._do_if_due(next(iter(watching.settings.watch.jobs.values())))
    assert local_dates(world.runs()) == ["2026-03-20", "2026-03-21", "2026-03-22", "2026-03-23"]
    assert len(world.told.done_jobs) == 4


def test_a_job_that_fails_is_tried_again_ever_later_and_holds_up_no_other(world):
    world.configure(NIGHTLY, "often: {every: 10m, outputs: [{format: json, file: missing/newest.json}]}")
    watching = world.watching()
    until(world, watching, clock.now() + 4 * 3600)
    tried = [done for done in world.told.done_jobs if done.job.name == "often"]
    pauses = [done.retry_at for done in tried]
    apart = [after - before for before, after in pairwise(pauses)]
    assert [round(one / 60) for one in apart[:6]] == [2, 4, 8, 16, 32, 60]
    assert all(isinstance(done.errors[0], UsageError) and done.status == 2 for done in tried)
    assert len(world.runs("nightly")) == 1
    (world.place / "missing").mkdir()
    until(world, watching, clock.now() + 2 * 3600)
    assert len(world.runs("often")) >= 6
    assert (world.place / "missing" / "newest.json").read_text().startswith("{")


def test_a_fault_in_drcheck_ends_no_watch_and_is_not_met_again_at_once(world, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(watch, "verify", broken)
    watching = world.watching()
    until(world, watching, clock.now() + 3600)
    assert 3 <= len(world.told.done_jobs) <= 7
    assert all(done.status == 70 and "ZeroDivisionError" in done.traceback for done in world.told.done_jobs)
    monkeypatch.undo()


def test_a_fault_while_the_channels_are_told_ends_no_watch(world, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(watch.Publication, "complete", broken)
    watching = world.watching()
    until(world, watching, at(2026, 3, 21, 12))
    assert len(world.runs()) == 2
    assert all("ZeroDivisionError" in str(error) for error in world.told.errors)


def test_what_a_job_leaves_behind_in_circles_is_gone_before_the_next_one(world, monkeypatch):
    class Client:
        pass

    left, verify = [], watch.verify

    def leaves_circles(*asked):
        client = Client()
        client.itself = client
        left.append(weakref.ref(client))
        return verify(*asked)

    monkeypatch.setattr(watch, "verify", leaves_circles)
    watching = world.watching()
    gc.disable()
    try:
        until(world, watching, at(2026, 3, 22, 12))
        gone = [client() is None for client in left]
    finally:
        gc.enable()
    assert gone == [True] * 3


def test_a_watch_that_is_the_others_spare_calls_no_run_failed(world, monkeypatch):
    Path(world.file).write_text(Path(world.file).read_text() + "notify: {ping_env: PING}\n")
    calls = []
    monkeypatch.setattr(notifying, "tell_end", lambda _, status, what: calls.append((status, what)))
    watching = world.watching()
    with open_ledger(f"sqlite:///{world.place}/drcheck.db"):
        watching.turn()
    assert [done.status for done in world.told.done_jobs] == [4]
    assert calls == []
    until(world, watching, clock.now() + 600)
    assert calls == [(1, "1 breached")]


def test_a_run_by_a_clock_that_was_a_year_ahead_keeps_no_night_from_being_judged(world):
    world.traveller.shift(timedelta(days=365))
    watching = world.watching()
    watching.turn()
    world.traveller.shift(timedelta(days=-365))
    began = clock.now()
    until(world, watching, began + 2 * 86400)
    assert len([one for one in world.runs() if one < began + 3 * 86400]) >= 2


def test_a_period_that_is_over_is_judged_once_and_again_only_where_its_report_is_gone(world):
    (world.place / "out").mkdir()
    month = 'month: {schedule: "0 6 2 * *", period: month, outputs: [{format: json, file: "out/{period}.json"}]}'
    world.configure(NIGHTLY, month)
    watching = world.watching()
    until(world, watching, at(2026, 5, 5))
    files = sorted(path.name for path in (world.place / "out").iterdir())
    assert files == ["2026-02.json", "2026-03.json", "2026-04.json"]
    assert len([done for done in world.told.done_jobs if done.job.name == "month"]) == 3
    (world.place / "out" / "2026-04.json").unlink()
    assert world.watching().once() in {0, 1, 3}
    assert (world.place / "out" / "2026-04.json").exists()


def test_a_report_of_a_period_is_a_directory_of_pages_that_is_done_once_its_first_page_is_there(world):
    month = 'month: {schedule: "0 6 2 * *", period: month, outputs: [{format: html, file: "out/{period}/"}]}'
    world.configure(NIGHTLY, month)
    watching = world.watching()
    until(world, watching, at(2026, 4, 3))
    march = world.place / "out" / "2026-03"
    assert sorted(path.name for path in march.rglob("*.html")) == ["index.html", "webshop-d850c6eb.html"]
    (march / "index.html").unlink()
    assert world.watching().once() in {0, 1, 3}
    assert (march / "index.html").exists()


def test_however_many_reports_there_are_of_a_period_each_service_is_judged_once(world, monkeypatch):
    judged = []

    def counting(sources, bound, windows, **how):
        judged.extend(bound)
        return judge(sources, bound, windows, **how)

    monkeypatch.setattr(verifying, "judge", counting)
    (world.place / "out").mkdir()
    files = ("html: {period}/", "json: {period}.json", "csv: {period}.csv", "markdown: {period}.md")
    outputs = ", ".join(f'{{format: {form}, file: "out/{file}"}}' for form, file in (one.split(": ") for one in files))
    sample = "sample: {slots: 3, word: blue heron}"
    world.configure(NIGHTLY, f'month: {{schedule: "0 6 2 * *", period: month, outputs: [{outputs}], {sample}}}')
    until(world, world.watching(), at(2026, 4, 3))
    made = {path.name for path in (world.place / "out").iterdir()}
    assert {"2026-03", "2026-03.json", "2026-03.csv", "2026-03.md"} <= made
    assert len(judged) == len([done for done in world.told.done_jobs if done.job.name == "month"])
    report = json.loads((world.place / "out" / "2026-03.json").read_text())
    assert report["sample"]["word"] == "blue heron"
    assert report["provenance"]["runs"] > 0
    assert 'id="sample"' in (world.place / "out" / "2026-03" / "index.html").read_text()


def test_a_fault_while_a_report_of_a_period_is_made_is_not_met_again_at_once(world, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    month = 'month: {schedule: "0 6 2 * *", period: month, outputs: [{format: html, file: "out/{period}/"}]}'
    world.configure(NIGHTLY, month)
    watching = world.watching()
    until(world, watching, clock.now() + 600)
    (world.place / "out" / "2026-02" / "index.html").unlink()
    world.told.done_jobs.clear()
    monkeypatch.setattr(reporting, "judged_once", broken)
    until(world, watching, clock.now() + 3600)
    tried = [done for done in world.told.done_jobs if done.job.name == "month"]
    assert 1 <= len(tried) <= 7
    assert all(done.status == 70 and done.retry_at is not None for done in tried)


def test_what_nobody_could_be_told_is_named_as_new_by_the_next_run(world):
    watching = world.watching()
    world.told.can_tell = False
    watching.turn()
    with open_ledger(f"sqlite:///{world.place}/drcheck.db", read_only=True) as ledger:
        assert not ledger.state((), folded=True).newest_run.published
    world.told.can_tell = True
    until(world, watching, at(2026, 3, 21, 12))
    with open_ledger(f"sqlite:///{world.place}/drcheck.db", read_only=True) as ledger:
        assert ledger.state((), folded=True).newest_run.published


def test_a_configuration_that_cannot_be_used_changes_nothing_and_is_told_once(world):
    watching = world.watching()
    watching.turn()
    Path(world.file).write_text("watch: {jobs: {}}\n")
    until(world, watching, clock.now() + 3600)
    assert len(world.told.errors) == 1
    assert [*watching.settings.watch.jobs] == ["nightly"]
    Path(world.file).unlink()
    until(world, watching, clock.now() + 3600)
    assert len(world.told.errors) == 2
    world.configure('weekly: {schedule: "0 3 * * 1"}')
    watching.turn()
    assert [*watching.settings.watch.jobs] == ["weekly"]


def test_a_watch_without_jobs_is_refused_with_what_to_write(world):
    Path(world.file).write_text("ledger: sqlite:///drcheck.db\n")
    with pytest.raises(UsageError, match="has no jobs to watch"):
        world.watching()


def test_a_format_whose_extra_is_missing_is_told_when_the_watch_begins(world, monkeypatch):
    monkeypatch.delitem(sys.modules, "drcheck.reports.xlsx", raising=False)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    world.configure("nightly: {every: 1d, outputs: [{format: xlsx, file: newest.xlsx}]}")
    with pytest.raises(UsageError, match="the format xlsx needs xlsxwriter"):
        world.watching()


def test_a_watch_over_a_damaged_ledger_says_so_and_goes_on(world):
    watching = world.watching()
    watching.turn()
    (world.place / "drcheck.db").write_bytes(b"no ledger" * 1000)
    until(world, watching, at(2026, 3, 21, 12))
    assert all(isinstance(error, DrcheckError) for done in world.told.done_jobs[1:] for error in done.errors)
    assert len(world.told.done_jobs) > 2


@pytest.mark.parametrize(
    ("job", "began", "now", "due"),
    [
        (Job("a", schedule="30 2 * * *"), None, at(2026, 3, 20, 12), 0),
        (Job("a", schedule="30 2 * * *"), at(2026, 3, 20, 2, 30), at(2026, 3, 20, 12), at(2026, 3, 21, 2, 30)),
        (Job("a", schedule="30 2 * * *"), at(2026, 3, 20, 2, 29), at(2026, 3, 20, 12), at(2026, 3, 20, 2, 30)),
        # 02:30 does not exist on 29 March: it is done right after the skipped hour, and once
        (Job("a", schedule="30 2 * * *"), at(2026, 3, 28, 2, 30), at(2026, 3, 29, 1, 59), at(2026, 3, 29, 3)),
        # 02:30 comes twice on 25 October: it is done once
        (
            Job("a", schedule="30 2 * * *"),
            at(2026, 10, 25, 2, 30),
            at(2026, 10, 25, 2, 45, fold=1),
            at(2026, 10, 26, 2, 30),
        ),
        (Job("a", every=900), at(2026, 3, 20, 2), at(2026, 3, 20, 12), at(2026, 3, 20, 2, 15)),
        (Job("a", every=900), at(2027, 3, 20, 2), at(2026, 3, 20, 12), 0),
    ],
)
def test_when_a_job_is_due(job, began, now, due):
    assert due_at(job, STOCKHOLM, began, now) == due


@pytest.mark.parametrize(
    ("unit", "schedule", "now", "label"),
    [
        ("day", "", at(2026, 3, 1, 0, 0), "2026-02-28"),
        ("month", "", at(2026, 1, 1), "2025-12"),
        ("month", "", at(2026, 12, 31), "2026-11"),
        ("quarter", "", at(2026, 1, 1), "2025-Q4"),
        ("quarter", "", at(2026, 12, 31), "2026-Q3"),
        ("year", "", at(2026, 12, 31), "2025"),
        ("quarter", "0 6 2 1,4,7,10 *", at(2026, 4, 2, 5), "2025-Q4"),
        ("quarter", "0 6 2 1,4,7,10 *", at(2026, 4, 2, 6), "2026-Q1"),
    ],
)
def test_which_period_a_job_judges(unit, schedule, now, label):
    assert period_of(Job("a", schedule=schedule, period=unit, outputs=(Output("json", "x"),)), STOCKHOLM, now) == label


def test_a_job_that_was_taken_out_is_told_by_the_next_runs(world):
    world.configure(NIGHTLY, "often: {every: 1h}")
    world.watching().once()
    world.configure(NIGHTLY)
    world.traveller.shift(timedelta(days=1))
    world.watching().once()
    with open_ledger(f"sqlite:///{world.place}/drcheck.db", read_only=True) as ledger:
        runs = ledger.state((), folded=True).runs.values()
    assert [run.began.gone for run in runs] == [(), (), ("often",)]
    assert [run.began.due for run in runs] == [(), ("nightly",), ("nightly",)]
