"""Each kind of commitment: what its schema says, and the value that it becomes, agree."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from drcheck import registry
from drcheck.policyfile import shorthand
from drcheck.policyfile.build_commitments import commitment
from drcheck.policyfile.kind_language import language
from drcheck.policyfile.schema import definition

UTC = ZoneInfo("UTC")
OF_RULES = {"rule", *shorthand.KEYS}
"""Keys of copies that stand for commitments of their own."""
OTHERWISE_CALLED = {"outage": "total_only"}


def keys(kind):
    return {
        key: part for key, part in definition("policy", kind)["properties"].items() if key not in {"kind", *OF_RULES}
    }


def made(kind, **more):
    """Return a commitment of a kind with the examples of what it requires, and with ``more``."""
    required = {key: keys(kind)[key]["examples"][0] for key in definition("policy", kind)["required"]}
    return commitment("c", {**required, "kind": kind, **more}, UTC)


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_key_of_a_kind_is_a_field_of_its_value_and_every_field_a_key(kind):
    named = {OTHERWISE_CALLED.get(key, key) for key in keys(kind)}
    there = set(language(kind).value.__struct_fields__) - {"id"}
    assert there - {"tiers"} == named  # tiers are another form of keep


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_example_of_a_key_becomes_a_value(kind):
    for key, part in keys(kind).items():
        for example in part["examples"]:
            made(kind, **{key: example})


@pytest.mark.parametrize("kind", registry.KINDS)
def test_what_the_schema_says_is_the_default_is_that_of_the_value(kind):
    of_field = {field.name: field.default for field in fields(language(kind).value) if field.default is not NODEFAULT}
    for key, part in keys(kind).items():
        field = OTHERWISE_CALLED.get(key, key)
        if "default" in part and field in of_field:
            assert getattr(made(kind, **{key: part["default"]}), field) == of_field[field], key
