"""The alert rules and the dashboard, asked of a real Prometheus that scrapes what drcheck writes."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from lab.processes import free_ports

import drcheck
from drcheck.policyfile.load import load_policies
from drcheck.reports.prometheus_rules import rules

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = Path(drcheck.__file__).parent / "cli" / "starter" / "prometheus" / "drcheck-dashboard.json"
WITHIN = 60
"""Seconds."""
HOUR, DAY = 3600, 86400


def metrics(now):
    """Return what a run a minute ago may have written of two services."""

    def status(service, commitment, kind, its):
        return [
            f'drcheck_commitment_status{{service="{service}",commitment="{commitment}",kind="{kind}",'
            f'drcheck_commitment_status="{one}"}} {int(one == its)}'
            for one in ("met", "breached", "unknown", "waived", "not_owed")
        ]

    rpo, kept = 'service="web",commitment="rpo",kind="rpo"', 'service="web",commitment="kept",kind="retention"'
    return "\n".join(
        [
            f"drcheck_run_end_timestamp_seconds {now - 60}",
            "drcheck_policies_invalid 1",
            "drcheck_policies_gone 0",
            'drcheck_service_info{service="web",title="",owner="",policy="web.yaml"} 1',
            'drcheck_service_sources_asked{service="web"} 2',
            'drcheck_service_sources_seen{service="web"} 2',
            *status("web", "rpo", "rpo", "breached"),
            *status("web", "kept", "retention", "waived"),
            *status("web", "tested", "restore_test", "met"),
            f"drcheck_commitment_waived_until_timestamp_seconds{{{kept}}} {now + 3 * DAY}",
            f"drcheck_commitment_newest_data_timestamp_seconds{{{rpo}}} {now - 5 * HOUR}",
            f"drcheck_commitment_headroom_seconds{{{rpo}}} {-4 * HOUR}",
            f'drcheck_commitment_due_timestamp_seconds{{service="web",commitment="tested",kind="restore_test"}} {now + DAY}',
            'drcheck_commitment_passed_breaches{service="web",commitment="tested",kind="restore_test"} 0',
            'drcheck_commitment_at_risk{service="web",commitment="rpo",kind="rpo"} 0',
            'drcheck_commitment_at_risk{service="web",commitment="kept",kind="retention"} 0',
            'drcheck_commitment_at_risk{service="web",commitment="tested",kind="restore_test"} 1',
            "",
        ]
    )


POLICY = """\
drcheck: 1
service: web
owner: "{{ owner }}"
sources:
  dumps: {at: "disk:", reader: objects, name: "{data_as_of:%Y-%m-%dT%H%M}Z.dump"}
  drills: {at: "disk:drills.jsonl", reader: restore-log}
commitments:
  rpo: {kind: rpo, at_most: 1h, evidence: [dumps], clause: "7.2 {{ $labels.instance }}"}
  kept: {kind: retention, keep: 90d, evidence: [dumps]}
  tested: {kind: restore_test, every: 180d, evidence: [drills]}
  gone: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}
"""


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    directory = tmp_path_factory.mktemp("policies")
    (directory / "web.yaml").write_text(POLICY)
    loaded = load_policies([str(directory)], None)
    assert loaded.faults == ()
    return loaded.policies


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, policies):
    """Start a Prometheus with the rules, whose waits are left out, and return what asks it."""
    directory = tmp_path_factory.mktemp("prometheus")
    shown = metrics(int(time.time())).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(shown)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    file = yaml.safe_load(rules(policies, run_every=DAY))
    for group in file["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)
    (directory / "rules.yml").write_text(yaml.safe_dump(file))
    (directory / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{directory}/rules.yml]\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['127.0.0.1:{server.server_port}']}}]}}]\n"
    )
    (port,) = free_ports(1)
    log = (directory / "log").open("wb")
    process = subprocess.Popen(
        ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log,
    )  # fmt: skip

    def ask(path, **query):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    try:
        until = time.monotonic() + WITHIN
        while True:
            try:
                if ask("query", query="drcheck_policies_invalid")["result"] and ask("alerts")["alerts"]:
                    break
            except OSError:
                pass
            assert process.poll() is None, (directory / "log").read_text()[-2000:]
            assert time.monotonic() < until, (directory / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield ask
    finally:
        process.terminate()
        process.wait()
        log.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_wrong_fires_and_nothing_else(prometheus):
    until, fired = time.monotonic() + WITHIN, set()
    expected = {
        ("DrcheckBreached", "rpo"),
        ("DrcheckNotJudged", "gone"),
        ("DrcheckAtRisk", "tested"),
        ("DrcheckWaiverEnds", "kept"),
        ("DrcheckRestoreTestDue", "tested"),
        ("DrcheckPolicyNotJudged", ""),
    }
    while fired != expected and time.monotonic() < until:
        alerts = prometheus("alerts")["alerts"]
        fired = {(one["labels"]["alertname"], one["labels"].get("commitment", "")) for one in alerts}
        time.sleep(0.1)
    assert fired == expected
    (breach,) = (one for one in alerts if one["labels"]["alertname"] == "DrcheckBreached")
    assert breach["labels"]["severity"] == "critical"
    assert breach["annotations"]["summary"] == "rpo of web (clause 7.2 { { $labels.instance }}) is breached"
    for group in prometheus("rules")["groups"]:
        assert [rule["lastError"] for rule in group["rules"] if rule.get("lastError")] == []


@pytest.mark.parametrize("panel", json.loads(DASHBOARD.read_text())["panels"], ids=lambda panel: panel["title"])
def test_each_panel_of_the_dashboard_shows_something(prometheus, panel):
    for target in panel["targets"]:
        assert prometheus("query", query=target["expr"].replace("$service", ".*"))["result"]


def test_promtool_takes_the_rules_of_the_five_agreements(tmp_path):
    loaded = load_policies([str(ROOT / "policies")], None)
    (tmp_path / "rules.yml").write_bytes(rules(loaded.policies, run_every=HOUR))
    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("braces", range(1, 9))
def test_a_clause_is_no_template_however_many_braces_it_has(tmp_path, braces):
    clause = f"{'{' * braces} nothing {'}' * braces}"
    file = tmp_path / "web.yaml"
    file.write_text(POLICY.replace("7.2 {{ $labels.instance }}", clause).replace("{{ owner }}", clause))
    loaded = load_policies([str(file)], None)
    assert loaded.faults == ()
    written = rules(loaded.policies, run_every=HOUR).decode()
    groups = yaml.safe_load(written)["groups"]
    texts = [one["annotations"]["summary"] + one["labels"]["owner"] for one in groups[1]["rules"]]
    assert not any("{{" in text for text in texts)
    (tmp_path / "rules.yml").write_text(written)
    done = subprocess.run(["promtool", "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_is_told_once_it_has_lasted_as_long_as_its_own_objective(policies):
    groups = yaml.safe_load(rules(policies, run_every=DAY))["groups"]
    waits = {
        rule["labels"]["commitment"]: rule["for"]
        for group in groups
        for rule in group["rules"]
        if rule["alert"] == "DrcheckUnknown"
    }
    assert waits == {"rpo": "3600s", "kept": "86400s", "tested": "86400s", "gone": "86400s"}
