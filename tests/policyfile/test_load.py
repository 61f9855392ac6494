"""Policy files become the values of the core, or faults."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.core.evaluation.recovery_time import CountsFrom, Until
from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.encryption import Encryption
from drcheck.core.kinds.restore_test import RestoreTest
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Notice, Outside, Rung, Standing
from drcheck.core.model.policy import NEVER, Agreement, Arrival, BusinessCalendar, Identical
from drcheck.core.model.sites import Site
from drcheck.core.model.slots import Per
from drcheck.errors import UsageError
from drcheck.policyfile import units
from drcheck.policyfile.config import load_settings
from drcheck.policyfile.load import load_policies, reload
from drcheck.registry import READERS
from drcheck.settings import Settings

from .places import WHOLE, faults, load, messages, policy

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = 86400
RPO = "  a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n"


@pytest.fixture
def whole(monkeypatch):
    """The policy that the language's contract shows, whole, with its template and configuration."""
    monkeypatch.chdir(WHOLE)
    loaded = load_policies([], load_settings(None))
    assert loaded.faults == ()
    return loaded.policies[0]


def test_the_whole_policy_of_the_contract_loads_and_its_template_is_no_policy(monkeypatch):
    monkeypatch.chdir(WHOLE)
    loaded = load_policies(["policies"], None)
    assert not loaded.faults
    assert [(each.service, each.file) for each in loaded.policies] == [("webshop", "policies/webshop.yaml")]


def test_what_stands_around_the_commitments(whole):
    assert (whole.title, whole.owner) == ("Webshop of Example AB", "platform-team@example.com")
    assert whole.agreement == Agreement(
        "Service Level Agreement", "Example AB", units.instant("2026-01-01T00:00:00+01:00", STOCKHOLM)
    )
    assert whole.silent_on == ("immutability",)
    assert whole.business == BusinessCalendar(frozenset(range(5)), 7 * 3600, 17 * 3600, "SE", frozenset({(12, 24)}))
    assert whole.sites["azure-ne"] == Site("azure-ne", "azure", "northeurope", "europe", "backup-subscription")
    assert whole.runs_at == ("web-vm",)
    assert whole.lost_sites("datacentre") == {"sto", "web-vm"}


def test_sources_hold_what_the_policy_says_of_them(whole):
    dumps, offsite = whole.sources["dumps"], whole.sources["dumps-offsite"]
    assert (dumps.connection, dumps.path, dumps.reader, dumps.site) == (
        "backup-host",
        "webshop/",
        READERS["objects"],
        "sto",
    )
    assert dumps.of == ("orders", "customers")
    assert (dumps.planned, dumps.max_duration, dumps.min_size, dumps.max_shrink) == (
        "15 * * * *", 1200, 10 << 20, Fraction(1, 2),
    )  # fmt: skip
    assert dumps.complete_when == "{name}.sha256"
    assert (offsite.name_zone, offsite.available_at, offsite.thinned_after) == ("UTC", Arrival.STORAGE, 7 * DAY)
    assert whole.sources["drills"].of == ("webshop",)
    assert whole.sources["drills"].path == "webshop.jsonl"


def test_each_commitment_is_of_its_kind(whole):
    by_id = {each.id: each for each in whole.commitments}
    common = {"id": "rpo-server", "evidence": ("dumps", "dumps-offsite"), "scenario": "server"}
    assert by_id["rpo-server"] == Rpo(
        **common, clause="7.2", quote="RPO = 60 minutes", controls=("iso27001:A.8.13", "nist800-53:CP-9"),
        at_most=3600, also=(7200,),
    )  # fmt: skip
    rto = by_id["rto-server"]
    assert isinstance(rto, Rto)
    assert (rto.at_most, rto.counts_from, rto.until) == (4 * 3600, CountsFrom.DISRUPTION, Until.VALIDATED)
    assert (rto.not_counted, rto.proven_within, rto.min_standing) == ({"dns-propagation"}, 180 * DAY, Standing.TOOL)
    daily = by_id["daily"]
    assert isinstance(daily, Frequency)
    assert (daily.at_least, daily.per, daily.every, daily.schedule) == (1, Per.DAY, None, "")
    kept = by_id["kept"]
    assert isinstance(kept, Retention)
    assert (kept.keep, kept.per, kept.tiers, kept.at_most) == (90 * DAY, Per.DAY, {}, None)
    tested = by_id["tested"]
    assert isinstance(tested, RestoreTest)
    assert (tested.every, tested.notice, tested.validation) == (180 * DAY, Notice(business_days=20), Rung.RESTORED)
    assert [type(by_id[name]) for name in ("encrypted", "offsite", "in-europe", "uptime")] == [
        Encryption, Copies, Copies, Availability,
    ]  # fmt: skip
    assert list(by_id) == [
        "rpo-server", "rpo-datacentre", "rto-server", "daily", "kept", "encrypted", "offsite", "in-europe", "tested",
        "uptime",
    ]  # fmt: skip


def test_a_waiver_holds_through_its_last_day(whole):
    assert whole.waivers[0].until == units.instant("2027-01-01T00:00:00+01:00", STOCKHOLM)


