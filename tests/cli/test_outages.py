"""Outages as monitoring systems and spreadsheets tell them, through a whole run: looks, ledger and verdicts."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

MINUTE, HOUR, DAY = 60, 3600, 86400
NOW = int(time.time())


@pytest.fixture
def shop(tmp_path):
    """Return what judges the availability of yesterday, told by a log of the given name and content."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "status").mkdir()
    (tmp_path / "drcheck.yaml").write_text("connections:\n  status: {type: local, root: status}\n")
    ended = NOW - NOW % DAY

    def judged(name: str, content: bytes) -> dict:
        (tmp_path / "policies" / "shop.yaml").write_text(
            f"drcheck: 1\nservice: shop\nsources:\n  outages: {{at: 'status:{name}', reader: outage-log}}\n"
            "commitments:\n  up: {kind: availability, at_least: 99.5%, per: day, evidence: [outages]}\n"
        )
        (tmp_path / "status" / name).write_bytes(content)
        time.sleep(1.0 - time.time() % 1.0)  # looks are kept to the second
        arguments = ["verify", "--format", "json", "--as-of", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ended))]
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
        (found,) = json.loads(done.stdout)["services"][0]["commitments"]
        return found

    return judged, ended


def export(start: int, end: int, *down: tuple[int, int]) -> bytes:
    values = [[t, "0" if any(a <= t < b for a, b in down) else "1"] for t in range(start, end, MINUTE)]
    result = [{"metric": {"__name__": "up", "instance": "web:443"}, "values": values}]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


def test_an_outage_of_seven_minutes_in_prometheus_keeps_a_day_of_99_5_per_cent(shop):
    judged, ended = shop
    begun = ended - DAY
    found = judged("up.json", export(begun, ended, (begun + 2 * HOUR, begun + 2 * HOUR + 7 * MINUTE)))
    assert found["status"] == "met"
    assert found["measured"]["value"].startswith("99.5138")


def test_two_exports_tell_together_what_neither_tells_alone(shop):
    judged, ended = shop
    begun, noon = ended - DAY, ended - DAY // 2
    down = (begun + 2 * HOUR, begun + 2 * HOUR + 8 * MINUTE)
    assert judged("up.json", export(begun, noon, down))["status"] == "breached"
    # This one no longer goes back that far: what was told stays told.
    found = judged("up.json", export(noon, ended))
    assert (found["status"], found["measured"]["value"][:7]) == ("breached", "99.4444")
    # Nor does an answer that is none take anything away.
    assert judged("up.json", b"<html>502</html>")["status"] == "breached"


def test_what_no_sample_shows_was_not_watched_and_is_unknown(shop):
    judged, ended = shop
    found = judged("up.json", export(ended - DAY // 2, ended))
    assert found["status"] == "unknown"


def test_a_line_that_nobody_can_read_leaves_the_day_before_it_unknown_until_it_is_corrected(shop):
    judged, ended = shop

    def at(t: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))

    def log(*records: dict) -> bytes:
        return "".join(json.dumps(record) + "\n" for record in records).encode()

    begun = ended - DAY
    outage = {
        "outage": "o1",
        "service": "shop",
        "started_at": at(begun),
        "ended_at": at(begun + HOUR),
        "scope": "Total",
    }
    watched = [
        {"watched": {"from": at(begun - DAY), "to": at(begun)}},
        {"watched": {"from": at(begun), "to": at(ended)}},
    ]
    told = [*watched, outage]
    found = judged("outages.jsonl", log(*told))
    assert found["status"] == "unknown"
    assert "outages, line 3, may tell an outage: scope is 'Total'" in found["reason"]
    (gap,) = found["gaps"]
    assert '"corrects": 3' in gap["hint"]
    told.append({**outage, "scope": "partial", "ended_at": at(begun + 5 * MINUTE), "corrects": 3})
    assert judged("outages.jsonl", log(*told))["status"] == "met"
    assert judged("outages.jsonl", log(*told, {"corrects": 1}))["status"] == "unknown"
    assert judged("outages.jsonl", log(*told, {"corrects": 1}, {"corrects": 5}))["status"] == "met"


def test_outages_kept_in_a_spreadsheet_are_judged_like_those_of_any_log(shop):
    judged, ended = shop

    def at(t: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))

    begun = ended - DAY
    rows = ["service,outage,started_at,ended_at,watched_from,watched_to", f",,,,{at(begun)},{at(ended)}"]
    found = judged("outages.csv", ("\r\n".join(rows) + "\r\n").encode())
    assert (found["status"], found["measured"]["value"]) == ("met", "100")
    rows.append(f"shop,o1,{at(begun)},{at(begun + HOUR)},,")
    assert judged("outages.csv", ("\r\n".join(rows) + "\r\n").encode())["status"] == "breached"
    rewritten = judged("outages.csv", ("\r\n".join(rows[:2]) + "\r\n").encode())
    assert "no longer in it" in rewritten["gaps"][0]["what"]
