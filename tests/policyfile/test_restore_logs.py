"""How a policy says what a log of restore tests looks like, and what its tests are of."""

from __future__ import annotations

import pytest

from drcheck.core.model.policy import Clock, RestoreRecords

from .places import SOURCES, faults, load, messages, policy

COMMITMENT = "a: {kind: restore_test, every: 90d, evidence: [more]}\n"


def written(source: str) -> str:
    return policy(COMMITMENT, before=SOURCES + f"  more: {{reader: restore-log, {source}}}\n")


def test_everything_that_can_be_said_is_read(tmp_path):
    text = written(
        'at: "vault:d.log", line: "{finished_at:%F %T} {test} {outcome} {took}", outcomes: {OK: passed, NOK: failed}, '
        "other_lines: ignored, zone: Europe/Stockholm, tests: {scenarios: [fire], validation: restored, "
        "target_site: there, restored_from: dumps, of: web, begins_with: disruption, ends_with: restored}"
    )
    loaded = load(tmp_path, text)
    assert messages(tmp_path, loaded) == []
    assert loaded.documents[0].policy.sources["more"].restores == RestoreRecords(
        line="{finished_at:%F %T} {test} {outcome} {took}",
        outcomes=(("NOK", "failed"), ("OK", "passed")),
        ignores_others=True,
        zone="Europe/Stockholm",
        scenarios=("fire",),
        validation="restored",
        target_site="there",
        restored_from="dumps",
        of="web",
        begins_with=Clock.DISRUPTION,
        ends_with=Clock.RESTORED,
    )


def test_a_report_has_a_suite_and_a_zone(tmp_path):
    loaded = load(tmp_path, written('at: "vault:d.xml", suite: restore, zone: UTC'))
    assert messages(tmp_path, loaded) == []
    source = loaded.documents[0].policy.sources["more"]
    assert (source.junit, source.rewritten, source.restores.suite) == (True, True, "restore")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('at: "vault:d.log", line: "{finished_at} done"', "it has no {outcome}"),
        ('at: "vault:d.log", line: "{finished_at:%F %T} {outcome}"', "its instants carry no zone (add zone"),
        ('at: "vault:d.log", line: "{finished_at} {outcome}", zone: UTC', "carry their zone (leave zone out)"),
        ('at: "vault:d.jsonl", zone: UTC', "carry their zone (leave zone out)"),
        ('at: "vault:d.xml", line: "{finished_at} {outcome}"', "d.xml is read by its own form"),
        ('at: "vault:d.log", outcomes: {OK: passed}', "more.outcomes: it says how lines of text are read (add line)"),
        ('at: "vault:d.log", other_lines: ignored', "more.other_lines: it says how lines"),
        ('at: "vault:d.csv", suite: a', "only JUnit's XML has suites"),
        ('at: "vault:d.xml", tests: {scenarios: [flood]}', 'tests.scenarios: there is no scenario "flood"'),
        ('at: "vault:d.xml", tests: {target_site: moon}', 'tests.target_site: there is no site "moon"'),
        ('at: "vault:d.xml", tests: {restored_from: tape}', 'tests.restored_from: there is no source "tape"'),
        ('at: "vault:d.xml", tests: {restored_from: outages}', "outages is a log (name the source of the backups)"),
        (
            'at: "vault:d.log", line: "{finished_at} {outcome}", tests: {begins_with: disruption}',
            "tests.begins_with: its lines do not tell how long a test took",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_what_would_be_right(tmp_path, source, told):
    found = faults(tmp_path, written(source))
    assert len(found) == 1
    assert told in found[0]


def test_other_logs_have_none_of_these_keys(tmp_path):
    text = (
        written('at: "vault:d.xml"')
        .replace("drills.jsonl", "drills.csv")
        .replace("reader: outage-log}", "reader: outage-log, suite: a}")
    )
    (fault,) = faults(tmp_path, text)
    assert "suite" in fault


def test_drills_lie_in_the_ledger_and_nowhere_else(tmp_path):
    for reader in ("drills", "recorded-drills"):
        source = f'  more: {{at: "ledger:", reader: {reader}, tests: {{begins_with: disruption}}}}\n'
        loaded = load(tmp_path, policy(COMMITMENT, before=SOURCES + source))
        assert messages(tmp_path, loaded) == []
        assert loaded.documents[0].policy.sources["more"].restores == RestoreRecords(begins_with=Clock.DISRUPTION)
        elsewhere = policy(COMMITMENT, before=SOURCES + f'  more: {{at: "vault:d.jsonl", reader: {reader}}}\n')
        (told,) = faults(tmp_path, elsewhere)
        assert "sources.more.at" in told
        assert "ledger:" in told
