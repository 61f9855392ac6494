"""The rules 3-2-1 and 3-2-1-1-0 stand for three and five ordinary commitments."""

from __future__ import annotations

import pytest

from drcheck.core.kinds.copies.commitment import Copies
from drcheck.core.kinds.immutability import Immutability
from drcheck.core.kinds.integrity.commitment import Integrity
from drcheck.core.model.commitments import Rung, Standing
from drcheck.core.model.sites import Different, Where
from drcheck.core.model.slots import Per
from drcheck.policyfile.lint import Level
from drcheck.policyfile.load import reload

from .places import SOURCES, faults, linted, load, messages, policy

DAY = 86400
BEFORE = "runs_at: [rack]\n" + SOURCES
RULE = "a: {kind: copies, rule: 3-2-1-1-0, immutable: [dumps], evidence: [dumps, near]}\n"
SHORT = "a: {kind: copies, rule: 3-2-1, evidence: [dumps, near]}\n"


def built(tmp_path, text, *, before=BEFORE):
    loaded = load(tmp_path, policy(text, before=before))
    assert messages(tmp_path, loaded) == []
    return loaded.documents[0]


def test_it_asks_for_three_copies_on_two_media_one_offsite_one_immutable_and_no_errors(tmp_path):
    three, two, offsite, immutable, zero = built(tmp_path, RULE).policy.commitments
    assert [each.id for each in (three, two, offsite, immutable, zero)] == [
        "a-3", "a-2", "a-1-offsite", "a-1-immutable", "a-0",
    ]  # fmt: skip
    assert isinstance(three, Copies)
    assert (three.at_least, three.different) == (2, None)  # beside the live data
    assert isinstance(two, Copies)
    assert (two.at_least, two.different) == (2, Different.MEDIA)
    assert isinstance(offsite, Copies)
    # Losing the building loses everything in it: a site is left out with what it is part of.
    assert (offsite.at_least, offsite.counted_outside) == (1, Where(site=frozenset({"rack", "here"})))
    assert isinstance(immutable, Immutability)
    assert (immutable.at_least, immutable.evidence) == (14 * DAY, ("dumps",))
    assert isinstance(zero, Integrity)
    assert (zero.level, zero.every, zero.evidence) == (Rung.CHECKSUMMED, 30 * DAY, ("dumps", "near"))


def test_each_part_is_written_where_the_whole_is(tmp_path):
    places = built(tmp_path, RULE + SHORT.replace("a:", "b:")).policy.written_at
    assert {part: (at.line, at.column) for part, at in places.items()} == {
        **dict.fromkeys(("a-3", "a-2", "a-1-offsite", "a-1-immutable", "a-0"), (15, 3)),
        **dict.fromkeys(("b-3", "b-2", "b-1-offsite"), (16, 3)),
    }


