"""What lint warns of, and what it is silent about."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.policyfile import units
from drcheck.policyfile.lint import Level, lint
from drcheck.policyfile.lint_schedules import lost_starts

from .places import GUARDS, linted, load, messages, policy

AS_OF = units.instant("2026-11-21T00:00:00Z", ZoneInfo("UTC"))


def remarks(tmp_path, commitments, *, dumps="", near="", timezone="Europe/Stockholm", explain=False, change=()):
    text = policy(commitments, timezone=timezone)
    text = text.replace('dumps/", ', f'dumps/", {dumps}').replace('near/", ', f'near/", {near}')
    for old, new in change:
        assert old in text
        text = text.replace(old, new)
    loaded = load(tmp_path, text)
    assert messages(tmp_path, loaded) == []
    return linted(loaded.documents[0], AS_OF, explain=explain)


def rules(*arguments, **options):
    return [remark.rule for remark in remarks(*arguments, **options)]


HOURLY = 'planned: "15 * * * *", max_duration: 20m, '
DAILY = 'planned: "30 4 * * *", max_duration: 1h, '


def test_an_rpo_below_interval_and_duration_is_told_at_its_figure(tmp_path):
    (found,) = remarks(tmp_path, "a: {kind: rpo, at_most: 60m, evidence: [dumps]}\n", dumps=HOURLY)
    assert found.rule == "rpo-below-plan"
    assert str(found).replace(f"{tmp_path}/", "") == (
        "p.yaml:14:27: warning: commitments.a.at_most: 1 h cannot be kept: interval and duration of dumps let up to "
        "1 h 20 min of web be lost (start more often, or shorten backups)"
    )


def test_one_place_at_two_sites_is_told_at_the_second(tmp_path):
    text = "a: {kind: copies, at_least: 2, different: site, evidence: [dumps, near]}\n"
    before = remarks(tmp_path, text)
    assert "place-of-two-sites" not in [remark.rule for remark in before]
    at = ("vault:near/", "vault:dumps/")
    (found,) = (one for one in remarks(tmp_path, text, change=[at]) if one.rule == "place-of-two-sites")
    assert found.text.startswith("sources.near.site: near lies where dumps does, which is at ")


@pytest.mark.parametrize(("at_most", "warned"), [("79m", True), ("80m", False)])
def test_an_rpo_of_interval_and_duration_can_be_kept(tmp_path, at_most, warned):
    text = f"a: {{kind: rpo, at_most: {at_most}, evidence: [dumps]}}\n"
    assert bool(rules(tmp_path, text, dumps=HOURLY)) == warned


def test_an_rpo_that_only_a_day_of_25_hours_breaks_is_told_so(tmp_path):
    text = "a: {kind: rpo, at_most: 25h, evidence: [dumps]}\n"
    (found,) = remarks(tmp_path, text, dumps=DAILY)
    assert "cannot be kept where clocks change" in found.text
    assert rules(tmp_path, text, dumps=DAILY, timezone="UTC") == []
    assert rules(tmp_path, text.replace("25h", "26h"), dumps=DAILY) == []


def test_two_plans_together_may_keep_what_neither_keeps_alone(tmp_path):
    text = "a: {kind: rpo, at_most: 50m, evidence: [dumps, near]}\n"
    halves = {
        "dumps": 'planned: "0 * * * *", max_duration: 20m, ',
        "near": 'planned: "30 * * * *", max_duration: 20m, ',
    }
    assert rules(tmp_path, text, **halves) == []
    assert rules(tmp_path, text.replace("[dumps, near]", "[dumps]"), **halves) == ["rpo-below-plan"]
    assert rules(tmp_path, text.replace("evidence", "scenario: fire, evidence"), **halves) == ["rpo-below-plan"]


def test_without_a_plan_nothing_is_said_of_it(tmp_path):
    assert rules(tmp_path, "a: {kind: rpo, at_most: 1m, evidence: [dumps]}\n") == []


def test_every_24h_on_a_daily_plan_breaks_on_the_day_of_25_hours(tmp_path):
    text = "a: {kind: backup_frequency, every: 24h, evidence: [dumps]}\n"
    (found,) = remarks(tmp_path, text, dumps=DAILY)
    assert found.rule == "every-on-long-day"
    assert "per: day counts" in found.text
    assert rules(tmp_path, text, dumps=DAILY, timezone="UTC") == []
    assert rules(tmp_path, text.replace("24h", "24h, grace: 2h"), dumps=DAILY) == []


def test_every_that_the_plan_never_keeps(tmp_path):
    text = "a: {kind: backup_frequency, every: 12h, evidence: [dumps]}\n"
    (found,) = remarks(tmp_path, text, dumps=DAILY)
    assert found.rule == "every-below-plan"
    assert "1 d 1 h old" in found.text


@pytest.mark.parametrize(
    ("planned", "warned"),
    [
        ("55 23 * * *", True),
        ("5 0 * * *", True),
        ("20 0 * * *", False),
        ("40 23 * * *", False),
        ("0 12 * * *", False),
        ("55 * * * *", False),
    ],
)
def test_starts_near_a_days_edge(tmp_path, planned, warned):
    text = "a: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}\n"
    found = rules(tmp_path, text, dumps=f'planned: "{planned}", max_duration: 20m, ')
    assert found == (["slot-edge"] if warned else [])


@pytest.mark.parametrize(("planned", "warned"), [("15 * * * *", False), ("50 * * * *", True), ("5,50 * * * *", False)])
def test_starts_near_an_hours_end(tmp_path, planned, warned):
    text = "a: {kind: backup_frequency, at_least: 1, per: hour, evidence: [dumps]}\n"
    assert bool(rules(tmp_path, text, dumps=f'planned: "{planned}", max_duration: 20m, ')) == warned


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("30 2 * * *", ""),
        ("15 * * * *", ""),
        ("*/15 * * * *", ""),
        ("0 4 * * *", ""),
        ("0 1,13 * * *", ""),
        ("*/15 2 * * *", "it has no start on 2027-03-28, when clocks skip an hour, where 4 are meant"),
        ("0 2,3 * * *", "it has 1 start on 2027-03-28, when clocks skip an hour, where 2 are meant"),
        ("0 */2 * * *", "it has 11 starts on 2027-03-28, when clocks skip an hour, where 12 are meant"),
        ("30 1-3 * * *", "it has 1 start on 2027-10-31 in the hour that comes twice, where 2 are meant"),
    ],
)
def test_cron_forms_that_lose_starts_where_clocks_change(cron, told):
    assert lost_starts(cron, ZoneInfo("Europe/Stockholm"), AS_OF) == told
    assert lost_starts(cron, ZoneInfo("UTC"), AS_OF) == ""


def test_such_forms_are_told_of_plans_and_of_promised_schedules(tmp_path):
    text = 'a: {kind: backup_frequency, schedule: "0 2,3 * * *", evidence: [dumps]}\n'
    found = remarks(tmp_path, text, dumps='planned: "*/15 2 * * *", ')
    assert [(remark.rule, remark.mark.line) for remark in found] == [("cron-dst", 7), ("cron-dst", 14)]
    assert rules(tmp_path, text.replace("{kind", "{zone: UTC, kind")) == []


def test_a_scenario_that_no_source_survives(tmp_path):
    (found,) = remarks(tmp_path, "a: {kind: rpo, at_most: 1d, scenario: fire, evidence: [near]}\n")
    assert (found.rule, found.mark.line, found.mark.column) == ("no-survivor", 14, 41)
    assert rules(tmp_path, "a: {kind: rpo, at_most: 1d, scenario: fire, evidence: [near, dumps]}\n") == []


def test_a_source_at_no_site_is_named_where_nothing_else_survives(tmp_path):
    (found,) = remarks(
        tmp_path,
        "a: {kind: rpo, at_most: 1d, scenario: fire, evidence: [near]}\n",
        change=[("site: rack, ", "")],
    )
    assert "say at which site near lies" in found.text


def test_an_rto_that_nothing_can_prove(tmp_path):
    text = "a: {kind: rto, at_most: 1h, scenario: fire, evidence: [drills]}\n"
    assert rules(tmp_path, text) == []
    assert rules(tmp_path, text, change=[("site: there", "site: here")]) == ["rto-unprovable"]
    everything = [("loses: [here]", "loses: [here, there]")]
    assert rules(tmp_path, text, change=everything) == ["rto-unprovable", "rto-unprovable"]


@pytest.mark.parametrize(
    ("kept", "other", "warned"),
    [
        ("keep: 3d", "kind: rpo, at_most: 7d", True),
        ("keep: 8d", "kind: rpo, at_most: 7d", False),
        ("keep: 3d", "kind: backup_frequency, every: 1w", True),
        ("at_most: 30d", "kind: retention, keep: 90d", True),
        ("keep: 30d", "kind: retention, keep: 90d", False),
        ("at_most: 7d", "kind: immutability, at_least: 14d", True),
        ("keep: 7d", "kind: immutability, at_least: 14d", True),
        ("keep: 3d", "kind: encryption", False),
    ],
)
def test_retention_shorter_than_what_another_commitment_needs(tmp_path, kept, other, warned):
    text = f"a: {{kind: retention, {kept}, evidence: [dumps]}}\nb: {{{other}, evidence: [dumps]}}\n"
    assert rules(tmp_path, text) == (["retention-too-short"] if warned else [])
    assert rules(tmp_path, text.replace("[dumps]}\nb", "[near]}\nb")) == []


def test_what_a_daily_backup_bounds_is_told_on_request_alone(tmp_path):
    text = "a: {kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}\n"
    assert rules(tmp_path, text) == []
    (found,) = remarks(tmp_path, text, explain=True)
    assert (found.rule, found.level) == ("frequency-alone", Level.NOTE)
    assert "at nearly two days plus the backup's own duration" in found.text
    objective = text + "b: {kind: rpo, at_most: 3d, evidence: [dumps]}\n"
    assert rules(tmp_path, objective, explain=True) == []


COPIES = "a: {kind: copies, at_least: 2, different: site, evidence: [dumps, near]}\n"
SITES = "here: {}, there: {}, rack: {part_of: here}"


def of_sites(tmp_path, commitments, sites, **options):
    return remarks(tmp_path, commitments, change=[(SITES, sites)], **options)


def test_sites_that_are_lost_together_are_one_fate(tmp_path):
    (found,) = of_sites(tmp_path, COPIES, "here: {}, there: {part_of: here}, rack: {part_of: here}")
    assert found.rule == "shared-fate"
    assert found.text == (
        "commitments.a.different: there and rack count as two sites, but are lost together with here (add a copy elsewhere)"
    )
    assert rules(tmp_path, COPIES) == []


def test_a_site_and_one_that_is_part_of_it_are_one_place_too_few(tmp_path):
    (found,) = of_sites(tmp_path, COPIES, "here: {}, there: {part_of: rack}, rack: {}")
    assert found.rule == "copies-too-few"


def test_copies_at_one_site_that_need_not_differ_count_one_by_one(tmp_path):
    text = COPIES.replace("different: site, ", "")
    (found,) = remarks(tmp_path, text, change=[("site: rack, ", "site: there, ")])
    assert (found.rule, found.level) == ("copies-at-one-site", Level.NOTE)
    assert "dumps and near count as copies of their own, though all lie at there" in found.text
    assert remarks(tmp_path, text) == []


def test_sites_of_one_account_are_one_fate(tmp_path):
    one = "here: {account: main}, there: {account: main}, rack: {part_of: here}"
    (found,) = of_sites(tmp_path, COPIES, one)
    assert found.rule == "shared-fate"
    assert "both of account main: who can delete in one can delete in the other" in found.text
    assert of_sites(tmp_path, COPIES, one.replace("there: {account: main}", "there: {account: other}")) == []


def test_what_copies_do_not_count_shares_no_fate(tmp_path):
    one = "here: {account: main}, there: {account: main}, rack: {part_of: here}"
    text = COPIES.replace("at_least: 2", "at_least: 2, counted_outside: {site: here}")
    assert [each.rule for each in of_sites(tmp_path, text, one)] == ["copies-too-few"]


def test_a_site_that_does_not_state_what_copies_ask_of_it(tmp_path):
    text = COPIES.replace("different: site", "different: region, counted_outside: {provider: azure}")
    found = of_sites(tmp_path, text, "here: {region: a}, there: {provider: azure, region: b}, rack: {part_of: here}")
    assert [(each.rule, each.text) for each in found] == [
        ("copies-too-few", "commitments.a.at_least: 2 are never met: dumps and near can give web 1 copy to count, a different region each (add a source elsewhere)"),
        ("place-untold", "commitments.a.counted_outside: provider cannot be told of source near (state provider at its site rack)"),
    ]  # fmt: skip


def test_a_source_without_a_site_has_no_place(tmp_path):
    (found,) = remarks(
        tmp_path,
        "a: {kind: copies, all_in: {area: europe}, evidence: [dumps]}\n",
        change=[("site: there, ", "")],
    )
    assert (found.rule, found.text) == (
        "place-untold",
        "commitments.a.all_in: area cannot be told of source dumps (say at which site it lies)",
    )


def test_more_copies_than_there_are_sources_are_never_met(tmp_path):
    (found,) = remarks(tmp_path, "a: {kind: copies, at_least: 3, evidence: [dumps, near]}\n")
    assert (found.rule, found.text) == (
        "copies-too-few",
        "commitments.a.at_least: 3 are never met: dumps and near can give web 2 copies to count (add a source elsewhere)",
    )
    assert rules(tmp_path, "a: {kind: copies, at_least: 2, evidence: [word]}\n") == []
    beside = rules(tmp_path, "a: {kind: copies, at_least: 3, evidence: [dumps, near, word]}\n")
    assert sorted(beside) == ["attested-beside", "copies-too-few"]


def test_a_source_that_lies_elsewhere_breaches_what_binds_every_copy(tmp_path):
    (found,) = remarks(tmp_path, "a: {kind: copies, all_in: {site: [here]}, evidence: [dumps, near]}\n")
    assert found.rule == "copies-elsewhere"
    assert found.text.startswith("commitments.a.all_in: there, where dumps lies, is none of these places")


@pytest.mark.parametrize(("kept", "warned"), [("13d", True), ("14d", False), ("never", False)])
def test_a_lock_that_outlasts_what_its_source_keeps(tmp_path, kept, warned):
    text = "a: {kind: immutability, at_least: 14d, evidence: [dumps]}\n"
    found = rules(tmp_path, text, dumps=f"thinned_after: {kept}, ")
    assert found == (["lock-outlasts-source"] if warned else [])


def test_retention_shorter_than_a_lock_is_told(tmp_path):
    text = "a: {kind: retention, at_most: 10d, evidence: [dumps]}\n"
    text += "b: {kind: immutability, at_least: 14d, evidence: [dumps]}\n"
    (found,) = remarks(tmp_path, text)
    assert found.rule == "retention-too-short"
    assert "the 14 d of b, for which nothing can be deleted" in found.text


@pytest.mark.parametrize(
    ("at_least", "per", "told"),
    [
        ("99.9%", "day", "1 min 26 s in a day"),
        ("99.9%", "month", "40 min 19 s in 28 days, 43 min 12 s in 30 days and 44 min 38 s in 31 days"),
        ("99.5%", "quarter", "10 h 48 min in 90 days and 11 h 2 min in 92 days"),
        ("99.9%", "year", "8 h 45 min in 365 days and 8 h 47 min in 366 days"),
        ("100%", "day", "0 s in a day"),
    ],
)
def test_the_downtime_that_a_target_allows_is_told_on_request(tmp_path, at_least, per, told):
    text = f"a: {{kind: availability, at_least: {at_least}, per: {per}, evidence: [outages]}}\n"
    assert rules(tmp_path, text) == []
    (found,) = remarks(tmp_path, text, explain=True)
    assert (found.rule, found.level) == ("allowed-downtime", Level.NOTE)
    assert found.text.startswith(f"commitments.a.at_least: it allows downtime of {told}, ")


@pytest.mark.parametrize(
    "text",
    [
        "{kind: restore_test, notice: 20 business days, evidence: [drills]}",
        "{kind: availability, at_least: 99%, per: month, excused: {maintenance: [{type: planned, notice: 5 business days}]}, evidence: [outages, maintenance]}",
        "{kind: availability, at_least: 99%, per: month, credits: {ratio: 2, claim: {within: 5 business days, after: month_end}}, evidence: [outages]}",
    ],
)  # fmt: skip
def test_which_days_are_business_is_told_where_no_calendar_says_so(tmp_path, text):
    assert "business-days" in rules(tmp_path, f"a: {text}\n", explain=True)
    assert "business-days" not in rules(tmp_path, f"a: {text}\n")
    calendar = [("sites:", "business_calendar: {hours: 07:00-17:00}\nsites:")]
    assert "business-days" not in rules(tmp_path, f"a: {text}\n", explain=True, change=calendar)


def test_an_attestation_beside_what_can_be_seen_is_told_to_decide_nothing(tmp_path):
    (found,) = remarks(tmp_path, "a: {kind: encryption, evidence: [dumps, word]}\n")
    assert found.rule == "attested-beside"
    assert "what word attests decides nothing" in found.text
    assert rules(tmp_path, "a: {kind: encryption, evidence: [word]}\n") == []


GUARDED = 'min_size: 1 MiB, complete_when: "{name}.sha256", thinned_after: 30d, '


def unguarded(tmp_path, commitments, *, dumps="", near=""):
    text = policy(commitments).replace('dumps/", ', f'dumps/", {dumps}').replace('near/", ', f'near/", {near}')
    (document,) = load(tmp_path, text).documents
    return [remark for remark in lint(document, AS_OF) if remark.rule in GUARDS]


BOTH = "a: {kind: rpo, at_most: 26h, evidence: [dumps, near]}\nb: {kind: retention, keep: 9d, evidence: [near]}\n"


def test_each_guard_that_sources_lack_is_told_once_with_all_of_them(tmp_path):
    found = unguarded(tmp_path, BOTH, dumps="available_at: mtime, ")
    assert {remark.level for remark in found} == {Level.NOTE}
    assert {remark.rule: remark.text.partition(": ")[2].partition(":")[0] for remark in found} == {
        "no-size-floor": "dumps and near state no size",
        "no-completion-marker": "dumps and near have no marker of completion",
        "mtime-believed": "dumps takes each file's own time for its arrival",
        "thinning-unstated": "dumps and near do not state thinned_after",
    }


def test_what_guards_a_source_is_told_no_more_even_if_it_accepts_anything(tmp_path):
    assert [remark.text.partition(" ")[2].partition(" ")[0] for remark in unguarded(tmp_path, BOTH, dumps=GUARDED)] == [
        "near"
    ] * 3
    any_size = GUARDED.replace("min_size: 1 MiB", "max_shrink: none").replace("30d", "never")
    assert unguarded(tmp_path, BOTH, dumps=GUARDED, near=any_size) == []


@pytest.mark.parametrize(
    ("connections", "told"),
    [
        ({"vault": LocalConnection("vault", root="/mnt"), "other": LocalConnection("other", root="/mnt/")}, True),
        ({"vault": LocalConnection("vault", root="/mnt"), "other": LocalConnection("other", root="/srv")}, False),
        (
            {"vault": SshConnection("vault", host="h", user="a"), "other": SshConnection("other", host="h", user="b")},
            True,
        ),
        ({"vault": S3Connection("vault", profile="ro"), "other": S3Connection("other")}, True),
        ({}, False),
    ],
)
def test_two_connections_to_one_place_are_told(tmp_path, connections, told):
    text = policy("a: {kind: copies, at_least: 2, evidence: [dumps, near]}\n").replace("vault:near/", "other:dumps")
    (document,) = load(tmp_path, text).documents
    found = [remark for remark in lint(document, AS_OF, connections=connections) if "two-connections" in remark.rule]
    assert [remark.text.partition(": ")[0] for remark in found] == (["sources.near.at"] if told else [])


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{*}_{data_as_of:%Y-%m-%d}.sql.gz", True),
        ("{**}/{*}{data_as_of:%Y-%m-%dT%H%M}Z.dump", True),
        ("shop_{*}_{data_as_of:%Y-%m-%d}.sql.gz", False),
        ("{data_as_of:%s_%Y_%m_%d}_{*}_gitlab_backup.tar", False),
        ("{data_as_of:%Y-%m-%d}.sql.gz", False),
    ],
)
def test_a_template_that_any_name_fits_is_told(tmp_path, template, told):
    text = policy("a: {kind: rpo, at_most: 26h, evidence: [near]}\n")
    zone = "" if "Z" in template or "%s" in template else ", name_zone: UTC"
    near, _, rest = text.partition('"{data_as_of:%Y-%m-%d}Z.gz"}\n  drills')
    found = f'{near}"{template}"{zone}}}\n  drills{rest}'
    (document,) = load(tmp_path, found).documents
    assert ("any-text" in {remark.rule for remark in lint(document, AS_OF)}) is told


def test_sources_of_which_no_promise_counts_backups_need_no_guard(tmp_path):
    assert unguarded(tmp_path, "a: {kind: encryption, evidence: [dumps]}\n") == []
