"""``drcheck drill run``, the real process: backups on one real host, restored on another."""

from __future__ import annotations

import hashlib
import os

import pytest
from lab.servers import Sshd

from drcheck.app.drill_journal import ended
from drcheck.core.model.drill import Drill
from drcheck.drills.runbook_run import DrillReport, Ended

from .conftest import MACHINE, Shop


def test_a_drill_restores_on_another_host_and_the_next_verify_judges_its_record(shop: Shop) -> None:
    content = os.urandom(9 << 20)
    name = shop.backup(content)
    shop.looked()
    assert shop.verdicts()["rto"]["status"] == "unknown"
    done = shop.drill(expect=0)
    assert "passed" in done.stdout
    (record,) = shop.told()
    assert (record["outcome"], record["scenarios"], record["validation"]) == ("passed", ["fire"], "restored")
    assert record["recovery_point"]["source"] == "far"
    assert record["recovery_point"]["name"] == name
    assert record["target_site"] == "there"
    kept = shop.kept()
    assert kept["copied"] == {name: hashlib.sha256(content).hexdigest()}
    assert kept["counts"] == {"files": {"files": 1}}
    assert shop.left() == []
    verdicts = shop.verdicts()
    assert (verdicts["rto"]["status"], verdicts["tested"]["status"]) == ("met", "met")
    assert abs(verdicts["rto"]["measured"]["value"] - kept["recovery_time"]) <= 1


def test_the_plan_shows_what_would_be_done_and_touches_nothing(shop: Shop) -> None:
    name = shop.backup(b"x" * 2000)
    shop.looked()
    before = sorted(shop.root.rglob("*"))
    said = shop.drill("--plan", expect=0).stdout
    assert name in said
    assert MACHINE in said
    assert "not-empty" in said
    assert "2 h" in said
    assert sorted(shop.root.rglob("*")) == before
    assert shop.told() == []


def test_checksums_of_the_manifest_beside_the_backup_are_held_against_what_was_restored(shop: Shop) -> None:
    content = b"all of it" * 1000
    name = shop.backup(content)
    shop.promise(more=', manifest: "{name}.sha256"')
    shop.source.put(f"{shop.place}/{name}.sha256", f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
    shop.looked()
    shop.drill(expect=0)
    shop.source.put(f"{shop.place}/{name}.sha256", f"{hashlib.sha256(b'other').hexdigest()}  {name}\n".encode())
    assert "another content than the manifest says" in shop.drill(expect=1).stdout
    assert [one["outcome"] for one in shop.told()] == ["passed", "failed"]
    assert shop.told()[1]["data"] == "wrong"
    assert shop.left() == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("  production:\n    db1: {{machine_id: {machine}}}\n", "machine id"),
        ('  production:\n    db1: {{addresses: ["{host}"]}}\n', "address"),
        ('  production:\n    db1: {{addresses: ["127.0.2"]}}\n', "the address 127.0.0.2"),  # another name of that address
        ('  production:\n    db1: {{host_key: "{key}"}}\n', "host key"),
    ],
)  # fmt: skip
def test_a_target_that_is_in_the_list_of_production_is_refused_and_left_alone(shop: Shop, more: str, why: str) -> None:
    import base64

    shop.backup(b"x" * 2000)
    shop.looked()
    blob = base64.b64decode(shop.lab.host_key.with_suffix(".pub").read_text().split()[1])
    key = f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
    shop.configure(more=more.format(machine=MACHINE, host=shop.lab.host, key=key))
    said = shop.drill(expect=2).stderr
    assert "db1" in said
    assert why in said
    assert shop.told() == []
    assert shop.left() == []


def test_a_drill_on_the_host_of_the_backups_is_refused(shop: Shop) -> None:
    shop.backup(b"x" * 2000)
    shop.looked()
    shop.configure(connection="backups")
    said = shop.drill(expect=2).stderr
    assert "holds recovery points" in said
    assert "machine id" in said
    assert shop.left() == []


