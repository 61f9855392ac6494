"""What lint accepts, a look can answer: nothing in a policy's own text makes a source unseen in each run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drcheck.app.gather import Gathering, Job
from drcheck.app.look_queue import Turn
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.core.model.evidence import LONG_AGO
from drcheck.interfaces import LookRequest
from drcheck.ledger.state import SourceState
from drcheck.policyfile.lint import lint
from drcheck.settings import Settings

from .places import faults, load, policy

BEGIN = 1_795_228_200
UNSEEABLE = ("is not a directory here", "there is no log")
"""What a look says of a place that is not there: no fault of the policy's text."""
PARTS = st.sampled_from([".", "..", "", "a", "b.c", "...", " ", "~", "*", "-x", "\u00e9", "a\\b", "x" * 250, "é" * 200])
PATHS = st.lists(PARTS, max_size=4).map("/".join)
ODD = st.text(st.sampled_from("ab./!\\\n\t\u200b\u202e :\u00e9"), max_size=6)
FIELDS = st.sampled_from(
    ["{of}", "{kind}", "{data_as_of:%Y-%m-%dT%H%M}Z", "{data_as_of:%Y/%m/%d}", "{name}", "./", "/", "x"]
)
NAMES = st.lists(FIELDS | PARTS, min_size=1, max_size=4).map("".join)


def looked_at(directory, text):
    """Return what a look at every source of a policy could not see; None if lint refuses the policy."""
    config = Settings("drcheck.yaml", connections={"vault": LocalConnection("vault", root=str(directory / "vault"))})
    loaded = load(directory, {"p/p.yaml": text}, config)
    if loaded.faults:
        return None
    (its,) = loaded.policies
    asked = LookRequest(since=LONG_AGO, begin=BEGIN, clock_tolerance=300, service=its.service)
    jobs = [
        Job(its.service, source, config.connections["vault"], asked, SourceState()) for source in its.sources.values()
    ]
    turns = [Turn(job.connection, lambda job=job: job) for job in jobs]
    gathering = Gathering(turns, Connections(config.connections, 2), 2)
    gaps = [gap.what for several in gathering.seen() for seen in several for gap in seen.observation.look.gaps]
    assert gathering.tracebacks == []
    return gaps


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=PATHS | ODD,
    name=NAMES,
    marker=st.none() | st.sampled_from(["{name}.ok", "{name}{name}", "../{name}", "{name}/", "./{name}.ok"]),
    zone=st.none() | st.sampled_from(["UTC", "Europe/Stockholm"]),
    arrival=st.none() | st.sampled_from(["storage", "mtime", "manifest", "name"]),
    sets=st.sampled_from([["orders"], ["orders", "stock"]]),
)
def test_objects_that_lint_accepts_can_be_looked_at(tmp_path, path, name, marker, zone, arrival, sets):
    source = {"at": f"vault:{path}", "reader": "objects", "name": name, "of": sets, "complete_when": marker,
              "name_zone": zone, "available_at": arrival}  # fmt: skip
    told = json.dumps({key: value for key, value in source.items() if value is not None}, ensure_ascii=False)
    text = policy("a: {kind: encryption, evidence: [dumps]}\n", before=f"sources:\n  dumps: {told}\n")
    for gap in looked_at(tmp_path, text) or ():
        assert any(usual in gap for usual in UNSEEABLE), (source, gap)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS | ODD, reader=st.sampled_from(["restore-log", "outage-log", "maintenance-log", "attestations"]),
       end=st.sampled_from(["", "/", ".jsonl", ".csv", ".json"]))  # fmt: skip
def test_logs_that_lint_accepts_can_be_looked_at(tmp_path, path, reader, end):
    kind = {"outage-log": "availability, at_least: 99%, per: day", "attestations": "encryption"}.get(
        reader, "restore_test, every: 1d"
    )
    told = json.dumps({"at": f"vault:{path}{end}", "reader": reader}, ensure_ascii=False)
    drills = '  drills: {at: "vault:d.jsonl", reader: restore-log}\n'
    names = "log, drills" if reader == "maintenance-log" else "log"
    text = policy(f"a: {{kind: {kind}, evidence: [{names}]}}\n", before=f"sources:\n  log: {told}\n{drills}")
    for gap in looked_at(tmp_path, text) or ():
        assert any(usual in gap for usual in UNSEEABLE), (path, end, gap)


