"""Which name tells that which backup is complete."""

from __future__ import annotations

import pytest

from drcheck.core.names.marker_names import is_like_a_marker, marker_fault, marker_of, may_mark
from drcheck.core.names.paths import below


@pytest.mark.parametrize(
    ("template", "name", "marker"),
    [
        ("{name}.ok", "day/db.gz", "day/db.gz.ok"),
        ("{name}.ok", "day/", "day.ok"),
        ("{stem}.ok", "day/db.tar.gz", "day/db.tar.ok"),
        ("{stem}.ok", "day/db", "day/db.ok"),
        ("{stem}.ok", "day.1/", "day.1.ok"),
        ("{stem}.ok", ".gz", ".gz.ok"),
        ("{dir}/done", "day/db.gz", "day/done"),
        ("{dir}/done", "a/day/", "a/day/done"),
        ("{dir}/done", "db.gz", "done"),
    ],
)
def test_a_marker_is_named_after_its_backup_or_stands_in_its_directory(template: str, name: str, marker: str):
    assert marker_of(template, name) == marker
    assert is_like_a_marker(template, marker)
    if "{name}" in template:
        assert may_mark(template, marker) == name.removesuffix("/")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{name}.ok", "db.gz"),
        ("sums/{name}", "db.gz"),
        ("{dir}/done", "day/undone"),
        ("{stem}.ok", "db.gz"),
        ("", "db"),
    ],
)
def test_what_has_another_form_is_no_marker(template: str, name: str):
    assert not is_like_a_marker(template, name)
    assert may_mark(template, name) == ""


def test_the_backup_of_a_marker_without_its_whole_name_cannot_be_told():
    assert may_mark("{stem}.ok", "db.ok") == ""
    assert may_mark("{dir}/done", "day/done") == ""


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{name}.ok", ""),
        ("{stem}.ok", ""),
        ("sums/{name}", ""),
        ("{dir}/done", ""),
        ("{name}", "its own marker"),
        ("done", "which backup"),
        ("{name}{stem}", "which backup"),
        ("{name}-{name}", "which backup"),
        ("{name}{", "which backup"),
        ("{name}}", "which backup"),
        ("{dir}", "file in the backup's directory"),
        ("{dir}/", "file in the backup's directory"),
        ("{dir}done", "file in the backup's directory"),
        ("a/{dir}/done", "file in the backup's directory"),
        ("../{name}.ok", "an empty part"),
        ("a//{name}.ok", "an empty part"),
    ],
)
def test_a_marker_tells_which_backup_it_stands_beside(template: str, fault: str):
    found = marker_fault(template)
    assert fault in found
    assert bool(found) == bool(fault)


@pytest.mark.parametrize("path", ["", "a", "a/", "a/b", "a/b/", "a..b", "...", "a b"])
def test_a_path_that_surely_lies_below_a_root_is_taken(path: str):
    assert below(path) == ""


@pytest.mark.parametrize("path", ["/", "//", "/a", "a//b", "a//", ".", "..", "./a", "a/..", "a/../", "a\0b", "a\nb"])
def test_a_path_that_may_mean_something_else_is_refused(path: str):
    assert below(path)