def test_a_drill_here_is_refused_where_the_backups_lie_on_this_machine_under_another_address(shop: Shop) -> None:
    shop.backup(b"x" * 2000)
    shop.looked()
    shop.configure(connection="here")
    assert "machine id" in shop.drill(expect=2).stderr


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_drill_here_is_refused_where_this_machine_is_production_by_its_loopback_address(
    shop: Shop, lab_host: Sshd, name: str
) -> None:
    shop.lab, shop.source = shop.source, lab_host
    shop.configure(connection="here", more=f"  production:\n    db1: {{addresses: [{name}]}}\n")
    shop.backup(b"x" * 2000)
    shop.looked()
    said = shop.drill(expect=2).stderr
    assert "db1" in said
    assert "machine id" in said
    assert shop.left() == []


def test_a_drill_here_is_refused_where_a_store_on_this_machine_holds_recovery_points(
    shop: Shop, lab_host: Sshd
) -> None:
    shop.lab, shop.source = shop.source, lab_host
    shop.configure(connection="here")
    config = shop.root / "drcheck.yaml"
    store = (
        "connections:\n  store: {type: s3, endpoint: 'http://localhost:1', region: here, last_modified: completion}\n"
    )
    config.write_text(config.read_text().replace("connections:\n", store, 1))
    shop.backup(b"x" * 2000)
    shop.looked()
    policy = shop.root / "policies" / "shop.yaml"
    (shop.root / "policies" / "wiki.yaml").write_text(
        policy.read_text().split("  rto:")[0].replace("service: shop", "service: wiki").replace("backups:", "store:b/")
    )
    said = shop.drill(expect=2).stderr
    assert "the host of store, which holds recovery points" in said
    assert "machine id" in said


def test_a_production_host_whose_name_leads_nowhere_and_of_which_nothing_else_is_known_ends_the_drill(
    shop: Shop,
) -> None:
    shop.configure(more="  production:\n    db1: {addresses: [db1.invalid]}\n")
    shop.backup(b"x" * 2000)
    shop.looked()
    said = shop.drill(expect=2).stderr
    assert "db1.invalid has no address here" in said
    assert shop.left() == []


@pytest.mark.parametrize("marker", ["", "lab-2\n", None])
def test_a_target_without_its_own_marker_is_refused(shop: Shop, marker: str | None) -> None:
    shop.backup(b"x" * 2000)
    shop.looked()
    file = shop.target / ".drcheck-drill-target"
    if marker is None:
        file.unlink()
        (shop.root / "elsewhere").write_text("lab-1\n")
        file.symlink_to(shop.root / "elsewhere")
    else:
        file.write_text(marker)
    assert "marker" in shop.drill(expect=2).stderr
    assert shop.left() == []


def test_a_runbook_whose_checks_have_nothing_to_hold_the_data_against_never_passes(shop: Shop) -> None:
    shop.runbook(
        "runbook: 1\ntitle: t\nsteps:\n  - {name: fetch, copy: point, timeout: 1m}\n"
        "checks:\n  - {name: n, timeout: 1m, run: 'echo files 1', expects: {counts: 0%}}\n"
    )
    shop.promise(runbook="own")
    shop.backup(b"x" * 2000)
    shop.looked()
    shop.drill(expect=3)
    assert shop.told()[0]["outcome"] == "aborted"
    assert shop.left() == []


def test_an_answer_that_is_too_long_to_be_kept_is_held_against_nothing(shop: Shop) -> None:
    shop.runbook(
        "runbook: 1\ntitle: t\nsteps:\n  - {name: fetch, copy: point, timeout: 1m}\n"
        "checks:\n  - {name: n, timeout: 1m, run: 'yes files | head -n 300000; echo end', expects: {contains: end}}\n"
        "  - {name: m, timeout: 1m, run: 'echo 1', expects: {at_least: 1}}\n"
    )
    shop.promise(runbook="own")
    shop.backup(b"x" * 2000)
    shop.looked()
    assert "its answer is not kept whole" in shop.drill(expect=3).stdout
    assert "data" not in shop.told()[0]