@pytest.mark.parametrize(
    "at",
    [
        "vault:./dumps/",
        "vault:.",
        "vault:./",
        "vault:a//b/",
        "vault:a/./b",
        "vault:dumps/.",
        "vault:a/../b",
        "vault://",
        "vault:a\u200bb",
    ],
)
def test_what_verify_refuses_of_a_path_lint_refuses_at_its_place(tmp_path, at):
    (found,) = faults(tmp_path, policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:dumps/", at))
    assert found.startswith("p.yaml:7:15: sources.dumps.at: ")
    assert found.endswith(")")


@pytest.mark.parametrize("at", ["vault:", "vault:a", "vault:a/", "vault:a b/c.d", "vault:...", "vault:.hidden/x"])
def test_paths_that_mean_one_thing_are_taken(tmp_path, at):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:dumps/", at)
    assert faults(tmp_path, text) == []


def test_lint_and_verify_say_the_same_of_a_policy_that_neither_takes(tmp_path):
    (tmp_path / "policies").mkdir()
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:dumps/", "vault:./dumps/")
    (tmp_path / "policies" / "p.yaml").write_text(text)
    (tmp_path / "drcheck.yaml").write_text("connections:\n  vault: {type: local, root: .}\n")
    for verb in ("lint", "verify"):
        done = subprocess.run([sys.executable, "-m", "drcheck", verb], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60, check=False)  # fmt: skip
        assert done.returncode == 3
        assert "policies/p.yaml:7:15: sources.dumps.at:" in done.stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "available_at: manifest",
            ".available_at: manifests are not read by this version (say storage, mtime or name)",
        ),
        (
            "available_at: name",
            ".available_at: names that tell no instant cannot tell the arrival (put {data_as_of:FORMAT} in them, or",
        ),
        ('complete_when: "{name}{name}"', '.complete_when: "{name}{name}" is not a marker\'s name'),
        ('complete_when: "../{name}"', '.complete_when: "../{name}" is not a marker\'s name'),
    ],
)
def test_what_names_cannot_tell_is_refused_at_the_key_that_asks_for_it(tmp_path, source, told):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    text = text.replace('name: "{data_as_of:%Y-%m-%d}Z.gz"', f"name: latest.gz, {source}", 1)
    (found,) = faults(tmp_path, text)
    assert told in found


@pytest.mark.parametrize("name", ["./{of}.gz", "../{of}.gz", "a//{of}.gz", "{of}/./x", "{of}/..", ".", "a\\tb"])
def test_a_template_that_no_name_fits_is_refused(tmp_path, name):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n")
    text = text.replace('name: "{data_as_of:%Y-%m-%d}Z.gz"', f'name: "{name}"', 1)
    (found,) = faults(tmp_path, text)
    assert "no name looks like" in found or "holds what cannot be seen" in found


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("s3:Dumps_1.x/a/", ""),
        ("s3:du mps/a/", '"du mps" is not the name of a bucket (write s3:BUCKET/PREFIX)'),
        ("s3:\u00e9/a/", "is not the name of a bucket"),
        ("s3:", "it names no bucket"),
        ("azure:dumps-1/a/", ""),
        ("azure:$web/a/", ""),
        ("azure:Dumps/a/", '"Dumps" is not the name of a container (write azure:CONTAINER/PREFIX)'),
        ("azure:a--b/a/", "is not the name of a container"),
        ("azure:ab/a/", "is not the name of a container"),
        ("host:" + "x" * 255 + "/", ""),
        ("host:" + "\u00e9" * 128 + "/", "a part of it is longer than 255 bytes"),
        ("s3:bucket/" + "x" * 300 + "/", ""),
        ("s3:bucket/" + "x" * 1100 + "/", "is longer than 1024 bytes"),
    ],
)
def test_a_place_that_no_connection_of_that_type_can_have_is_refused(tmp_path, at, told):
    connections = {
        "vault": LocalConnection("vault", root="/x"),
        "s3": S3Connection("s3"),
        "azure": AzureConnection("azure"),
        "host": SshConnection("host"),
    }
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:dumps/", at)
    found = faults(tmp_path, text, Settings("drcheck.yaml", connections=connections))
    assert len(found) == bool(told)
    assert told in "".join(found)


@pytest.mark.parametrize(
    ("name", "bucket", "container"),
    [
        ("ab", True, False),
        ("abc", True, True),
        ("a" * 63, True, True),
        ("a" * 64, True, False),
        ("a" * 255, True, False),
        ("a" * 256, False, False),
        ("", False, False),
        ("..", False, False),
        (".", False, False),
        ("a:b", False, False),
        ("ab-", True, False),
        ("a..b", True, False),
        ("a-b", True, True),
        ("a--b", True, False),
        ("-ab", True, False),
        ("ABC", True, False),
        ("a_b", True, False),
        ("$root", False, True),
        ("$logs", False, True),
        ("$rest", False, False),
    ],
)
def test_buckets_and_containers_have_the_names_that_their_clients_send(name: str, bucket: bool, container: bool):
    assert (S3Connection("s3").path_fault(name) == "") is bucket
    assert (AzureConnection("azure").path_fault(name) == "") is container