def test_each_part_carries_what_was_said_of_the_whole(tmp_path):
    text = (
        "a: {kind: copies, rule: 3-2-1-1-0, immutable: [word], locked: 30d, checked: {level: restored, every: 90d, "
        'evidence: [drills]}, evidence: [dumps, near], within: 12h, per: week, matching: 5m, clause: "7", quote: q, '
        "controls: [iso27001:A.8.13], applies: databases, note: n, zone: UTC, min_standing: log, scenario: fire}\n"
    )
    parts = built(tmp_path, text).policy.commitments
    for part in parts:
        assert (part.clause, part.quote, part.controls, part.applies, part.note, part.zone, part.scenario) == (
            "7", "q", ("iso27001:A.8.13",), "databases", "n", "UTC", "fire",
        )  # fmt: skip
        assert part.min_standing is Standing.LOG
    for part in parts[:3]:
        assert (part.within, part.per, part.matching) == (DAY // 2, Per.WEEK, 300)
    immutable, zero = parts[3:]
    assert (immutable.at_least, immutable.evidence) == (30 * DAY, ("word",))
    assert (zero.level, zero.every, zero.evidence) == (Rung.RESTORED, 90 * DAY, ("drills",))


def test_the_text_that_was_judged_gives_the_same_parts_again(tmp_path):
    told = built(tmp_path, RULE).policy
    again = reload(told.text)
    assert again is not None
    assert again.commitments == told.commitments


def test_a_waiver_of_the_whole_covers_every_part_and_one_of_a_part_only_that(tmp_path):
    waiver = 'waivers: [{{commitment: {}, until: 2026-12-31, owner: o, reason: "CHG-1", approved_by: ciso}}]\n'
    whole = built(tmp_path, RULE, before=waiver.format("a") + BEFORE).policy
    assert [each.commitment for each in whole.waivers] == [each.id for each in whole.commitments]
    assert {each.approved_by for each in whole.waivers} == {"ciso"}
    part = built(tmp_path, RULE, before=waiver.format("a-1-immutable") + BEFORE).policy
    assert [each.commitment for each in part.waivers] == ["a-1-immutable"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("immutable: [dumps], at_least: 2", "77: commitments.a: rule and at_least exclude each other (keep one of them)"),
        ("immutable: [dumps], counted_in: {site: there}", "77: commitments.a: rule and counted_in exclude each other (keep one of them)"),
        ("locked: 14d", "40: commitments.a.rule: no copy is said to be immutable (name its sources with immutable)"),
        ("immutable: [dump]", '69: commitments.a.immutable: there is no source "dump" (did you mean dumps?)'),
        ("immutable: [drills]", "69: commitments.a.immutable: drills is read by restore-log, which tells nothing about immutability (it needs a source read by objects or the reader of a backup tool)"),
        ("immutable: [dumps], checked: {evidence: [outages]}", "98: commitments.a.checked.evidence: outages is read by outage-log, which tells nothing about integrity (it needs a source read by objects, repository-checks, restore-log or the reader of a backup tool)"),
        ("immutable: [dumps], checked: {level: hashed}", '94: commitments.a.checked.level: "hashed" is not known here (one of listed, complete, checksummed, structure_checked, data_checked, restored, validated)'),
    ],
)  # fmt: skip
def test_its_faults_have_their_places(tmp_path, text, told):
    rule = f"a: {{kind: copies, evidence: [dumps], rule: 3-2-1-1-0, {text}}}\n"
    assert faults(tmp_path, policy(rule, before=BEFORE)) == [f"p.yaml:15:{told}"]


def test_without_runs_at_nothing_is_offsite(tmp_path):
    assert faults(tmp_path, policy(RULE)) == [
        "p.yaml:14:21: commitments.a.rule: nothing tells what is offsite (say with runs_at where the service itself lives)"
    ]


def test_a_commitment_with_the_name_of_a_part_is_a_fault(tmp_path):
    text = RULE + "a-0: {kind: encryption, evidence: [dumps]}\n"
    assert faults(tmp_path, policy(text, before=BEFORE)) == [
        "p.yaml:16:3: commitments.a-0: commitments.a has a part of that name (rename one of them)"
    ]


@pytest.mark.parametrize("kind", ["copies", "immutability", "integrity"])
def test_it_promises_three_kinds(tmp_path, kind):
    assert faults(tmp_path, policy(RULE, before=f"silent_on: [{kind}]\n" + BEFORE)) == [
        f"p.yaml:4:13: silent_on: {kind} is promised in commitments.a (remove one of them)"
    ]


def test_a_waiver_of_no_part_is_a_fault(tmp_path):
    waiver = 'waivers: [{commitment: a-4, until: 2026-12-31, owner: o, reason: "CHG-1"}]\n'
    (found,) = faults(tmp_path, policy(RULE, before=waiver + BEFORE))
    assert found == 'p.yaml:4:24: waivers.commitment: there is no commitment "a-4" (did you mean a-3?)'


def test_what_it_stands_for_is_told_on_request_at_its_rule(tmp_path):
    before = BEFORE.replace("here: {}, there: {}", "here: {media: disk}, there: {media: object storage}")
    document = built(tmp_path, RULE, before=before)
    assert linted(document) == []
    (found,) = linted(document, explain=True)
    assert (found.rule, found.level) == ("shorthand", Level.NOTE)
    assert str(found).replace(f"{tmp_path}/", "") == (
        "p.yaml:15:27: note: commitments.a.rule: beside the live data it asks for a-3: 2 copies; a-2: 2 copies on "
        "different media; a-1-offsite: 1 copy outside of here and rack; a-1-immutable: backups locked for 14 d, "
        "as told by dumps; a-0: backups checksummed every 30 d, as told by dumps and near"
    )


