"""The published schemas: whole, described, and the same to us as to any other validator."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from drcheck.policyfile import quick_validation, scalar_formats, strictyaml, validate
from drcheck.policyfile.quick_validation import ABSENT, accepts
from drcheck.policyfile.reference import reference
from drcheck.policyfile.schema import published, schema, typed
from drcheck.reports import __file__ as reports

from .places import WHOLE
from .test_faults import KEYS, NODES

NAMES = st.sampled_from(["a", "b", "c", "ab"])
DOCS = Path(__file__).parents[2] / "docs" / "policy-reference.md"


def properties(part, path=""):
    """Yield every property of a schema, with its path."""
    if isinstance(part, dict):
        for key, value in part.get("properties", {}).items():
            if set(value) - {"const", "enum"}:  # not those of a condition
                yield f"{path}.{key}", value
        for key, value in part.items():
            yield from properties(value, f"{path}/{key}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from properties(value, f"{path}/{index}")


@pytest.mark.parametrize("name", ["policy", "config", "runbook"])
def test_the_published_schema_is_a_schema(name):
    Draft202012Validator.check_schema(json.loads(published(name)))


@pytest.mark.parametrize("name", ["policy", "config", "runbook"])
def test_every_key_has_a_description_and_an_example_that_is_valid(name):
    whole = schema(name)
    for path, value in properties(whole):
        assert value.get("description"), path
        assert value.get("examples"), path
        validator = Draft202012Validator(value, format_checker=scalar_formats.checker())
        for example in value["examples"]:
            assert not list(validator.iter_errors(example)), (path, example)


@pytest.mark.parametrize("name", ["policy", "config", "runbook"])
def test_beside_a_reference_stand_only_annotations(name):
    def look(part):
        if isinstance(part, dict):
            if "$ref" in part:
                assert set(part) <= {"$ref", "description", "examples", "default"}, part
            for value in part.values():
                look(value)
        elif isinstance(part, list):
            for value in part:
                look(value)

    look(json.loads(published(name)))


PATTERNS = {
    value["format"]: value["pattern"]
    for name in ("policy", "config")
    for part in [json.loads(published(name))]
    for value in [
        *part["$defs"].values(),
        *(value for _, value in properties(part)),
        part["properties"].get("connections", {}).get("propertyNames", {}),
    ]
    if "format" in value and "pattern" in value
}


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("form", sorted(PATTERNS))
@given(data=st.data())
def test_a_format_accepts_nothing_that_the_pattern_beside_it_refuses(form, data):
    near = st.text(alphabet="0123456789wdhmskMiBPT:%-+./ZvnraEUSCt* !_", max_size=12)
    text = data.draw(st.one_of(near, st.text(max_size=8), st.from_regex(PATTERNS[form])))
    if scalar_formats.accepts(form, text):
        assert re.search(PATTERNS[form], text)


def test_every_default_is_a_valid_value():
    for name in ("policy", "config"):
        for path, value in properties(schema(name)):
            if "default" in value:
                validator = Draft202012Validator(value, format_checker=scalar_formats.checker())
                assert not list(validator.iter_errors(value["default"])), path


def test_the_reference_page_is_that_of_the_schemas():
    assert DOCS.read_text() == reference(), "run python -m drcheck.policyfile.reference > docs/policy-reference.md"


def same_to_others(value):
    """Return whether stock jsonschema on the published schema finds faults exactly where ours does, or accepts it."""
    ours = {tuple(error.absolute_path) for error in validate._validator("policy").iter_errors(value)}
    stock = Draft202012Validator(json.loads(published("policy")), format_checker=scalar_formats.checker())
    found = list(stock.iter_errors(value))
    there = [error for error in found if error.validator not in ABSENT]
    return (
        ours == {tuple(error.absolute_path) for error in found}
        and accepts(value, schema("policy")) == (not found)
        # of what is missing within a branch, as of a condition, stock says nothing more
        and accepts(value, schema("policy"), partial=True) == (not there)
    )


def test_the_whole_policy_is_valid_to_stock_jsonschema():
    root, _ = strictyaml.parse((WHOLE / "policies" / "webshop.yaml").read_bytes(), "f")
    value = typed(root, schema("policy"))
    stock = Draft202012Validator(json.loads(published("policy")), format_checker=scalar_formats.checker())
    assert list(stock.iter_errors(value)) == []
    assert accepts(value, schema("policy"))


KEYWORDS = {
    "type": st.sampled_from(["string", "integer", "boolean", "object", "array", "number", ["string", "integer"]]),
    "enum": st.lists(st.sampled_from(["a", "b", 1, True]), max_size=3),
    "const": st.sampled_from(["a", 1, True, 0, False]),
    "properties": st.just({"a": {"type": "string"}, "b": {"minimum": 1}}),
    "additionalProperties": st.sampled_from([False, {"type": "string"}]),
    "propertyNames": st.sampled_from([{"pattern": "^a"}, {"maxLength": 1}]),
    "required": st.sampled_from([["a"], ["a", "b"]]),
    "dependentRequired": st.just({"a": ["b"]}),
    "minProperties": st.integers(0, 2),
    "items": st.sampled_from([{"type": "string"}, {"enum": ["a", 1]}]),
    "minItems": st.integers(0, 2),
    "uniqueItems": st.just(True),
    "minLength": st.integers(0, 2),
    "maxLength": st.integers(0, 2),
    "pattern": st.sampled_from(["^a", "b$", "^[ab]+$"]),
    "minimum": st.integers(-1, 2),
    "maximum": st.integers(-1, 2),
    "format": st.sampled_from(["drcheck-name", "drcheck-duration"]),
}
SCALARS = st.sampled_from(["", "a", "b", "ab", "é", "1h", 0, 1, 2, True, False, None])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@settings(max_examples=400, deadline=None)
@given(st.fixed_dictionaries({}, optional=KEYWORDS), VALUES)
def test_whatever_a_schema_asks_for_is_accepted_where_stock_jsonschema_finds_no_fault(part, value):
    found = list(Draft202012Validator(part, format_checker=scalar_formats.checker()).iter_errors(value))
    if accepts(value, part):
        assert found == []
    elif part.get("uniqueItems") and isinstance(value, list) and not all(isinstance(each, str) for each in value):
        pass  # our lists of which each item stands once are of text
    elif "pattern" in part and "format" in part:
        pass  # a format is at least as strict as the pattern beside it
    else:
        assert found != []


def test_a_keyword_that_is_not_known_accepts_nothing():
    assert accepts("a", {"type": "string", "title": "text"})
    assert not accepts("a", {"type": "string", "contentEncoding": "base64"})


@pytest.mark.parametrize("name", ["policy", "config", "runbook"])
def test_every_keyword_of_our_schemas_is_known(name):
    def used(part):
        if isinstance(part, dict):
            assert part.keys() <= quick_validation._HOLD.keys() | quick_validation._ANNOTATIONS | {"$ref"}, part.keys()
            for key, value in part.items():
                if key in {"properties", "$defs"}:
                    for inner in value.values():
                        used(inner)
                elif key not in {"examples", "default", "enum", "const", "dependentRequired", "required"}:
                    used(value)
        elif isinstance(part, list):
            for value in part:
                used(value)

    used(json.loads(published(name)))


@pytest.mark.parametrize("clause", ["7.10", "7", "007", "5.2.1", "§ 4", '"7.2"', "1e3", "no"])
def test_a_clause_is_kept_as_it_is_written_with_and_without_quotes(clause):
    root, _ = strictyaml.parse(f"clause: {clause}\n".encode(), "f")
    assert typed(root, {"properties": {"clause": published_label()}}) == {"clause": clause.strip('"')}


@pytest.mark.parametrize("number", [7.2, 7, "7.2"])
def test_an_editor_that_reads_a_clause_as_a_number_finds_no_fault_in_it(number):
    value = {"clause": number}
    assert list(Draft202012Validator({"properties": {"clause": published_label()}}).iter_errors(value)) == []


def published_label():
    return json.loads(published("policy"))["$defs"]["label"]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), NODES, max_size=6))
def test_shortcuts_in_validation_change_no_answer(entries):
    text = "".join(f"{key}: {value}\n" for key, value in entries.items()) + "drcheckd: 1\n"
    root, problems = strictyaml.parse(text.encode(), "f")
    if not problems:
        assert same_to_others(typed(root, schema("policy")))


def test_shortcuts_change_no_answer_about_the_whole_policy_with_any_value_replaced():
    root, _ = strictyaml.parse((WHOLE / "policies" / "webshop.yaml").read_bytes(), "f")
    value = typed(root, schema("policy"))

    def broken(part):
        items = (
            list(part.items()) if isinstance(part, dict) else list(enumerate(part)) if isinstance(part, list) else []
        )
        for key, inner in items:
            part[key] = "?!"
            yield
            part[key] = inner
            yield from broken(inner)

    count = 0
    for _ in broken(value):
        count += 1
        if count % 7 == 0:
            assert same_to_others(value)
    assert count > 200


def test_the_reports_schema_is_published_beside_ours():
    assert Path(reports).with_name("report.schema.json").exists()
