"""Faults, each at its place and with what would be right."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drcheck.policyfile.schema import schema

from .places import SOURCES, faults, policy


def of_commitment(tmp_path, text):
    """Return the faults of one commitment, without their places."""
    found = faults(tmp_path, policy(f"a: {text}\n"))
    return [line.split(": ", 1)[1].removeprefix("commitments.a") for line in found]


def test_a_policy_full_of_faults_tells_them_all_at_their_places(tmp_path):
    text = """\
drcheck: 2
service: web shop
timezone: Europe/Stokholm
owner: no
agreement: {effective: 2026-02-30, titel: x}
sites: {a: {part_of: b}, b: {part_of: a}, "c d": {}, e: {part_of: f}}
runs_at: [g]
sources:
  dumps: {at: "s3://bucket/x", reader: object, name: x}
  d2: {at: valt:x/, reader: objects, of: [a, b], name: "{data_as_of:%Y-%m-%d}", min_size: 5, planned: "* * * *"}
  log: {at: vault:../x.jsonl, reader: restore-log, min_size: 1 kB}
commitments:
  one: {kind: rpo, at_most: 1 month, evidence: [dump, log], kep: 3d, zone: UTC, clause: 7}
  two: {kind: retention, keep: 36h, evidence: []}
  three: {kind: backup_frequency, every: 1d, per: dy, at_least: 010, evidence: [d2]}
  four: {kind: rpoo}
  five: {kind: availability, at_least: 101%, per: month, evidence: [log]}
  six: {kind: rto, evidence: [log], scenario: fire, at_most: }
  seven: [1]
  eight: {kind: retention, keep: {daily: 0, yearly: 3}, evidence: [d2], per: day}
  nine: {at_most: 3h}