@pytest.mark.parametrize(
    ("commitment", "refused"),
    [
        ("{kind: backup_frequency, every: 24h, grace: 0m, evidence: [dumps]}", ""),
        ("{kind: backup_frequency, per: day, grace: 0s, evidence: [dumps]}", ""),
        ("{kind: retention, at_most: 30d, grace: 0m, evidence: [dumps]}", ""),
        ("{kind: copies, at_least: 2, matching: 0m, evidence: [dumps, near]}", ""),
        ("{kind: rpo, at_most: 0m, evidence: [dumps]}", "no time at all"),
        ("{kind: rpo, at_most: 1h, also: [0m], evidence: [dumps]}", "no time at all"),
        ("{kind: rto, at_most: 0m, scenario: fire, evidence: [drills]}", "no time at all"),
        ("{kind: rto, at_most: 1h, proven_within: 0d, scenario: fire, evidence: [drills]}", "no time at all"),
        ("{kind: backup_frequency, every: 0h, evidence: [dumps]}", "no time at all"),
        ("{kind: copies, at_least: 2, within: 0h, evidence: [dumps, near]}", "no time at all"),
        ("{kind: immutability, at_least: 0d, evidence: [dumps]}", "no time at all"),
        ("{kind: integrity, level: listed, every: 0d, evidence: [dumps]}", "no time at all"),
        ("{kind: restore_test, every: 0d, evidence: [drills]}", "no time at all"),
        ("{kind: availability, at_least: 0%, per: month, evidence: [outages]}", "promises nothing"),
        ("{kind: availability, at_least: 100%, per: month, evidence: [outages]}", ""),
        ("{kind: availability, at_least: 99%, per: month, fresh_within: 0h, evidence: [outages]}", "no time at all"),
        ("{kind: retention, keep: 4166d, per: hour, evidence: [dumps]}", ""),
        ("{kind: retention, keep: 4167d, per: hour, evidence: [dumps]}", "more than 100000 slots of 1 h"),
        ("{kind: retention, keep: 36500d, evidence: [dumps]}", ""),
        ("{kind: backup_frequency, per: hour, grace: 36500d, evidence: [dumps]}", "more than 100000 slots"),
        ('{kind: backup_frequency, schedule: "* * * * *", grace: 70d, evidence: [dumps]}', "more than 100000 slots"),
        ('{kind: backup_frequency, schedule: "0 3 1 * *", grace: 90d, evidence: [dumps]}', ""),
        ("{kind: copies, at_least: 1, per: hour, within: 36500d, evidence: [dumps, near]}", "more than 100000 slots"),
        ("{kind: availability, at_least: 99%, per: day, credits: {ratio: 1000001}, evidence: [outages]}", "too large"),
    ],
)
def test_what_may_be_zero_and_what_is_too_much(tmp_path, commitment, refused):
    found = faults(tmp_path, policy(f"a: {commitment}\n"))
    assert len(found) == bool(refused)
    assert refused in "".join(found)


def test_a_grace_of_none_is_none_and_not_the_usual_one(tmp_path):
    commitments = (
        "a: {kind: backup_frequency, per: day, grace: 0m, evidence: [dumps]}\n"
        "b: {kind: retention, at_most: 30d, grace: 0m, evidence: [dumps]}\n"
        "c: {kind: copies, at_least: 2, matching: 0m, evidence: [dumps, near]}\n"
    )
    frequency, retention, copies = load(tmp_path, policy(commitments)).policies[0].commitments
    assert (frequency.grace, retention.grace, copies.matching) == (0, 0, 0)


@pytest.mark.parametrize("cloud", [True, False])
def test_a_source_that_never_has_the_standing_asked_is_told(tmp_path, cloud):
    commitments = (
        "a: {kind: encryption, min_standing: storage, evidence: [dumps]}\n"
        "b: {kind: restore_test, every: 9d, min_standing: tool, evidence: [drills]}\n"
        "c: {kind: restore_test, every: 9d, min_standing: log, evidence: [drills]}\n"
    )
    connections = {"vault": S3Connection("vault") if cloud else LocalConnection("vault", root="/x")}
    (document,) = load(tmp_path, policy(commitments)).documents
    told = [
        remark.text for remark in lint(document, BEGIN, connections=connections) if remark.rule == "too-little-standing"
    ]
    expected = ["b.min_standing: drills has the standing log and never tool"]
    if not cloud:
        expected.insert(0, "a.min_standing: dumps has the standing log and never storage")
    assert [text.removeprefix("commitments.").split(",")[0] for text in told] == expected
    assert len([one for one in lint(document, BEGIN) if one.rule == "too-little-standing"]) == 1