def test_a_remark_about_a_part_stands_at_the_rule(tmp_path):
    document = built(tmp_path, RULE.replace(", near]", "]"))
    assert {(str(each.mark).replace(f"{tmp_path}/", ""), each.rule) for each in linted(document)} == {
        ("p.yaml:15:27", "copies-too-few"),
        ("p.yaml:15:27", "place-untold"),
    }


def test_3_2_1_asks_for_the_same_copies_and_neither_locks_nor_checks(tmp_path):
    short, long = built(tmp_path, SHORT).policy.commitments, built(tmp_path, RULE).policy.commitments
    assert [each.id for each in short] == ["a-3", "a-2", "a-1-offsite"]
    assert short == long[:3]


def test_the_text_of_3_2_1_gives_the_same_parts_again(tmp_path):
    told = built(tmp_path, SHORT).policy
    again = reload(told.text)
    assert again is not None
    assert again.commitments == told.commitments


@pytest.mark.parametrize("kind", ["immutability", "integrity"])
def test_3_2_1_leaves_locks_and_checks_to_others(tmp_path, kind):
    built(tmp_path, SHORT, before=f"silent_on: [{kind}]\n" + BEFORE)
    other = f"a-0: {{kind: {kind}, evidence: [dumps], {'at_least: 7d' if kind == 'immutability' else 'level: checksummed, every: 30d'}}}\n"
    built(tmp_path, SHORT + other)  # nothing of the rule has that name


def test_3_2_1_promises_copies(tmp_path):
    assert faults(tmp_path, policy(SHORT, before="silent_on: [copies]\n" + BEFORE)) == [
        "p.yaml:4:13: silent_on: copies is promised in commitments.a (remove one of them)"
    ]


@pytest.mark.parametrize("text", ["immutable: [dumps]", "locked: 14d", "checked: {every: 7d}"])
def test_a_key_of_the_longer_rule_beside_3_2_1_is_a_fault_that_names_that_rule(tmp_path, text):
    key = text.partition(":")[0]
    rule = f"a: {{kind: copies, evidence: [dumps, near], rule: 3-2-1, {text}}}\n"
    assert faults(tmp_path, policy(rule, before=BEFORE)) == [
        f"p.yaml:15:59: commitments.a.{key}: it belongs to the longer rule (leave {key} out, or write rule: 3-2-1-1-0)"
    ]


def test_a_waiver_of_3_2_1_covers_its_three_parts_and_no_other_can_be_waived(tmp_path):
    waiver = 'waivers: [{{commitment: {}, until: 2026-12-31, owner: o, reason: "CHG-1", approved_by: ciso}}]\n'
    whole = built(tmp_path, SHORT, before=waiver.format("a") + BEFORE).policy
    assert [each.commitment for each in whole.waivers] == ["a-3", "a-2", "a-1-offsite"]
    (fault,) = faults(tmp_path, policy(SHORT, before=waiver.format("a-0") + BEFORE))
    assert fault.startswith('p.yaml:4:24: waivers.commitment: there is no commitment "a-0"')


def test_what_3_2_1_stands_for_is_told_on_request(tmp_path):
    before = BEFORE.replace("here: {}, there: {}", "here: {media: disk}, there: {media: object storage}")
    document = built(tmp_path, SHORT, before=before)
    assert linted(document) == []
    (remark,) = linted(document, explain=True)
    assert remark.text == (
        "commitments.a.rule: beside the live data it asks for a-3: 2 copies; a-2: 2 copies on different media; "
        "a-1-offsite: 1 copy outside of here and rack"
    )


def test_a_rule_that_does_not_exist_is_one_fault(tmp_path):
    (fault,) = faults(tmp_path, policy(SHORT.replace("3-2-1", "3-2-2"), before=BEFORE))
    assert fault == 'p.yaml:15:27: commitments.a.rule: "3-2-2" is not known here (did you mean 3-2-1?)'
