"""What a policy takes over from the templates it extends."""

from __future__ import annotations

from drcheck.core.model.policy import Position
from drcheck.policyfile.load import reload

from .places import faults, load, messages, policy

TEMPLATE = "drcheck: 1\ntemplate: true\n"
RPO = "  a: {kind: rpo, at_most: 1h, evidence: [dumps]}\n"


def extending(text, template="t.yaml"):
    return text.replace("drcheck: 1\n", f"drcheck: 1\nextends: {template}\n")


def test_mappings_merge_and_lists_and_scalars_replace(tmp_path):
    loaded = load(
        tmp_path,
        {
            "t.yaml": TEMPLATE
            + "owner: theirs\ntitle: theirs\nruns_at: [there]\nagreement: {title: A, provider: B}\n"
            + "commitments:\n  a: {kind: rpo, at_most: 9h, also: [9h, 8h], evidence: [near]}\n"
            + "  b: {kind: rpo, at_most: 2h, evidence: [near]}\n",
            "p.yaml": extending(policy(RPO)).replace(
                "service: web", "service: web\ntitle: mine\nagreement: {provider: C}"
            ),
        },
    )
    assert messages(tmp_path, loaded) == []
    (merged,) = loaded.policies
    assert (merged.owner, merged.title, merged.runs_at) == ("theirs", "mine", ("there",))
    assert (merged.agreement.title, merged.agreement.provider) == ("A", "C")
    by_id = {each.id: each for each in merged.commitments}
    assert (by_id["a"].at_most, by_id["a"].also, by_id["a"].evidence) == (3600, (32400, 28800), ("dumps",))
    assert by_id["b"].at_most == 7200


def test_a_commitment_keeps_the_place_of_its_key_also_where_a_template_has_the_rest_of_it(tmp_path):
    loaded = load(
        tmp_path,
        {
            "t.yaml": TEMPLATE + "commitments:\n  a: {at_most: 9h}\n  b: {kind: rpo, at_most: 2h, evidence: [near]}\n",
            "p.yaml": extending(policy(RPO)),
        },
    )
    (merged,) = loaded.policies
    own = Position(str(tmp_path / "p.yaml"), 15, 3)
    assert merged.written_at == {"a": own, "b": Position(str(tmp_path / "t.yaml"), 5, 3)}
    assert reload(merged.text).written_at == merged.written_at


def test_a_template_may_extend_another_one(tmp_path):
    loaded = load(
        tmp_path,
        {
            "p.yaml": extending(policy(RPO), "deep/a.yaml"),
            "deep/a.yaml": TEMPLATE + "extends: ../b.yaml\nowner: a\n",
            "b.yaml": TEMPLATE + "owner: b\ntitle: b\n",
        },
    )
    assert messages(tmp_path, loaded) == []
    assert (loaded.policies[0].owner, loaded.policies[0].title) == ("a", "b")


def test_a_fault_points_into_the_file_that_holds_the_key(tmp_path):
    found = faults(
        tmp_path,
        {
            "p.yaml": extending(policy("  a: {evidence: [dump]}\n")),
            "t.yaml": TEMPLATE + "commitments:\n  a: {kind: rpo, at_most: 60}\n",
        },
    )
    in_template = (
        't.yaml:4:27: commitments.a.at_most: "60" has no unit (write 60m for minutes, 60h for hours or 60d for days)'
    )
    assert sorted(set(found)) == [
        'p.yaml:15:18: commitments.a.evidence: there is no source "dump" (did you mean dumps?)',
        in_template,
    ]


def test_a_template_that_nobody_extends_is_checked_as_far_as_it_goes(tmp_path):
    found = faults(tmp_path, {"p.yaml": policy(RPO), "t.yaml": TEMPLATE + "ownr: x\ncommitments: {a: {kind: rpo}}\n"})
    assert found == ['t.yaml:3:1: unknown key "ownr" (did you mean owner?)']