waivers: [{commitment: sevn, until: 2026-12-31}]
template: yes
silent_on: [rto, foo]
"""
    assert faults(tmp_path, text) == [
        'p.yaml:1:10: drcheck: "2" is not known here (the only value is 1)',
        'p.yaml:2:10: service: "web shop" is not a name (use letters A to Z, digits, dot, dash and underscore, at most 100 of them)',
        'p.yaml:3:11: timezone: "Europe/Stokholm" is not a zone (did you mean Europe/Stockholm?)',
        "p.yaml:5:24: agreement.effective: 2026-02-30 is not in the calendar (write a date that exists, like 2026-01-31)",
        'p.yaml:5:36: agreement: unknown key "titel" (did you mean title?)',
        "p.yaml:6:22: sites.a.part_of: a is part of b is part of a (end the circle)",
        "p.yaml:6:39: sites.b.part_of: b is part of a is part of b (end the circle)",
        'p.yaml:6:43: sites: "c d" is not a name (use letters A to Z, digits, dot, dash and underscore, at most 100 of them)',
        'p.yaml:6:67: sites.e.part_of: there is no site "f" (known: a, b, c d, e)',
        'p.yaml:7:11: runs_at: there is no site "g" (known: a, b, c d, e)',
        'p.yaml:9:15: sources.dumps.at: "s3://bucket/x" is a URL (a policy names no endpoint. Write CONNECTION:PATH, and say in drcheck.yaml what the connection is)',
        'p.yaml:9:40: sources.dumps.reader: "object" is not known here (did you mean objects?)',
        "p.yaml:10:56: sources.d2.name: it does not tell which of 2 data sets a backup is of (put {of} in it)",
        "p.yaml:10:56: sources.d2.name: its times carry no zone (add name_zone, the zone of the clock that writes them; Z or %z only where names hold it)",
        'p.yaml:10:91: sources.d2.min_size: "5" has no unit (write 5 B for bytes, 5 kB, 5 MiB and so on)',
        'p.yaml:10:103: sources.d2.planned: "* * * *" has not five fields with one space between them (write minute, hour, day of month, month and day of week, like "15 * * * *")',
        'p.yaml:11:13: sources.log.at: "../x.jsonl" leaves its directory (paths stay below the connection\'s root: leave the .. out)',
        'p.yaml:11:52: sources.log: unknown key "min_size" (the keys of a log of restore tests are at, site, of, reader, note, seen_every, line, outcomes, other_lines, zone, suite, tests)',
        'p.yaml:13:29: commitments.one.at_most: "1 month" is no fixed time (months and years differ in length: write days, as 90d)',
        'p.yaml:13:49: commitments.one.evidence: there is no source "dump" (did you mean dumps?)',
        "p.yaml:13:55: commitments.one.evidence: log is read by restore-log, which tells nothing about rpo (it needs a source read by objects or the reader of a backup tool)",
        'p.yaml:13:61: commitments.one: unknown key "kep" (the keys of rpo are kind, evidence, scenario, at_most, also, zone, clause, quote, controls, applies, note, min_standing, in_force_from, warn_at)',
        "p.yaml:14:32: commitments.two.keep: 36h is shorter than two slots of a day, so that no slot may be owed (at least 48h, or a smaller per)",
        "p.yaml:14:37: commitments.two.evidence: it is empty (write it like [dumps, dumps-offsite])",
        "p.yaml:15:46: commitments.three: every and per exclude each other (keep one of them)",
        'p.yaml:15:51: commitments.three.per: "dy" is not known here (did you mean day?)',
        'p.yaml:15:65: commitments.three.at_least: "010" stands where a whole number belongs (write it like 1)',
        'p.yaml:16:16: commitments.four.kind: "rpoo" is not known here (did you mean rpo?)',
        'p.yaml:17:40: commitments.five.at_least: "101%" is more than everything (a percentage goes from 0% to 100%)',
        "p.yaml:17:69: commitments.five.evidence: log is read by restore-log, which tells nothing about availability (it needs a source read by outage-log)",
        'p.yaml:18:47: commitments.six.scenario: there is no scenario "fire" (this policy names no scenario)',
        "p.yaml:18:53: commitments.six.at_most: it has no value (write it like 240m)",
        "p.yaml:19:3: commitments.seven: a list stands where a mapping of keys to values belongs (see drcheck schema)",
        "p.yaml:20:42: commitments.eight.keep.daily: 0 is too small (at least 1)",
        'p.yaml:20:45: commitments.eight.keep: unknown key "yearly" (the keys of tiers are hourly, daily, weekly, monthly)',
        "p.yaml:20:73: commitments.eight.per: tiers name their own slots (leave per out)",
        "p.yaml:21:3: commitments.nine: kind is missing (write it like kind: rpo)",
        "p.yaml:22:11: waivers: owner is missing (write it like owner: ops@example.com)",
        "p.yaml:22:11: waivers: reason is missing (write it like reason: older dumps lost in the move, see CHG-1234)",
        'p.yaml:22:24: waivers.commitment: there is no commitment "sevn" (did you mean seven?)',
        'p.yaml:23:11: template: "yes" stands where true or false belongs (write it like true)',
        "p.yaml:24:13: silent_on: rto is promised in commitments.six (remove one of them)",
        'p.yaml:24:18: silent_on: "foo" is not known here (one of rpo, rto, backup_frequency, retention, encryption, copies, immutability, integrity, restore_test, provable, availability, coverage)',
    ]  # fmt: skip


def test_a_policy_without_commitments_is_a_fault(tmp_path):
    assert faults(tmp_path, "drcheck: 1\nservice: web\ntimezone: UTC\ncommitments: {}\n") == [
        "p.yaml:4:1: commitments: it is empty (see drcheck schema)"
    ]
    assert faults(tmp_path, "drcheck: 1\nservice: web\ntimezone: UTC\n") == [
        "p.yaml:1:1: commitments is missing (add commitments)"
    ]


def test_a_file_that_holds_no_mapping_is_a_fault(tmp_path):
    assert faults(tmp_path, "") == ["p.yaml:1:1: the file holds no mapping (a policy starts with drcheck: 1)"]
    assert faults(tmp_path, "- a\n") == ["p.yaml:1:1: the file holds no mapping (a policy starts with drcheck: 1)"]


def test_what_was_refused_as_yaml_is_not_told_again_as_a_wrong_value(tmp_path):
    text = policy("a: {kind: rpo, at_most: *x, evidence: [dumps]}\n")
    assert faults(tmp_path, text) == [
        "p.yaml:14:27: *x is an alias (write the value out, or use a template with extends)"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{kind: backup_frequency, evidence: [dumps]}", [": nothing is asked (write every, per or schedule)"]),
        ("{kind: backup_frequency, at_least: 2, evidence: [dumps]}", [": nothing is asked (write every, per or schedule)", ": at_least needs per beside it (write it like per: day)"]),
        ('{kind: backup_frequency, per: day, schedule: "0 3 * * *", evidence: [dumps]}', [": per and schedule exclude each other (keep one of them)"]),
        ("{kind: retention, evidence: [dumps]}", [": nothing is asked (write keep or at_most)"]),
        ("{kind: retention, keep: 2d, evidence: [dumps]}", []),
        ("{kind: retention, keep: 47h, evidence: [dumps]}", [".keep: 47h is shorter than two slots of a day, so that no slot may be owed (at least 48h, or a smaller per)"]),
        ("{kind: retention, keep: 50d, per: month, evidence: [dumps]}", [".keep: 50d is shorter than two slots of a month, so that no slot may be owed (at least 1488h, or a smaller per)"]),
        ("{kind: retention, keep: 90d, at_most: 30d, evidence: [dumps]}", [".keep: what is kept that long is older than at_most allows (check both)"]),
        ("{kind: retention, keep: {}, evidence: [dumps]}", [".keep: it is empty (see drcheck schema)"]),
        ("{kind: restore_test, evidence: [drills]}", [": nothing is asked (write every, notice or outside)"]),
        ("{kind: restore_test, outside: regular_maintenance, evidence: [drills]}", [".outside: none of its evidence tells when that is (add a source read by maintenance-log)"]),
        ("{kind: restore_test, outside: regular_maintenance, evidence: [drills, maintenance]}", []),
        ("{kind: restore_test, every: 90d, evidence: [maintenance]}", [".evidence: none of it can prove restore_test (add a source read by drills, recorded-drills or restore-log)"]),
        ("{kind: restore_test, every: 90d, evidence: [word]}", []),
        ("{kind: restore_test, every: 90d, evidence: [dumps]}", [".evidence: dumps is read by objects, which tells nothing about restore_test (it needs a source read by drills, recorded-drills or restore-log)"]),
        ("{kind: rto, at_most: 1h, evidence: [outages, maintenance]}", []),
        ("{kind: rto, at_most: 1h, evidence: [maintenance]}", [".evidence: none of it can prove rto (add a source read by drills, outage-log, recorded-drills or restore-log)"]),
        ("{kind: availability, at_least: 99%, per: month, evidence: [maintenance]}", [".evidence: none of it can prove availability (add a source read by outage-log)"]),
        ("{kind: copies, evidence: [dumps]}", [": nothing is asked (write at_least, all_in or rule)"]),
        ("{kind: copies, at_least: 2, different: site, counted_outside: {site: [hre, there]}, evidence: [dumps, near]}", ['.counted_outside.site: there is no site "hre" (did you mean here?)']),
        ("{kind: copies, all_in: {provider: x}, counted_in: {region: y}, evidence: [dumps]}", [".counted_in: nothing is counted (add at_least)"]),
        ("{kind: copies, at_least: 1, different: region, evidence: [dumps]}", [".different: one copy differs from nothing (at_least: 2)"]),
        ("{kind: immutability, at_least: 14d, mode: governance, evidence: [dumps]}", ['.mode: "governance" is not known here (one of compliance, any)']),
        ("{kind: integrity, level: checksumed, every: 30d, evidence: [dumps]}", ['.level: "checksumed" is not known here (did you mean checksummed?)']),
        ("{kind: copies, at_least: 2, different: media, evidence: [dumps, near]}", []),
        ("{kind: copies, at_least: 2, locked: 7d, evidence: [dumps]}", [".locked: it belongs to a rule (add rule: 3-2-1-1-0)"]),
        ("{kind: encryption, by: client, evidence: [dumps]}", []),
        ("{kind: encryption, evidence: [outages]}", [".evidence: outages is read by outage-log, which tells nothing about encryption (it needs a source read by objects or the reader of a backup tool)"]),
        ("{kind: encryption, by: storage, evidence: [word]}", []),
        ("{kind: integrity, level: restored, every: 30d, evidence: [dumps, drills]}", []),
        ("{kind: integrity, level: restored, evidence: [maintenance]}", [".evidence: maintenance is read by maintenance-log, which tells nothing about integrity (it needs a source read by objects, repository-checks, restore-log or the reader of a backup tool)"]),
        ("{kind: availability, at_least: 99%, per: month, evidence: [word]}", []),
        ("{kind: availability, at_least: 99%, per: week, evidence: [outages]}", ['.per: "week" is not known here (one of day, month, quarter, year)']),
        ("{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: planned}]}, evidence: [outages]}", [".excused.maintenance: none of its evidence tells when that is (add a source read by maintenance-log)"]),
        ("{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: planned}]}, evidence: [word]}", []),
        ("{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: regular, once_per: week}]}, evidence: [outages, maintenance]}", []),
        ("{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: regular, once_per: year}]}, evidence: [outages, maintenance]}", ['.excused.maintenance.once_per: "year" is not known here (one of day, week, month)']),
        ("{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: planned, leaves_service_time: false}]}, evidence: [outages, maintenance]}", [".excused.maintenance.leaves_service_time: of all minutes of the period none leaves (leave it out, or add formula: of_service_time)"]),
        ("{kind: availability, at_least: 99%, per: month, formula: of_service_time, excused: {maintenance: [{type: planned, leaves_service_time: false}]}, evidence: [outages, maintenance]}", []),
        ("{kind: rpo, at_most: 1h, evidence: dumps}", ['.evidence: "dumps" stands where a list belongs (write it like [dumps, dumps-offsite])']),
        ("{kind: rpo, at_most: 1h, evidence: [dumps, dumps]}", [".evidence: the list has the same value twice (keep one of them)"]),
        ('{kind: rpo, at_most: 1h, evidence: [dumps], controls: ["A.8.13"]}', ['.controls: "A.8.13" is not STANDARD:CONTROL (write it like iso27001:A.8.13)']),
        ("{kind: rpo, at_most: 1h, evidence: [dumps], min_standing: logs}", ['.min_standing: "logs" is not known here (did you mean log?)']),
        ("{kind: rpo, at_most: 1h, evidence: [dumps], zone: Mars/Olympus}", ['.zone: "Mars/Olympus" is not a zone (write a zone of the IANA database, like Europe/Stockholm or UTC)']),
        ("{kind: rpo, at_most: 1h, evidence: [dumps], in_force_from: 2026-01-01 10:00}", ['.in_force_from: "2026-01-01 10:00" is neither a date nor an instant with offset (write 2026-01-31, 2026-01-31T22:30:00Z or 2026-01-31T22:30:00+01:00)']),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_faults(tmp_path, text, told):
    assert of_commitment(tmp_path, text) == told


@pytest.mark.parametrize(
    ("credits", "told"),
    [
        ("{of: fee, ratio: 25, at_most: 100%}", []),
        ("{per_percent: 1%, count: exact, claim: {within: 30d, after: last_report}}", []),
        ("{full_hours_times: 10, of: each, claim: {within: 5 business days, after: outage_end}}", []),
        ("{of: fee}", [": nothing is asked (write tiers, per_percent, full_hours_times or ratio)"]),
        ("{ratio: 25, per_percent: 1%}", [": per_percent and ratio exclude each other (keep one of them)"]),
        ("{ratio: 25, count: whole}", [".count: it belongs to per_percent (leave it out)"]),
        ("{full_hours_times: 10, of: fee}", [".of: full hours are counted in each outage or in their sum (write each or sum)"]),
        ("{tiers: [{below: 99.9%}]}", [".tiers: credit is missing (write it like credit: 10%)"]),
        ("{tiers: [{below: 99.9%, credit: 10%}, {below: 99%, credit: 25%}], fee: 249.90 EUR}", []),
        ("{tiers: [{below: 99.95%, credit: 10%}]}", [".tiers.below: 99.95% is above the target (start at the target or under it, and let each step be lower than the one before)"]),
        ("{tiers: [{below: 99%, credit: 25%}, {below: 99.0%, credit: 10%}]}", [".tiers.below: 99.0% is as high as the step before it, 99% (start at the target or under it, and let each step be lower than the one before)"]),
        ("{tiers: [{below: 99%, credit: 25%}, {below: 99.5%, credit: 10%}]}", [".tiers.below: 99.5% is above the step before it, 99% (start at the target or under it, and let each step be lower than the one before)"]),
        ("{fee: 1000 USD}", [": nothing is asked (write tiers, per_percent, full_hours_times or ratio)"]),
        ("{ratio: 25, fee: 1000}", ['.fee: "1000" is not an amount of money (write it like 1000 USD or 249.90 EUR: at most 4 decimals, and the currency\'s code of ISO 4217)']),
        ("{ratio: 25, fee: 1000.00001 USD}", ['.fee: "1000.00001 USD" is not an amount of money (write it like 1000 USD or 249.90 EUR: at most 4 decimals, and the currency\'s code of ISO 4217)']),
    ],
)  # fmt: skip
def test_credits_are_of_exactly_one_form(tmp_path, credits, told):  # noqa: A002  the key's name
    found = of_commitment(
        tmp_path, f"{{kind: availability, at_least: 99.9%, per: month, credits: {credits}, evidence: [outages]}}"
    )
    assert [line.removeprefix(".credits") for line in found] == told


def test_a_monthly_fee_tells_nothing_of_a_day(tmp_path):
    promised = "{full_hours_times: 10, of: each, fee: 720 EUR}"
    text = f"{{kind: availability, at_least: 99.9%, per: day, credits: {promised}, evidence: [outages]}}"
    (found,) = of_commitment(tmp_path, text)
    assert found.startswith(".credits.fee: it is what is paid for a month, and the period is a day (leave it out")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('at: "vault:", name: x', []),
        ("at: vault, name: x", ['.at: "vault" names no connection (write CONNECTION:PATH, and say in drcheck.yaml what the connection is)']),
        ('at: "vault:/x", name: x', ['.at: "/x" is absolute (paths start below the connection\'s root: leave the / out)']),
        ('at: "vault:a/../b", name: x', ['.at: "a/../b" leaves its directory (paths stay below the connection\'s root: leave the .. out)']),
        ('at: "vault:a\\nb", name: x', [r'.at: "a\nb" is not a path (its parts are joined by / and hold no line ends)']),
        ('at: "vault:a..b/", name: x', []),
        ('at: "vault:!restic -r x", name: x', ['.at: "!restic -r x" is not a named read (write CONNECTION:!NAME: a policy holds no command)']),
        ('at: "vault:!restic", name: x', [".at: objects are listed, !restic is a command's output (name a directory)"]),
        ('at: "vault:x"', [": name is missing (write it like name: {of}/{data_as_of:%Y-%m-%dT%H%M}Z.dump.gz)"]),
        ('at: "vault:x", name: "{data_as_of:%Y-%m-%d}Z", name_zone: UTC', [".name_zone: the times in its names carry their zone (leave name_zone out)"]),
        ('at: "vault:x", name: x, complete_when: done', ['.complete_when: "done" is not a marker\'s name (use {name} once for the backup\'s own name, as in {name}.sha256, or {stem} for that without its extension, or begin with {dir}/ for its directory)']),
        ('at: "vault:x", name: x, complete_when: "{name}"', [".complete_when: a backup cannot be its own marker (add what the marker's name has more, as in {name}.sha256)"]),
        ('at: "vault:x", name: x, thinned_after: 0d', ['.thinned_after: "0d" is no time at all (write it like 90s, 15m, 8h, 1d12h, 90d or 2w)']),
        ('at: "vault:x", name: x, identical_dumps: yes', ['.identical_dumps: "yes" is not known here (one of allowed, refused)']),
        ('at: "vault:x", name: x, planned: "0 24 * * 8"', ['.planned: "0 24 * * 8" is not a cron expression: 24 is no hour (write minute, hour, day of month, month and day of week, like "15 * * * *")']),
        ('at: "vault:x", name: x, planned: "0 0 30 2 *"', ['.planned: "0 0 30 2 *" names a date that never comes (write minute, hour, day of month, month and day of week, like "15 * * * *")']),
        ('at: "vault:x", name: x, site: their', ['.site: there is no site "their" (did you mean there?)']),
        ('at: "vault:x", name: x, of: [a/b]', ['.of: "a/b" is not a name (use letters A to Z, digits, dot, dash and underscore, at most 100 of them)']),
    ],
)  # fmt: skip
def test_sources_have_their_own_faults(tmp_path, source, told):
    text = policy(
        "a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", before=SOURCES + f"  more: {{reader: objects, {source}}}\n"
    )
    found = "\n".join(faults(tmp_path, text)).split("p.yaml:")[1:]
    assert [line.split(": ", 1)[1].removesuffix("\n").removeprefix("sources.more") for line in found] == told


def test_a_bad_name_template_is_told_in_its_own_words(tmp_path):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("{data_as_of:%Y-%m-%d}Z.gz", "{data}", 1)
    (found,) = faults(tmp_path, text)
    assert found.startswith(
        "p.yaml:7:67: sources.dumps.name: name template '{data}' has an unknown field {data} (perhaps {data_as_of:%Y-%m-%d} is"
    )


@pytest.mark.parametrize("at", ["vault:", "vault:logs/"])
def test_a_log_is_a_file(tmp_path, at):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:drills.jsonl", at)
    assert faults(tmp_path, text) == ["p.yaml:9:16: sources.drills.at: this is a directory (name the log file in it)"]


@pytest.mark.parametrize(
    ("reader", "suffix", "told"),
    [
        ("outage-log", "csv", ""),
        ("outage-log", "json", ""),
        ("outage-log", "log", ""),
        ("maintenance-log", "csv", ""),
        ("maintenance-log", "json", "maintenance-log is not read from a .json file, only outage-log"),
        ("restore-log", "csv", ""),
        ("restore-log", "xml", ""),
        ("outage-log", "xml", "outage-log is not read from a .xml file, only restore-log"),
        ("restore-log", "json", "restore-log is not read from a .json file, only outage-log"),
        ("attestations", "csv", ""),
        ("attestations", "xml", "attestations is not read from a .xml file, only restore-log"),
    ],
)
def test_only_logs_that_monitoring_exports_are_read_in_other_forms(tmp_path, reader, suffix, told):
    text = policy(
        "a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n",
        before=SOURCES + f'  more: {{at: "vault:more.{suffix}", reader: {reader}}}\n',
    )
    expected = f"p.yaml:13:14: sources.more.at: {told} (write it as JSON Lines, in a .jsonl file)"
    assert faults(tmp_path, text) == ([expected] if told else [])


def test_what_a_reader_that_is_not_known_would_read_is_not_judged(tmp_path):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace(
        "there, reader: objects", "there, reader: object"
    )
    (found,) = faults(tmp_path, text)
    assert found.endswith('"object" is not known here (did you mean objects?)')


def test_a_log_may_be_a_named_read(tmp_path):
    text = policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n").replace("vault:drills.jsonl", "vault:!drills")
    assert faults(tmp_path, text) == []


def test_an_agreement_ends_after_it_began(tmp_path):
    text = policy(
        "a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n",
        before=SOURCES + "agreement: {effective: 2026-05-01, ends: 2026-05-01}\n",
    )
    assert faults(tmp_path, text) == ["p.yaml:13:42: agreement.ends: it ends before it is effective (check both dates)"]


@pytest.mark.parametrize("country", ["SE", "DE", "US"])
def test_public_holidays_are_known_by_country(tmp_path, country):
    before = SOURCES + f"business_calendar: {{holidays: {{country: {country}}}}}\n"
    assert faults(tmp_path, policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", before=before)) == []


def test_an_unknown_country_is_a_fault(tmp_path):
    before = SOURCES + "business_calendar: {holidays: {country: ZZ}}\n"
    assert faults(tmp_path, policy("a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n", before=before)) == [
        (
            'p.yaml:13:41: business_calendar.holidays.country: no public holidays are known for "ZZ" '
            "(write an ISO 3166-1 code of two letters, like SE)"
        )
    ]


KEYS = sorted(
    {
        *schema("policy")["properties"],
        "kind",
        "at_most",
        "evidence",
        "reader",
        "at",
        "name",
        "keep",
        "loses",
        "part_of",
        "rule",
        "immutable",
        "checked",
        "credits",
        "tiers",
        "excused",
        "maintenance",
        "x",
    }
)
SCALARS = st.sampled_from(
    [
        "1",
        "true",
        "rpo",
        "dumps",
        "objects",
        "1h",
        "vault:x",
        "'{of}'",
        "UTC",
        "",
        "50%",
        "retention",
        "a",
        "copies",
        "availability",
        "3-2-1-1-0",
    ]
)
NODES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), NODES, max_size=6))
def test_no_shape_of_a_policy_is_a_crash(tmp_path, entries):
    found = faults(
        tmp_path, "drcheck: 1\n" + "".join(f"{key}: {value}\n" for key, value in entries.items() if key != "template")
    )
    assert found
    assert all(line.startswith("p.yaml:") for line in found)
