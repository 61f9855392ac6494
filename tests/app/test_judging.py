"""Services are judged as their sources come in, while others are still looked at, and as they would be afterwards."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drcheck import registry
from drcheck.app import judge as judge_module
from drcheck.app import look as look_module
from drcheck.app import verify as verify_module
from drcheck.app.gather import AHEAD
from drcheck.app.judge import Judging
from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.collectors.local.settings import LocalConnection
from drcheck.core.model.log_records import ReadLog
from drcheck.core.model.status import Status
from drcheck.ledger.entries import Looked
from drcheck.ledger.state import Key
from drcheck.ledger.store import Ledger, open_ledger
from drcheck.run_report import Judged
from drcheck.settings import Settings

HOUR = 3600


@contextmanager
def quietly(_: object) -> Iterator[object]:
    yield lambda _: None


def settings_of(root: Path, *services: str) -> Settings:
    """Promise a fresh backup of each service, and a restore test of each month."""
    (root / "policies").mkdir()
    for service in services:
        (root / service).mkdir()
        made = int(time.time()) - HOUR
        dump = root / service / f"{datetime.fromtimestamp(made, UTC):%Y-%m-%dT%H%M%S}Z.dump"
        dump.write_bytes(b"x" * 1000)
        os.utime(dump, (made, made))
        at = f"{datetime.fromtimestamp(made, UTC):%Y-%m-%dT%H:%M:%SZ}"
        (root / service / "restores.jsonl").write_text(
            f'{{"test": "t", "service": "{service}", "started_at": "{at}", "finished_at": "{at}", "outcome": "passed", "validation": "restored"}}\n'
        )
        (root / "policies" / f"{service}.yaml").write_text(
            f"drcheck: 1\nservice: {service}\nsources:\n  dumps:\n    at: disk:{service}/\n    reader: objects\n"
            '    name: "{data_as_of:%Y-%m-%dT%H%M%S}Z.dump"\n    max_duration: 1h\n    identical_dumps: allowed\n'
            f"  tests: {{at: 'disk:{service}/restores.jsonl', reader: restore-log}}\n"
            "commitments:\n  rpo: {kind: rpo, at_most: 2h, evidence: [dumps]}\n"
            "  tested: {kind: restore_test, every: 30d, validation: restored, evidence: [tests]}\n"
        )
    disk = LocalConnection("disk", root=str(root))
    return Settings(
        "drcheck.yaml", ledger=f"sqlite:///{root}/drcheck.db", policies=(str(root / "policies"),),
        connections={"disk": disk}, workers=2,
    )  # fmt: skip


def run(settings: Settings) -> dict[str, Judged]:
    outcome = verify(settings, [], Question(), quietly)  # type: ignore[arg-type]
    assert outcome.tracebacks == () == outcome.report.faults
    return {judged.policy.service: judged for judged in outcome.report.services}


def looks(settings: Settings) -> int:
    with open_ledger(settings.ledger, read_only=True) as ledger:
        return sum(isinstance(ledger.entry(number), Looked) for number in range(1, ledger.log.count + 1))


def test_a_service_is_judged_while_another_one_is_looked_at(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "quick", "slow")
    judged = threading.Event()
    waited: list[bool] = []
    judge_one, reader = judge_module._judged, registry.reader

    def judging(*given: object, **more: object) -> Judged:
        one: Judged = judge_one(*given, **more)  # type: ignore[arg-type]
        if one.policy.service == "quick":
            judged.set()
        return one

    def reading(source: object) -> object:
        read = reader(source)  # type: ignore[arg-type]

        def examine(collector: object, source: object, name: str, asked: object) -> object:
            if asked.service == "slow":  # type: ignore[attr-defined]
                waited.append(judged.wait(30))
            return read(collector, source, name, asked)  # type: ignore[arg-type]

        return examine

    monkeypatch.setattr(judge_module, "_judged", judging)
    monkeypatch.setattr(registry, "reader", reading)
    shown = run(settings)
    assert waited == [True, True]
    assert list(shown) == ["quick", "slow"]
    assert {verdict.status for one in shown.values() for verdict in one.verdicts} == {Status.MET}


def test_judging_keeps_step_with_what_comes_in(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, *(f"s{number}" for number in range(40)))
    left: list[int] = []
    judge_rest = Judging.all

    def rest(judging: Judging) -> tuple[Judged, ...]:
        left.append(40 - len(judging._judged))
        return judge_rest(judging)

    monkeypatch.setattr(Judging, "all", rest)
    run(settings)
    assert left[0] <= settings.workers + AHEAD, "what came in last is left, and no more"


def test_what_fails_while_a_service_is_judged_ends_no_look(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "a", "b", "c")

    def failing(*_: object, **__: object) -> Judged:
        raise ZeroDivisionError

    monkeypatch.setattr(judge_module, "_judged", failing)
    with pytest.raises(ZeroDivisionError):
        run(settings)
    assert looks(settings) == 6


def test_a_log_is_read_once_a_night(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "a", "b")
    read: list[str] = []
    parser = registry.parser
    monkeypatch.setattr(registry, "parser", lambda source: read.append(source.path) or parser(source))
    assert all(verdict.status is Status.MET for one in run(settings).values() for verdict in one.verdicts)
    assert read == [], "what the look has read is judged, as the ledger holds the same bytes"


def test_a_log_that_was_rewritten_is_judged_as_the_ledger_has_it(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "a")
    run(settings)
    (tmp_path / "a" / "restores.jsonl").write_text("")
    read: list[str] = []
    parser = registry.parser
    monkeypatch.setattr(registry, "parser", lambda source: read.append(source.path) or parser(source))
    ((_, gap),) = run(settings)["a"].verdicts[1].gaps
    assert "is no longer in it" in gap.what
    assert read == ["a/restores.jsonl"]


def test_services_judged_as_they_come_in_are_judged_as_all_together(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, *(f"s{number}" for number in range(7)))
    begin = int(time.time()) + 60
    monkeypatch.setattr("drcheck.clock.now", lambda: begin)
    meanwhile = run(settings)
    with monkeypatch.context() as later:
        later.setattr(Judging, "go_on", lambda _: False)
        Path(settings.ledger.removeprefix("sqlite:///")).unlink()
        assert [one.verdicts for one in run(settings).values()] == [one.verdicts for one in meanwhile.values()]


def test_a_service_comes_in_when_all_its_sources_have_with_what_was_read_of_its_logs(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "a", "b")
    came: dict[str, Mapping[Key, ReadLog]] = {}
    look = look_module.look

    def looking(*given: object, **more: object) -> object:
        more |= {"came_in": came.__setitem__}
        return look(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(verify_module, "look", looking)
    run(settings)
    assert {service: [key.place for key in logs] for service, logs in came.items()} == {
        "a": ["disk:a/restores.jsonl"],
        "b": ["disk:b/restores.jsonl"],
    }


def test_a_night_reads_the_ledger_from_its_beginning_once(tmp_path, monkeypatch):
    settings = settings_of(tmp_path, "a", "b")
    run(settings)
    read: list[object] = []
    state = Ledger.state
    monkeypatch.setattr(Ledger, "state", lambda *given, **more: read.append(given) or state(*given, **more))
    run(settings)
    assert len(read) == 1