def test_the_digest_is_that_of_the_file_and_the_templates_it_extends(whole):
    files = [(WHOLE / "policies" / name).read_bytes() for name in ("webshop.yaml", "templates/hosting.yaml")]
    assert whole.sha256 == hashlib.sha256(b"".join(files)).hexdigest()


def test_the_text_that_was_judged_gives_the_policy_again_without_its_files(whole):
    again = reload(whole.text)
    assert again is not None
    assert again.commitments == whole.commitments
    assert (again.agreement, again.sources, again.file) == (whole.agreement, whole.sources, whole.file)
    assert reload(whole.text.replace("kind: rpo", "kind: rpq")) is None


def test_a_policy_that_names_no_zone_is_of_utc(tmp_path):
    loaded = load(tmp_path, policy(RPO).replace("timezone: Europe/Stockholm\n", ""))
    assert loaded.policies[0].timezone == "UTC"


def test_a_policy_without_a_template_has_the_digest_of_its_file(tmp_path):
    loaded = load(tmp_path, policy(RPO))
    assert loaded.policies[0].sha256 == hashlib.sha256((tmp_path / "p.yaml").read_bytes()).hexdigest()


def test_keys_that_the_whole_policy_lacks(tmp_path):
    loaded = load(
        tmp_path,
        policy(
            """\
              a: {kind: backup_frequency, every: 1d, grace: 2h, evidence: [dumps], zone: UTC, in_force_from: 2026-07-01, warn_at: 5%}
              b: {kind: backup_frequency, schedule: "0 3 * * *", evidence: [dumps]}
              c: {kind: retention, keep: {daily: 30, monthly: 12}, at_most: 2w, grace: 1d, evidence: [dumps]}
              d: {kind: retention, keep: 3w, per: week, evidence: [near]}
              e: {kind: restore_test, outside: business_hours, notice: 48h, validation: data_checked, evidence: [drills]}
              f: {kind: rto, at_most: 1h, counts_from: restore_start, until: restored, evidence: [outages]}
              g: {kind: rpo, at_most: 1h, evidence: [word], applies: hardware, note: "a: b", clause: 7}
            """
        )
        .replace(
            "here, reader",
            "here, reader",
        )
        .replace(
            "site: there, reader: objects,",
            "site: there, reader: objects, thinned_after: never, identical_dumps: allowed, new_size_from: 2026-03-01,",
        ),
    )
    assert messages(tmp_path, loaded) == []
    every, schedule, tiers, weekly, test, rto, rpo = loaded.policies[0].commitments
    assert (every.every, every.grace, every.zone, every.warn_at) == (DAY, 7200, "UTC", Fraction(1, 20))
    assert every.in_force_from == units.instant("2026-07-01T00:00:00+02:00", STOCKHOLM)
    assert (schedule.schedule, schedule.per, schedule.at_least) == ("0 3 * * *", None, 1)
    assert (tiers.keep, tiers.tiers, tiers.at_most, tiers.grace) == (None, {Per.DAY: 30, Per.MONTH: 12}, 14 * DAY, DAY)
    assert (weekly.keep, weekly.per) == (21 * DAY, Per.WEEK)
    assert (test.outside, test.notice, test.validation) == (
        Outside.BUSINESS_HOURS,
        Notice(seconds=172800),
        Rung.DATA_CHECKED,
    )
    assert (rto.counts_from, rto.until, rto.proven_within) == (CountsFrom.RESTORE_START, Until.RESTORED, 365 * DAY)
    assert (rpo.applies, rpo.note, rpo.clause) == ("hardware", "a: b", "7")
    dumps = loaded.policies[0].sources["dumps"]
    assert (dumps.thinned_after, dumps.identical_dumps) == (NEVER, Identical.ALLOWED)
    assert dumps.new_size_from == units.instant("2026-03-01T00:00:00+01:00", STOCKHOLM)


def test_scalars_are_read_by_the_schemas_type(tmp_path):
    loaded = load(
        tmp_path,
        policy(
            RPO,
            before="owner: no\ntitle: 010\nnote: 22:30\n"
            + policy("").split("Stockholm\n")[1].removesuffix("commitments:\n"),
        ),
    )
    assert (loaded.policies[0].owner, loaded.policies[0].title) == ("no", "010")


def test_a_directory_means_its_yaml_files_in_order_hidden_ones_left_out(tmp_path):
    loaded = load(
        tmp_path,
        {
            "b.yaml": policy(RPO, service="b"),
            "a.yml": policy(RPO, service="a"),
            "eu/c.yaml": policy(RPO, service="c"),
            ".hidden.yaml": "x",
            ".git/d.yaml": "x",
            "readme.md": "x",
        },
    )
    assert [each.service for each in loaded.policies] == ["a", "b", "c"]


def test_a_file_named_twice_is_read_once(tmp_path):
    load(tmp_path, policy(RPO))
    loaded = load_policies([str(tmp_path), str(tmp_path / "p.yaml")], None)
    assert len(loaded.policies) == 1


