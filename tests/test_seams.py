"""The seams: what the package does not know is plugged in from outside of it, and runs end to end."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext

import pytest

from drcheck import registry
from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.cli import main
from drcheck.core.model.readers import Behaviour, Reader, Tells
from drcheck.policyfile import schema, validate
from drcheck.policyfile.lint import lint
from drcheck.policyfile.load import load_policies
from drcheck.settings import Settings
from tests.toys.drawer import DrawerConnection

POLICY = """\
drcheck: 1
service: web
sources:
  replica: {at: "top:list.txt", reader: backup-list, of: [orders], seen_every: 1h}
  drills: {at: "top:drills.jsonl", reader: restore-log}
commitments:
  lag: {kind: replication_lag, at_most: 15m, evidence: [replica]}
  rpo: {kind: rpo, at_most: 8h, evidence: [replica]}
"""
CACHES = (schema.published, schema._raw, schema.schema, schema.definition, validate._validator)


@pytest.fixture
def toys(monkeypatch):
    """Plug the toys in, for one test."""
    reader = Reader(
        "backup-list",
        "tests.toys.backup_list",
        "a list of backups, a line each",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=False,
    )
    place = registry.PlaceType("tests.toys.drawer:DrawerConnection", "tests.toys.drawer:open_drawer")
    monkeypatch.setitem(registry.KINDS, "replication_lag", "tests.toys.replication_lag_keys")
    monkeypatch.setitem(registry.READERS, reader.name, reader)
    monkeypatch.setitem(registry.COLLECTORS, "drawer", place)
    monkeypatch.setitem(registry.FORMATS, "lines", registry.Format("tests.toys.lines", "text/plain", ".txt"))
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget():
    for cached in CACHES:
        cached.cache_clear()


def settled(tmp_path, ages):
    """Return the settings of a place whose list has backups of those ages."""
    now = int(time.time())
    content = "".join(f"backup-{age} orders {now - age}\n" for age in ages)
    drawer = DrawerConnection("top", content={"list.txt": content, "drills.jsonl": ""})
    (tmp_path / "web.yaml").write_text(POLICY)
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    return Settings(str(tmp_path / "drcheck.yaml"), ledger=ledger, connections={"top": drawer})


def report(settings, tmp_path):
    outcome = verify(settings, [str(tmp_path / "web.yaml")], Question(86400), lambda _: nullcontext(lambda _: None))
    assert outcome.tracebacks == ()
    options = {"quiet": False, "verbose": False, "terminal": False, "config": ""}
    return registry.renderer("lines")(outcome.report, **options).decode()


@pytest.mark.usefixtures("toys")
def test_a_kind_a_reader_a_place_and_a_format_from_outside_run_end_to_end(tmp_path):
    told = report(settled(tmp_path, [7200, 60]), tmp_path)
    assert told.startswith("lag met: nothing lags behind\nrpo met: ")


@pytest.mark.usefixtures("toys")
def test_a_kind_from_outside_is_breached(tmp_path):
    told = report(settled(tmp_path, [90000, 7200]), tmp_path)
    assert "lag breached: replica lags behind\n" in told


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("at_most: 15m", "at_most: 15", 'commitments.lag.at_most: "15" has no unit'),
        ("at_most: 15m", "at_most: 1s", "commitments.lag.at_most: light is not that fast"),
        ("lag: {kind: replication_lag, at_most: 15m, evidence: [replica]}",
         "lag: {kind: replication_lag, at_most: 15m, evidence: [drills]}",
         "drills is read by restore-log, which tells nothing about replication_lag (it needs a source read by objects or the reader of a backup tool"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_kind_from_outside_is_told(tmp_path, wrong, right, told):
    settings = settled(tmp_path, [60])
    file = tmp_path / "web.yaml"
    file.write_text(POLICY.replace(wrong, right))
    problems = load_policies([str(file)], settings).problems
    assert any(told in str(problem) for problem in problems), problems


@pytest.mark.usefixtures("toys")
def test_lint_of_a_kind_from_outside_is_told(tmp_path):
    settings = settled(tmp_path, [60])
    (document,) = load_policies([str(tmp_path / "web.yaml")], settings).documents
    assert any(remark.rule == "lag" for remark in lint(document, int(time.time())))


def configured(tmp_path, monkeypatch, *, config="inventory: drawer.json", policy=POLICY):
    """Stand in a directory with a configuration whose drawer has backups, and with a policy."""
    now = int(time.time())
    content = {"list.txt": f"new orders {now - 60}\n", "drills.jsonl": ""}
    (tmp_path / "drawer.json").write_text(json.dumps(content))
    (tmp_path / "drcheck.yaml").write_text(f"policies: [web.yaml]\nconnections:\n  top: {{type: drawer, {config}}}\n")
    (tmp_path / "web.yaml").write_text(policy)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("toys")
def test_a_place_from_outside_is_configured_and_judged_by_the_command_line(tmp_path, monkeypatch, capsys):
    configured(tmp_path, monkeypatch)
    assert main(["verify", "--format", "lines"]) == 0
    assert "rpo met: " in capsys.readouterr().out
    assert main(["verify", "--offline", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"] == {"asked": 2, "seen": 2, "gaps": 0}


@pytest.mark.usefixtures("toys")
def test_a_path_that_a_place_from_outside_cannot_have_is_refused_at_its_place(tmp_path, monkeypatch, capsys):
    configured(tmp_path, monkeypatch, policy=POLICY.replace("top:list.txt", "top:a/list.txt"))
    assert main(["lint"]) == 3
    assert capsys.readouterr().out.startswith(
        "web.yaml:4:17: sources.replica.at: a drawer holds no directories (write top:NAME.EXTENSION)\n"
    )


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("inventori: drawer.json", 'connections.top: unknown key "inventori" (did you mean inventory?)'),
        ("inventory: []", "connections.top.inventory: a list stands where text belongs (write it like drawer.json)"),
        (
            "content: {a: b}, inventory: c",
            "connections.top: content and inventory exclude each other (keep one of them)",
        ),
    ],
)
def test_what_is_wrong_with_the_connection_of_a_place_from_outside_is_reported(
    tmp_path, monkeypatch, capsys, config, told
):
    configured(tmp_path, monkeypatch, config=config)
    assert main(["verify"]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("toys")
def test_the_schema_of_configurations_offers_a_place_from_outside(capsys):
    assert main(["schema", "config"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert "or a drawer." in whole["$defs"]["type"]["description"]
    assert list(whole["$defs"]["drawer"]["properties"]) == ["type", "deadline", "content", "inventory"]


@pytest.mark.usefixtures("toys")
def test_the_schema_of_policies_describes_a_reader_from_outside():
    assert schema.definition("policy", "reader")["description"].endswith(
        "; `backup-list` (a list of backups, a line each)."
    )


@pytest.mark.usefixtures("toys")
def test_the_command_line_offers_a_format_from_outside(capsys):
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{', '.join(registry.FORMATS)} (default: console)" in shown


def test_every_line_of_the_registry_names_what_is_there():
    for kind in registry.KINDS:
        assert schema.language(kind).value.kind == kind
    for reader in registry.READERS.values():
        assert callable(getattr(registry.import_module(reader.module), "parser" if reader.own else "read"))
    for kind, place in registry.COLLECTORS.items():
        assert registry.connection_of(kind).type == kind
        assert callable(registry._named(place.opener))
    for name, form in registry.FORMATS.items():
        assert callable(registry.renderer(name))
        assert form.ending.startswith(".")
        assert "/" in form.content_type


def test_the_schemas_name_what_the_registry_names():
    assert schema.definition("policy", "reader")["enum"] == list(registry.READERS)
    assert schema.definition("policy", "kind")["enum"] == list(registry.KINDS)
    assert schema.definition("config", "type")["enum"] == list(registry.COLLECTORS)


def test_a_kind_that_does_not_say_what_it_needs_cannot_be_made():
    from drcheck.core.evaluation.interface import OfRecords

    class Silent(OfRecords):
        kind = "silent"

        def facts(self):
            return frozenset()

        def reach(self, start, grace, zone):
            return 0

        def evaluate(self, records, terms, window):
            raise AssertionError

    with pytest.raises(TypeError, match="needs"):
        Silent("silent", ())