def test_a_drill_is_never_told_shorter_than_it_was() -> None:
    report = DrillReport(Ended.PASSED, restored=3599.6, validated=7200.2, over=7200.3)
    told = ended(Drill("d", "shop", 1000), report)
    its = told.clocks
    assert None not in (its.restored_at, its.restore_started_at)
    assert its.restored_at - its.restore_started_at == 3600
    assert told.recovery_seconds == 7201
    assert told.ended_at == 1000 + 7200  # no later than it was
    assert not told.clocks_disagree


def test_a_drill_here_restores_what_lies_on_another_host(shop: Shop, lab_host: Sshd) -> None:
    shop.lab, shop.source = shop.source, lab_host
    shop.configure(connection="here")
    name = shop.backup(b"x" * 5000)
    shop.looked()
    shop.drill(expect=0)
    assert shop.told()[0]["recovery_point"]["name"] == name
    assert shop.left() == []
    assert shop.verdicts()["rto"]["status"] == "met"


def test_each_copy_comes_in_its_turn(shop: Shop) -> None:
    file = shop.root / "policies" / "shop.yaml"
    far, near = f"backups:{shop.place}/", f"backups:{shop.place}-near/"
    text = file.read_text().replace("from: [far]", "from: [far, near]")
    line = text.split("  far: ")[1].split("  tests:")[0]
    file.write_text(text.replace("  tests:", f"  near: {line.replace(far, near)}  tests:"))
    name = shop.backup(b"x" * 5000)
    shop.source.put(f"{shop.place}-near/{name}", b"x" * 5000, modified=shop.now - 3000)
    shop.looked()
    for _ in range(3):
        shop.drill(expect=0)
    assert [one["recovery_point"]["source"] for one in shop.told()] == ["far", "near", "far"]


def test_a_random_point_is_the_same_again_by_its_seed(shop: Shop) -> None:
    for minutes in (60, 120, 180, 240, 300):
        shop.backup(bytes([minutes % 251]) * 5000, minutes=minutes)
    shop.promise(more=", point: random")
    shop.looked()

    def chosen(seed: str) -> str:
        lines = shop.drill("--plan", "--seed", seed, expect=0).stdout.splitlines()
        return next(line for line in lines if line.startswith("restore "))

    assert chosen("a") == chosen("a")
    assert len({chosen(seed) for seed in "abcdef"}) > 1


def test_the_recovery_time_is_what_is_measured_from_outside(shop: Shop) -> None:
    shop.runbook(
        "runbook: 1\ntitle: t\nvalues: {TIMES: {description: where}}\nsteps:\n"
        "  - {name: begin, timeout: 1m, run: 'date +%s.%N > \"$WITH_TIMES/begin\"'}\n"
        "  - {name: restore, timeout: 1m, run: 'sleep 6; echo x > x'}\n"
        "  - {name: elsewhere, timeout: 1m, run: 'sleep 1', counts: false}\n"
        "checks:\n  - {name: end, timeout: 1m, run: 'date +%s.%N > \"$WITH_TIMES/end\"; echo 1', expects: {at_least: 1}}\n"
    )
    shop.promise(runbook="own", more=f', with: {{TIMES: "{shop.root}"}}')
    shop.backup(b"x" * 5000)
    shop.looked()
    shop.drill(expect=0)
    outside = float((shop.root / "end").read_text()) - float((shop.root / "begin").read_text())
    kept = shop.kept()
    assert abs(kept["validated"] - outside) < 0.02 * outside + 0.5, (kept["validated"], outside)
    assert abs(kept["recovery_time"] - (outside - 1)) < 0.02 * outside + 0.7