def test_the_configuration_is_no_policy(tmp_path, monkeypatch):
    load(tmp_path, {"p.yaml": policy(RPO), "drcheck.yaml": "connections: {vault: {type: local, root: x}}\n"})
    monkeypatch.chdir(tmp_path)
    assert load_policies(["."], load_settings(None)).faults == ()


def test_one_bad_policy_leaves_the_others(tmp_path):
    loaded = load(tmp_path, {"a.yaml": "a: b: c", "b.yaml": policy(RPO), "c.yaml": "[]"})
    assert [each.service for each in loaded.policies] == ["web"]
    assert {Path(fault.file).name for fault in loaded.faults} == {"a.yaml", "c.yaml"}


def test_no_policy_at_all_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="there is no policy in"):
        load_policies([str(tmp_path)], None)
    with pytest.raises(UsageError, match="there are only templates in"):
        load(tmp_path, {"t.yaml": "drcheck: 1\ntemplate: true\n"})
    with pytest.raises(UsageError, match="there is no policy file or directory"):
        load_policies([str(tmp_path / "none.yaml")], None)


def test_a_policy_that_cannot_be_read_is_a_fault(tmp_path):
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")
    assert faults(tmp_path, {"b.yaml": policy(RPO)}) == [
        "a.yaml:1:1: the file cannot be read: no such file or directory"
    ]


def test_a_pipe_among_the_policies_is_a_fault_and_nothing_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    assert faults(tmp_path, {"b.yaml": policy(RPO)}) == ["a.yaml:1:1: the file cannot be read: not a file"]


def test_a_fault_is_one_line_whatever_names_hold(tmp_path):
    found = faults(
        tmp_path, {"a\x1b[31m\nb.yaml": policy('"x\\ny": {kind: rpo, at_most: "1\\n", evidence: [dumps]}\n')}
    )
    assert [line.split(" ")[0] for line in found] == ["a\\x1b[31m\\nb.yaml:14:3:", "a\\x1b[31m\\nb.yaml:14:32:"]
    assert not any("\n" in line or "\x1b" in line for line in found)


def test_two_policies_of_one_service_bind_neither(tmp_path):
    loaded = load(tmp_path, {"a.yaml": policy(RPO), "b.yaml": policy(RPO), "c.yaml": policy(RPO, service="other")})
    assert [each.service for each in loaded.policies] == ["other"]
    assert messages(tmp_path, loaded) == [
        f"a.yaml:2:10: service: web has another policy in {tmp_path}/b.yaml (rename one of them)".replace(
            f"{tmp_path}/", ""
        ),
        "b.yaml:2:10: service: web has another policy in a.yaml (rename one of them)",
    ]


def test_connections_are_checked_where_the_configuration_is_known(tmp_path):
    settings = Settings(
        "drcheck.yaml",
        connections={
            "vault": LocalConnection("vault", root="/x"),
            "s3": S3Connection("s3"),
            "host": SshConnection("host", outputs={"restic": ("restic",)}),
        },
    )
    text = policy(RPO).replace("vault:near/", "valt:near/").replace("vault:drills.jsonl", "host:!restik")
    text = text.replace("vault:outages.jsonl", "host:!restic").replace("vault:attested.jsonl", "nas:x")
    text = text.replace("vault:dumps/", "s3:")
    assert faults(tmp_path, text, settings) == [
        "p.yaml:7:15: sources.dumps.at: it names no bucket (write s3:BUCKET/PREFIX)",
        "p.yaml:8:14: sources.near.at: there is no connection valt (did you mean vault?)",
        "p.yaml:9:16: sources.drills.at: connection host has no named read restik (did you mean restic?)",
        "p.yaml:12:14: sources.word.at: there is no connection nas (add it to drcheck.yaml)",
    ]


def test_policies_of_the_configuration_are_named_as_seen_from_here(tmp_path, monkeypatch):
    load(tmp_path, {"policies/p.yaml": policy(RPO)})
    monkeypatch.chdir(tmp_path)
    settings = replace(Settings("drcheck.yaml"), policies=(str(tmp_path / "policies"),))
    with_connection = replace(settings, connections={"vault": LocalConnection("vault")})
    assert [each.file for each in load_policies([], with_connection).policies] == ["policies/p.yaml"]


def test_fifty_whole_policies_load(tmp_path):
    text = (WHOLE / "policies" / "webshop.yaml").read_text().replace("extends:", "#")
    files = {f"{number}.yaml": text.replace("service: webshop", f"service: s{number}") for number in range(50)}
    load(tmp_path, files)
    assert len(load_policies([str(tmp_path)], None).policies) == 50


def test_a_named_read_of_a_place_that_runs_no_commands_is_told_with_how_paths_are_written_there(tmp_path):
    settings = Settings("drcheck.yaml", connections={"vault": LocalConnection("vault"), "s3": S3Connection("s3")})
    assert faults(tmp_path, policy(RPO).replace("vault:drills.jsonl", "s3:!restic"), settings) == [
        (
            "p.yaml:9:16: sources.drills.at: connection s3 has no named read restic (only what runs commands has one; write "
            "s3:BUCKET/PREFIX)"
        )
    ]