def test_a_circle_of_templates_is_refused(tmp_path):
    found = faults(
        tmp_path,
        {
            "p.yaml": extending(policy(RPO)),
            "t.yaml": TEMPLATE + "extends: u.yaml\n",
            "u.yaml": TEMPLATE + "extends: t.yaml\n",
        },
    )
    assert "u.yaml:3:10: extends: t.yaml extends this file in turn (end the circle)" in found


def test_a_policy_that_extends_itself_is_refused(tmp_path):
    assert faults(tmp_path, extending(policy(RPO), "p.yaml")) == [
        "p.yaml:2:10: extends: p.yaml extends this file in turn (end the circle)"
    ]


def test_a_template_outside_of_the_policies_is_not_read(tmp_path):
    (tmp_path / "secret.yaml").write_text(TEMPLATE)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    found = faults(
        tmp_path / "in",
        {
            "a.yaml": extending(policy(RPO, service="a"), "../secret.yaml"),
            "b.yaml": extending(policy(RPO, service="b"), str(tmp_path / "secret.yaml")),
            "c.yaml": extending(policy(RPO, service="c"), "link.yaml"),
        },
    )
    assert [line.split(" (")[0].replace(f"{tmp_path}/", "") for line in found] == [
        "a.yaml:2:10: extends: ../secret.yaml lies outside of in",
        "b.yaml:2:10: extends: secret.yaml is absolute",
        "c.yaml:2:10: extends: link.yaml lies outside of in",
    ]


def test_a_missing_template_does_not_make_everything_else_missing(tmp_path):
    text = extending("drcheck: 1\nservice: web\ncommitments:\n  a: {kind: rpo, at_mst: 1h, evidence: [dumps]}\n")
    assert faults(tmp_path, text) == [
        "p.yaml:2:10: extends: t.yaml cannot be read: no such file or directory",
        'p.yaml:5:18: commitments.a: unknown key "at_mst" (did you mean at_most?)',
    ]


def test_a_policy_is_no_template(tmp_path):
    found = faults(tmp_path, {"a.yaml": policy(RPO), "b.yaml": extending(policy(RPO, service="b"), "a.yaml")})
    assert found == ["b.yaml:2:10: extends: a.yaml is no template (add template: true to it, or extend another file)"]


def test_a_template_of_no_yaml_is_a_fault_of_every_policy_that_extends_it(tmp_path):
    loaded = load(
        tmp_path,
        {
            "a.yaml": extending(policy(RPO, service="a")),
            "b.yaml": extending(policy(RPO, service="b")),
            "c.yaml": policy(RPO, service="c"),
            "t.yaml": TEMPLATE + "a: &x 1\n",
        },
    )
    assert [each.service for each in loaded.policies] == ["c"]
    faulty = [fault.file.rsplit("/", 1)[1] for fault in loaded.faults if "is an anchor" in fault.message]
    assert faulty == ["t.yaml", "a.yaml", "b.yaml"]


def chained(length):
    """Return a policy and its templates, each extending the next."""
    files = {f"t{number}.yaml": f"{TEMPLATE}extends: t{number + 1}.yaml\n" for number in range(1, length)}
    return {"p.yaml": extending(policy(RPO), "t1.yaml"), **files, f"t{length}.yaml": f"{TEMPLATE}owner: last\n"}


def test_ten_templates_may_extend_one_another(tmp_path):
    loaded = load(tmp_path, chained(10))
    assert messages(tmp_path, loaded) == []
    assert loaded.policies[0].owner == "last"


def test_a_longer_chain_of_templates_is_refused_where_it_goes_on(tmp_path):
    assert faults(tmp_path, chained(11)) == [
        "t10.yaml:3:10: extends: t11.yaml would be template 11 in a row: at most 10 extend one another (merge some)"
    ]


def test_an_endless_chain_of_templates_costs_no_more_than_a_long_one(tmp_path):
    found = faults(tmp_path, chained(400))
    assert (
        "t10.yaml:3:10: extends: t11.yaml would be template 11 in a row: at most 10 extend one another (merge some)"
        in found
    )
